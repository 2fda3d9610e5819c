use super::*;
use crate::read::values::Unlabelled;
use proptest::prelude::*;

mod times;

pub(super) fn open(text: &str, options: &Options) -> Result<TableReader, InputError> {
    let source = Source::new("t.csv", std::io::Cursor::new(text.to_owned().into_bytes()));
    TableReader::new(source, options)
}

fn read(text: &str, options: &Options) -> Result<Vec<Recording>, String> {
    open(text, options)
        .and_then(Iterator::collect)
        .map_err(|e| e.to_string())
}

/// What is read, and the notes on it.
fn noted(text: &str, options: &Options) -> (Vec<Recording>, String) {
    let mut reader = open(text, options).unwrap();
    let found: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
    let notes = reader.notes().notes.join("\n");
    (found, notes)
}

pub(super) fn asked(label: &str, time: &str) -> Options {
    let named = |name: &str| (!name.is_empty()).then(|| (name.to_owned(), false));
    Options {
        asked: Asked {
            label: named(label),
            time: named(time),
            ..Asked::default()
        },
        ..Options::default()
    }
}

fn labelled() -> Options {
    asked("what", "t")
}

fn windows(length: usize, hop: usize) -> Option<Windows> {
    Some(Windows { length, hop })
}

/// A table of `rows` rows at 50 Hz, the stamps of which `stamp` writes.
fn table(rows: usize, stamp: impl Fn(usize) -> String) -> String {
    let rows = (0..rows).map(|i| format!("{},a,{}\n", stamp(i), i * 7 % 10));
    format!("t,what,x\n{}", rows.collect::<String>())
}

#[test]
fn runs_of_one_label_are_recordings() {
    let text = "t,what,x,note,y\n0,a,1,hm,2\n0.1,a,3,hm,4\n0.2,b,5,hm,6\n0.3,a,7,hm,8\n";
    let mut reader = open(text, &labelled()).unwrap();
    assert_eq!(reader.channels(), ["x", "y"]);
    assert!((reader.rate().unwrap() - 10.0).abs() < 1e-6);
    let found: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(reader.notes().notes, ["not numeric, left out: note"]);
    assert_eq!(found.len(), 3);
    assert_eq!(found[0].samples, [1., 2., 3., 4.]);
    assert_eq!((found[1].label.as_deref(), found[1].line), (Some("b"), 4));
    assert_eq!(found[1].time.as_deref(), Some("0.2"));
    assert_eq!(found[2].samples, [7., 8.]);
}

#[test]
fn windows_do_not_cross_a_change_of_label() {
    let mut text = String::from("what,x\n");
    for i in 0..10 {
        text += &format!("{},{i}\n", if i < 5 { "a" } else { "b" });
    }
    let options = Options {
        windows: windows(3, 2),
        ..asked("what", "")
    };
    let mut reader = open(&text, &options).unwrap();
    let found: Vec<_> = reader.by_ref().map(|r| r.unwrap().samples).collect();
    let expected = [[0., 1., 2.], [2., 3., 4.], [5., 6., 7.], [7., 8., 9.]];
    assert_eq!(found, expected);
    assert_eq!(reader.unused(), 0);
}

#[test]
fn known_channels_are_taken_by_name() {
    let mut options = Options::default();
    options.asked.channels = vec!["y".into(), "x".into()];
    let found = read("x;z;y\n1;2;3\n", &options).unwrap();
    assert_eq!(found[0].samples, [3., 1.]);
    let error = read("x,z\n1,2\n", &options).unwrap_err();
    assert!(
        error.starts_with("t.csv, line 1: no column `y`; there are: x, z"),
        "{error}"
    );
}

#[test]
fn columns_that_may_be_there_may_be_missing_and_that_is_told() {
    let mut options = Options::default();
    options.asked.label = Some(("what".into(), true));
    let (found, notes) = noted("x\n1\n", &options);
    assert_eq!(found[0].label, None);
    assert!(
        notes.contains("no column `what` with the labels here"),
        "{notes}"
    );
    let (found, notes) = noted("x,what\n1,a\n", &options);
    assert_eq!((found[0].label.as_deref(), notes.as_str()), (Some("a"), ""));
}

#[test]
fn line_numbers_are_those_of_an_editor() {
    let rows = ["what,x", "a,1", "a,2", "a,bad"];
    for end in ["\n", "\r\n", "\r"] {
        for blank in [0, 1, 2] {
            let text = rows.join(&end.repeat(blank + 1)) + end;
            let line = 4 + 3 * blank;
            let error = read(&text, &asked("what", "")).unwrap_err();
            let expected = format!("t.csv, line {line}: column `x`: `bad` is not a number");
            assert!(error.starts_with(&expected), "{text:?}: {error}");
        }
    }
    let quoted = "above\n\nwhat,x,y\n\"a\nb\",1,2\n,,\n \na,bad,3\n";
    let error = read(quoted, &asked("what", "")).unwrap_err();
    assert!(error.starts_with("t.csv, line 8: column `x`"), "{error}");
}

#[test]
fn refusals_name_line_and_reason() {
    let options = labelled();
    for (text, expected) in [
        ("", "t.csv: holds no header"),
        ("\n \n", "t.csv: holds no header"),
        ("t,what,x\n", "t.csv: holds no rows"),
        (
            "t,x\n0,1\n",
            "line 1: no column `what`; there are: t, x; if the header is further down",
        ),
        ("t,What,x\n0,a,1\n", "is `What` meant?"),
        (
            "t,what,x,x\n0,a,1,1\n",
            "line 1: the column `x` is there twice",
        ),
        ("t,what\n0,a\n", "line 1: there is no numeric column"),
        (
            "t,what,x\n0,a,1\n1,a\n",
            "line 3: has 2 fields, the header has 3",
        ),
        (
            "t,what,x\n0,a,1\n1,a",
            "line 3: is cut off: has 2 fields, the header has 3; --lenient",
        ),
        (
            "t,what,x\n0,a,1\n1,a,hm\n",
            "line 3: column `x`: `hm` is not a number; if it stands for no value give --missing 'hm'",
        ),
        (
            "t,what,x\n0,a,1\n1,a,0x1F\n",
            "line 3: column `x`: `0x1F` is hexadecimal",
        ),
        (
            "t,what,x\n0,a,0x1\n1,a,0x2\n",
            "line 2: column `x`: `0x1` is hexadecimal",
        ),
        (
            "t,what,x\n0,a,1\n1,a,\n",
            "line 3: column `x`: a value is missing (1 of the first 2 rows",
        ),
        (
            "t,what,x\n0,a,1\n1,a,NaN\n",
            "line 3: column `x`: a value is missing",
        ),
        (
            "t,what,x\n0,a,1\n1,a,1e39\n",
            "line 3: column `x`: `1e39` is out of range",
        ),
        ("t,what,x\nnow,a,1\n", "line 2: the time `now` is neither"),
        (
            "t,what,x\n0,a,1\n,a,1\n",
            "line 3: the time is missing; --missing drop",
        ),
        (
            "t,what,x\n0,a,1\n\"1,a,1\n",
            "line 3: a quote opens a field and no quote closes it",
        ),
        (
            "t;what;x\n0;a;1,5\n1;a;2.5\n",
            "`1,5` has a decimal comma; give --decimal ,",
        ),
    ] {
        let error = read(text, &options).expect_err(text);
        assert!(error.contains(expected), "{text:?}: {error}");
    }
    let error = read("t,what,x\n0,a,1\n", &asked("what", "what")).unwrap_err();
    assert!(error.contains("both label and time"), "{error}");
}

#[test]
fn groups_are_kept_apart() {
    let mut text = String::from("who,t,what,x\n");
    for i in 0..40 {
        for who in ["p1", "p2"] {
            let x = if who == "p1" { i } else { 1_000 + i };
            text += &format!("{who},{:.2},a,{x}\n", f64::from(i) / 50.0);
        }
    }
    let mut options = Options {
        windows: windows(20, 20),
        ..labelled()
    };
    options.asked.group = Some(("who".into(), false));
    let (found, notes) = noted(&text, &options);
    assert_eq!((found.len(), notes.as_str()), (4, ""));
    for recording in &found {
        let first = recording.samples[0];
        let expected: Vec<f32> = (0..20).map(|i| first + i as f32).collect();
        assert_eq!(recording.samples, expected);
        let who = if first < 1_000.0 { "p1" } else { "p2" };
        assert_eq!(recording.group.as_deref(), Some(who));
    }
}

#[test]
fn missing_values_are_treated_as_asked() {
    let text = "t,what,x,y\n0,a,1,5\n1,a,,6\n2,a,3,NA\n3,a,4,8\n4,a,5,9\n";
    let with = |holes| Options {
        holes,
        ..labelled()
    };
    let samples = |holes| {
        let (found, notes) = noted(text, &with(holes));
        (
            found.into_iter().map(|r| r.samples).collect::<Vec<_>>(),
            notes,
        )
    };
    let (held, notes) = samples(Holes::Hold);
    assert_eq!(held, [[1., 5., 1., 6., 3., 6., 4., 8., 5., 9.]]);
    assert!(
        notes.contains("missing values filled with the last one before: 2"),
        "{notes}"
    );
    let (dropped, notes) = samples(Holes::Drop);
    assert_eq!(dropped, [[1., 5., 4., 8., 5., 9.]]);
    assert!(
        notes.contains("rows left out for want of a value or a time: 2"),
        "{notes}"
    );
    assert_eq!(
        samples(Holes::Split).0,
        [vec![1., 5.], vec![4., 8., 5., 9.]]
    );
    let error = read(text, &labelled()).unwrap_err();
    assert!(
        error.contains("line 3: column `x`: a value is missing (1 of the first 5 rows"),
        "{error}"
    );
    let mut marked = with(Holes::Drop);
    marked.wishes.marks = vec!["-999".into()];
    let (found, _) = noted("t,what,x\n0,a,1\n1,a,-999\n2,a,3\n", &marked);
    assert_eq!(found[0].samples, [1., 3.]);
}

#[test]
fn a_slow_sensor_is_held_over_labels_and_not_over_gaps() {
    let mut text = String::from("t,what,x,hr\n");
    for i in 0..60 {
        let t = f64::from(i) / 50.0 + if i < 30 { 0.0 } else { 9.0 };
        let what = ["a", "", "b", "c"][i as usize / 15];
        let hr = if i % 10 == 0 {
            (60 + i).to_string()
        } else {
            String::new()
        };
        text += &format!("{t:.2},{what},{},{hr}\n", i * 7 % 10);
    }
    let options = Options {
        holes: Holes::Hold,
        ..labelled()
    };
    let (found, notes) = noted(&text, &options);
    let of = |r: &Recording| {
        (
            r.label.clone().unwrap(),
            r.samples[..2].to_vec(),
            r.samples.len() / 2,
        )
    };
    assert_eq!(
        found.iter().map(of).collect::<Vec<_>>(),
        [
            ("a".into(), vec![0., 60.], 15),
            ("b".into(), vec![0., 90.], 15),
            ("c".into(), vec![5., 100.], 15),
        ]
    );
    assert!(notes.contains("1 gap ends a stream"), "{notes}");
    // Rows that nobody learns may lack what they like.
    let bare = "what,x\na,1\na,2\n,\nb,3\n";
    assert_eq!(read(bare, &asked("what", "")).unwrap().len(), 2);
}

#[test]
fn stretches_without_a_label_are_left_out_or_kept() {
    let text = "what,x\na,1\na,2\n,3\nNA,4\n0,5\na,6\na,7\n";
    let mut options = asked("what", "");
    options.skip_labels = vec!["0".into()];
    let (found, notes) = noted(text, &options);
    let of = |found: &[Recording]| {
        let each = found
            .iter()
            .map(|r| (r.label.clone().unwrap_or_default(), r.samples.clone()));
        each.collect::<Vec<_>>()
    };
    assert_eq!(
        of(&found),
        [("a".into(), vec![1., 2.]), ("a".into(), vec![6., 7.])]
    );
    assert!(
        notes.contains("rows without a label: 3, which end the stream"),
        "{notes}"
    );
    options.keep_unlabelled = true;
    let (found, notes) = noted(text, &options);
    assert_eq!(of(&found)[1], (String::new(), vec![3., 4., 5.]));
    assert!(
        notes.contains("rows without a label, looked up and not judged: 3"),
        "{notes}"
    );
    options.unlabelled = Unlabelled::Learn;
    assert_eq!(of(&noted(text, &options).0)[1].0, "unlabelled");
}

#[test]
fn a_last_line_cut_within_its_last_field_is_told() {
    let rows: String = (0..30)
        .map(|i| format!("a,{}.{:03}\n", i % 7, i * 37 % 1000))
        .collect();
    let cut = format!("what,x\n{rows}a,5.1");
    let error = read(&cut, &asked("what", "")).unwrap_err();
    assert!(
        error.contains("line 32: is cut off: it has no end, and `5.1` is shorter"),
        "{error}"
    );
    assert!(read(&format!("{cut}23"), &asked("what", "")).is_ok());
    assert!(read(&format!("{cut}\n"), &asked("what", "")).is_ok());
    let label = "x,what\n1,walk\n2,walk\n3,wal";
    assert!(
        read(label, &asked("what", ""))
            .unwrap_err()
            .contains("line 4: is cut off")
    );
    let source = |text: &str| {
        let decoding = crate::read::Decoding {
            lenient: true,
            ..Default::default()
        };
        Source::decoded(
            "t.csv",
            std::io::Cursor::new(text.to_owned().into_bytes()),
            decoding,
        )
    };
    let mut reader = TableReader::new(source(&cut), &asked("what", "")).unwrap();
    assert_eq!(
        reader
            .by_ref()
            .map(|r| r.unwrap().samples.len())
            .sum::<usize>(),
        30
    );
    assert!(reader.notes().notes[0].contains("line 32, the last, is no whole row"));
}

#[test]
fn joined_files_and_remarks_are_told() {
    let text = "what,x\na,1\na,2\n# half time\nwhat,x\na,3\n";
    let (found, notes) = noted(text, &asked("what", ""));
    assert_eq!(found.len(), 2);
    assert!(
        notes.contains("the header stands again in line 5"),
        "{notes}"
    );
    assert!(
        notes.contains("remarks between the rows, left out: 1"),
        "{notes}"
    );
}

#[test]
fn exports_of_devices_are_read() {
    let actigraph = "------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.3 Firmware v2.5.0 \
        date format M/d/yyyy at 30 Hz  Filter Normal -----------\nSerial Number: NEO1F\nStart Time \
        09:00:00\nStart Date 5/1/2024\nEpoch Period (hh:mm:ss) 00:00:00\nDownload Time 10:00:00\n\
        Download Date 5/8/2024\nCurrent Memory Address: 0\nCurrent Battery Voltage: 4.07     Mode = \
        12\n--------------------------------------------------\n";
    let plain: String = (0..90)
        .map(|i| format!("0.0{},-1.0{},0.5\n", i % 7, i * 3 % 9))
        .collect();
    let mut reader = open(
        &format!("{actigraph}Accelerometer X,Accelerometer Y,Accelerometer Z\n{plain}"),
        &Options::default(),
    )
    .unwrap();
    assert_eq!(reader.channels().len(), 3);
    assert_eq!((reader.rate(), reader.by_ref().count()), (Some(30.0), 1));
    let stamped: String = (0..90)
        .map(|i| {
            format!(
                "5/1/2024 09:00:{:02}.{:03},0.0{},-1,0.5\n",
                i / 30,
                i % 30 * 1000 / 30,
                i % 7
            )
        })
        .collect();
    let text =
        format!("{actigraph}Timestamp,Accelerometer X,Accelerometer Y,Accelerometer Z\n{stamped}");
    let reader = open(&text, &asked("", "Timestamp")).unwrap();
    assert_eq!((reader.rate(), reader.channels().len()), (Some(30.0), 3));
    let old = open(&format!("{actigraph}{plain}"), &Options::default()).unwrap();
    assert_eq!(old.channels(), ["1", "2", "3"]);
    let axivity: String = (0..200)
        .map(|i| {
            format!(
                "2014-05-07 13:29:5{}.{:03},0.01{},-0.98,0.12\n",
                i / 100,
                i % 100 * 10,
                i % 9
            )
        })
        .collect();
    let reader = open(&axivity, &Options::default()).unwrap();
    assert_eq!(
        (reader.rate(), reader.channels()),
        (Some(100.0), &["2".into(), "3".into(), "4".into()][..])
    );
    let geneactiv = "Device Type,GENEActiv\nDevice Model,1.1\nDevice Unique Serial Code,046164\n\
        Measurement Frequency,50.0 Hz\n\n\n";
    let rows: String = (0..200)
        .map(|i| {
            format!(
                "2019-08-06 10:25:5{}:{:03},-0.42{},0.72,0.5,0,0,31.6\n",
                i / 50,
                i % 50 * 20,
                i % 10
            )
        })
        .collect();
    let reader = open(&format!("{geneactiv}{rows}"), &asked("", "1")).unwrap();
    assert_eq!((reader.rate(), reader.channels().len()), (Some(50.0), 6));
    let empatica = "1544027337.000000, 1544027337.000000, 1544027337.000000\n\
        32.000000, 32.000000, 32.000000\n-47, -6, 46\n-47, -5, 46\n-40, 0, 47\n";
    let mut reader = open(empatica, &Options::default()).unwrap();
    assert_eq!(reader.rate(), Some(32.0));
    assert_eq!(
        reader.next().unwrap().unwrap().samples[..3],
        [-47., -6., 46.]
    );
}

#[test]
fn of_several_rates_above_the_table_none_is_guessed() {
    let rows: String = (0..30)
        .map(|i| format!("{}.5,{}\n", i % 7, i % 4))
        .collect();
    let rate = |above: &str| {
        let mut reader = open(&format!("{above}x,y\n{rows}"), &Options::default()).unwrap();
        (
            reader.rate(),
            reader.by_ref().count(),
            reader.notes().notes.join("\n"),
        )
    };
    assert_eq!(rate("Filter: 5 Hz\nSampling: 50 Hz\n").0, Some(50.0));
    let (none, _, notes) = rate("Filter: 5 Hz\nOther: 50 Hz\n");
    assert!(
        none.is_none() && notes.contains("--rate says which"),
        "{notes}"
    );
}

#[test]
fn a_live_stream_waits_for_the_rows_ahead_and_no_more() {
    let text = table(10, |i| format!("{i}"));
    let mut options = Options {
        windows: windows(4, 4),
        ..labelled()
    };
    options.ahead.lines = 5;
    // The rest never comes.
    struct Stuck;
    impl std::io::Read for Stuck {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            panic!("read too far")
        }
    }
    let start: String = text
        .lines()
        .take(5)
        .map(|line| line.to_owned() + "\n")
        .collect();
    let input = std::io::Read::chain(std::io::Cursor::new(start.into_bytes()), Stuck);
    let source = Source::new("live", std::io::BufReader::new(input));
    let mut reader = TableReader::new(source, &options).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().samples, [0., 7., 4., 1.]);
}

#[test]
fn wide_and_long_tables_are_refused_by_a_limit() {
    let wide = vec!["1"; 100_000].join(",");
    let error = read(&format!("{wide}\n{wide}\n"), &Options::default()).unwrap_err();
    assert!(error.contains("more than 16384 fields"), "{error}");
    struct Field(u64);
    impl std::io::Read for Field {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            assert!(self.0 < 64 << 20, "read {} bytes of one field", self.0);
            to.fill(b'1');
            self.0 += to.len() as u64;
            Ok(to.len())
        }
    }
    let input = std::io::Read::chain(&b"x,what\n"[..], Field(0));
    let source = Source::new("t.csv", std::io::BufReader::new(input));
    let error = TableReader::new(source, &asked("what", ""))
        .err()
        .unwrap()
        .to_string();
    assert_eq!(error, "t.csv, line 2: is longer than 16 MiB");
}

proptest! {
    #[test]
    fn quoted_or_not_what_is_written_is_read(
        rows in prop::collection::vec(("[a-c ,\"]{0,4}x", -1e6f32..1e6), 1..30)
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["what", "x"]).unwrap();
        for (label, value) in &rows {
            writer.write_record([label.as_str(), &value.to_string()]).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let mut expected: Vec<(String, Vec<f32>)> = Vec::new();
        for (label, value) in &rows {
            let label = label.trim();
            match expected.last_mut() {
                Some((last, values)) if last == label => values.push(*value),
                _ => expected.push((label.into(), vec![*value])),
            }
        }
        let found: Vec<_> = read(&text, &asked("what", "")).unwrap()
            .into_iter().map(|r| (r.label.unwrap(), r.samples)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_text_panics(text in "[-t,;\"wha0-9.:/# \n]{0,160}") {
        let _ = read(&text, &Options::default());
        let _ = read(&format!("t,what,x\n{text}"), &labelled());
    }
}
