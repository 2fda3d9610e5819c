//! Why a node's calls fail: what its parts say, by operation.

use crate::coherence::Refusal;
use crate::error::errors;
use crate::learn::extract;
use crate::learn::features::FeatureError;
use crate::learn::normalise::NormaliseError;
use crate::learn::recogniser;
use crate::learn::route::RouteError;
use crate::learn::stream::{FinishError, StreamError};
use crate::learn::trajectory::RecordError;
use crate::log;

errors! {
    /// Why a window gave no embedding.
    pub enum EmbedError {
        /// The window has no features.
        Features wraps FeatureError,
        /// The features could not be normalised.
        Normalise wraps NormaliseError,
        /// The stream is not calibrated, or calibrated already.
        Stream wraps StreamError,
        /// The window has no vector.
        Finish wraps FinishError,
        /// The patterns were not whitened.
        Refresh wraps recogniser::LearnError,
    }
}

errors! {
    /// Why nothing was learned.
    pub enum LearnError {
        /// The trajectory made no pattern.
        Extract wraps extract::LearnError,
        /// The window made no pattern.
        Recognise wraps recogniser::LearnError,
        /// The trajectory was not recorded.
        Record wraps RecordError,
        /// The outcome was not credited.
        Route wraps RouteError,
    }
}

errors! {
    /// Why a task was not routed.
    pub enum RouteTaskError {
        /// The task was not looked up.
        Recall wraps recogniser::RecallError,
        /// The router does not take the candidates.
        Route wraps RouteError,
    }
}

errors! {
    /// Why an event was not taken; the node is unchanged.
    pub enum IngestError {
        /// The log does not take it.
        Log wraps log::IngestError,
        /// The engine refuses it.
        Refused wraps Refusal,
    }
}
