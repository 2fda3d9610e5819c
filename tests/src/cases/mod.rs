//! The cases, a file for each module of the core.

pub mod activity;
pub mod bank;
pub mod block;
pub mod coherence;
pub mod grid;
pub mod learn;
pub mod log;
pub mod merkle;
pub mod orders;
pub mod spike;
