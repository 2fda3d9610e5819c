//! What time does, and how claims leave force.

use super::Engine;
use crate::coherence::judge::Judge;
use crate::coherence::tables::Count;
use crate::coherence::tables::conflicts::Lists;

/// What time alone did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Advanced {
    /// Claims that expired.
    pub expired: u32,
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
    /// Lets time pass: claims expire, and conflicts are older than they were.
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
        while let Some((_, slot)) = self
            .tables
            .claims
            .timers
            .earliest()
            .filter(|&(due, _)| due <= now)
        {
            self.retire(slot, Cause::Other);
            advanced.expired += 1;
        }
        self.tables.state.set_now(now);
        advanced
    }

    /// Puts a claim out of force: its open conflicts lapse, the grid forgets it.
    pub(super) fn retire(&mut self, slot: u32, cause: Cause) {
        let tables = &mut self.tables;
        let (claims, conflicts) = (&mut tables.claims, &mut tables.conflicts);
        let (context, member) = (claims.context(slot), claims.member(slot));
        while let Some((conflict, ..)) = conflicts.step(claims.head(slot)) {
            if conflicts.is_open(conflict) && cause != Cause::Resolution(conflict) {
                conflicts.lapse(conflict);
                tables.state.count(Count::Lapsed);
            }
            conflicts.detach(conflict, claims);
        }
        tables.witnesses.release(claims.witnesses(slot));
        claims.remove(&self.config, slot);
        // The grid holds exactly the claims in force.
        let _ = tables.grid.remove(slot);
        tables.contexts.release(&self.config, context);
        tables.members.release(member);
    }
}
