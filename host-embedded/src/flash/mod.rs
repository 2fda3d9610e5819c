//! What a device keeps in NOR flash, and what it may rely on after power failed.
//!
//! | store | holds | on an interrupted write |
//! |---|---|---|
//! | [`EventStore`] | events, one by one, as they are signed or taken | every event whose append returned is there |
//! | [`ImageStore`] | the last two images of a block | the image before, and the caller is told |
//!
//! A device restores its node from both: it loads the newest whole image and takes the events that
//! came after it, from the [position](Loaded::position) that was saved with the image. Events that
//! older images still need stay in the event store until [`truncate`](EventStore::truncate).
//!
//! # What flash is taken to do
//!
//! The stores promise what they promise under this model, which their tests run:
//!
//! - Power may fail at any byte that is written and at any page that is erased, again while the
//!   store is opened after that, and again.
//! - The word that was being written then reads as anything, differently each time, or as an error
//!   (flash with error correction); it may read as erased and must not be written again.
//! - A page whose erasure was interrupted holds any mixture of old and erased bits.
//! - Bits flip at rest; words become unreadable; pages can no longer be erased or written.
//!
//! Hence a word is written once after each erasure, what was written is read back before it counts,
//! and a store that was opened again starts on another page.
//!
//! The types here block, for drivers with the traits of `embedded-storage`. Those in [`nonblocking`]
//! do the same for drivers with the traits of `embedded-storage-async`.

mod blocking;
pub mod events;
mod guard;
pub mod images;

pub use blocking::{EventStore, ImageStore};
pub use events::{AppendError, Cursor, OpenError, ReadError, Recovered};
pub use guard::Guard;
pub use images::{ImageError, Loaded, Saved, Slot};

/// The stores for flash drivers that are awaited.
pub mod nonblocking {
    pub use super::events::EventStore;
    pub use super::images::ImageStore;
}

use embedded_storage_async::nor_flash::{NorFlash, NorFlashError, NorFlashErrorKind};

/// Bytes that are read and written at once, a multiple of every word that is supported.
const CHUNK: usize = 64;

fn kind(error: impl NorFlashError) -> NorFlashErrorKind {
    error.kind()
}

/// What is read and written as a whole: a word, but at least four bytes. None where the sizes of
/// the flash do not go together.
fn unit<F: NorFlash>() -> Option<u32> {
    let unit = F::WRITE_SIZE.max(4);
    let fits = CHUNK.is_multiple_of(unit)
        && unit.is_multiple_of(F::WRITE_SIZE)
        && unit.is_multiple_of(F::READ_SIZE)
        && F::ERASE_SIZE.is_multiple_of(unit);
    fits.then_some(unit as u32)
}

/// Writes `bytes`, whole units, at `at` and reads them back: whether the flash holds them.
async fn write<F: NorFlash>(
    flash: &mut F,
    at: u32,
    bytes: &[u8],
) -> Result<bool, NorFlashErrorKind> {
    flash.write(at, bytes).await.map_err(kind)?;
    let mut held = true;
    let mut from = at;
    for part in bytes.chunks(CHUNK) {
        let mut back = [0; CHUNK];
        let back = &mut back[..part.len()];
        // A word that cannot be read back is not held, whatever the reason.
        held &= flash.read(from, back).await.is_ok() && back == part;
        from += part.len() as u32;
    }
    Ok(held)
}
