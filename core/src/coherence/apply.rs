//! What an event does to the engine: whether it is taken, and what follows from it.

use super::authority::Contexts;
use super::claims::Claim;
use super::conflict::{Status, at, conflict_id};
use super::engine::{Engine, State};
use super::errors::Refusal;
use super::judge::{Judge, Proposition};
use super::quarantine::Quarantine;
use super::store::Lists;
use super::witness;
use crate::Hash;
use crate::grid::{Bound, Coverage, PREFIX, Probe, Tag};
use crate::log::kind::{Assert, CERTAIN, Challenge, Resolution, Support, Witness};
use crate::log::sign::Domain;
use crate::log::{Event, EventId, EventKind, Verifier};

/// Which events have been taken before: the log, as a decision sees it.
pub trait History {
    /// Whether an event is in the log.
    fn contains(&self, id: &EventId) -> bool;
}

impl<F: Fn(&EventId) -> bool> History for F {
    fn contains(&self, id: &EventId) -> bool {
        self(id)
    }
}

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
enum Cause {
    /// By a resolution of this conflict.
    Resolution(u32),
    /// Otherwise.
    Other,
}

impl<J: Judge> Engine<'_, J> {
    /// Whether the engine would take an event: nothing is changed.
    ///
    /// `now` is the time of acceptance, `verifier` checks authorities' signatures (the author's
    /// own is the log's to check), `history` says which events are in the log. An event that the
    /// log has pruned looks new: let the log's policy refuse what is older than it keeps.
    pub fn admit<V: Verifier + ?Sized, H: History + ?Sized>(
        &self,
        id: &EventId,
        event: &Event<'_>,
        now: u64,
        verifier: &V,
        history: &H,
    ) -> Result<(), Refusal> {
        let now = now.max(self.state.now());
        // What fell, expired or was taken back must not return as if it were new.
        if history.contains(id) {
            return Err(Refusal::Duplicate);
        }
        self.check(id, event, now)?;
        let context = self.contexts.find(Tag::of(event.context));
        match &event.kind {
            EventKind::Resolution(r) => self.contexts.check(
                context,
                Domain::Resolution,
                &r.digest(event.context),
                r.signatures,
                verifier,
            ),
            EventKind::Deprecate(d) => {
                let slot = self.claims.table.find(&d.claim);
                if slot.is_some_and(|slot| self.claims.author(slot) == event.author) {
                    return Ok(());
                }
                let authority = |contexts: &Contexts<'_>| {
                    contexts.check(
                        context,
                        Domain::Deprecation,
                        &d.digest(event.context),
                        d.signatures,
                        verifier,
                    )
                };
                match authority(&self.contexts) {
                    Err(_) if d.signatures.is_empty() => Err(Refusal::NotTheAuthor),
                    checked => checked,
                }
            }
            EventKind::Decision(d) => super::trace::check(d, history),
            _ => Ok(()),
        }
    }

    /// The part of admission that needs no signatures and no log, and that holds for an event out
    /// of the log as well.
    fn check(&self, id: &EventId, event: &Event<'_>, now: u64) -> Result<(), Refusal> {
        match &event.kind {
            EventKind::Assert(assert) => self.check_assert(id, event, assert, now),
            EventKind::Challenge(c) => {
                let budget = u32::from(self.config.challenge);
                self.check_challenge(event, c, now)?;
                self.budgets.check(&event.author, budget, now)
            }
            EventKind::Support(s) => {
                self.check_support(event, s, now)?;
                self.budgets.check(&event.author, s.cost, now)
            }
            EventKind::Witness(w) => self.check_witness(event, w, now).map(|_| ()),
            EventKind::Resolution(r) => self.check_resolution(event, r).map(|_| ()),
            EventKind::Deprecate(d) => self.in_force(event, &d.claim, now).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// The slot of a claim in force in the event's context.
    fn in_force(&self, event: &Event<'_>, id: &EventId, now: u64) -> Result<u32, Refusal> {
        let context = self.contexts.find(Tag::of(event.context));
        let slot = self.claims.table.find(id);
        slot.filter(|&slot| Some(self.claims.context(slot)) == context)
            .filter(|&slot| match self.claims.table.due(slot) {
                0 => true,
                expires => expires > now,
            })
            .ok_or(Refusal::UnknownClaim)
    }

    /// An open conflict of the event's context.
    fn open_conflict(&self, event: &Event<'_>, id: &Hash) -> Result<u32, Refusal> {
        let context = self.contexts.find(Tag::of(event.context));
        let conflict = self.conflicts.find(id).ok_or(Refusal::UnknownConflict)?;
        let open = |c| self.conflicts.stand(c).is_some_and(|s| s.0.is_open());
        let same = Some(self.conflicts.table.word(conflict, at::CONTEXT)) == context;
        (open(conflict) && same)
            .then_some(conflict)
            .ok_or(Refusal::UnknownConflict)
    }

    fn check_assert(
        &self,
        id: &EventId,
        event: &Event<'_>,
        assert: &Assert<'_>,
        now: u64,
    ) -> Result<(), Refusal> {
        if assert.expires.is_some_and(|at| at <= now) {
            return Err(Refusal::Expired);
        }
        if self.claims.table.find(id).is_some() {
            return Err(Refusal::Duplicate);
        }
        let context = self.contexts.find(Tag::of(event.context));
        if context.is_none() && self.contexts.free().is_none() {
            return Err(Refusal::ContextsFull);
        }
        let replaced = self.superseded(event, assert)?;
        let expired = self.claims.earliest().is_some_and(|(due, _)| due <= now);
        if self.grid.next_slot().is_none() && replaced.is_none() && !expired {
            return Err(Refusal::ClaimsFull);
        }
        let embedding = &event.embedding;
        Ok(self.grid.check_vector(embedding.len(), embedding.iter())?)
    }

    /// The claim in force that an assertion replaces.
    fn superseded(&self, event: &Event<'_>, assert: &Assert<'_>) -> Result<Option<u32>, Refusal> {
        let Some(slot) = assert.supersedes.and_then(|id| self.claims.table.find(&id)) else {
            return Ok(None);
        };
        if self.contexts.find(Tag::of(event.context)) != Some(self.claims.context(slot)) {
            return Err(Refusal::UnknownClaim);
        }
        if self.claims.author(slot) != event.author {
            return Err(Refusal::NotTheAuthor);
        }
        Ok(Some(slot))
    }

    fn check_challenge(
        &self,
        event: &Event<'_>,
        c: &Challenge<'_>,
        now: u64,
    ) -> Result<(), Refusal> {
        let &[a, b] = c.claims else {
            return Err(Refusal::WrongClaims);
        };
        if a == b || conflict_id(&a, &b) != c.conflict {
            return Err(Refusal::WrongClaims);
        }
        self.in_force(event, &a, now)?;
        self.in_force(event, &b, now)?;
        match self.conflicts.find(&c.conflict) {
            Some(_) => self.open_conflict(event, &c.conflict).map(|_| ()),
            None if self.conflicts.has_room() => Ok(()),
            None => Err(Refusal::ConflictsFull),
        }
    }

    fn check_support(&self, event: &Event<'_>, s: &Support<'_>, now: u64) -> Result<u32, Refusal> {
        let conflict = self.open_conflict(event, &s.conflict)?;
        self.in_force(event, &s.claim, now)?;
        let named = (0..2).any(|side| self.conflicts.side(conflict, side) == s.claim);
        named.then_some(conflict).ok_or(Refusal::WrongClaims)
    }

    fn check_witness(
        &self,
        event: &Event<'_>,
        w: &Witness<'_>,
        now: u64,
    ) -> Result<(u32, witness::Path, usize), Refusal> {
        let slot = self.in_force(event, &w.claim, now)?;
        let author = self.claims.author(slot);
        let (path, length) = witness::path(&event.author, w.path, &author)?;
        self.witnesses.check(self.claims.witnesses(slot), &path)?;
        Ok((slot, path, length))
    }

    /// The conflict, and which of its sides fall.
    fn check_resolution(
        &self,
        event: &Event<'_>,
        r: &Resolution<'_>,
    ) -> Result<(u32, u8), Refusal> {
        let conflict = self.open_conflict(event, &r.conflict)?;
        let (mut stand, mut fall) = (0_u8, 0_u8);
        for (claims, sides) in [(r.accepted, &mut stand), (r.deprecated, &mut fall)] {
            for claim in claims {
                let side = (0..2)
                    .find(|&side| self.conflicts.side(conflict, side) == *claim)
                    .ok_or(Refusal::WrongClaims)?;
                if *sides & 1 << side != 0 {
                    return Err(Refusal::WrongClaims);
                }
                *sides |= 1 << side;
            }
        }
        if stand & fall != 0 || stand | fall != 3 {
            return Err(Refusal::WrongClaims);
        }
        Ok((conflict, fall))
    }

    /// Takes an event that the log has taken at `index`, at the time it was accepted.
    ///
    /// Signatures are not checked again: what the log holds was admitted. Everything else is, so
    /// that an event which does not fit leaves the engine unchanged but for the time. Work: a
    /// check of at most `candidates` claims by vector and as many by subject, and the conflicts of
    /// the claims that fall.
    pub fn apply(
        &mut self,
        index: u64,
        id: &EventId,
        event: &Event<'_>,
        now: u64,
    ) -> Result<Applied, Refusal> {
        self.header.begin();
        let applied = self.take(index, id, event, now);
        self.header.end();
        applied
    }

    fn take(
        &mut self,
        index: u64,
        id: &EventId,
        event: &Event<'_>,
        now: u64,
    ) -> Result<Applied, Refusal> {
        self.pass(now);
        let now = self.state.now();
        self.check(id, event, now)?;
        let mut applied = Applied::default();
        let forks = self.forks.follow(index, id, event);
        match &event.kind {
            EventKind::Assert(assert) => {
                applied = self.assert(index, id, event, assert, now)?;
            }
            EventKind::Challenge(c) => {
                let cost = u32::from(self.config.challenge);
                self.budgets.spend(&event.author, cost, now);
                applied = self.challenge(c, now)?;
            }
            EventKind::Support(s) => {
                self.budgets.spend(&event.author, s.cost, now);
                let conflict = self.check_support(event, s, now)?;
                self.support(conflict, s.cost, now);
                applied.quarantine = self.level_of(&s.claim);
            }
            EventKind::Witness(w) => {
                let (slot, path, length) = self.check_witness(event, w, now)?;
                let first = self.claims.witnesses(slot);
                let first = self.witnesses.add(slot, first, &path, length);
                self.claims.set_witnesses(slot, first);
                let paths = self.witnesses.independent(first);
                self.claims.set_paths(slot, paths);
                applied.quarantine = self.level(slot);
            }
            EventKind::Resolution(r) => {
                let (conflict, fall) = self.check_resolution(event, r)?;
                applied.fallen = self.resolve(conflict, fall);
                applied.resolved = 1;
            }
            EventKind::Deprecate(d) => {
                let slot = self.in_force(event, &d.claim, now)?;
                self.retire(slot, Cause::Other);
                applied.fallen = 1;
            }
            _ => {}
        }
        applied.equivocates = forks;
        Ok(applied)
    }

    fn level_of(&self, id: &EventId) -> Quarantine {
        self.quarantine(id).unwrap_or_default()
    }

    fn assert(
        &mut self,
        index: u64,
        id: &EventId,
        event: &Event<'_>,
        assert: &Assert<'_>,
        now: u64,
    ) -> Result<Applied, Refusal> {
        let mut applied = Applied::default();
        if let Some(old) = self.superseded(event, assert)? {
            self.retire(old, Cause::Other);
            applied.fallen = 1;
        }
        let context = Tag::of(event.context);
        let context = self.contexts.enter(context).ok_or(Refusal::ContextsFull)?;
        let slot = self.grid.next_slot().ok_or(Refusal::ClaimsFull)?;
        let length = event.embedding.len();
        for (to, from) in self.staging.iter_mut().zip(event.embedding.iter()) {
            *to = from;
        }
        let vector = self.staging.get(..length).unwrap_or_default();
        let probe = Probe {
            context,
            subject: Some(Tag::of(assert.subject)),
            vector,
        };
        let mut bound = [0.0; PREFIX];
        let place = self.grid.locate(vector, &mut bound)?;
        let proposition = Proposition {
            predicate: Tag::of(assert.predicate),
            value: Tag::of(assert.value),
            confidence: assert.confidence,
        };
        self.contexts.hold(context);
        self.claims.insert(
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
        let (claims, conflicts) = (&mut self.claims, &mut self.conflicts);
        let (judge, wake) = (&self.judge, self.config.escalation);
        let steps = self.config.steps;
        applied.coverage = self.grid.check(&probe, place.as_ref(), &bound, |other| {
            if !judge.incompatible(&claims.proposition(other), &proposition) {
                return;
            }
            let ids = [claims.table.id(other), *id];
            match conflicts.open([other, slot], ids, context, now, claims) {
                Some(conflict) => {
                    applied.found += 1;
                    if steps > 0 {
                        conflicts.wake_at(conflict, now.saturating_add(wake.into()));
                    }
                }
                None => applied.unrecorded += 1,
            }
        });
        // Room was checked above, so the grid takes it.
        let _ = self
            .grid
            .insert(&probe, place.as_ref(), &bound, applied.coverage);
        self.staging.fill(0.0);
        if place.is_some() {
            self.follow(context, &bound);
        }
        for _ in 0..applied.found {
            self.state.count(State::FOUND);
        }
        if applied.is_truncated() {
            self.claims.set_unchecked(slot, true);
            self.contexts.set_incomplete(context, true);
        }
        applied.quarantine = self.level(slot);
        Ok(applied)
    }

    fn follow(&mut self, context: u32, bound: &Bound) {
        let limit = self.config.grid.reach() * f32::from(self.config.drift);
        self.contexts.follow(context, bound, limit);
    }

    fn challenge(&mut self, c: &Challenge<'_>, now: u64) -> Result<Applied, Refusal> {
        let mut applied = Applied::default();
        let &[a, b] = c.claims else {
            return Err(Refusal::WrongClaims);
        };
        let conflict = match self.conflicts.find(&c.conflict) {
            Some(conflict) => conflict,
            None => {
                let find = |id| self.claims.table.find(id).ok_or(Refusal::UnknownClaim);
                let slots = [find(&a)?, find(&b)?];
                let context = self.claims.context(slots[0]);
                let opened = self
                    .conflicts
                    .open(slots, [a, b], context, now, &mut self.claims);
                let conflict = opened.ok_or(Refusal::ConflictsFull)?;
                if self.config.steps > 0 {
                    self.conflicts.wake_at(conflict, self.due(now));
                }
                self.state.count(State::FOUND);
                applied.found = 1;
                conflict
            }
        };
        if let Some((status, level, steps, fallen)) = self.conflicts.stand(conflict) {
            let status = match status {
                Status::Detected => Status::Challenged,
                other => other,
            };
            let level = level.max(Quarantine::RequiresWitness);
            self.conflicts
                .set_stand(conflict, (status, level, steps, fallen));
        }
        applied.quarantine = self.level_of(&a).max(self.level_of(&b));
        Ok(applied)
    }

    fn due(&self, now: u64) -> u64 {
        now.saturating_add(self.config.escalation.into())
    }

    /// Adds heat to an open conflict.
    fn support(&mut self, conflict: u32, cost: u32, now: u64) {
        let Some((status, level, steps, fallen)) = self.conflicts.stand(conflict) else {
            return;
        };
        if matches!(status, Status::Detected | Status::Challenged) {
            self.conflicts
                .set_stand(conflict, (Status::Resolving, level, steps, fallen));
        }
        let one = u64::from(CERTAIN);
        let added = u64::from(cost) * one / u64::from(self.config.heat);
        let before = self.conflicts.table.word(conflict, at::TEMPERATURE);
        let temperature = (u64::from(before) + added).min(one) as u32;
        self.conflicts
            .table
            .set(conflict, at::TEMPERATURE, temperature);
        if temperature >= u32::from(self.config.temperature) {
            self.escalate(conflict, now);
        }
    }

    /// Takes an open conflict one step further, if it has one left.
    fn escalate(&mut self, conflict: u32, now: u64) -> bool {
        let Some((status, level, steps, fallen)) = self.conflicts.stand(conflict) else {
            return false;
        };
        if steps >= self.config.steps || !status.is_open() {
            return false;
        }
        let stand = (Status::Escalated, level.raised(), steps + 1, fallen);
        self.conflicts.set_stand(conflict, stand);
        self.conflicts.table.set(conflict, at::TEMPERATURE, 0);
        if steps + 1 < self.config.steps {
            self.conflicts.wake_at(conflict, self.due(now));
        } else {
            self.conflicts.rest(conflict);
        }
        self.state.count(State::ESCALATED);
        true
    }

    fn resolve(&mut self, conflict: u32, fall: u8) -> u32 {
        if let Some((_, level, steps, _)) = self.conflicts.stand(conflict) {
            self.conflicts
                .set_stand(conflict, (Status::Resolved, level, steps, fall));
        }
        self.conflicts.rest(conflict);
        self.state.count(State::RESOLVED);
        let slots = [
            self.conflicts.slot(conflict, 0),
            self.conflicts.slot(conflict, 1),
        ];
        let mut fallen = 0;
        for (side, slot) in slots.into_iter().enumerate() {
            if let Some(slot) = slot.filter(|_| fall & 1 << side != 0) {
                self.retire(slot, Cause::Resolution(conflict));
                fallen += 1;
            }
        }
        fallen
    }

    /// Puts a claim out of force: its open conflicts lapse, the grid forgets it.
    fn retire(&mut self, slot: u32, cause: Cause) {
        let context = self.claims.context(slot);
        while let Some((conflict, ..)) = self.conflicts.step(self.claims.head(slot)) {
            if let Some((status, level, steps, fallen)) = self.conflicts.stand(conflict)
                && status.is_open()
                && cause != Cause::Resolution(conflict)
            {
                self.conflicts.rest(conflict);
                self.conflicts
                    .set_stand(conflict, (Status::Lapsed, level, steps, fallen));
                self.state.count(State::LAPSED);
            }
            self.conflicts.detach(conflict, &mut self.claims);
        }
        self.witnesses.release(self.claims.witnesses(slot));
        self.claims.remove(slot);
        // The grid holds exactly the claims in force.
        let _ = self.grid.remove(slot);
        self.contexts.release(context);
    }

    /// Lets time pass: claims expire and conflicts escalate, each at its own time, in order.
    ///
    /// Time never goes back: an earlier `now` changes nothing. Work: what is due.
    pub fn advance(&mut self, now: u64) -> Advanced {
        if now <= self.state.now() {
            return Advanced::default();
        }
        self.header.begin();
        let advanced = self.pass(now);
        self.header.end();
        advanced
    }

    fn pass(&mut self, now: u64) -> Advanced {
        let mut advanced = Advanced::default();
        let now = now.max(self.state.now());
        loop {
            let claim = self.claims.earliest().filter(|&(due, _)| due <= now);
            let conflict = self.conflicts.earliest().filter(|&(due, _)| due <= now);
            match (claim, conflict) {
                (Some((expires, slot)), other) if other.is_none_or(|(due, _)| expires <= due) => {
                    self.retire(slot, Cause::Other);
                    advanced.expired += 1;
                }
                (_, Some((due, conflict))) => {
                    if self.escalate(conflict, due) {
                        advanced.escalated += 1;
                    } else {
                        self.conflicts.rest(conflict);
                    }
                }
                _ => break,
            }
        }
        self.state.set_now(now);
        advanced
    }
}
