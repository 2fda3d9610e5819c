//! How much an engine holds, and the thresholds it decides by.

use crate::block::structure::Config;
use crate::block::{CONFIG_WORDS, Kind};
use crate::grid::GridConfig;
use crate::log::kind::CERTAIN;

/// Most keys of one context's authority.
pub const MAX_KEYS: usize = 8;
/// Most peers of a path before the witness.
pub const MAX_PATH: usize = 7;
/// Most witnesses of one claim that are kept and counted.
pub const MAX_WITNESSES: usize = 16;
/// Most of each kind of record.
const MOST: u32 = 1 << 24;

/// Size and thresholds of an [`Engine`](super::Engine); all of it is fixed at creation.
///
/// Every table takes memory for what it may hold and no more, so that an engine for no claims is
/// little but a header. By default the tables follow from the number of claims:
///
/// | table | by default | for 16 claims |
/// |---|---|---|
/// | conflicts | as many as claims | 16 |
/// | witnesses | one for four claims | 4 |
/// | contexts | one for four claims, 4 to 16 | 4 |
/// | keys of an authority | one for eight claims, 3 to 8 | 3 |
/// | members | one for two claims, 8 to 64 | 8 |
/// | proofs | one for eight claims, 2 to 8 | 2 |
/// | checkpoints | one for 32 claims, up to 8 | none |
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EngineConfig {
    pub(super) grid: GridConfig,
    pub(super) conflicts: u32,
    pub(super) contexts: u16,
    pub(super) keys: u8,
    pub(super) members: u16,
    pub(super) witnesses: u32,
    pub(super) claims_each: u32,
    pub(super) contexts_each: u16,
    pub(super) open: bool,
    pub(super) proofs: u8,
    pub(super) checkpoints: u8,
    pub(super) temperature: u16,
    pub(super) confidence: u16,
    pub(super) escalation: u32,
    pub(super) steps: u8,
    pub(super) independent: u8,
    pub(super) refill: u32,
    pub(super) burst: u16,
    pub(super) challenge: u16,
    pub(super) heat: u16,
    pub(super) drift: u16,
}

/// One record for so many claims, but no fewer than `least` and no more than `most`; none where there
/// are no claims.
const fn share(claims: u32, each: u32, least: u32, most: u32) -> u32 {
    match claims / each {
        _ if claims == 0 => 0,
        records if records < least => least,
        records if records > most => most,
        records => records,
    }
}

impl EngineConfig {
    /// An engine over the claims of `grid`, with the tables that the [type](Self) says.
    pub const fn new(grid: GridConfig) -> Self {
        let claims = grid.capacity();
        Self {
            grid,
            conflicts: claims,
            contexts: share(claims, 4, 4, 16) as u16,
            keys: share(claims, 8, 3, MAX_KEYS as u32) as u8,
            members: share(claims, 2, 8, 64) as u16,
            witnesses: claims.div_ceil(4),
            claims_each: 0,
            contexts_each: 0,
            open: false,
            proofs: share(claims, 8, 2, 8) as u8,
            checkpoints: share(claims, 32, 0, 8) as u8,
            temperature: fraction(8, 10),
            confidence: fraction(7, 10),
            escalation: 3_600_000,
            steps: 3,
            independent: 3,
            refill: 60_000,
            burst: 100,
            challenge: 10,
            heat: 100,
            drift: 4,
        }
    }

    /// Most conflicts, open ones and the closed ones still remembered; up to 2²⁴. At least 1 where there are
    /// claims.
    pub const fn conflicts(mut self, conflicts: u32) -> Self {
        self.conflicts = conflicts;
        self
    }

    /// Most contexts with claims or an authority. At least 1 where there are claims.
    pub const fn contexts(mut self, contexts: u16) -> Self {
        self.contexts = contexts;
        self
    }

    /// Most keys of one context's authority, up to [`MAX_KEYS`].
    pub const fn keys(mut self, keys: u8) -> Self {
        self.keys = keys;
        self
    }

    /// Most members of the realm, roots and those expelled included, up to 32,767: none is ever
    /// forgotten, so that nothing they said can return.
    pub const fn members(mut self, members: u16) -> Self {
        self.members = members;
        self
    }

    /// Takes everybody for a member. Whoever makes keys then fills the members' table, after which
    /// nobody new is heard: for nodes that nobody else reaches, and for tests.
    pub const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// Whether everybody is a member.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Most claims in force of one member; by default half of all.
    pub const fn claims_each(mut self, claims: u32) -> Self {
        self.claims_each = claims;
        self
    }

    /// Most contexts that one member's claims take into use; by default half of all.
    pub const fn contexts_each(mut self, contexts: u16) -> Self {
        self.contexts_each = contexts;
        self
    }

    /// Most claims and contexts of one member, where that was said.
    pub const fn shares(&self) -> (Option<u32>, Option<u16>) {
        let claims = match self.claims_each {
            0 => None,
            claims => Some(claims),
        };
        let contexts = match self.contexts_each {
            0 => None,
            contexts => Some(contexts),
        };
        (claims, contexts)
    }

    /// Most claims in force of one member.
    pub(super) const fn most_claims(&self) -> u32 {
        match self.claims_each {
            0 => self.grid.capacity().div_ceil(2),
            claims => claims,
        }
    }

    /// Most claims that one member is a witness of.
    pub(super) const fn most_witnesses(&self) -> u32 {
        self.witnesses.div_ceil(2)
    }

    /// Most contexts of one member.
    pub(super) const fn most_contexts(&self) -> u32 {
        match self.contexts_each {
            0 => self.contexts.div_ceil(2) as u32,
            contexts => contexts as u32,
        }
    }

    /// Most witnesses of claims in force; at most 2²⁴. One member is a witness of half as many claims at
    /// most, so that it leaves room for others.
    pub const fn witnesses(mut self, witnesses: u32) -> Self {
        self.witnesses = witnesses;
        self
    }

    /// Temperature, a fraction of [`CERTAIN`], at which a conflict escalates, above zero. By
    /// default 0.8.
    pub const fn temperature(mut self, temperature: u16) -> Self {
        self.temperature = temperature;
        self
    }

    /// Confidence, a fraction of [`CERTAIN`], above which claims can contradict. By default 0.7.
    pub const fn confidence(mut self, confidence: u16) -> Self {
        self.confidence = confidence;
        self
    }

    /// Milliseconds, above zero, after which an open conflict escalates by itself, and how often at
    /// most, up to 16 times. By default one hour and three times.
    pub const fn escalation(mut self, milliseconds: u32, steps: u8) -> Self {
        self.escalation = milliseconds;
        self.steps = steps;
        self
    }

    /// How many vertex-disjoint paths of witnesses lift the need for one, 1 to 16. By default 3.
    pub const fn independent(mut self, paths: u8) -> Self {
        self.independent = paths;
        self
    }

    /// Every author's budget: `burst` units at most, one more each `refill` milliseconds, above
    /// zero, of which a challenge costs `challenge`, at most `burst`. By default 100, one a minute,
    /// 10. Time is that of its own events; all units together come back within 49 days.
    pub const fn budget(mut self, burst: u16, refill: u32, challenge: u16) -> Self {
        self.burst = burst;
        self.refill = refill;
        self.challenge = challenge;
        self
    }

    /// Units of support that take a conflict's temperature from 0 to 1, above zero. By default 100.
    pub const fn heat(mut self, units: u16) -> Self {
        self.heat = units;
        self
    }

    /// Radii that a member's latest vector may lie from its context's baseline before it counts as
    /// drift; 0 turns the watch off. By default 4.
    pub const fn drift(mut self, radii: u16) -> Self {
        self.drift = radii;
        self
    }

    /// Forks of authors' histories that are kept as proofs, one an author, the first ones; of split
    /// views half as many, at least one.
    pub const fn proofs(mut self, proofs: u8) -> Self {
        self.proofs = proofs;
        self
    }

    /// Checkpoints of other logs among which one that contradicts another is noticed; with 0 none
    /// is looked at.
    pub const fn checkpoints(mut self, checkpoints: u8) -> Self {
        self.checkpoints = checkpoints;
        self
    }

    /// The grid inside.
    pub const fn grid(&self) -> GridConfig {
        self.grid
    }

    /// Most conflicts.
    pub const fn conflict_count(&self) -> u32 {
        self.conflicts
    }

    /// Components of the buffer that an event's vector is read into.
    pub(super) const fn staging(&self) -> usize {
        if self.has_vectors() {
            self.grid.dimensions() as usize
        } else {
            0
        }
    }

    /// Baselines of a context's vectors.
    pub(super) const fn baselines(&self) -> usize {
        if self.has_vectors() { 1 } else { 0 }
    }

    const fn has_vectors(&self) -> bool {
        self.grid.capacity() > 0 && self.grid.dimensions() > 0
    }

    /// Split views that are kept.
    pub(super) const fn split_views(&self) -> usize {
        match (self.checkpoints, self.proofs) {
            (0, _) => 0,
            (_, 0) => 1,
            (_, proofs) => proofs.div_ceil(2) as usize,
        }
    }
}

impl Config for EngineConfig {
    const KIND: Kind = Kind(*b"COHR");
    const VERSION: u32 = 5;

    fn is_valid(&self) -> bool {
        let has_claims = self.grid.capacity() > 0;
        self.grid.is_valid()
            && (!has_claims || (self.conflicts > 0 && self.contexts > 0))
            && self.conflicts <= MOST
            && self.witnesses <= MOST
            && self.claims_each <= MOST
            && self.members <= i16::MAX as u16
            && u64::from(self.burst) * u64::from(self.refill) <= u32::MAX.into()
            && usize::from(self.keys) <= MAX_KEYS
            && self.temperature > 0
            && self.escalation > 0
            && self.steps <= 16
            && (1..=16).contains(&self.independent)
            && self.refill > 0
            && self.heat > 0
            && self.challenge <= self.burst
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let both = |high: u16, low: u16| u32::from(high) << 16 | u32::from(low);
        let four = u32::from_le_bytes;
        // The grid says with its dimensions, of which there are few, whether it has rows.
        let [dimensions, capacity, radius, candidates, seed, rows, ..] = self.grid.to_words();
        [
            dimensions | rows << 16,
            capacity,
            radius,
            candidates,
            seed,
            self.conflicts,
            self.witnesses,
            self.claims_each,
            both(self.contexts, self.members),
            four([self.keys, self.proofs, self.checkpoints, self.open.into()]),
            both(self.temperature, self.confidence),
            self.escalation,
            both(
                self.contexts_each,
                u16::from_le_bytes([self.steps, self.independent]),
            ),
            self.refill,
            both(self.burst, self.challenge),
            both(self.heat, self.drift),
        ]
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        let split = |word: u32| ((word >> 16) as u16, word as u16);
        let [dimensions, capacity, radius, candidates, seed, ..] = *words;
        let mut of_grid = [0; CONFIG_WORDS];
        let of_it = [
            dimensions & 0xffff,
            capacity,
            radius,
            candidates,
            seed,
            dimensions >> 16,
        ];
        for (to, from) in of_grid.iter_mut().zip(of_it) {
            *to = from;
        }
        let [
            _,
            _,
            _,
            _,
            _,
            conflicts,
            witnesses,
            claims_each,
            g,
            h,
            i,
            escalation,
            j,
            refill,
            k,
            l,
        ] = *words;
        let ((contexts, members), (temperature, confidence)) = (split(g), split(i));
        let [keys, proofs, checkpoints, open] = h.to_le_bytes();
        let ((contexts_each, of_steps), (burst, challenge), (heat, drift)) =
            (split(j), split(k), split(l));
        let [steps, independent] = of_steps.to_le_bytes();
        Some(Self {
            grid: GridConfig::from_words(&of_grid)?,
            conflicts,
            contexts,
            keys,
            members,
            witnesses,
            claims_each,
            contexts_each,
            open: match open {
                0 => false,
                1 => true,
                _ => return None,
            },
            proofs,
            checkpoints,
            temperature,
            confidence,
            escalation,
            steps,
            independent,
            refill,
            burst,
            challenge,
            heat,
            drift,
        })
    }
}

const fn fraction(of: u32, whole: u32) -> u16 {
    (of * CERTAIN as u32 / whole) as u16
}
