//! How far a member has gone from where its context belongs.
//!
//! An authority of the realm says where that is; what is compared are the sixteen components that the
//! grid bounds distances by, so that their distance never exceeds that of the vectors.

use super::contexts::Contexts;

/// Components are held within this, so that no square overflows.
const BOUND: f32 = 1e18;

impl Contexts<'_> {
    /// Sets where vectors of a context belong.
    pub fn set_baseline(&mut self, context: u32, vector: &[f32; 16]) {
        if let Some(to) = self.baselines.get_mut(context as usize) {
            for (to, from) in to.iter_mut().zip(vector) {
                *to = from.clamp(-BOUND, BOUND);
            }
            self.set_based(context);
        }
    }

    /// The squared distance of a vector from its context's baseline; none where none was set.
    pub fn apart(&self, context: u32, vector: &[f32; 16]) -> Option<f64> {
        let baseline = self
            .baselines
            .get(context as usize)
            .filter(|_| self.is_based(context))?;
        let mut apart = 0.0_f64;
        for (from, to) in baseline.iter().zip(vector) {
            let d = f64::from(to.clamp(-BOUND, BOUND)) - f64::from(*from);
            apart += d * d;
        }
        Some(apart)
    }
}
