#![no_std]
//! The conformance suite: one set of cases for every host.
//!
//! A case makes calls of the core with fixed inputs and prints what came out, mostly a SHA-256
//! of it. The lines must be the same on this machine, in a browser and on a microcontroller, and
//! equal to `golden.txt`. A change of stored bytes or of results is a change of that file:
//! `SENSILLA_BLESS=1 cargo test --package sensilla-conformance` writes it anew, for review.
//!
//! To add a case: a function in the file of its module under `cases/`, and its line in `CASES`.

mod cases;
mod draw;
mod kinds;
mod report;
mod transcript;

use core::fmt::Display;
pub use report::{Hex, Report};

/// The lines that every host must print.
pub const GOLDEN: &str = include_str!("../golden.txt");

/// Bytes of working memory that [`run`] takes; blocks of the cases are made in it.
pub const ROOM_BYTES: usize = 512 * 1024;

/// A case: its name and what it does.
type Case = fn(room: &mut [u8], report: &mut dyn Report);

const CASES: &[Case] = &[
    cases::block::layout,
    cases::block::seal,
    cases::block::sizes,
    cases::learn::features,
    cases::learn::trajectories,
    cases::learn::recogniser,
    cases::spike::values,
    cases::spike::signals,
    cases::spike::attention,
    cases::merkle::tree,
    cases::log::events,
    cases::log::log,
    cases::grid::candidates,
    cases::coherence::conflicts,
    cases::orders::thousand,
    cases::bank::i8_cosine,
    cases::bank::f32_euclidean,
    cases::bank::i8_dot_scan,
];

/// Memory of the demo, zero to begin with.
pub use ::activity::Memory;

/// Runs every case in `room`, zeroed before each, of [`ROOM_BYTES`] aligned as blocks are, and the
/// demo in `memory`.
///
/// # Panics
///
/// When a call that must work fails: the suite is a test.
pub fn run(room: &mut [u8], memory: &mut Memory, report: &mut dyn Report) {
    for case in CASES {
        room.fill(0);
        case(room, report);
    }
    cases::activity::wrist(memory, report);
}

/// Whether `value` is the golden value of the line `name`.
pub fn is_golden(name: &str, value: &dyn Display) -> bool {
    GOLDEN
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .any(|(line, golden)| line == name && report::shows_as(value, golden))
}
