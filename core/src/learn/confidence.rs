//! How far a success rate is to be trusted, and the ranking that follows from it.

use crate::bank::{Hit, Hits};

/// Lower bound of the Wilson score interval of a success rate (E. B. Wilson, "Probable inference,
/// the law of succession, and statistical inference", 1927), 0 to 1; zero of no trials.
///
/// `(p + z²/2n - z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n)` with `p = successes / trials`. `z` is the
/// normal quantile: 1.96 for 95 % two-sided, 1 for 68 %.
pub fn wilson_lower_bound(successes: u32, trials: u32, z: f32) -> f32 {
    if trials == 0 {
        return 0.0;
    }
    let (n, z) = (f64::from(trials), f64::from(z));
    let p = f64::from(successes.min(trials)) / n;
    let square = z * z;
    let spread = z * libm::sqrt(p * (1.0 - p) / n + square / (4.0 * n * n));
    let bound = (p + square / (2.0 * n) - spread) / (1.0 + square / n);
    bound.clamp(0.0, 1.0) as f32
}

/// A fraction as the bank keeps it, of 65,535, rounded down.
pub(super) fn to_fraction(x: f32) -> u16 {
    (x * 65_535.0) as u16
}

/// A hit and what it is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Ranked {
    /// What was found, with similarity and confidence.
    pub hit: Hit,
    /// Similarity × confidence, the confidence as a fraction of one.
    pub score: f32,
}

/// Ranks `hits` by similarity × confidence, best first, ties in their order, into the front of
/// `out`, which is returned; at most as many as `out` has places, taken from the most similar.
/// Cost: O(k²) for k hits.
pub fn rank<'o>(hits: &Hits<'_>, out: &'o mut [Option<Ranked>]) -> &'o [Option<Ranked>] {
    let mut len = 0;
    for (hit, _) in hits.iter().zip(0..out.len()) {
        let score = hit.similarity * (f32::from(hit.confidence) / 65_535.0);
        let ranked = Ranked { hit, score };
        let worse = |other: &Option<Ranked>| other.is_some_and(|other| other.score < score);
        let at = out.iter().take(len).position(worse).unwrap_or(len);
        if let Some(tail) = out.get_mut(at..=len) {
            tail.rotate_right(1);
            if let Some(place) = tail.first_mut() {
                *place = Some(ranked);
            }
        }
        len += 1;
    }
    out.get(..len).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_published_intervals() {
        // Wilson 95 % intervals: 1/1 -> 0.2065, 8/10 -> 0.4902, 10/10 -> 0.7225, 50/100 -> 0.4038.
        for (successes, trials, bound) in [
            (1, 1, 0.2065),
            (8, 10, 0.4902),
            (10, 10, 0.7225),
            (50, 100, 0.4038),
        ] {
            let found = wilson_lower_bound(successes, trials, 1.959_964);
            assert!((found - bound).abs() < 1e-4, "{found} {bound}");
        }
        assert_eq!(wilson_lower_bound(0, 0, 1.0), 0.0);
        assert_eq!(wilson_lower_bound(0, 7, 1.0), 0.0);
        assert!(wilson_lower_bound(u32::MAX, u32::MAX, 2.0) > 0.999_999);
    }

    #[test]
    fn grows_with_successes_and_with_evidence() {
        for n in 1..200 {
            for s in 0..n {
                assert!(wilson_lower_bound(s, n, 1.0) <= wilson_lower_bound(s + 1, n, 1.0));
            }
            assert!(wilson_lower_bound(n, n, 1.0) < wilson_lower_bound(n + 1, n + 1, 1.0));
        }
    }
}
