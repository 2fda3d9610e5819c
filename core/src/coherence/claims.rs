//! The claims in force, by the grid's slot.

use super::judge::Proposition;
use super::store::Lists;
use super::table::Table;
use crate::grid::Tag;
use crate::log::{EventId, PublicKey};

/// Words of a claim's record; 0 to 7 are the proposition's tags.
const CONFIDENCE: usize = 8;
const CONTEXT: usize = 9;
const CONFLICTS: usize = 10;
const FLAGS: usize = 11;
/// Where in the log, the low word first.
const INDEX: usize = 12;
const WITNESSES: usize = 14;
const PATHS: usize = 15;

const LIVE: u32 = 1;
const UNCHECKED: u32 = 2;

#[derive(Debug)]
pub(super) struct Claims<'a> {
    pub table: Table<'a, 16>,
    pub authors: &'a mut [PublicKey],
    /// The number of claims in the heap.
    pub state: &'a mut [u32],
}

/// What is known of a claim in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The id of the event that asserted it.
    pub id: EventId,
    /// Who asserted it.
    pub author: PublicKey,
    /// Where in the log.
    pub index: u64,
    /// What it says.
    pub proposition: Proposition,
    /// When it leaves force by itself, in milliseconds, if it does.
    pub expires: Option<u64>,
    /// Vertex-disjoint paths of witnesses that lead to it.
    pub paths: u32,
}

impl Lists for Claims<'_> {
    fn head(&self, slot: u32) -> u32 {
        self.table.word(slot, CONFLICTS)
    }
    fn set_head(&mut self, slot: u32, link: u32) {
        self.table.set(slot, CONFLICTS, link);
    }
}

impl Claims<'_> {
    pub fn is_live(&self, slot: u32) -> bool {
        self.table.word(slot, FLAGS) & LIVE != 0
    }

    pub fn view(&self, slot: u32) -> Option<Claim> {
        if !self.is_live(slot) {
            return None;
        }
        let due = self.table.due(slot);
        let [.., low, high, _, paths] = *self.table.get(slot)?;
        Some(Claim {
            id: self.table.id(slot),
            author: self.author(slot),
            index: u64::from(low) | u64::from(high) << 32,
            proposition: self.proposition(slot),
            expires: (due != 0).then_some(due),
            paths,
        })
    }

    #[inline]
    pub fn proposition(&self, slot: u32) -> Proposition {
        let [a, b, c, d, e, f, g, h, confidence, ..] =
            self.table.get(slot).copied().unwrap_or_default();
        Proposition {
            predicate: Tag([a, b, c, d]),
            value: Tag([e, f, g, h]),
            confidence: confidence as u16,
        }
    }

    pub fn author(&self, slot: u32) -> PublicKey {
        self.authors.get(slot as usize).copied().unwrap_or_default()
    }

    pub fn context(&self, slot: u32) -> u32 {
        self.table.word(slot, CONTEXT)
    }

    pub fn is_unchecked(&self, slot: u32) -> bool {
        self.table.word(slot, FLAGS) & UNCHECKED != 0
    }

    pub fn set_unchecked(&mut self, slot: u32, unchecked: bool) {
        let flags = self.table.word(slot, FLAGS) & !UNCHECKED;
        let bit = if unchecked { UNCHECKED } else { 0 };
        self.table.set(slot, FLAGS, flags | bit);
    }

    /// The first witness of a claim, as a link.
    pub fn witnesses(&self, slot: u32) -> u32 {
        self.table.word(slot, WITNESSES)
    }

    pub fn set_witnesses(&mut self, slot: u32, link: u32) {
        self.table.set(slot, WITNESSES, link);
    }

    pub fn paths(&self, slot: u32) -> u32 {
        self.table.word(slot, PATHS)
    }

    pub fn set_paths(&mut self, slot: u32, paths: u32) {
        self.table.set(slot, PATHS, paths);
    }

    pub fn insert(&mut self, slot: u32, context: u32, claim: &Claim) {
        let mut record = [0; 16];
        let Proposition {
            predicate,
            value,
            confidence,
        } = claim.proposition;
        let words = predicate.0.into_iter().chain(value.0);
        for (to, from) in record.iter_mut().zip(words) {
            *to = from;
        }
        record[CONFIDENCE] = confidence.into();
        record[CONTEXT] = context;
        record[FLAGS] = LIVE;
        record[INDEX] = claim.index as u32;
        record[INDEX + 1] = (claim.index >> 32) as u32;
        if let Some(to) = self.table.get_mut(slot) {
            *to = record;
        }
        if let Some(author) = self.authors.get_mut(slot as usize) {
            *author = claim.author;
        }
        self.table.link(slot, &claim.id);
        if let Some(expires) = claim.expires {
            let mut count = self.waiting();
            self.table.wake_at(slot, expires, &mut count);
            self.set_waiting(count);
        }
    }

    /// Forgets a claim that has no conflicts and no witnesses any more.
    pub fn remove(&mut self, slot: u32) {
        let mut count = self.waiting();
        self.table.rest(slot, &mut count);
        self.set_waiting(count);
        self.table.unlink(slot);
        if let Some(record) = self.table.get_mut(slot) {
            *record = [0; 16];
        }
        if let Some(author) = self.authors.get_mut(slot as usize) {
            *author = [0; 32];
        }
    }

    fn waiting(&self) -> u32 {
        self.state.first().copied().unwrap_or(0)
    }

    fn set_waiting(&mut self, count: u32) {
        if let Some(word) = self.state.first_mut() {
            *word = count;
        }
    }

    /// The claim that expires first, and when.
    pub fn earliest(&self) -> Option<(u64, u32)> {
        self.table.earliest(self.waiting())
    }

    /// Checks records, id table and heap; `used` says which slots the grid holds.
    pub fn verify(&self, used: impl Fn(u32) -> bool) -> Option<()> {
        for (slot, record) in (0..).zip(self.table.records.iter()) {
            if used(slot) {
                let fits = record[FLAGS] & LIVE != 0 && record[FLAGS] < 4;
                (fits && record[CONFIDENCE] <= 0xffff).then_some(())?;
            } else {
                (*record == [0; 16]).then_some(())?;
                (self.authors.get(slot as usize)? == &[0; 32]).then_some(())?;
            }
        }
        self.table.verify(self.waiting(), |slot| self.is_live(slot))
    }
}
