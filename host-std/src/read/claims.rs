//! JSON lines of claims, schema version 1: one object a line, of one of three forms.
//!
//! A claim that one of this node's sources makes:
//!
//! | field | type | meaning |
//! |---|---|---|
//! | `author` | string | the source; each has a key of its own |
//! | `at` | integer | when, in milliseconds |
//! | `context` | string | where authority and conflicts are decided |
//! | `subject`, `predicate` | string | what is claimed: about subject, predicate is value |
//! | `value` | string, number or boolean | a number and text that reads as one are the same |
//! | `confidence` | number 0–1, optional | how sure the source is; 1 if absent |
//! | `expires` | integer, optional | when it stops to hold, in milliseconds |
//! | `evidence` | array of 64 hex digits, optional | SHA-256 of what backs it |
//! | `embedding` | array of numbers, optional | where it lies in the space of meanings |
//! | `supersedes` | `true` or 64 hex digits, optional | it replaces what the source said last of the property, or the event of this id |
//!
//! A decision of an authority, about the conflicts over one property:
//!
//! | field | type | meaning |
//! |---|---|---|
//! | `author`, `at`, `context` | | as above; the author must be an authority of the context |
//! | `resolve` | object | `subject`, `predicate`, the `value` that stands; `rationale` (string) and `cosigners` (array of names), optional |
//!
//! An event that another node has signed:
//!
//! | field | type | meaning |
//! |---|---|---|
//! | `event` | string of hex digits | its canonical bytes |
//!
//! Every form takes `v`, the version of the schema, 1 if absent. Other fields are refused. Texts are
//! trimmed, and written in one way where Unicode has several (NFC).

use super::json::{self, Scalar, object};
use super::text::canonical;
use super::vectors::version;
use super::{InputError, Source};
use crate::profile::MAX_DIMENSIONS;
use sensilla::Hash;
use serde::{Deserialize, Deserializer};

/// The version of the schema.
pub const VERSION: u32 = 1;

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimLine {
    /// Its number.
    pub line: u64,
    /// What it says.
    pub said: Said,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// A claim of a source.
    Claim(Claim),
    /// A decision of an authority.
    Resolve(Resolve),
    /// Canonical bytes of a signed event.
    Event(Vec<u8>),
}

/// A claim of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The source.
    pub author: String,
    /// When, in milliseconds.
    pub at: u64,
    /// The context.
    pub context: String,
    /// What it is about.
    pub subject: String,
    /// Which property.
    pub predicate: String,
    /// What the property is said to be.
    pub value: String,
    /// How sure, a fraction of 65,535.
    pub confidence: u16,
    /// When it stops to hold, in milliseconds.
    pub expires: Option<u64>,
    /// SHA-256 of what backs it.
    pub evidence: Vec<Hash>,
    /// Where it lies; empty for nowhere.
    pub embedding: Vec<f32>,
    /// What it replaces.
    pub supersedes: Supersedes,
}

/// What a claim replaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Supersedes {
    /// Nothing.
    #[default]
    Nothing,
    /// The last claim of its author about the same property.
    Last,
    /// The claim with this id.
    Event(Hash),
}

/// A decision of an authority.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolve {
    /// The authority.
    pub author: String,
    /// When, in milliseconds.
    pub at: u64,
    /// The context.
    pub context: String,
    /// What the conflicts are about.
    pub subject: String,
    /// Which property.
    pub predicate: String,
    /// The value that stands.
    pub value: String,
    /// Why.
    pub rationale: String,
    /// Other authorities that sign it.
    pub cosigners: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default = "version")]
    v: u32,
    event: Option<String>,
    author: Option<String>,
    at: Option<u64>,
    context: Option<String>,
    subject: Option<String>,
    predicate: Option<String>,
    value: Option<Scalar>,
    confidence: Option<f64>,
    expires: Option<u64>,
    evidence: Option<Vec<String>>,
    embedding: Option<Vec<f32>>,
    supersedes: Option<Scalar>,
    resolve: Option<RawResolve>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawResolve {
    #[serde(deserialize_with = "name")]
    subject: String,
    #[serde(deserialize_with = "name")]
    predicate: String,
    value: Scalar,
    #[serde(default)]
    rationale: String,
    #[serde(default)]
    cosigners: Vec<String>,
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(canonical(&String::deserialize(deserializer)?).into_owned())
}

/// Reads claims.
pub struct ClaimReader {
    source: Source,
    any: bool,
    done: bool,
}

impl ClaimReader {
    /// A reader of `source`.
    pub fn new(mut source: Source) -> Self {
        source.set_limit(json::MAX_LINE);
        Self {
            source,
            any: false,
            done: false,
        }
    }

    /// What the user should know of how the file was read; each is given once.
    pub fn take_notes(&mut self) -> Vec<String> {
        self.source.take_notes()
    }

    /// Reads on after a line that was refused; false if nothing more can be read.
    pub fn go_on(&mut self) -> bool {
        self.done = self.source.is_broken();
        self.any = true;
        !self.done
    }

    fn read(&mut self) -> Result<Option<ClaimLine>, InputError> {
        let Some(raw) = object::<Raw>(&mut self.source)? else {
            return if self.any {
                Ok(None)
            } else {
                Err(self.source.error_at(None, "holds no claim"))
            };
        };
        self.any = true;
        let said = said(raw).map_err(|reason| self.source.error(reason))?;
        Ok(Some(ClaimLine {
            line: self.source.line(),
            said,
        }))
    }
}

impl Iterator for ClaimReader {
    type Item = Result<ClaimLine, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.read().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

fn said(raw: Raw) -> Result<Said, String> {
    if raw.v != VERSION {
        return Err(format!(
            "has schema version {}, this build reads {VERSION}",
            raw.v
        ));
    }
    let of_a_claim = raw.subject.is_some()
        || raw.predicate.is_some()
        || raw.value.is_some()
        || raw.confidence.is_some()
        || raw.expires.is_some()
        || raw.evidence.is_some()
        || raw.embedding.is_some()
        || raw.supersedes.is_some();
    if let Some(event) = raw.event {
        if of_a_claim
            || raw.author.is_some()
            || raw.at.is_some()
            || raw.context.is_some()
            || raw.resolve.is_some()
        {
            return Err("`event` goes with no other field: it says all".into());
        }
        return hex(&event)
            .map(Said::Event)
            .ok_or_else(|| "`event` is not an even number of hex digits".into());
    }
    let author = source(&text(raw.author, "author")?)?;
    let at = raw.at.ok_or("missing field `at`")?;
    let context = text(raw.context, "context")?;
    if let Some(resolve) = raw.resolve {
        if of_a_claim {
            return Err("`resolve` goes with `author`, `at` and `context` alone".into());
        }
        return Ok(Said::Resolve(Resolve {
            author,
            at,
            context,
            subject: resolve.subject,
            predicate: resolve.predicate,
            value: value_of(&resolve.value),
            rationale: resolve.rationale,
            cosigners: resolve
                .cosigners
                .iter()
                .map(|name| source(&canonical(name)))
                .collect::<Result<_, _>>()?,
        }));
    }
    let confidence = raw.confidence.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&confidence) {
        return Err(format!("confidence {confidence} is not between 0 and 1"));
    }
    let embedding = raw.embedding.unwrap_or_default();
    if let Some(i) = embedding.iter().position(|x| !x.is_finite()) {
        return Err(format!(
            "component {} of the embedding is out of the range of a 32-bit float",
            i + 1
        ));
    }
    if embedding.len() > MAX_DIMENSIONS as usize {
        return Err(format!(
            "the embedding has {} components; at most {MAX_DIMENSIONS} are possible",
            embedding.len()
        ));
    }
    let evidence = raw
        .evidence
        .unwrap_or_default()
        .iter()
        .map(|digits| hex(digits).and_then(|bytes| Hash::try_from(bytes).ok()))
        .collect::<Option<_>>()
        .ok_or("a piece of evidence is not 64 hex digits")?;
    let supersedes = match raw.supersedes.as_ref().map(|Scalar(text)| text.as_str()) {
        None | Some("false") => Supersedes::Nothing,
        Some("true") => Supersedes::Last,
        Some(digits) => hex(digits)
            .and_then(|bytes| Hash::try_from(bytes).ok())
            .map(Supersedes::Event)
            .ok_or("`supersedes` is neither true nor the 64 hex digits of an event")?,
    };
    Ok(Said::Claim(Claim {
        author,
        at,
        context,
        subject: text(raw.subject, "subject")?,
        predicate: text(raw.predicate, "predicate")?,
        value: value_of(&raw.value.ok_or("missing field `value`")?),
        confidence: (confidence * 65_535.0).round() as u16,
        expires: raw.expires,
        evidence,
        embedding,
        supersedes,
    }))
}

/// The name of a source. A key is no name: who reads it would take the source for the key's holder.
fn source(name: &str) -> Result<String, String> {
    match hex(name.trim()).is_some_and(|bytes| bytes.len() >= 16) {
        true => Err(format!(
            "the name `{}` looks like a key; a source has a name of its own, and what a key has \
             signed comes as an `event`",
            super::shown(name)
        )),
        false => Ok(name.to_owned()),
    }
}

fn text(value: Option<String>, field: &str) -> Result<String, String> {
    let Some(value) = value else {
        return Err(format!("missing field `{field}`"));
    };
    match canonical(&value) {
        text if text.is_empty() => Err(format!("`{field}` is empty")),
        text => Ok(text.into_owned()),
    }
}

/// A value as it is signed. Text that reads as a decimal number is that number, in the fewest
/// digits that say it: `21.5`, `"21.5"` and `"21.50"` are one value. What begins with a zero or a
/// sign, or holds a letter, is a code and stays.
fn value_of(Scalar(text): &Scalar) -> String {
    let text = canonical(text);
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let Some((whole, fraction)) = digits.split_once('.') else {
        return if digits == "0" {
            "0".into()
        } else {
            text.into_owned()
        };
    };
    let all_digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let is_code = whole.len() > 1 && whole.starts_with('0');
    if !all_digits(whole) || !all_digits(fraction) || is_code {
        return text.into_owned();
    }
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".into(),
        number => number.to_owned(),
    }
}

/// The bytes that `digits` write in hexadecimal.
pub fn hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|&[a, b]| Some(digit(a)? << 4 | digit(b)?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<ClaimLine>, String> {
        let source = Source::new(
            "c.jsonl",
            std::io::Cursor::new(text.to_owned().into_bytes()),
        );
        ClaimReader::new(source)
            .collect::<Result<_, _>>()
            .map_err(|e| e.to_string())
    }

    const CLAIM: &str = r#"{"v":1,"author":"cam","at":5,"context":"hall","subject":"door","predicate":"state","value":"open","confidence":0.5,"evidence":["00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff"],"embedding":[1,2]}"#;

    #[test]
    fn the_three_forms_are_read() {
        let text = format!(
            "{CLAIM}\n{}\n{}\n",
            r#"{"author":"boss","at":6,"context":"hall","resolve":{"subject":"door","predicate":"state","value":"open"}}"#,
            r#"{"event":"01aB"}"#
        );
        let found = read(&text).unwrap();
        let Said::Claim(claim) = &found[0].said else {
            panic!()
        };
        assert_eq!((claim.confidence, claim.evidence[0][1]), (32_768, 255));
        let Said::Resolve(resolve) = &found[1].said else {
            panic!()
        };
        assert_eq!(
            (resolve.value.as_str(), resolve.rationale.as_str()),
            ("open", "")
        );
        assert_eq!(
            found[2],
            ClaimLine {
                line: 3,
                said: Said::Event(vec![1, 0xab])
            }
        );
    }

    #[test]
    fn values_may_be_numbers_and_booleans() {
        let value = |json: &str| {
            let found = read(&CLAIM.replace("\"open\"", json)).unwrap().remove(0);
            match found.said {
                Said::Claim(claim) => claim.value,
                other => panic!("{other:?}"),
            }
        };
        for (json, expected) in [
            ("21.5", "21.5"),
            ("\"21.50\"", "21.5"),
            ("\" 21.5 \"", "21.5"),
            ("21", "21"),
            ("\"21.0\"", "21"),
            ("-0.0", "0"),
            ("1e3", "1000"),
            ("true", "true"),
            ("\"007\"", "007"),
            ("\"00.10\"", "00.10"),
            ("\"v1.10\"", "v1.10"),
            ("\"1.2.0\"", "1.2.0"),
            ("\"200\"", "200"),
            ("\"e\u{301}\"", "\u{e9}"),
        ] {
            assert_eq!(value(json), expected, "{json}");
        }
    }

    #[test]
    fn a_claim_may_replace_another() {
        let with = |field: &str| {
            let found = read(&CLAIM.replace("\"v\":1,", field)).map(|mut f| f.remove(0).said);
            found.map(|said| match said {
                Said::Claim(claim) => claim.supersedes,
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(with("\"supersedes\":true,"), Ok(Supersedes::Last));
        assert_eq!(with("\"supersedes\":false,"), Ok(Supersedes::Nothing));
        let id = "ab".repeat(32);
        assert_eq!(
            with(&format!("\"supersedes\":\"{id}\",")),
            Ok(Supersedes::Event([0xab; 32]))
        );
        assert!(
            with("\"supersedes\":\"x\",")
                .unwrap_err()
                .contains("neither true nor")
        );
    }

    #[test]
    fn refusals_name_line_and_reason() {
        for (text, expected) in [
            ("".to_owned(), "c.jsonl: holds no claim"),
            (format!("{CLAIM}\n{{}}"), "line 2: missing field `author`"),
            (CLAIM.replace("cam", &"0aF1".repeat(16)), "looks like a key"),
            (CLAIM.replace("cam", &"0f".repeat(16)), "looks like a key"),
            (
                CLAIM.replace("\"at\":5", "\"at\":-5"),
                "line 1: invalid value",
            ),
            (CLAIM.replace("\"at\":5,", ""), "missing field `at`"),
            (CLAIM.replace("0.5", "1.5"), "confidence 1.5 is not between"),
            (CLAIM.replace("00ff00", "0f00"), "not 64 hex digits"),
            (CLAIM.replace("\"hall\"", "\"\""), "`context` is empty"),
            (CLAIM.replace("value", "valve"), "unknown field `valve`"),
            (
                CLAIM.replace("[1,2]", "[1,1e39]"),
                "component 2 of the embedding",
            ),
            (CLAIM.replace("\"v\":1", "\"v\":9"), "has schema version 9"),
            ("{\"event\":\"012\"}".into(), "even number of hex digits"),
            (
                "{\"event\":\"01\",\"at\":1}".into(),
                "goes with no other field",
            ),
        ] {
            let error = read(&text).expect_err(&text);
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }
}
