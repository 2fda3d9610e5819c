//! A bank that may change.

use super::config::BankConfig;
use super::errors::{IdError, InsertError, SearchError, UpdateError};
use super::health::Health;
use super::layout::state;
use super::pattern::{Entry, Pattern, PatternId, Record};
use super::quantise::magnitude;
use super::read::BankRef;
use super::scratch::{Hits, Scratch};
use super::search::Search;
use super::sections::Sections;
use super::shape::{self, Any, Scanned, Shape};
use super::{link, mend, open, reach, sample};
use crate::Hash;
use crate::block::structure::{Image, Structure, life};
use crate::block::{BlockError, CarverMut, HeaderMut};
use core::marker::PhantomData;

/// A bank of any configuration.
pub type PatternBank<'a> = Bank<'a, Any>;

/// A bank of eight bits an element that is only ever scanned: the block and the results of a
/// [`PatternBank`], and a fraction of its code in a program that has no other bank. Any other
/// configuration is [`BlockError::BadConfig`].
pub type ScanBank<'a> = Bank<'a, Scanned>;

/// Patterns in a block of memory: [`PatternBank`], or [`ScanBank`] where code is to be small.
///
/// Everything that reads is on [`BankRef`], which [`as_ref`](Self::as_ref) gives; the most used of it is
/// repeated here.
#[derive(Debug)]
pub struct Bank<'a, S> {
    header: HeaderMut<'a>,
    pub(super) sections: Sections<'a>,
    shape: PhantomData<S>,
}

/// What an insertion with eviction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Inserted {
    /// The new pattern.
    pub id: PatternId,
    /// The pattern that went for it, if the bank was full.
    pub evicted: Option<Entry>,
}

/// What a step of an audit did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Audit {
    /// Patterns looked at.
    pub checked: u32,
    /// Patterns that were hard to reach and were linked anew.
    pub mended: u32,
    /// Whether the step came to the last slot; the next begins at the first.
    pub round_done: bool,
}

impl<'a, S: Shape> Image<'a> for Bank<'a, S> {
    fn header(&self) -> &HeaderMut<'a> {
        &self.header
    }

    fn header_mut(&mut self) -> &mut HeaderMut<'a> {
        &mut self.header
    }

    fn section(&self, mut at: usize) -> Option<(&'static str, &[u8])> {
        self.sections.section(&mut at)
    }
}

impl<'a, S: Shape> Structure<'a> for Bank<'a, S> {
    type Config = BankConfig;

    fn carve(
        header: HeaderMut<'a>,
        config: BankConfig,
        mut carver: CarverMut<'a>,
    ) -> Result<Self, BlockError> {
        if !shape::admits::<S>(&config) {
            return Err(BlockError::BadConfig);
        }
        let sections = Sections::carve(&config, &mut carver)?;
        Ok(Self {
            header,
            sections,
            shape: PhantomData,
        })
    }

    /// O(bytes + capacity × degree²).
    fn check(&mut self) -> Result<(), BlockError> {
        open::check::<S>(&self.sections.view())
    }
}

life!(Bank<'a, S>, BankConfig, [S: Shape]);

impl<'a, S: Shape> Bank<'a, S> {
    /// The bank for reading.
    pub fn as_ref(&self) -> BankRef<'_, S> {
        BankRef {
            header: self.header.as_ref(),
            view: self.sections.view(),
            shape: PhantomData,
        }
    }

    /// The shape of the bank.
    pub fn config(&self) -> &BankConfig {
        &self.sections.config
    }

    /// Number of patterns.
    pub fn len(&self) -> usize {
        self.sections.view().live()
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether every slot is taken.
    pub fn is_full(&self) -> bool {
        self.len() == self.sections.config.capacity as usize
    }

    /// Adds a pattern. O(dimensions) for a scan bank; with a graph about `ef_construction`
    /// comparisons times the logarithm of the number of patterns.
    pub fn insert(&mut self, vector: &[f32], pattern: Pattern) -> Result<PatternId, InsertError> {
        let largest = magnitude(&self.sections.config, vector)?;
        self.check_loss()?;
        if self.is_full() {
            return Err(InsertError::Full);
        }
        Ok(self.add(vector, largest, &pattern))
    }

    /// Adds a pattern; if the bank is full the pattern that is worth least goes for it: confidence
    /// × uses ÷ seconds since the last use, each counted from one, as of the latest time the bank
    /// was told. O(capacity) beside the insertion.
    pub fn insert_evicting(
        &mut self,
        vector: &[f32],
        pattern: Pattern,
    ) -> Result<Inserted, InsertError> {
        let largest = magnitude(&self.sections.config, vector)?;
        self.check_loss()?;
        let evicted = match self.is_full() {
            true => self.least(pattern.at),
            false => None,
        };
        self.header.begin();
        if let Some(entry) = evicted {
            self.clear(entry.id.slot());
        }
        let id = self.place(vector, largest, &pattern);
        self.header.end();
        Ok(Inserted { id, evicted })
    }

    /// Adds patterns one after the other, with the same bytes as that many calls of
    /// [`insert`](Self::insert); all are checked before the first goes in. `vectors` holds them end
    /// to end, `ids` takes their ids; an error's `index` counts from the start of `vectors`,
    /// its `row` vectors.
    pub fn insert_batch(
        &mut self,
        vectors: &[f32],
        patterns: &[Pattern],
        ids: &mut [PatternId],
    ) -> Result<(), InsertError> {
        let dimensions = self.sections.config.dimensions as usize;
        let count = vectors.len() / dimensions;
        let short = |n| u32::try_from(n).unwrap_or(u32::MAX);
        if !vectors.len().is_multiple_of(dimensions)
            || patterns.len() != count
            || ids.len() != count
        {
            return Err(InsertError::Uneven {
                vectors: short(count),
                patterns: short(patterns.len()),
                ids: short(ids.len()),
            });
        }
        for (row, vector) in vectors.chunks_exact(dimensions).enumerate() {
            magnitude(&self.sections.config, vector).map_err(|e| e.in_batch(row, dimensions))?;
        }
        self.check_loss()?;
        if count > self.sections.config.capacity as usize - self.len() {
            return Err(InsertError::Full);
        }
        let all = vectors.chunks_exact(dimensions).zip(patterns).zip(ids);
        for ((vector, pattern), id) in all {
            let largest = magnitude(&self.sections.config, vector)?;
            *id = self.add(vector, largest, pattern);
        }
        Ok(())
    }

    /// Whether the configuration allows more rows, by what eight bits lose of those that are there.
    fn check_loss(&self) -> Result<(), InsertError> {
        let most = self.sections.config.most_lost;
        // So few rows tell little of what is lost near ten.
        if !S::GRAPH || most == 0 || self.len() < 2 * sample::NEAREST {
            return Ok(());
        }
        let [share, _] = self.sections.view().lost();
        match (share * 1_000.0) as u32 {
            lost if lost > most => Err(InsertError::Lossy { lost, most }),
            _ => Ok(()),
        }
    }

    /// Replaces the vector, label and confidence of a pattern, which stays the same pattern: its id
    /// and its uses remain, and its last use moves to `pattern.at` if that is later. (A pattern that
    /// is refined as its neighbours come in would otherwise look unused each time; what is not the
    /// same any more is removed and inserted.) The work of a removal and an insertion.
    pub fn update(
        &mut self,
        id: PatternId,
        vector: &[f32],
        pattern: Pattern,
    ) -> Result<(), UpdateError> {
        let slot = self.sections.view().slot(id).ok_or(UpdateError::Gone)?;
        let largest = magnitude(&self.sections.config, vector)?;
        self.header.begin();
        self.refresh(slot, pattern);
        self.detach(slot);
        self.sections.store::<S>(slot, vector, largest);
        self.attach(slot);
        self.header.end();
        Ok(())
    }

    /// [`update`](Self::update) without a vector: the stored one stays. O(1).
    pub fn annotate(&mut self, id: PatternId, pattern: Pattern) -> Result<(), IdError> {
        let slot = self.sections.view().slot(id).ok_or(IdError::Gone)?;
        self.header.begin();
        self.refresh(slot, pattern);
        self.header.end();
        Ok(())
    }

    /// Removes a pattern for good and returns what it was; its slot will be taken again, its id
    /// never. O(dimensions) for a scan bank; with a graph O(links²) comparisons, for its neighbours
    /// are linked to each other.
    pub fn remove(&mut self, id: PatternId) -> Result<Entry, IdError> {
        let view = self.sections.view();
        let slot = view.slot(id).ok_or(IdError::Gone)?;
        let entry = view.entry(slot);
        self.header.begin();
        self.clear(slot);
        self.header.end();
        Ok(entry)
    }

    /// Removes every pattern that `keep` refuses, and tells `gone` which; returns how many.
    /// O(capacity), and a removal for each that goes.
    pub fn prune(
        &mut self,
        mut keep: impl FnMut(&Entry) -> bool,
        mut gone: impl FnMut(&Entry),
    ) -> usize {
        let before = self.len();
        self.header.begin();
        for slot in 0..self.sections.view().high() as u32 {
            let view = self.sections.view();
            let entry = view.entry(slot);
            if view.is_live(slot) && !keep(&entry) {
                self.clear(slot);
                gone(&entry);
            }
        }
        self.header.end();
        before - self.len()
    }

    /// Records that the patterns found were used at `now`, in milliseconds. O(hits).
    pub fn touch(&mut self, hits: &Hits<'_>, now: u64) {
        self.header.begin();
        for hit in hits.iter() {
            let view = self.sections.view();
            if let Some(slot) = view.slot(hit.id) {
                let uses = view.entry(slot).uses.saturating_add(1);
                let mut record = view.record(slot);
                record.set_last_use(now.max(record.last_use()));
                self.sections.set_record(slot, record);
                self.sections.set_uses(slot, uses);
            }
        }
        self.sections.set_latest(now);
        self.header.end();
    }

    /// Looks at up to `budget` slots, from where the last call ended, and links those better that
    /// a search for their own vector does not meet. The call that ends a round joins what hangs
    /// apart to the rest, so that after it links lead from any pattern to any other
    /// ([`BankRef::unreachable`] is zero). A slot that a round mended may take a link from another
    /// where `links` or `ef_construction` are small, so that a caller should not wait for a round that
    /// mends nothing. Without a graph there is nothing to do. About one insertion's work a slot, and
    /// O(patterns × links) at the end of a round.
    pub fn audit_step(&mut self, budget: u32) -> Audit {
        let high = self.sections.view().counter(state::HIGH);
        let mut audit = Audit::default();
        if !S::GRAPH || !self.sections.config.has_graph() || high == 0 {
            audit.round_done = true;
            return audit;
        }
        self.header.begin();
        let mut slot = self.sections.view().counter(state::AUDIT).min(high - 1);
        for _ in 0..budget.min(high) {
            if self.sections.view().is_live(slot) {
                audit.checked += 1;
                audit.mended += u32::from(link::audit(&mut self.sections, slot));
            }
            slot += 1;
            if slot == high {
                slot = 0;
                audit.mended += reach::join(&mut self.sections);
                audit.round_done = true;
                break;
            }
        }
        self.sections.set_counter(state::AUDIT, slot);
        self.header.end();
        audit
    }

    /// See [`BankRef::get`].
    pub fn get(&self, id: PatternId) -> Option<Entry> {
        self.as_ref().get(id)
    }

    /// See [`BankRef::at`].
    pub fn at(&self, slot: u32) -> Option<Entry> {
        self.as_ref().at(slot)
    }

    /// See [`BankRef::vector`].
    pub fn vector(&self, id: PatternId, out: &mut [f32]) -> Result<(), IdError> {
        self.as_ref().vector(id, out)
    }

    /// The patterns in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        self.sections.view().entries()
    }

    /// See [`BankRef::search`].
    pub fn search<'s>(
        &self,
        vector: &[f32],
        k: usize,
        scratch: &'s mut Scratch<'_>,
    ) -> Result<Hits<'s>, SearchError> {
        self.as_ref().search(vector, k, scratch)
    }

    /// See [`BankRef::search_exact`].
    pub fn search_exact<'s>(
        &self,
        vector: &[f32],
        k: usize,
        scratch: &'s mut Scratch<'_>,
    ) -> Result<Hits<'s>, SearchError> {
        self.as_ref().search_exact(vector, k, scratch)
    }

    /// See [`BankRef::search_filtered`].
    pub fn search_filtered<'s>(
        &self,
        vector: &[f32],
        k: usize,
        accepts: &dyn Fn(&Entry) -> bool,
        scratch: &'s mut Scratch<'_>,
    ) -> Result<Hits<'s>, SearchError> {
        self.as_ref().search_filtered(vector, k, accepts, scratch)
    }

    /// A search in all detail.
    pub fn search_with<'s>(
        &self,
        vector: &[f32],
        detail: &Search<'_>,
        scratch: &'s mut Scratch<'_>,
    ) -> Result<Hits<'s>, SearchError> {
        self.as_ref().search_with(vector, detail, scratch)
    }

    /// See [`BankRef::health`].
    pub fn health(&self) -> Health {
        self.as_ref().health()
    }

    /// SHA-256 of the live patterns by id, without links: equal for equal content.
    pub fn digest(&self) -> Hash {
        self.as_ref().digest()
    }

    /// Takes a vector in that was checked, for which there is room.
    fn add(&mut self, vector: &[f32], largest: f32, pattern: &Pattern) -> PatternId {
        self.header.begin();
        let id = self.place(vector, largest, pattern);
        self.header.end();
        id
    }

    fn place(&mut self, vector: &[f32], largest: f32, pattern: &Pattern) -> PatternId {
        let slot = self.sections.take_slot::<S>();
        self.sections.occupy(slot, pattern);
        self.sections.store::<S>(slot, vector, largest);
        self.attach(slot);
        PatternId::new(slot, self.sections.view().record(slot).generation())
    }

    /// Gives a live slot another record.
    fn refresh(&mut self, slot: u32, mut pattern: Pattern) {
        let before = self.sections.view().record(slot);
        pattern.at = pattern.at.max(before.last_use());
        let record = Record::new(&pattern, before.generation());
        self.sections.set_record(slot, record);
        self.sections.set_latest(pattern.at);
    }

    fn clear(&mut self, slot: u32) {
        self.detach(slot);
        self.sections.vacate::<S>(slot);
        if S::GRAPH {
            sample::settle(&mut self.sections, None);
        }
    }

    /// Takes a slot out of the graph, and out of what is measured on it.
    fn detach(&mut self, slot: u32) {
        if S::GRAPH {
            sample::forget(&mut self.sections, slot);
            mend::unlink(&mut self.sections, slot);
        }
    }

    /// Links a slot whose vector was stored.
    fn attach(&mut self, slot: u32) {
        if S::GRAPH {
            link::link(&mut self.sections, slot);
            sample::settle(&mut self.sections, Some(slot));
        }
    }

    fn least(&self, at: u64) -> Option<Entry> {
        let now = self.sections.latest().max(at);
        self.iter().reduce(|least, entry| {
            if entry.is_worth_less(&least, now) {
                entry
            } else {
                least
            }
        })
    }
}
