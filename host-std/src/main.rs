//! The command `sensilla`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use sensilla_std::command::{self, Cli};

fn main() -> ExitCode {
    match command::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
