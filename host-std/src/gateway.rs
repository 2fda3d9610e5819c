//! Takes what a file claims into a node: signs for the sources that have no key, keeps what is
//! known already from being said twice, resolves on an authority's word.
//!
//! The time of the node is the latest time of an event, so the same files in the same order leave
//! the same log.

use std::collections::{HashMap, HashSet};

use ed25519_dalek::SigningKey;
use sensilla::Hash;
use sensilla::coherence::Refusal;
use sensilla::log::kind::{Assert, Resolution};
use sensilla::log::sign::PublicKey;
use sensilla::log::{
    self, Author, Ed25519, Embedding, Event, EventId, EventKind, Policy, SignedEvent,
};
use sensilla::node::{IngestError, Ingested, Node};

use crate::Error;
use crate::home::Home;
use crate::profile::{Profile, Room};
use crate::progress::Progress;
use crate::read::InputError;
use crate::read::claims::{Claim, ClaimLine, Resolve, Said, Supersedes};

/// By how much the clock of another node may be ahead of ours, in milliseconds.
const MAX_AHEAD: u64 = 60_000;
/// Most events a node of this host keeps.
const MAX_EVENTS: u32 = 1 << 22;
/// Bytes of an event besides its texts and its embedding, at most.
const FRAME: usize = 320;

/// What became of a file of claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Events that are new in the log.
    pub appended: u64,
    /// Those that it held already.
    pub known: u64,
    /// Claims that had expired by the time of the log.
    pub expired: u64,
    /// Conflicts found.
    pub found: u64,
    /// Conflicts resolved.
    pub resolved: u64,
    /// Claims that were not compared with all they might contradict.
    pub truncated: u64,
    /// Claims that were within the tolerance of another and took its value.
    pub adopted: u64,
    /// Lines that were refused, where the others are kept.
    pub refused: u64,
}

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its number.
    pub line: u64,
    /// What it changed.
    pub change: Batch,
    /// Why it was refused, if it was.
    pub refused: Option<String>,
}

/// Whether one bad line keeps the others out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taking {
    /// All lines or none.
    #[default]
    Whole,
    /// Each line by itself.
    EachLine,
}

impl Batch {
    /// What changed since it was `before`.
    fn since(&self, before: &Self) -> Self {
        Self {
            appended: self.appended - before.appended,
            known: self.known - before.known,
            expired: self.expired - before.expired,
            found: self.found - before.found,
            resolved: self.resolved - before.resolved,
            truncated: self.truncated - before.truncated,
            adopted: self.adopted - before.adopted,
            refused: self.refused - before.refused,
        }
    }

    /// Adds what another changed.
    pub fn add(&mut self, more: &Self) {
        self.appended += more.appended;
        self.known += more.known;
        self.expired += more.expired;
        self.found += more.found;
        self.resolved += more.resolved;
        self.truncated += more.truncated;
        self.adopted += more.adopted;
        self.refused += more.refused;
    }
}

/// What a conflict is about: context, subject, predicate.
type Topic = (String, String, String);

/// A node that takes claims.
#[derive(Debug)]
pub struct Gateway {
    home: Home,
    file: String,
    speakers: HashMap<String, Author<SigningKey>>,
    /// Events of the log by what they say, whatever came before them.
    said: HashSet<Hash>,
    /// Conflicts by what they are about.
    topics: HashMap<Topic, Vec<Hash>>,
    /// The last claim of an author about a topic.
    latest: HashMap<(PublicKey, Topic), EventId>,
    /// Numbers that were said of a topic whose predicate has a tolerance, in the order of the log.
    numbers: HashMap<Topic, Vec<String>>,
    taking: Taking,
    outcomes: Vec<Outcome>,
    buffer: Vec<u8>,
}

/// Why a line was not taken.
enum Stop {
    /// The node has no room.
    Full,
    /// It must not be.
    Bad(String),
}

impl From<String> for Stop {
    fn from(reason: String) -> Self {
        Self::Bad(reason)
    }
}

impl Gateway {
    /// A gateway to the node of `home` for the file of this name.
    pub fn new(home: Home, file: &str) -> Self {
        Self {
            home,
            file: file.into(),
            speakers: HashMap::new(),
            said: HashSet::new(),
            topics: HashMap::new(),
            latest: HashMap::new(),
            numbers: HashMap::new(),
            taking: Taking::Whole,
            outcomes: Vec::new(),
            buffer: vec![0; log::event::MAX_EVENT],
        }
    }

    /// Takes each line by itself from now on.
    pub fn each_line(mut self) -> Self {
        self.taking = Taking::EachLine;
        self
    }

    /// The node, between two calls.
    pub fn home_mut(&mut self) -> &mut Home {
        &mut self.home
    }

    /// What became of each line since the last call, where each is taken by itself.
    pub fn take_outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    /// The node with what it took.
    pub fn into_home(self) -> Home {
        self.home
    }

    /// Takes all of `lines`, or stops at the first that must not be.
    pub fn take(&mut self, lines: &[ClaimLine]) -> Result<Batch, Error> {
        self.make_room(lines)?;
        let mut progress = Progress::new("ingesting", Some(lines.len() as u64));
        let mut batch = Batch::default();
        let mut rest = lines;
        loop {
            // The node is checked as a whole when it is opened, so it stays open until it is full.
            let mut home = std::mem::take(&mut self.home);
            let full = self.take_until_full(&mut home, &mut rest, &mut batch, &mut progress);
            self.home = home;
            if !full? {
                return Ok(batch);
            }
            let room = self.home.profile.room;
            if room.events >= MAX_EVENTS {
                return Err(Error::Failed(format!(
                    "the store's log is full: it holds at most {MAX_EVENTS} events"
                )));
            }
            self.home.grow(Room {
                events: room.events.saturating_mul(2).min(MAX_EVENTS),
                bytes: room.bytes.saturating_mul(2).min(u32::MAX / 2),
                authors: room.authors.saturating_mul(2).min(u16::MAX - 1),
                contexts: room.contexts.saturating_mul(2).min(u16::MAX - 1),
                ..room
            })?;
        }
    }

    /// Makes the node as large as `lines` need.
    fn make_room(&mut self, lines: &[ClaimLine]) -> Result<(), Error> {
        let (mut bytes, mut dimensions) = (0usize, 0usize);
        let mut authors = HashSet::new();
        let mut contexts = HashSet::new();
        for line in lines {
            match &line.said {
                Said::Claim(claim) => {
                    bytes += FRAME
                        + claim.context.len()
                        + claim.subject.len()
                        + claim.predicate.len()
                        + claim.value.len()
                        + claim.evidence.len() * 32
                        + claim.embedding.len() * 4;
                    dimensions = dimensions.max(claim.embedding.len());
                    authors.insert(claim.author.as_str());
                    contexts.insert(claim.context.as_str());
                }
                Said::Resolve(resolve) => {
                    bytes += FRAME * 2 + resolve.rationale.len();
                    authors.insert(resolve.author.as_str());
                }
                Said::Event(event) => {
                    bytes += event.len();
                    if let Ok(event) = SignedEvent::decode(event) {
                        dimensions = dimensions.max(event.event().embedding.len());
                    }
                }
            }
        }
        let (size, placed) = {
            let node = self.home.node()?;
            let placed = node.history().log().since(0).any(|entry| {
                entry
                    .decode()
                    .is_ok_and(|e| !e.event().embedding.is_empty())
            });
            (node.history().log().size(), placed)
        };
        let room = self.home.profile.room;
        let fit = |needed: usize, has: u32, most: u32| {
            let needed = u32::try_from(needed).unwrap_or(most);
            if needed <= has {
                has
            } else {
                needed.saturating_add(needed / 4).min(most)
            }
        };
        let used = usize::try_from(size).unwrap_or(usize::MAX);
        let per_event = room.bytes as usize / room.events.max(1) as usize;
        let fitted = Room {
            events: fit(
                used.saturating_add(lines.len() + lines.len() / 4),
                room.events,
                MAX_EVENTS,
            ),
            bytes: fit(
                used.saturating_mul(per_event.max(FRAME))
                    .saturating_add(bytes),
                room.bytes,
                u32::MAX / 2,
            ),
            authors: fit(
                authors.len() + 16,
                room.authors.into(),
                u32::from(u16::MAX) - 1,
            ) as u16,
            contexts: fit(
                contexts.len() + 4,
                room.contexts.into(),
                u32::from(u16::MAX) - 1,
            ) as u16,
            dimensions: match dimensions {
                // Without embeddings in the log any length will do.
                1.. if !placed => dimensions as u32,
                _ => room.dimensions,
            },
        };
        if fitted != room {
            self.home.grow(fitted)?;
        }
        Ok(())
    }

    /// Takes lines off `rest` until none is left (false) or the node is full (true).
    fn take_until_full(
        &mut self,
        home: &mut Home,
        rest: &mut &[ClaimLine],
        batch: &mut Batch,
        progress: &mut Progress,
    ) -> Result<bool, Error> {
        let keys = home.keys.clone();
        let mut profile = home.profile.clone();
        let mut node = home.node()?;
        self.recollect(&node, &profile);
        while let Some((line, after)) = rest.split_first() {
            let before = *batch;
            let mut refused = None;
            let taken = match &line.said {
                Said::Claim(claim) => {
                    profile.name_source(&claim.author, &keys.public_key(&claim.author));
                    let tolerance = profile.tolerances.get(&claim.predicate).copied();
                    self.claim(&mut node, &keys, claim, tolerance, batch)
                }
                Said::Event(bytes) => self.event(&mut node, bytes, batch),
                Said::Resolve(resolve) => {
                    let authority = profile
                        .authorities
                        .iter()
                        .find(|a| a.context == resolve.context);
                    let members: Vec<String> =
                        authority.map(|a| a.members.clone()).unwrap_or_default();
                    profile.name_source(&resolve.author, &keys.public_key(&resolve.author));
                    self.resolve(&mut node, &keys, resolve, &members, batch)
                }
            };
            match taken {
                Ok(()) => {}
                Err(Stop::Full) => {
                    home.profile = profile;
                    return Ok(true);
                }
                Err(Stop::Bad(reason)) if self.taking == Taking::EachLine => {
                    batch.refused += 1;
                    refused = Some(reason);
                }
                Err(Stop::Bad(reason)) => {
                    return Err(Error::Input(InputError {
                        file: self.file.clone(),
                        line: Some(line.line),
                        reason,
                    }));
                }
            }
            if self.taking == Taking::EachLine {
                self.outcomes.push(Outcome {
                    line: line.line,
                    change: batch.since(&before),
                    refused,
                });
            }
            *rest = after;
            progress.step(1);
        }
        home.profile = profile;
        Ok(false)
    }

    /// Learns from the log what was said and what conflicts are about.
    fn recollect(&mut self, node: &Node<'_>, profile: &Profile) {
        self.said.clear();
        self.topics.clear();
        self.speakers.clear();
        self.latest.clear();
        self.numbers.clear();
        for entry in node.history().log().since(0) {
            let Ok(event) = entry.decode() else {
                continue;
            };
            if let Ok(id) = content_id(event.event(), &mut self.buffer) {
                self.said.insert(id);
            }
            if let EventKind::Assert(assert) = &event.event().kind {
                let topic = topic(event.event().context, assert);
                if profile.tolerances.contains_key(assert.predicate) {
                    let said = self.numbers.entry(topic.clone()).or_default();
                    said.push(assert.value.to_owned());
                }
                self.latest
                    .insert((event.event().author, topic), *event.id());
            }
        }
        for conflict in node.history().engine().conflicts() {
            if let Some(topic) = topic_of(node, &conflict.claims[0]) {
                self.topics.entry(topic).or_default().push(conflict.id);
            }
        }
    }

    fn claim(
        &mut self,
        node: &mut Node<'_>,
        keys: &crate::keys::Keyring,
        claim: &Claim,
        tolerance: Option<f64>,
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        let topic: Topic = (
            claim.context.clone(),
            claim.subject.clone(),
            claim.predicate.clone(),
        );
        let author = keys.public_key(&claim.author);
        let key = (author, topic);
        let replaced = match claim.supersedes {
            Supersedes::Nothing => None,
            Supersedes::Last => self.latest.get(&key).copied(),
            Supersedes::Event(id) => Some(id),
        };
        let said = self.numbers.get(&key.1).map_or(&[][..], Vec::as_slice);
        let near = tolerance.and_then(|tolerance| agreeing(&claim.value, said, tolerance));
        let value = near.unwrap_or(&claim.value).to_owned();
        let assert = Assert {
            subject: &claim.subject,
            predicate: &claim.predicate,
            value: &value,
            evidence: &claim.evidence,
            confidence: claim.confidence,
            expires: claim.expires,
            supersedes: replaced,
        };
        let kind = EventKind::Assert(assert);
        let embedding = match claim.embedding.as_slice() {
            [] => Embedding::None,
            values => Embedding::f32(values),
        };
        let speaker = self
            .speakers
            .entry(claim.author.clone())
            .or_insert_with(|| Author::of(node.history().log(), keys.key(&claim.author)));
        let event = Event {
            embedding,
            ..speaker.event(&claim.context, claim.at, kind)
        };
        let content = content_id(&event, &mut self.buffer)?;
        if self.said.contains(&content) {
            batch.known += 1;
            return Ok(());
        }
        let signed = event
            .sign(&speaker.signer, &mut self.buffer)
            .map_err(|e| e.to_string())?;
        match ingest(node, signed.bytes(), &Policy::replay(), claim.at)? {
            Taken::New(ingested) => {
                speaker.last = Some(ingested.id);
                self.said.insert(content);
                batch.adopted += u64::from(value != claim.value);
                if tolerance.is_some() {
                    self.numbers.entry(key.1.clone()).or_default().push(value);
                }
                self.latest.insert(key, ingested.id);
                self.note(node, &ingested, batch);
            }
            Taken::Known => batch.known += 1,
            Taken::Expired => batch.expired += 1,
        }
        Ok(())
    }

    fn event(&mut self, node: &mut Node<'_>, bytes: &[u8], batch: &mut Batch) -> Result<(), Stop> {
        let event = SignedEvent::decode(bytes).map_err(|e| e.to_string())?;
        let (at, clock) = (event.event().at, clock());
        if at > clock.saturating_add(MAX_AHEAD) {
            return Err(Stop::Bad(format!(
                "the event is dated {} ms ahead; check both clocks",
                at - clock
            )));
        }
        match ingest(
            node,
            bytes,
            &Policy {
                max_ahead: u64::MAX,
                ..Policy::new()
            },
            at,
        )? {
            Taken::New(ingested) => {
                self.note(node, &ingested, batch);
                self.speakers.clear();
            }
            Taken::Known => batch.known += 1,
            Taken::Expired => batch.expired += 1,
        }
        Ok(())
    }

    fn resolve(
        &mut self,
        node: &mut Node<'_>,
        keys: &crate::keys::Keyring,
        resolve: &Resolve,
        members: &[String],
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        if !members.contains(&resolve.author) {
            return Err(Stop::Bad(format!(
                "`{}` is no authority of the context `{}`; make it one with --authority",
                resolve.author, resolve.context
            )));
        }
        if let Some(stranger) = resolve
            .cosigners
            .iter()
            .find(|name| !members.contains(name))
        {
            return Err(Stop::Bad(format!(
                "the cosigner `{stranger}` is no authority of the context `{}`",
                resolve.context
            )));
        }
        let topic = (
            resolve.context.clone(),
            resolve.subject.clone(),
            resolve.predicate.clone(),
        );
        let conflicts = self.topics.get(&topic).cloned().unwrap_or_default();
        for id in conflicts {
            // An earlier resolution may have let one of its claims fall.
            let Some(conflict) = node
                .history()
                .engine()
                .conflict(&id)
                .filter(|c| c.status.is_open())
            else {
                continue;
            };
            let (accepted, deprecated): (Vec<EventId>, Vec<EventId>) = conflict
                .claims
                .iter()
                .copied()
                .partition(|claim| value_of(node, claim).as_ref() == Some(&resolve.value));
            let decision = Resolution {
                conflict: id,
                accepted: &accepted,
                deprecated: &deprecated,
                rationale: &resolve.rationale,
                signatures: &[],
            };
            let signatures = std::iter::once(&resolve.author)
                .chain(&resolve.cosigners)
                .map(|name| decision.endorse(&resolve.context, &keys.key(name)))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|e| e.to_string())?;
            let speaker = self
                .speakers
                .entry(resolve.author.clone())
                .or_insert_with(|| Author::of(node.history().log(), keys.key(&resolve.author)));
            let kind = EventKind::Resolution(decision.endorsed(&signatures));
            let event = speaker.event(&resolve.context, resolve.at, kind);
            let signed = event
                .sign(&speaker.signer, &mut self.buffer)
                .map_err(|e| e.to_string())?;
            let taken = ingest(node, signed.bytes(), &Policy::replay(), resolve.at)?;
            if let Taken::New(ingested) = taken {
                speaker.last = Some(ingested.id);
                self.note(node, &ingested, batch);
            }
        }
        Ok(())
    }

    fn note(&mut self, node: &Node<'_>, ingested: &Ingested, batch: &mut Batch) {
        batch.appended += 1;
        batch.found += u64::from(ingested.applied.found);
        batch.resolved += u64::from(ingested.applied.resolved);
        batch.truncated += u64::from(ingested.applied.is_truncated());
        if ingested.applied.found > 0
            && let Some(topic) = topic_of(node, &ingested.id)
        {
            let conflicts = node
                .history()
                .engine()
                .conflicts_of(&ingested.id)
                .map(|c| c.id);
            self.topics.entry(topic).or_default().extend(conflicts);
        }
    }
}

enum Taken {
    New(Ingested),
    Known,
    Expired,
}

fn ingest(node: &mut Node<'_>, bytes: &[u8], policy: &Policy, at: u64) -> Result<Taken, Stop> {
    let now = node.history().engine().now().max(at);
    match node.history_mut().ingest(bytes, policy, &Ed25519, now) {
        Ok(ingested) => Ok(Taken::New(ingested)),
        Err(IngestError::Log(cause)) => match cause {
            log::IngestError::Duplicate { .. } => Ok(Taken::Known),
            log::IngestError::Expired => Ok(Taken::Expired),
            log::IngestError::Full { .. } => Err(Stop::Full),
            cause => Err(Stop::Bad(cause.to_string())),
        },
        Err(IngestError::Refused(cause)) => match cause {
            Refusal::Expired => Ok(Taken::Expired),
            Refusal::ClaimsFull
            | Refusal::ConflictsFull
            | Refusal::ContextsFull
            | Refusal::WitnessesFull => Err(Stop::Full),
            cause => Err(Stop::Bad(cause.to_string())),
        },
        Err(other) => Err(Stop::Bad(other.to_string())),
    }
}

/// The number that was said first of those that `value` agrees with; none if there is none.
fn agreeing<'s>(value: &str, said: &'s [String], tolerance: f64) -> Option<&'s str> {
    let value: f64 = value.parse().ok().filter(|x: &f64| x.is_finite())?;
    // Decimal fractions are not exact: what differs by the tolerance agrees.
    let most = tolerance + tolerance.abs() * 1e-9 + value.abs() * 1e-12;
    let near = |text: &&String| text.parse::<f64>().is_ok_and(|x| (x - value).abs() <= most);
    said.iter().find(near).map(String::as_str)
}

fn topic(context: &str, assert: &Assert<'_>) -> Topic {
    (
        context.into(),
        assert.subject.into(),
        assert.predicate.into(),
    )
}

/// The id an event would have as its author's first, and if it replaced none: equal for events that
/// say the same.
fn content_id(event: &Event<'_>, buffer: &mut [u8]) -> Result<Hash, String> {
    let mut first = Event {
        prev: None,
        ..*event
    };
    if let EventKind::Assert(assert) = &mut first.kind {
        assert.supersedes = None;
    }
    first
        .unsigned(buffer)
        .map(|event| *event.id())
        .map_err(|e| e.to_string())
}

fn assertion<T>(
    node: &Node<'_>,
    id: &EventId,
    read: impl FnOnce(&str, &Assert<'_>) -> T,
) -> Option<T> {
    let event = node.history().log().event(id)?;
    match &event.event().kind {
        EventKind::Assert(assert) => Some(read(event.event().context, assert)),
        _ => None,
    }
}

fn topic_of(node: &Node<'_>, id: &EventId) -> Option<Topic> {
    assertion(node, id, topic)
}

fn value_of(node: &Node<'_>, id: &EventId) -> Option<String> {
    assertion(node, id, |_, assert| assert.value.into())
}

/// Milliseconds since 1970.
fn clock() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |t| t.as_millis().try_into().unwrap_or(u64::MAX))
}
