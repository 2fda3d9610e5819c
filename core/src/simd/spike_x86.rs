//! Kernels of spikes for x86-64, chosen at run time by [`level`]; bit for bit what the safe forms
//! in `spike.rs` do, which take what is left over.

use super::spike::{self as plain, Cosine, Lanes, PLANES, RateTable};
use super::{Level, level};
use core::arch::x86_64::*;

cpufeatures::new!(has_vpopcntdq, "avx512vpopcntdq");

/// Encodes whole groups of values and returns how many; a multiple of 32.
#[inline]
pub(super) fn rate(table: &RateTable, values: &[i8], fire: &mut [u8], sign: &mut [u8]) -> usize {
    match level() {
        // SAFETY: `level` returns this only where the features are.
        Level::Avx512Vnni => unsafe { rate_avx512(table, values, fire, sign) },
        // SAFETY: as above.
        Level::Avx2 => unsafe { rate_avx2(table, values, fire, sign) },
        _ => 0,
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn rate_avx512(table: &RateTable, values: &[i8], fire: &mut [u8], sign: &mut [u8]) -> usize {
    let limits = table.limits.map(|x| _mm512_set1_epi8(x as i8));
    let trains = table.trains.map(|x| _mm512_set1_epi8(x as i8));
    let (values, _) = values.as_chunks::<64>();
    let (fire, _) = fire.as_chunks_mut::<64>();
    let (sign, _) = sign.as_chunks_mut::<8>();
    let mut done = 0;
    for ((values, fire), sign) in values.iter().zip(fire).zip(sign) {
        // SAFETY: a load of the 64 bytes of an array.
        let value = unsafe { _mm512_loadu_si512(values.as_ptr().cast()) };
        let magnitude = _mm512_abs_epi8(value);
        let mut train = _mm512_setzero_si512();
        for i in (0..8).rev() {
            let reached = _mm512_cmpge_epu8_mask(magnitude, limits[i]);
            train = _mm512_mask_mov_epi8(train, reached, trains[i]);
        }
        // SAFETY: a store of the 64 bytes of an array.
        unsafe { _mm512_storeu_si512(fire.as_mut_ptr().cast(), train) };
        let signs = _mm512_movepi8_mask(value) & _mm512_test_epi8_mask(train, train);
        *sign = signs.to_le_bytes();
        done += 64;
    }
    done
}

#[target_feature(enable = "avx2")]
fn rate_avx2(table: &RateTable, values: &[i8], fire: &mut [u8], sign: &mut [u8]) -> usize {
    let limits = table.limits.map(|x| _mm256_set1_epi8(x as i8));
    let trains = table.trains.map(|x| _mm256_set1_epi8(x as i8));
    let (values, _) = values.as_chunks::<32>();
    let (fire, _) = fire.as_chunks_mut::<32>();
    let (sign, _) = sign.as_chunks_mut::<4>();
    let mut done = 0;
    for ((values, fire), sign) in values.iter().zip(fire).zip(sign) {
        // SAFETY: a load of the 32 bytes of an array.
        let value = unsafe { _mm256_loadu_si256(values.as_ptr().cast()) };
        let magnitude = _mm256_abs_epi8(value);
        let mut train = _mm256_setzero_si256();
        for i in (0..8).rev() {
            let reached = _mm256_cmpeq_epi8(_mm256_max_epu8(magnitude, limits[i]), magnitude);
            train = _mm256_blendv_epi8(train, trains[i], reached);
        }
        // SAFETY: a store of the 32 bytes of an array.
        unsafe { _mm256_storeu_si256(fire.as_mut_ptr().cast(), train) };
        let silent = _mm256_cmpeq_epi8(train, _mm256_setzero_si256());
        let signs = _mm256_movemask_epi8(_mm256_andnot_si256(silent, value));
        *sign = signs.to_le_bytes();
        done += 32;
    }
    done
}

/// Counts shared bits of `query` with rows of its length; nothing on lower levels.
#[inline]
pub(super) fn coincidences(query: &[u8], rows: &[u8], counts: &mut [u32]) -> bool {
    match level() {
        Level::Avx512Vnni if query.len() == 64 && has_vpopcntdq::get() => {
            // SAFETY: both `level` and the check beside it found the features.
            unsafe { coincidences_avx512(query, rows, counts) };
            true
        }
        Level::Avx512Vnni | Level::Avx2 => {
            // SAFETY: `level` returns these only where AVX2 is, and no machine has that without
            // POPCNT.
            unsafe { coincidences_popcnt(query, rows, counts) };
            true
        }
        _ => false,
    }
}

/// Eight rows of 64 bytes at a time, each counted in a register and the eight sums added up
/// together.
#[target_feature(enable = "avx512f,avx512vpopcntdq,popcnt")]
fn coincidences_avx512(query: &[u8], rows: &[u8], counts: &mut [u32]) {
    let Ok(line) = <&[u8; 64]>::try_from(query) else {
        return;
    };
    // SAFETY: a load of the 64 bytes of an array.
    let q = unsafe { _mm512_loadu_si512(line.as_ptr().cast()) };
    let (lines, _) = rows.as_chunks::<64>();
    let count = lines.len().min(counts.len());
    let (eights, rest) = lines[..count].as_chunks::<8>();
    let (places, last) = counts[..count].as_chunks_mut::<8>();
    for (eight, place) in eights.iter().zip(places) {
        let mut sums = [_mm512_setzero_si512(); 8];
        for (sum, row) in sums.iter_mut().zip(eight) {
            // SAFETY: a load of the 64 bytes of an array.
            let row = unsafe { _mm512_loadu_si512(row.as_ptr().cast()) };
            *sum = _mm512_popcnt_epi64(_mm512_and_si512(q, row));
        }
        // SAFETY: a store of the 32 bytes of an array.
        unsafe { _mm256_storeu_si256(place.as_mut_ptr().cast(), sum_each(sums)) };
    }
    for (row, place) in rest.iter().zip(last) {
        *place = shared(line, row);
    }
}

/// Adds up the eight 64-bit lanes of each of eight vectors; no sum is above 2^32 - 1.
#[inline]
#[target_feature(enable = "avx512f")]
fn sum_each(v: [__m512i; 8]) -> __m256i {
    let pair = |a, b| _mm512_or_si512(a, _mm512_slli_epi64::<32>(b));
    let four = |a, b| _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    let low = four(pair(v[0], v[1]), pair(v[2], v[3]));
    let high = four(pair(v[4], v[5]), pair(v[6], v[7]));
    let all = _mm512_add_epi32(
        _mm512_shuffle_i64x2::<0b0100_0100>(low, high),
        _mm512_shuffle_i64x2::<0b1110_1110>(low, high),
    );
    _mm512_castsi512_si256(_mm512_add_epi32(
        _mm512_shuffle_i64x2::<0b0000_1000>(all, all),
        _mm512_shuffle_i64x2::<0b0000_1101>(all, all),
    ))
}

/// Counts shared bits of two rows; `None` on lower levels.
#[inline]
pub(super) fn coincidence(a: &[u8], b: &[u8]) -> Option<u32> {
    match level() {
        Level::Avx512Vnni if a.len() == 64 && b.len() == 64 && has_vpopcntdq::get() => {
            // SAFETY: as in `coincidences`.
            Some(unsafe { coincidence_avx512(a, b) })
        }
        // SAFETY: as in `coincidences`.
        Level::Avx512Vnni | Level::Avx2 => Some(unsafe { coincidence_popcnt(a, b) }),
        _ => None,
    }
}

/// Of 64 bytes each.
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn coincidence_avx512(a: &[u8], b: &[u8]) -> u32 {
    let (Some(a), Some(b)) = (a.first_chunk::<64>(), b.first_chunk::<64>()) else {
        return 0;
    };
    // SAFETY: loads of the 64 bytes of an array.
    let (a, b) = unsafe {
        (
            _mm512_loadu_si512(a.as_ptr().cast()),
            _mm512_loadu_si512(b.as_ptr().cast()),
        )
    };
    _mm512_reduce_add_epi64(_mm512_popcnt_epi64(_mm512_and_si512(a, b))) as u32
}

#[target_feature(enable = "popcnt")]
fn coincidence_popcnt(a: &[u8], b: &[u8]) -> u32 {
    if let (Ok(a), Ok(b)) = (a.try_into(), b.try_into()) {
        return shared(a, b);
    }
    let shorter = a.len().min(b.len());
    let (lines_a, rest_a) = a[..shorter].as_chunks::<64>();
    let (lines_b, rest_b) = b[..shorter].as_chunks::<64>();
    let lines = lines_a.iter().zip(lines_b);
    lines.fold(plain::count_both(rest_a, rest_b), |sum, (a, b)| {
        sum + shared(a, b)
    })
}

/// The bits two lines of 64 bytes share.
#[inline]
#[target_feature(enable = "popcnt")]
fn shared(a: &[u8; 64], b: &[u8; 64]) -> u32 {
    let (a, _) = a.as_chunks::<8>();
    let (b, _) = b.as_chunks::<8>();
    let mut sums = [0; 2];
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        sums[i % 2] += _popcnt64(i64::from_le_bytes(*a) & i64::from_le_bytes(*b));
    }
    (sums[0] + sums[1]) as u32
}

#[target_feature(enable = "popcnt")]
fn coincidences_popcnt(query: &[u8], rows: &[u8], counts: &mut [u32]) {
    if let Ok(query) = <&[u8; 64]>::try_from(query) {
        let (rows, _) = rows.as_chunks::<64>();
        for (row, count) in rows.iter().zip(counts) {
            *count = shared(query, row);
        }
        return;
    }
    for (row, count) in rows.chunks_exact(query.len().max(1)).zip(counts) {
        *count = plain::count_both(query, row);
    }
}

/// See [`plain::cosine`]. `None` on lower levels.
#[inline]
pub(super) fn cosine(a: &[f32], b: &[f32]) -> Option<Cosine> {
    match level() {
        // SAFETY: `level` returns this only where the features are.
        Level::Avx512Vnni => Some(unsafe { cosine_avx512(a, b) }),
        // SAFETY: as above.
        Level::Avx2 => Some(unsafe { cosine_avx2(a, b) }),
        _ => None,
    }
}

#[target_feature(enable = "avx2,avx512f")]
fn cosine_avx512(a: &[f32], b: &[f32]) -> Cosine {
    let n = a.len().min(b.len());
    let (whole_a, rest_a) = a[..n].as_chunks::<16>();
    let (whole_b, rest_b) = b[..n].as_chunks::<16>();
    let mut sums = [_mm512_setzero_ps(); 3];
    let mut add = |x: __m512, y: __m512| {
        sums[0] = _mm512_add_ps(sums[0], _mm512_mul_ps(x, y));
        sums[1] = _mm512_add_ps(sums[1], _mm512_mul_ps(x, x));
        sums[2] = _mm512_add_ps(sums[2], _mm512_mul_ps(y, y));
    };
    // A mask made anew for each sixteen costs as much as the sums; so only the last take one.
    for (a, b) in whole_a.iter().zip(whole_b) {
        // SAFETY: a load of sixteen floats covers each array.
        let (x, y) = unsafe { (_mm512_loadu_ps(a.as_ptr()), _mm512_loadu_ps(b.as_ptr())) };
        add(x, y);
    }
    if !rest_a.is_empty() {
        let mask = (1 << rest_a.len()) - 1;
        // SAFETY: the mask ends with the slices, and masked lanes are not read.
        let (x, y) = unsafe {
            (
                _mm512_maskz_loadu_ps(mask, rest_a.as_ptr()),
                _mm512_maskz_loadu_ps(mask, rest_b.as_ptr()),
            )
        };
        add(x, y);
    }
    let eight = |sum: __m512| {
        let high = _mm256_castsi256_ps(_mm512_extracti64x4_epi64::<1>(_mm512_castps_si512(sum)));
        _mm256_add_ps(_mm512_castps512_ps256(sum), high)
    };
    finish(sums.map(eight))
}

#[target_feature(enable = "avx2")]
fn cosine_avx2(a: &[f32], b: &[f32]) -> Cosine {
    let n = a.len().min(b.len());
    let (whole_a, rest_a) = a[..n].as_chunks::<16>();
    let (whole_b, rest_b) = b[..n].as_chunks::<16>();
    // The low and the high eight lanes of each of the three sums.
    let mut sums = [[_mm256_setzero_ps(); 3]; 2];
    let mut add = |a: &[f32; 16], b: &[f32; 16]| {
        for (half, sums) in sums.iter_mut().enumerate() {
            // SAFETY: two loads of eight floats cover the sixteen of each array.
            let (x, y) = unsafe {
                (
                    _mm256_loadu_ps(a.as_ptr().add(8 * half)),
                    _mm256_loadu_ps(b.as_ptr().add(8 * half)),
                )
            };
            sums[0] = _mm256_add_ps(sums[0], _mm256_mul_ps(x, y));
            sums[1] = _mm256_add_ps(sums[1], _mm256_mul_ps(x, x));
            sums[2] = _mm256_add_ps(sums[2], _mm256_mul_ps(y, y));
        }
    };
    for (a, b) in whole_a.iter().zip(whole_b) {
        add(a, b);
    }
    if !rest_a.is_empty() {
        // A zero more changes no sum: none is ever a negative zero.
        let (mut a, mut b) = ([0.0; 16], [0.0; 16]);
        a[..rest_a.len()].copy_from_slice(rest_a);
        b[..rest_b.len()].copy_from_slice(rest_b);
        add(&a, &b);
    }
    let [low, high] = sums;
    finish(core::array::from_fn(|i| _mm256_add_ps(low[i], high[i])))
}

/// Ends the trees of three sums, +4, +2, +1, all three at a time, and gives the cosine.
#[target_feature(enable = "avx2")]
fn finish([dot, aa, bb]: [__m256; 3]) -> Cosine {
    let four = |x: __m256| _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
    let (dot, aa, bb) = (four(dot), four(aa), four(bb));
    // Pairs of each sum beside those of another: aa with bb, dot with itself.
    let lengths = _mm_add_ps(_mm_movelh_ps(aa, bb), _mm_movehl_ps(bb, aa));
    let dots = _mm_add_ps(dot, _mm_movehl_ps(dot, dot));
    let sums = _mm_add_ps(
        _mm_shuffle_ps::<0b10_00_10_00>(lengths, dots),
        _mm_shuffle_ps::<0b11_01_11_01>(lengths, dots),
    );
    // aa, bb, dot, and what stands beside it.
    let roots = _mm_sqrt_ps(sums);
    let product = _mm_mul_ss(roots, _mm_shuffle_ps::<1>(roots, roots));
    let dot = _mm_movehl_ps(sums, sums);
    Cosine {
        lengths: _mm_cvtss_f32(product),
        value: _mm_cvtss_f32(_mm_div_ss(dot, product)),
    }
}

/// Whether [`column_counts`], [`leaky`] and [`mask_rows`] may be called.
#[inline]
pub(super) fn has_attention() -> bool {
    level() == Level::Avx512Vnni
}

/// See [`plain::column_counts`]; whole registers of columns only.
///
/// # Safety
/// [`has_attention`].
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) unsafe fn column_counts(
    a: &[u64],
    b: &[u64],
    rows: usize,
    words: usize,
    at: usize,
) -> [Lanes; PLANES] {
    let end = match rows {
        0 => 0,
        rows => (rows - 1) * words + at + 8,
    };
    assert!(end <= a.len() && end <= b.len());
    let take = |row: usize| {
        let start = row * words + at;
        // SAFETY: `start + 8` is at most `end`, which is in both slices.
        unsafe {
            _mm512_and_si512(
                _mm512_loadu_si512(a.as_ptr().add(start).cast()),
                _mm512_loadu_si512(b.as_ptr().add(start).cast()),
            )
        }
    };
    let add3 = |a: __m512i, b: __m512i, c: __m512i| {
        (
            _mm512_ternarylogic_epi64::<0x96>(a, b, c),
            _mm512_ternarylogic_epi64::<0xe8>(a, b, c),
        )
    };
    let top = plain::planes_of(rows);
    let mut planes = [_mm512_setzero_si512(); PLANES];
    let ripple = |planes: &mut [__m512i; PLANES], mut carry: __m512i, from: usize| {
        for plane in &mut planes[from..top] {
            let sum = _mm512_xor_si512(*plane, carry);
            carry = _mm512_and_si512(*plane, carry);
            *plane = sum;
        }
    };
    let zero = _mm512_setzero_si512();
    let (mut ones, mut twos, mut fours) = (zero, zero, zero);
    let mut row = 0;
    while row + 8 <= rows {
        let (low, two_a) = add3(ones, take(row), take(row + 1));
        let (low, two_b) = add3(low, take(row + 2), take(row + 3));
        let (mid, four_a) = add3(twos, two_a, two_b);
        let (low, two_a) = add3(low, take(row + 4), take(row + 5));
        let (low, two_b) = add3(low, take(row + 6), take(row + 7));
        let (mid, four_b) = add3(mid, two_a, two_b);
        let (high, eight) = add3(fours, four_a, four_b);
        (ones, twos, fours) = (low, mid, high);
        ripple(&mut planes, eight, 3);
        row += 8;
    }
    planes[0] = ones;
    planes[1] = twos;
    planes[2] = fours;
    while row < rows {
        ripple(&mut planes, take(row), 0);
        row += 1;
    }
    planes.map(|plane| {
        let mut words = [0; 8];
        // SAFETY: a store of the 64 bytes of an array.
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), plane) };
        words
    })
}

/// See [`plain::leaky`]; `membranes` has a place for each of the 512 columns.
///
/// # Safety
/// [`has_attention`].
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) unsafe fn leaky(
    planes: &[Lanes; PLANES],
    threshold: u32,
    leak: u32,
    membranes: &mut [u32; 512],
) -> Lanes {
    let used = plain::used_planes(planes);
    let threshold = _mm512_set1_epi32(threshold as i32);
    let shift = _mm512_set1_epi32(leak as i32);
    let mut mask = [0u64; 8];
    let (groups, _) = membranes.as_chunks_mut::<16>();
    for (group, membranes) in groups.iter_mut().enumerate() {
        let (word, part) = (group / 4, group % 4);
        let mut counts = _mm512_setzero_si512();
        for (p, plane) in planes[..used].iter().enumerate() {
            let bits = (plane[word] >> (16 * part)) as u16;
            let weight = _mm512_set1_epi32(1 << p);
            counts = _mm512_mask_add_epi32(counts, bits, counts, weight);
        }
        // SAFETY: a load of the sixteen words of an array.
        let old = unsafe { _mm512_loadu_si512(membranes.as_ptr().cast()) };
        // A shift of 32 and more gives zero here as there.
        let left = _mm512_sub_epi32(old, _mm512_srlv_epi32(old, shift));
        let sum = _mm512_add_epi32(left, counts);
        let over = _mm512_cmplt_epu32_mask(sum, left);
        let now = _mm512_mask_mov_epi32(sum, over, _mm512_set1_epi32(-1));
        let fires = _mm512_cmpge_epu32_mask(now, threshold);
        let kept = _mm512_maskz_mov_epi32(!fires, now);
        // SAFETY: a store of the sixteen words of an array.
        unsafe { _mm512_storeu_si512(membranes.as_mut_ptr().cast(), kept) };
        mask[word] |= u64::from(fires) << (16 * part);
    }
    mask
}

/// Writes the columns `at..at + 8` of `v` under `mask` to `out`, row after row.
///
/// # Safety
/// [`has_attention`].
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn mask_rows(
    v: &[u64],
    out: &mut [u64],
    rows: usize,
    words: usize,
    at: usize,
    mask: &Lanes,
) {
    // SAFETY: a load of the 64 bytes of an array.
    let mask = unsafe { _mm512_loadu_si512(mask.as_ptr().cast()) };
    let v = v.chunks_exact(words).take(rows);
    for (v, out) in v.zip(out.chunks_exact_mut(words)) {
        let (v, out) = (&v[at..at + 8], &mut out[at..at + 8]);
        // SAFETY: a load and a store of eight words, as many as the slices have.
        unsafe {
            let kept = _mm512_and_si512(_mm512_loadu_si512(v.as_ptr().cast()), mask);
            _mm512_storeu_si512(out.as_mut_ptr().cast(), kept);
        }
    }
}
