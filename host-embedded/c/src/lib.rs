//! Sensilla for C.
//!
//! `cargo xtask package c` builds this crate as a static library and writes the header
//! `include/sensilla.h` from it. Nothing here allocates, and nothing is needed of a C library but
//! `memcpy`, `memmove`, `memset` and `memcmp`.
//!
//! A structure lies in memory of the caller, as in Rust. What C holds of it is a *handle*, a struct
//! of fixed size that the caller places where it likes: it has pointers into that memory, and is
//! filled in by a function that formats or opens. While a handle is used the memory belongs to it.
//!
//! Every function returns zero, or one of the codes that Rust and JavaScript have as well;
//! [`sensilla_strerror`](error::sensilla_strerror) says what a code means. On an error nothing has
//! changed.
//!
//! # Safety
//!
//! Rust cannot check what C promises. Of all functions:
//!
//! - A pointer is null, which is an error, or valid for what its parameter's documentation says, and
//!   aligned as its type wants; memory for structures is aligned to 64 bytes, which is checked.
//! - Handles are zero, or were filled in by a function of the library and not written to since.
//! - One handle is used by one thread at a time.
#![no_std]

pub mod bank;
pub mod check;
#[cfg(feature = "ed25519")]
pub mod ed25519;
pub mod error;
mod handle;
pub mod log;
pub mod recogniser;
pub mod spike;

#[cfg(feature = "standalone")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// The version of the library: major, minor and patch, each in a byte of its own, as
/// `SENSILLA_VERSION` has it for the header.
#[unsafe(no_mangle)]
pub extern "C" fn sensilla_version() -> u32 {
    SENSILLA_VERSION
}

/// The version as one number.
const SENSILLA_VERSION: u32 = version(env!("CARGO_PKG_VERSION"));

const fn version(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let (mut version, mut part, mut at) = (0, 0, 0);
    while at < bytes.len() {
        match bytes[at] {
            digit @ b'0'..=b'9' => part = part * 10 + (digit - b'0') as u32,
            _ => {
                version = version << 8 | part;
                part = 0;
            }
        }
        at += 1;
    }
    version << 8 | part
}
