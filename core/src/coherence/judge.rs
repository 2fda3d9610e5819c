//! Which propositions contradict each other. Near is not incompatible: this decides.

use crate::grid::Tag;

/// What a claim says of its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposition {
    /// Which property.
    pub predicate: Tag,
    /// What it is said to be.
    pub value: Tag,
    /// How sure the author is, a fraction of [`CERTAIN`](crate::log::kind::CERTAIN).
    pub confidence: u16,
}

/// Decides whether two claims about the same thing contradict each other.
///
/// The answer must follow from the two propositions alone and not depend on their order: the state
/// of an engine is a function of its log.
pub trait Judge {
    /// Whether they cannot both hold.
    fn incompatible(&self, a: &Proposition, b: &Proposition) -> bool;
}

/// The default: the same predicate with different values, both claimed with enough confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DifferentValues {
    /// Confidence above which a claim counts.
    pub confidence: u16,
}

impl Judge for DifferentValues {
    #[inline]
    fn incompatible(&self, a: &Proposition, b: &Proposition) -> bool {
        a.predicate == b.predicate
            && a.value != b.value
            && a.confidence.min(b.confidence) > self.confidence
    }
}
