//! What tests of several modules share.

use std::vec;
use std::vec::Vec;

/// A block on the heap.
pub(crate) struct Memory(Vec<[u64; 8]>, usize);

impl Memory {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(vec![[0; 8]; bytes.div_ceil(64) + 1], bytes)
    }
    pub(crate) fn get(&mut self) -> &mut [u8] {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.0);
        let skip = bytes.as_ptr().align_offset(64);
        &mut bytes[skip..skip + self.1]
    }
}
