//! The arguments that say how files of samples are read.

use std::path::{Path, PathBuf};

use clap::Args;

use super::dialect::{Columns, Dialect, Text};
use crate::Error;
use crate::embed::Embedder;
use crate::examples::{Examples, Intake, Known};
use crate::home::Home;
use crate::profile::{Reading, Shape};
use crate::read::columns::Asked;
use crate::read::table::{self, Ahead, TableReader};
use crate::read::text::canonical;
use crate::read::time::stamp::{Told, Unit};
use crate::read::ts::{self, TsReader};
use crate::read::values::Unlabelled;
use crate::read::vectors::VectorReader;
use crate::read::window::Windows;
use crate::read::{Format, Recordings, Source, files};

/// How files of samples are read.
#[derive(Clone, Debug, Args)]
pub struct Samples {
    /// The files: .ts, CSV, or JSON lines of vectors, plain or compressed by gzip; `-` is standard
    /// input.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The files' format; by their names or their first lines if not given.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// CSV: the column with the label.
    #[arg(long, value_name = "COL")]
    pub label: Option<String>,
    /// The label of all that the files hold, where no column tells.
    #[arg(long = "as", value_name = "LABEL", conflicts_with = "label")]
    pub all_as: Option<String>,
    /// CSV: the column with the time, a number of any unit or a date; or two, as in `Date,Time`.
    #[arg(long, value_name = "COL")]
    pub time: Option<String>,
    /// Cut streams into windows of N samples; a whole stream is one recording if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub window: Option<u32>,
    /// Samples from the start of one window to the start of the next; N if not given.
    #[arg(long, value_name = "N", requires = "window", value_parser = clap::value_parser!(u32).range(1..))]
    pub hop: Option<u32>,
    /// Samples a second; from the time column if not given.
    #[arg(long, value_name = "HZ")]
    pub rate: Option<f64>,
    #[command(flatten)]
    pub table: Tables,
    #[command(flatten)]
    pub text: Text,
}

/// How tables are read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Tables (CSV)")]
pub struct Tables {
    #[command(flatten)]
    pub columns: Columns,
    /// The column that keeps streams apart: the subject, the device.
    #[arg(long, value_name = "COL")]
    pub group: Option<String>,
    /// Use the examples of this group (a value of the --group column, or a file) for a test alone.
    #[arg(long, value_name = "GROUP")]
    pub holdout: Option<String>,
    #[command(flatten)]
    pub dialect: Dialect,
    /// What becomes of rows without a label; skip if not given.
    #[arg(long, value_enum)]
    pub unlabelled: Option<Unlabelled>,
    /// A label that says that there is none.
    #[arg(long, value_name = "LABEL", allow_hyphen_values = true)]
    pub skip_label: Vec<String>,
    /// The unit of a time that is a number; by its size if not given.
    #[arg(long, value_enum)]
    pub time_unit: Option<Unit>,
    /// How the time is written, as `strftime` has it: '%d/%m/%Y %H:%M:%S%.f'.
    #[arg(long, value_name = "FORMAT", conflicts_with = "time_unit")]
    pub time_format: Option<String>,
    /// The longest step of the time that is no gap, in seconds; three samples more if not given.
    #[arg(long, value_name = "SECONDS")]
    pub gap: Option<f64>,
}

/// What examples are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be learned.
    Learn,
    /// To be looked up.
    LookUp,
}

/// A file that is being read, and how.
pub struct Opened {
    /// Its recordings.
    pub recordings: Box<dyn Recordings>,
    /// What the store keeps of how it is read.
    pub reading: Reading,
}

impl Samples {
    /// The files' names as messages show them.
    pub fn name(&self) -> String {
        match self.files.as_slice() {
            [one] => files::name(one),
            many => format!("{} files", many.len()),
        }
    }

    /// Reads all files into vectors. Where `home` has learned they have its shape, and what the
    /// command line leaves open is read as it was then. `outlines`: of each recording one is kept.
    pub fn examples(
        &self,
        home: Option<&Home>,
        purpose: Purpose,
        outlines: bool,
    ) -> Result<Examples, Error> {
        let home = home.filter(|home| home.profile.shape.is_some());
        let stored = home.and_then(|home| home.profile.shape.as_ref());
        let mut embedder = Embedder::of(home.map(Home::node))?;
        let held_out = self.table.holdout.as_deref().map(canonical);
        let paths = files::resolve(&self.files)?;
        let mut all: Option<Examples> = None;
        for path in &paths {
            let shape = all.as_ref().map(|examples| examples.shape.clone());
            let known = match &shape {
                Some(shape) => Some(Known {
                    shape,
                    stored: stored.is_some(),
                }),
                None => stored.map(Known::stored),
            };
            let mut intake = Intake {
                embedder: &mut embedder,
                rate: self.rate,
                held_out: held_out.as_deref(),
                outlines,
            };
            let mut more = self.of_file(path, known, purpose, &mut intake)?;
            if let Some(label) = &self.all_as {
                let label = canonical(label).into_owned();
                more.items
                    .iter_mut()
                    .for_each(|item| item.label = Some(label.clone()));
            }
            if paths.len() > 1 {
                let name = files::name(path);
                more.notes
                    .iter_mut()
                    .for_each(|note| *note = format!("{name}: {note}"));
                more.quiet
                    .iter_mut()
                    .for_each(|note| *note = format!("{name}: {note}"));
            }
            match &mut all {
                Some(all) => all.append(more),
                None => all = Some(more),
            }
        }
        let all = all.ok_or_else(|| Error::Usage("there is no file".into()))?;
        match all.shape {
            Shape::Samples { .. } => all.embedded(embedder),
            Shape::Vectors { .. } => Ok(all),
        }
    }

    fn of_file(
        &self,
        path: &Path,
        known: Option<Known<'_>>,
        purpose: Purpose,
        intake: &mut Intake<'_>,
    ) -> Result<Examples, Error> {
        let mut source = Source::open(path, self.text.decoding())?;
        let file = source.name().to_owned();
        let format = self.format_of(&mut source)?;
        if format == Format::Jsonl {
            return Examples::of_vectors(&file, VectorReader::new(source), known);
        }
        let shape = known.map(|known| known.shape);
        let opened = self.open(source, format, shape, purpose, Ahead::default())?;
        let Opened {
            mut recordings,
            reading,
        } = opened;
        Examples::of_recordings(&file, &mut *recordings, reading, known, intake)
    }

    /// The format of a file, checked against the arguments.
    pub fn format_of(&self, source: &mut Source) -> Result<Format, Error> {
        let format = match self.format {
            Some(format) => format,
            None => Format::guess(source)?,
        };
        self.check(format)?;
        Ok(format)
    }

    /// Opens a file of recordings; reads `ahead` and no more.
    pub fn open(
        &self,
        source: Source,
        format: Format,
        known: Option<&Shape>,
        purpose: Purpose,
        ahead: Ahead,
    ) -> Result<Opened, Error> {
        let (names, before) = match known {
            Some(Shape::Samples { names, reading, .. }) => (names.clone(), (**reading).clone()),
            _ => Default::default(),
        };
        let mut reading = self.reading(&before)?;
        let windows = reading.window.map(|length| Windows {
            length: length as usize,
            hop: reading.hop.unwrap_or(length) as usize,
        });
        let times = Told {
            unit: reading.time_unit.as_deref().and_then(unit_of_name),
            format: reading.time_format.clone(),
        };
        let gap = reading.gap_ms.map(|ms| ms as f64 / 1e3);
        let recordings: Box<dyn Recordings> = match format {
            Format::Jsonl => {
                return Err(Error::Usage("vectors are no recordings".into()));
            }
            Format::Ts => Box::new(TsReader::new(
                source,
                ts::Options {
                    windows,
                    holes: reading.holes,
                    marks: reading.marks.clone(),
                    times,
                    gap,
                },
            )),
            Format::Csv => {
                let column = |given: &Option<String>, before: &Option<String>| match given {
                    Some(title) => Some((title.clone(), false)),
                    None => before.clone().map(|title| (title, true)),
                };
                let table = &self.table;
                let named = &table.columns.channels;
                let options = table::Options {
                    wishes: table.dialect.wishes(reading.marks.clone()),
                    asked: Asked {
                        label: column(&self.label, &before.label),
                        time: column(&self.time, &before.time),
                        group: column(&table.group, &before.group),
                        channels: if named.is_empty() {
                            names
                        } else {
                            named.clone()
                        },
                        without: table.columns.without.clone(),
                        as_before: known.is_some(),
                    },
                    times,
                    rate: self.rate,
                    gap,
                    windows,
                    holes: reading.holes,
                    unlabelled: reading.unlabelled,
                    keep_unlabelled: purpose == Purpose::LookUp,
                    skip_labels: reading.skip_labels.clone(),
                    ahead,
                };
                let reader = TableReader::new(source, &options)?;
                // What looked like a time is one for the next file too.
                reading.time = reading.time.or(reader.time());
                Box::new(reader)
            }
        };
        Ok(Opened {
            recordings,
            reading,
        })
    }

    /// What is given, and else what was given `before`.
    fn reading(&self, before: &Reading) -> Result<Reading, Error> {
        let table = &self.table;
        let (holes, marks) = table.dialect.missing()?;
        let or = |given: &Vec<String>, before: &Vec<String>| match given.is_empty() {
            true => before.clone(),
            false => given.clone(),
        };
        let skip_labels: Vec<String> = table
            .skip_label
            .iter()
            .map(|l| canonical(l).into_owned())
            .collect();
        let (time_unit, time_format) = match (table.time_unit, &table.time_format) {
            (None, None) => (before.time_unit.clone(), before.time_format.clone()),
            (unit, format) => (unit.map(name_of_unit), format.clone()),
        };
        Ok(Reading {
            label: self.label.clone().or(before.label.clone()),
            time: self.time.clone().or(before.time.clone()),
            window: self.window.or(before.window),
            hop: if self.window.is_some() {
                self.hop
            } else {
                before.hop
            },
            group: table.group.clone().or(before.group.clone()),
            holes: holes.unwrap_or(before.holes),
            marks: or(&marks, &before.marks),
            skip_labels: or(&skip_labels, &before.skip_labels),
            unlabelled: table.unlabelled.unwrap_or(before.unlabelled),
            time_format,
            time_unit,
            gap_ms: table
                .gap
                .map(|s| (s * 1e3).round() as u64)
                .or(before.gap_ms),
        })
    }

    fn check(&self, format: Format) -> Result<(), Error> {
        let usage = |text: &str| Err(Error::Usage(text.into()));
        let table = &self.table;
        let of_csv = self.label.is_some()
            || self.time.is_some()
            || table.dialect.is_of_tables()
            || table.group.is_some()
            || !table.columns.channels.is_empty()
            || !table.columns.without.is_empty()
            || table.unlabelled.is_some()
            || !table.skip_label.is_empty();
        if format != Format::Csv && of_csv {
            return usage(
                "--label, --time and --delimiter are for CSV, and so is what else tells how a table \
                 is read; this file is not (--format csv says that it is)",
            );
        }
        let of_samples = self.window.is_some()
            || self.rate.is_some()
            || !table.dialect.missing.is_empty()
            || table.gap.is_some()
            || table.time_unit.is_some()
            || table.time_format.is_some();
        if format == Format::Jsonl && of_samples {
            return usage(
                "--window, --hop and --rate are for samples, as are --missing, --gap and how the time \
                 is written; this file holds vectors",
            );
        }
        if let Some(rate) = self.rate
            && !(0.001..=1e6).contains(&rate)
        {
            return usage("--rate is out of range: 0.001 to 1000000 samples a second");
        }
        if table.gap.is_some_and(|gap| !(gap > 0.0 && gap < 1e9)) {
            return usage("--gap is a number of seconds above 0");
        }
        table.dialect.check()
    }
}

fn name_of_unit(unit: Unit) -> String {
    use clap::ValueEnum;
    unit.to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned())
}

fn unit_of_name(name: &str) -> Option<Unit> {
    use clap::ValueEnum;
    Unit::from_str(name, true).ok()
}
