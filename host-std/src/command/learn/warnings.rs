//! What speaks against what was learned.

use std::collections::BTreeMap;

use sensilla::node::Node;

use crate::examples::Examples;
use crate::home::label_name;
use crate::read::shown;
use crate::seen::Seen;

/// A class of fewer examples shows little of how its windows differ.
const FEWEST: u32 = 3;
/// Classes that are named.
const NAMED: usize = 8;

/// Of a node that has just learned `examples` and had `seen` others before.
pub fn of(node: &Node<'_>, examples: &Examples, seen: &Seen) -> Vec<String> {
    let mut warnings = Vec::new();
    let again = seen.overlap(examples.vectors()).learned;
    if again > 0 {
        warnings.push(format!(
            "{again} of these {} examples had been learned before",
            examples.items.len()
        ));
    }
    let counts = counts(node);
    if let [(label, _)] = &counts[..]
        && let label = shown(&label_name(node, *label))
        && label != super::NORMAL
    {
        warnings.push(format!(
            "there is one label only, `{label}`, so every recall will say that; `recall --refuse RATE` and \
             `watch` tell what is unlike it"
        ));
    }
    let few: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count < FEWEST)
        .map(|(label, count)| format!("{} ({count})", shown(&label_name(node, *label))))
        .collect();
    if !few.is_empty() {
        let more = match few.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named: Vec<&str> = few.iter().take(NAMED).map(String::as_str).collect();
        warnings.push(format!(
            "fewer than three examples, so hardly known: {}{more}",
            named.join(", ")
        ));
    }
    warnings
}

/// Examples of each label that the patterns were made of.
fn counts(node: &Node<'_>) -> Vec<(u32, u32)> {
    let perception = node.perception();
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    for entry in perception.bank().iter() {
        let samples = perception.statistics(entry.id).map_or(0, |s| s.samples);
        let count = counts.entry(entry.label).or_default();
        *count = count.saturating_add(samples);
    }
    counts.into_iter().collect()
}
