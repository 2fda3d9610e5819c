//! The report of a recall.

use super::{Arguments, Recalled};
use crate::examples::Examples;
use crate::home::Home;
use crate::profile::Shape;
use crate::report::confusion::DRAWN;
use crate::report::{Report, of_node};

/// What a recall came to, to be drawn.
pub fn report(
    arguments: &Arguments,
    recalled: &Recalled,
    _examples: &Examples,
    shape: &Shape,
    home: &Home,
) -> Report {
    let node = home.node();
    let confusion = &recalled.confusion;
    let drawn = confusion.total() > 0 && confusion.labels().len() <= DRAWN;
    Report {
        title: format!("Recall of {}", arguments.samples.name()),
        facts: facts(recalled, shape, node.perception().bank().len()),
        confusion: drawn.then(|| confusion.clone()),
        similarities: recalled
            .rows
            .iter()
            .filter_map(|row| {
                let right = row.label.is_none() || row.label == row.said.predicted;
                Some((row.said.similarity?, right))
            })
            .collect(),
        memory: of_node::memory(node),
        ..Report::default()
    }
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
