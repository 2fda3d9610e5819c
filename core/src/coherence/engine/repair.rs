//! Making up for checks that were cut short.

use super::Engine;
use super::order;
use crate::coherence::conflict::conflict_id;
use crate::coherence::judge::Judge;
use crate::coherence::tables::Count;
use crate::coherence::tables::conflicts::Conflicts;
use crate::grid::Tag;

/// What [`Engine::detect_all`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Pairs of claims in force that contradict each other.
    pub pairs: u32,
    /// Those that were no conflict before, and are now.
    pub opened: u32,
    /// Those for which there was no room.
    pub unrecorded: u32,
}

impl<J: Judge> Engine<'_, J> {
    /// Looks at every pair of a context's claims, in the order of their ids, and opens the
    /// conflicts that are missing. Where there was room for all, the context is complete again
    /// and claims that were not fully checked are released.
    ///
    /// A batch call: no limit cuts it short. Its place among the events is part of the history:
    /// to rebuild the engine from its log, call it at the same place.
    pub fn detect_all(&mut self, context: &str) -> Repaired {
        let mut repaired = Repaired::default();
        let Some(context) = self.tables.contexts.find(Tag::of(context)) else {
            return repaired;
        };
        self.header.begin();
        let mut after = None;
        loop {
            let key = |slot| {
                let mine =
                    self.tables.claims.is_live(slot) && self.tables.claims.context(slot) == context;
                mine.then(|| self.tables.claims.ids.of(slot))
            };
            let batch = order::next(self.tables.grid.used(), after, key);
            let Some(&(last, _)) = batch.last() else {
                break;
            };
            for (_, slot) in batch {
                self.detect(slot, context, &mut repaired);
            }
            after = Some(last);
        }
        if repaired.unrecorded == 0 {
            for slot in 0..self.tables.grid.used() {
                if self.tables.claims.is_live(slot) && self.tables.claims.context(slot) == context {
                    self.tables.claims.set_unchecked(slot, false);
                }
            }
            self.tables.contexts.set_incomplete(context, false);
        }
        for _ in 0..repaired.opened {
            self.tables.state.count(Count::Found);
        }
        self.header.end();
        repaired
    }

    /// The conflicts of one claim with those of larger ids.
    fn detect(&mut self, slot: u32, context: u32, repaired: &mut Repaired) {
        let id = self.tables.claims.ids.of(slot);
        let mine = self.tables.claims.proposition(slot);
        let now = self.tables.state.now();
        let wakes =
            (self.config.steps > 0).then(|| now.saturating_add(self.config.escalation.into()));
        let (claims, conflicts) = (&mut self.tables.claims, &mut self.tables.conflicts);
        let judge = &self.judge;
        self.tables.grid.neighbours(slot, |other| {
            let its = claims.ids.of(other);
            if its <= id || !judge.incompatible(&claims.proposition(other), &mine) {
                return;
            }
            repaired.pairs += 1;
            if is_attached(conflicts, &conflict_id(&id, &its)) {
                return;
            }
            match conflicts.open([slot, other], [id, its], context, now, claims) {
                Some(conflict) => {
                    repaired.opened += 1;
                    if let Some(due) = wakes {
                        conflicts.timers.wake_at(conflict, due);
                    }
                }
                None => repaired.unrecorded += 1,
            }
        });
    }
}

/// Whether a conflict of two claims in force has this id.
fn is_attached(conflicts: &Conflicts<'_>, id: &crate::Hash) -> bool {
    conflicts
        .ids
        .find(id)
        .is_some_and(|c| conflicts.slot(c, 0).is_some())
}
