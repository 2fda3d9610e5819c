//! The sections of a bank's block, for writing: how a slot is filled and cleared.

use super::config::{BankConfig, Element};
use super::pattern::{Pattern, Record};
use super::quantise::{self, pack_bits};
use super::sketch::Sketch;
use super::view::{Links, View, block_offset, carve, state};
use crate::block::{BlockError, CarverMut};

/// The links of all slots, see [`Links`].
#[derive(Debug)]
pub(super) enum LinksMut<'a> {
    None,
    Short(&'a mut [u16]),
    Long(&'a mut [u32]),
}

/// A bank's sections.
#[derive(Debug)]
pub(super) struct Sections<'a> {
    pub config: BankConfig,
    pub padded: usize,
    pub state: &'a mut [u32],
    pub meta: &'a mut [[u32; 4]],
    pub uses: &'a mut [u16],
    pub scales: &'a mut [f32],
    pub residuals: &'a mut [u8],
    pub norms: &'a mut [f32],
    pub rows: &'a mut [u8],
    pub blocks: &'a mut [u8],
    pub floats: &'a mut [f32],
    pub links: LinksMut<'a>,
    pub pool: &'a mut [u64],
    pub planes: &'a mut [i16],
    pub visited: &'a mut [u64],
    pub entries: &'a mut [Sketch],
}

impl<'a> Sections<'a> {
    pub fn carve(config: BankConfig, mut carver: CarverMut<'a>) -> Result<Self, BlockError> {
        carve!(config, carver, LinksMut)
    }

    #[inline(always)]
    pub fn view(&self) -> View<'_> {
        View {
            config: self.config,
            padded: self.padded,
            state: self.state,
            meta: self.meta,
            uses: self.uses,
            scales: self.scales,
            residuals: self.residuals,
            norms: self.norms,
            rows: self.rows,
            blocks: self.blocks,
            floats: self.floats,
            links: match &self.links {
                LinksMut::None => Links::None,
                LinksMut::Short(links) => Links::Short(links),
                LinksMut::Long(links) => Links::Long(links),
            },
            pool: self.pool,
            planes: self.planes,
            visited: self.visited,
            entries: self.entries,
        }
    }

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
    pub fn take_slot(&mut self) -> u32 {
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
                self.enter_all(high as usize);
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
    pub fn vacate(&mut self, slot: u32) {
        let view = self.view();
        let (free, live) = (view.counter(state::FREE), view.counter(state::LIVE));
        let generation = view.record(slot).generation().wrapping_add(1);
        self.set_record(slot, Record([free, generation, 0, 0]));
        self.set_uses(slot, 0);
        self.set_counter(state::FREE, slot + 1);
        self.set_counter(state::LIVE, live.saturating_sub(1));
        self.clear_vector(slot);
        self.enter(slot);
    }

    /// Links two slots that are not linked and have room.
    pub fn tie(&mut self, a: u32, b: u32) {
        self.push_link(a, b);
        self.push_link(b, a);
    }

    /// Takes the link between two slots out.
    pub fn untie(&mut self, a: u32, b: u32) {
        self.remove_link(a, b);
        self.remove_link(b, a);
    }

    /// Appends a link; the slot has room.
    fn push_link(&mut self, slot: u32, other: u32) {
        let degree = self.config.degree();
        let at = slot as usize * degree + self.view().degree(slot);
        let end = (slot as usize + 1) * degree;
        match &mut self.links {
            LinksMut::Short(links) if at < end => {
                if let Some(place) = links.get_mut(at) {
                    *place = (other + 1) as u16;
                }
            }
            LinksMut::Long(links) if at < end => {
                if let Some(place) = links.get_mut(at) {
                    *place = other + 1;
                }
            }
            _ => {}
        }
    }

    /// Takes a link out; the others keep their order.
    fn remove_link(&mut self, slot: u32, other: u32) {
        fn remove<T: Copy + PartialEq + Default>(links: &mut [T], link: T) {
            if let Some(at) = links.iter().position(|&l| l == link) {
                links.copy_within(at + 1.., at);
                if let Some(last) = links.last_mut() {
                    *last = T::default();
                }
            }
        }
        let degree = self.config.degree();
        let range = slot as usize * degree..(slot as usize + 1) * degree;
        match &mut self.links {
            LinksMut::None => {}
            LinksMut::Short(links) => {
                remove(links.get_mut(range).unwrap_or(&mut []), (other + 1) as u16);
            }
            LinksMut::Long(links) => {
                remove(links.get_mut(range).unwrap_or(&mut []), other + 1);
            }
        }
    }

    fn clear_vector(&mut self, slot: u32) {
        let at = slot as usize;
        let padded = self.padded;
        let bytes = match self.config.element {
            Element::Bits => padded / 8,
            _ => padded,
        };
        fill(self.scales, at, 1, 0.0);
        fill(self.residuals, at, 1, 0);
        fill(self.norms, at, 1, 0.0);
        fill(self.rows, at * bytes, bytes, 0);
        fill(self.floats, at * padded, padded, 0.0);
        if !self.blocks.is_empty() {
            for four in (0..padded).step_by(4) {
                fill(self.blocks, block_offset(padded, slot, four), 4, 0);
            }
        }
    }

    /// Stores a checked vector; `largest` is its largest magnitude.
    pub fn store(&mut self, slot: u32, vector: &[f32], largest: f32) {
        self.write_vector(slot, vector, largest);
        self.enter(slot);
    }

    fn write_vector(&mut self, slot: u32, vector: &[f32], largest: f32) {
        let at = slot as usize;
        let padded = self.padded;
        if self.config.element == Element::Bits {
            let bytes = padded / 8;
            if let Some(row) = self.rows.get_mut(at * bytes..(at + 1) * bytes) {
                pack_bits(vector, row);
            }
            return;
        }
        let Self {
            config,
            rows,
            blocks,
            floats,
            ..
        } = self;
        let stored = quantise::stream(config, vector, largest, |number, values, codes| {
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
