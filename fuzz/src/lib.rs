//! Hostile bytes for everything that Sensilla opens, decodes or verifies.
//!
//! Each target is a module with `run`, which must return whatever the bytes are, and `seeds`, good
//! inputs to begin from. `fuzz_targets` gives them to libFuzzer; the program `plain` feeds them
//! mutations of the seeds and needs nothing but a stable compiler.
//!
//! A target that opens a block takes *edits* instead of a whole image, so that few bytes of input
//! reach any place of a good image: see [`image::edit`].

pub mod bank;
pub mod event;
pub mod image;
#[path = "../../tests/src/kinds.rs"]
mod kinds;
pub mod log;
pub mod node;
pub mod proof;

/// A target: takes any bytes, and says whether what is under test took them too.
pub type Run = fn(&[u8]) -> bool;
/// Good inputs of a target.
pub type Seeds = fn() -> Vec<Vec<u8>>;

/// Every target by its name.
pub const TARGETS: [(&str, Run, Seeds); 5] = [
    ("bank", bank::run, bank::seeds),
    ("log", log::run, log::seeds),
    ("event", event::run, event::seeds),
    ("proof", proof::run, proof::seeds),
    ("node", node::run, node::seeds),
];
