//! What a computation really did, counted where it was done, and what that costs by a table that
//! the caller states.

use core::ops::{Add, AddAssign};

/// Operations done. Counted, not estimated: an accumulate is one addition to a sum or membrane
/// that took place, a word is 32 or 64 bits read or written as the operation documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Work {
    /// Additions without a multiplication.
    pub accumulates: u64,
    /// Multiplications, each with the addition that takes its product.
    pub multiplies: u64,
    /// Exponentials, divisions and roots.
    pub transcendentals: u64,
    /// Words read and written.
    pub words: u64,
}

impl Add for Work {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            accumulates: self.accumulates.saturating_add(other.accumulates),
            multiplies: self.multiplies.saturating_add(other.multiplies),
            transcendentals: self.transcendentals.saturating_add(other.transcendentals),
            words: self.words.saturating_add(other.words),
        }
    }
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Energy of one operation of each kind, in picojoules, for a machine the caller knows. There is
/// no default: published tables (such as M. Horowitz, ISSCC 2014) hold for one process and one
/// memory each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyTable {
    /// Of an accumulate.
    pub accumulate_pj: f32,
    /// Of a multiplication with its addition.
    pub multiply_pj: f32,
    /// Of an exponential, division or root.
    pub transcendental_pj: f32,
    /// Of a word read or written.
    pub word_pj: f32,
}

impl Work {
    /// The energy by `table`, in picojoules.
    pub fn picojoules(&self, table: &EnergyTable) -> f64 {
        let part = |count: u64, pj: f32| count as f64 * f64::from(pj);
        part(self.accumulates, table.accumulate_pj)
            + part(self.multiplies, table.multiply_pj)
            + part(self.transcendentals, table.transcendental_pj)
            + part(self.words, table.word_pj)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energy_is_counts_times_table() {
        let work = Work {
            accumulates: 10,
            multiplies: 2,
            transcendentals: 1,
            words: 4,
        };
        let table = EnergyTable {
            accumulate_pj: 0.5,
            multiply_pj: 4.0,
            transcendental_pj: 100.0,
            word_pj: 10.0,
        };
        assert_eq!((work + Work::default()).picojoules(&table), 153.0);
    }
}
