//! A sorted array of the best candidates so far, of a fixed size.
//!
//! An entry is one u64: the score turned so that better is less, then the slot, so that ties go to
//! the lower slot, then a bit that says whether the graph search has expanded it. Entries compare
//! as plain integers.

use crate::simd::Kernels;

/// Maps a score to an integer, better scores to lesser ones. Minus zero counts as zero.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn rank(score: f32) -> u32 {
    let bits = (score + 0.0).to_bits();
    let ascending = bits ^ (((bits as i32) >> 31) as u32 | 0x8000_0000);
    !ascending
}

/// The score that [`rank`] was made from.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn score_of(entry: u64) -> f32 {
    let ascending = !((entry >> 32) as u32);
    let mask = ((!ascending as i32 >> 31) as u32) | 0x8000_0000;
    f32::from_bits(ascending ^ mask)
}

/// The entry of a slot with a score.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn entry(score: f32, slot: u32) -> u64 {
    u64::from(rank(score)) << 32 | u64::from(slot << 1)
}

/// The slot of an entry.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn slot_of(entry: u64) -> u32 {
    entry as u32 >> 1
}

/// The mark of an entry that has been expanded.
pub(super) const EXPANDED: u64 = 1;

/// Memory of a pool comes in multiples of this.
pub(super) const POOL_STEP: usize = 8;

/// The best entries, in order.
///
/// The memory behind the last entry holds `u64::MAX`, and up to [`POOL_STEP`] less one entries
/// beyond those wanted stay behind them, so that vectors of eight need no tails.
pub(super) struct Pool<'p> {
    entries: &'p mut [u64],
    most: usize,
    filled: usize,
}

impl<'p> Pool<'p> {
    /// An empty pool of at most `most` entries, in the memory of as many or, better, the next
    /// multiple of [`POOL_STEP`].
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn new(memory: &'p mut [u64], most: usize) -> Self {
        let most = most.min(memory.len());
        let padded = most.next_multiple_of(POOL_STEP);
        let size = if padded <= memory.len() { padded } else { most };
        let (entries, _) = memory.split_at_mut(size);
        entries.fill(u64::MAX);
        Self {
            entries,
            most,
            filled: 0,
        }
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn len(&self) -> usize {
        self.filled.min(self.most)
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn capacity(&self) -> usize {
        self.most
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn is_full(&self) -> bool {
        self.filled >= self.most
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn as_slice(&self) -> &[u64] {
        self.entries.get(..self.len()).unwrap_or(&[])
    }

    /// What an entry must be less than to get in.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn bound(&self) -> u64 {
        let last = self.entries.get(self.most.wrapping_sub(1));
        last.copied().unwrap_or(0)
    }

    /// The score of the worst entry of a full pool, else minus infinity.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn least(&self) -> f32 {
        match self.bound() {
            u64::MAX => f32::NEG_INFINITY,
            bound => score_of(bound),
        }
    }

    /// Takes the entry in if it is good enough, dropping the worst if full; returns where it is.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn insert<K: Kernels>(&mut self, kernels: K, entry: u64) -> Option<usize> {
        if entry >= self.bound() {
            return None;
        }
        let at = kernels.insert(self.entries, self.filled, entry);
        self.filled = (self.filled + 1).min(self.entries.len());
        Some(at)
    }

    /// Marks the entry at `at` as expanded and returns it as it was.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn expand(&mut self, at: usize) -> u64 {
        match self.entries.get_mut(at) {
            Some(entry) => {
                let before = *entry;
                *entry |= EXPANDED;
                before
            }
            None => EXPANDED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Task, dispatch};
    use proptest::prelude::*;
    use std::vec::Vec;

    struct Fill<'f, 'p>(&'f mut Pool<'p>, &'f [f32]);
    impl Task for Fill<'_, '_> {
        type Output = ();
        fn run<K: Kernels>(self, kernels: K) {
            for (slot, &score) in self.1.iter().enumerate() {
                self.0.insert(kernels, entry(score, slot as u32));
            }
        }
    }

    proptest! {
        #[test]
        fn keeps_the_best_in_order(
            scores in proptest::collection::vec(-10.0f32..10.0, 0..200),
            size in 1usize..100,
            spare in 0usize..8,
        ) {
            let mut memory = std::vec![0; size + spare];
            let mut pool = Pool::new(&mut memory, size);
            dispatch(Fill(&mut pool, &scores));
            let mut expected: Vec<(f32, u32)> =
                scores.iter().enumerate().map(|(slot, &score)| (score, slot as u32)).collect();
            expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            expected.truncate(size);
            let found: Vec<(f32, u32)> =
                pool.as_slice().iter().map(|&e| (score_of(e), slot_of(e))).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn ranks_every_score_and_back() {
        for score in [0.0, 1.0, -1.0, f32::MIN, f32::MAX, 1e-40, f32::NEG_INFINITY] {
            assert_eq!(score_of(entry(score, 7)), score);
        }
        assert_eq!(rank(-0.0), rank(0.0));
        assert!(rank(1.0) < rank(0.5) && rank(0.5) < rank(-0.5) && rank(-0.5) < rank(-1.0));
    }
}
