//! How much a log holds and what it does when it is full.

use super::event::Realm;
use crate::block::structure::Config;
use crate::block::{CONFIG_WORDS, Kind};
use crate::merkle::hash::MAX_HEIGHT;
use crate::merkle::nodes::Shape;

/// What an append to a full log does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u32)]
pub enum Overflow {
    /// It is refused; [`prune`](super::EventLog::prune) makes room.
    #[default]
    Refuse = 0,
    /// The oldest entries go, for want of entries or of bytes; where the names of authors or contexts
    /// are used up it is refused.
    EvictOldest = 1,
    /// The oldest entries go if they were exported; else it is refused, and so is pruning them.
    EvictExported = 2,
    /// It is refused, and so is pruning what was not exported.
    KeepUntilExported = 3,
}

impl Overflow {
    /// Whether entries that were not exported must stay.
    pub(crate) const fn keeps_unexported(self) -> bool {
        matches!(self, Self::EvictExported | Self::KeepUntilExported)
    }

    pub(crate) const fn evicts(self) -> bool {
        matches!(self, Self::EvictOldest | Self::EvictExported)
    }
}

/// The dimensions of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LogConfig {
    pub(crate) entries: u32,
    pub(crate) bytes: u32,
    pub(crate) authors: u16,
    pub(crate) contexts: u16,
    pub(crate) height: u32,
    pub(crate) watches: u16,
    pub(crate) overflow: Overflow,
    pub(crate) bytes_each: u32,
    pub(crate) seed: u64,
    pub(crate) realm: Realm,
}

impl LogConfig {
    /// A log that keeps its last `entries` events (1 to 2³⁰) in `bytes` bytes of bodies, from up to
    /// 64 authors in up to 16 contexts, and refuses more.
    pub const fn new(entries: u32, bytes: u32) -> Self {
        Self {
            entries,
            bytes,
            authors: 64,
            contexts: 16,
            height: MAX_HEIGHT,
            watches: 0,
            overflow: Overflow::Refuse,
            bytes_each: 0,
            seed: 0,
            realm: [0; 32],
        }
    }

    /// How many different authors the kept events may have (1 to 65,534).
    pub const fn authors(mut self, authors: u16) -> Self {
        self.authors = authors;
        self
    }

    /// How many different contexts the kept events may have (1 to 65,534).
    pub const fn contexts(mut self, contexts: u16) -> Self {
        self.contexts = contexts;
        self
    }

    /// At most `2^height` events ever (1 to 32).
    pub const fn height(mut self, height: u32) -> Self {
        self.height = height;
        self
    }

    /// The realm that events are of; by default none, which is zeros.
    pub const fn realm(mut self, realm: Realm) -> Self {
        self.realm = realm;
        self
    }

    /// How many events can be watched ([`EventLog::watch`](super::EventLog::watch)), at
    /// 16 + 32 × height bytes each.
    pub const fn watches(mut self, watches: u16) -> Self {
        self.watches = watches;
        self
    }

    pub(crate) const fn shape(&self) -> Shape {
        Shape {
            leaves: self.entries,
            height: self.height,
            watches: self.watches,
        }
    }

    /// What happens when the log is full.
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Most bytes that the kept events of one author take; zero, as by default, is no limit. What is
    /// beyond it is refused, so that one author leaves others their room. A log that evicts lets the
    /// oldest events go first where they are of that same author. Costs four bytes for each author.
    pub const fn bytes_each(mut self, bytes: u32) -> Self {
        self.bytes_each = bytes;
        self
    }

    /// How many counters of authors' bytes there are.
    pub(crate) const fn share_count(&self) -> u16 {
        match self.bytes_each {
            0 => 0,
            _ => self.authors,
        }
    }

    /// Seed of the look-up tables: a secret one keeps whoever can choose ids, keys or names from
    /// choosing those that collide in them. It changes places in memory, never a result.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

/// The lower half of a word.
const HALF: u32 = 0xFFFF;

impl Config for LogConfig {
    const KIND: Kind = Kind(*b"ELOG");
    const VERSION: u32 = 3;

    fn is_valid(&self) -> bool {
        (1..=1 << 30).contains(&self.entries)
            && (1..u16::MAX).contains(&self.authors)
            && (1..u16::MAX).contains(&self.contexts)
            && (1..=MAX_HEIGHT).contains(&self.height)
            && u64::from(self.entries) <= 1 << self.height
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.entries;
        words[1] = self.bytes;
        words[2] = u32::from(self.authors) | u32::from(self.contexts) << 16;
        words[3] = self.height;
        words[4] = self.overflow as u32 | self.bytes_each & !HALF;
        words[5] = self.seed as u32;
        words[6] = (self.seed >> 32) as u32;
        words[7] = u32::from(self.watches) | self.bytes_each << 16;
        for (to, from) in words.iter_mut().skip(8).zip(self.realm.as_chunks().0) {
            *to = u32::from_le_bytes(*from);
        }
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        let mut realm = [0; 32];
        for (to, from) in realm.as_chunks_mut().0.iter_mut().zip(words.iter().skip(8)) {
            *to = from.to_le_bytes();
        }
        Some(Self {
            realm,
            entries: words[0],
            bytes: words[1],
            authors: words[2] as u16,
            contexts: (words[2] >> 16) as u16,
            height: words[3],
            watches: words[7] as u16,
            overflow: match words[4] & HALF {
                0 => Overflow::Refuse,
                1 => Overflow::EvictOldest,
                2 => Overflow::EvictExported,
                3 => Overflow::KeepUntilExported,
                _ => return None,
            },
            // The upper halves of two words that had room.
            bytes_each: words[4] & !HALF | words[7] >> 16,
            seed: u64::from(words[5]) | u64::from(words[6]) << 32,
        })
    }
}

/// Places of a look-up table for `items` items: at most half of them are ever taken.
pub(crate) const fn table_len(items: u32) -> usize {
    (items as usize * 2).next_power_of_two()
}
