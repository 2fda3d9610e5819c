//! Proofs kept current for a chosen few leaves that outlive their pruning.
//!
//! A watched leaf keeps the hashes beside its path, one a level. Those that are complete are taken
//! over before what they were made from is forgotten, so that watching costs nothing while the
//! tree grows.

use super::tree::ProofError;
use crate::Hash;
use crate::block::{BlockError, CarverMut, section};
use crate::error::errors;

errors! {
    /// Why a leaf is not watched.
    pub enum WatchError: 0x0570 {
        /// The tree has fewer leaves.
        OutOfRange = 1 => "the tree has no leaf of that number yet",
        /// The leaf is pruned already.
        Pruned = 2 => "the leaf was pruned before it was watched",
        /// As many leaves are watched as the configuration allows.
        Full = 3 => "as many leaves are watched as the configuration allows; unwatch one first",
    }
}

const INDEX: usize = 0;
const SEEN: usize = 1;

/// End of the sections that [`Watches::carve`] takes, when they begin at `offset`.
pub(crate) const fn end(offset: usize, watches: u16, height: u32) -> usize {
    let at = section(offset, watches as usize, 16);
    section(at, (watches as usize).saturating_mul(height as usize), 32)
}

#[derive(Debug)]
pub(crate) struct Watches<'a> {
    /// The watched leaf plus one, and the size up to which its siblings are known.
    leaves: &'a mut [[u64; 2]],
    /// `height` siblings for each.
    siblings: &'a mut [Hash],
    count: usize,
    height: u32,
}

impl<'a> Watches<'a> {
    pub(crate) fn carve(
        carver: &mut CarverMut<'a>,
        watches: u16,
        height: u32,
    ) -> Result<Self, BlockError> {
        let count = usize::from(watches);
        Ok(Self {
            leaves: carver.take(count)?,
            siblings: carver.take(count.saturating_mul(height as usize))?,
            count,
            height,
        })
    }

    pub(crate) fn sections(&self) -> [&[u8]; 2] {
        [
            bytemuck::cast_slice(self.leaves),
            bytemuck::cast_slice(self.siblings),
        ]
    }

    pub(crate) fn is_sound(&self, size: u64) -> bool {
        self.leaves.iter().enumerate().all(|(at, &[leaf, seen])| {
            leaf <= size
                && seen <= size
                && (leaf != 0 || seen == 0)
                && (at < self.count || leaf == 0)
        })
    }

    pub(crate) fn find(&self, leaf: u64) -> Option<usize> {
        self.leaves
            .iter()
            .position(|w| w[INDEX].checked_sub(1) == Some(leaf))
    }

    pub(crate) fn leaves(&self) -> impl Iterator<Item = u64> {
        self.leaves.iter().filter_map(|w| w[INDEX].checked_sub(1))
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn leaf(&self, at: usize) -> Option<(u64, u64)> {
        let watch = self.leaves.get(at)?;
        Some((watch[INDEX].checked_sub(1)?, watch[SEEN]))
    }

    pub(crate) fn add(&mut self, leaf: u64) -> Result<(), WatchError> {
        let free = self
            .leaves
            .iter_mut()
            .take(self.count)
            .find(|w| w[INDEX] == 0);
        *free.ok_or(WatchError::Full)? = [leaf + 1, 0];
        Ok(())
    }

    pub(crate) fn remove(&mut self, at: usize) {
        if let Some(watch) = self.leaves.get_mut(at) {
            *watch = [0; 2];
        }
        let height = self.height as usize;
        if let Some(siblings) = self.siblings.get_mut(at * height..(at + 1) * height) {
            siblings.fill([0; 32]);
        }
    }

    pub(crate) fn set(&mut self, at: usize, level: u32, sibling: Hash) {
        let place = at * self.height as usize + level as usize;
        if let Some(slot) = self.siblings.get_mut(place) {
            *slot = sibling;
        }
    }

    pub(crate) fn set_seen(&mut self, at: usize, size: u64) {
        if let Some(watch) = self.leaves.get_mut(at) {
            watch[SEEN] = size;
        }
    }

    /// The sibling at `level` of a watched leaf, if it is known.
    pub(crate) fn sibling(&self, at: usize, level: u32) -> Result<&Hash, ProofError> {
        let (leaf, seen) = self.leaf(at).ok_or(ProofError::Pruned)?;
        if sibling_end(leaf, level) > seen || level >= self.height {
            return Err(ProofError::Pruned);
        }
        let place = at * self.height as usize + level as usize;
        self.siblings.get(place).ok_or(ProofError::Pruned)
    }
}

/// How many leaves a tree has once the sibling of `leaf` at `level` is complete.
pub(crate) const fn sibling_end(leaf: u64, level: u32) -> u64 {
    ((leaf >> level ^ 1) + 1) << level
}
