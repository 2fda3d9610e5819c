//! The memory a search works in, one for each thread that searches.

use super::config::{BankConfig, Element, round_up};
use super::pattern::{Entry, PatternId};
use super::plan::Room;
use super::pool::POOL_STEP;
use super::quantise::QueryBuffers;
use crate::block::sections::sections;
use crate::block::{self, BlockError, CONFIG_WORDS, HEADER_BYTES, Kind};

const KIND: Kind = Kind(*b"SCRT");
const VERSION: u32 = 1;
/// Blocks of sixteen rows that a scan looks at before it chooses among them.
pub(super) const CHUNK_BLOCKS: usize = 64;
/// Rows that a scan collects before it ranks them by their floats.
pub(super) const CANDIDATES: usize = 256;

/// How much scratch memory a search needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ScratchConfig {
    padded: usize,
    rows: usize,
    ef: usize,
    widest: usize,
    graph: bool,
}

impl ScratchConfig {
    /// Scratch memory for banks of the shape of `bank` or smaller, and for searches of at most `ef`
    /// neighbours, or candidates where a search [says how many](super::Goal::Ef); `ef` is 1 to 65,536. For
    /// any other goal there is room for as many candidates as a walk through `bank` ever needs.
    pub const fn new(bank: &BankConfig, ef: u32) -> Self {
        Self {
            padded: bank.padded(),
            rows: bank.capacity as usize,
            ef: if ef == 0 {
                1
            } else if ef > 65_536 {
                65_536
            } else {
                ef as usize
            },
            widest: bank.widest(),
            graph: bank.has_graph(),
        }
    }

    /// Bytes of memory it takes.
    pub const fn bytes(&self) -> usize {
        Parts::end(HEADER_BYTES, self)
    }

    const fn scores(&self) -> usize {
        let blocks = self.rows.div_ceil(16);
        (if blocks < CHUNK_BLOCKS {
            blocks.next_multiple_of(4)
        } else {
            CHUNK_BLOCKS
        }) * 16
    }

    /// Candidates that a scan collects; no more than there are rows.
    const fn candidates(&self) -> usize {
        if self.rows < CANDIDATES {
            self.rows
        } else {
            CANDIDATES
        }
    }

    /// Candidates of a walk.
    const fn candidates_of_walk(&self) -> usize {
        // A scan of codes keeps some that tell what these lose.
        let widest = if self.widest > 16 { self.widest } else { 16 };
        let most = if self.ef > widest { self.ef } else { widest };
        most.next_multiple_of(POOL_STEP)
    }

    const fn visited(&self) -> usize {
        if self.graph {
            self.rows.div_ceil(64)
        } else {
            0
        }
    }
}

/// A plane of every second element starts on a boundary of its own.
const fn half(padded: usize) -> usize {
    round_up(padded / 2, 32)
}

/// Scratch memory: what a search writes to, so that any number of threads may search one bank.
#[derive(Debug)]
pub struct Scratch<'a> {
    config: ScratchConfig,
    parts: Parts<'a>,
}

sections! {
    /// The sections, apart, so that a search borrows them one by one.
    pub(super) struct Parts for ScratchConfig as config {
        floats: [f32; config.padded],
        planes: [i16; half(config.padded).saturating_mul(2)],
        bytes: [i8; config.padded.saturating_mul(2)],
        pub pool: [u64; config.candidates_of_walk()],
        pub hits: [[u32; 8]; config.ef],
        pub scores: [f32; config.scores()],
        pub candidates: [u64; config.candidates()],
        pub visited: [u64; config.visited()],
    }
}

impl<'a> Scratch<'a> {
    /// Makes `memory` scratch memory; its content is of no use to anyone else.
    pub fn format(memory: &'a mut [u8], config: ScratchConfig) -> Result<Self, BlockError> {
        let (_, mut carver) =
            block::format(memory, KIND, VERSION, [0; CONFIG_WORDS], config.bytes())?;
        Ok(Self {
            config,
            parts: Parts::carve(&config, &mut carver)?,
        })
    }

    /// Most candidates, and most neighbours, that fit.
    pub fn most(&self) -> u32 {
        self.config.ef as u32
    }

    /// Candidates that there is room for.
    pub(super) fn room(&self) -> Room {
        let config = &self.config;
        Room {
            asked: config.ef,
            walk: config.candidates_of_walk(),
            // The place of the hits serves too.
            filtered: config.ef * size_of::<[u32; 8]>() / size_of::<u64>(),
        }
    }

    /// The hits of the last search: so many, found so.
    pub(crate) fn again(
        &self,
        length: usize,
        method: Method,
        distances: u32,
        below: bool,
    ) -> Hits<'_> {
        let words = self.parts.hits.get(..length).unwrap_or(&[]);
        Hits::new(words, method, distances, below)
    }

    pub(super) fn fits(&self, bank: &BankConfig) -> bool {
        bank.padded() <= self.config.padded
            && (bank.capacity as usize) <= self.config.rows
            && (!bank.has_graph() || self.config.graph)
    }

    pub(super) fn parts(&mut self) -> &mut Parts<'a> {
        &mut self.parts
    }
}

/// Splits scratch memory into the buffers of a query and the rest.
pub(super) fn split<'s>(
    parts: &'s mut Parts<'_>,
    config: &BankConfig,
) -> (QueryBuffers<'s>, Work<'s>) {
    let padded = config.padded();
    let halves = padded / 2;
    let (even, odd) = {
        let middle = parts.planes.len() / 2;
        parts.planes.split_at_mut(middle)
    };
    let (low, high) = {
        let middle = parts.bytes.len() / 2;
        parts.bytes.split_at_mut(middle)
    };
    let bytes = match config.element {
        Element::Bits => padded / 8,
        _ => padded,
    };
    (
        QueryBuffers {
            floats: head(parts.floats, padded),
            even: head(even, halves),
            odd: head(odd, halves),
            low: head(low, bytes),
            high: head(high, padded),
        },
        Work {
            pool: parts.pool,
            hits: parts.hits,
            scores: parts.scores,
            candidates: parts.candidates,
            visited: parts.visited,
        },
    )
}

/// The first `n` elements, or all if there are fewer.
fn head<T>(slice: &mut [T], n: usize) -> &mut [T] {
    let n = n.min(slice.len());
    slice.get_mut(..n).unwrap_or_default()
}

/// What a search works in besides its query.
pub(super) struct Work<'s> {
    pub pool: &'s mut [u64],
    pub hits: &'s mut [[u32; 8]],
    pub scores: &'s mut [f32],
    pub candidates: &'s mut [u64],
    pub visited: &'s mut [u64],
}

/// How a search ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Method {
    /// Every row was compared: the result is exact over what is stored.
    Scan,
    /// The graph was walked: the result is approximate.
    Graph,
}

/// A pattern that a search found.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Hit {
    /// Its lasting name.
    pub id: PatternId,
    /// How similar it is, larger is more: see [`Metric`](super::Metric).
    pub similarity: f32,
    /// Its label.
    pub label: u32,
    /// Its confidence, as a fraction of 65,535.
    pub confidence: u16,
}

impl Hit {
    pub(super) fn new(entry: &Entry, similarity: f32) -> Self {
        Self {
            id: entry.id,
            similarity,
            label: entry.label,
            confidence: entry.confidence,
        }
    }

    pub(super) fn to_words(self) -> [u32; 8] {
        let id = self.id;
        [
            id.slot(),
            id.generation(),
            self.similarity.to_bits(),
            self.label,
            u32::from(self.confidence),
            0,
            0,
            0,
        ]
    }

    fn from_words(words: &[u32; 8]) -> Self {
        Self {
            id: PatternId::new(words[0], words[1]),
            similarity: f32::from_bits(words[2]),
            label: words[3],
            confidence: words[4] as u16,
        }
    }
}

/// What a search found, the most similar first, ties to the lower slot. Codes are compared by scores
/// that keep more than [`Hit::similarity`] does, so that two of one similarity may be no tie.
#[derive(Clone, Copy, Debug)]
pub struct Hits<'s> {
    words: &'s [[u32; 8]],
    method: Method,
    distances: u32,
    below: bool,
}

impl<'s> Hits<'s> {
    pub(super) fn new(words: &'s [[u32; 8]], method: Method, distances: u32, below: bool) -> Self {
        Self {
            words,
            method,
            distances,
            below,
        }
    }

    /// Whether fewer of the most similar patterns are found than the [goal](super::Goal) asks for, by
    /// what the bank has measured or, in a scan of eight bits or under a filter, by the scores that were
    /// found: eight bits do not hold the patterns apart, and floats
    /// ([`Element::I8F32`](super::Element::I8F32)) would. False where a search says how many candidates
    /// to keep.
    pub fn is_below_goal(&self) -> bool {
        self.below
    }

    /// The hits in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Hit> + DoubleEndedIterator + 's {
        self.words.iter().map(Hit::from_words)
    }

    /// The hit at `index`, the most similar at 0.
    pub fn get(&self, index: usize) -> Option<Hit> {
        self.words.get(index).map(Hit::from_words)
    }

    /// The most similar pattern.
    pub fn first(&self) -> Option<Hit> {
        self.get(0)
    }

    /// Number of hits: fewer than asked for if the bank has fewer patterns.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Which way the search took.
    pub fn method(&self) -> Method {
        self.method
    }

    /// How many stored rows the query was compared with, approximate comparisons included.
    pub fn distances(&self) -> u32 {
        self.distances
    }
}
