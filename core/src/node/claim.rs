//! What events do to the claims of a history, and what time does.

use super::errors::IngestError;
use super::history::{History, Ingested};
use crate::coherence::{Advanced, AuthorityError, ObserveError, Observed, Repaired};
use crate::log::candidate::Candidate;
use crate::log::sign::PublicKey;
use crate::log::{self, EventId, Policy, SignedEvent, Verifier};
use crate::merkle::note::NoteKey;

impl History<'_> {
    /// Checks an event, its own or a peer's, appends it to the log and lets it take effect. On an
    /// error nothing has changed but the count of
    /// [refusals](crate::coherence::Engine::refusals).
    pub fn ingest<V: Verifier + ?Sized>(
        &mut self,
        bytes: &[u8],
        policy: &Policy,
        verifier: &V,
        now: u64,
    ) -> Result<Ingested, IngestError> {
        let (event, leaf) = SignedEvent::decode_leaf(bytes).map_err(log::IngestError::from)?;
        let arrived = Candidate::from(&event);
        let found = self.log.admit(&arrived, policy, verifier, now)?;
        let known = |id: &EventId| self.log.find(id).is_some();
        let engine = self
            .engine
            .check(event.id(), event.event(), now, verifier, &known);
        match engine {
            Ok(ready) => {
                self.header.begin();
                let index = self.log.append(&arrived, &leaf, found, now);
                let ingested = index.map(|index| Ingested {
                    index,
                    id: *event.id(),
                    applied: ready.apply(index),
                });
                self.header.end();
                Ok(ingested?)
            }
            Err(refusal) => {
                self.change(|half| half.engine.count_refusal(refusal));
                Err(refusal.into())
            }
        }
    }

    /// Lets time pass: claims expire and conflicts escalate; see [`Engine::advance`](crate::coherence::Engine::advance).
    pub fn advance(&mut self, now: u64) -> Advanced {
        self.change(|half| half.engine.advance(now))
    }

    /// Takes a checkpoint of another log into account, which `key` must have signed; see
    /// [`Engine::observe`](crate::coherence::Engine::observe).
    pub fn observe<V: Verifier + ?Sized>(
        &mut self,
        note: &[u8],
        key: &NoteKey<'_>,
        verifier: &V,
    ) -> Result<Observed, ObserveError> {
        self.change(|half| half.engine.observe(note, key, verifier))
    }

    /// Looks at every pair of a context's claims, after a call that could not; see
    /// [`Engine::detect_all`](crate::coherence::Engine::detect_all).
    pub fn detect_all(&mut self, context: &str) -> Repaired {
        self.change(|half| half.engine.detect_all(context))
    }

    /// Gives `context` an authority; see [`Engine::register_authority`](crate::coherence::Engine::register_authority).
    pub fn register_authority(
        &mut self,
        context: &str,
        threshold: u8,
        keys: &[PublicKey],
    ) -> Result<(), AuthorityError> {
        self.change(|half| half.engine.register_authority(context, threshold, keys))
    }
}
