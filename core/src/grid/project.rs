//! Where a vector lies: a cell of three coordinates, and a bound of sixteen components.
//!
//! A map `F` with `‖F(a) − F(b)‖ ≤ ‖a − b‖` never parts what is near. Chosen coordinates are such
//! a map; so are the rows of a matrix `P` of spectral norm at most 1, and so is
//! `x ↦ (Px, √(‖x‖² − ‖Px‖²))`: with `‖P‖ ≤ 1` the form `‖x‖² − ‖Px‖²` is the square of a
//! seminorm, whose triangle inequality bounds its part of the distance. The norm of what the
//! fifteen rows leave out is the sixteenth component. Its first three are the cell's coordinates.

use super::config::{GridConfig, PREFIX, ROWS};
use super::errors::{ProbeError, ProjectionError};

/// Largest spectral norm of a projection that is taken.
pub const MAX_NORM: f64 = 1.0 - 1.0 / 1024.0;
/// Cells from the origin beyond which all is one cell.
const FARTHEST: f64 = (1 << 30) as f64;
/// Largest norm of a vector that is projected, in cells: beyond it rounding to `f32` would be
/// larger than the slack of a cell.
const REACH: f64 = (1 << 15) as f64;

/// What a projection takes its components from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Projection<'p> {
    /// Fifteen coordinates spread evenly over the vector.
    Spread,
    /// These coordinates; the first three make the cell.
    Coordinates(&'p [u32; ROWS]),
    /// The rows of a matrix, fifteen times `dimensions` components, of spectral norm at most
    /// [`MAX_NORM`]: [`principal_rows`] makes them from a sample.
    Rows(&'p [f32]),
}

/// The components by which the distance of vectors is bounded.
pub(crate) type Bound = [f32; PREFIX];

/// A vector's place in the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// The cell.
    pub cell: [i32; 3],
    /// The nearer neighbour on each axis, −1 or 1.
    pub step: [i32; 3],
    /// The coordinates that cell and step follow from.
    pub point: [f32; 3],
    /// What the radius grows by to allow for rounding.
    pub slack: f32,
}

/// Cell and nearer neighbour of a coordinate, which is finite.
///
/// Adding 1.5 × 2⁵² rounds to an integer and leaves it in the lowest bits. What lies on the
/// border of two cells goes to either, and is then looked for in the other.
#[inline(always)]
pub(super) fn cell(coordinate: f32, per_edge: f64) -> (i32, i32) {
    const ROUND: f64 = (3_u64 << 51) as f64;
    let at = f64::from(coordinate) * per_edge;
    let at = if at > FARTHEST { FARTHEST } else { at };
    let at = if at < -FARTHEST { -FARTHEST } else { at };
    let rounded = (at - 0.5) + ROUND;
    let over = at - (rounded - ROUND);
    let up = i32::from(over >= 0.5);
    (rounded.to_bits() as i32, 2 * up - 1)
}

/// Writes the words of the projection section.
pub(super) fn write(
    config: &GridConfig,
    projection: Projection<'_>,
    words: &mut [u32],
) -> Result<(), ProjectionError> {
    let dimensions = config.dimensions;
    if config.is_direct() {
        return Ok(());
    }
    match projection {
        Projection::Spread if !config.rows => {
            let mut at = 0;
            for (i, word) in (0..).zip(words.iter_mut().take(ROWS)) {
                *word = if dimensions as usize <= ROWS {
                    i % dimensions
                } else {
                    at / ROWS as u32
                };
                at += dimensions;
            }
            Ok(())
        }
        Projection::Coordinates(chosen) if !config.rows => {
            let distinct = chosen
                .iter()
                .enumerate()
                .all(|(i, c)| !chosen.iter().take(i).any(|d| c == d));
            if !distinct || chosen.iter().any(|&c| c >= dimensions) {
                return Err(ProjectionError::BadCoordinates);
            }
            for (word, &c) in words.iter_mut().zip(chosen) {
                *word = c;
            }
            Ok(())
        }
        Projection::Rows(rows) if config.rows => {
            let width = dimensions as usize;
            if rows.len() != ROWS * width {
                return Err(ProjectionError::WrongLength {
                    expected: (ROWS * width) as u32,
                    found: rows.len() as u32,
                });
            }
            check_norm(rows, width)?;
            for (to, from) in words
                .chunks_mut((16 * config.row()).max(1))
                .zip(rows.chunks(width.max(1)))
            {
                for (word, component) in to.iter_mut().zip(from) {
                    *word = component.to_bits();
                }
            }
            Ok(())
        }
        _ => Err(ProjectionError::WrongForm),
    }
}

/// Whether the words of a projection section could have been written by [`write`].
pub(super) fn is_valid(config: &GridConfig, words: &[u32]) -> bool {
    let dimensions = config.dimensions as usize;
    if config.is_direct() {
        words.is_empty()
    } else if config.rows {
        let rows = words.chunks_exact((16 * config.row()).max(1)).take(ROWS);
        let mut ends = rows.clone().map(|row| row.iter().skip(dimensions));
        ends.all(|mut end| end.all(|&word| word == 0))
            && norm_bound(dimensions, rows, |&w| f32::from_bits(w)) <= MAX_NORM * MAX_NORM
    } else {
        words.iter().take(ROWS).all(|&c| c < config.dimensions)
            && words.iter().skip(ROWS).all(|&w| w == 0)
    }
}

fn check_norm(rows: &[f32], width: usize) -> Result<(), ProjectionError> {
    let bound = norm_bound(width, rows.chunks_exact(width), |&c| c);
    if bound <= MAX_NORM * MAX_NORM {
        Ok(())
    } else {
        Err(ProjectionError::NotContracting)
    }
}

/// Bound of the squared spectral norm: the largest absolute row sum of the Gram matrix
/// (Gershgorin); NaN becomes infinity.
fn norm_bound<'r, T: 'r>(
    width: usize,
    rows: impl Iterator<Item = &'r [T]> + Clone,
    value: impl Fn(&T) -> f32,
) -> f64 {
    let mut largest = 0.0_f64;
    for a in rows.clone() {
        let mut sum = 0.0;
        for b in rows.clone() {
            let dot: f64 = a
                .iter()
                .zip(b)
                .take(width)
                .map(|(x, y)| f64::from(value(x)) * f64::from(value(y)))
                .sum();
            sum += if dot < 0.0 { -dot } else { dot };
        }
        if sum.is_nan() {
            return f64::INFINITY;
        }
        largest = largest.max(sum);
    }
    largest
}

/// Whether a vector has a place; the empty one does.
pub(super) fn check(
    config: &GridConfig,
    length: usize,
    vector: impl Iterator<Item = f32>,
) -> Result<(), ProbeError> {
    if length != 0 && length != config.dimensions as usize {
        return Err(ProbeError::WrongLength {
            expected: config.dimensions,
            found: length as u32,
        });
    }
    let mut lanes = [0.0_f64; 4];
    for (i, component) in vector.enumerate() {
        if !component.is_finite() {
            return Err(ProbeError::NotFinite);
        }
        lanes[i & 3] += f64::from(component) * f64::from(component);
    }
    let norm = libm::sqrt((lanes[0] + lanes[2]) + (lanes[1] + lanes[3]));
    if !config.is_direct() && norm / config.edge() > REACH {
        return Err(ProbeError::TooFar);
    }
    Ok(())
}

/// Checks a vector, finds its place and fills in `bound`, which is zero before; that of three
/// components or less is the vector itself. Cost: O(15 × dimensions) with rows, else
/// O(dimensions).
#[inline(always)]
pub(super) fn locate(
    config: &GridConfig,
    per_edge: f64,
    words: &[u32],
    vector: &[f32],
    bound: &mut Bound,
) -> Result<Place, ProbeError> {
    if vector.len() != config.dimensions as usize {
        return Err(ProbeError::WrongLength {
            expected: config.dimensions,
            found: vector.len() as u32,
        });
    }
    if !config.is_direct() {
        return locate_bound(config, per_edge, words, vector, bound);
    }
    let point = match *vector {
        [x, y, z] => [x, y, z],
        [x, y] => [x, y, 0.0],
        [x] => [x, 0.0, 0.0],
        _ => [0.0; 3],
    };
    if !point.iter().all(|c| c.is_finite()) {
        return Err(ProbeError::NotFinite);
    }
    let [x, y, z] = point;
    [bound[0], bound[1], bound[2]] = [x, y, z];
    Ok(place(point, per_edge, 0.0))
}

#[inline(always)]
fn place(point: [f32; 3], per_edge: f64, slack: f32) -> Place {
    let [(x, to_x), (y, to_y), (z, to_z)] = point.map(|c| cell(c, per_edge));
    Place {
        cell: [x, y, z],
        step: [to_x, to_y, to_z],
        point,
        slack,
    }
}

#[inline(never)]
fn locate_bound(
    config: &GridConfig,
    per_edge: f64,
    words: &[u32],
    vector: &[f32],
    bound: &mut Bound,
) -> Result<Place, ProbeError> {
    let norm2 = squares(vector);
    if !norm2.is_finite() {
        return Err(ProbeError::NotFinite);
    }
    let norm = libm::sqrt(norm2);
    if norm / config.edge() > REACH {
        return Err(ProbeError::TooFar);
    }
    let kept = if config.rows {
        rows(bound, words, 16 * config.row(), vector)
    } else {
        let mut kept = 0.0;
        let rows = ROWS.min(vector.len());
        for (p, &c) in bound.iter_mut().zip(words).take(rows) {
            *p = vector.get(c as usize).copied().unwrap_or(0.0);
            kept += f64::from(*p) * f64::from(*p);
        }
        kept
    };
    bound[ROWS] = libm::sqrt((norm2 - kept).max(0.0)) as f32;
    let slack = ((2.0 * norm + f64::from(config.radius)) / f64::from(1 << 20)) as f32;
    let [x, y, z, ..] = *bound;
    Ok(place([x, y, z], per_edge, slack))
}

fn rows(prefix: &mut [f32; PREFIX], words: &[u32], width: usize, vector: &[f32]) -> f64 {
    let mut kept = 0.0;
    for (p, row) in prefix
        .iter_mut()
        .zip(words.chunks_exact(width.max(1)))
        .take(ROWS)
    {
        let mut lanes = [0.0_f64; 4];
        let mut blocks = vector.chunks_exact(4).zip(row.chunks_exact(4));
        for (v, r) in &mut blocks {
            for ((lane, &v), &r) in lanes.iter_mut().zip(v).zip(r) {
                *lane += f64::from(v) * f64::from(f32::from_bits(r));
            }
        }
        let done = vector.len() & !3;
        let rest: f64 = vector
            .iter()
            .zip(row)
            .skip(done)
            .map(|(&v, &r)| f64::from(v) * f64::from(f32::from_bits(r)))
            .sum();
        let dot = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]) + rest;
        kept += dot * dot;
        *p = dot as f32;
    }
    kept
}

fn squares(vector: &[f32]) -> f64 {
    let mut lanes = [0.0_f64; 4];
    for block in vector.chunks(4) {
        for (lane, &v) in lanes.iter_mut().zip(block) {
            *lane += f64::from(v) * f64::from(v);
        }
    }
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
}

/// Whether the distance of two vectors, in `f64`, is at most the root of `limit2`. Stops at the
/// first block of sixteen whose partial sum is over, which decides alike: the sum only grows.
pub(super) fn within(a: &[f32], lines: &[[f32; 16]], limit2: f64) -> bool {
    let mut sum = 0.0_f64;
    for (block, line) in a.chunks(16).zip(lines) {
        let mut lanes = [0.0_f64; 4];
        for (x, y) in block.chunks(4).zip(line.chunks(4)) {
            for ((lane, &x), &y) in lanes.iter_mut().zip(x).zip(y) {
                let d = f64::from(x) - f64::from(y);
                *lane += d * d;
            }
        }
        sum += (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
        if sum > limit2 {
            return false;
        }
    }
    true
}

/// Squared distance of two points.
#[inline]
pub(super) fn distance2(a: [f32; 3], b: [f32; 3]) -> f64 {
    let mut sum = 0.0_f64;
    for (a, b) in a.into_iter().zip(b) {
        let d = f64::from(a) - f64::from(b);
        sum += d * d;
    }
    sum
}

/// Squared distance of two bounds.
pub(super) fn prefix_distance(a: &[f32; PREFIX], b: &[f32; PREFIX]) -> f32 {
    let mut lanes = [0.0_f32; 4];
    for (x, y) in a.chunks_exact(4).zip(b.chunks_exact(4)) {
        for ((lane, &x), &y) in lanes.iter_mut().zip(x).zip(y) {
            let d = x - y;
            *lane += d * d;
        }
    }
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
}

/// Writes the fifteen leading principal directions of a sample to `rows`, scaled for
/// [`Projection::Rows`].
///
/// `sample` is any number of vectors of `dimensions` components, one after the other; `rows` and
/// `scratch` take fifteen times `dimensions` components each. Orthogonal iteration from fixed
/// starting rows, `rounds` passes over the sample (eight are plenty), each O(15 × sample).
/// Directions that the sample does not span become zero rows, which bound nothing and cost
/// nothing.
pub fn principal_rows(
    sample: &[f32],
    dimensions: u32,
    rounds: u32,
    rows: &mut [f32],
    scratch: &mut [f32],
) -> Result<(), ProjectionError> {
    let width = dimensions as usize;
    let expected = ROWS.saturating_mul(width);
    for found in [rows.len(), scratch.len()] {
        if width == 0 || found != expected {
            return Err(ProjectionError::WrongLength {
                expected: expected as u32,
                found: found as u32,
            });
        }
    }
    if !sample.len().is_multiple_of(width) || sample.iter().any(|v| !v.is_finite()) {
        return Err(ProjectionError::BadSample);
    }
    let count = (sample.len() / width).max(1) as f64;
    let mut state = 0x9e37_79b9_u32;
    for component in rows.iter_mut() {
        state = state.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
        *component = ((state >> 8) as f32) / (1 << 23) as f32 - 1.0;
    }
    orthonormalise(rows, width);
    for _ in 0..rounds {
        // The mean is taken off by what each row sees of it: dot(x − mean) = dot(x) − its average.
        let mut averages = [0.0_f64; ROWS];
        for vector in sample.chunks_exact(width) {
            for (average, row) in averages.iter_mut().zip(rows.chunks_exact(width)) {
                *average += dot(vector, row) / count;
            }
        }
        scratch.fill(0.0);
        for vector in sample.chunks_exact(width) {
            let each = rows
                .chunks_exact(width)
                .zip(scratch.chunks_exact_mut(width));
            for ((row, to), average) in each.zip(averages) {
                let weight = ((dot(vector, row) - average) / count) as f32;
                for (t, &v) in to.iter_mut().zip(vector) {
                    *t += weight * v;
                }
            }
        }
        rows.copy_from_slice(scratch);
        orthonormalise(rows, width);
    }
    for component in rows.iter_mut() {
        *component *= (1.0 - 1.0 / 256.0) as f32;
    }
    check_norm(rows, width)
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(&x, &y)| f64::from(x) * f64::from(y))
        .sum()
}

/// Modified Gram-Schmidt, twice, which is enough (Kahan and Parlett).
fn orthonormalise(rows: &mut [f32], width: usize) {
    for i in 0..ROWS {
        let Some((done, rest)) = rows.split_at_mut_checked(i * width) else {
            return;
        };
        let Some(row) = rest.get_mut(..width) else {
            return;
        };
        let before = dot(row, row);
        for _ in 0..2 {
            for other in done.chunks_exact(width) {
                let along = dot(row, other) as f32;
                for (r, &o) in row.iter_mut().zip(other) {
                    *r -= along * o;
                }
            }
        }
        let left = dot(row, row);
        if left > before * 1e-9 && left > 1e-30 {
            let scale = 1.0 / libm::sqrt(left);
            for r in row.iter_mut() {
                *r = (f64::from(*r) * scale) as f32;
            }
        } else {
            row.fill(0.0);
        }
    }
}
