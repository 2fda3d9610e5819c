//! A log, the claims in force that its events make, and their conflicts.

use crate::error::{CallError, Failure};
use crate::exchange::{Arguments, Output, answer};
use crate::log::{LOGS, Log, overflow, seed, with};
use sensilla::coherence::{self, Conflict};
use sensilla::node::{History, HistoryConfig, OwnedHistory};
use wasm_bindgen::prelude::wasm_bindgen;

/// Makes a history and returns its number. Arguments: the realm, the seed of its look-up
/// tables. `open` is 1 where everybody is heard.
#[wasm_bindgen]
#[allow(
    clippy::too_many_arguments,
    reason = "sizes cross the boundary one by one, without an object to parse"
)]
pub fn history_new(
    events: u32,
    bytes: u32,
    authors: u32,
    contexts: u32,
    bytes_each: u32,
    full: u32,
    dimensions: u32,
    claims: u32,
    open: u32,
) -> u32 {
    answer(|out| {
        let arguments = Arguments::take();
        let mut reader = arguments.reader();
        let config = HistoryConfig {
            events,
            bytes,
            dimensions,
            authors: authors as u16,
            contexts: contexts as u16,
            claims,
            overflow: overflow(full),
            realm: reader.hash()?,
            seed: seed(&mut reader)?,
            bytes_each: (bytes_each != 0).then_some(bytes_each),
            open: open == 1,
            ..HistoryConfig::DEFAULT
        };
        out.number(LOGS.keep(Log::History(OwnedHistory::new(config)?))?)
    })
}

/// Opens a history from so many bytes, its seal compared, and returns its number.
#[wasm_bindgen]
pub fn history_open(bytes: usize) -> u32 {
    answer(|out| {
        let history = OwnedHistory::open_verified(Arguments::take().reader().bytes(bytes)?)?;
        out.number(LOGS.keep(Log::History(history))?)
    })
}

/// Claims in force, whether every contradiction was found, and the number of the roots' next decision.
#[wasm_bindgen]
pub fn history_info(history: u32) -> u32 {
    within(history, |history, out| {
        let engine = history.engine();
        out.numbers(&[
            f64::from(engine.len()),
            f64::from(u8::from(engine.is_complete())),
            f64::from(engine.next_decision()),
        ])
    })
}

/// Tells the history the roots of its realm. Arguments: the realm's name, the keys.
#[wasm_bindgen]
pub fn history_found(history: u32, threshold: u32) -> u32 {
    within(history, |history, _| {
        let arguments = Arguments::take();
        let mut reader = arguments.reader();
        let (name, roots) = (reader.text()?, reader.hashes()?);
        Ok(history.found(name, threshold as u8, roots)?)
    })
}

/// The number of an author's next event; nothing of one that is not heard. Argument: the key.
#[wasm_bindgen]
pub fn history_next(history: u32) -> u32 {
    within(history, |history, out| {
        match history.engine().next(&Arguments::take().reader().hash()?) {
            Some(next) => out.number(f64::from(next)),
            None => Ok(()),
        }
    })
}

/// Lets time pass; how many claims have expired.
#[wasm_bindgen]
pub fn history_advance(history: u32, now: f64) -> u32 {
    within(history, |history, out| {
        out.number(f64::from(history.advance(now as u64).expired))
    })
}

/// Looks at every pair of a context's claims; how many conflicts that opened. Argument: the context.
#[wasm_bindgen]
pub fn history_detect_all(history: u32) -> u32 {
    within(history, |history, out| {
        let arguments = Arguments::take();
        let context = arguments.reader().text()?;
        out.number(f64::from(history.detect_all(context).opened))
    })
}

/// Makes claims and conflicts anew of the events that are kept.
#[wasm_bindgen]
pub fn history_rebuild(history: u32) -> u32 {
    within(history, |history, _| {
        history.rebuild();
        Ok(())
    })
}

/// How far a claim may be used; nothing of what is no claim in force. Argument: its id.
#[wasm_bindgen]
pub fn history_quarantine(history: u32) -> u32 {
    within(history, |history, out| {
        let level = history
            .engine()
            .quarantine(&Arguments::take().reader().hash()?);
        match level {
            Some(level) => out.number(f64::from(level as u8)),
            None => Ok(()),
        }
    })
}

/// All conflicts: for each its state, level and time, its id and those of its two claims.
#[wasm_bindgen]
pub fn history_conflicts(history: u32) -> u32 {
    within(history, |history, out| {
        history
            .engine()
            .conflicts()
            .try_for_each(|conflict: Conflict| {
                out.numbers(&[
                    f64::from(conflict.status as u8),
                    f64::from(conflict.quarantine as u8),
                    conflict.since as f64,
                ])?;
                out.bytes(&conflict.id)?;
                out.bytes(conflict.claims.as_flattened())
            })
    })
}

/// The id of a realm. Arguments: its name, its roots.
#[wasm_bindgen]
pub fn realm_id(threshold: u32) -> u32 {
    answer(|out| {
        let arguments = Arguments::take();
        let mut reader = arguments.reader();
        let (name, roots) = (reader.text()?, reader.hashes()?);
        out.bytes(&coherence::realm_id(name, threshold as u8, roots))
    })
}

fn within(
    history: u32,
    call: impl FnOnce(&mut History<'_>, &mut Output) -> Result<(), Failure>,
) -> u32 {
    with(history, |log, out| match log {
        Log::History(history) => history.with(|history| call(history, out)),
        Log::Alone(_) => Err(CallError::NoObject.into()),
    })
}
