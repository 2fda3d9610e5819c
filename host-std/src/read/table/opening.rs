//! What is decided before the first row is given: the dialect, the columns, the clock.

use std::collections::{HashMap, VecDeque};

use super::streams::Streams;
use super::{Counts, Options, TableReader, joined};
use crate::read::columns::{self, Columns};
use crate::read::rows::dialect::{self, Dialect, Wishes, is_remark};
use crate::read::rows::split::{Record, Splitter};
use crate::read::time::DAY;
use crate::read::time::pace::Pace;
use crate::read::time::stamp::Form;
use crate::read::{InputError, Remarks, Source, shown};

/// Cells that tell how times are written.
const LOOK: usize = 100;

/// Lines of a table and where they are.
type Lines = Vec<(u64, String)>;

pub(super) fn open(mut source: Source, options: &Options) -> Result<TableReader, InputError> {
    let mut options = options.clone();
    let head = read_head(&mut source, &options)?;
    let mut remarks = Remarks::default();
    let mut wishes = wishes(&options);
    if let Some(rate) = empatica(&head, &options) {
        remarks.notes.push(format!(
            "lines 1 and 2 are the start and the rate of an Empatica recording: {rate} Hz"
        ));
        wishes.skip_lines = Some(2);
        wishes.no_header = true;
        options.rate = options.rate.or(Some(rate));
    }
    let dialect = dialect::tell(source.name(), &head, &wishes)?;
    remarks.notes.extend(dialect.notes.iter().cloned());
    remarks.quiet.extend(dialect.quiet.iter().cloned());
    let mut splitter = Splitter::new(dialect.delimiter);
    let mut counts = Counts::default();
    let records = records(&source, &head, &dialect, &mut splitter, &mut counts)?;
    if records.is_empty() {
        return Err(source.error_at(None, "holds no rows below the header"));
    }
    let has_header = dialect.header.is_some();
    let top = dialect.header.or(Some(dialect.first));
    let columns = columns::tell(
        &dialect.titles,
        has_header,
        &records,
        &dialect.numerals,
        &options.asked,
    )
    .map_err(|reason| source.error_at(top, reason))?;
    remarks.notes.extend(columns.notes.iter().cloned());
    remarks
        .quiet
        .push(format!("channels: {}", columns.names.join(", ")));
    let form = form(
        &source,
        &dialect,
        &columns,
        &records,
        &options,
        &mut remarks,
    )?;
    let pace = match &form {
        Some(form) => pace(&records, &columns, form, &options),
        None => None,
    };
    let rate = rate(&pace, &head, &dialect, &options, &mut remarks);
    let holes = columns
        .channels
        .iter()
        .map(|&at| {
            let cells = records.iter().map(|r| r.get(at).unwrap_or_default());
            cells
                .filter(|cell| dialect.numerals.is_missing(cell))
                .count()
        })
        .collect();
    let streams = Streams::new(
        columns.channels.len(),
        &options,
        pace.map(|(pace, _)| pace),
        rate,
        columns.label.is_some(),
    );
    let rows = records.len();
    let mut notes = source.take_notes();
    notes.append(&mut remarks.notes);
    remarks.notes = notes;
    Ok(TableReader {
        source,
        options,
        dialect,
        columns,
        holes: (holes, rows),
        form,
        rate,
        splitter,
        ahead: VecDeque::from(records),
        streams,
        ready: VecDeque::new(),
        notes: remarks,
        counts,
        done: false,
    })
}

fn read_head(source: &mut Source, options: &Options) -> Result<Lines, InputError> {
    let mut head = Vec::new();
    let mut bytes = 0;
    while head.len() < options.ahead.lines && bytes < options.ahead.bytes {
        let Some(line) = source.next_raw()? else {
            break;
        };
        bytes += line.len() + 32;
        let line = line.to_owned();
        head.push((source.line(), line));
    }
    if head.iter().all(|(_, line)| line.trim().is_empty()) {
        return Err(source.error_at(None, "holds no header"));
    }
    Ok(head)
}

/// The wishes, with the titles that must be in the header.
fn wishes(options: &Options) -> Wishes {
    let mut wishes = options.wishes.clone();
    let asked = &options.asked;
    for (name, optional) in [&asked.label, &asked.time, &asked.group]
        .into_iter()
        .flatten()
    {
        if !optional {
            wishes.names.push(name.clone());
        }
    }
    wishes.names.extend(asked.channels.iter().cloned());
    wishes.names.extend(asked.without.iter().cloned());
    wishes
}

/// The rate that an Empatica recording begins with: a line of when, a line of how often.
fn empatica(head: &Lines, options: &Options) -> Option<f64> {
    let wishes = &options.wishes;
    if wishes.skip_lines.is_some() || wishes.no_header {
        return None;
    }
    let same = |line: &str| {
        let mut cells = line.split([',', ';']).map(|c| c.trim().parse::<f64>().ok());
        let first = cells.next()??;
        cells.all(|cell| cell == Some(first)).then_some(first)
    };
    let [(_, start), (_, rate), ..] = head.as_slice() else {
        return None;
    };
    let (start, rate) = (same(start)?, same(rate)?);
    ((1e9..4e9).contains(&start) && (0.01..=1e4).contains(&rate)).then_some(rate)
}

fn records(
    source: &Source,
    head: &Lines,
    dialect: &Dialect,
    splitter: &mut Splitter,
    counts: &mut Counts,
) -> Result<Vec<Record>, InputError> {
    let mut records = Vec::new();
    for (line, text) in head.iter().filter(|(line, _)| *line >= dialect.first) {
        if !splitter.is_open() && is_remark(text) {
            counts.remarks += 1;
            continue;
        }
        match splitter.feed(*line, text) {
            Ok(Some(record)) if record.is_blank() => {}
            Ok(Some(record)) => records.push(record),
            Ok(None) => {}
            Err(fault) => return Err(source.error_at(Some(*line), fault.to_string())),
        }
    }
    Ok(records)
}

fn form(
    source: &Source,
    dialect: &Dialect,
    columns: &Columns,
    records: &[Record],
    options: &Options,
    remarks: &mut Remarks,
) -> Result<Option<Form>, InputError> {
    let (told, has_rate) = (&options.times, options.rate.is_some());
    let [first, ..] = columns.time[..] else {
        return Ok(None);
    };
    let cells: Vec<String> = records
        .iter()
        .take(LOOK)
        .map(|record| joined(record, &columns.time))
        .collect();
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    let title = match columns.time.len() {
        1 => dialect.titles[first].as_str(),
        _ => "",
    };
    let told = Form::tell(title, &cells, &dialect.numerals, told);
    let told = told.and_then(|(form, notes)| {
        let said = |cell: &&&str| !dialect.numerals.is_missing(cell);
        match cells
            .iter()
            .filter(said)
            .find_map(|cell| form.read(cell).err())
        {
            // With a rate given the times are not needed.
            Some(reason) if has_rate => Err(reason),
            _ => Ok((form, notes)),
        }
    });
    let (form, notes) = match told {
        Ok(told) => told,
        Err(reason) if has_rate => {
            remarks.notes.push(format!(
                "the times are not used, so gaps are not seen, and the rate is as given: {reason}"
            ));
            return Ok(None);
        }
        Err(reason) => {
            return Err(source.error_at(records.first().map(|r| r.line), reason));
        }
    };
    remarks.notes.extend(notes);
    Ok(Some(form))
}

/// The pace of the rows read ahead, and the time they span in nanoseconds.
fn pace(
    records: &[Record],
    columns: &Columns,
    form: &Form,
    options: &Options,
) -> Option<(Pace, f64)> {
    let mut runs: HashMap<&str, Vec<i64>> = HashMap::new();
    let mut resolution = i64::MAX;
    for record in records {
        let Ok(stamp) = form.read(&joined(record, &columns.time)) else {
            continue;
        };
        let group = columns
            .group
            .and_then(|at| record.get(at))
            .unwrap_or_default();
        let run = runs.entry(group).or_default();
        let mut ns = stamp.ns;
        if let Some(last) = run.last()
            && stamp.undated
        {
            ns = after_midnight(*last, ns);
        }
        resolution = resolution.min(stamp.resolution);
        run.push(ns);
    }
    let mut runs: Vec<Vec<i64>> = runs.into_values().collect();
    runs.sort();
    let span: f64 = runs
        .iter()
        .flat_map(|run| run.windows(2))
        .map(|pair| (pair[1] - pair[0]).max(0) as f64)
        .sum();
    let gap = options.gap.map(|seconds| seconds * 1e9);
    Pace::of(&runs, resolution, gap).map(|pace| (pace, span))
}

/// A clock without a date, on the day that follows `last`.
pub(super) fn after_midnight(last: i64, ns: i64) -> i64 {
    let days = (last - ns + DAY / 2).div_euclid(DAY);
    ns + days.max(0) * DAY
}

fn rate(
    pace: &Option<(Pace, f64)>,
    head: &Lines,
    dialect: &Dialect,
    options: &Options,
    remarks: &mut Remarks,
) -> Option<f64> {
    let by_time = pace.as_ref().map(|(pace, span)| pace.rate(*span));
    if let Some(given) = options.rate {
        if let Some(by_time) = by_time
            && (by_time / given - 1.0).abs() > 0.05
        {
            remarks.notes.push(format!(
                "the times say {} Hz; {given} Hz is used, as --rate or the file says",
                rounded(by_time)
            ));
        }
        return Some(given);
    }
    if let Some((pace, _)) = pace
        && pace.shared
    {
        remarks.notes.push(format!(
            "rows share their times: spread evenly, they come at {} Hz",
            rounded(by_time.unwrap_or(0.0))
        ));
    }
    if by_time.is_some() {
        return by_time;
    }
    // Exports without a time tell the rate above the table.
    let top = dialect.header.unwrap_or(dialect.first);
    let above = head.iter().take_while(|(line, _)| *line < top);
    let told: Vec<(&u64, &str, f64)> = above
        .filter_map(|(line, text)| Some((line, text.as_str(), told_rate(text)?)))
        .collect();
    let of_rate = |(_, text, _): &&(&u64, &str, f64)| {
        let text = text.to_lowercase();
        ["rate", "sampl", "freq", " at "]
            .iter()
            .any(|word| text.contains(word))
    };
    let first = told.iter().find(of_rate).or(told.first());
    let (line, text, rate) = *first?;
    if told.iter().any(|(.., other)| *other != rate) && told.iter().filter(of_rate).count() != 1 {
        remarks.notes.push(format!(
            "the lines above the table speak of several rates, and none is taken (--rate says which): \
             {}",
            shown(text)
        ));
        return None;
    }
    remarks.notes.push(format!(
        "line {line} says {rate} Hz, which is taken for the rate (--rate says otherwise): {}",
        shown(text)
    ));
    Some(rate)
}

pub(super) fn rounded(rate: f64) -> f64 {
    (rate * 1e3).round() / 1e3
}

/// The rate that a line of a preamble tells, as in `at 30 Hz`.
fn told_rate(line: &str) -> Option<f64> {
    let words: Vec<&str> = line
        .split([' ', ',', ';', ':', '\t', '"'])
        .filter(|word| !word.is_empty())
        .collect();
    let at = words
        .iter()
        .position(|word| word.eq_ignore_ascii_case("hz"))?;
    let rate: f64 = words.get(at.checked_sub(1)?)?.parse().ok()?;
    (0.01..=1e5).contains(&rate).then_some(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_without_a_date_go_on_after_midnight() {
        let late = DAY - 10;
        assert_eq!(after_midnight(late, 20), DAY + 20);
        assert_eq!(after_midnight(late, late + 5), late + 5);
        assert_eq!(after_midnight(DAY + 20, 40), DAY + 40);
        assert_eq!(after_midnight(3 * DAY - 1, 5), 3 * DAY + 5);
        // A small step back is a step back.
        assert_eq!(after_midnight(1_000, 10), 10);
    }

    #[test]
    fn rates_of_preambles_are_read() {
        assert_eq!(told_rate("Measurement Frequency,50.0 Hz"), Some(50.0));
        assert_eq!(
            told_rate("--- date format M/d/yyyy at 30 Hz  Filter Normal ---"),
            Some(30.0)
        );
        assert_eq!(told_rate("Rate: 100"), None);
    }
}
