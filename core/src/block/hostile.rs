//! That whatever opens can be used: images of every structure are spoilt at random, as one would be
//! who writes a checksum of his own over it, and what still opens is read and changed in all ways.
//! Nothing may panic, and what was changed must open again.
//!
//! The targets of the fuzzer look for the same with feedback; these run with every test.

mod structures;

use super::Memory;
use crate::table::mix;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

/// Images of a structure that was lived with, and how one lives with it on: false if it does not
/// open. The number varies what is done.
struct Fixture {
    name: &'static str,
    images: Vec<Memory>,
    live: fn(&mut [u8], u64) -> bool,
}

impl Fixture {
    /// Lives with an empty structure a few times.
    fn new(name: &'static str, mut memory: Memory, live: fn(&mut [u8], u64) -> bool) -> Self {
        let mut images = std::vec![memory.clone()];
        for turn in 0..3 {
            assert!(live(&mut memory, turn), "{name}: {turn}");
            images.push(memory.clone());
        }
        Self { name, images, live }
    }

    fn spoil_and_live(&self, image: usize, edits: &[Edit], turn: u64) -> Result<bool, String> {
        let mut memory = self.images[image % self.images.len()].clone();
        edits.iter().for_each(|edit| edit.apply(&mut memory));
        let opened = (self.live)(&mut memory, turn);
        if opened && !(self.live)(&mut memory, turn + 1) {
            return Err(std::format!("{}: no longer opens after use", self.name));
        }
        Ok(opened)
    }
}

/// What is done to an image: at a place, a value of a kind, or bytes from elsewhere.
#[derive(Clone, Debug)]
struct Edit {
    at: u32,
    kind: u8,
    value: u64,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = (any::<u32>(), 0..12u8, any::<u64>());
    let edit = edit.prop_map(|(at, kind, value)| Edit { at, kind, value });
    prop::collection::vec(edit, 1..5)
}

impl Edit {
    fn apply(&self, bytes: &mut [u8]) {
        let length = bytes.len();
        // One in eight goes into the header.
        let from = if self.value.is_multiple_of(8) {
            16
        } else {
            super::HEADER_BYTES
        };
        let at = from + self.at as usize % (length - from);
        let word = at / 4 * 4;
        let old = u32::from_le_bytes(bytes[word..word + 4].try_into().unwrap());
        let wide = at / 8 * 8;
        let new = match self.kind {
            0 => old.wrapping_add(1),
            1 => old.wrapping_sub(1),
            2 => u32::MAX,
            3 => self.value as u32 % 70,
            4 => f32::MAX.to_bits(),
            5 => f32::NAN.to_bits(),
            6 => 1 << 31,
            7 => return bytes[at] ^= 1 << (self.value % 8),
            8 => return bytes[at] = self.value as u8,
            9 => return bytes[wide..wide + 8].copy_from_slice(&self.value.to_le_bytes()),
            10 => {
                return bytes[wide..wide + 8]
                    .copy_from_slice(&(u64::MAX - self.value % 2).to_le_bytes());
            }
            _ => {
                let source = (self.value >> 8) as usize % length;
                let count = (4 << (self.value % 4))
                    .min(length - source)
                    .min(length - word);
                return bytes.copy_within(source..source + count, word);
            }
        };
        bytes[word..word + 4].copy_from_slice(&new.to_le_bytes());
    }
}

/// Numbers that follow from a turn.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = mix(self.0.wrapping_add(0x9e37_79b9_7f4a_7c15));
        self.0 % bound.max(1)
    }

    fn vector(&mut self, components: usize) -> Vec<f32> {
        let component = |_| self.below(301) as f32 / 100.0 - 1.5;
        (0..components).map(component).collect()
    }
}

#[test]
fn what_opens_can_be_used_and_opens_again() {
    let mut fixtures = Vec::new();
    fixtures.extend(structures::names());
    fixtures.extend(structures::banks());
    fixtures.extend(structures::learn());
    fixtures.extend(structures::spike());
    fixtures.extend(structures::claims());
    fixtures.extend(structures::nodes());
    let cases = std::env::var("SENSILLA_HOSTILE_IMAGES").ok();
    let cases = cases.and_then(|n| n.parse().ok()).unwrap_or(300);
    let mut failed = Vec::new();
    for fixture in &fixtures {
        let mut opened = 0_u32;
        let config = ProptestConfig {
            cases,
            max_shrink_iters: 200,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let count = core::cell::Cell::new(0);
        let result = runner.run(
            &(any::<usize>(), edits(), 5..1_000u64),
            |(image, edits, turn)| {
                match fixture.spoil_and_live(image, &edits, turn) {
                    Ok(opened) => count.set(count.get() + u32::from(opened)),
                    Err(what) => return Err(TestCaseError::fail(what)),
                }
                Ok(())
            },
        );
        opened += count.get();
        if let Err(error) = result {
            failed.push(std::format!("{}: {error}", fixture.name));
        }
        // Some damage is no damage: a number that may be any.
        assert!(
            opened < cases || cases < 100,
            "{}: nothing was refused",
            fixture.name
        );
    }
    assert!(failed.is_empty(), "{failed:#?}");
}
