//! The sections of an engine's block, by part.
//!
//! Each part lists its own sections and knows those below it alone: ids and timers serve claims and
//! conflicts. What joins them is done by the [`engine`](super::engine).

mod audit;
pub(super) mod claims;
pub(super) mod conflicts;
pub(super) mod contexts;
mod drift;
mod flow;
mod forks;
mod ids;
pub(super) mod members;
mod room;
mod roots;
mod state;
mod timers;
mod views;
pub(super) mod witnesses;

use super::config::EngineConfig;
use crate::block::sections::sections;
use crate::grid;
pub(super) use state::Count;

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
        pub members "members": in members::Members<'a> = config,
        pub roots "roots": in roots::Roots<'a> = config,
        pub witnesses "witnesses": in witnesses::Witnesses<'a> = config,
        pub forks "equivocations": in forks::Forks<'a> = config,
        /// No part of the digest: checkpoints are not in the log.
        pub views "checkpoints": in views::Views<'a> = config,
    }
}
