//! From the caller's floats to what is stored and searched.
//!
//! A row of eight-bit codes is `round(x * 127 / max|x|)`, halves to even, plus 128. Its scale is not
//! quite `max|x| / 127`: of all scales it is the one that leaves out nothing along the row itself,
//! `|x|² / (x . codes)`. What is left out then hardly changes the inner product with queries near the
//! row, which are those that find it (Guo and others, 2020, Accelerating Large-Scale Inference with
//! Anisotropic Vector Quantization, give the reason; they choose codes by it). A query keeps more bits: its codes go up to the largest magnitude for which a sum
//! over the row cannot leave i32.

use super::config::{BankConfig, Element, Metric};
use super::errors::VectorError;
use crate::simd::scalar::tree;
use crate::simd::{Codes, Kernels};
use crate::slices;

/// Largest magnitude of an eight-bit code.
pub(super) const CODE_LIMIT: f32 = 127.0;
/// Largest magnitude of a wide query code: both bytes of the pair fit in i8.
const WIDE_LIMIT: i32 = 127 * 256 + 127;

/// Where a query is prepared: all as long as a padded row, `even` and `odd` half of it.
pub(super) struct QueryBuffers<'b> {
    pub floats: &'b mut [f32],
    pub even: &'b mut [i16],
    pub odd: &'b mut [i16],
    pub low: &'b mut [i8],
    pub high: &'b mut [i8],
}

/// A query ready for the kernels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<'q> {
    /// Normalised under cosine, padded with zeros.
    pub floats: &'q [f32],
    pub codes: Codes<'q>,
    /// What one unit of the codes is worth.
    pub step: f32,
    /// Square of its Euclidean norm in the fixed order; one under cosine.
    pub norm2: f32,
}

/// How wide the codes of a query are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Narrow,
    Wide,
}

/// Rounds halves to even; exact for magnitudes below 2^22.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn round(value: f32) -> i32 {
    const MAGIC: f32 = 12_582_912.0;
    ((value + MAGIC).to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32)
}

/// Largest magnitude of the components, all of which are checked.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn magnitude(config: &BankConfig, vector: &[f32]) -> Result<f32, VectorError> {
    if vector.len() != config.dimensions as usize {
        return Err(VectorError::WrongLength {
            expected: config.dimensions,
            found: u32::try_from(vector.len()).unwrap_or(u32::MAX),
        });
    }
    let most = vector
        .iter()
        .fold(0u32, |most, x| most.max(x.to_bits() & 0x7fff_ffff));
    let largest = f32::from_bits(most);
    let at =
        |is_bad: &dyn Fn(f32) -> bool| vector.iter().position(|&x| is_bad(x)).unwrap_or(0) as u32;
    if !largest.is_finite() {
        return Err(VectorError::NotFinite {
            index: at(&|x| !x.is_finite()),
        });
    }
    match (config.element, config.metric) {
        (Element::Bits, _) => {}
        // Smaller ones could not be divided by.
        (_, Metric::Cosine) if largest < f32::from_bits(27 << 23) => {
            return Err(VectorError::ZeroVector);
        }
        (_, Metric::Cosine) => {}
        // 2^50: the largest inner product of 8,192 components is finite.
        _ if largest > f32::from_bits((127 + 50) << 23) => {
            return Err(VectorError::TooLarge {
                index: at(&|x| x.abs() > f32::from_bits((127 + 50) << 23)),
            });
        }
        _ => {}
    }
    Ok(largest)
}

/// Writes the vector as the metric wants it, padded with zeros, to `out`, and returns the largest
/// magnitude in it. `largest` is what [`magnitude`] said.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn normalise<K: Kernels>(
    kernels: K,
    metric: Metric,
    vector: &[f32],
    largest: f32,
    out: &mut [f32],
) -> f32 {
    let (head, padding) = out.split_at_mut(vector.len().min(out.len()));
    padding.fill(0.0);
    if metric != Metric::Cosine {
        slices::copy(head, vector);
        return largest;
    }
    for (out, x) in head.iter_mut().zip(vector) {
        *out = *x / largest;
    }
    let inverse = 1.0 / libm::sqrtf(square(kernels, out));
    for x in out.iter_mut() {
        *x *= inverse;
    }
    inverse
}

/// Inner product of a padded row with itself.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn square<K: Kernels>(kernels: K, row: &[f32]) -> f32 {
    kernels.float_dots(row, [row, &[], &[], &[]])[0]
}

/// What a row's codes are multiplied by, from the largest magnitude in it. A row that is as good
/// as zero has codes of zero; its scale must still be positive, for zero marks a dead row.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn factors(largest: f32, limit: f32) -> (f32, f32) {
    // 2^-50
    if largest < f32::from_bits((127 - 50) << 23) {
        (0.0, 1.0)
    } else {
        (limit / largest, largest / limit)
    }
}

/// What [`stream`] found out about a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    /// What one unit of the codes is worth; above zero.
    pub scale: f32,
    /// Euclidean norm of what the codes leave out, in units of [`residual_unit`] times the scale,
    /// rounded up.
    pub residual: u8,
    /// Sum of the squares of the codes.
    pub square: u32,
}

/// Normalises and encodes `vector` sixteen components at a time, so that no row of floats is
/// needed beside the stored one: `sink` takes the number of the sixteen, the components as they
/// are stored and their codes with offset 128. `largest` is what [`magnitude`] said.
pub(super) fn stream(
    config: &BankConfig,
    vector: &[f32],
    largest: f32,
    mut sink: impl FnMut(usize, &[f32; 16], &[u8; 16]),
) -> Stored {
    let cosine = config.metric == Metric::Cosine;
    let mut inverse = 1.0;
    if cosine {
        let mut lanes = [0.0f32; 16];
        for sixteen in vector.chunks(16) {
            for (lane, x) in lanes.iter_mut().zip(sixteen) {
                let y = x / largest;
                *lane += y * y;
            }
        }
        inverse = 1.0 / libm::sqrtf(tree(lanes));
    }
    let (factor, step) = factors(if cosine { inverse } else { largest }, CODE_LIMIT);
    let mut lanes = [0.0f32; 16];
    let (mut lengths, mut products) = ([0.0f32; 16], [0.0f32; 16]);
    let mut square = 0;
    for (number, sixteen) in vector.chunks(16).enumerate() {
        let mut floats = [0.0f32; 16];
        let mut codes = [128u8; 16];
        let places = floats.iter_mut().zip(&mut codes).zip(&mut lanes);
        let sums = lengths.iter_mut().zip(&mut products);
        for ((x, ((float, code), lane)), (length, product)) in sixteen.iter().zip(places).zip(sums)
        {
            *float = if cosine { x / largest * inverse } else { *x };
            let rounded = round(*float * factor);
            *code = (rounded + 128) as u8;
            square += rounded.unsigned_abs().pow(2);
            // In steps, so that no square leaves the range of floats.
            let steps = *float * factor;
            *length += steps * steps;
            *product += steps * rounded as f32;
            let left = *float - step * rounded as f32;
            *lane += left * left;
        }
        sink(number, &floats, &codes);
    }
    let left = libm::sqrtf(tree(lanes));
    // Saturates; the margin covers the rounding of the norms themselves.
    let residual = |scale: f32, norm: f32| {
        (norm / (scale * residual_unit(config.padded())) * 1.0001 + 1.0) as u8
    };
    let product = tree(products);
    if product > 0.0 {
        let scale = step * (tree(lengths) / product);
        // The codes leave out what they did, and at most what the other scale adds along them. Where
        // that is much, as for rows of components nearly alike, what is left out follows from the three
        // sums, whose rounding is far below the share that is added: x . codes times the scale is |x|².
        let moved = (scale - step).abs() * libm::sqrtf(square as f32);
        let length = tree(lengths);
        let rounding = (config.padded() / 16 + 8) as f32 * f32::EPSILON;
        let share = (length / product * (square as f32 / product) - 1.0).max(0.0) + 4.0 * rounding;
        let across = step * libm::sqrtf(length) * libm::sqrtf(share);
        let along = left + moved;
        let residual = residual(scale, if across < along { across } else { along });
        if residual < u8::MAX {
            return Stored {
                scale,
                residual,
                square,
            };
        }
    }
    Stored {
        scale: step,
        residual: residual(step, left),
        square,
    }
}

/// The unit of [`Stored::residual`]: its largest value, half a step in each of `padded` components, is 250.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn residual_unit(padded: usize) -> f32 {
    libm::sqrtf(padded as f32) / 500.0
}

/// Prepares `vector` as a query.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn prepare<'q, K: Kernels>(
    kernels: K,
    config: &BankConfig,
    vector: &[f32],
    width: Width,
    buffers: QueryBuffers<'q>,
) -> Result<Query<'q>, VectorError> {
    let largest = magnitude(config, vector)?;
    let QueryBuffers {
        floats,
        even,
        odd,
        low,
        high,
    } = buffers;
    if config.element == Element::Bits {
        let (head, _) = floats.split_at_mut(vector.len().min(floats.len()));
        slices::copy(head, vector);
        pack_bits(vector, bytemuck::cast_slice_mut(low));
        return Ok(Query {
            floats,
            codes: Codes {
                even,
                odd,
                low,
                high: &[],
                sum: 0,
            },
            step: 1.0,
            norm2: 0.0,
        });
    }
    let largest = normalise(kernels, config.metric, vector, largest, floats);
    let norm2 = match config.metric {
        Metric::Cosine => 1.0,
        _ => square(kernels, floats),
    };
    let (mut sum, mut step) = (0, 1.0);
    let high: &[i8] = if config.has_codes() {
        let limit = match width {
            Width::Narrow => CODE_LIMIT,
            Width::Wide => wide_limit(config.padded()) as f32,
        };
        let (factor, unit) = factors(largest, limit);
        step = unit;
        let halves = even.iter_mut().zip(odd.iter_mut());
        for (pair, (even, odd)) in floats.as_chunks::<2>().0.iter().zip(halves) {
            *even = round(pair[0] * factor) as i16;
            *odd = round(pair[1] * factor) as i16;
        }
        let mut sums = [0i32; 16];
        for (even, odd) in even.chunks(16).zip(odd.chunks(16)) {
            for ((sum, even), odd) in sums.iter_mut().zip(even).zip(odd) {
                *sum += i32::from(*even) + i32::from(*odd);
            }
        }
        sum = sums.iter().sum();
        for ((out, even), odd) in low.as_chunks_mut::<2>().0.iter_mut().zip(&*even).zip(&*odd) {
            *out = [*even as i8, *odd as i8];
        }
        match width {
            Width::Narrow => &[],
            Width::Wide => {
                let above = |q: i16| ((i32::from(q) - i32::from(q as i8)) >> 8) as i8;
                let halves = even.iter().zip(&*odd);
                for (out, (even, odd)) in high.as_chunks_mut::<2>().0.iter_mut().zip(halves) {
                    *out = [above(*even), above(*odd)];
                }
                high
            }
        }
    } else {
        &[]
    };
    Ok(Query {
        floats,
        codes: Codes {
            even,
            odd,
            low,
            high,
            sum,
        },
        step,
        norm2,
    })
}

/// Largest magnitude of a wide query code for rows of `padded` elements.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn wide_limit(padded: usize) -> i32 {
    WIDE_LIMIT.min(i32::MAX / 127 / padded.max(1) as i32)
}

/// The codes of a stored row as a narrow query, for comparing rows with each other.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn planes<'q>(
    codes: &[u8],
    even: &'q mut [i16],
    odd: &'q mut [i16],
    low: &'q mut [i8],
) -> Codes<'q> {
    let mut sum = 0;
    let (pairs, halves) = (codes.as_chunks::<2>().0, low.as_chunks_mut::<2>().0);
    let planes = even.iter_mut().zip(odd.iter_mut());
    for ((&[a, b], low), (even, odd)) in pairs.iter().zip(halves).zip(planes) {
        (*even, *odd) = (i16::from(a) - 128, i16::from(b) - 128);
        *low = [*even as i8, *odd as i8];
        sum += i32::from(*even) + i32::from(*odd);
    }
    Codes {
        even,
        odd,
        low,
        high: &[],
        sum,
    }
}

/// One bit for each component that is above zero, the first in the lowest place.
pub(super) fn pack_bits(vector: &[f32], out: &mut [u8]) {
    out.fill(0);
    for (byte, eight) in out.iter_mut().zip(vector.chunks(8)) {
        for (bit, &x) in eight.iter().enumerate() {
            *byte |= u8::from(x > 0.0) << bit;
        }
    }
}
