//! The command as its users meet it.

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use std::path::Path;

fn sensilla(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("sensilla").unwrap();
    command.current_dir(folder);
    command
}

#[test]
fn usage_is_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["no-such-command"][..],
        &["learn"],
        &["verify", "--no-such-option"],
        &["learn", "x.csv", "--hop", "3"],
        &["learn", "x.csv", "--window", "0"],
        &["--report", "r.html", "verify"],
    ] {
        sensilla(folder.path())
            .args(arguments)
            .assert()
            .code(2)
            .stdout("");
    }
    std::fs::write(folder.path().join("x.ts"), "1,2:a\n").unwrap();
    sensilla(folder.path())
        .args(["learn", "x.ts", "--label", "a"])
        .assert()
        .code(2)
        .stderr(contains("--label, --time and --delimiter are for CSV"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn help_lists_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    let mut help = sensilla(folder.path()).arg("--help").assert().success();
    for command in ["demo", "learn", "recall", "ingest", "inspect", "verify"] {
        help = help.stdout(contains(command));
    }
}

#[test]
fn bad_lines_are_named_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    for (command, name, text, expected) in [
        (
            "learn",
            "a.ts",
            "1,2:a\n1,?:a\n",
            "a.ts, line 2: channel 1, value 2",
        ),
        (
            "learn",
            "a.csv",
            "x,y\n1,2\n3\n",
            "a.csv, line 3: has 1 fields",
        ),
        (
            "learn",
            "a.jsonl",
            "{\"vector\":[1]}\n{\"vector\":1}\n",
            "a.jsonl, line 2: invalid type",
        ),
        (
            "ingest",
            "c.jsonl",
            "{\"author\":\"a\"}\n",
            "c.jsonl, line 1: missing field `at`",
        ),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
        sensilla(folder.path())
            .args([command, name])
            .assert()
            .code(1)
            .stdout("")
            .stderr(contains(expected).and(predicates::str::starts_with("error: ")));
        assert!(!folder.path().join("sensilla.store").exists());
    }
    sensilla(folder.path())
        .args(["learn", "-"])
        .write_stdin("1,2:3,4:a\n1,2:3:a\n")
        .assert()
        .code(1)
        .stderr(contains("standard input, line 2: channel 2 has 1 values"));
}

#[test]
fn a_store_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["verify", "inspect"] {
        sensilla(folder.path())
            .args([command, "--store", "my.store"])
            .assert()
            .code(1)
            .stderr(contains("the store my.store: does not exist"));
    }
}

#[test]
fn a_file_that_is_no_store_is_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sensilla.store");
    std::fs::write(&path, "my diary").unwrap();
    for command in ["verify", "inspect"] {
        sensilla(folder.path())
            .arg(command)
            .assert()
            .code(3)
            .stderr(contains("is damaged or no store"));
        assert_eq!(std::fs::read(&path).unwrap(), b"my diary");
    }
}
