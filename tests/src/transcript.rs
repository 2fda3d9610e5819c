//! A SHA-256 over everything that calls returned, for cases that return much.

use core::fmt::{self, Debug, Write};
use sensilla::Hash;
use sha2::{Digest, Sha256};

/// Takes what calls returned, in order.
pub struct Transcript(Sha256);

impl Transcript {
    pub fn new() -> Self {
        Self(Sha256::new())
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    pub fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    /// By its bits: a zero's sign and the last digit count.
    pub fn float(&mut self, float: f32) {
        self.0.update(float.to_bits().to_le_bytes());
    }

    /// By its text: for errors and other small results.
    pub fn shown(&mut self, result: &dyn Debug) {
        struct Into<'a>(&'a mut Sha256);
        impl Write for Into<'_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.update(text.as_bytes());
                Ok(())
            }
        }
        let _ = writeln!(Into(&mut self.0), "{result:?}");
    }

    pub fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}
