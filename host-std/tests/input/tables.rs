//! Recordings in tables: several files, groups, labels, rates, other ways of writing.

use super::fixtures::{Folder, csv, gzip, motions};
use predicates::str::contains;

const LEARN: [&str; 7] = [
    "--label", "motion", "--time", "t", "--window", "50", "--json",
];

fn learn(folder: &Folder, files: &[&str], more: &[&str]) -> serde_json::Value {
    let line: Vec<&str> = [&["learn"], files, &LEARN[..6], more].concat();
    folder.json(&line)
}

#[test]
fn one_table_in_many_writings_makes_the_same_patterns() {
    let rows = motions(150, 0.0);
    let plain = csv(&rows);
    let european = plain.replace(',', ";").replace('.', ",");
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(plain.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut stamped = String::from("Device: WX-1\nOwner: nobody\n\nDate,Time,motion,x,y,remarks\n");
    let mut nanoseconds = String::from(",x,y,motion,t\n");
    for (i, (t, motion, x, y)) in rows.iter().enumerate() {
        let (second, part) = (t.floor(), (t.fract() * 1e3).round());
        stamped += &format!("31/03/2024,09:00:{second:02}:{part:03},{motion},{x:.4},{y:.4},\n");
        let epoch = 1_700_000_000_000_000_000i64 + (t * 1e9).round() as i64;
        nanoseconds += &format!("{i},{x:.4},{y:.4},{motion},{epoch}\n");
    }
    let folder = Folder::with(&[]);
    folder.write("plain.csv", &plain);
    let expected = learn(&folder, &["plain.csv"], &["--store", "plain.store"]);
    assert_eq!(
        (&expected["learned"], &expected["rate_hz"]),
        (&6.into(), &50.0.into())
    );
    assert_eq!(expected["channels"], serde_json::json!(["x", "y"]));
    for (name, bytes, time) in [
        ("crlf.csv", plain.replace('\n', "\r\n").into_bytes(), "t"),
        ("cr.csv", plain.replace('\n', "\r").into_bytes(), "t"),
        ("bom.csv", [b"\xef\xbb\xbf", plain.as_bytes()].concat(), "t"),
        ("utf16.csv", utf16, "t"),
        ("packed.csv.gz", gzip(&plain), "t"),
        ("european.csv", european.into_bytes(), "t"),
        ("tabs.tsv", plain.replace(',', "\t").into_bytes(), "t"),
        ("spaces.txt", plain.replace(',', "   ").into_bytes(), "t"),
        ("excel.csv", format!("sep=,\r\n{plain}").into_bytes(), "t"),
        ("stamped.csv", stamped.into_bytes(), "Date,Time"),
        ("nanoseconds.csv", nanoseconds.into_bytes(), "t"),
    ] {
        folder.write(name, bytes);
        let store = format!("{name}.store");
        let found = folder.json(&[
            "learn", name, "--label", "motion", "--time", time, "--window", "50", "--store", &store,
        ]);
        for field in ["bank_digest", "learned", "rate_hz", "channels", "labels"] {
            assert_eq!(found[field], expected[field], "{name}: {field}: {found}");
        }
    }
}

#[test]
fn a_time_that_was_found_is_one_for_the_next_file_too() {
    let folder = Folder::with(&[]);
    folder.write("a.csv", csv(&motions(100, 0.0)));
    let learned = folder.json(&["learn", "a.csv", "--label", "motion", "--window", "50"]);
    assert_eq!(learned["rate_hz"], 50.0);
    let slow = csv(&motions(100, 0.0)
        .iter()
        .map(|r| (r.0 * 2.0, r.1, r.2, r.3))
        .collect::<Vec<_>>());
    folder.write("slow.csv", slow);
    let said = folder.said(&["recall", "slow.csv"]);
    assert!(
        said.contains("3 channels") || said.contains("2 channels at 50 Hz"),
        "{said}"
    );
}

#[test]
fn what_was_decided_is_said_in_a_line_each() {
    let folder = Folder::with(&[]);
    let mut text = String::from("made by: nobody\n;steps_id;t;motion;x\n");
    for i in 0..60 {
        text += &format!(
            "{i};{};{};a;{},5\n",
            i / 20,
            1_700_000_000_000i64 + i * 20,
            i % 7
        );
    }
    folder.write("t.csv", &text);
    let line = [
        "learn", "t.csv", "--label", "motion", "--time", "t", "--window", "20",
    ];
    let said = folder.said(&line);
    let notes = [
        "note: line 1 is above the table and left out (--skip-lines says otherwise)",
        "note: numbers have decimal commas, as in `0,5` (--decimal says otherwise)",
        "note: counts rows, left out: column 1 (untitled) (--channels says otherwise)",
        "note: numbers subjects or trials, left out: steps_id (--group steps_id keeps them apart, \
         --channels takes it for a channel)",
        "note: `t` is read as milliseconds since 1970 (--time-unit says otherwise)",
    ];
    let warning = "note: there is one label only, `a`, so every recall will say that; `recall --refuse \
        RATE` and `watch` tell what is unlike it";
    let all = [&notes[..], &[warning]].concat();
    assert_eq!(said.lines().collect::<Vec<_>>(), all);
    let learned = folder.json(&[&line[..], &["--store", "b.store"]].concat());
    let in_json: Vec<String> = learned["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| format!("note: {}", note.as_str().unwrap()))
        .collect();
    assert_eq!(in_json, all);
    assert!(
        learned["reading"]
            .to_string()
            .contains("fields have semicolons between them")
    );
}

#[test]
fn several_files_and_patterns_of_names_are_one_sequence() {
    let folder = Folder::with(&[]);
    folder.write("a1.csv", csv(&motions(100, 0.0)));
    folder.write("a2.csv", csv(&motions(100, 7.0)));
    folder.write("b.csv", csv(&motions(100, 3.0)));
    let learned = learn(&folder, &["a*.csv", "b.csv"], &["--store", "all.store"]);
    assert_eq!(learned["learned"], 12);
    let listed = learn(
        &folder,
        &["a1.csv", "a2.csv", "b.csv"],
        &["--store", "listed.store"],
    );
    assert_eq!(learned["bank_digest"], listed["bank_digest"]);
    let recalled = folder.json(&["recall", "b.csv", "a?.csv", "--store", "all.store"]);
    assert_eq!(recalled["accuracy"], 1.0);
    let row = &recalled["rows"][5];
    assert_eq!(
        (&row["index"], &row["file"], &row["line"], &row["time"]),
        (&5.into(), &"a1.csv".into(), &52.into(), &"1.00".into())
    );
    // What does not go together is named by its file.
    folder.write("c.csv", csv(&motions(100, 0.0)).replace(",x,y", ",x,z"));
    let said = folder.said(&[
        "learn", "a1.csv", "c.csv", "--label", "motion", "--store", "c.store",
    ]);
    assert!(
        said.contains("error: c.csv, line 1: no column `y`; there are: t, motion, x, z"),
        "{said}"
    );
}

#[test]
fn files_that_do_not_go_together_are_named() {
    let folder = Folder::with(&[]);
    let rows = motions(100, 0.0);
    folder.write("a.csv", csv(&rows));
    let slow: Vec<_> = rows.iter().map(|r| (r.0 * 2.0, r.1, r.2, r.3)).collect();
    folder.write("slow.csv", csv(&slow));
    let said = folder.said(&[&["learn", "a.csv", "slow.csv"], &LEARN[..6]].concat());
    assert!(
        said.contains(
            "slow.csv, line 2: the files before have recordings of 2 channels at 50 Hz, this one has \
             recordings of 2 channels at 25 Hz"
        ),
        "{said}"
    );
}

#[test]
fn a_group_may_be_held_out_for_a_test() {
    let folder = Folder::with(&[]);
    let mut text = String::from("who,t,motion,x,y\n");
    for (who, from) in [("p1", 0.0), ("p2", 5.0), ("p3", 9.0)] {
        for (t, motion, x, y) in motions(100, from) {
            text += &format!("{who},{t:.2},{motion},{x:.4},{y:.4}\n");
        }
    }
    folder.write("all.csv", text);
    let line = [
        &["learn", "all.csv", "--group", "who", "--holdout", "p2"],
        &LEARN[..6],
    ]
    .concat();
    let learned = folder.json(&line);
    assert_eq!(learned["learned"], 8);
    let held = &learned["holdout"];
    assert_eq!(
        (&held["group"], &held["n"], &held["accuracy"]),
        (&"p2".into(), &4.into(), &1.0.into())
    );
    let recalled = folder.json(&["recall", "all.csv", "--holdout", "p2"]);
    assert_eq!(recalled["n"], 4);
    assert!(
        recalled["rows"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["group"] == "p2")
    );
    folder
        .command(
            &[
                &[
                    "learn",
                    "all.csv",
                    "--group",
                    "who",
                    "--holdout",
                    "p9",
                    "--store",
                    "x",
                ],
                &LEARN[..6],
            ]
            .concat(),
        )
        .assert()
        .code(1)
        .stderr(contains(
            "no example is of this group; the groups are: p1, p2, p3",
        ));
    // Without a column the files are the groups.
    folder.write("one.csv", csv(&motions(100, 0.0)));
    folder.write("two.csv", csv(&motions(100, 7.0)));
    let learned = learn(
        &folder,
        &["one.csv", "two.csv"],
        &["--holdout", "two.csv", "--store", "f"],
    );
    assert_eq!(
        (&learned["learned"], &learned["holdout"]["n"]),
        (&4.into(), &4.into())
    );
}

#[test]
fn labels_are_compared_as_they_are_meant() {
    let folder = Folder::with(&[]);
    let rows = motions(100, 0.0);
    folder.write("train.csv", csv(&rows).replace("slow", "a l\u{e9}ger"));
    folder.write(
        "test.csv",
        csv(&rows).replace("slow", "  a le\u{301}ger\u{a0}"),
    );
    learn(&folder, &["train.csv"], &[]);
    let recalled = folder.json(&["recall", "test.csv"]);
    assert_eq!(
        (&recalled["accuracy"], &recalled["confusion"]["labels"]),
        (&1.0.into(), &serde_json::json!(["a l\u{e9}ger", "fast"]))
    );
}

#[test]
fn recall_tells_of_labels_that_are_missing() {
    let folder = Folder::with(&[]);
    let rows = motions(100, 0.0);
    folder.write("train.csv", csv(&rows));
    folder.write("some.csv", csv(&rows).replace("slow", ""));
    folder.write("none.csv", csv(&rows).replace("motion", "other"));
    learn(&folder, &["train.csv"], &[]);
    let some = folder.json(&["recall", "some.csv"]);
    assert_eq!((&some["n"], &some["accuracy"]), (&4.into(), &1.0.into()));
    assert_eq!(some["rows"][0]["label"], serde_json::Value::Null);
    assert_eq!(
        some["notes"][0],
        "rows without a label, looked up and not judged: 100"
    );
    let none = folder.json(&["recall", "none.csv"]);
    assert_eq!(none["accuracy"], serde_json::Value::Null);
    assert_eq!(
        none["notes"][0],
        "there is no column `motion` with the labels here: nothing to \
        compare with"
    );
}

#[test]
fn recall_prints_csv() {
    let folder = Folder::with(&[]);
    folder.write("train, all.csv", csv(&motions(100, 0.0)));
    learn(&folder, &["train, all.csv"], &[]);
    let output = folder
        .command(&["recall", "train, all.csv", "--csv"])
        .assert()
        .success();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "index,file,line,time,group,label,predicted,similarity,novelty,margin,confidence,refused"
    );
    assert!(
        lines[2].starts_with("1,\"train, all.csv\",52,1.00,,slow,slow,"),
        "{text}"
    );
    assert_eq!(lines.len(), 5);
}

#[test]
fn flat_recordings_are_learned_like_any_other() {
    let folder = Folder::with(&[]);
    // The middle one is the mean of all.
    let flat: String = [("low", 4), ("middle", 5), ("high", 6)]
        .iter()
        .flat_map(|(what, x)| (0..10).map(move |_| format!("{what},{x}\n")))
        .collect();
    folder.write("flat.csv", format!("what,x\n{flat}"));
    let learned = folder.json(&[
        "learn",
        "flat.csv",
        "--label",
        "what",
        "--merge-within",
        "0",
    ]);
    assert_eq!(
        (&learned["learned"], &learned["patterns"]),
        (&3.into(), &3.into())
    );
    assert_eq!(folder.json(&["recall", "flat.csv"])["accuracy"], 1.0);
    folder.write("same.csv", "what,x\na,5\na,5\nb,5\nb,5\n");
    let said = folder.said(&[
        "learn",
        "same.csv",
        "--label",
        "what",
        "--store",
        "same.store",
    ]);
    assert!(
        said.contains("all recordings are the same (column x is constant"),
        "{said}"
    );
}

#[test]
fn vectors_without_a_direction_keep_their_place() {
    let folder = Folder::with(&[
        (
            "train.jsonl",
            b"{\"vector\":[1,0],\"label\":1}\n{\"vector\":[0,1],\"label\":true}\n",
        ),
        (
            "test.jsonl",
            b"{\"vector\":[1,0.1],\"label\":1}\n{\"vector\":[0,0]}\n{\"vector\":[0,2]}\n",
        ),
    ]);
    folder.json(&["learn", "train.jsonl"]);
    let recalled = folder.json(&["recall", "test.jsonl"]);
    let predicted: Vec<_> = (0..3)
        .map(|i| recalled["rows"][i]["predicted"].clone())
        .collect();
    assert_eq!(
        serde_json::Value::from(predicted),
        serde_json::json!(["1", null, "true"])
    );
    assert_eq!(recalled["accuracy"], 1.0);
}

#[test]
fn a_label_for_all_and_a_cut_last_line() {
    let folder = Folder::with(&[
        ("run.csv", b"x,y\n1,2\n3,1\n2,5\n4"),
        ("sit.csv", b"x,y\n0,2\n0,2\n0,2\n"),
    ]);
    let said = folder.said(&["learn", "run.csv", "--as", "run"]);
    assert!(
        said.contains("run.csv, line 5: is cut off: has 1 fields, the header has 2; --lenient")
    );
    folder.json(&["learn", "sit.csv", "sit.csv", "--as", "sit"]);
    let learned = folder.json(&["learn", "run.csv", "--as", "run", "--lenient"]);
    assert_eq!(learned["labels"], serde_json::json!(["sit", "run"]));
    assert_eq!(
        learned["notes"][0],
        "line 5, the last, is no whole row and was left out"
    );
}

#[test]
fn many_labels_are_no_matter() {
    let folder = Folder::with(&[]);
    let count = 600;
    let lines: String = (0..count)
        .map(|i| {
            let (a, b) = (f64::from(i).sin(), f64::from(i).cos());
            format!(
                "{{\"vector\":[{a},{b},{}],\"label\":\"label {i}\"}}\n",
                f64::from(i) / 999.0
            )
        })
        .collect();
    folder.write("v.jsonl", lines);
    let learned = folder.json(&["learn", "v.jsonl", "--merge-at", "1"]);
    assert_eq!(learned["labels"].as_array().unwrap().len(), count as usize);
    let recalled = folder.json(&["recall", "v.jsonl"]);
    assert_eq!(recalled["confusion"]["counts"], serde_json::Value::Null);
    let cells = recalled["confusion"]["cells"].as_array().unwrap();
    assert!(cells.len() >= count as usize && cells.len() < 2 * count as usize);
    folder
        .command(&["recall", "v.jsonl"])
        .assert()
        .success()
        .stdout(contains("600 labels, "));
}

#[test]
fn encode_reads_by_the_same_layer() {
    let folder = Folder::with(&[
        ("bom.csv", b"\xef\xbb\xbf0.02\r0.5\r1\r"),
        ("comma.csv", b"0,02;0,5\r\n1\r\n"),
        ("packed.gz", &gzip("0.02\n0.5\n1\n")),
        ("bad.csv", b"0.5\r\n\r\n1.5\r\n"),
        ("either.csv", b"0,5 0,7\n"),
        ("hole.csv", b"a,b\n1,2\n,3\n"),
    ]);
    let encode = ["encode", "--code", "latency", "--steps", "5"];
    for file in ["bom.csv", "comma.csv", "packed.gz"] {
        folder
            .command(&[&encode[..], &[file]].concat())
            .assert()
            .success()
            .stdout("0.02: 4:1\n0.5: 2:1\n1: 0:1\n");
    }
    for (file, expected) in [
        ("bad.csv", "bad.csv, line 3: "),
        (
            "either.csv",
            "`0,5` is one number with a decimal comma or two",
        ),
        ("hole.csv", "hole.csv, line 3: a value is missing"),
    ] {
        let said = folder.said(&[&encode[..], &[file]].concat());
        assert!(said.contains(expected), "{said}");
    }
}
