//! The last windows of an episode, as spikes, and which of the recalled patterns they speak for.
//!
//! A window's embedding is split into what is positive and what is negative, each rate-coded, so
//! that two windows share spikes where they agree. Causal spike attention from the newest window
//! over the last [`WINDOWS`] then weighs what each of them recalled: a pattern counts by how
//! similar it was to the windows that resemble this one.

use super::recall::MAX_K;
use crate::bank::Hits;
use crate::block::image::image;
use crate::block::{self, BlockError, CONFIG_WORDS, CarverMut, HEADER_BYTES, HeaderMut, Kind};
use crate::spike::attention::CausalAttention;
use crate::spike::{RateCode, SpikeConfig, SpikeTrains};

/// Windows that attention looks back on, the newest among them.
pub const WINDOWS: usize = 8;

const KIND: Kind = Kind(*b"EPIS");
const VERSION: u32 = 1;
const CODE: RateCode = RateCode::original();

/// The last windows of an episode: codes of their embeddings and what each recalled.
#[derive(Debug)]
pub(super) struct Episode<'a> {
    header: HeaderMut<'a>,
    dimensions: usize,
    count: &'a mut [u32],
    /// Positive, then negative parts, a row a window.
    codes: &'a mut [i8],
    /// Recalled patterns, [`MAX_K`] a window; zero weight where there is none.
    patterns: &'a mut [u64],
    weights: &'a mut [i8],
}

image!(Episode: count, codes, patterns, weights);

/// Spike trains that an episode of embeddings of `dimensions` takes.
pub(super) const fn trains(dimensions: u32) -> SpikeConfig {
    let values = (WINDOWS as u32 * 2).saturating_mul(dimensions);
    SpikeConfig::new(values, CODE.steps())
}

impl<'a> Episode<'a> {
    pub const fn bytes(dimensions: u32) -> usize {
        let at = block::section(HEADER_BYTES, 1, 4);
        let at = block::section(at, (dimensions as usize).saturating_mul(2 * WINDOWS), 1);
        let at = block::section(at, WINDOWS * MAX_K, 8);
        block::section(at, WINDOWS * MAX_K, 1)
    }

    pub fn format(memory: &'a mut [u8], dimensions: u32) -> Result<Self, BlockError> {
        let mut words = [0; CONFIG_WORDS];
        words[0] = dimensions;
        let bytes = Self::bytes(dimensions);
        let (header, carver) = block::format(memory, KIND, VERSION, words, bytes)?;
        Self::carve(header, carver, dimensions)
    }

    pub fn open(memory: &'a mut [u8]) -> Result<Self, BlockError> {
        let (header, carver) = block::open_mut(memory, KIND, VERSION)?;
        let [dimensions, rest @ ..] = header.as_ref().config();
        let bytes = header.as_ref().bytes();
        if rest.iter().any(|&word| word != 0) || bytes != Self::bytes(dimensions) as u64 {
            return Err(BlockError::BadConfig);
        }
        let episode = Self::carve(header, carver, dimensions)?;
        if episode.len() <= WINDOWS && !episode.codes.contains(&i8::MIN) {
            Ok(episode)
        } else {
            Err(BlockError::Corrupt)
        }
    }

    fn carve(
        header: HeaderMut<'a>,
        mut carver: CarverMut<'a>,
        dimensions: u32,
    ) -> Result<Self, BlockError> {
        let dimensions = dimensions as usize;
        Ok(Self {
            header,
            dimensions,
            count: carver.take(1)?,
            codes: carver.take(dimensions.saturating_mul(2 * WINDOWS))?,
            patterns: carver.take(WINDOWS * MAX_K)?,
            weights: carver.take(WINDOWS * MAX_K)?,
        })
    }

    pub fn dimensions(&self) -> u32 {
        self.dimensions as u32
    }

    /// Windows since the episode began, the last [`WINDOWS`] at most.
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
    fn push(&mut self, embedding: &[f32], hits: &Hits<'_>) {
        self.header.begin();
        let row = 2 * self.dimensions;
        let mut at = self.len();
        if at == WINDOWS {
            at -= 1;
            self.codes.copy_within(row..WINDOWS * row, 0);
            self.patterns.copy_within(MAX_K.., 0);
            self.weights.copy_within(MAX_K.., 0);
        }
        let largest = embedding.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        let scale = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        let codes = self.codes.get_mut(at * row..(at + 1) * row);
        if let Some((on, off)) = codes.and_then(|c| c.split_at_mut_checked(self.dimensions)) {
            for ((on, off), &x) in on.iter_mut().zip(off).zip(embedding) {
                let code = libm::rintf(x * scale) as i8;
                *on = code.max(0);
                *off = code.saturating_neg().max(0);
            }
        }
        let recalled = at * MAX_K..(at + 1) * MAX_K;
        let patterns = self.patterns.get_mut(recalled.clone());
        let weights = self.weights.get_mut(recalled);
        if let (Some(patterns), Some(weights)) = (patterns, weights) {
            patterns.fill(0);
            weights.fill(0);
            for ((pattern, weight), hit) in patterns.iter_mut().zip(weights).zip(hits.iter()) {
                *pattern = hit.id.to_u64();
                *weight = libm::rintf(hit.similarity.clamp(0.0, 1.0) * 127.0) as i8;
            }
        }
        self.count.fill(0);
        if let Some(count) = self.count.first_mut() {
            *count = at as u32 + 1;
        }
        self.header.end();
    }

    /// Takes a window in and returns which of its hits the windows so far speak for most, the
    /// nearest of equals. `spikes` becomes their trains. Cost: O(windows² × dimensions).
    pub fn attend(
        &mut self,
        embedding: &[f32],
        hits: &Hits<'_>,
        spikes: &mut SpikeTrains<'_>,
    ) -> Option<usize> {
        self.push(embedding, hits);
        let (windows, width) = (self.len(), hits.len().min(MAX_K));
        let row = 2 * self.dimensions;
        CODE.encode_i8(self.codes.get(..windows * row)?, spikes)
            .ok()?;
        let mut values = [0; WINDOWS * MAX_K];
        let mut sums = [0; WINDOWS * MAX_K];
        let values = values.get_mut(..windows * width)?;
        let sums = sums.get_mut(..windows * width)?;
        if width == 0 {
            return None;
        }
        for (window, values) in values.chunks_exact_mut(width).enumerate() {
            let recalled = window * MAX_K..(window + 1) * MAX_K;
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
