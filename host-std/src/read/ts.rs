//! The `.ts` format of the UCR/UEA time-series archives, as sktime and aeon write it.
//!
//! Comments (`#` or `%`), headers (`@key values`, all optional), `@data`, then one recording a line:
//! channels separated by `:`, values by `,`, the class label last. Any number of channels, any
//! length, unequal between recordings too. Not accepted, each with its reason: time stamps in the
//! data, missing values, channels of unequal length in one recording, lines that contradict the
//! headers.
//!
//! Where the header does not say whether there is a label, the last field is one if it has a single
//! value and the others have more, or if it is not a number.

use super::window::{Windower, Windows};
use super::{InputError, Recording, Recordings, Source, number, shown};
use std::collections::{HashSet, VecDeque};

/// Reads recordings from a `.ts` file.
pub struct TsReader {
    source: Source,
    header: Header,
    windows: Option<Windows>,
    ready: VecDeque<Recording>,
    unused: u64,
    any: bool,
    done: bool,
}

#[derive(Debug, Default)]
struct Header {
    in_data: bool,
    channels: Option<usize>,
    equal_length: Option<bool>,
    length: Option<usize>,
    has_label: Option<bool>,
    labels: HashSet<String>,
}

impl TsReader {
    /// A reader of `source`, each recording cut into `windows` if given.
    pub fn new(source: Source, windows: Option<Windows>) -> Self {
        Self {
            source,
            header: Header::default(),
            windows,
            ready: VecDeque::new(),
            unused: 0,
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
            let Some(bytes) = self.source.next_line()? else {
                return if self.any {
                    Ok(None)
                } else {
                    Err(self.source.error_at(None, "holds no recording"))
                };
            };
            if matches!(bytes[0], b'#' | b'%') && !header.in_data {
                continue;
            }
            let parsed = match std::str::from_utf8(bytes) {
                Err(_) => Err("is not UTF-8 text".to_string()),
                Ok(text) if text.starts_with('@') && !header.in_data => {
                    header.line(text).map(|()| None)
                }
                Ok(text) => {
                    header.in_data = true;
                    header.recording(text).map(Some)
                }
            };
            let Some((label, values)) = parsed.map_err(|reason| self.source.error(reason))? else {
                continue;
            };
            self.any = true;
            let line = self.source.line();
            let channels = values.len();
            let mut windower = Windower::new(channels, self.windows);
            let mut sample = vec![0.0; channels];
            for t in 0..values[0].len() {
                for (to, channel) in sample.iter_mut().zip(&values) {
                    *to = channel[t];
                }
                self.ready
                    .extend(windower.push(&sample, line, label.as_deref()));
            }
            self.ready.extend(windower.finish(label.as_deref()));
            self.unused += windower.unused();
        }
    }
}

impl Header {
    fn line(&mut self, text: &str) -> Result<(), String> {
        let mut words = text[1..].split_whitespace();
        let key = words.next().unwrap_or_default().to_ascii_lowercase();
        let mut word = || words.next().ok_or_else(|| format!("@{key} has no value"));
        match key.as_str() {
            "data" => self.in_data = true,
            "timestamps" if flag(word()?)? => {
                return Err(
                    "@timeStamps true: time stamps in the data are not supported; \
                            export the series with one value per step (@timeStamps false)"
                        .into(),
                );
            }
            "dimensions" | "dimension" => self.channels = Some(count(word()?)?),
            "univariate" if flag(word()?)? => {
                self.channels.get_or_insert(1);
            }
            "equallength" => self.equal_length = Some(flag(word()?)?),
            "serieslength" => self.length = Some(count(word()?)?),
            "classlabel" => {
                self.has_label = Some(flag(word()?)?);
                self.labels = words.map(str::to_owned).collect();
            }
            "targetlabel" if flag(word()?)? => {
                return Err("@targetLabel true: regression targets are not class labels".into());
            }
            // Names, remarks and keys of later writers change nothing about the data.
            _ => {}
        }
        Ok(())
    }

    fn recording(&mut self, text: &str) -> Result<(Option<String>, Vec<Vec<f32>>), String> {
        if text.contains('(') {
            return Err("time stamps in the data are not supported; \
                        export the series with one value per step"
                .into());
        }
        let mut fields: Vec<&str> = text.split(':').map(str::trim).collect();
        let has_label = match self.has_label {
            Some(known) => known,
            None => *self
                .has_label
                .insert(looks_labelled(&fields, self.channels)),
        };
        let label = match has_label {
            true => fields.pop().map(str::to_owned),
            false => None,
        };
        if let Some(label) = &label {
            if label.is_empty() {
                return Err("the class label is missing".into());
            }
            if !self.labels.is_empty() && !self.labels.contains(label) {
                return Err(format!(
                    "the class label `{}` is not one of @classLabel",
                    shown(label)
                ));
            }
        }
        let channels = *self.channels.get_or_insert(fields.len());
        if fields.len() != channels || channels == 0 {
            let label = if has_label { " and a class label" } else { "" };
            return Err(format!(
                "has {} channels, expected {channels}{label}",
                fields.len()
            ));
        }
        let mut values = Vec::with_capacity(channels);
        for (c, field) in fields.iter().enumerate() {
            let parse = |(t, text): (usize, &str)| {
                number(text.trim())
                    .map_err(|reason| format!("channel {}, value {}: {reason}", c + 1, t + 1))
            };
            values.push(
                field
                    .split(',')
                    .enumerate()
                    .map(parse)
                    .collect::<Result<Vec<_>, _>>()?,
            );
        }
        let length = values[0].len();
        if let Some(c) = values.iter().position(|v| v.len() != length) {
            return Err(format!(
                "channel {} has {} values and channel 1 has {length}",
                c + 1,
                values[c].len()
            ));
        }
        if self.equal_length == Some(true) {
            let expected = *self.length.get_or_insert(length);
            if length != expected {
                return Err(format!(
                    "has {length} samples, expected {expected} (@equalLength true)"
                ));
            }
        }
        Ok((label, values))
    }
}

fn looks_labelled(fields: &[&str], channels: Option<usize>) -> bool {
    if let Some(channels) = channels {
        return fields.len() == channels + 1;
    }
    match fields.split_last() {
        Some((last, rest)) if !rest.is_empty() && !last.contains(',') => {
            number(last).is_err() || rest.iter().any(|field| field.contains(','))
        }
        _ => false,
    }
}

fn flag(word: &str) -> Result<bool, String> {
    match word.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("`{}` is neither true nor false", shown(word))),
    }
}

fn count(word: &str) -> Result<usize, String> {
    match word.parse() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(format!("`{}` is not a count", shown(word))),
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
        None
    }
    fn unused(&self) -> u64 {
        self.unused
    }
    fn notes(&self) -> &[String] {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<Recording>, String> {
        let source = Source::new("t.ts", std::io::Cursor::new(text.to_owned().into_bytes()));
        TsReader::new(source, None)
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
            ("@timeStamps true\n@data\n", "line 1: @timeStamps true"),
            ("(0,1),(1,2):a\n", "line 1: time stamps in the data"),
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
    fn nothing_follows_an_error() {
        let source = Source::new("t.ts", &b"1,2:a\n1,z:a\n1,2:a\n"[..]);
        let found: Vec<_> = TsReader::new(source, None).collect();
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
