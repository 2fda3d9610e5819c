//! The digest of an engine's content: equal for equal logs at equal times, wherever things lie.

use super::Engine;
use super::order;
use crate::Hash;
use crate::coherence::config::MAX_WITNESSES;
use crate::coherence::judge::Judge;
use crate::slices;
use sha2::{Digest, Sha256};

impl<J: Judge> Engine<'_, J> {
    /// SHA-256 of the time, of every claim in force, conflict that is open or was decided for claims in
    /// force, context, member, and of the roots, in the order of their ids. Equal for equal events,
    /// whatever order they came in, while [`is_complete`](Self::is_complete); counters, places in the
    /// log and closed conflicts are no part of it.
    ///
    /// Cost: a pass over all of them for every 64.
    pub fn digest(&self) -> Hash {
        let mut hash = Sha256::new();
        hash.update(b"sensilla/v2/coherence\0\0\0\0\0\0\0\0\0\0\0");
        hash.update(self.now().to_le_bytes());
        self.hash_claims(&mut hash);
        self.hash_conflicts(&mut hash);
        self.hash_contexts(&mut hash);
        self.hash_members(&mut hash);
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
            let claims = &self.tables.claims;
            hash.update(claims.ids.of(slot));
            hash.update(claims.held(slot).to_le_bytes());
            hash.update([u8::from(claims.is_unchecked(slot))]);
            let mut paths = heapless::Vec::<&[u64], MAX_WITNESSES>::new();
            for path in self.tables.witnesses.of(claims.witnesses(slot)) {
                // As many as a claim can have.
                let _ = paths.push(path);
            }
            slices::sort(&mut paths);
            hash.update((paths.len() as u32).to_le_bytes());
            for path in paths {
                hash.update((path.len() as u32).to_le_bytes());
                hash.update(bytemuck::cast_slice(path));
            }
        });
    }

    fn hash_conflicts(&self, hash: &mut Sha256) {
        let conflicts = &self.tables.conflicts;
        let attached = |c: &u32| {
            conflicts.slot(*c, 0).is_some() && (conflicts.is_open(*c) || conflicts.is_resolved(*c))
        };
        hash.update((conflicts.all().filter(attached).count() as u32).to_le_bytes());
        let key = |c| Some(c).filter(attached).map(|c| conflicts.ids.of(c));
        order::each(self.config.conflicts, key, |conflict| {
            hash.update(conflicts.ids.of(conflict));
            let (challenged, heat) = conflicts.standing(conflict);
            hash.update([u8::from(conflicts.is_open(conflict)), challenged.into()]);
            hash.update(heat.to_le_bytes());
            hash.update(conflicts.since(conflict).to_le_bytes());
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
            match self.tables.contexts.baseline(context) {
                Some(baseline) => hash.update(bytemuck::cast_slice(baseline)),
                None => hash.update([0]),
            }
        });
    }

    fn hash_members(&self, hash: &mut Sha256) {
        let (members, roots) = (&self.tables.members, &self.tables.roots);
        hash.update(members.count().to_le_bytes());
        let known = |member: u32| member < members.count();
        let key = |member: u32| known(member).then(|| members.key(member));
        order::each(u32::from(self.config.members), key, |member| {
            hash.update(members.key(member));
            hash.update(bytemuck::cast_slice(&members.standing(member)));
        });
        hash.update(roots.next().to_le_bytes());
        let (threshold, keys) = roots.keys().unwrap_or_default();
        hash.update([threshold, roots.is_frozen().into()]);
        hash.update(keys.as_flattened());
    }
}
