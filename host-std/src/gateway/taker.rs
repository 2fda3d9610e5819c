//! How a node takes one line: what its sources say, what its authorities decide, what other nodes
//! have signed.

use std::collections::{HashMap, HashSet};

use ed25519_dalek::SigningKey;
use sensilla::Hash;
use sensilla::coherence::{Conflict, Refusal};
use sensilla::log::kind::{Act, Assert, Resolution};
use sensilla::log::sign::PublicKey;
use sensilla::log::{
    self, Author, Ed25519, Embedding, Event, EventId, EventKind, Policy, SignedEvent, Signer,
};
use sensilla::node::{IngestError, Ingested, Node};

use super::{Batch, Lack, clock};
use crate::keys::Keyring;
use crate::profile::Profile;
use crate::read::claims::{Claim, Resolve, Said, Supersedes};
use crate::realm;
use crate::store::manifest::hex;

/// What a conflict is about: context, subject, predicate.
type Topic = (String, String, String);

/// What is known of a node's log, so that a line that says nothing new is known for it.
#[derive(Debug)]
pub(super) struct Taker {
    speakers: HashMap<String, Author<SigningKey>>,
    public_keys: HashMap<String, PublicKey>,
    /// Events of the log by what they say, whatever came before them.
    said: HashSet<Hash>,
    /// The last claim of an author about a topic.
    latest: HashMap<(PublicKey, Topic), EventId>,
    /// Numbers that were said of a topic whose predicate has a tolerance, in the order of the log.
    numbers: HashMap<Topic, Vec<String>>,
    /// What the clock says, in milliseconds since 1970.
    pub clock: u64,
    /// Whether a line may decide, with the keys of this node.
    pub decides: bool,
    buffer: Vec<u8>,
}

/// Why a line was not taken.
pub(super) enum Stop {
    /// The node has no room.
    Full(Lack),
    /// It must not be.
    Bad(String),
}

impl Stop {
    /// The same of a source.
    fn of(self, name: &str) -> Self {
        match self {
            Self::Bad(reason) => Self::Bad(reason.replace("its source", &format!("`{name}`"))),
            full => full,
        }
    }
}

impl From<String> for Stop {
    fn from(reason: String) -> Self {
        Self::Bad(reason)
    }
}

impl Taker {
    pub fn new() -> Self {
        Self {
            speakers: HashMap::new(),
            public_keys: HashMap::new(),
            said: HashSet::new(),
            latest: HashMap::new(),
            numbers: HashMap::new(),
            clock: 0,
            decides: false,
            buffer: vec![0; log::event::MAX_EVENT],
        }
    }

    /// Learns from the log what was said and what conflicts are about.
    pub fn recollect(&mut self, node: &Node<'_>, profile: &Profile) {
        self.said.clear();
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
    }

    /// Takes one line; names the sources that it is from in `profile`.
    pub fn take(
        &mut self,
        node: &mut Node<'_>,
        keys: &Keyring,
        profile: &mut Profile,
        said: &Said,
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        match said {
            Said::Claim(claim) => {
                profile.name_source(&claim.author, &self.public_key(keys, &claim.author));
                let tolerance = profile.tolerances.get(&claim.predicate).copied();
                self.claim(node, keys, claim, tolerance, batch)
            }
            Said::Event(bytes) => self.event(node, bytes, batch),
            Said::Resolve(resolve) => {
                if !self.decides {
                    return Err(Stop::Bad(
                        "a line decides nothing by itself: with --decide it does, by the keys that \
                         this store holds for the authorities it names"
                            .into(),
                    ));
                }
                profile.name_source(&resolve.author, &self.public_key(keys, &resolve.author));
                let of = |a: &&crate::profile::Authority| a.context == resolve.context;
                let authority = profile.authorities.iter().find(of);
                let members = authority.map_or(&[][..], |authority| &authority.members);
                self.resolve(node, keys, resolve, members, batch)
            }
        }
    }

    /// The public key of a source, which costs as much as a signature to find.
    fn public_key(&mut self, keys: &Keyring, name: &str) -> PublicKey {
        if let Some(key) = self.public_keys.get(name) {
            return *key;
        }
        let key = keys.public_key(name);
        self.public_keys.insert(name.to_owned(), key);
        key
    }

    fn claim(
        &mut self,
        node: &mut Node<'_>,
        keys: &Keyring,
        claim: &Claim,
        tolerance: Option<f64>,
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        let topic: Topic = (
            claim.context.clone(),
            claim.subject.clone(),
            claim.predicate.clone(),
        );
        let author = self.public_key(keys, &claim.author);
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
        let at = claim.at;
        let speaker = speaker(
            &mut self.speakers,
            node,
            keys,
            &claim.author,
            (at, self.clock),
        )?;
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
        let taken = ingest(
            node,
            signed.bytes(),
            &Policy::trusted(),
            claim.at,
            self.clock,
        );
        match taken.map_err(|stop| stop.of(&claim.author))? {
            Taken::New(ingested) => {
                speaker.said(&event);
                self.said.insert(content);
                batch.adopted += u64::from(value != claim.value);
                if tolerance.is_some() {
                    self.numbers.entry(key.1.clone()).or_default().push(value);
                }
                self.latest.insert(key, ingested.id);
                note(&ingested, batch);
            }
            Taken::Known => batch.known += 1,
            Taken::Expired => batch.expired += 1,
        }
        Ok(())
    }

    fn event(&mut self, node: &mut Node<'_>, bytes: &[u8], batch: &mut Batch) -> Result<(), Stop> {
        let realm = node.history().log().realm();
        let event = SignedEvent::decode(bytes, &realm).map_err(|e| e.to_string())?;
        let at = event.event().at;
        let taken = match event.event().kind {
            EventKind::Roots(_) => {
                // It is held to the clock like all others, and moves no time.
                let latest = self.clock.saturating_add(Policy::new().max_ahead);
                if at > latest {
                    return Err(too_early(at, self.clock));
                }
                let policy = Policy {
                    max_ahead: u64::MAX,
                    ..Policy::new()
                };
                ingest(node, bytes, &policy, 0, self.clock)
            }
            _ => ingest(node, bytes, &Policy::new(), at, self.clock),
        };
        match taken? {
            Taken::New(ingested) => {
                note(&ingested, batch);
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
        keys: &Keyring,
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
        let about = |conflict: &Conflict| {
            conflict.status.is_open()
                && topic_of(node, &conflict.claims[0]).as_ref() == Some(&topic)
        };
        let engine = node.history().engine();
        let conflicts: Vec<Hash> = engine.conflicts().filter(about).map(|c| c.id).collect();
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
            let when = (resolve.at, self.clock);
            let speaker = speaker(&mut self.speakers, node, keys, &resolve.author, when)?;
            let kind = EventKind::Resolution(decision.endorsed(&signatures));
            let event = speaker.event(&resolve.context, resolve.at, kind);
            let signed = event
                .sign(&speaker.signer, &mut self.buffer)
                .map_err(|e| e.to_string())?;
            let taken = ingest(
                node,
                signed.bytes(),
                &Policy::trusted(),
                resolve.at,
                self.clock,
            )?;
            if let Taken::New(ingested) = taken {
                speaker.said(&event);
                note(&ingested, batch);
            }
        }
        Ok(())
    }
}

fn note(ingested: &Ingested, batch: &mut Batch) {
    batch.appended += 1;
    batch.found += u64::from(ingested.applied.found);
    batch.resolved += u64::from(ingested.applied.resolved);
    batch.truncated += u64::from(!ingested.applied.coverage.is_complete());
    batch.unrecorded += u64::from(ingested.applied.unrecorded);
    batch.idle += u64::from(ingested.applied.idle);
}

/// The source `name` as an author, whom the root of the realm lets speak if it does not yet.
fn speaker<'s>(
    speakers: &'s mut HashMap<String, Author<SigningKey>>,
    node: &mut Node<'_>,
    keys: &Keyring,
    name: &str,
    (at, clock): (u64, u64),
) -> Result<&'s mut Author<SigningKey>, Stop> {
    let known = speakers.contains_key(name);
    let speaker = speakers
        .entry(name.to_owned())
        .or_insert_with(|| Author::new(keys.key(name), node.history().log().realm()));
    if !known {
        let key = speaker.signer.public_key();
        if node.history().engine().member(&key).is_none() {
            let act = Act::Admit { key, name, from: 1 };
            realm::decide(node, &keys.root(), "", act, at.min(clock)).map_err(|reason| {
                match node.history().engine().members().count() as u32
                    >= u32::from(node.history().config().authors)
                {
                    true => Stop::Full(Lack::Authors),
                    false => Stop::Bad(format!(
                        "`{name}` is no member of the realm, and {reason} (its key is {})",
                        hex(&key)
                    )),
                }
            })?;
        }
        let next = node.history().engine().next(&key);
        speaker.next = next.unwrap_or(speaker.next);
    }
    Ok(speaker)
}

fn too_early(at: u64, now: u64) -> Stop {
    Stop::Bad(format!(
        "dated {}, and the clock says {}; check both, or say when it is with --now",
        clock::date(at),
        clock::date(now)
    ))
}

enum Taken {
    New(Ingested),
    Known,
    Expired,
}

/// Takes an event. The time of the node follows what it is told, so that the same lines leave the
/// same node, and never goes beyond the clock.
fn ingest(
    node: &mut Node<'_>,
    bytes: &[u8],
    policy: &Policy,
    at: u64,
    clock: u64,
) -> Result<Taken, Stop> {
    let now = node.history().engine().now().max(at.min(clock));
    match node.history_mut().ingest(bytes, policy, &Ed25519, now) {
        Ok(ingested) => Ok(Taken::New(ingested)),
        Err(IngestError::Log(cause)) => match cause {
            log::IngestError::Duplicate { .. } => Ok(Taken::Known),
            log::IngestError::Full { part } => Err(Stop::Full(match part {
                "authors" => Lack::Authors,
                "contexts" => Lack::Contexts,
                _ => Lack::Events,
            })),
            log::IngestError::TooEarly { at, now } => Err(too_early(at, now)),
            cause => Err(Stop::Bad(cause.to_string())),
        },
        Err(IngestError::Refused(cause)) => match cause {
            Refusal::Expired => Ok(Taken::Expired),
            Refusal::ContextsFull | Refusal::OverContexts { .. } => Err(Stop::Full(Lack::Contexts)),
            Refusal::MembersFull => Err(Stop::Full(Lack::Authors)),
            Refusal::ClaimsFull
            | Refusal::ConflictsFull
            | Refusal::OverShare { .. }
            | Refusal::OverWitnesses { .. }
            | Refusal::WitnessesFull => Err(Stop::Full(Lack::Events)),
            Refusal::Duplicate => Ok(Taken::Known),
            Refusal::BackInTime { last } => Err(Stop::Bad(format!(
                "dated {}, before what its source said last, {}; the time of a source does not go back",
                clock::date(at),
                clock::date(last)
            ))),
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
    let mut first = Event { seq: 1, ..*event };
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
