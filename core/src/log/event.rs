//! An event: its fields and their limits. How it is written and signed is in [`signed`](super::signed).
//!
//! The bytes of an event, in order; integers are `postcard` varints where no width is given:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version of this layout, 2 |
//! | 32 | author: Ed25519 public key |
//! | varint | number of the event among its author's, from 1 |
//! | varint | time in milliseconds |
//! | varint, then that many | context, UTF-8 |
//! | 1 … | embedding: 0; or 1, scale (f32), length, i8 values; or 2, length in bytes, f32 values |
//! | varint | number of the kind |
//! | varint, then that many | the kind's fields, canonical `postcard` |
//! | 1 or 65 | 0, or 1 and the signature |
//!
//! The id is the SHA-256 of all of it but the last row and of the [`Realm`] behind that, which is not
//! written: what was said in one realm is nothing in another. The signature covers the id under
//! [`Domain::Event`](super::sign::Domain::Event). The whole is the leaf data of the log's Merkle tree.

use super::codec::{self, Fault};
pub use super::kind::EventId;
use super::kind::{Act, EventKind};
use super::sign::{PublicKey, SignError};
use crate::Hash;
use crate::error::errors;
use serde::{Deserialize, Serialize};

/// Version of the layout above.
pub const VERSION: u8 = 2;
/// Most bytes of a whole event; entry bundles carry its length in 16 bits.
pub const MAX_EVENT: usize = 65_535;
/// Most bytes of a context, a subject or a predicate.
pub const MAX_NAME: usize = 255;
/// Most bytes of a value, a reason, a rationale, a question or an outcome.
pub const MAX_TEXT: usize = 4_095;
/// Most items of a list.
pub const MAX_LIST: usize = 255;
/// Most components of an embedding.
pub const MAX_DIMENSIONS: usize = 2_048;
/// Bytes that a signature adds to an event that has none.
pub const SIGNATURE_BYTES: usize = 64;

errors! {
    /// Why an event has no bytes.
    pub enum EncodeError: 0x0600 {
        /// The slice is too short.
        TooSmall { needed: u64, found: u64 } = 1
            => "the event takes {needed} bytes, the slice has {found}",
        /// A field is longer than allowed, or a number not finite.
        Limit wraps LimitError,
        /// The signer's key is not the author's.
        WrongAuthor = 2 => "the event names another author than the signing key",
        /// The signer cannot sign now.
        Sign wraps SignError,
        /// The tag of an unknown kind belongs to a known one.
        KnownTag = 3 => "an unknown kind must not use the number of a known one",
    }
}

errors! {
    /// Why bytes are not an event.
    pub enum DecodeError: 0x0620 {
        /// The bytes end early, or hold what no event holds.
        Malformed = 1 => "the bytes are not an event",
        /// The layout is of another version.
        UnknownVersion { found: u8 } = 2 => "the event has layout version {found}, this build reads 2",
        /// The same event has shorter bytes, or something follows it.
        NotCanonical = 3 => "the event is not in its canonical encoding",
        /// A field is longer than allowed, or a number not finite.
        Limit wraps LimitError,
        /// The event carries no signature.
        Unsigned = 4 => "the event carries no signature",
        /// The signature is not the author's.
        BadSignature = 5
            => "the signature is not one of the event's author for its content in this realm",
    }
}

pub(super) const TOO_LONG: LimitError = LimitError::TooLong {
    field: "the event",
    limit: MAX_EVENT as u32,
};

impl From<Fault> for DecodeError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Malformed => Self::Malformed,
            Fault::NotCanonical => Self::NotCanonical,
        }
    }
}

/// Where an event lies in the space of meanings, if it says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Embedding<'a> {
    /// Nowhere.
    #[default]
    None,
    /// Signed bytes times a scale.
    I8 {
        /// What one step is worth.
        scale: f32,
        /// The components.
        #[serde(borrow, with = "codec::list")]
        values: &'a [i8],
    },
    /// Little-endian `f32`, four bytes a component, of any alignment; [`Embedding::f32`] makes one.
    F32(#[serde(borrow, with = "codec::list")] &'a [[u8; 4]]),
}

impl<'a> Embedding<'a> {
    /// An embedding of full precision.
    pub fn f32(values: &'a [f32]) -> Self {
        Self::F32(bytemuck::cast_slice(values))
    }

    /// An embedding of signed bytes times `scale`.
    pub const fn i8(values: &'a [i8], scale: f32) -> Self {
        Self::I8 { scale, values }
    }

    /// Number of components; 0 for none.
    pub const fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::I8 { values, .. } => values.len(),
            Self::F32(values) => values.len(),
        }
    }

    /// Whether there are no components.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The components in order.
    pub fn iter(&self) -> impl Iterator<Item = f32> + 'a {
        let (scale, bytes, floats): (f32, &'a [i8], &'a [[u8; 4]]) = match *self {
            Self::None => (0.0, &[], &[]),
            Self::I8 { scale, values } => (scale, values, &[]),
            Self::F32(values) => (0.0, &[], values),
        };
        bytes
            .iter()
            .map(move |&b| f32::from(b) * scale)
            .chain(floats.iter().map(|&b| f32::from_le_bytes(b)))
    }

    fn is_finite(&self) -> bool {
        match self {
            Self::None => true,
            // The largest component is 128 steps.
            Self::I8 { scale, .. } => (scale * 128.0).is_finite(),
            // An exponent of all ones carries into the sign; looking at all of them takes no branch.
            Self::F32(values) => {
                let carry = |&b: &[u8; 4]| (u32::from_le_bytes(b) & 0x7fff_ffff) + 0x0080_0000;
                values.iter().map(carry).fold(0, |all, one| all | one) >> 31 == 0
            }
        }
    }
}

/// The deployment that events are said in: the hash of its name and its root keys
/// ([`realm_id`](crate::coherence::realm_id)), or zeros for none. It is part of every event's id and
/// signature, and of none of its bytes.
pub type Realm = Hash;

/// What someone says, when, and as the how-manieth of its events.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Event<'a> {
    /// Where it is said.
    pub realm: Realm,
    /// Who says it.
    pub author: PublicKey,
    /// Its number among the author's events, from 1, without gaps.
    pub seq: u32,
    /// When, in milliseconds, by the author's clock.
    pub at: u64,
    /// The context it belongs to: authority, conflicts and retention are per context.
    pub context: &'a str,
    /// Where it lies in the space of meanings.
    pub embedding: Embedding<'a>,
    /// What is said.
    pub kind: EventKind<'a>,
}

/// Whether these fields of an event are as long as they may be, and its numbers finite.
#[inline]
pub(super) fn within_limits(
    context: &str,
    embedding: &Embedding<'_>,
    kind: &EventKind<'_>,
) -> Result<(), LimitError> {
    let within = |field, length: usize, limit: usize| {
        if length <= limit {
            Ok(())
        } else {
            Err(LimitError::TooLong {
                field,
                limit: limit as u32,
            })
        }
    };
    within("the context", context.len(), MAX_NAME)?;
    within("the embedding", embedding.len(), MAX_DIMENSIONS)?;
    match kind {
        EventKind::Assert(a) => {
            within("the subject", a.subject.len(), MAX_NAME)?;
            within("the predicate", a.predicate.len(), MAX_NAME)?;
            within("the value", a.value.len(), MAX_TEXT)?;
            within("the list of evidence", a.evidence.len(), MAX_LIST)?;
        }
        EventKind::Challenge(c) => {
            within("the list of claims", c.claims.len(), MAX_LIST)?;
            within("the reason", c.reason.len(), MAX_TEXT)?;
        }
        EventKind::Support(s) => within("the list of evidence", s.evidence.len(), MAX_LIST)?,
        EventKind::Resolution(r) => {
            within("the list of accepted claims", r.accepted.len(), MAX_LIST)?;
            within(
                "the list of deprecated claims",
                r.deprecated.len(),
                MAX_LIST,
            )?;
            within("the rationale", r.rationale.len(), MAX_TEXT)?;
            within("the list of signatures", r.signatures.len(), MAX_LIST)?;
        }
        EventKind::Deprecate(d) => {
            within("the reason", d.reason.len(), MAX_TEXT)?;
            within("the list of signatures", d.signatures.len(), MAX_LIST)?;
        }
        EventKind::Witness(w) => within("the path", w.path.len(), MAX_LIST)?,
        EventKind::Decision(d) => {
            within("the question", d.question.len(), MAX_TEXT)?;
            within("the outcome", d.outcome.len(), MAX_TEXT)?;
            within("the list of dependencies", d.dependencies.len(), MAX_LIST)?;
        }
        EventKind::Roots(r) => {
            within("the list of signatures", r.signatures.len(), MAX_LIST)?;
            match r.act {
                Act::Admit { name, .. } => within("the name", name.len(), MAX_NAME)?,
                Act::Appoint { keys, .. } | Act::Rotate { keys, .. } => {
                    within("the list of keys", keys.len(), MAX_LIST)?;
                }
                _ => {}
            }
        }
        EventKind::Unknown { .. } => {}
    }
    if embedding.is_finite() {
        Ok(())
    } else {
        Err(LimitError::NotFinite)
    }
}

errors! {
    /// What of an event is beyond its limits.
    pub enum LimitError: 0x0660 {
        /// A field is longer than allowed.
        TooLong { field: &'static str, limit: u32 } = 1 => "{field} is longer than {limit}",
        /// The embedding has a component or scale that is no finite number.
        NotFinite = 2 => "the embedding has a component that is not a finite number",
    }
}
