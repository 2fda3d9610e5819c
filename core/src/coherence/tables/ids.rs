//! Records that are found by their ids, through a hash chain.

use super::room::Room;
use crate::Hash;
use crate::block::sections::sections;
use crate::grid::Keys;

sections! {
    pub(crate) struct Ids for Room as room {
        ids: [Hash; room.records => 1],
        /// The first record with each hash, plus one.
        heads: [u32; room.heads()],
        /// The next record with the same hash, plus one.
        chain: [u32; room.records => 1],
    } with {
        keys: Keys = Keys::new(room.secret),
    }
}

impl Ids<'_> {
    /// The id of a record; zero if it has none.
    pub fn of(&self, at: u32) -> Hash {
        self.ids.get(at as usize).copied().unwrap_or_default()
    }

    fn hash(&self, id: &Hash) -> usize {
        self.keys.id(id) as usize & self.heads.len().wrapping_sub(1)
    }

    fn head(&self, hash: usize) -> u32 {
        self.heads.get(hash).copied().unwrap_or(0)
    }

    fn set_head(&mut self, hash: usize, link: u32) {
        if let Some(head) = self.heads.get_mut(hash) {
            *head = link;
        }
    }

    fn behind(&self, at: u32) -> u32 {
        self.chain.get(at as usize).copied().unwrap_or(0)
    }

    fn set_behind(&mut self, at: u32, link: u32) {
        if let Some(behind) = self.chain.get_mut(at as usize) {
            *behind = link;
        }
    }

    /// The record with an id. Cost: constant, short of ids that were prepared to share a hash.
    pub fn find(&self, id: &Hash) -> Option<u32> {
        let mut link = self.head(self.hash(id));
        while let Some(at) = link.checked_sub(1) {
            if self.ids.get(at as usize)? == id {
                return Some(at);
            }
            link = self.behind(at);
        }
        None
    }

    /// Makes a record findable by `id`.
    pub fn link(&mut self, at: u32, id: &Hash) {
        if let Some(to) = self.ids.get_mut(at as usize) {
            *to = *id;
        }
        let hash = self.hash(id);
        let head = self.head(hash);
        self.set_behind(at, head);
        self.set_head(hash, at + 1);
    }

    /// Makes a record unfindable and forgets its id.
    pub fn unlink(&mut self, at: u32) {
        let hash = self.hash(&self.of(at));
        let next = self.behind(at);
        let mut link = self.head(hash);
        if link == at + 1 {
            self.set_head(hash, next);
        } else {
            while let Some(before) = link.checked_sub(1) {
                link = self.behind(before);
                if link == at + 1 {
                    self.set_behind(before, next);
                }
            }
        }
        self.set_behind(at, 0);
        if let Some(id) = self.ids.get_mut(at as usize) {
            *id = Hash::default();
        }
    }

    /// Whether the chains hold exactly the records that are `live`, and the others are blank.
    pub fn is_sound(&self, room: &Room, live: impl Fn(u32) -> bool) -> bool {
        let mut expected = 0;
        for at in 0..room.records {
            if live(at) {
                expected += 1;
            } else if !self.is_clear(room, at as usize) {
                return false;
            }
        }
        let mut found = 0_u32;
        for (hash, &head) in self.heads.iter().enumerate() {
            let mut link = head;
            while let Some(at) = link.checked_sub(1) {
                found += 1;
                let fits = at < room.records && live(at) && self.hash(&self.of(at)) == hash;
                if !fits || found > expected {
                    return false;
                }
                link = self.behind(at);
            }
        }
        found == expected
    }
}

#[cfg(test)]
impl Ids<'_> {
    /// The most records with one hash.
    pub fn longest_walk(&self) -> usize {
        let walk = |&head: &u32| {
            let after = |&link: &u32| Some(self.behind(link.checked_sub(1)?));
            core::iter::successors(Some(head), after)
                .take_while(|&link| link != 0)
                .count()
        };
        self.heads.iter().map(walk).max().unwrap_or(0)
    }
}
