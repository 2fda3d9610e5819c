//! The sections of a bank's block, for reading: what every search and every check works on.

use super::config::{BankConfig, Element};
use super::pattern::{Entry, PatternId, Record};
use super::sketch::Sketch;
use crate::block::{BlockError, Carver};
use crate::simd::Kernels;
use sha2::{Digest, Sha256};

/// Places of the counters in the state section.
pub(super) mod state {
    /// Live patterns.
    pub const LIVE: usize = 0;
    /// Slots ever used: all behind are zero.
    pub const HIGH: usize = 1;
    /// First freed slot plus one, zero for none; each names the next in its label.
    pub const FREE: usize = 2;
    /// Latest time the bank was told, low and high word.
    pub const LATEST: usize = 3;
    /// Where the next audit step begins.
    pub const AUDIT: usize = 5;
}

/// The links of all slots: slot plus one, in front, zeros behind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Links<'v> {
    None,
    Short(&'v [u16]),
    Long(&'v [u32]),
}

/// A bank's sections.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'v> {
    pub config: BankConfig,
    pub padded: usize,
    pub state: &'v [u32],
    pub meta: &'v [[u32; 4]],
    pub uses: &'v [u16],
    pub scales: &'v [f32],
    pub residuals: &'v [u8],
    pub norms: &'v [f32],
    pub rows: &'v [u8],
    pub blocks: &'v [u8],
    pub floats: &'v [f32],
    pub links: Links<'v>,
    pub pool: &'v [u64],
    pub planes: &'v [i16],
    pub visited: &'v [u64],
    pub entries: &'v [Sketch],
}

/// Carves the sections in the order of the block, to read or to write them.
macro_rules! carve {
    ($config:ident, $carver:ident, $links:ident) => {{
        let c = $config.counts();
        Ok(Self {
            config: $config,
            padded: $config.padded(),
            state: $carver.take($crate::bank::config::STATE_WORDS)?,
            meta: $carver.take(c.meta)?,
            uses: $carver.take(c.uses)?,
            scales: $carver.take(c.scales)?,
            residuals: $carver.take(c.residuals)?,
            norms: $carver.take(c.norms)?,
            rows: $carver.take(c.rows)?,
            blocks: $carver.take(c.blocks)?,
            floats: $carver.take(c.floats)?,
            links: {
                let short = $carver.take(c.short_links)?;
                let long = $carver.take(c.long_links)?;
                match (c.short_links, c.long_links) {
                    (0, 0) => $links::None,
                    (_, 0) => $links::Short(short),
                    _ => $links::Long(long),
                }
            },
            pool: $carver.take(c.pool)?,
            planes: $carver.take(c.planes)?,
            visited: $carver.take(c.visited)?,
            entries: $carver.take(c.entries)?,
        })
    }};
}
pub(super) use carve;

impl<'v> View<'v> {
    pub fn carve(config: BankConfig, mut carver: Carver<'v>) -> Result<Self, BlockError> {
        carve!(config, carver, Links)
    }

    /// Every section in order, padding included.
    pub fn bytes(&self) -> [&'v [u8]; 15] {
        use bytemuck::cast_slice;
        let (short, long): (&[u8], &[u8]) = match self.links {
            Links::None => (&[], &[]),
            Links::Short(links) => (cast_slice(links), &[]),
            Links::Long(links) => (&[], cast_slice(links)),
        };
        [
            cast_slice(self.state),
            cast_slice(self.meta),
            cast_slice(self.uses),
            cast_slice(self.scales),
            self.residuals,
            cast_slice(self.norms),
            self.rows,
            self.blocks,
            cast_slice(self.floats),
            short,
            long,
            cast_slice(self.pool),
            cast_slice(self.planes),
            cast_slice(self.visited),
            cast_slice(self.entries),
        ]
    }

    /// Names for [`bytes`](Self::bytes).
    pub const NAMES: [&'static str; 15] = [
        "counters",
        "patterns",
        "uses",
        "scales",
        "residuals",
        "norms",
        "rows",
        "blocks",
        "floats",
        "links",
        "long links",
        "candidates",
        "planes",
        "visited",
        "entries",
    ];

    #[inline(always)]
    pub fn counter(&self, at: usize) -> u32 {
        self.state.get(at).copied().unwrap_or(0)
    }

    #[inline(always)]
    pub fn live(&self) -> usize {
        self.counter(state::LIVE) as usize
    }

    #[inline(always)]
    pub fn high(&self) -> usize {
        self.counter(state::HIGH) as usize
    }

    #[inline(always)]
    pub fn record(&self, slot: u32) -> Record {
        Record(self.meta.get(slot as usize).copied().unwrap_or([0; 4]))
    }

    #[inline(always)]
    pub fn is_live(&self, slot: u32) -> bool {
        self.record(slot).is_live()
    }

    /// The entry in a slot, live or not.
    #[inline(always)]
    pub fn entry(&self, slot: u32) -> Entry {
        let record = self.record(slot);
        Entry {
            id: PatternId::new(slot, record.generation()),
            label: record.label(),
            confidence: record.confidence(),
            uses: self.uses.get(slot as usize).copied().unwrap_or(0),
            last_use: record.last_use(),
        }
    }

    /// The slot of an id that is alive.
    pub fn slot(&self, id: PatternId) -> Option<u32> {
        let record = self.record(id.slot());
        ((id.slot() as usize) < self.high()
            && record.is_live()
            && record.generation() == id.generation())
        .then_some(id.slot())
    }

    pub fn entries(self) -> impl Iterator<Item = Entry> + 'v {
        let view = self;
        (0..view.high() as u32)
            .filter(move |&slot| view.is_live(slot))
            .map(move |slot| view.entry(slot))
    }

    /// The codes or bits of a slot where rows lie one after the other.
    #[inline(always)]
    pub fn row(&self, slot: u32) -> &'v [u8] {
        let bytes = match self.config.element {
            Element::Bits => self.padded / 8,
            _ => self.padded,
        };
        let start = slot as usize * bytes;
        self.rows.get(start..start + bytes).unwrap_or(&[])
    }

    /// The sixteen interleaved rows of a block.
    #[inline(always)]
    pub fn block(&self, block: usize) -> &'v [u8] {
        let bytes = 16 * self.padded;
        let start = block * bytes;
        self.blocks.get(start..start + bytes).unwrap_or(&[])
    }

    /// The floats of a slot.
    #[inline(always)]
    pub fn float_row(&self, slot: u32) -> &'v [f32] {
        let start = slot as usize * self.padded;
        self.floats.get(start..start + self.padded).unwrap_or(&[])
    }

    #[inline(always)]
    pub fn scale(&self, slot: u32) -> f32 {
        self.scales.get(slot as usize).copied().unwrap_or(0.0)
    }

    /// The codes of a slot wherever they are.
    pub fn codes(&self, slot: u32) -> impl Iterator<Item = u8> + 'v {
        let view = *self;
        let row = view.row(slot);
        (0..view.padded).map(move |at| match row.get(at) {
            Some(&code) => code,
            None => view
                .blocks
                .get(block_offset(view.padded, slot, at))
                .copied()
                .unwrap_or(0),
        })
    }

    /// Writes the vector of a slot as it is stored to `out`.
    pub fn decode(&self, slot: u32, out: &mut [f32]) {
        match self.config.element {
            Element::F32 | Element::I8F32 => {
                for (out, x) in out.iter_mut().zip(self.float_row(slot)) {
                    *out = *x;
                }
            }
            Element::I8 => {
                let scale = self.scale(slot);
                for (out, code) in out.iter_mut().zip(self.codes(slot)) {
                    *out = (f32::from(code) - 128.0) * scale;
                }
            }
            Element::Bits => {
                let row = self.row(slot);
                for (at, out) in out.iter_mut().enumerate() {
                    let byte = row.get(at / 8).copied().unwrap_or(0);
                    *out = if byte >> (at % 8) & 1 == 1 { 1.0 } else { -1.0 };
                }
            }
        }
    }

    /// SHA-256 over what the live patterns are, in the order of their ids.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(b"sensilla bank 1");
        let c = &self.config;
        for word in [
            c.dimensions,
            c.element as u32,
            c.metric as u32,
            self.live() as u32,
        ] {
            hasher.update(word.to_le_bytes());
        }
        for entry in self.entries() {
            let slot = entry.id.slot();
            hasher.update(entry.id.to_u64().to_le_bytes());
            hasher.update(entry.label.to_le_bytes());
            hasher.update(entry.confidence.to_le_bytes());
            hasher.update(entry.uses.to_le_bytes());
            hasher.update(entry.last_use.to_le_bytes());
            if c.has_floats() {
                hasher.update(bytemuck::cast_slice(self.float_row(slot)));
            } else if c.has_codes() {
                hasher.update(self.scale(slot).to_le_bytes());
                let mut codes = self.codes(slot);
                while let Some(first) = codes.next() {
                    // Padded rows are a multiple of sixteen.
                    let mut sixteen = [first; 16];
                    for (out, code) in sixteen.iter_mut().skip(1).zip(&mut codes) {
                        *out = code;
                    }
                    hasher.update(sixteen);
                }
            } else {
                hasher.update(self.row(slot));
            }
        }
        hasher.finalize().into()
    }

    /// The words of a slot's links as they are stored.
    pub fn link_words(&self, slot: u32) -> impl Iterator<Item = u32> + 'v {
        let degree = self.config.degree();
        let start = slot as usize * degree;
        let (short, long): (&[u16], &[u32]) = match self.links {
            Links::None => (&[], &[]),
            Links::Short(links) => (links.get(start..start + degree).unwrap_or(&[]), &[]),
            Links::Long(links) => (&[], links.get(start..start + degree).unwrap_or(&[])),
        };
        short
            .iter()
            .map(|&link| u32::from(link))
            .chain(long.iter().copied())
    }

    /// How many links a slot has.
    #[inline(always)]
    pub fn degree(&self, slot: u32) -> usize {
        let degree = self.config.degree();
        let start = slot as usize * degree;
        // Without a branch in the loop it runs on vectors.
        match self.links {
            Links::None => 0,
            Links::Short(links) => {
                let links = links.get(start..start + degree).unwrap_or(&[]);
                usize::from(links.iter().map(|&link| u16::from(link != 0)).sum::<u16>())
            }
            Links::Long(links) => {
                let links = links.get(start..start + degree).unwrap_or(&[]);
                links.iter().map(|&link| u32::from(link != 0)).sum::<u32>() as usize
            }
        }
    }

    /// Whether a slot has a link to another.
    #[inline(always)]
    pub fn is_linked(&self, slot: u32, other: u32) -> bool {
        let mut linked = false;
        self.for_links(
            slot,
            #[inline(always)]
            |link| linked |= link == other,
        );
        linked
    }

    /// Whether a slot has more than `count` links.
    #[inline(always)]
    pub fn has_more_links(&self, slot: u32, count: usize) -> bool {
        let degree = self.config.degree();
        let at = slot as usize * degree + count;
        count < degree
            && match self.links {
                Links::None => false,
                Links::Short(links) => links.get(at).is_some_and(|&link| link != 0),
                Links::Long(links) => links.get(at).is_some_and(|&link| link != 0),
            }
    }

    /// Hints that the links of a slot will be read soon.
    #[inline(always)]
    pub fn prefetch_links<K: Kernels>(&self, kernels: K, slot: u32) {
        let degree = self.config.degree();
        let start = slot as usize * degree;
        match self.links {
            Links::None => {}
            Links::Short(links) => {
                kernels.prefetch(links.get(start..start + degree).unwrap_or(&[]));
            }
            Links::Long(links) => {
                kernels.prefetch(links.get(start..start + degree).unwrap_or(&[]));
            }
        }
    }

    /// The last link of a slot.
    pub fn last_link(&self, slot: u32) -> Option<u32> {
        let mut last = None;
        self.for_links(slot, |link| last = Some(link));
        last
    }

    /// Calls `f` with each link of a slot.
    #[inline(always)]
    pub fn for_links(&self, slot: u32, mut f: impl FnMut(u32)) {
        let degree = self.config.degree();
        let start = slot as usize * degree;
        match self.links {
            Links::None => {}
            Links::Short(links) => {
                for &link in links.get(start..start + degree).unwrap_or(&[]) {
                    if link == 0 {
                        break;
                    }
                    f(u32::from(link) - 1);
                }
            }
            Links::Long(links) => {
                for &link in links.get(start..start + degree).unwrap_or(&[]) {
                    if link == 0 {
                        break;
                    }
                    f(link - 1);
                }
            }
        }
    }
}

/// Where the code of a component lies among the interleaved rows.
#[inline(always)]
pub(super) const fn block_offset(padded: usize, slot: u32, component: usize) -> usize {
    let (block, lane) = (slot as usize / 16, slot as usize % 16);
    block * 16 * padded + component / 4 * 64 + lane * 4 + component % 4
}
