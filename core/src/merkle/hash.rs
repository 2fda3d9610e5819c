//! Leaves and nodes to hashes (RFC 6962, 2.1).
//!
//! Works on whole compression blocks: a node is always two of them, a leaf is compressed from where
//! it lies, so nothing is copied but first and last block.

use crate::Hash;
use crate::simd::sha256::INITIAL;
#[cfg(all(feature = "simd", target_arch = "x86_64"))]
use crate::simd::sha256::ni::Single;
use crate::slices;
use sha2::block_api::compress256;

/// Root of the tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// Highest tree this module builds, in levels above the leaves: 2³² leaves.
pub const MAX_HEIGHT: u32 = 32;

const LEAF: u8 = 0;
const NODE: u8 = 1;
const BLOCK: usize = 64;

/// `SHA-256(0x00 ‖ data)`.
pub fn leaf_hash(data: &[u8]) -> Hash {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    if let Ok(data) = <&Hash>::try_from(data)
        && let Some(single) = Single::get()
    {
        return single.leaf(data);
    }
    let mut state = INITIAL;
    let mut block = [0; BLOCK];
    block[0] = LEAF;
    if let Ok(data) = <&Hash>::try_from(data) {
        // A hash as leaf: one block, its length known.
        block[1..33].copy_from_slice(data);
        block[33] = 0x80;
        block[62..].copy_from_slice(&(33u16 * 8).to_be_bytes());
        compress256(&mut state, &[block]);
        return to_hash(&state);
    }
    match data.split_first_chunk::<{ BLOCK - 1 }>() {
        Some((head, rest)) => {
            block[1..].copy_from_slice(head);
            compress256(&mut state, &[block]);
            finish(state, [0; BLOCK], 0, rest, data.len() as u64 + 1)
        }
        None => finish(state, block, 1, data, data.len() as u64 + 1),
    }
}

/// `SHA-256(content ‖ behind)`, without a copy of all but the last blocks.
pub(crate) fn content_hash(content: &[u8], behind: &Hash) -> Hash {
    let (blocks, rest) = content.as_chunks::<BLOCK>();
    let mut tail = [[0; BLOCK]; 2];
    let tail = pad([rest, behind], (content.len() + 32) as u64, &mut tail);
    let mut state = INITIAL;
    compress256(&mut state, blocks);
    compress256(&mut state, tail);
    to_hash(&state)
}

/// [`content_hash`] and [`leaf_hash`] of `data`, of which `content` is the beginning, at about the
/// cost of one of them where the machine hashes two messages side by side.
#[inline]
pub(crate) fn content_and_leaf(content: &[u8], behind: &Hash, data: &[u8]) -> (Hash, Hash) {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    if let Some(single) = Single::get()
        && let Some(hashes) = side_by_side(single, content, behind, data)
    {
        return hashes;
    }
    (content_hash(content, behind), leaf_hash(data))
}

/// [`content_and_leaf`] of a leaf that is longer than a block.
#[cfg(all(feature = "simd", target_arch = "x86_64"))]
#[inline]
fn side_by_side(
    single: Single,
    content: &[u8],
    behind: &Hash,
    data: &[u8],
) -> Option<(Hash, Hash)> {
    let (head, rest) = data.split_first_chunk::<{ BLOCK - 1 }>()?;
    let mut first = [LEAF; BLOCK];
    first[1..].copy_from_slice(head);
    let (content_blocks, content_rest) = content.as_chunks::<BLOCK>();
    let (leaf_blocks, leaf_rest) = rest.as_chunks::<BLOCK>();
    let mut tails = [[[0; BLOCK]; 2]; 2];
    let [content_tail, leaf_tail] = &mut tails;
    let length = content.len() as u64 + 32;
    let content_tail = pad([content_rest, behind], length, content_tail);
    let leaf_tail = pad([leaf_rest, &[]], data.len() as u64 + 1, leaf_tail);
    let common =
        (content_blocks.len() + content_tail.len()).min(1 + leaf_blocks.len() + leaf_tail.len());
    let leaf_blocks = core::iter::once(&first).chain(leaf_blocks);
    let mut leaf = leaf_blocks.chain(leaf_tail);
    let mut content = content_blocks.iter().chain(content_tail);
    let mut states = [INITIAL; 2];
    let both = content
        .by_ref()
        .take(common)
        .zip(leaf.by_ref().take(common))
        .map(|(content, leaf)| [content, leaf]);
    single.compress_both(&mut states, both);
    let [mut first, mut second] = states;
    for block in content {
        compress256(&mut first, core::slice::from_ref(block));
    }
    for block in leaf {
        compress256(&mut second, core::slice::from_ref(block));
    }
    Some((to_hash(&first), to_hash(&second)))
}

/// Writes the last bytes of a message of `length` bytes, in two pieces that leave room for the
/// padding, and that to `blocks`, which are zero; those it takes. In place: what is written in bytes
/// and read in registers at once waits until it has reached the cache.
#[inline]
fn pad<'b>(pieces: [&[u8]; 2], length: u64, blocks: &'b mut [[u8; BLOCK]; 2]) -> &'b [[u8; BLOCK]] {
    let bytes = blocks.as_flattened_mut();
    let mut end = 0;
    for piece in pieces {
        if let Some(to) = bytes.get_mut(end..end + piece.len()) {
            to.copy_from_slice(piece);
        }
        end += piece.len();
    }
    if let Some(stop) = bytes.get_mut(end) {
        *stop = 0x80;
    }
    let last = usize::from(end >= BLOCK - 8);
    blocks[last][BLOCK - 8..].copy_from_slice(&(length * 8).to_be_bytes());
    &blocks[..=last]
}

/// Compresses `rest` and the padding of a message of `length` bytes, of which the first `at` bytes
/// of the next block are in `block`, whose other bytes are zero; where there are any, `rest` must
/// fit into that block.
#[inline]
fn finish(
    mut state: [u32; 8],
    mut block: [u8; BLOCK],
    at: usize,
    rest: &[u8],
    length: u64,
) -> Hash {
    let rest = if at == 0 {
        let (blocks, rest) = rest.as_chunks::<BLOCK>();
        compress256(&mut state, blocks);
        rest
    } else {
        rest
    };
    let end = at + rest.len();
    if let Some(to) = block.get_mut(at..end) {
        to.copy_from_slice(rest);
    }
    let mut end = end;
    if end == BLOCK {
        compress256(&mut state, &[block]);
        block = [0; BLOCK];
        end = 0;
    }
    slices::put(&mut block, end, 0x80);
    if end >= BLOCK - 8 {
        compress256(&mut state, &[block]);
        block = [0; BLOCK];
    }
    block[BLOCK - 8..].copy_from_slice(&(length * 8).to_be_bytes());
    compress256(&mut state, &[block]);
    to_hash(&state)
}

/// `SHA-256(0x01 ‖ left ‖ right)`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    if let Some(single) = Single::get() {
        return single.node(left, right);
    }
    let mut state = INITIAL;
    let mut blocks = [[0; BLOCK]; 2];
    let [first, last] = &mut blocks;
    first[0] = NODE;
    first[1..33].copy_from_slice(left);
    first[33..].copy_from_slice(&right[..31]);
    last[0] = right[31];
    last[1] = 0x80;
    last[62..].copy_from_slice(&(65u16 * 8).to_be_bytes());
    compress256(&mut state, &blocks);
    to_hash(&state)
}

/// The hash at the end of a path up a tree from `hash` by `steps`, each a sibling and whether it is
/// the left one. `visit` sees the hash after each step.
#[inline]
pub(crate) fn climb<'h>(
    hash: &Hash,
    steps: impl Iterator<Item = (&'h Hash, bool)>,
    mut visit: impl FnMut(&Hash),
) -> Hash {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    if let Some(single) = Single::get() {
        return single.climb(hash, steps, visit);
    }
    let mut hash = *hash;
    for (sibling, is_left) in steps {
        hash = if is_left {
            node_hash(sibling, &hash)
        } else {
            node_hash(&hash, sibling)
        };
        visit(&hash);
    }
    hash
}

/// [`leaf_hash`] of both.
#[cfg(all(feature = "simd", target_arch = "x86_64"))]
pub(crate) fn leaf_hashes(data: [&[u8]; 2]) -> [Hash; 2] {
    if let [Ok(first), Ok(second)] = data.map(<&Hash>::try_from)
        && let Some(single) = Single::get()
    {
        return single.leaves([first, second]);
    }
    data.map(leaf_hash)
}

/// [`node_hash`] of both pairs.
pub(crate) fn node_hashes(pairs: [[&Hash; 2]; 2]) -> [Hash; 2] {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    if let Some(single) = Single::get() {
        return single.nodes(pairs);
    }
    pairs.map(|[left, right]| node_hash(left, right))
}

/// `SHA-256(a ‖ b ‖ c)`: two compressions, as the length is known.
pub(crate) fn three_hashes(a: &Hash, b: &Hash, c: &Hash) -> Hash {
    let mut state = INITIAL;
    let mut blocks = [[0; BLOCK]; 2];
    let [first, last] = &mut blocks;
    first[..32].copy_from_slice(a);
    first[32..].copy_from_slice(b);
    last[..32].copy_from_slice(c);
    last[32] = 0x80;
    last[62..].copy_from_slice(&(96u16 * 8).to_be_bytes());
    compress256(&mut state, &blocks);
    to_hash(&state)
}

fn to_hash(state: &[u32; 8]) -> Hash {
    let mut hash = [0; 32];
    for (bytes, word) in hash.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_hashes_are_hashed_like_their_bytes() {
        let parts = [[1; 32], [2; 32], [3; 32]];
        let [a, b, c] = &parts;
        let plain = <Hash>::from(Sha256::digest(parts.as_flattened()));
        assert_eq!(three_hashes(a, b, c), plain);
    }
    use sha2::{Digest, Sha256};
    use std::vec;

    #[test]
    fn leaves_of_every_length_hash_as_plain_sha256() {
        let data: vec::Vec<u8> = (0..400u32).map(|i| (i * 7) as u8).collect();
        for length in 0..data.len() {
            let plain = Sha256::new()
                .chain_update([0])
                .chain_update(&data[..length]);
            assert_eq!(
                leaf_hash(&data[..length]),
                <Hash>::from(plain.finalize()),
                "{length}"
            );
        }
    }

    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    #[test]
    fn contents_and_leaves_of_every_length_hash_side_by_side_as_alone() {
        const BEHIND: Hash = [0xb7; 32];
        let Some(single) = Single::any() else { return };
        let data: vec::Vec<u8> = (0..300u32).map(|i| (i * 5) as u8).collect();
        for length in 63..data.len() {
            for tail in [0, 1, 65, 200] {
                let (content, data) = (&data[..length.saturating_sub(tail)], &data[..length]);
                let plain = Sha256::new().chain_update(content).chain_update(BEHIND);
                let id = <Hash>::from(plain.finalize());
                assert_eq!(content_hash(content, &BEHIND), id);
                let hashes = side_by_side(single, content, &BEHIND, data);
                assert_eq!(hashes, Some((id, leaf_hash(data))));
            }
        }
        assert_eq!(side_by_side(single, &data[..9], &BEHIND, &data[..62]), None);
    }

    #[test]
    fn nodes_hash_as_plain_sha256() {
        let (left, right) = ([3; 32], [0xf5; 32]);
        let plain = Sha256::new()
            .chain_update([1])
            .chain_update(left)
            .chain_update(right);
        assert_eq!(node_hash(&left, &right), <Hash>::from(plain.finalize()));
        assert_eq!(EMPTY_ROOT, <Hash>::from(Sha256::digest([])));
    }
}
