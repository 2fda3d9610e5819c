//! Every open conflict, and as many closed ones as there is room for.

use super::ids::Ids;
use crate::block::sections::sections;
use crate::coherence::config::EngineConfig;
use crate::coherence::conflict::{Conflict, Status, conflict_id, is_before};
use crate::coherence::quarantine::Quarantine;
use crate::log::EventId;

/// Words of a conflict's record.
mod at {
    /// Slots of both claims plus one; zero once one of them is out of force.
    pub const FIRST: usize = 0;
    pub const CONTEXT: usize = 2;
    /// What has happened to it, and in the second byte which claims have fallen; zero while free.
    pub const STATE: usize = 3;
    /// Units of support since it began.
    pub const HEAT: usize = 4;
    /// The next conflict of the first claim, then that of the second: its number times two, plus
    /// the claim's side there, plus one.
    pub const NEXT_OF_FIRST: usize = 5;
    /// The conflict that closed after this one, plus one.
    pub const NEXT: usize = 7;
}

/// Bits of what has happened.
const LIVE: u32 = 1;
const RESOLVED: u32 = 4;
const LAPSED: u32 = 8;
/// A claim that replaced one of its claims was seen to contradict the other; only while a call runs.
const CONFIRMED: u32 = 16;

/// Words of the state: records ever used, then the oldest and the newest closed conflict whose
/// record can be taken, as links.
const USED: usize = 0;
const OLDEST: usize = 1;
const NEWEST: usize = 2;

/// Where a claim's list of conflicts starts.
pub(crate) trait Lists {
    /// The head of the list of the claim in a slot.
    fn head(&self, slot: u32) -> u32;
    /// Puts another head there.
    fn set_head(&mut self, slot: u32, link: u32);
}

sections! {
    pub(crate) struct Conflicts for EngineConfig as config {
        state: [u32; config.words_of(config.conflicts, 3)],
        pub ids: in Ids<'a> = &config.room_for_conflicts(),
        /// Ids of both claims.
        sides: [[EventId; 2]; config.conflicts => 1],
        records: [[u32; 8]; config.conflicts => 1],
        /// Since when its claims have contradicted each other, and one more than the date of the latest
        /// claim that a challenge has named, zero for none.
        times: [[u64; 2]; config.conflicts => 1],
    } with {
        capacity: u32 = config.conflicts,
        /// Most steps that one escalates, and the milliseconds of one.
        steps: u64 = config.steps as u64,
        escalation: u64 = config.escalation as u64,
        /// Units of support that are a whole, and the part of it, of 65,535, that is a step.
        units: u64 = config.heat as u64,
        step: u64 = config.temperature as u64,
    }
}

/// A link of a claim's list, taken apart: the conflict, and the claim's side there.
fn parts(link: u32) -> Option<(u32, usize)> {
    let at = link.checked_sub(1)?;
    Some((at / 2, (at & 1) as usize))
}

impl Conflicts<'_> {
    /// A word of a record; zero out of range.
    fn word(&self, conflict: u32, word: usize) -> u32 {
        let record = self.records.get(conflict as usize);
        record.and_then(|r| r.get(word)).copied().unwrap_or(0)
    }

    fn set(&mut self, conflict: u32, word: usize, value: u32) {
        let record = self.records.get_mut(conflict as usize);
        if let Some(to) = record.and_then(|r| r.get_mut(word)) {
            *to = value;
        }
    }

    fn state(&self, conflict: u32) -> u32 {
        self.word(conflict, at::STATE)
    }

    fn mark(&mut self, conflict: u32, what: u32) {
        self.set(conflict, at::STATE, self.state(conflict) | what);
    }

    fn unmark(&mut self, conflict: u32, what: u32) {
        self.set(conflict, at::STATE, self.state(conflict) & !what);
    }

    /// Takes a challenge into account that named claims dated `at` at the latest.
    pub fn challenge(&mut self, conflict: u32, at: u64) {
        if let Some([_, challenged]) = self.times.get_mut(conflict as usize) {
            *challenged = (*challenged).max(at.saturating_add(1));
        }
    }

    fn challenged(&self, conflict: u32) -> u64 {
        self.times
            .get(conflict as usize)
            .map_or(0, |times| times[1])
    }

    /// Adds support.
    pub fn heat(&mut self, conflict: u32, units: u32) {
        let heat = self.word(conflict, at::HEAT).saturating_add(units);
        self.set(conflict, at::HEAT, heat);
    }

    /// Whether a conflict waits for a decision.
    pub fn is_open(&self, conflict: u32) -> bool {
        self.state(conflict) & (LIVE | RESOLVED | LAPSED) == LIVE
    }

    /// Whether an authority has decided a conflict.
    pub fn is_resolved(&self, conflict: u32) -> bool {
        self.state(conflict) & RESOLVED != 0
    }

    /// Since when the claims of a conflict have contradicted each other.
    pub fn since(&self, conflict: u32) -> u64 {
        self.times
            .get(conflict as usize)
            .map_or(0, |times| times[0])
    }

    pub fn set_since(&mut self, conflict: u32, since: u64) {
        if let Some([to, _]) = self.times.get_mut(conflict as usize) {
            *to = since;
        }
    }

    /// Whether it was challenged, and the units of support: with [`since`](Self::since) all that its
    /// state follows from.
    pub fn standing(&self, conflict: u32) -> (bool, u32) {
        let challenged = self.challenged(conflict) > self.since(conflict);
        (challenged, self.word(conflict, at::HEAT))
    }

    /// Steps that a conflict has escalated by `now`: one for each period that it is old, one for each
    /// time that it has grown hot.
    fn steps(&self, conflict: u32, now: u64) -> u64 {
        let aged = now.saturating_sub(self.since(conflict)) / self.escalation.max(1);
        let heated = self.warmth(conflict) / self.step.max(1);
        aged.saturating_add(heated).min(self.steps)
    }

    /// Support as a fraction of 65,535.
    fn warmth(&self, conflict: u32) -> u64 {
        u64::from(self.word(conflict, at::HEAT)) * u64::from(u16::MAX) / self.units.max(1)
    }

    /// How far a conflict restricts its claims at `now`.
    pub fn level(&self, conflict: u32, now: u64) -> Quarantine {
        let mut level = match self.standing(conflict).0 {
            false => Quarantine::Conservative,
            true => Quarantine::RequiresWitness,
        };
        for _ in 0..self.steps(conflict, now) {
            level = level.raised();
        }
        level
    }

    fn counter(&self, at: usize) -> u32 {
        self.state.get(at).copied().unwrap_or(0)
    }

    fn set_counter(&mut self, at: usize, value: u32) {
        if let Some(word) = self.state.get_mut(at) {
            *word = value;
        }
    }

    pub fn side(&self, conflict: u32, side: usize) -> EventId {
        self.sides
            .get(conflict as usize)
            .and_then(|sides| sides.get(side))
            .copied()
            .unwrap_or_default()
    }

    /// What is known of a conflict at `now`.
    pub fn view(&self, conflict: u32, now: u64) -> Option<Conflict> {
        let state = self.state(conflict);
        (state & LIVE != 0).then_some(())?;
        let (challenged, heat) = self.standing(conflict);
        let steps = self.steps(conflict, now);
        let status = match () {
            () if state & RESOLVED != 0 => Status::Resolved,
            () if state & LAPSED != 0 => Status::Lapsed,
            () if steps > 0 => Status::Escalated,
            () if heat > 0 => Status::Supported,
            () if challenged => Status::Challenged,
            () => Status::Detected,
        };
        let since = self.since(conflict);
        let next = now.saturating_sub(since) / self.escalation.max(1) + 1;
        let due = since.saturating_add(next.saturating_mul(self.escalation));
        let mut claims = [self.side(conflict, 0), self.side(conflict, 1)];
        let mut fallen = [state & 0x100 != 0, state & 0x200 != 0];
        if is_before(&claims[1], &claims[0]) {
            claims.reverse();
            fallen.reverse();
        }
        Some(Conflict {
            id: self.ids.of(conflict),
            claims,
            context: self.word(conflict, at::CONTEXT),
            status,
            quarantine: self.level(conflict, now),
            challenged,
            support: heat,
            temperature: (self.warmth(conflict) % self.step.max(1)) as u16,
            steps: steps as u8,
            since,
            escalates_at: (status.is_open() && steps < self.steps).then_some(due),
            fallen,
        })
    }

    /// Ends a conflict by a decision, in which the sides whose bits are set fall.
    pub fn resolve(&mut self, conflict: u32, fall: u8) {
        self.mark(conflict, RESOLVED | u32::from(fall) << 8);
    }

    /// A claim of an open conflict is there no more, or no longer contradicts the other.
    pub fn lapse(&mut self, conflict: u32) {
        self.mark(conflict, LAPSED);
    }

    /// The claims contradict each other again; whether they did not before.
    pub fn revive(&mut self, conflict: u32) -> bool {
        let lapsed = self.state(conflict) & LAPSED != 0;
        self.unmark(conflict, LAPSED);
        lapsed
    }

    /// Whether a challenge is to be remembered, as what was said in between may still come to light.
    pub fn is_kept(&self, conflict: u32) -> bool {
        self.challenged(conflict) != 0
    }

    /// Notes that the claim in place of one of its claims contradicts the other.
    pub fn confirm(&mut self, conflict: u32) {
        self.mark(conflict, CONFIRMED);
    }

    /// Whether it was [confirmed](Self::confirm), which is forgotten by that.
    pub fn take_confirmed(&mut self, conflict: u32) -> bool {
        let confirmed = self.state(conflict) & CONFIRMED != 0;
        self.unmark(conflict, CONFIRMED);
        confirmed
    }

    /// Names the claim on a side by the one that took its place, and takes back a decision that was
    /// about the one before if what is said is another thing.
    pub fn rename(&mut self, conflict: u32, side: usize, id: &EventId, another: bool) {
        self.ids.unlink(conflict);
        let sides = self.sides.get_mut(conflict as usize);
        if let Some(own) = sides.and_then(|sides| sides.get_mut(side)) {
            *own = *id;
        }
        let id = conflict_id(&self.side(conflict, 0), &self.side(conflict, 1));
        self.ids.link(conflict, &id);
        if another {
            // Decisions and support were about what was said.
            self.unmark(conflict, RESOLVED);
            self.set(conflict, at::HEAT, 0);
        }
    }

    /// The slot of the claim on a side, if it is in force.
    pub fn slot(&self, conflict: u32, side: usize) -> Option<u32> {
        self.word(conflict, at::FIRST + side).checked_sub(1)
    }

    /// The conflict behind a link, the claim's side there, and the next link.
    pub fn step(&self, link: u32) -> Option<(u32, usize, u32)> {
        let (conflict, side) = parts(link)?;
        Some((
            conflict,
            side,
            self.word(conflict, at::NEXT_OF_FIRST + side),
        ))
    }

    /// Gives up one that has lapsed and was remembered for a challenge; whether there was one. Cost:
    /// O(conflicts).
    pub fn give_up_lapsed(&mut self, lists: &mut impl Lists) -> bool {
        let lapsed = |&c: &u32| self.state(c) & LAPSED != 0 && self.slot(c, 0).is_some();
        let Some(conflict) = self.all().find(lapsed) else {
            return false;
        };
        self.detach(conflict, lists);
        true
    }

    /// Whether there is room for another conflict.
    pub fn has_room(&self) -> bool {
        self.counter(USED) < self.capacity || self.counter(OLDEST) != 0
    }

    fn allocate(&mut self) -> Option<u32> {
        let used = self.counter(USED);
        if used < self.capacity {
            self.set_counter(USED, used + 1);
            return Some(used);
        }
        let conflict = self.counter(OLDEST).checked_sub(1)?;
        let next = self.word(conflict, at::NEXT);
        self.set_counter(OLDEST, next);
        if next == 0 {
            self.set_counter(NEWEST, 0);
        }
        self.ids.unlink(conflict);
        if let Some(record) = self.records.get_mut(conflict as usize) {
            *record = [0; 8];
        }
        if let Some(times) = self.times.get_mut(conflict as usize) {
            *times = [0; 2];
        }
        Some(conflict)
    }

    /// Opens the conflict of two claims in force; `None` if there is no room.
    pub fn open(
        &mut self,
        slots: [u32; 2],
        ids: [EventId; 2],
        context: u32,
        since: u64,
        lists: &mut impl Lists,
    ) -> Option<u32> {
        let conflict = self.allocate()?;
        self.ids.link(conflict, &conflict_id(&ids[0], &ids[1]));
        if let Some(sides) = self.sides.get_mut(conflict as usize) {
            *sides = ids;
        }
        for (side, slot) in slots.into_iter().enumerate() {
            self.set(conflict, at::FIRST + side, slot + 1);
            self.set(conflict, at::NEXT_OF_FIRST + side, lists.head(slot));
            lists.set_head(slot, conflict * 2 + side as u32 + 1);
        }
        self.set(conflict, at::CONTEXT, context);
        self.set_since(conflict, since);
        self.set(conflict, at::STATE, LIVE);
        Some(conflict)
    }

    /// Takes a conflict out of its claims' lists, as one of them leaves force. From now on its
    /// record may be taken for another.
    pub fn detach(&mut self, conflict: u32, lists: &mut impl Lists) {
        for side in 0..2 {
            let Some(slot) = self.slot(conflict, side) else {
                continue;
            };
            let mine = conflict * 2 + side as u32 + 1;
            let next = self.word(conflict, at::NEXT_OF_FIRST + side);
            let head = lists.head(slot);
            if head == mine {
                lists.set_head(slot, next);
            } else {
                let mut link = head;
                while let Some((other, its, behind)) = self.step(link) {
                    if behind == mine {
                        self.set(other, at::NEXT_OF_FIRST + its, next);
                        break;
                    }
                    link = behind;
                }
            }
            self.set(conflict, at::FIRST + side, 0);
            self.set(conflict, at::NEXT_OF_FIRST + side, 0);
        }
        let newest = self.counter(NEWEST);
        match newest.checked_sub(1) {
            Some(before) => self.set(before, at::NEXT, conflict + 1),
            None => self.set_counter(OLDEST, conflict + 1),
        }
        self.set_counter(NEWEST, conflict + 1);
    }

    /// Forgets all conflicts, none of which is in the list of a claim.
    pub fn clear(&mut self, config: &EngineConfig) {
        for conflict in self.all() {
            self.ids.unlink(conflict);
            self.clear_slot(config, conflict as usize);
        }
        self.state.fill(0);
    }

    /// Numbers of all conflicts remembered.
    pub fn all(&self) -> impl Iterator<Item = u32> + use<> {
        0..self.counter(USED)
    }

    /// Checks records, ids, times and the list of the closed; the claims' lists are checked with
    /// the claims.
    pub fn is_sound(&mut self, config: &EngineConfig) -> bool {
        let used = self.counter(USED);
        let (room, live) = (config.room_for_conflicts(), |conflict| conflict < used);
        used <= self.capacity
            && self.ids.is_sound(&room, live)
            && self.is_zero_from(config, used as usize)
            && self.verify(used).is_some()
    }

    fn verify(&self, used: u32) -> Option<()> {
        let mut closed = 0;
        for conflict in 0..used {
            let view = self.view(conflict, 0)?;
            let [a, b] = view.claims;
            (a != b && conflict_id(&a, &b) == view.id).then_some(())?;
            let [first, second] = [self.slot(conflict, 0), self.slot(conflict, 1)];
            let next = self.word(conflict, at::NEXT);
            match (first, second) {
                (None, None) => {
                    closed += 1;
                    let lists = [0, 1].map(|side| self.word(conflict, at::NEXT_OF_FIRST + side));
                    (!view.status.is_open() && lists == [0; 2]).then_some(())?;
                }
                (Some(a), Some(b)) => {
                    (a != b && next == 0).then_some(())?;
                }
                _ => return None,
            }
            let known = LIVE | RESOLVED | LAPSED;
            let fallen = self.state(conflict) & !known;
            (fallen & !0x300 == 0).then_some(())?;
        }
        let gone = |conflict| conflict < used && self.slot(conflict, 0).is_none();
        let last = self.walk(self.counter(OLDEST), closed, gone)?;
        (last == self.counter(NEWEST)).then_some(())
    }

    /// Follows a list of exactly `count`; the link of its last, zero for none.
    fn walk(&self, head: u32, count: u32, fits: impl Fn(u32) -> bool) -> Option<u32> {
        let (mut link, mut last) = (head, 0);
        for _ in 0..count {
            let conflict = link.checked_sub(1)?;
            fits(conflict).then_some(())?;
            last = link;
            link = self.word(conflict, at::NEXT);
        }
        (link == 0).then_some(last)
    }
}
