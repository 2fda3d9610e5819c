//! Why a command failed, and the exit code that tells it.

use std::io;
use std::path::PathBuf;

use crate::read::InputError;
use crate::store::StoreError;

/// Exit code of work that failed: bad input, a full disk.
pub const FAILED: u8 = 1;
/// Exit code of a command line that asks for what does not exist or does not go together.
pub const USAGE: u8 = 2;
/// Exit code where the store is damaged or of another version.
pub const DAMAGED: u8 = 3;
/// Exit code where the store could not be had for writing: later it may.
pub const BUSY: u8 = 4;

/// Why a command failed. Nothing it was given or keeps has changed, unless all was done and only
/// could not be [told](Self::Output).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The command line contradicts itself.
    #[error("{0}")]
    Usage(String),
    /// The input cannot be read or says something it must not.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The store cannot be used.
    #[error("the store {}: {source}", .path.display())]
    Store {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: StoreError,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error("cannot write the output: {0}")]
    Output(#[source] io::Error),
    /// The work itself failed.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    /// The exit code of the process that fails with it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            Self::Store { source, .. } => match source {
                StoreError::Damaged(_)
                | StoreError::OtherFormat { .. }
                | StoreError::OtherLayout { .. } => DAMAGED,
                StoreError::Busy | StoreError::Changed => BUSY,
                _ => FAILED,
            },
            _ => FAILED,
        }
    }

    /// Whether the reader of the output is gone, which is no fault to report.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(e) if e.kind() == io::ErrorKind::BrokenPipe)
    }
}
