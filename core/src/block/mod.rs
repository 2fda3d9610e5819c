//! A structure is a block of memory.
//!
//! Every stateful structure of this crate lives in one block that its caller gives it: a header of
//! [`HEADER_BYTES`], then sections of typed elements, each starting on a [`ALIGN`]-byte boundary
//! and padded with zeros to the next. Offsets follow from the configuration alone, everything is
//! little-endian, and the bytes are the snapshot: saving is writing the block, loading is checking
//! it ([`open`], [`verify_seal`]) and using it where it lies.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | magic `SNSL` |
//! | 4 | 4 | [`Kind`] of structure, four ASCII letters |
//! | 8 | 4 | version of that structure's layout |
//! | 12 | 4 | [`State`] |
//! | 16 | 8 | length of the whole block in bytes |
//! | 24 | 8 | reserved, zero |
//! | 32 | 64 | configuration, sixteen words that the structure defines |
//! | 96 | 32 | SHA-256 of the block while sealed, else zero |
//!
//! The seal and [`image_digest`](HeaderRef::image_digest) hash the block with state and seal taken as zero, so sealing does
//! not change the digest.

mod carve;
#[cfg(any(test, feature = "alloc"))]
mod heap;
#[cfg(test)]
mod hostile;
#[cfg(feature = "alloc")]
pub(crate) mod owned;
pub(crate) mod sections;
#[cfg(test)]
mod soundness;
pub(crate) mod structure;

pub use carve::{Carver, CarverMut, section};
#[cfg(any(test, feature = "alloc"))]
pub use heap::{Memory, OutOfMemory};
#[cfg(feature = "alloc")]
pub use owned::OwnError;

use crate::error::errors;
use core::ops::{Deref, DerefMut};
use sha2::{Digest, Sha256};

#[cfg(target_endian = "big")]
compile_error!("blocks are little-endian and used in place; big-endian targets are not supported");

/// Alignment of blocks and of the sections in them, in bytes: one cache line, one AVX-512 vector.
pub const ALIGN: usize = 64;
/// Bytes of the header in front of the sections.
pub const HEADER_BYTES: usize = 128;
/// Words of a header that belong to the structure's configuration.
pub const CONFIG_WORDS: usize = 16;

const HEADER_WORDS: usize = HEADER_BYTES / 4;
const MAGIC: u32 = u32::from_le_bytes(*b"SNSL");
const AT_STATE: usize = 3;
const AT_CONFIG: usize = 8;
const AT_SEAL: usize = 24;

/// Zeroed, aligned memory for a structure, on the stack or in a `static`. `Box::new` may build it on
/// the stack first, which a block of megabytes overflows: on the heap `Memory` (feature `alloc`) does
/// not.
///
/// `N` is what the structure's `config.bytes()` says. All bytes are zero, so a `static` lies in
/// `.bss` and takes no flash.
#[repr(C, align(64))]
pub struct Block<const N: usize>([u8; N]);

impl<const N: usize> Block<N> {
    /// A block of zeros.
    pub const fn new() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Default for Block<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Deref for Block<N> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> DerefMut for Block<N> {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// Which structure a block holds, as four ASCII letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(pub [u8; 4]);

impl Kind {
    const fn word(self) -> u32 {
        u32::from_le_bytes(self.0)
    }
}

/// What has become of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u32)]
pub enum State {
    /// Never formatted.
    Empty = 0,
    /// In use and consistent.
    Open = 1,
    /// A call is changing it; found on opening, it means the writer was interrupted.
    Busy = 2,
    /// Closed with a SHA-256 over its content.
    Sealed = 3,
}

errors! {
    /// Why a block could not be formatted or opened; its bytes are unchanged.
    pub enum BlockError: 0x0100 {
        /// The memory is shorter than the configuration needs.
        TooSmall { needed: u64, found: u64 } = 1
            => "the block has {found} bytes, the configuration needs {needed}",
        /// The memory does not start on a 64-byte boundary.
        Misaligned = 2 => "the memory does not start on a multiple of 64; use `Block` or, with the feature `alloc`, `block::Memory`",
        /// The bytes are not a block of the expected kind.
        WrongKind = 3 => "these bytes are not a block of the expected kind",
        /// The block was written by another version of the layout.
        WrongVersion { expected: u32, found: u32 } = 4
            => "the block has layout version {found}, this build reads {expected}",
        /// The configuration is out of range.
        BadConfig = 5 => "the configuration is out of its documented range",
        /// The block's writer was interrupted in the middle of a change.
        Busy = 6 => "the block's writer was interrupted; restore the last saved image",
        /// The content contradicts itself.
        Corrupt = 7 => "the block's content is not consistent; restore the last saved image",
        /// The seal is missing.
        NotSealed = 8 => "the block is not sealed; open it without verification or seal it first",
        /// The seal does not match the content.
        SealMismatch = 9 => "the block's SHA-256 does not match its content; restore the last saved image",
        /// The block was never formatted.
        Empty = 10 => "the block was never formatted",
    }
}

/// The header of a block in use.
#[derive(Debug)]
pub struct HeaderMut<'a> {
    words: &'a mut [u32; HEADER_WORDS],
    /// Whether the state is [`State::Open`], so that a change need not look.
    is_open: bool,
}

/// The header of a block opened for reading.
#[derive(Clone, Copy, Debug)]
pub struct HeaderRef<'a>(&'a [u32; HEADER_WORDS]);

impl<'a> HeaderMut<'a> {
    /// The same header for reading.
    pub fn as_ref(&self) -> HeaderRef<'_> {
        HeaderRef(self.words)
    }

    fn new(words: &'a mut [u32; HEADER_WORDS]) -> Self {
        Self {
            is_open: words[AT_STATE] == State::Open as u32,
            words,
        }
    }

    fn set_state(&mut self, state: State) {
        self.words[AT_STATE] = state as u32;
        self.is_open = state == State::Open;
    }

    /// Marks the block as being changed; breaks the seal.
    pub fn begin(&mut self) {
        if self.words[AT_STATE] == State::Sealed as u32 {
            self.words[AT_SEAL..].fill(0);
        }
        self.set_state(State::Busy);
    }

    /// Marks the change as done.
    pub fn end(&mut self) {
        self.set_state(State::Open);
    }

    /// Breaks the seal for a change that is a few plain stores and cannot end halfway. It is not marked as
    /// under way, as [`begin`](Self::begin) does: where nothing can happen between setting the mark and
    /// taking it back, the compiler may leave out both.
    #[inline]
    pub fn touch(&mut self) {
        if !self.is_open {
            self.reopen();
        }
    }

    #[cold]
    fn reopen(&mut self) {
        self.words[AT_SEAL..].fill(0);
        self.end();
    }

    /// Seals the block with the SHA-256 of `sections`, which must be all of them in order.
    pub fn seal(&mut self, sections: &[&[u8]]) -> [u8; 32] {
        let digest = self.as_ref().image_digest(sections);
        self.set_seal(&digest);
        digest
    }

    /// Seals the block with a digest that was made of its content.
    pub(crate) fn set_seal(&mut self, digest: &[u8; 32]) {
        bytemuck::bytes_of_mut(self.words)[AT_SEAL * 4..].copy_from_slice(digest);
        self.set_state(State::Sealed);
    }

    /// The header as it lies in the block.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        bytemuck::bytes_of(self.words)
    }
}

impl<'a> HeaderRef<'a> {
    /// The configuration words.
    pub fn config(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words.copy_from_slice(&self.0[AT_CONFIG..AT_SEAL]);
        words
    }

    /// Length of the whole block in bytes.
    pub fn bytes(&self) -> u64 {
        u64::from(self.0[4]) | u64::from(self.0[5]) << 32
    }

    /// Whether the block carries a seal.
    pub fn is_sealed(&self) -> bool {
        self.0[AT_STATE] == State::Sealed as u32
    }

    /// The digest that the block was sealed with; zero while it is not sealed.
    pub fn seal_word(&self) -> [u8; 32] {
        let mut word = [0; 32];
        word.copy_from_slice(bytemuck::cast_slice(&self.0[AT_SEAL..]));
        word
    }

    /// SHA-256 of the block made of this header and `sections`, which must be all of them in
    /// order, padding included (as [`Carver`] hands them out).
    pub fn image_digest(&self, sections: &[&[u8]]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        self.hash(&mut hasher);
        for section in sections {
            hasher.update(section);
        }
        hasher.finalize().into()
    }

    /// Hashes the header, state and seal taken as zero.
    pub(crate) fn hash(&self, hasher: &mut Sha256) {
        let mut plain = *self.0;
        plain[AT_STATE] = 0;
        plain[AT_SEAL..].fill(0);
        hasher.update(bytemuck::bytes_of(&plain));
    }
}

const fn too_small(needed: usize, found: usize) -> BlockError {
    BlockError::TooSmall {
        needed: needed as u64,
        found: found as u64,
    }
}

fn is_aligned(memory: &[u8]) -> bool {
    (memory.as_ptr() as usize).is_multiple_of(ALIGN)
}

/// Formats the first `bytes` bytes of `memory` as an empty block; all of them become zero but the
/// header. `bytes` counts the header; what lies behind is left alone.
pub fn format<'a>(
    memory: &'a mut [u8],
    kind: Kind,
    version: u32,
    config: [u32; CONFIG_WORDS],
    bytes: usize,
) -> Result<(HeaderMut<'a>, CarverMut<'a>), BlockError> {
    let found = memory.len();
    if !is_aligned(memory) {
        return Err(BlockError::Misaligned);
    }
    let (block, _) = memory
        .split_at_mut_checked(bytes)
        .ok_or(too_small(bytes, found))?;
    let (head, sections) = block
        .split_at_mut_checked(HEADER_BYTES)
        .ok_or(too_small(HEADER_BYTES, found))?;
    head.fill(0);
    sections.fill(0);
    let words: &mut [u32; HEADER_WORDS] =
        bytemuck::try_from_bytes_mut(head).map_err(|_| BlockError::Misaligned)?;
    words[0] = MAGIC;
    words[1] = kind.word();
    words[2] = version;
    words[AT_STATE] = State::Open as u32;
    words[4] = bytes as u64 as u32;
    words[5] = ((bytes as u64) >> 32) as u32;
    words[AT_CONFIG..AT_SEAL].copy_from_slice(&config);
    Ok((HeaderMut::new(words), CarverMut::new(sections)))
}

fn check(
    memory: &[u8],
    kind: Kind,
    version: u32,
) -> Result<(&[u32; HEADER_WORDS], usize), BlockError> {
    if !is_aligned(memory) {
        return Err(BlockError::Misaligned);
    }
    let head = memory
        .get(..HEADER_BYTES)
        .ok_or(too_small(HEADER_BYTES, memory.len()))?;
    let words: &[u32; HEADER_WORDS] =
        bytemuck::try_from_bytes(head).map_err(|_| BlockError::Misaligned)?;
    if words[0] == 0 && words[AT_STATE] == State::Empty as u32 {
        return Err(BlockError::Empty);
    }
    if words[0] != MAGIC || words[1] != kind.word() {
        return Err(BlockError::WrongKind);
    }
    if words[2] != version {
        return Err(BlockError::WrongVersion {
            expected: version,
            found: words[2],
        });
    }
    let sealed = match words[AT_STATE] {
        s if s == State::Open as u32 => false,
        s if s == State::Busy as u32 => return Err(BlockError::Busy),
        s if s == State::Sealed as u32 => true,
        _ => return Err(BlockError::Corrupt),
    };
    if words[6] != 0 || words[7] != 0 || (!sealed && words[AT_SEAL..].iter().any(|&w| w != 0)) {
        return Err(BlockError::Corrupt);
    }
    let length = HeaderRef(words).bytes();
    match usize::try_from(length) {
        Ok(bytes) if (HEADER_BYTES..=memory.len()).contains(&bytes) => Ok((words, bytes)),
        _ => Err(BlockError::TooSmall {
            needed: length,
            found: memory.len() as u64,
        }),
    }
}

/// Opens a block for use. Checks the header alone: the caller compares the length with what its
/// configuration needs and checks its sections.
pub fn open_mut(
    memory: &mut [u8],
    kind: Kind,
    version: u32,
) -> Result<(HeaderMut<'_>, CarverMut<'_>), BlockError> {
    let (_, bytes) = check(memory, kind, version)?;
    let found = memory.len();
    let (head, sections) = memory
        .split_at_mut_checked(bytes)
        .and_then(|(block, _)| block.split_at_mut_checked(HEADER_BYTES))
        .ok_or(too_small(bytes, found))?;
    let words = bytemuck::try_from_bytes_mut(head).map_err(|_| BlockError::Misaligned)?;
    Ok((HeaderMut::new(words), CarverMut::new(sections)))
}

/// Opens a block for reading where it lies. See [`open_mut`].
pub fn open(
    memory: &[u8],
    kind: Kind,
    version: u32,
) -> Result<(HeaderRef<'_>, Carver<'_>), BlockError> {
    let (words, bytes) = check(memory, kind, version)?;
    let sections = memory
        .get(HEADER_BYTES..bytes)
        .ok_or(too_small(bytes, memory.len()))?;
    Ok((HeaderRef(words), Carver::new(sections)))
}

/// Checks the seal of the block that starts `memory`, and returns it; cost: one SHA-256 of its
/// length.
pub fn verify_seal(memory: &[u8], kind: Kind, version: u32) -> Result<crate::Hash, BlockError> {
    let (words, bytes) = check(memory, kind, version)?;
    let header = HeaderRef(words);
    if !header.is_sealed() {
        return Err(BlockError::NotSealed);
    }
    let sections = memory
        .get(HEADER_BYTES..bytes)
        .ok_or(too_small(bytes, memory.len()))?;
    let digest = header.image_digest(&[sections]);
    if header.seal_word() == digest {
        Ok(digest)
    } else {
        Err(BlockError::SealMismatch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind(*b"TEST");
    const BYTES: usize = section(section(HEADER_BYTES, 3, 4), 70, 1);

    #[test]
    fn sections_cover_the_block_and_keep_what_is_written() {
        let mut block = Block::<BYTES>::new();
        {
            let (mut header, mut carver) = format(&mut block, KIND, 1, [7; 16], BYTES).unwrap();
            let words: &mut [u32] = carver.take(3).unwrap();
            assert_eq!(words.len(), 16);
            words[2] = 9;
            let bytes: &mut [u8] = carver.take(70).unwrap();
            assert_eq!(bytes.len(), 128);
            bytes[69] = 5;
            assert!(carver.take::<u8>(1).is_err());
            header.seal(&[bytemuck::cast_slice(words), bytes]);
        }
        verify_seal(&block, KIND, 1).unwrap();
        let (header, mut carver) = open(&block, KIND, 1).unwrap();
        assert_eq!(header.config(), [7; 16]);
        assert_eq!(carver.take::<u32>(3).unwrap()[2], 9);
        assert_eq!(carver.take::<u8>(70).unwrap()[69], 5);
    }

    #[test]
    fn every_flipped_bit_of_a_sealed_block_is_refused() {
        let mut block = Block::<BYTES>::new();
        let (mut header, mut carver) = format(&mut block, KIND, 1, [7; 16], BYTES).unwrap();
        let rest: &mut [u8] = carver.take(BYTES - HEADER_BYTES).unwrap();
        header.seal(&[rest]);
        for bit in 0..BYTES * 8 {
            block[bit / 8] ^= 1 << (bit % 8);
            assert!(verify_seal(&block, KIND, 1).is_err(), "bit {bit}");
            block[bit / 8] ^= 1 << (bit % 8);
        }
        verify_seal(&block, KIND, 1).unwrap();
    }

    #[test]
    fn refuses_what_is_not_an_open_block() {
        let mut block = Block::<BYTES>::new();
        assert_eq!(open(&block, KIND, 1).unwrap_err(), BlockError::Empty);
        assert!(matches!(
            format(&mut block[1..], KIND, 1, [0; 16], 128).unwrap_err(),
            BlockError::Misaligned
        ));
        assert!(matches!(
            format(&mut block[..128], KIND, 1, [0; 16], BYTES).unwrap_err(),
            BlockError::TooSmall { .. }
        ));
        let (mut header, _) = format(&mut block, KIND, 1, [0; 16], BYTES).unwrap();
        header.begin();
        assert_eq!(open(&block, KIND, 1).unwrap_err(), BlockError::Busy);
        let (mut header, _) = format(&mut block, KIND, 1, [0; 16], BYTES).unwrap();
        header.end();
        assert_eq!(
            open(&block, Kind(*b"ELSE"), 1).unwrap_err(),
            BlockError::WrongKind
        );
        assert!(matches!(
            open(&block, KIND, 2).unwrap_err(),
            BlockError::WrongVersion { .. }
        ));
        assert!(open(&block[..BYTES - 64], KIND, 1).is_err());
    }
}
