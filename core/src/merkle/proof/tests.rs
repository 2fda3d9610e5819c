//! The verifiers beside the algorithms of the RFC, word for word, under every flip of one bit.

use super::*;
use crate::block::Block;
use crate::merkle::{Tree, TreeConfig, leaf_hash};
use std::vec::Vec;

const MOST: u64 = 40;
const CONFIG: TreeConfig = TreeConfig::new(MOST as u32);
type Memory = Block<{ CONFIG.bytes() }>;

/// RFC 9162, 2.1.3.2.
fn rfc_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// RFC 9162, 2.1.4.2, for sizes that differ and are not zero.
fn rfc_consistency(old: u64, new: u64, path: &[Hash], old_root: &Hash, new_root: &Hash) -> bool {
    if path.is_empty() {
        return false;
    }
    let mut path = path.to_vec();
    if old.is_power_of_two() {
        path.insert(0, *old_root);
    }
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut first, mut second) = (path[0], path[0]);
    for sibling in &path[1..] {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            first = node_hash(sibling, &first);
            second = node_hash(sibling, &second);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            second = node_hash(&second, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    first == *old_root && second == *new_root && last == 0
}

fn flips(number: u64) -> impl Iterator<Item = u64> {
    (0..64).map(move |bit| number ^ 1 << bit)
}

fn leaves() -> Vec<Hash> {
    (0..MOST).map(|i| leaf_hash(&i.to_le_bytes())).collect()
}

#[test]
fn a_flipped_index_or_size_is_accepted_only_where_the_rfc_accepts_it() {
    let mut memory = Memory::new();
    let mut tree = Tree::format(&mut memory, CONFIG).unwrap();
    let leaves = leaves();
    let (mut refused, mut ambiguous) = (0, 0);
    for leaf in &leaves {
        tree.append(leaf).unwrap();
        let (size, root) = (tree.size(), tree.root());
        for (index, leaf) in (0..size).zip(&leaves) {
            let proof = tree.prove_inclusion(index, size).unwrap();
            for other in flips(index) {
                // A leaf's number is bound by the proof alone.
                assert!(verify_inclusion(leaf, other, size, &proof, &root).is_err());
                assert!(!rfc_inclusion(leaf, other, size, &proof, &root));
            }
            for other in flips(size) {
                let accepted = verify_inclusion(leaf, index, other, &proof, &root).is_ok();
                let rfc = rfc_inclusion(leaf, index, other, &proof, &root);
                assert_eq!(accepted, rfc, "leaf {index} of {size} as of {other}");
                // What is accepted has the path's very shape, so that no verifier could tell.
                assert_eq!(
                    accepted,
                    index < other && shape(index, size) == shape(index, other)
                );
                *(if accepted {
                    &mut ambiguous
                } else {
                    &mut refused
                }) += 1;
            }
        }
    }
    assert!(
        refused > ambiguous && ambiguous > 0,
        "{refused}, {ambiguous}"
    );
}

#[test]
fn flipped_sizes_of_a_consistency_proof_are_accepted_only_where_the_rfc_accepts_them() {
    let mut memory = Memory::new();
    let mut tree = Tree::format(&mut memory, CONFIG).unwrap();
    for leaf in &leaves() {
        tree.append(leaf).unwrap();
        let (new, root) = (tree.size(), tree.root());
        for old in 1..new {
            let before = tree.root_at(old).unwrap();
            let proof = tree.prove_consistency(old, new).unwrap();
            assert!(rfc_consistency(old, new, &proof, &before, &root));
            for other in flips(old).filter(|&other| 0 < other && other < new) {
                let accepted = verify_consistency(other, new, &proof, &before, &root).is_ok();
                let rfc = rfc_consistency(other, new, &proof, &before, &root);
                assert_eq!(accepted, rfc, "{old} as {other}, to {new}");
            }
            for other in flips(new).filter(|&other| other > old) {
                let accepted = verify_consistency(old, other, &proof, &before, &root).is_ok();
                let rfc = rfc_consistency(old, other, &proof, &before, &root);
                assert_eq!(accepted, rfc, "{old} to {new} as to {other}");
            }
            // Sizes in the wrong order and empty trees.
            for other in flips(old).filter(|&other| other > new) {
                assert!(verify_consistency(other, new, &proof, &before, &root).is_err());
            }
            assert!(verify_consistency(0, new, &proof, &before, &root).is_err());
        }
    }
}
