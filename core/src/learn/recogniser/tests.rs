//! The recogniser beside the loops that define it.

use super::*;
use crate::bank::{BankConfig, Layout, Pattern, PatternBank, ScratchConfig};
use crate::block::{BlockError, Memory};
use crate::learn::stream::StreamConfig;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

/// The reference: patterns in one list, compared in the metric by solving for the query.
struct Plain {
    width: usize,
    capacity: usize,
    /// Rows of the upper triangle of each sketch.
    factors: Vec<Vec<Vec<f32>>>,
    patterns: Vec<(u32, u32, Vec<i16>)>,
    mean: Vec<f32>,
    spread: f32,
    seen: u32,
}

impl Plain {
    fn new(config: &RecogniserConfig) -> Self {
        let width = config.width();
        let root = libm::sqrtf(config.ridge * (width as f32 / 1024.0));
        let factor: Vec<Vec<f32>> = (0..width)
            .map(|k| {
                let mut row = vec![0.0; width - k];
                row[0] = root;
                row
            })
            .collect();
        Self {
            width,
            capacity: config.patterns as usize,
            factors: vec![factor; config.sketches as usize],
            patterns: Vec::new(),
            mean: vec![0.0; config.dimensions as usize],
            spread: 0.0,
            seen: 0,
        }
    }

    fn learn(&mut self, x: &[f32], label: u32) {
        self.seen += 1;
        let share = 1.0 / self.seen as f32;
        let mut s = 0.0;
        for (m, &x) in self.mean.iter_mut().zip(x) {
            let a = x - *m;
            *m += a * share;
            s += a * (x - *m);
        }
        self.spread += (s - self.spread) * share;
        let mut best = None;
        for (at, (own, _, p)) in self.patterns.iter().enumerate() {
            let mut e = 0.0;
            for (&x, &p) in x.iter().zip(p) {
                let a = x - f32::from(p) * QUANTUM;
                e += a * a;
            }
            if *own == label && best.is_none_or(|(_, least)| e < least) {
                best = Some((at, e));
            }
        }
        let full = self.patterns.len() == self.capacity;
        match best {
            Some((at, e)) if e <= 1.5 * self.spread || full => {
                let (_, weight, p) = &mut self.patterns[at];
                let k = libm::sqrtf(*weight as f32 / (*weight + 1) as f32);
                let share = 1.0 / ((*weight).min(255) + 1) as f32;
                let mut rest = Vec::new();
                for (p, &x) in p.iter_mut().zip(x) {
                    let old = f32::from(*p) * QUANTUM;
                    let a = x - old;
                    rest.push(a * k);
                    *p = libm::floorf((old + a * share) * 2048.0 + 0.5) as i16;
                }
                *weight += 1;
                for (factor, x) in self.factors.iter_mut().zip(rest.chunks_mut(self.width)) {
                    for k in 0..x.len() {
                        if x[k] != 0.0 {
                            let r = factor[k][0];
                            let h = libm::sqrtf(r * r + x[k] * x[k]);
                            let (c, s) = (r / h, x[k] / h);
                            factor[k][0] = h;
                            for i in k + 1..x.len() {
                                let (q, v) = (factor[k][i - k], x[i]);
                                factor[k][i - k] = c * q + s * v;
                                x[i] = c * v - s * q;
                            }
                        }
                    }
                }
            }
            _ => {
                let codes: Vec<i16> = x.iter().map(|x| (x * 2048.0) as i16).collect();
                if full {
                    let alone = |l: u32| self.patterns.iter().filter(|p| p.0 == l).count() == 1;
                    let worth: Vec<u64> = self
                        .patterns
                        .iter()
                        .map(|p| u64::from(p.1) + if alone(p.0) { 1 << 30 } else { 0 })
                        .collect();
                    let at = worth
                        .iter()
                        .position(|w| w == worth.iter().min().unwrap())
                        .unwrap();
                    self.patterns[at] = (label, 1, codes);
                } else {
                    self.patterns.push((label, 1, codes));
                }
            }
        }
    }

    /// `R'⁻¹ v`, then `R⁻¹` of it, for a sketch.
    fn solve(factor: &[Vec<f32>], v: &mut [f32]) -> f32 {
        let d = v.len();
        let mut square = 0.0;
        for k in 0..d {
            v[k] /= factor[k][0];
            for i in k + 1..d {
                v[i] -= factor[k][i - k] * v[k];
            }
            square += v[k] * v[k];
        }
        for k in (0..d).rev() {
            let s: f32 = (k + 1..d).map(|i| factor[k][i - k] * v[i]).sum();
            v[k] = (v[k] - s) / factor[k][0];
        }
        square
    }

    /// Squared distance of every pattern.
    fn distances(&self, x: &[f32]) -> Vec<f32> {
        let mut v: Vec<f32> = x.iter().zip(&self.mean).map(|(x, m)| x - m).collect();
        let mut a = 0.0;
        for (factor, v) in self.factors.iter().zip(v.chunks_mut(self.width)) {
            a += Self::solve(factor, v);
        }
        let g: f32 = v.iter().zip(&self.mean).map(|(v, m)| v * m).sum();
        let norm = |p: &[i16]| {
            let mut w: Vec<f32> = p
                .iter()
                .zip(&self.mean)
                .map(|(&p, m)| f32::from(p) * QUANTUM - m)
                .collect();
            let factors = self.factors.iter().zip(w.chunks_mut(self.width));
            factors
                .map(|(factor, w)| Self::solve(factor, w))
                .sum::<f32>()
        };
        let dot = |p: &[i16]| {
            let products = v.iter().zip(p).map(|(v, &p)| v * (f32::from(p) * QUANTUM));
            products.sum::<f32>()
        };
        let patterns = self.patterns.iter();
        patterns
            .map(|(_, _, p)| (a - 2.0 * (dot(p) - g)) + norm(p))
            .collect()
    }
}

/// Vectors of three kinds that vary a lot along a few directions, in whole steps.
fn vectors(dimensions: usize, count: usize) -> Vec<(u32, Vec<f32>)> {
    let mut state = 9u32;
    let mut draw = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    let directions: Vec<f32> = (0..3 * dimensions).map(|_| draw()).collect();
    let centres: Vec<f32> = (0..3 * dimensions).map(|_| 0.6 * draw()).collect();
    (0..count)
        .map(|_| {
            let label = ((draw() + 0.5) * 3.0) as usize;
            let along = [draw(), draw(), draw()];
            let vector = (0..dimensions)
                .map(|i| {
                    let wide: f32 = (0..3)
                        .map(|k| along[k] * directions[k * dimensions + i])
                        .sum();
                    let x = centres[label * dimensions + i] + 2.0 * wide + 0.2 * draw();
                    libm::floorf(x * 2048.0) * QUANTUM
                })
                .collect();
            (label as u32, vector)
        })
        .collect()
}

struct Room {
    bank: Memory,
    recogniser: Memory,
    scratch: Memory,
    work: Vec<f32>,
}

impl Room {
    fn new(config: &RecogniserConfig) -> Self {
        let scratch = ScratchConfig::new(&config.bank(), 64);
        Self {
            bank: Memory::zeroed(config.bank().bytes()),
            recogniser: Memory::zeroed(config.bytes()),
            scratch: Memory::zeroed(scratch.bytes()),
            work: vec![0.0; config.dimensions as usize],
        }
    }

    fn parts(
        &mut self,
        config: RecogniserConfig,
    ) -> (PatternBank<'_>, Recogniser<'_>, Scratch<'_>, &mut [f32]) {
        let scratch = ScratchConfig::new(&config.bank(), 64);
        (
            PatternBank::format(&mut self.bank, config.bank()).unwrap(),
            Recogniser::format(&mut self.recogniser, config).unwrap(),
            Scratch::format(&mut self.scratch, scratch).unwrap(),
            &mut self.work,
        )
    }
}

fn pattern(label: u32) -> Pattern {
    Pattern {
        label,
        ..Pattern::default()
    }
}

#[test]
fn learning_and_recall_are_those_of_the_reference() {
    for (dimensions, sketches, capacity) in [(32, 1, 40), (32, 1, 4), (64, 2, 40)] {
        let stream = StreamConfig::new(1, dimensions).sketches(sketches);
        let config = RecogniserConfig::new(&stream, capacity).ridge(1.0);
        let mut room = Room::new(&config);
        let (mut bank, mut recogniser, mut scratch, work) = room.parts(config);
        let mut plain = Plain::new(&config);
        let all = vectors(dimensions as usize, 240);
        let (train, test) = all.split_at(160);
        for (label, vector) in train {
            plain.learn(vector, *label);
            recogniser
                .learn(&mut bank, vector, pattern(*label), work)
                .unwrap();
        }
        let factors: Vec<f32> = plain.factors.iter().flatten().flatten().copied().collect();
        assert!(recogniser.factors.starts_with(&factors));
        assert_eq!(bank.len(), plain.patterns.len());
        assert!(plain.patterns.len() > 3 && plain.patterns.iter().any(|p| p.1 > 3));
        recogniser.refresh(&mut bank, work).unwrap();
        let mut same = 0;
        for (_, vector) in test {
            let expected = plain.distances(vector);
            let found = recogniser
                .recall(bank.as_ref(), vector, work, &mut scratch)
                .unwrap()
                .unwrap();
            let least = expected.iter().copied().fold(f32::INFINITY, f32::min);
            let (label, weight, codes) = &plain.patterns[found.id.slot() as usize];
            assert_eq!(found.label, *label);
            assert_eq!(recogniser.weight(found.id), Some(*weight));
            assert_eq!(recogniser.slot(found.id), codes);
            // Rows are eight bits, so that distances are off by a little.
            let off = expected[found.id.slot() as usize] - least;
            assert!(off <= 0.05 * (1.0 + least), "{off} of {least}");
            assert!((found.distance - least).abs() <= 0.05 * (1.0 + least));
            same += usize::from(expected[found.id.slot() as usize] == least);
        }
        assert!(same * 20 >= test.len() * 19, "{same}");
    }
}

#[test]
fn recall_hands_out_what_it_was_judged_by() {
    let stream = StreamConfig::new(1, 32);
    // Nothing is merged, so that the nearest few of a cluster often have one label.
    let config = RecogniserConfig::new(&stream, 160).merge(0.0);
    let mut room = Room::new(&config);
    let (mut bank, mut recogniser, mut scratch, work) = room.parts(config);
    let all = vectors(32, 220);
    let (train, test) = all.split_at(160);
    let (none, hits) = recogniser
        .recall_among(bank.as_ref(), &test[0].1, 3, work, &mut scratch)
        .unwrap();
    assert!(none.is_none() && hits.is_empty());
    for (label, vector) in train {
        recogniser
            .learn(&mut bank, vector, pattern(*label), work)
            .unwrap();
    }
    recogniser.refresh(&mut bank, work).unwrap();
    let mut alike = 0;
    for (_, vector) in test {
        for k in [1, 3, 16] {
            let (found, hits) = recogniser
                .recall_among(bank.as_ref(), vector, k, work, &mut scratch)
                .unwrap();
            let (found, hits) = (found.unwrap(), hits.iter().collect::<Vec<_>>());
            let mut white = vector.clone();
            recogniser.whiten(&mut white);
            assert_eq!(work, white);
            let expected = bank.search(&white, k, &mut scratch).unwrap();
            assert_eq!(hits, expected.iter().collect::<Vec<_>>());
            assert_eq!(found.id, hits[0].id);
            let others = |entry: &Entry| entry.label != found.label;
            let other = bank.search_filtered(&white, 1, &others, &mut scratch);
            assert_eq!(found.other, -other.unwrap().first().unwrap().similarity);
            alike += usize::from(hits.iter().all(|hit| hit.label == found.label));
            let alone = recogniser.recall(bank.as_ref(), vector, work, &mut scratch);
            assert_eq!(alone.unwrap().unwrap(), found);
        }
    }
    // Both ways were gone: one search was enough, or it took another.
    assert!((61..180).contains(&alike), "{alike}");
}

#[test]
fn a_graph_recalls_what_a_scan_does() {
    let stream = StreamConfig::new(1, 32);
    let scan = RecogniserConfig::new(&stream, 300).merge(0.0);
    let graph = scan.layout(Layout::Graph);
    let all = vectors(32, 360);
    let (train, test) = all.split_at(300);
    let mut labels = Vec::new();
    for config in [scan, graph] {
        let mut room = Room::new(&config);
        let (mut bank, mut recogniser, mut scratch, work) = room.parts(config);
        for (label, vector) in train {
            recogniser
                .learn(&mut bank, vector, pattern(*label), work)
                .unwrap();
            assert_eq!(recogniser.is_fresh(), config == graph);
        }
        recogniser.refresh(&mut bank, work).unwrap();
        assert_eq!(bank.len(), 300);
        let recalled = test.iter().map(|(_, vector)| {
            let found = recogniser.recall(bank.as_ref(), vector, work, &mut scratch);
            found.unwrap().unwrap().id
        });
        labels.push(recalled.collect::<Vec<_>>());
    }
    let same = labels[0]
        .iter()
        .zip(&labels[1])
        .filter(|(a, b)| a == b)
        .count();
    assert!(same >= 57, "{same} of 60");
}

#[test]
fn novelty_margin_and_confidence_tell_what_is_strange_and_unclear() {
    let stream = StreamConfig::new(1, 32);
    let config = RecogniserConfig::new(&stream, 40);
    let mut room = Room::new(&config);
    let (mut bank, mut recogniser, mut scratch, work) = room.parts(config);
    for (label, vector) in vectors(32, 300) {
        recogniser.refresh(&mut bank, work).unwrap();
        if let Some(found) = recogniser
            .recall(bank.as_ref(), &vector, work, &mut scratch)
            .unwrap()
        {
            recogniser.record(&found, label);
        }
        recogniser
            .learn(&mut bank, &vector, pattern(label), work)
            .unwrap();
    }
    let (recalls, right) = recogniser.record_of();
    assert_eq!(recalls, 299);
    assert!(right * 10 >= recalls * 9, "{right}");
    recogniser.refresh(&mut bank, work).unwrap();
    let recall = |recogniser: &Recogniser<'_>, vector: &[f32], scratch: &mut Scratch<'_>| {
        let mut work = [0.0; 32];
        let found = recogniser.recall(bank.as_ref(), vector, &mut work, scratch);
        found.unwrap().unwrap()
    };
    let (_, known) = vectors(32, 301).pop().unwrap();
    let known = recall(&recogniser, &known, &mut scratch);
    assert!(
        known.rarity > 0.05 && known.margin() > 0.0 && known.confidence > 0.5,
        "{known:?}"
    );
    let strange: Vec<f32> = (0..32)
        .map(|i| if i % 2 == 0 { 1.5 } else { -1.5 })
        .collect();
    let strange = recall(&recogniser, &strange, &mut scratch);
    assert!(strange.novelty > 4.0 * known.novelty);
    assert_eq!(strange.rarity, 1.0 / 33.0);
    assert!(!recogniser.watch(known.novelty));
    assert!(recogniser.watch(strange.novelty));
}

#[test]
fn what_is_refused_changes_nothing() {
    let stream = StreamConfig::new(1, 16);
    let config = RecogniserConfig::new(&stream, 20);
    let mut room = Room::new(&config);
    let (mut bank, mut recogniser, mut scratch, work) = room.parts(config);
    let none = recogniser.recall(bank.as_ref(), &[0.0; 16], work, &mut scratch);
    assert_eq!(none, Ok(None));
    recogniser
        .learn(&mut bank, &[0.5; 16], pattern(1), work)
        .unwrap();
    let before = (bank.image_digest(), recogniser.image_digest());
    let stale = recogniser.recall(bank.as_ref(), &[0.0; 16], work, &mut scratch);
    assert_eq!(stale, Err(RecallError::Stale));
    let wrong = LearnError::WrongLength {
        expected: 16,
        found: 15,
    };
    assert_eq!(
        recogniser.learn(&mut bank, &[0.0; 15], pattern(1), work),
        Err(wrong)
    );
    let mut bad = [0.0; 16];
    bad[3] = f32::NAN;
    let bad = recogniser.learn(&mut bank, &bad, pattern(1), work);
    assert_eq!(bad, Err(LearnError::NotFinite { index: 3 }));
    let short = recogniser.learn(&mut bank, &[0.0; 16], pattern(1), &mut work[..9]);
    assert_eq!(short, Err(LearnError::WorkTooSmall { needed: 16 }));
    let mut other = Memory::zeroed(BankConfig::new(16, 20).bytes());
    let mut other = PatternBank::format(&mut other, BankConfig::new(16, 20)).unwrap();
    let wrong = recogniser.learn(&mut other, &[0.0; 16], pattern(1), work);
    assert_eq!(wrong, Err(LearnError::WrongBank));
    assert_eq!((bank.image_digest(), recogniser.image_digest()), before);
}

#[test]
fn any_vector_is_learned_and_recalled_without_harm() {
    let stream = StreamConfig::new(1, 16);
    let config = RecogniserConfig::new(&stream, 3);
    proptest!(ProptestConfig::with_cases(32), |(
        all in prop::collection::vec((0u32..5, prop::array::uniform16(any::<i16>())), 1..40)
    )| {
        let mut room = Room::new(&config);
        let (mut bank, mut recogniser, mut scratch, work) = room.parts(config);
        for (label, codes) in all {
            let vector = codes.map(|c| f32::from(c.max(-32_767)) * QUANTUM);
            recogniser.learn(&mut bank, &vector, pattern(label), work).unwrap();
            recogniser.refresh(&mut bank, work).unwrap();
            let found = recogniser.recall(bank.as_ref(), &vector, work, &mut scratch);
            let found = found.unwrap().unwrap();
            prop_assert!(found.distance.is_finite() && found.novelty.is_finite());
            recogniser.record(&found, label);
            recogniser.watch(found.novelty);
        }
        let digest = recogniser.seal();
        let recogniser = Recogniser::open_verified(&mut room.recogniser).unwrap();
        prop_assert_eq!(recogniser.image_digest(), digest);
    });
}

#[test]
fn hostile_metrics_are_refused() {
    let stream = StreamConfig::new(1, 16);
    let config = RecogniserConfig::new(&stream, 3);
    let mut room = Room::new(&config);
    let (mut bank, mut recogniser, _, work) = room.parts(config);
    recogniser
        .learn(&mut bank, &[0.5; 16], pattern(1), work)
        .unwrap();
    // A root of zero, an infinite mean.
    let factor = 128 + 64;
    let mean = factor + (metric::packed(16) * 4).next_multiple_of(64);
    for (at, value) in [
        (factor, 0.0f32),
        (factor + 16 * 4, -1.0),
        (mean, f32::INFINITY),
    ] {
        let mut hostile = room.recogniser.clone();
        hostile[at..at + 4].copy_from_slice(&value.to_le_bytes());
        assert_eq!(
            Recogniser::open(&mut hostile).unwrap_err(),
            BlockError::Corrupt
        );
    }
    Recogniser::open(&mut room.recogniser).unwrap();
}

#[test]
fn what_fits_a_microcontroller_fits() {
    for channels in [1, 2, 3, 6, 9, 12, 16] {
        let stream = StreamConfig::small(channels);
        let config = RecogniserConfig::within(&stream, 24 * 1024);
        let all = stream.bytes() + config.bytes() + config.bank().bytes();
        assert!(all <= 24 * 1024, "{channels}: {all}");
        assert!(channels > 6 || config.patterns() >= 48, "{channels}");
    }
}
