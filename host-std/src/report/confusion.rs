//! Which label was taken for which.

use std::collections::{BTreeMap, HashMap};

use crate::printable::part;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Most labels of a matrix that is written out whole; of more, only what is not zero.
pub const WHOLE: usize = 256;
/// Most labels of a matrix that is drawn or printed.
pub const DRAWN: usize = 40;
/// Mistakes that are printed where the matrix is not.
const MISTAKES: usize = 20;

/// A confusion matrix. It holds what is not zero, so its size is that of what was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confusion {
    labels: Vec<String>,
    places: HashMap<String, usize>,
    cells: BTreeMap<(usize, usize), u64>,
}

impl Confusion {
    /// An empty matrix over `labels`.
    pub fn new(labels: impl IntoIterator<Item = String>) -> Self {
        let mut confusion = Self::default();
        for label in labels {
            confusion.index(&label);
        }
        confusion
    }

    /// The labels, in the order of rows and columns.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// One row a true label, one column a predicted one.
    pub fn counts(&self) -> Vec<Vec<u64>> {
        let mut counts = vec![vec![0; self.labels.len()]; self.labels.len()];
        for (&(row, column), &count) in &self.cells {
            counts[row][column] = count;
        }
        counts
    }

    /// Counts one look-up; labels not seen before are added.
    pub fn count(&mut self, label: &str, predicted: &str) {
        let cell = (self.index(label), self.index(predicted));
        *self.cells.entry(cell).or_default() += 1;
    }

    /// Look-ups counted.
    pub fn total(&self) -> u64 {
        self.cells.values().sum()
    }

    /// Look-ups whose label was right.
    pub fn correct(&self) -> u64 {
        let right = self.cells.iter().filter(|((row, column), _)| row == column);
        right.map(|(_, count)| count).sum()
    }

    /// The share of right labels; `None` of no look-ups.
    pub fn accuracy(&self) -> Option<f64> {
        match self.total() {
            0 => None,
            total => Some(self.correct() as f64 / total as f64),
        }
    }

    fn index(&mut self, label: &str) -> usize {
        if let Some(&index) = self.places.get(label) {
            return index;
        }
        self.labels.push(label.to_owned());
        self.places.insert(label.to_owned(), self.labels.len() - 1);
        self.labels.len() - 1
    }
}

/// `labels` and `counts`; of more labels than [`WHOLE`], `counts` is `null` and `cells` lists row,
/// column and count of what is not zero.
impl Serialize for Confusion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let whole = self.labels.len() <= WHOLE;
        let mut matrix = serializer.serialize_struct("Confusion", if whole { 2 } else { 3 })?;
        matrix.serialize_field("labels", &self.labels)?;
        matrix.serialize_field("counts", &whole.then(|| self.counts()))?;
        if !whole {
            let cells = self.cells.iter().map(|(&(r, c), &n)| (r, c, n));
            matrix.serialize_field("cells", &cells.collect::<Vec<_>>())?;
        }
        matrix.end()
    }
}

/// The matrix as text: true labels downwards, predicted ones across; of many labels, the mistakes
/// that were made most.
impl std::fmt::Display for Confusion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.labels.len() > DRAWN {
            let mut wrong: Vec<_> = self.cells.iter().filter(|((r, c), _)| r != c).collect();
            wrong.sort_by_key(|(place, count)| (std::cmp::Reverse(**count), **place));
            write!(
                f,
                "{} labels, {} taken for others",
                self.labels.len(),
                wrong.len()
            )?;
            for ((row, column), count) in wrong.iter().take(MISTAKES) {
                let [label, other] = [row, column].map(|at| part(&self.labels[*at]));
                write!(f, "\n{count:>6}  {label} taken for {other}")?;
            }
            return Ok(());
        }
        let name = |label: &str| -> String { part(label).chars().take(16).collect() };
        let width = self
            .labels
            .iter()
            .map(|l| name(l).chars().count())
            .max()
            .unwrap_or(0)
            .max(6);
        write!(f, "{:width$}", "")?;
        for label in &self.labels {
            write!(f, "  {:>width$}", name(label))?;
        }
        for (label, row) in self.labels.iter().zip(self.counts()) {
            write!(f, "\n{:<width$}", name(label))?;
            for count in row {
                write!(f, "  {count:>width$}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_rows_by_truth_and_columns_by_prediction() {
        let mut confusion = Confusion::new(["a".into()]);
        assert_eq!(confusion.accuracy(), None);
        for (label, predicted) in [("a", "a"), ("a", "b"), ("b", "b"), ("c", "a")] {
            confusion.count(label, predicted);
        }
        assert_eq!(confusion.labels(), ["a", "b", "c"]);
        assert_eq!(confusion.counts(), [[1, 1, 0], [0, 1, 0], [1, 0, 0]]);
        assert_eq!(confusion.accuracy(), Some(0.5));
        let text = confusion.to_string();
        assert_eq!(text.lines().count(), 4);
        assert!(
            text.lines().all(|l| l.chars().count() == 6 + 3 * 8),
            "{text}"
        );
        let json = serde_json::to_value(&confusion).unwrap();
        assert_eq!(
            json["counts"],
            serde_json::json!([[1, 1, 0], [0, 1, 0], [1, 0, 0]])
        );
        assert!(json.get("cells").is_none());
    }

    #[test]
    fn many_labels_cost_what_was_counted() {
        let mut confusion = Confusion::new((0..100_000).map(|i| format!("label {i}")));
        confusion.count("label 7", "label 7");
        confusion.count("label 7", "label 99999");
        let json = serde_json::to_value(&confusion).unwrap();
        assert_eq!(json["counts"], serde_json::Value::Null);
        assert_eq!(
            json["cells"],
            serde_json::json!([[7, 7, 1], [7, 99_999, 1]])
        );
        assert_eq!(
            confusion.to_string(),
            "100000 labels, 1 taken for others\n     1  label 7 taken for label 99999"
        );
    }
}
