//! Roots and proofs are those of `ct-merkle`, for every leaf of every size to 130 and of larger
//! sizes at random.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sensilla::block::Block;
use sensilla::merkle::{Tree, TreeConfig, leaf_hash, verify_consistency, verify_inclusion};
use sha2::Sha256;
use std::sync::Mutex;

type Other = MemoryBackedTree<Sha256, [u8; 8]>;

const CONFIG: TreeConfig = TreeConfig::new(100_000);
static MEMORY: Mutex<Block<{ CONFIG.bytes() }>> = Mutex::new(Block::new());

fn leaf(index: u64) -> [u8; 8] {
    index.to_be_bytes()
}

/// Compares root and proofs at the size both trees have.
fn compare(tree: &mut Tree<'_>, other: &Other, indices: impl Iterator<Item = u64>) {
    let size = tree.size();
    let (root, expected) = (tree.root(), other.root());
    assert_eq!(root[..], expected.as_bytes()[..]);
    for index in indices {
        let proof = tree.prove_inclusion(index, size).unwrap();
        let theirs = other.prove_inclusion(index as usize);
        assert_eq!(proof.as_flattened(), theirs.as_bytes());
        verify_inclusion(&leaf_hash(&leaf(index)), index, size, &proof, &root).unwrap();
        expected
            .verify_inclusion(&leaf(index), index, &theirs)
            .unwrap();
        // Their proofs run from a size to the present.
        if index > 0 {
            let proof = tree.prove_consistency(index, size).unwrap();
            let theirs = other.prove_consistency((size - index) as usize);
            assert_eq!(proof.as_flattened(), theirs.as_bytes(), "{index} to {size}");
            let old = tree.root_at(index).unwrap();
            verify_consistency(index, size, &proof, &old, &root).unwrap();
        }
    }
}

#[test]
fn every_leaf_of_every_size_to_130() {
    let mut memory = Block::<{ TreeConfig::new(130).bytes() }>::new();
    let mut tree = Tree::format(&mut memory, TreeConfig::new(130)).unwrap();
    let mut other = Other::new();
    for size in 1..=130 {
        tree.append(&leaf_hash(&leaf(size - 1))).unwrap();
        other.push(leaf(size - 1));
        compare(&mut tree, &other, 0..size);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn leaves_of_large_trees(size in 1..100_000u64, seed in any::<u64>()) {
        let mut memory = MEMORY.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut tree = Tree::format(&mut memory[..], CONFIG).unwrap();
        let mut other = Other::new();
        for index in 0..size {
            tree.append(&leaf_hash(&leaf(index))).unwrap();
            other.push(leaf(index));
        }
        compare(&mut tree, &other, (0..40).map(|i| seed.wrapping_mul(2 * i + 1) % size));
    }
}
