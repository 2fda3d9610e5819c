//! The cases, a file for each module of the core.

pub mod block;
