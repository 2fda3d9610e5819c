use super::super::kind::*;
use super::super::sign::{Ed25519, endorse, verify_endorsement};
use super::*;
use crate::error::ErrorCode;
use crate::log::event::{LimitError, MAX_NAME};
use crate::sign::PublicKey;
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

const REALM: Hash = [3; 32];

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn claim<'a>(author: PublicKey, value: &'a str, evidence: &'a [Hash]) -> Event<'a> {
    Event {
        realm: REALM,
        author,
        seq: 300,
        at: 1_700_000_000_000,
        context: "room/7",
        embedding: Embedding::i8(&[1, -2, 3], 0.5),
        kind: EventKind::Assert(Assert {
            subject: "door",
            predicate: "state",
            value,
            evidence,
            confidence: CERTAIN,
            expires: Some(9),
            supersedes: None,
        }),
    }
}

#[test]
fn a_signed_event_reads_back_and_verifies() {
    let key = key(1);
    let mut out = [0; 1024];
    let event = claim(key.public_key(), "open", &[[7; 32], [8; 32]]);
    let signed = event.sign(&key, &mut out).unwrap();
    let read = SignedEvent::decode(signed.bytes(), &REALM).unwrap();
    assert_eq!(read, signed);
    assert_eq!(read.event(), &event);
    read.verify(&Ed25519).unwrap();
    assert_eq!(
        event
            .sign(&super::tests::key(2), &mut [0; 1024])
            .unwrap_err(),
        EncodeError::WrongAuthor
    );
}

#[test]
fn bytes_are_what_postcard_writes_for_the_documented_fields() {
    let mut out = [0; 1024];
    let bytes = claim([9; 32], "open", &[[7; 32]])
        .unsigned(&mut out)
        .unwrap()
        .bytes();
    let mut expected = std::vec![2];
    expected.extend([9; 32]);
    // 300 in base 128, low digit first.
    expected.extend([0xac, 2]);
    // 1,700,000,000,000 in base 128, low digit first.
    expected.extend([0x80, 0xd0, 0x95, 0xff, 0xbc, 0x31]);
    expected.push(6);
    expected.extend(b"room/7");
    expected.extend([1, 0, 0, 0, 0x3f, 3, 1, 0xfe, 3]);
    expected.push(1);
    let mut body = std::vec![4];
    body.extend(b"door\x05state\x04open\x20");
    body.extend([7; 32]);
    body.extend([0xff, 0xff, 3, 1, 9, 0]);
    expected.push(body.len() as u8);
    expected.extend(body);
    expected.push(0);
    assert_eq!(bytes, expected);
}

#[test]
fn hole_05_the_id_covers_every_byte_but_the_signature() {
    let key = key(1);
    let mut out = [0; 1024];
    let values: Vec<String> = (0..1000).map(|i| std::format!("{i}")).collect();
    let mut ids: Vec<EventId> = values
        .iter()
        .map(|v| {
            *claim(key.public_key(), v, &[])
                .unsigned(&mut out)
                .unwrap()
                .id()
        })
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1000);

    let event = claim(key.public_key(), "open", &[[7; 32]]);
    let signed = event.sign(&key, &mut out).unwrap();
    let (id, bytes) = (*signed.id(), signed.bytes().to_vec());
    assert_eq!(event.unsigned(&mut [0; 1024]).unwrap().id(), &id);
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(read) = SignedEvent::decode(&flipped, &REALM) {
            assert_eq!(read.id() != &id, bit / 8 < bytes.len() - 65);
            read.verify(&Ed25519).unwrap_err();
        }
    }
}

#[test]
fn an_event_of_one_realm_is_none_of_another() {
    let key = key(1);
    let (mut out, mut other) = ([0; 1024], [0; 1024]);
    let event = claim(key.public_key(), "open", &[]);
    let signed = event.sign(&key, &mut out).unwrap();
    let elsewhere = SignedEvent::decode(signed.bytes(), &[4; 32]).unwrap();
    assert_ne!(elsewhere.id(), signed.id());
    assert_eq!(elsewhere.verify(&Ed25519), Err(DecodeError::BadSignature));
    let there = Event {
        realm: [4; 32],
        ..event
    };
    let there = there.unsigned(&mut other).unwrap();
    assert_eq!(there.id(), elsewhere.id());
}

#[test]
fn hole_09_a_signature_of_one_resolution_verifies_for_no_other() {
    let key = key(5);
    let claims: [EventId; 4] = [[1; 32], [2; 32], [3; 32], [4; 32]];
    let text = "alpha";
    let mut seen = Vec::new();
    for context in ["a", "al"] {
        for split in 0..=claims.len() {
            for end in split..=claims.len() {
                for cut in 0..=text.len() {
                    let resolution = Resolution {
                        conflict: [0; 32],
                        accepted: &claims[..split],
                        deprecated: &claims[split..end],
                        rationale: &text[cut..],
                        signatures: &[],
                    };
                    seen.push(resolution.digest(context));
                }
            }
        }
    }
    let count = seen.len();
    let first = seen[0];
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count);

    let endorsement = endorse(&key, Domain::Resolution, &first).unwrap();
    let valid: Vec<_> = seen
        .iter()
        .filter(|d| verify_endorsement(&Ed25519, Domain::Resolution, d, &endorsement))
        .collect();
    assert_eq!(valid, [&first]);
    for other in [Domain::Event, Domain::Deprecation, Domain::Roots] {
        assert!(!verify_endorsement(&Ed25519, other, &first, &endorsement));
    }
}

#[test]
fn a_kind_of_a_later_version_is_kept_with_its_bytes() {
    let key = key(1);
    let mut event = claim(key.public_key(), "", &[]);
    event.kind = EventKind::Unknown {
        tag: 300,
        body: b"whatever it says",
    };
    let mut out = [0; 1024];
    let signed = event.sign(&key, &mut out).unwrap();
    let read = SignedEvent::decode(signed.bytes(), &REALM).unwrap();
    assert_eq!(read.event(), &event);
    read.verify(&Ed25519).unwrap();
    event.kind = EventKind::Unknown { tag: 3, body: b"" };
    assert_eq!(
        event.unsigned(&mut [0; 1024]).unwrap_err(),
        EncodeError::KnownTag
    );
}

#[test]
fn what_is_too_long_or_not_finite_is_refused_both_ways() {
    let long = "x".repeat(MAX_NAME + 1);
    let mut event = claim([9; 32], "open", &[]);
    event.context = &long;
    let error = event.unsigned(&mut [0; 4096]).unwrap_err();
    assert_eq!(
        error,
        EncodeError::Limit(LimitError::TooLong {
            field: "the context",
            limit: 255
        })
    );
    assert_eq!(error.code(), 0x0661);

    let mut event = claim([9; 32], "open", &[]);
    let bad = [
        [0.0, f32::NAN],
        [f32::INFINITY, 0.0],
        [0.0, f32::NEG_INFINITY],
    ];
    for values in &bad {
        event.embedding = Embedding::f32(values);
        assert_eq!(
            event.unsigned(&mut [0; 4096]).unwrap_err(),
            LimitError::NotFinite.into()
        );
    }
    let values = [0.0, 1.0];
    event.embedding = Embedding::f32(&values);
    let mut out = [0; 4096];
    let mut bytes = event.unsigned(&mut out).unwrap().bytes().to_vec();
    let at = bytes
        .windows(4)
        .position(|w| w == 1f32.to_le_bytes())
        .unwrap();
    bytes[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(
        SignedEvent::decode(&bytes, &REALM).unwrap_err(),
        LimitError::NotFinite.into()
    );
}

#[test]
fn a_short_slice_is_told_how_long_it_must_be() {
    let event = claim([9; 32], "open", &[]);
    let mut out = [0; 1024];
    let needed = event.unsigned(&mut out).unwrap().bytes().len();
    for length in 0..needed {
        match event.unsigned(&mut out[..length]) {
            Err(EncodeError::TooSmall { needed: n, found }) => {
                assert_eq!((n, found), (needed as u64, length as u64));
            }
            other => panic!("{other:?}"),
        }
    }
    event.unsigned(&mut out[..needed]).unwrap();
}

fn hashes() -> impl Strategy<Value = Vec<Hash>> {
    prop::collection::vec(any::<Hash>(), 0..4)
}

proptest! {
    #[test]
    fn no_bytes_panic_and_what_decodes_is_canonical(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() { *first = VERSION; }
        if let Ok(read) = SignedEvent::decode(&bytes, &REALM) {
            let mut out = [0; 512];
            let again = *read.event().unsigned(&mut out).unwrap().id();
            prop_assert_eq!(&again, read.id());
        }
    }

    #[test]
    fn overlong_numbers_and_trailing_bytes_are_not_canonical(
        value in "[a-z]{0,40}", evidence in hashes(), signed in any::<bool>(),
    ) {
        let key = key(1);
        let mut out = [0; 1024];
        let event = claim(key.public_key(), &value, &evidence);
        let made = if signed { event.sign(&key, &mut out) } else { event.unsigned(&mut out) }.unwrap();
        let bytes = made.bytes().to_vec();
        let mut longer = bytes.clone();
        longer.push(0);
        prop_assert!(SignedEvent::decode(&longer, &REALM).is_err());
        for cut in 0..bytes.len() {
            prop_assert!(SignedEvent::decode(&bytes[..cut], &REALM).is_err());
        }
        // The context's length, 6, in two bytes.
        let at = bytes.windows(6).position(|w| w == b"room/7").unwrap() - 1;
        let mut overlong = bytes[..at].to_vec();
        overlong.extend([0x86, 0x00]);
        overlong.extend(&bytes[at + 1..]);
        prop_assert_eq!(SignedEvent::decode(&overlong, &REALM).unwrap_err(), DecodeError::NotCanonical);
    }

    #[test]
    fn every_kind_reads_back(
        list in hashes(), other in hashes(), text in "\\PC{0,30}", h in any::<Hash>(), o in any::<Option<Hash>>(),
        number in any::<u32>(), at in any::<u64>(),
    ) {
        let key = key(4);
        let endorsed = [endorse(&key, Domain::Resolution, &h).unwrap()];
        let kinds = [
            EventKind::Assert(Assert { subject: &text, predicate: "p", value: &text, evidence: &list,
                confidence: number as u16, expires: Some(at), supersedes: o }),
            EventKind::Challenge(Challenge { conflict: h, claims: &list, reason: &text }),
            EventKind::Support(Support { conflict: h, claim: h, against: h, evidence: &list, cost: number }),
            EventKind::Resolution(Resolution { conflict: h, accepted: &list, deprecated: &other,
                rationale: &text, signatures: &endorsed }),
            EventKind::Deprecate(Deprecate { claim: h, resolution: o, superseded_by: o, reason: &text,
                signatures: &[] }),
            EventKind::Witness(Witness { claim: h, path: &list, confidence: 1 }),
            EventKind::Decision(Decision { question: &text, outcome: &text, bank: h, dependencies: &list }),
            EventKind::Roots(Roots { number, act: Act::Admit { key: h, name: &text, from: 1 }, signatures: &[] }),
            EventKind::Roots(Roots { number, act: Act::Appoint { threshold: 1, keys: &list }, signatures: &endorsed }),
        ];
        let floats = [at as f32, -1.5];
        for kind in kinds {
            let event = Event { realm: REALM, author: key.public_key(), seq: number, at, context: &text,
                embedding: Embedding::f32(&floats), kind };
            let mut out = [0; 2048];
            let bytes = event.sign(&key, &mut out).unwrap().bytes();
            let read = SignedEvent::decode(bytes, &REALM).unwrap();
            prop_assert_eq!(read.event(), &event);
            prop_assert_eq!(read.event().kind.name(), kind.name());
            prop_assert!(read.event().embedding.iter().eq(floats));
        }
    }
}
