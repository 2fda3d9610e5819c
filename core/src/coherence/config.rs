//! How much an engine holds, and the thresholds it decides by.

use super::split_view::Views;
use crate::block::structure::Config;
use crate::block::{BlockError, CONFIG_WORDS, HEADER_BYTES, section};
use crate::grid::GridConfig;
use crate::log::kind::CERTAIN;

/// Most keys of one context's authority.
pub const MAX_KEYS: usize = 8;
/// Proofs of equivocation that are kept.
pub const PROOFS: usize = 8;
/// Authors that share one set of the budget table.
pub(super) const WAYS: usize = 8;

/// Size and thresholds of an [`Engine`](super::Engine); all of it is fixed at creation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EngineConfig {
    pub(super) grid: GridConfig,
    pub(super) conflicts: u32,
    pub(super) contexts: u16,
    pub(super) budgets: u16,
    pub(super) witnesses: u32,
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
    pub(super) recent: u32,
    pub(super) checkpoints: u8,
}

impl EngineConfig {
    /// An engine over the claims of `grid`, with as many conflicts and a quarter as many
    /// witnesses as claims, 16 contexts, 64 budgets.
    pub const fn new(grid: GridConfig) -> Self {
        Self {
            conflicts: grid.capacity(),
            witnesses: grid.capacity().div_ceil(4),
            grid,
            contexts: 16,
            budgets: 64,
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
            recent: 64,
            checkpoints: 8,
        }
    }

    /// Most conflicts, open ones and the closed ones still remembered; 1 to 2²⁴.
    pub const fn conflicts(mut self, conflicts: u32) -> Self {
        self.conflicts = conflicts;
        self
    }

    /// Most contexts with claims or an authority; at least 1.
    pub const fn contexts(mut self, contexts: u16) -> Self {
        self.contexts = contexts;
        self
    }

    /// Authors whose spending is remembered at once, at least 1, rounded up to a power of two times
    /// eight. An author who has spent nothing lately needs no place.
    pub const fn budgets(mut self, budgets: u16) -> Self {
        self.budgets = budgets;
        self
    }

    /// Most witnesses of claims in force; at most 2²⁴.
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
    /// 10.
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

    /// Radii that a context's recent vectors may lie from its first ones before its claims are
    /// taken with caution; 0 turns the watch off. By default 4.
    pub const fn drift(mut self, radii: u16) -> Self {
        self.drift = radii;
        self
    }

    /// Events, 1 to 2²⁴, among which a second one with the same author and previous event is
    /// noticed, rounded up to a power of two times eight. By default 64.
    pub const fn recent(mut self, events: u32) -> Self {
        self.recent = events;
        self
    }

    /// Checkpoints of other logs among which one that contradicts another is noticed; with 0 none
    /// is looked at. By default 8.
    pub const fn checkpoints(mut self, checkpoints: u8) -> Self {
        self.checkpoints = checkpoints;
        self
    }

    /// The grid inside.
    pub const fn grid(&self) -> GridConfig {
        self.grid
    }

    /// Bytes of the block.
    pub const fn bytes(&self) -> usize {
        let claims = self.grid.capacity() as usize;
        let conflicts = self.conflicts as usize;
        let contexts = self.contexts as usize;
        let mut end = crate::grid::Parts::end(HEADER_BYTES, &self.grid);
        end = section(end, 16, 4);
        end = section(end, self.staging(), 4);
        // Claims: ids, authors, records, links, id table, expiry heap, times of expiry.
        end = section(end, claims, 32);
        end = section(end, claims, 32);
        end = section(end, claims, 64);
        end = section(end, claims, 8);
        end = section(end, claims.next_power_of_two(), 4);
        end = section(end, claims, 4);
        end = section(end, claims, 8);
        // Conflicts: ids, both sides, records, times, links, id table, deadline heap, deadlines.
        end = section(end, conflicts, 32);
        end = section(end, conflicts.saturating_mul(2), 32);
        end = section(end, conflicts, 32);
        end = section(end, conflicts, 8);
        end = section(end, conflicts, 8);
        end = section(end, conflicts.next_power_of_two(), 4);
        end = section(end, conflicts, 4);
        end = section(end, conflicts, 8);
        // Contexts: records, keys, drift.
        end = section(end, contexts, 32);
        end = section(end, contexts.saturating_mul(MAX_KEYS), 32);
        end = section(end, contexts.saturating_mul(2), 64);
        // Budgets: keys, times.
        end = section(end, self.budget_slots(), 32);
        end = section(end, self.budget_slots(), 8);
        // Witnesses: vertices, records.
        end = section(end, self.witnesses as usize, 64);
        end = section(end, self.witnesses as usize, 16);
        // Recent events: keys and ids, numbers; proofs: ids, numbers.
        end = section(end, self.recent_slots().saturating_mul(3), 32);
        end = section(end, self.recent_slots(), 8);
        end = section(end, PROOFS * 2, 32);
        end = section(end, PROOFS, 16);
        // Checkpoints seen and those that contradict each other; their counters.
        end = section(end, Views::lines(self.checkpoints), 64);
        end = section(end, 16, 4);
        // Refusals by kind.
        section(end, 32, 4)
    }

    /// Components of the buffer that an event's vector is read into.
    pub(super) const fn staging(&self) -> usize {
        self.grid.dimensions() as usize
    }

    pub(super) const fn budget_slots(&self) -> usize {
        (self.budgets as usize).div_ceil(WAYS).next_power_of_two() * WAYS
    }

    pub(super) const fn recent_slots(&self) -> usize {
        (self.recent as usize).div_ceil(WAYS).next_power_of_two() * WAYS
    }

    pub(super) fn check(&self) -> Result<(), BlockError> {
        let fits = (1..=1 << 24).contains(&self.conflicts)
            && self.witnesses <= 1 << 24
            && self.contexts >= 1
            && self.budgets >= 1
            && (1..=1 << 24).contains(&self.recent)
            && self.temperature > 0
            && self.escalation > 0
            && self.steps <= 16
            && (1..=16).contains(&self.independent)
            && self.refill > 0
            && self.heat > 0
            && self.challenge <= self.burst;
        match fits && self.grid.is_valid() {
            true => Ok(()),
            false => Err(BlockError::BadConfig),
        }
    }

    pub(super) fn to_words(self) -> [u32; CONFIG_WORDS] {
        let both = |high: u16, low: u16| u32::from(high) << 16 | u32::from(low);
        let [a, b, c, d, e, f, ..] = self.grid.to_words();
        [
            a,
            b,
            c,
            d,
            e,
            f,
            self.conflicts,
            both(self.contexts, self.budgets),
            self.witnesses,
            both(self.temperature, self.confidence),
            self.escalation,
            both(
                u16::from(self.checkpoints) << 8 | u16::from(self.steps),
                u16::from(self.independent),
            ),
            self.refill,
            both(self.burst, self.challenge),
            both(self.heat, self.drift),
            self.recent,
        ]
    }

    pub(super) fn from_words(words: &[u32; CONFIG_WORDS]) -> Result<Self, BlockError> {
        let [
            a,
            b,
            c,
            d,
            e,
            f,
            conflicts,
            g,
            witnesses,
            h,
            escalation,
            i,
            refill,
            j,
            k,
            recent,
        ] = *words;
        let mut of_grid = [0; CONFIG_WORDS];
        [
            of_grid[0], of_grid[1], of_grid[2], of_grid[3], of_grid[4], of_grid[5],
        ] = [a, b, c, d, e, f];
        let split = |word: u32| ((word >> 16) as u16, word as u16);
        let small = |value: u16| u8::try_from(value).map_err(|_| BlockError::BadConfig);
        let ((contexts, budgets), (temperature, confidence)) = (split(g), split(h));
        let ((steps, independent), (burst, challenge), (heat, drift)) =
            (split(i), split(j), split(k));
        let config = Self {
            grid: GridConfig::from_words(&of_grid).ok_or(BlockError::BadConfig)?,
            conflicts,
            contexts,
            budgets,
            witnesses,
            temperature,
            confidence,
            escalation,
            steps: small(steps & 0xff)?,
            checkpoints: small(steps >> 8)?,
            independent: small(independent)?,
            refill,
            burst,
            challenge,
            heat,
            drift,
            recent,
        };
        config.check().map(|()| config)
    }
}

const fn fraction(of: u32, whole: u32) -> u16 {
    (of * CERTAIN as u32 / whole) as u16
}
