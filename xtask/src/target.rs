//! Building for another target, with rustup's library for it or with one built from source.

use crate::process::{ask, cargo, root, run};
use crate::tools;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A toolchain that builds for one target.
pub struct Toolchain {
    target: &'static str,
    source: Option<Debian>,
}

/// Debian's compiler with the sources of the standard library, and rustup's linker.
struct Debian {
    linker: PathBuf,
}

const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
/// What these packages bring.
const DEBIAN: [&str; 3] = [
    RUSTC,
    CARGO,
    "/usr/lib/rustlib/src/rust/library/core/src/lib.rs",
];

impl Toolchain {
    /// The Debian packages that this machine lacks to build for `target`.
    pub fn missing(target: &str) -> Vec<&'static str> {
        let there = has_library(target)
            || (rustup_may_fetch() && rustup_adds(target))
            || DEBIAN.iter().all(|file| Path::new(file).exists());
        if there { Vec::new() } else { PACKAGES.to_vec() }
    }

    /// The toolchain for `target`, of which nothing may be missing.
    pub fn get(target: &'static str) -> Result<Self> {
        let source = if has_library(target) {
            None
        } else {
            Some(Debian { linker: linker()? })
        };
        Ok(Self { target, source })
    }

    /// Cargo with `subcommand` for the target; where the library is built from source, the crates
    /// of it that are named in `library`.
    pub fn cargo(&self, subcommand: &str, library: &str) -> Command {
        let mut command = match &self.source {
            None => cargo(),
            Some(debian) => {
                let mut command = Command::new(CARGO);
                command
                    .current_dir(root())
                    .env("RUSTC", RUSTC)
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env(self.variable("LINKER"), &debian.linker)
                    .env_remove("CARGO")
                    .env_remove("RUSTUP_TOOLCHAIN");
                command
            }
        };
        command.arg(subcommand);
        if self.source.is_some() {
            command.arg(format!("-Zbuild-std={library}"));
        }
        command
            .args(["--target", self.target, "--target-dir"])
            .arg(self.folder());
        command
    }

    /// The environment variable that gives Cargo a setting for the target alone.
    pub fn variable(&self, setting: &str) -> String {
        let target = self.target.to_uppercase().replace(['-', '.'], "_");
        format!("CARGO_TARGET_{target}_{setting}")
    }

    /// Where [`cargo`](Self::cargo) puts what it builds: apart from the host's, since two
    /// compilers take turns there.
    pub fn folder(&self) -> PathBuf {
        root().join("target/cross")
    }

    /// The folder of what is built for the target under a profile.
    pub fn built(&self, profile: &str) -> PathBuf {
        self.folder().join(self.target).join(profile)
    }
}

fn has_library(target: &str) -> bool {
    ask(Command::new("rustc").current_dir(root()).args([
        "--print",
        "target-libdir",
        "--target",
        target,
    ]))
    .is_some_and(|folder| Path::new(&folder).is_dir())
}

/// `RUSTUP_AUTO_INSTALL=0` is rustup's own way to say that it is not to fetch anything.
fn rustup_may_fetch() -> bool {
    std::env::var_os("RUSTUP_AUTO_INSTALL").is_none_or(|value| value != "0")
}

fn rustup_adds(target: &str) -> bool {
    tools::find(&["rustup"]).is_some()
        && run(Command::new("rustup")
            .current_dir(root())
            .args(["target", "add", target]))
        .is_ok()
        && has_library(target)
}

/// `rust-lld` of rustup's toolchain, or LLVM's own linker where PATH has it.
fn linker() -> Result<PathBuf> {
    let folder = ask(Command::new("rustc")
        .current_dir(root())
        .args(["--print", "target-libdir"]))
    .context("rustc does not say where its libraries are")?;
    let bundled = Path::new(&folder).with_file_name("bin").join("rust-lld");
    if bundled.exists() {
        return Ok(bundled);
    }
    tools::find(&["rust-lld"]).with_context(|| {
        format!(
            "no rust-lld in {} nor in PATH; a rustup toolchain has it",
            bundled.display()
        )
    })
}
