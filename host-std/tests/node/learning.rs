//! Patterns of a user's own data: learned, recalled, merged.

use super::fixtures::{claim, json, motions, sensilla, vectors};
use predicates::str::contains;
use serde_json::Value;
use std::fs;

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
    assert_eq!(learned["dimensions"], 512);
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
    // What is looked at to choose how vectors are kept is the first file.
    json(
        folder.path(),
        &["learn", "a.jsonl", "--patterns", "64", "--keep-floats"],
    );
    let parts = json(folder.path(), &["learn", "b.jsonl"]);
    let whole = json(
        folder.path(),
        &[
            "learn",
            "all.jsonl",
            "--patterns",
            "64",
            "--keep-floats",
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
        format!("{good}\n{{\"event\":\"0202\"}}\n"),
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
fn channels_over_the_limit_are_told_in_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let row = |n: usize| {
        (0..n)
            .map(|c| format!("{c},{},2", c * 3 % 7))
            .collect::<Vec<_>>()
            .join(":")
    };
    let said = |channels: usize| {
        let rows = format!(
            "{}:a\n{}:b\n",
            row(channels),
            row(channels).replace('2', "9")
        );
        let mut command = sensilla(folder.path());
        command.args(["learn", "-"]).write_stdin(rows).assert()
    };
    said(257)
        .code(1)
        .stderr(contains("257 channels; at most 256"));
    said(256)
        .success()
        .stdout(contains("2 examples of recordings of 256 channels"));
}

#[test]
fn a_node_has_room_for_as_many_labels_as_come() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // A vector of its own for each label: a corner of a cube.
    let line = |n: u32| {
        let corner: Vec<i32> = (0..10)
            .map(|bit| if n >> bit & 1 == 1 { 1 } else { -1 })
            .collect();
        let label = format!("a label with a name of some length, the {n}th");
        format!(
            "{}\n",
            serde_json::json!({ "vector": corner, "label": label })
        )
    };
    let lines = |from: u32, to: u32| -> String { (from..to).map(line).collect() };
    fs::write(at("few.jsonl"), lines(0, 10)).unwrap();
    fs::write(at("many.jsonl"), lines(10, 400)).unwrap();
    fs::write(at("all.jsonl"), lines(0, 400)).unwrap();
    // A claim in between: what labels need leaves the log as it is.
    fs::write(at("claims.jsonl"), claim("camera", 7, "door", "open")).unwrap();
    json(folder.path(), &["learn", "few.jsonl", "--patterns", "400"]);
    json(folder.path(), &["ingest", "claims.jsonl"]);
    let before = json(folder.path(), &["inspect"]);
    let learned = json(folder.path(), &["learn", "many.jsonl"]);
    assert_eq!(learned["labels"].as_array().unwrap().len(), 400);
    let recalled = json(folder.path(), &["recall", "all.jsonl"]);
    assert_eq!(recalled["accuracy"], 1.0);
    let after = json(folder.path(), &["inspect"]);
    assert_eq!(after["log_root"], before["log_root"]);
    assert_eq!(after["patterns"], 400);
}
