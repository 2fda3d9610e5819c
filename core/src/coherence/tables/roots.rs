//! The realm's roots: their keys, and what they have decided so far.

use crate::Hash;
use crate::block::sections::sections;
use crate::coherence::config::{EngineConfig, MAX_KEYS};
use crate::log::{EventId, PublicKey};
use crate::slices;

/// Words: the number of the next decision, threshold and number of keys, whether two decisions of one
/// number have come.
const NEXT: usize = 0;
const POWERS: usize = 1;
const FROZEN: usize = 2;

sections! {
    pub(crate) struct Roots for EngineConfig as config {
        words: [u32; 16],
        keys: [PublicKey; MAX_KEYS],
        /// The last decision taken, and the other one of its number.
        last: [EventId; 2],
    }
}

impl Roots<'_> {
    fn word(&self, at: usize) -> u32 {
        self.words.get(at).copied().unwrap_or(0)
    }

    fn set(&mut self, at: usize, value: u32) {
        if let Some(word) = self.words.get_mut(at) {
            *word = value;
        }
    }

    /// The number of the next decision.
    pub fn next(&self) -> u32 {
        self.word(NEXT)
    }

    /// Threshold and keys, sorted; none where nobody told.
    pub fn keys(&self) -> Option<(u8, &[PublicKey])> {
        let [threshold, count, ..] = self.word(POWERS).to_le_bytes();
        let keys = self.keys.get(..usize::from(count))?;
        (count > 0).then_some((threshold, keys))
    }

    /// Gives the realm its roots, in place of those it had; they were checked.
    pub fn appoint(&mut self, threshold: u8, keys: &[PublicKey]) {
        self.keys.fill([0; 32]);
        for (to, from) in self.keys.iter_mut().zip(keys) {
            *to = *from;
        }
        if let Some(named) = self.keys.get_mut(..keys.len()) {
            slices::sort(named);
        }
        let powers = u32::from_le_bytes([threshold, keys.len() as u8, 0, 0]);
        self.set(POWERS, powers);
        if self.next() == 0 {
            self.set(NEXT, 1);
        }
    }

    /// Counts a decision.
    pub fn decided(&mut self, id: &EventId) {
        let next = self.next().saturating_add(1);
        self.set(NEXT, next);
        if let Some(last) = self.last.first_mut() {
            *last = *id;
        }
    }

    /// The last decision, and the other one of its number while both stand.
    pub fn last(&self) -> [Hash; 2] {
        let [last, other, ..] = *self.last else {
            return [Hash::default(); 2];
        };
        [last, other]
    }

    /// Whether two decisions of one number wait for the roots to say which counts.
    pub fn is_frozen(&self) -> bool {
        self.word(FROZEN) != 0
    }

    /// Takes note of another decision of the last one's number.
    pub fn freeze(&mut self, other: &EventId) {
        self.set(FROZEN, 1);
        if let Some(second) = self.last.get_mut(1) {
            *second = *other;
        }
    }

    /// Which of the two counts was said.
    pub fn thaw(&mut self) {
        self.set(FROZEN, 0);
    }

    /// Checks keys and words.
    pub fn is_sound(&self) -> bool {
        let [threshold, count, rest @ ..] = self.word(POWERS).to_le_bytes();
        let nothing = [0; 32];
        let sorted = |keys: &[PublicKey]| keys.windows(2).all(|pair| pair[0] < pair[1]);
        let Some((named, blank)) = self.keys.split_at_checked(count.into()) else {
            return false;
        };
        let none = count == 0 && threshold == 0 && self.next() == 0;
        let some = (1..=count).contains(&threshold) && self.next() > 0;
        rest == [0, 0]
            && (none || some)
            && sorted(named)
            && blank.iter().all(|key| *key == nothing)
            && self.word(FROZEN) < 2
            && self.words.iter().skip(FROZEN + 1).all(|&word| word == 0)
            && (self.next() > 1 || *self.last == [nothing; 2])
            && (!self.is_frozen() || (self.next() > 1 && self.last.get(1) != Some(&nothing)))
    }
}
