//! The command `sensilla`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use sensilla_std::command::{self, Cli};
use sensilla_std::interrupt;

fn main() -> ExitCode {
    let done = command::run(Cli::parse());
    match done {
        Ok(()) if interrupt::is_requested() => ExitCode::from(interrupt::INTERRUPTED),
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
