//! Kernels for AVX-512 with VNNI: `vpdpbusd` takes u8 codes and an i8 query, so a query wider than
//! eight bits runs as two planes.

use super::super::{Codes, Kernels, Margin, each, scalar::Scalar};
use core::arch::x86_64::*;

/// Proof that the machine has AVX-512 F, BW, VL and VNNI.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512Vnni(());

impl Avx512Vnni {
    /// # Safety
    /// The machine has AVX-512 F, BW, VL and VNNI, and the caller is compiled for them.
    pub(super) unsafe fn new() -> Self {
        Self(())
    }
}

/// Sums each of four vectors.
///
/// # Safety
/// AVX-512 F.
#[inline(always)]
unsafe fn sums(a: [__m512i; 4]) -> [i32; 4] {
    // SAFETY: register operations of a set the caller has.
    unsafe {
        let ab = _mm512_add_epi32(
            _mm512_shuffle_i32x4::<0x44>(a[0], a[1]),
            _mm512_shuffle_i32x4::<0xee>(a[0], a[1]),
        );
        let cd = _mm512_add_epi32(
            _mm512_shuffle_i32x4::<0x44>(a[2], a[3]),
            _mm512_shuffle_i32x4::<0xee>(a[2], a[3]),
        );
        let all = _mm512_add_epi32(
            _mm512_shuffle_i32x4::<0x88>(ab, cd),
            _mm512_shuffle_i32x4::<0xdd>(ab, cd),
        );
        let all = _mm512_add_epi32(all, _mm512_shuffle_epi32::<0x4e>(all));
        let all = _mm512_add_epi32(all, _mm512_shuffle_epi32::<0xb1>(all));
        let picked = _mm512_permutexvar_epi32(
            _mm512_set_epi32(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 8, 4, 0),
            all,
        );
        core::mem::transmute::<__m128i, [i32; 4]>(_mm512_castsi512_si128(picked))
    }
}

/// Sums each of four vectors as the tree +8, +4, +2, +1.
///
/// # Safety
/// AVX-512 F.
#[inline(always)]
unsafe fn trees(a: [__m512; 4]) -> [f32; 4] {
    // SAFETY: register operations of a set the caller has.
    unsafe {
        let ab = _mm512_add_ps(
            _mm512_shuffle_f32x4::<0x44>(a[0], a[1]),
            _mm512_shuffle_f32x4::<0xee>(a[0], a[1]),
        );
        let cd = _mm512_add_ps(
            _mm512_shuffle_f32x4::<0x44>(a[2], a[3]),
            _mm512_shuffle_f32x4::<0xee>(a[2], a[3]),
        );
        let all = _mm512_add_ps(
            _mm512_shuffle_f32x4::<0x88>(ab, cd),
            _mm512_shuffle_f32x4::<0xdd>(ab, cd),
        );
        let all = _mm512_add_ps(all, _mm512_permute_ps::<0x4e>(all));
        let all = _mm512_add_ps(all, _mm512_permute_ps::<0xb1>(all));
        let picked = _mm512_permutexvar_ps(
            _mm512_set_epi32(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 8, 4, 0),
            all,
        );
        core::mem::transmute::<__m128, [f32; 4]>(_mm512_castps512_ps128(picked))
    }
}

/// Sums a vector as the tree +8, +4, +2, +1.
///
/// # Safety
/// AVX-512 F.
#[inline(always)]
unsafe fn tree(a: __m512) -> f32 {
    // SAFETY: register operations of a set the caller has.
    unsafe {
        let a = _mm512_add_ps(a, _mm512_shuffle_f32x4::<0x4e>(a, a));
        let a = _mm_add_ps(
            _mm512_castps512_ps128(a),
            _mm256_extractf128_ps::<1>(_mm512_castps512_ps256(a)),
        );
        let a = _mm_add_ps(a, _mm_movehl_ps(a, a));
        _mm_cvtss_f32(_mm_add_ss(a, _mm_shuffle_ps::<1>(a, a)))
    }
}

/// Bits for the bytes of the last, shorter vector.
#[inline(always)]
fn tail(left: usize) -> __mmask64 {
    (1u64 << (left & 63)) - 1
}

impl Avx512Vnni {
    /// # Safety
    /// All rows and `query` have at least `n` bytes.
    #[inline(always)]
    unsafe fn plane(self, rows: [*const i8; 4], query: *const i8, n: usize) -> [__m512i; 4] {
        // SAFETY: offsets stay below `n`, masked loads below it too; the proof covers the features.
        unsafe {
            let mut acc = [_mm512_setzero_si512(); 4];
            let mut i = 0;
            while i + 64 <= n {
                let q = _mm512_loadu_si512(query.add(i).cast());
                for (acc, row) in acc.iter_mut().zip(rows) {
                    *acc = _mm512_dpbusd_epi32(*acc, _mm512_loadu_si512(row.add(i).cast()), q);
                }
                i += 64;
            }
            if i < n {
                let mask = tail(n - i);
                let q = _mm512_maskz_loadu_epi8(mask, query.add(i));
                for (acc, row) in acc.iter_mut().zip(rows) {
                    *acc = _mm512_dpbusd_epi32(*acc, _mm512_maskz_loadu_epi8(mask, row.add(i)), q);
                }
            }
            acc
        }
    }

    /// # Safety
    /// `query` has `4 * groups.len()` bytes.
    #[inline(always)]
    unsafe fn block_plane(self, groups: &[[u8; 64]], query: *const i8) -> __m512i {
        // SAFETY: group `g` reads the query's bytes `4 * g..4 * g + 4`.
        unsafe {
            let mut a = _mm512_setzero_si512();
            let mut b = _mm512_setzero_si512();
            let (pairs, rest) = groups.as_chunks::<2>();
            for (g, [first, second]) in pairs.iter().enumerate() {
                let q = query.add(8 * g).cast::<i32>();
                a = _mm512_dpbusd_epi32(
                    a,
                    _mm512_loadu_si512(first.as_ptr().cast()),
                    _mm512_set1_epi32(q.read_unaligned()),
                );
                b = _mm512_dpbusd_epi32(
                    b,
                    _mm512_loadu_si512(second.as_ptr().cast()),
                    _mm512_set1_epi32(q.add(1).read_unaligned()),
                );
            }
            if let [last] = rest {
                let q = query.add(8 * pairs.len()).cast::<i32>();
                a = _mm512_dpbusd_epi32(
                    a,
                    _mm512_loadu_si512(last.as_ptr().cast()),
                    _mm512_set1_epi32(q.read_unaligned()),
                );
            }
            _mm512_add_epi32(a, b)
        }
    }
}

impl Kernels for Avx512Vnni {
    #[inline(always)]
    fn block_dots(self, block: &[u8], query: &Codes<'_>) -> [i32; 16] {
        let (groups, _) = block.as_chunks::<64>();
        let groups = &groups[..groups.len().min(query.low.len() / 4)];
        let wide = !query.high.is_empty() && query.high.len() >= query.low.len();
        // SAFETY: both planes have four bytes for each group; the proof covers the features.
        unsafe {
            let mut sums = self.block_plane(groups, query.low.as_ptr());
            if wide {
                let high = self.block_plane(groups, query.high.as_ptr());
                sums = _mm512_add_epi32(sums, _mm512_slli_epi32::<8>(high));
            }
            let offset = _mm512_set1_epi32(query.sum.wrapping_mul(128));
            core::mem::transmute::<__m512i, [i32; 16]>(_mm512_sub_epi32(sums, offset))
        }
    }

    #[inline(always)]
    fn four_block_dots(self, blocks: [&[u8]; 4], query: &Codes<'_>) -> [[i32; 16]; 4] {
        let n = blocks
            .iter()
            .fold(query.low.len() / 4, |n, block| n.min(block.len() / 64));
        let wide = !query.high.is_empty() && query.high.len() >= query.low.len();
        let blocks = each(blocks, |block| block.as_ptr().cast::<i8>());
        let (low, high) = (query.low.as_ptr(), query.high.as_ptr());
        // SAFETY: blocks have 64 bytes and planes four for each of `n` groups, the high one if it is
        // wide; the proof covers the features.
        unsafe {
            let mut acc = [_mm512_setzero_si512(); 4];
            let mut above = [_mm512_setzero_si512(); 4];
            for g in 0..n {
                let q = _mm512_set1_epi32(low.add(4 * g).cast::<i32>().read_unaligned());
                let codes = each(blocks, |block| _mm512_loadu_si512(block.add(64 * g).cast()));
                for (acc, codes) in acc.iter_mut().zip(codes) {
                    *acc = _mm512_dpbusd_epi32(*acc, codes, q);
                }
                if wide {
                    let q = _mm512_set1_epi32(high.add(4 * g).cast::<i32>().read_unaligned());
                    for (above, codes) in above.iter_mut().zip(codes) {
                        *above = _mm512_dpbusd_epi32(*above, codes, q);
                    }
                }
            }
            let offset = _mm512_set1_epi32(query.sum.wrapping_mul(128));
            for (acc, above) in acc.iter_mut().zip(above) {
                let both = _mm512_add_epi32(*acc, _mm512_slli_epi32::<8>(above));
                *acc = _mm512_sub_epi32(both, offset);
            }
            core::mem::transmute::<[__m512i; 4], [[i32; 16]; 4]>(acc)
        }
    }

    #[inline(always)]
    fn row_dots(self, rows: [&[u8]; 4], query: &Codes<'_>) -> [i32; 4] {
        let n = rows.iter().fold(query.low.len(), |n, row| n.min(row.len()));
        let wide = !query.high.is_empty() && query.high.len() >= query.low.len();
        let pointers = each(rows, |row| row.as_ptr().cast::<i8>());
        // SAFETY: rows and planes have at least `n` bytes; the proof covers the features.
        let mut dots = unsafe {
            let mut acc = self.plane(pointers, query.low.as_ptr(), n);
            if wide {
                let high = self.plane(pointers, query.high.as_ptr(), n);
                for (acc, high) in acc.iter_mut().zip(high) {
                    *acc = _mm512_add_epi32(*acc, _mm512_slli_epi32::<8>(high));
                }
            }
            sums(acc)
        };
        for dot in &mut dots {
            *dot = dot.wrapping_sub(query.sum.wrapping_mul(128));
        }
        dots
    }

    #[inline(always)]
    fn pair_dots(self, row: &[u8], rows: [&[u8]; 4]) -> [i32; 4] {
        let n = rows.iter().fold(row.len(), |n, row| n.min(row.len()));
        // SAFETY: every row has at least `n` bytes and masks end there; the proof covers the
        // features.
        unsafe {
            let flip = _mm512_set1_epi8(-128);
            let ones = _mm512_set1_epi8(1);
            let mut acc = [_mm512_setzero_si512(); 4];
            let mut total = _mm512_setzero_si512();
            let mut i = 0;
            while i < n {
                let mask = if n - i >= 64 { u64::MAX } else { tail(n - i) };
                let q = _mm512_maskz_loadu_epi8(mask, row.as_ptr().add(i).cast());
                let q = _mm512_maskz_mov_epi8(mask, _mm512_xor_si512(q, flip));
                total = _mm512_dpbusd_epi32(total, ones, q);
                for (acc, row) in acc.iter_mut().zip(rows) {
                    let codes = _mm512_maskz_loadu_epi8(mask, row.as_ptr().add(i).cast());
                    *acc = _mm512_dpbusd_epi32(*acc, codes, q);
                }
                i += 64;
            }
            let offset = _mm512_slli_epi32::<7>(total);
            for acc in &mut acc {
                *acc = _mm512_sub_epi32(*acc, offset);
            }
            sums(acc)
        }
    }

    #[inline(always)]
    fn dot_i8(self, a: &[i8], b: &[i8]) -> i32 {
        let n = a.len().min(b.len());
        // SAFETY: both rows have at least `n` bytes and masks end there; the proof covers the
        // features.
        unsafe {
            let flip = _mm512_set1_epi8(-128);
            let mut acc = _mm512_setzero_si512();
            let mut total = _mm512_setzero_si512();
            let (a, b) = (a.as_ptr(), b.as_ptr());
            let mut i = 0;
            while i + 64 <= n {
                let u = _mm512_xor_si512(_mm512_loadu_si512(a.add(i).cast()), flip);
                let s = _mm512_loadu_si512(b.add(i).cast());
                acc = _mm512_dpbusd_epi32(acc, u, s);
                total = _mm512_dpbusd_epi32(total, flip, s);
                i += 64;
            }
            if i < n {
                let mask = tail(n - i);
                let u = _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, a.add(i)), flip);
                let s = _mm512_maskz_loadu_epi8(mask, b.add(i));
                acc = _mm512_dpbusd_epi32(acc, u, s);
                total = _mm512_dpbusd_epi32(total, flip, s);
            }
            _mm512_reduce_add_epi32(_mm512_sub_epi32(acc, total))
        }
    }

    #[inline(always)]
    fn float_dots(self, query: &[f32], rows: [&[f32]; 4]) -> [f32; 4] {
        let n = rows[0].len().min(query.len());
        if !n.is_multiple_of(16) {
            return Scalar.float_dots(query, rows);
        }
        if rows[1].len() < n || rows[2].len() < n || rows[3].len() < n {
            let mut outs = [0.0; 4];
            for (out, row) in outs.iter_mut().zip(rows) {
                if row.len() < n {
                    if !row.is_empty() {
                        *out = Scalar.float_dots(query, [row, &[], &[], &[]])[0];
                    }
                    continue;
                }
                // SAFETY: query and row have `n` elements; the proof covers the features.
                *out = unsafe {
                    let mut acc = _mm512_setzero_ps();
                    for i in (0..n).step_by(16) {
                        let q = _mm512_loadu_ps(query.as_ptr().add(i));
                        let r = _mm512_loadu_ps(row.as_ptr().add(i));
                        acc = _mm512_add_ps(acc, _mm512_mul_ps(q, r));
                    }
                    tree(acc)
                };
            }
            return outs;
        }
        // SAFETY: query and rows have `n` elements, a multiple of 16; the proof covers the
        // features.
        unsafe {
            let mut acc = [_mm512_setzero_ps(); 4];
            for i in (0..n).step_by(16) {
                let q = _mm512_loadu_ps(query.as_ptr().add(i));
                for (acc, row) in acc.iter_mut().zip(rows) {
                    let r = _mm512_loadu_ps(row.as_ptr().add(i));
                    *acc = _mm512_add_ps(*acc, _mm512_mul_ps(q, r));
                }
            }
            trees(acc)
        }
    }

    #[inline(always)]
    fn float_squares(self, query: &[f32], rows: [&[f32]; 4]) -> [f32; 4] {
        let n = query.len();
        if !n.is_multiple_of(16) || rows.iter().any(|row| row.len() < n) {
            return Scalar.float_squares(query, rows);
        }
        // SAFETY: query and rows have `n` elements, a multiple of 16; the proof covers the
        // features.
        unsafe {
            let mut acc = [_mm512_setzero_ps(); 4];
            for i in (0..n).step_by(16) {
                let q = _mm512_loadu_ps(query.as_ptr().add(i));
                for (acc, row) in acc.iter_mut().zip(rows) {
                    let d = _mm512_sub_ps(q, _mm512_loadu_ps(row.as_ptr().add(i)));
                    *acc = _mm512_add_ps(*acc, _mm512_mul_ps(d, d));
                }
            }
            trees(acc)
        }
    }

    #[inline(always)]
    fn hamming(self, a: &[u8], b: &[u8]) -> u32 {
        super::sse2::hamming(a, b)
    }

    #[inline(always)]
    fn scores(self, dots: &[i32; 16], scales: &[f32; 16], factor: f32, out: &mut [f32; 16]) {
        // SAFETY: every array is one vector; the proof covers the features.
        unsafe {
            let dots = _mm512_cvtepi32_ps(_mm512_loadu_si512(dots.as_ptr().cast()));
            let scales = _mm512_loadu_ps(scales.as_ptr());
            let live = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(scales, _mm512_setzero_ps());
            let scores = _mm512_mul_ps(dots, _mm512_mul_ps(scales, _mm512_set1_ps(factor)));
            let dead = _mm512_set1_ps(f32::NEG_INFINITY);
            _mm512_storeu_ps(out.as_mut_ptr(), _mm512_mask_mov_ps(dead, live, scores));
        }
    }

    #[inline(always)]
    fn bounds(
        self,
        dots: &[i32; 16],
        scales: &[f32; 16],
        residuals: &[u8; 16],
        margin: Margin,
        most: &mut [f32; 16],
        least: &mut [f32; 16],
    ) {
        // SAFETY: every array is one vector, the residuals a quarter; the proof covers the
        // features.
        unsafe {
            let dots = _mm512_cvtepi32_ps(_mm512_loadu_si512(dots.as_ptr().cast()));
            let scales = _mm512_loadu_ps(scales.as_ptr());
            let live = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(scales, _mm512_setzero_ps());
            let residuals = _mm512_cvtepu8_epi32(_mm_loadu_si128(residuals.as_ptr().cast()));
            let off = _mm512_add_ps(
                _mm512_mul_ps(
                    _mm512_cvtepi32_ps(residuals),
                    _mm512_set1_ps(margin.per_residual),
                ),
                _mm512_set1_ps(margin.constant),
            );
            let dead = _mm512_set1_ps(f32::NEG_INFINITY);
            let up = _mm512_mul_ps(_mm512_add_ps(dots, off), scales);
            let down = _mm512_mul_ps(_mm512_sub_ps(dots, off), scales);
            _mm512_storeu_ps(most.as_mut_ptr(), _mm512_mask_mov_ps(dead, live, up));
            let down = _mm512_mask_mov_ps(dead, live, down);
            let before = _mm512_loadu_ps(least.as_ptr());
            _mm512_storeu_ps(least.as_mut_ptr(), _mm512_max_ps(down, before));
        }
    }

    #[inline(always)]
    fn maximum(self, scores: &[f32; 16]) -> f32 {
        // SAFETY: sixteen scores are one vector; the proof covers the features.
        unsafe { _mm512_reduce_max_ps(_mm512_loadu_ps(scores.as_ptr())) }
    }

    #[inline(always)]
    fn at_least(self, scores: &[f32; 16], bound: f32) -> u32 {
        // SAFETY: sixteen scores are one vector; the proof covers the features.
        unsafe {
            let scores = _mm512_loadu_ps(scores.as_ptr());
            u32::from(_mm512_cmp_ps_mask::<_CMP_GE_OQ>(
                scores,
                _mm512_set1_ps(bound),
            ))
        }
    }

    #[inline(always)]
    fn near(self, axes: [&[u32; 8]; 3], point: [f32; 3], limit: f32) -> u32 {
        // SAFETY: the proof covers AVX2.
        unsafe { super::avx2::near(axes, point, limit) }
    }

    #[inline(always)]
    fn insert(self, entries: &mut [u64], filled: usize, entry: u64) -> usize {
        let size = entries.len();
        let vectors = (filled.min(size - size.min(1)) + 8) / 8;
        if !size.is_multiple_of(8) || vectors * 8 > size {
            return Scalar.insert(entries, filled, entry);
        }
        let start = entries.as_mut_ptr().cast::<i64>();
        // SAFETY: `vectors` is at least one, and the slice has eight entries for each; the proof
        // covers the features.
        unsafe {
            let new = _mm512_set1_epi64(entry as i64);
            let mut at = 0;
            let mut j = vectors - 1;
            let mut here = _mm512_loadu_si512(start.add(8 * j).cast());
            loop {
                let less = _mm512_cmplt_epu64_mask(here, new);
                if vectors > 8 && less == 0xff {
                    return at + 8 * (j + 1);
                }
                at += less.count_ones() as usize;
                let before = match j {
                    0 => _mm512_setzero_si512(),
                    _ => _mm512_loadu_si512(start.add(8 * (j - 1)).cast()),
                };
                // What is less stays; what is not moves up by one, and the place between is new.
                let moved = _mm512_alignr_epi64::<7>(here, before);
                let placed = _mm512_max_epu64(moved, _mm512_min_epu64(here, new));
                _mm512_storeu_si512(start.add(8 * j).cast(), placed);
                if j == 0 {
                    return at;
                }
                here = before;
                j -= 1;
            }
        }
    }

    #[inline(always)]
    fn prefetch<T>(self, row: &[T]) {
        super::prefetch(row);
    }
}
