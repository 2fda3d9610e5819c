//! From a signal to features, from attempts to patterns and routes: most of it is floating point.

use crate::transcript::Transcript;
use crate::{Hex, Report, draw::Draw};
use sensilla::bank::{BankConfig, Pattern, PatternBank, Scratch, ScratchConfig};
use sensilla::learn::{
    ExtractConfig, Extractor, FeatureConfig, Features, Normaliser, NormaliserConfig, Outcome,
    Recogniser, RecogniserConfig, Route, RouteConfig, Router, Stream, StreamConfig, Trajectory,
    TrajectoryConfig, TrajectoryRing, rank,
};

const FEATURES: FeatureConfig = FeatureConfig::new(3, 10_000);
const DIMENSIONS: usize = FEATURES.dimensions() as usize;
const NORMALISER: NormaliserConfig = NormaliserConfig::new(FEATURES.dimensions());

/// Features of windows of noise on a wave, then their z-scores.
pub fn features(room: &mut [u8], report: &mut dyn Report) {
    let (first, second) = room.split_at_mut(FEATURES.bytes());
    let mut features = Features::format(first, FEATURES).unwrap();
    let mut normaliser = Normaliser::format(second, NORMALISER).unwrap();
    let mut draw = Draw::new(2);
    let mut raw = Transcript::new();
    let mut scored = Transcript::new();
    let mut vector = [0.0; DIMENSIONS];
    for window in 0..8_u32 {
        for i in 0..100_u32 {
            let wave = (i * (window + 1) % 32) as f32 / 16.0 - 1.0;
            let noise = draw.signed();
            features
                .push(&[wave + 0.25 * noise, 9.81 - wave * noise, noise * 1e-3])
                .unwrap();
        }
        raw.shown(&features.push(&[f32::NAN, 0.0, 0.0]));
        features.finish(&mut vector).unwrap();
        vector.iter().for_each(|&x| raw.float(x));
        normaliser.update(&vector).unwrap();
        normaliser.apply(&mut vector).unwrap();
        vector.iter().for_each(|&x| scored.float(x));
    }
    report.line("learn/features", &Hex(&raw.finish()));
    report.line("learn/z-scores", &Hex(&scored.finish()));
    report.line("learn/normaliser", &Hex(&normaliser.seal()));
}

const BANK: BankConfig = BankConfig::new(16, 24);
const RING: TrajectoryConfig = TrajectoryConfig::new(16, 32);
const EXTRACT: ExtractConfig = ExtractConfig::new(&BANK).threshold(0.6).evict(true);
const ROUTE: RouteConfig = RouteConfig::new(&BANK, 3);
const SCRATCH: ScratchConfig = ScratchConfig::new(&BANK, 8);

/// Trajectories around a few tasks, merged into patterns, by which the next executor is chosen.
pub fn trajectories(room: &mut [u8], report: &mut dyn Report) {
    let (memory, room) = room.split_at_mut(BANK.bytes());
    let mut bank = PatternBank::format(memory, BANK).unwrap();
    let (memory, room) = room.split_at_mut(RING.bytes());
    let mut ring = TrajectoryRing::format(memory, RING).unwrap();
    let (memory, room) = room.split_at_mut(EXTRACT.bytes());
    let mut extractor = Extractor::format(memory, EXTRACT).unwrap();
    let (memory, room) = room.split_at_mut(ROUTE.bytes());
    let mut router = Router::format(memory, ROUTE).unwrap();
    let mut scratch = Scratch::format(room, SCRATCH).unwrap();

    let mut draw = Draw::new(6);
    let mut tasks = [[0.0; 16]; 6];
    tasks.iter_mut().for_each(|task| draw.fill(task));
    let mut said = Transcript::new();
    for i in 0..150_u32 {
        let task = draw.below(6);
        let vector = tasks[task as usize].map(|x| x + 0.6 * draw.signed());
        let executor = draw.below(3) as u16;
        let trajectory = Trajectory {
            vector: &vector,
            outcome: Outcome {
                label: task % 3,
                latency_us: 100 + draw.below(10_000),
                energy_spent: 1 + draw.below(50),
                energy_earned: draw.below(90),
                success: draw.below(3) as u16 >= executor,
                executor,
                at: 1_000 * u64::from(i),
            },
        };
        said.shown(&ring.record(&trajectory));
        let learned = extractor
            .learn(&mut bank, &trajectory, &mut scratch)
            .unwrap();
        said.shown(&learned);
        said.shown(&extractor.statistics(learned.id()));
        router
            .record(learned.id(), executor, trajectory.outcome.success)
            .unwrap();
        let hits = bank.search(&vector, 4, &mut scratch).unwrap();
        let mut ranked = [None; 4];
        rank(&hits, &mut ranked);
        said.shown(&ranked);
        let mut routes = [Route::default(); 3];
        said.shown(&router.route(&hits, &[2, 0, 1], &mut routes));
    }
    said.shown(&ring.totals());
    for q in [0.0, 0.5, 0.95, 1.0] {
        said.shown(&ring.latency_quantile(q));
    }
    report.line("learn/trajectories", &Hex(&said.finish()));
    report.line("learn/ring", &Hex(&ring.seal()));
    report.line("learn/extractor", &Hex(&extractor.seal()));
    report.line("learn/patterns", &Hex(&bank.seal()));
    report.line("learn/router", &Hex(&router.seal()));
}

/// Waves of four kinds, as vectors of two sketches, learned and recalled one after the other: each is
/// recalled and recorded before it is learned.
pub fn recogniser(room: &mut [u8], report: &mut dyn Report) {
    const STREAM: StreamConfig = StreamConfig::new(3, 64).sketches(2).seed(9);
    const SMALL: StreamConfig = StreamConfig::small(3);
    const RECOGNISER: RecogniserConfig = RecogniserConfig::new(&STREAM, 12);
    const RECALL: ScratchConfig = ScratchConfig::new(&RECOGNISER.bank(), 8);
    let (memory, room) = room.split_at_mut(STREAM.bytes());
    let mut stream = Stream::format(memory, STREAM).unwrap();
    let (memory, room) = room.split_at_mut(SMALL.bytes());
    let mut small = Stream::format(memory, SMALL).unwrap();
    let (memory, room) = room.split_at_mut(RECOGNISER.bytes());
    let mut recogniser = Recogniser::format(memory, RECOGNISER).unwrap();
    let (memory, room) = room.split_at_mut(RECOGNISER.bank().bytes());
    let mut bank = PatternBank::format(memory, RECOGNISER.bank()).unwrap();
    let mut scratch = Scratch::format(room, RECALL).unwrap();

    let mut draw = Draw::new(14);
    let mut wave = |kind: u32, i: u32| {
        let value = (i * (kind + 1) % 32) as f32 / 16.0 - 1.0;
        [
            value + 0.5 * draw.signed(),
            9.81 - value * draw.signed(),
            (kind % 2) as f32 * 1e-3 * draw.signed(),
        ]
    };
    for kind in 0..4 {
        for i in 0..60 {
            let sample = wave(kind, i);
            stream.calibrate(&sample).unwrap();
            small.calibrate(&sample).unwrap();
        }
        stream.end_recording();
        small.end_recording();
    }
    stream.freeze().unwrap();
    small.freeze().unwrap();
    let (mut vectors, mut said) = (Transcript::new(), Transcript::new());
    let (mut vector, mut work) = ([0.0; 64], [0.0; 64]);
    for window in 0..60_u32 {
        let label = window % 4;
        let mut samples = [0.0; 3 * 90];
        for (i, place) in (0..).zip(samples.as_chunks_mut().0) {
            *place = wave(label, i);
        }
        for sample in samples.as_chunks::<3>().0 {
            small.push(sample).unwrap();
        }
        small.finish(&mut vector).unwrap();
        vector.iter().for_each(|&x| vectors.float(x));
        stream.push_all(&samples).unwrap();
        stream.finish(&mut vector).unwrap();
        vector.iter().for_each(|&x| vectors.float(x));

        recogniser.refresh(&mut bank, &mut work).unwrap();
        let found = recogniser
            .recall(bank.as_ref(), &vector, &mut work, &mut scratch)
            .unwrap();
        if let Some(found) = found {
            recogniser.record(&found, label);
            for value in [found.distance, found.other, found.novelty] {
                said.float(value);
            }
            for value in [found.rarity, found.confidence, found.margin()] {
                said.float(value);
            }
            said.shown(&found.id);
            said.shown(&recogniser.watch(found.novelty));
        }
        let pattern = Pattern {
            label,
            confidence: window as u16,
            at: u64::from(window),
        };
        said.shown(&recogniser.learn(&mut bank, &vector, pattern, &mut work));
    }
    said.shown(&recogniser.record_of());
    report.line("learn/vectors", &Hex(&vectors.finish()));
    report.line("learn/recognised", &Hex(&said.finish()));
    report.line("learn/stream", &Hex(&stream.seal()));
    report.line("learn/recogniser", &Hex(&recogniser.seal()));
    report.line("learn/rows", &Hex(&bank.seal()));
}
