use super::*;
use crate::bank::tests::{Memory, Random};
use crate::bank::{
    Element, Goal, Layout, Method, Metric, Pattern, PatternBank, PatternId, Scratch, ScratchConfig,
    Search, open,
};
use crate::block::BlockError;
use crate::simd::{self, Level};
use proptest::prelude::*;
use std::vec::Vec;

const CAPACITY: u32 = 2_000;

fn config(metric: Metric) -> BankConfig {
    BankConfig::new(5, CAPACITY)
        .element(Element::I8)
        .metric(metric)
        .links(4)
        .ef_construction(24)
}

/// `count` patterns, one in four replaced in place.
fn filled(config: BankConfig, memory: &mut Memory, count: u32) -> (PatternBank<'_>, Random) {
    let mut random = Random(8);
    let mut bank = PatternBank::format(memory, config).unwrap();
    for label in 0..count {
        let pattern = Pattern {
            label,
            ..Pattern::default()
        };
        let id = bank.insert(&random.vector(5), pattern).unwrap();
        if label % 4 == 0 {
            bank.update(id, &random.vector(5), pattern).unwrap();
        }
    }
    (bank, random)
}

proptest! {
    #[test]
    fn every_place_has_a_slot_of_its_own(high in 1usize..1 << 24, of in any::<u32>()) {
        prop_assert!(places(high) <= BankConfig::new(1, high as u32).entries());
        prop_assert!(places(high) >= (high as u32).isqrt() as usize);
        let at = of % places(high) as u32;
        let of = slot(at, shift(high));
        prop_assert_eq!(place(of, high), Some(at));
        prop_assert!(of >> shift(high) == at);
    }
}

#[test]
fn the_table_follows_the_rows() {
    for element in [Element::I8, Element::F32, Element::I8F32, Element::Bits] {
        let config = config(Metric::Cosine).element(element);
        let mut memory = Memory::zeroed(config.bytes());
        let (mut bank, mut random) = filled(config, &mut memory, 10);
        let mut ids: Vec<PatternId> = bank.iter().map(|entry| entry.id).collect();
        for step in 0..800 {
            let which = random.next() as usize % ids.len();
            match random.next() % 8 {
                0 => {
                    bank.remove(ids.swap_remove(which)).unwrap();
                }
                1 => bank
                    .update(ids[which], &random.vector(5), Pattern::default())
                    .unwrap(),
                _ => ids.push(bank.insert(&random.vector(5), Pattern::default()).unwrap()),
            }
            if step % 60 == 0 {
                let view = bank.as_ref().view;
                assert!(is_sound(&view), "after {step} steps");
                let kept = view
                    .entries
                    .iter()
                    .filter(|&&sketch| sketch != sketch::NONE);
                let (leading, kept) = (leading(&view).count(), kept.count());
                // Of bits there are so few vectors that some patterns hang on others.
                assert!(leading == kept || (element == Element::Bits && leading < kept));
            }
        }
        while !bank.audit_step(100).round_done {}
        assert_eq!(open::check::<crate::bank::Any>(&bank.as_ref().view), Ok(()));
    }
}

#[test]
fn a_table_that_differs_from_the_rows_is_an_error() {
    let config = config(Metric::SquaredEuclidean);
    let mut memory = Memory::zeroed(config.bytes());
    let (bank, mut random) = filled(config, &mut memory, 40);
    let table = size_of_val(bank.as_ref().view.entries);
    let good = memory.to_vec();
    for _ in 0..12 {
        let at = good.len() - 1 - random.next() as usize % table;
        memory[at] ^= 1 << (random.next() % 8);
        let opened = PatternBank::open(&mut memory).map(|bank| bank.len());
        assert_eq!(opened, Err(BlockError::Corrupt));
        memory[at] = good[at];
    }
    assert_eq!(PatternBank::open(&mut memory).unwrap().len(), 40);
}

#[test]
fn walks_from_the_table_find_what_the_scan_finds() {
    for (element, metric) in [
        (Element::I8F32, Metric::InnerProduct),
        (Element::I8, Metric::SquaredEuclidean),
    ] {
        let config = config(metric).element(element).layout(Layout::Both);
        let scratch_config = ScratchConfig::new(&config, 32);
        let mut scratch = Memory::zeroed(scratch_config.bytes());
        let mut scratch = Scratch::format(&mut scratch, scratch_config).unwrap();
        let mut digest = None;
        for level in Level::ALL.into_iter().filter(|level| level.is_supported()) {
            simd::force(Some(level)).unwrap();
            let mut memory = Memory::zeroed(config.bytes());
            let (bank, mut random) = filled(config, &mut memory, 500);
            assert_eq!(
                *digest.get_or_insert(bank.image_digest()),
                bank.image_digest()
            );
            let mut found = 0;
            for _ in 0..20 {
                let query = random.vector(5);
                let walk = Search {
                    goal: Goal::Ef(32),
                    method: Some(Method::Graph),
                    ..Search::new(10)
                };
                let hits = bank.search_with(&query, &walk, &mut scratch).unwrap();
                assert!(hits.distances() < 450);
                let last = hits.get(9).unwrap().similarity;
                let exact = bank.search_exact(&query, 10, &mut scratch).unwrap();
                found += exact
                    .iter()
                    .filter(|hit| hit.similarity >= last)
                    .count()
                    .min(10);
            }
            assert!(
                found >= 195,
                "{element:?} {metric:?} {level:?}: {found} of 200"
            );
        }
        simd::force(None).unwrap();
    }
}

#[test]
fn walks_find_their_way_without_a_live_entry() {
    let config = config(Metric::Cosine);
    let scratch_config = ScratchConfig::new(&config, 16);
    let mut scratch = Memory::zeroed(scratch_config.bytes());
    let mut scratch = Scratch::format(&mut scratch, scratch_config).unwrap();
    let mut memory = Memory::zeroed(config.bytes());
    let (mut bank, mut random) = filled(config, &mut memory, 300);
    let entries: Vec<u32> = leading(&bank.as_ref().view).collect();
    assert!(!entries.is_empty());
    bank.prune(|entry| !entries.contains(&entry.id.slot()), |_| {});
    assert_eq!(leading(&bank.as_ref().view).count(), 0);
    assert_eq!(bank.as_ref().unreachable(&mut scratch), Ok(0));
    let walk = Search {
        method: Some(Method::Graph),
        ..Search::new(1)
    };
    let query = random.vector(5);
    let hits = bank.search_with(&query, &walk, &mut scratch).unwrap();
    assert_eq!(hits.len(), 1);
    assert_eq!(open::check::<crate::bank::Any>(&bank.as_ref().view), Ok(()));
}

#[test]
fn walks_start_all_over_the_bank_where_sketches_are_alike() {
    let config = config(Metric::SquaredEuclidean).element(Element::I8F32);
    let scratch_config = ScratchConfig::new(&config, 16);
    let mut scratch = Memory::zeroed(scratch_config.bytes());
    let mut scratch = Scratch::format(&mut scratch, scratch_config).unwrap();
    let mut memory = Memory::zeroed(config.bytes());
    let mut bank = PatternBank::format(&mut memory, config).unwrap();
    // One component outweighs the others, and grows.
    let vector = |at: f32| [at, 0.3, -0.2, 0.1, 0.4];
    for label in 0..CAPACITY {
        let pattern = Pattern {
            label,
            ..Pattern::default()
        };
        bank.insert(&vector(1000.0 + label as f32), pattern)
            .unwrap();
    }
    let mut compared = 0;
    for query in 0..50 {
        let nearest = query * (CAPACITY / 50) + 7;
        let walk = Search {
            goal: Goal::Ef(16),
            method: Some(Method::Graph),
            ..Search::new(1)
        };
        let at = vector(1000.25 + nearest as f32);
        let hits = bank.search_with(&at, &walk, &mut scratch).unwrap();
        assert_eq!(hits.first().unwrap().label, nearest);
        compared += hits.distances();
    }
    assert!(compared < 50 * 300, "{} rows a query", compared / 50);
}
