//! How similar stored rows are to each other.

use super::config::{Element, Metric};
use super::graph::MOST_LINKS;
use super::pool::{Pool, entry};
use super::view::View;
use crate::simd::{Kernels, each};
use crate::slices;

/// Up to [`MOST_LINKS`] and one slots with scores.
#[derive(Clone, Copy)]
pub(super) struct Few<T> {
    items: [T; MOST_LINKS + 1],
    pub len: usize,
}

impl<T: Copy + Default> Few<T> {
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn new() -> Self {
        Self {
            items: [T::default(); MOST_LINKS + 1],
            len: 0,
        }
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn push(&mut self, item: T) {
        if let Some(place) = self.items.get_mut(self.len) {
            *place = item;
            self.len += 1;
        }
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn as_slice(&self) -> &[T] {
        self.items.get(..self.len).unwrap_or(&[])
    }
}

impl Few<u32> {
    /// The links of a slot.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn links(view: View<'_>, slot: u32) -> Self {
        let mut links = Self::new();
        view.for_links(
            slot,
            #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
            |link| links.push(link),
        );
        links
    }
}

/// How similar stored rows are to each other, in one unit for all pairs.
#[derive(Clone, Copy)]
pub(super) struct Pairs<'v>(pub View<'v>);

impl Pairs<'_> {
    /// How similar four rows are to `slot`.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn four<K: Kernels>(&self, kernels: K, slot: u32, others: [u32; 4]) -> [f32; 4] {
        let view = &self.0;
        let euclid = view.config.metric == Metric::SquaredEuclidean;
        match view.config.element {
            Element::I8 | Element::I8F32 => {
                let rows = each(
                    others,
                    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                    |other| view.row(other),
                );
                let dots = kernels.pair_dots(view.row(slot), rows);
                let scale = view.scale(slot);
                let norm = |slot: u32| view.norms.get(slot as usize).copied().unwrap_or(0.0);
                let mut scores = [0.0; 4];
                for ((score, dot), other) in scores.iter_mut().zip(dots).zip(others) {
                    let product = dot as f32 * (view.scale(other) * scale);
                    *score = match euclid {
                        true => 2.0 * product - norm(other) - norm(slot),
                        false => product,
                    };
                }
                scores
            }
            Element::F32 => {
                let rows = each(
                    others,
                    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                    |other| view.float_row(other),
                );
                let metric = view.config.metric;
                metric.floats(kernels, view.float_row(slot), rows)
            }
            Element::Bits => {
                let row = view.row(slot);
                let mut scores = [0.0; 4];
                for (score, other) in scores.iter_mut().zip(others) {
                    *score = -(kernels.hamming(row, view.row(other)) as f32);
                }
                scores
            }
        }
    }

    /// Whether `slot` is at least as similar to one of `others` as `score`.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn any_nearer<K: Kernels>(
        &self,
        kernels: K,
        slot: u32,
        others: &[u32],
        score: f32,
    ) -> bool {
        // A loop, for a closure would not be compiled for the level of the kernels.
        for four in others.chunks(4) {
            let Some(padded) = slices::four(four) else {
                continue;
            };
            for nearness in self.four(kernels, slot, padded) {
                if nearness >= score {
                    return true;
                }
            }
        }
        false
    }

    /// Offers each of `others` to `ranked`, by how similar it is to `slot`.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn rank<K: Kernels>(&self, kernels: K, slot: u32, others: &[u32], ranked: &mut Pool<'_>) {
        for four in others.chunks(4) {
            let Some(padded) = slices::four(four) else {
                continue;
            };
            let scores = self.four(kernels, slot, padded);
            for (&other, score) in four.iter().zip(scores) {
                ranked.insert(kernels, entry(score, other));
            }
        }
    }
}
