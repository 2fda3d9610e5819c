//! Searches with a predicate find what is there, on the walk and where the scan takes over.

use sensilla::bank::{
    BankConfig, Element, Entry, Goal, Hits, Method, Pattern, PatternBank, Scratch, ScratchConfig,
    Search,
};
use sensilla::block::Block;

const ROWS: u32 = 2_000;
const QUERIES: usize = 40;
const DIMENSIONS: usize = 48;
const K: usize = 10;

/// A scan cost of one, so that the walk serves in so small a bank.
const CONFIG: BankConfig = BankConfig::new(DIMENSIONS as u32, ROWS)
    .element(Element::I8F32)
    .links(8)
    .ef_construction(60)
    .scan_cost(1);
const SCRATCH: ScratchConfig = ScratchConfig::new(&CONFIG, 1_024);

struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    /// A vector near one of twenty centres, and the number of the centre.
    fn vector(&mut self) -> (u32, [f32; DIMENSIONS]) {
        let centre = self.next() % 20;
        let mut about = Random(centre + 1);
        let vector = core::array::from_fn(|_| {
            let unit = |random: &mut Random| random.next() as f32 / (1 << 23) as f32 - 1.0;
            unit(&mut about) + 0.8 * unit(self)
        });
        (centre, vector)
    }
}

/// A bank whose labels are row numbers and whose confidence is the number of the centre.
fn with_bank(test: impl FnOnce(&PatternBank<'_>, &mut Scratch<'_>, &mut Random)) {
    let mut memory = Box::new(Block::<{ CONFIG.bytes() }>::new());
    let mut scratch = Box::new(Block::<{ SCRATCH.bytes() }>::new());
    let mut bank = PatternBank::format(&mut memory[..], CONFIG).unwrap();
    let mut scratch = Scratch::format(&mut scratch[..], SCRATCH).unwrap();
    let mut random = Random(7);
    for label in 0..ROWS {
        let (centre, vector) = random.vector();
        let pattern = Pattern {
            label,
            confidence: centre as u16,
            at: 0,
        };
        bank.insert(&vector, pattern).unwrap();
    }
    test(&bank, &mut scratch, &mut random);
}

fn labels(hits: &Hits<'_>) -> Vec<u32> {
    hits.iter().map(|hit| hit.label).collect()
}

/// What forty candidates find.
fn filtered<'s>(
    bank: &PatternBank<'_>,
    query: &[f32],
    accepts: &dyn Fn(&Entry) -> bool,
    scratch: &'s mut Scratch<'_>,
) -> Hits<'s> {
    let search = Search {
        goal: Goal::Ef(40),
        filter: Some(accepts),
        ..Search::new(K)
    };
    bank.search_with(query, &search, scratch).unwrap()
}

fn exact(
    bank: &PatternBank<'_>,
    query: &[f32],
    accepts: &dyn Fn(&Entry) -> bool,
    scratch: &mut Scratch<'_>,
) -> Vec<u32> {
    let search = Search {
        method: Some(Method::Scan),
        filter: Some(accepts),
        ..Search::new(K)
    };
    labels(&bank.search_with(query, &search, scratch).unwrap())
}

#[test]
fn recall_holds_from_half_the_patterns_to_one_in_a_hundred() {
    with_bank(|bank, scratch, random| {
        for (every, method) in [(2, Method::Graph), (10, Method::Graph), (100, Method::Scan)] {
            let accepts =
                |entry: &Entry| entry.label.wrapping_mul(2_654_435_761) >> 7 < (1 << 25) / every;
            let mut found = 0;
            let mut walks = 0;
            for _ in 0..QUERIES {
                let (_, query) = random.vector();
                let truth = exact(bank, &query, &accepts, scratch);
                assert_eq!(truth.len(), K);
                let hits = filtered(bank, &query, &accepts, scratch);
                walks += usize::from(hits.method() == Method::Graph);
                assert!(labels(&hits).len() == K);
                found += labels(&hits).iter().filter(|l| truth.contains(l)).count();
            }
            let (most, served) = match method {
                Method::Scan => (QUERIES * K, QUERIES - walks),
                _ => (QUERIES * K * 98 / 100, walks),
            };
            assert!(found >= most, "one in {every}: {found} of {}", QUERIES * K);
            assert!(served >= QUERIES * 9 / 10, "one in {every}: {walks} walks");
        }
    });
}

#[test]
fn a_predicate_that_refuses_all_that_is_near_gets_the_exact_answer() {
    with_bank(|bank, scratch, random| {
        let mut scans = 0;
        for _ in 0..QUERIES {
            let (centre, query) = random.vector();
            // Three clusters in twenty, none of them the query's.
            let accepts = |entry: &Entry| {
                let away = (u32::from(entry.confidence) + 20 - centre) % 20;
                (8..11).contains(&away)
            };
            let truth = exact(bank, &query, &accepts, scratch);
            let hits = filtered(bank, &query, &accepts, scratch);
            scans += usize::from(hits.method() == Method::Scan);
            let shared = labels(&hits).iter().filter(|l| truth.contains(l)).count();
            assert!(shared >= K - 1, "{shared} of {K}");
        }
        assert!(scans > 0);
    });
}

#[test]
fn a_predicate_that_takes_few_gets_all_of_them() {
    with_bank(|bank, scratch, random| {
        let (_, query) = random.vector();
        for most in [0, 1, 7] {
            let accepts = |entry: &Entry| entry.label < most;
            let hits = filtered(bank, &query, &accepts, scratch);
            assert_eq!((hits.len(), hits.method()), (most as usize, Method::Scan));
        }
        // All are as good as no predicate.
        let plain = labels(&bank.search(&query, K, scratch).unwrap());
        let hits = filtered(bank, &query, &|_| true, scratch);
        assert_eq!(hits.method(), Method::Graph);
        assert!(labels(&hits).iter().filter(|l| plain.contains(l)).count() >= K - 1);
    });
}

#[test]
fn a_walk_that_was_asked_for_is_not_made_good() {
    with_bank(|bank, scratch, random| {
        let (_, query) = random.vector();
        let accepts = |entry: &Entry| entry.label == 3;
        let search = Search {
            goal: Goal::Ef(40),
            method: Some(Method::Graph),
            filter: Some(&accepts),
            ..Search::new(K)
        };
        let hits = bank.search_with(&query, &search, scratch).unwrap();
        assert_eq!(hits.method(), Method::Graph);
        assert!(hits.iter().all(|hit| hit.label == 3));
    });
}
