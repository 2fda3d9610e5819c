//! Claims that contradict each other, and what becomes of it.
//!
//! A claim is in force from its assertion until it expires, is taken back, or falls in a
//! resolution. Two claims in force that are about the same thing ([`grid`](crate::grid)) and that
//! a [`Judge`] calls incompatible make a [`Conflict`]. It restricts what its claims may be used
//! for ([`Quarantine`]), grows hot with support and old with time, escalates, and ends with a
//! decision that enough of the context's authorities have signed, or with one of its claims.
//!
//! Every change is an event that a log has taken ([`Engine::apply`]) or the passing of time
//! ([`Engine::advance`]); [`Engine::admit`] tells beforehand whether the log should take it.

mod apply;
mod authority;
mod budget;
mod claims;
mod config;
mod conflict;
mod digest;
mod drift;
mod engine;
mod equivocation;
mod errors;
mod grounded;
mod judge;
mod order;
mod quarantine;
mod repair;
mod split_view;
mod store;
mod table;
#[cfg(test)]
mod tests;
pub mod trace;
mod witness;

pub use apply::{Advanced, Applied, History};
pub use claims::Claim;
pub use config::{EngineConfig, MAX_KEYS, PROOFS};
pub use conflict::{Conflict, Status, conflict_id};
pub use engine::{Engine, Tally};
pub use equivocation::{Equivocation, ProofError, verify as verify_equivocation};
pub use errors::{AuthorityError, Refusal};
pub use grounded::{Acceptance, GroundedError};
pub use judge::{DifferentValues, Judge, Proposition};
pub use quarantine::Quarantine;
pub use repair::Repaired;
pub use split_view::{
    MAX_ORIGIN, ObserveError, Observed, SPLIT_VIEWS, SplitView, SplitViewError, View,
    verify as verify_split_view,
};
pub use witness::{MAX_PATH, MAX_WITNESSES};
