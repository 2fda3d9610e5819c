//! The loop of `examples/activity` in the module's memory.

use crate::exchange::answer;
use activity::{ACTIVITIES, HUB, Memory, Watch, Wrist, run};
use spin::Mutex;
use wasm_bindgen::prelude::wasm_bindgen;

/// A static, since the module's stack is smaller than this.
static MEMORY: Mutex<Memory> = Mutex::new(Memory::new());

struct Silent;

impl Watch for Silent {
    fn step(&mut self, _: u32, _: u32) {}
}

/// Learns four activities from the recordings of a watch, recalls others, lets two nodes claim what
/// they saw and a third resolve their contradictions.
///
/// The result has accuracy, patterns, events, conflicts found and resolved, whether a proof was
/// verified; bank digest, image digest and log root; the counts of test recordings by activity and by
/// what was recalled, one word each; and the names of the activities.
#[wasm_bindgen]
pub fn demo_run() -> u32 {
    answer(|out| {
        let mut memory = MEMORY.lock();
        let mut wrist = Wrist::format(&mut memory)?;
        let summary = run(&mut wrist, &mut Silent)?;
        out.numbers(&[
            f64::from(summary.accuracy()),
            f64::from(summary.patterns[HUB]),
            summary.log_size as f64,
            f64::from(summary.tally.found),
            f64::from(summary.tally.resolved),
            f64::from(u8::from(summary.proof_verified)),
        ])?;
        out.bytes(&summary.bank_digest)?;
        out.bytes(&summary.image_digests[HUB])?;
        out.bytes(&summary.log_root)?;
        let counts = summary.confusion.as_flattened();
        out.number(counts.len() as f64)?;
        counts
            .iter()
            .try_for_each(|&count| out.number(f64::from(count)))?;
        ACTIVITIES
            .iter()
            .try_for_each(|name| out.counted(name.as_bytes()))
    })
}
