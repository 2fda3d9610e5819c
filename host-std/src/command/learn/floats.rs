//! Whether a new store of vectors keeps floats: where eight bits do not hold the vectors apart.

use sensilla::bank::{BankConfig, OwnedBank, Pattern};

/// Vectors that are looked at, spread over all.
const LOOKED_AT: usize = 2_048;
/// The share of the nearest that eight bits must hold.
const HELD: f32 = 0.97;

/// The share of the nearest vectors that eight bits would find, if that is too small. Vectors that no
/// bank takes are left to whoever learns them.
pub fn too_small_a_share<'v>(
    dimensions: u32,
    vectors: impl ExactSizeIterator<Item = &'v [f32]>,
) -> Option<f32> {
    let step = vectors.len().div_ceil(LOOKED_AT).max(1);
    // Only the bank's sample is of interest, so its graph may be coarse.
    let config = BankConfig::new(dimensions, LOOKED_AT as u32)
        .links(4)
        .ef_construction(16);
    let mut bank = OwnedBank::new(config).ok()?;
    for vector in vectors.step_by(step) {
        let _ = bank.insert(vector, Pattern::default());
    }
    let held = bank.health().codes?.mean;
    (held < HELD).then_some(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(large: f32) -> Vec<Vec<f32>> {
        let mut state = 1u32;
        let mut number = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..100)
            .map(|_| {
                let mut vector: Vec<f32> = (0..16).map(|_| number()).collect();
                vector[0] = large;
                vector
            })
            .collect()
    }

    #[test]
    fn floats_are_kept_where_one_component_is_large() {
        let share = |large: f32| {
            let vectors = vectors(large);
            too_small_a_share(16, vectors.iter().map(Vec::as_slice))
        };
        assert_eq!(share(0.5), None);
        assert!(share(1_000.0).is_some_and(|held| held < 0.9));
    }
}
