//! The session with a stranger's table that README.md shows is the one that runs.

use super::fixtures::Folder;
use std::fmt::Write as _;

/// An export as an office in Europe has it: a preamble, semicolons, decimal commas, the date in one
/// column and the time in another, remarks, a break, a stretch that nobody labelled.
fn export() -> String {
    let mut text = String::from("Device;WX-2\nSerial;A17\n\n");
    text += "Date;Time;Subject;Activity;X [g];Y [g];Z [g];Remarks\n";
    for subject in 1..=3 {
        let mut ms = 0;
        for (activity, frequency) in [("walk", 1.7), ("run", 2.9)] {
            for i in 0..450 {
                if subject == 2 && activity == "walk" && i == 200 {
                    ms += 38_000;
                }
                let label = if activity == "walk" && i >= 425 {
                    ""
                } else {
                    activity
                };
                let angle = f64::from(ms) / 1e3 * frequency * std::f64::consts::TAU;
                let wobble = f64::from((i * 7_919 + subject * 31) % 97) / 900.0;
                let number = |value: f64| format!("{value:.3}").replace('.', ",");
                writeln!(
                    text,
                    "31/03/2024;{:02}:{:02}:{:02},{:03};{subject};{label};{};{};{};",
                    8 + subject,
                    ms / 60_000,
                    ms / 1_000 % 60,
                    ms % 1_000,
                    number(angle.sin() * frequency / 3.0 + wobble),
                    number(-0.98 + wobble),
                    number(angle.cos() / 4.0 - wobble),
                )
                .unwrap();
                ms += 20;
            }
        }
    }
    text
}

#[test]
fn the_session_of_the_readme_runs_as_it_stands_there() {
    let readme = include_str!("../../../README.md");
    let folder = Folder::with(&[]);
    let export = export();
    folder.write("export.csv", &export);
    // The first lines of the file are shown too.
    let shown: String = export
        .lines()
        .take(6)
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(readme.contains(&shown), "README.md does not show:\n{shown}");
    let line = "learn export.csv --label Activity --time Date,Time --window 100 --group Subject --holdout 3";
    let words: Vec<&str> = line.split(' ').collect();
    let output = folder.command(&words).output().unwrap();
    let said = String::from_utf8([output.stderr, output.stdout].concat()).unwrap();
    let mut session = vec![format!("$ sensilla {line}")];
    session.extend(said.lines().map(str::to_owned));
    // How many patterns it takes and how similar they are is the recogniser's matter.
    for line in &session {
        let stable = line
            .split(": ")
            .next()
            .filter(|l| l.starts_with("learned") || l.starts_with("held"));
        let line = stable.unwrap_or(line);
        assert!(
            readme.contains(line),
            "README.md does not show `{line}` of\n{}",
            session.join("\n")
        );
    }
    let notes = session[1..]
        .iter()
        .take_while(|line| line.starts_with("note: "));
    let notes: String = notes.map(|line| format!("{line}\n")).collect();
    assert!(
        readme.contains(&notes),
        "README.md has other notes:\n{notes}"
    );
}
