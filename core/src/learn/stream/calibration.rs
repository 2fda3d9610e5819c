//! What a channel's values are measured by: its mean, its deviation and its usual step, in one pass.

use super::super::vector::{LEVELS, UNIT};

/// Mean and squares by Welford's recurrence, the sum of steps, and the latest value.
pub(super) type Moments = [f32; 4];

/// Whether moments are such as values within [`MAX_SAMPLE`](super::MAX_SAMPLE) lead to.
pub(super) fn is_sound(moments: &Moments) -> bool {
    let [mean, squares, travel, last] = *moments;
    let most = 2.0 * super::MAX_SAMPLE;
    mean.abs() <= most
        && last.abs() <= most
        && (0.0..=1e34).contains(&squares)
        && (0.0..=1e21).contains(&travel)
}

/// How values of a channel become levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub centre: f32,
    /// Levels a unit of the value.
    pub gain: f32,
    /// What steps are compared with, in levels.
    pub steps: [i32; 8],
}

/// Takes a value, the `count`-th; steps count from the second of a recording.
pub(super) fn take(moments: &mut Moments, count: f32, first: bool, value: f32) {
    let [mean, squares, travel, last] = moments;
    let away = value - *mean;
    *mean += away / count;
    *squares += away * (value - *mean);
    if !first {
        *travel += (value - *last).abs();
    }
    *last = value;
}

/// The scale that `samples` values and `steps` steps come to.
pub(super) fn freeze(moments: &Moments, samples: f32, steps: f32) -> Scale {
    let [mean, squares, travel, _] = *moments;
    let mut deviation = match samples > 0.0 {
        true => libm::sqrtf(squares / samples),
        false => 0.0,
    };
    if deviation == 0.0 {
        deviation = 1.0;
    }
    let step = if steps > 0.0 { travel / steps } else { 0.0 };
    let ratio = step / deviation * 1.25;
    Scale {
        centre: mean,
        gain: UNIT / deviation,
        steps: LEVELS.map(|level| libm::floorf(level as f32 * (UNIT / 256.0) * ratio + 0.5) as i32),
    }
}

/// The largest magnitude of a level; three of them fit an i32.
const LIMIT: f32 = 536_870_912.0;

/// A value in levels: the nearest, halves up.
#[inline(always)]
pub(super) fn level(value: f32, centre: f32, gain: f32) -> i32 {
    let level = ((value - centre) * gain + 0.5).clamp(-LIMIT, LIMIT);
    // Rounds towards zero; what has a fraction is far below 2^24, where integers are exact.
    let near = level as i32;
    near - i32::from(near as f32 > level)
}
