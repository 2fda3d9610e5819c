//! Features of a signal and their running statistics: all of it is floating point.

use crate::transcript::Transcript;
use crate::{Hex, Report, draw::Draw};
use sensilla::learn::features::{FeatureConfig, Features};
use sensilla::learn::normalise::{Normaliser, NormaliserConfig};

const FEATURES: FeatureConfig = FeatureConfig::new(3, 10_000);
const DIMENSIONS: usize = FEATURES.dimensions() as usize;
const NORMALISER: NormaliserConfig = NormaliserConfig::new(FEATURES.dimensions());

/// Features of windows of noise on a wave, then their z-scores.
pub fn features(room: &mut [u8], report: &mut dyn Report) {
    let (first, second) = room.split_at_mut(FEATURES.bytes());
    let mut features = Features::format(first, FEATURES).unwrap();
    let mut normaliser = Normaliser::format(second, NORMALISER).unwrap();
    let mut draw = Draw::new(2);
    let mut raw = Transcript::new();
    let mut scored = Transcript::new();
    let mut vector = [0.0; DIMENSIONS];
    for window in 0..8_u32 {
        for i in 0..100_u32 {
            let wave = (i * (window + 1) % 32) as f32 / 16.0 - 1.0;
            let noise = draw.signed();
            features
                .push(&[wave + 0.25 * noise, 9.81 - wave * noise, noise * 1e-3])
                .unwrap();
        }
        raw.shown(&features.push(&[f32::NAN, 0.0, 0.0]));
        features.finish(&mut vector).unwrap();
        vector.iter().for_each(|&x| raw.float(x));
        normaliser.update(&vector).unwrap();
        normaliser.apply(&mut vector).unwrap();
        vector.iter().for_each(|&x| scored.float(x));
    }
    report.line("learn/features", &Hex(&raw.finish()));
    report.line("learn/z-scores", &Hex(&scored.finish()));
    report.line("learn/normaliser", &Hex(&normaliser.seal()));
}
