//! Trains as lines: `value: t:polarity …`.

use std::fmt;

use serde::Serialize;

use super::input::Input;
use crate::Error;

/// A train and what it is of: a value as written, or a signal's name.
#[derive(Serialize)]
pub struct Train {
    pub value: String,
    /// Step and polarity.
    pub spikes: Vec<(u32, i8)>,
}

impl fmt::Display for Train {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.value)?;
        let mut spikes = self.spikes.iter();
        spikes.try_for_each(|(time, polarity)| write!(f, " {time}:{polarity}"))
    }
}

/// The trains of `steps` steps that the lines are.
pub fn read(input: &Input, steps: u32) -> Result<Vec<Train>, Error> {
    let mut trains = Vec::new();
    for (n, line) in input.lines() {
        let (value, rest) = line
            .split_once(':')
            .ok_or_else(|| input.fault(Some(n), "a train is `value: t:polarity …`"))?;
        let mut spikes = Vec::new();
        for spike in rest.split_whitespace() {
            let parsed = spike
                .split_once(':')
                .and_then(|(t, p)| Some((t.parse::<u32>().ok()?, p.parse::<i8>().ok()?)));
            match parsed {
                Some((t, p)) if t < steps && matches!(p, -1 | 1) => spikes.push((t, p)),
                _ => {
                    let reason =
                        format!("{spike:?} is not a spike: a step below {steps}, a colon, 1 or -1");
                    return Err(input.fault(Some(n), reason));
                }
            }
        }
        trains.push(Train {
            value: value.trim().to_owned(),
            spikes,
        });
    }
    if trains.is_empty() {
        return Err(input.fault(None, "there are no trains"));
    }
    Ok(trains)
}
