//! What can be asked of an engine.

use super::Engine;
use crate::Hash;
use crate::coherence::claim::Claim;
use crate::coherence::config::EngineConfig;
use crate::coherence::conflict::Conflict;
use crate::coherence::equivocation::Equivocation;
use crate::coherence::errors::Refusal;
use crate::coherence::judge::Judge;
use crate::coherence::quarantine::Quarantine;
use crate::coherence::tables::Count;
use crate::coherence::tables::conflicts::Lists;
use crate::grid::Tag;
use crate::log::{EventId, PublicKey};

/// How many conflicts have had which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tally {
    /// Conflicts ever found.
    pub found: u32,
    /// Those that an authority has decided.
    pub resolved: u32,
    /// Those whose claims expired or were taken back before.
    pub lapsed: u32,
}

impl<J: Judge> Engine<'_, J> {
    /// The configuration.
    pub fn config(&self) -> EngineConfig {
        self.config
    }

    /// The latest time the engine was told, in milliseconds.
    pub fn now(&self) -> u64 {
        self.tables.state.now()
    }

    /// Claims in force.
    pub fn len(&self) -> u32 {
        self.tables.grid.len()
    }

    /// Whether no claim is in force.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A claim in force. Cost: constant.
    pub fn claim(&self, id: &EventId) -> Option<Claim> {
        self.tables
            .claims
            .ids
            .find(id)
            .and_then(|slot| self.view(slot))
    }

    /// Every claim in force.
    pub fn claims(&self) -> impl Iterator<Item = Claim> {
        (0..self.tables.grid.used()).filter_map(|slot| self.view(slot))
    }

    pub(super) fn view(&self, slot: u32) -> Option<Claim> {
        let (claims, members) = (&self.tables.claims, &self.tables.members);
        claims.is_live(slot).then(|| Claim {
            id: claims.ids.of(slot),
            author: members.key(claims.member(slot)),
            index: claims.index(slot),
            seq: claims.seq(slot),
            at: claims.at(slot),
            held: claims.held(slot),
            proposition: claims.proposition(slot),
            expires: claims.expires(slot),
            paths: claims.paths(slot),
        })
    }

    /// A conflict, open or remembered. Cost: constant.
    pub fn conflict(&self, id: &Hash) -> Option<Conflict> {
        self.tables
            .conflicts
            .ids
            .find(id)
            .and_then(|c| self.tables.conflicts.view(c, self.now()))
    }

    /// Every conflict, open or remembered; the oldest closed ones are forgotten where their room
    /// is needed.
    pub fn conflicts(&self) -> impl Iterator<Item = Conflict> {
        self.tables
            .conflicts
            .all()
            .filter_map(|c| self.tables.conflicts.view(c, self.now()))
    }

    /// The conflicts of a claim in force. Cost: their number.
    pub fn conflicts_of(&self, id: &EventId) -> impl Iterator<Item = Conflict> {
        let slot = self.tables.claims.ids.find(id);
        let mut link = slot.map_or(0, |slot| self.tables.claims.head(slot));
        core::iter::from_fn(move || {
            let (conflict, _, next) = self.tables.conflicts.step(link)?;
            link = next;
            self.tables.conflicts.view(conflict, self.now())
        })
    }

    /// How many conflicts have had which end.
    pub fn tally(&self) -> Tally {
        Tally {
            found: self.tables.state.get(Count::Found),
            resolved: self.tables.state.get(Count::Resolved),
            lapsed: self.tables.state.get(Count::Lapsed),
        }
    }

    /// How far a claim in force may be used; `None` for one that is not in force. Cost: the number
    /// of its conflicts.
    pub fn quarantine(&self, id: &EventId) -> Option<Quarantine> {
        self.tables.claims.ids.find(id).map(|slot| self.level(slot))
    }

    pub(super) fn level(&self, slot: u32) -> Quarantine {
        let mut level = match self.tables.claims.is_unchecked(slot) {
            true => Quarantine::Conservative,
            false => Quarantine::None,
        };
        let mut link = self.tables.claims.head(slot);
        while let Some((conflict, _, next)) = self.tables.conflicts.step(link) {
            if self.tables.conflicts.is_open(conflict) {
                level = level.max(self.tables.conflicts.level(conflict, self.now()));
            }
            link = next;
        }
        let witnessed = self.tables.claims.paths(slot) >= u32::from(self.config.independent);
        if level == Quarantine::RequiresWitness && witnessed {
            level = Quarantine::Conservative;
        }
        level
    }

    /// Whether what the engine knows is all that follows from the events it took: `false` after a
    /// check was cut short, until [`detect_all`](Self::detect_all) has made up for it, and after the
    /// log has given events up, until the history was
    /// [rebuilt](crate::node::History::rebuild).
    pub fn is_complete(&self) -> bool {
        !self.tables.contexts.any_incomplete() && !self.tables.state.is_forgotten()
    }

    /// How far members have gone from where the vectors of a context belong, as its
    /// [baseline](crate::log::kind::Act::Baseline) says: calls `each` for every claim that is the
    /// latest one there with a vector of its author, if it lies further away than the radii that count
    /// as drift. Blocks nothing. Cost: claims in force, squared.
    pub fn drifting(&self, context: &str, mut each: impl FnMut(&Claim)) {
        let Some(context) = self.tables.contexts.find(Tag::of(context)) else {
            return;
        };
        let (claims, grid) = (&self.tables.claims, &self.tables.grid);
        let limit = f64::from(self.config.grid.reach()) * f64::from(self.config.drift);
        let placed = |slot: u32| {
            (claims.is_live(slot) && claims.context(slot) == context)
                .then(|| grid.bound(slot))
                .flatten()
        };
        for slot in 0..grid.used() {
            let Some(bound) = placed(slot) else { continue };
            let later = |other: u32| {
                claims.member(other) == claims.member(slot)
                    && claims.seq(other) > claims.seq(slot)
                    && placed(other).is_some()
            };
            let far = self.tables.contexts.apart(context, &bound);
            if limit > 0.0
                && far.is_some_and(|apart| apart > limit * limit)
                && !(0..grid.used()).any(later)
                && let Some(claim) = self.view(slot)
            {
                each(&claim);
            }
        }
    }

    /// Whether a member has gone far from where a context's vectors belong; see
    /// [`drifting`](Self::drifting).
    pub fn drifts(&self, context: &str) -> bool {
        let mut drifts = false;
        self.drifting(context, |_| drifts = true);
        drifts
    }

    /// Forks of authors' histories ever seen.
    pub fn equivocated(&self) -> u32 {
        self.tables.state.get(Count::Forks)
    }

    /// The first forks of authors' histories, one an author. The two events, out of the log, are the
    /// proof: see [`verify_equivocation`](crate::coherence::verify_equivocation).
    pub fn equivocations(&self) -> impl Iterator<Item = Equivocation> {
        self.tables.forks.all(self.equivocated())
    }

    /// Threshold and keys, sorted, of a context's authority.
    pub fn authority(&self, context: &str) -> Option<(u8, &[PublicKey])> {
        self.tables
            .contexts
            .authority(self.tables.contexts.find(Tag::of(context))?)
    }

    /// How often events were refused for the reason of `refusal`, whatever its numbers.
    pub fn refusals(&self, refusal: Refusal) -> u32 {
        self.tables.state.refusals(refusal)
    }
}
