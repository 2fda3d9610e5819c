//! How a table is written, told from its first lines: what is between the fields, where the header
//! is, how numbers are written.
//!
//! Every delimiter is tried. What tells is the longest stretch of records with one number of
//! fields of which some are numbers; what stands above it is a preamble. Where columns are named,
//! the header is the first line that has all of them. The user's word goes before all of this.

use super::number::{Evidence, Numerals, is_hexadecimal};
use super::split::{Delimiter, Record, Splitter, Unsplit};
use crate::read::text::{canonical, foreign};
use crate::read::{InputError, shown};

/// Lines that are looked at, preamble and rows.
pub const HEAD_LINES: usize = 1_500;
/// Rows whose types are looked at.
const LOOK: usize = 100;

/// What the user says of how a table is written.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// The character between the fields.
    pub delimiter: Option<char>,
    /// What is before the fraction of a number.
    pub decimal: Option<char>,
    /// What is between groups of three digits.
    pub thousands: Option<char>,
    /// What else stands for no value.
    pub marks: Vec<String>,
    /// Lines above the header.
    pub skip_lines: Option<u64>,
    /// There is no header.
    pub no_header: bool,
    /// Titles that must be there, each one title or several with commas between.
    pub names: Vec<String>,
}

/// How a table is written.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// What is between the fields.
    pub delimiter: Delimiter,
    /// How numbers are written.
    pub numerals: Numerals,
    /// The titles of the columns, their numbers where there is no header.
    pub titles: Vec<String>,
    /// The line of the header, if there is one.
    pub header: Option<u64>,
    /// The first line of the first row.
    pub first: u64,
    /// What to tell of it.
    pub notes: Vec<String>,
    /// What was found as the documentation says it is, for whoever asks.
    pub quiet: Vec<String>,
}

/// Whether a line is a remark and no row.
pub fn is_remark(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('#') || line.starts_with('%') || line.starts_with("//")
}

/// The places of the columns that `name` names: one title, or several with commas between.
pub fn places(titles: &[String], name: &str) -> Option<Vec<usize>> {
    let place = |title: &str| titles.iter().position(|t| *t == canonical(title));
    match place(name) {
        Some(at) => Some(vec![at]),
        None if name.contains(',') => name.split(',').map(place).collect(),
        None => None,
    }
}

/// A table as one delimiter makes it.
struct Layout {
    delimiter: Delimiter,
    records: Vec<Record>,
    header: Option<usize>,
    /// The header is one title short, as R writes it.
    short: bool,
    units: Option<usize>,
    first: usize,
    /// It has more than one column.
    wide: bool,
    /// The share of values that are numbers.
    share: f64,
    score: f64,
}

/// Tells the dialect of the table that begins with the lines `head`, of the file `file`.
pub fn tell(file: &str, head: &[(u64, String)], wishes: &Wishes) -> Result<Dialect, InputError> {
    let fault = |line: Option<u64>, reason: String| InputError {
        file: file.into(),
        line,
        reason,
    };
    let mut notes = Vec::new();
    let mut lines = head;
    if let Some(skip) = wishes.skip_lines {
        let from = lines.iter().position(|(n, _)| *n > skip);
        lines = from.map_or(&[], |from| &lines[from..]);
    }
    let mut delimiter = wishes.delimiter.map(chosen);
    if let Some(((_, first), rest)) = lines.split_first()
        && let Some(c) = first.trim().strip_prefix("sep=")
        && c.chars().count() <= 1
    {
        // What Excel writes and reads above the header.
        let said = c.bytes().next().unwrap_or(b'\t');
        delimiter = delimiter.or(Some(Delimiter::Char(said)));
        lines = rest;
    }
    if let Some(what) = lines.first().and_then(|(_, line)| foreign::by_line(line)) {
        return Err(fault(None, what.into()));
    }
    let candidates: Vec<Delimiter> = match delimiter {
        Some(one) => vec![one],
        None => {
            let chars = [b',', b';', b'\t', b'|'].into_iter().map(Delimiter::Char);
            chars.chain([Delimiter::Spaces]).collect()
        }
    };
    let mut best: Option<Layout> = None;
    for delimiter in candidates {
        // Spaces are within fields too, so they divide only what nothing else does.
        let divided = best.as_ref().is_some_and(|b| b.wide && b.share >= 0.3);
        if delimiter == Delimiter::Spaces && divided {
            continue;
        }
        let layout =
            layout(lines, delimiter, wishes).map_err(|(line, reason)| fault(line, reason))?;
        if best.as_ref().is_none_or(|b| layout.score > b.score) {
            best = Some(layout);
        }
    }
    let layout = match best {
        Some(layout) if !layout.records.is_empty() => layout,
        _ => return Err(fault(None, "holds no header".into())),
    };
    let header = layout.header.and_then(|h| layout.records.get(h));
    let Some(first) = layout.records.get(layout.first) else {
        return Err(fault(None, "holds no rows below the header".into()));
    };
    let mut titles: Vec<String> = match header {
        Some(record) => record.iter().map(title).collect(),
        None => (1..=first.len()).map(|n| n.to_string()).collect(),
    };
    if layout.short {
        titles.insert(0, String::new());
    }
    check_names(&titles, wishes, header.or(Some(first)), header.is_some())
        .map_err(|(line, reason)| fault(line, reason))?;
    if header.is_none() && wishes.skip_lines.is_none() && !wishes.no_header {
        let ending = file.to_ascii_lowercase();
        if (ending.ends_with(".tsv") || ending.ends_with(".txt")) && is_ucr(&layout) {
            return Err(fault(None, foreign::UCR.into()));
        }
        notes.push(format!(
            "line {} holds no titles: read without a header, the columns are called 1 to {} \
             (--skip-lines N says that there is one below line N)",
            first.line,
            titles.len()
        ));
    }
    let top = header.map_or(first.line, |h| h.line);
    let above = lines
        .iter()
        .filter(|(n, l)| *n < top && !l.trim().is_empty());
    let (remarks, others): (Vec<_>, Vec<_>) = above.partition(|(_, l)| is_remark(l));
    if let (Some((from, _)), None) = (others.first(), wishes.skip_lines) {
        let from = remarks.first().map_or(*from, |(n, _)| *n.min(from));
        notes.push(match top - 1 {
            to if to == from => format!(
                "line {from} is above the table and left out (--skip-lines says otherwise)"
            ),
            to => format!(
                "lines {from} to {to} are above the table and left out (--skip-lines says otherwise)"
            ),
        });
    }
    if layout.short {
        notes.push(
            "the header has one title less than the rows have fields: the first column has none, \
             as R writes row names"
                .into(),
        );
    }
    if let Some(units) = layout.units.and_then(|u| layout.records.get(u)) {
        notes.push(format!("line {} holds units and is left out", units.line));
    }
    let rows = &layout.records[layout.first..];
    let mut evidence = Evidence::default();
    // Cells of columns that hold numbers; a text that looks like a number tells nothing.
    let width = titles.len();
    let mut numeric = vec![0usize; width];
    for row in rows.iter().take(LOOK) {
        for (to, cell) in numeric.iter_mut().zip(row.iter()) {
            *to += usize::from(Evidence::default().see(cell));
        }
    }
    let asked = places_of(&titles, wishes);
    for row in rows.iter().take(LOOK * 10) {
        for (i, cell) in row.iter().enumerate().take(width) {
            if numeric[i] * 2 >= rows.len().min(LOOK) && !asked.contains(&i) {
                evidence.see(cell);
            }
        }
    }
    let (mut numerals, said) = evidence
        .decide(wishes.decimal, wishes.thousands)
        .map_err(|reason| fault(Some(first.line), reason))?;
    numerals.marks.clone_from(&wishes.marks);
    notes.extend(said);
    let quiet = vec![
        format!("fields have {} between them", layout.delimiter.name()),
        match header {
            Some(header) => format!("line {} is the header", header.line),
            None => format!("the first row is line {}", first.line),
        },
        format!("numbers have a decimal `{}`", numerals.decimal),
    ];
    if matches!(layout.delimiter, Delimiter::Spaces | Delimiter::Char(b'|'))
        && wishes.delimiter.is_none()
    {
        notes.push(format!("{} (--delimiter says otherwise)", quiet[0]));
    }
    Ok(Dialect {
        delimiter: layout.delimiter,
        numerals,
        titles,
        header: header.map(|h| h.line),
        first: first.line,
        notes,
        quiet,
    })
}

fn title(text: &str) -> String {
    // numpy writes its header as a remark.
    canonical(text).into_owned()
}

/// The columns that are named for what they say and not as channels.
fn places_of(titles: &[String], wishes: &Wishes) -> Vec<usize> {
    let found = wishes.names.iter().filter_map(|name| places(titles, name));
    // Times have marks of their own; only texts are asked to keep out.
    let texts = found.filter(|places| places.len() > 1);
    texts.flatten().collect()
}

fn chosen(c: char) -> Delimiter {
    match c {
        ' ' => Delimiter::Spaces,
        c => Delimiter::Char(u8::try_from(c).unwrap_or(b',')),
    }
}

type Missed = (Option<u64>, String);

fn check_names(
    titles: &[String],
    wishes: &Wishes,
    top: Option<&Record>,
    has_header: bool,
) -> Result<(), Missed> {
    let line = top.map(|record| record.line);
    for (i, title) in titles.iter().enumerate() {
        if !title.is_empty() && titles[..i].contains(title) {
            let reason = format!(
                "the column `{}` is there twice; rename one of them",
                shown(title)
            );
            return Err((line, reason));
        }
    }
    for name in &wishes.names {
        if places(titles, name).is_none() {
            return Err((line, no_column(titles, name, has_header)));
        }
    }
    Ok(())
}

/// Why there is no column `name`.
pub fn no_column(titles: &[String], name: &str, has_header: bool) -> String {
    let mut there: Vec<String> = titles.iter().take(30).map(|t| shown(t)).collect();
    if titles.len() > there.len() {
        there.push(format!("… {} more", titles.len() - there.len()));
    }
    let near = titles.iter().find(|t| t.eq_ignore_ascii_case(name));
    let hint = match near {
        Some(title) => format!("; is `{}` meant?", shown(title)),
        None if !has_header => {
            "; there is no header: columns go by their numbers, or give --skip-lines".into()
        }
        None => "; if the header is further down give --skip-lines".into(),
    };
    format!(
        "no column `{}`; there are: {}{hint}",
        shown(name),
        there.join(", ")
    )
}

/// Whether two records have as many fields, but for an empty one at the end.
fn alike(a: &Record, b: &Record) -> bool {
    let ends_empty = |r: &Record| r.len() > 1 && r.get(r.len() - 1) == Some("");
    match a.len().cmp(&b.len()) {
        std::cmp::Ordering::Equal => true,
        std::cmp::Ordering::Greater => a.len() - 1 == b.len() && ends_empty(a),
        std::cmp::Ordering::Less => b.len() - 1 == a.len() && ends_empty(b),
    }
}

fn is_number(cell: &str) -> bool {
    is_hexadecimal(cell) || Evidence::default().see(cell)
}

fn is_value(cell: &str, numerals: &Numerals) -> bool {
    numerals.is_missing(cell) || is_number(cell)
}

fn records(lines: &[(u64, String)], delimiter: Delimiter) -> Result<Vec<Record>, Missed> {
    let mut splitter = Splitter::new(delimiter);
    let mut found: Vec<Record> = Vec::new();
    let mut remark: Option<Record> = None;
    for (line, text) in lines.iter().take(HEAD_LINES) {
        if !splitter.is_open() && is_remark(text) {
            // The last remark above the table may be its header, as numpy writes it.
            let bare = text.trim_start().trim_start_matches(['#', '%', '/']);
            remark = Splitter::new(delimiter).feed(*line, bare).ok().flatten();
            continue;
        }
        match splitter.feed(*line, text) {
            Ok(Some(record)) if record.is_blank() => {}
            Ok(Some(record)) => {
                if found.is_empty()
                    && let Some(above) = remark.take()
                    && alike(&above, &record)
                    && above.len() > 1
                    && above.line + 1 == record.line
                    && !above.iter().any(is_number)
                    && record.iter().any(is_number)
                {
                    found.push(above);
                }
                found.push(record);
            }
            Ok(None) => {}
            // A quote that is nowhere closed may be none under another delimiter.
            Err(Unsplit::Long | Unsplit::Open) => break,
            Err(fault) => return Err((Some(*line), fault.to_string())),
        }
    }
    Ok(found)
}

fn layout(
    lines: &[(u64, String)],
    delimiter: Delimiter,
    wishes: &Wishes,
) -> Result<Layout, Missed> {
    let records = records(lines, delimiter)?;
    let marks = Numerals {
        marks: wishes.marks.clone(),
        ..Numerals::default()
    };
    let named = match wishes.no_header {
        true => None,
        false => named_header(&records, &wishes.names),
    };
    let forced = wishes.skip_lines.is_some();
    let (header, short, first) = if wishes.no_header {
        (None, false, if forced { 0 } else { run(&records) })
    } else if forced {
        (Some(0), false, 1)
    } else if let Some(header) = named {
        (Some(header), false, header + 1)
    } else {
        header_of(&records, &marks)
    };
    let short = short || is_short(&records, header, first);
    let (units, first) = match records.get(first) {
        Some(record) if header.is_some() && is_units(record) => (Some(first), first + 1),
        _ => (None, first),
    };
    let rows = records.get(first..).unwrap_or_default();
    let length = rows
        .windows(2)
        .take_while(|pair| alike(&pair[0], &pair[1]))
        .count()
        + usize::from(!rows.is_empty());
    let (mut numbers, mut cells) = (0usize, 0usize);
    for row in rows.iter().take(length.min(LOOK)) {
        cells += row.len();
        numbers += row.iter().filter(|cell| is_value(cell, &marks)).count();
    }
    let share = numbers as f64 / cells.max(1) as f64;
    let wide = rows.first().is_some_and(|r| r.len() > 1);
    let mut score = (length + usize::from(header.is_some())) as f64 * (0.2 + share);
    if !wide {
        score *= 0.5;
    }
    if named.is_some() {
        score *= 10.0;
    }
    Ok(Layout {
        delimiter,
        records,
        header,
        short,
        units,
        first,
        wide,
        share,
        score,
    })
}

/// The first record that has all the names as its fields.
fn named_header(records: &[Record], names: &[String]) -> Option<usize> {
    let by_number = names.iter().all(|name| name.parse::<u32>().is_ok());
    if names.is_empty() {
        return None;
    }
    records.iter().position(|record| {
        let titles: Vec<String> = record.iter().map(title).collect();
        names.iter().all(|name| places(&titles, name).is_some())
            // Numbers name columns without titles; a row of data is no header for that.
            && !(by_number && record.iter().all(is_number))
    })
}

/// Where the longest stretch of alike records with numbers begins: the first that is at least half
/// as long.
fn run(records: &[Record]) -> usize {
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
fn header_of(records: &[Record], marks: &Numerals) -> (Option<usize>, bool, usize) {
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
    let is_row = |record: &Record| {
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
        Some(above) if above.len() + 1 == width && !above.iter().any(is_number) => {
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
fn is_short(records: &[Record], header: Option<usize>, first: usize) -> bool {
    let Some(header) = header.and_then(|h| records.get(h)) else {
        return false;
    };
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

/// Whether a record holds the units of the columns above it.
fn is_units(record: &Record) -> bool {
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
    let is_unit = |cell: &str| {
        let bare = cell.trim_matches(['(', ')', '[', ']']);
        bare.len() < cell.len() || UNITS.contains(&bare.to_lowercase().as_str())
    };
    let said: Vec<&str> = record.iter().filter(|c| !matches!(*c, "" | "-")).collect();
    !said.is_empty() && said.iter().all(|cell| is_unit(cell)) && !said.iter().any(|c| is_number(c))
}

/// Whether this is a table of the UCR archive: a class, then a series that is long.
fn is_ucr(layout: &Layout) -> bool {
    let rows = &layout.records[layout.first..];
    let class = |row: &Record| {
        let class = row.get(0).and_then(|t| t.parse::<f64>().ok());
        class.is_some_and(|c| c.fract() == 0.0 && c.abs() < 1e4)
    };
    let series = |row: &Record| row.len() >= 20 && row.iter().skip(1).all(is_number);
    rows.iter().take(LOOK).all(|row| class(row) && series(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell_of(text: &str, wishes: &Wishes) -> Result<Dialect, String> {
        let lines = (1..).zip(text.split('\n').map(str::to_owned));
        let lines: Vec<_> = lines.collect();
        tell("t.csv", &lines, wishes).map_err(|e| e.to_string())
    }

    fn found(text: &str) -> (String, Vec<String>, Option<u64>, u64) {
        let d = tell_of(text, &Wishes::default()).unwrap();
        (d.delimiter.name(), d.titles, d.header, d.first)
    }

    fn named(names: &[&str]) -> Wishes {
        Wishes {
            names: names.iter().map(|n| n.to_string()).collect(),
            ..Wishes::default()
        }
    }

    #[test]
    fn delimiters_are_told_apart() {
        for (text, name) in [
            ("a,b\n1,2\n", "commas"),
            ("a;b\n1,5;2,5\n2,5;3\n", "semicolons"),
            ("a\tb\n1\t2\n", "tabs"),
            ("a|b\n1|2\n", "`|`"),
            ("a b\n1  2\n 3 4\n", "spaces"),
            ("what, x\nup and down, 1\nup and down, 2\n", "commas"),
            ("x\n1\n2\n", "commas"),
        ] {
            assert_eq!(found(text).0, name, "{text:?}");
        }
    }

    #[test]
    fn the_header_is_found_below_a_preamble() {
        let rows = "t,x\n0,1\n1,2\n2,3\n3,4\n4,5\n5,6\n";
        for (above, header) in [
            ("", 1),
            ("Device: X\nSerial: 0\n\n", 4),
            ("# app 1.2\n# unit: g\n", 3),
            ("sep=,\n", 2),
            ("Model,1.1\nRate,50.0 Hz\nBy,someone\n", 4),
            (",,\n\"a note\nof two lines\"\n", 4),
        ] {
            let (_, titles, found, first) = found(&format!("{above}{rows}"));
            assert_eq!(
                (titles.as_slice(), found, first),
                (&["t".into(), "x".into()][..], Some(header), header + 1),
                "{above:?}"
            );
        }
        let d = tell_of("a,b\nt,x\n0,1\n", &named(&["x"])).unwrap();
        assert_eq!((d.header, d.notes.len()), (Some(2), 1));
        let error = tell_of("t,x\n0,1\n", &named(&["what"])).unwrap_err();
        assert_eq!(
            error,
            "t.csv, line 1: no column `what`; there are: t, x; if the header is \
            further down give --skip-lines"
        );
    }

    #[test]
    fn a_header_may_be_missing_short_or_of_numbers() {
        assert_eq!(found("0.1,2\n0.2,3\n").2, None);
        assert_eq!(found("walk,0.1,2\nwalk,0.2,3\n").1, ["1", "2", "3"]);
        assert_eq!(found(",0,1,2\n0,5,6.5,7\n1,5,2,7\n").2, Some(1));
        let (_, titles, header, first) = found("x y\n1 0.5 0.6\n2 0.7 0.8\n3 0.1 0.2\n");
        assert_eq!(
            (titles, header, first),
            (vec!["".into(), "x".into(), "y".into()], Some(1), 2)
        );
        let (_, titles, _, first) = found("t,x\ns,m/s^2\n0,1\n1,2\n");
        assert_eq!((titles.len(), first), (2, 3));
        assert_eq!(found("# t,x\n0.5,1\n1,2\n").1, ["t", "x"]);
        let no = Wishes {
            no_header: true,
            ..Wishes::default()
        };
        assert_eq!(tell_of("1,2\n3,4\n", &no).unwrap().first, 1);
        let skip = Wishes {
            skip_lines: Some(1),
            ..Wishes::default()
        };
        assert_eq!(
            tell_of("9,9,9\n1,2\n3,4\n", &skip).unwrap().titles,
            ["1", "2"]
        );
    }

    #[test]
    fn a_bad_first_row_is_no_header() {
        assert_eq!(found("what,x\na,hm\na,1\na,2\n").3, 2);
        assert_eq!(found("x,y\n1,bad\n2,3\n").3, 2);
        assert_eq!(found("activity,x,y\np,1,2\np,3,4,5\n").3, 2);
    }

    #[test]
    fn tables_of_other_kinds_are_named() {
        let error = tell_of("@RELATION x\n@DATA\n1,2\n", &Wishes::default()).unwrap_err();
        assert!(error.contains("ARFF"), "{error}");
        let row = (0..30)
            .map(|i| format!("\t{}", f64::from(i) / 7.0))
            .collect::<String>();
        let lines: Vec<_> = (1..9).map(|n| (n, format!("{}{row}", n % 2))).collect();
        let error = tell("Coffee_TRAIN.tsv", &lines, &Wishes::default()).unwrap_err();
        assert!(error.reason.contains("UCR archive"), "{error}");
    }
}
