//! Checkpoints of other logs, as they are seen.

use super::Engine;
use crate::coherence::judge::Judge;
use crate::coherence::split_view::{ObserveError, Observed, SplitView};
use crate::log::sign::Verifier;
use crate::merkle::note::NoteKey;

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
        let observed = self.tables.views.observe(note, key, verifier);
        self.header.end();
        observed
    }

    /// Split views ever seen.
    pub fn split(&self) -> u32 {
        self.tables.views.found()
    }

    /// The latest split views, the oldest of them first. The two notes that
    /// [`View::write`](crate::coherence::View::write) gives are the proof: see
    /// [`verify_split_view`](crate::coherence::verify_split_view).
    pub fn split_views(&self) -> impl Iterator<Item = SplitView<'_>> {
        self.tables.views.latest()
    }
}
