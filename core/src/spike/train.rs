//! Spike trains as planes of bits, preallocated.
//!
//! A plane has one bit for each value and step, value-major: the train of one value is a row of
//! `steps` bits, step `t` at bit `t % 8` of byte `t / 8`, one byte a value at eight steps.
//! Polarity, where there is any, is a plane apart in which a set bit means a negative spike: one
//! bit a value, or one bit a spike. Attention wants the same bits step-major, which is
//! [`SpikeTrains::transpose`]; other systems want a list, which is [`SpikeTrains::events`].

use crate::block::structure::{Config, structure};
use crate::block::{CONFIG_WORDS, Kind};
use crate::error::errors;

/// The largest number of trains.
pub const MAX_VALUES: u32 = 1 << 24;
/// The largest number of steps of a train.
pub const MAX_STEPS: u32 = 4096;

errors! {
    /// Why values were not encoded; the trains are unchanged.
    pub enum EncodeError: 0x0410 {
        /// More values than trains.
        Full { capacity: u32, found: u32 } = 1
            => "{found} values do not fit into {capacity} trains",
        /// The code has another number of steps than the trains.
        WrongSteps { expected: u32, found: u32 } = 2
            => "the trains have {expected} steps, the code gives {found}",
        /// The code needs a plane for polarity that the trains do not have.
        NoPolarity = 3 => "the code gives negative spikes, the trains have no plane for them",
        /// A value is not finite or outside the range of the code.
        OutOfRange { index: u32 } = 4 => "value {index} is not finite or outside the code's range",
        /// A train needs more steps than there are.
        TooLong { index: u32 } = 5 => "the train of value {index} does not fit into the steps",
        /// A parameter of the code is outside its documented range.
        BadCode = 6 => "a parameter of the code is outside its documented range",
        /// A value is not one of a byte.
        NotByte { index: u32 } = 7 => "value {index} is not a whole number of eight bits",
        /// A parameter that the code cannot do without was not given.
        Missing { parameter: &'static str } = 8 => "this code needs its parameter {parameter}",
        /// The code is one of signals.
        TakesSignals = 9 => "the code takes signals, not values",
    }
}

errors! {
    /// Why a spike was not written; the trains are unchanged.
    pub enum MarkError: 0x0450 {
        /// There is no train of this address.
        NoTrain = 1 => "there is no train of this address; start more trains",
        /// The step lies behind the last.
        TooLate = 2 => "the step lies behind the trains' last",
        /// The trains have no plane for negative spikes.
        NoPolarity = 3 => "the trains have no plane for negative spikes",
    }
}

errors! {
    /// Why an output was not written; it is unchanged.
    pub enum OutputError: 0x0420 {
        /// The output has the wrong length.
        WrongLength { expected: u32, found: u32 } = 1
            => "the output has {found} places, {expected} are needed",
        /// The code has another number of steps than the trains.
        WrongSteps { expected: u32, found: u32 } = 2
            => "the trains have {expected} steps, the code reads {found}",
        /// A parameter of the code is outside its documented range.
        BadCode = 3 => "a parameter of the code is outside its documented range",
        /// A parameter that the code cannot do without was not given.
        Missing { parameter: &'static str } = 4 => "this code needs its parameter {parameter}",
        /// The code is one of signals.
        TakesSignals = 5 => "the code gives signals, not values",
    }
}

/// Which spikes may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u32)]
pub enum Polarity {
    /// None.
    Positive = 0,
    /// All of a train or none: one bit a value.
    PerValue = 1,
    /// Any: one bit a spike.
    PerSpike = 2,
}

/// Number, length and polarity of the trains in a [`SpikeTrains`] block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SpikeConfig {
    values: u32,
    steps: u32,
    polarity: Polarity,
}

impl SpikeConfig {
    /// `values` (1 to [`MAX_VALUES`]) trains of `steps` (1 to [`MAX_STEPS`]) steps, with one bit
    /// of polarity a value.
    pub const fn new(values: u32, steps: u32) -> Self {
        Self {
            values,
            steps,
            polarity: Polarity::PerValue,
        }
    }

    /// Sets which spikes may be negative.
    pub const fn polarity(mut self, polarity: Polarity) -> Self {
        self.polarity = polarity;
        self
    }

    /// Which spikes may be negative.
    pub const fn polarity_kind(&self) -> Polarity {
        self.polarity
    }

    /// Trains at most.
    pub const fn values(&self) -> u32 {
        self.values
    }

    /// Steps of a train.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// Bytes of a train in the plane of spikes.
    pub const fn row_bytes(&self) -> usize {
        self.steps.div_ceil(8) as usize
    }

    const fn plane_bytes(&self) -> usize {
        (self.values as usize).saturating_mul(self.row_bytes())
    }

    const fn sign_bytes(&self) -> usize {
        match self.polarity {
            Polarity::Positive => 0,
            Polarity::PerValue => self.values.div_ceil(8) as usize,
            Polarity::PerSpike => self.plane_bytes(),
        }
    }
}

impl Config for SpikeConfig {
    const KIND: Kind = Kind(*b"SPIK");
    const VERSION: u32 = 1;

    fn is_valid(&self) -> bool {
        (1..=MAX_VALUES).contains(&self.values) && (1..=MAX_STEPS).contains(&self.steps)
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.values;
        words[1] = self.steps;
        words[2] = self.polarity as u32;
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        let polarity = match words[2] {
            0 => Polarity::Positive,
            1 => Polarity::PerValue,
            2 => Polarity::PerSpike,
            _ => return None,
        };
        Some(Self::new(words[0], words[1]).polarity(polarity))
    }
}

/// One spike of a list, in the order of an address-event representation: by time, then address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Event {
    /// Index of the value.
    pub address: u32,
    /// Step.
    pub time: u32,
    /// Whether it is an off-spike, of polarity -1.
    pub negative: bool,
}

structure! {
    /// The trains of some values. See the [module](self).
    pub struct SpikeTrains for SpikeConfig as config {
        len "count": [u32; 1],
        fire "spikes": [u8; config.plane_bytes()],
        sign "polarities": [u8; config.sign_bytes()],
    }
}

impl SpikeTrains<'_> {
    fn is_sound(&mut self) -> bool {
        let rows = self.config.row_bytes();
        if self.len() > self.config.values as usize {
            return false;
        }
        let past = match self.config.steps % 8 {
            0 => 0,
            used => 0xffu8 << used,
        };
        let live = self.len() * rows;
        let row_plane = |plane: &[u8]| {
            plane.iter().skip(live).all(|&b| b == 0)
                && (past == 0
                    || plane
                        .chunks_exact(rows)
                        .all(|row| row.last().is_none_or(|&b| b & past == 0)))
        };
        let signs = match self.config.polarity {
            Polarity::Positive => true,
            Polarity::PerValue => {
                let whole = self.len() / 8;
                let past = 0xffu8 << (self.len() % 8);
                self.sign.get(whole).is_none_or(|&b| b & past == 0)
                    && self.sign.iter().skip(whole + 1).all(|&b| b == 0)
            }
            // A polarity without its spike would make equal trains differ in bytes.
            Polarity::PerSpike => {
                row_plane(self.sign) && self.sign.iter().zip(&*self.fire).all(|(s, f)| s & !f == 0)
            }
        };
        row_plane(self.fire) && signs
    }

    /// The configuration.
    pub fn config(&self) -> SpikeConfig {
        self.config
    }

    /// Trains held.
    pub fn len(&self) -> usize {
        self.len.first().map_or(0, |&len| len as usize)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The spikes of the trains held, [`SpikeConfig::row_bytes`] a train.
    pub fn fire(&self) -> &[u8] {
        let bytes = self.len() * self.config.row_bytes();
        self.fire.get(..bytes).unwrap_or(&[])
    }

    /// The polarities of the trains held: nothing, one bit a value, or one bit a spike.
    pub fn sign(&self) -> &[u8] {
        let bytes = match self.config.polarity {
            Polarity::Positive => 0,
            Polarity::PerValue => self.len().div_ceil(8),
            Polarity::PerSpike => self.len() * self.config.row_bytes(),
        };
        self.sign.get(..bytes).unwrap_or(&[])
    }

    /// The train of value `index`.
    pub fn train(&self, index: usize) -> Option<Train<'_>> {
        if index >= self.len() {
            return None;
        }
        let rows = self.config.row_bytes();
        let from = index * rows;
        let fire = self.fire.get(from..from + rows)?;
        let (sign, negative) = match self.config.polarity {
            Polarity::Positive => (None, false),
            Polarity::PerValue => (None, self.sign.get(index / 8)? >> (index % 8) & 1 == 1),
            Polarity::PerSpike => (Some(self.sign.get(from..from + rows)?), false),
        };
        Some(Train {
            fire,
            sign,
            negative,
            steps: self.config.steps,
        })
    }

    /// Spikes in all trains.
    pub fn spikes(&self) -> u64 {
        self.fire().iter().map(|b| u64::from(b.count_ones())).sum()
    }

    /// All spikes by time, then address: the list other systems take (AER). Cost: O(values ×
    /// steps).
    pub fn events(&self) -> impl Iterator<Item = Event> {
        (0..self.config.steps).flat_map(move |time| {
            (0..self.len()).filter_map(move |address| {
                let negative = self.train(address)?.at(time)?;
                Some(Event {
                    address: address as u32,
                    time,
                    negative,
                })
            })
        })
    }

    /// Words of one step in [`transpose`](Self::transpose)'s output.
    pub fn plane_words(&self) -> usize {
        (self.config.values as usize).div_ceil(64)
    }

    /// Writes the spikes step-major: for each step a plane of
    /// [`plane_words`](Self::plane_words) words, value `i` at bit `i % 64` of word `i / 64`.
    /// Cost: O(values × steps / 8).
    pub fn transpose(&self, out: &mut [u64]) -> Result<(), OutputError> {
        let words = self.plane_words();
        let expected = words * self.config.steps as usize;
        if out.len() != expected {
            return Err(OutputError::WrongLength {
                expected: u32::try_from(expected).unwrap_or(u32::MAX),
                found: u32::try_from(out.len()).unwrap_or(u32::MAX),
            });
        }
        out.fill(0);
        let rows = self.config.row_bytes();
        for column in 0..rows {
            for (word, group) in self.fire().chunks(64 * rows).enumerate() {
                for (part, eight) in group.chunks(8 * rows).enumerate() {
                    let mut bytes = [0; 8];
                    for (byte, row) in bytes.iter_mut().zip(eight.chunks_exact(rows)) {
                        *byte = row.get(column).copied().unwrap_or(0);
                    }
                    let turned = transpose8(u64::from_le_bytes(bytes)).to_le_bytes();
                    let steps = out.chunks_exact_mut(words).skip(column * 8).zip(turned);
                    for (plane, bits) in steps {
                        if let Some(place) = plane.get_mut(word) {
                            *place |= u64::from(bits) << (part * 8);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Replaces all trains by `values` silent ones, to be written as their signals come in.
    pub fn start(&mut self, values: usize) -> Result<(), EncodeError> {
        self.fits(values, self.config.steps)?;
        self.replace(values, |_, _| ());
        Ok(())
    }

    /// Writes a spike of train `address` at step `time`. A train with one bit of polarity becomes
    /// negative as a whole with its first negative spike.
    pub fn mark(&mut self, address: usize, time: u32, negative: bool) -> Result<(), MarkError> {
        if address >= self.len() {
            return Err(MarkError::NoTrain);
        }
        if time >= self.config.steps {
            return Err(MarkError::TooLate);
        }
        if negative && !self.has_sign() {
            return Err(MarkError::NoPolarity);
        }
        let rows = self.config.row_bytes();
        let from = address * rows;
        self.header.begin();
        if let Some(fire) = self.fire.get_mut(from..from + rows) {
            let mut row = Row {
                fire,
                sign: match self.config.polarity {
                    Polarity::PerSpike => self.sign.get_mut(from..from + rows),
                    _ => None,
                },
                negative: false,
            };
            row.fire(time as usize, negative);
        }
        if negative
            && self.config.polarity == Polarity::PerValue
            && let Some(byte) = self.sign.get_mut(address / 8)
        {
            *byte |= 1 << (address % 8);
        }
        self.header.end();
        Ok(())
    }

    /// Writes the polarities (1, -1, 0 for none) of one signal as train `address`, from step 0.
    pub fn write(&mut self, address: usize, polarities: &[i8]) -> Result<(), MarkError> {
        if polarities.len() > self.config.steps as usize {
            return Err(MarkError::TooLate);
        }
        if address >= self.len() {
            return Err(MarkError::NoTrain);
        }
        if polarities.iter().any(|&p| p < 0) && !self.has_sign() {
            return Err(MarkError::NoPolarity);
        }
        for (time, &polarity) in polarities.iter().enumerate() {
            if polarity != 0 {
                self.mark(address, time as u32, polarity < 0)?;
            }
        }
        Ok(())
    }

    /// Removes all trains.
    pub fn clear(&mut self) {
        self.header.begin();
        self.len.fill(0);
        self.fire.fill(0);
        self.sign.fill(0);
        self.header.end();
    }

    /// Checks that a code of `steps` steps and `values` values fits.
    pub(super) fn fits(&self, values: usize, steps: u32) -> Result<(), EncodeError> {
        if values > self.config.values as usize {
            return Err(EncodeError::Full {
                capacity: self.config.values,
                found: u32::try_from(values).unwrap_or(u32::MAX),
            });
        }
        if steps != self.config.steps {
            return Err(EncodeError::WrongSteps {
                expected: self.config.steps,
                found: steps,
            });
        }
        Ok(())
    }

    pub(super) fn has_sign(&self) -> bool {
        self.config.polarity != Polarity::Positive
    }

    /// Replaces all trains by `values` ones that `write` gives, from zeroed planes: the plane of
    /// spikes and that of polarities, as long as the trains need.
    pub(super) fn replace(&mut self, values: usize, write: impl FnOnce(&mut [u8], &mut [u8])) {
        self.header.begin();
        let rows = self.config.row_bytes();
        // What the last trains used is all that can be set.
        let (old, old_signs) = (self.fire().len(), self.sign().len());
        let fill = |plane: &mut [u8], bytes: usize| {
            if let Some(used) = plane.get_mut(..bytes) {
                used.fill(0);
            }
        };
        fill(self.fire, old);
        fill(self.sign, old_signs);
        if let Some(len) = self.len.first_mut() {
            *len = values as u32;
        }
        let signs = self.sign().len();
        if let (Some(fire), Some(sign)) = (
            self.fire.get_mut(..values * rows),
            self.sign.get_mut(..signs),
        ) {
            write(fire, sign);
        }
        self.header.end();
    }

    /// Replaces all trains by `values` ones, each given by `write`.
    pub(super) fn replace_rows(
        &mut self,
        values: usize,
        mut write: impl FnMut(usize, &mut Row<'_>),
    ) {
        let rows = self.config.row_bytes();
        let polarity = self.config.polarity;
        self.replace(values, |fire, sign| {
            for (index, fire) in fire.chunks_exact_mut(rows).enumerate() {
                let from = index * rows;
                let mut row = Row {
                    fire,
                    sign: match polarity {
                        Polarity::PerSpike => sign.get_mut(from..from + rows),
                        _ => None,
                    },
                    negative: false,
                };
                write(index, &mut row);
                if row.negative
                    && polarity == Polarity::PerValue
                    && let Some(byte) = sign.get_mut(index / 8)
                {
                    *byte |= 1 << (index % 8);
                }
            }
        });
    }
}

/// A train that is being written.
pub(super) struct Row<'r> {
    fire: &'r mut [u8],
    sign: Option<&'r mut [u8]>,
    negative: bool,
}

impl Row<'_> {
    /// Fires at `step`.
    pub fn fire(&mut self, step: usize, negative: bool) {
        let (byte, bit) = (step / 8, 1 << (step % 8));
        if let Some(place) = self.fire.get_mut(byte) {
            *place |= bit;
        }
        if negative {
            self.negative = true;
            if let Some(sign) = &mut self.sign
                && let Some(place) = sign.get_mut(byte)
            {
                *place |= bit;
            }
        }
    }
}

/// The train of one value.
#[derive(Clone, Copy, Debug)]
pub struct Train<'t> {
    fire: &'t [u8],
    sign: Option<&'t [u8]>,
    negative: bool,
    steps: u32,
}

impl<'t> Train<'t> {
    /// Whether the spike at `step` is negative; `None` where there is none.
    pub fn at(&self, step: u32) -> Option<bool> {
        let (byte, bit) = ((step / 8) as usize, step % 8);
        if self.fire.get(byte)? >> bit & 1 == 0 {
            return None;
        }
        Some(match self.sign {
            Some(sign) => sign.get(byte)? >> bit & 1 == 1,
            None => self.negative,
        })
    }

    /// Step and polarity (negative or not) of each spike, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, bool)> + use<'t> {
        let train = *self;
        (0..self.steps).filter_map(move |step| Some((step, train.at(step)?)))
    }

    /// Spikes.
    pub fn count(&self) -> u32 {
        self.fire.iter().map(|b| b.count_ones()).sum()
    }

    /// Step of the first spike.
    pub fn first(&self) -> Option<u32> {
        self.iter().next().map(|(step, _)| step)
    }
}

/// Transposes an 8 × 8 matrix of bits, row `i` in byte `i` (Warren, "Hacker's Delight", 7-3).
const fn transpose8(mut x: u64) -> u64 {
    let mut t = (x ^ (x >> 7)) & 0x00aa_00aa_00aa_00aa;
    x ^= t ^ (t << 7);
    t = (x ^ (x >> 14)) & 0x0000_cccc_0000_cccc;
    x ^= t ^ (t << 14);
    t = (x ^ (x >> 28)) & 0x0000_0000_f0f0_f0f0;
    x ^ t ^ (t << 28)
}

#[cfg(test)]
mod tests;
