//! The signed history of a node and the conflicts in it.

use crate::argument::{hash, hashes, place, time};
use crate::failure;
use sensilla::error::ErrorCode;
use sensilla::log::{Ed25519, Policy};
use sensilla::merkle;
use sensilla::node::{HistoryConfig, IngestError, Ingested, OwnedHistory};
use wasm_bindgen::prelude::*;

/// A log of signed events in memory of the module, the claims in force and their conflicts.
#[wasm_bindgen]
pub struct History(OwnedHistory);

/// What events came to, one after the other.
#[wasm_bindgen]
pub struct Taken {
    ids: Vec<u8>,
    indices: Vec<f64>,
    refusals: Vec<u16>,
    found: u32,
    resolved: u32,
    fallen: u32,
}

/// Conflicts, one after the other.
#[wasm_bindgen]
#[derive(Default)]
pub struct Conflicts {
    ids: Vec<u8>,
    claims: Vec<u8>,
    states: Vec<u8>,
    levels: Vec<u8>,
    since: Vec<f64>,
}

#[wasm_bindgen]
impl History {
    /// An empty history of at most `events` events in a ring of `bytes` bytes; embeddings of
    /// claims have `dimensions` components (any claim may have none). It hears the members of `realm`,
    /// which [`found`](Self::found) tells it the roots of; without one it hears everybody, of whom
    /// there may be `authors`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        events: u32,
        bytes: u32,
        dimensions: Option<u32>,
        authors: Option<u16>,
        contexts: Option<u16>,
        realm: Option<Vec<u8>>,
    ) -> Result<History, JsValue> {
        let open = realm.is_none();
        let realm = realm.map(|id| hash(&id, "a realm")).transpose()?;
        let contexts = contexts.unwrap_or(16);
        let config = HistoryConfig {
            events,
            bytes,
            authors: authors.unwrap_or(64),
            contexts,
            claims: events,
            dimensions: dimensions.unwrap_or(0),
            realm: realm.unwrap_or_default(),
            open,
            ..HistoryConfig::DEFAULT
        };
        OwnedHistory::new(config).map(Self).map_err(failure::of)
    }

    /// A history from the bytes that [`toBytes`](Self::to_bytes) gave. Bytes that were changed
    /// since throw.
    #[wasm_bindgen(js_name = fromBytes)]
    pub fn from_bytes(bytes: &[u8]) -> Result<History, JsValue> {
        OwnedHistory::open_verified(bytes)
            .map(Self)
            .map_err(failure::of)
    }

    /// Checks one event, this page's or a peer's, and takes it in. What is refused throws and
    /// changes nothing but a count of refusals.
    pub fn ingest(&mut self, event: &[u8], now: f64) -> Result<Taken, JsValue> {
        let mut taken = Taken::with_room(1);
        let ingested = self.take(event, time(now)?);
        taken.add(&ingested.map_err(failure::of)?);
        Ok(taken)
    }

    /// Takes in many events, end to end in `events`, each as long as `lengths` says. One that is
    /// refused does not stop the others: its place in `refusals` has the error's code.
    #[wasm_bindgen(js_name = ingestBatch)]
    pub fn ingest_batch(
        &mut self,
        events: &[u8],
        lengths: &[u32],
        now: f64,
    ) -> Result<Taken, JsValue> {
        let now = time(now)?;
        let whole: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
        if whole != events.len() as u64 {
            return Err(failure::argument(&format!(
                "the lengths add up to {whole}, but there are {} bytes",
                events.len()
            )));
        }
        let mut taken = Taken::with_room(lengths.len());
        let mut rest = events;
        for &length in lengths {
            let (event, after) = rest.split_at(length as usize);
            rest = after;
            match self.take(event, now) {
                Ok(ingested) => taken.add(&ingested),
                Err(error) => taken.refuse(error.code()),
            }
        }
        Ok(taken)
    }

    /// Tells the history the roots of its realm, from which with the name its id was made: public keys
    /// end to end, of which `threshold` must sign what they decide.
    pub fn found(&mut self, name: &str, threshold: u8, roots: &[u8]) -> Result<(), JsValue> {
        let roots = hashes(roots, "roots")?;
        self.0
            .with(|history| history.found(name, threshold, roots))
            .map_err(failure::of)
    }

    /// The number of the roots' next decision.
    #[wasm_bindgen(getter, js_name = nextDecision)]
    pub fn next_decision(&self) -> u32 {
        self.0.get().engine().next_decision()
    }

    /// The number of an author's next event; nothing for one that is not heard.
    pub fn next(&self, author: &[u8]) -> Result<Option<u32>, JsValue> {
        let author = hash(author, "a key")?;
        Ok(self.0.get().engine().next(&author))
    }

    /// Makes claims and conflicts anew of the events that are kept, once some were given up.
    pub fn rebuild(&mut self) {
        self.0.with(|history| history.rebuild());
    }

    /// Lets time pass. Returns how many claims have expired.
    pub fn advance(&mut self, now: f64) -> Result<u32, JsValue> {
        let now = time(now)?;
        let advanced = self.0.with(|history| history.advance(now));
        Ok(advanced.expired)
    }

    /// Looks at every pair of a context's claims, after a call that could not; returns how many
    /// conflicts it opened.
    #[wasm_bindgen(js_name = detectAll)]
    pub fn detect_all(&mut self, context: &str) -> u32 {
        self.0.with(|history| history.detect_all(context).opened)
    }

    /// Whether every contradiction was found so far.
    #[wasm_bindgen(getter, js_name = isComplete)]
    pub fn is_complete(&self) -> bool {
        self.0.get().engine().is_complete()
    }

    /// All conflicts, decided ones too.
    #[wasm_bindgen(getter)]
    pub fn conflicts(&self) -> Conflicts {
        let mut conflicts = Conflicts::default();
        for conflict in self.0.get().engine().conflicts() {
            conflicts.ids.extend(conflict.id);
            conflicts.claims.extend(conflict.claims.as_flattened());
            conflicts.states.push(conflict.status as u8);
            conflicts.levels.push(conflict.quarantine as u8);
            conflicts.since.push(conflict.since as f64);
        }
        conflicts
    }

    /// How far the claim may be used: 0 as it is, 1 with caution, 2 with witnesses, 3 not at all;
    /// nothing of what is no claim in force.
    pub fn quarantine(&self, claim: &[u8]) -> Result<Option<u8>, JsValue> {
        let id = hash(claim, "a claim's id")?;
        Ok(self
            .0
            .get()
            .engine()
            .quarantine(&id)
            .map(|level| level as u8))
    }

    /// Events ever taken in.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> f64 {
        self.0.get().log().size() as f64
    }

    /// The place of an event in the log, if it is there.
    pub fn find(&self, id: &[u8]) -> Result<Option<f64>, JsValue> {
        let id = hash(id, "an event's id")?;
        Ok(self.0.get().log().find(&id).map(|index| index as f64))
    }

    /// The bytes of an event, for a peer.
    pub fn event(&self, index: f64) -> Result<Vec<u8>, JsValue> {
        let index = place(index)?;
        let entry = self.0.get().log().get(index).map_err(failure::of)?;
        Ok(entry.bytes().to_vec())
    }

    /// The RFC 6962 root of all events.
    pub fn root(&mut self) -> Vec<u8> {
        self.0.with(|history| history.root().to_vec())
    }

    /// The hashes that prove, with the root, that event `index` is in the log; end to end.
    #[wasm_bindgen(js_name = proveInclusion)]
    pub fn prove_inclusion(&self, index: f64) -> Result<Vec<u8>, JsValue> {
        let index = place(index)?;
        let log = self.0.get().log();
        let proof = log
            .prove_inclusion(index, log.size())
            .map_err(failure::of)?;
        Ok(proof.as_flattened().to_vec())
    }

    /// SHA-256 of all bytes: equal after the same calls in the same order, on every host.
    #[wasm_bindgen(getter, js_name = imageDigest)]
    pub fn image_digest(&self) -> Vec<u8> {
        self.0.get().image_digest().to_vec()
    }

    /// The bytes of the history, sealed, for storage. Copies them once.
    #[wasm_bindgen(js_name = toBytes)]
    pub fn to_bytes(&mut self) -> Vec<u8> {
        self.0.to_bytes()
    }
}

impl History {
    fn take(&mut self, event: &[u8], now: u64) -> Result<Ingested, IngestError> {
        self.0
            .with(|history| history.ingest(event, &Policy::new(), &Ed25519, now))
    }
}

#[wasm_bindgen]
impl Taken {
    /// Ids of the events that were taken in, end to end.
    #[wasm_bindgen(getter)]
    pub fn ids(&self) -> Vec<u8> {
        self.ids.clone()
    }

    /// Their places in the log.
    #[wasm_bindgen(getter)]
    pub fn indices(&self) -> Vec<f64> {
        self.indices.clone()
    }

    /// For each event given: 0, or the code of the error that it was refused with.
    #[wasm_bindgen(getter)]
    pub fn refusals(&self) -> Vec<u16> {
        self.refusals.clone()
    }

    /// Conflicts that they opened.
    #[wasm_bindgen(getter)]
    pub fn found(&self) -> u32 {
        self.found
    }

    /// Conflicts that they resolved.
    #[wasm_bindgen(getter)]
    pub fn resolved(&self) -> u32 {
        self.resolved
    }

    /// Claims that they put out of force.
    #[wasm_bindgen(getter)]
    pub fn fallen(&self) -> u32 {
        self.fallen
    }
}

impl Taken {
    fn with_room(events: usize) -> Self {
        Self {
            ids: Vec::with_capacity(32 * events),
            indices: Vec::with_capacity(events),
            refusals: Vec::with_capacity(events),
            found: 0,
            resolved: 0,
            fallen: 0,
        }
    }

    fn add(&mut self, ingested: &Ingested) {
        self.ids.extend(ingested.id);
        self.indices.push(ingested.index as f64);
        self.refusals.push(0);
        self.found += ingested.applied.found;
        self.resolved += ingested.applied.resolved;
        self.fallen += ingested.applied.fallen;
    }

    fn refuse(&mut self, code: u16) {
        self.refusals.push(code);
    }
}

#[wasm_bindgen]
impl Conflicts {
    /// How many there are.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> u32 {
        self.states.len() as u32
    }

    /// Their ids, end to end.
    #[wasm_bindgen(getter)]
    pub fn ids(&self) -> Vec<u8> {
        self.ids.clone()
    }

    /// The ids of their claims, two a conflict, end to end.
    #[wasm_bindgen(getter)]
    pub fn claims(&self) -> Vec<u8> {
        self.claims.clone()
    }

    /// Where they stand: 1 detected, 2 challenged, 3 supported, 4 escalated, 5 resolved, 6 lapsed.
    #[wasm_bindgen(getter)]
    pub fn states(&self) -> Vec<u8> {
        self.states.clone()
    }

    /// How far they restrict their claims, as [`History::quarantine`] counts.
    #[wasm_bindgen(getter)]
    pub fn levels(&self) -> Vec<u8> {
        self.levels.clone()
    }

    /// When they were found, in milliseconds.
    #[wasm_bindgen(getter)]
    pub fn since(&self) -> Vec<f64> {
        self.since.clone()
    }
}

/// Whether `proof`, hashes end to end, shows that the event with these bytes is number `index` of
/// the `size` under `root`.
#[wasm_bindgen(js_name = verifyInclusion)]
pub fn verify_inclusion(
    event: &[u8],
    index: f64,
    size: f64,
    proof: &[u8],
    root: &[u8],
) -> Result<bool, JsValue> {
    let leaf = merkle::leaf_hash(event);
    let proof = hashes(proof, "a proof")?;
    let root = hash(root, "a root")?;
    let (index, size) = (place(index)?, place(size)?);
    Ok(merkle::verify_inclusion(&leaf, index, size, proof, &root).is_ok())
}
