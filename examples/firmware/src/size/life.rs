//! What a node does in a firmware: perceive, learn, recall, say, hear, prove, save.

use crate::small::small;
use core::hint::black_box;
use sensilla::block::Block;
use sensilla::log::kind::{Assert, CERTAIN, EventKind};
use sensilla::log::{Embedding, Event, Policy, Signer, Verifier};
use sensilla::node::{Node, NodeConfig, Outcome, Workspace, WorkspaceConfig};
use static_cell::ConstStaticCell;

const CONFIG: NodeConfig = small();
const WORK: WorkspaceConfig = CONFIG.workspace(16);

static NODE: ConstStaticCell<Block<{ CONFIG.bytes() }>> = ConstStaticCell::new(Block::new());
static WORKSPACE: ConstStaticCell<Block<{ WORK.bytes() }>> = ConstStaticCell::new(Block::new());

/// Until a call fails; `None` then.
pub fn run<S: Signer, V: Verifier>(signer: &S, verifier: &V) -> Option<()> {
    let memory = &mut NODE.try_take()?[..];
    let mut node = match black_box(false) {
        false => Node::format(memory, CONFIG).ok()?,
        true => Node::open_verified(memory).ok()?,
    };
    let mut workspace = Workspace::format(WORKSPACE.try_take()?, &WORK).ok()?;
    let mut bytes = [0; 512];
    loop {
        let now = black_box(0);
        for _ in 0..100 {
            node.perception_mut().push(&black_box([0.0; 3])).ok()?;
        }
        if black_box(false) {
            node.perception_mut().calibrate(&mut workspace).ok()?;
            continue;
        }
        node.perception_mut().embed(&mut workspace).ok()?;
        black_box(
            node.perception_mut()
                .recall_and_touch(5, &mut workspace, now)
                .ok()?,
        );
        let outcome = Outcome {
            label: 1,
            latency_us: 0,
            energy_spent: 0,
            energy_earned: 0,
            success: true,
            executor: 0,
            at: now,
        };
        node.perception_mut()
            .learn(&black_box(outcome), &mut workspace)
            .ok()?;
        let event = Event {
            realm: [0; 32],
            author: signer.public_key(),
            seq: 1,
            at: now,
            context: black_box("room"),
            embedding: Embedding::None,
            kind: EventKind::Assert(Assert {
                subject: "door",
                predicate: "state",
                value: black_box("open"),
                evidence: &[],
                confidence: CERTAIN,
                expires: None,
                supersedes: None,
            }),
        };
        let said = event.sign(signer, &mut bytes).ok()?;
        let policy = Policy::new();
        let taken = node
            .history_mut()
            .ingest(said.bytes(), &policy, verifier, now)
            .ok()?;
        black_box(node.history().engine().conflicts().next());
        black_box(node.history_mut().root());
        let size = node.history().log().size();
        black_box(
            node.history()
                .log()
                .prove_inclusion(taken.index, size)
                .ok()?,
        );
        black_box(node.seal());
    }
}
