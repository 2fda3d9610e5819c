//! Where walks through many patterns start: a table of the codes of a sample of them, laid out for
//! the scan.
//!
//! From a few entries a walk through a million patterns is long before it comes near, and each step
//! waits for memory. So a bank of more than 65,535 patterns with codes keeps those of up to the
//! root of their number once more, sixteen interleaved as in a bank for scans, and a walk starts
//! from the best of them. The table follows from the rows alone: a place holds the codes of the
//! slot that [`slot`] says or, while that is empty, zeros.

use super::config::{BankConfig, MAX_SHORT_LINKS, Metric};
use super::graph::{Scorer, visit};
use super::pool::{POOL_STEP, Pool, entry, score_of, slot_of};
use super::sections::Sections;
use super::view::{View, block_offset};
use crate::simd::Kernels;

/// Entries that a walk starts from.
const STARTS: usize = 4;

impl BankConfig {
    /// Whether walks start from a table.
    pub(super) const fn has_entries(&self) -> bool {
        self.has_graph() && self.has_codes() && self.capacity > MAX_SHORT_LINKS
    }

    /// Places of the table.
    pub(super) const fn entries(&self) -> usize {
        match self.has_entries() {
            true => (self.capacity.isqrt() as usize + 1).next_multiple_of(16),
            false => 0,
        }
    }
}

/// A place stands for two to the power of this many slots where `high` have been used: for more
/// than the root of their number, and at most twice as many.
#[inline(always)]
fn shift(high: usize) -> u32 {
    (high as u32).isqrt().max(1).ilog2() + 1
}

/// Places in use where `high` slots have been.
#[inline(always)]
fn places(high: usize) -> usize {
    high.div_ceil(1 << shift(high))
}

/// The slot whose codes a place holds: one of those it stands for, in no regular order, for rows
/// may come in turns.
#[inline(always)]
fn slot(place: u32, shift: u32) -> u32 {
    let mixed = place.wrapping_mul(0x9e37_79b9);
    place << shift | (mixed ^ mixed >> 16) & ((1 << shift) - 1)
}

/// The place that holds the codes of a slot.
#[inline(always)]
fn place(of: u32, high: usize) -> Option<u32> {
    let shift = shift(high);
    let place = of >> shift;
    (slot(place, shift) == of).then_some(place)
}

/// The slots that walks may start from: those of the table that are linked to other vectors.
pub(super) fn slots<'v>(view: &'v View<'_>) -> impl Iterator<Item = u32> + 'v {
    let high = view.high();
    let places = if view.config.has_entries() {
        places(high)
    } else {
        0
    };
    (0..places as u32)
        .map(move |place| slot(place, shift(high)))
        .filter(|&slot| (slot as usize) < view.high() && view.leads_on(slot))
}

/// Offers the best of the table to the pool, those visited before left out and those that lead
/// nowhere; returns how many it scored.
#[inline(always)]
pub(super) fn start<K: Kernels>(
    kernels: K,
    scorer: &Scorer<'_>,
    pool: &mut Pool<'_>,
    visited: &mut [u64],
) -> u32 {
    let view = &scorer.view;
    let euclid = view.config.metric == Metric::SquaredEuclidean;
    let high = view.high();
    let shift = shift(high);
    let mut distances = 0;
    let mut memory = [0; STARTS.next_multiple_of(POOL_STEP)];
    let mut best = Pool::new(&mut memory, STARTS);
    let blocks = view.entry_codes.chunks_exact(16 * view.padded);
    let scales = view.entry_scales.as_chunks::<16>().0;
    let norms = view.entry_norms.as_chunks::<16>().0;
    for (number, (block, scales)) in blocks
        .zip(scales)
        .take(places(high).div_ceil(16))
        .enumerate()
    {
        let dots = kernels.block_dots(block, &scorer.query.codes);
        let mut scores = [0.0; 16];
        kernels.scores(&dots, scales, scorer.factor, &mut scores);
        if euclid && let Some(norms) = norms.get(number) {
            for (score, norm) in scores.iter_mut().zip(norms) {
                *score -= norm;
            }
        }
        // Those of empty places are minus infinity.
        let kept = kernels.at_least(&scores, f32::MIN);
        distances += kept.count_ones();
        let mut good = kept & kernels.at_least(&scores, best.least());
        while good != 0 {
            let lane = good.trailing_zeros() as usize & 15;
            good &= good - 1;
            best.insert(kernels, entry(scores[lane], (16 * number + lane) as u32));
        }
    }
    for &found in best.as_slice() {
        let slot = slot(slot_of(found), shift);
        if view.leads_on(slot) && visit(visited, slot) {
            pool.insert(kernels, entry(score_of(found), slot));
        }
    }
    distances
}

/// Whether the table holds what the rows say.
pub(super) fn is_sound(view: &View<'_>) -> bool {
    let high = view.high();
    (0..view.config.entries() as u32).all(|place| {
        let of = slot(place, shift(high));
        let live = (place as usize) < places(high) && (of as usize) < high && view.is_live(of);
        let row = if live { view.row(of) } else { &[] };
        let same = |entry: Option<&f32>, kept: Option<&f32>| match (entry, kept) {
            (Some(entry), Some(kept)) if live => entry.to_bits() == kept.to_bits(),
            (Some(entry), _) => entry.to_bits() == 0,
            (None, _) => true,
        };
        let (at, of) = (place as usize, of as usize);
        same(view.entry_scales.get(at), view.scales.get(of))
            && same(view.entry_norms.get(at), view.norms.get(of))
            && (0..view.padded).all(|component| {
                let code = row.get(component).copied().unwrap_or(0);
                let at = block_offset(view.padded, place, component);
                view.entry_codes.get(at) == Some(&code)
            })
    })
}

impl Sections<'_> {
    /// Takes a slot's codes, or its zeros, over into the table if it has a place there.
    pub fn enter(&mut self, slot: u32) {
        let high = self.view().high();
        if self.config.has_entries()
            && let Some(place) = place(slot, high)
        {
            self.fill_place(place, slot);
        }
    }

    /// Fills the table anew where places stand for more slots than before.
    pub fn enter_all(&mut self, before: usize) {
        let high = self.view().high();
        if !self.config.has_entries() || shift(before) == shift(high) {
            return;
        }
        self.entry_codes.fill(0);
        self.entry_scales.fill(0.0);
        self.entry_norms.fill(0.0);
        for place in 0..places(high) as u32 {
            self.fill_place(place, slot(place, shift(high)));
        }
    }

    fn fill_place(&mut self, place: u32, slot: u32) {
        let (at, of) = (place as usize, slot as usize);
        let padded = self.padded;
        if let (Some(entry), Some(&scale)) = (self.entry_scales.get_mut(at), self.scales.get(of)) {
            *entry = scale;
        }
        if let (Some(entry), Some(&norm)) = (self.entry_norms.get_mut(at), self.norms.get(of)) {
            *entry = norm;
        }
        let row = self.rows.get(of * padded..(of + 1) * padded);
        for (four, codes) in row.unwrap_or(&[]).as_chunks::<4>().0.iter().enumerate() {
            let start = block_offset(padded, place, 4 * four);
            if let Some(place) = self.entry_codes.get_mut(start..start + 4) {
                place.copy_from_slice(codes);
            }
        }
    }
}

#[cfg(test)]
mod tests;
