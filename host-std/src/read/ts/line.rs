//! The lines of a `.ts` file: what its header says, and one recording.

use std::collections::HashSet;

use crate::read::rows::number::{NoNumber, Numerals};
use crate::read::shown;
use crate::read::text::canonical;

/// One line of data.
pub(super) struct Line {
    pub(super) label: Option<String>,
    /// The times of the samples as written, where there are any.
    pub(super) times: Vec<String>,
    /// The values of each channel.
    pub(super) values: Vec<Vec<f32>>,
}

#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) in_data: bool,
    channels: Option<usize>,
    equal_length: Option<bool>,
    length: Option<usize>,
    has_label: Option<bool>,
    labels: HashSet<String>,
    /// All labels as the header lists them, for those that hold spaces.
    listed: String,
    stamped: Option<bool>,
}

impl Header {
    pub(super) fn line(&mut self, text: &str) -> Result<(), String> {
        let mut words = text[1..].split_whitespace();
        let key = words.next().unwrap_or_default().to_ascii_lowercase();
        let mut word = || words.next().ok_or_else(|| format!("@{key} has no value"));
        match key.as_str() {
            "data" => self.in_data = true,
            "timestamps" => self.stamped = Some(flag(word()?)?),
            "dimensions" | "dimension" => self.channels = Some(count(word()?)?),
            "univariate" if flag(word()?)? => {
                self.channels.get_or_insert(1);
            }
            "equallength" => self.equal_length = Some(flag(word()?)?),
            "serieslength" => self.length = Some(count(word()?)?),
            "classlabel" => {
                self.has_label = Some(flag(word()?)?);
                let words: Vec<&str> = words.collect();
                self.listed = format!(" {} ", canonical(&words.join(" ")));
                self.labels = words.iter().map(|w| canonical(w).into_owned()).collect();
            }
            "targetlabel" if flag(word()?)? => {
                return Err("@targetLabel true: regression targets are not class labels".into());
            }
            // Names, remarks and keys of later writers change nothing about the data.
            _ => {}
        }
        Ok(())
    }

    pub(super) fn recording(&mut self, text: &str, numerals: &Numerals) -> Result<Line, String> {
        let stamped = text.starts_with('(');
        if *self.stamped.get_or_insert(stamped) != stamped {
            return Err(match stamped {
                true => {
                    "has time stamps, where @timeStamps or the lines above say that there are none"
                }
                false => {
                    "has no time stamps, where @timeStamps or the lines above say that there are"
                }
            }
            .into());
        }
        let mut fields: Vec<&str> = split(text, ':').map(str::trim).collect();
        let has_label = match self.has_label {
            Some(known) => known,
            None => *self
                .has_label
                .insert(looks_labelled(&fields, self.channels, numerals)),
        };
        let label = match has_label {
            true => fields.pop().map(|label| canonical(label).into_owned()),
            false => None,
        };
        // What archives write where the class is to be found out.
        let label = label.filter(|label| label != "?");
        if let Some(label) = &label {
            if label.is_empty() {
                return Err("the class label is missing".into());
            }
            let listed = self.labels.contains(label)
                || (label.contains(' ') && self.listed.contains(&format!(" {label} ")));
            if !self.labels.is_empty() && !listed {
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
        let mut times = Vec::new();
        for (c, field) in fields.iter().enumerate() {
            let mut channel = Vec::new();
            for (t, text) in split(field, ',').enumerate() {
                let (time, text) = match stamped {
                    true => pair(text).map_err(|reason| place(c, t, &reason))?,
                    false => (None, text.trim()),
                };
                channel.push(match numerals.sample(text) {
                    Ok(value) => value,
                    Err(NoNumber::Missing) => f32::NAN,
                    Err(NoNumber::Bad(reason)) => return Err(place(c, t, &reason)),
                });
                match (time, c) {
                    (Some(time), 0) => times.push(time.to_owned()),
                    (Some(time), _) if times.get(t).is_none_or(|of_first| *of_first != time) => {
                        let reason = "its time is not that of channel 1; channels with clocks of \
                                      their own have to be brought together first";
                        return Err(place(c, t, reason));
                    }
                    _ => {}
                }
            }
            values.push(channel);
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
        Ok(Line {
            label,
            times,
            values,
        })
    }
}

fn place(channel: usize, value: usize, reason: &str) -> String {
    format!("channel {}, value {}: {reason}", channel + 1, value + 1)
}

/// The parts of `text` between `mark`, but for those within brackets.
fn split(text: &str, mark: char) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    text.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == mark && depth <= 0
    })
}

/// The time and the value of `(time,value)`.
fn pair(text: &str) -> Result<(Option<&str>, &str), String> {
    let inner = text
        .trim()
        .strip_prefix('(')
        .and_then(|t| t.strip_suffix(')'));
    let parts = inner.and_then(|inner| inner.rsplit_once(','));
    parts
        .map(|(time, value)| (Some(time.trim()), value.trim()))
        .ok_or_else(|| format!("`{}` is no (time,value)", shown(text)))
}

fn looks_labelled(fields: &[&str], channels: Option<usize>, numerals: &Numerals) -> bool {
    if let Some(channels) = channels {
        return fields.len() == channels + 1;
    }
    match fields.split_last() {
        Some((last, rest)) if !rest.is_empty() && !last.contains(',') => {
            let is_number = numerals.is_missing(last) || numerals.sample(last).is_ok();
            (!is_number && !last.starts_with('(')) || rest.iter().any(|field| field.contains(','))
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
