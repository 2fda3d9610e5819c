//! Times of rows: gaps, restarts, coarse clocks, rates.

use super::*;

#[test]
fn gaps_end_streams_and_are_told() {
    let text = table(150, |i| {
        format!("{:.2}", i as f64 / 50.0 + if i < 75 { 0.0 } else { 100.0 })
    });
    let options = Options {
        windows: windows(50, 50),
        ..labelled()
    };
    let (found, notes) = noted(&text, &options);
    let lines: Vec<u64> = found.iter().map(|r| r.line).collect();
    assert_eq!(lines, [2, 77]);
    assert!(
        notes.contains("1 gap ends a stream, no window crosses it: line 77: 100 s"),
        "{notes}"
    );
    let wide = Options {
        gap: Some(200.0),
        ..options
    };
    assert_eq!(noted(&text, &wide).0.len(), 3);
}

#[test]
fn repeats_restarts_and_leap_seconds_end_streams() {
    let options = Options {
        windows: windows(20, 20),
        ..labelled()
    };
    let repeat = table(60, |i| {
        format!("{:.2}", if i == 30 { 29 } else { i } as f64 / 50.0)
    });
    let (found, notes) = noted(&repeat, &options);
    assert_eq!(found.iter().map(|r| r.line).collect::<Vec<_>>(), [2, 32]);
    assert!(
        notes.contains("line 32: the time is that of the row before"),
        "{notes}"
    );
    let restart = table(60, |i| format!("{:.2}", (i % 30) as f64 / 50.0));
    let (found, notes) = noted(&restart, &options);
    assert_eq!(found.iter().map(|r| r.line).collect::<Vec<_>>(), [2, 32]);
    assert!(
        notes.contains("line 32: the time goes back by 580 ms"),
        "{notes}"
    );
    let leap = table(150, |i| {
        let (second, part) = (58 + i / 50, i % 50 * 20);
        format!("2016-12-31T23:59:{second}.{part:03}Z")
    });
    let (found, notes) = noted(&leap, &options);
    assert_eq!(
        found.iter().map(|r| r.line).collect::<Vec<_>>(),
        [2, 22, 42, 62, 82, 102, 122]
    );
    assert!(notes.contains("line 102: a leap second"), "{notes}");
    let summer = table(60, |i| {
        format!(
            "2024-03-31 0{}:{:02}:00",
            if i < 30 { 1 } else { 3 },
            (i + 30) % 60
        )
    });
    let (found, notes) = noted(&summer, &options);
    assert_eq!(found.len(), 2);
    assert!(
        notes.contains("an hour: the clock may have changed"),
        "{notes}"
    );
}

#[test]
fn packets_and_coarse_clocks_are_read_whole() {
    let options = Options {
        windows: windows(50, 50),
        ..labelled()
    };
    let packets = table(150, |i| format!("{:.2}", (i / 10 * 10) as f64 / 50.0));
    let mut reader = open(&packets, &options).unwrap();
    assert_eq!(reader.rate(), Some(50.0));
    assert_eq!(reader.by_ref().count(), 3);
    assert!(reader.notes().notes[0].contains("rows share their times"));
    let seconds = table(1_000, |i| format!("09:00:{:02}", i / 50));
    let reader = open(&seconds, &options).unwrap();
    assert_eq!((reader.rate(), reader.count()), (Some(50.0), 20));
}

#[test]
fn lost_samples_are_counted() {
    let mut lines: Vec<String> = table(400, |i| format!("{:.2}", i as f64 / 50.0))
        .lines()
        .map(str::to_owned)
        .collect();
    let mut n = 0;
    lines.retain(|_| {
        n += 1;
        n % 8 != 2 || n < 9
    });
    let options = Options {
        windows: windows(50, 50),
        ..labelled()
    };
    let mut reader = open(&(lines.join("\n") + "\n"), &options).unwrap();
    assert_eq!(reader.rate(), Some(50.0));
    assert_eq!(reader.by_ref().count(), 7);
    let notes = reader.notes().notes.join("\n");
    assert!(
        notes.contains("12 % of the samples that the rate promises are missing"),
        "{notes}"
    );
}

#[test]
fn with_a_rate_given_the_times_are_not_needed() {
    let text = table(40, |i| format!("sample {i}"));
    let error = read(&text, &labelled()).unwrap_err();
    assert!(error.contains("the time `sample 0` is neither"), "{error}");
    let options = Options {
        rate: Some(25.0),
        ..labelled()
    };
    let mut reader = open(&text, &options).unwrap();
    assert_eq!((reader.rate(), reader.by_ref().count()), (Some(25.0), 1));
    assert!(reader.notes().notes[0].starts_with("the times are not used, so gaps are not seen"));
}

#[test]
fn a_rate_that_changes_is_told() {
    let of = |late: f64| {
        table(600, |i| {
            let t = if i < 300 {
                i as f64 / 50.0
            } else {
                6.0 + (i - 300) as f64 / late
            };
            format!("{t:.3}")
        })
    };
    assert_eq!(noted(&of(50.0), &labelled()).1, "");
    let (_, notes) = noted(&of(100.0).replacen("5.980,a", "5.980,b", 1), &labelled());
    assert!(
        notes.contains("the rate changes within the file"),
        "{notes}"
    );
}
