//! Making up for checks that were cut short, and for what was forgotten.

use super::Engine;
use super::order;
use super::time::Cause;
use crate::coherence::conflict::conflict_id;
use crate::coherence::history::History;
use crate::coherence::judge::Judge;
use crate::coherence::tables::Count;
use crate::coherence::tables::conflicts::Conflicts;
use crate::grid::Tag;
use crate::log::kind::Act;
use crate::log::{Event, EventId, EventKind};

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
    /// A batch call: no limit cuts it short.
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

    /// Notes that the log has given events up: what is known may differ from what other nodes know.
    pub(crate) fn forget(&mut self) {
        self.header.begin();
        self.tables.state.set_forgotten(true);
        self.header.end();
    }

    /// Forgets all claims and conflicts, so that they can be made anew of what the log has; members,
    /// roots and authorities stay what the roots made them.
    pub(crate) fn clear(&mut self) {
        self.header.begin();
        for slot in 0..self.tables.grid.used() {
            if self.tables.claims.is_live(slot) {
                self.retire(slot, Cause::Other);
            }
        }
        self.tables.conflicts.clear(&self.config);
        self.tables.state.set_forgotten(false);
        self.header.end();
    }

    /// Lets an event of the log take effect once more, its author's number and budget aside.
    pub(crate) fn again<H: History + ?Sized>(
        &mut self,
        index: u64,
        id: &EventId,
        event: &Event<'_>,
        history: &H,
    ) {
        let Some(member) = self.tables.members.find(&event.author) else {
            return;
        };
        let last = self.tables.members.expelled(member);
        if last.is_some_and(|last| event.seq > last) {
            return;
        }
        self.header.begin();
        if let EventKind::Roots(decision) = &event.kind {
            if decision.act == Act::Close {
                self.act(event, &Act::Close);
            }
        } else if let Ok(effect) = self.foresee(Some(member), event, self.now(), history) {
            self.take(member, index, id, event, effect);
        }
        self.header.end();
    }

    /// The conflicts of one claim with those of larger ids.
    fn detect(&mut self, slot: u32, context: u32, repaired: &mut Repaired) {
        let id = self.tables.claims.ids.of(slot);
        let mine = self.tables.claims.proposition(slot);
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
            let since = claims.since([slot, other], |a, b| judge.incompatible(a, b));
            match conflicts.open([slot, other], [id, its], context, since, claims) {
                Some(_) => repaired.opened += 1,
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
