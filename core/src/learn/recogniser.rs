//! What a window is: the nearest pattern in the metric of what does not matter.
//!
//! A vector is merged into the nearest pattern of its label, or opens a pattern of its own where
//! that is far. What merging leaves out goes into the [`super::metric`]. The patterns are
//! rows of a [bank](crate::bank) and only there: a row is the whitened pattern
//! `R'⁻¹ (pattern - mean)`, compared by squared distance. The recogniser keeps, for each slot of the
//! bank, the pattern itself in sixteen bits and how much was merged into it.
//!
//! Learning changes the metric, and with it all rows. A bank that is [scanned](crate::bank::Layout::Scan) is
//! [refreshed](Recogniser::refresh) once before the next recall: O(patterns × d²/2). A bank with a
//! graph goes on with the metric that its rows were whitened by, of which the recogniser keeps a
//! copy, and is whitened and linked again when it has seen twice as much.
//!
//! Beside what a window is, a recall tells how *novel* it is, for what no pattern is near to; by what
//! *margin* the nearest pattern won; and how *confident* one may be, by how often recalls as clear as
//! this one were right (see [`Recogniser::record`]).

mod config;
mod learning;
mod soundness;

pub use config::{MAX_PATTERNS, RecogniserConfig};

use super::vector::QUANTUM;
use super::{metric, novelty, reliability};
use crate::bank::{BankRef, Entry, Hit, Hits, Method, PatternId, Scratch, SearchError, Shape};
use crate::block::structure::structure;
use crate::error::errors;

/// Patterns that a recall looks at for one of another label before it searches for that alone.
const NEAR: usize = 4;
/// Of a slot's word the low bits are its weight, the others those of its pattern's generation.
const WEIGHT: u32 = (1 << 24) - 1;

mod state {
    /// Vectors learned.
    pub const SEEN: usize = 0;
    /// Mean squared distance of vectors from their mean, a float.
    pub const SPREAD: usize = 1;
    /// One while all rows are whitened by the metric in force.
    pub const FRESH: usize = 2;
    /// Vectors that had been learned when the copy of the metric was taken.
    pub const COPIED: usize = 3;
    /// Scores taken.
    pub const SCORES: usize = 4;
    /// Recalls recorded, and those that were right.
    pub const RECALLS: usize = 5;
    pub const RIGHT: usize = 6;
    /// The two coefficients of the curve of confidence, floats.
    pub const CURVE: usize = 7;
    pub const WORDS: usize = 9;
}

errors! {
    /// Why a vector was not learned; recogniser and bank are unchanged.
    pub enum LearnError: 0x0390 {
        /// The bank has another shape than the recogniser's.
        WrongBank = 1 => "the bank is not of the shape that the recogniser's configuration gives",
        /// The vector has the wrong length.
        WrongLength { expected: u32, found: u32 } = 2
            => "the vector has {found} components, the recogniser takes {expected}",
        /// A component is not finite.
        NotFinite { index: u32 } = 3 => "component {index} of the vector is not finite",
        /// The working memory is shorter than a vector.
        WorkTooSmall { needed: u32 } = 4 => "the working memory needs {needed} places",
        /// The bank refused a row.
        Refused = 5 => "the bank refused a row; open the last saved state",
    }
}

errors! {
    /// Why nothing was recalled.
    pub enum RecallError: 0x03a0 {
        /// The bank has another shape than the recogniser's.
        WrongBank = 1 => "the bank is not of the shape that the recogniser's configuration gives",
        /// The vector has the wrong length.
        WrongLength { expected: u32, found: u32 } = 2
            => "the vector has {found} components, the recogniser takes {expected}",
        /// The working memory is shorter than a vector.
        WorkTooSmall { needed: u32 } = 3 => "the working memory needs {needed} places",
        /// Something was learned since the rows were whitened.
        Stale = 4 => "something was learned since the rows were whitened; refresh them first",
        /// The search failed.
        Search wraps SearchError,
    }
}

/// What a window was recognised as.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Recognised {
    /// The nearest pattern.
    pub id: PatternId,
    /// Its label.
    pub label: u32,
    /// Its squared distance in the metric.
    pub distance: f32,
    /// The squared distance of the nearest pattern of another label; infinite without one.
    pub other: f32,
    /// How unlike everything learned the window is: the squared Mahalanobis distance of the nearest
    /// pattern, less what is uncertain of that, times the fourth root of the squared plain distance from
    /// it over the squared distance from the mean of all in the metric.
    pub novelty: f32,
    /// The share of the last scores that are at least this novel: to refuse a window where that is
    /// at most `r` refuses at most a share `r` of what is like before.
    pub rarity: f32,
    /// The share of recalls as clear as this one that are right, as recalls so far went.
    pub confidence: f32,
}

impl Recognised {
    /// How much nearer the nearest pattern is than that of another label, 0 to 1.
    pub fn margin(&self) -> f32 {
        match self.other > 0.0 {
            true if self.other.is_finite() => ((self.other - self.distance) / self.other).max(0.0),
            true => 1.0,
            false => 0.0,
        }
    }
}

/// Length, method, distances of the hits that lie in scratch memory, and whether they are below the goal.
type Found = (usize, Method, u32, bool);

structure! {
    /// Patterns of a bank, the metric they are compared in, and how recalls went. See the
    /// [module](self).
    pub struct Recogniser for RecogniserConfig as config {
        state: [u32; state::WORDS],
        /// The packed factor of each sketch, one behind the other.
        factors "factor": [f32; config.factors()],
        mean: [f32; config.dimensions],
        /// The metric that the rows of a graph are whitened by.
        force "factor in force": [f32; config.copies().0],
        centre "mean in force": [f32; config.copies().1],
        /// Weight and low bits of the generation of the pattern in each slot.
        weights: [u32; config.patterns => 1],
        /// Each slot's pattern, in [`QUANTUM`]s.
        patterns: [i16; config.patterns => config.dimensions as usize],
        bins "running error": [f32; 2 * reliability::BINS],
        scores "last scores": [f32; config.scores],
    }
}

impl Recogniser<'_> {
    /// The configuration.
    pub fn config(&self) -> RecogniserConfig {
        self.config
    }

    /// Vectors learned.
    pub fn seen(&self) -> u32 {
        self.word(state::SEEN)
    }

    /// Whether the rows are whitened by the metric in force, as [`recall`](Self::recall) needs them.
    pub fn is_fresh(&self) -> bool {
        self.word(state::FRESH) == 1 || self.seen() == 0
    }

    /// Recalls that were [recorded](Self::record), and those that were right.
    pub fn record_of(&self) -> (u32, u32) {
        (self.word(state::RECALLS), self.word(state::RIGHT))
    }

    /// The packed factor of each sketch, one behind the other; empty before anything was learned.
    pub fn factors(&self) -> &[f32] {
        let count = match self.seen() {
            0 => 0,
            _ => self.config.factors(),
        };
        self.factors.get(..count).unwrap_or(&[])
    }

    /// The mean of all vectors learned.
    pub fn mean(&self) -> &[f32] {
        self.mean
            .get(..self.config.dimensions as usize)
            .unwrap_or(&[])
    }

    /// A pattern as it was learned, in [`QUANTUM`]s; `None` of one that this recogniser did not make.
    pub fn pattern(&self, id: PatternId) -> Option<&[i16]> {
        self.weight(id).map(|_| self.slot(id))
    }

    /// How much was merged into a pattern; `None` of one that this recogniser did not make.
    pub fn weight(&self, id: PatternId) -> Option<u32> {
        let word = *self.weights.get(id.slot() as usize)?;
        (word != 0 && word == slot_word(id, word & WEIGHT)).then_some(word & WEIGHT)
    }

    /// What `vector` is, by the patterns of `bank`; `None` while nothing was learned. `work` has
    /// room for a vector. Cost: d² / 2 multiplications over the number of sketches and a search, and
    /// another where the nearest patterns all have one label.
    pub fn recall<S: Shape>(
        &self,
        bank: BankRef<'_, S>,
        vector: &[f32],
        work: &mut [f32],
        scratch: &mut Scratch<'_>,
    ) -> Result<Option<Recognised>, RecallError> {
        Ok(self.look(bank, vector, 1, work, scratch)?.0)
    }

    /// The same, and the `k` nearest patterns; leaves the whitened vector, by which these were
    /// found, in `work`. Cost: as of [`recall`](Self::recall), and a third search where it takes a
    /// second.
    pub fn recall_among<'s, S: Shape>(
        &self,
        bank: BankRef<'_, S>,
        vector: &[f32],
        k: usize,
        work: &mut [f32],
        scratch: &'s mut Scratch<'_>,
    ) -> Result<(Option<Recognised>, Hits<'s>), RecallError> {
        let (recognised, found) = self.look(bank, vector, k, work, scratch)?;
        let hits = match found {
            Some((length, method, distances, below)) => {
                scratch.again(length.min(k), method, distances, below)
            }
            None => {
                let white = work.get(..vector.len()).unwrap_or(&[]);
                bank.search(white, k, scratch)?
            }
        };
        Ok((recognised, hits))
    }

    /// Searches for the `k` nearest patterns, and for one of another label if need be. How many
    /// were found and how, unless the second search has overwritten them.
    fn look<S: Shape>(
        &self,
        bank: BankRef<'_, S>,
        vector: &[f32],
        k: usize,
        work: &mut [f32],
        scratch: &mut Scratch<'_>,
    ) -> Result<(Option<Recognised>, Option<Found>), RecallError> {
        if *bank.config() != self.config.bank() {
            return Err(RecallError::WrongBank);
        }
        let dimensions = self.config.dimensions;
        if vector.len() != dimensions as usize {
            return Err(RecallError::WrongLength {
                expected: dimensions,
                found: u32::try_from(vector.len()).unwrap_or(u32::MAX),
            });
        }
        if !self.is_fresh() {
            return Err(RecallError::Stale);
        }
        let work = work
            .get_mut(..dimensions as usize)
            .ok_or(RecallError::WorkTooSmall { needed: dimensions })?;
        work.copy_from_slice(vector);
        self.whiten(work);
        let near = k.max(NEAR.min(scratch.most() as usize));
        let hits = bank.search(work, near, scratch)?;
        let found = Some((
            hits.len(),
            hits.method(),
            hits.distances(),
            hits.is_below_goal(),
        ));
        let Some(nearest) = hits.first().filter(|_| self.seen() > 0) else {
            return Ok((None, found));
        };
        if let Some(other) = hits.iter().find(|hit| hit.label != nearest.label) {
            return Ok((
                Some(self.judge(&nearest, Some(&other), vector, work)),
                found,
            ));
        }
        let others = |entry: &Entry| entry.label != nearest.label;
        let other = bank.search_filtered(work, 1, &others, scratch)?.first();
        Ok((
            Some(self.judge(&nearest, other.as_ref(), vector, work)),
            None,
        ))
    }

    /// How near a pattern at that squared distance is, from 1 to 0: one half where windows of its kind
    /// usually are.
    pub fn closeness(&self, distance: f32) -> f32 {
        let usual = self.config.dimensions as f32;
        usual / (usual + self.seen() as f32 * distance.max(0.0))
    }

    /// What the nearest pattern of a vector, and the nearest of another label, say of it; `white` is
    /// the vector [whitened](Self::whiten).
    pub fn judge(
        &self,
        hit: &Hit,
        other: Option<&Hit>,
        vector: &[f32],
        white: &[f32],
    ) -> Recognised {
        let distance = (-hit.similarity).max(0.0);
        let other = other.map_or(f32::INFINITY, |other| (-other.similarity).max(0.0));
        let weight = self.weight(hit.id).unwrap_or(1) as f32;
        let mahalanobis = self.seen() as f32 * distance;
        let sure = libm::sqrtf(weight / (weight + 1.0));
        let plain = self.plain(hit.id, vector);
        let away = white.iter().fold(0.0, |sum, x| sum + x * x);
        let apart = libm::sqrtf(libm::sqrtf(plain / away.max(f32::MIN_POSITIVE)));
        let novelty = mahalanobis * sure * apart;
        Recognised {
            id: hit.id,
            label: hit.label,
            distance,
            other,
            novelty,
            rarity: novelty::rarity(self.last_scores(), novelty),
            confidence: reliability::expected(self.curve(), reliability::lead(distance, other)),
        }
    }

    /// Records what a window was after it had been recognised and before it is learned: confidence
    /// follows from it, and its score becomes one of those that novelty is compared with.
    pub fn record(&mut self, recognised: &Recognised, label: u32) {
        self.header.begin();
        let right = recognised.label == label;
        let count = self.word(state::RECALLS).saturating_add(1);
        self.set(state::RECALLS, count);
        self.set(
            state::RIGHT,
            self.word(state::RIGHT).saturating_add(u32::from(right)),
        );
        let lead = reliability::lead(recognised.distance, recognised.other);
        let mut curve = self.curve();
        if let Some(bins) = self.bins.first_chunk_mut() {
            reliability::record(bins, &mut curve, count, lead, right);
        }
        self.set(state::CURVE, curve[0].to_bits());
        self.set(state::CURVE + 1, curve[1].to_bits());
        self.score(recognised.novelty);
        self.header.end();
    }

    /// Whether a score stands out among the last ones, 1.5 times above nine in ten of them; then it
    /// becomes one of them.
    pub fn watch(&mut self, novelty: f32) -> bool {
        let alarm = self.alarm_level().is_some_and(|level| novelty > level);
        self.header.begin();
        self.score(novelty);
        self.header.end();
        alarm
    }

    /// Replaces a vector by its whitened form in the metric in force: what the bank's rows are. Before
    /// anything was learned it stays as it is.
    pub fn whiten(&self, vector: &mut [f32]) {
        if self.seen() == 0 {
            return;
        }
        let (factors, mean) = match self.config.has_graph() {
            true if self.word(state::COPIED) > 0 => (&*self.force, &*self.centre),
            _ => (&*self.factors, &*self.mean),
        };
        for (x, mean) in vector.iter_mut().zip(mean) {
            *x -= mean;
        }
        let width = self.config.width();
        let (mut sketches, mut factors) = (vector, factors);
        for _ in 0..self.config.sketches {
            let sketch = core::mem::take(&mut sketches).split_at_mut_checked(width);
            let factor = factors.split_at_checked(metric::packed(width));
            let (Some((sketch, behind)), Some((factor, others))) = (sketch, factor) else {
                return;
            };
            metric::whiten(factor, sketch);
            (sketches, factors) = (behind, others);
        }
    }

    /// The last scores, in no order: what [`rarity`](Recognised::rarity) and
    /// [`watch`](Self::watch) compare with.
    pub fn last_scores(&self) -> &[f32] {
        novelty::held(self.scores(), self.word(state::SCORES))
    }

    /// The score from which on [`watch`](Self::watch) raises an alarm; `None` while it has seen too few.
    pub fn alarm_level(&self) -> Option<f32> {
        novelty::alarm_level(self.last_scores())
    }

    fn scores(&self) -> &[f32] {
        let count = self.config.scores as usize;
        self.scores.get(..count).unwrap_or(self.scores)
    }

    fn score(&mut self, score: f32) {
        let count = self.config.scores as usize;
        let ring = self.scores.get_mut(..count);
        if let (Some(ring), Some(taken)) = (ring, self.state.get_mut(state::SCORES)) {
            novelty::Scores { ring, taken }.take(if score.is_finite() { score } else { f32::MAX });
        }
    }

    fn curve(&self) -> [f32; 2] {
        match self.word(state::RECALLS) {
            0 => reliability::usual(),
            _ => [state::CURVE, state::CURVE + 1].map(|at| f32::from_bits(self.word(at))),
        }
    }

    fn word(&self, at: usize) -> u32 {
        self.state.get(at).copied().unwrap_or(0)
    }

    fn set(&mut self, at: usize, value: u32) {
        if let Some(word) = self.state.get_mut(at) {
            *word = value;
        }
    }

    /// Squared plain distance of a vector from a pattern.
    fn plain(&self, id: PatternId, vector: &[f32]) -> f32 {
        let mut square = 0.0;
        for (&x, &p) in vector.iter().zip(self.slot(id)) {
            let away = x - f32::from(p) * QUANTUM;
            square += away * away;
        }
        square
    }

    fn slot(&self, id: PatternId) -> &[i16] {
        let d = self.config.dimensions as usize;
        let start = id.slot() as usize * d;
        self.patterns.get(start..start + d).unwrap_or(&[])
    }
}

/// What a slot's word is while it holds that pattern.
fn slot_word(id: PatternId, weight: u32) -> u32 {
    ((id.to_u64() >> 32) as u32) << 24 | weight
}

#[cfg(test)]
mod tests;
