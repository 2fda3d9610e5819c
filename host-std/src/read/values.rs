//! Values and labels that are missing: the fifth step of what is read in columns.

use serde::{Deserialize, Serialize};

/// What becomes of a row that lacks a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holes {
    /// The file is refused.
    #[default]
    Refuse,
    /// The last value of the column stands for it.
    Hold,
    /// The row is left out.
    Drop,
    /// The row is left out and ends the stream.
    Split,
}

impl Holes {
    /// What `--missing` gives: one of the names, or else a mark that stands for no value.
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "hold" => Self::Hold,
            "drop" => Self::Drop,
            "split" => Self::Split,
            _ => return None,
        })
    }
}

/// What becomes of rows without a label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Unlabelled {
    /// They end the stream and are left out of learning; looked up, they count as unlabelled.
    #[default]
    Skip,
    /// They are learned under the label `unlabelled`.
    Learn,
}

/// The label of what has none and is learned all the same.
pub const UNLABELLED: &str = "unlabelled";

/// Whether a label says that there is none. Less stands for that than for a missing value: `none`
/// may well be a label.
pub fn is_no_label(label: &str) -> bool {
    const NONE: [&str; 8] = ["", "?", "na", "nan", "n/a", "#n/a", "null", "<na>"];
    NONE.iter().any(|none| label.eq_ignore_ascii_case(none))
}

/// Fills the values that a row lacks.
#[derive(Clone, Debug, Default)]
pub struct Filler {
    last: Vec<f32>,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// It lacks nothing.
    Whole,
    /// So many values were filled in.
    Held(u64),
    /// It is to be left out.
    Drop,
    /// It is to be left out, and ends the stream.
    Split,
    /// The value at this place is missing, which is not allowed.
    Refused(usize),
}

impl Filler {
    /// Fills `row`, in which what is missing is no number.
    pub fn fill(&mut self, row: &mut [f32], holes: Holes) -> Filled {
        let Some(hole) = row.iter().position(|value| value.is_nan()) else {
            self.last.clear();
            self.last.extend_from_slice(row);
            return Filled::Whole;
        };
        match holes {
            Holes::Refuse => Filled::Refused(hole),
            Holes::Drop => Filled::Drop,
            Holes::Split => Filled::Split,
            Holes::Hold => {
                self.last.resize(row.len(), f32::NAN);
                let mut held = 0;
                for (value, last) in row.iter_mut().zip(&mut self.last) {
                    if value.is_nan() {
                        *value = *last;
                        held += 1;
                    } else {
                        *last = *value;
                    }
                }
                // Before the first value there is nothing to hold.
                match row.iter().any(|value| value.is_nan()) {
                    true => Filled::Drop,
                    false => Filled::Held(held),
                }
            }
        }
    }

    /// Forgets the last values: another stream begins.
    pub fn clear(&mut self) {
        self.last.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO: f32 = f32::NAN;

    #[test]
    fn holes_are_filled_as_asked() {
        let mut filler = Filler::default();
        let mut fill = |row: &[f32], holes| {
            let mut row = row.to_vec();
            let filled = filler.fill(&mut row, holes);
            (filled, row)
        };
        assert_eq!(fill(&[1.0, NO], Holes::Hold).0, Filled::Drop);
        assert_eq!(
            fill(&[NO, 2.0], Holes::Hold),
            (Filled::Held(1), vec![1.0, 2.0])
        );
        assert_eq!(fill(&[3.0, 4.0], Holes::Hold).0, Filled::Whole);
        assert_eq!(
            fill(&[NO, NO], Holes::Hold),
            (Filled::Held(2), vec![3.0, 4.0])
        );
        assert_eq!(fill(&[3.0, NO], Holes::Refuse).0, Filled::Refused(1));
        assert_eq!(fill(&[3.0, NO], Holes::Drop).0, Filled::Drop);
        assert_eq!(fill(&[3.0, NO], Holes::Split).0, Filled::Split);
    }
}
