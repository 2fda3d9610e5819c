//! A tree that only grows: its peaks, and nothing else.

use super::errors::AppendError;
use super::hash::{EMPTY_ROOT, MAX_HEIGHT, climb, node_hash};
use crate::Hash;

const LEVELS: usize = MAX_HEIGHT as usize + 1;

/// The frontier of a tree of up to 2³² leaves in 1,064 bytes: takes leaves, gives the root.
///
/// For whoever follows a log without keeping it, and for trees too large to prove from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// `peaks[l]` holds the peak of `2^l` leaves where bit `l` of the size is set, else zeros.
    peaks: [Hash; LEVELS],
}

impl Frontier {
    /// The tree without leaves.
    pub const fn new() -> Self {
        Self {
            size: 0,
            peaks: [[0; 32]; LEVELS],
        }
    }

    /// The tree of `size` leaves with `peaks`, largest first; `None` if it has other peaks.
    pub fn from_peaks(size: u64, peaks: &[Hash]) -> Option<Self> {
        let mut frontier = Self::new();
        if size > 1 << MAX_HEIGHT || peaks.len() != size.count_ones() as usize {
            return None;
        }
        frontier.size = size;
        let levels = (0..LEVELS).rev().filter(|&l| size >> l & 1 == 1);
        for (level, peak) in levels.zip(peaks) {
            *frontier.peaks.get_mut(level)? = *peak;
        }
        Some(frontier)
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The peaks, largest first.
    pub fn peaks(&self) -> impl Iterator<Item = &Hash> {
        self.peaks
            .iter()
            .enumerate()
            .rev()
            .filter_map(|(level, peak)| (self.size >> level & 1 == 1).then_some(peak))
    }

    /// Adds a leaf by its hash. Cost: amortised one node.
    pub fn append(&mut self, leaf_hash: &Hash) -> Result<(), AppendError> {
        if self.size >= 1 << MAX_HEIGHT {
            return Err(AppendError::Exhausted);
        }
        let mut hash = *leaf_hash;
        for (level, peak) in self.peaks.iter_mut().enumerate() {
            if self.size >> level & 1 == 0 {
                *peak = hash;
                break;
            }
            hash = node_hash(peak, &hash);
            *peak = [0; 32];
        }
        self.size += 1;
        Ok(())
    }

    /// The root. Cost: one node for each peak but one.
    pub fn root(&self) -> Hash {
        let mut peaks = self
            .peaks
            .iter()
            .enumerate()
            .filter_map(|(level, peak)| (self.size >> level & 1 == 1).then_some(peak));
        match peaks.next() {
            None => EMPTY_ROOT,
            Some(first) => climb(first, peaks.map(|left| (left, true)), |_| {}),
        }
    }
}

impl Default for Frontier {
    fn default() -> Self {
        Self::new()
    }
}
