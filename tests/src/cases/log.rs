//! Events (canonical bytes, ids, Ed25519 signatures) and the log that holds them.

use crate::kinds::kinds;
use crate::transcript::Transcript;
use crate::{Hex, Report};
use ed25519_dalek::SigningKey;
use sensilla::log::kind::{Assert, EventKind};
use sensilla::log::sign::Ed25519;
use sensilla::log::{Embedding, Event, Realm, SignedEvent};
use sensilla::log::{EventLog, LogConfig, Policy, Signer};
use sensilla::merkle::{leaf_hash, verify_inclusion};

/// One signed event of each kind, and what comes of bytes that were tampered with.
pub fn events(room: &mut [u8], report: &mut dyn Report) {
    let key = SigningKey::from_bytes(&[7; 32]);
    let hashes = [[1; 32], [2; 32]];
    let mut ids = Transcript::new();
    let mut bytes = Transcript::new();
    let mut tampered = Transcript::new();
    const REALM: Realm = [5; 32];
    for (i, kind) in kinds(&hashes).into_iter().enumerate() {
        let event = Event {
            realm: REALM,
            author: key.public_key(),
            seq: i as u32 + 1,
            at: 1_000 * i as u64,
            context: "room/1",
            embedding: if i % 2 == 0 {
                Embedding::f32(&[0.5, -1.0e-20, 3.0e7])
            } else {
                Embedding::i8(&[1, -128, 127], 0.01)
            },
            kind,
        };
        let signed = event.sign(&key, room).unwrap();
        let length = signed.bytes().len();
        ids.bytes(signed.id());
        bytes.bytes(signed.bytes());
        signed.verify(&Ed25519).unwrap();
        assert_eq!(
            SignedEvent::decode(&room[..length], &REALM)
                .unwrap()
                .event()
                .kind,
            kind
        );
        for at in (0..length).step_by(37) {
            room[at] ^= 0x10;
            tampered.answer(
                &SignedEvent::decode(&room[..length], &REALM)
                    .and_then(|event| event.verify(&Ed25519)),
            );
            room[at] ^= 0x10;
        }
        tampered.shown(&SignedEvent::decode(&room[..length - 1], &REALM).err());
        tampered.shown(&SignedEvent::decode(&room[..length + 1], &REALM).err());
    }
    report.line("log/ids", &Hex(&ids.finish()));
    report.line("log/signed-bytes", &Hex(&bytes.finish()));
    report.line("log/tampered", &Hex(&tampered.finish()));
}

const LOG: LogConfig = LogConfig::new(32, 8 * 1024).authors(4).contexts(4);

/// A log that takes claims of two authors, refuses what it must, proves what it holds and forgets
/// its beginning.
pub fn log(room: &mut [u8], report: &mut dyn Report) {
    let (memory, out) = room.split_at_mut(LOG.bytes());
    let mut log = EventLog::format(memory, LOG).unwrap();
    let keys = [
        SigningKey::from_bytes(&[7; 32]),
        SigningKey::from_bytes(&[8; 32]),
    ];
    let policy = Policy::new();
    let mut answers = Transcript::new();
    for i in 0..24_u64 {
        let key = &keys[i as usize % 2];
        let author = key.public_key();
        let last = log.last_by(&author);
        let last = last.and_then(|entry| entry.decode().ok().map(|event| event.event().seq));
        let event = Event {
            realm: [0; 32],
            author,
            seq: last.unwrap_or(0) + 1,
            at: 1_000 * i,
            context: ["wrist", "ankle"][(i / 3) as usize % 2],
            embedding: Embedding::i8(&[1, 2, 3, 4], 0.5),
            kind: EventKind::Assert(Assert {
                subject: "wearer",
                predicate: "activity",
                value: ["stands", "walks", "runs"][i as usize % 3],
                evidence: &[],
                confidence: 40_000,
                expires: None,
                supersedes: None,
            }),
        };
        let signed = event.sign(key, out).unwrap();
        let length = signed.bytes().len();
        let now = 1_000 * i;
        answers.answer(&log.ingest(&out[..length], &policy, &Ed25519, now));
        answers.answer(&log.ingest(&out[..length], &policy, &Ed25519, now));
        out[length - 1] ^= 1;
        answers.answer(&log.ingest(&out[..length], &policy, &Ed25519, now));
        answers.bytes(&log.root());
    }
    let (size, root) = (log.size(), log.root());
    for index in [0, 7, size - 1] {
        let proof = log.prove_inclusion(index, size).unwrap();
        let leaf = leaf_hash(log.get(index).unwrap().bytes());
        verify_inclusion(&leaf, index, size, &proof, &root).unwrap();
        proof.iter().for_each(|hash| answers.bytes(hash));
    }
    for entry in log.by_context("ankle") {
        answers.number(entry.index());
    }
    for entry in log.by_author(&keys[1].public_key()) {
        answers.number(entry.index());
    }
    answers.shown(&log.prune(9));
    answers.shown(&log.get(8).err());
    log.verify().unwrap();
    assert_eq!(log.root(), root);
    report.line("log/root", &Hex(&root));
    report.line("log/answers", &Hex(&answers.finish()));
    report.line("log/image", &Hex(&log.seal()));
}
