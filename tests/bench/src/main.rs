//! Benchmarks beside the real contenders: `cargo xtask bench [NAME] [--case C] [--contender K]
//! [--quick] [--plot]`.
//!
//! One run, one pinned thread, contenders interleaved. Prints a table and writes
//! `target/bench/NAME.json`. Each NAME is a file beside this one with
//! `pub fn run(bench: &mut Bench) -> anyhow::Result<()>`, named in [`BENCHES`].

mod bank;
mod batch;
mod data;
mod grid;
mod growth;
mod harness;
mod kernels;
mod log;
mod memory;
mod pipe;
mod plot;
mod random;
mod recognition;
mod spike;
mod store;

use anyhow::{Result, bail};
use clap::Parser;
use harness::{Bench, Options};

type Run = fn(&mut Bench) -> Result<()>;

/// Every benchmark: its name and what runs it.
const BENCHES: &[(&str, Run)] = &[
    ("bank", bank::run),
    ("batch", batch::run),
    ("grid", grid::run),
    ("growth", growth::run),
    ("log", log::run),
    ("recognition", recognition::run),
    ("spike", spike::run),
    ("store", store::run),
];

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(name) = &options.name
        && !BENCHES.iter().any(|(known, _)| known == name)
    {
        let known: Vec<&str> = BENCHES.iter().map(|(name, _)| *name).collect();
        bail!(
            "there is no benchmark {name:?}; there are {}",
            known.join(", ")
        );
    }
    // Cores are asked for before this thread is bound to one of them.
    let cores = harness::cores();
    harness::pin();
    for (name, run) in BENCHES {
        if options.name.as_deref().is_none_or(|wanted| wanted == *name) {
            let mut bench = Bench::new(name, options.clone(), cores.clone());
            run(&mut bench)?;
            bench.finish()?;
        }
    }
    Ok(())
}
