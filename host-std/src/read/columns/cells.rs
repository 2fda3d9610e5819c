//! What the cells of a column are, and what its title names.

use crate::read::rows::number::{Evidence, Numerals, is_hexadecimal, unit_behind};
use crate::read::time::date::{self, Order};

/// Least rows that tell whether a column counts or only grows.
pub(super) const TELLING: usize = 20;

/// Numbers that programs write where there is none.
const SENTINELS: [&str; 10] = [
    "-99", "-999", "-9999", "-99999", "999", "9999", "99999", "-999.0", "-9999.0", "-999.25",
];

/// What the cells of a column are.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) numbers: usize,
    missing: usize,
    texts: usize,
    hexadecimal: usize,
    dates: usize,
    pub(super) first: Option<String>,
    last: Option<f64>,
    /// Steps from number to number: all, up, of one, of nothing.
    steps: usize,
    up: usize,
    by_one: usize,
    level: usize,
    pub(super) fractions: usize,
    /// Written with marks between thousands, as measured numbers are and counts of rows are not.
    grouped: usize,
    /// A number that may stand for no value, and the largest size of the others.
    sentinel: Option<String>,
    largest: f64,
}

impl Cells {
    pub(super) fn see(&mut self, cell: &str, numerals: &Numerals) {
        if numerals.is_missing(cell) {
            self.missing += 1;
        } else if is_hexadecimal(cell) {
            self.hexadecimal += 1;
        } else if let Some(number) = number(cell, numerals) {
            self.numbers += 1;
            self.fractions += usize::from(number.fract() != 0.0);
            if SENTINELS.contains(&cell) && self.sentinel.as_deref().is_none_or(|s| s == cell) {
                self.sentinel = Some(cell.to_owned());
            } else {
                self.largest = self.largest.max(number.abs());
            }
            self.grouped += usize::from(numerals.thousands.is_some_and(|mark| cell.contains(mark)));
            if let Some(last) = self.last.replace(number) {
                self.steps += 1;
                self.up += usize::from(number > last);
                self.by_one += usize::from(number == last + 1.0);
                self.level += usize::from(number == last);
            }
        } else if Evidence::default().see(cell) || unit_behind(cell).is_some() {
            // A number in another way of writing: told when the column is read.
            self.numbers += 1;
        } else {
            self.texts += 1;
            if self.texts <= 100 {
                self.dates += usize::from(
                    date::read(cell, Order::DayFirst).is_some()
                        || date::read(cell, Order::MonthFirst).is_some(),
                );
            }
            if self.first.is_none() {
                self.first = Some(cell.to_owned());
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.numbers + self.texts + self.hexadecimal == 0
    }

    pub(super) fn is_text(&self) -> bool {
        self.texts > self.numbers + self.hexadecimal
    }

    pub(super) fn is_dates(&self) -> bool {
        self.dates > 0 && self.dates == self.texts.min(100) && self.numbers == 0
    }

    /// It counts up by one, but where it starts again.
    pub(super) fn counts(&self, least: usize) -> bool {
        self.steps + 1 >= least
            && self.fractions == 0
            && self.grouped == 0
            && self.by_one > 0
            && self.by_one * 50 >= self.steps * 48
    }

    /// It only grows, step by step.
    pub(super) fn grows(&self) -> bool {
        self.steps + 1 >= TELLING && self.grouped == 0 && self.up * 100 >= self.steps * 99
    }

    /// It never falls, but where it starts again.
    fn runs_on(&self) -> bool {
        self.up > 0 && (self.up + self.level) * 50 >= self.steps * 48
    }

    /// The number that may stand for no value: it is far from all others.
    pub(super) fn suspect(&self) -> Option<&str> {
        let sentinel = self.sentinel.as_deref()?;
        let size = sentinel.parse::<f64>().ok()?.abs();
        (self.largest > 0.0 && self.largest * 4.0 < size).then_some(sentinel)
    }
}

fn number(cell: &str, numerals: &Numerals) -> Option<f64> {
    match numerals.decimal {
        '.' if numerals.thousands.is_none() => cell.parse().ok().filter(|x: &f64| x.is_finite()),
        _ => numerals.plain(cell)?.parse().ok(),
    }
}

/// Words of a title, in lower case.
fn words(title: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = 'a';
    for c in title.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

pub(super) fn names_a_time(title: &str) -> bool {
    const TIMES: [&str; 18] = [
        "t",
        "time",
        "timestamp",
        "timestamps",
        "datetime",
        "date",
        "ts",
        "epoch",
        "clock",
        "seconds",
        "millis",
        "elapsed",
        "zeit",
        "zeitstempel",
        "temps",
        "heure",
        "tiempo",
        "hora",
    ];
    words(title)
        .iter()
        .any(|word| TIMES.contains(&word.as_str()))
}

pub(super) fn names_a_subject(title: &str) -> bool {
    const SUBJECTS: [&str; 17] = [
        "subject",
        "subjects",
        "subj",
        "participant",
        "person",
        "patient",
        "user",
        "userid",
        "pid",
        "id",
        "uid",
        "proband",
        "vp",
        "trial",
        "session",
        "subjectid",
        "experiment",
    ];
    // `user acceleration` is of a user and none.
    let words = words(title);
    let counts = |word: &&String| !matches!(word.as_str(), "number" | "no" | "nr" | "code");
    let last = words.iter().rev().find(counts);
    last.is_some_and(|word| SUBJECTS.contains(&word.as_str()))
}

/// Whether a column looks like a time.
pub(super) fn is_clock(title: &str, cells: &Cells) -> bool {
    cells.is_dates() || (names_a_time(title) && cells.numbers > 1 && cells.runs_on())
}
