use super::*;
use crate::bank::BankConfig;
use crate::bank::tests::{Memory, Random};
use crate::bank::{MAX_CAPACITY, Pattern, PatternBank};

/// A bank of 40 patterns whose links are as wide as its capacity makes them.
fn filled(config: BankConfig, memory: &mut Memory) -> (usize, usize) {
    let mut random = Random(4);
    let start = memory.as_ptr() as usize;
    let mut bank = PatternBank::format(memory, config).unwrap();
    for label in 0..40 {
        let pattern = Pattern {
            label,
            ..Pattern::default()
        };
        let id = bank.insert(&random.vector(5), pattern).unwrap();
        if label % 9 == 0 {
            bank.remove(id).unwrap();
        }
    }
    let (links, bytes) = match bank.as_ref().view.links {
        Links::None => (start, 0),
        Links::Short(links) => (links.as_ptr() as usize, 2),
        Links::Long(links) => (links.as_ptr() as usize, 4),
    };
    (links - start, bytes)
}

#[test]
fn a_link_changed_alone_is_an_error() {
    for (capacity, step) in [(60, 1), (65_536, 37)] {
        let config = BankConfig::new(5, capacity).links(4).ef_construction(16);
        let mut memory = Memory::zeroed(config.bytes());
        let (links, bytes) = filled(config, &mut memory);
        assert!(PatternBank::open(&mut memory).is_ok());
        for at in (0..40 * 8).step_by(step) {
            let (slot, place) = (at as u32 / 8, links + at * bytes);
            let place = place..place + bytes;
            let before = memory[place.clone()].to_vec();
            for word in [
                0,
                1,
                slot,
                slot + 1,
                40,
                41,
                42,
                60_000,
                MAX_CAPACITY,
                u32::MAX,
            ] {
                let word = &word.to_le_bytes()[..bytes];
                memory[place.clone()].copy_from_slice(word);
                let opened = PatternBank::open(&mut memory).map(|bank| bank.len());
                if word != before {
                    assert_eq!(opened, Err(BlockError::Corrupt), "{word:?} at {at}");
                }
            }
            memory[place].copy_from_slice(&before);
        }
        assert!(PatternBank::open(&mut memory).is_ok());
    }
}
