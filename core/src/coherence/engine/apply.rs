//! What a checked event does. It has been seen that all of it can be done.

use super::check::Effect;
use super::time::Cause;
use super::{Checked, Engine};
use crate::coherence::claim::Claim;
use crate::coherence::conflict::Status;
use crate::coherence::judge::{Judge, Proposition};
use crate::coherence::quarantine::Quarantine;
use crate::coherence::tables::Count;
use crate::grid::{Bound, Coverage, PREFIX, Probe, Tag};
use crate::log::kind::{Assert, CERTAIN, Challenge};
use crate::log::{Event, EventId, EventKind};

/// What an event did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Conflicts that it opened.
    pub found: u32,
    /// Conflicts that it resolved.
    pub resolved: u32,
    /// Claims that it put out of force.
    pub fallen: u32,
    /// How far the claim it is about may be used now.
    pub quarantine: Quarantine,
    /// What was looked at to find conflicts of a new claim.
    pub coverage: Coverage,
    /// Conflicts found that went unrecorded for want of room.
    pub unrecorded: u32,
    /// Whether it follows an event that another one of its author follows.
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
            effect,
        } = self;
        engine.header.begin();
        engine.pass(now);
        let found = engine.tables.state.get(Count::Forks);
        let equivocates = engine.tables.forks.follow(found, index, id, event);
        if equivocates {
            engine.tables.state.count(Count::Forks);
        }
        let mut applied = engine.take(index, id, event, effect);
        applied.equivocates = equivocates;
        engine.header.end();
        applied
    }
}

impl<J: Judge> Engine<'_, J> {
    fn take(&mut self, index: u64, id: &EventId, event: &Event<'_>, effect: Effect) -> Applied {
        let mut applied = Applied::default();
        match (effect, &event.kind) {
            (Effect::Assert { replaced }, EventKind::Assert(assert)) => {
                applied = self.assert(index, id, event, assert, replaced);
            }
            (Effect::Challenge { claims, conflict }, EventKind::Challenge(c)) => {
                self.spend(event, self.config.challenge.into());
                applied = self.challenge(c, claims, conflict);
            }
            (Effect::Support { conflict, claim }, EventKind::Support(s)) => {
                self.spend(event, s.cost);
                self.support(conflict, s.cost);
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
            _ => {}
        }
        applied
    }

    fn spend(&mut self, event: &Event<'_>, cost: u32) {
        let now = self.now();
        self.tables.budgets.spend(&event.author, cost, now);
    }

    fn assert(
        &mut self,
        index: u64,
        id: &EventId,
        event: &Event<'_>,
        assert: &Assert<'_>,
        replaced: Option<u32>,
    ) -> Applied {
        let mut applied = Applied::default();
        if let Some(old) = replaced {
            self.retire(old, Cause::Other);
            applied.fallen = 1;
        }
        let now = self.now();
        let (wake, steps) = (self.due(now), self.config.steps);
        let tables = &mut self.tables;
        // There is room for both: it was seen to be there, or was made since.
        let Some(slot) = tables.grid.next_slot() else {
            return applied;
        };
        let Some(context) = tables.contexts.enter(Tag::of(event.context)) else {
            return applied;
        };
        let length = event.embedding.len();
        for (to, from) in tables.staging.iter_mut().zip(event.embedding.iter()) {
            *to = from;
        }
        let vector = tables.staging.get(..length).unwrap_or_default();
        let probe = Probe {
            context,
            subject: Some(Tag::of(assert.subject)),
            vector,
        };
        let mut bound = [0.0; PREFIX];
        // A vector that was checked has a place.
        let place = tables.grid.locate(vector, &mut bound).unwrap_or_default();
        let proposition = Proposition {
            predicate: Tag::of(assert.predicate),
            value: Tag::of(assert.value),
            confidence: assert.confidence,
        };
        tables.contexts.hold(context);
        tables.claims.insert(
            slot,
            context,
            &Claim {
                id: *id,
                author: event.author,
                index,
                proposition,
                expires: assert.expires,
                paths: 0,
            },
        );
        // Conflicts are opened as they are found: the newcomer has its slot, the grid does not yet
        // hold it.
        let (claims, conflicts) = (&mut tables.claims, &mut tables.conflicts);
        let judge = &self.judge;
        applied.coverage = tables.grid.check(&probe, place.as_ref(), &bound, |other| {
            if !judge.incompatible(&claims.proposition(other), &proposition) {
                return;
            }
            let ids = [claims.ids.of(other), *id];
            match conflicts.open([other, slot], ids, context, now, claims) {
                Some(conflict) => {
                    applied.found += 1;
                    if steps > 0 {
                        conflicts.timers.wake_at(conflict, wake);
                    }
                }
                None => applied.unrecorded += 1,
            }
        });
        // There is the slot, so the grid takes it.
        let _ = tables
            .grid
            .insert(&probe, place.as_ref(), &bound, applied.coverage);
        tables.staging.fill(0.0);
        for _ in 0..applied.found {
            tables.state.count(Count::Found);
        }
        if applied.is_truncated() {
            tables.claims.set_unchecked(slot, true);
            tables.contexts.set_incomplete(context, true);
        }
        if place.is_some() {
            self.follow(context, &bound);
        }
        applied.quarantine = self.level(slot);
        applied
    }

    fn follow(&mut self, context: u32, bound: &Bound) {
        let limit = self.config.grid.reach() * f32::from(self.config.drift);
        self.tables.contexts.follow(context, bound, limit);
    }

    fn challenge(&mut self, c: &Challenge<'_>, claims: [u32; 2], conflict: Option<u32>) -> Applied {
        let mut applied = Applied::default();
        let conflict = conflict.or_else(|| {
            applied.found = 1;
            self.protest(c, claims)
        });
        let conflicts = &mut self.tables.conflicts;
        if let Some(conflict) = conflict
            && let Some((status, level, steps, fallen)) = conflicts.stand(conflict)
        {
            let status = match status {
                Status::Detected => Status::Challenged,
                other => other,
            };
            let level = level.max(Quarantine::RequiresWitness);
            conflicts.set_stand(conflict, (status, level, steps, fallen));
        }
        applied.quarantine = self.level(claims[0]).max(self.level(claims[1]));
        applied
    }

    /// Opens the conflict of two claims that the grid did not find. There is room for it.
    fn protest(&mut self, c: &Challenge<'_>, slots: [u32; 2]) -> Option<u32> {
        let (now, ids) = (self.now(), c.claims.try_into().ok()?);
        let (due, tables) = (self.due(now), &mut self.tables);
        let (claims, conflicts) = (&mut tables.claims, &mut tables.conflicts);
        let context = claims.context(slots[0]);
        let conflict = conflicts.open(slots, ids, context, now, claims)?;
        if self.config.steps > 0 {
            conflicts.timers.wake_at(conflict, due);
        }
        tables.state.count(Count::Found);
        Some(conflict)
    }

    /// Adds heat to an open conflict.
    fn support(&mut self, conflict: u32, cost: u32) {
        let conflicts = &mut self.tables.conflicts;
        if let Some((status, level, steps, fallen)) = conflicts.stand(conflict)
            && matches!(status, Status::Detected | Status::Challenged)
        {
            conflicts.set_stand(conflict, (Status::Resolving, level, steps, fallen));
        }
        let one = u64::from(CERTAIN);
        let added = u64::from(cost) * one / u64::from(self.config.heat);
        let before = u64::from(conflicts.temperature(conflict));
        let temperature = before.saturating_add(added).min(one) as u32;
        conflicts.set_temperature(conflict, temperature);
        if temperature >= u32::from(self.config.temperature) {
            self.escalate(conflict, self.now());
        }
    }

    /// Ends a conflict; how many of its claims fall.
    fn resolve(&mut self, conflict: u32, fall: u8) -> u32 {
        let conflicts = &mut self.tables.conflicts;
        if let Some((_, level, steps, _)) = conflicts.stand(conflict) {
            conflicts.set_stand(conflict, (Status::Resolved, level, steps, fall));
        }
        conflicts.timers.rest(conflict);
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
