//! Memory for blocks: zeroed, aligned, of a length known only at run time.

use std::fmt;
use std::ops::{Deref, DerefMut};

use sensilla::block::ALIGN;

#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Line([u8; ALIGN]);

/// A block of memory on the heap, aligned as every structure of `sensilla` needs it.
#[derive(Clone, Default)]
pub struct Memory {
    lines: Vec<Line>,
    bytes: usize,
}

impl Memory {
    /// `bytes` zeros.
    pub fn zeroed(bytes: usize) -> Self {
        Self {
            lines: vec![Line([0; ALIGN]); bytes.div_ceil(ALIGN)],
            bytes,
        }
    }
}

impl From<&[u8]> for Memory {
    fn from(bytes: &[u8]) -> Self {
        let mut memory = Self::zeroed(bytes.len());
        memory.copy_from_slice(bytes);
        memory
    }
}

impl Deref for Memory {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.lines)[..self.bytes]
    }
}

impl DerefMut for Memory {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.bytes]
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} bytes)", self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_aligned_zero_and_of_the_length_asked_for() {
        for bytes in [0, 1, 63, 64, 65, 1000] {
            let memory = Memory::zeroed(bytes);
            assert_eq!(memory.len(), bytes);
            assert!((memory.as_ptr() as usize).is_multiple_of(ALIGN));
            assert!(memory.iter().all(|&b| b == 0));
        }
        assert_eq!(&*Memory::from(&[1, 2, 3][..]), [1, 2, 3]);
    }
}
