//! Which way a search goes, and the one rule of what each way costs.

use super::filter::{self, Predicate};
use super::scratch::Method;
use super::view::View;

/// How a search begins.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub method: Method,
    /// Candidates of the walk, refused ones included.
    pub candidates: usize,
}

/// How to look for `ef` candidates: the way that was asked for, or the one that costs less. The scratch
/// memory has room for `room` candidates of a filtered walk.
#[inline(always)]
pub(super) fn of(
    view: &View<'_>,
    filter: Option<Predicate<'_>>,
    method: Option<Method>,
    ef: usize,
    room: usize,
) -> Plan {
    match (filter, method) {
        (None, method) => Plan {
            method: method.unwrap_or_else(|| cheaper(view, ef)),
            candidates: ef,
        },
        (Some(accepts), None) => filtered(view, accepts, ef, room),
        (Some(accepts), Some(Method::Graph)) => forced(view, accepts, ef, room),
        (Some(_), Some(method)) => Plan {
            method,
            candidates: 0,
        },
    }
}

/// The way that costs less, by integers alone so that every host takes the same.
#[inline(always)]
fn cheaper(view: &View<'_>, ef: usize) -> Method {
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
    let scan = Plan {
        method: Method::Scan,
        candidates: 0,
    };
    // The predicate is only asked where a walk could pay at all.
    if cheaper(view, ef) == Method::Scan {
        return scan;
    }
    let (asked, accepted) = filter::sample(view, accepts);
    let candidates = match accepted {
        filter::FEWEST.. => filter::wanted(ef, asked, accepted),
        _ => return scan,
    };
    match candidates <= room && cheaper(view, candidates) == Method::Graph {
        true => Plan {
            method: Method::Graph,
            candidates,
        },
        false => scan,
    }
}

/// A walk that was asked for: as wide as the share calls for and there is room.
fn forced(view: &View<'_>, accepts: Predicate<'_>, ef: usize, room: usize) -> Plan {
    let (asked, accepted) = filter::sample(view, accepts);
    Plan {
        method: Method::Graph,
        candidates: filter::wanted(ef, asked, accepted.max(1)).min(room),
    }
}
