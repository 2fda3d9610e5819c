//! Open addressing with linear probing over a slice of numbers that name items kept elsewhere.
//!
//! Removal shifts back what follows, so that no tombstones gather and a log that churns for years
//! probes as on its first day. Tables are at most half full, so every probe ends.

/// A number in a table: an item's number plus one, or zero for none.
pub(crate) trait Place: Copy + PartialEq {
    const NONE: Self;
    fn of(item: u32) -> Self;
    fn item(self) -> Option<u32>;
}

impl Place for u32 {
    const NONE: Self = 0;
    fn of(item: u32) -> Self {
        item.wrapping_add(1)
    }
    fn item(self) -> Option<u32> {
        self.checked_sub(1)
    }
}

impl Place for u16 {
    const NONE: Self = 0;
    fn of(item: u32) -> Self {
        item as u16 + 1
    }
    fn item(self) -> Option<u32> {
        self.checked_sub(1).map(u32::from)
    }
}

/// Where in `table` an item with `hash` is (`Ok`) or would go (`Err`).
#[inline]
pub(crate) fn find<P: Place>(
    table: &[P],
    hash: u32,
    mut is: impl FnMut(u32) -> bool,
) -> Result<(usize, u32), usize> {
    let mask = table.len().wrapping_sub(1);
    let mut at = hash as usize & mask;
    for _ in 0..table.len() {
        match table.get(at).and_then(|place| place.item()) {
            None => return Err(at),
            Some(item) if is(item) => return Ok((at, item)),
            Some(_) => at = (at + 1) & mask,
        }
    }
    Err(at)
}

/// Removes what is at `at`; `hash_of` gives the hash of any item still in the table.
pub(crate) fn remove<P: Place>(table: &mut [P], at: usize, hash_of: impl Fn(u32) -> u32) {
    let mask = table.len().wrapping_sub(1);
    let mut hole = at;
    let mut next = at;
    for _ in 0..table.len() {
        next = (next + 1) & mask;
        let Some(&place) = table.get(next) else { break };
        let Some(item) = place.item() else { break };
        let home = hash_of(item) as usize & mask;
        // The item may move back to the hole unless its home lies between the two.
        if next.wrapping_sub(home) & mask >= next.wrapping_sub(hole) & mask {
            if let Some(slot) = table.get_mut(hole) {
                *slot = place;
            }
            hole = next;
        }
    }
    if let Some(slot) = table.get_mut(hole) {
        *slot = P::NONE;
    }
}

/// Whether `table` is one that inserting `count` items gives: each is there once and reachable from
/// its home. `hash_of` is `None` for an item that does not exist. Cost: O(table), and the places
/// between each item and its home, which are few unless hashes were made to be equal.
pub(crate) fn check<P: Place>(
    table: &[P],
    count: usize,
    hash_of: impl Fn(u32) -> Option<u32>,
) -> bool {
    let item = |at: usize| table.get(at).and_then(|place| place.item());
    count * 2 <= table.len() && check_places(table.len(), count, item, hash_of)
}

/// [`check`] of a table of `places` places that are read through `item_at`.
pub(crate) fn check_places(
    places: usize,
    count: usize,
    item_at: impl Fn(usize) -> Option<u32>,
    hash_of: impl Fn(u32) -> Option<u32>,
) -> bool {
    let mask = places.wrapping_sub(1);
    let taken = (0..places).filter(|&at| item_at(at).is_some()).count();
    let Some(start) = (0..places).find(|&at| item_at(at).is_none()) else {
        return false;
    };
    let mut run = 0;
    for at in (start + 1..start + places).map(|at| at & mask) {
        match item_at(at) {
            None => run = 0,
            Some(item) => {
                let Some(hash) = hash_of(item) else {
                    return false;
                };
                let from_home = at.wrapping_sub(hash as usize) & mask;
                if from_home > run {
                    return false;
                }
                // The same item in two places has one home, so that it lies before itself.
                let mut before = (1..=from_home).map(|back| item_at(at.wrapping_sub(back) & mask));
                if before.any(|other| other == Some(item)) {
                    return false;
                }
                run += 1;
            }
        }
    }
    taken == count
}

/// A hash for the tables of this crate: the same on every machine, seeded, not cryptographic.
///
/// Folds eight bytes a multiplication (as `wyhash` and FxHash do); `FxHash` itself depends on the
/// width of a pointer, and what lies in a block must not.
#[inline]
pub(crate) fn hash(bytes: &[u8], seed: u64) -> u32 {
    let mut state = seed ^ (bytes.len() as u64).rotate_left(32);
    let last = match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            if let Some(last) = bytes.last_chunk::<8>() {
                // The last eight bytes overlap the words before; the length tells the two apart.
                for word in bytes[..bytes.len() - 1].as_chunks::<8>().0 {
                    state = mix(state ^ u64::from_le_bytes(*word));
                }
                u64::from_le_bytes(*last)
            } else {
                u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
            }
        }
        _ => bytes
            .iter()
            .fold(0, |word, &byte| word << 8 | u64::from(byte)),
    };
    mix(state ^ last) as u32
}

/// Both halves of the product with an odd constant, folded: every bit depends on every other.
#[inline]
pub(crate) fn mix(word: u64) -> u64 {
    let product = u128::from(word ^ 0x2d35_8dcc_aa6c_78a5) * 0x9e37_79b9_7f4a_7c15;
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn behaves_as_a_map(steps in prop::collection::vec((0..40u32, any::<bool>()), 0..200), spread in 0..3u32) {
            let hash_of = |item: u32| item >> spread;
            let mut table = [0u32; 128];
            let mut model = BTreeMap::new();
            for (item, insert) in steps {
                let found = find(&table, hash_of(item), |i| i == item);
                prop_assert_eq!(found.is_ok(), model.contains_key(&item));
                match found {
                    Err(at) if insert => { table[at] = Place::of(item); model.insert(item, ()); }
                    Ok((at, _)) if !insert => { remove(&mut table, at, hash_of); model.remove(&item); }
                    _ => {}
                }
                prop_assert!(check(&table, model.len(), |i| Some(hash_of(i))));
            }
            // One that is there twice is refused, whatever it stands in the place of.
            let places = || table.iter().enumerate().filter(|(_, place)| **place != 0);
            for (at, _) in places() {
                for (_, &other) in places().filter(|&(from, _)| from != at) {
                    let mut twice = table;
                    twice[at] = other;
                    prop_assert!(!check(&twice, model.len(), |i| Some(hash_of(i))));
                }
            }
            for item in 0..40 {
                prop_assert_eq!(find(&table, hash_of(item), |i| i == item).is_ok(), model.contains_key(&item));
            }
        }
    }
}
