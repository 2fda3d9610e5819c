//! This machine: the tests of every crate that runs here, and the suite in two builds.

use crate::lines::{self, Lines};
use crate::process::{cargo, run, tee};
use anyhow::Result;

/// Crates beside the default members whose tests run on this machine too.
const BESIDE: [&str; 3] = ["sensilla-activity", "xtask", "sensilla-embedded"];

pub fn test() -> Result<Vec<(&'static str, Lines)>> {
    run(cargo().arg("test"))?;
    let mut beside = cargo();
    beside.arg("test");
    for package in BESIDE {
        beside.args(["--package", package]);
    }
    run(&mut beside)?;
    Ok(vec![
        ("host", suite(&[])?),
        // No feature and no optimisation changes a result.
        (
            "host without simd",
            suite(&["--profile", "quick", "--no-default-features"])?,
        ),
    ])
}

/// The tests that take minutes.
pub fn long() -> Result<()> {
    run(cargo()
        .args(["test", "--package", "sensilla-std", "--test", "crash"])
        .args(["--", "--ignored"]))?;
    // A million orders of events, and the zoo of kinds of data.
    for which in [["--lib", "million"], ["--test", "recall_zoo"]] {
        run(cargo()
            .args(["test", "--profile", "quick", "--package", "sensilla"])
            .args(which)
            .args(["--", "--ignored"]))?;
    }
    run(cargo().env("SENSILLA_HOSTILE_IMAGES", "20000").args([
        "test",
        "--package",
        "sensilla",
        "--lib",
        "hostile::",
    ]))
}

fn suite(arguments: &[&str]) -> Result<Lines> {
    let mut command = cargo();
    command
        .args(["test", "--package", "sensilla-conformance"])
        .args(["--test", "suite"])
        .args(arguments)
        .args(["--", "--nocapture"]);
    lines::read(&tee(&mut command)?)
}
