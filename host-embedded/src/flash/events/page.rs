//! How a page of events is written: a header, then records, each whole words.

use crc::{CRC_32_ISO_HDLC, Crc};

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const MAGIC: [u8; 4] = *b"SNe1";

/// Bytes of a page's header, before it is padded to whole words.
pub(super) const HEADER: usize = 32;
/// Bytes in front of what a record holds.
pub(super) const PREFIX: usize = 4;
/// Most bytes that a record holds. One less than its bits hold, so that no record begins with the
/// word that erased flash reads as.
pub(super) const MAX_LENGTH: usize = (1 << LENGTH_BITS) - 2;

const LENGTH_BITS: u32 = 11;
const CHECK_BITS: u32 = 20;

/// What a page begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// How many pages were begun before it.
    pub order: u32,
    /// The position of its first event.
    pub first: u64,
    /// The position of the oldest event that was retained when it was begun.
    pub retained: u64,
    /// What checks of records are mixed with.
    pub seed: u32,
}

impl Header {
    pub fn bytes(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&self.order.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.seed.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.retained.to_le_bytes());
        let check = CRC.checksum(&bytes[8..]);
        bytes[4..8].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// The header that `bytes` are, if it is whole.
    pub fn parse(bytes: &[u8; HEADER]) -> Option<Self> {
        let word = |at: usize| bytes.get(at..)?.first_chunk().copied();
        let long = |at: usize| bytes.get(at..)?.first_chunk().copied();
        let header = Self {
            order: u32::from_le_bytes(word(8)?),
            seed: u32::from_le_bytes(word(12)?),
            first: u64::from_le_bytes(long(16)?),
            retained: u64::from_le_bytes(long(24)?),
        };
        (header.bytes() == *bytes).then_some(header)
    }
}

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Event,
    /// The position before which events are no longer retained, in eight bytes.
    Truncation,
}

/// The first word of a record: its kind, its length, and a check of both, of what the record holds to
/// the end of its last word, and of where it stands. A check that knows the place and a seed of the host keeps an event from
/// being taken for the records that somebody wrote into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefix(u32);

impl Prefix {
    /// What flash that was not written reads as.
    pub const ERASED: Self = Self(u32::MAX);

    pub fn from_bytes(bytes: [u8; PREFIX]) -> Self {
        Self(u32::from_le_bytes(bytes))
    }

    pub fn bytes(self) -> [u8; PREFIX] {
        self.0.to_le_bytes()
    }

    pub fn kind(self) -> Kind {
        match self.0 >> 31 {
            0 => Kind::Event,
            _ => Kind::Truncation,
        }
    }

    pub fn length(self) -> usize {
        (self.0 >> CHECK_BITS) as usize & ((1 << LENGTH_BITS) - 1)
    }
}

/// The check of a record, fed with what it holds.
#[derive(Clone)]
pub(super) struct Check {
    digest: crc::Digest<'static, u32>,
    head: u32,
}

impl Check {
    /// For a record of `length` bytes in the page with `header`.
    pub fn new(header: &Header, kind: Kind, length: usize) -> Self {
        static TABLE: Crc<u32> = CRC;
        let kind = match kind {
            Kind::Event => 0,
            Kind::Truncation => 1 << LENGTH_BITS,
        };
        let head = kind | length.min(MAX_LENGTH) as u32;
        let mut digest = TABLE.digest();
        digest.update(&header.seed.to_le_bytes());
        digest.update(&header.order.to_le_bytes());
        digest.update(&head.to_le_bytes());
        Self { digest, head }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
    }

    /// The prefix of the record, were it at `position`.
    pub fn at(&self, position: u64) -> Prefix {
        let mut digest = self.digest.clone();
        digest.update(&position.to_le_bytes());
        let check = digest.finalize() >> (32 - CHECK_BITS);
        Prefix(self.head << CHECK_BITS | check)
    }
}
