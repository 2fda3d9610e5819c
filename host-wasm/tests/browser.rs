//! The module in a browser.
#![cfg(target_family = "wasm")]

use js_sys::{Error, Function, Reflect};
use sensilla::simd::{self, Level};
use sensilla_wasm::author::{Author, realm_id};
use sensilla_wasm::bank::Bank;
use sensilla_wasm::demo::run_activity;
use sensilla_wasm::history::{History, verify_inclusion};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// A bank whose pattern `i` points along axis `i`, with label `10 * i`.
fn axes() -> Bank {
    let mut bank = Bank::new(8, 20, None).unwrap();
    let mut vectors = [0.0; 64];
    (0..8).for_each(|i| vectors[i * 9] = 1.0);
    let labels: Vec<u32> = (0..8).map(|i| i * 10).collect();
    assert_eq!(bank.insert_batch(&vectors, &labels, None).unwrap().len(), 8);
    bank
}

fn code(error: &JsValue) -> u32 {
    assert!(error.is_instance_of::<Error>());
    Reflect::get(error, &"code".into())
        .unwrap()
        .as_f64()
        .unwrap() as u32
}

#[wasm_bindgen_test]
fn the_kernels_are_those_for_webassembly_and_right() {
    assert_eq!(simd::level(), Level::Simd128);
    for seed in 0..50 {
        assert_eq!(simd::check(seed), Ok(()));
    }
}

#[wasm_bindgen_test]
fn a_batch_finds_the_nearest_of_each_query() {
    let mut bank = axes();
    let mut queries = [0.0; 16];
    (queries[3], queries[2]) = (1.0, 0.5);
    (queries[15], queries[8]) = (1.0, 0.5);
    let hits = bank.search_batch(&queries, 2).unwrap();
    assert_eq!(hits.counts(), [2, 2]);
    assert_eq!(hits.labels(), [30, 20, 70, 0]);
    assert!(hits.similarities()[0] > 0.88 && hits.similarities()[0] < 0.90);
    assert_eq!(hits.confidences(), [1.0; 4]);
    let vector = bank.vector(hits.ids()[0]).unwrap();
    assert!(vector[3] > 0.99 && vector[2] == 0.0);
    assert_eq!(bank.search_batch(&queries[..8], 500).unwrap().counts(), [8]);
}

#[wasm_bindgen_test]
fn what_fails_throws_an_error_with_its_code_and_changes_nothing() {
    let mut bank = axes();
    let before = bank.image_digest();
    assert_eq!(
        code(&bank.insert(&[1.0; 7], 1, None, None).unwrap_err()),
        0x201
    );
    assert_eq!(
        code(&bank.insert(&[f32::NAN; 8], 1, None, None).unwrap_err()),
        0x202
    );
    assert_eq!(
        code(&bank.insert(&[1.0; 8], 1, Some(1.5), None).unwrap_err()),
        0
    );
    assert_eq!(code(&bank.remove(u64::MAX).unwrap_err()), 0x241);
    assert_eq!(code(&bank.search_batch(&[1.0; 9], 1).err().unwrap()), 0);
    let mut queries = [1.0; 16];
    queries[11] = f32::NAN;
    let error = bank.search_batch(&queries, 1).err().unwrap();
    assert_eq!(code(&error), 0x202);
    let message = String::from(error.unchecked_into::<Error>().message());
    assert_eq!(message, "query 1: component 3 is infinite or not a number");
    assert!(Bank::new(0, 10, None).is_err());
    assert!(bank.search_batch(&[1.0; 8], u32::MAX).is_err());
    assert_eq!(bank.image_digest(), before);
    assert_eq!(bank.length(), 8);
}

#[wasm_bindgen_test]
fn bytes_make_the_same_bank_and_changed_bytes_none() {
    let mut bank = axes();
    let mut bytes = bank.to_bytes();
    assert_eq!(bytes.len(), bank.byte_length() as usize);
    let copy = Bank::from_bytes(&bytes).unwrap();
    assert_eq!(copy.image_digest(), bank.image_digest());
    assert_eq!((copy.length(), copy.dimensions()), (8, 8));
    let id = bank.insert(&[1.0; 8], 9, Some(0.5), Some(1e12)).unwrap();
    assert_ne!(copy.image_digest(), bank.image_digest());
    bank.remove(id).unwrap();
    assert_eq!(bank.length(), 8);
    bytes[200] ^= 1;
    assert_eq!(code(&Bank::from_bytes(&bytes).err().unwrap()), 0x109);
    assert!(Bank::from_bytes(&bytes[..100]).is_err());
}

#[wasm_bindgen_test]
fn the_demo_runs_again_and_tells_how_far_it_is() {
    let seen = js_sys::Array::new();
    let progress = Function::new_with_args("done, total", "this.push(done, total)").bind0(&seen);
    let first = run_activity(Some(progress)).unwrap();
    let steps = seen.length() / 2;
    assert!(steps > 1);
    assert_eq!(seen.get(seen.length() - 2), seen.get(seen.length() - 1));
    let second = run_activity(None).unwrap();
    assert_eq!(first.log_root(), second.log_root());
    assert_eq!(first.image_digest(), second.image_digest());
    assert!(second.proof_verified() && second.accuracy() >= 0.975);
    let shown = second.confusion().iter().sum::<u32>();
    assert_eq!((shown, second.names().len()), (40, 4));
}

const NOW: f64 = 1_000.0;

fn author(seed: u8) -> Author {
    Author::new(&[seed; 32], None, None).unwrap()
}

fn claim(author: &mut Author, value: &str) -> Vec<u8> {
    author
        .claim("hall", "door", "state", value, 0.9, NOW, None, None)
        .unwrap()
}

/// The original had getters only, and JSON on every call.
#[wasm_bindgen_test]
fn hole_19_events_are_taken_in_as_bytes_and_carried_to_a_decision() {
    // The judge is the root of the realm, and lets two others speak.
    let root = author(3).public_key();
    let realm = realm_id("page", 1, &root).unwrap();
    let of = |seed: u8| Author::new(&[seed; 32], None, Some(realm.clone())).unwrap();
    let mut history = History::new(64, 1 << 15, None, None, None, Some(realm.clone())).unwrap();
    history.found("page", 1, &root).unwrap();
    let (mut one, mut two, mut judge) = (of(1), of(2), of(3));
    assert!(history.ingest(&claim(&mut of(1), "open"), NOW).is_err());
    for (number, member) in [(1, &one), (2, &two)] {
        let admitted = judge.admit(number, &member.public_key(), "", NOW).unwrap();
        history.ingest(&admitted, NOW).unwrap();
    }
    assert_eq!(history.next(&one.public_key()).unwrap(), Some(1));
    let open = claim(&mut one, "open");
    let first = history.ingest(&open, NOW).unwrap();
    assert_eq!((first.found(), first.indices()), (0, vec![2.0]));
    let second = history.ingest(&claim(&mut two, "shut"), NOW).unwrap();
    assert_eq!(second.found(), 1);
    let (a, b) = (first.ids(), second.ids());
    assert_eq!(history.quarantine(&a).unwrap(), Some(1));
    let conflicts = history.conflicts();
    assert_eq!((conflicts.length(), conflicts.states()), (1, vec![1]));
    let conflict = conflicts.ids();

    let protest = two
        .challenge("hall", &conflict, &conflicts.claims(), "it is shut", NOW)
        .unwrap();
    history.ingest(&protest, NOW).unwrap();
    assert_eq!(history.quarantine(&a).unwrap(), Some(2));
    let backing = one.support("hall", &a, &b, 5, NOW).unwrap();
    history.ingest(&backing, NOW).unwrap();

    // Nobody decides before the context has an authority, nor without its signature.
    let decision = |judge: &Author, signatures: &[u8]| {
        let next = Some(judge.next());
        let mut speaker = Author::new(&[3; 32], next, Some(realm.clone())).unwrap();
        speaker
            .resolve("hall", &conflict, &a, &b, "seen", signatures, NOW)
            .unwrap()
    };
    let signed = judge.endorse("hall", &conflict, &a, &b, "seen").unwrap();
    // What is refused changes a count, and neither the log nor what is made of it.
    let told = |history: &mut History| (history.root(), history.conflicts().states());
    let before = told(&mut history);
    assert!(history.ingest(&decision(&judge, &signed), NOW).is_err());
    assert_eq!(told(&mut history), before);
    let appointed = judge
        .appoint(3, "hall", 1, &judge.public_key(), NOW)
        .unwrap();
    history.ingest(&appointed, NOW).unwrap();
    let before = told(&mut history);
    assert!(history.ingest(&decision(&judge, &[]), NOW).is_err());
    assert_eq!(told(&mut history), before);
    let decided = history.ingest(&decision(&judge, &signed), NOW).unwrap();
    assert_eq!((decided.resolved(), decided.fallen()), (1, 1));
    assert_eq!(history.conflicts().states(), [5]);
    assert_eq!(history.quarantine(&b).unwrap(), None);

    let (size, root) = (history.length(), history.root());
    let proof = history.prove_inclusion(2.0).unwrap();
    let bytes = history.event(2.0).unwrap();
    assert_eq!(bytes, open);
    assert!(verify_inclusion(&bytes, 2.0, size, &proof, &root).unwrap());
    assert!(!verify_inclusion(&bytes, 3.0, size, &proof, &root).unwrap());
}

#[wasm_bindgen_test]
fn a_batch_of_events_takes_what_is_good_and_says_what_is_not() {
    let mut history = History::new(64, 1 << 15, Some(2), None, None, None).unwrap();
    let (mut one, mut two) = (author(1), author(2));
    let place = |author: &mut Author, value: &str| {
        author
            .claim(
                "sky",
                "",
                "colour",
                value,
                0.8,
                NOW,
                Some(vec![0.5, 0.5]),
                Some(2_000.0),
            )
            .unwrap()
    };
    let blue = place(&mut one, "blue");
    let mut forged = place(&mut one, "red");
    forged[50] ^= 1;
    let green = place(&mut two, "green");
    let events = [&blue[..], &forged, &blue, &green].concat();
    let lengths = [&blue, &forged, &blue, &green].map(|event| event.len() as u32);
    let taken = history.ingest_batch(&events, &lengths, NOW).unwrap();
    let refusals = taken.refusals();
    assert_eq!((refusals[0], refusals[3]), (0, 0));
    assert!(refusals[1] != 0 && refusals[2] != 0 && refusals[1] != refusals[2]);
    assert_eq!((history.length(), taken.indices().len()), (2.0, 2));
    assert!(history.is_complete());
    let found = taken.found();
    assert_eq!(history.detect_all("sky"), 0);
    assert_eq!(history.conflicts().length(), found);
    assert!(history.ingest_batch(&events, &lengths[1..], NOW).is_err());

    let bytes = history.to_bytes();
    let mut copy = History::from_bytes(&bytes).unwrap();
    assert_eq!(copy.image_digest(), history.image_digest());
    assert_eq!(copy.root(), history.root());
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    assert!(History::from_bytes(&flipped).is_err());

    assert_eq!(history.advance(2_001.0).unwrap(), 2);
    assert_eq!(history.quarantine(&taken.ids()[..32]).unwrap(), None);
    assert_ne!(copy.image_digest(), history.image_digest());
}

#[wasm_bindgen_test]
fn what_is_no_key_time_or_id_is_refused_at_the_boundary() {
    assert!(Author::new(&[1; 31], None, None).is_err());
    assert!(Author::new(&[1; 32], None, Some(vec![0; 3])).is_err());
    let mut one = author(1);
    let bad = [(f32::NAN, NOW), (1.5, NOW), (0.5, -1.0), (0.5, f64::NAN)];
    for (confidence, at) in bad {
        let said = one.claim("hall", "door", "state", "open", confidence, at, None, None);
        assert_eq!(code(&said.unwrap_err()), 0);
    }
    let mut history = History::new(4, 1 << 12, None, None, None, None).unwrap();
    // Its first byte is no version that is known: the log's word, passed on by the node.
    assert_eq!(
        code(&history.ingest(b"no event", NOW).err().unwrap()),
        0x622
    );
    assert!(history.quarantine(&[0; 31]).is_err());
    for place in [7.0, -1.0, 0.5, f64::NAN] {
        assert!(history.event(place).is_err());
        assert!(history.prove_inclusion(place).is_err());
    }
    assert!(verify_inclusion(b"event", -1.0, 1.0, &[], &[0; 32]).is_err());
    assert!(History::new(0, 0, None, None, None, None).is_err());
    assert!(History::new(u32::MAX, u32::MAX, None, None, None, None).is_err());
    assert_eq!(history.find(&[0; 32]).unwrap(), None);
}
