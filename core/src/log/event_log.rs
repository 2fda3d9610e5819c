//! The log: events in the order in which this node took them, over an RFC 6962 tree.

use super::bodies::Bodies;
use super::candidate::Candidate;
use super::chains::{Chains, Free, Name};
use super::config::LogConfig;
use super::entries::{Chain, Entries};
use super::event::Realm;
use super::lookup::LogIndex;
use super::policy::{Found, IngestError, Policy, Trust};
use super::read::layout;
use super::shares::Shares;
use super::sign::Verifier;
use crate::Hash;
use crate::block::BlockError;
use crate::block::sections::is_zero;
use crate::block::structure::structure;
use crate::error::errors;
use crate::merkle::hash::content_and_leaf;
use crate::merkle::nodes::Nodes;
use crate::merkle::watch::WatchError;
use crate::merkle::{AppendError, Proof, ProofError, leaf_hash};
use crate::slices;

const COUNTERS: usize = 8;
pub(super) const EXPORTED: usize = 0;
const AUTHORS: usize = 1;
const CONTEXTS: usize = 2;

errors! {
    /// Why nothing was pruned or marked.
    pub enum PruneError: 0x0650 {
        /// The log is shorter.
        OutOfRange = 1 => "the log has fewer events than that",
        /// The policy keeps what was not exported.
        NotExported { exported: u64 } = 2
            => "only the first {exported} events were exported; export and mark the rest before pruning it",
    }
}

structure! {
    /// The event log of a node in a block.
    ///
    /// Opening it checks its structure, not its hashes: see
    /// [`open_verified`](Self::open_verified) and [`verify`](Self::verify).
    pub struct EventLog for LogConfig as config {
        pub(super) counters "log counters": [u64; COUNTERS],
        pub(super) nodes: in Nodes<'a> = &config.shape(),
        pub(super) entries: in Entries<'a> = config,
        pub(super) authors "log authors": in Chains<'a> = &config.authors,
        pub(super) contexts "log contexts": in Chains<'a> = &config.contexts,
        pub(super) bodies: in Bodies<'a> = config,
        pub(super) shares: in Shares<'a> = config,
    }
}

impl EventLog<'_> {
    fn is_sound(&mut self) -> bool {
        if !self.nodes.is_sound() {
            return false;
        }
        let (first, size) = (self.first(), self.size());
        if !self.entries.resume(&self.config, first, size)
            || !self.bodies.resume(self.entries.spans())
        {
            return false;
        }
        let (entries, counters) = (&self.entries, &self.counters);
        let names = |chains: &Chains<'_>, counter: usize, chain| {
            Free::from_word(slices::word(counters, counter))
                .is_some_and(|free| chains.check(free, size - first, |i| entries.link(i, chain)))
        };
        slices::word(counters, EXPORTED) <= size
            && is_zero(slices::from(counters, CONTEXTS + 1))
            && names(&self.authors, AUTHORS, Chain::Author)
            && names(&self.contexts, CONTEXTS, Chain::Context)
            && self
                .shares
                .check(&self.config, |author| self.bytes_of(author))
    }

    /// The configuration.
    pub const fn config(&self) -> LogConfig {
        self.config
    }

    /// The realm that its events are of.
    pub const fn realm(&self) -> Realm {
        self.config.realm
    }

    /// Number of events ever appended.
    pub fn size(&self) -> u64 {
        self.nodes.size()
    }

    /// Number of the first event that is kept.
    pub fn first(&self) -> LogIndex {
        self.nodes.first()
    }

    /// Number of events that are kept.
    pub fn len(&self) -> u64 {
        self.size() - self.first()
    }

    /// Whether no event is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks everything about an event that is to be appended, and changes nothing; what the log
    /// knows of it. O(1) look-ups and, unless the policy trusts, one signature check, which comes
    /// last.
    pub(crate) fn admit<V: Verifier + ?Sized>(
        &self,
        event: &Candidate<'_>,
        policy: &Policy,
        verifier: &V,
        now: u64,
    ) -> Result<Found, IngestError> {
        event.check_time(policy, now)?;
        if let Some(index) = self.find(event.id) {
            return Err(IngestError::Duplicate { index });
        }
        let author = self.author_name(event.author);
        let context = self.context_name(event.context);
        let evicts = self.check_room(event.bytes.len(), author, context)?;
        if policy.trust == Trust::Signatures {
            event.verify(verifier)?;
        }
        Ok(Found {
            author,
            context,
            evicts,
        })
    }

    fn check_room(&self, length: usize, author: Name, context: Name) -> Result<u64, IngestError> {
        let full = |part| IngestError::Full { part };
        if author.number.is_none() && !self.authors.has_room(self.free(AUTHORS)) {
            return Err(full("authors"));
        }
        if context.number.is_none() && !self.contexts.has_room(self.free(CONTEXTS)) {
            return Err(full("contexts"));
        }
        let evicts = self
            .entries
            .evictions(length, &self.bodies)
            .ok_or(full("bytes"))?;
        if evicts > 0 {
            let overflow = self.config.overflow;
            let gone = self.first() + evicts;
            if !overflow.evicts() || (overflow.keeps_unexported() && gone > self.exported()) {
                return Err(full(if self.len() >= self.config.entries.into() {
                    "entries"
                } else {
                    "bytes"
                }));
            }
        }
        if let Err(AppendError::Exhausted) = self.nodes.check_append() {
            return Err(full("events at its height"));
        }
        self.check_share(length, author, evicts)
    }

    /// How many entries go for an event of this author, where `evicts` go for want of room.
    fn check_share(&self, length: usize, author: Name, evicts: u64) -> Result<u64, IngestError> {
        let Some(most) = self.shares.most() else {
            return Ok(evicts);
        };
        let over = IngestError::OverShare {
            most: self.config.bytes_each,
        };
        let overflow = self.config.overflow;
        let held = author.number.map_or(0, |number| self.shares.held(number));
        let mut wanted = held + length as u64;
        let mut gone = 0;
        while gone < evicts || wanted > most {
            let slot = self.entries.slot(self.first() + gone).ok_or(over)?;
            let own = Some(slot.author) == author.number;
            let kept = overflow.keeps_unexported() && self.first() + gone >= self.exported();
            // Beyond what must go for want of room an author pushes out nobody's events but its own.
            if gone >= evicts && !(own && overflow.evicts() && !kept) {
                return Err(over);
            }
            if own {
                wanted = wanted.saturating_sub(slot.span.length.into());
            }
            gone += 1;
        }
        Ok(gone)
    }

    /// The bytes of the kept events of the author with a number.
    fn bytes_of(&self, author: u16) -> u64 {
        let (mut bytes, mut at) = (0, self.authors.ends(author).map(|(first, _)| first));
        while let Some(slot) = at.and_then(|index| self.entries.slot(index)) {
            bytes += u64::from(slot.span.length);
            at = (slot.next_author != 0).then_some(slot.next_author.into());
        }
        bytes
    }

    fn free(&self, counter: usize) -> Free {
        Free::from_word(slices::word(self.counters, counter)).unwrap_or_default()
    }

    /// Appends an event that was admitted since the log last changed; its number. O(bytes),
    /// amortised one node of the tree; O(evicted) where it evicts.
    pub(crate) fn append(
        &mut self,
        event: &Candidate<'_>,
        leaf: &Hash,
        mut found: Found,
        now: u64,
    ) -> Result<LogIndex, IngestError> {
        self.header.begin();
        if found.evicts > 0 {
            self.forget(self.first() + found.evicts);
            found.author = self.author_name(event.author);
            found.context = self.context_name(event.context);
        }
        let written = self.write_entry(event, leaf, found, now);
        self.header.end();
        // There is room: that was looked at on admission.
        written.ok_or(IngestError::Full { part: "entries" })
    }

    #[inline]
    fn write_entry(
        &mut self,
        event: &Candidate<'_>,
        leaf: &Hash,
        found: Found,
        now: u64,
    ) -> Option<LogIndex> {
        let index = self.size();
        let (mut authors, mut contexts) = (self.free(AUTHORS), self.free(CONTEXTS));
        let author = self.authors.append(found.author, index, &mut authors)?;
        let context = self.contexts.append(found.context, index, &mut contexts)?;
        slices::put(self.counters, AUTHORS, authors.to_word());
        slices::put(self.counters, CONTEXTS, contexts.to_word());
        let span = self.bodies.append(event.bytes)?;
        self.shares.add(author.0, span.length);
        self.entries.append(event, span, now, author, context)?;
        self.nodes.append(leaf).ok()
    }

    /// Checks an event and appends it; its number. On an error nothing has changed. O(bytes), two
    /// SHA-256 and what [`Policy`] asks for. Whether its author is a member, and this its next event,
    /// is asked by a [`History`](crate::node::History).
    pub fn ingest<V: Verifier + ?Sized>(
        &mut self,
        bytes: &[u8],
        policy: &Policy,
        verifier: &V,
        now: u64,
    ) -> Result<LogIndex, IngestError> {
        let layout = layout(bytes)?;
        layout.kind()?;
        let (id, leaf) = content_and_leaf(layout.content, &self.config.realm, bytes);
        let event = Candidate::new(bytes, &layout, &id);
        let found = self.admit(&event, policy, verifier, now)?;
        self.append(&event, &leaf, found, now)
    }

    /// The root over all events; proofs at this size hash nothing from now on. It depends on the
    /// events alone.
    pub fn root(&mut self) -> Hash {
        if self.nodes.is_folded() {
            return self.nodes.root();
        }
        self.header.begin();
        let root = self.nodes.root();
        self.header.end();
        root
    }

    /// The root when the log had `size` events. Writes nothing.
    pub fn root_at(&self, size: u64) -> Result<Hash, ProofError> {
        self.nodes.root_at(size)
    }

    /// Proves that entry `index` is in the log of the first `size` events.
    #[inline]
    pub fn prove_inclusion(&self, index: LogIndex, size: u64) -> Result<Proof, ProofError> {
        self.nodes.prove_inclusion(index, size)
    }

    /// Proves that the log of the first `old_size` events is the beginning of that of `new_size`.
    pub fn prove_consistency(&self, old_size: u64, new_size: u64) -> Result<Proof, ProofError> {
        self.nodes.prove_consistency(old_size, new_size)
    }

    /// Keeps the inclusion proofs of entry `index` current from now on, also after it is pruned:
    /// [`prove_inclusion`](Self::prove_inclusion) goes on answering for it. For claims in force,
    /// which outlive their events.
    pub fn watch(&mut self, index: LogIndex) -> Result<(), WatchError> {
        if self.nodes.watch(index)? {
            self.header.touch();
        }
        Ok(())
    }

    /// Watches an entry no longer.
    pub fn unwatch(&mut self, index: LogIndex) {
        if self.watched().any(|watched| watched == index) {
            self.header.begin();
            self.nodes.unwatch(index);
            self.header.end();
        }
    }

    /// The watched entries.
    pub fn watched(&self) -> impl Iterator<Item = LogIndex> {
        self.nodes.watched()
    }

    /// Forgets the events before `first` and every hash that only they need. The root stays, and
    /// every proof between kept entries; asking for others is [`ProofError::Pruned`]. Cost:
    /// O(forgotten).
    pub fn prune(&mut self, first: LogIndex) -> Result<(), PruneError> {
        if first > self.size() {
            return Err(PruneError::OutOfRange);
        }
        let exported = self.exported();
        if self.config.overflow.keeps_unexported() && first > exported {
            return Err(PruneError::NotExported { exported });
        }
        if first > self.first() {
            self.header.begin();
            self.forget(first);
            self.header.end();
        }
        Ok(())
    }

    fn forget(&mut self, first: LogIndex) {
        let (mut authors, mut contexts) = (self.free(AUTHORS), self.free(CONTEXTS));
        while self.entries.first() < first
            && let Some(slot) = self.entries.remove_first()
        {
            let next = self.entries.span(self.entries.first());
            self.bodies.remove_first(slot.span, next);
            self.shares.remove(slot.author, slot.span.length);
            self.authors
                .remove_first(slot.author, slot.next_author, &mut authors);
            self.contexts
                .remove_first(slot.context, slot.next_context, &mut contexts);
        }
        slices::put(self.counters, AUTHORS, authors.to_word());
        slices::put(self.counters, CONTEXTS, contexts.to_word());
        // `first` is at most the size, the one thing that pruning nodes refuses.
        let pruned = self.nodes.prune(first);
        debug_assert!(pruned.is_ok());
    }

    /// The bytes of a kept event.
    #[inline]
    pub(super) fn body(&self, index: LogIndex) -> Option<&[u8]> {
        self.bodies.get(self.entries.span(index)?)
    }

    /// Checks every kept body against the hashes: that it is an event, that its id is the one in
    /// the index, and that the tree is the one over these leaves. Cost: O(bytes), two SHA-256 an
    /// event and one for each node.
    pub fn verify(&self) -> Result<(), BlockError> {
        for index in self.first()..self.size() {
            let entry = self.get(index).map_err(|_| BlockError::Corrupt)?;
            let event = entry.decode().map_err(|_| BlockError::Corrupt)?;
            let names = (event.event().author, event.event().context);
            let linked = |chain| self.entries.link(index, chain).map(|(number, _)| number);
            if self.find(event.id()) != Some(index)
                || self.author_name(&names.0).number != linked(Chain::Author)
                || self.context_name(names.1).number != linked(Chain::Context)
                || self.nodes.node(0, index) != Ok(&leaf_hash(entry.bytes()))
            {
                return Err(BlockError::Corrupt);
            }
        }
        self.nodes.verify()
    }
}

#[cfg(feature = "alloc")]
crate::block::owned::owned! {
    /// A log on the heap.
    ///
    /// ```
    /// use sensilla::log::{LogConfig, OwnedLog};
    ///
    /// let mut log = OwnedLog::new(LogConfig::new(512, 128 * 1024))?;
    /// let root = log.with(|log| log.root());
    /// let saved = log.to_bytes();
    /// assert_eq!(OwnedLog::open_verified(&saved)?.with(|log| log.root()), root);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub struct OwnedLog(LogCell) of EventLog, LogConfig;
}

#[cfg(test)]
mod tests;
