//! What `encode` and `decode` read: lines, and tables of numbers.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::Error;
use crate::command::dialect::{Columns, Dialect, Text};
use crate::command::output;
use crate::read::rows::dialect::delimiter_of;
use crate::read::rows::number::{Evidence, Numerals};
use crate::read::rows::split::{Delimiter, Splitter};
use crate::read::values::Holes;
use crate::read::{Decoding, InputError, Source, shown};

/// How numbers are written, and which of their columns count.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Tables (CSV)")]
pub struct Layout {
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    dialect: Dialect,
    #[command(flatten)]
    text: Text,
}

impl Layout {
    /// How bytes are decoded.
    pub fn decoding(&self) -> Decoding {
        self.text.decoding()
    }

    /// What becomes of rows that lack a value, and the marks of one. Signals are whole, so that
    /// there is nothing to split.
    fn missing(&self) -> Result<(Holes, Vec<String>), Error> {
        let (holes, marks) = self.dialect.missing()?;
        match holes {
            Some(Holes::Split) => Err(Error::Usage(
                "--missing split: a signal is one stream; hold or drop".into(),
            )),
            holes => Ok((holes.unwrap_or_default(), marks)),
        }
    }
}

/// A file, or standard input, and its name for messages.
pub struct Input {
    name: String,
    /// Lines and how many are before them.
    text: Vec<(usize, String)>,
}

/// The cells of the lines, numbers in plain digits.
struct Cells {
    rows: Vec<(usize, Vec<String>)>,
    numerals: Numerals,
}

impl Input {
    pub fn read(file: Option<&PathBuf>, decoding: Decoding) -> Result<Self, Error> {
        let path = file.map_or(Path::new("-"), PathBuf::as_path);
        let mut source = Source::open(path, decoding)?;
        let mut text = Vec::new();
        while let Some(line) = source.next_line()? {
            let line = line.to_owned();
            text.push((source.line() as usize - 1, line));
        }
        source.take_notes().iter().for_each(output::note);
        Ok(Self {
            name: source.name().to_owned(),
            text,
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
}

/// What is between the cells of `input`: one character, or any mixture of commas and spaces.
fn delimiter(input: &Input, dialect: &Dialect) -> Result<Option<Delimiter>, Error> {
    if let Some(said) = dialect.delimiter {
        return Ok(Some(delimiter_of(said)));
    }
    let has = |c: char| input.lines().any(|(_, line)| line.contains(c));
    if has(';') {
        return Ok(Some(Delimiter::Char(b';')));
    }
    if has('\t') {
        return Ok(Some(Delimiter::Char(b'\t')));
    }
    if dialect.decimal == Some(',') || dialect.thousands == Some(',') {
        return Ok(Some(Delimiter::Spaces));
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
                "a comma is between two numbers, as in `{}`; --decimal , says that it is a decimal \
                 comma",
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
            "`{}` is one number with a decimal comma or two with a comma between them; give \
             --decimal , or --delimiter ,",
            shown(word)
        );
        return Err(input.fault(Some(line), reason));
    }
    Ok(None)
}

impl Cells {
    fn of(input: &Input, dialect: &Dialect, marks: Vec<String>) -> Result<Self, Error> {
        dialect.check()?;
        let delimiter = delimiter(input, dialect)?;
        let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
        let mut splitter = Splitter::new(delimiter.unwrap_or(Delimiter::Spaces));
        let skipped = dialect.skip_lines.unwrap_or(0);
        for (n, line) in input.lines().filter(|(n, _)| *n as u64 >= skipped) {
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
        let (mut numerals, notes) = evidence
            .decide(dialect.decimal, dialect.thousands)
            .map_err(|reason| input.fault(None, reason))?;
        notes.iter().for_each(output::note);
        numerals.marks = marks;
        for cell in rows.iter_mut().flat_map(|(_, cells)| cells) {
            plain(cell, &numerals);
        }
        Ok(Self { rows, numerals })
    }
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
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<(usize, Vec<(String, f64)>)>,
}

impl Table {
    pub fn read(input: &Input, layout: &Layout) -> Result<Self, Error> {
        let (holes, marks) = layout.missing()?;
        let Cells { rows, numerals } = Cells::of(input, &layout.dialect, marks)?;
        let mut rows = rows.into_iter().peekable();
        let is_value = |cell: &String| cell.parse::<f64>().is_ok() || numerals.is_missing(cell);
        let names = |(_, cells): &(_, Vec<String>)| {
            !layout.dialect.no_header && !cells.iter().all(is_value)
        };
        let header = rows.next_if(names).map_or_else(Vec::new, |row| row.1);
        let mut columns: Option<Vec<usize>> = None;
        let mut table = Self {
            header,
            rows: Vec::new(),
        };
        let mut held: Vec<(String, f64)> = Vec::new();
        for (n, mut cells) in rows {
            if columns.is_none() {
                columns = table.columns(&layout.columns, cells.len(), input)?;
            }
            if let Some(columns) = &columns {
                let chosen = columns.iter().map(|&at| {
                    let cell = cells.get(at).cloned();
                    let few = || input.fault(Some(n), format!("there is no column {}", at + 1));
                    cell.ok_or_else(few)
                });
                cells = chosen.collect::<Result<_, _>>()?;
            }
            if let Some(row) = fill(cells, &numerals, holes, &held)
                .map_err(|reason| input.fault(Some(n), reason))?
            {
                held.clone_from(&row);
                table.rows.push((n, row));
            }
        }
        if let Some(columns) = columns {
            let title = |at: usize| table.header.get(at).cloned();
            let name = |&at: &usize| title(at).unwrap_or_else(|| (at + 1).to_string());
            table.header = columns.iter().map(name).collect();
        }
        if table.rows.is_empty() {
            return Err(input.fault(None, "there are no values"));
        }
        Ok(table)
    }

    /// The places of the columns that are asked for among `width`; none if all are.
    fn columns(
        &self,
        asked: &Columns,
        width: usize,
        input: &Input,
    ) -> Result<Option<Vec<usize>>, Error> {
        let find = |list: &[String]| {
            let names = list.iter().flat_map(|names| names.split(','));
            names
                .map(|name| {
                    let name = name.trim();
                    let titled = self.header.iter().position(|title| title.trim() == name);
                    let number = || name.parse::<usize>().ok()?.checked_sub(1);
                    let at = titled.or_else(number).filter(|&at| at < width);
                    at.ok_or_else(|| {
                        let there = match self.header.is_empty() {
                            true => format!("columns are 1 to {width}"),
                            false => format!("columns are {}", self.header.join(", ")),
                        };
                        input.fault(
                            None,
                            format!("there is no column `{}`; {there}", shown(name)),
                        )
                    })
                })
                .collect::<Result<Vec<_>, _>>()
        };
        if !asked.channels.is_empty() {
            return find(&asked.channels).map(Some);
        }
        if asked.without.is_empty() {
            return Ok(None);
        }
        let without = find(&asked.without)?;
        Ok(Some(
            (0..width).filter(|at| !without.contains(at)).collect(),
        ))
    }

    /// The title of a column, or its number.
    fn name(&self, column: usize) -> String {
        let title = self.header.get(column);
        title.cloned().unwrap_or_else(|| (column + 1).to_string())
    }

    /// The signals and their names: columns, or the only line.
    pub fn signals(&self, input: &Input) -> Result<Vec<(String, Vec<f64>)>, Error> {
        if let [(_, row)] = &self.rows[..] {
            return Ok(vec![(self.name(0), row.iter().map(|c| c.1).collect())]);
        }
        let width = self.rows[0].1.len();
        if let Some((n, row)) = self.rows.iter().find(|(_, row)| row.len() != width) {
            let reason = format!("{} values where the first line has {width}", row.len());
            return Err(input.fault(Some(*n), reason));
        }
        Ok((0..width)
            .map(|c| {
                (
                    self.name(c),
                    self.rows.iter().map(|(_, row)| row[c].1).collect(),
                )
            })
            .collect())
    }
}

/// The values of `cells`; none if the row is left out. What a row lacks is what the row before
/// `held`, where that is asked for.
fn fill(
    cells: Vec<String>,
    numerals: &Numerals,
    holes: Holes,
    held: &[(String, f64)],
) -> Result<Option<Vec<(String, f64)>>, String> {
    let mut row = Vec::with_capacity(cells.len());
    for (at, cell) in cells.into_iter().enumerate() {
        if !numerals.is_missing(&cell) {
            let value = cell
                .parse()
                .map_err(|_| format!("{:?} is not a number", shown(&cell)))?;
            row.push((cell, value));
            continue;
        }
        match (holes, held.get(at)) {
            (Holes::Hold, Some(last)) => row.push(last.clone()),
            // Before the first value there is nothing to hold.
            (Holes::Hold | Holes::Drop, _) => return Ok(None),
            _ => return Err("a value is missing (--missing hold or drop goes on)".into()),
        }
    }
    Ok(Some(row))
}
