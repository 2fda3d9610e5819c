//! A table written in any dialect is read as the same numbers with the right line numbers, or
//! refused, and never read as others.

use super::tests::{asked, open};
use super::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestCaseError;

/// A way to write a table.
#[derive(Clone, Debug)]
struct Style {
    delimiter: char,
    decimal: char,
    thousands: Option<char>,
    digits: usize,
    end: &'static str,
    quoted: bool,
    preamble: usize,
    blank: usize,
    mark: &'static str,
    /// Columns in another order.
    turned: usize,
    encoding: usize,
    units: bool,
    index: bool,
    trailing: bool,
    last_end: bool,
}

fn styles() -> impl Strategy<Value = Style> {
    let layout = (
        prop::sample::select(vec![',', ';', '\t', '|']),
        prop::sample::select(vec!['.', ',']),
        prop::sample::select(vec![
            None,
            None,
            Some(' '),
            Some('\''),
            Some('.'),
            Some(','),
        ]),
        0usize..5,
        prop::sample::select(vec!["\n", "\r\n", "\r"]),
        any::<bool>(),
        0usize..4,
        0usize..3,
    );
    let rest = (
        prop::sample::select(vec!["NA", "", "?", "NaN", "null"]),
        0usize..4,
        0usize..5,
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    (layout, rest).prop_map(|(a, b)| Style {
        delimiter: a.0,
        decimal: a.1,
        thousands: a.2.filter(|mark| *mark != a.1),
        digits: a.3,
        end: a.4,
        quoted: a.5,
        preamble: a.6,
        blank: a.7,
        mark: b.0,
        turned: b.1,
        encoding: b.2,
        units: b.3,
        index: b.4,
        trailing: b.5,
        last_end: b.6,
    })
}

impl Style {
    fn number(&self, value: f64) -> String {
        let plain = format!("{:.*}", self.digits, value.abs());
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut text = String::from(if value < 0.0 { "-" } else { "" });
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                text.extend(self.thousands);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push(self.decimal);
            text += fraction;
        }
        text
    }

    fn row(&self, mut cells: Vec<String>) -> String {
        let turned = self.turned % cells.len();
        cells.rotate_left(turned);
        if self.trailing {
            cells.push(String::new());
        }
        let cells = cells.into_iter().map(|cell| {
            let must = cell.contains([self.delimiter, '"', '\n']);
            match must || (self.quoted && !cell.is_empty()) {
                true => format!("\"{}\"", cell.replace('"', "\"\"")),
                false => cell,
            }
        });
        cells.collect::<Vec<_>>().join(&self.delimiter.to_string())
    }

    /// The table as bytes, and the line of each row.
    fn write(&self, rows: &[(String, Vec<Option<f64>>)]) -> (Vec<u8>, Vec<u64>) {
        let mut lines: Vec<String> = Vec::new();
        for i in 0..self.preamble {
            lines.push(["Device: WX-1", "# of someone", "Serial: A17"][i % 3].into());
        }
        let mut titles = vec!["what".to_owned(), "x".to_owned(), "\u{f6}".to_owned()];
        let mut units = vec![String::new(), "m/s^2".to_owned(), "mV".to_owned()];
        if self.index {
            titles.insert(0, String::new());
            units.insert(0, String::new());
        }
        lines.push(self.row(titles));
        if self.units {
            lines.push(self.row(units));
        }
        let mut numbers = Vec::new();
        for (i, (label, values)) in rows.iter().enumerate() {
            for _ in 0..self.blank {
                lines.push(if i % 2 == 0 {
                    String::new()
                } else {
                    self.delimiter.to_string()
                });
            }
            let mut cells = vec![label.clone()];
            cells.extend(values.iter().map(|value| match value {
                Some(value) => self.number(*value),
                None => self.mark.to_owned(),
            }));
            if self.index {
                cells.insert(0, i.to_string());
            }
            numbers.push(lines.len() as u64 + 1);
            lines.push(self.row(cells));
        }
        let mut text = lines.join(self.end);
        if self.last_end {
            text += self.end;
        }
        let bytes = match self.encoding {
            0 => text.into_bytes(),
            1 => [b"\xef\xbb\xbf".to_vec(), text.into_bytes()].concat(),
            2 => encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
            3 => std::iter::once(0xfeff)
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect(),
            _ => std::iter::once(0xfeff)
                .chain(text.encode_utf16())
                .flat_map(u16::to_be_bytes)
                .collect(),
        };
        (bytes, numbers)
    }
}

type Found = (Vec<Recording>, Vec<String>, String);

/// Recordings, channels and notes.
fn read_bytes(bytes: Vec<u8>, options: &Options) -> Result<Found, String> {
    let source = Source::new("t.csv", std::io::Cursor::new(bytes));
    let mut reader = TableReader::new(source, options).map_err(|e| e.to_string())?;
    let found = reader
        .by_ref()
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| e.to_string())?;
    let notes = reader.notes().notes.join("\n");
    Ok((found, reader.channels().to_vec(), notes))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_dialect_is_read_as_the_same_numbers_or_refused(
        style in styles(),
        values in prop::collection::vec(
            (prop::sample::select(vec!["walk", "run", "r\u{e9}st"]), -1e5f64..1e5, -10.0f64..10.0,
                prop::option::weighted(0.1, 0usize..2)),
            3..40),
    ) {
        let rows: Vec<(String, Vec<Option<f64>>)> = values.iter().map(|(label, x, y, hole)| {
            let mut of_row = vec![Some(*x), Some(*y)];
            if let Some(hole) = hole { of_row[*hole] = None; }
            ((*label).to_owned(), of_row)
        }).collect();
        let (bytes, lines) = style.write(&rows);
        // Every row is a recording, so that each has its line.
        let options = Options {
            holes: Holes::Hold,
            windows: Some(Windows { length: 1, hop: 1 }),
            ..asked("what", "")
        };
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let Ok((found, names, notes)) = read_bytes(bytes, &options) else {
            // Refused: allowed, and seldom.
            return Ok(());
        };
        // Columns by name: one without a number that can be read may be missing.
        for name in &names {
            prop_assert!(["x", "\u{f6}"].contains(&name.as_str()), "{:?}\n{}", names, shown);
        }
        let text = |value: f64| format!("{:.*}", style.digits, value).parse::<f32>().unwrap();
        let mut last = [None, None];
        let mut expected = Vec::new();
        for ((label, of_row), line) in rows.iter().zip(&lines) {
            for (to, value) in last.iter_mut().zip(of_row) {
                *to = value.map(text).or(*to);
            }
            let sample: Vec<Option<f32>> = names.iter()
                .map(|name| last[usize::from(name != "x")]).collect();
            if sample.iter().all(Option::is_some) {
                let sample: Vec<f32> = sample.into_iter().flatten().collect();
                expected.push((label.clone(), *line, sample));
            }
        }
        let found: Vec<_> = found.into_iter()
            .map(|r| (r.label.unwrap_or_default(), r.line, r.samples)).collect();
        // A change of label ends a stream, and what is held ends with it.
        let same = found.iter().all(|f| expected.contains(f));
        // Points between thousands and nothing else in the file to tell them from decimal points:
        // what they were taken for is said.
        let said = notes.contains("--thousands . says otherwise");
        let same = same || (said && style.thousands == Some('.') && style.digits == 0);
        prop_assert!(same, "{:?}\n{:?}\n{:?}\n{}", style, found, expected, shown);
    }
}

/// How many of many dialects are read: refusing all of them would be no reading.
#[test]
fn most_dialects_are_read() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut read, mut all) = (0, 0);
    for _ in 0..300 {
        let style = styles().new_tree(&mut runner).unwrap().current();
        let rows: Vec<(String, Vec<Option<f64>>)> = (0..30)
            .map(|i| {
                let x = f64::from(i * 7_919 % 997) * 37.31 - 9_000.0;
                let y = f64::from(i * 31 % 17) / 3.7;
                let label = if i < 15 { "walk" } else { "r\u{e9}st" };
                (label.to_owned(), vec![Some(x), Some(y)])
            })
            .collect();
        let (bytes, _) = style.write(&rows);
        let outcome = read_bytes(bytes, &asked("what", ""));
        all += 1;
        match outcome {
            Ok((found, names, _)) => {
                read += usize::from(names.len() == 2 && found.len() == 2);
            }
            Err(reason) => assert!(reason.contains("--"), "{style:?}: {reason}"),
        }
    }
    assert!(read * 100 >= all * 90, "{read} of {all}");
}

/// A way to write a moment.
fn moment(ns: i64, way: usize) -> String {
    let stamp = jiff::Timestamp::from_nanosecond(ns.into()).unwrap();
    let of = |format: &str| stamp.strftime(format).to_string();
    match way {
        0 => stamp.to_string(),
        1 => of("%Y-%m-%d %H:%M:%S%.f"),
        2 => of("%Y/%m/%d %H:%M:%S.%3f"),
        3 => of("%d.%m.%Y %H:%M:%S.%3f"),
        4 => of("%d/%m/%Y %H:%M:%S:%3f"),
        5 => of("%m/%d/%Y %I:%M:%S.%3f %p"),
        6 => of("%d-%b-%Y %H:%M:%S.%3f"),
        7 => of("%Y-%m-%dT%H:%M:%S.%3f+00:00"),
        8 => (ns / 1_000_000).to_string(),
        9 => (ns / 1_000).to_string(),
        10 => ns.to_string(),
        11 => format!("{}.{:03}", ns / 1_000_000_000, ns / 1_000_000 % 1_000),
        _ => of("%H:%M:%S.%3f"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever way times are written in, the rate and the breaks are the same.
    #[test]
    fn every_way_to_write_a_time_gives_the_same_rate_and_gaps(
        way in 0usize..13, day in 0i64..9_000, ms in 0i64..86_000_000, period in 4i64..400,
        gap in 20usize..60, missing in 5i64..4_000, back in any::<bool>(),
    ) {
        let begun = (1_000_000_000 + day * 86_400) * 1_000_000_000 + ms * 1_000_000;
        let jump = if back { -period - missing * 20 } else { missing * period };
        let mut text = String::from("t,what,x\n");
        for i in 0..80usize {
            let late = if i < gap { 0 } else { jump };
            let ns = begun + (i as i64 * period + late) * 1_000_000;
            text += &format!("{},a,{}\n", moment(ns, way), i * 7 % 10);
        }
        // A clock without a date goes on after midnight, and what is beyond half a day is unknown.
        let span = (period * 80 + jump.abs() + 1_000) * 1_000_000;
        let midnight = begun.rem_euclid(86_400_000_000_000);
        prop_assume!(way < 12 || (midnight > span && midnight + span < 86_400_000_000_000));
        let (found, _, notes) = read_bytes(text.clone().into_bytes(), &asked("what", "t"))
            .map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(found.len(), 2, "{}\n{}", notes, text);
        prop_assert_eq!(found[1].line, gap as u64 + 2);
        let reader = open(&text, &asked("what", "t")).unwrap();
        let expected = 1e3 / period as f64;
        let rate = reader.rate().unwrap();
        prop_assert!((rate / expected - 1.0).abs() < 2e-3, "{} for {}\n{}", rate, expected, text);
    }
}
