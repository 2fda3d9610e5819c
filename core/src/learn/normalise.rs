//! Z-scores with running statistics: each dimension of a vector minus its mean, over its
//! deviation, both learned from the vectors seen.

use crate::block::structure::{Config, structure};
use crate::block::{CONFIG_WORDS, Kind};
use crate::error::errors;

/// The largest number of dimensions.
pub const MAX_DIMENSIONS: u32 = 2048;
/// Z-scores are cut at this many deviations, so that one wild feature cannot outweigh the rest.
pub const LIMIT: f32 = 8.0;

/// The count of vectors stops here; from then on old vectors fade exponentially.
const MAX_COUNT: u32 = 1 << 20;
/// A deviation below this share of the mean is rounding noise of a constant.
const CONSTANT: f32 = 1e-6;
/// The largest magnitude of a component, whose square is still finite.
const MAX_COMPONENT: f32 = 1e18;

errors! {
    /// Why a vector was not taken or changed; it and the statistics are as before.
    pub enum NormaliseError: 0x0330 {
        /// The vector has the wrong length.
        WrongLength { expected: u32, found: u32 } = 1
            => "the vector has {found} components, the statistics have {expected}",
        /// A component is not finite or beyond 1e18.
        OutOfRange { index: u32 } = 2
            => "component {index} of the vector is not finite or beyond 1e18",
    }
}

/// Dimensions of a [`Normaliser`] block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NormaliserConfig {
    dimensions: u32,
}

impl NormaliserConfig {
    /// For vectors of `dimensions` components, 1 to [`MAX_DIMENSIONS`].
    pub const fn new(dimensions: u32) -> Self {
        Self { dimensions }
    }

    /// Components of a vector.
    pub const fn dimensions(&self) -> u32 {
        self.dimensions
    }
}

impl Config for NormaliserConfig {
    const KIND: Kind = Kind(*b"NORM");
    const VERSION: u32 = 1;

    fn is_valid(&self) -> bool {
        (1..=MAX_DIMENSIONS).contains(&self.dimensions)
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.dimensions;
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        Some(Self::new(words[0]))
    }
}

structure! {
    /// Running mean and variance of each dimension.
    ///
    /// Welford's recurrence with the variance itself kept:
    /// `m += (x - m) / n`, `v += ((x - m_before)(x - m) - v) / n`.
    pub struct Normaliser for NormaliserConfig as config {
        count: [u32; 1],
        mean: [f32; config.dimensions => 1],
        variance: [f32; config.dimensions => 1],
    }
}

impl Normaliser<'_> {
    fn is_sound(&mut self) -> bool {
        let empty = self.count() == 0;
        self.count() <= MAX_COUNT
            && self.mean.iter().all(|m| m.abs() <= MAX_COMPONENT)
            && self.variance.iter().all(|v| *v >= 0.0 && v.is_finite())
            && (!empty || self.is_zero_from(&self.config, 0))
    }

    /// The configuration.
    pub fn config(&self) -> NormaliserConfig {
        self.config
    }

    /// Vectors seen; stops at 2^20.
    pub fn count(&self) -> u32 {
        self.count.first().copied().unwrap_or(0)
    }

    /// Mean and population standard deviation of dimension `index`.
    pub fn statistics(&self, index: usize) -> Option<(f32, f32)> {
        if index >= self.config.dimensions as usize {
            return None;
        }
        let variance = self.variance.get(index)?;
        Some((*self.mean.get(index)?, libm::sqrtf(*variance)))
    }

    /// Takes a raw vector into the statistics. Cost: one pass.
    pub fn update(&mut self, vector: &[f32]) -> Result<(), NormaliseError> {
        self.check(vector)?;
        self.header.begin();
        let count = (self.count() + 1).min(MAX_COUNT);
        self.count.fill(0);
        if let Some(first) = self.count.first_mut() {
            *first = count;
        }
        let share = 1.0 / count as f32;
        for ((&x, m), v) in vector
            .iter()
            .zip(self.mean.iter_mut())
            .zip(self.variance.iter_mut())
        {
            let away = x - *m;
            *m += away * share;
            *v = (*v + (away * (x - *m) - *v) * share).max(0.0);
        }
        self.header.end();
        Ok(())
    }

    /// Replaces a raw vector by its z-scores, within ±[`LIMIT`]; a dimension that never varied
    /// gives zero. Cost: one pass, a root and a division a component.
    pub fn apply(&self, vector: &mut [f32]) -> Result<(), NormaliseError> {
        self.check(vector)?;
        for ((x, &m), &v) in vector
            .iter_mut()
            .zip(self.mean.iter())
            .zip(self.variance.iter())
        {
            let deviation = libm::sqrtf(v);
            *x = if deviation > CONSTANT * m.abs() {
                ((*x - m) / deviation).clamp(-LIMIT, LIMIT)
            } else {
                0.0
            };
        }
        Ok(())
    }

    fn check(&self, vector: &[f32]) -> Result<(), NormaliseError> {
        if vector.len() != self.config.dimensions as usize {
            return Err(NormaliseError::WrongLength {
                expected: self.config.dimensions,
                found: u32::try_from(vector.len()).unwrap_or(u32::MAX),
            });
        }
        let fits = |x: &f32| x.abs() <= MAX_COMPONENT;
        match vector.iter().position(|x| !fits(x)) {
            Some(index) => Err(NormaliseError::OutOfRange {
                index: index as u32,
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;
    use crate::block::BlockError;
    use proptest::prelude::*;

    const CONFIG: NormaliserConfig = NormaliserConfig::new(3);
    type Memory = Block<{ CONFIG.bytes() }>;

    #[test]
    fn agrees_with_the_two_pass_definition() {
        proptest!(ProptestConfig::with_cases(64), |(
            rows in prop::collection::vec([-9.0f32..9.0, 100.0f32..101.0, 5.0f32..5.001], 2..100)
        )| {
            let mut memory = Memory::new();
            let mut normaliser = Normaliser::format(&mut memory, CONFIG).unwrap();
            for row in &rows {
                normaliser.update(row).unwrap();
            }
            let n = rows.len() as f64;
            for i in 0..3 {
                let mean = rows.iter().map(|r| f64::from(r[i])).sum::<f64>() / n;
                let variance = rows.iter().map(|r| (f64::from(r[i]) - mean).powi(2)).sum::<f64>() / n;
                let (m, d) = normaliser.statistics(i).unwrap();
                prop_assert!((f64::from(m) - mean).abs() < 1e-4);
                prop_assert!((f64::from(d) - variance.sqrt()).abs() < 1e-3);
            }
        });
    }

    #[test]
    fn constants_give_zero_and_outliers_are_cut() {
        let mut memory = Memory::new();
        let mut normaliser = Normaliser::format(&mut memory, CONFIG).unwrap();
        for i in 0..10 {
            normaliser.update(&[0.0, 0.1, f32::from(i as u8)]).unwrap();
        }
        let mut vector = [0.0, 0.1, 1e9];
        normaliser.apply(&mut vector).unwrap();
        assert_eq!(vector, [0.0, 0.0, LIMIT]);
    }

    #[test]
    fn refuses_bad_vectors_and_keeps_the_statistics() {
        let mut memory = Memory::new();
        let mut normaliser = Normaliser::format(&mut memory, CONFIG).unwrap();
        let before = normaliser.image_digest();
        assert!(normaliser.update(&[1.0]).is_err());
        assert_eq!(
            normaliser.update(&[1.0, f32::NAN, 1.0]),
            Err(NormaliseError::OutOfRange { index: 1 })
        );
        assert!(normaliser.apply(&mut [1.0, 1.1e18, 1.0]).is_err());
        assert_eq!(normaliser.image_digest(), before);
    }

    #[test]
    fn statistics_survive_saving_and_hostile_ones_are_refused() {
        let mut memory = Memory::new();
        let mut normaliser = Normaliser::format(&mut memory, CONFIG).unwrap();
        normaliser.update(&[1.0, 2.0, 3.0]).unwrap();
        let digest = normaliser.seal();
        let normaliser = Normaliser::open_verified(&mut memory).unwrap();
        assert_eq!(normaliser.image_digest(), digest);
        let mut hostile = Memory::new();
        hostile.copy_from_slice(&memory);
        let last = CONFIG.bytes() - 64;
        hostile[last..last + 4].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(
            Normaliser::open(&mut hostile).unwrap_err(),
            BlockError::Corrupt
        );
    }
}
