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
    /// Steps that conflicts have escalated.
    pub escalated: u32,
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
            .and_then(|s| self.tables.claims.view(s))
    }

    /// Every claim in force.
    pub fn claims(&self) -> impl Iterator<Item = Claim> {
        (0..self.tables.grid.used()).filter_map(|slot| self.tables.claims.view(slot))
    }

    /// A conflict, open or remembered. Cost: constant.
    pub fn conflict(&self, id: &Hash) -> Option<Conflict> {
        self.tables
            .conflicts
            .ids
            .find(id)
            .and_then(|c| self.tables.conflicts.view(c))
    }

    /// Every conflict, open or remembered; the oldest closed ones are forgotten where their room
    /// is needed.
    pub fn conflicts(&self) -> impl Iterator<Item = Conflict> {
        self.tables
            .conflicts
            .all()
            .filter_map(|c| self.tables.conflicts.view(c))
    }

    /// The conflicts of a claim in force. Cost: their number.
    pub fn conflicts_of(&self, id: &EventId) -> impl Iterator<Item = Conflict> {
        let slot = self.tables.claims.ids.find(id);
        let mut link = slot.map_or(0, |slot| self.tables.claims.head(slot));
        core::iter::from_fn(move || {
            let (conflict, _, next) = self.tables.conflicts.step(link)?;
            link = next;
            self.tables.conflicts.view(conflict)
        })
    }

    /// How many conflicts have had which end.
    pub fn tally(&self) -> Tally {
        Tally {
            found: self.tables.state.get(Count::Found),
            resolved: self.tables.state.get(Count::Resolved),
            escalated: self.tables.state.get(Count::Escalated),
            lapsed: self.tables.state.get(Count::Lapsed),
        }
    }

    /// How far a claim in force may be used; `None` for one that is not in force. Cost: the number
    /// of its conflicts.
    pub fn quarantine(&self, id: &EventId) -> Option<Quarantine> {
        self.tables.claims.ids.find(id).map(|slot| self.level(slot))
    }

    pub(super) fn level(&self, slot: u32) -> Quarantine {
        let mut level = Quarantine::None;
        if self.tables.claims.is_unchecked(slot)
            || self
                .tables
                .contexts
                .drifts(self.tables.claims.context(slot))
        {
            level = Quarantine::Conservative;
        }
        let mut link = self.tables.claims.head(slot);
        while let Some((conflict, _, next)) = self.tables.conflicts.step(link) {
            if let Some((status, quarantine, ..)) = self.tables.conflicts.stand(conflict)
                && status.is_open()
            {
                level = level.max(quarantine);
            }
            link = next;
        }
        let witnessed = self.tables.claims.paths(slot) >= u32::from(self.config.independent);
        if level == Quarantine::RequiresWitness && witnessed {
            level = Quarantine::Conservative;
        }
        level
    }

    /// Whether every pair of claims in force was looked at: `false` after a check was cut short,
    /// until [`detect_all`](Self::detect_all) has made up for it.
    pub fn is_complete(&self) -> bool {
        !self.tables.contexts.any_incomplete()
    }

    /// Whether the recent vectors of a context lie far from its first ones.
    pub fn drifts(&self, context: &str) -> bool {
        let found = self.tables.contexts.find(Tag::of(context));
        found.is_some_and(|c| self.tables.contexts.drifts(c))
    }

    /// Forks of authors' histories ever seen.
    pub fn equivocated(&self) -> u32 {
        self.tables.state.get(Count::Forks)
    }

    /// The latest forks of authors' histories, the oldest of them first. The two events, out of
    /// the log, are the proof: see [`verify_equivocation`](crate::coherence::verify_equivocation).
    pub fn equivocations(&self) -> impl Iterator<Item = Equivocation> {
        self.tables.forks.latest(self.equivocated())
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
