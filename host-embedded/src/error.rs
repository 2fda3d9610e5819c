//! How this crate reports failure: as the core does.
//!
//! Each operation has a small enum by [`sensilla::errors!`], with a sentence that says how to
//! recover and a [`code`](sensilla::error::ErrorCode::code) from `0x2000` to `0x20ff`, apart from
//! those of the core.

/// On what the claims of this crate's errors are kept.
#[doc(hidden)]
#[derive(Debug)]
pub struct Codes;
