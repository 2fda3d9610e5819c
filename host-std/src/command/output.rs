//! Printing results: text for people, one JSON object for machines.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::{Error, printable};

/// Prints `text`, a line or more, and a line break on standard output. What is from outside in it is
/// escaped; names that could break a line are the caller's to escape.
pub fn text(text: impl fmt::Display) -> Result<(), Error> {
    print(&printable::lines(&text.to_string()))
}

fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(Error::Output)
}

/// Prints `value` as one line of JSON on standard output.
pub fn json(value: &impl Serialize) -> Result<(), Error> {
    let line = serde_json::to_string(value).map_err(|e| Error::Failed(e.to_string()))?;
    print(&printable::json(&line))
}

/// Prints a remark on standard error.
pub fn note(text: impl fmt::Display) {
    // Nobody there to read a remark is no reason to fail.
    let _ = writeln!(io::stderr(), "note: {}", printable::part(&text.to_string()));
}

/// Prints why a line was refused on standard error.
pub fn refused(error: &dyn fmt::Display) {
    let _ = writeln!(
        io::stderr(),
        "error: {}",
        printable::part(&error.to_string())
    );
}

/// A name or a value from outside as a part of a line.
pub fn name(text: &str) -> Cow<'_, str> {
    printable::part(text)
}

/// A file's path as a part of a line.
pub fn path(path: &Path) -> String {
    printable::part(&path.display().to_string()).into_owned()
}

/// A file's path as it can be opened from anywhere.
pub fn full(path: &Path) -> impl fmt::Display {
    let full = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    self::path(&full)
}
