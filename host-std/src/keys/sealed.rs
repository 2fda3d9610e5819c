//! A secret that a passphrase encrypts: Argon2id (RFC 9106) makes a key of it, XChaCha20-Poly1305
//! encrypts and authenticates.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | what it is |
//! | 4, 4, 4 | memory in KiB, passes, lanes, little-endian |
//! | 16 | salt |
//! | 24 | nonce |
//! | 48 | the secret, encrypted, and its tag |

use super::{BYTES, Secret};
use crate::Error;
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

const MAGIC: &[u8; 16] = b"sensilla sealed\n";
const LENGTH: usize = 16 + 12 + 16 + 24 + BYTES + 16;

/// Memory in KiB, passes and lanes: the second recommendation of RFC 9106, about a fifth of a second.
const WORK: [u32; 3] = [64 * 1024, 3, 4];
/// What a store may ask for at most.
const MOST: [u32; 3] = [1 << 20, 64, 64];

/// A secret, encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    work: [u32; 3],
    salt: [u8; 16],
    nonce: [u8; 24],
    encrypted: [u8; BYTES + 16],
}

impl Sealed {
    /// Encrypts a secret by a passphrase.
    pub fn new(secret: &Secret, passphrase: &str) -> Result<Self, Error> {
        let failed = |what: &dyn std::fmt::Display| Error::Failed(format!("no encryption: {what}"));
        let (mut salt, mut nonce) = ([0; 16], [0; 24]);
        for random in [&mut salt[..], &mut nonce] {
            getrandom::fill(random).map_err(|e| failed(&e))?;
        }
        let mut sealed = Self {
            work: WORK,
            salt,
            nonce,
            encrypted: [0; BYTES + 16],
        };
        let cipher = sealed
            .cipher(passphrase)
            .ok_or_else(|| failed(&"no memory"))?;
        let (nonce, head) = (XNonce::from(sealed.nonce), sealed.head());
        let payload = Payload {
            msg: &secret[..],
            aad: &head,
        };
        let encrypted = cipher.encrypt(&nonce, payload).map_err(|e| failed(&e))?;
        sealed.encrypted = encrypted
            .try_into()
            .map_err(|_| failed(&"another length"))?;
        Ok(sealed)
    }

    /// The secret, if the passphrase is the one.
    pub fn open(&self, passphrase: &str) -> Option<Secret> {
        let head = self.head();
        let payload = Payload {
            msg: &self.encrypted,
            aad: &head,
        };
        let nonce = XNonce::from(self.nonce);
        let secret = Zeroizing::new(self.cipher(passphrase)?.decrypt(&nonce, payload).ok()?);
        let secret: [u8; BYTES] = secret[..].try_into().ok()?;
        Some(Zeroizing::new(secret))
    }

    fn cipher(&self, passphrase: &str) -> Option<XChaCha20Poly1305> {
        let [memory, passes, lanes] = self.work;
        let params = Params::new(memory, passes, lanes, Some(32)).ok()?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &self.salt, &mut key[..])
            .ok()?;
        XChaCha20Poly1305::new_from_slice(&key[..]).ok()
    }

    /// What is in front of the nonce, which the tag covers too.
    fn head(&self) -> Vec<u8> {
        let mut head = MAGIC.to_vec();
        for number in self.work {
            head.extend_from_slice(&number.to_le_bytes());
        }
        head.extend_from_slice(&self.salt);
        head
    }

    /// As a store keeps it.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.head();
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(&self.encrypted);
        bytes
    }

    /// What [`encode`](Self::encode) wrote; `None` if it did not, or asks for more work than is done
    /// for anyone.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        if bytes.len() != LENGTH {
            return None;
        }
        let (work, rest) = rest.split_first_chunk::<12>()?;
        let (salt, rest) = rest.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let mut numbers = [0; 3];
        for (number, bytes) in numbers.iter_mut().zip(work.as_chunks::<4>().0) {
            *number = u32::from_le_bytes(*bytes);
        }
        let is_fair = numbers.iter().zip(MOST).all(|(&asked, most)| asked <= most);
        is_fair.then_some(Self {
            work: numbers,
            salt: *salt,
            nonce: *nonce,
            encrypted: rest.try_into().ok()?,
        })
    }
}
