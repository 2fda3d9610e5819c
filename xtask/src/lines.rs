//! The lines of the conformance suite: `conformance: CASE = VALUE`, the same on every host.

use anyhow::{Result, bail};
use std::collections::BTreeMap;

/// Case and value of each line a host printed.
pub type Lines = BTreeMap<String, String>;

const MARK: &str = "conformance: ";

/// Finds the suite's lines in what a host printed.
pub fn read(text: &str) -> Result<Lines> {
    let mut lines = Lines::new();
    for line in text.lines() {
        let Some((_, line)) = line.split_once(MARK) else {
            continue;
        };
        let Some((case, value)) = line.trim_end().split_once(" = ") else {
            bail!("not a line of the suite: {line}");
        };
        if let Some(before) = lines.insert(case.to_owned(), value.to_owned())
            && before != value
        {
            bail!("{case} was printed twice, as {before} and as {value}");
        }
    }
    if lines.is_empty() {
        bail!("the suite printed no line");
    }
    Ok(lines)
}

/// Fails unless all hosts printed the same lines.
pub fn compare(hosts: &[(&str, Lines)]) -> Result<()> {
    let Some(((first, expected), others)) = hosts.split_first() else {
        return Ok(());
    };
    let mut differences = 0;
    for (host, lines) in others {
        for case in expected.keys().chain(lines.keys()) {
            let (a, b) = (expected.get(case), lines.get(case));
            if a != b {
                differences += 1;
                let none = "nothing".to_owned();
                eprintln!("{case}:");
                eprintln!("  {first:<9} {}", a.unwrap_or(&none));
                eprintln!("  {host:<9} {}", b.unwrap_or(&none));
            }
        }
    }
    let names: Vec<_> = hosts.iter().map(|(host, _)| *host).collect();
    let names = names.join(", ");
    let agreeing = expected.len() - differences.min(expected.len());
    if others.is_empty() {
        println!(
            "\nconformance on {names} alone: equal to the golden values, compared with no host"
        );
    } else {
        println!("\nconformance on {names}:");
    }
    println!("lines: {agreeing} passed, {differences} failed");
    if differences > 0 {
        bail!("{names} do not agree");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_lines_among_other_output() {
        let text = "running 1 test\nINFO  conformance: a/b = 01\nconformance: c = 2 3\nok\n";
        let lines = read(text).unwrap();
        assert_eq!(lines["a/b"], "01");
        assert_eq!(lines["c"], "2 3");
        assert!(read("running 0 tests").is_err());
        assert!(read("conformance: a = 1\nconformance: a = 2").is_err());
    }

    #[test]
    fn a_difference_and_a_missing_line_fail() {
        let one = read("conformance: a = 1\nconformance: b = 2").unwrap();
        let other = read("conformance: a = 1\nconformance: b = 3").unwrap();
        let short = read("conformance: a = 1").unwrap();
        assert!(compare(&[("x", one.clone()), ("y", one.clone())]).is_ok());
        assert!(compare(&[("x", one.clone()), ("y", other)]).is_err());
        assert!(compare(&[("x", one.clone()), ("y", short.clone())]).is_err());
        assert!(compare(&[("x", short), ("y", one)]).is_err());
    }
}
