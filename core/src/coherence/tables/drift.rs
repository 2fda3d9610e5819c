//! Whether a context has left where it began.
//!
//! The mean of a context's first vectors is its baseline; an exponentially weighted mean follows
//! the later ones. Both are of the sixteen components that the grid bounds distances by, so their
//! distance never exceeds that of the vectors' own means.

use super::contexts::Contexts;

/// Vectors that make the baseline.
const BASELINE: u32 = 32;
/// Weight of one vector in the recent mean.
const WEIGHT: f32 = 1.0 / 16.0;
/// Components are held within this, so that no mean and no square overflows.
const BOUND: f32 = 1e18;

impl Contexts<'_> {
    /// Takes a vector of a context into account; `limit` is the distance that counts as drift.
    pub fn follow(&mut self, context: u32, vector: &[f32; 16], limit: f32) {
        let seen = self.seen(context).saturating_add(1);
        let at = context as usize * 2;
        let Some([baseline, recent]) = self.drift.get_mut(at..at + 2) else {
            return;
        };
        let mut apart = 0.0_f64;
        for ((first, last), &component) in baseline.iter_mut().zip(recent).zip(vector) {
            let component = component.clamp(-BOUND, BOUND);
            if seen <= BASELINE {
                *first += (component - *first) / seen as f32;
                *last = *first;
            } else {
                *last += (component - *last) * WEIGHT;
            }
            let d = f64::from(*last) - f64::from(*first);
            apart += d * d;
        }
        let drifts = limit > 0.0 && apart > f64::from(limit) * f64::from(limit);
        self.set_seen(context, seen, drifts);
    }
}
