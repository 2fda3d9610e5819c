//! Checkpoints that were seen, and those that contradict each other.

use crate::block::sections::sections;
use crate::coherence::config::EngineConfig;
use crate::coherence::split_view::{MAX_ORIGIN, ObserveError, Observed, SplitView, View};
use crate::log::sign::{Signature, Verifier};
use crate::merkle::checkpoint::{Checkpoint, CheckpointError};
use crate::merkle::note::{self, Note, NoteKey};

/// Words of the counters: checkpoints ever remembered, and proofs ever found.
const NOTED: usize = 0;
const FOUND: usize = 1;

/// A kept checkpoint: key and root; signature; size, lengths of origin and extensions, both.
pub(crate) type Record = [[u8; 64]; 4];

const BLANK: Record = [[0; 64]; 4];

sections! {
    pub(crate) struct Views for EngineConfig as config {
        state: [u32; config.words_of(config.checkpoints as u32, 2)],
        remembered: [Record; config.checkpoints],
        /// Both sides of each proof.
        kept: [[Record; 2]; config.split_views()],
    }
}

/// What a record holds; `None` unless it was written by [`write`].
fn read(record: &Record) -> Option<View<'_>> {
    let bytes = record.as_flattened();
    let (key, rest) = bytes.split_first_chunk::<32>()?;
    let (root, rest) = rest.split_first_chunk::<32>()?;
    let (signature, rest) = rest.split_first_chunk::<64>()?;
    let (size, rest) = rest.split_first_chunk::<8>()?;
    let (&[origin, extensions], rest) = rest.split_first_chunk::<2>()?;
    let (origin, rest) = rest.split_at_checked(origin.into())?;
    let (extensions, rest) = rest.split_at_checked(extensions.into())?;
    rest.iter().all(|&byte| byte == 0).then_some(())?;
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

/// Writes a checkpoint of at most [`MAX_ORIGIN`] bytes of origin and extensions.
fn write(record: &mut Record, view: &View<'_>) -> Option<()> {
    let Checkpoint {
        origin,
        size,
        root,
        extensions,
    } = view.checkpoint;
    *record = BLANK;
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
    let mut rest = record.as_flattened_mut();
    for part in parts {
        let (to, behind) = rest.split_at_mut_checked(part.len())?;
        to.copy_from_slice(part);
        rest = behind;
    }
    Some(())
}

impl Views<'_> {
    fn word(&self, at: usize) -> u32 {
        self.state.get(at).copied().unwrap_or(0)
    }

    fn count(&mut self, at: usize) {
        if let Some(word) = self.state.get_mut(at) {
            *word = word.saturating_add(1);
        }
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
        let noted = self.word(NOTED) as usize;
        let at = noted
            .checked_rem(self.remembered.len())
            .ok_or(ObserveError::NoRoom)?;
        let signature =
            signature(note, key).ok_or(CheckpointError::Note(note::NoteVerifyError::Unsigned))?;
        let view = View {
            checkpoint,
            key: key.key,
            signature,
        };
        for record in self.remembered.iter() {
            let Some(other) = read(record).filter(|other| other.key == view.key) else {
                continue;
            };
            let theirs = other.checkpoint;
            if theirs.contradicts(&checkpoint) {
                let first = *record;
                return Ok(self.keep(&first, &view));
            }
            if theirs.origin == checkpoint.origin && theirs.size == checkpoint.size {
                return Ok(Observed::Known);
            }
        }
        self.count(NOTED);
        if let Some(record) = self.remembered.get_mut(at) {
            let _ = write(record, &view);
        }
        Ok(Observed::New)
    }

    /// Keeps a remembered checkpoint and one that contradicts it, in place of the oldest proof; the
    /// same two once.
    fn keep(&mut self, first: &Record, view: &View<'_>) -> Observed {
        let known = self.latest().any(|split| {
            let [_, second] = split.views;
            second.key == view.key && second.checkpoint == view.checkpoint
        });
        if known {
            return Observed::Known;
        }
        let at = (self.found() as usize).checked_rem(self.kept.len());
        if let Some([one, other]) = at.and_then(|at| self.kept.get_mut(at)) {
            *one = *first;
            let _ = write(other, view);
        }
        self.count(FOUND);
        Observed::Contradicts
    }

    pub fn found(&self) -> u32 {
        self.word(FOUND)
    }

    /// The latest proofs, the oldest of them first.
    pub fn latest(&self) -> impl Iterator<Item = SplitView<'_>> {
        let (found, most) = (self.found() as usize, self.kept.len());
        (found.saturating_sub(most)..found).filter_map(move |number| {
            let [one, other] = self.kept.get(number.checked_rem(most)?)?;
            Some(SplitView {
                views: [read(one)?, read(other)?],
            })
        })
    }

    /// Whether every record that is counted can be read and every other is blank.
    pub fn is_sound(&self) -> bool {
        let fits = |record: &Record, used: bool| match used {
            true => read(record).is_some(),
            false => *record == BLANK,
        };
        let (noted, found) = (self.word(NOTED) as usize, self.word(FOUND) as usize);
        let mut remembered = self.remembered.iter().enumerate();
        let mut kept = self.kept.iter().enumerate();
        remembered.all(|(at, record)| fits(record, at < noted))
            && kept.all(|(at, sides)| sides.iter().all(|record| fits(record, at < found)))
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
