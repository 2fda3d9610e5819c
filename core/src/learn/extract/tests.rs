//! Learning, as its caller sees it.

use super::*;
use crate::bank::ScratchConfig;
use crate::block::Block;
use crate::learn::confidence::rank;

const BANK: BankConfig = BankConfig::new(2, 3);
const SCRATCH: ScratchConfig = ScratchConfig::new(&BANK, 4);
const CONFIG: ExtractConfig = ExtractConfig::new(&BANK);

struct Memory {
    bank: Block<{ BANK.bytes() }>,
    scratch: Block<{ SCRATCH.bytes() }>,
    extractor: Block<{ CONFIG.bytes() }>,
}

impl Memory {
    fn new() -> Self {
        Self {
            bank: Block::new(),
            scratch: Block::new(),
            extractor: Block::new(),
        }
    }

    fn parts(&mut self, config: ExtractConfig) -> (PatternBank<'_>, Scratch<'_>, Extractor<'_>) {
        (
            PatternBank::format(&mut self.bank, BANK).unwrap(),
            Scratch::format(&mut self.scratch, SCRATCH).unwrap(),
            Extractor::format(&mut self.extractor, config).unwrap(),
        )
    }
}

fn trajectory(vector: &[f32], label: u32, success: bool, at: u64) -> Trajectory<'_> {
    Trajectory {
        vector,
        outcome: Outcome {
            label,
            latency_us: 100 * at as u32,
            energy_spent: 10,
            energy_earned: 30,
            success,
            executor: 0,
            at,
        },
    }
}

#[test]
fn similar_trajectories_of_a_label_become_one_pattern() {
    let mut memory = Memory::new();
    let (mut bank, mut scratch, mut extractor) = memory.parts(CONFIG);
    let mut learn = |v: &[f32], label, success, at| {
        extractor
            .learn(&mut bank, &trajectory(v, label, success, at), &mut scratch)
            .unwrap()
    };
    let first = learn(&[1.0, 0.0], 1, true, 1);
    let merged = learn(&[4.0, 2.0], 1, true, 3);
    assert!(matches!(merged, Learned::Merged { similarity, .. } if similarity > 0.85));
    assert_eq!(merged.id(), first.id());
    // Another label, though the same direction; then the same label in another direction.
    assert!(matches!(
        learn(&[1.0, 0.0], 2, true, 4),
        Learned::Opened { .. }
    ));
    assert!(matches!(
        learn(&[0.0, 1.0], 1, false, 5),
        Learned::Opened { .. }
    ));
    assert_eq!(bank.len(), 3);

    let s = extractor.statistics(first.id()).unwrap();
    assert_eq!((s.samples, s.successes), (2, 2));
    assert_eq!((s.latency_us, s.efficiency()), (200.0, Some(3.0)));
    let mut centroid = [0.0; 2];
    bank.vector(first.id(), &mut centroid).unwrap();
    let angle = libm::atan2f(centroid[1], centroid[0]);
    assert!((angle - libm::atan2f(1.0, 2.0) / 2.0).abs() < 0.02);
    let confidence = bank.get(first.id()).unwrap().confidence;
    assert_eq!(confidence, to_fraction(wilson_lower_bound(2, 2, 1.0)));
}

#[test]
fn hole_03_a_full_bank_forgets_the_least_and_says_which() {
    let mut memory = Memory::new();
    let (mut bank, mut scratch, mut extractor) = memory.parts(CONFIG.threshold(2.0));
    let vectors = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]];
    let mut ids = std::vec::Vec::new();
    for (i, v) in vectors.iter().take(3).enumerate() {
        let t = trajectory(v, 1, i != 1, 1000);
        ids.push(extractor.learn(&mut bank, &t, &mut scratch).unwrap().id());
    }
    let t = trajectory(&vectors[3], 1, true, 2000);
    let Learned::Opened { evicted, id } = extractor.learn(&mut bank, &t, &mut scratch).unwrap()
    else {
        panic!("merged")
    };
    // The one that failed has no confidence; nothing of it is left behind.
    assert_eq!(evicted.map(|e| e.id), Some(ids[1]));
    assert_eq!(extractor.statistics(ids[1]), None);
    assert_eq!(extractor.statistics(id).map(|s| s.samples), Some(1));
    assert_eq!(bank.len(), 3);

    let mut strict = Memory::new();
    let (mut bank, mut scratch, mut extractor) = strict.parts(CONFIG.threshold(2.0).evict(false));
    for v in &vectors[..3] {
        extractor
            .learn(&mut bank, &trajectory(v, 1, true, 1), &mut scratch)
            .unwrap();
    }
    let before = (bank.image_digest(), extractor.image_digest());
    assert_eq!(
        extractor.learn(&mut bank, &t, &mut scratch),
        Err(InsertError::Full.into())
    );
    assert_eq!((bank.image_digest(), extractor.image_digest()), before);
}

#[test]
fn hole_02_a_bad_vector_changes_nothing() {
    let mut memory = Memory::new();
    let (mut bank, mut scratch, mut extractor) = memory.parts(CONFIG);
    let before = (bank.image_digest(), extractor.image_digest());
    let cases: [(&[f32], VectorError); 4] = [
        (
            &[1.0],
            VectorError::WrongLength {
                expected: 2,
                found: 1,
            },
        ),
        (&[0.0, f32::INFINITY], VectorError::NotFinite { index: 1 }),
        (&[f32::NAN, 0.0], VectorError::NotFinite { index: 0 }),
        (&[0.0, 0.0], VectorError::ZeroVector),
    ];
    for (vector, error) in cases {
        let t = trajectory(vector, 1, true, 1);
        let refused = Err(SearchError::from(error).into());
        assert_eq!(extractor.learn(&mut bank, &t, &mut scratch), refused);
    }
    assert_eq!((bank.image_digest(), extractor.image_digest()), before);
}

#[test]
fn ranking_weighs_similarity_by_confidence() {
    let mut memory = Memory::new();
    let (mut bank, mut scratch, mut extractor) = memory.parts(CONFIG);
    for i in 0..10 {
        let t = trajectory(&[1.0, 0.5], 1, true, i);
        extractor.learn(&mut bank, &t, &mut scratch).unwrap();
    }
    let t = trajectory(&[1.0, 0.0], 2, false, 11);
    extractor.learn(&mut bank, &t, &mut scratch).unwrap();
    let hits = bank.search(&[1.0, 0.1], 2, &mut scratch).unwrap();
    assert_eq!(hits.first().unwrap().label, 2);
    let mut out = [None; 4];
    let ranked = rank(&hits, &mut out);
    assert_eq!(ranked.len(), 2);
    assert_eq!(ranked[0].unwrap().hit.label, 1);
    assert_eq!(ranked[1].unwrap().score, 0.0);
}

#[test]
fn statistics_survive_saving() {
    let mut memory = Memory::new();
    let (mut bank, mut scratch, mut extractor) = memory.parts(CONFIG);
    let t = trajectory(&[1.0, 0.5], 1, true, 5);
    let id = extractor.learn(&mut bank, &t, &mut scratch).unwrap().id();
    let expected = extractor.statistics(id);
    extractor.seal();
    let extractor = Extractor::open_verified(&mut memory.extractor).unwrap();
    assert_eq!(extractor.statistics(id), expected);
}
