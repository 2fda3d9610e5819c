//! How a vector is learned: merged into a pattern or kept as one, and what that does to the metric.

use super::{LearnError, Recogniser, WEIGHT, metric, slot_word, state};
use crate::bank::{Bank, Entry, Pattern, PatternId, Shape};
use crate::learn::extract::Learned;
use crate::learn::vector::QUANTUM;
use crate::slices;

/// What a pattern weighs at most against the next vector, so that it goes on following.
const MAX_WEIGHT: u32 = 255;
/// Vectors that count at most for the mean of all.
const MAX_SEEN: u32 = 1 << 20;

impl Recogniser<'_> {
    /// Learns that `vector`, in steps of [`QUANTUM`], is of the label of `pattern`, which also
    /// says what confidence and time to keep. `work` has room for a vector.
    ///
    /// Cost: O(patterns of the label × d) to find the nearest, 2 d² over the number of sketches to
    /// merge; with a graph also a removal and an insertion, and every time that twice as much was
    /// seen O(patterns × (d² + an insertion)).
    pub fn learn<S: Shape>(
        &mut self,
        bank: &mut Bank<'_, S>,
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

    fn take<S: Shape>(
        &mut self,
        bank: &mut Bank<'_, S>,
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
    pub fn refresh<S: Shape>(
        &mut self,
        bank: &mut Bank<'_, S>,
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

    /// A formatted block is zero: the metric begins with the first vector.
    fn begin(&mut self) {
        if self.factors.first() != Some(&0.0) {
            return;
        }
        let width = self.config.width();
        let ridge = self.config.ridge * (width as f32 / 1024.0);
        let mut factors = &mut *self.factors;
        for _ in 0..self.config.sketches {
            let factor = core::mem::take(&mut factors).split_at_mut_checked(metric::packed(width));
            let Some((factor, others)) = factor else {
                return;
            };
            metric::format(factor, width, ridge);
            factors = others;
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
    fn nearest<S: Shape>(
        &self,
        bank: &Bank<'_, S>,
        vector: &[f32],
        label: u32,
    ) -> Option<(PatternId, f32)> {
        bank.iter()
            .filter(|entry| entry.label == label && self.weight(entry.id).is_some())
            .map(|entry| (entry.id, self.plain(entry.id, vector)))
            .reduce(|least, next| if next.1 < least.1 { next } else { least })
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
        let (mut sketches, mut factors) = (rest, &mut *self.factors);
        for _ in 0..self.config.sketches {
            let sketch = core::mem::take(&mut sketches).split_at_mut_checked(width);
            let factor = core::mem::take(&mut factors).split_at_mut_checked(metric::packed(width));
            let (Some((sketch, behind)), Some((factor, others))) = (sketch, factor) else {
                break;
            };
            metric::add(factor, sketch);
            (sketches, factors) = (behind, others);
        }
        self.set_slot(id, (weight + 1).min(WEIGHT));
    }

    /// Removes the lightest pattern of a label that has another, else the lightest.
    fn give_up<S: Shape>(&mut self, bank: &mut Bank<'_, S>) -> Option<Entry> {
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
        slices::copy(self.force, self.factors);
        slices::copy(self.centre, self.mean);
        self.set(state::COPIED, self.seen());
    }

    /// Whitens the row of every pattern.
    fn rewrite<S: Shape>(
        &mut self,
        bank: &mut Bank<'_, S>,
        work: &mut [f32],
    ) -> Result<(), LearnError> {
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
    fn write<S: Shape>(
        &self,
        bank: &mut Bank<'_, S>,
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

/// To the nearest integer, halves up, within 32,767.
fn quantised(steps: f32) -> i16 {
    libm::floorf(steps + 0.5).clamp(-32_767.0, 32_767.0) as i16
}
