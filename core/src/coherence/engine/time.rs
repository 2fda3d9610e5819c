//! What time does, and how claims leave force.

use super::Engine;
use crate::coherence::conflict::Status;
use crate::coherence::judge::Judge;
use crate::coherence::tables::Count;
use crate::coherence::tables::conflicts::Lists;

/// What time alone did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Advanced {
    /// Claims that expired.
    pub expired: u32,
    /// Steps that conflicts escalated.
    pub escalated: u32,
}

/// Why a claim leaves force.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// By a resolution of this conflict.
    Resolution(u32),
    /// Otherwise.
    Other,
}

impl<J: Judge> Engine<'_, J> {
    /// Lets time pass: claims expire and conflicts escalate, each at its own time, in order.
    ///
    /// Time never goes back: an earlier `now` changes nothing. No answer to an event depends on
    /// whether this was called before. Work: what is due.
    pub fn advance(&mut self, now: u64) -> Advanced {
        if now <= self.now() {
            return Advanced::default();
        }
        self.header.begin();
        let advanced = self.pass(now);
        self.header.end();
        advanced
    }

    pub(super) fn pass(&mut self, now: u64) -> Advanced {
        let mut advanced = Advanced::default();
        let now = now.max(self.now());
        loop {
            let is_due = |&(due, _): &(u64, u32)| due <= now;
            let claim = self.tables.claims.timers.earliest().filter(is_due);
            let conflict = self.tables.conflicts.timers.earliest().filter(is_due);
            match (claim, conflict) {
                (Some((expires, slot)), other) if other.is_none_or(|(due, _)| expires <= due) => {
                    self.retire(slot, Cause::Other);
                    advanced.expired += 1;
                }
                (_, Some((due, conflict))) => {
                    if self.escalate(conflict, due) {
                        advanced.escalated += 1;
                    } else {
                        self.tables.conflicts.timers.rest(conflict);
                    }
                }
                _ => break,
            }
        }
        self.tables.state.set_now(now);
        advanced
    }

    /// When a conflict escalates that was left alone since `now`.
    pub(super) fn due(&self, now: u64) -> u64 {
        now.saturating_add(self.config.escalation.into())
    }

    /// Takes an open conflict one step further, if it has one left.
    pub(super) fn escalate(&mut self, conflict: u32, now: u64) -> bool {
        let due = self.due(now);
        let conflicts = &mut self.tables.conflicts;
        let Some((status, level, steps, fallen)) = conflicts.stand(conflict) else {
            return false;
        };
        if steps >= self.config.steps || !status.is_open() {
            return false;
        }
        let stand = (Status::Escalated, level.raised(), steps + 1, fallen);
        conflicts.set_stand(conflict, stand);
        conflicts.set_temperature(conflict, 0);
        if steps + 1 < self.config.steps {
            conflicts.timers.wake_at(conflict, due);
        } else {
            conflicts.timers.rest(conflict);
        }
        self.tables.state.count(Count::Escalated);
        true
    }

    /// Puts a claim out of force: its open conflicts lapse, the grid forgets it.
    pub(super) fn retire(&mut self, slot: u32, cause: Cause) {
        let tables = &mut self.tables;
        let (claims, conflicts) = (&mut tables.claims, &mut tables.conflicts);
        let context = claims.context(slot);
        while let Some((conflict, ..)) = conflicts.step(claims.head(slot)) {
            if let Some((status, level, steps, fallen)) = conflicts.stand(conflict)
                && status.is_open()
                && cause != Cause::Resolution(conflict)
            {
                conflicts.timers.rest(conflict);
                conflicts.set_stand(conflict, (Status::Lapsed, level, steps, fallen));
                tables.state.count(Count::Lapsed);
            }
            conflicts.detach(conflict, claims);
        }
        tables.witnesses.release(claims.witnesses(slot));
        claims.remove(&self.config, slot);
        // The grid holds exactly the claims in force.
        let _ = tables.grid.remove(slot);
        tables.contexts.release(&self.config, context);
    }
}
