//! Kernels of spikes, in portable code: what `spike_x86.rs` must equal bit for bit, and what takes
//! over where it leaves off. All but the cosine are integers or single f32 operations; the cosine
//! adds in the fixed order.

use super::{Kernels, Task, dispatch};

/// Words that the column counters take at a time: one 512-bit register.
const WIDTH: usize = 8;

/// A rate code of up to eight steps: magnitudes from `limits[i]` on get at least `trains[i]`,
/// limits falling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateTable {
    pub limits: [u8; 8],
    pub trains: [u8; 8],
}

struct Rate<'a> {
    table: &'a RateTable,
    values: &'a [i8],
    fire: &'a mut [u8],
    sign: &'a mut [u8],
}

impl Task for Rate<'_> {
    type Output = ();
    #[inline(always)]
    fn run<K: Kernels>(self, _: K) {
        let (limits, trains) = (self.table.limits, self.table.trains);
        for (fire, &value) in self.fire.iter_mut().zip(self.values) {
            let magnitude = value.unsigned_abs();
            let mut train = 0;
            for (limit, pattern) in limits.iter().zip(trains).rev() {
                train = if magnitude >= *limit { pattern } else { train };
            }
            *fire = train;
        }
        // No train ends before the smallest limit that any has.
        let least = limits
            .iter()
            .zip(trains)
            .filter(|(_, train)| *train != 0)
            .fold(u8::MAX, |least, (&limit, _)| least.min(limit));
        let negative = |value: i8| value < 0 && value.unsigned_abs() >= least;
        let (eights, rest) = self.values.as_chunks::<8>();
        for (sign, eight) in self.sign.iter_mut().zip(eights) {
            let bytes = eight.map(|value| u8::from(negative(value)));
            *sign = pack(u64::from_le_bytes(bytes));
        }
        if let Some(sign) = self.sign.get_mut(eights.len()) {
            let bits = rest.iter().enumerate();
            *sign = bits.fold(0, |bits, (i, &value)| bits | u8::from(negative(value)) << i);
        }
    }
}

/// Packs eight bytes of 0 or 1 into the bits of one, the lowest first.
#[inline(always)]
const fn pack(bytes: u64) -> u8 {
    (bytes.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

/// Encodes `values` by `table` and collects the signs, one bit a value, of those that fire.
/// `fire` is as long as `values`, `sign` as long as their bits need.
#[inline]
pub(crate) fn rate(table: &RateTable, values: &[i8], fire: &mut [u8], sign: &mut [u8]) {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    let done = super::spike_x86::rate(table, values, fire, sign);
    #[cfg(not(all(feature = "simd", target_arch = "x86_64")))]
    let done = 0;
    dispatch(Rate {
        table,
        values: &values[done..],
        fire: &mut fire[done..],
        sign: &mut sign[done / 8..],
    });
}

/// A falling line of times: `min(slope * (x - 1), latest) + first`, rounded half to even.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub slope: f32,
    pub latest: f32,
    pub first: f32,
}

impl Line {
    /// The step of `x`.
    #[inline(always)]
    pub fn time(&self, x: f32) -> f32 {
        let time = self.slope * (x - 1.0);
        (if time > self.latest {
            self.latest
        } else {
            time
        }) + self.first
    }
}

/// 2^23: from here on floats are whole numbers, so that an addition rounds half to even.
const WHOLE: f32 = 8_388_608.0;

/// Rounds a number from 0 to 2^22 half to even.
#[inline(always)]
pub(crate) fn round(x: f32) -> f32 {
    (x + WHOLE) - WHOLE
}

/// The whole number nearest to one from 0 to 2^22, half to even.
#[inline(always)]
pub(crate) fn nearest(x: f32) -> u32 {
    (x + WHOLE).to_bits().wrapping_sub(WHOLE.to_bits())
}

#[inline(always)]
pub(super) fn count_both(a: &[u8], b: &[u8]) -> u32 {
    let shorter = a.len().min(b.len());
    let (a, b) = (&a[..shorter], &b[..shorter]);
    let (words_a, rest_a) = a.as_chunks::<8>();
    let (words_b, rest_b) = b.as_chunks::<8>();
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let mut sum = 0;
    for (a, b) in words_a.iter().zip(words_b) {
        sum += (word(a) & word(b)).count_ones();
    }
    for (a, b) in rest_a.iter().zip(rest_b) {
        sum += (a & b).count_ones();
    }
    sum
}

struct Coincidences<'a> {
    query: &'a [u8],
    rows: &'a [u8],
    counts: &'a mut [u32],
}

impl Task for Coincidences<'_> {
    type Output = ();
    #[inline(always)]
    fn run<K: Kernels>(self, _: K) {
        let rows = self.rows.chunks_exact(self.query.len().max(1));
        for (row, count) in rows.zip(self.counts) {
            *count = count_both(self.query, row);
        }
    }
}

/// Counts the bits that two rows share; where lengths differ the shorter counts.
#[inline]
pub(crate) fn coincidence(a: &[u8], b: &[u8]) -> u32 {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    if let Some(count) = super::spike_x86::coincidence(a, b) {
        return count;
    }
    count_both(a, b)
}

/// Counts, for each of the rows that lie end to end, the bits it shares with `query`.
#[inline]
pub(crate) fn coincidences(query: &[u8], rows: &[u8], counts: &mut [u32]) {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    if super::spike_x86::coincidences(query, rows, counts) {
        return;
    }
    dispatch(Coincidences {
        query,
        rows,
        counts,
    });
}

/// Bit planes of up to 2^16 - 1 counts: the lowest bit of each, then the next, ...
pub(crate) const PLANES: usize = 16;
pub(super) type Lanes = [u64; WIDTH];

#[inline(always)]
fn lanes(f: impl Fn(usize) -> u64) -> Lanes {
    core::array::from_fn(f)
}

/// Carry-save adder: the sum of three bits as a low and a high one.
#[inline(always)]
fn add3(a: Lanes, b: Lanes, c: Lanes) -> (Lanes, Lanes) {
    let low = lanes(|i| a[i] ^ b[i] ^ c[i]);
    let high = lanes(|i| (a[i] & b[i]) | (c[i] & (a[i] | b[i])));
    (low, high)
}

/// Adds `carry` at plane `from`.
#[inline(always)]
fn ripple(planes: &mut [Lanes; PLANES], mut carry: Lanes, from: usize, to: usize) {
    for plane in &mut planes[from..to] {
        let (old, up) = (*plane, carry);
        *plane = lanes(|i| old[i] ^ up[i]);
        carry = lanes(|i| old[i] & up[i]);
    }
}

/// The columns `at..at + WIDTH` of `a & b` in row `row`; columns behind `words` are zero.
#[inline(always)]
fn both(a: &[u64], b: &[u64], row: usize, words: usize, at: usize) -> Lanes {
    let start = row * words + at;
    if at + WIDTH <= words {
        let (a, b) = (&a[start..start + WIDTH], &b[start..start + WIDTH]);
        return lanes(|i| a[i] & b[i]);
    }
    let end = row * words + words;
    lanes(|i| {
        if start + i < end {
            a[start + i] & b[start + i]
        } else {
            0
        }
    })
}

/// Planes that counts up to `rows` need.
pub(super) fn planes_of(rows: usize) -> usize {
    let bits = (usize::BITS - rows.leading_zeros()) as usize;
    bits.clamp(3, PLANES)
}

/// Planes up to the last that is not zero.
pub(super) fn used_planes(planes: &[Lanes; PLANES]) -> usize {
    planes
        .iter()
        .rposition(|plane| *plane != [0; WIDTH])
        .map_or(0, |last| last + 1)
}

/// Counts of each column over all rows, bit-sliced (Harley and Seal's tree over eight rows).
#[inline(always)]
fn column_counts(a: &[u64], b: &[u64], rows: usize, words: usize, at: usize) -> [Lanes; PLANES] {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    if at + WIDTH <= words && super::spike_x86::has_attention() {
        // SAFETY: just asked for.
        return unsafe { super::spike_x86::column_counts(a, b, rows, words, at) };
    }
    let top = planes_of(rows);
    let mut planes = [[0; WIDTH]; PLANES];
    let take = |row: usize| both(a, b, row, words, at);
    let mut row = 0;
    let (mut ones, mut twos, mut fours) = ([0; WIDTH], [0; WIDTH], [0; WIDTH]);
    while row + 8 <= rows {
        let (low, two_a) = add3(ones, take(row), take(row + 1));
        let (low, two_b) = add3(low, take(row + 2), take(row + 3));
        let (mid, four_a) = add3(twos, two_a, two_b);
        let (low, two_a) = add3(low, take(row + 4), take(row + 5));
        let (low, two_b) = add3(low, take(row + 6), take(row + 7));
        let (mid, four_b) = add3(mid, two_a, two_b);
        let (high, eight) = add3(fours, four_a, four_b);
        (ones, twos, fours) = (low, mid, high);
        ripple(&mut planes, eight, 3, top);
        row += 8;
    }
    planes[0] = ones;
    planes[1] = twos;
    planes[2] = fours;
    while row < rows {
        ripple(&mut planes, take(row), 0, top);
        row += 1;
    }
    planes
}

/// The columns whose count is at least `threshold`.
#[inline(always)]
fn at_least(planes: &[Lanes; PLANES], threshold: u32) -> Lanes {
    if threshold >> PLANES != 0 {
        return [0; WIDTH];
    }
    let mut greater = [0u64; WIDTH];
    let mut equal = [u64::MAX; WIDTH];
    for (p, plane) in planes.iter().enumerate().rev() {
        if threshold >> p & 1 == 1 {
            equal = lanes(|i| equal[i] & plane[i]);
        } else {
            greater = lanes(|i| greater[i] | (equal[i] & plane[i]));
            equal = lanes(|i| equal[i] & !plane[i]);
        }
    }
    lanes(|i| greater[i] | equal[i])
}

/// What a neuron does with its column's count.
pub(crate) enum Neurons<'a> {
    /// Fires at the threshold, remembers nothing.
    Plain { threshold: u32 },
    /// Adds the count to what `leak` (a shift) left of its membrane, fires and resets at the
    /// threshold. One membrane a column.
    Leaky {
        threshold: u32,
        leak: u32,
        membranes: &'a mut [u32],
    },
}

/// One step of spike-driven attention over rows of `words` words.
pub(crate) struct Attention<'a> {
    pub q: &'a [u64],
    pub k: &'a [u64],
    pub v: &'a [u64],
    pub out: &'a mut [u64],
    pub rows: usize,
    pub words: usize,
    pub neurons: Neurons<'a>,
}

impl Task for Attention<'_> {
    type Output = u64;
    #[inline(always)]
    fn run<K: Kernels>(mut self, _: K) -> u64 {
        let words = self.words;
        let mut accumulates = 0u64;
        for at in (0..words).step_by(WIDTH) {
            let planes = column_counts(self.q, self.k, self.rows, words, at);
            for (p, plane) in planes[..used_planes(&planes)].iter().enumerate() {
                let bits: u32 = plane.iter().map(|w| w.count_ones()).sum();
                accumulates += u64::from(bits) << p;
            }
            let mask = match &mut self.neurons {
                Neurons::Plain { threshold } => at_least(&planes, *threshold),
                Neurons::Leaky {
                    threshold,
                    leak,
                    membranes,
                } => leaky(&planes, *threshold, *leak, membranes, at * 64),
            };
            #[cfg(all(feature = "simd", target_arch = "x86_64"))]
            if at + WIDTH <= words && super::spike_x86::has_attention() {
                // SAFETY: just asked for.
                unsafe {
                    super::spike_x86::mask_rows(self.v, self.out, self.rows, words, at, &mask);
                }
                continue;
            }
            if at + WIDTH <= words {
                for row in 0..self.rows {
                    let start = row * words + at;
                    let v = &self.v[start..start + WIDTH];
                    let out = &mut self.out[start..start + WIDTH];
                    for i in 0..WIDTH {
                        out[i] = v[i] & mask[i];
                    }
                }
            } else {
                for row in 0..self.rows {
                    for (i, mask) in mask.iter().enumerate().take(words - at) {
                        let place = row * words + at + i;
                        self.out[place] = self.v[place] & mask;
                    }
                }
            }
        }
        accumulates
    }
}

#[inline(always)]
fn leaky(
    planes: &[Lanes; PLANES],
    threshold: u32,
    leak: u32,
    membranes: &mut [u32],
    from: usize,
) -> Lanes {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    if super::spike_x86::has_attention()
        && let Some(membranes) = membranes.get_mut(from..from + 64 * WIDTH)
        && let Ok(membranes) = <&mut [u32; 512]>::try_from(membranes)
    {
        // SAFETY: just asked for.
        return unsafe { super::spike_x86::leaky(planes, threshold, leak, membranes) };
    }
    let used = used_planes(planes);
    let mut mask = [0; WIDTH];
    for (word, mask) in mask.iter_mut().enumerate() {
        let mut counts = [0u32; 64];
        for (p, plane) in planes[..used].iter().enumerate() {
            let (low, high) = (plane[word] as u32, (plane[word] >> 32) as u32);
            let (first, second) = counts.split_at_mut(32);
            for (bit, count) in first.iter_mut().enumerate() {
                *count |= (low >> bit & 1) << p;
            }
            for (bit, count) in second.iter_mut().enumerate() {
                *count |= (high >> bit & 1) << p;
            }
        }
        let Some(membranes) = membranes.get_mut(from + word * 64..) else {
            break;
        };
        for (bit, (membrane, count)) in membranes.iter_mut().zip(counts).enumerate() {
            let left = *membrane - membrane.checked_shr(leak).unwrap_or(0);
            let now = left.saturating_add(count);
            let fires = now >= threshold;
            *membrane = if fires { 0 } else { now };
            *mask |= u64::from(fires) << bit;
        }
    }
    mask
}

/// Runs a step; `q`, `k`, `v` and `out` have `rows * words` words. Returns how many pairs of spikes
/// were accumulated.
#[inline]
pub(crate) fn attention(task: Attention<'_>) -> u64 {
    dispatch(task)
}

/// A cosine before anyone asked whether there is one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cosine {
    /// The product of the two lengths, each rounded before.
    pub lengths: f32,
    /// The inner product over it.
    pub value: f32,
}

/// The cosine of `a` and `b`: three sums in the fixed order, roots correctly rounded, two of them
/// since one of the product would overflow or vanish sooner. Where lengths differ the shorter
/// counts.
#[inline]
pub(crate) fn cosine(a: &[f32], b: &[f32]) -> Cosine {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    if let Some(cosine) = super::spike_x86::cosine(a, b) {
        return cosine;
    }
    plain_cosine(a, b)
}

fn plain_cosine(a: &[f32], b: &[f32]) -> Cosine {
    let shorter = a.len().min(b.len());
    let (a, rest_a) = a[..shorter].as_chunks::<16>();
    let (b, rest_b) = b[..shorter].as_chunks::<16>();
    let mut sums = [[0.0f32; 16]; 3];
    for (a, b) in a.iter().zip(b) {
        for i in 0..16 {
            sums[0][i] += a[i] * b[i];
            sums[1][i] += a[i] * a[i];
            sums[2][i] += b[i] * b[i];
        }
    }
    for (i, (a, b)) in rest_a.iter().zip(rest_b).enumerate() {
        sums[0][i] += a * b;
        sums[1][i] += a * a;
        sums[2][i] += b * b;
    }
    let [dot, aa, bb] = sums.map(super::scalar::tree);
    let lengths = libm::sqrtf(aa) * libm::sqrtf(bb);
    Cosine {
        lengths,
        value: dot / lengths,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Level, force};
    use proptest::prelude::*;
    use std::vec;

    /// Runs `check` at every level this machine has; other tests may run at any meanwhile, which
    /// changes no result.
    fn at_every_level(check: impl Fn()) {
        for level in Level::ALL {
            if force(Some(level)).is_ok() {
                check();
            }
        }
        force(None).ok();
    }

    #[test]
    fn bits_are_packed_lowest_first() {
        for byte in 0..=255u8 {
            let bytes = core::array::from_fn(|i| byte >> i & 1);
            assert_eq!(pack(u64::from_le_bytes(bytes)), byte);
        }
    }

    #[test]
    fn every_level_counts_alike() {
        proptest!(ProptestConfig::with_cases(24), |(
            rows in 0usize..40, words in 1usize..19, seed in any::<u64>(), threshold in 0u32..20,
        )| {
            let mut state = seed;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state ^ state >> 29
            };
            let n = rows * words;
            let planes: [vec::Vec<u64>; 3] = core::array::from_fn(|_| (0..n).map(|_| next()).collect());
            let [q, k, v] = &planes;
            let count = |column: usize| (0..rows)
                .filter(|r| (q[r * words + column / 64] & k[r * words + column / 64]) >> (column % 64) & 1 == 1)
                .count() as u32;
            let start: vec::Vec<u32> = (0..words * 64).map(|i| (i % 7) as u32).collect();
            at_every_level(|| {
                let mut out = vec![0; n];
                let sum = attention(Attention {
                    q, k, v, out: &mut out, rows, words, neurons: Neurons::Plain { threshold },
                });
                assert_eq!(sum, (0..words * 64).map(|c| u64::from(count(c))).sum::<u64>());
                for i in 0..n {
                    let expected = (0..64).filter(|b| v[i] >> b & 1 == 1 && count(i % words * 64 + b) >= threshold)
                        .fold(0u64, |w, b| w | 1 << b);
                    assert_eq!(out[i], expected);
                }
                let mut membranes = start.clone();
                attention(Attention {
                    q, k, v, out: &mut out, rows, words,
                    neurons: Neurons::Leaky { threshold, leak: 1, membranes: &mut membranes },
                });
                for (c, (&m, &s)) in membranes.iter().zip(&start).enumerate() {
                    let now = s - s / 2 + count(c);
                    assert_eq!(m, if now >= threshold { 0 } else { now });
                    for r in 0..rows {
                        let i = r * words + c / 64;
                        let bit = out[i] >> (c % 64) & 1;
                        assert_eq!(bit == 1, now >= threshold && v[i] >> (c % 64) & 1 == 1);
                    }
                }
            });
        });
    }

    #[test]
    fn every_level_encodes_alike() {
        let table = RateTable {
            limits: [64, 32, 22, 16, 13, 11, 10, 8],
            trains: [0x49, 0x22, 0x84, 0x08, 0x10, 0x20, 0x40, 0x80],
        };
        proptest!(ProptestConfig::with_cases(24), |(
            values in prop::collection::vec(any::<i8>(), 0..300),
            floats in prop::collection::vec(0.0f32..=1.0, 0..100), first in 0u8..3,
        )| {
            let line = Line { slope: -f32::from(7 - first), latest: 6.9, first: f32::from(first) };
            at_every_level(|| {
                let (mut fire, mut sign) = (vec![7; values.len()], vec![7; values.len().div_ceil(8)]);
                rate(&table, &values, &mut fire, &mut sign);
                for (i, &value) in values.iter().enumerate() {
                    let magnitude = value.unsigned_abs();
                    let train = (0..8).find(|&n| magnitude >= table.limits[n]).map_or(0, |n| table.trains[n]);
                    assert_eq!(fire[i], train);
                    assert_eq!(sign[i / 8] >> (i % 8) & 1 == 1, value < 0 && train != 0);
                }
                let mut fire = vec![0; floats.len()];
                crate::simd::times::fire(line, &floats, &mut fire);
                for (byte, &x) in fire.iter().zip(&floats) {
                    assert_eq!(*byte, 1 << libm::rintf(line.time(x)) as u32);
                }
                assert!(crate::simd::times::in_unit_range(&floats));
                for bad in 0..floats.len() {
                    let mut floats = floats.clone();
                    floats[bad] = [f32::NAN, -0.1, 1.1][bad % 3];
                    assert!(!crate::simd::times::in_unit_range(&floats));
                }
            });
        });
    }

    #[test]
    fn every_level_finds_the_same_coincidences_and_cosines() {
        proptest!(ProptestConfig::with_cases(24), |(
            query in prop::collection::vec(any::<u8>(), 1..150), n in 0usize..20, seed in any::<u8>(),
            long in any::<bool>(),
            a in prop::collection::vec(-1.0f32..1.0, 0..200),
        )| {
            let query = if long { vec![query[0]; 64] } else { query };
            let rows: vec::Vec<u8> = (0..n * query.len()).map(|i| (i as u8).wrapping_mul(37) ^ seed).collect();
            let b: vec::Vec<f32> = a.iter().rev().copied().collect();
            let first = plain_cosine(&a, &b);
            at_every_level(|| {
                let mut counts = vec![0; n];
                coincidences(&query, &rows, &mut counts);
                for (row, count) in rows.chunks_exact(query.len()).zip(&counts) {
                    let expected: u32 = row.iter().zip(&query).map(|(a, b)| (a & b).count_ones()).sum();
                    assert_eq!(*count, expected);
                    assert_eq!(coincidence(&query, row), expected);
                }
                let found = cosine(&a, &b);
                assert_eq!(found.lengths.to_bits(), first.lengths.to_bits());
                assert!(found.value.to_bits() == first.value.to_bits() || found.value.is_nan());
            });
        });
    }
}
