//! A command in a folder of its own, and data to give it.

use assert_cmd::Command;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

/// A folder with files in it.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn with(files: &[(&str, &[u8])]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, bytes) in files {
            folder.write(name, bytes);
        }
        folder
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.0.path().join(name), bytes).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::cargo_bin("sensilla").unwrap();
        command.current_dir(self.0.path()).args(line);
        command
    }

    /// Runs it, expects success, and gives its JSON.
    pub fn json(&self, line: &[&str]) -> Value {
        let output = self.command(line).arg("--json").output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line:?}: {error}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What it says on standard error.
    pub fn said(&self, line: &[&str]) -> String {
        let output = self.command(line).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    }
}

/// Rows of two motions, each of `samples` samples at 50 Hz, as time, label, x, y.
pub fn motions(samples: usize, from: f64) -> Vec<(f64, &'static str, f64, f64)> {
    let mut rows = Vec::new();
    for (motion, frequency) in [("slow", 1.0), ("fast", 6.0)] {
        for _ in 0..samples {
            let t = from + rows.len() as f64 / 50.0;
            let angle = t * frequency * std::f64::consts::TAU;
            rows.push((t, motion, angle.sin(), 9.81 + angle.cos()));
        }
    }
    rows
}

/// The rows as CSV with a header.
pub fn csv(rows: &[(f64, &str, f64, f64)]) -> String {
    let mut text = String::from("t,motion,x,y\n");
    for (t, motion, x, y) in rows {
        writeln!(text, "{t:.2},{motion},{x:.4},{y:.4}").unwrap();
    }
    text
}

pub fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(text.as_bytes()).unwrap();
    gz.finish().unwrap()
}
