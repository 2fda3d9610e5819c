//! A node: one block, one struct, the whole loop.
//!
//! A node owns a block and cuts it into a block for each of its [`PARTS`]; it is the only place
//! that knows all of them. Two paths run through it:
//!
//! - *perceive*: [`Node::push`] samples, end the window with [`Node::embed`], [`Node::recall`] what
//!   it resembles or [`Node::attend`] to what the last windows say of it too, [`Node::route`] the
//!   task, [`Node::learn`] from how it turned out;
//! - *claim*: [`Node::ingest`] signed events, its own and its peers'. Claims that contradict each
//!   other become conflicts, quarantined until an authority's resolution, which is an event like
//!   any other, ends them.
//!
//! What a call needs only while it runs lies in a [`Workspace`], apart from the node's block, so
//! that equal histories leave equal bytes.
//!
//! | header word | meaning |
//! |---|---|
//! | 0 | number of parts |
//! | 1 … | bytes of each part's block, in the order of [`PARTS`] |
//!
//! The node's image digest is the SHA-256 of its header and of its parts' image digests in order;
//! sealing it seals each part.

mod config;
mod episode;
mod errors;
mod recall;
#[cfg(test)]
mod tests;
mod workspace;

pub use config::{NodeConfig, PARTS, WorkspaceConfig};
pub use episode::WINDOWS;
pub use errors::{EmbedError, IngestError, LearnError, RouteTaskError};
pub use recall::{MAX_K, Recall};
pub use workspace::Workspace;

use crate::Hash;
use crate::bank::{Entry, PatternBank, PatternId, SearchError};
use crate::block::{self, BlockError, CarverMut, HEADER_BYTES, HeaderMut, Kind};
use crate::coherence::{Advanced, Applied, Engine, Repaired};
use crate::learn::extract::{Extractor, Learned};
use crate::learn::features::PER_CHANNEL;
use crate::learn::features::{Features, MAX_SAMPLE, PushError};
use crate::learn::normalise::{Normaliser, NormaliserConfig};
use crate::learn::prune::PrunePolicy;
use crate::learn::route::{Route, RouteError, Router};
use crate::learn::trajectory::{Trajectory, TrajectoryRing};
use crate::log::{EventId, EventLog, LogIndex, Policy, Verifier};
use crate::spike::{Delta, SampleCode, SpikeTrains};
use episode::Episode;

const KIND: Kind = Kind(*b"NODE");
const VERSION: u32 = 1;
/// Index of a channel's mean absolute difference among its features.
const TRAVEL: usize = 2;

/// The whole node. See the [module](self).
#[derive(Debug)]
pub struct Node<'a> {
    header: HeaderMut<'a>,
    features: Features<'a>,
    normaliser: Normaliser<'a>,
    bank: PatternBank<'a>,
    extractor: Extractor<'a>,
    trajectories: TrajectoryRing<'a>,
    router: Router<'a>,
    episode: Episode<'a>,
    spikes: SpikeTrains<'a>,
    signal: SpikeTrains<'a>,
    log: EventLog<'a>,
    engine: Engine<'a>,
}

/// How an attempt turned out; its vector is the workspace's embedding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it was about, in the caller's numbering.
    pub label: u32,
    /// How long it took, in microseconds.
    pub latency_us: u32,
    /// Energy put in, in the caller's unit.
    pub energy_spent: u32,
    /// Energy's worth of the result, in the same unit.
    pub energy_earned: u32,
    /// Whether it worked.
    pub success: bool,
    /// Who did it, an interned id.
    pub executor: u16,
    /// When, in milliseconds.
    pub at: u64,
}

/// An event that the node took.
#[derive(Clone, Copy, Debug)]
pub struct Ingested {
    /// Its place in the log.
    pub index: LogIndex,
    /// Its id.
    pub id: EventId,
    /// What it changed.
    pub applied: Applied,
}

impl<'a> Node<'a> {
    /// An empty node in the first `config.bytes()` bytes of `memory`.
    pub fn format(memory: &'a mut [u8], config: &NodeConfig) -> Result<Self, BlockError> {
        let words = config.to_words().ok_or(BlockError::BadConfig)?;
        let (header, mut carver) = block::format(memory, KIND, VERSION, words, config.bytes())?;
        let normaliser = NormaliserConfig::new(config.dimensions());
        Ok(Self {
            header,
            features: Features::format(carver.take(config.features.bytes())?, config.features)?,
            normaliser: Normaliser::format(carver.take(normaliser.bytes())?, normaliser)?,
            bank: PatternBank::format(carver.take(config.bank.bytes())?, config.bank)?,
            extractor: Extractor::format(carver.take(config.extractor.bytes())?, config.extractor)?,
            trajectories: TrajectoryRing::format(
                carver.take(config.trajectories.bytes())?,
                config.trajectories,
            )?,
            router: Router::format(carver.take(config.router.bytes())?, config.router)?,
            episode: Episode::format(
                carver.take(Episode::bytes(config.dimensions))?,
                config.dimensions,
            )?,
            spikes: SpikeTrains::format(carver.take(config.trains().bytes())?, config.trains())?,
            signal: SpikeTrains::format(carver.take(config.signal.bytes())?, config.signal)?,
            log: EventLog::format(carver.take(config.log.bytes())?, config.log)?,
            engine: Engine::format(carver.take(config.engine.bytes())?, config.engine)?,
        })
    }

    /// Opens a saved node for use where it lies. Checks the structure of every part, so that no
    /// content can do harm later; that the content is the one saved, only
    /// [`open_verified`](Self::open_verified) checks.
    pub fn open(memory: &'a mut [u8]) -> Result<Self, BlockError> {
        let (header, mut carver) = block::open_mut(memory, KIND, VERSION)?;
        let words = header.as_ref().config();
        if words[0] != PARTS.len() as u32 || words[PARTS.len() + 1..].iter().any(|&w| w != 0) {
            return Err(BlockError::BadConfig);
        }
        let mut part = |index: usize| take_part(&mut carver, words[index + 1]);
        let node = Self {
            features: Features::open(part(0)?)?,
            normaliser: Normaliser::open(part(1)?)?,
            bank: PatternBank::open(part(2)?)?,
            extractor: Extractor::open(part(3)?)?,
            trajectories: TrajectoryRing::open(part(4)?)?,
            router: Router::open(part(5)?)?,
            episode: Episode::open(part(6)?)?,
            spikes: SpikeTrains::open(part(7)?)?,
            signal: SpikeTrains::open(part(8)?)?,
            log: EventLog::open(part(9)?)?,
            engine: Engine::open(part(10)?)?,
            header,
        };
        if node.config().to_words() == Some(words) && node.agrees() {
            Ok(node)
        } else {
            Err(BlockError::Corrupt)
        }
    }

    /// Opens a sealed node after comparing every byte of it with its seals. Cost: one SHA-256 of
    /// its length.
    pub fn open_verified(memory: &'a mut [u8]) -> Result<Self, BlockError> {
        verify_seals(memory)?;
        Self::open(memory)
    }

    /// The sizes it was made with.
    pub fn config(&self) -> NodeConfig {
        NodeConfig {
            dimensions: self.normaliser.config().dimensions(),
            features: self.features.config(),
            bank: *self.bank.config(),
            extractor: self.extractor.config(),
            trajectories: self.trajectories.config(),
            router: self.router.config(),
            signal: self.signal.config(),
            log: self.log.config(),
            engine: self.engine.config(),
        }
    }

    /// Whether the parts fit each other.
    fn agrees(&self) -> bool {
        let dimensions = self.normaliser.config().dimensions();
        self.bank.config().dimensions() == dimensions
            && self.trajectories.config().dimensions() == dimensions
            && self.episode.dimensions() == dimensions
            && self.spikes.config() == episode::trains(dimensions)
            && self.signal.config().values() == self.features.config().channels()
    }

    /// Takes one sample, a value a channel, into the window. Cost: O(channels).
    ///
    /// A channel that moved since the sample before by its usual step or more also fires in the
    /// window's [`signal`](Self::signal); the usual step is the mean absolute difference over the
    /// windows that statistics were taken of, and before any were, none fires.
    pub fn push(&mut self, sample: &[f32]) -> Result<(), PushError> {
        self.change(|node| {
            let step = node.features.samples();
            let taken = node.features.config().channels() as usize == sample.len()
                && sample.iter().all(|value| value.abs() <= MAX_SAMPLE);
            if taken && step > 0 {
                for (channel, &value) in sample.iter().enumerate() {
                    let spike = node.contrast(channel, value);
                    if spike != 0 {
                        // A window longer than the signal's trains goes on without spikes.
                        let _ = node.signal.mark(channel, step, spike < 0);
                    }
                }
            }
            node.features.push(sample)?;
            if step == 0 {
                // Fits: the trains are as many as the channels.
                let _ = node.signal.start(sample.len());
            }
            Ok(())
        })
    }

    /// The spike of delta modulation that `value` causes in `channel`.
    fn contrast(&self, channel: usize, value: f32) -> i8 {
        let usual = self.normaliser.statistics(channel * PER_CHANNEL + TRAVEL);
        let (Some((threshold, _)), Some(last)) = (usual, self.features.last(channel)) else {
            return 0;
        };
        if self.normaliser.count() == 0 || threshold <= 0.0 {
            return 0;
        }
        let mut code = Delta::new(threshold).off_spikes(true).repeat_first(true);
        code.push(last)
            .and_then(|_| code.push(value))
            .unwrap_or_default()
    }

    /// Ends the window and takes its features into the statistics by which later windows are
    /// normalised.
    pub fn calibrate(&mut self, workspace: &mut Workspace<'_>) -> Result<(), EmbedError> {
        self.finish_window(workspace)?;
        self.observe(workspace)
    }

    /// Ends the window and leaves its embedding, the normalised features, in the workspace.
    pub fn embed(&mut self, workspace: &mut Workspace<'_>) -> Result<(), EmbedError> {
        self.finish_window(workspace)?;
        self.normalise(workspace)
    }

    /// Ends the window and leaves its features, as they are, in the workspace.
    pub fn finish_window(&mut self, workspace: &mut Workspace<'_>) -> Result<(), EmbedError> {
        self.change(|node| Ok(node.features.finish(workspace.embedding)?))
    }

    /// Takes the workspace's vector into the statistics by which later ones are normalised.
    pub fn observe(&mut self, workspace: &Workspace<'_>) -> Result<(), EmbedError> {
        self.change(|node| Ok(node.normaliser.update(workspace.embedding)?))
    }

    /// Normalises the workspace's vector by the statistics so far.
    pub fn normalise(&self, workspace: &mut Workspace<'_>) -> Result<(), EmbedError> {
        Ok(self.normaliser.apply(workspace.embedding)?)
    }

    /// What the workspace's embedding resembles, among the `k` (1 to [`MAX_K`]) nearest patterns;
    /// `None` while nothing was learned. Changes nothing.
    pub fn recall(
        &self,
        k: usize,
        workspace: &mut Workspace<'_>,
    ) -> Result<Option<Recall>, SearchError> {
        let Workspace { embedding, scratch } = workspace;
        let hits = self.bank.search(embedding, k.min(MAX_K), scratch)?;
        Ok(Recall::of(&hits))
    }

    /// Records that the patterns nearest to the workspace's embedding were of use, and returns what
    /// they say, as [`recall`](Self::recall) does.
    pub fn recall_and_touch(
        &mut self,
        k: usize,
        workspace: &mut Workspace<'_>,
        now: u64,
    ) -> Result<Option<Recall>, SearchError> {
        let Workspace { embedding, scratch } = workspace;
        let hits = self.bank.search(embedding, k.min(MAX_K), scratch)?;
        self.header.begin();
        self.bank.touch(&hits, now);
        self.header.end();
        Ok(Recall::of(&hits))
    }

    /// Forgets the windows that [`attend`](Self::attend) looks back on: what comes next has nothing
    /// to do with them.
    pub fn begin_episode(&mut self) {
        self.change(|node| node.episode.clear());
    }

    /// What the workspace's embedding resembles, as [`recall`](Self::recall), but where the last
    /// [`WINDOWS`] of the episode, this one among them, pick which of the `k` patterns counts: each
    /// window speaks for what it recalled, as loud as the spikes it shares with this one.
    ///
    /// Cost: a search and O([`WINDOWS`]² × dimensions) for the trains.
    pub fn attend(
        &mut self,
        k: usize,
        workspace: &mut Workspace<'_>,
    ) -> Result<Option<Recall>, SearchError> {
        let Workspace { embedding, scratch } = workspace;
        let hits = self.bank.search(embedding, k.min(MAX_K), scratch)?;
        Ok(self.change(|node| {
            let chosen = node.episode.attend(embedding, &hits, &mut node.spikes);
            Recall::at(&hits, chosen.unwrap_or(0))
        }))
    }

    /// Orders `candidates`, executors to choose from, by what the `k` patterns nearest to the
    /// workspace's embedding know of each, best first; see [`Router::route`].
    pub fn route<'o>(
        &self,
        k: usize,
        candidates: &[u16],
        routes: &'o mut [Route],
        workspace: &mut Workspace<'_>,
    ) -> Result<&'o [Route], RouteTaskError> {
        let Workspace { embedding, scratch } = workspace;
        let hits = self.bank.search(embedding, k.min(MAX_K), scratch)?;
        Ok(self.router.route(&hits, candidates, routes)?)
    }

    /// Records how `executor` did on a task that a recalled pattern stands for.
    pub fn credit(
        &mut self,
        pattern: PatternId,
        executor: u16,
        success: bool,
    ) -> Result<(), RouteError> {
        self.change(|node| node.router.record(pattern, executor, success))
    }

    /// Learns from how the workspace's embedding turned out: the trajectory is recorded, merged
    /// into the patterns and credited to its executor, which must be below the router's number.
    pub fn learn(
        &mut self,
        outcome: &Outcome,
        workspace: &mut Workspace<'_>,
    ) -> Result<Learned, LearnError> {
        let Workspace { embedding, scratch } = workspace;
        let trajectory = Trajectory {
            vector: embedding,
            label: outcome.label,
            latency_us: outcome.latency_us,
            energy_spent: outcome.energy_spent,
            energy_earned: outcome.energy_earned,
            success: outcome.success,
            executor: outcome.executor,
            at: outcome.at,
        };
        self.change(|node| {
            let learned = node.extractor.learn(&mut node.bank, &trajectory, scratch)?;
            node.trajectories.record(&trajectory)?;
            node.router
                .record(learned.id(), outcome.executor, outcome.success)?;
            Ok(learned)
        })
    }

    /// Forgets the patterns that `policy` does not keep at the time `now`, tells `gone` of each and
    /// returns how many.
    pub fn prune(&mut self, policy: &PrunePolicy, now: u64, gone: impl FnMut(&Entry)) -> usize {
        self.change(|node| policy.prune(&mut node.bank, now, gone))
    }

    /// Checks an event, its own or a peer's, appends it to the log and lets it take effect. On an
    /// error nothing has changed.
    pub fn ingest<V: Verifier + ?Sized>(
        &mut self,
        bytes: &[u8],
        policy: &Policy,
        verifier: &V,
        now: u64,
    ) -> Result<Ingested, IngestError> {
        let checked = self.log.check(bytes, policy, verifier, now)?;
        let event = *checked.event();
        let id = *checked.id();
        let known = |id: &EventId| self.log.find(id).is_some();
        let ready = self
            .engine
            .check(&id, event.event(), now, verifier, &known)?;
        self.header.begin();
        let ingested = self.log.append(checked).map(|index| Ingested {
            index,
            id,
            applied: ready.apply(index),
        });
        self.header.end();
        Ok(ingested?)
    }

    /// Lets time pass: claims expire and conflicts escalate; see [`Engine::advance`].
    pub fn advance(&mut self, now: u64) -> Advanced {
        self.change(|node| node.engine.advance(now))
    }

    /// Looks at every pair of a context's claims, after a call that could not; see
    /// [`Engine::detect_all`].
    pub fn detect_all(&mut self, context: &str) -> Repaired {
        self.change(|node| node.engine.detect_all(context))
    }

    /// The bank of patterns.
    pub fn bank(&self) -> &PatternBank<'a> {
        &self.bank
    }

    /// The latest trajectories.
    pub fn trajectories(&self) -> &TrajectoryRing<'a> {
        &self.trajectories
    }

    /// Outcomes by pattern and executor.
    pub fn router(&self) -> &Router<'a> {
        &self.router
    }

    /// The window's channels as spikes, one step a sample: see [`push`](Self::push).
    pub fn signal(&self) -> &SpikeTrains<'a> {
        &self.signal
    }

    /// The last windows' embeddings as spikes, as [`attend`](Self::attend) left them: for each
    /// window the positive components, then the negative ones.
    pub fn spikes(&self) -> &SpikeTrains<'a> {
        &self.spikes
    }

    /// The statistics that windows are normalised with.
    pub fn normaliser(&self) -> &Normaliser<'a> {
        &self.normaliser
    }

    /// The log.
    pub fn log(&self) -> &EventLog<'a> {
        &self.log
    }

    /// The Merkle root of the log. Cost: O(log n) hashes after an append, none otherwise.
    pub fn log_root(&mut self) -> Hash {
        self.change(|node| node.log.root())
    }

    /// Claims in force, conflicts and their state.
    pub fn engine(&self) -> &Engine<'a> {
        &self.engine
    }

    /// Gives `context` an authority; see [`Engine::register_authority`].
    pub fn register_authority(
        &mut self,
        context: &str,
        threshold: u8,
        keys: &[crate::log::sign::PublicKey],
    ) -> Result<(), crate::coherence::AuthorityError> {
        self.change(|node| node.engine.register_authority(context, threshold, keys))
    }

    /// Seals every part and the node; returns the node's image digest.
    pub fn seal(&mut self) -> Hash {
        let digests = [
            self.features.seal(),
            self.normaliser.seal(),
            self.bank.seal(),
            self.extractor.seal(),
            self.trajectories.seal(),
            self.router.seal(),
            self.episode.seal(),
            self.spikes.seal(),
            self.signal.seal(),
            self.log.seal(),
            self.engine.seal(),
        ];
        self.header.seal(&[digests.as_flattened()])
    }

    /// SHA-256 of the node: its header and its parts' image digests.
    pub fn image_digest(&self) -> Hash {
        let digests = [
            self.features.image_digest(),
            self.normaliser.image_digest(),
            self.bank.image_digest(),
            self.extractor.image_digest(),
            self.trajectories.image_digest(),
            self.router.image_digest(),
            self.episode.image_digest(),
            self.spikes.image_digest(),
            self.signal.image_digest(),
            self.log.image_digest(),
            self.engine.image_digest(),
        ];
        self.header.as_ref().image_digest(&[digests.as_flattened()])
    }

    /// Part, section and bytes of everything in the node's block.
    pub fn sections(&self) -> impl Iterator<Item = (&'static str, &'static str, usize)> + '_ {
        let named = |part| move |(section, bytes)| (part, section, bytes);
        core::iter::once(("node", "header", HEADER_BYTES))
            .chain(self.features.sections().map(named(PARTS[0])))
            .chain(self.normaliser.sections().map(named(PARTS[1])))
            .chain(self.bank.sections().map(named(PARTS[2])))
            .chain(self.extractor.sections().map(named(PARTS[3])))
            .chain(self.trajectories.sections().map(named(PARTS[4])))
            .chain(self.router.sections().map(named(PARTS[5])))
            .chain(self.episode.sections().map(named(PARTS[6])))
            .chain(self.spikes.sections().map(named(PARTS[7])))
            .chain(self.signal.sections().map(named(PARTS[8])))
            .chain(self.log.sections().map(named(PARTS[9])))
            .chain(self.engine.sections().map(named(PARTS[10])))
    }

    /// Runs `call` with the block marked as being changed.
    fn change<T>(&mut self, call: impl FnOnce(&mut Self) -> T) -> T {
        self.header.begin();
        let result = call(self);
        self.header.end();
        result
    }
}

fn take_part<'a>(carver: &mut CarverMut<'a>, bytes: u32) -> Result<&'a mut [u8], BlockError> {
    carver.take(usize::try_from(bytes).map_err(|_| BlockError::BadConfig)?)
}

/// Compares each part with its seal, and the node's seal with the parts'.
fn verify_seals(memory: &[u8]) -> Result<(), BlockError> {
    let (header, mut carver) = block::open(memory, KIND, VERSION)?;
    if !header.is_sealed() {
        return Err(BlockError::NotSealed);
    }
    let words = header.config();
    let mut digests = [[0; 32]; PARTS.len()];
    for (digest, &bytes) in digests.iter_mut().zip(&words[1..]) {
        let part = carver.take(usize::try_from(bytes).map_err(|_| BlockError::BadConfig)?)?;
        *digest = block::verify_seal_of_any(part)?;
    }
    if header.seal_word() == header.image_digest(&[digests.as_flattened()]) {
        Ok(())
    } else {
        Err(BlockError::SealMismatch)
    }
}

/// Where each part lies in a saved node's block, in the order of [`PARTS`].
pub fn parts(memory: &[u8]) -> Result<[core::ops::Range<usize>; PARTS.len()], BlockError> {
    let (header, _) = block::open(memory, KIND, VERSION)?;
    let words = header.config();
    let mut at = HEADER_BYTES;
    let mut ranges = [const { 0..0 }; PARTS.len()];
    for (range, &length) in ranges.iter_mut().zip(words.iter().skip(1)) {
        let length = usize::try_from(length).map_err(|_| BlockError::BadConfig)?;
        let end = at.checked_add(length).ok_or(BlockError::BadConfig)?;
        *range = at..end;
        at = block::section(at, length, 1);
    }
    Ok(ranges)
}
