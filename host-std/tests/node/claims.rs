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
        .args(["ingest", "resolve.jsonl", "--authority", "hall=boss"])
        .assert()
        .code(1)
        .stderr(contains("line 1: a line decides nothing by itself"));
    sensilla(folder.path())
        .args(["ingest", "resolve.jsonl", "--decide"])
        .assert()
        .code(1)
        .stderr(contains(
            "line 1: `boss` is no authority of the context `hall`",
        ));
    for _ in 0..2 {
        let done = json(
            folder.path(),
            &[
                "ingest",
                "resolve.jsonl",
                "--authority",
                "hall=boss",
                "--decide",
            ],
        );
        assert_eq!(
            done["conflicts"],
            serde_json::json!({"found": 1, "resolved": 1, "open": 0})
        );
        // Four claims, three sources let speak, one appointment, one decision.
        assert_eq!(done["log_size"], 9);
    }
    sensilla(folder.path())
        .arg("verify")
        .assert()
        .success()
        .stdout(contains("9 signatures hold"));
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
    assert_eq!(grown["log_size"], 1_500 + 90);
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
    let one = json(folder.path(), &["ingest", "c.jsonl", "--embedding", "8"]);
    let output = sensilla(folder.path())
        .args(["inspect", "--events"])
        .assert()
        .success();
    let events = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    // Two of them let the sources speak.
    assert_eq!(events.lines().count(), 42);
    fs::write(at("events.jsonl"), &events).unwrap();
    // In another realm they are nothing.
    sensilla(folder.path())
        .args(["ingest", "events.jsonl", "--store", "other.store"])
        .assert()
        .code(1)
        .stderr(contains("line 1: the author is no member of this realm"));
    assert!(!at("other.store").exists());
    let realm = json(folder.path(), &["realm", "show"])["line"].clone();
    let join = ["realm", "join", realm.as_str().unwrap()];
    let joined = [&join[..], &["--store", "other.store"]].concat();
    json(folder.path(), &joined);
    let taking = ["--store", "other.store", "--embedding", "8"];
    let other = json(
        folder.path(),
        &[&["ingest", "events.jsonl"], &taking[..]].concat(),
    );
    assert_eq!(other["log_root"], one["log_root"]);
    let again = json(
        folder.path(),
        &["ingest", "events.jsonl", "--store", "other.store"],
    );
    assert_eq!(
        (&again["appended"], &again["known"]),
        (&Value::from(0), &Value::from(42))
    );
    json(folder.path(), &["verify", "--store", "other.store"]);
    // One digit of a signature.
    let forged = events.lines().next().unwrap().replace("\"}", "").to_owned();
    let last = if forged.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{last}\"}}\n", &forged[..forged.len() - 1]);
    json(
        folder.path(),
        &[&join[..], &["--store", "third.store"]].concat(),
    );
    sensilla(folder.path())
        .args(["ingest", "-", "--store", "third.store", "--embedding", "8"])
        .write_stdin(forged)
        .assert()
        .code(1)
        .stderr(contains(
            "standard input, line 1: the signature is not one of the event's author",
        ));
    let third = json(folder.path(), &["inspect", "--store", "third.store"]);
    assert_eq!(third["log_size"], 0);
    // Embeddings of another length have no place in a store, and what the first line says does not
    // set it.
    for (store, takes) in [("sensilla.store", "takes 8"), ("new.store", "takes none")] {
        let mut line: Value = serde_json::from_str(&claim("cam", 99, "door", "open")).unwrap();
        line["embedding"] = vec![1.0; 9].into();
        sensilla(folder.path())
            .args(["ingest", "-", "--store", store])
            .write_stdin(line.to_string())
            .assert()
            .code(1)
            .stderr(contains("standard input, line 1: ").and(contains(takes)));
    }
    sensilla(folder.path())
        .args(["ingest", "c.jsonl", "--embedding", "9"])
        .assert()
        .code(2)
        .stderr(contains("those of this one have 8 components"));
}

#[test]
fn a_full_table_of_conflicts_is_told_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    // Forty thermometers, each with another value: 780 pairs, and room for 512.
    let lines: String = (0..40)
        .map(|n| {
            claim(
                &format!("thermometer {n}"),
                n,
                "room",
                &format!("{n} degrees"),
            ) + "\n"
        })
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
            "dated beyond the year 9999 (1767225600000000)",
        ),
        (
            u64::MAX,
            "dated beyond the year 9999 (18446744073709551615)",
        ),
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

#[test]
fn a_source_that_reports_again_contradicts_nobody_and_leaves_room_for_who_does() {
    let folder = tempfile::tempdir().unwrap();
    let readings: String = (0..50)
        .map(|n| claim("thermo", n, "room", &format!("{n}")) + "\n")
        .collect();
    fs::write(folder.path().join("readings.jsonl"), readings).unwrap();
    let door = claim("a", 100, "door", "open") + "\n" + &claim("b", 101, "door", "shut");
    fs::write(folder.path().join("door.jsonl"), door).unwrap();
    let first = json(folder.path(), &["ingest", "readings.jsonl"]);
    assert_eq!(first["conflicts"]["found"], 0);
    let second = json(folder.path(), &["ingest", "door.jsonl"]);
    assert_eq!(second["conflicts"]["found"], 1);
    // What a source said before, it does not say afterwards.
    fs::write(
        folder.path().join("back.jsonl"),
        claim("thermo", 48, "room", "another"),
    )
    .unwrap();
    sensilla(folder.path())
        .args(["ingest", "back.jsonl"])
        .assert()
        .code(1)
        .stderr(contains("before what `thermo` said last"));
}

#[test]
fn authorities_follow_each_other_and_the_log_grows_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let resolve = |author: &str, at: u64, subject: &str| {
        serde_json::json!({"author": author, "at": at, "context": "hall", "resolve":
            {"subject": subject, "predicate": "state", "value": "open"}})
        .to_string()
    };
    let quarrel = |at, subject: &str| {
        claim("cam", at, subject, "open") + "\n" + &claim("pir", at, subject, "shut") + "\n"
    };
    fs::write(
        at("a.jsonl"),
        quarrel(1_000, "door") + &resolve("boss", 1_002, "door"),
    )
    .unwrap();
    fs::write(
        at("b.jsonl"),
        quarrel(2_000, "gate") + &resolve("deputy", 2_002, "gate"),
    )
    .unwrap();
    let old = quarrel(3_000, "shed") + &resolve("boss", 3_002, "shed");
    fs::write(at("old.jsonl"), old).unwrap();
    for (file, who) in [("a.jsonl", "hall=boss"), ("b.jsonl", "hall=deputy")] {
        let done = json(
            folder.path(),
            &["ingest", file, "--authority", who, "--decide"],
        );
        assert_eq!(done["conflicts"]["open"], 0);
    }
    sensilla(folder.path())
        .args(["ingest", "old.jsonl", "--decide"])
        .assert()
        .code(1)
        .stderr(contains("line 3: `boss` is no authority"));
    // More than the log had room for: it is made anew of its events, under either authority.
    let many: String = (0..600)
        .map(|n| claim("cam", 4_000 + n, &format!("s{n}"), "open") + "\n")
        .collect();
    fs::write(at("many.jsonl"), many).unwrap();
    let done = json(folder.path(), &["ingest", "many.jsonl"]);
    assert_eq!(
        (&done["conflicts"]["resolved"], &done["appended"]),
        (&Value::from(2), &Value::from(600))
    );
    fs::write(at("v.jsonl"), vectors(30)).unwrap();
    json(folder.path(), &["learn", "v.jsonl"]);
    json(folder.path(), &["verify"]);
}

#[test]
fn a_line_signs_for_nobody_and_no_name_looks_like_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let line = "{\"author\":\"alice\",\"at\":2001,\"context\":\"hall\",\"resolve\":{\"subject\":\"door\",\
                \"predicate\":\"state\",\"value\":\"shut\",\"cosigners\":[\"bob\"]}}";
    let text = claim("cam", 1_000, "door", "open") + "\n" + &claim("evil", 2_000, "door", "shut");
    fs::write(folder.path().join("a.jsonl"), text).unwrap();
    fs::write(folder.path().join("b.jsonl"), line).unwrap();
    let of_three = "hall=alice,bob,carol/2";
    json(
        folder.path(),
        &["ingest", "a.jsonl", "--authority", of_three],
    );
    sensilla(folder.path())
        .args(["ingest", "b.jsonl"])
        .assert()
        .code(1)
        .stderr(contains("a line decides nothing by itself"));
    assert_eq!(
        json(folder.path(), &["inspect"])["conflicts"]["resolved"],
        0
    );
    fs::write(
        folder.path().join("c.jsonl"),
        claim(&"ab".repeat(32), 3_000, "gate", "open"),
    )
    .unwrap();
    sensilla(folder.path())
        .args(["ingest", "c.jsonl"])
        .assert()
        .code(1)
        .stderr(contains("looks like a key; a source has a name of its own"));
}

#[test]
fn a_realm_is_made_joined_and_its_members_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let run = |arguments: &[&str]| json(folder.path(), arguments);
    let made = run(&["realm", "new", "barn"]);
    assert_eq!(
        (&made["name"], &made["threshold"]),
        (&Value::from("barn"), &Value::from(1))
    );
    assert_eq!(made["members"].as_array().unwrap().len(), 1);
    sensilla(folder.path())
        .args(["realm", "new", "barn"])
        .assert()
        .code(1)
        .stderr(contains("is there already"));
    let line = made["line"].as_str().unwrap();
    let joined = run(&["realm", "join", line, "--store", "two.store"]);
    assert_eq!(joined["id"], made["id"]);
    // The other store's sources are strangers until the root admits them.
    fs::write(at("c.jsonl"), claim("cam", 1_000, "door", "open")).unwrap();
    let told = sensilla(folder.path())
        .args(["ingest", "c.jsonl", "--store", "two.store"])
        .assert()
        .code(1)
        .stderr(contains("`cam` is no member of the realm"))
        .get_output()
        .stderr
        .clone();
    let told = String::from_utf8(told).unwrap();
    let key = told.split("its key is ").nth(1).unwrap().get(..64).unwrap();
    let admitted = run(&["admit", key, "--name", "their cam"]);
    assert_eq!(admitted["members"][1]["name"], "their cam");
    let events = |store: &str, file: &str| {
        let output = sensilla(folder.path())
            .args(["inspect", "--events", "--store", store])
            .output()
            .unwrap();
        fs::write(at(file), output.stdout).unwrap();
    };
    events("sensilla.store", "one.jsonl");
    run(&["ingest", "one.jsonl", "--store", "two.store"]);
    run(&["ingest", "c.jsonl", "--store", "two.store"]);
    events("two.store", "two.jsonl");
    let taken = run(&["ingest", "two.jsonl"]);
    assert_eq!(
        (&taken["appended"], &taken["known"]),
        (&Value::from(1), &Value::from(1))
    );
    let shown = run(&["appoint", "hall=boss,deputy/2"]);
    assert_eq!(shown["authorities"][0]["threshold"], 2);
    let shown = run(&["expel", "their cam", "--last", "0"]);
    assert_eq!(
        (
            &shown["members"][1]["expelled_after"],
            &shown["members"][1]["claims"]
        ),
        (&Value::from(0), &Value::from(0))
    );
    sensilla(folder.path())
        .args(["realm", "join", line, "--store", "two.store"])
        .assert()
        .code(1)
        .stderr(contains("the store holds events of its realm"));
    let shown = run(&["close", "hall"]);
    assert_eq!(shown["authorities"].as_array().unwrap().len(), 0);
    run(&["verify"]);
}
