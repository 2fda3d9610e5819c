//! Kernels: the inner products and distances every search spends its time in.
//!
//! `scalar` is the reference; each other file does the same for one instruction set and must
//! return the same bits. Integer kernels are exact. The f32 kernels add in one fixed order, sixteen
//! lanes `s[i % 16] += a[i] * b[i]` and then the tree +8, +4, +2, +1, without fused multiply-add,
//! so that scalar code, SSE2, AVX2, AVX-512, NEON and wasm agree to the last bit.
//!
//! A caller writes its whole loop once, generic over `Kernels`, as a `Task`; `dispatch`
//! compiles it for every level and picks one at run time, so that kernels are inlined into the loop.

#[cfg(all(feature = "simd", target_arch = "aarch64", target_feature = "neon"))]
mod aarch64;
#[cfg(all(feature = "simd", any(arm_dsp, arm_helium)))]
mod cortex_m;
#[cfg(all(
    feature = "simd",
    any(
        target_arch = "x86_64",
        all(target_arch = "aarch64", target_feature = "neon"),
        all(target_arch = "wasm32", target_feature = "simd128")
    )
))]
mod floats;
pub(crate) mod scalar;
pub(crate) mod sha256;
#[cfg(all(feature = "simd", target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(all(feature = "simd", target_arch = "x86_64"))]
mod x86;

mod check;
mod level;
pub(crate) mod spike;
#[cfg(all(feature = "simd", target_arch = "x86_64"))]
mod spike_x86;
pub(crate) mod text;
pub(crate) mod times;

pub use check::{CheckError, check};
pub use level::{Level, LevelError, force, level};

/// Lanes of the fixed summation order, and the number of rows in a scan block.
pub const LANES: usize = 16;

/// A query as the integer kernels take it: the same integers in the arrangements that different
/// instruction sets want. All slices are as long as a padded row, or half as long.
#[cfg_attr(
    not(all(feature = "simd", target_arch = "x86_64")),
    allow(dead_code, reason = "other instruction sets want other arrangements")
)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codes<'q> {
    /// Elements 0, 2, 4, ...
    pub even: &'q [i16],
    /// Elements 1, 3, 5, ...
    pub odd: &'q [i16],
    /// `low + 256 * high` is the element.
    pub low: &'q [i8],
    /// See `low`; empty where every element fits in eight bits.
    pub high: &'q [i8],
    /// Sum of all elements.
    pub sum: i32,
}

/// How far scores by codes may be off, in units of the steps of query and row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Margin {
    /// For each unit of a row's residual.
    pub per_residual: f32,
    /// For every row.
    pub constant: f32,
}

/// The operations an instruction set provides. Rows are u8 codes with offset 128, padded to a
/// multiple of sixteen elements; where lengths differ the shortest counts.
pub(crate) trait Kernels: Copy {
    /// Inner products of the query with the sixteen rows of a block: for each four elements, row
    /// after row, four bytes.
    fn block_dots(self, block: &[u8], query: &Codes<'_>) -> [i32; 16];

    /// [`block_dots`](Self::block_dots) of four blocks.
    #[inline(always)]
    fn four_block_dots(self, blocks: [&[u8]; 4], query: &Codes<'_>) -> [[i32; 16]; 4] {
        // Not `each`, whose closure might be compiled without the level's features.
        let [a, b, c, d] = blocks;
        [
            self.block_dots(a, query),
            self.block_dots(b, query),
            self.block_dots(c, query),
            self.block_dots(d, query),
        ]
    }

    /// Inner products of the query with four rows.
    fn row_dots(self, rows: [&[u8]; 4], query: &Codes<'_>) -> [i32; 4];

    /// Inner products of one row with four rows.
    fn pair_dots(self, row: &[u8], rows: [&[u8]; 4]) -> [i32; 4];

    /// Inner product of signed codes.
    fn dot_i8(self, a: &[i8], b: &[i8]) -> i32;

    /// Inner products of f32 rows in the fixed order.
    #[inline(always)]
    fn float_dots(self, query: &[f32], rows: [&[f32]; 4]) -> [f32; 4] {
        each(
            rows,
            #[inline(always)]
            |row| scalar::float_dot(query, row),
        )
    }

    /// Squared Euclidean distances of f32 rows in the fixed order.
    #[inline(always)]
    fn float_squares(self, query: &[f32], rows: [&[f32]; 4]) -> [f32; 4] {
        each(
            rows,
            #[inline(always)]
            |row| scalar::float_square(query, row),
        )
    }

    /// Number of differing bits.
    fn hamming(self, a: &[u8], b: &[u8]) -> u32;

    /// Scores of sixteen rows from the products of their codes: `dot * (scale * factor)`, minus
    /// infinity where the scale is zero.
    #[inline(always)]
    fn scores(self, dots: &[i32; 16], scales: &[f32; 16], factor: f32, out: &mut [f32; 16]) {
        scalar::scores(dots, scales, factor, out);
    }

    /// Upper bounds of the scores of sixteen rows, `(dot + off) * scale` with `off` from `margin`;
    /// `least` takes the lower bounds `(dot - off) * scale` where they are larger than what it has.
    /// Where the scale is zero both are minus infinity.
    #[inline(always)]
    fn bounds(
        self,
        dots: &[i32; 16],
        scales: &[f32; 16],
        residuals: &[u8; 16],
        margin: Margin,
        most: &mut [f32; 16],
        least: &mut [f32; 16],
    ) {
        scalar::bounds(dots, scales, residuals, margin, most, least);
    }

    /// The largest of sixteen scores.
    #[inline(always)]
    fn maximum(self, scores: &[f32; 16]) -> f32 {
        scalar::maximum(scores)
    }

    /// A bit for each of sixteen scores that is at least `bound`, the first in the lowest place.
    #[inline(always)]
    fn at_least(self, scores: &[f32; 16], bound: f32) -> u32 {
        scalar::at_least(scores, bound)
    }

    /// Which of eight points are within the root of `limit` of `point`: a bit each, the first in
    /// the lowest place. The points are the bits of their coordinates, an array for each axis.
    #[inline(always)]
    fn near(self, points: [&[u32; 8]; 3], point: [f32; 3], limit: f32) -> u32 {
        scalar::near(points, point, limit)
    }

    /// Puts `entry` in its place among the first `filled` of `entries`, which ascend and have
    /// `u64::MAX` behind them; a full slice loses its last. Returns the place. `entry` is less than
    /// the last of a full slice.
    #[inline(always)]
    fn insert(self, entries: &mut [u64], filled: usize, entry: u64) -> usize {
        scalar::insert(entries, filled, entry)
    }

    /// Hints that the row will be read soon.
    fn prefetch<T>(self, row: &[T]);
}

/// A computation written for any instruction set; `run` and all it calls per element should be
/// `#[inline(always)]`, so that it is compiled for the level that runs it.
pub(crate) trait Task {
    type Output;
    fn run<K: Kernels>(self, kernels: K) -> Self::Output;
}

/// `map` for an array of four, which unlike it is sure to be inlined.
#[inline(always)]
pub(crate) fn each<T: Copy, U>(items: [T; 4], mut f: impl FnMut(T) -> U) -> [U; 4] {
    [f(items[0]), f(items[1]), f(items[2]), f(items[3])]
}

/// Turns distances into scores.
#[inline(always)]
pub(crate) fn negated(distances: [f32; 4]) -> [f32; 4] {
    each(distances, |distance| -distance)
}

/// Runs `task` with the best kernels of this machine, or those that [`force`] asked for.
#[inline]
pub(crate) fn dispatch<T: Task>(task: T) -> T::Output {
    #[cfg(all(feature = "simd", any(arm_dsp, arm_helium)))]
    return task.run(cortex_m::Native);
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    return x86::dispatch(task);
    #[cfg(all(feature = "simd", target_arch = "aarch64", target_feature = "neon"))]
    if level() == Level::Neon {
        return task.run(aarch64::Neon::new());
    }
    #[cfg(all(feature = "simd", target_arch = "wasm32", target_feature = "simd128"))]
    return task.run(wasm::Simd128::new());
    #[allow(unreachable_code)]
    task.run(scalar::Scalar)
}

struct DotI8<'a>(&'a [i8], &'a [i8]);
impl Task for DotI8<'_> {
    type Output = i32;
    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) -> i32 {
        kernels.dot_i8(self.0, self.1)
    }
}

struct DotF32<'a>(&'a [f32], &'a [f32]);
impl Task for DotF32<'_> {
    type Output = f32;
    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) -> f32 {
        kernels.float_dots(self.0, [self.1, &[], &[], &[]])[0]
    }
}

struct Hamming<'a>(&'a [u8], &'a [u8]);
impl Task for Hamming<'_> {
    type Output = u32;
    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) -> u32 {
        kernels.hamming(self.0, self.1)
    }
}

/// Inner product of two rows of signed 8-bit codes; exact up to 131,072 elements. Where lengths
/// differ the shorter counts.
#[inline]
pub fn dot_i8(a: &[i8], b: &[i8]) -> i32 {
    dispatch(DotI8(a, b))
}

/// Inner product of two f32 rows in the fixed order (see the module). Lengths that are no multiple
/// of sixteen count as padded with zeros; where lengths differ the shorter counts.
#[inline]
pub fn dot_f32(a: &[f32], b: &[f32]) -> f32 {
    dispatch(DotF32(a, b))
}

/// Number of bits in which two rows differ; where lengths differ the shorter counts.
#[inline]
pub fn hamming(a: &[u8], b: &[u8]) -> u32 {
    dispatch(Hamming(a, b))
}

#[cfg(test)]
mod tests;
