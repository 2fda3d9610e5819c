use super::*;

fn tell_of(text: &str, wishes: &Wishes) -> Result<Dialect, String> {
    let lines = (1..).zip(text.split('\n').map(str::to_owned));
    let lines: Vec<_> = lines.collect();
    tell("t.csv", &lines, wishes).map_err(|e| e.to_string())
}

fn found(text: &str) -> (String, Vec<String>, Option<u64>, u64) {
    let d = tell_of(text, &Wishes::default()).unwrap();
    (d.delimiter.name(), d.titles, d.header, d.first)
}

fn named(names: &[&str]) -> Wishes {
    Wishes {
        names: names.iter().map(|n| n.to_string()).collect(),
        ..Wishes::default()
    }
}

#[test]
fn delimiters_are_told_apart() {
    for (text, name) in [
        ("a,b\n1,2\n", "commas"),
        ("a;b\n1,5;2,5\n2,5;3\n", "semicolons"),
        ("a\tb\n1\t2\n", "tabs"),
        ("a|b\n1|2\n", "`|`"),
        ("a b\n1  2\n 3 4\n", "spaces"),
        ("what, x\nup and down, 1\nup and down, 2\n", "commas"),
        ("x\n1\n2\n", "commas"),
    ] {
        assert_eq!(found(text).0, name, "{text:?}");
    }
}

#[test]
fn the_header_is_found_below_a_preamble() {
    let rows = "t,x\n0,1\n1,2\n2,3\n3,4\n4,5\n5,6\n";
    for (above, header) in [
        ("", 1),
        ("Device: X\nSerial: 0\n\n", 4),
        ("# app 1.2\n# unit: g\n", 3),
        ("sep=,\n", 2),
        ("Model,1.1\nRate,50.0 Hz\nBy,someone\n", 4),
        (",,\n\"a note\nof two lines\"\n", 4),
    ] {
        let (_, titles, found, first) = found(&format!("{above}{rows}"));
        assert_eq!(
            (titles.as_slice(), found, first),
            (&["t".into(), "x".into()][..], Some(header), header + 1),
            "{above:?}"
        );
    }
    let d = tell_of("a,b\nt,x\n0,1\n", &named(&["x"])).unwrap();
    assert_eq!((d.header, d.notes.len()), (Some(2), 1));
    let error = tell_of("t,x\n0,1\n", &named(&["what"])).unwrap_err();
    assert_eq!(
        error,
        "t.csv, line 1: no column `what`; there are: t, x; if the header is \
        further down give --skip-lines"
    );
}

#[test]
fn a_header_may_be_missing_short_or_of_numbers() {
    assert_eq!(found("0.1,2\n0.2,3\n").2, None);
    assert_eq!(found("walk,0.1,2\nwalk,0.2,3\n").1, ["1", "2", "3"]);
    assert_eq!(found(",0,1,2\n0,5,6.5,7\n1,5,2,7\n").2, Some(1));
    let (_, titles, header, first) = found("x y\n1 0.5 0.6\n2 0.7 0.8\n3 0.1 0.2\n");
    assert_eq!(
        (titles, header, first),
        (vec!["".into(), "x".into(), "y".into()], Some(1), 2)
    );
    let (_, titles, _, first) = found("t,x\ns,m/s^2\n0,1\n1,2\n");
    assert_eq!((titles.len(), first), (2, 3));
    assert_eq!(found("# t,x\n0.5,1\n1,2\n").1, ["t", "x"]);
    let no = Wishes {
        no_header: true,
        ..Wishes::default()
    };
    assert_eq!(tell_of("1,2\n3,4\n", &no).unwrap().first, 1);
    let skip = Wishes {
        skip_lines: Some(1),
        ..Wishes::default()
    };
    assert_eq!(
        tell_of("9,9,9\n1,2\n3,4\n", &skip).unwrap().titles,
        ["1", "2"]
    );
}

#[test]
fn of_several_tables_the_longest_is_read() {
    let text = "\"Marks\",\"\"\n\n\"Line\",\"Time\",\"Status\",\n\"1\",\"09:00:00\",\"up\",\n\n\
        \"Epochs\"\n\n\"Line\",\"Time\",\"x\",\"Status\",\n1,09:00:00,5,up\n2,09:00:30,6,up\n3,09:01:00,4,up\n";
    let d = tell_of(text, &named(&["Status", "Time"])).unwrap();
    assert_eq!((d.header, d.first, d.titles.len()), (Some(8), 9, 5));
    let text = "Name:,a,b\nGroup:,0,1\nRate:,10,10\n\n2000-01-27 19:00:00,26,53\n\
        2000-01-27 19:00:01,36,55\n2000-01-27 19:00:02,9,54\n";
    assert_eq!((found(text).2, found(text).3), (None, 5));
}

#[test]
fn a_bad_first_row_is_no_header() {
    assert_eq!(found("what,x\na,hm\na,1\na,2\n").3, 2);
    assert_eq!(found("x,y\n1,bad\n2,3\n").3, 2);
    assert_eq!(found("activity,x,y\np,1,2\np,3,4,5\n").3, 2);
}

#[test]
fn a_title_that_is_missing_shifts_no_other() {
    let d = found("t,x\n0,1.5,2.5\n1,1.5,2.5\n2,1.5,2.5\n");
    assert_ne!(d.1, ["", "t", "x"]);
    let error = tell_of("t,x\n0,1.5,2.5\n1,1.5,2.5\n", &named(&["t"]));
    assert_eq!(error.unwrap().titles, ["t", "x"]);
}

#[test]
fn lines_may_end_with_semicolons() {
    let (delimiter, titles, header, _) = found("33,walk,49,0.5,1.5;\n33,walk,50,0.6,1.5;\n");
    assert_eq!(
        (delimiter.as_str(), titles.len(), header),
        ("commas", 5, None)
    );
}

#[test]
fn a_quote_that_nothing_closes_is_named() {
    let error = tell_of("x,what\n\"1,a\n2,b\n", &Wishes::default()).unwrap_err();
    assert!(error.contains("line 2: a quote opens a field"), "{error}");
}

#[test]
fn tables_of_other_kinds_are_named() {
    let error = tell_of("@RELATION x\n@DATA\n1,2\n", &Wishes::default()).unwrap_err();
    assert!(error.contains("ARFF"), "{error}");
    let row = (0..30)
        .map(|i| format!("\t{}", f64::from(i) / 7.0))
        .collect::<String>();
    let lines: Vec<_> = (1..9).map(|n| (n, format!("{}{row}", n % 2))).collect();
    let error = tell("Coffee_TRAIN.tsv", &lines, &Wishes::default()).unwrap_err();
    assert!(error.reason.contains("UCR archive"), "{error}");
}
