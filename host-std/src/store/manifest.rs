//! What is in a store, and the hash over all of it.

use super::{Blocks, FORMAT};
use sensilla::Hash;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The blocks of a store, in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// One entry a block.
    pub blocks: Vec<Entry>,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// The manifest of `blocks`.
    pub fn of(blocks: &Blocks) -> Self {
        let entry = |(name, block): (&String, &sensilla::block::Memory)| Entry {
            name: name.clone(),
            bytes: block.len() as u64,
            sha256: hex(&Sha256::digest(&block[..])),
        };
        Self {
            blocks: blocks.iter().map(entry).collect(),
        }
    }
}

/// The hash over a store: of its format and of its manifest's bytes, which hold the hash of every
/// block.
pub fn outer_hash(format: u32, manifest: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"sensilla store\0\0");
    hash.update(format.to_le_bytes());
    hash.update(manifest);
    hash.finalize().into()
}

/// The bytes under which a manifest is stored, and their outer hash.
pub(super) fn encode(manifest: &Manifest) -> Result<(Vec<u8>, Hash), serde_json::Error> {
    let bytes = serde_json::to_vec(manifest)?;
    let hash = outer_hash(FORMAT, &bytes);
    Ok((bytes, hash))
}

/// Lower-case hexadecimal digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
