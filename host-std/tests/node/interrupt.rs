//! Asked to end, a command keeps what it took.

use super::fixtures::{claim, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn start(folder: &std::path::Path, arguments: &[&str]) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin("sensilla"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &id]).status();
    assert!(sent.unwrap().success());
}

fn code(child: &mut Child) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "it goes on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn lines_that_were_taken_are_saved_when_the_process_is_asked_to_end() {
    for name in ["INT", "TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = start(folder.path(), &["ingest", "-", "--json"]);
        let mut input = child.stdin.take().unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap());
        for i in 0..5 {
            let line = claim("cam", i, &format!("door {i}"), "open");
            writeln!(input, "{line}").unwrap();
            let mut outcome = String::new();
            told.read_line(&mut outcome).unwrap();
            assert!(outcome.contains("appended"), "{outcome}");
        }
        signal(&child, name);
        assert_eq!(code(&mut child), Some(130), "{name}");
        // Five claims, and the admission of their source.
        assert_eq!(json(folder.path(), &["verify"])["events"], 6, "{name}");
        assert!(!folder.path().join("sensilla.store.lock").exists());
        assert!(!folder.path().join("sensilla.store.new").exists());
    }
}

#[test]
fn what_has_nothing_to_keep_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("sensilla.store.lock");
    // It waits for vectors that never come.
    let mut child = start(folder.path(), &["learn", "-", "--format", "jsonl"]);
    while !lock.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    // And another for its lock.
    let mut other = start(folder.path(), &["ingest", "-"]);
    std::thread::sleep(Duration::from_millis(50));
    for child in [&mut other, &mut child] {
        signal(child, "INT");
        assert!(code(child) != Some(0));
    }
    assert!(!folder.path().join("sensilla.store").exists());
    // The lock that the killed one left locks nobody out.
    fs::write(
        folder.path().join("c.jsonl"),
        claim("cam", 1, "door", "open"),
    )
    .unwrap();
    json(folder.path(), &["ingest", "c.jsonl"]);
}
