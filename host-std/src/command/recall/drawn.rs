//! The report of a recall.

use super::{Arguments, Recalled, Row};
use crate::examples::Examples;
use crate::home::Home;
use crate::profile::Shape;
use crate::report::confusion::DRAWN;
use crate::report::mistakes::{self, Judged};
use crate::report::{Answer, Mistake, Report, Verdict, of_node};
use sensilla::node::Node;

/// What a recall came to, to be drawn.
pub fn report(
    arguments: &Arguments,
    recalled: &Recalled,
    examples: &Examples,
    shape: &Shape,
    home: &Home,
) -> Report {
    let node = home.node();
    let confusion = &recalled.confusion;
    let drawn = confusion.total() > 0 && confusion.labels().len() <= DRAWN;
    Report {
        title: format!("Recall of {}", arguments.samples.name()),
        facts: facts(recalled, shape, node),
        confusion: drawn.then(|| confusion.clone()),
        answers: recalled
            .rows
            .iter()
            .filter(|row| row.said.similarity.is_some())
            .map(answer)
            .collect(),
        level: node.perception().recogniser().and_then(|r| r.alarm_level()),
        mistakes: mistakes(recalled, examples),
        memory: of_node::memory(node),
        ..Report::default()
    }
}

fn answer(row: &Row) -> Answer {
    Answer {
        similarity: row.said.similarity,
        confidence: row.said.confidence,
        novelty: row.said.novelty,
        verdict: Verdict::of(row.label.as_deref(), row.said.predicted.as_deref()),
    }
}

fn mistakes(recalled: &Recalled, examples: &Examples) -> Vec<Mistake> {
    let places: Vec<String> = recalled
        .rows
        .iter()
        .map(|row| format!("{}, line {}", row.file, row.line))
        .collect();
    let judged = recalled.rows.iter().zip(&examples.items).zip(&places);
    mistakes::of(judged.filter_map(|((row, item), place)| {
        Some(Judged {
            label: row.label.as_deref()?,
            predicted: row.said.predicted.as_deref()?,
            place,
            outline: item.outline.as_ref(),
        })
    }))
}

fn facts(recalled: &Recalled, shape: &Shape, node: &Node<'_>) -> Vec<(String, String)> {
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let accuracy = recalled.accuracy.map(|accuracy| {
        let (correct, total) = (recalled.confusion.correct(), recalled.confusion.total());
        fact("Accuracy", format!("{accuracy:.4} ({correct} of {total})"))
    });
    let patterns = node.perception().bank().len();
    let others = [
        fact("Looked up", recalled.n.to_string()),
        fact(
            "Patterns",
            format!("{patterns}, learned from {}", shape.describe()),
        ),
        of_node::recall(node),
    ];
    accuracy.into_iter().chain(others).collect()
}
