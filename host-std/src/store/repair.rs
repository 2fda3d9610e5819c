//! Reads what can be read of a damaged file.
//!
//! Saves follow each other, so that the state after the last one before the damage is whole. Where
//! the first record, which holds all, is damaged itself, the blocks are there with holes.

use super::format::{RECORDS, Record};
use super::read;
use super::{Blocks, StoreError};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// What is left of a store.
#[derive(Debug, Default)]
pub struct Rest {
    /// The blocks, with zeros or older bytes where they are damaged.
    pub blocks: Blocks,
    /// Where each block cannot be trusted.
    pub holes: BTreeMap<String, Vec<Range<usize>>>,
    /// The last save that is in `blocks`.
    pub saves: u64,
    /// What is lost, in words.
    pub lost: Vec<String>,
}

impl Rest {
    /// Whether any of these bytes of a block cannot be trusted.
    pub fn has_hole(&self, block: &str, range: &Range<usize>) -> bool {
        let holes = self.holes.get(block).into_iter().flatten();
        holes
            .into_iter()
            .any(|hole| hole.start < range.end && range.start < hole.end)
    }
}

/// Reads what can be read of the file at `path`, which is not changed.
pub fn salvage(path: &Path) -> Result<Rest, StoreError> {
    rest(&read::whole_file(path)?)
}

fn rest(file: &[u8]) -> Result<Rest, StoreError> {
    let head = read::head(file);
    let mut rest = Rest::default();
    let end = match head {
        // What is behind the end was never part of the store.
        Ok(head) => usize::try_from(head.end).unwrap_or(file.len()),
        Err(fault) => {
            // Without a head the records speak for themselves, if it was a store.
            if Record::decode(file, RECORDS as usize).is_none() {
                return Err(read::fault(file, fault));
            }
            rest.lost.push(
                "both heads of the file: the last save may be one that was never finished".into(),
            );
            file.len()
        }
    };
    let there = file.get(..end).unwrap_or(file);
    if end > file.len() {
        rest.lost.push(format!(
            "the last {} bytes of the file, which is cut",
            end - file.len()
        ));
    }
    let (mut at, mut last) = (RECORDS as usize, [0; 32]);
    while at < there.len() {
        let record = Record::decode(there, at).filter(|record| record.before == last);
        let Some(record) = record else {
            rest.saves_lost(head.ok().map(|head| head.number), at);
            break;
        };
        let holes = holes(&record, there);
        let is_first = record.is_whole && rest.blocks.is_empty();
        if !holes.is_empty() && !is_first {
            // The state before is whole; what changed then is not.
            rest.saves_lost(head.ok().map(|head| head.number), at);
            break;
        }
        if read::apply(&mut rest.blocks, &record, there).is_none() {
            rest.saves_lost(head.ok().map(|head| head.number), at);
            break;
        }
        for (name, hole) in holes {
            rest.lost.push(format!(
                "the bytes {} to {} of the block `{name}`",
                hole.start, hole.end
            ));
            rest.holes.entry(name).or_default().push(hole);
        }
        rest.saves = record.number;
        (at, last) = (record.bytes.end, record.seal);
    }
    Ok(rest)
}

impl Rest {
    fn saves_lost(&mut self, last: Option<u64>, at: usize) {
        let first = self.saves + 1;
        self.lost.push(match last {
            Some(last) if last > first => format!("the saves {first} to {last}"),
            Some(_) => format!("the save {first}"),
            None => format!("what was saved from byte {at} of the file on"),
        });
    }
}

/// Names and ranges of the parts of a record that do not match their hash.
fn holes(record: &Record, file: &[u8]) -> Vec<(String, Range<usize>)> {
    let broken = read::broken(record, file);
    let parts = record
        .parts
        .iter()
        .zip(broken)
        .filter(|(_, broken)| *broken);
    let extents = parts.flat_map(|(part, _)| {
        part.extents.iter().map(|extent| {
            let start = extent.offset as usize;
            (
                part.name.clone(),
                start..start.saturating_add(extent.length as usize),
            )
        })
    });
    extents.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::lock::Locking;
    use crate::store::{Writer, view};
    use sensilla::block::Memory;

    fn state(seed: u8) -> Blocks {
        let block = |n: usize| Memory::from(&vec![seed; n][..]);
        [("a".into(), block(3_000_000)), ("b".into(), block(500))].into()
    }

    /// The bytes of a store that was saved with each state, the first one whole.
    fn saved(states: &[Blocks]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let mut writer = Writer::open(&path, Locking::None, |_| ()).unwrap();
        for state in states {
            writer.save(&view(state)).unwrap();
        }
        std::fs::read(&path).unwrap()
    }

    #[test]
    fn a_whole_file_is_all_there() {
        let rest = rest(&saved(&[state(1), state(2)])).unwrap();
        assert_eq!((rest.saves, rest.lost.len(), rest.holes.len()), (2, 0, 0));
        assert!(rest.blocks == state(2));
    }

    #[test]
    fn damage_costs_what_was_saved_with_it_and_after_it() {
        let mut small = state(1);
        let mut states = vec![small.clone()];
        for turn in 0..3u8 {
            small.get_mut("b").unwrap()[0] = 10 + turn;
            states.push(small.clone());
        }
        let good = saved(&states);
        let find = |what: &[u8]| good.windows(what.len()).position(|w| w == what).unwrap();
        // In the third save: its first byte of the block.
        let mut bad = good.clone();
        bad[good.len() - 300] ^= 1;
        let left = rest(&bad).unwrap();
        assert!(left.saves >= 2 && left.blocks == states[left.saves as usize - 1]);
        assert!(left.lost[0].contains("save"), "{:?}", left.lost);
        // In the first: a part of one block, and all saves after it are taken.
        let mut bad = good.clone();
        bad[find(&[1; 4_096]) + 2_000_000] ^= 1;
        let left = rest(&bad).unwrap();
        assert_eq!(left.saves, 4);
        assert_eq!(left.holes["a"].len(), 1);
        assert!(left.has_hole("a", &(1_980_000..2_020_000)));
        assert!(!left.has_hole("a", &(0..1_000_000)) && !left.has_hole("b", &(0..500)));
        assert!(left.blocks["b"] == states[3]["b"]);
        // Both heads: the records are enough.
        let mut bad = good.clone();
        bad[..4_096].fill(0);
        let left = rest(&bad).unwrap();
        assert!(left.saves == 4 && left.blocks == states[3] && left.lost.len() == 1);
        // Cut.
        let left = rest(&good[..good.len() - 1]).unwrap();
        assert!(left.saves == 3 && left.blocks == states[2] && left.lost.len() == 2);
        assert!(rest(b"my diary").is_err());
    }
}
