//! Recall on a zoo of kinds of data, nothing tuned: with floats kept the default goal is reached on all,
//! and eight bits alone reach it or say that they do not.
//!
//! Small sets run always. `cargo test --release --package sensilla --test recall_zoo -- --ignored` takes
//! larger ones and more of them, and prints what came of each.

mod zoo;

use sensilla::bank::{Element, Goal, Method};
use zoo::kinds;

/// Recall with floats kept, for a goal of 0.99.
const FLOATS: f32 = 0.985;
/// Recall of eight bits that need not be told to be less than the goal.
const CODES: f32 = 0.97;

/// What so few queries say of recall may be off by this.
fn slack(queries: usize) -> f32 {
    // Two standard deviations of 0.985 among ten of each query, of which two count as one.
    2.0 * (0.985f32 * 0.015 / (5 * queries) as f32).sqrt()
}

/// Draws of all kinds that a seed gives. Prints a line for each.
fn hold(rows: usize, queries: usize, seed: u64, long: bool) -> [usize; 2] {
    let (mut draws, mut held) = (0, 0);
    let mut failed = Vec::new();
    for set in kinds::sets(rows, queries, seed, long) {
        for element in [Element::I8F32, Element::I8] {
            let mut bank = zoo::build(&set, element, !long);
            let found = zoo::measure(&set, &mut bank, Goal::default());
            let health = &found.health;
            println!(
                "{:39} {element:6?} recall {:.4} itself {:.3} told {:.2} walked {:.2}; {:?} {} \
                 {:.4} [{:.4} {:.4}] equal {}",
                set.name,
                found.recall,
                found.by_itself,
                found.told,
                found.walked,
                health.reason,
                health.ef,
                health.recall.mean,
                health.recall.low,
                health.recall.high,
                health.equal,
            );
            let floor = match element {
                Element::I8 => CODES,
                _ => FLOATS,
            };
            let told = element == Element::I8 && found.told >= 0.5;
            if found.recall < floor - slack(queries) && !told {
                failed.push((set.name, element, found.recall));
            }
            // One draw of a few queries has an interval of its own around the true recall.
            if set.taken.is_none() {
                let own = slack(queries);
                let recall = health.recall;
                let within = found.recall + own >= recall.low && found.recall - own <= recall.high;
                draws += 1;
                held += usize::from(within);
            }
            if health.method == Method::Scan && set.taken.is_none() {
                assert_eq!(found.walked, 0.0, "{}", set.name);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
    [draws, held]
}

#[test]
fn every_kind_is_found_or_told() {
    let [draws, held] = hold(300, 20, 1, false);
    assert!(held * 100 >= draws * 92, "{held} of {draws}");
}

#[test]
#[ignore = "takes minutes; run it optimised"]
fn every_kind_is_found_or_told_among_many() {
    let number = |name: &str, default: usize| {
        std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
    };
    let (rows, seeds) = (number("ZOO_ROWS", 6_000), number("ZOO_SEEDS", 3));
    let (mut draws, mut held) = (0, 0);
    for seed in 0..seeds {
        let [more, within] = hold(rows, 200, seed as u64 + 1, true);
        draws += more;
        held += within;
    }
    println!("the interval held the recall on {held} of {draws} draws");
    assert!(held * 100 >= draws * 92, "{held} of {draws}");
}
