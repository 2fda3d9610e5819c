//! An event: its fields, its canonical bytes, its id, its signature.
//!
//! The bytes of an event, in order; integers are `postcard` varints where no width is given:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version of this layout, 1 |
//! | 32 | author: Ed25519 public key |
//! | 1 or 33 | the author's previous event: 0, or 1 and its id |
//! | varint | time in milliseconds |
//! | varint, then that many | context, UTF-8 |
//! | 1 … | embedding: 0; or 1, scale (f32), length, i8 values; or 2, length in bytes, f32 values |
//! | varint | number of the kind |
//! | varint, then that many | the kind's fields, canonical `postcard` |
//! | 1 or 65 | 0, or 1 and the signature |
//!
//! The id is the SHA-256 of all of it but the last row; the signature covers the id under
//! [`Domain::Event`]. The whole is the leaf data of the log's Merkle tree.

use super::candidate::Candidate;
use super::codec::{self, Encoder, Fault};
use super::kind::EventKind;
use super::read::{Layout, layout};
use super::sign::{self, Domain, PublicKey, SignError, Signature, Signer, Verifier};
use crate::Hash;
use crate::error::errors;
use crate::merkle::hash::{content_and_leaf, sha256};
use serde::{Deserialize, Serialize};

/// SHA-256 of an event's canonical bytes without the signature.
pub type EventId = Hash;

/// Version of the layout above.
pub const VERSION: u8 = 1;
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
        UnknownVersion { found: u8 } = 2 => "the event has layout version {found}, this build reads 1",
        /// The same event has shorter bytes, or something follows it.
        NotCanonical = 3 => "the event is not in its canonical encoding",
        /// A field is longer than allowed, or a number not finite.
        Limit wraps LimitError,
        /// The event carries no signature.
        Unsigned = 4 => "the event carries no signature",
        /// The signature is not the author's.
        BadSignature = 5 => "the signature is not one of the event's author for its content",
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

/// What someone says, when, and after what.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Event<'a> {
    /// Who says it.
    pub author: PublicKey,
    /// The author's previous event.
    pub prev: Option<EventId>,
    /// When, in milliseconds, by the author's clock.
    pub at: u64,
    /// The context it belongs to: authority, conflicts and retention are per context.
    pub context: &'a str,
    /// Where it lies in the space of meanings.
    pub embedding: Embedding<'a>,
    /// What is said.
    pub kind: EventKind<'a>,
}

/// The part of an event between its fixed fields and its kind. The fixed ones, version, author and
/// previous event, are written raw: the same bytes, without a step for each of them.
#[derive(Serialize)]
struct Head<'a> {
    at: u64,
    context: &'a str,
    embedding: Embedding<'a>,
    tag: u16,
}

impl<'a> Event<'a> {
    /// Writes the bytes of the event to the front of `out`, signed by its author.
    ///
    /// Cost: O(bytes) and one signature.
    pub fn sign<'b, S: Signer + ?Sized>(
        &self,
        signer: &S,
        out: &'b mut [u8],
    ) -> Result<SignedEvent<'b>, EncodeError>
    where
        'a: 'b,
    {
        if signer.public_key() != self.author {
            return Err(EncodeError::WrongAuthor);
        }
        self.write(out, |id| {
            Ok(Some(signer.sign(&sign::message(Domain::Event, id))?))
        })
    }

    /// Writes the bytes of the event to the front of `out` without a signature, for a log whose
    /// policy trusts its writer.
    pub fn unsigned<'b>(&self, out: &'b mut [u8]) -> Result<SignedEvent<'b>, EncodeError>
    where
        'a: 'b,
    {
        self.write(out, |_| Ok(None))
    }

    fn write<'b>(
        &self,
        out: &'b mut [u8],
        sign: impl FnOnce(&EventId) -> Result<Option<Signature>, EncodeError>,
    ) -> Result<SignedEvent<'b>, EncodeError>
    where
        'a: 'b,
    {
        within_limits(self.context, &self.embedding, &self.kind)?;
        if let EventKind::Unknown { tag: 1..=7, .. } = self.kind {
            return Err(EncodeError::KnownTag);
        }
        let found = out.len() as u64;
        let too_small = |needed: usize| EncodeError::TooSmall {
            needed: needed as u64,
            found,
        };
        // Encoding into a sink that counts cannot fail.
        let internal = |_: postcard::Error| too_small(MAX_EVENT);
        let mut to = Encoder::new(out);
        to.raw(&[VERSION]);
        to.raw(&self.author);
        match &self.prev {
            None => to.raw(&[0]),
            Some(prev) => {
                to.raw(&[1]);
                to.raw(prev);
            }
        }
        to.value(&Head {
            at: self.at,
            context: self.context,
            embedding: self.embedding,
            tag: self.kind.tag(),
        })
        .map_err(internal)?;
        match &self.kind {
            EventKind::Assert(body) => put(&mut to, body),
            EventKind::Challenge(body) => put(&mut to, body),
            EventKind::Support(body) => put(&mut to, body),
            EventKind::Resolution(body) => put(&mut to, body),
            EventKind::Deprecate(body) => put(&mut to, body),
            EventKind::Witness(body) => put(&mut to, body),
            EventKind::Decision(body) => put(&mut to, body),
            EventKind::Unknown { body, .. } => to.value(&body.len()).map(|()| to.raw(body)),
        }
        .map_err(internal)?;
        let id: EventId = match to.filled() {
            Ok(content) => sha256(content),
            Err(needed) => return Err(too_small(needed + 1)),
        };
        let signature = sign(&id)?;
        match &signature {
            None => to.raw(&[0]),
            Some(signature) => {
                to.raw(&[1]);
                to.raw(signature);
            }
        }
        if to.used() > MAX_EVENT {
            return Err(TOO_LONG.into());
        }
        let bytes = to.finish().map_err(too_small)?;
        Ok(SignedEvent {
            event: *self,
            id,
            signed: signature.is_some(),
            bytes,
        })
    }
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

fn put<T: Serialize>(to: &mut Encoder<'_>, body: &T) -> postcard::Result<()> {
    to.value(&codec::encoded_len(body)?)?;
    to.value(body)
}

/// An event with its bytes, its id and, if it has one, its signature.
///
/// Bytes, id and fields agree; the signature is checked by [`verify`](Self::verify) alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignedEvent<'a> {
    event: Event<'a>,
    id: EventId,
    signed: bool,
    bytes: &'a [u8],
}

impl<'a> SignedEvent<'a> {
    /// Reads an event whose bytes must be all of `bytes`. Cost: O(bytes), one SHA-256.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let layout = layout(bytes)?;
        let kind = layout.kind()?;
        Ok(Self::new(&layout, kind, sha256(layout.content), bytes))
    }

    /// [`decode`](Self::decode), and the hash of the leaf that the event is in a log.
    pub(crate) fn decode_leaf(bytes: &'a [u8]) -> Result<(Self, Hash), DecodeError> {
        let layout = layout(bytes)?;
        let kind = layout.kind()?;
        let (id, leaf) = content_and_leaf(layout.content, bytes);
        Ok((Self::new(&layout, kind, id, bytes), leaf))
    }

    #[inline]
    fn new(layout: &Layout<'a>, kind: EventKind<'a>, id: EventId, bytes: &'a [u8]) -> Self {
        Self {
            event: Event {
                author: *layout.author,
                prev: layout.prev.copied(),
                at: layout.at,
                context: layout.context,
                embedding: layout.embedding,
                kind,
            },
            id,
            signed: layout.signed,
            bytes,
        }
    }

    /// What it says.
    pub const fn event(&self) -> &Event<'a> {
        &self.event
    }

    /// Its id.
    pub const fn id(&self) -> &EventId {
        &self.id
    }

    /// Its signature, if it has one.
    pub const fn signature(&self) -> Option<&'a Signature> {
        if self.signed {
            self.bytes.last_chunk()
        } else {
            None
        }
    }

    /// Its canonical bytes, signature included: what is stored, sent and hashed as a leaf.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Checks that the author signed it. Cost: one signature check.
    pub fn verify<V: Verifier + ?Sized>(&self, verifier: &V) -> Result<(), DecodeError> {
        Candidate::from(self).verify(verifier)
    }
}

#[cfg(test)]
mod tests;
