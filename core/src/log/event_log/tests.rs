use super::super::config::Overflow;
use super::super::event::{DecodeError, Embedding, Event};
use super::super::kind::{Assert, CERTAIN, EventKind};
use super::super::sign::{Ed25519, PublicKey, Signature, Signer};
use super::*;
use crate::block::Memory;
use crate::log::event::EventId;
use crate::merkle::tile::ExportError;
use crate::merkle::{EMPTY_ROOT, Frontier, verify_inclusion};
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

const CONFIG: LogConfig = LogConfig::new(64, 16_384).authors(4).contexts(3);
const NOW: u64 = 1_000_000;

/// Trusted logs never ask.
struct Nobody;
impl Verifier for Nobody {
    fn verify(&self, _: &PublicKey, _: &[u8], _: &Signature) -> bool {
        false
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn claim<'a>(author: PublicKey, seq: u32, context: &'a str, value: &'a str) -> Event<'a> {
    Event {
        realm: [0; 32],
        author,
        seq,
        at: NOW,
        context,
        embedding: Embedding::None,
        kind: EventKind::Assert(Assert {
            subject: "door",
            predicate: "state",
            value,
            evidence: &[],
            confidence: CERTAIN,
            expires: Some(NOW + 1),
            supersedes: None,
        }),
    }
}

fn bytes(event: &Event<'_>, key: Option<&SigningKey>) -> (EventId, Vec<u8>) {
    let mut out = [0; 8192];
    let signed = match key {
        Some(key) => event.sign(key, &mut out).unwrap(),
        None => event.unsigned(&mut out).unwrap(),
    };
    (*signed.id(), signed.bytes().to_vec())
}

#[test]
fn a_signed_event_is_taken_found_and_proved() {
    let mut memory = Memory::zeroed(CONFIG.bytes());
    let mut log = EventLog::format(&mut memory, CONFIG).unwrap();
    assert_eq!(log.root(), EMPTY_ROOT);
    let key = key(1);
    let (id, first) = bytes(&claim(key.public_key(), 1, "room", "open"), Some(&key));
    assert_eq!(log.ingest(&first, &Policy::new(), &Ed25519, NOW), Ok(0));
    let second = claim(key.public_key(), 2, "room", "shut");
    let (_, second) = bytes(&second, Some(&key));
    assert_eq!(log.ingest(&second, &Policy::new(), &Ed25519, NOW), Ok(1));
    assert_eq!(log.find(&id), Some(0));
    assert_eq!(log.get(0).unwrap().bytes(), first);
    assert_eq!(log.last_by(&key.public_key()).unwrap().bytes(), second);
    let root = log.root();
    let proof = log.prove_inclusion(0, 2).unwrap();
    verify_inclusion(&leaf_hash(&first), 0, 2, &proof, &root).unwrap();
    log.verify().unwrap();
}

#[test]
fn an_entry_knows_when_it_was_taken() {
    let mut memory = Memory::zeroed(CONFIG.bytes());
    let mut log = EventLog::format(&mut memory, CONFIG).unwrap();
    let author = key(1).public_key();
    let policy = Policy {
        max_ahead: NOW,
        ..Policy::trusted()
    };
    let times = [NOW, NOW - 400_000, 0, NOW - 1];
    for (value, now) in ["a", "b", "c", "d"].into_iter().zip(times) {
        let (_, bytes) = bytes(&claim(author, 1, "room", value), None);
        log.ingest(&bytes, &policy, &Nobody, now).unwrap();
    }
    log.seal();
    let mut log = EventLog::open_verified(&mut memory).unwrap();
    let found = log.since(0).map(|entry| entry.accepted());
    assert_eq!(found.collect::<Vec<_>>(), times);
    log.prune(1).unwrap();
    let found = log.by_context("room").map(|entry| entry.accepted());
    assert_eq!(found.collect::<Vec<_>>(), times[1..]);
}

#[test]
fn hole_06_each_fault_has_its_error_and_changes_nothing() {
    let mut memory = Memory::zeroed(CONFIG.bytes());
    let mut log = EventLog::format(&mut memory, CONFIG).unwrap();
    let (key, other) = (key(1), key(2));
    let author = key.public_key();
    let (_, good) = bytes(&claim(author, 1, "room", "open"), Some(&key));
    log.ingest(&good, &Policy::new(), &Ed25519, NOW).unwrap();
    let root = log.root();
    let digest = log.image_digest();

    let strict = Policy::new();
    let fresh = claim(author, 2, "room", "shut");
    let (_, signed) = bytes(&fresh, Some(&key));
    let mut tampered = signed.clone();
    let last = tampered.len() - 1;
    tampered[last] ^= 1;
    let mut longer = signed.clone();
    longer.push(0);
    let forged = bytes(&claim(other.public_key(), 2, "room", "shut"), Some(&other)).1;
    let mut forged = forged[..forged.len() - 64].to_vec();
    forged.extend(&signed[signed.len() - 64..]);
    let cases = [
        (
            signed[..50].to_vec(),
            strict,
            NOW,
            DecodeError::Malformed.into(),
        ),
        (longer, strict, NOW, DecodeError::Malformed.into()),
        (tampered, strict, NOW, DecodeError::BadSignature.into()),
        (
            bytes(&fresh, None).1,
            strict,
            NOW,
            DecodeError::Unsigned.into(),
        ),
        (
            good.clone(),
            strict,
            NOW,
            IngestError::Duplicate { index: 0 },
        ),
        // Another's signature.
        (forged, strict, NOW, DecodeError::BadSignature.into()),
        (
            signed.clone(),
            strict,
            NOW - 60_001,
            IngestError::TooEarly {
                at: NOW,
                now: NOW - 60_001,
            },
        ),
        (
            signed.clone(),
            Policy {
                max_age: Some(0),
                ..strict
            },
            NOW + 1,
            IngestError::TooOld { age: 1 },
        ),
        (
            [1].to_vec(),
            strict,
            NOW,
            DecodeError::UnknownVersion { found: 1 }.into(),
        ),
    ];
    for (bytes, policy, now, error) in cases {
        assert_eq!(log.ingest(&bytes, &policy, &Ed25519, now), Err(error));
        assert_eq!(log.image_digest(), digest);
    }
    assert_eq!((log.root(), log.get(0).unwrap().bytes()), (root, &good[..]));
}

#[test]
fn names_come_back_when_their_events_are_pruned() {
    let mut memory = Memory::zeroed(CONFIG.bytes());
    let mut log = EventLog::format(&mut memory, CONFIG).unwrap();
    let ingest = |log: &mut EventLog<'_>, author: u8, context: &str| {
        let (_, bytes) = bytes(&claim([author; 32], 1, context, "x"), None);
        log.ingest(&bytes, &Policy::trusted(), &Nobody, NOW)
    };
    for i in 0..4 {
        ingest(&mut log, i, "a").unwrap();
    }
    assert_eq!(
        ingest(&mut log, 4, "a"),
        Err(IngestError::Full { part: "authors" })
    );
    for context in ["b", "c"] {
        ingest(&mut log, 0, context).unwrap();
    }
    assert_eq!(
        ingest(&mut log, 0, "d"),
        Err(IngestError::Full { part: "contexts" })
    );
    for i in 5..200u8 {
        log.prune(log.size() - 2).unwrap();
        ingest(&mut log, i, &std::format!("{i}")).unwrap();
        log.verify().unwrap();
    }
}

#[test]
fn one_author_takes_no_more_than_its_share_of_the_bytes() {
    let mut said = 0;
    let mut say = |log: &mut EventLog<'_>, author: u8| {
        said += 1;
        let (_, bytes) = bytes(&claim([author; 32], said, "a", "xyz"), None);
        log.ingest(&bytes, &Policy::trusted(), &Nobody, NOW)
    };
    let over = Err(IngestError::OverShare { most: 1_000 });
    let held = |log: &EventLog<'_>, author: u8| -> usize {
        log.by_author(&[author; 32]).map(|e| e.bytes().len()).sum()
    };

    let config = LogConfig::new(64, 4_000).bytes_each(1_000);
    let mut memory = Memory::zeroed(config.bytes());
    let mut log = EventLog::format(&mut memory, config).unwrap();
    while say(&mut log, 1) != over {}
    assert!((900..=1_000).contains(&held(&log, 1)));
    let index = say(&mut log, 2).unwrap();
    assert_eq!(say(&mut log, 1), over);
    log.prune(1).unwrap();
    say(&mut log, 1).unwrap();
    assert_eq!(say(&mut log, 1), over);
    assert_eq!(log.last_by(&[2; 32]).unwrap().index(), index);

    // A log that evicts never stops for an author who is alone, and keeps others' events from it.
    let config = config.overflow(Overflow::EvictOldest);
    let mut memory = Memory::zeroed(config.bytes());
    let mut log = EventLog::format(&mut memory, config).unwrap();
    for _ in 0..200 {
        say(&mut log, 1).unwrap();
        assert!(held(&log, 1) <= 1_000);
    }
    say(&mut log, 2).unwrap();
    let before = held(&log, 2);
    while say(&mut log, 1) != over {}
    assert_eq!(held(&log, 2), before);
    log.prune(log.first() + 1).unwrap();
    say(&mut log, 1).unwrap();
    assert_eq!(held(&log, 2), 0);
}

#[test]
fn nothing_unexported_is_overwritten() {
    for overflow in [Overflow::EvictExported, Overflow::KeepUntilExported] {
        let config = CONFIG.overflow(overflow);
        let mut memory = Memory::zeroed(CONFIG.bytes());
        let mut log = EventLog::format(&mut memory, config).unwrap();
        let mut n = 0;
        let mut next = |log: &mut EventLog<'_>| {
            n += 1;
            let (_, bytes) = bytes(&claim([1; 32], 1, "a", &std::format!("{n}")), None);
            log.ingest(&bytes, &Policy::trusted(), &Nobody, NOW)
        };
        for _ in 0..64 {
            next(&mut log).unwrap();
        }
        assert_eq!(next(&mut log), Err(IngestError::Full { part: "entries" }));
        assert_eq!(
            log.prune(1).unwrap_err(),
            PruneError::NotExported { exported: 0 }
        );
        log.mark_exported(10).unwrap();
        if overflow == Overflow::EvictExported {
            for _ in 0..10 {
                next(&mut log).unwrap();
            }
            assert_eq!(next(&mut log), Err(IngestError::Full { part: "entries" }));
        } else {
            assert_eq!(next(&mut log), Err(IngestError::Full { part: "entries" }));
            log.prune(10).unwrap();
        }
        assert_eq!(log.first(), 10);
        log.verify().unwrap();
    }
}

#[test]
fn appending_what_spans_say_gives_the_tiles_of_the_whole_log() {
    use crate::merkle::tile::spans;
    use std::collections::BTreeMap;
    use std::string::ToString;
    let config = LogConfig::new(300, 65_536)
        .overflow(Overflow::EvictExported)
        .watches(1);
    let mut memory = Memory::zeroed(config.bytes());
    let mut log = EventLog::format(&mut memory, config).unwrap();
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut events = Vec::new();
    let mut out = std::vec![0; 65_536];
    for i in 0..1_000u64 {
        let (_, bytes) = bytes(&claim([1; 32], 1, "a", &std::format!("{i}")), None);
        log.ingest(&bytes, &Policy::trusted(), &Nobody, NOW)
            .unwrap();
        events.push(bytes);
        if i == 5 {
            log.watch(5).unwrap();
        }
        if i % 97 == 0 || i == 999 {
            for span in spans(log.exported(), log.size()) {
                let written = log.export(&span, &mut out).unwrap();
                let sealed = span.to_string();
                let name = sealed.split(".p/").next().unwrap();
                files
                    .entry(name.into())
                    .or_default()
                    .extend(&out[..written]);
            }
            log.mark_exported(log.size()).unwrap();
        }
    }
    assert!(log.first() > 256);
    let tile = &files["tile/0/003"];
    assert_eq!(tile.len(), (1_000 - 768) * 32);
    assert_eq!(tile[..32], leaf_hash(&events[768]));
    let top: Vec<Hash> = files["tile/1/000"].as_chunks::<32>().0.to_vec();
    for (index, hash) in top.iter().enumerate() {
        let mut frontier = Frontier::new();
        for event in &events[256 * index..256 * (index + 1)] {
            frontier.append(&leaf_hash(event)).unwrap();
        }
        assert_eq!(*hash, frontier.root());
    }
    assert_eq!(top.len(), 3);
    let mut bundle = Vec::new();
    for event in &events[256..512] {
        bundle.extend((event.len() as u16).to_be_bytes());
        bundle.extend(event);
    }
    assert_eq!(files["tile/entries/001"], bundle);
    // Long pruned, still proved.
    let root = log.root();
    let proof = log.prove_inclusion(5, 1_000).unwrap();
    verify_inclusion(&leaf_hash(&events[5]), 5, 1_000, &proof, &root).unwrap();
    assert_eq!(log.prove_inclusion(6, 1_000), Err(ProofError::Pruned));
    let gone = spans(0, 10).next().unwrap();
    assert_eq!(log.export(&gone, &mut out), Err(ExportError::Pruned));
}

#[derive(Clone, Debug)]
enum Step {
    Ingest {
        author: u8,
        context: u8,
        length: u16,
    },
    Again(u8),
    Root,
    Prune(u8),
    Export(u8),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..6u8, 0..5u8, 0..2_000u16)
            .prop_map(|(author, context, length)| Step::Ingest { author, context, length }),
        1 => any::<u8>().prop_map(Step::Again),
        1 => Just(Step::Root),
        1 => (0..128u8).prop_map(Step::Prune),
        1 => any::<u8>().prop_map(Step::Export),
        1 => Just(Step::Reopen),
    ]
}

struct Known {
    id: EventId,
    author: u8,
    context: u8,
    bytes: Vec<u8>,
}

const CONTEXTS: [&str; 5] = ["", "a", "b", "room/1", "a much longer name of a context"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn behaves_as_a_list_of_events(
        steps in prop::collection::vec(step(), 1..120),
        entries in 1..24u32, size in 2_500..9_000u32, overflow in 0..4u8,
        share in prop_oneof![Just(0), 300..4_000u32],
    ) {
        let overflow = [Overflow::Refuse, Overflow::EvictOldest, Overflow::EvictExported,
            Overflow::KeepUntilExported][usize::from(overflow)];
        let config = LogConfig::new(entries, size).authors(4).contexts(4).overflow(overflow)
            .bytes_each(share).seed(size.into());
        let memory = &mut *Memory::zeroed(config.bytes());
        EventLog::format(memory, config).unwrap();
        let mut list: Vec<Known> = Vec::new();
        let mut frontier = Frontier::new();
        let (mut first, mut exported) = (0usize, 0usize);
        for step in steps {
            let mut log = EventLog::open(memory).unwrap();
            match step {
                Step::Ingest { author, context, length } => {
                    let value: String = "v".repeat(length.into());
                    let seq = list.len() as u32 + 1;
                    let event = claim([author; 32], seq, CONTEXTS[usize::from(context)], &value);
                    let (id, bytes) = bytes(&event, None);
                    let before = log.first();
                    match log.ingest(&bytes, &Policy::trusted(), &Nobody, NOW) {
                        Ok(index) => {
                            let evicts = (log.first() - before) as usize;
                            prop_assert!(evicts == 0 || overflow.evicts());
                            prop_assert_eq!(index, list.len() as u64);
                            first += evicts;
                            if overflow.keeps_unexported() { prop_assert!(first <= exported); }
                            frontier.append(&leaf_hash(&bytes)).unwrap();
                            list.push(Known { id, author, context, bytes });
                        }
                        Err(IngestError::Full { part: "authors" }) => {
                            let mut seen: Vec<u8> = list[first..].iter().map(|e| e.author).collect();
                            seen.sort_unstable(); seen.dedup();
                            prop_assert!(seen.len() == 4 && !seen.contains(&author));
                        }
                        Err(IngestError::Full { part: "contexts" }) => {
                            let mut seen: Vec<u8> = list[first..].iter().map(|e| e.context).collect();
                            seen.sort_unstable(); seen.dedup();
                            prop_assert!(seen.len() == 4 && !seen.contains(&context));
                        }
                        Err(IngestError::Full { part: "entries" }) =>
                            prop_assert_eq!(list.len() - first, entries as usize),
                        Err(IngestError::Full { part: "bytes" }) => {
                            let held: usize = list[first..].iter().map(|e| e.bytes.len()).sum();
                            // The end of the ring is skipped where the body that wraps did not fit.
                            let longest = list[first..].iter().map(|e| e.bytes.len()).max().unwrap_or(0).max(bytes.len());
                            prop_assert!(held + longest + bytes.len() > size as usize, "{} of {}", held, size);
                        }
                        Err(IngestError::OverShare { most }) => {
                            let kept = &list[first..];
                            let own: usize = kept.iter().filter(|e| e.author == author).map(|e| e.bytes.len()).sum();
                            prop_assert!(most == share && own + bytes.len() > share as usize);
                            // Only others' events or the policy keep its own oldest ones.
                            prop_assert!(overflow != Overflow::EvictOldest
                                || bytes.len() > share as usize
                                || kept.iter().any(|e| e.author != author));
                        }
                        Err(error) => return Err(TestCaseError::fail(std::format!("{error}"))),
                    }
                }
                Step::Again(which) => if let Some(known) = list.get(first + usize::from(which)) {
                    let index = (first + usize::from(which)) as u64;
                    prop_assert_eq!(
                        log.ingest(&known.bytes, &Policy::trusted(), &Nobody, NOW),
                        Err(IngestError::Duplicate { index })
                    );
                },
                Step::Root => prop_assert_eq!(log.root(), frontier.root()),
                Step::Prune(share) => {
                    let to = first + (list.len() - first) * usize::from(share) / 255;
                    match log.prune(to as u64) {
                        Ok(()) => first = to,
                        Err(error) => {
                            prop_assert_eq!(error, PruneError::NotExported { exported: exported as u64 });
                            prop_assert!(overflow.keeps_unexported() && to > exported);
                        }
                    }
                }
                Step::Export(share) => {
                    exported = exported.max(list.len() * usize::from(share) / 255);
                    log.mark_exported(exported as u64).unwrap();
                }
                Step::Reopen => { log.seal(); EventLog::open_verified(memory).unwrap(); }
            }
            let log = EventLog::open(memory).unwrap();
            log.verify().unwrap();
            let kept = &list[first..];
            prop_assert_eq!((log.first() as usize, log.size() as usize), (first, list.len()));
            prop_assert_eq!(log.root_at(log.size()), Ok(frontier.root()));
            prop_assert!(log.since(0).map(|e| e.bytes()).eq(kept.iter().map(|e| &e.bytes[..])));
            for author in 0..6u8 {
                let held: usize = kept.iter().filter(|e| e.author == author).map(|e| e.bytes.len()).sum();
                prop_assert!(share == 0 || held <= share as usize);
                let mut mine = kept.iter().filter(|e| e.author == author).map(|e| &e.bytes[..]);
                prop_assert!(log.by_author(&[author; 32]).map(|e| e.bytes()).eq(mine.clone()));
                prop_assert_eq!(log.last_by(&[author; 32]).map(|e| e.bytes()), mine.next_back());
            }
            for (number, name) in CONTEXTS.iter().enumerate() {
                let mine = kept.iter().filter(|e| usize::from(e.context) == number).map(|e| &e.bytes[..]);
                prop_assert!(log.by_context(name).map(|e| e.bytes()).eq(mine));
            }
            for (index, known) in list.iter().enumerate() {
                prop_assert_eq!(log.find(&known.id), (index >= first).then_some(index as u64));
            }
        }
    }

    #[test]
    fn hostile_blocks_open_to_an_error_or_to_a_log_that_answers(
        flips in prop::collection::vec((0..CONFIG.bytes(), any::<u8>()), 1..4), n in 0..30u8, prune in 0..30u64,
    ) {
        let mut memory = Memory::zeroed(CONFIG.bytes());
        let mut log = EventLog::format(&mut memory, CONFIG).unwrap();
        for i in 0..n {
            let (_, bytes) = bytes(&claim([i % 4; 32], 1, CONTEXTS[usize::from(i % 3)], &std::format!("{i}")), None);
            log.ingest(&bytes, &Policy::trusted(), &Nobody, NOW).unwrap();
        }
        log.prune(prune.min(log.size())).unwrap();
        for (at, value) in flips { memory[at] = value; }
        if let Ok(mut log) = EventLog::open(&mut memory) {
            let _ = log.verify();
            for context in CONTEXTS { log.by_context(context).count(); }
            for author in 0..4 { log.by_author(&[author; 32]).count(); }
            let (_, bytes) = bytes(&claim([1; 32], 1, "a", "new"), None);
            let _ = log.ingest(&bytes, &Policy::trusted(), &Nobody, NOW);
            let _ = log.prove_inclusion(1, log.size());
            log.root();
            let _ = log.prune(log.size());
        }
    }
}
