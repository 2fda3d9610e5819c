//! From recordings to vectors: by the shapes that windows are made of, or by nine figures a channel
//! where a store was learned so.
//!
//! Shapes are told apart by scales that are taken from the recordings learned first. These wait
//! until the scales are known: until the last of them was read, or as many samples as the scales
//! can tell from. Then each recording is turned into its vector and forgotten.

use sensilla::learn::StreamConfig;
use sensilla::learn::features::{FeatureConfig, Features};
use sensilla::learn::stream::OwnedStream;
use sensilla::node::Node;

use sensilla::block::Memory;

use crate::Error;
use crate::read::Recording;

/// Samples that scales are taken from: a float counts no further.
const MOST_SAMPLES: usize = 1 << 24;

/// Turns recordings into vectors.
pub struct Embedder {
    by: By,
    vectors: Vec<f32>,
    dimensions: u32,
}

enum By {
    /// Nothing was learned yet: by shapes, once it is known what a recording is.
    Nothing,
    Figures(FeatureConfig, Memory),
    Shapes(OwnedStream),
    /// By shapes, when the scales are known.
    Waiting {
        stream: OwnedStream,
        recordings: Vec<Recording>,
        samples: usize,
    },
}

/// What recordings came to.
pub struct Embedded {
    /// The vectors, end to end.
    pub vectors: Vec<f32>,
    /// Components of each.
    pub dimensions: u32,
    /// The stream with its scales, where they are new.
    pub stream: Option<OwnedStream>,
}

/// Why a recording has no vector.
pub struct Fault {
    /// Its place among the recordings taken.
    pub index: usize,
    /// Why.
    pub reason: String,
}

impl Embedder {
    /// By what `node` has learned from; by shapes where it has learned nothing.
    pub fn of(node: Option<&Node<'_>>) -> Result<Self, Error> {
        let broken = |error: &dyn std::fmt::Display| Error::Failed(format!("the scales: {error}"));
        let by = match node.map(Node::perception) {
            None => By::Nothing,
            Some(perception) => match perception.stream() {
                Some(stream) => {
                    let bytes: Vec<u8> = stream.image().flatten().copied().collect();
                    By::Shapes(OwnedStream::open(&bytes).map_err(|e| broken(&e))?)
                }
                None => {
                    let config = perception.config().features();
                    By::Figures(config, Memory::zeroed(config.bytes()))
                }
            },
        };
        let dimensions = match &by {
            By::Shapes(stream) => stream.get().config().dimensions(),
            By::Figures(config, _) => config.dimensions(),
            By::Nothing | By::Waiting { .. } => 0,
        };
        Ok(Self {
            by,
            vectors: Vec::new(),
            dimensions,
        })
    }

    /// Whether recordings are told apart by their shapes, which depend on the rate.
    pub fn by_shapes(&self) -> bool {
        !matches!(self.by, By::Figures(..))
    }

    /// Takes a recording at `rate` millihertz, 0 if that is not known; where scales are wanted, it
    /// counts for them unless it is held out.
    pub fn take(&mut self, recording: Recording, rate: u32, held_out: bool) -> Result<(), String> {
        if let By::Nothing = self.by {
            let channels = u32::try_from(recording.channels).unwrap_or(u32::MAX);
            let config = StreamConfig::large(channels).rate(rate);
            self.dimensions = config.dimensions();
            self.by = By::Waiting {
                stream: OwnedStream::new(config).map_err(|e| e.to_string())?,
                recordings: Vec::new(),
                samples: 0,
            };
        }
        if let By::Waiting {
            stream,
            recordings,
            samples,
        } = &mut self.by
        {
            if !held_out {
                stream
                    .with(|stream| {
                        stream.calibrate(&recording.samples)?;
                        stream.end_recording();
                        Ok::<(), sensilla::learn::StreamError>(())
                    })
                    .map_err(|e| e.to_string())?;
            }
            *samples += recording.samples().len();
            recordings.push(recording);
            return match *samples < MOST_SAMPLES {
                true => Ok(()),
                false => self.keep_scales().map_err(|fault| fault.reason),
            };
        }
        self.embed(&recording)
    }

    /// The vector of a recording by scales that are known; nothing of it is kept.
    pub fn vector(&mut self, recording: &Recording) -> Result<Vec<f32>, String> {
        self.embed(recording)?;
        Ok(std::mem::take(&mut self.vectors))
    }

    /// All vectors.
    pub fn finish(mut self) -> Result<Embedded, Fault> {
        let is_new = matches!(self.by, By::Waiting { .. });
        if is_new {
            self.keep_scales()?;
        }
        Ok(Embedded {
            vectors: self.vectors,
            dimensions: self.dimensions,
            stream: match self.by {
                By::Shapes(stream) => Some(stream),
                _ => None,
            },
        })
    }

    /// Ends waiting.
    fn keep_scales(&mut self) -> Result<(), Fault> {
        let fault = |index, reason: String| Fault { index, reason };
        let (mut stream, recordings) = match std::mem::replace(&mut self.by, By::Nothing) {
            By::Waiting {
                stream, recordings, ..
            } => (stream, recordings),
            other => {
                self.by = other;
                return Ok(());
            }
        };
        stream
            .with(|stream| stream.freeze())
            .map_err(|e| fault(0, e.to_string()))?;
        self.by = By::Shapes(stream);
        for (index, recording) in recordings.iter().enumerate() {
            self.embed(recording)
                .map_err(|reason| fault(index, reason))?;
        }
        Ok(())
    }

    fn embed(&mut self, recording: &Recording) -> Result<(), String> {
        let start = self.vectors.len();
        self.vectors.resize(start + self.dimensions as usize, 0.0);
        let out = self.vectors.get_mut(start..).unwrap_or(&mut []);
        match &mut self.by {
            By::Shapes(stream) => stream.with(|stream| {
                stream
                    .push_all(&recording.samples)
                    .map_err(|e| e.to_string())?;
                stream.finish(out).map_err(|e| e.to_string())
            }),
            By::Figures(config, memory) => {
                let mut features = Features::format(memory, *config).map_err(|e| e.to_string())?;
                for sample in recording.samples() {
                    features.push(sample).map_err(|e| e.to_string())?;
                }
                features.finish(out).map_err(|e| e.to_string())
            }
            By::Nothing | By::Waiting { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(samples: &[f32]) -> Recording {
        Recording {
            line: 1,
            time: None,
            group: None,
            label: None,
            channels: 1,
            samples: samples.to_vec(),
        }
    }

    fn wave(period: usize, size: f32) -> Vec<f32> {
        let at =
            |i: usize| size * ((i % period) as f32 / period as f32 * std::f32::consts::TAU).sin();
        (0..200).map(at).collect()
    }

    #[test]
    fn vectors_are_those_of_a_stream_that_saw_all_first() {
        let recordings = [wave(20, 1.0), wave(7, 3.0), wave(50, 0.5)];
        let mut embedder = Embedder::of(None).unwrap();
        for samples in &recordings {
            embedder
                .take(recording(samples), 50_000, false)
                .ok()
                .unwrap();
        }
        let embedded = embedder.finish().ok().unwrap();
        let config = StreamConfig::large(1).rate(50_000);
        let mut stream = OwnedStream::new(config).unwrap();
        let expected: Vec<f32> = stream.with(|stream| {
            for samples in &recordings {
                stream.calibrate(samples).unwrap();
                stream.end_recording();
            }
            stream.freeze().unwrap();
            let vector = |samples: &Vec<f32>| {
                let mut vector = vec![0.0; config.dimensions() as usize];
                stream.push_all(samples).unwrap();
                stream.finish(&mut vector).unwrap();
                vector
            };
            recordings.iter().flat_map(vector).collect()
        });
        assert_eq!(embedded.vectors, expected);
        assert_eq!(embedded.dimensions, 512);
    }

    #[test]
    fn what_is_held_out_does_not_count_for_the_scales() {
        let scales = |held_out: bool| {
            let mut embedder = Embedder::of(None).unwrap();
            embedder
                .take(recording(&wave(20, 1.0)), 0, false)
                .ok()
                .unwrap();
            embedder
                .take(recording(&wave(20, 90.0)), 0, held_out)
                .ok()
                .unwrap();
            let embedded = embedder.finish().ok().unwrap();
            let first = embedded.vectors[..512].to_vec();
            assert_eq!(embedded.vectors.len(), 1_024);
            first
        };
        let mut alone = Embedder::of(None).unwrap();
        alone
            .take(recording(&wave(20, 1.0)), 0, false)
            .ok()
            .unwrap();
        let alone = alone.finish().ok().unwrap().vectors;
        assert_eq!(scales(true), alone);
        assert_ne!(scales(false), alone);
    }

    #[test]
    fn a_value_out_of_range_is_told_at_once() {
        let mut embedder = Embedder::of(None).unwrap();
        let error = embedder
            .take(recording(&[0.0, 1e13]), 0, false)
            .unwrap_err();
        assert!(error.contains("channel 0"), "{error}");
    }
}
