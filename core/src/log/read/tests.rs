use super::super::event::Event;
use super::super::kind::CERTAIN;
use super::super::signed::SignedEvent;
use super::*;
use crate::Hash;
use proptest::prelude::*;
use std::vec::Vec;

const REALM: Hash = [3; 32];

/// The event of `bytes` by serde's derived code and `postcard`, if `postcard` writes it so again.
fn by_postcard(bytes: &[u8]) -> Option<Event<'_>> {
    type Front<'a> = (u8, PublicKey, u32, u64, &'a str, Embedding<'a>, u16, usize);
    let (front, rest): (Front<'_>, _) = postcard::take_from_bytes(bytes).ok()?;
    let (version, author, seq, at, context, embedding, tag, length) = front;
    let (body, signature) = rest.split_at_checked(length)?;
    let kind = match tag {
        1 => EventKind::Assert(postcard::from_bytes(body).ok()?),
        2 => EventKind::Challenge(postcard::from_bytes(body).ok()?),
        3 => EventKind::Support(postcard::from_bytes(body).ok()?),
        4 => EventKind::Resolution(postcard::from_bytes(body).ok()?),
        5 => EventKind::Deprecate(postcard::from_bytes(body).ok()?),
        6 => EventKind::Witness(postcard::from_bytes(body).ok()?),
        7 => EventKind::Decision(postcard::from_bytes(body).ok()?),
        8 => EventKind::Roots(postcard::from_bytes(body).ok()?),
        tag => EventKind::Unknown { tag, body },
    };
    let event = Event {
        realm: REALM,
        author,
        seq,
        at,
        context,
        embedding,
        kind,
    };
    let mut out = std::vec![0; 1 << 16];
    let written = event.unsigned(&mut out).ok()?.bytes();
    let content = written.split_last()?.1;
    let signed = matches!((signature, signature.len()), ([0], _) | ([1, ..], 65));
    let same = bytes.len() == content.len() + signature.len() && bytes.starts_with(content);
    (version == VERSION && signed && same).then_some(event)
}

#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Insert(usize, u8),
    Remove(usize),
    /// Makes a last byte of an integer overlong: the byte goes on, a zero follows.
    Stretch(usize),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        any::<(usize, u8)>().prop_map(|(at, byte)| Change::Set(at, byte)),
        any::<(usize, u8)>().prop_map(|(at, byte)| Change::Insert(at, byte)),
        any::<usize>().prop_map(Change::Remove),
        any::<usize>().prop_map(Change::Stretch),
    ];
    prop::collection::vec(change, 0..3)
}

fn apply(changes: &[Change], bytes: &mut Vec<u8>) {
    for change in changes {
        match *change {
            Change::Set(at, byte) => {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            Change::Insert(at, byte) => bytes.insert(at % (bytes.len() + 1), byte),
            Change::Remove(at) => {
                bytes.remove(at % bytes.len());
            }
            Change::Stretch(at) => {
                let at = at % bytes.len();
                bytes[at] |= 0x80;
                bytes.insert(at + 1, 0);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn takes_exactly_what_postcard_writes_and_reads_the_same(
        list in prop::collection::vec(any::<Hash>(), 0..3), text in "\\PC{0,20}", short in "[a-z]{0,9}",
        hash in any::<Hash>(), maybe in any::<Option<Hash>>(), expires in any::<Option<u64>>(),
        number in any::<u32>(), bits in 0..64u32, at in any::<u64>(), which in 0..12usize,
        signed in any::<bool>(), vector in 0..3usize, changes in changes(),
    ) {
        let roots = |act| EventKind::Roots(Roots { number, act, signatures: &[[7; 96]] });
        let kind = [
            EventKind::Assert(Assert { subject: &short, predicate: &text, value: &short, evidence: &list,
                confidence: number as u16, expires, supersedes: maybe }),
            EventKind::Challenge(Challenge { conflict: hash, claims: &list, reason: &text }),
            EventKind::Support(Support { conflict: hash, claim: hash, against: hash, evidence: &list, cost: number }),
            EventKind::Resolution(Resolution { conflict: hash, accepted: &list, deprecated: &list,
                rationale: &text, signatures: &[[7; 96]] }),
            EventKind::Deprecate(Deprecate { claim: hash, resolution: maybe, superseded_by: None,
                reason: &text, signatures: &[] }),
            EventKind::Witness(Witness { claim: hash, path: &list, confidence: CERTAIN }),
            EventKind::Decision(Decision { question: &text, outcome: &short, bank: hash, dependencies: &list }),
            EventKind::Unknown { tag: number as u16 | 16, body: &hash },
            roots(Act::Admit { key: hash, name: &text, from: number }),
            roots(Act::Rotate { threshold: number as u8, keys: &list }),
            roots(Act::Close),
            roots(Act::Settle { event: hash }),
        ][which];
        let floats = [at as f32, -1.5, 0.0];
        let embedding = [Embedding::None, Embedding::i8(&[1, -128, 127], 0.01), Embedding::f32(&floats)][vector];
        let event = Event { realm: REALM, author: hash, seq: number, at: at >> bits, context: &short, embedding, kind };
        let mut out = [0; 1024];
        let mut bytes = event.unsigned(&mut out).unwrap().bytes().to_vec();
        if signed {
            bytes.pop();
            bytes.push(1);
            bytes.extend([9; SIGNATURE_BYTES]);
        }
        apply(&changes, &mut bytes);
        let read = SignedEvent::decode(&bytes, &REALM);
        let expected = by_postcard(&bytes);
        prop_assert_eq!(read.ok().map(|read| *read.event()), expected);
        if changes.is_empty() {
            prop_assert_eq!(read.map(|read| *read.event()), Ok(event));
        }
    }
}
