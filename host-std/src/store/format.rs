//! The bytes of a store's file: two equal heads, and behind them sealed records, of which the first
//! says all and each of the others what a save changed.
//!
//! | bytes | what |
//! |---|---|
//! | 0 to 127 | the head: which save is the last, where it ends, its seal, and a hash of these |
//! | 2,048 to 2,175 | the same head again |
//! | from 4,096 | records, one behind the other |
//!
//! A record is sealed by the SHA-256 of its own head and table, which hold the seal of the record
//! before and the hash of each part: so the last seal, which the heads hold, vouches for every byte.
//! All numbers are little-endian.

use sensilla::Hash;
use sha2::{Digest, Sha256};
use std::ops::Range;

/// Version of the file, of the names of the blocks and of what they hold.
pub const FORMAT: u32 = 2;

/// Where the records begin.
pub(super) const RECORDS: u64 = 4_096;
/// Where the heads lie.
pub(super) const HEADS: [u64; 2] = [0, 2_048];
/// Bytes of a head.
pub(super) const HEAD: usize = 128;
/// Most bytes of a part in a record that says all: what a fault in it costs.
pub(super) const PART: usize = 1 << 20;

const MAGIC: &[u8; 8] = b"SNSLstor";
const RECORD: &[u8; 8] = b"SNSLsave";
/// Bytes of a record in front of its table.
const FRONT: usize = 104;

/// What a file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The number of the last save, from 1.
    pub number: u64,
    /// Where its record ends.
    pub end: u64,
    /// The seal of its record.
    pub last: Hash,
}

/// Why there is no head where one should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadFault {
    /// It does not begin as a store does.
    NoStore,
    /// It is of another version.
    OtherFormat(u32),
    /// It does not match its hash.
    Broken,
}

impl Head {
    /// The head as it lies in the file.
    pub fn encode(&self) -> [u8; HEAD] {
        let mut bytes = Vec::with_capacity(HEAD);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.end.to_le_bytes());
        bytes.extend_from_slice(&self.last);
        bytes.resize(HEAD - 32, 0);
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        let mut head = [0; HEAD];
        head.copy_from_slice(&bytes);
        head
    }

    /// The head that lies at the start of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, HeadFault> {
        let head = bytes.first_chunk::<HEAD>().ok_or(HeadFault::NoStore)?;
        let (content, hash) = head.split_at(HEAD - 32);
        let mut from = Cursor(content);
        if from.take(8) != Some(MAGIC) {
            return Err(HeadFault::NoStore);
        }
        // A later version may have its hash elsewhere, so that its number comes first.
        let format = from.u32().ok_or(HeadFault::Broken)?;
        let is_whole = Sha256::digest(content)[..] == *hash;
        match format {
            FORMAT if !is_whole => Err(HeadFault::Broken),
            FORMAT => (|| {
                from.take(4)?;
                Some(Self {
                    number: from.u64()?,
                    end: from.u64()?,
                    last: from.hash()?,
                })
            })()
            .ok_or(HeadFault::Broken),
            other => Err(HeadFault::OtherFormat(other)),
        }
    }
}

/// A stretch of a block that a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub offset: u64,
    pub length: u64,
}

/// What a record says of a block: its length, and the bytes at some places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub name: String,
    /// The length of the whole block.
    pub block: u64,
    pub extents: Vec<Extent>,
    /// SHA-256 of the bytes of all extents.
    pub hash: Hash,
}

impl Part {
    /// Bytes of all extents.
    pub fn bytes(&self) -> Option<u64> {
        let lengths = self.extents.iter().map(|extent| extent.length);
        lengths.into_iter().try_fold(0_u64, u64::checked_add)
    }
}

/// A record without the bytes of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The number of the save.
    pub number: u64,
    /// Whether the blocks here are all there are; else they change those before.
    pub is_whole: bool,
    /// The seal of the record before; zeros in a file's first.
    pub before: Hash,
    pub parts: Vec<Part>,
    pub seal: Hash,
    /// Where the bytes of the parts lie, behind each other.
    pub bytes: Range<usize>,
}

/// Front and table of a record, and its seal. The bytes of the parts follow.
pub(super) fn encode(
    number: u64,
    is_whole: bool,
    before: &Hash,
    parts: &[Part],
) -> (Vec<u8>, Hash) {
    let mut table = Vec::new();
    let mut payload = 0;
    for part in parts {
        table.extend_from_slice(&(part.name.len() as u32).to_le_bytes());
        table.extend_from_slice(&(part.extents.len() as u32).to_le_bytes());
        table.extend_from_slice(&part.block.to_le_bytes());
        table.extend_from_slice(&part.hash);
        table.extend_from_slice(part.name.as_bytes());
        for extent in &part.extents {
            table.extend_from_slice(&extent.offset.to_le_bytes());
            table.extend_from_slice(&extent.length.to_le_bytes());
            payload += extent.length;
        }
    }
    let mut record = Vec::with_capacity(FRONT + table.len());
    record.extend_from_slice(RECORD);
    record.extend_from_slice(&number.to_le_bytes());
    record.extend_from_slice(&((FRONT + table.len()) as u64 + payload).to_le_bytes());
    record.extend_from_slice(&(table.len() as u64).to_le_bytes());
    record.extend_from_slice(&(parts.len() as u32).to_le_bytes());
    record.extend_from_slice(&u32::from(is_whole).to_le_bytes());
    record.extend_from_slice(before);
    let seal = seal(&record, &table);
    record.extend_from_slice(&seal);
    record.extend_from_slice(&table);
    (record, seal)
}

fn seal(front: &[u8], table: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"sensilla store\0\0");
    hash.update(front);
    hash.update(table);
    hash.finalize().into()
}

impl Record {
    /// The record that begins at `at`, whose front and table match its seal. `None` if it does not.
    pub fn decode(file: &[u8], at: usize) -> Option<Self> {
        let record = file.get(at..)?;
        let (front, rest) = record.split_at_checked(FRONT)?;
        let (content, found) = front.split_at_checked(FRONT - 32)?;
        let mut from = Cursor(content);
        if from.take(8)? != RECORD {
            return None;
        }
        let number = from.u64()?;
        let length = usize::try_from(from.u64()?).ok()?;
        let table = rest.get(..usize::try_from(from.u64()?).ok()?)?;
        let (count, is_whole) = (from.u32()?, from.u32()?);
        let before = from.hash()?;
        if length > record.len() || seal(content, table)[..] != *found || is_whole > 1 {
            return None;
        }
        let mut from = Cursor(table);
        let mut parts = Vec::new();
        for _ in 0..count {
            let (name, extents) = (from.u32()?, from.u32()?);
            let (block, hash) = (from.u64()?, from.hash()?);
            let name = str::from_utf8(from.take(name as usize)?).ok()?.to_owned();
            let mut part = Part {
                name,
                block,
                extents: Vec::new(),
                hash,
            };
            for _ in 0..extents {
                let (offset, length) = (from.u64()?, from.u64()?);
                part.extents.push(Extent { offset, length });
            }
            parts.push(part);
        }
        let payload = parts
            .iter()
            .try_fold(0_u64, |sum, part| sum.checked_add(part.bytes()?))?;
        let start = at + FRONT + table.len();
        let end = start.checked_add(usize::try_from(payload).ok()?)?;
        (from.0.is_empty() && end == at.checked_add(length)?).then(|| Self {
            number,
            is_whole: is_whole == 1,
            before,
            parts,
            seal: seal(content, table),
            bytes: start..end,
        })
    }

    /// Each part with its bytes out of the file.
    pub fn parts<'f>(&self, file: &'f [u8]) -> impl Iterator<Item = (&Part, &'f [u8])> {
        let mut rest = file.get(self.bytes.clone()).unwrap_or_default();
        self.parts.iter().map_while(move |part| {
            let length = usize::try_from(part.bytes()?).ok()?;
            let (bytes, behind) = rest.split_at_checked(length)?;
            rest = behind;
            Some((part, bytes))
        })
    }
}

/// Reads numbers off the front of bytes.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn hash(&mut self) -> Option<Hash> {
        self.take(32)?.try_into().ok()
    }
}
