//! Proofs kept current for a chosen few leaves that outlive their pruning.
//!
//! A watched leaf keeps the hashes beside its path, one a level. Those that are complete are taken
//! over before what they were made from is forgotten, so that watching costs nothing while the
//! tree grows.

use super::errors::ProofError;
use super::nodes::Shape;
use crate::Hash;
use crate::block::sections::{is_zero, of_slot, sections};
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

sections! {
    /// The watched leaves and what is known of their paths.
    pub(crate) struct Watches for Shape as shape {
        /// The watched leaf plus one, and the size up to which its siblings are known.
        leaves "tree watched": [[u64; 2]; shape.watches => 1],
        siblings "tree watched siblings": [Hash; shape.watches => shape.height as usize],
    } with {
        shape: Shape = *shape,
    }
}

impl Watches<'_> {
    /// Whether every watch is one of a tree of leaves up to `size` that are kept from `first` on.
    /// Siblings are zero before their time, and those that the tree has too, as `node` says by level
    /// and index, are the same.
    pub(crate) fn is_sound<'n>(
        &self,
        first: u64,
        size: u64,
        node: impl Fn(u32, u64) -> Option<&'n Hash>,
    ) -> bool {
        (0..self.count()).all(|at| {
            let Some((leaf, seen)) = self.leaf(at) else {
                return self.is_clear(&self.shape, at);
            };
            let siblings = of_slot(self.siblings, self.shape.height as usize, at);
            leaf < size
                && seen <= size
                && (seen == 0 || seen > leaf)
                && (leaf >= first || seen >= first)
                && (0..).zip(siblings).all(|(level, sibling)| {
                    match sibling_end(leaf, level) <= seen {
                        true => node(level, leaf >> level ^ 1).is_none_or(|node| node == sibling),
                        false => is_zero(sibling),
                    }
                })
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
        self.shape.watches.into()
    }

    pub(crate) fn leaf(&self, at: usize) -> Option<(u64, u64)> {
        let watch = self.leaves.get(at)?;
        Some((watch[INDEX].checked_sub(1)?, watch[SEEN]))
    }

    pub(crate) fn add(&mut self, leaf: u64) -> Result<(), WatchError> {
        let count = self.count();
        let mut leaves = self.leaves.iter_mut().take(count);
        let free = leaves.find(|w| w[INDEX] == 0);
        *free.ok_or(WatchError::Full)? = [leaf + 1, 0];
        Ok(())
    }

    pub(crate) fn remove(&mut self, at: usize) {
        let shape = self.shape;
        self.clear_slot(&shape, at);
    }

    pub(crate) fn set(&mut self, at: usize, level: u32, sibling: Hash) {
        let place = at * self.shape.height as usize + level as usize;
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
        if sibling_end(leaf, level) > seen || level >= self.shape.height {
            return Err(ProofError::Pruned);
        }
        let place = at * self.shape.height as usize + level as usize;
        self.siblings.get(place).ok_or(ProofError::Pruned)
    }
}

/// How many leaves a tree has once the sibling of `leaf` at `level` is complete.
pub(crate) const fn sibling_end(leaf: u64, level: u32) -> u64 {
    ((leaf >> level ^ 1) + 1) << level
}
