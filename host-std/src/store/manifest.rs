//! What is in a store, for whoever looks.

use super::Blocks;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
}

/// The blocks in the order of their names. Cost: SHA-256 of all of them.
pub fn entries(blocks: &Blocks) -> Vec<Entry> {
    let entry = |(name, block): (&String, &sensilla::block::Memory)| Entry {
        name: name.clone(),
        bytes: block.len() as u64,
        sha256: hex(&Sha256::digest(&block[..])),
    };
    blocks.iter().map(entry).collect()
}

/// Lower-case hexadecimal digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
