//! How unusual a score is among the last ones.
//!
//! A threshold taken from what was learned would be far too low, for the metric was fitted to just
//! that. Scores are therefore compared with the latest scores of windows that had not been learned
//! when they were scored.

/// An alarm is this many times the [`QUANTILE`] of the last scores.
pub const FACTOR: f32 = 1.5;
/// The share of the last scores that lie below the level from which an alarm is measured.
pub const QUANTILE: f32 = 0.9;
/// Fewer scores than this say nothing.
pub const FEWEST: usize = 8;

/// The last scores, a ring: the newest takes the place of the oldest.
#[derive(Debug)]
pub(super) struct Scores<'s> {
    pub ring: &'s mut [f32],
    /// Scores ever taken.
    pub taken: &'s mut u32,
}

/// The scores of a ring that was filled `taken` times.
pub(super) fn held(ring: &[f32], taken: u32) -> &[f32] {
    ring.get(..taken as usize).unwrap_or(ring)
}

impl Scores<'_> {
    /// Takes a score, the oldest goes.
    pub fn take(&mut self, score: f32) {
        let length = self.ring.len().max(1) as u32;
        // Stays between one and two rounds, so that it never overflows.
        let at = *self.taken % length;
        if let Some(place) = self.ring.get_mut(at as usize) {
            *place = score;
        }
        *self.taken += 1;
        if *self.taken >= 2 * length {
            *self.taken -= length;
        }
    }
}

/// The score below which a share `p` of `scores` lies, which are not empty. O(n²) comparisons, for
/// there is no room to sort.
pub(super) fn quantile(scores: &[f32], p: f32) -> f32 {
    let rank = (p * (scores.len().saturating_sub(1)) as f32) as usize;
    let is_ranked = |&&score: &&f32| {
        let less = scores.iter().filter(|&&other| other < score).count();
        let same = scores.iter().filter(|&&other| other == score).count();
        (less..less + same).contains(&rank)
    };
    scores.iter().find(is_ranked).copied().unwrap_or(0.0)
}

/// The score above which one stands out among the last ones; none before there are [`FEWEST`].
pub(super) fn alarm_level(scores: &[f32]) -> Option<f32> {
    (scores.len() >= FEWEST).then(|| FACTOR * quantile(scores, QUANTILE))
}

/// The share of scores at least as high as `score`, itself among them: if windows are as before,
/// that share is at most `r` for at most a share `r` of them (V. Vovk, A. Gammerman and G. Shafer,
/// "Algorithmic learning in a random world", 2005).
pub(super) fn rarity(scores: &[f32], score: f32) -> f32 {
    let high = scores.iter().filter(|&&other| other >= score).count();
    (high + 1) as f32 / (scores.len() + 1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[test]
    fn the_quantile_is_that_of_the_sorted_scores() {
        proptest!(|(scores in prop::collection::vec(0u8..20, 1..40), p in 0.0f32..=1.0)| {
            let scores: Vec<f32> = scores.into_iter().map(f32::from).collect();
            let mut sorted = scores.clone();
            sorted.sort_by(f32::total_cmp);
            let rank = (p * (sorted.len() - 1) as f32) as usize;
            prop_assert_eq!(quantile(&scores, p), sorted[rank]);
        });
    }

    #[test]
    fn a_ring_holds_the_last_scores() {
        let (mut ring, mut taken) = ([0.0; 4], 0);
        for score in 0..1_000u16 {
            Scores {
                ring: &mut ring,
                taken: &mut taken,
            }
            .take(f32::from(score));
            let held = held(&ring, taken);
            assert_eq!(held.len(), usize::from(score + 1).min(4));
            assert!(held.iter().all(|&s| s + 4.0 > f32::from(score)));
        }
    }

    #[test]
    fn scores_of_the_usual_kind_are_refused_as_often_as_stated() {
        let mut state = 7u32;
        let mut draw = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32
        };
        let (mut ring, mut taken, mut refused) = ([0.0; 99], 0, 0);
        for _ in 0..20_000 {
            let score = draw();
            refused += u32::from(rarity(held(&ring, taken), score) <= 0.05);
            Scores {
                ring: &mut ring,
                taken: &mut taken,
            }
            .take(score);
        }
        let rate = refused as f32 / 20_000.0;
        assert!((0.04..=0.052).contains(&rate), "{rate}");
    }

    #[test]
    fn a_few_scores_raise_no_alarm() {
        assert_eq!(alarm_level(&[1.0; FEWEST - 1]), None);
        assert_eq!(alarm_level(&[1.0; FEWEST]), Some(1.5));
    }
}
