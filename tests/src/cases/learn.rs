//! From a signal to features, from attempts to patterns and routes: most of it is floating point.

use crate::transcript::Transcript;
use crate::{Hex, Report, draw::Draw};
use sensilla::bank::{BankConfig, PatternBank, Scratch, ScratchConfig};
use sensilla::learn::{
    ExtractConfig, Extractor, FeatureConfig, Features, Normaliser, NormaliserConfig, Outcome,
    Route, RouteConfig, Router, Trajectory, TrajectoryConfig, TrajectoryRing, rank,
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
