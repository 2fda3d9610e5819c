//! What Sensilla takes on a device: RAM of nodes by part, from their configs, and flash and RAM of
//! programs as they are linked for the emulated Cortex-M4F.
//!
//! Rows are `{"target", "case", "metric", "value"}`, in bytes. A figure that follows from a config
//! is the same on every target, which is then `any`. Programs are measured at `opt-level` "s", and
//! at 3 under the target's name with `-O3`.

use crate::embedded;
use crate::process::{ask, cargo, root, run};
use crate::target::Toolchain;
use crate::tools;
use anyhow::{Context, Result};
use object::elf::{SHF_ALLOC, SHF_WRITE};
use object::{Object, ObjectSection, SectionFlags, SectionKind};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Programs of the firmware, and the cases they are.
const PROGRAMS: [(&str, &str); 5] = [
    ("size-bank", "bank"),
    ("size-recogniser", "recogniser"),
    ("size-node", "node"),
    ("size-node-ed25519", "node-ed25519"),
    ("activity", "demo"),
];

/// Profiles, and what the target is called under each.
const PROFILES: [(&str, &str); 2] = [("size", ""), ("release", "-O3")];

/// A figure.
struct Row {
    target: String,
    case: String,
    metric: &'static str,
    bytes: u64,
}

/// Measures, prints a table and writes `target/size.json`.
pub fn size() -> Result<()> {
    tools::install(&Toolchain::missing(embedded::M4.target))?;
    let mut rows = structures()?;
    for (profile, mark) in PROFILES {
        rows.extend(programs(profile, mark)?);
    }
    let file = root().join("target/size.json");
    fs::write(&file, json(&rows)).with_context(|| format!("cannot write {}", file.display()))?;
    print!("{}", table(&rows));
    Ok(())
}

/// RAM that follows from configs, as an example of the demo prints it.
fn structures() -> Result<Vec<Row>> {
    let example = [
        "run",
        "--quiet",
        "--package=sensilla-activity",
        "--example=ram",
    ];
    let lines = ask(cargo().args(example))
        .context("`cargo run --package sensilla-activity --example ram` failed")?;
    lines
        .lines()
        .map(|line| {
            let read = || {
                let (case, bytes) = line.rsplit_once(' ')?;
                Some(Row {
                    target: "any".into(),
                    case: case.into(),
                    metric: "ram",
                    bytes: bytes.parse().ok()?,
                })
            };
            read().with_context(|| format!("`{line}` is no figure"))
        })
        .collect()
}

/// Builds the programs and measures what was linked.
fn programs(profile: &'static str, mark: &str) -> Result<Vec<Row>> {
    let board = embedded::M4;
    let toolchain = Toolchain::get(board.target)?;
    let mut command = toolchain.cargo("build", "core");
    command.args(["--profile", profile, "--package", "firmware"]);
    for (program, _) in PROGRAMS {
        command.args(["--bin", program]);
    }
    run(command.stdout(std::io::stderr()))?;
    let mut rows = Vec::new();
    for (program, case) in PROGRAMS {
        let linked = measure(&toolchain.built(profile).join(program))?;
        for (metric, bytes) in [("flash", linked.flash), ("ram", linked.ram)] {
            rows.push(Row {
                target: format!("{}{mark}", board.target),
                case: case.into(),
                metric,
                bytes,
            });
        }
    }
    Ok(rows)
}

/// Bytes of a program's sections.
#[derive(Debug, PartialEq, Eq)]
struct Linked {
    /// Code, constants and what variables begin as.
    flash: u64,
    /// Variables; the stack is what is left.
    ram: u64,
}

fn measure(program: &Path) -> Result<Linked> {
    let bytes = fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    let elf = object::File::parse(&*bytes)
        .with_context(|| format!("{} is no program", program.display()))?;
    let sections = elf.sections().filter_map(|section| {
        let SectionFlags::Elf { sh_flags } = section.flags() else {
            return None;
        };
        let zeros = section.kind() == SectionKind::UninitializedData;
        Some((sh_flags, zeros, section.size()))
    });
    Ok(add(sections))
}

/// Adds up sections: their flags, whether they are zeros that the file leaves out, their bytes.
fn add(sections: impl Iterator<Item = (u64, bool, u64)>) -> Linked {
    let mut linked = Linked { flash: 0, ram: 0 };
    for (flags, zeros, bytes) in sections {
        if flags & u64::from(SHF_ALLOC) == 0 {
            continue;
        }
        if !zeros {
            linked.flash += bytes;
        }
        if flags & u64::from(SHF_WRITE) != 0 {
            linked.ram += bytes;
        }
    }
    linked
}

fn json(rows: &[Row]) -> String {
    let mut text = String::from("[\n");
    for (at, row) in rows.iter().enumerate() {
        let comma = if at + 1 < rows.len() { "," } else { "" };
        // Names are this file's and the example's: none has anything to escape.
        let _ = writeln!(
            text,
            r#"  {{"target": "{}", "case": "{}", "metric": "{}", "value": {}}}{comma}"#,
            row.target, row.case, row.metric, row.bytes
        );
    }
    text + "]\n"
}

fn table(rows: &[Row]) -> String {
    let width = |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).len()).max().unwrap_or(0);
    let (target, case) = (width(|row| &row.target), width(|row| &row.case));
    let mut text = String::new();
    for row in rows {
        let _ = writeln!(
            text,
            "{:target$}  {:case$}  {:5}  {:>8}",
            row.target, row.case, row.metric, row.bytes
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flash_holds_what_the_file_holds_and_ram_what_is_written() {
        let (alloc, write) = (u64::from(SHF_ALLOC), u64::from(SHF_WRITE));
        let sections = [
            (alloc, false, 1_000),      // code and constants
            (alloc | write, false, 20), // .data lies in flash and is copied
            (alloc | write, true, 300), // .bss
            (0, false, 4_000),          // symbols
        ];
        let linked = Linked {
            flash: 1_020,
            ram: 320,
        };
        assert_eq!(add(sections.into_iter()), linked);
    }

    #[test]
    fn rows_are_json_and_a_table() {
        let row = |case: &str, bytes| Row {
            target: "any".into(),
            case: case.into(),
            metric: "ram",
            bytes,
        };
        let rows = [row("small-node/log", 11_392), row("bank", 7)];
        assert_eq!(
            json(&rows),
            concat!(
                "[\n",
                r#"  {"target": "any", "case": "small-node/log", "metric": "ram", "value": 11392},"#,
                "\n",
                r#"  {"target": "any", "case": "bank", "metric": "ram", "value": 7}"#,
                "\n]\n"
            )
        );
        assert_eq!(
            table(&rows),
            "any  small-node/log  ram       11392\nany  bank            ram           7\n"
        );
    }
}
