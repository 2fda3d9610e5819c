//! An event in its canonical bytes: written, signed, read and verified. What the bytes are is told
//! in [`event`](super::event).

use super::candidate::Candidate;
use super::codec::{self, Encoder};
use super::event::{
    DecodeError, Embedding, EncodeError, Event, EventId, MAX_EVENT, Realm, TOO_LONG, VERSION,
    within_limits,
};
use super::kind::EventKind;
use super::read::{Layout, layout};
use super::sign::{self, Domain, Signature, Signer, Verifier};
use crate::Hash;
use crate::merkle::hash::{content_and_leaf, content_hash};
use serde::Serialize;

/// The part of an event between its fixed fields and its kind. The fixed ones, version and author,
/// are written raw: the same bytes, without a step for each of them.
#[derive(Serialize)]
struct Head<'a> {
    seq: u32,
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
        if let EventKind::Unknown { tag: 1..=8, .. } = self.kind {
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
        to.value(&Head {
            seq: self.seq,
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
            EventKind::Roots(body) => put(&mut to, body),
            EventKind::Unknown { body, .. } => to.value(&body.len()).map(|()| to.raw(body)),
        }
        .map_err(internal)?;
        let id: EventId = match to.filled() {
            Ok(content) => content_hash(content, &self.realm),
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
    /// Reads an event of `realm` whose bytes must be all of `bytes`. Cost: O(bytes), one SHA-256.
    pub fn decode(bytes: &'a [u8], realm: &Realm) -> Result<Self, DecodeError> {
        let layout = layout(bytes)?;
        let kind = layout.kind()?;
        let id = content_hash(layout.content, realm);
        Ok(Self::new(&layout, realm, kind, id, bytes))
    }

    /// [`decode`](Self::decode), and the hash of the leaf that the event is in a log.
    pub(crate) fn decode_leaf(bytes: &'a [u8], realm: &Realm) -> Result<(Self, Hash), DecodeError> {
        let layout = layout(bytes)?;
        let kind = layout.kind()?;
        let (id, leaf) = content_and_leaf(layout.content, realm, bytes);
        Ok((Self::new(&layout, realm, kind, id, bytes), leaf))
    }

    #[inline]
    fn new(
        layout: &Layout<'a>,
        realm: &Realm,
        kind: EventKind<'a>,
        id: EventId,
        bytes: &'a [u8],
    ) -> Self {
        Self {
            event: Event {
                realm: *realm,
                author: *layout.author,
                seq: layout.seq,
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
