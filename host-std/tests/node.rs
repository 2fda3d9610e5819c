//! The commands on a node: the demonstration, and a user's own data.

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

fn sensilla(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("sensilla").unwrap();
    command.current_dir(folder);
    command
}

/// Runs it, expects success and nothing on standard error, and reads its JSON.
fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = sensilla(folder)
        .args(arguments)
        .arg("--json")
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && error.is_empty(),
        "{arguments:?}: {error}"
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A CSV file of three motions at 20 Hz, one after the other, `rounds` times.
fn motions(rounds: usize) -> String {
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

fn vectors(count: usize) -> String {
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

fn claim(author: &str, at: u64, subject: &str, value: &str) -> String {
    serde_json::json!({"author": author, "at": at, "context": "hall", "subject": subject,
        "predicate": "state", "value": value})
    .to_string()
}

#[test]
fn a_second_demo_finds_everything_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("sensilla.store");
    // The default sub-command.
    let first = json(folder.path(), &[]);
    let bytes = fs::read(&store).unwrap();
    assert!(first["accuracy"].as_f64().unwrap() >= 0.975, "{first}");
    assert!(first["conflicts"]["found"].as_u64().unwrap() > 0);
    assert_eq!(first["conflicts"]["found"], first["conflicts"]["resolved"]);
    assert_eq!(first["proof_verified"], true);
    assert_eq!(first["resumed"], false);
    // What the browser and the microcontroller print too.
    let golden = include_str!("../../tests/golden.txt");
    for (line, field) in [("bank", "bank_digest"), ("root", "log_root")] {
        let line = format!("activity/{line} = {}\n", first[field].as_str().unwrap());
        assert!(golden.contains(&line), "golden.txt has no {line}");
    }
    let second = json(folder.path(), &["demo"]);
    assert_eq!(second["resumed"], true);
    for field in [
        "accuracy",
        "patterns",
        "bank_digest",
        "log_size",
        "log_root",
        "conflicts",
        "memory_bytes",
    ] {
        assert_eq!(first[field], second[field], "{field}");
    }
    assert_eq!(fs::read(&store).unwrap(), bytes, "the store was written");
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.matches("<svg").count() >= 4);
    let verified = json(folder.path(), &["verify"]);
    assert_eq!(verified["events"], first["log_size"]);
    assert_eq!(verified["events"], verified["signatures"]);
    let inspected = json(folder.path(), &["inspect"]);
    for field in ["bank_digest", "log_root", "log_size", "patterns"] {
        assert_eq!(inspected[field], first[field], "{field}");
    }
    assert_eq!(
        fs::read(&store).unwrap(),
        bytes,
        "reading changed the store"
    );
}

#[test]
fn a_damaged_store_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("sensilla.store");
    json(folder.path(), &[]);
    let good = fs::read(&store).unwrap();
    let mut flipped = good.clone();
    // In the middle of the hub's name in the log's bodies.
    let at = good.windows(5).rposition(|w| w == b"wrist").unwrap();
    flipped[at] ^= 1;
    for bad in [&flipped[..], &good[..good.len() / 2], &good[..1], &[]] {
        fs::write(&store, bad).unwrap();
        for command in ["demo", "verify", "inspect"] {
            sensilla(folder.path())
                .arg(command)
                .assert()
                .code(1)
                .stdout("")
                .stderr(contains("is damaged or no store"));
            assert_eq!(fs::read(&store).unwrap(), bad);
        }
    }
}

#[test]
fn csv_is_learned_and_recalled_by_name_of_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("train.csv"), motions(6)).unwrap();
    fs::write(at("test.csv"), motions(3)).unwrap();
    let output = sensilla(folder.path())
        .args(["learn", "train.csv", "--label", "motion", "--time", "time"])
        .args(["--window", "50", "--hop", "25", "--json"])
        .assert()
        .success()
        .stderr("note: not numeric, left out: note\n");
    let learned: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(learned["learned"], 54);
    assert_eq!(
        learned["labels"],
        serde_json::json!(["still", "slow", "fast"])
    );
    assert_eq!(learned["dimensions"], 32);
    // Label, time and windows are those of the store; columns may have moved.
    let moved: String = motions(3)
        .lines()
        .map(|line| {
            let f: Vec<&str> = line.split(',').collect();
            format!("{},{},{},{}\n", f[3], f[1], f[0], f[2])
        })
        .collect();
    fs::write(at("moved.csv"), moved).unwrap();
    for file in ["test.csv", "moved.csv"] {
        let recalled = json(folder.path(), &["recall", file]);
        assert_eq!(recalled["n"], 27, "{file}");
        assert!(
            recalled["accuracy"].as_f64().unwrap() > 0.95,
            "{file}: {recalled}"
        );
        let row = &recalled["rows"][0];
        assert_eq!(
            (&row["index"], &row["label"]),
            (&Value::from(0), &Value::from("still"))
        );
        assert!(row["similarity"].as_f64().unwrap() > 0.5);
        assert_eq!(recalled["confusion"]["labels"], learned["labels"]);
    }
    // Without labels there is no accuracy.
    let bare: String = motions(1)
        .lines()
        .map(|line| {
            let f: Vec<&str> = line.split(',').collect();
            format!("{},{}\n", f[2], f[3])
        })
        .collect();
    let output = sensilla(folder.path())
        .args(["recall", "-", "--json"])
        .write_stdin(bare)
        .assert()
        .success();
    let recalled: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(recalled["accuracy"], Value::Null);
    assert_eq!(recalled["rows"][0]["label"], Value::Null);
    // Another rate is another motion.
    sensilla(folder.path())
        .args(["recall", "test.csv", "--rate", "50"])
        .assert()
        .code(1)
        .stderr(contains(
            "recordings of 2 channels at 20 Hz, this file has recordings of 2 channels at 50 Hz",
        ));
}

#[test]
fn vectors_are_learned_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("v.jsonl"), vectors(60)).unwrap();
    let learned = json(folder.path(), &["learn", "v.jsonl"]);
    assert_eq!(learned["dimensions"], 32);
    let recalled = json(folder.path(), &["recall", "v.jsonl"]);
    assert_eq!(recalled["accuracy"], 1.0);
    sensilla(folder.path())
        .args(["recall", "-"])
        .write_stdin("{\"vector\":[1,2]}\n")
        .assert()
        .code(1)
        .stderr(contains(
            "vectors of 24 components, this file has vectors of 2 components",
        ));
    let too_long = format!("{{\"vector\":{:?},\"label\":\"a\"}}\n", vec![1; 2_049]);
    sensilla(folder.path())
        .args(["learn", "-", "--store", "new.store"])
        .write_stdin(too_long)
        .assert()
        .code(1)
        .stderr(contains("has 2049 components; at most 2048"));
}

#[test]
fn learning_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = vectors(60);
    let (a, b) = text.split_at(text.len() / 2);
    let cut = a.rfind('\n').unwrap() + 1;
    fs::write(at("a.jsonl"), &text[..cut]).unwrap();
    fs::write(at("b.jsonl"), format!("{}{b}", &a[cut..])).unwrap();
    fs::write(at("all.jsonl"), &text).unwrap();
    json(folder.path(), &["learn", "a.jsonl", "--patterns", "64"]);
    let parts = json(folder.path(), &["learn", "b.jsonl"]);
    let whole = json(
        folder.path(),
        &[
            "learn",
            "all.jsonl",
            "--patterns",
            "64",
            "--store",
            "whole.store",
        ],
    );
    assert_eq!(parts["bank_digest"], whole["bank_digest"]);
}

#[test]
fn what_is_merged_is_up_to_the_user() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("v.jsonl"), vectors(60)).unwrap();
    let merged = json(
        folder.path(),
        &["learn", "v.jsonl", "--store", "merged.store"],
    );
    let apart = json(folder.path(), &["learn", "v.jsonl", "--merge-at", "1"]);
    let patterns = |learned: &Value| learned["patterns"].as_u64().unwrap();
    assert!(
        patterns(&merged) < 20 && patterns(&apart) > 30,
        "{merged} {apart}"
    );
    for option in ["--merge-at", "--patterns"] {
        sensilla(folder.path())
            .args(["learn", "v.jsonl", option, "1"])
            .assert()
            .code(2)
            .stderr(contains("are for a new store"));
    }
    // A bank too small for all forgets, and says so.
    sensilla(folder.path())
        .args([
            "learn",
            "v.jsonl",
            "--merge-at",
            "1",
            "--patterns",
            "20",
            "--store",
            "small.store",
        ])
        .assert()
        .success()
        .stdout(contains("20 patterns in small.store"))
        .stderr(contains("patterns were forgotten: the bank holds 20"));
}

#[test]
fn a_bad_line_leaves_the_store_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("v.jsonl"), vectors(12)).unwrap();
    fs::write(
        at("bad.jsonl"),
        vectors(5) + "{\"vector\":[1],\"label\":\"a\"}\n",
    )
    .unwrap();
    fs::write(
        at("bare.jsonl"),
        vectors(3) + &vectors(1).replace("label", "at").replace("\"a\"", "5"),
    )
    .unwrap();
    let good = claim("cam", 1_000, "door", "open");
    fs::write(at("claims.jsonl"), format!("{good}\n{{\"author\":1}}\n")).unwrap();
    fs::write(
        at("forged.jsonl"),
        format!("{good}\n{{\"event\":\"0102\"}}\n"),
    )
    .unwrap();
    json(folder.path(), &["learn", "v.jsonl"]);
    let before = fs::read(at("sensilla.store")).unwrap();
    for (command, file, expected) in [
        (
            "learn",
            "bad.jsonl",
            "bad.jsonl, line 6: the vector has 1 components, those above have 24",
        ),
        ("learn", "bare.jsonl", "bare.jsonl, line 4: has no label"),
        (
            "ingest",
            "claims.jsonl",
            "claims.jsonl, line 2: invalid type",
        ),
        (
            "ingest",
            "forged.jsonl",
            "forged.jsonl, line 2: the bytes are not an event",
        ),
    ] {
        sensilla(folder.path())
            .args([command, file])
            .assert()
            .code(1)
            .stdout("")
            .stderr(contains(expected));
        assert_eq!(fs::read(at("sensilla.store")).unwrap(), before, "{file}");
    }
}

#[test]
fn claims_that_contradict_are_found_once_and_resolved() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let claims = [
        claim("cam", 1_000, "door", "open"),
        claim("lock", 2_000, "door", "shut"),
        claim("cam", 3_000, "lamp", "on"),
        claim("lock", 3_000, "lamp", "on"),
    ]
    .join("\n");
    fs::write(at("claims.jsonl"), &claims).unwrap();
    let first = json(folder.path(), &["ingest", "claims.jsonl"]);
    assert_eq!(
        (&first["appended"], &first["known"]),
        (&Value::from(4), &Value::from(0))
    );
    assert_eq!(
        first["conflicts"],
        serde_json::json!({"found": 1, "resolved": 0, "open": 1})
    );
    let bytes = fs::read(at("sensilla.store")).unwrap();
    let second = json(folder.path(), &["ingest", "claims.jsonl"]);
    assert_eq!(
        (&second["appended"], &second["known"]),
        (&Value::from(0), &Value::from(4))
    );
    assert_eq!(first["log_root"], second["log_root"]);
    assert_eq!(fs::read(at("sensilla.store")).unwrap(), bytes);
    let open = json(folder.path(), &["inspect"])["conflicts"]["open"].clone();
    assert_eq!(
        (&open[0]["subject"], &open[0]["context"]),
        (&Value::from("door"), &Value::from("hall"))
    );
    let mut said: Vec<String> = (0..2)
        .map(|i| {
            format!(
                "{} {}",
                open[0]["claims"][i]["author"], open[0]["claims"][i]["value"]
            )
        })
        .collect();
    said.sort();
    assert_eq!(said, ["\"cam\" \"open\"", "\"lock\" \"shut\""]);
    let resolve = "{\"author\":\"boss\",\"at\":4000,\"context\":\"hall\",\"resolve\":\
                   {\"subject\":\"door\",\"predicate\":\"state\",\"value\":\"open\",\"rationale\":\"seen\"}}";
    fs::write(at("resolve.jsonl"), resolve).unwrap();
    sensilla(folder.path())
        .args(["ingest", "resolve.jsonl"])
        .assert()
        .code(1)
        .stderr(contains(
            "line 1: `boss` is no authority of the context `hall`",
        ));
    for _ in 0..2 {
        let done = json(
            folder.path(),
            &["ingest", "resolve.jsonl", "--authority", "hall=boss"],
        );
        assert_eq!(
            done["conflicts"],
            serde_json::json!({"found": 1, "resolved": 1, "open": 0})
        );
        assert_eq!(done["log_size"], 5);
    }
    sensilla(folder.path())
        .arg("verify")
        .assert()
        .success()
        .stdout(contains("5 signatures hold"));
}

#[test]
fn a_log_grows_with_what_it_is_given_and_patterns_stay() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("v.jsonl"), vectors(30)).unwrap();
    let learned = json(folder.path(), &["learn", "v.jsonl"]);
    let lines = |range: std::ops::Range<u64>| -> String {
        range
            .map(|i| {
                claim(
                    &format!("source {}", i % 90),
                    i,
                    &format!("door {}", i / 2),
                    ["open", "shut"][i as usize % 2],
                ) + "\n"
            })
            .collect()
    };
    fs::write(at("a.jsonl"), lines(0..400)).unwrap();
    fs::write(at("b.jsonl"), lines(400..1_500)).unwrap();
    fs::write(at("all.jsonl"), lines(0..1_500)).unwrap();
    json(folder.path(), &["ingest", "a.jsonl"]);
    let grown = json(folder.path(), &["ingest", "b.jsonl"]);
    assert_eq!(grown["log_size"], 1_500);
    assert_eq!(grown["conflicts"]["found"], 750);
    let again = json(folder.path(), &["ingest", "all.jsonl"]);
    assert_eq!(
        (&again["known"], &again["log_root"]),
        (&Value::from(1_500), &grown["log_root"])
    );
    assert_eq!(
        json(folder.path(), &["inspect"])["bank_digest"],
        learned["bank_digest"]
    );
    assert_eq!(json(folder.path(), &["recall", "v.jsonl"])["accuracy"], 1.0);
    json(folder.path(), &["verify"]);
}

#[test]
fn a_node_of_claims_learns_too() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(
        at("c.jsonl"),
        claim("cam", 1, "door", "open") + "\n" + &claim("lock", 2, "door", "shut"),
    )
    .unwrap();
    fs::write(at("v.jsonl"), vectors(30)).unwrap();
    let claims = json(folder.path(), &["ingest", "c.jsonl"]);
    json(folder.path(), &["learn", "v.jsonl"]);
    let inspected = json(folder.path(), &["inspect"]);
    assert_eq!(inspected["log_root"], claims["log_root"]);
    assert_eq!(inspected["conflicts"]["open"].as_array().unwrap().len(), 1);
    assert_eq!(json(folder.path(), &["recall", "v.jsonl"])["accuracy"], 1.0);
}

#[test]
fn channels_over_the_limit_are_told_in_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let row = |n: usize| {
        (0..n)
            .map(|c| format!("{c},{},2", c * 3 % 7))
            .collect::<Vec<_>>()
            .join(":")
    };
    sensilla(folder.path())
        .args(["learn", "-"])
        .write_stdin(format!("{}:a\n", row(228)))
        .assert()
        .code(1)
        .stderr(
            contains("228 channels")
                .and(contains("2064"))
                .and(contains("2048")),
        );
    sensilla(folder.path())
        .args(["learn", "-"])
        .write_stdin(format!(
            "{}:a\n{}:b\n",
            row(227),
            row(227).replace('2', "9")
        ))
        .assert()
        .success()
        .stdout(contains("2 examples of recordings of 227 channels"));
}

#[test]
fn one_writer_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("v.jsonl"), vectors(30)).unwrap();
    json(folder.path(), &["learn", "v.jsonl"]);
    // Holds the store while it waits for its input.
    let mut waiting = std::process::Command::new(assert_cmd::cargo::cargo_bin("sensilla"))
        .args(["learn", "-", "--format", "jsonl"])
        .current_dir(folder.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let lock = folder.path().join("sensilla.store.lock");
    while !lock.exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    sensilla(folder.path())
        .args(["learn", "v.jsonl"])
        .assert()
        .code(1)
        .stderr(contains("is in use by another process"));
    // Readers need no lock.
    json(folder.path(), &["recall", "v.jsonl"]);
    json(folder.path(), &["verify"]);
    use std::io::Write as _;
    waiting
        .stdin
        .take()
        .unwrap()
        .write_all(vectors(9).as_bytes())
        .unwrap();
    assert!(waiting.wait().unwrap().success());
    assert!(!lock.exists());
    json(folder.path(), &["learn", "v.jsonl"]);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    use std::io::Read as _;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("v.jsonl"), vectors(3_000)).unwrap();
    json(folder.path(), &["learn", "v.jsonl"]);
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("sensilla"))
        .args(["recall", "v.jsonl", "--json"])
        .current_dir(folder.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut some = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
}

#[test]
fn events_of_one_node_are_taken_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let claims: String = (0..40)
        .map(|i| {
            let vector: Vec<f64> = (0..8).map(|d| f64::from(i * d % 5)).collect();
            let mut line: Value = serde_json::from_str(&claim(
                ["cam", "lock"][i as usize % 2],
                i as u64,
                "door",
                "open",
            ))
            .unwrap();
            line["subject"] = format!("door {i}").into();
            line["embedding"] = vector.into();
            format!("{line}\n")
        })
        .collect();
    fs::write(at("c.jsonl"), claims).unwrap();
    let one = json(folder.path(), &["ingest", "c.jsonl"]);
    let output = sensilla(folder.path())
        .args(["inspect", "--events"])
        .assert()
        .success();
    let events = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert_eq!(events.lines().count(), 40);
    fs::write(at("events.jsonl"), &events).unwrap();
    let other = json(
        folder.path(),
        &["ingest", "events.jsonl", "--store", "other.store"],
    );
    assert_eq!(other["log_root"], one["log_root"]);
    let again = json(
        folder.path(),
        &["ingest", "events.jsonl", "--store", "other.store"],
    );
    assert_eq!(
        (&again["appended"], &again["known"]),
        (&Value::from(0), &Value::from(40))
    );
    json(folder.path(), &["verify", "--store", "other.store"]);
    // One digit of a signature.
    let forged = events.lines().next().unwrap().replace("\"}", "").to_owned();
    let last = if forged.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{last}\"}}\n", &forged[..forged.len() - 1]);
    sensilla(folder.path())
        .args(["ingest", "-", "--store", "third.store"])
        .write_stdin(forged)
        .assert()
        .code(1)
        .stderr(contains(
            "standard input, line 1: the signature is not one of the event's author",
        ));
    assert!(!at("third.store").exists());
    // Embeddings of another length have no place beside those in the log.
    let mut line: Value = serde_json::from_str(&claim("cam", 99, "door", "open")).unwrap();
    line["embedding"] = vec![1.0; 9].into();
    sensilla(folder.path())
        .args(["ingest", "-"])
        .write_stdin(line.to_string())
        .assert()
        .code(1)
        .stderr(contains("standard input, line 1: "));
}

#[test]
fn reports_of_a_users_own_data() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("v.jsonl"), vectors(30)).unwrap();
    fs::write(
        at("c.jsonl"),
        claim("cam", 1, "door", "open") + "\n" + &claim("lock", 2, "door", "shut"),
    )
    .unwrap();
    json(folder.path(), &["learn", "v.jsonl"]);
    json(folder.path(), &["recall", "v.jsonl", "--report", "r.html"]);
    json(folder.path(), &["ingest", "c.jsonl", "--report", "c.html"]);
    for (page, part) in [
        ("r.html", "Confusion matrix"),
        ("c.html", "Conflicts over time"),
    ] {
        let text = fs::read_to_string(at(page)).unwrap();
        assert!(
            text.contains(part) && text.contains("Memory by section"),
            "{page}"
        );
    }
    sensilla(folder.path())
        .args(["recall", "v.jsonl", "--report", "no/such/folder/r.html"])
        .assert()
        .code(1)
        .stderr(contains("cannot write no/such/folder/r.html"));
}
