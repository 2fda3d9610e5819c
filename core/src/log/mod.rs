//! The event log: what a node and its peers claim, signed, in order, provable.
//!
//! | file | what |
//! |---|---|
//! | [`event`] | an event: its fields, its canonical bytes, its id, its signature |
//! | [`kind`] | what an event says: assert, challenge, support, resolution, deprecate, witness, decision |
//! | [`author`] | who says things: a key, and the last event said with it |
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
//!
//! Who vouches for an event is in [`sign`].

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

pub use crate::sign;
pub use author::Author;
pub use config::{LogConfig, Overflow};
pub use event::{DecodeError, Embedding, EncodeError, Event, EventId, LimitError, SignedEvent};
pub use event_log::EventLog;
pub use kind::EventKind;
pub use lookup::{Entry, LogIndex, LookupError};
pub use policy::{IngestError, Policy, Trust};
#[cfg(any(test, feature = "ed25519"))]
pub use sign::Ed25519;
pub use sign::{PublicKey, Signature, Signer, Verifier};
