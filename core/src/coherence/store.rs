//! Every open conflict, and as many closed ones as there is room for.

use super::conflict::{Conflict, Status, at, conflict_id, is_before};
use super::quarantine::Quarantine;
use super::table::Table;
use crate::Hash;
use crate::log::EventId;

/// Words of the engine's state that are the store's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counters {
    /// Conflicts in the heap.
    pub woken: usize,
    /// Records ever used.
    pub used: usize,
    /// The oldest and the newest closed conflict whose record can be taken.
    pub oldest: usize,
    pub newest: usize,
}

pub(super) const COUNTERS: Counters = Counters {
    woken: 0,
    used: 1,
    oldest: 2,
    newest: 3,
};

/// Where a claim's list of conflicts starts.
pub(super) trait Lists {
    /// The head of the list of the claim in a slot.
    fn head(&self, slot: u32) -> u32;
    /// Puts another head there.
    fn set_head(&mut self, slot: u32, link: u32);
}

#[derive(Debug)]
pub(super) struct Conflicts<'a> {
    pub table: Table<'a, 8>,
    /// When each was found.
    pub since: &'a mut [u64],
    /// How many there is room for; padding may add a record.
    pub capacity: u32,
    /// Ids of both claims, the smaller first.
    pub sides: &'a mut [EventId],
    pub state: &'a mut [u32],
}

/// A link of a claim's list, taken apart: the conflict, and the claim's side there.
pub(super) fn parts(link: u32) -> Option<(u32, usize)> {
    let at = link.checked_sub(1)?;
    Some((at / 2, (at & 1) as usize))
}

impl Conflicts<'_> {
    pub fn counter(&self, at: usize) -> u32 {
        self.state.get(at).copied().unwrap_or(0)
    }

    pub fn set_counter(&mut self, at: usize, value: u32) {
        if let Some(word) = self.state.get_mut(at) {
            *word = value;
        }
    }

    /// Status, quarantine, steps and the sides that have fallen.
    pub fn stand(&self, conflict: u32) -> Option<(Status, Quarantine, u8, u8)> {
        let [status, quarantine, steps, fallen] =
            self.table.word(conflict, at::STATE).to_le_bytes();
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
        self.table.set(conflict, at::STATE, word);
    }

    pub fn side(&self, conflict: u32, side: usize) -> EventId {
        self.sides
            .get(conflict as usize * 2 + side)
            .copied()
            .unwrap_or_default()
    }

    /// What is known of a conflict.
    pub fn view(&self, conflict: u32) -> Option<Conflict> {
        let (status, quarantine, steps, fallen) = self.stand(conflict)?;
        let due = self.table.due(conflict);
        Some(Conflict {
            id: self.table.id(conflict),
            claims: [self.side(conflict, 0), self.side(conflict, 1)],
            context: self.table.word(conflict, at::CONTEXT),
            status,
            quarantine,
            temperature: self.table.word(conflict, at::TEMPERATURE) as u16,
            steps,
            since: self.since.get(conflict as usize).copied().unwrap_or(0),
            escalates_at: (due != 0).then_some(due),
            fallen: [fallen & 1 != 0, fallen & 2 != 0],
        })
    }

    /// The slot of the claim on a side, if it is in force.
    pub fn slot(&self, conflict: u32, side: usize) -> Option<u32> {
        self.table.word(conflict, at::FIRST + side).checked_sub(1)
    }

    /// The conflict behind a link, the claim's side there, and the next link.
    pub fn step(&self, link: u32) -> Option<(u32, usize, u32)> {
        let (conflict, side) = parts(link)?;
        Some((
            conflict,
            side,
            self.table.word(conflict, at::NEXT_OF_FIRST + side),
        ))
    }

    /// Whether there is room for another conflict.
    pub fn has_room(&self) -> bool {
        self.counter(COUNTERS.used) < self.capacity || self.counter(COUNTERS.oldest) != 0
    }

    fn allocate(&mut self) -> Option<u32> {
        let used = self.counter(COUNTERS.used);
        if used < self.capacity {
            self.set_counter(COUNTERS.used, used + 1);
            return Some(used);
        }
        let conflict = self.counter(COUNTERS.oldest).checked_sub(1)?;
        let next = self.table.word(conflict, at::NEXT);
        self.set_counter(COUNTERS.oldest, next);
        if next == 0 {
            self.set_counter(COUNTERS.newest, 0);
        }
        self.table.unlink(conflict);
        if let Some(record) = self.table.get_mut(conflict) {
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
        self.table.link(conflict, &conflict_id(&ids[0], &ids[1]));
        for (side, (slot, id)) in [(a, ids[0]), (b, ids[1])].into_iter().enumerate() {
            if let Some(to) = self.sides.get_mut(conflict as usize * 2 + side) {
                *to = id;
            }
            self.table.set(conflict, at::FIRST + side, slot + 1);
            self.table
                .set(conflict, at::NEXT_OF_FIRST + side, lists.head(slot));
            lists.set_head(slot, conflict * 2 + side as u32 + 1);
        }
        self.table.set(conflict, at::CONTEXT, context);
        if let Some(since) = self.since.get_mut(conflict as usize) {
            *since = now;
        }
        self.set_stand(conflict, (Status::Detected, Quarantine::Conservative, 0, 0));
        Some(conflict)
    }

    /// Has a conflict woken at `due`.
    pub fn wake_at(&mut self, conflict: u32, due: u64) {
        let mut woken = self.counter(COUNTERS.woken);
        self.table.wake_at(conflict, due, &mut woken);
        self.set_counter(COUNTERS.woken, woken);
    }

    pub fn rest(&mut self, conflict: u32) {
        let mut woken = self.counter(COUNTERS.woken);
        self.table.rest(conflict, &mut woken);
        self.set_counter(COUNTERS.woken, woken);
    }

    /// The conflict to be woken first, and when.
    pub fn earliest(&self) -> Option<(u64, u32)> {
        self.table.earliest(self.counter(COUNTERS.woken))
    }

    /// Takes a conflict out of its claims' lists, as one of them leaves force. From now on its
    /// record may be taken for another.
    pub fn detach(&mut self, conflict: u32, lists: &mut impl Lists) {
        for side in 0..2 {
            let Some(slot) = self.slot(conflict, side) else {
                continue;
            };
            let mine = conflict * 2 + side as u32 + 1;
            let next = self.table.word(conflict, at::NEXT_OF_FIRST + side);
            let head = lists.head(slot);
            if head == mine {
                lists.set_head(slot, next);
            } else {
                let mut link = head;
                while let Some((other, its, behind)) = self.step(link) {
                    if behind == mine {
                        self.table.set(other, at::NEXT_OF_FIRST + its, next);
                        break;
                    }
                    link = behind;
                }
            }
            self.table.set(conflict, at::FIRST + side, 0);
            self.table.set(conflict, at::NEXT_OF_FIRST + side, 0);
        }
        let newest = self.counter(COUNTERS.newest);
        match newest.checked_sub(1) {
            Some(before) => self.table.set(before, at::NEXT, conflict + 1),
            None => self.set_counter(COUNTERS.oldest, conflict + 1),
        }
        self.set_counter(COUNTERS.newest, conflict + 1);
    }

    /// The conflict of a pair, if it is remembered.
    pub fn find(&self, id: &Hash) -> Option<u32> {
        self.table.find(id)
    }

    /// Numbers of all conflicts remembered.
    pub fn all(&self) -> impl Iterator<Item = u32> {
        (0..self.counter(COUNTERS.used)).filter(|&c| self.table.word(c, at::STATE) != 0)
    }

    /// Checks records, lists of the closed and the free; the claims' lists are checked by their
    /// owner.
    pub fn verify(&self) -> Option<()> {
        let (used, capacity) = (self.counter(COUNTERS.used), self.capacity);
        (used <= capacity).then_some(())?;
        let live = |c: u32| self.table.word(c, at::STATE) != 0;
        self.table.verify(self.counter(COUNTERS.woken), live)?;
        let mut closed = 0;
        for conflict in 0..capacity {
            (live(conflict) == (conflict < used)).then_some(())?;
            if !live(conflict) {
                (*self.table.get(conflict)? == [0; 8]).then_some(())?;
                continue;
            }
            let view = self.view(conflict)?;
            let [a, b] = view.claims;
            (a < b && conflict_id(&a, &b) == view.id).then_some(())?;
            let [first, second] = [self.slot(conflict, 0), self.slot(conflict, 1)];
            match (first, second) {
                (None, None) => {
                    closed += 1;
                    (!view.status.is_open() && self.table.word(conflict, 5) == 0).then_some(())?;
                    (self.table.word(conflict, 6) == 0).then_some(())?;
                }
                (Some(a), Some(b)) => {
                    let next = self.table.word(conflict, at::NEXT);
                    (a != b && view.status != Status::Lapsed && next == 0).then_some(())?;
                }
                _ => return None,
            }
            let sleeps = view.escalates_at.is_none() || view.status.is_open();
            (sleeps && self.table.word(conflict, at::TEMPERATURE) <= 0xffff).then_some(())?;
        }
        let gone = |c: u32| live(c) && self.slot(c, 0).is_none();
        let last = self.walk(self.counter(COUNTERS.oldest), closed, gone)?;
        (last == self.counter(COUNTERS.newest)).then_some(())
    }

    /// Follows a list of exactly `count`; the link of its last, zero for none.
    fn walk(&self, head: u32, count: u32, fits: impl Fn(u32) -> bool) -> Option<u32> {
        let (mut link, mut last) = (head, 0);
        for _ in 0..count {
            let conflict = link.checked_sub(1)?;
            fits(conflict).then_some(())?;
            last = link;
            link = self.table.word(conflict, at::NEXT);
        }
        (link == 0).then_some(last)
    }
}
