//! What an event says.
//!
//! Lists are borrowed slices, so that building and reading an event copies nothing. An event of a
//! kind that this version does not know is kept with its bytes ([`EventKind::Unknown`]): it is
//! hashed, verified, stored and passed on like any other.

use super::codec;
use super::sign::{self, Domain, Endorsement, PublicKey, SignError, Signer};
use crate::Hash;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// SHA-256 of an event's canonical bytes without the signature.
pub type EventId = Hash;

/// One, as a confidence: confidences are fractions of 65,535.
pub const CERTAIN: u16 = u16::MAX;

/// What an event says.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
#[non_exhaustive]
pub enum EventKind<'a> {
    /// A claim.
    Assert(Assert<'a>),
    /// A protest that claims contradict each other.
    Challenge(Challenge<'a>),
    /// A stake in one side of a conflict.
    Support(Support<'a>),
    /// An authority's decision of a conflict.
    Resolution(Resolution<'a>),
    /// A claim taken back.
    Deprecate(Deprecate<'a>),
    /// An independent confirmation of a claim.
    Witness(Witness<'a>),
    /// What a node decided, and on what grounds.
    Decision(Decision<'a>),
    /// A decision of the realm's roots: who is a member, who decides where.
    Roots(Roots<'a>),
    /// A kind of a later version.
    Unknown {
        /// Its number.
        tag: u16,
        /// Its bytes, not interpreted.
        body: &'a [u8],
    },
}

impl EventKind<'_> {
    /// The number of the kind in the canonical bytes.
    pub const fn tag(&self) -> u16 {
        match self {
            Self::Assert(_) => 1,
            Self::Challenge(_) => 2,
            Self::Support(_) => 3,
            Self::Resolution(_) => 4,
            Self::Deprecate(_) => 5,
            Self::Witness(_) => 6,
            Self::Decision(_) => 7,
            Self::Roots(_) => 8,
            Self::Unknown { tag, .. } => *tag,
        }
    }

    /// The kind in one word.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Assert(_) => "assert",
            Self::Challenge(_) => "challenge",
            Self::Support(_) => "support",
            Self::Resolution(_) => "resolution",
            Self::Deprecate(_) => "deprecate",
            Self::Witness(_) => "witness",
            Self::Decision(_) => "decision",
            Self::Roots(_) => "roots",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// When the event stops to hold, in milliseconds, if it says so.
    pub const fn expires(&self) -> Option<u64> {
        match self {
            Self::Assert(assert) => assert.expires,
            _ => None,
        }
    }
}

/// A claim: about `subject`, `predicate` is `value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assert<'a> {
    /// What the claim is about.
    pub subject: &'a str,
    /// Which of its properties.
    pub predicate: &'a str,
    /// What the property is said to be.
    pub value: &'a str,
    /// SHA-256 of whatever backs the claim.
    #[serde(borrow, with = "codec::list")]
    pub evidence: &'a [Hash],
    /// How sure the author is, a fraction of [`CERTAIN`].
    pub confidence: u16,
    /// When the claim stops to hold, in milliseconds.
    pub expires: Option<u64>,
    /// An earlier claim of the same author that this one replaces.
    pub supersedes: Option<EventId>,
}

/// A protest: `claims` contradict each other or the facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge<'a> {
    /// The conflict it belongs to, as the coherence engine names it.
    pub conflict: Hash,
    /// The claims in question.
    #[serde(borrow, with = "codec::list")]
    pub claims: &'a [EventId],
    /// Why.
    pub reason: &'a str,
}

/// A stake in one claim of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Support<'a> {
    /// The conflict.
    pub conflict: Hash,
    /// The claim that is backed.
    pub claim: EventId,
    /// The claim that it is backed against.
    pub against: EventId,
    /// SHA-256 of whatever backs it.
    #[serde(borrow, with = "codec::list")]
    pub evidence: &'a [Hash],
    /// What the author spends on it, in units of the author's budget.
    pub cost: u32,
}

/// An authority's decision: which claims of a conflict stand and which fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution<'a> {
    /// The conflict.
    pub conflict: Hash,
    /// Claims that stand.
    #[serde(borrow, with = "codec::list")]
    pub accepted: &'a [EventId],
    /// Claims that fall.
    #[serde(borrow, with = "codec::list")]
    pub deprecated: &'a [EventId],
    /// Why.
    pub rationale: &'a str,
    /// Signatures of the context's authorities over [`digest`](Self::digest).
    #[serde(borrow, with = "codec::list")]
    pub signatures: &'a [Endorsement],
}

impl Resolution<'_> {
    /// What authorities sign, under [`Domain::Resolution`]: the
    /// SHA-256 of the canonical bytes of `context` and of every field but the signatures. Every
    /// list and string carries its length, so no two resolutions share a digest.
    pub fn digest(&self, context: &str) -> Hash {
        let mut hash = Fields::new();
        hash.bytes(context.as_bytes());
        hash.bytes(&self.conflict);
        hash.bytes(bytemuck::cast_slice(self.accepted));
        hash.bytes(bytemuck::cast_slice(self.deprecated));
        hash.bytes(self.rationale.as_bytes());
        hash.finish()
    }

    /// Signs the decision as an authority of `context`.
    pub fn endorse<S: Signer + ?Sized>(
        &self,
        context: &str,
        signer: &S,
    ) -> Result<Endorsement, SignError> {
        sign::endorse(signer, Domain::Resolution, &self.digest(context))
    }
}

impl<'a> Resolution<'a> {
    /// The same decision with the endorsements that [`endorse`](Self::endorse) gave.
    pub const fn endorsed(self, signatures: &'a [Endorsement]) -> Self {
        Self { signatures, ..self }
    }
}

/// A claim taken back by its author, or by the authority of its context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deprecate<'a> {
    /// The claim.
    pub claim: EventId,
    /// The resolution that decided it, if one did.
    pub resolution: Option<EventId>,
    /// The claim that takes its place, if one does.
    pub superseded_by: Option<EventId>,
    /// Why.
    pub reason: &'a str,
    /// Signatures of the context's authorities over [`digest`](Self::digest); none where the
    /// author of the claim takes it back.
    #[serde(borrow, with = "codec::list")]
    pub signatures: &'a [Endorsement],
}

impl Deprecate<'_> {
    /// What authorities sign, under [`Domain::Deprecation`].
    pub fn digest(&self, context: &str) -> Hash {
        let mut hash = Fields::new();
        hash.bytes(context.as_bytes());
        hash.bytes(&self.claim);
        hash.bytes(self.resolution.as_ref().map_or(&[][..], |id| id));
        hash.bytes(self.superseded_by.as_ref().map_or(&[][..], |id| id));
        hash.bytes(self.reason.as_bytes());
        hash.finish()
    }
}

/// A confirmation of a claim by the event's author, who got there along `path`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness<'a> {
    /// The claim.
    pub claim: EventId,
    /// The sources the confirmation passed through, from the observation to the witness; two
    /// confirmations that share one are not independent.
    #[serde(borrow, with = "codec::list")]
    pub path: &'a [Hash],
    /// How sure the witness is, a fraction of [`CERTAIN`].
    pub confidence: u16,
}

/// What a node decided, with everything it rests on, so that it can be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision<'a> {
    /// What was to be decided.
    pub question: &'a str,
    /// What was decided.
    pub outcome: &'a str,
    /// Digest of the pattern bank it was decided with.
    pub bank: Hash,
    /// The events it rests on.
    #[serde(borrow, with = "codec::list")]
    pub dependencies: &'a [EventId],
}

/// A decision of a realm's root keys. They are numbered, and each node takes them in that order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roots<'a> {
    /// Its number, from 1, without gaps.
    pub number: u32,
    /// What is decided; contexts are those of the event.
    #[serde(borrow)]
    pub act: Act<'a>,
    /// Signatures of as many root keys as the realm asks for, over [`digest`](Self::digest).
    #[serde(borrow, with = "codec::list")]
    pub signatures: &'a [Endorsement],
}

/// What the roots of a realm decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Act<'a> {
    /// Events of a key count.
    Admit {
        /// The key.
        key: PublicKey,
        /// What it is called.
        name: &'a str,
        /// The number of its first event that counts; 1 for a new key.
        from: u32,
    },
    /// Events of a key count no longer, and its claims fall that are later.
    Expel {
        /// The key.
        key: PublicKey,
        /// The number of its last event that counts.
        last: u32,
    },
    /// `threshold` of `keys` decide in the event's context, in place of whoever did.
    Appoint {
        /// How many of them must sign.
        threshold: u8,
        /// Their keys, one to eight.
        #[serde(borrow, with = "codec::list")]
        keys: &'a [PublicKey],
    },
    /// Nobody decides in the event's context any more.
    End,
    /// `threshold` of `keys` are the roots from now on.
    Rotate {
        /// How many of them must sign.
        threshold: u8,
        /// Their keys, one to eight.
        #[serde(borrow, with = "codec::list")]
        keys: &'a [PublicKey],
    },
    /// All claims of the event's context fall, and its authority ends: what it took is free.
    Close,
    /// Where the vectors of the event's context belong: the event's embedding, from which drift is
    /// measured.
    Baseline,
    /// Of two decisions with one number this one counts, which ends the freeze.
    Settle {
        /// The event that counts.
        event: EventId,
    },
}

impl Roots<'_> {
    /// What roots sign, under [`Domain::Roots`]: SHA-256 of the realm, the context, the number and the
    /// fields of the act, each after its length.
    pub fn digest(&self, realm: &Hash, context: &str) -> Hash {
        let mut hash = Fields::new();
        hash.bytes(realm);
        hash.bytes(context.as_bytes());
        hash.bytes(&self.number.to_le_bytes());
        match self.act {
            Act::Admit { key, name, from } => {
                hash.bytes(&[0]);
                hash.bytes(&key);
                hash.bytes(name.as_bytes());
                hash.bytes(&from.to_le_bytes());
            }
            Act::Expel { key, last } => {
                hash.bytes(&[1]);
                hash.bytes(&key);
                hash.bytes(&last.to_le_bytes());
            }
            Act::Appoint { threshold, keys } => {
                hash.bytes(&[2, threshold]);
                hash.bytes(keys.as_flattened());
            }
            Act::End => hash.bytes(&[3]),
            Act::Rotate { threshold, keys } => {
                hash.bytes(&[4, threshold]);
                hash.bytes(keys.as_flattened());
            }
            Act::Close => hash.bytes(&[5]),
            Act::Baseline => hash.bytes(&[6]),
            Act::Settle { event } => {
                hash.bytes(&[7]);
                hash.bytes(&event);
            }
        }
        hash.finish()
    }

    /// Signs the decision as a root of `realm`.
    pub fn endorse<S: Signer + ?Sized>(
        &self,
        realm: &Hash,
        context: &str,
        signer: &S,
    ) -> Result<Endorsement, SignError> {
        sign::endorse(signer, Domain::Roots, &self.digest(realm, context))
    }
}

impl<'a> Roots<'a> {
    /// The same decision with the endorsements that [`endorse`](Self::endorse) gave.
    pub const fn endorsed(self, signatures: &'a [Endorsement]) -> Self {
        Self { signatures, ..self }
    }
}

/// SHA-256 of a sequence of fields, each after its length in eight little-endian bytes.
struct Fields(Sha256);

impl Fields {
    fn new() -> Self {
        Self(Sha256::new())
    }
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }
    fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}
