//! Lines into the fields of a record.
//!
//! Fields are quoted as RFC 4180 says, and may hold line ends then; `csv-core` finds their ends.
//! Lines are fed one by one, so that a record knows the line it begins on, whatever came before.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::read::text::trimmed;

/// Most fields of a record.
pub const MAX_FIELDS: usize = 16_384;
/// Most bytes of a record.
pub const MAX_RECORD: usize = 16 << 20;

/// What is between the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    /// One character.
    Char(u8),
    /// Any number of spaces and tabs.
    Spaces,
}

impl Delimiter {
    /// Its name in messages.
    pub fn name(self) -> String {
        match self {
            Self::Char(b',') => "commas".into(),
            Self::Char(b';') => "semicolons".into(),
            Self::Char(b'\t') => "tabs".into(),
            Self::Char(b' ') | Self::Spaces => "spaces".into(),
            Self::Char(other) => format!("`{}`", char::from(other)),
        }
    }
}

/// The fields of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The line it begins on.
    pub line: u64,
    text: String,
    ends: Vec<usize>,
}

impl Record {
    /// How many fields it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no field, which no record of a file is.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A field, trimmed; none beyond the last.
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = match index {
            0 => 0,
            _ => *self.ends.get(index - 1)?,
        };
        let field = trimmed(self.text.get(start..end)?);
        // Quotes behind a space are none for RFC 4180, and meant as such all the same.
        match field.strip_prefix('"').and_then(|f| f.strip_suffix('"')) {
            Some(inner) if !inner.contains('"') => Some(trimmed(inner)),
            _ => Some(field),
        }
    }

    /// All fields, trimmed.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.get(i).unwrap_or_default())
    }

    /// Whether no field says anything.
    pub fn is_blank(&self) -> bool {
        trimmed(&self.text).is_empty()
    }
}

/// Why lines are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsplit {
    /// It has more fields than [`MAX_FIELDS`].
    Fields,
    /// It is longer than [`MAX_RECORD`].
    Long,
    /// A quote opens a field and none closes it.
    Open,
}

impl std::fmt::Display for Unsplit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fields => write!(f, "has more than {MAX_FIELDS} fields"),
            Self::Long => write!(
                f,
                "is longer than {} MiB; is a quote opened that none closes?",
                MAX_RECORD >> 20
            ),
            Self::Open => f.write_str("a quote opens a field and no quote closes it"),
        }
    }
}

/// Splits lines into records.
#[derive(Debug)]
pub struct Splitter {
    delimiter: Delimiter,
    reader: Reader,
    out: Vec<u8>,
    written: usize,
    ends: Vec<usize>,
    fields: usize,
    line: u64,
    open: bool,
}

impl Splitter {
    /// For fields with `delimiter` between them.
    pub fn new(delimiter: Delimiter) -> Self {
        let between = match delimiter {
            Delimiter::Char(c) => c,
            Delimiter::Spaces => b' ',
        };
        Self {
            delimiter,
            reader: ReaderBuilder::new().delimiter(between).build(),
            out: vec![0; 1 << 10],
            written: 0,
            ends: vec![0; 64],
            fields: 0,
            line: 0,
            open: false,
        }
    }

    /// Whether a record has begun and not ended: a quote is open.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The line that the record in progress, or the last, begins on.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Takes a line; gives the record it completes. A blank line outside of quotes is none.
    pub fn feed(&mut self, line: u64, mut text: &str) -> Result<Option<Record>, Unsplit> {
        if !self.open {
            if trimmed(text).is_empty() {
                return Ok(None);
            }
            // Some programs end each line with a semicolon, whatever is between the fields.
            if self.delimiter != Delimiter::Char(b';') && !text.contains('"') {
                text = text.strip_suffix(';').unwrap_or(text);
            }
            self.line = line;
            (self.written, self.fields) = (0, 0);
            if self.delimiter == Delimiter::Spaces && !text.contains('"') {
                return self.spaced(text).map(Some);
            }
        }
        for part in [text.as_bytes(), b"\n"] {
            let mut rest = part;
            while !rest.is_empty() {
                let (result, read, written, ended) = self.reader.read_record(
                    rest,
                    &mut self.out[self.written..],
                    &mut self.ends[self.fields..],
                );
                rest = &rest[read..];
                self.written += written;
                self.fields += ended;
                match result {
                    ReadRecordResult::Record => return self.record().map(Some),
                    ReadRecordResult::OutputFull => {
                        if self.out.len() >= MAX_RECORD {
                            return Err(self.give_up(Unsplit::Long));
                        }
                        self.out.resize(self.out.len() * 2, 0);
                    }
                    ReadRecordResult::OutputEndsFull => {
                        if self.ends.len() > MAX_FIELDS {
                            return Err(self.give_up(Unsplit::Fields));
                        }
                        self.ends.resize(self.ends.len() * 2, 0);
                    }
                    ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
                }
            }
        }
        self.open = true;
        Ok(None)
    }

    fn give_up(&mut self, fault: Unsplit) -> Unsplit {
        self.reader.reset();
        self.open = false;
        fault
    }

    fn record(&mut self) -> Result<Record, Unsplit> {
        self.open = false;
        if self.fields > MAX_FIELDS {
            return Err(Unsplit::Fields);
        }
        let text = String::from_utf8_lossy(&self.out[..self.written]).into_owned();
        let record = Record {
            line: self.line,
            text,
            ends: self.ends[..self.fields].to_vec(),
        };
        Ok(match self.delimiter {
            Delimiter::Spaces => without_empty(&record),
            Delimiter::Char(_) => record,
        })
    }

    fn spaced(&self, text: &str) -> Result<Record, Unsplit> {
        let mut record = Record {
            line: self.line,
            ..Record::default()
        };
        for field in text.split_whitespace() {
            record.text.push_str(field);
            record.ends.push(record.text.len());
            if record.ends.len() > MAX_FIELDS {
                return Err(Unsplit::Fields);
            }
        }
        Ok(record)
    }
}

/// The record without its empty fields, which are what more than one space makes.
fn without_empty(record: &Record) -> Record {
    let mut out = Record {
        line: record.line,
        ..Record::default()
    };
    for field in record.iter().filter(|field| !field.is_empty()) {
        out.text.push_str(field);
        out.ends.push(out.text.len());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(delimiter: Delimiter, text: &str) -> Vec<(u64, Vec<String>)> {
        let mut splitter = Splitter::new(delimiter);
        let mut found = Vec::new();
        for (line, text) in (1..).zip(text.split('\n')) {
            if let Some(record) = splitter.feed(line, text).unwrap() {
                found.push((record.line, record.iter().map(str::to_owned).collect()));
            }
        }
        assert!(!splitter.is_open());
        found
    }

    #[test]
    fn records_know_the_line_they_begin_on() {
        let found = split(
            Delimiter::Char(b','),
            "a,b\n\n\"1\n\n2\",3\n \nx, \"y z\" \n",
        );
        assert_eq!(found[0], (1, vec!["a".into(), "b".into()]));
        assert_eq!(found[1], (3, vec!["1\n\n2".into(), "3".into()]));
        assert_eq!(found[2], (7, vec!["x".into(), "y z".into()]));
    }

    #[test]
    fn any_number_of_spaces_is_one() {
        let found = split(Delimiter::Spaces, "  a   b\t c \n1 \"2 3\"  4\n");
        assert_eq!(found[0].1, ["a", "b", "c"]);
        assert_eq!(found[1].1, ["1", "2 3", "4"]);
    }

    #[test]
    fn limits_are_kept() {
        let mut splitter = Splitter::new(Delimiter::Char(b','));
        let wide = ",".repeat(100_000);
        assert_eq!(splitter.feed(1, &wide), Err(Unsplit::Fields));
        assert_eq!(splitter.feed(2, "a,b").unwrap().unwrap().len(), 2);
        assert_eq!(splitter.feed(3, "\"a,b").unwrap(), None);
        assert!(splitter.is_open());
        let long = "x".repeat(1 << 20);
        let fault = (4..).find_map(|line| splitter.feed(line, &long).err());
        assert_eq!(fault, Some(Unsplit::Long));
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read(
            rows in prop::collection::vec(prop::collection::vec("[a-c ,;\"\n.0-9]{0,6}", 2..5), 1..8),
            semicolon in any::<bool>(),
        ) {
            let delimiter = if semicolon { b';' } else { b',' };
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true)
                .quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            let mut expected = Vec::new();
            let mut line = 1;
            for row in &rows {
                writer.write_record(row).unwrap();
                let fields = row.iter().map(|f| {
                    let f = f.trim();
                    // Quotes within quotes are read as quotes, and a pair around all is dropped.
                    match f.strip_prefix('"').and_then(|f| f.strip_suffix('"')) {
                        Some(inner) if !inner.contains('"') => inner.trim().to_owned(),
                        _ => f.to_owned(),
                    }
                }).collect::<Vec<_>>();
                expected.push((line, fields));
                line += 1 + row.iter().map(|f| f.matches('\n').count() as u64).sum::<u64>();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(split(Delimiter::Char(delimiter), &text), expected);
        }
    }
}
