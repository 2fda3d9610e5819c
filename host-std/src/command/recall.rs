//! `sensilla recall`: looks recordings or vectors up among the learned patterns.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::samples::{Purpose, Samples};
use super::{Common, learn, output};
use crate::Error;
use crate::batch::{BatchError, BatchSearch};
use crate::examples::Examples;
use crate::home::{EF, Home, label_name};
use crate::profile::Shape;
use crate::progress::Progress;
use crate::read::text::canonical;
use crate::report::confusion::DRAWN;
use crate::report::{Confusion, Report, of_node};
use sensilla::node::{Node, Workspace};

/// Neighbours that a look-up is judged by.
const NEIGHBOURS: usize = 5;
/// Look-ups between two steps of the progress bar.
const AT_ONCE: usize = 1_024;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    samples: Samples,
    /// Print the rows as CSV, with a header.
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    csv: bool,
    /// Also write a report, a web page, to this file.
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    report: Option<PathBuf>,
}

#[derive(Serialize)]
struct Recalled {
    accuracy: Option<f64>,
    confusion: Confusion,
    n: usize,
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
    /// None of what has no direction.
    predicted: Option<String>,
    similarity: Option<f32>,
}

/// What look-ups gave.
pub(super) struct LookedUp {
    pub rows: Vec<Row>,
    pub confusion: Confusion,
    notes: Vec<String>,
}

/// Gives a recording that is in every feature the mean of all a direction of its own: the last
/// dimension's. Without one it could be neither learned nor looked up.
pub(super) fn give_direction(embedding: &mut [f32]) {
    if embedding.iter().all(|x| *x == 0.0)
        && let Some(last) = embedding.last_mut()
    {
        *last = 1.0;
    }
}

pub fn run(common: &Common, arguments: Arguments) -> Result<(), Error> {
    let mut home = common.home()?;
    let Some(shape) = home.profile.shape.clone() else {
        return Err(Error::Failed(format!(
            "the store {} has learned no patterns; run `sensilla learn` first",
            common.store.display()
        )));
    };
    let mut examples = arguments.samples.examples(Some(&shape), Purpose::LookUp)?;
    if let Some(group) = &arguments.samples.table.holdout {
        let group = &*canonical(group);
        let (held, rest) = examples.part(|all, item| learn::is_of(all, item, group));
        if held.items.is_empty() {
            return Err(learn::no_group(&rest, &held, group));
        }
        examples = held;
    }
    let looked_up = look_up(&mut home, &examples)?;
    let mut notes = examples.notes.clone();
    notes.extend(looked_up.notes);
    notes.iter().for_each(output::note);
    let recalled = Recalled {
        accuracy: looked_up.confusion.accuracy(),
        confusion: looked_up.confusion,
        n: looked_up.rows.len(),
        rows: looked_up.rows,
        notes,
        reading: examples.quiet.clone(),
    };
    if let Some(path) = &arguments.report {
        report(&arguments, &recalled, &shape, &mut home)?.write(path)?;
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
        return output::text(format_args!(
            "accuracy {accuracy:.4} ({correct} of {total})"
        ));
    }
    for row in &recalled.rows {
        output::text(format_args!(
            "{}\t{}\t{}",
            row.index,
            row.predicted.as_deref().unwrap_or("-"),
            row.similarity.map_or("-".into(), |s| format!("{s:.4}"))
        ))?;
    }
    Ok(())
}

/// Looks all of `examples` up.
pub(super) fn look_up(home: &mut Home, examples: &Examples) -> Result<LookedUp, Error> {
    home.perceive(|node, workspace| look_up_all(node, workspace, examples))
}

fn look_up_all(
    node: &Node<'_>,
    workspace: &mut Workspace<'_>,
    examples: &Examples,
) -> Result<LookedUp, Error> {
    let normalised = matches!(examples.shape, Shape::Samples { .. });
    let fault = |at: usize, reason: String| match examples.items.get(at) {
        Some(item) => learn::fault(examples, item, reason),
        None => Error::Failed(reason),
    };
    let mut progress = Progress::new("recalling", Some(examples.items.len() as u64));
    let mut confusion = Confusion::new(
        node.perception()
            .labels()
            .iter()
            .map(|(_, name)| name.to_owned()),
    );
    let mut rows: Vec<Row> = Vec::with_capacity(examples.items.len());
    let batch = BatchSearch::new(node.perception().bank().as_ref(), EF);
    let vectors: Vec<&[f32]> = examples.vectors().collect();
    let (mut queries, mut blank) = (Vec::new(), Vec::new());
    for some in vectors.chunks(AT_ONCE) {
        queries.clear();
        let from = rows.len();
        // Which example each query is of: a vector of zeros has no direction and is none.
        let mut asked = Vec::with_capacity(some.len());
        // What comes before a vector that cannot be normalised is looked up first: the first fault
        // of the file is the one to name.
        let mut bad = None;
        for (at, vector) in (from..).zip(some) {
            workspace.embedding_mut().copy_from_slice(vector);
            if normalised {
                if let Err(error) = node.perception().normalise(workspace) {
                    bad = Some((at, error));
                    break;
                }
                give_direction(workspace.embedding_mut());
            }
            if workspace.embedding().iter().any(|x| *x != 0.0) {
                queries.extend_from_slice(workspace.embedding());
                asked.push(at);
            }
        }
        let found = batch
            .search(&queries, NEIGHBOURS)
            .map_err(|error| match error {
                BatchError::Query { index, source } => fault(
                    asked.get(index).copied().unwrap_or(from),
                    source.to_string(),
                ),
                other => Error::Failed(other.to_string()),
            })?;
        if let Some((at, error)) = bad {
            return Err(fault(at, error.to_string()));
        }
        let mut found = asked.into_iter().zip(found.iter()).peekable();
        for (at, item) in (from..).zip(&examples.items[from..from + some.len()]) {
            let hits = found.next_if(|(asked, _)| *asked == at);
            let nearest = match hits {
                Some((_, hits)) => match hits.first() {
                    Some(hit) => Some((label_name(node, hit.label), hit.similarity)),
                    None => return Err(Error::Failed("the node has no patterns".into())),
                },
                None => {
                    blank.push(item.line);
                    None
                }
            };
            if let (Some(label), Some((predicted, _))) = (&item.label, &nearest) {
                confusion.count(label, predicted);
            }
            rows.push(Row {
                index: at,
                file: examples.file_of(item).to_owned(),
                line: item.line,
                time: item.time.clone(),
                group: item.group.clone(),
                label: item.label.clone(),
                similarity: nearest.as_ref().map(|(_, similarity)| *similarity),
                predicted: nearest.map(|(predicted, _)| predicted),
            });
        }
        progress.step(some.len() as u64);
    }
    let mut notes = Vec::new();
    if let [first, ..] = blank[..] {
        notes.push(format!(
            "line {first}{} holds a vector of zeros, which has no direction: nothing is predicted for \
             it",
            match blank.len() {
                1 => String::new(),
                n => format!(" and {} more", n - 1),
            }
        ));
    }
    Ok(LookedUp {
        rows,
        confusion,
        notes,
    })
}

fn report(
    arguments: &Arguments,
    recalled: &Recalled,
    shape: &Shape,
    home: &mut Home,
) -> Result<Report, Error> {
    let node = home.node();
    let confusion = &recalled.confusion;
    let drawn = confusion.total() > 0 && confusion.labels().len() <= DRAWN;
    Ok(Report {
        title: format!("Recall of {}", arguments.samples.name()),
        facts: facts(recalled, shape, node.perception().bank().len()),
        confusion: drawn.then(|| confusion.clone()),
        similarities: recalled
            .rows
            .iter()
            .filter_map(|row| {
                let right = row.label.is_none() || row.label == row.predicted;
                Some((row.similarity?, right))
            })
            .collect(),
        memory: of_node::memory(node),
        ..Report::default()
    })
}

/// The rows as CSV, with a header.
fn csv(rows: &[Row]) -> Result<(), Error> {
    let quoted = |text: &str| match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    };
    let or_empty = |text: &Option<String>| text.as_deref().map(quoted).unwrap_or_default();
    let mut text = String::from("index,file,line,time,group,label,predicted,similarity");
    for row in rows {
        text += &format!(
            "\n{},{},{},{},{},{},{},{}",
            row.index,
            quoted(&row.file),
            row.line,
            or_empty(&row.time),
            or_empty(&row.group),
            or_empty(&row.label),
            or_empty(&row.predicted),
            row.similarity.map_or(String::new(), |s| s.to_string())
        );
    }
    output::text(text)
}

fn facts(recalled: &Recalled, shape: &Shape, patterns: usize) -> Vec<(String, String)> {
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let accuracy = recalled.accuracy.map(|accuracy| {
        let (correct, total) = (recalled.confusion.correct(), recalled.confusion.total());
        fact("Accuracy", format!("{accuracy:.4} ({correct} of {total})"))
    });
    let others = [
        fact("Looked up", recalled.n.to_string()),
        fact(
            "Patterns",
            format!("{patterns}, learned from {}", shape.describe()),
        ),
    ];
    accuracy.into_iter().chain(others).collect()
}
