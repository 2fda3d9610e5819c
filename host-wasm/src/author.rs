//! Events as an author in the page says them: fields in, canonical signed bytes out.

use crate::argument::{fraction, hash, hashes, time};
use crate::failure;
use ed25519_dalek::SigningKey;
use sensilla::coherence::{self, conflict_id};
use sensilla::log::kind::{Act, Assert, Challenge, Deprecate, Resolution, Roots, Support, Witness};
use sensilla::log::sign::Endorsement;
use sensilla::log::{self, Event, EventKind, Signer, event};
use wasm_bindgen::prelude::*;

/// Who signs events: an Ed25519 key, the realm it speaks in, and the number of its next event.
///
/// Every method that says something returns the event's bytes, for
/// [`History.ingest`](crate::history::History::ingest) here and at every peer.
#[wasm_bindgen]
pub struct Author {
    author: log::Author<SigningKey>,
}

#[wasm_bindgen]
impl Author {
    /// An author with this secret of 32 bytes, from `crypto.getRandomValues` and kept safe. `next` is
    /// the number of its next event, 1 for a new author; `realm` the id of the realm it speaks in, as
    /// [`realmId`](realm_id) gives it, none if there is none.
    #[wasm_bindgen(constructor)]
    pub fn new(
        secret: &[u8],
        next: Option<u32>,
        realm: Option<Vec<u8>>,
    ) -> Result<Author, JsValue> {
        let realm = realm.map(|id| hash(&id, "a realm")).transpose()?;
        let secret = SigningKey::from_bytes(&hash(secret, "a secret")?);
        let mut author = log::Author::new(secret, realm.unwrap_or_default());
        author.next = next.unwrap_or(1);
        Ok(Self { author })
    }

    /// The public key, which names the author.
    #[wasm_bindgen(getter, js_name = publicKey)]
    pub fn public_key(&self) -> Vec<u8> {
        self.author.signer.public_key().to_vec()
    }

    /// The number of the author's next event.
    #[wasm_bindgen(getter)]
    pub fn next(&self) -> u32 {
        self.author.next
    }

    /// Admits a key to the realm, as its only root: the decision `number`, one more than that before.
    pub fn admit(
        &mut self,
        number: u32,
        key: &[u8],
        name: &str,
        at: f64,
    ) -> Result<Vec<u8>, JsValue> {
        let key = hash(key, "a key")?;
        self.decide(number, "", Act::Admit { key, name, from: 1 }, at)
    }

    /// Expels a member, as the only root, whose events up to `last` count.
    pub fn expel(
        &mut self,
        number: u32,
        key: &[u8],
        last: u32,
        at: f64,
    ) -> Result<Vec<u8>, JsValue> {
        let key = hash(key, "a key")?;
        self.decide(number, "", Act::Expel { key, last }, at)
    }

    /// Has `threshold` of `keys`, public keys end to end, decide in a context, as the only root.
    pub fn appoint(
        &mut self,
        number: u32,
        context: &str,
        threshold: u8,
        keys: &[u8],
        at: f64,
    ) -> Result<Vec<u8>, JsValue> {
        let keys = hashes(keys, "keys")?;
        self.decide(number, context, Act::Appoint { threshold, keys }, at)
    }

    /// Closes a context, as the only root: its claims fall, and what they took is free.
    pub fn close(&mut self, number: u32, context: &str, at: f64) -> Result<Vec<u8>, JsValue> {
        self.decide(number, context, Act::Close, at)
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

    /// Spends `cost` of the author's budget on one claim of a conflict, against the other.
    pub fn support(
        &mut self,
        context: &str,
        claim: &[u8],
        against: &[u8],
        cost: u32,
        at: f64,
    ) -> Result<Vec<u8>, JsValue> {
        let (claim, against) = (hash(claim, "a claim's id")?, hash(against, "a claim's id")?);
        let support = Support {
            conflict: conflict_id(&claim, &against),
            claim,
            against,
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
    fn decide(
        &mut self,
        number: u32,
        context: &str,
        act: Act<'_>,
        at: f64,
    ) -> Result<Vec<u8>, JsValue> {
        let decision = Roots {
            number,
            act,
            signatures: &[],
        };
        let signature = decision
            .endorse(&self.author.realm, context, &self.author.signer)
            .map_err(|e| failure::argument(&e.to_string()))?;
        let signatures = [signature];
        self.say(
            context,
            at,
            &[],
            EventKind::Roots(decision.endorsed(&signatures)),
        )
    }

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

/// The id of a realm: of its name, and of its roots' public keys, end to end, of which `threshold`
/// must sign what they decide.
#[wasm_bindgen(js_name = realmId)]
pub fn realm_id(name: &str, threshold: u8, roots: &[u8]) -> Result<Vec<u8>, JsValue> {
    let roots = hashes(roots, "roots")?;
    Ok(coherence::realm_id(name, threshold, roots).to_vec())
}
