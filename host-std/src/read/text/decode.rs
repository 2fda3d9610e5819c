//! Compression and encoding undone: whatever comes in, UTF-8 goes on.
//!
//! gzip, UTF-8 with or without a byte order mark, UTF-16 of either order. Bytes that are not UTF-8
//! are read as windows-1252, as Windows writes Western text, from the first such byte on, which
//! [`Told`] tells; where even that has no such character, the file is refused. Memory is one chunk.

use std::cell::RefCell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use flate2::bufread::MultiGzDecoder;

use super::foreign;

/// Bytes that are decoded at once.
const CHUNK: usize = 1 << 15;

/// How text is decoded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Decoding {
    /// The encoding, where the user names it.
    pub encoding: Option<&'static Encoding>,
    /// Whether compressed data that is cut off ends there.
    pub lenient: bool,
}

/// What decoding has found out so far.
#[derive(Clone, Debug, Default)]
pub struct Told(Rc<RefCell<Vec<Remark>>>);

/// One thing that decoding has found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// It is compressed by gzip.
    Gzip,
    /// It is in this encoding.
    Encoding(&'static str),
    /// It is not UTF-8 from here on, and read as windows-1252.
    NotUtf8,
    /// The compressed data is cut off here.
    Cut,
}

impl Told {
    fn say(&self, remark: Remark) {
        self.0.borrow_mut().push(remark);
    }

    /// What is new since the last call.
    pub fn take(&self) -> Vec<Remark> {
        std::mem::take(&mut self.0.borrow_mut())
    }
}

/// `input` as UTF-8 text; errors of the kind `InvalidData` say what is wrong with it.
pub fn decode(input: impl BufRead + 'static, decoding: Decoding, told: Told) -> Box<dyn Read> {
    Box::new(Decode {
        state: State::New(Box::new(input)),
        decoding,
        told,
        depth: 0,
        out: Vec::new(),
        given: 0,
    })
}

struct Decode {
    state: State,
    decoding: Decoding,
    told: Told,
    depth: u8,
    out: Vec<u8>,
    given: usize,
}

enum State {
    /// Nothing is known yet.
    New(Box<dyn BufRead>),
    /// UTF-8, checked; the bytes are the start of a character that the last chunk cut.
    Utf8(Box<dyn Read>, Vec<u8>),
    /// Another encoding.
    Other(Box<dyn Read>, Box<encoding_rs::Decoder>),
    Ended,
}

const NO_TEXT: &str = "is not text: neither UTF-8 nor windows-1252; name its encoding with \
    --encoding, or give a file of text";

fn bad(reason: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.into())
}

impl Read for Decode {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.given == self.out.len() {
            self.out.clear();
            self.given = 0;
            if !self.fill()? {
                return Ok(0);
            }
        }
        let some = &self.out[self.given..];
        let n = some.len().min(to.len());
        to[..n].copy_from_slice(&some[..n]);
        self.given += n;
        Ok(n)
    }
}

impl Decode {
    /// Decodes some more; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::New(input) => self.begin(input).map(|()| true),
            State::Utf8(input, carried) => self.utf8(input, carried),
            State::Other(input, decoder) => self.other(input, decoder),
            State::Ended => Ok(false),
        }
    }

    fn begin(&mut self, mut input: Box<dyn BufRead>) -> io::Result<()> {
        // A pipe may bring a few bytes at a time.
        let mut start = Vec::new();
        while start.len() < foreign::MAGIC && !start.contains(&b'\n') {
            let some = input.fill_buf()?;
            if some.is_empty() {
                break;
            }
            let n = some.len().min(foreign::MAGIC - start.len());
            start.extend_from_slice(&some[..n]);
            input.consume(n);
        }
        if start.starts_with(&[0x1f, 0x8b]) {
            if self.depth > 0 {
                return Err(bad("is compressed twice; unpack it first: gunzip -c FILE"));
            }
            self.depth += 1;
            self.told.say(Remark::Gzip);
            let whole = io::Cursor::new(start).chain(input);
            let unpacked = Unpack {
                input: MultiGzDecoder::new(whole),
                lenient: self.decoding.lenient,
                told: self.told.clone(),
            };
            self.state = State::New(Box::new(io::BufReader::new(unpacked)));
            return Ok(());
        }
        if let Some(what) = foreign::by_content(&start) {
            return Err(bad(what));
        }
        let (mut encoding, mut skip) = Encoding::for_bom(&start).unwrap_or((UTF_8, 0));
        if skip == 0 && encoding == UTF_8 {
            // Text in UTF-16 begins with a letter of ASCII, so every other byte is zero.
            match start[..] {
                [a, 0, b, 0, ..] if a != 0 && b != 0 => encoding = UTF_16LE,
                [0, a, 0, b, ..] if a != 0 && b != 0 => encoding = UTF_16BE,
                _ => {}
            }
        }
        if let Some(named) = self.decoding.encoding
            && named != encoding
        {
            (encoding, skip) = (named, if named == UTF_8 { skip } else { 0 });
        } else if encoding != UTF_8 {
            self.told.say(Remark::Encoding(encoding.name()));
        }
        let rest = Box::new(io::Cursor::new(start.split_off(skip)).chain(input));
        self.state = if encoding == UTF_8 {
            State::Utf8(rest, Vec::new())
        } else {
            State::Other(rest, Box::new(encoding.new_decoder_without_bom_handling()))
        };
        Ok(())
    }

    fn utf8(&mut self, mut input: Box<dyn Read>, carried: Vec<u8>) -> io::Result<bool> {
        let mut chunk = carried;
        let before = chunk.len();
        chunk.resize(before + CHUNK, 0);
        let n = read_some(&mut input, &mut chunk[before..])?;
        chunk.truncate(before + n);
        if chunk.is_empty() {
            return Ok(false);
        }
        if is_binary(&chunk) {
            return Err(bad(NO_TEXT));
        }
        match std::str::from_utf8(&chunk) {
            Ok(_) => {
                self.out = chunk;
                self.state = State::Utf8(input, Vec::new());
            }
            Err(e) if e.error_len().is_none() && n > 0 => {
                let rest = chunk.split_off(e.valid_up_to());
                self.out = chunk;
                self.state = State::Utf8(input, rest);
            }
            Err(e) => {
                let rest = chunk.split_off(e.valid_up_to());
                self.out = chunk;
                if !self.out.is_empty() {
                    // What is good is handed out first, so that the bad line is known by its
                    // number.
                    let rest = io::Cursor::new(rest).chain(input);
                    self.state = State::Utf8(Box::new(rest), Vec::new());
                } else if self.decoding.encoding.is_some() {
                    return Err(bad(
                        "is not UTF-8 text; name its encoding, as in --encoding windows-1252",
                    ));
                } else {
                    self.told.say(Remark::NotUtf8);
                    let rest = Box::new(io::Cursor::new(rest).chain(input));
                    let decoder = WINDOWS_1252.new_decoder_without_bom_handling();
                    self.state = State::Other(rest, Box::new(decoder));
                }
            }
        }
        Ok(true)
    }

    fn other(
        &mut self,
        mut input: Box<dyn Read>,
        mut decoder: Box<encoding_rs::Decoder>,
    ) -> io::Result<bool> {
        let mut chunk = vec![0; CHUNK];
        let n = read_some(&mut input, &mut chunk)?;
        let last = n == 0;
        let guessed = self.decoding.encoding.is_none() && decoder.encoding() == WINDOWS_1252;
        let never = |b: &u8| matches!(b, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
        if guessed && (chunk[..n].iter().any(never) || is_binary(&chunk[..n])) {
            return Err(bad(NO_TEXT));
        }
        let needed = decoder.max_utf8_buffer_length_without_replacement(n);
        let mut out = vec![0; needed.unwrap_or(CHUNK * 4).max(16)];
        let (result, _, written) =
            decoder.decode_to_utf8_without_replacement(&chunk[..n], &mut out, last);
        if let DecoderResult::Malformed(..) = result {
            return Err(bad(format!(
                "is not {} text; name its encoding with --encoding",
                decoder.encoding().name()
            )));
        }
        out.truncate(written);
        self.out = out;
        if !last {
            self.state = State::Other(input, decoder);
        }
        Ok(!last || !self.out.is_empty())
    }
}

/// Whether bytes are no text in any encoding that has ASCII: more than a few control characters.
/// Devices pad their texts with some zeros.
fn is_binary(chunk: &[u8]) -> bool {
    let controls = chunk
        .iter()
        .filter(|b| matches!(b, 0..=8 | 14..=26 | 28..=31));
    let count = controls.count();
    count > 8 && count * 16 > chunk.len()
}

fn read_some(input: &mut dyn Read, to: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(to) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// gzip, whose end may be missing.
struct Unpack<R> {
    input: MultiGzDecoder<R>,
    lenient: bool,
    told: Told,
}

impl<R: BufRead> Read for Unpack<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self.input.read(to) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof && self.lenient => {
                self.told.say(Remark::Cut);
                Ok(0)
            }
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(bad(
                "the compressed data is cut off; --lenient keeps what is whole",
            )),
            Err(e) if e.kind() == io::ErrorKind::InvalidInput => {
                Err(bad(format!("the compressed data is damaged ({e})")))
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write as _;

    fn text(bytes: &[u8], decoding: Decoding) -> (Result<String, String>, Vec<Remark>) {
        let told = Told::default();
        let mut out = String::new();
        let mut input = decode(io::Cursor::new(bytes.to_vec()), decoding, told.clone());
        let read = input.read_to_string(&mut out).map_err(|e| e.to_string());
        (read.map(|_| out), told.take())
    }

    fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
        let units = mark
            .then_some(0xfeff)
            .into_iter()
            .chain(text.encode_utf16());
        let bytes = |u: u16| {
            if big {
                u.to_be_bytes()
            } else {
                u.to_le_bytes()
            }
        };
        units.flat_map(bytes).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(bytes).unwrap();
        gz.finish().unwrap()
    }

    #[test]
    fn encodings_are_told_apart() {
        let sample = "t;Gr\u{f6}\u{df}e\n1;\u{20ac}\n";
        for big in [false, true] {
            for mark in [false, true] {
                let (read, told) = text(&utf16(sample, big, mark), Decoding::default());
                assert_eq!(read.unwrap(), sample);
                let name = if big { "UTF-16BE" } else { "UTF-16LE" };
                assert_eq!(told, [Remark::Encoding(name)]);
            }
        }
        let marked = [b"\xef\xbb\xbf", sample.as_bytes()].concat();
        assert_eq!(
            text(&marked, Decoding::default()),
            (Ok(sample.into()), vec![])
        );
        let (western, ..) = WINDOWS_1252.encode(sample);
        let (read, told) = text(&western, Decoding::default());
        assert_eq!(
            (read.unwrap().as_str(), told),
            (sample, vec![Remark::NotUtf8])
        );
    }

    #[test]
    fn what_the_user_names_decides() {
        let named = |label: &str| Decoding {
            encoding: Encoding::for_label(label.as_bytes()),
            lenient: false,
        };
        let (read, told) = text(b"\xe4", named("iso-8859-5"));
        assert_eq!((read.unwrap().as_str(), told), ("\u{444}", vec![]));
        let (read, _) = text(b"a\xe4b", named("utf-8"));
        assert!(read.unwrap_err().contains("--encoding windows-1252"));
        let (read, _) = text(b"ok\n\x81\x40\xe4", Decoding::default());
        assert!(
            read.unwrap_err()
                .contains("name its encoding with --encoding")
        );
    }

    #[test]
    fn gzip_is_undone_and_its_cut_end_told() {
        let packed = gzip(&utf16("a\n", false, true));
        let (read, told) = text(&packed, Decoding::default());
        assert_eq!(read.unwrap(), "a\n");
        assert_eq!(told, [Remark::Gzip, Remark::Encoding("UTF-16LE")]);
        let long: String = (0..9_999)
            .map(|i| format!("{}\n", i * 7_919 % 1_000))
            .collect();
        let packed = gzip(long.as_bytes());
        let cut = &packed[..packed.len() / 2];
        assert!(
            text(cut, Decoding::default())
                .0
                .unwrap_err()
                .contains("--lenient")
        );
        let lenient = Decoding {
            lenient: true,
            ..Decoding::default()
        };
        let (read, told) = text(cut, lenient);
        let read = read.unwrap();
        assert!(read.len() > 100 && long.starts_with(&read));
        assert_eq!(told, [Remark::Gzip, Remark::Cut]);
    }

    proptest! {
        #[test]
        fn every_text_comes_through_in_chunks_of_any_size(
            sample in "\\PC{0,40}", size in 1usize..9, kind in 0..4
        ) {
            struct Slow(Vec<u8>, usize, usize);
            impl Read for Slow {
                fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
                    let n = self.2.min(to.len()).min(self.0.len() - self.1);
                    to[..n].copy_from_slice(&self.0[self.1..self.1 + n]);
                    self.1 += n;
                    Ok(n)
                }
            }
            let sample = format!("ab{sample}");
            let bytes = match kind {
                0 => sample.clone().into_bytes(),
                1 => utf16(&sample, false, true),
                2 => utf16(&sample, true, true),
                _ => gzip(sample.as_bytes()),
            };
            let input = io::BufReader::with_capacity(size, Slow(bytes, 0, size));
            let mut out = String::new();
            decode(input, Decoding::default(), Told::default()).read_to_string(&mut out).unwrap();
            prop_assert_eq!(out, sample);
        }
    }
}
