//! Why a node's calls fail: what its parts say, by operation.

use crate::bank::SearchError;
use crate::coherence::Refusal;
use crate::error::errors;
use crate::learn::extract;
use crate::learn::features::FeatureError;
use crate::learn::normalise::NormaliseError;
use crate::learn::route::RouteError;
use crate::learn::trajectory::RecordError;
use crate::log;

errors! {
    /// Why a window gave no embedding.
    pub enum EmbedError: 0x0a00 {
        /// The window has no features.
        Features { cause: FeatureError } = 1 => "{cause}",
        /// The features could not be normalised.
        Normalise { cause: NormaliseError } = 2 => "{cause}",
    }
}

errors! {
    /// Why nothing was learned.
    pub enum LearnError: 0x0a10 {
        /// The trajectory made no pattern.
        Extract { cause: extract::LearnError } = 1 => "{cause}",
        /// The trajectory was not recorded.
        Record { cause: RecordError } = 2 => "{cause}",
        /// The outcome's executor is not one that the router knows.
        UnknownExecutor { executor: u16 } = 3
            => "executor {executor} is not below the router's number of executors",
        /// The outcome was not credited.
        Route { cause: RouteError } = 4 => "{cause}",
    }
}

errors! {
    /// Why a task was not routed.
    pub enum RouteTaskError: 0x0a30 {
        /// The task was not looked up.
        Search { cause: SearchError } = 1 => "{cause}",
        /// The router does not take the candidates.
        Route { cause: RouteError } = 2 => "{cause}",
    }
}

errors! {
    /// Why an event was not taken; the node is unchanged.
    pub enum IngestError: 0x0a20 {
        /// The log does not take it.
        Log { cause: log::IngestError } = 1 => "{cause}",
        /// The engine refuses it.
        Refused { cause: Refusal } = 2 => "{cause}",
    }
}

impl From<FeatureError> for EmbedError {
    fn from(cause: FeatureError) -> Self {
        Self::Features { cause }
    }
}

impl From<NormaliseError> for EmbedError {
    fn from(cause: NormaliseError) -> Self {
        Self::Normalise { cause }
    }
}

impl From<extract::LearnError> for LearnError {
    fn from(cause: extract::LearnError) -> Self {
        Self::Extract { cause }
    }
}

impl From<RecordError> for LearnError {
    fn from(cause: RecordError) -> Self {
        Self::Record { cause }
    }
}

impl From<log::IngestError> for IngestError {
    fn from(cause: log::IngestError) -> Self {
        Self::Log { cause }
    }
}

impl From<Refusal> for IngestError {
    fn from(cause: Refusal) -> Self {
        Self::Refused { cause }
    }
}

impl From<RouteError> for LearnError {
    fn from(cause: RouteError) -> Self {
        Self::Route { cause }
    }
}

impl From<SearchError> for RouteTaskError {
    fn from(cause: SearchError) -> Self {
        Self::Search { cause }
    }
}

impl From<RouteError> for RouteTaskError {
    fn from(cause: RouteError) -> Self {
        Self::Route { cause }
    }
}
