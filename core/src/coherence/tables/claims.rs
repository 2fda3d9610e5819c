//! The claims in force, by the grid's slot.

use super::conflicts::Lists;
use super::ids::Ids;
use super::timers::Timers;
use crate::block::sections::sections;
use crate::coherence::claim::Claim;
use crate::coherence::config::EngineConfig;
use crate::coherence::judge::Proposition;
use crate::grid::Tag;
use crate::log::PublicKey;

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

sections! {
    pub(crate) struct Claims for EngineConfig as config {
        pub ids: in Ids<'a> = &config.room_for_claims(),
        /// When each expires.
        pub timers: in Timers<'a> = &config.room_for_claims(),
        authors: [PublicKey; config.grid.capacity() => 1],
        records: [[u32; 16]; config.grid.capacity() => 1],
    }
}

impl Lists for Claims<'_> {
    fn head(&self, slot: u32) -> u32 {
        self.word(slot, CONFLICTS)
    }
    fn set_head(&mut self, slot: u32, link: u32) {
        self.set(slot, CONFLICTS, link);
    }
}

impl Claims<'_> {
    /// A word of a record; zero out of range.
    fn word(&self, slot: u32, word: usize) -> u32 {
        let record = self.records.get(slot as usize);
        record.and_then(|r| r.get(word)).copied().unwrap_or(0)
    }

    fn set(&mut self, slot: u32, word: usize, value: u32) {
        let record = self.records.get_mut(slot as usize);
        if let Some(to) = record.and_then(|r| r.get_mut(word)) {
            *to = value;
        }
    }

    pub fn is_live(&self, slot: u32) -> bool {
        self.word(slot, FLAGS) & LIVE != 0
    }

    pub fn view(&self, slot: u32) -> Option<Claim> {
        if !self.is_live(slot) {
            return None;
        }
        let due = self.timers.due(slot);
        let [.., low, high, _, paths] = *self.records.get(slot as usize)?;
        Some(Claim {
            id: self.ids.of(slot),
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
            self.records.get(slot as usize).copied().unwrap_or_default();
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
        self.word(slot, CONTEXT)
    }

    pub fn is_unchecked(&self, slot: u32) -> bool {
        self.word(slot, FLAGS) & UNCHECKED != 0
    }

    pub fn set_unchecked(&mut self, slot: u32, unchecked: bool) {
        let flags = self.word(slot, FLAGS) & !UNCHECKED;
        let bit = if unchecked { UNCHECKED } else { 0 };
        self.set(slot, FLAGS, flags | bit);
    }

    /// The first witness of a claim, as a link.
    pub fn witnesses(&self, slot: u32) -> u32 {
        self.word(slot, WITNESSES)
    }

    pub fn set_witnesses(&mut self, slot: u32, link: u32) {
        self.set(slot, WITNESSES, link);
    }

    pub fn paths(&self, slot: u32) -> u32 {
        self.word(slot, PATHS)
    }

    pub fn set_paths(&mut self, slot: u32, paths: u32) {
        self.set(slot, PATHS, paths);
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
        if let Some(to) = self.records.get_mut(slot as usize) {
            *to = record;
        }
        if let Some(author) = self.authors.get_mut(slot as usize) {
            *author = claim.author;
        }
        self.ids.link(slot, &claim.id);
        if let Some(expires) = claim.expires {
            self.timers.wake_at(slot, expires);
        }
    }

    /// Forgets a claim that has no conflicts and no witnesses any more.
    pub fn remove(&mut self, config: &EngineConfig, slot: u32) {
        self.timers.rest(slot);
        self.ids.unlink(slot);
        self.clear_slot(config, slot as usize);
    }

    /// Whether a claim in a slot will be in force at `now`, if nothing but time passes.
    pub fn is_in_force(&self, slot: u32, now: u64) -> bool {
        self.is_live(slot)
            && match self.timers.due(slot) {
                0 => true,
                expires => expires > now,
            }
    }

    /// Checks records, ids and times; `used` says which slots the grid holds.
    pub fn is_sound(&mut self, config: &EngineConfig, used: impl Fn(u32) -> bool) -> bool {
        let records = (0..config.grid.capacity()).all(|slot| match used(slot) {
            true => {
                self.is_live(slot)
                    && self.word(slot, FLAGS) < 4
                    && self.word(slot, CONFIDENCE) <= 0xffff
            }
            false => self.is_clear(config, slot as usize),
        });
        let room = config.room_for_claims();
        records && self.ids.is_sound(&room, &used) && self.timers.is_sound(&room, used)
    }
}
