//! A sample of the rows, and the rows nearest to each of them: what recall is measured on.
//!
//! The sample is the live rows whose ids hash to the least, so that it depends on nothing but which
//! ids there are. Of each row in it the nearest others are known exactly, by the floats where these are kept
//! and else by the codes: a new row is compared with the sample, and a row that comes into the sample
//! with all others. Both are about as many comparisons in all: one for each row and sampled row.

use super::afar;
use super::config::{BankConfig, Element, Metric};
use super::loss;
use super::measure;
use super::pairs::Pairs;
use super::pattern::PatternId;
use super::pool::{Pool, entry, score_of, slot_of};
use super::sections::Sections;
use super::view::View;
use crate::simd::{Kernels, Task, dispatch, each};
use crate::slices;

/// Nearest rows of a sampled row whose finding is measured.
pub(super) const NEAREST: usize = 10;
/// Nearest rows that are kept; those beyond [`NEAREST`] step in for removed ones.
pub(super) const KEPT: usize = 16;
/// Most sampled rows.
///
/// What walks miss comes in whole rows as often as in single neighbours: of 64 rows none was lost where
/// one of fifty was, and the recall was not what was told.
pub(super) const MOST: usize = 256;
/// Fewer slots than this have a smaller sample.
const FEW: usize = 1_024;
/// Marks a place of the sample, or of a list of nearest rows, that is empty.
const EMPTY: u64 = 0;

impl BankConfig {
    /// Places of the sample.
    pub(super) const fn samples(&self) -> usize {
        if !self.has_graph() {
            return 0;
        }
        // Few patterns are scanned, whatever is measured, and mostly on machines with little memory.
        let places = match self.slots() {
            slots @ ..FEW => slots / 32,
            slots => slots / 8,
        };
        if places < 4 {
            4
        } else if places > MOST {
            MOST
        } else {
            places
        }
    }
}

/// Spreads an id over all numbers: the mixer of SplitMix64 (Steele and others, 2014).
fn hash(id: PatternId) -> u64 {
    let mut z = id.to_u64().wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

impl View<'_> {
    fn hash(&self, slot: u32) -> u64 {
        hash(PatternId::new(slot, self.record(slot).generation()))
    }

    /// The slot in a place of the sample.
    pub fn sampled(&self, place: usize) -> Option<u32> {
        self.sample.get(place).and_then(|slot| slot.checked_sub(1))
    }

    /// The rows nearest to the one in a place of the sample, as entries of a pool, the nearest first.
    pub fn nearest(&self, place: usize) -> &[u64] {
        let all = self.nearest.get(place * KEPT..).unwrap_or(&[]);
        let all = all.get(..KEPT).unwrap_or(&[]);
        // Nearly always full, which an insertion asks of every place.
        if all.last().is_some_and(|&last| last != EMPTY) {
            return all;
        }
        let filled = all.iter().take_while(|&&near| near != EMPTY).count();
        all.get(..filled).unwrap_or(&[])
    }

    /// How many of the places of the sample there are.
    pub fn places(&self) -> usize {
        self.config.samples()
    }

    /// Rows that count as found for the row in a place of the sample: how many, and how similar the
    /// last of them is.
    pub fn wanted(&self, place: usize) -> Option<(usize, f32)> {
        let nearest = self.nearest(place);
        let wanted = nearest.len().min(NEAREST);
        let last = nearest.get(wanted.checked_sub(1)?)?;
        Some((wanted, score_of(*last)))
    }
}

/// Takes a slot out of the sample and out of all lists; what is missing then
/// [`settle`] finds.
pub(super) fn forget(sections: &mut Sections<'_>, slot: u32) {
    for place in 0..sections.config.samples() {
        if sections.view().sampled(place) == Some(slot) {
            empty(sections, place);
        }
        let list = list(sections, place);
        if let Some(at) = list
            .iter()
            .position(|&near| near != EMPTY && slot_of(near) == slot)
        {
            if let Some(behind) = list.get_mut(at..) {
                slices::down(behind, 1);
            }
            if let Some(last) = list.last_mut() {
                *last = EMPTY;
            }
            loss::renew(sections, place);
        }
    }
}

fn list<'s>(sections: &'s mut Sections<'_>, place: usize) -> &'s mut [u64] {
    let all = sections.nearest.get_mut(place * KEPT..).unwrap_or_default();
    all.get_mut(..KEPT).unwrap_or_default()
}

fn empty(sections: &mut Sections<'_>, place: usize) {
    measure::clear(sections, place);
    list(sections, place).fill(EMPTY);
    if let Some(slot) = sections.sample.get_mut(place) {
        *slot = 0;
    }
    loss::renew(sections, place);
}

/// Brings the sample up to date after a change: `new` is the slot whose row came or changed.
pub(super) fn settle(sections: &mut Sections<'_>, new: Option<u32>) {
    if !sections.config.has_graph() {
        return;
    }
    if let Some(slot) = new {
        dispatch(Offer { sections, slot });
        enter(sections, slot);
    }
    fill(sections);
    let live = sections.view().live();
    for place in 0..sections.config.samples() {
        let view = sections.view();
        let known = view.nearest(place).len();
        if let Some(slot) = view.sampled(place)
            && known < NEAREST
            && known + 1 < live
        {
            search(sections, place, slot);
            measure::measure(sections, place);
        }
    }
    // Few rows change the bound often, and many seldom.
    if measure::step(sections) || live <= 2 * sections.config.samples() {
        afar::renew(sections);
    }
}

/// Takes a new row into the sample if its hash is among the least.
fn enter(sections: &mut Sections<'_>, slot: u32) {
    let view = sections.view();
    let places = 0..view.places();
    let free = places.clone().find(|&place| view.sampled(place).is_none());
    let place = match free {
        Some(place) => place,
        None => {
            let hashed = places.map(|place| {
                let hash = view.sampled(place).map_or(0, |slot| view.hash(slot));
                (hash, place)
            });
            match hashed.max() {
                Some((largest, place)) if view.hash(slot) < largest => place,
                _ => return,
            }
        }
    };
    take(sections, place, slot);
}

fn take(sections: &mut Sections<'_>, place: usize, slot: u32) {
    empty(sections, place);
    if let Some(sampled) = sections.sample.get_mut(place) {
        *sampled = slot + 1;
    }
    search(sections, place, slot);
    measure::measure(sections, place);
}

/// Fills what a removal left empty: with the rows whose hashes are the least of the others.
fn fill(sections: &mut Sections<'_>) {
    loop {
        let view = sections.view();
        let mut places = 0..view.places();
        let Some(free) = places.find(|&place| view.sampled(place).is_none()) else {
            return;
        };
        let taken = |slot: u32| (0..view.places()).any(|at| view.sampled(at) == Some(slot));
        if (0..view.places()).filter_map(|at| view.sampled(at)).count() == view.live() {
            return;
        }
        let live = (0..view.high() as u32).filter(|&slot| view.is_live(slot));
        let least = live
            .filter(|&slot| !taken(slot))
            .min_by_key(|&slot| view.hash(slot));
        match least {
            Some(slot) => take(sections, free, slot),
            None => return,
        }
    }
}

/// Finds the nearest of all rows for the row in a place of the sample.
fn search(sections: &mut Sections<'_>, place: usize, slot: u32) {
    let mut memory = [0; KEPT];
    let found = dispatch(Nearest {
        view: sections.view(),
        slot,
        memory: &mut memory,
    });
    let list = list(sections, place);
    list.fill(EMPTY);
    for (place, found) in list.iter_mut().zip(memory).take(found) {
        *place = found;
    }
    loss::renew(sections, place);
}

/// How far the rounding of unit vectors moves the square of their distance.
const ROUNDED: f32 = 4e-6;

/// How similar rows are by the best that is kept of them.
#[derive(Clone, Copy)]
pub(super) struct Exact<'v> {
    view: View<'v>,
    slot: u32,
    /// Euclidean norm of the row.
    length: f32,
    /// Norm of what its codes leave out.
    left: f32,
}

impl<'v> Exact<'v> {
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn new<K: Kernels>(kernels: K, view: View<'v>, slot: u32) -> Self {
        let length = match view.config.element {
            Element::I8F32 if view.config.metric == Metric::InnerProduct => {
                libm::sqrtf(super::quantise::square(kernels, view.float_row(slot)))
            }
            _ => 1.0,
        };
        Self {
            view,
            slot,
            length,
            left: loss::left_out(&view, slot),
        }
    }

    /// A similarity that no floats of `other` could make larger than, but for four standard
    /// deviations, where its codes have `score`.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn most(&self, other: u32, score: f32) -> f32 {
        let view = &self.view;
        if view.config.element != Element::I8F32 {
            return score;
        }
        let root = libm::sqrtf(view.padded as f32);
        let left = loss::left_out(view, other);
        // In the unit of the floats, see [`Metric::floats`].
        let score = match view.config.metric {
            Metric::Cosine => 2.0 * score - 2.0,
            _ => score,
        };
        score
            + match view.config.metric {
                Metric::SquaredEuclidean => {
                    8.0 * libm::sqrtf((-score).max(0.0)) * (left + self.left) / root
                }
                Metric::Cosine => 8.0 * (left + self.left) / root + ROUNDED,
                Metric::InnerProduct => {
                    let length = view.scale(other) * 127.0 * root;
                    4.0 * (left * self.length + self.left * length) / root
                }
            }
    }

    /// Similarities of four rows; minus infinity for all where none can reach `least`.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn four<K: Kernels>(&self, kernels: K, others: [u32; 4], least: f32) -> [f32; 4] {
        let scores = Pairs(self.view).four(kernels, self.slot, others);
        if self.view.config.element != Element::I8F32 {
            return scores;
        }
        let mut reached = false;
        for (other, score) in others.into_iter().zip(scores) {
            reached |= self.most(other, score) >= least;
        }
        match reached {
            true => self.floats(kernels, others),
            false => [f32::NEG_INFINITY; 4],
        }
    }

    /// Similarities of four rows by their floats.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn floats<K: Kernels>(&self, kernels: K, others: [u32; 4]) -> [f32; 4] {
        let view = &self.view;
        let rows = each(
            others,
            #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
            |other| view.float_row(other),
        );
        let metric = view.config.metric;
        metric.floats(kernels, view.float_row(self.slot), rows)
    }
}

/// Compares a row with all others.
struct Nearest<'v, 'm> {
    view: View<'v>,
    slot: u32,
    memory: &'m mut [u64; KEPT],
}

impl Task for Nearest<'_, '_> {
    type Output = usize;

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn run<K: Kernels>(self, kernels: K) -> usize {
        let Self { view, slot, memory } = self;
        let exact = Exact::new(kernels, view, slot);
        let mut pool = Pool::new(memory, KEPT);
        let high = view.high() as u32;
        let mut first = 0;
        while first < high {
            let others = each(
                [0, 1, 2, 3],
                #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                |i| (first + i).min(high - 1),
            );
            let scores = exact.four(kernels, others, pool.least());
            for (other, score) in (first..high).zip(scores) {
                let candidate = entry(score, other);
                if candidate < pool.bound() && other != slot && view.is_live(other) {
                    pool.insert(kernels, candidate);
                }
            }
            first += 4;
        }
        pool.len()
    }
}

/// Offers a row to the lists of all sampled rows.
struct Offer<'r, 'a> {
    sections: &'r mut Sections<'a>,
    slot: u32,
}

impl Task for Offer<'_, '_> {
    type Output = ();

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn run<K: Kernels>(self, kernels: K) {
        let Self { sections, slot } = self;
        let places = sections.config.samples();
        let mut first = 0;
        while first < places {
            let view = sections.view();
            let exact = Exact::new(kernels, view, slot);
            let of = each(
                [0, 1, 2, 3],
                #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                |i| view.sampled(first + i),
            );
            // The least that any of the four lists would take.
            let mut least = f32::INFINITY;
            for (i, sampled) in of.iter().enumerate() {
                if sampled.is_some() {
                    let bound = match view.bound(first + i) {
                        u64::MAX => f32::NEG_INFINITY,
                        bound => score_of(bound),
                    };
                    least = if bound < least { bound } else { least };
                }
            }
            let scores = exact.four(
                kernels,
                each(
                    of,
                    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                    |sampled| sampled.unwrap_or(slot),
                ),
                least,
            );
            for (i, (sampled, score)) in of.into_iter().zip(scores).enumerate() {
                let candidate = entry(score, slot);
                if sampled.is_some_and(|sampled| sampled != slot)
                    && score > f32::NEG_INFINITY
                    && candidate < sections.view().bound(first + i)
                {
                    insert(sections, first + i, candidate);
                }
            }
            first += 4;
        }
    }
}

impl View<'_> {
    /// What the entry of a new row must be less than to come into the list of a place: the last of it, or
    /// anything if all other rows are in it.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn bound(&self, place: usize) -> u64 {
        let nearest = self.nearest(place);
        match nearest.last() {
            // One of the live is the new row, one the sampled row itself.
            Some(&last) if nearest.len() + 2 < self.live() || nearest.len() == KEPT => last,
            _ => u64::MAX,
        }
    }
}

/// Puts an entry in its place in a list, from which the last may go.
fn insert(sections: &mut Sections<'_>, place: usize, new: u64) {
    let known = sections.view().nearest(place).len();
    let list = list(sections, place);
    let at = list.iter().take(known).position(|&near| new < near);
    let at = at.unwrap_or(known);
    if let Some(behind) = list.get_mut(at..) {
        slices::up(behind);
        slices::put(behind, 0, new);
    }
    loss::renew(sections, place);
}

/// Whether the sample names live rows, each once, and its lists others, in order.
pub(super) fn is_sound(view: &View<'_>) -> bool {
    let places = view.places();
    let mut sampled = (0..places).filter_map(|place| view.sampled(place));
    let is_row = |slot: u32| (slot as usize) < view.high() && view.is_live(slot);
    let count = (0..places).filter_map(|place| view.sampled(place)).count();
    sampled.all(is_row)
        && count == view.live().min(places)
        && (0..places).all(|place| {
            let own = view.sampled(place);
            let known = view.nearest(place);
            let all = view.nearest.get(place * KEPT..).unwrap_or(&[]);
            let rest = all.get(known.len()..KEPT).unwrap_or(&[]);
            let once = (0..place).all(|other| own.is_none() || view.sampled(other) != own);
            // The row itself is live and in no list.
            let others = match own {
                Some(_) => view.live().saturating_sub(1),
                None => 0,
            };
            once && known.len() <= others
                && rest.iter().all(|&near| near == EMPTY)
                && known.iter().enumerate().all(|(at, &near)| {
                    let before = known.get(..at).unwrap_or(&[]);
                    near & 1 == 0
                        && is_row(slot_of(near))
                        && Some(slot_of(near)) != own
                        && before.iter().all(|&other| slot_of(other) != slot_of(near))
                })
                && known.is_sorted()
                && own.is_none_or(|slot| dispatch(Score { view, slot, known }))
        })
}

/// Whether what is kept of the rows nearest to one is how similar they are.
struct Score<'v> {
    view: &'v View<'v>,
    slot: u32,
    known: &'v [u64],
}

impl Task for Score<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) -> bool {
        let exact = Exact::new(kernels, *self.view, self.slot);
        self.known.chunks(4).all(
            #[inline(always)]
            |known| {
                let others = each(
                    [0, 1, 2, 3],
                    #[inline(always)]
                    |i: usize| known.get(i).map_or(self.slot, |&near| slot_of(near)),
                );
                let scores = exact.four(kernels, others, f32::NEG_INFINITY);
                let mut both = known.iter().zip(others).zip(scores);
                both.all(
                    #[inline(always)]
                    |((&near, other), score)| {
                        // A row that came later was compared from its side, which rounds otherwise.
                        let back = |other| {
                            let exact = Exact::new(kernels, *self.view, other);
                            let [score, ..] =
                                exact.four(kernels, [self.slot; 4], f32::NEG_INFINITY);
                            near == entry(score, other)
                        };
                        score.is_finite() && (near == entry(score, other) || back(other))
                    },
                )
            },
        )
    }
}

#[cfg(test)]
mod tests;
