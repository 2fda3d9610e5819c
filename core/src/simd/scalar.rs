//! The reference kernels, in portable code: what every other file must equal bit for bit.

use super::{Codes, Kernels, LANES, Margin, each};
use crate::slices;

/// Portable kernels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar;

#[inline(always)]
pub(super) fn signed(code: u8) -> i32 {
    i32::from(code) - 128
}

#[inline(always)]
fn row_dot(row: &[u8], query: &Codes<'_>) -> i32 {
    let (pairs, _) = row.as_chunks::<2>();
    pairs
        .iter()
        .zip(query.even.iter().zip(query.odd))
        .fold(0i32, |sum, (pair, (&even, &odd))| {
            sum.wrapping_add(signed(pair[0]).wrapping_mul(i32::from(even)))
                .wrapping_add(signed(pair[1]).wrapping_mul(i32::from(odd)))
        })
}

#[inline(always)]
fn pair_dot(a: &[u8], b: &[u8]) -> i32 {
    a.iter().zip(b).fold(0i32, |sum, (&a, &b)| {
        sum.wrapping_add(signed(a) * signed(b))
    })
}

/// Sums sixteen lanes as the tree +8, +4, +2, +1.
#[inline(always)]
pub(crate) fn tree(mut lanes: [f32; LANES]) -> f32 {
    for half in [8, 4, 2, 1] {
        if let Some((low, high)) = lanes.split_at_mut_checked(half) {
            for (low, high) in low.iter_mut().zip(high) {
                *low += *high;
            }
        }
    }
    lanes[0]
}

#[inline(always)]
fn float_fold(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let shorter = a.len().min(b.len());
    let (a, b) = (&a[..shorter], &b[..shorter]);
    for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
        for ((lane, &a), &b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += term(a, b);
        }
    }
    tree(lanes)
}

/// [`Kernels::float_dots`] of one row, at any length.
#[inline(always)]
pub(crate) fn float_dot(a: &[f32], b: &[f32]) -> f32 {
    float_fold(a, b, |a, b| a * b)
}

/// [`Kernels::float_squares`] of one row, at any length.
#[inline(always)]
pub(crate) fn float_square(a: &[f32], b: &[f32]) -> f32 {
    float_fold(a, b, |a, b| (a - b) * (a - b))
}

/// [`Kernels::maximum`].
#[inline(always)]
pub(super) fn maximum(scores: &[f32; LANES]) -> f32 {
    let mut four = [f32::NEG_INFINITY; 4];
    for scores in scores.as_chunks::<4>().0 {
        for (most, &score) in four.iter_mut().zip(scores) {
            *most = if score > *most { score } else { *most };
        }
    }
    let [a, b, c, d] = four;
    let (a, c) = (if a > b { a } else { b }, if c > d { c } else { d });
    if a > c { a } else { c }
}

/// [`Kernels::at_least`].
#[inline(always)]
pub(super) fn at_least(scores: &[f32; LANES], bound: f32) -> u32 {
    let mut bits = 0;
    for (at, &score) in scores.iter().enumerate() {
        bits |= u32::from(score >= bound) << at;
    }
    bits
}

/// [`Kernels::near`]. Plain loops over arrays, which compilers turn into vector instructions.
#[inline(always)]
pub(super) fn near([xs, ys, zs]: [&[u32; 8]; 3], point: [f32; 3], limit: f32) -> u32 {
    let mut sums = [0.0_f32; 8];
    for (((sum, &x), &y), &z) in sums.iter_mut().zip(xs).zip(ys).zip(zs) {
        let dx = f32::from_bits(x) - point[0];
        let dy = f32::from_bits(y) - point[1];
        let dz = f32::from_bits(z) - point[2];
        *sum = dx * dx + dy * dy + dz * dz;
    }
    let mut bits = 0;
    for (i, sum) in sums.into_iter().enumerate() {
        bits |= u32::from(sum <= limit) << i;
    }
    bits
}

/// [`Kernels::scores`].
#[inline(always)]
pub(super) fn scores(
    dots: &[i32; LANES],
    scales: &[f32; LANES],
    factor: f32,
    out: &mut [f32; LANES],
) {
    for ((out, &dot), &scale) in out.iter_mut().zip(dots).zip(scales) {
        let score = dot as f32 * (scale * factor);
        *out = if scale > 0.0 {
            score
        } else {
            f32::NEG_INFINITY
        };
    }
}

/// [`Kernels::bounds`].
#[inline(always)]
pub(super) fn bounds(
    dots: &[i32; LANES],
    scales: &[f32; LANES],
    residuals: &[u8; LANES],
    margin: Margin,
    most: &mut [f32; LANES],
    least: &mut [f32; LANES],
) {
    for lane in 0..LANES {
        let (dot, scale) = (dots[lane] as f32, scales[lane]);
        let off = f32::from(residuals[lane]) * margin.per_residual + margin.constant;
        let live = scale > 0.0;
        let (up, down) = ((dot + off) * scale, (dot - off) * scale);
        most[lane] = if live { up } else { f32::NEG_INFINITY };
        let down = if live { down } else { f32::NEG_INFINITY };
        least[lane] = if down > least[lane] {
            down
        } else {
            least[lane]
        };
    }
}

/// Up to this many entries are moved one by one, which costs less than a call.
const SHORT: usize = 64;

/// [`Kernels::insert`].
#[inline(always)]
pub(super) fn insert(entries: &mut [u64], filled: usize, entry: u64) -> usize {
    let kept = filled.min(entries.len().saturating_sub(1));
    let Some(places) = entries.get_mut(..=kept) else {
        return 0;
    };
    if kept > SHORT {
        let at = places.partition_point(|&e| e < entry).min(kept);
        if let Some(moved) = places.get_mut(at..) {
            slices::up(moved);
            slices::put(moved, 0, entry);
        }
        return at;
    }
    let mut at = kept;
    while let Some([before, place]) = at
        .checked_sub(1)
        .and_then(|b| places.get_mut(b..=at)?.first_chunk_mut())
        && *before > entry
    {
        *place = *before;
        at -= 1;
    }
    if let Some(place) = places.get_mut(at) {
        *place = entry;
    }
    at
}

impl Kernels for Scalar {
    #[inline(always)]
    fn block_dots(self, block: &[u8], query: &Codes<'_>) -> [i32; 16] {
        let mut sums = [0i32; 16];
        let (groups, _) = block.as_chunks::<64>();
        let (even, _) = query.even.as_chunks::<2>();
        let (odd, _) = query.odd.as_chunks::<2>();
        for (group, (even, odd)) in groups.iter().zip(even.iter().zip(odd)) {
            let (rows, _) = group.as_chunks::<4>();
            let q = each([even[0], odd[0], even[1], odd[1]], i32::from);
            for (sum, row) in sums.iter_mut().zip(rows) {
                for (&code, q) in row.iter().zip(q) {
                    *sum = sum.wrapping_add(signed(code).wrapping_mul(q));
                }
            }
        }
        sums
    }

    #[inline(always)]
    fn row_dots(self, rows: [&[u8]; 4], query: &Codes<'_>) -> [i32; 4] {
        each(rows, |row| row_dot(row, query))
    }

    #[inline(always)]
    fn pair_dots(self, row: &[u8], rows: [&[u8]; 4]) -> [i32; 4] {
        each(rows, |other| pair_dot(row, other))
    }

    #[inline(always)]
    fn dot_i8(self, a: &[i8], b: &[i8]) -> i32 {
        a.iter().zip(b).fold(0i32, |sum, (&a, &b)| {
            sum.wrapping_add(i32::from(a) * i32::from(b))
        })
    }

    #[inline(always)]
    fn hamming(self, a: &[u8], b: &[u8]) -> u32 {
        a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
    }

    #[inline(always)]
    fn prefetch<T>(self, _row: &[T]) {}
}
