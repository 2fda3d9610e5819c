//! Making proofs from the hashes of a tree (RFC 9162, 2.1.3.1 and 2.1.4.1).

use super::nodes::{Nodes, take_lowest, top_of};
use super::proof::{MAX_PROOF, Proof};
use super::tree::ProofError;
use crate::Hash;
use crate::simd::hint;

impl Nodes<'_> {
    pub(crate) fn prove_inclusion(&self, index: u64, size: u64) -> Result<Proof, ProofError> {
        if index >= size {
            return Err(ProofError::OutOfRange);
        }
        self.check_size(size)?;
        let mut proof = Proof::default();
        if index >= self.first() {
            self.path(&mut proof, 0, index, size)?;
        } else {
            let watch = self.watches.find(index).ok_or(ProofError::Pruned)?;
            let top = top_of(index ^ size);
            for level in 0..top {
                let sibling = self.watches.sibling(watch, level);
                proof.push(sibling.or_else(|_| self.node(level, index >> level ^ 1))?);
            }
            self.above(&mut proof, top, size)?;
        }
        Ok(proof)
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
    fn path(&self, proof: &mut Proof, level: u32, leaf: u64, size: u64) -> Result<(), ProofError> {
        let top = top_of(leaf ^ size);
        // The low siblings lie far apart and in no cache: all are asked for before one is read.
        let mut siblings: heapless::Vec<&Hash, MAX_PROOF> = heapless::Vec::new();
        for sibling in self.siblings(level, leaf, top) {
            let sibling = sibling?;
            hint(sibling);
            let pushed = siblings.push(sibling);
            debug_assert!(pushed.is_ok());
        }
        for sibling in &siblings {
            proof.push(sibling);
        }
        self.above(proof, top, size)
    }

    /// Siblings of the nodes over `leaf` from `level` up to below `top`.
    #[inline]
    fn siblings(
        &self,
        level: u32,
        leaf: u64,
        top: u32,
    ) -> impl Iterator<Item = Result<&Hash, ProofError>> {
        let mut ones = u64::from((leaf >> level).count_ones());
        (level..top).map(move |level| {
            // The sibling's number is the node's but for its lowest bit.
            let bit = leaf >> level & 1;
            let sibling = self.node_at(level, leaf >> level ^ 1, ones + 1 - 2 * bit);
            ones -= bit;
            sibling
        })
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
