//! The `.ts` format of the UCR/UEA time-series archives, as sktime and aeon write it.
//!
//! Comments (`#` or `%`), headers (`@key values`, all optional), `@data`, then one recording a line:
//! channels separated by `:`, values by `,`, the class label last. Any number of channels, any
//! length, unequal between recordings too. Values may have stamps, `(time,value)`, as
//! `@timeStamps true` says: the same ones in every channel of a recording, which ends where its
//! clock does not go on. Not accepted, each with its reason: channels of unequal length in one
//! recording, lines that contradict the headers; missing values where nobody says what becomes of
//! them.
//!
//! Where the header does not say whether there is a label, the last field is one if it has a single
//! value and the others have more, or if it is not a number.

mod line;

use self::line::{Header, Line};
use super::rows::number::Numerals;
use super::text::foreign;
use super::time::pace::{Pace, Step};
use super::time::stamp::{Form, Stamp, Told};
use super::values::{Filled, Filler, Holes};
use super::window::{Place, Windower, Windows};
use super::{InputError, Recording, Recordings, Remarks, Source};
use std::collections::VecDeque;
use std::rc::Rc;

/// How a `.ts` file is to be read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How recordings are cut.
    pub windows: Option<Windows>,
    /// What becomes of samples that lack a value.
    pub holes: Holes,
    /// What else stands for no value.
    pub marks: Vec<String>,
    /// How times are written.
    pub times: Told,
    /// The longest step in seconds that is no gap, where the user says it.
    pub gap: Option<f64>,
}

/// Reads recordings from a `.ts` file.
pub struct TsReader {
    source: Source,
    header: Header,
    options: Options,
    numerals: Numerals,
    clock: Option<Clock>,
    ready: VecDeque<Recording>,
    notes: Vec<String>,
    counts: Counts,
    any: bool,
    done: bool,
}

/// The clock of a file with stamps, told by its first recording.
struct Clock {
    form: Form,
    pace: Option<Pace>,
    rate: Option<f64>,
}

/// What was counted on the way.
#[derive(Default)]
struct Counts {
    unused: u64,
    held: u64,
    dropped: u64,
    breaks: Vec<u64>,
    lost: u64,
}

impl TsReader {
    /// A reader of `source`.
    pub fn new(source: Source, options: Options) -> Self {
        Self {
            source,
            header: Header::default(),
            numerals: Numerals {
                marks: options.marks.clone(),
                ..Numerals::default()
            },
            options,
            clock: None,
            ready: VecDeque::new(),
            notes: Vec::new(),
            counts: Counts::default(),
            any: false,
            done: false,
        }
    }

    fn read(&mut self) -> Result<Option<Recording>, InputError> {
        loop {
            if let Some(recording) = self.ready.pop_front() {
                return Ok(Some(recording));
            }
            let header = &mut self.header;
            let Some(text) = self.source.next_line()? else {
                return if self.any {
                    Ok(None)
                } else {
                    Err(self.source.error_at(None, "holds no recording"))
                };
            };
            if text.starts_with(['#', '%']) && !header.in_data {
                continue;
            }
            if !header.in_data
                && let Some(what) = foreign::by_line(text)
            {
                return Err(self.source.error_at(None, what));
            }
            let parsed = if text.starts_with('@') && !header.in_data {
                header.line(text).map(|()| None)
            } else {
                header.in_data = true;
                header.recording(text, &self.numerals).map(Some)
            };
            let cut = parsed.is_err() && !self.source.is_ended();
            let parsed = match parsed {
                Err(_) if cut && self.any && self.source.is_lenient() => {
                    let line = self.source.line();
                    self.notes
                        .push(format!("line {line} is cut off and was left out"));
                    return Ok(None);
                }
                Err(reason) if cut && self.any => {
                    let reason = format!(
                        "{reason} (the line has no end: if it is cut off, --lenient drops it)"
                    );
                    return Err(self.source.error(reason));
                }
                parsed => parsed.map_err(|reason| self.source.error(reason))?,
            };
            let Some(line) = parsed else {
                continue;
            };
            self.any = true;
            self.take(line)
                .map_err(|reason| self.source.error(reason))?;
        }
    }

    fn take(&mut self, line: Line) -> Result<(), String> {
        let number = self.source.line();
        let channels = line.values.len();
        let label = line.label.as_deref();
        let mut stamps: Vec<Stamp> = Vec::new();
        if !line.times.is_empty() {
            if self.clock.is_none() {
                self.clock = Some(self.tell(&line.times)?);
            }
            for time in &line.times {
                stamps.extend(self.clock.as_ref().map(|c| c.form.read(time)).transpose()?);
            }
        }
        let mut windower = Windower::new(channels, self.options.windows);
        let mut filler = Filler::default();
        let mut sample = vec![0.0; channels];
        for t in 0..line.values[0].len() {
            let pace = self.clock.as_ref().and_then(|clock| clock.pace);
            if t > 0
                && let (Some(pace), Some(before), Some(now)) =
                    (pace, stamps.get(t - 1), stamps.get(t))
            {
                match pace.judge(before.ns, 1, now.ns) {
                    Step::Lost(count) => self.counts.lost += count,
                    step if step.breaks() => {
                        self.counts.breaks.push(number);
                        filler.clear();
                        self.ready.extend(windower.finish(label));
                    }
                    _ => {}
                }
            }
            for (to, channel) in sample.iter_mut().zip(&line.values) {
                *to = channel[t];
            }
            match filler.fill(&mut sample, self.options.holes) {
                Filled::Whole => {}
                Filled::Held(count) => self.counts.held += count,
                Filled::Drop => {
                    self.counts.dropped += 1;
                    continue;
                }
                Filled::Split => {
                    self.counts.dropped += 1;
                    self.ready.extend(windower.finish(label));
                    continue;
                }
                Filled::Refused(c) => {
                    return Err(format!(
                        "channel {}, value {}: a value is missing; --missing hold repeats the last \
                         one, --missing drop leaves the sample out, --missing split ends the stream \
                         there",
                        c + 1,
                        t + 1
                    ));
                }
            }
            let place = Place {
                line: number,
                time: line.times.get(t).map(|time| Rc::from(time.as_str())),
            };
            self.ready.extend(windower.push(&sample, place, label));
        }
        self.ready.extend(windower.finish(label));
        self.counts.unused += windower.unused();
        Ok(())
    }

    fn tell(&mut self, times: &[String]) -> Result<Clock, String> {
        let cells: Vec<&str> = times.iter().map(String::as_str).collect();
        let (form, notes) = Form::tell("", &cells, &self.numerals, &self.options.times)?;
        self.notes.extend(notes);
        let stamps = cells
            .iter()
            .map(|c| form.read(c))
            .collect::<Result<Vec<_>, _>>()?;
        let run: Vec<i64> = stamps.iter().map(|stamp| stamp.ns).collect();
        let resolution = stamps
            .iter()
            .map(|stamp| stamp.resolution)
            .min()
            .unwrap_or(1);
        let span = run
            .last()
            .zip(run.first())
            .map_or(0, |(b, a)| b.saturating_sub(*a));
        let gap = self.options.gap.map(|seconds| seconds * 1e9);
        let pace = Pace::of(&[run], resolution, gap);
        Ok(Clock {
            rate: pace.map(|pace| pace.rate(span as f64)),
            form,
            pace,
        })
    }
}

impl Iterator for TsReader {
    type Item = Result<Recording, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.read().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

impl Recordings for TsReader {
    fn channels(&self) -> &[String] {
        &[]
    }
    fn rate(&self) -> Option<f64> {
        self.clock.as_ref().and_then(|clock| clock.rate)
    }
    fn unused(&self) -> u64 {
        self.counts.unused
    }
    fn notes(&self) -> Remarks {
        let mut notes = self.notes.clone();
        let counts = &self.counts;
        let mut say = |count: u64, text: &str| {
            if count > 0 {
                notes.push(format!("{text}: {count}"));
            }
        };
        say(
            counts.held,
            "missing values filled with the last one before",
        );
        say(counts.dropped, "samples left out for want of a value");
        say(
            counts.lost,
            "samples that the rate promises and that are missing, one to three at a time",
        );
        if let [first, ..] = counts.breaks[..] {
            notes.push(format!(
                "the clock ends {} recordings before their ends, no window crosses it: first in \
                 line {first}",
                counts.breaks.len()
            ));
        }
        Remarks {
            notes,
            quiet: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<Recording>, String> {
        let source = Source::new("t.ts", std::io::Cursor::new(text.to_owned().into_bytes()));
        TsReader::new(source, Options::default())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| e.to_string())
    }

    #[test]
    fn channels_become_samples_and_unequal_lengths_are_fine() {
        let found = read(
            "# remark: of someone\n%# another\n@problemName x\n@univariate false\n@equalLength false\n\
             @classLabel true up down\n@data\n1,2,3:4,5,6:up\r\n\n7:8:down\n",
        )
        .unwrap();
        assert_eq!(found[0].samples, [1., 4., 2., 5., 3., 6.]);
        assert_eq!((found[0].label.as_deref(), found[0].line), (Some("up"), 8));
        assert_eq!(
            (found[1].samples.as_slice(), found[1].line),
            (&[7., 8.][..], 10)
        );
    }

    #[test]
    fn headers_are_optional() {
        let labelled = read("1,2:3,4:walk\n5,6:7,8:run\n").unwrap();
        assert_eq!(labelled[1].label.as_deref(), Some("run"));
        assert_eq!(labelled[1].channels, 2);
        let bare = read("1,2:3,4\n").unwrap();
        assert_eq!((bare[0].label.as_ref(), bare[0].channels), (None, 2));
        let counted = read("@dimensions 1\n@data\n1,2:1\n").unwrap();
        assert_eq!(
            (counted[0].label.as_deref(), counted[0].channels),
            (Some("1"), 1)
        );
        assert_eq!(
            read("@classLabel false\n@data\n1:2\n").unwrap()[0].channels,
            2
        );
    }

    #[test]
    fn refusals_name_line_and_reason() {
        for (text, expected) in [
            ("", "t.ts: holds no recording"),
            ("@data\n", "holds no recording"),
            (
                "@timeStamps true\n@data\n1,2:a\n",
                "line 3: has no time stamps",
            ),
            (
                "@timeStamps false\n@data\n(0,1),(1,2):a\n",
                "line 3: has time stamps",
            ),
            (
                "(0,1),(1,2):(0,1),(3,2):a\n",
                "channel 2, value 2: its time is not that of channel 1",
            ),
            ("(0,1),2:a\n", "channel 1, value 2: `2` is no (time,value)"),
            ("@relation x\n", "is an ARFF file"),
            (
                "@data\n1,?,3:a\n",
                "line 2: channel 1, value 2: a value is missing",
            ),
            (
                "@data\n1,2:NaN,3:a\n",
                "line 2: channel 2, value 1: a value is missing",
            ),
            ("@data\n1,,3:a\n", "value 2: a value is missing"),
            ("@data\n1,x,3:a\n", "value 2: `x` is not a number"),
            ("@data\n1,1e39:a\n", "`1e39` is out of range"),
            ("@data\n1,inf:a\n", "`inf` is out of range"),
            (
                "@data\n1,2:3,4,5:a\n",
                "channel 2 has 3 values and channel 1 has 2",
            ),
            (
                "@data\n1,2:3,4:a\n1,2:a\n",
                "line 3: has 1 channels, expected 2",
            ),
            (
                "@dimensions 3\n@classLabel true a\n@data\n1,2:3,4:a\n",
                "has 2 channels, expected 3",
            ),
            (
                "@classLabel true a b\n@data\n1,2:c\n",
                "the class label `c` is not one of",
            ),
            (
                "@classLabel true\n@data\n1,2:\n",
                "the class label is missing",
            ),
            (
                "@equalLength true\n@data\n1,2:a\n1,2,3:a\n",
                "line 4: has 3 samples, expected 2",
            ),
            (
                "@equalLength true\n@seriesLength 4\n@data\n1,2:a\n",
                "has 2 samples, expected 4",
            ),
            ("@univariate maybe\n", "neither true nor false"),
            ("@targetLabel true\n", "regression"),
            ("@dimensions\n", "@dimensions has no value"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn stamps_tell_the_rate_and_end_recordings() {
        let line = |from: i32| {
            let stamps = (from..from + 8).map(|i| {
                let late = if i < from + 5 { 0 } else { 900 };
                format!("({},{i})", i * 20 + late)
            });
            format!("{}:left hand\n", stamps.collect::<Vec<_>>().join(","))
        };
        let text = format!(
            "@timeStamps true\n@classLabel true left hand right hand\n@data\n{}{}",
            line(0),
            line(100)
        );
        let source = Source::new("t.ts", std::io::Cursor::new(text.into_bytes()));
        let times = Told {
            unit: Some(crate::read::time::stamp::Unit::Ms),
            format: None,
        };
        let mut reader = TsReader::new(
            source,
            Options {
                times,
                ..Options::default()
            },
        );
        let found: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
        assert_eq!(reader.rate(), Some(50.0));
        assert_eq!(found.len(), 4);
        assert_eq!(found[1].samples, [5.0, 6.0, 7.0]);
        assert_eq!((found[1].time.as_deref(), found[1].line), (Some("1000"), 4));
        assert_eq!(found[2].label.as_deref(), Some("left hand"));
        assert!(reader.notes().notes[0].contains("no window crosses it"));
    }

    #[test]
    fn missing_values_are_treated_as_asked() {
        let holes = |holes| {
            let source = Source::new("t.ts", &b"1,?,3:4,5,NaN:a\n"[..]);
            let options = Options {
                holes,
                ..Options::default()
            };
            let found: Vec<_> = TsReader::new(source, options).map(Result::unwrap).collect();
            found.into_iter().map(|r| r.samples).collect::<Vec<_>>()
        };
        assert_eq!(holes(Holes::Hold), [[1., 4., 1., 5., 3., 5.]]);
        assert_eq!(holes(Holes::Drop), [[1., 4.]]);
        assert_eq!(holes(Holes::Split), [[1., 4.]]);
    }

    #[test]
    fn nothing_follows_an_error() {
        let source = Source::new("t.ts", &b"1,2:a\n1,z:a\n1,2:a\n"[..]);
        let found: Vec<_> = TsReader::new(source, Options::default()).collect();
        assert_eq!(found.len(), 2);
        assert!(found[1].is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            recordings in prop::collection::vec(
                (1usize..20, -1e12f32..1e12, "[a-z]{1,5}"), 1..6),
            channels in 1usize..5,
        ) {
            let mut text = String::from("@classLabel true");
            for (.., label) in &recordings {
                text += &format!(" {label}");
            }
            text += "\n@data\n";
            let mut expected = Vec::new();
            for (length, value, label) in &recordings {
                for c in 0..channels {
                    let row: Vec<String> = (0..*length).map(|t| {
                        format!("{}", value / (1 + t + c * 7) as f32)
                    }).collect();
                    text += &row.join(",");
                    text.push(':');
                }
                text += &format!("{label}\n");
                expected.push((label.clone(), (0..*length).flat_map(|t| (0..channels)
                    .map(move |c| value / (1 + t + c * 7) as f32)).collect::<Vec<_>>()));
            }
            let found = read(&text).unwrap();
            let found: Vec<_> = found.into_iter().map(|r| (r.label.unwrap(), r.samples)).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn no_text_panics(text in "[-@#:,.?()a-zA-Z0-9 \n]{0,200}") {
            let _ = read(&text);
        }
    }
}
