//! The recogniser on public sets of recordings, beside the nearest neighbour and warping.
//!
//! A case is a set, `mean` of them, or what is asked besides: `few`, `novelty`, `speed`, `graph`,
//! `memory`. The sets lie in the folder that `--data` names, or `SENSILLA_BENCH_DATA`, or beside the
//! project in `shared/recognition/sets`, as `.ts.xz` or `.ts`. What takes minutes is behind `--long`.

mod machine;
mod measures;
mod neighbours;
mod sets;

use crate::harness::Bench;
use anyhow::Result;
use machine::{Machine, Room, Size};
use sensilla::bank::Layout;
use sensilla::learn::{RecogniserConfig, StreamConfig};
use sets::{Set, order};
use std::time::Instant;

/// The sets of the study on which it was designed.
const SETS: [&str; 11] = [
    "ACSF1",
    "ArrowHead",
    "BasicMotions",
    "GunPoint",
    "ItalyPowerDemand",
    "JapaneseVowels",
    "OSULeaf",
    "PLAID",
    "Coffee",
    "PigCVP",
    "WatchExercises",
];
/// The first four bytes of the SHA-256 of `sensilla sketch 1` to `6`.
const SEEDS: [u32; 6] = [
    0x3042_690d,
    0xda9e_dd49,
    0x50c4_990c,
    0x6e18_2e6c,
    0x3f40_758c,
    0x08b0_36fa,
];
const SIZES: [Size; 2] = [Size::Small, Size::Large];
/// Examples a class that the case `few` learns from, and how often they are drawn.
const FEW: usize = 5;
const DRAWS: u32 = 10;

pub fn run(bench: &mut Bench) -> Result<()> {
    let folder = sets::folder(bench.data())?;
    let mut sets = Vec::new();
    for name in SETS {
        match Set::read(&folder, name)? {
            Some(set) => sets.push(set),
            None => bench.note(format!("{} has no {name}", folder.display())),
        }
    }
    accuracy(bench, &sets);
    few(bench, &sets);
    novelty(bench, &sets);
    speed(bench);
    graph(bench);
    memory(bench);
    Ok(())
}

/// The sizes that the command line asks for.
fn wanted(bench: &Bench) -> Vec<Size> {
    let sizes = SIZES.into_iter().filter(|size| bench.wants(size.name()));
    sizes.collect()
}

/// Accuracy on every set, six seeds in hashed order, and how far confidence is from it.
fn accuracy(bench: &mut Bench, sets: &[Set]) {
    let seeds = if bench.quick() {
        &SEEDS[..1]
    } else {
        &SEEDS[..]
    };
    let mut means = Means::default();
    for set in sets {
        let case = set.name.to_lowercase();
        if !bench.wants_case(&case) && !bench.wants_case("mean") {
            continue;
        }
        for size in wanted(bench) {
            bench.progress(format!("{case}: {}", size.name()));
            let (mut right, mut prequential) = (Vec::new(), Vec::new());
            let mut answers = Vec::new();
            for &seed in seeds {
                let mut room = Room::new(set.train[0].channels, size, seed);
                let (mut machine, recalls) = Machine::learned(&mut room, set);
                prequential.push(recalls);
                let own = answers.len();
                answers.extend(set.test.iter().map(|recording| {
                    let found = machine.recall(recording);
                    (f64::from(found.confidence), found.label == recording.label)
                }));
                right.push(measures::share(&answers[own..]));
            }
            let mean = measures::mean(&right);
            let ece = measures::calibration_error(&mut answers);
            bench.row(&case, size.name(), "accuracy", mean, "");
            bench.row(
                &case,
                size.name(),
                "deviation",
                measures::deviation(&right),
                "",
            );
            bench.row(
                &case,
                size.name(),
                "prequential",
                measures::mean(&prequential),
                "",
            );
            bench.row(&case, size.name(), "ece", ece, "");
            means.take(size.name(), "accuracy", mean);
            means.take(size.name(), "ece", ece);
        }
        let classic: [(&str, bool, neighbours::Distance); 2] = [
            ("1-nn", false, neighbours::euclidean),
            ("1-nn-dtw", true, neighbours::warped),
        ];
        for (name, is_long, distance) in classic {
            if bench.wants(name) && (bench.long() || !is_long) {
                bench.progress(format!("{case}: {name}"));
                let share = neighbours::accuracy(set, distance);
                bench.row(&case, name, "accuracy", share, "");
                means.take(name, "accuracy", share);
            }
        }
    }
    if sets.len() == SETS.len() && bench.wants_case("mean") {
        means.rows(bench, "mean");
    }
}

/// Accuracy from a few examples of each class, calibrated by these alone.
fn few(bench: &mut Bench, sets: &[Set]) {
    if !bench.wants_case("few") {
        return;
    }
    let mut means = Means::default();
    for set in sets.iter().filter(|set| set.fewest() >= FEW) {
        for size in wanted(bench) {
            bench.progress(format!("few: {} {}", set.name, size.name()));
            let draws = if bench.quick() { 1 } else { DRAWS };
            let shares: Vec<f64> = (0..draws)
                .map(|draw| {
                    let drawn = set.drawn(FEW, draw);
                    let mut room = Room::new(set.train[0].channels, size, SEEDS[0]);
                    let (mut machine, _) = Machine::learned(&mut room, &drawn);
                    let right = set
                        .test
                        .iter()
                        .filter(|r| machine.recall(r).label == r.label);
                    let right = right.count();
                    right as f64 / set.test.len() as f64
                })
                .collect();
            means.take(size.name(), "accuracy", measures::mean(&shares));
        }
    }
    means.rows(bench, "few");
}

/// How well novelty tells a class that was never learned from those that were.
fn novelty(bench: &mut Bench, sets: &[Set]) {
    if !bench.wants_case("novelty") {
        return;
    }
    let mut means = Means::default();
    for set in sets.iter().filter(|set| set.classes() > 2) {
        for size in wanted(bench) {
            bench.progress(format!("novelty: {} {}", set.name, size.name()));
            let step = if bench.quick() {
                set.classes().div_ceil(4)
            } else {
                1
            };
            let areas: Vec<f64> = (0..set.classes())
                .step_by(step as usize)
                .filter_map(|class| {
                    let mut room = Room::new(set.train[0].channels, size, SEEDS[0]);
                    let (mut machine, _) = Machine::learned(&mut room, &set.without(class));
                    let (mut known, mut strange) = (Vec::new(), Vec::new());
                    for recording in &set.test {
                        let score = f64::from(machine.recall(recording).novelty);
                        match recording.label == class {
                            true => strange.push(score),
                            false => known.push(score),
                        }
                    }
                    (!strange.is_empty()).then(|| measures::area(&known, &strange))
                })
                .collect();
            means.take(size.name(), "auc", measures::mean(&areas));
        }
    }
    means.rows(bench, "novelty");
}

/// Windows of six channels and a hundred samples a second.
fn speed(bench: &mut Bench) {
    if !bench.wants_case("speed") {
        return;
    }
    let set = Set::drawn_waves(6, 100, 8, 400);
    let samples = (set.train.len() * 100) as f64;
    for size in wanted(bench) {
        bench.progress(format!("speed: {}", size.name()));
        let mut room = Room::new(6, size, SEEDS[0]);
        let mut machine = Machine::calibrated(&mut room, &set);
        let start = Instant::now();
        let vectors: Vec<Vec<f32>> = set.train.iter().map(|r| machine.vector(r)).collect();
        let push = start.elapsed().as_secs_f64();
        let start = Instant::now();
        for (vector, recording) in vectors.iter().zip(&set.train) {
            machine.learn(vector, recording.label);
        }
        let learn = start.elapsed().as_secs_f64();
        machine.refresh();
        let start = Instant::now();
        for vector in &vectors {
            std::hint::black_box(machine.recall_vector(vector));
        }
        let recall = start.elapsed().as_secs_f64();
        let windows = vectors.len() as f64;
        bench.row(
            "speed",
            size.name(),
            "push",
            push / samples * 1e9,
            "ns a sample",
        );
        bench.row(
            "speed",
            size.name(),
            "learn",
            windows / (push + learn),
            "windows/s",
        );
        bench.row(
            "speed",
            size.name(),
            "recall",
            windows / (push + recall),
            "windows/s",
        );
        bench.row(
            "speed",
            size.name(),
            "learn-vector",
            learn / windows * 1e6,
            "us",
        );
        bench.row(
            "speed",
            size.name(),
            "recall-vector",
            recall / windows * 1e6,
            "us",
        );
        bench.row(
            "speed",
            size.name(),
            "patterns",
            machine.patterns() as f64,
            "",
        );
    }
}

/// A store that merges nothing: recalls by a scan and through the graph, one after the other.
fn graph(bench: &mut Bench) {
    const WINDOWS: u32 = 6_000;
    if bench.quick() || !bench.wants_case("graph") {
        return;
    }
    let (mut set, stream) = (
        Set::drawn_waves(3, 60, 12, WINDOWS + 500),
        StreamConfig::large(3),
    );
    let test = set.train.split_off(WINDOWS as usize);
    let layouts = [("scan", Layout::Scan), ("graph", Layout::Graph)];
    for (name, layout) in layouts
        .into_iter()
        .filter(|(name, _)| bench.wants(name))
        .collect::<Vec<_>>()
    {
        bench.progress(format!("graph: {name}"));
        let recogniser = RecogniserConfig::new(&stream, WINDOWS)
            .merge(0.0)
            .layout(layout);
        let mut room = Room::with(stream, recogniser);
        let mut machine = Machine::calibrated(&mut room, &set);
        let start = Instant::now();
        for recording in &set.train {
            let vector = machine.vector(recording);
            machine.learn(&vector, recording.label);
        }
        machine.refresh();
        let learn = start.elapsed().as_secs_f64();
        let vectors: Vec<Vec<f32>> = test.iter().map(|r| machine.vector(r)).collect();
        let start = Instant::now();
        let right = vectors
            .iter()
            .zip(&test)
            .filter(|(vector, recording)| machine.recall_vector(vector).label == recording.label)
            .count();
        let recall = start.elapsed().as_secs_f64();
        bench.row("graph", name, "patterns", machine.patterns() as f64, "");
        bench.row(
            "graph",
            name,
            "accuracy",
            right as f64 / test.len() as f64,
            "",
        );
        bench.row(
            "graph",
            name,
            "recall-vector",
            recall / test.len() as f64 * 1e6,
            "us",
        );
        bench.row(
            "graph",
            name,
            "learn",
            learn / f64::from(WINDOWS) * 1e6,
            "us",
        );
    }
}

/// Bytes of stream, recogniser and bank.
fn memory(bench: &mut Bench) {
    if !bench.wants_case("memory") {
        return;
    }
    for size in wanted(bench) {
        for channels in [1, 6, 13] {
            let metric = format!("bytes-{channels}");
            bench.row(
                "memory",
                size.name(),
                &metric,
                size.bytes(channels) as f64,
                "bytes",
            );
        }
    }
}

/// Values of several sets, by contender and metric.
#[derive(Default)]
struct Means(Vec<(String, String, Vec<f64>)>);

impl Means {
    fn take(&mut self, contender: &str, metric: &str, value: f64) {
        let known = self
            .0
            .iter_mut()
            .find(|m| m.0 == contender && m.1 == metric);
        match known {
            Some((_, _, values)) => values.push(value),
            None => self.0.push((contender.into(), metric.into(), vec![value])),
        }
    }

    fn rows(&self, bench: &mut Bench, case: &str) {
        for (contender, metric, values) in &self.0 {
            bench.row(case, contender, metric, measures::mean(values), "");
        }
    }
}
