//! What a run comes to, or what stopped it.

use crate::recordings::ACTIVITIES;
use sensilla::Hash;
use sensilla::coherence::Tally;
use sensilla::learn::RecallError;
use sensilla::learn::features::PushError;
use sensilla::learn::route::RouteError;
use sensilla::log::sign::SignError;
use sensilla::log::{EncodeError, LogIndex};
use sensilla::node::{EmbedError, IngestError, LearnError, RouteTaskError};

/// What the loop came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Test recordings, by activity and by what the hub recalled; the last column counts those
    /// that resembled nothing.
    pub confusion: [[u32; ACTIVITIES.len() + 1]; ACTIVITIES.len()],
    /// Patterns that the hub, the accelerometer and the gyroscope have learned.
    pub patterns: [u32; 3],
    /// SHA-256 of the content of the hub's bank.
    pub bank_digest: Hash,
    /// SHA-256 of each node's block.
    pub image_digests: [Hash; 3],
    /// Events in the hub's log.
    pub log_size: u64,
    /// Merkle root of the hub's log.
    pub log_root: Hash,
    /// Conflicts of the hub, ever.
    pub tally: Tally,
    /// Windows on which the sensors decided, and how many each got right.
    pub windows: (u32, [u32; 2]),
    /// Recordings for which the hub chose to ask each node.
    pub routes: [u32; 3],
    /// Windows that the asked node got right.
    pub routed_right: u32,
    /// The event whose inclusion was proved, the last one asserted.
    pub proved: LogIndex,
    /// Whether that proof holds, by the root alone.
    pub proof_verified: bool,
    /// Whether everything was in the log before.
    pub resumed: bool,
}

impl Summary {
    /// Test recordings, and how many the hub recalled right.
    pub fn right(&self) -> (u32, u32) {
        let all = self.confusion.iter().flatten().sum();
        let right = (0..ACTIVITIES.len()).map(|i| self.confusion[i][i]).sum();
        (all, right)
    }

    /// Share of the test recordings that the hub recalled right.
    pub fn accuracy(&self) -> f32 {
        let (all, right) = self.right();
        right as f32 / all as f32
    }
}

sensilla::errors! {
    /// What went wrong, and where in the loop.
    pub enum RunError {
        /// A sample was not taken.
        Push wraps PushError => "a sample: {}",
        /// A window gave no embedding.
        Embed wraps EmbedError => "a window: {}",
        /// A window was not looked up.
        Search wraps RecallError => "a recall: {}",
        /// A window was not learned.
        Learn wraps LearnError => "a trajectory: {}",
        /// A task was not routed.
        Route wraps RouteTaskError => "a route: {}",
        /// An outcome was not credited.
        Credit wraps RouteError => "an outcome: {}",
        /// A decision was not endorsed.
        Sign wraps SignError => "a decision: {}",
        /// An event has no bytes.
        Encode wraps EncodeError => "an event: {}",
        /// An event was not taken.
        Ingest wraps IngestError => "an event: {}",
    }
}
