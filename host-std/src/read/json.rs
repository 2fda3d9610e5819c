//! JSON lines: one object a line, and what is nearly that told in words that are not a decoder's.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde_json::error::Category;

use super::{InputError, Source, shown};

/// Most bytes of a line.
pub const MAX_LINE: usize = 16 << 20;

/// The object on the next line; none at the end.
pub fn object<T: for<'de> Deserialize<'de>>(source: &mut Source) -> Result<Option<T>, InputError> {
    let Some(line) = source.next_line()? else {
        return Ok(None);
    };
    if line.starts_with('[') {
        let reason = array(line);
        return Err(source.error(reason));
    }
    let error = match serde_json::from_str::<T>(line) {
        Ok(value) => return Ok(Some(value)),
        Err(error) => error,
    };
    let line = line.to_owned();
    if error.classify() != Category::Eof {
        let reason = reason::<T>(&line, &error);
        return Err(source.error(reason));
    }
    let (number, ended) = (source.line(), source.is_ended());
    let more = source.peek()?.to_owned();
    let fault = |reason: &str| Err(source.error_at(Some(number), reason));
    let over_lines = line.ends_with(['{', '[', ',', ':']) || more.starts_with(['"', '}', ']']);
    if !more.is_empty() && over_lines {
        return fault(
            "an object goes over several lines; expected an object a line: jq -c . FILE > FILE.jsonl",
        );
    }
    if !more.is_empty() {
        return fault("the line is cut off; an object ends on the line it begins on");
    }
    if source.is_lenient() {
        source.note(format!("line {number} is cut off and was left out"));
        return Ok(None);
    }
    let end = if ended { "" } else { ", and has no end" };
    fault(&format!(
        "the line is cut off{end}; --lenient keeps what is above it"
    ))
}

/// Why an array is no line.
fn array(line: &str) -> String {
    let inner = line.trim_start_matches('[').trim_start();
    if inner.is_empty() || inner.starts_with('{') {
        "this is one JSON array; expected an object a line: jq -c '.[]' FILE > FILE.jsonl".into()
    } else {
        "is an array; expected an object with named fields, as in {\"vector\":[1,2],\"label\":\"a\"}"
            .into()
    }
}

/// Why `line` is no `T`, in words.
fn reason<T: for<'de> Deserialize<'de>>(line: &str, error: &serde_json::Error) -> String {
    let column = match error.column() {
        0 => String::new(),
        column => format!(" (column {column})"),
    };
    if let Some(reason) = python(line, error.column()) {
        return format!("{reason}{column}");
    }
    if let Some(reason) = of_columns(line) {
        return reason;
    }
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or(&text);
    if error.classify() != Category::Data {
        let rest = line
            .get(error.column().saturating_sub(1)..)
            .unwrap_or_default();
        let text = match (text, rest.chars().next()) {
            ("trailing characters", Some(',')) => {
                "trailing characters; a comma follows the object, as in an array: sed 's/,$//' FILE > \
                 FILE.jsonl leaves it out"
            }
            ("trailing characters", Some('{')) => {
                "trailing characters; another object follows on the line: jq -c . FILE > FILE.jsonl makes \
                 a line of each"
            }
            ("trailing characters", _) => "trailing characters; expected one object a line",
            ("expected value", _) => "is no JSON; expected a value",
            (other, _) => other,
        };
        return format!("{}{column}", shown_message(text));
    }
    let mut reader = serde_json::Deserializer::from_str(line);
    let path = serde_path_to_error::deserialize::<_, T>(&mut reader)
        .err()
        .map(|e| e.path().to_string())
        .filter(|path| path != ".");
    let mut text = in_words(text);
    if let Some(path) = path
        && let Some(rest) = text.strip_prefix("invalid type: ").map(str::to_owned)
    {
        text = format!("invalid type: `{}` is {rest}", shown(&path));
    } else if let Some(rest) = text.strip_prefix("invalid value: ").map(str::to_owned) {
        text = format!("invalid value: {rest}");
    }
    format!("{}{column}", shown_message(&text))
}

/// What a decoder calls things, in the words of JSON.
fn in_words(text: &str) -> String {
    let mut text = text.to_owned();
    for (of_decoder, of_json) in [
        ("expected u64", "expected a whole number from 0 on"),
        (
            "expected u32",
            "expected a whole number from 0 to 4294967295",
        ),
        ("expected u16", "expected a whole number from 0 to 65535"),
        ("expected f32", "expected a number"),
        ("expected f64", "expected a number"),
        ("expected a sequence", "expected an array"),
        ("integer `", "the number `"),
        ("floating point `", "the number `"),
        ("string \"", "the text \""),
        (": map,", ": an object,"),
        (": sequence,", ": an array,"),
        ("a map", "an object"),
    ] {
        text = text.replace(of_decoder, of_json);
    }
    match text.find("expected struct ") {
        Some(at) => text[..at].to_owned() + "expected an object",
        None => text,
    }
}

/// What Python prints and JSON does not have, where the decoder stopped.
fn python(line: &str, column: usize) -> Option<String> {
    let stopped = column.saturating_sub(1).min(line.len());
    let word = |c: char| c.is_alphanumeric() || c == '-';
    let before = line.get(..stopped)?;
    let start = before.trim_end_matches(word).len();
    let word: String = line
        .get(start..)?
        .chars()
        .take_while(|c| word(*c))
        .collect();
    match word.trim_start_matches('-') {
        "NaN" | "nan" | "Infinity" | "inf" | "Inf" => {
            let open = line.get(..start)?.rfind('[')?;
            let which = line.get(open..start)?.matches(',').count() + 1;
            Some(format!(
                "component {which} is {word}; JSON has no such number: leave the line out, or write a \
                 value"
            ))
        }
        "None" | "True" | "False" => Some(format!(
            "`{word}` is written as Python prints it; write JSON, as json.dumps does"
        )),
        "" if line.get(stopped..)?.starts_with('\'') => {
            Some("text is in single quotes; write JSON, as json.dumps does".into())
        }
        _ => None,
    }
}

/// Why one object of columns is no line.
fn of_columns(line: &str) -> Option<String> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).ok()?;
    let columns = object.values().all(|v| v.is_object() || v.is_array());
    // An object of objects is no line in any schema; one of arrays may be a line with a fault.
    let known = ["vector", "event", "resolve", "embedding"];
    let nested = object.values().all(serde_json::Value::is_object);
    if !columns || object.len() < 2 || (!nested && known.iter().any(|k| object.contains_key(*k))) {
        return None;
    }
    let split = object.contains_key("columns") && object.contains_key("data");
    let orient = if split { ", orient='split'" } else { "" };
    Some(format!(
        "this is one object of columns; expected an object a row: python3 -c \"import pandas; \
         pandas.read_json('FILE'{orient}).to_csv('FILE.csv', index=False)\" makes a table of it"
    ))
}

fn shown_message(text: &str) -> String {
    if text.chars().count() > 300 {
        shown(text)
    } else {
        text.chars()
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect()
    }
}

/// A string, a number or a boolean as text; a number in the fewest digits that say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar(pub String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a number or a boolean")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.to_owned()))
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        #[allow(dead_code)]
        vector: Vec<f32>,
        label: Option<Scalar>,
        #[allow(dead_code)]
        at: Option<u64>,
    }

    fn read(text: &str) -> Result<Vec<Example>, String> {
        let input = std::io::Cursor::new(text.to_owned().into_bytes());
        let mut source = Source::new("v.jsonl", input);
        let mut found = Vec::new();
        while let Some(example) = object(&mut source).map_err(|e| e.to_string())? {
            found.push(example);
        }
        Ok(found)
    }

    #[test]
    fn what_is_nearly_json_lines_is_told_in_words() {
        for (text, expected) in [
            (
                "[{\"vector\":[1]}]",
                "line 1: this is one JSON array; expected an object a line: jq -c '.[]'",
            ),
            ("[\n {\"vector\":[1]}\n]", "line 1: this is one JSON array"),
            (
                "{\n \"vector\": [1]\n}\n",
                "line 1: an object goes over several lines",
            ),
            (
                "{\"vector\":\n[1]}\n",
                "line 1: an object goes over several lines",
            ),
            (
                "[1,[1.0],\"a\"]",
                "line 1: is an array; expected an object with named fields",
            ),
            (
                "{\"vector\":[1]}\n{\"vector\":[1",
                "line 2: the line is cut off, and has no end; --lenient",
            ),
            (
                "{\"vector\":[1,\"x\n{\"vector\":[1]}",
                "line 1: the line is cut off; an object ends",
            ),
            (
                "{\"vector\":[1,NaN]}",
                "component 2 is NaN; JSON has no such number",
            ),
            ("{\"vector\":[-Infinity]}", "component 1 is -Infinity"),
            (
                "{\"vector\":[1],\"label\":None}",
                "`None` is written as Python prints it",
            ),
            ("{'vector':[1]}", "single quotes"),
            (
                "{\"x\":{\"0\":1},\"y\":{\"0\":2}}",
                "this is one object of columns",
            ),
            (
                "{\"vector\":1}",
                "invalid type: `vector` is the number `1`, expected an array",
            ),
            (
                "{\"vector\":[1,null]}",
                "invalid type: `vector[1]` is null, expected a number",
            ),
            (
                "{\"vector\":[1],\"at\":-5}",
                "invalid value: the number `-5`, expected a whole number from 0 on",
            ),
            (
                "{\"vector\":[1],\"label\":[1]}",
                "`label` is an array, expected a string, a number or a boolean",
            ),
            ("{\"vector\":[1],\"lable\":\"x\"}", "unknown field `lable`"),
            ("{}", "missing field `vector`"),
            (
                "{\"vector\":[1]} {\"vector\":[1]}",
                "trailing characters; another object follows on the line: jq -c .",
            ),
            (
                "{\"vector\":[1]},\n",
                "trailing characters; a comma follows the object",
            ),
            (
                "{\"vector\":[1]} x\n",
                "trailing characters; expected one object a line",
            ),
            (
                "{\"vector\":{\"0\":[1]},\"label\":{\"0\":\"a\"}}",
                "this is one object of columns",
            ),
            (
                "{\"columns\":[\"x\"],\"data\":[[1]]}",
                "read_json('FILE', orient='split')",
            ),
            ("nonsense", "line 1: expected"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn scalars_are_text() {
        let label = |json: &str| {
            let text = format!("{{\"vector\":[1],\"label\":{json}}}");
            read(&text).unwrap().remove(0).label.unwrap().0
        };
        let found = [
            label("\"a\""),
            label("3"),
            label("-2"),
            label("21.50"),
            label("true"),
        ];
        assert_eq!(found, ["a", "3", "-2", "21.5", "true"]);
    }

    #[test]
    fn a_cut_last_line_is_dropped_where_asked() {
        let decoding = crate::read::Decoding {
            lenient: true,
            ..Default::default()
        };
        let text = &b"{\"vector\":[1]}\n{\"vector\":[1"[..];
        let mut source = Source::decoded("v.jsonl", text, decoding);
        assert!(object::<Example>(&mut source).unwrap().is_some());
        assert!(object::<Example>(&mut source).unwrap().is_none());
        assert_eq!(source.take_notes(), ["line 2 is cut off and was left out"]);
    }
}
