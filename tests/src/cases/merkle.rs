//! Merkle trees: roots, proofs, and a tree that forgets its beginning.

use crate::transcript::Transcript;
use crate::{Hex, Report};
use sensilla::merkle::{
    EMPTY_ROOT, Frontier, Tree, TreeConfig, leaf_hash, verify_consistency, verify_inclusion,
};

const CONFIG: TreeConfig = TreeConfig::new(64);

/// The roots of RFC 6962's reference implementation for its eight leaves, and of 64 more.
pub fn tree(room: &mut [u8], report: &mut dyn Report) {
    const LEAVES: [&[u8]; 8] = [
        &[],
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[
            0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
            0x6e, 0x6f,
        ],
    ];
    let mut tree = Tree::format(room, CONFIG).unwrap();
    let mut frontier = Frontier::new();
    assert_eq!(tree.root(), EMPTY_ROOT);
    for leaf in LEAVES {
        tree.append(&leaf_hash(leaf)).unwrap();
        frontier.append(&leaf_hash(leaf)).unwrap();
    }
    report.line("merkle/rfc6962-8", &Hex(&tree.root()));
    for i in 0..56_u32 {
        tree.append(&leaf_hash(&i.to_le_bytes())).unwrap();
        frontier.append(&leaf_hash(&i.to_le_bytes())).unwrap();
    }
    let root = tree.root();
    assert_eq!(root, frontier.root());
    report.line("merkle/64", &Hex(&root));

    let mut proofs = Transcript::new();
    for size in [1, 7, 8, 33, 64] {
        let old = tree.root_at(size).unwrap();
        let proof = tree.prove_consistency(size, 64).unwrap();
        verify_consistency(size, 64, &proof, &old, &root).unwrap();
        proof.iter().for_each(|hash| proofs.bytes(hash));
        for index in [0, size / 2, size - 1] {
            let proof = tree.prove_inclusion(index, size).unwrap();
            proof.iter().for_each(|hash| proofs.bytes(hash));
        }
    }
    let fourth = tree.prove_inclusion(3, 64).unwrap();
    verify_inclusion(&leaf_hash(LEAVES[3]), 3, 64, &fourth, &root).unwrap();
    proofs.shown(&verify_inclusion(
        &leaf_hash(LEAVES[3]),
        4,
        64,
        &fourth,
        &root,
    ));
    proofs.shown(&tree.append(&root));
    tree.prune(20).unwrap();
    proofs.shown(&tree.prove_inclusion(3, 64));
    assert_eq!(tree.root(), root);
    report.line("merkle/proofs", &Hex(&proofs.finish()));
    report.line("merkle/pruned", &Hex(&tree.image_digest()));
}
