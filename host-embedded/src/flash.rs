//! Images of blocks in NOR flash that outlive a loss of power.
//!
//! [`ImageStore`] keeps the last two images in two slots and writes over the older one: it erases
//! the slot, writes the image, and last a header with a sequence number and the SHA-256 of both.
//! Whenever power fails, the slot is either whole or has a header that does not match it, and then
//! the other slot holds the image before. Nothing depends on what the flash does with the word that
//! was being written.
//!
//! The image lies at a multiple of 64 bytes, as it lay in memory, so that flash which the
//! processor can address is searched in place: [`Saved::offset`] says where.
//!
//! Stores of keys and values in flash (`sequential-storage`, `ekv`) hold items of less than a page;
//! an image is many pages and is written as a whole.

use embedded_storage::nor_flash::{NorFlash, NorFlashError, NorFlashErrorKind};
use sha2::{Digest, Sha256};

/// Bytes in front of the image.
pub const HEADER_BYTES: u32 = 64;

const MAGIC: [u8; 8] = *b"SNSLimg1";
const CHUNK: usize = 256;

sensilla::errors! {
    /// Why an image was not saved or loaded.
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub enum StoreError: 0x2000 {
        /// The region does not divide into two slots of whole pages that the flash has.
        BadRegion = 1 => "the region is not two slots of whole flash pages",
        /// The image does not fit a slot, which holds `slot` bytes, or its length is no multiple
        /// of 64.
        BadLength { slot: u32 } = 2 => "an image has a multiple of 64 bytes, at most {slot}",
        /// No slot holds a whole image.
        Nothing = 3 => "no image was saved; format the structure anew",
        /// The memory is shorter than the image, which takes `needed` bytes.
        TooSmall { needed: u32 } = 4 => "the image needs {needed} bytes of memory",
        /// The flash refused; after a failed save the image before is still there.
        Flash { kind: NorFlashErrorKind } = 5 => "the flash refused: {kind}",
    }
}

fn refused(error: impl NorFlashError) -> StoreError {
    StoreError::Flash { kind: error.kind() }
}

/// An image in flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Saved {
    /// How many images were saved before it.
    pub sequence: u64,
    /// Where it lies in the flash.
    pub offset: u32,
    /// Its bytes.
    pub length: u32,
}

/// Two slots in a region of flash.
#[derive(Debug)]
pub struct ImageStore<F> {
    flash: F,
    start: u32,
    slot: u32,
}

impl<F: NorFlash> ImageStore<F> {
    /// A store in `bytes` bytes of `flash` from `start`, half of them a slot.
    ///
    /// A slot must be a whole number of erasable pages. Reads nothing yet.
    pub fn new(flash: F, start: u32, bytes: u32) -> Result<Self, StoreError> {
        let page = F::ERASE_SIZE as u32;
        let slot = bytes / 2;
        let end = u64::from(start) + u64::from(bytes);
        let words = HEADER_BYTES.is_multiple_of(F::WRITE_SIZE as u32)
            && HEADER_BYTES.is_multiple_of(F::READ_SIZE as u32);
        let pages = start.is_multiple_of(page) && slot.is_multiple_of(page);
        if slot <= HEADER_BYTES || !bytes.is_multiple_of(2) || !pages || !words {
            return Err(StoreError::BadRegion);
        }
        if end > flash.capacity() as u64 || end > u64::from(u32::MAX) {
            return Err(StoreError::BadRegion);
        }
        Ok(Self { flash, start, slot })
    }

    /// Gives the flash back.
    pub fn release(self) -> F {
        self.flash
    }

    /// Saves an image in the place of the older one. Cost: one erase of a slot, one write and two
    /// SHA-256 of an image.
    ///
    /// Seal the block before, so that the image can be opened with `open_verified`.
    pub fn save(&mut self, image: &[u8]) -> Result<Saved, StoreError> {
        let room = self.slot - HEADER_BYTES;
        let length = u32::try_from(image.len())
            .ok()
            .filter(|&length| length <= room && length.is_multiple_of(HEADER_BYTES) && length > 0)
            .ok_or(StoreError::BadLength { slot: room })?;
        let newest = self.newest()?;
        let (slot, sequence) = match newest {
            Some(newest) if newest.offset == self.start + HEADER_BYTES => {
                (1, newest.sequence.saturating_add(1))
            }
            Some(newest) => (0, newest.sequence.saturating_add(1)),
            None => (0, 0),
        };
        let at = self.start + slot * self.slot;
        self.flash.erase(at, at + self.slot).map_err(refused)?;
        self.flash
            .write(at + HEADER_BYTES, image)
            .map_err(refused)?;
        let header = Header { sequence, length };
        let mut hasher = header.hasher();
        hasher.update(image);
        let bytes = header.bytes(hasher.finalize().into());
        self.flash.write(at, &bytes).map_err(refused)?;
        // What counts is what the flash kept.
        match self.check(slot)? {
            Some(saved) => Ok(saved),
            None => Err(StoreError::Flash {
                kind: NorFlashErrorKind::Other,
            }),
        }
    }

    /// The newest whole image, if there is one. Cost: two SHA-256 of an image.
    pub fn newest(&mut self) -> Result<Option<Saved>, StoreError> {
        let (a, b) = (self.check(0)?, self.check(1)?);
        Ok(match (a, b) {
            (Some(a), Some(b)) if b.sequence > a.sequence => Some(b),
            (a, b) => a.or(b),
        })
    }

    /// Copies the newest whole image to the front of `memory`.
    pub fn load(&mut self, memory: &mut [u8]) -> Result<Saved, StoreError> {
        let saved = self.newest()?.ok_or(StoreError::Nothing)?;
        let needed = saved.length;
        let memory = memory
            .get_mut(..needed as usize)
            .ok_or(StoreError::TooSmall { needed })?;
        self.flash.read(saved.offset, memory).map_err(refused)?;
        Ok(saved)
    }

    /// The image in a slot, if header and image match.
    fn check(&mut self, slot: u32) -> Result<Option<Saved>, StoreError> {
        let at = self.start + slot * self.slot;
        let mut found = [0; HEADER_BYTES as usize];
        self.flash.read(at, &mut found).map_err(refused)?;
        let Some(header) = Header::parse(&found) else {
            return Ok(None);
        };
        if header.length > self.slot - HEADER_BYTES || !header.length.is_multiple_of(HEADER_BYTES) {
            return Ok(None);
        }
        let mut hasher = header.hasher();
        let mut chunk = [0; CHUNK];
        let mut done = 0;
        while done < header.length {
            let length = (header.length - done).min(CHUNK as u32);
            let chunk = &mut chunk[..length as usize];
            self.flash
                .read(at + HEADER_BYTES + done, chunk)
                .map_err(refused)?;
            hasher.update(&*chunk);
            done += length;
        }
        let digest: [u8; 32] = hasher.finalize().into();
        Ok((header.bytes(digest) == found).then_some(Saved {
            sequence: header.sequence,
            offset: at + HEADER_BYTES,
            length: header.length,
        }))
    }
}

/// Magic, sequence, length, zeros, SHA-256 of all these and the image; little-endian.
#[derive(Clone, Copy)]
struct Header {
    sequence: u64,
    length: u32,
}

impl Header {
    fn bytes(&self, digest: [u8; 32]) -> [u8; HEADER_BYTES as usize] {
        let mut bytes = [0; HEADER_BYTES as usize];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.length.to_le_bytes());
        bytes[32..].copy_from_slice(&digest);
        bytes
    }

    fn hasher(&self) -> Sha256 {
        let bytes = self.bytes([0; 32]);
        Sha256::new_with_prefix(&bytes[..32])
    }

    fn parse(bytes: &[u8; HEADER_BYTES as usize]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (sequence, rest) = rest.split_first_chunk::<8>()?;
        let (length, _) = rest.split_first_chunk::<4>()?;
        (*magic == MAGIC).then_some(Self {
            sequence: u64::from_le_bytes(*sequence),
            length: u32::from_le_bytes(*length),
        })
    }
}
