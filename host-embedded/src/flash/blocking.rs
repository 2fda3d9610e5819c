//! The stores for flash drivers that block.
//!
//! The stores are written once, for drivers that are awaited. A driver that blocks is never pending,
//! so that a future over it is ready when it is polled first.

use super::events::{self, AppendError, Cursor, OpenError, ReadError, Recovered};
use super::images::{self, ImageError, Loaded, Saved, Slot};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use embedded_storage::nor_flash as blocking;
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// A driver that blocks, in the place of one that is awaited.
#[derive(Debug)]
struct Blocking<F>(F);

impl<F: blocking::ErrorType> ErrorType for Blocking<F> {
    type Error = F::Error;
}

impl<F: blocking::ReadNorFlash> ReadNorFlash for Blocking<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: blocking::NorFlash> NorFlash for Blocking<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.0.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.write(offset, bytes)
    }
}

/// What `future`, which never waits, comes to.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

/// The last two images of a block; see [`images`].
#[derive(Debug)]
pub struct ImageStore<F>(images::ImageStore<Blocking<F>>);

impl<F: blocking::NorFlash> ImageStore<F> {
    /// See [`nonblocking`](images::ImageStore::new).
    pub fn new(flash: F, start: u32, bytes: u32) -> Result<Self, ImageError> {
        images::ImageStore::new(Blocking(flash), start, bytes).map(Self)
    }

    /// Gives the flash back.
    pub fn release(self) -> F {
        self.0.release().0
    }

    /// See [`nonblocking`](images::ImageStore::save).
    pub fn save(&mut self, image: &[u8], position: u64, signed: u64) -> Result<Saved, ImageError> {
        finish(self.0.save(image, position, signed))
    }

    /// See [`nonblocking`](images::ImageStore::slots).
    pub fn slots(&mut self) -> [Slot; 2] {
        finish(self.0.slots())
    }

    /// See [`nonblocking`](images::ImageStore::load).
    pub fn load(&mut self, memory: &mut [u8]) -> Result<Loaded, ImageError> {
        finish(self.0.load(memory))
    }
}

/// Events in the order in which they were appended; see [`events`].
///
/// ```
/// # use sensilla_embedded::flash::EventStore;
/// # fn example<F: embedded_storage::nor_flash::NorFlash>(flash: F, seed: u32) -> Option<()> {
/// // Eight pages of 4 KiB from 64 KiB on.
/// let (mut store, recovered) = EventStore::open(flash, 0x1_0000, 8 * 4096, seed).ok()?;
/// assert_eq!(recovered.lost, 0);
/// // When this returns, the event is there whatever happens to the power.
/// store.append(b"a signed event").ok()?;
/// let mut cursor = store.first();
/// let mut buffer = [0; 512];
/// while let Some((position, event)) = store.read(&mut cursor, &mut buffer).ok()? {
///     // Hand it to the node, or to a peer.
///     # let _ = (position, event);
/// }
/// // All of it was exported: its pages may be used again.
/// store.truncate(store.next()).ok()?;
/// # Some(())
/// # }
/// ```
#[derive(Debug)]
pub struct EventStore<F>(events::EventStore<Blocking<F>>);

impl<F: blocking::NorFlash> EventStore<F> {
    /// See [`nonblocking`](events::EventStore::open).
    pub fn open(
        flash: F,
        start: u32,
        bytes: u32,
        seed: u32,
    ) -> Result<(Self, Recovered), OpenError> {
        let (store, recovered) = finish(events::EventStore::open(
            Blocking(flash),
            start,
            bytes,
            seed,
        ))?;
        Ok((Self(store), recovered))
    }

    /// Gives the flash back.
    pub fn release(self) -> F {
        self.0.release().0
    }

    /// See [`nonblocking`](events::EventStore::max_event).
    pub fn max_event(&self) -> usize {
        self.0.max_event()
    }

    /// See [`nonblocking`](events::EventStore::next).
    pub fn next(&self) -> u64 {
        self.0.next()
    }

    /// See [`nonblocking`](events::EventStore::retained).
    pub fn retained(&self) -> u64 {
        self.0.retained()
    }

    /// See [`nonblocking`](events::EventStore::append).
    pub fn append(&mut self, event: &[u8]) -> Result<u64, AppendError> {
        finish(self.0.append(event))
    }

    /// See [`nonblocking`](events::EventStore::skip_to).
    pub fn skip_to(&mut self, position: u64) {
        self.0.skip_to(position);
    }

    /// See [`nonblocking`](events::EventStore::first).
    pub fn first(&self) -> Cursor {
        self.0.first()
    }

    /// See [`nonblocking`](events::EventStore::from).
    pub fn from(&self, position: u64) -> Cursor {
        self.0.from(position)
    }

    /// See [`nonblocking`](events::EventStore::read).
    pub fn read<'b>(
        &mut self,
        cursor: &mut Cursor,
        buffer: &'b mut [u8],
    ) -> Result<Option<(u64, &'b [u8])>, ReadError> {
        finish(self.0.read(cursor, buffer))
    }

    /// See [`nonblocking`](events::EventStore::truncate).
    pub fn truncate(&mut self, before: u64) -> Result<(), AppendError> {
        finish(self.0.truncate(before))
    }
}
