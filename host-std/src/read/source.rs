//! Lines of a file or of standard input, numbered.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::{InputError, cannot_read};

/// Most bytes of one line; a recording of 2,048 channels and a thousand samples takes 20 MB.
const MAX_LINE: u64 = 256 << 20;

/// A file or standard input, read line by line.
pub struct Source {
    name: String,
    input: Box<dyn BufRead>,
    line: u64,
    peeked: bool,
    buffer: Vec<u8>,
}

impl Source {
    /// Opens the file at `path`; `-` is standard input.
    pub fn open(path: &Path) -> Result<Self, InputError> {
        if path.as_os_str() == "-" {
            return Ok(Self::new("standard input", io::stdin().lock()));
        }
        let name = path.display().to_string();
        let file = File::open(path).map_err(|e| cannot_read(&name, None, &e))?;
        Ok(Self::new(name, BufReader::with_capacity(1 << 16, file)))
    }

    /// Reads `input` under the name `name`.
    pub fn new(name: impl Into<String>, input: impl BufRead + 'static) -> Self {
        Self {
            name: name.into(),
            input: Box::new(input),
            line: 0,
            peeked: false,
            buffer: Vec::new(),
        }
    }

    /// The file's name as messages show it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of the line read last.
    pub fn line(&self) -> u64 {
        self.line
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

    /// The first line that is not blank, without consuming it.
    pub fn peek(&mut self) -> Result<&[u8], InputError> {
        if !self.peeked {
            self.peeked = self.fill()?;
        }
        Ok(self.buffer.trim_ascii())
    }

    /// The next line that is not blank, without the white space around it.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, InputError> {
        if !std::mem::take(&mut self.peeked) && !self.fill()? {
            return Ok(None);
        }
        Ok(Some(self.buffer.trim_ascii()))
    }

    fn fill(&mut self) -> Result<bool, InputError> {
        loop {
            self.buffer.clear();
            let read = (&mut self.input)
                .take(MAX_LINE)
                .read_until(b'\n', &mut self.buffer)
                .map_err(|e| cannot_read(&self.name, Some(self.line + 1), &e))?;
            if read == 0 {
                return Ok(false);
            }
            self.line += 1;
            if read as u64 == MAX_LINE && self.buffer.last() != Some(&b'\n') {
                return Err(self.error(format!("is longer than {} MiB", MAX_LINE >> 20)));
            }
            if self.line == 1 && self.buffer.starts_with(b"\xef\xbb\xbf") {
                self.buffer.drain(..3);
            }
            if !self.buffer.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    /// The rest of the input as one stream, from the line peeked at on, and the number of lines
    /// before it.
    pub fn into_stream(self) -> (String, u64, Box<dyn Read>) {
        let Self {
            name,
            input,
            line,
            peeked,
            buffer,
        } = self;
        if peeked {
            (
                name,
                line - 1,
                Box::new(io::Cursor::new(buffer).chain(input)),
            )
        } else {
            (name, line, input)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &'static str) -> Source {
        Source::new("test", text.as_bytes())
    }

    #[test]
    fn skips_blank_lines_and_counts_them() {
        let mut source = source("\u{feff}a \r\n\n  \n b\nc");
        assert_eq!(source.next_line().unwrap(), Some(&b"a"[..]));
        assert_eq!(source.next_line().unwrap(), Some(&b"b"[..]));
        assert_eq!(source.line(), 4);
        assert_eq!(source.next_line().unwrap(), Some(&b"c"[..]));
        assert_eq!(source.next_line().unwrap(), None);
    }

    #[test]
    fn peeking_consumes_nothing() {
        let mut source = source("\nfirst\nsecond\n");
        assert_eq!(source.peek().unwrap(), b"first");
        assert_eq!(source.peek().unwrap(), b"first");
        let (_, before, mut rest) = source.into_stream();
        let mut text = String::new();
        rest.read_to_string(&mut text).unwrap();
        assert_eq!((before, text.as_str()), (1, "first\nsecond\n"));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Source::open(Path::new("no/such/file.ts")).err().unwrap();
        assert!(
            error
                .to_string()
                .starts_with("no/such/file.ts: cannot be read")
        );
    }
}
