//! Memory for blocks.

pub use sensilla::block::Memory;

/// A block that lives as long as the process.
pub fn leaked(bytes: usize) -> &'static mut [u8] {
    &mut Box::leak(Box::new(Memory::zeroed(bytes)))[..]
}
