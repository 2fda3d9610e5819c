//! How the cost of a query grows with the number of patterns, from a thousand to a million.
//!
//! Each bank keeps codes and floats of clustered vectors of 64 dimensions, in a graph. It gets the
//! smallest `ef` at which recall@10 reaches 0.95, and is timed there, at a fixed `ef`, and beside its
//! own scan; a query's latency is the least of its passes. `--case build` only builds; where the variable
//! `SENSILLA_BENCH_KEEP` is set, banks built before are taken from `target/bench`, so that a run may
//! measure on a quiet machine what another built. `--quick` ends at 100,000.

use crate::bank::EFS;
use crate::data::{self, Data};
use crate::harness::{Bench, output_folder, percentile};
use crate::memory;
use crate::plot::{self, Curve};
use anyhow::{Result, ensure};
use sensilla::bank::{
    BankConfig, Element, Goal, Method, Pattern, PatternBank, PatternBankRef, Scratch,
    ScratchConfig, Search,
};
use std::path::PathBuf;
use std::time::Instant;

const SIZES: [(usize, &str); 7] = [
    (1_000, "1k"),
    (3_000, "3k"),
    (10_000, "10k"),
    (30_000, "30k"),
    (100_000, "100k"),
    (300_000, "300k"),
    (1_000_000, "1m"),
];
const DIMENSIONS: usize = 64;
const QUERIES: usize = 200;
const K: usize = 10;
const RECALL: f64 = 0.95;
/// The `ef` that stays the same for every size.
const FIXED: u32 = 64;

pub fn run(bench: &mut Bench) -> Result<()> {
    let only_build = bench.is_case("build");
    let (mut graph, mut fixed, mut scan) = (Vec::new(), Vec::new(), Vec::new());
    for (n, size) in SIZES {
        let case = format!("{size}-{DIMENSIONS}");
        if bench.quick() && n > 100_000 || !(only_build || bench.wants_case(&case)) {
            continue;
        }
        bench.progress(format!("growth: {case}: data"));
        let data = data::clustered(n, DIMENSIONS, QUERIES);
        let image = image(bench, &case, &data)?;
        if only_build {
            continue;
        }
        bench.progress(format!("growth: {case}: measuring"));
        let point = measure(bench, &case, &data, image)?;
        graph.push((n as f64, point.graph));
        fixed.push((n as f64, point.fixed));
        scan.push((n as f64, point.scan));
    }
    if bench.plot() && graph.len() > 1 {
        // What a cost that grows with the logarithm would do, from where the graph overtakes.
        let from = fixed
            .iter()
            .zip(&scan)
            .position(|(fixed, scan)| fixed.1 < scan.1)
            .unwrap_or(0);
        let (n0, us0) = fixed[from];
        let logarithm = fixed[from..]
            .iter()
            .map(|&(n, _)| (n, us0 * n.ln() / n0.ln()))
            .collect();
        plot::growth(
            "growth",
            "microseconds a query against patterns (clustered, 64 dimensions)",
            &[
                Curve::new("graph, recall of 0.95", graph),
                Curve::new("graph, ef of 64", fixed),
                Curve::new("scan (exact)", scan),
                Curve::dashed("as log n from there", logarithm),
            ],
        )?;
    }
    Ok(())
}

fn config(n: usize) -> BankConfig {
    BankConfig::new(DIMENSIONS as u32, n as u32)
        .element(Element::I8F32)
        .ef_construction(100)
}

/// The bank over all rows, built or as it was kept.
fn image(bench: &mut Bench, case: &str, data: &Data) -> Result<&'static [u8]> {
    let n = data.len();
    let memory = memory::leaked(config(n).bytes());
    let file: PathBuf = output_folder().join(format!("growth-{case}.bank"));
    let keep = std::env::var_os("SENSILLA_BENCH_KEEP").is_some();
    if keep && let Ok(bytes) = std::fs::read(&file) {
        ensure!(
            bytes.len() == memory.len(),
            "{} is of another size",
            file.display()
        );
        memory.copy_from_slice(&bytes);
        return Ok(memory);
    }
    let mut bank = PatternBank::format(memory, config(n))?;
    let start = Instant::now();
    for row in 0..n {
        let pattern = Pattern {
            label: row as u32,
            ..Pattern::default()
        };
        bank.insert(data.row(row), pattern)?;
        if row % 20_000 == 0 {
            bench.progress(format!("growth: {case}: building, {row} of {n}"));
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    bench.row(case, "sensilla", "build", n as f64 / seconds, "rows/s");
    if keep {
        std::fs::create_dir_all(output_folder())?;
        std::fs::write(&file, &*memory)?;
    }
    Ok(memory)
}

/// Microseconds a query.
struct Point {
    graph: f64,
    fixed: f64,
    scan: f64,
}

fn measure(bench: &mut Bench, case: &str, data: &Data, image: &[u8]) -> Result<Point> {
    let bank = PatternBankRef::open(image)?;
    let scratch = ScratchConfig::new(bank.config(), 512);
    let mut scratch = Scratch::format(memory::leaked(scratch.bytes()), scratch)?;
    let truth = data.truth(K, |row| row, data.len());
    let mut reached = None;
    for ef in EFS {
        let (recall, compared) = walk(&bank, data, &truth, ef as u32, &mut scratch)?;
        if recall >= RECALL {
            reached = Some((ef as u32, recall, compared));
            break;
        }
    }
    let Some((ef, recall, compared)) = reached else {
        anyhow::bail!("{case}: a recall of {RECALL} is not reached");
    };
    bench.row(case, "sensilla", "ef@0.95", f64::from(ef), "");
    bench.row(case, "sensilla", "recall", recall, "");
    bench.row(
        case,
        "sensilla",
        "compared@0.95",
        f64::from(compared),
        "rows",
    );
    let mut time = |method: Method, ef: u32, queries: usize, passes: usize| -> Result<f64> {
        let search = Search {
            goal: Goal::Ef(ef),
            method: Some(method),
            ..Search::new(K)
        };
        let mut best = vec![f64::INFINITY; queries];
        for _ in 0..passes {
            for (q, best) in best.iter_mut().enumerate() {
                let start = Instant::now();
                bank.search_with(data.query(q), &search, &mut scratch)?;
                *best = best.min(start.elapsed().as_nanos() as f64);
            }
        }
        Ok(percentile(&mut best, 0.5) / 1e3)
    };
    let graph = time(Method::Graph, ef, QUERIES, 15)?;
    let fixed = time(Method::Graph, FIXED, QUERIES, 15)?;
    // A scan of a million takes milliseconds.
    let scan = time(
        Method::Scan,
        ef,
        QUERIES.min(4_000_000 / data.len()).max(10),
        5,
    )?;
    bench.row(case, "sensilla", "p50@0.95", graph, "µs");
    bench.row(case, "sensilla", "p50@ef64", fixed, "µs");
    bench.row(case, "sensilla", "p50-scan", scan, "µs");
    let (recall, compared) = walk(&bank, data, &truth, FIXED, &mut scratch)?;
    bench.row(case, "sensilla", "recall@ef64", recall, "");
    bench.row(
        case,
        "sensilla",
        "compared@ef64",
        f64::from(compared),
        "rows",
    );
    Ok(Point { graph, fixed, scan })
}

/// Recall at an `ef`, and how many rows a query is compared with on average.
fn walk(
    bank: &PatternBankRef<'_>,
    data: &Data,
    truth: &[Vec<u32>],
    ef: u32,
    scratch: &mut Scratch<'_>,
) -> Result<(f64, u32)> {
    let search = Search {
        goal: Goal::Ef(ef),
        method: Some(Method::Graph),
        ..Search::new(K)
    };
    let (mut found, mut compared) = (0, 0u64);
    for (q, truth) in truth.iter().enumerate() {
        let hits = bank.search_with(data.query(q), &search, scratch)?;
        found += hits.iter().filter(|hit| truth.contains(&hit.label)).count();
        compared += u64::from(hits.distances());
    }
    let recall = found as f64 / (truth.len() * K) as f64;
    Ok((recall, (compared / truth.len() as u64) as u32))
}
