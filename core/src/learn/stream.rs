//! From samples to a vector, one at a time, in fixed memory.
//!
//! First a [`Stream`] is [calibrated](Stream::calibrate): it takes the mean, the deviation and the
//! usual step of each channel from recordings that show what is usual (three are enough), and
//! [keeps](Stream::freeze) them for good. Then windows go through it: [`Stream::push`] takes a
//! sample into a ring and counts what happened, [`Stream::finish`] writes the window's vector. How
//! events become a vector is told in [`super::vector`].
//!
//! A window may have any number of samples from two; all its components are shares of it. Values
//! that are missing are the caller's to fill, best with the last one.

mod calibration;
mod config;

use super::vector::{self, AGES, BATCH, LINE, Plan, RING, Sums, TAPS, Values};
use crate::block::structure::structure;
use crate::error::errors;
use crate::simd::{Kernels, Task, dispatch};
use calibration::Moments;
pub use config::{MAX_CHANNELS, MAX_DIMENSIONS, MAX_SKETCHES, StreamConfig};

/// The largest magnitude of a sample; no sum overflows below it.
pub const MAX_SAMPLE: f32 = 1e12;

/// Words of the state section.
mod state {
    /// Samples of the window so far.
    pub const SAMPLES: usize = 0;
    /// Where in the ring the oldest is, and the next goes.
    pub const OLDEST: usize = 1;
    /// One once the scales are kept.
    pub const FROZEN: usize = 2;
    /// One inside of a recording that calibrates.
    pub const INSIDE: usize = 3;
    /// Samples and steps of the calibration, as floats.
    pub const COUNT: usize = 4;
    pub const STEPS: usize = 5;
    pub const WORDS: usize = 6;
}

errors! {
    /// Why samples were not taken; the stream is unchanged.
    pub enum StreamError: 0x0370 {
        /// Not a whole number of samples.
        WrongLength { channels: u32, found: u32 } = 1
            => "{found} values are no whole number of samples of {channels} channels",
        /// A value is not finite or larger than [`MAX_SAMPLE`].
        OutOfRange { channel: u32 } = 2
            => "the value of channel {channel} is not finite or beyond 1e12; repeat the last value for one that is missing",
        /// The window is as long as its sums can count.
        Full { samples: u32 } = 3 => "the window has {samples} samples, as many as it can count; finish it first",
        /// A window was begun before the scales were kept.
        NotCalibrated = 4 => "the stream has no scales yet; calibrate it with a few recordings, then freeze them",
        /// The scales are kept already.
        Calibrated = 5 => "the stream's scales are kept; format it anew to calibrate it again",
        /// No samples to calibrate by.
        NoSamples = 6 => "no sample was taken to calibrate by",
        /// Samples follow each other at another rate than those that were learned from.
        OtherRate { learned: u32, found: u32 } = 7
            => "what was learned has {learned} samples in a thousand seconds, this has {found}; record both at one rate",
    }
}

errors! {
    /// Why a vector was not written; the window and the output are unchanged.
    pub enum FinishError: 0x0380 {
        /// The output has the wrong length.
        WrongLength { expected: u32, found: u32 } = 1
            => "the output has {found} places, the vector needs {expected}",
        /// Fewer than two samples.
        TooShort { found: u32 } = 2 => "the window has {found} samples, a vector needs at least 2",
    }
}

structure! {
    /// The samples of a window on their way to a vector. See the [module](self).
    pub struct Stream for StreamConfig as config {
        state: [u32; state::WORDS],
        moments: [Moments; config.channels => 1],
        /// Centre and gain of each channel.
        scales: [[f32; 2]; config.channels => 1],
        /// What steps of each channel are compared with.
        steps: [[i32; 8]; config.channels => 1],
        ring: [i32; config.channels => RING],
        sums: [i32; config.dimensions],
        /// The kernels of another seed than the usual one.
        table "kernels": [u16; config.table()],
    } with {
        plan: Plan = vector::plan(config.seed, config.channels, config.groups),
    }
}

#[cfg(feature = "alloc")]
crate::block::owned::owned! {
    /// A stream on the heap.
    pub struct OwnedStream(StreamCell) of Stream, StreamConfig;
}

impl Stream<'_> {
    fn is_sound(&mut self) -> bool {
        let samples = self.samples();
        let bound = i64::from(samples) * (120 + 32 * i64::from(self.config.channels));
        let limit = 1 << 29;
        let window = samples <= self.config.longest()
            && self.oldest() == samples % RING as u32
            && self.sums.iter().all(|&sum| i64::from(sum).abs() <= bound)
            && self
                .ring
                .iter()
                .all(|level| (-limit..=limit).contains(level))
            && (samples > 0 || self.ring.iter().all(|&level| level == 0));
        window && self.has_sound_scales()
    }

    /// Whether scales are what the samples that calibrated come to, or none are kept.
    fn has_sound_scales(&self) -> bool {
        let [count, steps] = [state::COUNT, state::STEPS].map(|at| f32::from_bits(self.word(at)));
        // Adding ones to a count leads no further than this.
        let is_count = |x: f32| (0.0..=16_777_216.0).contains(&x) && x == libm::floorf(x);
        let (frozen, inside) = (self.word(state::FROZEN), self.word(state::INSIDE));
        let counts = is_count(count)
            && is_count(steps)
            && steps <= count
            && frozen <= 1
            && inside <= 1
            && frozen + inside <= 1
            && (count > 0.0 || frozen + inside + count.to_bits() == 0);
        let moments = match count > 0.0 {
            true => self.moments.iter().all(calibration::is_sound),
            false => is_zero(self.moments.as_flattened()),
        };
        let kept = match self.is_calibrated() {
            true => {
                let channels = self.config.channels as usize;
                let kept = self.scales.iter().zip(self.steps.iter()).take(channels);
                self.moments
                    .iter()
                    .zip(kept)
                    .all(|(moments, (scale, kept))| {
                        let frozen = calibration::freeze(moments, count, steps);
                        let same = |(a, b): (&f32, f32)| a.to_bits() == b.to_bits();
                        scale.iter().zip([frozen.centre, frozen.gain]).all(same)
                            && *kept == frozen.steps
                    })
            }
            false => {
                self.samples() == 0
                    && is_zero(self.scales.as_flattened())
                    && self.steps.iter().flatten().all(|&step| step == 0)
            }
        };
        counts && moments && kept && self.holds_kernels()
    }

    fn holds_kernels(&self) -> bool {
        match self.table.is_empty() || !self.is_calibrated() {
            true => self.table.iter().all(|&tap| tap == 0),
            false => self.table.starts_with(&vector::table(self.config.seed)),
        }
    }

    /// The configuration.
    pub fn config(&self) -> StreamConfig {
        self.config
    }

    /// Whether the scales are kept, so that windows can be taken.
    pub fn is_calibrated(&self) -> bool {
        self.word(state::FROZEN) == 1
    }

    /// Samples in the window so far.
    pub fn samples(&self) -> u32 {
        self.word(state::SAMPLES)
    }

    /// Refuses samples at another rate, in millihertz, than the
    /// [stream's](StreamConfig::is_near).
    pub fn check_rate(&self, found: u32) -> Result<(), StreamError> {
        match self.config.is_near(found) {
            true => Ok(()),
            false => Err(StreamError::OtherRate {
                learned: self.config.rate,
                found,
            }),
        }
    }

    /// Takes samples of a recording, value by value of each, that shows what is usual.
    /// Cost: about ten operations a value.
    pub fn calibrate(&mut self, samples: &[f32]) -> Result<(), StreamError> {
        self.check(samples)?;
        if self.is_calibrated() {
            return Err(StreamError::Calibrated);
        }
        self.header.begin();
        for sample in samples.chunks_exact(self.config.channels.max(1) as usize) {
            let count = f32::from_bits(self.word(state::COUNT)) + 1.0;
            let first = self.word(state::INSIDE) == 0;
            for (moments, &value) in self.moments.iter_mut().zip(sample) {
                calibration::take(moments, count, first, value);
            }
            self.set(state::COUNT, count.to_bits());
            if !first {
                let steps = f32::from_bits(self.word(state::STEPS)) + 1.0;
                self.set(state::STEPS, steps.to_bits());
            }
            self.set(state::INSIDE, 1);
        }
        self.header.end();
        Ok(())
    }

    /// Ends a recording that calibrates: what comes next does not follow it.
    pub fn end_recording(&mut self) {
        self.header.begin();
        self.set(state::INSIDE, 0);
        self.header.end();
    }

    /// Keeps the scales that the samples so far come to; they never change again.
    pub fn freeze(&mut self) -> Result<(), StreamError> {
        if self.is_calibrated() {
            return Err(StreamError::Calibrated);
        }
        let count = f32::from_bits(self.word(state::COUNT));
        let steps = f32::from_bits(self.word(state::STEPS));
        if count == 0.0 {
            return Err(StreamError::NoSamples);
        }
        self.header.begin();
        let channels = self.config.channels as usize;
        let places = self.scales.iter_mut().zip(self.steps.iter_mut());
        for (moments, (scale, thresholds)) in self.moments.iter().zip(places).take(channels) {
            let frozen = calibration::freeze(moments, count, steps);
            *scale = [frozen.centre, frozen.gain];
            *thresholds = frozen.steps;
        }
        for (place, tap) in self.table.iter_mut().zip(vector::table(self.config.seed)) {
            *place = tap;
        }
        self.set(state::INSIDE, 0);
        self.set(state::FROZEN, 1);
        self.header.end();
        Ok(())
    }

    /// The latest value of a channel in the window and the value that comes, in units of the
    /// channel's usual step, the mean absolute difference of the samples that calibrated it. `None`
    /// before the first sample of a window, and where a channel never moved.
    pub fn in_steps(&self, channel: usize, value: f32) -> Option<[f32; 2]> {
        if self.samples() == 0 || !self.is_calibrated() {
            return None;
        }
        let [_, _, travel, _] = *self.moments.get(channel)?;
        let [centre, gain] = *self.scales.get(channel)?;
        let usual = travel / f32::from_bits(self.word(state::STEPS)) * gain;
        let ring = self.ring.as_chunks::<RING>().0.get(channel)?;
        let last = ring[(self.oldest() as usize).wrapping_sub(1) % RING] as f32;
        let next = calibration::level(value, centre, gain) as f32;
        (usual > 0.0 && usual.is_finite()).then(|| [last / usual, next / usual])
    }

    /// Takes one sample, a value a channel, into the window. Cost: 420 sums of three values and 120
    /// events with all groups, and up to sixteen events a channel.
    pub fn push(&mut self, sample: &[f32]) -> Result<(), StreamError> {
        if sample.len() != self.config.channels as usize {
            return Err(self.wrong_length(sample.len()));
        }
        self.check_window(sample)?;
        self.header.begin();
        self.advance(sample);
        self.header.end();
        Ok(())
    }

    /// Takes samples one after the other, value by value of each, with the same result as
    /// [`push`](Self::push) of each and at a fraction of the cost on machines with vector units.
    pub fn push_all(&mut self, samples: &[f32]) -> Result<(), StreamError> {
        self.check_window(samples)?;
        let channels = self.config.channels.max(1) as usize;
        self.header.begin();
        for batch in samples.chunks(BATCH * channels) {
            dispatch(Batch {
                stream: self,
                samples: batch,
            });
        }
        self.header.end();
        Ok(())
    }

    /// Writes the vector of the window so far to `out`, of [`StreamConfig::dimensions`], and starts
    /// the next window. Cost: a division a component.
    pub fn finish(&mut self, out: &mut [f32]) -> Result<(), FinishError> {
        if out.len() != self.config.dimensions as usize {
            return Err(FinishError::WrongLength {
                expected: self.config.dimensions,
                found: u32::try_from(out.len()).unwrap_or(u32::MAX),
            });
        }
        let samples = self.samples();
        if samples < 2 {
            return Err(FinishError::TooShort { found: samples });
        }
        vector::shares(self.sums, samples, out);
        self.reset();
        Ok(())
    }

    /// Forgets the samples of the window.
    pub fn reset(&mut self) {
        self.header.begin();
        self.sums.fill(0);
        self.ring.fill(0);
        self.set(state::SAMPLES, 0);
        self.set(state::OLDEST, 0);
        self.header.end();
    }

    fn word(&self, at: usize) -> u32 {
        self.state.get(at).copied().unwrap_or(0)
    }

    fn set(&mut self, at: usize, value: u32) {
        if let Some(word) = self.state.get_mut(at) {
            *word = value;
        }
    }

    fn oldest(&self) -> u32 {
        self.word(state::OLDEST)
    }

    fn wrong_length(&self, found: usize) -> StreamError {
        StreamError::WrongLength {
            channels: self.config.channels,
            found: u32::try_from(found).unwrap_or(u32::MAX),
        }
    }

    fn check(&self, samples: &[f32]) -> Result<(), StreamError> {
        let channels = self.config.channels.max(1) as usize;
        if !samples.len().is_multiple_of(channels) {
            return Err(self.wrong_length(samples.len()));
        }
        let fits = |x: &f32| x.abs() <= MAX_SAMPLE;
        match samples.iter().position(|x| !fits(x)) {
            Some(index) => Err(StreamError::OutOfRange {
                channel: (index % channels) as u32,
            }),
            None => Ok(()),
        }
    }

    fn check_window(&self, samples: &[f32]) -> Result<(), StreamError> {
        self.check(samples)?;
        if !self.is_calibrated() {
            return Err(StreamError::NotCalibrated);
        }
        let more = samples.len() / self.config.channels.max(1) as usize;
        if more > (self.config.longest() - self.samples()) as usize {
            return Err(StreamError::Full {
                samples: self.samples(),
            });
        }
        Ok(())
    }

    /// Takes a checked sample.
    fn advance(&mut self, sample: &[f32]) {
        let (samples, oldest) = (self.samples(), self.oldest() as usize);
        let StreamConfig {
            dimensions, seed, ..
        } = self.config;
        let mut sums = Sums::new(self.sums, dimensions, self.config.width(), seed);
        let rings = self.ring.as_chunks_mut::<RING>().0;
        let scales = self.scales.iter().zip(self.steps.iter());
        let table: &[u16] = match self.table.is_empty() {
            true => &TAPS,
            false => self.table,
        };
        let (groups, plan, mut next) = (vector::groups(table), &self.plan, 0);
        let each = sample.iter().zip(&mut *rings).zip(scales).enumerate();
        for (channel, ((&value, ring), (&[centre, gain], steps))) in each {
            let level = calibration::level(value, centre, gain);
            if samples == 0 {
                ring.fill(level);
            }
            let step = level - ring[oldest.wrapping_sub(1) % RING];
            sums.exceed(channel, level, (samples > 0).then_some(step), steps);
            let mut values: Values = AGES.map(|age| ring[oldest.wrapping_sub(age.into()) % RING]);
            values[0] = level;
            while let Some(&[on, number]) = plan.get(next)
                && usize::from(on) == channel
            {
                if let Some(kernels) = groups.get(usize::from(number)) {
                    sums.respond(number.into(), kernels, &values);
                }
                next += 1;
            }
            ring[oldest % RING] = level;
        }
        self.set(state::SAMPLES, samples + 1);
        self.set(state::OLDEST, ((oldest + 1) % RING) as u32);
    }

    /// Takes checked samples, at most [`BATCH`], channel by channel.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn advance_all(&mut self, samples: &[f32]) {
        let channels = self.config.channels as usize;
        let (before, oldest) = (self.samples(), self.oldest() as usize % RING);
        let count = samples.len() / channels;
        let StreamConfig {
            dimensions, seed, ..
        } = self.config;
        let mut sums = Sums::new(self.sums, dimensions, self.config.width(), seed);
        let table: &[u16] = match self.table.is_empty() {
            true => &TAPS,
            false => self.table,
        };
        let rings = self.ring.as_chunks_mut::<RING>().0;
        let scales = self.scales.iter().zip(self.steps.iter());
        let (groups, plan, mut next) = (vector::groups(table), &self.plan, 0);
        let each = rings.iter_mut().zip(scales).take(channels).enumerate();
        for (channel, (ring, (&[centre, gain], steps))) in each {
            // What the taps reach back to, oldest first, then the batch.
            let mut line = [0; LINE];
            let (past, now) = line.split_at_mut(RING);
            let values = samples.iter().skip(channel).step_by(channels);
            for (place, &value) in now.iter_mut().zip(values) {
                *place = calibration::level(value, centre, gain);
            }
            if before == 0 {
                ring.fill(now.first().copied().unwrap_or(0));
            }
            let (young, old) = ring.split_at(oldest);
            for (place, &level) in past.iter_mut().zip(old.iter().chain(young)) {
                *place = level;
            }
            let values = line.get(RING..RING + count).unwrap_or(&[]);
            let earlier = line.get(RING - 1..RING - 1 + count).unwrap_or(&[]);
            sums.exceed_all(channel, earlier, values, steps, before == 0);
            while let Some(&[on, number]) = plan.get(next)
                && usize::from(on) == channel
            {
                if let Some(kernels) = groups.get(usize::from(number)) {
                    sums.respond_all(number.into(), vector::tally(kernels, &line, count));
                }
                next += 1;
            }
            for (at, &level) in values.iter().enumerate() {
                ring[(oldest + at) % RING] = level;
            }
        }
        self.set(state::SAMPLES, before + count as u32);
        self.set(state::OLDEST, ((oldest + count) % RING) as u32);
    }
}

/// Whether no bit is set.
fn is_zero(values: &[f32]) -> bool {
    values.iter().all(|x| x.to_bits() == 0)
}

/// Samples to be taken with the machine's vector instructions.
struct Batch<'s, 'a> {
    stream: &'s mut Stream<'a>,
    samples: &'s [f32],
}

impl Task for Batch<'_, '_> {
    type Output = ();
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn run<K: Kernels>(self, _: K) {
        self.stream.advance_all(self.samples);
    }
}

#[cfg(test)]
mod tests;
