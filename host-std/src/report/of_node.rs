//! What a report shows of a node.

use super::ConflictPoint;
use sensilla::bank::{Estimate, Health};
use sensilla::log::EventKind;
use sensilla::node::Node;

/// Sections of fewer bytes are no bar of their own.
const SMALL: u64 = 2_048;

/// The node's sections by name; those too small to see are one.
pub fn memory(node: &Node<'_>) -> Vec<(String, u64)> {
    let (mut shown, mut small, mut rest) = (Vec::new(), 0, 0);
    for (part, section, bytes) in node.sections() {
        let bytes = bytes as u64;
        if bytes < SMALL {
            (small, rest) = (small + 1, rest + bytes);
        } else if section.starts_with(part) {
            shown.push((section.to_owned(), bytes));
        } else {
            shown.push((format!("{part} {section}"), bytes));
        }
    }
    shown.push((format!("{small} smaller sections"), rest));
    shown
}

/// How well the patterns are searched: a fact.
pub fn recall(node: &Node<'_>) -> (String, String) {
    let health = node.perception().bank().health();
    ("Recall of searches".into(), recall_text(&health))
}

/// What a search is expected to find, and why it goes the way it does.
pub fn recall_text(health: &Health) -> String {
    let Estimate { mean, low, high } = health.recall;
    let way = match health.ef {
        0 => "a scan".to_owned(),
        ef => format!("a walk of {ef} candidates"),
    };
    let mut text = match mean < 1.0 || low < 1.0 {
        true => format!("{mean:.3} ({low:.3} to {high:.3}) by {way}"),
        false => format!("all of what is kept, by {way}"),
    };
    text += &format!(": {}", health.reason.as_str());
    if let Some(codes) = health.codes {
        text += &format!("; eight bits hold {:.3} of the nearest", codes.mean);
    }
    if health.equal > 0 {
        text += &format!("; {} patterns equal another", health.equal);
    }
    if health.is_below_goal {
        text += "; below the goal of 0.99, which floats (learn --keep-floats) would reach";
    }
    text
}

/// Who is heard and where something was said: two facts.
pub fn trust(node: &Node<'_>, name: impl Fn(&[u8]) -> String) -> [(String, String); 2] {
    let log = node.history().log();
    let members = node.history().engine().members();
    let members: Vec<String> = members
        .map(|member| {
            let events = member.next.saturating_sub(1);
            let expelled = if member.expelled.is_some() {
                ", expelled"
            } else {
                ""
            };
            format!("{} ({events} events{expelled})", name(&member.key))
        })
        .collect();
    let mut contexts: Vec<String> = Vec::new();
    for entry in log.since(0) {
        if let Ok(event) = entry.decode()
            && !contexts.iter().any(|known| known == event.event().context)
        {
            contexts.push(event.event().context.to_owned());
        }
    }
    contexts.retain(|context| !context.is_empty());
    [
        ("Members".into(), members.join(", ")),
        ("Contexts".into(), contexts.join(", ")),
    ]
}

/// Conflicts over time, out of the node: when each was found, and when the log says it was
/// resolved.
pub fn conflicts(node: &Node<'_>) -> Vec<ConflictPoint> {
    let found = node.history().engine().conflicts().map(|c| (c.since, 1, 0));
    let resolved = node.history().log().since(0).filter_map(|entry| {
        let event = entry.decode().ok()?;
        matches!(event.event().kind, EventKind::Resolution(_)).then_some((event.event().at, 0, 1))
    });
    let ends = [
        node.history().log().first(),
        node.history().log().size().saturating_sub(1),
    ];
    let ends = ends.into_iter().filter_map(|index| {
        let event = node.history().log().get(index).ok()?.decode().ok()?;
        Some((event.event().at, 0, 0))
    });
    let mut steps: Vec<(u64, u64, u64)> = found.chain(resolved).chain(ends).collect();
    steps.sort_unstable();
    let (mut found, mut resolved) = (0, 0);
    let mut points: Vec<ConflictPoint> = Vec::new();
    for (at, f, r) in steps {
        (found, resolved) = (found + f, resolved + r);
        match points.last_mut() {
            Some(last) if last.at == at => (last.found, last.resolved) = (found, resolved),
            _ => points.push(ConflictPoint {
                at,
                found,
                resolved,
            }),
        }
    }
    points
}
