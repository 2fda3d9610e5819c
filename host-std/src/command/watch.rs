//! `sensilla watch`: windows that are unlike anything learned, live from standard input.
//!
//! A window's novelty is compared with that of the last windows, so that a slow drift raises no alarm
//! and a noisy place does not for ever. Nothing is learned, and the store stays as it is.

use std::path::Path;

use clap::Args;
use sensilla::node::{Node, Workspace};
use serde::Serialize;

use super::samples::{Opened, Purpose, Samples};
use super::{Common, output};
use crate::Error;
use crate::embed::Embedder;
use crate::examples;
use crate::home::label_name;
use crate::profile::Shape;
use crate::read::table::Ahead;
use crate::read::{Format, InputError, Recording, Source, files, shown};

/// Lines of standard input that are read before the first window is looked at, where windows are
/// shorter: enough to tell how a table is written.
const LINES: usize = 16;
/// Bytes of them at most.
const BYTES: usize = 1 << 20;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    samples: Samples,
    /// Print every window, not only those that stand out.
    #[arg(long, help_heading = "Output")]
    all: bool,
}

/// What is said of a window.
#[derive(Serialize)]
struct Told<'w> {
    line: u64,
    time: Option<&'w str>,
    group: Option<&'w str>,
    novelty: f32,
    /// Above this a window stands out; none while too few were seen.
    level: Option<f32>,
    alarm: bool,
    predicted: String,
    confidence: f32,
    margin: f32,
}

/// What is said at the end.
#[derive(Default, Serialize)]
struct Counted {
    windows: u64,
    alarms: u64,
}

pub fn run(common: &Common, arguments: &Arguments) -> Result<(), Error> {
    let mut home = common.home()?;
    let shape = match (&home.profile.shape, home.node().perception().recogniser()) {
        (Some(shape @ Shape::Samples { .. }), Some(_)) => shape.clone(),
        _ => {
            return Err(Error::Failed(format!(
                "the store {} has learned no shapes of recordings to compare with; `sensilla learn` into a \
                 new one",
                common.store.display()
            )));
        }
    };
    let paths = files::resolve(&arguments.samples.files)?;
    let mut embedder = Embedder::of(Some(home.node()))?;
    let mut counted = Counted::default();
    home.perceive(|node, workspace| {
        node.perception_mut()
            .refresh(workspace)
            .map_err(|e| Error::Failed(e.to_string()))?;
        let mut watch = Watch {
            node,
            workspace,
            embedder: &mut embedder,
            counted: &mut counted,
            json: common.json,
            all: arguments.all,
        };
        paths
            .iter()
            .try_for_each(|path| watch.file(path, &arguments.samples, &shape))
    })?;
    match common.json {
        true => output::json(&counted),
        false => {
            output::note(format_args!(
                "{} of {} windows stand out",
                counted.alarms, counted.windows
            ));
            Ok(())
        }
    }
}

struct Watch<'w, 'n, 'm> {
    node: &'w mut Node<'n>,
    workspace: &'w mut Workspace<'m>,
    embedder: &'w mut Embedder,
    counted: &'w mut Counted,
    json: bool,
    all: bool,
}

impl Watch<'_, '_, '_> {
    fn file(&mut self, path: &Path, samples: &Samples, shape: &Shape) -> Result<(), Error> {
        let mut source = Source::open(path, samples.text.decoding())?;
        let name = source.name().to_owned();
        let format = samples.format_of(&mut source)?;
        let Shape::Samples {
            reading, rate_mhz, ..
        } = shape
        else {
            return Ok(());
        };
        let window = samples.window.or(reading.window);
        let is_live = path.as_os_str() == "-";
        let ahead = match (is_live, window) {
            (true, Some(window)) => Ahead {
                lines: (window as usize).max(LINES),
                bytes: BYTES,
            },
            (true, None) if format == Format::Csv => {
                return Err(Error::Usage(
                    "a table that goes on has no end to wait for: --window N says how many samples are \
                     looked at together"
                        .into(),
                ));
            }
            _ => Ahead::default(),
        };
        let opened = samples.open(source, format, Some(shape), Purpose::LookUp, ahead)?;
        let Opened {
            mut recordings,
            reading,
        } = opened;
        let fault = |line, reason| {
            Error::Input(InputError {
                file: name.clone(),
                line,
                reason,
            })
        };
        let mut checked = false;
        while let Some(recording) = recordings.next() {
            let recording = recording?;
            let line = Some(recording.line);
            if recording.samples.len() < 2 * recording.channels.max(1) {
                continue;
            }
            if !checked {
                let told = samples.rate.or(recordings.rate());
                // A rate over few rows is off by a row; a wrong one is off by more.
                let rows = if is_live {
                    ahead.lines as f64
                } else {
                    f64::INFINITY
                };
                let learned = rate_mhz.map(|mhz| f64::from(mhz) / 1e3);
                let told = match (told, learned) {
                    (Some(told), Some(learned)) if (told / learned - 1.0).abs() * rows <= 1.0 => {
                        Some(learned)
                    }
                    _ => told,
                };
                examples::check(shape, &recording, recordings.channels(), told, &reading)
                    .map_err(|reason| fault(line, reason))?;
                checked = true;
            }
            self.window(recording)
                .map_err(|reason| fault(line, reason))??;
        }
        recordings.notes().notes.iter().for_each(output::note);
        Ok(())
    }

    /// Looks at a window; why it cannot be looked at, or told.
    fn window(&mut self, recording: Recording) -> Result<Result<(), Error>, String> {
        let (line, time, group) = (
            recording.line,
            recording.time.clone(),
            recording.group.clone(),
        );
        let vector = self.embedder.vector(&recording)?;
        self.workspace.embedding_mut().copy_from_slice(&vector);
        let perception = self.node.perception_mut();
        let recall = perception
            .recall(1, self.workspace)
            .map_err(|e| e.to_string())?;
        let Some((recall, found)) = recall.and_then(|recall| Some((recall, recall.recognised?)))
        else {
            return Err("the node has no patterns".into());
        };
        let level = perception.recogniser().and_then(|r| r.alarm_level());
        let alarm = perception.watch(&recall);
        self.counted.windows += 1;
        self.counted.alarms += u64::from(alarm);
        if !alarm && !self.all {
            return Ok(Ok(()));
        }
        let told = Told {
            line,
            time: time.as_deref(),
            group: group.as_deref(),
            novelty: found.novelty,
            level,
            alarm,
            predicted: label_name(self.node, recall.label),
            confidence: found.confidence,
            margin: found.margin(),
        };
        Ok(match self.json {
            true => output::json(&told),
            false => output::text(told.in_words()),
        })
    }
}

impl Told<'_> {
    fn in_words(&self) -> String {
        let mut words = format!("line {}", self.line);
        for part in [self.time, self.group].into_iter().flatten() {
            words += &format!(", {}", shown(part));
        }
        let times = match self.level {
            Some(level) if level > 0.0 => format!("{:.2} times the level", self.novelty / level),
            _ => format!("novelty {:.4}", self.novelty),
        };
        let what = if self.alarm {
            "unlike anything learned"
        } else {
            "as before"
        };
        format!(
            "{words}: {what}, {times}; most like {}",
            shown(&self.predicted)
        )
    }
}
