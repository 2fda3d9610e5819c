//! Images of event logs: whatever opens must look up, prove, append, prune and verify without a
//! panic.

use crate::event::{Credulous, Scribble};
use crate::image;
use sensilla::block::Memory;
use sensilla::log::event::{Embedding, Event};
use sensilla::log::kind::{Assert, EventKind};
use sensilla::log::{EventLog, LogConfig, Policy};
use sensilla::merkle::{leaf_hash, verify_inclusion};
use std::sync::OnceLock;

fn good() -> &'static [Memory] {
    static GOOD: OnceLock<Vec<Memory>> = OnceLock::new();
    GOOD.get_or_init(|| vec![filled(6, 0), filled(20, 5), filled(0, 0)])
}

fn filled(events: u64, pruned: u64) -> Memory {
    let config = LogConfig::new(16, 3 * 1024).authors(3).contexts(2);
    let mut memory = Memory::zeroed(config.bytes());
    let mut log = EventLog::format(&mut memory, config).expect("a good config");
    for at in 0..events {
        if at == 10 {
            log.prune(pruned).expect("they are there");
        }
        append(&mut log, at).expect("room for all");
    }
    log.root();
    memory
}

fn append(log: &mut EventLog<'_>, at: u64) -> Result<u64, sensilla::log::IngestError> {
    let event = Event {
        realm: [0; 32],
        author: [at as u8 % 2; 32],
        seq: at as u32 + 1,
        at,
        context: ["a", "b"][at as usize / 3 % 2],
        embedding: Embedding::default(),
        kind: EventKind::Assert(Assert {
            subject: "door",
            predicate: "state",
            value: "open",
            evidence: &[],
            confidence: 9,
            expires: None,
            supersedes: None,
        }),
    };
    let mut out = [0; 512];
    let bytes = event
        .sign(&Scribble(at as u8 % 2), &mut out)
        .expect("a good event");
    log.ingest(bytes.bytes(), &Policy::new(), &Credulous, at)
}

/// See the crate.
pub fn run(data: &[u8]) -> bool {
    let Some(mut memory) = image::edit(good(), data) else {
        return false;
    };
    if let Ok(mut log) = EventLog::open(&mut memory) {
        let sound = log.verify().is_ok();
        read(&mut log, sound);
        for at in 100..110 {
            let _ = append(&mut log, at);
        }
        read(&mut log, false);
        let _ = log.prune(log.first() + log.len() / 2);
        let _ = append(&mut log, 200);
        read(&mut log, false);
        log.seal();
        return true;
    }
    false
}

fn read(log: &mut EventLog<'_>, sound: bool) {
    let (first, size) = (log.first(), log.size());
    assert!(first <= size);
    let root = log.root();
    for index in first.saturating_sub(1)..=size.min(first.saturating_add(40)) {
        let Ok(entry) = log.get(index) else { continue };
        let leaf = leaf_hash(entry.bytes());
        if let Ok(event) = entry.decode() {
            let _ = log.find(event.id());
        }
        if let Ok(proof) = log.prove_inclusion(index, size) {
            let verified = verify_inclusion(&leaf, index, size, &proof, &root);
            assert!(
                !sound || verified.is_ok(),
                "a sound log proves what it holds"
            );
        }
        let _ = log.prove_consistency(index, size);
    }
    log.since(first).take(100).for_each(drop);
    for context in ["a", "b", ""] {
        log.by_context(context).take(100).for_each(drop);
    }
    for author in 0..3 {
        log.by_author(&[author; 32]).take(100).for_each(drop);
        log.last_by(&[author; 32]);
    }
    log.image_digest();
}

/// See the crate.
pub fn seeds() -> Vec<Vec<u8>> {
    image::seeds(3)
}
