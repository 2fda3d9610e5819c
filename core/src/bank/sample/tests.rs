use super::*;
use crate::bank::tests::{Memory, Random};
use crate::bank::{Any, Layout, Pattern, PatternBank, Scratch, ScratchConfig, open};
use std::vec::Vec;

/// Any changes, and after each stretch of them the sample is what its rule says of the rows there are.
#[test]
fn the_sample_and_its_nearest_follow_the_rows() {
    for (element, metric) in [
        (Element::I8, Metric::Cosine),
        (Element::I8F32, Metric::SquaredEuclidean),
        (Element::I8F32, Metric::Cosine),
        (Element::I8F32, Metric::InnerProduct),
        (Element::F32, Metric::SquaredEuclidean),
        (Element::Bits, Metric::Cosine),
    ] {
        let config = BankConfig::new(12, 300)
            .element(element)
            .metric(metric)
            .layout(Layout::Graph)
            .links(4)
            .ef_construction(16);
        let mut memory = Memory::zeroed(config.bytes());
        let mut bank = PatternBank::format(&mut memory, config).unwrap();
        let mut random = Random(3);
        let mut ids: Vec<PatternId> = Vec::new();
        for step in 0..600 {
            let pick = random.next() as usize;
            let vector = random.vector(12);
            let removes = if step < 350 { 4 } else { 2 };
            if ids.len() == 300 || (pick.is_multiple_of(removes) && !ids.is_empty()) {
                bank.remove(ids.swap_remove(pick % ids.len())).unwrap();
            } else if pick % 7 == 1 && !ids.is_empty() {
                let id = ids[pick % ids.len()];
                bank.update(id, &vector, Pattern::default()).unwrap();
            } else {
                ids.push(bank.insert(&vector, Pattern::default()).unwrap());
            }
            if step % 30 == 0 {
                let bank = bank.as_ref();
                is_as_told(&bank.view);
                assert_eq!(
                    open::check::<Any>(&bank.view),
                    Ok(()),
                    "{element:?} {metric:?} {step}"
                );
            }
        }
    }
}

fn is_as_told(view: &View<'_>) {
    let mut live: Vec<u32> = view.entries().map(|entry| entry.id.slot()).collect();
    live.sort_by_key(|&slot| view.hash(slot));
    live.truncate(view.places());
    let mut sampled: Vec<u32> = (0..view.places())
        .filter_map(|place| view.sampled(place))
        .collect();
    live.sort_unstable();
    sampled.sort_unstable();
    assert_eq!(sampled, live);
    for place in 0..view.places() {
        let Some(slot) = view.sampled(place) else {
            continue;
        };
        let mut all: Vec<u64> = view
            .entries()
            .map(|entry| entry.id.slot())
            .filter(|&other| other != slot)
            .map(|other| entry(similarity(view, slot, other), other))
            .collect();
        all.sort_unstable();
        let known = view.nearest(place);
        assert!(known.len() >= all.len().min(NEAREST));
        assert_eq!(known, &all[..known.len()], "of {slot}");
    }
}

/// As the bank compares them: by floats if there are any.
fn similarity(view: &View<'_>, slot: u32, other: u32) -> f32 {
    struct One<'v>(View<'v>, u32, u32);
    impl Task for One<'_> {
        type Output = f32;
        fn run<K: Kernels>(self, kernels: K) -> f32 {
            let exact = Exact::new(kernels, self.0, self.1);
            exact.four(kernels, [self.2; 4], f32::NEG_INFINITY)[0]
        }
    }
    dispatch(One(*view, slot, other))
}

#[test]
fn rows_that_are_all_as_far_from_each_other_are_scanned_and_found() {
    for element in [Element::I8, Element::I8F32] {
        let config = BankConfig::new(320, 320).element(element).scan_cost(1);
        let mut memory = Memory::zeroed(config.bytes());
        let mut bank = PatternBank::format(&mut memory, config).unwrap();
        let scratch_config = ScratchConfig::new(&config, 16);
        let mut scratch = Memory::zeroed(scratch_config.bytes());
        let mut scratch = Scratch::format(&mut scratch, scratch_config).unwrap();
        let row = |at: usize| {
            let mut row = [0.0; 320];
            row[at * 7 % 320] = 1.0;
            row
        };
        for at in 0..320 {
            let label = at as u32;
            let pattern = Pattern {
                label,
                ..Pattern::default()
            };
            bank.insert(&row(at), pattern).unwrap();
        }
        for at in 0..320 {
            let hits = bank.search(&row(at), 1, &mut scratch).unwrap();
            assert_eq!(hits.first().map(|hit| hit.label), Some(at as u32));
            assert!(!hits.is_below_goal());
        }
        let health = bank.health();
        assert_eq!(health.reason, crate::bank::Reason::NoGradient);
        assert!(!health.is_below_goal);
    }
}
