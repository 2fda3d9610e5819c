//! Whether what a block holds can be that of a recogniser.

use super::{Recogniser, WEIGHT, metric, state};

impl Recogniser<'_> {
    /// Checks that nothing later can do harm, and that all is zero where nothing was kept.
    pub(super) fn is_sound(&mut self) -> bool {
        self.is_sound_metric() && self.are_sound_patterns() && self.is_sound_record()
    }

    fn is_sound_metric(&self) -> bool {
        let (seen, fresh) = (self.word(state::SEEN), self.word(state::FRESH));
        let copied = self.word(state::COPIED);
        let spread = f32::from_bits(self.word(state::SPREAD));
        let values = [&*self.factors, self.mean, self.force, self.centre];
        let finite = |values: &[f32]| values.iter().all(|x| x.is_finite());
        let zero = |values: &[f32]| values.iter().all(|x| x.to_bits() == 0);
        if seen == 0 {
            return fresh == 0
                && copied == 0
                && spread.to_bits() == 0
                && values.into_iter().all(zero);
        }
        values.into_iter().all(finite)
            && spread.is_finite()
            && fresh <= 1
            && copied <= seen
            && (copied > 0) == self.config.has_graph()
            && self.has_roots(self.factors)
            && (copied == 0 || self.has_roots(self.force))
    }

    /// Whether the diagonals of a packed factor of each sketch are above zero.
    fn has_roots(&self, factors: &[f32]) -> bool {
        let width = self.config.width();
        let factors = factors.chunks_exact(metric::packed(width).max(1));
        factors.take(self.config.sketches as usize).all(|factor| {
            let mut rest = factor;
            (1..=width).rev().all(|row| {
                let good = rest.first().is_some_and(|&root| root > 0.0);
                rest = rest.get(row..).unwrap_or(&[]);
                good
            })
        })
    }

    fn are_sound_patterns(&self) -> bool {
        let rows = self
            .patterns
            .chunks_exact((self.config.dimensions as usize).max(1));
        let sound = |(&word, row): (&u32, &[i16])| match word {
            0 => row.iter().all(|&x| x == 0),
            _ => word & WEIGHT > 0 && row.iter().all(|&x| x != i16::MIN),
        };
        // Each vector seen weighs in one pattern at most.
        let weights = self.weights.iter().map(|&word| u64::from(word & WEIGHT));
        self.weights.iter().zip(rows).all(sound)
            && weights.sum::<u64>() <= u64::from(self.word(state::SEEN))
    }

    fn is_sound_record(&self) -> bool {
        let (recalls, right) = (self.word(state::RECALLS), self.word(state::RIGHT));
        let curve = [state::CURVE, state::CURVE + 1].map(|at| self.word(at));
        let counted: f32 = self.bins.iter().sum();
        let record = match recalls {
            0 => right == 0 && curve == [0; 2] && self.bins.iter().all(|x| x.to_bits() == 0),
            _ => {
                right <= recalls
                    && curve.iter().all(|&word| f32::from_bits(word).is_finite())
                    && self.bins.iter().all(|x| (0.0..=1e9).contains(x))
                    && counted > 0.0
            }
        };
        let count = self.config.scores;
        let taken = self.word(state::SCORES);
        let scores = self.scores.iter().enumerate();
        let scored = scores
            .into_iter()
            .all(|(at, score)| match at < taken as usize {
                true => score.is_finite(),
                false => score.to_bits() == 0,
            });
        record && taken < 2 * count && scored
    }
}
