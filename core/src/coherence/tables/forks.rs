//! Recent events by author and previous event, and the forks found among them.

use crate::Hash;
use crate::block::sections::sections;
use crate::coherence::config::{EngineConfig, WAYS};
use crate::coherence::equivocation::Equivocation;
use crate::grid::Keys;
use crate::log::{Event, EventId};

sections! {
    pub(crate) struct Forks for EngineConfig as config {
        /// What an event is found by, and its id.
        recent: [[Hash; 2]; config.recent_slots() => 1],
        /// One more than the event's number; zero while the place is empty.
        numbers: [u64; config.recent_slots() => 1],
        /// Ids and numbers of the events of each proof.
        ids: [[EventId; 2]; config.proofs => 1],
        indexes: [[u64; 2]; config.proofs => 1],
    } with {
        most: usize = config.proofs as usize,
        secrets: Keys = Keys::new(config.grid.hash_seed()),
    }
}

/// The first halves of the author's key and of the id of the event before, zero for none: two
/// authors or two events that shared theirs would be told apart by whoever checks the proof.
fn name(event: &Event<'_>) -> Hash {
    let (mut name, prev) = (Hash::default(), event.prev.unwrap_or_default());
    let halves = event.author.iter().take(16).chain(prev.iter().take(16));
    for (to, &from) in name.iter_mut().zip(halves) {
        *to = from;
    }
    name
}

impl Forks<'_> {
    /// The first place of the set that events with a name lie in.
    fn set(&self, name: &Hash) -> usize {
        let [_, _, _, _, c, d, ..] = bytemuck::cast::<Hash, [u32; 8]>(*name);
        let words = [self.secrets.id(name), c, d, 0];
        let sets = (self.numbers.len() / WAYS).saturating_sub(1);
        (self.secrets.words(0, words) as usize & sets) * WAYS
    }

    /// Takes an event into account; whether it forks its author's history. The oldest event of a
    /// set makes room, and the oldest proof, of `found` before this.
    pub fn follow(&mut self, found: u32, index: u64, id: &EventId, event: &Event<'_>) -> bool {
        let name = name(event);
        let set = self.set(&name);
        let mut oldest = (u64::MAX, set);
        let mut fork = None;
        for way in set..set + WAYS {
            let number = self.numbers.get(way).copied().unwrap_or(0);
            if let Some([its, other]) = self.recent.get(way)
                && number != 0
                && *its == name
                && other != id
            {
                fork = Some((number - 1, *other));
            }
            if number < oldest.0 {
                oldest = (number, way);
            }
        }
        if let Some((number, other)) = fork {
            self.keep(found, [number, index], [other, *id]);
            return true;
        }
        let (_, way) = oldest;
        let places = (self.recent.get_mut(way), self.numbers.get_mut(way));
        if let (Some(event), Some(number)) = places {
            *event = [name, *id];
            *number = index.saturating_add(1);
        }
        false
    }

    fn keep(&mut self, found: u32, indexes: [u64; 2], ids: [EventId; 2]) {
        let Some(at) = (found as usize).checked_rem(self.most) else {
            return;
        };
        let places = (self.indexes.get_mut(at), self.ids.get_mut(at));
        if let (Some(to_indexes), Some(to_ids)) = places {
            (*to_indexes, *to_ids) = (indexes, ids);
        }
    }

    /// The latest of `found` forks, the oldest of them first.
    pub fn latest(&self, found: u32) -> impl Iterator<Item = Equivocation> {
        let found = found as usize;
        (found.saturating_sub(self.most)..found).filter_map(|number| {
            let at = number.checked_rem(self.most)?;
            Some(Equivocation {
                indexes: *self.indexes.get(at)?,
                ids: *self.ids.get(at)?,
            })
        })
    }

    /// Whether every event lies in its set, and all places are empty that none took.
    pub fn is_sound(&self, found: u32) -> bool {
        let nothing = [0; 32];
        let mut recent = self.recent.iter().zip(self.numbers.iter()).enumerate();
        let mut proofs = self.ids.iter().zip(self.indexes.iter()).enumerate();
        recent.all(|(place, ([name, id], &number))| match number {
            0 => [*name, *id] == [nothing; 2],
            _ => *id != nothing && self.set(name) == place / WAYS * WAYS,
        }) && proofs.all(|(at, (ids, indexes))| match at < found as usize {
            true => !ids.contains(&nothing),
            false => *ids == [nothing; 2] && *indexes == [0; 2],
        })
    }
}
