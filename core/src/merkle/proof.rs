//! Verifying inclusion and consistency, from proof, sizes and roots alone (RFC 9162, 2.1.3.2 and
//! 2.1.4.2).
//!
//! Free functions that take any input without panic and allocate nothing: a device that trusts one
//! root can check any event against it. The length of a proof follows from index and size, and is
//! checked before anything is hashed.

use super::hash::{EMPTY_ROOT, MAX_HEIGHT, climb, node_hash, node_hashes};
use crate::Hash;
use crate::error::errors;
use core::ops::Deref;

/// Most hashes in a proof that this crate makes.
pub const MAX_PROOF: usize = MAX_HEIGHT as usize + 1;

errors! {
    /// Why a proof does not hold.
    pub enum VerifyError: 0x0500 {
        /// The leaf lies outside of the tree, or the old tree is larger than the new one.
        OutOfRange = 1 => "the proof speaks of more leaves than the tree has",
        /// The proof does not have the length that index and size ask for.
        WrongLength { expected: u32, found: u32 } = 2
            => "the proof has {found} hashes, these sizes need {expected}",
        /// The proof leads to another root.
        WrongRoot = 3 => "the proof leads to another root",
    }
}

/// A proof: hashes from the leaf's side to the root's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof(heapless::Vec<Hash, MAX_PROOF>);

impl Proof {
    pub(crate) fn push(&mut self, hash: &Hash) {
        // A tree of MAX_HEIGHT levels never makes a longer one.
        let pushed = self.0.push(*hash);
        debug_assert!(pushed.is_ok());
    }
}

impl Deref for Proof {
    type Target = [Hash];
    fn deref(&self) -> &[Hash] {
        &self.0
    }
}

impl AsRef<[Hash]> for Proof {
    fn as_ref(&self) -> &[Hash] {
        &self.0
    }
}

/// Checks that the leaf with `leaf_hash` is number `index` of the tree of `size` leaves with
/// `root`. Cost: two compressions for each hash of the proof.
///
/// The proof binds the leaf and its number. It binds the size as far as the path's shape does: for
/// the first leaf of five, a proof is also one for six, seven or eight, and RFC 9162 accepts it.
/// Size and root belong together; take both from one signed [`Checkpoint`](super::Checkpoint).
pub fn verify_inclusion(
    leaf_hash: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), VerifyError> {
    if index >= size {
        return Err(VerifyError::OutOfRange);
    }
    let (inner, border) = shape(index, size);
    check_length(proof, inner + border)?;
    let steps = (0..).zip(proof).map(|(level, sibling)| {
        let is_left = level >= inner || index >> level & 1 == 1;
        (sibling, is_left)
    });
    let hash = climb(leaf_hash, steps, |_| {});
    equal(&hash, root)
}

/// Checks that the tree of `old_size` leaves with `old_root` is the beginning of the tree of
/// `new_size` leaves with `new_root`. The empty tree, whose root is [`EMPTY_ROOT`], begins every
/// other; its proof is empty, and binds nothing. Sizes are bound as far as the path's shape is, as
/// in [`verify_inclusion`]. Cost: at most four compressions for each hash of the proof.
pub fn verify_consistency(
    old_size: u64,
    new_size: u64,
    proof: &[Hash],
    old_root: &Hash,
    new_root: &Hash,
) -> Result<(), VerifyError> {
    if old_size > new_size {
        return Err(VerifyError::OutOfRange);
    }
    if new_size == 0 {
        equal(&EMPTY_ROOT, new_root)?;
    }
    if old_size == 0 {
        check_length(proof, 0)?;
        return equal(&EMPTY_ROOT, old_root);
    }
    if old_size == new_size {
        check_length(proof, 0)?;
        return equal(old_root, new_root);
    }
    // The smallest peak of the old tree is a node of the new one; the proof is its inclusion.
    let level = old_size.trailing_zeros();
    let (inner, border) = shape(old_size - 1, new_size);
    let inner = inner.saturating_sub(level);
    let given = u32::from(!old_size.is_power_of_two());
    check_length(proof, given + inner + border)?;
    let (seed, steps) = match proof.split_first() {
        Some((first, rest)) if given == 1 => (first, rest),
        _ => (old_root, proof),
    };
    let index = (old_size - 1) >> level;
    let (mut old, mut new) = (*seed, *seed);
    let mut steps = steps.iter();
    for (bit, sibling) in steps.by_ref().take(inner as usize).enumerate() {
        if index >> bit & 1 == 0 {
            new = node_hash(&new, sibling);
        } else {
            [old, new] = node_hashes([[sibling, &old], [sibling, &new]]);
        }
    }
    for sibling in steps {
        [old, new] = node_hashes([[sibling, &old], [sibling, &new]]);
    }
    equal(&old, old_root)?;
    equal(&new, new_root)
}

/// How many steps of an inclusion proof lie below the point where the paths of the leaf and of the
/// tree's last leaf part, and how many of those above it have a sibling.
fn shape(index: u64, size: u64) -> (u32, u32) {
    let inner = u64::BITS - (index ^ (size - 1)).leading_zeros();
    let border = index.checked_shr(inner).unwrap_or(0).count_ones();
    (inner, border)
}

fn check_length(proof: &[Hash], expected: u32) -> Result<(), VerifyError> {
    if proof.len() == expected as usize {
        Ok(())
    } else {
        Err(VerifyError::WrongLength {
            expected,
            found: u32::try_from(proof.len()).unwrap_or(u32::MAX),
        })
    }
}

fn equal(found: &Hash, expected: &Hash) -> Result<(), VerifyError> {
    if found == expected {
        Ok(())
    } else {
        Err(VerifyError::WrongRoot)
    }
}

#[cfg(test)]
mod tests;
