//! What the codes of signals have in common: samples in, polarities out, one at a time.

use crate::error::errors;
use core::ops::{Add, Div, Mul, Sub};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// The numbers that signals are made of: `f32` or `f64`.
///
/// The codes compare sums with thresholds, so both give their own trains at a tie that one of
/// them rounds away.
pub trait Real:
    sealed::Sealed
    + Copy
    + PartialOrd
    + Default
    + core::fmt::Debug
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// The nearest of this type.
    fn from_f64(x: f64) -> Self;
    /// The same number.
    fn to_f64(self) -> f64;
    /// Magnitude.
    fn magnitude(self) -> Self;
    /// Square root, correctly rounded.
    fn root(self) -> Self;
    /// Whether it is a number and not infinite.
    fn is_number(self) -> bool;
    /// The first of `values` as f32, at least one unless there are none; `room`, which is not
    /// empty, is for those that need converting.
    fn narrow<'n>(values: &'n [Self], room: &'n mut [f32]) -> &'n [f32];
}

macro_rules! real {
    ($($t:ty, $root:path, $narrow:expr;)+) => {$(
        impl Real for $t {
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            fn magnitude(self) -> Self {
                self.abs()
            }
            fn root(self) -> Self {
                $root(self)
            }
            fn is_number(self) -> bool {
                self.is_finite()
            }
            fn narrow<'n>(values: &'n [Self], room: &'n mut [f32]) -> &'n [f32] {
                $narrow(values, room)
            }
        }
    )+};
}
real! {
    f32, libm::sqrtf, |values, _| values;
    f64, libm::sqrt, round_each;
}

fn round_each<'n>(values: &[f64], room: &'n mut [f32]) -> &'n [f32] {
    for (place, &x) in room.iter_mut().zip(values) {
        *place = x as f32;
    }
    let some = values.len().min(room.len());
    room.get(..some).unwrap_or_default()
}

errors! {
    /// Why a sample was not taken; the code's state is unchanged.
    pub enum SampleError: 0x0430 {
        /// The sample is infinite or not a number.
        NotFinite = 1 => "the sample is infinite or not a number; drop it or repeat the last one",
    }
}

errors! {
    /// Why a signal was not encoded or decoded; the output is unchanged.
    pub enum SignalError: 0x0440 {
        /// The output has another length than the signal.
        WrongLength { expected: u32, found: u32 } = 1
            => "the output has {found} places, the signal {expected} samples",
        /// A sample is infinite or not a number.
        NotFinite { index: u32 } = 2 => "sample {index} is infinite or not a number",
        /// A parameter of the code is outside its documented range.
        BadCode = 3 => "a parameter of the code is outside its documented range",
        /// The signal is shorter than the code's window.
        TooShort { needed: u32, found: u32 } = 4
            => "the signal has {found} samples, the code's window needs {needed}",
        /// The scratch memory is too small.
        NoRoom { needed: u32, found: u32 } = 5
            => "the scratch memory has {found} places, the code needs {needed}",
        /// A parameter that the code cannot do without was not given.
        Missing { parameter: &'static str } = 6 => "this code needs its parameter {parameter}",
        /// The code is one of values.
        TakesValues = 7 => "the code is one of values, not of signals",
    }
}

/// A code that takes one sample of a signal at a time and answers with a polarity: 1 for a spike,
/// -1 for a negative one, 0 for none. State: O(1).
pub trait SampleCode<F: Real> {
    /// Takes the next sample.
    fn push(&mut self, sample: F) -> Result<i8, SampleError>;

    /// Encodes a whole signal, one polarity a sample.
    fn encode(&mut self, signal: &[F], out: &mut [i8]) -> Result<(), SignalError> {
        check(signal, out.len())?;
        for (place, &sample) in out.iter_mut().zip(signal) {
            *place = self.push(sample).unwrap_or(0);
        }
        Ok(())
    }
}

/// Checks that a signal is finite and has as many places in the output.
pub(super) fn check<F: Real>(signal: &[F], places: usize) -> Result<(), SignalError> {
    same_length(signal.len(), places)?;
    match signal.iter().position(|x| !x.is_number()) {
        Some(index) => Err(SignalError::NotFinite {
            index: u32::try_from(index).unwrap_or(u32::MAX),
        }),
        None => Ok(()),
    }
}

/// Checks that a signal is as long as a code's window.
pub(super) fn long_enough<F>(signal: &[F], window: usize) -> Result<(), SignalError> {
    if signal.len() >= window {
        return Ok(());
    }
    Err(SignalError::TooShort {
        needed: u32::try_from(window).unwrap_or(u32::MAX),
        found: u32::try_from(signal.len()).unwrap_or(u32::MAX),
    })
}

pub(super) fn same_length(expected: usize, found: usize) -> Result<(), SignalError> {
    if expected == found {
        return Ok(());
    }
    Err(SignalError::WrongLength {
        expected: u32::try_from(expected).unwrap_or(u32::MAX),
        found: u32::try_from(found).unwrap_or(u32::MAX),
    })
}

/// Sums `n` terms in the order of NumPy's pairwise summation: eight partial sums, halves above
/// 128 terms. One fixed order that vectorises, and that reference sets made with NumPy share.
pub(super) fn pairwise<F: Real>(n: usize, term: &impl Fn(usize) -> F) -> F {
    sum_range(0, n, term)
}

fn sum_range<F: Real>(from: usize, n: usize, term: &impl Fn(usize) -> F) -> F {
    if n < 8 {
        return (from..from + n).fold(F::default(), |sum, i| sum + term(i));
    }
    if n > 128 {
        let half = n / 2 - n / 2 % 8;
        return sum_range(from, half, term) + sum_range(from + half, n - half, term);
    }
    let mut lanes = [F::default(); 8];
    for (i, lane) in lanes.iter_mut().enumerate() {
        *lane = term(from + i);
    }
    let whole = n - n % 8;
    for start in (8..whole).step_by(8) {
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane = *lane + term(from + start + i);
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    let sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    (from + whole..from + n).fold(sum, |sum, i| sum + term(i))
}
