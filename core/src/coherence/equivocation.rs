//! Two events of one author that follow the same event: no single history holds both.
//!
//! The two signed events are the proof: anyone can check it with [`verify`] and the author's key,
//! without the log. The engine notices a fork while the first event is among the recent ones it
//! remembers, and keeps the latest proofs by the numbers and ids of the events.

use super::config::{PROOFS, WAYS};
use crate::Hash;
use crate::error::errors;
use crate::grid::Keys;
use crate::log::{Event, EventId, PublicKey, SignedEvent, Verifier};

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
    if first.prev != second.prev {
        return Err(ProofError::OtherPrevious);
    }
    for event in [a, b] {
        event
            .verify(verifier)
            .map_err(|_| ProofError::BadSignature)?;
    }
    Ok(first.author)
}

/// Recent events by author and previous event, and the forks found.
#[derive(Debug)]
pub(super) struct Forks<'a> {
    /// Three a place: author, previous event (zero for none), id.
    pub recent: &'a mut [Hash],
    /// One more than the event's number, a place each; zero while empty.
    pub numbers: &'a mut [u64],
    /// Two a proof.
    pub proofs: &'a mut [Hash],
    pub indexes: &'a mut [[u64; 2]],
    /// How many proofs were ever found.
    pub state: &'a mut [u32],
    pub secrets: Keys,
}

impl Forks<'_> {
    fn set(&self, author: &PublicKey, prev: &Hash) -> usize {
        let [a, b, c, d, e, f, g, h, ..] = *prev;
        let words = [
            self.secrets.id(author),
            u32::from_le_bytes([a, b, c, d]),
            u32::from_le_bytes([e, f, g, h]),
            0,
        ];
        let sets = (self.numbers.len() / WAYS).wrapping_sub(1);
        (self.secrets.words(0, words) as usize & sets) * WAYS
    }

    /// Takes an event into account; whether it forks its author's history. The oldest event of a
    /// set makes room.
    pub fn follow(&mut self, index: u64, id: &EventId, event: &Event<'_>) -> bool {
        let prev = event.prev.unwrap_or_default();
        let set = self.set(&event.author, &prev);
        let mut oldest = (u64::MAX, set);
        let mut fork = None;
        for way in set..set + WAYS {
            let number = self.numbers.get(way).copied().unwrap_or(0);
            let place = self.recent.get(way * 3..way * 3 + 3);
            if let Some([author, before, other]) = place
                && number != 0
                && *author == event.author
                && *before == prev
                && other != id
            {
                fork = Some((number - 1, *other));
            }
            if number < oldest.0 {
                oldest = (number, way);
            }
        }
        if let Some((number, other)) = fork {
            self.keep([number, index], [other, *id]);
            return true;
        }
        let (_, way) = oldest;
        if let Some([author, before, its]) = self.recent.get_mut(way * 3..way * 3 + 3) {
            *author = event.author;
            *before = prev;
            *its = *id;
        }
        if let Some(number) = self.numbers.get_mut(way) {
            *number = index.saturating_add(1);
        }
        false
    }

    fn count(&self) -> u32 {
        self.state.first().copied().unwrap_or(0)
    }

    fn keep(&mut self, indexes: [u64; 2], ids: [EventId; 2]) {
        let at = self.count() as usize % PROOFS;
        if let Some(to) = self.indexes.get_mut(at) {
            *to = indexes;
        }
        if let Some(to) = self.proofs.get_mut(at * 2..at * 2 + 2) {
            to.copy_from_slice(&ids);
        }
        let count = self.count().saturating_add(1);
        if let Some(word) = self.state.first_mut() {
            *word = count;
        }
    }

    /// How many forks were ever found.
    pub fn found(&self) -> u32 {
        self.count()
    }

    /// The latest forks, the oldest of them first.
    pub fn latest(&self) -> impl Iterator<Item = Equivocation> {
        let count = self.count() as usize;
        (count.saturating_sub(PROOFS)..count).filter_map(|number| {
            let at = number % PROOFS;
            Some(Equivocation {
                indexes: *self.indexes.get(at)?,
                ids: self.proofs.get(at * 2..at * 2 + 2)?.try_into().ok()?,
            })
        })
    }
}
