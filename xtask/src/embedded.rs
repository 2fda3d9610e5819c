//! Firmware on an emulated Cortex-M4F and Cortex-M55: built, run in QEMU, its `defmt` log decoded.

use crate::lines::{self, Lines};
use crate::process::{Step, run};
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

/// A board that QEMU emulates.
pub struct Board {
    machine: &'static str,
    pub target: &'static str,
    /// What the compiler is told besides.
    flags: &'static str,
}

/// An Arm MPS2 with the AN386 image: Cortex-M4F, 4 MiB of flash, 4 MiB of RAM.
pub const M4: Board = Board {
    machine: "mps2-an386",
    target: "thumbv7em-none-eabihf",
    flags: "",
};
/// An Arm MPS3 with the AN547 image: Cortex-M55 with Helium, for which there is no target yet.
const M55: Board = Board {
    machine: "mps3-an547",
    target: "thumbv8m.main-none-eabihf",
    flags: "--cfg sensilla_helium",
};
const EMULATOR: &str = "qemu-system-arm";
/// Firmware that has not ended by then never will.
const PATIENCE: Duration = Duration::from_secs(600);

/// The Debian packages that this machine lacks.
pub fn missing() -> Vec<&'static str> {
    let mut packages = Toolchain::missing(M4.target);
    packages.extend(Toolchain::missing(M55.target));
    if tools::find(&[EMULATOR]).is_none() {
        packages.push(EMULATOR);
    }
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// Runs the suite with each set of kernels that a device may have, then the demo, whose lines must
/// be those of the suite.
pub fn test() -> Result<Vec<(&'static str, Lines)>> {
    let plain = M4.run("conformance", false, &[])?;
    let dsp = M4.run("conformance", true, &[])? + &M4.run("activity", true, &[])?;
    let helium = M55.run("conformance", true, &[])? + &M55.run("activity", true, &[])?;
    Ok(vec![
        ("embedded", lines::read(&dsp)?),
        ("embedded without simd", lines::read(&plain)?),
        ("embedded with Helium", lines::read(&helium)?),
    ])
}

/// Prints how many instructions kernels and searches take: without and with the DSP extension, and
/// with Helium.
pub fn instructions() -> Result<()> {
    for (board, simd) in [(M4, false), (M4, true), (M55, true)] {
        // An instruction takes 1,024 ns, whatever the host is doing.
        board.run("instructions", simd, &["-icount", "shift=10"])?;
    }
    Ok(())
}

impl Board {
    /// Builds one program of the firmware and runs it; its log.
    fn run(&self, program: &str, simd: bool, options: &[&str]) -> Result<String> {
        let toolchain = Toolchain::get(self.target)?;
        let mut command = toolchain.cargo("build", "core");
        command.args(["--release", "--package", "firmware", "--bin", program]);
        if !simd {
            command.arg("--no-default-features");
        }
        if !self.flags.is_empty() {
            command.env(toolchain.variable("RUSTFLAGS"), self.flags);
        }
        run(&mut command)?;
        emulate(
            self.machine,
            &toolchain.built("release").join(program),
            options,
        )
    }
}

/// Runs firmware to its end; prints its log and returns it.
fn emulate(machine: &str, firmware: &Path, options: &[&str]) -> Result<String> {
    let elf = fs::read(firmware).with_context(|| format!("cannot read {}", firmware.display()))?;
    let table = Table::parse(&elf)?
        .with_context(|| format!("{} has no `defmt` log", firmware.display()))?;
    let mut command = Command::new(EMULATOR);
    command
        .args(["-machine", machine, "-nographic", "-monitor", "none"])
        .args(["-serial", "none"])
        .args(["-semihosting-config", "enable=on,target=native"])
        .arg("-kernel")
        .arg(firmware)
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let _step = Step::start(&command);
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
