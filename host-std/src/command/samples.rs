//! The arguments that say how a file of samples is read.

use std::path::PathBuf;

use clap::Args;

use crate::Error;
use crate::examples::Examples;
use crate::profile::{Reading, Shape};
use crate::read::table::{Column, Columns, TableReader};
use crate::read::ts::TsReader;
use crate::read::vectors::VectorReader;
use crate::read::window::Windows;
use crate::read::{Format, Recordings, Source};

/// How a file of samples is read.
#[derive(Clone, Debug, Args)]
pub struct Samples {
    /// The file: .ts, CSV with a header, or JSON lines of vectors; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The file's format; by its name or its first line if not given.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// CSV: the column with the label.
    #[arg(long, value_name = "COL")]
    pub label: Option<String>,
    /// CSV: the column with the time, in seconds or as a date.
    #[arg(long, value_name = "COL")]
    pub time: Option<String>,
    /// CSV: the character between the fields; found by itself if not given.
    #[arg(long, value_name = "CHAR")]
    pub delimiter: Option<char>,
    /// Cut streams into windows of N samples; a whole stream is one recording if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub window: Option<u32>,
    /// Samples from the start of one window to the start of the next; N if not given.
    #[arg(long, value_name = "N", requires = "window", value_parser = clap::value_parser!(u32).range(1..))]
    pub hop: Option<u32>,
    /// Samples a second; from the time column if not given.
    #[arg(long, value_name = "HZ")]
    pub rate: Option<f64>,
}

impl Samples {
    /// The file's name as messages show it.
    pub fn name(&self) -> String {
        match self.file.to_str() {
            Some("-") => "standard input".into(),
            _ => self.file.display().to_string(),
        }
    }

    /// Reads the file into vectors. Where `known` is given they have its shape, and what the
    /// command line leaves open is read as it was then.
    pub fn examples(&self, known: Option<&Shape>) -> Result<Examples, Error> {
        let mut source = Source::open(&self.file)?;
        let file = source.name().to_owned();
        let format = match self.format {
            Some(format) => format,
            None => Format::guess(&mut source)?,
        };
        self.check(format)?;
        let (names, before) = match known {
            Some(Shape::Samples { names, reading, .. }) => (names.clone(), reading.clone()),
            _ => Default::default(),
        };
        let reading = Reading {
            label: self.label.clone().or(before.label.clone()),
            time: self.time.clone().or(before.time.clone()),
            window: self.window.or(before.window),
            hop: if self.window.is_some() {
                self.hop
            } else {
                before.hop
            },
        };
        let windows = reading.window.map(|length| Windows {
            length: length as usize,
            hop: reading.hop.unwrap_or(length) as usize,
        });
        let column = |given: &Option<String>, before: Option<String>| match given {
            Some(title) => Some(Column::Named(title.clone())),
            None => before.map(Column::IfThere),
        };
        let mut recordings: Box<dyn Recordings> = match format {
            Format::Jsonl => {
                return Examples::of_vectors(&file, VectorReader::new(source), known);
            }
            Format::Ts => Box::new(TsReader::new(source, windows)),
            Format::Csv => Box::new(TableReader::new(
                source,
                &Columns {
                    label: column(&self.label, before.label),
                    time: column(&self.time, before.time),
                    channels: (!names.is_empty()).then_some(names),
                    windows,
                    delimiter: self.delimiter.and_then(|c| u8::try_from(c).ok()),
                },
            )?),
        };
        Examples::of_recordings(&file, &mut *recordings, self.rate, reading, known)
    }

    fn check(&self, format: Format) -> Result<(), Error> {
        let usage = |text: &str| Err(Error::Usage(text.into()));
        if format != Format::Csv
            && (self.label.is_some() || self.time.is_some() || self.delimiter.is_some())
        {
            return usage("--label, --time and --delimiter are for CSV; this file is not");
        }
        if format == Format::Jsonl && (self.window.is_some() || self.rate.is_some()) {
            return usage("--window, --hop and --rate are for samples; this file holds vectors");
        }
        if let Some(rate) = self.rate
            && !(0.001..=1e6).contains(&rate)
        {
            return usage("--rate is out of range: 0.001 to 1000000 samples a second");
        }
        if self
            .delimiter
            .is_some_and(|c| !c.is_ascii() || c.is_ascii_alphanumeric())
        {
            return usage("--delimiter is one ASCII character, and no letter or digit");
        }
        Ok(())
    }
}
