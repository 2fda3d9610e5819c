//! The bank finds what is there.

use sensilla::bank::{
    BankConfig, Element, Goal, Hits, Method, Pattern, PatternBank, Scratch, ScratchConfig, Search,
};
use sensilla::block::Block;

const ROWS: usize = 1_000;
const QUERIES: usize = 50;
const DIMENSIONS: usize = 64;
const K: usize = 10;

/// Uniform numbers in -1..1 from a fixed seed (Numerical Recipes' linear congruential generator).
fn uniform(count: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        let products = a.iter().zip(b).map(|(&x, &y)| f64::from(x) * f64::from(y));
        products.sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// Rows of the `K` largest cosines.
fn nearest(rows: &[f32], query: &[f32]) -> Vec<u32> {
    let mut scored: Vec<(f64, u32)> = rows
        .chunks_exact(DIMENSIONS)
        .zip(0..)
        .map(|(row, label)| (cosine(row, query), label))
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.iter().take(K).map(|&(_, label)| label).collect()
}

const CONFIG: BankConfig = BankConfig::new(DIMENSIONS as u32, ROWS as u32).element(Element::I8F32);
const SCRATCH: ScratchConfig = ScratchConfig::new(&CONFIG, 128);

/// The predecessor hashed twenty dimensions into cells: recall 0.017 on such vectors.
#[test]
fn hole_01_uniform_vectors_are_found() {
    let vectors = uniform((ROWS + QUERIES) * DIMENSIONS);
    let (rows, queries) = vectors.split_at(ROWS * DIMENSIONS);
    let mut memory = Box::new(Block::<{ CONFIG.bytes() }>::new());
    let mut scratch = Box::new(Block::<{ SCRATCH.bytes() }>::new());
    let mut bank = PatternBank::format(&mut memory[..], CONFIG).unwrap();
    let mut scratch = Scratch::format(&mut scratch[..], SCRATCH).unwrap();
    for (row, label) in rows.chunks_exact(DIMENSIONS).zip(0..) {
        let pattern = Pattern {
            label,
            ..Pattern::default()
        };
        bank.insert(row, pattern).unwrap();
    }
    let walk = Search {
        goal: Goal::Ef(128),
        method: Some(Method::Graph),
        ..Search::new(K)
    };
    let (mut exact, mut walked) = (0, 0);
    for query in queries.chunks_exact(DIMENSIONS) {
        let truth = nearest(rows, query);
        let found = |hits: Hits<'_>| hits.iter().filter(|h| truth.contains(&h.label)).count();
        exact += found(bank.search_exact(query, K, &mut scratch).unwrap());
        walked += found(bank.search_with(query, &walk, &mut scratch).unwrap());
    }
    assert_eq!(exact, QUERIES * K);
    assert!(walked * 100 >= QUERIES * K * 95, "{walked}");
}
