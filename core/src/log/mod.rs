//! The event log: what a node and its peers claim, signed, in order, provable.
//!
//! | file | what |
//! |---|---|
//! | [`event`] | an event: its fields and their limits |
//! | [`signed`] | an event in its canonical bytes: its id, its signature |
//! | [`kind`] | what an event says: assert, challenge, support, resolution, deprecate, witness, decision |
//! | [`author`] | who says things: a key, and how many events were said with it |
//! | `codec` | canonical `postcard`: values into a slice, and off the front of one |
//! | `read` | an event from its bytes |
//! | `candidate` | what a log looks at in an event before it takes it |
//! | [`config`] | how much a log holds, and what it does when it is full |
//! | [`policy`] | what a log takes |
//! | [`event_log`] | the log: check, append, prove, prune |
//! | [`lookup`] | entries by number, id, context and author |
//! | `export` | parts of tiles and bundles, and what was stored elsewhere |
//! | `bodies` | the bytes of the kept events, in a ring |
//! | `entries` | index entries, one for each body, found by id |
//! | `chains` | the entries of an author, of a context |
//! | `shares` | the bytes of an author |
//!
//! Who vouches for an event is in [`sign`].
//!
//! An event is signed, taken and proved to be in the log like this (with the feature `ed25519`, and
//! `ed25519-dalek` 3 for the key):
//!
//! ```
//! # #[cfg(feature = "ed25519")] {
//! use ed25519_dalek::SigningKey;
//! use sensilla::block::Block;
//! use sensilla::log::kind::{Assert, CERTAIN};
//! use sensilla::log::{Author, Ed25519, EventKind, EventLog, LogConfig, Policy};
//! use sensilla::merkle::{leaf_hash, verify_inclusion};
//!
//! const CONFIG: LogConfig = LogConfig::new(16, 4 * 1024); // events, bytes of their bodies
//! let mut memory = Block::<{ CONFIG.bytes() }>::new();
//! let mut log = EventLog::format(&mut memory, CONFIG)?;
//!
//! let mut camera = Author::new(SigningKey::from_bytes(&[7; 32]), log.realm()); // a secret of yours
//! let claim = EventKind::Assert(Assert {
//!     subject: "door",
//!     predicate: "state",
//!     value: "open",
//!     evidence: &[],
//!     confidence: CERTAIN,
//!     expires: None,
//!     supersedes: None,
//! });
//! let now = 1_767_225_600_000; // milliseconds, by the caller's clock
//! let event = camera.event("hall", now, claim);
//! let mut out = [0; 512];
//! let signed = camera.say(&event, &mut out)?;
//! let index = log.ingest(signed.bytes(), &Policy::new(), &Ed25519, now)?;
//!
//! // Whoever has the event, size and root (from a signed checkpoint) needs no log to verify.
//! let (size, root) = (log.size(), log.root());
//! let proof = log.prove_inclusion(index, size)?;
//! verify_inclusion(&leaf_hash(signed.bytes()), index, size, &proof, &root)?;
//! # }
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

pub mod author;
mod bodies;
pub(crate) mod candidate;
mod chains;
mod codec;
pub mod config;
mod entries;
pub mod event;
pub mod event_log;
mod export;
pub mod kind;
pub mod lookup;
pub mod policy;
mod read;
mod shares;
pub mod signed;

pub use crate::sign;
pub use author::Author;
pub use config::{LogConfig, Overflow};
pub use event::{DecodeError, Embedding, EncodeError, Event, EventId, LimitError, Realm};
pub use event_log::EventLog;
#[cfg(feature = "alloc")]
pub use event_log::OwnedLog;
pub use kind::EventKind;
pub use lookup::{Entry, LogIndex, LookupError};
pub use policy::{IngestError, Policy, Trust};
#[cfg(any(test, feature = "ed25519"))]
pub use sign::Ed25519;
pub use sign::{PublicKey, Signature, Signer, Verifier};
pub use signed::SignedEvent;
