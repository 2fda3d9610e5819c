//! `sensilla learn`.

use clap::Args;

use super::samples::Samples;
use super::{Common, output};
use crate::Error;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    samples: Samples,
}

pub fn run(_: &Common, arguments: Arguments) -> Result<(), Error> {
    let examples = arguments.samples.examples(None)?;
    examples.notes.iter().for_each(output::note);
    let read = examples.items.len();
    Err(Error::Failed(format!(
        "{read} read; this build has no node to learn with yet"
    )))
}
