//! A parameter of a code: its names, what it may be and what it is if not given.

use core::fmt;
use core::ops::{Bound, RangeBounds};

/// A parameter of a scheme.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name, then other spellings.
    pub names: &'static [&'static str],
    /// What it may be.
    pub domain: Domain,
    /// What it is if not given.
    pub default: Preset,
    /// Its unit; empty for a pure number, or for that of the signal.
    pub unit: &'static str,
    /// What it does, in a line.
    pub meaning: &'static str,
}

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Domain {
    /// A finite number within bounds.
    Number(Bound<f64>, Bound<f64>),
    /// A whole number, both bounds included.
    Whole(u32, u32),
    /// True or false.
    Flag,
    /// One of some words, each before its other spellings.
    Word(&'static [&'static [&'static str]]),
}

/// What a parameter is if it is not given.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Preset {
    /// This; for a flag 0 or 1, for a word its place.
    Fixed(f64),
    /// It follows from others, as said.
    Follows(&'static str),
    /// It has to be given.
    Required,
}

/// A value for a parameter: a number, a flag, or text to be read as the parameter's domain asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'v> {
    /// A number.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// As written.
    Text(&'v str),
}

impl Eq for Parameter {}

#[cfg(feature = "defmt")]
impl defmt::Format for Parameter {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=str}", self.name());
    }
}

impl fmt::Display for Parameter {
    /// Name and domain, as a sentence that says what is allowed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} takes {}", self.name(), self.domain)
    }
}

impl Parameter {
    /// Its name.
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    /// The value in the parameter's own terms.
    pub fn show(&self, value: f64) -> impl fmt::Display {
        Shown(self.domain, value)
    }
}

struct Shown(Domain, f64);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Domain::Flag => write!(f, "{}", self.1 != 0.0),
            Domain::Word(words) => {
                let word = words.get(self.1 as usize).and_then(|w| w.first());
                f.write_str(word.unwrap_or(&""))
            }
            _ => write!(f, "{}", self.1),
        }
    }
}

impl Domain {
    /// The value as a number, if it is one of the domain: a flag as 0 or 1, a word as its place.
    pub fn read(&self, value: Value<'_>) -> Option<f64> {
        let number = match value {
            Value::Number(x) => Some(x),
            Value::Flag(x) => Some(f64::from(u8::from(x))),
            Value::Text(text) => text.parse().ok(),
        };
        match (self, value) {
            (Self::Number(low, high), Value::Number(_) | Value::Text(_)) => {
                number.filter(|x| x.is_finite() && (*low, *high).contains(x))
            }
            (Self::Whole(low, high), Value::Number(_) | Value::Text(_)) => {
                // A cast saturates, and what it changes is no whole number.
                number.filter(|&x| f64::from(x as u32) == x && (*low..=*high).contains(&(x as u32)))
            }
            (Self::Flag, Value::Text(text)) => {
                let is = |words: [&str; 3]| words.iter().any(|w| text.eq_ignore_ascii_case(w));
                match (is(["true", "1", "yes"]), is(["false", "0", "no"])) {
                    (true, _) => Some(1.0),
                    (_, true) => Some(0.0),
                    _ => None,
                }
            }
            (Self::Flag, _) => number.filter(|&x| x == 0.0 || x == 1.0),
            (Self::Word(words), Value::Text(text)) => {
                let place = words.iter().position(|word| word.contains(&text));
                place.map(|place| place as f64)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(low, high) => {
                f.write_str("a number")?;
                match low {
                    Bound::Included(x) => write!(f, " from {x}")?,
                    Bound::Excluded(x) => write!(f, " above {x}")?,
                    Bound::Unbounded => {}
                }
                match high {
                    Bound::Included(x) => write!(f, " up to {x}"),
                    Bound::Excluded(x) => write!(f, " below {x}"),
                    Bound::Unbounded => Ok(()),
                }
            }
            Self::Whole(low, high) => write!(f, "a whole number from {low} to {high}"),
            Self::Flag => f.write_str("true or false"),
            Self::Word(words) => {
                for (place, word) in words.iter().enumerate() {
                    f.write_str(match place {
                        0 => "",
                        last if last + 1 == words.len() => " or ",
                        _ => ", ",
                    })?;
                    f.write_str(word.first().unwrap_or(&""))?;
                }
                Ok(())
            }
        }
    }
}

macro_rules! number {
    ($($t:ty),+) => {$(
        impl From<$t> for Value<'_> {
            fn from(x: $t) -> Self {
                Self::Number(f64::from(x))
            }
        }
    )+};
}
number!(f32, f64, i32, u32);

impl From<bool> for Value<'_> {
    fn from(x: bool) -> Self {
        Self::Flag(x)
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(x: &'v str) -> Self {
        Self::Text(x)
    }
}
