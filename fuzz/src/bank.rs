//! Images of pattern banks: whatever opens must search, change and audit without a panic.

use crate::image::{self, Random};
use sensilla::bank::{
    BankConfig, Element, Entry, Layout, Method, Metric, Pattern, PatternBank, PatternBankRef,
    PatternId, Scratch, ScratchConfig, Search,
};
use sensilla::block::Memory;
use std::sync::OnceLock;

const MOST_BYTES: usize = 1 << 20;

fn configs() -> Vec<BankConfig> {
    let elements = [Element::I8, Element::F32, Element::I8F32, Element::Bits];
    let layouts = [Layout::Scan, Layout::Graph, Layout::Both];
    let mut configs = Vec::new();
    for element in elements {
        for layout in layouts {
            let metric = match (element, layout) {
                (Element::I8, Layout::Both) => Metric::SquaredEuclidean,
                (Element::F32, Layout::Graph) => Metric::InnerProduct,
                (Element::I8F32, Layout::Graph) => Metric::SquaredEuclidean,
                _ => Metric::Cosine,
            };
            configs.push(
                BankConfig::new(20, 24)
                    .element(element)
                    .layout(layout)
                    .metric(metric)
                    .links(2)
                    .ef_construction(8)
                    .scan_cost(1),
            );
        }
    }
    configs
}

fn good() -> &'static [Memory] {
    static GOOD: OnceLock<Vec<Memory>> = OnceLock::new();
    GOOD.get_or_init(|| configs().into_iter().map(filled).collect())
}

fn filled(config: BankConfig) -> Memory {
    let mut memory = Memory::zeroed(config.bytes());
    let mut bank = PatternBank::format(&mut memory, config).expect("a good config");
    let mut random = Random(5);
    for label in 0..20 {
        let vector = random.vector(config.dimensions() as usize);
        let pattern = Pattern {
            label,
            confidence: random.draw() as u16,
            at: u64::from(label),
        };
        let id = bank.insert(&vector, pattern).expect("room for all");
        if label % 5 == 4 {
            bank.remove(id).expect("it is there");
        }
    }
    memory
}

/// See the crate.
pub fn run(data: &[u8]) -> bool {
    let Some(mut memory) = image::edit(good(), data) else {
        return false;
    };
    let Ok(bank) = PatternBankRef::open(&mut memory) else {
        assert!(PatternBank::open(&mut memory).is_err());
        return false;
    };
    // A header may ask for as much scratch memory as it likes: a caller need not give it.
    let config = ScratchConfig::new(bank.config(), 12);
    if config.bytes() > MOST_BYTES {
        return true;
    }
    let mut room = Memory::zeroed(config.bytes());
    read(&bank, &mut room);
    let mut bank = PatternBank::open(&mut memory).expect("it opened for reading");
    change(&mut bank);
    read(&bank.as_ref(), &mut room);
    bank.seal();
    PatternBank::open_verified(&mut memory).expect("what was changed is sound, and sealed");
    true
}

fn read(bank: &PatternBankRef<'_>, room: &mut Memory) {
    let config = ScratchConfig::new(bank.config(), 12);
    let mut scratch = Scratch::format(room, config).expect("enough memory");
    let dimensions = bank.config().dimensions() as usize;
    let query = Random(9).vector(dimensions);
    let odd = |entry: &Entry| entry.label % 2 == 1;
    for method in [None, Some(Method::Scan), Some(Method::Graph)] {
        for filter in [None, Some(&odd as &dyn Fn(&Entry) -> bool)] {
            let search = Search {
                method,
                filter,
                ..Search::new(5)
            };
            if let Ok(hits) = bank.search_with(&query, &search, &mut scratch) {
                assert!(hits.len() <= bank.len().min(5));
                for hit in hits.iter() {
                    assert!(hit.similarity.is_finite());
                    assert!(bank.get(hit.id).is_some());
                }
            }
        }
    }
    let mut vector = vec![0.0; dimensions];
    for entry in bank.iter() {
        bank.vector(entry.id, &mut vector).expect("it is there");
        assert!(vector.iter().all(|x| x.is_finite()));
    }
    let unreachable = bank.unreachable(&mut scratch).expect("enough memory");
    assert!(unreachable as usize <= bank.len());
    bank.digest();
    assert!(bank.get(PatternId::from_u64(u64::MAX)).is_none());
}

fn change(bank: &mut PatternBank<'_>) {
    let mut random = Random(3);
    let dimensions = bank.config().dimensions() as usize;
    for at in 0..8 {
        let ids: Vec<PatternId> = bank.iter().map(|entry| entry.id).collect();
        let before = bank.len();
        let vector = random.vector(dimensions);
        let pattern = Pattern {
            at,
            ..Pattern::default()
        };
        match (at % 4, ids.get(random.below(ids.len().max(1)))) {
            (0, Some(&id)) => {
                bank.remove(id).expect("it is there");
                assert_eq!(bank.len(), before - 1);
            }
            (1, Some(&id)) => bank.update(id, &vector, pattern).expect("a good vector"),
            (2, _) => drop(bank.audit_step(8)),
            _ => {
                let done = bank
                    .insert_evicting(&vector, pattern)
                    .expect("a good vector");
                assert!(bank.get(done.id).is_some());
            }
        }
    }
    bank.prune(|entry| entry.label % 3 != 0, |_| {});
}

/// See the crate.
pub fn seeds() -> Vec<Vec<u8>> {
    image::seeds(configs().len() as u8)
}
