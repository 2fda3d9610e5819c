//! What claims and conflicts have in common: a record of sixteen words, found by id through a
//! hash chain, and woken at a time through a heap.

use crate::Hash;
use crate::grid::Keys;

/// Words of a record's links.
/// Place in the heap plus one; zero if it is not to be woken.
const POSITION: usize = 0;
/// The next record with the same hash, plus one.
const CHAIN: usize = 1;

/// Records of `N` words by number, with their ids.
#[derive(Debug)]
pub(super) struct Table<'a, const N: usize> {
    pub ids: &'a mut [Hash],
    pub records: &'a mut [[u32; N]],
    pub links: &'a mut [[u32; 2]],
    pub heads: &'a mut [u32],
    /// Who is to be woken, in the order of a binary heap, and when.
    pub heap: &'a mut [u32],
    pub dues: &'a mut [u64],
    pub keys: Keys,
}

impl<const N: usize> Table<'_, N> {
    pub fn get(&self, at: u32) -> Option<&[u32; N]> {
        self.records.get(at as usize)
    }

    pub fn get_mut(&mut self, at: u32) -> Option<&mut [u32; N]> {
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

    fn link_of(&self, at: u32, which: usize) -> u32 {
        self.links.get(at as usize).map_or(0, |l| l[which & 1])
    }

    fn set_link(&mut self, at: u32, which: usize, value: u32) {
        if let Some(links) = self.links.get_mut(at as usize) {
            links[which & 1] = value;
        }
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
            link = self.link_of(at, CHAIN);
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
        self.set_link(at, CHAIN, head);
        if let Some(head) = self.heads.get_mut(hash) {
            *head = at + 1;
        }
    }

    /// Makes a record unfindable and forgets its id.
    pub fn unlink(&mut self, at: u32) {
        let hash = self.hash(&self.id(at));
        let next = self.link_of(at, CHAIN);
        let mut link = self.heads.get(hash).copied().unwrap_or(0);
        if link == at + 1 {
            if let Some(head) = self.heads.get_mut(hash) {
                *head = next;
            }
        } else {
            while let Some(before) = link.checked_sub(1) {
                link = self.link_of(before, CHAIN);
                if link == at + 1 {
                    self.set_link(before, CHAIN, next);
                }
            }
        }
        self.set_link(at, CHAIN, 0);
        if let Some(id) = self.ids.get_mut(at as usize) {
            *id = Hash::default();
        }
    }

    /// When a record is to be woken; zero if it is not.
    pub fn due(&self, at: u32) -> u64 {
        match self.link_of(at, POSITION).checked_sub(1) {
            Some(position) => self.due_at(position),
            None => 0,
        }
    }

    fn due_at(&self, position: u32) -> u64 {
        self.dues.get(position as usize).copied().unwrap_or(0)
    }

    /// The record to be woken first of `count`, and when.
    pub fn earliest(&self, count: u32) -> Option<(u64, u32)> {
        (count > 0).then(|| (self.due_at(0), self.at(0)))
    }

    fn seat(&mut self, position: u32, (due, at): (u64, u32)) {
        let position = position as usize;
        let places = (self.heap.get_mut(position), self.dues.get_mut(position));
        if let (Some(who), Some(when)) = places {
            (*who, *when) = (at, due);
        }
        self.set_link(at, POSITION, position as u32 + 1);
    }

    fn at(&self, position: u32) -> u32 {
        self.heap.get(position as usize).copied().unwrap_or(0)
    }

    fn seated(&self, position: u32) -> (u64, u32) {
        (self.due_at(position), self.at(position))
    }

    /// Has a record woken at `due`; `count` is the number of those in the heap, and grows.
    pub fn wake_at(&mut self, at: u32, due: u64, count: &mut u32) {
        self.rest(at, count);
        self.rise(*count, (due, at));
        *count += 1;
    }

    /// Lets a record sleep.
    pub fn rest(&mut self, at: u32, count: &mut u32) {
        let Some(position) = self.link_of(at, POSITION).checked_sub(1) else {
            return;
        };
        let last = count.wrapping_sub(1);
        let other = self.seated(last);
        self.set_link(at, POSITION, 0);
        let places = (
            self.heap.get_mut(last as usize),
            self.dues.get_mut(last as usize),
        );
        if let (Some(who), Some(when)) = places {
            (*who, *when) = (0, 0);
        }
        *count = last;
        if other.1 == at {
            return;
        }
        let parent = position.saturating_sub(1) / 2;
        if position > 0 && self.due_at(parent) > other.0 {
            self.rise(position, other);
        } else {
            self.sink(position, other, last);
        }
    }

    fn rise(&mut self, mut position: u32, one: (u64, u32)) {
        while position > 0 {
            let parent = (position - 1) / 2;
            let other = self.seated(parent);
            if other.0 <= one.0 {
                break;
            }
            self.seat(position, other);
            position = parent;
        }
        self.seat(position, one);
    }

    fn sink(&mut self, mut position: u32, one: (u64, u32), count: u32) {
        loop {
            let mut child = 2 * position + 1;
            if child >= count {
                break;
            }
            if child + 1 < count {
                child += u32::from(self.due_at(child + 1) < self.due_at(child));
            }
            let other = self.seated(child);
            if one.0 <= other.0 {
                break;
            }
            self.seat(position, other);
            position = child;
        }
        self.seat(position, one);
    }

    /// Checks chains and heap: `live` says which records are in use.
    pub fn verify(&self, woken: u32, live: impl Fn(u32) -> bool) -> Option<()> {
        let capacity = self.ids.len() as u32;
        let mut found = 0_u32;
        for (hash, &head) in self.heads.iter().enumerate() {
            let mut link = head;
            while link != 0 {
                let at = link - 1;
                (at < capacity && live(at) && self.hash(&self.id(at)) == hash).then_some(())?;
                found += 1;
                (found <= capacity).then_some(())?;
                link = self.link_of(at, CHAIN);
            }
        }
        let expected = (0..capacity).filter(|&at| live(at)).count();
        (found as usize == expected && woken <= capacity).then_some(())?;
        let mut seated = 0;
        for at in 0..capacity {
            match self.link_of(at, POSITION) {
                0 => {}
                seat => {
                    seated += 1;
                    let position = seat - 1;
                    (live(at) && position < woken && self.at(position) == at).then_some(())?;
                    let parent = self.due_at(position.saturating_sub(1) / 2);
                    (0 < self.due_at(position) && parent <= self.due_at(position)).then_some(())?;
                }
            }
            (live(at) || self.links.get(at as usize) == Some(&[0; 2])).then_some(())?;
        }
        let rest = self.heap.iter().zip(self.dues.iter()).skip(woken as usize);
        (seated == woken && rest.into_iter().all(|p| p == (&0, &0))).then_some(())
    }
}

#[cfg(test)]
impl<const N: usize> Table<'_, N> {
    /// The most records with one hash.
    pub fn longest_walk(&self) -> usize {
        let walk = |&head: &u32| {
            let after = |&link: &u32| Some(self.link_of(link.checked_sub(1)?, CHAIN));
            core::iter::successors(Some(head), after)
                .take_while(|&link| link != 0)
                .count()
        };
        self.heads.iter().map(walk).max().unwrap_or(0)
    }
}
