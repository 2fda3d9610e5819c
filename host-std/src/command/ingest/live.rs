//! Claims of standard input, taken as they come.
//!
//! A thread reads lines; what has come is taken at once, each line by itself, so that one that is
//! refused keeps no other out. The store is saved when no line comes for a moment, and every few
//! seconds while they do.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Arguments, print, report, result};
use crate::command::{Common, output};
use crate::gateway::{Batch, Gateway, Outcome};
use crate::home::Home;
use crate::read::claims::{ClaimLine, ClaimReader};
use crate::read::{Decoding, InputError, Source, files};
use crate::store::Writer;
use crate::{Error, interrupt};

/// Lines that wait to be taken, at most.
const WAITING: usize = 1_024;
/// Without a line for so long, what was taken is saved.
const IDLE: Duration = Duration::from_millis(200);
/// What was taken is saved this often at least.
const OFTEN: Duration = Duration::from_secs(3);

type Read = Result<ClaimLine, InputError>;

/// What became of a line, for machines.
#[derive(Serialize)]
struct Told<'o> {
    line: u64,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'o str>,
    found: u64,
    resolved: u64,
}

pub fn run(
    common: &Common,
    arguments: &Arguments,
    home: Home,
    writer: &mut Writer,
) -> Result<(), Error> {
    // What was taken is saved whenever the process is asked to end.
    let _hold = interrupt::hold();
    let path = Path::new("-");
    let name = files::name(path);
    let lines = read(arguments.text.decoding());
    let mut gateway = Gateway::new(home, &name)
        .each_line()
        .clock(arguments.now.unwrap_or_default())
        .decides(arguments.decide);
    let mut state = State {
        saved: Instant::now(),
        dirty: false,
        done: Batch::default(),
        read: 0,
        first: None,
    };
    let mut notes = Vec::new();
    while !interrupt::is_requested() {
        let first = match lines.recv_timeout(IDLE) {
            Ok(first) => Some(first),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let idle = first.is_none();
        let come = first.into_iter().chain(lines.try_iter().take(WAITING));
        // Opening the node costs more than a line, so lines that have come together go together.
        let mut together = Vec::new();
        for part in come {
            match part {
                Come::Line(line) => match *line {
                    Ok(line) => together.push(line),
                    Err(error) => {
                        state.take(common, &mut gateway, &mut together)?;
                        state.refuse(common, error)?;
                    }
                },
                Come::Notes(said) => notes.extend(said),
            }
        }
        state.take(common, &mut gateway, &mut together)?;
        if state.dirty && (idle || state.saved.elapsed() > OFTEN) {
            state.save(&mut gateway, writer)?;
            if idle {
                gateway.home_mut().tidy(writer)?;
            }
        }
    }
    let mut home = gateway.into_home();
    let result = result(&mut home, state.read, &state.done, notes)?;
    if let Some(path) = &arguments.report {
        report(&mut home, &name, &result)?.write(path)?;
    }
    // A store that was not there is made for what was taken, and for nothing else.
    if state.dirty || !writer.is_new() || state.done.refused == 0 {
        home.save(writer)?;
        home.tidy(writer)?;
    }
    print(common, &result, &state.done)?;
    match state.first {
        None => Ok(()),
        Some(_) => Err(Error::Failed(format!(
            "{} of {} lines were refused; the others are kept",
            state.done.refused, state.read
        ))),
    }
}

/// What comes from the thread that reads.
enum Come {
    Line(Box<Read>),
    Notes(Vec<String>),
}

fn read(decoding: Decoding) -> Receiver<Come> {
    let (sender, receiver) = mpsc::sync_channel(WAITING);
    thread::spawn(move || {
        let source = match Source::open(Path::new("-"), decoding) {
            Ok(source) => source.live(),
            Err(error) => {
                let _ = sender.send(Come::Line(Box::new(Err(error))));
                return;
            }
        };
        let mut reader = ClaimReader::new(source);
        while let Some(line) = reader.next() {
            let refused = line.is_err();
            if sender.send(Come::Line(Box::new(line))).is_err() {
                return;
            }
            if refused && !reader.go_on() {
                break;
            }
        }
        let _ = sender.send(Come::Notes(reader.take_notes()));
    });
    receiver
}

struct State {
    saved: Instant,
    dirty: bool,
    done: Batch,
    read: usize,
    first: Option<u64>,
}

impl State {
    /// Takes lines and tells what became of each.
    fn take(
        &mut self,
        common: &Common,
        gateway: &mut Gateway,
        lines: &mut Vec<ClaimLine>,
    ) -> Result<(), Error> {
        if lines.is_empty() {
            return Ok(());
        }
        let batch = gateway.take(lines)?;
        self.read += lines.len();
        self.dirty |= batch.appended > 0;
        self.done.add(&batch);
        lines.clear();
        for outcome in gateway.take_outcomes() {
            self.tell(common, &outcome)?;
        }
        Ok(())
    }

    /// Tells of a line that is no claim.
    fn refuse(&mut self, common: &Common, error: InputError) -> Result<(), Error> {
        self.read += 1;
        self.done.refused += 1;
        let outcome = Outcome {
            line: error.line.unwrap_or(0),
            change: Batch::default(),
            refused: Some(error.reason),
        };
        self.tell(common, &outcome)
    }

    fn tell(&mut self, common: &Common, outcome: &Outcome) -> Result<(), Error> {
        if let Some(reason) = &outcome.refused {
            self.first.get_or_insert(outcome.line);
            let error = InputError {
                file: "standard input".into(),
                line: (outcome.line > 0).then_some(outcome.line),
                reason: reason.clone(),
            };
            output::refused(&error);
        }
        if !common.json {
            return Ok(());
        }
        output::json(&Told {
            line: outcome.line,
            outcome: match &outcome.change {
                _ if outcome.refused.is_some() => "refused",
                change if change.appended > 0 => "appended",
                change if change.expired > 0 => "expired",
                change if change.known > 0 => "known",
                _ => "nothing to do",
            },
            reason: outcome.refused.as_deref(),
            found: outcome.change.found,
            resolved: outcome.change.resolved,
        })
    }

    fn save(&mut self, gateway: &mut Gateway, writer: &mut Writer) -> Result<(), Error> {
        gateway.home_mut().save(writer)?;
        (self.dirty, self.saved) = (false, Instant::now());
        Ok(())
    }
}
