//! Codes and what they mean.

use core::ffi::c_char;
use sensilla::error::ErrorCode;

/// On what the claims of this crate's errors are kept.
#[doc(hidden)]
#[derive(Debug)]
pub struct Codes;

sensilla::errors! {
    /// What only callers in C can do wrong.
    pub enum CallError: 0x2100 {
        /// A pointer is null where none may be.
        Null = 1 => "a pointer is null",
        /// The handle was not filled in, or is of another structure.
        NoHandle = 2 => "the handle is not open; fill it in with a function that formats or opens",
        /// A length does not fit the machine, or a field of a struct is none of its values.
        BadValue = 3 => "a length or a field of a struct is out of range",
        /// The caller's memory for a result is too short.
        TooShort = 4 => "the memory for the result is too short",
        /// Text is not UTF-8.
        NotText = 5 => "the text is not UTF-8",
    }
}

/// Zero, or the code of an error.
pub(crate) fn code<E: ErrorCode>(result: Result<(), E>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(error) => i32::from(error.code()),
    }
}

/// Any error, as its code: what functions that meet errors of several kinds pass on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(pub i32);

impl<E: ErrorCode> From<E> for Code {
    fn from(error: E) -> Self {
        Self(i32::from(error.code()))
    }
}

/// Zero, or the code.
pub(crate) fn done(run: impl FnOnce() -> Result<(), Code>) -> i32 {
    match run() {
        Ok(()) => 0,
        Err(Code(code)) => code,
    }
}

/// Sentences of errors, enum by enum.
const SENTENCES: &[&[(u16, &str)]] = &[
    CallError::SENTENCES,
    sensilla::block::BlockError::SENTENCES,
    sensilla::bank::VectorError::SENTENCES,
    sensilla::bank::InsertError::SENTENCES,
    sensilla::bank::UpdateError::SENTENCES,
    sensilla::bank::SearchError::SENTENCES,
    sensilla::bank::IdError::SENTENCES,
    sensilla::learn::StreamError::SENTENCES,
    sensilla::learn::FinishError::SENTENCES,
    sensilla::learn::recogniser::LearnError::SENTENCES,
    sensilla::learn::recogniser::RecallError::SENTENCES,
    sensilla::log::sign::SignError::SENTENCES,
    sensilla::log::LimitError::SENTENCES,
    sensilla::log::EncodeError::SENTENCES,
    sensilla::log::DecodeError::SENTENCES,
    sensilla::log::IngestError::SENTENCES,
    sensilla::log::LookupError::SENTENCES,
    sensilla::log::event_log::PruneError::SENTENCES,
    sensilla::merkle::AppendError::SENTENCES,
    sensilla::merkle::ProofError::SENTENCES,
    sensilla::merkle::VerifyError::SENTENCES,
    sensilla::merkle::checkpoint::CheckpointError::SENTENCES,
    sensilla::merkle::note::NoteError::SENTENCES,
    sensilla::merkle::note::NoteVerifyError::SENTENCES,
    sensilla::spike::CodeError::SENTENCES,
    sensilla::spike::EncodeError::SENTENCES,
    sensilla::spike::OutputError::SENTENCES,
    sensilla::spike::SignalError::SENTENCES,
];

/// What a code means, as a sentence that ends with a zero byte; `{names}` stand for numbers that
/// only Rust is told. Zero is "success"; a code that is not of this library, "unknown error".
#[unsafe(no_mangle)]
pub extern "C" fn sensilla_strerror(code: i32) -> *const c_char {
    if code == 0 {
        return c"success".as_ptr();
    }
    let mut all = SENTENCES.iter().copied().flatten();
    let found = all.find(|(known, _)| i32::from(*known) == code);
    found.map_or(c"unknown error".as_ptr(), |(_, sentence)| {
        sentence.as_ptr().cast::<c_char>()
    })
}
