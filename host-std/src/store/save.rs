//! Writes a new file and puts it in the place of the old.

use super::image::{BLOCKS, PIECE, STORE};
use super::manifest::{self, Manifest};
use super::{Blocks, FORMAT, StoreError};
use redb::Database;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

const CACHE: usize = 64 << 20;

/// `path` with links followed, so that a link to a store stays one.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, StoreError> {
    match fs::canonicalize(path) {
        Ok(path) if path.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory).into()),
        Ok(path) => Ok(path),
        Err(e) if e.kind() == io::ErrorKind::NotFound && path.file_name().is_some() => {
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => fs::canonicalize(folder)?,
                _ => fs::canonicalize(".")?,
            };
            Ok(folder.join(path.file_name().unwrap_or_default()))
        }
        Err(e) => Err(e.into()),
    }
}

/// `path` with `ending` behind its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// Saves `blocks` at `path`. The caller holds the store's lock.
pub(super) fn save(path: &Path, blocks: &Blocks) -> Result<(), StoreError> {
    let new = beside(path, ".new");
    // What a crashed writer left is of no use to anyone.
    match fs::remove_file(&new) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e.into()),
        _ => {}
    }
    let result = write(&new, blocks).and_then(|()| {
        match fs::metadata(path) {
            Ok(old) => fs::set_permissions(&new, old.permissions())?,
            Err(_) => keep_private(&new)?,
        }
        File::open(&new)?.sync_all()?;
        fs::rename(&new, path)?;
        sync_folder(path)
    });
    if result.is_err() {
        // The error to report is the first one.
        let _ = fs::remove_file(&new);
    }
    Ok(result?)
}

fn write(path: &Path, blocks: &Blocks) -> io::Result<()> {
    let other = |e: redb::Error| match e {
        redb::Error::Io(e) => e,
        e => io::Error::other(e.to_string()),
    };
    let (manifest, hash) = manifest::encode(&Manifest::of(blocks))?;
    let database = Database::builder()
        .set_cache_size(CACHE)
        .create(path)
        .map_err(|e| other(e.into()))?;
    let transaction = database.begin_write().map_err(|e| other(e.into()))?;
    {
        let mut store = transaction.open_table(STORE).map_err(|e| other(e.into()))?;
        for (name, value) in [
            ("format", &FORMAT.to_le_bytes()[..]),
            ("manifest", &manifest),
            ("hash", &hash),
        ] {
            store.insert(name, value).map_err(|e| other(e.into()))?;
        }
        let mut table = transaction
            .open_table(BLOCKS)
            .map_err(|e| other(e.into()))?;
        for (name, block) in blocks {
            // A block of no bytes has one piece too.
            let pieces = block
                .chunks(PIECE)
                .chain(block.is_empty().then_some(&[][..]));
            for (index, piece) in (0..).zip(pieces) {
                table
                    .insert((name.as_str(), index), piece)
                    .map_err(|e| other(e.into()))?;
            }
        }
    }
    transaction.commit().map_err(|e| other(e.into()))?;
    database.close().map_err(|e| other(e.into()))
}

/// A store holds signing keys: what is made anew is its owner's alone.
#[cfg(unix)]
fn keep_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn keep_private(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
