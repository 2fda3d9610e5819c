//! The demo of `examples/activity` in the module's memory.

use crate::failure;
use activity::{ACTIVITIES, Memory, Summary, Watch, Wrist, run};
use js_sys::Function;
use std::sync::Mutex;
use wasm_bindgen::prelude::*;

/// A static, since the module's stack is smaller than this.
static MEMORY: Mutex<Memory> = Mutex::new(Memory::new());

/// What the demo came to.
#[wasm_bindgen]
pub struct Activity {
    summary: Summary,
}

/// Learns four activities from the recordings of a watch, recalls others, lets two nodes claim what
/// they saw and a third resolve their contradictions.
///
/// Calls `progress(done, total)` after each recording where it is given.
#[wasm_bindgen(js_name = runActivity)]
pub fn run_activity(progress: Option<Function>) -> Result<Activity, JsValue> {
    let mut memory = MEMORY
        .try_lock()
        .map_err(|_| failure::argument("the demo runs already, or failed before"))?;
    let mut wrist = Wrist::format(&mut memory).map_err(failure::of)?;
    let summary = run(&mut wrist, &mut Caller(progress)).map_err(failure::of)?;
    Ok(Activity { summary })
}

struct Caller(Option<Function>);

impl Watch for Caller {
    fn step(&mut self, done: u32, total: u32) {
        if let Some(progress) = &self.0 {
            // What the page throws there is the page's own affair.
            let _ = progress.call2(&JsValue::NULL, &done.into(), &total.into());
        }
    }
}

#[wasm_bindgen]
impl Activity {
    /// Share of the test recordings recalled right, 0 to 1.
    #[wasm_bindgen(getter)]
    pub fn accuracy(&self) -> f32 {
        self.summary.accuracy()
    }

    /// Names of the activities.
    #[wasm_bindgen(getter)]
    pub fn names(&self) -> Vec<String> {
        ACTIVITIES.map(String::from).to_vec()
    }

    /// Test recordings by activity (rows) and by what was recalled (columns, the last one for
    /// nothing), row after row.
    #[wasm_bindgen(getter)]
    pub fn confusion(&self) -> Vec<u32> {
        self.summary.confusion.as_flattened().to_vec()
    }

    /// Patterns learned by the six-axis node.
    #[wasm_bindgen(getter)]
    pub fn patterns(&self) -> u32 {
        self.summary.patterns[activity::HUB]
    }

    /// SHA-256 of the content of its bank.
    #[wasm_bindgen(getter, js_name = bankDigest)]
    pub fn bank_digest(&self) -> Vec<u8> {
        self.summary.bank_digest.to_vec()
    }

    /// SHA-256 of all bytes of the node.
    #[wasm_bindgen(getter, js_name = imageDigest)]
    pub fn image_digest(&self) -> Vec<u8> {
        self.summary.image_digests[activity::HUB].to_vec()
    }

    /// Events in its log.
    #[wasm_bindgen(getter, js_name = logSize)]
    pub fn log_size(&self) -> u32 {
        self.summary.log_size as u32
    }

    /// Merkle root of its log.
    #[wasm_bindgen(getter, js_name = logRoot)]
    pub fn log_root(&self) -> Vec<u8> {
        self.summary.log_root.to_vec()
    }

    /// Conflicts found among the claims.
    #[wasm_bindgen(getter, js_name = conflictsFound)]
    pub fn conflicts_found(&self) -> u32 {
        self.summary.tally.found
    }

    /// Conflicts resolved.
    #[wasm_bindgen(getter, js_name = conflictsResolved)]
    pub fn conflicts_resolved(&self) -> u32 {
        self.summary.tally.resolved
    }

    /// Whether an inclusion proof was verified from the root alone.
    #[wasm_bindgen(getter, js_name = proofVerified)]
    pub fn proof_verified(&self) -> bool {
        self.summary.proof_verified
    }
}
