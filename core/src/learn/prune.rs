//! Forgetting what did not prove itself: patterns that are seldom used or little trusted, once
//! they had time to be.

use crate::bank::{Entry, PatternBank};

/// Which patterns are to stay. A pattern stays while it is within its grace period, and after that
/// if it has both the uses and the confidence asked for.
///
/// ```
/// use sensilla::learn::PrunePolicy;
/// // At least 2 uses and a confidence of a quarter, an hour after the last lesson or use.
/// let policy = PrunePolicy::new(3_600_000).uses(2).confidence(u16::MAX / 4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PrunePolicy {
    grace: u64,
    uses: u16,
    confidence: u16,
}

impl PrunePolicy {
    /// Asks for nothing yet, of patterns that were learned, merged into or used for the last time
    /// more than `grace` milliseconds ago; younger ones always stay.
    pub const fn new(grace: u64) -> Self {
        Self {
            grace,
            uses: 0,
            confidence: 0,
        }
    }

    /// Asks for at least `uses` uses: hits that were returned and
    /// [touched](PatternBank::touch), not candidates that a search met.
    pub const fn uses(mut self, uses: u16) -> Self {
        self.uses = uses;
        self
    }

    /// Asks for at least this confidence, as a fraction of 65,535.
    pub const fn confidence(mut self, confidence: u16) -> Self {
        self.confidence = confidence;
        self
    }

    /// Whether the policy lets the pattern stay at the time `now`, in milliseconds.
    pub fn keeps(&self, entry: &Entry, now: u64) -> bool {
        now.saturating_sub(entry.last_use) <= self.grace
            || (entry.uses >= self.uses && entry.confidence >= self.confidence)
    }

    /// Removes from `bank` what the policy does not keep at the time `now`, tells `gone` of each
    /// and returns how many. O(capacity), and the repair of the graph around each that goes.
    pub fn prune(&self, bank: &mut PatternBank<'_>, now: u64, gone: impl FnMut(&Entry)) -> usize {
        bank.prune(|entry| self.keeps(entry, now), gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::{BankConfig, Pattern, Scratch, ScratchConfig};
    use crate::block::Block;
    use std::vec::Vec;

    const CONFIG: BankConfig = BankConfig::new(2, 8);
    const SCRATCH: ScratchConfig = ScratchConfig::new(&CONFIG, 8);

    #[test]
    fn hole_03_new_patterns_have_their_grace() {
        let mut memory = Block::<{ CONFIG.bytes() }>::new();
        let mut scratch = Block::<{ SCRATCH.bytes() }>::new();
        let mut bank = PatternBank::format(&mut memory, CONFIG).unwrap();
        let mut scratch = Scratch::format(&mut scratch, SCRATCH).unwrap();
        let insert = |bank: &mut PatternBank<'_>, vector: [f32; 2], confidence, at| {
            let pattern = Pattern {
                label: 0,
                confidence,
                at,
            };
            bank.insert(&vector, pattern).unwrap()
        };
        let used = insert(&mut bank, [1.0, 0.0], 60_000, 0);
        let unused = insert(&mut bank, [-1.0, 0.0], 60_000, 0);
        let distrusted = insert(&mut bank, [0.0, 1.0], 10, 0);
        let new = insert(&mut bank, [0.0, -1.0], 10, 900);
        for vector in [[1.0, 0.0], [0.0, 1.0]] {
            let hits = bank.search(&vector, 1, &mut scratch).unwrap();
            bank.touch(&hits, 100);
        }
        let policy = PrunePolicy::new(500).uses(1).confidence(1_000);
        assert_eq!(
            policy.prune(&mut bank, 600, |_| {}),
            1,
            "only the unused is past its grace"
        );
        assert!(bank.get(unused).is_none());
        let mut gone = Vec::new();
        assert_eq!(
            policy.prune(&mut bank, 1_000, |entry| gone.push(entry.id)),
            1
        );
        assert_eq!(gone, [distrusted]);
        assert!(bank.get(used).is_some() && bank.get(new).is_some());
        // No search meets what is gone.
        let hits = bank.search(&[0.0, 1.0], 4, &mut scratch).unwrap();
        assert!(hits.iter().all(|hit| hit.id == used || hit.id == new));
    }

    #[test]
    fn asks_for_nothing_by_default() {
        let entry = Entry {
            id: Default::default(),
            label: 0,
            confidence: 0,
            uses: 0,
            last_use: 0,
        };
        assert!(PrunePolicy::new(0).keeps(&entry, u64::MAX));
        assert!(!PrunePolicy::new(9).uses(1).keeps(&entry, 10));
        assert!(PrunePolicy::new(9).uses(1).keeps(&entry, 9));
    }
}
