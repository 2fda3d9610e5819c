//! Kernels for Helium, the vectors of Armv8.1-M (M52, M55, M85): `vmladava.s8` multiplies sixteen
//! codes with sixteen others and adds all products to a general register, an even one. A query
//! wider than eight bits is taken as its two planes, each with a sum of its own.
//!
//! Only the assembler is told of the instructions, for each block of assembly alone (`.cpu`). Were
//! the compiler told (`-C target-feature=+mve.fp`), it would turn loops over f32 into vectors too,
//! and those flush subnormal numbers to zero: other bytes than everywhere else. For the same reason
//! the f32 kernels are the reference.
//!
//! The compiler does not know the registers q0 to q7 here, so that each block says which halves of
//! them (d0 to d15) it changes: a clobber of `q4` would pass without effect, and what the caller
//! keeps in d8 be lost.

use crate::simd::{Codes, Kernels, scalar::Scalar};
use core::arch::asm;

/// Kernels of Helium.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Helium;

/// The inner products of four rows of codes with offset and `$query`, whose sixteen bytes in `q1`
/// first go through `$prepare`.
macro_rules! four {
    ($rows:expr, $query:expr, $length:expr $(, $prepare:literal)*) => {{
        let [mut a, mut b, mut c, mut d] = [0i32; 4];
        // SAFETY: the caller has checked that `$length` bytes, a multiple of 16 above zero, can be
        // read at each of the pointers; a low-overhead loop of a sixteenth as many rounds reads
        // sixteen of each. The part has the instructions: see build.rs.
        unsafe {
            asm!(
                ".cpu cortex-m55",
                "vmov.i8 q2, #0x80",
                "dls lr, lr",
                "2:",
                "vldrb.u8 q1, [{query}], #16",
                $($prepare,)*
                "vldrb.u8 q0, [{a}], #16",
                "veor q0, q0, q2",
                "vldrb.u8 q3, [{b}], #16",
                "vmladava.s8 r0, q0, q1",
                "veor q3, q3, q2",
                "vldrb.u8 q0, [{c}], #16",
                "vmladava.s8 r2, q3, q1",
                "veor q0, q0, q2",
                "vldrb.u8 q3, [{d}], #16",
                "vmladava.s8 r4, q0, q1",
                "veor q3, q3, q2",
                "vmladava.s8 r12, q3, q1",
                "le lr, 2b",
                query = inout(reg) $query => _,
                a = inout(reg) $rows[0].as_ptr() => _,
                b = inout(reg) $rows[1].as_ptr() => _,
                c = inout(reg) $rows[2].as_ptr() => _,
                d = inout(reg) $rows[3].as_ptr() => _,
                inout("r0") a, inout("r2") b, inout("r4") c, inout("r12") d,
                inout("lr") $length / 16 => _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _,
                out("d4") _, out("d5") _, out("d6") _, out("d7") _,
                options(nostack, readonly, preserves_flags),
            )
        };
        [a, b, c, d]
    }};
}

/// The inner products of two rows of codes with offset and a wide query: all as long as `low`, a
/// multiple of 16 above zero.
///
/// # Safety
/// The lengths are as said.
#[inline(always)]
unsafe fn two_wide(rows: [&[u8]; 2], low: &[i8], high: &[i8]) -> [i32; 2] {
    let [mut a, mut a_high, mut b, mut b_high] = [0i32; 4];
    // SAFETY: as in `four`.
    unsafe {
        asm!(
            ".cpu cortex-m55",
            "vmov.i8 q3, #0x80",
            "dls lr, lr",
            "2:",
            "vldrb.u8 q0, [{a}], #16",
            "veor q0, q0, q3",
            "vldrb.u8 q1, [{low}], #16",
            "vmladava.s8 r0, q0, q1",
            "vldrb.u8 q2, [{high}], #16",
            "vmladava.s8 r2, q0, q2",
            "vldrb.u8 q0, [{b}], #16",
            "veor q0, q0, q3",
            "vmladava.s8 r4, q0, q1",
            "vmladava.s8 r12, q0, q2",
            "le lr, 2b",
            a = inout(reg) rows[0].as_ptr() => _,
            b = inout(reg) rows[1].as_ptr() => _,
            low = inout(reg) low.as_ptr() => _,
            high = inout(reg) high.as_ptr() => _,
            inout("r0") a, inout("r2") a_high, inout("r4") b, inout("r12") b_high,
            inout("lr") low.len() / 16 => _,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _,
            out("d4") _, out("d5") _, out("d6") _, out("d7") _,
            options(nostack, readonly, preserves_flags),
        )
    };
    [joined(a, a_high), joined(b, b_high)]
}

/// The sum of a query's two planes.
#[inline(always)]
fn joined(low: i32, high: i32) -> i32 {
    low.wrapping_add(high << 8)
}

/// The inner products of a block and an eight-bit query. A row's four bytes are gathered out of
/// four groups at once, 64 bytes apart.
///
/// # Safety
/// The block lies at a multiple of four bytes and is sixteen times as long as `query`, whose length
/// is a multiple of 16 above zero.
#[inline(always)]
unsafe fn block_narrow(block: &[u8], query: &[i8]) -> [i32; 16] {
    let mut sums = [0i32; 16];
    // SAFETY: four rows are read at once, in rounds of sixteen elements: four words each at 256
    // bytes more than in the round before, the first at the start of the block and of the row in
    // it. So the last word read is the last of the block. `sums` takes four numbers four times.
    unsafe {
        asm!(
            ".cpu cortex-m55",
            "movs r0, #0",
            "vidup.u32 q7, r0, #1",
            "vshl.i32 q7, q7, #6",
            "vadd.i32 q7, q7, {before}",
            "vmov.i8 q2, #0x80",
            "3:",
            "movs r0, #4",
            "vmov q3, q7",
            "vadd.i32 q4, q3, r0",
            "vadd.i32 q5, q4, r0",
            "vadd.i32 q6, q5, r0",
            "vadd.i32 q7, q6, r0",
            "movs r0, #0",
            "movs r2, #0",
            "movs r4, #0",
            "mov r12, #0",
            "lsr lr, {length}, #4",
            "dls lr, lr",
            "2:",
            "vldrb.u8 q1, [{query}], #16",
            "vldrw.u32 q0, [q3, #256]!",
            "veor q0, q0, q2",
            "vmladava.s8 r0, q0, q1",
            "vldrw.u32 q0, [q4, #256]!",
            "veor q0, q0, q2",
            "vmladava.s8 r2, q0, q1",
            "vldrw.u32 q0, [q5, #256]!",
            "veor q0, q0, q2",
            "vmladava.s8 r4, q0, q1",
            "vldrw.u32 q0, [q6, #256]!",
            "veor q0, q0, q2",
            "vmladava.s8 r12, q0, q1",
            "le lr, 2b",
            "sub {query}, {query}, {length}",
            "strd r0, r2, [{sums}], #8",
            "strd r4, r12, [{sums}], #8",
            "subs {left}, {left}, #4",
            "bne 3b",
            before = in(reg) block.as_ptr().wrapping_sub(256),
            query = inout(reg) query.as_ptr() => _,
            length = in(reg) query.len(),
            sums = inout(reg) sums.as_mut_ptr() => _,
            left = inout(reg) 16 => _,
            out("r0") _, out("r2") _, out("r4") _, out("r12") _, out("lr") _,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _,
            out("d4") _, out("d5") _, out("d6") _, out("d7") _,
            out("d8") _, out("d9") _, out("d10") _, out("d11") _,
            out("d12") _, out("d13") _, out("d14") _, out("d15") _,
            options(nostack),
        )
    };
    sums
}

/// [`block_narrow`] for a wide query.
///
/// # Safety
/// As there; `high` is as long as `low`.
#[inline(always)]
unsafe fn block_wide(block: &[u8], low: &[i8], high: &[i8]) -> [i32; 16] {
    let mut sums = [0i32; 16];
    // SAFETY: as there, two rows at a time; `sums` takes two numbers eight times.
    unsafe {
        asm!(
            ".cpu cortex-m55",
            "movs r0, #0",
            "vidup.u32 q5, r0, #1",
            "vshl.i32 q5, q5, #6",
            "vadd.i32 q5, q5, {before}",
            "vmov.i8 q6, #0x80",
            "3:",
            "movs r0, #4",
            "vmov q3, q5",
            "vadd.i32 q4, q3, r0",
            "vadd.i32 q5, q4, r0",
            "movs r0, #0",
            "movs r2, #0",
            "movs r4, #0",
            "mov r12, #0",
            "lsr lr, {length}, #4",
            "dls lr, lr",
            "2:",
            "vldrw.u32 q0, [q3, #256]!",
            "veor q0, q0, q6",
            "vldrb.u8 q1, [{low}], #16",
            "vmladava.s8 r0, q0, q1",
            "vldrb.u8 q2, [{high}], #16",
            "vmladava.s8 r2, q0, q2",
            "vldrw.u32 q0, [q4, #256]!",
            "veor q0, q0, q6",
            "vmladava.s8 r4, q0, q1",
            "vmladava.s8 r12, q0, q2",
            "le lr, 2b",
            "add r0, r0, r2, lsl #8",
            "add r4, r4, r12, lsl #8",
            "strd r0, r4, [{sums}], #8",
            "sub {low}, {low}, {length}",
            "sub {high}, {high}, {length}",
            "subs {left}, {left}, #2",
            "bne 3b",
            before = in(reg) block.as_ptr().wrapping_sub(256),
            low = inout(reg) low.as_ptr() => _,
            high = inout(reg) high.as_ptr() => _,
            length = in(reg) low.len(),
            sums = inout(reg) sums.as_mut_ptr() => _,
            left = inout(reg) 16 => _,
            out("r0") _, out("r2") _, out("r4") _, out("r12") _, out("lr") _,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _,
            out("d4") _, out("d5") _, out("d6") _, out("d7") _,
            out("d8") _, out("d9") _, out("d10") _, out("d11") _,
            out("d12") _, out("d13") _,
            options(nostack),
        )
    };
    sums
}

/// Whether all have the length of the first, a multiple of 16 above zero.
#[inline(always)]
fn are_whole<const N: usize>(lengths: [usize; N]) -> bool {
    lengths[0] > 0 && lengths[0].is_multiple_of(16) && lengths == [lengths[0]; N]
}

impl Kernels for Helium {
    #[inline(always)]
    fn block_dots(self, block: &[u8], query: &Codes<'_>) -> [i32; 16] {
        let Codes { low, high, .. } = *query;
        // Words are gathered from whole addresses alone.
        let is_aligned = block.as_ptr().addr().is_multiple_of(4);
        if !is_aligned || block.len() % 16 != 0 || !are_whole([low.len(), block.len() / 16]) {
            return Scalar.block_dots(block, query);
        }
        if high.is_empty() {
            // SAFETY: checked above.
            return unsafe { block_narrow(block, low) };
        }
        if high.len() != low.len() {
            return Scalar.block_dots(block, query);
        }
        // SAFETY: checked above.
        unsafe { block_wide(block, low, high) }
    }

    #[inline(always)]
    fn row_dots(self, rows: [&[u8]; 4], query: &Codes<'_>) -> [i32; 4] {
        let Codes { low, high, .. } = *query;
        let [a, b, c, d] = rows;
        if !are_whole([low.len(), a.len(), b.len(), c.len(), d.len()]) {
            return Scalar.row_dots(rows, query);
        }
        if high.is_empty() {
            return four!(rows, low.as_ptr(), low.len());
        }
        if high.len() != low.len() {
            return Scalar.row_dots(rows, query);
        }
        // SAFETY: checked above.
        let [[a, b], [c, d]] =
            unsafe { [two_wide([a, b], low, high), two_wide([c, d], low, high)] };
        [a, b, c, d]
    }

    #[inline(always)]
    fn pair_dots(self, row: &[u8], rows: [&[u8]; 4]) -> [i32; 4] {
        let [a, b, c, d] = rows;
        if !are_whole([row.len(), a.len(), b.len(), c.len(), d.len()]) {
            return Scalar.pair_dots(row, rows);
        }
        four!(rows, row.as_ptr(), row.len(), "veor q1, q1, q2")
    }

    #[inline(always)]
    fn dot_i8(self, a: &[i8], b: &[i8]) -> i32 {
        let mut sum = 0;
        // SAFETY: a tail-predicated loop reads as many bytes of both as the shorter has, the rest
        // of the last sixteen being left out. The part has the instructions.
        unsafe {
            asm!(
                ".cpu cortex-m55",
                "wlstp.8 lr, lr, 3f",
                "2:",
                "vldrb.u8 q0, [{a}], #16",
                "vldrb.u8 q1, [{b}], #16",
                "vmladava.s8 r0, q0, q1",
                "letp lr, 2b",
                "3:",
                a = inout(reg) a.as_ptr() => _,
                b = inout(reg) b.as_ptr() => _,
                inout("r0") sum,
                inout("lr") a.len().min(b.len()) => _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _,
                options(nostack, readonly, preserves_flags),
            )
        };
        sum
    }

    /// Bits are counted in pairs, then fours, then bytes, sixteen bytes at a time.
    #[inline(always)]
    fn hamming(self, a: &[u8], b: &[u8]) -> u32 {
        let mut sum = 0;
        // SAFETY: as in `dot_i8`; bytes that are left out count as zero in both.
        unsafe {
            asm!(
                ".cpu cortex-m55",
                "vmov.i8 q2, #0x55",
                "vmov.i8 q3, #0x33",
                "vmov.i8 q4, #0x0f",
                "wlstp.8 lr, lr, 3f",
                "2:",
                "vldrb.u8 q0, [{a}], #16",
                "vldrb.u8 q1, [{b}], #16",
                "veor q0, q0, q1",
                "vshr.u8 q1, q0, #1",
                "vand q1, q1, q2",
                "vsub.i8 q0, q0, q1",
                "vshr.u8 q1, q0, #2",
                "vand q0, q0, q3",
                "vand q1, q1, q3",
                "vadd.i8 q0, q0, q1",
                "vshr.u8 q1, q0, #4",
                "vadd.i8 q0, q0, q1",
                "vand q0, q0, q4",
                "vaddva.u8 r0, q0",
                "letp lr, 2b",
                "3:",
                a = inout(reg) a.as_ptr() => _,
                b = inout(reg) b.as_ptr() => _,
                inout("r0") sum,
                inout("lr") a.len().min(b.len()) => _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _,
                out("d4") _, out("d5") _, out("d6") _, out("d7") _,
                out("d8") _, out("d9") _,
                options(nostack, readonly, preserves_flags),
            )
        };
        sum
    }

    #[inline(always)]
    fn prefetch<T>(self, _row: &[T]) {}
}
