//! Kernels for SSE2, which every x86-64 machine has.

use super::super::floats::{self, Floats};
use super::super::{Codes, Kernels, each, scalar::Scalar};
use core::arch::x86_64::*;

/// Proof that the machine has SSE2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sse2(());

impl Sse2 {
    /// # Safety
    /// The machine has SSE2.
    pub(super) unsafe fn new() -> Self {
        Self(())
    }
}

/// # Safety
/// SSE2.
#[inline(always)]
unsafe fn sum(a: __m128i) -> i32 {
    // SAFETY: register operations of a set the caller has.
    unsafe {
        let a = _mm_add_epi32(a, _mm_shuffle_epi32::<0x4e>(a));
        _mm_cvtsi128_si32(_mm_add_epi32(a, _mm_shuffle_epi32::<0xb1>(a)))
    }
}

/// Differing bits, a machine word at a time: `popcnt` where the level has it.
#[inline(always)]
pub(super) fn hamming(a: &[u8], b: &[u8]) -> u32 {
    let n = a.len().min(b.len());
    let ((a, a_rest), (b, b_rest)) = (a[..n].as_chunks::<8>(), b[..n].as_chunks::<8>());
    let words: u32 = a
        .iter()
        .zip(b)
        .map(|(a, b)| (u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b)).count_ones())
        .sum();
    words + Scalar.hamming(a_rest, b_rest)
}

impl Floats<4> for __m128 {
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the caller has the instruction set.
        unsafe { _mm_setzero_ps() }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        unsafe { _mm_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the caller has the instruction set.
        unsafe { _mm_add_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        // SAFETY: the caller has the instruction set.
        unsafe { _mm_sub_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        // SAFETY: the caller has the instruction set.
        unsafe { _mm_mul_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn tree(lanes: [Self; 4]) -> f32 {
        // SAFETY: register operations of a set the caller has.
        unsafe {
            let a = _mm_add_ps(
                _mm_add_ps(lanes[0], lanes[2]),
                _mm_add_ps(lanes[1], lanes[3]),
            );
            let a = _mm_add_ps(a, _mm_movehl_ps(a, a));
            _mm_cvtss_f32(_mm_add_ss(a, _mm_shuffle_ps::<1>(a, a)))
        }
    }
}

impl Kernels for Sse2 {
    #[inline(always)]
    fn block_dots(self, block: &[u8], query: &Codes<'_>) -> [i32; 16] {
        let (groups, _) = block.as_chunks::<64>();
        let n = groups.len().min(query.even.len().min(query.odd.len()) / 2);
        // SAFETY: group `g` reads elements `2 * g` and `2 * g + 1` of both planes.
        unsafe {
            let mask = _mm_set1_epi16(0xff);
            let mut acc = [_mm_setzero_si128(); 4];
            for (g, group) in groups[..n].iter().enumerate() {
                let even = query.even.as_ptr().add(2 * g).cast::<i32>();
                let odd = query.odd.as_ptr().add(2 * g).cast::<i32>();
                let even = _mm_set1_epi32(even.read_unaligned());
                let odd = _mm_set1_epi32(odd.read_unaligned());
                for (acc, part) in acc.iter_mut().zip(group.as_chunks::<16>().0) {
                    let codes = _mm_loadu_si128(part.as_ptr().cast());
                    let e = _mm_madd_epi16(_mm_and_si128(codes, mask), even);
                    let o = _mm_madd_epi16(_mm_srli_epi16::<8>(codes), odd);
                    *acc = _mm_add_epi32(*acc, _mm_add_epi32(e, o));
                }
            }
            let offset = _mm_set1_epi32(query.sum.wrapping_mul(128));
            core::mem::transmute::<[__m128i; 4], [i32; 16]>([
                _mm_sub_epi32(acc[0], offset),
                _mm_sub_epi32(acc[1], offset),
                _mm_sub_epi32(acc[2], offset),
                _mm_sub_epi32(acc[3], offset),
            ])
        }
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
        // SAFETY: rows have at least `n` bytes and the planes `n / 2` elements.
        let dots = unsafe {
            let mask = _mm_set1_epi16(0xff);
            let mut acc = [_mm_setzero_si128(); 4];
            for i in (0..n).step_by(16) {
                let even = _mm_loadu_si128(query.even.as_ptr().add(i / 2).cast());
                let odd = _mm_loadu_si128(query.odd.as_ptr().add(i / 2).cast());
                for (acc, row) in acc.iter_mut().zip(rows) {
                    let codes = _mm_loadu_si128(row.as_ptr().add(i).cast());
                    let e = _mm_madd_epi16(_mm_and_si128(codes, mask), even);
                    let o = _mm_madd_epi16(_mm_srli_epi16::<8>(codes), odd);
                    *acc = _mm_add_epi32(*acc, _mm_add_epi32(e, o));
                }
            }
            [sum(acc[0]), sum(acc[1]), sum(acc[2]), sum(acc[3])]
        };
        each(dots, |dot| dot.wrapping_sub(query.sum.wrapping_mul(128)))
    }

    #[inline(always)]
    fn pair_dots(self, row: &[u8], rows: [&[u8]; 4]) -> [i32; 4] {
        let n = rows.iter().fold(row.len(), |n, row| n.min(row.len()));
        if !n.is_multiple_of(16) {
            return Scalar.pair_dots(row, rows);
        }
        // SAFETY: every row has at least `n` bytes, a multiple of 16.
        unsafe {
            let (mask, offset) = (_mm_set1_epi16(0xff), _mm_set1_epi16(128));
            let split = |row: &[u8], i: usize| {
                let codes = _mm_loadu_si128(row.as_ptr().add(i).cast());
                (
                    _mm_sub_epi16(_mm_and_si128(codes, mask), offset),
                    _mm_sub_epi16(_mm_srli_epi16::<8>(codes), offset),
                )
            };
            let mut acc = [_mm_setzero_si128(); 4];
            for i in (0..n).step_by(16) {
                let (even, odd) = split(row, i);
                for (acc, row) in acc.iter_mut().zip(rows) {
                    let (e, o) = split(row, i);
                    let both = _mm_add_epi32(_mm_madd_epi16(e, even), _mm_madd_epi16(o, odd));
                    *acc = _mm_add_epi32(*acc, both);
                }
            }
            [sum(acc[0]), sum(acc[1]), sum(acc[2]), sum(acc[3])]
        }
    }

    #[inline(always)]
    fn dot_i8(self, a: &[i8], b: &[i8]) -> i32 {
        let n = a.len().min(b.len());
        let whole = n - n % 16;
        // SAFETY: both rows have at least `whole` bytes, a multiple of 16.
        let head = unsafe {
            let split = |row: &[i8], i: usize| {
                let codes = _mm_loadu_si128(row.as_ptr().add(i).cast());
                (
                    _mm_srai_epi16::<8>(_mm_slli_epi16::<8>(codes)),
                    _mm_srai_epi16::<8>(codes),
                )
            };
            let mut acc = _mm_setzero_si128();
            for i in (0..whole).step_by(16) {
                let ((ae, ao), (be, bo)) = (split(a, i), split(b, i));
                acc = _mm_add_epi32(acc, _mm_madd_epi16(ae, be));
                acc = _mm_add_epi32(acc, _mm_madd_epi16(ao, bo));
            }
            sum(acc)
        };
        head.wrapping_add(Scalar.dot_i8(&a[whole..n], &b[whole..n]))
    }

    #[inline(always)]
    fn float_dots(self, query: &[f32], rows: [&[f32]; 4]) -> [f32; 4] {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { floats::rows::<__m128, 4, false>(query, rows) }
    }

    #[inline(always)]
    fn float_squares(self, query: &[f32], rows: [&[f32]; 4]) -> [f32; 4] {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { floats::rows::<__m128, 4, true>(query, rows) }
    }

    #[inline(always)]
    fn hamming(self, a: &[u8], b: &[u8]) -> u32 {
        hamming(a, b)
    }

    #[inline(always)]
    fn at_least(self, scores: &[f32; 16], bound: f32) -> u32 {
        // SAFETY: sixteen scores are four vectors.
        unsafe {
            let bound = _mm_set1_ps(bound);
            let mut bits = 0;
            for at in [12, 8, 4, 0] {
                let scores = _mm_loadu_ps(scores.as_ptr().add(at));
                bits = bits << 4 | _mm_movemask_ps(_mm_cmpge_ps(scores, bound)) as u32;
            }
            bits
        }
    }

    #[inline(always)]
    fn prefetch<T>(self, row: &[T]) {
        super::prefetch(row);
    }
}
