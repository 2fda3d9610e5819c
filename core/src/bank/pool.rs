//! A sorted array of the best candidates so far, of a fixed size.
//!
//! An entry is one u64: the score turned so that better is less, then the slot, so that ties go to
//! the lower slot, then a bit that says whether the graph search has expanded it. Entries compare
//! as plain integers.

/// Maps a score to an integer, better scores to lesser ones. Minus zero counts as zero.
#[inline(always)]
pub(super) fn rank(score: f32) -> u32 {
    let bits = (score + 0.0).to_bits();
    let ascending = bits ^ (((bits as i32) >> 31) as u32 | 0x8000_0000);
    !ascending
}

/// The score that [`rank`] was made from.
#[inline(always)]
pub(super) fn score_of(entry: u64) -> f32 {
    let ascending = !((entry >> 32) as u32);
    let mask = ((!ascending as i32 >> 31) as u32) | 0x8000_0000;
    f32::from_bits(ascending ^ mask)
}

/// The entry of a slot with a score.
#[inline(always)]
pub(super) fn entry(score: f32, slot: u32) -> u64 {
    u64::from(rank(score)) << 32 | u64::from(slot << 1)
}

/// The slot of an entry.
#[inline(always)]
pub(super) fn slot_of(entry: u64) -> u32 {
    entry as u32 >> 1
}

/// The mark of an entry that has been expanded.
pub(super) const EXPANDED: u64 = 1;

/// Up to this many entries are moved one by one, which costs less than a call.
const SHORT: usize = 64;

/// The best entries, in order.
pub(super) struct Pool<'p> {
    entries: &'p mut [u64],
    len: usize,
}

impl<'p> Pool<'p> {
    /// An empty pool of at most `entries.len()` entries.
    #[inline(always)]
    pub fn new(entries: &'p mut [u64]) -> Self {
        Self { entries, len: 0 }
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub fn capacity(&self) -> usize {
        self.entries.len()
    }

    #[inline(always)]
    pub fn is_full(&self) -> bool {
        self.len == self.entries.len()
    }

    #[inline(always)]
    pub fn as_slice(&self) -> &[u64] {
        self.entries.get(..self.len).unwrap_or(&[])
    }

    /// What an entry must be less than to get in.
    #[inline(always)]
    pub fn bound(&self) -> u64 {
        match self.is_full() {
            true => self.entries.last().copied().unwrap_or(0),
            false => u64::MAX,
        }
    }

    /// Takes the entry in if it is good enough, dropping the worst if full; returns where it is.
    #[inline(always)]
    pub fn insert(&mut self, entry: u64) -> Option<usize> {
        if entry >= self.bound() {
            return None;
        }
        let kept = if self.is_full() {
            self.len - 1
        } else {
            self.len
        };
        self.len = kept + 1;
        if kept > SHORT {
            let at = self.entries.get(..kept)?.partition_point(|&e| e < entry);
            let moved = self.entries.get_mut(at..=kept)?;
            moved.copy_within(..kept - at, 1);
            *moved.first_mut()? = entry;
            return Some(at);
        }
        let places = self.entries.get_mut(..=kept)?;
        let mut at = kept;
        while let Some(&[before, _]) = at
            .checked_sub(1)
            .and_then(|b| places.get(b..=at)?.first_chunk())
            && before > entry
        {
            *places.get_mut(at)? = before;
            at -= 1;
        }
        *places.get_mut(at)? = entry;
        Some(at)
    }

    /// Marks the entry at `at` as expanded and returns it as it was.
    #[inline(always)]
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
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn keeps_the_best_in_order(
            scores in proptest::collection::vec(-10.0f32..10.0, 0..60),
            size in 1usize..20,
        ) {
            let mut memory = std::vec![0; size];
            let mut pool = Pool::new(&mut memory);
            for (slot, &score) in scores.iter().enumerate() {
                pool.insert(entry(score, slot as u32));
            }
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
