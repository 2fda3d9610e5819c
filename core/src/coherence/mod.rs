//! Claims that contradict each other, and what becomes of it.
//!
//! A claim is in force from its assertion until it expires, is taken back, or falls in a
//! resolution. Two claims in force that are about the same thing ([`grid`](crate::grid)) and that
//! a [`Judge`] calls incompatible make a [`Conflict`]. It restricts what its claims may be used
//! for ([`Quarantine`]), grows hot with support and old with time, escalates, and ends with a
//! decision that enough of the context's authorities have signed, or with one of its claims.
//!
//! Every change is an event that a log has taken or the passing of time ([`Engine::advance`]). An
//! event is checked before the log takes it ([`Engine::check`]), as of the time it is taken at, and
//! what was checked is applied ([`Checked::apply`]).
//!
//! Each file uses those above it alone: what claims, conflicts and proofs are; `tables`, what an
//! engine remembers, in parts; `engine`, what it does.

mod claim;
mod config;
mod conflict;
mod engine;
mod equivocation;
mod errors;
mod history;
mod judge;
mod quarantine;
mod realm;
mod split_view;
mod tables;
#[cfg(test)]
mod tests;
pub mod trace;

pub use claim::Claim;
pub use config::{EngineConfig, MAX_KEYS, MAX_PATH, MAX_WITNESSES};
pub use conflict::{Conflict, Status, conflict_id};
pub use engine::{Acceptance, Advanced, Applied, Checked, Engine, GroundedError, Repaired, Tally};
pub use equivocation::{Equivocation, ProofError, verify as verify_equivocation};
pub use errors::{AuthorityError, Refusal};
pub use history::History;
pub use judge::{DifferentValues, Judge, Proposition};
pub use quarantine::Quarantine;
pub use realm::{Member, realm_id};
pub use split_view::{
    MAX_ORIGIN, ObserveError, Observed, SplitView, SplitViewError, View,
    verify as verify_split_view,
};
