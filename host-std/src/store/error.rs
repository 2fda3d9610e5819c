//! Why a store cannot be used.

use super::FORMAT;
use sensilla::block::BlockError;
use std::io;
use std::path::PathBuf;

/// Why a store cannot be used; its file is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such file.
    #[error("does not exist; `sensilla demo`, `learn` or `ingest` makes one")]
    Missing,
    /// The file cannot be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The file was cut, changed, or never was a store.
    #[error(
        "is damaged or no store of sensilla ({0}); nothing was changed; restore it from a copy, or \
         see what `sensilla repair` can save of it"
    )]
    Damaged(String),
    /// The store was written by another version of `sensilla`.
    #[error(
        "has format {found}, this build reads format {FORMAT}; nothing was changed; use the \
         sensilla that wrote it, or move it away and run `learn` and `ingest` again with this one"
    )]
    OtherFormat {
        /// The format found.
        found: u32,
    },
    /// A node in the store was laid out by another version of `sensilla`.
    #[error(
        "holds a node whose {source}; nothing was changed; use the sensilla that wrote it, or move \
         it away and run `learn` and `ingest` again with this one"
    )]
    OtherLayout {
        /// Which version it has and which this build reads.
        source: BlockError,
    },
    /// The store is of a user's own, not of the demonstration.
    #[error(
        "holds another node than the demonstration's, or one that has grown since; give the demo a store of its own with --store"
    )]
    NotTheDemo,
    /// Another process holds the store for writing.
    #[error("is in use by another process; try again when that is done")]
    Busy,
    /// Another process wrote the store, although it was held.
    #[error(
        "was written by another process meanwhile; nothing was saved; run the command again, and \
         without --no-lock"
    )]
    Changed,
    /// The lock's file cannot be made or opened.
    #[error("cannot be locked for writing: {}: {source}", .path.display())]
    Lock {
        /// The lock's file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file system has no locks.
    #[error(
        "cannot be locked for writing: {}: {source}; the folder is on a file system without locks: \
         keep the store elsewhere, or give --no-lock if no other process writes it", .path.display()
    )]
    NoLocks {
        /// The lock's file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl StoreError {
    /// Why a node in a store does not open.
    pub fn of_node(source: BlockError) -> Self {
        match source {
            BlockError::WrongVersion { .. } => Self::OtherLayout { source },
            source => Self::Damaged(format!("its node: {source}")),
        }
    }
}
