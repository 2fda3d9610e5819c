//! The metric in which what merging leaves out has no direction: a Cholesky factor, kept current.
//!
//! When vectors are merged into one pattern, what is left out of them shows how much windows of one
//! kind differ, and in which directions. The sum of the outer products of these rests, plus a little
//! of the identity, is `R'R`; `R` is upper triangular and lies packed by rows. A rest is added by
//! plane rotations (P. Gill, G. Golub, W. Murray and M. Saunders, "Methods for modifying matrix
//! factorizations", 1974, method C1), and distances are Euclidean between whitened vectors
//! `R'⁻¹ (x - mean)`, which forward substitution gives.
//!
//! Where a vector consists of several sketches each has a factor of its own: that the same events
//! went into both is left out, which costs little and divides memory and time by their number.
//!
//! Every operation is a single IEEE one in the order written, on ascending indices, so the factor is
//! the same on every machine; the loops have no order between their elements and run on vectors.

use crate::simd::{Kernels, Task, dispatch};

/// Elements of the packed factor of a sketch of `width` components.
pub const fn packed(width: usize) -> usize {
    width.saturating_mul(width.saturating_add(1)) / 2
}

/// Makes `factor` the root of `ridge` times the identity; returns whether its length fits `width`.
pub fn format(factor: &mut [f32], width: usize, ridge: f32) -> bool {
    let root = libm::sqrtf(ridge);
    factor.fill(0.0);
    let mut rest = &mut *factor;
    for row in (1..=width).rev() {
        let Some((head, tail)) = rest.split_at_mut_checked(row) else {
            return false;
        };
        if let Some(diagonal) = head.first_mut() {
            *diagonal = root;
        }
        rest = tail;
    }
    true
}

/// `R'R += xx'` for the packed `factor` of as many components as `x` has; leaves `x` of no use.
/// Cost: 2 d² multiplications, d roots and 2 d divisions.
pub fn add(factor: &mut [f32], x: &mut [f32]) {
    dispatch(Add { factor, x });
}

/// Replaces `x` by `R'⁻¹ x`. Cost: d² / 2 multiplications and d divisions.
pub fn whiten(factor: &[f32], x: &mut [f32]) {
    dispatch(Whiten { factor, x });
}

struct Add<'m> {
    factor: &'m mut [f32],
    x: &'m mut [f32],
}

impl Task for Add<'_> {
    type Output = ();
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn run<K: Kernels>(self, _: K) {
        let (mut factor, mut x) = (self.factor, self.x);
        while let Some((first, others)) = core::mem::take(&mut x).split_first_mut() {
            let Some((row, below)) = factor.split_at_mut_checked(others.len() + 1) else {
                return;
            };
            if *first != 0.0
                && let Some((diagonal, row)) = row.split_first_mut()
            {
                let length = libm::sqrtf(*diagonal * *diagonal + *first * *first);
                let (cosine, sine) = (*diagonal / length, *first / length);
                *diagonal = length;
                for (r, x) in row.iter_mut().zip(&mut *others) {
                    let (old, rest) = (*r, *x);
                    *r = cosine * old + sine * rest;
                    *x = cosine * rest - sine * old;
                }
            }
            (factor, x) = (below, others);
        }
    }
}

struct Whiten<'m> {
    factor: &'m [f32],
    x: &'m mut [f32],
}

impl Task for Whiten<'_> {
    type Output = ();
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn run<K: Kernels>(self, _: K) {
        let (mut factor, mut x) = (self.factor, self.x);
        while let Some((first, others)) = core::mem::take(&mut x).split_first_mut() {
            let Some((row, below)) = factor.split_at_checked(others.len() + 1) else {
                return;
            };
            if let Some((diagonal, row)) = row.split_first() {
                *first /= *diagonal;
                let solved = *first;
                for (x, r) in others.iter_mut().zip(row) {
                    *x -= r * solved;
                }
            }
            (factor, x) = (below, others);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    /// `R'R` of a packed factor, as a full matrix in f64.
    fn product(factor: &[f32], width: usize) -> Vec<f64> {
        let at = |k: usize, i: usize| match i >= k {
            true => f64::from(factor[k * width - k * (k + 1) / 2 + i]),
            false => 0.0,
        };
        let mut out = vec![0.0; width * width];
        for i in 0..width {
            for j in 0..width {
                out[i * width + j] = (0..width).map(|k| at(k, i) * at(k, j)).sum();
            }
        }
        out
    }

    #[test]
    fn the_factor_holds_the_sum_of_outer_products() {
        const WIDTH: usize = 16;
        proptest!(ProptestConfig::with_cases(64), |(
            rests in prop::collection::vec(prop::array::uniform16(-2.0f32..2.0), 0..40)
        )| {
            let mut factor = vec![0.0; packed(WIDTH)];
            assert!(format(&mut factor, WIDTH, 0.25));
            let mut sum = vec![0.0; WIDTH * WIDTH];
            for i in 0..WIDTH {
                sum[i * WIDTH + i] = 0.25;
            }
            for rest in &rests {
                for i in 0..WIDTH {
                    for j in 0..WIDTH {
                        sum[i * WIDTH + j] += f64::from(rest[i]) * f64::from(rest[j]);
                    }
                }
                add(&mut factor, &mut rest.clone());
            }
            for (found, expected) in product(&factor, WIDTH).iter().zip(&sum) {
                prop_assert!((found - expected).abs() < 1e-4 * (1.0 + expected.abs()), "{found} {expected}");
            }
            // R' of the whitened vector is the vector.
            let x: [f32; WIDTH] = core::array::from_fn(|i| i as f32 - 7.5);
            let mut white = x;
            whiten(&factor, &mut white);
            for i in 0..WIDTH {
                let back: f64 = (0..=i)
                    .map(|k| f64::from(factor[k * WIDTH - k * (k + 1) / 2 + i]) * f64::from(white[k]))
                    .sum();
                prop_assert!((back - f64::from(x[i])).abs() < 1e-3);
            }
        });
    }

    #[test]
    fn a_factor_of_another_length_does_no_harm() {
        let mut factor = [1.0; 5];
        assert!(!format(&mut factor, 3, 1.0));
        add(&mut factor, &mut [1.0, 2.0, 3.0]);
        whiten(&factor, &mut [1.0, 2.0, 3.0]);
        whiten(&[], &mut [1.0]);
        add(&mut [], &mut []);
    }
}
