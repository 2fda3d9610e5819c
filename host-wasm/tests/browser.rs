//! The module in a browser.
#![cfg(target_family = "wasm")]

use js_sys::{Error, Function, Reflect};
use sensilla_wasm::bank::Bank;
use sensilla_wasm::demo::run_activity;
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
        0x212
    );
    assert_eq!(
        code(&bank.insert(&[f32::NAN; 8], 1, None, None).unwrap_err()),
        0x213
    );
    assert_eq!(
        code(&bank.insert(&[1.0; 8], 1, Some(1.5), None).unwrap_err()),
        0
    );
    assert_eq!(code(&bank.remove(u64::MAX).unwrap_err()), 0x241);
    assert_eq!(code(&bank.search_batch(&[1.0; 9], 1).err().unwrap()), 0);
    assert!(Bank::new(0, 10, None).is_err());
    assert!(bank.search_batch(&[1.0; 8], u32::MAX).is_err());
    assert_eq!(bank.image_digest(), before);
    assert_eq!(bank.length(), 8);
}

#[wasm_bindgen_test]
fn bytes_make_the_same_bank_and_changed_bytes_none() {
    let mut bank = axes();
    let mut bytes = bank.to_bytes().unwrap();
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
    let progress = Function::new_with_args("done, total", "this.push(done, total)").bind(&seen);
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
