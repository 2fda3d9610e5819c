//! Latency code: one spike a value, the earlier the larger.
//!
//! The formulas are those of snnTorch's `spikegen.latency` (J. Eshraghian et al., 2021), in f32
//! and in its order of operations, with the time rounded half to even. For `x` from 0 to 1, `T`
//! steps, threshold `θ`, time constant `τ` and first time `f`:
//!
//! | curve | time |
//! |---|---|
//! | [`Curve::Linear`] | `min(-τ·(x - 1), -τ·(θ - 1)) + f`; normalised, `τ = T - 1 - f` |
//! | [`Curve::Logarithmic`] | `τ·ln(y / (y - θ)) + f` with `y = max(x, θ + 1e-7)`; normalised, the latest of the given values lands on `T - 1` |
//! | [`Curve::Exponential`] | `T - 1 - ln(α·x + 1)` with `α = e^(T-1) - 1`, as SpikingJelly's `LatencyEncoder` |
//!
//! A train at `T` steps carries log₂ `T` bits. [`LatencyCode::decode`] of the linear curve is off
//! by at most `1 / (2·(T - 1))` above the threshold when normalised.

use crate::simd::spike::{self as kernels, round};
use crate::simd::times::{self, Charge, Spread};

use super::sample::Real;
use super::train::{EncodeError, MAX_STEPS, OutputError, SpikeTrains};

/// How a value becomes a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Curve {
    /// In a straight line.
    Linear,
    /// As a leaky neuron charges.
    Logarithmic,
    /// Spread over the steps by the logarithm of the value.
    Exponential,
}

/// Curve and constants of a latency code. See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatencyCode {
    steps: u32,
    curve: Curve,
    threshold: f64,
    tau: f64,
    first: u32,
    normalise: bool,
    clip: bool,
}

/// A time that a value maps to, or the lack of one.
const NEVER: u32 = u32::MAX;
/// Values whose steps are worked out before they are written.
const GROUP: usize = 64;
/// What keeps the logarithm finite at the threshold.
const EPSILON: f64 = 1e-7;

impl LatencyCode {
    /// Trains of `steps` steps, normalised to end at the last one, with threshold 0.01 and every
    /// value firing.
    pub const fn new(steps: u32, curve: Curve) -> Self {
        Self {
            steps,
            curve,
            threshold: 0.01,
            tau: 1.0,
            first: 0,
            normalise: true,
            clip: false,
        }
    }

    /// Sets the threshold, between 0 and 1 and neither, below which all values are alike.
    pub const fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Sets a time constant above zero instead of normalising: a value whose time lies beyond the
    /// last step is then refused.
    pub const fn tau(mut self, tau: f64) -> Self {
        self.tau = tau;
        self.normalise = false;
        self
    }

    /// Sets the earliest time.
    pub const fn first(mut self, first: u32) -> Self {
        self.first = first;
        self
    }

    /// Whether values below the threshold fire not at all instead of late.
    pub const fn clip(mut self, clip: bool) -> Self {
        self.clip = clip;
        self
    }

    /// Steps of a train.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    fn is_valid(&self) -> bool {
        let open = self.threshold > 0.0 && self.threshold < 1.0;
        open && self.tau > 0.0
            && self.tau.is_finite()
            && self.steps != 0
            && self.steps <= MAX_STEPS
            && self.first < self.steps
    }

    /// Encodes values from 0 to 1. The exponential curve takes at most 89 steps, beyond which `α`
    /// is no longer a number of f32. Cost: a few operations a value; the curves with a logarithm
    /// take one a value, many at a time.
    pub fn encode<F: Real>(
        &self,
        values: &[F],
        trains: &mut SpikeTrains<'_>,
    ) -> Result<(), EncodeError> {
        if !self.is_valid() {
            return Err(EncodeError::BadCode);
        }
        trains.fits(values.len(), self.steps)?;
        let (mut inside, mut least) = (true, 1.0f32);
        narrowed(values, |_, values| {
            inside &= times::in_unit_range(values);
            least = least.min(times::least(values));
        });
        if !inside {
            let outside = |x: &F| !(0.0..=1.0).contains(&(x.to_f64() as f32));
            let index = values.iter().position(outside);
            return Err(EncodeError::OutOfRange {
                index: index.unwrap_or(0) as u32,
            });
        }
        match self.curve {
            Curve::Linear => self.write(values, least, trains, self.line()),
            Curve::Logarithmic => {
                let charge = self.charge(least);
                if charge.floor <= charge.threshold {
                    return Err(EncodeError::BadCode);
                }
                self.write(values, least, trains, charge)
            }
            Curve::Exponential => {
                let spread = self.spread();
                if !spread.alpha.is_finite() {
                    return Err(EncodeError::BadCode);
                }
                self.write(values, least, trains, spread)
            }
        }
    }

    fn line(&self) -> kernels::Line {
        let tau = if self.normalise {
            f64::from(self.steps - 1 - self.first)
        } else {
            self.tau
        };
        kernels::Line {
            slope: -tau as f32,
            latest: (-tau * (self.threshold - 1.0)) as f32,
            first: self.first as f32,
        }
    }

    fn charge(&self, least: f32) -> Charge {
        let mut charge = Charge {
            threshold: self.threshold as f32,
            floor: (self.threshold + EPSILON) as f32,
            tau: self.tau as f32,
            first: self.first as f32,
            fit: None,
        };
        if self.normalise {
            let span = (self.steps - 1 - self.first) as f32;
            charge.fit = Some((span, charge.charge(least) - charge.first));
        }
        charge
    }

    fn spread(&self) -> Spread {
        Spread {
            last: (self.steps - 1) as f32,
            alpha: (libm::exp(f64::from(self.steps) - 1.0) - 1.0) as f32,
        }
    }

    fn write<F: Real>(
        &self,
        values: &[F],
        least: f32,
        trains: &mut SpikeTrains<'_>,
        curve: impl times::Curve,
    ) -> Result<(), EncodeError> {
        let last = (self.steps - 1) as f32;
        // All curves fall, so the least value fires last.
        let fits = |x: f32| round(curve.time(x)) <= last;
        if !values.is_empty() && !fits(least) {
            let index = values.iter().position(|x| !fits(x.to_f64() as f32));
            return Err(EncodeError::TooLong {
                index: index.unwrap_or(0) as u32,
            });
        }
        let (clip, threshold) = (self.clip, self.threshold as f32);
        let (row, short) = (trains.config().row_bytes(), self.steps <= 8);
        trains.replace(values.len(), |fire, _| {
            narrowed(values, |from, values| {
                let fire = fire.get_mut(from * row..(from + values.len()) * row);
                let Some(fire) = fire else { return };
                if short {
                    times::fire(curve, values, fire);
                    if clip {
                        for (byte, x) in fire.iter_mut().zip(values) {
                            *byte = if *x < threshold { 0 } else { *byte };
                        }
                    }
                    return;
                }
                let groups = values.chunks(GROUP).zip(fire.chunks_mut(GROUP * row));
                let mut steps = [0; GROUP];
                for (values, fire) in groups {
                    times::steps(curve, values, &mut steps[..values.len()]);
                    let trains = fire.chunks_exact_mut(row).zip(values).zip(&steps);
                    for ((train, &x), &step) in trains {
                        if !(clip && x < threshold)
                            && let Some(byte) = train.get_mut(step as usize / 8)
                        {
                            *byte = 1 << (step % 8);
                        }
                    }
                }
            });
        });
        Ok(())
    }

    /// Writes the value whose exact time is that of each train's first spike, within 0 to 1; a
    /// train without spikes gives zero. The normalised logarithmic curve depends on the values
    /// that were encoded together, and is decoded for a smallest one at or below the threshold.
    pub fn decode<F: Real>(
        &self,
        trains: &SpikeTrains<'_>,
        out: &mut [F],
    ) -> Result<(), OutputError> {
        super::check_output(trains, self.steps, out.len())?;
        for (index, place) in out.iter_mut().enumerate() {
            let step = trains.train(index).and_then(|t| t.first()).unwrap_or(NEVER);
            *place = F::from_f64(f64::from(self.value(step) as f32));
        }
        Ok(())
    }

    fn value(&self, step: u32) -> f64 {
        if step == NEVER || !self.is_valid() {
            return 0.0;
        }
        let since = f64::from(step.saturating_sub(self.first));
        let span = f64::from(self.steps - 1 - self.first);
        let value = match self.curve {
            Curve::Linear => {
                let tau = if self.normalise { span } else { self.tau };
                if tau == 0.0 { 1.0 } else { 1.0 - since / tau }
            }
            Curve::Logarithmic => {
                let time = if self.normalise && span > 0.0 {
                    let floor = self.threshold + EPSILON;
                    since / span * libm::log(floor / EPSILON)
                } else {
                    since / self.tau
                };
                // y / (y - θ) = e^time.
                let grown = libm::exp(time);
                if grown > 1.0 {
                    self.threshold * grown / (grown - 1.0)
                } else {
                    1.0
                }
            }
            Curve::Exponential => {
                let alpha = libm::exp(f64::from(self.steps) - 1.0) - 1.0;
                let time = f64::from(self.steps) - 1.0 - f64::from(step);
                if alpha > 0.0 && alpha.is_finite() {
                    (libm::exp(time) - 1.0) / alpha
                } else {
                    libm::exp(-f64::from(step))
                }
            }
        };
        value.clamp(0.0, 1.0)
    }
}

/// Gives all values as f32, as many at a time as there are without a copy, else [`GROUP`], and
/// where they start.
fn narrowed<F: Real>(values: &[F], mut each: impl FnMut(usize, &[f32])) {
    let mut room = [0.0; GROUP];
    let mut from = 0;
    while let Some(rest) = values.get(from..).filter(|rest| !rest.is_empty()) {
        let some = F::narrow(rest, &mut room);
        each(from, some);
        from += some.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;
    use crate::spike::train::{Polarity, SpikeConfig};
    use proptest::prelude::*;
    use std::vec::Vec;

    const WIDE: SpikeConfig = SpikeConfig::new(64, 64).polarity(Polarity::Positive);
    type Memory = Block<{ WIDE.bytes() }>;

    fn encode(code: &LatencyCode, values: &[f32]) -> Result<Vec<Vec<u32>>, EncodeError> {
        let mut memory = Memory::new();
        let config = SpikeConfig::new(64, code.steps()).polarity(Polarity::Positive);
        let mut trains = SpikeTrains::format(&mut memory, config).unwrap();
        code.encode(values, &mut trains)?;
        Ok((0..values.len())
            .map(|i| trains.train(i).unwrap().iter().map(|s| s.0).collect())
            .collect())
    }

    #[test]
    fn the_examples_of_snntorch() {
        let a = [0.02f32, 0.5, 1.0];
        let linear = LatencyCode::new(5, Curve::Linear);
        assert_eq!(encode(&linear, &a).unwrap(), [[4], [2], [0]]);
        let log = LatencyCode::new(5, Curve::Logarithmic);
        assert_eq!(encode(&log, &a).unwrap(), [[4], [0], [0]]);
        assert_eq!(
            encode(&linear.clip(true), &[0.005, 0.01]).unwrap(),
            [std::vec![], std::vec![4]]
        );
    }

    #[test]
    fn ties_go_to_the_even_step() {
        let code = LatencyCode::new(5, Curve::Linear);
        let values = [0.875f32, 0.625, 0.375, 0.125];
        assert_eq!(encode(&code, &values).unwrap(), [[0], [2], [2], [4]]);
    }

    #[test]
    fn agrees_with_the_formulas() {
        proptest!(ProptestConfig::with_cases(64), |(
            steps in 2u32..64,
            values in prop::collection::vec(0.0f32..=1.0, 1..64),
            first in 0u32..2,
        )| {
            let last = (steps - 1) as f32;
            let span = last - first as f32;
            let linear = encode(&LatencyCode::new(steps, Curve::Linear).first(first), &values).unwrap();
            let log = encode(&LatencyCode::new(steps, Curve::Logarithmic).first(first), &values).unwrap();
            let charge = |x: f32| { let y = x.max((0.01f64 + 1e-7) as f32); libm::logf(y / (y - 0.01)) + first as f32 };
            let latest = values.iter().map(|&x| charge(x) - first as f32).fold(0.0f32, f32::max);
            for (i, &x) in values.iter().enumerate() {
                let time = (-span * (x - 1.0)).min((-f64::from(span) * (0.01 - 1.0)) as f32) + first as f32;
                prop_assert_eq!(&linear[i][..], &[libm::rintf(time) as u32]);
                let time = (charge(x) - first as f32) * span / latest + first as f32;
                prop_assert_eq!(&log[i][..], &[libm::rintf(time) as u32]);
            }
            let exponential = encode(&LatencyCode::new(steps, Curve::Exponential), &values).unwrap();
            let alpha = (libm::exp(f64::from(steps) - 1.0) - 1.0) as f32;
            for (i, &x) in values.iter().enumerate() {
                let time = last - libm::logf(alpha * x + 1.0);
                prop_assert_eq!(&exponential[i][..], &[libm::rintf(time) as u32]);
            }
        });
    }

    #[test]
    fn the_declared_error_holds() {
        for steps in [2u32, 5, 8, 64] {
            let code = LatencyCode::new(steps, Curve::Linear);
            let mut memory = Memory::new();
            let config = SpikeConfig::new(64, steps).polarity(Polarity::Positive);
            let mut trains = SpikeTrains::format(&mut memory, config).unwrap();
            let values: Vec<f32> = (1..=64).map(|i| i as f32 / 64.0).collect();
            code.encode(&values, &mut trains).unwrap();
            let mut out = [0.0; 64];
            code.decode(&trains, &mut out).unwrap();
            for (x, y) in values.iter().zip(out) {
                assert!((x - y).abs() <= 0.5 / (steps - 1) as f32 + 1e-6, "{x} {y}");
            }
            // Whatever the curve, what a decoded value encodes to is the train it came from.
            for code in [
                code,
                LatencyCode::new(steps, Curve::Exponential),
                LatencyCode::new(steps, Curve::Logarithmic).tau(0.4),
            ] {
                if code.encode(&values, &mut trains).is_err() {
                    continue;
                }
                let before = trains.fire().to_vec();
                code.decode(&trains, &mut out).unwrap();
                code.encode(&out, &mut trains).unwrap();
                assert_eq!(trains.fire(), &before[..], "{code:?}");
            }
        }
    }

    #[test]
    fn refuses_what_has_no_time() {
        let code = LatencyCode::new(5, Curve::Linear);
        for bad in [-0.1f32, 1.1, f32::NAN] {
            assert_eq!(
                encode(&code, &[0.5, bad]),
                Err(EncodeError::OutOfRange { index: 1 })
            );
        }
        assert_eq!(
            encode(&LatencyCode::new(5, Curve::Linear).tau(9.0), &[1.0, 0.1]),
            Err(EncodeError::TooLong { index: 1 })
        );
        for bad in [code.threshold(0.0), code.threshold(f64::NAN), code.first(5)] {
            assert_eq!(encode(&bad, &[0.5]), Err(EncodeError::BadCode));
        }
    }
}
