//! Which stored claims are about the same thing as a new one, in bounded time.
//!
//! Two claims of one context are candidates for a conflict when they have the same subject, or
//! when their vectors lie within a radius of each other. Near is not incompatible: the grid finds
//! candidates, and its caller decides.
//!
//! A claim is looked for in the eight cubic cells around it, in three coordinates of its vector
//! whose distances are never longer than the vectors' own; what is left passes a bound of sixteen
//! components, then the exact distance in `f64`. No pair within the radius is missed, save where
//! `candidates` of them have been looked at: then the [`Coverage`] says how many were not.

mod around;
mod audit;
mod cells;
mod config;
mod counts;
mod detect;
mod entries;
mod errors;
mod hash;
mod join;
mod project;
mod subject;
mod tag;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use config::{GridConfig, MAX_CAPACITY, MAX_DIMENSIONS, PREFIX, ROWS};
pub(crate) use detect::Parts;
pub use detect::{Coverage, Inserted, Probe};
pub use errors::{InsertError, ProbeError, ProjectionError, RemoveError};
pub(crate) use hash::Keys;

pub use project::{MAX_NORM, Projection, principal_rows};
pub use tag::Tag;

use crate::block::structure::{self, Image, life};
use crate::block::{BlockError, HEADER_BYTES, HeaderMut};

/// A grid in a block of its own.
///
/// ```
/// use sensilla::block::Block;
/// use sensilla::grid::{Grid, GridConfig, Probe};
///
/// const CONFIG: GridConfig = GridConfig::new(3, 100).radius(0.5);
/// let mut memory = Block::<{ CONFIG.bytes() }>::new();
/// let mut grid = Grid::format(&mut memory, CONFIG)?;
/// let at = |vector| Probe { context: 0, subject: None, vector };
/// let first = grid.insert(&at(&[0.0, 0.0, 0.0]), |_| ())?;
/// let mut near = None;
/// let second = grid.insert(&at(&[0.3, 0.0, 0.3]), |slot| near = Some(slot))?;
/// assert_eq!(near, Some(first.slot));
/// assert!(second.coverage.is_complete());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Grid<'a> {
    header: HeaderMut<'a>,
    parts: Parts<'a>,
}

impl<'a> Grid<'a> {
    /// An empty grid over coordinates spread evenly over the vector.
    pub fn format(memory: &'a mut [u8], config: GridConfig) -> Result<Self, BlockError> {
        if config.rows {
            return Err(BlockError::BadConfig);
        }
        match Self::format_with(memory, config, Projection::Spread) {
            Err(ProjectionError::Block(error)) => Err(error),
            Err(_) => Err(BlockError::BadConfig),
            Ok(grid) => Ok(grid),
        }
    }

    /// An empty grid over the given projection.
    pub fn format_with(
        memory: &'a mut [u8],
        config: GridConfig,
        projection: Projection<'_>,
    ) -> Result<Self, ProjectionError> {
        let (header, mut carver) = structure::begin_format(memory, &config)?;
        let mut parts = Parts::carve(&config, &mut carver)?;
        parts.set_projection(projection)?;
        Ok(Self { header, parts })
    }

    /// Opens a grid where it lies, after a full check of its structure. Cost: O(bytes).
    pub fn open(memory: &'a mut [u8]) -> Result<Self, BlockError> {
        let (header, config, mut carver) = structure::begin_open::<GridConfig>(memory)?;
        let parts = Parts::carve(&config, &mut carver)?;
        match parts.is_sound() {
            true => Ok(Self { header, parts }),
            false => Err(BlockError::Corrupt),
        }
    }

    /// Opens a sealed grid after checking its seal too.
    pub fn open_verified(memory: &'a mut [u8]) -> Result<Self, BlockError> {
        structure::check_seal::<GridConfig>(memory)?;
        Self::open(memory)
    }

    /// The configuration.
    pub fn config(&self) -> GridConfig {
        self.parts.config
    }

    /// Claims in the grid.
    pub fn len(&self) -> u32 {
        self.parts.len()
    }

    /// Whether there are no claims.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls `found` with the slot of every claim about the same thing as `probe`, each once.
    ///
    /// Work: at most `candidates` claims by vector and as many by subject.
    pub fn check(&self, probe: &Probe<'_>, found: impl FnMut(u32)) -> Result<Coverage, ProbeError> {
        let mut bound = [0.0; PREFIX];
        let place = self.parts.locate(probe.vector, &mut bound)?;
        Ok(self.parts.check(probe, place.as_ref(), &bound, found))
    }

    /// [`check`](Self::check), then inserts the claim. A refused one leaves the grid unchanged.
    #[inline]
    pub fn insert(
        &mut self,
        probe: &Probe<'_>,
        found: impl FnMut(u32),
    ) -> Result<Inserted, InsertError> {
        let mut bound = [0.0; PREFIX];
        let place = self.parts.locate(probe.vector, &mut bound)?;
        if self.parts.next_slot().is_none() {
            return Err(InsertError::Full);
        }
        let coverage = self.parts.check(probe, place.as_ref(), &bound, found);
        self.header.begin();
        let inserted = self.parts.insert(probe, place.as_ref(), &bound, coverage);
        self.header.end();
        inserted
    }

    /// Takes a claim out and frees its slot. Cost: constant.
    pub fn remove(&mut self, slot: u32) -> Result<(), RemoveError> {
        if !self.parts.contains(slot) {
            return Err(RemoveError::NotThere);
        }
        self.header.begin();
        let removed = self.parts.remove(slot);
        self.header.end();
        removed
    }

    /// Calls `pair` for every two claims of `context` (of every one, each with its own, for
    /// `None`) about the same thing, each pair once. No limit cuts it short: the work is that of
    /// all claims in neighbouring cells.
    pub fn detect_all(&self, context: Option<u32>, pair: impl FnMut(u32, u32)) -> Coverage {
        self.parts.pairs(context, pair)
    }

    /// How often checks were cut short in the cell where `vector` lies, or in one with the same hash.
    ///
    /// It starts again at zero once no claim lies there.
    pub fn saturation(&self, context: u32, vector: &[f32]) -> u32 {
        self.parts.saturation(context, vector)
    }
}

impl GridConfig {
    /// Bytes of the block.
    pub const fn bytes(&self) -> usize {
        Parts::end(HEADER_BYTES, self)
    }
}

impl<'a> Image<'a> for Grid<'a> {
    fn header(&self) -> &HeaderMut<'a> {
        &self.header
    }
    fn header_mut(&mut self) -> &mut HeaderMut<'a> {
        &mut self.header
    }
    fn section(&self, mut at: usize) -> Option<(&'static str, &[u8])> {
        self.parts.section(&mut at)
    }
}

life!(bytes of Grid<'a>);
