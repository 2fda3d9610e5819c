//! `sensilla recall`: looks recordings or vectors up among the learned patterns.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::samples::Samples;
use super::{Common, output};
use crate::Error;
use crate::batch::{BatchError, BatchSearch};
use crate::home::EF;
use crate::profile::Shape;
use crate::progress::Progress;
use crate::read::InputError;
use crate::report::{Confusion, Report, of_node};
use sensilla::block::Memory;

/// Neighbours that a look-up is judged by.
const NEIGHBOURS: usize = 5;
/// Look-ups between two steps of the progress bar.
const AT_ONCE: usize = 1_024;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    samples: Samples,
    /// Also write a report, a web page, to this file.
    #[arg(long, value_name = "PATH")]
    report: Option<PathBuf>,
}

#[derive(Serialize)]
struct Recalled {
    accuracy: Option<f64>,
    confusion: Confusion,
    n: usize,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    index: usize,
    label: Option<String>,
    predicted: String,
    similarity: f32,
}

pub fn run(common: &Common, arguments: Arguments) -> Result<(), Error> {
    let mut home = common.home()?;
    let profile = home.profile.clone();
    let Some(shape) = &profile.shape else {
        return Err(Error::Failed(format!(
            "the store {} has learned no patterns; run `sensilla learn` first",
            common.store.display()
        )));
    };
    let examples = arguments.samples.examples(Some(shape))?;
    let normalised = matches!(shape, Shape::Samples { .. });
    let mut memory = Memory::default();
    let (node, mut workspace) = home.open(&mut memory)?;
    let fault = |at: usize, reason: String| {
        Error::Input(InputError {
            file: arguments.samples.name(),
            line: examples.items.get(at).map(|item| item.line),
            reason,
        })
    };
    let mut progress = Progress::new("recalling", Some(examples.items.len() as u64));
    let mut confusion = Confusion::new(profile.labels.iter().cloned());
    let mut rows = Vec::with_capacity(examples.items.len());
    let batch = BatchSearch::new(node.perception().bank().as_ref(), EF);
    let vectors: Vec<&[f32]> = examples.vectors().collect();
    let mut queries = Vec::new();
    for some in vectors.chunks(AT_ONCE) {
        queries.clear();
        // What comes before a vector that cannot be normalised is looked up first: the first fault
        // of the file is the one to name.
        let mut bad = None;
        for vector in some {
            workspace.embedding_mut().copy_from_slice(vector);
            if normalised && let Err(error) = node.perception().normalise(&mut workspace) {
                bad = Some(error);
                break;
            }
            queries.extend_from_slice(workspace.embedding());
        }
        let first = rows.len();
        let found = batch
            .search(&queries, NEIGHBOURS)
            .map_err(|error| match error {
                BatchError::Query { index, source } => fault(first + index, source.to_string()),
                other => Error::Failed(other.to_string()),
            })?;
        if let Some(error) = bad {
            return Err(fault(first + found.len(), error.to_string()));
        }
        for (hits, item) in found.iter().zip(&examples.items[first..]) {
            let nearest = hits
                .first()
                .ok_or_else(|| Error::Failed("the node has no patterns".into()))?;
            let predicted = profile.label_name(nearest.label);
            if let Some(label) = &item.label {
                confusion.count(label, &predicted);
            }
            rows.push(Row {
                index: rows.len(),
                label: item.label.clone(),
                predicted,
                similarity: nearest.similarity,
            });
        }
        progress.step(some.len() as u64);
    }
    drop(progress);
    examples.notes.iter().for_each(output::note);
    let recalled = Recalled {
        accuracy: confusion.accuracy(),
        confusion,
        n: rows.len(),
        rows,
    };
    if let Some(path) = &arguments.report {
        let report = Report {
            title: format!("Recall of {}", arguments.samples.name()),
            facts: facts(&recalled, shape, node.perception().bank().len()),
            confusion: (recalled.confusion.total() > 0).then(|| recalled.confusion.clone()),
            similarities: recalled
                .rows
                .iter()
                .map(|row| {
                    let right = row
                        .label
                        .as_ref()
                        .is_none_or(|label| *label == row.predicted);
                    (row.similarity, right)
                })
                .collect(),
            memory: of_node::memory(&node),
            ..Report::default()
        };
        report.write(path)?;
    }
    if common.json {
        return output::json(&recalled);
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
            "{}\t{}\t{:.4}",
            row.index, row.predicted, row.similarity
        ))?;
    }
    Ok(())
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
