//! A command in a folder, and data to give it.

use assert_cmd::Command;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

pub fn sensilla(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("sensilla").unwrap();
    command.current_dir(folder);
    command
}

/// Runs it, expects success and nothing but notes on standard error, and reads its JSON.
pub fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = sensilla(folder)
        .args(arguments)
        .arg("--json")
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && error.lines().all(|line| line.starts_with("note: ")),
        "{arguments:?}: {error}"
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A CSV file of three motions at 20 Hz, one after the other, `rounds` times.
pub fn motions(rounds: usize) -> String {
    let mut text = String::from("time,motion,x,y,note\n");
    let mut t = 0;
    for round in 0..rounds {
        for (motion, frequency, size) in
            [("still", 0.0, 0.1), ("slow", 1.0, 1.0), ("fast", 4.0, 2.0)]
        {
            for _ in 0..100 {
                let s = f64::from(t) * 0.05;
                let wobble = ((t * 7919 + round as i32 * 31) % 97) as f64 / 500.0;
                let x = size * (s * frequency * std::f64::consts::TAU).sin() + wobble;
                let y = size * (s * frequency * std::f64::consts::TAU).cos() - wobble;
                writeln!(text, "{s:.2},{motion},{x:.4},{y:.4},n").unwrap();
                t += 1;
            }
        }
    }
    text
}

pub fn vectors(count: usize) -> String {
    let mut text = String::new();
    for i in 0..count {
        let mut vector = [0.1f64; 24];
        vector[i % 3] = 3.0 + (i % 7) as f64 / 10.0;
        vector[5 + i % 11] += 0.3;
        let label = ["a", "b", "c"][i % 3];
        writeln!(
            text,
            "{}",
            serde_json::json!({"vector": vector, "label": label})
        )
        .unwrap();
    }
    text
}

pub fn claim(author: &str, at: u64, subject: &str, value: &str) -> String {
    serde_json::json!({"author": author, "at": at, "context": "hall", "subject": subject,
        "predicate": "state", "value": value})
    .to_string()
}
