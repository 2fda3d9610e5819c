//! `cargo xtask`: set-up, tests on every host, benchmarks.
//!
//! Each host has a file of its own; `tools` gets what a host needs and this machine lacks, and
//! `lines` compares what the hosts printed.

mod bench;
mod browser;
mod embedded;
mod fuzz;
mod host;
mod lines;
mod package;
mod process;
mod size;
mod standalone;
mod target;
mod tools;
mod wasm;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the tests on every host, or on the named ones, and compares the digests they print
    Test {
        #[command(flatten)]
        hosts: Hosts,
        /// Also what takes minutes: a thousand killed writers, thousands of spoilt images
        #[arg(long)]
        long: bool,
    },
    /// Gets the tools that the tests of every host, or of the named ones, need
    Setup(Hosts),
    /// Checks that the core stands alone: bare-metal builds, its dependencies, where `unsafe` is
    Core,
    /// Counts the instructions of kernels and searches on the emulated Cortex-M4F and M55
    Instructions,
    /// Measures RAM of nodes by part, and flash and RAM of the linked firmware; target/size.json
    Size,
    /// Builds what others take: target/package
    Package {
        /// What for
        #[arg(value_enum)]
        package: package::Package,
    },
    /// Builds examples/browser and serves it on this machine
    Browser {
        /// The port to listen on
        #[arg(long, default_value_t = 8000)]
        port: u16,
    },
    /// Feeds hostile bytes to all that opens, decodes or verifies; see fuzz/
    Fuzz {
        /// bank, log, event, proof or node; each of them if not given
        target: Option<String>,
        /// How long for each target
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Without libFuzzer and sanitizer: mutations from a seeded generator
        #[arg(long)]
        plain: bool,
    },
    /// Runs the benchmarks of tests/bench in release; all arguments are passed on
    #[command(disable_help_flag = true)]
    Bench {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

#[derive(Args, Clone, Copy)]
struct Hosts {
    /// This machine
    #[arg(long)]
    host: bool,
    /// WebAssembly in headless Chromium
    #[arg(long)]
    wasm: bool,
    /// Firmware on an emulated Cortex-M4F and M55
    #[arg(long)]
    embedded: bool,
    /// The library for C, on this machine and on an emulated Cortex-M4F
    #[arg(long)]
    c: bool,
    /// The package for npm, in Node and in headless Chromium
    #[arg(long)]
    npm: bool,
}

impl Hosts {
    /// No flag means every host, and the package for npm where there is time for it.
    fn chosen(self, long: bool) -> Self {
        if self.host || self.wasm || self.embedded || self.c || self.npm {
            self
        } else {
            Self {
                host: true,
                wasm: true,
                embedded: true,
                c: true,
                // Eight modules take minutes to build.
                npm: long,
            }
        }
    }
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Test { hosts, long } => {
            let tested = test(hosts.chosen(long), long)
                .and_then(|()| if long { host::long() } else { Ok(()) });
            eprint!("{}", process::steps());
            tested
        }
        Command::Setup(hosts) => setup(hosts.chosen(true)),
        Command::Core => standalone::check(),
        Command::Instructions => {
            tools::install(&embedded::missing()).and_then(|()| embedded::instructions())
        }
        Command::Size => size::size(),
        Command::Package { package } => prepare(package).and_then(|()| package::package(package)),
        Command::Browser { port } => serve(port),
        Command::Fuzz {
            target,
            seconds,
            plain,
        } => fuzz::fuzz(target.as_deref(), seconds, plain),
        Command::Bench { arguments } => bench::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn setup(hosts: Hosts) -> Result<()> {
    let mut packages = Vec::new();
    if hosts.wasm || hosts.npm {
        packages.extend(wasm::missing());
    }
    if hosts.embedded {
        packages.extend(embedded::missing());
    }
    if hosts.c {
        packages.extend(package::missing_for_c());
    }
    packages.sort_unstable();
    packages.dedup();
    tools::install(&packages)?;
    if hosts.npm {
        package::npm::setup()?;
    }
    if hosts.wasm {
        wasm::setup()?;
    }
    Ok(())
}

/// Gets the tools that a package is built with, where it says so itself.
fn prepare(package: package::Package) -> Result<()> {
    match package {
        package::Package::C => Ok(()),
        package::Package::Npm => {
            let mut packages = target::Toolchain::missing(wasm::TARGET);
            packages.extend(package::npm::missing());
            tools::install(&packages)
        }
    }
}

fn serve(port: u16) -> Result<()> {
    setup(Hosts {
        host: false,
        wasm: true,
        embedded: false,
        c: false,
        npm: false,
    })?;
    browser::serve(port)
}

fn test(hosts: Hosts, long: bool) -> Result<()> {
    // What is missing is found out before the first long build.
    setup(hosts)?;
    let mut printed = Vec::new();
    if hosts.host {
        printed.extend(host::test()?);
    }
    if hosts.wasm {
        printed.push(("wasm", wasm::test()?));
    }
    if hosts.embedded {
        printed.extend(embedded::test()?);
    }
    if hosts.c {
        package::test_c()?;
    }
    if hosts.npm {
        package::npm::test(long)?;
    }
    lines::compare(&printed)
}
