//! Cuts streams of samples into recordings.

use super::Recording;

/// How a stream is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Samples of a window.
    pub length: usize,
    /// Samples from the start of one window to the start of the next.
    pub hop: usize,
}

/// Cuts one stream of samples at a time; without windows the whole stream is one recording.
#[derive(Debug)]
pub struct Windower {
    channels: usize,
    windows: Option<Windows>,
    samples: Vec<f32>,
    lines: Vec<u64>,
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
            lines: Vec::new(),
            skip: 0,
            covered: 0,
            unused: 0,
        }
    }

    /// Takes the next sample of the stream, from line `line`; gives the window it completes.
    pub fn push(&mut self, sample: &[f32], line: u64, label: Option<&str>) -> Option<Recording> {
        if self.skip > 0 {
            self.skip -= 1;
            self.unused += 1;
            return None;
        }
        self.samples.extend_from_slice(sample);
        self.lines.push(line);
        let Windows { length, hop } = self.windows?;
        if self.lines.len() < length {
            return None;
        }
        let recording = self.recording(length, label);
        let gone = hop.min(length);
        self.skip = hop - gone;
        self.samples.drain(..gone * self.channels);
        self.lines.drain(..gone);
        self.covered = length - gone;
        Some(recording)
    }

    /// Ends the stream; gives the recording that is all of it if there are no windows.
    pub fn finish(&mut self, label: Option<&str>) -> Option<Recording> {
        let whole = match self.windows {
            None if !self.lines.is_empty() => Some(self.recording(self.lines.len(), label)),
            None => None,
            Some(_) => {
                self.unused += (self.lines.len() - self.covered) as u64;
                None
            }
        };
        self.samples.clear();
        self.lines.clear();
        (self.skip, self.covered) = (0, 0);
        whole
    }

    /// Samples so far that are in no recording.
    pub fn unused(&self) -> u64 {
        self.unused
    }

    fn recording(&self, length: usize, label: Option<&str>) -> Recording {
        Recording {
            line: self.lines[0],
            label: label.map(str::to_owned),
            channels: self.channels,
            samples: self.samples[..length * self.channels].to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn windows_start_every_hop_and_the_rest_is_counted(
            samples in 0usize..80, length in 1usize..20, hop in 1usize..30
        ) {
            let mut windower = Windower::new(2, Some(Windows { length, hop }));
            let mut found = Vec::new();
            for i in 0..samples {
                found.extend(windower.push(&[i as f32, -(i as f32)], i as u64 + 1, Some("a")));
            }
            prop_assert!(windower.finish(Some("a")).is_none());
            let mut covered = vec![false; samples];
            let mut expected = Vec::new();
            for start in (0..).map(|k| k * hop).take_while(|s| s + length <= samples) {
                covered[start..start + length].fill(true);
                expected.push(Recording {
                    line: start as u64 + 1,
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
                prop_assert!(windower.push(&[i as f32], 7 + i as u64, None).is_none());
            }
            let recording = windower.finish(None).unwrap();
            prop_assert_eq!(recording.line, 7);
            prop_assert_eq!(recording.samples.len(), samples);
            prop_assert!(windower.finish(None).is_none());
        }
    }
}
