//! Phase codes: a spike at step `t` weighs `2^-(t + 1)`, so a train is a binary fraction.
//!
//! - [`PhaseCode`]: of the value (Kim et al., "Deep neural networks with weighted spikes", 2018).
//!   At 8 steps a byte `b` stands for `b / 256` and comes back as it went in: 8 bits in 8. A value
//!   from 0 to `1 - 2^-T` is cut off after `T` steps: the error is below `2^-T`.
//! - [`AngleCode`]: of the angle whose sine the value is, in parts of a quarter turn (the formula
//!   of spikify, which follows Forno et al. 2022), in f64. Steps are fine where the values are
//!   small and coarse near the largest, where the last two of the `2^T` parts share a train: a value
//!   comes back within half the range of its part.

use super::sample::Real;
use super::train::{EncodeError, OutputError, SpikeTrains};

/// The largest number of steps: the bits of an f32's fraction.
pub const MAX_STEPS: u32 = 24;

/// A weighted phase code of some steps. See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseCode {
    steps: u32,
}

impl PhaseCode {
    /// Trains of `steps` (1 to [`MAX_STEPS`]) steps; `None` out of range.
    pub const fn new(steps: u32) -> Option<Self> {
        if steps == 0 || steps > MAX_STEPS {
            return None;
        }
        Some(Self { steps })
    }

    /// Steps of a train.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// Encodes bytes, without loss at 8 steps or more.
    pub fn encode_u8(
        &self,
        values: &[u8],
        trains: &mut SpikeTrains<'_>,
    ) -> Result<(), EncodeError> {
        trains.fits(values.len(), self.steps)?;
        if self.steps == 8 {
            trains.replace(values.len(), |fire, _| {
                for (byte, value) in fire.iter_mut().zip(values) {
                    *byte = value.reverse_bits();
                }
            });
        } else {
            trains.replace_rows(values.len(), |index, row| {
                let value = u32::from(values.get(index).copied().unwrap_or(0));
                write(value << 24, self.steps, row);
            });
        }
        Ok(())
    }

    /// Encodes values from 0 to `1 - 2^-steps`.
    pub fn encode_f32(
        &self,
        values: &[f32],
        trains: &mut SpikeTrains<'_>,
    ) -> Result<(), EncodeError> {
        self.encode_scaled(values, 1.0, self.most(), trains)
    }

    /// The largest value, `1 - 2^-steps`.
    pub(super) fn most(&self) -> f32 {
        let scale = (1u32 << self.steps) as f32;
        (scale - 1.0) / scale
    }

    /// Encodes values from 0 to `most`, as fractions of `full`, a power of two.
    pub(super) fn encode_scaled<F: Real>(
        &self,
        values: &[F],
        full: f32,
        most: f32,
        trains: &mut SpikeTrains<'_>,
    ) -> Result<(), EncodeError> {
        trains.fits(values.len(), self.steps)?;
        let inside = |x: &F| (0.0..=most).contains(&(x.to_f64() as f32));
        if let Some(index) = values.iter().position(|x| !inside(x)) {
            return Err(EncodeError::OutOfRange {
                index: index as u32,
            });
        }
        let scale = (1u32 << self.steps) as f32 / full;
        trains.replace_rows(values.len(), |index, row| {
            let value = values.get(index).map_or(0.0, |x| x.to_f64() as f32);
            // A power of two scales exactly, and the conversion cuts off.
            let bits = (value * scale) as u32;
            write(bits << (32 - self.steps), self.steps, row);
        });
        Ok(())
    }

    /// Writes the fraction that each train stands for.
    pub fn decode<F: Real>(
        &self,
        trains: &SpikeTrains<'_>,
        out: &mut [F],
    ) -> Result<(), OutputError> {
        super::check_output(trains, self.steps, out.len())?;
        let scale = f64::from(1u32 << self.steps);
        for (index, place) in out.iter_mut().enumerate() {
            *place = F::from_f64(f64::from(read(trains, index, self.steps)) / scale);
        }
        Ok(())
    }
}

/// The phase code of an angle. See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AngleCode {
    steps: u32,
    relative: bool,
}

impl AngleCode {
    /// Trains of `steps` (1 to [`MAX_STEPS`]) steps, one a bit, for values as parts of the largest;
    /// `None` out of range.
    pub const fn new(steps: u32) -> Option<Self> {
        if steps == 0 || steps > MAX_STEPS {
            return None;
        }
        Some(Self {
            steps,
            relative: true,
        })
    }

    /// Whether values are taken as parts of the largest of those encoded together; else of 1.
    pub const fn relative(mut self, relative: bool) -> Self {
        self.relative = relative;
        self
    }

    /// Steps of a train.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// The angle of the upper edge of a part.
    fn edge(&self, part: u32) -> f64 {
        let parts = f64::from(1u32 << self.steps);
        f64::from(part) * (core::f64::consts::FRAC_PI_2 / parts)
    }

    /// The first part whose upper edge is not below the angle, or the last.
    fn part(&self, x: f64) -> u32 {
        let (angle, last) = (libm::asin(x), (1u32 << self.steps) - 1);
        // Division finds the place up to rounding, the comparison settles it.
        let mut part = (angle / self.edge(1)) as u32;
        part = part.saturating_sub(1).min(last);
        while part < last && self.edge(part) < angle {
            part += 1;
        }
        part
    }

    /// Encodes finite values that are not negative, and not above 1 unless they are relative to
    /// the largest. Cost: an arcsine a value.
    pub fn encode<F: Real>(
        &self,
        values: &[F],
        trains: &mut SpikeTrains<'_>,
    ) -> Result<(), EncodeError> {
        trains.fits(values.len(), self.steps)?;
        let most = if self.relative { f64::MAX } else { 1.0 };
        let outside = |x: &F| !(0.0..=most).contains(&x.to_f64());
        if let Some(index) = values.iter().position(outside) {
            return Err(EncodeError::OutOfRange {
                index: index as u32,
            });
        }
        let largest = values.iter().fold(0.0, |a, x| x.to_f64().max(a));
        let full = if self.relative && largest > 0.0 {
            largest
        } else {
            1.0
        };
        trains.replace_rows(values.len(), |index, row| {
            let x = values.get(index).map_or(0.0, |x| x.to_f64());
            let part = self.part(x / full);
            write(part << (32 - self.steps), self.steps, row);
        });
        Ok(())
    }

    /// Writes the middle of the values that give each train, as parts of the largest or of 1.
    pub fn decode<F: Real>(
        &self,
        trains: &SpikeTrains<'_>,
        out: &mut [F],
    ) -> Result<(), OutputError> {
        super::check_output(trains, self.steps, out.len())?;
        let last = (1u32 << self.steps) - 1;
        for (index, place) in out.iter_mut().enumerate() {
            let part = read(trains, index, self.steps);
            let high = match part {
                0 => 0.0,
                part if part == last => 1.0,
                part => libm::sin(self.edge(part)),
            };
            let low = libm::sin(self.edge(part.saturating_sub(1)));
            *place = F::from_f64((low + high) / 2.0);
        }
        Ok(())
    }
}

/// The number whose highest bit is the first of `steps` steps of a train.
fn read(trains: &SpikeTrains<'_>, index: usize, steps: u32) -> u32 {
    let bits = |train: super::train::Train<'_>| {
        let weights = train.iter().map(|(step, _)| 1u32 << (steps - 1 - step));
        weights.sum()
    };
    trains.train(index).map_or(0, bits)
}

/// Fires for the highest `steps` bits.
fn write(bits: u32, steps: u32, row: &mut super::train::Row<'_>) {
    for step in 0..steps {
        if bits << step >> 31 == 1 {
            row.fire(step as usize, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;
    use crate::spike::train::{Polarity, SpikeConfig};
    use proptest::prelude::*;
    use std::vec::Vec;

    const CONFIG: SpikeConfig = SpikeConfig::new(256, 24).polarity(Polarity::Positive);
    type Memory = Block<{ CONFIG.bytes() }>;

    #[test]
    fn a_byte_comes_back_as_it_went_in() {
        let values: Vec<u8> = (0..=255).collect();
        for steps in [8, 13] {
            let mut memory = Memory::new();
            let config = SpikeConfig::new(256, steps).polarity(Polarity::Positive);
            let mut trains = SpikeTrains::format(&mut memory, config).unwrap();
            let code = PhaseCode::new(steps).unwrap();
            code.encode_u8(&values, &mut trains).unwrap();
            let mut out = [0.0; 256];
            code.decode(&trains, &mut out).unwrap();
            assert!(
                values
                    .iter()
                    .zip(out)
                    .all(|(&v, x)| f32::from(v) / 256.0 == x)
            );
        }
    }

    #[test]
    fn agrees_with_the_greedy_definition() {
        proptest!(ProptestConfig::with_cases(64), |(
            steps in 1u32..=24, values in prop::collection::vec(0.0f32..1.0, 1..32)
        )| {
            let mut memory = Memory::new();
            let config = SpikeConfig::new(32, steps).polarity(Polarity::Positive);
            let mut trains = SpikeTrains::format(&mut memory, config).unwrap();
            let code = PhaseCode::new(steps).unwrap();
            let most = 1.0 - libm::exp2f(-(steps as f32));
            let values: Vec<f32> = values.iter().map(|x| x.min(most)).collect();
            code.encode_f32(&values, &mut trains).unwrap();
            let mut out = std::vec![0.0; values.len()];
            code.decode(&trains, &mut out).unwrap();
            for (i, &value) in values.iter().enumerate() {
                let (mut rest, mut weight, mut expected) = (value, 0.5, Vec::new());
                for t in 0..steps {
                    if rest >= weight {
                        expected.push(t);
                        rest -= weight;
                    }
                    weight *= 0.5;
                }
                let spikes: Vec<u32> = trains.train(i).unwrap().iter().map(|s| s.0).collect();
                prop_assert_eq!(spikes, expected);
                prop_assert!((value - out[i]).abs() < libm::exp2f(-(steps as f32)));
            }
        });
    }

    fn numbers_of(trains: &SpikeTrains<'_>) -> Vec<u32> {
        let steps = trains.config().steps();
        (0..trains.len()).map(|i| read(trains, i, steps)).collect()
    }

    /// From `innuce-spikify` 1.1.0: `phase(np.repeat(values, bits), bits)`, of which each row of
    /// `bits` spikes was read as a binary number.
    #[test]
    fn angles_agree_with_spikify() {
        let relative = [0.0f64, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
        let whole = [
            0.0, 0.001, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 0.9, 0.99, 1.0,
        ];
        let cases: [(&[f64], u32, &[u32]); 5] = [
            (&relative, 3, &[0, 1, 2, 2, 2, 3, 4, 5, 6, 7]),
            (&relative, 4, &[0, 2, 3, 4, 4, 6, 7, 9, 11, 15]),
            (&whole, 1, &[0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
            (&whole, 4, &[0, 1, 1, 2, 3, 3, 4, 5, 6, 9, 12, 15, 15]),
            (
                &whole,
                8,
                &[0, 1, 9, 17, 33, 42, 50, 68, 86, 139, 183, 233, 255],
            ),
        ];
        for (values, bits, expected) in cases {
            let mut memory = Memory::new();
            let config = SpikeConfig::new(32, bits).polarity(Polarity::Positive);
            let mut trains = SpikeTrains::format(&mut memory, config).unwrap();
            let code = AngleCode::new(bits).unwrap();
            code.encode(values, &mut trains).unwrap();
            assert_eq!(numbers_of(&trains), expected);
        }
    }

    #[test]
    fn an_angle_comes_back_within_half_its_part() {
        proptest!(ProptestConfig::with_cases(64), |(
            bits in 1u32..=12, values in prop::collection::vec(0.0f64..=1.0, 1..32)
        )| {
            let mut memory = Memory::new();
            let config = SpikeConfig::new(32, bits).polarity(Polarity::Positive);
            let mut trains = SpikeTrains::format(&mut memory, config).unwrap();
            let code = AngleCode::new(bits).unwrap().relative(false);
            code.encode(&values, &mut trains).unwrap();
            let mut out = std::vec![0.0f64; values.len()];
            code.decode(&trains, &mut out).unwrap();
            let parts = libm::exp2(f64::from(bits));
            let edge = |part: f64| (part / parts * core::f64::consts::FRAC_PI_2).sin();
            for ((&x, &y), part) in values.iter().zip(&out).zip(numbers_of(&trains)) {
                let part = f64::from(part);
                let expected = (x.asin() / core::f64::consts::FRAC_PI_2 * parts).ceil();
                prop_assert_eq!(part, expected.min(parts - 1.0));
                let high = if part == parts - 1.0 { 1.0 } else { edge(part) };
                let half = (high - edge((part - 1.0).max(0.0))) / 2.0;
                prop_assert!((x - y).abs() <= half + 1e-12);
            }
            // What is relative to the largest does not ask for its size.
            code.encode(&[0.25f64, 0.5, 1.0], &mut trains).unwrap();
            let expected = numbers_of(&trains);
            code.relative(true).encode(&[4.0f64, 8.0, 16.0], &mut trains).unwrap();
            prop_assert_eq!(numbers_of(&trains), expected);
        });
    }

    #[test]
    fn refuses_one_and_more() {
        let mut memory = Memory::new();
        let config = SpikeConfig::new(4, 8).polarity(Polarity::Positive);
        let mut trains = SpikeTrains::format(&mut memory, config).unwrap();
        let code = PhaseCode::new(8).unwrap();
        for bad in [1.0f32, -0.1, 0.997, f32::NAN] {
            assert_eq!(
                code.encode_f32(&[0.0, bad], &mut trains),
                Err(EncodeError::OutOfRange { index: 1 })
            );
        }
        assert_eq!(PhaseCode::new(0), None);
        assert_eq!(PhaseCode::new(25), None);
        let code = AngleCode::new(8).unwrap();
        for bad in [-0.1f64, f64::INFINITY, f64::NAN] {
            assert_eq!(
                code.encode(&[0.0, bad], &mut trains),
                Err(EncodeError::OutOfRange { index: 1 })
            );
        }
        assert_eq!(
            code.relative(false).encode(&[1.5], &mut trains),
            Err(EncodeError::OutOfRange { index: 0 })
        );
        assert_eq!(AngleCode::new(0), None);
        assert_eq!(AngleCode::new(25), None);
    }
}
