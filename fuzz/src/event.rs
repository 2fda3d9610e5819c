//! Bytes of events: what decodes is canonical, and tells the same again.

use crate::kinds::kinds;
use sensilla::log::SignedEvent;
use sensilla::log::event::{Embedding, Event};
use sensilla::log::sign::SignError;
use sensilla::log::{PublicKey, Signature, Signer, Verifier};

/// Takes every signature, so that bytes behind the check are reached.
pub struct Credulous;

impl Verifier for Credulous {
    fn verify(&self, _: &PublicKey, _: &[u8], _: &Signature) -> bool {
        true
    }
}

/// Signs for the author of that number, with what [`Credulous`] takes.
pub struct Scribble(pub u8);

impl Signer for Scribble {
    fn public_key(&self) -> PublicKey {
        [self.0; 32]
    }
    fn sign(&self, _: &[u8]) -> Result<Signature, SignError> {
        Ok([self.0; 64])
    }
}

/// See the crate.
pub fn run(data: &[u8]) -> bool {
    let Ok(event) = SignedEvent::decode(data, &[0; 32]) else {
        return false;
    };
    assert_eq!(event.bytes(), data, "an event is all of its bytes");
    let fields = *event.event();
    let mut out = vec![0; 70_000];
    // Written again without its signature, its id is the same: that covers all but the signature.
    if let Ok(again) = fields.unsigned(&mut out) {
        assert_eq!(again.id(), event.id(), "one event, one id");
    }
    let _ = event.verify(&Credulous);
    true
}

/// An event of each kind, with and without a signature.
pub fn seeds() -> Vec<Vec<u8>> {
    let hashes = [[1; 32], [2; 32]];
    let mut seeds = Vec::new();
    for (at, kind) in kinds(&hashes).into_iter().enumerate() {
        let event = Event {
            realm: [0; 32],
            author: Scribble(7).public_key(),
            seq: 1 + at as u32 * 50,
            at: 1_000 * at as u64,
            context: "room/1",
            embedding: match at % 3 {
                0 => Embedding::f32(&[0.5, -1.0e-20, 3.0e7]),
                1 => Embedding::i8(&[1, -128, 127], 0.01),
                _ => Embedding::default(),
            },
            kind,
        };
        let mut out = vec![0; 4_096];
        let written = event.unsigned(&mut out).expect("a good event");
        seeds.push(written.bytes().to_vec());
        let mut out = vec![0; 4_096];
        let written = event.sign(&Scribble(7), &mut out).expect("a good event");
        seeds.push(written.bytes().to_vec());
    }
    seeds
}
