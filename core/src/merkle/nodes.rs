//! The hashes of a tree, in a ring, in the order in which they come to be.
//!
//! A leaf's hash is followed by those of the nodes that the leaf completes (post-order), so that
//! appending writes forward, neighbours in the tree are neighbours in memory, and forgetting the
//! oldest leaves is moving the ring's start. The hash of the node over leaves up to and including
//! `last`, `level` levels above them, is number `2·last − ones(last) + level` ever written.
//!
//! Forgetting the leaves before `first` keeps the peaks of the tree of `first` leaves (`left`):
//! every complete subtree that a later root or proof needs either ends at or after `first`, and
//! lies in the ring, or is one of these.

#[cfg(all(feature = "simd", target_arch = "x86_64"))]
use super::bulk;
use super::errors::{AppendError, ProofError, PruneError};
use super::hash::{EMPTY_ROOT, MAX_HEIGHT, climb, leaf_hash, node_hash};
use super::tile::{ExportError, Span};
use super::watch::{WatchError, Watches, sibling_end};
use crate::Hash;
use crate::block::BlockError;
use crate::block::sections::{is_zero, sections};
use crate::slices;

const SIZE: usize = 0;
const FIRST: usize = 1;
const FOLDED: usize = 2;
const COUNTERS: usize = 8;

/// What follows from a configuration: leaves kept, levels above them, leaves watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) leaves: u32,
    pub(crate) height: u32,
    pub(crate) watches: u16,
}

impl Shape {
    /// Levels of the tree, that of the leaves among them.
    const fn levels(&self) -> usize {
        self.height as usize + 1
    }

    /// Hashes that as many leaves in a row as are kept may need in the ring, wherever they begin.
    const fn ring(&self) -> usize {
        match self.leaves {
            0 => 0,
            leaves => (leaves as usize)
                .saturating_mul(2)
                .saturating_add(self.height as usize),
        }
    }
}

/// Number of hashes written before leaf `leaf`.
pub(super) fn written(leaf: u64) -> u64 {
    2 * leaf - u64::from(leaf.count_ones())
}

/// The highest bit that is set. Of a leaf's index and a size combined by exclusive or it is the
/// level of the peak over the leaf: the highest bit that only the size has.
pub(super) const fn top_of(bits: u64) -> u32 {
    (u64::BITS - 1).saturating_sub(bits.leading_zeros())
}

/// Takes the lowest bit that is set off `bits`.
#[inline]
pub(super) fn take_lowest(bits: &mut u64) -> Option<u32> {
    if *bits == 0 {
        return None;
    }
    let lowest = bits.trailing_zeros();
    *bits &= *bits - 1;
    Some(lowest)
}

/// Whether hashes by level are zero at all levels but those that `levels` has as bits.
fn has_only(hashes: &[Hash], levels: u64) -> bool {
    let mut by_level = (0..u64::BITS).zip(hashes);
    by_level.all(|(level, hash)| levels >> level & 1 == 1 || is_zero(hash))
}

sections! {
    /// The hashes of a tree. See the [module](self).
    pub(crate) struct Nodes for Shape as shape {
        counters "tree counters": [u64; COUNTERS],
        pub(super) left "tree frontier": [Hash; shape.levels()],
        /// What the peaks of the tree of [`FOLDED`] leaves were folded into, by level.
        fold "tree fold": [Hash; shape.levels()],
        ring "tree hashes": [Hash; shape.ring()],
        pub(super) watches: in Watches<'a> = shape,
    } with {
        /// Length of the ring without padding.
        ring_len: usize = shape.ring(),
        /// Hashes ever written.
        total: u64 = 0,
        /// Hashes in the ring.
        live: usize = 0,
        /// Where the next hash goes.
        next: usize = 0,
        leaves: u64 = shape.leaves as u64,
        height: u32 = shape.height,
    }
}

impl Nodes<'_> {
    /// Takes up the tree that the sections hold; whether they agree and are zero where no hash is.
    pub(crate) fn is_sound(&mut self) -> bool {
        let (size, first, folded) = (self.size(), self.first(), self.count(FOLDED));
        if size > 1 << self.height || first > size || size - first > self.leaves {
            return false;
        }
        let used = written(size) - written(first);
        if (folded != 0 && !(first.max(1)..=size).contains(&folded))
            || used > self.ring_len as u64
            || !is_zero(slices::from(self.counters, FOLDED + 1))
        {
            return false;
        }
        self.live = used as usize;
        self.total = written(size);
        self.next = self.total.checked_rem(self.ring_len as u64).unwrap_or(0) as usize;
        has_only(self.left, first)
            && self.is_free_clear()
            && self.is_fold_sound()
            && (self.watches).is_sound(first, size, |level, index| self.node(level, index).ok())
    }

    /// Whether the ring is zero where it holds no hash.
    fn is_free_clear(&self) -> bool {
        let between = |from, to| self.ring.get(from..to).is_none_or(is_zero);
        match self.next.checked_sub(self.live) {
            Some(start) => between(0, start) && between(self.next, self.ring_len),
            None => between(self.next, self.next + self.ring_len - self.live),
        }
    }

    #[inline]
    fn count(&self, at: usize) -> u64 {
        slices::word(self.counters, at)
    }

    #[inline]
    pub(crate) fn size(&self) -> u64 {
        self.count(SIZE)
    }

    #[inline]
    pub(crate) fn first(&self) -> u64 {
        self.count(FIRST)
    }

    /// Whether a leaf can be appended now.
    pub(crate) fn check_append(&self) -> Result<(), AppendError> {
        let size = self.size();
        if size >> self.height != 0 {
            return Err(AppendError::Exhausted);
        }
        if self.leaves != 0 && size - self.first() >= self.leaves {
            return Err(AppendError::Full);
        }
        Ok(())
    }

    /// Adds a leaf; its index.
    #[inline]
    pub(crate) fn append(&mut self, leaf: &Hash) -> Result<u64, AppendError> {
        self.check_append()?;
        let index = self.size();
        if self.ring_len == 0 {
            self.append_to_frontier(leaf);
        } else {
            self.push(leaf);
            self.complete(leaf, 0, index);
        }
        slices::put(self.counters, SIZE, index + 1);
        Ok(index)
    }

    /// Appends the nodes above `hash` at `level` that are complete once leaf `last` is there.
    #[inline]
    fn complete(&mut self, hash: &Hash, level: u32, last: u64) {
        // Kept aside first, since their left siblings are read from where they are pushed to.
        let mut made: heapless::Vec<Hash, { MAX_HEIGHT as usize }> = heapless::Vec::new();
        let lefts = (0..).zip(level..last.trailing_ones()).map(|(made, level)| {
            // Between a node and its left sibling lies all that is below the node, of which the
            // nodes made here are not written yet.
            let left = self.back((2 << level) - made);
            let left = left.or_else(|| self.left.get(level as usize));
            (left.unwrap_or(&EMPTY_ROOT), true)
        });
        climb(hash, lefts, |hash| {
            let pushed = made.push(*hash);
            debug_assert!(pushed.is_ok());
        });
        for hash in &made {
            self.push(hash);
        }
    }

    /// Whether so many leaves can be appended now.
    pub(crate) fn check_extend(&self, count: usize) -> Result<(), AppendError> {
        let (index, count) = (self.size(), count as u64);
        if count > (1 << self.height) - index.min(1 << self.height) {
            return Err(AppendError::Exhausted);
        }
        if self.leaves != 0 && count > self.leaves - (index - self.first()) {
            return Err(AppendError::Full);
        }
        Ok(())
    }

    /// Adds leaves by their data; the index of the first. All of them or, where they do not fit,
    /// none.
    pub(crate) fn extend<'d>(
        &mut self,
        mut leaves: impl ExactSizeIterator<Item = &'d [u8]>,
    ) -> Result<u64, AppendError> {
        self.check_extend(leaves.len())?;
        let index = self.size();
        loop {
            #[cfg(all(feature = "simd", target_arch = "x86_64"))]
            if self.append_subtree(&mut leaves) {
                continue;
            }
            let Some(leaf) = leaves.next() else {
                return Ok(index);
            };
            self.append(&leaf_hash(leaf))?;
        }
    }

    /// Appends as many leaves as make a complete subtree, for which there is room; whether it did.
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    fn append_subtree<'d>(&mut self, leaves: &mut impl ExactSizeIterator<Item = &'d [u8]>) -> bool {
        let size = self.size();
        let room = self.ring_len - self.next;
        let Some(levels) = bulk::levels(size, leaves.len(), room) else {
            return false;
        };
        let end = self.next + bulk::hashes(levels);
        let Some(out) = self.ring.get_mut(self.next..end) else {
            return false;
        };
        bulk::fill(levels, leaves, out);
        let root = out.last().copied();
        self.advance(bulk::hashes(levels));
        let size = size + (1 << levels);
        if let Some(root) = root {
            self.complete(&root, levels, size - 1);
        }
        slices::put(self.counters, SIZE, size);
        true
    }

    /// Without a ring the tree is its own left edge.
    fn append_to_frontier(&mut self, leaf: &Hash) {
        // What was folded is of peaks that are not kept.
        self.forget_fold();
        let index = self.size();
        let mut hash = *leaf;
        for (level, peak) in self.left.iter_mut().enumerate() {
            if index >> level & 1 == 0 {
                *peak = hash;
                break;
            }
            hash = node_hash(peak, &hash);
            *peak = [0; 32];
        }
        slices::put(self.counters, FIRST, index + 1);
    }

    #[inline]
    fn push(&mut self, hash: &Hash) {
        if let Some(slot) = self.ring.get_mut(self.next) {
            *slot = *hash;
        }
        self.advance(1);
    }

    /// Counts the next `hashes` in the ring as written; its end is not among them.
    #[inline]
    fn advance(&mut self, hashes: usize) {
        self.live += hashes;
        self.total += hashes as u64;
        self.next += hashes;
        if self.next == self.ring_len {
            self.next = 0;
        }
    }

    /// How many hashes ago the one of the node over `leaf` at `level` was written, the last one
    /// being 1.
    #[inline]
    pub(super) fn written_ago(&self, level: u32, leaf: u64) -> u64 {
        let last = leaf | ((1 << level) - 1);
        self.total - (written(last) + u64::from(level))
    }

    /// The hash written `back` hashes ago, the last one being 1, if it is still there.
    #[inline]
    pub(super) fn back(&self, back: u64) -> Option<&Hash> {
        if back > self.live as u64 {
            return None;
        }
        let back = back as usize;
        let slot = if back <= self.next {
            self.next - back
        } else {
            self.next + self.ring_len - back
        };
        self.ring.get(slot)
    }

    /// The hash of the complete subtree number `index` of `2^level` leaves.
    #[inline]
    pub(crate) fn node(&self, level: u32, index: u64) -> Result<&Hash, ProofError> {
        self.node_at(level, index, index.count_ones().into())
    }

    /// [`node`](Self::node) for a caller who knows how many bits of `index` are set.
    #[inline]
    pub(super) fn node_at(&self, level: u32, index: u64, ones: u64) -> Result<&Hash, ProofError> {
        let first = self.first();
        if (index + 1) << level > first {
            // All below it is written between what its first leaf follows and itself.
            let at = 2 * (index << level) + (2 << level) - 2 - ones;
            self.total
                .checked_sub(at)
                .and_then(|back| self.back(back))
                .ok_or(ProofError::OutOfRange)
        } else if first >> level == index + 1 && index & 1 == 0 {
            self.left.get(level as usize).ok_or(ProofError::Pruned)
        } else {
            Err(ProofError::Pruned)
        }
    }

    /// Which peak of a tree of `size` leaves covers `2^level` of them.
    #[inline]
    pub(super) fn peak(&self, size: u64, level: u32) -> Result<&Hash, ProofError> {
        self.node(level, (size >> level).saturating_sub(1))
    }

    pub(super) fn check_size(&self, size: u64) -> Result<(), ProofError> {
        if size > self.size() {
            Err(ProofError::OutOfRange)
        } else if size < self.first() {
            Err(ProofError::Pruned)
        } else {
            Ok(())
        }
    }

    /// The root, and remembers how it came about.
    pub(crate) fn root(&mut self) -> Hash {
        let size = self.size();
        let before = self.count(FOLDED);
        if size == 0 || before == size {
            return self.root_at(size).unwrap_or(EMPTY_ROOT);
        }
        // Taken out, so that what is folded can be read meanwhile.
        let fold = core::mem::take(&mut self.fold);
        let mut stale = before & !size;
        while let Some(level) = take_lowest(&mut stale) {
            if let Some(slot) = fold.get_mut(level as usize) {
                *slot = [0; 32];
            }
        }
        let mut folded = size;
        let root = self.climb_peaks(size, size, |hash| {
            let slot = take_lowest(&mut folded).and_then(|level| fold.get_mut(level as usize));
            if let Some(slot) = slot {
                *slot = *hash;
            }
        });
        self.fold = fold;
        slices::put(self.counters, FOLDED, size);
        // The peaks of the tree as it is are always there.
        root.unwrap_or(EMPTY_ROOT)
    }

    /// Folds those peaks of a tree of `size` that `levels` has as bits.
    #[inline]
    fn climb_peaks(
        &self,
        size: u64,
        mut levels: u64,
        mut visit: impl FnMut(&Hash),
    ) -> Result<Hash, ProofError> {
        // A peak's number is the size in its level's units without the lowest bit, which is set.
        let mut ones = u64::from(size.count_ones());
        let mut peak = |level: u32| {
            ones = ones.saturating_sub(1);
            self.node_at(level, (size >> level).saturating_sub(1), ones)
        };
        let lowest = take_lowest(&mut levels).ok_or(ProofError::OutOfRange)?;
        let lowest = peak(lowest)?;
        visit(lowest);
        let mut missing = None;
        let lefts = core::iter::from_fn(|| {
            let level = take_lowest(&mut levels)?;
            peak(level).inspect_err(|&error| missing = Some(error)).ok()
        });
        let hash = climb(lowest, lefts.map(|left| (left, true)), visit);
        missing.map_or(Ok(hash), Err)
    }

    fn forget_fold(&mut self) {
        let mut folded = self.count(FOLDED);
        slices::put(self.counters, FOLDED, 0);
        while let Some(level) = take_lowest(&mut folded) {
            if let Some(slot) = self.fold.get_mut(level as usize) {
                *slot = [0; 32];
            }
        }
    }

    /// Whether [`root`](Self::root) would write nothing.
    pub(crate) fn is_folded(&self) -> bool {
        self.count(FOLDED) == self.size()
    }

    pub(crate) fn root_at(&self, size: u64) -> Result<Hash, ProofError> {
        if size == 0 {
            return Ok(EMPTY_ROOT);
        }
        self.check_size(size)?;
        let top = top_of(size);
        self.folded(size, top)
    }

    /// The hash over the leaves of a tree of `size` from the first one of its peak at `top` on.
    pub(super) fn folded(&self, size: u64, top: u32) -> Result<Hash, ProofError> {
        if self.count(FOLDED) == size
            && let Some(hash) = self.fold.get(top as usize)
        {
            return Ok(*hash);
        }
        self.fold(size, top)
    }

    fn fold(&self, size: u64, top: u32) -> Result<Hash, ProofError> {
        self.climb_peaks(size, size & ((2 << top) - 1), |_| {})
    }

    /// Checks that every kept node is the hash of its children, and what was folded.
    pub(crate) fn verify(&self) -> Result<(), BlockError> {
        for level in 1..=self.height {
            for index in self.first() >> level..self.size() >> level {
                let children = (
                    self.node(level - 1, 2 * index),
                    self.node(level - 1, 2 * index + 1),
                );
                let (Ok(left), Ok(right)) = children else {
                    return Err(BlockError::Corrupt);
                };
                if self.node(level, index) != Ok(&node_hash(left, right)) {
                    return Err(BlockError::Corrupt);
                }
            }
        }
        match self.is_fold_sound() {
            true => Ok(()),
            false => Err(BlockError::Corrupt),
        }
    }

    /// Whether what is kept of the last folding is what the peaks give. Cost: a node for each level.
    fn is_fold_sound(&self) -> bool {
        let folded = self.count(FOLDED);
        let (mut levels, mut agrees) = (folded, has_only(self.fold, folded));
        if folded == 0 {
            return agrees;
        }
        let root = self.climb_peaks(folded, folded, |hash| {
            let level = take_lowest(&mut levels);
            let kept = level.and_then(|level| self.fold.get(level as usize));
            agrees &= kept == Some(hash);
        });
        agrees && root.is_ok()
    }

    /// Keeps the proofs of a leaf current beyond its pruning; whether it was not watched before.
    pub(crate) fn watch(&mut self, leaf: u64) -> Result<bool, WatchError> {
        if leaf >= self.size() {
            return Err(WatchError::OutOfRange);
        }
        if self.watches.find(leaf).is_some() {
            return Ok(false);
        }
        if leaf < self.first() {
            return Err(WatchError::Pruned);
        }
        self.watches.add(leaf).map(|()| true)
    }

    pub(crate) fn unwatch(&mut self, leaf: u64) {
        if let Some(watch) = self.watches.find(leaf) {
            self.watches.remove(watch);
        }
    }

    pub(crate) fn watched(&self) -> impl Iterator<Item = u64> {
        self.watches.leaves()
    }

    /// Takes over the siblings of a watched leaf that became complete since the last time.
    fn refresh(&mut self, watch: usize) {
        let Some((leaf, seen)) = self.watches.leaf(watch) else {
            return;
        };
        let size = self.size();
        for level in 0..self.height {
            let end = sibling_end(leaf, level);
            if (seen < end || seen == 0)
                && end <= size
                && let Ok(&sibling) = self.node(level, leaf >> level ^ 1)
            {
                self.watches.set(watch, level, sibling);
            }
        }
        self.watches.set_seen(watch, size);
    }

    /// Copies the hashes of a span of a tile; their bytes.
    pub(crate) fn write_tile(
        &self,
        level: u8,
        span: &Span,
        out: &mut [u8],
    ) -> Result<usize, ExportError> {
        let shift = 8 * u32::from(level);
        if !span.is_valid() || shift > self.height {
            return Err(ExportError::OutOfRange);
        }
        let first = span.first_item();
        let needed = usize::from(span.end - span.start) * 32;
        let found = out.len();
        let (to, _) = out.as_chunks_mut::<32>();
        let to = to.get_mut(..needed / 32).ok_or(ExportError::TooSmall {
            needed: needed as u64,
            found: found as u64,
        })?;
        if first + to.len() as u64 > self.size() >> shift {
            return Err(ExportError::OutOfRange);
        }
        for (item, to) in (first..).zip(to) {
            *to = *self.node(shift, item).map_err(|_| ExportError::Pruned)?;
        }
        Ok(needed)
    }

    /// Forgets the leaves before `first`.
    pub(crate) fn prune(&mut self, first: u64) -> Result<(), PruneError> {
        let (old, size) = (self.first(), self.size());
        if first > size {
            return Err(PruneError::OutOfRange);
        }
        if first <= old {
            return Ok(());
        }
        for watch in 0..self.watches.count() {
            self.refresh(watch);
        }
        for level in 0..=self.height {
            let peak = match first >> level & 1 {
                1 => self.peak(first, level).map_or([0; 32], |peak| *peak),
                _ => [0; 32],
            };
            // `fold` serves as the second half of the copy: `left` is read until the loop ends.
            if let Some(slot) = self.fold.get_mut(level as usize) {
                *slot = peak;
            }
        }
        slices::copy(self.left, self.fold);
        self.fold.fill([0; 32]);
        slices::put(self.counters, FOLDED, 0);
        let mut gone = written(first) - written(old);
        let mut slot = (self.next + self.ring_len).saturating_sub(self.live);
        while gone > 0 {
            if slot >= self.ring_len {
                slot -= self.ring_len;
            }
            if let Some(hash) = self.ring.get_mut(slot) {
                *hash = [0; 32];
            }
            slot += 1;
            gone -= 1;
            self.live -= 1;
        }
        slices::put(self.counters, FIRST, first);
        Ok(())
    }
}
