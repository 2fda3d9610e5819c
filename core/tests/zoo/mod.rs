//! How well a bank finds what is near in a set.

pub mod kinds;

use kinds::Set;
use sensilla::bank::{
    BankConfig, Element, Entry, Goal, Health, Method, Metric, OwnedBank, Pattern, Search,
};

const K: usize = 10;

/// What came of a set.
pub struct Outcome {
    pub recall: f32,
    pub by_itself: f32,
    /// Share of the searches that said that they are below their goal.
    pub told: f32,
    /// Share of the searches that walked.
    pub walked: f32,
    pub health: Health,
}

fn similarity(metric: Metric, a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(&x, &y)| f64::from(x) * f64::from(y))
            .sum()
    };
    match metric {
        Metric::Cosine => dot(a, b) / (dot(a, a) * dot(b, b)).sqrt(),
        Metric::InnerProduct => dot(a, b),
        _ => -a
            .iter()
            .zip(b)
            .map(|(&x, &y)| (f64::from(x) - f64::from(y)).powi(2))
            .sum::<f64>(),
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
        let label = label as u32;
        bank.insert(
            row,
            Pattern {
                label,
                ..Pattern::default()
            },
        )
        .unwrap();
    }
    bank
}

/// Searches a bank over a set for each of its queries.
pub fn measure(set: &Set, bank: &mut OwnedBank, goal: Goal) -> Outcome {
    let takes = |row: usize| set.taken.as_ref().is_none_or(|taken| taken[row]);
    let accepts = |entry: &Entry| takes(entry.label as usize);
    let mut search = Search {
        goal,
        ..Search::new(K)
    };
    if set.taken.is_some() {
        search.filter = Some(&accepts);
    }
    let (mut found, mut all, mut told, mut walked) = (0, 0, 0, 0);
    for query in &set.queries {
        let exact: Vec<f64> = set
            .rows
            .iter()
            .map(|row| similarity(set.metric, query, row))
            .collect();
        let mut ranked: Vec<f64> = (0..exact.len())
            .filter(|&i| takes(i))
            .map(|i| exact[i])
            .collect();
        ranked.sort_by(|a, b| b.total_cmp(a));
        let last = ranked[K - 1];
        let least = last - 1e-9 * last.abs();
        let hits = bank.search_with(query, &search).unwrap();
        found += hits
            .iter()
            .filter(|hit| exact[hit.label as usize] >= least)
            .count();
        all += K;
        told += usize::from(hits.is_below_goal());
        walked += usize::from(hits.method() == Method::Graph);
    }
    let count = set.queries.len() as f32;
    let (mut own, mut tried) = (0, 0);
    if set.taken.is_none() && set.metric != Metric::InnerProduct {
        for row in set.rows.iter().step_by(1 + set.rows.len() / 200) {
            let hits = bank
                .search_with(
                    row,
                    &Search {
                        goal,
                        ..Search::new(1)
                    },
                )
                .unwrap();
            let hit = hits.first().unwrap();
            own += usize::from(&set.rows[hit.label as usize] == row);
            tried += 1;
        }
    }
    Outcome {
        recall: found as f32 / all as f32,
        by_itself: own as f32 / (tried.max(1)) as f32,
        told: told as f32 / count,
        walked: walked as f32 / count,
        health: bank.get().health(),
    }
}
