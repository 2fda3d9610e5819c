//! What is unlike anything learned, in a file and live.

use super::fixtures::{json, sensilla};
use super::shapes::wave;
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A stream at 100 Hz of waves of one kind, 80 samples each; those named are of another.
fn stream(waves: std::ops::Range<u32>, strange: &[u32]) -> String {
    let mut text = String::from("t,x\n");
    for i in waves.clone() {
        let period = if strange.contains(&i) { 3.0 } else { 16.0 };
        for (at, value) in wave(period, i).into_iter().enumerate() {
            let sample = (i - waves.start) as usize * 80 + at;
            text += &format!("{:.2},{value}\n", sample as f64 / 100.0);
        }
    }
    text
}

fn learned() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("normal.csv"), stream(0..60, &[])).unwrap();
    let learned = json(
        folder.path(),
        &["learn", "normal.csv", "--window", "80", "--time", "t"],
    );
    assert_eq!(learned["labels"], serde_json::json!(["normal"]));
    folder
}

#[test]
fn a_file_is_searched_for_what_stands_out() {
    let folder = learned();
    let text = stream(100..160, &[117, 141]);
    fs::write(folder.path().join("new.csv"), text).unwrap();
    let before = fs::read(folder.path().join("sensilla.store")).unwrap();
    let output = sensilla(folder.path())
        .args(["watch", "new.csv", "--json"])
        .assert()
        .success();
    let lines: Vec<Value> = String::from_utf8_lossy(&output.get_output().stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (last, alarms) = lines.split_last().unwrap();
    assert_eq!(last["windows"], 60);
    assert_eq!(last["alarms"], alarms.len());
    let found: Vec<u64> = alarms.iter().map(|a| a["line"].as_u64().unwrap()).collect();
    // A wave of 80 samples begins behind the header.
    for strange in [17, 41] {
        assert!(found.contains(&(strange * 80 + 2)), "{found:?}");
    }
    assert!(found.len() <= 3, "{found:?}");
    for alarm in alarms {
        let number = |name: &str| alarm[name].as_f64().unwrap();
        assert!(number("novelty") > number("level"));
        assert_eq!(alarm["predicted"], "normal");
    }
    // Every window if asked for; and the store is as it was.
    let all = sensilla(folder.path())
        .args(["watch", "new.csv", "--all"])
        .assert()
        .success();
    let text = String::from_utf8(all.get_output().stdout.clone()).unwrap();
    assert_eq!(text.lines().count(), 60);
    assert!(
        text.lines()
            .nth(17)
            .unwrap()
            .contains("unlike anything learned")
    );
    assert!(text.lines().next().unwrap().starts_with("line 2, 0.00: "));
    assert_eq!(
        fs::read(folder.path().join("sensilla.store")).unwrap(),
        before
    );
}

struct Live {
    child: Child,
    output: BufReader<ChildStdout>,
}

#[test]
fn standard_input_is_watched_as_it_comes() {
    let folder = learned();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("sensilla"))
        .args(["watch", "-", "--json"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut live = Live {
        output: BufReader::new(child.stdout.take().unwrap()),
        child,
    };
    let text = stream(200..230, &[212]);
    // As far as the strange wave and the row behind it, and no further: its alarm must come.
    let rows: Vec<&str> = text.split_inclusive('\n').collect();
    let (first, rest) = rows.split_at(1 + 13 * 80 + 1);
    input.write_all(first.concat().as_bytes()).unwrap();
    input.flush().unwrap();
    let mut line = String::new();
    let found = loop {
        line.clear();
        assert!(live.output.read_line(&mut line).unwrap() > 0);
        let told: Value = serde_json::from_str(&line).unwrap();
        let at = told["line"].as_u64().unwrap();
        assert!(at <= 12 * 80 + 2, "{told}");
        if at == 12 * 80 + 2 {
            break told;
        }
    };
    assert!(found["novelty"].as_f64().unwrap() > found["level"].as_f64().unwrap());
    input.write_all(rest.concat().as_bytes()).unwrap();
    drop(input);
    let last = live.output.lines().last().unwrap().unwrap();
    let last: Value = serde_json::from_str(&last).unwrap();
    assert_eq!(last["windows"], 30);
    assert!(live.child.wait().unwrap().success());
}
