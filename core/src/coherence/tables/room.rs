//! How many records the parts have.

use crate::coherence::config::EngineConfig;

/// How many records there are, and the secret of their hash chains.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub records: u32,
    pub secret: u32,
}

impl Room {
    /// Heads of the hash chains, a line of them at least.
    pub const fn heads(&self) -> usize {
        match self.records as usize {
            0 => 0,
            1..=16 => 16,
            records => records.next_power_of_two(),
        }
    }
}

impl EngineConfig {
    pub(super) const fn room_for_claims(&self) -> Room {
        Room {
            records: self.grid.capacity(),
            secret: self.grid.hash_seed(),
        }
    }

    pub(super) const fn room_for_conflicts(&self) -> Room {
        Room {
            records: self.conflicts,
            secret: self.grid.hash_seed(),
        }
    }

    /// Words of a part's own state, none where it has no records.
    pub(super) const fn words_of(&self, records: u32, words: usize) -> usize {
        if records == 0 { 0 } else { words }
    }
}
