//! The engine: one block, and what can be asked of it.

use super::authority::Contexts;
use super::budget::Budgets;
use super::claims::{Claim, Claims};
use super::config::{EngineConfig, MAX_KEYS, PROOFS};
use super::conflict::Conflict;
use super::equivocation::{Equivocation, Forks};
use super::errors::AuthorityError;
use super::judge::{DifferentValues, Judge};
use super::quarantine::Quarantine;
use super::split_view::Views;
use super::store::{Conflicts, Lists};
use super::table::Table;
use super::witness::Witnesses;
use crate::Hash;
use crate::block::structure::{Image, life};
use crate::block::{self, BlockError, CarverMut, HeaderMut, Kind};
use crate::grid::{self, Projection, ProjectionError, Tag};
use crate::log::{EventId, PublicKey};
use bytemuck::cast_slice;

const KIND: Kind = Kind(*b"COHR");
const VERSION: u32 = 2;

/// Finds claims that contradict each other, and carries each conflict to its end.
///
/// Its state is a function of the events applied, with the times they were accepted at, and of the
/// latest time it was told: applying the log of another engine in order gives the same
/// [`digest`](Self::digest).
#[derive(Debug)]
pub struct Engine<'a, J = DifferentValues> {
    pub(super) header: HeaderMut<'a>,
    pub(super) config: EngineConfig,
    pub(super) judge: J,
    pub(super) grid: grid::Parts<'a>,
    pub(super) state: State<'a>,
    pub(super) staging: &'a mut [f32],
    pub(super) claims: Claims<'a>,
    pub(super) conflicts: Conflicts<'a>,
    pub(super) contexts: Contexts<'a>,
    pub(super) budgets: Budgets<'a>,
    pub(super) witnesses: Witnesses<'a>,
    pub(super) forks: Forks<'a>,
    /// No part of the digest: checkpoints are not in the log.
    pub(super) views: Views<'a>,
    /// Refusals by the number of their kind; no part of the digest.
    pub(super) refusals: &'a mut [u32],
}

/// Words that belong to the whole engine.
#[derive(Debug)]
pub(super) struct State<'a>(pub &'a mut [u32]);

impl State<'_> {
    pub const FOUND: usize = 3;
    pub const RESOLVED: usize = 4;
    pub const ESCALATED: usize = 5;
    pub const LAPSED: usize = 6;

    pub fn get(&self, at: usize) -> u32 {
        self.0.get(at).copied().unwrap_or(0)
    }

    fn set(&mut self, at: usize, value: u32) {
        if let Some(word) = self.0.get_mut(at) {
            *word = value;
        }
    }

    pub fn count(&mut self, at: usize) {
        self.set(at, self.get(at).saturating_add(1));
    }

    /// The latest time the engine was told.
    pub fn now(&self) -> u64 {
        u64::from(self.get(0)) | u64::from(self.get(1)) << 32
    }

    pub fn set_now(&mut self, now: u64) {
        self.set(0, now as u32);
        self.set(1, (now >> 32) as u32);
    }
}

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

impl<'a> Engine<'a> {
    /// An empty engine that takes different values of one predicate for a contradiction.
    pub fn format(memory: &'a mut [u8], config: EngineConfig) -> Result<Self, BlockError> {
        let judge = DifferentValues {
            confidence: config.confidence,
        };
        match Self::format_with(memory, config, Projection::Spread, judge) {
            Ok(engine) => Ok(engine),
            Err(ProjectionError::Block { error }) => Err(error),
            Err(_) => Err(BlockError::BadConfig),
        }
    }

    /// Opens an engine where it lies, after a full check of its structure. Cost: O(bytes).
    pub fn open(memory: &'a mut [u8]) -> Result<Self, BlockError> {
        let mut engine = Engine::open_with(memory, DifferentValues { confidence: 0 })?;
        engine.judge.confidence = engine.config.confidence;
        Ok(engine)
    }

    /// Opens a sealed engine after checking its seal too.
    pub fn open_verified(memory: &'a mut [u8]) -> Result<Self, BlockError> {
        block::verify_seal(memory, KIND, VERSION)?;
        Self::open(memory)
    }
}

impl<'a, J: Judge> Engine<'a, J> {
    /// An empty engine with a projection and a judge of its own.
    pub fn format_with(
        memory: &'a mut [u8],
        config: EngineConfig,
        projection: Projection<'_>,
        judge: J,
    ) -> Result<Self, ProjectionError> {
        let as_error = |error| ProjectionError::Block { error };
        config.check().map_err(as_error)?;
        let (header, mut carver) =
            block::format(memory, KIND, VERSION, config.to_words(), config.bytes())
                .map_err(as_error)?;
        let mut engine = Self::carve(header, &mut carver, config, judge).map_err(as_error)?;
        engine.grid.set_projection(projection)?;
        Ok(engine)
    }

    /// Opens an engine that was formatted with a judge of its own; it must be the same one.
    pub fn open_with(memory: &'a mut [u8], judge: J) -> Result<Self, BlockError> {
        let (header, mut carver) = block::open_mut(memory, KIND, VERSION)?;
        let config = EngineConfig::from_words(&header.as_ref().config())?;
        if header.as_ref().bytes() != config.bytes() as u64 {
            return Err(BlockError::Corrupt);
        }
        let engine = Self::carve(header, &mut carver, config, judge)?;
        engine
            .grid
            .is_sound()
            .then_some(())
            .ok_or(BlockError::Corrupt)?;
        engine.verify().ok_or(BlockError::Corrupt)?;
        Ok(engine)
    }

    fn carve(
        header: HeaderMut<'a>,
        carver: &mut CarverMut<'a>,
        config: EngineConfig,
        judge: J,
    ) -> Result<Self, BlockError> {
        let claims = config.grid.capacity() as usize;
        let conflicts = config.conflicts as usize;
        let contexts = usize::from(config.contexts);
        let secrets = grid::Keys::new(config.grid.hash_seed());
        let grid = grid::Parts::carve(&config.grid, carver)?;
        let (state, rest) = halves(carver.take::<u32>(16)?, 7)?;
        let (of_forks, rest) = halves(rest, 1)?;
        let (of_conflicts, rest) = halves(rest, 4)?;
        let (of_claims, of_witnesses) = halves(rest, 2)?;
        let staging = carver.take(config.staging())?;
        let ids = carver.take(claims)?;
        let authors = carver.take(claims)?;
        let records = carver.take(claims)?;
        let links = carver.take(claims)?;
        let heads = carver.take(claims.next_power_of_two())?;
        let heap = carver.take(claims)?;
        let dues = carver.take(claims)?;
        let table = Table {
            ids,
            records,
            links,
            heads,
            heap,
            dues,
            keys: secrets,
        };
        let claims = Claims {
            table,
            authors,
            state: of_claims,
        };
        let ids = carver.take(conflicts)?;
        let sides = carver.take(conflicts * 2)?;
        let records = carver.take(conflicts)?;
        let since = carver.take(conflicts)?;
        let links = carver.take(conflicts)?;
        let heads = carver.take(conflicts.next_power_of_two())?;
        let heap = carver.take(conflicts)?;
        let dues = carver.take(conflicts)?;
        let table = Table {
            ids,
            records,
            links,
            heads,
            heap,
            dues,
            keys: secrets,
        };
        let conflicts = Conflicts {
            table,
            since,
            capacity: config.conflicts,
            sides,
            state: of_conflicts,
        };
        let keys = contexts * MAX_KEYS;
        let contexts = Contexts {
            count: contexts,
            records: carver.take(contexts)?,
            keys: carver.take(keys)?,
            drift: carver.take(contexts * 2)?,
        };
        let slots = config.budget_slots();
        let (whole, unit) = Budgets::times(&config);
        let budgets = Budgets {
            keys: carver.take(slots)?,
            full_at: carver.take(slots)?,
            secrets,
            whole,
            unit,
        };
        let count = config.witnesses as usize;
        let witnesses = Witnesses {
            paths: carver.take(count)?,
            records: carver.take(count)?,
            state: of_witnesses,
        };
        let recent = config.recent_slots();
        let forks = Forks {
            recent: carver.take(recent * 3)?,
            numbers: carver.take(recent)?,
            proofs: carver.take(PROOFS * 2)?,
            indexes: carver.take(PROOFS)?,
            state: of_forks,
            secrets,
        };
        let views = Views {
            lines: carver.take(Views::lines(config.checkpoints))?,
            capacity: config.checkpoints.into(),
            state: carver.take(16)?,
        };
        Ok(Self {
            header,
            config,
            judge,
            grid,
            state: State(state),
            staging,
            claims,
            conflicts,
            contexts,
            budgets,
            witnesses,
            forks,
            views,
            refusals: carver.take(32)?,
        })
    }

    /// Whether every list leads where it says and every count counts.
    fn verify(&self) -> Option<()> {
        let capacity = self.config.grid.capacity();
        (self.state.get(2) == 0).then_some(())?;
        self.claims.verify(|slot| self.grid.contains(slot))?;
        self.conflicts.verify()?;
        self.views.verify()?;
        let live = || (0..capacity).filter(|&slot| self.claims.is_live(slot));
        self.contexts.verify(|context| {
            let of = |&slot: &u32| self.claims.context(slot) == context;
            live().filter(of).count() as u32
        })?;
        let mut listed = 0_u32;
        for slot in live() {
            let context = self.claims.context(slot);
            (self.contexts.tag(context).is_some()).then_some(())?;
            (self.grid.context(slot) == context).then_some(())?;
            let mut link = self.claims.head(slot);
            while link != 0 {
                let (conflict, side, next) = self.conflicts.step(link)?;
                let same = self.conflicts.slot(conflict, side) == Some(slot);
                (same && self.conflicts.side(conflict, side) == self.claims.table.id(slot))
                    .then_some(())?;
                listed += 1;
                (listed <= 2 * self.config.conflicts).then_some(())?;
                link = next;
            }
        }
        let attached = |&c: &u32| self.conflicts.slot(c, 0).is_some();
        let count = self.conflicts.all().filter(attached).count();
        (2 * count == listed as usize).then_some(())?;
        let heads = live().map(|s| (s, self.claims.witnesses(s), self.claims.paths(s)));
        self.witnesses.verify(heads)
    }

    /// The configuration.
    pub fn config(&self) -> EngineConfig {
        self.config
    }

    /// The latest time the engine was told, in milliseconds.
    pub fn now(&self) -> u64 {
        self.state.now()
    }

    /// Claims in force.
    pub fn len(&self) -> u32 {
        self.grid.len()
    }

    /// Whether no claim is in force.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A claim in force. Cost: constant.
    pub fn claim(&self, id: &EventId) -> Option<Claim> {
        self.claims.table.find(id).and_then(|s| self.claims.view(s))
    }

    /// Every claim in force.
    pub fn claims(&self) -> impl Iterator<Item = Claim> {
        (0..self.grid.used()).filter_map(|slot| self.claims.view(slot))
    }

    /// A conflict, open or remembered. Cost: constant.
    pub fn conflict(&self, id: &Hash) -> Option<Conflict> {
        self.conflicts.find(id).and_then(|c| self.conflicts.view(c))
    }

    /// Every conflict, open or remembered; the oldest closed ones are forgotten where their room
    /// is needed.
    pub fn conflicts(&self) -> impl Iterator<Item = Conflict> {
        self.conflicts.all().filter_map(|c| self.conflicts.view(c))
    }

    /// The conflicts of a claim in force. Cost: their number.
    pub fn conflicts_of(&self, id: &EventId) -> impl Iterator<Item = Conflict> {
        let slot = self.claims.table.find(id);
        let mut link = slot.map_or(0, |slot| self.claims.head(slot));
        core::iter::from_fn(move || {
            let (conflict, _, next) = self.conflicts.step(link)?;
            link = next;
            self.conflicts.view(conflict)
        })
    }

    /// How many conflicts have had which end.
    pub fn tally(&self) -> Tally {
        Tally {
            found: self.state.get(State::FOUND),
            resolved: self.state.get(State::RESOLVED),
            escalated: self.state.get(State::ESCALATED),
            lapsed: self.state.get(State::LAPSED),
        }
    }

    /// How far a claim in force may be used; `None` for one that is not in force. Cost: the number
    /// of its conflicts.
    pub fn quarantine(&self, id: &EventId) -> Option<Quarantine> {
        self.claims.table.find(id).map(|slot| self.level(slot))
    }

    pub(super) fn level(&self, slot: u32) -> Quarantine {
        let mut level = Quarantine::None;
        if self.claims.is_unchecked(slot) || self.contexts.drifts(self.claims.context(slot)) {
            level = Quarantine::Conservative;
        }
        let mut link = self.claims.head(slot);
        while let Some((conflict, _, next)) = self.conflicts.step(link) {
            if let Some((status, quarantine, ..)) = self.conflicts.stand(conflict)
                && status.is_open()
            {
                level = level.max(quarantine);
            }
            link = next;
        }
        let witnessed = self.claims.paths(slot) >= u32::from(self.config.independent);
        if level == Quarantine::RequiresWitness && witnessed {
            level = Quarantine::Conservative;
        }
        level
    }

    /// Whether every pair of claims in force was looked at: `false` after a check was cut short,
    /// until [`detect_all`](Self::detect_all) has made up for it.
    pub fn is_complete(&self) -> bool {
        !self.contexts.any_incomplete()
    }

    /// Whether the recent vectors of a context lie far from its first ones.
    pub fn drifts(&self, context: &str) -> bool {
        let found = self.contexts.find(Tag::of(context));
        found.is_some_and(|c| self.contexts.drifts(c))
    }

    /// Forks of authors' histories ever seen.
    pub fn equivocated(&self) -> u32 {
        self.forks.found()
    }

    /// The latest forks of authors' histories, the oldest of them first. The two events, out of
    /// the log, are the proof: see [`verify_equivocation`](super::verify_equivocation).
    pub fn equivocations(&self) -> impl Iterator<Item = Equivocation> {
        self.forks.latest()
    }

    /// Registers who decides in a context: `threshold` of `keys` must sign. Replaces whoever did.
    /// This is configuration, not history: to rebuild an engine from its log, register the same.
    pub fn register_authority(
        &mut self,
        context: &str,
        threshold: u8,
        keys: &[PublicKey],
    ) -> Result<(), AuthorityError> {
        super::authority::check_keys(threshold, keys)?;
        let tag = Tag::of(context);
        if self.contexts.find(tag).is_none() && self.contexts.free().is_none() {
            return Err(AuthorityError::ContextsFull);
        }
        self.header.begin();
        let registered = self.contexts.register(tag, threshold, keys);
        self.header.end();
        registered
    }

    /// Threshold and keys, sorted, of a context's authority.
    pub fn authority(&self, context: &str) -> Option<(u8, &[PublicKey])> {
        self.contexts
            .authority(self.contexts.find(Tag::of(context))?)
    }

    /// Counts a refusal by its kind, for whoever watches; no part of [`digest`](Self::digest).
    pub fn count_refusal(&mut self, refusal: super::Refusal) {
        use crate::error::ErrorCode;
        let kind = usize::from(refusal.code() - 0x0900);
        if let Some(count) = self.refusals.get_mut(kind) {
            self.header.begin();
            *count = count.saturating_add(1);
            self.header.end();
        }
    }

    /// How often events were refused for the reason of `refusal`, whatever its numbers.
    pub fn refusals(&self, refusal: super::Refusal) -> u32 {
        use crate::error::ErrorCode;
        let kind = usize::from(refusal.code() - 0x0900);
        self.refusals.get(kind).copied().unwrap_or(0)
    }
}

impl<'a, J> Image<'a> for Engine<'a, J> {
    fn header(&self) -> &HeaderMut<'a> {
        &self.header
    }
    fn header_mut(&mut self) -> &mut HeaderMut<'a> {
        &mut self.header
    }
    fn section(&self, mut at: usize) -> Option<(&'static str, &[u8])> {
        if let Some(section) = self.grid.section(&mut at) {
            return Some(section);
        }
        let (claims, conflicts) = (&self.claims, &self.conflicts);
        let (contexts, budgets) = (&self.contexts, &self.budgets);
        let own: [(&'static str, &[u8]); 35] = [
            ("state", cast_slice(&*self.state.0)),
            ("equivocations", cast_slice(&*self.forks.state)),
            ("conflicts", cast_slice(&*conflicts.state)),
            ("claims", cast_slice(&*claims.state)),
            ("witnesses", cast_slice(&*self.witnesses.state)),
            ("state", cast_slice(&*self.staging)),
            ("claims", cast_slice(&*claims.table.ids)),
            ("claims", cast_slice(&*claims.authors)),
            ("claims", cast_slice(&*claims.table.records)),
            ("claims", cast_slice(&*claims.table.links)),
            ("claims", cast_slice(&*claims.table.heads)),
            ("claims", cast_slice(&*claims.table.heap)),
            ("claims", cast_slice(&*claims.table.dues)),
            ("conflicts", cast_slice(&*conflicts.table.ids)),
            ("conflicts", cast_slice(&*conflicts.sides)),
            ("conflicts", cast_slice(&*conflicts.table.records)),
            ("conflicts", cast_slice(&*conflicts.since)),
            ("conflicts", cast_slice(&*conflicts.table.links)),
            ("conflicts", cast_slice(&*conflicts.table.heads)),
            ("conflicts", cast_slice(&*conflicts.table.heap)),
            ("conflicts", cast_slice(&*conflicts.table.dues)),
            ("contexts", cast_slice(&*contexts.records)),
            ("contexts", cast_slice(&*contexts.keys)),
            ("contexts", cast_slice(&*contexts.drift)),
            ("budgets", cast_slice(&*budgets.keys)),
            ("budgets", cast_slice(&*budgets.full_at)),
            ("witnesses", cast_slice(&*self.witnesses.paths)),
            ("witnesses", cast_slice(&*self.witnesses.records)),
            ("equivocations", cast_slice(&*self.forks.recent)),
            ("equivocations", cast_slice(&*self.forks.numbers)),
            ("equivocations", cast_slice(&*self.forks.proofs)),
            ("equivocations", cast_slice(&*self.forks.indexes)),
            ("equivocations", cast_slice(&*self.views.lines)),
            ("equivocations", cast_slice(&*self.views.state)),
            ("state", cast_slice(&*self.refusals)),
        ];
        own.get(at).copied()
    }
}

life!(bytes of [J] Engine<'a, J>);

fn halves(section: &mut [u32], at: usize) -> Result<(&mut [u32], &mut [u32]), BlockError> {
    section.split_at_mut_checked(at).ok_or(BlockError::Corrupt)
}
