//! Trajectories become patterns, one at a time.
//!
//! A trajectory is merged into the most similar pattern of its label if that is similar enough:
//! the pattern's vector moves to the running centroid, its statistics and confidence are renewed.
//! Otherwise it opens a pattern of its own; in a full bank the pattern that is worth least goes,
//! and the caller is told which ([`PatternBank::insert_evicting`]).
//!
//! The confidence of a pattern is the [Wilson lower bound](wilson_lower_bound) of its success
//! rate, so one success counts for less than ten of ten. Statistics take 24 bytes a pattern.

use super::confidence::{to_fraction, wilson_lower_bound};
use super::trajectory::{Outcome, Trajectory};
use crate::bank::{
    BankConfig, Entry, IdError, InsertError, Metric, Pattern, PatternBank, PatternId, Scratch,
    SearchError, UpdateError, VectorError,
};
use crate::block::sections::is_zero;
use crate::block::structure::{Config, structure};
use crate::block::{CONFIG_WORDS, Kind};
use crate::error::errors;

/// A centroid weighs at most this many trajectories against the next, so that it goes on
/// following what it stands for, and in an eight-bit bank still moves by whole codes.
pub const MAX_WEIGHT: u32 = 64;

errors! {
    /// Why a trajectory was not learned; bank and statistics are unchanged.
    pub enum LearnError: 0x0350 {
        /// The bank has another shape than the extractor was made for.
        WrongBank = 1 => "the bank's dimensions or capacity are not those the extractor was made for",
        /// The nearest pattern was not looked up.
        Search wraps SearchError,
        /// The bank takes no new pattern.
        Insert wraps InsertError,
        /// The bank does not take what the pattern has become.
        Update wraps UpdateError,
        /// The pattern was not annotated.
        Annotate wraps IdError,
    }
}

/// Shape and thresholds of an [`Extractor`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ExtractConfig {
    dimensions: u32,
    capacity: u32,
    threshold: f32,
    z: f32,
    evict: bool,
}

impl ExtractConfig {
    /// For banks of the shape of `bank`: merges at a similarity of 0.8 or more, takes the 68 %
    /// Wilson bound (`z` = 1) for confidence, and evicts when full.
    pub const fn new(bank: &BankConfig) -> Self {
        Self {
            dimensions: bank.dimensions(),
            capacity: bank.capacity(),
            threshold: 0.8,
            z: 1.0,
            evict: true,
        }
    }

    /// The same for banks of another shape.
    pub const fn of(mut self, bank: &BankConfig) -> Self {
        self.dimensions = bank.dimensions();
        self.capacity = bank.capacity();
        self
    }

    /// Sets the similarity, in the bank's metric, from which a trajectory is merged. Finite.
    pub const fn threshold(mut self, threshold: f32) -> Self {
        self.threshold = threshold;
        self
    }

    /// Sets the normal quantile of the confidence bound, 0 to 10.
    pub const fn z(mut self, z: f32) -> Self {
        self.z = z;
        self
    }

    /// Whether a full bank gives up its least pattern for a new one.
    pub const fn evict(mut self, evict: bool) -> Self {
        self.evict = evict;
        self
    }
}

impl Config for ExtractConfig {
    const KIND: Kind = Kind(*b"EXTR");
    const VERSION: u32 = 1;

    fn is_valid(&self) -> bool {
        (1..=crate::bank::MAX_DIMENSIONS).contains(&self.dimensions)
            && (1..=crate::bank::MAX_CAPACITY).contains(&self.capacity)
            && self.threshold.is_finite()
            && (0.0..=10.0).contains(&self.z)
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.dimensions;
        words[1] = self.capacity;
        words[2] = self.threshold.to_bits();
        words[3] = self.z.to_bits();
        words[4] = self.evict as u32;
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        let [dimensions, capacity, threshold, z, evict, ..] = *words;
        Some(Self {
            dimensions,
            capacity,
            threshold: f32::from_bits(threshold),
            z: f32::from_bits(z),
            evict: evict == 1,
        })
    }
}

/// What a pattern was learned from.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Statistics {
    /// Trajectories merged into it.
    pub samples: u32,
    /// Those that worked.
    pub successes: u32,
    /// Their mean latency, in microseconds.
    pub latency_us: f32,
    /// Their mean energy spent.
    pub energy_spent: f32,
    /// Their mean energy earned.
    pub energy_earned: f32,
}

impl Statistics {
    /// Successes over samples, 0 to 1.
    pub fn success_rate(&self) -> f32 {
        if self.samples == 0 {
            return 0.0;
        }
        self.successes as f32 / self.samples as f32
    }

    /// Energy earned over energy spent; `None` where nothing was spent.
    pub fn efficiency(&self) -> Option<f32> {
        (self.energy_spent > 0.0).then(|| self.energy_earned / self.energy_spent)
    }

    fn take(&mut self, t: &Outcome) {
        if self.samples == u32::MAX {
            self.samples /= 2;
            self.successes /= 2;
        }
        self.samples += 1;
        self.successes += u32::from(t.success);
        let share = 1.0 / self.samples as f32;
        let pairs = [
            (&mut self.latency_us, t.latency_us),
            (&mut self.energy_spent, t.energy_spent),
            (&mut self.energy_earned, t.energy_earned),
        ];
        for (mean, value) in pairs {
            *mean += (value as f32 - *mean) * share;
        }
    }
}

/// Statistics of no trajectory.
const NOTHING: Statistics = Statistics {
    samples: 0,
    successes: 0,
    latency_us: 0.0,
    energy_spent: 0.0,
    energy_earned: 0.0,
};

/// What became of a trajectory.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Learned {
    /// It was merged into a pattern.
    Merged {
        /// The pattern.
        id: PatternId,
        /// How similar it was before.
        similarity: f32,
    },
    /// It opened a pattern.
    Opened {
        /// The pattern.
        id: PatternId,
        /// What went to make room.
        evicted: Option<Entry>,
    },
}

impl Learned {
    /// The pattern that has the trajectory now.
    pub fn id(&self) -> PatternId {
        match *self {
            Self::Merged { id, .. } | Self::Opened { id, .. } => id,
        }
    }
}

structure! {
    /// Merges trajectories into the patterns of one bank. See the [module](self).
    pub struct Extractor for ExtractConfig as config {
        /// Generation, samples and successes of each slot.
        counts: [u32; config.capacity => 3],
        /// Mean latency, energy spent and earned of each slot.
        means: [f32; config.capacity => 3],
        /// A centroid on its way to the bank; zero between calls.
        row "centroid": [f32; config.dimensions],
    }
}

impl Extractor<'_> {
    fn is_sound(&mut self) -> bool {
        let (counts, _) = self.counts.as_chunks::<3>();
        counts
            .iter()
            .enumerate()
            .all(|(slot, &[generation, samples, good])| match samples {
                0 => self.is_clear(&self.config, slot),
                // The generation of a pattern that is, or was, in the bank is odd.
                _ => good <= samples && generation % 2 == 1,
            })
            && self.means.iter().all(|x| (0.0..=4.3e9).contains(x))
            && is_zero(self.row)
    }

    /// The configuration.
    pub fn config(&self) -> ExtractConfig {
        self.config
    }

    /// What pattern `id` was learned from; `None` of one that this extractor did not make.
    pub fn statistics(&self, id: PatternId) -> Option<Statistics> {
        let at = id.slot() as usize;
        let (counts, _) = self.counts.as_chunks::<3>();
        let (means, _) = self.means.as_chunks::<3>();
        let [generation, samples, successes] = *counts.get(at)?;
        let [latency_us, energy_spent, energy_earned] = *means.get(at)?;
        (generation == generation_of(id) && samples != 0).then_some(Statistics {
            samples,
            successes,
            latency_us,
            energy_spent,
            energy_earned,
        })
    }

    /// Takes a trajectory into the statistics of a pattern that a recogniser merged it into; returns
    /// the confidence that follows from them.
    pub fn note(&mut self, id: PatternId, trajectory: &Trajectory<'_>) -> u16 {
        let mut statistics = self.statistics(id).unwrap_or(NOTHING);
        statistics.take(&trajectory.outcome);
        self.keep(id, &statistics);
        self.pattern(&trajectory.outcome, &statistics).confidence
    }

    fn keep(&mut self, id: PatternId, s: &Statistics) {
        let at = id.slot() as usize;
        self.header.begin();
        let (counts, _) = self.counts.as_chunks_mut::<3>();
        let (means, _) = self.means.as_chunks_mut::<3>();
        if let (Some(counts), Some(means)) = (counts.get_mut(at), means.get_mut(at)) {
            *counts = [generation_of(id), s.samples, s.successes];
            *means = [s.latency_us, s.energy_spent, s.energy_earned];
        }
        self.row.fill(0.0);
        self.header.end();
    }

    /// Learns one trajectory into `bank`. A pattern that someone else put there is taken over as
    /// if it were one trajectory's. Cost: a search among the patterns of the label, and one
    /// update or insertion.
    pub fn learn(
        &mut self,
        bank: &mut PatternBank<'_>,
        trajectory: &Trajectory<'_>,
        scratch: &mut Scratch<'_>,
    ) -> Result<Learned, LearnError> {
        let shape = bank.config();
        if shape.dimensions() != self.config.dimensions || shape.capacity() != self.config.capacity
        {
            return Err(LearnError::WrongBank);
        }
        let label = trajectory.outcome.label;
        let same = |entry: &Entry| entry.label == label;
        let nearest = bank
            .search_filtered(trajectory.vector, 1, &same, scratch)?
            .first();
        let mut statistics = NOTHING;
        match nearest {
            Some(hit) if hit.similarity >= self.config.threshold => {
                let known = self.statistics(hit.id);
                let weight = known.map_or(1, |s| s.samples.min(MAX_WEIGHT));
                statistics = known.unwrap_or(statistics);
                statistics.take(&trajectory.outcome);
                let pattern = self.pattern(&trajectory.outcome, &statistics);
                self.centroid(bank, hit.id, trajectory.vector, weight);
                let row = self.row.get(..self.config.dimensions as usize);
                let updated = bank.update(hit.id, row.unwrap_or(&[]), pattern);
                match updated {
                    // Opposite vectors can meet in the middle: the old centroid stays.
                    Err(UpdateError::Vector(VectorError::ZeroVector)) => {
                        bank.annotate(hit.id, pattern)?;
                    }
                    other => other?,
                }
                self.keep(hit.id, &statistics);
                Ok(Learned::Merged {
                    id: hit.id,
                    similarity: hit.similarity,
                })
            }
            _ => {
                statistics.take(&trajectory.outcome);
                let pattern = self.pattern(&trajectory.outcome, &statistics);
                let (id, evicted) = if self.config.evict {
                    let inserted = bank.insert_evicting(trajectory.vector, pattern)?;
                    (inserted.id, inserted.evicted)
                } else {
                    (bank.insert(trajectory.vector, pattern)?, None)
                };
                self.keep(id, &statistics);
                Ok(Learned::Opened { id, evicted })
            }
        }
    }

    fn pattern(&self, t: &Outcome, s: &Statistics) -> Pattern {
        let bound = wilson_lower_bound(s.successes, s.samples, self.config.z);
        Pattern {
            label: t.label,
            confidence: to_fraction(bound),
            at: t.at,
        }
    }

    /// The mean of `weight` times the pattern and once the vector, both of length one where the
    /// metric looks at directions only.
    fn centroid(&mut self, bank: &PatternBank<'_>, id: PatternId, vector: &[f32], weight: u32) {
        let dimensions = self.config.dimensions as usize;
        let Some(row) = self.row.get_mut(..dimensions) else {
            return;
        };
        if bank.vector(id, row).is_err() {
            return;
        }
        let (mut old, mut new) = (1.0, 1.0);
        if bank.config().metric_kind() == Metric::Cosine {
            old = reciprocal_length(row);
            new = reciprocal_length(vector);
        }
        let weight = weight as f32;
        let share = 1.0 / (weight + 1.0);
        for (c, &x) in row.iter_mut().zip(vector) {
            *c = (*c * old * weight + x * new) * share;
        }
    }
}

pub(super) fn generation_of(id: PatternId) -> u32 {
    (id.to_u64() >> 32) as u32
}

/// One over the length of a vector; one for a length that has no reciprocal.
fn reciprocal_length(vector: &[f32]) -> f32 {
    let length = libm::sqrtf(crate::simd::dot_f32(vector, vector));
    if length > 0.0 && length.is_finite() {
        1.0 / length
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests;
