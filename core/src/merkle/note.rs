//! Signed notes (C2SP signed-note): text that names signed, with lines that people can read.
//!
//! A note is its text, which ends in a newline, an empty line, and signature lines
//! `— <name> <base64 of key id and signature>`. Only Ed25519 signatures (type 1) are made and
//! checked here; lines of other keys are carried along, as the format wants it.

use crate::error::errors;
use crate::sign::{PublicKey, SignError, Signature, Signer, Verifier};
use base64ct::{Base64, Encoding};
use core::fmt::{self, Write};
use sha2::{Digest, Sha256};

/// Most bytes of a note that is read.
pub const MAX_NOTE: usize = 1_000_000;
/// Most signature lines of a note that is read.
pub const MAX_SIGNATURES: usize = 100;

/// Type of an Ed25519 signature in a key id.
const ED25519: u8 = 1;
/// Key id and signature.
const SIGNATURE_BYTES: usize = 4 + 64;
/// The same in base64.
const SIGNATURE_TEXT: usize = 92;
const DASH: &str = "\u{2014} ";

errors! {
    /// Why a note was not written.
    pub enum NoteError: 0x0540 {
        /// The slice is too short.
        TooSmall { found: u64 } = 1 => "the note does not fit into {found} bytes",
        /// A name is empty, or has a space, a plus sign or a control character.
        BadName = 2 => "a name must not be empty nor have spaces, plus signs or control characters",
        /// The text does not end in a newline or has control characters.
        BadText = 3 => "the text must end in a newline and have no other control characters",
        /// The signer cannot sign now.
        Sign wraps SignError,
    }
}

errors! {
    /// Why a note was not accepted.
    pub enum NoteVerifyError: 0x0550 {
        /// The bytes are not a note.
        Malformed = 1 => "these bytes are not a signed note",
        /// No signature line is of the key.
        Unsigned = 2 => "the note has no signature of this key",
        /// The key's signature line does not hold.
        BadSignature = 3 => "the note's signature of this key does not hold",
    }
}

/// Who signs notes: a name and a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteKey<'a> {
    /// The name, by convention a URL without scheme.
    pub name: &'a str,
    /// The key.
    pub key: PublicKey,
}

impl NoteKey<'_> {
    /// The key's id: the first four bytes of `SHA-256(name ‖ "\n" ‖ 1 ‖ key)`.
    pub fn id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(self.name)
            .chain_update([b'\n', ED25519])
            .chain_update(self.key)
            .finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

/// The verifier key: `<name>+<id in hex>+<base64 of type and key>`.
impl fmt::Display for NoteKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = [ED25519; 33];
        key[1..].copy_from_slice(&self.key);
        let mut text = [0; 44];
        let text = Base64::encode(&key, &mut text).map_err(|_| fmt::Error)?;
        write!(
            f,
            "{}+{:08x}+{text}",
            self.name,
            u32::from_be_bytes(self.id())
        )
    }
}

/// A note that was read; nothing in it is checked but its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    text: &'a str,
    signatures: &'a str,
}

/// A signature line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteSignature<'a> {
    /// Who is said to have signed.
    pub name: &'a str,
    /// With which key.
    pub id: [u8; 4],
    /// The signature, if it is as long as an Ed25519 one.
    pub signature: Option<Signature>,
}

impl<'a> Note<'a> {
    /// Reads a note. Cost: O(bytes).
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NoteVerifyError> {
        let malformed = NoteVerifyError::Malformed;
        if bytes.len() > MAX_NOTE {
            return Err(malformed);
        }
        let note = core::str::from_utf8(bytes).map_err(|_| malformed)?;
        if note.chars().any(|c| is_control(c) && c != '\n') {
            return Err(malformed);
        }
        let split = note.rfind("\n\n").ok_or(malformed)?;
        let (text, rest) = note.split_at_checked(split + 1).ok_or(malformed)?;
        let signatures = rest.strip_prefix('\n').ok_or(malformed)?;
        if signatures.is_empty() || !signatures.ends_with('\n') {
            return Err(malformed);
        }
        if signatures.lines().count() > MAX_SIGNATURES
            || !signatures.lines().all(|line| read_line(line).is_some())
        {
            return Err(malformed);
        }
        Ok(Self { text, signatures })
    }

    /// The text, with the newline that ends it.
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// The signature lines.
    pub fn signatures(&self) -> impl Iterator<Item = NoteSignature<'a>> {
        self.signatures.lines().filter_map(read_line)
    }

    /// Checks that `key` signed the text. Lines of other keys are passed over.
    pub fn verify<V: Verifier + ?Sized>(
        &self,
        key: &NoteKey<'_>,
        verifier: &V,
    ) -> Result<(), NoteVerifyError> {
        let id = key.id();
        let mut found = false;
        for line in self
            .signatures()
            .filter(|l| l.name == key.name && l.id == id)
        {
            let holds = line
                .signature
                .is_some_and(|s| verifier.verify(&key.key, self.text.as_bytes(), &s));
            if !holds {
                return Err(NoteVerifyError::BadSignature);
            }
            found = true;
        }
        if found {
            Ok(())
        } else {
            Err(NoteVerifyError::Unsigned)
        }
    }
}

fn read_line(line: &str) -> Option<NoteSignature<'_>> {
    let (name, text) = line.strip_prefix(DASH)?.split_once(' ')?;
    if !is_name(name) {
        return None;
    }
    let mut bytes = [0; SIGNATURE_BYTES];
    let signature = match Base64::decode(text, &mut bytes) {
        Ok(decoded) if decoded.len() == SIGNATURE_BYTES => decoded.last_chunk::<64>().copied(),
        // Of a kind that is not checked here: of any length, but base64 of more than a key id.
        Ok(decoded) if decoded.len() > 4 => None,
        Ok(_) => return None,
        Err(_) => {
            let head: [u8; 8] = text.as_bytes().first_chunk().copied()?;
            let mut start = [0; 6];
            Base64::decode(head, &mut start).ok()?;
            bytes[..6].copy_from_slice(&start);
            // As many characters as a signature of ours, and no padding: one byte more.
            let longer =
                text.len() >= SIGNATURE_TEXT && !text.ends_with('=') || text.len() > SIGNATURE_TEXT;
            if !longer || !is_base64(text) {
                return None;
            }
            None
        }
    };
    let id = *bytes.first_chunk::<4>()?;
    Some(NoteSignature {
        name,
        id,
        signature,
    })
}

fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}

/// What the format calls a control character: U+007F is none.
pub(super) fn is_control(c: char) -> bool {
    c < ' '
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name
            .chars()
            .any(|c| c.is_whitespace() || c == '+' || is_control(c))
}

/// Writes into a slice; what does not fit is an error.
pub(crate) struct TextWriter<'a> {
    out: &'a mut [u8],
    used: usize,
}

impl<'a> TextWriter<'a> {
    pub(crate) fn new(out: &'a mut [u8]) -> Self {
        Self { out, used: 0 }
    }

    pub(crate) fn used(&self) -> usize {
        self.used
    }
}

impl Write for TextWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.used.checked_add(text.len()).ok_or(fmt::Error)?;
        let to = self.out.get_mut(self.used..end).ok_or(fmt::Error)?;
        to.copy_from_slice(text.as_bytes());
        self.used = end;
        Ok(())
    }
}

/// Signs the text that is the first `length` bytes of `out` under `name`, and completes the note
/// behind it; the whole note.
pub fn sign_in_place<'b, S: Signer + ?Sized>(
    out: &'b mut [u8],
    length: usize,
    name: &str,
    signer: &S,
) -> Result<&'b str, NoteError> {
    let found = out.len() as u64;
    let too_small = NoteError::TooSmall { found };
    if !is_name(name) {
        return Err(NoteError::BadName);
    }
    let text = out.get(..length).ok_or(too_small)?;
    let clean = text.last() == Some(&b'\n')
        && core::str::from_utf8(text).is_ok_and(|t| !t.chars().any(|c| is_control(c) && c != '\n'));
    if !clean {
        return Err(NoteError::BadText);
    }
    let signature = signer.sign(text)?;
    let key = NoteKey {
        name,
        key: signer.public_key(),
    };
    let mut bytes = [0; SIGNATURE_BYTES];
    bytes[..4].copy_from_slice(&key.id());
    bytes[4..].copy_from_slice(&signature);
    let mut base64 = [0; SIGNATURE_TEXT];
    let base64 = Base64::encode(&bytes, &mut base64).map_err(|_| too_small)?;
    let mut to = TextWriter {
        out: &mut *out,
        used: length,
    };
    write!(to, "\n{DASH}{name} {base64}\n").map_err(|_| too_small)?;
    let used = to.used();
    let note = out.get(..used).ok_or(too_small)?;
    core::str::from_utf8(note).map_err(|_| NoteError::BadText)
}
