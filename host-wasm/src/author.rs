//! Events as an author in the page says them: fields in, canonical signed bytes out.

use crate::argument::{fraction, hash, hashes, time};
use crate::failure;
use ed25519_dalek::SigningKey;
use sensilla::log::kind::{Assert, Challenge, Deprecate, Resolution, Support, Witness};
use sensilla::log::sign::Endorsement;
use sensilla::log::{self, Event, EventKind, Signer, event};
use wasm_bindgen::prelude::*;

/// Who signs events: an Ed25519 key, and the author's last event, which the next one names.
///
/// Every method that says something returns the event's bytes, for
/// [`History.ingest`](crate::history::History::ingest) here and at every peer.
#[wasm_bindgen]
pub struct Author {
    author: log::Author<SigningKey>,
}

#[wasm_bindgen]
impl Author {
    /// An author with this secret of 32 bytes, from `crypto.getRandomValues` and kept safe. `last`
    /// is the id of its last event, nothing for a new author.
    #[wasm_bindgen(constructor)]
    pub fn new(secret: &[u8], last: Option<Vec<u8>>) -> Result<Author, JsValue> {
        let mut author = log::Author::new(SigningKey::from_bytes(&hash(secret, "a secret")?));
        author.last = last.map(|id| hash(&id, "an event's id")).transpose()?;
        Ok(Self { author })
    }

    /// The public key, which names the author.
    #[wasm_bindgen(getter, js_name = publicKey)]
    pub fn public_key(&self) -> Vec<u8> {
        self.author.signer.public_key().to_vec()
    }

    /// The id of the author's last event.
    #[wasm_bindgen(getter)]
    pub fn last(&self) -> Option<Vec<u8>> {
        self.author.last.map(|id| id.to_vec())
    }

    /// Claims that `predicate` of `subject` is `value`. `confidence` is 0 to 1, `at` and `expires`
    /// milliseconds; `embedding` says where the claim lies among others.
    #[wasm_bindgen(js_name = assert)]
    #[allow(
        clippy::too_many_arguments,
        reason = "fields cross the boundary one by one, without an object to parse"
    )]
    pub fn claim(
        &mut self,
        context: &str,
        subject: &str,
        predicate: &str,
        value: &str,
        confidence: f32,
        at: f64,
        embedding: Option<Vec<f32>>,
        expires: Option<f64>,
    ) -> Result<Vec<u8>, JsValue> {
        let assert = Assert {
            subject,
            predicate,
            value,
            evidence: &[],
            confidence: fraction(confidence)?,
            expires: expires.map(time).transpose()?,
            supersedes: None,
        };
        let embedding = embedding.unwrap_or_default();
        self.say(context, at, &embedding, EventKind::Assert(assert))
    }

    /// Protests that `claims`, ids end to end, contradict each other.
    pub fn challenge(
        &mut self,
        context: &str,
        conflict: &[u8],
        claims: &[u8],
        reason: &str,
        at: f64,
    ) -> Result<Vec<u8>, JsValue> {
        let challenge = Challenge {
            conflict: hash(conflict, "a conflict's id")?,
            claims: hashes(claims, "claims")?,
            reason,
        };
        self.say(context, at, &[], EventKind::Challenge(challenge))
    }

    /// Spends `cost` of the author's budget on one claim of a conflict.
    pub fn support(
        &mut self,
        context: &str,
        conflict: &[u8],
        claim: &[u8],
        cost: u32,
        at: f64,
    ) -> Result<Vec<u8>, JsValue> {
        let support = Support {
            conflict: hash(conflict, "a conflict's id")?,
            claim: hash(claim, "a claim's id")?,
            evidence: &[],
            cost,
        };
        self.say(context, at, &[], EventKind::Support(support))
    }

    /// Confirms a claim that came along `path`, hashes of its sources end to end.
    pub fn witness(
        &mut self,
        context: &str,
        claim: &[u8],
        path: &[u8],
        confidence: f32,
        at: f64,
    ) -> Result<Vec<u8>, JsValue> {
        let witness = Witness {
            claim: hash(claim, "a claim's id")?,
            path: hashes(path, "a path")?,
            confidence: fraction(confidence)?,
        };
        self.say(context, at, &[], EventKind::Witness(witness))
    }

    /// Takes back a claim of the author's own.
    pub fn deprecate(
        &mut self,
        context: &str,
        claim: &[u8],
        reason: &str,
        at: f64,
    ) -> Result<Vec<u8>, JsValue> {
        let deprecate = Deprecate {
            claim: hash(claim, "a claim's id")?,
            resolution: None,
            superseded_by: None,
            reason,
            signatures: &[],
        };
        self.say(context, at, &[], EventKind::Deprecate(deprecate))
    }

    /// Signs a decision as an authority of the context: 96 bytes for [`resolve`](Self::resolve).
    /// `accepted` and `deprecated` are ids of claims, end to end.
    pub fn endorse(
        &self,
        context: &str,
        conflict: &[u8],
        accepted: &[u8],
        deprecated: &[u8],
        rationale: &str,
    ) -> Result<Vec<u8>, JsValue> {
        let decision = decision(conflict, accepted, deprecated, rationale, &[])?;
        decision
            .endorse(context, &self.author.signer)
            .map(|endorsement| endorsement.to_vec())
            .map_err(|e| failure::argument(&e.to_string()))
    }

    /// Decides a conflict with the endorsements of as many authorities as the context asks for,
    /// end to end in `signatures`.
    #[allow(
        clippy::too_many_arguments,
        reason = "fields cross the boundary one by one, without an object to parse"
    )]
    pub fn resolve(
        &mut self,
        context: &str,
        conflict: &[u8],
        accepted: &[u8],
        deprecated: &[u8],
        rationale: &str,
        signatures: &[u8],
        at: f64,
    ) -> Result<Vec<u8>, JsValue> {
        let (signatures, rest) = signatures.as_chunks::<{ size_of::<Endorsement>() }>();
        if !rest.is_empty() {
            return Err(failure::argument("endorsements have 96 bytes each"));
        }
        let decision = decision(conflict, accepted, deprecated, rationale, signatures)?;
        self.say(context, at, &[], EventKind::Resolution(decision))
    }
}

impl Author {
    fn say(
        &mut self,
        context: &str,
        at: f64,
        embedding: &[f32],
        kind: EventKind<'_>,
    ) -> Result<Vec<u8>, JsValue> {
        let event = Event {
            embedding: if embedding.is_empty() {
                event::Embedding::None
            } else {
                event::Embedding::f32(embedding)
            },
            ..self.author.event(context, time(at)?, kind)
        };
        let mut out = vec![0; event::MAX_EVENT];
        let signed = self.author.say(&event, &mut out).map_err(failure::of)?;
        Ok(signed.bytes().to_vec())
    }
}

fn decision<'d>(
    conflict: &[u8],
    accepted: &'d [u8],
    deprecated: &'d [u8],
    rationale: &'d str,
    signatures: &'d [Endorsement],
) -> Result<Resolution<'d>, JsValue> {
    Ok(Resolution {
        conflict: hash(conflict, "a conflict's id")?,
        accepted: hashes(accepted, "accepted claims")?,
        deprecated: hashes(deprecated, "deprecated claims")?,
        rationale,
        signatures,
    })
}
