//! The pattern bank: its bytes after a life of inserts and removals, and what searches find.

use crate::transcript::Transcript;
use crate::{Hex, Report, draw::Draw};
use sensilla::bank::{
    BankConfig, Element, Goal, Layout, Metric, Pattern, PatternBank, PatternBankRef, PatternId,
    Scratch, ScratchConfig, Search,
};

const EF: u32 = 48;
const MOST: usize = 64;

/// The lines of one life.
macro_rules! lines {
    ($name:literal) => {
        [
            concat!($name, "/calls"),
            concat!($name, "/found"),
            concat!($name, "/content"),
            concat!($name, "/image"),
        ]
    };
}

/// Eight-bit codes compared by cosine, in a graph.
pub fn i8_cosine(room: &mut [u8], report: &mut dyn Report) {
    let config = BankConfig::new(20, 300).links(8).ef_construction(40);
    // A scan cost of one makes searches walk the graph early.
    life(room, report, lines!("bank/i8-cosine"), config.scan_cost(1));
}

/// Floats compared by distance, in a graph.
pub fn f32_euclidean(room: &mut [u8], report: &mut dyn Report) {
    let config = BankConfig::new(33, 200)
        .element(Element::F32)
        .metric(Metric::SquaredEuclidean)
        .links(8)
        .ef_construction(40);
    life(
        room,
        report,
        lines!("bank/f32-euclidean"),
        config.scan_cost(1),
    );
}

/// Eight-bit codes by inner product, laid out for scans.
pub fn i8_dot_scan(room: &mut [u8], report: &mut dyn Report) {
    let config = BankConfig::new(16, 200)
        .metric(Metric::InnerProduct)
        .layout(Layout::Scan);
    life(room, report, lines!("bank/i8-dot-scan"), config);
}

fn life(room: &mut [u8], report: &mut dyn Report, lines: [&str; 4], config: BankConfig) {
    let scratch_config = ScratchConfig::new(&config, EF);
    let (memory, rest) = room.split_at_mut(config.bytes());
    let mut scratch = Scratch::format(rest, scratch_config).unwrap();
    let mut bank = PatternBank::format(memory, config).unwrap();
    let mut draw = Draw::new(4);
    let mut calls = Transcript::new();
    let mut vector = [0.0; MOST];
    let vector = &mut vector[..config.dimensions() as usize];
    let mut ids = [PatternId::default(); 400];

    for i in 0..ids.len() {
        draw.fill(vector);
        let pattern = Pattern {
            label: draw.below(9),
            confidence: draw.below(65_536) as u16,
            at: 1_000 * i as u64,
        };
        let inserted = bank.insert_evicting(vector, pattern).unwrap();
        ids[i] = inserted.id;
        calls.shown(&inserted);
        if i % 7 == 0 {
            let id = ids[draw.below(i as u32 + 1) as usize];
            calls.shown(&bank.remove(id));
        }
        if i % 11 == 0 {
            let id = ids[draw.below(i as u32 + 1) as usize];
            draw.fill(vector);
            calls.answer(&bank.update(id, vector, pattern));
        }
        if i % 13 == 0 {
            draw.fill(vector);
            let hits = bank.search(vector, 3, &mut scratch).unwrap();
            bank.touch(&hits, 1_000 * i as u64);
        }
    }
    vector[0] = f32::NAN;
    calls.answer(&bank.insert(vector, Pattern::default()));
    vector.fill(3e38);
    calls.answer(&bank.insert(vector, Pattern::default()));

    let mut found = Transcript::new();
    for _ in 0..40 {
        draw.fill(vector);
        for exact in [false, true] {
            let hits = match exact {
                false => bank.search(vector, 8, &mut scratch),
                true => bank.search_exact(vector, 8, &mut scratch),
            };
            for hit in hits.unwrap().iter() {
                found.number(hit.id.to_u64());
                found.float(hit.similarity);
                found.number(u64::from(hit.label));
            }
        }
    }
    // Few enough candidates that a predicate on half the patterns is answered by a walk.
    for _ in 0..20 {
        draw.fill(vector);
        let search = Search {
            goal: Goal::Ef(8),
            filter: Some(&|entry| entry.label & 1 == 0),
            ..Search::new(4)
        };
        let hits = bank.search_with(vector, &search, &mut scratch).unwrap();
        found.shown(&hits.method());
        for hit in hits.iter() {
            found.number(hit.id.to_u64());
        }
    }
    bank.vector(ids[ids.len() - 1], vector).unwrap();
    vector.iter().for_each(|&x| found.float(x));

    let (digest, image) = (bank.digest(), bank.seal());
    let again = PatternBankRef::open_verified(memory).unwrap();
    assert_eq!((again.digest(), again.image_digest()), (digest, image));
    let [calls_line, found_line, content_line, image_line] = lines;
    report.line(calls_line, &Hex(&calls.finish()));
    report.line(found_line, &Hex(&found.finish()));
    report.line(content_line, &Hex(&digest));
    report.line(image_line, &Hex(&image));
}
