//! A tree that proves: every hash of the leaves it keeps, in one block.

use super::errors::{AppendError, ProofError, PruneError};
use super::hash::MAX_HEIGHT;
use super::nodes::{Nodes, Shape};
use super::proof::Proof;
use super::tile::{ExportError, Resource, Span};
use super::watch::WatchError;
use crate::Hash;
use crate::block::structure::{Config, structure};
use crate::block::{CONFIG_WORDS, Kind};

/// How many leaves a tree keeps and how many it may ever have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TreeConfig {
    leaves: u32,
    height: u32,
    watches: u16,
}

impl TreeConfig {
    /// A tree that can prove its last `leaves` leaves, of up to 2³² ever appended. With none it
    /// keeps its frontier alone.
    pub const fn new(leaves: u32) -> Self {
        Self {
            leaves,
            height: MAX_HEIGHT,
            watches: 0,
        }
    }

    /// At most `2^height` leaves ever (1 to 32); each level less saves 64 bytes, 96 where leaves are
    /// kept, rounded to lines of 64.
    pub const fn height(mut self, height: u32) -> Self {
        self.height = height;
        self
    }

    /// How many leaves can be watched, at 16 + 32 × height bytes each.
    pub const fn watches(mut self, watches: u16) -> Self {
        self.watches = watches;
        self
    }

    const fn shape(&self) -> Shape {
        Shape {
            leaves: self.leaves,
            height: self.height,
            watches: self.watches,
        }
    }

    /// Leaves that can be kept.
    pub const fn leaves(&self) -> u32 {
        self.leaves
    }
}

impl Config for TreeConfig {
    const KIND: Kind = Kind(*b"TREE");
    const VERSION: u32 = 1;

    fn is_valid(&self) -> bool {
        (1..=MAX_HEIGHT).contains(&self.height) && u64::from(self.leaves) <= 1 << self.height
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.leaves;
        words[1] = self.height;
        words[2] = self.watches.into();
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        Some(Self {
            leaves: words[0],
            height: words[1],
            watches: words[2] as u16,
        })
    }
}

structure! {
    /// A Merkle tree in a block.
    ///
    /// Opening it checks its structure, not its hashes: see
    /// [`open_verified`](Self::open_verified).
    pub struct Tree for TreeConfig as config {
        nodes: in Nodes<'a> = &config.shape(),
    }
}

impl Tree<'_> {
    fn is_sound(&mut self) -> bool {
        self.nodes.is_sound()
    }

    /// The configuration.
    pub fn config(&self) -> TreeConfig {
        self.config
    }

    /// Number of leaves ever appended.
    pub fn size(&self) -> u64 {
        self.nodes.size()
    }

    /// Index of the first leaf that is kept.
    pub fn first(&self) -> u64 {
        self.nodes.first()
    }

    /// Adds a leaf by its [`leaf_hash`](super::leaf_hash); its index. Cost: amortised one node.
    #[inline]
    pub fn append(&mut self, leaf_hash: &Hash) -> Result<u64, AppendError> {
        self.nodes.check_append()?;
        self.header.begin();
        let appended = self.nodes.append(leaf_hash);
        self.header.end();
        appended
    }

    /// Adds leaves by their data, all of them or none; the index of the first. The same as hashing
    /// and appending one after the other, faster where the machine hashes many at a time: for
    /// rebuilding a tree from stored leaves.
    pub fn extend<'d>(
        &mut self,
        leaves: impl ExactSizeIterator<Item = &'d [u8]>,
    ) -> Result<u64, AppendError> {
        self.nodes.check_extend(leaves.len())?;
        self.header.begin();
        let extended = self.nodes.extend(leaves);
        self.header.end();
        extended
    }

    /// The root of all leaves; proofs at this size hash nothing from now on. Depends on the leaves
    /// alone, never on when it was asked for. Cost: at most a node for each level.
    pub fn root(&mut self) -> Hash {
        if self.nodes.is_folded() {
            return self.nodes.root();
        }
        self.header.begin();
        let root = self.nodes.root();
        self.header.end();
        root
    }

    /// The root when the tree had `size` leaves, for any size that is not pruned. Writes nothing.
    /// Cost: at most a node for each level; none at the size of the last [`root`](Self::root).
    pub fn root_at(&self, size: u64) -> Result<Hash, ProofError> {
        self.nodes.root_at(size)
    }

    /// Proves that leaf `index` is in the tree of the first `size` leaves (RFC 9162, 2.1.3).
    /// Cost: a copy for each level, and unless `size` is that of the last [`root`](Self::root) at
    /// most a node for each level.
    #[inline]
    pub fn prove_inclusion(&self, index: u64, size: u64) -> Result<Proof, ProofError> {
        self.nodes.prove_inclusion(index, size)
    }

    /// Proves that the tree of the first `old_size` leaves is the beginning of that of the first
    /// `new_size` (RFC 9162, 2.1.4). Cost as [`prove_inclusion`](Self::prove_inclusion).
    pub fn prove_consistency(&self, old_size: u64, new_size: u64) -> Result<Proof, ProofError> {
        self.nodes.prove_consistency(old_size, new_size)
    }

    /// Forgets the leaves before `first` and every hash that only they need; roots and proofs of
    /// the rest stay as they are. Forgetting what is forgotten is no error.
    pub fn prune(&mut self, first: u64) -> Result<(), PruneError> {
        if first > self.size() {
            return Err(PruneError::OutOfRange);
        }
        if first <= self.first() {
            return Ok(());
        }
        self.header.begin();
        let pruned = self.nodes.prune(first);
        self.header.end();
        pruned
    }

    /// Keeps the inclusion proofs of leaf `index` current from now on, also after it is pruned.
    pub fn watch(&mut self, index: u64) -> Result<(), WatchError> {
        if self.nodes.watch(index)? {
            self.header.touch();
        }
        Ok(())
    }

    /// Watches a leaf no longer.
    pub fn unwatch(&mut self, index: u64) {
        if self.watched().any(|watched| watched == index) {
            self.header.begin();
            self.nodes.unwatch(index);
            self.header.end();
        }
    }

    /// The watched leaves.
    pub fn watched(&self) -> impl Iterator<Item = u64> {
        self.nodes.watched()
    }

    /// Writes the hashes of a part of a tile to the front of `out`; their bytes. Bundles of entries
    /// are the log's ([`EventLog::export`](crate::log::EventLog::export)).
    pub fn export(&self, span: &Span, out: &mut [u8]) -> Result<usize, ExportError> {
        match span.resource {
            Resource::Tile { level } => self.nodes.write_tile(level, span, out),
            Resource::Entries => Err(ExportError::OutOfRange),
        }
    }
}

#[cfg(test)]
mod tests;
