//! Merkle trees of RFC 6962 (and 9162) in fixed memory.
//!
//! | file | what |
//! |---|---|
//! | [`hash`] | leaves and nodes to hashes |
//! | [`proof`] | verifying inclusion and consistency, from proof, sizes and roots alone |
//! | [`frontier`] | a tree that only grows: a kilobyte for up to 2³² leaves |
//! | [`tree`] | a tree that proves: interior hashes in a ring, pruned from the front |
//! | `nodes` | that ring |
//! | `prove` | proofs from it |
//! | [`tile`] | exporting tiles and entry bundles (C2SP tlog-tiles) |
//! | [`checkpoint`] | the root, signed (C2SP tlog-checkpoint) |
//! | [`note`] | signed notes (C2SP signed-note) |
//! | `bulk` | whole subtrees at once, where the machine can |
//! | [`watch`] | proofs of chosen leaves that outlive their pruning |
//!
//! Terms: a *peak* is a largest complete subtree of a tree, one for each set bit of its size; the
//! peaks are the tree's *frontier*; to *fold* is to hash the peaks, from the smallest, into the root.

#[cfg(all(feature = "simd", target_arch = "x86_64"))]
mod bulk;
pub mod checkpoint;
mod errors;
pub mod frontier;
pub mod hash;
pub(crate) mod nodes;
pub mod note;
pub mod proof;
mod prove;
pub mod tile;
pub mod tree;
pub mod watch;

pub use checkpoint::Checkpoint;
pub use errors::{AppendError, ProofError, PruneError};
pub use frontier::Frontier;
pub use hash::{EMPTY_ROOT, leaf_hash, node_hash};
pub use proof::{Proof, VerifyError, verify_consistency, verify_inclusion};
pub use tree::{Tree, TreeConfig};
