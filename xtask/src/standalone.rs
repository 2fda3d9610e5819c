//! Checks that the core stands alone: it builds for bare metal, brings no crate that needs `std`
//! or `alloc`, and has no `unsafe` outside `simd/`.

use crate::process::{ask, cargo, root, run};
use crate::target::Toolchain;
use crate::tools;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// The microcontrollers that the core promises to build for: the smallest, the usual one, and one that is no
/// Arm and has neither compare-and-swap nor floats.
const BARE_METAL: [&str; 3] = [
    "thumbv6m-none-eabi",
    "thumbv7em-none-eabihf",
    "riscv32imc-unknown-none-elf",
];

pub fn check() -> Result<()> {
    no_unsafe_outside_simd()?;
    no_std_or_alloc_in_dependencies()?;
    for target in BARE_METAL {
        tools::install(&Toolchain::missing(target))?;
        let toolchain = Toolchain::get(target)?;
        // Where the library is built from source there is no `alloc` to link against at all.
        run(toolchain
            .cargo("build", "core")
            .args([
                "--release",
                "--package",
                "sensilla",
                "--no-default-features",
            ])
            .stdout(std::io::stderr()))?;
    }
    println!(
        "the core stands alone: builds for {}",
        BARE_METAL.join(", ")
    );
    Ok(())
}

fn no_std_or_alloc_in_dependencies() -> Result<()> {
    let tree = ask(cargo().args([
        "tree",
        "--package=sensilla",
        "--edges=normal",
        "--no-default-features",
        "--prefix=none",
        "--format={p} [{f}]",
    ]))
    .context("cargo tree failed")?;
    println!("{tree}");
    for line in tree.lines() {
        let features = line
            .rsplit_once('[')
            .map(|(_, features)| features.trim_end_matches([']', ' ', '(', '*', ')']))
            .unwrap_or_default();
        if let Some(feature) = features
            .split(',')
            .find(|feature| ["std", "alloc"].contains(feature))
        {
            bail!("a dependency of the core is built with `{feature}`: {line}");
        }
    }
    Ok(())
}

fn no_unsafe_outside_simd() -> Result<()> {
    let source = root().join("core/src");
    let mut files = Vec::new();
    rust_files(&source, &mut files)?;
    let mut found = Vec::new();
    for file in files {
        if file.starts_with(source.join("simd")) || file == source.join("simd.rs") {
            continue;
        }
        for (number, line) in fs::read_to_string(&file)?.lines().enumerate() {
            if has_unsafe(line) {
                found.push(format!("{}:{}: {line}", file.display(), number + 1));
            }
        }
    }
    if !found.is_empty() {
        bail!("`unsafe` outside simd/:\n{}", found.join("\n"));
    }
    println!("no `unsafe` in core/src outside simd/");
    Ok(())
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            rust_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether the code of a line (not its comment) has the keyword.
fn has_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word == "unsafe")
}

#[cfg(test)]
mod tests {
    use super::has_unsafe;

    #[test]
    fn sees_the_keyword_but_not_the_word() {
        assert!(has_unsafe("    let x = unsafe { *p };"));
        assert!(has_unsafe("pub unsafe fn f() {}"));
        assert!(!has_unsafe("#![deny(unsafe_code)]"));
        assert!(!has_unsafe("//! no `unsafe` here"));
        assert!(!has_unsafe("let unsafety = 1; // unsafe"));
    }
}
