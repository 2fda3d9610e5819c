//! That opening a structure sees every bit that lies where nothing is kept.
//!
//! What a byte belongs to is found by use. In an empty structure no byte belongs to anything. A byte
//! that is zero in one image of a structure and not in another is, in the first, either behind what
//! is used or in a place that was given back. Wherever such a byte changes, the structure must not
//! open: else two images of the same content could differ, or carry what nobody sees. Bytes that may
//! change all the same are named, each with its reason.

use super::{BlockError, HEADER_BYTES, Memory};
use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

/// Name and bytes of each section.
type Sizes = Vec<(&'static str, usize)>;

/// Bytes of a section that say something without anything else to hold them to.
struct Alone {
    section: &'static str,
    bytes: Vec<usize>,
    reason: &'static str,
}

/// A structure and the ways in which it is used here.
struct Fixture {
    name: &'static str,
    /// The structure, empty.
    memory: Memory,
    /// What is done to it, one after the other: some of its places are used, then all, and then, if
    /// the structure can, some and all are given back.
    steps: Vec<fn(&mut [u8])>,
    /// Opens it.
    open: fn(&mut [u8]) -> Result<Sizes, BlockError>,
    alone: Vec<Alone>,
}

/// Writes a [`Fixture`]; each step gets the structure opened.
macro_rules! fixture {
    (
        $name:literal: $structure:ty = $config:expr,
        steps: [$($step:expr),+ $(,)?],
        alone: [$(($section:literal, $bytes:expr, $reason:literal)),* $(,)?] $(,)?
    ) => {{
        let config = $config;
        let mut memory = Memory::zeroed(config.bytes());
        <$structure>::format(&mut memory, config).unwrap();
        Fixture {
            name: $name,
            memory,
            steps: std::vec![$(|memory| {
                let step: fn($structure) = $step;
                step(<$structure>::open(memory).unwrap());
            }),+],
            open: |memory| Ok(<$structure>::open(memory)?.sections().collect()),
            alone: std::vec![$(Alone {
                section: $section,
                bytes: ($bytes).into_iter().collect(),
                reason: $reason,
            }),*],
        }
    }};
}

impl Fixture {
    /// The structure empty, and after each step.
    fn images(&self) -> Vec<Memory> {
        let mut memory = self.memory.clone();
        let mut images = std::vec![memory.clone()];
        for step in &self.steps {
            step(&mut memory);
            images.push(memory.clone());
        }
        images
    }

    /// Section and offset in it of each byte behind the header.
    fn places(&self) -> Vec<(&'static str, usize)> {
        let sections = (self.open)(&mut self.memory.clone()).unwrap();
        let places = sections
            .into_iter()
            .flat_map(|(name, bytes)| (0..bytes).map(move |at| (name, at)));
        places.skip(HEADER_BYTES).collect()
    }

    /// Changes every bit that nothing keeps, one at a time; what opened where it must not.
    fn unseen(&self) -> Vec<String> {
        let images = self.images();
        let places = self.places();
        assert_eq!(
            places.len() + HEADER_BYTES,
            self.memory.len(),
            "{}",
            self.name
        );
        let mut opened = BTreeMap::new();
        let mut needed = std::vec![false; self.alone.len()];
        for (step, image) in images.iter().enumerate() {
            let mut memory = image.clone();
            (self.open)(&mut memory).unwrap();
            for (&(section, at), byte) in places.iter().zip(HEADER_BYTES..) {
                let is_unused = image[byte] == 0 && images.iter().any(|other| other[byte] != 0);
                if step != 0 && !is_unused {
                    continue;
                }
                for bit in 0..8 {
                    memory[byte] ^= 1 << bit;
                    match (self.open)(&mut memory) {
                        Err(error) => assert_eq!(error, BlockError::Corrupt, "{section} {at}"),
                        Ok(_) => {
                            let alone = self
                                .alone
                                .iter()
                                .position(|a| a.section == section && a.bytes.contains(&at));
                            match alone {
                                Some(alone) => needed[alone] = true,
                                None => {
                                    let first = opened.entry((step, section)).or_insert((at, 0));
                                    first.1 += 1;
                                }
                            }
                        }
                    }
                    memory[byte] ^= 1 << bit;
                }
            }
        }
        let opened = opened.into_iter().map(|((step, section), (at, bits))| {
            let name = self.name;
            std::format!("{name}, step {step}: {bits} bits of {section}, the first in byte {at}")
        });
        let needless = self.alone.iter().zip(needed).filter(|(_, needed)| !needed);
        let needless = needless.map(|(alone, _)| {
            let (name, section, reason) = (self.name, alone.section, alone.reason);
            std::format!("{name}: nothing in {section} stands alone as said: {reason}")
        });
        opened.chain(needless).collect()
    }
}

#[test]
fn no_bit_changes_unseen_where_nothing_is_kept() {
    let fixtures = [
        bank(),
        learn(),
        shapes(),
        spike(),
        merkle(),
        log(),
        names(),
        claims(),
    ];
    let unseen: Vec<String> = fixtures
        .iter()
        .flatten()
        .flat_map(Fixture::unseen)
        .collect();
    assert!(unseen.is_empty(), "{unseen:#?}");
}

fn bank() -> Vec<Fixture> {
    use crate::bank::{BankConfig, Element, Layout, Metric, Pattern, PatternBank};

    fn insert(bank: &mut PatternBank<'_>, count: u32) {
        for at in 0..count {
            // Bits are the signs, and no dead slot may look like a row of them.
            let sign = |i: u32| {
                if (i + at).is_multiple_of(2) {
                    1.0
                } else {
                    -1.0
                }
            };
            let vector = [sign(0) * 1.1, sign(1) * 2.3, 3.1 + at as f32];
            let pattern = Pattern {
                label: 0x0101_0101,
                confidence: 0x0303,
                at: 0x0505_0505_0505,
            };
            let id = bank.insert(&vector, pattern).unwrap();
            bank.annotate(id, pattern).unwrap();
        }
    }

    fn remove(bank: &mut PatternBank<'_>, every: usize) {
        let ids: Vec<_> = bank.iter().map(|entry| entry.id).step_by(every).collect();
        for id in ids {
            bank.remove(id).unwrap();
        }
    }

    const SHAPE: BankConfig = BankConfig::new(3, 6).links(2).ef_construction(8);
    fn fixture(name: &'static str, config: BankConfig) -> Fixture {
        let mut fixture = Fixture {
            name,
            ..fixture! {
                "bank": PatternBank<'_> = config,
                steps: [
                    |mut bank| insert(&mut bank, 3),
                    |mut bank| insert(&mut bank, 3),
                    |mut bank| remove(&mut bank, 2),
                    |mut bank| remove(&mut bank, 1),
                ],
                alone: [
                    ("counters", 12..20, "the latest time may be any, as of patterns long gone"),
                    ("counters", 20..24, "an audit may go on from any slot"),
                ],
            }
        };
        if config.has_graph() {
            fixture.alone.push(Alone {
                section: "counters",
                bytes: (24..32).collect(),
                reason: "recall may be measured again at any time and place",
            });
            fixture.alone.push(Alone {
                section: "counters",
                bytes: (40..44).collect(),
                reason: "which queries are unlike the rows may be told by any bound: it chooses walk or scan",
            });
        }
        fixture
    }
    std::vec![
        fixture("bank of bytes", SHAPE),
        fixture(
            "bank of bytes, squared distance",
            SHAPE.metric(Metric::SquaredEuclidean)
        ),
        fixture(
            "bank of both",
            SHAPE.element(Element::I8F32).layout(Layout::Both)
        ),
        fixture("bank of floats", SHAPE.element(Element::F32)),
        fixture("bank of bits", SHAPE.element(Element::Bits)),
        fixture("scanned bank", SHAPE.layout(Layout::Scan)),
    ]
}

fn learn() -> Vec<Fixture> {
    use crate::bank::{BankConfig, PatternBank, PatternId, Scratch, ScratchConfig};
    use crate::learn::{
        ExtractConfig, Extractor, FeatureConfig, Features, Normaliser, NormaliserConfig, Outcome,
        RouteConfig, Router, Trajectory, TrajectoryConfig, TrajectoryRing,
    };
    const BANK: BankConfig = BankConfig::new(2, 5);

    fn trajectory(vector: &[f32], at: u64) -> Trajectory<'_> {
        Trajectory {
            vector,
            outcome: Outcome {
                label: 0x0101_0101 + at as u32,
                latency_us: 0x0303_0303,
                energy_spent: 0x0505_0505,
                energy_earned: 0x0707_0707,
                success: true,
                executor: 0x0909,
                at: 0x0101_0101_0101_0101 * at,
            },
        }
    }

    fn record(mut ring: TrajectoryRing<'_>, count: u64) {
        for at in 1..=count {
            ring.record(&trajectory(&[1.1, -2.3, 3.7], at)).unwrap();
        }
    }

    fn learn(mut extractor: Extractor<'_>, count: u64) {
        const SCRATCH: ScratchConfig = ScratchConfig::new(&BANK, 4);
        let mut bank = Memory::zeroed(BANK.bytes());
        let mut bank = PatternBank::format(&mut bank, BANK).unwrap();
        let mut scratch = Memory::zeroed(SCRATCH.bytes());
        let mut scratch = Scratch::format(&mut scratch, SCRATCH).unwrap();
        for at in 1..=count {
            let new = trajectory(&[1.1, -2.3], at);
            extractor.learn(&mut bank, &new, &mut scratch).unwrap();
        }
    }

    fn outcomes(mut router: Router<'_>, patterns: u64) {
        for slot in 0..patterns {
            let id = PatternId::from_u64(0x0101_0101 << 32 | slot);
            for executor in 0..3 {
                router.record(id, executor, true).unwrap();
            }
        }
    }

    std::vec![
        fixture! {
            "features": Features<'_> = FeatureConfig::new(3, 10_000),
            steps: [
                |mut features| {
                    for sample in [[1.1, 3.3, -2.3], [1.3, -5.1, 7.7], [0.7, 9.1, -7.7]] {
                        features.push(&sample).unwrap();
                    }
                },
                |mut features| features.reset(),
            ],
            alone: [("count", 0..4, "as many samples of zero leave nothing else behind")],
        },
        fixture! {
            "normaliser": Normaliser<'_> = NormaliserConfig::new(3),
            steps: [|mut normaliser| {
                normaliser.update(&[1.1, 0.3, -2.3]).unwrap();
                normaliser.update(&[0.3, 5.9, -7.7]).unwrap();
            }],
            alone: [("count", 0..4, "as many vectors of zeros leave nothing else behind")],
        },
        fixture! {
            "trajectories": TrajectoryRing<'_> = TrajectoryConfig::new(3, 5),
            steps: [|ring| record(ring, 2), |ring| record(ring, 4)],
            alone: [],
        },
        fixture! {
            "extractor": Extractor<'_> = ExtractConfig::new(&BANK),
            steps: [|extractor| learn(extractor, 2), |extractor| learn(extractor, 5)],
            alone: [],
        },
        fixture! {
            "router": Router<'_> = RouteConfig::new(&BANK, 3),
            steps: [|router| outcomes(router, 2), |router| outcomes(router, 5)],
            alone: [],
        },
    ]
}

fn shapes() -> Vec<Fixture> {
    use crate::bank::{BankConfig, Layout, Pattern, PatternBank, Scratch, ScratchConfig};
    use crate::learn::vector::QUANTUM;
    use crate::learn::{Recogniser, RecogniserConfig, Stream, StreamConfig};
    use crate::node::{Episode, EpisodeConfig};
    use crate::spike::SpikeTrains;

    const STREAM: StreamConfig = StreamConfig::new(2, 16);
    const SHAPE: RecogniserConfig = RecogniserConfig::new(&STREAM, 3).merge(0.0).scores(8);

    fn push(stream: &mut Stream<'_>, count: i16) {
        for at in 0..count {
            let wave = f32::from(at % 17 * (at % 17) % 17) - 7.7;
            stream.push(&[wave, 3.3 - wave * 1.7]).unwrap();
        }
    }

    /// A vector in whole steps, in sixteen bits of which no byte is zero.
    fn vector(at: u32) -> [f32; 16] {
        core::array::from_fn(|i| (0x101 * (1 + i as u32 + 3 * at)) as f32 * QUANTUM)
    }

    fn learn(mut recogniser: Recogniser<'_>, from: u32, count: u32) {
        let config = recogniser.config();
        let mut bank = Memory::zeroed(config.bank().bytes());
        let mut bank = PatternBank::format(&mut bank, config.bank()).unwrap();
        for at in from..from + count {
            let pattern = Pattern {
                label: at,
                ..Pattern::default()
            };
            let mut work = [0.0; 16];
            recogniser
                .learn(&mut bank, &vector(at), pattern, &mut work)
                .unwrap();
        }
    }

    fn score(mut recogniser: Recogniser<'_>, count: u32) {
        for at in 0..count {
            recogniser.watch(1.1 + at as f32);
        }
    }

    fn recogniser(name: &'static str, config: RecogniserConfig) -> Fixture {
        Fixture {
            name,
            ..fixture! {
                "recogniser": Recogniser<'_> = config,
                steps: [
                    |recogniser| learn(recogniser, 0, 2),
                    |recogniser| learn(recogniser, 2, 3),
                    |recogniser| score(recogniser, 3),
                    |recogniser| score(recogniser, 6),
                ],
                alone: [
                    ("state", 16..20, "so many scores may be zero"),
                    ("mean", 0..64, "vectors may be any"),
                ],
            }
        }
    }

    fn attend(mut episode: Episode<'_>, count: u32) {
        const BANK: BankConfig = BankConfig::new(3, 4);
        const SCRATCH: ScratchConfig = ScratchConfig::new(&BANK, 4);
        let mut bank = Memory::zeroed(BANK.bytes());
        let mut bank = PatternBank::format(&mut bank, BANK).unwrap();
        let mut scratch = Memory::zeroed(SCRATCH.bytes());
        let mut scratch = Scratch::format(&mut scratch, SCRATCH).unwrap();
        let mut trains = Memory::zeroed(episode.config().trains().bytes());
        let mut trains = SpikeTrains::format(&mut trains, episode.config().trains()).unwrap();
        let vector = [1.1, -2.3, 0.7];
        // A slot that was used before gives its pattern an id whose bytes are not zero.
        for _ in 0..=4 {
            let id = bank.insert(&vector, Pattern::default()).unwrap();
            bank.remove(id).unwrap();
        }
        bank.insert(&vector, Pattern::default()).unwrap();
        bank.insert(&vector, Pattern::default()).unwrap();
        for _ in 0..count {
            let hits = bank.search(&vector, 2, &mut scratch).unwrap();
            episode.attend(&vector, &hits, |similarity| similarity, &mut trains);
        }
    }

    std::vec![
        fixture! {
            // Of a seed for which it keeps kernels.
            "stream": Stream<'_> = STREAM.seed(7),
            steps: [
                |mut stream| {
                    stream.calibrate(&[1.1, -3.3, 2.7, 5.1, -0.3, 7.7]).unwrap();
                },
                |mut stream| stream.end_recording(),
                |mut stream| stream.freeze().unwrap(),
                |mut stream| push(&mut stream, 3),
                |mut stream| push(&mut stream, 200),
                |mut stream| stream.reset(),
            ],
            alone: [
                ("state", 0..24, "a count may be any up to another"),
                ("ring", 0..1032, "samples may be any"),
                ("sums", 0..64, "so many samples may add as much to any sum"),
            ],
        },
        recogniser("recogniser", SHAPE),
        recogniser("recogniser of a graph", SHAPE.layout(Layout::Graph)),
        fixture! {
            "episode": Episode<'_> = EpisodeConfig::new(3, 3, 2),
            steps: [
                |episode| attend(episode, 2),
                |episode| attend(episode, 3),
                |mut episode| episode.clear(),
            ],
            alone: [("count", 0..4, "so many windows may be zero and have recalled nothing")],
        },
    ]
}

fn spike() -> Vec<Fixture> {
    use crate::spike::{Polarity, SpikeConfig, SpikeTrains};

    fn fill(mut trains: SpikeTrains<'_>, count: usize, negative: bool) {
        trains.start(count).unwrap();
        for address in 0..count {
            for time in 0..11 {
                trains.mark(address, time, negative).unwrap();
            }
        }
    }

    std::vec![
        fixture! {
            "positive trains": SpikeTrains<'_> = SpikeConfig::new(5, 11).polarity(Polarity::Positive),
            steps: [
                |trains| fill(trains, 2, false),
                |trains| fill(trains, 5, false),
                |mut trains| trains.clear(),
            ],
            alone: [("count", 0..4, "so many trains may be silent")],
        },
        fixture! {
            "trains of a polarity": SpikeTrains<'_> = SpikeConfig::new(21, 11),
            steps: [
                |trains| fill(trains, 10, true),
                |trains| fill(trains, 21, true),
                |mut trains| trains.clear(),
            ],
            alone: [("count", 0..4, "so many trains may be silent")],
        },
        fixture! {
            "trains of polarities": SpikeTrains<'_> = SpikeConfig::new(5, 11).polarity(Polarity::PerSpike),
            steps: [
                |trains| fill(trains, 2, true),
                |trains| fill(trains, 5, true),
                |mut trains| trains.clear(),
            ],
            alone: [("count", 0..4, "so many trains may be silent")],
        },
    ]
}

fn merkle() -> Vec<Fixture> {
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

fn log() -> Vec<Fixture> {
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

fn claims() -> Vec<Fixture> {
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

fn names() -> Vec<Fixture> {
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
