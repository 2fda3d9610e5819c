//! Events in NOR flash, in the order in which they were appended.
//!
//! Pages of the region are filled one after the other, round and round, so that all wear alike. A
//! page begins with its number and the position of its first event; events follow, each behind four
//! bytes with its length and a check. An event is written once, at its full length, and read back
//! before [`append`](EventStore::append) returns its position.
//!
//! A store that was opened cannot tell a word that was never written from one whose writing power
//! interrupted, for both may read as erased. Its first append therefore begins a page, however much
//! room the last one has: a device that starts, appends one event and stops uses a page each time,
//! until what was exported is [truncated](EventStore::truncate).
//!
//! Nothing is thrown away to make room. A full store refuses events until they are truncated; one
//! page stays free so that this can be written down.

mod page;
mod recover;

use self::page::{Check, HEADER, Header, Kind, MAX_LENGTH, PREFIX};
use super::{CHUNK, kind, unit, write};
use embedded_storage_async::nor_flash::{NorFlash, NorFlashErrorKind};

sensilla::errors! {
    /// Why a store of events was not opened.
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub enum OpenError: 0x2010 {
        /// The region is not at least three whole pages that the flash has, or pages and words are
        /// of sizes that are not supported.
        BadRegion = 1 => "the region is not three or more whole flash pages of at least 128 bytes",
    }
}

sensilla::errors! {
    /// Why an event was not appended, or events not truncated.
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub enum AppendError: 0x2020 {
        /// A record holds at most `most` bytes.
        TooLong { most: u32 } = 1 => "an event in flash has at most {most} bytes",
        /// All pages hold events that are retained.
        Full = 2 => "the store is full; export events and truncate them",
        /// The flash refused, at every page that was tried. Whether the event is there after a
        /// restart is open.
        Flash { kind: NorFlashErrorKind } = 3 => "the flash refused: {kind}",
        /// The flash held something else than what was written, at every page that was tried.
        NotHeld = 4 => "the flash does not hold what is written to it; its pages are worn out",
    }
}

sensilla::errors! {
    /// Why an event was not read.
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub enum ReadError: 0x2030 {
        /// The buffer is shorter than the event, which takes `needed` bytes; the cursor is where it
        /// was.
        TooSmall { needed: u32 } = 1 => "the event needs {needed} bytes of memory",
    }
}

/// What was found when a store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Recovered {
    /// The position of the oldest event that is retained.
    pub retained: u64,
    /// The position that the next event takes.
    pub next: u64,
    /// Retained events that can no longer be read: words that rotted, pages that were lost. An
    /// interrupted append is none of them.
    pub lost: u64,
}

/// A place between events, for [`read`](EventStore::read).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Cursor {
    /// The position from which events are wanted.
    position: u64,
    /// The page that is read, and how far.
    place: Option<Place>,
}

/// Where in a page reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Place {
    page: u32,
    /// Bytes from the page's start.
    offset: u32,
    /// The position of the record there.
    position: u64,
}

/// The page that is being filled.
#[derive(Clone, Copy, Debug)]
struct Active {
    header: Header,
    /// Bytes from the page's start that are used.
    used: u32,
}

/// Events in a region of flash; see the [module](self).
#[derive(Debug)]
pub struct EventStore<F> {
    flash: F,
    start: u32,
    pages: u32,
    unit: u32,
    seed: u32,
    /// The page that was begun last, and its number.
    last: Option<(u32, u32)>,
    /// None until the first append.
    active: Option<Active>,
    next: u64,
    retained: u64,
}

impl<F: NorFlash> EventStore<F> {
    /// Opens the store in `bytes` bytes of `flash` from `start`, at least three pages; a region
    /// without one is an empty store. `seed` is drawn at random by the host.
    ///
    /// Writes nothing. Cost: reads the region once.
    pub async fn open(
        flash: F,
        start: u32,
        bytes: u32,
        seed: u32,
    ) -> Result<(Self, Recovered), OpenError> {
        let page = F::ERASE_SIZE as u32;
        let end = u64::from(start) + u64::from(bytes);
        let unit = unit::<F>().ok_or(OpenError::BadRegion)?;
        let whole = start.is_multiple_of(page) && bytes.is_multiple_of(page) && page >= 128;
        let there = end <= flash.capacity() as u64 && end <= u64::from(u32::MAX);
        if !whole || !there || bytes / page < 3 {
            return Err(OpenError::BadRegion);
        }
        let mut store = Self {
            flash,
            start,
            pages: bytes / page,
            unit,
            seed,
            last: None,
            active: None,
            next: 0,
            retained: 0,
        };
        let recovered = store.recover().await;
        Ok((store, recovered))
    }

    /// Gives the flash back.
    pub fn release(self) -> F {
        self.flash
    }

    /// Most bytes of an event: what a page holds, at most 2,046.
    pub fn max_event(&self) -> usize {
        let room = Self::PAGE - self.padded(HEADER) - self.padded(PREFIX + 8);
        (room as usize - PREFIX).min(MAX_LENGTH)
    }

    /// The position that the next event takes.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The position of the oldest event that is retained.
    pub fn retained(&self) -> u64 {
        self.retained
    }

    /// Appends an event; returns its position. When it returns, the event is there whatever happens
    /// to the power.
    ///
    /// Cost: one write and one reading of the event; where a page begins, an erasure and a read of
    /// each page's header besides.
    pub async fn append(&mut self, event: &[u8]) -> Result<u64, AppendError> {
        let most = self.max_event();
        if event.len() > most {
            return Err(AppendError::TooLong { most: most as u32 });
        }
        self.put(Kind::Event, event, 1).await?;
        let position = self.next;
        self.next += 1;
        Ok(position)
    }

    /// Lets go of the events before a position: their pages are used again. Positions beyond
    /// [`next`](Self::next) count as that one.
    ///
    /// A page is freed as a whole. What is truncated without one is known to this store only: after
    /// it is opened again, some of these events are there still.
    pub async fn truncate(&mut self, before: u64) -> Result<(), AppendError> {
        let before = before.min(self.next);
        if before <= self.retained {
            return Ok(());
        }
        let free = self.free(self.retained).await;
        if self.free(before).await > free {
            self.put(Kind::Truncation, &before.to_le_bytes(), 0).await?;
        }
        self.retained = before;
        Ok(())
    }

    /// Gives the next event a position of at least `position`: that of an image which knows of events
    /// that the store has lost.
    pub fn skip_to(&mut self, position: u64) {
        if position > self.next {
            self.next = position;
            // Positions within a page are consecutive.
            self.active = None;
        }
    }

    /// Before the oldest event that is retained.
    pub fn first(&self) -> Cursor {
        self.from(self.retained)
    }

    /// Before the event at a position, or the oldest that is retained where it is older.
    pub fn from(&self, position: u64) -> Cursor {
        Cursor {
            position: position.max(self.retained),
            place: None,
        }
    }

    /// The next event and its position, copied to the front of `buffer`; none at the end, from where
    /// the cursor goes on once there are more. Events that can no longer be read are left out.
    pub async fn read<'b>(
        &mut self,
        cursor: &mut Cursor,
        buffer: &'b mut [u8],
    ) -> Result<Option<(u64, &'b [u8])>, ReadError> {
        let mut at = *cursor;
        while at.position.max(self.retained) < self.next {
            at.position = at.position.max(self.retained);
            let Some(place) = at.place else {
                let Some(place) = self.page_of(at.position).await else {
                    break;
                };
                at.place = Some(place);
                continue;
            };
            let Some(header) = self.header(place.page).await else {
                // The page was used again, or rotted.
                at.place = None;
                at.position = at.position.max(place.position).saturating_add(1);
                continue;
            };
            // A page ends where the next begins, whatever an interrupted append left behind.
            let after = match self.last {
                Some((last, _)) if last == place.page => None,
                _ => self.page_after(&header).await,
            };
            let end = after.map_or(self.next, |after| after.position);
            let found = self.record(place, &header).await;
            let Some(found) = found.filter(|found| found.position < end) else {
                at.position = at.position.max(place.position);
                at.place = after;
                if after.is_none() {
                    break;
                }
                continue;
            };
            at.place = Some(found.next);
            if found.prefix.kind() != Kind::Event || found.position < at.position {
                continue;
            }
            let length = found.prefix.length();
            let Some(out) = buffer.get_mut(..length) else {
                let needed = length as u32;
                return Err(ReadError::TooSmall { needed });
            };
            // The record was checked as it was found; it is checked again as it is copied.
            if !self.copy(&found, &header, out).await {
                continue;
            }
            at.position = found.position + 1;
            *cursor = at;
            return Ok(buffer.get(..length).map(|event| (found.position, event)));
        }
        Ok(None)
    }

    const PAGE: u32 = F::ERASE_SIZE as u32;

    fn padded(&self, bytes: usize) -> u32 {
        (bytes as u32).next_multiple_of(self.unit)
    }

    fn address(&self, page: u32) -> u32 {
        self.start + page * Self::PAGE
    }

    /// Writes a record to the active page, or a new one, leaving `spare` pages free.
    async fn put(&mut self, kind: Kind, bytes: &[u8], spare: u32) -> Result<(), AppendError> {
        let length = self.padded(PREFIX + bytes.len());
        let mut failure = AppendError::NotHeld;
        for _ in 0..=self.pages {
            let room = self.active.filter(|page| page.used + length <= Self::PAGE);
            let active = match room {
                Some(active) => active,
                None => self.begin(spare).await?,
            };
            match self.write_record(&active, kind, bytes).await {
                Ok(true) => {
                    let used = active.used + length;
                    self.active = Some(Active { used, ..active });
                    return Ok(());
                }
                Ok(false) => failure = AppendError::NotHeld,
                Err(kind) => failure = AppendError::Flash { kind },
            }
            // What was tried there stays; nothing is written behind it.
            self.active = None;
        }
        Err(failure)
    }

    async fn write_record(
        &mut self,
        active: &Active,
        kind: Kind,
        bytes: &[u8],
    ) -> Result<bool, NorFlashErrorKind> {
        let mut check = Check::new(&active.header, kind, bytes.len());
        check.update(bytes);
        let filled = PREFIX + bytes.len();
        let filling = self.padded(filled) as usize - filled;
        check.update([0xff; CHUNK].get(..filling).unwrap_or_default());
        let prefix = check.at(self.next).bytes();
        let (page, _) = self.last.unwrap_or_default();
        let mut at = self.address(page) + active.used;
        // The first chunk has the prefix in front; flash that was not written is left at the end.
        let mut chunk = [0xff; CHUNK];
        let (head, rest) = bytes.split_at(bytes.len().min(CHUNK - PREFIX));
        chunk[..PREFIX].copy_from_slice(&prefix);
        chunk[PREFIX..PREFIX + head.len()].copy_from_slice(head);
        let filled = self.padded(PREFIX + head.len()) as usize;
        if !write(&mut self.flash, at, &chunk[..filled]).await? {
            return Ok(false);
        }
        at += filled as u32;
        for part in rest.chunks(CHUNK) {
            let mut chunk = [0xff; CHUNK];
            chunk[..part.len()].copy_from_slice(part);
            let filled = self.padded(part.len()) as usize;
            if !write(&mut self.flash, at, &chunk[..filled]).await? {
                return Ok(false);
            }
            at += filled as u32;
        }
        Ok(true)
    }

    /// Begins the next page that is free and can be erased, leaving `spare` free.
    async fn begin(&mut self, spare: u32) -> Result<Active, AppendError> {
        let free = self.free(self.retained).await;
        if free <= spare {
            return Err(AppendError::Full);
        }
        let (last, order) = match self.last {
            Some((page, order)) => (page, order.wrapping_add(1)),
            None => (self.pages - 1, 0),
        };
        let header = Header {
            order,
            first: self.next,
            retained: self.retained,
            seed: self.seed,
        };
        let mut failure = AppendError::NotHeld;
        // Pages that no longer work are passed over, but none that is not free.
        for step in 1..=free - spare {
            let page = (last + step) % self.pages;
            let at = self.address(page);
            let mut bytes = [0xff; CHUNK];
            bytes[..HEADER].copy_from_slice(&header.bytes());
            let filled = self.padded(HEADER) as usize;
            let held = match self.flash.erase(at, at + Self::PAGE).await {
                Ok(()) => write(&mut self.flash, at, &bytes[..filled]).await,
                Err(error) => Err(kind(error)),
            };
            match held {
                Ok(true) => {
                    let used = filled as u32;
                    self.last = Some((page, order));
                    self.active = Some(Active { header, used });
                    return Ok(Active { header, used });
                }
                Ok(false) => {}
                Err(kind) => failure = AppendError::Flash { kind },
            }
        }
        Err(failure)
    }
}
