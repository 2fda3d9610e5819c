//! Two events of one author that follow the same event: no single history holds both.
//!
//! The two signed events are the proof: anyone can check it with [`verify`] and the author's key,
//! without the log. The engine notices a fork while the first event is among the recent ones it
//! remembers, and keeps the latest proofs by the numbers and ids of the events.

use crate::error::errors;
use crate::log::{EventId, PublicKey, SignedEvent, Verifier};

errors! {
    /// Why two events prove nothing.
    pub enum ProofError: 0x0950 {
        /// Both are the same event.
        SameEvent = 1 => "both are the same event",
        /// They are of different authors.
        OtherAuthor = 2 => "the events are of different authors",
        /// They follow different events.
        OtherPrevious = 3 => "the events follow different events, so one history can hold both",
        /// One of them is not signed by its author.
        BadSignature = 4 => "one of the events is not signed by its author",
    }
}

/// A fork that the engine has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Equivocation {
    /// The numbers of both events in the log.
    pub indexes: [u64; 2],
    /// Their ids.
    pub ids: [EventId; 2],
}

/// Whether two events prove that their author has told two histories; the author if so.
pub fn verify<V: Verifier + ?Sized>(
    a: &SignedEvent<'_>,
    b: &SignedEvent<'_>,
    verifier: &V,
) -> Result<PublicKey, ProofError> {
    let (first, second) = (a.event(), b.event());
    if a.id() == b.id() {
        return Err(ProofError::SameEvent);
    }
    if first.author != second.author {
        return Err(ProofError::OtherAuthor);
    }
    if first.seq != second.seq || first.realm != second.realm {
        return Err(ProofError::OtherPrevious);
    }
    for event in [a, b] {
        event
            .verify(verifier)
            .map_err(|_| ProofError::BadSignature)?;
    }
    Ok(first.author)
}
