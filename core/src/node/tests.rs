//! A node as its caller sees it.

use super::{IngestError, Node, NodeConfig, Outcome, Workspace, WorkspaceConfig};
use crate::block::{Block, BlockError};
use crate::coherence::{Engine, EngineConfig, Refusal, conflict_id};
use crate::grid::GridConfig;
use crate::learn::PrunePolicy;
use crate::learn::features::FeatureConfig;
use crate::log::kind::{Assert, CERTAIN, Support};
use crate::log::{Ed25519, Event, EventKind, LogConfig, Policy, Signer};
use ed25519_dalek::SigningKey;
use std::boxed::Box;

const CONFIG: NodeConfig = NodeConfig::new(FeatureConfig::new(2, 10_000), 8)
    .trajectories(4)
    .log(LogConfig::new(16, 4096).authors(4).contexts(2))
    .engine(
        EngineConfig::new(GridConfig::new(0, 16))
            .contexts(2)
            .budgets(8),
    );
const WORK: WorkspaceConfig = CONFIG.workspace(8);

struct Memory {
    node: Block<{ CONFIG.bytes() }>,
    work: Block<{ WORK.bytes() }>,
}

fn memory() -> Box<Memory> {
    Box::new(Memory {
        node: Block::new(),
        work: Block::new(),
    })
}

/// Ten samples of a slow or a fast wave.
fn window(node: &mut Node<'_>, fast: bool) {
    for i in 0..10 {
        let x = if fast { i % 2 } else { i / 5 } as f32;
        node.push(&[x, 3.0 * x - 1.0]).unwrap();
    }
}

fn outcome(label: u32, at: u64) -> Outcome {
    Outcome {
        label,
        latency_us: 10,
        energy_spent: 5,
        energy_earned: 10,
        success: true,
        executor: 0,
        at,
    }
}

fn live(node: &mut Node<'_>, work: &mut Workspace<'_>) {
    for fast in [false, true] {
        window(node, fast);
        node.calibrate(work).unwrap();
    }
    for (at, fast) in [false, true, true].into_iter().enumerate() {
        window(node, fast);
        node.embed(work).unwrap();
        node.learn(&outcome(u32::from(fast), at as u64), work)
            .unwrap();
    }
    for (seed, value) in [(1, "slow"), (2, "fast")] {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let event = Event {
            author: key.public_key(),
            prev: None,
            at: 7,
            context: "lab",
            embedding: Default::default(),
            kind: EventKind::Assert(Assert {
                subject: "wave",
                predicate: "speed",
                value,
                evidence: &[],
                confidence: CERTAIN,
                expires: None,
                supersedes: None,
            }),
        };
        let mut out = [0; 512];
        let bytes = event.sign(&key, &mut out).unwrap();
        node.ingest(bytes.bytes(), &Policy::new(), &Ed25519, 7)
            .unwrap();
    }
}

#[test]
fn perceives_learns_recalls_and_finds_the_contradiction() {
    let mut memory = memory();
    let mut work = Workspace::format(&mut memory.work, &WORK).unwrap();
    let mut node = Node::format(&mut memory.node, &CONFIG).unwrap();
    window(&mut node, true);
    node.embed(&mut work).unwrap();
    live(&mut node, &mut work);
    for fast in [true, false] {
        window(&mut node, fast);
        node.embed(&mut work).unwrap();
        let before = node.image_digest();
        let recall = node.recall(3, &mut work).unwrap().unwrap();
        assert_eq!(recall.label, u32::from(fast));
        assert_eq!(node.image_digest(), before, "recall changes nothing");
    }
    assert_eq!(node.trajectories().len(), 3);
    assert_eq!(node.engine().tally().found, 1);
}

#[test]
fn equal_lives_leave_equal_bytes_and_open_as_they_were_sealed() {
    let lives = [(); 2].map(|()| {
        let mut memory = memory();
        let mut work = Workspace::format(&mut memory.work, &WORK).unwrap();
        let mut node = Node::format(&mut memory.node, &CONFIG).unwrap();
        live(&mut node, &mut work);
        let digest = node.seal();
        assert_eq!(digest, node.image_digest());
        (digest, memory)
    });
    let [(first, mut memory), (second, other)] = lives;
    assert_eq!(first, second);
    assert!(memory.node[..] == other.node[..]);
    let node = Node::open_verified(&mut memory.node).unwrap();
    assert_eq!(node.image_digest(), first);
    assert_eq!(node.config(), CONFIG);
    for (part, bytes) in super::PARTS.iter().zip(CONFIG.lengths()) {
        let sections = node.sections().filter(|(of, _, _)| of == part);
        assert_eq!(
            sections.map(|(_, _, bytes)| bytes).sum::<usize>(),
            bytes,
            "{part}"
        );
    }
    let sections: usize = node.sections().map(|(_, _, bytes)| bytes).sum();
    assert_eq!(sections, CONFIG.bytes());
}

#[test]
fn the_engine_is_what_its_log_says_with_the_times_in_it() {
    let mut memory = memory();
    let mut node = Node::format(&mut memory.node, &CONFIG).unwrap();
    // Taken at other times than they are dated, some of them long after.
    for (i, now) in [5_000u64, 90_000, 90_000, 4_000_000]
        .into_iter()
        .enumerate()
    {
        let key = SigningKey::from_bytes(&[i as u8; 32]);
        let event = Event {
            author: key.public_key(),
            prev: None,
            at: 7 + i as u64,
            context: "lab",
            embedding: Default::default(),
            kind: EventKind::Assert(Assert {
                subject: "wave",
                predicate: "speed",
                value: ["slow", "fast"][i % 2],
                evidence: &[],
                confidence: CERTAIN,
                expires: Some(now + 500_000),
                supersedes: None,
            }),
        };
        let mut out = [0; 512];
        let bytes = event.sign(&key, &mut out).unwrap();
        node.ingest(bytes.bytes(), &Policy::new(), &Ed25519, now)
            .unwrap();
    }
    let mut fresh = crate::block::Memory::zeroed(CONFIG.engine.bytes());
    let mut engine = Engine::format(&mut fresh, CONFIG.engine).unwrap();
    for entry in node.log().since(0) {
        let event = entry.decode().unwrap();
        let checked = engine.check_logged(event.id(), event.event(), entry.accepted());
        checked.unwrap().apply(entry.index());
    }
    assert_eq!(engine.digest(), node.engine().digest());
    assert_eq!(engine.now(), node.engine().now());
}

#[test]
fn a_flipped_bit_in_any_line_of_a_sealed_node_is_refused() {
    let mut memory = memory();
    let mut work = Workspace::format(&mut memory.work, &WORK).unwrap();
    let mut node = Node::format(&mut memory.node, &CONFIG).unwrap();
    live(&mut node, &mut work);
    node.seal();
    let bytes = memory.node.len();
    for at in (0..bytes).step_by(211) {
        memory.node[at] ^= 1 << (at % 8);
        assert!(Node::open_verified(&mut memory.node).is_err(), "byte {at}");
        memory.node[at] ^= 1 << (at % 8);
    }
    Node::open_verified(&mut memory.node).unwrap();
}

#[test]
fn a_node_of_vectors_takes_no_samples_and_an_interrupted_one_does_not_open() {
    const VECTORS: NodeConfig = NodeConfig::for_vectors(48, 4)
        .log(LogConfig::new(4, 1024))
        .engine(EngineConfig::new(GridConfig::new(0, 4)));
    let mut node = Box::new(Block::<{ VECTORS.bytes() }>::new());
    let mut work = Box::new(Block::<{ VECTORS.workspace(4).bytes() }>::new());
    let mut work = Workspace::format(&mut work[..], &VECTORS.workspace(4)).unwrap();
    {
        let mut node = Node::format(&mut node[..], &VECTORS).unwrap();
        node.push(&[1.0]).unwrap();
        node.push(&[2.0]).unwrap();
        assert!(node.embed(&mut work).is_err());
        for (i, x) in work.embedding_mut().iter_mut().enumerate() {
            *x = i as f32;
        }
        node.learn(&outcome(3, 0), &mut work).unwrap();
        let recall = node.recall(1, &mut work).unwrap().unwrap();
        assert_eq!(recall.label, 3);
        node.header.begin();
    }
    assert_eq!(Node::open(&mut node[..]).err(), Some(BlockError::Busy));
}

#[test]
fn pruning_forgets_what_nobody_used() {
    let mut memory = memory();
    let mut node = Node::format(&mut memory.node, &CONFIG).unwrap();
    let mut work = Workspace::format(&mut memory.work, &WORK).unwrap();
    live(&mut node, &mut work);
    let before = node.image_digest();
    let policy = PrunePolicy::new(1_000).uses(1);
    assert_eq!(node.prune(&policy, 1_000, |_| {}), 0);
    assert_eq!(node.image_digest(), before);
    window(&mut node, true);
    node.embed(&mut work).unwrap();
    let used = node.recall_and_touch(1, &mut work, 500).unwrap().unwrap();
    let patterns = node.bank().len();
    let mut gone = 0;
    assert_eq!(node.prune(&policy, 2_000, |_| gone += 1), patterns - 1);
    assert_eq!((gone, node.bank().len()), (patterns - 1, 1));
    assert!(node.bank().get(used.id).is_some());
}

#[test]
fn what_the_engine_refuses_leaves_every_byte_of_the_node_as_it_was() {
    let mut memory = memory();
    let mut node = Node::format(&mut memory.node, &CONFIG).unwrap();
    let mut out = [0; 512];
    let mut tell = |node: &mut Node<'_>, author: u8, kind: EventKind<'_>, now| {
        let key = SigningKey::from_bytes(&[author; 32]);
        let event = Event {
            author: key.public_key(),
            prev: None,
            at: now,
            context: "lab",
            embedding: Default::default(),
            kind,
        };
        let signed = event.sign(&key, &mut out).unwrap();
        node.ingest(signed.bytes(), &Policy::new(), &Ed25519, now)
            .map(|ingested| ingested.id)
    };
    let says = |value, expires| {
        EventKind::Assert(Assert {
            subject: "wave",
            predicate: "speed",
            value,
            evidence: &[],
            confidence: CERTAIN,
            expires,
            supersedes: None,
        })
    };
    let a = tell(&mut node, 1, says("slow", None), 5_000).unwrap();
    let b = tell(&mut node, 2, says("fast", Some(6_000)), 5_000).unwrap();
    node.seal();
    let before = memory.node.to_vec();
    // One side has expired since, and nobody has told the engine.
    let mut node = Node::open_verified(&mut memory.node).unwrap();
    let support = EventKind::Support(Support {
        conflict: conflict_id(&a, &b),
        claim: a,
        evidence: &[],
        cost: 1,
    });
    let refused = tell(&mut node, 3, support, 6_000).unwrap_err();
    let cause = Refusal::UnknownConflict;
    assert_eq!(refused, IngestError::Refused { cause });
    assert!(memory.node[..] == before[..]);
}
