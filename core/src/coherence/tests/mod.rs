mod churn;
mod damage;
mod holes;
mod life;
mod members;
mod model;
mod sizes;
mod split_views;
mod time;

use super::*;
use crate::Hash;
use crate::grid::GridConfig;
use crate::log::kind::{Act, Assert, CERTAIN, Challenge, Deprecate, Resolution, Support, Witness};
use crate::log::sign::{self, Domain, Ed25519, Endorsement};
use crate::log::{Embedding, Event, EventId, EventKind, SignedEvent, Signer};
use ed25519_dalek::SigningKey;
use std::format;
use std::string::String;
use std::vec::Vec;

use crate::block::Memory;

pub(super) const HOUR: u64 = 3_600_000;

/// A small engine: three dimensions, radius 0.5, 64 claims.
pub(super) const CONFIG: EngineConfig = EngineConfig::new(GridConfig::new(3, 64).radius(0.5));

pub(super) fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

pub(super) fn public(number: u8) -> [u8; 32] {
    key(number).public_key()
}

/// An engine with the log it was fed from: events with the times they were accepted at.
#[derive(Clone)]
pub(super) struct World {
    memory: Memory,
    pub config: EngineConfig,
    pub log: Vec<(Vec<u8>, u64)>,
    authorities: Vec<(String, u8, Vec<[u8; 32]>)>,
    pub now: u64,
}

/// A log that forgets nothing.
pub(super) struct Past<'w>(pub &'w [(Vec<u8>, u64)]);

impl History for Past<'_> {
    fn contains(&self, id: &EventId) -> bool {
        self.event(id).is_some()
    }

    fn event(&self, id: &EventId) -> Option<SignedEvent<'_>> {
        let mut all = self.0.iter().map(|(bytes, _)| decoded(bytes));
        all.find(|event| event.id() == id)
    }

    fn said(&self, author: &[u8; 32], seq: u32) -> Option<(u64, EventId)> {
        let mut all = (0..).zip(self.0.iter().map(|(bytes, _)| decoded(bytes)));
        let said =
            |event: &SignedEvent<'_>| (event.event().author, event.event().seq) == (*author, seq);
        all.find(|(_, event)| said(event))
            .map(|(index, event)| (index, *event.id()))
    }
}

pub(super) fn decoded(bytes: &[u8]) -> SignedEvent<'_> {
    SignedEvent::decode(bytes, &[0; 32]).unwrap()
}

impl World {
    /// A realm that is open, with room for everybody.
    pub fn new(config: EngineConfig) -> Self {
        Self::closed(config.open().members(256))
    }

    /// A realm of which only those are members whom its roots admit.
    pub fn closed(config: EngineConfig) -> Self {
        let mut memory = Memory::zeroed(config.bytes());
        Engine::format(&mut memory, config).unwrap();
        Self {
            memory,
            config,
            log: Vec::new(),
            authorities: Vec::new(),
            now: 1_000_000,
        }
    }

    /// The engine, opened anew, which checks all of it.
    pub fn engine(&mut self) -> Engine<'_> {
        Engine::open(&mut self.memory).unwrap()
    }

    /// The same engine and log again.
    pub fn copy(&self) -> Self {
        self.clone()
    }

    pub fn appoint(engine: &mut Engine<'_>, context: &str, threshold: u8, keys: &[[u8; 32]]) {
        let event = Event {
            realm: [0; 32],
            author: [0; 32],
            seq: 1,
            at: 0,
            context,
            embedding: Embedding::None,
            kind: EventKind::Unknown { tag: 99, body: &[] },
        };
        engine.act(&event, &Act::Appoint { threshold, keys });
        assert!(engine.authority(context).is_some());
    }

    pub fn authority(&mut self, context: &str, threshold: u8, keys: &[u8]) {
        let keys: Vec<_> = keys.iter().map(|&k| public(k)).collect();
        Self::appoint(&mut self.engine(), context, threshold, &keys);
        self.authorities.push((context.into(), threshold, keys));
    }

    /// Signs, admits, logs and applies an event.
    pub fn send(
        &mut self,
        author: u8,
        context: &str,
        embedding: Embedding<'_>,
        kind: EventKind<'_>,
    ) -> Result<(EventId, Applied), Refusal> {
        let event = self.event(author, context, embedding, kind);
        self.give(&event, &key(author))
    }

    /// The next event of an author.
    pub fn event<'e>(
        &mut self,
        author: u8,
        context: &'e str,
        embedding: Embedding<'e>,
        kind: EventKind<'e>,
    ) -> Event<'e> {
        Event {
            realm: [0; 32],
            author: public(author),
            seq: self.engine().member(&public(author)).map_or(1, |m| m.next),
            at: self.now,
            context,
            embedding,
            kind,
        }
    }

    /// Signs, checks, logs and applies an event as it is.
    pub fn give(
        &mut self,
        event: &Event<'_>,
        key: &SigningKey,
    ) -> Result<(EventId, Applied), Refusal> {
        let mut out = [0; 8192];
        let signed = event.sign(key, &mut out).unwrap();
        let (now, index) = (self.now, self.log.len() as u64);
        let before = self.memory.clone();
        let mut engine = Engine::open(&mut self.memory).unwrap();
        let digest = engine.digest();
        let id = *signed.id();
        let applied = match engine.check(&id, event, now, &Ed25519, &Past(&self.log)) {
            Ok(checked) => Ok(checked.apply(index)),
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = applied {
            assert!(self.memory == before, "a refused event leaves no trace");
            let mut engine = self.engine();
            engine.count_refusal(refusal);
            assert_eq!(engine.digest(), digest);
        }
        let applied = applied?;
        self.log.push((signed.bytes().into(), now));
        Ok((id, applied))
    }

    pub fn assert(
        &mut self,
        author: u8,
        context: &str,
        subject: &str,
        value: &str,
    ) -> Result<EventId, Refusal> {
        self.assert_until(author, context, subject, value, None)
    }

    pub fn assert_until(
        &mut self,
        author: u8,
        context: &str,
        subject: &str,
        value: &str,
        expires: Option<u64>,
    ) -> Result<EventId, Refusal> {
        let kind = says(subject, value, expires);
        self.send(author, context, Embedding::None, kind)
            .map(|(id, _)| id)
    }

    pub fn challenge(
        &mut self,
        author: u8,
        context: &str,
        claims: &[EventId],
    ) -> Result<Applied, Refusal> {
        let conflict = match claims {
            [a, b, ..] => conflict_id(a, b),
            _ => Hash::default(),
        };
        let kind = EventKind::Challenge(Challenge {
            conflict,
            claims,
            reason: "they differ",
        });
        self.send(author, context, Embedding::None, kind)
            .map(|(_, applied)| applied)
    }

    pub fn support(
        &mut self,
        author: u8,
        context: &str,
        [claim, against]: [EventId; 2],
        cost: u32,
    ) -> Result<Applied, Refusal> {
        let kind = EventKind::Support(Support {
            conflict: conflict_id(&claim, &against),
            claim,
            against,
            evidence: &[],
            cost,
        });
        self.send(author, context, Embedding::None, kind)
            .map(|(_, applied)| applied)
    }

    pub fn resolve(
        &mut self,
        context: &str,
        conflict: Hash,
        accepted: &[EventId],
        deprecated: &[EventId],
        signers: &[u8],
    ) -> Result<Applied, Refusal> {
        let bare = Resolution {
            conflict,
            accepted,
            deprecated,
            rationale: "seen by both eyes",
            signatures: &[],
        };
        let sign = |&k: &u8| bare.endorse(context, &key(k)).unwrap();
        let signatures: Vec<Endorsement> = signers.iter().map(sign).collect();
        let kind = EventKind::Resolution(bare.endorsed(&signatures));
        self.send(99, context, Embedding::None, kind)
            .map(|(_, applied)| applied)
    }

    pub fn deprecate(
        &mut self,
        author: u8,
        context: &str,
        claim: EventId,
        signers: &[u8],
    ) -> Result<Applied, Refusal> {
        let bare = Deprecate {
            claim,
            resolution: None,
            superseded_by: None,
            reason: "no longer so",
            signatures: &[],
        };
        let signatures = endorse(signers, Domain::Deprecation, &bare.digest(context));
        let kind = EventKind::Deprecate(Deprecate {
            signatures: &signatures,
            ..bare
        });
        self.send(author, context, Embedding::None, kind)
            .map(|(_, applied)| applied)
    }

    pub fn witness(
        &mut self,
        author: u8,
        context: &str,
        claim: EventId,
        path: &[u8],
    ) -> Result<Applied, Refusal> {
        let path: Vec<Hash> = path.iter().map(|&k| public(k)).collect();
        let kind = EventKind::Witness(Witness {
            claim,
            path: &path,
            confidence: CERTAIN,
        });
        self.send(author, context, Embedding::None, kind)
            .map(|(_, applied)| applied)
    }

    pub fn pass(&mut self, milliseconds: u64) -> Advanced {
        self.now += milliseconds;
        let now = self.now;
        self.engine().advance(now)
    }

    pub fn level(&mut self, id: &EventId) -> Option<Quarantine> {
        self.engine().quarantine(id)
    }

    pub fn status(&mut self, a: &EventId, b: &EventId) -> Option<Status> {
        self.engine().conflict(&conflict_id(a, b)).map(|c| c.status)
    }

    /// An engine rebuilt from the log, with the times that the log keeps, has the same digest at
    /// the same time.
    pub fn rebuild(&mut self) {
        let mut memory = Memory::zeroed(self.config.bytes());
        let mut other = Engine::format(&mut memory, self.config).unwrap();
        for (context, threshold, keys) in &self.authorities {
            Self::appoint(&mut other, context, *threshold, keys);
        }
        for (index, (bytes, now)) in self.log.iter().enumerate() {
            let signed = decoded(bytes);
            let (id, event) = (signed.id(), signed.event());
            let past = Past(&self.log[..index]);
            let checked = other.check_logged(id, event, *now, &past).unwrap();
            checked.apply(index as u64);
        }
        let now = self.engine().now();
        other.advance(now);
        assert_eq!(other.digest(), self.engine().digest());
    }
}

pub(super) fn endorse(signers: &[u8], domain: Domain, digest: &Hash) -> Vec<Endorsement> {
    let sign = |&k: &u8| sign::endorse(&key(k), domain, digest).unwrap();
    signers.iter().map(sign).collect()
}

pub(super) fn says<'a>(subject: &'a str, value: &'a str, expires: Option<u64>) -> EventKind<'a> {
    EventKind::Assert(Assert {
        subject,
        predicate: "state",
        value,
        evidence: &[],
        confidence: CERTAIN,
        expires,
        supersedes: None,
    })
}

/// A name that is its number.
pub(super) fn name(number: usize) -> String {
    format!("subject {number}")
}
