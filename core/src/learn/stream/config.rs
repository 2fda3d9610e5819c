//! The size of a stream.

use crate::block::structure::Config;
use crate::block::{CONFIG_WORDS, Kind};
use crate::learn::vector::{GROUPS, SEED, TABLE};

/// The largest number of channels.
pub const MAX_CHANNELS: u32 = 256;
/// The largest number of components of a vector.
pub const MAX_DIMENSIONS: u32 = 4_096;
/// The largest number of sketches.
pub const MAX_SKETCHES: u32 = 8;

/// Channels of a [`Stream`](super::Stream) and the vectors that come out of it.
///
/// | | range | default |
/// |---|---|---|
/// | `channels` | 1 to [`MAX_CHANNELS`] | |
/// | `dimensions` | a multiple of 16 for each sketch, up to [`MAX_DIMENSIONS`] | |
/// | [`sketches`](Self::sketches) | 1 to [`MAX_SKETCHES`] | 1 |
/// | [`groups`](Self::groups) | 1 to [`GROUPS`] | [`GROUPS`] |
/// | [`rate`](Self::rate) | any, in millihertz; 0 if it is not known | 0 |
/// | [`seed`](Self::seed) | any; another than [`SEED`] takes 896 bytes | [`SEED`] |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StreamConfig {
    pub(super) channels: u32,
    pub(super) dimensions: u32,
    pub(super) sketches: u32,
    pub(super) groups: u32,
    pub(super) seed: u32,
    pub(super) rate: u32,
}

impl StreamConfig {
    /// Windows of `channels` values a sample as vectors of `dimensions` components.
    pub const fn new(channels: u32, dimensions: u32) -> Self {
        Self {
            channels,
            dimensions,
            sketches: 1,
            groups: GROUPS,
            seed: SEED,
            rate: 0,
        }
    }

    /// What fits a microcontroller: 64 components, and half of the groups, with more than three
    /// channels a third. That costs as much less and tells as much, for fewer events share a sum.
    pub const fn small(channels: u32) -> Self {
        let share = if channels > 3 { 3 } else { 2 };
        Self::new(channels, 64).groups(GROUPS / share)
    }

    /// What a host can afford: two sketches of 256.
    pub const fn large(channels: u32) -> Self {
        Self::new(channels, 512).sketches(2)
    }

    /// Divides the components among this many sketches, each of which sees every event.
    pub const fn sketches(mut self, sketches: u32) -> Self {
        self.sketches = sketches;
        self
    }

    /// Uses this many groups of kernels of each step: the cost of a sample is proportional to it.
    pub const fn groups(mut self, groups: u32) -> Self {
        self.groups = groups;
        self
    }

    /// How often samples follow each other, in millihertz (10 Hz is 10,000).
    pub const fn rate(mut self, millihertz: u32) -> Self {
        self.rate = millihertz;
        self
    }

    /// Draws kernels, channels and hashes from another seed.
    pub const fn seed(mut self, seed: u32) -> Self {
        self.seed = seed;
        self
    }

    /// Values a sample.
    pub const fn channels(&self) -> u32 {
        self.channels
    }

    /// Components of a vector.
    pub const fn dimensions(&self) -> u32 {
        self.dimensions
    }

    /// Sketches that share the components.
    pub const fn sketch_count(&self) -> u32 {
        self.sketches
    }

    /// Groups of kernels of each step.
    pub const fn group_count(&self) -> u32 {
        self.groups
    }

    /// Components of a sketch.
    pub const fn width(&self) -> u32 {
        self.dimensions / if self.sketches == 0 { 1 } else { self.sketches }
    }

    /// The longest window, in samples: longer ones could overflow its sums.
    pub const fn longest(&self) -> u32 {
        i32::MAX as u32 / (120 + 32 * self.channels)
    }

    /// Whether a rate, in millihertz, is the stream's within half a percent. Shapes are counted in
    /// samples, so that another rate shows other shapes: on eleven public sets half a percent cost
    /// 0.01 of accuracy, one percent 0.04. A rate that is not known, 0, is near any.
    pub const fn is_near(&self, found: u32) -> bool {
        let off = self.rate.abs_diff(found) as u64 * 200;
        self.rate == 0 || found == 0 || off <= self.rate as u64
    }

    pub(super) const fn table(&self) -> usize {
        if self.seed == SEED { 0 } else { TABLE }
    }
}

impl Config for StreamConfig {
    const KIND: Kind = Kind(*b"STRM");
    const VERSION: u32 = 1;

    fn is_valid(&self) -> bool {
        (1..=MAX_CHANNELS).contains(&self.channels)
            && (1..=MAX_SKETCHES).contains(&self.sketches)
            && (16..=MAX_DIMENSIONS).contains(&self.dimensions)
            && self.dimensions.is_multiple_of(16 * self.sketches)
            && (1..=GROUPS).contains(&self.groups)
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.channels;
        words[1] = self.dimensions;
        words[2] = self.sketches;
        words[3] = self.groups;
        words[4] = self.seed;
        words[5] = self.rate;
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        let [channels, dimensions, sketches, groups, seed, rate, ..] = *words;
        Some(Self {
            channels,
            dimensions,
            sketches,
            groups,
            seed,
            rate,
        })
    }
}
