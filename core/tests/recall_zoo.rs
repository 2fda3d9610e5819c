//! Recall on a zoo of kinds of data, nothing tuned: with floats kept the default goal is reached on all,
//! and eight bits alone reach it or say that they do not.
//!
//! Small sets run always. `cargo test --release --package sensilla --test recall_zoo -- --ignored`, which
//! `cargo xtask test --long` does too, takes larger ones by every metric and prints what came of each:
//! `ZOO_ROWS`, `ZOO_QUERIES`, `ZOO_SEEDS` and `ZOO_KIND` choose how many and which, and `ZOO_PLOT` names the file that
//! the picture of `docs/recall.md` is written to.

#[path = "sets/mod.rs"]
#[allow(dead_code, reason = "the benchmarks use the rest")]
mod sets;
mod zoo;

use sensilla::bank::{BankConfig, Element, Goal, Method, Metric, OwnedBank, Pattern};
use std::path::Path;
use zoo::kinds::{self, Set, Size};
use zoo::{Outcome, picture};

/// Recall with floats kept, for a goal of 0.99.
const FLOATS: f32 = 0.985;
/// Recall of eight bits that need not be told to be less than the goal.
const CODES: f32 = 0.97;
/// Of a hundred draws the interval holds the true recall on so many.
const HELD: usize = 92;

/// What came of many sets.
#[derive(Default)]
struct Tally {
    draws: usize,
    /// Draws on which the interval that the bank tells held what was measured.
    held: usize,
    failed: Vec<String>,
}

impl Tally {
    /// Measures a set with floats kept and by eight bits alone; prints a line for each. A small set is walked
    /// where it would be scanned, by a sample that is too small to promise more than its interval says.
    fn take(&mut self, set: &Set, is_small: bool) -> [Outcome; 2] {
        let truth = zoo::Truth::of(set);
        [Element::I8F32, Element::I8].map(|element| {
            let mut bank = zoo::build(set, element, is_small);
            let found = zoo::measure(set, &truth, &mut bank, Goal::default());
            let health = &found.health;
            let told = health.recall;
            let line = format!(
                "{:37} {:?} {element:?}: recall {:.4} itself {:.3} told {:.2} walked {:.2}; {:?} {} {:.4} \
                 [{:.4} {:.4}] equal {}",
                set.name,
                set.metric,
                found.recall,
                found.by_itself.unwrap_or(f32::NAN),
                found.told,
                found.walked,
                health.reason,
                health.ef,
                told.mean,
                told.low,
                told.high,
                health.equal,
            );
            println!("{line}");
            // What so few queries say is off by up to two standard errors, of which none seen says little.
            let error = 2.0 * found.error.max(0.1 / set.queries.len() as f32);
            let is_told = element == Element::I8 && found.told >= 0.5;
            let floor = match element {
                Element::I8 => CODES,
                _ => FLOATS,
            };
            let [floor, own] = match is_small {
                true => [floor.min(told.low), 0.9],
                false => [floor, FLOATS - 0.01],
            };
            let itself = found.by_itself.is_none_or(|itself| itself >= own);
            if !is_told && (found.recall < floor - error || !itself) {
                self.failed.push(line);
            }
            if set.taken.is_none() && set.alike {
                self.draws += 1;
                let held = found.recall + error >= told.low && found.recall - error <= told.high;
                self.held += usize::from(held);
                if !held {
                    println!("  the interval does not hold it");
                }
            }
            if health.method == Method::Scan && set.taken.is_none() {
                assert_eq!(found.walked, 0.0, "{}", set.name);
            }
            found
        })
    }

    fn check(&self) {
        let Self {
            draws,
            held,
            failed,
        } = self;
        println!("the interval held the recall on {held} of {draws} draws");
        assert!(failed.is_empty(), "{failed:#?}");
        assert!(held * 100 >= draws * HELD, "{held} of {draws}");
    }
}

#[test]
fn every_kind_is_found_or_told() {
    let mut tally = Tally::default();
    let size = Size {
        rows: 300,
        queries: 20,
        seed: 1,
        long: false,
    };
    for set in kinds::sets(size, None) {
        tally.take(&set, true);
    }
    tally.check();
}

/// All at right angles: connected is not findable, for nothing leads a walk to one of them.
fn one_hot(count: usize, dimensions: usize, element: Element, cost: u32) {
    let config = BankConfig::new(dimensions as u32, count as u32)
        .element(element)
        .scan_cost(cost);
    let mut bank = OwnedBank::new(config).unwrap();
    let row = |i: usize| {
        let mut row = vec![0.0; dimensions];
        row[(i * 7) % dimensions] = 1.0;
        row
    };
    for i in 0..count {
        bank.insert(&row(i), Pattern::default()).unwrap();
    }
    let missed = (0..dimensions).filter(|&i| {
        let hits = bank.search(&row(i), 1).unwrap();
        hits.first().is_none_or(|hit| hit.similarity < 0.99)
    });
    assert_eq!(missed.count(), 0, "{count} of {dimensions}, {element:?}");
}

#[test]
fn one_hot_rows_find_themselves() {
    for element in [Element::I8, Element::F32, Element::I8F32] {
        one_hot(150, 150, element, 1);
        one_hot(400, 80, element, 1);
    }
}

#[test]
#[ignore = "slow unless optimised"]
fn many_one_hot_rows_find_themselves() {
    for element in [Element::I8, Element::F32, Element::I8F32] {
        for (count, dimensions) in [(512, 512), (1_024, 1_024), (2_048, 2_048), (5_000, 512)] {
            one_hot(count, dimensions, element, 25);
        }
    }
}

#[test]
#[ignore = "takes minutes; run it optimised"]
fn every_kind_is_found_or_told_among_many() {
    let number = |name: &str, default: usize| {
        std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
    };
    let kind = std::env::var("ZOO_KIND").unwrap_or_default();
    let mut tally = Tally::default();
    for seed in 0..number("ZOO_SEEDS", 2) as u64 {
        let size = Size {
            rows: number("ZOO_ROWS", 6_000),
            queries: number("ZOO_QUERIES", 300),
            seed: seed + 1,
            long: true,
        };
        for metric in [
            Metric::Cosine,
            Metric::InnerProduct,
            Metric::SquaredEuclidean,
        ] {
            let all = kinds::sets(size, Some(metric));
            for set in all.filter(|set| set.name.contains(&kind)) {
                tally.take(&set, false);
            }
        }
    }
    tally.check();
}

#[test]
#[ignore = "takes a minute, optimised; writes a file if ZOO_PLOT names one"]
fn the_picture_shows_what_is_measured() {
    let mut tally = Tally::default();
    let size = Size {
        rows: 6_000,
        queries: 300,
        seed: 1,
        long: true,
    };
    let mut bars: Vec<picture::Bar> = kinds::sets(size, None)
        .map(|set| {
            let [floats, codes] = tally.take(&set, false);
            picture::Bar {
                name: set.name,
                floats: floats.recall,
                codes: codes.recall,
                is_told: codes.told >= 0.5,
            }
        })
        .collect();
    bars.sort_by(|a, b| a.codes.total_cmp(&b.codes));
    let names: Vec<&str> = bars.iter().map(|bar| bar.name).collect();
    for (name, _) in picture::BEFORE {
        assert!(names.contains(&name), "{name} is not in the zoo");
    }
    tally.check();
    if let Some(file) = std::env::var_os("ZOO_PLOT") {
        std::fs::write(file, picture::svg(&bars)).unwrap();
    }
}

#[test]
#[ignore = "slow unless optimised; its data comes from a package index and SENSILLA_BENCH_DATA"]
fn digits_and_sentences_are_found_or_told() {
    let mut tally = Tally::default();
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
    let folder = std::env::var_os("SENSILLA_BENCH_DATA").unwrap_or_default();
    let digits = sets::digits(&cache).map(|data| ("digits", data));
    let sentences = sets::sentences(Path::new(&folder), 10_000, 300);
    let sentences = sentences.map(|data| ("sentences", data));
    for (name, data) in [digits, sentences].into_iter().flatten() {
        for metric in [
            Metric::Cosine,
            Metric::InnerProduct,
            Metric::SquaredEuclidean,
        ] {
            let vectors = |floats: &[f32]| -> Vec<Vec<f32>> {
                let each = floats.chunks(data.dimensions);
                each.map(<[f32]>::to_vec).collect()
            };
            let set = Set {
                name,
                metric,
                dimensions: data.dimensions,
                rows: vectors(&data.rows),
                queries: vectors(&data.queries),
                taken: None,
                alike: true,
            };
            tally.take(&set, false);
        }
    }
    assert!(tally.draws > 0, "neither digits nor sentences are there");
    tally.check();
}
