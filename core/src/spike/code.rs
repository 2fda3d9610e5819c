//! Every code as one value: a [`Scheme`] and its parameters by name.
//!
//! [`Code::with`] checks each parameter as it is set; what can be set, its range and its default
//! stand in one [table](Scheme::parameters), from which a host's help and messages follow. A code
//! of values turns each value into a train ([`Code::encode`]); a code of signals turns each sample
//! into a polarity ([`Code::encode_signal`]), a train of any length, which
//! [`SpikeTrains::write`] takes. Who knows the code beforehand calls its own type, which is checked
//! by the compiler and takes bytes and f32 as they are.
//!
//! ```
//! use sensilla::block::Block;
//! use sensilla::spike::{Code, SpikeConfig, SpikeTrains};
//!
//! let code = Code::named("latency")?.with("steps", 5)?.with("curve", "log")?;
//! const CONFIG: SpikeConfig = SpikeConfig::new(3, 5);
//! let mut memory = Block::<{ CONFIG.bytes() }>::new();
//! let mut trains = SpikeTrains::format(&mut memory, CONFIG)?;
//! code.encode(&[0.02, 0.5, 1.0], &mut trains)?;
//! assert_eq!(trains.train(0).unwrap().first(), Some(4));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod parameter;
mod table;

use core::fmt;

use super::bens::{self, BensDecoder, BensSpiker};
use super::burst::{BurstCode, FirstSpike};
use super::contrast::{Contrast, Delta, MovingWindow, StepForward, ThresholdBased, ZeroCross};
use super::latency::{Curve, LatencyCode};
use super::phase::{AngleCode, PhaseCode};
use super::rate::{self, RateCode};
use super::sample::{Real, SampleCode, SignalError, check};
use super::train::{EncodeError, OutputError, SpikeTrains};
use crate::error::errors;

pub use parameter::{Domain, Parameter, Preset, Value};
pub use table::Scheme;

errors! {
    /// Why a code was not made, or its parameter not set.
    pub enum CodeError: 0x0480 {
        /// No scheme has this name.
        UnknownCode = 1 => "there is no code of this name; `Scheme::ALL` has all",
        /// The scheme has no such parameter.
        UnknownParameter { takes: Names } = 2 => "this code takes {takes}",
        /// The value is not one of the parameter's domain.
        OutOfRange { parameter: &'static Parameter } = 3 => "{parameter}",
    }
}

/// The names of a scheme's parameters, to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Names(pub Scheme);

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, parameter) in self.0.parameters().iter().enumerate() {
            f.write_str(if place == 0 { "" } else { ", " })?;
            f.write_str(parameter.name())?;
        }
        Ok(())
    }
}

/// A scheme and its parameters. See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Code {
    scheme: Scheme,
    /// What was set, in the table's order.
    given: [Option<f64>; table::MOST],
}

/// What a byte's full scale is.
#[derive(Clone, Copy)]
struct Byte {
    least: f64,
    most: f64,
    full: f32,
}

const SIGNED: Byte = Byte {
    least: -128.0,
    most: 127.0,
    full: 128.0,
};
const UNSIGNED: Byte = Byte {
    least: 0.0,
    most: 255.0,
    full: 256.0,
};

impl Code {
    /// The scheme with no parameter set.
    pub const fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            given: [None; table::MOST],
        }
    }

    /// The scheme of this name or another spelling of it, with no parameter set.
    pub fn named(name: &str) -> Result<Self, CodeError> {
        let scheme = Scheme::named(name).ok_or(CodeError::UnknownCode)?;
        Ok(Self::new(scheme))
    }

    /// Sets a parameter, by its name or another spelling of it.
    pub fn with<'v>(
        mut self,
        parameter: &str,
        value: impl Into<Value<'v>>,
    ) -> Result<Self, CodeError> {
        let mut all = self.scheme.parameters().iter().zip(&mut self.given);
        let takes = Names(self.scheme);
        let (parameter, place) = all
            .find(|(p, _)| p.names.contains(&parameter))
            .ok_or(CodeError::UnknownParameter { takes })?;
        let read = parameter.domain.read(value.into());
        *place = Some(read.ok_or(CodeError::OutOfRange { parameter })?);
        Ok(self)
    }

    /// The scheme.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The parameters that were set, and to what.
    pub fn given(&self) -> impl Iterator<Item = (&'static Parameter, f64)> {
        let all = self.scheme.parameters().iter().zip(self.given);
        all.filter_map(|(parameter, value)| Some((parameter, value?)))
    }

    /// A parameter by its name: as set, else its default if that is fixed. A flag is 0 or 1, a word
    /// its place in the parameter's domain.
    pub fn get(&self, name: &str) -> Option<f64> {
        let mut all = self.scheme.parameters().iter().zip(self.given);
        let (parameter, given) = all.find(|(p, _)| p.name() == name)?;
        given.or(match parameter.default {
            Preset::Fixed(x) => Some(x),
            _ => None,
        })
    }

    /// Steps of a train; `None` for a code of values that was not told, and for codes of signals,
    /// whose trains are as long as the signal.
    pub fn steps(&self) -> Option<u32> {
        self.whole("num_bits").or_else(|| self.whole("steps"))
    }

    /// Places of scratch memory that a code of signals needs: twice the window of Ben's spiker.
    pub fn scratch(&self) -> usize {
        match self.scheme {
            Scheme::Bens => 2 * self.window(),
            _ => 0,
        }
    }

    fn whole(&self, name: &str) -> Option<u32> {
        self.get(name).map(|x| x as u32)
    }

    fn number(&self, name: &str) -> f64 {
        self.get(name).unwrap_or_default()
    }

    fn flag(&self, name: &str) -> bool {
        self.number(name) != 0.0
    }

    fn window(&self) -> usize {
        self.number("window") as usize
    }

    /// The scale of values that are meant as bytes.
    fn byte(&self) -> Option<Byte> {
        match self.scheme {
            Scheme::Rate if self.flag("input") => Some(SIGNED),
            Scheme::Phase if self.flag("input") && self.get("num_bits").is_none() => Some(UNSIGNED),
            _ => None,
        }
    }

    fn rate(&self, steps: u32) -> Option<RateCode> {
        let threshold = libm::round(self.number("threshold") * f64::from(rate::ONE));
        RateCode::new(threshold as u32, steps, self.whole("refractory")?)
    }

    fn latency(&self, steps: u32) -> LatencyCode {
        let curve = match self.whole("curve") {
            Some(1) => Curve::Logarithmic,
            Some(2) => Curve::Exponential,
            None if !self.flag("linear") => Curve::Logarithmic,
            _ => Curve::Linear,
        };
        let code = LatencyCode::new(steps, curve)
            .threshold(self.number("threshold"))
            .first(self.whole("first").unwrap_or_default())
            .clip(self.flag("clip"));
        let told = self.given().any(|(p, _)| p.name() == "tau");
        if self.get("normalize").map_or(!told, |x| x != 0.0) {
            code
        } else {
            code.tau(self.number("tau"))
        }
    }

    fn angle(&self) -> Option<AngleCode> {
        // Steps of another number than the bits would leave no meaning to the rest.
        let bits = self.whole("num_bits")?;
        let same = self.whole("steps").is_none_or(|steps| steps == bits);
        let code = AngleCode::new(bits).filter(|_| same)?;
        Some(code.relative(self.flag("normalize")))
    }

    fn burst(&self, steps: u32) -> Option<BurstCode> {
        let sparsest = self.whole("t_max");
        BurstCode::new(
            steps,
            self.whole("n_max")?,
            self.whole("t_min")?,
            sparsest.unwrap_or((steps / 4).saturating_sub(1)),
        )
    }

    fn first_spike(&self, steps: u32) -> Option<FirstSpike> {
        Some(FirstSpike::new(steps)?.tau(self.number("tau")))
    }

    /// Encodes each value as a train. The trains need the code's number of steps, and for the rate
    /// code a polarity. Cost: that of the code.
    pub fn encode<F: Real>(
        &self,
        values: &[F],
        trains: &mut SpikeTrains<'_>,
    ) -> Result<(), EncodeError> {
        const BAD: EncodeError = EncodeError::BadCode;
        if self.scheme.takes_signals() {
            return Err(EncodeError::TakesSignals);
        }
        let steps = self
            .steps()
            .ok_or(EncodeError::Missing { parameter: "steps" })?;
        let byte = self.byte();
        if let Some(Byte { least, most, .. }) = byte {
            let fits = |x: f64| f64::from(x as i32) == x && (least..=most).contains(&x);
            if let Some(index) = values.iter().position(|x| !fits(x.to_f64())) {
                return Err(EncodeError::NotByte {
                    index: u32::try_from(index).unwrap_or(u32::MAX),
                });
            }
        }
        match self.scheme {
            Scheme::Rate => {
                let full = byte.map_or(1.0, |byte| byte.full);
                let code = self.rate(steps).ok_or(BAD)?;
                code.encode_scaled(values, full, trains)
            }
            Scheme::Latency => self.latency(steps).encode(values, trains),
            Scheme::Phase if self.get("num_bits").is_some() => {
                self.angle().ok_or(BAD)?.encode(values, trains)
            }
            Scheme::Phase => {
                let code = PhaseCode::new(steps).ok_or(BAD)?;
                match byte {
                    Some(byte) => code.encode_scaled(values, byte.full, byte.most as f32, trains),
                    None => code.encode_scaled(values, 1.0, code.most(), trains),
                }
            }
            Scheme::Burst => self.burst(steps).ok_or(BAD)?.encode(values, trains),
            _ => self.first_spike(steps).ok_or(BAD)?.encode(values, trains),
        }
    }

    /// Writes what each train stands for; bytes as whole numbers.
    pub fn decode<F: Real>(
        &self,
        trains: &SpikeTrains<'_>,
        out: &mut [F],
    ) -> Result<(), OutputError> {
        const BAD: OutputError = OutputError::BadCode;
        if self.scheme.takes_signals() {
            return Err(OutputError::TakesSignals);
        }
        let steps = self
            .steps()
            .ok_or(OutputError::Missing { parameter: "steps" })?;
        match self.scheme {
            Scheme::Rate => self.rate(steps).ok_or(BAD)?.decode(trains, out)?,
            Scheme::Latency => self.latency(steps).decode(trains, out)?,
            Scheme::Phase if self.get("num_bits").is_some() => {
                self.angle().ok_or(BAD)?.decode(trains, out)?;
            }
            Scheme::Phase => PhaseCode::new(steps).ok_or(BAD)?.decode(trains, out)?,
            Scheme::Burst => self.burst(steps).ok_or(BAD)?.decode(trains, out)?,
            _ => self.first_spike(steps).ok_or(BAD)?.decode(trains, out)?,
        }
        if let Some(byte) = self.byte() {
            for x in out {
                *x = F::from_f64(libm::round(x.to_f64() * f64::from(byte.full)));
            }
        }
        Ok(())
    }

    /// Encodes a signal, one polarity a sample, and gives the code that decodes it: this one, with
    /// what a decoder has to know of the signal. `scratch` has at least
    /// [`scratch`](Self::scratch) places. Cost: that of the code.
    pub fn encode_signal(
        &self,
        signal: &[f64],
        scratch: &mut [f64],
        out: &mut [i8],
    ) -> Result<Self, SignalError> {
        check(signal, out.len())?;
        let threshold = self.number("threshold");
        match self.scheme {
            Scheme::Delta => {
                // As snnTorch, in f32, which a number of f64 may be too large for.
                let single = |x: f64| x as f32;
                if let Some(index) = signal.iter().position(|&x| !single(x).is_finite()) {
                    return Err(SignalError::NotFinite {
                        index: u32::try_from(index).unwrap_or(u32::MAX),
                    });
                }
                let mut code = Delta::new(single(threshold))
                    .off_spikes(self.flag("off_spike"))
                    .repeat_first(self.flag("padding"));
                for (place, &sample) in out.iter_mut().zip(signal) {
                    *place = code.push(single(sample)).unwrap_or(0);
                }
            }
            Scheme::StepForward => StepForward::new(threshold).encode(signal, out)?,
            Scheme::ZeroCross => ZeroCross::new(threshold).encode(signal, out)?,
            Scheme::MovingWindow => {
                MovingWindow::new(threshold, self.window()).encode(signal, out)?;
            }
            Scheme::ThresholdBased => {
                let code = match self.get("threshold") {
                    Some(threshold) => ThresholdBased::new(threshold),
                    None => ThresholdBased::fitted(signal, self.number("factor"))?,
                };
                code.encode(signal, out)?;
                return self.told("threshold", code.threshold());
            }
            Scheme::Bens => {
                let (filter, ahead) = self.filter(scratch)?;
                let (shift, height) = bens::span(signal);
                bens::fit(filter, height);
                let shifted = signal.iter().map(|x| x - shift);
                BensSpiker::new(filter, ahead, threshold)?.encode_each(shifted, out)?;
                if shift != 0.0 || height > 1.0 {
                    return self.told("shift", shift)?.told("height", height);
                }
            }
            _ => return Err(SignalError::TakesValues),
        }
        Ok(*self)
    }

    /// Writes the signal that a train of polarities stands for, with the code that
    /// [`encode_signal`](Self::encode_signal) gave.
    pub fn decode_signal(
        &self,
        polarities: &[i8],
        scratch: &mut [f64],
        out: &mut [f64],
    ) -> Result<(), SignalError> {
        if !self.scheme.takes_signals() {
            return Err(SignalError::TakesValues);
        }
        if self.scheme == Scheme::Bens {
            let (filter, sums) = self.filter(scratch)?;
            bens::fit(filter, self.number("height"));
            return BensDecoder::new(filter, sums, self.number("shift"))?.decode(polarities, out);
        }
        let threshold = self.get("threshold").ok_or(SignalError::Missing {
            parameter: "threshold",
        })?;
        Contrast::new(self.number("start"), threshold).decode(polarities, out)
    }

    /// The same code, with a parameter that was found.
    fn told(&self, parameter: &str, value: f64) -> Result<Self, SignalError> {
        self.with(parameter, value)
            .map_err(|_| SignalError::BadCode)
    }

    /// The low-pass of Ben's spiker in one half of `scratch`, and the other.
    fn filter<'s>(
        &self,
        scratch: &'s mut [f64],
    ) -> Result<(&'s mut [f64], &'s mut [f64]), SignalError> {
        let (window, found) = (self.window(), scratch.len());
        let room = scratch.get_mut(..2 * window).ok_or(SignalError::NoRoom {
            needed: u32::try_from(2 * window).unwrap_or(u32::MAX),
            found: u32::try_from(found).unwrap_or(u32::MAX),
        })?;
        let (filter, rest) = room.split_at_mut(window);
        bens::low_pass(filter, self.number("cutoff"))?;
        Ok((filter, rest))
    }
}

#[cfg(test)]
mod tests;
