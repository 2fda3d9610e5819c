//! Images of whole nodes: whatever opens must perceive, learn and take claims without a panic.

use crate::event::{Credulous, Scribble};
use crate::image::{self, Memory};
use sensilla::coherence::EngineConfig;
use sensilla::grid::GridConfig;
use sensilla::learn::features::FeatureConfig;
use sensilla::log::event::{Embedding, Event};
use sensilla::log::kind::{Assert, CERTAIN, EventKind};
use sensilla::log::{LogConfig, Policy};
use sensilla::node::{Node, NodeConfig, Outcome, Workspace};
use std::sync::OnceLock;

const CONFIG: NodeConfig = NodeConfig::new(FeatureConfig::new(2, 10_000), 8)
    .trajectories(4)
    .log(LogConfig::new(16, 4_096).authors(4).contexts(2))
    .engine(
        EngineConfig::new(GridConfig::new(4, 16))
            .contexts(2)
            .budgets(8),
    );

fn good() -> &'static [Memory] {
    static GOOD: OnceLock<Vec<Memory>> = OnceLock::new();
    GOOD.get_or_init(|| {
        let mut empty = Memory::zeroed(CONFIG.bytes());
        Node::format(empty.get(), &CONFIG).expect("a good config");
        let mut lived = empty.clone();
        live(lived.get(), 0);
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
    let mut work = Workspace::format(room.get(), &config).expect("enough memory");
    let channels = node.config().features().channels() as usize;
    for at in from..from + 4 {
        for i in 0..10u64 {
            let x = if at % 2 == 0 { i % 2 } else { i / 5 } as f32;
            let _ = node.push(&vec![x; channels]);
        }
        if at < 2 {
            let _ = node.calibrate(&mut work);
            continue;
        }
        let _ = node.embed(&mut work);
        let _ = node.recall(3, &mut work);
        let _ = node.attend(3, &mut work);
        let outcome = Outcome {
            label: at as u32,
            latency_us: 10,
            energy_spent: 5,
            energy_earned: 10,
            success: true,
            executor: 0,
            at,
        };
        let _ = node.learn(&outcome, &mut work);
        let _ = node.recall_and_touch(3, &mut work, at);
    }
    let _ = node.register_authority("lab", 1, &[[3; 32]]);
    for (author, value) in [(1, "slow"), (2, "fast"), (3, "still")] {
        let event = Event {
            author: [author; 32],
            prev: None,
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
        let _ = node.ingest(bytes.bytes(), &Policy::new(), &Credulous, from + 7);
    }
    let _ = node.log_root();
    node.engine().conflicts().take(100).for_each(drop);
    node.engine().claims().take(100).for_each(drop);
    node.seal();
    true
}

/// See the crate.
pub fn run(data: &[u8]) -> bool {
    let Some(mut memory) = image::edit(good(), data) else {
        return false;
    };
    let opened = live(memory.get(), 10);
    if opened {
        assert!(live(memory.get(), 20), "what was changed and sealed opens");
    }
    opened
}

/// See the crate.
pub fn seeds() -> Vec<Vec<u8>> {
    image::seeds(2)
}
