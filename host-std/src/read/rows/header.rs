//! Where the header of a table is, if there is one, and where its rows begin.

use super::dialect::{HEAD_LINES, LOOK, places};
use super::number::{Evidence, Numerals, is_hexadecimal};
use super::split::Record;
use crate::read::text::canonical;
use crate::read::time::date::{self, Order};

/// Whether two records have as many fields, but for an empty one at the end.
pub(super) fn alike(a: &Record, b: &Record) -> bool {
    let ends_empty = |r: &Record| r.len() > 1 && r.get(r.len() - 1) == Some("");
    match a.len().cmp(&b.len()) {
        std::cmp::Ordering::Equal => true,
        std::cmp::Ordering::Greater => a.len() - 1 == b.len() && ends_empty(a),
        std::cmp::Ordering::Less => b.len() - 1 == a.len() && ends_empty(b),
    }
}

pub(super) fn is_number(cell: &str) -> bool {
    is_hexadecimal(cell) || Evidence::default().see(cell)
}

pub(super) fn is_value(cell: &str, numerals: &Numerals) -> bool {
    numerals.is_missing(cell) || is_number(cell)
}

/// The record that has all the names as its fields; of several, that with the most rows below it.
pub(super) fn named_header(records: &[Record], names: &[String]) -> Option<usize> {
    let by_number = names.iter().all(|name| name.parse::<u32>().is_ok());
    if names.is_empty() {
        return None;
    }
    let has_names = |record: &Record| {
        let titles: Vec<String> = record.iter().map(title).collect();
        names.iter().all(|name| places(&titles, name).is_some())
            // Numbers name columns without titles; a row of data is no header for that.
            && !(by_number && record.iter().any(is_number))
    };
    let rows_below = |at: usize| {
        let rows = records[at + 1..].iter().take(HEAD_LINES);
        rows.take_while(|row| alike(&records[at], row) || row.len() == records[at].len() + 1)
            .count()
    };
    let mut best: Option<(usize, usize)> = None;
    for at in (0..records.len()).filter(|&at| has_names(&records[at])) {
        let rows = rows_below(at);
        if best.is_none_or(|(_, most)| rows > most) {
            best = Some((at, rows));
        }
    }
    best.map(|(at, _)| at)
}

/// Where the longest stretch of alike records with numbers begins: the first that is at least half
/// as long.
pub(super) fn run(records: &[Record]) -> usize {
    let mut lengths = vec![1usize; records.len()];
    for i in (0..records.len().saturating_sub(1)).rev() {
        if alike(&records[i], &records[i + 1]) {
            lengths[i] = lengths[i + 1] + 1;
        }
    }
    let has_number: Vec<bool> = records.iter().map(|r| r.iter().any(is_number)).collect();
    let valid = |i: &usize| {
        let rows = &has_number[*i..(*i + lengths[*i]).min(*i + LOOK)];
        let with = rows.iter().filter(|has| **has).count();
        with * 2 >= rows.len().saturating_sub(1).max(1)
    };
    let candidates: Vec<usize> = (0..records.len()).filter(valid).collect();
    let longest = candidates.iter().map(|i| lengths[*i]).max().unwrap_or(0);
    let first = candidates.into_iter().find(|i| lengths[*i] * 2 >= longest);
    first.unwrap_or(0)
}

/// The header, whether it is one title short, and the first row, where nobody names a column.
pub(super) fn header_of(records: &[Record], marks: &Numerals) -> (Option<usize>, bool, usize) {
    let start = run(records);
    let rows = &records[start.min(records.len())..];
    let length = rows
        .windows(2)
        .take_while(|pair| alike(&pair[0], &pair[1]))
        .count()
        + 1;
    let rows = &rows[..length.min(rows.len())];
    // What the columns hold is told by the rows further down.
    let sample = &rows[rows.len() / 2..rows.len().min(rows.len() / 2 + LOOK)];
    let width = rows.first().map_or(0, Record::len);
    let numeric: Vec<usize> = (0..width)
        .filter(|&i| {
            let cells = sample.iter().map(|r| r.get(i).unwrap_or_default());
            cells.filter(|c| is_number(c)).count() * 2 >= sample.len().max(1)
        })
        .collect();
    // A column of dates has one in every row.
    let is_date = |cell: &str| {
        date::read(cell, Order::DayFirst).is_some() || date::read(cell, Order::MonthFirst).is_some()
    };
    let dates: Vec<usize> = (0..width)
        .filter(|i| !numeric.contains(i))
        .filter(|&i| {
            let mut cells = sample.iter().map(|r| r.get(i).unwrap_or_default());
            cells.all(is_date)
        })
        .collect();
    let is_row = |record: &Record| {
        if !dates.iter().all(|&i| record.get(i).is_some_and(is_date)) {
            return false;
        }
        let cells = numeric.iter().map(|&i| record.get(i).unwrap_or_default());
        let values = cells.clone().filter(|c| is_value(c, marks)).count();
        let numbers = cells.filter(|c| is_number(c)).count();
        numbers > 0 && values * 2 >= numeric.len()
    };
    let texts_of_rows =
        |i: usize, text: &str| !text.is_empty() && sample.iter().any(|r| r.get(i) == Some(text));
    let is_whole = |record: &Record| {
        let mut cells = numeric.iter().map(|&i| record.get(i).unwrap_or_default());
        cells.all(|cell| is_value(cell, marks))
    };
    let mut first = rows.iter().position(is_row).unwrap_or(1);
    if first == 0 && !rows.first().is_some_and(is_whole) {
        // A preamble may hold numbers too. It ends with the header, and most of it is no row.
        let no_rows = rows.iter().map(|row| usize::from(!is_row(row)));
        let mut count = 0;
        for (i, no_row) in no_rows.enumerate().take(LOOK * 2) {
            count += no_row;
            let header = no_row == 1 && !rows[i].iter().any(is_number);
            if header && count * 2 > i && i + 1 < rows.len() {
                first = i + 1;
            }
        }
    }
    if numeric.is_empty() {
        return (Some(start), false, start + 1);
    }
    // A row whose numbers are bad is a row all the same, if its texts are those of rows.
    while first > 1
        && (0..width).any(|i| {
            !numeric.contains(&i) && texts_of_rows(i, rows[first - 1].get(i).unwrap_or_default())
        })
    {
        first -= 1;
    }
    if first > 1 && rows[first - 1].iter().any(is_number) {
        // What is directly above holds numbers: a preamble, and no header below it.
        return (None, false, start + first);
    }
    if first > 0 {
        let header = if first > 1 && is_units(&rows[first - 1]) {
            first - 2
        } else {
            first - 1
        };
        return (Some(start + header), false, start + header + 1);
    }
    if numbered(rows, &numeric) {
        return (Some(start), false, start + 1);
    }
    match start.checked_sub(1).and_then(|above| records.get(above)) {
        Some(above) if is_short(records, Some(start - 1), start) && above.len() + 1 == width => {
            (Some(start - 1), true, start)
        }
        _ => (None, false, start),
    }
}

/// Whether the first row has consecutive numbers from 0 or 1 for its titles.
fn numbered(rows: &[Record], numeric: &[usize]) -> bool {
    let [head, second, ..] = rows else {
        return false;
    };
    let titles: Vec<Option<u32>> = numeric
        .iter()
        .map(|&i| head.get(i).and_then(|t| t.parse().ok()))
        .filter(|t| t.is_some() || numeric.len() < 3)
        .collect();
    let counts = |from: u32| titles.iter().zip(from..).all(|(t, n)| *t == Some(n));
    let goes_on = numeric.iter().all(|&i| {
        let parse = |r: &Record| r.get(i).and_then(|t| t.parse::<f64>().ok());
        matches!((parse(head), parse(second)), (Some(a), Some(b)) if b == a || b == a + 1.0)
    });
    titles.len() >= 3 && (counts(0) || counts(1)) && !goes_on
}

/// Whether a header lacks one title that all rows have a field for.
pub(super) fn is_short(records: &[Record], header: Option<usize>, first: usize) -> bool {
    let Some(header) = header.and_then(|h| records.get(h)) else {
        return false;
    };
    // A title that names what rows are numbered by is that of the first column, not of the second.
    let of_first = header.get(0).unwrap_or_default().to_lowercase();
    if ["t", "time", "timestamp", "date", "index", "id", "n", "row"].contains(&of_first.as_str()) {
        return false;
    }
    let rows = records.get(first..).unwrap_or_default();
    let full = |row: &Record| row.len() == header.len() + 1 && row.get(row.len() - 1) != Some("");
    let counts = |pair: &[Record]| {
        let number = |r: &Record| r.get(0).and_then(|t| t.parse::<u64>().ok());
        match (number(&pair[0]), number(&pair[1])) {
            (Some(a), Some(b)) => b == a + 1,
            (None, None) => pair[0].get(0).is_some_and(|t| !is_number(t)),
            _ => false,
        }
    };
    rows.len() > 1 && rows.iter().all(full) && rows.windows(2).all(counts)
}

/// Whether `text` is the name of a unit.
pub(super) fn is_unit(text: &str) -> bool {
    const UNITS: [&str; 56] = [
        "s",
        "ms",
        "us",
        "\u{b5}s",
        "ns",
        "sec",
        "seconds",
        "g",
        "mg",
        "m/s2",
        "m/s^2",
        "m/s\u{b2}",
        "rad/s",
        "deg/s",
        "dps",
        "\u{b0}/s",
        "ut",
        "\u{b5}t",
        "gauss",
        "mt",
        "t",
        "hpa",
        "pa",
        "kpa",
        "\u{b0}c",
        "c",
        "f",
        "k",
        "%",
        "v",
        "mv",
        "uv",
        "\u{b5}v",
        "a",
        "ma",
        "w",
        "hz",
        "khz",
        "bpm",
        "lux",
        "lx",
        "db",
        "m",
        "mm",
        "cm",
        "km",
        "km/h",
        "m/s",
        "n",
        "nm",
        "rpm",
        "counts",
        "deg",
        "rad",
        "unitless",
        "cal",
    ];
    UNITS.contains(&text.to_lowercase().as_str())
}

/// Whether a record holds the units of the columns above it.
pub(super) fn is_units(record: &Record) -> bool {
    let names_unit = |cell: &str| {
        let bare = cell.trim_matches(['(', ')', '[', ']']);
        bare.len() < cell.len() || is_unit(bare)
    };
    let said: Vec<&str> = record.iter().filter(|c| !matches!(*c, "" | "-")).collect();
    !said.is_empty()
        && said.iter().all(|cell| names_unit(cell))
        && !said.iter().any(|c| is_number(c))
}

pub(super) fn title(text: &str) -> String {
    // numpy writes its header as a remark.
    canonical(text).into_owned()
}
