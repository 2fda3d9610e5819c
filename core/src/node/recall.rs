//! From neighbours to a decision.

use crate::bank::{Hits, Method, PatternId};
use crate::learn::recogniser::Recognised;

/// Most neighbours that a recall asks for.
pub const MAX_K: usize = 16;

/// What a window resembles: one pattern, the nearest unless attention picked another.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Recall {
    /// The pattern.
    pub id: PatternId,
    /// Its label.
    pub label: u32,
    /// How near it is: a cosine by default, or, where shapes are recognised, the
    /// [closeness](crate::learn::Recogniser::closeness).
    pub similarity: f32,
    /// How often it was right: the lower bound of its success rate, as a fraction of 65,535 (see
    /// [`confidence`](crate::learn::confidence)).
    pub confidence: u16,
    /// Distances that were computed.
    pub distances: u32,
    /// How the search ran.
    pub method: Method,
    /// Novelty, margin and confidence, where shapes are recognised.
    pub recognised: Option<Recognised>,
}

impl Recall {
    /// The hit of this rank, which is as near as `closeness` makes of its similarity.
    pub(super) fn at(
        hits: &Hits<'_>,
        rank: usize,
        closeness: impl Fn(f32) -> f32,
        recognised: Option<Recognised>,
    ) -> Option<Self> {
        hits.get(rank).map(|nearest| Self {
            id: nearest.id,
            label: nearest.label,
            similarity: closeness(nearest.similarity),
            confidence: nearest.confidence,
            distances: hits.distances(),
            method: hits.method(),
            recognised,
        })
    }

    /// How sure one can be of the label, as a fraction of 65,535: where shapes are recognised, the
    /// share of recalls as clear as this one that were right; else similarity (0 if negative, 1 if
    /// larger) × confidence.
    pub fn certainty(&self) -> u16 {
        match &self.recognised {
            Some(recognised) => (recognised.confidence * 65_535.0) as u16,
            None => (self.similarity.clamp(0.0, 1.0) * f32::from(self.confidence)) as u16,
        }
    }
}
