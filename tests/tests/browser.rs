//! The suite in a browser.
#![cfg(target_family = "wasm")]

mod changed;

use changed::changed;
use sensilla::block::Block;
use sensilla_conformance::{GOLDEN, Memory, ROOM_BYTES, Report, run};
use std::fmt::{Display, Write};
use std::sync::Mutex;
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

static ROOM: Mutex<Block<ROOM_BYTES>> = Mutex::new(Block::new());
static MEMORY: Mutex<Memory> = Mutex::new(Memory::new());

struct Lines(String);

impl Report for Lines {
    fn line(&mut self, name: &str, value: &dyn Display) {
        console_log!("conformance: {name} = {value}");
        writeln!(self.0, "{name} = {value}").unwrap();
    }
}

#[wasm_bindgen_test]
fn every_case_prints_its_golden_value() {
    let mut lines = Lines(String::new());
    run(
        &mut ROOM.lock().unwrap()[..],
        &mut MEMORY.lock().unwrap(),
        &mut lines,
    );
    assert!(lines.0 == GOLDEN, "\n{}", changed(GOLDEN, &lines.0));
}

#[wasm_bindgen_test]
fn the_kernels_are_those_for_webassembly_and_right() {
    use sensilla::simd::{self, Level};
    assert_eq!(simd::level(), Level::Simd128);
    for seed in 0..50 {
        assert_eq!(simd::check(seed), Ok(()));
    }
}
