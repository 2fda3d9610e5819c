//! Lines of a file or of standard input, numbered as an editor numbers them.
//!
//! A line ends with LF, CR LF or CR. A line longer than the [limit](Source::set_limit) is refused
//! as soon as that much of it was read, so memory never holds more.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::decode::{self, Decoding, Remark, Told};
use super::trimmed;
use crate::progress::Progress;
use crate::read::{InputError, cannot_read};

/// Most bytes of one line, where nothing else is said: a recording of 227 channels and a hundred
/// thousand samples.
const MAX_LINE: usize = 256 << 20;

/// Lines between two steps of the progress bar.
const LINES_A_STEP: u64 = 4_096;

/// A file or standard input, read line by line.
pub struct Source {
    name: String,
    input: BufReader<Box<dyn io::Read>>,
    told: Told,
    notes: Vec<String>,
    line: u64,
    limit: usize,
    peeked: bool,
    /// Lines to give again.
    again: VecDeque<(u64, String)>,
    /// The last line ended with CR: an LF that follows belongs to it.
    after_cr: bool,
    /// The line read last has an end.
    ended: bool,
    lenient: bool,
    broken: bool,
    progress: Option<Progress>,
    buffer: Vec<u8>,
}

impl Source {
    /// Opens the file at `path`; `-` is standard input.
    pub fn open(path: &Path, decoding: Decoding) -> Result<Self, InputError> {
        if path.as_os_str() == "-" {
            let input = BufReader::new(io::stdin());
            return Ok(Self::decoded("standard input", input, decoding));
        }
        let name = path.display().to_string();
        if path.is_dir() {
            return Err(InputError {
                reason: format!("is a folder; name its files, as in '{name}/*.csv'"),
                file: name,
                line: None,
            });
        }
        let file = File::open(path).map_err(|e| cannot_read(&name, None, &e))?;
        let input = BufReader::with_capacity(1 << 16, file);
        Ok(Self::decoded(name, input, decoding))
    }

    /// Reads `input` under the name `name`.
    pub fn new(name: impl Into<String>, input: impl BufRead + 'static) -> Self {
        Self::decoded(name, input, Decoding::default())
    }

    /// Reads `input`, decoded as told, under the name `name`.
    pub fn decoded(
        name: impl Into<String>,
        input: impl BufRead + 'static,
        decoding: Decoding,
    ) -> Self {
        let told = Told::default();
        let text = decode::decode(input, decoding, told.clone());
        Self {
            name: name.into(),
            input: BufReader::with_capacity(1 << 16, text),
            told,
            notes: Vec::new(),
            line: 0,
            limit: MAX_LINE,
            peeked: false,
            again: VecDeque::new(),
            after_cr: false,
            ended: true,
            lenient: decoding.lenient,
            broken: false,
            progress: Some(Progress::new("reading lines", None)),
            buffer: Vec::new(),
        }
    }

    /// Shows no progress: the lines come when they come.
    pub fn live(mut self) -> Self {
        self.progress = None;
        self
    }

    /// Refuses lines longer than `bytes`.
    pub fn set_limit(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    /// The file's name as messages show it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of the line read last.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether the line read last has an end; the last of a file may have none.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// Whether a cut last line is dropped.
    pub fn is_lenient(&self) -> bool {
        self.lenient
    }

    /// Whether nothing more can be read, because of what was found.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// What the user should know about how the bytes were read; each is given once.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Adds to what the user should know.
    pub fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// An error in the line read last.
    pub fn error(&self, reason: impl Into<String>) -> InputError {
        self.error_at(Some(self.line), reason)
    }

    /// An error in line `line`, or in the file as a whole.
    pub fn error_at(&self, line: Option<u64>, reason: impl Into<String>) -> InputError {
        InputError {
            file: self.name.clone(),
            line,
            reason: reason.into(),
        }
    }

    /// The first line that is not blank, trimmed, without consuming it; empty at the end.
    pub fn peek(&mut self) -> Result<&str, InputError> {
        while !self.peeked {
            if !self.fill()? {
                return Ok("");
            }
            self.peeked = !trimmed(self.text()).is_empty();
        }
        Ok(trimmed(self.text()))
    }

    /// Whether what comes first below remarks is the header of a `.ts` file; the remarks are
    /// consumed if so, and the lines stay otherwise.
    pub fn is_ts_below_remarks(&mut self) -> Result<bool, InputError> {
        const REMARKS: usize = 1_000;
        let mut seen = Vec::new();
        while seen.len() < REMARKS {
            let line = self.peek()?;
            if !line.starts_with(['#', '%']) {
                let is_ts = line.starts_with('@') || line.is_empty();
                if !is_ts {
                    self.put_back(seen);
                }
                return Ok(is_ts);
            }
            let line = line.to_owned();
            seen.push((self.line, line));
            self.peeked = false;
        }
        self.put_back(seen);
        Ok(false)
    }

    /// Gives lines again, before the one that was peeked at.
    fn put_back(&mut self, lines: Vec<(u64, String)>) {
        let current = (self.line, self.text().to_owned());
        let all = lines.into_iter().chain(self.peeked.then_some(current));
        self.again.extend(all);
        self.peeked = false;
    }

    /// The next line that is not blank, trimmed.
    pub fn next_line(&mut self) -> Result<Option<&str>, InputError> {
        loop {
            if !std::mem::take(&mut self.peeked) && !self.fill()? {
                return Ok(None);
            }
            if !trimmed(self.text()).is_empty() {
                return Ok(Some(trimmed(self.text())));
            }
        }
    }

    /// The next line as it is, without its end.
    pub fn next_raw(&mut self) -> Result<Option<&str>, InputError> {
        if !std::mem::take(&mut self.peeked) && !self.fill()? {
            return Ok(None);
        }
        Ok(Some(self.text()))
    }

    /// The line read last, as it is.
    pub fn current(&self) -> &str {
        self.text()
    }

    fn text(&self) -> &str {
        // What decoding gives is UTF-8 and cut at ASCII.
        std::str::from_utf8(&self.buffer).unwrap_or_default()
    }

    /// Reads a line into the buffer; false at the end.
    fn fill(&mut self) -> Result<bool, InputError> {
        self.buffer.clear();
        if let Some((line, text)) = self.again.pop_front() {
            self.line = line;
            self.buffer.extend_from_slice(text.as_bytes());
            return Ok(true);
        }
        let found = self.read_line();
        if matches!(found, Ok(true)) {
            self.line += 1;
        }
        match &mut self.progress {
            // Nothing more comes: what is done with the lines shows its own.
            progress if matches!(found, Ok(false)) => *progress = None,
            Some(progress) if self.line.is_multiple_of(LINES_A_STEP) => progress.step(LINES_A_STEP),
            _ => {}
        }
        let line = match found {
            Ok(_) => self.line,
            Err(_) => self.line + 1,
        };
        for remark in self.told.take() {
            self.notes.push(match remark {
                Remark::Gzip => "is compressed by gzip, read unpacked".into(),
                Remark::Encoding(name) => format!("is {name} text, read as such"),
                Remark::NotUtf8 => format!(
                    "line {line} is not UTF-8, read as windows-1252 from there on (--encoding says \
                     otherwise)"
                ),
                Remark::Cut => {
                    format!("the compressed data is cut off in line {line}: what is whole is kept")
                }
            });
        }
        self.broken = match &found {
            Ok(true) => self.buffer.len() > self.limit,
            Ok(false) => false,
            Err(_) => true,
        };
        match found {
            Ok(true) if self.buffer.len() > self.limit => {
                Err(self.error(format!("is longer than {} MiB", self.limit >> 20)))
            }
            Ok(more) => Ok(more),
            Err(e) if e.kind() == io::ErrorKind::InvalidData => {
                let whole_file = line == 1 && self.buffer.is_empty();
                Err(self.error_at((!whole_file).then_some(line), e.to_string()))
            }
            Err(e) => Err(cannot_read(&self.name, (line > 1).then_some(line), &e)),
        }
    }

    fn read_line(&mut self) -> io::Result<bool> {
        let mut any = false;
        loop {
            let some = match self.input.fill_buf() {
                Ok(some) => some,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            if some.is_empty() {
                self.ended &= !any;
                return Ok(any);
            }
            if std::mem::take(&mut self.after_cr) && some[0] == b'\n' {
                self.input.consume(1);
                continue;
            }
            any = true;
            let end = memchr(some);
            let n = end.unwrap_or(some.len());
            self.buffer.extend_from_slice(&some[..n]);
            let Some(end) = end else {
                self.input.consume(n);
                if self.buffer.len() > self.limit {
                    return Ok(true);
                }
                continue;
            };
            self.after_cr = some[end] == b'\r';
            self.ended = true;
            self.input.consume(end + 1);
            return Ok(true);
        }
    }
}

/// The place of the first LF or CR.
fn memchr(text: &[u8]) -> Option<usize> {
    text.iter().position(|&b| b == b'\n' || b == b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn source(text: &str) -> Source {
        Source::new("test", io::Cursor::new(text.to_owned().into_bytes()))
    }

    #[test]
    fn skips_blank_lines_and_counts_them() {
        let mut source = source("\u{feff}a \r\n\n  \n b\nc");
        assert_eq!(source.next_line().unwrap(), Some("a"));
        assert_eq!(source.next_line().unwrap(), Some("b"));
        assert_eq!(source.line(), 4);
        assert!(source.is_ended());
        assert_eq!(source.next_line().unwrap(), Some("c"));
        assert!(!source.is_ended());
        assert_eq!(source.next_line().unwrap(), None);
    }

    #[test]
    fn peeking_consumes_nothing() {
        let mut source = source("\nfirst\nsecond\n");
        assert_eq!(source.peek().unwrap(), "first");
        assert_eq!(source.peek().unwrap(), "first");
        assert_eq!(source.next_raw().unwrap(), Some("first"));
        assert_eq!(
            (source.line(), source.next_raw().unwrap()),
            (2, Some("second"))
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Source::open(Path::new("no/such/file.ts"), Decoding::default());
        let error = error.err().unwrap().to_string();
        assert!(
            error.starts_with("no/such/file.ts: cannot be read"),
            "{error}"
        );
        let error = Source::open(Path::new("."), Decoding::default());
        let error = error.err().unwrap().to_string();
        assert_eq!(error, ".: is a folder; name its files, as in './*.csv'");
    }

    #[test]
    fn a_line_without_end_is_refused_before_memory_holds_it() {
        let endless = BufReader::new(io::repeat(b'x'));
        let mut source = Source::new("test", endless);
        source.set_limit(1 << 20);
        let error = source.next_line().unwrap_err().to_string();
        assert_eq!(error, "test, line 1: is longer than 1 MiB");
        assert!(source.buffer.len() < 1 << 21);
    }

    #[test]
    fn the_line_that_is_no_text_is_named() {
        let western = |bytes: &'static [u8]| Source::new("test", bytes);
        let mut source = western(b"a\nb\r\nGr\xf6\xdfe\nc");
        let mut lines = Vec::new();
        while let Some(line) = source.next_line().unwrap() {
            lines.push(line.to_owned());
        }
        assert_eq!(lines, ["a", "b", "Gr\u{f6}\u{df}e", "c"]);
        let notes = source.take_notes();
        assert!(notes[0].starts_with("line 3 is not UTF-8"), "{notes:?}");
        let mut source = western(b"a\n\xff\x81\xfe");
        source.next_line().unwrap();
        let error = source.next_line().unwrap_err().to_string();
        assert!(error.starts_with("test, line 2: is not text"), "{error}");
        let mut source = western(&[1; 40]);
        let error = source.next_line().unwrap_err().to_string();
        assert!(error.starts_with("test, line 1: is not text"), "{error}");
        let mut source = western(b"a note,\0\0\0\nb\n");
        assert_eq!(source.next_line().unwrap(), Some("a note,"));
    }

    proptest! {
        #[test]
        fn lines_are_numbered_as_an_editor_does(
            lines in prop::collection::vec("[ a-c]{0,3}", 1..12),
            ends in prop::collection::vec(0..3usize, 12),
            size in 1usize..5,
        ) {
            // An LF after a CR is one end, so no CR is followed by an empty line that ends in LF.
            let mut text = String::from("x");
            for (line, end) in lines.iter().zip(&ends) {
                text += ["\n", "\r\n", "\r"][*end];
                if line.is_empty() { text.push('y'); }
                text += line;
            }
            let input = BufReader::with_capacity(size, io::Cursor::new(text.into_bytes()));
            let mut source = Source::new("test", input);
            let mut found = Vec::new();
            while let Some(line) = source.next_raw().unwrap() {
                found.push(line.to_owned());
            }
            prop_assert_eq!(source.line() as usize, lines.len() + 1);
            for (line, found) in lines.iter().zip(&found[1..]) {
                prop_assert_eq!(if line.is_empty() { "y" } else { line }, found);
            }
        }
    }
}
