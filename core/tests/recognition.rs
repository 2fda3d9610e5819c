//! The recogniser on recordings: vectors, factor and accuracy of the reference implementation.
//!
//! BasicMotions comes with the repository. The other sets are read from the folder that
//! `SENSILLA_BENCH_DATA` names, as `NAME_TRAIN.ts` and `NAME_TEST.ts`, where it has them.

use sensilla::bank::{Pattern, PatternBank, Scratch, ScratchConfig};
use sensilla::block::Memory;
use sensilla::learn::vector::QUANTUM;
use sensilla::learn::{Recogniser, RecogniserConfig, Stream, StreamConfig};
use std::path::{Path, PathBuf};

/// Values of each channel, and the label.
type Recording = (Vec<Vec<f32>>, String);

fn read(path: &Path) -> Vec<Recording> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(['@', '#']));
    lines
        .map(|line| {
            let (channels, label) = line.rsplit_once(':').unwrap();
            let values = |channel: &str| channel.split(',').map(|v| v.parse().unwrap()).collect();
            (channels.split(':').map(values).collect(), label.to_owned())
        })
        .collect()
}

/// Samples, value by value of each.
fn interleaved(recording: &Recording) -> Vec<f32> {
    let channels = &recording.0;
    (0..channels[0].len())
        .flat_map(|t| channels.iter().map(move |channel| channel[t]))
        .collect()
}

struct Fnv(u64);
impl Fnv {
    fn take(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

/// How the reference recalls: it solves for the query and compares patterns as they were learned,
/// each with its squared norm in the metric.
struct Reference {
    factor: Vec<Vec<f32>>,
    mean: Vec<f32>,
    patterns: Vec<(u32, Vec<i16>, f32)>,
}

impl Reference {
    fn new(recogniser: &Recogniser<'_>, bank: &PatternBank<'_>) -> Self {
        let mean = recogniser.mean().to_vec();
        let mut rest = recogniser.factors();
        let factor = (1..=mean.len()).rev().map(|row| {
            let (head, tail) = rest.split_at(row);
            rest = tail;
            head.to_vec()
        });
        let mut reference = Self {
            factor: factor.collect(),
            mean,
            patterns: Vec::new(),
        };
        for entry in bank.iter() {
            let codes = recogniser.pattern(entry.id).unwrap().to_vec();
            let x: Vec<f32> = codes.iter().map(|&c| f32::from(c) * QUANTUM).collect();
            let (_, norm) = reference.forward(&x);
            reference.patterns.push((entry.label, codes, norm));
        }
        reference
    }

    /// The whitened vector and its square.
    fn forward(&self, x: &[f32]) -> (Vec<f32>, f32) {
        let mut v: Vec<f32> = x.iter().zip(&self.mean).map(|(x, m)| x - m).collect();
        for (k, row) in self.factor.iter().enumerate() {
            v[k] /= row[0];
            for (i, r) in row.iter().enumerate().skip(1) {
                v[k + i] -= r * v[k];
            }
        }
        let square = v.iter().fold(0.0, |s, v| s + v * v);
        (v, square)
    }

    /// Label and squared distance of the nearest pattern.
    fn recall(&self, x: &[f32]) -> (u32, f32) {
        let (mut v, a) = self.forward(x);
        for (k, row) in self.factor.iter().enumerate().rev() {
            let mut s = 0.0;
            for (i, r) in row.iter().enumerate().skip(1) {
                s += r * v[k + i];
            }
            v[k] = (v[k] - s) / row[0];
        }
        let g = v.iter().zip(&self.mean).fold(0.0, |g, (v, m)| g + v * m);
        let mut best = (0, 3e38);
        for (label, codes, norm) in &self.patterns {
            let s = v
                .iter()
                .zip(codes)
                .fold(0.0, |s, (v, &c)| s + v * (f32::from(c) * QUANTUM));
            let e = (a - 2.0 * (s - g)) + norm;
            if e < best.1 {
                best = (*label, e);
            }
        }
        best
    }
}

struct Outcome {
    vectors: u64,
    all: u64,
    /// Share of test recordings that the rows of the bank and the reference recall rightly.
    accuracy: [f64; 2],
}

/// Learns the first file in its order and recalls the second.
fn run(folder: &Path, name: &str, dimensions: u32, patterns: u32) -> Outcome {
    let train = read(&folder.join(format!("{name}_TRAIN.ts")));
    let test = read(&folder.join(format!("{name}_TEST.ts")));
    let mut labels: Vec<&String> = train.iter().map(|r| &r.1).collect();
    labels.sort();
    labels.dedup();
    let number = |label: &String| {
        labels
            .binary_search(&label)
            .map_or(u32::MAX, |at| at as u32)
    };

    let config = StreamConfig::new(train[0].0.len() as u32, dimensions);
    let mut memory = Memory::zeroed(config.bytes());
    let mut stream = Stream::format(&mut memory, config).unwrap();
    for recording in &train {
        stream.calibrate(&interleaved(recording)).unwrap();
        stream.end_recording();
    }
    stream.freeze().unwrap();
    let mut vector = |recording: &Recording| {
        let mut vector = vec![0.0; dimensions as usize];
        stream.push_all(&interleaved(recording)).unwrap();
        stream.finish(&mut vector).unwrap();
        vector
    };
    let [trained, tested] =
        [&train, &test].map(|set| set.iter().map(&mut vector).collect::<Vec<_>>());
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    for x in trained.iter().chain(&tested).flatten() {
        hash.take(&((x * 2048.0) as i16).to_le_bytes());
    }
    let vectors = hash.0;

    let config = RecogniserConfig::new(&config, patterns);
    let mut memory = Memory::zeroed(config.bytes());
    let mut bank_memory = Memory::zeroed(config.bank().bytes());
    let scratch = ScratchConfig::new(&config.bank(), 16);
    let mut scratch_memory = Memory::zeroed(scratch.bytes());
    let mut recogniser = Recogniser::format(&mut memory, config).unwrap();
    let mut bank = PatternBank::format(&mut bank_memory, config.bank()).unwrap();
    let mut scratch = Scratch::format(&mut scratch_memory, scratch).unwrap();
    let mut work = vec![0.0; dimensions as usize];
    for (vector, recording) in trained.iter().zip(&train) {
        let pattern = Pattern {
            label: number(&recording.1),
            ..Pattern::default()
        };
        recogniser
            .learn(&mut bank, vector, pattern, &mut work)
            .unwrap();
    }
    for root in recogniser.factors() {
        hash.take(&root.to_bits().to_le_bytes());
    }
    let reference = Reference::new(&recogniser, &bank);
    recogniser.refresh(&mut bank, &mut work).unwrap();
    let mut right = [0; 2];
    for (vector, recording) in tested.iter().zip(&test) {
        let (label, distance) = reference.recall(vector);
        hash.take(&label.to_le_bytes());
        hash.take(&distance.to_bits().to_le_bytes());
        let found = recogniser.recall(bank.as_ref(), vector, &mut work, &mut scratch);
        let labels = [found.unwrap().unwrap().label, label];
        for (right, label) in right.iter_mut().zip(labels) {
            *right += usize::from(label == number(&recording.1));
        }
    }
    Outcome {
        vectors,
        all: hash.0,
        accuracy: right.map(|right| right as f64 / test.len() as f64),
    }
}

/// Checks what the reference's list says of the sets in the folder that `wanted` takes; how many.
fn check(folder: &Path, wanted: impl Fn(&str) -> bool) -> usize {
    let mut checked = 0;
    for line in include_str!("recognition/digests.txt").lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [name, d, n, accuracy, "vectors", vectors, "all", all] = fields[..] else {
            panic!("{line}");
        };
        let there = folder.join(format!("{name}_TRAIN.ts")).exists();
        if !there || !wanted(name) {
            continue;
        }
        let found = run(
            folder,
            name,
            d[1..].parse().unwrap(),
            n[1..].trim_end_matches(':').parse().unwrap(),
        );
        assert_eq!(
            format!("{:016x}", found.vectors),
            vectors,
            "vectors, {line}"
        );
        assert_eq!(
            format!("{:016x}", found.all),
            all,
            "factor or distances, {line}"
        );
        let [rows, reference] = found.accuracy;
        assert_eq!(format!("{reference:.4}"), accuracy, "{line}");
        eprintln!("{line}: {rows:.4} by rows of eight bits");
        assert!((rows - reference).abs() < 0.04, "{rows}, {line}");
        checked += 1;
    }
    checked
}

#[test]
fn basic_motions_are_those_of_the_reference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/activity/data");
    assert_eq!(check(&folder, |name| name == "BasicMotions"), 2);
}

#[test]
fn other_sets_are_those_of_the_reference() {
    match std::env::var_os("SENSILLA_BENCH_DATA").map(PathBuf::from) {
        Some(folder) => eprintln!("{} lines checked", check(&folder, |_| true)),
        None => eprintln!("no other sets: SENSILLA_BENCH_DATA is not set"),
    }
}
