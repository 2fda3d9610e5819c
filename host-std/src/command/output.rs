//! Printing results: text for people, one JSON object for machines.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::Error;

/// Prints `text` and a line break on standard output.
pub fn text(text: impl fmt::Display) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(Error::Output)
}

/// Prints `value` as one line of JSON on standard output.
pub fn json(value: &impl Serialize) -> Result<(), Error> {
    let line = serde_json::to_string(value).map_err(|e| Error::Failed(e.to_string()))?;
    text(line)
}

/// Prints a remark on standard error.
pub fn note(text: impl fmt::Display) {
    // Nobody there to read a remark is no reason to fail.
    let _ = writeln!(io::stderr(), "note: {text}");
}

/// Prints why a line was refused on standard error.
pub fn refused(error: &crate::read::InputError) {
    let _ = writeln!(io::stderr(), "error: {error}");
}

/// A file's path as it can be opened from anywhere.
pub fn full(path: &Path) -> impl fmt::Display {
    let full = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    full.display().to_string()
}
