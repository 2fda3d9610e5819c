//! What a node of this host takes in: the shape of its input and the names behind its numbers.
//!
//! The core knows channels, dimensions and labels by number; the profile keeps what users call
//! them. It is a block of the store of its own, as JSON; the store's format is its version too.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use sensilla::learn::stream::MAX_CHANNELS;
use serde::{Deserialize, Serialize};

use crate::read::values::{Holes, Unlabelled};
use crate::realm::Realm;
use crate::store::manifest::hex;

/// The largest dimension of a vector.
pub const MAX_DIMENSIONS: u32 = 2_048;
/// The similarity from which patterns merge, where nobody says otherwise.
const MERGE_AT: f32 = 0.8;

/// Where in a list of sources each key is. It says nothing that the list does not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(RefCell<HashMap<String, usize>>);

impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What a node takes in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The name of the node's block in the store.
    pub node: String,
    /// What patterns are made of; none in a node that has only taken claims.
    pub shape: Option<Shape>,
    /// How many names of labels the node has room for.
    pub labels: Names,
    /// Most patterns that the node learns.
    pub patterns: u32,
    /// Vectors: the similarity from which what is learned is merged into the nearest pattern.
    pub merge_at: f32,
    /// Vectors: whether their floats are kept beside eight bits of each component.
    #[serde(default)]
    pub keep_floats: bool,
    /// Recordings: the share of the usual squared distance within which they are; none in stores that
    /// were learned by similarity.
    #[serde(default)]
    pub merge_within: Option<f32>,
    /// How much its log and engine hold.
    pub room: Room,
    /// The realm that its events are of.
    #[serde(default)]
    pub realm: Option<Realm>,
    /// A secret that the look-up tables are seeded with, so that nobody can aim at them.
    #[serde(default)]
    pub seed: u64,
    /// Authors by name.
    pub sources: Vec<Source>,
    /// Where in them a key is.
    #[serde(skip)]
    pub(crate) places: Places,
    /// Who decides in which context.
    pub authorities: Vec<Authority>,
    /// By how much numbers may differ and agree, by predicate.
    #[serde(default)]
    pub tolerances: BTreeMap<String, f64>,
}

/// How much a node's log and engine hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// Events.
    pub events: u32,
    /// Bytes of their bodies.
    pub bytes: u32,
    /// Different authors.
    pub authors: u16,
    /// Different contexts.
    pub contexts: u16,
    /// Components of the claims' embeddings; 0 if they have none.
    pub dimensions: u32,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            events: 512,
            bytes: 128 * 1024,
            authors: 64,
            contexts: 16,
            dimensions: 0,
        }
    }
}

/// How many names of labels a node has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// Names.
    pub count: u32,
    /// Bytes of all together.
    pub bytes: u32,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            count: 64,
            bytes: 1024,
        }
    }
}

/// An author that has a name here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The name.
    pub name: String,
    /// The public key, in hexadecimal.
    pub key: String,
}

/// Who decides in a context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// The context.
    pub context: String,
    /// How many of them must sign.
    pub threshold: u8,
    /// Names of sources, or public keys in hexadecimal.
    pub members: Vec<String>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            node: "node".into(),
            shape: None,
            labels: Names::default(),
            patterns: 64,
            merge_at: MERGE_AT,
            keep_floats: false,
            merge_within: None,
            room: Room::default(),
            realm: None,
            seed: 0,
            sources: Vec::new(),
            places: Places::default(),
            authorities: Vec::new(),
            tolerances: BTreeMap::new(),
        }
    }
}

impl Profile {
    /// The name of the author with the public key `key`, or the key in hexadecimal.
    pub fn source_name(&self, key: &[u8]) -> String {
        let key = hex(key);
        match self.place(&key).and_then(|at| self.sources.get(at)) {
            Some(source) => source.name.clone(),
            None => key,
        }
    }

    /// Gives the author with the public key `key` a name, if it has none.
    pub fn name_source(&mut self, name: &str, key: &[u8]) {
        let key = hex(key);
        if self.place(&key).is_none() {
            let name = name.to_owned();
            self.sources.push(Source { name, key });
        }
    }

    /// Where in the sources a key is. Cost: constant, and once for each source.
    fn place(&self, key: &str) -> Option<usize> {
        let mut places = self.places.0.borrow_mut();
        // Sources are only ever added.
        for (at, source) in self.sources.iter().enumerate().skip(places.len()) {
            places.entry(source.key.clone()).or_insert(at);
        }
        places.get(key).copied()
    }
}

/// What patterns are made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// Recordings.
    Samples {
        /// Values of a sample.
        channels: u32,
        /// Names of the channels; empty where the file has none.
        names: Vec<String>,
        /// Samples a second, in millihertz, if known.
        rate_mhz: Option<u32>,
        /// How the file was read, for the next one.
        reading: Box<Reading>,
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
    /// The column that keeps streams apart.
    #[serde(default)]
    pub group: Option<String>,
    /// What became of rows that lacked a value.
    #[serde(default)]
    pub holes: Holes,
    /// What else stood for no value.
    #[serde(default)]
    pub marks: Vec<String>,
    /// Labels that said that there was none.
    #[serde(default)]
    pub skip_labels: Vec<String>,
    /// What became of rows without a label.
    #[serde(default)]
    pub unlabelled: Unlabelled,
    /// The format of the time.
    #[serde(default)]
    pub time_format: Option<String>,
    /// The unit of the time.
    #[serde(default)]
    pub time_unit: Option<String>,
    /// The longest step in milliseconds that was no gap.
    #[serde(default)]
    pub gap_ms: Option<u64>,
}

impl Shape {
    /// Recordings of `channels` channels, or the reason why they cannot be.
    pub fn check_channels(channels: usize) -> Result<u32, String> {
        match u32::try_from(channels) {
            Ok(n) if n <= MAX_CHANNELS => Ok(n),
            _ => Err(format!(
                "{channels} channels; at most {MAX_CHANNELS} are possible (of a table, --channels \
                 chooses some)"
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

    /// Components of a vector that comes from elsewhere, padded to 16.
    pub fn dimensions(&self) -> u32 {
        match self {
            Self::Samples { .. } => 0,
            Self::Vectors { components } => components.next_multiple_of(16),
        }
    }

    /// The shape in words.
    pub fn describe(&self) -> String {
        let count = |n: u32, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        match self {
            Self::Samples {
                channels, rate_mhz, ..
            } => {
                let of = count(*channels, "channel");
                match rate_mhz {
                    Some(rate) => format!("recordings of {of} at {} Hz", f64::from(*rate) / 1e3),
                    None => format!("recordings of {of}"),
                }
            }
            Self::Vectors { components } => {
                format!("vectors of {}", count(*components, "component"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_told_in_numbers() {
        assert_eq!(Shape::check_channels(256), Ok(256));
        let error = Shape::check_channels(257).unwrap_err();
        for number in ["257", "256"] {
            assert!(error.contains(number), "{error}");
        }
        assert_eq!(Shape::check_components(2048), Ok(2048));
        assert!(Shape::check_components(2049).unwrap_err().contains("2049"));
    }
}
