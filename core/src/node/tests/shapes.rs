//! A perception by shapes instead of statistics.

use super::super::*;
use crate::bank::{BankConfig, Layout};
use crate::block::{BlockError, Memory};
use crate::learn::stream::StreamError;
use crate::learn::{RecallError, RecogniserConfig, StreamConfig};
use std::vec::Vec;

const STREAM: StreamConfig = StreamConfig::small(2).rate(20_000);
const CONFIG: PerceptionConfig =
    PerceptionConfig::recognising(STREAM, RecogniserConfig::new(&STREAM, 16));

/// Forty samples of a kind: its waves are slower or faster.
fn window(kind: u32, number: u32) -> Vec<[f32; 2]> {
    (0..40)
        .map(|t| {
            let phase = (t + 7 * number) as f32 * (0.2 + 0.3 * kind as f32);
            [libm::sinf(phase), 3.0 + libm::cosf(1.7 * phase)]
        })
        .collect()
}

fn push(perception: &mut Perception<'_>, kind: u32, number: u32) {
    for sample in window(kind, number) {
        perception.push(&sample).unwrap();
    }
}

fn learned(memory: &mut Memory, work: &mut Workspace<'_>) {
    let mut perception = Perception::format(memory, CONFIG).unwrap();
    assert!(!perception.is_calibrated());
    let early = perception.embed(work).unwrap_err();
    assert_eq!(early, StreamError::NotCalibrated.into());
    for kind in 0..3 {
        push(&mut perception, kind, 0);
        perception.calibrate(work).unwrap();
    }
    perception.keep_scales().unwrap();
    let late = perception.calibrate(work).unwrap_err();
    assert_eq!(late, StreamError::Calibrated.into());
    for number in 0..8 {
        for label in 0..3 {
            push(&mut perception, label, number);
            perception.embed(work).unwrap();
            let outcome = Outcome {
                label,
                success: true,
                executor: 1,
                ..Outcome::default()
            };
            perception.learn(&outcome, work).unwrap();
        }
    }
    perception.seal();
}

#[test]
fn windows_are_recalled_with_what_is_to_be_thought_of_it() {
    let mut memory = Memory::zeroed(CONFIG.bytes());
    let config = CONFIG.workspace(16);
    let mut work_memory = Memory::zeroed(config.bytes());
    let mut work = Workspace::format(&mut work_memory, &config).unwrap();
    learned(&mut memory, &mut work);
    let mut perception = Perception::open_verified(&mut memory).unwrap();
    assert_eq!(perception.config(), CONFIG);
    let other = StreamError::OtherRate {
        learned: 20_000,
        found: 25_000,
    };
    assert_eq!(perception.check_rate(25_000), Err(other));
    assert_eq!(perception.check_rate(20_000), Ok(()));
    let (recalls, right) = perception.recogniser().unwrap().record_of();
    // The first was recalled of nothing.
    assert_eq!(recalls, 23);
    assert!(right >= 18, "{right}");
    assert_eq!(perception.recall(1, &mut work), Err(RecallError::Stale));
    for label in 0..3 {
        push(&mut perception, label, 11);
        // The usual step is that of all kinds: the slowest stays below it, the fastest does not.
        assert_eq!(perception.signal().spikes() > 0, label > 0, "{label}");
        perception.embed(&mut work).unwrap();
        let recall = perception.recall(4, &mut work).unwrap().unwrap();
        let attended = perception.attend(4, &mut work).unwrap().unwrap();
        assert_eq!((recall.label, attended.label), (label, label));
        let recognised = recall.recognised.unwrap();
        assert_eq!(recognised.label, label);
        assert_eq!(
            recall.certainty(),
            (recognised.confidence * 65_535.0) as u16
        );
        assert!((0.0..=1.0).contains(&recall.similarity));
        let mut routes = [Default::default(); 2];
        let routes = perception
            .route(4, &[0, 1], &mut routes, &mut work)
            .unwrap();
        assert!(routes.iter().any(|r| r.executor == 1 && r.expected > 0.6));
    }
    // A kind that was never seen stands out.
    let known = perception.recall(1, &mut work).unwrap().unwrap();
    for t in 0..40 {
        let value = if t % 2 == 0 { 2.0 } else { -2.0 };
        perception.push(&[value, value]).unwrap();
    }
    perception.embed(&mut work).unwrap();
    let strange = perception.recall(1, &mut work).unwrap().unwrap();
    let novelty = |recall: &Recall| recall.recognised.unwrap().novelty;
    assert!(novelty(&strange) > 3.0 * novelty(&known));
    assert!(!perception.watch(&known));
    assert!(perception.watch(&strange));
}

#[test]
fn a_bank_of_another_metric_is_refused() {
    let config = CONFIG.bank(BankConfig::new(64, 16).layout(Layout::Scan));
    let mut memory = Memory::zeroed(config.bytes());
    assert_eq!(
        Perception::format(&mut memory, config).unwrap_err(),
        BlockError::BadConfig
    );
}
