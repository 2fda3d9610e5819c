//! Fixed index entries over a ring of bodies, and the table that finds them by id.

use super::candidate::Candidate;
use super::config::table_len;
use super::event::{EventId, SIGNATURE_BYTES};
use crate::block::{BlockError, CarverMut};
use crate::merkle::hash::sha256;
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

/// One entry: where its body is, what is known of its id, and what follows it in its chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) offset: u32,
    pub(crate) length: u16,
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
            offset: words[OFFSET],
            length: words[LENGTH] as u16,
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
            self.offset,
            u32::from(self.length) | if self.signed { SIGNED } else { 0 },
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

/// Entries `first..size` in a ring of slots, their bodies in a ring of bytes.
#[derive(Debug)]
pub(crate) struct Entries<'a> {
    slots: &'a mut [[u32; 8]],
    /// When the entry of each slot was accepted.
    times: &'a mut [u64],
    ids: &'a mut [u32],
    bodies: &'a mut [u8],
    capacity: u32,
    bytes: u32,
    seed: u64,
    first: u64,
    size: u64,
    /// Slot of entry `first`.
    head: u32,
    /// Where the oldest body begins and the newest ends; both 0 without entries.
    oldest: u32,
    newest: u32,
}

impl<'a> Entries<'a> {
    pub(crate) fn carve(carver: &mut CarverMut<'a>, capacity: u32) -> Result<Self, BlockError> {
        Ok(Self {
            slots: carver.take(capacity as usize)?,
            times: carver.take(capacity as usize)?,
            ids: carver.take(table_len(capacity))?,
            bodies: &mut [],
            capacity,
            bytes: 0,
            seed: 0,
            first: 0,
            size: 0,
            head: 0,
            oldest: 0,
            newest: 0,
        })
    }

    pub(crate) fn carve_bodies(
        &mut self,
        carver: &mut CarverMut<'a>,
        bytes: u32,
        seed: u64,
    ) -> Result<(), BlockError> {
        self.bodies = carver.take(bytes as usize)?;
        self.bytes = bytes;
        self.seed = seed;
        Ok(())
    }

    pub(crate) fn sections(&self) -> [&[u8]; 4] {
        [
            bytemuck::cast_slice(self.slots),
            bytemuck::cast_slice(self.times),
            bytemuck::cast_slice(self.ids),
            self.bodies,
        ]
    }

    /// Takes up entries `first..size` and checks that slots, bodies and ids agree.
    pub(crate) fn resume(&mut self, first: u64, size: u64) -> Result<(), BlockError> {
        let live = size.checked_sub(first).ok_or(BlockError::Corrupt)?;
        if live > self.capacity.into() {
            return Err(BlockError::Corrupt);
        }
        self.first = first;
        self.size = size;
        self.head = (first % u64::from(self.capacity)) as u32;
        let places = table_len(self.capacity);
        let mut wrapped = false;
        let mut end = 0u64;
        for index in first..size {
            let slot = self.slot(index).ok_or(BlockError::Corrupt)?;
            let (offset, length) = (u64::from(slot.offset), u64::from(slot.length));
            if length == 0 {
                return Err(BlockError::Corrupt);
            }
            if index == first {
                self.oldest = slot.offset;
                end = offset;
            }
            if offset != end {
                // The ring wraps once, and only where the body would not have fitted.
                if wrapped || offset != 0 || end + length <= self.bytes.into() {
                    return Err(BlockError::Corrupt);
                }
                wrapped = true;
            }
            end = offset + length;
            let limit = if wrapped { self.oldest } else { self.bytes };
            if end > limit.into() {
                return Err(BlockError::Corrupt);
            }
        }
        self.newest = end as u32;
        let words = self.slots.get(self.capacity as usize..).unwrap_or_default();
        let times = self.times.get(self.capacity as usize..).unwrap_or_default();
        let sound = words.iter().all(|w| *w == [0; 8])
            && times.iter().all(|&t| t == 0)
            && self.ids.iter().skip(places).all(|&p| p == 0)
            && table::check(
                self.ids.get(..places).unwrap_or_default(),
                live as usize,
                |item| {
                    let at = self.slots.get(item as usize)?;
                    (self.index_of(item)? < size)
                        .then(|| id_hash(Slot::from_words(at).prefix, self.seed))
                },
            );
        if sound {
            Ok(())
        } else {
            Err(BlockError::Corrupt)
        }
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

    /// The body of an entry.
    #[inline]
    pub(crate) fn body(&self, index: u64) -> Option<&[u8]> {
        let words = self.slots.get(self.at(index)?)?;
        let start = words[OFFSET] as usize;
        self.bodies
            .get(start..start + usize::from(words[LENGTH] as u16))
    }

    /// The id of an entry, hashed again.
    pub(crate) fn id(&self, index: u64) -> Option<EventId> {
        let slot = self.slot(index)?;
        let tail = if slot.signed { 1 + SIGNATURE_BYTES } else { 1 };
        let body = self.body(index)?;
        let content = body.get(..body.len().checked_sub(tail)?)?;
        Some(sha256(content))
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
    pub(crate) fn find(&self, id: &EventId) -> Option<u64> {
        let prefix = prefix(id);
        let places = self.ids.get(..table_len(self.capacity))?;
        let found = table::find(places, id_hash(prefix, self.seed), |item| {
            self.slots.get(item as usize).is_some_and(|words| {
                [words[ID], words[ID + 1], words[ID + 2]] == prefix
                    && self
                        .index_of(item)
                        .is_some_and(|index| self.id(index).is_some_and(|found| found == *id))
            })
        });
        self.index_of(found.ok()?.1)
    }

    /// How many of the oldest entries must go before a body of `length` bytes fits, or `None` if
    /// it never does.
    #[inline]
    pub(crate) fn evictions(&self, length: usize) -> Option<u64> {
        let length = u32::try_from(length).ok().filter(|&l| l <= self.bytes)?;
        let live = self.size - self.first;
        let mut gone = u64::from(live >= u64::from(self.capacity));
        loop {
            let oldest = if gone == 0 {
                self.oldest
            } else if gone >= live {
                return Some(live);
            } else {
                self.slots.get(self.place(gone)?)?[OFFSET]
            };
            if live == 0 || self.fit(oldest, length).is_some() {
                return Some(gone);
            }
            gone += 1;
        }
    }

    /// Where a body of `length` goes while the oldest one begins at `oldest`.
    #[inline]
    fn fit(&self, oldest: u32, length: u32) -> Option<u32> {
        if self.newest > oldest {
            if self.bytes - self.newest >= length {
                Some(self.newest)
            } else {
                (length <= oldest).then_some(0)
            }
        } else {
            (oldest - self.newest >= length).then_some(self.newest)
        }
    }

    /// Adds an entry for which [`evictions`](Self::evictions) said none are needed.
    #[inline]
    pub(crate) fn append(
        &mut self,
        event: &Candidate<'_>,
        accepted: u64,
        author: (u16, Option<u64>),
        context: (u16, Option<u64>),
    ) -> Option<u64> {
        let index = self.size;
        let body = event.bytes;
        let length = body.len() as u32;
        let live = index - self.first;
        let offset = if live == 0 {
            (length <= self.bytes).then_some(0)?
        } else {
            self.fit(self.oldest, length)?
        };
        let at = self.place(live)?;
        let start = offset as usize;
        self.bodies
            .get_mut(start..start + body.len())?
            .copy_from_slice(body);
        let slot = Slot {
            offset,
            length: length as u16,
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
        if live == 0 {
            self.oldest = 0;
        }
        self.newest = offset + length;
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
        let start = slot.offset as usize;
        if let Some(body) = self.bodies.get_mut(start..start + usize::from(slot.length)) {
            body.fill(0);
        }
        *self.slots.get_mut(at)? = [0; 8];
        *self.times.get_mut(at)? = 0;
        self.first += 1;
        self.head += 1;
        if self.head == self.capacity {
            self.head = 0;
        }
        match self.slot(self.first) {
            Some(next) => self.oldest = next.offset,
            None => (self.oldest, self.newest) = (0, 0),
        }
        Some(slot)
    }
}
