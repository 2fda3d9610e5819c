//! Claims about the same subject, however far apart they are.
//!
//! A hash table over (context, subject) whose buckets are lists through the claims' own records.
//! The first claim of a subject stands for all of them in the table and carries their count.

use super::config::GridConfig;
use super::entries::{CHAIN, COUNT, Entries, FLAGS, HAS_SUBJECT, LIVE, NEXT, PREV, tag_of};
use super::hash::Keys;
use super::tag::Tag;
use crate::block::sections::sections;

sections! {
    pub(super) struct Subjects for GridConfig as config {
        /// The first claim of the first subject with this hash, plus one.
        pub heads "grid subjects": [u32; config.table()],
    } with {
        keys: Keys = Keys::new(config.seed),
    }
}

impl Subjects<'_> {
    fn hash(&self, context: u32, tag: Tag) -> usize {
        self.keys.words(context, tag.0) as usize & self.heads.len().wrapping_sub(1)
    }

    /// The first claim of a subject, as a link, and how many there are.
    pub fn first(&self, entries: &Entries<'_>, context: u32, tag: Tag) -> (u32, u32) {
        let mut link = self
            .heads
            .get(self.hash(context, tag))
            .copied()
            .unwrap_or(0);
        while let Some(name) = entries.linked(link) {
            if tag_of(name) == tag && entries.context(link - 1) == context {
                return (link, name[COUNT]);
            }
            link = name[CHAIN];
        }
        (0, 0)
    }

    /// Adds the claim in `slot`, whose record has its context.
    pub fn insert(&mut self, entries: &mut Entries<'_>, slot: u32, context: u32, tag: Tag) {
        let link = slot + 1;
        let [a, b, c, d] = tag.0;
        let mut name = [0, 0, 0, 0, a, b, c, d];
        let (first, _) = self.first(entries, context, tag);
        if first == 0 {
            let hash = self.hash(context, tag);
            name[COUNT] = 1;
            if let Some(head) = self.heads.get_mut(hash) {
                name[CHAIN] = *head;
                *head = link;
            }
        } else {
            name[PREV] = first;
            if let Some(first) = entries.linked_mut(first) {
                name[NEXT] = first[NEXT];
                first[NEXT] = link;
                first[COUNT] += 1;
            }
            if let Some(second) = entries.linked_mut(name[NEXT]) {
                second[PREV] = link;
            }
        }
        if let Some(to) = entries.name_mut(slot) {
            *to = name;
        }
    }

    /// Takes out the claim in `slot`, whose record still has its context.
    pub fn remove(&mut self, entries: &mut Entries<'_>, slot: u32) {
        let Some(name) = entries.name_mut(slot) else {
            return;
        };
        let taken = core::mem::take(name);
        let (context, tag) = (entries.context(slot), tag_of(&taken));
        if taken[PREV] != 0 {
            let (first, _) = self.first(entries, context, tag);
            if let Some(first) = entries.linked_mut(first) {
                first[COUNT] = first[COUNT].wrapping_sub(1);
            }
            if let Some(before) = entries.linked_mut(taken[PREV]) {
                before[NEXT] = taken[NEXT];
            }
            if let Some(after) = entries.linked_mut(taken[NEXT]) {
                after[PREV] = taken[PREV];
            }
            return;
        }
        // The first: the second takes over, or the subject goes.
        let heir = if taken[NEXT] != 0 {
            taken[NEXT]
        } else {
            taken[CHAIN]
        };
        if let Some(second) = entries.linked_mut(taken[NEXT]) {
            second[PREV] = 0;
            second[CHAIN] = taken[CHAIN];
            second[COUNT] = taken[COUNT].wrapping_sub(1);
        }
        let hash = self.hash(context, tag);
        let mut link = self.heads.get(hash).copied().unwrap_or(0);
        if link == slot + 1 {
            if let Some(head) = self.heads.get_mut(hash) {
                *head = heir;
            }
            return;
        }
        while let Some(before) = entries.linked_mut(link) {
            if before[CHAIN] == slot + 1 {
                before[CHAIN] = heir;
                return;
            }
            link = before[CHAIN];
        }
    }

    /// Checks every list, so that nothing read later leads out of range or round in circles; says
    /// how many claims are in them. Cost: O(capacity).
    pub fn verify(&self, entries: &Entries<'_>) -> Option<u32> {
        let mut found = 0_u32;
        let capacity = entries.names.len() as u32;
        for (hash, &head) in self.heads.iter().enumerate() {
            let mut first = head;
            while first != 0 {
                let entry = entries.linked(first)?;
                let (context, tag) = (entries.context(first - 1), tag_of(entry));
                (entry[PREV] == 0 && self.hash(context, tag) == hash).then_some(())?;
                let (mut link, mut before) = (first, 0);
                for i in 0..entry[COUNT] {
                    let claim = entries.linked(link)?;
                    let flags = entries.get(link - 1)?[FLAGS];
                    let live = flags & (LIVE | HAS_SUBJECT) == LIVE | HAS_SUBJECT;
                    let same = entries.context(link - 1) == context && tag_of(claim) == tag;
                    let alone = i == 0 || (claim[CHAIN] == 0 && claim[COUNT] == 0);
                    (live && same && alone && claim[PREV] == before).then_some(())?;
                    found += 1;
                    (found <= capacity).then_some(())?;
                    before = link;
                    link = claim[NEXT];
                }
                (link == 0 && entry[COUNT] > 0).then_some(())?;
                first = entry[CHAIN];
            }
        }
        Some(found)
    }
}
