//! Codes of contrast: a spike where a signal has changed by a threshold.
//!
//! | code | fires at sample `x[t]` when | reference |
//! |---|---|---|
//! | [`Delta`] | `x[t] - x[t-1] ≥ θ`; negative at `≤ -θ` if asked for | snnTorch `spikegen.delta` |
//! | [`StepForward`] | `x[t] > b + θ` or `< b - θ`; the base `b` then follows by `θ` | Kasabov et al. 2016; Petro et al. 2020 |
//! | [`MovingWindow`] | the same around the mean of the samples before | Petro et al. 2020 |
//!
//! Each gives at most one of three symbols a sample, at most 1.6 bits. [`Contrast`] decodes all
//! three: it starts at a value and moves by `θ` a spike. What comes back of a step-forward train is
//! within `θ` of a signal that moves by at most `θ` a sample. Delta and moving window say that the
//! signal moved, not how far: their reconstruction is exact only for steps of `θ`, and drifts by
//! the difference otherwise.

use super::sample::{Real, SampleCode, SampleError, SignalError, check, pairwise, same_length};

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
        let Some(start) = signal.get(..self.window) else {
            return Err(SignalError::TooShort {
                needed: u32::try_from(self.window).unwrap_or(u32::MAX),
                found: u32::try_from(signal.len()).unwrap_or(u32::MAX),
            });
        };
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

/// The decoder of all three codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast<F> {
    value: F,
    threshold: F,
}

impl<F: Real> Contrast<F> {
    /// Starts at `start`: the signal's first sample for step-forward and moving window, zero for
    /// delta (or the first sample where that was repeated).
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
