//! One writer at a time.
//!
//! The lock is on a file of its own beside the store, since the store's file is replaced when it
//! is saved. It goes with the process that holds it, however that ends; a lock file left behind by
//! a crash locks nobody out.

use super::StoreError;
use super::save::beside;
use same_file::Handle;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// The right to write a store.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock of the store at `path`.
    pub fn take(path: &Path) -> Result<Self, StoreError> {
        let path = beside(path, ".lock");
        loop {
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(StoreError::Busy),
                Err(TryLockError::Error(e)) => return Err(e.into()),
            }
            // Whoever held it before may have removed the file between our open and our lock.
            match Handle::from_path(&path) {
                Ok(there) if there == Handle::from_file(file.try_clone()?)? => {
                    return Ok(Self { path, _file: file });
                }
                _ => {}
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Left behind, it would do no harm.
        let _ = fs::remove_file(&self.path);
    }
}
