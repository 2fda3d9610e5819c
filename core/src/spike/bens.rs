//! Ben's spiker algorithm (Schrauwen, van Campenhout, "BSA, a fast and accurate spike train
//! encoding scheme", 2003): spikes that give the signal back when a filter runs over them.
//!
//! At sample `t` the next samples are compared with the filter `h` of `w` taps: it fires when
//! `Σ |x[t+k] - h[k]| ≤ Σ |x[t+k]| - θ`, and the filter is then taken out of the signal. Signals
//! are not negative; [`prepare`] shifts one and scales the filter to its height. One bit a
//! sample; the last `w - 1` samples never fire. How well a signal comes back depends on filter and
//! threshold: with `θ` nine tenths of the filter's sum, a sine of 40 samples a turn through 21 taps
//! at cut-off 0.08 comes back within 3 % of its range (root mean square), as tested here; a `θ` of
//! less than half the sum fires too early and loses the signal.

use super::sample::{Real, SampleError, SignalError, check, long_enough, pairwise, same_length};
use crate::slices;

/// The encoder, one sample at a time: the answer for a sample comes `w - 1` samples later.
/// State: as many samples as the filter has taps, in the caller's memory.
#[derive(Debug)]
pub struct BensSpiker<'a, F> {
    filter: &'a [F],
    ahead: &'a mut [F],
    filled: usize,
    threshold: F,
}

impl<'a, F: Real> BensSpiker<'a, F> {
    /// For a filter of at least one tap and as many places in `ahead`, which it overwrites.
    pub fn new(filter: &'a [F], ahead: &'a mut [F], threshold: F) -> Result<Self, SignalError> {
        same_length(filter.len(), ahead.len())?;
        if filter.is_empty() || !threshold.is_number() || !filter.iter().all(|x| x.is_number()) {
            return Err(SignalError::BadCode);
        }
        Ok(Self {
            filter,
            ahead,
            filled: 0,
            threshold,
        })
    }

    /// Takes the next sample; once `w` are there, says whether the one `w - 1` before fires.
    /// Cost: O(w).
    pub fn push(&mut self, sample: F) -> Result<Option<bool>, SampleError> {
        if !sample.is_number() {
            return Err(SampleError::NotFinite);
        }
        let taps = self.filter.len();
        if self.filled == taps {
            slices::down(self.ahead, 1);
            self.filled -= 1;
        }
        if let Some(place) = self.ahead.get_mut(self.filled) {
            *place = sample;
        }
        self.filled += 1;
        if self.filled < taps {
            return Ok(None);
        }
        let at = |s: &[F], i: usize| s.get(i).copied().unwrap_or_default();
        let (filter, ahead) = (self.filter, &*self.ahead);
        let with = pairwise(taps, &|i| (at(ahead, i) - at(filter, i)).magnitude());
        let without = pairwise(taps, &|i| at(ahead, i).magnitude());
        let fires = with <= without - self.threshold;
        if fires {
            for (x, &h) in self.ahead.iter_mut().zip(filter) {
                *x = *x - h;
            }
        }
        Ok(Some(fires))
    }

    /// Encodes a whole signal from a fresh start, one polarity (0 or 1) a sample.
    pub fn encode(&mut self, signal: &[F], out: &mut [i8]) -> Result<(), SignalError> {
        check(signal, out.len())?;
        self.encode_each(signal.iter().copied(), out)
    }

    /// Encodes as many finite samples as there are places in `out`.
    pub(super) fn encode_each(
        &mut self,
        signal: impl Iterator<Item = F>,
        out: &mut [i8],
    ) -> Result<(), SignalError> {
        long_enough(out, self.filter.len())?;
        self.filled = 0;
        out.fill(0);
        let mut next = out.iter_mut();
        for sample in signal {
            if let Ok(Some(fires)) = self.push(sample)
                && let Some(place) = next.next()
            {
                *place = i8::from(fires);
            }
        }
        Ok(())
    }
}

/// The decoder, one polarity at a time: the filter's response to the train, plus what the signal
/// was shifted by. State: as many sums as the filter has taps, in the caller's memory.
#[derive(Debug)]
pub struct BensDecoder<'a, F> {
    filter: &'a [F],
    sums: &'a mut [F],
    shift: F,
}

impl<'a, F: Real> BensDecoder<'a, F> {
    /// For the encoder's filter, as many places in `sums`, which it overwrites, and the shift that
    /// [`prepare`] gave.
    pub fn new(filter: &'a [F], sums: &'a mut [F], shift: F) -> Result<Self, SignalError> {
        same_length(filter.len(), sums.len())?;
        if filter.is_empty() || !shift.is_number() {
            return Err(SignalError::BadCode);
        }
        sums.fill(F::default());
        Ok(Self {
            filter,
            sums,
            shift,
        })
    }

    /// Takes the next polarity and gives the value there. Cost: O(w).
    pub fn push(&mut self, polarity: i8) -> F {
        if polarity > 0 {
            for (sum, &h) in self.sums.iter_mut().zip(self.filter) {
                *sum = *sum + h;
            }
        }
        let value = self.sums.first().copied().unwrap_or_default() + self.shift;
        slices::down(self.sums, 1);
        if let Some(last) = self.sums.last_mut() {
            *last = F::default();
        }
        value
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

/// Shifts `signal` so that nothing is negative and scales `filter` as [`fit`] does to its height;
/// returns the shift, which is zero or negative.
pub fn prepare<F: Real>(signal: &mut [F], filter: &mut [F]) -> Result<F, SignalError> {
    check(signal, signal.len())?;
    let (shift, height) = span(signal);
    for x in signal.iter_mut() {
        *x = *x - shift;
    }
    fit(filter, height);
    Ok(shift)
}

/// What a signal is to be shifted by, which is zero or negative, and its height then.
pub(super) fn span<F: Real>(signal: &[F]) -> (F, F) {
    let least = |a: F, &b: &F| if b < a { b } else { a };
    let shift = signal.iter().fold(F::default(), least);
    let most = |a: F, &b: &F| if b - shift > a { b - shift } else { a };
    (shift, signal.iter().fold(F::default(), most))
}

/// Scales `filter` so that its taps sum to twice the height of a signal where that is above one.
pub fn fit<F: Real>(filter: &mut [F], height: F) {
    if height > F::from_f64(1.0) {
        let taps = &*filter;
        let sum = pairwise(taps.len(), &|i| taps.get(i).copied().unwrap_or_default());
        let scale = F::from_f64(2.0) * height / sum;
        for h in filter.iter_mut() {
            *h = *h * scale;
        }
    }
}

/// Fills `filter` with a low-pass of unit gain: a sinc of the given cut-off (a fraction of half
/// the sample rate, above 0 and below 1) under a Hann window, as SciPy's `firwin` designs it.
pub fn low_pass<F: Real>(filter: &mut [F], cutoff: f64) -> Result<(), SignalError> {
    let inside = cutoff > 0.0 && cutoff < 1.0;
    if filter.is_empty() || !inside {
        return Err(SignalError::BadCode);
    }
    let taps = filter.len();
    let tap = |i: usize| {
        let from_centre = i as f64 - (taps - 1) as f64 / 2.0;
        let window = match taps {
            1 => 1.0,
            _ => {
                let turn = core::f64::consts::TAU * i as f64 / (taps - 1) as f64;
                0.5 - 0.5 * libm::cos(turn)
            }
        };
        let phase = core::f64::consts::PI * cutoff * from_centre;
        let sinc = if phase == 0.0 {
            1.0
        } else {
            libm::sin(phase) / phase
        };
        cutoff * sinc * window
    };
    let sum: f64 = pairwise(taps, &tap);
    for (i, place) in filter.iter_mut().enumerate() {
        *place = F::from_f64(tap(i) / sum);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn the_example_of_spikify() {
        let mut signal = [0.1f64, 0.2, 0.8, 0.95, 0.5, 0.3, 0.1];
        let mut filter = [0.0; 3];
        low_pass(&mut filter, 0.1).unwrap();
        assert_eq!(prepare(&mut signal, &mut filter).unwrap(), 0.0);
        let mut ahead = [0.0; 3];
        let mut out = [0; 7];
        BensSpiker::new(&filter, &mut ahead, 0.1)
            .unwrap()
            .encode(&signal, &mut out)
            .unwrap();
        assert_eq!(out, [0, 1, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn agrees_with_the_definition_on_the_whole_signal() {
        let signal: Vec<f64> = (0..300)
            .map(|i| 2.0 + libm::sin(f64::from(i) * 0.1) + 0.3 * libm::cos(f64::from(i) * 0.37))
            .collect();
        for taps in [1usize, 2, 7, 8, 21, 130] {
            let mut filter = vec![0.0; taps];
            low_pass(&mut filter, 0.1).unwrap();
            if taps == 2 {
                // A Hann window of two taps is nothing at all.
                filter.fill(0.5);
            }
            let mut rest = signal.clone();
            prepare(&mut rest, &mut filter).unwrap();
            let prepared = rest.clone();
            let mut expected = vec![0i8; signal.len()];
            for t in 0..=signal.len() - taps {
                let with: f64 = (0..taps).map(|k| (rest[t + k] - filter[k]).abs()).sum();
                let without: f64 = (0..taps).map(|k| rest[t + k].abs()).sum();
                if with <= without - 0.95 {
                    expected[t] = 1;
                    for k in 0..taps {
                        rest[t + k] -= filter[k];
                    }
                }
            }
            let mut ahead = vec![0.0; taps];
            let mut out = vec![0; signal.len()];
            let mut code = BensSpiker::new(&filter, &mut ahead, 0.95).unwrap();
            code.encode(&prepared, &mut out).unwrap();
            assert_eq!(out, expected, "{taps}");
        }
    }

    #[test]
    fn the_declared_error_holds() {
        let signal: Vec<f64> = (0..400)
            .map(|i| 5.0 * libm::sin(f64::from(i) * core::f64::consts::TAU / 40.0))
            .collect();
        let mut filter = [0.0; 21];
        low_pass(&mut filter, 0.08).unwrap();
        let mut shifted = signal.clone();
        let shift = prepare(&mut shifted, &mut filter).unwrap();
        let mut spikes = vec![0; 400];
        let mut ahead = [0.0; 21];
        let threshold = 0.9 * filter.iter().sum::<f64>();
        BensSpiker::new(&filter, &mut ahead, threshold)
            .unwrap()
            .encode(&shifted, &mut spikes)
            .unwrap();
        let mut decoded = vec![0.0; 400];
        let mut sums = [0.0; 21];
        BensDecoder::new(&filter, &mut sums, shift)
            .unwrap()
            .decode(&spikes, &mut decoded)
            .unwrap();
        let square: f64 = (40..360).map(|i| (signal[i] - decoded[i]).powi(2)).sum();
        let rms = (square / 320.0).sqrt();
        assert!(rms < 0.3, "{rms} of a range of 10");
    }

    #[test]
    fn the_filter_has_unit_gain_and_is_symmetric() {
        let mut filter = [0.0f64; 31];
        low_pass(&mut filter, 0.2).unwrap();
        assert!((filter.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((0..31).all(|i| (filter[i] - filter[30 - i]).abs() < 1e-15));
        assert_eq!(low_pass(&mut filter, 1.0), Err(SignalError::BadCode));
        assert_eq!(low_pass::<f64>(&mut [], 0.1), Err(SignalError::BadCode));
    }
}
