//! What the engine as a whole remembers: the time, and how often what happened.

use crate::block::sections::sections;
use crate::coherence::config::EngineConfig;
use crate::coherence::errors::Refusal;
use crate::error::ErrorCode;

/// Words of the section; in front of them is the time. Refusals are counted by their codes.
const REFUSALS: usize = 7;
const WORDS: usize = 48;

sections! {
    pub(crate) struct State for EngineConfig as config {
        words: [u32; WORDS],
    }
}

/// What is counted as part of the digest; the value is its word.
#[derive(Clone, Copy)]
#[repr(usize)]
pub(crate) enum Count {
    Found = 2,
    Resolved = 3,
    Lapsed = 4,
    Forks = 5,
    /// Whether something was evicted or had no room.
    Forgotten = 6,
}

impl State<'_> {
    fn word(&self, at: usize) -> u32 {
        self.words.get(at).copied().unwrap_or(0)
    }

    fn set(&mut self, at: usize, value: u32) {
        if let Some(word) = self.words.get_mut(at) {
            *word = value;
        }
    }

    pub fn get(&self, of: Count) -> u32 {
        self.word(of as usize)
    }

    /// Counts one more.
    pub fn count(&mut self, of: Count) {
        self.set(of as usize, self.get(of).saturating_add(1));
    }

    /// Whether the log has given events up since the engine was made of it.
    pub fn is_forgotten(&self) -> bool {
        self.get(Count::Forgotten) != 0
    }

    pub fn set_forgotten(&mut self, forgotten: bool) {
        self.set(Count::Forgotten as usize, forgotten.into());
    }

    /// The latest time the engine was told.
    pub fn now(&self) -> u64 {
        u64::from(self.word(0)) | u64::from(self.word(1)) << 32
    }

    pub fn set_now(&mut self, now: u64) {
        self.set(0, now as u32);
        self.set(1, (now >> 32) as u32);
    }

    /// How often events were refused for a reason, whatever its numbers.
    pub fn refusals(&self, refusal: Refusal) -> u32 {
        self.word(place(refusal))
    }

    pub fn count_refusal(&mut self, refusal: Refusal) {
        let place = place(refusal);
        self.set(place, self.word(place).saturating_add(1));
    }

    /// Whether nothing is counted that does not happen.
    pub fn is_sound(&self) -> bool {
        let behind = self.words.iter().skip(REFUSALS + KINDS + 1);
        self.word(REFUSALS) == 0
            && self.get(Count::Forgotten) < 2
            && behind.into_iter().all(|&word| word == 0)
    }
}

/// Kinds of refusals, which the section has room for.
const KINDS: usize = Refusal::VARIANTS;
const _: () = assert!(REFUSALS + KINDS < WORDS);

/// Where refusals of a kind are counted.
fn place(refusal: Refusal) -> usize {
    REFUSALS + 1 + refusal.ordinal()
}
