//! Which label was taken for which.

use serde::Serialize;

/// A confusion matrix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// The labels, in the order of rows and columns.
    pub labels: Vec<String>,
    /// One row a true label, one column a predicted one.
    pub counts: Vec<Vec<u64>>,
}

impl Confusion {
    /// An empty matrix over `labels`.
    pub fn new(labels: impl IntoIterator<Item = String>) -> Self {
        let labels: Vec<String> = labels.into_iter().collect();
        Self {
            counts: vec![vec![0; labels.len()]; labels.len()],
            labels,
        }
    }

    /// Counts one look-up; labels not seen before are added.
    pub fn count(&mut self, label: &str, predicted: &str) {
        let (row, column) = (self.index(label), self.index(predicted));
        self.counts[row][column] += 1;
    }

    /// Look-ups counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Look-ups whose label was right.
    pub fn correct(&self) -> u64 {
        self.counts.iter().enumerate().map(|(i, row)| row[i]).sum()
    }

    /// The share of right labels; `None` of no look-ups.
    pub fn accuracy(&self) -> Option<f64> {
        match self.total() {
            0 => None,
            total => Some(self.correct() as f64 / total as f64),
        }
    }

    fn index(&mut self, label: &str) -> usize {
        if let Some(index) = self.labels.iter().position(|l| l == label) {
            return index;
        }
        self.labels.push(label.to_owned());
        for row in &mut self.counts {
            row.push(0);
        }
        self.counts.push(vec![0; self.labels.len()]);
        self.labels.len() - 1
    }
}

/// The matrix as text: true labels downwards, predicted ones across.
impl std::fmt::Display for Confusion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |label: &str| -> String { label.chars().take(16).collect() };
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
        for (label, row) in self.labels.iter().zip(&self.counts) {
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
        assert_eq!(confusion.labels, ["a", "b", "c"]);
        assert_eq!(confusion.counts, [[1, 1, 0], [0, 1, 0], [1, 0, 0]]);
        assert_eq!(confusion.accuracy(), Some(0.5));
        let text = confusion.to_string();
        assert_eq!(text.lines().count(), 4);
        assert!(
            text.lines().all(|l| l.chars().count() == 6 + 3 * 8),
            "{text}"
        );
    }
}
