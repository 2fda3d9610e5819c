//! The records that the grid keeps of each claim, by slot.

use super::config::GridConfig;
use super::tag::Tag;
use crate::block::sections::sections;

/// Words of a claim's record.
pub(super) const CONTEXT: usize = 0;
/// Zero while the slot is free.
pub(super) const FLAGS: usize = 1;
/// Where the claim's vector lies in the cells; of a free slot the next free one, as a link.
pub(super) const PLACE: usize = 2;
/// What the radius grows by where this claim is compared, as the bits of an `f32`.
pub(super) const SLACK: usize = 3;

/// Words of the record of its subject. Links are slots plus one, zero for none.
/// The next claim of the same subject.
pub(super) const NEXT: usize = 0;
/// The claim of the same subject before this one; zero for the first.
pub(super) const PREV: usize = 1;
/// The first claim of the next subject with this hash; for the first claim of a subject alone.
pub(super) const CHAIN: usize = 2;
/// Claims of the subject; for its first claim alone.
pub(super) const COUNT: usize = 3;

pub(super) const LIVE: u32 = 1;
pub(super) const HAS_SUBJECT: u32 = 2;
pub(super) const HAS_VECTOR: u32 = 4;

pub(super) type Entry = [u32; 4];
/// Links and count, then the words of the subject's tag.
pub(super) type Name = [u32; 8];

sections! {
    pub(super) struct Entries for GridConfig as config {
        pub claims "grid claims": [Entry; config.capacity],
        pub names "grid names": [Name; config.capacity => 1],
    }
}

impl Entries<'_> {
    #[inline]
    pub fn get(&self, slot: u32) -> Option<&Entry> {
        self.claims.get(slot as usize)
    }

    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Entry> {
        self.claims.get_mut(slot as usize)
    }

    #[inline]
    pub fn name(&self, slot: u32) -> Option<&Name> {
        self.names.get(slot as usize)
    }

    #[inline]
    pub fn name_mut(&mut self, slot: u32) -> Option<&mut Name> {
        self.names.get_mut(slot as usize)
    }

    /// The subject's record behind a link.
    #[inline]
    pub fn linked(&self, link: u32) -> Option<&Name> {
        self.name(link.wrapping_sub(1))
    }

    #[inline]
    pub fn linked_mut(&mut self, link: u32) -> Option<&mut Name> {
        self.name_mut(link.wrapping_sub(1))
    }

    #[inline]
    pub fn context(&self, slot: u32) -> u32 {
        self.get(slot).map_or(0, |e| e[CONTEXT])
    }

    #[inline]
    pub fn slack(&self, slot: u32) -> f32 {
        self.get(slot).map_or(0.0, |e| f32::from_bits(e[SLACK]))
    }

    #[inline]
    pub fn move_to(&mut self, slot: u32, place: u32) {
        if let Some(entry) = self.get_mut(slot) {
            entry[PLACE] = place;
        }
    }

    /// The record of a claim, if one is in that slot.
    #[inline]
    pub fn live(&self, slot: u32) -> Option<&Entry> {
        self.get(slot).filter(|e| e[FLAGS] & LIVE != 0)
    }

    /// The subject of a claim, if it has one.
    #[inline]
    pub fn subject(&self, slot: u32) -> Option<Tag> {
        let has = self.get(slot)?[FLAGS] & HAS_SUBJECT != 0;
        self.name(slot).filter(|_| has).map(tag_of)
    }

    /// Context and place of the claim in a slot, if it has a vector.
    pub fn owner(&self, slot: u32) -> Option<(u32, u32)> {
        self.live(slot)
            .filter(|e| e[FLAGS] & HAS_VECTOR != 0)
            .map(|e| (e[CONTEXT], e[PLACE]))
    }
}

pub(super) fn tag_of(name: &Name) -> Tag {
    let [_, _, _, _, a, b, c, d] = *name;
    Tag([a, b, c, d])
}
