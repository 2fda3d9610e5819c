//! Hostile bytes, for as long as is asked: libFuzzer with coverage and AddressSanitizer, or the plain
//! driver that any compiler builds.

use crate::process::{ask, cargo, root, run};
use anyhow::{Context, Result, bail};
use std::process::Command;

const TARGETS: [&str; 5] = ["bank", "log", "event", "proof", "node"];

/// What `cargo fuzz` gives the compiler: counters on every edge, compared values, and a check of
/// every access to memory.
const FLAGS: &str = "--cfg fuzzing -Zsanitizer=address -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

pub fn fuzz(target: Option<&str>, seconds: u64, plain: bool) -> Result<()> {
    if let Some(target) = target
        && !TARGETS.contains(&target)
    {
        bail!(
            "there is no target {target}; there are {}",
            TARGETS.join(", ")
        );
    }
    let chosen = TARGETS
        .iter()
        .filter(|name| target.is_none_or(|t| t == **name));
    if plain {
        for name in chosen {
            run(driver().arg(name).args(["--seconds", &seconds.to_string()]))?;
        }
        return Ok(());
    }
    // Seeds, so that the fuzzer does not have to find out what an event is.
    run(driver().args(["--write", "corpus"]))?;
    let host = ask(cargo().args(["-vV"]))
        .and_then(|text| {
            Some(
                text.lines()
                    .find_map(|l| l.strip_prefix("host: "))?
                    .to_owned(),
            )
        })
        .context("cargo does not say what it runs on")?;
    let folder = root().join("fuzz");
    run(cargo()
        .current_dir(&folder)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", FLAGS)
        .args(["build", "--release", "--features", "libfuzzer", "--bins"])
        // Build scripts and macros are spared by naming the target.
        .args(["--target", &host]))?;
    for name in chosen {
        let artifacts = folder.join("artifacts").join(name);
        std::fs::create_dir_all(&artifacts)?;
        run(
            Command::new(folder.join("target").join(&host).join("release").join(name))
                .current_dir(&folder)
                .arg(format!("corpus/{name}"))
                .arg(format!("-max_total_time={seconds}"))
                .arg(format!("-artifact_prefix={}/", artifacts.display()))
                .args(["-timeout=10", "-max_len=4096", "-print_final_stats=1"])
                .arg("-verbosity=0"),
        )?;
    }
    Ok(())
}

fn driver() -> Command {
    let mut command = cargo();
    command.current_dir(root().join("fuzz")).args([
        "run",
        "--quiet",
        "--release",
        "--bin",
        "plain",
        "--",
    ]);
    command
}
