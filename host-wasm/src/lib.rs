#![deny(unsafe_code)]
//! Sensilla in the browser.
//!
//! Typed arrays go in and out, batches in one call; nothing crosses the boundary as JSON.
//!
//! ```js
//! import init, { Bank } from "./pkg/sensilla_wasm.js";
//! await init();
//! const bank = new Bank(64, 1000);                     // dimensions, capacity
//! bank.insertBatch(vectors, labels);                   // Float32Array, Uint32Array
//! const hits = bank.searchBatch(queries, 5);           // Float32Array of one query or many
//! hits.labels; hits.similarities; hits.ids;            // five a query, in order
//! ```
//!
//! What fails throws an `Error` with the sentence of the core's error as `message` and its stable
//! number as `code`; the bank is then as it was before.

pub mod bank;
pub mod demo;
mod failure;
mod memory;
