//! The recordings, as the archive distributes them, read as a stream of six-channel samples.
//!
//! The text is parsed where it lies: six cursors walk the six channels of a line in step, so that
//! a host without an allocator needs no buffer.

use core::str::Split;

/// Channels of a sample: accelerometer x, y, z, then gyroscope x, y, z.
pub const CHANNELS: usize = 6;
/// Samples per second.
pub const RATE_HZ: u32 = 10;
/// The four activities, in the order of the archive's header.
pub const ACTIVITIES: [&str; 4] = ["Standing", "Running", "Walking", "Badminton"];

/// The 40 training recordings.
pub const TRAIN: &str = include_str!("../data/BasicMotions_TRAIN.ts");
/// The 40 test recordings.
pub const TEST: &str = include_str!("../data/BasicMotions_TEST.ts");

/// One recording: ten seconds of one activity.
#[derive(Clone, Copy, Debug)]
pub struct Recording<'t> {
    line: &'t str,
    /// Index into [`ACTIVITIES`].
    pub activity: usize,
}

impl<'t> Recording<'t> {
    /// The samples in the order of time. Ends at the first value that is not a number.
    pub fn samples(&self) -> Samples<'t> {
        let mut channels = self.line.split(':');
        Samples {
            cursors: core::array::from_fn(|_| channels.next().unwrap_or("").split(',')),
        }
    }
}

/// Iterator over the samples of a recording.
#[derive(Clone, Debug)]
pub struct Samples<'t> {
    cursors: [Split<'t, char>; CHANNELS],
}

impl Iterator for Samples<'_> {
    type Item = [f32; CHANNELS];

    fn next(&mut self) -> Option<[f32; CHANNELS]> {
        let mut sample = [0.0; CHANNELS];
        for (value, cursor) in sample.iter_mut().zip(&mut self.cursors) {
            *value = cursor.next()?.trim().parse().ok()?;
        }
        Some(sample)
    }
}

/// The recordings of one of the vendored files.
pub fn recordings(text: &str) -> impl Iterator<Item = Recording<'_>> + Clone {
    text.lines()
        .map(str::trim)
        .skip_while(|line| !line.eq_ignore_ascii_case("@data"))
        .filter_map(|line| {
            let (_, label) = line.rsplit_once(':')?;
            let activity = ACTIVITIES.iter().position(|name| *name == label)?;
            Some(Recording { line, activity })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recording_is_read_whole() {
        for text in [TRAIN, TEST] {
            assert_eq!(recordings(text).count(), 40);
            for recording in recordings(text) {
                assert_eq!(recording.samples().count(), 100);
            }
            for activity in 0..ACTIVITIES.len() {
                let of_it = recordings(text).filter(|r| r.activity == activity);
                assert_eq!(of_it.count(), 10);
            }
        }
    }

    #[test]
    fn channels_keep_their_order() {
        let first = recordings(TRAIN).next().unwrap().samples().next().unwrap();
        assert_eq!(first[0], 0.079106);
        let line = TRAIN.lines().find(|l| l.starts_with("0.079106")).unwrap();
        for (channel, value) in line.split(':').take(CHANNELS).zip(first) {
            assert_eq!(
                channel.split(',').next().unwrap().parse::<f32>().unwrap(),
                value
            );
        }
    }
}
