//! Finding entries: by number, by id, by context, by author.

use super::chains::Name;
use super::entries::Chain;
use super::event::{DecodeError, EventId, Realm};
use super::event_log::EventLog;
use super::read::{layout, names};
use super::sign::PublicKey;
use super::signed::SignedEvent;
use crate::error::errors;
use crate::table;

/// Number of an event in the log, from 0; never used twice.
pub type LogIndex = u64;

errors! {
    /// Why there is no such entry.
    pub enum LookupError: 0x0640 {
        /// The log is shorter.
        OutOfRange = 1 => "the log has no event of that number yet",
        /// The entry was pruned.
        Pruned = 2 => "the entry was pruned; ask whoever keeps the exported tiles",
    }
}

/// An event in the log: its number, when it was taken, and its bytes where they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    index: LogIndex,
    accepted: u64,
    realm: Realm,
    bytes: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Its number.
    pub const fn index(&self) -> LogIndex {
        self.index
    }

    /// The time at which the log took it: the `now` of its [`ingest`](EventLog::ingest). With it, what
    /// depends on when events were accepted can be worked out again from the log alone. No part of
    /// the leaf: another node took the same event at another time.
    pub const fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Its bytes: the leaf data.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Its fields and id. Cost: O(bytes), one SHA-256. An error only where the block was tampered
    /// with.
    pub fn decode(&self) -> Result<SignedEvent<'a>, DecodeError> {
        SignedEvent::decode(self.bytes, &self.realm)
    }
}

impl EventLog<'_> {
    /// The entry of a number.
    pub fn get(&self, index: LogIndex) -> Result<Entry<'_>, LookupError> {
        let entry = |bytes| {
            let accepted = self.entries.accepted(index)?;
            Some(Entry {
                index,
                accepted,
                realm: self.config().realm,
                bytes,
            })
        };
        match self.body(index).and_then(entry) {
            Some(entry) => Ok(entry),
            None if index < self.first() => Err(LookupError::Pruned),
            None => Err(LookupError::OutOfRange),
        }
    }

    /// The number of the event with an id, if it is kept. Cost: O(1); one SHA-256 if it is.
    pub fn find(&self, id: &EventId) -> Option<LogIndex> {
        self.entries.find(id, &self.bodies)
    }

    /// The fields of the event of an id, if it is kept. Cost: O(1) expected to find it, and
    /// [`Entry::decode`].
    pub fn event(&self, id: &EventId) -> Option<SignedEvent<'_>> {
        self.get(self.find(id)?).ok()?.decode().ok()
    }

    /// The kept entries from number `index` on, in order.
    pub fn since(&self, index: LogIndex) -> impl Iterator<Item = Entry<'_>> {
        (index.max(self.first())..self.size()).filter_map(|index| self.get(index).ok())
    }

    /// The kept entries of a context, in order.
    pub fn by_context(&self, context: &str) -> impl Iterator<Item = Entry<'_>> {
        let ends = self
            .context_name(context)
            .number
            .and_then(|n| self.contexts.ends(n));
        self.chain(ends, Chain::Context)
    }

    /// The kept entries of an author, in order.
    pub fn by_author(&self, author: &PublicKey) -> impl Iterator<Item = Entry<'_>> {
        let ends = self
            .author_name(author)
            .number
            .and_then(|n| self.authors.ends(n));
        self.chain(ends, Chain::Author)
    }

    /// The last kept entry of an author.
    pub fn last_by(&self, author: &PublicKey) -> Option<Entry<'_>> {
        let number = self.author_name(author).number?;
        let (_, last) = self.authors.ends(number)?;
        self.get(last).ok()
    }

    /// The number and the id of the kept event `seq` of an author. Cost: the author's kept events up to
    /// that, and one SHA-256.
    pub fn said(&self, author: &PublicKey, seq: u32) -> Option<(LogIndex, EventId)> {
        let number = |entry: &Entry<'_>| layout(entry.bytes()).map_or(0, |layout| layout.seq);
        let mut found = self
            .by_author(author)
            .skip_while(|entry| number(entry) < seq);
        let entry = found.next().filter(|entry| number(entry) == seq)?;
        Some((entry.index(), *entry.decode().ok()?.id()))
    }

    fn chain(&self, ends: Option<(u64, u64)>, chain: Chain) -> impl Iterator<Item = Entry<'_>> {
        let mut next = ends.map(|(first, _)| first);
        core::iter::from_fn(move || {
            let index = next?;
            next = match self.entries.link(index, chain)?.1 {
                0 => None,
                after => Some(after.into()),
            };
            self.get(index).ok()
        })
    }

    #[inline]
    pub(super) fn author_name(&self, author: &PublicKey) -> Name {
        self.authors
            .find(table::hash(author, self.config().seed), |last| {
                self.body(last).and_then(|body| body.get(1..33)) == Some(author)
            })
    }

    #[inline]
    pub(super) fn context_name(&self, context: &str) -> Name {
        self.contexts.find(
            table::hash(context.as_bytes(), self.config().seed),
            |last| {
                self.body(last)
                    .and_then(names)
                    .is_some_and(|(_, name)| name == context.as_bytes())
            },
        )
    }
}
