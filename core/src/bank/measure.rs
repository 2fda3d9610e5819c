//! How wide a walk must be to find what is near: measured on the [sample](super::sample).
//!
//! A walk with `ef` candidates expands the best of them that it has not expanded, until there is none
//! left among the best `ef` that it has met. A wider walk takes the same steps and then more. So one walk
//! tells for every `ef` what it finds: a row is found by all whose `ef` is at least the largest place
//! in order that was expanded until the row was met, and its own place at the end.
//!
//! Each sampled row is walked to twice: without it, for the rows nearest to it, and with it, for
//! itself. Where vectors are all as far from each other there is no way to a row but by chance, which
//! the second walk tells.

use super::config::{BankConfig, Metric};
use super::entries;
use super::graph::{Scorer, visit};
use super::layout::state;
use super::link::{Unit, as_query};
use super::pool::{EXPANDED, Pool, entry, slot_of};
use super::sample::{Exact, NEAREST};
use super::sections::Sections;
use super::view::View;
use crate::simd::{Kernels, Task, dispatch};
use crate::slices;

/// Widths that recall is told for: four to an octave.
pub(super) const WIDTHS: [u16; 28] = [
    10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
    448, 512, 640, 768, 896, 1024,
];
/// What is known of a sampled row: for each of its nearest the width that finds it, then for itself.
pub(super) const TOLD: usize = NEAREST + 1;
/// No walk found it.
pub(super) const NEVER: u16 = u16::MAX;
/// Words of the curve: how many each width finds of the nearest, how many of the sampled rows
/// themselves, and how many there are of both.
pub(super) const CURVE: usize = 2 * WIDTHS.len() + 2;
/// Of what a goal lets a walk miss the part that it may have missed where it was measured: the sample is small,
/// and its best width is a little too good.
const SPARED: f32 = 0.75;
/// Steps of an insertion for each that measures.
const RATIO: u32 = 16;

impl BankConfig {
    /// Candidates of the widest walk that measures. Where more would be needed a scan is cheaper.
    pub(super) const fn widest(&self) -> usize {
        if !self.has_graph() {
            return 0;
        }
        let wide = (self.slots() / 16).next_multiple_of(8);
        if wide < 64 {
            64
        } else if wide > 1_024 {
            1_024
        } else {
            wide
        }
    }
}

/// The part of the curve for the nearest rows, or for sampled rows themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Nearest,
    Itself,
}

impl View<'_> {
    /// How many were found by each width.
    pub fn curve(&self, of: Of) -> &[u32] {
        let first = match of {
            Of::Nearest => 0,
            Of::Itself => WIDTHS.len(),
        };
        self.curve.get(first..first + WIDTHS.len()).unwrap_or(&[])
    }

    /// How many were looked for.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn looked_for(&self, of: Of) -> u32 {
        let at = 2 * WIDTHS.len() + usize::from(of == Of::Itself);
        self.curve.get(at).copied().unwrap_or(0)
    }

    /// The widths that find each of the nearest of a sampled row, and it itself; zeros if it was not
    /// measured.
    pub fn told(&self, place: usize) -> &[u16] {
        let all = self.told.get(place * TOLD..).unwrap_or(&[]);
        all.get(..TOLD).unwrap_or(&[])
    }

    /// The share of the nearest that walks of this width find, by what was measured.
    pub fn found(&self, width: usize) -> f32 {
        let narrower = WIDTHS
            .iter()
            .take_while(|&&told| usize::from(told) <= width);
        let at = narrower.count().checked_sub(1);
        let found = at.and_then(|at| self.curve(Of::Nearest).get(at)).copied();
        match self.looked_for(Of::Nearest) {
            0 => 0.0,
            all => found.unwrap_or(0) as f32 / all as f32,
        }
    }

    /// The least width that finds this share of all and a little more, if one was measured.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn width(&self, share: f32) -> Option<usize> {
        let missed = SPARED * (1.0 - share);
        let enough = |of| {
            let all = self.looked_for(of);
            all - (missed * all as f32) as u32
        };
        let (nearest, itself) = (enough(Of::Nearest), enough(Of::Itself));
        if self.looked_for(Of::Nearest) == 0 {
            return None;
        }
        let found = self.curve(Of::Nearest).iter().zip(self.curve(Of::Itself));
        found
            .zip(WIDTHS)
            .find(|&((&found, &own), _)| found >= nearest && own >= itself)
            .map(|(_, width)| usize::from(width))
    }
}

/// Adds what is told of a place to the curve, or takes it away.
fn count(sections: &mut Sections<'_>, place: usize, add: bool) {
    let told: [u16; TOLD] = match sections.view().told(place).try_into() {
        Ok(told) => told,
        Err(_) => return,
    };
    for (at, &width) in told.iter().enumerate().filter(|(_, width)| **width != 0) {
        let itself = at == NEAREST;
        let first = if itself { WIDTHS.len() } else { 0 };
        let found = WIDTHS.iter().position(|&wide| width <= wide);
        let end = first + WIDTHS.len();
        let from = first + found.unwrap_or(WIDTHS.len());
        let all = 2 * WIDTHS.len() + usize::from(itself);
        let counts = (from..end).chain([all]);
        for at in counts {
            if let Some(count) = sections.curve.get_mut(at) {
                *count = match add {
                    true => count.saturating_add(1),
                    false => count.saturating_sub(1),
                };
            }
        }
    }
}

/// Forgets what is told of a place.
pub(super) fn clear(sections: &mut Sections<'_>, place: usize) {
    count(sections, place, false);
    if let Some(told) = sections.told.get_mut(place * TOLD..place * TOLD + TOLD) {
        told.fill(0);
    }
}

/// Measures one sampled row again when its turn has come; whether it had.
pub(super) fn step(sections: &mut Sections<'_>) -> bool {
    let left = sections.view().counter(state::UNTIL);
    if left > 0 {
        sections.set_counter(state::UNTIL, left - 1);
        return false;
    }
    let places = sections.config.samples() as u32;
    let place = sections
        .view()
        .counter(state::TURN)
        .min(places.saturating_sub(1));
    sections.set_counter(state::TURN, if place + 1 >= places { 0 } else { place + 1 });
    let steps = match sections.view().sampled(place as usize) {
        Some(_) => measure(sections, place as usize),
        None => 0,
    };
    sections.set_counter(state::UNTIL, (steps / RATIO).max(4));
    true
}

/// Measures a sampled row; returns how many rows were expanded.
pub(super) fn measure(sections: &mut Sections<'_>, place: usize) -> u32 {
    let Some(slot) = sections.view().sampled(place) else {
        return 0;
    };
    let mut told = [0; TOLD];
    let steps = dispatch(Measure {
        sections,
        place,
        slot,
        told: &mut told,
    });
    clear(sections, place);
    if let Some(kept) = sections.told.get_mut(place * TOLD..place * TOLD + TOLD) {
        kept.copy_from_slice(&told);
    }
    count(sections, place, true);
    steps
}

struct Measure<'r, 'a, 't> {
    sections: &'r mut Sections<'a>,
    place: usize,
    slot: u32,
    told: &'t mut [u16; TOLD],
}

impl Task for Measure<'_, '_, '_> {
    type Output = u32;

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn run<K: Kernels>(self, kernels: K) -> u32 {
        let Self {
            sections,
            place,
            slot,
            told,
        } = self;
        let wanted = sections.view().wanted(place);
        let most = sections.config.widest();
        let memory = core::mem::take(&mut sections.reached);
        let mut steps = 0;
        if let Some((count, least)) = wanted {
            as_query(
                kernels,
                sections,
                slot,
                #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                |view, query, unit, _, visited| {
                    let walk = Walk {
                        scorer: &Scorer::new(view, query),
                        unit,
                        exact: Exact::new(kernels, view, slot),
                        slot,
                    };
                    visit(visited, slot);
                    let mut pool = Pool::new(memory, most);
                    let found = told.get_mut(..count).unwrap_or_default();
                    steps += walk.run(kernels, &mut pool, visited, Some(least), found);
                },
            );
        }
        if sections.config.metric != Metric::InnerProduct {
            as_query(
                kernels,
                sections,
                slot,
                #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                |view, query, unit, _, visited| {
                    let walk = Walk {
                        scorer: &Scorer::new(view, query),
                        unit,
                        exact: Exact::new(kernels, view, slot),
                        slot,
                    };
                    let mut pool = Pool::new(memory, most);
                    let found = told.get_mut(NEAREST..).unwrap_or_default();
                    steps += walk.run(kernels, &mut pool, visited, None, found);
                },
            );
        }
        memory.fill(0);
        sections.reached = memory;
        steps
    }
}

struct Walk<'w> {
    scorer: &'w Scorer<'w>,
    unit: Unit,
    exact: Exact<'w>,
    slot: u32,
}

impl Walk<'_> {
    /// Walks until all of `found` are told, or no walk would find more. What is looked for is as similar as
    /// `least`, or the row itself. Returns how many rows were expanded.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn run<K: Kernels>(
        &self,
        kernels: K,
        pool: &mut Pool<'_>,
        visited: &mut [u64],
        least: Option<f32>,
        found: &mut [u16],
    ) -> u32 {
        let view = &self.scorer.view;
        let mut entries = [0u64; NEAREST];
        let (mut count, mut steps, mut width) = (0, 0, 1);
        let mut batch = super::graph::Batch::new();
        entries::start(
            kernels,
            view,
            &view.sketch(self.slot),
            visited,
            #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
            |slot| batch.push(slot),
        );
        let mut next = 0;
        loop {
            for four in batch.waiting().chunks(4) {
                let Some(slots) = slices::four(four) else {
                    continue;
                };
                let scores = self.scorer.four(kernels, slots);
                for (&slot, score) in four.iter().zip(scores) {
                    let met = entry(score, slot);
                    if let Some(at) = pool.insert(kernels, met) {
                        next = if at < next { at } else { next };
                    }
                    if count < found.len() && self.is_wanted(kernels, slot, met, least) {
                        if let (Some(told), Some(kept)) =
                            (found.get_mut(count), entries.get_mut(count))
                        {
                            *told = width;
                            *kept = met;
                        }
                        count += 1;
                    }
                }
            }
            batch.clear();
            if count == found.len() {
                break;
            }
            while pool
                .as_slice()
                .get(next)
                .is_some_and(|&candidate| candidate & EXPANDED != 0)
            {
                next += 1;
            }
            let Some(&candidate) = pool.as_slice().get(next) else {
                break;
            };
            pool.expand(next);
            steps += 1;
            width = width.max((next + 1).min(usize::from(NEVER) - 1) as u16);
            view.for_links(
                slot_of(candidate),
                #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
                |slot| batch.push_fresh(visited, slot),
            );
        }
        for (told, &kept) in found.iter_mut().zip(&entries).take(count) {
            let before = pool
                .as_slice()
                .partition_point(|&at| at | EXPANDED < kept | EXPANDED);
            let is_kept = before < pool.len();
            *told = match is_kept {
                true => (*told).max((before + 1) as u16),
                false => NEVER,
            };
        }
        for told in found.iter_mut().skip(count) {
            *told = NEVER;
        }
        steps
    }

    /// Whether a row that was met is one that is looked for.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn is_wanted<K: Kernels>(&self, kernels: K, slot: u32, met: u64, least: Option<f32>) -> bool {
        let view = &self.scorer.view;
        match least {
            None => slot == self.slot || view.is_same(slot, self.slot),
            Some(least) => {
                // The sums of a walk and of a pair are not rounded alike.
                let score = self.unit.of(met);
                let slack = 1e-5 * (score.abs() + self.unit.minus);
                self.exact.most(slot, score) + slack >= least
                    && self.exact.four(kernels, [slot; 4], least)[0] >= least
            }
        }
    }
}

/// Whether the curve is what is told of the sample.
pub(super) fn is_sound(view: &View<'_>) -> bool {
    let mut counts = [0u32; CURVE];
    for place in 0..view.places() {
        let told = view.told(place);
        if view.sampled(place).is_none() && told.iter().any(|&width| width != 0) {
            return false;
        }
        for (at, &width) in told.iter().enumerate().filter(|(_, width)| **width != 0) {
            let itself = usize::from(at == NEAREST);
            for (wide, count) in WIDTHS
                .iter()
                .zip(counts.iter_mut().skip(itself * WIDTHS.len()))
            {
                *count += u32::from(width <= *wide);
            }
            if let Some(all) = counts.get_mut(2 * WIDTHS.len() + itself) {
                *all += 1;
            }
        }
    }
    let curve = view.curve.iter().take(CURVE);
    view.places() == 0 || curve.eq(&counts)
}
