//! Errors of the core as JavaScript sees them.

use js_sys::{Error, Reflect};
use sensilla::error::ErrorCode;
use wasm_bindgen::JsValue;

/// An `Error` with the core's sentence and its `code`.
pub fn of<E: ErrorCode>(error: E) -> JsValue {
    with_code(&format!("{error}"), error.code())
}

/// An `Error` with the core's sentence about one query of a batch, and its `code`.
pub fn of_query<E: ErrorCode>(index: usize, error: E) -> JsValue {
    with_code(&format!("query {index}: {error}"), error.code())
}

/// An `Error` of this boundary: what the core never sees, since an argument does not fit.
pub fn argument(message: &str) -> JsValue {
    with_code(message, 0)
}

/// An `Error` with a sentence and a number.
fn with_code(message: &str, code: u16) -> JsValue {
    let error = Error::new(message);
    // Fails on frozen objects alone, and this one is new.
    let _ = Reflect::set(&error, &"code".into(), &code.into());
    error.into()
}
