//! The check of a bank's block before it is used: all that searches and changes rely on.

use super::afar;
use super::config::Element;
use super::entries;
use super::layout::{View, block_offset, state};
use super::links::Links;
use super::pattern::Record;
use super::shape::{self, Shape};
use super::{loss, measure, sample};
use crate::block::BlockError;
use crate::block::sections::{from_slot, is_zero};
use crate::simd::{Kernels, Task, dispatch};

/// Checks the sections against each other. O(bytes + capacity × degree²).
pub(super) fn check<S: Shape>(view: &View<'_>) -> Result<(), BlockError> {
    let view = &shape::view::<S>(view);
    let sound = view.is_padded(&view.config)
        && counters(view)
        && free_list(view)
        && slots(view)
        && (!S::GRAPH || graph(view));
    match sound {
        true => Ok(()),
        false => Err(BlockError::Corrupt),
    }
}

/// What only banks with a graph have.
fn graph(view: &View<'_>) -> bool {
    dispatch(CheckLinks(view))
        && entries::is_sound(view)
        && sample::is_sound(view)
        && measure::is_sound(view)
        && loss::is_sound(view)
        && afar::is_sound(view)
        && working_memory(view)
}

fn counters(view: &View<'_>) -> bool {
    let capacity = view.config.capacity as usize;
    view.live() <= view.high()
        && view.high() <= capacity
        && view.counter(state::AUDIT) < view.config.capacity
        && view.counter(state::TURN) < view.places().max(1) as u32
        && (view.places() > 0 || view.counter(state::UNTIL) == 0)
        && view.state.iter().skip(state::AFAR + 1).all(|&w| w == 0)
}

/// The list ends after as many steps as there are dead slots, so it names each of them once.
fn free_list(view: &View<'_>) -> bool {
    let mut next = view.counter(state::FREE);
    for _ in view.live()..view.high() {
        let Some(slot) = next.checked_sub(1) else {
            return false;
        };
        let record = view.record(slot);
        if slot as usize >= view.high() || record.is_live() {
            return false;
        }
        next = record.label();
    }
    next == 0
}

fn slots(view: &View<'_>) -> bool {
    let high = view.high() as u32;
    let live = (0..high).filter(|&slot| view.is_live(slot)).count();
    live == view.live()
        && (0..high).all(|slot| match view.is_live(slot) {
            true => is_sound(view, slot),
            false => {
                let Record([_, _, low, rest]) = view.record(slot);
                low == 0 && rest == 0 && is_clear(view, slot)
            }
        })
        && behind(view, high as usize)
}

fn is_sound(view: &View<'_>, slot: u32) -> bool {
    let config = &view.config;
    let dimensions = config.dimensions as usize;
    if config.has_codes() {
        let scale = view.scale(slot);
        let norm = view.norms.get(slot as usize).copied().unwrap_or(0.0);
        let (most_scale, most_norm) = (power(44), power(114));
        // As large as components of 2^50 make them.
        let in_range = scale > 0.0 && scale <= most_scale && norm >= 0.0 && norm <= most_norm;
        let mut codes = view.codes(slot).enumerate();
        if !in_range || codes.any(|(at, code)| code == 0 || (at >= dimensions && code != 128)) {
            return false;
        }
        if !view.rows.is_empty() && !view.blocks.is_empty() {
            let row = view.row(slot);
            let same = row.iter().enumerate().all(|(at, code)| {
                let at = block_offset(view.padded, slot, at);
                view.blocks.get(at) == Some(code)
            });
            if !same {
                return false;
            }
        }
    }
    if config.has_floats() {
        // Larger than any that could have been stored, small enough for finite products.
        let largest = power(51);
        let row = view.float_row(slot);
        if !row.iter().all(|x| x.abs() <= largest)
            || row.iter().skip(dimensions).any(|x| x.to_bits() != 0)
        {
            return false;
        }
    }
    if config.element == Element::Bits {
        let beyond = (dimensions..view.padded).any(|at| {
            view.row(slot)
                .get(at / 8)
                .is_some_and(|b| b >> (at % 8) & 1 == 1)
        });
        return !beyond;
    }
    true
}

/// Two to the power of `exponent`.
fn power(exponent: u32) -> f32 {
    f32::from_bits((127 + exponent) << 23)
}

struct CheckLinks<'v>(&'v View<'v>);

impl Task for CheckLinks<'_> {
    type Output = bool;

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn run<K: Kernels>(self, kernels: K) -> bool {
        let view = self.0;
        (0..view.high() as u32).all(
            #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
            |slot| match view.links {
                Links::None => true,
                Links::Short(all) => links_are_sound(kernels, view, all, slot),
                Links::Long(all) => links_are_sound(kernels, view, all, slot),
            },
        )
    }
}

/// Whether the links of a slot come first in its row, lead to others, once each, and are answered. A
/// dead slot has none, so that no link to it is.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn links_are_sound<K: Kernels, T: Copy + Eq + Into<u32>>(
    kernels: K,
    view: &View<'_>,
    all: &[T],
    slot: u32,
) -> bool {
    let degree = view.config.degree();
    let row = |slot: u32| {
        let rest = all.get(slot as usize * degree..).unwrap_or(&[]);
        rest.get(..degree).unwrap_or(&[])
    };
    let of_slot = row(slot);
    let count = of_slot.iter().take_while(|&&link| link.into() != 0).count();
    let (links, rest) = of_slot.split_at_checked(count).unwrap_or((of_slot, &[]));
    let high = view.high() as u32;
    // Each of the rows to come lies somewhere else.
    for &link in links {
        if link.into() <= high {
            kernels.prefetch(row(link.into() - 1));
        }
    }
    let times = |row: &[T], wanted: u32| {
        row.iter()
            .map(|&link| u32::from(link.into() == wanted))
            .sum::<u32>()
    };
    let mut sound = rest.iter().all(|&link| link.into() == 0);
    for &link in links {
        let word: u32 = link.into();
        sound &= word != slot + 1
            && word <= high
            && times(links, word) == 1
            && times(row(word - 1), slot + 1) == 1;
    }
    sound
}

/// Whether a slot's codes among the interleaved rows are zero.
fn is_clear_lane(view: &View<'_>, slot: u32) -> bool {
    view.blocks.is_empty()
        || (0..view.padded).all(|component| {
            let at = block_offset(view.padded, slot, component);
            view.blocks.get(at).is_none_or(|&code| code == 0)
        })
}

/// A dead slot holds zeros.
fn is_clear(view: &View<'_>, slot: u32) -> bool {
    is_clear_lane(view, slot)
        && view.is_clear(&view.config, slot as usize)
        && view.link_words(slot).all(|word| word == 0)
}

/// Everything behind the slots ever used is zero.
fn behind(view: &View<'_>, high: usize) -> bool {
    let mut lanes = high..high.next_multiple_of(16);
    lanes.all(|slot| is_clear_lane(view, slot as u32))
        && view.is_zero_from(&view.config, high)
        && view.links.is_zero_from(&view.config, high)
        && is_zero(from_slot(view.meta, 1, high))
        && is_zero(from_slot(view.blocks, 16 * view.padded, high.div_ceil(16)))
}

/// What insertions work in is zero between them.
fn working_memory(view: &View<'_>) -> bool {
    view.pool.iter().all(|&x| x == 0)
        && view.planes.iter().all(|&x| x == 0)
        && view.visited.iter().all(|&x| x == 0)
        && view.reached.iter().all(|&x| x == 0)
}

#[cfg(test)]
mod tests;
