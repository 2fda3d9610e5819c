//! The sections of an engine's block, by part.
//!
//! Each part lists its own sections and knows those below it alone: ids and timers serve claims and
//! conflicts. What joins them is done by the [`engine`](super::engine).

mod audit;
pub(super) mod budgets;
pub(super) mod claims;
pub(super) mod conflicts;
pub(super) mod contexts;
mod drift;
mod flow;
mod forks;
mod ids;
mod state;
mod timers;
mod views;
pub(super) mod witnesses;

use super::config::EngineConfig;
use crate::block::sections::sections;
use crate::grid;
pub(super) use state::Count;

/// How many records there are, and the secret of their hash chains.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub records: u32,
    pub secret: u32,
}

impl Room {
    /// Heads of the hash chains, a line of them at least.
    const fn heads(&self) -> usize {
        match self.records as usize {
            0 => 0,
            1..=16 => 16,
            records => records.next_power_of_two(),
        }
    }
}

impl EngineConfig {
    const fn room_for_claims(&self) -> Room {
        Room {
            records: self.grid.capacity(),
            secret: self.grid.hash_seed(),
        }
    }

    const fn room_for_conflicts(&self) -> Room {
        Room {
            records: self.conflicts,
            secret: self.grid.hash_seed(),
        }
    }

    /// Words of a part's own state, none where it has no records.
    const fn words_of(&self, records: u32, words: usize) -> usize {
        if records == 0 { 0 } else { words }
    }
}

sections! {
    /// All that an engine remembers.
    pub(crate) struct Tables for EngineConfig as config {
        pub state "state": in state::State<'a> = config,
        pub grid: in grid::Parts<'a> = &config.grid,
        /// An event's vector while it is put into the grid; zero otherwise.
        pub staging "grid vectors": [f32; config.staging()],
        pub claims "claims": in claims::Claims<'a> = config,
        pub conflicts "conflicts": in conflicts::Conflicts<'a> = config,
        pub contexts "contexts": in contexts::Contexts<'a> = config,
        pub budgets "budgets": in budgets::Budgets<'a> = config,
        pub witnesses "witnesses": in witnesses::Witnesses<'a> = config,
        pub forks "equivocations": in forks::Forks<'a> = config,
        /// No part of the digest: checkpoints are not in the log.
        pub views "checkpoints": in views::Views<'a> = config,
    }
}
