//! Checkpoints (C2SP tlog-checkpoint): the size and root of a log in a signed note.

use super::note::{self, Note, NoteError, NoteKey, NoteVerifyError, TextWriter, is_control};
use crate::Hash;
use crate::error::errors;
use crate::sign::{Signer, Verifier};
use base64ct::{Base64, Encoding};
use core::fmt::Write;

/// Bytes of base64 of a hash.
const HASH_TEXT: usize = 44;

errors! {
    /// Why a checkpoint was not accepted.
    pub enum CheckpointError: 0x0560 {
        /// The text is not a checkpoint.
        Malformed = 1 => "the text is not a checkpoint",
        /// The checkpoint is of another log.
        WrongOrigin = 2 => "the checkpoint is of another log",
        /// The note is none, or none that the key signed.
        Note wraps NoteVerifyError,
    }
}

/// What a log had become at some size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint<'a> {
    /// Name of the log, by convention a URL without scheme.
    pub origin: &'a str,
    /// Number of its leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// Further lines, each with its newline; better left empty.
    pub extensions: &'a str,
}

impl<'a> Checkpoint<'a> {
    /// Writes the checkpoint's text to the front of `out`; its length.
    pub fn write(&self, out: &mut [u8]) -> Result<usize, NoteError> {
        let found = out.len() as u64;
        if self.origin.is_empty() || self.origin.chars().any(is_control) {
            return Err(NoteError::BadName);
        }
        if !are_extensions(self.extensions) {
            return Err(NoteError::BadText);
        }
        let too_small = NoteError::TooSmall { found };
        let mut root = [0; HASH_TEXT];
        let root = Base64::encode(&self.root, &mut root).map_err(|_| too_small)?;
        let mut to = TextWriter::new(out);
        write!(
            to,
            "{}\n{}\n{root}\n{}",
            self.origin, self.size, self.extensions
        )
        .map_err(|_| too_small)?;
        Ok(to.used())
    }

    /// Writes the checkpoint as a note signed under its origin to the front of `out`; the note.
    pub fn sign<'b, S: Signer + ?Sized>(
        &self,
        signer: &S,
        out: &'b mut [u8],
    ) -> Result<&'b str, NoteError> {
        let length = self.write(out)?;
        note::sign_in_place(out, length, self.origin, signer)
    }

    /// Reads a checkpoint's text.
    pub fn parse(text: &'a str) -> Result<Self, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        let (origin, rest) = text.split_once('\n').ok_or(malformed)?;
        let (size, rest) = rest.split_once('\n').ok_or(malformed)?;
        let (hash, extensions) = rest.split_once('\n').ok_or(malformed)?;
        let is_number =
            size.bytes().all(|b| b.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
        if origin.is_empty() || !is_number || !are_extensions(extensions) {
            return Err(malformed);
        }
        let mut root = [0; 32];
        let decoded = Base64::decode(hash, &mut root).map_err(|_| malformed)?;
        if decoded.len() != root.len() {
            return Err(malformed);
        }
        Ok(Self {
            origin,
            size: size.parse().map_err(|_| malformed)?,
            root,
            extensions,
        })
    }

    /// Reads a note that `key` must have signed and that must hold a checkpoint of the log named
    /// like the key.
    pub fn verify<V: Verifier + ?Sized>(
        note: &'a [u8],
        key: &NoteKey<'_>,
        verifier: &V,
    ) -> Result<Self, CheckpointError> {
        let note = Note::parse(note)?;
        note.verify(key, verifier)?;
        let checkpoint = Self::parse(note.text())?;
        if checkpoint.origin == key.name {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::WrongOrigin)
        }
    }

    /// Whether no log can have had both: the same size with different roots. For different sizes a
    /// consistency proof decides.
    pub fn contradicts(&self, other: &Checkpoint<'_>) -> bool {
        self.origin == other.origin && self.size == other.size && self.root != other.root
    }
}

/// Whether `text` is lines of which none is empty or has control characters.
fn are_extensions(text: &str) -> bool {
    let is_line = |line: &str| !line.is_empty() && !line.chars().any(is_control);
    text.is_empty() || (text.ends_with('\n') && text.split_terminator('\n').all(is_line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::Ed25519;
    use ed25519_dalek::SigningKey;
    use proptest::prelude::*;
    use std::string::ToString;

    const ROOT: Hash = [7; 32];

    fn checkpoint(size: u64) -> Checkpoint<'static> {
        Checkpoint {
            origin: "example.com/log",
            size,
            root: ROOT,
            extensions: "",
        }
    }

    #[test]
    fn a_signed_checkpoint_reads_back_and_no_changed_byte_is_accepted() {
        let signer = SigningKey::from_bytes(&[1; 32]);
        let key = NoteKey {
            name: "example.com/log",
            key: signer.public_key(),
        };
        let mut out = [0; 512];
        let note = checkpoint(20_852_163).sign(&signer, &mut out).unwrap();
        assert!(note.starts_with("example.com/log\n20852163\nBwcHBwcH"));
        let bytes = note.as_bytes().to_vec();
        assert_eq!(
            Checkpoint::verify(&bytes, &key, &Ed25519),
            Ok(checkpoint(20_852_163))
        );
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert!(
                    Checkpoint::verify(&changed, &key, &Ed25519).is_err(),
                    "{at}.{bit}"
                );
            }
            assert!(Checkpoint::verify(&bytes[..at], &key, &Ed25519).is_err());
        }
        let other = NoteKey {
            key: SigningKey::from_bytes(&[2; 32]).public_key(),
            ..key
        };
        assert_eq!(
            Checkpoint::verify(&bytes, &other, &Ed25519),
            Err(NoteVerifyError::Unsigned.into())
        );
    }

    #[test]
    fn the_example_of_the_signed_note_package_verifies() {
        // golang.org/x/mod/sumdb/note, PeterNeumann: verifier key and note of its documentation.
        let note = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n\n\
                    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        let mut key = [0; 33];
        Base64::decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", &mut key).unwrap();
        let mut public = [0; 32];
        public.copy_from_slice(&key[1..]);
        let key = NoteKey {
            name: "PeterNeumann",
            key: public,
        };
        assert_eq!(
            key.to_string(),
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        );
        let note = Note::parse(note.as_bytes()).unwrap();
        note.verify(&key, &Ed25519).unwrap();
    }

    #[test]
    fn lines_of_other_keys_are_carried_along() {
        let signer = SigningKey::from_bytes(&[1; 32]);
        let key = NoteKey {
            name: "example.com/log",
            key: signer.public_key(),
        };
        let mut out = [0; 512];
        let note = checkpoint(5).sign(&signer, &mut out).unwrap();
        let long = "A".repeat(200);
        let more = std::format!("{note}\u{2014} witness.example {long}\n\u{2014} other AAAAAAA=\n");
        assert_eq!(
            Note::parse(more.as_bytes()).unwrap().signatures().count(),
            3
        );
        assert_eq!(
            Checkpoint::verify(more.as_bytes(), &key, &Ed25519),
            Ok(checkpoint(5))
        );
    }

    #[test]
    fn forms_that_are_not_the_one_are_refused() {
        let root = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
        assert!(Checkpoint::parse(&std::format!("a\n5\n{root}\n")).is_ok());
        assert!(Checkpoint::parse(&std::format!("a\n5\n{root}\nmore\n")).is_ok());
        for text in [
            std::format!("a\n05\n{root}\n"),
            std::format!("a\n+5\n{root}\n"),
            std::format!("a\n\n{root}\n"),
            std::format!("\n5\n{root}\n"),
            std::format!("a\n5\n{root}"),
            std::format!("a\n5\n{root}\n\n"),
            std::format!("a\n5\n{root}\nmore"),
            std::format!("a\n99999999999999999999\n{root}\n"),
            // Bits behind the hash that base64 must have as zero.
            "a\n5\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwd=\n".into(),
            "a\n5\nBwc=\n".into(),
        ] {
            assert_eq!(
                Checkpoint::parse(&text),
                Err(CheckpointError::Malformed),
                "{text}"
            );
        }
    }

    #[test]
    fn lines_of_other_keys_may_be_of_any_length() {
        let signer = SigningKey::from_bytes(&[1; 32]);
        let key = NoteKey {
            name: "example.com/log",
            key: signer.public_key(),
        };
        let mut out = [0; 512];
        let note = checkpoint(8).sign(&signer, &mut out).unwrap();
        for length in 5..300 {
            let mut text = [0; 400];
            let other = Base64::encode(&[7; 300][..length], &mut text).unwrap();
            let both = std::format!("{note}\u{2014} other\u{80} {other}\n");
            let read = Checkpoint::verify(both.as_bytes(), &key, &Ed25519);
            assert_eq!(read.map(|read| read.size), Ok(8), "{length} bytes");
        }
    }

    #[test]
    fn no_checkpoint_with_control_characters_is_written() {
        let mut out = [0; 512];
        let origin = Checkpoint {
            origin: "a\r",
            ..checkpoint(1)
        };
        assert_eq!(origin.write(&mut out), Err(NoteError::BadName));
        let extensions = Checkpoint {
            extensions: "\u{1}\n",
            ..checkpoint(1)
        };
        assert_eq!(extensions.write(&mut out), Err(NoteError::BadText));
    }

    #[test]
    fn two_roots_for_one_size_contradict() {
        let other = Checkpoint {
            root: [8; 32],
            ..checkpoint(5)
        };
        assert!(checkpoint(5).contradicts(&other));
        assert!(!checkpoint(5).contradicts(&checkpoint(5)));
        assert!(!checkpoint(6).contradicts(&other));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,20}\n[0-9]{0,3}\n[A-Za-z=]{40,48}\n\n?\u{2014}? ?[a-z +]{0,6} [A-Za-z=]{0,100}\n") {
            let _ = Note::parse(text.as_bytes()).map(|note| note.signatures().count());
            let _ = Checkpoint::parse(&text).is_ok();
        }
    }
}
