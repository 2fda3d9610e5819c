//! CSV and its like: one row a sample, one numeric column a channel.
//!
//! The label column, if named, says what each row shows; each run of rows with one label is a
//! stream of its own, whole or cut into windows. A stream ends too where time is missing, repeats
//! or goes back, and streams of different groups are kept apart. The reader looks ahead to tell how
//! the table is written and how its clock goes, then takes row after row.
//!
//! | module | what |
//! |---|---|
//! | this page | records become rows, rows become recordings |
//! | `opening` | what is decided before the first row |
//! | `streams` | the streams of the groups, and what ends them |

#[cfg(test)]
mod dialects;
mod opening;
mod streams;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::rc::Rc;

use super::columns::{self, Asked, Columns};
use super::rows::dialect::{Dialect, Wishes, is_remark};
use super::rows::number::NoNumber;
use super::rows::split::{Record, Splitter};
use super::text::canonical;
use super::time::stamp::{self, Form, Stamp};
use super::values::{Filled, Holes, Unlabelled, is_no_label};
use super::window::{Place, Windows};
use super::{InputError, Recording, Recordings, Remarks, Source, shown};
use streams::Streams;

/// Most bytes of a line of a table.
const MAX_LINE: usize = super::rows::split::MAX_RECORD;

/// How far a table is read before the first row is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// Lines at most.
    pub lines: usize,
    /// Bytes at most.
    pub bytes: usize,
}

impl Default for Ahead {
    /// As far as the memory for it is small: a hundred thousand lines or 16 MiB.
    fn default() -> Self {
        Self {
            lines: 100_000,
            bytes: 16 << 20,
        }
    }
}

/// How a table is to be read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How it is written.
    pub wishes: Wishes,
    /// Which columns hold what.
    pub asked: Asked,
    /// How times are written.
    pub times: stamp::Told,
    /// Samples a second, where the user says it.
    pub rate: Option<f64>,
    /// The longest step in seconds that is no gap, where the user says it.
    pub gap: Option<f64>,
    /// How streams are cut.
    pub windows: Option<Windows>,
    /// What becomes of rows that lack a value.
    pub holes: Holes,
    /// What becomes of rows that lack a label.
    pub unlabelled: Unlabelled,
    /// Rows without a label are wanted: they are looked up and not learned.
    pub keep_unlabelled: bool,
    /// Labels that say that there is none.
    pub skip_labels: Vec<String>,
    /// How far it is read ahead.
    pub ahead: Ahead,
}

/// Reads recordings from a table.
pub struct TableReader {
    source: Source,
    options: Options,
    dialect: Dialect,
    columns: Columns,
    /// Missing values of each channel in the rows read ahead, and those rows.
    holes: (Vec<usize>, usize),
    form: Option<Form>,
    rate: Option<f64>,
    splitter: Splitter,
    ahead: VecDeque<Record>,
    streams: Streams,
    ready: VecDeque<Recording>,
    notes: Remarks,
    counts: Counts,
    done: bool,
}

/// What was counted on the way.
#[derive(Debug, Default)]
struct Counts {
    rows: u64,
    remarks: u64,
    headers: Vec<u64>,
    held: u64,
    dropped: u64,
    cut: Option<u64>,
    /// The last field of the row before, and the digits behind its point in all rows so far.
    tail: (String, Option<usize>),
}

/// One row.
struct Row {
    line: u64,
    label: Option<String>,
    group: Option<String>,
    stamp: Option<Stamp>,
    time: Option<Rc<str>>,
    sample: Vec<f32>,
}

impl TableReader {
    /// A reader of `source`; reads ahead.
    pub fn new(mut source: Source, options: &Options) -> Result<Self, InputError> {
        source.set_limit(MAX_LINE);
        opening::open(source, options)
    }

    /// The column that is read as the time, if it is one.
    pub fn time(&self) -> Option<String> {
        match self.columns.time[..] {
            [only] => Some(columns::called(&self.dialect.titles, only)),
            _ => None,
        }
    }

    fn fault(&self, line: u64, reason: impl Into<String>) -> InputError {
        self.source.error_at(Some(line), reason)
    }

    /// The next record that is no header again, no remark and not blank.
    fn next_record(&mut self) -> Result<Option<Record>, InputError> {
        loop {
            let record = match self.ahead.pop_front() {
                Some(record) => record,
                None => match self.read_record()? {
                    Some(record) => record,
                    None => return Ok(None),
                },
            };
            if self.is_header_again(&record) {
                self.counts.headers.push(record.line);
                self.ready.extend(self.streams.end_all());
                continue;
            }
            return Ok(Some(record));
        }
    }

    fn read_record(&mut self) -> Result<Option<Record>, InputError> {
        loop {
            if self.source.next_raw()?.is_none() {
                if self.splitter.is_open() {
                    return Err(self.open_quote());
                }
                return Ok(None);
            }
            let line = self.source.line();
            let text = self.source.current();
            if !self.splitter.is_open() && is_remark(text) {
                self.counts.remarks += 1;
                continue;
            }
            match self.splitter.feed(line, text) {
                Ok(Some(record)) if record.is_blank() => {}
                Ok(Some(record)) => return Ok(Some(record)),
                Ok(None) => {}
                Err(fault) => return Err(self.fault(line, fault.to_string())),
            }
        }
    }

    fn open_quote(&self) -> InputError {
        let line = self.splitter.line();
        self.fault(line, super::rows::split::Unsplit::Open.to_string())
    }

    /// Whether the header stands here again, as joined files have it.
    fn is_header_again(&self, record: &Record) -> bool {
        let titles = &self.dialect.titles;
        self.dialect.header.is_some()
            && record.len() == titles.len()
            && titles.len() > usize::from(titles[0].is_empty())
            && record
                .iter()
                .zip(titles)
                .all(|(cell, title)| *canonical(cell) == **title)
    }

    /// Checks the number of fields; false for a cut last line that is dropped.
    fn check_width(&mut self, record: &Record) -> Result<bool, InputError> {
        let (found, expected) = (record.len(), self.dialect.titles.len());
        let untitled = self.dialect.titles.last().is_some_and(String::is_empty);
        let fits = found == expected
            || (found + 1 == expected && untitled)
            || (found == expected + 1 && record.get(expected) == Some(""));
        if fits {
            return Ok(true);
        }
        // A line that is cut off, or what programs write below the table.
        let is_last = self.ahead.is_empty() && self.source.peek()?.is_empty();
        if is_last && found < expected && self.source.is_lenient() {
            self.counts.cut = Some(record.line);
            return Ok(false);
        }
        let whose = match self.dialect.header {
            Some(_) => format!("the header has {expected}"),
            None => format!("the first row has {expected}"),
        };
        let mut reason = format!("has {found} fields, {whose}");
        if is_last && found < expected {
            reason = match self.source.is_ended() {
                true => format!("{reason}; it is the last line, --lenient drops it"),
                false => format!("is cut off: {reason}; --lenient drops it"),
            };
        }
        Err(self.fault(record.line, reason))
    }

    /// Checks that the last field of a last line without an end is whole, as far as the fields above
    /// it tell; false if the line is dropped.
    fn check_tail(&mut self, record: &Record) -> Result<bool, InputError> {
        let last = record.get(record.len() - 1).unwrap_or_default();
        let digits = |text: &str| {
            text.rsplit_once('.')
                .map_or(0, |(_, fraction)| fraction.len())
        };
        let (before, usual) = &self.counts.tail;
        let is_shorter = match usual {
            Some(usual) if *usual > 0 && self.counts.rows >= 20 => digits(last) < *usual,
            _ => !before.is_empty() && last.len() < before.len() && before.starts_with(last),
        };
        if is_shorter && !self.source.is_ended() && self.ahead.is_empty() {
            let is_text = before.parse::<f64>().is_err();
            let is_last = self.source.peek()?.is_empty();
            if is_last && (is_text || usual.is_some()) && !last.is_empty() {
                if self.source.is_lenient() {
                    self.counts.cut = Some(record.line);
                    return Ok(false);
                }
                let reason = format!(
                    "is cut off: it has no end, and `{}` is shorter than what is above it; --lenient \
                     drops it",
                    shown(last)
                );
                return Err(self.fault(record.line, reason));
            }
        }
        let found = digits(last);
        let usual = match usual {
            _ if self.counts.rows == 0 => Some(found),
            Some(usual) if *usual == found => Some(found),
            _ => None,
        };
        self.counts.tail = (last.to_owned(), usual);
        Ok(true)
    }

    /// A record as a row; none if it is to be left out.
    fn row(&mut self, record: &Record) -> Result<Option<Row>, InputError> {
        if !self.check_width(record)? || !self.check_tail(record)? {
            return Ok(None);
        }
        let line = record.line;
        let text = |at: usize| record.get(at).unwrap_or_default();
        let mut sample = Vec::with_capacity(self.columns.channels.len());
        for (&at, name) in self.columns.channels.iter().zip(&self.columns.names) {
            match self.dialect.numerals.sample(text(at)) {
                Ok(value) => sample.push(value),
                Err(NoNumber::Missing) => sample.push(f32::NAN),
                Err(NoNumber::Bad(reason)) => {
                    return Err(self.fault(line, self.bad_cell(name, text(at), &reason)));
                }
            }
        }
        let label = self
            .columns
            .label
            .map(|at| canonical(text(at)).into_owned());
        let is_none =
            |label: &String| is_no_label(label) || self.options.skip_labels.contains(label);
        let label = label.filter(|label| !is_none(label));
        let group = self
            .columns
            .group
            .map(|at| canonical(text(at)).into_owned());
        let (mut stamp, mut time) = (None, None);
        if let Some(form) = &self.form {
            let cell = joined(record, &self.columns.time);
            if self
                .columns
                .time
                .iter()
                .all(|&at| self.dialect.numerals.is_missing(text(at)))
            {
                if self.options.holes == Holes::Refuse {
                    return Err(self.fault(
                        line,
                        "the time is missing; --missing drop leaves such rows out",
                    ));
                }
                self.counts.dropped += 1;
                return Ok(None);
            }
            stamp = match form.read(&cell) {
                Ok(stamp) => Some(stamp),
                // With a rate given the times are not needed.
                Err(_) if self.options.rate.is_some() => None,
                Err(reason) => return Err(self.fault(line, reason)),
            };
            time = Some(cell.into());
        }
        Ok(Some(Row {
            line,
            label,
            group,
            stamp,
            time,
            sample,
        }))
    }

    fn bad_cell(&self, name: &str, cell: &str, reason: &str) -> String {
        let mut reason = format!("column `{}`: {reason}", shown(name));
        if reason.ends_with("is not a number") {
            reason += &format!(
                "; if it stands for no value give --missing '{}', if the column is no channel \
                 --without '{}'",
                shown(cell),
                shown(name)
            );
            // A header that has the columns that are named is the right one.
            let asked = &self.options.asked;
            let named = [&asked.label, &asked.time, &asked.group]
                .into_iter()
                .flatten();
            if self.counts.rows < 5 && named.count() == 0 {
                reason += ", if the header is further down --skip-lines";
            }
        }
        reason
    }

    fn missing(&self, hole: usize) -> String {
        let name = self.columns.names.get(hole).map_or("", String::as_str);
        let (holes, rows) = &self.holes;
        let many = match holes.get(hole) {
            Some(holes) if *holes > 0 => {
                format!(" ({holes} of the first {rows} rows have none there)")
            }
            _ => String::new(),
        };
        format!(
            "column `{}`: a value is missing{many}; --missing hold repeats the last one, --missing \
             drop leaves the row out, --missing split ends the stream there",
            shown(name)
        )
    }

    fn read(&mut self) -> Result<Option<Recording>, InputError> {
        loop {
            if let Some(recording) = self.ready.pop_front() {
                return Ok(Some(recording));
            }
            let Some(record) = self.next_record()? else {
                self.ready.extend(self.streams.end_all());
                return Ok(self.ready.pop_front());
            };
            if let Some(row) = self.row(&record)? {
                self.take(row)?;
            }
        }
    }

    fn take(&mut self, mut row: Row) -> Result<(), InputError> {
        self.counts.rows += 1;
        let group = row.group.as_deref();
        let (holes, line) = (self.options.holes, row.line);
        let ended = self.streams.arrive(group, row.stamp.as_ref(), line);
        self.ready.extend(ended);
        let Some(label) = self.streams.label_of(row.label) else {
            self.ready.extend(self.streams.leave_out(group));
            return Ok(());
        };
        match self.streams.of(group).fill(&mut row.sample, holes) {
            Filled::Whole => {}
            Filled::Held(count) => self.counts.held += count,
            Filled::Drop => {
                self.counts.dropped += 1;
                return Ok(());
            }
            Filled::Split => {
                self.counts.dropped += 1;
                self.ready.extend(self.streams.leave_out(group));
                return Ok(());
            }
            Filled::Refused(hole) => return Err(self.fault(line, self.missing(hole))),
        }
        let place = Place {
            line,
            time: row.time,
        };
        let given = self.streams.push(group, label, &row.sample, place);
        self.ready.extend(given);
        Ok(())
    }
}

/// The cells that make up a time.
fn joined(record: &Record, places: &[usize]) -> String {
    let cells: Vec<&str> = places.iter().filter_map(|&at| record.get(at)).collect();
    cells.join(" ")
}

impl Iterator for TableReader {
    type Item = Result<Recording, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.read().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

impl Recordings for TableReader {
    fn channels(&self) -> &[String] {
        &self.columns.names
    }
    fn rate(&self) -> Option<f64> {
        self.rate
    }
    fn unused(&self) -> u64 {
        self.streams.unused()
    }
    fn notes(&self) -> Remarks {
        let mut all = self.notes.clone();
        let counts = &self.counts;
        let mut say = |count: u64, text: String| {
            if count > 0 {
                all.notes.push(text);
            }
        };
        say(
            counts.remarks,
            format!("remarks between the rows, left out: {}", counts.remarks),
        );
        say(
            counts.headers.len() as u64,
            format!(
                "the header stands again in {}: the files that were joined are kept apart",
                streams::lines(&counts.headers)
            ),
        );
        say(
            counts.held,
            format!(
                "missing values filled with the last one before: {}",
                counts.held
            ),
        );
        say(
            counts.dropped,
            format!(
                "rows left out for want of a value or a time: {}",
                counts.dropped
            ),
        );
        if let Some(line) = counts.cut {
            say(
                1,
                format!("line {line}, the last, is no whole row and was left out"),
            );
        }
        all.notes.extend(self.streams.notes(counts.rows));
        all
    }
}
