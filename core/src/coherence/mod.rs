//! Claims that contradict each other, and what becomes of it.
//!
//! A claim is in force from its assertion until it expires, is taken back, falls in a resolution, or
//! its author says something else of the same property. Two claims in force that are about the same
//! thing ([`grid`](crate::grid)) and that a [`Judge`] calls incompatible make a [`Conflict`], which
//! restricts what they may be used for ([`Quarantine`]).
//!
//! Whose events count is decided by the roots of a [realm](realm_id), in the log
//! ([`Roots`](crate::log::kind::Roots)); each member's come in their own order. An event is checked
//! before the log takes it ([`Engine::check`]), and what was checked is applied
//! ([`Checked::apply`]). Engines that took the same events have the same state, whatever order they
//! came in, as long as they are [complete](Engine::is_complete).
//!
//! # A conflict's life
//!
//! | status | it is so when | who can make it so | claims may be used |
//! |---|---|---|---|
//! | [`Detected`](Status::Detected) | two claims in force contradict each other | their authors, by saying so | with caution |
//! | [`Challenged`](Status::Challenged) | and one of them was challenged since | any member, for 10 of its budget | not without independent witnesses |
//! | [`Supported`](Status::Supported) | and a side was backed, for what it says now | any member, for what it spends | as before |
//! | [`Escalated`](Status::Escalated) | and it is hours old, or was backed with 80 units | time, three times an hour at most; members | one level less for each step |
//! | [`Resolved`](Status::Resolved) | enough of the context's authorities have signed | the authority; any member may carry what it signed | those that stand freely, the others are out of force |
//! | [`Lapsed`](Status::Lapsed) | one claim is out of force, or its author agrees now | either author, time, the roots | those left freely |
//!
//! The first four are open, and several may hold at once: a conflict shows the last of them that does.
//! A level is that of caution, or of witnesses where it was challenged, raised once for each step
//! ([`Quarantine::raised`]); as many vertex-disjoint paths of members as the engine was told lift the
//! need for witnesses to caution, and nothing lifts a block but the end of the conflict.
//!
//! What an author says anew of the same property takes its place in the conflict: it is as old and as
//! challenged as it was while the two contradict each other, whatever the words. Support and decisions
//! are about what was said, and end with it. An author is no authority over a claim of its own: it may
//! say it no longer, which decides nothing of the other side. What comes to a conflict that is no
//! longer open is taken, and does nothing.
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
