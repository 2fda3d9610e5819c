//! Burst code and time to the first spike: intensities from 0 to 1 as the shape of the first
//! spikes (Guo et al., "Neural coding in spiking neural networks", 2021, and the formulas of
//! spikify, which follows Forno et al. 2022). Both work in f64.
//!
//! - [`BurstCode`]: `⌈x·n⌉` spikes, apart by `⌈t_max - x·(t_max - t_min)⌉` silent steps: the
//!   stronger, the more and the denser. It carries log₂ of its distinct trains, at most
//!   `n + t_max - t_min + 1` of them, and comes back within `1 / (2·n)`.
//! - [`FirstSpike`]: one spike where a threshold that falls as `e^(-t/τ)` meets the value:
//!   `τ·ln(1/x)` on a scale of `T` steps from 0 to 1. Log₂ `T` bits; it comes back within half the
//!   range of its step, from `e^(-i/(τ·(T-1)))` to the same one step before.

use super::sample::Real;
use super::train::{EncodeError, MAX_STEPS, OutputError, SpikeTrains};

/// Number and spacing of a burst's spikes. See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BurstCode {
    steps: u32,
    most: u32,
    densest: u32,
    sparsest: u32,
}

impl BurstCode {
    /// Bursts of at most `most` spikes with `densest` to `sparsest` silent steps between, in
    /// trains of `steps`; `None` unless `1 ≤ most`, `densest ≤ sparsest` and all are at most
    /// [`MAX_STEPS`].
    pub const fn new(steps: u32, most: u32, densest: u32, sparsest: u32) -> Option<Self> {
        if steps == 0
            || steps > MAX_STEPS
            || most == 0
            || most > MAX_STEPS
            || densest > sparsest
            || sparsest > MAX_STEPS
        {
            return None;
        }
        Some(Self {
            steps,
            most,
            densest,
            sparsest,
        })
    }

    /// Steps of a train.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// Spikes of `x`, and steps from one to the next.
    fn shape(&self, x: f64) -> (u32, u32) {
        let spikes = libm::ceil(x * f64::from(self.most)) as u32;
        let range = f64::from(self.sparsest - self.densest);
        let silent = libm::ceil(f64::from(self.sparsest) - x * range) as u32;
        (spikes, silent + 1)
    }

    /// Encodes values from 0 to 1; a burst with its last silence must fit into the steps.
    pub fn encode<F: Real>(
        &self,
        values: &[F],
        trains: &mut SpikeTrains<'_>,
    ) -> Result<(), EncodeError> {
        trains.fits(values.len(), self.steps)?;
        in_unit_range(values)?;
        let long = |x: &F| {
            let (spikes, period) = self.shape(x.to_f64());
            spikes * period > self.steps
        };
        if let Some(index) = values.iter().position(long) {
            return Err(EncodeError::TooLong {
                index: index as u32,
            });
        }
        trains.replace_rows(values.len(), |index, row| {
            let x = values.get(index).map_or(0.0, |x| x.to_f64());
            let (spikes, period) = self.shape(x);
            for spike in 0..spikes {
                row.fire((spike * period) as usize, false);
            }
        });
        Ok(())
    }

    /// Writes the middle of the values that give each train's number and spacing of spikes.
    pub fn decode<F: Real>(
        &self,
        trains: &SpikeTrains<'_>,
        out: &mut [F],
    ) -> Result<(), OutputError> {
        super::check_output(trains, self.steps, out.len())?;
        for (index, place) in out.iter_mut().enumerate() {
            *place = F::from_f64(trains.train(index).map_or(0.0, |t| self.value(&t)));
        }
        Ok(())
    }

    fn value(&self, train: &super::train::Train<'_>) -> f64 {
        let spikes = train.count();
        if spikes == 0 {
            return 0.0;
        }
        let most = f64::from(self.most);
        let mut low = f64::from(spikes - 1) / most;
        let mut high = f64::from(spikes) / most;
        let mut steps = train.iter().map(|s| s.0);
        let range = f64::from(self.sparsest - self.densest);
        if let (Some(a), Some(b)) = (steps.next(), steps.next())
            && range > 0.0
        {
            // ⌈sparsest - x·range⌉ is the number of silent steps.
            let silent = f64::from(b.saturating_sub(a + 1));
            low = low.max((f64::from(self.sparsest) - silent) / range);
            high = high.min((f64::from(self.sparsest) - silent + 1.0) / range);
        }
        ((low + high) / 2.0).clamp(0.0, 1.0)
    }
}

/// Time to the first spike. See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FirstSpike {
    steps: u32,
    tau: f64,
}

impl FirstSpike {
    /// Trains of `steps` (2 to [`MAX_STEPS`]) steps and `τ` = 0.1; `None` out of range.
    pub const fn new(steps: u32) -> Option<Self> {
        if steps < 2 || steps > MAX_STEPS {
            return None;
        }
        Some(Self { steps, tau: 0.1 })
    }

    /// Sets the time constant, above zero, as a fraction of the whole train.
    pub const fn tau(mut self, tau: f64) -> Self {
        self.tau = tau;
        self
    }

    /// Steps of a train.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// The first step `i` with `i / (T - 1) ≥ τ·ln(1/x)`, or the last.
    fn step(&self, x: f64) -> u32 {
        let last = self.steps - 1;
        if x <= 0.0 {
            return last;
        }
        let wanted = self.tau * libm::log(1.0 / x);
        let width = 1.0 / f64::from(last);
        // Division finds the place up to rounding, the comparison settles it.
        let mut step = (wanted / width) as u32;
        step = step.saturating_sub(1).min(last);
        while step < last && f64::from(step) * width < wanted {
            step += 1;
        }
        step
    }

    /// Encodes values from 0 to 1.
    pub fn encode<F: Real>(
        &self,
        values: &[F],
        trains: &mut SpikeTrains<'_>,
    ) -> Result<(), EncodeError> {
        let positive = self.tau > 0.0 && self.tau.is_finite();
        if !positive {
            return Err(EncodeError::BadCode);
        }
        trains.fits(values.len(), self.steps)?;
        in_unit_range(values)?;
        trains.replace_rows(values.len(), |index, row| {
            let x = values.get(index).map_or(0.0, |x| x.to_f64());
            row.fire(self.step(x) as usize, false);
        });
        Ok(())
    }

    /// Writes the middle of the values that fire at each train's first step; a train without
    /// spikes gives zero.
    pub fn decode<F: Real>(
        &self,
        trains: &SpikeTrains<'_>,
        out: &mut [F],
    ) -> Result<(), OutputError> {
        super::check_output(trains, self.steps, out.len())?;
        let edge = |step: u32| {
            let time = f64::from(step) / f64::from(self.steps - 1);
            libm::exp(-time / self.tau)
        };
        for (index, place) in out.iter_mut().enumerate() {
            let value = match trains.train(index).and_then(|t| t.first()) {
                None => 0.0,
                Some(0) => 1.0,
                Some(step) if step + 1 == self.steps => edge(step - 1) / 2.0,
                Some(step) => (edge(step) + edge(step - 1)) / 2.0,
            };
            *place = F::from_f64(value);
        }
        Ok(())
    }
}

fn in_unit_range<F: Real>(values: &[F]) -> Result<(), EncodeError> {
    let outside = |x: &F| !(0.0..=1.0).contains(&x.to_f64());
    match values.iter().position(outside) {
        Some(index) => Err(EncodeError::OutOfRange {
            index: u32::try_from(index).unwrap_or(u32::MAX),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;
    use crate::spike::train::{Polarity, SpikeConfig};
    use proptest::prelude::*;
    use std::vec::Vec;

    const CONFIG: SpikeConfig = SpikeConfig::new(32, 64).polarity(Polarity::Positive);
    type Memory = Block<{ CONFIG.bytes() }>;

    fn steps_of(trains: &SpikeTrains<'_>, index: usize) -> Vec<u32> {
        trains.train(index).unwrap().iter().map(|s| s.0).collect()
    }

    #[test]
    fn bursts_follow_the_formula_and_come_back() {
        proptest!(ProptestConfig::with_cases(64), |(
            most in 1u32..6, densest in 0u32..4, more in 0u32..6,
            values in prop::collection::vec(0.0f64..=1.0, 1..32)
        )| {
            let sparsest = densest + more;
            let code = BurstCode::new(64, most, densest, sparsest).unwrap();
            let mut memory = Memory::new();
            let mut trains = SpikeTrains::format(&mut memory, CONFIG).unwrap();
            code.encode(&values, &mut trains).unwrap();
            let mut out = std::vec![0.0f64; values.len()];
            code.decode(&trains, &mut out).unwrap();
            for (i, &x) in values.iter().enumerate() {
                let spikes = libm::ceil(x * f64::from(most)) as u32;
                let silent = libm::ceil(f64::from(sparsest) - x * f64::from(more)) as u32;
                let expected: Vec<u32> = (0..spikes).map(|s| s * (silent + 1)).collect();
                prop_assert_eq!(steps_of(&trains, i), expected);
                prop_assert!((x - out[i]).abs() <= 0.5 / f64::from(most) + 1e-9);
            }
        });
    }

    #[test]
    fn a_burst_that_does_not_fit_is_refused() {
        let mut memory = Memory::new();
        let config = SpikeConfig::new(32, 8).polarity(Polarity::Positive);
        let mut trains = SpikeTrains::format(&mut memory, config).unwrap();
        let code = BurstCode::new(8, 4, 2, 6).unwrap();
        assert_eq!(
            code.encode(&[0.1f32, 0.9], &mut trains),
            Err(EncodeError::TooLong { index: 1 })
        );
        assert_eq!(
            code.encode(&[-0.1f32], &mut trains),
            Err(EncodeError::OutOfRange { index: 0 })
        );
        assert_eq!(BurstCode::new(8, 0, 2, 6), None);
        assert_eq!(BurstCode::new(8, 4, 7, 6), None);
    }

    #[test]
    fn the_first_spike_is_where_the_threshold_meets_the_value() {
        proptest!(ProptestConfig::with_cases(64), |(
            steps in 2u32..=64, values in prop::collection::vec(0.0f64..=1.0, 1..32)
        )| {
            let config = SpikeConfig::new(32, steps).polarity(Polarity::Positive);
            let mut memory = Memory::new();
            let mut trains = SpikeTrains::format(&mut memory, config).unwrap();
            let code = FirstSpike::new(steps).unwrap();
            code.encode(&values, &mut trains).unwrap();
            let mut out = std::vec![0.0f64; values.len()];
            code.decode(&trains, &mut out).unwrap();
            for (i, &x) in values.iter().enumerate() {
                let wanted = if x > 0.0 { 0.1 * (1.0 / x).ln() } else { 2.0 };
                let width = 1.0 / f64::from(steps - 1);
                let step = (0..steps).find(|&s| f64::from(s) * width >= wanted).unwrap_or(steps - 1);
                prop_assert_eq!(steps_of(&trains, i), [step]);
                let edge = |s: u32| (-f64::from(s) * width / 0.1).exp();
                let low = if step == steps - 1 { 0.0 } else { edge(step) };
                let high = if step == 0 { 1.0 } else { edge(step - 1) };
                prop_assert!((x - out[i]).abs() <= (high - low) / 2.0 + 1e-9 || step == 0);
            }
        });
    }

    #[test]
    fn the_example_of_spikify() {
        // The means of its two intervals of four samples.
        let mut memory = Memory::new();
        let config = SpikeConfig::new(2, 4).polarity(Polarity::Positive);
        let mut trains = SpikeTrains::format(&mut memory, config).unwrap();
        let code = FirstSpike::new(4).unwrap();
        code.encode(&[0.4f64, 0.275], &mut trains).unwrap();
        assert_eq!(steps_of(&trains, 0), [1]);
        assert_eq!(steps_of(&trains, 1), [1]);
    }
}
