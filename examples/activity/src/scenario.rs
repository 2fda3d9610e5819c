//! The loop itself: what happens to each recording, in order.

use crate::recordings::{ACTIVITIES, CHANNELS, Recording, TEST, TRAIN, recordings};
use crate::summary::{RunError, Summary};
use crate::watch::Watch;
use crate::wrist::{ACCELEROMETER, GYROSCOPE, HUB, NAMES, Wearer, Wrist, public_keys};
use core::slice;
use sensilla::Hash;
use sensilla::learn::route::Route;
use sensilla::log::kind::{Act, Assert, CERTAIN, Resolution, Roots};
use sensilla::log::{
    Author, Ed25519, EncodeError, EventId, EventKind, LogIndex, Policy, SignedEvent,
};
use sensilla::merkle;
use sensilla::node::{Outcome, Recall, Workspace};
use sha2::{Digest, Sha256};

/// The context of what the sensors claim; the hub is its authority.
pub const CONTEXT: &str = "wrist";
/// The context of what the wearer said the training recordings show.
const TRAINING: &str = "wrist/training";
const PREDICATE: &str = "activity";
/// Samples of the windows on which the sensors' nodes decide: 2.5 seconds.
const WINDOW: usize = 25;
const WINDOWS: usize = 4;
const RECORDING_MS: u64 = 10_000;
const WINDOW_MS: u64 = RECORDING_MS / WINDOWS as u64;
/// Time of the first training recording, in milliseconds since 1970: 2026-01-01 00:00 UTC.
const START: u64 = 1_767_225_600_000;
/// Neighbours that a recall asks for, and that count as used.
const K: usize = 8;
/// What a recall takes before the first distance, and for each distance, in microseconds: the
/// device model by which trajectories get a latency that is the same on every host.
const RECALL_US: u32 = 40;
const DISTANCE_US: u32 = 2;
/// Steps that [`Watch::step`] counts to: calibration, learning, test.
const STEPS: u32 = 120;

/// Runs the whole loop on the vendored recordings. What the log holds already is recognised by its
/// event id and not done again, so a second run changes nothing.
pub fn run(wrist: &mut Wrist<'_>, watch: &mut impl Watch) -> Result<Summary, RunError> {
    Run {
        wrist,
        watch,
        done: 0,
        news: 0,
        tested: Tested::default(),
    }
    .run()
}

struct Run<'r, 'm, W> {
    wrist: &'r mut Wrist<'m>,
    watch: &'r mut W,
    done: u32,
    /// Events that the log did not hold.
    news: u32,
    tested: Tested,
}

/// What the test recordings came to.
#[derive(Default)]
struct Tested {
    confusion: [[u32; ACTIVITIES.len() + 1]; ACTIVITIES.len()],
    windows: u32,
    right: [u32; 2],
    routes: [u32; 3],
    routed_right: u32,
    proved: LogIndex,
}

/// An event that was said: its id, and whether it was news.
struct Said {
    id: EventId,
    index: LogIndex,
    new: bool,
}

impl<W: Watch> Run<'_, '_, W> {
    fn run(mut self) -> Result<Summary, RunError> {
        self.begin()?;
        for (i, recording) in recordings(TRAIN).enumerate() {
            if !self.is_known(i, &recording)? {
                self.calibrate(&recording)?;
            }
            self.step();
        }
        self.keep_scales()?;
        self.begin()?;
        for (i, recording) in recordings(TRAIN).enumerate() {
            if self.teach(i, &recording)?.new {
                self.learn(i, &recording)?;
            }
            self.step();
        }
        for (i, recording) in recordings(TEST).enumerate() {
            self.test(i, &recording)?;
            self.step();
        }
        Ok(self.summary())
    }

    /// Every speaker begins with its first event, which may have been said before. The first of all is
    /// whom the hub, as the root of the realm, lets speak, and that it decides on the wrist itself.
    fn begin(&mut self) -> Result<(), RunError> {
        for wearer in &mut self.wrist.wearers {
            wearer.author.next = 1;
        }
        let [hub, sensors @ ..] = public_keys();
        for (number, key) in (1..).zip(sensors) {
            let name = NAMES.get(number as usize).unwrap_or(&"?");
            self.decide(number, "", Act::Admit { key, name, from: 1 })?;
        }
        let keys = [hub];
        let appoint = Act::Appoint {
            threshold: 1,
            keys: &keys,
        };
        self.decide(sensors.len() as u32 + 1, CONTEXT, appoint)
    }

    /// The hub decides something as the root, and all nodes hear it.
    fn decide(&mut self, number: u32, context: &str, act: Act<'_>) -> Result<(), RunError> {
        let decision = Roots {
            number,
            act,
            signatures: &[],
        };
        let Author { signer, realm, .. } = &self.wrist.wearers[HUB].author;
        let signature = decision
            .endorse(realm, context, signer)
            .map_err(EncodeError::from)?;
        let decision = decision.endorsed(slice::from_ref(&signature));
        let mut out = [0; 512];
        let author = &mut self.wrist.wearers[HUB].author;
        let event = author.event(context, START, EventKind::Roots(decision));
        let signed = author.say(&event, &mut out)?;
        for wearer in &mut self.wrist.wearers {
            let history = wearer.node.history_mut();
            if history.log().find(signed.id()).is_none() {
                history.ingest(signed.bytes(), &Policy::new(), &Ed25519, START)?;
            }
        }
        Ok(())
    }

    fn step(&mut self) {
        self.done += 1;
        self.watch.step(self.done, STEPS);
    }

    /// Whether the log holds the training recording.
    fn is_known(&mut self, i: usize, recording: &Recording<'_>) -> Result<bool, RunError> {
        let mut subject = [0; 16];
        let evidence = [evidence(recording.samples())];
        let assert = training(&mut subject, i, recording, &evidence);
        let mut out = [0; 1024];
        let hub = &mut self.wrist.wearers[HUB];
        let event = hub
            .author
            .event(TRAINING, training_time(i), EventKind::Assert(assert));
        let id = *event.unsigned(&mut out)?.id();
        hub.author.said(&event);
        Ok(hub.node.history().log().find(&id).is_some())
    }

    /// Every node measures the recording's windows.
    fn calibrate(&mut self, recording: &Recording<'_>) -> Result<(), RunError> {
        for index in [HUB, ACCELEROMETER, GYROSCOPE] {
            let (wearer, work) = wearer(self.wrist, index);
            each_window(wearer, index, recording, |wearer, _| {
                Ok(wearer.node.perception_mut().calibrate(work)?)
            })?;
        }
        Ok(())
    }

    /// What the recordings came to is what every node measures by from now on, if it does not yet.
    fn keep_scales(&mut self) -> Result<(), RunError> {
        for wearer in &mut self.wrist.wearers {
            if !wearer.node.perception().is_calibrated() {
                wearer.node.perception_mut().keep_scales()?;
            }
        }
        Ok(())
    }

    /// The hub says what the wearer told it the recording shows.
    fn teach(&mut self, i: usize, recording: &Recording<'_>) -> Result<Said, RunError> {
        let mut subject = [0; 16];
        let evidence = [evidence(recording.samples())];
        let assert = training(&mut subject, i, recording, &evidence);
        self.say(HUB, TRAINING, training_time(i), EventKind::Assert(assert))
    }

    /// Every node recalls each window, then learns what it was. How the sensors did on most of the
    /// windows is credited to them with the hub, on the pattern of the recording.
    fn learn(&mut self, i: usize, recording: &Recording<'_>) -> Result<(), RunError> {
        let label = recording.activity as u32;
        let mut pattern = None;
        for index in [HUB, ACCELEROMETER, GYROSCOPE] {
            let mut right = 0;
            let (wearer, work) = wearer(self.wrist, index);
            each_window(wearer, index, recording, |wearer, window| {
                wearer.node.perception_mut().embed(work)?;
                let guess = wearer.node.perception().recall(K, work)?;
                let success = guess.is_some_and(|guess| guess.label == label);
                let distances = guess.map_or(0, |guess| guess.distances);
                let spent = (window_length(index) * wearer.channels.len()) as u32;
                let outcome = Outcome {
                    label,
                    latency_us: RECALL_US + DISTANCE_US * distances,
                    energy_spent: spent,
                    energy_earned: if success { 2 * spent } else { 0 },
                    success,
                    executor: index as u16,
                    at: training_time(i) + window as u64 * WINDOW_MS,
                };
                let learned = wearer.node.perception_mut().learn(&outcome, work)?;
                right += usize::from(success);
                if index == HUB {
                    pattern = Some(learned.id());
                }
                Ok(())
            })?;
            if let (Some(pattern), true) = (pattern, index != HUB) {
                let hub = &mut self.wrist.wearers[HUB].node;
                hub.perception_mut()
                    .credit(pattern, index as u16, 2 * right > WINDOWS)?;
            }
        }
        Ok(())
    }

    /// The hub recalls the recording and chooses whom to ask, the sensors claim what they saw in
    /// its windows, and the hub resolves what contradicts.
    fn test(&mut self, i: usize, recording: &Recording<'_>) -> Result<(), RunError> {
        let truth = recording.activity as u32;
        let start = test_time(i);
        let (verdict, asked) = self.judge(recording)?;
        let column = verdict.map_or(ACTIVITIES.len(), |recall| recall.label as usize);
        if let Some(cell) = self.tested.confusion[recording.activity].get_mut(column) {
            *cell += 1;
        }
        self.tested.routes[asked] += 1;
        self.watch.routed(truth, asked);
        for sensor in [ACCELEROMETER, GYROSCOPE] {
            self.wrist.wearers[sensor]
                .node
                .perception_mut()
                .begin_episode();
        }
        let (mut found, mut resolved, mut new) = (0, 0, false);
        for window in 0..WINDOWS {
            let at = start + window as u64 * WINDOW_MS;
            let mut answer = verdict;
            for sensor in [ACCELEROMETER, GYROSCOPE] {
                let Some(recall) = self.perceive(sensor, recording, window)? else {
                    continue;
                };
                if sensor == asked {
                    answer = Some(recall);
                }
                self.tested.right[sensor - 1] += u32::from(recall.label == truth);
                let said = self.claim(sensor, i, window, recording, &recall, at)?;
                self.tested.proved = said.index;
                if said.new {
                    new = true;
                    self.touch(sensor, at)?;
                    let (f, r) = self.resolve(&said.id, verdict.as_ref(), at)?;
                    found += f;
                    resolved += r;
                }
            }
            self.tested.windows += 1;
            let answer = answer.map(|recall| recall.label);
            self.tested.routed_right += u32::from(answer == Some(truth));
        }
        if new {
            let end = start + RECORDING_MS;
            self.touch(HUB, end)?;
            self.watch.claimed(end, found, resolved);
        }
        Ok(())
    }

    /// What the hub makes of a whole recording, and which node it would ask about it.
    fn judge(&mut self, recording: &Recording<'_>) -> Result<(Option<Recall>, usize), RunError> {
        let truth = recording.activity as u32;
        let mut verdict = None;
        let (wearer, work) = wearer(self.wrist, HUB);
        wearer.node.perception_mut().begin_episode();
        each_window(wearer, HUB, recording, |wearer, _| {
            wearer.node.perception_mut().embed(work)?;
            self.watch.recall_starts();
            verdict = wearer.node.perception_mut().attend(K, work)?;
            self.watch.recall_ends();
            Ok(())
        })?;
        if let Some(recall) = &verdict {
            self.watch.recalled(HUB, truth, recall);
        }
        let node = &wearer.node;
        self.watch.perceived(
            HUB,
            truth,
            node.perception().signal(),
            node.perception().spikes(),
        );
        let mut routes = [Route::default(); 3];
        let candidates = [HUB as u16, ACCELEROMETER as u16, GYROSCOPE as u16];
        let routes = node.perception().route(K, &candidates, &mut routes, work)?;
        let asked = routes.first().map_or(HUB, |r| usize::from(r.executor));
        Ok((verdict, asked))
    }

    /// What a sensor's node makes of one window.
    fn perceive(
        &mut self,
        sensor: usize,
        recording: &Recording<'_>,
        window: usize,
    ) -> Result<Option<Recall>, RunError> {
        let (wearer, work) = wearer(self.wrist, sensor);
        for sample in recording.samples().skip(window * WINDOW).take(WINDOW) {
            wearer
                .node
                .perception_mut()
                .push(&sample[wearer.channels.clone()])?;
        }
        wearer.node.perception_mut().embed(work)?;
        let recall = wearer.node.perception_mut().attend(K, work)?;
        let truth = recording.activity as u32;
        let node = &wearer.node;
        self.watch.perceived(
            sensor,
            truth,
            node.perception().signal(),
            node.perception().spikes(),
        );
        if let Some(recall) = &recall {
            self.watch.recalled(sensor, truth, recall);
        }
        Ok(recall)
    }

    /// The patterns that a recall found were of use.
    fn touch(&mut self, index: usize, at: u64) -> Result<(), RunError> {
        let (wearer, work) = wearer(self.wrist, index);
        wearer.node.perception_mut().recall_and_touch(K, work, at)?;
        Ok(())
    }

    fn claim(
        &mut self,
        sensor: usize,
        i: usize,
        window: usize,
        recording: &Recording<'_>,
        recall: &Recall,
        at: u64,
    ) -> Result<Said, RunError> {
        let mut subject = [0; 16];
        let evidence = [evidence(
            recording.samples().skip(window * WINDOW).take(WINDOW),
        )];
        let assert = Assert {
            subject: name(&mut subject, b"test/", i, Some(window)),
            predicate: PREDICATE,
            value: ACTIVITIES.get(recall.label as usize).unwrap_or(&"?"),
            evidence: &evidence,
            confidence: recall.certainty(),
            expires: None,
            supersedes: None,
        };
        self.say(sensor, CONTEXT, at, EventKind::Assert(assert))
    }

    /// The hub decides the conflicts of a claim by its own verdict: the claim that agrees with it
    /// stands, the other falls. Returns how many were found and resolved.
    fn resolve(
        &mut self,
        claim: &EventId,
        verdict: Option<&Recall>,
        at: u64,
    ) -> Result<(u32, u32), RunError> {
        let mut counts = (0, 0);
        loop {
            let hub = &self.wrist.wearers[HUB].node;
            let open = hub
                .history()
                .engine()
                .conflicts_of(claim)
                .find(|c| c.status.is_open());
            let Some(conflict) = open else {
                return Ok(counts);
            };
            counts.0 += 1;
            let agrees = |id: &EventId| -> bool {
                let value = verdict.and_then(|v| ACTIVITIES.get(v.label as usize));
                matches!(
                    hub.history().log().event(id).map(|e| e.event().kind),
                    Some(EventKind::Assert(assert)) if Some(&assert.value) == value
                )
            };
            let [a, b] = conflict.claims;
            let (accepted, deprecated): (&[EventId], &[EventId]) = match (agrees(&a), agrees(&b)) {
                (true, _) => (&[a], &[b]),
                (_, true) => (&[b], &[a]),
                _ => (&[], &[a, b]),
            };
            let decision = Resolution {
                conflict: conflict.id,
                accepted,
                deprecated,
                rationale: "the hub, which hears all six channels, decides",
                signatures: &[],
            };
            let signer = &self.wrist.wearers[HUB].author.signer;
            let endorsement = decision
                .endorse(CONTEXT, signer)
                .map_err(EncodeError::from)?;
            let decision = decision.endorsed(slice::from_ref(&endorsement));
            self.say(HUB, CONTEXT, at, EventKind::Resolution(decision))?;
            counts.1 += 1;
        }
    }

    /// A speaker says something: into its own log, and signed to the hub. What the hub knows
    /// already is not said again.
    fn say(
        &mut self,
        speaker: usize,
        context: &str,
        at: u64,
        kind: EventKind<'_>,
    ) -> Result<Said, RunError> {
        let mut out = [0; 1024];
        let author = &mut self.wrist.wearers[speaker].author;
        let event = author.event(context, at, kind);
        let id = *event.unsigned(&mut out)?.id();
        author.said(&event);
        if let Some(index) = self.wrist.wearers[HUB].node.history().log().find(&id) {
            return Ok(Said {
                id,
                index,
                new: false,
            });
        }
        let signed: SignedEvent<'_> =
            event.sign(&self.wrist.wearers[speaker].author.signer, &mut out)?;
        let bytes = signed.bytes();
        if speaker != HUB {
            let own = &mut self.wrist.wearers[speaker].node;
            own.history_mut()
                .ingest(bytes, &Policy::trusted(), &Ed25519, at)?;
        }
        let hub = &mut self.wrist.wearers[HUB].node;
        let taken = hub
            .history_mut()
            .ingest(bytes, &Policy::new(), &Ed25519, at)?;
        self.news += 1;
        Ok(Said {
            id,
            index: taken.index,
            new: true,
        })
    }

    fn summary(self) -> Summary {
        let Tested {
            confusion,
            windows,
            right,
            routes,
            routed_right,
            proved,
        } = self.tested;
        let patterns = self
            .wrist
            .wearers
            .each_ref()
            .map(|wearer| wearer.node.perception().bank().len() as u32);
        let hub = &mut self.wrist.wearers[HUB].node;
        let root = hub.history_mut().root();
        let size = hub.history().log().size();
        let proof_verified = hub.history().log().get(proved).is_ok_and(|entry| {
            let leaf = merkle::leaf_hash(entry.bytes());
            hub.history()
                .log()
                .prove_inclusion(proved, size)
                .is_ok_and(|proof| {
                    merkle::verify_inclusion(&leaf, proved, size, &proof, &root).is_ok()
                })
        });
        Summary {
            confusion,
            patterns,
            bank_digest: hub.perception().bank().digest(),
            log_size: size,
            log_root: root,
            tally: hub.history().engine().tally(),
            windows: (windows, right),
            routes,
            routed_right,
            proved,
            proof_verified,
            resumed: self.news == 0,
            image_digests: self
                .wrist
                .wearers
                .each_ref()
                .map(|wearer| wearer.node.image_digest()),
        }
    }
}

fn wearer<'w, 'm>(
    wrist: &'w mut Wrist<'m>,
    index: usize,
) -> (&'w mut Wearer<'m>, &'w mut Workspace<'m>) {
    let work = if index == HUB {
        &mut wrist.hub_work
    } else {
        &mut wrist.sensor_work
    };
    (&mut wrist.wearers[index], work)
}

/// Samples on which a node decides.
fn window_length(index: usize) -> usize {
    if index == HUB {
        WINDOW * WINDOWS
    } else {
        WINDOW
    }
}

/// Feeds a recording to a node and calls `end` at the end of each of its windows.
fn each_window<'m>(
    wearer: &mut Wearer<'m>,
    index: usize,
    recording: &Recording<'_>,
    mut end: impl FnMut(&mut Wearer<'m>, usize) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let length = window_length(index);
    for (n, sample) in recording.samples().enumerate() {
        wearer
            .node
            .perception_mut()
            .push(&sample[wearer.channels.clone()])?;
        if (n + 1) % length == 0 {
            end(wearer, n / length)?;
        }
    }
    Ok(())
}

const fn training_time(i: usize) -> u64 {
    START + i as u64 * RECORDING_MS
}

const fn test_time(i: usize) -> u64 {
    training_time(40 + i)
}

/// SHA-256 of samples, channel after channel within a sample, as little-endian `f32`.
fn evidence(samples: impl Iterator<Item = [f32; CHANNELS]>) -> Hash {
    let mut hash = Sha256::new();
    for value in samples.flatten() {
        hash.update(value.to_le_bytes());
    }
    hash.finalize().into()
}

fn training<'e>(
    subject: &'e mut [u8; 16],
    i: usize,
    recording: &Recording<'_>,
    evidence: &'e [Hash],
) -> Assert<'e> {
    Assert {
        subject: name(subject, b"train/", i, None),
        predicate: PREDICATE,
        value: ACTIVITIES[recording.activity],
        evidence,
        confidence: CERTAIN,
        expires: None,
        supersedes: None,
    }
}

/// Writes `prefix`, two digits of `i` and, after a slash, the window.
fn name<'n>(out: &'n mut [u8; 16], prefix: &[u8], i: usize, window: Option<usize>) -> &'n str {
    let digit = |n: usize| b'0' + (n % 10) as u8;
    let tail = [digit(i / 10), digit(i), b'/', digit(window.unwrap_or(0))];
    let tail = if window.is_some() {
        &tail[..]
    } else {
        &tail[..2]
    };
    let length = prefix.len() + tail.len();
    out[..prefix.len()].copy_from_slice(prefix);
    out[prefix.len()..length].copy_from_slice(tail);
    core::str::from_utf8(&out[..length]).unwrap_or("")
}
