//! Where walks start: a table of [sketches](super::sketch) of a sample of the patterns.
//!
//! From a few entries spread over the bank a walk misses a cluster that none of them lies in and no
//! link leads to, and is long where there are many patterns. A table of the root of their number and
//! up to twice as many is small, is compared at about a nanosecond a place, and its best are near the
//! query. Where sketches tell nothing, for vectors that differ in length only or in one component,
//! walks start from all over the table too.
//!
//! The table follows from the rows alone: a place holds the sketch of the slot that [`slot`] names
//! or, while that is empty, none.

use super::config::BankConfig;
use super::graph::{is_visited, visit};
use super::pool::{Pool, slot_of};
use super::sections::Sections;
use super::sketch::{self, BITS, Sketch, difference};
use super::view::View;
use crate::simd::Kernels;

/// Entries that a walk starts from.
const STARTS: usize = 8;
/// Where sketches do not tell patterns apart, a walk starts from one in so many places too.
const SPREAD: usize = 6;
/// And from this many at most.
const MOST_SPREAD: usize = 128;

impl BankConfig {
    /// Places of the table.
    pub(super) const fn entries(&self) -> usize {
        match self.has_graph() {
            true => 2 * self.capacity.isqrt() as usize + 2,
            false => 0,
        }
    }
}

/// A place stands for two to the power of this many slots where `high` have been used: for as many as
/// the root of their number, or down to half of that.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn shift(high: usize) -> u32 {
    (high as u32).isqrt().max(1).ilog2()
}

/// Places in use where `high` slots have been.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn places(high: usize) -> usize {
    high.div_ceil(1 << shift(high))
}

/// The slot whose sketch a place holds: one of those it stands for, in no regular order, for rows
/// may come in turns.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn slot(place: u32, shift: u32) -> u32 {
    let mixed = place.wrapping_mul(0x9e37_79b9);
    place << shift | (mixed ^ mixed >> 16) & ((1 << shift) - 1)
}

/// The place that holds the sketch of a slot.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn place(of: u32, high: usize) -> Option<u32> {
    let shift = shift(high);
    let place = of >> shift;
    (slot(place, shift) == of).then_some(place)
}

/// The slots that the places stand for, as far as they have been used.
fn sampled(view: &View<'_>) -> impl Iterator<Item = u32> + use<> {
    let high = view.high();
    let shift = shift(high);
    (0..places(high) as u32)
        .map(move |place| slot(place, shift))
        .filter(move |&slot| (slot as usize) < high)
}

/// Those of them that are linked to other vectors.
fn leading<'v>(view: &'v View<'_>) -> impl Iterator<Item = u32> + 'v {
    sampled(view).filter(|&slot| view.leads_on(slot))
}

/// The first slot that leads on, else the first live one, of those that are not `hidden`.
#[cold]
fn any_slot(view: &View<'_>, hidden: impl Fn(u32) -> bool) -> Option<u32> {
    let shown = (0..view.high() as u32).filter(|&slot| view.is_live(slot) && !hidden(slot));
    let mut leading = shown.clone().filter(|&slot| view.leads_on(slot));
    leading.next().or_else(|| shown.clone().next())
}

/// The first of the slots that walks may start from; none where there is no pattern.
pub(super) fn first(view: &View<'_>) -> Option<u32> {
    leading(view).next().or_else(|| any_slot(view, |_| false))
}

/// Gives `then` the slots that a walk towards `query` starts from, which become visited: of those not
/// visited that lead on the few with the nearest sketches, else others of the table, else any.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn start<K: Kernels>(
    kernels: K,
    view: &View<'_>,
    query: &Sketch,
    visited: &mut [u64],
    mut then: impl FnMut(u32),
) {
    let (places, shift) = (places(view.high()), shift(view.high()));
    let mut memory = [0; STARTS];
    let mut best = Pool::new(&mut memory, STARTS);
    let mut sum = 0;
    for (place, sketch) in view.entries.iter().take(places).enumerate() {
        // Without a sketch the last bit is missing.
        let empty = !sketch[1] & 1 << 63;
        let differ = u64::from(difference(sketch, query));
        sum += differ;
        best.insert(kernels, empty | differ << 32 | (place as u64) << 1);
    }
    let nearest = best.as_slice().first().map_or(0, |&found| found >> 32);
    let mut started = !tells_apart(view.config.dimensions, places, sum, nearest)
        && start_spread(view, visited, SPREAD, &mut then);
    for &found in best.as_slice() {
        let slot = slot(slot_of(found), shift);
        if view.leads_on(slot) && visit(visited, slot) {
            then(slot);
            started = true;
        }
    }
    if !started
        && !start_spread(view, visited, 1, &mut then)
        && let Some(slot) = any_slot(view, |slot| is_visited(visited, slot))
    {
        visit(visited, slot);
        then(slot);
    }
}

/// Whether the nearest of the sketches is nearer than chance would have it: the root of six standard
/// deviations below their mean, if each bit were drawn on its own, of as many as there are pairs. The
/// nearest of a hundred and fifty is, by chance, half the time.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn tells_apart(dimensions: u32, places: usize, sum: u64, nearest: u64) -> bool {
    let (dimensions, places) = (u64::from(dimensions), places as u64);
    let pairs = (dimensions * (dimensions - 1) / 2).clamp(1, BITS);
    let below = sum.saturating_sub(nearest * places);
    below * below * pairs > 6 * sum * (BITS * places).saturating_sub(sum)
}

/// Starts from one of so many places, none where all of these hang on others or are empty.
#[cold]
fn start_spread(
    view: &View<'_>,
    visited: &mut [u64],
    one_of: usize,
    then: &mut impl FnMut(u32),
) -> bool {
    let step = (places(view.high()) / MOST_SPREAD).max(one_of);
    let mut started = false;
    for slot in sampled(view).step_by(step) {
        if view.leads_on(slot) && visit(visited, slot) {
            then(slot);
            started = true;
        }
    }
    started
}

/// Whether the table holds what the rows say.
pub(super) fn is_sound(view: &View<'_>) -> bool {
    let high = view.high();
    let (places, shift) = (places(high), shift(high));
    view.entries.iter().enumerate().all(|(place, kept)| {
        let of = slot(place as u32, shift);
        match place < places && (of as usize) < high && view.is_live(of) {
            true => *kept == view.sketch(of),
            false => *kept == sketch::NONE,
        }
    })
}

impl Sections<'_> {
    /// Takes a slot's sketch, or that it is empty, over into the table if it has a place there.
    pub fn enter(&mut self, slot: u32) {
        if self.config.has_graph()
            && let Some(place) = place(slot, self.view().high())
        {
            self.fill_place(place, slot);
        }
    }

    /// Fills the table anew where places stand for more slots than before.
    pub fn enter_all(&mut self, before: usize) {
        let high = self.view().high();
        let shift = shift(high);
        if !self.config.has_graph() || self::shift(before) == shift {
            return;
        }
        self.entries.fill(sketch::NONE);
        for place in 0..places(high) as u32 {
            self.fill_place(place, slot(place, shift));
        }
    }

    fn fill_place(&mut self, place: u32, slot: u32) {
        let view = self.view();
        let sketch = match view.is_live(slot) {
            true => view.sketch(slot),
            false => sketch::NONE,
        };
        if let Some(entry) = self.entries.get_mut(place as usize) {
            *entry = sketch;
        }
    }
}

#[cfg(test)]
mod tests;
