//! The bank against a plain model: a list of vectors, compared one by one.

use super::*;
use crate::block::BlockError;
pub(super) use crate::block::Memory;
use crate::error::ErrorCode;
use crate::simd::{self, Level};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

mod clusters;
mod copies;
mod lossy;
mod scanned;

/// Same numbers everywhere.
pub(super) struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    /// Between -1 and 1.
    fn float(&mut self) -> f32 {
        self.next() as f32 / 1_073_741_824.0 - 1.0
    }

    pub fn vector(&mut self, dimensions: usize) -> Vec<f32> {
        (0..dimensions).map(|_| self.float()).collect()
    }
}

fn naive_dot(a: &[f32], b: &[f32]) -> f32 {
    let mut s = [0.0f32; 16];
    for i in 0..a.len() {
        s[i % 16] += a[i] * b[i];
    }
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            s[i] += s[i + half];
        }
    }
    s[0]
}

fn naive_normalise(v: &[f32]) -> Vec<f32> {
    let most = v.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let y: Vec<f32> = v.iter().map(|x| x / most).collect();
    let inverse = 1.0 / naive_dot(&y, &y).sqrt();
    y.iter().map(|y| y * inverse).collect()
}

/// What a query scores against a row as it is stored.
fn naive_score(config: &BankConfig, query: &[f32], stored: &[f32]) -> f32 {
    let cosine = config.metric == Metric::Cosine;
    match config.element {
        Element::Bits => {
            let differ = query
                .iter()
                .zip(stored)
                .filter(|(q, x)| (**q > 0.0) != (**x > 0.0));
            1.0 - 2.0 * differ.count() as f32 / query.len() as f32
        }
        Element::F32 | Element::I8F32 => {
            let query = if cosine {
                naive_normalise(query)
            } else {
                query.to_vec()
            };
            let d: Vec<f32> = query.iter().zip(stored).map(|(q, x)| q - x).collect();
            match config.metric {
                Metric::SquaredEuclidean => -naive_dot(&d, &d),
                Metric::Cosine => 1.0 - 0.5 * naive_dot(&d, &d),
                Metric::InnerProduct => naive_dot(&query, stored),
            }
        }
        // Close to, not equal: the query's codes round.
        Element::I8 => {
            let query: Vec<f64> = match cosine {
                true => naive_normalise(query).into_iter().map(f64::from).collect(),
                false => query.iter().copied().map(f64::from).collect(),
            };
            let pairs = query.iter().zip(stored.iter().copied().map(f64::from));
            (match config.metric {
                Metric::SquaredEuclidean => -pairs.map(|(q, x)| (q - x) * (q - x)).sum::<f64>(),
                _ => pairs.map(|(q, x)| q * x).sum::<f64>(),
            }) as f32
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert,
    Evict,
    Update(usize),
    Remove(usize),
    Search(usize),
    Touch,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => Just(Step::Insert),
        1 => Just(Step::Evict),
        2 => (0usize..1000).prop_map(Step::Update),
        3 => (0usize..1000).prop_map(Step::Remove),
        3 => (1usize..12).prop_map(Step::Search),
        1 => Just(Step::Touch),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..120)
}

fn configs() -> impl Strategy<Value = BankConfig> {
    (1u32..70, 1u32..60, 0usize..4, 0usize..3, 0usize..3).prop_map(|(d, n, e, m, l)| {
        let element = [Element::I8, Element::F32, Element::I8F32, Element::Bits][e];
        let metric = match element {
            Element::Bits => Metric::Cosine,
            _ => [
                Metric::Cosine,
                Metric::InnerProduct,
                Metric::SquaredEuclidean,
            ][m],
        };
        BankConfig::new(d, n)
            .element(element)
            .metric(metric)
            .layout([Layout::Scan, Layout::Graph, Layout::Both][l])
            .links(4)
            .ef_construction(16)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn follows_a_plain_list(config in configs(), steps in steps(), seed in any::<u64>()) {
        let mut random = Random(seed);
        let dimensions = config.dimensions as usize;
        let scratch_config = ScratchConfig::new(&config, 16);
        let mut scratch = Memory::zeroed(scratch_config.bytes());
        let mut scratch = Scratch::format(&mut scratch, scratch_config).unwrap();
        let mut memory = Memory::zeroed(config.bytes());
        let mut bank = PatternBank::format(&mut memory, config).unwrap();
        let mut model: BTreeMap<PatternId, (u32, u16, u64)> = BTreeMap::new();
        let mut image = None;
        let mut now = 1_000;
        for step in steps {
            now += 500;
            let pattern = Pattern {
                label: random.next(),
                confidence: random.next() as u16,
                at: now,
            };
            let record = (pattern.label, 0u16, now);
            match step {
                Step::Insert => match bank.insert(&random.vector(dimensions), pattern) {
                    Ok(id) => prop_assert!(model.insert(id, record).is_none()),
                    Err(error) => {
                        prop_assert_eq!(error, InsertError::Full);
                        prop_assert_eq!(model.len(), config.capacity as usize);
                    }
                },
                Step::Evict => {
                    let full = bank.is_full();
                    let done = bank.insert_evicting(&random.vector(dimensions), pattern).unwrap();
                    prop_assert_eq!(done.evicted.is_some(), full);
                    if let Some(gone) = done.evicted {
                        prop_assert!(model.remove(&gone.id).is_some());
                    }
                    prop_assert!(model.insert(done.id, record).is_none());
                }
                Step::Update(at) if !model.is_empty() => {
                    let id = *model.keys().nth(at % model.len()).unwrap();
                    bank.update(id, &random.vector(dimensions), pattern).unwrap();
                    let uses = model[&id].1;
                    model.insert(id, (pattern.label, uses, now));
                }
                Step::Remove(at) if !model.is_empty() => {
                    let id = *model.keys().nth(at % model.len()).unwrap();
                    bank.remove(id).unwrap();
                    model.remove(&id);
                    prop_assert_eq!(bank.get(id), None);
                    prop_assert_eq!(bank.remove(id), Err(IdError::Gone));
                }
                Step::Update(_) | Step::Remove(_) => {}
                Step::Search(k) => {
                    let query = random.vector(dimensions);
                    let mut expected: Vec<(f32, PatternId)> = Vec::new();
                    for &id in model.keys() {
                        let mut stored = vec![0.0; dimensions];
                        bank.vector(id, &mut stored).unwrap();
                        expected.push((naive_score(&config, &query, &stored), id));
                    }
                    expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
                    expected.truncate(k);
                    let hits = bank.search_exact(&query, k, &mut scratch).unwrap();
                    prop_assert_eq!(hits.len(), expected.len());
                    for (hit, (score, id)) in hits.iter().zip(expected) {
                        let mut slack = 0.0;
                        match config.element {
                            Element::I8 => slack = 1e-3 * (1.0 + score.abs()),
                            _ => prop_assert_eq!(hit.id, id),
                        }
                        if config.metric == Metric::Cosine {
                            slack += 2e-7;
                        }
                        prop_assert!((hit.similarity - score).abs() <= slack);
                        prop_assert_eq!(Some(hit.label), bank.get(hit.id).map(|e| e.label));
                    }
                }
                Step::Touch => {
                    let hits = bank.search_exact(&random.vector(dimensions), 2, &mut scratch).unwrap();
                    bank.touch(&hits, now);
                    for hit in hits.iter() {
                        let entry = model.get_mut(&hit.id).unwrap();
                        *entry = (entry.0, entry.1 + 1, now);
                    }
                }
                Step::Reopen => image = Some((bank.seal(), bank.digest())),
            }
            if let Some((sealed, digest)) = image.take() {
                bank = PatternBank::open_verified(&mut memory).unwrap();
                prop_assert_eq!(bank.image_digest(), sealed);
                prop_assert_eq!(bank.digest(), digest);
            }
            let found: BTreeMap<_, _> =
                bank.iter().map(|e| (e.id, (e.label, e.uses, e.last_use))).collect();
            prop_assert_eq!(&found, &model);
            // Degrees, symmetry, no link to a dead slot, no content outside of live slots.
            prop_assert_eq!(open::check::<Any>(&bank.as_ref().view), Ok(()));
        }
        if config.has_graph() {
            while !bank.audit_step(7).round_done {}
            prop_assert_eq!(unreachable(&bank), 0);
            prop_assert_eq!(bank.as_ref().unreachable(&mut scratch), Ok(0));
            prop_assert_eq!(open::check::<Any>(&bank.as_ref().view), Ok(()));
        }
        PatternBank::open(&mut memory).unwrap();
    }
}

/// Live patterns that no path leads to from where walks start.
pub(super) fn unreachable(bank: &PatternBank<'_>) -> usize {
    let bank = bank.as_ref();
    let view = &bank.view;
    let mut seen = vec![false; view.high()];
    let mut waiting: Vec<u32> = entries::first(view).into_iter().collect();
    while let Some(slot) = waiting.pop() {
        if !core::mem::replace(&mut seen[slot as usize], true) {
            view.for_links(slot, |link| waiting.push(link));
        }
    }
    view.entries()
        .filter(|entry| !seen[entry.id.slot() as usize])
        .count()
}

#[test]
fn the_graph_finds_what_the_scan_finds() {
    for element in [Element::I8, Element::F32, Element::I8F32, Element::Bits] {
        for metric in [
            Metric::Cosine,
            Metric::InnerProduct,
            Metric::SquaredEuclidean,
        ] {
            if element == Element::Bits && metric != Metric::Cosine {
                continue;
            }
            let config = BankConfig::new(24, 500)
                .element(element)
                .metric(metric)
                .links(8);
            let scratch_config = ScratchConfig::new(&config, 64);
            let mut scratch = Memory::zeroed(scratch_config.bytes());
            let mut scratch = Scratch::format(&mut scratch, scratch_config).unwrap();
            let mut memory = Memory::zeroed(config.bytes());
            let bank = filled(config, &mut memory, 11);
            let (mut random, mut found) = (Random(2), 0);
            for _ in 0..20 {
                let query = random.vector(24);
                let walk = Search {
                    goal: Goal::Ef(64),
                    method: Some(Method::Graph),
                    ..Search::new(10)
                };
                let hits = bank.search_with(&query, &walk, &mut scratch).unwrap();
                assert_eq!((hits.method(), hits.len()), (Method::Graph, 10));
                assert!(hits.distances() < 360);
                // By similarity, for bits have many ties.
                let last = hits.get(9).unwrap().similarity;
                let exact = bank.search_exact(&query, 10, &mut scratch).unwrap();
                found += exact
                    .iter()
                    .filter(|hit| hit.similarity >= last)
                    .count()
                    .min(10);
            }
            assert!(found >= 190, "{element:?} {metric:?}: {found} of 200");
        }
    }
}

fn filled(config: BankConfig, memory: &mut Memory, seed: u64) -> PatternBank<'_> {
    let mut random = Random(seed);
    let mut bank = PatternBank::format(memory, config).unwrap();
    for label in 0..config.capacity * 3 / 4 {
        let vector = random.vector(config.dimensions as usize);
        let pattern = Pattern {
            label,
            ..Pattern::default()
        };
        let id = bank.insert(&vector, pattern).unwrap();
        if label % 5 == 4 {
            bank.remove(id).unwrap();
        }
    }
    bank
}

#[test]
fn every_kernel_level_leaves_the_same_bytes_and_finds_the_same() {
    for element in [Element::I8, Element::F32, Element::I8F32, Element::Bits] {
        for layout in [Layout::Scan, Layout::Graph, Layout::Both] {
            // A scan cost of one makes small searches walk.
            let config = BankConfig::new(50, 200)
                .element(element)
                .layout(layout)
                .scan_cost(1);
            let scratch_config = ScratchConfig::new(&config, 32);
            let mut seen = None;
            for level in Level::ALL.into_iter().filter(|level| level.is_supported()) {
                simd::force(Some(level)).unwrap();
                let mut memory = Memory::zeroed(config.bytes());
                let bank = filled(config, &mut memory, 3);
                let mut scratch = Memory::zeroed(scratch_config.bytes());
                let mut scratch = Scratch::format(&mut scratch, scratch_config).unwrap();
                let mut random = Random(9);
                let mut found = Vec::new();
                for _ in 0..20 {
                    let hits = bank.search(&random.vector(50), 7, &mut scratch).unwrap();
                    found.extend(hits.iter().map(|h| (h.id, h.similarity.to_bits())));
                    let half = |entry: &Entry| entry.label.is_multiple_of(2);
                    let hits = bank
                        .search_filtered(&random.vector(50), 7, &half, &mut scratch)
                        .unwrap();
                    found.extend(hits.iter().map(|h| (h.id, h.similarity.to_bits())));
                }
                let outcome = (bank.image_digest(), found);
                match &seen {
                    None => seen = Some(outcome),
                    Some(first) => assert!(*first == outcome, "{level:?} {element:?} {layout:?}"),
                }
            }
            simd::force(None).unwrap();
        }
    }
}

#[test]
fn a_hostile_image_is_an_error_or_works() {
    for element in [Element::I8, Element::F32, Element::I8F32, Element::Bits] {
        for layout in [Layout::Scan, Layout::Graph, Layout::Both] {
            let config = BankConfig::new(20, 24)
                .element(element)
                .layout(layout)
                .links(2)
                .ef_construction(8);
            let mut memory = Memory::zeroed(config.bytes());
            filled(config, &mut memory, 5);
            let good = memory.to_vec();
            let mut random = Random(77);
            for _ in 0..400 {
                memory.copy_from_slice(&good);
                for _ in 0..=random.next() % 3 {
                    let at = random.next() as usize % good.len();
                    memory[at] = match random.next() % 3 {
                        0 => 0,
                        1 => 255,
                        _ => random.next() as u8,
                    };
                }
                let Ok(mut bank) = PatternBank::open(&mut memory) else {
                    continue;
                };
                let scratch_config = ScratchConfig::new(bank.config(), 8);
                let mut scratch = Memory::zeroed(scratch_config.bytes());
                let mut scratch = Scratch::format(&mut scratch, scratch_config).unwrap();
                let query = random.vector(20);
                let hits = bank.search(&query, 5, &mut scratch).unwrap();
                assert!(hits.iter().all(|hit| hit.similarity.is_finite()));
                bank.touch(&hits, 5);
                let first = bank.iter().next();
                if let Some(entry) = first {
                    bank.update(entry.id, &query, Pattern::default()).unwrap();
                    bank.remove(entry.id).unwrap();
                }
                bank.insert_evicting(&query, Pattern::default()).unwrap();
            }
        }
    }
}

fn with_bank(config: BankConfig, test: impl FnOnce(&mut PatternBank<'_>, &mut Scratch<'_>)) {
    let scratch_config = ScratchConfig::new(&config, 16);
    let mut scratch = Memory::zeroed(scratch_config.bytes());
    let mut memory = Memory::zeroed(config.bytes());
    test(
        &mut PatternBank::format(&mut memory, config).unwrap(),
        &mut Scratch::format(&mut scratch, scratch_config).unwrap(),
    );
}

#[test]
fn hole_02_one_row_a_pattern_and_no_bad_vector() {
    with_bank(BankConfig::new(4, 8), |bank, scratch| {
        for label in 0..5 {
            let pattern = Pattern {
                label,
                ..Pattern::default()
            };
            bank.insert(&[1.0, 0.0, 0.0, 0.0], pattern).unwrap();
        }
        let before = bank.image_digest();
        let hits = bank.search(&[1.0, 0.0, 0.0, 0.0], 10, scratch).unwrap();
        let labels: Vec<u32> = hits.iter().map(|hit| hit.label).collect();
        assert_eq!(labels, [0, 1, 2, 3, 4]);
        assert!(hits.iter().all(|hit| (hit.similarity - 1.0).abs() < 1e-3));
        let pattern = Pattern::default();
        assert_eq!(
            bank.insert(&[1.0; 3], pattern),
            Err(InsertError::Vector(VectorError::WrongLength {
                expected: 4,
                found: 3
            }))
        );
        assert_eq!(
            bank.insert(&[1.0, f32::INFINITY, 0.0, 0.0], pattern),
            Err(VectorError::NotFinite { index: 1 }.into())
        );
        assert_eq!(
            bank.insert(&[0.0, 0.0, 0.0, f32::NAN], pattern),
            Err(VectorError::NotFinite { index: 3 }.into())
        );
        assert_eq!(
            bank.insert(&[0.0; 4], pattern),
            Err(VectorError::ZeroVector.into())
        );
        assert_eq!(
            bank.search(&[0.0; 4], 1, scratch).err(),
            Some(VectorError::ZeroVector.into())
        );
        assert_eq!(bank.image_digest(), before);
    });
    with_bank(
        BankConfig::new(2, 8).metric(Metric::InnerProduct),
        |bank, _| {
            let error = bank.insert(&[0.0, 1e20], Pattern::default()).unwrap_err();
            assert_eq!(error, VectorError::TooLarge { index: 1 }.into());
            assert_eq!(error.code(), 0x0204);
        },
    );
}

#[test]
fn an_updated_pattern_keeps_its_uses_and_its_latest_use() {
    with_bank(BankConfig::new(2, 4), |bank, scratch| {
        let pattern = |label, at| Pattern {
            label,
            at,
            ..Pattern::default()
        };
        let id = bank.insert(&[1.0, 0.0], pattern(1, 10)).unwrap();
        let hits = bank.search(&[1.0, 0.0], 1, scratch).unwrap();
        bank.touch(&hits, 50);
        bank.update(id, &[0.0, 1.0], pattern(2, 20)).unwrap();
        let entry = bank.get(id).unwrap();
        assert_eq!((entry.label, entry.uses, entry.last_use), (2, 1, 50));
        bank.annotate(id, pattern(3, 60)).unwrap();
        let entry = bank.get(id).unwrap();
        assert_eq!((entry.label, entry.uses, entry.last_use), (3, 1, 60));
        let hits = bank.search(&[0.0, 1.0], 1, scratch).unwrap();
        assert!(hits.first().unwrap().similarity > 0.99);
    });
}

#[test]
fn hole_03_only_what_was_found_counts_as_used() {
    with_bank(BankConfig::new(2, 4), |bank, scratch| {
        let near = bank.insert(&[1.0, 0.0], Pattern::default()).unwrap();
        let far = bank.insert(&[0.0, 1.0], Pattern::default()).unwrap();
        let hits = bank.search(&[1.0, 0.1], 1, scratch).unwrap();
        bank.touch(&hits, 10);
        assert_eq!(bank.get(near).unwrap().uses, 1);
        assert_eq!(bank.get(far).unwrap().uses, 0);
        let mut gone = Vec::new();
        assert_eq!(
            bank.prune(|entry| entry.uses > 0, |entry| gone.push(entry.id)),
            1
        );
        assert_eq!(gone, [far]);
        let hits = bank.search(&[0.0, 1.0], 4, scratch).unwrap();
        assert_eq!(hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [near]);
        // A fresh pattern outlives an old one that was as little used.
        let pattern = |at| Pattern {
            confidence: 100,
            at,
            ..Pattern::default()
        };
        for _ in 0..3 {
            bank.insert(&[1.0, 1.0], pattern(1_000)).unwrap();
        }
        let fresh = bank.insert_evicting(&[1.0, 2.0], pattern(100_000)).unwrap();
        assert_eq!(fresh.evicted.map(|entry| entry.id), Some(near));
        let next = bank.insert_evicting(&[2.0, 1.0], pattern(100_001)).unwrap();
        assert!(next.evicted.is_some_and(|entry| entry.id != fresh.id));
    });
}

#[test]
fn hole_04_an_absurd_k_is_an_error() {
    with_bank(BankConfig::new(2, 4), |bank, scratch| {
        bank.insert(&[1.0, 0.0], Pattern::default()).unwrap();
        assert_eq!(
            bank.search(&[1.0, 0.0], 1 << 31, scratch).err(),
            Some(SearchError::TooMany {
                asked: 1 << 31,
                most: 16
            })
        );
        assert_eq!(bank.search(&[1.0, 0.0], 0, scratch).unwrap().len(), 0);
        assert_eq!(bank.search(&[1.0, 0.0], 3, scratch).unwrap().len(), 1);
    });
    assert_eq!(
        PatternBank::format(&mut [], BankConfig::new(0, 4)).err(),
        Some(BlockError::BadConfig)
    );
    let huge = BankConfig::new(MAX_DIMENSIONS, MAX_CAPACITY).element(Element::F32);
    assert!(matches!(
        PatternBank::format(&mut [], huge).err(),
        Some(BlockError::TooSmall { .. } | BlockError::Misaligned)
    ));
}

#[test]
fn a_batch_leaves_the_bytes_of_single_inserts() {
    let config = BankConfig::new(10, 40)
        .element(Element::I8F32)
        .layout(Layout::Both);
    let mut random = Random(1);
    let vectors = random.vector(300);
    let patterns = vec![
        Pattern {
            label: 3,
            ..Pattern::default()
        };
        30
    ];
    let mut ids = vec![PatternId::default(); 30];
    let (mut one, mut other) = (
        Memory::zeroed(config.bytes()),
        Memory::zeroed(config.bytes()),
    );
    let mut batch = PatternBank::format(&mut one, config).unwrap();
    batch.insert_batch(&vectors, &patterns, &mut ids).unwrap();
    let mut single = PatternBank::format(&mut other, config).unwrap();
    for (vector, id) in vectors.chunks(10).zip(&ids) {
        assert_eq!(single.insert(vector, patterns[0]).unwrap(), *id);
    }
    assert_eq!(batch.image_digest(), single.image_digest());
    let before = batch.image_digest();
    assert_eq!(
        batch.insert_batch(&vectors, &patterns, &mut ids),
        Err(InsertError::Full)
    );
    let mut bad = vectors[..100].to_vec();
    bad[99] = f32::INFINITY;
    assert_eq!(
        batch.insert_batch(&bad, &patterns[..10], &mut ids[..10]),
        Err(VectorError::NotFinite { index: 99 }.into())
    );
    bad[90..].fill(0.0);
    assert_eq!(
        batch.insert_batch(&bad, &patterns[..10], &mut ids[..10]),
        Err(InsertError::ZeroRow { row: 9 })
    );
    assert_eq!(batch.image_digest(), before);
}

#[test]
fn ids_survive_neighbours_and_never_return() {
    with_bank(BankConfig::new(2, 2), |bank, _| {
        let mut seen = Vec::new();
        for _ in 0..100 {
            let id = bank.insert(&[1.0, 2.0], Pattern::default()).unwrap();
            assert!(!seen.contains(&id));
            assert_eq!(PatternId::from_u64(id.to_u64()), id);
            seen.push(id);
            bank.remove(id).unwrap();
        }
    });
}
