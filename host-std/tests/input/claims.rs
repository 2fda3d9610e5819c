//! Claims: numbers and booleans, values that agree, sources that replace what they said, and
//! standard input as it comes.

use super::fixtures::Folder;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};

fn claim(author: &str, at: u64, value: Value) -> Value {
    json!({"author": author, "at": at, "context": "house", "subject": "room",
        "predicate": "celsius", "value": value})
}

fn lines(claims: &[Value]) -> String {
    claims.iter().map(|claim| format!("{claim}\n")).collect()
}

fn conflicts(folder: &Folder, claims: &[Value], more: &[&str]) -> (Value, Value) {
    folder.write("c.jsonl", lines(claims));
    let done = folder.json(&[&["ingest", "c.jsonl"], more].concat());
    (done["conflicts"]["open"].clone(), done["appended"].clone())
}

#[test]
fn numbers_agree_however_they_are_written() {
    let folder = Folder::with(&[]);
    let same = [
        claim("a", 1, json!(21.5)),
        claim("b", 2, json!("21.50")),
        claim("c", 3, json!(" 21.5 ")),
    ];
    assert_eq!(conflicts(&folder, &same, &[]), (json!(0), json!(3)));
    assert_eq!(conflicts(&folder, &same, &[]), (json!(0), json!(0)));
    let other = [claim("d", 4, json!(true))];
    assert_eq!(conflicts(&folder, &other, &[]), (json!(3), json!(1)));
}

#[test]
fn numbers_within_the_tolerance_agree() {
    let folder = Folder::with(&[]);
    let near = [
        claim("a", 1, json!(21.4)),
        claim("b", 2, json!(21.9)),
        claim("c", 3, json!("21.0")),
    ];
    assert_eq!(
        conflicts(&folder, &near, &["--store", "strict"]).0,
        json!(3)
    );
    let told = ["--tolerance", "celsius=0.5"];
    assert_eq!(conflicts(&folder, &near, &told), (json!(0), json!(3)));
    // The store keeps it, and what is known is not said twice.
    assert_eq!(conflicts(&folder, &near, &[]), (json!(0), json!(0)));
    let far = [claim("d", 4, json!(22.1))];
    assert_eq!(conflicts(&folder, &far, &[]), (json!(3), json!(1)));
}

#[test]
fn a_source_replaces_what_it_said() {
    let folder = Folder::with(&[]);
    let mut readings: Vec<Value> = (0..50)
        .map(|i| claim("thermo", i + 1, json!(20.0 + i as f64)))
        .collect();
    for reading in &mut readings {
        reading["supersedes"] = json!(true);
    }
    assert_eq!(conflicts(&folder, &readings, &[]), (json!(0), json!(50)));
    assert_eq!(conflicts(&folder, &readings, &[]), (json!(0), json!(0)));
    // Another source contradicts the last word alone.
    assert_eq!(
        conflicts(&folder, &[claim("hand", 60, json!(3))], &[]),
        (json!(1), json!(1))
    );
}

#[test]
fn standard_input_is_taken_as_it_comes() {
    let folder = Folder::with(&[]);
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("sensilla"))
        .args(["ingest", "-", "--json"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut say = |line: &str| {
        writeln!(input, "{line}").unwrap();
        input.flush().unwrap();
        // The answer comes before the next line is written.
        serde_json::from_str::<Value>(&output.next().unwrap().unwrap()).unwrap()
    };
    let first = say(&claim("a", 1, json!("warm")).to_string());
    assert_eq!(
        (&first["line"], &first["outcome"]),
        (&json!(1), &json!("appended"))
    );
    let bad = say("{\"author\": 5}");
    assert_eq!(
        (&bad["line"], &bad["outcome"]),
        (&json!(2), &json!("refused"))
    );
    assert!(
        bad["reason"]
            .as_str()
            .unwrap()
            .contains("`author` is the number `5`"),
        "{bad}"
    );
    let second = say(&claim("b", 2, json!("cold")).to_string());
    assert_eq!((&second["line"], &second["found"]), (&json!(3), &json!(1)));
    // What was taken is in the store while the input stays open.
    let store = folder.path().join("sensilla.store");
    let begun = std::time::Instant::now();
    while !store.exists() {
        assert!(begun.elapsed().as_secs() < 60, "nothing is saved");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    drop(input);
    let rest: Vec<String> = output.map(Result::unwrap).collect();
    let summary: Value = serde_json::from_str(rest.last().unwrap()).unwrap();
    assert_eq!(
        (&summary["appended"], &summary["refused"]),
        (&json!(2), &json!(1))
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("error: standard input, line 2: invalid type: `author`"),
        "{said}"
    );
    assert!(
        said.contains("1 of 3 lines were refused; the others are kept"),
        "{said}"
    );
    // Both sources were let speak by the root of the realm.
    assert_eq!(folder.json(&["inspect"])["log_size"], 4);
}

#[test]
fn a_file_is_taken_whole_or_not_at_all() {
    let folder = Folder::with(&[]);
    folder.write(
        "c.jsonl",
        format!("{}{{\"author\": 5}}\n", lines(&[claim("a", 1, json!(1))])),
    );
    folder.command(&["ingest", "c.jsonl"]).assert().code(1);
    assert!(!folder.path().join("sensilla.store").exists());
    let cut = lines(&[claim("a", 1, json!(1)), claim("b", 2, json!(2))]);
    folder.write("cut.jsonl", &cut[..cut.len() - 30]);
    folder.command(&["ingest", "cut.jsonl"]).assert().code(1);
    let done = folder.json(&["ingest", "cut.jsonl", "--lenient"]);
    assert_eq!(
        (&done["appended"], &done["notes"][0]),
        (&json!(1), &json!("line 2 is cut off and was left out"))
    );
}

#[test]
fn many_contexts_are_no_matter() {
    let folder = Folder::with(&[]);
    let claims: Vec<Value> = (0..300)
        .map(|i| {
            let mut claim = claim("a", i + 1, json!(i));
            claim["context"] = format!("house {i}").into();
            claim
        })
        .collect();
    assert_eq!(conflicts(&folder, &claims, &[]), (json!(0), json!(300)));
}
