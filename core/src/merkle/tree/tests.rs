use super::*;
use crate::block::{Block, BlockError, HEADER_BYTES, Memory};
use crate::merkle::tile::{self, ExportError, Resource};
use crate::merkle::watch::WatchError;
use crate::merkle::{
    EMPTY_ROOT, Frontier, VerifyError, leaf_hash, node_hash, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use std::vec::Vec;

const CONFIG: TreeConfig = TreeConfig::new(256);

fn leaves(n: usize) -> Vec<Hash> {
    (0..n as u64).map(|i| leaf_hash(&i.to_le_bytes())).collect()
}

/// The definition of RFC 6962, 2.1.
fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            node_hash(&root_of(&leaves[..k]), &root_of(&leaves[k..]))
        }
    }
}

/// PATH of RFC 6962, 2.1.1.
fn path_of(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (mut path, sibling) = if m < k {
        (path_of(m, &leaves[..k]), root_of(&leaves[k..]))
    } else {
        (path_of(m - k, &leaves[k..]), root_of(&leaves[..k]))
    };
    path.push(sibling);
    path
}

/// SUBPROOF of RFC 6962, 2.1.2.
fn subproof_of(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    let n = leaves.len();
    if m == n {
        return if whole {
            Vec::new()
        } else {
            std::vec![root_of(leaves)]
        };
    }
    let k = n.next_power_of_two() / 2;
    let (mut proof, other) = if m <= k {
        (subproof_of(m, &leaves[..k], whole), root_of(&leaves[k..]))
    } else {
        (
            subproof_of(m - k, &leaves[k..], false),
            root_of(&leaves[..k]),
        )
    };
    proof.push(other);
    proof
}

#[test]
fn roots_of_the_reference_log() {
    // The eight leaves and roots that RFC 6962 implementations test against (certificate-transparency).
    let inputs: [&[u8]; 8] = [
        &[],
        &[0],
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
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut memory = Memory::zeroed(CONFIG.bytes());
    let mut tree = Tree::format(&mut memory, CONFIG).unwrap();
    assert_eq!(tree.root(), EMPTY_ROOT);
    for (input, root) in inputs.iter().zip(roots) {
        tree.append(&leaf_hash(input)).unwrap();
        let hex: std::string::String = tree
            .root()
            .iter()
            .map(|b| std::format!("{b:02x}"))
            .collect();
        assert_eq!(hex, root);
    }
}

#[test]
fn hole_07_every_proof_of_every_size_is_the_one_of_the_rfc_and_verifies() {
    let leaves = leaves(130);
    let mut memory = Memory::zeroed(CONFIG.bytes());
    let mut tree = Tree::format(&mut memory, CONFIG).unwrap();
    let mut frontier = Frontier::new();
    for n in 1..=leaves.len() {
        tree.append(&leaves[n - 1]).unwrap();
        frontier.append(&leaves[n - 1]).unwrap();
        let root = root_of(&leaves[..n]);
        assert_eq!(tree.root_at(n as u64), Ok(root));
        assert_eq!(frontier.root(), root);
        if n % 3 == 0 {
            assert_eq!(tree.root(), root);
        }
        for (m, leaf) in leaves[..n].iter().enumerate() {
            let proof = tree.prove_inclusion(m as u64, n as u64).unwrap();
            assert_eq!(proof[..], path_of(m, &leaves[..n])[..]);
            verify_inclusion(leaf, m as u64, n as u64, &proof, &root).unwrap();
        }
        for m in 1..=n {
            let proof = tree.prove_consistency(m as u64, n as u64).unwrap();
            assert_eq!(proof[..], subproof_of(m, &leaves[..n], true)[..]);
            let old = root_of(&leaves[..m]);
            verify_consistency(m as u64, n as u64, &proof, &old, &root).unwrap();
        }
    }
    let copy = Frontier::from_peaks(130, &frontier.peaks().copied().collect::<Vec<_>>());
    assert_eq!(copy, Some(frontier));
}

#[test]
fn hole_07_no_forged_proof_verifies() {
    let leaves = leaves(21);
    let mut memory = Memory::zeroed(CONFIG.bytes());
    let mut tree = Tree::format(&mut memory, CONFIG).unwrap();
    for leaf in &leaves {
        tree.append(leaf).unwrap();
    }
    let root = tree.root();
    for index in 0..21u64 {
        let leaf = leaves[index as usize];
        let proof = tree.prove_inclusion(index, 21).unwrap().to_vec();
        for bit in 0..256 * (proof.len() + 2) {
            let (mut leaf, mut root, mut proof) = (leaf, root, proof.clone());
            match bit / 256 {
                0 => leaf[bit % 256 / 8] ^= 1 << (bit % 8),
                1 => root[bit % 256 / 8] ^= 1 << (bit % 8),
                n => proof[n - 2][bit % 256 / 8] ^= 1 << (bit % 8),
            }
            let error = verify_inclusion(&leaf, index, 21, &proof, &root).unwrap_err();
            assert_eq!(error, VerifyError::WrongRoot);
        }
        for other in (0..64).map(|bit| index ^ 1 << bit) {
            verify_inclusion(&leaf, other, 21, &proof, &root).unwrap_err();
        }
        for other in (0..64).map(|bit| 21 ^ 1 << bit) {
            let changed = verify_inclusion(&leaf, index, other, &proof, &root);
            // A size is bound by the path's shape alone; a checkpoint signs it with the root.
            assert!(
                changed.is_err() || tree.prove_inclusion(index, 21).unwrap().len() == proof.len()
            );
        }
        for length in 0..proof.len() {
            assert!(matches!(
                verify_inclusion(&leaf, index, 21, &proof[..length], &root),
                Err(VerifyError::WrongLength { .. })
            ));
        }
        let mut longer = proof.clone();
        longer.push(root);
        assert!(verify_inclusion(&leaf, index, 21, &longer, &root).is_err());
    }
    for old in 1..21u64 {
        let before = tree.root_at(old).unwrap();
        let proof = tree.prove_consistency(old, 21).unwrap().to_vec();
        for bit in 0..256 * (proof.len() + 2) {
            let (mut before, mut root, mut proof) = (before, root, proof.clone());
            match bit / 256 {
                0 => before[bit % 256 / 8] ^= 1 << (bit % 8),
                1 => root[bit % 256 / 8] ^= 1 << (bit % 8),
                n => proof[n - 2][bit % 256 / 8] ^= 1 << (bit % 8),
            }
            verify_consistency(old, 21, &proof, &before, &root).unwrap_err();
        }
        for length in 0..proof.len() {
            verify_consistency(old, 21, &proof[..length], &before, &root).unwrap_err();
        }
    }
}

#[test]
fn a_tree_without_leaves_kept_is_its_frontier() {
    const CONFIG: TreeConfig = TreeConfig::new(0);
    let mut memory = Block::<{ CONFIG.bytes() }>::new();
    let mut tree = Tree::format(&mut memory, CONFIG).unwrap();
    let leaves = leaves(70);
    for n in 1..=leaves.len() {
        tree.append(&leaves[n - 1]).unwrap();
        assert_eq!(tree.root(), root_of(&leaves[..n]));
        assert_eq!(tree.prove_inclusion(0, n as u64), Err(ProofError::Pruned));
    }
    assert!(size_of::<Frontier>() <= 1_100);
}

#[test]
fn a_tree_without_leaves_kept_opens_whenever_its_root_was_asked_for() {
    const CONFIG: TreeConfig = TreeConfig::new(0);
    let mut memory = Block::<{ CONFIG.bytes() }>::new();
    Tree::format(&mut memory, CONFIG).unwrap();
    let leaves = leaves(70);
    for (i, leaf) in leaves.iter().enumerate() {
        let mut tree = Tree::open(&mut memory).unwrap();
        tree.append(leaf).unwrap();
        if i % 3 != 0 {
            assert_eq!(tree.root(), root_of(&leaves[..=i]));
        }
        tree.seal();
        Tree::open_verified(&mut memory).unwrap();
    }
}

#[test]
fn what_changes_nothing_leaves_the_seal() {
    const CONFIG: TreeConfig = TreeConfig::new(2).watches(1);
    let mut memory = Block::<{ CONFIG.bytes() }>::new();
    let mut tree = Tree::format(&mut memory, CONFIG).unwrap();
    tree.append(&[1; 32]).unwrap();
    tree.append(&[2; 32]).unwrap();
    tree.watch(1).unwrap();
    tree.root();
    tree.seal();
    assert_eq!(tree.append(&[3; 32]), Err(AppendError::Full));
    assert_eq!(
        tree.extend([&[0u8][..]].into_iter()),
        Err(AppendError::Full)
    );
    assert_eq!(tree.watch(2), Err(WatchError::OutOfRange));
    assert_eq!(tree.watch(0), Err(WatchError::Full));
    assert_eq!(tree.watch(1), Ok(()));
    tree.unwatch(0);
    tree.unwatch(u64::MAX);
    assert_eq!(tree.prune(3), Err(PruneError::OutOfRange));
    assert_eq!(tree.prune(0), Ok(()));
    tree.root();
    let mut tree = Tree::open_verified(&mut memory).unwrap();
    tree.unwatch(1);
    assert_eq!(
        Tree::open_verified(&mut memory).err(),
        Some(BlockError::NotSealed)
    );
}

#[test]
fn counters_beyond_any_tree_are_refused() {
    for counters in [[u64::MAX, 0], [u64::MAX, u64::MAX], [1 << 33, 1 << 33]] {
        for leaves in [0, 256] {
            let config = TreeConfig::new(leaves);
            let mut memory = Memory::zeroed(CONFIG.bytes());
            Tree::format(&mut memory, config).unwrap();
            memory[HEADER_BYTES..][..16].copy_from_slice(bytemuck::cast_slice(&counters));
            assert_eq!(Tree::open(&mut memory).err(), Some(BlockError::Corrupt));
        }
    }
}

#[test]
fn a_full_tree_says_so_and_keeps_what_it_has() {
    const CONFIG: TreeConfig = TreeConfig::new(8).height(4);
    let mut memory = Block::<{ CONFIG.bytes() }>::new();
    let mut tree = Tree::format(&mut memory, CONFIG).unwrap();
    let leaves = leaves(17);
    for leaf in &leaves[..8] {
        tree.append(leaf).unwrap();
    }
    let digest = tree.image_digest();
    assert_eq!(tree.append(&leaves[8]), Err(AppendError::Full));
    assert_eq!(tree.image_digest(), digest);
    tree.prune(8).unwrap();
    for leaf in &leaves[8..16] {
        tree.append(leaf).unwrap();
    }
    tree.prune(16).unwrap();
    assert_eq!(tree.append(&leaves[16]), Err(AppendError::Exhausted));
    assert_eq!(tree.root(), root_of(&leaves[..16]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn extending_gives_the_bytes_of_appending(
        before in 0..300usize, lengths in prop::collection::vec(0..200usize, 0..1_100), prune in 0..300u64,
        hashes in any::<bool>(),
    ) {
        let config = TreeConfig::new(2_000);
        let data: Vec<u8> = (0..400u32).map(|i| (i * 31) as u8).collect();
        let [mut one, mut other] = [(); 2].map(|()| Memory::zeroed(config.bytes()));
        let mut one = Tree::format(&mut one, config).unwrap();
        let mut other = Tree::format(&mut other, config).unwrap();
        for leaf in leaves(before) {
            one.append(&leaf).unwrap();
            other.append(&leaf).unwrap();
        }
        one.prune(prune.min(before as u64)).unwrap();
        other.prune(prune.min(before as u64)).unwrap();
        let length = |length: usize| if hashes { 32 } else { length };
        let more = lengths.iter().enumerate().map(|(i, &l)| &data[i % 199..][..length(l)]);
        // The second time around the end of the ring, where there are enough.
        for _ in 0..2 {
            let size = one.size();
            prop_assert_eq!(one.extend(more.clone()), Ok(size));
            for leaf in more.clone() {
                other.append(&leaf_hash(leaf)).unwrap();
            }
            prop_assert_eq!(one.root(), other.root());
            prop_assert_eq!(one.image_digest(), other.image_digest());
            one.prune(size + lengths.len() as u64 / 2).unwrap();
            other.prune(size + lengths.len() as u64 / 2).unwrap();
        }
        let many = std::vec![[0u8; 32]; 2_001];
        prop_assert_eq!(one.extend(many.iter().map(|l| &l[..])), Err(AppendError::Full));
        prop_assert_eq!(one.root(), other.root());
    }
}

#[derive(Clone, Debug)]
enum Step {
    Append(u8),
    Root,
    Prune(u8),
    Reopen,
    Prove(u8, u8),
    Export(u8),
    Watch(u8),
    Unwatch(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..40u8).prop_map(Step::Append),
        2 => Just(Step::Root),
        2 => any::<u8>().prop_map(Step::Prune),
        1 => Just(Step::Reopen),
        4 => any::<(u8, u8)>().prop_map(|(a, b)| Step::Prove(a, b)),
        2 => any::<u8>().prop_map(Step::Export),
        2 => any::<u8>().prop_map(Step::Watch),
        1 => any::<u8>().prop_map(Step::Unwatch),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hole_08_any_interleaving_gives_the_root_and_proofs_of_the_list(
        steps in prop::collection::vec(step(), 1..60), keep in 1..64u32,
    ) {
        let config = TreeConfig::new(keep).watches(3);
        let memory = &mut *Memory::zeroed(config.bytes());
        Tree::format(memory, config).unwrap();
        let mut list: Vec<Hash> = Vec::new();
        let mut first = 0u64;
        let mut watched: Vec<u64> = Vec::new();
        for step in steps {
            let mut tree = Tree::open(memory).unwrap();
            match step {
                Step::Append(n) => for _ in 0..n {
                    let leaf = leaf_hash(&(list.len() as u64).to_le_bytes());
                    match tree.append(&leaf) {
                        Ok(index) => { prop_assert_eq!(index, list.len() as u64); list.push(leaf); }
                        Err(error) => {
                            prop_assert_eq!(error, AppendError::Full);
                            prop_assert_eq!(list.len() as u64 - first, u64::from(keep));
                        }
                    }
                },
                Step::Root => prop_assert_eq!(tree.root(), root_of(&list)),
                Step::Prune(share) => {
                    let to = first + (list.len() as u64 - first) * u64::from(share) / 255;
                    tree.prune(to).unwrap();
                    first = to;
                }
                Step::Export(share) => {
                    let from = list.len() as u64 * u64::from(share) / 255;
                    for span in tile::spans(from, list.len() as u64) {
                        let Resource::Tile { level } = span.resource else { continue };
                        let width = 1usize << (8 * level);
                        let items = span.first_item() as usize..;
                        let items = items.take(usize::from(span.end - span.start));
                        let expected: Vec<Hash> = items
                            .map(|i| root_of(&list[i * width..][..width]))
                            .collect();
                        let mut out = [0; 256 * 32];
                        match tree.export(&span, &mut out) {
                            Ok(bytes) => prop_assert_eq!(&out[..bytes], expected.as_flattened()),
                            Err(error) => {
                                prop_assert_eq!(error, ExportError::Pruned);
                                prop_assert!(span.first_item() * (width as u64) < first);
                            }
                        }
                    }
                }
                Step::Watch(share) => {
                    let index = list.len() as u64 * u64::from(share) / 256;
                    let expected = if index >= list.len() as u64 {
                        Err(WatchError::OutOfRange)
                    } else if watched.contains(&index) {
                        Ok(())
                    } else if index < first {
                        Err(WatchError::Pruned)
                    } else if watched.len() == 3 {
                        Err(WatchError::Full)
                    } else {
                        watched.push(index);
                        Ok(())
                    };
                    prop_assert_eq!(tree.watch(index), expected);
                }
                Step::Unwatch(which) => if !watched.is_empty() {
                    let index = watched.swap_remove(usize::from(which) % watched.len());
                    tree.unwatch(index);
                },
                Step::Reopen => {
                    tree.seal();
                    Tree::open_verified(memory).unwrap();
                }
                Step::Prove(a, b) => {
                    let size = list.len();
                    let index = size * usize::from(a) / 256;
                    let at = index + 1 + (size - index).saturating_sub(1) * usize::from(b) / 255;
                    let inclusion = tree.prove_inclusion(index as u64, at as u64);
                    let consistency = tree.prove_consistency(index as u64, at as u64);
                    if size == 0 {
                        prop_assert_eq!(inclusion, Err(ProofError::OutOfRange));
                    } else if (index as u64) < first && watched.contains(&(index as u64)) && at as u64 >= first {
                        prop_assert_eq!(&inclusion.unwrap()[..], &path_of(index, &list[..at])[..]);
                    } else if (index as u64) < first {
                        prop_assert_eq!(inclusion, Err(ProofError::Pruned));
                    } else {
                        let inclusion = inclusion.unwrap();
                        prop_assert_eq!(&inclusion[..], &path_of(index, &list[..at])[..]);
                        let consistency = consistency.unwrap();
                        if index > 0 {
                            prop_assert_eq!(&consistency[..], &subproof_of(index, &list[..at], true)[..]);
                        }
                        prop_assert_eq!(tree.root_at(at as u64), Ok(root_of(&list[..at])));
                    }
                }
            }
            let tree = Tree::open(memory).unwrap();
            for &index in &watched {
                let proof = tree.prove_inclusion(index, tree.size()).unwrap();
                prop_assert_eq!(&proof[..], &path_of(index as usize, &list)[..]);
            }
            prop_assert_eq!(tree.size(), list.len() as u64);
            prop_assert_eq!(tree.first(), first);
            prop_assert_eq!(tree.root_at(list.len() as u64), Ok(root_of(&list)));
        }
    }

    #[test]
    fn verifiers_take_any_input(
        leaf in any::<Hash>(), index in any::<u64>(), size in any::<u64>(), root in any::<Hash>(),
        proof in prop::collection::vec(any::<Hash>(), 0..70),
    ) {
        for (index, size) in [(index, size), (index >> 32, size >> 33), (0, u64::MAX), (size - size.min(1), size)] {
            prop_assert!(verify_inclusion(&leaf, index, size, &proof, &root).is_err());
            let _ = verify_consistency(index, size, &proof, &leaf, &root).is_ok();
        }
    }

    #[test]
    fn hostile_blocks_open_to_an_error_or_to_a_tree_that_answers(
        at in 0..CONFIG.bytes(), value in any::<u8>(), n in 0..100usize,
    ) {
        let mut memory = Memory::zeroed(CONFIG.bytes());
        let mut tree = Tree::format(&mut memory, CONFIG).unwrap();
        for leaf in leaves(n) { tree.append(&leaf).unwrap(); }
        memory[at % 512] = value;
        if let Ok(mut tree) = Tree::open(&mut memory) {
            tree.root();
            let _ = tree.prove_inclusion(3, tree.size());
            let _ = tree.prove_consistency(3, tree.size());
            let _ = tree.append(&[0; 32]);
            let _ = tree.prune(tree.size());
        }
    }
}
