//! A node as its caller sees it.

use super::{
    History, HistoryConfig, IngestError, Node, NodeConfig, Outcome, Perception, PerceptionConfig,
    Workspace, WorkspaceConfig,
};
use crate::block::{Block, BlockError, Memory as Heap};
use crate::coherence::{Engine, Refusal, Status, conflict_id};
use crate::learn::PrunePolicy;
use crate::learn::features::FeatureConfig;
use crate::log::kind::{Assert, CERTAIN, Support};
use crate::log::{Ed25519, Event, EventKind, Policy, Signer};
use ed25519_dalek::SigningKey;
use std::boxed::Box;

mod shapes;
mod trust;

const CONFIG: NodeConfig = NodeConfig::new(
    PerceptionConfig::new(FeatureConfig::new(2, 10_000), 8).trajectories(4),
    HistoryConfig {
        events: 16,
        bytes: 4096,
        authors: 4,
        contexts: 2,
        claims: 16,
        open: true,
        ..HistoryConfig::DEFAULT
    },
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
        node.perception_mut().push(&[x, 3.0 * x - 1.0]).unwrap();
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
        node.perception_mut().calibrate(work).unwrap();
    }
    for (at, fast) in [false, true, true].into_iter().enumerate() {
        window(node, fast);
        node.perception_mut().embed(work).unwrap();
        node.perception_mut()
            .learn(&outcome(u32::from(fast), at as u64), work)
            .unwrap();
    }
    for (seed, value) in [(1, "slow"), (2, "fast")] {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let event = Event {
            realm: [0; 32],
            author: key.public_key(),
            seq: 1,
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
        node.history_mut()
            .ingest(bytes.bytes(), &Policy::new(), &Ed25519, 7)
            .unwrap();
    }
}

#[test]
fn perceives_learns_recalls_and_finds_the_contradiction() {
    let mut memory = memory();
    let mut work = Workspace::format(&mut memory.work, &WORK).unwrap();
    let mut node = Node::format(&mut memory.node, CONFIG).unwrap();
    window(&mut node, true);
    node.perception_mut().embed(&mut work).unwrap();
    live(&mut node, &mut work);
    for fast in [true, false] {
        window(&mut node, fast);
        node.perception_mut().embed(&mut work).unwrap();
        let before = node.image_digest();
        let recall = node.perception().recall(3, &mut work).unwrap().unwrap();
        assert_eq!(recall.label, u32::from(fast));
        assert_eq!(node.image_digest(), before, "recall changes nothing");
    }
    assert_eq!(node.perception().trajectories().len(), 3);
    assert_eq!(node.history().engine().tally().found, 1);
}

#[test]
fn equal_lives_leave_equal_bytes_and_open_as_they_were_sealed() {
    let lives = [(); 2].map(|()| {
        let mut memory = memory();
        let mut work = Workspace::format(&mut memory.work, &WORK).unwrap();
        let mut node = Node::format(&mut memory.node, CONFIG).unwrap();
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
    let sections: usize = node.sections().map(|(_, _, bytes)| bytes).sum();
    assert_eq!(sections, CONFIG.bytes());
}

#[test]
fn the_engine_is_what_its_log_says_with_the_times_in_it() {
    let mut memory = memory();
    let mut node = Node::format(&mut memory.node, CONFIG).unwrap();
    // Taken at other times than they are dated, some of them long after.
    for (i, now) in [5_000u64, 90_000, 90_000, 4_000_000]
        .into_iter()
        .enumerate()
    {
        let key = SigningKey::from_bytes(&[i as u8; 32]);
        let event = Event {
            realm: [0; 32],
            author: key.public_key(),
            seq: 1,
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
        node.history_mut()
            .ingest(bytes.bytes(), &Policy::new(), &Ed25519, now)
            .unwrap();
    }
    let config = CONFIG.history.engine();
    let mut fresh = Heap::zeroed(config.bytes());
    let mut engine = Engine::format(&mut fresh, config).unwrap();
    for entry in node.history().log().since(0) {
        let event = entry.decode().unwrap();
        let known = |_: &crate::Hash| false;
        let checked = engine.check_logged(event.id(), event.event(), entry.accepted(), &known);
        checked.unwrap().apply(entry.index());
    }
    assert_eq!(engine.digest(), node.history().engine().digest());
    assert_eq!(engine.now(), node.history().engine().now());
}

#[test]
fn a_flipped_bit_in_any_line_of_a_sealed_node_is_refused() {
    let mut memory = memory();
    let mut work = Workspace::format(&mut memory.work, &WORK).unwrap();
    let mut node = Node::format(&mut memory.node, CONFIG).unwrap();
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
    const VECTORS: PerceptionConfig = PerceptionConfig::for_vectors(48, 4);
    let mut node = Box::new(Block::<{ VECTORS.bytes() }>::new());
    let mut work = Box::new(Block::<{ VECTORS.workspace(4).bytes() }>::new());
    let mut work = Workspace::format(&mut work[..], &VECTORS.workspace(4)).unwrap();
    {
        let mut node = Perception::format(&mut node[..], VECTORS).unwrap();
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
    assert_eq!(
        Perception::open(&mut node[..]).err(),
        Some(BlockError::Busy)
    );
}

#[test]
fn pruning_forgets_what_nobody_used() {
    let mut memory = memory();
    let mut node = Node::format(&mut memory.node, CONFIG).unwrap();
    let mut work = Workspace::format(&mut memory.work, &WORK).unwrap();
    live(&mut node, &mut work);
    let before = node.image_digest();
    let policy = PrunePolicy::new(1_000).uses(1);
    assert_eq!(node.perception_mut().prune(&policy, 1_000, |_| {}), 0);
    assert_eq!(node.image_digest(), before);
    window(&mut node, true);
    node.perception_mut().embed(&mut work).unwrap();
    let used = node
        .perception_mut()
        .recall_and_touch(1, &mut work, 500)
        .unwrap()
        .unwrap();
    let patterns = node.perception().bank().len();
    let mut gone = 0;
    assert_eq!(
        node.perception_mut().prune(&policy, 2_000, |_| gone += 1),
        patterns - 1
    );
    assert_eq!((gone, node.perception().bank().len()), (patterns - 1, 1));
    assert!(node.perception().bank().get(used.id).is_some());
}

/// A node as a small microcontroller has it: 3 channels, 16 patterns, 32 events in 4 KiB, 16 claims.
const SMALL: NodeConfig = NodeConfig::new(
    PerceptionConfig::new(FeatureConfig::new(3, 20_000), 16)
        .trajectories(8)
        .attention(4, 8)
        .signal(32)
        .labels(4, 48),
    HistoryConfig {
        claims: 16,
        conflicts: Some(8),
        height: 20,
        ..HistoryConfig::new(32, 4 * 1024)
    },
);

#[test]
fn a_small_node_is_small_and_pays_nothing_for_a_half_that_it_lacks() {
    let (perception, history) = (SMALL.perception.bytes(), SMALL.history.bytes());
    assert!(SMALL.bytes() <= 25 * 1024, "{} bytes", SMALL.bytes());
    assert!(
        SMALL.workspace(16).bytes() <= 2 * 1024,
        "{}",
        SMALL.workspace(16).bytes()
    );
    assert_eq!(SMALL.bytes(), 128 + perception + history);
    let mut memory = Heap::zeroed(perception);
    Perception::format(&mut memory, SMALL.perception).unwrap();
    let mut memory = Heap::zeroed(history);
    History::format(&mut memory, SMALL.history).unwrap();
    assert!(perception.max(history) < SMALL.bytes() * 3 / 4);
}

#[test]
fn the_order_in_which_a_perception_is_described_does_not_matter() {
    use crate::bank::{BankConfig, Element, Layout};
    use crate::learn::extract::ExtractConfig;
    use crate::learn::route::RouteConfig;
    type Set = fn(PerceptionConfig) -> PerceptionConfig;
    let other = BankConfig::new(48, 7);
    let all: [Set; 7] = [
        |c| {
            c.bank(
                BankConfig::new(32, 40)
                    .element(Element::I8F32)
                    .layout(Layout::Both),
            )
        },
        |c| {
            c.extractor(
                ExtractConfig::new(&BankConfig::new(48, 7))
                    .threshold(0.6)
                    .z(2.0),
            )
        },
        |c| c.router(RouteConfig::new(&BankConfig::new(48, 7), 9).exploration(0.5)),
        |c| c.trajectories(3),
        |c| c.signal(50),
        |c| c.attention(3, 5),
        |c| c.labels(3, 50),
    ];
    let start = PerceptionConfig::new(FeatureConfig::new(3, 20_000), 16);
    let described = all.iter().fold(start, |config, set| set(config));
    assert_ne!(described.bank, other);
    for seed in 0..200_u64 {
        // Every order is met: a permutation by the digits of the seed in falling bases.
        let (mut rest, mut left, mut config) = (seed * 7, all.to_vec(), start);
        while !left.is_empty() {
            let at = rest as usize % left.len();
            rest /= left.len() as u64;
            config = left.remove(at)(config);
        }
        assert_eq!(config, described);
    }
    let merged = start.merge_at(0.6).bank(BankConfig::new(32, 40));
    assert_eq!(merged, start.bank(BankConfig::new(32, 40)).merge_at(0.6));
}

#[test]
fn what_the_engine_refuses_changes_nothing_but_its_count() {
    let mut memory = memory();
    let mut node = Node::format(&mut memory.node, CONFIG).unwrap();
    let mut out = [0; 512];
    let mut tell = |node: &mut Node<'_>, author: u8, kind: EventKind<'_>, now| {
        let key = SigningKey::from_bytes(&[author; 32]);
        let event = Event {
            realm: [0; 32],
            author: key.public_key(),
            seq: 1,
            at: now,
            context: "lab",
            embedding: Default::default(),
            kind,
        };
        let signed = event.sign(&key, &mut out).unwrap();
        node.history_mut()
            .ingest(signed.bytes(), &Policy::new(), &Ed25519, now)
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
    let digests = |node: &Node<'_>| {
        let history = node.history();
        (history.log().image_digest(), history.engine().digest())
    };
    let before = digests(&node);
    let support = |against| {
        EventKind::Support(Support {
            conflict: conflict_id(&a, &against),
            claim: a,
            against,
            evidence: &[],
            cost: 1,
        })
    };
    let refused = tell(&mut node, 3, support([9; 32]), 6_000).unwrap_err();
    assert_eq!(refused, IngestError::Refused(Refusal::UnknownReference));
    assert_eq!(digests(&node), before);
    let counted = node.history().engine().refusals(Refusal::UnknownReference);
    assert_eq!(counted, 1);
    // One side has expired since, and nobody has told the engine: elsewhere the event came in time.
    tell(&mut node, 3, support(b), 6_000).unwrap();
    let conflict = node.history().engine().conflict(&conflict_id(&a, &b));
    assert_eq!(
        conflict.map(|c| (c.status, c.support)),
        Some((Status::Lapsed, 0))
    );
}
