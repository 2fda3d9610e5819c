//! Kernels for WebAssembly with fixed-width SIMD, in the shape of those for SSE2: mask and shift
//! keep even and odd codes apart, `i32x4.dot_i16x8_s` multiplies and adds pairs.

use super::floats::{self, Floats};
use super::{Codes, Kernels, scalar::Scalar};
use core::arch::wasm32::*;

/// Proof that the module is compiled with `simd128`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Simd128(());

impl Simd128 {
    /// `simd128` is in the features this file is compiled for.
    pub(super) fn new() -> Self {
        Self(())
    }
}

#[inline(always)]
fn sum(a: v128) -> i32 {
    let a = i32x4_add(a, i32x4_shuffle::<2, 3, 0, 1>(a, a));
    i32x4_extract_lane::<0>(a).wrapping_add(i32x4_extract_lane::<1>(a))
}

/// Even and odd codes of sixteen, with their offset.
#[inline(always)]
fn split(codes: v128) -> (v128, v128) {
    (v128_and(codes, i16x8_splat(0xff)), u16x8_shr(codes, 8))
}

impl Floats<4> for v128 {
    #[inline(always)]
    unsafe fn zero() -> Self {
        f32x4_splat(0.0)
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        unsafe { v128_load(from.cast()) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        f32x4_add(self, other)
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        f32x4_sub(self, other)
    }

    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        f32x4_mul(self, other)
    }

    #[inline(always)]
    unsafe fn tree(lanes: [Self; 4]) -> f32 {
        let a = f32x4_add(f32x4_add(lanes[0], lanes[2]), f32x4_add(lanes[1], lanes[3]));
        let a = f32x4_add(a, i32x4_shuffle::<2, 3, 0, 1>(a, a));
        f32x4_extract_lane::<0>(a) + f32x4_extract_lane::<1>(a)
    }
}

impl Kernels for Simd128 {
    #[inline(always)]
    fn block_dots(self, block: &[u8], query: &Codes<'_>) -> [i32; 16] {
        let (groups, _) = block.as_chunks::<64>();
        let n = groups.len().min(query.even.len().min(query.odd.len()) / 2);
        let mut sums = [0i32; 16];
        // SAFETY: group `g` reads elements `2 * g` and `2 * g + 1` of both planes and four vectors
        // of the group; `sums` holds four vectors.
        unsafe {
            let mut acc = [i32x4_splat(0); 4];
            for (g, group) in groups[..n].iter().enumerate() {
                let even = v128_load32_splat(query.even.as_ptr().add(2 * g).cast());
                let odd = v128_load32_splat(query.odd.as_ptr().add(2 * g).cast());
                for (acc, part) in acc.iter_mut().zip(group.as_chunks::<16>().0) {
                    let (e, o) = split(v128_load(part.as_ptr().cast()));
                    *acc = i32x4_add(*acc, i32x4_dot_i16x8(e, even));
                    *acc = i32x4_add(*acc, i32x4_dot_i16x8(o, odd));
                }
            }
            let offset = i32x4_splat(query.sum.wrapping_mul(128));
            for (out, acc) in sums.as_chunks_mut::<4>().0.iter_mut().zip(acc) {
                v128_store(out.as_mut_ptr().cast(), i32x4_sub(acc, offset));
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
            let mut acc = [i32x4_splat(0); 4];
            for i in (0..n).step_by(16) {
                let even = v128_load(query.even.as_ptr().add(i / 2).cast());
                let odd = v128_load(query.odd.as_ptr().add(i / 2).cast());
                for (acc, row) in acc.iter_mut().zip(rows) {
                    let (e, o) = split(v128_load(row.as_ptr().add(i).cast()));
                    let both = i32x4_add(i32x4_dot_i16x8(e, even), i32x4_dot_i16x8(o, odd));
                    *acc = i32x4_add(*acc, both);
                }
            }
            for (dot, acc) in dots.iter_mut().zip(acc) {
                *dot = sum(acc).wrapping_sub(query.sum.wrapping_mul(128));
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
            let offset = i16x8_splat(128);
            let mut acc = [i32x4_splat(0); 4];
            for i in (0..n).step_by(16) {
                let (even, odd) = split(v128_load(row.as_ptr().add(i).cast()));
                let (even, odd) = (i16x8_sub(even, offset), i16x8_sub(odd, offset));
                for (acc, row) in acc.iter_mut().zip(rows) {
                    let (e, o) = split(v128_load(row.as_ptr().add(i).cast()));
                    let (e, o) = (i16x8_sub(e, offset), i16x8_sub(o, offset));
                    let both = i32x4_add(i32x4_dot_i16x8(e, even), i32x4_dot_i16x8(o, odd));
                    *acc = i32x4_add(*acc, both);
                }
            }
            for (dot, acc) in dots.iter_mut().zip(acc) {
                *dot = sum(acc);
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
            let mut acc = i32x4_splat(0);
            for i in (0..whole).step_by(16) {
                let x = v128_load(a.as_ptr().add(i).cast());
                let y = v128_load(b.as_ptr().add(i).cast());
                let low = i32x4_dot_i16x8(i16x8_extend_low_i8x16(x), i16x8_extend_low_i8x16(y));
                let high = i32x4_dot_i16x8(i16x8_extend_high_i8x16(x), i16x8_extend_high_i8x16(y));
                acc = i32x4_add(acc, i32x4_add(low, high));
            }
            sum(acc)
        };
        head.wrapping_add(Scalar.dot_i8(&a[whole..n], &b[whole..n]))
    }

    #[inline(always)]
    fn float_dots(self, query: &[f32], rows: [&[f32]; 4]) -> [f32; 4] {
        // SAFETY: the proof covers `simd128`.
        unsafe { floats::rows::<v128, 4, false>(query, rows) }
    }

    #[inline(always)]
    fn float_squares(self, query: &[f32], rows: [&[f32]; 4]) -> [f32; 4] {
        // SAFETY: the proof covers `simd128`.
        unsafe { floats::rows::<v128, 4, true>(query, rows) }
    }

    #[inline(always)]
    fn hamming(self, a: &[u8], b: &[u8]) -> u32 {
        Scalar.hamming(a, b)
    }

    #[inline(always)]
    fn prefetch<T>(self, _row: &[T]) {}
}
