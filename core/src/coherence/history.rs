//! What has been before, as an event sees it that names it.

use crate::log::{EventId, PublicKey, SignedEvent};

/// Which events have been taken before: the log.
pub trait History {
    /// Whether an event is in the log.
    fn contains(&self, id: &EventId) -> bool;

    /// An event of the log.
    fn event(&self, _id: &EventId) -> Option<SignedEvent<'_>> {
        None
    }

    /// The number in the log and the id of the event `seq` of an author, if the log has it.
    fn said(&self, _author: &PublicKey, _seq: u32) -> Option<(u64, EventId)> {
        None
    }

    /// Whether the log has every event that it ever took.
    fn is_whole(&self) -> bool {
        true
    }
}

impl<F: Fn(&EventId) -> bool> History for F {
    fn contains(&self, id: &EventId) -> bool {
        self(id)
    }
}
