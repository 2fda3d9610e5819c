//! CSV with a header: one row a sample, one numeric column a channel.
//!
//! The label column, if named, says what each row shows; each run of rows with one label is a
//! stream of its own, whole or cut into windows. Columns whose first row holds no number are left
//! out and noted. The time column, if named, must increase within a stream; it gives the rate where
//! none is given: the median step of the first rows. Times are numbers (seconds) or dates
//! (RFC 3339, with or without a zone).

use super::window::{Windower, Windows};
use super::{InputError, Recording, Recordings, Source, missing, number, shown};
use std::collections::VecDeque;
use std::io::Read;

/// Rows that are read ahead to learn the rate from the time column.
const AHEAD: usize = 64;

/// A column by its title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// Must be there.
    Named(String),
    /// Is used if it is there.
    IfThere(String),
}

/// How the columns of a file are used.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// The column with the label.
    pub label: Option<Column>,
    /// The column with the time.
    pub time: Option<Column>,
    /// The channels by name and in this order, where they are known already; else every other
    /// numeric column.
    pub channels: Option<Vec<String>>,
    /// How streams are cut.
    pub windows: Option<Windows>,
    /// The character between the fields.
    pub delimiter: Option<u8>,
}

/// Reads recordings from a CSV file.
pub struct TableReader {
    name: String,
    before: u64,
    rows: csv::Reader<Box<dyn Read>>,
    label: Option<usize>,
    time: Option<usize>,
    channels: Vec<usize>,
    names: Vec<String>,
    windower: Windower,
    stream: Option<Option<String>>,
    last_time: Option<f64>,
    rate: Option<f64>,
    ahead: VecDeque<Row>,
    ready: VecDeque<Recording>,
    notes: Vec<String>,
    done: bool,
}

#[derive(Debug)]
struct Row {
    line: u64,
    label: Option<String>,
    time: Option<f64>,
    sample: Vec<f32>,
}

impl TableReader {
    /// A reader of `source`; reads the header and the first rows.
    pub fn new(mut source: Source, columns: &Columns) -> Result<Self, InputError> {
        let first = source.peek()?;
        let delimiter = columns.delimiter.unwrap_or_else(|| delimiter(first));
        let (name, before, stream) = source.into_stream();
        let fault = |line: Option<u64>, reason: String| InputError {
            file: name.clone(),
            line,
            reason,
        };
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .trim(csv::Trim::All)
            .from_reader(stream);
        let header = rows
            .headers()
            .map_err(|e| csv_fault(&name, before, &e))?
            .clone();
        if header.iter().all(str::is_empty) {
            return Err(fault(None, "holds no header".into()));
        }
        let first_line = before + 1;
        for (i, title) in header.iter().enumerate() {
            if !title.is_empty() && header.iter().take(i).any(|t| t == title) {
                let reason = format!("the column `{}` is there twice", shown(title));
                return Err(fault(Some(first_line), reason));
            }
        }
        let find = |title: &str| {
            header.iter().position(|t| t == title).ok_or_else(|| {
                let there: Vec<String> = header.iter().map(shown).collect();
                fault(
                    Some(first_line),
                    format!(
                        "no column `{}`; there are: {}",
                        shown(title),
                        there.join(", ")
                    ),
                )
            })
        };
        let column = |column: &Option<Column>| match column {
            Some(Column::Named(title)) => find(title).map(Some),
            Some(Column::IfThere(title)) => Ok(header.iter().position(|t| t == title)),
            None => Ok(None),
        };
        let label = column(&columns.label)?;
        let time = column(&columns.time)?;
        if label.is_some() && label == time {
            return Err(fault(
                None,
                "one column cannot be both label and time".into(),
            ));
        }
        let mut record = csv::StringRecord::new();
        let any = rows
            .read_record(&mut record)
            .map_err(|e| csv_fault(&name, before, &e))?;
        if !any {
            return Err(fault(None, "holds no rows below the header".into()));
        }
        let mut notes = Vec::new();
        let channels: Vec<usize> = match &columns.channels {
            Some(names) => names.iter().map(|n| find(n)).collect::<Result<_, _>>()?,
            None => {
                let numeric = |i: &usize| {
                    let text = record.get(*i).unwrap_or_default();
                    missing(text) || text.parse::<f64>().is_ok()
                };
                let others = (0..header.len()).filter(|&i| Some(i) != label && Some(i) != time);
                let (channels, left): (Vec<_>, Vec<_>) = others.partition(numeric);
                if !left.is_empty() {
                    let left: Vec<_> = left.iter().map(|&i| shown(&header[i])).collect();
                    notes.push(format!("not numeric, left out: {}", left.join(", ")));
                }
                channels
            }
        };
        if channels.is_empty() {
            return Err(fault(Some(first_line), "there is no numeric column".into()));
        }
        let names = channels.iter().map(|&i| header[i].to_owned()).collect();
        let mut reader = Self {
            before,
            rows,
            label,
            time,
            names,
            windower: Windower::new(channels.len(), columns.windows),
            channels,
            stream: None,
            last_time: None,
            rate: None,
            ahead: VecDeque::new(),
            ready: VecDeque::new(),
            notes,
            done: false,
            name,
        };
        let first = reader.row(&record)?;
        reader.ahead.push_back(first);
        if time.is_some() {
            reader.read_ahead()?;
        }
        Ok(reader)
    }

    fn read_ahead(&mut self) -> Result<(), InputError> {
        while self.ahead.len() < AHEAD {
            match self.next_row()? {
                Some(row) => self.ahead.push_back(row),
                None => break,
            }
        }
        let mut steps: Vec<f64> = std::iter::zip(&self.ahead, self.ahead.iter().skip(1))
            .filter(|(a, b)| a.label == b.label)
            .filter_map(|(a, b)| Some(b.time? - a.time?))
            .filter(|step| *step > 0.0)
            .collect();
        steps.sort_by(f64::total_cmp);
        self.rate = steps.get(steps.len() / 2).map(|step| 1.0 / step);
        Ok(())
    }

    fn next_row(&mut self) -> Result<Option<Row>, InputError> {
        let mut record = csv::StringRecord::new();
        match self.rows.read_record(&mut record) {
            Ok(true) => self.row(&record).map(Some),
            Ok(false) => Ok(None),
            Err(e) => Err(csv_fault(&self.name, self.before, &e)),
        }
    }

    fn row(&self, record: &csv::StringRecord) -> Result<Row, InputError> {
        let line = self.before + record.position().map_or(0, csv::Position::line);
        let fault = |reason: String| InputError {
            file: self.name.clone(),
            line: Some(line),
            reason,
        };
        let mut sample = Vec::with_capacity(self.channels.len());
        for (&i, name) in self.channels.iter().zip(&self.names) {
            let value = number(record.get(i).unwrap_or_default());
            sample.push(value.map_err(|r| fault(format!("column `{}`: {r}", shown(name))))?);
        }
        let label = self
            .label
            .map(|i| record.get(i).unwrap_or_default().to_owned());
        if label.as_deref() == Some("") {
            return Err(fault("the label is empty".into()));
        }
        let time = match self.time {
            Some(i) => Some(seconds(record.get(i).unwrap_or_default()).map_err(fault)?),
            None => None,
        };
        Ok(Row {
            line,
            label,
            time,
            sample,
        })
    }

    fn read(&mut self) -> Result<Option<Recording>, InputError> {
        loop {
            if let Some(recording) = self.ready.pop_front() {
                return Ok(Some(recording));
            }
            let row = match self.ahead.pop_front() {
                Some(row) => Some(row),
                None => self.next_row()?,
            };
            let Some(row) = row else {
                let label = self.stream.take().flatten();
                return Ok(self.windower.finish(label.as_deref()));
            };
            if self.stream.as_ref() != Some(&row.label) {
                let ended = self.stream.replace(row.label.clone()).flatten();
                self.ready.extend(self.windower.finish(ended.as_deref()));
                self.last_time = None;
            }
            if let (Some(last), Some(time)) = (self.last_time, row.time)
                && time <= last
            {
                return Err(InputError {
                    file: self.name.clone(),
                    line: Some(row.line),
                    reason: "the time does not increase".into(),
                });
            }
            self.last_time = row.time;
            self.ready.extend(
                self.windower
                    .push(&row.sample, row.line, row.label.as_deref()),
            );
        }
    }
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
        &self.names
    }
    fn rate(&self) -> Option<f64> {
        self.rate
    }
    fn unused(&self) -> u64 {
        self.windower.unused()
    }
    fn notes(&self) -> &[String] {
        &self.notes
    }
}

fn csv_fault(name: &str, before: u64, error: &csv::Error) -> InputError {
    let line = error.position().map(|p| before + p.line());
    let reason = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("has {len} fields, the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { err, .. } => format!("field {} is not UTF-8 text", err.field() + 1),
        csv::ErrorKind::Io(e) => format!("cannot be read: {e}"),
        _ => error.to_string(),
    };
    InputError {
        file: name.into(),
        line,
        reason,
    }
}

/// The delimiter a header is written with: the most frequent of comma, semicolon and tab.
fn delimiter(header: &[u8]) -> u8 {
    let count = |d: u8| header.iter().filter(|&&b| b == d).count();
    [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(|&d| count(d))
        .unwrap_or(b',')
}

/// A time in seconds.
fn seconds(text: &str) -> Result<f64, String> {
    if let Ok(seconds) = text.parse::<f64>()
        && seconds.is_finite()
    {
        return Ok(seconds);
    }
    let date = text.parse::<jiff::Timestamp>().or_else(|_| {
        text.parse::<jiff::civil::DateTime>()?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map(|zoned| zoned.timestamp())
    });
    date.map(|t| t.as_nanosecond() as f64 / 1e9)
        .map_err(|_| format!("the time `{}` is neither a number nor a date", shown(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn open(text: &str, columns: &Columns) -> Result<TableReader, InputError> {
        let source = Source::new("t.csv", std::io::Cursor::new(text.to_owned().into_bytes()));
        TableReader::new(source, columns)
    }

    fn read(text: &str, columns: &Columns) -> Result<Vec<Recording>, String> {
        open(text, columns)
            .and_then(Iterator::collect)
            .map_err(|e| e.to_string())
    }

    fn named(title: &str) -> Column {
        Column::Named(title.into())
    }

    fn labelled() -> Columns {
        Columns {
            label: Some(named("what")),
            time: Some(named("t")),
            ..Columns::default()
        }
    }

    #[test]
    fn runs_of_one_label_are_recordings() {
        let text = "t,what,x,note,y\n0,a,1,hm,2\n0.1,a,3,hm,4\n0.2,b,5,hm,6\n0.3,a,7,hm,8\n";
        let mut reader = open(text, &labelled()).unwrap();
        assert_eq!(reader.channels(), ["x", "y"]);
        assert!((reader.rate().unwrap() - 10.0).abs() < 1e-6);
        assert_eq!(reader.notes(), ["not numeric, left out: note"]);
        let found: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].samples, [1., 2., 3., 4.]);
        assert_eq!((found[1].label.as_deref(), found[1].line), (Some("b"), 4));
        assert_eq!(found[2].samples, [7., 8.]);
    }

    #[test]
    fn windows_do_not_cross_a_change_of_label() {
        let mut text = String::from("what,x\n");
        for i in 0..10 {
            text += &format!("{},{i}\n", if i < 5 { "a" } else { "b" });
        }
        let columns = Columns {
            label: Some(named("what")),
            windows: Some(Windows { length: 3, hop: 2 }),
            ..Columns::default()
        };
        let mut reader = open(&text, &columns).unwrap();
        let found: Vec<_> = reader.by_ref().map(|r| r.unwrap().samples).collect();
        assert_eq!(
            found,
            [[0., 1., 2.], [2., 3., 4.], [5., 6., 7.], [7., 8., 9.]]
        );
        assert_eq!(reader.unused(), 0);
    }

    #[test]
    fn known_channels_are_taken_by_name() {
        let columns = Columns {
            channels: Some(vec!["y".into(), "x".into()]),
            ..Columns::default()
        };
        assert_eq!(
            read("x;z;y\n1;2;3\n", &columns).unwrap()[0].samples,
            [3., 1.]
        );
        let error = read("x,z\n1,2\n", &columns).unwrap_err();
        assert_eq!(error, "t.csv, line 1: no column `y`; there are: x, z");
    }

    #[test]
    fn columns_that_may_be_there_may_be_missing() {
        let columns = Columns {
            label: Some(Column::IfThere("what".into())),
            ..Columns::default()
        };
        assert_eq!(read("x\n1\n", &columns).unwrap()[0].label, None);
        let there = read("x,what\n1,a\n", &columns).unwrap();
        assert_eq!(there[0].label.as_deref(), Some("a"));
    }

    #[test]
    fn dates_are_times() {
        let text = "t,what,x\n2026-01-01T00:00:00Z,a,1\n2026-01-01T00:00:00.5Z,a,2\n";
        assert_eq!(open(text, &labelled()).unwrap().rate(), Some(2.0));
        let text = "t,what,x\n2026-01-01 00:00:00,a,1\n2026-01-01 00:00:02,a,2\n";
        assert_eq!(open(text, &labelled()).unwrap().rate(), Some(0.5));
    }

    #[test]
    fn refusals_name_line_and_reason() {
        let columns = labelled();
        for (text, expected) in [
            ("", "t.csv: holds no header"),
            ("t,what,x\n", "t.csv: holds no rows"),
            ("t,x\n0,1\n", "line 1: no column `what`"),
            (
                "t,what,x,x\n0,a,1,1\n",
                "line 1: the column `x` is there twice",
            ),
            ("t,what\n0,a\n", "line 1: there is no numeric column"),
            (
                "t,what,x\n0,a,1\n1,a\n",
                "line 3: has 2 fields, the header has 3",
            ),
            (
                "t,what,x\n0,a,1\n1,a,hm\n",
                "line 3: column `x`: `hm` is not a number",
            ),
            ("t,what,x\n0,a,\n", "line 2: column `x`: a value is missing"),
            (
                "t,what,x\n0,a,1\n1,a,NaN\n",
                "line 3: column `x`: a value is missing",
            ),
            (
                "t,what,x\n0,a,1\n1,a,1e39\n",
                "line 3: column `x`: `1e39` is out of range",
            ),
            ("t,what,x\n0,,1\n", "line 2: the label is empty"),
            ("t,what,x\nnow,a,1\n", "line 2: the time `now` is neither"),
            (
                "\n\nt,what,x\n5,a,1\n4,a,1\n",
                "line 5: the time does not increase",
            ),
        ] {
            let error = read(text, &columns).expect_err(text);
            assert!(error.contains(expected), "{text:?}: {error}");
        }
        let same = Columns {
            time: Some(named("what")),
            ..labelled()
        };
        assert!(
            read("t,what,x\n0,a,1\n", &same)
                .unwrap_err()
                .contains("both label and time")
        );
    }

    proptest! {
        #[test]
        fn quoted_or_not_what_is_written_is_read(
            rows in prop::collection::vec(("[a-c ,\"]{0,4}x", -1e6f32..1e6), 1..30)
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["what", "x"]).unwrap();
            for (label, value) in &rows {
                writer.write_record([label.as_str(), &value.to_string()]).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let columns = Columns { label: Some(named("what")), ..Columns::default() };
            let mut expected: Vec<(String, Vec<f32>)> = Vec::new();
            for (label, value) in &rows {
                let label = label.trim();
                match expected.last_mut() {
                    Some((last, values)) if last == label => values.push(*value),
                    _ => expected.push((label.into(), vec![*value])),
                }
            }
            let found: Vec<_> = read(&text, &columns).unwrap()
                .into_iter().map(|r| (r.label.unwrap(), r.samples)).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn no_text_panics(text in "[-t,;\"wha0-9. \n]{0,120}") {
            let _ = read(&text, &Columns::default());
            let _ = read(&format!("t,what,x\n{text}"), &labelled());
        }
    }
}
