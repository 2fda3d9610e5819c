//! Reads a store's file and checks every byte of it.

use super::format::{Extent, FORMAT, HEAD, HEADS, Head, HeadFault, Part, RECORDS, Record};
use super::{Blocks, Contents, StoreError};
use rayon::prelude::*;
use sensilla::block::Memory;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// What a `redb` database begins with: stores of format 1 were such.
const REDB: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

/// The bytes of the file at `path`.
pub(super) fn file(path: &Path) -> Result<Vec<u8>, StoreError> {
    let read = || {
        // A device or a pipe may have no end, and opening a pipe may wait for one that writes.
        let kind = std::fs::metadata(path)?.file_type();
        if kind.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !kind.is_file() {
            return Err(io::Error::other("is a device or a pipe, not a file"));
        }
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        // The heads come first, as a save writes them last: what they speak of is there by then.
        let mut bytes = Vec::new();
        let room = usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
        bytes
            .try_reserve_exact(room)
            .map_err(|_| io::ErrorKind::OutOfMemory)?;
        file.by_ref().take(RECORDS).read_to_end(&mut bytes)?;
        let end = head(&bytes).map_or(length, |head| head.end.min(length));
        file.take(end.saturating_sub(RECORDS))
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|e: io::Error| match e.kind() {
        io::ErrorKind::NotFound => StoreError::Missing,
        _ => StoreError::Io(e),
    })
}

/// The newer of the file's two heads; one of them may be half-written or damaged.
pub(super) fn head(file: &[u8]) -> Result<Head, HeadFault> {
    let [first, second] = HEADS.map(|at| {
        let bytes = file.get(at as usize..at as usize + HEAD);
        bytes.map_or(Err(HeadFault::NoStore), Head::decode)
    });
    match (first, second) {
        (Ok(first), Ok(second)) if second.number > first.number => Ok(second),
        (Ok(head), _) | (Err(_), Ok(head)) => Ok(head),
        (Err(HeadFault::NoStore), Err(other)) => Err(other),
        (Err(fault), Err(_)) => Err(fault),
    }
}

/// Why a file without a head is no store.
pub(super) fn fault(file: &[u8], fault: HeadFault) -> StoreError {
    match fault {
        HeadFault::OtherFormat(found) => StoreError::OtherFormat { found },
        HeadFault::NoStore if file.starts_with(REDB) => StoreError::OtherFormat { found: 1 },
        HeadFault::NoStore if file.is_empty() => damaged("the file is empty"),
        HeadFault::NoStore => damaged("it does not begin as a store does"),
        HeadFault::Broken => damaged("both of its heads are damaged"),
    }
}

fn damaged(reason: impl Into<String>) -> StoreError {
    StoreError::Damaged(reason.into())
}

/// Checks `file`, the bytes of a store: its head, the seal of each record, the hash of each part.
pub fn open(file: &[u8]) -> Result<Contents, StoreError> {
    let head = head(file).map_err(|e| fault(file, e))?;
    let end = usize::try_from(head.end).map_err(|_| damaged("its end is nowhere"))?;
    let records = file.get(..end).ok_or_else(|| {
        let found = file.len();
        damaged(format!("the file is cut: {found} of {end} bytes are there"))
    })?;
    let mut blocks = Blocks::new();
    let (mut at, mut last) = (RECORDS as usize, [0; 32]);
    while at < end {
        let record = Record::decode(records, at)
            .filter(|record| record.before == last)
            .ok_or_else(|| {
                damaged(format!(
                    "what was saved at byte {at} does not match its seal"
                ))
            })?;
        if let Some(name) = broken(&record, records).first() {
            return Err(damaged(format!(
                "the block `{name}` does not match its SHA-256 in save {}",
                record.number
            )));
        }
        apply(&mut blocks, &record, records)
            .ok_or_else(|| damaged(format!("save {} contradicts those before", record.number)))?;
        (at, last) = (record.bytes.end, record.seal);
    }
    if last != head.last || at != end {
        return Err(damaged("the last save is not the one that its head names"));
    }
    Ok(Contents {
        blocks,
        format: FORMAT,
        saves: head.number,
        file_bytes: file.len() as u64,
    })
}

/// Names of the parts of a record whose bytes do not match their hash.
pub(super) fn broken<'r>(record: &'r Record, file: &[u8]) -> Vec<&'r str> {
    let parts: Vec<(&Part, &[u8])> = record.parts(file).collect();
    let differs = |(part, bytes): &&(&Part, &[u8])| Sha256::digest(bytes)[..] != part.hash;
    let broken = parts.par_iter().filter(differs);
    broken.map(|(part, _)| part.name.as_str()).collect()
}

/// Does to `blocks` what a record says; `None` if it cannot be.
pub(super) fn apply(blocks: &mut Blocks, record: &Record, file: &[u8]) -> Option<()> {
    if record.is_whole {
        blocks.clear();
    }
    // How much of each block that is new here was given, from its start on.
    let mut given: BTreeMap<&str, u64> = BTreeMap::new();
    for (part, bytes) in record.parts(file) {
        let name = part.name.as_str();
        let length = usize::try_from(part.block).ok()?;
        let is_new = blocks.get(name).is_none_or(|block| block.len() != length);
        if is_new || record.is_whole {
            // A block may be as long as all of the file, and no longer, as all of it is here.
            (length <= record.bytes.len()).then_some(())?;
            given.entry(name).or_insert(0);
        }
        if is_new {
            blocks.insert(name.to_owned(), Memory::try_zeroed(length).ok()?);
        }
        let block = blocks.get_mut(name)?;
        let mut rest = bytes;
        for &Extent { offset, length } in &part.extents {
            if let Some(given) = given.get_mut(name) {
                (offset == *given).then_some(())?;
                *given += length;
            }
            let (from, behind) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            let start = usize::try_from(offset).ok()?;
            block
                .get_mut(start..start.checked_add(from.len())?)?
                .copy_from_slice(from);
            rest = behind;
        }
    }
    let are_whole =
        |(name, given): (&&str, &u64)| blocks.get(*name).is_some_and(|b| b.len() as u64 == *given);
    given.iter().all(are_whole).then_some(())
}
