//! Two images of a block in NOR flash, the older of which is written over.
//!
//! The store erases the older slot, writes the image, and last a header with a sequence number and
//! the SHA-256 of the image. Whenever power fails, the slot is whole or its header does not match
//! it, and the other slot holds the image before. A slot that cannot be read is an invalid one: it is
//! erased when its turn comes.
//!
//! The image lies at a multiple of 64 bytes, as it lay in memory, so that flash which the
//! processor can address is searched in place: [`Saved::offset`] says where.
//!
//! Stores of keys and values in flash (`sequential-storage`, `ekv`) hold items of less than a page;
//! an image is many pages and is written as a whole.

use super::{CHUNK, kind, unit, write};
use crc::{CRC_32_ISO_HDLC, Crc};
use embedded_storage_async::nor_flash::{NorFlash, NorFlashErrorKind};
use sha2::{Digest, Sha256};

/// Bytes in front of the image.
pub const HEADER_BYTES: u32 = 64;

const MAGIC: [u8; 4] = *b"SNi2";
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

sensilla::errors! {
    /// Why an image was not saved or loaded.
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub enum ImageError: 0x2000 {
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
        /// The flash holds something else than what was written; the image before is still there.
        /// The page may be worn out.
        NotHeld = 6 => "the flash does not hold what was written to it; the image before is kept",
    }
}

fn refused(kind: NorFlashErrorKind) -> ImageError {
    ImageError::Flash { kind }
}

/// An image in flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Saved {
    /// How many images were saved before it; goes on from zero after 2³².
    pub sequence: u32,
    /// Where it lies in the flash.
    pub offset: u32,
    /// Its bytes.
    pub length: u32,
    /// The position in the event store up to which it knows the events.
    pub position: u64,
    /// The number of the node's next event when it was saved.
    pub signed: u64,
}

/// What lies in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Slot {
    /// Nothing: it is erased.
    Empty,
    /// A whole image.
    Whole(Saved),
    /// An image that rotted behind a header that is whole: what it was is known.
    Damaged(Saved),
    /// What an interrupted save left, or a header that rotted or cannot be read.
    Torn,
}

impl Slot {
    /// What the header says, if it is whole.
    fn header(&self) -> Option<Saved> {
        match *self {
            Self::Whole(saved) | Self::Damaged(saved) => Some(saved),
            Self::Empty | Self::Torn => None,
        }
    }

    fn whole(&self) -> Option<Saved> {
        match *self {
            Self::Whole(saved) => Some(saved),
            _ => None,
        }
    }
}

/// An image that was loaded, and what the store knows of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Loaded {
    /// The image.
    pub saved: Saved,
    /// What lies in both slots.
    pub slots: [Slot; 2],
}

impl Loaded {
    /// Whether a newer image than this was saved, or its saving was begun.
    ///
    /// After a save that power interrupted nothing is amiss: the events since this image lie in the
    /// event store. After an image rotted they do as well, unless they were truncated.
    pub fn fell_back(&self) -> bool {
        self.slots.iter().any(|slot| match slot {
            Slot::Damaged(other) => is_newer(other.sequence, self.saved.sequence),
            Slot::Torn => true,
            Slot::Empty | Slot::Whole(_) => false,
        })
    }

    /// Where in the event store the events begin that this image does not know.
    pub fn position(&self) -> u64 {
        self.saved.position
    }

    /// The first number that the node had not used at the newest save that is known of, for
    /// [`Guard::new`](super::Guard::new).
    pub fn signed(&self) -> u64 {
        let headers = self.slots.iter().filter_map(Slot::header);
        headers.map(|saved| saved.signed).max().unwrap_or(0)
    }
}

/// Which of two sequence numbers is the newer, as RFC 1982 has it: a forged or ancient header with
/// the last number hides no later save.
fn is_newer(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() > 0
}

/// Two slots in a region of flash; see the [module](self).
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
    pub fn new(flash: F, start: u32, bytes: u32) -> Result<Self, ImageError> {
        let page = F::ERASE_SIZE as u32;
        let slot = bytes / 2;
        let end = u64::from(start) + u64::from(bytes);
        let pages = start.is_multiple_of(page) && slot.is_multiple_of(page);
        if slot <= HEADER_BYTES || !bytes.is_multiple_of(2) || !pages || unit::<F>().is_none() {
            return Err(ImageError::BadRegion);
        }
        if end > flash.capacity() as u64 || end > u64::from(u32::MAX) {
            return Err(ImageError::BadRegion);
        }
        Ok(Self { flash, start, slot })
    }

    /// Gives the flash back.
    pub fn release(self) -> F {
        self.flash
    }

    /// Saves an image in the place of the older one, with the [position](super::EventStore::next)
    /// of the event store up to which it knows the events, and the number of the node's next event.
    ///
    /// Seal the block before, so that the image can be opened with `open_verified`. Cost: one erase
    /// of a slot, one write, one reading back and three SHA-256 of an image.
    pub async fn save(
        &mut self,
        image: &[u8],
        position: u64,
        signed: u64,
    ) -> Result<Saved, ImageError> {
        let room = self.slot - HEADER_BYTES;
        let length = u32::try_from(image.len())
            .ok()
            .filter(|&length| length <= room && length.is_multiple_of(HEADER_BYTES) && length > 0)
            .ok_or(ImageError::BadLength { slot: room })?;
        let slots = self.slots().await;
        let newest = newest(&slots);
        let slot = match newest {
            Some(newest) if newest.offset == self.offset(0) => 1,
            _ => 0,
        };
        // A damaged header is still one that was seen: its number is not used again.
        let headers = slots.iter().filter_map(Slot::header);
        let last = headers.reduce(|a, b| match is_newer(b.sequence, a.sequence) {
            true => b,
            false => a,
        });
        let saved = Saved {
            sequence: last.map_or(0, |last| last.sequence.wrapping_add(1)),
            offset: self.offset(slot),
            length,
            position,
            signed,
        };
        let at = saved.offset - HEADER_BYTES;
        let erased = self.flash.erase(at, at + self.slot).await;
        erased.map_err(|error| refused(kind(error)))?;
        let held = write(&mut self.flash, saved.offset, image).await;
        if !held.map_err(refused)? {
            return Err(ImageError::NotHeld);
        }
        let header = header(&saved, Sha256::digest(image).into());
        match write(&mut self.flash, at, &header).await.map_err(refused)? {
            true => Ok(saved),
            false => Err(ImageError::NotHeld),
        }
    }

    /// What lies in both slots; what cannot be read is torn. Cost: two SHA-256 of an image.
    pub async fn slots(&mut self) -> [Slot; 2] {
        [self.look(0).await, self.look(1).await]
    }

    /// Copies the newest whole image to the front of `memory`, and tells whether a newer one is
    /// lost. Cost: two SHA-256 of an image.
    pub async fn load(&mut self, memory: &mut [u8]) -> Result<Loaded, ImageError> {
        let slots = self.slots().await;
        let saved = newest(&slots).ok_or(ImageError::Nothing)?;
        let needed = saved.length;
        let memory = memory
            .get_mut(..needed as usize)
            .ok_or(ImageError::TooSmall { needed })?;
        let read = self.flash.read(saved.offset, memory).await;
        read.map_err(|error| refused(kind(error)))?;
        Ok(Loaded { saved, slots })
    }

    fn offset(&self, slot: u32) -> u32 {
        self.start + slot * self.slot + HEADER_BYTES
    }

    async fn look(&mut self, slot: u32) -> Slot {
        let offset = self.offset(slot);
        let mut found = [0; HEADER_BYTES as usize];
        let read = self.flash.read(offset - HEADER_BYTES, &mut found).await;
        if read.is_err() {
            return Slot::Torn;
        }
        let room = self.slot - HEADER_BYTES;
        let Some((saved, digest)) = parse(&found, offset).filter(|(saved, _)| saved.length <= room)
        else {
            let empty = found.iter().all(|&byte| byte == 0xff);
            return if empty { Slot::Empty } else { Slot::Torn };
        };
        let mut hasher = Sha256::new();
        let mut at = offset;
        while at < offset + saved.length {
            // Images are multiples of a chunk.
            let mut chunk = [0; CHUNK];
            if self.flash.read(at, &mut chunk).await.is_err() {
                return Slot::Damaged(saved);
            }
            hasher.update(chunk);
            at += CHUNK as u32;
        }
        match hasher.finalize()[..] == digest {
            true => Slot::Whole(saved),
            false => Slot::Damaged(saved),
        }
    }
}

fn newest(slots: &[Slot; 2]) -> Option<Saved> {
    match (slots[0].whole(), slots[1].whole()) {
        (Some(a), Some(b)) if is_newer(b.sequence, a.sequence) => Some(b),
        (a, b) => a.or(b),
    }
}

/// Magic, a CRC-32 of what follows, sequence, length, position, next number, SHA-256 of the image;
/// little-endian.
fn header(saved: &Saved, digest: [u8; 32]) -> [u8; HEADER_BYTES as usize] {
    let mut bytes = [0; HEADER_BYTES as usize];
    bytes[..4].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&saved.sequence.to_le_bytes());
    bytes[12..16].copy_from_slice(&saved.length.to_le_bytes());
    bytes[16..24].copy_from_slice(&saved.position.to_le_bytes());
    bytes[24..32].copy_from_slice(&saved.signed.to_le_bytes());
    bytes[32..].copy_from_slice(&digest);
    let check = CRC.checksum(&bytes[8..]);
    bytes[4..8].copy_from_slice(&check.to_le_bytes());
    bytes
}

/// What a header says of the image at `offset`, if it is whole.
fn parse(bytes: &[u8; HEADER_BYTES as usize], offset: u32) -> Option<(Saved, [u8; 32])> {
    let word = |at: usize| bytes.get(at..)?.first_chunk().copied();
    let long = |at: usize| bytes.get(at..)?.first_chunk().copied();
    let saved = Saved {
        sequence: u32::from_le_bytes(word(8)?),
        length: u32::from_le_bytes(word(12)?),
        offset,
        position: u64::from_le_bytes(long(16)?),
        signed: u64::from_le_bytes(long(24)?),
    };
    let digest = *bytes.last_chunk()?;
    // A length that no save writes would be read beyond the image.
    let fits = saved.length.is_multiple_of(HEADER_BYTES) && saved.length > 0;
    (fits && header(&saved, digest) == *bytes).then_some((saved, digest))
}
