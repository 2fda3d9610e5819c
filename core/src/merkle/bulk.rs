//! Whole subtrees at once, sixteen hashes at a time, or two.
//!
//! Rebuilding a tree from stored leaves is the one place where hashes do not wait for each other.
//! With AVX-512 sixteen share a register, with the SHA instructions two run side by side. Leaves of
//! any lengths share the lanes; a lane whose message ends early idles.

use super::hash::{leaf_hashes, node_hash, node_hashes};
use super::nodes::written;
use crate::Hash;
use crate::simd::sha256::INITIAL;
use crate::simd::sha256::lanes::{Blocks, LANES, Wide, Words};
use crate::simd::sha256::ni::Single;

/// Levels above the leaves of the lowest subtree that is computed at once: its leaves fill all
/// lanes.
const LOWEST: u32 = LANES.ilog2();
/// Levels above the leaves of the highest one.
const HIGHEST: u32 = 12;

/// Hashes of a complete subtree with `levels` above its leaves.
pub(crate) const fn hashes(levels: u32) -> usize {
    (2 << levels) - 1
}

/// How many levels the next subtree has, for a tree of `size` leaves that `more` follow, in whose
/// memory there is room for `room` hashes in a row; `None` where leaf by leaf is the only way.
pub(crate) fn levels(size: u64, more: usize, room: usize) -> Option<u32> {
    if Wide::get().is_none() && Single::get().is_none() {
        return None;
    }
    let levels = size.trailing_zeros().min(HIGHEST);
    let levels = levels.min(more.checked_ilog2()?);
    let levels = levels.min((room + 1).ilog2().saturating_sub(1));
    (levels >= LOWEST).then_some(levels)
}

/// Computes the [`hashes`] of the subtree over the next `2^levels` leaves, in the order in which
/// they come to be.
pub(crate) fn fill<'d>(levels: u32, leaves: impl Iterator<Item = &'d [u8]>, out: &mut [Hash]) {
    let done = match Wide::get() {
        Some(wide) => {
            fill_wide(wide, levels, leaves, out);
            levels - LOWEST
        }
        None => {
            fill_leaves(levels, leaves, out);
            0
        }
    };
    for level in done + 1..=levels {
        fill_level(level, 1 << (levels - level), out);
    }
}

/// Where the hash of node `index` at `level` lies among those of a subtree.
#[inline]
fn place(level: u32, index: usize) -> usize {
    let last = ((index + 1) << level) - 1;
    written(last as u64) as usize + level as usize
}

/// Hashes the leaves two by two.
fn fill_leaves<'d>(levels: u32, mut leaves: impl Iterator<Item = &'d [u8]>, out: &mut [Hash]) {
    for first in (0..1 << levels).step_by(2) {
        let pair = [leaves.next(), leaves.next()].map(Option::unwrap_or_default);
        write(leaf_hashes(pair), 0, first, out);
    }
}

/// Computes the `count` nodes of a level from those below it, two at a time.
fn fill_level(level: u32, count: usize, out: &mut [Hash]) {
    for first in (0..count).step_by(2) {
        let child = |at| out.get(place(level - 1, 2 * first + at));
        match [child(0), child(1), child(2), child(3)] {
            [Some(a), Some(b), Some(c), Some(d)] if count > 1 => {
                write(node_hashes([[a, b], [c, d]]), level, first, out);
            }
            [Some(a), Some(b), ..] => write([node_hash(a, b)], level, first, out),
            _ => {}
        }
    }
}

/// Writes hashes of nodes of a level in a row to their places.
fn write<const N: usize>(hashes: [Hash; N], level: u32, first: usize, out: &mut [Hash]) {
    for (index, hash) in (first..).zip(hashes) {
        if let Some(slot) = out.get_mut(place(level, index)) {
            *slot = hash;
        }
    }
}

/// Computes the levels that fill all lanes: sixteen leaves after sixteen, and whatever nodes they
/// complete, as a tree takes single leaves.
fn fill_wide<'d>(
    wide: Wide,
    levels: u32,
    mut leaves: impl Iterator<Item = &'d [u8]>,
    out: &mut [Hash],
) {
    // Left siblings that wait for the right one, by level.
    let mut waiting = [Words::splat([0; 8]); (HIGHEST - LOWEST) as usize + 1];
    for group in 0..1 << (levels - LOWEST) {
        let leaves: [&[u8]; LANES] = core::array::from_fn(|_| leaves.next().unwrap_or_default());
        let mut words = leaf_words(wide, &leaves);
        for (level, waiting) in (0..).zip(&mut waiting) {
            let first = (group >> level) * LANES;
            wide.write(&words, out, |lane| place(level, first + lane));
            if group >> level & 1 == 0 {
                *waiting = words;
                break;
            }
            words = wide.nodes(waiting, &words);
        }
    }
}

fn leaf_words(wide: Wide, leaves: &[&[u8]; LANES]) -> Words {
    if let Some(leaves) = all_hashes(leaves) {
        return wide.leaves(&leaves);
    }
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

/// Leaves of thirty-two bytes, hashes, are the common short ones.
fn all_hashes<'d>(leaves: &[&'d [u8]; LANES]) -> Option<[&'d Hash; LANES]> {
    let mut hashes = [&[0; 32]; LANES];
    for (hash, &leaf) in hashes.iter_mut().zip(leaves) {
        *hash = leaf.try_into().ok()?;
    }
    Some(hashes)
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

    /// The hashes of the complete subtree over these leaves.
    fn in_order(leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return leaves.to_vec();
        }
        let (left, right) = leaves.split_at(leaves.len() / 2);
        let (left, right) = (in_order(left), in_order(right));
        let node = node_hash(&left[left.len() - 1], &right[right.len() - 1]);
        [left, right, std::vec![node]].concat()
    }

    #[test]
    fn every_way_gives_the_hashes_of_the_leaves() {
        let data: Vec<Vec<u8>> = (0..1 << HIGHEST)
            .map(|i| std::vec![i as u8; if i % 50 == 7 { i / 9 } else { 32 }])
            .collect();
        for levels in [LOWEST, LOWEST + 1, 8, HIGHEST] {
            let leaves = || data.iter().take(1 << levels).map(|leaf| &leaf[..]);
            let expected = in_order(&leaves().map(leaf_hash).collect::<Vec<_>>());
            let mut out = std::vec![[0; 32]; hashes(levels)];
            fill(levels, leaves(), &mut out);
            assert!(out == expected);
            out.fill([0; 32]);
            fill_leaves(levels, leaves(), &mut out);
            (1..=levels).for_each(|level| fill_level(level, 1 << (levels - level), &mut out));
            assert!(out == expected);
        }
    }
}
