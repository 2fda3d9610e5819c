//! What tests of several modules share.

use std::vec;
use std::vec::Vec;

/// A block on the heap.
pub(crate) struct Memory(Vec<[u64; 8]>, usize);

impl Memory {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(vec![[0; 8]; bytes.div_ceil(64) + 1], bytes)
    }
    /// The same bytes in other memory.
    pub(crate) fn copy(&self) -> Self {
        let mut copy = Self::new(self.1);
        let bytes: &[u8] = bytemuck::cast_slice(&self.0);
        let skip = bytes.as_ptr().align_offset(64);
        copy.get().copy_from_slice(&bytes[skip..skip + self.1]);
        copy
    }
    pub(crate) fn get(&mut self) -> &mut [u8] {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.0);
        let skip = bytes.as_ptr().align_offset(64);
        &mut bytes[skip..skip + self.1]
    }
}

impl super::Parts<'_> {
    /// The most subjects with one hash.
    pub(crate) fn longest_walk(&self) -> usize {
        self.subjects.longest_walk(&self.entries)
    }

    /// Buckets in use beyond the first of each hash.
    pub(crate) fn spare(&self) -> u32 {
        let (mut free, mut count) = self.cells.spare();
        while free != 0 {
            free = self.cells.behind(free - 1).wrapping_add(1);
            count -= 1;
        }
        count
    }
}

impl super::subject::Subjects<'_> {
    fn longest_walk(&self, entries: &super::entries::Entries<'_>) -> usize {
        let walk = |&head: &u32| {
            let after = |&link: &u32| Some(entries.linked(link)?[super::entries::CHAIN]);
            core::iter::successors(Some(head), after)
                .take_while(|&link| link != 0)
                .count()
        };
        self.heads.iter().map(walk).max().unwrap_or(0)
    }
}
