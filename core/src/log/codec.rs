//! Canonical `postcard`: one value, one encoding.
//!
//! [`Encoder`] writes through `postcard`, [`Reader`] takes nothing else than it writes: no integer
//! with zeros at its end. So two different byte strings never decode to the same value.

use crate::simd::text::text;
use crate::slices;
use bytemuck::Pod;
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

/// Encodes values one after the other into a slice.
#[derive(Debug)]
pub(crate) struct Encoder<'a> {
    out: &'a mut [u8],
    /// Bytes that the values took or, past the end of the slice, would take.
    used: usize,
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(out: &'a mut [u8]) -> Self {
        Self { out, used: 0 }
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        let end = self.used.saturating_add(bytes.len());
        if let Some(out) = self.out.get_mut(self.used..end) {
            slices::copy(out, bytes);
        }
        self.used = end;
    }

    pub(crate) fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> postcard::Result<()> {
        postcard::serialize_with_flavor(value, Sink(self))
    }

    /// The filled part of the slice, or how many bytes it should have had.
    pub(crate) fn finish(self) -> Result<&'a [u8], usize> {
        self.out.get(..self.used).ok_or(self.used)
    }

    pub(crate) fn used(&self) -> usize {
        self.used
    }

    pub(crate) fn filled(&self) -> Result<&[u8], usize> {
        self.out.get(..self.used).ok_or(self.used)
    }
}

struct Sink<'e, 'a>(&'e mut Encoder<'a>);

impl Flavor for Sink<'_, '_> {
    type Output = ();
    #[inline]
    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0.raw(data);
        Ok(())
    }
    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.raw(&[byte]);
        Ok(())
    }
    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// How many bytes `value` takes.
pub(crate) fn encoded_len<T: Serialize + ?Sized>(value: &T) -> postcard::Result<usize> {
    let mut encoder = Encoder::new(&mut []);
    encoder.value(value)?;
    Ok(encoder.used())
}

/// Bytes are not the one encoding of the value expected there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Malformed,
    NotCanonical,
}

/// Takes values off the front of bytes, each in the one encoding that [`Encoder`] gives it.
///
/// `postcard` by itself accepts integers with zeros at the end. The layout of an event is fixed, so
/// it is read straight, without a step through serde for each field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    #[inline]
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What was not taken yet.
    #[inline]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// All that was not taken yet.
    #[inline]
    pub(crate) fn all(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Fault> {
        let (&byte, rest) = self.0.split_first().ok_or(Fault::Malformed)?;
        self.0 = rest;
        Ok(byte)
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Fault> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Fault::Malformed)?;
        self.0 = rest;
        Ok(array)
    }

    /// An integer of at most `max`.
    #[inline]
    fn integer(&mut self, max: u64) -> Result<u64, Fault> {
        if let [byte @ ..0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Ok((*byte).into());
        }
        let (value, rest) = long_integer(self.0)?;
        self.0 = rest;
        if value <= max {
            Ok(value)
        } else {
            Err(Fault::Malformed)
        }
    }

    #[inline]
    pub(crate) fn u16(&mut self) -> Result<u16, Fault> {
        self.integer(u16::MAX.into()).map(|value| value as u16)
    }

    #[inline]
    pub(crate) fn u32(&mut self) -> Result<u32, Fault> {
        self.integer(u32::MAX.into()).map(|value| value as u32)
    }

    #[inline]
    pub(crate) fn u64(&mut self) -> Result<u64, Fault> {
        self.integer(u64::MAX)
    }

    /// Bytes after their number.
    #[inline]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.u32()? as usize;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Fault::Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    #[inline]
    pub(crate) fn text(&mut self) -> Result<&'a str, Fault> {
        text(self.bytes()?).ok_or(Fault::Malformed)
    }

    /// A list as [`list`] writes it.
    #[inline]
    pub(crate) fn list<T: Pod>(&mut self) -> Result<&'a [T], Fault> {
        bytemuck::try_cast_slice(self.bytes()?).map_err(|_| Fault::Malformed)
    }

    #[inline]
    pub(crate) fn option<T>(
        &mut self,
        value: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        match self.byte()? {
            0 => Ok(None),
            1 => value(self).map(Some),
            _ => Err(Fault::Malformed),
        }
    }
}

/// The integer of several bytes at the front of `bytes`, seven bits in each, the lowest first, and
/// what follows it.
#[inline]
fn long_integer(bytes: &[u8]) -> Result<(u64, &[u8]), Fault> {
    const MORE: u64 = 0x8080_8080_8080_8080;
    if let Some(word) = bytes.first_chunk() {
        let word = u64::from_le_bytes(*word);
        let last = !word & MORE;
        if last != 0 {
            // Its bytes alone, then pairs, fours and eights of them closed up.
            let groups = word & (last ^ (last - 1)) & !MORE;
            let pairs = groups & 0x007f_007f_007f_007f | (groups & 0x7f00_7f00_7f00_7f00) >> 1;
            let fours = pairs & 0x0000_3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
            let value = fours & 0x0fff_ffff | (fours & 0x0fff_ffff_0000_0000) >> 4;
            let length = last.trailing_zeros() as usize / 8 + 1;
            let rest = bytes.get(length..).ok_or(Fault::Malformed)?;
            return if value >> (7 * (length - 1)) == 0 {
                Err(Fault::NotCanonical)
            } else {
                Ok((value, rest))
            };
        }
    }
    integer_by_bytes(bytes)
}

/// [`long_integer`] byte by byte: of nine or ten bytes, or near the end.
fn integer_by_bytes(bytes: &[u8]) -> Result<(u64, &[u8]), Fault> {
    let mut value = 0;
    for (at, &byte) in bytes.iter().enumerate().take(10) {
        let (group, shift) = (u64::from(byte & 0x7f), 7 * at as u32);
        if group << shift >> shift != group {
            break;
        }
        value |= group << shift;
        if byte < 0x80 {
            if byte == 0 {
                return Err(Fault::NotCanonical);
            }
            let rest = bytes.get(at + 1..).ok_or(Fault::Malformed)?;
            return Ok((value, rest));
        }
    }
    Err(Fault::Malformed)
}

/// Serde form of a borrowed list of byte arrays: one byte string, its length a multiple of theirs.
pub(crate) mod list {
    use super::{Deserialize, Pod};
    use serde::{Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<T: Pod, S: Serializer>(list: &[T], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytemuck::cast_slice(list))
    }

    pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<&'de [T], D::Error>
    where
        T: Pod,
        D: Deserializer<'de>,
    {
        let bytes = <&'de [u8]>::deserialize(from)?;
        bytemuck::try_cast_slice(bytes).map_err(|_| D::Error::custom("not a whole number of items"))
    }
}
