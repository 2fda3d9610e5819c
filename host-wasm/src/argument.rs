//! Arguments as JavaScript gives them, checked.

use crate::failure;
use sensilla::Hash;
use sensilla::log::kind::CERTAIN;
use wasm_bindgen::JsValue;

/// Thirty-two bytes, or an error that says `what` has them.
pub fn hash(bytes: &[u8], what: &str) -> Result<Hash, JsValue> {
    bytes
        .try_into()
        .map_err(|_| failure::argument(&format!("{what} has 32 bytes, not {}", bytes.len())))
}

/// Hashes end to end.
pub fn hashes<'b>(bytes: &'b [u8], what: &str) -> Result<&'b [Hash], JsValue> {
    match bytes.as_chunks() {
        (hashes, []) => Ok(hashes),
        _ => Err(failure::argument(&format!(
            "{what}: {} bytes are not whole ids of 32",
            bytes.len()
        ))),
    }
}

/// Milliseconds as JavaScript counts them.
pub fn time(ms: f64) -> Result<u64, JsValue> {
    if (0.0..=9e15).contains(&ms) {
        Ok(ms as u64)
    } else {
        Err(failure::argument("a time is milliseconds, not negative"))
    }
}

/// A place among events, or how many there are.
pub fn place(index: f64) -> Result<u64, JsValue> {
    if (0.0..=9e15).contains(&index) && index.fract() == 0.0 {
        Ok(index as u64)
    } else {
        Err(failure::argument(&format!(
            "an index is a whole number, not negative; this is {index}"
        )))
    }
}

/// A share of one as the core keeps it.
pub fn fraction(confidence: f32) -> Result<u16, JsValue> {
    if (0.0..=1.0).contains(&confidence) {
        Ok((confidence * f32::from(CERTAIN) + 0.5) as u16)
    } else {
        Err(failure::argument("a confidence is 0 to 1"))
    }
}
