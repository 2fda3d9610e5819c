//! `sensilla ingest`.

use std::path::PathBuf;

use clap::Args;

use super::Common;
use crate::Error;
use crate::read::Source;
use crate::read::claims::ClaimReader;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The file: JSON lines of claims; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub fn run(_: &Common, arguments: Arguments) -> Result<(), Error> {
    let lines = ClaimReader::new(Source::open(&arguments.file)?).collect::<Result<Vec<_>, _>>()?;
    Err(Error::Failed(format!(
        "{} read; this build has no node to ingest with yet",
        lines.len()
    )))
}
