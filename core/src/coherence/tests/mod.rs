mod churn;
mod damage;
mod holes;
mod life;
mod model;
mod sizes;
mod split_views;
mod time;

use super::*;
use crate::Hash;
use crate::grid::GridConfig;
use crate::log::kind::{Assert, CERTAIN, Challenge, Deprecate, Resolution, Support, Witness};
use crate::log::sign::{self, Domain, Ed25519, Endorsement};
use crate::log::{
    Embedding, Event, EventId, EventKind, EventLog, LogConfig, Policy, SignedEvent, Signer,
};
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
pub(super) struct World {
    memory: Memory,
    config: EngineConfig,
    pub log: Vec<(Vec<u8>, u64)>,
    authorities: Vec<(String, u8, Vec<[u8; 32]>)>,
    pub now: u64,
    /// Makes events different that say the same at the same time.
    pub nonce: u64,
}

impl World {
    pub fn new(config: EngineConfig) -> Self {
        let mut memory = Memory::zeroed(config.bytes());
        Engine::format(&mut memory, config).unwrap();
        Self {
            memory,
            config,
            log: Vec::new(),
            authorities: Vec::new(),
            now: 1_000_000,
            nonce: 0,
        }
    }

    /// The engine, opened anew, which checks all of it.
    pub fn engine(&mut self) -> Engine<'_> {
        Engine::open(&mut self.memory).unwrap()
    }

    /// The same engine and log again.
    pub fn copy(&self) -> Self {
        Self {
            memory: self.memory.clone(),
            config: self.config,
            log: self.log.clone(),
            authorities: self.authorities.clone(),
            now: self.now,
            nonce: self.nonce,
        }
    }

    pub fn authority(&mut self, context: &str, threshold: u8, keys: &[u8]) {
        let keys: Vec<_> = keys.iter().map(|&k| public(k)).collect();
        self.engine()
            .register_authority(context, threshold, &keys)
            .unwrap();
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
        let event = Event {
            author: public(author),
            prev: (self.nonce > 0).then(|| nonce(self.nonce)),
            at: self.now,
            context,
            embedding,
            kind,
        };
        let mut out = [0; 8192];
        let signed = event.sign(&key(author), &mut out).unwrap();
        let (now, index) = (self.now, self.log.len() as u64);
        let known: Vec<EventId> = self.log.iter().map(|(e, _)| decode(e).1).collect();
        let before = self.memory.clone();
        let mut engine = Engine::open(&mut self.memory).unwrap();
        let digest = engine.digest();
        let history = |id: &EventId| known.contains(id);
        let id = *signed.id();
        let applied = match engine.check(&id, &event, now, &Ed25519, &history) {
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
        conflict: Hash,
        claim: EventId,
        cost: u32,
    ) -> Result<Applied, Refusal> {
        let kind = EventKind::Support(Support {
            conflict,
            claim,
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
        let bytes: usize = self.log.iter().map(|(event, _)| event.len() + 64).sum();
        let config = LogConfig::new(self.log.len().max(1) as u32, bytes.max(1 << 16) as u32)
            .authors(256)
            .contexts(16);
        let mut memory = Memory::zeroed(config.bytes());
        let mut log = EventLog::format(&mut memory, config).unwrap();
        for (event, now) in &self.log {
            log.ingest(event, &Policy::trusted(), &Ed25519, *now)
                .unwrap();
        }
        let mut memory = Memory::zeroed(self.config.bytes());
        let mut other = Engine::format(&mut memory, self.config).unwrap();
        for (context, threshold, keys) in &self.authorities {
            other.register_authority(context, *threshold, keys).unwrap();
        }
        for entry in log.since(0) {
            let signed = entry.decode().unwrap();
            let (id, event, now) = (signed.id(), signed.event(), entry.accepted());
            let checked = other.check_logged(id, event, now).unwrap();
            checked.apply(entry.index());
        }
        let now = self.engine().now();
        other.advance(now);
        assert_eq!(other.digest(), self.engine().digest());
    }
}

fn nonce(number: u64) -> Hash {
    let mut id = [7; 32];
    id[..8].copy_from_slice(&number.to_le_bytes());
    id
}

pub(super) fn decode(bytes: &[u8]) -> (Event<'_>, EventId) {
    let signed = SignedEvent::decode(bytes).unwrap();
    (*signed.event(), *signed.id())
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
