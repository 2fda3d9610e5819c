//! Who says things: a key, and the last event that was said with it.

use super::event::{Embedding, EncodeError, Event, EventId};
use super::event_log::EventLog;
use super::kind::EventKind;
use super::sign::Signer;
use super::signed::SignedEvent;

/// An author of events, each of which names the one before.
///
/// Where an event may still be refused, sign it with [`Event::sign`] and set
/// [`last`](Self::last) once it is in the log; [`say`](Self::say) is for one that goes out.
#[derive(Clone, Copy, Debug)]
pub struct Author<S> {
    /// The key.
    pub signer: S,
    /// The author's last event; `None` if it has said nothing yet.
    pub last: Option<EventId>,
}

impl<S: Signer> Author<S> {
    /// Who has said nothing yet.
    pub const fn new(signer: S) -> Self {
        Self { signer, last: None }
    }

    /// Who goes on where `log` ends. Cost: O(bytes) of the author's last event.
    pub fn of(log: &EventLog<'_>, signer: S) -> Self {
        let last = log.last_by(&signer.public_key());
        let last = last.and_then(|entry| Some(*entry.decode().ok()?.id()));
        Self { signer, last }
    }

    /// The author's next event, without an embedding.
    pub fn event<'e>(&self, context: &'e str, at: u64, kind: EventKind<'e>) -> Event<'e> {
        Event {
            author: self.signer.public_key(),
            prev: self.last,
            at,
            context,
            embedding: Embedding::None,
            kind,
        }
    }

    /// Signs the author's next event into the front of `out`; the one after will name it.
    pub fn say<'b>(
        &mut self,
        event: &Event<'b>,
        out: &'b mut [u8],
    ) -> Result<SignedEvent<'b>, EncodeError> {
        let signed = event.sign(&self.signer, out)?;
        self.last = Some(*signed.id());
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
    fn each_event_names_the_one_before() {
        const CONFIG: LogConfig = LogConfig::new(16, 1 << 12);
        let mut memory = Block::<{ CONFIG.bytes() }>::new();
        let mut log = EventLog::format(&mut memory, CONFIG).unwrap();
        let mut out = [0; 512];
        let policy = Policy::new().strict();
        let mut said = None;
        for at in 0..6 {
            // A new value of the same key finds its place in the log.
            let mut author = Author::of(&log, SigningKey::from_bytes(&[5; 32]));
            assert_eq!(author.last, said);
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
            assert_eq!(signed.event().prev, said);
            said = Some(*signed.id());
            log.ingest(signed.bytes(), &policy, &Ed25519, at).unwrap();
            assert_eq!(author.last, said);
            let found = log.event(&said.unwrap()).unwrap();
            assert_eq!((found.event().at, found.id()), (at, &said.unwrap()));
        }
        assert_eq!(log.event(&[0; 32]), None);
        let stranger = Author::of(&log, SigningKey::from_bytes(&[6; 32]));
        assert_eq!(stranger.last, None);
        let event = stranger.event("hall", 9, EventKind::Unknown { tag: 99, body: &[] });
        let mut author = Author::new(SigningKey::from_bytes(&[5; 32]));
        let refused = author.say(&event, &mut out);
        assert_eq!(refused.err(), Some(EncodeError::WrongAuthor));
        assert_eq!(author.last, None);
    }
}
