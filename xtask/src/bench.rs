//! The benchmarks: a workspace of their own, so that contenders never weigh on this build.

use crate::process::{self, cargo, root};
use anyhow::{Result, bail};

pub fn run(arguments: &[String]) -> Result<()> {
    let folder = root().join("tests/bench");
    if !folder.join("Cargo.toml").exists() {
        bail!("{} has no benchmarks yet", folder.display());
    }
    let mut command = cargo();
    command
        .current_dir(&folder)
        // A contender declares a newer compiler than it needs.
        .args(["run", "--quiet", "--release", "--ignore-rust-version", "--"])
        .args(arguments);
    process::run(&mut command)
}
