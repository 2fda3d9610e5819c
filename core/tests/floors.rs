//! Recall does not fall below what the bank is held to, on every set of vectors it is measured on.
//!
//! The larger sets take minutes unless optimised, so they are left to
//! `cargo test --release --package sensilla --test floors -- --ignored`, which `.ci/run` does.

mod sets;

use sensilla::bank::{
    BankConfig, Element, Goal, Hits, Layout, Method, Pattern, PatternBank, Scratch, ScratchConfig,
    Search,
};
use sensilla::block::Memory;
use sets::Data;
use std::path::{Path, PathBuf};

const K: usize = 10;
const EF: u32 = 128;

/// Shares of the nearest ten that are found.
#[derive(Debug)]
struct Recall {
    /// `search_exact` over codes and floats.
    exact: f64,
    /// The graph over codes and floats.
    graph: f64,
    /// The scan over codes alone.
    codes: f64,
    /// The graph over codes alone.
    codes_graph: f64,
}

fn recall(data: &Data) -> Recall {
    let truth = data.truth(K, |row| row, data.len());
    let [exact, graph] = recall_of(data, &truth, Element::I8F32);
    let [codes, codes_graph] = recall_of(data, &truth, Element::I8);
    Recall {
        exact,
        graph,
        codes,
        codes_graph,
    }
}

/// By the scan and by the graph.
fn recall_of(data: &Data, truth: &[Vec<u32>], element: Element) -> [f64; 2] {
    let config = BankConfig::new(data.dimensions as u32, data.len() as u32)
        .element(element)
        .layout(Layout::Both);
    let scratch = ScratchConfig::new(&config, EF);
    let (mut memory, mut room) = (
        Memory::zeroed(config.bytes()),
        Memory::zeroed(scratch.bytes()),
    );
    let mut bank = PatternBank::format(&mut memory, config).unwrap();
    let mut scratch = Scratch::format(&mut room, scratch).unwrap();
    for row in 0..data.len() {
        let pattern = Pattern {
            label: row as u32,
            ..Pattern::default()
        };
        bank.insert(data.row(row), pattern).unwrap();
    }
    // An audit would mend them; as built there may be few.
    let unreachable = bank.as_ref().unreachable(&mut scratch).unwrap();
    assert!(
        unreachable as usize <= data.len() / 500,
        "{unreachable} of {} cannot be reached",
        data.len()
    );
    [Method::Scan, Method::Graph].map(|method| {
        let search = Search {
            goal: Goal::Ef(EF),
            method: Some(method),
            ..Search::new(K)
        };
        let count = |hits: Hits<'_>, truth: &[u32]| {
            hits.iter().filter(|hit| truth.contains(&hit.label)).count()
        };
        let found: usize = truth
            .iter()
            .enumerate()
            .map(|(q, truth)| {
                let hits = bank.search_with(data.query(q), &search, &mut scratch);
                count(hits.unwrap(), truth)
            })
            .sum();
        found as f64 / (truth.len() * K) as f64
    })
}

fn hold(set: &str, data: &Data) {
    let recall = recall(data);
    println!("{set}: {recall:?}");
    // Less than one only where rows tie for the last place.
    assert!(recall.exact >= 0.999, "{set}: {recall:?}");
    assert!(recall.graph >= 0.99, "{set}: {recall:?}");
    assert!(recall.codes >= 0.98, "{set}: {recall:?}");
    let lost = recall.codes - recall.codes_graph;
    assert!(lost <= 0.005, "{set}: {recall:?}");
}

/// Where the benchmarks keep what they fetched.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench")
}

#[test]
fn five_hundred_clustered() {
    hold("500 x 64", &sets::clustered(500, 64, 40));
}

#[test]
#[ignore = "slow unless optimised"]
fn clustered() {
    for (n, dimensions) in [
        (1_000, 64),
        (1_000, 128),
        (1_000, 384),
        (10_000, 64),
        (10_000, 128),
    ] {
        hold(
            &format!("{n} x {dimensions}"),
            &sets::clustered(n, dimensions, 300),
        );
    }
}

#[test]
#[ignore = "slow unless optimised"]
fn clustered_of_many_dimensions() {
    hold("10000 x 384", &sets::clustered(10_000, 384, 300));
}

/// More than links of sixteen bits can name: walks start from the table of entries.
#[test]
#[ignore = "slow unless optimised"]
fn many_clustered() {
    hold("80000 x 64", &sets::clustered(80_000, 64, 300));
}

#[test]
#[ignore = "slow unless optimised; its data comes from a package index"]
fn digits() {
    match sets::digits(&cache()) {
        Some(data) => hold("digits", &data),
        None => println!("skipped: digits.csv is not in target/bench, and pip cannot fetch it"),
    }
}

#[test]
#[ignore = "slow unless optimised; needs SENSILLA_BENCH_DATA"]
fn sentences() {
    let Some(folder) = std::env::var_os("SENSILLA_BENCH_DATA").map(PathBuf::from) else {
        println!("skipped: SENSILLA_BENCH_DATA does not name a folder with sentences384.f16");
        return;
    };
    for n in [1_000, 10_000] {
        match sets::sentences(&folder, n, 300) {
            Some(data) => hold(&format!("{n} sentences"), &data),
            None => println!("skipped: {} has no sentences384.f16", folder.display()),
        }
    }
}
