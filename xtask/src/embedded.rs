//! Firmware on an emulated Cortex-M4F: built, run in QEMU, its `defmt` log decoded.

use crate::lines::{self, Lines};
use crate::process::{run, show};
use crate::target::Toolchain;
use crate::tools;
use anyhow::{Context, Result, bail};
use defmt_decoder::{DecodeError, Table};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const TARGET: &str = "thumbv7em-none-eabihf";
/// QEMU's model of an Arm MPS2 board with the AN386 image: 4 MiB of flash, 4 MiB of RAM.
const MACHINE: &str = "mps2-an386";
const EMULATOR: &str = "qemu-system-arm";
/// Firmware that has not ended by then never will.
const PATIENCE: Duration = Duration::from_secs(600);

/// The Debian packages that this machine lacks.
pub fn missing() -> Vec<&'static str> {
    let mut packages = Toolchain::missing(TARGET);
    if tools::find(&[EMULATOR]).is_none() {
        packages.push(EMULATOR);
    }
    packages
}

/// Runs the suite, then the demo, whose lines must be those of the suite.
pub fn test() -> Result<Lines> {
    let toolchain = Toolchain::get(TARGET)?;
    run(toolchain
        .cargo("build", "core")
        .args(["--release", "--package", "firmware", "--bins"]))?;
    let suite = emulate(&toolchain.release().join("conformance"))?;
    let demo = emulate(&toolchain.release().join("activity"))?;
    lines::read(&(suite + &demo))
}

/// Runs firmware to its end; prints its log and returns it.
fn emulate(firmware: &Path) -> Result<String> {
    let elf = fs::read(firmware).with_context(|| format!("cannot read {}", firmware.display()))?;
    let table = Table::parse(&elf)?
        .with_context(|| format!("{} has no `defmt` log", firmware.display()))?;
    let mut command = Command::new(EMULATOR);
    command
        .args(["-machine", MACHINE, "-nographic", "-monitor", "none"])
        .args(["-serial", "none"])
        .args(["-semihosting-config", "enable=on,target=native"])
        .arg("-kernel")
        .arg(firmware)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    eprintln!("> {}", show(&command));
    let mut emulator = command
        .spawn()
        .with_context(|| format!("{EMULATOR} does not start"))?;
    let mut output = emulator.stdout.take().context("no output to read")?;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = output.read(&mut buffer) {
            if sender.send(buffer[..read].to_vec()).is_err() {
                break;
            }
        }
    });

    let mut decoder = table.new_stream_decoder();
    let mut log = String::new();
    loop {
        match receiver.recv_timeout(PATIENCE) {
            Ok(bytes) => decoder.received(&bytes),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                emulator.kill()?;
                emulator.wait()?;
                bail!("the firmware was silent for {} s", PATIENCE.as_secs());
            }
        }
        loop {
            match decoder.decode() {
                Ok(frame) => {
                    let line = frame.display(false).to_string();
                    println!("{line}");
                    log.push_str(&line);
                    log.push('\n');
                }
                Err(DecodeError::UnexpectedEof) => break,
                Err(DecodeError::Malformed) if table.encoding().can_recover() => {
                    println!("(a frame of the log is malformed)");
                }
                Err(DecodeError::Malformed) => bail!("the firmware's log is malformed"),
            }
        }
    }
    let status = emulator.wait()?;
    if !status.success() {
        bail!("the firmware failed: {status}");
    }
    Ok(log)
}
