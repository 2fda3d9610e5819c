//! Bytes to text: the first step of everything that is read.
//!
//! | module | what |
//! |---|---|
//! | [`foreign`] | files of other kinds, told by their first bytes, their names or their first line |
//! | [`decode`] | compression and encoding undone: whatever comes in, UTF-8 goes on |
//! | [`source`] | lines, numbered as an editor numbers them |

pub mod decode;
pub mod foreign;
pub mod source;

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// `text` without the white space around it, the invisible characters that tools leave there among
/// it: a byte order mark in the middle of joined files, a space of no width, the zeros that devices
/// pad their texts with.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\0' | '\u{feff}' | '\u{200b}'))
}

/// `text` as names and values are compared: trimmed, and each letter written in one way (Unicode
/// NFC), so that what looks the same is the same.
pub fn canonical(text: &str) -> Cow<'_, str> {
    let text = trimmed(text);
    if text.is_ascii() || is_nfc(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_the_same_is_the_same() {
        assert_eq!(canonical(" e\u{301}te\u{301}\u{a0}"), "\u{e9}t\u{e9}");
        assert_eq!(canonical("\u{feff}walk\u{200b}"), "walk");
        assert_eq!(canonical("a b"), "a b");
    }
}
