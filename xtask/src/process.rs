//! Running other programs, with what they print passed on.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

/// What was run so far, and the seconds that it took.
static STEPS: Mutex<Vec<(String, f64)>> = Mutex::new(Vec::new());

/// Remembers what a step took when it ends, in success or not.
pub struct Step {
    name: String,
    start: Instant,
}

impl Step {
    /// Says that a command starts, and counts its time until this value is dropped.
    pub fn start(command: &Command) -> Self {
        let name = show(command);
        eprintln!("> {name}");
        Self {
            name,
            start: Instant::now(),
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Ok(mut steps) = STEPS.lock() {
            let seconds = self.start.elapsed().as_secs_f64();
            steps.push((std::mem::take(&mut self.name), seconds));
        }
    }
}

/// A table of the steps that took a second or more, with their sum.
pub fn steps() -> String {
    const WIDTH: usize = 100;
    let steps = STEPS.lock().map(|steps| steps.clone()).unwrap_or_default();
    let mut text = String::new();
    for (name, seconds) in steps.iter().filter(|(_, seconds)| *seconds >= 1.0) {
        let name: String = name.chars().take(WIDTH).collect();
        text.push_str(&format!("{seconds:7.0} s  {name}\n"));
    }
    let sum: f64 = steps.iter().map(|(_, seconds)| seconds).sum();
    text + &format!("{sum:7.0} s  in all\n")
}

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.pop();
    path
}

/// The cargo that started this program, so that one toolchain does everything.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command.current_dir(root());
    command
}

/// Runs to the end; an exit code other than zero is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let _step = Step::start(command);
    let status = command
        .status()
        .with_context(|| format!("{} does not start", show(command)))?;
    if !status.success() {
        bail!("{} failed: {status}", show(command));
    }
    Ok(())
}

/// Runs to the end, passes its standard output on and returns it too.
pub fn tee(command: &mut Command) -> Result<String> {
    let _step = Step::start(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} does not start", show(command)))?;
    let mut text = String::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            println!("{line}");
            text.push_str(&line);
            text.push('\n');
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{} failed: {status}", show(command));
    }
    Ok(text)
}

/// Standard output of a program that says something about this machine; `None` if it fails or
/// does not exist.
pub fn ask(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The command as a person would type it.
pub fn show(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|argument| argument.to_string_lossy().into_owned()),
    );
    words.join(" ")
}
