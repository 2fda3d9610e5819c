//! Gets the programs a host needs: from Debian where this machine has it, else says which.

use crate::process::{ask, cargo, root, run};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The first of `names` that PATH has.
pub fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| {
        folders
            .iter()
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
    })
}

/// A program that must be there by now.
pub fn program(names: &[&str]) -> Result<PathBuf> {
    find(names).with_context(|| format!("{} is not in PATH", names[0]))
}

/// Installs Debian packages when root, else stops with the one command to run.
pub fn install(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    let root = ask(Command::new("id").arg("-u")).as_deref() == Some("0");
    if !root || find(&["apt-get"]).is_none() {
        bail!(
            "this machine lacks {list}. Run\n\n    sudo sh -c 'apt-get update && apt-get install \
             --yes --no-install-recommends {list}'\n\n(on another system than Debian, its equal), \
             then this command again; `cargo xtask test --host` runs the host alone"
        );
    }
    eprintln!("installing {list}");
    run(apt().arg("update"))?;
    run(apt()
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages))
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(["--quiet", "--quiet"])
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Standard output carries the results of the tests.
        .stdout(std::io::stderr());
    command
}

/// The folder of wasm-bindgen's programs, of exactly the version in the lock file: the two sides
/// of its interface only work together when they are of one version.
pub fn wasm_bindgen() -> Result<PathBuf> {
    let package = ask(cargo().args(["pkgid", "wasm-bindgen"]))
        .context("the lock file has no wasm-bindgen, or more than one")?;
    let version = package
        .rsplit(['@', '#', ':'])
        .next()
        .unwrap_or_default()
        .to_owned();
    let tools = root().join("target/tools");
    let programs = tools.join("bin");
    let runner = programs.join("wasm-bindgen-test-runner");
    if has_version(&runner, &version) {
        return Ok(programs);
    }
    eprintln!("building wasm-bindgen-cli {version}, about two minutes");
    let install = |locked: bool| {
        let mut command = cargo();
        command
            .args(["install", "--quiet", "wasm-bindgen-cli", "--version"])
            .arg(&version)
            .arg("--root")
            .arg(&tools)
            .arg("--target-dir")
            .arg(tools.join("build"));
        if locked {
            command.arg("--locked");
        }
        run(&mut command)
    };
    // A registry mirror may lag behind the lock file of the release.
    install(true).or_else(|_| install(false))?;
    if !has_version(&runner, &version) {
        bail!("wasm-bindgen-cli {version} is not there after its installation");
    }
    Ok(programs)
}

fn has_version(runner: &Path, version: &str) -> bool {
    ask(Command::new(runner).arg("--version"))
        .is_some_and(|text| text.split_whitespace().any(|word| word == version))
}
