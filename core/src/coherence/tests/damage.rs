//! A byte that is not zero where nothing lies is found when an engine is opened.

use super::*;
use crate::block::BlockError;
use crate::block::structure::{self, Image};

/// Every table, with vectors outside their buckets and bounds of them.
const CONFIG: EngineConfig = EngineConfig::new(GridConfig::new(20, 12))
    .conflicts(10)
    .witnesses(5)
    .contexts(3)
    .members(8)
    .proofs(3)
    .checkpoints(2);

/// Where each section lies in the block.
fn sections(world: &mut World) -> Vec<(&'static str, core::ops::Range<usize>)> {
    let engine = world.engine();
    let mut at = crate::block::HEADER_BYTES;
    let mut found = Vec::new();
    for (name, bytes) in structure::sections(&engine) {
        found.push((name, at..at + bytes.len()));
        at += bytes.len();
    }
    assert_eq!(at, engine.header().as_ref().bytes() as usize);
    found
}

/// Bytes of each section that can be changed without opening being refused.
fn unnoticed(world: &mut World) -> Vec<(&'static str, usize, Vec<usize>)> {
    let sections = sections(world);
    let mut found = Vec::new();
    for (i, (name, range)) in sections.into_iter().enumerate() {
        let start = range.start;
        let mut bytes = Vec::new();
        for at in range {
            world.memory[at] ^= 1;
            match Engine::open(&mut world.memory) {
                Ok(_) => bytes.push(at - start),
                Err(error) => assert_eq!(error, BlockError::Corrupt),
            }
            world.memory[at] ^= 1;
        }
        if !bytes.is_empty() {
            found.push((name, i, bytes));
        }
    }
    found
}

#[test]
fn in_an_empty_engine_nothing_but_counters_and_coordinates_can_be_changed() {
    let mut world = World::new(CONFIG);
    for (name, section, bytes) in unnoticed(&mut world) {
        match name {
            "state" => assert!(
                bytes
                    .iter()
                    .all(|at| (0..20).contains(at) || *at == 24 || (32..176).contains(at))
            ),
            // One coordinate for another, as the projection has them.
            "grid bounds" => assert!(bytes.iter().all(|at| *at < 60)),
            _ => panic!("{name}, section {section}, bytes {bytes:?}"),
        }
    }
}
