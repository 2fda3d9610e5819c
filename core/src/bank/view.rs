//! What every search and every check reads of a bank: the patterns and vectors of its slots.

use super::config::Element;
pub(super) use super::layout::View;
use super::layout::{block_offset, state};
use super::pattern::{Entry, PatternId, Record};
use sha2::{Digest, Sha256};

impl<'v> View<'v> {
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn counter(&self, at: usize) -> u32 {
        self.state.get(at).copied().unwrap_or(0)
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn live(&self) -> usize {
        self.counter(state::LIVE) as usize
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn high(&self) -> usize {
        self.counter(state::HIGH) as usize
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn record(&self, slot: u32) -> Record {
        Record(self.meta.get(slot as usize).copied().unwrap_or([0; 4]))
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn is_live(&self, slot: u32) -> bool {
        self.record(slot).is_live()
    }

    /// The entry in a slot, live or not.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
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
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn row(&self, slot: u32) -> &'v [u8] {
        let bytes = match self.config.element {
            Element::Bits => self.padded / 8,
            _ => self.padded,
        };
        let start = slot as usize * bytes;
        self.rows.get(start..start + bytes).unwrap_or(&[])
    }

    /// The sixteen interleaved rows of a block.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn block(&self, block: usize) -> &'v [u8] {
        let bytes = 16 * self.padded;
        let start = block * bytes;
        self.blocks.get(start..start + bytes).unwrap_or(&[])
    }

    /// The floats of a slot.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn float_row(&self, slot: u32) -> &'v [f32] {
        let start = slot as usize * self.padded;
        self.floats.get(start..start + self.padded).unwrap_or(&[])
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
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
}
