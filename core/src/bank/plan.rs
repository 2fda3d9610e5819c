//! Which way a search goes, and the one rule of what each way costs.

use super::filter::{self, Predicate};
use super::goal::Goal;
use super::sample::NEAREST;
use super::scratch::Method;
use super::search::Search;
use super::view::View;

/// How a search begins.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub method: Method,
    /// Candidates of the walk, refused ones included.
    pub candidates: usize,
    /// Candidates that would do without a filter.
    pub ef: usize,
}

/// Candidates that the scratch memory has room for.
#[derive(Clone, Copy)]
pub(super) struct Room {
    /// As its owner asked for.
    pub asked: usize,
    /// Of a walk that the bank chooses.
    pub walk: usize,
    /// Of a filtered walk.
    pub filtered: usize,
}

/// Every row is compared.
pub(super) const SCAN: Plan = Plan {
    method: Method::Scan,
    candidates: 0,
    ef: 0,
};

/// How to reach the goal: the way that was asked for, or the one that costs less of those that do.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn of(view: &View<'_>, search: &Search<'_>, room: Room) -> Plan {
    let wide = match search.goal {
        Goal::Ef(ef) => Some((ef as usize).min(room.asked).max(1).max(search.k)),
        Goal::Recall(share) => width(view, share, search.k),
        Goal::Exact => None,
    };
    let forced = search.method == Some(Method::Graph);
    let ef = match (wide, forced) {
        (Some(ef), _) => ef,
        // As wide as there is room for, which the goal may be beyond.
        (None, true) => room.walk,
        (None, false) => return SCAN,
    };
    let walk = Plan {
        method: Method::Graph,
        candidates: ef.min(room.walk),
        ef,
    };
    match (search.filter, search.method) {
        (_, Some(Method::Scan)) => SCAN,
        (None, Some(Method::Graph)) => walk,
        (None, None) => match ef <= room.walk && cheaper(view, ef) == Method::Graph {
            true => walk,
            false => SCAN,
        },
        (Some(accepts), None) => filtered(view, accepts, ef, room.filtered),
        (Some(accepts), Some(Method::Graph)) => forced_filtered(view, accepts, ef, room.filtered),
    }
}

/// Candidates that find this share of the `k` nearest by what was measured.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn width(view: &View<'_>, share: f32, k: usize) -> Option<usize> {
    if share >= 1.0 {
        return None;
    }
    let measured = view.width(share)?;
    // More neighbours lie farther out, and take as many candidates more.
    Some(match k > NEAREST {
        true => measured.saturating_mul(k).div_ceil(NEAREST),
        false => measured.max(k),
    })
}

/// The way that costs less, by integers alone so that every host takes the same.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn cheaper(view: &View<'_>, ef: usize) -> Method {
    let config = &view.config;
    let sixteens = config.padded() as u64 / 16;
    let interleaved = !view.blocks.is_empty() || !config.has_codes();
    let scan = view.live() as u64 * sixteens * if interleaved { 1 } else { 2 };
    let graph = u64::from(config.scan_cost) * ef as u64 * (sixteens + 19);
    match config.has_graph() && scan > graph {
        true => Method::Graph,
        false => Method::Scan,
    }
}

/// The way that costs less for `ef` accepted candidates, where the scratch memory has room for
/// `room` of any kind.
fn filtered(view: &View<'_>, accepts: Predicate<'_>, ef: usize, room: usize) -> Plan {
    // The predicate is only asked where a walk could pay at all.
    if cheaper(view, ef) == Method::Scan {
        return SCAN;
    }
    let (asked, accepted) = filter::sample(view, accepts);
    let candidates = match accepted {
        filter::FEWEST.. => filter::wanted(ef, asked, accepted),
        _ => return SCAN,
    };
    match candidates <= room && cheaper(view, candidates) == Method::Graph {
        true => Plan {
            method: Method::Graph,
            candidates,
            ef,
        },
        false => SCAN,
    }
}

/// A walk that was asked for: as wide as the share calls for and there is room.
fn forced_filtered(view: &View<'_>, accepts: Predicate<'_>, ef: usize, room: usize) -> Plan {
    let (asked, accepted) = filter::sample(view, accepts);
    Plan {
        method: Method::Graph,
        candidates: filter::wanted(ef, asked, accepted.max(1)).min(room),
        ef,
    }
}
