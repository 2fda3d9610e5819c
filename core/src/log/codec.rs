//! Canonical `postcard`: one value, one encoding.
//!
//! `postcard` by itself accepts overlong integers and leaves what follows a value alone. An
//! overlong integer ends with a zero after a byte that says the integer goes on; where two single
//! bytes of a value came so, the value is encoded again and compared with the bytes it came from,
//! without a second buffer. So two different byte strings never decode to the same value.

use bytemuck::Pod;
use postcard::ser_flavors::Flavor;
use postcard::{Deserializer, de_flavors};
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
            out.copy_from_slice(bytes);
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

/// Takes one value off the front of `bytes` if it is encoded canonically.
pub(crate) fn take<'a, T>(bytes: &mut &'a [u8]) -> Result<T, Fault>
where
    T: Serialize + Deserialize<'a>,
{
    let mut from = Deserializer::from_flavor(Strict::new(bytes));
    let value = T::deserialize(&mut from).map_err(|_| Fault::Malformed)?;
    let (rest, doubtful) = from.finalize().map_err(|_| Fault::Malformed)?;
    if doubtful {
        let read = bytes
            .len()
            .checked_sub(rest.len())
            .and_then(|n| bytes.get(..n))
            .ok_or(Fault::Malformed)?;
        if !matches!(
            postcard::serialize_with_flavor(&value, Expect(read)),
            Ok(true)
        ) {
            return Err(Fault::NotCanonical);
        }
    }
    *bytes = rest;
    Ok(value)
}

/// Bytes on their way into a value, with a look-out for integers that are longer than need be.
struct Strict<'a> {
    bytes: &'a [u8],
    /// Whether the last byte, if it is of an integer, says that the integer goes on.
    more: bool,
    /// Whether an integer may have been overlong. It was not where the two bytes were no integer's:
    /// nothing here tells those apart.
    doubtful: bool,
}

impl<'a> Strict<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            more: false,
            doubtful: false,
        }
    }
}

impl<'a> de_flavors::Flavor<'a> for Strict<'a> {
    type Remainder = (&'a [u8], bool);
    type Source = &'a [u8];

    #[inline]
    fn pop(&mut self) -> postcard::Result<u8> {
        let end = postcard::Error::DeserializeUnexpectedEnd;
        let (&byte, rest) = self.bytes.split_first().ok_or(end)?;
        self.doubtful |= self.more & (byte == 0);
        self.more = byte >= 0x80;
        self.bytes = rest;
        Ok(byte)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.bytes.len())
    }

    #[inline]
    fn try_take_n(&mut self, count: usize) -> postcard::Result<&'a [u8]> {
        let end = postcard::Error::DeserializeUnexpectedEnd;
        let (head, rest) = self.bytes.split_at_checked(count).ok_or(end)?;
        self.more = false;
        self.bytes = rest;
        Ok(head)
    }

    fn finalize(self) -> postcard::Result<Self::Remainder> {
        Ok((self.bytes, self.doubtful))
    }
}

/// Takes `count` raw bytes off the front of `bytes`.
pub(crate) fn take_raw<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], Fault> {
    let (head, tail) = bytes.split_at_checked(count).ok_or(Fault::Malformed)?;
    *bytes = tail;
    Ok(head)
}

/// Compares what is encoded with what is expected.
struct Expect<'a>(&'a [u8]);

impl Flavor for Expect<'_> {
    type Output = bool;
    #[inline]
    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        // Strings and lists were borrowed from these very bytes; what is left is short.
        let same = |head: &[u8]| {
            core::ptr::eq(head.as_ptr(), data.as_ptr())
                || head.iter().zip(data).all(|(a, b)| a == b)
        };
        match self.0.split_at_checked(data.len()) {
            Some((head, tail)) if same(head) => {
                self.0 = tail;
                Ok(())
            }
            _ => Err(postcard::Error::SerializeBufferFull),
        }
    }
    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        match self.0.split_first() {
            Some((&head, tail)) if head == byte => {
                self.0 = tail;
                Ok(())
            }
            _ => Err(postcard::Error::SerializeBufferFull),
        }
    }
    fn finalize(self) -> postcard::Result<bool> {
        Ok(self.0.is_empty())
    }
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
