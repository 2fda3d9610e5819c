//! All pairs at once.

use super::cells::{Cells, Limits, mask, newest};
use super::config::WIDTH;
use super::counts::Counts;
use super::entries::Entries;
use super::project::cell;
use crate::simd::{Kernels, Task, dispatch};

/// Calls `pair` for the slots of every two claims of one context whose coordinates are near, each
/// pair once; `limits` follow from the slot of the first.
pub(super) fn pairs(
    counts: &Counts<'_>,
    cells: &Cells<'_>,
    entries: &Entries<'_>,
    only: Option<u32>,
    limits: impl Fn(u32) -> Limits,
    pair: impl FnMut(u32, u32),
) {
    dispatch(Join {
        counts,
        cells,
        entries,
        only,
        limits,
        pair,
    });
}

struct Join<'c, L, F> {
    counts: &'c Counts<'c>,
    cells: &'c Cells<'c>,
    entries: &'c Entries<'c>,
    only: Option<u32>,
    limits: L,
    pair: F,
}

/// A claim whose pairs are looked for.
#[derive(Clone, Copy)]
struct One {
    slot: u32,
    point: [f32; 3],
    context: u32,
    limits: Limits,
}

/// Buckets of a hash yet to be visited.
#[derive(Clone, Copy)]
struct Walk {
    bucket: u32,
    left: u32,
    lanes: u32,
}

impl Walk {
    #[inline(always)]
    fn new(home: u32, count: u32) -> Self {
        Self {
            bucket: home,
            left: count,
            lanes: count.min(WIDTH),
        }
    }

    /// The next bucket, and how many claims are in it.
    #[inline(always)]
    fn next(&mut self, cells: &Cells<'_>) -> Option<(u32, u32)> {
        let here = (self.left > 0).then_some((self.bucket, self.lanes));
        self.left -= self.lanes;
        if self.left > 0 {
            self.bucket = cells.behind(self.bucket);
        }
        self.lanes = newest(self.left);
        here
    }
}

impl<L: Fn(u32) -> Limits, F: FnMut(u32, u32)> Task for Join<'_, L, F> {
    type Output = ();

    #[inline(always)]
    fn run<K: Kernels>(mut self, k: K) {
        let cells = self.cells;
        if self.counts.scans() {
            self.scan(k);
            return;
        }
        for home in 0..cells.homes.len() as u32 {
            let mut walk = Walk::new(home, cells.count(home));
            while let Some((bucket, lanes)) = walk.next(cells) {
                self.bucket(k, home, bucket, lanes, walk);
            }
        }
    }
}

impl<L: Fn(u32) -> Limits, F: FnMut(u32, u32)> Join<'_, L, F> {
    /// The claim at a place, whose context is told where it is known.
    #[inline(always)]
    fn one(&self, locator: u32, known: Option<u32>) -> Option<One> {
        let (slot, point) = self.cells.at(locator);
        let context = known.unwrap_or_else(|| self.entries.context(slot));
        let wanted = self.only.is_none_or(|c| c == context);
        wanted.then(|| One {
            slot,
            point,
            context,
            limits: (self.limits)(slot),
        })
    }

    /// Pairs of a claim with those of a bucket that are not left out; `mixed` says that there may
    /// be some of other contexts.
    #[inline(always)]
    fn with<K: Kernels>(
        &mut self,
        k: K,
        one: &One,
        (bucket, lanes): (u32, u32),
        out: u32,
        mixed: bool,
    ) {
        let (cells, entries) = (self.cells, self.entries);
        let (pair, limits) = (&mut self.pair, &one.limits);
        cells.visit(k, bucket, (lanes, out), one.point, limits, &mut |other| {
            if !mixed || entries.context(other) == one.context {
                pair(one.slot, other);
            }
        });
    }

    #[inline(always)]
    fn scan<K: Kernels>(&mut self, k: K) {
        let count = self.counts.vectors();
        for at in 0..count {
            let Some(one) = self.one(at, None) else {
                continue;
            };
            let mine = at / WIDTH;
            for bucket in mine..count.div_ceil(WIDTH) {
                let out = if bucket == mine {
                    mask(at % WIDTH + 1)
                } else {
                    0
                };
                self.with(k, &one, (bucket, count - bucket * WIDTH), out, true);
            }
        }
    }

    /// Pairs of the claims of a bucket with those after them behind the same hash, and with those
    /// behind lower hashes: of two that are near each other, each lies where the other looks.
    #[inline(always)]
    fn bucket<K: Kernels>(&mut self, k: K, home: u32, bucket: u32, lanes: u32, after: Walk) {
        let cells = self.cells;
        let known = cells.context(home);
        for lane in 0..lanes {
            let Some(one) = self.one(bucket * WIDTH + lane, known) else {
                continue;
            };
            let mixed = known.is_none();
            self.with(k, &one, (bucket, lanes), mask(lane + 1), mixed);
            let mut walk = after;
            while let Some(next) = walk.next(cells) {
                self.with(k, &one, next, 0, mixed);
            }
            let [(x, sx), (y, sy), (z, sz)] = one.point.map(|c| cell(c, cells.per_edge));
            let around = cells.homes_of(one.context, [x, y, z], [sx, sy, sz]);
            let mut counts = [0; 8];
            let mut mixed = 0_u32;
            for (i, (count, other)) in counts.iter_mut().zip(around).enumerate() {
                let (seen, several) = cells.seen(one.context, other);
                *count = if other < home { seen } else { 0 };
                mixed |= u32::from(several) << i;
            }
            let (entries, pair) = (self.entries, &mut self.pair);
            cells.sweep(
                k,
                &around,
                &counts,
                one.point,
                &one.limits,
                &mut |i, other| {
                    if mixed >> i & 1 == 0 || entries.context(other) == one.context {
                        pair(one.slot, other);
                    }
                },
            );
        }
    }
}
