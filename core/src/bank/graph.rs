//! The walk through the graph: from a few entries towards the query, keeping the best candidates in
//! one sorted pool and expanding the best that has not been expanded.
//!
//! The graph is a navigable small world of one layer (Malkov and others, 2014 and 2018): with
//! entries spread over the bank, layers gave the same recall at the same effort; where there are
//! many patterns the [entries](super::entries) are more and lie together. After an expansion the
//! neighbours not seen before are collected first, then scored four at a time.

use super::config::{Element, MAX_SHORT_LINKS, Metric};
use super::entries;
use super::pool::{EXPANDED, Pool, entry, score_of, slot_of};
use super::quantise::Query;
use super::view::View;
use crate::simd::{Kernels, each, negated};

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
    #[inline(always)]
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
    #[inline(always)]
    fn four<K: Kernels>(&self, kernels: K, slots: [u32; 4]) -> [f32; 4] {
        if self.codes {
            let rows = each(
                slots,
                #[inline(always)]
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
            #[inline(always)]
            |slot| self.view.float_row(slot),
        );
        match self.euclid {
            true => negated(kernels.float_squares(self.query.floats, rows)),
            false => kernels.float_dots(self.query.floats, rows),
        }
    }

    #[inline(always)]
    fn prefetch<K: Kernels>(&self, kernels: K, slot: u32) {
        match self.view.config.element {
            Element::F32 => kernels.prefetch(self.view.float_row(slot)),
            _ => {
                let row = self.view.row(slot);
                kernels.prefetch(row.get(..HINTED).unwrap_or(row));
            }
        }
    }

    #[inline(always)]
    fn prefetch_scale<K: Kernels>(&self, kernels: K, slot: u32) {
        let at = slot as usize;
        kernels.prefetch(self.view.scales.get(at..at + 1).unwrap_or(&[]));
    }
}

/// How many entries a walk starts from.
#[inline(always)]
fn entry_count(high: usize) -> u32 {
    ((high as u32).isqrt() / 4).clamp(1, MOST_LINKS as u32 * 4)
}

/// Slots that are tried for an entry that is not a copy.
const ENTRY_TRIES: usize = 64;

/// The `i`-th slot that a walk starts from: the first of a few from the `i`-th place that is linked to
/// other vectors.
#[inline(always)]
fn entry_slot(view: &View<'_>, i: u32) -> Option<u32> {
    let high = view.high() as u32;
    let first = spread(view, i);
    let mut tries = (first..high).chain(0..first).take(ENTRY_TRIES);
    tries.find(|&slot| view.leads_on(slot))
}

/// The `i`-th of some places spread evenly over the slots by the golden ratio.
#[inline(always)]
fn spread(view: &View<'_>, i: u32) -> u32 {
    let place = (i + 1).wrapping_mul(0x9e37_79b9);
    ((u64::from(place) * u64::from(view.high() as u32)) >> 32) as u32
}

/// Where a walk starts when the places tried had nothing: the first slot that leads on, else the first
/// that is not hidden.
#[cold]
fn any_entry(view: &View<'_>, hidden: impl Fn(u32) -> bool) -> Option<u32> {
    let mut slots = 0..view.high() as u32;
    let leading = slots.clone().find(|&slot| view.leads_on(slot));
    leading.or_else(|| slots.find(|&slot| view.is_live(slot) && !hidden(slot)))
}

/// The `i`-th slot of a sample: the next live one from the `i`-th place.
#[inline(always)]
pub(super) fn sample(view: &View<'_>, i: u32) -> Option<u32> {
    let high = view.high() as u32;
    let first = spread(view, i);
    (first..high)
        .chain(0..first)
        .find(|&slot| view.is_live(slot))
}

/// The slots that walks start from.
pub(super) fn entries<'v>(view: &'v View<'_>) -> impl Iterator<Item = u32> + 'v {
    let table = entries::slots(view).next().is_some();
    let count = if table { 0 } else { entry_count(view.high()) };
    let mut entries = entries::slots(view).chain((0..count).filter_map(|i| entry_slot(view, i)));
    let first = entries.next().or_else(|| any_entry(view, |_| false));
    first.into_iter().chain(entries)
}

/// Fills `pool` with the best candidates that the walk meets; returns how many rows it scored.
/// `visited` has a bit for each slot; those set before are not visited. What hangs on a copy is
/// passed by if `skip`.
#[inline(always)]
pub(super) fn walk<K: Kernels>(
    kernels: K,
    scorer: &Scorer<'_>,
    pool: &mut Pool<'_>,
    visited: &mut [u64],
    skip: bool,
) -> u32 {
    let view = &scorer.view;
    let high = view.high();
    let hints = high >= PREFETCH_FROM;
    let far = high > MAX_SHORT_LINKS as usize;
    let most = FAR_BEAM.min(BATCH / view.config.degree());
    let mut batch = Batch::new();
    let mut distances = match view.config.has_entries() {
        true => entries::start(kernels, scorer, pool, visited),
        false => 0,
    };
    let entries = if pool.len() == 0 {
        entry_count(high)
    } else {
        0
    };
    for i in 0..entries {
        if let Some(slot) = entry_slot(view, i)
            && visit(visited, slot)
        {
            batch.push(slot);
            if hints {
                scorer.prefetch(kernels, slot);
            }
        }
        if batch.len == BATCH || i + 1 == entries {
            distances += batch.len as u32;
            batch.score(kernels, scorer, pool);
        }
    }
    if pool.len() == 0
        && let Some(slot) = any_entry(view, |slot| is_visited(visited, slot))
        && visit(visited, slot)
    {
        batch.push(slot);
        distances += 1;
        batch.score(kernels, scorer, pool);
    }
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
                // What hangs on a copy has its score, which a full pool has no use for.
                let full = pool.is_full() && score_of(candidate) <= pool.least();
                if !((skip || full) && view.is_copy(slot_of(candidate))) {
                    view.for_links(
                        slot_of(candidate),
                        #[inline(always)]
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

#[inline(always)]
pub(super) fn is_visited(visited: &[u64], slot: u32) -> bool {
    let word = visited.get(slot as usize / 64).copied().unwrap_or(0);
    word >> (slot % 64) & 1 == 1
}

/// Marks a slot as visited; false if it was.
#[inline(always)]
pub(super) fn visit(visited: &mut [u64], slot: u32) -> bool {
    let Some(word) = visited.get_mut(slot as usize / 64) else {
        return false;
    };
    let fresh = *word >> (slot % 64) & 1 == 0;
    *word |= 1 << (slot % 64);
    fresh
}

/// Slots waiting to be scored.
struct Batch {
    slots: [u32; BATCH],
    len: usize,
}

impl Batch {
    #[inline(always)]
    fn new() -> Self {
        Self {
            slots: [0; BATCH],
            len: 0,
        }
    }

    #[inline(always)]
    fn push(&mut self, slot: u32) {
        if let Some(place) = self.slots.get_mut(self.len) {
            *place = slot;
            self.len += 1;
        }
    }

    /// Keeps a slot if it was not visited, without a branch that could not be foreseen.
    #[inline(always)]
    fn push_fresh(&mut self, visited: &mut [u64], slot: u32) {
        if let Some(place) = self.slots.get_mut(self.len) {
            *place = slot;
            self.len += usize::from(visit(visited, slot));
        }
    }

    /// Scores all, offers them to the pool and empties the batch; returns the first place in the
    /// pool that changed.
    #[inline(always)]
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
