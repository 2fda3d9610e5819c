//! Patterns with the same vector: many of few, in any order of changes.

use super::*;

fn elements() -> impl Strategy<Value = (Element, Metric)> {
    prop_oneof![
        Just((Element::I8, Metric::Cosine)),
        Just((Element::I8, Metric::InnerProduct)),
        Just((Element::F32, Metric::SquaredEuclidean)),
        Just((Element::I8F32, Metric::SquaredEuclidean)),
        Just((Element::Bits, Metric::Cosine)),
    ]
}

/// One of `count` vectors.
fn vector(seed: u64, number: usize, count: usize) -> Vec<f32> {
    Random(seed ^ ((number % count) as u64 * 0x9e37_79b9)).vector(20)
}

/// Similarities of the `k` nearest, by a walk or by the scan.
fn nearest(
    bank: &PatternBank<'_>,
    query: &[f32],
    k: usize,
    method: Method,
    scratch: &mut Scratch<'_>,
) -> Vec<f32> {
    let search = Search {
        goal: Goal::Ef(80),
        method: Some(method),
        ..Search::new(k)
    };
    let hits = bank.search_with(query, &search, scratch).unwrap();
    hits.iter().map(|hit| hit.similarity).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn all_are_found_after_any_changes(
        (element, metric) in elements(),
        distinct in 1usize..12,
        changes in proptest::collection::vec((0usize..4, 0usize..1000, 0usize..1000), 1..200),
        seed in any::<u64>(),
    ) {
        let config = BankConfig::new(20, 80)
            .element(element)
            .metric(metric)
            .layout(Layout::Both)
            .links(4)
            .ef_construction(24);
        let scratch_config = ScratchConfig::new(&config, 80);
        let mut memory = Memory::zeroed(config.bytes());
        let mut scratch = Memory::zeroed(scratch_config.bytes());
        let mut bank = PatternBank::format(&mut memory, config).unwrap();
        let mut scratch = Scratch::format(&mut scratch, scratch_config).unwrap();
        for (change, which, number) in changes {
            let vector = vector(seed, number, distinct);
            let chosen = bank.iter().nth(which % bank.len().max(1)).map(|entry| entry.id);
            match (change, chosen) {
                (0, Some(id)) => drop(bank.remove(id).unwrap()),
                (1, Some(id)) => bank.update(id, &vector, Pattern::default()).unwrap(),
                _ => match bank.insert(&vector, Pattern::default()) {
                    Ok(_) => {}
                    Err(error) => prop_assert_eq!(error, InsertError::Full),
                },
            }
            prop_assert_eq!(open::check::<crate::bank::Any>(&bank.as_ref().view), Ok(()));
        }
        for _ in 0..2 {
            while !bank.audit_step(7).round_done {}
        }
        prop_assert_eq!(open::check::<crate::bank::Any>(&bank.as_ref().view), Ok(()));
        prop_assert_eq!(unreachable(&bank), 0);
        for number in 0..distinct {
            let query = vector(seed, number, distinct);
            for k in [1, 10, 80] {
                let walked = nearest(&bank, &query, k, Method::Graph, &mut scratch);
                let scanned = nearest(&bank, &query, k, Method::Scan, &mut scratch);
                prop_assert_eq!(walked.len(), scanned.len());
                for (a, b) in walked.iter().zip(&scanned) {
                    // A walk of codes and floats has a narrower query than a scan of codes.
                    prop_assert!((a - b).abs() <= 0.02 * b.abs().max(1.0), "{:?} {:?}", walked, scanned);
                }
            }
        }
    }
}

/// Nearly all patterns have one vector: the others must still be found, and at once.
#[test]
fn a_crowd_of_one_vector_does_not_hide_the_others() {
    let config = BankConfig::new(20, 2_000).layout(Layout::Graph);
    let scratch_config = ScratchConfig::new(&config, 32);
    let mut memory = Memory::zeroed(config.bytes());
    let mut scratch = Memory::zeroed(scratch_config.bytes());
    let mut bank = PatternBank::format(&mut memory, config).unwrap();
    let mut scratch = Scratch::format(&mut scratch, scratch_config).unwrap();
    let number = |i: usize| if i.is_multiple_of(100) { i } else { 1 };
    for i in 0..2_000 {
        let pattern = Pattern {
            label: number(i) as u32,
            ..Pattern::default()
        };
        bank.insert(&vector(5, number(i), 2_000), pattern).unwrap();
    }
    for i in (0..2_000).step_by(100) {
        let query = vector(5, i, 2_000);
        let search = Search {
            goal: Goal::Ef(32),
            method: Some(Method::Graph),
            ..Search::new(1)
        };
        let hits = bank.search_with(&query, &search, &mut scratch).unwrap();
        assert_eq!(hits.first().map(|hit| hit.label), Some(i as u32));
        assert!(hits.distances() < 200, "{} distances", hits.distances());
    }
}
