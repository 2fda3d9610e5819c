//! Sensilla as WebAssembly, for the package in `js/`.
//!
//! The module exports functions of numbers, whose types `wasm-bindgen` tells the scripts
//! (`js/src/exports.d.ts`). What is no number lies in two
//! pieces of memory: the caller writes arguments to the one that [`room`](exchange::room) gives and
//! reads results from the one that [`output`](exchange::output) gives. A function returns 0, or the
//! code of an error whose sentence then is the result. Objects are numbers too, places in tables of
//! the module, so that no number that a caller makes up leads into memory.
//!
//! Arguments are checked in `js/src/check.ts`, where their names and kinds are known; what is
//! checked here is what the core checks, and that a call has the form that the package gives it.
#![cfg_attr(target_family = "wasm", no_std)]
#![deny(unsafe_code)]

extern crate alloc;

#[cfg(feature = "log")]
pub mod author;
#[cfg(feature = "bank")]
pub mod bank;
#[cfg(feature = "demo")]
pub mod demo;
pub mod error;
pub mod exchange;
#[cfg(feature = "history")]
pub mod history;
#[cfg(feature = "log")]
pub mod log;
#[cfg(feature = "log")]
pub mod proof;
mod reader;
#[cfg(feature = "recogniser")]
pub mod recogniser;
#[cfg(target_family = "wasm")]
mod runtime;
mod slots;
