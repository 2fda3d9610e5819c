//! What fails around a store, what the user sees of it, and what is kept.

use super::fixtures::{claim, json, sensilla};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A store of some claims, and a file of many more.
fn store(folder: &Path) -> Vec<u8> {
    let lines = |from: u64, to: u64| -> String {
        let line = |i| claim("cam", i, &format!("door {i}"), "open") + "\n";
        (from..to).map(line).collect()
    };
    fs::write(folder.join("a.jsonl"), lines(0, 20)).unwrap();
    fs::write(folder.join("many.jsonl"), lines(20, 400)).unwrap();
    fs::write(folder.join("most.jsonl"), lines(20, 4_000)).unwrap();
    json(folder, &["ingest", "a.jsonl"]);
    fs::read(folder.join("sensilla.store")).unwrap()
}

fn shell(folder: &Path, script: &str) -> Output {
    Command::new("sh")
        .args(["-c", script])
        .env("S", assert_cmd::cargo::cargo_bin("sensilla"))
        .current_dir(folder)
        .output()
        .unwrap()
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_costs_nothing_that_was_saved() {
    let folder = tempfile::tempdir().unwrap();
    let before = store(folder.path());
    // The shell's limit stands for the disk's: what is appended does not fit, and neither does a new
    // file.
    let blocks = before.len() / 1_024 + 8;
    for file in ["many.jsonl", "most.jsonl"] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$S\" ingest {file}");
        let output = shell(folder.path(), &script);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(
            error.contains("the store ") && error.contains("File too large"),
            "{error}"
        );
        assert_eq!(
            fs::read(folder.path().join("sensilla.store")).unwrap(),
            before
        );
        for left in ["sensilla.store.new", "sensilla.store.lock"] {
            assert!(!folder.path().join(left).exists(), "{left}");
        }
    }
    // With room again it goes on.
    assert_eq!(
        json(folder.path(), &["ingest", "many.jsonl"])["log_size"],
        // The claims, and the admission of their source.
        401
    );
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_read_only_can_be_read_and_says_so_when_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let before = store(folder.path());
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&folder.path().join("sensilla.store"), 0o644);
    mode(folder.path(), 0o555);
    // Root may write everywhere, so it becomes somebody else.
    let is_root = fs::File::create(folder.path().join("probe")).is_ok();
    let run = |arguments: &str| {
        let somebody = if is_root {
            "setpriv --reuid 65534 --regid 65534 --clear-groups"
        } else {
            ""
        };
        shell(
            folder.path(),
            &format!("exec {somebody} \"$S\" {arguments}"),
        )
    };
    let read = run("inspect");
    if is_root && !read.status.success() {
        // Nobody may run the program where it lies.
        mode(folder.path(), 0o755);
        return;
    }
    let written = run("ingest many.jsonl");
    let error = String::from_utf8_lossy(&written.stderr);
    assert_eq!(written.status.code(), Some(1), "{error}");
    for part in [
        "sensilla.store",
        "cannot be locked for writing",
        "Permission denied",
    ] {
        assert!(error.contains(part), "{error}");
    }
    mode(folder.path(), 0o755);
    assert_eq!(
        fs::read(folder.path().join("sensilla.store")).unwrap(),
        before
    );
}

#[test]
fn a_clock_that_goes_back_takes_nothing_back() {
    let folder = tempfile::tempdir().unwrap();
    let start = 1_767_225_600_000_u64;
    let ingest = |name: &str, line: String, now: u64| {
        fs::write(folder.path().join(name), line).unwrap();
        sensilla(folder.path())
            .args(["ingest", name, "--now", &now.to_string()])
            .assert()
    };
    let expiring = |mut line: Value| {
        line["expires"] = (start + 10_000).into();
        line.to_string()
    };
    let first: Value = serde_json::from_str(&claim("a", start, "door", "open")).unwrap();
    ingest("1.jsonl", expiring(first), start).success();
    // The claim has expired by the time of this one.
    ingest(
        "2.jsonl",
        claim("a", start + 20_000, "lamp", "on"),
        start + 20_000,
    )
    .success();
    let before = json(folder.path(), &["inspect"]);
    // An hour back: what is far beyond what the node has seen is refused, what is dated by this
    // clock is taken, and does not conflict with what has expired.
    let early = start - 3_600_000;
    let far = claim("b", start + 200_000, "door", "shut");
    ingest("3.jsonl", far, early).code(1);
    let refused = json(folder.path(), &["inspect"]);
    assert_eq!(refused["log_root"], before["log_root"]);
    ingest("4.jsonl", claim("b", early, "door", "shut"), early).success();
    let after = json(folder.path(), &["inspect"]);
    assert_eq!(
        (&after["log_size"], &after["conflicts"]["found"]),
        // Three claims, and the admission of each source.
        (&5.into(), &0.into())
    );
    json(folder.path(), &["verify"]);
}

#[test]
fn ten_writers_at_once_all_get_their_turn() {
    let folder = tempfile::tempdir().unwrap();
    for i in 0..10 {
        let line = claim(&format!("w{i}"), 100 + i, &format!("w{i}"), "on");
        fs::write(folder.path().join(format!("w{i}.jsonl")), line).unwrap();
    }
    let script = "for i in 0 1 2 3 4 5 6 7 8 9; do \"$S\" ingest w$i.jsonl & pids=\"$pids $!\"; done; \
                  for p in $pids; do wait $p || exit 1; done";
    let output = shell(folder.path(), script);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(json(folder.path(), &["verify"])["events"], 20);
}

#[cfg(unix)]
#[test]
fn what_lies_in_the_locks_place_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let before = store(folder.path());
    for (make, what) in [
        ("mkfifo sensilla.store.lock", "not a file"),
        ("ln -s made-by-lock sensilla.store.lock", "a link"),
        ("mkdir sensilla.store.lock", "not a file"),
    ] {
        assert!(shell(folder.path(), make).status.success());
        sensilla(folder.path())
            .args(["ingest", "many.jsonl"])
            .timeout(std::time::Duration::from_secs(20))
            .assert()
            .code(1)
            .stderr(contains("sensilla.store.lock").and(contains(what)));
        shell(folder.path(), "rm -rf sensilla.store.lock");
        assert!(!folder.path().join("made-by-lock").exists());
        assert_eq!(
            fs::read(folder.path().join("sensilla.store")).unwrap(),
            before
        );
    }
}
