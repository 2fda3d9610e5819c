//! What a removal leaves of the graph: the neighbours of a slot that is gone stay connected.

use super::copies;
use super::graph::{MOST_LINKS, is_visited, visit};
use super::pairs::{Few, Pairs};
use super::pool::{POOL_STEP, Pool, score_of, slot_of};
use super::sections::Sections;
use crate::simd::{Kernels, Task, dispatch};

/// Takes a slot out of the graph and mends what it leaves.
pub(super) fn unlink(sections: &mut Sections<'_>, slot: u32) {
    if sections.config.has_graph() {
        dispatch(Unlink { sections, slot });
    }
}

struct Unlink<'r, 'a> {
    sections: &'r mut Sections<'a>,
    slot: u32,
}

impl Task for Unlink<'_, '_> {
    type Output = ();

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn run<K: Kernels>(self, kernels: K) {
        let Self { sections, slot } = self;
        if copies::inherit(sections, slot) {
            return;
        }
        let around = Few::links(sections.view(), slot);
        for &other in around.as_slice() {
            sections.untie(slot, other);
        }
        mend(kernels, sections, around.as_slice());
    }
}

/// Candidates that a former neighbour tries for its new link.
const MEND_TRIES: usize = 6;

/// Connects the former neighbours of a slot that is gone: each with the nearest of the others that
/// adds a direction to its links, and then what is still apart.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn mend<K: Kernels>(kernels: K, sections: &mut Sections<'_>, around: &[u32]) {
    let degree = sections.config.degree();
    let marks = core::mem::take(&mut sections.visited);
    let mut degrees = [0; MOST_LINKS + 1];
    for (count, &slot) in degrees.iter_mut().zip(around) {
        *count = sections.view().degree(slot);
    }
    for (i, &slot) in around.iter().enumerate() {
        if degrees.get(i).is_none_or(|&links| links >= degree) {
            continue;
        }
        let view = sections.view();
        let own = Few::links(view, slot);
        mark(marks, own.as_slice());
        let mut others = Few::new();
        for (&other, &links) in around.iter().zip(&degrees) {
            if other != slot && links < degree && !is_visited(marks, other) {
                others.push(other);
            }
        }
        unmark(marks, own.as_slice());
        let mut directions = Few::new();
        for &other in own.as_slice() {
            if !view.is_same(slot, other) {
                directions.push(other);
            }
        }
        let pairs = Pairs(view);
        let mut memory = [0; MEND_TRIES.next_multiple_of(POOL_STEP)];
        let mut nearest = Pool::new(&mut memory, MEND_TRIES);
        pairs.rank(kernels, slot, others.as_slice(), &mut nearest);
        // A loop, for a closure would not be compiled for the level.
        let mut chosen = None;
        for &entry in nearest.as_slice() {
            let other = slot_of(entry);
            if !pairs.any_nearer(kernels, other, directions.as_slice(), score_of(entry)) {
                chosen = Some(other);
                break;
            }
        }
        if let Some(other) = chosen {
            sections.tie(slot, other);
            for (&at, count) in around.iter().zip(&mut degrees) {
                *count += usize::from(at == slot || at == other);
            }
        }
    }
    join(sections, marks, around);
    sections.visited = marks;
}

/// Marks slots, all of them unmarked.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn mark(marks: &mut [u64], slots: &[u32]) {
    for &slot in slots {
        visit(marks, slot);
    }
}

/// Clears all marks, which are on `slots` alone.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn unmark(marks: &mut [u64], slots: &[u32]) {
    for &slot in slots {
        if let Some(word) = marks.get_mut(slot as usize / 64) {
            *word = 0;
        }
    }
}

/// Links groups of slots that have no links between each other, one slot of each with room.
fn join(sections: &mut Sections<'_>, marks: &mut [u64], around: &[u32]) {
    let degree = sections.config.degree();
    let mut group: [u8; MOST_LINKS] = core::array::from_fn(|i| i as u8);
    let around = around.get(..around.len().min(MOST_LINKS)).unwrap_or(&[]);
    let unite = |group: &mut [u8; MOST_LINKS], a: usize, b: usize| {
        let (from, to) = (group[a], group[b]);
        for g in group.iter_mut() {
            if *g == from {
                *g = to;
            }
        }
    };
    mark(marks, around);
    for (i, &slot) in around.iter().enumerate() {
        sections.view().for_links(slot, |link| {
            if is_visited(marks, link)
                && let Some(j) = around.iter().position(|&other| other == link)
                && group[i] != group[j]
            {
                unite(&mut group, i, j);
            }
        });
    }
    unmark(marks, around);
    for i in 0..around.len() {
        for j in 0..i {
            let (a, b) = (around[i], around[j]);
            let view = sections.view();
            if group[i] != group[j] && view.degree(a) < degree && view.degree(b) < degree {
                sections.tie(a, b);
                unite(&mut group, i, j);
            }
        }
    }
}
