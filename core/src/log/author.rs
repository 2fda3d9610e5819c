//! Who says things: a key, and how many events were said with it.

use super::event::{Embedding, EncodeError, Event, Realm};
use super::event_log::EventLog;
use super::kind::EventKind;
use super::sign::Signer;
use super::signed::SignedEvent;

/// An author of events, each numbered after the one before.
///
/// Where an event may still be refused, sign it with [`Event::sign`] and count it with
/// [`said`](Self::said) once it is in the log; [`say`](Self::say) is for one that goes out.
#[derive(Clone, Copy, Debug)]
pub struct Author<S> {
    /// The key.
    pub signer: S,
    /// Where it speaks.
    pub realm: Realm,
    /// The number of its next event, 1 if it has said nothing yet.
    pub next: u32,
}

impl<S: Signer> Author<S> {
    /// Who has said nothing yet.
    pub const fn new(signer: S, realm: Realm) -> Self {
        Self {
            signer,
            realm,
            next: 1,
        }
    }

    /// Who goes on where `log` ends. Where the log has pruned all of the author's events, take the
    /// number from [`Engine::next`](crate::coherence::Engine::next), which forgets none. Cost: O(bytes)
    /// of the author's last event.
    pub fn of(log: &EventLog<'_>, signer: S) -> Self {
        let last = log.last_by(&signer.public_key());
        let last = last.and_then(|entry| Some(entry.decode().ok()?.event().seq));
        Self {
            next: last.unwrap_or(0).saturating_add(1),
            ..Self::new(signer, log.config().realm)
        }
    }

    /// The author's next event, without an embedding.
    pub fn event<'e>(&self, context: &'e str, at: u64, kind: EventKind<'e>) -> Event<'e> {
        Event {
            realm: self.realm,
            author: self.signer.public_key(),
            seq: self.next,
            at,
            context,
            embedding: Embedding::None,
            kind,
        }
    }

    /// Counts an event as said: the next one has the number after it.
    pub fn said(&mut self, event: &Event<'_>) {
        self.next = event.seq.saturating_add(1);
    }

    /// Signs the author's next event into the front of `out` and counts it as said.
    pub fn say<'b>(
        &mut self,
        event: &Event<'b>,
        out: &'b mut [u8],
    ) -> Result<SignedEvent<'b>, EncodeError> {
        let signed = event.sign(&self.signer, out)?;
        self.said(event);
        Ok(signed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;
    use crate::log::kind::{Assert, CERTAIN};
    use crate::log::{Ed25519, LogConfig, Policy};
    use ed25519_dalek::SigningKey;

    #[test]
    fn each_event_has_the_number_after_the_one_before() {
        const CONFIG: LogConfig = LogConfig::new(16, 1 << 12).realm([9; 32]);
        let mut memory = Block::<{ CONFIG.bytes() }>::new();
        let mut log = EventLog::format(&mut memory, CONFIG).unwrap();
        let mut out = [0; 512];
        for at in 0..6 {
            // A new value of the same key finds its place in the log.
            let mut author = Author::of(&log, SigningKey::from_bytes(&[5; 32]));
            assert_eq!((author.next, author.realm), (at as u32 + 1, [9; 32]));
            let kind = EventKind::Assert(Assert {
                subject: "door",
                predicate: "state",
                value: "open",
                evidence: &[],
                confidence: CERTAIN,
                expires: None,
                supersedes: None,
            });
            let event = author.event("hall", at, kind);
            let signed = author.say(&event, &mut out).unwrap();
            let id = *signed.id();
            log.ingest(signed.bytes(), &Policy::new(), &Ed25519, at)
                .unwrap();
            assert_eq!(author.next, at as u32 + 2);
            let found = log.event(&id).unwrap();
            assert_eq!((found.event().at, found.id()), (at, &id));
        }
        assert_eq!(log.event(&[0; 32]), None);
        let stranger = Author::of(&log, SigningKey::from_bytes(&[6; 32]));
        assert_eq!(stranger.next, 1);
        let event = stranger.event("hall", 9, EventKind::Unknown { tag: 99, body: &[] });
        let mut author = Author::new(SigningKey::from_bytes(&[5; 32]), [9; 32]);
        let refused = author.say(&event, &mut out);
        assert_eq!(refused.err(), Some(EncodeError::WrongAuthor));
        assert_eq!(author.next, 1);
    }
}
