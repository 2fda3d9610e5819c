//! The walk through the graph: from a few [entries](super::entries) towards the query, keeping the
//! best candidates in one sorted pool and expanding the best that has not been expanded.
//!
//! The graph is a navigable small world of one layer (Malkov and others, 2014 and 2018): from
//! entries near the query, layers have nothing to add. After an expansion the neighbours not seen
//! before are collected first, then scored four at a time.

use super::config::{Element, MAX_SHORT_LINKS, Metric};
use super::entries;
use super::pool::{EXPANDED, Pool, entry, score_of, slot_of};
use super::quantise::Query;
use super::sketch::Sketch;
use super::view::View;
use crate::simd::{Kernels, each};

/// Banks up to this size stay in the caches, so that hints only cost.
const PREFETCH_FROM: usize = 4_096;
/// Bytes of a row that are hinted; by then the machine sees where the reading goes.
const HINTED: usize = 192;
/// Most links of a slot.
pub(super) const MOST_LINKS: usize = 64;

/// Candidates expanded at once in a bank beyond the caches: their rows are on their way from memory
/// together.
const BEAM: usize = 2;
/// Most candidates expanded at once where nearly every row comes from far.
const FAR_BEAM: usize = 8;
/// Most slots waiting to be scored.
const BATCH: usize = 4 * MOST_LINKS;
/// Most slots scored before their scores are looked at.
const SCORED: usize = BEAM * MOST_LINKS;

/// Scores rows against a query, larger is better.
#[derive(Clone, Copy)]
pub(super) struct Scorer<'s> {
    pub view: View<'s>,
    pub query: Query<'s>,
    pub factor: f32,
    euclid: bool,
    codes: bool,
}

impl<'s> Scorer<'s> {
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn new(view: View<'s>, query: Query<'s>) -> Self {
        let euclid = view.config.metric == Metric::SquaredEuclidean;
        Self {
            view,
            query,
            factor: if euclid { 2.0 * query.step } else { 1.0 },
            euclid,
            codes: view.config.has_codes(),
        }
    }

    /// Scores of four slots, in the units that [`scan`](super::scan) uses for codes.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn four<K: Kernels>(&self, kernels: K, slots: [u32; 4]) -> [f32; 4] {
        if self.codes {
            let rows = each(
                slots,
                #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                |slot| self.view.row(slot),
            );
            let dots = kernels.row_dots(rows, &self.query.codes);
            let mut scores = [0.0; 4];
            for ((score, dot), slot) in scores.iter_mut().zip(dots).zip(slots) {
                *score = dot as f32 * (self.view.scale(slot) * self.factor);
                if self.euclid {
                    *score -= self.view.norms.get(slot as usize).copied().unwrap_or(0.0);
                }
            }
            return scores;
        }
        if self.view.config.element == Element::Bits {
            let query: &[u8] = bytemuck::cast_slice(self.query.codes.low);
            let mut scores = [0.0; 4];
            for (score, slot) in scores.iter_mut().zip(slots) {
                *score = -(kernels.hamming(query, self.view.row(slot)) as f32);
            }
            return scores;
        }
        let rows = each(
            slots,
            #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
            |slot| self.view.float_row(slot),
        );
        self.view
            .config
            .metric
            .floats(kernels, self.query.floats, rows)
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn prefetch<K: Kernels>(&self, kernels: K, slot: u32) {
        match self.view.config.element {
            Element::F32 => kernels.prefetch(self.view.float_row(slot)),
            _ => {
                let row = self.view.row(slot);
                kernels.prefetch(row.get(..HINTED).unwrap_or(row));
            }
        }
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn prefetch_scale<K: Kernels>(&self, kernels: K, slot: u32) {
        let at = slot as usize;
        kernels.prefetch(self.view.scales.get(at..at + 1).unwrap_or(&[]));
    }
}

/// Fills `pool` with the best candidates that the walk meets; returns how many rows it scored.
/// `sketch` is that of what the scorer compares with. `visited` has a bit for each slot; those set before
/// are not visited. Rows with the same vector hang on one of them by links of their own; with `skip` the walk
/// does not follow these.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn walk<K: Kernels>(
    kernels: K,
    scorer: &Scorer<'_>,
    sketch: &Sketch,
    pool: &mut Pool<'_>,
    visited: &mut [u64],
    skip: bool,
) -> u32 {
    let view = &scorer.view;
    let high = view.high();
    let hints = high >= PREFETCH_FROM;
    let far = high > MAX_SHORT_LINKS as usize;
    let most = FAR_BEAM.min(BATCH / view.config.degree().max(1));
    let mut batch = Batch::new();
    entries::start(
        kernels,
        view,
        sketch,
        visited,
        #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
        |slot| {
            batch.push(slot);
            if hints {
                scorer.prefetch(kernels, slot);
            }
        },
    );
    let mut distances = batch.len as u32;
    batch.score(kernels, scorer, pool);
    let mut next = 0;
    loop {
        // The more of the best have been expanded, the less likely it is that what the next ones
        // find makes those behind them useless.
        let beam = match (hints, far) {
            (false, _) => 1,
            (true, false) => BEAM,
            (true, true) => (BEAM + next / 2).min(most),
        };
        let mut expanded = 0;
        while expanded < beam
            && let Some(&candidate) = pool.as_slice().get(next)
        {
            if candidate & EXPANDED == 0 {
                pool.expand(next);
                // Rows that hang on a copy have the copy's score. If that is no better than the last of a full
                // pool, none of them would be taken.
                let full = pool.is_full() && score_of(candidate) <= pool.least();
                if !((skip || full) && view.is_copy(slot_of(candidate))) {
                    view.for_links(
                        slot_of(candidate),
                        #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                        |slot| batch.push_fresh(visited, slot),
                    );
                }
                expanded += 1;
            }
            next += 1;
        }
        if expanded == 0 {
            return distances;
        }
        if hints {
            for &slot in batch.slots.iter().take(batch.len) {
                scorer.prefetch(kernels, slot);
                if far {
                    scorer.prefetch_scale(kernels, slot);
                }
            }
        }
        if far {
            for &candidate in pool.as_slice().iter().skip(next).take(most) {
                view.prefetch_links(kernels, slot_of(candidate));
            }
        }
        distances += batch.len as u32;
        next = batch.score(kernels, scorer, pool).min(next);
        if hints {
            let ahead = if far { most } else { BEAM };
            for &candidate in pool.as_slice().iter().skip(next).take(ahead) {
                view.prefetch_links(kernels, slot_of(candidate));
            }
        }
    }
}

/// Whether a slot is marked as visited.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn is_visited(visited: &[u64], slot: u32) -> bool {
    let word = visited.get(slot as usize / 64).copied().unwrap_or(0);
    word >> (slot % 64) & 1 == 1
}

/// Marks a slot as visited; false if it was.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn visit(visited: &mut [u64], slot: u32) -> bool {
    let Some(word) = visited.get_mut(slot as usize / 64) else {
        return false;
    };
    let fresh = *word >> (slot % 64) & 1 == 0;
    *word |= 1 << (slot % 64);
    fresh
}

/// Slots waiting to be scored.
pub(super) struct Batch {
    slots: [u32; BATCH],
    len: usize,
}

impl Batch {
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn new() -> Self {
        Self {
            slots: [0; BATCH],
            len: 0,
        }
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn push(&mut self, slot: u32) {
        if let Some(place) = self.slots.get_mut(self.len) {
            *place = slot;
            self.len += 1;
        }
    }

    /// Keeps a slot if it was not visited, without a branch that could not be foreseen.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn push_fresh(&mut self, visited: &mut [u64], slot: u32) {
        if let Some(place) = self.slots.get_mut(self.len) {
            *place = slot;
            self.len += usize::from(visit(visited, slot));
        }
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn waiting(&self) -> &[u32] {
        self.slots.get(..self.len).unwrap_or(&[])
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Scores all, offers them to the pool and empties the batch; returns the first place in the
    /// pool that changed.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn score<K: Kernels>(&mut self, kernels: K, scorer: &Scorer<'_>, pool: &mut Pool<'_>) -> usize {
        let first = self.slots[0];
        let padded = self.len.next_multiple_of(4).min(BATCH);
        for slot in self.slots.iter_mut().take(padded).skip(self.len) {
            *slot = first;
        }
        let mut best = usize::MAX;
        let mut left = self.len;
        let parts = self.slots.as_chunks::<SCORED>().0;
        for part in parts.iter().take(self.len.div_ceil(SCORED)) {
            // All scores come before the first of them is looked at, for a branch guessed wrong
            // there would stop the loading of rows.
            let mut scores = [0.0; SCORED];
            let fours = part.as_chunks::<4>().0;
            let outs = scores.as_chunks_mut::<4>().0;
            for (out, four) in outs.iter_mut().zip(fours).take(left.div_ceil(4)) {
                *out = scorer.four(kernels, *four);
            }
            let sixteens = scores.as_chunks::<16>().0.iter();
            let slots = part.as_chunks::<16>().0.iter();
            for (scores, slots) in sixteens.zip(slots).take(left.div_ceil(16)) {
                let count = left.min(16);
                left -= count;
                let mut good = kernels.at_least(scores, pool.least()) & ((1 << count) - 1);
                while good != 0 {
                    let lane = good.trailing_zeros() as usize & 15;
                    good &= good - 1;
                    if let Some(at) = pool.insert(kernels, entry(scores[lane], slots[lane])) {
                        best = best.min(at);
                    }
                }
            }
        }
        self.len = 0;
        best
    }
}
