//! Searching a bank for one query or many.

use super::{BANKS, Bank};
use crate::error::{CallError, Failure};
use crate::exchange::{Arguments, Output, answer};
use sensilla::bank::{Entry, Goal, Search};
use wasm_bindgen::prelude::wasm_bindgen;

/// Which labels are looked for.
enum Labels<'a> {
    All,
    Only(&'a [u32]),
    Except(&'a [u32]),
    /// A bit for each label from 0; others are not.
    Bits(&'a [u8]),
}

impl Labels<'_> {
    fn has(&self, label: u32) -> bool {
        match self {
            Self::All => true,
            Self::Only(sorted) => sorted.binary_search(&label).is_ok(),
            Self::Except(sorted) => sorted.binary_search(&label).is_err(),
            Self::Bits(bits) => bits
                .get(label as usize / 8)
                .is_some_and(|byte| byte >> (label % 8) & 1 == 1),
        }
    }
}

/// The `k` nearest of each of `queries` queries. `goal` is 0 for the recall `value`, 1 for an exact
/// search, 2 for `value` candidates; `filter` is 0 for all labels, 1 for only those given, 2 for all
/// but those, 3 for those whose bits are set. Arguments: queries, then `filters` labels in ascending
/// order, or bytes.
///
/// The result begins with the number of places for hits, and has five sections. The first has a word
/// for each query: how many were found, and in the top bit whether these are below the goal. The
/// others have room for `k` hits of each query, or for as
/// many as the bank holds, and have ids, similarities, labels and confidences without gaps.
#[wasm_bindgen]
pub fn bank_search(
    bank: u32,
    queries: usize,
    k: u32,
    goal: u32,
    value: f32,
    filter: u32,
    filters: usize,
) -> u32 {
    answer(|out| {
        BANKS.with(bank, |bank| {
            let arguments = Arguments::take();
            let mut reader = arguments.reader();
            let dimensions = bank.bank.get().config().dimensions() as usize;
            let vectors = reader.many(dimensions.saturating_mul(queries))?;
            let labels = match filter {
                0 => Labels::All,
                1 => Labels::Only(reader.many(filters)?),
                2 => Labels::Except(reader.many(filters)?),
                3 => Labels::Bits(reader.bytes(filters)?),
                _ => return Err(CallError::Malformed.into()),
            };
            let accepts = |entry: &Entry| labels.has(entry.label);
            let search = Search {
                goal: match goal {
                    0 => Goal::Recall(value),
                    1 => Goal::Exact,
                    2 => Goal::Ef(value as u32),
                    _ => return Err(CallError::Malformed.into()),
                },
                filter: match labels {
                    Labels::All => None,
                    _ => Some(&accepts),
                },
                ..Search::new(k as usize)
            };
            bank.bank.prepare(match search.goal {
                Goal::Ef(ef) => k.max(ef),
                _ => k,
            })?;
            run(bank, vectors, &search, out)
        })
    })
}

/// In a word of counts: the hits are below the goal.
const BELOW: u32 = 1 << 31;

fn run(
    Bank { bank, ids }: &mut Bank,
    vectors: &[f32],
    search: &Search<'_>,
    out: &mut Output,
) -> Result<(), Failure> {
    let dimensions = bank.get().config().dimensions() as usize;
    let queries = vectors.len() / dimensions;
    let most = search.k.min(bank.get().len());
    let places = queries.checked_mul(most).ok_or(CallError::OutOfMemory)?;
    out.number(places as f64)?;
    let words = [
        queries.div_ceil(2),
        places,
        places.div_ceil(2),
        places.div_ceil(2),
    ];
    let all: usize = words.iter().sum::<usize>() + places.div_ceil(2);
    let section = out.section(all.checked_mul(8).ok_or(CallError::OutOfMemory)?)?;
    let (counts, section) = section.split_at_mut(words[0]);
    let (numbers, section) = section.split_at_mut(words[1]);
    let (similarities, section) = section.split_at_mut(words[2]);
    let (labels, confidences) = section.split_at_mut(words[3]);
    let counts: &mut [u32] = bytemuck::cast_slice_mut(counts);
    let numbers: &mut [f64] = bytemuck::cast_slice_mut(numbers);
    let mut similarities = bytemuck::cast_slice_mut::<_, f32>(similarities).iter_mut();
    let mut labels = bytemuck::cast_slice_mut::<_, u32>(labels).iter_mut();
    let mut confidences = bytemuck::cast_slice_mut::<_, f32>(confidences).iter_mut();
    let mut numbers = numbers.iter_mut();
    for (at, (query, count)) in vectors.chunks_exact(dimensions).zip(counts).enumerate() {
        let hits = match bank.search_with(query, search) {
            Ok(hits) => hits,
            Err(error) if queries == 1 => return Err(error.into()),
            Err(error) => return Err(Failure::from(error).of("query", at)),
        };
        *count = hits.len() as u32 | if hits.is_below_goal() { BELOW } else { 0 };
        let places = numbers
            .by_ref()
            .zip(similarities.by_ref())
            .zip(labels.by_ref().zip(confidences.by_ref()));
        for (hit, ((number, similarity), (label, confidence))) in hits.iter().zip(places) {
            *number = ids.to_number(hit.id);
            *similarity = hit.similarity;
            *label = hit.label;
            *confidence = f32::from(hit.confidence) / f32::from(u16::MAX);
        }
    }
    Ok(())
}
