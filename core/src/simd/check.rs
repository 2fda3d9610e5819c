//! Every kernel beside the reference, on the same input: for tests, and for a device that checks
//! itself at start.

mod hashes;
mod spikes;

use super::scalar::Scalar;
use super::{Codes, Kernels, Margin, Task, dispatch};
use crate::error::errors;

/// Input of every kernel. Codes and floats of one length, a multiple of sixteen; the blocks sixteen
/// times as long.
#[derive(Clone, Copy)]
pub(super) struct Everything<'a> {
    pub blocks: [&'a [u8]; 2],
    pub rows: [&'a [u8]; 4],
    pub query: Codes<'a>,
    pub codes: [&'a [i8]; 2],
    pub bits: [&'a [u8]; 2],
    pub floats: [&'a [f32]; 4],
}

/// What they return, floats as their bits.
#[derive(Debug, PartialEq)]
pub(super) struct Outcome {
    pub block: [i32; 16],
    pub blocks: [[i32; 16]; 4],
    pub rows: [i32; 4],
    pub pairs: [i32; 4],
    pub dot: i32,
    pub floats: [u32; 4],
    pub squares: [u32; 4],
    pub hamming: u32,
    pub maximum: f32,
    pub at_least: u32,
    pub near: u32,
    pub scores: [u32; 16],
    pub bounds: [[u32; 16]; 2],
    pub inserted: [u64; 24],
}

impl Task for Everything<'_> {
    type Output = Outcome;
    fn run<K: Kernels>(self, k: K) -> Outcome {
        let [block, other] = self.blocks;
        let bits = |f: [f32; 4]| f.map(f32::to_bits);
        let sixteen = self.floats[0].first_chunk().unwrap_or(&[0.0; 16]);
        k.prefetch(block);
        Outcome {
            block: k.block_dots(block, &self.query),
            blocks: k.four_block_dots([block, other, block, other], &self.query),
            rows: k.row_dots(self.rows, &self.query),
            pairs: k.pair_dots(self.rows[0], self.rows),
            dot: k.dot_i8(self.codes[0], self.codes[1]),
            floats: bits(k.float_dots(self.floats[0], self.floats)),
            squares: bits(k.float_squares(self.floats[1], self.floats)),
            hamming: k.hamming(self.bits[0], self.bits[1]),
            maximum: k.maximum(sixteen),
            at_least: k.at_least(sixteen, sixteen[3]),
            near: near(k, self.floats),
            scores: scores(k, &self),
            bounds: bounds(k, &self),
            inserted: inserted(k, &self),
        }
    }
}

/// Scales of sixteen rows, of which one is dead.
fn scales(input: &Everything<'_>) -> [f32; 16] {
    let mut scales = *input.floats[1].first_chunk().unwrap_or(&[1.0; 16]);
    scales.iter_mut().for_each(|scale| *scale = scale.abs());
    scales[9] = 0.0;
    scales
}

fn scores<K: Kernels>(k: K, input: &Everything<'_>) -> [u32; 16] {
    let dots = k.block_dots(input.blocks[0], &input.query);
    let mut out = [0.0; 16];
    k.scores(&dots, &scales(input), 0.37, &mut out);
    out.map(f32::to_bits)
}

fn bounds<K: Kernels>(k: K, input: &Everything<'_>) -> [[u32; 16]; 2] {
    let dots = k.block_dots(input.blocks[0], &input.query);
    let residuals = input.rows[0].first_chunk().unwrap_or(&[7; 16]);
    let margin = Margin {
        per_residual: 3.1,
        constant: 250.7,
    };
    let (mut most, mut least) = (
        [0.0; 16],
        *input.floats[2].first_chunk().unwrap_or(&[0.0; 16]),
    );
    let scales = scales(input);
    k.bounds(&dots, &scales, residuals, margin, &mut most, &mut least);
    [most.map(f32::to_bits), least.map(f32::to_bits)]
}

/// Numbers put in their order, more than there is room for.
fn inserted<K: Kernels>(k: K, input: &Everything<'_>) -> [u64; 24] {
    let mut entries = [u64::MAX; 24];
    let mut filled = 0;
    for eight in input.blocks[0].as_chunks::<8>().0.iter().take(32) {
        let entry = u64::from_le_bytes(*eight);
        if entry < entries[23] {
            k.insert(&mut entries, filled, entry);
            filled = (filled + 1).min(24);
        }
    }
    entries
}

/// Limited by one of the distances, so that equality is met.
fn near<K: Kernels>(k: K, rows: [&[f32]; 4]) -> u32 {
    let eight = |row: &[f32]| row.first_chunk().unwrap_or(&[0.0; 8]).map(f32::to_bits);
    let axes = [eight(rows[0]), eight(rows[1]), eight(rows[2])];
    let point = *rows[3].first_chunk().unwrap_or(&[0.0; 3]);
    let d = [0, 1, 2].map(|axis| f32::from_bits(axes[axis][5]) - point[axis]);
    let limit = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
    k.near([&axes[0], &axes[1], &axes[2]], point, limit)
}

impl Outcome {
    /// The first kernel that returned something else.
    fn differs_in(&self, other: &Self) -> Option<&'static str> {
        let same = [
            ("block_dots", self.block == other.block),
            ("four_block_dots", self.blocks == other.blocks),
            ("row_dots", self.rows == other.rows),
            ("pair_dots", self.pairs == other.pairs),
            ("dot_i8", self.dot == other.dot),
            ("float_dots", self.floats == other.floats),
            ("float_squares", self.squares == other.squares),
            ("hamming", self.hamming == other.hamming),
            ("maximum", self.maximum == other.maximum),
            ("at_least", self.at_least == other.at_least),
            ("near", self.near == other.near),
            ("scores", self.scores == other.scores),
            ("bounds", self.bounds == other.bounds),
            ("insert", self.inserted == other.inserted),
        ];
        let mut wrong = same.into_iter().filter(|(_, same)| !same);
        wrong.next().map(|(kernel, _)| kernel)
    }
}

errors! {
    /// Why the kernels in use are not to be trusted.
    pub enum CheckError: 0x0b10 {
        /// The one of this name differs from the reference for rows of so many elements.
        Wrong { kernel: &'static str, elements: usize } = 1
            => "kernel {kernel} is wrong for {elements} elements or bytes",
    }
}

const MOST: usize = 48;
/// Rows begin at every offset from a word.
const SHIFTS: usize = 4;

/// Blocks lie at whole words in a bank, and here now and then do not.
#[repr(align(4))]
struct Aligned<T>(T);

fn part<T>(all: &[T], from: usize, length: usize) -> &[T] {
    all.get(from..from + length).unwrap_or_default()
}

struct Planes {
    even: [i16; MOST / 2],
    odd: [i16; MOST / 2],
    low: [i8; MOST],
    high: [i8; MOST],
}

impl Planes {
    fn new(mut element: impl FnMut() -> i16) -> Self {
        let (mut even, mut odd) = ([0; MOST / 2], [0; MOST / 2]);
        let (mut low, mut high) = ([0; MOST], [0; MOST]);
        for i in 0..MOST {
            let q = element();
            let half = if i % 2 == 0 { &mut even } else { &mut odd };
            half[i / 2] = q;
            low[i] = q as i8;
            high[i] = ((i32::from(q) - i32::from(q as i8)) >> 8) as i8;
        }
        Self {
            even,
            odd,
            low,
            high,
        }
    }

    /// The first `n` elements.
    fn codes(&self, n: usize, is_wide: bool) -> Codes<'_> {
        let (even, odd) = (part(&self.even, 0, n / 2), part(&self.odd, 0, n / 2));
        Codes {
            even,
            odd,
            low: part(&self.low, 0, n),
            high: part(&self.high, 0, if is_wide { n } else { 0 }),
            sum: even.iter().chain(odd).map(|&q| i32::from(q)).sum(),
        }
    }
}

/// Compares every kernel in use with the reference: those of the bank on rows of 16, 32 and 48 elements that
/// follow from `seed`, from any address, and queries of eight and of sixteen bits; those of spikes with
/// their definitions; SHA-256 of leaves and nodes with the `sha2` package. It takes 6 KB of stack; a
/// device may do it at start, with a new seed each time.
///
/// ```
/// assert_eq!(sensilla::simd::check(1), Ok(()));
/// ```
pub fn check(seed: u64) -> Result<(), CheckError> {
    let mut random = seed;
    let mut next = || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) as u32
    };
    let mut blocks = Aligned([[0u8; 16 * MOST + SHIFTS]; 2]);
    let mut rows = [[0u8; MOST + SHIFTS]; 4];
    let mut codes = [[0i8; MOST + SHIFTS]; 2];
    let mut floats = [[0f32; MOST]; 4];
    // Codes from 1 to 255, where some rows have the outermost alone.
    let is_extreme = next() % 4 == 0;
    let mut code = || match (is_extreme, next()) {
        (true, x) => [1, 255][(x & 1) as usize],
        (false, x) => (x % 255 + 1) as u8,
    };
    let bytes = blocks.0.as_flattened_mut().iter_mut();
    bytes
        .chain(rows.as_flattened_mut())
        .for_each(|byte| *byte = code());
    for out in codes.as_flattened_mut() {
        *out = (i32::from(code()) - 128) as i8;
    }
    for out in floats.as_flattened_mut() {
        *out = (next() as f32 / (1 << 30) as f32 - 1.0) * 3.0;
    }
    for sixteens in 1..=MOST / 16 {
        for is_wide in [false, true] {
            let n = 16 * sixteens;
            let limit = if is_wide { 32_639 } else { 127 };
            let planes = Planes::new(|| match is_extreme {
                true => [limit, -limit][(next() & 1) as usize],
                false => ((next() % (2 * limit as u32 + 1)) as i32 - i32::from(limit)) as i16,
            });
            let shift = next() as usize % SHIFTS;
            let cut = next() as usize % 16;
            let input = Everything {
                blocks: [0, 1].map(|i| part(&blocks.0[i], shift % 2, 16 * n)),
                rows: [0, 1, 2, 3].map(|i| part(&rows[i], (shift + i) % SHIFTS, n)),
                query: planes.codes(n, is_wide),
                codes: [0, 1].map(|i| part(&codes[i], (shift + i) % SHIFTS, n - cut)),
                bits: [2, 3].map(|i| part(&rows[i], (shift + i) % SHIFTS, n - cut)),
                floats: [0, 1, 2, 3].map(|i| part(&floats[i], 0, n)),
            };
            if let Some(kernel) = dispatch(input).differs_in(&input.run(Scalar)) {
                return Err(CheckError::Wrong {
                    kernel,
                    elements: n,
                });
            }
        }
    }
    let wrong = spikes::wrong(&mut next).or_else(|| hashes::wrong(&mut next));
    match wrong {
        Some((kernel, elements)) => Err(CheckError::Wrong { kernel, elements }),
        None => Ok(()),
    }
}
