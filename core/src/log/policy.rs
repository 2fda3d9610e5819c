//! What a log takes.

use super::chains::Name;
use super::event::DecodeError;
use crate::error::errors;

/// Who vouches for the events of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Trust {
    /// Their authors: every event is signed and every signature checked.
    #[default]
    Signatures,
    /// Whoever appends: signatures are not looked at. For a node's own records and for rebuilding
    /// from a log that was checked before.
    Trusted,
}

/// What a log takes; a value, so that a caller can use another for each source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Policy {
    /// Who vouches for events.
    pub trust: Trust,
    /// By how many milliseconds an event's time may be ahead of `now`, whoever its author is.
    pub max_ahead: u64,
    /// By how many milliseconds an event's time may be behind `now`; `None` for any.
    pub max_age: Option<u64>,
}

impl Policy {
    /// Signed events, up to a minute ahead of the clock and of any age.
    pub const fn new() -> Self {
        Self {
            trust: Trust::Signatures,
            max_ahead: 60_000,
            max_age: None,
        }
    }

    /// The same without looking at signatures: for events that were signed here and now, and for the
    /// entries of a log that was checked, each at the time it was [accepted](super::Entry::accepted).
    pub const fn trusted() -> Self {
        Self {
            trust: Trust::Trusted,
            ..Self::new()
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

errors! {
    /// Why an event was not taken; the log is unchanged.
    pub enum IngestError: 0x0630 {
        /// The bytes are not an event, or not one that its author signed and the policy wants
        /// signatures.
        Event wraps DecodeError,
        /// The log has it.
        Duplicate { index: u64 } = 2 => "the event is in the log already, at {index}",
        /// The event's time is too far ahead of the clock.
        TooEarly { at: u64, now: u64 } = 5
            => "the event is dated {at}, the clock here says {now} (milliseconds since 1970); check both",
        /// The event's time is too far back.
        TooOld { age: u64 } = 6 => "the event is dated {age} ms back, more than the policy allows",
        /// There is no room in `part` of the log.
        Full { part: &'static str } = 7 => "the log has no room for more {part}; prune it, or export and prune it",
        /// The author's kept events would take more bytes than one author may have.
        OverShare { most: u32 } = 8
            => "the events of this author take their share of {most} bytes; prune older ones, or give it more",
    }
}

/// What a log knows of an event that it would take: its names, and how many entries go for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) author: Name,
    pub(crate) context: Name,
    pub(crate) evicts: u64,
}
