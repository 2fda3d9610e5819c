//! Similarity of two vectors.

use crate::simd::spike as kernels;

/// The cosine of the angle between `a` and `b`, -1 to 1: one pass in the fixed order of
/// [`simd`](crate::simd). `None` where lengths differ, a vector is zero, or a sum overflows.
#[inline]
pub fn cosine(a: &[f32], b: &[f32]) -> Option<f32> {
    if a.len() != b.len() {
        return None;
    }
    let kernels::Cosine { lengths, value } = kernels::cosine(a, b);
    (lengths > 0.0 && value.is_finite()).then(|| value.clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_the_definition() {
        proptest!(|(pairs in prop::collection::vec((-9.0f32..9.0, -9.0f32..9.0), 1..200))| {
            let (a, b): (std::vec::Vec<f32>, std::vec::Vec<f32>) = pairs.into_iter().unzip();
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b)
                .map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
            let expected = dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt();
            let found = cosine(&a, &b);
            if expected.is_finite() {
                prop_assert!((f64::from(found.unwrap()) - expected).abs() < 1e-5);
            }
        });
    }

    #[test]
    fn hole_02_has_no_answer_where_there_is_none() {
        assert_eq!(cosine(&[1.0], &[1.0, 2.0]), None);
        assert_eq!(cosine(&[0.0, 0.0], &[1.0, 2.0]), None);
        assert_eq!(cosine(&[], &[]), None);
        assert_eq!(cosine(&[f32::NAN], &[1.0]), None);
        assert_eq!(cosine(&[1e30], &[1e30]), None);
        assert_eq!(cosine(&[3.0, 4.0], &[6.0, 8.0]), Some(1.0));
    }
}
