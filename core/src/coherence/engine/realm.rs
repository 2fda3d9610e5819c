//! What the roots of the realm decide, and who its members are.

use super::Engine;
use super::time::Cause;
use crate::coherence::errors::{AuthorityError, Refusal};
use crate::coherence::judge::Judge;
use crate::coherence::realm::Member;
use crate::coherence::tables::contexts::{check_keys, count_signatures};
use crate::grid::{PREFIX, Tag};
use crate::log::kind::{Act, Roots};
use crate::log::sign::Domain;
use crate::log::{Event, EventId, PublicKey, Verifier};

impl<J: Judge> Engine<'_, J> {
    /// Tells the engine the roots of its realm, of whose keys `threshold` must sign each of their
    /// decisions; they are members. Once, before their first decision.
    pub fn found(&mut self, threshold: u8, keys: &[PublicKey]) -> Result<(), AuthorityError> {
        check_keys(threshold, keys)?;
        if self.tables.roots.keys().is_some() {
            return Err(AuthorityError::Founded);
        }
        if !self.have_room(keys) {
            return Err(AuthorityError::MembersFull);
        }
        self.header.begin();
        self.enthrone(threshold, keys);
        self.header.end();
        Ok(())
    }

    fn have_room(&self, keys: &[PublicKey]) -> bool {
        let members = &self.tables.members;
        let new = keys.iter().filter(|key| members.find(key).is_none());
        members.count() + new.count() as u32 <= u32::from(self.config.members)
    }

    fn enthrone(&mut self, threshold: u8, keys: &[PublicKey]) {
        self.tables.roots.appoint(threshold, keys);
        for key in keys {
            if self.tables.members.find(key).is_none() {
                self.tables.members.admit(key, 1);
            }
        }
    }

    /// Threshold and keys, sorted, of the realm's roots.
    pub fn roots(&self) -> Option<(u8, &[PublicKey])> {
        self.tables.roots.keys()
    }

    /// The number of the roots' next decision; 0 where nobody told who they are.
    pub fn next_decision(&self) -> u32 {
        self.tables.roots.next()
    }

    /// The two decisions that have one number, while the roots have not said which counts: the proof,
    /// as both are in the log.
    pub fn frozen(&self) -> Option<[EventId; 2]> {
        let roots = &self.tables.roots;
        roots.is_frozen().then(|| roots.last())
    }

    /// Members of the realm, expelled ones too, in the order in which they became it here.
    pub fn members(&self) -> impl Iterator<Item = Member> {
        (0..self.tables.members.count()).map(|member| self.view_member(member))
    }

    /// The member with a key. Cost: constant.
    pub fn member(&self, key: &PublicKey) -> Option<Member> {
        let member = self.tables.members.find(key)?;
        Some(self.view_member(member))
    }

    fn view_member(&self, member: u32) -> Member {
        let members = &self.tables.members;
        Member {
            key: members.key(member),
            next: members.next(member),
            last: members.last(member),
            claims: members.claims(member),
            expelled: members.expelled(member),
            forked: members.is_forked(member),
        }
    }

    /// The number of an author's next event: what a peer is to send next. `None` for who may not
    /// speak.
    pub fn next(&self, author: &PublicKey) -> Option<u32> {
        match self.tables.members.find(author) {
            Some(member) if self.tables.members.expelled(member).is_some() => None,
            Some(member) => Some(self.tables.members.next(member)),
            None => self.config.open.then_some(1),
        }
    }

    /// Whether enough roots have signed a decision.
    pub(super) fn check_roots<V: Verifier + ?Sized>(
        &self,
        event: &Event<'_>,
        decision: &Roots<'_>,
        verifier: &V,
    ) -> Result<(), Refusal> {
        let (needed, keys) = self.tables.roots.keys().ok_or(Refusal::NoRoots)?;
        let digest = decision.digest(&event.realm, event.context);
        let signatures = decision.signatures;
        count_signatures(needed, keys, Domain::Roots, &digest, signatures, verifier)
    }

    /// Whether a decision can be taken, signatures aside.
    pub(super) fn foresee_roots(
        &self,
        event: &Event<'_>,
        decision: &Roots<'_>,
    ) -> Result<(), Refusal> {
        let (roots, members) = (&self.tables.roots, &self.tables.members);
        let (_, keys) = roots.keys().ok_or(Refusal::NoRoots)?;
        let expected = roots.next();
        let settles = matches!(decision.act, Act::Settle { .. });
        if roots.is_frozen() && !settles {
            return Err(Refusal::Frozen);
        }
        // Another decision of the last one's number is taken as well: both are the proof.
        let forks = decision.number.checked_add(1) == Some(expected) && expected > 1;
        let counts = decision.number == expected || (forks && !roots.is_frozen());
        if !counts {
            return Err(Refusal::WrongNumber { expected });
        }
        match decision.act {
            Act::Admit { key, from, .. } => {
                let expelled = |member| members.expelled(member).is_some();
                match members.find(&key) {
                    _ if from == 0 => Err(Refusal::BadAct),
                    Some(member) if !expelled(member) => Err(Refusal::BadAct),
                    None if !members.has_room() => Err(Refusal::MembersFull),
                    _ => Ok(()),
                }
            }
            Act::Expel { key, .. } => match members.find(&key) {
                None => Err(Refusal::NotAMember),
                Some(_) if keys.contains(&key) => Err(Refusal::BadAct),
                Some(_) => Ok(()),
            },
            Act::Appoint { threshold, keys } => {
                let tag = Tag::of(event.context);
                match self.tables.contexts.check_authority(tag, threshold, keys) {
                    Ok(()) => Ok(()),
                    Err(AuthorityError::ContextsFull) => Err(Refusal::ContextsFull),
                    Err(_) => Err(Refusal::BadAct),
                }
            }
            Act::Rotate { threshold, keys } => match check_keys(threshold, keys) {
                Err(_) => Err(Refusal::BadAct),
                Ok(()) if !self.have_room(keys) => Err(Refusal::MembersFull),
                Ok(()) => Ok(()),
            },
            Act::Baseline => {
                let vector = event.embedding.iter();
                let grid = &self.tables.grid;
                grid.check_vector(event.embedding.len(), vector)?;
                let contexts = &self.tables.contexts;
                let tag = Tag::of(event.context);
                let known = contexts.find(tag).is_some();
                match event.embedding.is_empty() {
                    true => Err(Refusal::BadAct),
                    false if known || contexts.free(tag).is_some() => Ok(()),
                    false => Err(Refusal::ContextsFull),
                }
            }
            Act::Settle { event } => match roots.last().contains(&event) && roots.is_frozen() {
                true => Ok(()),
                false => Err(Refusal::BadAct),
            },
            Act::End | Act::Close => Ok(()),
        }
    }

    /// Lets a decision take effect; how many claims fell by it.
    pub(super) fn take_roots(
        &mut self,
        id: &EventId,
        event: &Event<'_>,
        decision: &Roots<'_>,
    ) -> u32 {
        if decision.number != self.tables.roots.next() {
            self.tables.roots.freeze(id);
            return 0;
        }
        self.tables.roots.decided(id);
        self.act(event, &decision.act)
    }

    /// What a decision changes, whatever its number.
    pub(crate) fn act(&mut self, event: &Event<'_>, act: &Act<'_>) -> u32 {
        let tag = Tag::of(event.context);
        let context = self.tables.contexts.find(tag);
        match *act {
            Act::Admit { key, from, .. } => {
                match self.tables.members.find(&key) {
                    Some(member) => self.tables.members.admit_again(member, from),
                    None => {
                        self.tables.members.admit(&key, from);
                    }
                }
                0
            }
            Act::Expel { key, last } => {
                let Some(member) = self.tables.members.find(&key) else {
                    return 0;
                };
                self.tables.members.expel(member, last);
                self.retire_all(|claims, slot| {
                    claims.member(slot) == member && claims.seq(slot) > last
                })
            }
            Act::Appoint { threshold, keys } => {
                // It was seen that they can be.
                let _ = self.tables.contexts.register(tag, threshold, keys);
                0
            }
            Act::Rotate { threshold, keys } => {
                self.enthrone(threshold, keys);
                0
            }
            Act::End => {
                if let Some(context) = context {
                    self.tables.contexts.dismiss(&self.config, context);
                }
                0
            }
            Act::Close => {
                let Some(context) = context else {
                    return 0;
                };
                let fallen = self.retire_all(|claims, slot| {
                    claims.context(slot) == context && claims.at(slot) <= event.at
                });
                if self.tables.contexts.tag(context) == Some(tag) {
                    self.tables.contexts.dismiss(&self.config, context);
                }
                fallen
            }
            Act::Baseline => {
                let length = event.embedding.len();
                let tables = &mut self.tables;
                for (to, from) in tables.staging.iter_mut().zip(event.embedding.iter()) {
                    *to = from;
                }
                let mut bound = [0.0; PREFIX];
                let vector = tables.staging.get(..length).unwrap_or_default();
                let placed = tables.grid.locate(vector, &mut bound);
                tables.staging.fill(0.0);
                if placed.is_ok()
                    && let Some(context) = tables.contexts.enter(tag, None)
                {
                    tables.contexts.set_baseline(context, &bound);
                }
                0
            }
            Act::Settle { .. } => {
                self.tables.roots.thaw();
                0
            }
        }
    }

    /// Puts claims out of force; their number.
    fn retire_all(
        &mut self,
        which: impl Fn(&crate::coherence::tables::claims::Claims<'_>, u32) -> bool,
    ) -> u32 {
        let mut fallen = 0;
        for slot in 0..self.tables.grid.used() {
            if self.tables.claims.is_live(slot) && which(&self.tables.claims, slot) {
                self.retire(slot, Cause::Other);
                fallen += 1;
            }
        }
        fallen
    }
}
