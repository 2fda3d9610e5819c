//! A log of signed events: what this device and others said, in order, provable.

use crate::check::{Callback, hash, sensilla_verify};
use crate::error::{CallError, Code, done};
use crate::handle::{fill, get, handle, held, put, slice, slice_mut, string, text};
use core::ffi::{c_char, c_void};
use sensilla::log::kind::Assert;
use sensilla::log::sign::{PublicKey, SignError, Signature, Signer};
use sensilla::log::{Author, EventKind, EventLog, LogConfig, Overflow, Policy};
use sensilla::merkle::{Checkpoint, Proof};

/// An event is refused when the log is full; pruning makes room.
pub const SENSILLA_REFUSE: u32 = 0;
/// The oldest events go when the log is full.
pub const SENSILLA_EVICT_OLDEST: u32 = 1;
/// The oldest events go when the log is full, if they were exported.
pub const SENSILLA_EVICT_EXPORTED: u32 = 2;
/// An event is refused when the log is full, and so is pruning what was not exported.
pub const SENSILLA_KEEP_UNTIL_EXPORTED: u32 = 3;

/// Most hashes of a proof.
pub const SENSILLA_MAX_PROOF: usize = 33;
const _: () = assert!(SENSILLA_MAX_PROOF == sensilla::merkle::proof::MAX_PROOF);

/// How much a log holds. What is zero is as the library sets it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(non_camel_case_types)]
pub struct sensilla_log_config {
    /// Events that are kept.
    pub entries: u32,
    /// Bytes for their bodies.
    pub bytes: u32,
    /// At most two to the power of this many events ever, 1 to 32; zero is 32.
    pub height: u32,
    /// What an append to a full log does: `SENSILLA_REFUSE` and its like.
    pub overflow: u32,
    /// Different authors of the kept events; zero is 64.
    pub authors: u16,
    /// Different contexts of the kept events; zero is 16.
    pub contexts: u16,
    /// Events whose proofs are kept after they were pruned.
    pub watches: u16,
    /// Zero.
    pub reserved: u16,
    /// What look-up tables are mixed with: best drawn at random for each device.
    pub seed: u64,
    /// The realm that its events are of.
    pub realm: [u8; 32],
    /// Most bytes of the events of one author; zero is no limit.
    pub bytes_each: u32,
}

/// A claim: about `subject`, `predicate` is `value`. Texts end with a zero byte.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(non_camel_case_types)]
pub struct sensilla_claim {
    /// Where it is said.
    pub context: *const c_char,
    /// What the claim is about.
    pub subject: *const c_char,
    /// Which of its properties.
    pub predicate: *const c_char,
    /// What the property is said to be.
    pub value: *const c_char,
    /// SHA-256 of what backs the claim, `evidence_count` times 32 bytes; null if there is none.
    pub evidence: *const u8,
    /// How many.
    pub evidence_count: usize,
    /// The id, of 32 bytes, of an earlier claim that this one replaces; null if there is none.
    pub supersedes: *const u8,
    /// When the claim stops to hold, in milliseconds; zero is never.
    pub expires: u64,
    /// The number of the event among its author's, from 1. Zero goes on where the log has the
    /// author's last one, which must then be kept: a number that was used is never used again.
    pub sequence: u32,
    /// How sure the author is, as a fraction of 65,535.
    pub confidence: u16,
}

/// Signs `length` bytes from `message` with the author's key and writes 64 bytes of Ed25519
/// signature; whether it could.
#[allow(non_camel_case_types)]
pub type sensilla_sign = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        message: *const u8,
        length: usize,
        signature: *mut u8,
    ) -> bool,
>;

/// An event where it lies in a log.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(non_camel_case_types)]
pub struct sensilla_entry {
    /// Its bytes, until the log changes.
    pub bytes: *const u8,
    /// How many.
    pub length: usize,
    /// When the log took it, in milliseconds.
    pub accepted: u64,
}

/// A log that is open. Zero before it is filled in.
#[repr(C)]
#[derive(Debug)]
#[allow(non_camel_case_types)]
pub struct sensilla_log {
    /// The library's.
    tag: u64,
    /// The library's.
    state: [usize; 144],
}

handle!(sensilla_log: EventLog<'static>, 0x454c_4f47);

/// The caller's function for an author's signatures.
struct Key {
    sign: unsafe extern "C" fn(*mut c_void, *const u8, usize, *mut u8) -> bool,
    context: *mut c_void,
    public: PublicKey,
}

impl Signer for Key {
    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let mut signature = [0; 64];
        let (start, length) = (message.as_ptr(), message.len());
        // SAFETY: the pointers are valid for their lengths; the caller brought the function.
        match unsafe { (self.sign)(self.context, start, length, signature.as_mut_ptr()) } {
            true => Ok(signature),
            false => Err(SignError::Unavailable),
        }
    }
}

impl Key {
    /// # Safety
    /// `public` is null or valid for reading 32 bytes.
    unsafe fn new(
        sign: sensilla_sign,
        context: *mut c_void,
        public: *const u8,
    ) -> Result<Self, Code> {
        Ok(Self {
            sign: sign.ok_or(CallError::Null)?,
            context,
            // SAFETY: the caller's promise.
            public: unsafe { hash(public) }?,
        })
    }
}

fn config(from: &sensilla_log_config) -> Result<LogConfig, Code> {
    let mut config = LogConfig::new(from.entries, from.bytes)
        .watches(from.watches)
        .bytes_each(from.bytes_each)
        .seed(from.seed)
        .realm(from.realm)
        .overflow(match from.overflow {
            SENSILLA_REFUSE => Overflow::Refuse,
            SENSILLA_EVICT_OLDEST => Overflow::EvictOldest,
            SENSILLA_EVICT_EXPORTED => Overflow::EvictExported,
            SENSILLA_KEEP_UNTIL_EXPORTED => Overflow::KeepUntilExported,
            _ => return Err(CallError::BadValue.into()),
        });
    if from.height != 0 {
        config = config.height(from.height);
    }
    if from.authors != 0 {
        config = config.authors(from.authors);
    }
    if from.contexts != 0 {
        config = config.contexts(from.contexts);
    }
    Ok(config)
}

/// Bytes of memory for a log, or zero if the configuration is none.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_bytes(of: *const sensilla_log_config) -> usize {
    // SAFETY: the caller's promise.
    let config = unsafe { get(of) }.and_then(|of| config(&of));
    config.map_or(0, |config| config.bytes())
}

/// Makes an empty log in `size` bytes of memory and opens it.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_format(
    log: *mut sensilla_log,
    memory: *mut u8,
    size: usize,
    of: *const sensilla_log_config,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let config = config(&get(of)?)?;
            fill(log, || {
                Ok(EventLog::format(slice_mut(memory, size)?, config)?)
            })
        }
    })
}

/// Opens a log that lies in `size` bytes of memory, with all of it checked, and with `verified` the
/// seal too.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_open(
    log: *mut sensilla_log,
    memory: *mut u8,
    size: usize,
    verified: bool,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            fill(log, || {
                let memory = slice_mut(memory, size)?;
                Ok(match verified {
                    true => EventLog::open_verified(memory)?,
                    false => EventLog::open(memory)?,
                })
            })
        }
    })
}

/// Number of events ever appended; zero if the handle is not open.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_size(log: *mut sensilla_log) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { held(log) }.map_or(0, |log| log.size())
}

/// Number of the first event that is kept; zero if the handle is not open.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_first(log: *mut sensilla_log) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { held(log) }.map_or(0, |log| log.first())
}

/// Says a claim at `now`, in milliseconds: signs it as an event of the author whose key is
/// `key`, of 32 bytes, writes its bytes to `event`, of up to `size`, and appends it to the log. The
/// length of the event is written to `length`, its number to `index`; both may be null.
///
/// # Safety
/// See the [crate]; `sign` may be called with `context` while this runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_append(
    log: *mut sensilla_log,
    claim: *const sensilla_claim,
    now: u64,
    key: *const u8,
    sign: sensilla_sign,
    context: *mut c_void,
    event: *mut u8,
    size: usize,
    length: *mut usize,
    index: *mut u64,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let (log, claim) = (held(log)?, get(claim)?);
            let mut author = Author::of(log, Key::new(sign, context, key)?);
            if claim.sequence != 0 {
                author.next = claim.sequence;
            }
            let supersedes = match claim.supersedes.is_null() {
                true => None,
                false => Some(hash(claim.supersedes)?),
            };
            let kind = EventKind::Assert(Assert {
                subject: string(claim.subject)?,
                predicate: string(claim.predicate)?,
                value: string(claim.value)?,
                evidence: slice(claim.evidence.cast(), claim.evidence_count)?,
                confidence: claim.confidence,
                expires: (claim.expires != 0).then_some(claim.expires),
                supersedes,
            });
            let said = author.event(string(claim.context)?, now, kind);
            let signed = said.sign(&author.signer, slice_mut(event, size)?)?;
            let verifier = Callback::never();
            let taken = log.ingest(signed.bytes(), &Policy::trusted(), &verifier, now)?;
            if !length.is_null() {
                put(length, signed.bytes().len())?;
            }
            match index.is_null() {
                true => Ok(()),
                false => put(index, taken),
            }
        }
    })
}

/// Appends another's event of `length` bytes at `now`, in milliseconds, once `verify` found its
/// signature good; its number is written to `index`, which may be null.
///
/// # Safety
/// See the [crate]; `verify` may be called with `context` while this runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_ingest(
    log: *mut sensilla_log,
    event: *const u8,
    length: usize,
    now: u64,
    verify: sensilla_verify,
    context: *mut c_void,
    index: *mut u64,
) -> i32 {
    done(|| {
        let verifier = Callback::new(verify, context)?;
        // SAFETY: the caller's promise.
        unsafe {
            let (log, event) = (held(log)?, slice(event, length)?);
            let taken = log.ingest(event, &Policy::new(), &verifier, now)?;
            match index.is_null() {
                true => Ok(()),
                false => put(index, taken),
            }
        }
    })
}

/// The event of a number.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_get(
    log: *mut sensilla_log,
    index: u64,
    entry: *mut sensilla_entry,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let found = held(log)?.get(index)?;
            let found = sensilla_entry {
                bytes: found.bytes().as_ptr(),
                length: found.bytes().len(),
                accepted: found.accepted(),
            };
            put(entry, found)
        }
    })
}

/// The root over all events.
///
/// # Safety
/// See the [crate]; `root` has room for 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_root(log: *mut sensilla_log, root: *mut u8) -> i32 {
    // SAFETY: the caller's promise.
    done(|| unsafe { put(root.cast(), held(log)?.root()) })
}

/// Proves that event `index` is among the first `size`: as many hashes of 32 bytes as `hashes` says,
/// at most `SENSILLA_MAX_PROOF`.
///
/// # Safety
/// See the [crate]; `proof` has room for `room` hashes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_prove_inclusion(
    log: *mut sensilla_log,
    index: u64,
    size: u64,
    proof: *mut u8,
    room: usize,
    hashes: *mut usize,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let found = held(log)?.prove_inclusion(index, size)?;
            give(&found, proof, room, hashes)
        }
    })
}

/// Proves that the log of the first `old_size` events is the beginning of that of `new_size`: as many
/// hashes of 32 bytes as `hashes` says, at most `SENSILLA_MAX_PROOF`.
///
/// # Safety
/// See the [crate]; `proof` has room for `room` hashes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_prove_consistency(
    log: *mut sensilla_log,
    old_size: u64,
    new_size: u64,
    proof: *mut u8,
    room: usize,
    hashes: *mut usize,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let found = held(log)?.prove_consistency(old_size, new_size)?;
            give(&found, proof, room, hashes)
        }
    })
}

/// Writes a checkpoint, the size and root of the log, signed under `origin` with the key `key`, of 32
/// bytes: text of as many bytes as `length` says.
///
/// # Safety
/// See the [crate]; `note` has room for `size` bytes, and `sign` may be called with `context`
/// while this runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_checkpoint(
    log: *mut sensilla_log,
    origin: *const u8,
    origin_length: usize,
    key: *const u8,
    sign: sensilla_sign,
    context: *mut c_void,
    note: *mut u8,
    size: usize,
    length: *mut usize,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let log = held(log)?;
            let key = Key::new(sign, context, key)?;
            let checkpoint = Checkpoint {
                origin: text(origin, origin_length)?,
                size: log.size(),
                root: log.root(),
                extensions: "",
            };
            let written = checkpoint.sign(&key, slice_mut(note, size)?)?;
            put(length, written.len())
        }
    })
}

/// Notes that the first `size` events are stored elsewhere.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_mark_exported(log: *mut sensilla_log, size: u64) -> i32 {
    // SAFETY: the caller's promise.
    done(|| unsafe { Ok(held(log)?.mark_exported(size)?) })
}

/// Forgets the events before `first`; root and proofs of those that are kept stay.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_prune(log: *mut sensilla_log, first: u64) -> i32 {
    // SAFETY: the caller's promise.
    done(|| unsafe { Ok(held(log)?.prune(first)?) })
}

/// Seals the log, so that it can be opened verified, and gives the digest of its bytes, which may be
/// null.
///
/// # Safety
/// See the [crate]; `digest` has room for 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_log_seal(log: *mut sensilla_log, digest: *mut u8) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let sealed = held(log)?.seal();
            match digest.is_null() {
                true => Ok(()),
                false => put(digest.cast(), sealed),
            }
        }
    })
}

/// Hands a proof over.
///
/// # Safety
/// `proof` has room for `room` hashes, `hashes` is null or valid for writing.
unsafe fn give(found: &Proof, proof: *mut u8, room: usize, hashes: *mut usize) -> Result<(), Code> {
    if found.len() > room {
        return Err(CallError::TooShort.into());
    }
    // SAFETY: the caller's promise; hashes are bytes, aligned anywhere.
    unsafe {
        slice_mut(proof.cast::<[u8; 32]>(), found.len())?.copy_from_slice(found);
        put(hashes, found.len())
    }
}
