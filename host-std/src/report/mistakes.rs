//! What was taken for what, with how it looks.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::page::escape;
use crate::examples::Outline;

/// Mistakes that are shown, the most frequent first.
const SHOWN: usize = 16;
/// Recordings of each.
const EACH: usize = 3;
/// Width and height of an outline.
const SIZE: (f32, f32) = (130.0, 40.0);

/// A recording and what was said of it.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'r> {
    /// What it is.
    pub label: &'r str,
    /// What it was taken for.
    pub predicted: &'r str,
    /// Where it is from.
    pub place: &'r str,
    /// How it looks, if that is known.
    pub outline: Option<&'r Outline>,
}

/// One label taken for another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mistake {
    /// What it was.
    pub label: String,
    /// What it was taken for.
    pub predicted: String,
    /// How often.
    pub count: u64,
    /// Some that were, each with where it is from.
    pub examples: Vec<(String, Outline)>,
    /// One that is what these were taken for, and was recognised.
    pub like: Option<Outline>,
}

/// The most frequent mistakes. The first few recordings of each are kept.
pub fn of<'r>(judged: impl Iterator<Item = Judged<'r>>) -> Vec<Mistake> {
    let mut mistakes: BTreeMap<(&str, &str), Mistake> = BTreeMap::new();
    let mut right: BTreeMap<&str, &Outline> = BTreeMap::new();
    for one in judged {
        if one.label == one.predicted {
            if let Some(outline) = one.outline {
                right.entry(one.label).or_insert(outline);
            }
            continue;
        }
        let mistake = mistakes.entry((one.label, one.predicted)).or_default();
        mistake.count += 1;
        if let Some(outline) = one.outline.filter(|_| mistake.examples.len() < EACH) {
            mistake
                .examples
                .push((one.place.to_owned(), outline.clone()));
        }
    }
    let mut mistakes: Vec<Mistake> = mistakes
        .into_iter()
        .map(|((label, predicted), mistake)| Mistake {
            label: label.to_owned(),
            predicted: predicted.to_owned(),
            like: right.get(predicted).copied().cloned(),
            ..mistake
        })
        .collect();
    // Equals stay in the order of their labels.
    mistakes.sort_by_key(|mistake| std::cmp::Reverse(mistake.count));
    mistakes
}

/// A table of them.
pub fn table(mistakes: &[Mistake]) -> Result<String, std::fmt::Error> {
    let mut html = String::from(
        "<table>\n<tr><td>is</td><td>taken for</td><td>times</td><td>such as</td><td>beside one of \
         these</td></tr>\n",
    );
    for mistake in mistakes.iter().take(SHOWN) {
        let (label, predicted) = (escape(&mistake.label), escape(&mistake.predicted));
        write!(
            html,
            "<tr><td>{label}</td><td>{predicted}</td><td>{}</td><td>",
            mistake.count
        )?;
        for (place, outline) in &mistake.examples {
            html += &drawn(outline, place)?;
        }
        html += "</td><td>";
        if let Some(outline) = &mistake.like {
            html += &drawn(outline, &mistake.predicted)?;
        }
        html += "</td></tr>\n";
    }
    html += "</table>\n";
    if let Some(more) = mistakes.len().checked_sub(SHOWN).filter(|&more| more > 0) {
        writeln!(html, "<p>and {more} more pairs of labels</p>")?;
    }
    Ok(html)
}

/// An outline, a line a channel, with a name that shows when pointed at.
fn drawn(outline: &Outline, name: &str) -> Result<String, std::fmt::Error> {
    let (width, height) = SIZE;
    let values = || outline.channels.iter().flatten().copied();
    let low = values().fold(f32::INFINITY, f32::min);
    let high = values().fold(f32::NEG_INFINITY, f32::max);
    let scale = if high > low {
        (height - 4.0) / (high - low)
    } else {
        0.0
    };
    let mut svg = format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\"><title>{}\
         </title>",
        escape(name)
    );
    for channel in &outline.channels {
        let step = width / (channel.len().saturating_sub(1)).max(1) as f32;
        svg += "<polyline fill=\"none\" stroke=\"#1f6fb2\" stroke-opacity=\"0.7\" points=\"";
        for (i, value) in channel.iter().enumerate() {
            let y = height - 2.0 - (value - low) * scale;
            write!(svg, "{:.1},{y:.1} ", i as f32 * step)?;
        }
        svg += "\"/>";
    }
    svg += "</svg>";
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(values: &[f32]) -> Outline {
        Outline {
            channels: vec![values.to_vec()],
        }
    }

    #[test]
    fn the_most_frequent_mistakes_come_first_with_what_they_look_like() {
        let (flat, step) = (outline(&[1.0, 1.0]), outline(&[0.0, 1.0, 1.0]));
        let places: Vec<String> = (0..9).map(|i| format!("line {i}")).collect();
        let judged = |i: usize, label, predicted, outline| Judged {
            label,
            predicted,
            place: &places[i],
            outline: Some(outline),
        };
        let all = [
            judged(0, "a", "b", &step),
            judged(1, "b", "a", &flat),
            judged(2, "b", "b", &flat),
            judged(3, "a", "b", &step),
            judged(4, "a", "b", &step),
            judged(5, "a", "b", &flat),
        ];
        let found = of(all.into_iter());
        assert_eq!(found.len(), 2);
        assert_eq!((&*found[0].label, found[0].count), ("a", 4));
        let shown: Vec<&str> = found[0].examples.iter().map(|e| &*e.0).collect();
        assert_eq!(shown, ["line 0", "line 3", "line 4"]);
        assert_eq!(found[0].like, Some(flat));
        assert_eq!((&*found[1].label, found[1].count), ("b", 1));
        // None of `a` was recognised.
        assert_eq!(found[1].like, None);
        let html = table(&found).unwrap();
        assert_eq!(html.matches("<polyline").count(), 5);
        assert!(
            html.contains("points=\"0.0,38.0 65.0,2.0 130.0,2.0 \""),
            "{html}"
        );
        assert!(html.contains("<title>line 3</title>"));
    }

    #[test]
    fn many_labels_are_as_many_rows_as_are_read() {
        let names: Vec<String> = (0..500).map(|i| format!("<{i}>")).collect();
        let judged = (1..500).map(|i| Judged {
            label: &names[i],
            predicted: &names[i - 1],
            place: "",
            outline: None,
        });
        let html = table(&of(judged)).unwrap();
        assert_eq!(html.matches("<tr>").count(), 1 + SHOWN);
        assert!(html.contains("and 483 more") && !html.contains("<1>"));
    }
}
