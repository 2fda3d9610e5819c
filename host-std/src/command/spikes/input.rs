//! What `encode` and `decode` read: lines, and tables of numbers.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::command::output;
use crate::read::rows::number::{Evidence, Numerals};
use crate::read::rows::split::{Delimiter, Splitter};
use crate::read::{Decoding, InputError, Source, shown};

/// A file, or standard input, and its name for messages.
pub struct Input {
    name: String,
    /// Lines and how many are before them.
    text: Vec<(usize, String)>,
    table: OnceCell<Cells>,
}

/// The cells of the lines, numbers in plain digits.
#[derive(Default)]
struct Cells {
    rows: Vec<(usize, Vec<String>)>,
}

impl Input {
    pub fn read(file: Option<&PathBuf>) -> Result<Self, Error> {
        let path = file.map_or(Path::new("-"), PathBuf::as_path);
        let mut source = Source::open(path, Decoding::default())?;
        let mut text = Vec::new();
        while let Some(line) = source.next_line()? {
            let line = line.to_owned();
            text.push((source.line() as usize - 1, line));
        }
        source.take_notes().iter().for_each(output::note);
        Ok(Self {
            name: source.name().to_owned(),
            text,
            table: OnceCell::new(),
        })
    }

    pub fn fault(&self, line: Option<usize>, reason: impl ToString) -> Error {
        Error::Input(InputError {
            file: self.name.clone(),
            line: line.map(|n| n as u64 + 1),
            reason: reason.to_string(),
        })
    }

    /// The lines that say something, with their numbers.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.iter().map(|(n, line)| (*n, line.as_str()));
        lines.filter(|(_, line)| !line.starts_with('#'))
    }

    fn cells(&self) -> Result<&Cells, Error> {
        if let Some(cells) = self.table.get() {
            return Ok(cells);
        }
        let cells = Cells::of(self)?;
        Ok(self.table.get_or_init(|| cells))
    }
}

/// What is between the cells: one character, or any mixture of commas and spaces.
fn delimiter(input: &Input) -> Result<Option<Delimiter>, Error> {
    let has = |c: char| input.lines().any(|(_, line)| line.contains(c));
    if has(';') {
        return Ok(Some(Delimiter::Char(b';')));
    }
    if has('\t') {
        return Ok(Some(Delimiter::Char(b'\t')));
    }
    let by_commas = input
        .lines()
        .all(|(_, line)| line.split(',').all(|cell| !cell.trim().contains(' ')));
    let one_comma = |word: &str| {
        let halves = word.split_once(',');
        halves.is_some_and(|(a, b)| {
            let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
            digits(a.trim_start_matches('-')) && digits(b)
        })
    };
    if by_commas {
        // Two whole numbers a line may be one with a decimal comma as well.
        if let Some((_, line)) = input.lines().next()
            && input.lines().all(|(_, line)| one_comma(line.trim()))
        {
            output::note(format_args!(
                "a comma is between two numbers, as in `{}`; where it is a decimal comma, write a \
                 semicolon behind the number, or a decimal point",
                shown(line)
            ));
        }
        return Ok(Some(Delimiter::Char(b',')));
    }
    // With spaces between them, numbers with a comma each may be one or two.
    let words = || {
        input
            .lines()
            .flat_map(|(n, line)| line.split(' ').map(move |w| (n, w)))
    };
    if let Some((line, word)) = words().find(|(_, word)| one_comma(word))
        && words().all(|(_, word)| one_comma(word) || !word.contains([',', '.']))
    {
        let reason = format!(
            "`{}` is one number with a decimal comma or two with a comma between them; put semicolons \
             between the numbers, or write decimal points",
            shown(word)
        );
        return Err(input.fault(Some(line), reason));
    }
    Ok(None)
}

impl Cells {
    fn of(input: &Input) -> Result<Self, Error> {
        let delimiter = delimiter(input)?;
        let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
        let mut splitter = Splitter::new(delimiter.unwrap_or(Delimiter::Spaces));
        for (n, line) in input.lines() {
            if delimiter.is_none() {
                let words = line.split([',', ' ']).filter(|word| !word.is_empty());
                rows.push((n, words.map(str::to_owned).collect()));
                continue;
            }
            let record = splitter
                .feed(n as u64, line)
                .map_err(|fault| input.fault(Some(n), fault))?;
            let Some(record) = record.filter(|record| !record.is_blank()) else {
                continue;
            };
            let mut cells: Vec<String> = record.iter().map(str::to_owned).collect();
            if cells.len() > 1 && cells.last().is_some_and(String::is_empty) {
                cells.pop();
            }
            rows.push((record.line as usize, cells));
        }
        if splitter.is_open() {
            let line = splitter.line() as usize;
            return Err(input.fault(Some(line), "a quote opens a field and no quote closes it"));
        }
        let mut evidence = Evidence::default();
        rows.iter().flat_map(|(_, cells)| cells).for_each(|cell| {
            evidence.see(cell);
        });
        let (numerals, notes) = evidence
            .decide(None, None)
            .map_err(|_| comma_or_groups(input))?;
        for note in notes {
            // What says otherwise is how the file is written: there are no options here.
            output::note(note.split(" (--").next().unwrap_or(&note));
        }
        for cell in rows.iter_mut().flat_map(|(_, cells)| cells) {
            plain(cell, &numerals);
        }
        Ok(Self { rows })
    }
}

fn comma_or_groups(input: &Input) -> Error {
    let reason = "commas are before the fraction or between thousands; write decimal points";
    input.fault(None, reason)
}

/// Writes a number in plain digits, where it was written otherwise.
fn plain(cell: &mut String, numerals: &Numerals) {
    if cell.parse::<f64>().is_err()
        && let Some(digits) = numerals.plain(cell)
    {
        *cell = digits;
    }
}

/// A table of numbers as written, and the names over its columns if there are any.
pub struct Table<'i> {
    pub header: Vec<&'i str>,
    pub rows: Vec<(usize, Vec<(&'i str, f64)>)>,
}

impl<'i> Table<'i> {
    pub fn read(input: &'i Input) -> Result<Self, Error> {
        let mut table = Self {
            header: Vec::new(),
            rows: Vec::new(),
        };
        for (n, cells) in &input.cells()?.rows {
            let row: Option<Vec<_>> = cells
                .iter()
                .map(|cell| Some((cell.as_str(), cell.parse::<f64>().ok()?)))
                .collect();
            match row {
                Some(row) => table.rows.push((*n, row)),
                None if table.rows.is_empty() && table.header.is_empty() => {
                    table.header = cells.iter().map(String::as_str).collect();
                }
                None => {
                    let cell = cells.iter().find(|c| c.parse::<f64>().is_err());
                    let reason = match cell.map(String::as_str) {
                        Some("") => "a value is missing".to_owned(),
                        cell => format!("{:?} is not a number", cell.unwrap_or_default()),
                    };
                    return Err(input.fault(Some(*n), reason));
                }
            }
        }
        if table.rows.is_empty() {
            return Err(input.fault(None, "there are no values"));
        }
        Ok(table)
    }

    /// The signals and their names: columns, or the only line.
    pub fn signals(&self, input: &Input) -> Result<Vec<(String, Vec<f64>)>, Error> {
        if let [(_, row)] = &self.rows[..] {
            return Ok(vec![("0".into(), row.iter().map(|c| c.1).collect())]);
        }
        let width = self.rows[0].1.len();
        if let Some((n, row)) = self.rows.iter().find(|(_, row)| row.len() != width) {
            let reason = format!("{} values where the first line has {width}", row.len());
            return Err(input.fault(Some(*n), reason));
        }
        Ok((0..width)
            .map(|c| {
                let name = self.header.get(c).map_or(c.to_string(), |h| h.to_string());
                (name, self.rows.iter().map(|(_, row)| row[c].1).collect())
            })
            .collect())
    }
}
