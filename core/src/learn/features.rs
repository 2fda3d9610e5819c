//! One-pass features of a window of samples, in fixed memory.
//!
//! [`Features`] takes one sample (one value a channel) at a time and keeps no samples. At the end
//! of a window it yields [`PER_CHANNEL`] features for each channel, channel after channel:
//!
//! | index | feature | definition, `n` samples `x` of one channel, `m` the mean of those so far |
//! |---|---|---|
//! | 0 | mean | by Welford's recurrence |
//! | 1 | deviation | population standard deviation, by Welford's recurrence |
//! | 2 | mean absolute difference | `Σ abs(x[i] - x[i-1]) / (n - 1)` |
//! | 3 | crossings | changes of the side of `m` on which `x` lies, `/ (n - 1)` |
//! | 4 | range | largest minus smallest |
//! | 5–8 | bands | root mean square amplitude in four octaves, low to high |
//!
//! A band is a damped Goertzel resonator (G. Goertzel, "An algorithm for the evaluation of finite
//! trigonometric series", 1958): `s[i] = g·(x[i] - m) + 2r·cos ω·s[i-1] - r²·s[i-2]` with power
//! `s[i]² + r²·s[i-1]² - 2r·cos ω·s[i]·s[i-1]`, averaged over the window. The damping `r` makes
//! it an octave wide where the undamped form would see one bin of the spectrum, `g = 1 - r`
//! brings its gain near one.
//!
//! All arithmetic is f32 in one order without fused multiply-add; cosines and roots come from
//! `libm`. The same samples give the same bits on every host.

use crate::block::structure::{Config, structure};
use crate::block::{CONFIG_WORDS, Kind};
use crate::error::errors;

/// Features of one channel.
pub const PER_CHANNEL: usize = 9;
/// Spectral bands of one channel.
pub const BANDS: usize = 4;
/// The largest number of channels; 227 of them make 2,043 features in 2,048 dimensions.
pub const MAX_CHANNELS: u32 = 227;
/// The largest magnitude of a sample; no sum overflows below it.
pub const MAX_SAMPLE: f32 = 1e12;
/// The largest number of samples in a window; counts up to it are exact in an f32.
pub const MAX_SAMPLES: u32 = 1 << 24;

/// Octave centres as fractions of the sample rate, in units of 1e-9: the octaves end at half the
/// rate.
const OCTAVES: [u64; BANDS] = [44_194_174, 88_388_348, 176_776_695, 353_553_391];
/// Width of an octave relative to its centre, `√2 - 1/√2`: a resonator of radius
/// `exp(-π·width)` has that half-power width.
const OCTAVE_DAMPING: f64 = core::f64::consts::FRAC_1_SQRT_2;

const MEAN: usize = 0;
const SQUARES: usize = 1;
const LAST: usize = 2;
const TRAVEL: usize = 3;
const LOW: usize = 4;
const HIGH: usize = 5;
const ABOVE: usize = 6;
const CROSSINGS: usize = 7;

errors! {
    /// Why a sample was not taken; the window is unchanged.
    pub enum PushError: 0x0310 {
        /// The sample has the wrong number of values.
        WrongLength { expected: u32, found: u32 } = 1
            => "the sample has {found} values, the window takes {expected} channels",
        /// A value is not finite or larger than [`MAX_SAMPLE`].
        OutOfRange { channel: u32 } = 2
            => "the value of channel {channel} is not finite or beyond 1e12; drop or clamp it",
        /// The window holds [`MAX_SAMPLES`] samples.
        Full = 3 => "the window holds 16,777,216 samples; finish it first",
    }
}

errors! {
    /// Why features were not written; the window and the output are unchanged.
    pub enum FeatureError: 0x0320 {
        /// The output has the wrong length.
        WrongLength { expected: u32, found: u32 } = 1
            => "the output has {found} places, the features need {expected}",
        /// Fewer than two samples.
        TooShort { found: u32 } = 2 => "the window has {found} samples, features need at least 2",
    }
}

/// Channels, sample rate and bands of a [`Features`] block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FeatureConfig {
    channels: u32,
    rate: u32,
    bands: [u32; BANDS],
}

impl FeatureConfig {
    /// `channels` values a sample, `rate` samples a second in millihertz (10 Hz is 10,000); the
    /// bands are the four octaves below half the rate.
    pub const fn new(channels: u32, rate: u32) -> Self {
        Self {
            channels,
            rate,
            bands: [0; BANDS],
        }
    }

    /// Sets the centres of the bands, in millihertz, each above zero and below half the rate.
    pub const fn bands(mut self, centres: [u32; BANDS]) -> Self {
        self.bands = centres;
        self
    }

    /// Values a sample.
    pub const fn channels(&self) -> u32 {
        self.channels
    }

    /// Samples a second, in millihertz.
    pub const fn rate(&self) -> u32 {
        self.rate
    }

    /// Length of the feature vector: channels × [`PER_CHANNEL`], padded with zeros to 16.
    pub const fn dimensions(&self) -> u32 {
        (self.channels.saturating_mul(PER_CHANNEL as u32)).next_multiple_of(16)
    }

    fn resonators(&self) -> [Resonator; BANDS] {
        let mut all = [Resonator::default(); BANDS];
        for (i, (resonator, &centre)) in all.iter_mut().zip(&self.bands).enumerate() {
            let fraction = match centre {
                0 => OCTAVES.get(i).map_or(0.0, |&f| f as f64 * 1e-9),
                centre => f64::from(centre) / f64::from(self.rate),
            };
            *resonator = Resonator::at(fraction);
        }
        all
    }
}

impl Config for FeatureConfig {
    const KIND: Kind = Kind(*b"FEAT");
    const VERSION: u32 = 1;

    fn is_valid(&self) -> bool {
        let below_half = |&centre: &u32| centre < self.rate.div_ceil(2);
        (1..=MAX_CHANNELS).contains(&self.channels)
            && self.rate != 0
            && self.bands.iter().all(below_half)
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.channels;
        words[1] = self.rate;
        words[2..6].copy_from_slice(&self.bands);
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        let [channels, rate, a, b, c, d, ..] = *words;
        Some(Self {
            channels,
            rate,
            bands: [a, b, c, d],
        })
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Resonator {
    turn: f32,
    decay: f32,
    gain: f32,
}

impl Resonator {
    /// `fraction` of the sample rate, an octave wide.
    fn at(fraction: f64) -> Self {
        let radius = libm::exp(-core::f64::consts::PI * fraction * OCTAVE_DAMPING);
        Self {
            turn: (2.0 * radius * libm::cos(2.0 * core::f64::consts::PI * fraction)) as f32,
            decay: (radius * radius) as f32,
            gain: (1.0 - radius) as f32,
        }
    }

    /// Whether the state of the band `i` is one from which no samples lead to what is not finite.
    ///
    /// Without input `s[i]² + r²·s[i-1]² - 2r·cos ω·s[i]·s[i-1]` shrinks with each sample, and
    /// samples within [`MAX_SAMPLE`] take it to 1.6e25 at most; it bounds the power that a window
    /// adds up and, divided by `sin² ω`, the state itself. Where `ω` is too near a multiple of π for
    /// that to be computed in f32, the state alone is held to what the next sample can square.
    fn holds(&self, bands: &[f32; 16], i: usize) -> bool {
        let [one, two, sum] = [bands[i], bands[4 + i], bands[8 + i]].map(f64::from);
        let (turn, decay) = (f64::from(self.turn), f64::from(self.decay));
        let power = one * one + decay * (two * two) - turn * (one * two);
        let is_exact = decay - turn * turn / 4.0 >= 1e-9;
        one.abs() <= 4e18
            && two.abs() <= 4e18
            && sum.abs() <= 1e37
            && (!is_exact || power.abs() <= 1e28)
    }
}

/// Whether the moments of a channel are such as samples within [`MAX_SAMPLE`] leave behind: all
/// finite, and finite after any further samples.
fn are_within(m: &[f32; 8], samples: f32) -> bool {
    let most = 2.0 * MAX_SAMPLE;
    [MEAN, LAST, LOW, HIGH]
        .into_iter()
        .all(|at| m.get(at).is_some_and(|x| x.abs() <= most))
        && m[SQUARES].abs() <= 1e33
        && (0.0..=1e21).contains(&m[TRAVEL])
        && (m[ABOVE] == 0.0 || m[ABOVE] == 1.0)
        && (0.0..=samples).contains(&m[CROSSINGS])
}

structure! {
    /// The running features of one window. See the [module](self).
    pub struct Features for FeatureConfig as config {
        count: [u32; 1],
        moments: [[f32; 8]; config.channels => 1],
        bands: [[f32; 16]; config.channels => 1],
    } with {
        resonators: [Resonator; BANDS] = config.resonators(),
    }
}

impl Features<'_> {
    fn is_sound(&mut self) -> bool {
        let samples = self.samples();
        let channels = self.moments.iter().zip(self.bands.iter());
        let mut channels = channels.take(self.config.channels as usize);
        samples <= MAX_SAMPLES
            && (samples > 0 || self.is_zero_from(&self.config, 0))
            && channels.all(|(moments, bands)| {
                are_within(moments, samples as f32)
                    && (self.resonators.iter().enumerate()).all(|(i, r)| r.holds(bands, i))
                    && bands[12..] == [0.0; 4]
            })
    }

    /// The configuration.
    pub fn config(&self) -> FeatureConfig {
        self.config
    }

    /// Length of the feature vector.
    pub fn dimensions(&self) -> usize {
        self.config.dimensions() as usize
    }

    /// Samples in the window so far.
    pub fn samples(&self) -> u32 {
        self.count.first().copied().unwrap_or(0)
    }

    /// The latest sample's value of `channel`; `None` before the first of a window.
    pub fn last(&self, channel: usize) -> Option<f32> {
        let started = self.samples() > 0 && channel < self.config.channels as usize;
        started.then(|| self.moments.get(channel).map(|m| m[LAST]))?
    }

    /// Takes one sample, one value a channel. Cost: about 40 operations a channel.
    pub fn push(&mut self, sample: &[f32]) -> Result<(), PushError> {
        if sample.len() != self.config.channels as usize {
            return Err(PushError::WrongLength {
                expected: self.config.channels,
                found: u32::try_from(sample.len()).unwrap_or(u32::MAX),
            });
        }
        let fits = |x: &f32| x.abs() <= MAX_SAMPLE;
        if let Some(channel) = sample.iter().position(|x| !fits(x)) {
            return Err(PushError::OutOfRange {
                channel: channel as u32,
            });
        }
        let before = self.samples();
        if before >= MAX_SAMPLES {
            return Err(PushError::Full);
        }
        self.header.begin();
        let share = 1.0 / (before + 1) as f32;
        for ((&x, moments), bands) in sample
            .iter()
            .zip(self.moments.iter_mut())
            .zip(self.bands.iter_mut())
        {
            advance(moments, x, before, share);
            resonate(bands, &self.resonators, x - moments[MEAN]);
        }
        if let Some(count) = self.count.first_mut() {
            *count = before + 1;
        }
        self.header.end();
        Ok(())
    }

    /// Writes the features of the window so far to `out`, of length
    /// [`dimensions`](Self::dimensions); padding is zero.
    pub fn write(&self, out: &mut [f32]) -> Result<(), FeatureError> {
        if out.len() != self.dimensions() {
            return Err(FeatureError::WrongLength {
                expected: self.config.dimensions(),
                found: u32::try_from(out.len()).unwrap_or(u32::MAX),
            });
        }
        let samples = self.samples();
        if samples < 2 {
            return Err(FeatureError::TooShort { found: samples });
        }
        let (n, steps) = (samples as f32, (samples - 1) as f32);
        out.fill(0.0);
        let (rows, _) = out.as_chunks_mut::<PER_CHANNEL>();
        for ((row, m), b) in rows.iter_mut().zip(self.moments.iter()).zip(&*self.bands) {
            let band = |i: usize| libm::sqrtf(b[8 + i].max(0.0) / n);
            *row = [
                m[MEAN],
                libm::sqrtf(m[SQUARES].max(0.0) / n),
                m[TRAVEL] / steps,
                m[CROSSINGS] / steps,
                m[HIGH] - m[LOW],
                band(0),
                band(1),
                band(2),
                band(3),
            ];
        }
        Ok(())
    }

    /// [`write`](Self::write)s the features and starts the next window.
    pub fn finish(&mut self, out: &mut [f32]) -> Result<(), FeatureError> {
        self.write(out)?;
        self.reset();
        Ok(())
    }

    /// Forgets the samples of the window.
    pub fn reset(&mut self) {
        self.header.begin();
        self.count.fill(0);
        self.moments.fill([0.0; 8]);
        self.bands.fill([0.0; 16]);
        self.header.end();
    }
}

fn advance(m: &mut [f32; 8], x: f32, before: u32, share: f32) {
    let away = x - m[MEAN];
    m[MEAN] += away * share;
    m[SQUARES] += away * (x - m[MEAN]);
    let above = f32::from(u8::from(x > m[MEAN]));
    if before == 0 {
        m[LOW] = x;
        m[HIGH] = x;
    } else {
        m[TRAVEL] += (x - m[LAST]).abs();
        m[LOW] = m[LOW].min(x);
        m[HIGH] = m[HIGH].max(x);
        // The first sample is its own mean and lies on no side of it.
        if before > 1 && above != m[ABOVE] {
            m[CROSSINGS] += 1.0;
        }
    }
    m[ABOVE] = above;
    m[LAST] = x;
}

fn resonate(b: &mut [f32; 16], resonators: &[Resonator; BANDS], x: f32) {
    for (i, r) in resonators.iter().enumerate() {
        let (one, two) = (b[i], b[4 + i]);
        let now = r.gain * x + r.turn * one - r.decay * two;
        b[i] = now;
        b[4 + i] = one;
        b[8 + i] += now * now + r.decay * (one * one) - r.turn * (now * one);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;
    use crate::block::BlockError;
    use proptest::prelude::*;
    use std::vec::Vec;

    const CONFIG: FeatureConfig = FeatureConfig::new(2, 10_000);
    type Memory = Block<{ CONFIG.bytes() }>;

    fn run(samples: &[[f32; 2]]) -> Vec<f32> {
        let mut memory = Memory::new();
        let mut features = Features::format(&mut memory, CONFIG).unwrap();
        for sample in samples {
            features.push(sample).unwrap();
        }
        let mut out = std::vec![f32::NAN; features.dimensions()];
        features.finish(&mut out).unwrap();
        assert_eq!(features.samples(), 0);
        out
    }

    #[test]
    fn agrees_with_the_two_pass_definitions() {
        proptest!(ProptestConfig::with_cases(64), |(
            samples in prop::collection::vec([-50.0f32..50.0, -1.0f32..1.0], 2..200)
        )| {
            let out = run(&samples);
            for channel in 0..2 {
                let x: Vec<f64> = samples.iter().map(|s| f64::from(s[channel])).collect();
                let n = x.len() as f64;
                let mean = x.iter().sum::<f64>() / n;
                let deviation = (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
                let travel = x.windows(2).map(|w| (w[1] - w[0]).abs()).sum::<f64>() / (n - 1.0);
                let range = x.iter().fold(f64::MIN, |a, &b| a.max(b))
                    - x.iter().fold(f64::MAX, |a, &b| a.min(b));
                let row = &out[channel * PER_CHANNEL..][..PER_CHANNEL];
                let expected = [(0, mean), (1, deviation), (2, travel), (4, range)];
                for (i, want) in expected {
                    prop_assert!((f64::from(row[i]) - want).abs() < 1e-3, "{i}: {} {want}", row[i]);
                }
                prop_assert!(row.iter().all(|v| v.is_finite()));
            }
            prop_assert!(out[18..].iter().all(|&v| v == 0.0));
        });
    }

    #[test]
    fn each_band_answers_most_to_its_own_octave() {
        for (octave, hertz) in [0.442f64, 0.884, 1.768, 3.536].into_iter().enumerate() {
            let samples: Vec<[f32; 2]> = (0..200)
                .map(|i| {
                    let phase = core::f64::consts::TAU * hertz * f64::from(i) / 10.0;
                    [libm::sin(phase) as f32, 9.8 + libm::cos(phase) as f32]
                })
                .collect();
            let out = run(&samples);
            for channel in 0..2 {
                let bands = &out[channel * PER_CHANNEL + 5..][..BANDS];
                let largest = (0..BANDS).max_by(|&a, &b| bands[a].total_cmp(&bands[b]));
                assert_eq!(largest, Some(octave), "{bands:?}");
            }
        }
    }

    #[test]
    fn crossings_are_counted_around_the_mean() {
        let samples: Vec<[f32; 2]> = (0..101)
            .map(|i| [if i % 2 == 0 { 11.0 } else { 9.0 }, 5.0])
            .collect();
        let out = run(&samples);
        assert_eq!(out[3], 0.99);
        assert_eq!(out[PER_CHANNEL + 3], 0.0);
    }

    #[test]
    fn refuses_bad_samples_and_keeps_the_window() {
        let mut memory = Memory::new();
        let mut features = Features::format(&mut memory, CONFIG).unwrap();
        features.push(&[1.0, 2.0]).unwrap();
        let before = features.image_digest();
        assert_eq!(
            features.push(&[1.0]),
            Err(PushError::WrongLength {
                expected: 2,
                found: 1
            })
        );
        for bad in [f32::NAN, f32::INFINITY, -1.1e12] {
            assert_eq!(
                features.push(&[0.0, bad]),
                Err(PushError::OutOfRange { channel: 1 })
            );
        }
        let mut out = [7.0; 32];
        assert_eq!(
            features.finish(&mut out),
            Err(FeatureError::TooShort { found: 1 })
        );
        assert_eq!(features.image_digest(), before);
        assert_eq!(out, [7.0; 32]);
    }

    #[test]
    fn the_largest_samples_give_finite_features() {
        let samples: Vec<[f32; 2]> = (0..5000)
            .map(|i| {
                [
                    if i / 11 % 2 == 0 {
                        MAX_SAMPLE
                    } else {
                        -MAX_SAMPLE
                    },
                    0.0,
                ]
            })
            .collect();
        assert!(run(&samples).iter().all(|v| v.is_finite()));
    }

    #[test]
    fn a_window_survives_saving_and_opening() {
        let mut memory = Memory::new();
        let mut features = Features::format(&mut memory, CONFIG).unwrap();
        features.push(&[1.0, -3.0]).unwrap();
        features.push(&[2.0, 4.0]).unwrap();
        let mut expected = [0.0; 32];
        features.write(&mut expected).unwrap();
        features.seal();
        let mut features = Features::open_verified(&mut memory).unwrap();
        let mut out = [0.0; 32];
        features.finish(&mut out).unwrap();
        assert_eq!(out, expected);
    }

    #[test]
    fn refuses_configurations_out_of_range() {
        let mut memory = Block::<4096>::new();
        for config in [
            FeatureConfig::new(0, 10_000),
            FeatureConfig::new(1, 0),
            FeatureConfig::new(MAX_CHANNELS + 1, 1),
            FeatureConfig::new(u32::MAX, u32::MAX),
            FeatureConfig::new(1, 10_000).bands([1, 2, 3, 5_000]),
        ] {
            assert_eq!(
                Features::format(&mut memory, config).unwrap_err(),
                BlockError::BadConfig
            );
        }
        assert_eq!(FeatureConfig::new(MAX_CHANNELS, 1).dimensions(), 2048);
    }
}
