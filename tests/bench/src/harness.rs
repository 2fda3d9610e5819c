//! What every benchmark shares: options, progress, interleaved measuring, the table and the JSON.

use anyhow::{Result, bail};
use clap::Parser;
use core_affinity::CoreId;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Benchmarks beside the real contenders, on one pinned thread, in one run.
#[derive(Clone, Debug, Parser)]
#[command(name = "bench")]
pub struct Options {
    /// Which benchmark; all if none is named.
    pub name: Option<String>,
    /// Only this case, such as 10k-64.
    #[arg(long)]
    pub case: Option<String>,
    /// Only this contender, or these, with commas between.
    #[arg(long)]
    pub contender: Option<String>,
    /// Fewer turns, and no case that takes minutes.
    #[arg(long)]
    pub quick: bool,
    /// What takes minutes too.
    #[arg(long)]
    pub long: bool,
    /// The folder with data that the project does not carry; SENSILLA_BENCH_DATA if not given.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Draws the curves under docs/bench.
    #[arg(long)]
    pub plot: bool,
}

/// The cores that the process may use, before [`pin`].
pub fn cores() -> Vec<CoreId> {
    core_affinity::get_core_ids().unwrap_or_default()
}

/// Pins the process to the first core it may use.
pub fn pin() {
    if let Some(core) = core_affinity::get_core_ids().and_then(|ids| ids.first().copied()) {
        core_affinity::set_for_current(core);
    }
}

struct Row {
    case: String,
    contender: String,
    metric: String,
    value: f64,
    unit: String,
}

/// A run of one benchmark: collects its rows.
pub struct Bench {
    name: &'static str,
    options: Options,
    rows: Vec<Row>,
    /// Names that the command line was compared with.
    cases: RefCell<BTreeSet<String>>,
    contenders: RefCell<BTreeSet<String>>,
    bar: ProgressBar,
    cores: Vec<CoreId>,
}

/// A closure that does `items` units of work a call, beside others that do the same.
pub struct Contender<'c> {
    pub name: &'c str,
    pub items: usize,
    /// Does the work and says how long it took.
    pub work: Box<dyn FnMut() -> Duration + 'c>,
}

impl<'c> Contender<'c> {
    pub fn new(name: &'c str, items: usize, mut work: impl FnMut() + 'c) -> Self {
        Self::timed(name, items, move || {
            let start = Instant::now();
            work();
            start.elapsed()
        })
    }

    /// Work that takes its own time, and leaves out of it what it prepares.
    pub fn timed(name: &'c str, items: usize, work: impl FnMut() -> Duration + 'c) -> Self {
        Self {
            name,
            items,
            work: Box::new(work),
        }
    }
}

impl Bench {
    pub fn new(name: &'static str, options: Options, cores: Vec<CoreId>) -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            bar.set_style(style);
        }
        Self {
            name,
            options,
            rows: Vec::new(),
            cases: RefCell::default(),
            contenders: RefCell::default(),
            bar,
            cores,
        }
    }

    /// The cores that threads of a benchmark of several may use.
    pub fn cores(&self) -> &[CoreId] {
        &self.cores
    }

    pub fn quick(&self) -> bool {
        self.options.quick
    }

    pub fn long(&self) -> bool {
        self.options.long
    }

    /// The folder with data that the project does not carry, if the user names one.
    pub fn data(&self) -> Option<PathBuf> {
        self.options.data.clone().or_else(data_folder)
    }

    pub fn plot(&self) -> bool {
        self.options.plot
    }

    /// Whether the command line asks for the case.
    pub fn wants_case(&self, case: &str) -> bool {
        self.cases.borrow_mut().insert(case.into());
        self.options
            .case
            .as_deref()
            .is_none_or(|wanted| wanted == case)
    }

    /// Whether the command line asks for this case alone.
    pub fn is_case(&self, case: &str) -> bool {
        self.cases.borrow_mut().insert(case.into());
        self.options.case.as_deref() == Some(case)
    }

    /// Whether the command line asks for the contender.
    pub fn wants(&self, contender: &str) -> bool {
        self.contenders.borrow_mut().insert(contender.into());
        let wanted = self.options.contender.as_deref();
        wanted.is_none_or(|wanted| wanted.split(',').any(|name| name == contender))
    }

    /// Says what is going on; a line each where the output is no terminal.
    pub fn progress(&self, message: impl Into<String>) {
        let message = message.into();
        if self.bar.is_hidden() {
            eprintln!("{message}");
        } else {
            self.bar.set_message(message);
            self.bar.tick();
        }
    }

    /// Says what a reader of the table must know, such as a case left out.
    pub fn note(&self, message: impl AsRef<str>) {
        self.bar.suspend(|| eprintln!("note: {}", message.as_ref()));
    }

    pub fn row(&mut self, case: &str, contender: &str, metric: &str, value: f64, unit: &str) {
        self.rows.push(Row {
            case: case.into(),
            contender: contender.into(),
            metric: metric.into(),
            value,
            unit: unit.into(),
        });
    }

    /// Measures contenders that each call does `items` of: `rounds` rounds in which each runs once
    /// after the other, the median of nanoseconds an item as metric `ns`, after a warm-up round.
    pub fn measure(&mut self, case: &str, rounds: usize, mut contenders: Vec<Contender<'_>>) {
        contenders.retain(|contender| self.wants(contender.name));
        if !self.wants_case(case) || contenders.is_empty() {
            return;
        }
        self.progress(format!("{}: {case}", self.name));
        let rounds = if self.options.quick {
            rounds.div_ceil(5)
        } else {
            rounds
        };
        let mut samples = vec![Vec::with_capacity(rounds); contenders.len()];
        for round in 0..=rounds {
            for (contender, samples) in contenders.iter_mut().zip(&mut samples) {
                let ns = (contender.work)().as_nanos() as f64;
                if round > 0 {
                    samples.push(ns / contender.items as f64);
                }
            }
        }
        for (contender, samples) in contenders.iter().zip(&mut samples) {
            self.row(case, contender.name, "ns", percentile(samples, 0.5), "ns");
        }
    }

    /// Prints the table and writes `target/bench/NAME.json`, if anything was measured.
    pub fn finish(self) -> Result<()> {
        self.bar.finish_and_clear();
        if self.rows.is_empty() {
            return self.nothing();
        }
        let width = |f: fn(&Row) -> &str| self.rows.iter().map(|r| f(r).len()).max().unwrap_or(0);
        let (case, contender, metric) = (
            width(|r| &r.case),
            width(|r| &r.contender),
            width(|r| &r.metric),
        );
        for row in &self.rows {
            println!(
                "{:case$}  {:contender$}  {:metric$}  {:>12.3} {}",
                row.case, row.contender, row.metric, row.value, row.unit
            );
        }
        let folder = output_folder();
        std::fs::create_dir_all(&folder)?;
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|r| {
                json!({"case": r.case, "contender": r.contender, "metric": r.metric,
                       "value": r.value, "unit": r.unit})
            })
            .collect();
        let path = folder.join(format!("{}.json", self.name));
        let text = serde_json::to_string_pretty(&json!({
            "machine": machine(),
            "processor": cpuinfo("model name"),
            "instructions": instructions(),
            "caches": caches(),
            "rows": rows,
        }))?;
        std::fs::write(&path, text)?;
        println!("written to {}", path.display());
        Ok(())
    }

    /// What to say where nothing was measured: an error if that is what was asked for by name.
    fn nothing(&self) -> Result<()> {
        let Options {
            name,
            case,
            contender,
            ..
        } = &self.options;
        if name.is_none() || (case.is_none() && contender.is_none()) {
            return Ok(());
        }
        let asked = [
            ("case", case, &self.cases),
            ("contender", contender, &self.contenders),
        ];
        for (kind, wanted, known) in asked {
            let known = known.borrow();
            if let Some(wanted) = wanted
                && let Some(wanted) = wanted.split(',').find(|&name| !known.contains(name))
            {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                bail!(
                    "{} has no {kind} {wanted:?} here; there are {}",
                    self.name,
                    known.join(", ")
                );
            }
        }
        bail!(
            "{}: nothing to measure: the data of the case is missing, or the contender has no part in it",
            self.name
        )
    }
}

/// `target/bench` of the project, two folders up.
pub fn output_folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/bench"))
}

/// The folder with data that the project does not carry, if the user has it.
pub fn data_folder() -> Option<PathBuf> {
    std::env::var_os("SENSILLA_BENCH_DATA").map(PathBuf::from)
}

/// The value below which a share `p` of the samples lies; sorts them.
pub fn percentile(samples: &mut [f64], p: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1);
    samples
        .get((last as f64 * p).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

/// What the kernel says of the first processor under this name.
fn cpuinfo(name: &str) -> Option<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

/// The instruction sets that kernels choose among, as far as the processor has them, and the one in use.
fn instructions() -> serde_json::Value {
    let flags = cpuinfo("flags").or_else(|| cpuinfo("Features"));
    let flags = flags.unwrap_or_default();
    let vector = ["sse", "ssse", "avx", "fma", "f16c", "sha", "asimd", "sve"];
    let known: Vec<&str> = flags
        .split_whitespace()
        .filter(|flag| vector.iter().any(|set| flag.starts_with(set)))
        .collect();
    json!({"processor": known, "kernels": format!("{:?}", sensilla::simd::level())})
}

/// Level, type and size of each cache of the first processor.
fn caches() -> Vec<String> {
    let folder = std::path::Path::new("/sys/devices/system/cpu/cpu0/cache");
    let read = |index: usize, what: &str| {
        let file = folder.join(format!("index{index}")).join(what);
        let text = std::fs::read_to_string(file).ok()?;
        Some(text.trim().to_owned())
    };
    (0..8)
        .filter_map(|index| {
            let (level, kind) = (read(index, "level")?, read(index, "type")?);
            Some(format!("L{level} {kind} {}", read(index, "size")?))
        })
        .collect()
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| {
        line.strip_prefix("model name")?
            .split_once(": ")
            .map(|(_, m)| m)
    });
    format!(
        "{} {}, kernels {:?}",
        model.unwrap_or("unknown processor"),
        std::env::consts::ARCH,
        sensilla::simd::level()
    )
}
