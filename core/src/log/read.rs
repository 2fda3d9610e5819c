//! Events from their bytes: the layout of [`event`](super::event), field by field.
//!
//! What `postcard` would read by serde's derived code, read by hand: an event comes in with every
//! message, and the steps through serde took most of its decoding. The tests hold both to each other.

use super::codec::{Fault, Reader};
use super::event::{
    DecodeError, Embedding, MAX_EVENT, SIGNATURE_BYTES, TOO_LONG, VERSION, within_limits,
};
use super::kind::{
    Act, Assert, Challenge, Decision, Deprecate, EventKind, Resolution, Roots, Support, Witness,
};
use super::sign::PublicKey;

/// An event in its bytes: what lies there, borrowed, up to the fields of its kind.
#[derive(Clone, Copy)]
pub(super) struct Layout<'a> {
    pub(super) author: &'a PublicKey,
    pub(super) seq: u32,
    pub(super) at: u64,
    pub(super) context: &'a str,
    pub(super) embedding: Embedding<'a>,
    tag: u16,
    body: &'a [u8],
    /// The bytes that its id covers.
    pub(super) content: &'a [u8],
    /// Whether a signature follows them.
    pub(super) signed: bool,
}

/// The layout of the event that is all of `bytes`.
#[inline]
pub(super) fn layout(bytes: &[u8]) -> Result<Layout<'_>, DecodeError> {
    if bytes.len() > MAX_EVENT {
        return Err(TOO_LONG.into());
    }
    let mut from = Reader::new(bytes);
    match from.byte()? {
        VERSION => {}
        found => return Err(DecodeError::UnknownVersion { found }),
    }
    let author = from.array()?;
    let seq = from.u32()?;
    let at = from.u64()?;
    let context = from.text()?;
    let embedding = embedding(&mut from)?;
    let tag = from.u16()?;
    let body = from.bytes()?;
    let content = bytes
        .len()
        .checked_sub(from.rest().len())
        .and_then(|n| bytes.get(..n))
        .ok_or(DecodeError::Malformed)?;
    let signed = match from.rest() {
        [0] => false,
        [1, signature @ ..] if signature.len() == SIGNATURE_BYTES => true,
        [0, ..] => return Err(DecodeError::NotCanonical),
        _ => return Err(DecodeError::Malformed),
    };
    Ok(Layout {
        author,
        seq,
        at,
        context,
        embedding,
        tag,
        body,
        content,
        signed,
    })
}

impl<'a> Layout<'a> {
    /// What the event says, if every field of the event is within its limits.
    #[inline(always)]
    pub(super) fn kind(&self) -> Result<EventKind<'a>, DecodeError> {
        let mut from = Reader::new(self.body);
        let kind = kind(self.tag, &mut from)?;
        if !from.rest().is_empty() {
            return Err(DecodeError::NotCanonical);
        }
        within_limits(self.context, &self.embedding, &kind)?;
        Ok(kind)
    }
}

/// Author and context of the bytes of an event, without a look at the rest.
#[inline]
pub(super) fn names(bytes: &[u8]) -> Option<(&[u8; 32], &[u8])> {
    let mut from = Reader::new(bytes.get(1..)?);
    let author = from.array().ok()?;
    from.u32().ok()?;
    from.u64().ok()?;
    Some((author, from.bytes().ok()?))
}

#[inline]
fn embedding<'a>(from: &mut Reader<'a>) -> Result<Embedding<'a>, Fault> {
    Ok(match from.u32()? {
        0 => Embedding::None,
        1 => Embedding::I8 {
            scale: f32::from_le_bytes(*from.array()?),
            values: from.list()?,
        },
        2 => Embedding::F32(from.list()?),
        _ => return Err(Fault::Malformed),
    })
}

#[inline(always)]
fn kind<'a>(tag: u16, from: &mut Reader<'a>) -> Result<EventKind<'a>, Fault> {
    Ok(match tag {
        1 => EventKind::Assert(Assert {
            subject: from.text()?,
            predicate: from.text()?,
            value: from.text()?,
            evidence: from.list()?,
            confidence: from.u16()?,
            expires: from.option(Reader::u64)?,
            supersedes: from.option(|from| from.array().copied())?,
        }),
        2 => EventKind::Challenge(Challenge {
            conflict: *from.array()?,
            claims: from.list()?,
            reason: from.text()?,
        }),
        3 => EventKind::Support(Support {
            conflict: *from.array()?,
            claim: *from.array()?,
            against: *from.array()?,
            evidence: from.list()?,
            cost: from.u32()?,
        }),
        4 => EventKind::Resolution(Resolution {
            conflict: *from.array()?,
            accepted: from.list()?,
            deprecated: from.list()?,
            rationale: from.text()?,
            signatures: from.list()?,
        }),
        5 => EventKind::Deprecate(Deprecate {
            claim: *from.array()?,
            resolution: from.option(|from| from.array().copied())?,
            superseded_by: from.option(|from| from.array().copied())?,
            reason: from.text()?,
            signatures: from.list()?,
        }),
        6 => EventKind::Witness(Witness {
            claim: *from.array()?,
            path: from.list()?,
            confidence: from.u16()?,
        }),
        7 => EventKind::Decision(Decision {
            question: from.text()?,
            outcome: from.text()?,
            bank: *from.array()?,
            dependencies: from.list()?,
        }),
        8 => EventKind::Roots(Roots {
            number: from.u32()?,
            act: act(from)?,
            signatures: from.list()?,
        }),
        tag => EventKind::Unknown {
            tag,
            body: from.all(),
        },
    })
}

fn act<'a>(from: &mut Reader<'a>) -> Result<Act<'a>, Fault> {
    Ok(match from.u32()? {
        0 => Act::Admit {
            key: *from.array()?,
            name: from.text()?,
            from: from.u32()?,
        },
        1 => Act::Expel {
            key: *from.array()?,
            last: from.u32()?,
        },
        2 => Act::Appoint {
            threshold: from.byte()?,
            keys: from.list()?,
        },
        3 => Act::End,
        4 => Act::Rotate {
            threshold: from.byte()?,
            keys: from.list()?,
        },
        5 => Act::Close,
        6 => Act::Baseline,
        7 => Act::Settle {
            event: *from.array()?,
        },
        _ => return Err(Fault::Malformed),
    })
}

#[cfg(test)]
mod tests;
