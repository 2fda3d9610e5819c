//! The digest of an engine's content: equal for equal logs at equal times, wherever things lie.

use super::Engine;
use super::order;
use crate::Hash;
use crate::coherence::judge::Judge;
use sha2::{Digest, Sha256};

impl<J: Judge> Engine<'_, J> {
    /// SHA-256 of the time, of every claim in force, conflict, context, authority and budget in
    /// the order of their ids. Counters of refusals are no part of it.
    ///
    /// Cost: a pass over all of them for every 64.
    pub fn digest(&self) -> Hash {
        let mut hash = Sha256::new();
        hash.update(b"sensilla/v1/coherence\0\0\0\0\0\0\0\0\0\0\0");
        hash.update(self.now().to_le_bytes());
        let tally = self.tally();
        for count in [tally.found, tally.resolved, tally.escalated, tally.lapsed] {
            hash.update(count.to_le_bytes());
        }
        self.hash_claims(&mut hash);
        self.hash_conflicts(&mut hash);
        self.hash_contexts(&mut hash);
        self.hash_budgets(&mut hash);
        hash.update(self.equivocated().to_le_bytes());
        for fork in self.equivocations() {
            hash.update(bytemuck::cast_slice(&fork.ids));
        }
        hash.finalize().into()
    }

    fn hash_claims(&self, hash: &mut Sha256) {
        hash.update(self.len().to_le_bytes());
        let key = |slot| {
            self.tables
                .claims
                .is_live(slot)
                .then(|| self.tables.claims.ids.of(slot))
        };
        order::each(self.tables.grid.used(), key, |slot| {
            let Some(claim) = self.tables.claims.view(slot) else {
                return;
            };
            hash.update(claim.id);
            hash.update(claim.index.to_le_bytes());
            hash.update([u8::from(self.tables.claims.is_unchecked(slot))]);
            let first = self.tables.claims.witnesses(slot);
            hash.update((self.tables.witnesses.of(first).count() as u32).to_le_bytes());
            for path in self.tables.witnesses.of(first) {
                hash.update((path.len() as u32).to_le_bytes());
                hash.update(bytemuck::cast_slice(path));
            }
        });
    }

    fn hash_conflicts(&self, hash: &mut Sha256) {
        let count = self.config.conflicts;
        hash.update((self.tables.conflicts.all().count() as u32).to_le_bytes());
        let key = |c| self.tables.conflicts.view(c).map(|view| view.id);
        order::each(count, key, |conflict| {
            let Some(view) = self.tables.conflicts.view(conflict) else {
                return;
            };
            hash.update(view.id);
            hash.update([view.status as u8, view.quarantine as u8, view.steps]);
            hash.update(view.fallen.map(u8::from));
            hash.update(view.temperature.to_le_bytes());
            hash.update(view.since.to_le_bytes());
            hash.update(view.escalates_at.unwrap_or(0).to_le_bytes());
        });
    }

    fn hash_contexts(&self, hash: &mut Sha256) {
        let tag = |context| {
            let mut key = Hash::default();
            let tag = self.tables.contexts.tag(context)?;
            key.get_mut(..16)?
                .copy_from_slice(bytemuck::cast_slice(&tag.0));
            Some(key)
        };
        order::each(u32::from(self.config.contexts), tag, |context| {
            hash.update(tag(context).unwrap_or_default());
            let (threshold, keys) = self.tables.contexts.authority(context).unwrap_or_default();
            hash.update([threshold, keys.len() as u8]);
            hash.update(bytemuck::cast_slice(keys));
            hash.update([u8::from(self.tables.contexts.is_incomplete(context))]);
            hash.update(self.tables.contexts.seen(context).to_le_bytes());
            hash.update(bytemuck::cast_slice(self.tables.contexts.means(context)));
        });
    }

    fn hash_budgets(&self, hash: &mut Sha256) {
        let now = self.now();
        let spent = |place: u32| self.tables.budgets.spent(place, now);
        let key = |place: u32| spent(place).map(|(key, _)| key);
        order::each(self.config.budget_slots() as u32, key, |place| {
            let (key, full) = spent(place).unwrap_or_default();
            hash.update(key);
            hash.update(full.to_le_bytes());
        });
    }
}
