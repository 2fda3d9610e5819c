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

pub use config::{MAX_PATTERNS, RecogniserConfig};

use super::extract::Learned;
use super::vector::QUANTUM;
use super::{metric, novelty, reliability};
use crate::bank::{
    Entry, Hit, Pattern, PatternBank, PatternBankRef, PatternId, Scratch, SearchError,
};
use crate::block::structure::structure;
use crate::error::errors;

/// What a pattern weighs at most against the next vector, so that it goes on following.
const MAX_WEIGHT: u32 = 255;
/// Vectors that count at most for the mean of all.
const MAX_SEEN: u32 = 1 << 20;
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
    /// pattern, less what is uncertain of that, times the window's plain distance from it.
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
    fn is_sound(&mut self) -> bool {
        let finite = |values: &[f32]| values.iter().all(|x| x.is_finite());
        let blank = self.word(state::SEEN) == 0;
        let roots = |factors: &[f32]| {
            let width = self.config.width();
            factors
                .chunks_exact(metric::packed(width).max(1))
                .take(self.config.sketches as usize)
                .all(|factor| {
                    let mut rest = factor;
                    (1..=width).rev().all(|row| {
                        let good = rest.first().is_some_and(|&root| root > 0.0);
                        rest = rest.get(row..).unwrap_or(&[]);
                        good
                    })
                })
        };
        let curve = self.curve();
        finite(self.factors)
            && (self.factors.iter().all(|&x| x == 0.0) && blank || roots(self.factors))
            && finite(self.mean)
            && finite(self.force)
            && (self.word(state::COPIED) == 0 || self.force.is_empty() || roots(self.force))
            && finite(self.centre)
            && finite(self.scores)
            && self.word(state::SCORES) < 2 * self.config.scores
            && self.bins.iter().all(|x| (0.0..=1e9).contains(x))
            && curve.iter().all(|x| x.is_finite())
            && f32::from_bits(self.word(state::SPREAD)).is_finite()
            && self.patterns.iter().all(|&x| x != i16::MIN)
    }

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

    /// Learns that `vector`, in steps of [`QUANTUM`], is of the label of `pattern`, which also
    /// says what confidence and time to keep. `work` has room for a vector.
    ///
    /// Cost: O(patterns of the label × d) to find the nearest, 2 d² over the number of sketches to
    /// merge; with a graph also a removal and an insertion, and every time that twice as much was
    /// seen O(patterns × (d² + an insertion)).
    pub fn learn(
        &mut self,
        bank: &mut PatternBank<'_>,
        vector: &[f32],
        pattern: Pattern,
        work: &mut [f32],
    ) -> Result<Learned, LearnError> {
        if *bank.config() != self.config.bank() {
            return Err(LearnError::WrongBank);
        }
        let dimensions = self.config.dimensions;
        if vector.len() != dimensions as usize {
            return Err(LearnError::WrongLength {
                expected: dimensions,
                found: u32::try_from(vector.len()).unwrap_or(u32::MAX),
            });
        }
        if let Some(index) = vector.iter().position(|x| !x.is_finite()) {
            return Err(LearnError::NotFinite {
                index: index as u32,
            });
        }
        let work = work
            .get_mut(..dimensions as usize)
            .ok_or(LearnError::WorkTooSmall { needed: dimensions })?;
        self.header.begin();
        let learned = self.take(bank, vector, pattern, work);
        self.header.end();
        learned
    }

    fn take(
        &mut self,
        bank: &mut PatternBank<'_>,
        vector: &[f32],
        pattern: Pattern,
        work: &mut [f32],
    ) -> Result<Learned, LearnError> {
        self.begin();
        self.see(vector);
        let nearest = self.nearest(bank, vector, pattern.label);
        let spread = f32::from_bits(self.word(state::SPREAD));
        let learned = match nearest {
            Some((id, square)) if square <= self.config.merge * spread || bank.is_full() => {
                self.merge(id, vector, work);
                bank.annotate(id, pattern)
                    .map_err(|_| LearnError::Refused)?;
                if self.config.has_graph() {
                    self.write(bank, id, pattern, work)?;
                }
                Learned::Merged {
                    id,
                    similarity: -square,
                }
            }
            _ => {
                let evicted = match bank.is_full() {
                    true => self.give_up(bank),
                    false => None,
                };
                let slot_vector = vector.iter().map(|&x| quantised(x * (1.0 / QUANTUM)));
                for (place, x) in work.iter_mut().zip(slot_vector.clone()) {
                    *place = f32::from(x) * QUANTUM;
                }
                self.whiten(work);
                let id = bank
                    .insert(work, pattern)
                    .map_err(|_| LearnError::Refused)?;
                self.set_slot(id, 1);
                for (place, x) in self.slot_mut(id).iter_mut().zip(slot_vector) {
                    *place = x;
                }
                Learned::Opened { id, evicted }
            }
        };
        self.set(state::FRESH, u32::from(self.config.has_graph()));
        if self.config.has_graph() && self.seen() >= self.word(state::COPIED).saturating_mul(2) {
            self.copy_metric();
            self.rewrite(bank, work)?;
        }
        Ok(learned)
    }

    /// Whitens the rows of the bank by what was learned, if anything was since it was done last.
    /// Cost: O(patterns × d² / 2) over the number of sketches.
    pub fn refresh(
        &mut self,
        bank: &mut PatternBank<'_>,
        work: &mut [f32],
    ) -> Result<(), LearnError> {
        if *bank.config() != self.config.bank() {
            return Err(LearnError::WrongBank);
        }
        let dimensions = self.config.dimensions;
        let work = work
            .get_mut(..dimensions as usize)
            .ok_or(LearnError::WorkTooSmall { needed: dimensions })?;
        if self.is_fresh() {
            return Ok(());
        }
        self.header.begin();
        let done = self.rewrite(bank, work);
        self.header.end();
        done
    }

    /// What `vector` is, by the patterns of `bank`; `None` while nothing was learned. `work` has
    /// room for a vector. Cost: d² / 2 multiplications over the number of sketches, and two searches.
    pub fn recall(
        &self,
        bank: PatternBankRef<'_>,
        vector: &[f32],
        work: &mut [f32],
        scratch: &mut Scratch<'_>,
    ) -> Result<Option<Recognised>, RecallError> {
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
        if self.seen() == 0 {
            return Ok(None);
        }
        if !self.is_fresh() {
            return Err(RecallError::Stale);
        }
        let work = work
            .get_mut(..dimensions as usize)
            .ok_or(RecallError::WorkTooSmall { needed: dimensions })?;
        work.copy_from_slice(vector);
        self.whiten(work);
        let Some(hit) = bank.search(work, 1, scratch)?.first() else {
            return Ok(None);
        };
        let others = |entry: &Entry| entry.label != hit.label;
        let other = bank.search_filtered(work, 1, &others, scratch)?.first();
        Ok(Some(self.judge(&hit, other.as_ref(), vector)))
    }

    /// How near a pattern at that squared distance is, from 1 to 0: one half where windows of its kind
    /// usually are.
    pub fn closeness(&self, distance: f32) -> f32 {
        let usual = self.config.dimensions as f32;
        usual / (usual + self.seen() as f32 * distance.max(0.0))
    }

    /// What the nearest pattern of a vector, and the nearest of another label, say of it.
    pub fn judge(&self, hit: &Hit, other: Option<&Hit>, vector: &[f32]) -> Recognised {
        let distance = (-hit.similarity).max(0.0);
        let other = other.map_or(f32::INFINITY, |other| (-other.similarity).max(0.0));
        let weight = self.weight(hit.id).unwrap_or(1) as f32;
        let plain = self.plain(hit.id, vector);
        let mahalanobis = self.seen() as f32 * distance;
        let novelty = mahalanobis * (weight / (weight + 1.0)) * libm::sqrtf(plain);
        let scores = novelty::held(self.scores(), self.word(state::SCORES));
        Recognised {
            id: hit.id,
            label: hit.label,
            distance,
            other,
            novelty,
            rarity: novelty::rarity(scores, novelty),
            confidence: reliability::expected(self.curve(), reliability::lead(distance, other)),
        }
    }

    /// Records what a window was after it had been recognised and before it is learned: confidence
    /// follows from it, and its score becomes one of those that novelty is compared with.
    pub fn record(&mut self, recognised: &Recognised, label: u32) {
        self.header.begin();
        self.begin();
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
        let scores = novelty::held(self.scores(), self.word(state::SCORES));
        let alarm = novelty::is_alarm(scores, novelty);
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
        let factors = factors.chunks_exact(metric::packed(width).max(1));
        for (sketch, factor) in vector.chunks_exact_mut(width.max(1)).zip(factors) {
            metric::whiten(factor, sketch);
        }
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

    /// A formatted block is zero: the metric begins with the first vector.
    fn begin(&mut self) {
        if self.factors.first() != Some(&0.0) {
            return;
        }
        let width = self.config.width();
        let ridge = self.config.ridge * (width as f32 / 1024.0);
        let factors = self.factors.chunks_exact_mut(metric::packed(width).max(1));
        for factor in factors.take(self.config.sketches as usize) {
            metric::format(factor, width, ridge);
        }
    }

    /// Takes a vector into the mean of all and their mean squared distance from it.
    fn see(&mut self, vector: &[f32]) {
        let seen = self.seen().saturating_add(1);
        let share = 1.0 / seen.min(MAX_SEEN) as f32;
        let mut square = 0.0;
        for (&x, mean) in vector.iter().zip(self.mean.iter_mut()) {
            let away = x - *mean;
            *mean += away * share;
            square += away * (x - *mean);
        }
        let spread = f32::from_bits(self.word(state::SPREAD));
        let spread = spread + (square - spread) * share;
        self.set(state::SEEN, seen);
        self.set(state::SPREAD, spread.to_bits());
    }

    /// The nearest of our patterns of a label by plain distance, the first of equals.
    fn nearest(
        &self,
        bank: &PatternBank<'_>,
        vector: &[f32],
        label: u32,
    ) -> Option<(PatternId, f32)> {
        bank.iter()
            .filter(|entry| entry.label == label && self.weight(entry.id).is_some())
            .map(|entry| (entry.id, self.plain(entry.id, vector)))
            .reduce(|least, next| if next.1 < least.1 { next } else { least })
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

    fn slot_mut(&mut self, id: PatternId) -> &mut [i16] {
        let d = self.config.dimensions as usize;
        let start = id.slot() as usize * d;
        self.patterns.get_mut(start..start + d).unwrap_or(&mut [])
    }

    fn set_slot(&mut self, id: PatternId, weight: u32) {
        if let Some(word) = self.weights.get_mut(id.slot() as usize) {
            *word = slot_word(id, weight);
        }
    }

    /// Moves a pattern towards a vector; what is left out goes into the metric.
    fn merge(&mut self, id: PatternId, vector: &[f32], rest: &mut [f32]) {
        let weight = self.weight(id).unwrap_or(1);
        let part = libm::sqrtf(weight as f32 / (weight + 1) as f32);
        let share = 1.0 / (weight.min(MAX_WEIGHT) + 1) as f32;
        let pattern = self.slot_mut(id);
        for ((place, rest), &x) in pattern.iter_mut().zip(&mut *rest).zip(vector) {
            let old = f32::from(*place) * QUANTUM;
            let away = x - old;
            *rest = away * part;
            *place = quantised((old + away * share) * (1.0 / QUANTUM));
        }
        let width = self.config.width();
        let factors = self.factors.chunks_exact_mut(metric::packed(width).max(1));
        for (sketch, factor) in rest.chunks_exact_mut(width.max(1)).zip(factors) {
            metric::add(factor, sketch);
        }
        self.set_slot(id, (weight + 1).min(WEIGHT));
    }

    /// Removes the lightest pattern of a label that has another, else the lightest.
    fn give_up(&mut self, bank: &mut PatternBank<'_>) -> Option<Entry> {
        let mut least: Option<(u32, Entry)> = None;
        for entry in bank.iter() {
            let mut weight = self.weight(entry.id).unwrap_or(0);
            let lighter = |weight| least.is_none_or(|(least, _)| weight < least);
            if !lighter(weight) {
                continue;
            }
            let alone = bank.iter().filter(|e| e.label == entry.label).count() == 1;
            weight += if alone { 1 << 30 } else { 0 };
            if lighter(weight) {
                least = Some((weight, entry));
            }
        }
        let (_, entry) = least?;
        bank.remove(entry.id).ok()
    }

    /// Takes a copy of the metric, by which rows are whitened from now on.
    fn copy_metric(&mut self) {
        self.force.copy_from_slice(self.factors);
        self.centre.copy_from_slice(self.mean);
        self.set(state::COPIED, self.seen());
    }

    /// Whitens the row of every pattern.
    fn rewrite(&mut self, bank: &mut PatternBank<'_>, work: &mut [f32]) -> Result<(), LearnError> {
        for slot in 0..self.config.patterns {
            let Some(entry) = bank.at(slot) else {
                continue;
            };
            let pattern = Pattern {
                label: entry.label,
                confidence: entry.confidence,
                at: entry.last_use,
            };
            self.write(bank, entry.id, pattern, work)?;
        }
        self.set(state::FRESH, 1);
        Ok(())
    }

    /// Writes a pattern's row, if it is ours.
    fn write(
        &self,
        bank: &mut PatternBank<'_>,
        id: PatternId,
        pattern: Pattern,
        work: &mut [f32],
    ) -> Result<(), LearnError> {
        if self.weight(id).is_none() {
            return Ok(());
        }
        for (place, &x) in work.iter_mut().zip(self.slot(id)) {
            *place = f32::from(x) * QUANTUM;
        }
        self.whiten(work);
        bank.update(id, work, pattern)
            .map_err(|_| LearnError::Refused)
    }
}

/// What a slot's word is while it holds that pattern.
fn slot_word(id: PatternId, weight: u32) -> u32 {
    ((id.to_u64() >> 32) as u32) << 24 | weight
}

/// To the nearest integer, halves up, within 32,767.
fn quantised(steps: f32) -> i16 {
    libm::floorf(steps + 0.5).clamp(-32_767.0, 32_767.0) as i16
}

#[cfg(test)]
mod tests;
