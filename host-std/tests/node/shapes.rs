//! Recordings are learned by their shapes, and told how well.

use super::fixtures::{json, motions, sensilla};
use flate2::read::GzDecoder;
use predicates::prelude::*;
use predicates::str::contains;
use sensilla::bank::{Pattern, PatternBank, Scratch, ScratchConfig};
use sensilla::block::Memory;
use sensilla::learn::vector::mix;
use sensilla::learn::{Recognised, Recogniser, RecogniserConfig, Stream, StreamConfig};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::Path;

/// A recording of 80 samples: a wave of a period, with some of it drawn.
pub fn wave(period: f64, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761) + 1;
    let mut draw = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24) - 0.5
    };
    let (phase, size) = (draw() * 7.0, 1.0 + draw() * 0.4);
    (0..80)
        .map(|i| {
            let angle = f64::from(i) / period * std::f64::consts::TAU + phase;
            let value = size * angle.sin() + 0.3 * draw();
            // As many digits as the file has.
            ((value * 1e4).round() / 1e4) as f32
        })
        .collect()
}

/// Labels and periods of what there is to learn.
const KINDS: [(&str, f64); 3] = [("slow", 40.0), ("brisk", 13.0), ("fast", 5.0)];

/// Recordings sorted by label, and that label's number.
pub fn recordings(each: u32, from: u32) -> Vec<(u32, Vec<f32>)> {
    let of = |label: usize| {
        (0..each).map(move |i| {
            let seed = from + label as u32 * 1_000 + i;
            (label as u32, wave(KINDS[label].1, seed))
        })
    };
    (0..KINDS.len()).flat_map(of).collect()
}

pub fn ts<'r>(recordings: impl Iterator<Item = (&'r str, &'r [f32])>) -> String {
    let mut text = String::from("@problemName waves\n@univariate true\n@classLabel true\n@data\n");
    for (label, samples) in recordings {
        let values: Vec<String> = samples.iter().map(f32::to_string).collect();
        writeln!(text, "{}:{label}", values.join(",")).unwrap();
    }
    text
}

fn labelled(recordings: &[(u32, Vec<f32>)]) -> String {
    ts(recordings
        .iter()
        .map(|(label, samples)| (KINDS[*label as usize].0, &samples[..])))
}

/// What the core makes of the same, in the order that the command documents.
struct Plain {
    /// Label, and whether the recall before was right.
    answers: Vec<(u32, bool)>,
    patterns: usize,
    tested: Vec<Recognised>,
}

fn plain(train: &[(u32, Vec<f32>)], test: &[(u32, Vec<f32>)]) -> Plain {
    let stream_config = StreamConfig::large(1);
    let config = RecogniserConfig::new(&stream_config, 512);
    let scratch_config = ScratchConfig::new(&config.bank(), 64);
    let [mut a, mut b, mut c, mut d] = [
        stream_config.bytes(),
        config.bytes(),
        config.bank().bytes(),
        scratch_config.bytes(),
    ]
    .map(Memory::zeroed);
    let mut stream = Stream::format(&mut a, stream_config).unwrap();
    let mut recogniser = Recogniser::format(&mut b, config).unwrap();
    let mut bank = PatternBank::format(&mut c, config.bank()).unwrap();
    let mut scratch = Scratch::format(&mut d, scratch_config).unwrap();
    let mut work = vec![0.0; 512];
    for (_, samples) in train {
        stream.calibrate(samples).unwrap();
        stream.end_recording();
    }
    stream.freeze().unwrap();
    let mut vector = |samples: &[f32]| {
        let mut vector = vec![0.0; 512];
        stream.push_all(samples).unwrap();
        stream.finish(&mut vector).unwrap();
        vector
    };
    let mut order: Vec<usize> = (0..train.len()).collect();
    order.sort_by_key(|&at| mix(at as u32 + 1));
    let (mut answers, mut done) = (Vec::new(), 0);
    while done < order.len() {
        let end = (done + (done / 8).max(1)).min(order.len());
        recogniser.refresh(&mut bank, &mut work).unwrap();
        for &at in &order[done..end] {
            let (label, samples) = &train[at];
            let found = recogniser
                .recall(bank.as_ref(), &vector(samples), &mut work, &mut scratch)
                .unwrap();
            if let Some(found) = found {
                recogniser.record(&found, *label);
                answers.push((*label, found.label == *label));
            }
        }
        for &at in &order[done..end] {
            let (label, samples) = &train[at];
            let pattern = Pattern {
                label: *label,
                ..Pattern::default()
            };
            recogniser
                .learn(&mut bank, &vector(samples), pattern, &mut work)
                .unwrap();
        }
        done = end;
    }
    recogniser.refresh(&mut bank, &mut work).unwrap();
    let tested = test
        .iter()
        .map(|(_, samples)| {
            let found = recogniser.recall(bank.as_ref(), &vector(samples), &mut work, &mut scratch);
            found.unwrap().unwrap()
        })
        .collect();
    Plain {
        answers,
        patterns: bank.len(),
        tested,
    }
}

#[test]
fn learning_tells_how_well_it_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let (train, test) = (recordings(20, 0), recordings(10, 500));
    fs::write(folder.path().join("train.ts"), labelled(&train)).unwrap();
    fs::write(folder.path().join("test.ts"), labelled(&test)).unwrap();
    let learned = json(folder.path(), &["learn", "train.ts"]);
    let expected = plain(&train, &test);
    let said = &learned["expected"];
    let right = |answers: &[(u32, bool)]| answers.iter().filter(|a| a.1).count();
    let share = |answers: &[(u32, bool)]| right(answers) as f64 / answers.len() as f64;
    assert_eq!(said["recalled"], 59);
    assert_eq!(said["right"], right(&expected.answers));
    assert_eq!(said["accuracy"], share(&expected.answers));
    assert_eq!(
        said["accuracy_of_later_half"],
        share(&expected.answers[29..])
    );
    for (number, (label, _)) in (0..).zip(KINDS) {
        let of: Vec<_> = expected
            .answers
            .iter()
            .copied()
            .filter(|a| a.0 == number)
            .collect();
        let said = &said["labels"][number as usize];
        assert_eq!(
            (&said["label"], &said["recalled"], &said["right"]),
            (&label.into(), &of.len().into(), &right(&of).into())
        );
    }
    assert_eq!(learned["patterns"], expected.patterns);
    assert!(share(&expected.answers) > 0.8);
    // And it does.
    let recalled = json(folder.path(), &["recall", "test.ts"]);
    assert!(recalled["accuracy"].as_f64().unwrap() > 0.95, "{recalled}");
    for (row, found) in recalled["rows"]
        .as_array()
        .unwrap()
        .iter()
        .zip(&expected.tested)
    {
        let number = |name: &str| row[name].as_f64().unwrap() as f32;
        assert_eq!(row["predicted"], KINDS[found.label as usize].0);
        assert_eq!(number("novelty"), found.novelty);
        assert_eq!(number("margin"), found.margin());
        assert_eq!(number("confidence"), found.confidence);
        assert_eq!(row["refused"], false);
    }
    assert_eq!(recalled["refused"], Value::Null);
    // In words too.
    let (right, all) = (right(&expected.answers), expected.answers.len());
    sensilla(folder.path())
        .args(["learn", "train.ts", "--store", "again.store"])
        .assert()
        .success()
        .stdout(
            contains("each recalled before it was learned: accuracy")
                .and(contains(format!("({right} of {all})")))
                .and(contains("  slow ")),
        );
}

#[test]
fn learning_warns_of_what_speaks_against_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let all = recordings(8, 0);
    let (slow, brisk) = (&all[..8], &all[8..10]);
    fs::write(at("slow.ts"), labelled(slow)).unwrap();
    fs::write(at("both.ts"), labelled(&[slow, brisk].concat())).unwrap();
    fs::write(at("fine.ts"), labelled(&all)).unwrap();
    let notes = |line: &[&str]| json(folder.path(), line)["notes"].clone();
    let one = notes(&["learn", "slow.ts", "--store", "one.store"]);
    assert!(one[0].as_str().unwrap().contains("one label only, `slow`"));
    assert_eq!(one.as_array().unwrap().len(), 1);
    let few = notes(&["learn", "both.ts", "--store", "few.store"]);
    let expected = serde_json::json!(["fewer than three examples, so hardly known: brisk (2)"]);
    assert_eq!(few, expected);
    assert_eq!(notes(&["learn", "fine.ts"]), serde_json::json!([]));
    // Eight of these were learned by both.
    let again = notes(&["learn", "slow.ts"]);
    let expected = serde_json::json!(["8 of these 8 examples had been learned before"]);
    assert_eq!(again, expected);
    // A test on what was learned is none.
    let mixed = [slow, &recordings(4, 700)].concat();
    fs::write(at("mixed.ts"), labelled(&mixed)).unwrap();
    let said = notes(&["recall", "mixed.ts"]);
    let expected = "8 of 20 look-ups are what was learned itself, and will be right whatever was learned; \
                    test with others";
    assert_eq!(said, serde_json::json!([expected]));
    fs::write(at("new.ts"), labelled(&recordings(4, 700))).unwrap();
    assert_eq!(notes(&["recall", "new.ts"]), serde_json::json!([]));
}

#[test]
fn none_of_these_is_said_at_a_stated_rate() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("train.ts"), labelled(&recordings(40, 0))).unwrap();
    let known = recordings(40, 500);
    let strange: Vec<Vec<f32>> = (0..20).map(|i| wave(2.3, 9_000 + i)).collect();
    let test = known
        .iter()
        .map(|(label, samples)| (KINDS[*label as usize].0, &samples[..]))
        .chain(strange.iter().map(|samples| ("shaking", &samples[..])));
    fs::write(at("test.ts"), ts(test)).unwrap();
    json(folder.path(), &["learn", "train.ts"]);
    let recalled = json(folder.path(), &["recall", "test.ts", "--refuse", "0.1"]);
    let refused = &recalled["refused"];
    let count = |name: &str| refused[name].as_u64().unwrap();
    assert_eq!(refused["rate"], 0.1);
    assert_eq!((count("unknown"), count("missed")), (20, 0), "{refused}");
    // A tenth of 120, and twice that for luck.
    assert!(count("known") <= 24, "{refused}");
    assert_eq!(count("n"), count("known") + 20);
    let rows = recalled["rows"].as_array().unwrap();
    assert!(
        rows.iter()
            .all(|row| row["predicted"].is_null() == row["refused"].as_bool().unwrap())
    );
    let confused: u64 = recalled["confusion"]["counts"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(confused, 120 - count("known"));
    sensilla(folder.path())
        .args(["recall", "test.ts", "--refuse", "0.1"])
        .assert()
        .success()
        .stdout(contains(
            "of 20 of other labels 20 were refused; --refuse 0.1",
        ));
    for (rate, code, reason) in [
        ("0", 2, "--refuse is a share, above 0 and below 1"),
        ("1", 2, "--refuse is a share, above 0 and below 1"),
        (
            "0.01",
            1,
            "is told from 99 recordings that were recalled before they were learned; the store has 32: \
             learn more, or take 0.030 or above",
        ),
    ] {
        sensilla(folder.path())
            .args(["recall", "test.ts", "--refuse", rate])
            .assert()
            .code(code)
            .stderr(contains(reason));
    }
}

#[test]
fn another_rate_is_refused_by_both_names() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("train.csv"), motions(4)).unwrap();
    let learn = ["learn", "train.csv", "--label", "motion", "--time", "time"];
    json(folder.path(), &[&learn[..], &["--window", "50"]].concat());
    // The same at a clock that is off by a share.
    let bent = |share: f64| {
        let mut text = String::new();
        for (i, line) in motions(2).lines().enumerate() {
            match i {
                0 => writeln!(text, "{line}").unwrap(),
                _ => {
                    let rest = line.split_once(',').unwrap().1;
                    let time = (i - 1) as f64 * 0.05 / (1.0 + share);
                    writeln!(text, "{time:.6},{rest}").unwrap();
                }
            }
        }
        text
    };
    fs::write(at("near.csv"), bent(0.004)).unwrap();
    fs::write(at("far.csv"), bent(0.05)).unwrap();
    let recalled = json(folder.path(), &["recall", "near.csv"]);
    assert!(recalled["accuracy"].as_f64().unwrap() > 0.95);
    for command in ["recall", "watch", "learn"] {
        for more in [&[][..], &["--json"]] {
            sensilla(folder.path())
                .args([command, "far.csv"])
                .args(more)
                .assert()
                .code(1)
                .stdout("")
                .stderr(
                    contains("at 20 Hz")
                        .and(contains("at 21 Hz"))
                        .and(contains("--rate")),
                );
        }
    }
    // Who knows better says so.
    let told = json(folder.path(), &["recall", "far.csv", "--rate", "20"]);
    assert!(told["accuracy"].as_f64().unwrap() > 0.95);
}

#[test]
fn a_store_of_the_version_before_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // Made by the version before shapes: `learn` of these motions, windows of 50 samples.
    let mut old = Vec::new();
    GzDecoder::new(&include_bytes!("figures.store.gz")[..])
        .read_to_end(&mut old)
        .unwrap();
    fs::write(at("sensilla.store"), &old).unwrap();
    fs::write(at("more.csv"), motions(3)).unwrap();
    for command in [
        &["recall", "more.csv"][..],
        &["learn", "more.csv"],
        &["verify"],
    ] {
        sensilla(folder.path())
            .args(command)
            .assert()
            .code(3)
            .stderr(contains("has format 1").and(contains("use the sensilla that wrote it")));
        assert_eq!(fs::read(at("sensilla.store")).unwrap(), old);
    }
}

#[test]
fn what_has_no_labels_is_what_is_normal() {
    let folder = tempfile::tempdir().unwrap();
    let normal: String = recordings(10, 0)
        .iter()
        .map(|(_, samples)| {
            let values: Vec<String> = samples.iter().map(f32::to_string).collect();
            values.join(",") + "\n"
        })
        .collect();
    let text = format!("@problemName n\n@univariate true\n@classLabel false\n@data\n{normal}");
    fs::write(folder.path().join("normal.ts"), text).unwrap();
    let learned = json(folder.path(), &["learn", "normal.ts"]);
    assert_eq!(learned["labels"], serde_json::json!(["normal"]));
    assert_eq!(learned["learned"], 30);
    let notes = learned["notes"].as_array().unwrap();
    assert!(
        notes.len() == 1 && notes[0].as_str().unwrap().contains("what is normal"),
        "{notes:?}"
    );
    // Where a column that was left out may be the label, that is asked for.
    refuses_unlabelled(folder.path());
}

fn refuses_unlabelled(folder: &Path) {
    let bare: String = motions(1)
        .lines()
        .map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\n")
        .collect();
    fs::write(folder.join("named.csv"), bare).unwrap();
    sensilla(folder)
        .args(["learn", "named.csv", "--window", "50", "--time", "time"])
        .args(["--store", "other.store"])
        .assert()
        .code(1)
        .stderr(contains("not numeric, left out: motion").and(contains("has no label")));
    assert!(!folder.join("other.store").exists());
}

#[test]
fn the_report_shows_how_far_answers_are_to_be_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // Kinds that are hardly told apart: too many for a matrix.
    let names: Vec<String> = (0..45).map(|i| format!("kind {i}")).collect();
    let of = |from: u32| -> Vec<Vec<f32>> {
        let period = |i: u32| 6.0 + f64::from(i % 45 + from) / 10.0;
        (0..90).map(|i| wave(period(i), from * 1_000 + i)).collect()
    };
    let text = |samples: &[Vec<f32>], from: usize| {
        let label = |i: usize| &*names[(i + from) % 45];
        ts(samples.iter().enumerate().map(|(i, s)| (label(i), &s[..])))
    };
    fs::write(at("train.ts"), text(&of(0), 0)).unwrap();
    // Of a neighbour each, so that some are taken for another.
    fs::write(at("test.ts"), text(&of(2), 1)).unwrap();
    json(folder.path(), &["learn", "train.ts"]);
    let recalled = json(folder.path(), &["recall", "test.ts", "--report", "r.html"]);
    let page = fs::read_to_string(at("r.html")).unwrap();
    for part in ["<h2>Mistakes", "<h2>Reliability", "<h2>Novelty over time"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("Confusion matrix"));
    // The error is that of ten bins of nine answers each.
    let mut answers: Vec<(f64, bool)> = recalled["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let right = row["label"] == row["predicted"];
            (row["confidence"].as_f64().unwrap(), right)
        })
        .collect();
    answers.sort_by(|a, b| a.0.total_cmp(&b.0));
    let error: f64 = answers
        .chunks(9)
        .map(|bin| {
            let said: f64 = bin.iter().map(|a| a.0).sum();
            (said - bin.iter().filter(|a| a.1).count() as f64).abs()
        })
        .sum();
    let error = format!("error, is {:.3}.", error / 90.0);
    assert!(page.contains(&error), "{error}");
    // Mistakes are drawn, and at most as many as are read.
    let wrong = answers.iter().filter(|a| !a.1).count();
    assert!(wrong > 16, "{wrong}");
    assert!(page.contains("more pairs of labels") && page.contains("<polyline fill=\"none\""));
}
