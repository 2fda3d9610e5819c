//! A SHA-256 over everything that calls returned, for cases that return much.

use core::error::Error;
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

    /// What a call answered; an error as what it comes from, whichever calls passed it on.
    pub fn answer<T: Debug, E: Error + 'static>(&mut self, answer: &Result<T, E>) {
        self.shown(&answer.as_ref().map_err(|error| cause(error)));
    }

    pub fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}

/// The last of an error's sources.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    error.source().map_or(error, cause)
}
