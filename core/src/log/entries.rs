//! Fixed index entries, one for each body, and the table that finds them by id.

use super::bodies::{Bodies, Span};
use super::candidate::Candidate;
use super::config::{LogConfig, table_len};
use super::event::{EventId, Realm, SIGNATURE_BYTES};
use crate::block::sections::sections;
use crate::merkle::hash::content_hash;
use crate::table::{self, Place};

const OFFSET: usize = 0;
const LENGTH: usize = 1;
const ID: usize = 2;
/// Bit of the length's word that says that a signature ends the body.
const SIGNED: u32 = 1 << 16;
const NAMES: usize = 5;
const NEXT_CONTEXT: usize = 6;
const NEXT_AUTHOR: usize = 7;

/// The part of an id that an entry keeps. Whoever can try 2⁴⁸ events can make two that share it, so
/// a match is confirmed against the body.
pub(crate) type Prefix = [u32; 3];

pub(crate) fn prefix(id: &EventId) -> Prefix {
    let (words, _) = id.as_chunks::<4>();
    let mut prefix = [0; 3];
    for (to, from) in prefix.iter_mut().zip(words) {
        *to = u32::from_le_bytes(*from);
    }
    prefix
}

fn id_hash(prefix: Prefix, seed: u64) -> u32 {
    let word = u64::from(prefix[0]) | u64::from(prefix[1]) << 32;
    (table::mix(word ^ seed) >> 32) as u32
}

#[inline]
fn span(words: &[u32; 8]) -> Span {
    Span {
        offset: words[OFFSET],
        length: words[LENGTH] as u16,
    }
}

/// One entry: where its body is, what is known of its id, and what follows it in its chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) span: Span,
    pub(crate) signed: bool,
    pub(crate) prefix: Prefix,
    pub(crate) author: u16,
    pub(crate) context: u16,
    pub(crate) next_context: u32,
    pub(crate) next_author: u32,
}

impl Slot {
    fn from_words(words: &[u32; 8]) -> Self {
        Self {
            span: span(words),
            signed: words[LENGTH] & SIGNED != 0,
            prefix: [words[ID], words[ID + 1], words[ID + 2]],
            author: words[NAMES] as u16,
            context: (words[NAMES] >> 16) as u16,
            next_context: words[NEXT_CONTEXT],
            next_author: words[NEXT_AUTHOR],
        }
    }

    fn to_words(self) -> [u32; 8] {
        [
            self.span.offset,
            u32::from(self.span.length) | if self.signed { SIGNED } else { 0 },
            self.prefix[0],
            self.prefix[1],
            self.prefix[2],
            u32::from(self.author) | u32::from(self.context) << 16,
            self.next_context,
            self.next_author,
        ]
    }
}

/// Which chain of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chain {
    Author,
    Context,
}

sections! {
    /// Entries `first..size` in a ring of slots.
    pub(crate) struct Entries for LogConfig as config {
        slots "log entries": [[u32; 8]; config.entries => 1],
        /// When the entry of each slot was accepted.
        times "log times": [u64; config.entries => 1],
        ids "log ids": [u32; table_len(config.entries)],
    } with {
        capacity: u32 = config.entries,
        seed: u64 = config.seed,
        realm: Realm = config.realm,
        first: u64 = 0,
        size: u64 = 0,
        /// Slot of entry `first`.
        head: u32 = 0,
    }
}

impl Entries<'_> {
    /// Takes up entries `first..size`; whether they are what the table of ids leads to, and the
    /// other slots are zero.
    pub(crate) fn resume(&mut self, config: &LogConfig, first: u64, size: u64) -> bool {
        let live = match size.checked_sub(first) {
            Some(live) if live <= self.capacity.into() => live,
            _ => return false,
        };
        self.first = first;
        self.size = size;
        self.head = first.checked_rem(self.capacity.into()).unwrap_or(0) as u32;
        let is_entry = |slot: usize| {
            let words = self.slots.get(slot);
            words.is_some_and(|words| words[LENGTH] & !(SIGNED | u32::from(u16::MAX)) == 0)
        };
        let mut taken = (0..live).map(|ahead| self.place(ahead));
        let mut unused = (live..self.capacity.into()).map(|ahead| self.place(ahead));
        taken.all(|slot| slot.is_some_and(is_entry))
            && unused.all(|slot| slot.is_some_and(|slot| self.is_clear(config, slot)))
            && table::check(self.places(), live as usize, |item| {
                let words = self.slots.get(item as usize)?;
                (self.index_of(item)? < size)
                    .then(|| id_hash(Slot::from_words(words).prefix, self.seed))
            })
    }

    /// The part of the padded section that is the table: its length is a power of two.
    #[inline]
    fn places(&self) -> &[u32] {
        self.ids.get(..table_len(self.capacity)).unwrap_or_default()
    }

    /// Where the bodies of the entries lie, in order.
    pub(crate) fn spans(&self) -> impl Iterator<Item = Span> {
        (self.first..self.size).filter_map(|index| self.span(index))
    }

    #[inline]
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    #[inline]
    fn at(&self, index: u64) -> Option<usize> {
        if index >= self.size {
            return None;
        }
        self.place(index.checked_sub(self.first)?)
    }

    /// Slot of the entry `ahead` of the first.
    #[inline]
    fn place(&self, ahead: u64) -> Option<usize> {
        if ahead >= u64::from(self.capacity) {
            return None;
        }
        let at = u64::from(self.head) + ahead;
        let at = if at >= u64::from(self.capacity) {
            at - u64::from(self.capacity)
        } else {
            at
        };
        Some(at as usize)
    }

    /// Index of the entry in slot `at`.
    fn index_of(&self, at: u32) -> Option<u64> {
        if at >= self.capacity {
            return None;
        }
        let ahead = if at >= self.head {
            at - self.head
        } else {
            at + (self.capacity - self.head)
        };
        Some(self.first + u64::from(ahead))
    }

    #[inline]
    pub(crate) fn slot(&self, index: u64) -> Option<Slot> {
        self.slots.get(self.at(index)?).map(Slot::from_words)
    }

    /// When an entry was accepted.
    #[inline]
    pub(crate) fn accepted(&self, index: u64) -> Option<u64> {
        self.times.get(self.at(index)?).copied()
    }

    /// Where the body of an entry lies.
    #[inline]
    pub(crate) fn span(&self, index: u64) -> Option<Span> {
        self.slots.get(self.at(index)?).map(span)
    }

    /// The id of an entry, hashed again.
    fn id(&self, index: u64, bodies: &Bodies<'_>) -> Option<EventId> {
        let slot = self.slot(index)?;
        let tail = if slot.signed { 1 + SIGNATURE_BYTES } else { 1 };
        let body = bodies.get(slot.span)?;
        let content = body.get(..body.len().checked_sub(tail)?)?;
        Some(content_hash(content, &self.realm))
    }

    /// The number of the name of an entry in a chain and the next entry of it.
    pub(crate) fn link(&self, index: u64, chain: Chain) -> Option<(u16, u32)> {
        let slot = self.slot(index)?;
        Some(match chain {
            Chain::Author => (slot.author, slot.next_author),
            Chain::Context => (slot.context, slot.next_context),
        })
    }

    /// The entry with an id.
    #[inline]
    pub(crate) fn find(&self, id: &EventId, bodies: &Bodies<'_>) -> Option<u64> {
        let prefix = prefix(id);
        let found = table::find(self.places(), id_hash(prefix, self.seed), |item| {
            self.slots.get(item as usize).is_some_and(|words| {
                [words[ID], words[ID + 1], words[ID + 2]] == prefix
                    && self
                        .index_of(item)
                        .is_some_and(|index| self.id(index, bodies) == Some(*id))
            })
        });
        self.index_of(found.ok()?.1)
    }

    /// How many of the oldest entries must go before another one with a body of `length` bytes
    /// fits, or `None` if it never does.
    #[inline]
    pub(crate) fn evictions(&self, length: usize, bodies: &Bodies<'_>) -> Option<u64> {
        if !bodies.ever_fits(length) {
            return None;
        }
        let live = self.size - self.first;
        let mut gone = u64::from(live >= u64::from(self.capacity));
        loop {
            let oldest = match gone {
                0 => None,
                gone if gone >= live => return Some(live),
                gone => Some(self.slots.get(self.place(gone)?)?[OFFSET]),
            };
            if bodies.fit(oldest, length as u32).is_some() {
                return Some(gone);
            }
            gone += 1;
        }
    }

    /// Adds an entry, for which there must be a slot, with its body at `span`.
    #[inline]
    pub(crate) fn append(
        &mut self,
        event: &Candidate<'_>,
        span: Span,
        accepted: u64,
        author: (u16, Option<u64>),
        context: (u16, Option<u64>),
    ) -> Option<u64> {
        let index = self.size;
        let at = self.place(index - self.first)?;
        let slot = Slot {
            span,
            signed: event.signed,
            prefix: prefix(event.id),
            author: author.0,
            context: context.0,
            next_context: 0,
            next_author: 0,
        };
        *self.slots.get_mut(at)? = slot.to_words();
        *self.times.get_mut(at)? = accepted;
        for (before, word) in [(author.1, NEXT_AUTHOR), (context.1, NEXT_CONTEXT)] {
            if let Some(before) = before.and_then(|before| self.at(before))
                && let Some(words) = self.slots.get_mut(before)
            {
                words[word] = index as u32;
            }
        }
        let places = self.ids.get_mut(..table_len(self.capacity))?;
        let (Err(place) | Ok((place, _))) =
            table::find(places, id_hash(slot.prefix, self.seed), |_| false);
        *places.get_mut(place)? = Place::of(at as u32);
        self.size = index + 1;
        Some(index)
    }

    /// Takes the oldest entry off.
    pub(crate) fn remove_first(&mut self) -> Option<Slot> {
        let at = self.at(self.first)?;
        let slot = Slot::from_words(self.slots.get(at)?);
        let hash = id_hash(slot.prefix, self.seed);
        let places = self.ids.get_mut(..table_len(self.capacity))?;
        if let Ok((place, _)) = table::find(places, hash, |item| item as usize == at) {
            let (slots, seed) = (&*self.slots, self.seed);
            table::remove(places, place, |item| {
                slots
                    .get(item as usize)
                    .map_or(0, |words| id_hash(Slot::from_words(words).prefix, seed))
            });
        }
        *self.slots.get_mut(at)? = [0; 8];
        *self.times.get_mut(at)? = 0;
        self.first += 1;
        self.head += 1;
        if self.head == self.capacity {
            self.head = 0;
        }
        Some(slot)
    }
}
