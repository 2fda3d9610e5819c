//! SHA-256 of leaves and nodes beside the `sha2` package.

use crate::Hash;
use crate::merkle::{leaf_hash, node_hash};
use sha2::{Digest, Sha256};

/// The name of the first kernel that is wrong on numbers from `next`, and the bytes that it took.
pub(super) fn wrong(mut next: impl FnMut() -> u32) -> Option<(&'static str, usize)> {
    let mut data: [Hash; 4] = [[0; 32]; 4];
    data.as_flattened_mut()
        .iter_mut()
        .for_each(|byte| *byte = next() as u8);
    let [a, b, ..] = &data;
    let leaf = |data: &Hash| -> Hash {
        Sha256::new()
            .chain_update([0])
            .chain_update(data)
            .finalize()
            .into()
    };
    let node = |left: &Hash, right: &Hash| -> Hash {
        let hash = Sha256::new().chain_update([1]).chain_update(left);
        hash.chain_update(right).finalize().into()
    };
    if leaf_hash(a) != leaf(a) {
        return Some(("sha256 of leaves", 33));
    }
    if node_hash(a, b) != node(a, b) {
        return Some(("sha256 of nodes", 65));
    }
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    {
        use crate::merkle::hash::{leaf_hashes, node_hashes};
        let [.., c, d] = &data;
        let leaves = leaf_hashes([b, c]) == [leaf(b), leaf(c)];
        let pairs = node_hashes([[a, b], [c, d]]);
        if !leaves || pairs != [node(a, b), node(c, d)] {
            return Some(("sha256 of two at once", 65));
        }
        if let Some(wide) = crate::simd::sha256::lanes::Wide::get() {
            let sixteen: [&Hash; 16] = core::array::from_fn(|at| [a, b, c, d][at % 4]);
            let words = wide.leaves(&sixteen);
            let parents = wide.nodes(&words, &words);
            let (mut low, mut high) = ([[0; 32]; 16], [[0; 32]; 16]);
            wide.write(&words, &mut low, |at| at);
            wide.write(&parents, &mut high, |at| at);
            let leaves = low
                .iter()
                .zip(sixteen)
                .all(|(found, data)| *found == leaf(data));
            let pairs = (0..16).map(|at| [low[2 * at % 16], low[(2 * at + 1) % 16]]);
            let mut nodes = high.iter().zip(pairs);
            if !leaves || !nodes.all(|(found, [left, right])| *found == node(&left, &right)) {
                return Some(("sha256 in sixteen lanes", 33));
            }
        }
    }
    None
}
