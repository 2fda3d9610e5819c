//! A check of the eight cells around a place.

use super::cells::{Cells, Limits, Looked, newest};
use super::config::WIDTH;
use super::counts::Counts;
use super::entries::Entries;
use super::project::Place;
use crate::simd::{Kernels, Task, dispatch};

impl Cells<'_> {
    /// Calls `hit` for the claims of `context` whose coordinates are near, after looking at no
    /// more than `most`.
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "the fields of one check")]
    pub fn near<F: FnMut(u32)>(
        &self,
        counts: &Counts<'_>,
        entries: &Entries<'_>,
        context: u32,
        place: &Place,
        limits: &Limits,
        most: u32,
        hit: F,
    ) -> Looked {
        let mut around = Around {
            counts,
            cells: self,
            entries,
            context,
            place,
            limits,
            most,
            hit,
        };
        match dispatch(All(&mut around)) {
            Some(looked) => looked,
            None => dispatch(Part(&mut around)),
        }
    }
}

/// A check of the cells around a place.
struct Around<'c, F> {
    counts: &'c Counts<'c>,
    cells: &'c Cells<'c>,
    entries: &'c Entries<'c>,
    context: u32,
    place: &'c Place,
    limits: &'c Limits,
    most: u32,
    hit: F,
}

/// A check that looks at all of them; `None`, before it looks at any, if that is more than it may.
struct All<'a, 'c, F>(&'a mut Around<'c, F>);

impl<F: FnMut(u32)> Task for All<'_, '_, F> {
    type Output = Option<Looked>;

    #[inline(always)]
    fn run<K: Kernels>(self, k: K) -> Option<Looked> {
        let Self(around) = self;
        let (cells, context, place) = (around.cells, around.context, around.place);
        if around.counts.scans() {
            return Some(around.scan(k));
        }
        let homes = cells.homes_of(context, place.cell, place.step);
        let mut counts = [0_u32; 8];
        let (mut total, mut mixed) = (0_u32, 0_u32);
        for (i, (count, home)) in counts.iter_mut().zip(homes).enumerate() {
            let (seen, several) = cells.seen(context, home);
            *count = seen;
            total += seen;
            mixed |= u32::from(several) << i;
        }
        if total > around.most {
            return None;
        }
        let (entries, hit) = (around.entries, &mut around.hit);
        cells.sweep(
            k,
            &homes,
            &counts,
            place.point,
            around.limits,
            &mut |i, slot| {
                if mixed >> i & 1 == 0 || entries.context(slot) == context {
                    hit(slot);
                }
            },
        );
        Some(Looked {
            checked: total,
            unchecked: 0,
        })
    }
}

/// A check that looks at as many claims as it may.
struct Part<'a, 'c, F>(&'a mut Around<'c, F>);

impl<F: FnMut(u32)> Task for Part<'_, '_, F> {
    type Output = Looked;

    #[inline(always)]
    fn run<K: Kernels>(self, k: K) -> Looked {
        let Self(around) = self;
        let (cells, context, most) = (around.cells, around.context, around.most);
        let homes = cells.homes_of(context, around.place.cell, around.place.step);
        let (mut total, mut rest) = (0, most);
        for home in homes {
            let (count, mixed) = cells.seen(context, home);
            total += count;
            let (mut bucket, mut left, mut lanes) = (home, count, count.min(WIDTH));
            while left > 0 && rest > 0 {
                let looked = lanes.min(rest);
                around.visit(k, bucket, looked, mixed);
                rest -= looked;
                left -= lanes;
                lanes = newest(left);
                bucket = cells.behind(bucket);
            }
        }
        Looked {
            checked: most,
            unchecked: total - most,
        }
    }
}

impl<F: FnMut(u32)> Around<'_, F> {
    /// Calls `hit` for those of the first `lanes` claims of a bucket that are near and of its
    /// context; `mixed` says that there may be others.
    #[inline(always)]
    fn visit<K: Kernels>(&mut self, k: K, bucket: u32, lanes: u32, mixed: bool) {
        let (entries, context, hit) = (self.entries, self.context, &mut self.hit);
        let (cells, point) = (self.cells, self.place.point);
        cells.visit(k, bucket, (lanes, 0), point, self.limits, &mut |slot| {
            if !mixed || entries.context(slot) == context {
                hit(slot);
            }
        });
    }

    #[inline(always)]
    fn scan<K: Kernels>(&mut self, k: K) -> Looked {
        let count = self.counts.vectors();
        let looked = count.min(self.most);
        let mut left = looked;
        for bucket in 0..looked.div_ceil(WIDTH) {
            self.visit(k, bucket, left, true);
            left = left.saturating_sub(WIDTH);
        }
        Looked {
            checked: looked,
            unchecked: count - looked,
        }
    }
}
