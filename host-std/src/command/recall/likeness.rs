//! Looks vectors up by their likeness, and recordings that were learned by nine figures a channel.

use sensilla::node::{Node, Workspace};

use super::{LookedUp, Said};
use crate::Error;
use crate::batch::{BatchError, BatchSearch};
use crate::command::learn;
use crate::examples::Examples;
use crate::home::{EF, label_name};
use crate::profile::Shape;
use crate::progress::Progress;

/// Neighbours that a look-up is judged by.
const NEIGHBOURS: usize = 5;
/// Look-ups between two steps of the progress bar.
const AT_ONCE: usize = 1_024;

/// Gives a recording that is in every feature the mean of all a direction of its own: the last
/// dimension's. Without one it could be neither learned nor looked up.
pub fn give_direction(embedding: &mut [f32]) {
    if embedding.iter().all(|x| *x == 0.0)
        && let Some(last) = embedding.last_mut()
    {
        *last = 1.0;
    }
}

/// Looks all of `examples` up.
pub fn look_up_all(
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
    let mut looked_up = LookedUp::of(node, examples);
    let batch = BatchSearch::new(node.perception().bank().as_ref(), EF);
    let vectors: Vec<&[f32]> = examples.vectors().collect();
    let (mut queries, mut blank) = (Vec::new(), Vec::new());
    for some in vectors.chunks(AT_ONCE) {
        queries.clear();
        let from = looked_up.rows.len();
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
            let said = Said {
                similarity: nearest.as_ref().map(|(_, similarity)| *similarity),
                predicted: nearest.map(|(predicted, _)| predicted),
                ..Said::default()
            };
            looked_up.take(examples, item, said);
        }
        progress.step(some.len() as u64);
    }
    if let [first, ..] = blank[..] {
        looked_up.notes.push(format!(
            "line {first}{} holds a vector of zeros, which has no direction: nothing is predicted for \
             it",
            match blank.len() {
                1 => String::new(),
                n => format!(" and {} more", n - 1),
            }
        ));
    }
    Ok(looked_up)
}
