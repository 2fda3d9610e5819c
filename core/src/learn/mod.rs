//! From signals to patterns to decisions.
//!
//! - a [`stream`] turns a window of samples into a [`vector`] of how often which shapes occur, and the
//!   [`recogniser`] says what it is, in a [`metric`] of what does not matter;
//! - [`features`] turns a window into nine figures a channel, [`normalise`] makes them comparable;
//! - [`trajectory`] keeps what was tried and how it went;
//! - [`extract`] merges trajectories into the patterns of a [bank](crate::bank), with a
//!   [`confidence`] that grows with the evidence;
//! - [`prune`] forgets what did not prove itself;
//! - [`route`] chooses who does the next task.

pub mod confidence;
pub mod extract;
pub mod features;
pub mod metric;
pub mod normalise;
mod novelty;
pub mod prune;
pub mod recogniser;
mod reliability;
pub mod route;
pub mod similarity;
pub mod stream;
pub mod trajectory;
pub mod vector;

pub use confidence::{Ranked, rank, wilson_lower_bound};
pub use extract::{ExtractConfig, Extractor, LearnError, Learned, Statistics};
pub use features::{FeatureConfig, FeatureError, Features, PushError};
pub use normalise::{NormaliseError, Normaliser, NormaliserConfig};
pub use prune::PrunePolicy;
pub use recogniser::{RecallError, Recognised, Recogniser, RecogniserConfig};
pub use route::{Route, RouteConfig, RouteError, Router};
pub use similarity::cosine;
#[cfg(feature = "alloc")]
pub use stream::OwnedStream;
pub use stream::{FinishError, Stream, StreamConfig, StreamError};
pub use trajectory::{
    BatchError, Outcome, RecordError, Recorded, Totals, Trajectory, TrajectoryConfig,
    TrajectoryRing,
};
