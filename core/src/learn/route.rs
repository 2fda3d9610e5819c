//! Which executor to give a task: what the recalled patterns know of each, and a bonus for what
//! is not known yet.
//!
//! The router counts, for each pattern and executor, trials and successes. For recalled patterns
//! `h` of similarity `w` (negative ones count as zero), executor `e` scores
//!
//! `(Σ w·successes + 1) / (Σ w·trials + 2) + c·√(ln(1 + N) / (1 + n))`
//!
//! with `n` the trials of `e` on these patterns and `N` those of all candidates: a Laplace
//! estimate plus the upper confidence bound of UCB1 (Auer, Cesa-Bianchi, Fischer, "Finite-time
//! analysis of the multiarmed bandit problem", 2002) from integer counts, finite for the untried.
//! Nothing is drawn; ties go to the candidate named first.

use super::extract::generation_of;
use crate::bank::{BankConfig, Hits, PatternId};
use crate::block::sections::is_zero;
use crate::block::structure::{Config, structure};
use crate::block::{CONFIG_WORDS, Kind};
use crate::error::errors;

/// The largest number of executors.
pub const MAX_EXECUTORS: u32 = 4096;

errors! {
    /// Why a task was not routed or an outcome not recorded; the router is unchanged.
    pub enum RouteError: 0x0360 {
        /// No candidates.
        NoCandidates = 1 => "there are no candidates to choose from",
        /// A candidate is not below the configured number of executors.
        UnknownExecutor { executor: u16 } = 2
            => "executor {executor} is not below the configured number of executors",
        /// The output is shorter than the candidates.
        TooShort { needed: u32, found: u32 } = 3
            => "the output has {found} places, the candidates need {needed}",
        /// The pattern's slot lies beyond the configured capacity, or no bank gave out its id.
        UnknownPattern = 4 => "the pattern does not belong to a bank of the configured capacity",
    }
}

/// Shape of a [`Router`] and its taste for the unknown.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RouteConfig {
    capacity: u32,
    executors: u32,
    exploration: f32,
}

impl RouteConfig {
    /// For the patterns of a bank of the shape of `bank` and executors 0 to `executors - 1`
    /// (1 to [`MAX_EXECUTORS`]), with exploration √2.
    pub const fn new(bank: &BankConfig, executors: u32) -> Self {
        Self {
            capacity: bank.capacity(),
            executors,
            exploration: core::f32::consts::SQRT_2,
        }
    }

    /// The same for the patterns of another bank.
    pub const fn of(mut self, bank: &BankConfig) -> Self {
        self.capacity = bank.capacity();
        self
    }

    /// Sets the weight `c` of the exploration bonus, 0 to 1000.
    pub const fn exploration(mut self, exploration: f32) -> Self {
        self.exploration = exploration;
        self
    }

    /// Executors that can be told apart.
    pub const fn executors(&self) -> u32 {
        self.executors
    }
}

impl Config for RouteConfig {
    const KIND: Kind = Kind(*b"ROUT");
    const VERSION: u32 = 1;

    fn is_valid(&self) -> bool {
        (1..=crate::bank::MAX_CAPACITY).contains(&self.capacity)
            && (1..=MAX_EXECUTORS).contains(&self.executors)
            && (0.0..=1000.0).contains(&self.exploration)
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.capacity;
        words[1] = self.executors;
        words[2] = self.exploration.to_bits();
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        Some(Self {
            capacity: words[0],
            executors: words[1],
            exploration: f32::from_bits(words[2]),
        })
    }
}

/// A candidate and its score.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Route {
    /// Who.
    pub executor: u16,
    /// Trials of theirs on the recalled patterns.
    pub trials: u32,
    /// Expected success, 0 to 1.
    pub expected: f32,
    /// Expected success plus exploration bonus: what routes are ordered by.
    pub score: f32,
}

structure! {
    /// Outcomes by pattern and executor. See the [module](self).
    pub struct Router for RouteConfig as config {
        generations: [u32; config.capacity => 1],
        /// Trials and successes, slot after slot.
        outcomes: [[u16; 2]; config.capacity => config.executors as usize],
    }
}

impl Router<'_> {
    fn is_sound(&mut self) -> bool {
        let executors = self.config.executors.max(1) as usize;
        let rows = self.outcomes.chunks_exact(executors);
        let mut slots = self.generations.iter().zip(rows);
        // Who took a row for a pattern recorded a trial in it; a pattern's generation is odd.
        slots.all(|(&generation, row)| match generation {
            0 => is_zero(row),
            _ => {
                generation % 2 == 1
                    && row.iter().all(|[trials, good]| good <= trials)
                    && row.iter().any(|&[trials, _]| trials != 0)
            }
        })
    }

    /// The configuration.
    pub fn config(&self) -> RouteConfig {
        self.config
    }

    /// The cell of `id` and `executor`; its row may belong to an older pattern.
    fn cell(&self, id: PatternId, executor: u16) -> Result<usize, RouteError> {
        if u32::from(executor) >= self.config.executors {
            return Err(RouteError::UnknownExecutor { executor });
        }
        if id.slot() >= self.config.capacity || generation_of(id).is_multiple_of(2) {
            return Err(RouteError::UnknownPattern);
        }
        Ok(id.slot() as usize * self.config.executors as usize + usize::from(executor))
    }

    /// Records how `executor` did on a task that pattern `id` stands for. At 65,535 trials both
    /// counts of a cell are halved.
    pub fn record(
        &mut self,
        id: PatternId,
        executor: u16,
        success: bool,
    ) -> Result<(), RouteError> {
        let cell = self.cell(id, executor)?;
        let generation = generation_of(id);
        let executors = self.config.executors as usize;
        let from = cell - usize::from(executor);
        self.header.begin();
        if let Some(place) = self.generations.get_mut(id.slot() as usize)
            && *place != generation
        {
            *place = generation;
            if let Some(row) = self.outcomes.get_mut(from..from + executors) {
                row.fill([0; 2]);
            }
        }
        if let Some([trials, successes]) = self.outcomes.get_mut(cell) {
            if *trials == u16::MAX {
                *trials /= 2;
                *successes /= 2;
            }
            *trials += 1;
            *successes += u16::from(success);
        }
        self.header.end();
        Ok(())
    }

    /// Trials and successes of `executor` on pattern `id`.
    pub fn outcomes(&self, id: PatternId, executor: u16) -> (u16, u16) {
        let generation = generation_of(id);
        let current = self.generations.get(id.slot() as usize) == Some(&generation);
        match self.cell(id, executor) {
            Ok(cell) if current => match self.outcomes.get(cell) {
                Some(&[trials, successes]) => (trials, successes),
                None => (0, 0),
            },
            _ => (0, 0),
        }
    }

    /// Scores `candidates` for a task whose recalled patterns are `hits` into the front of
    /// `routes`, best first, which is returned. Cost: O(candidates × (hits + candidates)).
    pub fn route<'o>(
        &self,
        hits: &Hits<'_>,
        candidates: &[u16],
        routes: &'o mut [Route],
    ) -> Result<&'o [Route], RouteError> {
        self.route_by(hits, |similarity| similarity, candidates, routes)
    }

    /// The same where `closeness` says what a hit's similarity weighs, such as for distances.
    pub fn route_by<'o>(
        &self,
        hits: &Hits<'_>,
        closeness: impl Fn(f32) -> f32,
        candidates: &[u16],
        routes: &'o mut [Route],
    ) -> Result<&'o [Route], RouteError> {
        if candidates.is_empty() {
            return Err(RouteError::NoCandidates);
        }
        let unknown = |e: &&u16| u32::from(**e) >= self.config.executors;
        if let Some(&executor) = candidates.iter().find(unknown) {
            return Err(RouteError::UnknownExecutor { executor });
        }
        let found = routes.len();
        let routes = routes
            .get_mut(..candidates.len())
            .ok_or(RouteError::TooShort {
                needed: u32::try_from(candidates.len()).unwrap_or(u32::MAX),
                found: u32::try_from(found).unwrap_or(u32::MAX),
            })?;
        let mut total = 0u32;
        for (route, &executor) in routes.iter_mut().zip(candidates) {
            let (mut trials, mut tried, mut worked) = (0u32, 0.0f32, 0.0f32);
            for hit in hits.iter() {
                let (n, s) = self.outcomes(hit.id, executor);
                let weight = closeness(hit.similarity).max(0.0);
                trials = trials.saturating_add(u32::from(n));
                tried += weight * f32::from(n);
                worked += weight * f32::from(s);
            }
            total = total.saturating_add(trials);
            *route = Route {
                executor,
                trials,
                expected: (worked + 1.0) / (tried + 2.0),
                score: 0.0,
            };
        }
        let horizon = libm::logf(1.0 + total as f32);
        for route in routes.iter_mut() {
            let bonus = libm::sqrtf(horizon / (1.0 + route.trials as f32));
            route.score = route.expected + self.config.exploration * bonus;
        }
        // Insertion keeps ties in the order of the candidates.
        for end in 1..routes.len() {
            let Some((last, sorted)) = routes.get(..=end).and_then(<[Route]>::split_last) else {
                continue;
            };
            let at = sorted.iter().position(|r| r.score < last.score);
            if let Some(at) = at
                && let Some(part) = routes.get_mut(at..=end)
            {
                part.rotate_right(1);
            }
        }
        Ok(routes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::{Pattern, PatternBank, Scratch, ScratchConfig};
    use crate::block::Block;
    use crate::block::BlockError;

    const BANK: BankConfig = BankConfig::new(2, 4);
    const SCRATCH: ScratchConfig = ScratchConfig::new(&BANK, 4);
    const CONFIG: RouteConfig = RouteConfig::new(&BANK, 3);

    #[test]
    fn tries_everyone_then_prefers_who_does_well() {
        let mut bank = Block::<{ BANK.bytes() }>::new();
        let mut scratch = Block::<{ SCRATCH.bytes() }>::new();
        let mut memory = Block::<{ CONFIG.bytes() }>::new();
        let mut bank = PatternBank::format(&mut bank, BANK).unwrap();
        let mut scratch = Scratch::format(&mut scratch, SCRATCH).unwrap();
        let mut router = Router::format(&mut memory, CONFIG).unwrap();
        let left = bank.insert(&[1.0, 0.0], Pattern::default()).unwrap();
        let right = bank.insert(&[0.0, 1.0], Pattern::default()).unwrap();
        let mut chosen = [[0u32; 3]; 2];
        for turn in 0..400 {
            let side = turn % 2;
            let task = [[1.0, 0.1], [0.1, 1.0]][side];
            let hits = bank.search(&task, 1, &mut scratch).unwrap();
            let mut routes = [Route::default(); 3];
            let best = router.route(&hits, &[0, 1, 2], &mut routes).unwrap()[0];
            assert!(routes.windows(2).all(|w| w[0].score >= w[1].score));
            chosen[side][usize::from(best.executor)] += 1;
            // Executor 1 is good at the one, executor 2 at the other; all fail now and then.
            let good = usize::from(best.executor) == side + 1;
            let id = [left, right][side];
            router
                .record(
                    id,
                    best.executor,
                    if good { turn % 10 != 0 } else { turn % 5 == 0 },
                )
                .unwrap();
        }
        for (side, counts) in chosen.iter().enumerate() {
            assert!(counts.iter().all(|&n| n > 0), "{counts:?}");
            assert!(counts[side + 1] > 120, "{counts:?}");
        }
    }

    #[test]
    fn a_pattern_in_a_used_slot_starts_anew() {
        let mut bank = Block::<{ BANK.bytes() }>::new();
        let mut memory = Block::<{ CONFIG.bytes() }>::new();
        let mut bank = PatternBank::format(&mut bank, BANK).unwrap();
        let mut router = Router::format(&mut memory, CONFIG).unwrap();
        let old = bank.insert(&[1.0, 0.0], Pattern::default()).unwrap();
        router.record(old, 1, true).unwrap();
        bank.remove(old).unwrap();
        let new = bank.insert(&[1.0, 0.0], Pattern::default()).unwrap();
        assert_eq!(new.slot(), old.slot());
        assert_eq!(router.outcomes(new, 1), (0, 0));
        router.record(new, 2, false).unwrap();
        assert_eq!(router.outcomes(new, 2), (1, 0));
        assert_eq!(router.outcomes(old, 1), (0, 0));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let mut bank = Block::<{ BANK.bytes() }>::new();
        let mut scratch = Block::<{ SCRATCH.bytes() }>::new();
        let mut memory = Block::<{ CONFIG.bytes() }>::new();
        let mut bank = PatternBank::format(&mut bank, BANK).unwrap();
        let mut scratch = Scratch::format(&mut scratch, SCRATCH).unwrap();
        let mut router = Router::format(&mut memory, CONFIG).unwrap();
        let id = bank.insert(&[1.0, 0.0], Pattern::default()).unwrap();
        let hits = bank.search(&[1.0, 0.0], 1, &mut scratch).unwrap();
        let mut routes = [Route::default(); 2];
        assert_eq!(
            router.route(&hits, &[], &mut routes),
            Err(RouteError::NoCandidates)
        );
        assert_eq!(
            router.route(&hits, &[0, 3], &mut routes),
            Err(RouteError::UnknownExecutor { executor: 3 })
        );
        assert_eq!(
            router.route(&hits, &[0, 1, 2], &mut routes),
            Err(RouteError::TooShort {
                needed: 3,
                found: 2
            })
        );
        assert_eq!(
            router.record(id, 9, true),
            Err(RouteError::UnknownExecutor { executor: 9 })
        );
        for config in [
            RouteConfig::new(&BANK, 0),
            RouteConfig::new(&BANK, MAX_EXECUTORS + 1),
            CONFIG.exploration(f32::NAN),
        ] {
            let mut other = Block::<4096>::new();
            assert_eq!(
                Router::format(&mut other, config).unwrap_err(),
                BlockError::BadConfig
            );
        }
    }

    #[test]
    fn counts_survive_saving_and_halve_at_the_end() {
        let mut bank = Block::<{ BANK.bytes() }>::new();
        let mut memory = Block::<{ CONFIG.bytes() }>::new();
        let mut bank = PatternBank::format(&mut bank, BANK).unwrap();
        let id = bank.insert(&[1.0, 0.0], Pattern::default()).unwrap();
        let mut router = Router::format(&mut memory, CONFIG).unwrap();
        for _ in 0..=u16::MAX {
            router.record(id, 0, true).unwrap();
        }
        assert_eq!(router.outcomes(id, 0), (32_768, 32_768));
        router.seal();
        let router = Router::open_verified(&mut memory).unwrap();
        assert_eq!(router.outcomes(id, 0), (32_768, 32_768));
    }
}
