//! Searches among the patterns that a predicate accepts.
//!
//! The walk goes through all patterns, for the accepted ones alone need not hang together, and keeps
//! so many more candidates as the predicate refuses: with a share `s` accepted, `ef / s` candidates
//! hold about `ef` that count, and the nearest `k` of these are found as well as without a predicate.
//! The share is taken from a sample of the live patterns, the same on every host. Where the sample
//! accepts too few, where the candidates would not fit into the scratch memory, or where comparing
//! every row costs less, the scan serves, and also where a walk has met too few: near the query the
//! predicate may accept far less than elsewhere.

use super::pattern::Entry;
use super::pool::slot_of;
use super::view::View;

/// A predicate on patterns.
pub type Predicate<'p> = &'p dyn Fn(&Entry) -> bool;

/// Patterns that the share is taken from.
const SAMPLE: u32 = 128;
/// Fewer accepted of the sample say too little: about 2 % of the patterns.
pub(super) const FEWEST: u32 = 3;

/// Candidates that hold `ef` accepted ones, and a quarter more, for a share is only estimated.
pub(super) fn wanted(ef: usize, asked: u32, accepted: u32) -> usize {
    let wide = ef as u64 * u64::from(asked) * 5;
    usize::try_from(wide.div_ceil(u64::from(accepted) * 4)).unwrap_or(usize::MAX)
}

/// The `i`-th of a sample spread evenly over the slots by the golden ratio: the next live slot from its
/// place.
fn spread(view: &View<'_>, i: u32) -> Option<u32> {
    let high = view.high() as u32;
    let place = (i + 1).wrapping_mul(0x9e37_79b9);
    let first = ((u64::from(place) * u64::from(high)) >> 32) as u32;
    (first..high)
        .chain(0..first)
        .find(|&slot| view.is_live(slot))
}

/// How many patterns were asked about, and how many of these the predicate accepts.
pub(super) fn sample(view: &View<'_>, accepts: Predicate<'_>) -> (u32, u32) {
    let (mut asked, mut accepted) = (0, 0);
    for slot in (0..SAMPLE).filter_map(|i| spread(view, i)) {
        asked += 1;
        accepted += u32::from(accepts(&view.entry(slot)));
    }
    (asked, accepted)
}

/// Fewest accepted candidates that a walk must have met for its nearest `k` to count.
pub(super) fn enough(k: usize, ef: usize) -> usize {
    ef.min(2 * k)
}

/// Copies the first candidates that the predicate accepts from `from` to `to`, in order; returns how
/// many there are in `to`.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn keep(view: &View<'_>, accepts: Predicate<'_>, from: &[u64], to: &mut [u64]) -> usize {
    let mut kept = 0;
    for &candidate in from {
        let Some(place) = to.get_mut(kept) else {
            break;
        };
        let entry: Entry = view.entry(slot_of(candidate));
        if accepts(&entry) {
            *place = candidate;
            kept += 1;
        }
    }
    kept
}
