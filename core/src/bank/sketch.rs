//! A sketch of a vector: 127 bits that tell which of two components is the larger, for 127 pairs.
//!
//! Two vectors whose components rank alike have sketches that differ in few bits, whatever their
//! lengths and whatever all components have in common. So a sketch finds the part of the space that a
//! query lies in from sixteen bytes a vector. It is a random projection to the signs of differences,
//! as in Charikar's similarity estimation (2002); pairs instead of random directions need no products.

use super::config::Element;
use super::quantise::Query;
use super::view::View;

/// The bits of a sketch; the last is always one, so that zero is none.
pub(super) type Sketch = [u64; 2];

/// Bits that tell something.
pub(super) const BITS: u64 = 127;

/// No sketch.
pub(super) const NONE: Sketch = [0; 2];

/// Steps between the components of one pair and the next, as parts of all components in units of
/// 2^-32: the plane's sequence of Roberts (2018), which spreads any number of points evenly.
const STEPS: [u32; 2] = [0xc13f_a9a9, 0x91e1_0da5];

/// The sketch of a vector of `dimensions` components, where `bit` compares two of them.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn sketch(dimensions: u32, bit: impl Fn(usize, usize) -> bool) -> Sketch {
    let mut sketch = NONE;
    let mut at = [0u32; 2];
    for word in &mut sketch {
        for place in 0..64 {
            for (at, step) in at.iter_mut().zip(STEPS) {
                *at = at.wrapping_add(step);
            }
            let [a, b] = at.map(|at| ((u64::from(at) * u64::from(dimensions)) >> 32) as usize);
            *word |= u64::from(bit(a, b)) << place;
        }
    }
    sketch[1] |= 1 << 63;
    sketch
}

/// The sketch of numbers.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn of_numbers<T: PartialOrd>(dimensions: u32, row: &[T]) -> Sketch {
    sketch(
        dimensions,
        #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
        |a, b| matches!((row.get(a), row.get(b)), (Some(a), Some(b)) if a >= b),
    )
}

/// The sketch of bits: one of each pair.
fn of_bits(dimensions: u32, row: &[u8]) -> Sketch {
    sketch(dimensions, |at, _| {
        row.get(at / 8)
            .is_some_and(|byte| byte >> (at % 8) & 1 == 1)
    })
}

impl View<'_> {
    /// The sketch of a slot's vector.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn sketch(&self, slot: u32) -> Sketch {
        let dimensions = self.config.dimensions;
        match self.config.element {
            Element::I8 | Element::I8F32 => of_numbers(dimensions, self.row(slot)),
            Element::F32 => of_numbers(dimensions, self.float_row(slot)),
            Element::Bits => of_bits(dimensions, self.row(slot)),
        }
    }

    /// The sketch of a query: of codes about as coarse as those of rows, so that what is equal in all
    /// rows after rounding is equal in the query.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn sketch_of(&self, query: &Query<'_>) -> Sketch {
        let dimensions = self.config.dimensions;
        let (low, high) = (query.codes.low, query.codes.high);
        match self.config.element {
            Element::I8 | Element::I8F32 if high.is_empty() => of_numbers(dimensions, low),
            Element::I8 | Element::I8F32 => of_numbers(dimensions, high),
            Element::F32 => of_numbers(dimensions, query.floats),
            Element::Bits => of_bits(dimensions, bytemuck::cast_slice(low)),
        }
    }
}

/// In how many bits two sketches differ.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn difference(a: &Sketch, b: &Sketch) -> u32 {
    (a[0] ^ b[0]).count_ones() + (a[1] ^ b[1]).count_ones()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::tests::Random;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn neither_length_nor_a_common_part_changes_a_sketch(
            row in proptest::collection::vec(-1000i16..1000, 1..400),
            times in 1i16..8,
            plus in -1000i16..1000,
        ) {
            let n = row.len() as u32;
            let (times, plus) = (f32::from(times), f32::from(plus));
            let moved: Vec<f32> = row.iter().map(|&x| f32::from(x) * times + plus).collect();
            prop_assert_eq!(of_numbers(n, &row), of_numbers(n, &moved));
            prop_assert_ne!(of_numbers(n, &row), NONE);
        }
    }

    #[test]
    fn near_vectors_have_near_sketches() {
        let mut random = Random(3);
        for dimensions in [16, 64, 384] {
            let (mut near, mut far) = (0, 0);
            for _ in 0..50 {
                let row = random.vector(dimensions);
                let noise = random.vector(dimensions);
                let close: Vec<f32> = row.iter().zip(&noise).map(|(x, y)| x + 0.2 * y).collect();
                let n = dimensions as u32;
                near += difference(&of_numbers(n, &row), &of_numbers(n, &close));
                far += difference(&of_numbers(n, &row), &of_numbers(n, &noise));
            }
            assert!(
                near * 4 < far,
                "{dimensions}: {near} and {far} of 6350 bits"
            );
            assert!(far > 2400, "{dimensions}: {far} of 6350 bits");
        }
    }

    #[test]
    fn bits_are_their_own_sketch() {
        let row = [0b1010_0110u8, 0b0000_1111];
        let sketch = of_bits(16, &row);
        let flipped = of_bits(16, &row.map(|byte| !byte));
        assert_eq!(difference(&sketch, &flipped), 127);
    }
}
