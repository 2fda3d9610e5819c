//! Two checkpoints of one log that no history holds both: its operator shows different views.
//!
//! The engine remembers the checkpoints it was shown last, each with the signature of the log's
//! key. A second one of the same size with another root is kept with the first: the two signed
//! notes are the proof, which anyone can check with [`verify`] and the key alone.
//!
//! Checkpoints come from outside the log, so they are no part of the engine's
//! [`digest`](Engine::digest).

use super::engine::Engine;
use super::judge::Judge;
use crate::error::errors;
use crate::log::sign::{PublicKey, SignError, Signature, Signer, Verifier};
use crate::merkle::checkpoint::{Checkpoint, CheckpointError};
use crate::merkle::note::{Note, NoteError, NoteKey, NoteVerifyError};

/// Proofs of split views that are kept.
pub const SPLIT_VIEWS: usize = 4;
/// Most bytes of a kept checkpoint's origin and extensions together.
pub const MAX_ORIGIN: usize = 118;
/// Lines of 64 bytes of one kept checkpoint.
pub(super) const LINES: usize = 4;

/// Words of the counters: checkpoints ever remembered, and proofs ever found.
const NOTED: usize = 0;
const FOUND: usize = 1;

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

impl<J: Judge> Engine<'_, J> {
    /// Takes a checkpoint of another log into account, which `key` must have signed: a note as C2SP
    /// writes it. Whether it contradicts one of those remembered; then the two are kept.
    ///
    /// The latest checkpoints are remembered, whoever's they are: show it those of logs that are
    /// known. They change the image, and no part of [`digest`](Self::digest).
    pub fn observe<V: Verifier + ?Sized>(
        &mut self,
        note: &[u8],
        key: &NoteKey<'_>,
        verifier: &V,
    ) -> Result<Observed, ObserveError> {
        self.header.begin();
        let observed = self.views.observe(note, key, verifier);
        self.header.end();
        observed
    }

    /// Split views ever seen.
    pub fn split(&self) -> u32 {
        self.views.found()
    }

    /// The latest split views, the oldest of them first. The two notes that
    /// [`View::write`] gives are the proof: see
    /// [`verify_split_view`](verify).
    pub fn split_views(&self) -> impl Iterator<Item = SplitView<'_>> {
        self.views.latest()
    }
}

/// A kept checkpoint: key and root; signature; size, lengths of origin and extensions, both.
type Record = [[u8; 64]; LINES];

#[derive(Debug)]
pub(super) struct Views<'a> {
    /// Those remembered, then two for each proof.
    pub lines: &'a mut [[u8; 64]],
    /// How many are remembered.
    pub capacity: usize,
    pub state: &'a mut [u32],
}

impl Views<'_> {
    /// Lines of so many remembered checkpoints and of the proofs.
    pub const fn lines(checkpoints: u8) -> usize {
        match checkpoints {
            0 => 0,
            n => (n as usize + 2 * SPLIT_VIEWS) * LINES,
        }
    }

    fn word(&self, at: usize) -> u32 {
        self.state.get(at).copied().unwrap_or(0)
    }

    fn count(&mut self, at: usize) {
        if let Some(word) = self.state.get_mut(at) {
            *word = word.saturating_add(1);
        }
    }

    fn record(&self, at: usize) -> Option<&Record> {
        self.lines.as_chunks::<LINES>().0.get(at)
    }

    fn view(&self, at: usize) -> Option<View<'_>> {
        let bytes = self.record(at)?.as_flattened();
        let (key, rest) = bytes.split_first_chunk::<32>()?;
        let (root, rest) = rest.split_first_chunk::<32>()?;
        let (signature, rest) = rest.split_first_chunk::<64>()?;
        let (size, rest) = rest.split_first_chunk::<8>()?;
        let (&[origin, extensions], rest) = rest.split_first_chunk::<2>()?;
        let (origin, rest) = rest.split_at_checked(origin.into())?;
        let extensions = rest.get(..extensions.into())?;
        Some(View {
            checkpoint: Checkpoint {
                origin: core::str::from_utf8(origin)
                    .ok()
                    .filter(|o| !o.is_empty())?,
                size: u64::from_le_bytes(*size),
                root: *root,
                extensions: core::str::from_utf8(extensions).ok()?,
            },
            key: *key,
            signature: *signature,
        })
    }

    fn write(&mut self, at: usize, view: &View<'_>) -> Option<()> {
        let Checkpoint {
            origin,
            size,
            root,
            extensions,
        } = view.checkpoint;
        let record = self.lines.as_chunks_mut::<LINES>().0.get_mut(at)?;
        *record = [[0; 64]; LINES];
        let bytes = record.as_flattened_mut();
        let lengths = [
            u8::try_from(origin.len()).ok()?,
            u8::try_from(extensions.len()).ok()?,
        ];
        let size = size.to_le_bytes();
        let parts: [&[u8]; 7] = [
            &view.key,
            &root,
            &view.signature,
            &size,
            &lengths,
            origin.as_bytes(),
            extensions.as_bytes(),
        ];
        let mut rest = bytes;
        for part in parts {
            let (to, behind) = rest.split_at_mut_checked(part.len())?;
            to.copy_from_slice(part);
            rest = behind;
        }
        Some(())
    }

    /// Takes a checkpoint that `key` has signed into account.
    pub fn observe<V: Verifier + ?Sized>(
        &mut self,
        note: &[u8],
        key: &NoteKey<'_>,
        verifier: &V,
    ) -> Result<Observed, ObserveError> {
        let checkpoint = Checkpoint::verify(note, key, verifier)?;
        let found = checkpoint.origin.len() + checkpoint.extensions.len();
        if found > MAX_ORIGIN {
            return Err(ObserveError::TooLong {
                found: found as u64,
            });
        }
        if self.capacity == 0 {
            return Err(ObserveError::NoRoom);
        }
        let signature =
            signature(note, key).ok_or(CheckpointError::Note(NoteVerifyError::Unsigned))?;
        let view = View {
            checkpoint,
            key: key.key,
            signature,
        };
        for at in 0..self.capacity {
            let Some(other) = self.view(at).filter(|other| other.key == view.key) else {
                continue;
            };
            let theirs = other.checkpoint;
            if theirs.contradicts(&checkpoint) {
                return Ok(self.keep(at, &view));
            }
            if theirs.origin == checkpoint.origin && theirs.size == checkpoint.size {
                return Ok(Observed::Known);
            }
        }
        let at = self.word(NOTED) as usize % self.capacity;
        self.count(NOTED);
        let _ = self.write(at, &view);
        Ok(Observed::New)
    }

    /// Keeps a remembered checkpoint and one that contradicts it, in place of the oldest proof; the
    /// same two once.
    fn keep(&mut self, at: usize, view: &View<'_>) -> Observed {
        let known = self.latest().any(|split| {
            let [_, second] = split.views;
            second.key == view.key && second.checkpoint == view.checkpoint
        });
        if known {
            return Observed::Known;
        }
        let proof = self.capacity + self.word(FOUND) as usize % SPLIT_VIEWS * 2;
        if let Some(first) = self.record(at).copied()
            && let Some(to) = self.lines.as_chunks_mut::<LINES>().0.get_mut(proof)
        {
            *to = first;
        }
        let _ = self.write(proof + 1, view);
        self.count(FOUND);
        Observed::Contradicts
    }

    pub fn found(&self) -> u32 {
        self.word(FOUND)
    }

    /// The latest proofs, the oldest of them first.
    pub fn latest(&self) -> impl Iterator<Item = SplitView<'_>> {
        let count = self.found() as usize;
        (count.saturating_sub(SPLIT_VIEWS)..count).filter_map(|number| {
            let at = self.capacity + number % SPLIT_VIEWS * 2;
            Some(SplitView {
                views: [self.view(at)?, self.view(at + 1)?],
            })
        })
    }

    /// Whether every record that is counted can be read and every other is blank.
    pub fn verify(&self) -> Option<()> {
        self.state.iter().skip(2).all(|&w| w == 0).then_some(())?;
        let noted = (self.word(NOTED) as usize).min(self.capacity);
        let proven = 2 * (self.word(FOUND) as usize).min(SPLIT_VIEWS);
        for (at, record) in self.lines.as_chunks::<LINES>().0.iter().enumerate() {
            let used = at < noted || (self.capacity..self.capacity + proven).contains(&at);
            let blank = *record == [[0; 64]; LINES];
            (if used { self.view(at).is_some() } else { blank }).then_some(())?;
        }
        Some(())
    }
}

/// The signature of `key` among those of a note.
fn signature(note: &[u8], key: &NoteKey<'_>) -> Option<Signature> {
    let (note, id) = (Note::parse(note).ok()?, key.id());
    let mut lines = note.signatures();
    lines
        .find(|line| line.name == key.name && line.id == id)
        .and_then(|line| line.signature)
}
