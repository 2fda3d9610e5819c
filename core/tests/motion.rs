//! Features, learning and recall on the recordings of `examples/activity`: the numbers that the
//! design was chosen by.

use sensilla::bank::{BankConfig, Element, Layout, PatternBank, Scratch, ScratchConfig};
use sensilla::block::Memory;
use sensilla::learn::{
    ExtractConfig, Extractor, FeatureConfig, Features, Normaliser, NormaliserConfig, Outcome,
    Trajectory, cosine,
};
use std::ops::Range;

struct Recording {
    channels: Vec<Vec<f32>>,
    label: u32,
}

fn recordings(name: &str) -> Vec<Recording> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/activity/data");
    let text = std::fs::read_to_string(format!("{folder}/BasicMotions_{name}.ts")).unwrap();
    let data = text
        .lines()
        .filter(|l| !l.starts_with(['#', '@']) && !l.is_empty());
    data.map(|line| {
        let mut parts: Vec<&str> = line.trim().split(':').collect();
        let label = match parts.pop().unwrap() {
            "Standing" => 0,
            "Running" => 1,
            "Walking" => 2,
            "Badminton" => 3,
            other => panic!("unknown activity {other}"),
        };
        let numbers = |part: &str| part.split(',').map(|x| x.parse().unwrap()).collect();
        Recording {
            channels: parts.into_iter().map(numbers).collect(),
            label,
        }
    })
    .collect()
}

/// Raw features of each recording.
fn embed(recordings: &[Recording], channels: &Range<usize>) -> Vec<(Vec<f32>, u32)> {
    let config = FeatureConfig::new(channels.len() as u32, 10_000);
    let mut block = Memory::zeroed(config.bytes());
    let mut features = Features::format(&mut block, config).unwrap();
    let one = |r: &Recording| {
        for t in 0..r.channels[0].len() {
            let sample: Vec<f32> = channels.clone().map(|c| r.channels[c][t]).collect();
            features.push(&sample).unwrap();
        }
        let mut out = vec![0.0; features.dimensions()];
        features.finish(&mut out).unwrap();
        (out, r.label)
    };
    recordings.iter().map(one).collect()
}

fn trajectory(vector: &[f32], label: u32, at: u64) -> Trajectory<'_> {
    Trajectory {
        vector,
        outcome: Outcome {
            label,
            latency_us: 100,
            energy_spent: 1,
            energy_earned: 1,
            success: true,
            executor: 0,
            at,
        },
    }
}

/// A bank, its extractor and the statistics, learning in one pass.
struct Learner<'m> {
    normaliser: Normaliser<'m>,
    bank: PatternBank<'m>,
    extractor: Extractor<'m>,
    scratch: Scratch<'m>,
}

fn with_learner<T>(dimensions: u32, run: impl FnOnce(Learner<'_>) -> T) -> T {
    let bank = BankConfig::new(dimensions, 64)
        .element(Element::I8)
        .layout(Layout::Scan);
    let extract = ExtractConfig::new(&bank);
    let scratch = ScratchConfig::new(&bank, 8);
    let normaliser = NormaliserConfig::new(dimensions);
    let mut memories = [
        bank.bytes(),
        extract.bytes(),
        scratch.bytes(),
        normaliser.bytes(),
    ]
    .map(Memory::zeroed);
    let [a, b, c, d] = memories.each_mut().map(|m| &mut m[..]);
    run(Learner {
        bank: PatternBank::format(a, bank).unwrap(),
        extractor: Extractor::format(b, extract).unwrap(),
        scratch: Scratch::format(c, scratch).unwrap(),
        normaliser: Normaliser::format(d, normaliser).unwrap(),
    })
}

impl Learner<'_> {
    fn recall(&mut self, raw: &[f32]) -> Option<u32> {
        let mut z = raw.to_vec();
        self.normaliser.apply(&mut z).ok()?;
        let hits = self.bank.search(&z, 1, &mut self.scratch).ok()?;
        hits.first().map(|hit| hit.label)
    }

    fn learn(&mut self, raw: &[f32], label: u32, at: u64) {
        let mut z = raw.to_vec();
        self.normaliser.apply(&mut z).unwrap();
        // The first vector of all is its own mean and has no direction.
        if z.iter().any(|&x| x != 0.0) {
            let t = trajectory(&z, label, at);
            self.extractor
                .learn(&mut self.bank, &t, &mut self.scratch)
                .unwrap();
        }
    }
}

#[test]
fn merged_patterns_recall_the_test_recordings() {
    for (name, channels, least) in [
        ("six axes", 0..6, 39),
        ("accelerometer", 0..3, 39),
        ("gyroscope", 3..6, 36),
    ] {
        let train = embed(&recordings("TRAIN"), &channels);
        let test = embed(&recordings("TEST"), &channels);
        let dimensions = train[0].0.len() as u32;
        with_learner(dimensions, |mut learner| {
            for (raw, _) in &train {
                learner.normaliser.update(raw).unwrap();
            }
            for (i, (raw, label)) in train.iter().enumerate() {
                learner.learn(raw, *label, i as u64);
            }
            let right = test
                .iter()
                .filter(|(raw, label)| learner.recall(raw) == Some(*label));
            let right = right.count();
            println!(
                "{name}: {right} of 40 right with {} patterns",
                learner.bank.len()
            );
            assert!(right >= least, "{name}: {right}");
            assert!(learner.bank.len() <= 16, "{name}: {}", learner.bank.len());
        });
    }
}

#[test]
fn the_nearest_training_recording_has_the_label() {
    let train = embed(&recordings("TRAIN"), &(0..6));
    let test = embed(&recordings("TEST"), &(0..6));
    with_learner(64, |mut learner| {
        for (raw, _) in &train {
            learner.normaliser.update(raw).unwrap();
        }
        let z = |raw: &[f32]| {
            let mut z = raw.to_vec();
            learner.normaliser.apply(&mut z).unwrap();
            z
        };
        let base: Vec<_> = train.iter().map(|(raw, label)| (z(raw), *label)).collect();
        let right = test.iter().filter(|(raw, label)| {
            let z = z(raw);
            let near = |v: &Vec<f32>| cosine(v, &z).unwrap();
            let best = base.iter().max_by(|a, b| near(&a.0).total_cmp(&near(&b.0)));
            best.is_some_and(|b| b.1 == *label)
        });
        assert_eq!(right.count(), 40);
    });
}

/// Predict, then learn, one pass, statistics as they come in too: 80 recordings in the files'
/// order, which is sorted by activity, and with the activities in turn.
#[test]
fn learning_on_line_gets_the_last_forty_right() {
    let mut all = embed(&recordings("TRAIN"), &(0..6));
    all.extend(embed(&recordings("TEST"), &(0..6)));
    let by_file: Vec<usize> = (0..80).collect();
    let in_turn: Vec<usize> = (0..80)
        .map(|i| i / 40 * 40 + i % 4 * 10 + i % 40 / 4)
        .collect();
    for (name, order) in [("by file", by_file), ("in turn", in_turn)] {
        with_learner(64, |mut learner| {
            let mut right = Vec::new();
            for (at, &i) in order.iter().enumerate() {
                let (raw, label) = &all[i];
                right.push(learner.recall(raw) == Some(*label));
                learner.normaliser.update(raw).unwrap();
                learner.learn(raw, *label, at as u64);
            }
            let share = |r: &[bool]| r.iter().filter(|x| **x).count() as f32 / r.len() as f32;
            println!(
                "{name}: {} after 20, {} after 40, {} after 80, {} of the last 40, {} patterns",
                share(&right[..20]),
                share(&right[..40]),
                share(&right),
                share(&right[40..]),
                learner.bank.len()
            );
            assert!(share(&right[40..]) >= 0.95, "{name}");
            assert!(learner.bank.len() <= 16, "{name}: {}", learner.bank.len());
        });
    }
}
