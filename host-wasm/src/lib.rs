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
//! A node's history takes events from the page itself and from peers, as bytes:
//!
//! ```js
//! import { Author, History } from "./pkg/sensilla_wasm.js";
//! const history = new History(1024, 1 << 18);          // events, bytes
//! const author = new Author(secret);                   // Uint8Array(32)
//! const event = author.assert("hall", "door", "state", "open", 0.9, Date.now());
//! const taken = history.ingest(event, Date.now());     // taken.found: contradictions
//! history.conflicts.ids; history.root(); history.event(0);
//! ```
//!
//! What fails throws an `Error` with the sentence of the core's error as `message` and its stable
//! number as `code`; bank or history is then as it was before.

mod argument;
pub mod author;
pub mod bank;
pub mod demo;
mod failure;
pub mod history;
