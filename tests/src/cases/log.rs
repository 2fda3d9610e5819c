//! Events: canonical bytes, ids, Ed25519 signatures.

use crate::transcript::Transcript;
use crate::{Hex, Report};
use ed25519_dalek::SigningKey;
use sensilla::log::event::{Embedding, Event, SignedEvent};
use sensilla::log::kind::{Assert, Challenge, Decision, EventKind, Support, Witness};
use sensilla::log::sign::Ed25519;
use sensilla::log::{Signer, kind};

/// One signed event of each kind, and what comes of bytes that were tampered with.
pub fn events(room: &mut [u8], report: &mut dyn Report) {
    let key = SigningKey::from_bytes(&[7; 32]);
    let hashes = [[1; 32], [2; 32]];
    let kinds = [
        EventKind::Assert(Assert {
            subject: "wrist",
            predicate: "activity",
            value: "Läuft",
            evidence: &hashes,
            confidence: kind::CERTAIN / 2,
            expires: Some(1 << 40),
            supersedes: None,
        }),
        EventKind::Challenge(Challenge {
            conflict: [3; 32],
            claims: &hashes,
            reason: "",
        }),
        EventKind::Support(Support {
            conflict: [3; 32],
            claim: [4; 32],
            evidence: &hashes[..1],
            cost: 300,
        }),
        EventKind::Witness(Witness {
            claim: [4; 32],
            path: &hashes,
            confidence: 1,
        }),
        EventKind::Decision(Decision {
            question: "which?",
            outcome: "that one",
            bank: [5; 32],
            dependencies: &hashes,
        }),
        EventKind::Unknown {
            tag: 900,
            body: b"of a later version",
        },
    ];
    let mut ids = Transcript::new();
    let mut bytes = Transcript::new();
    let mut tampered = Transcript::new();
    let mut prev = None;
    for (i, kind) in kinds.into_iter().enumerate() {
        let event = Event {
            author: key.public_key(),
            prev,
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
        prev = Some(*signed.id());
        assert_eq!(
            SignedEvent::decode(&room[..length]).unwrap().event().kind,
            kind
        );
        for at in (0..length).step_by(37) {
            room[at] ^= 0x10;
            tampered.shown(
                &SignedEvent::decode(&room[..length]).and_then(|event| event.verify(&Ed25519)),
            );
            room[at] ^= 0x10;
        }
        tampered.shown(&SignedEvent::decode(&room[..length - 1]).err());
        tampered.shown(&SignedEvent::decode(&room[..length + 1]).err());
    }
    report.line("log/ids", &Hex(&ids.finish()));
    report.line("log/signed-bytes", &Hex(&bytes.finish()));
    report.line("log/tampered", &Hex(&tampered.finish()));
}
