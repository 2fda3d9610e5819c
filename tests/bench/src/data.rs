//! The vectors that the bank is measured on: those that the tests hold its recall on.

#[path = "../../../core/tests/sets/mod.rs"]
mod sets;

use crate::harness::{data_folder, output_folder};
use crate::random::Random;
pub use sets::{Data, clustered};

/// Sentence embeddings from the data folder: the first `n` rows, and the last 1,000 as queries.
pub fn sentences(n: usize, queries: usize) -> Option<Data> {
    sets::sentences(&data_folder()?, n, queries)
}

/// scikit-learn's digits, from its wheel: every tenth is a query.
pub fn digits() -> Option<Data> {
    sets::digits(&output_folder())
}

/// Vectors of no structure at all: each component anywhere from -1 to 1, then brought to unit length.
pub fn uniform(n: usize, dimensions: usize, queries: usize) -> Data {
    let mut random = Random(5);
    let mut draw = |count: usize| {
        let mut vectors = Vec::with_capacity(count * dimensions);
        for _ in 0..count {
            let row: Vec<f32> = (0..dimensions).map(|_| 2.0 * random.unit() - 1.0).collect();
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            vectors.extend(row.iter().map(|x| x / norm));
        }
        vectors
    };
    Data {
        dimensions,
        rows: draw(n),
        queries: draw(queries),
    }
}
