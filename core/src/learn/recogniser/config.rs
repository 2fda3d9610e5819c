//! The shape of a recogniser, and of the bank that its patterns lie in.

use crate::bank::{BankConfig, Element, Layout, Metric};
use crate::block::structure::Config;
use crate::block::{CONFIG_WORDS, Kind};
use crate::learn::metric;
use crate::learn::stream::{MAX_DIMENSIONS, MAX_SKETCHES, StreamConfig};

/// A vector within this share of the usual squared distance from the mean is merged.
const MERGE: f32 = 1.5;
/// The most patterns.
pub const MAX_PATTERNS: u32 = 1 << 20;

/// Shape of a [`Recogniser`](super::Recogniser).
///
/// | | range | default |
/// |---|---|---|
/// | dimensions, sketches | those of the stream | |
/// | `patterns` | 1 to [`MAX_PATTERNS`] | |
/// | [`ridge`](Self::ridge) | above 0 | 1 with one sketch, ½ with more |
/// | [`merge`](Self::merge) | at least 0 | 1.5 |
/// | [`scores`](Self::scores) | 8 to 4,096 | 32 |
/// | [`layout`](Self::layout) | | `Scan` |
/// | [`element`](Self::element) | all but `Bits` | `I8` |
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RecogniserConfig {
    pub(super) dimensions: u32,
    pub(super) sketches: u32,
    pub(super) patterns: u32,
    pub(super) scores: u32,
    pub(super) ridge: f32,
    pub(super) merge: f32,
    pub(super) layout: Layout,
    pub(super) element: Element,
}

impl RecogniserConfig {
    /// At most `patterns` patterns of what comes out of a stream.
    pub const fn new(stream: &StreamConfig, patterns: u32) -> Self {
        let sketches = stream.sketch_count();
        Self {
            dimensions: stream.dimensions(),
            sketches,
            patterns,
            scores: 32,
            ridge: if sketches > 1 { 0.5 } else { 1.0 },
            merge: MERGE,
            layout: Layout::Scan,
            element: Element::I8,
        }
    }

    /// As many patterns as fit in `bytes` together with the stream and the bank, in sixteens.
    pub const fn within(stream: &StreamConfig, bytes: usize) -> Self {
        let mut fitting = Self::new(stream, 16);
        let mut patterns = 16;
        while patterns < MAX_PATTERNS {
            patterns += 16;
            let config = Self::new(stream, patterns);
            if stream.bytes() + config.bytes() + config.bank().bytes() > bytes {
                break;
            }
            fitting = config;
        }
        fitting
    }

    /// How much of the identity the metric begins with, in units of a sketch's components over
    /// 1,024: what a direction varies by before anything is known of it.
    pub const fn ridge(mut self, ridge: f32) -> Self {
        self.ridge = ridge;
        self
    }

    /// Merges vectors within this share of the usual squared distance from the mean; zero merges
    /// only where no slot is free.
    pub const fn merge(mut self, share: f32) -> Self {
        self.merge = share;
        self
    }

    /// How many of the last scores novelty is compared with.
    pub const fn scores(mut self, scores: u32) -> Self {
        self.scores = scores;
        self
    }

    /// How the bank is searched; with a graph the metric takes twice the memory.
    pub const fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// How rows are kept: floats too, or alone, find what eight bits would confuse, for four bytes a
    /// component more.
    pub const fn element(mut self, element: Element) -> Self {
        self.element = element;
        self
    }

    /// The bank that goes with it.
    pub const fn bank(&self) -> BankConfig {
        BankConfig::new(self.dimensions, self.patterns)
            .metric(Metric::SquaredEuclidean)
            .element(self.element)
            .layout(self.layout)
    }

    /// Components of a vector.
    pub const fn dimensions(&self) -> u32 {
        self.dimensions
    }

    /// Most patterns.
    pub const fn patterns(&self) -> u32 {
        self.patterns
    }

    pub(super) const fn width(&self) -> usize {
        (self.dimensions / if self.sketches == 0 { 1 } else { self.sketches }) as usize
    }

    pub(super) const fn factors(&self) -> usize {
        metric::packed(self.width()).saturating_mul(self.sketches as usize)
    }

    pub(super) const fn has_graph(&self) -> bool {
        !matches!(self.layout, Layout::Scan)
    }

    /// Elements of the copies of factor and mean.
    pub(super) const fn copies(&self) -> (usize, usize) {
        match self.has_graph() {
            true => (self.factors(), self.dimensions as usize),
            false => (0, 0),
        }
    }
}

impl Config for RecogniserConfig {
    const KIND: Kind = Kind(*b"RECO");
    const VERSION: u32 = 1;

    fn is_valid(&self) -> bool {
        (1..=MAX_SKETCHES).contains(&self.sketches)
            && (16..=MAX_DIMENSIONS).contains(&self.dimensions)
            && self.dimensions.is_multiple_of(16 * self.sketches)
            && (1..=MAX_PATTERNS).contains(&self.patterns)
            && (8..=4_096).contains(&self.scores)
            && (1e-6..=1e6).contains(&self.ridge)
            && (0.0..=1e6).contains(&self.merge)
            && self.element != Element::Bits
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.dimensions;
        words[1] = self.sketches;
        words[2] = self.patterns;
        words[3] = self.scores;
        words[4] = self.ridge.to_bits();
        words[5] = self.merge.to_bits();
        words[6] = self.layout as u32;
        words[7] = match self.element {
            Element::F32 => 1,
            Element::I8F32 => 2,
            _ => 0,
        };
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        let [
            dimensions,
            sketches,
            patterns,
            scores,
            ridge,
            merge,
            layout,
            element,
            ..,
        ] = *words;
        Some(Self {
            dimensions,
            sketches,
            patterns,
            scores,
            ridge: f32::from_bits(ridge),
            merge: f32::from_bits(merge),
            layout: match layout {
                1 => Layout::Scan,
                2 => Layout::Graph,
                3 => Layout::Both,
                _ => return None,
            },
            element: match element {
                0 => Element::I8,
                1 => Element::F32,
                2 => Element::I8F32,
                _ => return None,
            },
        })
    }
}
