//! The sizes of a node's parts and where each lies in its block.

use super::episode::{self, Episode};
use crate::bank::{BankConfig, Element, Layout, ScratchConfig};
use crate::block::{CONFIG_WORDS, HEADER_BYTES, section};
use crate::coherence::EngineConfig;
use crate::grid::GridConfig;
use crate::learn::extract::ExtractConfig;
use crate::learn::features::FeatureConfig;
use crate::learn::normalise::NormaliserConfig;
use crate::learn::route::RouteConfig;
use crate::learn::trajectory::TrajectoryConfig;
use crate::log::LogConfig;
use crate::spike::{Polarity, SpikeConfig};

/// The parts of a node's block, in order.
pub const PARTS: [&str; 11] = [
    "features",
    "normaliser",
    "bank",
    "extractor",
    "trajectories",
    "router",
    "episode",
    "spikes",
    "signal",
    "log",
    "engine",
];

/// What a node is made of; every part can be replaced by one of another size.
///
/// | part | by default |
/// |---|---|
/// | features | as given; the embedding has their dimensions |
/// | bank | `patterns` of them, eight-bit codes, scanned |
/// | trajectories | the latest 64 |
/// | router | 4 executors |
/// | signal | spikes of the first 128 samples of a window |
/// | log | 512 events in 128 KiB |
/// | engine | as many claims and conflicts as the log has events |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeConfig {
    pub(super) dimensions: u32,
    pub(super) features: FeatureConfig,
    pub(super) bank: BankConfig,
    pub(super) extractor: ExtractConfig,
    pub(super) trajectories: TrajectoryConfig,
    pub(super) router: RouteConfig,
    pub(super) signal: SpikeConfig,
    pub(super) log: LogConfig,
    pub(super) engine: EngineConfig,
}

impl NodeConfig {
    /// A node that perceives by `features` and learns at most `patterns` patterns.
    pub const fn new(features: FeatureConfig, patterns: u32) -> Self {
        Self::with(features, features.dimensions(), patterns)
    }

    /// A node for vectors of `dimensions` components that come from elsewhere: it takes no samples
    /// ([`Workspace::embedding_mut`](super::Workspace::embedding_mut) takes the vectors).
    pub const fn for_vectors(dimensions: u32, patterns: u32) -> Self {
        Self::with(FeatureConfig::new(1, 1_000), dimensions, patterns)
    }

    const fn with(features: FeatureConfig, dimensions: u32, patterns: u32) -> Self {
        let bank = BankConfig::new(dimensions, patterns)
            .element(Element::I8)
            .layout(Layout::Scan);
        Self {
            dimensions,
            features,
            bank,
            extractor: ExtractConfig::new(&bank),
            trajectories: TrajectoryConfig::new(dimensions, 64),
            router: RouteConfig::new(&bank, 4),
            signal: signal(features.channels(), 128),
            log: LogConfig::new(512, 128 * 1024),
            engine: EngineConfig::new(GridConfig::new(dimensions, 512)),
        }
    }

    /// Another bank; extractor and router follow it.
    pub const fn bank(mut self, bank: BankConfig) -> Self {
        self.bank = bank;
        self.extractor = ExtractConfig::new(&bank);
        self.router = RouteConfig::new(&bank, 4);
        self
    }

    /// Another router, for the same bank.
    pub const fn router(mut self, router: RouteConfig) -> Self {
        self.router = router;
        self
    }

    /// Keep the spikes of the first `samples` samples of a window.
    pub const fn signal(mut self, samples: u32) -> Self {
        self.signal = signal(self.features.channels(), samples);
        self
    }

    /// Merge what is learned into the nearest pattern from this similarity on; 0.8 by default.
    pub const fn merge_at(mut self, similarity: f32) -> Self {
        self.extractor = self.extractor.threshold(similarity);
        self
    }

    /// Another extractor.
    pub const fn extractor(mut self, extractor: ExtractConfig) -> Self {
        self.extractor = extractor;
        self
    }

    /// Keep the latest `capacity` trajectories.
    pub const fn trajectories(mut self, capacity: u32) -> Self {
        self.trajectories = TrajectoryConfig::new(self.dimensions, capacity);
        self
    }

    /// Another log.
    pub const fn log(mut self, log: LogConfig) -> Self {
        self.log = log;
        self
    }

    /// Another engine.
    pub const fn engine(mut self, engine: EngineConfig) -> Self {
        self.engine = engine;
        self
    }

    /// Components of an embedding, padding included.
    pub const fn dimensions(&self) -> u32 {
        self.dimensions
    }

    /// The features that samples are turned into.
    pub const fn features(&self) -> FeatureConfig {
        self.features
    }

    /// Bytes of the node's block.
    pub const fn bytes(&self) -> usize {
        let mut at = HEADER_BYTES;
        let lengths = self.lengths();
        let mut part = 0;
        while part < PARTS.len() {
            at = section(at, lengths[part], 1);
            part += 1;
        }
        at
    }

    /// Spike trains of an episode's embeddings.
    pub(super) const fn trains(&self) -> SpikeConfig {
        episode::trains(self.dimensions)
    }

    /// Bytes of each part's block.
    pub(super) const fn lengths(&self) -> [usize; PARTS.len()] {
        [
            self.features.bytes(),
            NormaliserConfig::new(self.dimensions).bytes(),
            self.bank.bytes(),
            self.extractor.bytes(),
            self.trajectories.bytes(),
            self.router.bytes(),
            Episode::bytes(self.dimensions),
            self.trains().bytes(),
            self.signal.bytes(),
            self.log.bytes(),
            self.engine.bytes(),
        ]
    }

    pub(super) fn to_words(self) -> Option<[u32; CONFIG_WORDS]> {
        let mut words = [0; CONFIG_WORDS];
        words[0] = PARTS.len() as u32;
        for (word, length) in words.iter_mut().skip(1).zip(self.lengths()) {
            *word = u32::try_from(length).ok()?;
        }
        Some(words)
    }

    /// What a node of this size works in while a call runs; `ef` bounds the candidates of a recall.
    pub const fn workspace(&self, ef: u32) -> WorkspaceConfig {
        WorkspaceConfig {
            dimensions: self.dimensions,
            scratch: ScratchConfig::new(&self.bank, ef),
        }
    }
}

/// The size of a [`Workspace`](super::Workspace).
#[derive(Clone, Copy, Debug)]
pub struct WorkspaceConfig {
    pub(super) dimensions: u32,
    pub(super) scratch: ScratchConfig,
}

impl WorkspaceConfig {
    /// Bytes of the workspace's block.
    pub const fn bytes(&self) -> usize {
        let at = section(HEADER_BYTES, self.dimensions as usize, 4);
        section(at, self.scratch.bytes(), 1)
    }
}

/// Spike trains of a window's channels, one step a sample.
const fn signal(channels: u32, samples: u32) -> SpikeConfig {
    SpikeConfig::new(channels, samples).polarity(Polarity::PerSpike)
}
