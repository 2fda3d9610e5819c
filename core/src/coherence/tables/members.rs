//! Whose events count, and where each of them is: 56 bytes a member.
//!
//! A member's number, date and budget follow from its own events, in their order, and from nothing
//! else: so every node answers alike, whatever else it has heard. No member is ever forgotten, an
//! expelled one neither, so that nothing that was said can be said again.

use crate::block::sections::sections;
use crate::coherence::config::EngineConfig;
use crate::coherence::errors::Refusal;
use crate::log::PublicKey;
use crate::table::{self, Place};

/// Words of a member's record: the number of its next event, the time of its last one, the
/// milliseconds until its budget is full again as of then, and claims in force with its state in the
/// low byte. Of an expelled one, who spends no more, the last number stands for the budget.
const NEXT: usize = 0;
const LAST: usize = 1;
const DEBT: usize = 3;
const CLAIMS: usize = 4;
const WORDS: usize = 5;

const EXPELLED: u32 = 1;
const FORKED: u32 = 2;
const STATES: u32 = 4;

sections! {
    pub(crate) struct Members for EngineConfig as config {
        keys: [PublicKey; config.members => 1],
        records: [u32; config.members => WORDS],
        table: [u16; config.member_places()],
        /// Members there are.
        state: [u32; config.words_of(config.members as u32, 1)],
    } with {
        capacity: u32 = config.members as u32,
        seed: u64 = config.grid.hash_seed() as u64,
        places: usize = config.member_places(),
        open: bool = config.open,
        /// Milliseconds of one unit, and of the whole budget.
        unit: u64 = config.refill as u64,
        whole: u64 = config.burst as u64 * config.refill as u64,
    }
}

impl EngineConfig {
    const fn member_places(&self) -> usize {
        match self.members {
            0 => 0,
            members => (members as usize * 2).next_power_of_two(),
        }
    }
}

/// Where an event stands among those of its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is the next one of a member.
    Next(u32),
    /// It is the first one of somebody who becomes a member by it.
    First,
    /// Its number has been taken.
    Past(u32),
}

impl Members<'_> {
    fn word(&self, member: u32, at: usize) -> u32 {
        let place = member as usize * WORDS + at;
        self.records.get(place).copied().unwrap_or(0)
    }

    fn set(&mut self, member: u32, at: usize, value: u32) {
        let place = member as usize * WORDS + at;
        if let Some(word) = self.records.get_mut(place) {
            *word = value;
        }
    }

    /// Members there are.
    pub fn count(&self) -> u32 {
        self.state.first().copied().unwrap_or(0)
    }

    fn places(&self) -> &[u16] {
        self.table.get(..self.places).unwrap_or_default()
    }

    /// The number of the member with a key.
    #[inline]
    pub fn find(&self, key: &PublicKey) -> Option<u32> {
        let found = table::find(self.places(), table::hash(key, self.seed), |member| {
            self.keys.get(member as usize) == Some(key)
        });
        found.ok().map(|(_, member)| member)
    }

    pub fn key(&self, member: u32) -> PublicKey {
        self.keys.get(member as usize).copied().unwrap_or_default()
    }

    /// The number of a member's next event.
    pub fn next(&self, member: u32) -> u32 {
        self.word(member, NEXT)
    }

    /// The time of a member's last event.
    pub fn last(&self, member: u32) -> u64 {
        u64::from(self.word(member, LAST)) | u64::from(self.word(member, LAST + 1)) << 32
    }

    /// A member's claims in force.
    pub fn claims(&self, member: u32) -> u32 {
        self.word(member, CLAIMS) >> 8
    }

    fn state(&self, member: u32) -> u32 {
        self.word(member, CLAIMS) & 0xff
    }

    fn mark(&mut self, member: u32, state: u32) {
        let word = self.word(member, CLAIMS);
        self.set(member, CLAIMS, word | state);
    }

    /// Whether a member has signed two events of one number.
    pub fn is_forked(&self, member: u32) -> bool {
        self.state(member) & FORKED != 0
    }

    pub fn set_forked(&mut self, member: u32) {
        self.mark(member, FORKED);
    }

    /// The last event of a member that counts, if it was expelled.
    pub fn expelled(&self, member: u32) -> Option<u32> {
        (self.state(member) & EXPELLED != 0).then(|| self.word(member, DEBT))
    }

    pub fn expel(&mut self, member: u32, last: u32) {
        self.mark(member, EXPELLED);
        self.set(member, DEBT, last);
    }

    /// Lets an expelled member speak again, with its event `from`.
    pub fn admit_again(&mut self, member: u32, from: u32) {
        let word = self.word(member, CLAIMS) & !EXPELLED;
        self.set(member, CLAIMS, word);
        self.set(member, DEBT, 0);
        let next = self.next(member).max(from);
        self.set(member, NEXT, next);
    }

    /// Whether there is room for another member.
    pub fn has_room(&self) -> bool {
        self.count() < self.capacity
    }

    /// Makes a member of a key that is none, whose next event has the number `from`.
    pub fn admit(&mut self, key: &PublicKey, from: u32) -> Option<u32> {
        let member = self.count();
        if member >= self.capacity {
            return None;
        }
        let hash = table::hash(key, self.seed);
        let (Err(at) | Ok((at, _))) = table::find(self.places(), hash, |_| false);
        *self.table.get_mut(at)? = Place::of(member);
        *self.keys.get_mut(member as usize)? = *key;
        self.set(member, NEXT, from);
        *self.state.first_mut()? = member + 1;
        Some(member)
    }

    /// Where an event stands among those of its author, if that may speak.
    #[inline]
    pub fn turn(&self, author: &PublicKey, seq: u32, at: u64) -> Result<Turn, Refusal> {
        let Some(member) = self.find(author) else {
            return match (self.open, seq) {
                (false, _) => Err(Refusal::NotAMember),
                (true, _) if !self.has_room() => Err(Refusal::MembersFull),
                (true, 1) => Ok(Turn::First),
                (true, _) => Err(Refusal::Gap { expected: 1 }),
            };
        };
        let expected = self.next(member);
        if seq < expected {
            return Ok(Turn::Past(member));
        }
        if let Some(last) = self.expelled(member).filter(|&last| seq > last) {
            return Err(Refusal::Expelled { last });
        }
        if seq > expected {
            return Err(Refusal::Gap { expected });
        }
        match self.last(member) {
            last if at < last => Err(Refusal::BackInTime { last }),
            _ => Ok(Turn::Next(member)),
        }
    }

    /// Counts an event of a member.
    #[inline]
    pub fn said(&mut self, member: u32, at: u64) {
        let passed = at.saturating_sub(self.last(member));
        if self.expelled(member).is_none() {
            let debt = u64::from(self.word(member, DEBT)).saturating_sub(passed);
            self.set(member, DEBT, debt as u32);
        }
        let next = self.next(member).saturating_add(1);
        self.set(member, NEXT, next);
        self.set(member, LAST, at as u32);
        self.set(member, LAST + 1, (at >> 32) as u32);
    }

    /// Whether a member can spend `cost` units on an event dated `at`: the generic cell rate
    /// algorithm (ITU-T I.371).
    pub fn check_budget(&self, member: Option<u32>, cost: u32, at: u64) -> Result<(), Refusal> {
        let (debt, passed) = match member {
            Some(member) if self.expelled(member).is_some() => return Ok(()),
            Some(member) => (
                u64::from(self.word(member, DEBT)),
                at.saturating_sub(self.last(member)),
            ),
            None => (0, 0),
        };
        let after = debt.saturating_sub(passed) + u64::from(cost).saturating_mul(self.unit);
        match after.saturating_sub(self.whole) {
            0 => Ok(()),
            retry_after => Err(Refusal::OverBudget { retry_after }),
        }
    }

    /// Spends what [`check_budget`](Self::check_budget) allowed, once the event was counted.
    pub fn spend(&mut self, member: u32, cost: u32) {
        if self.expelled(member).is_none() {
            let cost = u64::from(cost).saturating_mul(self.unit);
            let debt = u64::from(self.word(member, DEBT)).saturating_add(cost);
            self.set(member, DEBT, debt.min(self.whole) as u32);
        }
    }

    /// Counts one claim more.
    pub fn hold(&mut self, member: u32) {
        let word = self.word(member, CLAIMS);
        self.set(member, CLAIMS, word.wrapping_add(1 << 8));
    }

    /// Counts one claim less.
    pub fn release(&mut self, member: u32) {
        let word = self.word(member, CLAIMS);
        self.set(member, CLAIMS, word.wrapping_sub(1 << 8));
    }

    /// What a member's state is: number, time, budget, whether it was expelled or has forked.
    pub fn standing(&self, member: u32) -> [u32; WORDS] {
        let mut standing = [NEXT, LAST, LAST + 1, DEBT, CLAIMS].map(|at| self.word(member, at));
        standing[CLAIMS] &= 0xff;
        standing
    }

    /// Checks table and records; `claims` gives the member of each claim in force, again and again.
    pub fn is_sound<I: Iterator<Item = u32>>(
        &mut self,
        config: &EngineConfig,
        claims: impl Fn() -> I,
    ) -> bool {
        let count = self.count();
        if count > self.capacity || !self.is_zero_from(config, count as usize) {
            return false;
        }
        let mut taken = 0;
        let mut right = true;
        for member in claims() {
            if member >= count || self.claims(member) == 0 {
                right = false;
                break;
            }
            self.release(member);
            taken += 1;
        }
        right &= (0..count).all(|member| self.claims(member) == 0);
        for member in claims().take(taken) {
            self.hold(member);
        }
        let known = |member: u32| {
            self.state(member) < STATES
                && self.next(member) > 0
                && self.find(&self.key(member)) == Some(member)
        };
        right
            && (0..count).all(known)
            && (self.places == 0
                || table::check(self.places(), count as usize, |member| {
                    let key = self.keys.get(member as usize)?;
                    (member < count).then(|| table::hash(key, self.seed))
                }))
    }
}
