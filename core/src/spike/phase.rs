//! Weighted phase code: a spike at step `t` weighs `2^-(t + 1)`, so a train is a binary fraction
//! (Kim et al., "Deep neural networks with weighted spikes", 2018).
//!
//! At 8 steps a byte `b` stands for `b / 256` and comes back as it went in: 8 bits in 8. A value
//! from 0 to `1 - 2^-T` is cut off after `T` steps: the error is below `2^-T`.

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
        trains.fits(values.len(), self.steps)?;
        let scale = (1u32 << self.steps) as f32;
        let most = (scale - 1.0) / scale;
        if let Some(index) = values.iter().position(|x| !(0.0..=most).contains(x)) {
            return Err(EncodeError::OutOfRange {
                index: index as u32,
            });
        }
        trains.replace_rows(values.len(), |index, row| {
            let value = values.get(index).copied().unwrap_or(0.0);
            // A power of two scales exactly, and the conversion cuts off.
            let bits = (value * scale) as u32;
            write(bits << (32 - self.steps), self.steps, row);
        });
        Ok(())
    }

    /// Writes the fraction that each train stands for.
    pub fn decode(&self, trains: &SpikeTrains<'_>, out: &mut [f32]) -> Result<(), OutputError> {
        super::check_output(trains, self.steps, out.len())?;
        let scale = (1u32 << self.steps) as f32;
        for (index, place) in out.iter_mut().enumerate() {
            let bits = trains.train(index).map_or(0, |train| {
                train
                    .iter()
                    .map(|(step, _)| 1u32 << (self.steps - 1 - step))
                    .sum()
            });
            *place = bits as f32 / scale;
        }
        Ok(())
    }
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
    }
}
