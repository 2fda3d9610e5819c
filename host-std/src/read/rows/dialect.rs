//! How a table is written, told from its first lines: what is between the fields, where the header
//! is, how numbers are written.
//!
//! Every delimiter is tried. What tells is the longest stretch of records with one number of
//! fields of which some are numbers; what stands above it is a preamble. Where columns are named,
//! the header is the first line that has all of them. The user's word goes before all of this.

use std::collections::HashSet;

use super::header::{
    alike, header_of, is_number, is_short, is_units, is_value, named_header, run, title,
};
use super::number::{Evidence, Numerals};
use super::split::{Delimiter, Record, Splitter, Unsplit};
use crate::read::text::{canonical, foreign};
use crate::read::{InputError, shown};

/// Lines that are looked at, preamble and rows.
pub const HEAD_LINES: usize = 1_500;
/// Rows whose types are looked at.
pub(super) const LOOK: usize = 100;

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
    /// The line on which a quote opens that none closes.
    open: Option<u64>,
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
    let mut delimiter = wishes.delimiter.map(delimiter_of);
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
        if let Some(line) = layout.open {
            return Err(fault(Some(line), Unsplit::Open.to_string()));
        }
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
            "line {} holds no titles: read without a header, {} (--skip-lines N says that there is one \
             below line N)",
            first.line,
            match titles.len() {
                1 => "the column is called 1".to_owned(),
                n => format!("the columns are called 1 to {n}"),
            }
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

/// The columns that are named for what they say and not as channels.
fn places_of(titles: &[String], wishes: &Wishes) -> Vec<usize> {
    let found = wishes.names.iter().filter_map(|name| places(titles, name));
    // Times have marks of their own; only texts are asked to keep out.
    let texts = found.filter(|places| places.len() > 1);
    texts.flatten().collect()
}

/// What a character that was asked for divides by: a space, any run of them.
pub fn delimiter_of(c: char) -> Delimiter {
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
    let mut seen = HashSet::new();
    for title in titles {
        if !title.is_empty() && !seen.insert(title) {
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

/// The records of `lines`, and the line on which a quote opens that none closes.
fn records(
    lines: &[(u64, String)],
    delimiter: Delimiter,
) -> Result<(Vec<Record>, Option<u64>), Missed> {
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
    let open = splitter.is_open().then(|| splitter.line());
    Ok((found, open))
}

fn layout(
    lines: &[(u64, String)],
    delimiter: Delimiter,
    wishes: &Wishes,
) -> Result<Layout, Missed> {
    let (records, open) = records(lines, delimiter)?;
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
        // No length of what has not the columns that are named makes up for them.
        score += 1e9;
    }
    Ok(Layout {
        delimiter,
        records,
        header,
        short,
        units,
        first,
        open,
        wide,
        share,
        score,
    })
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
mod tests;
