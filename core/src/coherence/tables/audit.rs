//! The check of an engine that comes from outside: each part, and what the parts say of each other.

use super::Tables;
use crate::block::sections::is_zero;
use crate::coherence::config::EngineConfig;
use crate::coherence::tables::conflicts::Lists;

impl Tables<'_> {
    /// Whether every list leads where it says, every count counts, and all is zero where nothing
    /// lies, padding included. Cost: O(bytes).
    pub fn is_sound(&mut self, config: &EngineConfig) -> bool {
        let (grid, claims) = (&self.grid, &mut self.claims);
        self.state.is_sound()
            && grid.is_sound()
            && is_zero(self.staging)
            && claims.is_sound(config, |slot| grid.contains(slot))
            && self.conflicts.is_sound(config)
            && self.roots.is_sound()
            && self.forks.is_sound(self.state.get(super::Count::Forks))
            && self.views.is_sound()
            && self.are_contexts_sound(config)
            && self.are_members_sound(config)
            && self.are_witnesses_sound(config)
            && self.are_lists_sound(config).is_some()
            && self.is_padded(config)
    }

    fn are_contexts_sound(&mut self, config: &EngineConfig) -> bool {
        let (claims, grid) = (&self.claims, &self.grid);
        let live = || (0..grid.used()).filter(|&slot| claims.is_live(slot));
        live().all(|slot| grid.context(slot) == claims.context(slot))
            && self
                .contexts
                .is_sound(config, || live().map(|slot| claims.context(slot)))
    }

    fn are_members_sound(&mut self, config: &EngineConfig) -> bool {
        let (claims, grid) = (&self.claims, &self.grid);
        let live = || (0..grid.used()).filter(|&slot| claims.is_live(slot));
        self.members
            .is_sound(config, || live().map(|slot| claims.member(slot)))
    }

    fn are_witnesses_sound(&self, config: &EngineConfig) -> bool {
        let claims = &self.claims;
        let live = (0..self.grid.used()).filter(|&slot| claims.is_live(slot));
        let heads = live.map(|slot| (slot, claims.witnesses(slot), claims.paths(slot)));
        self.witnesses.is_sound(config, heads)
    }

    /// Whether the conflicts of each claim name it, and each conflict is in the lists of both.
    fn are_lists_sound(&self, config: &EngineConfig) -> Option<()> {
        let mut listed = 0_u64;
        for slot in (0..self.grid.used()).filter(|&slot| self.claims.is_live(slot)) {
            let mut link = self.claims.head(slot);
            while link != 0 {
                let (conflict, side, next) = self.conflicts.step(link)?;
                let same = self.conflicts.slot(conflict, side) == Some(slot);
                (same && self.conflicts.side(conflict, side) == self.claims.ids.of(slot))
                    .then_some(())?;
                listed += 1;
                (listed <= 2 * u64::from(config.conflicts)).then_some(())?;
                link = next;
            }
        }
        let attached = |&conflict: &u32| self.conflicts.slot(conflict, 0).is_some();
        let count = self.conflicts.all().filter(attached).count() as u64;
        (2 * count == listed).then_some(())
    }
}
