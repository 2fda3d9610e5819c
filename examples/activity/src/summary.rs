//! What a run comes to, or what stopped it.

use crate::recordings::ACTIVITIES;
use sensilla::Hash;
use sensilla::bank::SearchError;
use sensilla::coherence::Tally;
use sensilla::error::ErrorCode;
use sensilla::learn::features::PushError;
use sensilla::learn::route::RouteError;
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

/// What went wrong, and where in the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunError {
    /// A sample was not taken.
    Push(PushError),
    /// A window gave no embedding.
    Embed(EmbedError),
    /// A window was not looked up.
    Search(SearchError),
    /// A window was not learned.
    Learn(LearnError),
    /// A task was not routed.
    Route(RouteTaskError),
    /// An outcome was not credited.
    Credit(RouteError),
    /// An event has no bytes.
    Encode(EncodeError),
    /// An event was not taken.
    Ingest(IngestError),
}

impl RunError {
    /// The number of the error in the core; see `sensilla::error`.
    pub fn code(&self) -> u16 {
        match self {
            Self::Push(e) => e.code(),
            Self::Embed(e) => e.code(),
            Self::Search(e) => e.code(),
            Self::Learn(e) => e.code(),
            Self::Route(e) => e.code(),
            Self::Credit(e) => e.code(),
            Self::Encode(e) => e.code(),
            Self::Ingest(e) => e.code(),
        }
    }
}

impl core::fmt::Display for RunError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Push(e) => write!(f, "a sample: {e}"),
            Self::Embed(e) => write!(f, "a window: {e}"),
            Self::Search(e) => write!(f, "a recall: {e}"),
            Self::Learn(e) => write!(f, "a trajectory: {e}"),
            Self::Route(e) => write!(f, "a route: {e}"),
            Self::Credit(e) => write!(f, "an outcome: {e}"),
            Self::Encode(e) => write!(f, "an event: {e}"),
            Self::Ingest(e) => write!(f, "an event: {e}"),
        }
    }
}

impl core::error::Error for RunError {}

macro_rules! from {
    ($($error:ident => $variant:ident),+) => {
        $(impl From<$error> for RunError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })+
    };
}
from!(PushError => Push, EmbedError => Embed, SearchError => Search, LearnError => Learn,
      RouteTaskError => Route, RouteError => Credit, EncodeError => Encode, IngestError => Ingest);
