//! A realm: a deployment, whose roots say who is a member and who decides where.

use crate::Hash;
use crate::log::{PublicKey, Realm};
use crate::slices;
use sha2::{Digest, Sha256};

/// The id of a realm: SHA-256 of a domain string, its name after the length, the number of root keys
/// that must sign, and the keys in order.
///
/// Roots may be rotated later; the id stays what it was made of.
pub fn realm_id(name: &str, threshold: u8, roots: &[PublicKey]) -> Realm {
    let mut sorted = [[0; 32]; super::MAX_KEYS];
    let count = roots.len().min(sorted.len());
    for (to, from) in sorted.iter_mut().zip(roots) {
        *to = *from;
    }
    let keys = sorted.get_mut(..count).unwrap_or_default();
    slices::sort(keys);
    let mut hash = Sha256::new();
    hash.update(b"sensilla/v1/realm\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    hash.update((name.len() as u64).to_le_bytes());
    hash.update(name.as_bytes());
    hash.update([threshold]);
    hash.update(keys.as_flattened());
    let id: Hash = hash.finalize().into();
    id
}

/// A member of the realm, as far as a node knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its key.
    pub key: PublicKey,
    /// The number of its next event.
    pub next: u32,
    /// When it last said something, in milliseconds; 0 for never.
    pub last: u64,
    /// Its claims in force.
    pub claims: u32,
    /// The last event that counts, if it was expelled.
    pub expelled: Option<u32>,
    /// Whether it has signed two events of one number.
    pub forked: bool,
}
