//! Codes of contrast: a spike where a signal has changed by a threshold.
//!
//! | code | fires at sample `x[t]` when | reference |
//! |---|---|---|
//! | [`Delta`] | `x[t] - x[t-1] ≥ θ`; negative at `≤ -θ` if asked for | snnTorch `spikegen.delta` |
//! | [`StepForward`] | `x[t] > b + θ` or `< b - θ`; the base `b` then follows by `θ` | Kasabov et al. 2016; Petro et al. 2020 |
//! | [`MovingWindow`] | the same around the mean of the samples before | Petro et al. 2020 |
//! | [`ThresholdBased`] | `x[t+1] - x[t] > θ`, negative at `< -θ`, where `θ` is the mean of all changes and some of their deviation | Petro et al. 2020; spikify, Forno et al. 2022 |
//! | [`ZeroCross`] | `x[t] > θ`, never negative | spikify, Forno et al. 2022 |
//!
//! Each gives at most one of three symbols a sample, at most 1.6 bits. [`Contrast`] decodes all of
//! them: it starts at a value and moves by `θ` a spike. What comes back of a step-forward train is
//! within `θ` of a signal that moves by at most `θ` a sample. The others say that the signal moved
//! or stood high, not how far: their reconstruction is exact only for steps of `θ`, and drifts by
//! the difference otherwise.

use super::sample::{
    Real, SampleCode, SampleError, SignalError, check, long_enough, pairwise, same_length,
};

/// Delta modulation. State: one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delta<F> {
    threshold: F,
    off: bool,
    repeat: bool,
    last: Option<F>,
}

impl<F: Real> Delta<F> {
    /// Fires at a rise of `threshold`, above zero, or more; the sample before the first is zero.
    pub fn new(threshold: F) -> Self {
        Self {
            threshold,
            off: false,
            repeat: false,
            last: None,
        }
    }

    /// Whether falls fire too, negative.
    pub fn off_spikes(mut self, off: bool) -> Self {
        self.off = off;
        self
    }

    /// Whether the sample before the first equals it, so that the first never fires ("padding").
    pub fn repeat_first(mut self, repeat: bool) -> Self {
        self.repeat = repeat;
        self
    }
}

impl<F: Real> SampleCode<F> for Delta<F> {
    fn push(&mut self, sample: F) -> Result<i8, SampleError> {
        if !sample.is_number() {
            return Err(SampleError::NotFinite);
        }
        let first = if self.repeat { sample } else { F::default() };
        let change = sample - self.last.unwrap_or(first);
        self.last = Some(sample);
        Ok(if change >= self.threshold {
            1
        } else if self.off && change <= F::default() - self.threshold {
            -1
        } else {
            0
        })
    }
}

/// Step-forward code. State: the base.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepForward<F> {
    threshold: F,
    base: Option<F>,
}

impl<F: Real> StepForward<F> {
    /// Fires at a distance of more than `threshold`, above zero, from the base, which starts at the
    /// first sample.
    pub fn new(threshold: F) -> Self {
        Self {
            threshold,
            base: None,
        }
    }

    /// Where the reconstruction stands; `None` before the first sample.
    pub fn base(&self) -> Option<F> {
        self.base
    }
}

impl<F: Real> SampleCode<F> for StepForward<F> {
    fn push(&mut self, sample: F) -> Result<i8, SampleError> {
        if !sample.is_number() {
            return Err(SampleError::NotFinite);
        }
        let base = self.base.unwrap_or(sample);
        let (next, polarity) = if sample > base + self.threshold {
            (base + self.threshold, 1)
        } else if sample < base - self.threshold {
            (base - self.threshold, -1)
        } else {
            (base, 0)
        };
        self.base = Some(next);
        Ok(polarity)
    }
}

/// Zero-crossing step-forward code, which in spite of its name keeps no base: what is left of the
/// signal above zero is compared with the threshold. State: none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZeroCross<F> {
    threshold: F,
}

impl<F: Real> ZeroCross<F> {
    /// Fires above `threshold`, which is not negative.
    pub fn new(threshold: F) -> Self {
        Self { threshold }
    }
}

impl<F: Real> SampleCode<F> for ZeroCross<F> {
    fn push(&mut self, sample: F) -> Result<i8, SampleError> {
        if !sample.is_number() {
            return Err(SampleError::NotFinite);
        }
        Ok(i8::from(sample > self.threshold))
    }
}

/// Moving-window code: needs the signal's past in memory, and its start for the first window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MovingWindow<F> {
    threshold: F,
    window: usize,
}

impl<F: Real> MovingWindow<F> {
    /// Fires at a distance of more than `threshold`, above zero, from the mean of the `window`
    /// samples before; the first `window` samples are compared with their own mean.
    pub fn new(threshold: F, window: usize) -> Self {
        Self { threshold, window }
    }

    /// Encodes a signal, one polarity a sample. Cost: O(samples × window).
    pub fn encode(&self, signal: &[F], out: &mut [i8]) -> Result<(), SignalError> {
        check(signal, out.len())?;
        if self.window == 0 {
            return Err(SignalError::BadCode);
        }
        long_enough(signal, self.window)?;
        let start = signal.get(..self.window).unwrap_or_default();
        let windows = signal.windows(self.window);
        let bases = core::iter::repeat_n(start, self.window).chain(windows);
        for ((place, &sample), window) in out.iter_mut().zip(signal).zip(bases) {
            let base = mean(window);
            *place = if sample > base + self.threshold {
                1
            } else if sample < base - self.threshold {
                -1
            } else {
                0
            };
        }
        Ok(())
    }
}

fn mean<F: Real>(window: &[F]) -> F {
    let term = |i: usize| window.get(i).copied().unwrap_or_default();
    pairwise(window.len(), &term) / F::from_f64(window.len() as f64)
}

/// Threshold-based representation: a sample fires by the change to the next one, the last by that
/// to itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdBased<F> {
    threshold: F,
}

impl<F: Real> ThresholdBased<F> {
    /// Fires at a change of more than `threshold`, and negative below `-threshold`. Where the
    /// threshold is itself negative both hold of small changes, and they fire negative.
    pub fn new(threshold: F) -> Self {
        Self { threshold }
    }

    /// With the threshold that a signal asks for: the mean of its changes, the last one counted
    /// twice, and `factor` times their standard deviation. Cost: three passes over the signal.
    pub fn fitted(signal: &[F], factor: F) -> Result<Self, SignalError> {
        check(signal, signal.len())?;
        long_enough(signal, 2)?;
        let count = F::from_f64(signal.len() as f64);
        let mean = pairwise(signal.len(), &|t| change(signal, t)) / count;
        let square = |t: usize| {
            let apart = change(signal, t) - mean;
            apart * apart
        };
        let deviation = (pairwise(signal.len(), &square) / count).root();
        Ok(Self::new(mean + factor * deviation))
    }

    /// The threshold, which the decoder needs.
    pub fn threshold(&self) -> F {
        self.threshold
    }

    /// Encodes a signal, one polarity a sample. Cost: O(samples).
    pub fn encode(&self, signal: &[F], out: &mut [i8]) -> Result<(), SignalError> {
        check(signal, out.len())?;
        long_enough(signal, 2)?;
        for (t, place) in out.iter_mut().enumerate() {
            let change = change(signal, t);
            *place = if change < F::default() - self.threshold {
                -1
            } else {
                i8::from(change > self.threshold)
            };
        }
        Ok(())
    }
}

/// What changes from sample `t` to the next, and at the last sample what changed before it.
fn change<F: Real>(signal: &[F], t: usize) -> F {
    let from = t.min(signal.len().saturating_sub(2));
    match signal.get(from..) {
        Some([a, b, ..]) => *b - *a,
        _ => F::default(),
    }
}

/// The decoder of all these codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast<F> {
    value: F,
    threshold: F,
}

impl<F: Real> Contrast<F> {
    /// Starts at `start`: the signal's first sample, but for delta zero (or the first sample where
    /// that was repeated).
    pub fn new(start: F, threshold: F) -> Self {
        Self {
            value: start,
            threshold,
        }
    }

    /// Takes the next polarity and gives the value there.
    pub fn push(&mut self, polarity: i8) -> F {
        match polarity.signum() {
            1 => self.value = self.value + self.threshold,
            -1 => self.value = self.value - self.threshold,
            _ => {}
        }
        self.value
    }

    /// Decodes a whole train of polarities.
    pub fn decode(&mut self, polarities: &[i8], out: &mut [F]) -> Result<(), SignalError> {
        same_length(polarities.len(), out.len())?;
        for (place, &polarity) in out.iter_mut().zip(polarities) {
            *place = self.push(polarity);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    fn encode<F: Real>(code: &mut impl SampleCode<F>, signal: &[F]) -> Vec<i8> {
        let mut out = vec![0; signal.len()];
        code.encode(signal, &mut out).unwrap();
        out
    }

    #[test]
    fn the_examples_of_snntorch() {
        let a = [1.0f32, 2.0, 2.9, 3.0, 3.9];
        assert_eq!(encode(&mut Delta::new(1.0), &a), [1, 1, 0, 0, 0]);
        let mut padded = Delta::new(1.0).repeat_first(true);
        assert_eq!(encode(&mut padded, &a), [0, 1, 0, 0, 0]);
        let b = [1.0f32, 2.0, 0.0, 2.0, 2.9];
        let mut off = Delta::new(1.0).off_spikes(true);
        assert_eq!(encode(&mut off, &b), [1, 1, -1, 1, 0]);
        let mut both = Delta::new(1.0).off_spikes(true).repeat_first(true);
        assert_eq!(encode(&mut both, &b), [0, 1, -1, 1, 0]);
    }

    #[test]
    fn the_examples_of_spikify() {
        let signal = [0.1f64, 0.3, 0.4, 0.2, 0.5, 0.6];
        assert_eq!(
            encode(&mut StepForward::new(0.2), &signal),
            [0, 0, 1, 0, 0, 1]
        );
        let signal = [0.1f64, 0.3, 0.2, 0.5, 0.8, 1.0];
        let mut out = [0; 6];
        MovingWindow::new(0.2, 3).encode(&signal, &mut out).unwrap();
        assert_eq!(out, [0, 0, 0, 1, 1, 1]);
        let mut decoded = [0.0; 6];
        Contrast::new(0.1, 0.2).decode(&out, &mut decoded).unwrap();
        let expected = [0.1f64, 0.1, 0.1, 0.3, 0.5, 0.7];
        assert!(
            decoded
                .iter()
                .zip(expected)
                .all(|(x, y)| (x - y).abs() < 1e-12)
        );
    }

    /// From `innuce-spikify` 1.1.0: `threshold_based_representation(signal, factor)` and
    /// `zero_cross_step_forward(signal, threshold)`, printed to the last digit.
    #[test]
    fn threshold_based_and_zero_crossing_agree_with_spikify() {
        let short = [0.1f64, 0.3, 0.4, 0.2, 0.5, 0.6];
        let long = [
            0.0, 1.0, 3.0, 2.5, -1.0, -1.5, 0.25, 0.25, 4.0, 3.0, 3.5, -2.0,
        ];
        let cases: [(&[f64], f64, f64, &[i8]); 3] = [
            (
                &short,
                0.5,
                f64::from_bits(0x3fc6_937f_51a4_dd14),
                &[1, 0, -1, 1, 0, 0],
            ),
            (
                &long,
                1.0,
                2.142933946707062,
                &[0, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, -1],
            ),
            (
                &long,
                -1.0,
                -3.392933946707062,
                &[-1, -1, -1, -1, -1, -1, -1, 1, -1, -1, -1, -1],
            ),
        ];
        for (signal, factor, threshold, expected) in cases {
            let code = ThresholdBased::fitted(signal, factor).unwrap();
            assert_eq!(code.threshold(), threshold);
            let mut out = vec![0; signal.len()];
            code.encode(signal, &mut out).unwrap();
            assert_eq!(out, expected);
        }
        let signal = [-0.2f64, 0.1, 0.5, 0.0, 1.2, 0.3];
        assert_eq!(
            encode(&mut ZeroCross::new(0.4), &signal),
            [0, 0, 1, 0, 1, 0]
        );
        assert_eq!(
            encode(&mut ZeroCross::new(0.25), &long),
            [0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0]
        );
    }

    #[test]
    fn a_threshold_follows_from_the_changes() {
        proptest!(|(signal in prop::collection::vec(-9.0f64..9.0, 2..200), factor in -2.0f64..2.0)| {
            let mut changes: Vec<f64> = signal.windows(2).map(|w| w[1] - w[0]).collect();
            changes.push(changes[changes.len() - 1]);
            let count = changes.len() as f64;
            let mean = changes.iter().sum::<f64>() / count;
            let square: f64 = changes.iter().map(|d| (d - mean).powi(2)).sum();
            let expected = mean + factor * (square / count).sqrt();
            let code = ThresholdBased::fitted(&signal, factor).unwrap();
            prop_assert!((code.threshold() - expected).abs() < 1e-9);
            let mut out = vec![0; signal.len()];
            code.encode(&signal, &mut out).unwrap();
            for (change, spike) in changes.iter().zip(out) {
                prop_assert_eq!(spike == -1, *change < -code.threshold());
                prop_assert_eq!(spike == 1, spike != -1 && *change > code.threshold());
            }
        });
        assert_eq!(
            ThresholdBased::fitted(&[1.0f32], 0.5),
            Err(SignalError::TooShort {
                needed: 2,
                found: 1
            })
        );
    }

    #[test]
    fn step_forward_stays_within_a_threshold_of_slow_signals() {
        proptest!(|(steps in prop::collection::vec(-0.5f64..=0.5, 1..200), start in -9.0f64..9.0)| {
            let mut signal = vec![start];
            for step in steps {
                signal.push(signal[signal.len() - 1] + step);
            }
            let spikes = encode(&mut StepForward::new(0.5), &signal);
            let mut decoded = vec![0.0; signal.len()];
            Contrast::new(signal[0], 0.5).decode(&spikes, &mut decoded).unwrap();
            for (x, y) in signal.iter().zip(&decoded) {
                prop_assert!((x - y).abs() <= 0.5 + 1e-9);
            }
        });
    }

    #[test]
    fn delta_returns_steps_of_the_threshold_exactly() {
        proptest!(|(steps in prop::collection::vec(-1i8..=1, 1..200))| {
            let mut at = 0.0f32;
            let signal: Vec<f32> = steps.iter().map(|&s| { at += 0.25 * f32::from(s); at }).collect();
            let spikes = encode(&mut Delta::new(0.25).off_spikes(true), &signal);
            prop_assert_eq!(&spikes, &steps);
            let mut decoded = vec![0.0; signal.len()];
            Contrast::new(0.0, 0.25).decode(&spikes, &mut decoded).unwrap();
            prop_assert_eq!(decoded, signal);
        });
    }

    #[test]
    fn a_bad_sample_changes_nothing() {
        let mut code = StepForward::new(0.5f32);
        code.push(1.0).unwrap();
        let before = code;
        assert_eq!(code.push(f32::NAN), Err(SampleError::NotFinite));
        assert_eq!(code, before);
        let mut out = [7i8; 2];
        assert_eq!(
            Delta::new(1.0f32).encode(&[0.0, f32::INFINITY], &mut out),
            Err(SignalError::NotFinite { index: 1 })
        );
        assert_eq!(
            MovingWindow::new(1.0f32, 3).encode(&[0.0, 1.0], &mut out),
            Err(SignalError::TooShort {
                needed: 3,
                found: 2
            })
        );
        assert_eq!(
            MovingWindow::new(1.0f32, 0).encode(&[0.0, 1.0], &mut out),
            Err(SignalError::BadCode)
        );
        assert_eq!(out, [7; 2]);
    }
}
