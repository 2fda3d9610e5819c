//! Making proofs from the hashes of a tree (RFC 9162, 2.1.3.1 and 2.1.4.1).

use super::errors::ProofError;
use super::nodes::{Nodes, take_lowest, top_of};
use super::proof::Proof;

impl Nodes<'_> {
    // Inline, so that the proof is made where the caller wants it: it is a kilobyte to move.
    #[inline]
    pub(crate) fn prove_inclusion(&self, index: u64, size: u64) -> Result<Proof, ProofError> {
        let mut proof = Proof::default();
        self.include(&mut proof, index, size)?;
        Ok(proof)
    }

    fn include(&self, proof: &mut Proof, index: u64, size: u64) -> Result<(), ProofError> {
        if index >= size {
            return Err(ProofError::OutOfRange);
        }
        self.check_size(size)?;
        if index >= self.first() {
            self.path(proof, 0, index, size)
        } else {
            let watch = self.watches.find(index).ok_or(ProofError::Pruned)?;
            let top = top_of(index ^ size);
            for level in 0..top {
                let sibling = self.watches.sibling(watch, level);
                proof.push(sibling.or_else(|_| self.node(level, index >> level ^ 1))?);
            }
            self.above(proof, top, size)
        }
    }

    pub(crate) fn prove_consistency(&self, old: u64, new: u64) -> Result<Proof, ProofError> {
        if old > new {
            return Err(ProofError::OutOfRange);
        }
        self.check_size(new)?;
        let mut proof = Proof::default();
        if old == 0 || old == new {
            return Ok(proof);
        }
        self.check_size(old)?;
        let level = old.trailing_zeros();
        if !old.is_power_of_two() {
            proof.push(self.peak(old, level)?);
        }
        self.path(&mut proof, level, old - 1, new)?;
        Ok(proof)
    }

    /// Siblings of the node over `leaf` at `level`, and of its ancestors, in a tree of `size`.
    #[inline]
    fn path(&self, proof: &mut Proof, level: u32, leaf: u64, size: u64) -> Result<(), ProofError> {
        let top = top_of(leaf ^ size);
        // How many hashes ago the node was written. A tree is written from left to right and from
        // below, so that its sibling lies a subtree away and its parent follows the right child.
        let mut back = self.written_ago(level, leaf);
        // A leaf's bits are not to be guessed: what depends on them is chosen by a mask.
        let mut subtree = (1 << level) - 1;
        for level in level..top {
            let is_right = (leaf >> level & 1).wrapping_neg();
            subtree = 2 * subtree + 1;
            let sibling = back.wrapping_sub((subtree ^ is_right).wrapping_sub(is_right));
            back -= 1 + (subtree & !is_right);
            // A sibling that was pruned lies to the left of this leaf, which was not. All that it covers
            // is pruned too, so it is one of the peaks that pruning keeps.
            let sibling = self.back(sibling).or_else(|| self.left.get(level as usize));
            proof.push(sibling.ok_or(ProofError::Pruned)?);
        }
        self.above(proof, top, size)
    }

    /// Siblings of the peak at `top` of a tree of `size`, and of what it is folded into.
    fn above(&self, proof: &mut Proof, top: u32, size: u64) -> Result<(), ProofError> {
        let lower = size & ((1 << top) - 1);
        if lower != 0 {
            let next = top_of(lower);
            proof.push(&self.folded(size, next)?);
        }
        let mut higher = size >> top >> 1 << top << 1;
        while let Some(level) = take_lowest(&mut higher) {
            proof.push(self.peak(size, level)?);
        }
        Ok(())
    }
}
