//! The event log: what a node and its peers claim, signed, in order, provable.
//!
//! | file | what |
//! |---|---|
//! | [`event`] | an event: its fields, its canonical bytes, its id, its signature |
//! | [`kind`] | what an event says: assert, challenge, support, resolution, deprecate, witness, decision |
//! | [`codec`] | canonical `postcard`: strict decoding, encoding into a slice |
//! | [`sign`] | signing and checking behind two small traits |

pub mod codec;
pub mod event;
pub mod kind;
pub mod sign;

pub use event::{DecodeError, Embedding, EncodeError, Event, EventId, SignedEvent};
pub use kind::EventKind;
#[cfg(any(test, feature = "ed25519"))]
pub use sign::Ed25519;
pub use sign::{PublicKey, Signature, Signer, Verifier};
