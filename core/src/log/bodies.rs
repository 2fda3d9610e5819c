//! The bytes of the events that a log keeps, in a ring.
//!
//! A body lies in one piece: one that does not fit behind the newest goes to the start. Nothing is
//! longer than the ring and nothing is empty, so that the newest body ends at 0 only where there is
//! none.

use super::config::LogConfig;
use crate::block::sections::{is_zero, sections};

/// Where a body lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) offset: u32,
    pub(crate) length: u16,
}

sections! {
    /// Bodies, oldest to newest.
    pub(crate) struct Bodies for LogConfig as config {
        ring "log bodies": [u8; config.bytes],
    } with {
        /// Length of the ring without padding.
        length: u32 = config.bytes,
        /// Where the oldest body begins and the newest ends; both 0 without bodies.
        oldest: u32 = 0,
        newest: u32 = 0,
    }
}

impl Bodies<'_> {
    /// Takes up the bodies that lie at `spans`, oldest first; whether they follow each other and the
    /// ring is zero elsewhere.
    pub(crate) fn resume(&mut self, spans: impl Iterator<Item = Span>) -> bool {
        let mut spans = spans.peekable();
        let oldest = spans.peek().map_or(0, |first| first.offset);
        let mut end = u64::from(oldest);
        // Where the bodies end behind which the ring began anew.
        let mut turn = None;
        for span in spans {
            let (offset, length) = (u64::from(span.offset), u64::from(span.length));
            if offset != end {
                // The ring turns once, and only where the body would not have fitted.
                if turn.is_some() || offset != 0 || end + length <= self.length.into() {
                    return false;
                }
                turn = Some(end);
            }
            end = offset + length;
            let limit = if turn.is_some() { oldest } else { self.length };
            if length == 0 || end > limit.into() {
                return false;
            }
        }
        self.oldest = oldest;
        self.newest = end as u32;
        let (between, behind) = match turn {
            None => (0..oldest as usize, end as usize),
            Some(turn) => (end as usize..oldest as usize, turn as usize),
        };
        self.ring.get(between).is_some_and(is_zero) && self.ring.get(behind..).is_some_and(is_zero)
    }

    #[inline]
    pub(crate) fn get(&self, span: Span) -> Option<&[u8]> {
        let start = span.offset as usize;
        self.ring.get(start..start + usize::from(span.length))
    }

    /// Whether a body of `length` bytes fits into the empty ring.
    #[inline]
    pub(crate) fn ever_fits(&self, length: usize) -> bool {
        length <= self.length as usize
    }

    /// Where a body of `length` bytes goes, which [`ever_fits`](Self::ever_fits), if the oldest one
    /// begins at `oldest`, or where it is if that is `None`.
    #[inline]
    pub(crate) fn fit(&self, oldest: Option<u32>, length: u32) -> Option<u32> {
        let oldest = oldest.unwrap_or(self.oldest);
        if self.newest > oldest {
            if self.length - self.newest >= length {
                Some(self.newest)
            } else {
                (length <= oldest).then_some(0)
            }
        } else {
            (self.newest == 0 || oldest - self.newest >= length).then_some(self.newest)
        }
    }

    /// Writes a body behind the newest one.
    #[inline]
    pub(crate) fn append(&mut self, body: &[u8]) -> Option<Span> {
        let length = u16::try_from(body.len()).ok()?;
        let offset = self.fit(None, length.into())?;
        let start = offset as usize;
        let to = self.ring.get_mut(start..start + body.len())?;
        to.copy_from_slice(body);
        self.newest = offset + u32::from(length);
        Some(Span { offset, length })
    }

    /// Makes the oldest body zero; the next one lies at `next`.
    pub(crate) fn remove_first(&mut self, oldest: Span, next: Option<Span>) {
        let start = oldest.offset as usize;
        if let Some(body) = self.ring.get_mut(start..start + usize::from(oldest.length)) {
            body.fill(0);
        }
        match next {
            Some(next) => self.oldest = next.offset,
            None => (self.oldest, self.newest) = (0, 0),
        }
    }
}
