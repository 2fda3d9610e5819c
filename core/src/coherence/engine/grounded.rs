//! Which claims can be accepted together: Dung's grounded extension.
//!
//! Claims attack each other while their conflict is open; in a resolved one, the claim that stood
//! attacks the one that fell. What fell still attacks those it was in conflict with, as far as the
//! conflicts are remembered: they are defended only by what is accepted itself. A claim is
//! accepted when each of its attackers is defeated, defeated when one of them is accepted, and
//! undecided otherwise (P. M. Dung, On the acceptability of arguments, 1995).

use super::Engine;
use crate::coherence::conflict::{Conflict, Status};
use crate::coherence::judge::Judge;
use crate::coherence::tables::conflicts::Lists;
use crate::error::errors;
use crate::grid::Tag;
use crate::log::EventId;

/// Whether a claim can be accepted with the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Acceptance {
    /// Neither: it is in a conflict that nothing decides.
    #[default]
    Undecided = 0,
    /// Every attacker is defeated.
    Accepted = 1,
    /// An accepted claim attacks it.
    Defeated = 2,
}

errors! {
    /// Why claims were not labelled.
    pub enum GroundedError: 0x0930 {
        /// There are fewer labels than claims that the grid can hold.
        LabelsTooShort { needed: u32 } = 1 => "{needed} labels are needed, the capacity of the grid",
    }
}

impl<J: Judge> Engine<'_, J> {
    /// Calls `each` for every claim in force of a context with its place in the grounded
    /// extension. `labels` is working memory, one for each claim the grid can hold.
    ///
    /// Cost: at most as many rounds over the conflicts as there are claims, usually three; where
    /// claims have fallen in resolutions, times those.
    pub fn grounded(
        &self,
        context: &str,
        labels: &mut [Acceptance],
        mut each: impl FnMut(&EventId, Acceptance),
    ) -> Result<(), GroundedError> {
        let needed = self.config.grid.capacity();
        if labels.len() < needed as usize {
            return Err(GroundedError::LabelsTooShort { needed });
        }
        let Some(context) = self.tables.contexts.find(Tag::of(context)) else {
            return Ok(());
        };
        labels.fill(Acceptance::Undecided);
        let mine = |&slot: &u32| {
            self.tables.claims.is_live(slot) && self.tables.claims.context(slot) == context
        };
        let mut changed = true;
        while changed {
            changed = false;
            for slot in (0..self.tables.grid.used()).filter(mine) {
                if label(labels, slot) == Acceptance::Undecided {
                    let found = self.judge_claim(slot, labels);
                    if let Some(label) = labels.get_mut(slot as usize) {
                        *label = found;
                        changed |= found != Acceptance::Undecided;
                    }
                }
            }
        }
        for slot in (0..self.tables.grid.used()).filter(mine) {
            each(&self.tables.claims.ids.of(slot), label(labels, slot));
        }
        Ok(())
    }

    fn judge_claim(&self, slot: u32, labels: &[Acceptance]) -> Acceptance {
        let mut defended = true;
        let mut link = self.tables.claims.head(slot);
        while let Some((conflict, side, next)) = self.tables.conflicts.step(link) {
            link = next;
            let open = self.tables.conflicts.is_open(conflict);
            let Some(other) = self
                .tables
                .conflicts
                .slot(conflict, 1 - side)
                .filter(|_| open)
            else {
                continue;
            };
            match label(labels, other) {
                Acceptance::Accepted => return Acceptance::Defeated,
                Acceptance::Defeated => {}
                Acceptance::Undecided => defended = false,
            }
        }
        let id = self.tables.claims.ids.of(slot);
        if defended && self.all_fallen_attackers_defeated(&id, labels) {
            Acceptance::Accepted
        } else {
            Acceptance::Undecided
        }
    }

    /// Whether an accepted claim defeats each claim out of force that was in conflict with this.
    fn all_fallen_attackers_defeated(&self, id: &EventId, labels: &[Acceptance]) -> bool {
        let lapsed = self.conflicts_remembered(Status::Lapsed, id);
        let mut lapsed = lapsed.filter_map(|c| c.claims.into_iter().find(|other| other != id));
        lapsed.all(|fallen| {
            // Claims that expired or were taken back attack nobody.
            let mut deciding = self
                .conflicts_remembered(Status::Resolved, &fallen)
                .filter(|c| {
                    c.claims
                        .iter()
                        .zip(c.fallen)
                        .any(|(c, fell)| fell && *c == fallen)
                })
                .peekable();
            deciding.peek().is_none()
                || deciding.any(|c| {
                    let winner = c.claims.into_iter().find(|other| *other != fallen);
                    let slot = winner.and_then(|id| self.tables.claims.ids.find(&id));
                    slot.is_none_or(|slot| label(labels, slot) == Acceptance::Accepted)
                })
        })
    }

    fn conflicts_remembered(&self, status: Status, id: &EventId) -> impl Iterator<Item = Conflict> {
        self.conflicts()
            .filter(move |c| c.status == status && c.claims.contains(id))
    }
}

fn label(labels: &[Acceptance], slot: u32) -> Acceptance {
    labels.get(slot as usize).copied().unwrap_or_default()
}
