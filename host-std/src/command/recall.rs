//! `sensilla recall`.

use clap::Args;

use super::samples::{Input, Samples};
use super::{Common, output};
use crate::Error;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    samples: Samples,
}

pub fn run(_: &Common, arguments: Arguments) -> Result<(), Error> {
    let mut read = 0;
    match arguments.samples.open(None)? {
        Input::Recordings(mut recordings) => {
            for recording in recordings.by_ref() {
                recording?;
                read += 1;
            }
            recordings.notes().iter().for_each(output::note);
        }
        Input::Vectors(vectors) => {
            for vector in vectors {
                vector?;
                read += 1;
            }
        }
    }
    Err(Error::Failed(format!(
        "{read} read; this build has no node to recall with yet"
    )))
}
