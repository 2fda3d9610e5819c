//! Opens and checks the bytes of a store without touching its file.

use super::backend::Copy;
use super::manifest::{Manifest, hex, outer_hash};
use super::{Blocks, Contents, FORMAT, StoreError, quiet};
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use sensilla::block::Memory;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What describes the store: `format` (u32, little-endian), `manifest` (JSON), `hash` (32 bytes).
pub(super) const STORE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("sensilla");
/// The blocks by name, in pieces of [`PIECE`] bytes and one that may be shorter.
pub(super) const BLOCKS: TableDefinition<'_, (&str, u32), &[u8]> = TableDefinition::new("blocks");
/// Bytes of a piece: with its key it fills a page of 1 MiB, where the page of a larger value may be
/// half empty.
pub(super) const PIECE: usize = (1 << 20) - 4_096;

/// Memory that reading may cache pages in; a store is read once.
const CACHE: usize = 16 << 20;

/// Checks `bytes`, the content of a store's file: first the database's own check of every page,
/// then the format, the outer hash, and the hash of each block.
pub fn open(bytes: Vec<u8>) -> Result<Contents, StoreError> {
    if bytes.is_empty() {
        return Err(StoreError::Damaged("the file is empty".into()));
    }
    // The header of a database that was never closed is rewritten by redb; ours are closed.
    quiet::catch(|| read(bytes)).unwrap_or_else(|| {
        Err(StoreError::Damaged(
            "the database's own check failed".into(),
        ))
    })
}

fn damaged(reason: impl ToString) -> StoreError {
    StoreError::Damaged(reason.to_string())
}

fn read(bytes: Vec<u8>) -> Result<Contents, StoreError> {
    let file_bytes = bytes.len() as u64;
    let database = Database::builder()
        .set_cache_size(CACHE)
        .set_check_integrity_on_open(true)
        .create_with_backend(Copy::new(bytes))
        .map_err(|e| match e {
            DatabaseError::UpgradeRequired(found) => StoreError::OtherDatabase { found },
            e => damaged(e),
        })?;
    let transaction = database.begin_read().map_err(damaged)?;
    let store = transaction
        .open_table(STORE)
        .map_err(|_| damaged("it describes no store"))?;
    let field = |name: &str| match store.get(name) {
        Ok(Some(value)) => Ok(value.value().to_vec()),
        Ok(None) => Err(damaged(format!("it has no {name}"))),
        Err(e) => Err(damaged(e)),
    };
    let format = match <[u8; 4]>::try_from(field("format")?) {
        Ok(bytes) => u32::from_le_bytes(bytes),
        Err(_) => return Err(damaged("its format is no number")),
    };
    if format != FORMAT {
        return Err(StoreError::OtherFormat { found: format });
    }
    let manifest = field("manifest")?;
    if field("hash")? != outer_hash(format, &manifest) {
        return Err(damaged("the manifest does not match its hash"));
    }
    let manifest: Manifest = serde_json::from_slice(&manifest).map_err(damaged)?;
    let table = transaction.open_table(BLOCKS).map_err(damaged)?;
    let mut pieces: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for row in table.iter().map_err(damaged)? {
        let (key, value) = row.map_err(damaged)?;
        let (name, _) = key.value();
        match pieces.get_mut(name) {
            Some(block) => block.extend_from_slice(value.value()),
            None => drop(pieces.insert(name.to_owned(), value.value().to_vec())),
        }
    }
    let blocks: Blocks = pieces
        .into_iter()
        .map(|(name, block)| (name, Memory::from(&block[..])))
        .collect();
    if manifest.blocks.len() != blocks.len() {
        return Err(damaged("it holds other blocks than its manifest says"));
    }
    for entry in &manifest.blocks {
        let name = &entry.name;
        let Some(block) = blocks.get(name) else {
            return Err(damaged(format!("the block `{name}` is missing")));
        };
        if block.len() as u64 != entry.bytes || hex(&Sha256::digest(&block[..])) != entry.sha256 {
            return Err(damaged(format!(
                "the block `{name}` does not match its SHA-256"
            )));
        }
    }
    Ok(Contents {
        manifest,
        blocks,
        file_bytes,
    })
}
