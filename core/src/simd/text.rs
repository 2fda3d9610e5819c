//! Text from bytes.
//!
//! Names in events are short and mostly ASCII. `core::str::from_utf8` looks at strings below two
//! words byte by byte, which is more than all else that reading an event takes.

#![allow(unsafe_code)]

const HIGH: u64 = 0x8080_8080_8080_8080;

/// Whether all bytes are ASCII, eight at a time.
#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words
        .iter()
        .fold(0, |all, &word| all | u64::from_ne_bytes(word));
    // The last bytes, some of them a second time.
    let last = match (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        (Some(first), Some(last)) => u32::from_ne_bytes(*first) | u32::from_ne_bytes(*last),
        _ => rest.iter().fold(0, |all, &byte| all | u32::from(byte)),
    };
    (words | u64::from(last)) & HIGH == 0
}

/// `bytes` as text, if they are UTF-8.
#[inline]
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    if is_ascii(bytes) {
        // SAFETY: ASCII is UTF-8.
        Some(unsafe { core::str::from_utf8_unchecked(bytes) })
    } else {
        core::str::from_utf8(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_the_text_that_core_says(
            words in "\\PC{0,20}", bytes in prop::collection::vec(any::<u8>(), 0..20), at in 0..20usize, ascii in any::<bool>(),
        ) {
            let mut all = words.into_bytes();
            if ascii { all.iter_mut().for_each(|byte| *byte &= 0x7f); }
            prop_assert_eq!(text(&all), core::str::from_utf8(&all).ok());
            let at = at.min(all.len());
            all.splice(at..at, bytes);
            prop_assert_eq!(text(&all), core::str::from_utf8(&all).ok());
        }

        #[test]
        fn one_high_bit_anywhere_is_seen(length in 1..40usize, at in 0..40usize, bit in 0x80..=0xff_u8) {
            let mut bytes = [b'a'; 40];
            bytes[at % length] = bit;
            prop_assert!(!is_ascii(&bytes[..length]));
            prop_assert!(is_ascii(&bytes[at % length + 1..]));
        }
    }
}
