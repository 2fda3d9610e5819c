//! Values and signals as spikes.

use crate::error::{CallError, Code, done};
use crate::handle::{slice, slice_mut, string};
use core::ffi::c_char;
use sensilla::spike::Code as SpikeCode;

/// The code called `name` with parameters as `key=value`, comma-separated.
fn named(name: &str, parameters: &str) -> Result<SpikeCode, Code> {
    let mut code = SpikeCode::named(name)?;
    for pair in parameters.split(',').map(str::trim) {
        if pair.is_empty() {
            continue;
        }
        let (key, value) = pair.split_once('=').ok_or(CallError::BadValue)?;
        code = code.with(key.trim(), value.trim())?;
    }
    Ok(code)
}

/// Encodes a signal of `length` samples by the code called `code` (`delta`, `step-forward`,
/// `moving-window`, …) with parameters as in `threshold=0.5,off_spike=true`, both ended by a zero
/// byte: each of `spikes` becomes 1, -1 or 0. `scratch` has room for twice the window of the code
/// `bsa`; for other codes it may be null.
///
/// # Safety
/// See the [crate]; `spikes` has room for `length`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_encode_signal(
    code: *const c_char,
    parameters: *const c_char,
    signal: *const f64,
    length: usize,
    scratch: *mut f64,
    scratch_length: usize,
    spikes: *mut i8,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let code = named(string(code)?, string(parameters)?)?;
            let (signal, spikes) = (slice(signal, length)?, slice_mut(spikes, length)?);
            code.encode_signal(signal, slice_mut(scratch, scratch_length)?, spikes)?;
        }
        Ok(())
    })
}

/// Gives a signal back from its spikes; see `sensilla_encode_signal`.
///
/// # Safety
/// See the [crate]; `signal` has room for `length`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_decode_signal(
    code: *const c_char,
    parameters: *const c_char,
    spikes: *const i8,
    length: usize,
    scratch: *mut f64,
    scratch_length: usize,
    signal: *mut f64,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let code = named(string(code)?, string(parameters)?)?;
            let (spikes, signal) = (slice(spikes, length)?, slice_mut(signal, length)?);
            code.decode_signal(spikes, slice_mut(scratch, scratch_length)?, signal)?;
        }
        Ok(())
    })
}
