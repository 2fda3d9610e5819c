//! The ring beside a plain list.

use super::*;
use crate::block::Block;
use crate::block::BlockError;
use proptest::prelude::*;
use std::vec::Vec;

const CONFIG: TrajectoryConfig = TrajectoryConfig::new(2, 5);
type Memory = Block<{ CONFIG.bytes() }>;

#[derive(Clone, Debug)]
struct Owned([f32; 2], [u32; 4], bool, u16, u64);

impl Owned {
    fn borrow(&self) -> Trajectory<'_> {
        Trajectory {
            vector: &self.0,
            outcome: Outcome {
                label: self.1[0],
                latency_us: self.1[1],
                energy_spent: self.1[2],
                energy_earned: self.1[3],
                success: self.2,
                executor: self.3,
                at: self.4,
            },
        }
    }
}

fn owned() -> impl Strategy<Value = Owned> {
    (
        any::<[i8; 2]>(),
        any::<[u32; 4]>(),
        any::<bool>(),
        any::<u16>(),
        any::<u64>(),
    )
        .prop_map(|(v, w, s, e, at)| Owned(v.map(f32::from), w, s, e, at))
}

#[test]
fn agrees_with_a_queue_after_any_number_of_turns() {
    proptest!(ProptestConfig::with_cases(64), |(all in prop::collection::vec(owned(), 0..23))| {
        let mut memory = Memory::new();
        let mut ring = TrajectoryRing::format(&mut memory, CONFIG).unwrap();
        for (i, t) in all.iter().enumerate() {
            let recorded = ring.record(&t.borrow()).unwrap();
            prop_assert_eq!(recorded, Recorded { number: i as u64, replaced: i >= 5 });
        }
        let held = &all[all.len().saturating_sub(5)..];
        let sum = |f: fn(&Owned) -> u32| held.iter().map(|t| u64::from(f(t))).sum::<u64>();
        prop_assert_eq!(ring.totals(), Totals {
            count: held.len() as u32,
            successes: held.iter().filter(|t| t.2).count() as u32,
            latency_us: sum(|t| t.1[1]),
            energy_spent: sum(|t| t.1[2]),
            energy_earned: sum(|t| t.1[3]),
        });
        let expected: Vec<_> = held.iter().map(Owned::borrow).collect();
        prop_assert_eq!(ring.iter().collect::<Vec<_>>(), expected);
        let mut sorted: Vec<u32> = held.iter().map(|t| t.1[1]).collect();
        sorted.sort_unstable();
        for q in [0.0f32, 0.2, 0.5, 0.75, 0.99, 1.0] {
            let rank = libm::ceil(f64::from(q) * sorted.len() as f64).max(1.0) as usize;
            prop_assert_eq!(ring.latency_quantile(q), sorted.get(rank - 1).copied());
        }
        let digest = ring.image_digest();
        prop_assert_eq!(TrajectoryRing::open(&mut memory).unwrap().image_digest(), digest);

        let mut other = Memory::new();
        let mut ring = TrajectoryRing::format(&mut other, CONFIG).unwrap();
        ring.record_batch(&all.iter().map(Owned::borrow).collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(ring.image_digest(), digest);
    });
}

#[test]
fn a_batch_with_a_bad_trajectory_records_nothing() {
    let mut memory = Memory::new();
    let mut ring = TrajectoryRing::format(&mut memory, CONFIG).unwrap();
    let good = Owned([1.0, 2.0], [0; 4], true, 0, 0);
    let bad = Owned([1.0, f32::NAN], [0; 4], true, 0, 0);
    assert_eq!(
        ring.record_batch(&[good.borrow(), bad.borrow()]),
        Err(BatchError {
            at: 1,
            error: RecordError::NotFinite { index: 1 }
        })
    );
    assert!(ring.is_empty());
    assert_eq!(
        ring.record(&Trajectory {
            vector: &[],
            ..good.borrow()
        }),
        Err(RecordError::WrongLength {
            expected: 2,
            found: 0
        })
    );
}

#[test]
fn hole_04_a_ring_of_no_places_is_a_clear_error() {
    let mut memory = Memory::new();
    for config in [
        TrajectoryConfig::new(2, 0),
        TrajectoryConfig::new(0, 1 << 31),
        TrajectoryConfig::new(u32::MAX, u32::MAX),
    ] {
        assert_eq!(
            TrajectoryRing::format(&mut memory, config).unwrap_err(),
            BlockError::BadConfig
        );
    }
}

#[test]
fn no_changed_byte_makes_a_ring_that_misbehaves() {
    let mut memory = Memory::new();
    let mut ring = TrajectoryRing::format(&mut memory, CONFIG).unwrap();
    for i in 0..7 {
        let t = Owned([1.0, 2.0], [i, i * 9, 3, 4], i % 2 == 0, 1, 99);
        ring.record(&t.borrow()).unwrap();
    }
    for bit in 0..CONFIG.bytes() * 8 {
        memory[bit / 8] ^= 1 << (bit % 8);
        if let Ok(mut ring) = TrajectoryRing::open(&mut memory) {
            let count = ring.iter().count();
            assert_eq!(count, ring.len());
            for _ in 0..6 {
                let vector = &[0.0; 16][..ring.config().dimensions() as usize];
                let other = Owned([0.0; 2], [0; 4], false, 0, 0);
                let other = Trajectory {
                    vector,
                    ..other.borrow()
                };
                ring.record(&other).unwrap();
            }
            ring.latency_quantile(0.5);
            // The records changed more than the bit: start again.
            let mut fresh = TrajectoryRing::format(&mut memory, CONFIG).unwrap();
            for i in 0..7 {
                let t = Owned([1.0, 2.0], [i, i * 9, 3, 4], i % 2 == 0, 1, 99);
                fresh.record(&t.borrow()).unwrap();
            }
        } else {
            memory[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
