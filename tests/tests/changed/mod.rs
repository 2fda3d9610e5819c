//! What of the suite's lines is not as it was.

use similar::{ChangeTag, TextDiff};

/// The lines that are in one of two texts alone, in order: `-` before those of the first, `+` before
/// those of the second.
pub fn changed(before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after)
        .iter_all_changes()
        .filter(|change| change.tag() != ChangeTag::Equal)
        .map(|change| format!("{}{change}", change.tag()))
        .collect()
}
