//! Whole subtrees at once, sixteen hashes at a time, or two.
//!
//! Rebuilding a tree from stored leaves is the one place where hashes do not wait for each other.
//! With AVX-512 sixteen share a register, with the SHA instructions two run side by side. Leaves of
//! any lengths share the lanes; a lane whose message ends early idles.

use super::hash::{leaf_hashes, node_hash, node_hashes};
use crate::Hash;
use crate::simd::sha256::INITIAL;
use crate::simd::sha256::lanes::{Blocks, LANES, Wide, Words};
use crate::simd::sha256::ni::Single;

/// Levels of a subtree above its leaves.
pub(crate) const LEVELS: u32 = 8;
/// Leaves of a subtree.
pub(crate) const WIDTH: usize = 1 << LEVELS;
/// Subtrees' levels that fill all lanes.
const WIDE_LEVELS: u32 = 4;

/// The hashes of a complete subtree of [`WIDTH`] leaves.
#[derive(Debug)]
pub(crate) struct Subtree {
    /// Level after level from the leaves up: `WIDTH` hashes, half as many, ..., one.
    hashes: [Hash; 2 * WIDTH],
}

impl Subtree {
    pub(crate) const fn new() -> Self {
        Self {
            hashes: [[0; 32]; 2 * WIDTH],
        }
    }

    /// The hash of node `index` at `level`.
    pub(crate) fn node(&self, level: u32, index: usize) -> Option<&Hash> {
        self.hashes.get(start(level) + index)
    }

    /// Whether this machine computes subtrees faster than leaf by leaf.
    pub(crate) fn pays() -> bool {
        Wide::get().is_some() || Single::get().is_some()
    }

    /// Computes the subtree over `leaves`.
    pub(crate) fn fill(&mut self, leaves: &[&[u8]; WIDTH]) {
        let level = match Wide::get() {
            Some(wide) => {
                self.fill_wide(wide, leaves);
                WIDE_LEVELS
            }
            None => {
                self.fill_leaves(leaves);
                0
            }
        };
        self.fill_above(level);
    }

    /// Hashes the leaves two by two.
    fn fill_leaves(&mut self, leaves: &[&[u8]; WIDTH]) {
        let pairs = self.hashes.as_chunks_mut::<2>().0.iter_mut();
        for (hashes, leaves) in pairs.zip(leaves.as_chunks::<2>().0) {
            *hashes = leaf_hashes(*leaves);
        }
    }

    /// Computes the levels above one, two nodes at a time.
    fn fill_above(&mut self, level: u32) {
        for level in level + 1..=LEVELS {
            self.fill_level(level);
        }
    }

    /// Computes the nodes of a level from those below it.
    fn fill_level(&mut self, level: u32) {
        let Some((below, to)) = self.hashes.split_at_mut_checked(start(level)) else {
            return;
        };
        let below = below.get(start(level - 1)..).unwrap_or_default();
        let (pairs, _) = below.as_chunks::<2>();
        let (twos, one) = pairs.as_chunks::<2>();
        let (to, last) = to.split_at_mut(2 * twos.len());
        for (to, [first, second]) in to.as_chunks_mut::<2>().0.iter_mut().zip(twos) {
            *to = node_hashes([first.each_ref(), second.each_ref()]);
        }
        for (to, [left, right]) in last.iter_mut().zip(one) {
            *to = node_hash(left, right);
        }
    }

    /// Computes the levels that fill all lanes.
    fn fill_wide(&mut self, wide: Wide, leaves: &[&[u8]; WIDTH]) {
        let mut words = [Words::splat([0; 8]); WIDTH / LANES];
        let (groups, _) = leaves.as_chunks::<LANES>();
        for (words, leaves) in words.iter_mut().zip(groups) {
            *words = leaf_words(wide, leaves);
        }
        self.store(wide, 0, &words);
        let mut count = words.len();
        for level in 1..=WIDE_LEVELS {
            for parent in 0..count / 2 {
                if let Some(children) = words.get(2 * parent..).and_then(|w| w.first_chunk::<2>()) {
                    words[parent] = wide.nodes(children);
                }
            }
            count /= 2;
            self.store(wide, level, words.get(..count).unwrap_or_default());
        }
    }

    fn store(&mut self, wide: Wide, level: u32, words: &[Words]) {
        let at = start(level);
        let slots = self.hashes.get_mut(at..).unwrap_or_default();
        for (words, slots) in words.iter().zip(slots.as_chunks_mut::<LANES>().0) {
            wide.to_bytes(words, slots);
        }
    }
}

/// Where the hashes of a level begin.
const fn start(level: u32) -> usize {
    2 * WIDTH - ((2 * WIDTH) >> level)
}

fn leaf_words(wide: Wide, leaves: &[&[u8]; LANES]) -> Words {
    let blocks_of = |leaf: &[u8]| (leaf.len() + 1 + 8) / 64 + 1;
    let most = leaves.iter().map(|leaf| blocks_of(leaf)).max().unwrap_or(1);
    let mut states = Words::splat(INITIAL);
    let mut done = states;
    let mut blocks = Blocks([[0; 64]; LANES]);
    for at in 0..most {
        for (block, leaf) in blocks.0.iter_mut().zip(leaves) {
            message_block(leaf, at, block);
        }
        wide.compress(&mut states, &blocks);
        if at + 1 == most {
            break;
        }
        for (lane, leaf) in leaves.iter().enumerate() {
            if blocks_of(leaf) == at + 1 {
                copy_lane(&states, &mut done, lane);
            }
        }
    }
    for (lane, leaf) in leaves.iter().enumerate() {
        if blocks_of(leaf) != most {
            copy_lane(&done, &mut states, lane);
        }
    }
    states
}

fn copy_lane(from: &Words, to: &mut Words, lane: usize) {
    for (from, to) in from.0.iter().zip(&mut to.0) {
        if let (Some(from), Some(to)) = (from.get(lane), to.get_mut(lane)) {
            *to = *from;
        }
    }
}

/// Block `at` of the padded message `0x00 ‖ leaf`; zeros beyond its end.
fn message_block(leaf: &[u8], at: usize, block: &mut [u8; 64]) {
    *block = [0; 64];
    // A leaf of 32 bytes, a hash, is the common short one.
    if let (0, Ok(leaf)) = (at, <&Hash>::try_from(leaf)) {
        block[1..33].copy_from_slice(leaf);
        block[33] = 0x80;
        block[62..].copy_from_slice(&(33u16 * 8).to_be_bytes());
        return;
    }
    let begin = at * 64;
    let (skip, to) = match begin.checked_sub(1) {
        Some(skip) => (skip, &mut block[..]),
        None => (0, &mut block[1..]),
    };
    if let Some(rest) = leaf.get(skip..) {
        for (to, from) in to.iter_mut().zip(rest) {
            *to = *from;
        }
    }
    let end = leaf.len() + 1;
    if let Some(byte) = end.checked_sub(begin).and_then(|at| block.get_mut(at)) {
        *byte = 0x80;
    }
    if (end + 8) / 64 == at {
        block[56..].copy_from_slice(&(end as u64 * 8).to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;
    use std::vec::Vec;

    #[test]
    fn every_way_gives_the_hashes_of_the_leaves() {
        let data: Vec<Vec<u8>> = (0..WIDTH)
            .map(|i| std::vec![i as u8; if i % 5 == 0 { i } else { 32 }])
            .collect();
        let leaves: [&[u8]; WIDTH] = core::array::from_fn(|i| &data[i][..]);
        let mut level: Vec<Hash> = data.iter().map(|leaf| leaf_hash(leaf)).collect();
        let mut expected = Vec::new();
        while !level.is_empty() {
            expected.extend_from_slice(&level);
            let pairs = level.as_chunks::<2>().0.iter();
            level = pairs.map(|[left, right]| node_hash(left, right)).collect();
        }
        let mut subtree = Subtree::new();
        subtree.fill(&leaves);
        assert_eq!(subtree.hashes[..expected.len()], expected);
        let mut subtree = Subtree::new();
        subtree.fill_leaves(&leaves);
        subtree.fill_above(0);
        assert_eq!(subtree.hashes[..expected.len()], expected);
    }
}
