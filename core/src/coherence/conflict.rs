//! A conflict: two claims that cannot both hold, from detection to its end.

use super::quarantine::Quarantine;
use crate::Hash;
use crate::log::EventId;
use crate::merkle::hash::three_hashes;
use core::cmp::Ordering;

const DOMAIN: &[u8; 32] = b"sensilla/v1/conflict\0\0\0\0\0\0\0\0\0\0\0\0";

/// The id of the conflict of two claims, whichever came first: SHA-256 of a domain string and the
/// smaller and the larger of their ids.
pub fn conflict_id(a: &EventId, b: &EventId) -> Hash {
    if is_before(b, a) {
        three_hashes(DOMAIN, b, a)
    } else {
        three_hashes(DOMAIN, a, b)
    }
}

/// Whether an id comes before another one, most often told by its first bytes alone.
#[inline]
pub(super) fn is_before(a: &EventId, b: &EventId) -> bool {
    let front = |id: &EventId| id.first_chunk().map(|front| u64::from_be_bytes(*front));
    match front(a).cmp(&front(b)) {
        Ordering::Equal => a < b,
        order => order.is_lt(),
    }
}

/// Where a conflict stands; what that means and who can change it is in the table of the
/// [module](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum Status {
    /// Two claims in force contradict each other, and nobody has said anything to it.
    Detected = 1,
    /// A member has protested.
    Challenged = 2,
    /// A member has spent its budget on a side.
    Supported = 3,
    /// It has grown too hot or too old.
    Escalated = 4,
    /// The authority has decided.
    Resolved = 5,
    /// There is nothing left to decide: a claim has expired or was taken back, or its author has
    /// come to agree.
    Lapsed = 6,
}

impl Status {
    /// Whether it still waits for a decision.
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Resolved | Self::Lapsed)
    }
}

/// What is known of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Its id, [`conflict_id`] of its claims.
    pub id: Hash,
    /// Its claims, in the order of their ids.
    pub claims: [EventId; 2],
    /// The number of their context while both are in force.
    pub context: u32,
    /// Where it stands.
    pub status: Status,
    /// How far it restricts its claims.
    pub quarantine: Quarantine,
    /// Whether a member has challenged it.
    pub challenged: bool,
    /// Units that members have spent on its sides.
    pub support: u32,
    /// Of those, what the next step has of them, a fraction of 65,535.
    pub temperature: u16,
    /// Steps that it has escalated.
    pub steps: u8,
    /// Since when its claims have contradicted each other by their own dates, in milliseconds.
    pub since: u64,
    /// When it escalates by itself, in milliseconds, if it still will.
    pub escalates_at: Option<u64>,
    /// Which of the claims a resolution let fall.
    pub fallen: [bool; 2],
}
