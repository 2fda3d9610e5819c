//! Spikes, similarity and trajectories beside plain and published ways of doing the same.
//!
//! `original` is built here after the system that this one succeeds: a list of spikes and its
//! allocations for every value, similarity in one dependent loop, trajectories cloned into a vector
//! behind a lock.

use crate::harness::{Bench, Contender};
use crate::memory::Memory;
use crate::random::Random;
use anyhow::Result;
use axon_encoder::prelude::{Encoder, LatencyEncoder};
use sensilla::learn::{Outcome, Trajectory, TrajectoryConfig, TrajectoryRing, cosine};
use sensilla::spike::{
    Curve, LatencyCode, Polarity, RateCode, SpikeAttention, SpikeConfig, SpikeTrains, coincidence,
    coincidences,
};
use std::hint::black_box;
use std::sync::RwLock;

const ROUNDS: usize = 41;

pub fn run(bench: &mut Bench) -> Result<()> {
    rate(bench)?;
    latency(bench)?;
    coincidence_counts(bench);
    attention(bench)?;
    for dimensions in [64, 128, 384] {
        similarity(bench, dimensions);
    }
    record(bench)
}

fn floats(seed: u64, n: usize) -> Vec<f32> {
    let mut random = Random(seed);
    (0..n).map(|_| random.unit()).collect()
}

/// The original's train: times and polarities in vectors of their own.
struct ListTrain {
    times: Vec<u8>,
    polarities: Vec<i8>,
}

fn original_rate(value: i8) -> ListTrain {
    let mut train = ListTrain {
        times: Vec::with_capacity(8),
        polarities: Vec::with_capacity(8),
    };
    let magnitude = f32::from(value.unsigned_abs()) / 128.0;
    let (mut membrane, mut rest) = (0.0f32, 0u8);
    for step in 0..8u8 {
        if rest > 0 {
            rest -= 1;
            continue;
        }
        membrane += magnitude;
        if membrane >= 0.5 {
            train.times.push(step);
            train.polarities.push(if value < 0 { -1 } else { 1 });
            membrane = 0.0;
            rest = 2;
        }
    }
    train
}

fn rate(bench: &mut Bench) -> Result<()> {
    let mut random = Random(1);
    let values: Vec<i8> = (0..1024).map(|_| random.next() as i8).collect();
    let config = SpikeConfig::new(1024, 8);
    let mut memory = Memory::zeroed(config.bytes());
    let mut trains = SpikeTrains::format(&mut memory[..], config)?;
    let code = RateCode::original();
    // A call takes nanoseconds: many of them to a reading of the clock.
    const CALLS: usize = 200;
    let ours = || {
        for _ in 0..CALLS {
            code.encode_i8(black_box(&values), &mut trains).ok();
            black_box(trains.fire());
        }
    };
    let theirs = || {
        let trains: Vec<ListTrain> = black_box(&values)
            .iter()
            .map(|&v| original_rate(v))
            .collect();
        black_box(
            trains
                .iter()
                .map(|t| t.times.len() + t.polarities.len())
                .sum::<usize>(),
        );
    };
    bench.measure(
        "rate-encode",
        ROUNDS,
        vec![
            Contender::new("sensilla", 1024 * CALLS, ours),
            Contender::new("original", 1024, theirs),
        ],
    );
    Ok(())
}

fn latency(bench: &mut Bench) -> Result<()> {
    let values = floats(2, 1024);
    let config = SpikeConfig::new(1024, 8).polarity(Polarity::Positive);
    let (mut linear, mut log) = (
        Memory::zeroed(config.bytes()),
        Memory::zeroed(config.bytes()),
    );
    let mut linear = SpikeTrains::format(&mut linear[..], config)?;
    let mut log = SpikeTrains::format(&mut log[..], config)?;
    let code = LatencyCode::new(8, Curve::Linear);
    let log_code = LatencyCode::new(8, Curve::Logarithmic);
    const CALLS: usize = 50;
    let ours = || {
        for _ in 0..CALLS {
            code.encode(black_box(&values), &mut linear).ok();
            black_box(linear.fire());
        }
    };
    let ours_log = || {
        for _ in 0..CALLS {
            log_code.encode(black_box(&values), &mut log).ok();
            black_box(log.fire());
        }
    };
    let mut encoder = LatencyEncoder::new(7, (0.0, 1.0));
    let theirs = || {
        for _ in 0..CALLS {
            black_box(encoder.encode(black_box(&values)));
        }
    };
    bench.measure(
        "latency-encode",
        ROUNDS,
        vec![
            Contender::new("sensilla", 1024 * CALLS, ours),
            Contender::new("sensilla-log", 1024 * CALLS, ours_log),
            Contender::new("axon-encoder", 1024 * CALLS, theirs),
        ],
    );
    Ok(())
}

/// Spikes that two lists of times share.
fn shared_times(a: &[u8], b: &[u8]) -> u32 {
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                i += 1;
                j += 1;
            }
        }
    }
    shared
}

/// The inner product of 64 bytes with AVX2, as a plain kernel does it.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2_dots(query: &[i8; 64], rows: &[[i8; 64]], out: &mut [i32]) {
    use std::arch::x86_64::*;
    for (row, out) in rows.iter().zip(out) {
        let mut sum = _mm256_setzero_si256();
        for i in 0..4 {
            // SAFETY: four loads of 16 bytes cover the 64 of each array.
            let (a, b) = unsafe {
                (
                    _mm_loadu_si128(query.as_ptr().add(16 * i).cast()),
                    _mm_loadu_si128(row.as_ptr().add(16 * i).cast()),
                )
            };
            let product = _mm256_madd_epi16(_mm256_cvtepi8_epi16(a), _mm256_cvtepi8_epi16(b));
            sum = _mm256_add_epi32(sum, product);
        }
        let half = _mm_add_epi32(
            _mm256_castsi256_si128(sum),
            _mm256_extracti128_si256::<1>(sum),
        );
        let half = _mm_add_epi32(half, _mm_shuffle_epi32::<0b0100_1110>(half));
        let half = _mm_add_epi32(half, _mm_shuffle_epi32::<0b1011_0001>(half));
        *out = _mm_cvtsi128_si32(half);
    }
}

fn coincidence_counts(bench: &mut Bench) {
    const ROWS: usize = 512;
    let mut random = Random(3);
    let values: Vec<i8> = (0..64 * (ROWS + 1)).map(|_| random.next() as i8).collect();
    let config = SpikeConfig::new(64 * (ROWS as u32 + 1), 8);
    let mut memory = Memory::zeroed(config.bytes());
    let Ok(mut trains) = SpikeTrains::format(&mut memory[..], config) else {
        return;
    };
    if RateCode::original()
        .encode_i8(&values, &mut trains)
        .is_err()
    {
        return;
    }
    let (query, rows) = trains.fire().split_at(64);
    let lists: Vec<Vec<u8>> = values.iter().map(|&v| original_rate(v).times).collect();
    let (list_query, list_rows) = lists.split_at(64);
    const CALLS: usize = 40;
    let mut counts = vec![0; ROWS];
    let ours = || {
        for _ in 0..CALLS {
            coincidences(black_box(query), black_box(rows), &mut counts);
            black_box(&counts);
        }
    };
    let single = || {
        for _ in 0..CALLS {
            for row in rows.chunks_exact(64) {
                black_box(coincidence(black_box(query), black_box(row)));
            }
        }
    };
    let time_lists = || {
        for row in list_rows.chunks_exact(64) {
            let pairs = black_box(list_query).iter().zip(row);
            black_box(pairs.map(|(a, b)| shared_times(a, b)).sum::<u32>());
        }
    };
    let mut contenders = vec![
        Contender::new("sensilla", ROWS * CALLS, ours),
        Contender::new("sensilla-single", ROWS * CALLS, single),
        Contender::new("time-lists", ROWS, time_lists),
    ];
    #[cfg(target_arch = "x86_64")]
    let (queries, singles): (Vec<[i8; 64]>, Vec<[i8; 64]>) = {
        let (chunks, _) = values.as_chunks::<64>();
        (chunks[..1].to_vec(), chunks[1..].to_vec())
    };
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        let mut dots = vec![0; ROWS];
        let (query_i8, rows_i8) = (queries.clone(), singles.clone());
        contenders.push(Contender::new("avx2-dot-i8", ROWS * CALLS, move || {
            for _ in 0..CALLS {
                // SAFETY: AVX2 was found.
                unsafe { avx2_dots(black_box(&query_i8[0]), black_box(&rows_i8), &mut dots) };
                black_box(&dots);
            }
        }));
        let (query_i8, rows_i8) = (queries[0], singles);
        contenders.push(Contender::new(
            "avx2-dot-i8-single",
            ROWS * CALLS,
            move || {
                for _ in 0..CALLS {
                    for row in rows_i8.chunks(1) {
                        let mut dot = [0];
                        // SAFETY: AVX2 was found.
                        unsafe { avx2_dots(black_box(&query_i8), black_box(row), &mut dot) };
                        black_box(dot);
                    }
                }
            },
        ));
    }
    bench.measure("coincidence", ROUNDS, contenders);
}

fn attention(bench: &mut Bench) -> Result<()> {
    const TOKENS: usize = 196;
    const CHANNELS: usize = 512;
    let mut random = Random(4);
    // About one bit in four, as spikes are.
    let mut matrix = || -> Vec<u64> {
        (0..TOKENS * CHANNELS / 64)
            .map(|_| random.next() & random.next())
            .collect()
    };
    let (q, k, v) = (matrix(), matrix(), matrix());
    let expand = |m: &[u64]| -> Vec<f32> {
        (0..TOKENS * CHANNELS)
            .map(|i| (m[i / 64] >> (i % 64) & 1) as f32)
            .collect()
    };
    let (qf, kf, vf) = (expand(&q), expand(&k), expand(&v));
    let attention = SpikeAttention::new(TOKENS as u32, CHANNELS as u32, 13)?;
    let mut out = vec![0; attention.words()];
    let mut out_leaky = vec![0; attention.words()];
    let mut membranes = vec![0; attention.membranes()];
    const CALLS: usize = 20;
    let ours = || {
        for _ in 0..CALLS {
            attention
                .once(black_box(&q), black_box(&k), black_box(&v), &mut out)
                .ok();
            black_box(&out);
        }
    };
    let leaky = || {
        for _ in 0..CALLS {
            attention
                .step(
                    black_box(&q),
                    black_box(&k),
                    black_box(&v),
                    &mut membranes,
                    &mut out_leaky,
                )
                .ok();
            black_box(&out_leaky);
        }
    };
    let mut out_f = vec![0.0f32; TOKENS * CHANNELS];
    let mut sums = vec![0.0f32; CHANNELS];
    let loops = || {
        sums.fill(0.0);
        for (q, k) in black_box(&qf)
            .chunks_exact(CHANNELS)
            .zip(black_box(&kf).chunks_exact(CHANNELS))
        {
            for ((sum, q), k) in sums.iter_mut().zip(q).zip(k) {
                *sum += q * k;
            }
        }
        for sum in &mut sums {
            *sum = if *sum >= 13.0 { 1.0 } else { 0.0 };
        }
        for (out, v) in out_f
            .chunks_exact_mut(CHANNELS)
            .zip(black_box(&vf).chunks_exact(CHANNELS))
        {
            for ((out, v), mask) in out.iter_mut().zip(v).zip(&sums) {
                *out = v * mask;
            }
        }
        black_box(&out_f);
    };
    bench.measure(
        "attention-196x512",
        ROUNDS,
        vec![
            Contender::new("sensilla", CALLS, ours),
            Contender::new("sensilla-leaky", CALLS, leaky),
            Contender::new("f32-loops", 1, loops),
        ],
    );
    Ok(())
}

fn original_similarity(a: &[f32], b: &[f32]) -> f32 {
    let dot: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
    let norm_a: f32 = a.iter().map(|x| x * x).sum::<f32>().sqrt();
    let norm_b: f32 = b.iter().map(|x| x * x).sum::<f32>().sqrt();
    if norm_a == 0.0 || norm_b == 0.0 {
        return 0.0;
    }
    dot / (norm_a * norm_b)
}

fn similarity(bench: &mut Bench, dimensions: usize) {
    use simsimd::SpatialSimilarity;
    const ROWS: usize = 256;
    let query = floats(5, dimensions);
    let rows = floats(6, dimensions * ROWS);
    const CALLS: usize = 10;
    let each = |f: &dyn Fn(&[f32], &[f32])| {
        for row in rows.chunks_exact(dimensions) {
            f(black_box(&query), black_box(row));
        }
    };
    let ours = || {
        for _ in 0..CALLS {
            for row in rows.chunks_exact(dimensions) {
                black_box(cosine(black_box(&query), black_box(row)));
            }
        }
    };
    let theirs = || {
        for _ in 0..CALLS {
            for row in rows.chunks_exact(dimensions) {
                black_box(f32::cosine(black_box(&query), black_box(row)));
            }
        }
    };
    let original = || {
        each(&|a, b| {
            black_box(original_similarity(a, b));
        });
    };
    bench.measure(
        &format!("similarity-{dimensions}"),
        ROUNDS,
        vec![
            Contender::new("sensilla", ROWS * CALLS, ours),
            Contender::new("simsimd", ROWS * CALLS, theirs),
            Contender::new("original", ROWS, original),
        ],
    );
}

/// The original's trajectory, and its tracker: a vector behind a lock, overwritten in turn.
#[derive(Clone)]
struct OwnedTrajectory {
    vector: Vec<f32>,
    latency: u64,
    spent: u64,
    earned: u64,
    success: bool,
    executor: String,
    at: u64,
}

struct Tracker {
    all: RwLock<Vec<OwnedTrajectory>>,
    next: RwLock<usize>,
    most: usize,
}

impl Tracker {
    fn record(&self, trajectory: OwnedTrajectory) {
        let (Ok(mut all), Ok(mut next)) = (self.all.write(), self.next.write()) else {
            return;
        };
        if all.len() < self.most {
            all.push(trajectory);
        } else {
            all[*next] = trajectory;
        }
        *next = (*next + 1) % self.most;
    }
}

fn record(bench: &mut Bench) -> Result<()> {
    const RECORDS: usize = 4096;
    let config = TrajectoryConfig::new(64, 1024);
    let mut memory = Memory::zeroed(config.bytes());
    let mut ring = TrajectoryRing::format(&mut memory[..], config)?;
    let vectors = floats(7, 64 * RECORDS);
    let ours = || {
        for (i, vector) in vectors.chunks_exact(64).enumerate() {
            ring.record(black_box(&Trajectory {
                vector,
                outcome: Outcome {
                    label: i as u32 & 3,
                    latency_us: i as u32,
                    energy_spent: 10,
                    energy_earned: 30,
                    success: i % 3 != 0,
                    executor: 1,
                    at: i as u64,
                },
            }))
            .ok();
        }
    };
    let tracker = Tracker {
        all: RwLock::new(Vec::new()),
        next: RwLock::new(0),
        most: 1024,
    };
    let theirs = || {
        for (i, vector) in vectors.chunks_exact(64).enumerate() {
            tracker.record(black_box(OwnedTrajectory {
                vector: vector.to_vec(),
                latency: i as u64,
                spent: 10,
                earned: 30,
                success: i % 3 != 0,
                executor: "node-1".to_string(),
                at: i as u64,
            }));
        }
        if let Ok(all) = tracker.all.read() {
            let read = |t: &OwnedTrajectory| {
                t.latency
                    + t.spent
                    + t.earned
                    + t.at
                    + t.executor.len() as u64
                    + u64::from(t.success)
                    + t.vector.len() as u64
            };
            black_box(all.last().map(read));
        }
    };
    bench.measure(
        "record",
        ROUNDS,
        vec![
            Contender::new("sensilla", RECORDS, ours),
            Contender::new("original", RECORDS, theirs),
        ],
    );
    Ok(())
}
