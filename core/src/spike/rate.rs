//! Rate code: a leak-free integrate-and-fire neuron driven by a constant value.
//!
//! Each step adds the magnitude to the membrane; at the threshold the neuron fires, the membrane
//! returns to zero, and for `refractory` steps nothing is added. A magnitude that needs `n` steps
//! to the threshold therefore fires first at step `n - 1` and then every `n + refractory` steps,
//! so the first spike says all that the train can say.
//!
//! At threshold ½, 8 steps and 2 refractory steps, in units of 1/128:
//!
//! | magnitude | spikes at | | magnitude | spikes at |
//! |---|---|---|---|---|
//! | 64 and up | 0, 3, 6 | | 11–12 | 5 |
//! | 32–63 | 1, 5 | | 10 | 6 |
//! | 22–31 | 2, 7 | | 8–9 | 7 |
//! | 16–21 | 3 | | below 8 | never |
//! | 13–15 | 4 | | | |
//!
//! With the sign that is 17 distinct trains for 256 inputs: about 4.1 bits in 9, and the largest
//! error of [`RateCode::decode`] is a quarter of full scale. Use [phase](super::phase) where the
//! value matters and rate where the coincidence of trains does.

use super::sample::Real;
use super::train::{EncodeError, MAX_STEPS, OutputError, Polarity, SpikeTrains};
use crate::simd::spike as kernels;

/// Full scale of a magnitude: 1.0 in Q15.
pub const ONE: u32 = 1 << 15;

/// Threshold, steps and refractory period of a rate code. See the [module](self).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateCode {
    threshold: u32,
    steps: u32,
    refractory: u32,
    /// The trains by magnitude, where a train is a byte.
    table: kernels::RateTable,
}

impl RateCode {
    /// Fires at `threshold` (Q15, 1 to 32,768 = [`ONE`]) within `steps` (1 to
    /// [`MAX_STEPS`]) steps, resting `refractory` steps after each spike. `None` out of range.
    pub const fn new(threshold: u32, steps: u32, refractory: u32) -> Option<Self> {
        if threshold == 0
            || threshold > ONE
            || steps == 0
            || steps > MAX_STEPS
            || refractory > MAX_STEPS
        {
            return None;
        }
        let mut code = Self {
            threshold,
            steps,
            refractory,
            table: kernels::RateTable {
                // No magnitude of a byte is as large.
                limits: [u8::MAX; 8],
                trains: [0; 8],
            },
        };
        if steps <= 8 {
            let mut first = 0;
            while first < steps {
                // The least byte that fires by this step; above 128 there is none.
                let limit = threshold.div_ceil((first + 1) * 256);
                let mut step = first;
                while step < steps {
                    code.table.trains[first as usize] |= 1 << step;
                    step += step_period(first, refractory);
                }
                code.table.limits[first as usize] = limit as u8;
                first += 1;
            }
        }
        Some(code)
    }

    /// The original system's code: threshold ½, 8 steps, 2 refractory steps.
    pub const fn original() -> Self {
        match Self::new(ONE / 2, 8, 2) {
            Some(code) => code,
            None => unreachable!(),
        }
    }

    /// Steps of a train.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// Step of the first spike of a Q15 magnitude; `steps` or more means never.
    const fn first(&self, magnitude: u32) -> u32 {
        if magnitude == 0 {
            return u32::MAX / 4;
        }
        self.threshold.div_ceil(magnitude) - 1
    }

    /// Encodes bytes, where 128 is full scale and -128 counts as 128. The trains need a polarity.
    /// Cost: with up to 8 steps a table look-up a value, vectorised.
    pub fn encode_i8(
        &self,
        values: &[i8],
        trains: &mut SpikeTrains<'_>,
    ) -> Result<(), EncodeError> {
        trains.fits(values.len(), self.steps)?;
        match trains.config().polarity_kind() {
            Polarity::Positive => return Err(EncodeError::NoPolarity),
            Polarity::PerValue if self.steps <= 8 => {
                trains.replace(values.len(), |fire, sign| {
                    kernels::rate(&self.table, values, fire, sign);
                });
            }
            _ => trains.replace_rows(values.len(), |index, row| {
                let value = values.get(index).copied().unwrap_or(0);
                let magnitude = u32::from(value.unsigned_abs()) * 256;
                self.write(magnitude, value < 0, row);
            }),
        }
        Ok(())
    }

    /// Encodes values between -1 and 1, rounded to Q15, half to even. The trains need a polarity.
    pub fn encode_f32(
        &self,
        values: &[f32],
        trains: &mut SpikeTrains<'_>,
    ) -> Result<(), EncodeError> {
        self.encode_scaled(values, 1.0, trains)
    }

    /// Encodes values between `-full` and `full`, a power of two, as
    /// [`encode_f32`](Self::encode_f32) does between -1 and 1.
    pub(super) fn encode_scaled<F: Real>(
        &self,
        values: &[F],
        full: f32,
        trains: &mut SpikeTrains<'_>,
    ) -> Result<(), EncodeError> {
        trains.fits(values.len(), self.steps)?;
        if !trains.has_sign() {
            return Err(EncodeError::NoPolarity);
        }
        let scaled = |x: F| x.to_f64() as f32 / full;
        let fits = |x: &F| scaled(*x).abs() <= 1.0;
        if let Some(index) = values.iter().position(|x| !fits(x)) {
            return Err(EncodeError::OutOfRange {
                index: index as u32,
            });
        }
        trains.replace_rows(values.len(), |index, row| {
            let value = values.get(index).map_or(0.0, |x| scaled(*x));
            let magnitude = libm::rintf(value.abs() * ONE as f32) as u32;
            self.write(magnitude, value < 0.0, row);
        });
        Ok(())
    }

    fn write(&self, magnitude: u32, negative: bool, row: &mut super::train::Row<'_>) {
        let first = self.first(magnitude);
        let period = step_period(first, self.refractory) as usize;
        for step in (first..self.steps).step_by(period) {
            row.fire(step as usize, negative);
        }
    }

    /// Writes the middle of the values that give each train, as a fraction of full scale; a train
    /// without spikes gives zero. The error is at most half the width of that range: with
    /// threshold ½ a quarter of full scale above ½, an eighth above ¼, and `threshold / steps`
    /// for what never fires.
    pub fn decode<F: Real>(
        &self,
        trains: &SpikeTrains<'_>,
        out: &mut [F],
    ) -> Result<(), OutputError> {
        super::check_output(trains, self.steps, out.len())?;
        for (index, place) in out.iter_mut().enumerate() {
            let first = trains.train(index).and_then(|t| t.iter().next());
            let value = match first {
                None => 0.0,
                Some((step, negative)) => {
                    let low = self.threshold.div_ceil(step + 1);
                    let high = match step {
                        0 => ONE,
                        step => self.threshold.div_ceil(step) - 1,
                    };
                    let middle = (low + high.max(low)) as f32 / (2 * ONE) as f32;
                    if negative { -middle } else { middle }
                }
            };
            *place = F::from_f64(f64::from(value));
        }
        Ok(())
    }
}

/// Steps between spikes, for a first one at step `first`.
const fn step_period(first: u32, refractory: u32) -> u32 {
    first + 1 + refractory
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;
    use crate::spike::train::SpikeConfig;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// The neuron, step by step.
    fn simulate(magnitude: u32, threshold: u32, steps: u32, refractory: u32) -> Vec<u32> {
        let (mut membrane, mut rest, mut spikes) = (0, 0, Vec::new());
        for step in 0..steps {
            if rest > 0 {
                rest -= 1;
                continue;
            }
            membrane += magnitude;
            if membrane >= threshold {
                spikes.push(step);
                membrane = 0;
                rest = refractory;
            }
        }
        spikes
    }

    fn steps_of(trains: &SpikeTrains<'_>, index: usize) -> Vec<u32> {
        trains.train(index).unwrap().iter().map(|s| s.0).collect()
    }

    const ALL: SpikeConfig = SpikeConfig::new(256, 8);

    #[test]
    fn the_reference_trains() {
        let mut memory = Block::<{ ALL.bytes() }>::new();
        let mut trains = SpikeTrains::format(&mut memory, ALL).unwrap();
        let values: Vec<i8> = (-128..=127).collect();
        RateCode::original()
            .encode_i8(&values, &mut trains)
            .unwrap();
        let mut distinct = std::collections::BTreeSet::new();
        for (i, &value) in values.iter().enumerate() {
            let expected: &[u32] = match value.unsigned_abs() {
                64.. => &[0, 3, 6],
                32..=63 => &[1, 5],
                22..=31 => &[2, 7],
                16..=21 => &[3],
                13..=15 => &[4],
                11..=12 => &[5],
                10 => &[6],
                8..=9 => &[7],
                _ => &[],
            };
            assert_eq!(steps_of(&trains, i), expected, "{value}");
            let negative = trains.train(i).unwrap().iter().any(|s| s.1);
            assert_eq!(negative, value <= -8, "{value}");
            distinct.insert((steps_of(&trains, i), negative));
        }
        assert_eq!(distinct.len(), 17);
    }

    #[test]
    fn agrees_with_the_neuron_step_by_step() {
        const WIDE: SpikeConfig = SpikeConfig::new(64, 40);
        let strategy = (1u32..=ONE, 1u32..=40, 0u32..6);
        proptest!(|((threshold, steps, refractory) in strategy,
            bytes in prop::collection::vec(any::<i8>(), 0..64),
            floats in prop::collection::vec(-1.0f32..=1.0, 0..64))| {
            let code = RateCode::new(threshold, steps, refractory).unwrap();
            for polarity in [Polarity::PerValue, Polarity::PerSpike] {
                let config = SpikeConfig::new(64, steps).polarity(polarity);
                let mut memory = Block::<{ WIDE.polarity(Polarity::PerSpike).bytes() }>::new();
                let mut trains = SpikeTrains::format(&mut memory, config).unwrap();
                code.encode_i8(&bytes, &mut trains).unwrap();
                for (i, b) in bytes.iter().enumerate() {
                    let magnitude = u32::from(b.unsigned_abs()) * 256;
                    let expected = simulate(magnitude, threshold, steps, refractory);
                    prop_assert_eq!(steps_of(&trains, i), expected);
                    prop_assert!(trains.train(i).unwrap().iter().all(|s| s.1 == (*b < 0)));
                }
                code.encode_f32(&floats, &mut trains).unwrap();
                for (i, f) in floats.iter().enumerate() {
                    let magnitude = libm::rintf(f.abs() * 32768.0) as u32;
                    let expected = simulate(magnitude, threshold, steps, refractory);
                    prop_assert_eq!(steps_of(&trains, i), expected);
                }
                // What decoding gives encodes to the same trains.
                let mut decoded = std::vec![0.0; floats.len()];
                code.decode(&trains, &mut decoded).unwrap();
                let before = trains.fire().to_vec();
                code.encode_f32(&decoded, &mut trains).unwrap();
                prop_assert_eq!(trains.fire(), &before[..]);
            }
        });
    }

    #[test]
    fn the_declared_error_holds() {
        let mut memory = Block::<{ ALL.bytes() }>::new();
        let mut trains = SpikeTrains::format(&mut memory, ALL).unwrap();
        let values: Vec<i8> = (-128..=127).collect();
        let code = RateCode::original();
        code.encode_i8(&values, &mut trains).unwrap();
        let mut out = [0.0; 256];
        code.decode(&trains, &mut out).unwrap();
        for (value, out) in values.iter().zip(out) {
            let value = f32::from(*value) / 128.0;
            let bound = match value.abs() {
                x if x >= 0.5 => 0.25,
                x if x >= 0.25 => 0.125,
                _ => 0.0625,
            };
            assert!((value - out).abs() <= bound, "{value} {out}");
        }
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let mut memory = Block::<{ ALL.bytes() }>::new();
        let mut trains = SpikeTrains::format(&mut memory, ALL).unwrap();
        let code = RateCode::original();
        assert_eq!(
            code.encode_i8(&[0; 257], &mut trains),
            Err(EncodeError::Full {
                capacity: 256,
                found: 257
            })
        );
        assert_eq!(
            code.encode_f32(&[0.0, f32::NAN], &mut trains),
            Err(EncodeError::OutOfRange { index: 1 })
        );
        assert_eq!(
            RateCode::new(ONE, 7, 0)
                .unwrap()
                .encode_i8(&[1], &mut trains),
            Err(EncodeError::WrongSteps {
                expected: 8,
                found: 7
            })
        );
        assert_eq!(RateCode::new(0, 8, 2), None);
        assert_eq!(RateCode::new(ONE, 0, 2), None);
    }
}
