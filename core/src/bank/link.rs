//! How the graph is kept: a new pattern is linked to near and diverse neighbours, and an audit finds
//! what is hard to reach. What a removal leaves, [`mend`](super::mend) connects.
//!
//! Links are symmetric, so that the neighbours of a slot are all that link to it. Neighbours are
//! chosen by the rule of HNSW (Malkov and Yashunin 2018, algorithm 4): a candidate is taken if it
//! is nearer to the new pattern than to any neighbour taken before; places left go to the nearest
//! of the others.

use super::config::Metric;
use super::copies;
use super::graph::{MOST_LINKS, Scorer, visit, walk};
use super::pairs::{Few, Pairs};
use super::pool::{POOL_STEP, Pool, score_of, slot_of};
use super::quantise::{self, Query, square};
use super::sections::Sections;
use super::view::View;
use crate::simd::{Codes, Kernels, Task, dispatch};

/// Links a slot whose vector is stored and that has no links yet.
pub(super) fn link(sections: &mut Sections<'_>, slot: u32) {
    if sections.config.has_graph() {
        dispatch(Link { sections, slot });
    }
}

/// Looks whether a walk finds the slot, and links it to what it finds if not; true if that made a new
/// link.
pub(super) fn audit(sections: &mut Sections<'_>, slot: u32) -> bool {
    dispatch(Audit { sections, slot })
}

struct Link<'r, 'a> {
    sections: &'r mut Sections<'a>,
    slot: u32,
}

impl Task for Link<'_, '_> {
    type Output = ();

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn run<K: Kernels>(self, kernels: K) {
        let Self { sections, slot } = self;
        let links = sections.config.links as usize;
        let mut chosen = Few::new();
        let same = explore(
            kernels,
            sections,
            slot,
            true,
            #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
            |view, found, unit, _| {
                choose(kernels, view, found, unit, links, &mut chosen);
                let mut found = found.iter().map(|&entry| slot_of(entry));
                found.find(|&other| view.is_same(slot, other))
            },
        );
        if let Some(other) = same {
            if copies::hang(sections, slot, other) {
                return;
            }
            // The row begins with the least useful of the links of `other`.
            if let Some(far) = least_useful(kernels, sections.view(), other, slot)
                && far != slot
            {
                sections.untie(other, far);
                copies::hang(sections, slot, other);
                return;
            }
        }
        for &other in chosen.as_slice() {
            connect(kernels, sections, slot, other);
        }
        if let (0, Some(&other)) = (sections.view().degree(slot), chosen.as_slice().first()) {
            squeeze(sections, slot, other);
        }
    }
}

struct Audit<'r, 'a> {
    sections: &'r mut Sections<'a>,
    slot: u32,
}

impl Task for Audit<'_, '_> {
    type Output = bool;

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn run<K: Kernels>(self, kernels: K) -> bool {
        let Self { sections, slot } = self;
        let links = sections.config.links as usize;
        let mut chosen = Few::new();
        let mut open = None;
        let missed = explore(
            kernels,
            sections,
            slot,
            false,
            #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
            |view, found, unit, met| {
                // A copy is found through the others with its vector.
                let hangs = view.is_copy(slot)
                    && found
                        .iter()
                        .map(|&entry| slot_of(entry))
                        .any(|other| other != slot && view.is_same(slot, other));
                if met || hangs {
                    return false;
                }
                let degree = view.config.degree();
                open = found
                    .iter()
                    .map(|&entry| slot_of(entry))
                    .find(|&other| !view.is_linked(slot, other) && view.degree(other) < degree);
                choose(kernels, view, found, unit, links, &mut chosen);
                true
            },
        );
        let mut changed = false;
        if missed {
            for &other in chosen.as_slice() {
                changed |= connect(kernels, sections, slot, other);
            }
            // One link that nothing better can take away: to a neighbour with room.
            if let Some(other) = open {
                if sections.view().degree(slot) >= sections.config.degree()
                    && let Some(last) = sections.view().last_link(slot)
                {
                    sections.untie(slot, last);
                }
                changed |= connect(kernels, sections, slot, other);
            }
        }
        changed
    }
}

/// What turns the scores of a walk into the unit of [`Pairs`].
#[derive(Clone, Copy)]
pub(super) struct Unit {
    times: f32,
    pub minus: f32,
}

impl Unit {
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn of(self, entry: u64) -> f32 {
        score_of(entry) * self.times - self.minus
    }
}

/// Walks towards the vector of a slot, in the bank's own working memory, which is cleared again.
/// `then` gets the candidates, the unit of their scores, and whether the slot was met, unless it
/// is to be hidden from the walk.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn explore<K: Kernels, T>(
    kernels: K,
    sections: &mut Sections<'_>,
    slot: u32,
    hide: bool,
    then: impl FnOnce(View<'_>, &[u64], Unit, bool) -> T,
) -> T {
    as_query(
        kernels,
        sections,
        slot,
        #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
        |view, query, unit, memory, visited| {
            let mut pool = Pool::new(memory, view.config.ef_construction as usize);
            if hide {
                visit(visited, slot);
            }
            let scorer = Scorer::new(view, query);
            walk(
                kernels,
                &scorer,
                &view.sketch(slot),
                &mut pool,
                visited,
                true,
            );
            let met = !visit(visited, slot);
            then(view, pool.as_slice(), unit, met)
        },
    )
}

/// Gives `then` the vector of a slot as a query, the unit of its scores, and the bank's own working
/// memory, the candidates and the marks of visited slots, which is cleared again.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn as_query<K: Kernels, T>(
    kernels: K,
    sections: &mut Sections<'_>,
    slot: u32,
    then: impl FnOnce(View<'_>, Query<'_>, Unit, &mut [u64], &mut [u64]) -> T,
) -> T {
    use core::mem::take;
    let memory = take(&mut sections.pool);
    let planes = take(&mut sections.planes);
    let visited = take(&mut sections.visited);
    let result = {
        let view = sections.view();
        let half = view.padded / 2;
        let (even, rest) = planes.split_at_mut(half.min(planes.len()));
        let (odd, low) = rest.split_at_mut(half.min(rest.len()));
        let mut unit = Unit {
            times: 1.0,
            minus: 0.0,
        };
        let query = if view.config.has_codes() {
            unit.times = view.scale(slot);
            if view.config.metric == Metric::SquaredEuclidean {
                unit = Unit {
                    times: 1.0,
                    minus: view.norms.get(slot as usize).copied().unwrap_or(0.0),
                };
            }
            let codes = view.row(slot);
            Query {
                floats: &[],
                codes: quantise::planes(codes, even, odd, bytemuck::cast_slice_mut(low)),
                step: view.scale(slot),
                norm2: 0.0,
            }
        } else {
            Query {
                floats: view.float_row(slot),
                codes: Codes {
                    even: &[],
                    odd: &[],
                    low: bytemuck::cast_slice(view.row(slot)),
                    high: &[],
                    sum: 0,
                },
                step: 1.0,
                norm2: square(kernels, view.float_row(slot)),
            }
        };
        then(view, query, unit, memory, visited)
    };
    memory.fill(0);
    planes.fill(0);
    visited.fill(0);
    sections.pool = memory;
    sections.planes = planes;
    sections.visited = visited;
    result
}

/// Chooses up to `most` of the candidates, which come best first.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn choose<K: Kernels>(
    kernels: K,
    view: View<'_>,
    found: &[u64],
    unit: Unit,
    most: usize,
    chosen: &mut Few<u32>,
) {
    let pairs = Pairs(view);
    let mut others = Few::new();
    for &entry in found {
        if chosen.len == most {
            break;
        }
        let slot = slot_of(entry);
        if view.is_copy(slot) {
            continue;
        }
        if pairs.any_nearer(kernels, slot, chosen.as_slice(), unit.of(entry)) {
            if others.len < most {
                others.push(slot);
            }
        } else {
            chosen.push(slot);
        }
    }
    for &slot in others.as_slice() {
        if chosen.len == most {
            break;
        }
        chosen.push(slot);
    }
    // Where there are only copies of one vector so far.
    if chosen.len == 0
        && let Some(&entry) = found.first()
    {
        chosen.push(slot_of(entry));
    }
}

/// Links two slots, if they are not; where one has no room, its least useful link goes, which may
/// be the new one. True if they are linked now and were not before.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn connect<K: Kernels>(kernels: K, sections: &mut Sections<'_>, a: u32, b: u32) -> bool {
    let view = sections.view();
    if a == b || view.is_linked(a, b) {
        return false;
    }
    let mut leaving = [None; 2];
    for (place, (full, new)) in leaving.iter_mut().zip([(a, b), (b, a)]) {
        if sections.view().degree(full) < sections.config.degree() {
            continue;
        }
        match least_useful(kernels, sections.view(), full, new) {
            Some(other) if other != new => *place = Some(other),
            _ => return false,
        }
    }
    for (full, leaving) in [a, b].into_iter().zip(leaving) {
        if let Some(other) = leaving {
            sections.untie(full, other);
        }
    }
    sections.tie(a, b);
    true
}

/// Puts a slot with room for two links between a full one and the last that this was linked to.
pub(super) fn squeeze(sections: &mut Sections<'_>, slot: u32, full: u32) {
    let view = sections.view();
    let (mut last, mut other) = (None, None);
    view.for_links(full, |link| {
        last = Some(link);
        if !view.is_same(full, link) {
            other = Some(link);
        }
    });
    if let Some(last) = other.or(last) {
        sections.untie(full, last);
        sections.tie(full, slot);
        sections.tie(last, slot);
    }
}

/// Memory for all links of a slot and one more, in order.
const RANKED: usize = (MOST_LINKS + 1).next_multiple_of(POOL_STEP);
/// Most links of a slot that are spared for leading where none of the others lead.
const MOST_SPARED: usize = 3;
/// Fewest links that another slot's choice leaves a slot with.
const FEWEST_LINKS: usize = 3;

/// Which of the links of a full slot and a new one to give up: of those that the rule of diversity
/// refuses the farthest, else the farthest of all; but none whose slot has few links left, and none
/// of the few farthest that lead where no other link of the slot leads within one more step. These may
/// be all that holds two parts of the graph together.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn least_useful<K: Kernels>(kernels: K, view: View<'_>, full: u32, new: u32) -> Option<u32> {
    let pairs = Pairs(view);
    let mut slots = Few::links(view, full);
    slots.push(new);
    let mut memory = [0; RANKED];
    let mut ranked = Pool::new(&mut memory, MOST_LINKS + 1);
    pairs.rank(kernels, full, slots.as_slice(), &mut ranked);
    let mut kept: Few<u32> = Few::new();
    let mut refused: Few<u32> = Few::new();
    for &entry in ranked.as_slice() {
        let slot = slot_of(entry);
        if pairs.any_nearer(kernels, slot, kept.as_slice(), score_of(entry)) {
            refused.push(slot);
        } else if !view.is_same(full, slot) {
            kept.push(slot);
        }
    }
    let all = slots.as_slice();
    let mut spared = 0;
    let mut goes = |slot: &&u32| {
        if **slot == new {
            return true;
        }
        if !view.has_more_links(**slot, FEWEST_LINKS) {
            return false;
        }
        let alone = spared < MOST_SPARED && !is_near_another(view, all, **slot);
        spared += usize::from(alone);
        !alone
    };
    let mut farthest = |of: &[u32]| of.iter().rev().find(&mut goes).copied();
    farthest(refused.as_slice()).or_else(|| farthest(kept.as_slice()))
}

/// Whether a slot has a link to one of `others`.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn is_near_another(view: View<'_>, others: &[u32], slot: u32) -> bool {
    let mut near = false;
    view.for_links(
        slot,
        #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
        |link| near |= others.contains(&link),
    );
    near
}
