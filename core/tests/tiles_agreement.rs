//! Roots, proofs and tiles are those of `tlog_tiles`, for every leaf of every size to 130.

use sensilla::block::Block;
use sensilla::merkle::tile::{Resource, spans};
use sensilla::merkle::{Tree, TreeConfig, leaf_hash, verify_consistency, verify_inclusion};
use tlog_tiles::{
    Error, Hash, HashReader, Tile, check_record, check_tree, prove_record, prove_tree, record_hash,
    stored_hashes, tree_hash,
};

const MOST: u64 = 300;
const CONFIG: TreeConfig = TreeConfig::new(MOST as u32);

/// Their hashes, in their order.
struct Stored(Vec<Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        Ok(indexes
            .iter()
            .map(|&index| self.0[index as usize])
            .collect())
    }
}

fn leaf(index: u64) -> [u8; 8] {
    index.to_be_bytes()
}

fn flat(hashes: &[Hash]) -> Vec<[u8; 32]> {
    hashes.iter().map(|hash| hash.0).collect()
}

#[test]
fn roots_proofs_and_tiles_agree() {
    let mut memory = Box::new(Block::<{ CONFIG.bytes() }>::new());
    let mut tree = Tree::format(&mut memory[..], CONFIG).unwrap();
    let mut theirs = Stored(Vec::new());
    for size in 1..=MOST {
        let data = leaf(size - 1);
        tree.append(&leaf_hash(&data)).unwrap();
        let more = stored_hashes(size - 1, &data, &theirs).unwrap();
        theirs.0.extend(more);
        let (root, expected) = (tree.root(), tree_hash(size, &theirs).unwrap());
        assert_eq!(root, expected.0);
        if size <= 130 {
            for index in 0..size {
                let leaf = leaf(index);
                let proof = tree.prove_inclusion(index, size).unwrap();
                let other = prove_record(size, index, &theirs).unwrap();
                assert_eq!(proof[..], flat(&other));
                verify_inclusion(&leaf_hash(&leaf), index, size, &proof, &root).unwrap();
                check_record(&other, size, expected, index, record_hash(&leaf)).unwrap();
                if index > 0 {
                    let proof = tree.prove_consistency(index, size).unwrap();
                    let other = prove_tree(size, index, &theirs).unwrap();
                    assert_eq!(proof[..], flat(&other), "{index} to {size}");
                    let old = tree.root_at(index).unwrap();
                    verify_consistency(index, size, &proof, &old, &root).unwrap();
                    check_tree(&other, size, expected, index, Hash(old)).unwrap();
                }
            }
        }
    }
    let mut tiles = 0;
    for span in spans(0, MOST) {
        let Resource::Tile { level } = span.resource else {
            continue;
        };
        let mut out = [0; 256 * 32];
        let bytes = tree.export(&span, &mut out).unwrap();
        let index = span.index;
        let tile = Tile::new(8, level, index, u32::from(span.end), false);
        assert_eq!(span.start, 0, "all of a new tile");
        assert_eq!(out[..bytes], tile.read_data(&theirs).unwrap());
        tiles += 1;
    }
    assert_eq!(tiles, 3, "two tiles of leaves and one above them");
}
