//! A claim in force.

use super::judge::Proposition;
use crate::log::{EventId, PublicKey};

/// What is known of a claim in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The id of the event that asserted it.
    pub id: EventId,
    /// Who asserted it.
    pub author: PublicKey,
    /// Where in the log.
    pub index: u64,
    /// The number of its event among the author's.
    pub seq: u32,
    /// When it was said, in milliseconds.
    pub at: u64,
    /// Since when its author has said the same, in milliseconds.
    pub held: u64,
    /// What it says.
    pub proposition: Proposition,
    /// When it leaves force by itself, in milliseconds, if it does.
    pub expires: Option<u64>,
    /// Vertex-disjoint paths of witnesses that lead to it.
    pub paths: u32,
}
