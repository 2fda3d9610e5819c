//! Images of whole nodes: whatever opens must perceive, learn and take claims without a panic.

use crate::event::{Credulous, Scribble};
use crate::image;
use sensilla::block::Memory;
use sensilla::learn::features::FeatureConfig;
use sensilla::log::Policy;
use sensilla::log::event::{Embedding, Event};
use sensilla::log::kind::{Act, Assert, CERTAIN, EventKind, Roots};
use sensilla::node::{HistoryConfig, Node, NodeConfig, Outcome, PerceptionConfig, Workspace};
use std::sync::OnceLock;

const CONFIG: NodeConfig = NodeConfig::new(
    PerceptionConfig::new(FeatureConfig::new(2, 10_000), 8).trajectories(4),
    HistoryConfig {
        events: 16,
        bytes: 4_096,
        authors: 4,
        contexts: 2,
        claims: 16,
        dimensions: 4,
        open: true,
        ..HistoryConfig::DEFAULT
    },
);

fn good() -> &'static [Memory] {
    static GOOD: OnceLock<Vec<Memory>> = OnceLock::new();
    GOOD.get_or_init(|| {
        let mut empty = Memory::zeroed(CONFIG.bytes());
        let mut config = CONFIG;
        config.history.realm = sensilla::coherence::realm_id("", 1, &[[3; 32]]);
        Node::format(&mut empty, config).expect("a good config");
        let mut lived = empty.clone();
        live(&mut lived, 0);
        vec![lived, empty]
    })
}

/// A few windows, attempts and claims; what fails fails. False if there is no node in the memory.
fn live(memory: &mut [u8], from: u64) -> bool {
    let Ok(mut node) = Node::open(memory) else {
        return false;
    };
    let config = node.config().workspace(8);
    if config.bytes() > 1 << 20 {
        return true;
    }
    let mut room = Memory::zeroed(config.bytes());
    let mut work = Workspace::format(&mut room, &config).expect("enough memory");
    let channels = node.config().perception.features().channels() as usize;
    for at in from..from + 4 {
        for i in 0..10u64 {
            let x = if at % 2 == 0 { i % 2 } else { i / 5 } as f32;
            let _ = node.perception_mut().push(&vec![x; channels]);
        }
        if at < 2 {
            let _ = node.perception_mut().calibrate(&mut work);
            continue;
        }
        let _ = node.perception_mut().embed(&mut work);
        let _ = node.perception().recall(3, &mut work);
        let _ = node.perception_mut().attend(3, &mut work);
        let outcome = Outcome {
            label: at as u32,
            latency_us: 10,
            energy_spent: 5,
            energy_earned: 10,
            success: true,
            executor: 0,
            at,
        };
        let _ = node.perception_mut().learn(&outcome, &mut work);
        let _ = node.perception_mut().recall_and_touch(3, &mut work, at);
    }
    decide(&mut node, from);
    for (author, value) in [(1, "slow"), (2, "fast"), (3, "still")] {
        let event = Event {
            realm: node.history().log().realm(),
            author: [author; 32],
            seq: next(&node, [author; 32]),
            at: from + 7,
            context: "lab",
            embedding: Embedding::i8(&[1, 2, 3, 4], 0.5),
            kind: EventKind::Assert(Assert {
                subject: "wave",
                predicate: "speed",
                value,
                evidence: &[],
                confidence: CERTAIN,
                expires: Some(from + 9),
                supersedes: None,
            }),
        };
        let mut out = [0; 512];
        let bytes = event
            .sign(&Scribble(author), &mut out)
            .expect("a good event");
        let _ = node
            .history_mut()
            .ingest(bytes.bytes(), &Policy::new(), &Credulous, from + 7);
    }
    if from % 20 == 0 {
        node.history_mut().rebuild();
    }
    let _ = node.history_mut().root();
    node.history().engine().conflicts().take(100).for_each(drop);
    node.history().engine().claims().take(100).for_each(drop);
    node.seal();
    true
}

/// The number of an author's next event, or one that is as good where there is none.
fn next(node: &Node<'_>, author: [u8; 32]) -> u32 {
    node.history().engine().next(&author).unwrap_or(1)
}

/// A root appears, and decides something.
fn decide(node: &mut Node<'_>, from: u64) {
    let root = [3; 32];
    let keys = [root];
    let _ = node.history_mut().found("", 1, &keys);
    let acts = [
        Act::Appoint {
            threshold: 1,
            keys: &keys,
        },
        Act::Admit {
            key: [9; 32],
            name: "",
            from: 1,
        },
        Act::Expel {
            key: [1; 32],
            last: 1,
        },
        Act::Close,
        Act::Baseline,
        Act::Rotate {
            threshold: 1,
            keys: &keys,
        },
        Act::End,
    ];
    for act in acts {
        let decision = Roots {
            number: node.history().engine().next_decision(),
            act,
            signatures: &[[3; 96]],
        };
        let event = Event {
            realm: node.history().log().realm(),
            author: root,
            seq: next(node, root),
            at: from + 7,
            context: "lab",
            embedding: Embedding::i8(&[1, 2, 3, 4], 0.5),
            kind: EventKind::Roots(decision),
        };
        let mut out = [0; 512];
        let bytes = event.sign(&Scribble(3), &mut out).expect("a good event");
        let _ = node
            .history_mut()
            .ingest(bytes.bytes(), &Policy::new(), &Credulous, from + 7);
    }
}

/// See the crate.
pub fn run(data: &[u8]) -> bool {
    let Some(mut memory) = image::edit(good(), data) else {
        return false;
    };
    let opened = live(&mut memory, 10);
    if opened {
        assert!(live(&mut memory, 20), "what was changed and sealed opens");
    }
    opened
}

/// See the crate.
pub fn seeds() -> Vec<Vec<u8>> {
    image::seeds(2)
}
