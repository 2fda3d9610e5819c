//! Ids as numbers that JavaScript holds exactly.

use core::sync::atomic::{AtomicU32, Ordering};
use sensilla::bank::PatternId;

/// Bits of a whole number that a `f64` holds.
const WHOLE: u32 = 53;
/// Bits of a generation, whose lowest bit says alone whether its pattern is there.
const GENERATION: u32 = 31;

static MADE: AtomicU32 = AtomicU32::new(0);

/// How the ids of a bank look outside: one more than a number that has, from the lowest bit, the slot,
/// how often this was taken before, and a mark of the bank. No id is zero.
///
/// The mark takes what bits are left, which are fewer the larger the bank, so that an id of another
/// bank is refused. A bank that was saved elsewhere gives ids without one and takes ids with any: those
/// that it gave before must remain.
pub struct Ids {
    slots: u32,
    /// None for a bank that was saved elsewhere.
    mark: Option<u64>,
}

impl Ids {
    /// Those of a new bank. The first one has the mark that a bank from elsewhere gives.
    pub fn new(capacity: u32) -> Self {
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        Self::opened(capacity, Some(made))
    }

    /// Those of a bank that was saved, with the mark that it had if that is known.
    pub fn opened(capacity: u32, mark: Option<u32>) -> Self {
        let slots = u32::BITS - capacity.saturating_sub(1).leading_zeros();
        let marks = 1u64 << WHOLE.saturating_sub(slots + GENERATION);
        let mark = mark.map(|mark| u64::from(mark) % marks);
        Self { slots, mark }
    }

    /// What tells the bank apart from others; none of one that was saved elsewhere.
    pub fn mark(&self) -> Option<u64> {
        self.mark
    }

    pub fn to_number(&self, id: PatternId) -> f64 {
        let word = id.to_u64();
        let taken = word >> 33;
        let slot = u64::from(id.slot());
        let mark = self.mark.unwrap_or(0);
        (((mark << GENERATION | taken) << self.slots | slot) + 1) as f64
    }

    /// The id of a number, unless it is of another bank.
    pub fn to_id(&self, number: f64) -> Option<PatternId> {
        if !(number >= 1.0 && number <= (1u64 << WHOLE) as f64) {
            return None;
        }
        let word = number as u64 - 1;
        let slot = word & ((1 << self.slots) - 1);
        let taken = word >> self.slots & ((1 << GENERATION) - 1);
        let mark = word >> self.slots >> GENERATION;
        self.mark
            .is_none_or(|own| mark == own)
            .then(|| PatternId::from_u64((taken << 1 | 1) << 32 | slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_as_they_were_from_banks_of_any_size() {
        for capacity in [1, 2, 100, 65_536, 1 << 20, 1 << 24] {
            let (ids, opened) = (Ids::new(capacity), Ids::opened(capacity, None));
            for slot in [0, capacity / 2, capacity - 1] {
                for generation in [1u64, 3, 0x0fff_ffff] {
                    let id = PatternId::from_u64(generation << 32 | u64::from(slot));
                    let number = ids.to_number(id);
                    assert_eq!(number, number.trunc());
                    assert!(number >= 1.0 && number <= (1u64 << WHOLE) as f64);
                    assert_eq!(
                        ids.to_id(number),
                        Some(id),
                        "{capacity} {slot} {generation}"
                    );
                    assert_eq!(opened.to_id(number), Some(id));
                    assert_eq!(opened.to_id(opened.to_number(id)), Some(id));
                }
            }
        }
    }

    #[test]
    fn an_id_of_another_bank_is_none() {
        let (one, other) = (Ids::new(100), Ids::new(100));
        let id = PatternId::from_u64(1 << 32 | 7);
        assert_eq!(other.to_id(one.to_number(id)), None);
        assert_eq!(one.to_id(0.0), None);
        assert_eq!(one.to_id(-1.0), None);
        assert_eq!(one.to_id(f64::NAN), None);
    }
}
