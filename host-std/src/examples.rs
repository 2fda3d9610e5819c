//! What a file of recordings or vectors comes to: one vector each, not yet normalised.
//!
//! A recording is turned into its features as it is read and then forgotten, so that memory holds
//! one recording and one vector for each.

use sensilla::learn::features::Features;

use crate::Error;
use crate::profile::{Reading, Shape};
use crate::progress::Progress;
use crate::read::vectors::VectorReader;
use crate::read::{InputError, Recording, Recordings};
use sensilla::block::Memory;

/// The vectors of a file.
#[derive(Clone, Debug)]
pub struct Examples {
    /// What they are made of.
    pub shape: Shape,
    /// What is known of each.
    pub items: Vec<Example>,
    /// What the user should know about how the file was read.
    pub notes: Vec<String>,
    vectors: Vec<f32>,
}

/// What is known of one vector.
#[derive(Clone, Debug, Default)]
pub struct Example {
    /// The line it comes from.
    pub line: u64,
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
        known: Option<&Shape>,
    ) -> Result<Self, Error> {
        let fault = |line: Option<u64>, reason: String| {
            Error::Input(InputError {
                file: file.into(),
                line,
                reason,
            })
        };
        let mut progress = Progress::new("reading", None);
        let mut state: Option<(Shape, Memory)> = None;
        let (mut items, mut vectors) = (Vec::new(), Vec::new());
        while let Some(recording) = recordings.next() {
            let recording = recording?;
            let line = Some(recording.line);
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
                        reading: reading.clone(),
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
                label: recording.label,
                success: true,
                ..Example::default()
            });
            progress.step(1);
        }
        let Some((shape, _)) = state else {
            let reason = "no recording is long enough for a window";
            return Err(fault(None, reason.into()));
        };
        let mut notes = recordings.notes().to_vec();
        match recordings.unused() {
            0 => {}
            n => notes.push(format!("{n} samples are in no window")),
        }
        Ok(Self {
            shape,
            items,
            notes,
            vectors,
        })
    }

    /// Reads all vectors.
    pub fn of_vectors(
        file: &str,
        reader: VectorReader,
        known: Option<&Shape>,
    ) -> Result<Self, Error> {
        let mut progress = Progress::new("reading", None);
        let mut shape = None;
        let (mut items, mut vectors) = (Vec::new(), Vec::new());
        for line in reader {
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
                line: line.line,
                label: line.label,
                at: line.at,
                latency_us: line.latency_us,
                energy_spent: line.energy_spent,
                energy_earned: line.energy_earned,
                success: line.success,
                executor: line.executor,
            });
            progress.step(1);
        }
        Ok(Self {
            shape: shape.unwrap_or(Shape::Vectors { components: 0 }),
            items,
            notes: Vec::new(),
            vectors,
        })
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
        Err(format!(
            "the time column gives {rate} samples a second, out of range; give --rate"
        ))
    }
}

/// `found` as it goes with `known`: the known shape, or the reason why they differ.
fn fit(found: Shape, known: Option<&Shape>) -> Result<Shape, String> {
    let Some(known) = known else {
        return Ok(found);
    };
    let fits = match (&found, known) {
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
        Ok(known.clone())
    } else {
        Err(format!(
            "the store's patterns are of {}, this file has {}; give another one with --store",
            known.describe(),
            found.describe()
        ))
    }
}
