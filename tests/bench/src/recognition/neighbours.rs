//! The nearest recording of the file: by plain distance, and by warping within a band.

use super::sets::{Recording, Set};

/// The distance of two recordings, or infinity as soon as it is above a bound.
pub type Distance = fn(&Recording, &Recording, f64) -> f64;

/// Share of the width that a path may leave the diagonal by.
const BAND: f64 = 0.1;

/// Share of test recordings whose nearest recording has their label.
pub fn accuracy(set: &Set, distance: Distance) -> f64 {
    let right = set.test.iter().filter(|query| {
        let mut best = (f64::INFINITY, u32::MAX);
        for known in &set.train {
            let d = distance(query, known, best.0);
            if d < best.0 {
                best = (d, known.label);
            }
        }
        best.1 == query.label
    });
    right.count() as f64 / set.test.len() as f64
}

fn square(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
}

/// Mean square of the difference over what both have.
pub fn euclidean(a: &Recording, b: &Recording, _: f64) -> f64 {
    let n = a.len().min(b.len());
    square(&a.samples[..n * a.channels], &b.samples[..n * b.channels]) / n as f64
}

/// Dynamic time warping of all channels together within a band of a tenth (H. Sakoe and S. Chiba,
/// 1978), wide enough for the difference in length.
pub fn warped(a: &Recording, b: &Recording, bound: f64) -> f64 {
    let (n, m) = (a.len(), b.len());
    let band = ((BAND * n.max(m) as f64) as usize).max(n.abs_diff(m)) + 1;
    let mut before = vec![f64::INFINITY; m + 1];
    let mut now = before.clone();
    before[0] = 0.0;
    for i in 1..=n {
        now.fill(f64::INFINITY);
        let own = &a.samples[(i - 1) * a.channels..][..a.channels];
        let mut least = f64::INFINITY;
        for j in i.saturating_sub(band).max(1)..=(i + band).min(m) {
            let cost = square(own, &b.samples[(j - 1) * b.channels..][..b.channels]);
            now[j] = cost + before[j - 1].min(before[j]).min(now[j - 1]);
            least = least.min(now[j]);
        }
        if least > bound {
            return f64::INFINITY;
        }
        std::mem::swap(&mut before, &mut now);
    }
    before[m]
}
