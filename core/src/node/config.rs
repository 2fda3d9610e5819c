//! The sizes of a node: of what it perceives with, of its history, and of what its calls work in.

use super::episode::EpisodeConfig;
use super::perceive::{OptionalRecogniserConfig, OptionalStreamConfig};
use crate::bank::{BankConfig, Element, Layout, ScratchConfig};
use crate::block::{HEADER_BYTES, section};
use crate::coherence::EngineConfig;
use crate::grid::GridConfig;
use crate::intern::InternerConfig;
use crate::learn::extract::ExtractConfig;
use crate::learn::features::FeatureConfig;
use crate::learn::normalise::NormaliserConfig;
use crate::learn::recogniser::RecogniserConfig;
use crate::learn::route::RouteConfig;
use crate::learn::stream::StreamConfig;
use crate::learn::trajectory::TrajectoryConfig;
use crate::log::{LogConfig, Overflow, Realm};
use crate::merkle::hash::MAX_HEIGHT;
use crate::spike::{Polarity, SpikeConfig};

/// What a [`Node`](super::Node) is made of: its two halves.
///
/// ```
/// use sensilla::learn::features::FeatureConfig;
/// use sensilla::node::{HistoryConfig, NodeConfig, PerceptionConfig};
///
/// // Three channels at 20 Hz, up to 16 patterns; the last 32 events in 4 KiB.
/// const SMALL: NodeConfig = NodeConfig::new(
///     PerceptionConfig::new(FeatureConfig::new(3, 20_000), 16).trajectories(8),
///     HistoryConfig { claims: 16, ..HistoryConfig::new(32, 4 * 1024) },
/// );
/// assert!(SMALL.bytes() <= 29 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NodeConfig {
    /// Signals, patterns and decisions.
    pub perception: PerceptionConfig,
    /// The log of events and the claims in force.
    pub history: HistoryConfig,
}

impl NodeConfig {
    /// Both halves, of those sizes.
    pub const fn new(perception: PerceptionConfig, history: HistoryConfig) -> Self {
        Self {
            perception,
            history,
        }
    }

    /// What a node of this size works in while a call runs; `ef` bounds the candidates of a recall.
    pub const fn workspace(&self, ef: u32) -> WorkspaceConfig {
        self.perception.workspace(ef)
    }

    pub(super) fn is_valid(&self) -> bool {
        self.perception.is_valid() && self.history.is_valid()
    }
}

/// What a [`Perception`](super::Perception) is made of. The order in which values are set does not
/// matter.
///
/// | part | by default |
/// |---|---|
/// | features | as given; the embedding has their dimensions |
/// | stream, recogniser | none; as given where shapes are recognised |
/// | bank | `patterns` of them, eight-bit codes, scanned |
/// | extractor | merges at a similarity of 0.8, forgets the least pattern when full |
/// | trajectories | the latest 64 |
/// | router | 4 executors |
/// | attention | over 8 windows of 16 recalled patterns each |
/// | signal | spikes of the first 128 samples of a window |
/// | labels, executors | a name of 12 bytes for each pattern, and for each executor |
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PerceptionConfig {
    pub(super) dimensions: u32,
    pub(super) features: FeatureConfig,
    pub(super) bank: BankConfig,
    pub(super) extractor: ExtractConfig,
    pub(super) trajectories: TrajectoryConfig,
    pub(super) router: RouteConfig,
    pub(super) episode: EpisodeConfig,
    pub(super) signal: SpikeConfig,
    pub(super) labels: InternerConfig,
    pub(super) executors: InternerConfig,
    pub(super) stream: Option<StreamConfig>,
    pub(super) recogniser: Option<RecogniserConfig>,
}

/// Bytes of a name, on average.
const NAME: u32 = 12;

impl PerceptionConfig {
    /// Perceives by `features` and learns at most `patterns` patterns.
    pub const fn new(features: FeatureConfig, patterns: u32) -> Self {
        Self::with(features, features.dimensions(), patterns)
    }

    /// For vectors of `dimensions` components that come from elsewhere: it takes no samples
    /// ([`Workspace::embedding_mut`](super::Workspace::embedding_mut) takes the vectors).
    pub const fn for_vectors(dimensions: u32, patterns: u32) -> Self {
        Self::with(FeatureConfig::new(1, 1_000), dimensions, patterns).signal(1)
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
            episode: EpisodeConfig::new(dimensions, super::WINDOWS, super::MAX_K as u32),
            signal: signal(features.channels(), 128),
            labels: names(patterns),
            executors: names(4),
            stream: None,
            recogniser: None,
        }
    }

    /// Perceives by the shapes that windows are made of, and learns as many patterns as `recogniser`
    /// says, which is made for `stream`: see [Recogniser](crate::learn::Recogniser). Before
    /// windows are embedded, a few are to [calibrate](super::Perception::calibrate) it, and their
    /// [scales to be kept](super::Perception::keep_scales).
    pub const fn recognising(stream: StreamConfig, recogniser: RecogniserConfig) -> Self {
        let unused = FeatureConfig::new(1, 1_000);
        let mut config = Self::with(unused, stream.dimensions(), recogniser.patterns());
        config.stream = Some(stream);
        config.recogniser = Some(recogniser);
        config = config.bank(recogniser.bank());
        config.signal(128)
    }

    /// Another bank, of the same dimensions; extractor and router keep what they were told and
    /// follow its capacity.
    pub const fn bank(mut self, bank: BankConfig) -> Self {
        self.bank = bank;
        self.extractor = self.extractor.of(&bank);
        self.router = self.router.of(&bank);
        self
    }

    /// Another router; its capacity follows the bank, and there is a name for each executor.
    pub const fn router(mut self, router: RouteConfig) -> Self {
        self.router = router.of(&self.bank);
        self.executors = names(router.executors());
        self
    }

    /// At most `count` different labels, whose names are together at most `bytes` long.
    pub const fn labels(mut self, count: u32, bytes: u32) -> Self {
        self.labels = InternerConfig::new(count, bytes);
        self
    }

    /// Keep the spikes of the first `samples` samples of a window.
    pub const fn signal(mut self, samples: u32) -> Self {
        self.signal = signal(self.channels(), samples);
        self
    }

    /// Values of a sample.
    pub const fn channels(&self) -> u32 {
        match &self.stream {
            Some(stream) => stream.channels(),
            None => self.features.channels(),
        }
    }

    /// The stream of samples, where shapes are recognised.
    pub const fn stream(&self) -> Option<StreamConfig> {
        self.stream
    }

    /// Merge what is learned into the nearest pattern from this similarity on; 0.8 by default.
    pub const fn merge_at(mut self, similarity: f32) -> Self {
        self.extractor = self.extractor.threshold(similarity);
        self
    }

    /// Another extractor; its shape follows the bank.
    pub const fn extractor(mut self, extractor: ExtractConfig) -> Self {
        self.extractor = extractor.of(&self.bank);
        self
    }

    /// Keep the latest `capacity` trajectories.
    pub const fn trajectories(mut self, capacity: u32) -> Self {
        self.trajectories = TrajectoryConfig::new(self.dimensions, capacity);
        self
    }

    /// Let the last `windows` (1 to [`WINDOWS`](super::WINDOWS)) of an episode speak for what each
    /// recalled, `k` (1 to [`MAX_K`](super::MAX_K)) patterns at most.
    pub const fn attention(mut self, windows: u32, k: u32) -> Self {
        self.episode = EpisodeConfig::new(self.dimensions, windows, k);
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

    pub(super) const fn normaliser(&self) -> NormaliserConfig {
        NormaliserConfig::new(match self.stream {
            Some(_) => self.features.dimensions(),
            None => self.dimensions,
        })
    }

    pub(super) const fn optional_stream(&self) -> OptionalStreamConfig {
        OptionalStreamConfig(self.stream)
    }

    pub(super) const fn optional_recogniser(&self) -> OptionalRecogniserConfig {
        OptionalRecogniserConfig(self.recogniser)
    }

    /// What a recall of this size works in; `ef` bounds its candidates.
    pub const fn workspace(&self, ef: u32) -> WorkspaceConfig {
        WorkspaceConfig {
            dimensions: self.dimensions,
            white: match self.stream {
                Some(_) => self.dimensions,
                None => 0,
            },
            scratch: ScratchConfig::new(&self.bank, ef),
        }
    }

    /// The parts check themselves as they are formatted; this is whether they fit each other.
    pub(super) fn is_valid(&self) -> bool {
        self.bank.dimensions() == self.dimensions
            && self.stream.is_some() == self.recogniser.is_some()
            && self
                .recogniser
                .is_none_or(|recogniser| recogniser.bank() == self.bank)
    }
}

/// What a [`History`](super::History) is made of: said once for the log and for the engine. Take
/// [`DEFAULT`](Self::DEFAULT), or [`new`](Self::new), which makes the rest follow from two numbers,
/// and say what differs:
///
/// ```
/// use sensilla::node::HistoryConfig;
///
/// const ROOM: HistoryConfig = HistoryConfig { dimensions: 64, ..HistoryConfig::new(256, 64 * 1024) };
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HistoryConfig {
    /// Events that are kept, 1 to 2³⁰. By default 512.
    pub events: u32,
    /// Bytes of their bodies. By default 128 KiB.
    pub bytes: u32,
    /// Members of the realm, roots included, 1 to 32,767: none is ever forgotten. By default 64.
    pub authors: u16,
    /// Different contexts that events and claims may have, 1 to 65,534. By default 16.
    pub contexts: u16,
    /// Claims in force at a time, 1 to 2²⁴. By default 512.
    pub claims: u32,
    /// Conflicts, open ones and the closed ones still remembered, 1 to 2²⁴. By default as many as
    /// claims.
    pub conflicts: Option<u32>,
    /// Components of claims' embeddings; by default 0, claims are then compared by subject alone.
    pub dimensions: u32,
    /// What the log does when it is full. By default it refuses.
    pub overflow: Overflow,
    /// Events whose inclusion proofs outlive them, see [`EventLog::watch`](crate::log::EventLog::watch).
    /// By default none.
    pub watches: u16,
    /// At most `2^height` events ever, 1 to 32. By default 32.
    pub height: u32,
    /// The realm that events are of, see [`realm_id`](crate::coherence::realm_id). By default none,
    /// which is zeros.
    pub realm: Realm,
    /// Whether everybody is a member; see [`EngineConfig::open`](crate::coherence::EngineConfig::open).
    /// By default only those are whom the realm's roots have admitted.
    pub open: bool,
    /// Most claims in force of one author. By default half of all.
    pub claims_each: Option<u32>,
    /// Most contexts that the claims of one author take into use. By default half of all.
    pub contexts_each: Option<u16>,
    /// Most bytes that the kept events of one author take; see [`LogConfig::bytes_each`]. By default no
    /// limit, because most logs are filled by their own node.
    pub bytes_each: Option<u32>,
    /// A secret that keeps whoever can choose names from choosing those that collide. By default 0.
    pub seed: u64,
    /// An engine with thresholds and tables of its own, in place of the one that follows from the
    /// values above; contexts remain those of above.
    pub engine: Option<EngineConfig>,
}

impl HistoryConfig {
    /// What each value is by default.
    pub const DEFAULT: Self = Self::new(512, 128 * 1024);

    /// The last `events` events in `bytes` bytes of bodies, and the rest in proportion: as many
    /// claims as events, an author for each eight of them (4 to 64), a context for each 32 (2 to
    /// 16).
    pub const fn new(events: u32, bytes: u32) -> Self {
        Self {
            events,
            bytes,
            authors: between(4, events / 8, 64),
            contexts: between(2, events / 32, 16),
            claims: events,
            conflicts: None,
            dimensions: 0,
            overflow: Overflow::Refuse,
            watches: 0,
            height: MAX_HEIGHT,
            realm: [0; 32],
            open: false,
            claims_each: None,
            contexts_each: None,
            bytes_each: None,
            seed: 0,
            engine: None,
        }
    }

    pub(super) const fn log(&self) -> LogConfig {
        let log = LogConfig::new(self.events, self.bytes);
        let log = match self.bytes_each {
            Some(bytes) => log.bytes_each(bytes),
            None => log,
        };
        log.authors(self.authors)
            .contexts(self.contexts)
            .overflow(self.overflow)
            .watches(self.watches)
            .height(self.height)
            .seed(self.seed)
            .realm(self.realm)
    }

    pub(super) const fn engine(&self) -> EngineConfig {
        let engine = match self.engine {
            Some(engine) => engine.contexts(self.contexts).members(self.authors),
            None => self.usual_engine(),
        };
        let engine = match self.claims_each {
            Some(claims) => engine.claims_each(claims),
            None => engine,
        };
        let engine = match self.contexts_each {
            Some(contexts) => engine.contexts_each(contexts),
            None => engine,
        };
        match self.open {
            true => engine.open(),
            false => engine,
        }
    }

    const fn usual_engine(&self) -> EngineConfig {
        let grid = GridConfig::new(self.dimensions, self.claims).seed(self.seed as u32);
        let engine = EngineConfig::new(grid)
            .contexts(self.contexts)
            .members(self.authors);
        match self.conflicts {
            Some(conflicts) => engine.conflicts(conflicts),
            None => engine,
        }
    }

    /// The configuration that log and engine were made with.
    pub(super) fn of(log: LogConfig, engine: EngineConfig) -> Self {
        let mut config = Self {
            events: log.entries,
            bytes: log.bytes,
            authors: log.authors,
            contexts: log.contexts,
            claims: engine.grid().capacity(),
            conflicts: None,
            dimensions: engine.grid().dimensions(),
            overflow: log.overflow,
            watches: log.watches,
            height: log.height,
            realm: log.realm,
            open: engine.is_open(),
            claims_each: None,
            contexts_each: None,
            bytes_each: match log.bytes_each {
                0 => None,
                bytes => Some(bytes),
            },
            seed: log.seed,
            engine: None,
        };
        if config.engine() != engine {
            (config.claims_each, config.contexts_each) = engine.shares();
        }
        if config.engine() != engine {
            config.conflicts = Some(engine.conflict_count());
        }
        if config.engine() != engine {
            config.engine = Some(engine);
        }
        config
    }

    /// The parts check themselves as they are formatted.
    pub(super) fn is_valid(&self) -> bool {
        true
    }
}

impl Default for HistoryConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The size of a [`Workspace`](super::Workspace).
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WorkspaceConfig {
    pub(super) dimensions: u32,
    pub(super) white: u32,
    pub(super) scratch: ScratchConfig,
}

impl WorkspaceConfig {
    /// Bytes of the workspace's block.
    pub const fn bytes(&self) -> usize {
        let at = section(HEADER_BYTES, self.dimensions as usize, 4);
        let at = section(at, self.white as usize, 4);
        section(at, self.scratch.bytes(), 1)
    }
}

const fn names(count: u32) -> InternerConfig {
    InternerConfig::new(count, count.saturating_mul(NAME))
}

const fn between(least: u16, value: u32, most: u16) -> u16 {
    if value <= least as u32 {
        least
    } else if value >= most as u32 {
        most
    } else {
        value as u16
    }
}

/// Spike trains of a window's channels, one step a sample.
const fn signal(channels: u32, samples: u32) -> SpikeConfig {
    SpikeConfig::new(channels, samples).polarity(Polarity::PerSpike)
}
