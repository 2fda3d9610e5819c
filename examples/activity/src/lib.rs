//! Activity recognition on one wrist: the demo's whole loop, the same on every host.
//!
//! Three nodes wear the watch of the BasicMotions recordings (`data/README.md`). The *hub* hears
//! all six channels and decides on whole recordings of ten seconds; the *accelerometer* and the
//! *gyroscope* hear three channels each and decide on windows of 2.5 seconds. All learn from the
//! training recordings. Then, for each test recording, the small ones each sign and send what they
//! saw in each window; where they contradict each other the hub, as the authority of the wrist,
//! signs a resolution.
//!
//! ```text
//! recording ─ hub: calibrate, learn ─ ─ ─ ─ ─ ─ ─ recall ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ resolve
//!           └ accelerometer, gyroscope: the same ─ recall ─ assert ─> hub: ingest ┘
//! ```
//!
//! Keys and times are fixed, so every run of the loop on every host makes the same calls and
//! leaves the same bytes. What the log holds already is not done again.

#![no_std]
#![forbid(unsafe_code)]

mod recordings;
mod scenario;
mod summary;
mod watch;
mod wrist;

pub use recordings::{ACTIVITIES, CHANNELS, RATE_HZ, Recording, Samples, TEST, TRAIN, recordings};
pub use scenario::{CONTEXT, run};
pub use summary::{RunError, Summary};
pub use watch::Watch;
pub use wrist::{
    ACCELEROMETER, GYROSCOPE, HUB, HUB_CONFIG, MEMORY_BYTES, Memory, NAMES, SENSOR_CONFIG, Wearer,
    Wrist, public_keys,
};
