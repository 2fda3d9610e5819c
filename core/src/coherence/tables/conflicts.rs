//! Every open conflict, and as many closed ones as there is room for.

use super::ids::Ids;
use super::timers::Timers;
use crate::block::sections::sections;
use crate::coherence::config::EngineConfig;
use crate::coherence::conflict::{Conflict, Status, conflict_id, is_before};
use crate::coherence::quarantine::Quarantine;
use crate::log::EventId;

/// Words of a conflict's record.
mod at {
    /// Slot of the claim with the smaller id plus one, then that of the other; zero once one of
    /// them is out of force.
    pub const FIRST: usize = 0;
    pub const CONTEXT: usize = 2;
    /// Status, quarantine, steps and which claims have fallen, a byte each; zero while free.
    pub const STATE: usize = 3;
    pub const TEMPERATURE: usize = 4;
    /// The next conflict of the first claim, then that of the second: its number times two, plus
    /// the claim's side there, plus one.
    pub const NEXT_OF_FIRST: usize = 5;
    /// The conflict that closed after this one, plus one.
    pub const NEXT: usize = 7;
}

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
        /// When each escalates.
        pub timers: in Timers<'a> = &config.room_for_conflicts(),
        /// Ids of both claims, the smaller first.
        sides: [[EventId; 2]; config.conflicts => 1],
        records: [[u32; 8]; config.conflicts => 1],
        /// When each was found.
        since: [u64; config.conflicts => 1],
    } with {
        capacity: u32 = config.conflicts,
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

    /// The number of the context of a conflict's claims.
    pub fn context(&self, conflict: u32) -> u32 {
        self.word(conflict, at::CONTEXT)
    }

    /// How much was spent on a conflict since its last step.
    pub fn temperature(&self, conflict: u32) -> u32 {
        self.word(conflict, at::TEMPERATURE)
    }

    pub fn set_temperature(&mut self, conflict: u32, temperature: u32) {
        self.set(conflict, at::TEMPERATURE, temperature);
    }

    /// Whether a conflict waits for a decision.
    pub fn is_open(&self, conflict: u32) -> bool {
        self.stand(conflict)
            .is_some_and(|(status, ..)| status.is_open())
    }

    fn counter(&self, at: usize) -> u32 {
        self.state.get(at).copied().unwrap_or(0)
    }

    fn set_counter(&mut self, at: usize, value: u32) {
        if let Some(word) = self.state.get_mut(at) {
            *word = value;
        }
    }

    /// Status, quarantine, steps and the sides that have fallen.
    pub fn stand(&self, conflict: u32) -> Option<(Status, Quarantine, u8, u8)> {
        let [status, quarantine, steps, fallen] = self.word(conflict, at::STATE).to_le_bytes();
        Some((
            Status::from_bits(status.into())?,
            Quarantine::from_bits(quarantine.into())?,
            steps,
            fallen,
        ))
    }

    pub fn set_stand(&mut self, conflict: u32, stand: (Status, Quarantine, u8, u8)) {
        let (status, quarantine, steps, fallen) = stand;
        let word = u32::from_le_bytes([status as u8, quarantine as u8, steps, fallen]);
        self.set(conflict, at::STATE, word);
    }

    pub fn side(&self, conflict: u32, side: usize) -> EventId {
        self.sides
            .get(conflict as usize)
            .and_then(|sides| sides.get(side))
            .copied()
            .unwrap_or_default()
    }

    /// What is known of a conflict.
    pub fn view(&self, conflict: u32) -> Option<Conflict> {
        let (status, quarantine, steps, fallen) = self.stand(conflict)?;
        let due = self.timers.due(conflict);
        Some(Conflict {
            id: self.ids.of(conflict),
            claims: [self.side(conflict, 0), self.side(conflict, 1)],
            context: self.word(conflict, at::CONTEXT),
            status,
            quarantine,
            temperature: self.word(conflict, at::TEMPERATURE) as u16,
            steps,
            since: self.since.get(conflict as usize).copied().unwrap_or(0),
            escalates_at: (due != 0).then_some(due),
            fallen: [fallen & 1 != 0, fallen & 2 != 0],
        })
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
        Some(conflict)
    }

    /// Opens the conflict of two claims in force; `None` if there is no room.
    pub fn open(
        &mut self,
        slots: [u32; 2],
        ids: [EventId; 2],
        context: u32,
        now: u64,
        lists: &mut impl Lists,
    ) -> Option<u32> {
        let ([a, b], ids) = match ids {
            [x, y] if is_before(&y, &x) => ([slots[1], slots[0]], [y, x]),
            [x, y] => (slots, [x, y]),
        };
        let conflict = self.allocate()?;
        self.ids.link(conflict, &conflict_id(&ids[0], &ids[1]));
        if let Some(sides) = self.sides.get_mut(conflict as usize) {
            *sides = ids;
        }
        for (side, slot) in [a, b].into_iter().enumerate() {
            self.set(conflict, at::FIRST + side, slot + 1);
            self.set(conflict, at::NEXT_OF_FIRST + side, lists.head(slot));
            lists.set_head(slot, conflict * 2 + side as u32 + 1);
        }
        self.set(conflict, at::CONTEXT, context);
        if let Some(since) = self.since.get_mut(conflict as usize) {
            *since = now;
        }
        self.set_stand(conflict, (Status::Detected, Quarantine::Conservative, 0, 0));
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
            && self.timers.is_sound(&room, live)
            && self.is_zero_from(config, used as usize)
            && self.verify(used).is_some()
    }

    fn verify(&self, used: u32) -> Option<()> {
        let mut closed = 0;
        for conflict in 0..used {
            let view = self.view(conflict)?;
            let [a, b] = view.claims;
            (a < b && conflict_id(&a, &b) == view.id).then_some(())?;
            let [first, second] = [self.slot(conflict, 0), self.slot(conflict, 1)];
            let next = self.word(conflict, at::NEXT);
            match (first, second) {
                (None, None) => {
                    closed += 1;
                    let lists = [0, 1].map(|side| self.word(conflict, at::NEXT_OF_FIRST + side));
                    (!view.status.is_open() && lists == [0; 2]).then_some(())?;
                }
                (Some(a), Some(b)) => {
                    (a != b && view.status != Status::Lapsed && next == 0).then_some(())?;
                }
                _ => return None,
            }
            let sleeps = view.escalates_at.is_none() || view.status.is_open();
            (sleeps && self.word(conflict, at::TEMPERATURE) <= 0xffff).then_some(())?;
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
