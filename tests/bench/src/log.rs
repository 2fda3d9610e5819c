//! The event log and what it stands on: the tree beside `ct-merkle` and `rs_merkle`, ingest beside
//! the hashing it cannot do without, arena and interner beside `slotmap` and `string-interner`.

use crate::harness::{Bench, Contender};
use crate::memory::Memory;
use anyhow::Result;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ed25519_dalek::SigningKey;
use rs_merkle::{Hasher, MerkleTree, algorithms};
use sensilla::Hash;
use sensilla::arena::{Arena, ArenaConfig, Handle};
use sensilla::intern::{Interner, InternerConfig};
use sensilla::log::kind::{Assert, CERTAIN};
use sensilla::log::{
    Ed25519, Embedding, Event, EventKind, EventLog, LogConfig, Policy, PublicKey, SignedEvent,
    Signer,
};
use sensilla::merkle::{Tree, TreeConfig, leaf_hash, verify_inclusion};
use sensilla::simd::{Level, force};
use sha2::Sha256;
use sha2::block_api::compress256;
use slotmap::SlotMap;
use std::hint::black_box;
use std::time::Instant;
use string_interner::{DefaultBackend, StringInterner};

type CtTree = MemoryBackedTree<Sha256, [u8; 32]>;
type StringTable = StringInterner<DefaultBackend>;

fn leaves(count: usize) -> Vec<Hash> {
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        state.to_le_bytes()
    };
    (0..count)
        .map(|_| {
            let mut leaf = [0; 32];
            leaf.chunks_mut(8)
                .for_each(|part| part.copy_from_slice(&next()));
            leaf
        })
        .collect()
}

pub fn run(bench: &mut Bench) -> Result<()> {
    compression(bench);
    for (size, rounds) in [("10k", 60), ("100k", 15)] {
        let leaves = leaves(if size == "10k" { 10_000 } else { 100_000 });
        append::<false>(bench, &format!("append-{size}"), rounds, &leaves)?;
        let fewer = rounds.div_ceil(3);
        append::<true>(bench, &format!("append-root-{size}"), fewer, &leaves)?;
        prove_and_verify(bench, size, rounds, &leaves)?;
        rebuild(bench, size, rounds, &leaves)?;
    }
    ingest(bench)?;
    arena(bench)?;
    intern(bench)?;
    state(bench);
    Ok(())
}

/// One compression of SHA-256 after the other, and three of them: what appending a leaf of 32
/// bytes amounts to.
fn compression(bench: &mut Bench) {
    const COUNT: usize = 30_000;
    let blocks: Vec<[u8; 64]> = (0..COUNT).map(|i| [i as u8; 64]).collect();
    bench.measure(
        "sha2-compression",
        60,
        vec![Contender::new("sha2", COUNT, || {
            let mut state = [1u32; 8];
            for block in &blocks {
                compress256(&mut state, std::slice::from_ref(block));
            }
            black_box(state);
        })],
    );
}

/// What an append of a 32-byte leaf cannot do without: one compression for the leaf, and for each
/// node two.
fn three_compressions(leaves: &[Hash]) -> Hash {
    let mut state = [1u32; 8];
    let mut blocks = [[0u8; 64]; 2];
    for leaf in leaves {
        blocks[0][1..33].copy_from_slice(leaf);
        compress256(&mut state, &blocks[..1]);
        compress256(&mut state, &blocks);
    }
    bytemuck::cast(state)
}

/// Appends all leaves to an empty tree; with `ROOT` the root is asked for after each.
fn append<const ROOT: bool>(
    bench: &mut Bench,
    case: &str,
    rounds: usize,
    leaves: &[Hash],
) -> Result<()> {
    if !bench.wants_case(case) {
        return Ok(());
    }
    let config = TreeConfig::new(leaves.len() as u32);
    let mut memory = Memory::zeroed(config.bytes());
    Tree::format(&mut memory[..], config)?;
    let mut contenders = vec![
        Contender::new("sensilla", leaves.len(), || {
            let mut tree = Tree::format(&mut memory[..], config).expect("formatted before");
            for leaf in leaves {
                tree.append(&leaf_hash(leaf)).expect("room for all");
                if ROOT {
                    black_box(tree.root());
                }
            }
            black_box(tree.size());
        }),
        Contender::new("ct-merkle", leaves.len(), || {
            let mut tree = CtTree::new();
            for leaf in leaves {
                tree.push(*leaf);
                if ROOT {
                    black_box(tree.root());
                }
            }
            black_box(tree.len());
        }),
    ];
    if !ROOT {
        contenders.push(Contender::new("sha2", leaves.len(), || {
            black_box(three_compressions(leaves));
        }));
    }
    bench.measure(case, rounds, contenders);
    Ok(())
}

fn prove_and_verify(bench: &mut Bench, size: &str, rounds: usize, leaves: &[Hash]) -> Result<()> {
    let cases = ["prove", "verify"].map(|case| format!("{case}-{size}"));
    if !cases.iter().any(|case| bench.wants_case(case)) {
        return Ok(());
    }
    let config = TreeConfig::new(leaves.len() as u32);
    let mut memory = Memory::zeroed(config.bytes());
    let mut tree = Tree::format(&mut memory[..], config)?;
    let mut contender = CtTree::new();
    for leaf in leaves {
        tree.append(&leaf_hash(leaf))?;
        contender.push(*leaf);
    }
    let (root, contender_root) = (tree.root(), contender.root());
    assert_eq!(root[..], contender_root.as_bytes()[..]);
    let count = leaves.len() as u64;
    // Every leaf once, in an order that caches do not foresee.
    let order: Vec<u64> = (0..5_000u64).map(|i| i * 7_919 % count).collect();
    let contenders = vec![
        Contender::new("sensilla", order.len(), || {
            for &index in &order {
                black_box(tree.prove_inclusion(index, count).expect("kept"));
            }
        }),
        Contender::new("ct-merkle", order.len(), || {
            for &index in &order {
                black_box(contender.prove_inclusion(index as usize));
            }
        }),
    ];
    bench.measure(&format!("prove-{size}"), rounds, contenders);

    let proofs: Vec<_> = order
        .iter()
        .map(|&index| {
            let proof = tree.prove_inclusion(index, count).expect("kept");
            let other = contender.prove_inclusion(index as usize);
            (index, leaves[index as usize], proof.to_vec(), other)
        })
        .collect();
    let contenders = vec![
        Contender::new("sensilla", proofs.len(), || {
            for (index, leaf, proof, _) in &proofs {
                verify_inclusion(&leaf_hash(leaf), *index, count, proof, &root).expect("holds");
            }
        }),
        Contender::new("ct-merkle", proofs.len(), || {
            for (index, leaf, _, proof) in &proofs {
                contender_root
                    .verify_inclusion(leaf, *index, proof)
                    .expect("holds");
            }
        }),
    ];
    bench.measure(&format!("verify-{size}"), rounds, contenders);
    Ok(())
}

fn rebuild(bench: &mut Bench, size: &str, rounds: usize, leaves: &[Hash]) -> Result<()> {
    if !bench.wants_case(&format!("rebuild-{size}")) {
        return Ok(());
    }
    let config = TreeConfig::new(leaves.len() as u32);
    let mut memory = Memory::zeroed(config.bytes());
    let mut single = Memory::zeroed(config.bytes());
    let mut pairs = Memory::zeroed(config.bytes());
    Tree::format(&mut memory[..], config)?;
    let extend = |memory: &mut Memory| {
        let mut tree = Tree::format(&mut memory[..], config).expect("formatted before");
        tree.extend(leaves.iter().map(|leaf| &leaf[..]))
            .expect("room for all");
        black_box(tree.root());
    };
    let mut contenders = vec![
        Contender::new("sensilla", leaves.len(), || extend(&mut memory)),
        Contender::new("sensilla-one-lane", leaves.len(), || {
            let mut tree = Tree::format(&mut single[..], config).expect("formatted before");
            for leaf in leaves {
                tree.append(&leaf_hash(leaf)).expect("room for all");
            }
            black_box(tree.root());
        }),
        Contender::new("rs_merkle", leaves.len(), || {
            let hashes: Vec<_> = leaves.iter().map(|l| algorithms::Sha256::hash(l)).collect();
            black_box(MerkleTree::<algorithms::Sha256>::from_leaves(&hashes).root());
        }),
    ];
    // As on a machine that has the SHA instructions and no AVX-512.
    if force(Some(Level::Sse2)).is_ok() {
        contenders.push(Contender::new("sensilla-sha-ni", leaves.len(), || {
            let _ = force(Some(Level::Sse2));
            extend(&mut pairs);
            let _ = force(None);
        }));
    }
    let _ = force(None);
    bench.measure(&format!("rebuild-{size}"), rounds, contenders);
    Ok(())
}

const NOW: u64 = 1_700_000_000_000;

fn event<'a>(author: PublicKey, subject: &'a str, value: &'a str, at: u64) -> Event<'a> {
    Event {
        realm: [0; 32],
        author,
        seq: 1,
        at,
        context: "room",
        embedding: Embedding::None,
        kind: EventKind::Assert(Assert {
            subject,
            predicate: "state",
            value,
            evidence: &[],
            confidence: CERTAIN,
            expires: None,
            supersedes: None,
        }),
    }
}

fn ingest(bench: &mut Bench) -> Result<()> {
    if !["ingest", "ingest-signed"]
        .iter()
        .any(|case| bench.wants_case(case))
    {
        return Ok(());
    }
    const COUNT: usize = 1_000;
    let key = SigningKey::from_bytes(&[7; 32]);
    let author = key.public_key();
    let mut out = [0; 1024];
    let mut make = |signed: bool| -> Result<Vec<Vec<u8>>> {
        (0..COUNT as u64)
            .map(|i| {
                let subject = format!("door {i}");
                let event = event(author, &subject, "open", NOW + i);
                let made = if signed {
                    event.sign(&key, &mut out)?
                } else {
                    event.unsigned(&mut out)?
                };
                Ok(made.bytes().to_vec())
            })
            .collect()
    };
    let (signed, unsigned) = (make(true)?, make(false)?);
    let config = LogConfig::new(COUNT as u32, 512 * COUNT as u32);
    let mut memories = [
        Memory::zeroed(config.bytes()),
        Memory::zeroed(config.bytes()),
    ];
    let [trusted, checked] = &mut memories;
    EventLog::format(&mut trusted[..], config)?;
    let compressions = |events: &[Vec<u8>]| {
        let blocks = |bytes: usize| (bytes + 9).div_ceil(64);
        // Its id, without the byte that says that there is no signature and with the realm; the leaf;
        // the nodes.
        let hashed = |e: &Vec<u8>| blocks(e.len() - 1 + 32) + blocks(e.len() + 1);
        events.iter().map(hashed).sum::<usize>() + 2 * (COUNT - COUNT.count_ones() as usize)
    };
    let count = compressions(&unsigned);
    if bench.wants_case("ingest") {
        let each = count as f64 / COUNT as f64;
        bench.row("ingest", "sensilla", "compressions", each, "");
    }
    let block = [3u8; 64];
    bench.measure(
        "ingest",
        60,
        vec![
            Contender::timed("sensilla", COUNT, || {
                let mut log = EventLog::format(&mut trusted[..], config).expect("formatted before");
                let start = Instant::now();
                for bytes in &unsigned {
                    log.ingest(bytes, &Policy::trusted(), &Ed25519, NOW)
                        .expect("taken");
                }
                let taken = start.elapsed();
                black_box(log.size());
                taken
            }),
            Contender::new("sha2", COUNT, || {
                let mut state = [1u32; 8];
                for _ in 0..count {
                    compress256(&mut state, std::slice::from_ref(&block));
                }
                black_box(state);
            }),
        ],
    );
    bench.measure(
        "ingest-signed",
        5,
        vec![
            Contender::new("sensilla", COUNT, || {
                let mut log = EventLog::format(&mut checked[..], config).expect("formatted before");
                for bytes in &signed {
                    log.ingest(bytes, &Policy::new(), &Ed25519, NOW)
                        .expect("taken");
                }
                black_box(log.size());
            }),
            Contender::new("ed25519-dalek", COUNT, || {
                for bytes in &signed {
                    let event = SignedEvent::decode(bytes, &[0; 32]).expect("canonical");
                    event.verify(&Ed25519).expect("signed");
                }
            }),
        ],
    );
    Ok(())
}

/// Eighty bytes, as a claim or a conflict takes.
type Item = [u32; 20];

fn arena(bench: &mut Bench) -> Result<()> {
    const COUNT: usize = 4_096;
    let config = ArenaConfig::new::<Item>(COUNT as u32);
    let mut memory = Memory::zeroed(config.bytes());
    let mut arena = Arena::<Item>::format(&mut memory[..], config)?;
    let mut contender: SlotMap<slotmap::DefaultKey, Item> = SlotMap::with_capacity(COUNT);
    let mut handles: Vec<Handle> = Vec::with_capacity(COUNT);
    let mut keys = Vec::with_capacity(COUNT);
    bench.measure(
        "arena",
        200,
        vec![
            Contender::new("sensilla", COUNT, || {
                handles.extend((0..COUNT as u32).map(|i| arena.insert([i; 20]).expect("room")));
                for handle in &handles {
                    black_box(arena.get(*handle));
                }
                for handle in handles.drain(..) {
                    black_box(arena.remove(handle));
                }
            }),
            Contender::new("slotmap", COUNT, || {
                keys.extend((0..COUNT as u32).map(|i| contender.insert([i; 20])));
                for key in &keys {
                    black_box(contender.get(*key));
                }
                for key in keys.drain(..) {
                    black_box(contender.remove(key));
                }
            }),
        ],
    );
    Ok(())
}

fn intern(bench: &mut Bench) -> Result<()> {
    const NAMES: usize = 10_000;
    let names: Vec<String> = (0..NAMES).map(|i| format!("room/{i}/door")).collect();
    let bytes: usize = names.iter().map(String::len).sum();
    let config = InternerConfig::new(NAMES as u32, bytes as u32);
    let mut memory = Memory::zeroed(config.bytes());
    Interner::format(&mut memory[..], config)?;
    // Each name is new once and known nine times.
    const TIMES: usize = 10;
    bench.measure(
        "intern",
        30,
        vec![
            Contender::new("sensilla", TIMES * NAMES, || {
                let mut interner =
                    Interner::format(&mut memory[..], config).expect("formatted before");
                for name in (0..TIMES).flat_map(|_| &names) {
                    black_box(interner.get_or_intern(name).expect("room"));
                }
            }),
            Contender::new("string-interner", TIMES * NAMES, || {
                let mut interner = StringTable::with_capacity(NAMES);
                for name in (0..TIMES).flat_map(|_| &names) {
                    black_box(interner.get_or_intern(name));
                }
            }),
        ],
    );
    if bench.wants_case("intern") {
        let before = allocated();
        let mut interner = StringTable::with_capacity(NAMES);
        for name in &names {
            interner.get_or_intern(name);
        }
        let taken = allocated() - before;
        drop(interner);
        let each = |taken: usize| (taken as f64 - bytes as f64) / NAMES as f64;
        bench.row(
            "intern",
            "sensilla",
            "bytes",
            each(config.bytes()),
            "B an id",
        );
        bench.row("intern", "string-interner", "bytes", each(taken), "B an id");
    }
    Ok(())
}

/// Bytes that the process has from its allocator now.
#[cfg(target_env = "gnu")]
fn allocated() -> usize {
    // SAFETY: no arguments, and it only reads the allocator's counters.
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}

/// What a node needs to follow a log of up to 2³² entries without keeping them.
fn state(bench: &mut Bench) {
    let bytes = size_of::<sensilla::merkle::Frontier>() as f64;
    if bench.wants_case("state") {
        bench.row("state", "sensilla", "bytes", bytes, "B");
    }
}
