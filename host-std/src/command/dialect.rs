//! The arguments that say how a table is written, and which of its columns count: the same for
//! every command that reads one.

use clap::Args;

use crate::Error;
use crate::read::Decoding;
use crate::read::rows::dialect::Wishes;
use crate::read::values::Holes;

/// How a table is written.
#[derive(Clone, Debug, Default, Args)]
pub struct Dialect {
    /// The character between the fields; found by itself if not given.
    #[arg(long, value_name = "CHAR", value_parser = character)]
    pub delimiter: Option<char>,
    /// What is before the fraction of a number, a point or a comma; found by itself if not given.
    #[arg(long, value_name = "CHAR", value_parser = decimal)]
    pub decimal: Option<char>,
    /// What is between groups of three digits; found by itself if not given.
    #[arg(long, value_name = "CHAR", value_parser = character)]
    pub thousands: Option<char>,
    /// Lines above the header; the header is found by itself if not given.
    #[arg(long, value_name = "N")]
    pub skip_lines: Option<u64>,
    /// There is no header: columns go by their numbers, from 1.
    #[arg(long)]
    pub no_header: bool,
    /// What becomes of rows that lack a value (hold, drop, split), and marks that stand for no
    /// value beside the usual ones.
    #[arg(
        long,
        value_name = "hold|drop|split|MARK",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub missing: Vec<String>,
}

/// Which columns of a table count.
#[derive(Clone, Debug, Default, Args)]
pub struct Columns {
    /// The channels, in this order; every other numeric column if not given.
    #[arg(long, value_name = "COL[,COL…]")]
    pub channels: Vec<String>,
    /// Columns that are no channels.
    #[arg(long, value_name = "COL[,COL…]", conflicts_with = "channels")]
    pub without: Vec<String>,
}

/// How bytes are read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Text")]
pub struct Text {
    /// The encoding, such as windows-1252 or shift_jis; found by itself if not given.
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    pub encoding: Option<&'static encoding_rs::Encoding>,
    /// Keep what is whole of a file whose last line is cut off.
    #[arg(long)]
    pub lenient: bool,
}

impl Text {
    /// How bytes are decoded.
    pub fn decoding(&self) -> Decoding {
        Decoding {
            encoding: self.encoding,
            lenient: self.lenient,
        }
    }
}

/// What other programs do about missing values.
const POLICIES: [&str; 13] = [
    "interpolate",
    "linear",
    "fill",
    "ffill",
    "bfill",
    "pad",
    "drop-row",
    "drop_row",
    "skip",
    "ignore",
    "zero",
    "mean",
    "refuse",
];

impl Dialect {
    /// Whether anything is said that holds for tables alone.
    pub fn is_of_tables(&self) -> bool {
        let Self {
            delimiter,
            decimal,
            thousands,
            skip_lines,
            no_header,
            missing: _,
        } = self;
        delimiter.or(*decimal).or(*thousands).is_some() || skip_lines.is_some() || *no_header
    }

    /// Refuses a delimiter that numbers are made of.
    pub fn check(&self) -> Result<(), Error> {
        let is_part = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || c == '"';
        if self.delimiter.is_some_and(is_part) {
            return Err(Error::Usage(
                "--delimiter is one ASCII character, and no letter, digit or quote".into(),
            ));
        }
        Ok(())
    }

    /// The dialect as readers of tables take it; `marks` stand for no value.
    pub fn wishes(&self, marks: Vec<String>) -> Wishes {
        Wishes {
            delimiter: self.delimiter,
            decimal: self.decimal,
            thousands: self.thousands,
            marks,
            skip_lines: self.skip_lines,
            no_header: self.no_header,
            names: Vec::new(),
        }
    }

    /// What `--missing` says: what becomes of rows that lack a value, and marks.
    pub fn missing(&self) -> Result<(Option<Holes>, Vec<String>), Error> {
        let mut holes = None;
        let mut marks = Vec::new();
        for word in &self.missing {
            match Holes::of_name(word) {
                Some(named) if holes.is_none_or(|h| h == named) => holes = Some(named),
                Some(_) => {
                    let text = "--missing is one of hold, drop and split, beside any marks";
                    return Err(Error::Usage(text.into()));
                }
                // What other programs call it is hardly what stands in a cell.
                None if POLICIES.contains(&word.as_str()) => {
                    return Err(Error::Usage(format!(
                        "--missing {word}: hold, drop or split, or a mark as it stands in the file"
                    )));
                }
                None => marks.push(word.clone()),
            }
        }
        Ok((holes, marks))
    }
}

fn character(text: &str) -> Result<char, String> {
    let named = match text {
        "tab" | "\\t" => Some('\t'),
        "space" => Some(' '),
        "comma" => Some(','),
        "semicolon" => Some(';'),
        _ => None,
    };
    let mut all = text.chars();
    match (named, all.next(), all.next()) {
        (Some(c), ..) | (None, Some(c), None) => Ok(c),
        _ => Err("one character, or tab, space, comma, semicolon".into()),
    }
}

fn decimal(text: &str) -> Result<char, String> {
    match character(text)? {
        c @ ('.' | ',') => Ok(c),
        _ => Err("a point or a comma".into()),
    }
}

fn encoding(text: &str) -> Result<&'static encoding_rs::Encoding, String> {
    encoding_rs::Encoding::for_label(text.as_bytes())
        .ok_or_else(|| "no encoding of this name is known".into())
}
