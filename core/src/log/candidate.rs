//! What a log looks at in an event that it may take: borrowed from its bytes or from its fields, so
//! that an event on its way into a log is not copied.

use super::event::{DecodeError, EventId};
use super::policy::{IngestError, Policy};
use super::read::Layout;
use super::sign::{self, Domain, PublicKey, Signature, Verifier};
use super::signed::SignedEvent;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(super) author: &'a PublicKey,
    pub(super) at: u64,
    pub(super) context: &'a str,
    pub(super) id: &'a EventId,
    pub(super) signed: bool,
    pub(super) bytes: &'a [u8],
}

impl<'a> Candidate<'a> {
    /// An event that lies in `bytes` as `layout` says, with what they hash to.
    #[inline]
    pub(super) fn new(bytes: &'a [u8], layout: &Layout<'a>, id: &'a EventId) -> Self {
        Self {
            author: layout.author,
            at: layout.at,
            context: layout.context,
            id,
            signed: layout.signed,
            bytes,
        }
    }

    #[inline]
    fn signature(&self) -> Option<&'a Signature> {
        self.bytes.last_chunk().filter(|_| self.signed)
    }

    /// Whether a log of `policy` takes an event of that time.
    #[inline]
    pub(super) fn check_time(&self, policy: &Policy, now: u64) -> Result<(), IngestError> {
        if self.at.saturating_sub(now) > policy.max_ahead {
            return Err(IngestError::TooEarly { at: self.at, now });
        }
        let age = now.saturating_sub(self.at);
        if policy.max_age.is_some_and(|limit| age > limit) {
            return Err(IngestError::TooOld { age });
        }
        Ok(())
    }

    /// Checks that the author signed it.
    pub(super) fn verify<V: Verifier + ?Sized>(&self, verifier: &V) -> Result<(), DecodeError> {
        let signature = self.signature().ok_or(DecodeError::Unsigned)?;
        let message = sign::message(Domain::Event, self.id);
        if verifier.verify(self.author, &message, signature) {
            Ok(())
        } else {
            Err(DecodeError::BadSignature)
        }
    }
}

impl<'a> From<&'a SignedEvent<'_>> for Candidate<'a> {
    #[inline]
    fn from(signed: &'a SignedEvent<'_>) -> Self {
        let event = signed.event();
        Self {
            author: &event.author,
            at: event.at,
            context: event.context,
            id: signed.id(),
            signed: signed.signature().is_some(),
            bytes: signed.bytes(),
        }
    }
}
