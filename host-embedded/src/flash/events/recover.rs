//! Finding pages and records again.

use super::page::{Check, HEADER, Header, Kind, PREFIX, Prefix};
use super::{CHUNK, EventStore, Place, Recovered};
use embedded_storage_async::nor_flash::NorFlash;

/// How many records in a row may have rotted for what is behind them to be found by its position.
const REACH: u64 = 4;
/// How often the last record is read before it counts: its last word may be one whose writing power
/// interrupted and that reads as it should now and then.
const LOOKS: usize = 4;

/// A record that is whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub prefix: Prefix,
    pub position: u64,
    /// Where it begins, from the start of the flash.
    pub at: u32,
    /// Behind it.
    pub next: Place,
}

impl<F: NorFlash> EventStore<F> {
    /// Finds the end, and counts what is missing before it.
    pub(super) async fn recover(&mut self) -> Recovered {
        let mut last: Option<(u32, Header)> = None;
        for page in 0..self.pages {
            if let Some(header) = self.header(page).await
                && last.is_none_or(|(_, other)| header.order > other.order)
            {
                last = Some((page, header));
            }
        }
        let Some((page, header)) = last else {
            return Recovered::default();
        };
        self.last = Some((page, header.order));
        self.retained = header.retained;
        let mut place = self.front(page, &header);
        while let Some(record) = self.settled(place, &header).await {
            place = record.next;
            let mut before = [0; 8];
            if record.prefix.kind() == Kind::Truncation
                && record.prefix.length() == before.len()
                && self.copy(&record, &header, &mut before).await
            {
                self.retained = self.retained.max(u64::from_le_bytes(before));
            }
        }
        self.next = place.position;
        self.retained = self.retained.min(self.next);
        Recovered {
            retained: self.retained,
            next: self.next,
            lost: self.lost(page).await,
        }
    }

    /// Retained events that are in no page, of which `last` was begun last.
    async fn lost(&mut self, last: u32) -> u64 {
        let mut lost = 0;
        let mut expected = self.retained;
        // The ring order is the order in which pages were begun.
        for step in 1..=self.pages {
            let page = (last + step) % self.pages;
            let Some(header) = self.header(page).await else {
                continue;
            };
            let mut place = self.front(page, &header);
            while let Some(record) = self.record(place, &header).await
                && record.position < self.next
            {
                place = record.next;
                if record.prefix.kind() == Kind::Event {
                    lost += record.position.saturating_sub(expected);
                    expected = expected.max(record.position + 1);
                }
            }
        }
        lost + self.next.saturating_sub(expected)
    }

    /// How many pages behind the last one hold nothing from `retained` on.
    pub(super) async fn free(&mut self, retained: u64) -> u32 {
        let Some((last, _)) = self.last else {
            return self.pages;
        };
        let mut before = None;
        for step in 1..=self.pages {
            let page = (last + step) % self.pages;
            let Some(header) = self.header(page).await else {
                continue;
            };
            // The events of a page end where those of the next one begin.
            if let Some(before) = before
                && header.first > retained
            {
                return before - 1;
            }
            before = Some(step);
        }
        // The last page itself is never free.
        self.pages - 1
    }

    /// The page that was begun last of those whose first event is not behind `position`.
    pub(super) async fn page_of(&mut self, position: u64) -> Option<Place> {
        let mut found: Option<(u32, Header)> = None;
        let mut oldest: Option<(u32, Header)> = None;
        for page in 0..self.pages {
            let Some(header) = self.header(page).await else {
                continue;
            };
            // Of pages that were begun for the same event, the first may have other events before.
            if header.first <= position
                && found.is_none_or(|(_, other)| {
                    (header.first, other.order) > (other.first, header.order)
                })
            {
                found = Some((page, header));
            }
            if oldest.is_none_or(|(_, other)| header.order < other.order) {
                oldest = Some((page, header));
            }
        }
        let (page, header) = found.or(oldest)?;
        Some(self.front(page, &header))
    }

    /// The page that was begun next after the one with `header`.
    pub(super) async fn page_after(&mut self, header: &Header) -> Option<Place> {
        let mut found: Option<(u32, Header)> = None;
        for page in 0..self.pages {
            if let Some(other) = self.header(page).await
                && other.order > header.order
                && found.is_none_or(|(_, known)| other.order < known.order)
            {
                found = Some((page, other));
            }
        }
        let (page, header) = found?;
        Some(self.front(page, &header))
    }

    /// The header of a page, if it is whole.
    pub(super) async fn header(&mut self, page: u32) -> Option<Header> {
        let mut bytes = [0; HEADER];
        let at = self.address(page);
        self.flash.read(at, &mut bytes).await.ok()?;
        Header::parse(&bytes)
    }

    /// The place of a page's first record.
    pub(super) fn front(&self, page: u32, header: &Header) -> Place {
        Place {
            page,
            offset: self.padded(HEADER),
            position: header.first,
        }
    }

    /// The first whole record at `place` or behind what rotted there.
    pub(super) async fn record(&mut self, place: Place, header: &Header) -> Option<Record> {
        let prefix = self.prefix(place).await;
        if prefix == Some(Prefix::ERASED) {
            return None;
        }
        if let Some(record) = self.whole(place, header, 0).await {
            return Some(record);
        }
        // Its length may have stayed whole.
        if let Some(prefix) = prefix {
            let offset = place.offset + self.padded(PREFIX + prefix.length());
            let behind = Place { offset, ..place };
            if let Some(record) = self.whole(behind, header, REACH).await {
                return Some(record);
            }
        }
        let mut offset = place.offset + self.unit;
        while offset < Self::PAGE {
            let behind = Place { offset, ..place };
            if let Some(record) = self.whole(behind, header, REACH).await {
                // Bytes of an event may look like a record by chance, hardly like one that ends
                // where the next begins, or where what was written ends.
                let last = Place {
                    offset: record.next.offset - self.unit,
                    ..place
                };
                let ends = self.is_erased(record.next).await && !self.is_erased(last).await;
                if ends || self.whole(record.next, header, 0).await.is_some() {
                    return Some(record);
                }
            }
            offset += self.unit;
        }
        None
    }

    /// [`record`](Self::record) where it is sure to stay whole.
    async fn settled(&mut self, place: Place, header: &Header) -> Option<Record> {
        let record = self.record(place, header).await?;
        // What is followed by another record was written to its end.
        if self.is_erased(record.next).await {
            let offset = record.at - self.address(place.page);
            let at = Place { offset, ..place };
            for _ in 1..LOOKS {
                self.whole(at, header, REACH).await?;
            }
        }
        Some(record)
    }

    /// The first word of what is at `place`; none where the page ends or cannot be read.
    async fn prefix(&mut self, place: Place) -> Option<Prefix> {
        let mut bytes = [0; CHUNK];
        let bytes = bytes.get_mut(..self.unit as usize)?;
        if place.offset + self.unit > Self::PAGE {
            return None;
        }
        let at = self.address(place.page) + place.offset;
        self.flash.read(at, bytes).await.ok()?;
        bytes.first_chunk().copied().map(Prefix::from_bytes)
    }

    /// Whether nothing was written at `place`, or the page ends there.
    async fn is_erased(&mut self, place: Place) -> bool {
        place.offset >= Self::PAGE || self.prefix(place).await == Some(Prefix::ERASED)
    }

    /// The record at `place`, if it is whole and its position is the place's or at most `reach`
    /// more.
    async fn whole(&mut self, place: Place, header: &Header, reach: u64) -> Option<Record> {
        let prefix = self.prefix(place).await?;
        let bytes = self.padded(PREFIX + prefix.length());
        if prefix == Prefix::ERASED || place.offset + bytes > Self::PAGE {
            return None;
        }
        let at = self.address(place.page) + place.offset;
        let mut check = Check::new(header, prefix.kind(), prefix.length());
        self.stream(at, prefix.length(), |part, _| check.update(part))
            .await?;
        let mut positions = place.position..=place.position.saturating_add(reach);
        let position = positions.find(|&position| check.at(position) == prefix)?;
        let events = u64::from(prefix.kind() == Kind::Event);
        Some(Record {
            prefix,
            position,
            at,
            next: Place {
                page: place.page,
                offset: place.offset + bytes,
                position: position + events,
            },
        })
    }

    /// Copies what a record holds to `out`, which is as long; whether it still is whole.
    pub(super) async fn copy(&mut self, record: &Record, header: &Header, out: &mut [u8]) -> bool {
        let mut check = Check::new(header, record.prefix.kind(), out.len());
        let mut rest = &mut out[..];
        let read = self
            .stream(record.at, record.prefix.length(), |part, held| {
                check.update(part);
                let (now, later) = core::mem::take(&mut rest).split_at_mut(held);
                now.copy_from_slice(&part[..held]);
                rest = later;
            })
            .await;
        read.is_some() && check.at(record.position) == record.prefix
    }

    /// Hands out what the record at `at` holds, part by part with what fills its last word, and how
    /// many of the `length` bytes are in each; none if they cannot be read.
    async fn stream(
        &mut self,
        at: u32,
        length: usize,
        mut each: impl FnMut(&[u8], usize),
    ) -> Option<()> {
        let mut done = 0;
        while done < PREFIX + length {
            let wanted = (PREFIX + length - done).min(CHUNK);
            let mut chunk = [0; CHUNK];
            let read = chunk.get_mut(..self.padded(wanted) as usize)?;
            self.flash.read(at + done as u32, read).await.ok()?;
            let skipped = if done == 0 { PREFIX } else { 0 };
            each(read.get(skipped..)?, wanted - skipped);
            done += wanted;
        }
        Some(())
    }
}
