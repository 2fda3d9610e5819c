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
