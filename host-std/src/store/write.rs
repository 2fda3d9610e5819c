//! Saves what changed: appends a record to the file, or makes the file anew where it holds more of
//! the past than of the present.
//!
//! What is appended becomes part of the store when the first head names it, which is written after
//! the record is on the disk. A process that is killed at any point leaves the state before or the
//! state after; what it wrote behind the end that the heads name is overwritten by the next save.

use super::format::{self, Extent, HEADS, Head, PART, Part, RECORDS};
use super::{Blocks, StoreError, View, place, read};
use rayon::prelude::*;
use sensilla::Hash;
use sensilla::block::Memory;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// A change is told by lines of so many bytes.
const LINE: usize = 64;
/// And looked for in steps of so many.
const STEP: usize = 4_096;
/// Stretches that are as near are one: each takes sixteen bytes by itself.
const NEAR: usize = 64;
/// The past may take as much as the present and this before the file is made anew.
const PAST: u64 = 256 << 10;

/// A store as its writer knows it: what its file holds.
#[derive(Debug)]
pub(super) struct Saved {
    head: Head,
    blocks: Blocks,
}

impl Saved {
    /// What was read from a file.
    pub fn new(file: &[u8], blocks: &Blocks) -> Option<Self> {
        Some(Self {
            head: read::head(file).ok()?,
            blocks: blocks.clone(),
        })
    }

    /// Whether the file holds so much of the past that it should be made anew.
    pub fn is_due(&self) -> bool {
        let live: u64 = self.blocks.values().map(|block| block.len() as u64).sum();
        self.head.end.saturating_sub(RECORDS) > live.saturating_add(live / 2).saturating_add(PAST)
    }

    /// Whether so little is as it was that all may be written as well.
    pub fn is_other(&self, blocks: &View<'_>) -> bool {
        let (mut kept, mut new) = (0, 0);
        for (name, block) in blocks {
            let length = length(block);
            match self
                .blocks
                .get(*name)
                .is_some_and(|before| before.len() == length)
            {
                true => kept += length,
                false => new += length,
            }
        }
        new > kept
    }

    /// Refuses a file that is not as this knows it.
    pub fn is_at(&self, path: &Path) -> Result<(), StoreError> {
        let mut heads = Vec::new();
        File::open(path)?.take(RECORDS).read_to_end(&mut heads)?;
        match read::head(&heads) == Ok(self.head) {
            true => Ok(()),
            false => Err(StoreError::Changed),
        }
    }

    /// Appends what differs in `blocks` to the file at `path`; says whether anything did. The file
    /// must be as this knows it.
    pub fn append(&mut self, path: &Path, blocks: &View<'_>) -> Result<bool, StoreError> {
        let same_names = self
            .blocks
            .keys()
            .map(String::as_str)
            .eq(blocks.keys().copied());
        let changes = match same_names {
            true => changes(&self.blocks, blocks),
            false => whole(blocks),
        };
        if same_names && changes.is_empty() {
            return Ok(false);
        }
        self.is_at(path)?;
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let (number, end) = (self.head.number + 1, self.head.end);
        let parts: Vec<Part> = changes.iter().map(|change| change.part.clone()).collect();
        let (record, seal) = format::encode(number, !same_names, &self.head.last, &parts);
        let write = |file: &mut File| {
            // What a killed writer left behind the end goes.
            file.set_len(end)?;
            file.seek(SeekFrom::Start(end))?;
            let mut out = BufWriter::with_capacity(1 << 20, &mut *file);
            out.write_all(&record)?;
            for bytes in changes.iter().flat_map(|change| &change.bytes) {
                out.write_all(bytes)?;
            }
            out.flush()?;
            drop(out);
            let new = file.stream_position()?;
            file.sync_data()?;
            Ok::<u64, io::Error>(new)
        };
        let new = write(&mut file).inspect_err(|_| {
            // The error to report is the first one.
            let _ = file.set_len(end);
        })?;
        let head = Head {
            number,
            end: new,
            last: seal,
        };
        let put = |file: &mut File, at, head: &Head| {
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&head.encode())
        };
        let [first, second] = HEADS;
        let named = put(&mut file, first, &head).and_then(|()| file.sync_data());
        if let Err(error) = named {
            // Whichever of the two the disk has now, both speak of what is there.
            let _ = put(&mut file, first, &self.head).and_then(|()| file.sync_data());
            return Err(error.into());
        }
        // It is there in case the first is damaged later, and reaches the disk before that is
        // written again.
        let _ = put(&mut file, second, &head);
        self.head = head;
        match same_names {
            true => {
                for change in &changes {
                    change.apply(&mut self.blocks);
                }
            }
            false => self.blocks = collected(blocks),
        }
        Ok(true)
    }

    /// Makes the file at `path` anew, with `blocks` and nothing of the past.
    pub fn replace(path: &Path, blocks: &View<'_>, number: u64) -> Result<Self, StoreError> {
        let changes = whole(blocks);
        let parts: Vec<Part> = changes.iter().map(|change| change.part.clone()).collect();
        let before: Hash = [0; 32];
        let (record, seal) = format::encode(number, true, &before, &parts);
        let bytes = changes.iter().flat_map(|change| &change.bytes);
        let payload: usize = bytes.clone().map(|bytes| bytes.len()).sum();
        let head = Head {
            number,
            end: RECORDS + (record.len() + payload) as u64,
            last: seal,
        };
        place::replace(path, |file| {
            let mut out = BufWriter::with_capacity(1 << 20, file);
            let mut heads = vec![0; RECORDS as usize];
            for at in HEADS {
                let at = at as usize;
                heads[at..at + format::HEAD].copy_from_slice(&head.encode());
            }
            out.write_all(&heads)?;
            out.write_all(&record)?;
            for bytes in bytes {
                out.write_all(bytes)?;
            }
            out.flush()
        })?;
        Ok(Self {
            head,
            blocks: collected(blocks),
        })
    }

    /// The number of the last save.
    pub fn number(&self) -> u64 {
        self.head.number
    }
}

/// A part of a record and its bytes where they lie.
struct Change<'a> {
    part: Part,
    bytes: Vec<&'a [u8]>,
}

impl<'a> Change<'a> {
    fn new(name: &str, block: usize, stretches: Vec<(usize, &'a [u8])>) -> Self {
        let mut hash = Sha256::new();
        let extent = |(offset, bytes): &(usize, &[u8])| Extent {
            offset: *offset as u64,
            length: bytes.len() as u64,
        };
        let extents = stretches.iter().map(extent).collect();
        let bytes: Vec<&[u8]> = stretches.into_iter().map(|(_, bytes)| bytes).collect();
        bytes.iter().for_each(|bytes| hash.update(bytes));
        let part = Part {
            name: name.to_owned(),
            block: block as u64,
            extents,
            hash: hash.finalize().into(),
        };
        Self { part, bytes }
    }

    /// Does the change to what a writer remembers.
    fn apply(&self, blocks: &mut Blocks) {
        let length = self.part.block as usize;
        let block = blocks.entry(self.part.name.clone()).or_default();
        if block.len() != length {
            *block = Memory::zeroed(length);
        }
        for (extent, bytes) in self.part.extents.iter().zip(&self.bytes) {
            let start = extent.offset as usize;
            block[start..start + bytes.len()].copy_from_slice(bytes);
        }
    }
}

/// The pieces of a block with their places, none longer than `most`.
fn pieces<'a>(block: &[&'a [u8]], most: usize) -> Vec<(usize, &'a [u8])> {
    let mut at = 0;
    let mut pieces = Vec::new();
    for piece in block.iter().flat_map(|piece| piece.chunks(most)) {
        pieces.push((at, piece));
        at += piece.len();
    }
    pieces
}

fn length(block: &[&[u8]]) -> usize {
    block.iter().map(|piece| piece.len()).sum()
}

/// All of the blocks, in parts.
fn whole<'a>(blocks: &View<'a>) -> Vec<Change<'a>> {
    let mut parts = Vec::new();
    for (name, block) in blocks {
        let block_length = length(block);
        // A block of no bytes has a part too.
        let mut part = Vec::new();
        let mut bytes = 0;
        for piece in pieces(block, PART) {
            if bytes + piece.1.len() > PART {
                parts.push((*name, block_length, std::mem::take(&mut part)));
                bytes = 0;
            }
            bytes += piece.1.len();
            part.push(piece);
        }
        parts.push((*name, block_length, part));
    }
    let change = |(name, length, stretches)| Change::new(name, length, stretches);
    parts.into_par_iter().map(change).collect()
}

/// What differs in blocks of the same names.
fn changes<'a>(old: &Blocks, new: &View<'a>) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    for (name, block) in new {
        let (Some(before), length) = (old.get(*name), length(block)) else {
            continue;
        };
        let stretches: Vec<(usize, &[u8])> = match before.len() == length {
            false => pieces(block, PART),
            true => pieces(block, PART)
                .into_par_iter()
                .flat_map_iter(|(at, piece)| {
                    differing(&before[at..at + piece.len()], piece)
                        .into_iter()
                        .map(move |range| (at + range.start, &piece[range]))
                })
                .collect(),
        };
        if !stretches.is_empty() || before.len() != length {
            changes.push(Change::new(name, length, stretches));
        }
    }
    changes
}

/// Where two pieces of the same length differ.
fn differing(old: &[u8], new: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    let steps = old.chunks(STEP).zip(new.chunks(STEP)).enumerate();
    for (step, (old, new)) in steps.filter(|(_, (old, new))| old != new) {
        let lines = old.chunks(LINE).zip(new.chunks(LINE)).enumerate();
        for (line, (_, new)) in lines.filter(|(_, (old, new))| old != new) {
            let start = step * STEP + line * LINE;
            let end = start + new.len();
            match ranges.last_mut() {
                Some(last) if start - last.end <= NEAR => last.end = end,
                _ => ranges.push(start..end),
            }
        }
    }
    ranges
}

/// A copy of blocks in pieces.
fn collected(blocks: &View<'_>) -> Blocks {
    let copy = |(name, block): (&&str, &Vec<&[u8]>)| {
        let mut memory = Memory::zeroed(length(block));
        for (at, piece) in pieces(block, usize::MAX) {
            memory[at..at + piece.len()].copy_from_slice(piece);
        }
        ((*name).to_owned(), memory)
    };
    blocks.iter().map(copy).collect::<BTreeMap<_, _>>()
}
