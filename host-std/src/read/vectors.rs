//! JSON lines of vectors, schema version 1: one object a line.
//!
//! | field | type | meaning |
//! |---|---|---|
//! | `vector` | array of numbers | the components; the same number on every line |
//! | `label` | string, number or boolean, optional | what it shows; needed to learn |
//! | `at` | integer, optional | when, in milliseconds |
//! | `latency_us` | integer, optional | how long the work took, in microseconds |
//! | `energy_spent`, `energy_earned` | integer, optional | in the user's unit |
//! | `success` | boolean, optional | whether the work succeeded; true if absent |
//! | `executor` | integer 0–65535, optional | who did it |
//! | `v` | integer, optional | version of the schema, 1 |
//!
//! Other fields are refused.

use super::json::{self, Scalar, object};
use super::text::canonical;
use super::{InputError, Source};
use serde::{Deserialize, Deserializer};

/// The version of the schema.
pub const VERSION: u32 = 1;

/// A vector and what is known of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorLine {
    /// Version of the schema.
    #[serde(default = "version")]
    v: u32,
    /// The line it is on.
    #[serde(skip)]
    pub line: u64,
    /// The components, all finite.
    pub vector: Vec<f32>,
    /// What it shows.
    #[serde(default, deserialize_with = "label")]
    pub label: Option<String>,
    /// When, in milliseconds.
    #[serde(default)]
    pub at: Option<u64>,
    /// How long the work took, in microseconds.
    #[serde(default)]
    pub latency_us: u32,
    /// What it cost.
    #[serde(default)]
    pub energy_spent: u32,
    /// What it brought.
    #[serde(default)]
    pub energy_earned: u32,
    /// Whether it succeeded.
    #[serde(default = "success")]
    pub success: bool,
    /// Who did it.
    #[serde(default)]
    pub executor: u16,
}

pub(super) const fn version() -> u32 {
    VERSION
}

fn label<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let label = Option::<Scalar>::deserialize(deserializer)?;
    Ok(label.map(|Scalar(text)| canonical(&text).into_owned()))
}

const fn success() -> bool {
    true
}

/// Reads vectors.
pub struct VectorReader {
    source: Source,
    dimensions: Option<usize>,
    any: bool,
    done: bool,
}

impl VectorReader {
    /// A reader of `source`.
    pub fn new(mut source: Source) -> Self {
        source.set_limit(json::MAX_LINE);
        Self {
            source,
            dimensions: None,
            any: false,
            done: false,
        }
    }

    /// What the user should know of how the file was read; each is given once.
    pub fn take_notes(&mut self) -> Vec<String> {
        self.source.take_notes()
    }

    fn read(&mut self) -> Result<Option<VectorLine>, InputError> {
        let Some(parsed) = object::<VectorLine>(&mut self.source)? else {
            return if self.any {
                Ok(None)
            } else {
                Err(self.source.error_at(None, "holds no vector"))
            };
        };
        self.any = true;
        let fault = |reason: String| Err(self.source.error(reason));
        if parsed.v != VERSION {
            return fault(format!(
                "has schema version {}, this build reads {VERSION}",
                parsed.v
            ));
        }
        if let Some(i) = parsed.vector.iter().position(|x| !x.is_finite()) {
            return fault(format!(
                "component {} is out of the range of a 32-bit float",
                i + 1
            ));
        }
        let found = parsed.vector.len();
        let expected = *self.dimensions.get_or_insert(found);
        if found == 0 {
            return fault("the vector has no components".into());
        }
        if found != expected {
            return fault(format!(
                "the vector has {found} components, those above have {expected}"
            ));
        }
        if parsed.label.as_deref() == Some("") {
            return fault("the label is empty".into());
        }
        Ok(Some(VectorLine {
            line: self.source.line(),
            ..parsed
        }))
    }
}

impl Iterator for VectorReader {
    type Item = Result<VectorLine, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.read().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<VectorLine>, String> {
        let source = Source::new(
            "v.jsonl",
            std::io::Cursor::new(text.to_owned().into_bytes()),
        );
        VectorReader::new(source)
            .collect::<Result<_, _>>()
            .map_err(|e| e.to_string())
    }

    #[test]
    fn fields_but_the_vector_are_optional() {
        let found = read(
            "{\"vector\":[1,-2.5e-3]}\n\n\
             {\"v\":1,\"vector\":[0,1],\"label\":\"a\",\"at\":5,\"latency_us\":7,\"energy_spent\":1,\
              \"energy_earned\":2,\"success\":false,\"executor\":3}\n",
        )
        .unwrap();
        assert_eq!(found[0].vector, [1.0, -2.5e-3]);
        assert!(found[0].success && found[0].label.is_none());
        assert_eq!(
            (found[1].line, found[1].executor, found[1].success),
            (3, 3, false)
        );
    }

    #[test]
    fn refusals_name_line_and_reason() {
        for (text, expected) in [
            ("", "v.jsonl: holds no vector"),
            ("{}", "line 1: missing field `vector`"),
            (
                "{\"vector\":[1]}\n{\"vector\":[1,2]}",
                "line 2: the vector has 2 components, those above have 1",
            ),
            ("{\"vector\":[]}", "no components"),
            (
                "{\"vector\":[1,null]}",
                "line 1: invalid type: `vector[1]` is null",
            ),
            ("{\"vector\":[1e39]}", "component 1 is out of the range"),
            ("{\"vector\":[1],\"lable\":\"x\"}", "unknown field `lable`"),
            ("{\"vector\":[1],\"label\":\"\"}", "the label is empty"),
            (
                "{\"v\":2,\"vector\":[1]}",
                "has schema version 2, this build reads 1",
            ),
            ("{\"vector\":[1]} {\"vector\":[1]}", "trailing characters"),
            ("{\"vector\":[1],\"latency_us\":-1}", "invalid value"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }
}
