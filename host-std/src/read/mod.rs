//! What users bring: recordings (`.ts`, CSV), vectors and claims (JSON lines).
//!
//! Every reader is an iterator that holds one recording at a time and stops at the first line it
//! cannot accept, with an [`InputError`] that names file, line and reason. Commands read all of a
//! file before they keep any of it.
//!
//! | module | reads |
//! |---|---|
//! | [`source`] | lines of a file or of standard input, numbered |
//! | [`ts`] | the `.ts` format of the time-series archives |
//! | [`table`] | CSV with a header |
//! | [`window`] | cuts streams of samples into recordings |
//! | [`vectors`] | JSON lines of vectors |
//! | [`claims`] | JSON lines of claims |

pub mod claims;
pub mod source;
pub mod table;
pub mod ts;
pub mod vectors;
pub mod window;

use std::io;
use std::path::Path;

use sensilla::learn::features::MAX_SAMPLE;

pub use source::Source;

/// Why input was refused; nothing of it was used.
#[derive(Debug, thiserror::Error)]
#[error("{file}{}: {reason}", .line.map(|n| format!(", line {n}")).unwrap_or_default())]
pub struct InputError {
    /// The file's name as given, or `standard input`.
    pub file: String,
    /// The line, counted from 1; none where the fault is in no single line.
    pub line: Option<u64>,
    /// What is wrong, and where it helps, what to do.
    pub reason: String,
}

/// How the samples of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The time-series archives' format.
    Ts,
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object with a vector on each line.
    Jsonl,
}

impl Format {
    /// The format of a file: by the ending of its name, else by its first line, which is not
    /// consumed.
    pub fn guess(source: &mut Source) -> Result<Self, InputError> {
        let ending = Path::new(source.name())
            .extension()
            .map(|e| e.to_string_lossy().to_ascii_lowercase());
        match ending.as_deref() {
            Some("ts") => return Ok(Self::Ts),
            Some("csv" | "tsv") => return Ok(Self::Csv),
            Some("jsonl" | "ndjson" | "json") => return Ok(Self::Jsonl),
            _ => {}
        }
        let start = source.peek()?;
        Ok(match start.first() {
            Some(b'{') => Self::Jsonl,
            Some(b'@' | b'#' | b'%') => Self::Ts,
            _ if begins_with_a_channel(start) => Self::Ts,
            _ => Self::Csv,
        })
    }
}

/// Whether `line` starts with numbers up to a colon, as recordings without a header do.
fn begins_with_a_channel(line: &[u8]) -> bool {
    let Some(end) = line.iter().position(|&b| b == b':') else {
        return false;
    };
    std::str::from_utf8(&line[..end])
        .is_ok_and(|channel| channel.split(',').all(|v| v.trim().parse::<f32>().is_ok()))
}

/// One recording: samples of all channels in the order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The line it starts on.
    pub line: u64,
    /// What it is said to show.
    pub label: Option<String>,
    /// Values of a sample.
    pub channels: usize,
    /// Values, sample after sample; a whole number of samples, all finite.
    pub samples: Vec<f32>,
}

impl Recording {
    /// The samples in the order of time.
    pub fn samples(&self) -> std::slice::ChunksExact<'_, f32> {
        self.samples.chunks_exact(self.channels.max(1))
    }
}

/// A file of recordings, one at a time.
pub trait Recordings: Iterator<Item = Result<Recording, InputError>> {
    /// Names of the channels; empty where the format has none.
    fn channels(&self) -> &[String];
    /// Samples a second, where the file tells.
    fn rate(&self) -> Option<f64>;
    /// Samples so far that are in no recording, because windows do not reach them.
    fn unused(&self) -> u64;
    /// What the user should know about how the file was read.
    fn notes(&self) -> &[String];
}

/// Reads a number as a sample: finite, and of a magnitude that features take.
fn number(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if value.abs() <= MAX_SAMPLE => Ok(value),
        _ if missing(text) => Err("a value is missing; fill it in or leave the row out".into()),
        Ok(_) => Err(format!("`{}` is out of range: ±1e12", shown(text))),
        Err(_) => Err(format!("`{}` is not a number", shown(text))),
    }
}

/// Whether `text` is how files write that there is no value.
fn missing(text: &str) -> bool {
    text.is_empty()
        || text == "?"
        || ["nan", "na", "null"]
            .iter()
            .any(|m| text.eq_ignore_ascii_case(m))
}

/// `text` as messages show it: short, and without what would upset a terminal.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(40)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}

fn cannot_read(file: &str, line: Option<u64>, error: &io::Error) -> InputError {
    InputError {
        file: file.into(),
        line,
        reason: format!("cannot be read: {error}"),
    }
}
