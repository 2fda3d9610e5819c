//! The grid beside `kiddo` and `rstar`, the engine over it, and what the original did.

mod ingest;

use crate::harness::{Bench, Contender, data_folder};
use crate::memory::Memory;
use crate::random::Random;
use anyhow::{Context, Result};
use kiddo::{ImmutableKdTree, MutableKdTree, SquaredEuclidean};
use rstar::RTree;
use rstar::primitives::GeomWithData;
use sensilla::grid::{Grid, GridConfig, Probe, Projection, principal_rows};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

type Point = [f32; 3];

pub fn run(bench: &mut Bench) -> Result<()> {
    for (name, n) in [
        ("100", 100),
        ("1k", 1_000),
        ("10k", 10_000),
        ("100k", 100_000),
    ] {
        let case = format!("insert-uniform-{name}");
        if bench.wants_case(&case) {
            let points = uniform(n);
            insert(bench, &case, &points, two_pairs_each(&points));
        }
    }
    for (name, n) in [("1k", 1_000), ("10k", 10_000), ("100k", 100_000)] {
        let case = format!("insert-clustered-{name}");
        if bench.wants_case(&case) {
            let points = clustered(n);
            insert(bench, &case, &points, two_pairs_each(&points));
        }
    }
    for (name, n) in [("10k", 10_000), ("100k", 100_000)] {
        let case = format!("batch-{name}");
        if bench.wants_case(&case) {
            batch(bench, &case, &uniform(n));
        }
    }
    one_cell(bench);
    pairs(bench)?;
    ingest::ingest(bench)?;
    detect(bench)
}

fn uniform(n: usize) -> Vec<Point> {
    let mut random = Random(1);
    (0..n).map(|_| [(); 3].map(|()| random.unit())).collect()
}

/// Gaussian clusters of fifty, in random order.
fn clustered(n: usize) -> Vec<Point> {
    let mut random = Random(2);
    let centres: Vec<Point> = (0..n / 50)
        .map(|_| [(); 3].map(|()| random.unit()))
        .collect();
    (0..n)
        .map(|_| {
            let centre = centres[random.next() as usize % centres.len()];
            centre.map(|c| c + 0.02 * random.normal())
        })
        .collect()
}

fn tree(points: &[Point]) -> ImmutableKdTree<f32, 3> {
    ImmutableKdTree::new_from_slice(points).expect("finite points")
}

/// Pairs within a radius, each once.
fn count_pairs(points: &[Point], radius: f32) -> usize {
    let (a, b) = (tree(points), tree(points));
    let both = a
        .query_tree(&b)
        .within::<SquaredEuclidean<f32>>(radius * radius)
        .count();
    (both - points.len()) / 2
}

/// The radius at which the set has two pairs for every point.
fn two_pairs_each(points: &[Point]) -> f32 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..24 {
        let middle = (low + high) / 2.0;
        if count_pairs(points, middle) < 2 * points.len() {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

fn at(vector: &[f32]) -> Probe<'_> {
    Probe {
        context: 0,
        subject: None,
        vector,
    }
}

/// Checks every point against those before it, then inserts it, into an empty structure.
fn insert(bench: &mut Bench, case: &str, points: &[Point], radius: f32) {
    let n = points.len();
    let expected = count_pairs(points, radius);
    let config = GridConfig::new(3, n as u32)
        .radius(radius)
        .candidates(4_096);
    let mut memory = Memory::zeroed(config.bytes());
    let found = RefCell::new([0_usize; 4]);
    let mut contenders = vec![
        Contender::new("sensilla", n, || {
            let mut grid = Grid::format(&mut memory[..], config).expect("a valid configuration");
            let mut pairs = 0;
            for point in points {
                let inserted = grid.insert(&at(point), |_| pairs += 1).expect("room");
                assert!(inserted.coverage.is_complete());
            }
            found.borrow_mut()[0] = pairs;
        }),
        Contender::new("kiddo", n, || {
            let mut tree: MutableKdTree<f32, 3> = MutableKdTree::default();
            let mut pairs = 0;
            for (i, point) in (0..).zip(points) {
                tree.query(point)
                    .within::<SquaredEuclidean<f32>>(radius * radius)
                    .unsorted()
                    .visit(|hit| {
                        black_box(hit.item);
                        pairs += 1;
                    });
                tree.add(point, i).expect("room");
            }
            found.borrow_mut()[1] = pairs;
        }),
        Contender::new("rstar", n, || {
            let mut tree: RTree<GeomWithData<Point, u32>> = RTree::new();
            let mut pairs = 0;
            for (i, point) in (0..).zip(points) {
                for hit in tree.locate_within_distance(*point, radius * radius) {
                    black_box(hit.data);
                    pairs += 1;
                }
                tree.insert(GeomWithData::new(*point, i));
            }
            found.borrow_mut()[2] = pairs;
        }),
    ];
    if n <= 1_000 {
        contenders.push(Contender::new("brute", n, || {
            let mut stored: Vec<Point> = Vec::new();
            let mut pairs = 0;
            for point in points {
                for (i, other) in stored.iter().enumerate() {
                    let d = [0, 1, 2].map(|k| point[k] - other[k]);
                    if d[0] * d[0] + d[1] * d[1] + d[2] * d[2] <= radius * radius {
                        black_box(i);
                        pairs += 1;
                    }
                }
                stored.push(*point);
            }
            found.borrow_mut()[3] = pairs;
        }));
    }
    let rounds = (2_000_000 / n).clamp(11, 501);
    bench.measure(case, rounds, contenders);
    for (name, found) in ["sensilla", "kiddo", "rstar", "brute"]
        .iter()
        .zip(found.take())
    {
        if found != 0 && found.abs_diff(expected) > expected / 1_000 + 1 {
            bench.note(format!("{case}: {name} found {found} of {expected} pairs"));
        }
    }
}

/// All pairs of a loaded structure.
fn batch(bench: &mut Bench, case: &str, points: &[Point]) {
    let (n, radius) = (points.len(), two_pairs_each(points));
    let config = GridConfig::new(3, n as u32)
        .radius(radius)
        .candidates(4_096);
    let mut memory = Memory::zeroed(config.bytes());
    let mut grid = Grid::format(&mut memory[..], config).expect("a valid configuration");
    for point in points {
        let _ = grid.insert(&at(point), |_| ()).expect("room");
    }
    let (left, right) = (tree(points), tree(points));
    let work = vec![
        Contender::new("sensilla", n, || {
            let mut pairs = 0_usize;
            grid.detect_all(None, |a, b| {
                black_box((a, b));
                pairs += 1;
            });
            black_box(pairs);
        }),
        Contender::new("kiddo", n, || {
            let pairs = std::sync::atomic::AtomicUsize::new(0);
            left.query_tree(&right)
                .within::<SquaredEuclidean<f32>>(radius * radius)
                .without_distances()
                .for_each(|pair| {
                    black_box((pair.left_item, pair.right_item));
                    pairs.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                });
            black_box(pairs.into_inner());
        }),
        Contender::new("kiddo-count", n, || {
            let join = left.query_tree(&right);
            black_box(
                join.within::<SquaredEuclidean<f32>>(radius * radius)
                    .count(),
            );
        }),
    ];
    bench.measure(case, (2_000_000 / n).clamp(11, 201), work);
}

/// Everything in one cell: the cost of a claim once the limit is reached, early and late.
fn one_cell(bench: &mut Bench) {
    const N: usize = 10_000;
    let mut random = Random(3);
    let points: Vec<Point> = (0..N)
        .map(|_| [(); 3].map(|()| 0.5 + 0.01 * random.unit()))
        .collect();
    let config = GridConfig::new(3, N as u32).radius(0.5);
    let mut memory = Memory::zeroed(config.bytes());
    let case = "one-cell-10k";
    let work = vec![Contender::new("sensilla", N, || {
        let mut grid = Grid::format(&mut memory[..], config).expect("a valid configuration");
        for point in &points {
            let _ = black_box(grid.insert(&at(point), |slot| {
                black_box(slot);
            }))
            .expect("room");
        }
    })];
    bench.measure(case, 51, work);
    if !bench.wants_case(case) {
        return;
    }
    let (mut early, mut late) = (Vec::new(), Vec::new());
    for _ in 0..21 {
        let mut grid = Grid::format(&mut memory[..], config).expect("a valid configuration");
        for (i, chunk) in points.chunks(1_000).enumerate() {
            let start = Instant::now();
            for point in chunk {
                let _ = grid.insert(&at(point), |slot| {
                    black_box(slot);
                });
            }
            let ns = start.elapsed().as_nanos() as f64 / chunk.len() as f64;
            match i {
                1 => early.push(ns),
                9 => late.push(ns),
                _ => {}
            }
        }
    }
    let median = |samples: &mut Vec<f64>| crate::harness::percentile(samples, 0.5);
    bench.row(
        case,
        "sensilla",
        "ns-second-thousand",
        median(&mut early),
        "ns",
    );
    bench.row(
        case,
        "sensilla",
        "ns-last-thousand",
        median(&mut late),
        "ns",
    );
}

fn normalise(vector: &mut [f32]) {
    let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|x| *x /= norm);
}

/// Unit vectors in fifty clusters.
fn unit_clusters(n: usize) -> Vec<f32> {
    let mut random = Random(4);
    let centres: Vec<f32> = (0..50 * 384).map(|_| random.normal()).collect();
    let mut all = Vec::with_capacity(n * 384);
    for i in 0..n {
        let centre = &centres[i % 50 * 384..][..384];
        let mut vector: Vec<f32> = centre.iter().map(|c| c + 0.35 * random.normal()).collect();
        normalise(&mut vector);
        all.extend(vector);
    }
    all
}

fn sentences() -> Option<Vec<f32>> {
    let bytes = std::fs::read(data_folder()?.join("sentences384.f16")).ok()?;
    let half = |b: &[u8]| {
        let bits = u16::from_le_bytes([b[0], b[1]]);
        let (sign, exponent, fraction) = (bits >> 15, i32::from(bits >> 10 & 31), bits & 1023);
        let magnitude = if exponent == 0 {
            f32::from(fraction) * 2.0_f32.powi(-24)
        } else {
            (1.0 + f32::from(fraction) / 1024.0) * 2.0_f32.powi(exponent - 15)
        };
        if sign == 1 { -magnitude } else { magnitude }
    };
    Some(bytes.chunks_exact(2).map(half).collect())
}

/// The share of all pairs whose exact distance was begun, and the pairs missed.
fn pairs(bench: &mut Bench) -> Result<()> {
    let case = "pairs-384";
    if !bench.wants_case(case) {
        return Ok(());
    }
    let count = if bench.quick() { 2_000 } else { 5_000 };
    let mut sets = vec![("sensilla", unit_clusters(count))];
    match sentences() {
        Some(mut all) => {
            all.truncate(count * 384);
            sets.push(("sensilla-sentences", all));
        }
        None => bench.note("pairs-384: no sentences384.f16 in SENSILLA_BENCH_DATA, left out"),
    }
    for (name, vectors) in sets {
        bench.progress(format!("grid: {case} {name}"));
        let (mut rows, mut scratch) = (vec![0.0; 15 * 384], vec![0.0; 15 * 384]);
        let sample = &vectors[..2_000 * 384];
        principal_rows(sample, 384, 12, &mut rows, &mut scratch)?;
        let config = GridConfig::new(384, count as u32)
            .radius(0.5)
            .candidates(u32::MAX)
            .projected(true);
        let mut memory = Memory::zeroed(config.bytes());
        let mut grid = Grid::format_with(&mut memory[..], config, Projection::Rows(&rows))?;
        let (mut found, mut measured) = (0_u64, 0_u64);
        let start = Instant::now();
        for vector in vectors.chunks_exact(384) {
            let inserted = grid.insert(&at(vector), |_| found += 1)?;
            measured += u64::from(inserted.coverage.measured);
        }
        let ns = start.elapsed().as_nanos() as f64 / count as f64;
        let mut expected = 0_u64;
        for (j, b) in vectors.chunks_exact(384).enumerate() {
            for a in vectors.chunks_exact(384).take(j) {
                let square = |(x, y): (&f32, &f32)| (f64::from(*x) - f64::from(*y)).powi(2);
                expected += u64::from(a.iter().zip(b).map(square).sum::<f64>() <= 0.25);
            }
        }
        let all = (count * (count - 1) / 2) as f64;
        bench.row(case, name, "exact-share", measured as f64 / all, "");
        bench.row(case, name, "near-share", expected as f64 / all, "");
        bench.row(
            case,
            name,
            "missed",
            expected.abs_diff(found) as f64,
            "pairs",
        );
        bench.row(case, name, "insert", ns, "ns");
    }
    Ok(())
}

/// What the original did: every pair, each looked up by id and copied before it is compared.
struct Copied {
    vector: Vec<f32>,
    proposition: Vec<u8>,
    evidence: Vec<Vec<u8>>,
    signature: Vec<u8>,
    confidence: f32,
}

impl Clone for Copied {
    #[inline(never)]
    fn clone(&self) -> Self {
        Self {
            vector: self.vector.clone(),
            proposition: self.proposition.clone(),
            evidence: self.evidence.clone(),
            signature: self.signature.clone(),
            confidence: self.confidence,
        }
    }
}

fn detect(bench: &mut Bench) -> Result<()> {
    const N: usize = 1_000;
    const TURNS: usize = 20;
    let case = "detect-1k";
    if !bench.wants_case(case) {
        return Ok(());
    }
    let points = uniform(N);
    let radius = two_pairs_each(&points);
    let value = |i: usize| (i % 3) as u8;
    let ids: Vec<[u8; 32]> = (0..N)
        .map(|i| {
            let mut random = Random(i as u64);
            let mut id = [0; 32];
            for byte in &mut id {
                *byte = random.next() as u8;
            }
            id
        })
        .collect();
    let log: HashMap<[u8; 32], Copied> = (0..N)
        .map(|i| {
            let claim = Copied {
                vector: points[i].to_vec(),
                proposition: vec![value(i); 24],
                evidence: vec![vec![0; 32]],
                signature: vec![0; 64],
                confidence: 0.9,
            };
            (ids[i], claim)
        })
        .collect();
    let config = GridConfig::new(3, N as u32)
        .radius(radius)
        .candidates(4_096);
    let mut memory = Memory::zeroed(config.bytes());
    let mut other = Memory::zeroed(config.bytes());
    let mut loaded = Grid::format(&mut other[..], config)?;
    for point in &points {
        let _ = loaded.insert(&at(point), |_| ())?;
    }
    let answers = RefCell::new([0_usize; 3]);
    let work = vec![
        // Several times a turn: once is too short to measure beside 30 ms of the other.
        Contender::new("sensilla", TURNS * N, || {
            for _ in 0..TURNS {
                let mut conflicts = 0;
                loaded.detect_all(None, |a, b| {
                    conflicts += usize::from(value(a as usize) != value(b as usize));
                });
                answers.borrow_mut()[0] = conflicts;
            }
        }),
        Contender::new("sensilla-inserted", TURNS * N, || {
            for _ in 0..TURNS {
                let mut grid =
                    Grid::format(&mut memory[..], config).expect("a valid configuration");
                let mut conflicts = 0;
                for (i, point) in points.iter().enumerate() {
                    let inserted = grid.insert(&at(point), |slot| {
                        conflicts += usize::from(value(slot as usize) != value(i));
                    });
                    let _ = black_box(inserted).expect("room");
                }
                answers.borrow_mut()[2] = conflicts;
            }
        }),
        Contender::new("original", N, || {
            let mut conflicts = 0;
            for (i, a) in ids.iter().enumerate() {
                let Some(a) = log.get(a).cloned() else {
                    continue;
                };
                for b in ids.iter().skip(i + 1) {
                    let Some(b) = log.get(b).cloned() else {
                        continue;
                    };
                    let square = |(x, y): (&f32, &f32)| (x - y) * (x - y);
                    let d: f32 = a.vector.iter().zip(&b.vector).map(square).sum();
                    let sure = a.confidence > 0.7 && b.confidence > 0.7;
                    let differ = a.proposition != b.proposition;
                    let whole = a.evidence.len() == b.evidence.len()
                        && a.signature.len() == b.signature.len();
                    conflicts += usize::from(d <= radius * radius && sure && differ && whole);
                }
            }
            answers.borrow_mut()[1] = conflicts;
        }),
    ];
    bench.measure(case, 21, work);
    let [batch, theirs, online] = answers.take();
    for ours in [batch, online] {
        if ours != 0 && theirs != 0 {
            anyhow::ensure!(
                ours == theirs,
                "detect-1k: {ours} conflicts, original {theirs}"
            );
        }
    }
    ids.first().context("there are claims").map(|_| ())
}
