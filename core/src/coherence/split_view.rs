//! Two checkpoints of one log that no history holds both: its operator shows different views.
//!
//! The engine remembers the checkpoints it was shown last, each with the signature of the log's
//! key. A second one of the same size with another root is kept with the first: the two signed
//! notes are the proof, which anyone can check with [`verify`] and the key alone.
//!
//! Checkpoints come from outside the log, so they are no part of the engine's
//! [`digest`](super::Engine::digest).

use crate::error::errors;
use crate::log::sign::{PublicKey, SignError, Signature, Signer, Verifier};
use crate::merkle::checkpoint::{Checkpoint, CheckpointError};
use crate::merkle::note::{NoteError, NoteKey};

/// Most bytes of a kept checkpoint's origin and extensions together.
pub const MAX_ORIGIN: usize = 118;

errors! {
    /// Why a checkpoint was not looked at.
    pub enum ObserveError: 0x0960 {
        /// It is not a checkpoint of the log that the key signed.
        Checkpoint wraps CheckpointError,
        /// Origin and extensions are longer than is kept.
        TooLong { found: u64 } = 1
            => "origin and extensions take {found} bytes, 118 at most are kept",
        /// The engine was configured to remember none.
        NoRoom = 2 => "this engine remembers no checkpoints; configure some",
    }
}

errors! {
    /// Why two checkpoints prove nothing.
    pub enum SplitViewError: 0x0970 {
        /// One of them is not a checkpoint of the log that the key signed.
        Checkpoint wraps CheckpointError,
        /// One log can have had both, as far as they tell.
        Compatible = 1 => "one log can have had both: they differ in size or have the same root",
    }
}

/// What a checkpoint was to what had been seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Observed {
    /// The first of this log with this size, or the first that is still remembered.
    New,
    /// The same as one before.
    Known,
    /// It contradicts one before: the proof is kept.
    Contradicts,
}

/// Whether two notes prove that the log of `key` has shown two views; the size at which they part.
pub fn verify<V: Verifier + ?Sized>(
    a: &[u8],
    b: &[u8],
    key: &NoteKey<'_>,
    verifier: &V,
) -> Result<u64, SplitViewError> {
    let a = Checkpoint::verify(a, key, verifier)?;
    let b = Checkpoint::verify(b, key, verifier)?;
    if a.contradicts(&b) {
        Ok(a.size)
    } else {
        Err(SplitViewError::Compatible)
    }
}

/// One side of a split view: a checkpoint with its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View<'a> {
    /// The checkpoint.
    pub checkpoint: Checkpoint<'a>,
    /// The key that signed it.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
}

impl View<'_> {
    /// Writes the signed note to the front of `out`, in the bytes that were signed; the note.
    pub fn write<'b>(&self, out: &'b mut [u8]) -> Result<&'b str, NoteError> {
        self.checkpoint.sign(self, out)
    }
}

/// Signs what was signed before: the text is the same.
impl Signer for View<'_> {
    fn public_key(&self) -> PublicKey {
        self.key
    }
    fn sign(&self, _: &[u8]) -> Result<Signature, SignError> {
        Ok(self.signature)
    }
}

/// Two checkpoints that no log can have had both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitView<'a> {
    /// The one that was seen first, then the other.
    pub views: [View<'a>; 2],
}
