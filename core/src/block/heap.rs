//! Memory for structures on the heap: zeroed, aligned, of a length known only at run time.

use super::ALIGN;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, DerefMut};

/// A piece of the heap, aligned as every structure needs it.
///
/// A plain `Vec<u8>` may start at any address, and a structure refuses memory that does not start on
/// a 64-byte boundary. Memories are equal when their bytes are.
///
/// ```
/// use sensilla::bank::{BankConfig, Pattern, PatternBank};
/// use sensilla::block::Memory;
///
/// let config = BankConfig::new(3, 100);
/// let mut memory = Memory::zeroed(config.bytes());
/// let mut bank = PatternBank::format(&mut memory, config)?;
/// bank.insert(&[0.9, 0.1, 0.0], Pattern::default())?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Memory {
    /// As many bytes as were asked for, and enough more to start on a line.
    bytes: Vec<u8>,
    start: usize,
    length: usize,
}

/// The heap has less memory than was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory {
    /// How many bytes were asked for.
    pub bytes: usize,
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no memory for {} bytes", self.bytes)
    }
}

impl core::error::Error for OutOfMemory {}

impl Memory {
    /// `bytes` zeros. Ends the program where the heap has less, as every allocation of the standard
    /// library does; [`try_zeroed`](Self::try_zeroed) returns instead.
    pub fn zeroed(bytes: usize) -> Self {
        // The allocator hands out zeroed pages, so that nothing is written before it is used.
        Self::within(vec![0; bytes.saturating_add(ALIGN - 1)], bytes)
    }

    /// `bytes` zeros, or an error where the heap has less.
    pub fn try_zeroed(bytes: usize) -> Result<Self, OutOfMemory> {
        let room = bytes.saturating_add(ALIGN - 1);
        let mut within = Vec::new();
        within
            .try_reserve_exact(room)
            .map_err(|_| OutOfMemory { bytes })?;
        within.resize(room, 0);
        Ok(Self::within(within, bytes))
    }

    /// A copy of `bytes`, or an error where the heap has less.
    pub fn try_copy(bytes: &[u8]) -> Result<Self, OutOfMemory> {
        let mut memory = Self::try_zeroed(bytes.len())?;
        memory.copy_from_slice(bytes);
        Ok(memory)
    }

    fn within(bytes: Vec<u8>, length: usize) -> Self {
        // The vector never grows, so that its bytes stay where they are.
        let start = bytes.as_ptr().align_offset(ALIGN);
        Self {
            bytes,
            start,
            length,
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

impl Clone for Memory {
    fn clone(&self) -> Self {
        // The copy may lie elsewhere relative to a line.
        Self::from(&**self)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::zeroed(0)
    }
}

impl PartialEq for Memory {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Memory {}

impl Deref for Memory {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.bytes
            .get(self.start..)
            .and_then(|aligned| aligned.get(..self.length))
            .unwrap_or_default()
    }
}

impl DerefMut for Memory {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.bytes
            .get_mut(self.start..)
            .and_then(|aligned| aligned.get_mut(..self.length))
            .unwrap_or_default()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} bytes)", self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_aligned_zero_and_of_the_length_asked_for() {
        for bytes in [0, 1, 63, 64, 65, 1000, 100_000] {
            for memory in [Memory::zeroed(bytes), Memory::try_zeroed(bytes).unwrap()] {
                assert_eq!(memory.len(), bytes);
                assert!((memory.as_ptr() as usize).is_multiple_of(ALIGN));
                assert!(memory.iter().all(|&b| b == 0));
            }
        }
    }

    #[test]
    fn copies_are_equal_and_aligned_too() {
        let memory = Memory::from(&[1, 2, 3][..]);
        assert_eq!(&*memory, [1, 2, 3]);
        let copies: Vec<_> = (0..20).map(|_| memory.clone()).collect();
        for copy in copies {
            assert_eq!(copy, memory);
            assert!((copy.as_ptr() as usize).is_multiple_of(ALIGN));
        }
    }

    #[test]
    fn more_than_there_can_be_is_an_error() {
        let bytes = usize::MAX / 2;
        assert_eq!(Memory::try_zeroed(bytes), Err(OutOfMemory { bytes }));
        assert!(Memory::try_zeroed(usize::MAX).is_err());
    }
}
