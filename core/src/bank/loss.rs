//! What rounding to codes loses of recall, told from the scores of what was found.
//!
//! What rounding leaves of a row has no direction of its own, so that it moves a score by a normal
//! error of known width (see [`deviation`]). Where there are `d` rows a unit of score around the `k`-th
//! of those found, errors of deviation `s` carry `d s / sqrt(2 π)` of them out of the first `k`, so that the
//! share `0.4 d s / k` is lost. How dense scores lie the found tell themselves.
//!
//! Where they do not lie evenly, as where the `k`-th is one of a dozen that are close together and the rest far
//! away, one density says little. There each of those found beyond the `k`-th counts with its chance to come
//! before it.

use super::config::{Element, Metric};
use super::layout::state;
use super::pool::{score_of, slot_of};
use super::quantise::residual_unit;
use super::sample::{KEPT, NEAREST};
use super::sections::Sections;
use super::view::View;

/// One over the root of two pi, and a seventh more, as is lost of Gaussian and of clustered rows.
const CROSSING: f32 = 0.46;

/// Euclidean norm of what the codes of a row leave out; zero where there are none.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn left_out(view: &View<'_>, slot: u32) -> f32 {
    let residual = view.residuals.get(slot as usize).copied().unwrap_or(0);
    f32::from(residual) * residual_unit(view.padded) * view.scale(slot)
}

/// How far rounding of a row moves its similarity, one standard deviation. `square` is that of the
/// length of what it is compared with, which counts for inner products only.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn deviation(view: &View<'_>, slot: u32, similarity: f32, square: f32) -> f32 {
    // Rounded up by up to a unit: what is below one is none.
    let residual = view.residuals.get(slot as usize).copied().unwrap_or(0);
    let unit = residual_unit(view.padded) * view.scale(slot);
    let left = f32::from(residual.saturating_sub(1)) * unit;
    let each = left / libm::sqrtf(view.config.dimensions as f32);
    // What lies along the row itself its scale makes good, and the rest grows with the distance, which
    // is no shorter than what was left out.
    match view.config.metric {
        Metric::Cosine => {
            each * libm::sqrtf(((2.0 - 2.0 * similarity).max(0.0) + left * left).min(1.0))
        }
        Metric::InnerProduct => {
            let length = libm::sqrtf(self::square(view, slot)).max(f32::MIN_POSITIVE);
            // Divided first, for the squares of long rows leave the range of floats.
            let (along, left) = (similarity / length, left / length);
            each * libm::sqrtf((square - along * along).max(square * left * left))
        }
        Metric::SquaredEuclidean => 2.0 * each * libm::sqrtf((-similarity).max(0.0) + left * left),
    }
}

/// Shares lost from which on more may come in than are known.
const FEW: f32 = 0.12;

/// Ranks between which it is looked how close scores are: about the tenth, and about the third.
const AROUND: [(usize, usize); 2] = [(5, 15), (0, 5)];

/// The shares of the nearest ten, and of the nearest three, that rounding loses, 0 to 1. `found` are entries
/// with similarities, the nearest first; where rows have the same vector one of them counts. What would have
/// to be moved by more than `far` deviations to come in has no chance.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn shares(view: &View<'_>, found: &[u64], square: f32, far: f32) -> [f32; 2] {
    let mut shares = [0.0; 2];
    if view.config.element != Element::I8 {
        return shares;
    }
    let mut scores = [(0.0f32, 0.0f32); KEPT];
    let (mut count, mut before) = (0, None);
    for &near in found {
        let slot = slot_of(near);
        if before.is_none_or(|before| !view.is_same(before, slot))
            && let Some(place) = scores.get_mut(count)
        {
            let score = score_of(near);
            *place = (score, deviation(view, slot, score, square));
            count += 1;
        }
        before = Some(slot);
    }
    for (share, (from, to)) in shares.iter_mut().zip(AROUND) {
        let to = to.min(count.saturating_sub(1));
        // Fewer where there are copies.
        let from = from.min(to / 3);
        let all = scores.get(from..to + 1).unwrap_or(&[]);
        let (Some(first), Some(last)) = (all.first(), all.last()) else {
            continue;
        };
        let gaps = (all.len() - 1) as f32;
        if gaps < 1.0 {
            continue;
        }
        let moved = all.iter().map(|&(_, moved)| moved).sum::<f32>() / all.len() as f32;
        let middle = (from + to + 1) as f32 / 2.0;
        let crossed = CROSSING * moved * gaps / middle;
        let apart = first.0 - last.0;
        *share = match crossed > 0.0 {
            true => crossed / (crossed + apart),
            false => 0.0,
        };
    }
    for (share, k) in shares.iter_mut().zip([NEAREST, 3]) {
        let entering = entering(scores.get(..count).unwrap_or(&[]), k, far);
        // Of many that could come in too few are known.
        if *share < FEW || entering > *share {
            *share = entering;
        }
    }
    shares
}

/// The share of the first `k` for which others come in, by the chance of each that is known.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn entering(scores: &[(f32, f32)], k: usize, far: f32) -> f32 {
    let (Some(&(last, _)), Some(&(next, _))) = (scores.get(k - 1), scores.get(k)) else {
        return 0.0;
    };
    // What two near the bound are apart is moved by the errors of both, whose deviation is the root of two.
    let bound = last - 0.3 * (last - next);
    let beyond = scores.get(k..).unwrap_or(&[]).iter();
    let chances = beyond.map(
        |&(score, moved)| match moved > 0.0 && bound - score < far * moved {
            true => 0.5 * libm::erfcf((bound - score) / (core::f32::consts::SQRT_2 * moved)),
            false => 0.0,
        },
    );
    // More may come in than there is room for, each by its own chance.
    (chances.sum::<f32>() / k as f32).min(1.0)
}

/// Deviations beyond which a chance is below one in 30,000: too little to tell a query's goal by, and most of
/// what is farther out is so far.
const FAR: f32 = 4.0;

/// The larger of the shares of the nearest ten and three that are lost near a query.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn share(view: &View<'_>, found: &[u64], square: f32) -> f32 {
    let [ten, three] = shares(view, found, square, FAR);
    if three > ten { three } else { ten }
}

/// Works out anew what codes lose near a sampled row.
pub(super) fn renew(sections: &mut Sections<'_>, place: usize) {
    if sections.config.element != Element::I8 {
        return;
    }
    let lost = near(&sections.view(), place);
    if let Some(kept) = sections.losses.get_mut(2 * place..2 * place + 2) {
        kept.copy_from_slice(&lost);
    }
    for (at, lost) in mean(&sections.view()).into_iter().enumerate() {
        sections.set_counter(state::LOSS + at, lost.to_bits());
    }
}

/// What codes lose near the row in a place of the sample.
fn near(view: &View<'_>, place: usize) -> [f32; 2] {
    let square = view.sampled(place).map_or(0.0, |slot| square(view, slot));
    shares(view, view.nearest(place), square, f32::INFINITY)
}

/// The mean of what codes lose near each sampled row.
fn mean(view: &View<'_>) -> [f32; 2] {
    // In order, so that the sum is the same everywhere.
    let (mut sums, mut count) = ([0.0f32; 2], 0.0f32);
    for place in (0..view.places()).filter(|&place| view.sampled(place).is_some()) {
        let lost = view.losses.get(2 * place..2 * place + 2).unwrap_or(&[]);
        for (sum, lost) in sums.iter_mut().zip(lost) {
            *sum += lost;
        }
        count += 1.0;
    }
    sums.map(|sum| if count > 0.0 { sum / count } else { 0.0 })
}

/// Square of the length of a row by its codes, where inner products need it.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn square(view: &View<'_>, slot: u32) -> f32 {
    match view.config.metric {
        Metric::InnerProduct => {
            let sum: u32 = view
                .row(slot)
                .iter()
                .map(|&code| (i32::from(code) - 128).unsigned_abs().pow(2))
                .sum();
            let scale = view.scale(slot);
            scale * scale * sum as f32
        }
        _ => 1.0,
    }
}

impl View<'_> {
    /// The shares of the nearest ten and three that eight bits lose, by the sample.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn lost(&self) -> [f32; 2] {
        [state::LOSS, state::LOSS + 1].map(|at| f32::from_bits(self.counter(at)))
    }
}

/// Whether the losses are those of the rows that are kept, and what is kept of all their mean.
pub(super) fn is_sound(view: &View<'_>) -> bool {
    let is_lost = |place: usize| {
        let kept = view.losses.get(2 * place..2 * place + 2);
        let lost = near(view, place).map(f32::to_bits);
        kept.is_none_or(|kept| kept.iter().map(|share| share.to_bits()).eq(lost))
    };
    (0..view.places()).all(is_lost) && view.lost().map(f32::to_bits) == mean(view).map(f32::to_bits)
}
