//! From neighbours to a decision.

use crate::bank::{Hits, Method, PatternId};

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
    /// How near it is; a cosine by default.
    pub similarity: f32,
    /// How often it was right: the lower bound of its success rate, as a fraction of 65,535 (see
    /// [`confidence`](crate::learn::confidence)).
    pub confidence: u16,
    /// Distances that were computed.
    pub distances: u32,
    /// How the search ran.
    pub method: Method,
}

impl Recall {
    /// The nearest of the hits.
    pub(super) fn of(hits: &Hits<'_>) -> Option<Self> {
        Self::at(hits, 0)
    }

    /// The hit of this rank.
    pub(super) fn at(hits: &Hits<'_>, rank: usize) -> Option<Self> {
        hits.get(rank).map(|nearest| Self {
            id: nearest.id,
            label: nearest.label,
            similarity: nearest.similarity,
            confidence: nearest.confidence,
            distances: hits.distances(),
            method: hits.method(),
        })
    }

    /// How sure one can be of the label, as a fraction of 65,535: similarity (0 if negative, 1 if
    /// larger) × confidence.
    pub fn certainty(&self) -> u16 {
        (self.similarity.clamp(0.0, 1.0) * f32::from(self.confidence)) as u16
    }
}
