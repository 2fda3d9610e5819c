//! Assertions into an engine that has many claims in force.

use super::{Point, two_pairs_each, uniform};
use crate::harness::{Bench, Contender};
use crate::memory::Memory;
use anyhow::Result;
use sensilla::coherence::{Engine, EngineConfig};
use sensilla::grid::GridConfig;
use sensilla::log::kind::{Assert, CERTAIN};
use sensilla::log::{Embedding, Event, EventKind, Policy};
use sensilla::node::{History, HistoryConfig};
use std::hint::black_box;

/// An engine with ten thousand claims in force, and what comes next: assertions one after the
/// other, each with its own subject and place. Each new one comes as the oldest expires.
struct Stream {
    bytes: Vec<Vec<u8>>,
    radius: f32,
}

impl Stream {
    const FORCE: usize = 10_000;
    const ROUND: usize = 10_000;
    const ROUNDS: usize = 21;

    /// Claims whose values come from `values`, in turn.
    fn new(values: &[&str]) -> Result<Self> {
        let points = uniform(Self::FORCE + (Self::ROUNDS + 1) * Self::ROUND);
        let radius = two_pairs_each(&points[..Self::FORCE]);
        let event = |(i, point): (usize, &Point)| {
            let subject = format!("window/{i}");
            let event = Event {
                realm: [0; 32],
                author: [(i % 7) as u8; 32],
                seq: (i / 7) as u32 + 1,
                at: i as u64,
                context: "wrist",
                embedding: Embedding::f32(point),
                kind: EventKind::Assert(Assert {
                    subject: &subject,
                    predicate: "activity",
                    value: values[i % values.len()],
                    evidence: &[],
                    confidence: CERTAIN,
                    expires: Some((i + Self::FORCE) as u64),
                    supersedes: None,
                }),
            };
            Ok(event.unsigned(&mut [0; 512])?.bytes().to_vec())
        };
        let bytes = points
            .iter()
            .enumerate()
            .map(event)
            .collect::<Result<_>>()?;
        Ok(Self { bytes, radius })
    }

    fn config(&self) -> EngineConfig {
        let grid = GridConfig::new(3, Self::FORCE as u32 + 16).radius(self.radius);
        EngineConfig::new(grid).conflicts(32_768).members(8).open()
    }
}

/// The claims of a stream, decoded, into an engine alone.
fn ingest_alone<'s>(stream: &'s Stream, memory: &'s mut Memory) -> Result<impl FnMut(usize) + 's> {
    let mut engine = Engine::format(&mut memory[..], stream.config())?;
    let decode = |b: &'s Vec<u8>| sensilla::log::SignedEvent::decode(b, &[0; 32]);
    let decoded: Vec<_> = stream.bytes.iter().map(decode).collect::<Result<_, _>>()?;
    let nobody = |_: &[u8; 32]| false;
    let mut next = 0;
    Ok(move |count| {
        for signed in &decoded[next..next + count] {
            let (id, event, now) = (signed.id(), signed.event(), next as u64);
            let checked = engine
                .check(id, event, now, &sensilla::log::Ed25519, &nobody)
                .expect("admitted");
            let applied = checked.apply(now);
            assert!(black_box(applied).coverage.is_complete());
            next += 1;
        }
    })
}

/// The same out of bytes, through a log, as a node takes them.
fn ingest_logged<'s>(
    stream: &'s Stream,
    memory: &'s mut Memory,
    config: HistoryConfig,
) -> Result<impl FnMut(usize) + 's> {
    let mut history = History::format(&mut memory[..], config)?;
    let policy = Policy::trusted();
    let mut next = 0;
    Ok(move |count| {
        for bytes in &stream.bytes[next..next + count] {
            let taken = history.ingest(bytes, &policy, &sensilla::log::Ed25519, next as u64);
            let _ = black_box(taken.expect("accepted"));
            next += 1;
        }
    })
}

pub fn ingest(bench: &mut Bench) -> Result<()> {
    let case = "ingest-10k";
    if !bench.wants_case(case) {
        return Ok(());
    }
    bench.progress(format!("grid: {case}: loading"));
    // Four values, so that of the four claims near a new one three contradict it; and one value,
    // which all agree on.
    let quarrel = Stream::new(&["walking", "running", "standing", "badminton"])?;
    let agree = Stream::new(&["walking"])?;
    let room = |stream: &Stream| Memory::zeroed(stream.config().bytes());
    let (mut a, mut b) = (room(&quarrel), room(&agree));
    let history = |stream: &Stream| HistoryConfig {
        engine: Some(stream.config()),
        authors: 8,
        open: true,
        ..HistoryConfig::new(1 << 18, 1 << 26)
    };
    let (of_c, of_d) = (history(&quarrel), history(&agree));
    let (mut c, mut d) = (Memory::zeroed(of_c.bytes()), Memory::zeroed(of_d.bytes()));
    let mut alone = ingest_alone(&quarrel, &mut a)?;
    let mut agreeing = ingest_alone(&agree, &mut b)?;
    let mut logged = ingest_logged(&quarrel, &mut c, of_c)?;
    let mut agreeing_logged = ingest_logged(&agree, &mut d, of_d)?;
    alone(Stream::FORCE);
    agreeing(Stream::FORCE);
    logged(Stream::FORCE);
    agreeing_logged(Stream::FORCE);
    let work = vec![
        Contender::new("sensilla", Stream::ROUND, || agreeing(Stream::ROUND)),
        Contender::new("sensilla-with-log", Stream::ROUND, || {
            agreeing_logged(Stream::ROUND);
        }),
        Contender::new("sensilla-3-conflicts", Stream::ROUND, || {
            alone(Stream::ROUND);
        }),
        Contender::new("sensilla-3-conflicts-with-log", Stream::ROUND, || {
            logged(Stream::ROUND);
        }),
    ];
    bench.measure(case, Stream::ROUNDS, work);
    Ok(())
}
