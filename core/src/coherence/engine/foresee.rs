//! What an event will do, told before anything is changed.
//!
//! What is about something that is over by now does nothing: elsewhere it came in time.

use super::Engine;
use crate::coherence::conflict::conflict_id;
use crate::coherence::errors::Refusal;
use crate::coherence::history::History;
use crate::coherence::judge::{Judge, Proposition};
use crate::coherence::tables::claims::Word;
use crate::coherence::tables::witnesses::{self, Path};
use crate::grid::Tag;
use crate::log::kind::{Assert, Challenge, Resolution, Support, Witness};
use crate::log::{Event, EventId, EventKind, PublicKey};

/// What an event will do. Claims are named by slots and conflicts by numbers, which stay what they
/// are until the time of the event while they are in force, and open.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect {
    /// A claim takes force, in place of the author's earlier words.
    Assert {
        replaced: Option<u32>,
        superseded: Option<u32>,
        late: bool,
    },
    /// Two words are challenged, by claims dated `at` at the latest; their conflict is opened if the
    /// grid missed it, and else remembered for what may still come to light.
    Challenge {
        claims: [u32; 2],
        at: u64,
        missed: bool,
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
    /// The roots have decided.
    Roots,
    /// The author has signed two events of one number; that of the other in the log, and its id.
    Fork { index: u64, id: EventId },
    /// What it is about is over.
    Idle,
    /// Nothing in the engine.
    Nothing,
}

/// A claim that an event names.
#[derive(Clone, Copy, Debug)]
enum Named {
    /// It is in force.
    InForce(u32),
    /// Another one of the same word is in force in its place.
    Replaced { slot: u32, said: Spoken },
    /// It is over; what it said, if that is still known.
    Over(Option<Spoken>),
}

/// What a claim said, and when.
#[derive(Clone, Copy, Debug)]
struct Spoken {
    at: u64,
    subject: Tag,
    proposition: Proposition,
    placed: bool,
}

/// The words in force that two claims are of, and what the claims said.
type Pair = ([u32; 2], [Spoken; 2]);
impl<J: Judge> Engine<'_, J> {
    /// What an event does at `now`, which is not before what the engine was told.
    pub(super) fn foresee<H: History + ?Sized>(
        &self,
        member: Option<u32>,
        event: &Event<'_>,
        now: u64,
        history: &H,
    ) -> Result<Effect, Refusal> {
        match &event.kind {
            EventKind::Assert(assert) => self.foresee_assert(member, event, assert, now, history),
            EventKind::Challenge(c) => self.foresee_challenge(event, c, now, history),
            EventKind::Support(s) => self.foresee_support(event, s, now, history),
            EventKind::Witness(w) => self.foresee_witness(event, w, now, history),
            EventKind::Resolution(r) => self.foresee_resolution(event, r, now, history),
            EventKind::Deprecate(d) => Ok(match self.named(event, &d.claim, now, history)? {
                Named::InForce(claim) => Effect::Deprecate { claim },
                _ => Effect::Idle,
            }),
            EventKind::Roots(r) => self.foresee_roots(event, r).map(|()| Effect::Roots),
            _ => Ok(Effect::Nothing),
        }
    }

    /// What has become of a claim that an event names, which is one of its context.
    fn named<H: History + ?Sized>(
        &self,
        event: &Event<'_>,
        id: &EventId,
        now: u64,
        history: &H,
    ) -> Result<Named, Refusal> {
        let context = self.tables.contexts.find(Tag::of(event.context));
        let claims = &self.tables.claims;
        if let Some(slot) = claims.ids.find(id) {
            return match Some(claims.context(slot)) == context {
                false => Err(Refusal::UnknownClaim),
                true if claims.is_in_force(slot, now) => Ok(Named::InForce(slot)),
                true => Ok(Named::Over(Some(self.spoken(slot)))),
            };
        }
        let Some(signed) = history.event(id) else {
            return match history.contains(id) || !history.is_whole() {
                true => Ok(Named::Over(None)),
                false => Err(Refusal::UnknownReference),
            };
        };
        let said = signed.event();
        let EventKind::Assert(assert) = &said.kind else {
            return Err(Refusal::UnknownClaim);
        };
        if said.context != event.context {
            return Err(Refusal::UnknownClaim);
        }
        let spoken = Spoken {
            at: said.at,
            subject: Tag::of(assert.subject),
            proposition: proposition(assert),
            placed: !said.embedding.is_empty(),
        };
        let slot = self.tables.members.find(&said.author).and_then(|member| {
            let word = Word {
                member,
                context: context?,
                subject: spoken.subject,
                predicate: spoken.proposition.predicate,
            };
            self.find_word(&word)
                .filter(|&slot| claims.is_in_force(slot, now))
        });
        Ok(match slot {
            Some(slot) => Named::Replaced { slot, said: spoken },
            None => Named::Over(Some(spoken)),
        })
    }

    /// The slot of a word.
    pub(super) fn find_word(&self, word: &Word) -> Option<u32> {
        let grid = &self.tables.grid;
        self.tables.claims.find(word, |slot| grid.subject(slot))
    }

    fn spoken(&self, slot: u32) -> Spoken {
        Spoken {
            at: self.tables.claims.at(slot),
            subject: self.tables.grid.subject(slot).unwrap_or(Tag::of("")),
            proposition: self.tables.claims.proposition(slot),
            placed: self.tables.grid.bound(slot).is_some(),
        }
    }

    /// The claims that expire by `now` without the engine having been told.
    fn expired(&self, now: u64) -> impl Iterator<Item = u32> {
        self.tables.claims.timers.due_by(now)
    }

    fn foresee_assert<H: History + ?Sized>(
        &self,
        member: Option<u32>,
        event: &Event<'_>,
        assert: &Assert<'_>,
        now: u64,
        history: &H,
    ) -> Result<Effect, Refusal> {
        if self.config.grid.capacity() == 0 {
            return Err(Refusal::NoClaims);
        }
        if assert.expires.is_some_and(|at| at <= event.at) {
            return Err(Refusal::Expired);
        }
        self.tables
            .grid
            .check_vector(event.embedding.len(), event.embedding.iter())?;
        let superseded = self.superseded(event, assert, now, history)?;
        let context = self.tables.contexts.find(Tag::of(event.context));
        let replaced = member.zip(context).and_then(|(member, context)| {
            self.find_word(&Word {
                member,
                context,
                subject: Tag::of(assert.subject),
                predicate: Tag::of(assert.predicate),
            })
        });
        let late = assert.expires.is_some_and(|at| at <= now);
        let effect = Effect::Assert {
            replaced,
            superseded: superseded.filter(|&slot| Some(slot) != replaced),
            late,
        };
        if replaced.is_some() || late {
            return Ok(effect);
        }
        if context.is_none() {
            if !self.has_room_for_context(Tag::of(event.context), now) {
                return Err(Refusal::ContextsFull);
            }
            // A count of all contexts is spared where one member may have all of them.
            let limit = self.config.most_contexts();
            let shared = !self.config.open && limit < self.config.contexts.into();
            let opened = |member| self.tables.contexts.opened_by(member);
            if shared && member.map_or(0, opened) >= limit {
                return Err(Refusal::OverContexts { limit });
            }
        }
        let limit = self.config.most_claims();
        let passing = self.expired(now).next().is_some();
        let held = member.map_or(0, |member| self.tables.members.claims(member));
        let own = |slot| Some(self.tables.claims.member(slot)) == member;
        if held >= limit && superseded.is_none() && !self.expired(now).any(own) {
            return Err(Refusal::OverShare { limit });
        }
        let is_full = self.tables.grid.next_slot().is_none();
        if is_full && superseded.is_none() && !passing {
            return Err(Refusal::ClaimsFull);
        }
        Ok(effect)
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

    /// The claim in force that an assertion names as the one it replaces.
    fn superseded<H: History + ?Sized>(
        &self,
        event: &Event<'_>,
        assert: &Assert<'_>,
        now: u64,
        history: &H,
    ) -> Result<Option<u32>, Refusal> {
        let Some(id) = &assert.supersedes else {
            return Ok(None);
        };
        let author = match self.tables.claims.ids.find(id) {
            Some(slot) => Some(self.tables.members.key(self.tables.claims.member(slot))),
            None => history.event(id).map(|said| said.event().author),
        };
        let named = self.named(event, id, now, history)?;
        if author.is_some_and(|author| author != event.author) {
            return Err(Refusal::NotTheAuthor);
        }
        Ok(match named {
            Named::InForce(slot) => Some(slot),
            _ => None,
        })
    }

    /// Two claims that an event says contradict each other, once it is seen that they do or did: the
    /// words in force that they are of, and what was said.
    fn pair<H: History + ?Sized>(
        &self,
        event: &Event<'_>,
        ids: [&EventId; 2],
        now: u64,
        history: &H,
    ) -> Result<Option<Pair>, Refusal> {
        let named = [
            self.named(event, ids[0], now, history)?,
            self.named(event, ids[1], now, history)?,
        ];
        let parts = named.map(|named| match named {
            Named::InForce(slot) => (Some(slot), Some(self.spoken(slot))),
            // Of what was taken back in between, nothing is left.
            Named::Replaced { slot, said } => {
                let goes_on = said.at >= self.tables.claims.start(slot);
                (Some(slot).filter(|_| goes_on), Some(said))
            }
            Named::Over(said) => (None, said),
        });
        let [(first, one), (second, other)] = parts;
        let (Some(one), Some(other)) = (one, other) else {
            return Ok(None);
        };
        let related = one.subject == other.subject || (one.placed && other.placed);
        if !related
            || !self
                .judge
                .incompatible(&one.proposition, &other.proposition)
        {
            return Err(Refusal::Unrelated);
        }
        Ok(match (first, second) {
            (Some(a), Some(b)) if a != b => Some(([a, b], [one, other])),
            _ => None,
        })
    }

    /// The open conflict of two claims in force.
    fn open_between(&self, slots: [u32; 2]) -> Option<u32> {
        let conflicts = &self.tables.conflicts;
        let ids = slots.map(|slot| self.tables.claims.ids.of(slot));
        conflicts
            .ids
            .find(&conflict_id(&ids[0], &ids[1]))
            .filter(|&conflict| conflicts.is_open(conflict))
            .filter(|&conflict| conflicts.slot(conflict, 0).is_some())
    }

    fn foresee_challenge<H: History + ?Sized>(
        &self,
        event: &Event<'_>,
        c: &Challenge<'_>,
        now: u64,
        history: &H,
    ) -> Result<Effect, Refusal> {
        let [a, b] = c.claims else {
            return Err(Refusal::WrongClaims);
        };
        if a == b || conflict_id(a, b) != c.conflict {
            return Err(Refusal::WrongClaims);
        }
        let Some((claims, said)) = self.pair(event, [a, b], now, history)? else {
            return Ok(Effect::Idle);
        };
        let at = said[0].at.max(said[1].at);
        let ids = claims.map(|slot| self.tables.claims.ids.of(slot));
        let known = self
            .tables
            .conflicts
            .ids
            .find(&conflict_id(&ids[0], &ids[1]));
        // What the grid did not look at, or had no room for.
        let missed = known.is_none() && ids.contains(a) && ids.contains(b) && self.relates(claims);
        if missed && !self.has_room_for_conflict(now) {
            return Err(Refusal::ConflictsFull);
        }
        Ok(Effect::Challenge { claims, at, missed })
    }

    /// Whether two claims in force are about the same thing.
    fn relates(&self, [a, b]: [u32; 2]) -> bool {
        let mut found = false;
        self.tables.grid.neighbours(a, |other| found |= other == b);
        found
    }

    /// Whether there is room for a conflict, or a claim that expires by `now` gives up one of its.
    fn has_room_for_conflict(&self, now: u64) -> bool {
        use crate::coherence::tables::conflicts::Lists;
        let mut expired = self.expired(now);
        self.tables.conflicts.has_room() || expired.any(|slot| self.tables.claims.head(slot) != 0)
    }

    fn foresee_support<H: History + ?Sized>(
        &self,
        event: &Event<'_>,
        s: &Support<'_>,
        now: u64,
        history: &H,
    ) -> Result<Effect, Refusal> {
        if s.claim == s.against || conflict_id(&s.claim, &s.against) != s.conflict {
            return Err(Refusal::WrongClaims);
        }
        let Some((claims, said)) = self.pair(event, [&s.claim, &s.against], now, history)? else {
            return Ok(Effect::Idle);
        };
        // It is about what was said: it counts while both say the same.
        let table = &self.tables.claims;
        let same = claims.iter().zip(said).all(|(&slot, said)| {
            said.at >= table.held(slot) && said.proposition == table.proposition(slot)
        });
        Ok(match self.open_between(claims).filter(|_| same) {
            Some(conflict) => Effect::Support {
                conflict,
                claim: claims[0],
            },
            None => Effect::Idle,
        })
    }

    fn foresee_witness<H: History + ?Sized>(
        &self,
        event: &Event<'_>,
        w: &Witness<'_>,
        now: u64,
        history: &H,
    ) -> Result<Effect, Refusal> {
        let named = self.named(event, &w.claim, now, history)?;
        let (claims, witnesses) = (&self.tables.claims, &self.tables.witnesses);
        let author = match claims.ids.find(&w.claim) {
            Some(slot) => self.tables.members.key(claims.member(slot)),
            None => history
                .event(&w.claim)
                .map_or([0; 32], |said| said.event().author),
        };
        let (path, length) = witnesses::path(&event.author, w.path, &author)?;
        let known = |key: &PublicKey| self.config.open || self.tables.members.find(key).is_some();
        if !w.path.iter().all(known) {
            return Err(Refusal::StrangerOnPath);
        }
        let Named::InForce(claim) = named else {
            return Ok(Effect::Idle);
        };
        if witnesses.has_spoken(claims.witnesses(claim), &path) {
            return Ok(Effect::Idle);
        }
        if witnesses.is_full(claims.witnesses(claim)) {
            // A path that adds something takes the place of one that does not, and no room.
            return Ok(Effect::Witness {
                claim,
                path,
                length,
            });
        }
        let limit = self.config.most_witnesses();
        let passes = |slot| self.expired(now).any(|expired| expired == slot);
        let spoken = witnesses.spoken_by(&path).filter(|&slot| !passes(slot));
        if limit > 0 && !self.config.open && spoken.count() as u32 >= limit {
            return Err(Refusal::OverWitnesses { limit });
        }
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

    fn foresee_resolution<H: History + ?Sized>(
        &self,
        event: &Event<'_>,
        r: &Resolution<'_>,
        now: u64,
        history: &H,
    ) -> Result<Effect, Refusal> {
        let mut all = r.accepted.iter().chain(r.deprecated);
        let (Some(a), Some(b), None) = (all.next(), all.next(), all.next()) else {
            return Err(Refusal::WrongClaims);
        };
        if a == b || conflict_id(a, b) != r.conflict {
            return Err(Refusal::WrongClaims);
        }
        let named = [
            self.named(event, a, now, history)?,
            self.named(event, b, now, history)?,
        ];
        let [Named::InForce(first), Named::InForce(second)] = named else {
            return Ok(Effect::Idle);
        };
        let Some(conflict) = self.open_between([first, second]) else {
            return Ok(Effect::Idle);
        };
        let sides = (0..2).filter(|&side| {
            let named = self.tables.conflicts.side(conflict, side);
            r.deprecated.contains(&named)
        });
        let fall = sides.fold(0, |fall, side| fall | 1 << side);
        Ok(Effect::Resolution { conflict, fall })
    }
}

pub(super) fn proposition(assert: &Assert<'_>) -> Proposition {
    Proposition {
        predicate: Tag::of(assert.predicate),
        value: Tag::of(assert.value),
        confidence: assert.confidence,
    }
}
