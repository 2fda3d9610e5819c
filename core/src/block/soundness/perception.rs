//! The structures of perception: banks, learning, spikes.

use super::{Alone, Fixture, Memory};
use std::vec::Vec;

pub(super) fn bank() -> Vec<Fixture> {
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

pub(super) fn learn() -> Vec<Fixture> {
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

pub(super) fn shapes() -> Vec<Fixture> {
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

pub(super) fn spike() -> Vec<Fixture> {
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
