//! What has been before, as a decision sees it.

use crate::log::EventId;

/// Which events have been taken before: the log.
pub trait History {
    /// Whether an event is in the log.
    fn contains(&self, id: &EventId) -> bool;
}

impl<F: Fn(&EventId) -> bool> History for F {
    fn contains(&self, id: &EventId) -> bool {
        self(id)
    }
}
