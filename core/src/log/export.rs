//! Giving entries and hashes away: parts of tiles and of bundles, and what was stored elsewhere.

use super::event_log::{EXPORTED, EventLog, PruneError};
use super::lookup::LookupError;
use crate::merkle::tile::{ExportError, Resource, Span};
use crate::slices;

impl From<LookupError> for ExportError {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::OutOfRange => Self::OutOfRange,
            LookupError::Pruned => Self::Pruned,
        }
    }
}

impl EventLog<'_> {
    /// How many events, from the first, were exported.
    pub fn exported(&self) -> u64 {
        slices::word(self.counters, EXPORTED)
    }

    /// Notes that the first `size` events are stored elsewhere. Never goes back.
    pub fn mark_exported(&mut self, size: u64) -> Result<(), PruneError> {
        if size > self.size() {
            return Err(PruneError::OutOfRange);
        }
        if size > self.exported() {
            self.header.begin();
            slices::put(self.counters, EXPORTED, size);
            self.header.end();
        }
        Ok(())
    }

    /// Writes a part of a tile or entry bundle to the front of `out`; its bytes. What to append to
    /// which file since the last export is [`tile::spans`](crate::merkle::tile::spans) from
    /// [`exported`](Self::exported) to [`size`](Self::size); when all of it is stored,
    /// [`mark_exported`](Self::mark_exported) lets it be pruned.
    pub fn export(&self, span: &Span, out: &mut [u8]) -> Result<usize, ExportError> {
        match span.resource {
            Resource::Tile { level } => self.nodes.write_tile(level, span, out),
            Resource::Entries => self.write_bundle(span, out),
        }
    }

    fn write_bundle(&self, span: &Span, out: &mut [u8]) -> Result<usize, ExportError> {
        if !span.is_valid() {
            return Err(ExportError::OutOfRange);
        }
        let first = span.first_item();
        let items = || (first..first + u64::from(span.end - span.start)).map(|i| self.get(i));
        let mut needed = 0;
        for entry in items() {
            needed += 2 + entry?.bytes().len();
        }
        let found = out.len() as u64;
        let too_small = ExportError::TooSmall {
            needed: needed as u64,
            found,
        };
        let mut to = out.get_mut(..needed).ok_or(too_small)?;
        for entry in items() {
            let bytes = entry?.bytes();
            let (length, rest) = to.split_first_chunk_mut::<2>().ok_or(too_small)?;
            *length = (bytes.len() as u16).to_be_bytes();
            let (body, rest) = rest.split_at_mut_checked(bytes.len()).ok_or(too_small)?;
            body.copy_from_slice(bytes);
            to = rest;
        }
        Ok(needed)
    }
}
