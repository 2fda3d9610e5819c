//! Whether an event can be taken, judged as of the time it is taken at.
//!
//! Nothing is changed before that is known. Whether an event is refused follows from itself, from its
//! author's own events, from those it names and from the roots' decisions, so that every node answers
//! alike whatever else it has heard.

use super::Engine;
use super::foresee::Effect;
use crate::coherence::errors::Refusal;
use crate::coherence::history::History;
use crate::coherence::judge::Judge;
use crate::coherence::tables::members::Turn;
use crate::coherence::trace;
use crate::grid::Tag;
use crate::log::sign::Domain;
use crate::log::{Event, EventId, EventKind, PublicKey, Verifier};

/// An event that was checked and can be applied: it holds the engine, so that nothing comes between.
#[derive(Debug)]
#[must_use = "a checked event takes effect when it is applied"]
pub struct Checked<'e, 'a, J> {
    pub(super) engine: &'e mut Engine<'a, J>,
    pub(super) id: &'e EventId,
    pub(super) event: &'e Event<'e>,
    /// When it is taken: never before what the engine was told.
    pub(super) now: u64,
    pub(super) turn: Turn,
    pub(super) effect: Effect,
}

impl<'a, J: Judge> Engine<'a, J> {
    /// Checks an event that the log may take at `now`. Nothing is changed, and an event that is
    /// refused leaves no trace.
    ///
    /// `verifier` checks signatures of authorities and roots (the author's own is the log's to check),
    /// `history` says which events are in the log.
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
        let turn = self.turn(&event.author, event.seq, event.at)?;
        // A second signature of an event makes no second event.
        if history.contains(id) {
            return Err(Refusal::Duplicate);
        }
        if let Turn::Past(member) = turn {
            let (index, other) = self.fork(member, event, history)?;
            return Ok(Checked {
                now: now.max(self.now()),
                engine: self,
                id,
                event,
                turn,
                effect: Effect::Fork { index, id: other },
            });
        }
        let checked = self.check_logged(id, event, now, history)?;
        checked.engine.check_signatures(event, verifier, history)?;
        if let EventKind::Decision(decision) = &event.kind {
            trace::check(decision, history)?;
        }
        Ok(checked)
    }

    /// [`check`](Self::check)s an event out of a log that had taken it at `now`: all but signatures,
    /// which were checked before it was taken.
    pub fn check_logged<'e, H: History + ?Sized>(
        &'e mut self,
        id: &'e EventId,
        event: &'e Event<'e>,
        now: u64,
        history: &H,
    ) -> Result<Checked<'e, 'a, J>, Refusal> {
        let now = now.max(self.now());
        let turn = self.turn(&event.author, event.seq, event.at)?;
        let effect = match turn {
            Turn::Past(member) => {
                let (index, id) = self.fork(member, event, history)?;
                Effect::Fork { index, id }
            }
            turn => {
                let member = member(turn);
                let cost = self.cost(event);
                self.tables.members.check_budget(member, cost, event.at)?;
                self.foresee(member, event, now, history)?
            }
        };
        Ok(Checked {
            engine: self,
            id,
            event,
            now,
            turn,
            effect,
        })
    }

    /// What an event takes of its author's budget.
    pub(super) fn cost(&self, event: &Event<'_>) -> u32 {
        match &event.kind {
            EventKind::Challenge(_) => self.config.challenge.into(),
            EventKind::Support(support) => support.cost,
            _ => 0,
        }
    }

    /// Where an event stands among those of its author. Cost: one look-up, and no signature.
    pub(crate) fn turn(&self, author: &PublicKey, seq: u32, at: u64) -> Result<Turn, Refusal> {
        self.tables.members.turn(author, seq, at)
    }

    /// The event in the log that has the same number as this one, of a member not known to fork.
    fn fork<H: History + ?Sized>(
        &self,
        member: u32,
        event: &Event<'_>,
        history: &H,
    ) -> Result<(u64, EventId), Refusal> {
        if self.tables.members.is_forked(member) {
            return Err(Refusal::Forked);
        }
        let expected = self.tables.members.next(member);
        history
            .said(&event.author, event.seq)
            .ok_or(Refusal::Evicted { expected })
    }

    /// Whether who must have signed has.
    fn check_signatures<V: Verifier + ?Sized, H: History + ?Sized>(
        &self,
        event: &Event<'_>,
        verifier: &V,
        history: &H,
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
                let of_claim = match self.tables.claims.ids.find(&d.claim) {
                    Some(slot) => Some(self.tables.members.key(self.tables.claims.member(slot))),
                    None => history.event(&d.claim).map(|said| said.event().author),
                };
                // An author is no authority over what it said, but may say it no longer.
                if of_claim == Some(event.author) {
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
            EventKind::Roots(r) => self.check_roots(event, r, verifier),
            _ => Ok(()),
        }
    }
}

/// The member whose turn it is.
pub(super) fn member(turn: Turn) -> Option<u32> {
    match turn {
        Turn::Next(member) | Turn::Past(member) => Some(member),
        Turn::First => None,
    }
}
