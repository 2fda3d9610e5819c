//! Proofs, checkpoints and notes: nothing false verifies.

use sensilla::Hash;
use sensilla::merkle::note::Note;
use sensilla::merkle::{
    Checkpoint, Frontier, leaf_hash, node_hash, verify_consistency, verify_inclusion,
};

const LEAVES: u64 = 96;

fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_le_bytes())
}

/// RFC 6962's definition: the root over leaves `start..end`.
fn root(start: u64, end: u64) -> Hash {
    match end - start {
        0 => sensilla::merkle::EMPTY_ROOT,
        1 => leaf(start),
        n => {
            let middle = start + (1u64 << (n - 1).ilog2());
            node_hash(&root(start, middle), &root(middle, end))
        }
    }
}

/// RFC 6962's audit path.
fn path(index: u64, start: u64, end: u64) -> Vec<Hash> {
    let n = end - start;
    if n <= 1 {
        return Vec::new();
    }
    let middle = start + (1u64 << (n - 1).ilog2());
    let (mut inner, other) = match index < middle {
        true => (path(index, start, middle), root(middle, end)),
        false => (path(index, middle, end), root(start, middle)),
    };
    inner.push(other);
    inner
}

/// See the crate. The first bytes say which tree and which leaf, the others spoil the proof.
pub fn run(data: &[u8]) -> bool {
    let mut taken = text(data);
    let Some((&[kind, size, index, claimed_size, claimed_index], rest)) = data.split_first_chunk()
    else {
        return taken;
    };
    let size = u64::from(size) % LEAVES + 1;
    let index = u64::from(index) % size;
    let mut proof = path(index, 0, size);
    let mut about = leaf(index);
    let good = (proof.clone(), about);
    for &[at, value] in rest.as_chunks::<2>().0 {
        match at {
            0..=31 => about[usize::from(at)] ^= value,
            32..=39 => proof.truncate(usize::from(value) % (proof.len() + 1)),
            40..=47 => proof.push([value; 32]),
            _ => {
                if let Some(hash) = proof.get_mut(usize::from(at) % 8) {
                    hash[usize::from(value) % 32] ^= at;
                }
            }
        }
    }
    let spoiled = (&proof, &about) != (&good.0, &good.1);
    let (claimed_size, claimed_index) = match kind % 2 {
        0 => (size, index),
        _ => (u64::from(claimed_size), u64::from(claimed_index)),
    };
    let root = root(0, size);
    let verified = verify_inclusion(&about, claimed_index, claimed_size, &proof, &root).is_ok();
    if !spoiled && (claimed_size, claimed_index) == (size, index) {
        assert!(verified, "a good proof verifies");
    }
    if verified {
        assert!(
            !spoiled,
            "a spoiled proof of leaf {index} of {size} verified"
        );
        assert_eq!(about, leaf(index));
    }
    // The same hashes as a proof of consistency: only the tree's own beginning has that root.
    let mut frontier = Frontier::default();
    for index in 0..claimed_size.min(size) {
        let _ = frontier.append(&leaf(index));
    }
    let old = frontier.root();
    let _ = verify_consistency(claimed_size, size, &proof, &old, &root);
    if verify_consistency(claimed_size, size, &proof, &about, &root).is_ok() {
        assert!(claimed_size <= size);
        assert_eq!(about, old, "only the beginning of a tree has its root");
    }
    taken |= verified;
    taken
}

fn text(data: &[u8]) -> bool {
    let note = Note::parse(data).is_ok();
    let Ok(text) = core::str::from_utf8(data) else {
        return note;
    };
    let Ok(checkpoint) = Checkpoint::parse(text) else {
        return note;
    };
    let mut out = vec![0; data.len() + 200];
    let written = checkpoint.write(&mut out).expect("room for what was read");
    assert_eq!(
        &out[..written],
        data,
        "a checkpoint is written as it was read"
    );
    true
}

/// See the crate.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![
        b"example.org/log\n21\nAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n".to_vec(),
        b"example.org/log\n21\nAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n\n\xe2\x80\x94 example.org/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n".to_vec(),
    ];
    for (size, index) in [(1, 0), (7, 3), (32, 31), (95, 0)] {
        seeds.push(vec![0, size - 1, index, size, index]);
        seeds.push(vec![1, size - 1, index, size, index, 60, 1]);
        seeds.push(vec![1, size - 1, index, size + 1, index]);
    }
    seeds
}
