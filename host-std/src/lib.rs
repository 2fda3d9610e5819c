//! Sensilla on a host with an operating system: what the command `sensilla` is made of.
//!
//! | module | what |
//! |---|---|
//! | [`read`] | recordings, vectors and claims as people have them: text, tables, time, values |
//! | [`store`] | a node on disk: named blocks, of which a save writes what changed, all of it or nothing |
//! | [`home`] | a node with all this host keeps of it |
//! | [`gateway`] | takes claims into a node |
//! | [`batch`] | many searches at once, on all cores |
//! | [`examples`] | files as vectors |
//! | [`embed`] | from recordings to vectors |
//! | [`seen`] | what was learned before |
//! | [`salvage`] | a node out of what is left of a damaged store |
//! | [`profile`] | what a node takes in, by the names users give |
//! | [`report`] | the result of a run as one self-contained web page |
//! | [`keys`] | signing keys of the sources a node speaks for |
//! | [`printable`] | text from outside as it may be printed |
//! | [`interrupt`] | Ctrl-C, and the system's wish that a process ends |
//! | [`progress`] | progress bars where someone watches |
//! | [`command`] | the sub-commands |

#![forbid(unsafe_code)]

pub mod batch;
pub mod command;
pub mod embed;
pub mod error;
pub mod examples;
pub mod gateway;
pub mod home;
pub mod interrupt;
pub mod keys;
pub mod printable;
pub mod profile;
pub mod progress;
pub mod read;
pub mod realm;
pub mod report;
pub mod salvage;
pub mod seen;
pub mod store;

pub use error::Error;
