//! Which kernels this machine runs, and the override that tests use to force each of them.

use crate::error::errors;
use core::sync::atomic::{AtomicU8, Ordering};

/// A set of kernels. All levels return the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[repr(u8)]
#[non_exhaustive]
pub enum Level {
    /// Portable code, the reference; in every build but those of which it is known that they have
    /// [`Simd128`](Self::Simd128), [`Dsp`](Self::Dsp) or [`Helium`](Self::Helium).
    Scalar = 1,
    /// x86-64 baseline.
    Sse2 = 2,
    /// x86-64 with AVX2.
    Avx2 = 3,
    /// x86-64 with AVX-512 F, BW, VL and VNNI.
    Avx512Vnni = 4,
    /// 64-bit ARM.
    Neon = 5,
    /// WebAssembly with fixed-width SIMD: settled when the code is compiled, for a module with these
    /// instructions in it does not load where they are missing.
    Simd128 = 6,
    /// ARMv7E-M, and ARMv8-M with the DSP extension: settled when the code is compiled.
    Dsp = 7,
    /// Armv8.1-M with the vectors called Helium or MVE (Cortex-M52, M55, M85): settled when the code
    /// is compiled, for `thumbv8m.main-none-eabihf` with `RUSTFLAGS="--cfg sensilla_helium"`.
    Helium = 8,
}

impl Level {
    /// Every level, whether or not this machine has it.
    pub const ALL: [Level; 8] = [
        Level::Scalar,
        Level::Sse2,
        Level::Avx2,
        Level::Avx512Vnni,
        Level::Neon,
        Level::Simd128,
        Level::Dsp,
        Level::Helium,
    ];

    /// Whether this machine and this build have the level.
    pub fn is_supported(self) -> bool {
        match self {
            Level::Scalar => {
                !Level::Simd128.is_supported()
                    && !cfg!(all(feature = "simd", any(arm_dsp, arm_helium)))
            }
            Level::Dsp => cfg!(all(feature = "simd", arm_dsp)),
            Level::Helium => cfg!(all(feature = "simd", arm_helium)),
            #[cfg(all(feature = "simd", target_arch = "x86_64"))]
            Level::Sse2 | Level::Avx2 | Level::Avx512Vnni => super::x86::has(self),
            Level::Neon => {
                cfg!(all(
                    feature = "simd",
                    target_arch = "aarch64",
                    target_feature = "neon"
                ))
            }
            Level::Simd128 => {
                cfg!(all(
                    feature = "simd",
                    target_arch = "wasm32",
                    target_feature = "simd128"
                ))
            }
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }
}

errors! {
    /// Why another level was not taken.
    pub enum LevelError: 0x0b00 {
        /// The level asked for does not exist on this machine or in this build.
        Unsupported = 1 => "this machine or build has no kernels of that level",
    }
}

/// Zero: not yet looked up.
static LEVEL: AtomicU8 = AtomicU8::new(0);

/// The level in use: the best there is, unless [`force`] asked for another.
#[inline]
pub fn level() -> Level {
    match LEVEL.load(Ordering::Relaxed) {
        1 => Level::Scalar,
        2 => Level::Sse2,
        3 => Level::Avx2,
        4 => Level::Avx512Vnni,
        5 => Level::Neon,
        6 => Level::Simd128,
        7 => Level::Dsp,
        8 => Level::Helium,
        _ => detect(),
    }
}

#[cold]
fn detect() -> Level {
    let best = Level::ALL
        .into_iter()
        .rev()
        .find(|level| level.is_supported())
        .unwrap_or(Level::Scalar);
    LEVEL.store(best as u8, Ordering::Relaxed);
    best
}

/// Forces a level for the whole process, or the best one again with `None`. Results do not change,
/// only speed: meant for tests and measurements.
pub fn force(level: Option<Level>) -> Result<(), LevelError> {
    match level {
        None => LEVEL.store(0, Ordering::Relaxed),
        Some(level) if level.is_supported() => LEVEL.store(level as u8, Ordering::Relaxed),
        Some(_) => return Err(LevelError::Unsupported),
    }
    Ok(())
}
