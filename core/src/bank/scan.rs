//! The exact search: every row is compared.
//!
//! Rows go by in blocks of sixteen. Each block gives sixteen scores and their maximum; only after a
//! chunk of blocks is it decided which rows are worth a look, so that the comparison has no
//! branches. Where floats are kept beside the codes, a score comes with a bound on how far it may
//! be off, and each row that could still be among the best is scored again by its floats:
//!
//! With `q = s c + e` for the query and `x = t d + f` for the row (steps `s`, `t`, codes `c`, `d`,
//! and what they leave out, `e`, `f`), the inner product is `s t (c . d) + q . f + e . t d`. By
//! Cauchy and Schwarz the two last terms are at most `|q| |f| + |e| t |d|`. `|f|` is stored with the
//! row, in steps of `t`, rounded up; `|d|` is at most `127 sqrt(n)`. The rounding of the fixed-order
//! f32 sum adds at most `(n / 16 + 5) 2^-24 |q| |x|` (Higham, Accuracy and Stability of Numerical
//! Algorithms, section 3.1), and the few operations on scores less than as much again.

use super::config::{Element, Metric};
use super::pool::{Pool, entry, score_of, slot_of};
use super::quantise::{Query, residual_unit};
use super::scratch::{CANDIDATES, CHUNK_BLOCKS, Work};
use super::view::View;
use crate::simd::{Kernels, each, negated};

/// A predicate on slots.
pub(super) type Filter<'f> = Option<&'f dyn Fn(u32) -> bool>;

/// Fills the pool with the `k` best rows by their similarity; returns how many rows were compared.
#[inline(always)]
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
    let k = k.min(pool.len());
    let mut pool = Pool::new(pool.get_mut(..k).unwrap_or(&mut []));
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
    #[inline(always)]
    fn takes(&self, slot: u32) -> bool {
        self.view.is_live(slot) && self.filter.is_none_or(|filter| filter(slot))
    }

    /// Inner products of the codes of sixteen rows.
    #[inline(always)]
    fn dots(&self, block: usize) -> [i32; 16] {
        let codes = &self.query.codes;
        let interleaved = self.view.block(block);
        if !interleaved.is_empty() {
            return self.kernels.block_dots(interleaved, codes);
        }
        let mut dots = [0; 16];
        let last = self.view.high().saturating_sub(1) as u32;
        for (four, dots) in dots.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let first = (block * 16 + four * 4) as u32;
            let rows = each([0, 1, 2, 3], |i| self.view.row((first + i).min(last)));
            *dots = self.kernels.row_dots(rows, codes);
        }
        dots
    }

    /// By the codes alone, which is exact over what is stored.
    #[inline(always)]
    fn codes(&mut self, pool: &mut Pool<'_>, scores: &mut [f32]) {
        let euclid = self.view.config.metric == Metric::SquaredEuclidean;
        let factor = if euclid { 2.0 * self.query.step } else { 1.0 };
        let high = self.view.high();
        let blocks = high.div_ceil(16);
        let mut first = 0;
        while first < blocks {
            let (chunk, _) = scores.as_chunks_mut::<16>();
            let count = chunk.len().min(blocks - first).min(CHUNK_BLOCKS);
            let mut most = [f32::NEG_INFINITY; CHUNK_BLOCKS];
            for (at, (out, most)) in chunk.iter_mut().zip(&mut most).take(count).enumerate() {
                let block = first + at;
                let dots = self.dots(block);
                let scales = sixteen(self.view.scales, block);
                for ((out, dot), scale) in out.iter_mut().zip(dots).zip(scales) {
                    *out = dot as f32 * (scale * factor);
                }
                if euclid {
                    for (out, norm) in out.iter_mut().zip(sixteen(self.view.norms, block)) {
                        *out -= norm;
                    }
                }
                for (out, scale) in out.iter_mut().zip(scales) {
                    *out = if scale > 0.0 { *out } else { f32::NEG_INFINITY };
                }
                *most = self.kernels.maximum(out);
            }
            let mut bound = f32::NEG_INFINITY;
            if self.filter.is_none() {
                bound = nth_largest(self.kernels, &most, pool.capacity());
            }
            for (sixteen, most) in most.as_chunks::<16>().0.iter().enumerate() {
                let mut good = self.kernels.at_least(most, bound);
                while good != 0 {
                    let at = 16 * sixteen + good.trailing_zeros() as usize;
                    good &= good - 1;
                    let Some(scores) = chunk.get(at).filter(|_| at < count) else {
                        break;
                    };
                    if pool.is_full() {
                        let worst = score_of(pool.bound());
                        bound = if worst > bound { worst } else { bound };
                    }
                    let mut lanes = self.kernels.at_least(scores, bound);
                    while lanes != 0 {
                        let lane = lanes.trailing_zeros();
                        lanes &= lanes - 1;
                        let slot = ((first + at) * 16) as u32 + lane;
                        if self.takes(slot) {
                            pool.insert(entry(scores[lane as usize & 15], slot));
                        }
                    }
                }
            }
            first += count.max(1);
        }
        self.distances += high as u32;
    }

    /// By the codes with their bounds, then by the floats.
    #[inline(always)]
    fn bounded(&mut self, pool: &mut Pool<'_>, scores: &mut [f32], candidates: &mut [u64]) {
        let margin = Margin::new(self.kernels, self.view.padded, self.query);
        let high = self.view.high();
        let blocks = high.div_ceil(16);
        let size = pool.capacity();
        // Best known lower bound of the k-th best score, in units of the query's step.
        let mut bound = f32::NEG_INFINITY;
        let mut waiting = 0;
        let mut first = 0;
        while first < blocks {
            let (chunk, _) = scores.as_chunks_mut::<16>();
            let count = chunk.len().min(blocks - first).min(CHUNK_BLOCKS);
            let mut most = [f32::NEG_INFINITY; CHUNK_BLOCKS];
            let mut least = [f32::NEG_INFINITY; CHUNK_BLOCKS];
            for (at, out) in chunk.iter_mut().take(count).enumerate() {
                let block = first + at;
                let dots = self.dots(block);
                let scales = sixteen(self.view.scales, block);
                let residuals = sixteen(self.view.residuals, block);
                let mut lower = [0.0f32; 16];
                for lane in 0..16 {
                    let dot = dots[lane] as f32;
                    let off = f32::from(residuals[lane]) * margin.per_residual + margin.constant;
                    let live = scales[lane] > 0.0;
                    let (up, down) = ((dot + off) * scales[lane], (dot - off) * scales[lane]);
                    out[lane] = if live { up } else { f32::NEG_INFINITY };
                    lower[lane] = if live { down } else { f32::NEG_INFINITY };
                }
                if let (Some(most), Some(least)) = (most.get_mut(at), least.get_mut(at)) {
                    *most = self.kernels.maximum(out);
                    *least = self.kernels.maximum(&lower);
                }
            }
            if self.filter.is_none() {
                let seed = nth_largest(self.kernels, &least, size);
                bound = if seed > bound { seed } else { bound };
            }
            for (sixteen, most) in most.as_chunks::<16>().0.iter().enumerate() {
                let mut good = self.kernels.at_least(most, bound);
                while good != 0 {
                    let at = 16 * sixteen + good.trailing_zeros() as usize;
                    good &= good - 1;
                    let Some(scores) = chunk.get(at).filter(|_| at < count) else {
                        break;
                    };
                    let mut lanes = self.kernels.at_least(scores, bound);
                    while lanes != 0 {
                        let lane = lanes.trailing_zeros();
                        lanes &= lanes - 1;
                        let slot = ((first + at) * 16) as u32 + lane;
                        if !self.takes(slot) {
                            continue;
                        }
                        if waiting == candidates.len().min(CANDIDATES) {
                            self.settle(pool, candidates, &mut waiting, &mut bound);
                        }
                        if let Some(place) = candidates.get_mut(waiting) {
                            *place = entry(scores[lane as usize & 15], slot);
                            waiting += 1;
                        }
                    }
                }
            }
            first += count.max(1);
        }
        self.settle(pool, candidates, &mut waiting, &mut bound);
        self.distances += high as u32;
    }

    /// Scores the waiting rows by their floats and forgets them.
    #[inline(always)]
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
            let slots = each([0, 1, 2, 3], |i| slot_of(four[i.min(four.len() - 1)]));
            let rows = each(slots, |slot| self.view.float_row(slot));
            let dots = self.kernels.float_dots(self.query.floats, rows);
            for (slot, dot) in slots.into_iter().zip(dots).take(four.len()) {
                pool.insert(entry(dot, slot));
            }
            self.distances += four.len() as u32;
            if pool.is_full() {
                let worst = score_of(pool.bound()) / self.query.step;
                *bound = if worst > *bound { worst } else { *bound };
            }
        }
        *waiting = 0;
    }

    #[inline(always)]
    fn floats(&mut self, pool: &mut Pool<'_>) {
        let euclid = self.view.config.metric == Metric::SquaredEuclidean;
        let high = self.view.high() as u32;
        let mut first = 0;
        while first < high {
            let slots = each([0, 1, 2, 3], |i| (first + i).min(high - 1));
            let rows = each(slots, |slot| self.view.float_row(slot));
            let scores = match euclid {
                true => negated(self.kernels.float_squares(self.query.floats, rows)),
                false => self.kernels.float_dots(self.query.floats, rows),
            };
            for (slot, score) in (first..high).zip(scores) {
                let candidate = entry(score, slot);
                if candidate < pool.bound() && self.takes(slot) {
                    pool.insert(candidate);
                }
            }
            first += 4;
        }
        self.distances += high;
    }

    #[inline(always)]
    fn bits(&mut self, pool: &mut Pool<'_>) {
        let high = self.view.high() as u32;
        let query: &[u8] = bytemuck::cast_slice(self.query.codes.low);
        for slot in 0..high {
            let differing = self.kernels.hamming(query, self.view.row(slot));
            let candidate = entry(-(differing as f32), slot);
            if candidate < pool.bound() && self.takes(slot) {
                pool.insert(candidate);
            }
        }
        self.distances += high;
    }
}

/// Scores entries by their floats and sorts them; returns how many.
#[inline(always)]
pub(super) fn rank_again<K: Kernels>(
    kernels: K,
    view: &View<'_>,
    query: &Query<'_>,
    entries: &mut [u64],
) -> u32 {
    let euclid = view.config.metric == Metric::SquaredEuclidean;
    for four in entries.chunks_mut(4) {
        let slots = each([0, 1, 2, 3], |i| slot_of(four[i.min(four.len() - 1)]));
        let rows = each(slots, |slot| view.float_row(slot));
        let scores = match euclid {
            true => negated(kernels.float_squares(query.floats, rows)),
            false => kernels.float_dots(query.floats, rows),
        };
        for ((place, slot), score) in four.iter_mut().zip(slots).zip(scores) {
            *place = entry(score, slot);
        }
    }
    entries.sort_unstable();
    entries.len() as u32
}

/// How far scores by codes may be off, in units of the steps of query and row.
struct Margin {
    per_residual: f32,
    constant: f32,
}

impl Margin {
    #[inline(always)]
    fn new<K: Kernels>(_kernels: K, padded: usize, query: &Query<'_>) -> Self {
        let mut lanes = [0.0f32; 16];
        let (pairs, _) = query.floats.as_chunks::<2>();
        let halves = query.codes.even.iter().zip(query.codes.odd);
        for (i, (pair, (&even, &odd))) in pairs.iter().zip(halves).enumerate() {
            let e = pair[0] - query.step * f32::from(even);
            let o = pair[1] - query.step * f32::from(odd);
            lanes[2 * i % 16] += e * e;
            lanes[(2 * i + 1) % 16] += o * o;
        }
        let left = libm::sqrtf(crate::simd::scalar::tree(lanes));
        let length = libm::sqrtf(query.norm2);
        let root = libm::sqrtf(padded as f32);
        let rounding = (padded as f32 / 16.0 + 24.0) / 16_777_216.0;
        let steps = 1.001 / query.step;
        Self {
            per_residual: length * residual_unit(padded) * steps,
            constant: (left + length * rounding) * 127.0 * root * steps,
        }
    }
}

/// Sixteen elements of a section that is padded to whole blocks.
#[inline(always)]
fn sixteen<T: Copy + Default>(section: &[T], block: usize) -> [T; 16] {
    match section
        .get(block * 16..)
        .and_then(|rest| rest.first_chunk())
    {
        Some(&values) => values,
        None => [T::default(); 16],
    }
}

/// The `n`-th largest of the values, or minus infinity if there are fewer: a row in each of `n`
/// blocks is at least as good.
#[inline(always)]
fn nth_largest<K: Kernels>(kernels: K, values: &[f32; CHUNK_BLOCKS], n: usize) -> f32 {
    if n == 0 || n > CHUNK_BLOCKS / 2 {
        return f32::NEG_INFINITY;
    }
    let mut values = *values;
    let mut count = 0;
    loop {
        let mut most = [f32::NEG_INFINITY; 16];
        for sixteen in values.as_chunks::<16>().0 {
            for (most, value) in most.iter_mut().zip(sixteen) {
                *most = if *value > *most { *value } else { *most };
            }
        }
        let most = kernels.maximum(&most);
        if most == f32::NEG_INFINITY {
            return most;
        }
        for sixteen in values.as_chunks_mut::<16>().0 {
            count += kernels.at_least(sixteen, most).count_ones() as usize;
            for value in sixteen {
                *value = if *value >= most {
                    f32::NEG_INFINITY
                } else {
                    *value
                };
            }
        }
        if count >= n {
            return most;
        }
    }
}
