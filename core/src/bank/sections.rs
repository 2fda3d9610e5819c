//! How a slot of a bank is filled and cleared.

use super::config::Element;
pub(super) use super::layout::Sections;
use super::layout::{block_offset, state};
use super::pattern::{Pattern, Record};
use super::quantise::{self, pack_bits};
use super::shape::{self, Shape};

impl Sections<'_> {
    pub fn set_counter(&mut self, at: usize, value: u32) {
        if let Some(counter) = self.state.get_mut(at) {
            *counter = value;
        }
    }

    /// Moves the bank's time forward.
    pub fn set_latest(&mut self, at: u64) {
        if let Some([low, high]) = self.state.get_mut(state::LATEST..state::LATEST + 2)
            && at > (u64::from(*high) << 32 | u64::from(*low))
        {
            [*low, *high] = [at as u32, (at >> 32) as u32];
        }
    }

    pub fn latest(&self) -> u64 {
        let view = self.view();
        u64::from(view.counter(state::LATEST + 1)) << 32 | u64::from(view.counter(state::LATEST))
    }

    /// Takes a slot: the one freed last, else the next that was never used. The bank is not full.
    pub fn take_slot<S: Shape>(&mut self) -> u32 {
        let view = self.view();
        let (free, high) = (view.counter(state::FREE), view.counter(state::HIGH));
        match free.checked_sub(1) {
            Some(slot) => {
                let next = view.record(slot).label();
                self.set_counter(state::FREE, next);
                slot
            }
            None => {
                self.set_counter(state::HIGH, high + 1);
                if S::GRAPH {
                    self.enter_all(high as usize);
                }
                high
            }
        }
    }

    pub fn set_record(&mut self, slot: u32, record: Record) {
        if let Some(place) = self.meta.get_mut(slot as usize) {
            *place = record.0;
        }
    }

    pub fn set_uses(&mut self, slot: u32, uses: u16) {
        if let Some(place) = self.uses.get_mut(slot as usize) {
            *place = uses;
        }
    }

    /// Makes a taken slot live.
    pub fn occupy(&mut self, slot: u32, pattern: &Pattern) {
        let generation = self.view().record(slot).generation().wrapping_add(1) | 1;
        self.set_record(slot, Record::new(pattern, generation));
        self.set_uses(slot, 0);
        let live = self.view().counter(state::LIVE);
        self.set_counter(state::LIVE, live + 1);
        self.set_latest(pattern.at);
    }

    /// Clears a live slot that nothing links to and puts it first among the free ones.
    pub fn vacate<S: Shape>(&mut self, slot: u32) {
        let view = self.view();
        let (free, live) = (view.counter(state::FREE), view.counter(state::LIVE));
        let generation = view.record(slot).generation().wrapping_add(1);
        self.set_record(slot, Record([free, generation, 0, 0]));
        self.set_counter(state::FREE, slot + 1);
        self.set_counter(state::LIVE, live.saturating_sub(1));
        self.clear_vector(slot);
        if S::GRAPH {
            self.enter(slot);
        }
    }

    fn clear_vector(&mut self, slot: u32) {
        let config = self.config;
        self.clear_slot(&config, slot as usize);
        if !self.blocks.is_empty() {
            for four in (0..self.padded).step_by(4) {
                fill(self.blocks, block_offset(self.padded, slot, four), 4, 0);
            }
        }
    }

    /// Stores a checked vector; `largest` is its largest magnitude.
    pub fn store<S: Shape>(&mut self, slot: u32, vector: &[f32], largest: f32) {
        self.write_vector::<S>(slot, vector, largest);
        if S::GRAPH {
            self.enter(slot);
        }
    }

    fn write_vector<S: Shape>(&mut self, slot: u32, vector: &[f32], largest: f32) {
        let at = slot as usize;
        let padded = self.padded;
        let config = shape::known::<S>(self.config);
        if config.element == Element::Bits {
            let bytes = padded / 8;
            if let Some(row) = self.rows.get_mut(at * bytes..(at + 1) * bytes) {
                pack_bits(vector, row);
            }
            return;
        }
        let Self {
            rows,
            blocks,
            floats,
            ..
        } = self;
        let stored = quantise::stream(&config, vector, largest, |number, values, codes| {
            let start = at * padded + 16 * number;
            if let Some(place) = floats.get_mut(start..start + 16) {
                place.copy_from_slice(values);
            }
            if let Some(place) = rows.get_mut(start..start + 16) {
                place.copy_from_slice(codes);
            }
            if !blocks.is_empty() {
                for (four, codes) in codes.as_chunks::<4>().0.iter().enumerate() {
                    let start = block_offset(padded, slot, 16 * number + 4 * four);
                    if let Some(place) = blocks.get_mut(start..start + 4) {
                        place.copy_from_slice(codes);
                    }
                }
            }
        });
        fill(self.scales, at, 1, stored.scale);
        fill(self.residuals, at, 1, stored.residual);
        let norm = stored.scale * stored.scale * stored.square as f32;
        fill(self.norms, at, 1, norm);
    }
}

fn fill<T: Copy>(section: &mut [T], start: usize, count: usize, value: T) {
    if let Some(place) = section.get_mut(start..start + count) {
        place.fill(value);
    }
}
