//! Exporting a log as C2SP tlog-tiles: static files that any client of such logs reads.
//!
//! A tile holds 256 hashes of one level, where level `l` counts in steps of eight levels of the
//! tree; an entry bundle holds the same 256 entries as a tile of level 0. Both only ever grow until
//! they are full, so exporting is appending: [`spans`] says which bytes to append to which file
//! between two sizes, and what was appended before may be pruned.

use crate::error::errors;
use core::fmt;

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;
/// Bytes of a full tile.
pub const TILE_BYTES: usize = 256 * 32;
/// Tile levels that a log of this crate can have.
pub const MAX_TILE_LEVEL: u8 = 4;

errors! {
    /// Why a part of a tile or bundle was not written.
    pub enum ExportError: 0x0580 {
        /// The slice is too short.
        TooSmall { needed: u64, found: u64 } = 1
            => "the part takes {needed} bytes, the slice has {found}",
        /// The log has not come that far.
        OutOfRange = 2 => "the log has not come that far",
        /// The part was pruned.
        Pruned = 3 => "the part was pruned; it should have been exported before",
    }
}

/// What a file of an export holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Entries, each after its length in two big-endian bytes.
    Entries,
    /// Hashes of subtrees of `256^level` leaves.
    Tile {
        /// Level of the tile, from 0.
        level: u8,
    },
}

/// A part of a tile or bundle: `start..end` of its up to 256 items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Of what.
    pub resource: Resource,
    /// Number of the tile or bundle at its level.
    pub index: u64,
    /// First item; those before it were exported already.
    pub start: u16,
    /// Item behind the last; 256 when the tile is full.
    pub end: u16,
}

impl Span {
    /// Whether nothing will ever be appended after it.
    pub const fn is_sealed(&self) -> bool {
        self.end as u64 == TILE_WIDTH
    }

    /// The number, among all of its level, of the first item.
    pub(crate) const fn first_item(&self) -> u64 {
        self.index
            .saturating_mul(TILE_WIDTH)
            .saturating_add(self.start as u64)
    }

    /// Whether this is a part of something: items in order, index in range.
    pub(crate) const fn is_valid(&self) -> bool {
        self.start <= self.end && self.end as u64 <= TILE_WIDTH && self.index <= u64::MAX >> 9
    }
}

/// The path of the file as it is once the span is appended: `tile/<level>/<index>`, followed by
/// `.p/<width>` while the tile is not full; `tile/entries/<index>` for bundles.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.resource {
            Resource::Entries => f.write_str("tile/entries/")?,
            Resource::Tile { level } => write!(f, "tile/{level}/")?,
        }
        write_index(f, self.index)?;
        if self.is_sealed() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.end)
        }
    }
}

/// Groups of three digits, all but the last behind an `x`.
fn write_index(f: &mut fmt::Formatter<'_>, index: u64) -> fmt::Result {
    // A u64 has at most seven groups.
    let groups = (1..7).rev().map(|group| index / 1_000u64.pow(group));
    for group in groups.filter(|&rest| rest != 0) {
        write!(f, "x{:03}/", group % 1_000)?;
    }
    write!(f, "{:03}", index % 1_000)
}

/// What to append to which file when a log grows from `old_size` to `new_size`, bundles first and
/// then tiles by level. From 0 it is all of the log.
pub fn spans(old_size: u64, new_size: u64) -> impl Iterator<Item = Span> {
    let entries = core::iter::once((Resource::Entries, 0u32));
    let tiles = (0..=MAX_TILE_LEVEL).map(|level| (Resource::Tile { level }, 8 * u32::from(level)));
    entries.chain(tiles).flat_map(move |(resource, shift)| {
        let (mut at, end) = (old_size >> shift, new_size >> shift);
        core::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let index = at / TILE_WIDTH;
            let start = at % TILE_WIDTH;
            let stop = (start + (end - at)).min(TILE_WIDTH);
            at = at - start + stop;
            Some(Span {
                resource,
                index,
                start: start as u16,
                end: stop as u16,
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;
    use std::vec::Vec;

    #[test]
    fn paths_are_those_of_the_specification() {
        let span = |resource, index, end| Span {
            resource,
            index,
            start: 0,
            end,
        };
        let paths = [
            (
                span(Resource::Tile { level: 0 }, 1_234_067, 256),
                "tile/0/x001/x234/067",
            ),
            (span(Resource::Tile { level: 1 }, 7, 3), "tile/1/007.p/3"),
            (span(Resource::Entries, 0, 256), "tile/entries/000"),
            (
                span(Resource::Entries, 1_000, 1),
                "tile/entries/x001/000.p/1",
            ),
        ];
        for (span, path) in paths {
            assert_eq!(span.to_string(), path);
        }
    }

    #[test]
    fn spans_append_every_item_once_in_order() {
        for sizes in [
            [0, 1, 5, 256, 257, 700, 70_000],
            [0, 0, 255, 256, 512, 65_536, 65_537],
        ] {
            let all: Vec<Span> = sizes.windows(2).flat_map(|w| spans(w[0], w[1])).collect();
            for (shift, resource) in [
                (0, Resource::Entries),
                (0, Resource::Tile { level: 0 }),
                (8, Resource::Tile { level: 1 }),
                (16, Resource::Tile { level: 2 }),
            ] {
                let items: Vec<u64> = all
                    .iter()
                    .filter(|s| s.resource == resource)
                    .flat_map(|s| s.first_item()..s.first_item() + u64::from(s.end - s.start))
                    .collect();
                let count = sizes[6] >> shift;
                assert!(items.into_iter().eq(0..count), "{resource:?}");
            }
        }
    }
}
