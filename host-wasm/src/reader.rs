//! Arguments in the order in which the caller wrote them, each section on eight bytes.

use crate::error::{CallError, Failure};
use bytemuck::Pod;
use sensilla::Hash;

/// What is left to read.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// So many elements.
    pub fn many<T: Pod>(&mut self, count: usize) -> Result<&'a [T], Failure> {
        let bytes = self.bytes(count.saturating_mul(size_of::<T>()))?;
        bytemuck::try_cast_slice(bytes).map_err(|_| CallError::Malformed.into())
    }

    /// So many bytes.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Failure> {
        let padded = count.checked_next_multiple_of(8);
        let (section, rest) = padded
            .and_then(|padded| self.rest.split_at_checked(padded))
            .ok_or(CallError::Malformed)?;
        self.rest = rest;
        section.get(..count).ok_or(CallError::Malformed.into())
    }

    /// A number.
    pub fn number(&mut self) -> Result<f64, Failure> {
        let [number] = self.many(1)? else {
            return Err(CallError::Malformed.into());
        };
        Ok(*number)
    }

    /// Bytes behind their number.
    #[allow(dead_code, reason = "not every module has calls with such arguments")]
    pub fn counted(&mut self) -> Result<&'a [u8], Failure> {
        let count = self.number()?;
        self.bytes(count as usize)
    }

    /// A text behind its number of bytes.
    #[allow(dead_code, reason = "not every module has calls with such arguments")]
    pub fn text(&mut self) -> Result<&'a str, Failure> {
        core::str::from_utf8(self.counted()?).map_err(|_| CallError::NotText.into())
    }

    /// Thirty-two bytes.
    #[allow(dead_code, reason = "not every module has calls with such arguments")]
    pub fn hash(&mut self) -> Result<Hash, Failure> {
        let bytes = self.bytes(size_of::<Hash>())?;
        bytes.try_into().map_err(|_| CallError::Malformed.into())
    }

    /// Hashes, behind the number of their bytes.
    #[allow(dead_code, reason = "not every module has calls with such arguments")]
    pub fn hashes(&mut self) -> Result<&'a [Hash], Failure> {
        match self.counted()?.as_chunks() {
            (hashes, []) => Ok(hashes),
            _ => Err(CallError::Malformed.into()),
        }
    }
}
