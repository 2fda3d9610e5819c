//! What a checked event does. It has been seen that all of it can be done.

use super::foresee::{Effect, proposition};
use super::time::Cause;
use super::{Checked, Engine};
use crate::coherence::equivocation::Equivocation;
use crate::coherence::judge::Judge;
use crate::coherence::quarantine::Quarantine;
use crate::coherence::tables::Count;
use crate::coherence::tables::claims::{Said, Word};
use crate::coherence::tables::conflicts::Lists;
use crate::coherence::tables::members::Turn;
use crate::grid::{Coverage, PREFIX, Probe, Tag};
use crate::log::kind::Assert;
use crate::log::{Event, EventId, EventKind};

/// What an event did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Conflicts that it opened.
    pub found: u32,
    /// Conflicts that it resolved.
    pub resolved: u32,
    /// Claims that it put out of force, other than by saying something new in their place.
    pub fallen: u32,
    /// Whether it took the place of what its author said before of the same.
    pub replaced: bool,
    /// Whether what it is about is over by now, so that it did nothing.
    pub idle: bool,
    /// How far the claim it is about may be used now.
    pub quarantine: Quarantine,
    /// What was looked at to find conflicts of a new claim.
    pub coverage: Coverage,
    /// Conflicts found that went unrecorded for want of room.
    pub unrecorded: u32,
    /// Whether its author has signed another event of the same number: both are in the log now, and
    /// prove it.
    pub equivocates: bool,
}

impl Applied {
    /// Whether a conflict may have been missed.
    pub const fn is_truncated(&self) -> bool {
        !self.coverage.is_complete() || self.unrecorded > 0
    }
}

impl<J: Judge> Checked<'_, '_, J> {
    /// Lets the event take effect, which the log has taken at `index`, after what time has done
    /// until then.
    ///
    /// Work: for a claim, a check of at most `candidates` others by vector and as many by subject;
    /// the conflicts of the claims that fall.
    pub fn apply(self, index: u64) -> Applied {
        let Self {
            engine,
            id,
            event,
            now,
            turn,
            effect,
        } = self;
        engine.header.begin();
        engine.pass(now);
        let applied = match turn {
            Turn::Past(member) => engine.prove(member, index, id, effect),
            Turn::Next(member) => engine.take_next(member, index, id, event, effect),
            Turn::First => match engine.tables.members.admit(&event.author, 1) {
                Some(member) => engine.take_next(member, index, id, event, effect),
                // There is room: it was looked at.
                None => Applied::default(),
            },
        };
        engine.header.end();
        applied
    }
}

impl<J: Judge> Engine<'_, J> {
    fn prove(&mut self, member: u32, index: u64, id: &EventId, effect: Effect) -> Applied {
        if let Effect::Fork {
            index: first,
            id: other,
        } = effect
        {
            let found = self.tables.state.get(Count::Forks);
            let fork = Equivocation {
                indexes: [first, index],
                ids: [other, *id],
            };
            self.tables.forks.keep(found, &fork);
            self.tables.state.count(Count::Forks);
            self.tables.members.set_forked(member);
        }
        Applied {
            equivocates: true,
            idle: true,
            ..Applied::default()
        }
    }

    fn take_next(
        &mut self,
        member: u32,
        index: u64,
        id: &EventId,
        event: &Event<'_>,
        effect: Effect,
    ) -> Applied {
        self.tables.members.said(member, event.at);
        let cost = self.cost(event);
        self.tables.members.spend(member, cost);
        self.take(member, index, id, event, effect)
    }

    /// What an event does beside being its author's next one.
    pub(super) fn take(
        &mut self,
        member: u32,
        index: u64,
        id: &EventId,
        event: &Event<'_>,
        effect: Effect,
    ) -> Applied {
        let mut applied = Applied::default();
        match (effect, &event.kind) {
            (
                Effect::Assert {
                    replaced,
                    superseded,
                    late,
                },
                EventKind::Assert(assert),
            ) => {
                if let Some(slot) = superseded {
                    self.retire(slot, Cause::Other);
                    applied.fallen += 1;
                }
                // What expires before the new word was said passes nothing on to it.
                let ended = |slot: &u32| {
                    let claims = &self.tables.claims;
                    late || !claims.is_live(*slot)
                        || claims.expires(*slot).is_some_and(|due| due <= event.at)
                };
                let goes_on = replaced.filter(|slot| !ended(slot));
                if let Some(slot) = replaced.filter(|slot| self.tables.claims.is_live(*slot)) {
                    applied.replaced = true;
                    if goes_on.is_none() {
                        self.retire(slot, Cause::Other);
                    }
                }
                match late {
                    true => applied.idle = true,
                    false => {
                        self.assert((member, index), (id, event), assert, goes_on, &mut applied)
                    }
                }
            }
            (Effect::Challenge { claims, at, missed }, _) => {
                self.challenge(claims, at, missed, &mut applied);
            }
            (Effect::Support { conflict, claim }, EventKind::Support(s)) => {
                self.tables.conflicts.heat(conflict, s.cost);
                applied.quarantine = self.level(claim);
            }
            (
                Effect::Witness {
                    claim,
                    path,
                    length,
                },
                _,
            ) => {
                let tables = &mut self.tables;
                let first = tables.claims.witnesses(claim);
                let first = tables.witnesses.add(claim, first, &path, length);
                tables.claims.set_witnesses(claim, first);
                let paths = tables.witnesses.independent(first);
                tables.claims.set_paths(claim, paths);
                applied.quarantine = self.level(claim);
            }
            (Effect::Resolution { conflict, fall }, _) => {
                applied.fallen = self.resolve(conflict, fall);
                applied.resolved = 1;
            }
            (Effect::Deprecate { claim }, _) => {
                self.retire(claim, Cause::Other);
                applied.fallen = 1;
            }
            (Effect::Roots, EventKind::Roots(decision)) => {
                applied.fallen = self.take_roots(id, event, decision);
            }
            (Effect::Idle, _) => applied.idle = true,
            _ => {}
        }
        applied
    }

    fn assert(
        &mut self,
        (member, index): (u32, u64),
        (id, event): (&EventId, &Event<'_>),
        assert: &Assert<'_>,
        goes_on: Option<u32>,
        applied: &mut Applied,
    ) {
        let tables = &mut self.tables;
        // There is room for both: it was seen to be there, or was made since.
        let Some(context) = tables.contexts.enter(Tag::of(event.context), Some(member)) else {
            return;
        };
        if let Some(slot) = goes_on {
            // The slot that is given up is the next to be taken.
            let _ = tables.grid.remove(slot);
        }
        let Some(slot) = tables.grid.next_slot() else {
            return;
        };
        let length = event.embedding.len();
        for (to, from) in tables.staging.iter_mut().zip(event.embedding.iter()) {
            *to = from;
        }
        let vector = tables.staging.get(..length).unwrap_or_default();
        let word = Word {
            member,
            context,
            subject: Tag::of(assert.subject),
            predicate: Tag::of(assert.predicate),
        };
        let probe = Probe {
            context,
            subject: Some(word.subject),
            vector,
        };
        let mut bound = [0.0; PREFIX];
        // A vector that was checked has a place.
        let place = tables.grid.locate(vector, &mut bound).unwrap_or_default();
        let said = Said {
            id: *id,
            index,
            seq: event.seq,
            at: event.at,
            proposition: proposition(assert),
            expires: assert.expires,
        };
        match goes_on {
            Some(slot) => {
                let another = tables.claims.proposition(slot) != said.proposition;
                tables.witnesses.release(tables.claims.witnesses(slot));
                tables.claims.replace(slot, &word, &said);
                tables.claims.set_witnesses(slot, 0);
                tables.claims.set_paths(slot, 0);
                let mut link = tables.claims.head(slot);
                while let Some((conflict, side, next)) = tables.conflicts.step(link) {
                    tables.conflicts.rename(conflict, side, id, another);
                    link = next;
                }
            }
            None => {
                tables.contexts.hold(context);
                tables.members.hold(member);
                tables.claims.insert(slot, &word, &said);
            }
        }
        // Conflicts are opened as they are found: the newcomer has its slot, the grid does not yet
        // hold it.
        let (claims, conflicts) = (&mut tables.claims, &mut tables.conflicts);
        let judge = &self.judge;
        let mut found = 0;
        let mut unrecorded = 0;
        let mut forgotten = false;
        let inherits = goes_on.is_some() && claims.head(slot) != 0;
        applied.coverage = tables.grid.check(&probe, place.as_ref(), &bound, |other| {
            if !judge.incompatible(&claims.proposition(other), &said.proposition) {
                return;
            }
            if inherits && let Some(conflict) = attached(claims, conflicts, slot, other) {
                conflicts.confirm(conflict);
                return;
            }
            let ids = [claims.ids.of(other), *id];
            let since = claims.since([other, slot], |a, b| judge.incompatible(a, b));
            if !conflicts.has_room() && conflicts.give_up_lapsed(claims) {
                forgotten = true;
            }
            match conflicts.open([other, slot], ids, context, since, claims) {
                Some(conflict) => {
                    if goes_on.is_some() {
                        conflicts.confirm(conflict);
                    }
                    found += 1;
                }
                None => unrecorded += 1,
            }
        });
        (applied.found, applied.unrecorded) = (found, unrecorded);
        if forgotten {
            tables.state.set_forgotten(true);
        }
        // There is the slot, so the grid takes it.
        let _ = tables
            .grid
            .insert(&probe, place.as_ref(), &bound, applied.coverage);
        tables.staging.fill(0.0);
        if goes_on.is_some() {
            self.settle(slot, applied.coverage.is_complete());
        }
        for _ in 0..applied.found {
            self.tables.state.count(Count::Found);
        }
        if applied.is_truncated() {
            self.tables.claims.set_unchecked(slot, true);
            self.tables.contexts.set_incomplete(context, true);
        }
        applied.quarantine = self.level(slot);
    }

    /// Goes through the conflicts of a word that was said anew: those that nothing speaks for any
    /// more lapse, the others are as old as what both have said makes them.
    fn settle(&mut self, slot: u32, complete: bool) {
        let judge = &self.judge;
        let tables = &mut self.tables;
        let (claims, conflicts) = (&mut tables.claims, &mut tables.conflicts);
        let mut link = claims.head(slot);
        while let Some((conflict, side, next)) = conflicts.step(link) {
            link = next;
            let confirmed = conflicts.take_confirmed(conflict);
            let Some(other) = conflicts.slot(conflict, 1 - side) else {
                continue;
            };
            let (mine, its) = (claims.proposition(slot), claims.proposition(other));
            let goes_on = confirmed || (!complete && judge.incompatible(&mine, &its));
            if goes_on {
                conflicts.revive(conflict);
                let since = claims.since([slot, other], |a, b| judge.incompatible(a, b));
                conflicts.set_since(conflict, since);
            } else {
                if conflicts.is_open(conflict) {
                    conflicts.lapse(conflict);
                    tables.state.count(Count::Lapsed);
                }
                if !conflicts.is_kept(conflict) {
                    conflicts.detach(conflict, claims);
                }
            }
        }
    }

    fn challenge(&mut self, slots: [u32; 2], at: u64, missed: bool, applied: &mut Applied) {
        let judge = &self.judge;
        let tables = &mut self.tables;
        let (claims, conflicts) = (&mut tables.claims, &mut tables.conflicts);
        let conflict = attached(claims, conflicts, slots[0], slots[1]).or_else(|| {
            let ids = slots.map(|slot| claims.ids.of(slot));
            let context = claims.context(slots[0]);
            let since = claims.since(slots, |a, b| judge.incompatible(a, b));
            let opened = conflicts.open(slots, ids, context, since, claims)?;
            if missed {
                applied.found = 1;
                tables.state.count(Count::Found);
            } else {
                conflicts.lapse(opened);
            }
            Some(opened)
        });
        match conflict {
            Some(conflict) => {
                conflicts.challenge(conflict, at);
                applied.idle = !conflicts.is_open(conflict) || !conflicts.standing(conflict).0;
            }
            // Only where it does nothing now is there no room for it.
            None => {
                tables.state.set_forgotten(true);
                applied.idle = true;
            }
        }
        applied.quarantine = self.level(slots[0]).max(self.level(slots[1]));
    }

    /// Ends a conflict; how many of its claims fall.
    fn resolve(&mut self, conflict: u32, fall: u8) -> u32 {
        let conflicts = &mut self.tables.conflicts;
        conflicts.resolve(conflict, fall);
        let slots = [conflicts.slot(conflict, 0), conflicts.slot(conflict, 1)];
        self.tables.state.count(Count::Resolved);
        let mut fallen = 0;
        for (side, slot) in slots.into_iter().enumerate() {
            if let Some(slot) = slot.filter(|_| fall & 1 << side != 0) {
                self.retire(slot, Cause::Resolution(conflict));
                fallen += 1;
            }
        }
        fallen
    }
}

/// The conflict between the claims of two slots, whatever they said when it began. Cost: the
/// conflicts of the first.
fn attached(
    claims: &impl Lists,
    conflicts: &crate::coherence::tables::conflicts::Conflicts<'_>,
    slot: u32,
    other: u32,
) -> Option<u32> {
    let mut link = claims.head(slot);
    while let Some((conflict, side, next)) = conflicts.step(link) {
        if conflicts.slot(conflict, 1 - side) == Some(other) {
            return Some(conflict);
        }
        link = next;
    }
    None
}
