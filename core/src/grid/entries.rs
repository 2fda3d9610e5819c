//! The record that the grid keeps of each claim, by slot.

/// Words of a record. Links are slots plus one, zero for none.
pub(super) const CONTEXT: usize = 0;
/// Zero while the slot is free.
pub(super) const FLAGS: usize = 1;
/// Where the claim's vector lies in the cells.
pub(super) const PLACE: usize = 2;
/// The next claim of the same subject, or the next free slot.
pub(super) const NEXT: usize = 3;
/// The claim of the same subject before this one; zero for the first.
pub(super) const PREV: usize = 4;
/// The first claim of the next subject with this hash; for the first claim of a subject alone.
pub(super) const CHAIN: usize = 5;
/// Claims of the subject; for its first claim alone.
pub(super) const COUNT: usize = 6;
/// First of the four words of the subject's tag.
pub(super) const TAG: usize = 8;

/// What the radius grows by where this claim is compared, as the bits of an `f32`.
pub(super) const SLACK: usize = 12;

pub(super) const LIVE: u32 = 1;
pub(super) const HAS_SUBJECT: u32 = 2;
pub(super) const HAS_VECTOR: u32 = 4;

pub(super) type Entry = [u32; 16];

#[derive(Debug)]
pub(super) struct Entries<'a>(pub &'a mut [Entry]);

impl Entries<'_> {
    #[inline]
    pub fn get(&self, slot: u32) -> Option<&Entry> {
        self.0.get(slot as usize)
    }

    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Entry> {
        self.0.get_mut(slot as usize)
    }

    /// The record behind a link.
    #[inline]
    pub fn linked(&self, link: u32) -> Option<&Entry> {
        self.get(link.wrapping_sub(1))
    }

    #[inline]
    pub fn linked_mut(&mut self, link: u32) -> Option<&mut Entry> {
        self.get_mut(link.wrapping_sub(1))
    }

    #[inline]
    pub fn context(&self, slot: u32) -> u32 {
        self.get(slot).map_or(0, |e| e[CONTEXT])
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

    /// Context and place of the claim in a slot, if it has a vector.
    pub fn owner(&self, slot: u32) -> Option<(u32, u32)> {
        self.live(slot)
            .filter(|e| e[FLAGS] & HAS_VECTOR != 0)
            .map(|e| (e[CONTEXT], e[PLACE]))
    }
}
