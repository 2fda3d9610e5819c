//! Sensilla on a host with an operating system: what the command `sensilla` is made of.
//!
//! | module | what |
//! |---|---|
//! | [`read`] | recordings, vectors and claims as people have them: text, tables, time, values |
//! | [`store`] | a node on disk: named blocks, each with its SHA-256, saved whole or not at all |
//! | [`home`] | a node with all this host keeps of it |
//! | [`gateway`] | takes claims into a node |
//! | [`batch`] | many searches at once, on all cores |
//! | [`examples`] | a file as vectors |
//! | [`profile`] | what a node takes in, by the names users give |
//! | [`report`] | the result of a run as one self-contained web page |
//! | [`keys`] | signing keys of the sources a node speaks for |
//! | [`progress`] | progress bars where someone watches |
//! | [`command`] | the sub-commands |

#![forbid(unsafe_code)]

pub mod batch;
pub mod command;
pub mod error;
pub mod examples;
pub mod gateway;
pub mod home;
pub mod keys;
pub mod profile;
pub mod progress;
pub mod read;
pub mod realm;
pub mod report;
pub mod store;

pub use error::Error;
