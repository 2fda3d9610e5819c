//! How often recalls were right, by how clearly they were decided: what confidence is made of.
//!
//! A recall is decided by two distances, that of the nearest pattern and that of the nearest of
//! another label. The logarithm of their quotient is the *lead*. How often recalls of which lead
//! were right is counted in [`BINS`] bins, those long ago less and less, since who knew little then
//! knows more now: with `n` recalls the weight of the `i`-th goes as `(i / n)⁴`. Through the bins goes
//! a logistic curve (J. Platt, "Probabilistic outputs for support vector machines", 1999), held near
//! a usual one where there are few.

/// Bins of the lead.
pub(super) const BINS: usize = 8;
/// Leads from here on are one.
const MOST: f32 = 4.0;
/// Recalls fade with this power of their share in the time so far.
const FADE: f32 = 4.0;
/// The curve while nothing is known: even odds at a lead of -0.2, 150 to 1 at one.
const USUAL: [f32; 2] = [1.0, 5.0];
/// How much the two coefficients of the usual curve weigh, in recalls of even odds times four.
const HOLD: [f32; 2] = [0.5, 0.1];
/// Steps of Newton's method for each recall, from where the last left the curve.
const STEPS: usize = 4;

/// Weighted recalls of a bin, and those that were right.
pub(super) type Bins = [f32; 2 * BINS];

/// The lead of a recall with these squared distances; the second is infinite where there is no
/// other label.
pub(super) fn lead(nearest: f32, other: f32) -> f32 {
    const LEAST: f32 = 1e-9;
    let quotient = other.max(LEAST) / nearest.max(LEAST);
    match quotient.is_finite() {
        true => libm::logf(quotient).clamp(0.0, MOST),
        false => MOST,
    }
}

/// The share of recalls of that lead that are right, by the curve.
pub(super) fn expected(curve: [f32; 2], lead: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-(curve[0] + curve[1] * lead)))
}

/// Counts a recall, the `count`-th, and moves the curve.
pub(super) fn record(bins: &mut Bins, curve: &mut [f32; 2], count: u32, lead: f32, right: bool) {
    let keep = (1.0 - FADE / count.max(1) as f32).max(0.0);
    for weight in bins.iter_mut() {
        *weight *= keep;
    }
    let bin = ((lead / MOST * BINS as f32) as usize).min(BINS - 1);
    if let Some([all, good]) = bins.as_chunks_mut::<2>().0.get_mut(bin) {
        *all += 1.0;
        *good += f32::from(u8::from(right));
    }
    for _ in 0..STEPS {
        step(bins, curve);
    }
}

/// The curve while nothing was recorded.
pub(super) const fn usual() -> [f32; 2] {
    USUAL
}

/// A step of Newton's method towards the curve that makes the bins, and its own usualness, most
/// likely; cut, so that it cannot run away.
fn step(bins: &Bins, curve: &mut [f32; 2]) {
    let [a, b] = *curve;
    let (mut up_a, mut up_b) = (-(a - USUAL[0]) * HOLD[0], -(b - USUAL[1]) * HOLD[1]);
    let (mut aa, mut ab, mut bb) = (HOLD[0], 0.0, HOLD[1]);
    for (bin, &[all, good]) in bins.as_chunks::<2>().0.iter().enumerate() {
        let lead = (bin as f32 + 0.5) * (MOST / BINS as f32);
        let p = expected(*curve, lead);
        let rest = good - all * p;
        up_a += rest;
        up_b += rest * lead;
        let weight = all * p * (1.0 - p);
        aa += weight;
        ab += weight * lead;
        bb += weight * lead * lead;
    }
    let determinant = aa * bb - ab * ab;
    if determinant > 0.0 {
        let by_a = (up_a * bb - up_b * ab) / determinant;
        let by_b = (up_b * aa - up_a * ab) / determinant;
        *curve = [a + by_a.clamp(-1.0, 1.0), b + by_b.clamp(-2.0, 2.0)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_follows_how_often_recalls_are_right() {
        let (mut bins, mut curve) = ([0.0; 2 * BINS], usual());
        let mut state = 5u32;
        let mut draw = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        };
        let truth = [-0.5, 1.5];
        for count in 1..=4_000 {
            let lead = draw() * MOST;
            let right = draw() < expected(truth, lead);
            record(&mut bins, &mut curve, count, lead, right);
        }
        for lead in [0.25, 1.0, 2.0, 3.0] {
            let off = expected(curve, lead) - expected(truth, lead);
            assert!(off.abs() < 0.05, "{lead}: {off}");
        }
    }

    #[test]
    fn what_was_long_ago_fades() {
        let (mut bins, mut curve) = ([0.0; 2 * BINS], usual());
        for count in 1..=200 {
            record(&mut bins, &mut curve, count, 1.0, false);
        }
        assert!(expected(curve, 1.1) < 0.1);
        for count in 201..=600 {
            record(&mut bins, &mut curve, count, 1.0, true);
        }
        assert!(expected(curve, 1.1) > 0.9);
    }

    #[test]
    fn leads_are_within_their_bounds() {
        assert_eq!(lead(1.0, 1.0), 0.0);
        assert_eq!(lead(2.0, 1.0), 0.0);
        assert_eq!(lead(0.0, f32::INFINITY), MOST);
        assert_eq!(lead(0.0, 0.0), 0.0);
        assert_eq!(lead(1.0, 1e30), MOST);
    }
}
