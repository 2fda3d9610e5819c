//! A hash grid of cubic cells in dense buckets of eight.
//!
//! A cell is a chain of buckets; a bucket holds the three coordinates and the slots of up to
//! eight claims, one array each, so that all eight are compared at once. The first bucket of a
//! cell stays first and carries what is known of the cell; behind it come the newest bucket, the
//! only one that may be partly filled, and the older ones. Cells of all contexts share the table.
//!
//! Up to [`SCAN`] claims there are no cells at all: the buckets are filled one after the other and
//! scanned from front to back, which is faster than hashing.

use super::config::GridConfig;
use super::entries::Entries;
use super::project::{Place, cell};
use crate::block::BlockError;

/// Claims up to which the buckets are scanned.
pub(super) const SCAN: u32 = 128;
const WIDTH: u32 = 8;

/// Words of a bucket's record. The links are bucket numbers plus one, zero for none.
const X: usize = 0;
const Y: usize = 1;
const Z: usize = 2;
const CONTEXT: usize = 3;
/// The next bucket of the cell, or the next free one.
const NEXT: usize = 4;
/// Claims of the cell, in its first bucket; else zero.
const TOTAL: usize = 5;
/// How often a check was cut short here, in the first bucket; else zero.
const SATURATION: usize = 6;
/// The next cell with this hash, in the first bucket; else zero.
const CHAIN: usize = 7;

/// Words of the state section.
const COUNT: usize = 0;
const MODE: usize = 1;
const FREE: usize = 2;
const USED: usize = 3;

/// What a check looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Looked {
    pub checked: u32,
    pub unchecked: u32,
}

/// A claim in a bucket: its slot and the coordinates there.
pub(super) type Near = (u32, [f32; 3]);

#[derive(Debug)]
pub(super) struct Cells<'a> {
    pub heads: &'a mut [u32],
    pub records: &'a mut [[u32; 8]],
    /// Four a bucket: x, y, z, slot.
    pub lines: &'a mut [[u32; 8]],
    pub state: &'a mut [u32],
    pub seed: u32,
    pub buckets: u32,
    pub per_edge: f64,
}

impl Cells<'_> {
    pub fn len(&self) -> u32 {
        self.word(COUNT)
    }

    fn word(&self, at: usize) -> u32 {
        self.state.get(at).copied().unwrap_or(0)
    }

    fn set(&mut self, at: usize, value: u32) {
        if let Some(word) = self.state.get_mut(at) {
            *word = value;
        }
    }

    fn scans(&self) -> bool {
        self.word(MODE) == 0
    }

    /// Blocks of 4 × 2 × 2 cells share a line of the table, so that neighbours are read together.
    #[inline]
    fn hash(&self, context: u32, [x, y, z]: [i32; 3]) -> usize {
        let mixed = ((x >> 2) as u32)
            .wrapping_mul(0x9e37_79b1)
            .wrapping_add(((y >> 1) as u32).wrapping_mul(0x85eb_ca77))
            .wrapping_add(((z >> 1) as u32).wrapping_mul(0xc2b2_ae3d))
            .wrapping_add((context ^ self.seed).wrapping_mul(0x27d4_eb2f));
        let mixed = (mixed ^ mixed >> 15 ^ self.seed).wrapping_mul(0x2c1b_3c6d);
        let within = (x & 3) | (y & 1) << 2 | (z & 1) << 3;
        ((mixed ^ mixed >> 15) << 4 | within as u32) as usize & self.heads.len().wrapping_sub(1)
    }

    /// The first bucket of a cell, plus one.
    #[inline]
    fn first(&self, context: u32, cell: [i32; 3]) -> (u32, u32) {
        self.follow(self.head(context, cell), context, cell)
    }

    #[inline]
    fn head(&self, context: u32, cell: [i32; 3]) -> u32 {
        match self.heads.get(self.hash(context, cell)) {
            Some(&head) => head,
            None => 0,
        }
    }

    /// The first bucket of a cell, plus one, and its claims, from the head of its chain.
    #[inline]
    fn follow(&self, mut at: u32, context: u32, [x, y, z]: [i32; 3]) -> (u32, u32) {
        while let Some(record) = self.records.get(at.wrapping_sub(1) as usize) {
            let same = (record[X] ^ x as u32)
                | (record[Y] ^ y as u32)
                | (record[Z] ^ z as u32)
                | (record[CONTEXT] ^ context);
            if same == 0 {
                return (at, record[TOTAL]);
            }
            at = record[CHAIN];
        }
        (0, 0)
    }

    fn record(&self, bucket: u32) -> [u32; 8] {
        let record = self.records.get(bucket.wrapping_sub(1) as usize);
        record.copied().unwrap_or_default()
    }

    fn record_mut(&mut self, bucket: u32) -> Option<&mut [u32; 8]> {
        self.records.get_mut(bucket.wrapping_sub(1) as usize)
    }

    /// Calls `hit` for every claim of a bucket within the root of `limit2`.
    #[inline]
    fn compare<F: FnMut(Near)>(
        &self,
        bucket: u32,
        lanes: u64,
        point: [f32; 3],
        limit2: f32,
        hit: &mut F,
    ) {
        let at = bucket.wrapping_sub(1) as usize * 4;
        let Some([xs, ys, zs, slots]) = self.lines.get(at..at + 4) else {
            return;
        };
        let mut near = within(xs, ys, zs, point, limit2) & lanes;
        while near != 0 {
            let i = (near.trailing_zeros() as usize / 8) & 7;
            near &= near - 1;
            hit((slots[i], [xs[i], ys[i], zs[i]].map(f32::from_bits)));
        }
    }

    /// Calls `hit` for the claims of `context` whose coordinates are within the root of `limit2`,
    /// after looking at no more than `most`.
    #[inline]
    pub fn near<F: FnMut(Near)>(
        &self,
        entries: &Entries<'_>,
        context: u32,
        place: &Place,
        limit2: f32,
        most: u32,
        mut hit: F,
    ) -> Looked {
        if self.scans() {
            return self.scan(place.point, limit2, most, &mut |near: Near| {
                if entries.context(near.0) == context {
                    hit(near);
                }
            });
        }
        let ([x, y, z], [sx, sy, sz]) = (place.cell, place.step);
        let at = |i: i32| [x + sx * (i & 1), y + sy * (i >> 1 & 1), z + sz * (i >> 2)];
        // All heads are read before any is followed, so that the reads overlap.
        let mut heads = [0; 8];
        for (i, head) in (0..8).zip(&mut heads) {
            *head = self.head(context, at(i));
        }
        let mut found = [(0, 0); 8];
        let mut total = 0_u32;
        for ((i, head), to) in (0..8).zip(heads).zip(&mut found) {
            if head == 0 {
                continue;
            }
            let (bucket, claims) = self.follow(head, context, at(i));
            *to = (bucket, claims);
            total += claims;
        }
        let mut checked = 0;
        if total == 0 {
            return Looked::default();
        }
        for (first, claims) in found {
            if claims == 0 {
                continue;
            }
            let mut bucket = first;
            let mut lanes = claims.min(WIDTH);
            let mut left = claims;
            loop {
                let looked = lanes.min(most - checked);
                self.compare(bucket, mask(looked), place.point, limit2, &mut hit);
                checked += looked;
                if looked < lanes {
                    return Looked {
                        checked,
                        unchecked: total - checked,
                    };
                }
                left -= lanes;
                if left == 0 {
                    break;
                }
                bucket = self.record(bucket)[NEXT];
                // Behind the first comes the one that may be partly filled.
                lanes = if left % WIDTH == 0 {
                    WIDTH
                } else {
                    left % WIDTH
                };
            }
        }
        Looked {
            checked,
            unchecked: 0,
        }
    }

    fn scan<F: FnMut(Near)>(&self, point: [f32; 3], limit2: f32, most: u32, hit: &mut F) -> Looked {
        let count = self.len();
        let looked = count.min(most);
        let mut bucket = 1;
        let mut left = looked;
        while left >= WIDTH {
            self.compare(bucket, mask(WIDTH), point, limit2, hit);
            bucket += 1;
            left -= WIDTH;
        }
        if left > 0 {
            self.compare(bucket, mask(left), point, limit2, hit);
        }
        Looked {
            checked: looked,
            unchecked: count - looked,
        }
    }

    /// Puts a claim in and says where: bucket times eight plus lane.
    ///
    /// Other claims that move are told in `entries`. There is a free bucket as long as there are no
    /// more claims than buckets.
    pub fn insert(
        &mut self,
        context: u32,
        place: &Place,
        slot: u32,
        entries: &mut Entries<'_>,
    ) -> u32 {
        let count = self.len();
        if self.scans() {
            if count < SCAN {
                self.set(COUNT, count + 1);
                let (bucket, lane) = (count / WIDTH + 1, count % WIDTH);
                self.put(bucket, lane, place.point, slot);
                return locator(bucket, lane);
            }
            self.build(entries);
        }
        self.set(COUNT, count + 1);
        self.place(context, place.cell, place.point, slot)
    }

    /// Leaves scanning: takes every claim out and puts it into its cell.
    fn build(&mut self, entries: &mut Entries<'_>) {
        let mut points = [(0_u32, [0.0_f32; 3]); SCAN as usize];
        for (i, to) in (0..).zip(&mut points) {
            *to = self.at(locator(i / WIDTH + 1, i % WIDTH));
        }
        for lines in self.lines.iter_mut().take(SCAN as usize / 2) {
            lines.fill(0);
        }
        self.set(MODE, 1);
        for (slot, point) in points {
            let at = point.map(|c| cell(c, self.per_edge).0);
            let place = self.place(entries.context(slot), at, point, slot);
            entries.move_to(slot, place);
        }
    }

    fn place(&mut self, context: u32, at: [i32; 3], point: [f32; 3], slot: u32) -> u32 {
        let (first, total) = self.first(context, at);
        if first == 0 {
            let bucket = self.allocate();
            let hash = self.hash(context, at);
            let chain = self.heads.get(hash).copied().unwrap_or(0);
            if let Some(head) = self.heads.get_mut(hash) {
                *head = bucket;
            }
            let [x, y, z] = at.map(|c| c as u32);
            if let Some(record) = self.record_mut(bucket) {
                *record = [x, y, z, context, 0, 1, 0, chain];
            }
            self.put(bucket, 0, point, slot);
            return locator(bucket, 0);
        }
        let lane = total % WIDTH;
        let bucket = if total < WIDTH {
            first
        } else if lane == 0 {
            let bucket = self.allocate();
            let next = self.record(first)[NEXT];
            if let Some(record) = self.record_mut(bucket) {
                *record = [0, 0, 0, 0, next, 0, 0, 0];
            }
            if let Some(record) = self.record_mut(first) {
                record[NEXT] = bucket;
            }
            bucket
        } else {
            self.record(first)[NEXT]
        };
        if let Some(record) = self.record_mut(first) {
            record[TOTAL] = total + 1;
        }
        self.put(bucket, lane, point, slot);
        locator(bucket, lane)
    }

    fn put(&mut self, bucket: u32, lane: u32, point: [f32; 3], slot: u32) {
        let at = bucket.wrapping_sub(1) as usize * 4;
        if let Some([x, y, z, s]) = self.lines.get_mut(at..at + 4) {
            let i = lane as usize & 7;
            x[i] = point[0].to_bits();
            y[i] = point[1].to_bits();
            z[i] = point[2].to_bits();
            s[i] = slot;
        }
    }

    /// Slot and coordinates at a place.
    pub fn at(&self, locator: u32) -> Near {
        let at = (locator / WIDTH).wrapping_sub(1) as usize * 4;
        match self.lines.get(at..at + 4) {
            Some([x, y, z, s]) => {
                let i = (locator % WIDTH) as usize;
                (s[i], [x[i], y[i], z[i]].map(f32::from_bits))
            }
            _ => (0, [0.0; 3]),
        }
    }

    fn allocate(&mut self) -> u32 {
        let free = self.word(FREE);
        if free != 0 {
            let next = self.record(free)[NEXT];
            self.set(FREE, next);
            return free;
        }
        let used = self.word(USED) + 1;
        self.set(USED, used);
        used
    }

    fn release(&mut self, bucket: u32) {
        let free = self.word(FREE);
        if let Some(record) = self.record_mut(bucket) {
            *record = [0, 0, 0, 0, free, 0, 0, 0];
        }
        self.set(FREE, bucket);
    }

    /// Takes out the claim at `locator`, of `context`; says which other claim took its place.
    pub fn remove(&mut self, context: u32, locator_: u32) -> Option<u32> {
        let count = self.len();
        let (slot, point) = self.at(locator_);
        let last = if self.scans() {
            let last = count.wrapping_sub(1);
            self.set(COUNT, last);
            locator(last / WIDTH + 1, last % WIDTH)
        } else {
            let at = point.map(|c| cell(c, self.per_edge).0);
            let (first, total) = self.first(context, at);
            let lane = total.wrapping_sub(1) % WIDTH;
            let next = self.record(first)[NEXT];
            let bucket = if total > WIDTH { next } else { first };
            self.set(COUNT, count.wrapping_sub(1));
            if let Some(record) = self.record_mut(first) {
                record[TOTAL] = total.wrapping_sub(1);
            }
            locator(bucket, lane)
        };
        let (other, its) = self.at(last);
        let (bucket, lane) = (last / WIDTH, last % WIDTH);
        if last != locator_ {
            self.put(locator_ / WIDTH, locator_ % WIDTH, its, other);
        }
        self.put(bucket, lane, [0.0; 3], 0);
        if self.scans() {
            return (other != slot).then_some(other);
        }
        if lane == 0 {
            self.drop_bucket(context, point, bucket);
        }
        if self.len() == 0 {
            // Back to scanning, with every bucket free.
            self.records.fill([0; 8]);
            self.set(MODE, 0);
            self.set(FREE, 0);
            self.set(USED, 0);
        }
        (other != slot).then_some(other)
    }

    /// Unlinks a bucket that has become empty.
    fn drop_bucket(&mut self, context: u32, point: [f32; 3], bucket: u32) {
        let at = point.map(|c| cell(c, self.per_edge).0);
        let (first, _) = self.first(context, at);
        let empty = self.record(bucket);
        if bucket != first {
            if let Some(record) = self.record_mut(first) {
                record[NEXT] = empty[NEXT];
            }
        } else {
            let hash = self.hash(context, at);
            let head = self.heads.get(hash).copied().unwrap_or(0);
            if head == bucket {
                if let Some(head) = self.heads.get_mut(hash) {
                    *head = empty[CHAIN];
                }
            } else {
                let mut before = head;
                while before != 0 && self.record(before)[CHAIN] != bucket {
                    before = self.record(before)[CHAIN];
                }
                if let Some(record) = self.record_mut(before) {
                    record[CHAIN] = empty[CHAIN];
                }
            }
        }
        self.release(bucket);
    }

    /// Counts a check that was cut short in the cell of `place`.
    pub fn saturate(&mut self, context: u32, place: &Place) {
        let (first, _) = self.first(context, place.cell);
        if let Some(record) = self.record_mut(first) {
            record[SATURATION] = record[SATURATION].saturating_add(1);
        }
    }

    /// How often checks were cut short in the cell of `place`.
    pub fn saturation(&self, context: u32, place: &Place) -> u32 {
        let (first, _) = self.first(context, place.cell);
        self.record(first)[SATURATION]
    }

    /// Calls `pair` for every two claims of one context whose coordinates are within the root of
    /// `limit2`, each pair once; `limit2` follows from the slot of the first.
    pub fn pairs(
        &self,
        only: Option<u32>,
        entries: &Entries<'_>,
        limit2: impl Fn(u32) -> f32,
        mut pair: impl FnMut(u32, [f32; 3], Near),
    ) {
        if self.scans() {
            for i in 0..self.len() {
                let (slot, point) = self.at(locator(i / WIDTH + 1, i % WIDTH));
                let context = entries.context(slot);
                if only.is_some_and(|c| c != context) {
                    continue;
                }
                self.scan(point, limit2(slot), i, &mut |near: Near| {
                    if entries.context(near.0) == context {
                        pair(slot, point, near);
                    }
                });
            }
            return;
        }
        for bucket in 1..=self.word(USED).min(self.buckets) {
            let record = self.record(bucket);
            if record[TOTAL] != 0 && only.is_none_or(|c| c == record[CONTEXT]) {
                self.pairs_of(bucket, &record, &limit2, &mut pair);
            }
        }
    }

    /// The pairs of one cell's claims with each other and with those of later neighbours.
    fn pairs_of(
        &self,
        first: u32,
        record: &[u32; 8],
        limit2: &impl Fn(u32) -> f32,
        pair: &mut impl FnMut(u32, [f32; 3], Near),
    ) {
        let context = record[CONTEXT];
        let at = [record[X], record[Y], record[Z]].map(|c| c as i32);
        let mut later = [(0, 0); 27];
        for (i, to) in (0..27).zip(&mut later).skip(14) {
            let [dx, dy, dz] = [i / 9 - 1, i / 3 % 3 - 1, i % 3 - 1];
            *to = self.first(context, [at[0] + dx, at[1] + dy, at[2] + dz]);
        }
        let (mut bucket, mut left) = (first, record[TOTAL]);
        let mut lanes = left.min(WIDTH);
        while left > 0 {
            let next = self.record(bucket)[NEXT];
            let behind = left - lanes;
            for lane in 0..lanes {
                let (slot, point) = self.at(locator(bucket, lane));
                let limit = limit2(slot);
                let mut hit = |near: Near| pair(slot, point, near);
                self.compare(
                    bucket,
                    mask(lanes) & !mask(lane + 1),
                    point,
                    limit,
                    &mut hit,
                );
                self.chain(next, behind, point, limit, &mut hit);
                let [(_, sx), (_, sy), (_, sz)] = point.map(|c| cell(c, self.per_edge));
                for i in 1..8 {
                    let step = 9 * sx * (i & 1) + 3 * sy * (i >> 1 & 1) + sz * (i >> 2);
                    if step <= 0 {
                        continue;
                    }
                    if let Some(&(bucket, total)) = later.get((13 + step) as usize) {
                        self.cell(bucket, total, point, limit, &mut hit);
                    }
                }
            }
            bucket = next;
            left = behind;
            lanes = partly(left);
        }
    }

    fn cell<F: FnMut(Near)>(
        &self,
        first: u32,
        total: u32,
        point: [f32; 3],
        limit2: f32,
        hit: &mut F,
    ) {
        if total == 0 {
            return;
        }
        let lanes = total.min(WIDTH);
        self.compare(first, mask(lanes), point, limit2, hit);
        if total > WIDTH {
            self.chain(self.record(first)[NEXT], total - lanes, point, limit2, hit);
        }
    }

    /// Compares with the claims of a chain behind its first bucket.
    fn chain<F: FnMut(Near)>(
        &self,
        mut bucket: u32,
        mut left: u32,
        point: [f32; 3],
        limit2: f32,
        hit: &mut F,
    ) {
        while left > 0 {
            let lanes = partly(left);
            self.compare(bucket, mask(lanes), point, limit2, hit);
            left -= lanes;
            if left > 0 {
                bucket = self.record(bucket)[NEXT];
            }
        }
    }
}

/// Claims in the bucket behind which `left` less those follow.
fn partly(left: u32) -> u32 {
    match left % WIDTH {
        0 => left.min(WIDTH),
        lanes => lanes,
    }
}

/// The lowest bit of a byte for each of the first `lanes` claims of a bucket.
fn mask(lanes: u32) -> u64 {
    match WIDTH.saturating_sub(lanes) {
        WIDTH => 0,
        rest => 0x0101_0101_0101_0101 >> (8 * rest),
    }
}

/// Which of eight points are within the root of `limit2`: the lowest bit of a byte for each.
/// Plain loops over arrays, which compilers turn into vector instructions.
#[inline(always)]
fn within(xs: &[u32; 8], ys: &[u32; 8], zs: &[u32; 8], point: [f32; 3], limit2: f32) -> u64 {
    let mut sums = [0.0_f32; 8];
    for (((sum, &x), &y), &z) in sums.iter_mut().zip(xs).zip(ys).zip(zs) {
        let dx = f32::from_bits(x) - point[0];
        let dy = f32::from_bits(y) - point[1];
        let dz = f32::from_bits(z) - point[2];
        *sum = dx * dx + dy * dy + dz * dz;
    }
    u64::from_le_bytes(sums.map(|sum| u8::from(sum <= limit2)))
}

fn locator(bucket: u32, lane: u32) -> u32 {
    bucket * WIDTH + lane
}

impl Cells<'_> {
    /// Checks every link, count, place and padding byte, so that nothing read later leads out of
    /// range or round in circles. Cost: O(buckets).
    pub fn verify(&self, config: &GridConfig, entries: &Entries<'_>) -> Result<(), BlockError> {
        let ok = if self.scans() {
            self.verify_scan(entries)
        } else {
            self.verify_cells(config, entries)
        };
        ok.ok_or(BlockError::Corrupt)
    }

    fn verify_scan(&self, entries: &Entries<'_>) -> Option<()> {
        let count = self.len();
        let blank = self.records.iter().all(|r| *r == [0; 8]) && self.heads.iter().all(|&h| h == 0);
        let fits = count <= SCAN && count <= self.buckets * WIDTH;
        (blank && fits && self.word(FREE) == 0 && self.word(USED) == 0).then_some(())?;
        for i in 0..self.buckets * WIDTH {
            let at = locator(i / WIDTH + 1, i % WIDTH);
            let (slot, point) = self.at(at);
            if i < count {
                (entries.owner(slot)?.1 == at && point.iter().all(|c| c.is_finite()))
                    .then_some(())?;
            } else {
                (slot == 0 && point.map(f32::to_bits) == [0; 3]).then_some(())?;
            }
        }
        Some(())
    }

    fn verify_cells(&self, config: &GridConfig, entries: &Entries<'_>) -> Option<()> {
        let used = self.word(USED);
        (self.word(MODE) == 1 && used <= self.buckets && self.len() > 0).then_some(())?;
        let (mut claims, mut in_cells) = (0_u32, 0_u32);
        for (hash, &head) in self.heads.iter().enumerate() {
            let mut first = head;
            while first != 0 {
                let record = *self.records.get(first.wrapping_sub(1) as usize)?;
                (first <= used && record[TOTAL] > 0 && in_cells < used).then_some(())?;
                let at = [record[X], record[Y], record[Z]].map(|c| c as i32);
                (self.hash(record[CONTEXT], at) == hash).then_some(())?;
                in_cells += self.verify_cell(config, first, &record, used, entries)?;
                claims = claims.checked_add(record[TOTAL])?;
                first = record[CHAIN];
            }
        }
        (claims == self.len()).then_some(())?;
        // A free list that ends after exactly the buckets that are in no cell holds each once.
        let mut free = self.word(FREE);
        for _ in 0..used.checked_sub(in_cells)? {
            let record = *self.records.get(free.wrapping_sub(1) as usize)?;
            (free <= used && record[TOTAL] == 0).then_some(())?;
            (self.at(locator(free, 0)) == (0, [0.0; 3])).then_some(())?;
            free = record[NEXT];
        }
        (free == 0).then_some(())
    }

    /// Buckets of a cell, each of whose claims says that it lies there.
    fn verify_cell(
        &self,
        config: &GridConfig,
        first: u32,
        record: &[u32; 8],
        used: u32,
        entries: &Entries<'_>,
    ) -> Option<u32> {
        (record[TOTAL] <= config.capacity).then_some(())?;
        let at = [record[X], record[Y], record[Z]].map(|c| c as i32);
        let (mut bucket, mut left, mut buckets) = (first, record[TOTAL], 0);
        let mut lanes = left.min(WIDTH);
        while left > 0 {
            let found = *self.records.get(bucket.wrapping_sub(1) as usize)?;
            (bucket <= used && (bucket == first || found[TOTAL] == 0)).then_some(())?;
            for lane in 0..lanes {
                let here = locator(bucket, lane);
                let (slot, point) = self.at(here);
                let same = point.map(|c| cell(c, self.per_edge).0) == at;
                (entries.owner(slot)? == (record[CONTEXT], here)).then_some(())?;
                (same && point.iter().all(|c| c.is_finite())).then_some(())?;
            }
            buckets += 1;
            left -= lanes;
            lanes = partly(left);
            bucket = found[NEXT];
        }
        (bucket == 0).then_some(buckets)
    }
}
