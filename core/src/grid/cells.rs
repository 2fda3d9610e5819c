//! A hash grid of cubic cells in dense buckets of eight.
//!
//! A bucket holds the coordinates and the slots of up to eight claims, one array each, so that all
//! eight are compared at once. The hash of a cell is the number of its first bucket, so nothing is
//! read to find it; what does not fit there goes to spare buckets behind it, of which the newest,
//! the only one that may be partly filled, comes first. Cells with the same hash share their
//! buckets: claims of the other cell are compared in vain, and are told by their coordinates.
//!
//! Finding, adding and removing need no walk: a cell's claims are counted, and what is looked at
//! is limited by their number. No choice of claims makes a chain longer than that.
//!
//! Up to [`SCAN`] claims there are no cells at all: the buckets are filled one after the other and
//! scanned from front to back, which is faster than hashing.

use super::config::{GridConfig, SCAN, WIDTH};
use super::counts::Counts;
use super::entries::Entries;
use super::hash::Keys;
use super::project::{Place, cell, distance2};
use crate::block::sections::sections;
use crate::simd::Kernels;

/// Coordinates, an array for each axis, and slots.
pub(super) type Bucket = [[u32; 8]; 4];

/// Words of what is known of the cells with one hash.
/// How many claims they hold; the highest bit says that they are of several contexts.
pub(super) const COUNT: usize = 0;
/// The context of their claims.
pub(super) const CONTEXT: usize = 1;
pub(super) const MIXED: u32 = 1 << 31;

/// What a check looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Looked {
    pub checked: u32,
    pub unchecked: u32,
}

/// A claim in a bucket: its slot and the coordinates there.
pub(super) type Near = (u32, [f32; 3]);

/// Squares of distances by which coordinates are told to be near.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// What is beyond it in `f32` is not near.
    pub most: f32,
    /// What is within it in `f32` is near.
    pub sure: f32,
    /// What is between is near if it is within this in `f64`.
    pub exact: f64,
}

sections! {
    pub(super) struct Cells for GridConfig as config {
        /// Count and context of the claims behind each hash.
        pub homes "grid cells": [[u32; 2]; config.homes()],
        /// How often a check was cut short, for each hash.
        pub cut "grid cells": [u32; config.homes()],
        /// One for each hash, then the spare ones.
        pub buckets "grid cells": [Bucket; config.buckets()],
        /// The bucket behind each, plus one: the newest behind the first, then the next older.
        pub links "grid cells": [u32; config.buckets()],
    } with {
        pub keys: Keys = Keys::new(config.seed),
        pub per_edge: f64 = 1.0 / config.edge(),
    }
}

impl Cells<'_> {
    /// The hash of a cell from those of its block's coordinates. Blocks of 4 × 2 × 2 cells lie
    /// together, so that neighbours are read together, and no two neighbours have the same hash.
    #[inline(always)]
    fn home(&self, block: u32, [x, y, z]: [i32; 3]) -> u32 {
        let within = (x & 3) | (y & 1) << 2 | (z & 1) << 3;
        let hash = self.keys.finish(block) << 4 | within as u32;
        hash & (self.homes.len() as u32).wrapping_sub(1)
    }

    /// The hash of a cell.
    #[inline(always)]
    pub fn home_of(&self, context: u32, cell: [i32; 3]) -> u32 {
        let [x, y, z] = cell;
        let block = self
            .keys
            .context(context)
            .wrapping_add(self.keys.axis(0, x >> 2))
            .wrapping_add(self.keys.axis(1, y >> 1))
            .wrapping_add(self.keys.axis(2, z >> 1));
        self.home(block, cell)
    }

    /// The hashes of a cell and of its neighbours towards `step`.
    #[inline(always)]
    pub fn homes_of(&self, context: u32, at: [i32; 3], step: [i32; 3]) -> [u32; 8] {
        let [x, y, z] = at;
        let (xs, ys, zs) = ([x, x + step[0]], [y, y + step[1]], [z, z + step[2]]);
        let first = self.keys.context(context);
        let of_x = xs.map(|x| self.keys.axis(0, x >> 2).wrapping_add(first));
        let of_y = ys.map(|y| self.keys.axis(1, y >> 1));
        let of_z = zs.map(|z| self.keys.axis(2, z >> 1));
        let mut homes = [0; 8];
        for (i, home) in homes.iter_mut().enumerate() {
            let (i, j, k) = (i & 1, i >> 1 & 1, i >> 2 & 1);
            let block = of_x[i].wrapping_add(of_y[j]).wrapping_add(of_z[k]);
            *home = self.home(block, [xs[i], ys[j], zs[k]]);
        }
        homes
    }

    /// How many claims are behind a hash that holds some of this context, and whether it holds
    /// others.
    #[inline(always)]
    pub fn seen(&self, context: u32, home: u32) -> (u32, bool) {
        match self.homes.get(home as usize) {
            Some(&[count, its]) if count & MIXED == 0 => {
                (if its == context { count } else { 0 }, false)
            }
            Some(&[count, _]) => (count & !MIXED, true),
            None => (0, false),
        }
    }

    /// The context of the claims behind a hash, if they are all of one.
    #[inline]
    pub fn context(&self, home: u32) -> Option<u32> {
        let &[count, context] = self.homes.get(home as usize)?;
        (count & MIXED == 0).then_some(context)
    }

    /// How many claims are behind a hash.
    #[inline]
    pub fn count(&self, home: u32) -> u32 {
        self.homes
            .get(home as usize)
            .map_or(0, |h| h[COUNT] & !MIXED)
    }

    /// The bucket behind one.
    #[inline]
    pub fn behind(&self, bucket: u32) -> u32 {
        self.links
            .get(bucket as usize)
            .copied()
            .unwrap_or(0)
            .wrapping_sub(1)
    }

    /// Calls `hit` with the slot of each of the first `lanes` claims of a bucket that is near
    /// `point` and not left out.
    #[inline(always)]
    pub fn visit<K: Kernels>(
        &self,
        k: K,
        bucket: u32,
        (lanes, out): (u32, u32),
        point: [f32; 3],
        limits: &Limits,
        hit: &mut impl FnMut(u32),
    ) {
        let Some([xs, ys, zs, slots]) = self.buckets.get(bucket as usize) else {
            return;
        };
        let mut near = k.near([xs, ys, zs], point, limits.most) & mask(lanes) & !out;
        let sure = k.near([xs, ys, zs], point, limits.sure);
        while near != 0 {
            let i = near.trailing_zeros() as usize & 7;
            near &= near - 1;
            let its = [xs[i], ys[i], zs[i]].map(f32::from_bits);
            if sure >> i & 1 != 0 || distance2(point, its) <= limits.exact {
                hit(slots[i]);
            }
        }
    }

    /// Calls `hit` with the slot of each of the claims behind eight hashes that is near `point`,
    /// and with which of the eight it is.
    #[inline(always)]
    pub fn sweep<K: Kernels>(
        &self,
        k: K,
        homes: &[u32; 8],
        counts: &[u32; 8],
        point: [f32; 3],
        limits: &Limits,
        hit: &mut impl FnMut(usize, u32),
    ) {
        let (mut present, mut long) = (0_u32, 0_u32);
        for (i, &count) in counts.iter().enumerate() {
            present |= u32::from(count > 0) << i;
            long |= u32::from(count > WIDTH) << i;
        }
        // First all are compared, then those that are near are visited: fewer branches to guess.
        let (mut near, mut sure) = (0_u64, 0_u64);
        while present != 0 {
            let i = present.trailing_zeros() as usize & 7;
            present &= present - 1;
            if let Some([xs, ys, zs, _]) = self.buckets.get(homes[i] as usize) {
                let lanes = mask(counts[i]) & 0xff;
                let found = k.near([xs, ys, zs], point, limits.most) & lanes;
                near |= u64::from(found) << (8 * i);
                let found = k.near([xs, ys, zs], point, limits.sure);
                sure |= u64::from(found) << (8 * i);
            }
        }
        while near != 0 {
            let at = near.trailing_zeros() as usize & 63;
            near &= near - 1;
            let (slot, its) = self.at(homes[at / 8] * WIDTH + at as u32 % 8);
            if sure >> at & 1 != 0 || distance2(point, its) <= limits.exact {
                hit(at / 8, slot);
            }
        }
        while long != 0 {
            let i = long.trailing_zeros() as usize & 7;
            long &= long - 1;
            let (mut bucket, mut left) = (homes[i], counts[i] - WIDTH);
            while left > 0 {
                bucket = self.behind(bucket);
                let lanes = (newest(left), 0);
                self.visit(k, bucket, lanes, point, limits, &mut |slot| hit(i, slot));
                left -= lanes.0;
            }
        }
    }

    /// Puts a claim in and says where: bucket times eight plus lane.
    ///
    /// Other claims that move are told in `entries`. There is a bucket for as many claims as the
    /// grid has slots.
    #[inline]
    pub fn insert(
        &mut self,
        counts: &mut Counts<'_>,
        context: u32,
        place: &Place,
        slot: u32,
        entries: &mut Entries<'_>,
    ) -> u32 {
        let count = counts.vectors();
        if counts.scans() {
            if count < SCAN {
                counts.set_vectors(count + 1);
                self.put(count, place.point, slot);
                return count;
            }
            self.build(counts, entries);
        }
        counts.set_vectors(count + 1);
        let home = self.home_of(context, place.cell);
        self.place(counts, context, home, place.point, slot)
    }

    /// Leaves scanning: takes every claim out and puts it into its cell.
    #[cold]
    fn build(&mut self, counts: &mut Counts<'_>, entries: &mut Entries<'_>) {
        let mut points = [(0_u32, [0.0_f32; 3]); SCAN as usize];
        for (i, to) in (0..).zip(&mut points) {
            *to = self.at(i);
        }
        for bucket in self.buckets.iter_mut().take((SCAN / WIDTH) as usize) {
            *bucket = Bucket::default();
        }
        counts.set_scans(false);
        for (slot, point) in points {
            let context = entries.context(slot);
            let home = self.home_of(context, self.cell_of(point));
            let place = self.place(counts, context, home, point, slot);
            entries.move_to(slot, place);
        }
    }

    pub fn cell_of(&self, point: [f32; 3]) -> [i32; 3] {
        point.map(|c| cell(c, self.per_edge).0)
    }

    #[inline]
    fn place(
        &mut self,
        counts: &mut Counts<'_>,
        context: u32,
        home: u32,
        point: [f32; 3],
        slot: u32,
    ) -> u32 {
        let Some([count, its]) = self.homes.get_mut(home as usize) else {
            return 0;
        };
        let claims = *count & !MIXED;
        if claims == 0 {
            *its = context;
        } else if *its != context {
            *count |= MIXED;
        }
        *count += 1;
        let lane = claims % WIDTH;
        let bucket = if claims < WIDTH {
            home
        } else if lane == 0 {
            self.extend(counts, home)
        } else {
            self.behind(home)
        };
        let locator = bucket * WIDTH + lane;
        self.put(locator, point, slot);
        locator
    }

    /// Puts a spare bucket behind the first one.
    fn extend(&mut self, counts: &mut Counts<'_>, home: u32) -> u32 {
        let (free, used) = counts.spare();
        let bucket = if free == 0 {
            counts.set_used_buckets(used + 1);
            self.homes.len() as u32 + used
        } else {
            let next = self.behind(free - 1);
            counts.set_free_bucket(next.wrapping_add(1));
            free - 1
        };
        let older = self.behind(home).wrapping_add(1);
        self.link(bucket, older);
        self.link(home, bucket + 1);
        bucket
    }

    fn link(&mut self, bucket: u32, to: u32) {
        if let Some(link) = self.links.get_mut(bucket as usize) {
            *link = to;
        }
    }

    #[inline]
    fn put(&mut self, locator: u32, point: [f32; 3], slot: u32) {
        if let Some([x, y, z, s]) = self.buckets.get_mut((locator / WIDTH) as usize) {
            let i = (locator % WIDTH) as usize;
            x[i] = point[0].to_bits();
            y[i] = point[1].to_bits();
            z[i] = point[2].to_bits();
            s[i] = slot;
        }
    }

    /// Slot and coordinates at a place.
    #[inline(always)]
    pub fn at(&self, locator: u32) -> Near {
        match self.buckets.get((locator / WIDTH) as usize) {
            Some([x, y, z, s]) => {
                let i = (locator % WIDTH) as usize;
                (s[i], [x[i], y[i], z[i]].map(f32::from_bits))
            }
            None => (0, [0.0; 3]),
        }
    }

    /// Takes out the claim at `locator`, of `context`; says which other claim took its place.
    pub fn remove(&mut self, counts: &mut Counts<'_>, context: u32, locator: u32) -> Option<u32> {
        let count = counts.vectors().wrapping_sub(1);
        counts.set_vectors(count);
        let (slot, point) = self.at(locator);
        let (last, home) = if counts.scans() {
            (count, 0)
        } else {
            let home = self.home_of(context, self.cell_of(point));
            let claims = self.count(home);
            let bucket = if claims > WIDTH {
                self.behind(home)
            } else {
                home
            };
            (bucket * WIDTH + claims.wrapping_sub(1) % WIDTH, home)
        };
        let (other, its) = self.at(last);
        if last != locator {
            self.put(locator, its, other);
        }
        self.put(last, [0.0; 3], 0);
        if !counts.scans() {
            self.forget(counts, home, last);
        }
        if count == 0 {
            counts.set_scans(true);
        }
        (other != slot).then_some(other)
    }

    /// Counts one claim less behind a hash, whose last lay at `last`.
    fn forget(&mut self, counts: &mut Counts<'_>, home: u32, last: u32) {
        let bucket = last / WIDTH;
        if last.is_multiple_of(WIDTH) && bucket != home {
            let older = self.behind(bucket).wrapping_add(1);
            self.link(home, older);
            let (free, _) = counts.spare();
            self.link(bucket, free);
            counts.set_free_bucket(bucket + 1);
        }
        if let Some(known) = self.homes.get_mut(home as usize) {
            known[COUNT] = known[COUNT].wrapping_sub(1);
            if known[COUNT] & !MIXED == 0 {
                *known = [0; 2];
                if let Some(cut) = self.cut.get_mut(home as usize) {
                    *cut = 0;
                }
            }
        }
    }

    /// Counts a check that was cut short in the cell of `place`.
    pub fn saturate(&mut self, counts: &Counts<'_>, context: u32, place: &Place) {
        if counts.scans() {
            return;
        }
        let home = self.home_of(context, place.cell);
        if let Some(cut) = self.cut.get_mut(home as usize) {
            *cut = cut.saturating_add(1);
        }
    }

    /// How often checks were cut short in the cell of `place`.
    pub fn saturation(&self, context: u32, place: &Place) -> u32 {
        let home = self.home_of(context, place.cell);
        match self.seen(context, home).0 {
            0 => 0,
            _ => self.cut.get(home as usize).copied().unwrap_or(0),
        }
    }
}

/// Claims in the newest of the buckets that hold `left` behind the first.
#[inline]
pub(super) fn newest(left: u32) -> u32 {
    match left % WIDTH {
        0 => left.min(WIDTH),
        lanes => lanes,
    }
}

/// A bit for each of the first `lanes` claims of a bucket, and beyond it for more.
#[inline(always)]
pub(super) fn mask(lanes: u32) -> u32 {
    1_u32.checked_shl(lanes).unwrap_or(0).wrapping_sub(1)
}
