//! Signatures: who may vouch for bytes, behind two small traits.
//!
//! The core names no signature library. A host implements [`Signer`] over a key in memory or in a
//! secure element and [`Verifier`] over whatever checks Ed25519 there; the feature `ed25519` brings
//! both over `ed25519-dalek` (its `SigningKey`, and `Ed25519` here).
//!
//! Nothing but signed notes, whose format is not ours, is ever signed bare: what is signed is [`message`], sixty-four bytes made of a
//! [`Domain`] and a SHA-256, so that a signature made for one purpose never serves for another.

use crate::Hash;
use crate::error::errors;

/// An Ed25519 public key (RFC 8032, 5.1.5); also the id of the peer that owns it.
pub type PublicKey = [u8; 32];

/// An Ed25519 signature (RFC 8032, 5.1.6).
pub type Signature = [u8; 64];

/// A public key and its signature, in that order: how events carry signatures of third parties.
pub type Endorsement = [u8; 96];

errors! {
    /// Why no signature was made.
    pub enum SignError: 0x0610 {
        /// The key cannot be used now.
        Unavailable = 1 => "the signing key is not available; unlock or reconnect its store",
    }
}

/// Makes signatures with one key.
pub trait Signer {
    /// The public half of the key.
    fn public_key(&self) -> PublicKey;
    /// Signs `message`.
    fn sign(&self, message: &[u8]) -> Result<Signature, SignError>;
}

/// Checks signatures of any key.
pub trait Verifier {
    /// Whether `signature` is one of `message` by `key`. Must hold no secret and keep no state.
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool;
}

impl<S: Signer + ?Sized> Signer for &S {
    fn public_key(&self) -> PublicKey {
        (**self).public_key()
    }
    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        (**self).sign(message)
    }
}

impl<V: Verifier + ?Sized> Verifier for &V {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        (**self).verify(key, message, signature)
    }
}

/// What a signature is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Domain {
    /// The author's signature of an event; over the event's id.
    Event,
    /// An authority's signature of a resolution; over [`Resolution::digest`](crate::log::kind::Resolution::digest).
    Resolution,
    /// An authority's signature of a deprecation; over [`Deprecate::digest`](crate::log::kind::Deprecate::digest).
    Deprecation,
    /// A root's signature of what the realm's roots decide; over [`Roots::digest`](crate::log::kind::Roots::digest).
    Roots,
}

impl Domain {
    const fn tag(self) -> &'static [u8; 32] {
        match self {
            Self::Event => b"sensilla/v1/event\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            Self::Resolution => b"sensilla/v1/resolution\0\0\0\0\0\0\0\0\0\0",
            Self::Deprecation => b"sensilla/v1/deprecation\0\0\0\0\0\0\0\0\0",
            Self::Roots => b"sensilla/v1/roots\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        }
    }
}

/// The bytes that a signature of `digest` covers: the domain's tag, zero-padded to 32, then the
/// digest.
pub fn message(domain: Domain, digest: &Hash) -> [u8; 64] {
    let mut message = [0; 64];
    message[..32].copy_from_slice(domain.tag());
    message[32..].copy_from_slice(digest);
    message
}

/// Signs `digest` for `domain` as a third party.
pub fn endorse<S: Signer + ?Sized>(
    signer: &S,
    domain: Domain,
    digest: &Hash,
) -> Result<Endorsement, SignError> {
    let mut endorsement = [0; 96];
    endorsement[..32].copy_from_slice(&signer.public_key());
    endorsement[32..].copy_from_slice(&signer.sign(&message(domain, digest))?);
    Ok(endorsement)
}

/// Splits an endorsement into its parts.
pub fn split(endorsement: &Endorsement) -> (PublicKey, Signature) {
    let (mut key, mut signature) = ([0; 32], [0; 64]);
    key.copy_from_slice(&endorsement[..32]);
    signature.copy_from_slice(&endorsement[32..]);
    (key, signature)
}

/// Whether `endorsement` is of `digest` for `domain`. The caller decides whether its key counts.
pub fn verify_endorsement<V: Verifier + ?Sized>(
    verifier: &V,
    domain: Domain,
    digest: &Hash,
    endorsement: &Endorsement,
) -> bool {
    let (key, signature) = split(endorsement);
    verifier.verify(&key, &message(domain, digest), &signature)
}

/// Checks Ed25519 signatures strictly: no weak keys, no second encoding of a signature
/// (`verify_strict`), so that every node decides alike.
#[cfg(any(test, feature = "ed25519"))]
#[derive(Clone, Copy, Debug, Default)]
pub struct Ed25519;

#[cfg(any(test, feature = "ed25519"))]
impl Verifier for Ed25519 {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        ed25519_dalek::VerifyingKey::from_bytes(key).is_ok_and(|key| {
            key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature))
                .is_ok()
        })
    }
}

#[cfg(any(test, feature = "ed25519"))]
impl Signer for ed25519_dalek::SigningKey {
    fn public_key(&self) -> PublicKey {
        self.verifying_key().to_bytes()
    }
    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(ed25519_dalek::Signer::sign(self, message).to_bytes())
    }
}
