//! Products and distances of f32 rows in the fixed order, where sixteen lanes take more than one
//! register: an instruction set brings the operations on a register, the loop is here.

use super::Kernels;
use super::scalar::Scalar;

/// Registers of an instruction set, `N` of which have sixteen f32 lanes.
///
/// # Safety
/// Whoever calls the operations has the instruction set.
pub(super) trait Floats<const N: usize>: Copy {
    /// Zero in every lane.
    unsafe fn zero() -> Self;

    /// The lanes at `from`, where that many can be read.
    unsafe fn load(from: *const f32) -> Self;

    unsafe fn add(self, other: Self) -> Self;

    unsafe fn subtract(self, other: Self) -> Self;

    unsafe fn multiply(self, other: Self) -> Self;

    /// Sums sixteen lanes as the tree +8, +4, +2, +1.
    unsafe fn tree(lanes: [Self; N]) -> f32;

    /// The same of four rows.
    #[inline(always)]
    unsafe fn trees([a, b, c, d]: [[Self; N]; 4]) -> [f32; 4] {
        // SAFETY: the caller's promise.
        unsafe { [Self::tree(a), Self::tree(b), Self::tree(c), Self::tree(d)] }
    }
}

/// Adds the terms of the sixteen elements from `at` to the lanes of a row.
///
/// # Safety
/// The machine has the instruction set of `F`, and sixteen elements can be read at both places.
#[inline(always)]
unsafe fn add<F: Floats<N>, const N: usize, const SQUARES: bool>(
    lanes: &mut [F; N],
    query: *const f32,
    row: *const f32,
) {
    for (l, lane) in lanes.iter_mut().enumerate() {
        // SAFETY: a lane is a sixteenth of the elements for each of its register; the rest is the
        // caller's promise.
        *lane = unsafe {
            let at = l * (16 / N);
            let (q, r) = (F::load(query.add(at)), F::load(row.add(at)));
            let term = if SQUARES {
                let d = q.subtract(r);
                d.multiply(d)
            } else {
                q.multiply(r)
            };
            lane.add(term)
        };
    }
}

/// [`Kernels::float_dots`], or with `SQUARES` [`Kernels::float_squares`]. Two roundings a component,
/// as everywhere: no fused multiply-add.
///
/// # Safety
/// The machine has the instruction set of `F`.
#[inline(always)]
pub(super) unsafe fn rows<F: Floats<N>, const N: usize, const SQUARES: bool>(
    query: &[f32],
    rows: [&[f32]; 4],
) -> [f32; 4] {
    // Where registers are few, four rows at a time would leave no room for their sums.
    let all = rows.iter().fold(query.len(), |n, row| n.min(row.len()));
    if N <= 2 && all > 0 && all.is_multiple_of(16) && rows.iter().all(|row| row.len() == all) {
        // SAFETY: query and rows have `all` elements, a multiple of sixteen; the rest is the caller's
        // promise.
        return unsafe {
            let mut lanes = [[F::zero(); N]; 4];
            for i in (0..all).step_by(16) {
                for (lanes, row) in lanes.iter_mut().zip(rows) {
                    add::<F, N, SQUARES>(lanes, query.as_ptr().add(i), row.as_ptr().add(i));
                }
            }
            F::trees(lanes)
        };
    }
    let mut outs = [0.0; 4];
    for (out, row) in outs.iter_mut().zip(rows) {
        let n = row.len().min(query.len());
        if !n.is_multiple_of(16) {
            let single = [row, &[], &[], &[]];
            [*out, ..] = if SQUARES {
                Scalar.float_squares(query, single)
            } else {
                Scalar.float_dots(query, single)
            };
            continue;
        }
        // SAFETY: query and row have `n` elements, a multiple of sixteen; the rest is the caller's
        // promise.
        *out = unsafe {
            let mut lanes = [F::zero(); N];
            for i in (0..n).step_by(16) {
                add::<F, N, SQUARES>(&mut lanes, query.as_ptr().add(i), row.as_ptr().add(i));
            }
            F::tree(lanes)
        };
    }
    outs
}
