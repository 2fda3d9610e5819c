//! What a node of this host takes in: the shape of its input and the names behind its numbers.
//!
//! The core knows channels, dimensions and labels by number; the profile keeps what users call
//! them. It is a block of the store of its own, as JSON.

use sensilla::learn::features::{FeatureConfig, MAX_CHANNELS, PER_CHANNEL};
use serde::{Deserialize, Serialize};

/// Version of the profile's fields.
pub const VERSION: u32 = 1;
/// The largest dimension of a vector.
pub const MAX_DIMENSIONS: u32 = 2_048;
/// Stands for a rate that nobody told; the default bands are shares of it.
const UNKNOWN_RATE: u32 = 1_000;

/// What a node takes in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Version of these fields.
    pub version: u32,
    /// What patterns are made of; none in a node that has only taken claims.
    pub shape: Option<Shape>,
    /// Names of the labels, by number.
    pub labels: Vec<String>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            version: VERSION,
            shape: None,
            labels: Vec::new(),
        }
    }
}

impl Profile {
    /// The number of the label `name`, given now if it has none.
    pub fn label(&mut self, name: &str) -> u32 {
        let index = match self.labels.iter().position(|l| l == name) {
            Some(index) => index,
            None => {
                self.labels.push(name.to_owned());
                self.labels.len() - 1
            }
        };
        index as u32
    }

    /// The name of the label `number`.
    pub fn label_name(&self, number: u32) -> String {
        match self.labels.get(number as usize) {
            Some(name) => name.clone(),
            None => format!("label {number}"),
        }
    }
}

/// What patterns are made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// Features of recordings.
    Samples {
        /// Values of a sample.
        channels: u32,
        /// Names of the channels; empty where the file has none.
        names: Vec<String>,
        /// Samples a second, in millihertz, if known.
        rate_mhz: Option<u32>,
        /// How the file was read, for the next one.
        reading: Reading,
    },
    /// Vectors as they come.
    Vectors {
        /// Components of a vector.
        components: u32,
    },
}

/// How a file of samples was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The column with the label.
    pub label: Option<String>,
    /// The column with the time.
    pub time: Option<String>,
    /// Samples of a window.
    pub window: Option<u32>,
    /// Samples from window to window.
    pub hop: Option<u32>,
}

impl Shape {
    /// Features of `channels` channels, or the reason why they cannot be.
    pub fn check_channels(channels: usize) -> Result<u32, String> {
        match u32::try_from(channels) {
            Ok(n) if n <= MAX_CHANNELS => Ok(n),
            _ => Err(format!(
                "{channels} channels of {PER_CHANNEL} features each make vectors of {} dimensions; \
                 at most {MAX_DIMENSIONS} are possible, which is {MAX_CHANNELS} channels",
                (channels * PER_CHANNEL).next_multiple_of(16)
            )),
        }
    }

    /// A vector of `components`, or the reason why it cannot be.
    pub fn check_components(components: usize) -> Result<u32, String> {
        match u32::try_from(components) {
            Ok(n) if n <= MAX_DIMENSIONS => Ok(n),
            _ => Err(format!(
                "the vector has {components} components; at most {MAX_DIMENSIONS} are possible"
            )),
        }
    }

    /// Dimensions of the patterns: padded to 16.
    pub fn dimensions(&self) -> u32 {
        match self {
            Self::Samples { .. } => self.features().map_or(0, |f| f.dimensions()),
            Self::Vectors { components } => components.next_multiple_of(16),
        }
    }

    /// The features of recordings; none of vectors.
    pub fn features(&self) -> Option<FeatureConfig> {
        match self {
            Self::Samples {
                channels, rate_mhz, ..
            } => Some(FeatureConfig::new(
                *channels,
                rate_mhz.unwrap_or(UNKNOWN_RATE),
            )),
            Self::Vectors { .. } => None,
        }
    }

    /// The shape in words.
    pub fn describe(&self) -> String {
        match self {
            Self::Samples {
                channels,
                rate_mhz: Some(rate),
                ..
            } => format!(
                "recordings of {channels} channels at {} Hz",
                f64::from(*rate) / 1e3
            ),
            Self::Samples { channels, .. } => format!("recordings of {channels} channels"),
            Self::Vectors { components } => format!("vectors of {components} components"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_told_in_numbers() {
        assert_eq!(Shape::check_channels(227), Ok(227));
        let error = Shape::check_channels(228).unwrap_err();
        for number in ["228", "2064", "2048", "227"] {
            assert!(error.contains(number), "{error}");
        }
        assert_eq!(Shape::check_components(2048), Ok(2048));
        assert!(Shape::check_components(2049).unwrap_err().contains("2049"));
    }

    #[test]
    fn labels_keep_their_numbers() {
        let mut profile = Profile::default();
        assert_eq!(
            [profile.label("a"), profile.label("b"), profile.label("a")],
            [0, 1, 0]
        );
        assert_eq!(profile.label_name(1), "b");
        let text = serde_json::to_string(&profile).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), profile);
    }

    #[test]
    fn dimensions_are_padded_to_16() {
        let samples = |channels| Shape::Samples {
            channels,
            names: Vec::new(),
            rate_mhz: None,
            reading: Reading::default(),
        };
        assert_eq!(samples(6).dimensions(), 64);
        assert_eq!(samples(227).dimensions(), 2_048);
        assert_eq!(Shape::Vectors { components: 17 }.dimensions(), 32);
    }
}
