//! A node: one block, one struct, the whole loop.
//!
//! A node owns a block and cuts it into a block for each of its [`PARTS`]; it is the only place
//! that knows all of them. Two paths run through it:
//!
//! - *perceive*: [`Node::push`] samples, end the window with [`Node::embed`], [`Node::recall`] what
//!   it resembles, [`Node::learn`] from how it turned out;
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
mod errors;
mod recall;
#[cfg(test)]
mod tests;
mod workspace;

pub use config::{NodeConfig, PARTS, WorkspaceConfig};
pub use errors::{EmbedError, IngestError, LearnError};
pub use recall::{MAX_K, Recall};
pub use workspace::Workspace;

use crate::Hash;
use crate::bank::{PatternBank, SearchError};
use crate::block::{self, BlockError, CarverMut, HEADER_BYTES, HeaderMut, Kind};
use crate::coherence::{Applied, Engine};
use crate::learn::extract::{Extractor, Learned};
use crate::learn::features::{Features, PushError};
use crate::learn::normalise::{Normaliser, NormaliserConfig};
use crate::learn::trajectory::{Trajectory, TrajectoryRing};
use crate::log::{EventId, EventLog, LogIndex, Policy, Verifier};

const KIND: Kind = Kind(*b"NODE");
const VERSION: u32 = 1;

/// The whole node. See the [module](self).
#[derive(Debug)]
pub struct Node<'a> {
    header: HeaderMut<'a>,
    features: Features<'a>,
    normaliser: Normaliser<'a>,
    bank: PatternBank<'a>,
    extractor: Extractor<'a>,
    trajectories: TrajectoryRing<'a>,
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
            log: EventLog::open(part(5)?)?,
            engine: Engine::open(part(6)?)?,
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
            log: self.log.config(),
            engine: self.engine.config(),
        }
    }

    /// Whether the parts fit each other.
    fn agrees(&self) -> bool {
        let dimensions = self.normaliser.config().dimensions();
        self.bank.config().dimensions() == dimensions
            && self.trajectories.config().dimensions() == dimensions
    }

    /// Takes one sample, a value a channel, into the window. Cost: O(channels).
    pub fn push(&mut self, sample: &[f32]) -> Result<(), PushError> {
        self.change(|node| node.features.push(sample))
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

    /// Learns from how the workspace's embedding turned out: the trajectory is recorded and merged
    /// into the patterns.
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
            Ok(learned)
        })
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
        self.engine
            .admit(&id, event.event(), now, verifier, &known)?;
        self.change(|node| {
            let index = node.log.append(checked)?;
            let applied = node.engine.apply(index, &id, event.event(), now)?;
            Ok(Ingested { index, id, applied })
        })
    }

    /// The bank of patterns.
    pub fn bank(&self) -> &PatternBank<'a> {
        &self.bank
    }

    /// The latest trajectories.
    pub fn trajectories(&self) -> &TrajectoryRing<'a> {
        &self.trajectories
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
            .chain(self.log.sections().map(named(PARTS[5])))
            .chain(self.engine.sections().map(named(PARTS[6])))
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
