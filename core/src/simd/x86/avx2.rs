//! Kernels for AVX2: codes widen to 16 bits by mask and shift, which leaves even and odd elements
//! apart, so the query is kept as an even and an odd plane for `vpmaddwd`.

use super::super::floats::{self, Floats};
use super::super::{Codes, Kernels, each, scalar::Scalar};
use core::arch::x86_64::*;

/// Proof that the machine has AVX2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// # Safety
    /// The machine has AVX2, and the caller is compiled for it.
    pub(super) unsafe fn new() -> Self {
        Self(())
    }
}

/// # Safety
/// AVX2.
#[inline(always)]
unsafe fn sum(a: __m256i) -> i32 {
    // SAFETY: register operations of a set the caller has.
    unsafe {
        let a = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256::<1>(a));
        let a = _mm_add_epi32(a, _mm_shuffle_epi32::<0x4e>(a));
        _mm_cvtsi128_si32(_mm_add_epi32(a, _mm_shuffle_epi32::<0xb1>(a)))
    }
}

/// Sums each of four vectors, all at a time.
///
/// # Safety
/// AVX2.
#[inline(always)]
unsafe fn sums([a, b, c, d]: [__m256i; 4]) -> [i32; 4] {
    // SAFETY: register operations of a set the caller has.
    unsafe {
        let ab = _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
        let cd = _mm256_add_epi32(_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
        let all = _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
        let high = _mm256_extracti128_si256::<1>(all);
        core::mem::transmute::<__m128i, [i32; 4]>(_mm_add_epi32(_mm256_castsi256_si128(all), high))
    }
}

/// Products of 32 codes with the planes, summed into eight lanes.
///
/// # Safety
/// AVX2; 16 elements can be read at `even` and `odd`.
#[inline(always)]
unsafe fn madd(codes: __m256i, even: *const i16, odd: *const i16) -> __m256i {
    // SAFETY: the caller's promise.
    unsafe {
        let e = _mm256_and_si256(codes, _mm256_set1_epi16(0xff));
        let o = _mm256_srli_epi16::<8>(codes);
        _mm256_add_epi32(
            _mm256_madd_epi16(e, _mm256_loadu_si256(even.cast())),
            _mm256_madd_epi16(o, _mm256_loadu_si256(odd.cast())),
        )
    }
}

/// See [`Kernels::near`].
///
/// # Safety
/// AVX2.
#[inline(always)]
pub(super) unsafe fn near([xs, ys, zs]: [&[u32; 8]; 3], point: [f32; 3], limit: f32) -> u32 {
    // SAFETY: loads of the eight elements of an array, of a set the caller has.
    unsafe {
        let x = _mm256_loadu_ps(xs.as_ptr().cast());
        let y = _mm256_loadu_ps(ys.as_ptr().cast());
        let z = _mm256_loadu_ps(zs.as_ptr().cast());
        let x = _mm256_sub_ps(x, _mm256_set1_ps(point[0]));
        let y = _mm256_sub_ps(y, _mm256_set1_ps(point[1]));
        let z = _mm256_sub_ps(z, _mm256_set1_ps(point[2]));
        let sum = _mm256_add_ps(_mm256_mul_ps(x, x), _mm256_mul_ps(y, y));
        let sum = _mm256_add_ps(sum, _mm256_mul_ps(z, z));
        _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(sum, _mm256_set1_ps(limit))) as u32
    }
}

impl Floats<2> for __m256 {
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the caller has the instruction set.
        unsafe { _mm256_setzero_ps() }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the caller has the instruction set.
        unsafe { _mm256_add_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        // SAFETY: the caller has the instruction set.
        unsafe { _mm256_sub_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        // SAFETY: the caller has the instruction set.
        unsafe { _mm256_mul_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn trees([a, b, c, d]: [[Self; 2]; 4]) -> [f32; 4] {
        // SAFETY: register operations of a set the caller has.
        unsafe {
            let [a, b, c, d] = [
                _mm256_add_ps(a[0], a[1]),
                _mm256_add_ps(b[0], b[1]),
                _mm256_add_ps(c[0], c[1]),
                _mm256_add_ps(d[0], d[1]),
            ];
            // By +4: row a in the lower half and b in the upper, so c and d.
            let ab = _mm256_add_ps(
                _mm256_permute2f128_ps::<0x20>(a, b),
                _mm256_permute2f128_ps::<0x31>(a, b),
            );
            let cd = _mm256_add_ps(
                _mm256_permute2f128_ps::<0x20>(c, d),
                _mm256_permute2f128_ps::<0x31>(c, d),
            );
            // By +2: rows a and c in the lower half, b and d in the upper.
            let by_two = _mm256_add_ps(
                _mm256_shuffle_ps::<0x44>(ab, cd),
                _mm256_shuffle_ps::<0xee>(ab, cd),
            );
            let by_one = _mm256_add_ps(by_two, _mm256_permute_ps::<0xb1>(by_two));
            let (low, high) = (
                _mm256_castps256_ps128(by_one),
                _mm256_extractf128_ps::<1>(by_one),
            );
            // a, b, c, d from [a a c c] and [b b d d].
            core::mem::transmute::<__m128, [f32; 4]>(_mm_blend_ps::<0b1010>(low, high))
        }
    }

    #[inline(always)]
    unsafe fn tree(lanes: [Self; 2]) -> f32 {
        // SAFETY: register operations of a set the caller has.
        unsafe {
            let a = _mm256_add_ps(lanes[0], lanes[1]);
            let a = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let a = _mm_add_ps(a, _mm_movehl_ps(a, a));
            _mm_cvtss_f32(_mm_add_ss(a, _mm_shuffle_ps::<1>(a, a)))
        }
    }
}

impl Kernels for Avx2 {
    #[inline(always)]
    fn block_dots(self, block: &[u8], query: &Codes<'_>) -> [i32; 16] {
        let (groups, _) = block.as_chunks::<64>();
        let n = groups.len().min(query.even.len().min(query.odd.len()) / 2);
        // SAFETY: group `g` reads elements `2 * g` and `2 * g + 1` of both planes; the proof covers
        // the features.
        unsafe {
            let mask = _mm256_set1_epi16(0xff);
            let mut low = _mm256_setzero_si256();
            let mut high = _mm256_setzero_si256();
            for (g, group) in groups[..n].iter().enumerate() {
                let even = query.even.as_ptr().add(2 * g).cast::<i32>();
                let odd = query.odd.as_ptr().add(2 * g).cast::<i32>();
                let even = _mm256_set1_epi32(even.read_unaligned());
                let odd = _mm256_set1_epi32(odd.read_unaligned());
                let a = _mm256_loadu_si256(group.as_ptr().cast());
                let b = _mm256_loadu_si256(group.as_ptr().add(32).cast());
                low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_and_si256(a, mask), even));
                low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_srli_epi16::<8>(a), odd));
                high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_and_si256(b, mask), even));
                high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_srli_epi16::<8>(b), odd));
            }
            let offset = _mm256_set1_epi32(query.sum.wrapping_mul(128));
            core::mem::transmute::<[__m256i; 2], [i32; 16]>([
                _mm256_sub_epi32(low, offset),
                _mm256_sub_epi32(high, offset),
            ])
        }
    }

    #[inline(always)]
    fn four_block_dots(self, blocks: [&[u8]; 4], query: &Codes<'_>) -> [[i32; 16]; 4] {
        let groups = each(
            blocks,
            #[inline(always)]
            |block| block.as_chunks::<64>().0,
        );
        let n = query.even.len().min(query.odd.len()) / 2;
        let n = groups.iter().fold(n, |n, groups| n.min(groups.len()));
        // SAFETY: every block has `n` groups; group `g` reads elements `2 * g` and `2 * g + 1` of both
        // planes; the proof covers the features.
        unsafe {
            let mask = _mm256_set1_epi16(0xff);
            let mut sums = [[_mm256_setzero_si256(); 2]; 4];
            for g in 0..n {
                // One look at the query serves all four blocks.
                let even = query.even.as_ptr().add(2 * g).cast::<i32>();
                let odd = query.odd.as_ptr().add(2 * g).cast::<i32>();
                let even = _mm256_set1_epi32(even.read_unaligned());
                let odd = _mm256_set1_epi32(odd.read_unaligned());
                for (sums, groups) in sums.iter_mut().zip(groups) {
                    let group = groups.as_ptr().add(g).cast::<__m256i>();
                    for (half, sum) in sums.iter_mut().enumerate() {
                        let codes = _mm256_loadu_si256(group.add(half));
                        let e = _mm256_madd_epi16(_mm256_and_si256(codes, mask), even);
                        let o = _mm256_madd_epi16(_mm256_srli_epi16::<8>(codes), odd);
                        *sum = _mm256_add_epi32(*sum, _mm256_add_epi32(e, o));
                    }
                }
            }
            let offset = _mm256_set1_epi32(query.sum.wrapping_mul(128));
            each(
                sums,
                #[inline(always)]
                |[low, high]| {
                    core::mem::transmute::<[__m256i; 2], [i32; 16]>([
                        _mm256_sub_epi32(low, offset),
                        _mm256_sub_epi32(high, offset),
                    ])
                },
            )
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
        let (even, odd) = (query.even.as_ptr(), query.odd.as_ptr());
        // SAFETY: rows have at least `n` bytes and the planes `n / 2` elements; the last half
        // vector reads 16 bytes and 8 elements; the proof covers the features.
        let dots = unsafe {
            let mut acc = [_mm256_setzero_si256(); 4];
            let mut i = 0;
            while i + 32 <= n {
                for (acc, row) in acc.iter_mut().zip(rows) {
                    let codes = _mm256_loadu_si256(row.as_ptr().add(i).cast());
                    *acc = _mm256_add_epi32(*acc, madd(codes, even.add(i / 2), odd.add(i / 2)));
                }
                i += 32;
            }
            if i < n {
                let e = _mm_loadu_si128(even.add(i / 2).cast());
                let o = _mm_loadu_si128(odd.add(i / 2).cast());
                for (acc, row) in acc.iter_mut().zip(rows) {
                    let codes = _mm_loadu_si128(row.as_ptr().add(i).cast());
                    let part = _mm_add_epi32(
                        _mm_madd_epi16(_mm_and_si128(codes, _mm_set1_epi16(0xff)), e),
                        _mm_madd_epi16(_mm_srli_epi16::<8>(codes), o),
                    );
                    *acc = _mm256_add_epi32(*acc, _mm256_zextsi128_si256(part));
                }
            }
            sums(acc)
        };
        each(dots, |dot| dot.wrapping_sub(query.sum.wrapping_mul(128)))
    }

    #[inline(always)]
    fn pair_dots(self, row: &[u8], rows: [&[u8]; 4]) -> [i32; 4] {
        let n = rows.iter().fold(row.len(), |n, row| n.min(row.len()));
        if !n.is_multiple_of(16) {
            return Scalar.pair_dots(row, rows);
        }
        // SAFETY: every row has at least `n` bytes, a multiple of 16; the proof covers the
        // features.
        unsafe {
            let offset = _mm256_set1_epi16(128);
            let mut acc = [_mm256_setzero_si256(); 4];
            for i in (0..n).step_by(16) {
                let q = _mm_loadu_si128(row.as_ptr().add(i).cast());
                let q = _mm256_sub_epi16(_mm256_cvtepu8_epi16(q), offset);
                for (acc, row) in acc.iter_mut().zip(rows) {
                    let codes = _mm_loadu_si128(row.as_ptr().add(i).cast());
                    let codes = _mm256_sub_epi16(_mm256_cvtepu8_epi16(codes), offset);
                    *acc = _mm256_add_epi32(*acc, _mm256_madd_epi16(codes, q));
                }
            }
            sums(acc)
        }
    }

    #[inline(always)]
    fn dot_i8(self, a: &[i8], b: &[i8]) -> i32 {
        let n = a.len().min(b.len());
        let whole = n - n % 16;
        // SAFETY: both rows have at least `whole` bytes, a multiple of 16; the proof covers the
        // features.
        let head = unsafe {
            let mut acc = _mm256_setzero_si256();
            for i in (0..whole).step_by(16) {
                let x = _mm256_cvtepi8_epi16(_mm_loadu_si128(a.as_ptr().add(i).cast()));
                let y = _mm256_cvtepi8_epi16(_mm_loadu_si128(b.as_ptr().add(i).cast()));
                acc = _mm256_add_epi32(acc, _mm256_madd_epi16(x, y));
            }
            sum(acc)
        };
        head.wrapping_add(Scalar.dot_i8(&a[whole..n], &b[whole..n]))
    }

    #[inline(always)]
    fn float_dots(self, query: &[f32], rows: [&[f32]; 4]) -> [f32; 4] {
        // SAFETY: the proof covers the features.
        unsafe { floats::rows::<__m256, 2, false>(query, rows) }
    }

    #[inline(always)]
    fn float_squares(self, query: &[f32], rows: [&[f32]; 4]) -> [f32; 4] {
        // SAFETY: the proof covers the features.
        unsafe { floats::rows::<__m256, 2, true>(query, rows) }
    }

    #[inline(always)]
    fn hamming(self, a: &[u8], b: &[u8]) -> u32 {
        super::sse2::hamming(a, b)
    }

    #[inline(always)]
    fn at_least(self, scores: &[f32; 16], bound: f32) -> u32 {
        // SAFETY: sixteen scores are two vectors; the proof covers the features.
        unsafe {
            let bound = _mm256_set1_ps(bound);
            let low = _mm256_loadu_ps(scores.as_ptr());
            let high = _mm256_loadu_ps(scores.as_ptr().add(8));
            let low = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(low, bound));
            let high = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(high, bound));
            low as u32 | (high as u32) << 8
        }
    }

    #[inline(always)]
    fn near(self, axes: [&[u32; 8]; 3], point: [f32; 3], limit: f32) -> u32 {
        // SAFETY: the proof covers the features.
        unsafe { near(axes, point, limit) }
    }

    #[inline(always)]
    fn insert(self, entries: &mut [u64], filled: usize, entry: u64) -> usize {
        let size = entries.len();
        let vectors = (filled.min(size - size.min(1)) + 4) / 4;
        // Beyond so many the few places that move are fewer than those that would be compared.
        if vectors > 8 || !size.is_multiple_of(4) || vectors * 4 > size {
            return Scalar.insert(entries, filled, entry);
        }
        let start = entries.as_mut_ptr().cast::<i64>();
        // SAFETY: `vectors` is at least one, and the slice has four entries for each; what lies one place
        // in front of a vector is read for those behind the first alone; the proof covers the features.
        unsafe {
            // Comparisons are signed: with the highest bit turned they order as without a sign.
            let turn = _mm256_set1_epi64x(i64::MIN);
            let new = _mm256_xor_si256(_mm256_set1_epi64x(entry as i64), turn);
            let mut at = 0;
            for j in (0..vectors).rev() {
                let here = _mm256_loadu_si256(start.add(4 * j).cast());
                let here = _mm256_xor_si256(here, turn);
                let less = _mm256_cmpgt_epi64(new, here);
                at += (_mm256_movemask_pd(_mm256_castsi256_pd(less)) as u32).count_ones() as usize;
                let moved = match j {
                    0 => {
                        let up = _mm256_permute4x64_epi64::<0x90>(here);
                        _mm256_blend_epi32::<0b11>(up, turn)
                    }
                    _ => {
                        let up = _mm256_loadu_si256(start.add(4 * j - 1).cast());
                        _mm256_xor_si256(up, turn)
                    }
                };
                // What is less stays; what is not moves up by one, and the place between is new.
                let lesser = _mm256_blendv_epi8(new, here, less);
                let stays = _mm256_cmpgt_epi64(moved, lesser);
                let placed = _mm256_blendv_epi8(lesser, moved, stays);
                _mm256_storeu_si256(start.add(4 * j).cast(), _mm256_xor_si256(placed, turn));
            }
            at
        }
    }

    #[inline(always)]
    fn prefetch<T>(self, row: &[T]) {
        super::prefetch(row);
    }
}
