//! From signals to patterns to decisions: [`features`] turn a window of samples into a vector.

pub mod features;
pub mod normalise;
pub mod trajectory;
