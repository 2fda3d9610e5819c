//! Firmware on an emulated Cortex-M4F: built, run in QEMU, its `defmt` log decoded.

use crate::lines::{self, Lines};
use crate::process::{run, show};
use crate::target::Toolchain;
use crate::tools;
use anyhow::{Context, Result, bail};
use defmt_decoder::{DecodeError, Table};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
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

/// Runs the suite at each level of kernels that the device may have, then the demo, whose lines must
/// be those of the suite.
pub fn test() -> Result<Vec<(&'static str, Lines)>> {
    let toolchain = Toolchain::get(TARGET)?;
    let plain = build(&toolchain, "conformance", false)?;
    let plain = lines::read(&emulate(&plain, &[])?)?;
    let suite = emulate(&build(&toolchain, "conformance", true)?, &[])?;
    let demo = emulate(&build(&toolchain, "activity", true)?, &[])?;
    Ok(vec![
        ("embedded", lines::read(&(suite + &demo))?),
        ("embedded without simd", plain),
    ])
}

/// Prints how many instructions kernels and searches take, without and with the DSP extension.
pub fn instructions() -> Result<()> {
    let toolchain = Toolchain::get(TARGET)?;
    for simd in [false, true] {
        let firmware = build(&toolchain, "instructions", simd)?;
        // An instruction takes 1,024 ns, whatever the host is doing.
        emulate(&firmware, &["-icount", "shift=10"])?;
    }
    Ok(())
}

/// Builds one program of the firmware; where it lies.
fn build(toolchain: &Toolchain, program: &str, simd: bool) -> Result<PathBuf> {
    let mut command = toolchain.cargo("build", "core");
    command.args(["--release", "--package", "firmware", "--bin", program]);
    if !simd {
        command.arg("--no-default-features");
    }
    run(&mut command)?;
    Ok(toolchain.release().join(program))
}

/// Runs firmware to its end; prints its log and returns it.
fn emulate(firmware: &Path, options: &[&str]) -> Result<String> {
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
        .args(options)
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
