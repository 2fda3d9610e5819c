//! Configurations, results, errors and events as data.
#![cfg(feature = "serde")]

use sensilla::bank::{BankConfig, InsertError, Pattern, PatternBank, Scratch, ScratchConfig};
use sensilla::block::Block;
use sensilla::error::ErrorCode;
use sensilla::learn::features::FeatureConfig;
use sensilla::log::kind::{Assert, CERTAIN};
use sensilla::log::{Event, EventKind};
use sensilla::node::{HistoryConfig, NodeConfig, PerceptionConfig};
use serde_json::{from_value, to_value};

#[test]
fn a_configuration_comes_back_as_it_was() {
    let config = NodeConfig::new(
        PerceptionConfig::new(FeatureConfig::new(3, 20_000), 16).merge_at(0.6),
        HistoryConfig::new(32, 4096),
    );
    let data = to_value(config).unwrap();
    assert_eq!(data["history"]["events"], 32);
    assert_eq!(from_value::<NodeConfig>(data).unwrap(), config);
}

#[test]
fn hits_and_errors_say_what_they_say_in_rust() {
    const CONFIG: BankConfig = BankConfig::new(2, 1);
    const SCRATCH: ScratchConfig = ScratchConfig::new(&CONFIG, 4);
    let (mut memory, mut scratch) = (
        Block::<{ CONFIG.bytes() }>::new(),
        Block::<{ SCRATCH.bytes() }>::new(),
    );
    let mut bank = PatternBank::format(&mut memory, CONFIG).unwrap();
    let mut scratch = Scratch::format(&mut scratch, SCRATCH).unwrap();
    let pattern = Pattern {
        label: 7,
        ..Pattern::default()
    };
    bank.insert(&[1.0, 0.0], pattern).unwrap();
    let hit = bank
        .search(&[1.0, 0.0], 1, &mut scratch)
        .unwrap()
        .first()
        .unwrap();
    assert_eq!(to_value(hit).unwrap()["label"], 7);
    let full = bank.insert(&[1.0, 0.0], pattern).unwrap_err();
    let data = to_value(full).unwrap();
    assert_eq!(data["code"], InsertError::Full.code());
    assert_eq!(data["message"], full.to_string());
}

#[test]
fn an_event_is_data_too() {
    let event = Event {
        author: [1; 32],
        realm: [0; 32],
        seq: 1,
        at: 7,
        context: "lab",
        embedding: Default::default(),
        kind: EventKind::Assert(Assert {
            subject: "door",
            predicate: "state",
            value: "open",
            evidence: &[],
            confidence: CERTAIN,
            expires: None,
            supersedes: None,
        }),
    };
    let data = to_value(event).unwrap();
    assert_eq!(data["context"], "lab");
    assert_eq!(data["kind"]["Assert"]["value"], "open");
}
