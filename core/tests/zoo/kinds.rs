//! Kinds of data that indexes meet, by name: rows, and queries like them.

use super::{filtered, more};
use sensilla::bank::Metric;

/// Vectors of a kind.
pub struct Set {
    pub name: &'static str,
    pub metric: Metric,
    pub dimensions: usize,
    pub rows: Vec<Vec<f32>>,
    pub queries: Vec<Vec<f32>>,
    /// Rows that a filter takes, if the kind is one of filtered searches.
    pub taken: Option<Vec<bool>>,
    /// Whether queries are drawn as rows are, which is what a bank measures.
    pub alike: bool,
}

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1.
    pub fn unit(&mut self) -> f32 {
        ((self.next() >> 40) as f32 + 0.5) / 16_777_216.0
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn normal(&mut self) -> f32 {
        (-2.0 * self.unit().ln()).sqrt() * (core::f32::consts::TAU * self.unit()).cos()
    }

    pub fn gauss(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.normal()).collect()
    }
}

type Draw = Box<dyn FnMut(&mut Random, usize) -> Vec<f32>>;

pub struct Kind {
    name: &'static str,
    metric: Metric,
    dimensions: usize,
    draw: Draw,
    /// How queries are drawn, if not as rows are.
    asked: Option<Draw>,
    order: Option<fn(&mut Vec<Vec<f32>>)>,
}

pub fn kind(
    name: &'static str,
    metric: Metric,
    dimensions: usize,
    draw: impl FnMut(&mut Random, usize) -> Vec<f32> + 'static,
) -> Kind {
    Kind {
        name,
        metric,
        dimensions,
        draw: Box::new(draw),
        asked: None,
        order: None,
    }
}

impl Kind {
    /// With rows that arrive in another order than they are drawn.
    pub fn ordered(mut self, order: fn(&mut Vec<Vec<f32>>)) -> Self {
        self.order = Some(order);
        self
    }

    /// With queries of another kind than the rows.
    pub fn asked(mut self, draw: impl FnMut(&mut Random, usize) -> Vec<f32> + 'static) -> Self {
        self.asked = Some(Box::new(draw));
        self
    }
}

pub fn around(centres: Vec<Vec<f32>>, spread: f32) -> impl FnMut(&mut Random, usize) -> Vec<f32> {
    move |random, _| {
        let centre = &centres[random.below(centres.len())];
        centre
            .iter()
            .map(|c| c + spread * random.normal())
            .collect()
    }
}

fn large(times: f32) -> impl FnMut(&mut Random, usize) -> Vec<f32> {
    move |random, _| {
        let mut row = random.gauss(64);
        row[0] *= times;
        row
    }
}

fn hot(dimensions: usize, count: usize) -> impl FnMut(&mut Random, usize) -> Vec<f32> {
    move |random, i| {
        let mut row = vec![0.0; dimensions];
        match count {
            1 => row[(i * 7) % dimensions] = 1.0,
            _ => (0..count).for_each(|_| row[random.below(dimensions)] = 1.0),
        }
        row
    }
}

/// One window of a sensor that moves in one of several ways, as twelve numbers a channel.
fn features(random: &mut Random) -> Vec<f32> {
    let class = random.below(6) as f32;
    let mut row = Vec::new();
    for channel in 0..6 {
        let (phase, noise) = (random.unit() * 6.3, 0.2 + 0.2 * class);
        let wave: Vec<f32> = (0..50)
            .map(|t| {
                let swing = (t as f32 * (0.1 + 0.07 * class) + phase + channel as f32).sin();
                9.8 * f32::from(channel == 2) + (1.0 + class) * swing + noise * random.normal()
            })
            .collect();
        let mean = wave.iter().sum::<f32>() / 50.0;
        let power = |lag: usize| {
            let pairs = wave.iter().zip(&wave[lag..]);
            pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f32>() / (50 - lag) as f32
        };
        row.extend([mean, power(0).sqrt()]);
        row.extend((1..9).map(power));
        row.push(wave.iter().fold(f32::MIN, |a, &b| a.max(b)));
        row.push(wave.iter().fold(f32::MAX, |a, &b| a.min(b)));
    }
    row
}

/// Every kind but those that come from files.
fn kinds(random: &mut Random, long: bool) -> Vec<Kind> {
    use Metric::{Cosine, InnerProduct, SquaredEuclidean};
    let mut centres = |count: usize, dimensions: usize, times: f32| -> Vec<Vec<f32>> {
        (0..count)
            .map(|_| random.gauss(dimensions).iter().map(|x| times * x).collect())
            .collect()
    };
    let gauss = |dimensions: usize| move |random: &mut Random, _| random.gauss(dimensions);
    let two = vec![vec![1_000.0; 32], vec![-1_000.0; 32]];
    let alphabet = centres(64, 64, 1.0);
    let each = centres(1, 96, 1.0).remove(0);
    let direction = centres(1, 64, 1.0).remove(0);
    let mut ordered = kind(
        "cluster after cluster",
        Cosine,
        48,
        around(centres(60, 48, 3.0), 1.0),
    );
    ordered.order = Some(|rows| rows.sort_by(|a, b| a[..2].partial_cmp(&b[..2]).unwrap()));
    let mut sorted = kind("sorted arrival", SquaredEuclidean, 24, gauss(24));
    sorted.order = Some(|rows| rows.sort_by(|a, b| a[0].total_cmp(&b[0])));
    let heavy = |random: &mut Random, _| -> Vec<f32> {
        (0..48)
            .map(|_| random.normal() / random.unit().max(1e-4))
            .collect()
    };
    let mut all = vec![
        kind("gaussian 16", SquaredEuclidean, 16, gauss(16)),
        kind("gaussian 64", Cosine, 64, gauss(64)),
        kind("gaussian 64 by inner product", InnerProduct, 64, gauss(64)),
        kind("gaussian 512", Cosine, 512, gauss(512)),
        kind(
            "uniform 64",
            SquaredEuclidean,
            64,
            |random: &mut Random, _| (0..64).map(|_| random.unit()).collect(),
        ),
        kind("clusters", Cosine, 64, around(centres(50, 64, 1.0), 0.4)),
        kind(
            "tight clusters",
            SquaredEuclidean,
            32,
            around(centres(100, 32, 10.0), 0.01),
        ),
        kind(
            "clusters at 1000",
            SquaredEuclidean,
            32,
            around(two.clone(), 1.0),
        ),
        kind(
            "clusters at 1000 by inner product",
            InnerProduct,
            32,
            around(two, 1.0),
        ),
        kind("binary", Cosine, 64, |random: &mut Random, _| {
            (0..64).map(|_| (random.next() & 1) as f32).collect()
        }),
        kind(
            "one-hot",
            Cosine,
            if long { 2_048 } else { 512 },
            hot(if long { 2_048 } else { 512 }, 1),
        ),
        kind("sparse", Cosine, 256, hot(256, 4)),
        kind(
            "sparse and weighted",
            InnerProduct,
            256,
            |random: &mut Random, _| {
                let mut row = vec![0.0; 256];
                (0..8).for_each(|_| row[random.below(256)] = random.unit());
                row
            },
        ),
        kind(
            "equidistant",
            SquaredEuclidean,
            512,
            |random: &mut Random, i| {
                let mut row = hot(512, 1)(random, i);
                row.iter_mut().for_each(|x| *x += 1e-4 * random.normal());
                row
            },
        ),
        kind("heavy tails", Cosine, 48, heavy),
        kind("heavy tails by distance", SquaredEuclidean, 48, heavy),
        kind("a component 10 times as large", Cosine, 64, large(10.0)),
        kind("a component 100 times as large", Cosine, 64, large(100.0)),
        kind(
            "a component 1,000 times as large",
            Cosine,
            64,
            large(1_000.0),
        ),
        kind(
            "an offset of 100 deviations",
            SquaredEuclidean,
            64,
            |random: &mut Random, _| random.gauss(64).iter().map(|x| x + 100.0).collect(),
        ),
        kind(
            "an offset of 100 deviations by cosine",
            Cosine,
            64,
            |random: &mut Random, _| random.gauss(64).iter().map(|x| x + 100.0).collect(),
        ),
        kind(
            "one direction",
            InnerProduct,
            64,
            move |random: &mut Random, _| {
                direction
                    .iter()
                    .map(|x| 10.0 * x + 0.3 * random.normal())
                    .collect()
            },
        ),
        kind(
            "lengths over many decades",
            InnerProduct,
            32,
            |random: &mut Random, _| {
                let length = 10f32.powf(6.0 * random.unit());
                random.gauss(32).iter().map(|x| x * length).collect()
            },
        ),
        kind("histograms", Cosine, 64, |random: &mut Random, _| {
            let mut row = vec![0.0; 64];
            let (middle, wide) = (64.0 * random.unit(), 2.0 + 6.0 * random.unit());
            for _ in 0..200 {
                let at = middle + wide * random.normal();
                row[at.clamp(0.0, 63.0) as usize] += 1.0;
            }
            row
        }),
        kind(
            "spikes as vectors",
            Cosine,
            128,
            |random: &mut Random, _| {
                let rate = 0.02 + 0.2 * random.unit();
                let mut row: Vec<f32> = (0..128)
                    .map(|t| f32::from(random.unit() < rate * (1.0 + (t as f32 / 9.0).sin())))
                    .collect();
                row[random.below(128)] = 1.0;
                row
            },
        ),
        kind(
            "features of recordings",
            SquaredEuclidean,
            72,
            |random: &mut Random, _| features(random),
        ),
        kind(
            "64 distinct rows",
            Cosine,
            64,
            move |random: &mut Random, _| alphabet[random.below(64)].clone(),
        ),
        kind(
            "duplicates among others",
            SquaredEuclidean,
            32,
            |random: &mut Random, _| match random.below(4) {
                0 => vec![0.5; 32],
                _ => random.gauss(32),
            },
        ),
        kind("a curve", SquaredEuclidean, 32, |random: &mut Random, _| {
            let t = 50.0 * random.unit();
            (0..32)
                .map(|j| (t + j as f32).sin() + 1e-3 * random.normal())
                .collect()
        }),
        kind("a low rank", Cosine, 96, {
            let basis = centres(6, 96, 1.0);
            move |random: &mut Random, _| {
                let mut row: Vec<f32> = each
                    .iter()
                    .map(|x| 0.2 * x + 0.05 * random.normal())
                    .collect();
                for direction in &basis {
                    let times = random.normal();
                    row.iter_mut()
                        .zip(direction)
                        .for_each(|(x, d)| *x += times * d);
                }
                row
            }
        }),
        ordered,
        sorted,
    ];
    if long {
        all.push(kind("gaussian 4096", Cosine, 4_096, gauss(4_096)));
    }
    all
}

/// How many of what.
#[derive(Clone, Copy)]
pub struct Size {
    pub rows: usize,
    pub queries: usize,
    pub seed: u64,
    /// With those that take long.
    pub long: bool,
}

/// All kinds, with fewer rows where these are long; by another metric than their own if one is given.
pub fn sets(size: Size, metric: Option<Metric>) -> impl Iterator<Item = Set> {
    let mut random = Random(size.seed);
    let mut all = kinds(&mut random, size.long);
    all.extend(more::kinds(&mut random));
    let drawn = all.into_iter().map(move |kind| {
        // Of its own numbers, so that no kind depends on the others.
        let name = kind.name.bytes().fold(size.seed, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(u64::from(byte))
        });
        draw(kind, size, metric, &mut Random(name))
    });
    drawn.chain(filtered::sets(size, metric))
}

fn draw(mut kind: Kind, size: Size, metric: Option<Metric>, random: &mut Random) -> Set {
    let n = match kind.dimensions {
        2_000.. => size.rows.min(2_048),
        400.. => size.rows.min(6_000),
        _ => size.rows,
    };
    let mut rows: Vec<Vec<f32>> = (0..n).map(|i| (kind.draw)(random, i)).collect();
    let queries = (0..size.queries)
        .map(|i| match (kind.name, &mut kind.asked) {
            // These have no others like them.
            ("one-hot" | "64 distinct rows", _) => rows[(i * 37) % n].clone(),
            (_, Some(asked)) => asked(random, n + i),
            (_, None) => (kind.draw)(random, n + i),
        })
        .collect();
    if let Some(order) = kind.order {
        order(&mut rows);
    }
    Set {
        name: kind.name,
        metric: metric.unwrap_or(kind.metric),
        dimensions: kind.dimensions,
        rows,
        queries,
        taken: None,
        alike: kind.asked.is_none(),
    }
}
