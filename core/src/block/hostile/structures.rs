//! The structures, and how one lives with each.

use super::{Draw, Fixture};
use crate::block::Memory;
use std::vec::Vec;

/// An empty structure and how one lives with it: `$live` gets it opened, and the turn.
macro_rules! fixture {
    ($name:expr, $structure:ty, $config:expr, $live:expr) => {{
        let config = $config;
        let mut memory = Memory::zeroed(config.bytes());
        <$structure>::format(&mut memory, config).unwrap();
        Fixture::new($name, memory, |memory, turn| {
            let live: fn(&mut $structure, &mut Draw, u64) = $live;
            {
                let Ok(mut structure) = <$structure>::open(memory) else {
                    return false;
                };
                live(&mut structure, &mut Draw(turn), turn);
                structure.seal();
            }
            assert!(
                <$structure>::open_verified(memory).is_ok(),
                "what was changed and sealed must open"
            );
            true
        })
    }};
}

pub(super) fn names() -> Vec<Fixture> {
    use crate::arena::{Arena, ArenaConfig, Handle};
    use crate::intern::{Interner, InternerConfig, Symbol};
    std::vec![
        fixture!(
            "interner",
            Interner<'_>,
            InternerConfig::new(40, 300),
            |names, draw, _| {
                for _ in 0..10 {
                    let _ = names.get_or_intern(&std::format!("name {}", draw.below(60)));
                }
                for bits in 0..60 {
                    let _ = names.resolve(Symbol::from_bits(bits));
                }
                assert_eq!(names.iter().count(), names.len() as usize);
            }
        ),
        fixture!(
            "arena",
            Arena<'_, [u32; 3]>,
            ArenaConfig::new::<[u32; 3]>(20),
            |arena, draw, _| {
                let mut handles: Vec<Handle> = arena.iter().map(|(handle, _)| handle).collect();
                for _ in 0..40 {
                    match draw.below(3) {
                        0 if !handles.is_empty() => {
                            let at = draw.below(handles.len() as u64) as usize;
                            let handle = handles.swap_remove(at);
                            assert!(arena.remove(handle).is_some());
                            assert!(arena.remove(handle).is_none());
                        }
                        1 => drop(arena.remove(Handle::from_bits(draw.below(1 << 32) as u32))),
                        _ => handles.extend(arena.insert([7; 3])),
                    }
                    handles.retain(|&handle| arena.get(handle).is_some());
                }
                assert_eq!(arena.iter().count(), arena.len() as usize);
            }
        ),
    ]
}

pub(super) fn banks() -> Vec<Fixture> {
    use crate::bank::{
        BankConfig, Element, Layout, Metric, Pattern, PatternBank, Scratch, ScratchConfig,
    };
    const SHAPE: BankConfig = BankConfig::new(20, 12)
        .links(2)
        .ef_construction(8)
        .scan_cost(1);

    fn live(bank: &mut PatternBank<'_>, draw: &mut Draw, turn: u64) {
        let config = ScratchConfig::new(bank.config(), 12);
        if config.bytes() > 1 << 20 {
            return;
        }
        let mut scratch = Memory::zeroed(config.bytes());
        let mut scratch = Scratch::format(&mut scratch, config).unwrap();
        let components = bank.config().dimensions() as usize;
        for at in 0..8 {
            let vector = draw.vector(components);
            let pattern = Pattern {
                label: at,
                at: turn,
                ..Pattern::default()
            };
            let entry = bank.iter().nth(draw.below(12) as usize);
            match (draw.below(6), entry) {
                (0, Some(entry)) => drop(bank.remove(entry.id).unwrap()),
                (1, Some(entry)) => drop(bank.update(entry.id, &vector, pattern)),
                (2, _) => drop(bank.audit_step(9)),
                (3, _) => drop(bank.insert_evicting(&vector, pattern)),
                _ => drop(bank.insert(&vector, pattern)),
            }
            if let Ok(hits) = bank.search(&vector, 5, &mut scratch) {
                assert!(hits.iter().all(|hit| hit.similarity.is_finite()));
            }
            if let Ok(hits) = bank.search_exact(&vector, 5, &mut scratch) {
                assert!(hits.iter().all(|hit| hit.similarity.is_finite()));
            }
        }
        bank.digest();
    }

    let elements = [Element::I8, Element::F32, Element::I8F32, Element::Bits];
    let metrics = [
        Metric::Cosine,
        Metric::InnerProduct,
        Metric::SquaredEuclidean,
    ];
    let layouts = [Layout::Scan, Layout::Graph, Layout::Both];
    let mut fixtures = Vec::new();
    for (i, element) in elements.into_iter().enumerate() {
        for (j, metric) in metrics.into_iter().enumerate() {
            let config = SHAPE.element(element).metric(metric);
            let config = config.layout(layouts[(i + j) % 3]);
            let mut memory = Memory::zeroed(config.bytes());
            if PatternBank::format(&mut memory, config).is_err() {
                continue;
            }
            fixtures.push(fixture!("bank", PatternBank<'_>, config, live));
        }
    }
    assert!(fixtures.len() > 8);
    fixtures
}

pub(super) fn learn() -> Vec<Fixture> {
    use crate::bank::{BankConfig, Pattern, PatternBank, PatternId, Scratch, ScratchConfig};
    use crate::learn::features::MAX_SAMPLE;
    use crate::learn::{
        ExtractConfig, Extractor, FeatureConfig, Features, Normaliser, NormaliserConfig, Outcome,
        Route, RouteConfig, Router, Stream, StreamConfig, Trajectory, TrajectoryConfig,
        TrajectoryRing,
    };
    const BANK: BankConfig = BankConfig::new(4, 10).links(2).ef_construction(8);
    const SCRATCH: ScratchConfig = ScratchConfig::new(&BANK, 8);

    fn outcome(draw: &mut Draw, turn: u64) -> Outcome {
        Outcome {
            label: draw.below(4) as u32,
            latency_us: u32::MAX,
            energy_spent: u32::MAX,
            energy_earned: draw.below(1 << 32) as u32,
            success: draw.below(2) == 0,
            executor: draw.below(9) as u16,
            at: u64::MAX - turn,
        }
    }

    std::vec![
        fixture!(
            "features",
            Features<'_>,
            FeatureConfig::new(3, 10_000),
            |features, draw, turn| {
                for _ in 0..20 {
                    let sign = if draw.below(2) == 0 { 1.0 } else { -1.0 };
                    let sample = [turn as f32, sign * MAX_SAMPLE, draw.vector(1)[0]];
                    let _ = features.push(&sample);
                }
                let mut out = std::vec![0.0; features.dimensions()];
                if features.write(&mut out).is_ok() {
                    assert!(out.iter().all(|x| x.is_finite()), "{out:?}");
                }
                if turn % 4 == 3 {
                    features.reset();
                }
            }
        ),
        fixture!(
            "normaliser",
            Normaliser<'_>,
            NormaliserConfig::new(4),
            |normaliser, draw, _| {
                for _ in 0..20 {
                    let first = draw.vector(1)[0];
                    let _ = normaliser.update(&[first, 1e18, -1e18, 0.0]);
                    let mut vector = [first, 1e18, -1e18, 1e18];
                    let _ = normaliser.apply(&mut vector);
                    assert!(vector.iter().all(|x| x.is_finite()));
                }
            }
        ),
        fixture!(
            "stream",
            Stream<'_>,
            StreamConfig::small(2),
            |stream, draw, _| {
                for _ in 0..40 {
                    let sample = draw.vector(2);
                    if !stream.is_calibrated() {
                        let _ = stream.calibrate(&sample);
                    }
                    let _ = stream.push(&sample);
                }
                stream.end_recording();
                let _ = stream.freeze();
                let components = stream.config().dimensions() as usize;
                let mut out = std::vec![0.0; components];
                if stream.finish(&mut out).is_ok() {
                    assert!(out.iter().all(|x| x.is_finite()));
                }
            }
        ),
        fixture!(
            "trajectories",
            TrajectoryRing<'_>,
            TrajectoryConfig::new(3, 5),
            |ring, draw, turn| {
                for _ in 0..7 {
                    let (vector, outcome) = (draw.vector(3), outcome(draw, turn));
                    let _ = ring.record(&Trajectory {
                        vector: &vector,
                        outcome,
                    });
                }
                assert_eq!(ring.iter().count(), ring.len());
                let totals = ring.totals();
                let rates = [totals.success_rate(), totals.efficiency()];
                assert!(rates.into_iter().flatten().all(f32::is_finite));
                for q in [0.0, 0.5, 1.0, f32::NAN] {
                    ring.latency_quantile(q);
                }
                assert!(ring.get(u64::MAX).is_none());
            }
        ),
        fixture!(
            "router",
            Router<'_>,
            RouteConfig::new(&BANK, 6),
            |router, draw, _| {
                let mut bank = Memory::zeroed(BANK.bytes());
                let mut bank = PatternBank::format(&mut bank, BANK).unwrap();
                let mut scratch = Memory::zeroed(SCRATCH.bytes());
                let mut scratch = Scratch::format(&mut scratch, SCRATCH).unwrap();
                for _ in 0..10 {
                    let vector = draw.vector(4);
                    bank.insert(&vector, Pattern::default()).unwrap();
                }
                for entry in bank.iter() {
                    let _ = router.record(entry.id, draw.below(7) as u16, draw.below(2) == 0);
                    router.outcomes(entry.id, draw.below(7) as u16);
                }
                let _ = router.record(PatternId::from_u64(u64::MAX), 0, true);
                let hits = bank.search(&[1.0; 4], 5, &mut scratch).unwrap();
                let mut out = [Route::default(); 6];
                if let Ok(routes) = router.route(&hits, &[0, 1, 2, 3, 4, 5], &mut out) {
                    assert!(routes.iter().all(|route| route.score.is_finite()));
                }
            }
        ),
        fixture!(
            "extractor",
            Extractor<'_>,
            ExtractConfig::new(&BANK),
            |extractor, draw, turn| {
                let mut bank = Memory::zeroed(BANK.bytes());
                let mut bank = PatternBank::format(&mut bank, BANK).unwrap();
                let mut scratch = Memory::zeroed(SCRATCH.bytes());
                let mut scratch = Scratch::format(&mut scratch, SCRATCH).unwrap();
                for _ in 0..12 {
                    let (vector, outcome) = (draw.vector(4), outcome(draw, turn));
                    let new = Trajectory {
                        vector: &vector,
                        outcome,
                    };
                    let _ = extractor.learn(&mut bank, &new, &mut scratch);
                }
                for entry in bank.iter() {
                    if let Some(statistics) = extractor.statistics(entry.id) {
                        assert!(statistics.success_rate().is_finite());
                    }
                }
            }
        ),
    ]
}

pub(super) fn spike() -> Vec<Fixture> {
    use crate::spike::{Polarity, SpikeConfig, SpikeTrains};

    fn live(trains: &mut SpikeTrains<'_>, draw: &mut Draw, _: u64) {
        if draw.below(4) == 0 {
            trains.clear();
        }
        let _ = trains.start(draw.below(14) as usize);
        for _ in 0..30 {
            let (address, time) = (draw.below(14) as usize, draw.below(22) as u32);
            let _ = trains.mark(address, time, draw.below(2) == 0);
        }
        assert_eq!(trains.events().count() as u64, trains.spikes());
        for train in (0..20).filter_map(|at| trains.train(at)) {
            assert_eq!(train.iter().count(), train.count() as usize);
            let _ = (train.first(), train.at(19), train.at(99));
        }
        let mut out = std::vec![0; 1 << 12];
        let words = trains.plane_words();
        if let Some(out) = out.get_mut(..words) {
            let _ = trains.transpose(out);
        }
    }

    let shape = SpikeConfig::new(12, 20);
    let polarities = [Polarity::Positive, Polarity::PerSpike];
    let of = |polarity| {
        let config = shape.polarity(polarity);
        fixture!("trains", SpikeTrains<'_>, config, live)
    };
    let mut fixtures: Vec<Fixture> = polarities.into_iter().map(of).collect();
    fixtures.push(fixture!("trains", SpikeTrains<'_>, shape, live));
    fixtures
}

/// One of a few authors.
fn author(draw: &mut Draw) -> [u8; 32] {
    [1 + draw.below(7) as u8; 32]
}

/// An author's assertion about one of a few things, in one of a few contexts.
fn assertion(draw: &mut Draw, (author, seq): ([u8; 32], u32), at: u64, take: impl FnOnce(&[u8])) {
    use crate::log::kind::{Assert, CERTAIN};
    use crate::log::{Embedding, Event, EventKind};
    let vector = draw.vector(3);
    let event = Event {
        realm: [0; 32],
        author,
        seq,
        at,
        context: ["a", "b", "c", "d", "e", "f"][draw.below(6) as usize],
        embedding: match draw.below(3) {
            0 => Embedding::None,
            _ => Embedding::f32(&vector),
        },
        kind: EventKind::Assert(Assert {
            subject: ["door", "lamp"][draw.below(2) as usize],
            predicate: "state",
            value: ["on", "off", "broken"][draw.below(3) as usize],
            evidence: &[],
            confidence: CERTAIN,
            expires: (draw.below(3) == 0).then_some(at + 50),
            supersedes: None,
        }),
    };
    let mut out = [0; 512];
    take(event.unsigned(&mut out).unwrap().bytes());
}

/// What vouches for nothing; events here are trusted.
struct Nobody;

impl crate::sign::Verifier for Nobody {
    fn verify(&self, _: &crate::sign::PublicKey, _: &[u8], _: &crate::sign::Signature) -> bool {
        false
    }
}

pub(super) fn claims() -> Vec<Fixture> {
    use crate::coherence::{Acceptance, Engine, EngineConfig};
    use crate::grid::{Grid, GridConfig, Probe, Tag};
    use crate::log::{EventLog, LogConfig, Policy, SignedEvent};
    use crate::merkle::{Tree, TreeConfig, leaf_hash};

    std::vec![
        fixture!(
            "grid",
            Grid<'_>,
            GridConfig::new(5, 60).radius(0.5).candidates(16),
            |grid, draw, _| {
                for _ in 0..25 {
                    let vector = draw.vector(5);
                    let probe = Probe {
                        context: draw.below(3) as u32,
                        subject: Some(Tag::of(["a", "b", "c"][draw.below(3) as usize])),
                        vector: if draw.below(5) == 0 { &[] } else { &vector },
                    };
                    let _ = grid.insert(&probe, |_| ());
                    if draw.below(3) == 0 {
                        let _ = grid.remove(draw.below(70) as u32);
                    }
                }
                grid.detect_all(None, |_, _| ());
                grid.detect_all(Some(1), |_, _| ());
                grid.saturation(0, &[0.0; 5]);
            }
        ),
        fixture!(
            "tree",
            Tree<'_>,
            TreeConfig::new(20).height(8).watches(2),
            |tree, draw, _| {
                let size = tree.size();
                for at in 0..30 {
                    let _ = tree.prove_inclusion(at, size);
                    let _ = tree.prove_consistency(at, size);
                    let _ = tree.root_at(at);
                }
                for _ in 0..draw.below(9) {
                    let leaf = leaf_hash(&tree.size().to_le_bytes());
                    let _ = tree.append(&leaf);
                }
                tree.root();
                let _ = tree.watch(tree.first() + draw.below(3));
                let _ = tree.prune(tree.first().saturating_add(draw.below(7)));
                let watched = tree.watched().next();
                if let Some(watched) = watched.filter(|_| draw.below(2) == 0) {
                    tree.unwatch(watched);
                }
            }
        ),
        fixture!(
            "log",
            EventLog<'_>,
            LogConfig::new(12, 2_000)
                .height(8)
                .authors(5)
                .contexts(4)
                .watches(2)
                .bytes_each(900),
            |log, draw, turn| {
                for _ in 0..8 {
                    let author = author(draw);
                    assertion(draw, (author, 1), 100 + turn, |bytes| {
                        let _ = log.ingest(bytes, &Policy::trusted(), &Nobody, 100 + turn);
                    });
                    if log.len() > 6 {
                        let _ = log.prune(log.first() + draw.below(4));
                    }
                }
                let size = log.size();
                for index in log.first().saturating_sub(2)..size.min(log.first() + 20) + 1 {
                    let _ = log.get(index).map(|entry| entry.decode().is_ok());
                    let _ = log.prove_inclusion(index, size);
                    let _ = log.prove_consistency(index, size);
                }
                for author in 0..9 {
                    assert!(log.by_author(&[author; 32]).take(99).count() < 99);
                    log.last_by(&[author; 32]);
                }
                for context in ["a", "b", "c", "zz"] {
                    assert!(log.by_context(context).take(99).count() < 99);
                }
                let _ = log.mark_exported(size);
                let _ = log.watch(log.first() + draw.below(3));
                let _ = log.verify();
                log.root();
            }
        ),
        fixture!(
            "engine",
            Engine<'_>,
            EngineConfig::new(GridConfig::new(3, 24))
                .contexts(20)
                .conflicts(40)
                .members(9)
                .open()
                .witnesses(8),
            |engine, draw, turn| {
                let _ = engine.found(1, &[[3; 32]]);
                for index in 0..10 {
                    let author = author(draw);
                    let seq = engine.next(&author).unwrap_or(1);
                    assertion(draw, (author, seq), 200 + turn, |bytes| {
                        let event = SignedEvent::decode(bytes, &[0; 32]).unwrap();
                        let known = |_: &crate::Hash| true;
                        let checked =
                            engine.check_logged(event.id(), event.event(), 200 + turn, &known);
                        if let Ok(checked) = checked {
                            checked.apply(turn * 10 + index);
                        }
                    });
                }
                let mut labels = [Acceptance::Undecided; 64];
                for context in ["a", "b", "c"] {
                    engine.detect_all(context);
                    let _ = engine.grounded(context, &mut labels, |_, _| ());
                    engine.drifts(context);
                    engine.authority(context);
                }
                let ids: Vec<_> = engine.claims().map(|claim| claim.id).collect();
                for id in ids {
                    engine.quarantine(&id);
                    engine.conflicts_of(&id).for_each(drop);
                }
                engine.conflicts().for_each(drop);
                engine.equivocations().for_each(drop);
                engine.members().for_each(drop);
                engine.roots();
                engine.split_views().for_each(drop);
                engine.digest();
                engine.advance(200 + turn + draw.below(60));
                if draw.below(4) == 0 {
                    engine.advance(u64::MAX - draw.below(9));
                }
            }
        ),
    ]
}

pub(super) fn nodes() -> Vec<Fixture> {
    use crate::learn::{FeatureConfig, Outcome, Route};
    use crate::log::Policy;
    use crate::node::{HistoryConfig, Node, NodeConfig, PerceptionConfig, Workspace};

    std::vec![fixture!(
        "node",
        Node<'_>,
        NodeConfig::new(
            PerceptionConfig::new(FeatureConfig::new(2, 10_000), 8).trajectories(4),
            HistoryConfig {
                events: 16,
                bytes: 4_096,
                authors: 4,
                contexts: 3,
                claims: 16,
                dimensions: 3,
                open: true,
                ..HistoryConfig::DEFAULT
            },
        ),
        |node, draw, turn| {
            let config = node.config().workspace(8);
            if config.bytes() > 1 << 20 {
                return;
            }
            let mut room = Memory::zeroed(config.bytes());
            let mut room = Workspace::format(&mut room, &config).unwrap();
            let perception = node.perception_mut();
            for attempt in 0..4 {
                for _ in 0..8 {
                    let sample = draw.vector(2);
                    let _ = perception.push(&sample);
                }
                if attempt < 2 && !perception.is_calibrated() {
                    let _ = perception.calibrate(&mut room);
                    continue;
                }
                let _ = perception.embed(&mut room);
                let _ = perception.attend(3, &mut room);
                let outcome = Outcome {
                    label: attempt,
                    latency_us: 1,
                    energy_spent: 1,
                    energy_earned: 1,
                    success: true,
                    executor: draw.below(5) as u16,
                    at: turn,
                };
                let _ = perception.learn(&outcome, &mut room);
                let _ = perception.recall_and_touch(usize::MAX, &mut room, turn);
                let mut routes = [Route::default(); 4];
                let _ = perception.route(3, &[0, 1, 2, 3], &mut routes, &mut room);
            }
            perception.begin_episode();
            let _ = perception.label(["x", "y", "z"][draw.below(3) as usize]);
            let history = node.history_mut();
            for _ in 0..4 {
                let author = author(draw);
                let seq = history.engine().next(&author).unwrap_or(1);
                assertion(draw, (author, seq), 10 + turn, |bytes| {
                    let _ = history.ingest(bytes, &Policy::trusted(), &Nobody, 10 + turn);
                });
            }
            history.root();
            let _ = history.prune(history.log().first() + draw.below(5));
            if draw.below(4) == 0 {
                history.rebuild();
            }
            history.engine().digest();
        }
    )]
}
