use super::*;
use crate::bank::Any;
use crate::bank::tests::{Memory, Random, unreachable};
use crate::bank::{
    BankConfig, Element, Metric, Pattern, PatternBank, PatternId, Scratch, ScratchConfig, open,
};
use proptest::prelude::*;
use std::vec::Vec;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn after_a_round_every_pattern_can_be_reached(
        element in prop_oneof![Just(Element::I8), Just(Element::F32), Just(Element::Bits)],
        dimensions in 1u32..5,
        values in 1u32..40,
        steps in 1u32..900,
        seed in any::<u64>(),
    ) {
        let metric = match element {
            Element::Bits => Metric::Cosine,
            _ => Metric::SquaredEuclidean,
        };
        let config = BankConfig::new(dimensions, 300)
            .element(element)
            .metric(metric)
            .links(2)
            .ef_construction(8);
        let scratch_config = ScratchConfig::new(&config, 8);
        let mut scratch = Memory::zeroed(scratch_config.bytes());
        let mut scratch = Scratch::format(&mut scratch, scratch_config).unwrap();
        let mut memory = Memory::zeroed(config.bytes());
        let mut bank = PatternBank::format(&mut memory, config).unwrap();
        let mut random = Random(seed);
        let mut ids: Vec<PatternId> = Vec::new();
        for _ in 0..steps {
            let pick = random.next() as usize;
            if ids.len() == 300 || (pick.is_multiple_of(3) && !ids.is_empty()) {
                bank.remove(ids.swap_remove(pick % ids.len())).unwrap();
            } else {
                let vector: Vec<f32> = (0..dimensions)
                    .map(|_| (random.next() % values) as f32 - 3.0)
                    .collect();
                ids.push(bank.insert(&vector, Pattern::default()).unwrap());
            }
        }
        let before = unreachable(&bank);
        prop_assert_eq!(bank.as_ref().unreachable(&mut scratch), Ok(before as u32));
        while !bank.audit_step(50).round_done {}
        prop_assert_eq!(unreachable(&bank), 0);
        prop_assert_eq!(bank.as_ref().unreachable(&mut scratch), Ok(0));
        prop_assert_eq!(open::check::<Any>(&bank.as_ref().view), Ok(()));
    }
}

#[test]
fn pieces_taken_apart_are_joined() {
    let config = BankConfig::new(4, 200).links(2).ef_construction(16);
    let mut memory = Memory::zeroed(config.bytes());
    let mut bank = PatternBank::format(&mut memory, config).unwrap();
    let mut random = Random(1);
    for _ in 0..200 {
        bank.insert(&random.vector(4), Pattern::default()).unwrap();
    }
    assert_eq!(unreachable(&bank), 0);
    // Every link between the slots of different remainders goes.
    for slot in 0..200 {
        let view = bank.sections.view();
        let mut links = Vec::new();
        view.for_links(slot, |link| links.push(link));
        for other in links.into_iter().filter(|other| other % 5 != slot % 5) {
            bank.sections.untie(slot, other);
        }
    }
    assert!(unreachable(&bank) >= 160);
    assert!(join(&mut bank.sections) >= 4);
    assert_eq!(unreachable(&bank), 0);
    assert_eq!(open::check::<Any>(&bank.as_ref().view), Ok(()));
    assert_eq!(join(&mut bank.sections), 0);
}

#[test]
fn an_audit_of_one_vector_comes_to_rest() {
    for patterns in [2, 3, 40] {
        let config = BankConfig::new(1, 40).links(2).ef_construction(8);
        let mut memory = Memory::zeroed(config.bytes());
        let mut bank = PatternBank::format(&mut memory, config).unwrap();
        for _ in 0..patterns {
            bank.insert(&[1.0], Pattern::default()).unwrap();
        }
        let before = bank.image_digest();
        let audit = bank.audit_step(patterns);
        assert!(audit.round_done);
        assert_eq!(audit.mended, 0);
        assert_eq!(bank.image_digest(), before);
    }
}
