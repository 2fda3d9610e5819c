//! The log: events in the order in which this node took them, over an RFC 6962 tree.

use super::candidate::Candidate;
use super::chains::{Chains, Free, Name};
use super::config::{COUNTERS, LogConfig};
use super::entries::{Chain, Entries};
use super::event::{EventId, SignedEvent};
use super::lookup::LogIndex;
use super::policy::{Checked, Found, IngestError, Policy, Stamp, Trust};
use super::read::{layout, names};
use super::sign::Verifier;
use crate::Hash;
use crate::block::{self, BlockError, CarverMut, HEADER_BYTES, HeaderMut, Kind};
use crate::error::errors;
use crate::merkle::hash::content_and_leaf;
use crate::merkle::nodes::Nodes;
use crate::merkle::watch::WatchError;
use crate::merkle::{AppendError, Proof, ProofError, leaf_hash};

const KIND: Kind = Kind(*b"ELOG");
const VERSION: u32 = 2;

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

/// The event log of a node in a block.
#[derive(Debug)]
pub struct EventLog<'a> {
    pub(super) header: HeaderMut<'a>,
    pub(super) counters: &'a mut [u64],
    pub(super) nodes: Nodes<'a>,
    pub(super) entries: Entries<'a>,
    pub(super) authors: Chains<'a>,
    pub(super) contexts: Chains<'a>,
    pub(super) config: LogConfig,
}

impl<'a> EventLog<'a> {
    /// Makes an empty log of `memory`.
    pub fn format(memory: &'a mut [u8], config: LogConfig) -> Result<Self, BlockError> {
        if !config.is_valid() {
            return Err(BlockError::BadConfig);
        }
        let (header, carver) =
            block::format(memory, KIND, VERSION, config.to_words(), config.bytes())?;
        Self::carve(header, carver, config)
    }

    /// Opens the log that lies in `memory`. Structure is checked, hashes are not: see
    /// [`open_verified`](Self::open_verified) and [`verify`](Self::verify). Cost: O(entries).
    pub fn open(memory: &'a mut [u8]) -> Result<Self, BlockError> {
        let (header, carver) = block::open_mut(memory, KIND, VERSION)?;
        let config = LogConfig::from_words(header.as_ref().config())?;
        if header.as_ref().bytes() != config.bytes() as u64 {
            return Err(BlockError::Corrupt);
        }
        Self::carve(header, carver, config)
    }

    /// Opens a sealed log after checking its seal.
    pub fn open_verified(memory: &'a mut [u8]) -> Result<Self, BlockError> {
        block::verify_seal(memory, KIND, VERSION)?;
        Self::open(memory)
    }

    pub(crate) fn check_seal(memory: &[u8]) -> Result<Hash, BlockError> {
        block::verify_seal(memory, KIND, VERSION)
    }

    /// The bytes of the block, in order and in several pieces.
    pub fn image(&self) -> impl Iterator<Item = &[u8]> {
        core::iter::once(self.header.as_bytes()).chain(self.all_sections())
    }

    fn carve(
        header: HeaderMut<'a>,
        mut carver: CarverMut<'a>,
        config: LogConfig,
    ) -> Result<Self, BlockError> {
        let counters = carver.take(COUNTERS)?;
        let nodes = Nodes::carve(&mut carver, config.shape())?;
        let mut entries = Entries::carve(&mut carver, config.entries)?;
        let authors = Chains::carve(&mut carver, config.authors)?;
        let contexts = Chains::carve(&mut carver, config.contexts)?;
        entries.carve_bodies(&mut carver, config.bytes, config.seed)?;
        let mut log = Self {
            header,
            counters,
            nodes,
            entries,
            authors,
            contexts,
            config,
        };
        log.check_structure()?;
        Ok(log)
    }

    fn check_structure(&mut self) -> Result<(), BlockError> {
        let (first, size) = (self.nodes.first(), self.nodes.size());
        self.entries.resume(first, size)?;
        let live = size - first;
        let (entries, counters) = (&self.entries, &self.counters);
        let authors = Free::from_word(counters[AUTHORS]).ok_or(BlockError::Corrupt)?;
        let contexts = Free::from_word(counters[CONTEXTS]).ok_or(BlockError::Corrupt)?;
        let sound = counters[EXPORTED] <= size
            && counters[CONTEXTS + 1..].iter().all(|&c| c == 0)
            && self
                .authors
                .check(authors, live, |i| entries.link(i, Chain::Author))
            && self
                .contexts
                .check(contexts, live, |i| entries.link(i, Chain::Context));
        if sound {
            Ok(())
        } else {
            Err(BlockError::Corrupt)
        }
    }

    /// The configuration.
    pub const fn config(&self) -> LogConfig {
        self.config
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

    /// Checks everything about an event that is to be appended, and changes nothing.
    ///
    /// Cost: O(bytes), two SHA-256, O(1) look-ups and, unless the policy trusts, one signature
    /// check, which comes last.
    pub fn check<'b, V: Verifier + ?Sized>(
        &self,
        bytes: &'b [u8],
        policy: &Policy,
        verifier: &V,
        now: u64,
    ) -> Result<Checked<'b>, IngestError> {
        let (event, leaf) = SignedEvent::decode_leaf(bytes)?;
        self.checked(event, leaf, policy, verifier, now)
    }

    /// [`check`](Self::check) of an event that was announced with an id.
    pub fn check_as<'b, V: Verifier + ?Sized>(
        &self,
        id: &EventId,
        bytes: &'b [u8],
        policy: &Policy,
        verifier: &V,
        now: u64,
    ) -> Result<Checked<'b>, IngestError> {
        let (event, leaf) = SignedEvent::decode_leaf(bytes)?;
        if event.id() != id {
            return Err(IngestError::WrongId);
        }
        self.checked(event, leaf, policy, verifier, now)
    }

    /// [`check`](Self::check) of an event that is decoded already.
    pub fn check_event<'b, V: Verifier + ?Sized>(
        &self,
        event: SignedEvent<'b>,
        policy: &Policy,
        verifier: &V,
        now: u64,
    ) -> Result<Checked<'b>, IngestError> {
        let leaf = leaf_hash(event.bytes());
        self.checked(event, leaf, policy, verifier, now)
    }

    fn checked<'b, V: Verifier + ?Sized>(
        &self,
        event: SignedEvent<'b>,
        leaf: Hash,
        policy: &Policy,
        verifier: &V,
        now: u64,
    ) -> Result<Checked<'b>, IngestError> {
        let found = self.look_up(&Candidate::from(&event), policy, verifier, now)?;
        Ok(Checked {
            event,
            leaf,
            found,
            now,
            stamp: self.stamp(),
        })
    }

    /// What the log knows of an event that it would take.
    fn look_up<V: Verifier + ?Sized>(
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
        if policy.strict
            && let Some(prev) = event.prev
        {
            let before = self.find(prev).and_then(|index| self.entries.body(index));
            if before
                .and_then(names)
                .is_none_or(|(author, _)| author != event.author)
            {
                return Err(IngestError::UnknownPrev);
            }
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
        let evicts = self.entries.evictions(length).ok_or(full("bytes"))?;
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
        Ok(evicts)
    }

    fn stamp(&self) -> Stamp {
        Stamp {
            block: self.counters.as_ptr() as usize,
            config: self.config,
            size: self.size(),
            first: self.first(),
            newest: self.nodes.newest().copied().unwrap_or_default(),
        }
    }

    fn free(&self, counter: usize) -> Free {
        Free::from_word(self.counters[counter]).unwrap_or_default()
    }

    /// Appends a checked event; its number. Fails, with [`IngestError::Stale`], only if the log
    /// changed since the check or is another one, as place, configuration,
    /// numbers and the newest entry tell: what lies in memory that was formatted since the check is to be
    /// checked again.
    ///
    /// Cost: O(bytes), amortised one node; O(evicted) where it evicts.
    pub fn append(&mut self, checked: Checked<'_>) -> Result<LogIndex, IngestError> {
        if checked.stamp != self.stamp() {
            return Err(IngestError::Stale);
        }
        let event = Candidate::from(&checked.event);
        self.write(&event, &checked.leaf, checked.found, checked.now)
    }

    /// Appends an event of which `found` is known.
    fn write(
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
        written.ok_or(IngestError::Stale)
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
        self.counters[AUTHORS] = authors.to_word();
        self.counters[CONTEXTS] = contexts.to_word();
        self.entries.append(event, now, author, context)?;
        self.nodes.append(leaf).ok()
    }

    /// Checks an event and appends it.
    pub fn ingest<V: Verifier + ?Sized>(
        &mut self,
        bytes: &[u8],
        policy: &Policy,
        verifier: &V,
        now: u64,
    ) -> Result<LogIndex, IngestError> {
        let layout = layout(bytes)?;
        let expires = layout.expires()?;
        let (id, leaf) = content_and_leaf(layout.content, bytes);
        let event = Candidate::new(bytes, &layout, expires, &id);
        let found = self.look_up(&event, policy, verifier, now)?;
        self.write(&event, &leaf, found, now)
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
            self.authors
                .remove_first(slot.author, slot.next_author, &mut authors);
            self.contexts
                .remove_first(slot.context, slot.next_context, &mut contexts);
        }
        self.counters[AUTHORS] = authors.to_word();
        self.counters[CONTEXTS] = contexts.to_word();
        // `first` is at most the size, the one thing that pruning nodes refuses.
        let pruned = self.nodes.prune(first);
        debug_assert!(pruned.is_ok());
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

    /// Seals the block with its SHA-256.
    pub fn seal(&mut self) -> Hash {
        self.header.seal(&all_sections(
            self.counters,
            &self.nodes,
            &self.entries,
            [&self.authors, &self.contexts],
        ))
    }

    /// SHA-256 of the block: equal after the same calls in the same order.
    pub fn image_digest(&self) -> Hash {
        let sections = self.all_sections();
        self.header.as_ref().image_digest(&sections)
    }

    fn all_sections(&self) -> [&[u8]; 15] {
        all_sections(
            self.counters,
            &self.nodes,
            &self.entries,
            [&self.authors, &self.contexts],
        )
    }

    /// Sections of the block and their bytes.
    pub fn sections(&self) -> impl Iterator<Item = (&'static str, usize)> {
        const NAMES: [&str; 15] = [
            "log counters",
            "tree counters",
            "tree frontier",
            "tree fold",
            "tree hashes",
            "tree watched",
            "tree watched siblings",
            "log entries",
            "log times",
            "log ids",
            "log authors",
            "log author table",
            "log contexts",
            "log context table",
            "log bodies",
        ];
        let bytes = self.all_sections().map(<[u8]>::len);
        core::iter::once(("header", HEADER_BYTES)).chain(NAMES.into_iter().zip(bytes))
    }
}

fn all_sections<'s>(
    counters: &'s [u64],
    nodes: &'s Nodes<'_>,
    entries: &'s Entries<'_>,
    [authors, contexts]: [&'s Chains<'_>; 2],
) -> [&'s [u8]; 15] {
    let [tree, frontier, fold, hashes, watched, siblings] = nodes.sections();
    let [slots, times, ids, bodies] = entries.sections();
    let [authors, author_table] = authors.sections();
    let [contexts, context_table] = contexts.sections();
    [
        bytemuck::cast_slice(counters),
        tree,
        frontier,
        fold,
        hashes,
        watched,
        siblings,
        slots,
        times,
        ids,
        authors,
        author_table,
        contexts,
        context_table,
        bodies,
    ]
}

#[cfg(test)]
mod tests;
