//! The engine: one block, from which all it does follows.
//!
//! An event is first checked, which changes nothing, then applied, which cannot fail; the rest is
//! time, questions, and calls that go through all claims.

mod apply;
mod check;
mod digest;
mod foresee;
mod grounded;
mod observe;
mod order;
mod query;
mod realm;
mod repair;
mod time;

pub use apply::Applied;
pub use check::Checked;
pub use grounded::{Acceptance, GroundedError};
pub use query::Tally;
pub use repair::Repaired;
pub use time::Advanced;

use super::config::EngineConfig;
use super::errors::Refusal;
use super::judge::{DifferentValues, Judge};
use super::tables::Tables;
use crate::block::structure::{self, Image, life};
use crate::block::{BlockError, HEADER_BYTES, HeaderMut};
use crate::grid::{Projection, ProjectionError};

/// Finds claims that contradict each other, and carries each conflict to its end.
///
/// Its state is a function of the events applied, whatever order they came in, and of the latest time
/// it was told: engines that took the same events have the same [`digest`](Self::digest) while they
/// are [complete](Self::is_complete).
#[derive(Debug)]
pub struct Engine<'a, J = DifferentValues> {
    header: HeaderMut<'a>,
    config: EngineConfig,
    judge: J,
    pub(super) tables: Tables<'a>,
}

impl EngineConfig {
    /// Bytes of the block.
    pub const fn bytes(&self) -> usize {
        Tables::end(HEADER_BYTES, self)
    }
}

impl<'a> Engine<'a> {
    /// An empty engine that takes different values of one predicate for a contradiction.
    pub fn format(memory: &'a mut [u8], config: EngineConfig) -> Result<Self, BlockError> {
        let judge = DifferentValues {
            confidence: config.confidence,
        };
        match Self::format_with(memory, config, Projection::Spread, judge) {
            Ok(engine) => Ok(engine),
            Err(ProjectionError::Block(error)) => Err(error),
            Err(_) => Err(BlockError::BadConfig),
        }
    }

    /// Opens an engine where it lies, after a full check of its structure. Cost: O(bytes).
    pub fn open(memory: &'a mut [u8]) -> Result<Self, BlockError> {
        let mut engine = Engine::open_with(memory, DifferentValues { confidence: 0 })?;
        engine.judge.confidence = engine.config.confidence;
        Ok(engine)
    }

    /// Opens a sealed engine after checking its seal too.
    pub fn open_verified(memory: &'a mut [u8]) -> Result<Self, BlockError> {
        Self::check_seal(memory)?;
        Self::open(memory)
    }

    /// Compares the block with its seal, which is returned.
    pub(crate) fn check_seal(memory: &[u8]) -> Result<crate::Hash, BlockError> {
        structure::check_seal::<EngineConfig>(memory)
    }
}

impl<'a, J: Judge> Engine<'a, J> {
    /// An empty engine with a projection and a judge of its own.
    pub fn format_with(
        memory: &'a mut [u8],
        config: EngineConfig,
        projection: Projection<'_>,
        judge: J,
    ) -> Result<Self, ProjectionError> {
        let (header, mut carver) = structure::begin_format(memory, &config)?;
        let mut tables = Tables::carve(&config, &mut carver)?;
        tables.grid.set_projection(projection)?;
        Ok(Self {
            header,
            config,
            judge,
            tables,
        })
    }

    /// Opens an engine that was formatted with a judge of its own; it must be the same one.
    pub fn open_with(memory: &'a mut [u8], judge: J) -> Result<Self, BlockError> {
        let (header, config, mut carver) = structure::begin_open::<EngineConfig>(memory)?;
        let mut tables = Tables::carve(&config, &mut carver)?;
        match tables.is_sound(&config) {
            true => Ok(Self {
                header,
                config,
                judge,
                tables,
            }),
            false => Err(BlockError::Corrupt),
        }
    }

    /// Counts a refusal by its kind, for whoever watches; no part of [`digest`](Self::digest).
    pub fn count_refusal(&mut self, refusal: Refusal) {
        self.header.begin();
        self.tables.state.count_refusal(refusal);
        self.header.end();
    }
}

impl<'a, J> Image<'a> for Engine<'a, J> {
    fn header(&self) -> &HeaderMut<'a> {
        &self.header
    }
    fn header_mut(&mut self) -> &mut HeaderMut<'a> {
        &mut self.header
    }
    fn section(&self, mut at: usize) -> Option<(&'static str, &[u8])> {
        self.tables.section(&mut at)
    }
}

life!(bytes of Engine<'a, J>, [J]);
