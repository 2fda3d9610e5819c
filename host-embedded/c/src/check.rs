//! What anyone can check of another's log: proofs and checkpoints.

use crate::error::{CallError, Code, done};
use crate::handle::{get, put, slice, text};
use core::ffi::c_void;
use sensilla::merkle::note::NoteKey;
use sensilla::merkle::{Checkpoint, leaf_hash, verify_consistency, verify_inclusion};
use sensilla::sign::{PublicKey, Signature, Verifier};

/// Whether `signature`, of 64 bytes, is the Ed25519 signature of `length` bytes from `message` under
/// `key`, of 32 bytes.
#[allow(non_camel_case_types)]
pub type sensilla_verify = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        key: *const u8,
        message: *const u8,
        length: usize,
        signature: *const u8,
    ) -> bool,
>;

/// The caller's function for signatures.
pub(crate) struct Callback {
    verify: unsafe extern "C" fn(*mut c_void, *const u8, *const u8, usize, *const u8) -> bool,
    context: *mut c_void,
}

impl Callback {
    pub(crate) fn new(verify: sensilla_verify, context: *mut c_void) -> Result<Self, Code> {
        let verify = verify.ok_or(CallError::Null)?;
        Ok(Self { verify, context })
    }

    /// One that finds no signature good: for what is trusted without.
    pub(crate) fn never() -> Self {
        unsafe extern "C" fn no(
            _: *mut c_void,
            _: *const u8,
            _: *const u8,
            _: usize,
            _: *const u8,
        ) -> bool {
            false
        }
        let context = core::ptr::null_mut();
        Self {
            verify: no,
            context,
        }
    }
}

impl Verifier for Callback {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        let (key, signature) = (key.as_ptr(), signature.as_ptr());
        // SAFETY: the pointers are valid for their lengths; the caller brought the function.
        unsafe {
            (self.verify)(
                self.context,
                key,
                message.as_ptr(),
                message.len(),
                signature,
            )
        }
    }
}

/// The 32 bytes from `start`.
///
/// # Safety
/// `start` is null or valid for reading them.
pub(crate) unsafe fn hash(start: *const u8) -> Result<[u8; 32], Code> {
    // SAFETY: the caller's promise; bytes are aligned anywhere.
    unsafe { get(start.cast()) }
}

/// What a checkpoint says.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(non_camel_case_types)]
pub struct sensilla_checkpoint {
    /// Entries of the log.
    pub size: u64,
    /// Root of its Merkle tree.
    pub root: [u8; 32],
}

/// The hash of the leaf that an event of `length` bytes is in the tree of a log (RFC 6962, section
/// 2.1).
///
/// # Safety
/// See the [crate]; `leaf` has room for 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_leaf_hash(event: *const u8, length: usize, leaf: *mut u8) -> i32 {
    // SAFETY: the caller's promise; bytes are aligned anywhere.
    done(|| unsafe { put(leaf.cast(), leaf_hash(slice(event, length)?)) })
}

/// Whether the entry whose leaf has the hash `leaf` is the one at `index` of a log of `size` entries
/// and root `root`, each hash of 32 bytes: zero, if `proof`, of `hashes` times 32 bytes, shows it (RFC 6962, section 2.1.1).
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_verify_inclusion(
    leaf: *const u8,
    index: u64,
    size: u64,
    proof: *const u8,
    hashes: usize,
    root: *const u8,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let (leaf, root, proof) = (hash(leaf)?, hash(root)?, slice(proof.cast(), hashes)?);
            Ok(verify_inclusion(&leaf, index, size, proof, &root)?)
        }
    })
}

/// Whether a log of `old_size` entries and root `old_root` became one of `new_size` and `new_root` by
/// appending alone: zero, if `proof` shows it (RFC 6962, section 2.1.2).
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_verify_consistency(
    old_size: u64,
    new_size: u64,
    proof: *const u8,
    hashes: usize,
    old_root: *const u8,
    new_root: *const u8,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let (old, new, proof) = (
                hash(old_root)?,
                hash(new_root)?,
                slice(proof.cast(), hashes)?,
            );
            Ok(verify_consistency(old_size, new_size, proof, &old, &new)?)
        }
    })
}

/// Reads a signed checkpoint and checks its signature by the key that goes by `name`.
///
/// # Safety
/// See the [crate]; `verify` may be called with `context` while this runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_verify_checkpoint(
    note: *const u8,
    length: usize,
    name: *const u8,
    name_length: usize,
    key: *const u8,
    verify: sensilla_verify,
    context: *mut c_void,
    checkpoint: *mut sensilla_checkpoint,
) -> i32 {
    done(|| {
        let verifier = Callback::new(verify, context)?;
        // SAFETY: the caller's promise.
        unsafe {
            let key = NoteKey {
                name: text(name, name_length)?,
                key: hash(key)?,
            };
            let found = Checkpoint::verify(slice(note, length)?, &key, &verifier)?;
            let (size, root) = (found.size, found.root);
            put(checkpoint, sensilla_checkpoint { size, root })
        }
    })
}
