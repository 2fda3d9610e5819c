//! What `repair` saves of a damaged store.

use super::fixtures::{claim, json, sensilla, vectors};
use predicates::str::contains;
use std::fs;

#[test]
fn what_is_left_of_a_damaged_store_is_saved_in_another() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("v.jsonl"), vectors(30)).unwrap();
    let said = |from: u64, to: u64| -> String {
        let line = |i: u64| {
            let author = ["cam", "lock"][i as usize % 2];
            claim(author, i, &format!("door {i}"), "open") + "\n"
        };
        (from..to).map(line).collect()
    };
    fs::write(at("a.jsonl"), said(0, 40)).unwrap();
    fs::write(at("b.jsonl"), said(40, 41)).unwrap();
    json(folder.path(), &["learn", "v.jsonl"]);
    json(folder.path(), &["ingest", "a.jsonl"]);
    // A copy has one record, which holds all.
    json(folder.path(), &["repair", "--to", "good.store"]);
    let before = json(folder.path(), &["inspect", "--store", "good.store"]);
    json(
        folder.path(),
        &["ingest", "b.jsonl", "--store", "good.store"],
    );
    let good = fs::read(at("good.store")).unwrap();
    let repaired = |bytes: &[u8], to: &str| {
        fs::write(at("bad.store"), bytes).unwrap();
        sensilla(folder.path())
            .args(["verify", "--store", "bad.store"])
            .assert()
            .code(3)
            .stderr(contains("sensilla repair"));
        let repaired = json(
            folder.path(),
            &["repair", "--store", "bad.store", "--to", to],
        );
        assert_eq!(fs::read(at("bad.store")).unwrap(), bytes, "it is only read");
        let verified = json(folder.path(), &["verify", "--store", to]);
        assert_eq!(verified["events"], repaired["events"]);
        let lost: Vec<String> = serde_json::from_value(repaired["lost"].clone()).unwrap();
        (repaired, lost)
    };

    // Nothing is lost of what is whole.
    let whole = json(
        folder.path(),
        &["repair", "--store", "good.store", "--to", "1.store"],
    );
    // The claims, and the admissions of two sources.
    assert_eq!(whole["events"], 43);
    assert!(whole["lost"].as_array().unwrap().is_empty());

    // The last save: what was before it is as it was.
    let mut bad = good.clone();
    let end = bad.len() - 40;
    bad[end] ^= 1;
    let (kept, lost) = repaired(&bad, "2.store");
    assert_eq!(kept["events"], 42);
    assert_eq!(lost, ["the save 2"]);
    let after = json(folder.path(), &["inspect", "--store", "2.store"]);
    for field in ["log_root", "bank_digest", "image_digest"] {
        assert_eq!(after[field], before[field], "{field}");
    }

    // An event: the others and what was learned stay.
    let mut bad = good.clone();
    let event = bad.windows(7).position(|w| w == b"door 17").unwrap();
    bad[event + 5] ^= 1;
    let (kept, lost) = repaired(&bad, "3.store");
    assert!(kept["events"].as_u64().unwrap() >= 17, "{kept}");
    assert_eq!(kept["patterns"], before["patterns"]);
    assert!(
        lost.iter().any(|l| l.contains("1 of 43 events")),
        "{lost:?}"
    );
    let after = json(folder.path(), &["inspect", "--store", "3.store"]);
    assert_eq!(after["bank_digest"], before["bank_digest"]);

    // The secret: the sources sign with new keys, and that is said.
    let secret = sensilla_std::store::read(&at("good.store")).unwrap().blocks["secret"].to_vec();
    let mut bad = good.clone();
    let place = bad.windows(32).position(|w| w == secret).unwrap();
    bad[place] ^= 1;
    let (kept, lost) = repaired(&bad, "4.store");
    assert_eq!(kept["events"], 43);
    assert!(
        lost.iter().any(|l| l.contains("the secret of the keys")),
        "{lost:?}"
    );

    // The profile holds what things are called.
    let mut bad = good.clone();
    let place = bad.windows(9).position(|w| w == b"\"sources\"").unwrap();
    bad[place] ^= 1;
    let (_, lost) = repaired(&bad, "5.store");
    assert!(lost.iter().any(|l| l.contains("the profile")), "{lost:?}");

    // Another file is never written over.
    sensilla(folder.path())
        .args(["repair", "--store", "bad.store", "--to", "good.store"])
        .assert()
        .code(1)
        .stderr(contains("is there already"));
    assert_eq!(fs::read(at("good.store")).unwrap(), good);
    fs::write(at("diary"), "dear diary").unwrap();
    sensilla(folder.path())
        .args(["repair", "--store", "diary", "--to", "6.store"])
        .assert()
        .code(3)
        .stderr(contains("does not begin as a store does"));
    assert!(!at("6.store").exists());
}
