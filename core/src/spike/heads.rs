//! Multi-head attention for routing: scaled dot product and softmax (Vaswani et al., "Attention is
//! all you need", 2017), in f32 and one fixed order, exponentials from `libm`.
//!
//! There are no learned projections: heads attend to their own slices of the given vectors.

use super::energy::Work;
use crate::error::errors;
use crate::simd::dot_f32;

/// The largest number of dimensions.
pub const MAX_DIMENSIONS: u32 = 8192;
/// The largest magnitude of a component; no product overflows below it.
pub const MAX_COMPONENT: f32 = 1e15;

errors! {
    /// Why heads could not be made or did not attend; outputs are unchanged.
    pub enum HeadsError: 0x0470 {
        /// No heads, no dimensions, or too many.
        BadShape = 1 => "heads and dimensions are at least 1, dimensions at most 8192",
        /// The heads do not divide the dimensions.
        Indivisible { dimensions: u32, heads: u32 } = 2
            => "{heads} heads do not divide {dimensions} dimensions; pad the vectors or change the heads",
        /// An input has the wrong length.
        WrongInput { expected: u32, found: u32 } = 3
            => "an input has {found} elements, its shape needs {expected}",
        /// An output has the wrong length.
        WrongOutput { expected: u32, found: u32 } = 4
            => "an output has {found} elements, its shape needs {expected}",
        /// A component is not finite or beyond [`MAX_COMPONENT`].
        OutOfRange { index: u32 } = 5
            => "component {index} of an input is not finite or beyond 1e15",
        /// There is nothing to attend to.
        NoKeys = 6 => "there are no keys to attend to",
    }
}

/// Heads over vectors of some dimensions. See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MultiHead {
    dimensions: u32,
    heads: u32,
}

impl MultiHead {
    /// `heads` heads over `dimensions` (1 to [`MAX_DIMENSIONS`]), which they must divide.
    pub const fn new(dimensions: u32, heads: u32) -> Result<Self, HeadsError> {
        if dimensions == 0 || dimensions > MAX_DIMENSIONS || heads == 0 {
            return Err(HeadsError::BadShape);
        }
        if !dimensions.is_multiple_of(heads) {
            return Err(HeadsError::Indivisible { dimensions, heads });
        }
        Ok(Self { dimensions, heads })
    }

    /// Dimensions of a vector.
    pub const fn dimensions(&self) -> u32 {
        self.dimensions
    }

    /// Heads.
    pub const fn heads(&self) -> u32 {
        self.heads
    }

    /// Attends from `query` to the `n` keys and values that lie end to end. `weights` takes the
    /// softmax of each head over the keys, heads × n; `out` the weighted values, one vector.
    /// Cost: O(n × dimensions).
    ///
    /// Counted: a multiplication for each product of the dot products and of the weighted sums, an
    /// exponential and a division for each weight, a word for each f32 read or written.
    pub fn attend(
        &self,
        query: &[f32],
        keys: &[f32],
        values: &[f32],
        weights: &mut [f32],
        out: &mut [f32],
    ) -> Result<Work, HeadsError> {
        let (dimensions, heads) = (self.dimensions as usize, self.heads as usize);
        let n = keys.len() / dimensions;
        let short = |n| u32::try_from(n).unwrap_or(u32::MAX);
        for (input, expected) in [
            (query, dimensions),
            (keys, n * dimensions),
            (values, n * dimensions),
        ] {
            if input.len() != expected {
                return Err(HeadsError::WrongInput {
                    expected: short(expected),
                    found: short(input.len()),
                });
            }
            let fits = |x: &f32| x.abs() <= MAX_COMPONENT;
            if let Some(index) = input.iter().position(|x| !fits(x)) {
                return Err(HeadsError::OutOfRange {
                    index: short(index),
                });
            }
        }
        if n == 0 {
            return Err(HeadsError::NoKeys);
        }
        for (expected, found) in [(heads * n, weights.len()), (dimensions, out.len())] {
            if expected != found {
                return Err(HeadsError::WrongOutput {
                    expected: short(expected),
                    found: short(found),
                });
            }
        }
        let size = dimensions / heads;
        let scale = 1.0 / libm::sqrtf(size as f32);
        let parts = query.chunks_exact(size).zip(weights.chunks_exact_mut(n));
        for ((head, (query, weights)), out) in parts.enumerate().zip(out.chunks_exact_mut(size)) {
            let slice = |row: usize| row * dimensions + head * size;
            for (row, weight) in weights.iter_mut().enumerate() {
                let key = keys.get(slice(row)..).and_then(|k| k.get(..size));
                *weight = dot_f32(query, key.unwrap_or(&[])) * scale;
            }
            softmax(weights);
            out.fill(0.0);
            for (row, &weight) in weights.iter().enumerate() {
                let value = values.get(slice(row)..).unwrap_or(&[]);
                for (sum, &x) in out.iter_mut().zip(value) {
                    *sum += weight * x;
                }
            }
        }
        let (n, dimensions, heads) = (n as u64, dimensions as u64, heads as u64);
        Ok(Work {
            accumulates: heads * n,
            multiplies: 2 * n * dimensions + heads * n,
            transcendentals: 2 * heads * n + 1,
            words: 2 * n * dimensions + 2 * dimensions + heads * n,
        })
    }
}

/// Replaces scores by their softmax, in place: the largest is taken off first, so that nothing
/// overflows; exponentials from `libm`, summed in order. An empty slice stays empty.
pub fn softmax(scores: &mut [f32]) {
    let largest = scores
        .iter()
        .fold(f32::MIN, |a, &b| if b > a { b } else { a });
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = libm::expf(*score - largest);
        sum += *score;
    }
    for score in scores.iter_mut() {
        *score /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn agrees_with_the_formula() {
        let shape = (1usize..5, 1usize..9, 1usize..12);
        let input = shape.prop_flat_map(|(heads, size, n)| {
            let floats = |n| prop::collection::vec(-4.0f32..4.0, n);
            let d = heads * size;
            (
                Just((heads, size, n)),
                floats(d),
                floats(n * d),
                floats(n * d),
            )
        });
        proptest!(ProptestConfig::with_cases(64), |(((heads, size, n), q, k, v) in input)| {
            let d = heads * size;
            let attention = MultiHead::new(d as u32, heads as u32).unwrap();
            let mut weights = vec![0.0; heads * n];
            let mut out = vec![0.0; d];
            attention.attend(&q, &k, &v, &mut weights, &mut out).unwrap();
            for h in 0..heads {
                let score = |row: usize| (0..size)
                    .map(|i| f64::from(q[h * size + i]) * f64::from(k[row * d + h * size + i]))
                    .sum::<f64>() / (size as f64).sqrt();
                let exps: Vec<f64> = (0..n).map(|row| score(row).exp()).collect();
                let sum: f64 = exps.iter().sum();
                for row in 0..n {
                    prop_assert!((f64::from(weights[h * n + row]) - exps[row] / sum).abs() < 1e-4);
                }
                for i in 0..size {
                    let expected: f64 = (0..n)
                        .map(|row| exps[row] / sum * f64::from(v[row * d + h * size + i])).sum();
                    prop_assert!((f64::from(out[h * size + i]) - expected).abs() < 1e-3);
                }
            }
        });
    }

    #[test]
    fn hole_04_heads_must_divide_the_dimensions() {
        assert_eq!(MultiHead::new(10, 0), Err(HeadsError::BadShape));
        assert_eq!(MultiHead::new(0, 1), Err(HeadsError::BadShape));
        assert_eq!(MultiHead::new(u32::MAX, 1), Err(HeadsError::BadShape));
        assert_eq!(
            MultiHead::new(10, 3),
            Err(HeadsError::Indivisible {
                dimensions: 10,
                heads: 3
            })
        );
        let attention = MultiHead::new(10, 5).unwrap();
        let mut out = [0.0; 10];
        let (mut weights, ten) = ([0.0; 5], [1.0; 10]);
        attention
            .attend(&ten, &ten, &ten, &mut weights, &mut out)
            .unwrap();
        assert_eq!(out, ten);
    }

    #[test]
    fn extreme_scores_stay_finite_and_bad_ones_are_refused() {
        let attention = MultiHead::new(2, 1).unwrap();
        let (mut weights, mut out) = ([0.0; 2], [0.0; 2]);
        let keys = [1e15, 1e15, -1e15, -1e15];
        attention
            .attend(&[1e15, 1e15], &keys, &keys, &mut weights, &mut out)
            .unwrap();
        assert_eq!(weights, [1.0, 0.0]);
        let before = (weights, out);
        let mut bad = keys;
        bad[3] = f32::NAN;
        assert_eq!(
            attention.attend(&[0.0, 0.0], &bad, &keys, &mut weights, &mut out),
            Err(HeadsError::OutOfRange { index: 3 })
        );
        assert_eq!(
            attention.attend(&[0.0, 0.0], &[], &[], &mut [], &mut out),
            Err(HeadsError::NoKeys)
        );
        assert_eq!((weights, out), before);
    }
}
