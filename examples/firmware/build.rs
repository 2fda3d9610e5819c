//! Linker scripts: cortex-m-rt's, with the memory of the target's board, and defmt's.

use std::path::Path;
use std::{env, fs};

/// Targets and the boards that QEMU emulates for them.
const BOARDS: [(&str, &str); 2] = [
    ("thumbv7em-none-eabihf", "mps2-an386"),
    ("thumbv8m.main-none-eabihf", "mps3-an547"),
];

/// The programs that have a log.
const LOGGING: [&str; 3] = ["activity", "conformance", "instructions"];

fn main() {
    println!("cargo:rerun-if-changed=boards");
    println!("cargo:rustc-check-cfg=cfg(board, values(\"mps2-an386\", \"mps3-an547\"))");
    let target = env::var("TARGET").expect("cargo sets it");
    let Some((_, board)) = BOARDS.into_iter().find(|(of, _)| *of == target) else {
        return;
    };
    println!("cargo:rustc-cfg=board=\"{board}\"");
    let folder = env::var("OUT_DIR").expect("cargo sets it");
    let memory = fs::read(format!("boards/{board}.x")).expect("each board has its memory");
    fs::write(Path::new(&folder).join("memory.x"), memory).expect("OUT_DIR can be written");
    println!("cargo:rustc-link-search={folder}");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    for program in LOGGING {
        println!("cargo:rustc-link-arg-bin={program}=-Tdefmt.x");
    }
    // Sections need no alignment to pages of memory that a Cortex-M does not have.
    println!("cargo:rustc-link-arg-bins=--nmagic");
}
