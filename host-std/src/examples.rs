//! What a file of recordings or vectors comes to: one vector each, not yet normalised.
//!
//! A recording is turned into its features as it is read and then forgotten, so that memory holds
//! one recording and one vector for each. Several files make one sequence.

use sensilla::learn::features::Features;

use crate::Error;
use crate::profile::{Reading, Shape};
use crate::read::vectors::VectorReader;
use crate::read::{InputError, Recording, Recordings};
use sensilla::block::Memory;

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

/// The vectors of files.
#[derive(Clone, Debug)]
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
    vectors: Vec<f32>,
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
}

impl Examples {
    /// The vectors in order, padded to the shape's dimensions.
    pub fn vectors(&self) -> std::slice::ChunksExact<'_, f32> {
        self.vectors
            .chunks_exact(self.shape.dimensions().max(1) as usize)
    }

    /// Reads all recordings; `rate` is what the user says, `known` the shape they must have.
    pub fn of_recordings(
        file: &str,
        recordings: &mut dyn Recordings,
        rate: Option<f64>,
        reading: Reading,
        known: Option<Known<'_>>,
    ) -> Result<Self, Error> {
        let fault = |line: Option<u64>, reason: String| {
            Error::Input(InputError {
                file: file.into(),
                line,
                reason,
            })
        };
        let mut state: Option<(Shape, Memory)> = None;
        let (mut items, mut vectors) = (Vec::new(), Vec::new());
        let mut short = 0u64;
        while let Some(recording) = recordings.next() {
            let recording = recording?;
            let line = Some(recording.line);
            if recording.samples.len() < 2 * recording.channels.max(1) {
                // What a gap leaves between two others; nothing can be said of one sample.
                short += 1;
                continue;
            }
            let (shape, memory) = match &mut state {
                Some(state) => state,
                None => {
                    let shape = Shape::Samples {
                        channels: Shape::check_channels(recording.channels)
                            .map_err(|reason| fault(line, reason))?,
                        names: recordings.channels().to_vec(),
                        rate_mhz: rate
                            .or(recordings.rate())
                            .map(millihertz)
                            .transpose()
                            .map_err(|reason| fault(None, reason))?,
                        reading: Box::new(reading.clone()),
                    };
                    let shape = fit(shape, known).map_err(|reason| fault(line, reason))?;
                    let bytes = shape.features().map_or(0, |f| f.bytes());
                    state.insert((shape, Memory::zeroed(bytes)))
                }
            };
            let start = vectors.len();
            vectors.resize(start + shape.dimensions() as usize, 0.0);
            features(shape, memory, &recording, &mut vectors[start..])
                .map_err(|reason| fault(line, reason))?;
            items.push(Example {
                line: recording.line,
                time: recording.time.map(|time| time.to_string()),
                group: recording.group.map(|group| group.to_string()),
                label: recording.label,
                success: true,
                ..Example::default()
            });
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
        let Some((shape, _)) = state else {
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
        let all_same = items.len() > 1 && {
            let dimensions = shape.dimensions().max(1) as usize;
            let mut rows = vectors.chunks_exact(dimensions);
            let first = rows.next();
            rows.all(|row| Some(row) == first)
        };
        if all_same {
            let names = recordings.channels().join(", ");
            let columns = if recordings.channels().len() == 1 {
                "column"
            } else {
                "columns"
            };
            let are = if recordings.channels().len() == 1 {
                "is"
            } else {
                "are"
            };
            notes.push(match names.as_str() {
                "" => "all recordings are the same: nothing tells them apart".into(),
                names => format!(
                    "all recordings are the same ({columns} {names} {are} constant or repeated): \
                     nothing tells them apart"
                ),
            });
        }
        Ok(Self {
            shape,
            files: vec![file.to_owned()],
            items,
            notes,
            quiet: remarks.quiet,
            vectors,
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
                    shape.insert(fit(found, known).map_err(fault)?)
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
            });
        }
        Ok(Self {
            shape: shape.unwrap_or(Shape::Vectors { components: 0 }),
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
            vectors: Vec::new(),
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
        (taken, others)
    }
}

fn features(
    shape: &Shape,
    memory: &mut Memory,
    recording: &Recording,
    out: &mut [f32],
) -> Result<(), String> {
    let config = shape.features().ok_or("recordings have no vectors")?;
    let mut features = Features::format(memory, config).map_err(|e| e.to_string())?;
    for sample in recording.samples() {
        features.push(sample).map_err(|e| e.to_string())?;
    }
    features.finish(out).map_err(|e| e.to_string())
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

/// `found` as it goes with `known`: the known shape, or the reason why they differ.
fn fit(found: Shape, known: Option<Known<'_>>) -> Result<Shape, String> {
    let Some(Known { shape, stored }) = known else {
        return Ok(found);
    };
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
                (Some(a), Some(b)) => a.abs_diff(*b) <= b / 20,
                _ => true,
            };
            channels == of && same_rate
        }
        (Shape::Vectors { components }, Shape::Vectors { components: of }) => components == of,
        _ => false,
    };
    if fits {
        return Ok(shape.clone());
    }
    let (has, found) = (shape.describe(), found.describe());
    Err(match stored {
        true => format!(
            "the store's patterns are of {has}, this file has {found}; give another one with --store"
        ),
        false => format!("the files before have {has}, this one has {found}"),
    })
}
