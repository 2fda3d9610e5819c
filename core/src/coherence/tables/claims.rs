//! The claims in force, by the grid's slot: of each source and property the latest word.
//!
//! A word is what one member says of one property of one subject in one context. What it says next
//! takes the place of what it said before, in the same slot. From when on two words have
//! contradicted each other follows from what each has said, whichever came first: the value, the two
//! before, and since when there were others.

use super::conflicts::Lists;
use super::ids::Ids;
use super::timers::Timers;
use crate::block::sections::sections;
use crate::coherence::config::EngineConfig;
use crate::coherence::judge::Proposition;
use crate::grid::{Keys, Tag};
use crate::log::EventId;
use crate::slices;

/// Words of a claim's record; 0 to 7 are the proposition's tags.
const CONFIDENCE: usize = 8;
const CONTEXT: usize = 9;
const CONFLICTS: usize = 10;
const FLAGS: usize = 11;
/// Where in the log, the low word first.
const INDEX: usize = 12;
const WITNESSES: usize = 14;
const PATHS: usize = 15;

/// Words of the record of a word: whose it is, the number and the time of the event, since when it
/// has that value, the next word with the same hash as a link, and the hash.
const MEMBER: usize = 0;
const SEQ: usize = 1;
const AT: usize = 2;
const HELD: usize = 4;
const CHAIN: usize = 6;
const HASH: usize = 7;

/// Values before the present one that are remembered.
const PAST: usize = 2;
/// Words of a value of the past, behind its tag: since when it was held, how sure, and what is known
/// of it.
const FROM: usize = 4;
const SURE: usize = 6;
const KNOWN: usize = 7;
/// There was a value; there were several, which are not told apart.
const ONE: u32 = 1;
const VARIOUS: u32 = 2;

const LIVE: u32 = 1;
const UNCHECKED: u32 = 2;
/// The word has said something else before.
const CHANGED: u32 = 4;

sections! {
    pub(crate) struct Claims for EngineConfig as config {
        pub ids: in Ids<'a> = &config.room_for_claims(),
        /// When each expires.
        pub timers: in Timers<'a> = &config.room_for_claims(),
        records: [[u32; 16]; config.grid.capacity() => 1],
        words: [[u32; 8]; config.grid.capacity() => 1],
        past: [[u32; 8]; config.grid.capacity() => PAST],
        /// The first word with each hash, as a link.
        heads: [u32; config.room_for_claims().heads()],
    } with {
        keys: Keys = Keys::new(config.grid.hash_seed()),
    }
}

/// What a claim is the latest word on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub member: u32,
    pub context: u32,
    pub subject: Tag,
    pub predicate: Tag,
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

    /// Where in the log a claim is.
    pub fn index(&self, slot: u32) -> u64 {
        u64::from(self.word(slot, INDEX)) | u64::from(self.word(slot, INDEX + 1)) << 32
    }

    /// When a claim expires, if it does.
    pub fn expires(&self, slot: u32) -> Option<u64> {
        Some(self.timers.due(slot)).filter(|&due| due != 0)
    }

    fn of_word(&self, slot: u32, at: usize) -> u32 {
        let record = self.words.get(slot as usize);
        record.and_then(|r| r.get(at)).copied().unwrap_or(0)
    }

    fn set_of_word(&mut self, slot: u32, at: usize, value: u32) {
        let record = self.words.get_mut(slot as usize);
        if let Some(to) = record.and_then(|r| r.get_mut(at)) {
            *to = value;
        }
    }

    fn time(&self, slot: u32, at: usize) -> u64 {
        u64::from(self.of_word(slot, at)) | u64::from(self.of_word(slot, at + 1)) << 32
    }

    fn set_time(&mut self, slot: u32, at: usize, time: u64) {
        self.set_of_word(slot, at, time as u32);
        self.set_of_word(slot, at + 1, (time >> 32) as u32);
    }

    /// Whose claim it is.
    pub fn member(&self, slot: u32) -> u32 {
        self.of_word(slot, MEMBER)
    }

    /// The number of its event among the author's.
    pub fn seq(&self, slot: u32) -> u32 {
        self.of_word(slot, SEQ)
    }

    /// When it was said.
    pub fn at(&self, slot: u32) -> u64 {
        self.time(slot, AT)
    }

    /// Since when its author has said the same.
    pub fn held(&self, slot: u32) -> u64 {
        self.time(slot, HELD)
    }

    fn hash_of(&self, word: &Word) -> u32 {
        let Tag([a, b, c, d]) = word.subject;
        let subject = self.keys.words(word.member, [a, b, c, d]);
        let Tag([e, f, g, h]) = word.predicate;
        self.keys
            .words(word.context, [e ^ subject, f, g, h.rotate_left(7)])
    }

    fn bucket(&self, hash: u32) -> usize {
        hash as usize & self.heads.len().wrapping_sub(1)
    }

    /// The slot of a word, if it is in force; `subject` says what the claim in a slot is about.
    #[inline]
    pub fn find(&self, word: &Word, subject: impl Fn(u32) -> Option<Tag>) -> Option<u32> {
        let hash = self.hash_of(word);
        let mut link = self.heads.get(self.bucket(hash)).copied()?;
        while let Some(slot) = link.checked_sub(1) {
            let record = self.words.get(slot as usize)?;
            if record[HASH] == hash
                && record[MEMBER] == word.member
                && self.context(slot) == word.context
                && self.proposition(slot).predicate == word.predicate
                && subject(slot) == Some(word.subject)
            {
                return Some(slot);
            }
            link = record[CHAIN];
        }
        None
    }

    fn link(&mut self, slot: u32, hash: u32) {
        let bucket = self.bucket(hash);
        let head = self.heads.get(bucket).copied().unwrap_or(0);
        self.set_of_word(slot, CHAIN, head);
        self.set_of_word(slot, HASH, hash);
        if let Some(head) = self.heads.get_mut(bucket) {
            *head = slot + 1;
        }
    }

    fn unlink(&mut self, slot: u32) {
        let bucket = self.bucket(self.of_word(slot, HASH));
        let next = self.of_word(slot, CHAIN);
        let mut link = self.heads.get(bucket).copied().unwrap_or(0);
        if link == slot + 1 {
            if let Some(head) = self.heads.get_mut(bucket) {
                *head = next;
            }
            return;
        }
        while let Some(before) = link.checked_sub(1) {
            link = self.of_word(before, CHAIN);
            if link == slot + 1 {
                self.set_of_word(before, CHAIN, next);
                return;
            }
        }
    }

    /// What the word in a slot said before its present value, `back` values ago, 0 for the present
    /// one: the proposition, none where it was one of several, and since when.
    fn said(&self, slot: u32, back: usize) -> Option<(Option<Proposition>, u64)> {
        let now = self.proposition(slot);
        if back == 0 {
            return Some((Some(now), self.held(slot)));
        }
        let at = slot as usize * PAST;
        let past = self.past.get(at..at + PAST)?.get(back - 1)?;
        let [a, b, c, d, low, high, sure, known] = *past;
        let from = u64::from(low) | u64::from(high) << 32;
        match known {
            ONE => {
                let then = Proposition {
                    value: Tag([a, b, c, d]),
                    confidence: sure as u16,
                    ..now
                };
                Some((Some(then), from))
            }
            VARIOUS => Some((None, from)),
            _ => None,
        }
    }

    fn has_changed(&self, slot: u32) -> bool {
        self.word(slot, FLAGS) & CHANGED != 0
    }

    /// Since when its author has said something of it without a break.
    pub fn start(&self, slot: u32) -> u64 {
        let mut start = self.held(slot);
        if !self.has_changed(slot) {
            return start;
        }
        for back in 1..=PAST {
            if let Some((_, from)) = self.said(slot, back) {
                start = from;
            }
        }
        start
    }

    /// Since when two words that contradict each other have done so without a break.
    pub fn since(
        &self,
        slots: [u32; 2],
        incompatible: impl Fn(&Proposition, &Proposition) -> bool,
    ) -> u64 {
        let mut back = [0, 0];
        let mut since = self.held(slots[0]).max(self.held(slots[1]));
        if !slots.iter().any(|&slot| self.has_changed(slot)) {
            return since;
        }
        loop {
            let (Some(a), Some(b)) = (self.said(slots[0], back[0]), self.said(slots[1], back[1]))
            else {
                return since;
            };
            let contradict = match (a.0, b.0) {
                (Some(a), Some(b)) => incompatible(&a, &b),
                _ => true,
            };
            if !contradict {
                return since;
            }
            since = a.1.max(b.1);
            // The one that began later said something else before.
            if a.1 >= since {
                back[0] += 1;
            }
            if b.1 >= since {
                back[1] += 1;
            }
        }
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

    /// Puts a new word into an empty slot.
    pub fn insert(&mut self, slot: u32, word: &Word, claim: &Said) {
        self.write(slot, word, claim);
        self.set_of_word(slot, MEMBER, word.member);
        self.set_time(slot, HELD, claim.at);
        self.link(slot, self.hash_of(word));
    }

    fn write(&mut self, slot: u32, word: &Word, claim: &Said) {
        let Proposition {
            predicate,
            value,
            confidence,
        } = claim.proposition;
        if let Some(record) = self.records.get_mut(slot as usize) {
            let words = predicate.0.into_iter().chain(value.0);
            for (to, from) in record.iter_mut().zip(words) {
                *to = from;
            }
            record[CONFIDENCE] = confidence.into();
            record[CONTEXT] = word.context;
            record[FLAGS] = LIVE | (record[FLAGS] & CHANGED);
            record[INDEX] = claim.index as u32;
            record[INDEX + 1] = (claim.index >> 32) as u32;
        }
        self.set_of_word(slot, SEQ, claim.seq);
        self.set_time(slot, AT, claim.at);
        self.ids.link(slot, &claim.id);
        if let Some(expires) = claim.expires {
            self.timers.wake_at(slot, expires);
        }
    }

    /// Puts a claim in place of the one before of the same word.
    pub fn replace(&mut self, slot: u32, word: &Word, claim: &Said) {
        let before = self.proposition(slot);
        let same = before == claim.proposition;
        if !same {
            let (from, at) = (self.held(slot), slot as usize * PAST);
            if let Some(past) = self.past.get_mut(at..at + PAST) {
                let oldest = past.last().copied().unwrap_or_default();
                slices::up(past);
                let Tag([a, b, c, d]) = before.value;
                past[0] = [
                    a,
                    b,
                    c,
                    d,
                    from as u32,
                    (from >> 32) as u32,
                    before.confidence.into(),
                    ONE,
                ];
                // What is no longer told apart begins where the oldest of it did.
                if oldest[KNOWN] != 0
                    && let Some(last) = past.last_mut()
                {
                    *last = [0; 8];
                    last[FROM] = oldest[FROM];
                    last[FROM + 1] = oldest[FROM + 1];
                    last[KNOWN] = VARIOUS;
                }
            }
            self.set_time(slot, HELD, claim.at);
            let flags = self.word(slot, FLAGS);
            self.set(slot, FLAGS, flags | CHANGED);
        }
        self.timers.rest(slot);
        self.ids.unlink(slot);
        self.write(slot, word, claim);
    }

    /// Forgets a claim that has no conflicts and no witnesses any more.
    pub fn remove(&mut self, config: &EngineConfig, slot: u32) {
        self.unlink(slot);
        self.timers.rest(slot);
        self.ids.unlink(slot);
        if self.has_changed(slot) {
            self.clear_slot(config, slot as usize);
            return;
        }
        // What was never written need not be fetched to be cleared.
        if let Some(record) = self.records.get_mut(slot as usize) {
            *record = [0; 16];
        }
        if let Some(word) = self.words.get_mut(slot as usize) {
            *word = [0; 8];
        }
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
                    && self.word(slot, FLAGS) < 8
                    && self.is_past_sound(slot)
                    && self.word(slot, CONFIDENCE) <= 0xffff
            }
            false => self.is_clear(config, slot as usize),
        });
        let room = config.room_for_claims();
        records
            && self.are_words_sound(config, &used)
            && self.ids.is_sound(&room, &used)
            && self.timers.is_sound(&room, used)
    }

    /// Whether what a word said before is something, where it said something else, and else nothing.
    fn is_past_sound(&self, slot: u32) -> bool {
        let at = slot as usize * PAST;
        let Some(past) = self.past.get(at..at + PAST) else {
            return false;
        };
        let sound = |past: &[u32; 8]| match past[KNOWN] {
            0 => *past == [0; 8],
            ONE => past[SURE] <= 0xffff,
            VARIOUS => past[..FROM] == [0; 4] && past[SURE] == 0,
            _ => false,
        };
        let any = past.iter().any(|past| past[KNOWN] != 0);
        past.iter().all(sound) && any == self.has_changed(slot)
    }

    /// Whether the chains hold exactly the words of the slots that are used.
    fn are_words_sound(&self, config: &EngineConfig, used: impl Fn(u32) -> bool) -> bool {
        let expected = (0..config.grid.capacity())
            .filter(|&slot| used(slot))
            .count();
        let mut found = 0;
        for (bucket, &head) in self.heads.iter().enumerate() {
            let mut link = head;
            while let Some(slot) = link.checked_sub(1) {
                found += 1;
                let fits = slot < config.grid.capacity()
                    && used(slot)
                    && self.bucket(self.of_word(slot, HASH)) == bucket;
                if !fits || found > expected {
                    return false;
                }
                link = self.of_word(slot, CHAIN);
            }
        }
        found == expected
    }
}

/// What an event says of a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub id: EventId,
    pub index: u64,
    pub seq: u32,
    pub at: u64,
    pub proposition: Proposition,
    pub expires: Option<u64>,
}
