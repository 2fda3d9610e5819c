//! What was learned before, as far as a few thousand numbers tell: whether a test is one.
//!
//! Of all vectors learned, the lowest hashes are kept. A vector whose hash is not above the highest of
//! these was learned exactly if its hash is among them; of one above, nothing is known. A few thousand
//! examples are known each, of more a share that hashing draws.

use std::collections::BTreeSet;

use sensilla::block::Memory;
use sha2::{Digest, Sha256};

/// The name of its block in a store.
pub const BLOCK: &str = "seen";
/// Hashes that are kept.
const MOST: usize = 4_096;

/// The lowest hashes of what was learned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    lowest: BTreeSet<u64>,
}

/// How many of some vectors were learned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Vectors of which it is known.
    pub known: usize,
    /// Those of them that were learned.
    pub learned: usize,
}

impl Seen {
    /// What a block holds; `None` if that is nothing of the kind.
    pub fn from_block(block: &[u8]) -> Option<Self> {
        let (hashes, rest) = block.as_chunks::<8>();
        let lowest: BTreeSet<u64> = hashes.iter().copied().map(u64::from_le_bytes).collect();
        let sound = rest.is_empty() && lowest.len() == hashes.len() && lowest.len() <= MOST;
        sound.then_some(Self { lowest })
    }

    /// Its block.
    pub fn to_block(&self) -> Memory {
        let bytes: Vec<u8> = self.lowest.iter().flat_map(|h| h.to_le_bytes()).collect();
        Memory::from(&bytes[..])
    }

    /// Whether nothing was learned.
    pub fn is_empty(&self) -> bool {
        self.lowest.is_empty()
    }

    /// Keeps that `vector` was learned.
    pub fn add(&mut self, vector: &[f32]) {
        self.lowest.insert(hash(vector));
        if self.lowest.len() > MOST {
            self.lowest.pop_last();
        }
    }

    /// How many of `vectors` were learned.
    pub fn overlap<'v>(&self, vectors: impl Iterator<Item = &'v [f32]>) -> Overlap {
        let all = self.lowest.len() < MOST;
        let mut overlap = Overlap::default();
        for vector in vectors {
            let hash = hash(vector);
            if all || self.lowest.last().is_some_and(|&last| hash <= last) {
                overlap.known += 1;
                overlap.learned += usize::from(self.lowest.contains(&hash));
            }
        }
        overlap
    }
}

fn hash(vector: &[f32]) -> u64 {
    let mut sha = Sha256::new();
    for x in vector {
        sha.update(x.to_le_bytes());
    }
    let digest: [u8; 32] = sha.finalize().into();
    digest.first_chunk().copied().map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_known_each_and_of_many_a_share() {
        let vector = |i: u32| vec![i as f32, 0.5];
        let (mut few, mut many) = (Seen::default(), Seen::default());
        (0..100).for_each(|i| few.add(&vector(i)));
        (0..20_000).for_each(|i| many.add(&vector(i)));
        let ask = |seen: &Seen, range: std::ops::Range<u32>| {
            let vectors: Vec<Vec<f32>> = range.map(vector).collect();
            seen.overlap(vectors.iter().map(|v| &v[..]))
        };
        assert_eq!(
            ask(&few, 90..130),
            Overlap {
                known: 40,
                learned: 10
            }
        );
        // Half of these were learned; about a fifth of them is known.
        let found = ask(&many, 15_000..25_000);
        assert!((1_700..2_400).contains(&found.known), "{found:?}");
        let share = found.learned as f64 / found.known as f64;
        assert!((share - 0.5).abs() < 0.05, "{share}");
        assert_eq!(Seen::from_block(&many.to_block()), Some(many));
        assert_eq!(Seen::from_block(&few.to_block()), Some(few));
        assert_eq!(Seen::from_block(&[1; 9]), None);
        assert_eq!(Seen::from_block(&[1; 16]), None);
    }
}
