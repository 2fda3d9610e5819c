//! The exact search: every row is compared.
//!
//! Rows are compared in blocks of sixteen, four blocks at a time. Which rows are worth a look is decided after
//! a whole chunk of blocks, so that the comparison itself has no branches. The score that a row must
//! reach is a lower bound on the `k`-th best: the rows of a chunk are dealt to 64 lanes, each lane keeps its
//! best score, and the `k`-th largest of these 64 is reached by at least `k` rows. Where floats are kept beside
//! the codes, a score comes with a bound on how far it may be off, and each row that could still be among
//! the best is scored again by its floats:
//!
//! With `q = s c + e` for the query and `x = t d + f` for the row (steps `s`, `t`, codes `c`, `d`,
//! and what they leave out, `e`, `f`), the inner product is `s t (c . d) + q . f + e . t d`. By
//! Cauchy and Schwarz the two last terms are at most `|q| |f| + |e| t |d|`. `|f|` is stored with the
//! row, in steps of `t`, rounded up; `|e|` is at most half a step `s` in each component, `|d|` at
//! most `127 sqrt(n)`. The rounding of the fixed-order
//! f32 sum adds at most `(n / 16 + 5) 2^-24 |q| |x|` (Higham, Accuracy and Stability of Numerical
//! Algorithms, section 3.1), and the few operations on scores less than as much again.

use super::config::{Element, Metric};
use super::pool::{Pool, entry, score_of, slot_of};
use super::quantise::{Query, residual_unit};
use super::scratch::{CANDIDATES, Work};
use super::view::View;
use crate::simd::{Kernels, Margin, each, negated};
use crate::slices;

/// Elements from which on a row of floats is hinted before it is needed.
const HINT_FROM: usize = 256;

/// How far the inner product of two vectors of unit length, as they are rounded, may be from what
/// their distance makes of it.
const UNIT: f32 = 2e-6;

impl Metric {
    /// Scores of four rows of floats, the larger the more similar: inner products, else minus squared
    /// distances. Those of unit vectors say what their cosines do and keep the digits that a cosine near
    /// one loses.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(super) fn floats<K: Kernels>(self, kernels: K, a: &[f32], rows: [&[f32]; 4]) -> [f32; 4] {
        match self {
            Self::InnerProduct => kernels.float_dots(a, rows),
            Self::Cosine | Self::SquaredEuclidean => negated(kernels.float_squares(a, rows)),
        }
    }
}

/// A predicate on slots.
pub(super) type Filter<'f> = Option<&'f dyn Fn(u32) -> bool>;

/// Fills the pool with the `k` best rows by their similarity; returns how many rows were compared.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn scan<K: Kernels>(
    kernels: K,
    view: &View<'_>,
    query: &Query<'_>,
    k: usize,
    filter: Filter<'_>,
    work: &mut Work<'_>,
) -> (usize, u32) {
    let Work {
        pool,
        scores,
        candidates,
        ..
    } = work;
    let mut pool = Pool::new(pool, k);
    let mut scan = Scan {
        kernels,
        view,
        query,
        filter,
        distances: 0,
    };
    match (view.config.element, view.config.metric) {
        (Element::I8F32, Metric::Cosine | Metric::InnerProduct) => {
            scan.bounded(&mut pool, scores, candidates);
        }
        (Element::I8, _) => scan.codes(&mut pool, scores),
        (Element::F32 | Element::I8F32, _) => scan.floats(&mut pool),
        (Element::Bits, _) => scan.bits(&mut pool),
    }
    (pool.len(), scan.distances)
}

struct Scan<'s, K> {
    kernels: K,
    view: &'s View<'s>,
    query: &'s Query<'s>,
    filter: Filter<'s>,
    distances: u32,
}

impl<K: Kernels> Scan<'_, K> {
    /// Whether the filter takes a slot, which is live where there is none.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn takes(&self, slot: u32) -> bool {
        match self.filter {
            Some(filter) => self.view.is_live(slot) && filter(slot),
            None => true,
        }
    }

    /// Inner products of the codes of the four blocks from `first`; any beyond the last block repeat
    /// it.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn dots(&self, first: usize) -> [[i32; 16]; 4] {
        let codes = &self.query.codes;
        let high = self.view.high().saturating_sub(1);
        if !self.view.blocks.is_empty() {
            let blocks = each(
                [0, 1, 2, 3],
                #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                |at| self.view.block((first + at).min(high / 16)),
            );
            return self.kernels.four_block_dots(blocks, codes);
        }
        let mut dots = [[0; 16]; 4];
        for (block, dots) in dots.iter_mut().enumerate() {
            for (four, dots) in dots.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let row = (first + block) * 16 + four * 4;
                let rows = each(
                    [0, 1, 2, 3],
                    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                    |i| self.view.row((row + i).min(high) as u32),
                );
                *dots = self.kernels.row_dots(rows, codes);
            }
        }
        dots
    }

    /// By the codes alone, which is exact over what is stored.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn codes(&mut self, pool: &mut Pool<'_>, scores: &mut [f32]) {
        let euclid = self.view.config.metric == Metric::SquaredEuclidean;
        let factor = if euclid { 2.0 * self.query.step } else { 1.0 };
        let high = self.view.high();
        let blocks = high.div_ceil(16);
        let (chunk, _) = scores.as_chunks_mut::<64>();
        let mut first = 0;
        while first < blocks {
            let mut seeds = [[f32::NEG_INFINITY; 16]; 4];
            let fours = (blocks - first).div_ceil(4).min(chunk.len().max(1));
            for (number, out) in chunk.iter_mut().take(fours).enumerate() {
                let dots = self.dots(first + 4 * number);
                let outs = out.as_chunks_mut::<16>().0.iter_mut().zip(&mut seeds);
                for (at, ((out, seed), dots)) in outs.zip(dots).enumerate() {
                    let block = first + 4 * number + at;
                    let scales = sixteen(self.view.scales, block);
                    self.kernels.scores(&dots, &scales, factor, out);
                    if euclid {
                        for (out, norm) in out.iter_mut().zip(sixteen(self.view.norms, block)) {
                            *out -= norm;
                        }
                    }
                    for (seed, score) in seed.iter_mut().zip(out) {
                        *seed = if *score > *seed { *score } else { *seed };
                    }
                }
            }
            let mut bound = pool.least();
            if self.filter.is_none() {
                let seed = nth_largest(self.kernels, &seeds, pool.capacity());
                bound = if seed > bound { seed } else { bound };
            }
            for (number, scores) in chunk.iter().take(fours).enumerate() {
                let mut good = self.at_least(scores, bound);
                while good != 0 {
                    let lane = good.trailing_zeros();
                    good &= good - 1;
                    let slot = ((first + 4 * number) * 16) as u32 + lane;
                    let score = scores[lane as usize & 63];
                    if score > f32::NEG_INFINITY && self.takes(slot) {
                        pool.insert(self.kernels, entry(score, slot));
                    }
                }
                let least = pool.least();
                bound = if least > bound { least } else { bound };
            }
            first += 4 * fours;
        }
        self.distances += high as u32;
    }

    /// By the codes with their bounds, then by the floats.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn bounded(&mut self, pool: &mut Pool<'_>, scores: &mut [f32], candidates: &mut [u64]) {
        let margin = Margin::new(self.view.padded, self.query);
        let high = self.view.high();
        let blocks = high.div_ceil(16);
        let (chunk, _) = scores.as_chunks_mut::<64>();
        // Best known lower bound of the k-th best score, in units of the query's step.
        let mut bound = f32::NEG_INFINITY;
        let mut waiting = 0;
        let mut first = 0;
        while first < blocks {
            let mut seeds = [[f32::NEG_INFINITY; 16]; 4];
            let fours = (blocks - first).div_ceil(4).min(chunk.len().max(1));
            for (number, out) in chunk.iter_mut().take(fours).enumerate() {
                let dots = self.dots(first + 4 * number);
                let outs = out.as_chunks_mut::<16>().0.iter_mut().zip(&mut seeds);
                for (at, ((out, seed), dots)) in outs.zip(dots).enumerate() {
                    let block = first + 4 * number + at;
                    let scales = sixteen(self.view.scales, block);
                    let residuals = sixteen(self.view.residuals, block);
                    self.kernels
                        .bounds(&dots, &scales, &residuals, margin, out, seed);
                }
            }
            if self.filter.is_none() {
                let seed = nth_largest(self.kernels, &seeds, pool.capacity());
                bound = if seed > bound { seed } else { bound };
            }
            for (number, scores) in chunk.iter().take(fours).enumerate() {
                let mut good = self.at_least(scores, bound);
                while good != 0 {
                    let lane = good.trailing_zeros();
                    good &= good - 1;
                    let slot = ((first + 4 * number) * 16) as u32 + lane;
                    let score = scores[lane as usize & 63];
                    if score == f32::NEG_INFINITY || !self.takes(slot) {
                        continue;
                    }
                    if waiting == candidates.len().min(CANDIDATES) {
                        self.settle(pool, candidates, &mut waiting, &mut bound);
                    }
                    if let Some(place) = candidates.get_mut(waiting) {
                        if self.view.padded >= HINT_FROM {
                            self.kernels.prefetch(self.view.float_row(slot));
                        }
                        *place = entry(score, slot);
                        waiting += 1;
                    }
                }
            }
            first += 4 * fours;
        }
        self.settle(pool, candidates, &mut waiting, &mut bound);
        self.distances += high as u32;
    }

    /// A bit for each of 64 scores that is at least `bound`.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn at_least(&self, scores: &[f32; 64], bound: f32) -> u64 {
        let mut bits = 0;
        for (at, scores) in scores.as_chunks::<16>().0.iter().enumerate() {
            bits |= u64::from(self.kernels.at_least(scores, bound)) << (16 * at);
        }
        bits
    }

    /// Scores the waiting rows by their floats and forgets them.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn settle(
        &mut self,
        pool: &mut Pool<'_>,
        candidates: &mut [u64],
        waiting: &mut usize,
        bound: &mut f32,
    ) {
        let all = candidates.get(..*waiting).unwrap_or(&[]);
        for four in all.chunks(4) {
            // All four are out if the best of them is.
            if four.iter().all(|&e| score_of(e) < *bound) {
                continue;
            }
            let Some(padded) = slices::four(four) else {
                continue;
            };
            let slots = each(padded, slot_of);
            let rows = each(
                slots,
                #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                |slot| self.view.float_row(slot),
            );
            let metric = self.view.config.metric;
            let scores = metric.floats(self.kernels, self.query.floats, rows);
            for (slot, score) in slots.into_iter().zip(scores).take(four.len()) {
                pool.insert(self.kernels, entry(score, slot));
            }
            self.distances += four.len() as u32;
            if pool.is_full() {
                let worst = score_of(pool.bound());
                let worst = match self.view.config.metric {
                    // The inner product of unit vectors, but for what they are rounded by.
                    Metric::Cosine => 1.0 + 0.5 * worst - UNIT,
                    _ => worst,
                };
                let worst = worst / self.query.step;
                *bound = if worst > *bound { worst } else { *bound };
            }
        }
        *waiting = 0;
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn floats(&mut self, pool: &mut Pool<'_>) {
        let metric = self.view.config.metric;
        let high = self.view.high() as u32;
        let mut first = 0;
        while first < high {
            let slots = each(
                [0, 1, 2, 3],
                #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                |i| (first + i).min(high - 1),
            );
            let rows = each(
                slots,
                #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                |slot| self.view.float_row(slot),
            );
            let scores = metric.floats(self.kernels, self.query.floats, rows);
            for (slot, score) in (first..high).zip(scores) {
                let candidate = entry(score, slot);
                if candidate < pool.bound() && self.view.is_live(slot) && self.takes(slot) {
                    pool.insert(self.kernels, candidate);
                }
            }
            first += 4;
        }
        self.distances += high;
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn bits(&mut self, pool: &mut Pool<'_>) {
        let high = self.view.high() as u32;
        let query: &[u8] = bytemuck::cast_slice(self.query.codes.low);
        for slot in 0..high {
            let differing = self.kernels.hamming(query, self.view.row(slot));
            let candidate = entry(-(differing as f32), slot);
            if candidate < pool.bound() && self.view.is_live(slot) && self.takes(slot) {
                pool.insert(self.kernels, candidate);
            }
        }
        self.distances += high;
    }
}

/// Scores entries by their floats and sorts them; returns how many.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn rank_again<K: Kernels>(
    kernels: K,
    view: &View<'_>,
    query: &Query<'_>,
    entries: &mut [u64],
) -> u32 {
    let metric = view.config.metric;
    for four in entries.chunks_mut(4) {
        let Some(padded) = slices::four(four) else {
            continue;
        };
        let slots = each(padded, slot_of);
        let rows = each(
            slots,
            #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
            |slot| view.float_row(slot),
        );
        let scores = metric.floats(kernels, query.floats, rows);
        for ((place, slot), score) in four.iter_mut().zip(slots).zip(scores) {
            *place = entry(score, slot);
        }
    }
    slices::sort(entries);
    entries.len() as u32
}

impl Margin {
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn new(padded: usize, query: &Query<'_>) -> Self {
        let length = libm::sqrtf(query.norm2);
        let root = libm::sqrtf(padded as f32);
        let rounding = (padded as f32 / 16.0 + 24.0) / 16_777_216.0;
        Self {
            per_residual: length * residual_unit(padded) * (1.001 / query.step),
            constant: (0.51 * root + length * rounding / query.step) * 127.0 * root * 1.001,
        }
    }
}

/// Sixteen elements of a section that is padded to whole blocks.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn sixteen<T: Copy + Default>(section: &[T], block: usize) -> [T; 16] {
    match section
        .get(block * 16..)
        .and_then(|rest| rest.first_chunk())
    {
        Some(&values) => values,
        None => [T::default(); 16],
    }
}

/// A score that at least `n` of the values reach, close to the `n`-th largest of them, or minus
/// infinity if there are fewer. Each value is the best of other rows, so that `n` rows reach it.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn nth_largest<K: Kernels>(kernels: K, values: &[[f32; 16]; 4], n: usize) -> f32 {
    /// Halvings of the range between the least and the largest.
    const STEPS: usize = 8;
    let mut most = [f32::NEG_INFINITY; 16];
    let mut least = [f32::NEG_INFINITY; 16];
    for values in values {
        for ((most, least), &value) in most.iter_mut().zip(&mut least).zip(values) {
            *most = if value > *most { value } else { *most };
            let turned = if value > f32::NEG_INFINITY {
                -value
            } else {
                value
            };
            *least = if turned > *least { turned } else { *least };
        }
    }
    let (mut low, mut high) = (-kernels.maximum(&least), kernels.maximum(&most));
    if n == 0 || low > high || count_from(kernels, values, low) < n {
        return f32::NEG_INFINITY;
    }
    for _ in 0..STEPS {
        let middle = 0.5 * low + 0.5 * high;
        if count_from(kernels, values, middle) >= n {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// How many of the values are at least `bound`.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn count_from<K: Kernels>(kernels: K, values: &[[f32; 16]; 4], bound: f32) -> usize {
    let mut count = 0;
    for values in values {
        count += kernels.at_least(values, bound).count_ones();
    }
    count as usize
}
