//! What others must not see, and what must not be shown as it came.

use super::fixtures::{claim, json, sensilla};
use predicates::prelude::*;
use predicates::str::contains;
use std::fs;
use std::path::Path;

/// Whether text has what steers a terminal or turns text around.
fn is_hostile(text: &[u8]) -> bool {
    let text = String::from_utf8(text.to_vec()).unwrap();
    let turns = ['\u{202e}', '\u{2066}', '\u{9b}', '\u{7f}', '\u{2028}'];
    text.chars()
        .any(|c| (c.is_control() && c != '\n' && c != '\t') || turns.contains(&c))
}

#[test]
fn names_and_values_are_shown_without_what_steers_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let lines = [
        r#"{"author":"cam\u001b]0;owned\u0007","at":1000,"context":"ha\u202ell","subject":"door","predicate":"state","value":"open\u001b[2J\u001b[1;1H"}"#,
        r#"{"author":"pir\u009b31m","at":1001,"context":"ha\u202ell","subject":"door","predicate":"state","value":"shut\nconflicts  0 found, 0 resolved, 0 open\u2066"}"#,
    ];
    fs::write(at("a.jsonl"), lines.join("\n")).unwrap();
    fs::write(
        at("v.jsonl"),
        "{\"vector\":[1,0],\"label\":\"a\\u001b[2J\"}\n{\"vector\":[0,1],\"label\":\"b\\u202e\\nc\"}\n",
    )
    .unwrap();
    fs::write(
        at("bad.jsonl"),
        r#"{"author":"x\u001b[31mred","at":1,"context":"c\u001b[0m","resolve":{"subject":"a","predicate":"b","value":"c"}}"#,
    )
    .unwrap();
    let shown = |arguments: &[&str]| {
        let output = sensilla(folder.path()).args(arguments).output().unwrap();
        for stream in [&output.stdout, &output.stderr] {
            assert!(
                !is_hostile(stream),
                "{arguments:?}: {}",
                stream.escape_ascii()
            );
        }
        String::from_utf8(output.stdout).unwrap()
    };
    shown(&["ingest", "a.jsonl", "--report", "r.html"]);
    let inspected = shown(&["inspect"]);
    assert!(
        inspected.contains("says open\\u{1b}[2J\\u{1b}[1;1H"),
        "{inspected}"
    );
    // A value with a line break makes no line of its own.
    let forged = |line: &str| line.starts_with("conflicts  0 found");
    assert!(!inspected.lines().any(forged), "{inspected}");
    shown(&["inspect", "--json"]);
    shown(&["ingest", "bad.jsonl"]);
    shown(&["learn", "v.jsonl", "--store", "l.store"]);
    shown(&["inspect", "--store", "l.store"]);
    let recalled = shown(&[
        "recall", "v.jsonl", "--store", "l.store", "--report", "l.html",
    ]);
    assert!(recalled.contains("a\\u{1b}[2J"), "{recalled}");
    shown(&["verify", "--store", "no\u{1b}[2Jsuch\u{202e}.store"]);
    shown(&[
        "recall",
        "no\u{1b}[2Jsuch\u{202e}.csv",
        "--store",
        "l.store",
    ]);
    for report in ["r.html", "l.html"] {
        let page = fs::read(at(report)).unwrap();
        assert!(!is_hostile(&page), "{report}");
    }
}

#[test]
fn a_name_that_looks_like_a_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("c.jsonl"),
        claim(&"0aF1".repeat(16), 1, "door", "open"),
    )
    .unwrap();
    sensilla(folder.path())
        .args(["ingest", "c.jsonl"])
        .assert()
        .code(1)
        .stderr(contains("c.jsonl, line 1: ").and(contains("looks like a key")));
    assert!(!folder.path().join("sensilla.store").exists());
}

/// The secret that a store keeps unencrypted, if it does.
fn secret(store: &Path) -> Option<Vec<u8>> {
    let contents = sensilla_std::store::read(store).unwrap();
    let block = contents.blocks["secret"].to_vec();
    (block.len() == 32).then_some(block)
}

fn holds(file: &Path, secret: &[u8]) -> bool {
    fs::read(file).unwrap().windows(32).any(|w| w == secret)
}

#[cfg(unix)]
#[test]
fn a_secret_is_encrypted_or_moved_out_and_nothing_of_it_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let store = at("sensilla.store");
    fs::write(at("a.jsonl"), claim("cam", 1, "door", "open")).unwrap();
    fs::write(at("b.jsonl"), claim("cam", 2, "window", "shut")).unwrap();
    fs::write(at("right"), "correct horse\n").unwrap();
    fs::write(at("wrong"), "correct house\n").unwrap();
    let run = |arguments: &[&str], passphrase: Option<&str>| {
        let mut command = sensilla(folder.path());
        command.args(arguments);
        if let Some(file) = passphrase {
            command
                .args(["--passphrase-fd", "0"])
                .pipe_stdin(at(file))
                .unwrap();
        }
        command.assert()
    };
    run(&["ingest", "a.jsonl"], None).success();
    let plain = secret(&store).unwrap();
    assert!(holds(&store, &plain));
    let author = json(folder.path(), &["inspect"])["log_root"].clone();

    run(&["keys", "encrypt"], Some("right"))
        .success()
        .stdout(contains("encrypted"));
    assert!(secret(&store).is_none() && !holds(&store, &plain));
    // Reading asks for nothing; writing does, and takes no other.
    json(folder.path(), &["verify"]);
    run(&["ingest", "b.jsonl"], None)
        .code(1)
        .stderr(contains("--passphrase-fd"));
    run(&["ingest", "b.jsonl"], Some("wrong"))
        .code(1)
        .stderr(contains("not the passphrase"));
    run(&["ingest", "a.jsonl"], Some("right"))
        .success()
        .stdout(contains("1 known already"));
    assert_eq!(json(folder.path(), &["inspect"])["log_root"], author);

    run(&["keys", "decrypt"], Some("right")).success();
    assert_eq!(secret(&store).unwrap(), plain, "the same keys");

    run(&["keys", "out", "my.key"], None)
        .success()
        .stdout(contains("elsewhere"));
    assert!(secret(&store).is_none() && !holds(&store, &plain));
    use std::os::unix::fs::MetadataExt;
    assert_eq!(fs::metadata(at("my.key")).unwrap().mode() & 0o777, 0o600);
    run(&["ingest", "b.jsonl"], None)
        .code(1)
        .stderr(contains("--key FILE"));
    run(&["ingest", "b.jsonl", "--key", "none.key"], None)
        .code(1)
        .stderr(contains("does not exist"));
    run(&["ingest", "a.jsonl", "--key", "my.key"], None)
        .success()
        .stdout(contains("1 known already"));

    // A new store with its key elsewhere from the start.
    run(
        &[
            "ingest",
            "a.jsonl",
            "--store",
            "new.store",
            "--key",
            "new.key",
        ],
        None,
    )
    .success();
    assert!(secret(&at("new.store")).is_none());
    assert_eq!(fs::metadata(at("new.key")).unwrap().mode() & 0o777, 0o600);
    run(&["ingest", "b.jsonl", "--key", "new.key"], None)
        .code(1)
        .stderr(contains("of another store"));
    // And one that keeps it takes no other.
    run(&["ingest", "a.jsonl", "--store", "third.store"], None).success();
    run(
        &[
            "ingest",
            "b.jsonl",
            "--store",
            "third.store",
            "--key",
            "my.key",
        ],
        None,
    )
    .code(2)
    .stderr(contains("in the store itself"));
}
