//! Cuts streams of samples into recordings.

use std::rc::Rc;

use super::Recording;

/// How a stream is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Samples of a window.
    pub length: usize,
    /// Samples from the start of one window to the start of the next.
    pub hop: usize,
}

/// Where a sample comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The time as it is written.
    pub time: Option<Rc<str>>,
}

/// Cuts one stream of samples at a time; without windows the whole stream is one recording.
#[derive(Debug)]
pub struct Windower {
    channels: usize,
    windows: Option<Windows>,
    samples: Vec<f32>,
    places: Vec<Place>,
    /// Samples in front that are done with.
    gone: usize,
    skip: usize,
    covered: usize,
    unused: u64,
}

impl Windower {
    /// For samples of `channels` values.
    pub fn new(channels: usize, windows: Option<Windows>) -> Self {
        Self {
            channels,
            windows,
            samples: Vec::new(),
            places: Vec::new(),
            gone: 0,
            skip: 0,
            covered: 0,
            unused: 0,
        }
    }

    /// Takes the next sample of the stream, from `place`; gives the window it completes.
    pub fn push(&mut self, sample: &[f32], place: Place, label: Option<&str>) -> Option<Recording> {
        if self.skip > 0 {
            self.skip -= 1;
            self.unused += 1;
            return None;
        }
        self.samples.extend_from_slice(sample);
        self.places.push(place);
        let Windows { length, hop } = self.windows?;
        if self.waiting() < length {
            return None;
        }
        let recording = self.recording(length, label);
        let gone = hop.min(length);
        self.skip = hop - gone;
        self.gone += gone;
        self.covered = length - gone;
        // What is done with is moved out seldom, so that a short hop costs no more than a long one.
        if self.gone >= self.waiting().max(64) {
            self.samples.drain(..self.gone * self.channels);
            self.places.drain(..self.gone);
            self.gone = 0;
        }
        Some(recording)
    }

    /// Ends the stream; gives the recording that is all of it if there are no windows.
    pub fn finish(&mut self, label: Option<&str>) -> Option<Recording> {
        let whole = match self.windows {
            None if !self.places.is_empty() => Some(self.recording(self.waiting(), label)),
            None => None,
            Some(_) => {
                self.unused += (self.waiting() - self.covered) as u64;
                None
            }
        };
        self.samples.clear();
        self.places.clear();
        (self.gone, self.skip, self.covered) = (0, 0, 0);
        whole
    }

    /// Samples so far that are in no recording.
    pub fn unused(&self) -> u64 {
        self.unused
    }

    fn waiting(&self) -> usize {
        self.places.len() - self.gone
    }

    fn recording(&self, length: usize, label: Option<&str>) -> Recording {
        let from = self.gone * self.channels;
        let Place { line, time } = self.places.get(self.gone).cloned().unwrap_or_default();
        Recording {
            line,
            time,
            group: None,
            label: label.map(str::to_owned),
            channels: self.channels,
            samples: self.samples[from..from + length * self.channels].to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(line: u64) -> Place {
        Place {
            line,
            time: Some(format!("at {line}").into()),
        }
    }

    proptest! {
        #[test]
        fn windows_start_every_hop_and_the_rest_is_counted(
            samples in 0usize..400, length in 1usize..20, hop in 1usize..30
        ) {
            let mut windower = Windower::new(2, Some(Windows { length, hop }));
            let mut found = Vec::new();
            for i in 0..samples {
                let sample = [i as f32, -(i as f32)];
                found.extend(windower.push(&sample, place(i as u64 + 1), Some("a")));
            }
            prop_assert!(windower.finish(Some("a")).is_none());
            let mut covered = vec![false; samples];
            let mut expected = Vec::new();
            for start in (0..).map(|k| k * hop).take_while(|s| s + length <= samples) {
                covered[start..start + length].fill(true);
                expected.push(Recording {
                    line: start as u64 + 1,
                    time: place(start as u64 + 1).time,
                    group: None,
                    label: Some("a".into()),
                    channels: 2,
                    samples: (start..start + length).flat_map(|i| [i as f32, -(i as f32)]).collect(),
                });
            }
            prop_assert_eq!(found, expected);
            prop_assert_eq!(windower.unused(), covered.iter().filter(|c| !**c).count() as u64);
        }

        #[test]
        fn without_windows_a_stream_is_one_recording(samples in 1usize..50) {
            let mut windower = Windower::new(1, None);
            for i in 0..samples {
                prop_assert!(windower.push(&[i as f32], place(7 + i as u64), None).is_none());
            }
            let recording = windower.finish(None).unwrap();
            prop_assert_eq!(recording.line, 7);
            prop_assert_eq!(recording.samples.len(), samples);
            prop_assert!(windower.finish(None).is_none());
        }
    }
}
