//! What a search is asked for.

/// What a search is to reach.
///
/// Recall is the share of the `k` most similar patterns that a search finds, those as similar as the
/// `k`-th included.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Goal {
    /// All of them, as far as what is kept tells: every row is compared.
    Exact,
    /// This recall, 0 to 1, in the mean over many queries like the patterns themselves, by what the
    /// bank has [measured](super::Health) on its own rows. A query that lies farther from all patterns than
    /// these do from each other is answered as [`Exact`](Self::Exact), which one or more is too.
    Recall(f32),
    /// So many candidates of a walk through the graph, at least `k`, whatever these find. Where
    /// comparing every row costs less the bank is scanned.
    Ef(u32),
}

impl Default for Goal {
    fn default() -> Self {
        Self::Recall(DEFAULT_RECALL)
    }
}

/// The recall of [`Goal::default`].
pub(super) const DEFAULT_RECALL: f32 = 0.99;
