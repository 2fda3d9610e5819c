//! That opening a structure sees every bit that lies where nothing is kept.
//!
//! What a byte belongs to is found by use. In an empty structure no byte belongs to anything. A byte
//! that is zero in one image of a structure and not in another is, in the first, either behind what
//! is used or in a place that was given back. Wherever such a byte changes, the structure must not
//! open: else two images of the same content could differ, or carry what nobody sees. Bytes that may
//! change all the same are named, each with its reason.

use super::{BlockError, HEADER_BYTES, Memory};
use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

/// Name and bytes of each section.
type Sizes = Vec<(&'static str, usize)>;

/// Bytes of a section that say something without anything else to hold them to.
struct Alone {
    section: &'static str,
    bytes: Vec<usize>,
    reason: &'static str,
}

/// A structure and the ways in which it is used here.
struct Fixture {
    name: &'static str,
    /// The structure, empty.
    memory: Memory,
    /// What is done to it, one after the other: some of its places are used, then all, and then, if
    /// the structure can, some and all are given back.
    steps: Vec<fn(&mut [u8])>,
    /// Opens it.
    open: fn(&mut [u8]) -> Result<Sizes, BlockError>,
    alone: Vec<Alone>,
}

/// Writes a [`Fixture`]; each step gets the structure opened.
macro_rules! fixture {
    (
        $name:literal: $structure:ty = $config:expr,
        steps: [$($step:expr),+ $(,)?],
        alone: [$(($section:literal, $bytes:expr, $reason:literal)),* $(,)?] $(,)?
    ) => {{
        let config = $config;
        let mut memory = Memory::zeroed(config.bytes());
        <$structure>::format(&mut memory, config).unwrap();
        Fixture {
            name: $name,
            memory,
            steps: std::vec![$(|memory| {
                let step: fn($structure) = $step;
                step(<$structure>::open(memory).unwrap());
            }),+],
            open: |memory| Ok(<$structure>::open(memory)?.sections().collect()),
            alone: std::vec![$(Alone {
                section: $section,
                bytes: ($bytes).into_iter().collect(),
                reason: $reason,
            }),*],
        }
    }};
}

mod history;
mod perception;

impl Fixture {
    /// The structure empty, and after each step.
    fn images(&self) -> Vec<Memory> {
        let mut memory = self.memory.clone();
        let mut images = std::vec![memory.clone()];
        for step in &self.steps {
            step(&mut memory);
            images.push(memory.clone());
        }
        images
    }

    /// Section and offset in it of each byte behind the header.
    fn places(&self) -> Vec<(&'static str, usize)> {
        let sections = (self.open)(&mut self.memory.clone()).unwrap();
        let places = sections
            .into_iter()
            .flat_map(|(name, bytes)| (0..bytes).map(move |at| (name, at)));
        places.skip(HEADER_BYTES).collect()
    }

    /// Changes every bit that nothing keeps, one at a time; what opened where it must not.
    fn unseen(&self) -> Vec<String> {
        let images = self.images();
        let places = self.places();
        assert_eq!(
            places.len() + HEADER_BYTES,
            self.memory.len(),
            "{}",
            self.name
        );
        let mut opened = BTreeMap::new();
        let mut needed = std::vec![false; self.alone.len()];
        for (step, image) in images.iter().enumerate() {
            let mut memory = image.clone();
            (self.open)(&mut memory).unwrap();
            for (&(section, at), byte) in places.iter().zip(HEADER_BYTES..) {
                let is_unused = image[byte] == 0 && images.iter().any(|other| other[byte] != 0);
                if step != 0 && !is_unused {
                    continue;
                }
                for bit in 0..8 {
                    memory[byte] ^= 1 << bit;
                    match (self.open)(&mut memory) {
                        Err(error) => assert_eq!(error, BlockError::Corrupt, "{section} {at}"),
                        Ok(_) => {
                            let alone = self
                                .alone
                                .iter()
                                .position(|a| a.section == section && a.bytes.contains(&at));
                            match alone {
                                Some(alone) => needed[alone] = true,
                                None => {
                                    let first = opened.entry((step, section)).or_insert((at, 0));
                                    first.1 += 1;
                                }
                            }
                        }
                    }
                    memory[byte] ^= 1 << bit;
                }
            }
        }
        let opened = opened.into_iter().map(|((step, section), (at, bits))| {
            let name = self.name;
            std::format!("{name}, step {step}: {bits} bits of {section}, the first in byte {at}")
        });
        let needless = self.alone.iter().zip(needed).filter(|(_, needed)| !needed);
        let needless = needless.map(|(alone, _)| {
            let (name, section, reason) = (self.name, alone.section, alone.reason);
            std::format!("{name}: nothing in {section} stands alone as said: {reason}")
        });
        opened.chain(needless).collect()
    }
}

#[test]
fn no_bit_changes_unseen_where_nothing_is_kept() {
    let fixtures = [
        perception::bank(),
        perception::learn(),
        perception::shapes(),
        perception::spike(),
        history::merkle(),
        history::log(),
        history::names(),
        history::claims(),
    ];
    let unseen: Vec<String> = fixtures
        .iter()
        .flatten()
        .flat_map(Fixture::unseen)
        .collect();
    assert!(unseen.is_empty(), "{unseen:#?}");
}
