//! What is stored between commands, who may read and write it, and what is told of it.

use super::fixtures::{claim, json, sensilla, vectors};
use predicates::str::contains;
use std::fs;

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
    let golden = include_str!("../../../tests/golden.txt");
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
fn a_report_that_cannot_be_written_leaves_the_store_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("c.jsonl"),
        claim("cam", 1, "door", "open"),
    )
    .unwrap();
    for command in [&["demo"][..], &["ingest", "c.jsonl"]] {
        sensilla(folder.path())
            .args(command)
            .args(["--report", "no/such/folder.html"])
            .assert()
            .code(1)
            .stderr(contains("cannot write no/such/folder.html"));
        assert!(!folder.path().join("sensilla.store").exists());
    }
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
                .code(3)
                .stdout("")
                .stderr(contains("is damaged or no store"));
            assert_eq!(fs::read(&store).unwrap(), bad);
        }
    }
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
        .args(["learn", "v.jsonl", "--lock-timeout", "0"])
        .assert()
        .code(4)
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
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.lines().all(|line| line.starts_with("note: ")),
        "{said}"
    );
    assert!(output.status.success());
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
    let recalled = fs::read_to_string(at("r.html")).unwrap();
    assert!(recalled.contains("Recall of searches"));
    assert!(recalled.contains("all of what is kept, by a scan: "));
    sensilla(folder.path())
        .args(["recall", "v.jsonl", "--report", "no/such/folder/r.html"])
        .assert()
        .code(1)
        .stderr(contains("cannot write no/such/folder/r.html"));
}
