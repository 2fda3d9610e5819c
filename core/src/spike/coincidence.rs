//! How often two trains, or two sets of trains, fire together: AND and population count.

use super::train::{Polarity, SpikeTrains};
use crate::simd::spike as kernels;

/// Counts the spikes that two planes share: bits set in both. Where lengths differ the shorter
/// counts. Cost: one AND and one population count a word.
#[inline]
pub fn coincidence(a: &[u8], b: &[u8]) -> u32 {
    kernels::coincidence(a, b)
}

/// Counts, for each row of the length of `query` that lies end to end in `rows`, the spikes it
/// shares with `query`; as many as `counts` has places.
pub fn coincidences(query: &[u8], rows: &[u8], counts: &mut [u32]) {
    kernels::coincidences(query, rows, counts);
}

/// Spikes that two sets of trains share, by polarity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Coincidence {
    /// Of the same polarity.
    pub same: u32,
    /// Of opposite polarity.
    pub opposite: u32,
}

impl Coincidence {
    /// Same minus opposite: a similarity with a sign.
    pub fn balance(&self) -> i32 {
        self.same as i32 - self.opposite as i32
    }
}

/// Counts the spikes that the trains of `a` share with those of `b`, train by train and step by
/// step; the shorter set counts. `None` where their steps differ.
pub fn between(a: &SpikeTrains<'_>, b: &SpikeTrains<'_>) -> Option<Coincidence> {
    if a.config().steps() != b.config().steps() {
        return None;
    }
    let mut sum = Coincidence::default();
    let rows = a.config().row_bytes();
    let pairs = a.fire().chunks_exact(rows).zip(b.fire().chunks_exact(rows));
    for (index, (row_a, row_b)) in pairs.enumerate() {
        for (byte, (x, y)) in row_a.iter().zip(row_b).enumerate() {
            let shared = x & y;
            let differ = signs(a, index, byte) ^ signs(b, index, byte);
            sum.same += (shared & !differ).count_ones();
            sum.opposite += (shared & differ).count_ones();
        }
    }
    Some(sum)
}

/// The negative bits of byte `byte` of train `index`.
fn signs(trains: &SpikeTrains<'_>, index: usize, byte: usize) -> u8 {
    let sign = trains.sign();
    match trains.config().polarity_kind() {
        Polarity::Positive => 0,
        Polarity::PerValue => {
            let bit = sign.get(index / 8).copied().unwrap_or(0) >> (index % 8) & 1;
            0u8.wrapping_sub(bit)
        }
        Polarity::PerSpike => {
            let at = index * trains.config().row_bytes() + byte;
            sign.get(at).copied().unwrap_or(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;
    use crate::spike::{RateCode, SpikeConfig};
    use proptest::prelude::*;

    const CONFIG: SpikeConfig = SpikeConfig::new(40, 8).polarity(Polarity::PerSpike);

    #[test]
    fn agrees_with_lists_of_spikes() {
        let polarity = || prop::sample::select(std::vec![Polarity::PerValue, Polarity::PerSpike]);
        proptest!(ProptestConfig::with_cases(64), |(
            x in prop::collection::vec(any::<i8>(), 40), y in prop::collection::vec(any::<i8>(), 40),
            kind_x in polarity(), kind_y in polarity(),
        )| {
            let (mut a, mut b) = (Block::<{ CONFIG.bytes() }>::new(), Block::<{ CONFIG.bytes() }>::new());
            let mut a = SpikeTrains::format(&mut a, CONFIG.polarity(kind_x)).unwrap();
            let mut b = SpikeTrains::format(&mut b, CONFIG.polarity(kind_y)).unwrap();
            let code = RateCode::original();
            code.encode_i8(&x, &mut a).unwrap();
            code.encode_i8(&y, &mut b).unwrap();
            let mut expected = Coincidence::default();
            for i in 0..40 {
                for (step, negative) in a.train(i).unwrap().iter() {
                    match b.train(i).unwrap().at(step) {
                        Some(other) if other == negative => expected.same += 1,
                        Some(_) => expected.opposite += 1,
                        None => {}
                    }
                }
            }
            prop_assert_eq!(between(&a, &b), Some(expected));
            prop_assert_eq!(coincidence(a.fire(), b.fire()), expected.same + expected.opposite);
        });
    }
}
