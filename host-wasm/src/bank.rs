//! The pattern bank.

use crate::argument::{fraction, time};
use crate::failure;
use sensilla::bank::{BankConfig, Element, OwnedBank, Pattern, PatternId};
use wasm_bindgen::prelude::*;

/// A pattern bank in memory of the module.
#[wasm_bindgen]
pub struct Bank(OwnedBank);

/// What a search of one query or many found, query after query, the most similar first.
#[wasm_bindgen]
pub struct Hits {
    counts: Vec<u32>,
    ids: Vec<u64>,
    similarities: Vec<f32>,
    labels: Vec<u32>,
    confidences: Vec<u16>,
}

#[wasm_bindgen]
impl Bank {
    /// An empty bank of `capacity` vectors of `dimensions` components, kept in eight bits a
    /// component, or as `f32` where `floats` is true.
    #[wasm_bindgen(constructor)]
    pub fn new(dimensions: u32, capacity: u32, floats: Option<bool>) -> Result<Bank, JsValue> {
        let element = match floats {
            Some(true) => Element::F32,
            _ => Element::I8,
        };
        let config = BankConfig::new(dimensions, capacity).element(element);
        OwnedBank::new(config).map(Self).map_err(failure::of)
    }

    /// A bank from the bytes that [`toBytes`](Self::to_bytes) gave, on this machine or another.
    /// Bytes that were changed since throw.
    #[wasm_bindgen(js_name = fromBytes)]
    pub fn from_bytes(bytes: &[u8]) -> Result<Bank, JsValue> {
        OwnedBank::open_verified(bytes)
            .map(Self)
            .map_err(failure::of)
    }

    /// Components of a vector.
    #[wasm_bindgen(getter)]
    pub fn dimensions(&self) -> u32 {
        self.0.get().config().dimensions()
    }

    /// Most vectors at a time.
    #[wasm_bindgen(getter)]
    pub fn capacity(&self) -> u32 {
        self.0.get().config().capacity()
    }

    /// Vectors now.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> u32 {
        self.0.get().len() as u32
    }

    /// Bytes of the bank, whole and fixed.
    #[wasm_bindgen(getter, js_name = byteLength)]
    pub fn byte_length(&self) -> u32 {
        self.0.get().config().bytes() as u32
    }

    /// Adds one vector and returns its id. `confidence` is 0 to 1 (1 where left out), `at`
    /// milliseconds.
    pub fn insert(
        &mut self,
        vector: &[f32],
        label: u32,
        confidence: Option<f32>,
        at: Option<f64>,
    ) -> Result<u64, JsValue> {
        let pattern = pattern(label, confidence, at)?;
        self.0
            .insert(vector, pattern)
            .map(PatternId::to_u64)
            .map_err(failure::of)
    }

    /// Adds many vectors, end to end in `vectors`, with a label each; returns their ids. Either
    /// all go in or none.
    #[wasm_bindgen(js_name = insertBatch)]
    pub fn insert_batch(
        &mut self,
        vectors: &[f32],
        labels: &[u32],
        at: Option<f64>,
    ) -> Result<Vec<u64>, JsValue> {
        let patterns = labels
            .iter()
            .map(|&label| pattern(label, None, at))
            .collect::<Result<Vec<_>, _>>()?;
        let ids = self
            .0
            .insert_batch(vectors, &patterns)
            .map_err(failure::of)?;
        Ok(ids.into_iter().map(PatternId::to_u64).collect())
    }

    /// Takes a vector out.
    pub fn remove(&mut self, id: u64) -> Result<(), JsValue> {
        self.0
            .remove(PatternId::from_u64(id))
            .map(drop)
            .map_err(failure::of)
    }

    /// The vector of `id` as the bank keeps it.
    pub fn vector(&self, id: u64) -> Result<Vec<f32>, JsValue> {
        let mut vector = vec![0.0; self.0.get().config().dimensions() as usize];
        self.0
            .get()
            .vector(PatternId::from_u64(id), &mut vector)
            .map_err(failure::of)?;
        Ok(vector)
    }

    /// The `k` nearest of each query, the queries end to end in `queries`. Writes nothing to the
    /// bank.
    #[wasm_bindgen(js_name = searchBatch)]
    pub fn search_batch(&mut self, queries: &[f32], k: u32) -> Result<Hits, JsValue> {
        let dimensions = self.0.get().config().dimensions() as usize;
        if !queries.len().is_multiple_of(dimensions) {
            return Err(failure::argument(&format!(
                "{} components are not whole queries of {dimensions}",
                queries.len()
            )));
        }
        self.0.prepare(k).map_err(failure::of)?;
        let most = k.min(self.length()) as usize;
        let mut found = Hits::with_room(queries.len() / dimensions, most);
        for (index, query) in queries.chunks_exact(dimensions).enumerate() {
            let hits = self.0.search(query, k as usize);
            found.add(&hits.map_err(|error| failure::of_query(index, error))?);
        }
        Ok(found)
    }

    /// SHA-256 of the bank's bytes: equal after the same calls in the same order, on every host.
    #[wasm_bindgen(js_name = imageDigest)]
    pub fn image_digest(&self) -> Vec<u8> {
        self.0.get().image_digest().to_vec()
    }

    /// The bytes of the bank, sealed, for storage or for another node. Copies them once.
    #[wasm_bindgen(js_name = toBytes)]
    pub fn to_bytes(&mut self) -> Vec<u8> {
        self.0.to_bytes()
    }
}

#[wasm_bindgen]
impl Hits {
    /// How many were found for each query: less than asked for where the bank holds less.
    #[wasm_bindgen(getter)]
    pub fn counts(&self) -> Vec<u32> {
        self.counts.clone()
    }

    /// Their ids.
    #[wasm_bindgen(getter)]
    pub fn ids(&self) -> Vec<u64> {
        self.ids.clone()
    }

    /// How similar they are, larger is more.
    #[wasm_bindgen(getter)]
    pub fn similarities(&self) -> Vec<f32> {
        self.similarities.clone()
    }

    /// Their labels.
    #[wasm_bindgen(getter)]
    pub fn labels(&self) -> Vec<u32> {
        self.labels.clone()
    }

    /// How far they are to be trusted, 0 to 1.
    #[wasm_bindgen(getter)]
    pub fn confidences(&self) -> Vec<f32> {
        self.confidences
            .iter()
            .map(|&confidence| f32::from(confidence) / f32::from(u16::MAX))
            .collect()
    }
}

impl Hits {
    fn with_room(queries: usize, k: usize) -> Self {
        let most = queries.saturating_mul(k);
        Self {
            counts: Vec::with_capacity(queries),
            ids: Vec::with_capacity(most),
            similarities: Vec::with_capacity(most),
            labels: Vec::with_capacity(most),
            confidences: Vec::with_capacity(most),
        }
    }

    fn add(&mut self, hits: &sensilla::bank::Hits<'_>) {
        self.counts.push(hits.len() as u32);
        for hit in hits.iter() {
            self.ids.push(hit.id.to_u64());
            self.similarities.push(hit.similarity);
            self.labels.push(hit.label);
            self.confidences.push(hit.confidence);
        }
    }
}

fn pattern(label: u32, confidence: Option<f32>, at: Option<f64>) -> Result<Pattern, JsValue> {
    Ok(Pattern {
        label,
        confidence: fraction(confidence.unwrap_or(1.0))?,
        at: time(at.unwrap_or(0.0))?,
    })
}
