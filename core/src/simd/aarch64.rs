//! Kernels for 64-bit ARM, where NEON is part of the baseline: codes widen to 16 bits by
//! `uxtl`-like moves that keep even and odd elements apart, and multiply into 32 bits by `smlal`.

use super::floats::{self, Floats};
use super::{Codes, Kernels, scalar::Scalar};
use core::arch::aarch64::*;

/// Proof that the machine has NEON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neon(());

impl Neon {
    /// NEON is in the features this module is compiled for.
    pub(super) fn new() -> Self {
        Self(())
    }
}

/// Even and odd codes of sixteen, as signed 16-bit numbers without their offset.
///
/// # Safety
/// Sixteen bytes can be read at `codes`.
#[inline(always)]
unsafe fn split(codes: *const u8) -> (int16x8_t, int16x8_t) {
    // SAFETY: the caller's promise; NEON is in the baseline.
    unsafe {
        let signed = vreinterpretq_s16_u8(veorq_u8(vld1q_u8(codes), vdupq_n_u8(128)));
        (
            vshrq_n_s16::<8>(vshlq_n_s16::<8>(signed)),
            vshrq_n_s16::<8>(signed),
        )
    }
}

/// `sum + a * b`, lane pairs added.
///
/// # Safety
/// NEON, which is in the baseline.
#[inline(always)]
unsafe fn madd(sum: int32x4_t, a: int16x8_t, b: int16x8_t) -> int32x4_t {
    // SAFETY: register operations.
    unsafe { vmlal_high_s16(vmlal_s16(sum, vget_low_s16(a), vget_low_s16(b)), a, b) }
}

impl Floats<4> for float32x4_t {
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the caller has the instruction set.
        unsafe { vdupq_n_f32(0.0) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the caller has the instruction set.
        unsafe { vaddq_f32(self, other) }
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        // SAFETY: the caller has the instruction set.
        unsafe { vsubq_f32(self, other) }
    }

    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        // SAFETY: the caller has the instruction set.
        unsafe { vmulq_f32(self, other) }
    }

    #[inline(always)]
    unsafe fn tree(lanes: [Self; 4]) -> f32 {
        // SAFETY: register operations.
        unsafe {
            let a = vaddq_f32(vaddq_f32(lanes[0], lanes[2]), vaddq_f32(lanes[1], lanes[3]));
            let a = vadd_f32(vget_low_f32(a), vget_high_f32(a));
            vget_lane_f32::<0>(a) + vget_lane_f32::<1>(a)
        }
    }
}

impl Kernels for Neon {
    #[inline(always)]
    fn block_dots(self, block: &[u8], query: &Codes<'_>) -> [i32; 16] {
        let (groups, _) = block.as_chunks::<64>();
        let n = groups.len().min(query.even.len().min(query.odd.len()) / 2);
        let mut sums = [0i32; 16];
        // SAFETY: group `g` reads elements `2 * g` and `2 * g + 1` of both planes, and `sums` holds
        // four vectors.
        unsafe {
            let mut acc = [vdupq_n_s32(0); 4];
            for (g, group) in groups[..n].iter().enumerate() {
                let pair = |plane: &[i16]| {
                    let pair = plane.as_ptr().add(2 * g).cast::<i32>().read_unaligned();
                    vreinterpretq_s16_s32(vdupq_n_s32(pair))
                };
                let (even, odd) = (pair(query.even), pair(query.odd));
                for (acc, part) in acc.iter_mut().zip(group.as_chunks::<16>().0) {
                    let (e, o) = split(part.as_ptr());
                    let low = vaddq_s32(
                        vmull_s16(vget_low_s16(e), vget_low_s16(even)),
                        vmull_s16(vget_low_s16(o), vget_low_s16(odd)),
                    );
                    let high = vaddq_s32(vmull_high_s16(e, even), vmull_high_s16(o, odd));
                    *acc = vaddq_s32(*acc, vpaddq_s32(low, high));
                }
            }
            for (out, acc) in sums.as_chunks_mut::<4>().0.iter_mut().zip(acc) {
                vst1q_s32(out.as_mut_ptr(), acc);
            }
        }
        sums
    }

    #[inline(always)]
    fn row_dots(self, rows: [&[u8]; 4], query: &Codes<'_>) -> [i32; 4] {
        let n = rows
            .iter()
            .fold(query.even.len().min(query.odd.len()) * 2, |n, row| {
                n.min(row.len())
            });
        if !n.is_multiple_of(16) {
            return Scalar.row_dots(rows, query);
        }
        let mut dots = [0; 4];
        // SAFETY: rows have at least `n` bytes and the planes `n / 2` elements.
        unsafe {
            let mut acc = [vdupq_n_s32(0); 4];
            for i in (0..n).step_by(16) {
                let even = vld1q_s16(query.even.as_ptr().add(i / 2));
                let odd = vld1q_s16(query.odd.as_ptr().add(i / 2));
                for (acc, row) in acc.iter_mut().zip(rows) {
                    let (e, o) = split(row.as_ptr().add(i));
                    *acc = madd(madd(*acc, e, even), o, odd);
                }
            }
            for (dot, acc) in dots.iter_mut().zip(acc) {
                *dot = vaddvq_s32(acc);
            }
        }
        dots
    }

    #[inline(always)]
    fn pair_dots(self, row: &[u8], rows: [&[u8]; 4]) -> [i32; 4] {
        let n = rows.iter().fold(row.len(), |n, row| n.min(row.len()));
        if !n.is_multiple_of(16) {
            return Scalar.pair_dots(row, rows);
        }
        let mut dots = [0; 4];
        // SAFETY: every row has at least `n` bytes, a multiple of 16.
        unsafe {
            let mut acc = [vdupq_n_s32(0); 4];
            for i in (0..n).step_by(16) {
                let (even, odd) = split(row.as_ptr().add(i));
                for (acc, row) in acc.iter_mut().zip(rows) {
                    let (e, o) = split(row.as_ptr().add(i));
                    *acc = madd(madd(*acc, e, even), o, odd);
                }
            }
            for (dot, acc) in dots.iter_mut().zip(acc) {
                *dot = vaddvq_s32(acc);
            }
        }
        dots
    }

    #[inline(always)]
    fn dot_i8(self, a: &[i8], b: &[i8]) -> i32 {
        let n = a.len().min(b.len());
        let whole = n - n % 16;
        // SAFETY: both rows have at least `whole` bytes, a multiple of 16.
        let head = unsafe {
            let mut acc = vdupq_n_s32(0);
            for i in (0..whole).step_by(16) {
                let (x, y) = (vld1q_s8(a.as_ptr().add(i)), vld1q_s8(b.as_ptr().add(i)));
                acc = vpadalq_s16(acc, vmull_s8(vget_low_s8(x), vget_low_s8(y)));
                acc = vpadalq_s16(acc, vmull_high_s8(x, y));
            }
            vaddvq_s32(acc)
        };
        head.wrapping_add(Scalar.dot_i8(&a[whole..n], &b[whole..n]))
    }

    #[inline(always)]
    fn float_dots(self, query: &[f32], rows: [&[f32]; 4]) -> [f32; 4] {
        // SAFETY: NEON is in the baseline.
        unsafe { floats::rows::<float32x4_t, 4, false>(query, rows) }
    }

    #[inline(always)]
    fn float_squares(self, query: &[f32], rows: [&[f32]; 4]) -> [f32; 4] {
        // SAFETY: NEON is in the baseline.
        unsafe { floats::rows::<float32x4_t, 4, true>(query, rows) }
    }

    #[inline(always)]
    fn hamming(self, a: &[u8], b: &[u8]) -> u32 {
        let n = a.len().min(b.len());
        let whole = n - n % 16;
        // SAFETY: both rows have at least `whole` bytes, a multiple of 16.
        let head = unsafe {
            let mut sum = 0;
            for i in (0..whole).step_by(16) {
                let x = veorq_u8(vld1q_u8(a.as_ptr().add(i)), vld1q_u8(b.as_ptr().add(i)));
                sum += u32::from(vaddlvq_u8(vcntq_u8(x)));
            }
            sum
        };
        head + Scalar.hamming(&a[whole..n], &b[whole..n])
    }

    #[inline(always)]
    fn prefetch<T>(self, _row: &[T]) {}
}
