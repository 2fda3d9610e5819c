//! The vectors that the bank is measured on: those that the tests hold its recall on.

#[path = "../../../core/tests/sets/mod.rs"]
mod sets;

use crate::harness::{data_folder, output_folder};
pub use sets::{Data, clustered};

/// Sentence embeddings from the data folder: the first `n` rows, and the last 1,000 as queries.
pub fn sentences(n: usize, queries: usize) -> Option<Data> {
    sets::sentences(&data_folder()?, n, queries)
}

/// scikit-learn's digits, from its wheel: every tenth is a query.
pub fn digits() -> Option<Data> {
    sets::digits(&output_folder())
}
