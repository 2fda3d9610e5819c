//! Signing keys of the sources this node speaks for.
//!
//! Sensors and services that hold no key of their own are named in what users ingest; this node
//! signs for them, with one key a name, derived from a secret that is a block of the store. The same
//! name has the same key for as long as the store lives.

use ed25519_dalek::SigningKey;
use sensilla::log::Signer;
use sensilla::log::sign::PublicKey;
use sha2::{Digest, Sha256};

use crate::Error;
use sensilla::block::Memory;

/// The name of the secret's block in the store.
pub const BLOCK: &str = "secret";

const BYTES: usize = 32;

/// The secret that all keys come from.
#[derive(Clone, Default)]
pub struct Keyring {
    secret: [u8; BYTES],
}

impl Keyring {
    /// A new secret from the operating system.
    pub fn new() -> Result<Self, Error> {
        let mut secret = [0; BYTES];
        getrandom::fill(&mut secret)
            .map_err(|e| Error::Failed(format!("no randomness for a signing key: {e}")))?;
        Ok(Self { secret })
    }

    /// The secret that a store keeps; `None` if it is none.
    pub fn from_block(block: &[u8]) -> Option<Self> {
        Some(Self {
            secret: block.try_into().ok()?,
        })
    }

    /// The secret as a store keeps it.
    pub fn to_block(&self) -> Memory {
        Memory::from(&self.secret[..])
    }

    /// The public key of the source `name`.
    pub fn public_key(&self, name: &str) -> PublicKey {
        self.key(name).public_key()
    }

    /// The key that is the root of a realm that this node has made.
    pub fn root(&self) -> SigningKey {
        let mut hash = Sha256::new();
        hash.update(b"sensilla/v1/root-key\0");
        hash.update(self.secret);
        SigningKey::from_bytes(&hash.finalize().into())
    }

    /// The key of the source `name`.
    pub fn key(&self, name: &str) -> SigningKey {
        let mut hash = Sha256::new();
        hash.update(b"sensilla/v1/source-key\0");
        hash.update(self.secret);
        hash.update(name.as_bytes());
        SigningKey::from_bytes(&hash.finalize().into())
    }
}

/// Says that there is a secret, and nothing of it.
impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_keys_that_last() {
        let keys = Keyring::new().unwrap();
        let again = Keyring::from_block(&keys.to_block()).unwrap();
        assert_eq!(keys.key("a").to_bytes(), again.key("a").to_bytes());
        assert_ne!(keys.key("a").to_bytes(), keys.key("b").to_bytes());
        assert_ne!(
            keys.key("a").to_bytes(),
            Keyring::new().unwrap().key("a").to_bytes()
        );
        assert!(Keyring::from_block(&[0; 31]).is_none());
    }
}
