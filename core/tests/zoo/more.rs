//! More kinds: few values, few dimensions, several scales, outliers, and queries unlike the rows.

use super::kinds::{Kind, Random, around, kind};
use sensilla::bank::Metric::{Cosine, InnerProduct, SquaredEuclidean};

pub fn kinds(random: &mut Random) -> Vec<Kind> {
    let mut centres = |count: usize, dimensions: usize| -> Vec<Vec<f32>> {
        (0..count).map(|_| random.gauss(dimensions)).collect()
    };
    let gauss = |dimensions: usize| move |random: &mut Random, _| random.gauss(dimensions);
    let tree = centres(8 + 64, 48);
    let wide = centres(250, 32);
    let wide: Vec<Vec<f32>> = wide
        .iter()
        .map(|centre| centre.iter().map(|x| 100.0 * x).collect())
        .collect();
    let scaled = |random: &mut Random, _| -> Vec<f32> {
        let row = random.gauss(64);
        let each = row.iter().enumerate();
        each.map(|(j, x)| x * 0.85f32.powi(j as i32)).collect()
    };
    vec![
        kind("two components", SquaredEuclidean, 2, gauss(2)),
        kind("eight components", Cosine, 8, gauss(8)),
        kind("all equal", Cosine, 32, |_: &mut Random, _| vec![0.7; 32])
            .asked(|random, _| random.gauss(32)),
        kind(
            "whole numbers",
            SquaredEuclidean,
            16,
            |random: &mut Random, _| (0..16).map(|_| random.below(4) as f32).collect(),
        ),
        kind(
            "one outlier",
            SquaredEuclidean,
            48,
            |random: &mut Random, i| {
                let times = if i == 100 { 10_000.0 } else { 1.0 };
                random.gauss(48).iter().map(|x| times * x).collect()
            },
        ),
        kind(
            "several scales",
            SquaredEuclidean,
            32,
            |random: &mut Random, _| {
                let times = 10f32.powi(random.below(5) as i32 - 2);
                random.gauss(32).iter().map(|x| times * x).collect()
            },
        ),
        kind("a decaying spectrum", Cosine, 64, scaled),
        kind(
            "a decaying spectrum by inner product",
            InnerProduct,
            64,
            scaled,
        ),
        kind(
            "clusters of clusters",
            Cosine,
            48,
            move |random: &mut Random, _| {
                let (a, b) = (random.below(8), 8 + random.below(64));
                let pairs = tree[a].iter().zip(&tree[b]);
                pairs
                    .map(|(a, b)| a + 0.3 * b + 0.05 * random.normal())
                    .collect()
            },
        ),
        kind(
            "windows of a random walk",
            SquaredEuclidean,
            64,
            |random: &mut Random, _| {
                let mut at = 20.0 * random.normal();
                (0..64)
                    .map(|_| {
                        at += random.normal();
                        at
                    })
                    .collect()
            },
        ),
        kind("lognormal", Cosine, 64, |random: &mut Random, _| {
            random.gauss(64).iter().map(|x| x.exp()).collect()
        }),
        kind("hubs", Cosine, 96, |random: &mut Random, i| {
            let times = if i % 50 == 0 { 0.05 } else { 1.0 };
            let row = random.gauss(96);
            row.iter().map(|x| 0.3 + times * x).collect()
        }),
        kind(
            "very small",
            SquaredEuclidean,
            32,
            |random: &mut Random, _| random.gauss(32).iter().map(|x| 1e-9 * x).collect(),
        ),
        kind("very large", InnerProduct, 32, |random: &mut Random, _| {
            random.gauss(32).iter().map(|x| 1e12 * x).collect()
        }),
        kind(
            "queries from elsewhere",
            Cosine,
            64,
            around(centres(50, 64), 0.3),
        )
        .asked(gauss(64)),
        kind("queries from afar", SquaredEuclidean, 32, gauss(32))
            .asked(|random, _| random.gauss(32).iter().map(|x| 8.0 + x).collect()),
        kind("a ramp", SquaredEuclidean, 32, |random: &mut Random, _| {
            let mut row = vec![1e-4 * random.below(5_000) as f32; 32];
            row[0] = 1.0;
            row
        })
        .ordered(|rows| rows.sort_by(|a, b| a[1].total_cmp(&b[1]))),
        kind(
            "one far cluster after the other",
            SquaredEuclidean,
            32,
            around(vec![vec![1_000.0; 32], vec![-1_000.0; 32]], 1.0),
        )
        .ordered(|rows| rows.sort_by(|a, b| a[0].total_cmp(&b[0]))),
        kind(
            "250 tight clusters in order",
            SquaredEuclidean,
            32,
            around(wide, 0.01),
        )
        .ordered(|rows| rows.sort_by(|a, b| a[0].round().total_cmp(&b[0].round()))),
        kind(
            "lengths of twelve decades",
            SquaredEuclidean,
            32,
            |random: &mut Random, _| {
                let length = 10f32.powf(12.0 * random.unit() - 6.0);
                random.gauss(32).iter().map(|x| x * length).collect()
            },
        )
        .asked(gauss(32)),
    ]
}
