//! The suite on this machine.
#![cfg(not(target_family = "wasm"))]

mod changed;

use changed::changed;
use sensilla::block::Block;
use sensilla_conformance::{GOLDEN, Memory, ROOM_BYTES, Report, run};
use std::fmt::{Display, Write};
use std::sync::Mutex;

static ROOM: Mutex<Block<ROOM_BYTES>> = Mutex::new(Block::new());
static MEMORY: Mutex<Memory> = Mutex::new(Memory::new());

struct Lines(String);

impl Report for Lines {
    fn line(&mut self, name: &str, value: &dyn Display) {
        println!("conformance: {name} = {value}");
        writeln!(self.0, "{name} = {value}").unwrap();
    }
}

#[test]
fn every_case_prints_its_golden_value() {
    let mut lines = Lines(String::new());
    run(
        &mut ROOM.lock().unwrap()[..],
        &mut MEMORY.lock().unwrap(),
        &mut lines,
    );
    if std::env::var_os("SENSILLA_BLESS").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/golden.txt");
        std::fs::write(file, &lines.0).unwrap();
        return;
    }
    assert!(
        lines.0 == GOLDEN,
        "results or stored bytes changed; if that is meant, SENSILLA_BLESS=1 writes golden.txt anew:\n{}",
        changed(GOLDEN, &lines.0)
    );
}

#[test]
fn only_lines_that_changed_are_shown() {
    let before = "a = 1\nb = 2\nc = 3\nd = 4\n";
    assert_eq!(changed(before, before), "");
    let after = "a = 1\nb = 7\nc = 3\ne = 5\nd = 4\n";
    assert_eq!(changed(before, after), "-b = 2\n+b = 7\n+e = 5\n");
    assert_eq!(changed(before, "a = 1\nb = 2\nc = 3\n"), "-d = 4\n");
}
