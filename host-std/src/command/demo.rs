//! `sensilla demo`: one node end to end.

use std::path::PathBuf;

use clap::Args;

use super::Common;
use crate::Error;

#[derive(Debug, Default, Args)]
pub struct Arguments {
    /// Where the report goes; `report.html` if not given.
    #[arg(long, value_name = "PATH")]
    report: Option<PathBuf>,
}

impl Arguments {
    /// Whether any of them is on the command line.
    pub fn is_given(&self) -> bool {
        self.report.is_some()
    }
}

pub fn run(_: &Common, _: Arguments) -> Result<(), Error> {
    Err(Error::Failed(
        "this build has no node to demonstrate yet".into(),
    ))
}
