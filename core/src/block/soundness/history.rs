//! The structures of history: trees, logs, claims, names.

use super::{Alone, Fixture, Memory};
use std::vec::Vec;

pub(super) fn merkle() -> Vec<Fixture> {
    use crate::merkle::{Tree, TreeConfig, leaf_hash};

    fn append(tree: &mut Tree<'_>, count: u8) {
        for _ in 0..count {
            let leaf = leaf_hash(&tree.size().to_le_bytes());
            tree.append(&leaf).unwrap();
        }
    }

    std::vec![
        fixture! {
            "tree": Tree<'_> = TreeConfig::new(6).height(4).watches(2),
            steps: [
                |mut tree| {
                    append(&mut tree, 3);
                    tree.watch(1).unwrap();
                    tree.root();
                },
                |mut tree| {
                    append(&mut tree, 3);
                    tree.watch(4).unwrap();
                    tree.root();
                },
                |mut tree| tree.prune(3).unwrap(),
                |mut tree| append(&mut tree, 3),
                |mut tree| tree.prune(7).unwrap(),
                |mut tree| {
                    tree.unwatch(1);
                    tree.root();
                },
                |mut tree| {
                    tree.unwatch(4);
                    append(&mut tree, 4);
                    tree.prune(13).unwrap();
                },
            ],
            alone: [
                ("tree counters", 0..8, "any hash may be that of a leaf, and zeros too"),
                ("tree watched", 0..8, "a leaf may be watched, and is without any siblings at first"),
                ("tree watched", 16..24, "a leaf may be watched, and is without any siblings at first"),
            ],
        },
        fixture! {
            "frontier in a block": Tree<'_> = TreeConfig::new(0).height(4),
            steps: [
                |mut tree| append(&mut tree, 7),
                |mut tree| {
                    tree.root();
                },
                |mut tree| append(&mut tree, 1),
            ],
            alone: [],
        },
    ]
}

pub(super) fn log() -> Vec<Fixture> {
    use crate::log::kind::{Assert, CERTAIN};
    use crate::log::{Embedding, Event, EventKind, EventLog, LogConfig, Policy};
    use crate::sign::{PublicKey, Signature, Verifier};

    /// Trusted logs never ask.
    struct Nobody;
    impl Verifier for Nobody {
        fn verify(&self, _: &PublicKey, _: &[u8], _: &Signature) -> bool {
            false
        }
    }

    fn ingest(log: &mut EventLog<'_>, count: usize, length: usize) {
        for _ in 0..count {
            let number = log.size();
            // No hash of these events has a byte of zero where another step has one that is not:
            // it would look as if nothing kept it.
            let event = Event {
                realm: [0; 32],
                author: [1 + (number % 3) as u8; 32],
                seq: 1 + number as u32,
                at: 0x2222_2222_2222_2222,
                context: ["a", "b", "c"][number as usize % 3],
                embedding: Embedding::None,
                kind: EventKind::Assert(Assert {
                    subject: "door",
                    predicate: "state",
                    value: &"w".repeat(length),
                    evidence: &[],
                    confidence: CERTAIN,
                    expires: None,
                    supersedes: None,
                }),
            };
            let mut out = [0; 512];
            let signed = event.unsigned(&mut out).unwrap();
            let now = event.at + number;
            log.ingest(signed.bytes(), &Policy::trusted(), &Nobody, now)
                .unwrap();
        }
    }

    std::vec![fixture! {
        "log": EventLog<'_> = LogConfig::new(5, 900).height(4).authors(3).contexts(3).watches(1).bytes_each(880),
        steps: [
            |mut log| {
                ingest(&mut log, 2, 10);
                log.root();
            },
            |mut log| {
                ingest(&mut log, 3, 20);
                log.watch(2).unwrap();
                log.mark_exported(3).unwrap();
            },
            |mut log| log.prune(3).unwrap(),
            |mut log| ingest(&mut log, 3, 40),
            |mut log| log.prune(6).unwrap(),
            |mut log| {
                log.unwatch(2);
                log.prune(7).unwrap();
            },
        ],
        alone: [
            ("log counters", 0..8, "any number of events up to the size may be exported"),
            ("tree watched", 0..8, "an event may be watched, and is without any siblings at first"),
        ],
    }]
}

pub(super) fn claims() -> Vec<Fixture> {
    use crate::coherence::{Engine, EngineConfig};
    use crate::grid::{Grid, GridConfig, Probe, Tag};
    use crate::log::kind::{Assert, CERTAIN};
    use crate::log::{Embedding, Event, EventKind};

    fn insert(grid: &mut Grid<'_>, count: u32) {
        for at in 0..count {
            let mut vector = [1.1; 20];
            vector[0] = 1.7 * at as f32;
            let probe = Probe {
                context: 0x0101_0101,
                subject: Some(Tag::of("door")),
                vector: &vector,
            };
            let _ = grid.insert(&probe, |_| {}).unwrap();
        }
    }

    fn empty(grid: &mut Grid<'_>) {
        for slot in 0..5 {
            let _ = grid.remove(slot);
        }
    }

    fn assert(engine: &mut Engine<'_>, from: u8, count: u8) {
        for number in from..from + count {
            let id = [0x11 + number; 32];
            let event = Event {
                realm: [0; 32],
                author: [0x31 + number; 32],
                seq: 1,
                at: 0x2222_2222_2222,
                context: "hall",
                embedding: Embedding::None,
                kind: EventKind::Assert(Assert {
                    subject: "door",
                    predicate: "state",
                    value: ["open", "shut", "ajar"][usize::from(number) % 3],
                    evidence: &[],
                    confidence: CERTAIN,
                    expires: Some(0x3333_3333_3333),
                    supersedes: None,
                }),
            };
            let checked = engine
                .check_logged(&id, &event, event.at, &|_: &crate::Hash| false)
                .unwrap();
            checked.apply(u64::from(number));
        }
    }

    std::vec![
        fixture! {
            "grid": Grid<'_> = GridConfig::new(20, 5),
            steps: [
                |mut grid| insert(&mut grid, 2),
                |mut grid| insert(&mut grid, 3),
                |mut grid| empty(&mut grid),
            ],
            alone: [("grid bounds", 320..384, "which coordinates bound a vector may be any")],
        },
        fixture! {
            "engine": Engine<'_> = EngineConfig::new(GridConfig::new(0, 5)).conflicts(12).open(),
            steps: [
                |mut engine| assert(&mut engine, 0, 2),
                |mut engine| assert(&mut engine, 2, 3),
                |mut engine| {
                    engine.advance(0x3333_3333_3333);
                },
            ],
            alone: [
                ("state", 0..20, "time and tallies may be any"),
                ("state", 24..25, "something may have been forgotten"),
                ("state", 32..176, "so may the counts of refusals"),
            ],
        },
    ]
}

pub(super) fn names() -> Vec<Fixture> {
    use crate::arena::{Arena, ArenaConfig, Handle};
    use crate::intern::{Interner, InternerConfig};

    fn remove(mut arena: Arena<'_, [u32; 5]>, count: usize) {
        let handles: Vec<Handle> = arena.iter().map(|(handle, _)| handle).collect();
        for handle in handles.into_iter().step_by(2).take(count) {
            arena.remove(handle).unwrap();
        }
    }

    fn intern(mut interner: Interner<'_>, count: usize) {
        for name in ["one", "two", "three", "four", "five"].iter().take(count) {
            interner.get_or_intern(name).unwrap();
        }
    }

    std::vec![
        // What is taken out of an arena leaves its bytes behind, so that they count as used here.
        fixture! {
            "arena": Arena<'_, [u32; 5]> = ArenaConfig::new::<[u32; 5]>(5),
            steps: [
                |mut arena| {
                    arena.insert([0x0101_0101; 5]).unwrap();
                    arena.insert([0x0303_0303; 5]).unwrap();
                },
                |mut arena| while arena.insert([0x0505_0505; 5]).is_ok() {},
                |arena| remove(arena, 2),
                |arena| remove(arena, 5),
            ],
            alone: [("arena tags", 0..20, "a slot may have been used and given back at any time")],
        },
        fixture! {
            "interner": Interner<'_> = InternerConfig::new(5, 30),
            steps: [|interner| intern(interner, 2), |interner| intern(interner, 5)],
            alone: [],
        },
    ]
}
