//! The pattern bank beside graph indexes from the registries.
//!
//! For each case all indexes are built over the same rows; then each gets the smallest `ef` of
//! [`EFS`] at which its recall@10 reaches a target, and at these all are timed: the contenders
//! take turns of two passes through all queries, each query timed by itself, and a query's latency
//! is the least of all its passes. So machine noise hits all alike, and every contender finds the caches
//! as its own queries left them, as it would in the loop of a program. (Turns of one query each
//! would measure how much of a contender nine others leave in a cache they share.)

use crate::data::{self, Data};
use crate::harness::{Bench, percentile};
use crate::memory;
use crate::pipe::Native;
use anyhow::Result;
use sensilla::bank::{BankConfig, Element, Goal, Layout, Method, Pattern, PatternBank, PatternId};
use sensilla::bank::{Scratch, ScratchConfig, Search};
use std::time::Instant;

const K: usize = 10;
const M: u32 = 16;
pub const EFS: [usize; 16] = [
    10, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 192, 256, 384, 512,
];
/// Passes of a turn: the first finds the caches as another contender left them.
const TURN: usize = 2;
/// One of the others has its `ef` built in, so it is built for each of few.
const FEW_EFS: [usize; 3] = [48, 96, 192];
const NATIVE: [&str; 10] = [
    "hnswlib",
    "usearch",
    "usearch-i8",
    "hnsw_rs",
    "instant-distance",
    "rust-cv-hnsw",
    "exact",
    "sensilla-native",
    "original",
    "reading",
];
/// Timed whatever they find: the system before this one, and the mere reading of what a scan reads.
const WITHOUT_TARGET: [&str; 2] = ["original", "reading"];

/// The case that the system before this one was measured on.
const UNIFORM: &str = "1k-64-uniform";

type MakeData = Box<dyn Fn() -> Option<Data>>;

pub fn run(bench: &mut Bench) -> Result<()> {
    crate::kernels::run(bench);
    let mut native: Option<Native> = None;
    let sizes = [(1_000, "1k"), (10_000, "10k"), (100_000, "100k")];
    for (n, size) in sizes {
        let mut cases: Vec<(String, MakeData)> = Vec::new();
        for dimensions in [64, 128, 384, 768, 1_536] {
            let small = n <= 10_000 && dimensions <= 384;
            if small || n == 10_000 || dimensions == 64 {
                let queries = if n > 10_000 { 300 } else { 500 };
                cases.push((
                    format!("{size}-{dimensions}"),
                    Box::new(move || Some(data::clustered(n, dimensions, queries))),
                ));
            }
        }
        if n <= 10_000 {
            cases.push((
                format!("{size}-sentences"),
                Box::new(move || data::sentences(n, 500)),
            ));
        }
        if n == 1_000 {
            cases.push(("digits".into(), Box::new(data::digits)));
            cases.push((
                UNIFORM.into(),
                Box::new(|| Some(data::uniform(1_000, 64, 500))),
            ));
        }
        for (case, make) in cases {
            if !bench.wants_case(&case) {
                continue;
            }
            bench.progress(format!("bank: {case}: data"));
            match make() {
                Some(data) => {
                    let pipe = match &mut native {
                        Some(pipe) => pipe,
                        none => none.insert(Native::start()?),
                    };
                    compare(bench, pipe, &case, &data)?;
                }
                None => bench.note(format!(
                    "{case} is left out: digits come by python3 -m pip, \
                     sentences384.f16 from the folder that SENSILLA_BENCH_DATA names"
                )),
            }
        }
    }
    if bench.wants_case("churn-5k-64") {
        let pipe = match &mut native {
            Some(pipe) => pipe,
            none => none.insert(Native::start()?),
        };
        churn(bench, pipe)?;
    }
    Ok(())
}

struct Ours {
    bank: PatternBank<'static>,
    scratch: Scratch<'static>,
    method: Method,
    /// Whether searches keep the goal that is the default, instead of so many candidates.
    by_goal: bool,
}

impl Ours {
    /// A bank over the first `n` rows; `Scan` for the scan alone.
    fn build(data: &Data, n: usize, element: Element, layout: Layout) -> (Self, f64) {
        let config = BankConfig::new(data.dimensions as u32, n as u32)
            .element(element)
            .layout(layout)
            .links(M)
            .ef_construction(200);
        let scratch = ScratchConfig::new(&config, 512);
        let mut bank =
            PatternBank::format(memory::leaked(config.bytes()), config).expect("a good config");
        let start = Instant::now();
        for row in 0..n {
            let pattern = Pattern {
                label: row as u32,
                ..Pattern::default()
            };
            bank.insert(data.row(row), pattern).expect("room for all");
        }
        let seconds = start.elapsed().as_secs_f64();
        let scratch =
            Scratch::format(memory::leaked(scratch.bytes()), scratch).expect("enough memory");
        let method = match layout {
            Layout::Scan => Method::Scan,
            _ => Method::Graph,
        };
        (
            Self {
                bank,
                scratch,
                method,
                by_goal: false,
            },
            seconds,
        )
    }

    fn query(&mut self, ef: usize, query: &[f32], found: &mut Vec<u32>) -> f64 {
        let search = match self.by_goal {
            true => Search::new(K),
            false => Search {
                goal: Goal::Ef(ef as u32),
                method: Some(self.method),
                ..Search::new(K)
            },
        };
        let start = Instant::now();
        let hits = self
            .bank
            .search_with(query, &search, &mut self.scratch)
            .expect("a good query");
        let ns = start.elapsed().as_nanos() as f64;
        found.clear();
        found.extend(hits.iter().map(|hit| hit.id.slot()));
        ns
    }
}

enum Index {
    Ours(Box<Ours>),
    Native(usize),
}

struct Entrant {
    name: &'static str,
    index: Index,
    /// Whether `ef` changes anything.
    tuned: bool,
}

impl Entrant {
    /// Runs all queries in order, handing over each one's number, nanoseconds and findings.
    fn pass(
        &mut self,
        pipe: &mut Native,
        data: &Data,
        ef: usize,
        mut then: impl FnMut(usize, f64, &[u32]),
    ) -> Result<()> {
        match &mut self.index {
            Index::Ours(ours) => {
                let mut found = Vec::new();
                for q in 0..data.query_count() {
                    let ns = ours.query(ef, data.query(q), &mut found);
                    then(q, ns, &found);
                }
                Ok(())
            }
            Index::Native(index) => pipe.pass(*index, ef, data.query_count(), then),
        }
    }

    fn recall(
        &mut self,
        pipe: &mut Native,
        data: &Data,
        ef: usize,
        truth: &[Vec<u32>],
    ) -> Result<f64> {
        let mut hits = 0;
        self.pass(pipe, data, ef, |q, _, found| {
            hits += found.iter().filter(|row| truth[q].contains(row)).count();
        })?;
        Ok(hits as f64 / (truth.len() * K) as f64)
    }

    fn efs(&self) -> &'static [usize] {
        match (self.tuned, self.name) {
            (false, _) => &EFS[..1],
            (_, "instant-distance") => &FEW_EFS,
            _ => &EFS,
        }
    }
}

fn compare(bench: &mut Bench, pipe: &mut Native, case: &str, data: &Data) -> Result<()> {
    let n = data.len();
    let truth = data.truth(K, |row| row, n);
    pipe.data(data.dimensions, &data.rows, &data.queries, K)?;
    let scan_first = n <= 2_000;
    let mut entrants: Vec<Entrant> = Vec::new();
    let ours = [
        (
            "sensilla",
            Element::I8F32,
            if scan_first {
                Layout::Scan
            } else {
                Layout::Graph
            },
        ),
        ("sensilla-goal", Element::I8F32, Layout::Graph),
        ("sensilla-graph", Element::I8F32, Layout::Graph),
        ("sensilla-scan", Element::I8F32, Layout::Scan),
        ("sensilla-i8", Element::I8, Layout::Graph),
        ("sensilla-i8-scan", Element::I8, Layout::Scan),
    ];
    for (name, element, layout) in ours {
        let twice = name
            == if scan_first {
                "sensilla-scan"
            } else {
                "sensilla-graph"
            };
        if !bench.wants(name) || twice {
            continue;
        }
        bench.progress(format!("bank: {case}: building {name}"));
        let (mut ours, seconds) = Ours::build(data, n, element, layout);
        ours.by_goal = name == "sensilla-goal";
        let bytes = ours.bank.config().bytes() as f64 / n as f64;
        bench.row(case, name, "build", n as f64 / seconds, "rows/s");
        bench.row(case, name, "bytes", bytes, "B");
        entrants.push(Entrant {
            name,
            tuned: layout != Layout::Scan && name != "sensilla-goal",
            index: Index::Ours(Box::new(ours)),
        });
    }
    for name in NATIVE {
        // The pure Rust ones take minutes to build over more.
        let slow = ["instant-distance", "rust-cv-hnsw"].contains(&name) && n > 10_000;
        let beside = match name {
            "original" => case == UNIFORM,
            "reading" => scan_first,
            "hnswlib" | "usearch" => true,
            _ => !bench.quick(),
        };
        if !bench.wants(name) || slow || !beside {
            continue;
        }
        bench.progress(format!("bank: {case}: building {name}"));
        if let Some(built) = pipe.build(name, n)? {
            if name != "exact" {
                bench.row(case, name, "build", n as f64 / built.seconds, "rows/s");
            }
            if built.bytes > 0 {
                bench.row(case, name, "bytes", built.bytes as f64 / n as f64, "B");
            }
            entrants.push(Entrant {
                name,
                tuned: name != "exact"
                    && !WITHOUT_TARGET.contains(&name)
                    && !(name == "sensilla-native" && scan_first),
                index: Index::Native(built.index),
            });
        }
    }

    // Who runs at which ef: (entrant, ef, metrics).
    let mut runs: Vec<(usize, usize, Vec<&str>)> = Vec::new();
    let mut curves: Vec<(usize, usize, f64)> = Vec::new();
    for (at, entrant) in entrants.iter_mut().enumerate() {
        bench.progress(format!("bank: {case}: recall of {}", entrant.name));
        let mut wanted = vec![("0.95", 0.95), ("0.99", 0.99)];
        let mut last = 0.0;
        for &ef in entrant.efs() {
            let recall = entrant.recall(pipe, data, ef, &truth)?;
            curves.push((at, ef, recall));
            last = recall;
            let mut reached: Vec<&str> = wanted
                .iter()
                .filter(|(_, r)| recall >= *r)
                .map(|(name, _)| *name)
                .collect();
            if entrant.name == "sensilla-goal" {
                // Its recall is a row of its own, and its time is told whatever that is.
                reached = vec!["goal"];
            }
            if WITHOUT_TARGET.contains(&entrant.name) {
                reached.push("any");
            }
            wanted.retain(|(_, r)| recall < *r);
            if !reached.is_empty() {
                bench.row(
                    case,
                    entrant.name,
                    &format!("ef@{}", reached[reached.len() - 1]),
                    ef as f64,
                    "",
                );
                bench.row(case, entrant.name, &format!("recall@ef{ef}"), recall, "");
                runs.push((at, ef, reached));
            }
            if wanted.is_empty() && !bench.plot() && entrant.name != "sensilla-i8" {
                break;
            }
        }
        bench.row(case, entrant.name, "recall", last, "");
        if entrant.name == "sensilla-i8" {
            let at128 = entrant.recall(pipe, data, 128, &truth)?;
            bench.row(case, entrant.name, "recall@128", at128, "");
        }
    }
    if bench.plot() {
        for &(at, ef, _) in &curves {
            if !runs.iter().any(|(a, e, _)| (*a, *e) == (at, ef)) {
                runs.push((at, ef, Vec::new()));
            }
        }
    }

    runs.sort_by_key(|&(at, ef, _)| (at, ef));
    bench.progress(format!("bank: {case}: timing {} runs", runs.len()));
    let turns = if bench.quick() { 2 } else { 5 };
    let mut best = vec![vec![f64::INFINITY; data.query_count()]; runs.len()];
    for _ in 0..turns {
        for ((at, ef, _), best) in runs.iter().zip(&mut best) {
            for _ in 0..TURN {
                entrants[*at].pass(pipe, data, *ef, |q, ns, _| best[q] = best[q].min(ns))?;
            }
        }
    }
    let mut points = Vec::new();
    for ((at, ef, reached), best) in runs.iter().zip(&mut best) {
        let name = entrants[*at].name;
        let (p50, p99) = (percentile(best, 0.5) / 1e3, percentile(best, 0.99) / 1e3);
        for target in reached {
            bench.row(case, name, &format!("p50@{target}"), p50, "µs");
            bench.row(case, name, &format!("p99@{target}"), p99, "µs");
        }
        if let Some(&(_, _, recall)) = curves.iter().find(|(a, e, _)| (a, e) == (at, ef)) {
            points.push((name, recall, p50));
        }
    }
    if bench.plot() {
        crate::plot::recall_latency(case, &points)?;
    }
    Ok(())
}

/// Replaces twice as many patterns as there are, in place, and looks what that cost.
fn churn(bench: &mut Bench, pipe: &mut Native) -> Result<()> {
    let case = "churn-5k-64";
    let n = 5_000;
    let data = data::clustered(3 * n, 64, 500);
    pipe.data(64, &data.rows, &data.queries, K)?;
    let before = data.truth(K, |row| row, n);
    // Row i ends with the vector of this row of the data.
    let after = data.truth(K, |row| 2 * n + row, n);
    for name in ["sensilla", "sensilla-i8", "hnswlib", "usearch"] {
        if !bench.wants(name) {
            continue;
        }
        bench.progress(format!("bank: {case}: {name}"));
        let (mut entrant, build) = match name {
            "hnswlib" | "usearch" => {
                let Some(built) = pipe.build(name, n)? else {
                    continue;
                };
                (
                    Entrant {
                        name,
                        index: Index::Native(built.index),
                        tuned: true,
                    },
                    built.seconds,
                )
            }
            _ => {
                let element = if name == "sensilla" {
                    Element::I8F32
                } else {
                    Element::I8
                };
                let (ours, seconds) = Ours::build(&data, n, element, Layout::Graph);
                (
                    Entrant {
                        name,
                        index: Index::Ours(Box::new(ours)),
                        tuned: true,
                    },
                    seconds,
                )
            }
        };
        let first = entrant.recall(pipe, &data, 32, &before)?;
        let mut total = 0.0;
        for source in n..3 * n {
            let row = source % n;
            total += match &mut entrant.index {
                Index::Native(index) => pipe.replace(*index, row, source)?,
                Index::Ours(ours) => {
                    let id = ours.bank.iter().next().map(|first| {
                        PatternId::from_u64(first.id.to_u64() & !0xffff_ffff | row as u64)
                    });
                    let start = Instant::now();
                    let pattern = Pattern {
                        label: row as u32,
                        ..Pattern::default()
                    };
                    ours.bank
                        .update(id.unwrap_or_default(), data.row(source), pattern)?;
                    start.elapsed().as_nanos() as f64
                }
            };
        }
        let last = entrant.recall(pipe, &data, 32, &after)?;
        // What an index built afresh over the same rows finds.
        let shifted = Data {
            dimensions: 64,
            rows: data.rows[2 * n * 64..].to_vec(),
            queries: data.queries.clone(),
        };
        let fresh = match &entrant.index {
            Index::Ours(ours) => {
                let (ours, _) = Ours::build(
                    &shifted,
                    n,
                    ours.bank.config().element_kind(),
                    Layout::Graph,
                );
                let index = Index::Ours(Box::new(ours));
                Entrant {
                    name,
                    index,
                    tuned: true,
                }
                .recall(pipe, &data, 32, &after)?
            }
            Index::Native(_) => first,
        };
        bench.row(case, name, "recall-loss", fresh - last, "");
        bench.row(case, name, "recall-before", first, "");
        bench.row(case, name, "replace", total / (2 * n) as f64, "ns");
        bench.row(case, name, "insert", build * 1e9 / n as f64, "ns");
        if let Index::Ours(ours) = &mut entrant.index {
            bench.row(
                case,
                name,
                "unreachable",
                f64::from(ours.bank.as_ref().unreachable(&mut ours.scratch)?),
                "",
            );
        }
    }
    Ok(())
}
