//! Ed25519 in software, for devices whose keys lie in plain memory.

use crate::error::done;
use crate::handle::{get, put, slice};
use core::ffi::c_void;
use ed25519_dalek::SigningKey;
use sensilla::log::Ed25519;
use sensilla::sign::{Signer, Verifier};

/// The public key, of 32 bytes, that belongs to the secret `seed`, of 32 bytes.
///
/// # Safety
/// See the [crate]; `key` has room for 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_ed25519_public_key(seed: *const u8, key: *mut u8) -> i32 {
    done(|| {
        // SAFETY: the caller's promise; bytes are aligned anywhere.
        unsafe {
            let secret = SigningKey::from_bytes(&get(seed.cast())?);
            put(key.cast(), secret.public_key())
        }
    })
}

/// A `sensilla_sign` whose `context` is the secret seed, of 32 bytes.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_ed25519_sign(
    context: *mut c_void,
    message: *const u8,
    length: usize,
    signature: *mut u8,
) -> bool {
    let signed = done(|| {
        // SAFETY: the caller's promise; bytes are aligned anywhere.
        unsafe {
            let secret = SigningKey::from_bytes(&get(context.cast::<[u8; 32]>())?);
            put(signature.cast(), secret.sign(slice(message, length)?)?)
        }
    });
    signed == 0
}

/// A `sensilla_verify` that needs no `context`. Strict: no weak keys, no second encoding of a signature.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_ed25519_verify(
    context: *mut c_void,
    key: *const u8,
    message: *const u8,
    length: usize,
    signature: *const u8,
) -> bool {
    let _ = context;
    let mut good = false;
    let read = done(|| {
        // SAFETY: the caller's promise; bytes are aligned anywhere.
        unsafe {
            let (key, signature) = (get(key.cast())?, get(signature.cast())?);
            good = Ed25519.verify(&key, slice(message, length)?, &signature);
        }
        Ok(())
    });
    read == 0 && good
}
