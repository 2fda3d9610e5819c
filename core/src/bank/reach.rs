//! Whether every pattern can be reached: the graph is to be one piece, so that a walk leads from any
//! entry to any pattern.
//!
//! Insertions and removals keep it so but for rare cases, which an [audit](super::PatternBank::audit_step)
//! ends with: it joins what hangs apart to the most similar pattern of the rest.

use super::entries;
use super::graph::{is_visited, visit};
use super::link::squeeze;
use super::pairs::Pairs;
use super::pool::{POOL_STEP, Pool, slot_of};
use super::sections::Sections;
use super::view::View;
use crate::simd::{Kernels, Task, dispatch};

/// How many live patterns no path of links leads to from where walks start. `visited` is cleared, and
/// marks the others after. Each pass goes over all slots in turn, up or down, and follows the links of those
/// reached, until none is new; so no stack is needed.
pub(super) fn count_apart(view: &View<'_>, visited: &mut [u64]) -> u32 {
    visited.fill(0);
    if let Some(first) = entries::first(view) {
        visit(visited, first);
    }
    spread(view, visited);
    let high = view.high() as u32;
    (0..high)
        .filter(|&slot| view.is_live(slot) && !is_visited(visited, slot))
        .count() as u32
}

/// Marks what links lead to from what is marked.
fn spread(view: &View<'_>, visited: &mut [u64]) {
    let high = view.high() as u32;
    let mut pass = |slots: &mut dyn Iterator<Item = u32>| {
        let mut new = false;
        for slot in slots {
            if is_visited(visited, slot) {
                view.for_links(slot, |link| new |= visit(visited, link));
            }
        }
        new
    };
    while pass(&mut (0..high)) && pass(&mut (0..high).rev()) {}
}

/// Joins the pieces of the graph; returns how many links between them it took. O(slots × links) where
/// there is one piece, and about as much again for each other.
pub(super) fn join(sections: &mut Sections<'_>) -> u32 {
    let visited = core::mem::take(&mut sections.visited);
    let mut joined = 0;
    if count_apart(&sections.view(), visited) > 0 {
        let mut slots = 0..sections.view().high() as u32;
        while let Some(slot) =
            slots.find(|&slot| sections.view().is_live(slot) && !is_visited(visited, slot))
        {
            let found = dispatch(Nearest {
                view: sections.view(),
                slot,
                among: visited,
            });
            let Some(near) = found else {
                break;
            };
            bridge(sections, slot, near);
            joined += 1;
            visit(visited, slot);
            spread(&sections.view(), visited);
        }
    }
    visited.fill(0);
    sections.visited = visited;
    joined
}

/// Links `slot` to `near` without taking a way to anything that `near` led to.
fn bridge(sections: &mut Sections<'_>, slot: u32, near: u32) {
    let degree = sections.config.degree();
    // All its neighbours hang apart as it does, and are joined after it.
    while sections.view().degree(slot) + 2 > degree
        && let Some(last) = sections.view().last_link(slot)
    {
        sections.untie(slot, last);
    }
    match sections.view().degree(near) < degree {
        true => sections.tie(slot, near),
        false => squeeze(sections, slot, near),
    }
}

/// The most similar to a slot of those marked that can take a link.
struct Nearest<'v> {
    view: View<'v>,
    slot: u32,
    among: &'v [u64],
}

impl Task for Nearest<'_> {
    type Output = Option<u32>;

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn run<K: Kernels>(self, kernels: K) -> Option<u32> {
        let Self { view, slot, among } = self;
        let mut memory = [0; POOL_STEP];
        let mut best = Pool::new(&mut memory, 1);
        for other in 0..view.high() as u32 {
            if is_visited(among, other)
                && (view.degree(other) < view.config.degree() || view.leads_on(other))
            {
                Pairs(view).rank(kernels, slot, &[other], &mut best);
            }
        }
        best.as_slice().first().map(|&entry| slot_of(entry))
    }
}

#[cfg(test)]
mod tests;
