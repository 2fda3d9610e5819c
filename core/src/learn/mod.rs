//! From signals to patterns to decisions.
//!
//! - [`features`] turns a window of samples into a vector, [`normalise`] makes its components
//!   comparable;
//! - [`trajectory`] keeps what was tried and how it went;
//! - [`extract`] merges trajectories into the patterns of a [bank](crate::bank), with a
//!   [`confidence`] that grows with the evidence;
//! - [`prune`] forgets what did not prove itself;
//! - [`route`] chooses who does the next task.

pub mod confidence;
pub mod extract;
pub mod features;
pub mod normalise;
pub mod prune;
pub mod route;
pub mod similarity;
pub mod trajectory;

pub use confidence::{Ranked, rank, wilson_lower_bound};
pub use extract::{ExtractConfig, Extractor, LearnError, Learned, Statistics};
pub use features::{FeatureConfig, FeatureError, Features, PushError};
pub use normalise::{NormaliseError, Normaliser, NormaliserConfig};
pub use prune::PrunePolicy;
pub use route::{Route, RouteConfig, RouteError, Router};
pub use similarity::cosine;
pub use trajectory::{
    BatchError, Outcome, RecordError, Recorded, Totals, Trajectory, TrajectoryConfig,
    TrajectoryRing,
};
