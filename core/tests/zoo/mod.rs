//! How well a bank finds what is near in a set.

mod filtered;
pub mod kinds;
mod more;
pub mod picture;

use kinds::Set;
use sensilla::bank::{
    BankConfig, Element, Entry, Goal, Health, Method, Metric, OwnedBank, Pattern, Search,
};

const K: usize = 10;

/// What came of a set.
pub struct Outcome {
    pub recall: f32,
    /// Standard error of the recall, from how the queries differ.
    pub error: f32,
    /// Share of the rows that are found by themselves; none where the most similar row is another.
    pub by_itself: Option<f32>,
    /// Share of the searches that said that they are below their goal.
    pub told: f32,
    /// Share of the searches that walked.
    pub walked: f32,
    pub health: Health,
}

/// Similarities of all rows to each query, and the least of those that count as found.
pub struct Truth(Vec<(Vec<f64>, f64)>);

impl Truth {
    pub fn of(set: &Set) -> Self {
        let each = set.queries.iter().map(|query| {
            let exact: Vec<f64> = set
                .rows
                .iter()
                .map(|row| similarity(set.metric, query, row))
                .collect();
            let mut ranked: Vec<f64> = (0..exact.len())
                .filter(|&i| takes(set, i))
                .map(|i| exact[i])
                .collect();
            let (_, &mut last, _) = ranked.select_nth_unstable_by(K - 1, |a, b| b.total_cmp(a));
            (exact, last - 1e-9 * last.abs())
        });
        Self(each.collect())
    }
}

fn takes(set: &Set, row: usize) -> bool {
    set.taken.as_ref().is_none_or(|taken| taken[row])
}

fn similarity(metric: Metric, a: &[f32], b: &[f32]) -> f64 {
    // In sixteen sums, which the compiler adds side by side.
    let sum = |each: fn(f64, f64) -> f64| -> f64 {
        let mut sums = [0.0; 16];
        for (a, b) in a.chunks(16).zip(b.chunks(16)) {
            for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
                *sum += each(f64::from(a), f64::from(b));
            }
        }
        sums.iter().sum()
    };
    match metric {
        Metric::Cosine => sum(|a, b| a * b) / (sum(|a, _| a * a) * sum(|_, b| b * b)).sqrt(),
        Metric::InnerProduct => sum(|a, b| a * b),
        _ => -sum(|a, b| (a - b) * (a - b)),
    }
}

/// A bank of the rows of a set; where walks are cheap even small ones are walked.
pub fn build(set: &Set, element: Element, walks_are_cheap: bool) -> OwnedBank {
    let mut config = BankConfig::new(set.dimensions as u32, set.rows.len() as u32)
        .element(element)
        .metric(set.metric);
    if walks_are_cheap {
        config = config.scan_cost(4);
    }
    let mut bank = OwnedBank::new(config).unwrap();
    for (label, row) in set.rows.iter().enumerate() {
        let pattern = Pattern {
            label: label as u32,
            ..Pattern::default()
        };
        bank.insert(row, pattern).unwrap();
    }
    bank
}

/// Searches a bank over a set for each of its queries.
pub fn measure(set: &Set, truth: &Truth, bank: &mut OwnedBank, goal: Goal) -> Outcome {
    let accepts = |entry: &Entry| takes(set, entry.label as usize);
    let mut search = Search {
        goal,
        ..Search::new(K)
    };
    if set.taken.is_some() {
        search.filter = Some(&accepts);
    }
    let (mut sum, mut squares, mut told, mut walked) = (0.0, 0.0, 0, 0);
    for (query, (exact, least)) in set.queries.iter().zip(&truth.0) {
        let hits = bank.search_with(query, &search).unwrap();
        let found = hits
            .iter()
            .filter(|hit| exact[hit.label as usize] >= *least)
            .count();
        let share = found as f32 / K as f32;
        (sum, squares) = (sum + share, squares + share * share);
        told += usize::from(hits.is_below_goal());
        walked += usize::from(hits.method() == Method::Graph);
    }
    let count = set.queries.len() as f32;
    let recall = sum / count;
    Outcome {
        recall,
        error: ((squares / count - recall * recall).max(0.0) / count).sqrt(),
        by_itself: by_itself(set, bank, goal),
        told: told as f32 / count,
        walked: walked as f32 / count,
        health: bank.get().health(),
    }
}

/// Share of a few rows that are found by themselves, or others that are the same.
fn by_itself(set: &Set, bank: &mut OwnedBank, goal: Goal) -> Option<f32> {
    if set.taken.is_some() || set.metric == Metric::InnerProduct {
        return None;
    }
    let search = Search {
        goal,
        ..Search::new(1)
    };
    let (mut own, mut tried) = (0, 0);
    for row in set.rows.iter().step_by(1 + set.rows.len() / 200) {
        let hits = bank.search_with(row, &search).unwrap();
        let found = &set.rows[hits.first().unwrap().label as usize];
        let itself = similarity(set.metric, row, row);
        let slack = 1e-9 * similarity(Metric::InnerProduct, row, row);
        own += usize::from(similarity(set.metric, row, found) >= itself - slack);
        tried += 1;
    }
    Some(own as f32 / tried as f32)
}
