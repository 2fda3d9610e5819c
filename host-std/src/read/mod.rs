//! What users bring: recordings (`.ts`, CSV), vectors and claims (JSON lines).
//!
//! One way in for every command, in this order:
//!
//! | step | module | what |
//! |---|---|---|
//! | bytes to text | [`text`] | compression, encoding, lines and their numbers |
//! | rows to a table | [`rows`] | delimiters, headers, preambles, numbers as people write them |
//! | table to channels | [`columns`] | which columns hold what |
//! | time | [`time`] | units, dates, the rate, gaps |
//! | values | [`values`] | values and labels that are missing |
//! | streams to recordings | [`window`] | streams cut into windows |
//!
//! | reader | reads |
//! |---|---|
//! | [`table`] | CSV and its like, by all of these steps |
//! | [`ts`] | the `.ts` format of the time-series archives |
//! | [`json`] | one JSON object a line |
//! | [`vectors`], [`claims`] | what such objects say |
//! | [`files`] | several files, and patterns of names |
//!
//! Every reader is an iterator that holds one recording at a time and stops at the first line it
//! cannot accept, with an [`InputError`] that names file, line and reason. Commands read all of a
//! file before they keep any of it. A table looks ahead as far as [`table::Ahead`] says, so that a
//! reader of a live stream waits for a few rows and no more.

pub mod claims;
pub mod columns;
pub mod files;
pub mod json;
pub mod rows;
pub mod table;
pub mod text;
pub mod time;
pub mod ts;
pub mod values;
pub mod vectors;
pub mod window;

use std::io;
use std::path::Path;
use std::rc::Rc;

pub use text::decode::Decoding;
pub use text::source::Source;

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
    /// A table: comma-separated values and their like.
    Csv,
    /// One JSON object with a vector on each line.
    Jsonl,
}

impl Format {
    /// The format of a file: by the ending of its name, else by its first line, which is not
    /// consumed. Files of other kinds are refused by name.
    pub fn guess(source: &mut Source) -> Result<Self, InputError> {
        let name = source.name().to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        if let Some(what) = text::foreign::by_name(name) {
            // The bytes may say more.
            source.peek()?;
            return Err(source.error_at(None, what));
        }
        let ending = Path::new(name).extension().map(|e| e.to_string_lossy());
        match ending.as_deref() {
            Some("ts") => return Ok(Self::Ts),
            Some("csv" | "tsv" | "tab") => return Ok(Self::Csv),
            Some("jsonl" | "ndjson" | "json") => return Ok(Self::Jsonl),
            _ => {}
        }
        let start = source.peek()?;
        let is_channel = begins_with_a_channel(start);
        Ok(match start.chars().next() {
            Some('{' | '[') => Self::Jsonl,
            Some('@') => Self::Ts,
            // Remarks stand above tables too; what is below them tells.
            Some('#' | '%') if source.is_ts_below_remarks()? => Self::Ts,
            _ if is_channel => Self::Ts,
            _ => Self::Csv,
        })
    }
}

/// Whether `line` starts with numbers up to a colon, as recordings without a header do.
fn begins_with_a_channel(line: &str) -> bool {
    let Some((channel, rest)) = line.split_once(':') else {
        return false;
    };
    let numbers = |text: &str| text.split(',').all(|v| v.trim().parse::<f32>().is_ok());
    // A clock begins with a number and a colon too.
    let is_clock = !channel.contains(',')
        && matches!(channel.len(), 1 | 2)
        && rest
            .get(..2)
            .is_some_and(|m| m.bytes().all(|b| b.is_ascii_digit()))
        && rest
            .get(2..3)
            .is_some_and(|c| matches!(c, ":" | "," | ";" | "\t"));
    channel.starts_with('(') || (numbers(channel) && !is_clock)
}

/// One recording: samples of all channels in the order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The line it starts on.
    pub line: u64,
    /// The time it starts at, as it is written.
    pub time: Option<Rc<str>>,
    /// Whose it is.
    pub group: Option<Rc<str>>,
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
    /// What the user should know about how the file was read so far.
    fn notes(&self) -> Remarks;
}

/// What is said of how a file was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// What the user should know.
    pub notes: Vec<String>,
    /// What was found as the documentation says it is, for whoever asks.
    pub quiet: Vec<String>,
}

/// `text` as messages show it: short, and without what would upset a terminal.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    short = crate::printable::part(&short).into_owned();
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
