//! The device's status line: how much it moves, how it is held.
//!
//! Computed with `micromath`, whose approximations cost a fraction of `libm`'s on a small core
//! and are off by a few per cent: good for a person's eye, never for stored state. The tests
//! below hold its errors against `libm`.

use core::fmt;
use micromath::F32Ext;

/// What a status line says of one sample window of a 3-axis accelerometer.
///
/// Errors against exact arithmetic: `rms` under 1 % (one step of Newton's method after
/// `micromath`'s root), `tilt` under 0.5 degrees, `level` under 0.4 decibels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Status {
    /// Root mean square of the magnitude, in the unit of the samples.
    pub rms: f32,
    /// Angle between the mean acceleration and the z axis, in degrees, 0 to 180.
    pub tilt: f32,
    /// `rms` in decibels over one unit; −200 when still.
    pub level: f32,
}

const SILENCE: f32 = 1e-10;

impl Status {
    /// Measures `samples`, each x, y, z; all zero without any. One pass, O(n).
    pub fn measure(samples: &[[f32; 3]]) -> Self {
        if samples.is_empty() {
            return Self::default();
        }
        let count = samples.len() as f32;
        let mut squares = 0.0;
        let mut sum = [0.0_f32; 3];
        for sample in samples {
            for (sum, x) in sum.iter_mut().zip(sample) {
                squares += x * x;
                *sum += x;
            }
        }
        let [x, y, z] = sum;
        let rms = root(squares / count);
        Self {
            rms,
            tilt: root(x * x + y * y).atan2(z).to_degrees(),
            level: 20.0 * rms.max(SILENCE).log10(),
        }
    }
}

/// Square root: `micromath`'s is off by up to 6 %, one step of Newton's method makes it 0.2 %.
fn root(square: f32) -> f32 {
    let near = F32Ext::sqrt(square);
    if near > 0.0 {
        0.5 * (near + square / near)
    } else {
        0.0
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "rms {:.2}  tilt {:.0}°  level {:.1} dB",
            self.rms, self.tilt, self.level
        )
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    #[test]
    fn reads_as_one_line() {
        let status = Status::measure(&[[0.0, 0.0, 1.0]; 4]);
        assert_eq!(status.to_string(), "rms 1.00  tilt 0°  level 0.0 dB");
        let status = Status::measure(&[]);
        assert_eq!(status, Status::default());
        assert_eq!(Status::measure(&[[0.0; 3]]).level, -200.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn errors_against_libm_are_what_the_doc_says(
            samples in prop::collection::vec(prop::array::uniform3(-16.0_f32..16.0), 1..20),
            scale in prop::sample::select(&[0.001_f32, 0.1, 1.0, 50.0][..]),
        ) {
            let samples: std::vec::Vec<[f32; 3]> =
                samples.iter().map(|s| s.map(|x| x * scale)).collect();
            let status = Status::measure(&samples);
            let count = samples.len() as f64;
            let squares: f64 = samples.iter().flatten().map(|&x| f64::from(x) * f64::from(x)).sum();
            let rms = libm::sqrt(squares / count);
            let sum = |axis: usize| samples.iter().map(|s| f64::from(s[axis])).sum::<f64>();
            let tilt = libm::atan2(libm::hypot(sum(0), sum(1)), sum(2)).to_degrees();
            prop_assert!((f64::from(status.rms) / rms - 1.0).abs() < 0.01, "{status:?} {rms}");
            prop_assert!((f64::from(status.tilt) - tilt).abs() < 0.5, "{status:?} {tilt}");
            let level = 20.0 * libm::log10(rms);
            prop_assert!((f64::from(status.level) - level).abs() < 0.4, "{status:?} {level}");
        }
    }
}
