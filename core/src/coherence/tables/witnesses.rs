//! Independent confirmations of a claim.
//!
//! A confirmation reaches the claim along a path of peers, the last of whom is the witness.
//! Two paths are independent when they share no peer; how many independent paths a set of
//! confirmations has is counted exactly. Peers are told apart by the first eight bytes of their
//! keys; two that shared them would count as one, never one as two.

use super::flow::Flow;
use crate::Hash;
use crate::block::sections::sections;
use crate::coherence::config::{EngineConfig, MAX_PATH, MAX_WITNESSES};
use crate::coherence::errors::Refusal;
use crate::log::PublicKey;

/// Words of a witness's record, behind the slot of its claim plus one.
const NEXT: usize = 1;
const LENGTH: usize = 2;

/// Vertices of one path, the witness first; the rest zero.
pub(crate) type Path = [u64; MAX_PATH + 1];

sections! {
    pub(crate) struct Witnesses for EngineConfig as config {
        /// Head of the free list, and records ever used.
        state: [u32; config.words_of(config.witnesses, 2)],
        paths: [Path; config.witnesses => 1],
        records: [[u32; 4]; config.witnesses => 1],
    } with {
        capacity: u32 = config.witnesses,
    }
}

fn vertex(key: &PublicKey) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *key;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// The vertices of a confirmation and their number.
pub(crate) fn path(
    witness: &PublicKey,
    along: &[Hash],
    author: &PublicKey,
) -> Result<(Path, usize), Refusal> {
    if along.len() > MAX_PATH {
        return Err(Refusal::PathTooLong {
            limit: MAX_PATH as u32,
        });
    }
    let mut path = [0; MAX_PATH + 1];
    let vertices = core::iter::once(witness).chain(along.iter().rev());
    let mut length = 0;
    for (to, key) in path.iter_mut().zip(vertices) {
        *to = vertex(key);
        length += 1;
    }
    let named = path.get(..length).unwrap_or_default();
    if named.contains(&vertex(author)) {
        return Err(Refusal::OwnClaim);
    }
    let twice = |(i, v): (usize, &u64)| named.iter().skip(i + 1).any(|w| v == w);
    if named.iter().enumerate().any(twice) {
        return Err(Refusal::PathLoops);
    }
    Ok((path, length))
}

impl Witnesses<'_> {
    fn word(&self, at: usize) -> u32 {
        self.state.get(at).copied().unwrap_or(0)
    }

    fn set(&mut self, at: usize, value: u32) {
        if let Some(word) = self.state.get_mut(at) {
            *word = value;
        }
    }

    fn record(&self, link: u32) -> Option<&[u32; 4]> {
        self.records.get(link.wrapping_sub(1) as usize)
    }

    fn next_free(&self) -> Option<u32> {
        match self.word(0) {
            0 => Some(self.word(1) + 1).filter(|&link| link <= self.capacity),
            free => Some(free),
        }
    }

    /// The paths of a claim's witnesses.
    pub fn of(&self, first: u32) -> impl Iterator<Item = &[u64]> {
        let mut link = first;
        core::iter::from_fn(move || {
            let record = self.record(link)?;
            let path = self.paths.get(link.wrapping_sub(1) as usize)?;
            link = record[NEXT];
            path.get(..record[LENGTH] as usize)
        })
        .take(MAX_WITNESSES)
    }

    /// Whether the witness of a path has confirmed a claim already.
    pub fn has_spoken(&self, first: u32, path: &Path) -> bool {
        self.of(first).any(|other| other.first() == path.first())
    }

    /// The slots of the claims that the witness of a path has confirmed. O(witnesses).
    pub fn spoken_by(&self, path: &Path) -> impl Iterator<Item = u32> {
        let witness = path.first();
        let records = self.records.iter().zip(self.paths.iter());
        records.filter_map(move |(&[claim, ..], other)| {
            (other.first() == witness).then(|| claim.checked_sub(1))?
        })
    }

    /// Whether a claim has as many witnesses as are counted.
    pub fn is_full(&self, first: u32) -> bool {
        self.of(first).count() >= MAX_WITNESSES
    }

    /// Puts a path in place of one that adds nothing, if it adds something then: so that however many
    /// speak along one path, they keep no independent one out.
    fn displace(&mut self, first: u32, path: &Path, length: usize) {
        let own = path.get(..length).unwrap_or_default();
        let now = self.independent(first);
        let mut link = first;
        while let Some(&[claim, next, ..]) = self.record(link) {
            let mut flow = Flow::new();
            let others = self.of(first).enumerate();
            let place = self.of(first).count() - self.of(link).count();
            for (_, other) in others.filter(|(at, _)| *at != place) {
                flow.add(other);
            }
            flow.add(own);
            if flow.maximum() > now {
                let at = link.wrapping_sub(1) as usize;
                if let Some(to) = self.paths.get_mut(at) {
                    *to = *path;
                }
                if let Some(to) = self.records.get_mut(at) {
                    *to = [claim, next, length as u32, 0];
                }
                return;
            }
            link = next;
        }
    }

    /// Adds a witness that was checked in front of `first`; the new front.
    pub fn add(&mut self, slot: u32, first: u32, path: &Path, length: usize) -> u32 {
        if self.is_full(first) {
            self.displace(first, path, length);
            return first;
        }
        let Some(link) = self.next_free() else {
            return first;
        };
        match self.record(link) {
            Some(record) if self.word(0) != 0 => self.set(0, record[NEXT]),
            _ => self.set(1, link),
        }
        let at = link.wrapping_sub(1) as usize;
        if let Some(to) = self.paths.get_mut(at) {
            *to = *path;
        }
        if let Some(to) = self.records.get_mut(at) {
            *to = [slot + 1, first, length as u32, 0];
        }
        link
    }

    /// Forgets the witnesses of a claim.
    pub fn release(&mut self, first: u32) {
        let mut link = first;
        while let Some(&record) = self.record(link) {
            let at = link.wrapping_sub(1) as usize;
            if let Some(to) = self.paths.get_mut(at) {
                *to = Path::default();
            }
            let free = self.word(0);
            if let Some(to) = self.records.get_mut(at) {
                *to = [0, free, 0, 0];
            }
            self.set(0, link);
            link = record[NEXT];
        }
    }

    /// How many independent paths the witnesses of a claim have.
    pub fn independent(&self, first: u32) -> u32 {
        let mut flow = Flow::new();
        for path in self.of(first) {
            flow.add(path);
        }
        flow.maximum()
    }

    /// Whether there is room for another witness.
    pub fn has_room(&self) -> bool {
        self.next_free().is_some()
    }

    /// Checks lists and records; `heads` gives slot, first witness and paths of each claim in force.
    pub fn is_sound(
        &self,
        config: &EngineConfig,
        heads: impl Iterator<Item = (u32, u32, u32)>,
    ) -> bool {
        let used = self.word(1);
        used <= self.capacity
            && self.is_zero_from(config, used as usize)
            && self.verify(used, heads).is_some()
    }

    fn verify(&self, used: u32, heads: impl Iterator<Item = (u32, u32, u32)>) -> Option<()> {
        let path = |link: u32| self.paths.get(link.wrapping_sub(1) as usize);
        let mut listed = 0;
        for (slot, first, paths) in heads {
            let (mut link, mut count) = (first, 0);
            while link != 0 {
                let &[claim, next, length, rest] = self.record(link)?;
                (claim == slot + 1 && rest == 0 && link <= used).then_some(())?;
                ((1..=MAX_PATH as u32 + 1).contains(&length) && count < MAX_WITNESSES)
                    .then_some(())?;
                let mut behind = path(link)?.iter().skip(length as usize);
                behind.all(|&vertex| vertex == 0).then_some(())?;
                count += 1;
                listed += 1;
                link = next;
            }
            (self.independent(first) == paths).then_some(())?;
        }
        let mut free = self.word(0);
        for _ in 0..used.checked_sub(listed)? {
            let &[claim, next, length, rest] = self.record(free)?;
            ([claim, length, rest] == [0; 3] && free <= used).then_some(())?;
            (*path(free)? == Path::default()).then_some(())?;
            free = next;
        }
        (free == 0).then_some(())
    }
}
