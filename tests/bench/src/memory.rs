//! Memory for blocks.

use sensilla::block::ALIGN;

/// Zeroed memory for a block, aligned.
pub struct Memory {
    lines: Vec<[u128; ALIGN / 16]>,
    bytes: usize,
}

impl Memory {
    pub fn new(bytes: usize) -> Self {
        // One line more, for vectors of these are aligned to sixteen bytes alone.
        Self {
            lines: vec![[0; ALIGN / 16]; bytes.div_ceil(ALIGN) + 1],
            bytes,
        }
    }

    /// The block.
    pub fn get(&mut self) -> &mut [u8] {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.lines);
        let start = bytes.as_ptr().align_offset(ALIGN);
        &mut bytes[start..start + self.bytes]
    }

    /// A block that lives as long as the process.
    pub fn leaked(bytes: usize) -> &'static mut [u8] {
        Box::leak(Box::new(Self::new(bytes))).get()
    }
}
