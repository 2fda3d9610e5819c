//! The links of the graph: which slots each slot is tied to.
//!
//! A slot has room for twice `links` of them: the other slot plus one each, those there are in
//! front, zeros behind. Two bytes are enough for 65,535 slots; larger banks take four. Searches
//! read links more than anything else, so the width is chosen once, when the block is carved.

use super::config::BankConfig;
use super::layout::{Sections, View};
use crate::block::sections::{from_slot, is_zero};
use crate::block::{BlockError, Carver, CarverMut, section};
use crate::simd::Kernels;
use crate::slices;

/// The links of all slots, for reading.
#[derive(Clone, Copy, Debug)]
pub(super) enum Links<'v> {
    None,
    Short(&'v [u16]),
    Long(&'v [u32]),
}

/// The links of all slots, for writing.
#[derive(Debug)]
pub(super) enum LinksMut<'a> {
    None,
    Short(&'a mut [u16]),
    Long(&'a mut [u32]),
}

/// Links of all slots together.
const fn count(config: &BankConfig) -> usize {
    if config.has_graph() {
        config.slots().saturating_mul(config.degree())
    } else {
        0
    }
}

impl<'a> LinksMut<'a> {
    /// Where the section ends that begins at byte `at` of a block.
    pub const fn end(at: usize, config: &BankConfig) -> usize {
        let size = if config.has_short_links() { 2 } else { 4 };
        section(at, count(config), size)
    }

    pub fn carve(config: &BankConfig, carver: &mut CarverMut<'a>) -> Result<Self, BlockError> {
        Ok(match (config.has_graph(), config.has_short_links()) {
            (false, _) => Self::None,
            (true, true) => Self::Short(carver.take(count(config))?),
            (true, false) => Self::Long(carver.take(count(config))?),
        })
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn view(&self) -> Links<'_> {
        match self {
            Self::None => Links::None,
            Self::Short(links) => Links::Short(links),
            Self::Long(links) => Links::Long(links),
        }
    }

    pub fn section(&self, at: &mut usize) -> Option<(&'static str, &[u8])> {
        self.view().section(at)
    }

    #[allow(dead_code, reason = "a bank is checked through its form for reading")]
    pub fn is_padded(&self, config: &BankConfig) -> bool {
        self.view().is_padded(config)
    }
}

impl<'a> Links<'a> {
    pub fn carve(config: &BankConfig, carver: &mut Carver<'a>) -> Result<Self, BlockError> {
        Ok(match (config.has_graph(), config.has_short_links()) {
            (false, _) => Self::None,
            (true, true) => Self::Short(carver.take(count(config))?),
            (true, false) => Self::Long(carver.take(count(config))?),
        })
    }

    pub fn section(&self, at: &mut usize) -> Option<(&'static str, &'a [u8])> {
        if *at == 0 {
            return Some(("links", self.bytes()));
        }
        *at -= 1;
        None
    }

    fn bytes(self) -> &'a [u8] {
        match self {
            Self::None => &[],
            Self::Short(links) => bytemuck::cast_slice(links),
            Self::Long(links) => bytemuck::cast_slice(links),
        }
    }

    pub fn is_padded(&self, config: &BankConfig) -> bool {
        self.is_zero_from(config, config.slots())
    }

    /// Whether the slots from `slot` on have no links, and zeros are in the padding behind them.
    pub fn is_zero_from(&self, config: &BankConfig, slot: usize) -> bool {
        match self {
            Self::None => true,
            Self::Short(links) => is_zero(from_slot(links, config.degree(), slot)),
            Self::Long(links) => is_zero(from_slot(links, config.degree(), slot)),
        }
    }
}

impl View<'_> {
    /// The words of a slot's links as they are stored.
    pub fn link_words(&self, slot: u32) -> impl Iterator<Item = u32> + '_ {
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
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
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
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn is_linked(&self, slot: u32, other: u32) -> bool {
        let mut linked = false;
        self.for_links(
            slot,
            #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
            |link| linked |= link == other,
        );
        linked
    }

    /// Whether a slot has more than `count` links.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
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
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
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
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
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

impl Sections<'_> {
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
                if let Some(behind) = links.get_mut(at..) {
                    slices::down(behind, 1);
                }
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
}
