//! Kinds of filtered searches.

use super::kinds::{Random, Set, Size};
use sensilla::bank::Metric;

/// All of them, by another metric than their own if one is given.
pub fn sets(size: Size, metric: Option<Metric>) -> impl Iterator<Item = Set> {
    let all = [dense_band, half_at_random, one_cluster].into_iter();
    all.map(move |kind| {
        let mut set = kind(size, &mut Random(size.seed));
        set.metric = metric.unwrap_or(set.metric);
        set
    })
}

/// A filter that takes a dense part of the rows, which lies far from the rest.
fn dense_band(size: Size, random: &mut Random) -> Set {
    let mut draw = |dense: bool| -> Vec<f32> {
        let mut row = random.gauss(32);
        if dense {
            row.iter_mut().for_each(|x| *x *= 0.02);
            row[0] += 6.0;
        }
        row
    };
    let taken: Vec<bool> = (0..size.rows).map(|i| i % 4 == 0).collect();
    Set {
        name: "dense bands under a filter",
        metric: Metric::SquaredEuclidean,
        dimensions: 32,
        rows: taken.iter().map(|&dense| draw(dense)).collect(),
        queries: (0..size.queries).map(|_| draw(true)).collect(),
        taken: Some(taken),
        alike: false,
    }
}

/// A filter that has nothing to do with where rows lie.
fn half_at_random(size: Size, random: &mut Random) -> Set {
    let centres: Vec<Vec<f32>> = (0..40).map(|_| random.gauss(32)).collect();
    let mut draw = || -> Vec<f32> {
        let centre = &centres[random.below(40)];
        centre.iter().map(|x| x + 0.4 * random.normal()).collect()
    };
    let rows: Vec<Vec<f32>> = (0..size.rows).map(|_| draw()).collect();
    let queries = (0..size.queries).map(|_| draw()).collect();
    Set {
        name: "half under a filter",
        metric: Metric::Cosine,
        dimensions: 32,
        taken: Some(rows.iter().map(|row| row[31].to_bits() & 64 != 0).collect()),
        rows,
        queries,
        alike: true,
    }
}

/// A filter that takes one cluster, and queries from all over.
fn one_cluster(size: Size, random: &mut Random) -> Set {
    let centres: Vec<Vec<f32>> = (0..8).map(|_| random.gauss(24)).collect();
    let mut draw = |cluster: usize| -> Vec<f32> {
        let centre = &centres[cluster];
        centre.iter().map(|x| x + 0.3 * random.normal()).collect()
    };
    Set {
        name: "one cluster under a filter",
        metric: Metric::SquaredEuclidean,
        dimensions: 24,
        rows: (0..size.rows).map(|i| draw(i % 8)).collect(),
        queries: (0..size.queries).map(|i| draw(i % 8)).collect(),
        taken: Some((0..size.rows).map(|i| i % 8 == 3).collect()),
        alike: false,
    }
}
