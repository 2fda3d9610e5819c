//! The half of a node that perceives: from samples to a decision, and back to what is learned.

use super::config::PerceptionConfig;
use super::episode::Episode;
use super::errors::{EmbedError, LearnError, RouteTaskError};
use super::image::parts;
use super::optional::optional;
use super::recall::{MAX_K, Recall};
use super::workspace::Workspace;
use crate::bank::{Audit, Entry, Hits, Pattern, PatternBank, PatternId};
use crate::intern::{InternError, Interner};
use crate::learn::extract::{Extractor, Learned, Statistics};
use crate::learn::features::{Features, MAX_SAMPLE, PER_CHANNEL, PushError};
use crate::learn::normalise::Normaliser;
use crate::learn::prune::PrunePolicy;
use crate::learn::recogniser::{RecallError, Recognised, Recogniser, RecogniserConfig};
use crate::learn::route::{Route, RouteError, Router};
use crate::learn::stream::{Stream, StreamConfig, StreamError};
use crate::learn::trajectory::{Outcome, Trajectory, TrajectoryRing};
use crate::spike::{Delta, SampleCode, SpikeTrains};

/// Index of a channel's mean absolute difference among its features.
const TRAVEL: usize = 2;

parts! {
    /// Signals, patterns and decisions. See the [module](super).
    ///
    /// ```
    /// use sensilla::block::Block;
    /// use sensilla::learn::features::{FeatureConfig, PushError};
    /// use sensilla::node::{Outcome, Perception, PerceptionConfig, Workspace, WorkspaceConfig};
    ///
    /// const CONFIG: PerceptionConfig = PerceptionConfig::new(FeatureConfig::new(1, 10_000), 8);
    /// const WORK: WorkspaceConfig = CONFIG.workspace(8);
    /// let mut memory = Box::new(Block::<{ CONFIG.bytes() }>::new());
    /// let mut work = Block::<{ WORK.bytes() }>::new();
    /// let mut perception = Perception::format(&mut memory[..], CONFIG)?;
    /// let mut work = Workspace::format(&mut work, &WORK)?;
    ///
    /// // Ten samples of a slow wave, label 0, or of a fast one, label 1.
    /// fn window(perception: &mut Perception, label: u32) -> Result<(), PushError> {
    ///     (0..10).try_for_each(|i| perception.push(&[(i / (5 - 4 * label) % 2) as f32]))
    /// }
    /// for label in [0, 1] {
    ///     window(&mut perception, label)?;
    ///     perception.calibrate(&mut work)?; // statistics first: by these `embed` normalises
    /// }
    /// for label in [0, 1] {
    ///     window(&mut perception, label)?;
    ///     perception.embed(&mut work)?;
    ///     perception.learn(&Outcome { label, ..Outcome::default() }, &mut work)?;
    /// }
    /// let recall = perception.recall(1, &mut work)?; // the last window was fast
    /// assert_eq!(recall.map(|recall| recall.label), Some(1));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub struct Perception for PerceptionConfig as config, b"PERC", 2 {
        features: Features = config.features,
        normaliser: Normaliser = config.normaliser(),
        bank: PatternBank = config.bank,
        extractor: Extractor = config.extractor,
        trajectories: TrajectoryRing = config.trajectories,
        router: Router = config.router,
        episode: Episode = config.episode,
        spikes: SpikeTrains = config.episode.trains(),
        signal: SpikeTrains = config.signal,
        labels: Interner = config.labels,
        executors: Interner = config.executors,
        stream: OptionalStream = config.optional_stream(),
        recogniser: OptionalRecogniser = config.optional_recogniser(),
    }
}

optional!(OptionalStream, OptionalStreamConfig of Stream, StreamConfig);
optional!(OptionalRecogniser, OptionalRecogniserConfig of Recogniser, RecogniserConfig);

impl<'a> Perception<'a> {
    const NAME: &'static str = "perception";

    /// The sizes it was made with.
    pub fn config(&self) -> PerceptionConfig {
        PerceptionConfig {
            dimensions: self.bank.config().dimensions(),
            features: self.features.config(),
            bank: *self.bank.config(),
            extractor: self.extractor.config(),
            trajectories: self.trajectories.config(),
            router: self.router.config(),
            episode: self.episode.config(),
            signal: self.signal.config(),
            labels: self.labels.config(),
            executors: self.executors.config(),
            stream: self.stream.0.as_ref().map(Stream::config),
            recogniser: self.recogniser.0.as_ref().map(Recogniser::config),
        }
    }

    fn agrees(&self) -> bool {
        let config = self.config();
        let dimensions = config.dimensions();
        config.is_valid()
            && self.normaliser.config() == config.normaliser()
            && self.trajectories.config().dimensions() == dimensions
            && self.episode.config().dimensions() == dimensions
            && self.spikes.config() == self.episode.config().trains()
            && self.signal.config().values() == config.channels()
            && config
                .stream()
                .is_none_or(|stream| stream.dimensions() == dimensions)
    }

    /// Takes one sample, a value a channel, into the window. Cost: O(channels), and what a
    /// [stream](Stream::push) takes where shapes are recognised.
    ///
    /// A channel that moved since the sample before by its usual step or more also fires in the
    /// window's [`signal`](Self::signal); the usual step is the mean absolute difference over the
    /// windows that calibrated it, and before any did, none fires.
    pub fn push(&mut self, sample: &[f32]) -> Result<(), PushError> {
        self.change(|half| {
            let step = match &half.stream.0 {
                Some(stream) => stream.samples(),
                None => half.features.samples(),
            };
            let taken = half.signal.config().values() as usize == sample.len()
                && sample.iter().all(|value| value.abs() <= MAX_SAMPLE);
            if taken && step > 0 {
                for (channel, &value) in sample.iter().enumerate() {
                    let spike = half.contrast(channel, value);
                    if spike != 0 {
                        // A window longer than the signal's trains goes on without spikes.
                        let _ = half.signal.mark(channel, step, spike < 0);
                    }
                }
            }
            match &mut half.stream.0 {
                Some(stream) if stream.is_calibrated() => stream.push(sample).map_err(refused)?,
                Some(stream) => stream.calibrate(sample).map_err(refused)?,
                None => half.features.push(sample)?,
            }
            if step == 0 {
                // Fits: the trains are as many as the channels.
                let _ = half.signal.start(sample.len());
            }
            Ok(())
        })
    }

    /// The spike of delta modulation that `value` causes in `channel`.
    fn contrast(&self, channel: usize, value: f32) -> i8 {
        let (threshold, [last, value]) = match &self.stream.0 {
            Some(stream) => match stream.in_steps(channel, value) {
                Some(steps) => (1.0, steps),
                None => return 0,
            },
            None => {
                let usual = self.normaliser.statistics(channel * PER_CHANNEL + TRAVEL);
                match (usual, self.features.last(channel)) {
                    (Some((usual, _)), Some(last)) if self.normaliser.count() > 0 => {
                        (usual, [last, value])
                    }
                    _ => return 0,
                }
            }
        };
        if threshold <= 0.0 {
            return 0;
        }
        let mut code = Delta::new(threshold).off_spikes(true).repeat_first(true);
        code.push(last)
            .and_then(|_| code.push(value))
            .unwrap_or_default()
    }

    /// Ends a window that shows what is usual: its features go into the statistics by which later
    /// windows are normalised or, where shapes are recognised, its samples into the
    /// [scales](Self::keep_scales).
    pub fn calibrate(&mut self, workspace: &mut Workspace<'_>) -> Result<(), EmbedError> {
        if let Some(stream) = &mut self.stream.0 {
            if stream.is_calibrated() {
                return Err(StreamError::Calibrated.into());
            }
            self.header.begin();
            stream.end_recording();
            self.header.end();
            return Ok(());
        }
        self.finish_window(workspace)?;
        self.observe(workspace)
    }

    /// Where shapes are recognised, keeps the scales that the windows so far come to, for good, so
    /// that windows can be embedded; otherwise there are none to keep.
    pub fn keep_scales(&mut self) -> Result<(), EmbedError> {
        self.change(|half| match &mut half.stream.0 {
            Some(stream) => Ok(stream.freeze()?),
            None => Ok(()),
        })
    }

    /// Whether windows can be embedded: where shapes are recognised, whether scales are kept.
    pub fn is_calibrated(&self) -> bool {
        self.stream.0.as_ref().is_none_or(Stream::is_calibrated)
    }

    /// Refuses samples at another rate, in millihertz, than those that were learned from, where
    /// shapes are recognised: see [`Stream::check_rate`]. To be asked whenever a source begins.
    pub fn check_rate(&self, found: u32) -> Result<(), StreamError> {
        match &self.stream.0 {
            Some(stream) => stream.check_rate(found),
            None => Ok(()),
        }
    }

    /// Ends the window and leaves its embedding, the normalised features or the vector of its
    /// shapes, in the workspace. Where shapes are recognised and something was learned since the last
    /// window, the bank's rows are [whitened](Recogniser::refresh) anew.
    ///
    /// Of features, one that never varied in the windows given to [`calibrate`](Self::calibrate) is
    /// zero in the embedding, so that before the second of these the embedding is all zeros, which a
    /// bank by cosine refuses.
    pub fn embed(&mut self, workspace: &mut Workspace<'_>) -> Result<(), EmbedError> {
        self.finish_window(workspace)?;
        if self.recogniser.0.is_some() {
            return self.refresh(workspace);
        }
        self.normalise(workspace)
    }

    /// Makes the bank's rows fit the metric, where shapes are recognised and something was learned;
    /// [`embed`](Self::embed) does so.
    pub fn refresh(&mut self, workspace: &mut Workspace<'_>) -> Result<(), EmbedError> {
        self.change(|half| match &mut half.recogniser.0 {
            Some(recogniser) => Ok(recogniser.refresh(&mut half.bank, workspace.white)?),
            None => Ok(()),
        })
    }

    /// Ends the window and leaves its features, or the vector of its shapes, in the workspace.
    pub fn finish_window(&mut self, workspace: &mut Workspace<'_>) -> Result<(), EmbedError> {
        self.change(|half| match &mut half.stream.0 {
            Some(stream) if stream.is_calibrated() => Ok(stream.finish(workspace.embedding)?),
            Some(_) => Err(StreamError::NotCalibrated.into()),
            None => Ok(half.features.finish(workspace.embedding)?),
        })
    }

    /// Takes the workspace's vector into the statistics by which later ones are normalised.
    pub fn observe(&mut self, workspace: &Workspace<'_>) -> Result<(), EmbedError> {
        self.change(|half| Ok(half.normaliser.update(workspace.embedding)?))
    }

    /// Normalises the workspace's vector by the statistics so far.
    pub fn normalise(&self, workspace: &mut Workspace<'_>) -> Result<(), EmbedError> {
        Ok(self.normaliser.apply(workspace.embedding)?)
    }

    /// Searches for the workspace's embedding, in the metric of the recogniser if there is one.
    fn look<'s>(
        &self,
        k: usize,
        workspace: &'s mut Workspace<'_>,
    ) -> Result<Look<'s>, RecallError> {
        let Workspace {
            embedding,
            white,
            scratch,
        } = workspace;
        let k = k.min(MAX_K);
        let Some(recogniser) = &self.recogniser.0 else {
            return Ok(Look {
                hits: self.bank.search(embedding, k, scratch)?,
                recognised: None,
                embedding,
                seen: embedding,
            });
        };
        let bank = self.bank.as_ref();
        let (recognised, hits) = recogniser.recall_among(bank, embedding, k, white, scratch)?;
        Ok(Look {
            hits,
            recognised,
            embedding,
            seen: white,
        })
    }

    /// What a hit's similarity is as a closeness.
    fn closeness(&self, similarity: f32) -> f32 {
        match &self.recogniser.0 {
            Some(recogniser) => recogniser.closeness(-similarity),
            None => similarity,
        }
    }

    /// What the workspace's embedding resembles, among the `k` (1 to [`MAX_K`]) nearest patterns;
    /// `None` while nothing was learned. Changes nothing.
    pub fn recall(
        &self,
        k: usize,
        workspace: &mut Workspace<'_>,
    ) -> Result<Option<Recall>, RecallError> {
        let Look {
            hits, recognised, ..
        } = self.look(k, workspace)?;
        Ok(Recall::at(&hits, 0, |s| self.closeness(s), recognised))
    }

    /// Records that the patterns nearest to the workspace's embedding were of use, and returns what
    /// they say, as [`recall`](Self::recall) does.
    pub fn recall_and_touch(
        &mut self,
        k: usize,
        workspace: &mut Workspace<'_>,
        now: u64,
    ) -> Result<Option<Recall>, RecallError> {
        let Look {
            hits, recognised, ..
        } = self.look(k, workspace)?;
        self.header.begin();
        self.bank.touch(&hits, now);
        self.header.end();
        Ok(Recall::at(&hits, 0, |s| self.closeness(s), recognised))
    }

    /// Forgets the windows that [`attend`](Self::attend) looks back on: what comes next has nothing
    /// to do with them.
    pub fn begin_episode(&mut self) {
        self.change(|half| half.episode.clear());
    }

    /// What the workspace's embedding resembles, as [`recall`](Self::recall), but where the last
    /// windows of the episode, this one among them, pick which of the `k` patterns counts: each
    /// window speaks for what it recalled, as loud as the spikes it shares with this one.
    ///
    /// Cost: a search and O(windows² × dimensions) for the trains.
    pub fn attend(
        &mut self,
        k: usize,
        workspace: &mut Workspace<'_>,
    ) -> Result<Option<Recall>, RecallError> {
        let look = self.look(k, workspace)?;
        self.header.begin();
        let Self {
            episode,
            spikes,
            recogniser,
            ..
        } = self;
        let closeness = |similarity: f32| match &recogniser.0 {
            Some(recogniser) => recogniser.closeness(-similarity),
            None => similarity,
        };
        let rank = episode.attend(look.seen, &look.hits, closeness, spikes);
        self.header.end();
        let rank = rank.unwrap_or(0);
        let judged = self.judge(&look, rank);
        Ok(Recall::at(&look.hits, rank, |s| self.closeness(s), judged))
    }

    /// What is to be said of the hit of that rank.
    fn judge(&self, look: &Look<'_>, rank: usize) -> Option<Recognised> {
        let (nearest, hit) = (look.recognised?, look.hits.get(rank)?);
        if nearest.id == hit.id {
            return Some(nearest);
        }
        let other = look.hits.iter().find(|other| other.label != hit.label);
        let recogniser = self.recogniser.0.as_ref()?;
        Some(recogniser.judge(&hit, other.as_ref(), look.embedding, look.seen))
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
        let hits = self.look(k, workspace)?.hits;
        let closeness = |similarity| self.closeness(similarity);
        Ok(self.router.route_by(&hits, closeness, candidates, routes)?)
    }

    /// Records how `executor` did on a task that a recalled pattern stands for.
    pub fn credit(
        &mut self,
        pattern: PatternId,
        executor: u16,
        success: bool,
    ) -> Result<(), RouteError> {
        self.change(|half| half.router.record(pattern, executor, success))
    }

    /// Records what the window that was recalled as `recall` is: see [`Recogniser::record`]. Nothing
    /// where shapes are not recognised.
    pub fn record(&mut self, recall: &Recall, label: u32) {
        self.change(|half| {
            if let (Some(recogniser), Some(found)) = (&mut half.recogniser.0, &recall.recognised) {
                recogniser.record(found, label);
            }
        });
    }

    /// Learns from how the workspace's embedding turned out: the trajectory is recorded, merged
    /// into the patterns and credited to its executor, which must be below the router's number.
    /// Where shapes are recognised, what would have been recalled is
    /// [recorded](Recogniser::record) first, unless something was learned since the last
    /// [`embed`](Self::embed).
    pub fn learn(
        &mut self,
        outcome: &Outcome,
        workspace: &mut Workspace<'_>,
    ) -> Result<Learned, LearnError> {
        self.change(|half| {
            let Workspace {
                embedding,
                white,
                scratch,
            } = &mut *workspace;
            if let Some(recogniser) = &mut half.recogniser.0
                && recogniser.is_fresh()
                && let Ok(Some(found)) =
                    recogniser.recall(half.bank.as_ref(), embedding, white, scratch)
            {
                recogniser.record(&found, outcome.label);
            }
        });
        self.learn_recorded(outcome, workspace)
    }

    /// [`learn`](Self::learn) for a vector of which it is [recorded](Self::record) already what it
    /// was recalled as. So several can be recalled before the bank's rows are whitened anew.
    pub fn learn_recorded(
        &mut self,
        outcome: &Outcome,
        workspace: &mut Workspace<'_>,
    ) -> Result<Learned, LearnError> {
        let Workspace {
            embedding,
            white,
            scratch,
        } = workspace;
        let trajectory = Trajectory {
            vector: embedding,
            outcome: *outcome,
        };
        self.change(|half| {
            let learned = match &mut half.recogniser.0 {
                Some(recogniser) => {
                    let mut pattern = Pattern {
                        label: outcome.label,
                        confidence: 0,
                        at: outcome.at,
                    };
                    let learned = recogniser.learn(&mut half.bank, embedding, pattern, white)?;
                    pattern.confidence = half.extractor.note(learned.id(), &trajectory);
                    // The pattern is there: it was just learned.
                    let _ = half.bank.annotate(learned.id(), pattern);
                    learned
                }
                None => half.extractor.learn(&mut half.bank, &trajectory, scratch)?,
            };
            half.trajectories.record(&trajectory)?;
            half.router
                .record(learned.id(), outcome.executor, outcome.success)?;
            Ok(learned)
        })
    }

    /// Looks at up to `budget` slots of the bank's graph and mends what searches would not meet;
    /// see [`PatternBank::audit_step`].
    pub fn audit_step(&mut self, budget: u32) -> Audit {
        self.change(|half| half.bank.audit_step(budget))
    }

    /// Forgets the patterns that `policy` does not keep at the time `now`, tells `gone` of each and
    /// returns how many.
    pub fn prune(&mut self, policy: &PrunePolicy, now: u64, gone: impl FnMut(&Entry)) -> usize {
        self.change(|half| policy.prune(&mut half.bank, now, gone))
    }

    /// The number of the label called `name`, a new one if it has none yet: what an
    /// [`Outcome`] is learned under. Numbers count from zero in the order of first use and are never
    /// given back. O(length).
    pub fn label(&mut self, name: &str) -> Result<u32, InternError> {
        let symbol = self.change(|half| half.labels.get_or_intern(name))?;
        Ok(symbol.to_bits())
    }

    /// The number of the executor called `name`, a new one if it has none yet. O(length).
    pub fn executor(&mut self, name: &str) -> Result<u16, InternError> {
        let symbol = self.change(|half| half.executors.get_or_intern(name))?;
        // There is a name for each of the router's executors, whose numbers are as short.
        Ok(symbol.to_bits() as u16)
    }

    /// Names of the labels, by number.
    pub fn labels(&self) -> &Interner<'a> {
        &self.labels
    }

    /// Names of the executors, by number.
    pub fn executors(&self) -> &Interner<'a> {
        &self.executors
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

    /// The metric and how recalls went, where shapes are recognised.
    pub fn recogniser(&self) -> Option<&Recogniser<'a>> {
        self.recogniser.0.as_ref()
    }

    /// The scales and the window, where shapes are recognised.
    pub fn stream(&self) -> Option<&Stream<'a>> {
        self.stream.0.as_ref()
    }

    /// Whether a window stands out among the last ones by its novelty, which then becomes one of
    /// theirs; see [`Recogniser::watch`]. Never where shapes are not recognised.
    pub fn watch(&mut self, recall: &Recall) -> bool {
        self.change(|half| match (&mut half.recogniser.0, &recall.recognised) {
            (Some(recogniser), Some(recognised)) => recogniser.watch(recognised.novelty),
            _ => false,
        })
    }

    /// What a pattern was learned from; `None` of one that is not there.
    pub fn statistics(&self, id: PatternId) -> Option<Statistics> {
        self.extractor.statistics(id)
    }

    /// The statistics that windows are normalised with.
    pub fn normaliser(&self) -> &Normaliser<'a> {
        &self.normaliser
    }
}

/// What a search for the workspace's embedding came to.
struct Look<'s> {
    hits: Hits<'s>,
    recognised: Option<Recognised>,
    embedding: &'s [f32],
    /// What the patterns were compared with: the embedding in the metric that tells windows apart.
    seen: &'s [f32],
}

/// A sample that a stream refuses, in the words of features, which refuse the same.
fn refused(error: StreamError) -> PushError {
    match error {
        StreamError::WrongLength { channels, found } => PushError::WrongLength {
            expected: channels,
            found,
        },
        StreamError::OutOfRange { channel } => PushError::OutOfRange { channel },
        _ => PushError::Full,
    }
}
