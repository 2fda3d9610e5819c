//! Which search answers a query, and how its result is handed over.

use super::afar;
use super::config::{Element, Metric};
use super::errors::SearchError;
use super::filter::{self, Predicate};
use super::goal::{DEFAULT_RECALL, Goal};
use super::graph::{self, Scorer};
use super::loss;
use super::plan::{self, Plan};
use super::pool::{POOL_STEP, Pool, entry, score_of, slot_of};
use super::quantise::{self, Query, Width};
use super::reach;
use super::sample::NEAREST;
use super::scan;
use super::scratch::{Hit, Hits, Method, Scratch, Work, split};
use super::shape::{self, Shape};
use super::view::View;
use crate::simd::{Kernels, Task, dispatch};
use core::marker::PhantomData;

/// A search in all detail.
#[derive(Clone, Copy)]
pub struct Search<'p> {
    /// Most neighbours wanted.
    pub k: usize,
    /// What it is to reach.
    pub goal: Goal,
    /// The way to take; none lets the bank choose by the goal and what it has measured, its size, the
    /// dimensions, `k`, and the share that a filter accepts.
    pub method: Option<Method>,
    /// Only patterns that it accepts are found. It must answer the same for the same pattern.
    pub filter: Option<Predicate<'p>>,
}

impl Search<'_> {
    /// The `k` nearest with the default goal, the way the bank chooses.
    pub const fn new(k: usize) -> Self {
        Self {
            k,
            goal: Goal::Recall(DEFAULT_RECALL),
            method: None,
            filter: None,
        }
    }
}

/// Runs a search on a view.
pub(super) fn search<'s, S: Shape>(
    view: &View<'_>,
    vector: &[f32],
    search: &Search<'_>,
    scratch: &'s mut Scratch<'_>,
) -> Result<Hits<'s>, SearchError> {
    if !scratch.fits(&view.config) {
        return Err(SearchError::ScratchTooSmall);
    }
    if search.k > scratch.most() as usize {
        return Err(SearchError::TooMany {
            asked: u32::try_from(search.k).unwrap_or(u32::MAX),
            most: scratch.most(),
        });
    }
    if search.method == Some(Method::Graph) && (!S::GRAPH || !view.config.has_graph()) {
        return Err(SearchError::NoGraph);
    }
    dispatch(Run {
        view,
        vector,
        search,
        scratch,
        shape: PhantomData::<S>,
    })
}

struct Run<'r, 's, 'm, S> {
    view: &'r View<'r>,
    vector: &'r [f32],
    search: &'r Search<'r>,
    scratch: &'s mut Scratch<'m>,
    shape: PhantomData<S>,
}

impl<'s, S: Shape> Task for Run<'_, 's, '_, S> {
    type Output = Result<Hits<'s>, SearchError>;

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn run<K: Kernels>(self, kernels: K) -> Self::Output {
        let Self {
            view,
            vector,
            search,
            scratch,
            ..
        } = self;
        // Here, where all that searches is inlined, the compiler sees what the shape says.
        let view = &shape::view::<S>(view);
        let mut plan = match S::GRAPH {
            true => plan::of(view, search, scratch.room()),
            false => plan::SCAN,
        };
        let mut distances = 0;
        let found = loop {
            let found = answer::<_, S>(kernels, view, vector, search, plan, scratch)?;
            distances += found.distances;
            // A walk that was the bank's own choice is made good by a scan.
            let fails = match search.filter {
                Some(_) => found.met < filter::enough(search.k, plan.ef),
                None => found.afar,
            };
            if search.method.is_some() || plan.method == Method::Scan || !fails {
                break found;
            }
            plan.method = Method::Scan;
        };
        let below = is_below(view, search, plan, found.lost);
        let hits = &*scratch.parts().hits;
        Ok(Hits::new(
            hits.get(..found.hits).unwrap_or(&[]),
            plan.method,
            distances,
            below,
        ))
    }
}

/// What one way of searching came to.
struct Found {
    hits: usize,
    /// Candidates that counted.
    met: usize,
    distances: u32,
    /// The share of the nearest that codes lose near this query, by what was found.
    lost: f32,
    /// Whether a walk towards it ended farther away than any sampled row is from its nearest.
    afar: bool,
}

/// Recall from which a search is as good as exact.
const NEARLY_ALL: f32 = 0.999;

/// Whether less of the nearest is found than the goal asks for, `lost` being what codes lose near the query.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn is_below(view: &View<'_>, search: &Search<'_>, plan: Plan, lost: f32) -> bool {
    let goal = match search.goal {
        Goal::Ef(_) => return false,
        Goal::Exact => NEARLY_ALL,
        Goal::Recall(share) => share.min(NEARLY_ALL),
    };
    if search.method.is_none() && view.config.element != Element::I8 {
        return false;
    }
    let lost = match search.filter {
        // Many queries tell more than one does.
        None if view.places() > 0 => {
            let [ten, three] = view.lost();
            if three > ten { three } else { ten }
        }
        _ => lost,
    };
    let walked = match plan.method {
        Method::Scan => 1.0,
        Method::Graph => view.found(plan.ef),
    };
    walked * (1.0 - lost) < goal
}

/// Searches one way and writes the hits to the scratch memory.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn answer<K: Kernels, S: Shape>(
    kernels: K,
    view: &View<'_>,
    vector: &[f32],
    search: &Search<'_>,
    plan: Plan,
    scratch: &mut Scratch<'_>,
) -> Result<Found, SearchError> {
    let config = &view.config;
    let (buffers, mut work) = split(scratch.parts(), config);
    // The walk of a bank with floats only has to find what they rank again.
    let width = match (plan.method, config.element) {
        (Method::Graph, Element::I8F32) => Width::Narrow,
        _ => Width::Wide,
    };
    let query = quantise::prepare(kernels, config, vector, width, buffers)?;
    let mut found = match plan.method {
        Method::Graph if S::GRAPH => {
            walk(kernels, view, &query, plan.candidates, search, &mut work)
        }
        _ => {
            let accepts = |slot| {
                search
                    .filter
                    .is_none_or(|accepts| accepts(&view.entry(slot)))
            };
            let filter: scan::Filter<'_> = match search.filter {
                Some(_) => Some(&accepts),
                None => None,
            };
            let (met, distances) =
                scan::scan(kernels, view, &query, kept(view, search), filter, &mut work);
            let hits = met.min(search.k);
            Found {
                hits,
                met,
                distances,
                lost: 0.0,
                afar: false,
            }
        }
    };
    if view.config.element == Element::I8
        && !matches!(search.goal, Goal::Ef(_))
        && (search.filter.is_some() || view.places() == 0)
    {
        found.lost = lost(view, &query, &work, found.met.min(kept(view, search)));
    }
    for (entry, hit) in work.pool.iter().zip(&mut *work.hits).take(found.hits) {
        let similarity = similarity(view, &query, score_of(*entry));
        *hit = Hit::new(&view.entry(slot_of(*entry)), similarity).to_words();
    }
    if plan.method == Method::Graph
        && matches!(search.goal, Goal::Recall(_))
        && search.filter.is_none()
        && let Some(last) = found.hits.min(NEAREST).checked_sub(1)
        && let Some(&last) = work.pool.get(last)
    {
        let similarity = similarity(view, &query, score_of(last));
        found.afar = afar::is_afar(view, similarity, query.norm2);
    }
    Ok(found)
}

/// How many of the nearest a scan keeps: a few more than are wanted where they tell what codes lose.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn kept(view: &View<'_>, search: &Search<'_>) -> usize {
    match view.config.element {
        Element::I8 if search.k > 0 => search.k.max(TELLING),
        _ => search.k,
    }
}

/// Nearest rows from whose scores the loss by codes is told.
const TELLING: usize = 2 * POOL_STEP;

/// What codes lose near a query by the nearest that were found.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn lost(view: &View<'_>, query: &Query<'_>, work: &Work<'_>, met: usize) -> f32 {
    let mut found = [0; TELLING];
    let count = met.min(found.len());
    for (found, &near) in found.iter_mut().zip(&*work.pool) {
        let similarity = similarity(view, query, score_of(near));
        *found = entry(similarity, slot_of(near));
    }
    loss::share(view, found.get(..count).unwrap_or(&[]), query.norm2)
}

/// Counts the live patterns that no path leads to from where walks start.
pub(super) fn unreachable(view: &View<'_>, scratch: &mut Scratch<'_>) -> Result<u32, SearchError> {
    match scratch.fits(&view.config) {
        true => Ok(reach::count_apart(view, scratch.parts().visited)),
        false => Err(SearchError::ScratchTooSmall),
    }
}

/// Walks the graph and ranks the best again by their floats if there are any.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn walk<K: Kernels>(
    kernels: K,
    view: &View<'_>,
    query: &Query<'_>,
    candidates: usize,
    search: &Search<'_>,
    work: &mut Work<'_>,
) -> Found {
    let words = view.config.capacity.div_ceil(64) as usize;
    let visited = work.visited.get_mut(..words).unwrap_or(&mut []);
    visited.fill(0);
    // The hits are written last: until then a filtered search has its candidates there.
    let (memory, kept): (&mut [u64], &mut [u64]) = match search.filter {
        Some(_) => (
            bytemuck::try_cast_slice_mut(&mut *work.hits).unwrap_or(&mut []),
            &mut *work.pool,
        ),
        None => (&mut *work.pool, &mut []),
    };
    let mut pool = Pool::new(memory, candidates);
    let mut distances = graph::walk(
        kernels,
        &Scorer::new(*view, *query),
        &view.sketch_of(query),
        &mut pool,
        visited,
        false,
    );
    let (met, best) = match search.filter {
        Some(accepts) => (filter::keep(view, accepts, pool.as_slice(), kept), kept),
        None => (pool.len(), memory),
    };
    if view.config.element == Element::I8F32 {
        let met = best.get(..met).unwrap_or(&[]);
        let depth = depth(view, query, met, search.k);
        let best = best.get_mut(..depth).unwrap_or(&mut []);
        distances += scan::rank_again(kernels, view, query, best);
    }
    Found {
        hits: met.min(search.k),
        met,
        distances,
        lost: 0.0,
        afar: false,
    }
}

/// How many of the candidates, best by their codes first, are ranked again by their floats for `k`
/// wanted: at least a quarter more than these and two, and all that rounding may have put behind the
/// `k`-th.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn depth(view: &View<'_>, query: &Query<'_>, found: &[u64], k: usize) -> usize {
    let least = (k + k / 4 + 2).min(found.len());
    match k.checked_sub(1).and_then(|last| found.get(last)) {
        Some(&last) => {
            let reach = score_of(last) - 4.0 * rounding(view, query, last);
            let behind = found.get(least..).unwrap_or(&[]);
            least + behind.partition_point(|&entry| score_of(entry) >= reach)
        }
        None => least,
    }
}

/// How far rounding has moved the score of an entry, one standard deviation.
///
/// What rounding leaves of a row, `f`, has no direction of its own, so that its product with another
/// vector `v` is about `|v| |f| / sqrt(n)`; what it leaves of the query is a step over `sqrt(12)` in
/// each component.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn rounding(view: &View<'_>, query: &Query<'_>, entry: u64) -> f32 {
    /// One over the root of twelve: the deviation of what rounding to integers leaves.
    const STEP: f32 = 0.289;
    /// Root mean square of a row's codes, about a third of the largest.
    const CODE: f32 = 45.0;
    let at = slot_of(entry) as usize;
    let scale = view.scales.get(at).copied().unwrap_or(0.0);
    let residual = f32::from(view.residuals.get(at).copied().unwrap_or(0));
    let root = libm::sqrtf(view.padded as f32);
    let row = residual * quantise::residual_unit(view.padded) * scale / root;
    match view.config.metric {
        // Of both the difference alone counts: what is common to all rows moves all scores alike.
        Metric::SquaredEuclidean => {
            let length = libm::sqrtf(view.norms.get(at).copied().unwrap_or(0.0));
            let square = (query.norm2 - score_of(entry)).max(0.0);
            let distance = libm::sqrtf(square + 2.0 * STEP * query.step * length);
            2.0 * distance * (row + STEP * query.step)
        }
        _ => libm::sqrtf(query.norm2) * row / query.step + STEP * CODE * root * scale,
    }
}

/// What a score of a finished search means to the caller.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn similarity(view: &View<'_>, query: &Query<'_>, score: f32) -> f32 {
    let metric = view.config.metric;
    let similarity = match view.config.element {
        Element::Bits => 1.0 + 2.0 * score / view.config.dimensions as f32,
        Element::I8 if metric == Metric::SquaredEuclidean => (score - query.norm2).min(0.0),
        Element::I8 => score * query.step,
        Element::F32 | Element::I8F32 if metric == Metric::Cosine => 1.0 + 0.5 * score,
        Element::F32 | Element::I8F32 => score,
    };
    match metric {
        Metric::Cosine => similarity.clamp(-1.0, 1.0),
        _ => similarity,
    }
}
