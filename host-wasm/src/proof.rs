//! What is checked without a log: proofs, checkpoints and single events.

use crate::exchange::{Arguments, answer};
use sensilla::log::{Ed25519, SignedEvent};
use sensilla::merkle::note::NoteKey;
use sensilla::merkle::{self, Checkpoint};
use wasm_bindgen::prelude::wasm_bindgen;

/// Checks that a proof leads from an event to a root; an error says what does not hold. Arguments:
/// the event, the proof, the root.
#[wasm_bindgen]
pub fn verify_inclusion(index: f64, size: f64) -> u32 {
    answer(|_| {
        let arguments = Arguments::take();
        let mut reader = arguments.reader();
        let leaf = merkle::leaf_hash(reader.counted()?);
        let proof = reader.hashes()?;
        let root = reader.hash()?;
        Ok(merkle::verify_inclusion(
            &leaf,
            index as u64,
            size as u64,
            proof,
            &root,
        )?)
    })
}

/// Checks that one log is the beginning of another. Arguments: the proof, the old root, the new root.
#[wasm_bindgen]
pub fn verify_consistency(old: f64, new: f64) -> u32 {
    answer(|_| {
        let arguments = Arguments::take();
        let mut reader = arguments.reader();
        let proof = reader.hashes()?;
        let (old_root, new_root) = (reader.hash()?, reader.hash()?);
        Ok(merkle::verify_consistency(
            old as u64, new as u64, proof, &old_root, &new_root,
        )?)
    })
}

/// Checks that a key signed a checkpoint of the log of that name: its size and its root. Arguments:
/// the note, the name, the key.
#[wasm_bindgen]
pub fn verify_checkpoint() -> u32 {
    answer(|out| {
        let arguments = Arguments::take();
        let mut reader = arguments.reader();
        let (note, name) = (reader.counted()?, reader.text()?);
        let key = NoteKey {
            name,
            key: reader.hash()?,
        };
        let checkpoint = Checkpoint::verify(note, &key, &Ed25519)?;
        out.number(checkpoint.size as f64)?;
        out.bytes(&checkpoint.root)
    })
}

/// Reads an event and checks its signature: its number, its time, author, id, context and kind.
/// Arguments: the event, the realm.
#[wasm_bindgen]
pub fn read_event() -> u32 {
    answer(|out| {
        let arguments = Arguments::take();
        let mut reader = arguments.reader();
        let bytes = reader.counted()?;
        let signed = SignedEvent::decode(bytes, &reader.hash()?)?;
        signed.verify(&Ed25519)?;
        let event = signed.event();
        out.numbers(&[f64::from(event.seq), event.at as f64])?;
        out.bytes(&event.author)?;
        out.bytes(signed.id())?;
        out.counted(event.context.as_bytes())?;
        out.counted(event.kind.name().as_bytes())
    })
}
