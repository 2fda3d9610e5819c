//! Signing keys of the sources this node speaks for.
//!
//! Sensors and services that hold no key of their own are named in what users ingest; this node
//! signs for them, with one key a name, derived from a secret. The same name has the same key for as
//! long as the secret lasts. It is kept in one of three ways, which a block of the store tells:
//!
//! | kept | the block |
//! |---|---|
//! | in the store | the 32 bytes of the secret |
//! | in the store, encrypted by a passphrase | what [`sealed`] writes |
//! | in a file elsewhere | a hash that tells it from others |

pub mod file;
pub mod sealed;

use ed25519_dalek::SigningKey;
use sensilla::Hash;
use sensilla::block::Memory;
use sensilla::log::Signer;
use sensilla::log::sign::PublicKey;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::Error;
use sealed::Sealed;

/// The name of the secret's block in the store.
pub const BLOCK: &str = "secret";

/// Bytes of a secret.
pub const BYTES: usize = 32;

/// What all keys come from.
pub type Secret = Zeroizing<[u8; BYTES]>;

/// What a block begins with that holds no secret but the hash of one.
const ELSEWHERE: &[u8; 16] = b"sensilla key of\n";

/// How a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// In the store, for whoever can read it.
    Plain,
    /// In the store, encrypted.
    Sealed(Sealed),
    /// In a file of its own; this is what tells the right one.
    Elsewhere(Hash),
}

/// The secret that all keys come from, and how it is kept. One that is locked knows how alone, and
/// signs nothing that anyone takes for true.
#[derive(Clone)]
pub struct Keyring {
    secret: Option<Secret>,
    kept: Kept,
}

impl Default for Keyring {
    fn default() -> Self {
        Self {
            secret: None,
            kept: Kept::Plain,
        }
    }
}

impl Keyring {
    /// A new secret from the operating system, kept in the store.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            secret: Some(random()?),
            kept: Kept::Plain,
        })
    }

    /// A secret that is kept in a file elsewhere.
    pub fn of_file(secret: Secret) -> Self {
        let kept = Kept::Elsewhere(mark(&secret));
        Self {
            secret: Some(secret),
            kept,
        }
    }

    /// What a store keeps of a secret, locked unless it is plain; `None` if it is nothing of the
    /// kind.
    pub fn from_block(block: &[u8]) -> Option<Self> {
        if let Ok(secret) = block.try_into() {
            return Some(Self {
                secret: Some(Zeroizing::new(secret)),
                kept: Kept::Plain,
            });
        }
        let kept = match block.strip_prefix(ELSEWHERE) {
            Some(mark) => Kept::Elsewhere(mark.try_into().ok()?),
            None => Kept::Sealed(Sealed::decode(block)?),
        };
        Some(Self { secret: None, kept })
    }

    /// What a store keeps of it.
    pub fn to_block(&self) -> Memory {
        match (&self.kept, &self.secret) {
            (Kept::Sealed(sealed), _) => Memory::from(&sealed.encode()[..]),
            (Kept::Elsewhere(mark), _) => Memory::from(&[&ELSEWHERE[..], mark].concat()[..]),
            (Kept::Plain, Some(secret)) => Memory::from(&secret[..]),
            (Kept::Plain, None) => Memory::default(),
        }
    }

    /// How it is kept.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The secret, where it is known.
    pub fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// Whether the secret must be given before anything can be signed.
    pub fn is_locked(&self) -> bool {
        self.secret.is_none()
    }

    /// Takes the secret out of what the passphrase encrypted; false if it is another's.
    pub fn unlock(&mut self, passphrase: &str) -> bool {
        if let Kept::Sealed(sealed) = &self.kept {
            self.secret = sealed.open(passphrase);
        }
        !self.is_locked()
    }

    /// Takes the secret out of a file; false if it is another's.
    pub fn unlock_with(&mut self, secret: Secret) -> bool {
        if self.kept == Kept::Elsewhere(mark(&secret)) {
            self.secret = Some(secret);
        }
        !self.is_locked()
    }

    /// Keeps the secret, which is known, in another way.
    pub fn keep(&mut self, kept: Kept) {
        self.kept = kept;
    }

    /// The public key of the source `name`.
    pub fn public_key(&self, name: &str) -> PublicKey {
        self.key(name).public_key()
    }

    /// The key that is the root of a realm that this node has made.
    pub fn root(&self) -> SigningKey {
        self.derive(b"sensilla/v1/root-key\0", "")
    }

    /// The key of the source `name`.
    pub fn key(&self, name: &str) -> SigningKey {
        self.derive(b"sensilla/v1/source-key\0", name)
    }

    fn derive(&self, domain: &[u8], name: &str) -> SigningKey {
        let mut hash = Sha256::new();
        hash.update(domain);
        hash.update(self.secret.as_deref().unwrap_or(&[0; BYTES]));
        hash.update(name.as_bytes());
        SigningKey::from_bytes(&hash.finalize().into())
    }
}

/// What tells a secret from others, and nothing of it.
pub fn mark(secret: &Secret) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"sensilla/v1/key-mark\0");
    hash.update(&secret[..]);
    hash.finalize().into()
}

/// A new secret from the operating system.
pub fn random() -> Result<Secret, Error> {
    let mut secret = Zeroizing::new([0; BYTES]);
    getrandom::fill(&mut secret[..])
        .map_err(|e| Error::Failed(format!("no randomness for a signing key: {e}")))?;
    Ok(secret)
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

    #[test]
    fn a_secret_elsewhere_leaves_nothing_of_it_in_the_store() {
        let secret = random().unwrap();
        let keys = Keyring::of_file(secret.clone());
        let block = keys.to_block();
        assert!(!block.windows(8).any(|w| secret.windows(8).any(|s| s == w)));
        let mut again = Keyring::from_block(&block).unwrap();
        assert!(again.is_locked());
        assert!(!again.unlock_with(random().unwrap()));
        assert!(again.unlock_with(secret));
        assert_eq!(keys.public_key("a"), again.public_key("a"));
    }

    #[test]
    fn a_passphrase_opens_what_it_encrypted_and_no_other_does() {
        let mut keys = Keyring::new().unwrap();
        let secret = keys.secret().unwrap().clone();
        keys.keep(Kept::Sealed(Sealed::new(&secret, "correct horse").unwrap()));
        let block = keys.to_block();
        assert!(!block.windows(8).any(|w| secret.windows(8).any(|s| s == w)));
        let mut again = Keyring::from_block(&block).unwrap();
        assert!(again.is_locked());
        assert!(!again.unlock("correct house"));
        assert!(again.unlock("correct horse"));
        assert_eq!(keys.public_key("a"), again.public_key("a"));
        // Saved again it is what it was, without the passphrase.
        assert_eq!(again.to_block()[..], block[..]);
        for at in 0..block.len() {
            let mut other = block.clone();
            other[at] ^= 1;
            // Numbers that say how much work it is may ask for more than is given.
            let opened = Keyring::from_block(&other).is_some_and(|mut k| k.unlock("correct horse"));
            assert!(!opened, "byte {at}");
        }
    }
}
