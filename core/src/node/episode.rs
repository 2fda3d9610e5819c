//! The last windows of an episode, as spikes, and which of the recalled patterns they speak for.
//!
//! A window's embedding is split into what is positive and what is negative, each rate-coded, so
//! that two windows share spikes where they agree. Causal spike attention from the newest window
//! over the last windows then weighs what each of them recalled: a pattern counts by how
//! similar it was to the windows that resemble this one.

use super::recall::MAX_K;
use crate::bank::Hits;
use crate::block::structure::{Config, structure};
use crate::block::{CONFIG_WORDS, Kind};
use crate::slices;
use crate::spike::attention::CausalAttention;
use crate::spike::{RateCode, SpikeConfig, SpikeTrains};

/// Most windows that attention looks back on, the newest among them.
pub const WINDOWS: u32 = 8;

const CODE: RateCode = RateCode::original();

/// How far attention looks back, and at how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct EpisodeConfig {
    dimensions: u32,
    windows: u32,
    patterns: u32,
}

impl EpisodeConfig {
    /// For embeddings of `dimensions` components: the last `windows` (1 to [`WINDOWS`]) and the
    /// `patterns` (1 to [`MAX_K`]) that each recalled.
    pub const fn new(dimensions: u32, windows: u32, patterns: u32) -> Self {
        Self {
            dimensions,
            windows,
            patterns,
        }
    }

    /// Components of an embedding.
    pub const fn dimensions(&self) -> u32 {
        self.dimensions
    }

    /// The spike trains of all windows' embeddings.
    pub const fn trains(&self) -> SpikeConfig {
        let values = (self.windows.saturating_mul(2)).saturating_mul(self.dimensions);
        SpikeConfig::new(values, CODE.steps())
    }

    /// Codes of a window: of what is positive, and of what is negative.
    const fn row(&self) -> usize {
        (self.dimensions as usize).saturating_mul(2)
    }
}

impl Config for EpisodeConfig {
    const KIND: Kind = Kind(*b"EPIS");
    const VERSION: u32 = 2;

    fn is_valid(&self) -> bool {
        (1..=WINDOWS).contains(&self.windows) && (1..=MAX_K as u32).contains(&self.patterns)
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.dimensions;
        words[1] = self.windows;
        words[2] = self.patterns;
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        Some(Self::new(words[0], words[1], words[2]))
    }
}

structure! {
    /// The last windows of an episode: codes of their embeddings and what each recalled.
    pub(crate) struct Episode for EpisodeConfig as config {
        count: [u32; 1],
        /// Positive, then negative parts, a row a window.
        codes: [i8; config.windows => config.row()],
        /// Recalled patterns of each window.
        patterns: [u64; config.windows => config.patterns as usize],
        /// How much each counts; zero where there is none.
        weights: [i8; config.windows => config.patterns as usize],
    }
}

impl Episode<'_> {
    fn is_sound(&mut self) -> bool {
        self.len() <= self.config.windows as usize
            && !self.codes.contains(&i8::MIN)
            && self.is_zero_from(&self.config, self.len())
    }

    /// The configuration.
    pub fn config(&self) -> EpisodeConfig {
        self.config
    }

    /// Windows since the episode began, as many as are kept at most.
    pub fn len(&self) -> usize {
        self.count.first().map_or(0, |&count| count as usize)
    }

    /// Forgets all windows.
    pub fn clear(&mut self) {
        self.header.begin();
        self.count.fill(0);
        self.codes.fill(0);
        self.patterns.fill(0);
        self.weights.fill(0);
        self.header.end();
    }

    /// Takes a window in; the oldest goes where there is no room.
    fn push(&mut self, embedding: &[f32], hits: &Hits<'_>, closeness: impl Fn(f32) -> f32) {
        self.header.begin();
        let (row, windows) = (self.config.row(), self.config.windows as usize);
        let width = self.config.patterns as usize;
        let mut at = self.len();
        if at == windows {
            at -= 1;
            let codes = self.codes.get_mut(..windows * row);
            slices::down(codes.unwrap_or_default(), row);
            let patterns = self.patterns.get_mut(..windows * width);
            slices::down(patterns.unwrap_or_default(), width);
            let weights = self.weights.get_mut(..windows * width);
            slices::down(weights.unwrap_or_default(), width);
        }
        let largest = embedding.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        let scale = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        let codes = self.codes.get_mut(at * row..(at + 1) * row);
        if let Some((on, off)) = codes.and_then(|c| c.split_at_mut_checked(row / 2)) {
            for ((on, off), &x) in on.iter_mut().zip(off).zip(embedding) {
                let code = libm::rintf(x * scale) as i8;
                *on = code.max(0);
                *off = code.saturating_neg().max(0);
            }
        }
        let recalled = at * width..(at + 1) * width;
        let patterns = self.patterns.get_mut(recalled.clone());
        let weights = self.weights.get_mut(recalled);
        if let (Some(patterns), Some(weights)) = (patterns, weights) {
            patterns.fill(0);
            weights.fill(0);
            for ((pattern, weight), hit) in patterns.iter_mut().zip(weights).zip(hits.iter()) {
                *pattern = hit.id.to_u64();
                *weight = libm::rintf(closeness(hit.similarity).clamp(0.0, 1.0) * 127.0) as i8;
            }
        }
        self.count.fill(0);
        if let Some(count) = self.count.first_mut() {
            *count = at as u32 + 1;
        }
        self.header.end();
    }

    /// Takes a window in and returns which of its hits, as near as `closeness` makes of their
    /// similarities, the windows so far speak for most, the nearest of equals. `spikes` becomes their trains. Cost: O(windows² × dimensions).
    pub fn attend(
        &mut self,
        embedding: &[f32],
        hits: &Hits<'_>,
        closeness: impl Fn(f32) -> f32,
        spikes: &mut SpikeTrains<'_>,
    ) -> Option<usize> {
        self.push(embedding, hits, closeness);
        let most = self.config.patterns as usize;
        let (windows, width) = (self.len(), hits.len().min(most));
        let row = self.config.row();
        CODE.encode_i8(self.codes.get(..windows * row)?, spikes)
            .ok()?;
        let mut values = [0; WINDOWS as usize * MAX_K];
        let mut sums = [0; WINDOWS as usize * MAX_K];
        let values = values.get_mut(..windows * width)?;
        let sums = sums.get_mut(..windows * width)?;
        if width == 0 {
            return None;
        }
        for (window, values) in values.chunks_exact_mut(width).enumerate() {
            let recalled = window * most..(window + 1) * most;
            let patterns = self.patterns.get(recalled.clone())?;
            let weights = self.weights.get(recalled)?;
            for (value, hit) in values.iter_mut().zip(hits.iter()) {
                let same = patterns.iter().position(|&p| p == hit.id.to_u64());
                *value = same.and_then(|at| weights.get(at).copied()).unwrap_or(0);
            }
        }
        let attention = CausalAttention::new(row as u32, width as u32).ok()?;
        let fire = spikes.fire().get(..windows * row)?;
        attention.attend(fire, fire, values, sums).ok()?;
        let newest = sums.get((windows - 1) * width..)?;
        let most = newest.iter().max()?;
        newest.iter().position(|sum| sum == most)
    }
}
