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

/// Where a conflict stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum Status {
    /// The grid found it.
    Detected = 1,
    /// Someone protested.
    Challenged = 2,
    /// Someone backed a side.
    Resolving = 3,
    /// It has grown too hot or too old.
    Escalated = 4,
    /// The authority has decided.
    Resolved = 5,
    /// A claim of it has expired or was taken back, so there is nothing left to decide.
    Lapsed = 6,
}

impl Status {
    pub(super) const fn from_bits(bits: u32) -> Option<Self> {
        match bits {
            1 => Some(Self::Detected),
            2 => Some(Self::Challenged),
            3 => Some(Self::Resolving),
            4 => Some(Self::Escalated),
            5 => Some(Self::Resolved),
            6 => Some(Self::Lapsed),
            _ => None,
        }
    }

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
    /// How much was spent on it since the last step, a fraction of 65,535.
    pub temperature: u16,
    /// Steps that it has escalated.
    pub steps: u8,
    /// When it was found, in milliseconds.
    pub since: u64,
    /// When it escalates by itself, in milliseconds, if it still will.
    pub escalates_at: Option<u64>,
    /// Which of the claims a resolution let fall.
    pub fallen: [bool; 2],
}
