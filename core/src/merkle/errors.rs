//! Why a tree takes no leaf, gives no proof or forgets nothing.

use crate::error::errors;

errors! {
    /// Why a leaf was not appended; the tree is unchanged.
    pub enum AppendError: 0x0510 {
        /// Every place is taken.
        Full = 1 => "the tree is full; prune it",
        /// The tree has had all the leaves its height allows, pruned ones too.
        Exhausted = 2 => "the tree has had all the leaves its height allows; begin a new one",
    }
}

errors! {
    /// Why there is no root or proof.
    pub enum ProofError: 0x0520 {
        /// The tree has, or had, fewer leaves.
        OutOfRange = 1 => "the tree has fewer leaves than asked for",
        /// What the proof needs was pruned.
        Pruned = 2 => "what the proof needs was pruned; ask whoever keeps the exported tiles",
    }
}

errors! {
    /// Why nothing was pruned.
    pub enum PruneError: 0x0530 {
        /// The tree has fewer leaves.
        OutOfRange = 1 => "the tree has fewer leaves than were to be pruned",
    }
}
