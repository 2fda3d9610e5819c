//! Many searches at once, on all cores.
//!
//! A search writes nothing to the bank, so any number of threads may search one; each needs scratch
//! memory of its own, which a [`BatchSearch`] keeps for the next call. What is found does not depend
//! on how many threads there are: each query is answered as [`PatternBankRef::search`] alone would.

use std::sync::Mutex;

use rayon::prelude::*;
use sensilla::bank::{
    Entry, Hit, Method, PatternBankRef, Scratch, ScratchConfig, Search, SearchError,
};
use sensilla::block::BlockError;

use sensilla::block::Memory;

/// Queries that a thread takes at a time: enough to be worth handing over, few enough to share out.
const CHUNK: usize = 32;

/// Why a batch was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The numbers are no whole number of queries.
    #[error("{found} numbers are no whole number of queries of {dimensions} components")]
    Uneven {
        /// Components of a query.
        dimensions: u32,
        /// Numbers given.
        found: usize,
    },
    /// A query cannot be answered; no other that cannot comes before it.
    #[error("query {index}: {source}")]
    Query {
        /// Its place in the batch, from zero.
        index: usize,
        /// Why.
        source: SearchError,
    },
    /// Scratch memory could not be laid out.
    #[error("scratch memory: {0}")]
    Scratch(#[from] BlockError),
}

/// How the searches of a batch are to run.
#[derive(Clone, Copy)]
pub struct BatchDetail<'p> {
    /// Most neighbours wanted for each query.
    pub k: usize,
    /// The way to take; none lets the bank choose, as [`Search::method`].
    pub method: Option<Method>,
    /// Only patterns that it accepts are found; asked from many threads.
    pub filter: Option<&'p (dyn Fn(&Entry) -> bool + Sync)>,
}

/// What a batch of queries found, in the order of the queries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchHits {
    hits: Vec<Hit>,
    /// Where the hits of each query end.
    ends: Vec<usize>,
    distances: u64,
}

impl BatchHits {
    /// Number of queries.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there was no query.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The hits of the query at `index`, the most similar first; empty beyond the last query.
    pub fn get(&self, index: usize) -> &[Hit] {
        let start = match index.checked_sub(1) {
            Some(before) => self.ends.get(before).copied(),
            None => Some(0),
        };
        let end = self.ends.get(index).copied();
        match (start, end) {
            (Some(start), Some(end)) => self.hits.get(start..end).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// The hits of each query in turn.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[Hit]> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// How many stored rows all queries together were compared with.
    pub fn distances(&self) -> u64 {
        self.distances
    }

    fn push(&mut self, hits: impl Iterator<Item = Hit>, distances: u32) {
        self.hits.extend(hits);
        self.ends.push(self.hits.len());
        self.distances += u64::from(distances);
    }

    fn append(&mut self, other: Self) {
        let before = self.hits.len();
        self.hits.extend(other.hits);
        self.ends
            .extend(other.ends.into_iter().map(|end| before + end));
        self.distances += other.distances;
    }
}

/// A bank, and scratch memory for as many threads as search it.
///
/// ```
/// use sensilla::bank::{BankConfig, Pattern, PatternBank};
/// use sensilla_std::batch::BatchSearch;
/// use sensilla::block::Memory;
///
/// let config = BankConfig::new(2, 10);
/// let mut memory = Memory::zeroed(config.bytes());
/// let mut bank = PatternBank::format(&mut memory, config)?;
/// let north = bank.insert(&[0.0, 1.0], Pattern::default())?;
/// let east = bank.insert(&[1.0, 0.0], Pattern::default())?;
///
/// let batch = BatchSearch::new(bank.as_ref(), 16);
/// let found = batch.search(&[0.9, 0.1, 0.2, 0.8], 1)?;
/// assert_eq!(found.get(0)[0].id, east);
/// assert_eq!(found.get(1)[0].id, north);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BatchSearch<'b> {
    bank: PatternBankRef<'b>,
    scratch: ScratchConfig,
    free: Mutex<Vec<Memory>>,
}

impl<'b> BatchSearch<'b> {
    /// For searches of `bank` with `ef` candidates in a graph, and so at most `ef` neighbours.
    pub fn new(bank: PatternBankRef<'b>, ef: u32) -> Self {
        Self {
            bank,
            scratch: ScratchConfig::new(bank.config(), ef),
            free: Mutex::default(),
        }
    }

    /// The `k` patterns most similar to each of `queries`, which lie end to end: of each query what
    /// [`PatternBankRef::search`] finds. Work is shared out by `rayon`: on its global threads, or on
    /// those of the pool whose `install` this is called in.
    pub fn search(&self, queries: &[f32], k: usize) -> Result<BatchHits, BatchError> {
        self.search_with(
            queries,
            &BatchDetail {
                k,
                method: None,
                filter: None,
            },
        )
    }

    /// [`search`](Self::search) in all detail.
    pub fn search_with(
        &self,
        queries: &[f32],
        detail: &BatchDetail<'_>,
    ) -> Result<BatchHits, BatchError> {
        let dimensions = self.bank.config().dimensions();
        if !queries.len().is_multiple_of(dimensions as usize) {
            return Err(BatchError::Uneven {
                dimensions,
                found: queries.len(),
            });
        }
        let parts: Vec<Result<BatchHits, BatchError>> = queries
            .par_chunks(CHUNK * dimensions as usize)
            .enumerate()
            .map(|(number, queries)| self.chunk(number * CHUNK, queries, detail))
            .collect();
        let mut all = BatchHits::default();
        for part in parts {
            all.append(part?);
        }
        Ok(all)
    }

    fn chunk(
        &self,
        first: usize,
        queries: &[f32],
        detail: &BatchDetail<'_>,
    ) -> Result<BatchHits, BatchError> {
        let mut memory = self.take();
        let found = self.answer(first, queries, detail, &mut memory);
        // A thread that panicked left the list whole: nothing in it can be half done.
        let mut free = self.free.lock().unwrap_or_else(|e| e.into_inner());
        free.push(memory);
        found
    }

    fn take(&self) -> Memory {
        let mut free = self.free.lock().unwrap_or_else(|e| e.into_inner());
        free.pop()
            .unwrap_or_else(|| Memory::zeroed(self.scratch.bytes()))
    }

    fn answer(
        &self,
        first: usize,
        queries: &[f32],
        detail: &BatchDetail<'_>,
        memory: &mut Memory,
    ) -> Result<BatchHits, BatchError> {
        let mut scratch = Scratch::format(memory, self.scratch)?;
        let accepts = |entry: &Entry| detail.filter.is_none_or(|accepts| accepts(entry));
        let search = Search {
            method: detail.method,
            filter: match detail.filter {
                Some(_) => Some(&accepts),
                None => None,
            },
            ..Search::new(detail.k)
        };
        let mut found = BatchHits::default();
        let dimensions = self.bank.config().dimensions() as usize;
        for (at, query) in queries.chunks_exact(dimensions).enumerate() {
            let hits = self
                .bank
                .search_with(query, &search, &mut scratch)
                .map_err(|source| BatchError::Query {
                    index: first + at,
                    source,
                })?;
            found.push(hits.iter(), hits.distances());
        }
        Ok(found)
    }
}

/// Searches `bank` once for each of `queries`, which lie end to end, on all cores: see
/// [`BatchSearch`], which keeps its scratch memory for further batches.
pub fn search_batch(
    bank: PatternBankRef<'_>,
    queries: &[f32],
    k: usize,
    ef: u32,
) -> Result<BatchHits, BatchError> {
    BatchSearch::new(bank, ef).search(queries, k)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sensilla::bank::{BankConfig, Pattern, PatternBank, VectorError};

    const DIMENSIONS: usize = 12;

    fn numbers(seed: u32, count: usize) -> Vec<f32> {
        let mut state = seed;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    fn with_bank(test: impl FnOnce(PatternBankRef<'_>)) {
        // A scan cost of one makes so small a bank walk its graph.
        let config = BankConfig::new(DIMENSIONS as u32, 600)
            .links(6)
            .ef_construction(24)
            .scan_cost(1);
        let mut memory = Memory::zeroed(config.bytes());
        let mut bank = PatternBank::format(&mut memory, config).unwrap();
        for (label, row) in (0..).zip(numbers(1, 600 * DIMENSIONS).chunks_exact(DIMENSIONS)) {
            let pattern = Pattern {
                label,
                ..Pattern::default()
            };
            bank.insert(row, pattern).unwrap();
        }
        test(bank.as_ref());
    }

    #[test]
    fn a_batch_finds_what_single_searches_find_on_any_number_of_threads() {
        let odd = |entry: &Entry| entry.label % 2 == 1;
        let details = [
            (None, None),
            (Some(Method::Scan), None),
            (None, Some(&odd as &(dyn Fn(&Entry) -> bool + Sync))),
        ];
        with_bank(|bank| {
            let queries = numbers(2, 150 * DIMENSIONS);
            for (method, filter) in details {
                let scratch = ScratchConfig::new(bank.config(), 8);
                let mut memory = Memory::zeroed(scratch.bytes());
                let mut scratch = Scratch::format(&mut memory, scratch).unwrap();
                let accepts = |entry: &Entry| filter.is_none_or(|filter| filter(entry));
                let search = Search {
                    method,
                    filter: filter.is_some().then_some(&accepts),
                    ..Search::new(5)
                };
                let mut expected = BatchHits::default();
                for query in queries.chunks_exact(DIMENSIONS) {
                    let hits = bank.search_with(query, &search, &mut scratch).unwrap();
                    expected.push(hits.iter(), hits.distances());
                }
                assert_eq!(expected.len(), 150);
                let detail = BatchDetail {
                    k: 5,
                    method,
                    filter,
                };
                let batch = BatchSearch::new(bank, 8);
                for threads in [1, 2, 5] {
                    let pool = rayon::ThreadPoolBuilder::new()
                        .num_threads(threads)
                        .build()
                        .unwrap();
                    let found = pool.install(|| batch.search_with(&queries, &detail).unwrap());
                    assert_eq!(found, expected, "{threads} threads, {method:?}");
                }
                let free = batch.free.lock().unwrap().len();
                assert!((1..=5).contains(&free), "{free} scratch memories");
            }
        });
    }

    #[test]
    fn the_first_bad_query_is_named() {
        with_bank(|bank| {
            let batch = BatchSearch::new(bank, 8);
            let mut queries = numbers(2, 100 * DIMENSIONS);
            for bad in [90, 40] {
                queries[bad * DIMENSIONS + 3] = f32::NAN;
                assert_eq!(
                    batch.search(&queries, 5),
                    Err(BatchError::Query {
                        index: bad,
                        source: VectorError::NotFinite { index: 3 }.into()
                    })
                );
            }
            assert_eq!(
                batch.search(&queries[1..], 5),
                Err(BatchError::Uneven {
                    dimensions: 12,
                    found: 1_199
                })
            );
            assert_eq!(
                batch.search(&queries[..DIMENSIONS], 9),
                Err(BatchError::Query {
                    index: 0,
                    source: SearchError::TooMany { asked: 9, most: 8 }
                })
            );
            assert!(batch.search(&[], 5).unwrap().is_empty());
        });
    }
}
