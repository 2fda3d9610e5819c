//! Errors of this boundary, and how any error reaches the caller.

use alloc::string::String;
use core::fmt::Write;
use sensilla::error::ErrorCode;

/// On what the claims of this crate's errors are kept.
#[doc(hidden)]
#[derive(Debug)]
pub struct Codes;

sensilla::errors! {
    /// Why a call was not made.
    pub enum CallError: 0x2200 {
        /// The object was freed.
        NoObject = 1 => "the object was freed; make another",
        /// The arguments are not laid out as this module takes them.
        Malformed = 2 => "the call is not of the form that this module takes; use one version of the package",
        /// A text is not UTF-8.
        NotText = 3 => "a text is not valid Unicode",
        /// There is no window to speak of.
        NoWindow = 4 => "no window was ended; push samples, then call embed()",
        /// The memory of the module is used up.
        OutOfMemory = 5 => "the memory of the module is used up; free what is not used any more",
    }
}

/// An error on its way out of the module.
#[derive(Debug)]
pub struct Failure {
    /// Its stable number.
    pub code: u16,
    /// Its sentence.
    pub sentence: String,
}

impl<E: ErrorCode> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut sentence = String::new();
        // A string takes whatever is written to it.
        let _ = write!(sentence, "{error}");
        Self {
            code: error.code(),
            sentence,
        }
    }
}

impl Failure {
    /// The same, said of one of several.
    pub fn of(self, what: &str, index: usize) -> Self {
        let mut sentence = String::new();
        let _ = write!(sentence, "{what} {index}: {}", self.sentence);
        Self { sentence, ..self }
    }
}
