//! The streams of a table's groups, and what ends them.

use std::collections::HashMap;
use std::rc::Rc;

use super::Options;
use super::opening::{after_midnight, rounded};
use crate::read::Recording;
use crate::read::time::pace::{Pace, Step};
use crate::read::time::stamp::Stamp;
use crate::read::values::{Filled, Filler, Holes, UNLABELLED, Unlabelled};
use crate::read::window::{Place, Windower, Windows};

/// Lines that a note names.
const NAMED: usize = 3;
/// Steps that tell the rate of a stream.
const TELLING: u64 = 100;

/// The streams, one of each group at a time.
#[derive(Debug)]
pub struct Streams {
    channels: usize,
    windows: Option<Windows>,
    pace: Option<Pace>,
    rate: Option<f64>,
    has_labels: bool,
    unlabelled: Unlabelled,
    keep_unlabelled: bool,
    all: HashMap<String, Stream>,
    order: Vec<String>,
    breaks: Vec<(u64, String)>,
    more: u64,
    lost: u64,
    without_label: u64,
    changed: Option<(u64, f64)>,
}

/// The stream of one group.
#[derive(Debug)]
pub struct Stream {
    group: Option<Rc<str>>,
    windower: Windower,
    filler: Filler,
    /// The label of the rows it holds; none if it holds none.
    label: Option<Option<String>>,
    /// The row before.
    last: Option<Last>,
    /// The row that has come.
    next: Option<Last>,
    /// Samples that are missing between the two.
    lost: u64,
    /// The line and the time of its first row.
    begun: Option<(u64, i64)>,
    /// The time of its last row.
    until: i64,
    /// Samples that the rate promises between the two.
    steps: u64,
}

/// The row before.
#[derive(Clone, Copy, Debug)]
struct Last {
    ns: i64,
    same: u64,
    leap: bool,
}

impl Stream {
    /// Fills what `sample` lacks.
    pub fn fill(&mut self, sample: &mut [f32], holes: Holes) -> Filled {
        self.filler.fill(sample, holes)
    }

    fn finish(&mut self) -> Option<Recording> {
        let label = self.label.take().flatten();
        self.begun = None;
        self.steps = 0;
        let mut recording = self.windower.finish(label.as_deref())?;
        recording.group.clone_from(&self.group);
        Some(recording)
    }
}

impl Streams {
    pub fn new(
        channels: usize,
        options: &Options,
        pace: Option<Pace>,
        rate: Option<f64>,
        has_labels: bool,
    ) -> Self {
        Self {
            channels,
            windows: options.windows,
            pace,
            rate,
            has_labels,
            unlabelled: options.unlabelled,
            keep_unlabelled: options.keep_unlabelled,
            all: HashMap::new(),
            order: Vec::new(),
            breaks: Vec::new(),
            more: 0,
            lost: 0,
            without_label: 0,
            changed: None,
        }
    }

    /// The stream of a group.
    pub fn of(&mut self, group: Option<&str>) -> &mut Stream {
        let name = group.unwrap_or_default();
        if !self.all.contains_key(name) {
            self.order.push(name.to_owned());
        }
        self.all.entry(name.to_owned()).or_insert_with(|| Stream {
            group: group.map(Rc::from),
            windower: Windower::new(self.channels, self.windows),
            filler: Filler::default(),
            label: None,
            last: None,
            next: None,
            lost: 0,
            begun: None,
            until: 0,
            steps: 0,
        })
    }

    /// The label that a row is taken under: `None` if it is left out, as rows without one are when
    /// they are learned.
    pub fn label_of(&mut self, label: Option<String>) -> Option<Option<String>> {
        if label.is_some() || !self.has_labels {
            return Some(label);
        }
        self.without_label += 1;
        match self.unlabelled {
            Unlabelled::Learn => Some(Some(UNLABELLED.to_owned())),
            Unlabelled::Skip => self.keep_unlabelled.then_some(None),
        }
    }

    /// Follows the clock of a group to a row that has come; gives the stream that it ends.
    pub fn arrive(
        &mut self,
        group: Option<&str>,
        stamp: Option<&Stamp>,
        line: u64,
    ) -> Option<Recording> {
        let pace = self.pace;
        let stamp = stamp?;
        let stream = self.of(group);
        stream.lost = 0;
        let Some(last) = stream.last else {
            stream.next = Some(Last {
                ns: stamp.ns,
                same: 1,
                leap: stamp.leap,
            });
            return None;
        };
        let now = match stamp.undated {
            true => after_midnight(last.ns, stamp.ns),
            false => stamp.ns,
        };
        let step = match pace {
            Some(pace) => pace.judge(last.ns, last.same, now),
            None if now < last.ns => Step::Back(last.ns.saturating_sub(now)),
            None => Step::Next,
        };
        stream.next = Some(Last {
            ns: now,
            same: if now == last.ns { last.same + 1 } else { 1 },
            leap: stamp.leap,
        });
        if let Step::Lost(count) = step {
            stream.lost = count;
        }
        let leap = stamp.leap && !last.leap;
        if !step.breaks() && !leap {
            return None;
        }
        // The stamps of a leap second are those of the second after it.
        let after_leap = last.leap && !stamp.leap && matches!(step, Step::Back(_));
        let why = match leap || after_leap {
            true => "a leap second".to_owned(),
            false => step.to_string(),
        };
        // What is left out because a value is missing is behind the break all the same.
        stream.last = stream.next;
        if self.breaks.len() < NAMED {
            self.breaks.push((line, why));
        } else {
            self.more += 1;
        }
        let ended = self.end(group);
        self.of(group).filler.clear();
        ended
    }

    /// Leaves the row that has come out, and ends the stream there.
    pub fn leave_out(&mut self, group: Option<&str>) -> Option<Recording> {
        let stream = self.of(group);
        stream.last = stream.next.or(stream.last);
        self.end(group)
    }

    /// Takes the row that has come; gives what it completes.
    pub fn push(
        &mut self,
        group: Option<&str>,
        label: Option<String>,
        sample: &[f32],
        place: Place,
    ) -> Vec<Recording> {
        let mut given = Vec::new();
        let stream = self.of(group);
        if stream.label.as_ref().is_some_and(|before| *before != label) {
            given.extend(self.end(group));
        }
        let stream = self.of(group);
        let lost = std::mem::take(&mut stream.lost);
        stream.last = stream.next.or(stream.last);
        if let Some(last) = stream.last {
            match stream.begun {
                Some(_) => stream.steps += 1 + lost,
                None => stream.begun = Some((place.line, last.ns)),
            }
            stream.until = last.ns;
        }
        let name = label.clone();
        stream.label = Some(label);
        if let Some(mut recording) = stream.windower.push(sample, place, name.as_deref()) {
            recording.group.clone_from(&stream.group);
            given.push(recording);
        }
        self.lost += lost;
        given
    }

    /// Ends the stream of a group.
    pub fn end(&mut self, group: Option<&str>) -> Option<Recording> {
        let (rate, pace) = (self.rate, self.pace);
        let stream = self.of(group);
        if let (Some(rate), Some(pace), Some((line, from))) = (rate, pace, stream.begun)
            && stream.steps >= TELLING
            && stream.until > from
            && !pace.shared
        {
            let found = stream.steps as f64 / ((stream.until - from) as f64 / 1e9);
            if (found / rate - 1.0).abs() > 0.2 {
                self.changed.get_or_insert((line, found));
            }
        }
        self.of(group).finish()
    }

    /// Ends all streams.
    pub fn end_all(&mut self) -> Vec<Recording> {
        let order = self.order.clone();
        order
            .iter()
            .filter_map(|name| {
                let group = self.all.get(name).and_then(|stream| stream.group.clone());
                self.of(group.as_deref()).filler.clear();
                self.end(group.as_deref())
            })
            .collect()
    }

    /// Samples so far that are in no recording.
    pub fn unused(&self) -> u64 {
        self.all
            .values()
            .map(|stream| stream.windower.unused())
            .sum()
    }

    /// What is to tell, of `rows` rows.
    pub fn notes(&self, rows: u64) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.breaks.is_empty() {
            let count = self.breaks.len() as u64 + self.more;
            let gaps = self
                .breaks
                .iter()
                .filter(|(_, why)| why.contains("are missing"));
            let what = match (gaps.count() == self.breaks.len(), count) {
                (true, 1) => "1 gap ends a stream".to_owned(),
                (true, n) => format!("{n} gaps end streams"),
                (false, 1) => "the clock ends a stream".to_owned(),
                (false, n) => format!("the clock ends streams {n} times"),
            };
            let mut named: Vec<String> = self
                .breaks
                .iter()
                .map(|(line, why)| format!("line {line}: {why}"))
                .collect();
            if self.more > 0 {
                named.push(format!("… {} more", self.more));
            }
            if count * 2 > rows {
                named.push("are the rows in the order of time?".into());
            }
            notes.push(format!(
                "{what}, no window crosses it: {}",
                named.join("; ")
            ));
        }
        if self.lost > 0 {
            let share = 100.0 * self.lost as f64 / (rows + self.lost) as f64;
            let share = match share {
                s if s < 1.0 => format!("{:.2}", s),
                s => format!("{}", s.floor()),
            };
            notes.push(format!(
                "{share} % of the samples that the rate promises are missing ({} of {}), one to three \
                 at a time; windows go on over them",
                self.lost,
                rows + self.lost
            ));
        }
        if let Some((line, rate)) = self.changed {
            notes.push(format!(
                "from line {line} on the times say {} Hz, not {}: the rate changes within the file",
                rounded(rate),
                rounded(self.rate.unwrap_or(0.0))
            ));
        }
        if self.without_label > 0 {
            let count = self.without_label;
            notes.push(match (self.unlabelled, self.keep_unlabelled) {
                (Unlabelled::Learn, _) => {
                    format!("rows without a label, called `{UNLABELLED}`: {count}")
                }
                (_, true) => format!("rows without a label, looked up and not judged: {count}"),
                (_, false) => format!(
                    "rows without a label: {count}, which end the stream and are left out \
                     (--unlabelled learn takes them for a label of their own)"
                ),
            });
        }
        notes
    }
}

/// Numbers of lines in words.
pub fn lines(all: &[u64]) -> String {
    let mut named: Vec<String> = all.iter().take(NAMED).map(u64::to_string).collect();
    if all.len() > NAMED {
        named.push(format!("… {} more", all.len() - NAMED));
    }
    let word = if all.len() == 1 { "line" } else { "lines" };
    format!("{word} {}", named.join(", "))
}
