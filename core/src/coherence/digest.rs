//! The digest of an engine's content: equal for equal logs at equal times, wherever things lie.

use super::engine::Engine;
use super::judge::Judge;
use super::order;
use crate::Hash;
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
            self.claims
                .is_live(slot)
                .then(|| self.claims.table.id(slot))
        };
        order::each(self.grid.used(), key, |slot| {
            let Some(claim) = self.claims.view(slot) else {
                return;
            };
            hash.update(claim.id);
            hash.update(claim.index.to_le_bytes());
            hash.update([u8::from(self.claims.is_unchecked(slot))]);
            let first = self.claims.witnesses(slot);
            hash.update((self.witnesses.of(first).count() as u32).to_le_bytes());
            for path in self.witnesses.of(first) {
                hash.update((path.len() as u32).to_le_bytes());
                hash.update(bytemuck::cast_slice(path));
            }
        });
    }

    fn hash_conflicts(&self, hash: &mut Sha256) {
        let count = self.config.conflicts;
        hash.update((self.conflicts.all().count() as u32).to_le_bytes());
        let key = |c| self.conflicts.view(c).map(|view| view.id);
        order::each(count, key, |conflict| {
            let Some(view) = self.conflicts.view(conflict) else {
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
            let tag = self.contexts.tag(context)?;
            key.get_mut(..16)?
                .copy_from_slice(bytemuck::cast_slice(&tag.0));
            Some(key)
        };
        order::each(u32::from(self.config.contexts), tag, |context| {
            hash.update(tag(context).unwrap_or_default());
            let (threshold, keys) = self.contexts.authority(context).unwrap_or_default();
            hash.update([threshold, keys.len() as u8]);
            hash.update(bytemuck::cast_slice(keys));
            hash.update([u8::from(self.contexts.is_incomplete(context))]);
            hash.update(self.contexts.seen(context).to_le_bytes());
            hash.update(bytemuck::cast_slice(self.contexts.means(context)));
        });
    }

    fn hash_budgets(&self, hash: &mut Sha256) {
        let now = self.now();
        let at = |place: u32| self.budgets.full_at.get(place as usize).copied();
        let key = |place: u32| {
            at(place)
                .filter(|&full| full > now)
                .and_then(|_| self.budgets.keys.get(place as usize).copied())
        };
        order::each(self.config.budget_slots() as u32, key, |place| {
            hash.update(key(place).unwrap_or_default());
            hash.update(at(place).unwrap_or(0).to_le_bytes());
        });
    }
}
