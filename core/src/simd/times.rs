//! Latencies of values, many at a time: curves whose logarithm is worked out in every lane.
//!
//! [`ln`] does what `libm::logf` does, operation by operation, for the numbers that a latency can
//! ask for, but without its branches, so that the compiler makes vectors of it at every level.
//! All are single f32 operations in a fixed order: every level returns the same bits.

use super::spike::{Line, nearest};
use super::{Kernels, Task, dispatch};

/// The natural logarithm of a normal positive finite number, to the bit that of `libm::logf`
/// (FreeBSD's `e_logf.c`).
#[inline(always)]
fn ln(x: f32) -> f32 {
    const LN2_HIGH: f32 = f32::from_bits(0x3f31_7180);
    const LN2_LOW: f32 = f32::from_bits(0x3717_f7d1);
    // 0.66666662693, 0.40000972152, 0.28498786688 and 0.24279078841.
    const G: [f32; 4] = [
        f32::from_bits(0x3f2a_aaaa),
        f32::from_bits(0x3ecc_ce13),
        f32::from_bits(0x3e91_e9ee),
        f32::from_bits(0x3e78_9e26),
    ];
    const ROOT_HALF: u32 = 0x3f35_04f3;
    let bits = x.to_bits().wrapping_add(0x3f80_0000 - ROOT_HALF);
    let exponent = (bits >> 23) as i32 - 0x7f;
    let f = f32::from_bits((bits & 0x007f_ffff) + ROOT_HALF) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let odd = w * (G[1] + w * G[3]);
    let even = z * (G[0] + w * G[2]);
    let rest = even + odd;
    let half = 0.5 * f * f;
    let k = exponent as f32;
    s * (half + rest) + k * LN2_LOW - half + f + k * LN2_HIGH
}

/// A curve that falls from the largest value to the smallest.
pub(crate) trait Curve: Copy {
    /// The time of `x`, of 0 to 1, before rounding.
    fn time(&self, x: f32) -> f32;
}

impl Curve for Line {
    #[inline(always)]
    fn time(&self, x: f32) -> f32 {
        Line::time(self, x)
    }
}

/// As a leaky neuron charges: `scale(tau·ln(y / (y - threshold)))` with `y = max(x, floor)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Charge {
    pub threshold: f32,
    /// Above the threshold, so that the quotient is finite.
    pub floor: f32,
    pub tau: f32,
    pub first: f32,
    /// The span to fit times into, and the time of the least value, that becomes its end.
    pub fit: Option<(f32, f32)>,
}

impl Charge {
    /// The time before it is fitted.
    #[inline(always)]
    pub fn charge(&self, x: f32) -> f32 {
        let y = if x > self.floor { x } else { self.floor };
        self.tau * ln(y / (y - self.threshold)) + self.first
    }
}

impl Curve for Charge {
    #[inline(always)]
    fn time(&self, x: f32) -> f32 {
        let time = self.charge(x);
        match self.fit {
            Some((span, latest)) => (time - self.first) * span / latest + self.first,
            None => time,
        }
    }
}

/// Spread over the steps by the logarithm: `last - ln(alpha·x + 1)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub last: f32,
    /// Finite.
    pub alpha: f32,
}

impl Curve for Spread {
    #[inline(always)]
    fn time(&self, x: f32) -> f32 {
        self.last - ln(self.alpha * x + 1.0)
    }
}

/// What is written for a step.
trait Form: Copy {
    type Out;
    fn of(step: u32) -> Self::Out;
}

#[derive(Clone, Copy)]
struct Bit;
impl Form for Bit {
    type Out = u8;
    #[inline(always)]
    fn of(step: u32) -> u8 {
        1u32.wrapping_shl(step) as u8
    }
}

#[derive(Clone, Copy)]
struct Number;
impl Form for Number {
    type Out = u32;
    #[inline(always)]
    fn of(step: u32) -> u32 {
        step
    }
}

struct Times<'a, C, F: Form> {
    curve: C,
    values: &'a [f32],
    out: &'a mut [F::Out],
}

impl<C: Curve, F: Form> Task for Times<'_, C, F> {
    type Output = ();
    #[inline(always)]
    fn run<K: Kernels>(self, _: K) {
        for (place, &x) in self.out.iter_mut().zip(self.values) {
            *place = F::of(nearest(self.curve.time(x)));
        }
    }
}

/// Fires at the step of each value, a train a byte; no step is above 7. `fire` is as long as
/// `values`.
#[inline]
pub(crate) fn fire<C: Curve>(curve: C, values: &[f32], fire: &mut [u8]) {
    dispatch(Times::<C, Bit> {
        curve,
        values,
        out: fire,
    });
}

/// The step of each value; `steps` is as long as `values`.
#[inline]
pub(crate) fn steps<C: Curve>(curve: C, values: &[f32], steps: &mut [u32]) {
    dispatch(Times::<C, Number> {
        curve,
        values,
        out: steps,
    });
}

struct InUnitRange<'a>(&'a [f32]);

impl Task for InUnitRange<'_> {
    type Output = bool;
    #[inline(always)]
    fn run<K: Kernels>(self, _: K) -> bool {
        let mut all = true;
        for &x in self.0 {
            // Without an early exit, so that many are compared at a time.
            all &= (0.0..=1.0).contains(&x);
        }
        all
    }
}

/// Whether every value lies in 0 to 1; not a number lies nowhere.
#[inline]
pub(crate) fn in_unit_range(values: &[f32]) -> bool {
    dispatch(InUnitRange(values))
}

struct Least<'a>(&'a [f32]);

impl Task for Least<'_> {
    type Output = f32;
    #[inline(always)]
    fn run<K: Kernels>(self, _: K) -> f32 {
        const LANES: usize = 32;
        let (groups, rest) = self.0.as_chunks::<LANES>();
        let mut lanes = [f32::INFINITY; LANES];
        for group in groups {
            for (lane, &x) in lanes.iter_mut().zip(group) {
                *lane = if x < *lane { x } else { *lane };
            }
        }
        let all = lanes.iter().chain(rest);
        all.fold(f32::INFINITY, |a, &b| if b < a { b } else { a })
    }
}

/// The least of `values`, none of them not a number; infinity of none.
#[inline]
pub(crate) fn least(values: &[f32]) -> f32 {
    dispatch(Least(values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Level, force};
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn the_logarithm_is_that_of_libm() {
        // Every 4,001st of the normal positive numbers, and those beside one.
        let strided = (0x0080_0000..0x7f80_0000u32).step_by(4_001);
        for bits in strided.chain(0x3f7f_f000..0x3f80_1000) {
            let x = f32::from_bits(bits);
            assert_eq!(ln(x).to_bits(), libm::logf(x).to_bits(), "{x}");
        }
    }

    #[test]
    fn every_level_finds_the_same_steps() {
        let values: Vec<f32> = (0..=1_000).map(|i| i as f32 / 1_000.0).collect();
        let charge = Charge {
            threshold: 0.01,
            floor: 0.010_000_1,
            tau: 1.0,
            first: 1.0,
            fit: Some((6.0, 11.5)),
        };
        let spread = Spread {
            last: 7.0,
            alpha: 1_095.6,
        };
        for level in Level::ALL {
            if force(Some(level)).is_err() {
                continue;
            }
            for n in [0, 1, 15, 16, 17, 1_001] {
                let values = &values[1_001 - n..];
                let expected = values.iter().copied().reduce(f32::min);
                assert_eq!(least(values), expected.unwrap_or(f32::INFINITY));
                let (mut bits, mut numbers) = (vec![0; n], vec![0; n]);
                fire(spread, values, &mut bits);
                steps(charge, values, &mut numbers);
                for ((&x, bit), &step) in values.iter().zip(&bits).zip(&numbers) {
                    let time = 7.0 - libm::logf(1_095.6 * x + 1.0);
                    assert_eq!(*bit, 1 << libm::rintf(time) as u32);
                    let y = x.max(0.010_000_1);
                    let time = libm::logf(y / (y - 0.01)) + 1.0;
                    let time = (time - 1.0) * 6.0 / 11.5 + 1.0;
                    assert_eq!(step, libm::rintf(time) as u32);
                }
            }
        }
        force(None).ok();
    }
}
