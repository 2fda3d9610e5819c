//! A copy of a database file in memory, which `redb` may do with as it likes.

use redb::StorageBackend;
use std::io::{Error, ErrorKind};
use std::sync::{PoisonError, RwLock};

/// What a damaged file may make the copy grow by.
const MAX_GROWTH: usize = 64 << 20;

#[derive(Debug)]
pub struct Copy {
    bytes: RwLock<Vec<u8>>,
    limit: usize,
}

impl Copy {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self {
            limit: bytes.len().saturating_mul(2).saturating_add(MAX_GROWTH),
            bytes: RwLock::new(bytes),
        }
    }
}

fn range(offset: u64, length: usize, within: usize) -> Result<std::ops::Range<usize>, Error> {
    usize::try_from(offset)
        .ok()
        .and_then(|start| Some(start..start.checked_add(length)?))
        .filter(|range| range.end <= within)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::UnexpectedEof,
                "an address beyond the end of the file",
            )
        })
}

impl StorageBackend for Copy {
    fn len(&self) -> Result<u64, Error> {
        let bytes = self.bytes.read().unwrap_or_else(PoisonError::into_inner);
        Ok(bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        let bytes = self.bytes.read().unwrap_or_else(PoisonError::into_inner);
        out.copy_from_slice(&bytes[range(offset, out.len(), bytes.len())?]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), Error> {
        match usize::try_from(len) {
            Ok(len) if len <= self.limit => {
                let mut bytes = self.bytes.write().unwrap_or_else(PoisonError::into_inner);
                bytes.resize(len, 0);
                Ok(())
            }
            _ => Err(Error::new(ErrorKind::InvalidData, "a length beyond reason")),
        }
    }

    fn sync_data(&self) -> Result<(), Error> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        let mut bytes = self.bytes.write().unwrap_or_else(PoisonError::into_inner);
        let range = range(offset, data.len(), bytes.len())?;
        bytes[range].copy_from_slice(data);
        Ok(())
    }
}
