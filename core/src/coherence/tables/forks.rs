//! Forks of authors' histories: one proof an author, which no other author's pushes out.

use crate::block::sections::sections;
use crate::coherence::config::EngineConfig;
use crate::coherence::equivocation::Equivocation;
use crate::log::EventId;

sections! {
    pub(crate) struct Forks for EngineConfig as config {
        /// Ids and numbers of the events of each proof.
        ids: [[EventId; 2]; config.proofs => 1],
        indexes: [[u64; 2]; config.proofs => 1],
    } with {
        most: usize = config.proofs as usize,
    }
}

impl Forks<'_> {
    /// Keeps a proof, the one after `found` others, if there is room.
    pub fn keep(&mut self, found: u32, fork: &Equivocation) {
        let at = found as usize;
        if at < self.most
            && let (Some(indexes), Some(ids)) = (self.indexes.get_mut(at), self.ids.get_mut(at))
        {
            (*indexes, *ids) = (fork.indexes, fork.ids);
        }
    }

    /// The proofs of the first of `found` forks.
    pub fn all(&self, found: u32) -> impl Iterator<Item = Equivocation> {
        let kept = (found as usize).min(self.most);
        (0..kept).filter_map(|at| {
            Some(Equivocation {
                indexes: *self.indexes.get(at)?,
                ids: *self.ids.get(at)?,
            })
        })
    }

    /// Whether all places are empty that none took.
    pub fn is_sound(&self, found: u32) -> bool {
        let nothing = [0; 32];
        let mut proofs = self.ids.iter().zip(self.indexes.iter()).enumerate();
        proofs.all(
            |(at, (ids, indexes))| match at < (found as usize).min(self.most) {
                true => !ids.contains(&nothing),
                false => *ids == [nothing; 2] && *indexes == [0; 2],
            },
        )
    }
}
