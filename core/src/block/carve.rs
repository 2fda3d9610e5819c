//! Where the sections of a block lie, and how they are handed out.

use super::{ALIGN, BlockError, too_small};
use bytemuck::Pod;

/// Offset of the next section after one of `count` elements of `size` bytes at `offset`.
///
/// Saturates, so that an absurd configuration asks for more memory than exists instead of
/// overflowing.
pub const fn section(offset: usize, count: usize, size: usize) -> usize {
    pad(offset.saturating_add(count.saturating_mul(size)))
}

const fn pad(bytes: usize) -> usize {
    match bytes.checked_next_multiple_of(ALIGN) {
        Some(padded) => padded,
        None => usize::MAX,
    }
}

/// Whether elements of a type fill whole lines.
const fn fits<T>() -> bool {
    ALIGN.is_multiple_of(size_of::<T>()) || size_of::<T>().is_multiple_of(ALIGN)
}

/// Hands out the sections of a block in order, mutable.
///
/// A section's slice covers its padding too: for `count` elements its length is the next whole
/// number of 64-byte lines, so that all sections together are all of the block. Elements must have
/// a size that divides 64, or that 64 divides.
#[derive(Debug)]
pub struct CarverMut<'a>(&'a mut [u8]);

/// Hands out the sections of a block in order, for reading. See [`CarverMut`].
#[derive(Clone, Debug)]
pub struct Carver<'a>(&'a [u8]);

impl<'a> CarverMut<'a> {
    pub(super) const fn new(sections: &'a mut [u8]) -> Self {
        Self(sections)
    }

    /// The next section, of at least `count` elements.
    pub fn take<T: Pod>(&mut self, count: usize) -> Result<&'a mut [T], BlockError> {
        const { assert!(fits::<T>()) }
        let bytes = section(0, count, size_of::<T>());
        let found = self.0.len();
        let (head, tail) = core::mem::take(&mut self.0)
            .split_at_mut_checked(bytes)
            .ok_or(too_small(bytes, found))?;
        self.0 = tail;
        bytemuck::try_cast_slice_mut(head).map_err(|_| BlockError::Misaligned)
    }
}

impl<'a> Carver<'a> {
    pub(super) const fn new(sections: &'a [u8]) -> Self {
        Self(sections)
    }

    /// The next section, of at least `count` elements.
    pub fn take<T: Pod>(&mut self, count: usize) -> Result<&'a [T], BlockError> {
        const { assert!(fits::<T>()) }
        let bytes = section(0, count, size_of::<T>());
        let found = self.0.len();
        let (head, tail) = self
            .0
            .split_at_checked(bytes)
            .ok_or(too_small(bytes, found))?;
        self.0 = tail;
        bytemuck::try_cast_slice(head).map_err(|_| BlockError::Misaligned)
    }
}
