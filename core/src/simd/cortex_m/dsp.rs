//! Kernels of the DSP extension (M4, M7, M33 and on): a word holds four codes, which `uxtb16` or
//! `sxtb16` spread to two pairs of 16 bits, even and odd elements apart, and `smlad` multiplies a
//! pair with a pair of the query and adds both products to a sum. Sums wrap as those of the
//! reference do. The f32 kernels are the reference: the FPU takes one number at a time.

use crate::simd::{Codes, Kernels, scalar::Scalar};
use core::arch::asm;

/// Kernels of the DSP extension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dsp;

/// Bytes 0 and 2 of a word as unsigned halves.
#[inline(always)]
fn even_unsigned(word: u32) -> u32 {
    word & 0x00ff_00ff
}

/// Bytes 1 and 3 of a word as unsigned halves.
#[inline(always)]
fn odd_unsigned(word: u32) -> u32 {
    let halves: u32;
    // SAFETY: works on registers alone; every target this is compiled for has the instruction.
    unsafe {
        asm!("uxtb16 {}, {}, ror #8", lateout(reg) halves, in(reg) word, options(pure, nomem, nostack, preserves_flags))
    };
    halves
}

/// Bytes 0 and 2 of a word as signed halves.
#[inline(always)]
fn even_signed(word: u32) -> u32 {
    let halves: u32;
    // SAFETY: as above.
    unsafe {
        asm!("sxtb16 {}, {}", lateout(reg) halves, in(reg) word, options(pure, nomem, nostack, preserves_flags))
    };
    halves
}

/// Bytes 1 and 3 of a word as signed halves.
#[inline(always)]
fn odd_signed(word: u32) -> u32 {
    let halves: u32;
    // SAFETY: as above.
    unsafe {
        asm!("sxtb16 {}, {}, ror #8", lateout(reg) halves, in(reg) word, options(pure, nomem, nostack, preserves_flags))
    };
    halves
}

/// `sum` and the products of the signed halves of `a` and `b`, wrapping.
#[inline(always)]
fn add_products(sum: i32, a: u32, b: u32) -> i32 {
    let out: i32;
    // SAFETY: as above. The flag that it may set, Q, is one that no compiled code reads.
    unsafe {
        asm!("smlad {}, {}, {}, {}", lateout(reg) out, in(reg) a, in(reg) b, in(reg) sum, options(pure, nomem, nostack))
    };
    out
}

/// Two neighbours of a plane as one word.
#[inline(always)]
fn pair(values: [i16; 2]) -> u32 {
    u32::from(values[0] as u16) | u32::from(values[1] as u16) << 16
}

/// `sum` and the product of four codes with offset and their part of a query.
#[inline(always)]
fn four(sum: i32, codes: [u8; 4], even: u32, odd: u32) -> i32 {
    let word = u32::from_le_bytes(codes);
    let sum = add_products(sum, even_unsigned(word), even);
    add_products(sum, odd_unsigned(word), odd)
}

/// `sum` and the product of four signed codes with four others.
#[inline(always)]
fn four_signed(sum: i32, a: u32, b: u32) -> i32 {
    let sum = add_products(sum, even_signed(a), even_signed(b));
    add_products(sum, odd_signed(a), odd_signed(b))
}

/// What the offset of the codes adds to a product with the query.
#[inline(always)]
fn offset(query: &Codes<'_>) -> i32 {
    query.sum.wrapping_mul(128)
}

impl Kernels for Dsp {
    #[inline(always)]
    fn block_dots(self, block: &[u8], query: &Codes<'_>) -> [i32; 16] {
        let offset = offset(query);
        let mut sums = [0; 16];
        let (groups, _) = block.as_chunks::<64>();
        let (even, _) = query.even.as_chunks::<2>();
        let (odd, _) = query.odd.as_chunks::<2>();
        // Were the block shorter, the offset would not be that of all of the query.
        if [groups.len(), odd.len()] != [even.len(); 2] {
            return Scalar.block_dots(block, query);
        }
        // Four rows at a time, whose sums stay in registers.
        for (quarter, sums) in sums.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let [mut a, mut b, mut c, mut d] = [0i32; 4];
            for (group, (even, odd)) in groups.iter().zip(even.iter().zip(odd)) {
                let (even, odd) = (pair(*even), pair(*odd));
                let quarters = group.as_chunks::<16>().0;
                let Some(&[e, f, g, h]) = quarters
                    .get(quarter)
                    .and_then(|rows| rows.as_chunks::<4>().0.first_chunk())
                else {
                    break;
                };
                a = four(a, e, even, odd);
                b = four(b, f, even, odd);
                c = four(c, g, even, odd);
                d = four(d, h, even, odd);
            }
            *sums = [a, b, c, d].map(|sum| sum.wrapping_sub(offset));
        }
        sums
    }

    #[inline(always)]
    fn row_dots(self, rows: [&[u8]; 4], query: &Codes<'_>) -> [i32; 4] {
        let offset = offset(query);
        let (even, _) = query.even.as_chunks::<2>();
        let (odd, _) = query.odd.as_chunks::<2>();
        let [r, s, t, u] = rows.map(|row| row.as_chunks::<4>().0);
        let [mut a, mut b, mut c, mut d] = [0i32; 4];
        // As above.
        if [r.len(), s.len(), t.len(), u.len(), odd.len()] != [even.len(); 5] {
            return Scalar.row_dots(rows, query);
        }
        let codes = r.iter().zip(s).zip(t.iter().zip(u));
        for ((even, odd), ((r, s), (t, u))) in even.iter().zip(odd).zip(codes) {
            let (even, odd) = (pair(*even), pair(*odd));
            a = four(a, *r, even, odd);
            b = four(b, *s, even, odd);
            c = four(c, *t, even, odd);
            d = four(d, *u, even, odd);
        }
        [a, b, c, d].map(|sum| sum.wrapping_sub(offset))
    }

    #[inline(always)]
    fn pair_dots(self, row: &[u8], rows: [&[u8]; 4]) -> [i32; 4] {
        const OFFSETS: u32 = 0x8080_8080;
        if !row.len().is_multiple_of(4) {
            return Scalar.pair_dots(row, rows);
        }
        let own = row.as_chunks::<4>().0;
        rows.map(|other| {
            let length = other.len().min(row.len());
            if !length.is_multiple_of(4) {
                return Scalar.pair_dots(row, [other, &[], &[], &[]])[0];
            }
            let mut sum = 0;
            for (a, b) in own.iter().zip(other.as_chunks::<4>().0) {
                let a = u32::from_le_bytes(*a) ^ OFFSETS;
                sum = four_signed(sum, a, u32::from_le_bytes(*b) ^ OFFSETS);
            }
            sum
        })
    }

    #[inline(always)]
    fn dot_i8(self, a: &[i8], b: &[i8]) -> i32 {
        let length = a.len().min(b.len());
        let (a, rest) = a[..length].as_chunks::<16>();
        let (b, other) = b[..length].as_chunks::<16>();
        let word = |codes: &[i8; 16], at: usize| {
            u32::from_le_bytes([0, 1, 2, 3].map(|i| codes[4 * at + i] as u8))
        };
        let mut sum = 0;
        for (a, b) in a.iter().zip(b) {
            sum = four_signed(sum, word(a, 0), word(b, 0));
            sum = four_signed(sum, word(a, 1), word(b, 1));
            sum = four_signed(sum, word(a, 2), word(b, 2));
            sum = four_signed(sum, word(a, 3), word(b, 3));
        }
        sum.wrapping_add(Scalar.dot_i8(rest, other))
    }

    #[inline(always)]
    fn hamming(self, a: &[u8], b: &[u8]) -> u32 {
        let length = a.len().min(b.len());
        let (a, rest) = a[..length].as_chunks::<4>();
        let (b, other) = b[..length].as_chunks::<4>();
        let words = a
            .iter()
            .zip(b)
            .map(|(a, b)| (u32::from_le_bytes(*a) ^ u32::from_le_bytes(*b)).count_ones());
        words.sum::<u32>() + Scalar.hamming(rest, other)
    }

    #[inline(always)]
    fn prefetch<T>(self, _row: &[T]) {}
}
