//! Whether an event can be taken, judged as of the time it is taken at, and what it will then do.
//!
//! Nothing is changed before that is known. What time would have done until then counts, whether
//! the engine was told or not: a claim that has expired is not in force, a conflict with one is not
//! open, and what such a claim took is free.

use super::Engine;
use crate::Hash;
use crate::coherence::conflict::conflict_id;
use crate::coherence::errors::Refusal;
use crate::coherence::history::History;
use crate::coherence::judge::Judge;
use crate::coherence::tables::conflicts::Lists;
use crate::coherence::tables::witnesses::{self, Path};
use crate::coherence::trace;
use crate::grid::Tag;
use crate::log::kind::{Assert, Challenge, Deprecate, Resolution, Support, Witness};
use crate::log::sign::Domain;
use crate::log::{Event, EventId, EventKind, Verifier};

/// An event that was checked and can be applied: it holds the engine, so that nothing comes between.
#[derive(Debug)]
#[must_use = "a checked event takes effect when it is applied"]
pub struct Checked<'e, 'a, J> {
    pub(super) engine: &'e mut Engine<'a, J>,
    pub(super) id: &'e EventId,
    pub(super) event: &'e Event<'e>,
    /// When it is taken: never before what the engine was told.
    pub(super) now: u64,
    pub(super) effect: Effect,
}

/// What an event will do. Claims are named by slots and conflicts by numbers, which stay what they
/// are until the time of the event while they are in force, and open.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect {
    /// A claim takes force, in place of another one.
    Assert { replaced: Option<u32> },
    /// A conflict, or one to be opened, is challenged.
    Challenge {
        claims: [u32; 2],
        conflict: Option<u32>,
    },
    /// A conflict is heated.
    Support { conflict: u32, claim: u32 },
    /// A claim gains a witness.
    Witness {
        claim: u32,
        path: Path,
        length: usize,
    },
    /// A conflict ends, and the sides whose bits are set fall.
    Resolution { conflict: u32, fall: u8 },
    /// A claim leaves force.
    Deprecate { claim: u32 },
    /// Nothing in the engine.
    Nothing,
}

impl<'a, J: Judge> Engine<'a, J> {
    /// Checks an event that the log may take at `now`. Nothing is changed, and an event that is
    /// refused leaves no trace.
    ///
    /// `verifier` checks authorities' signatures (the author's own is the log's to check),
    /// `history` says which events are in the log. An event that the log has pruned looks new: let
    /// the log's policy refuse what is older than it keeps.
    ///
    /// ```text
    /// let checked = engine.check(&id, &event, now, verifier, &history)?;
    /// let index = log.append(...)?;
    /// let applied = checked.apply(index);
    /// ```
    pub fn check<'e, V: Verifier + ?Sized, H: History + ?Sized>(
        &'e mut self,
        id: &'e EventId,
        event: &'e Event<'e>,
        now: u64,
        verifier: &V,
        history: &H,
    ) -> Result<Checked<'e, 'a, J>, Refusal> {
        // What fell, expired or was taken back must not return as if it were new.
        if history.contains(id) {
            return Err(Refusal::Duplicate);
        }
        let checked = self.check_logged(id, event, now)?;
        checked.engine.check_signatures(event, verifier)?;
        if let EventKind::Decision(decision) = &event.kind {
            trace::check(decision, history)?;
        }
        Ok(checked)
    }

    /// [`check`](Self::check)s an event out of a log that had taken it at `now`: all but signatures
    /// and what is in the log, which were checked before it was taken.
    pub fn check_logged<'e>(
        &'e mut self,
        id: &'e EventId,
        event: &'e Event<'e>,
        now: u64,
    ) -> Result<Checked<'e, 'a, J>, Refusal> {
        let now = now.max(self.now());
        let effect = self.foresee(id, event, now)?;
        Ok(Checked {
            engine: self,
            id,
            event,
            now,
            effect,
        })
    }

    /// Whether who must have signed has.
    fn check_signatures<V: Verifier + ?Sized>(
        &self,
        event: &Event<'_>,
        verifier: &V,
    ) -> Result<(), Refusal> {
        let contexts = &self.tables.contexts;
        let context = contexts.find(Tag::of(event.context));
        match &event.kind {
            EventKind::Resolution(r) => contexts.check(
                context,
                Domain::Resolution,
                &r.digest(event.context),
                r.signatures,
                verifier,
            ),
            EventKind::Deprecate(d) => {
                let slot = self.tables.claims.ids.find(&d.claim);
                if slot.is_some_and(|slot| self.tables.claims.author(slot) == event.author) {
                    return Ok(());
                }
                let checked = contexts.check(
                    context,
                    Domain::Deprecation,
                    &d.digest(event.context),
                    d.signatures,
                    verifier,
                );
                match checked {
                    Err(_) if d.signatures.is_empty() => Err(Refusal::NotTheAuthor),
                    checked => checked,
                }
            }
            _ => Ok(()),
        }
    }

    /// What an event does at `now`, which is not before what the engine was told.
    fn foresee(&self, id: &EventId, event: &Event<'_>, now: u64) -> Result<Effect, Refusal> {
        match &event.kind {
            EventKind::Assert(assert) => self.foresee_assert(id, event, assert, now),
            EventKind::Challenge(c) => self.foresee_challenge(event, c, now),
            EventKind::Support(s) => self.foresee_support(event, s, now),
            EventKind::Witness(w) => self.foresee_witness(event, w, now),
            EventKind::Resolution(r) => self.foresee_resolution(event, r, now),
            EventKind::Deprecate(Deprecate { claim, .. }) => Ok(Effect::Deprecate {
                claim: self.in_force(event, claim, now)?,
            }),
            _ => Ok(Effect::Nothing),
        }
    }

    /// The slot of a claim in force in the event's context.
    fn in_force(&self, event: &Event<'_>, id: &EventId, now: u64) -> Result<u32, Refusal> {
        let context = self.tables.contexts.find(Tag::of(event.context));
        let claims = &self.tables.claims;
        claims
            .ids
            .find(id)
            .filter(|&slot| Some(claims.context(slot)) == context)
            .filter(|&slot| claims.is_in_force(slot, now))
            .ok_or(Refusal::UnknownClaim)
    }

    /// A conflict of the event's context that is open: both of its claims are in force.
    fn open_conflict(&self, event: &Event<'_>, id: &Hash, now: u64) -> Result<u32, Refusal> {
        let context = self.tables.contexts.find(Tag::of(event.context));
        let (claims, conflicts) = (&self.tables.claims, &self.tables.conflicts);
        let in_force = |&conflict: &u32| {
            let mut sides = (0..2).map(|side| conflicts.slot(conflict, side));
            sides.all(|slot| slot.is_some_and(|slot| claims.is_in_force(slot, now)))
        };
        conflicts
            .ids
            .find(id)
            .filter(|&conflict| Some(conflicts.context(conflict)) == context)
            .filter(|&conflict| conflicts.is_open(conflict))
            .filter(in_force)
            .ok_or(Refusal::UnknownConflict)
    }

    /// The claims that expire by `now` without the engine having been told.
    fn expired(&self, now: u64) -> impl Iterator<Item = u32> {
        self.tables.claims.timers.due_by(now)
    }

    fn foresee_assert(
        &self,
        id: &EventId,
        event: &Event<'_>,
        assert: &Assert<'_>,
        now: u64,
    ) -> Result<Effect, Refusal> {
        if self.config.grid.capacity() == 0 {
            return Err(Refusal::NoClaims);
        }
        if assert.expires.is_some_and(|at| at <= now) {
            return Err(Refusal::Expired);
        }
        if self.tables.claims.ids.find(id).is_some() {
            return Err(Refusal::Duplicate);
        }
        let context = self.tables.contexts.find(Tag::of(event.context));
        if context.is_none() && !self.has_room_for_context(Tag::of(event.context), now) {
            return Err(Refusal::ContextsFull);
        }
        let replaced = self.superseded(event, assert, now)?;
        let is_full = self.tables.grid.next_slot().is_none();
        if is_full && replaced.is_none() && self.expired(now).next().is_none() {
            return Err(Refusal::ClaimsFull);
        }
        self.tables
            .grid
            .check_vector(event.embedding.len(), event.embedding.iter())?;
        Ok(Effect::Assert { replaced })
    }

    /// Whether a context has room, or one will have had its last claim by `now`. Cost: O(contexts)
    /// times the claims that expire by then if all are taken.
    fn has_room_for_context(&self, tag: Tag, now: u64) -> bool {
        let (claims, contexts) = (&self.tables.claims, &self.tables.contexts);
        if contexts.free(tag).is_some() {
            return true;
        }
        let all = 0..u32::from(self.config.contexts);
        self.expired(now).next().is_some()
            && all.filter(|&c| contexts.is_passing(c)).any(|context| {
                let gone = self.expired(now).filter(|&s| claims.context(s) == context);
                gone.count() as u32 == contexts.claims(context)
            })
    }

    /// The claim in force that an assertion replaces.
    fn superseded(
        &self,
        event: &Event<'_>,
        assert: &Assert<'_>,
        now: u64,
    ) -> Result<Option<u32>, Refusal> {
        let claims = &self.tables.claims;
        let named = assert.supersedes.and_then(|id| claims.ids.find(&id));
        let Some(slot) = named.filter(|&slot| claims.is_in_force(slot, now)) else {
            return Ok(None);
        };
        if self.tables.contexts.find(Tag::of(event.context)) != Some(claims.context(slot)) {
            return Err(Refusal::UnknownClaim);
        }
        if claims.author(slot) != event.author {
            return Err(Refusal::NotTheAuthor);
        }
        Ok(Some(slot))
    }

    fn foresee_challenge(
        &self,
        event: &Event<'_>,
        c: &Challenge<'_>,
        now: u64,
    ) -> Result<Effect, Refusal> {
        let &[a, b] = c.claims else {
            return Err(Refusal::WrongClaims);
        };
        if a == b || conflict_id(&a, &b) != c.conflict {
            return Err(Refusal::WrongClaims);
        }
        let claims = [
            self.in_force(event, &a, now)?,
            self.in_force(event, &b, now)?,
        ];
        let conflict = match self.tables.conflicts.ids.find(&c.conflict) {
            Some(_) => Some(self.open_conflict(event, &c.conflict, now)?),
            None if self.has_room_for_conflict(now) => None,
            None => return Err(Refusal::ConflictsFull),
        };
        let cost = self.config.challenge.into();
        self.tables.budgets.check(&event.author, cost, now)?;
        Ok(Effect::Challenge { claims, conflict })
    }

    /// Whether there is room for a conflict, or a claim that expires by `now` gives up one of its.
    fn has_room_for_conflict(&self, now: u64) -> bool {
        let mut expired = self.expired(now);
        self.tables.conflicts.has_room() || expired.any(|slot| self.tables.claims.head(slot) != 0)
    }

    fn foresee_support(
        &self,
        event: &Event<'_>,
        s: &Support<'_>,
        now: u64,
    ) -> Result<Effect, Refusal> {
        let conflict = self.open_conflict(event, &s.conflict, now)?;
        let claim = self.in_force(event, &s.claim, now)?;
        let conflicts = &self.tables.conflicts;
        if !(0..2).any(|side| conflicts.slot(conflict, side) == Some(claim)) {
            return Err(Refusal::WrongClaims);
        }
        self.tables.budgets.check(&event.author, s.cost, now)?;
        Ok(Effect::Support { conflict, claim })
    }

    fn foresee_witness(
        &self,
        event: &Event<'_>,
        w: &Witness<'_>,
        now: u64,
    ) -> Result<Effect, Refusal> {
        let claim = self.in_force(event, &w.claim, now)?;
        let (claims, witnesses) = (&self.tables.claims, &self.tables.witnesses);
        let (path, length) = witnesses::path(&event.author, w.path, &claims.author(claim))?;
        witnesses.check(claims.witnesses(claim), &path)?;
        let mut expired = self.expired(now);
        if !witnesses.has_room() && !expired.any(|slot| claims.witnesses(slot) != 0) {
            return Err(Refusal::WitnessesFull);
        }
        Ok(Effect::Witness {
            claim,
            path,
            length,
        })
    }

    fn foresee_resolution(
        &self,
        event: &Event<'_>,
        r: &Resolution<'_>,
        now: u64,
    ) -> Result<Effect, Refusal> {
        let conflict = self.open_conflict(event, &r.conflict, now)?;
        let (mut stand, mut fall) = (0_u8, 0_u8);
        for (claims, sides) in [(r.accepted, &mut stand), (r.deprecated, &mut fall)] {
            for claim in claims {
                let side = (0..2)
                    .find(|&side| self.tables.conflicts.side(conflict, side) == *claim)
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
        Ok(Effect::Resolution { conflict, fall })
    }
}
