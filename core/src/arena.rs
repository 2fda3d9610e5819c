//! Things with handles, for what has no id of its own.
//!
//! A slot and how often it was used make a handle of 32 bits, so that a handle of something removed
//! never gets something else. A slot whose count would start again is retired instead. The fewer
//! slots, the more bits are left for the count: an arena of 1,000 slots takes two billion inserts
//! before the first is retired for having had its share.

use crate::block::sections::{from_slot, is_zero};
use crate::block::structure::{Config, Image, Structure, begin_format, life};
use crate::block::{BlockError, CONFIG_WORDS, CarverMut, HEADER_BYTES, HeaderMut, Kind, section};
use crate::error::errors;
use bytemuck::Pod;
use core::slice::from_ref;

const MAX_SLOTS: u32 = 1 << 24;

errors! {
    /// Why nothing was inserted; the arena is unchanged.
    pub enum ArenaError: 0x0700 {
        /// Every slot is taken or retired.
        Full = 1 => "the arena is full; remove something first",
    }
}

/// A thing in an arena, for as long as it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Handle(u32);

impl Handle {
    /// The handle as a number, to be kept in a block.
    pub const fn to_bits(self) -> u32 {
        self.0
    }

    /// The handle of a number; any number is one, of something or of nothing.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

/// How many things of which size an arena holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ArenaConfig {
    slots: u32,
    item: u32,
}

impl ArenaConfig {
    /// Up to `slots` (1 to 2²⁴) things of type `T`.
    pub const fn new<T: Pod>(slots: u32) -> Self {
        Self {
            slots,
            item: size_of::<T>() as u32,
        }
    }

    /// Bytes of the block.
    pub const fn bytes(&self) -> usize {
        let at = section(HEADER_BYTES, self.slots as usize, 4);
        section(at, self.slots as usize, self.item as usize)
    }

    /// Bits of a handle that are the slot.
    const fn mask(&self) -> u32 {
        (self.slots + 1).next_power_of_two() - 1
    }
}

impl Config for ArenaConfig {
    const KIND: Kind = Kind(*b"AREN");
    const VERSION: u32 = 3;

    fn is_valid(&self) -> bool {
        (1..=MAX_SLOTS).contains(&self.slots) && self.item >= 1
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.slots;
        words[1] = self.item;
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        Some(Self {
            slots: words[0],
            item: words[1],
        })
    }
}

/// From a slot and the next one how the slot's tag says so, and back.
#[inline]
const fn link(slot: u32, next: u32) -> u32 {
    (slot + 1) ^ next
}

/// Things of type `T` with handles, in a block.
#[derive(Debug)]
pub struct Arena<'a, T> {
    header: HeaderMut<'a>,
    /// Of a taken slot its handle, whose count is odd; of a free one an even count and the next
    /// free slot, of a retired one itself, as [`link`] writes them: zeros are a slot never taken
    /// that is followed by its neighbour.
    tags: &'a mut [u32],
    items: &'a mut [T],
    padding: &'a mut [u8],
    config: ArenaConfig,
    /// Bits of a handle that are the slot; all of them set is no slot.
    mask: u32,
    /// The first free slot, or as many as there are slots.
    free: u32,
    live: u32,
    retired: u32,
}

life!(Arena<'a, T>, ArenaConfig, [T: Pod]);

impl<'a, T: Pod> Image<'a> for Arena<'a, T> {
    fn header(&self) -> &HeaderMut<'a> {
        &self.header
    }

    fn header_mut(&mut self) -> &mut HeaderMut<'a> {
        &mut self.header
    }

    fn section(&self, at: usize) -> Option<(&'static str, &[u8])> {
        Some(match at {
            0 => ("arena tags", bytemuck::cast_slice(self.tags)),
            1 => ("arena items", bytemuck::cast_slice(self.items)),
            2 => ("arena items", self.padding),
            _ => return None,
        })
    }
}

impl<'a, T: Pod> Structure<'a> for Arena<'a, T> {
    type Config = ArenaConfig;

    fn carve(
        header: HeaderMut<'a>,
        config: ArenaConfig,
        mut carver: CarverMut<'a>,
    ) -> Result<Self, BlockError> {
        if config.item as usize != size_of::<T>() {
            return Err(BlockError::BadConfig);
        }
        let slots = config.slots as usize;
        let tags = carver.take(slots)?;
        let bytes: &mut [u8] = carver.take(slots * size_of::<T>())?;
        let (items, padding) = bytes
            .split_at_mut_checked(slots * size_of::<T>())
            .ok_or(BlockError::BadConfig)?;
        let items = bytemuck::try_cast_slice_mut(items).map_err(|_| BlockError::BadConfig)?;
        Ok(Self {
            header,
            tags,
            items,
            padding,
            config,
            mask: config.mask(),
            free: 0,
            live: 0,
            retired: 0,
        })
    }

    fn check(&mut self) -> Result<(), BlockError> {
        match self.count() && self.is_unused_clear() {
            true => Ok(()),
            false => Err(BlockError::Corrupt),
        }
    }

    fn formatted(memory: &'a mut [u8], config: ArenaConfig) -> Result<Self, BlockError> {
        // Said before anything is written.
        if config.item as usize != size_of::<T>() {
            return Err(BlockError::BadConfig);
        }
        let (header, carver) = begin_format(memory, &config)?;
        Self::carve(header, config, carver)
    }
}

impl<T: Pod> Arena<'_, T> {
    fn one(&self) -> u32 {
        self.mask + 1
    }

    fn is_taken(&self, tag: u32) -> bool {
        tag & self.one() != 0
    }

    /// Counts what is taken and what retired, and finds the first free slot; whether each free slot
    /// leads to one that no other leads to, and the last of them to none.
    fn count(&mut self) -> bool {
        let slots = self.config.slots;
        // The free slots are a list whose last leads to `slots`. All of them and all that they lead to are
        // combined by exclusive or: what occurs twice cancels out, and only the first is led to by none.
        self.free = slots;
        for (slot, &tag) in (0..slots).zip(self.tags.iter()) {
            let next = link(slot, tag & self.mask);
            if self.is_taken(tag) {
                if tag & self.mask != slot {
                    return false;
                }
                self.live += 1;
            } else if next == slot {
                self.retired += 1;
            } else {
                self.free ^= slot ^ next;
            }
        }
        let mut next = self.free;
        for _ in 0..slots - self.live - self.retired {
            let Some(&tag) = self.tags.get(next as usize) else {
                return false;
            };
            let slot = next;
            next = link(slot, tag & self.mask);
            if self.is_taken(tag) || next == slot {
                return false;
            }
        }
        // As many steps as there are free slots, to the end: none was met twice.
        next == slots
    }

    /// Whether what lies behind the slots, and in those that were never taken, is zero.
    fn is_unused_clear(&self) -> bool {
        let slots = self.config.slots;
        let was_taken = |slot, tag| tag > self.mask || tag == link(slot, slot);
        let mut all = (0..slots).zip(&*self.tags).zip(&*self.items);
        all.all(|((slot, &tag), item)| was_taken(slot, tag) || is_zero(from_ref(item)))
            && is_zero(from_slot(self.tags, 1, slots as usize))
            && is_zero(self.padding)
    }

    /// Number of things in the arena.
    pub fn len(&self) -> u32 {
        self.live
    }

    /// Whether there is nothing in the arena.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Slots that can never be used again.
    pub fn retired(&self) -> u32 {
        self.retired
    }

    /// The configuration.
    pub const fn config(&self) -> ArenaConfig {
        self.config
    }

    /// Puts a thing in. Cost: O(1).
    #[inline]
    pub fn insert(&mut self, item: T) -> Result<Handle, ArenaError> {
        let slot = self.free;
        let (Some(tag), Some(to)) = (
            self.tags.get_mut(slot as usize),
            self.items.get_mut(slot as usize),
        ) else {
            return Err(ArenaError::Full);
        };
        let before = *tag;
        let handle = (before | self.mask).wrapping_add(1 + slot);
        self.header.touch();
        self.free = link(slot, before & self.mask);
        self.live += 1;
        *tag = handle;
        *to = item;
        Ok(Handle(handle))
    }

    /// The slot of a handle, if it is of something in the arena.
    #[inline]
    fn slot(&self, handle: Handle) -> Option<usize> {
        let slot = (handle.0 & self.mask) as usize;
        match self.tags.get(slot) {
            Some(&tag) if tag == handle.0 && self.is_taken(tag) => Some(slot),
            _ => None,
        }
    }

    /// The thing with a handle, if it is still there. Cost: O(1).
    #[inline]
    pub fn get(&self, handle: Handle) -> Option<&T> {
        self.items.get(self.slot(handle)?)
    }

    /// Replaces the thing with a handle; the one before.
    #[inline]
    pub fn replace(&mut self, handle: Handle, item: T) -> Option<T> {
        let slot = self.slot(handle)?;
        let to = self.items.get_mut(slot)?;
        self.header.touch();
        Some(core::mem::replace(to, item))
    }

    /// Takes a thing out. Its bytes stay in the block until its slot is taken again; what must not
    /// is to be [replaced](Self::replace) by zeros before. Cost: O(1).
    #[inline]
    pub fn remove(&mut self, handle: Handle) -> Option<T> {
        let slot = handle.0 & self.mask;
        let tag = self.tags.get_mut(slot as usize)?;
        if *tag != handle.0 || handle.0 & (self.mask + 1) == 0 {
            return None;
        }
        let item = self.items.get(slot as usize)?;
        self.header.touch();
        self.live -= 1;
        let count = (handle.0 | self.mask).wrapping_add(1);
        if count == 0 {
            *tag = link(slot, slot);
            self.retired += 1;
        } else {
            *tag = count | link(slot, self.free);
            self.free = slot;
        }
        Some(*item)
    }

    /// The things in the arena with their handles, by slot.
    pub fn iter(&self) -> impl Iterator<Item = (Handle, &T)> {
        self.tags
            .iter()
            .zip(&*self.items)
            .filter(|(tag, _)| self.is_taken(**tag))
            .map(|(tag, item)| (Handle(*tag), item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{self, Block};
    use proptest::prelude::*;
    use std::vec::Vec;

    const SLOTS: u32 = 13;
    const CONFIG: ArenaConfig = ArenaConfig::new::<[u32; 5]>(SLOTS);
    type Memory = Block<{ CONFIG.bytes() }>;

    #[test]
    fn a_slot_whose_count_would_start_again_is_retired() {
        let config = ArenaConfig::new::<u8>(MAX_SLOTS / 2 + 1);
        let mut memory = block::Memory::zeroed(config.bytes());
        let mut arena = Arena::format(&mut memory, config).unwrap();
        let mut handles = Vec::new();
        // Eight bits are left for the count: a slot is used 128 times.
        for i in 0..300u32 {
            let handle = arena.insert(i as u8).unwrap();
            assert!(handles.iter().all(|&old| arena.get(old).is_none()));
            handles.push(handle);
            assert_eq!(arena.remove(handle), Some(i as u8));
        }
        assert_eq!(arena.retired(), 2);
        handles.sort();
        handles.dedup();
        assert_eq!(handles.len(), 300);
        assert_eq!(Arena::<u8>::open(&mut memory).unwrap().retired(), 2);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u32),
        Remove(usize),
        Replace(usize, u32),
        Reopen,
    }

    proptest! {
        #[test]
        fn behaves_as_a_map_whose_keys_never_come_back(
            steps in prop::collection::vec(prop_oneof![
                4 => any::<u32>().prop_map(Step::Insert),
                3 => any::<usize>().prop_map(Step::Remove),
                1 => any::<(usize, u32)>().prop_map(|(a, b)| Step::Replace(a, b)),
                1 => Just(Step::Reopen),
            ], 0..200)
        ) {
            let mut memory = Memory::new();
            Arena::<[u32; 5]>::format(&mut memory, CONFIG).unwrap();
            let mut live: Vec<(Handle, [u32; 5])> = Vec::new();
            let mut dead: Vec<Handle> = Vec::new();
            for step in steps {
                let mut arena = Arena::<[u32; 5]>::open(&mut memory).unwrap();
                match step {
                    Step::Insert(value) => match arena.insert([value; 5]) {
                        Ok(handle) => live.push((handle, [value; 5])),
                        Err(error) => {
                            prop_assert_eq!(error, ArenaError::Full);
                            prop_assert_eq!(live.len(), SLOTS as usize);
                        }
                    },
                    Step::Remove(which) if !live.is_empty() => {
                        let (handle, item) = live.swap_remove(which % live.len());
                        prop_assert_eq!(arena.remove(handle), Some(item));
                        dead.push(handle);
                    }
                    Step::Replace(which, value) if !live.is_empty() => {
                        let at = which % live.len();
                        let before = core::mem::replace(&mut live[at].1, [value; 5]);
                        prop_assert_eq!(arena.replace(live[at].0, [value; 5]), Some(before));
                    }
                    Step::Reopen => { arena.seal(); Arena::<[u32; 5]>::open_verified(&mut memory).unwrap(); }
                    _ => {}
                }
                let mut arena = Arena::<[u32; 5]>::open(&mut memory).unwrap();
                for handle in &dead {
                    prop_assert_eq!(arena.get(*handle), None);
                    prop_assert_eq!(arena.remove(*handle), None);
                }
                let mut found: Vec<_> = arena.iter().map(|(h, i)| (h, *i)).collect();
                let mut expected = live.clone();
                found.sort();
                expected.sort();
                prop_assert_eq!(found, expected);
            }
        }

        #[test]
        fn hostile_blocks_open_to_an_error_or_to_an_arena_that_answers(
            flips in prop::collection::vec((HEADER_BYTES..HEADER_BYTES + 64, any::<u8>()), 1..5), n in 0..SLOTS,
        ) {
            let mut memory = Memory::new();
            let mut arena = Arena::<[u32; 5]>::format(&mut memory, CONFIG).unwrap();
            let handles: Vec<_> = (0..n).map(|i| arena.insert([i; 5]).unwrap()).collect();
            for handle in handles.iter().step_by(2) { arena.remove(*handle); }
            for (at, value) in flips { memory[at] = value; }
            if let Ok(mut arena) = Arena::<[u32; 5]>::open(&mut memory) {
                for handle in handles { arena.get(handle); arena.remove(handle); }
                while arena.insert([1; 5]).is_ok() {}
                prop_assert!(arena.len() + arena.retired() == SLOTS);
            }
        }
    }
}
