//! Kernels of x86-64, chosen at run time.
//!
//! The proof that an instruction set exists is a value: [`sse2::Sse2`], [`avx2::Avx2`] and
//! [`avx512::Avx512Vnni`] are made only in [`dispatch`], behind the check of the level, inside a
//! function compiled for it.

mod avx2;
mod avx512;
mod sse2;

use super::{Level, Task, level, scalar::Scalar};

cpufeatures::new!(has_avx2, "avx2");
cpufeatures::new!(has_avx512, "avx2", "avx512f", "avx512bw", "avx512vl");

/// `cpufeatures` knows whether the system saves the 512-bit registers but not this feature.
fn has_vnni() -> bool {
    use core::arch::x86_64::__cpuid_count;
    has_avx512::get() && __cpuid_count(7, 0).ecx & 1 << 11 != 0
}

pub(super) fn has(level: Level) -> bool {
    match level {
        Level::Sse2 => true,
        Level::Avx2 => has_avx2::get(),
        Level::Avx512Vnni => has_vnni(),
        _ => false,
    }
}

#[inline]
pub(super) fn dispatch<T: Task>(task: T) -> T::Output {
    match level() {
        // SAFETY: `level` returns this only if `has` found every feature named there.
        Level::Avx512Vnni => unsafe { run_avx512(task) },
        // SAFETY: as above.
        Level::Avx2 => unsafe { run_avx2(task) },
        Level::Sse2 => {
            // SAFETY: SSE2 is part of x86-64.
            task.run(unsafe { sse2::Sse2::new() })
        }
        _ => task.run(Scalar),
    }
}

/// # Safety
/// The machine has the features named.
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512vnni,popcnt,bmi1,bmi2,lzcnt")]
unsafe fn run_avx512<T: Task>(task: T) -> T::Output {
    // SAFETY: the caller promises the features.
    task.run(unsafe { avx512::Avx512Vnni::new() })
}

/// # Safety
/// The machine has AVX2.
#[target_feature(enable = "avx2,popcnt")]
unsafe fn run_avx2<T: Task>(task: T) -> T::Output {
    // SAFETY: the caller promises the features.
    task.run(unsafe { avx2::Avx2::new() })
}

/// Hints each cache line of `row`.
#[inline(always)]
pub(super) fn prefetch<T>(row: &[T]) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    let start = row.as_ptr().cast::<i8>();
    let mut offset = 0;
    while offset < size_of_val(row) {
        // SAFETY: a prefetch reads nothing; the address lies in the row all the same.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(start.add(offset)) };
        offset += 64;
    }
}
