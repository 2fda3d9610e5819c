//! What a bank knows of a pattern besides its vector.

/// What the caller says of a pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pattern {
    /// A class, a symbol or any other word; the bank only keeps it.
    pub label: u32,
    /// How far the pattern is to be trusted, as a fraction of 65,535.
    pub confidence: u16,
    /// When it was learned, in milliseconds, below 2^48 (later is kept as 2^48 - 1); counts as its
    /// first use.
    pub at: u64,
}

/// The lasting name of a pattern: its slot, and how often the slot was taken or freed before.
///
/// An id is never used again, short of two thousand million removals from one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PatternId {
    slot: u32,
    generation: u32,
}

impl PatternId {
    pub(super) const fn new(slot: u32, generation: u32) -> Self {
        Self { slot, generation }
    }

    /// Position in the bank, below its capacity; another pattern may take it after a removal.
    pub const fn slot(self) -> u32 {
        self.slot
    }

    pub(super) const fn generation(self) -> u32 {
        self.generation
    }

    /// The id as one number, for storage and for other languages.
    pub const fn to_u64(self) -> u64 {
        (self.generation as u64) << 32 | self.slot as u64
    }

    /// The id that [`to_u64`](Self::to_u64) gave; any other number is an id of no pattern.
    pub const fn from_u64(id: u64) -> Self {
        Self {
            slot: id as u32,
            generation: (id >> 32) as u32,
        }
    }
}

/// A pattern as the bank keeps it, without its vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Entry {
    /// Its lasting name.
    pub id: PatternId,
    /// The caller's word.
    pub label: u32,
    /// Trust, as a fraction of 65,535.
    pub confidence: u16,
    /// How often [`touch`](super::PatternBank::touch) recorded its use; stays at 65,535.
    pub uses: u16,
    /// When it was last used, or learned, in milliseconds.
    pub last_use: u64,
}

impl Entry {
    /// Whether `self` is worth less than `other` at the time `now`: confidence times uses over
    /// the seconds since the last use, each counted from one, compared without division.
    pub(super) fn is_worth_less(&self, other: &Self, now: u64) -> bool {
        let worth = |e: &Self| (u64::from(e.confidence) + 1) * (u64::from(e.uses) + 1);
        let age =
            |e: &Self| (now.saturating_sub(e.last_use) / 1_000).min(u64::from(u32::MAX) - 1) + 1;
        // Both factors are at most 2^32, and not both products can be.
        worth(self).saturating_mul(age(other)) < worth(other).saturating_mul(age(self))
    }
}

/// Most milliseconds that the forty-eight bits for a time hold.
const LAST_MILLISECOND: u64 = (1 << 48) - 1;

/// A pattern's record in the block: label, generation, the low and, above the confidence, the high
/// bits of its last use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record(pub [u32; 4]);

impl Record {
    pub(super) fn new(pattern: &Pattern, generation: u32) -> Self {
        let mut record = Self([pattern.label, generation, 0, 0]);
        record.set_confidence(pattern.confidence);
        record.set_last_use(pattern.at);
        record
    }

    pub(super) const fn generation(&self) -> u32 {
        self.0[1]
    }

    /// Odd generations are live.
    pub(super) const fn is_live(&self) -> bool {
        self.0[1] & 1 == 1
    }

    pub(super) const fn label(&self) -> u32 {
        self.0[0]
    }

    pub(super) const fn confidence(&self) -> u16 {
        self.0[3] as u16
    }

    pub(super) fn set_confidence(&mut self, confidence: u16) {
        self.0[3] = self.0[3] & 0xffff_0000 | u32::from(confidence);
    }

    pub(super) const fn last_use(&self) -> u64 {
        (self.0[3] as u64 >> 16) << 32 | self.0[2] as u64
    }

    pub(super) fn set_last_use(&mut self, at: u64) {
        let at = at.min(LAST_MILLISECOND);
        self.0[2] = at as u32;
        self.0[3] = self.0[3] & 0xffff | ((at >> 32) as u32) << 16;
    }
}
