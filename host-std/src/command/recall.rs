//! `sensilla recall`: looks recordings or vectors up among the learned patterns.
//!
//! | module | what |
//! |---|---|
//! | `shapes` | recordings, by their shapes; and what is like none of them |
//! | `likeness` | vectors, and recordings by nine figures a channel |
//! | `drawn` | the report |

mod drawn;
mod likeness;
mod shapes;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::samples::{Purpose, Samples};
use super::{Common, learn, output};
use crate::Error;
use crate::examples::{Example, Examples};
use crate::home::Home;
use crate::read::text::canonical;
use crate::report::Confusion;
pub use likeness::give_direction;
use sensilla::node::Node;
use shapes::{Refusal, Refused};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    samples: Samples,
    /// Print the rows as CSV, with a header.
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    csv: bool,
    /// Say of a recording that is unlike anything learned that it is none of these; RATE, above 0 and
    /// below 1, is the share of others of which that is said by mistake.
    #[arg(long, value_name = "RATE")]
    refuse: Option<f64>,
    /// Also write a report, a web page, to this file.
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    report: Option<PathBuf>,
}

#[derive(Serialize)]
struct Recalled {
    accuracy: Option<f64>,
    confusion: Confusion,
    n: usize,
    refused: Option<Refused>,
    rows: Vec<Row>,
    notes: Vec<String>,
    reading: Vec<String>,
}

/// One look-up.
#[derive(Serialize)]
pub(super) struct Row {
    index: usize,
    file: String,
    line: u64,
    time: Option<String>,
    group: Option<String>,
    label: Option<String>,
    #[serde(flatten)]
    said: Said,
}

/// What is said of a recording or vector.
#[derive(Clone, Default, Serialize)]
pub(super) struct Said {
    /// None of what has no direction, and of what is refused.
    predicted: Option<String>,
    similarity: Option<f32>,
    /// The following where shapes are recognised.
    novelty: Option<f32>,
    margin: Option<f32>,
    confidence: Option<f32>,
    /// Whether it is none of what was learned, as far as that is asked for.
    refused: bool,
}

/// What look-ups gave.
pub(super) struct LookedUp {
    pub rows: Vec<Row>,
    pub confusion: Confusion,
    pub notes: Vec<String>,
    refused: Option<Refused>,
}

pub fn run(common: &Common, arguments: Arguments) -> Result<(), Error> {
    let mut home = common.home()?;
    let Some(shape) = home.profile.shape.clone() else {
        return Err(Error::Failed(format!(
            "the store {} has learned no patterns; run `sensilla learn` first",
            common.store.display()
        )));
    };
    let mut examples =
        arguments
            .samples
            .examples(Some(&home), Purpose::LookUp, arguments.report.is_some())?;
    if let Some(group) = &arguments.samples.table.holdout {
        let group = &*canonical(group);
        let (held, rest) = examples.part(|all, item| item.is_of(all.file_of(item), group));
        if held.items.is_empty() {
            return Err(learn::no_group(&rest, &held, group));
        }
        examples = held;
    }
    let looked_up = look_up(&mut home, &examples, arguments.refuse)?;
    let mut notes = examples.notes.clone();
    notes.extend(looked_up.notes);
    notes.iter().for_each(output::note);
    let recalled = Recalled {
        accuracy: looked_up.confusion.accuracy(),
        confusion: looked_up.confusion,
        n: looked_up.rows.len(),
        refused: looked_up.refused,
        rows: looked_up.rows,
        notes,
        reading: examples.quiet.clone(),
    };
    if let Some(path) = &arguments.report {
        drawn::report(&arguments, &recalled, &examples, &shape, &home).write(path)?;
    }
    if common.json {
        return output::json(&recalled);
    }
    if arguments.csv {
        return csv(&recalled.rows);
    }
    if let Some(accuracy) = recalled.accuracy {
        output::text(&recalled.confusion)?;
        let (correct, total) = (recalled.confusion.correct(), recalled.confusion.total());
        output::text(format_args!(
            "accuracy {accuracy:.4} ({correct} of {total})"
        ))?;
    } else {
        recalled.rows.iter().try_for_each(Row::print)?;
    }
    match &recalled.refused {
        Some(refused) => output::text(refused),
        None => Ok(()),
    }
}

impl Row {
    fn print(&self) -> Result<(), Error> {
        let number = |x: Option<f32>| x.map_or("-".into(), |x| format!("{x:.4}"));
        let said = match (&self.said.predicted, self.said.refused) {
            (_, true) => "none of these",
            (Some(predicted), false) => predicted,
            (None, false) => "-",
        };
        let mut line = format!("{}\t{said}\t{}", self.index, number(self.said.similarity));
        if self.said.confidence.is_some() {
            let (confidence, novelty) = (self.said.confidence, self.said.novelty);
            line += &format!("\t{}\t{}", number(confidence), number(novelty));
        }
        output::text(line)
    }
}

/// Looks all of `examples` up; `refuse` is the rate of false refusals that is put up with.
pub(super) fn look_up(
    home: &mut Home,
    examples: &Examples,
    refuse: Option<f64>,
) -> Result<LookedUp, Error> {
    let overlap = home.seen.overlap(examples.vectors());
    let mut looked_up = home.perceive(|node, workspace| match node.perception().recogniser() {
        Some(recogniser) => {
            let refusal = Refusal::new(refuse, recogniser.last_scores().len())?;
            shapes::look_up_all(node, workspace, examples, refusal)
        }
        None if refuse.is_some() => Err(Error::Usage(
            "--refuse is for recordings that were learned by their shapes; this store was not"
                .into(),
        )),
        None => likeness::look_up_all(node, workspace, examples),
    })?;
    if overlap.learned > 0 && looked_up.confusion.total() > 0 {
        looked_up.notes.push(format!(
            "{} of {} look-ups are what was learned itself, and will be right whatever was learned; test \
             with others",
            overlap.learned, overlap.known
        ));
    }
    Ok(looked_up)
}

impl LookedUp {
    fn of(node: &Node<'_>, examples: &Examples) -> Self {
        let labels = node.perception().labels();
        Self {
            rows: Vec::with_capacity(examples.items.len()),
            confusion: Confusion::new(labels.iter().map(|(_, name)| name.to_owned())),
            refused: None,
            notes: Vec::new(),
        }
    }

    /// Takes what is said of an example: what it was recognised as, if anything.
    fn take(&mut self, examples: &Examples, item: &Example, said: Said) {
        if let (Some(label), Some(predicted)) = (&item.label, &said.predicted) {
            self.confusion.count(label, predicted);
        }
        self.rows.push(Row {
            index: self.rows.len(),
            file: examples.file_of(item).to_owned(),
            line: item.line,
            time: item.time.clone(),
            group: item.group.clone(),
            label: item.label.clone(),
            said,
        });
    }
}

/// The rows as CSV, with a header.
fn csv(rows: &[Row]) -> Result<(), Error> {
    let quoted = |text: &str| match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    };
    let or_empty = |text: &Option<String>| text.as_deref().map(quoted).unwrap_or_default();
    let mut text = String::from(
        "index,file,line,time,group,label,predicted,similarity,novelty,margin,confidence,refused",
    );
    for row in rows {
        let number = |x: Option<f32>| x.map_or(String::new(), |x| x.to_string());
        let said = &row.said;
        text += &format!(
            "\n{},{},{},{},{},{},{},{},{},{},{},{}",
            row.index,
            quoted(&row.file),
            row.line,
            or_empty(&row.time),
            or_empty(&row.group),
            or_empty(&row.label),
            or_empty(&said.predicted),
            number(said.similarity),
            number(said.novelty),
            number(said.margin),
            number(said.confidence),
            said.refused
        );
    }
    output::text(text)
}
