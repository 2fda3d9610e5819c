//! Whether a device that lost something may sign.

/// Keeps a node from signing what it may have signed before.
///
/// An author's events carry consecutive numbers. A node that fell back to an older state and goes
/// on from there signs a second event under a number that others have seen: a proof that it lies,
/// though it only forgot. The guard holds the first number that was certainly never used; until the
/// node has its own events up to there, from its [`EventStore`](super::EventStore) or from peers, it
/// may not sign.
///
/// ```
/// use sensilla_embedded::flash::Guard;
///
/// // The newest image was saved when the node's next number was 9; it rotted, and the one before
/// // it knows of six events.
/// let mut guard = Guard::new(9);
/// let mut next = 6;
/// assert!(!guard.may_sign(next));
/// // A peer has an event of this node that bears the number 9.
/// guard.saw(9);
/// next = 10; // after the peers' copies of 6, 7, 8 and 9 were taken
/// assert!(guard.may_sign(next));
/// ```
///
/// Whoever puts back a whole older flash, headers and all, is not noticed by what lies in it. A
/// device for which that matters keeps [`floor`](Self::floor) in a counter that cannot go back, or
/// asks its peers before it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Guard {
    floor: u64,
}

impl Guard {
    /// A guard for a node that may have signed every number below `floor`, such as
    /// [`Loaded::signed`](super::Loaded::signed).
    pub const fn new(floor: u64) -> Self {
        Self { floor }
    }

    /// The first number that was certainly never used.
    pub const fn floor(&self) -> u64 {
        self.floor
    }

    /// An event of this node with `number` was seen, in the event store or at a peer.
    pub const fn saw(&mut self, number: u64) {
        let beyond = number.saturating_add(1);
        if beyond > self.floor {
            self.floor = beyond;
        }
    }

    /// Whether the node, whose next number is `next`, may sign.
    pub const fn may_sign(&self, next: u64) -> bool {
        next >= self.floor
    }
}
