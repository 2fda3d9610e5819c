//! What was tried and how it went: a ring of the latest trajectories with exact running totals.
//!
//! Totals are integers over what the ring holds; a record that replaces the oldest takes its part
//! out again, so they stay exact after any number of turns.

use crate::block::structure::{Config, structure};
use crate::block::{CONFIG_WORDS, Kind};
use crate::error::{ErrorCode, errors};
use crate::slices;

/// The largest number of components of a trajectory's vector.
pub const MAX_DIMENSIONS: u32 = 8192;
/// The largest number of trajectories in a ring.
pub const MAX_CAPACITY: u32 = 1 << 24;
/// No ring lives to count this far; a block that claims to is not genuine.
const MAX_RECORDED: u64 = 1 << 62;

const RECORDED: usize = 0;
const HELD: usize = 1;
const SUCCESSES: usize = 2;
const LATENCY: usize = 3;
const SPENT: usize = 4;
const EARNED: usize = 5;

errors! {
    /// Why a trajectory was not recorded; the ring is unchanged.
    pub enum RecordError: 0x0340 {
        /// The vector has the wrong length.
        WrongLength { expected: u32, found: u32 } = 1
            => "the vector has {found} components, the ring takes {expected}",
        /// A component is not finite.
        NotFinite { index: u32 } = 2 => "component {index} of the vector is not finite",
    }
}

/// How an attempt at a task turned out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Outcome {
    /// What it was about, in the caller's numbering.
    pub label: u32,
    /// How long it took, in microseconds.
    pub latency_us: u32,
    /// Energy put in, in the caller's unit.
    pub energy_spent: u32,
    /// Energy's worth of the result, in the same unit.
    pub energy_earned: u32,
    /// Whether it worked.
    pub success: bool,
    /// Who did it, an interned id.
    pub executor: u16,
    /// When, in milliseconds.
    pub at: u64,
}

/// One attempt at a task: the task, and how it turned out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trajectory<'v> {
    /// The task, as a vector.
    pub vector: &'v [f32],
    /// How it turned out.
    pub outcome: Outcome,
}

/// Dimensions and capacity of a [`TrajectoryRing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TrajectoryConfig {
    dimensions: u32,
    capacity: u32,
}

impl TrajectoryConfig {
    /// The latest `capacity` (1 to [`MAX_CAPACITY`]) trajectories with vectors of `dimensions`
    /// (0 to [`MAX_DIMENSIONS`]; 0 keeps outcomes alone) components.
    pub const fn new(dimensions: u32, capacity: u32) -> Self {
        Self {
            dimensions,
            capacity,
        }
    }

    /// Components of a vector.
    pub const fn dimensions(&self) -> u32 {
        self.dimensions
    }

    /// Trajectories held at most.
    pub const fn capacity(&self) -> u32 {
        self.capacity
    }
}

impl Config for TrajectoryConfig {
    const KIND: Kind = Kind(*b"TRAJ");
    const VERSION: u32 = 1;

    fn is_valid(&self) -> bool {
        self.dimensions <= MAX_DIMENSIONS && (1..=MAX_CAPACITY).contains(&self.capacity)
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.dimensions;
        words[1] = self.capacity;
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        Some(Self::new(words[0], words[1]))
    }
}

/// Totals of the trajectories in a ring; exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Totals {
    /// Trajectories.
    pub count: u32,
    /// Those that worked.
    pub successes: u32,
    /// Sum of latencies, in microseconds.
    pub latency_us: u64,
    /// Sum of energy spent.
    pub energy_spent: u64,
    /// Sum of energy earned.
    pub energy_earned: u64,
}

impl Totals {
    /// Successes over count, 0 to 1; `None` of nothing.
    pub fn success_rate(&self) -> Option<f32> {
        (self.count != 0).then(|| self.successes as f32 / self.count as f32)
    }

    /// Mean latency in microseconds; `None` of nothing.
    pub fn mean_latency_us(&self) -> Option<f32> {
        (self.count != 0).then(|| self.latency_us as f32 / self.count as f32)
    }

    /// Energy earned over energy spent; `None` where nothing was spent.
    pub fn efficiency(&self) -> Option<f32> {
        (self.energy_spent != 0).then(|| self.energy_earned as f32 / self.energy_spent as f32)
    }
}

/// Where a trajectory went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Recorded {
    /// Its number, counted from zero over the ring's life.
    pub number: u64,
    /// Whether the oldest one made room for it.
    pub replaced: bool,
}

structure! {
    /// The latest trajectories. See the [module](self).
    pub struct TrajectoryRing for TrajectoryConfig as config {
        totals: [u64; 8],
        outcomes: [[u32; 8]; config.capacity => 1],
        vectors: [f32; config.capacity => config.dimensions as usize],
    } with {
        next: usize = 0,
    }
}

impl TrajectoryRing<'_> {
    fn is_sound(&mut self) -> bool {
        // The remainder is below the capacity, which is a usize.
        let next = self.recorded().checked_rem(self.config.capacity.into());
        self.next = next.unwrap_or(0) as usize;
        let held = self.total(HELD);
        if held != self.recorded().min(u64::from(self.config.capacity))
            || self.recorded() > MAX_RECORDED
        {
            return false;
        }
        let mut sums = [0u64; 8];
        sums[RECORDED] = self.recorded();
        let (held, dimensions) = (held as usize, self.config.dimensions as usize);
        let outcomes = self.outcomes.iter().take(held);
        for outcome in outcomes {
            if outcome[4] >> 17 != 0 || outcome[7] != 0 {
                return false;
            }
            add(&mut sums, outcome);
        }
        let mut components = self.vectors.iter().take(held.saturating_mul(dimensions));
        *self.totals == sums
            && components.all(|x| x.is_finite())
            && self.is_zero_from(&self.config, held)
    }

    /// The configuration.
    pub fn config(&self) -> TrajectoryConfig {
        self.config
    }

    fn total(&self, at: usize) -> u64 {
        self.totals.get(at).copied().unwrap_or(0)
    }

    /// Trajectories recorded over the ring's life.
    pub fn recorded(&self) -> u64 {
        self.total(RECORDED)
    }

    /// Trajectories held.
    pub fn len(&self) -> usize {
        self.total(HELD) as usize
    }

    /// Whether the ring holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Totals over the trajectories held. Cost: O(1).
    pub fn totals(&self) -> Totals {
        Totals {
            count: self.total(HELD) as u32,
            successes: self.total(SUCCESSES) as u32,
            latency_us: self.total(LATENCY),
            energy_spent: self.total(SPENT),
            energy_earned: self.total(EARNED),
        }
    }

    /// Records `trajectory`, in place of the oldest where the ring is full. Cost: O(dimensions).
    pub fn record(&mut self, trajectory: &Trajectory<'_>) -> Result<Recorded, RecordError> {
        self.check(trajectory)?;
        self.header.begin();
        let recorded = self.store(trajectory);
        self.header.end();
        Ok(recorded)
    }

    /// Records all of `batch` in order, or, on the first that is refused, none. The bytes are
    /// those of the same records one by one.
    pub fn record_batch(&mut self, batch: &[Trajectory<'_>]) -> Result<(), BatchError> {
        for (at, trajectory) in batch.iter().enumerate() {
            self.check(trajectory)
                .map_err(|error| BatchError { at, error })?;
        }
        self.header.begin();
        for trajectory in batch {
            self.store(trajectory);
        }
        self.header.end();
        Ok(())
    }

    fn check(&self, trajectory: &Trajectory<'_>) -> Result<(), RecordError> {
        let vector = trajectory.vector;
        if vector.len() != self.config.dimensions as usize {
            return Err(RecordError::WrongLength {
                expected: self.config.dimensions,
                found: u32::try_from(vector.len()).unwrap_or(u32::MAX),
            });
        }
        // Without an early exit the common case is a few vector instructions.
        if vector.iter().fold(true, |all, x| all & x.is_finite()) {
            return Ok(());
        }
        let index = vector.iter().position(|x| !x.is_finite()).unwrap_or(0);
        Err(RecordError::NotFinite {
            index: index as u32,
        })
    }

    fn store(&mut self, trajectory: &Trajectory<'_>) -> Recorded {
        let t = &trajectory.outcome;
        let number = self.recorded();
        let slot = self.next;
        let replaced = self.len() == self.config.capacity as usize;
        let outcome = [
            t.label,
            t.latency_us,
            t.energy_spent,
            t.energy_earned,
            u32::from(t.executor) | u32::from(t.success) << 16,
            t.at as u32,
            (t.at >> 32) as u32,
            0,
        ];
        if let Ok(sums) = <&mut [u64; 8]>::try_from(&mut *self.totals)
            && let Some(place) = self.outcomes.get_mut(slot)
        {
            if replaced {
                subtract(sums, place);
            }
            add(sums, &outcome);
            sums[RECORDED] = number + 1;
            *place = outcome;
        }
        let dimensions = self.config.dimensions as usize;
        if let Some(row) = self.vectors.get_mut(slot * dimensions..)
            && let Some(row) = row.get_mut(..dimensions)
        {
            slices::copy(row, trajectory.vector);
        }
        self.next = if slot + 1 == self.config.capacity as usize {
            0
        } else {
            slot + 1
        };
        Recorded { number, replaced }
    }

    /// The trajectory `number`, if the ring still holds it.
    pub fn get(&self, number: u64) -> Option<Trajectory<'_>> {
        let newest = self.recorded();
        if number >= newest || newest - number > self.total(HELD) {
            return None;
        }
        // At most the number held, which is a usize.
        let back = (newest - number) as usize;
        let slot = if back <= self.next {
            self.next - back
        } else {
            self.next + self.config.capacity as usize - back
        };
        self.at_slot(slot)
    }

    fn at_slot(&self, slot: usize) -> Option<Trajectory<'_>> {
        let dimensions = self.config.dimensions as usize;
        let [
            label,
            latency_us,
            energy_spent,
            energy_earned,
            who,
            low,
            high,
            _,
        ] = *self.outcomes.get(slot)?;
        let from = slot * dimensions;
        Some(Trajectory {
            vector: self.vectors.get(from..from + dimensions)?,
            outcome: Outcome {
                label,
                latency_us,
                energy_spent,
                energy_earned,
                success: who >> 16 == 1,
                executor: who as u16,
                at: u64::from(low) | u64::from(high) << 32,
            },
        })
    }

    /// The trajectories held, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Trajectory<'_>> {
        let newest = self.recorded();
        (newest - self.total(HELD)..newest).filter_map(|number| self.get(number))
    }

    /// The `q`-quantile (0 to 1) of the latencies held, in microseconds: the smallest latency that
    /// at least `q` of them do not exceed (nearest rank). `None` of an empty ring or a `q` out of
    /// range. Cost: eight passes over the outcomes, no allocation.
    pub fn latency_quantile(&self, q: f32) -> Option<u32> {
        let held = self.len();
        if held == 0 || !(0.0..=1.0).contains(&q) {
            return None;
        }
        let mut rank = (libm::ceil(f64::from(q) * held as f64) as usize)
            .min(held)
            .max(1) as u32;
        let live = self.outcomes.get(..held)?;
        let (mut prefix, mut mask) = (0u32, 0u32);
        for shift in (0..32).step_by(4).rev() {
            let mut counts = [0u32; 16];
            for outcome in live {
                if outcome[1] & mask == prefix {
                    counts[(outcome[1] >> shift) as usize & 15] += 1;
                }
            }
            let mut digit = 0;
            for count in counts {
                if rank <= count {
                    break;
                }
                rank -= count;
                digit += 1;
            }
            prefix |= digit << shift;
            mask |= 15 << shift;
        }
        Some(prefix)
    }
}

/// Which trajectory of a batch was refused, and why; none was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct BatchError {
    /// Index in the batch.
    pub at: usize,
    /// What is wrong with it.
    pub error: RecordError,
}

impl core::fmt::Display for BatchError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "trajectory {} of the batch: {}", self.at, self.error)
    }
}

impl core::error::Error for BatchError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl ErrorCode for BatchError {
    const VARIANTS: usize = RecordError::VARIANTS;

    fn code(&self) -> u16 {
        self.error.code()
    }

    fn ordinal(&self) -> usize {
        self.error.ordinal()
    }
}

fn add(sums: &mut [u64; 8], outcome: &[u32; 8]) {
    sums[HELD] += 1;
    sums[SUCCESSES] += u64::from(outcome[4] >> 16);
    sums[LATENCY] += u64::from(outcome[1]);
    sums[SPENT] += u64::from(outcome[2]);
    sums[EARNED] += u64::from(outcome[3]);
}

fn subtract(sums: &mut [u64; 8], outcome: &[u32; 8]) {
    sums[HELD] -= 1;
    sums[SUCCESSES] -= u64::from(outcome[4] >> 16);
    sums[LATENCY] -= u64::from(outcome[1]);
    sums[SPENT] -= u64::from(outcome[2]);
    sums[EARNED] -= u64::from(outcome[3]);
}

#[cfg(test)]
mod tests;
