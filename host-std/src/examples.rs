//! What files of recordings or vectors come to: one vector each, not yet normalised.
//!
//! Recordings go through an [`Embedder`] as they are read. Several files make one sequence.

use std::path::Path;

use crate::Error;
use crate::embed::Embedder;
use crate::profile::{Reading, Shape};
use crate::read::vectors::VectorReader;
use crate::read::{InputError, Recording, Recordings};
use sensilla::learn::{OwnedStream, StreamConfig};

/// The shape that examples must have.
#[derive(Clone, Copy, Debug)]
pub struct Known<'s> {
    /// The shape.
    pub shape: &'s Shape,
    /// It is that of the store; else of the files before.
    pub stored: bool,
}

impl<'s> Known<'s> {
    /// The shape of what the store has learned.
    pub fn stored(shape: &'s Shape) -> Self {
        Self {
            shape,
            stored: true,
        }
    }
}

/// Recordings that go into one sequence, and how.
pub struct Intake<'i> {
    /// What turns them into vectors.
    pub embedder: &'i mut Embedder,
    /// Samples a second, where the user says it.
    pub rate: Option<f64>,
    /// The group that is held out for a test.
    pub held_out: Option<&'i str>,
    /// Whether an outline of each is kept.
    pub outlines: bool,
}

/// The vectors of files.
#[derive(Debug)]
pub struct Examples {
    /// What they are made of.
    pub shape: Shape,
    /// The files they come from.
    pub files: Vec<String>,
    /// What is known of each.
    pub items: Vec<Example>,
    /// What the user should know about how the files were read.
    pub notes: Vec<String>,
    /// What else was found of them.
    pub quiet: Vec<String>,
    /// New scales that the vectors were made by.
    pub stream: Option<OwnedStream>,
    vectors: Vec<f32>,
    dimensions: u32,
}

/// What is known of one vector.
#[derive(Clone, Debug, Default)]
pub struct Example {
    /// The file it comes from, among those of [`Examples::files`].
    pub file: usize,
    /// The line it comes from.
    pub line: u64,
    /// The time it begins at, as it is written.
    pub time: Option<String>,
    /// Whose it is, where the file tells.
    pub group: Option<String>,
    /// What it shows.
    pub label: Option<String>,
    /// When, in milliseconds.
    pub at: Option<u64>,
    /// How long the work took, in microseconds.
    pub latency_us: u32,
    /// What it cost.
    pub energy_spent: u32,
    /// What it brought.
    pub energy_earned: u32,
    /// Whether it succeeded.
    pub success: bool,
    /// Who did it.
    pub executor: u16,
    /// What the recording looks like, if that is to be shown.
    pub outline: Option<Outline>,
}

impl Example {
    /// Whether it is of a group: by the column that tells it, or by its file.
    pub fn is_of(&self, file: &str, group: &str) -> bool {
        match &self.group {
            Some(of) => of == group,
            None => {
                let file = Path::new(file);
                file == Path::new(group) || file.file_name().is_some_and(|name| name == group)
            }
        }
    }
}

/// What a recording looks like: a few of its channels, thinned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// Values of each channel in the order of time.
    pub channels: Vec<Vec<f32>>,
}

impl Outline {
    /// Channels that are shown.
    const CHANNELS: usize = 6;
    /// Values of each.
    const POINTS: usize = 60;

    /// The outline of a recording.
    pub fn of(recording: &Recording) -> Self {
        let length = recording.samples().len();
        let points = length.min(Self::POINTS);
        let channel = |channel: usize| {
            let at = |point: usize| {
                let sample = point * (length - 1) / (points - 1).max(1);
                recording.samples.get(sample * recording.channels + channel)
            };
            (0..points).filter_map(at).copied().collect()
        };
        Self {
            channels: (0..recording.channels.min(Self::CHANNELS))
                .map(channel)
                .collect(),
        }
    }
}

impl Examples {
    /// Components of a vector, padding included.
    pub fn dimensions(&self) -> u32 {
        self.dimensions
    }

    /// The vectors in order, padded to their dimensions.
    pub fn vectors(&self) -> std::slice::ChunksExact<'_, f32> {
        self.vectors.chunks_exact(self.dimensions.max(1) as usize)
    }

    /// Ends the intake of recordings: their vectors are what the embedder made of them.
    pub fn embedded(mut self, embedder: Embedder) -> Result<Self, Error> {
        let embedded = embedder.finish().map_err(|fault| {
            let item = self.items.get(fault.index);
            Error::Input(InputError {
                file: item.map_or("", |item| self.file_of(item)).to_owned(),
                line: item.map(|item| item.line),
                reason: fault.reason,
            })
        })?;
        self.vectors = embedded.vectors;
        self.dimensions = embedded.dimensions;
        self.stream = embedded.stream;
        let mut rows = self.vectors();
        let first = rows.next();
        if self.items.len() > 1 && rows.all(|row| Some(row) == first) {
            self.notes.push(all_same(&self.shape));
        }
        Ok(self)
    }

    /// Reads all recordings of a file; `known` is the shape they must have. Their vectors are left to
    /// the embedder: see [`embedded`](Self::embedded).
    pub fn of_recordings(
        file: &str,
        recordings: &mut dyn Recordings,
        reading: Reading,
        known: Option<Known<'_>>,
        intake: &mut Intake<'_>,
    ) -> Result<Self, Error> {
        let fault = |line: Option<u64>, reason: String| {
            Error::Input(InputError {
                file: file.into(),
                line,
                reason,
            })
        };
        let mut shape: Option<(Shape, u32)> = None;
        let mut items = Vec::new();
        let mut short = 0u64;
        while let Some(recording) = recordings.next() {
            let recording = recording?;
            let line = Some(recording.line);
            if recording.samples.len() < 2 * recording.channels.max(1) {
                // What a gap leaves between two others; nothing can be said of one sample.
                short += 1;
                continue;
            }
            let rate = match &shape {
                Some((_, rate)) => *rate,
                None => {
                    let rate = intake.rate.or(recordings.rate()).map(millihertz);
                    let rate = rate.transpose().map_err(|e| fault(None, e))?;
                    let found = shape_of(&recording, recordings.channels(), rate, &reading)
                        .map_err(|e| fault(line, e))?;
                    let mhz = rate.unwrap_or(0);
                    let exact = intake.embedder.by_shapes();
                    let fitting = fit(found, known, exact).map_err(|e| fault(line, e))?;
                    shape = Some((fitting, mhz));
                    mhz
                }
            };
            let example = Example {
                line: recording.line,
                time: recording.time.as_ref().map(|time| time.to_string()),
                group: recording.group.as_ref().map(|group| group.to_string()),
                label: recording.label.clone(),
                success: true,
                outline: intake.outlines.then(|| Outline::of(&recording)),
                ..Example::default()
            };
            let held_out = intake
                .held_out
                .is_some_and(|group| example.is_of(file, group));
            items.push(example);
            intake
                .embedder
                .take(recording, rate, held_out)
                .map_err(|reason| fault(line, reason))?;
        }
        let remarks = recordings.notes();
        let mut notes = remarks.notes;
        match recordings.unused() {
            0 => {}
            n => notes.push(format!("{n} samples are in no window")),
        }
        match short {
            0 => {}
            n => notes.push(format!("recordings of a single sample, left out: {n}")),
        }
        let Some((shape, _)) = shape else {
            // What was found on the way may tell why.
            let why = notes
                .iter()
                .map(|note| format!("; {note}"))
                .collect::<String>();
            let reason = match reading.window {
                Some(window) => format!(
                    "no recording is long enough for a window of {window} samples{why}; a shorter \
                     --window may fit"
                ),
                None => format!("no recording has two samples or more{why}"),
            };
            return Err(fault(None, reason));
        };
        Ok(Self {
            shape,
            files: vec![file.to_owned()],
            items,
            notes,
            quiet: remarks.quiet,
            stream: None,
            vectors: Vec::new(),
            dimensions: 0,
        })
    }

    /// Reads all vectors.
    pub fn of_vectors(
        file: &str,
        mut reader: VectorReader,
        known: Option<Known<'_>>,
    ) -> Result<Self, Error> {
        let mut shape = None;
        let (mut items, mut vectors) = (Vec::new(), Vec::new());
        for line in reader.by_ref() {
            let line = line?;
            let fault = |reason: String| InputError {
                file: file.into(),
                line: Some(line.line),
                reason,
            };
            let shape = match &mut shape {
                Some(shape) => shape,
                None => {
                    let components = Shape::check_components(line.vector.len()).map_err(fault)?;
                    let found = Shape::Vectors { components };
                    shape.insert(fit(found, known, false).map_err(fault)?)
                }
            };
            let start = vectors.len();
            vectors.extend_from_slice(&line.vector);
            vectors.resize(start + shape.dimensions() as usize, 0.0);
            items.push(Example {
                file: 0,
                line: line.line,
                time: line.at.map(|at| at.to_string()),
                group: None,
                label: line.label,
                at: line.at,
                latency_us: line.latency_us,
                energy_spent: line.energy_spent,
                energy_earned: line.energy_earned,
                success: line.success,
                executor: line.executor,
                outline: None,
            });
        }
        let shape = shape.unwrap_or(Shape::Vectors { components: 0 });
        Ok(Self {
            dimensions: shape.dimensions(),
            shape,
            stream: None,
            files: vec![file.to_owned()],
            items,
            notes: reader.take_notes(),
            quiet: Vec::new(),
            vectors,
        })
    }

    /// The name of the file that `item` comes from.
    pub fn file_of(&self, item: &Example) -> &str {
        self.files.get(item.file).map_or("", String::as_str)
    }

    /// Appends the examples of another file, which have the same shape.
    pub fn append(&mut self, mut other: Self) {
        let from = self.files.len();
        other.items.iter_mut().for_each(|item| item.file += from);
        self.files.append(&mut other.files);
        self.items.append(&mut other.items);
        self.vectors.append(&mut other.vectors);
        self.notes.append(&mut other.notes);
        self.quiet.append(&mut other.quiet);
    }

    /// Parts the examples in those that `wanted` takes and the others.
    pub fn part(self, wanted: impl Fn(&Self, &Example) -> bool) -> (Self, Self) {
        let empty = || Self {
            shape: self.shape.clone(),
            files: self.files.clone(),
            items: Vec::new(),
            notes: Vec::new(),
            quiet: Vec::new(),
            stream: None,
            vectors: Vec::new(),
            dimensions: self.dimensions,
        };
        let (mut taken, mut others) = (empty(), empty());
        for (item, vector) in self.items.iter().zip(self.vectors()) {
            let to = if wanted(&self, item) {
                &mut taken
            } else {
                &mut others
            };
            to.items.push(item.clone());
            to.vectors.extend_from_slice(vector);
        }
        taken.notes = self.notes;
        taken.quiet = self.quiet;
        others.stream = self.stream;
        (taken, others)
    }
}

/// The note on recordings that are all the same.
fn all_same(shape: &Shape) -> String {
    let names = match shape {
        Shape::Samples { names, .. } => names.as_slice(),
        Shape::Vectors { .. } => &[],
    };
    let (columns, are) = match names {
        [_] => ("column", "is"),
        _ => ("columns", "are"),
    };
    match names.join(", ").as_str() {
        "" => "all recordings are the same: nothing tells them apart".into(),
        names => format!(
            "all recordings are the same ({columns} {names} {are} constant or repeated): nothing \
             tells them apart"
        ),
    }
}

fn millihertz(rate: f64) -> Result<u32, String> {
    let millihertz = (rate * 1e3).round();
    if (1.0..=1e9).contains(&millihertz) {
        Ok(millihertz as u32)
    } else {
        let often = match rate {
            slow if slow < 1.0 => format!("one sample in {} s", (1.0 / slow).round()),
            fast => format!("{} samples a second", fast.round()),
        };
        Err(format!(
            "the time column gives {often}, which is out of range (0.001 to 1000000 a second); give \
             --time-unit if it counts otherwise, else any --rate: bands are shares of it"
        ))
    }
}

/// The shape of recordings like this one at `rate_mhz`.
fn shape_of(
    recording: &Recording,
    names: &[String],
    rate_mhz: Option<u32>,
    reading: &Reading,
) -> Result<Shape, String> {
    Ok(Shape::Samples {
        channels: Shape::check_channels(recording.channels)?,
        names: names.to_vec(),
        rate_mhz,
        reading: Box::new(reading.clone()),
    })
}

/// Whether recordings like this one go with what a store has learned by their shapes, or why not.
pub fn check(
    shape: &Shape,
    recording: &Recording,
    names: &[String],
    rate: Option<f64>,
    reading: &Reading,
) -> Result<(), String> {
    let rate = rate.map(millihertz).transpose()?;
    let found = shape_of(recording, names, rate, reading)?;
    fit(found, Some(Known::stored(shape)), true).map(drop)
}

/// `found` as it goes with `known`: the known shape, or the reason why they differ. Rates are compared
/// as closely as shapes need it if `exact`.
fn fit(found: Shape, known: Option<Known<'_>>, exact: bool) -> Result<Shape, String> {
    let Some(Known { shape, stored }) = known else {
        return Ok(found);
    };
    let mut other_rate = false;
    let fits = match (&found, shape) {
        (
            Shape::Samples {
                channels, rate_mhz, ..
            },
            Shape::Samples {
                channels: of,
                rate_mhz: at,
                ..
            },
        ) => {
            let same_rate = match (rate_mhz, at) {
                // Clocks differ a little; a wrong unit or a resampled file differs by far more.
                (Some(a), Some(b)) if exact => StreamConfig::new(*of, 16).rate(*b).is_near(*a),
                (Some(a), Some(b)) => a.abs_diff(*b) <= b / 20,
                _ => true,
            };
            other_rate = channels == of && !same_rate;
            channels == of && same_rate
        }
        (Shape::Vectors { components }, Shape::Vectors { components: of }) => components == of,
        _ => false,
    };
    if fits {
        return Ok(shape.clone());
    }
    let (has, found) = (shape.describe(), found.describe());
    let advice = match (stored, other_rate) {
        (_, true) => {
            "; record both at one rate or resample one of them, or tell with --rate if a clock is wrong"
        }
        (true, false) => "; give another one with --store",
        (false, false) => "",
    };
    Err(match stored {
        true => format!("the store's patterns are of {has}, this file has {found}{advice}"),
        false => format!("the files before have {has}, this one has {found}{advice}"),
    })
}
