//! What claims and conflicts have in common: a record of sixteen words, found by id through a
//! hash chain, and woken at a time through a heap.

use crate::Hash;
use crate::grid::Keys;

/// Words of a record that this module owns; the others belong to its user.
/// When to wake it, the low word first.
const DUE: usize = 10;
/// Place in the heap plus one; zero if it is not to be woken.
const POSITION: usize = 12;
/// The next record with the same hash, plus one.
const CHAIN: usize = 13;

pub(super) type Record = [u32; 16];

/// Records by number, with their ids.
#[derive(Debug)]
pub(super) struct Table<'a> {
    pub ids: &'a mut [Hash],
    pub records: &'a mut [Record],
    pub heads: &'a mut [u32],
    pub heap: &'a mut [u32],
    pub keys: Keys,
}

impl Table<'_> {
    pub fn get(&self, at: u32) -> Option<&Record> {
        self.records.get(at as usize)
    }

    pub fn get_mut(&mut self, at: u32) -> Option<&mut Record> {
        self.records.get_mut(at as usize)
    }

    /// A word of a record; zero out of range.
    pub fn word(&self, at: u32, word: usize) -> u32 {
        self.get(at).and_then(|r| r.get(word)).copied().unwrap_or(0)
    }

    pub fn set(&mut self, at: u32, word: usize, value: u32) {
        if let Some(to) = self.get_mut(at).and_then(|r| r.get_mut(word)) {
            *to = value;
        }
    }

    pub fn time(&self, at: u32, low: usize) -> u64 {
        u64::from(self.word(at, low)) | u64::from(self.word(at, low + 1)) << 32
    }

    pub fn set_time(&mut self, at: u32, low: usize, value: u64) {
        self.set(at, low, value as u32);
        self.set(at, low + 1, (value >> 32) as u32);
    }

    pub fn id(&self, at: u32) -> Hash {
        self.ids.get(at as usize).copied().unwrap_or_default()
    }

    fn hash(&self, id: &Hash) -> usize {
        self.keys.id(id) as usize & self.heads.len().wrapping_sub(1)
    }

    /// The record with an id.
    pub fn find(&self, id: &Hash) -> Option<u32> {
        let mut link = self.heads.get(self.hash(id)).copied().unwrap_or(0);
        while let Some(at) = link.checked_sub(1) {
            if self.ids.get(at as usize)? == id {
                return Some(at);
            }
            link = self.word(at, CHAIN);
        }
        None
    }

    /// Makes a record findable by `id`.
    pub fn link(&mut self, at: u32, id: &Hash) {
        if let Some(to) = self.ids.get_mut(at as usize) {
            *to = *id;
        }
        let hash = self.hash(id);
        let head = self.heads.get(hash).copied().unwrap_or(0);
        self.set(at, CHAIN, head);
        if let Some(head) = self.heads.get_mut(hash) {
            *head = at + 1;
        }
    }

    /// Makes a record unfindable and forgets its id.
    pub fn unlink(&mut self, at: u32) {
        let hash = self.hash(&self.id(at));
        let next = self.word(at, CHAIN);
        let mut link = self.heads.get(hash).copied().unwrap_or(0);
        if link == at + 1 {
            if let Some(head) = self.heads.get_mut(hash) {
                *head = next;
            }
        } else {
            while let Some(before) = link.checked_sub(1) {
                link = self.word(before, CHAIN);
                if link == at + 1 {
                    self.set(before, CHAIN, next);
                }
            }
        }
        self.set(at, CHAIN, 0);
        if let Some(id) = self.ids.get_mut(at as usize) {
            *id = Hash::default();
        }
    }

    /// When a record is to be woken.
    pub fn due(&self, at: u32) -> u64 {
        self.time(at, DUE)
    }

    /// The record to be woken first of `count`, and when.
    pub fn earliest(&self, count: u32) -> Option<(u64, u32)> {
        let &at = self.heap.first().filter(|_| count > 0)?;
        Some((self.due(at), at))
    }

    fn seat(&mut self, position: u32, at: u32) {
        if let Some(place) = self.heap.get_mut(position as usize) {
            *place = at;
        }
        self.set(at, POSITION, position + 1);
    }

    fn at(&self, position: u32) -> u32 {
        self.heap.get(position as usize).copied().unwrap_or(0)
    }

    /// Has a record woken at `due`; `count` is the number of those in the heap, and grows.
    pub fn wake_at(&mut self, at: u32, due: u64, count: &mut u32) {
        self.rest(at, count);
        self.set_time(at, DUE, due);
        self.seat(*count, at);
        *count += 1;
        self.rise(*count - 1);
    }

    /// Lets a record sleep.
    pub fn rest(&mut self, at: u32, count: &mut u32) {
        let Some(position) = self.word(at, POSITION).checked_sub(1) else {
            return;
        };
        let last = count.wrapping_sub(1);
        let other = self.at(last);
        self.seat(position, other);
        self.set(at, POSITION, 0);
        self.set_time(at, DUE, 0);
        if let Some(place) = self.heap.get_mut(last as usize) {
            *place = 0;
        }
        *count = last;
        if other != at {
            self.rise(position);
            self.sink(self.word(other, POSITION).wrapping_sub(1), last);
        }
    }

    fn rise(&mut self, mut position: u32) {
        let at = self.at(position);
        while position > 0 {
            let parent = (position - 1) / 2;
            let other = self.at(parent);
            if self.due(other) <= self.due(at) {
                break;
            }
            self.seat(position, other);
            position = parent;
        }
        self.seat(position, at);
    }

    fn sink(&mut self, mut position: u32, count: u32) {
        let at = self.at(position);
        loop {
            let mut child = 2 * position + 1;
            if child >= count {
                break;
            }
            if child + 1 < count && self.due(self.at(child + 1)) < self.due(self.at(child)) {
                child += 1;
            }
            let other = self.at(child);
            if self.due(at) <= self.due(other) {
                break;
            }
            self.seat(position, other);
            position = child;
        }
        self.seat(position, at);
    }

    /// Checks chains and heap: `live` says which records are in use.
    pub fn verify(&self, woken: u32, live: impl Fn(u32) -> bool) -> Option<()> {
        let capacity = self.records.len() as u32;
        let mut found = 0_u32;
        for (hash, &head) in self.heads.iter().enumerate() {
            let mut link = head;
            while link != 0 {
                let at = link - 1;
                (at < capacity && live(at) && self.hash(&self.id(at)) == hash).then_some(())?;
                found += 1;
                (found <= capacity).then_some(())?;
                link = self.word(at, CHAIN);
            }
        }
        let expected = (0..capacity).filter(|&at| live(at)).count();
        (found as usize == expected && woken <= capacity).then_some(())?;
        let mut seated = 0;
        for at in 0..capacity {
            match self.word(at, POSITION) {
                0 => (self.due(at) == 0).then_some(())?,
                seat => {
                    seated += 1;
                    let position = seat - 1;
                    (live(at) && position < woken && self.at(position) == at).then_some(())?;
                    let parent = self.at(position.saturating_sub(1) / 2);
                    (self.due(parent) <= self.due(at)).then_some(())?;
                }
            }
        }
        let rest = self.heap.iter().skip(woken as usize);
        (seated == woken && rest.copied().all(|p| p == 0)).then_some(())
    }
}
