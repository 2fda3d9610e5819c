//! What events do to the claims of a history, and what time does.

use super::errors::IngestError;
use super::history::{History, Ingested};
use crate::coherence::{
    self, Advanced, AuthorityError, ObserveError, Observed, Repaired, realm_id,
};
use crate::log::candidate::Candidate;
use crate::log::sign::PublicKey;
use crate::log::{self, EventId, EventKind, EventLog, Policy, SignedEvent, Verifier};
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
        let realm = self.log.config().realm;
        let (event, leaf) =
            SignedEvent::decode_leaf(bytes, &realm).map_err(log::IngestError::from)?;
        let said = event.event();
        let ready = match self.engine.turn(&said.author, said.seq, said.at) {
            // Whoever is no member costs no signature.
            Err(refusal) => Err(IngestError::from(refusal)),
            Ok(_) => {
                let arrived = Candidate::from(&event);
                let found = self.log.admit(&arrived, policy, verifier, now)?;
                let known = Known(&self.log);
                self.engine
                    .check(event.id(), said, now, verifier, &known)
                    .map(|checked| (checked, arrived, found))
                    .map_err(IngestError::from)
            }
        };
        match ready {
            Ok((checked, arrived, found)) => {
                self.header.begin();
                let index = self.log.append(&arrived, &leaf, found, now);
                let ingested = index.map(|index| Ingested {
                    index,
                    id: *event.id(),
                    applied: checked.apply(index),
                });
                if found.evicts > 0 {
                    self.engine.forget();
                }
                self.header.end();
                Ok(ingested?)
            }
            Err(error) => {
                if let IngestError::Refused(refusal) = error {
                    self.change(|half| half.engine.count_refusal(refusal));
                }
                Err(error)
            }
        }
    }

    /// Tells the history the roots of its realm, `threshold` of whom must sign what they decide, under
    /// the name from which, with their keys, the realm's [id](crate::coherence::realm_id) was made.
    /// Once; their decisions are events.
    pub fn found(
        &mut self,
        name: &str,
        threshold: u8,
        roots: &[PublicKey],
    ) -> Result<(), AuthorityError> {
        if realm_id(name, threshold, roots) != self.log.config().realm {
            return Err(AuthorityError::OtherRealm);
        }
        self.change(|half| half.engine.found(threshold, roots))
    }

    /// Makes claims and conflicts anew of the events that the log has kept: what they were before, or
    /// less where something was forgotten, and the same on every node that has kept the same events and
    /// heard the same of the roots. Members, roots and authorities stay as they are. Cost: that of
    /// taking the events, three times.
    pub fn rebuild(&mut self) {
        self.header.begin();
        self.engine.clear();
        // What decides comes after what it is about, and that after what it is said of.
        for step in [Step::Say, Step::Argue, Step::Decide] {
            for entry in self.log.since(0) {
                let Ok(event) = entry.decode() else { continue };
                let said = event.event();
                let first = self.log.said(&said.author, said.seq);
                let is_first = first.is_some_and(|(index, _)| index == entry.index());
                if is_first && step.takes(&event, &self.log) {
                    let known = Known(&self.log);
                    self.engine.again(entry.index(), event.id(), said, &known);
                }
            }
        }
        self.header.end();
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
}

/// The log, as an event sees it that names another.
struct Known<'l, 'a>(&'l EventLog<'a>);

impl coherence::History for Known<'_, '_> {
    fn contains(&self, id: &EventId) -> bool {
        self.0.find(id).is_some()
    }

    fn event(&self, id: &EventId) -> Option<SignedEvent<'_>> {
        self.0.event(id)
    }

    fn said(&self, author: &PublicKey, seq: u32) -> Option<(u64, EventId)> {
        self.0.said(author, seq)
    }

    fn is_whole(&self) -> bool {
        self.0.first() == 0
    }
}

/// What a pass of a rebuild takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Claims, and what their authors take back.
    Say,
    /// Challenges, support, witnesses.
    Argue,
    /// What authorities decide.
    Decide,
}

impl Step {
    fn takes(self, event: &SignedEvent<'_>, log: &EventLog<'_>) -> bool {
        let said = event.event();
        let step = match &said.kind {
            EventKind::Assert(_) | EventKind::Roots(_) => Self::Say,
            EventKind::Deprecate(d) => {
                let claim = log.event(&d.claim);
                match claim.is_some_and(|claim| claim.event().author == said.author) {
                    true => Self::Say,
                    false => Self::Decide,
                }
            }
            EventKind::Resolution(_) => Self::Decide,
            _ => Self::Argue,
        };
        step == self
    }
}
