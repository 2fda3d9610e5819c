//! The pattern bank.

mod id;
mod search;

use crate::error::Failure;
use crate::exchange::{Arguments, Output, answer};
use crate::reader::Reader;
use crate::slots::Slots;
use alloc::vec::Vec;
use id::Ids;
use sensilla::bank::{
    BankConfig, Element, Estimate, IdError, Layout, Method, Metric, OwnedBank, Pattern,
};
use sensilla::block::BlockError;
use wasm_bindgen::prelude::wasm_bindgen;

static BANKS: Slots<Bank> = Slots::new();

/// A bank and what its ids look like outside.
struct Bank {
    bank: OwnedBank,
    ids: Ids,
}

/// Makes a bank and returns its number. Kinds are as in the configuration's words.
#[wasm_bindgen]
pub fn bank_new(
    dimensions: u32,
    capacity: u32,
    element: u32,
    metric: u32,
    layout: u32,
    links: u32,
    ef_construction: u32,
) -> u32 {
    answer(|out| {
        let element = match element {
            1 => Element::I8,
            2 => Element::F32,
            3 => Element::I8F32,
            4 => Element::Bits,
            _ => return Err(BlockError::BadConfig.into()),
        };
        let metric = match metric {
            1 => Metric::Cosine,
            2 => Metric::InnerProduct,
            3 => Metric::SquaredEuclidean,
            _ => return Err(BlockError::BadConfig.into()),
        };
        let layout = match layout {
            1 => Layout::Scan,
            2 => Layout::Graph,
            3 => Layout::Both,
            _ => return Err(BlockError::BadConfig.into()),
        };
        let config = BankConfig::new(dimensions, capacity)
            .element(element)
            .metric(metric)
            .layout(layout)
            .links(links)
            .ef_construction(ef_construction);
        let bank = OwnedBank::new(config)?;
        let ids = Ids::new(capacity);
        out.number(BANKS.keep(Bank { bank, ids })?)
    })
}

/// Opens a bank from so many bytes, its seal compared, and returns its number. `mark` is what told it
/// apart when it was saved, negative if that was elsewhere.
#[wasm_bindgen]
pub fn bank_open(bytes: usize, mark: f64) -> u32 {
    answer(|out| {
        let bank = OwnedBank::open_verified(Arguments::take().reader().bytes(bytes)?)?;
        let mark = (mark >= 0.0).then_some(mark as u32);
        let ids = Ids::opened(bank.get().config().capacity(), mark);
        out.number(BANKS.keep(Bank { bank, ids })?)
    })
}

/// Gives the memory of a bank back.
#[wasm_bindgen]
pub fn bank_free(bank: u32) {
    BANKS.free(bank);
}

/// Dimensions, capacity, patterns, bytes, element, metric, layout, and what tells it apart from others,
/// negative if nothing does.
#[wasm_bindgen]
pub fn bank_info(bank: u32) -> u32 {
    with(bank, |Bank { bank, ids }, out| {
        let bank = bank.get();
        let config = bank.config();
        out.numbers(&[
            f64::from(config.dimensions()),
            f64::from(config.capacity()),
            bank.len() as f64,
            config.bytes() as f64,
            f64::from(config.element_kind() as u32),
            f64::from(config.metric_kind() as u32),
            f64::from(config.layout_kind() as u32),
            ids.mark().map_or(-1.0, |mark| mark as f64),
        ])
    })
}

/// Adds `rows` patterns, all or none; returns their ids. Arguments: vectors, labels, confidences as
/// fractions of 65,535, times.
#[wasm_bindgen]
pub fn bank_insert(bank: u32, rows: usize) -> u32 {
    with(bank, |Bank { bank, ids }, out| {
        let arguments = Arguments::take();
        let mut reader = arguments.reader();
        let (vectors, patterns) = read(bank, rows, &mut reader)?;
        let ids_out: &mut [f64] = bytemuck::cast_slice_mut(out.section(8 * rows)?);
        let inserted = match patterns.first() {
            // In the words of one vector.
            Some(&pattern) if rows == 1 => alloc::vec![bank.insert(vectors, pattern)?],
            _ => bank.insert_batch(vectors, &patterns)?,
        };
        for (to, id) in ids_out.iter_mut().zip(inserted) {
            *to = ids.to_number(id);
        }
        Ok(())
    })
}

/// Adds one pattern, for which the one worth least goes if the bank is full; returns its id, and the
/// id and the label of the one that went or two that are no numbers.
#[wasm_bindgen]
pub fn bank_insert_evicting(bank: u32) -> u32 {
    with(bank, |Bank { bank, ids }, out| {
        let arguments = Arguments::take();
        let mut reader = arguments.reader();
        let (vector, patterns) = read(bank, 1, &mut reader)?;
        let pattern = patterns.first().copied().unwrap_or_default();
        let inserted = bank.with(|bank| bank.insert_evicting(vector, pattern))?;
        let gone = inserted.evicted;
        out.numbers(&[
            ids.to_number(inserted.id),
            gone.map_or(f64::NAN, |entry| ids.to_number(entry.id)),
            gone.map_or(f64::NAN, |entry| f64::from(entry.label)),
        ])
    })
}

/// Replaces a pattern's vector, if `vector` is 1, and what is said of it. Arguments as of an insertion
/// of one.
#[wasm_bindgen]
pub fn bank_update(bank: u32, id: f64, vector: u32) -> u32 {
    with(bank, |Bank { bank, ids }, _| {
        let arguments = Arguments::take();
        let mut reader = arguments.reader();
        let id = ids.to_id(id).ok_or(IdError::Gone)?;
        if vector == 1 {
            let (vector, patterns) = read(bank, 1, &mut reader)?;
            let pattern = patterns.first().copied().unwrap_or_default();
            bank.with(|bank| bank.update(id, vector, pattern))?;
        } else {
            let pattern = patterns(1, &mut reader)?.first().copied();
            bank.with(|bank| bank.annotate(id, pattern.unwrap_or_default()))?;
        }
        Ok(())
    })
}

/// Removes patterns by id, all or none.
#[wasm_bindgen]
pub fn bank_remove(bank: u32, count: usize) -> u32 {
    with(bank, |Bank { bank, ids }, _| {
        let arguments = Arguments::take();
        let mut given = Vec::new();
        for (at, &number) in arguments.reader().many::<f64>(count)?.iter().enumerate() {
            let gone = || Failure::from(IdError::Gone);
            let gone = || {
                if count > 1 {
                    gone().of("id", at)
                } else {
                    gone()
                }
            };
            let id = ids.to_id(number).ok_or_else(gone)?;
            bank.get().get(id).ok_or_else(gone)?;
            given.push(id);
        }
        given.sort_unstable();
        // An id that is there twice would be gone the second time.
        if given.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(IdError::Gone.into());
        }
        for id in given {
            bank.remove(id)?;
        }
        Ok(())
    })
}

/// Label, confidence as a fraction of 65,535, uses and last use of a pattern; nothing of one that is
/// not there.
#[wasm_bindgen]
pub fn bank_get(bank: u32, id: f64) -> u32 {
    with(bank, |Bank { bank, ids }, out| {
        match ids.to_id(id).and_then(|id| bank.get().get(id)) {
            Some(entry) => out.numbers(&[
                f64::from(entry.label),
                f64::from(entry.confidence),
                f64::from(entry.uses),
                entry.last_use as f64,
            ]),
            None => Ok(()),
        }
    })
}

/// The vector of a pattern as the bank keeps it.
#[wasm_bindgen]
pub fn bank_vector(bank: u32, id: f64) -> u32 {
    with(bank, |Bank { bank, ids }, out| {
        let id = ids.to_id(id).ok_or(IdError::Gone)?;
        let dimensions = bank.get().config().dimensions() as usize;
        let section = bytemuck::cast_slice_mut(out.section(4 * dimensions)?);
        let vector = section.get_mut(..dimensions).unwrap_or_default();
        Ok(bank.get().vector(id, vector)?)
    })
}

/// Every pattern in the order of the slots: ids, then labels.
#[wasm_bindgen]
pub fn bank_entries(bank: u32) -> u32 {
    with(bank, |Bank { bank, ids }, out| {
        let bank = bank.get();
        let to: &mut [f64] = bytemuck::cast_slice_mut(out.section(8 * bank.len())?);
        for (to, entry) in to.iter_mut().zip(bank.iter()) {
            *to = ids.to_number(entry.id);
        }
        let to: &mut [u32] = bytemuck::cast_slice_mut(out.section(4 * bank.len())?);
        for (to, entry) in to.iter_mut().zip(bank.iter()) {
            *to = entry.label;
        }
        Ok(())
    })
}

/// What the bank knows of how well it is searched: rows, sampled, equal, codes, method, ef, recall,
/// whether that is below the goal, and the reason as text.
#[wasm_bindgen]
pub fn bank_health(bank: u32) -> u32 {
    with(bank, |bank, out| {
        let health = bank.bank.health();
        let three = |estimate: Option<Estimate>| match estimate {
            Some(Estimate { mean, low, high }) => [mean, low, high].map(f64::from),
            None => [f64::NAN; 3],
        };
        out.numbers(&[health.rows, health.sampled, health.equal].map(f64::from))?;
        out.numbers(&three(health.codes))?;
        out.number(f64::from(u8::from(health.method == Method::Graph)))?;
        out.number(f64::from(health.ef))?;
        out.numbers(&three(Some(health.recall)))?;
        out.number(f64::from(u8::from(health.is_below_goal)))?;
        out.counted(health.reason.as_str().as_bytes())
    })
}

/// Looks at so many slots of the graph and links those better that searches miss: how many were looked
/// at and mended, and whether a round is done.
#[wasm_bindgen]
pub fn bank_audit(bank: u32, budget: u32) -> u32 {
    with(bank, |bank, out| {
        let audit = bank.bank.with(|bank| bank.audit_step(budget));
        out.numbers(&[audit.checked, audit.mended, u32::from(audit.round_done)].map(f64::from))
    })
}

/// SHA-256 of the bank's bytes.
#[wasm_bindgen]
pub fn bank_digest(bank: u32) -> u32 {
    with(bank, |bank, out| {
        out.bytes(&bank.bank.get().as_ref().image_digest())
    })
}

/// The bytes of the bank, sealed.
#[wasm_bindgen]
pub fn bank_save(bank: u32) -> u32 {
    with(bank, |bank, out| {
        bank.bank.with(|bank| bank.seal());
        let bank = bank.bank.get();
        let to: &mut [u8] = bytemuck::cast_slice_mut(out.section(bank.config().bytes())?);
        let mut rest = to;
        for piece in bank.image() {
            let Some((to, after)) = rest.split_at_mut_checked(piece.len()) else {
                break;
            };
            to.copy_from_slice(piece);
            rest = after;
        }
        Ok(())
    })
}

fn with(bank: u32, call: impl FnOnce(&mut Bank, &mut Output) -> Result<(), Failure>) -> u32 {
    answer(|out| BANKS.with(bank, |bank| call(bank, out)))
}

fn read<'r>(
    bank: &OwnedBank,
    rows: usize,
    reader: &mut Reader<'r>,
) -> Result<(&'r [f32], Vec<Pattern>), Failure> {
    let dimensions = bank.get().config().dimensions() as usize;
    let vectors = reader.many(dimensions.saturating_mul(rows))?;
    Ok((vectors, patterns(rows, reader)?))
}

fn patterns(rows: usize, reader: &mut Reader<'_>) -> Result<Vec<Pattern>, Failure> {
    let labels: &[u32] = reader.many(rows)?;
    let confidences: &[u16] = reader.many(rows)?;
    let times: &[f64] = reader.many(rows)?;
    let all = labels.iter().zip(confidences).zip(times);
    Ok(all
        .map(|((&label, &confidence), &at)| Pattern {
            label,
            confidence,
            at: at as u64,
        })
        .collect())
}
