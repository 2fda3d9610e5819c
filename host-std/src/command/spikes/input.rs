//! What `encode` and `decode` read: lines, and tables of numbers.

use std::io::Read;
use std::path::PathBuf;

use crate::Error;
use crate::read::InputError;

/// A file, or standard input, and its name for messages.
pub struct Input {
    name: String,
    text: String,
}

impl Input {
    pub fn read(file: Option<&PathBuf>) -> Result<Self, Error> {
        let (name, text) = match file {
            Some(path) if path.as_os_str() != "-" => {
                (path.display().to_string(), std::fs::read_to_string(path))
            }
            _ => {
                let mut text = String::new();
                let read = std::io::stdin().read_to_string(&mut text);
                ("standard input".to_owned(), read.map(|_| text))
            }
        };
        match text {
            Ok(text) => Ok(Self { name, text }),
            Err(e) => Err(Error::Input(InputError {
                file: name,
                line: None,
                reason: e.to_string(),
            })),
        }
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
        let lines = self.text.lines().enumerate();
        lines
            .map(|(n, line)| (n, line.trim()))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    }
}

/// The cells of a line, whatever is between them.
fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split([',', ' ', '\t', ';'])
        .filter(|cell| !cell.is_empty())
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
        for (n, line) in input.lines() {
            let row: Option<Vec<_>> = cells(line)
                .map(|cell| Some((cell, cell.parse::<f64>().ok()?)))
                .collect();
            match row {
                Some(row) => table.rows.push((n, row)),
                None if table.rows.is_empty() && table.header.is_empty() => {
                    table.header = cells(line).collect();
                }
                None => {
                    let cell = cells(line).find(|c| c.parse::<f64>().is_err());
                    let reason = format!("{:?} is not a number", cell.unwrap_or_default());
                    return Err(input.fault(Some(n), reason));
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
