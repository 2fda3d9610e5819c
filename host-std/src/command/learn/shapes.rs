//! Learns windows by their shapes, each after it was recalled: so the node finds out how sure it
//! may be, and its user how well it will do.
//!
//! The order is drawn by hashing, for files are often sorted by class. Rows are whitened anew when an
//! eighth more was learned, so that a window is recalled by nearly all that was learned before it.

use std::collections::BTreeMap;

use sensilla::learn::vector::mix;
use sensilla::node::{Node, Workspace};
use serde::Serialize;

use super::{fault, has_evicted, outcome};
use crate::Error;
use crate::examples::Examples;
use crate::home::label_name;
use crate::progress::Progress;

/// How recalls went before their windows were learned.
#[derive(Debug, Default, Serialize)]
pub struct Expected {
    /// The share that was right; `None` of no recalls.
    pub accuracy: Option<f64>,
    /// The same of the later half, which knew more.
    pub accuracy_of_later_half: Option<f64>,
    /// Windows that were recalled.
    pub recalled: u64,
    /// Those of them that were right.
    pub right: u64,
    /// The same by label.
    pub labels: Vec<OfLabel>,
}

/// How recalls of windows of one label went.
#[derive(Debug, Serialize)]
pub struct OfLabel {
    /// The label.
    pub label: String,
    /// The share that was right.
    pub accuracy: f64,
    /// Windows that were recalled.
    pub recalled: u64,
    /// Those of them that were right.
    pub right: u64,
}

impl Expected {
    fn of(node: &Node<'_>, answers: &[(u32, bool)]) -> Self {
        let share = |answers: &[(u32, bool)]| {
            let right = answers.iter().filter(|answer| answer.1).count();
            (!answers.is_empty()).then(|| right as f64 / answers.len() as f64)
        };
        let mut labels: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        for &(label, right) in answers {
            let of = labels.entry(label).or_default();
            *of = (of.0 + 1, of.1 + u64::from(right));
        }
        let later = answers.get(answers.len() / 2..).unwrap_or(&[]);
        Self {
            accuracy: share(answers),
            accuracy_of_later_half: share(later),
            recalled: answers.len() as u64,
            right: labels.values().map(|of| of.1).sum(),
            labels: labels
                .into_iter()
                .map(|(label, (recalled, right))| OfLabel {
                    label: label_name(node, label),
                    accuracy: right as f64 / recalled as f64,
                    recalled,
                    right,
                })
                .collect(),
        }
    }
}

/// The order in which so many examples are learned.
fn order(count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&at| mix((at as u32).wrapping_add(1)));
    order
}

/// Learns examples under the numbers of their labels; how that went, and how many patterns were
/// forgotten for want of room.
pub fn learn_all(
    node: &mut Node<'_>,
    workspace: &mut Workspace<'_>,
    examples: &Examples,
    labels: &[u32],
) -> Result<(Expected, usize), Error> {
    let vectors: Vec<&[f32]> = examples.vectors().collect();
    let order = order(vectors.len());
    let mut progress = Progress::new("learning", Some(order.len() as u64));
    let mut answers = Vec::new();
    let mut forgotten = 0;
    let mut rest = &order[..];
    while !rest.is_empty() {
        let seen = node.perception().recogniser().map_or(0, |r| r.seen()) as usize;
        let (next, later) = rest.split_at((seen / 8).clamp(1, rest.len()));
        rest = later;
        let perception = node.perception_mut();
        perception
            .refresh(workspace)
            .map_err(|e| Error::Failed(e.to_string()))?;
        for &at in next {
            workspace.embedding_mut().copy_from_slice(vectors[at]);
            let recall = perception
                .recall(1, workspace)
                .map_err(|e| fault(examples, &examples.items[at], e.to_string()))?;
            if let Some(recall) = recall {
                perception.record(&recall, labels[at]);
                answers.push((labels[at], recall.label == labels[at]));
            }
        }
        for &at in next {
            let item = &examples.items[at];
            workspace.embedding_mut().copy_from_slice(vectors[at]);
            let recorded = perception.trajectories().recorded();
            let learned = perception
                .learn_recorded(&outcome(item, labels[at], recorded), workspace)
                .map_err(|e| fault(examples, item, e.to_string()))?;
            forgotten += usize::from(has_evicted(&learned));
            progress.step(1);
        }
    }
    node.perception_mut()
        .refresh(workspace)
        .map_err(|e| Error::Failed(e.to_string()))?;
    Ok((Expected::of(node, &answers), forgotten))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_a_shuffle() {
        let mut drawn = order(1_000);
        let away = drawn.iter().enumerate().map(|(i, &at)| i.abs_diff(at));
        assert!(away.sum::<usize>() / 1_000 > 250);
        drawn.sort_unstable();
        assert!(drawn.iter().copied().eq(0..1_000));
    }
}
