//! Queries that are unlike the rows.
//!
//! What walks find was measured with rows as queries. A query that lies farther from its nearest rows than
//! any sampled row does from its own is none like them: no link was made for what is around it, and how wide
//! a walk must be is not known. Such a query is answered by a scan.

use super::config::{Element, Metric};
use super::layout::state;
use super::loss;
use super::quantise;
use super::sample::NEAREST;
use super::sections::Sections;
use super::view::View;
use crate::simd::{Kernels, Task, dispatch};

/// How much farther than any sampled row, in squared distance, is unlike all of them. Of a sample of `n` rows
/// one query in `n + 1` passes the farthest; few of these are so far beyond it, and they cost a scan.
const BEYOND: f32 = 1.5;
/// For inner products, in parts of the least that a sampled row has, per unit of its length.
const SHORT_OF: f32 = 0.25;

/// Whether a query whose nearest were found to have at most this similarity, the tenth of them or the last
/// if there are fewer, is unlike all sampled rows. `square` is that of the query's length.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn is_afar(view: &View<'_>, similarity: f32, square: f32) -> bool {
    let bound = f32::from_bits(view.counter(state::AFAR));
    match view.config.metric {
        Metric::InnerProduct => similarity < libm::sqrtf(square) * (bound - SHORT_OF * bound.abs()),
        metric => {
            let distance = match metric {
                Metric::SquaredEuclidean => -similarity,
                _ => 2.0 - 2.0 * similarity,
            };
            distance > BEYOND * bound
        }
    }
}

/// Works out the bound anew: the largest squared distance between a sampled row and the tenth nearest to it,
/// or the least of their inner products per unit of the row's length.
pub(super) fn renew(sections: &mut Sections<'_>) {
    let bound = dispatch(Farthest(sections.view()));
    sections.set_counter(state::AFAR, bound.to_bits());
}

struct Farthest<'v>(View<'v>);

impl Task for Farthest<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) -> f32 {
        let Self(view) = self;
        let is_product = view.config.metric == Metric::InnerProduct;
        let mut bound = if is_product { f32::MAX } else { 0.0 };
        for place in 0..view.places() {
            let (Some(slot), Some((NEAREST, score))) = (view.sampled(place), view.wanted(place))
            else {
                continue;
            };
            let told = match (view.config.metric, view.config.element) {
                (Metric::InnerProduct, _) => score / length(kernels, &view, slot),
                (Metric::SquaredEuclidean, _) => -score,
                // Floats say minus the square of a distance, codes the cosine.
                (Metric::Cosine, Element::I8) => 2.0 - 2.0 * score,
                // Bits, how many differ.
                (Metric::Cosine, Element::Bits) => -4.0 * score / view.config.dimensions as f32,
                (Metric::Cosine, _) => -score,
            };
            bound = match is_product {
                true => bound.min(told),
                false => bound.max(told),
            };
        }
        bound
    }
}

/// Length of a row.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn length<K: Kernels>(kernels: K, view: &View<'_>, slot: u32) -> f32 {
    let square = match view.config.has_floats() {
        true => quantise::square(kernels, view.float_row(slot)),
        false => loss::square(view, slot),
    };
    libm::sqrtf(square).max(f32::MIN_POSITIVE)
}

/// Whether the bound is a number, and none where there is no sample.
pub(super) fn is_sound(view: &View<'_>) -> bool {
    let bits = view.counter(state::AFAR);
    f32::from_bits(bits).is_finite() && (view.places() > 0 || bits == 0)
}
