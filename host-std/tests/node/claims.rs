//! Claims of a user's own data: contradictions, resolutions, logs of other nodes.

use super::fixtures::{claim, json, sensilla, vectors};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
use std::fs;

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
fn a_full_table_of_conflicts_is_told_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    // Forty readings of one thermometer, each another value: 780 pairs, and room for 512.
    let lines: String = (0..40)
        .map(|n| claim("thermometer", n, "room", &format!("{n} degrees")) + "\n")
        .collect();
    fs::write(folder.path().join("readings.jsonl"), lines).unwrap();
    sensilla(folder.path())
        .args(["ingest", "readings.jsonl"])
        .assert()
        .success()
        .stderr(contains(
            "the table of conflicts is full: 268 contradictions more",
        ));
}

#[test]
fn a_source_whose_clock_runs_ahead_is_told_both_times_and_moves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let day = 86_400_000;
    let start = 1_767_225_600_000_u64;
    let until = |line: String| {
        let mut line: Value = serde_json::from_str(&line).unwrap();
        line["expires"] = (start + day).into();
        line.to_string() + "\n"
    };
    let pair = |subject: &str, at| {
        until(claim("a", at, subject, "open")) + &until(claim("b", at + 1_000, subject, "shut"))
    };
    fs::write(folder.path().join("1.jsonl"), pair("door", start)).unwrap();
    fs::write(folder.path().join("3.jsonl"), pair("window", start + 2_000)).unwrap();
    let first = json(folder.path(), &["ingest", "1.jsonl"]);
    assert_eq!(first["conflicts"]["open"], 1);
    for (at, told) in [
        (
            4_102_444_800_000,
            "dated 2100-01-01T00:00:00Z (4102444800000), and the clock says 20",
        ),
        (
            start * 1_000,
            "dated 1767225600000000, beyond the year 9999",
        ),
        (u64::MAX, "dated 18446744073709551615"),
    ] {
        fs::write(folder.path().join("2.jsonl"), claim("gps", at, "pos", "x")).unwrap();
        sensilla(folder.path())
            .args(["ingest", "2.jsonl"])
            .assert()
            .code(1)
            .stderr(contains("2.jsonl, line 1: ").and(contains(told)));
    }
    let third = json(folder.path(), &["ingest", "3.jsonl"]);
    assert_eq!(
        (&third["conflicts"]["found"], &third["conflicts"]["open"]),
        (&Value::from(2), &Value::from(2))
    );
    // A file of another time is taken at its time.
    let replayed = [
        "ingest",
        "1.jsonl",
        "--store",
        "again.store",
        "--now",
        "2026-01-01T00:00:01Z",
    ];
    assert_eq!(json(folder.path(), &replayed)["conflicts"]["open"], 1);
    sensilla(folder.path())
        .args([
            "ingest",
            "3.jsonl",
            "--store",
            "early.store",
            "--now",
            "1767225000000",
        ])
        .assert()
        .code(1)
        .stderr(contains("and the clock says 2025-12-31T23:50:00Z"));
}
