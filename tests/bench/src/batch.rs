//! Many searches at once on one core and on two: what a second core adds.

use crate::data;
use crate::harness::{Bench, Contender};
use anyhow::Result;
use core_affinity::CoreId;
use rayon::{ThreadPool, ThreadPoolBuilder};
use sensilla::bank::{BankConfig, OwnedBank, Pattern};
use sensilla_std::batch::BatchSearch;
use std::hint::black_box;

const K: usize = 10;

/// Threads of which each has a core of its own; this process is pinned to one.
fn pool(threads: usize, cores: &[CoreId]) -> Result<ThreadPool> {
    let cores = cores.to_vec();
    let pool = ThreadPoolBuilder::new().num_threads(threads);
    let pool = pool.start_handler(move |thread| {
        if let Some(&core) = cores.get(thread) {
            core_affinity::set_for_current(core);
        }
    });
    Ok(pool.build()?)
}

pub fn run(bench: &mut Bench) -> Result<()> {
    for (n, dimensions, case) in [(10_000, 64, "batch-10k-64"), (10_000, 384, "batch-10k-384")] {
        if !bench.wants_case(case) {
            continue;
        }
        let data = data::clustered(n, dimensions, 4_000);
        let mut bank = OwnedBank::new(BankConfig::new(dimensions as u32, n as u32))?;
        for row in data.rows.chunks_exact(dimensions) {
            bank.insert(row, Pattern::default())?;
        }
        let batch = BatchSearch::new(bank.get().as_ref(), 512);
        let (one, two) = (pool(1, bench.cores())?, pool(2, bench.cores())?);
        let search = |pool: &ThreadPool| {
            let found = pool.install(|| batch.search(&data.queries, K));
            black_box(found.expect("queries are sound"));
        };
        let count = data.queries.len() / dimensions;
        bench.measure(
            case,
            15,
            vec![
                Contender::new("one-core", count, || search(&one)),
                Contender::new("two-cores", count, || search(&two)),
            ],
        );
    }
    Ok(())
}
