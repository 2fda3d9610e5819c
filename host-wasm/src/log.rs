//! The log of signed events, by itself or as a part of a history.

use crate::author;
use crate::error::Failure;
use crate::exchange::{Arguments, Output, answer};
use crate::reader::Reader;
use crate::slots::Slots;
use alloc::vec;
use sensilla::log::{Ed25519, EventLog, LogConfig, Overflow, OwnedLog, Policy};
use sensilla::merkle::Checkpoint;
#[cfg(feature = "history")]
use sensilla::node::OwnedHistory;
use wasm_bindgen::prelude::wasm_bindgen;

pub(crate) static LOGS: Slots<Log> = Slots::new();

/// Most bytes of a checkpoint that is made here.
const NOTE: usize = 2_048;

/// A log by itself, or in a history.
pub(crate) enum Log {
    Alone(OwnedLog),
    #[cfg(feature = "history")]
    History(OwnedHistory),
}

impl Log {
    pub fn log(&self) -> &EventLog<'_> {
        match self {
            Self::Alone(log) => log.get(),
            #[cfg(feature = "history")]
            Self::History(history) => history.get().log(),
        }
    }
}

pub(crate) fn overflow(word: u32) -> Overflow {
    match word {
        1 => Overflow::EvictOldest,
        2 => Overflow::EvictExported,
        3 => Overflow::KeepUntilExported,
        _ => Overflow::Refuse,
    }
}

/// Makes a log and returns its number. Arguments: the realm, the seed of its look-up tables.
#[wasm_bindgen]
#[allow(
    clippy::too_many_arguments,
    reason = "sizes cross the boundary one by one, without an object to parse"
)]
pub fn log_new(
    entries: u32,
    bytes: u32,
    authors: u32,
    contexts: u32,
    bytes_each: u32,
    full: u32,
    watches: u32,
) -> u32 {
    answer(|out| {
        let arguments = Arguments::take();
        let mut reader = arguments.reader();
        let config = LogConfig::new(entries, bytes)
            .authors(authors as u16)
            .contexts(contexts as u16)
            .watches(watches as u16)
            .overflow(overflow(full))
            .bytes_each(bytes_each)
            .realm(reader.hash()?)
            .seed(seed(&mut reader)?);
        out.number(LOGS.keep(Log::Alone(OwnedLog::new(config)?))?)
    })
}

/// The seed of look-up tables, eight bytes.
pub(crate) fn seed(reader: &mut Reader<'_>) -> Result<u64, Failure> {
    let bytes = reader.bytes(8)?;
    Ok(bytes
        .iter()
        .rev()
        .fold(0, |seed, &byte| seed << 8 | u64::from(byte)))
}

/// Opens a log from so many bytes, its seal compared, and returns its number.
#[wasm_bindgen]
pub fn log_open(bytes: usize) -> u32 {
    answer(|out| {
        let log = OwnedLog::open_verified(Arguments::take().reader().bytes(bytes)?)?;
        out.number(LOGS.keep(Log::Alone(log))?)
    })
}

/// Gives the memory of a log back.
#[wasm_bindgen]
pub fn log_free(log: u32) {
    LOGS.free(log);
}

/// Events ever taken, the first that is kept, those exported, bytes.
#[wasm_bindgen]
pub fn log_info(log: u32) -> u32 {
    with(log, |object, out| {
        let log = object.log();
        let bytes = match &*object {
            Log::Alone(log) => log.get().config().bytes(),
            #[cfg(feature = "history")]
            Log::History(history) => history.get().config().bytes(),
        };
        out.numbers(&[
            log.size() as f64,
            log.first() as f64,
            log.exported() as f64,
            bytes as f64,
        ])
    })
}

/// Takes `count` events in. Arguments: lengths, then the events end to end. With `all` 0 there is one,
/// and its refusal is an error. The result has, for each event, its place or the code that it was
/// refused with, negative; then what it opened, resolved and let fall, and its id.
#[wasm_bindgen]
pub fn log_ingest(log: u32, count: usize, now: f64, trusted: u32, all: u32) -> u32 {
    with(log, |object, out| {
        let arguments = Arguments::take();
        let mut reader = arguments.reader();
        let lengths: &[u32] = reader.many(count)?;
        let total = lengths.iter().map(|&length| length as usize).sum();
        let mut rest = reader.bytes(total)?;
        let policy = match trusted {
            1 => Policy::trusted(),
            _ => Policy::new(),
        };
        for &length in lengths {
            let Some((event, after)) = rest.split_at_checked(length as usize) else {
                break;
            };
            rest = after;
            match take(object, event, &policy, now as u64) {
                Ok((index, changed, id)) => {
                    out.number(index as f64)?;
                    out.numbers(&changed.map(f64::from))?;
                    out.bytes(&id)?;
                }
                Err(failure) if all == 0 => return Err(failure),
                Err(failure) => {
                    out.number(-f64::from(failure.code))?;
                    out.numbers(&[0.0; 3])?;
                    out.bytes(&[0; 32])?;
                }
            }
        }
        Ok(())
    })
}

fn take(
    log: &mut Log,
    event: &[u8],
    policy: &Policy,
    now: u64,
) -> Result<(u64, [u32; 3], [u8; 32]), Failure> {
    match log {
        Log::Alone(log) => log.with(|log| {
            let index = log.ingest(event, policy, &Ed25519, now)?;
            let id = log.get(index).ok().and_then(|entry| entry.decode().ok());
            Ok((index, [0; 3], id.map_or([0; 32], |event| *event.id())))
        }),
        #[cfg(feature = "history")]
        Log::History(history) => {
            let taken = history.with(|history| history.ingest(event, policy, &Ed25519, now))?;
            let applied = taken.applied;
            Ok((
                taken.index,
                [applied.found, applied.resolved, applied.fallen],
                taken.id,
            ))
        }
    }
}

/// The place of an event; nothing if it is not there. Argument: its id.
#[wasm_bindgen]
pub fn log_find(log: u32) -> u32 {
    with(log, |object, out| {
        let id = Arguments::take().reader().hash()?;
        match object.log().find(&id) {
            Some(index) => out.number(index as f64),
            None => Ok(()),
        }
    })
}

/// When an event was taken, and its bytes.
#[wasm_bindgen]
pub fn log_event(log: u32, index: f64) -> u32 {
    with(log, |object, out| {
        let entry = object.log().get(index as u64)?;
        out.number(entry.accepted() as f64)?;
        out.counted(entry.bytes())
    })
}

/// The root over all events, or over the first `size` of them if it is not negative.
#[wasm_bindgen]
pub fn log_root(log: u32, size: f64) -> u32 {
    with(log, |object, out| {
        let root = match object {
            _ if size >= 0.0 => object.log().root_at(size as u64)?,
            Log::Alone(log) => log.with(|log| log.root()),
            #[cfg(feature = "history")]
            Log::History(history) => history.with(|history| history.root()),
        };
        out.bytes(&root)
    })
}

/// The hashes that prove that event `index` is among the first `size`.
#[wasm_bindgen]
pub fn log_prove_inclusion(log: u32, index: f64, size: f64) -> u32 {
    with(log, |object, out| {
        let proof = object.log().prove_inclusion(index as u64, size as u64)?;
        out.bytes(proof.as_flattened())
    })
}

/// The hashes that prove that the log of `old` events is the beginning of that of `new`.
#[wasm_bindgen]
pub fn log_prove_consistency(log: u32, old: f64, new: f64) -> u32 {
    with(log, |object, out| {
        let proof = object.log().prove_consistency(old as u64, new as u64)?;
        out.bytes(proof.as_flattened())
    })
}

/// A checkpoint that an author signs, as text. Argument: the log's name.
#[wasm_bindgen]
pub fn log_checkpoint(log: u32, signer: u32) -> u32 {
    with(log, |object, out| {
        let arguments = Arguments::take();
        let origin = arguments.reader().text()?;
        let mut note = vec![0; NOTE];
        let text = author::AUTHORS.with(signer, |author| {
            let signer = author.signer();
            Ok(match object {
                Log::Alone(log) => {
                    let (size, root) = log.with(|log| (log.size(), log.root()));
                    let checkpoint = Checkpoint {
                        origin,
                        size,
                        root,
                        extensions: "",
                    };
                    checkpoint.sign(signer, &mut note)?.len()
                }
                #[cfg(feature = "history")]
                Log::History(history) => {
                    let sign = history.with(|history| {
                        history.checkpoint(origin, signer, &mut note).map(str::len)
                    });
                    sign?
                }
            })
        })?;
        out.bytes(note.get(..text).unwrap_or(&note))
    })
}

/// Forgets the events before `first`.
#[wasm_bindgen]
pub fn log_prune(log: u32, first: f64) -> u32 {
    with(log, |object, _| {
        let first = first as u64;
        match object {
            Log::Alone(log) => log.with(|log| log.prune(first))?,
            #[cfg(feature = "history")]
            Log::History(history) => history.with(|history| history.prune(first))?,
        }
        Ok(())
    })
}

/// Notes that the first `size` events are stored elsewhere.
#[wasm_bindgen]
pub fn log_mark_exported(log: u32, size: f64) -> u32 {
    with(log, |object, _| {
        let size = size as u64;
        match object {
            Log::Alone(log) => log.with(|log| log.mark_exported(size))?,
            #[cfg(feature = "history")]
            Log::History(history) => history.with(|history| history.mark_exported(size))?,
        }
        Ok(())
    })
}

/// Hashes every event that is kept again and compares.
#[wasm_bindgen]
pub fn log_verify(log: u32) -> u32 {
    with(log, |object, _| Ok(object.log().verify()?))
}

/// SHA-256 of all its bytes.
#[wasm_bindgen]
pub fn log_digest(log: u32) -> u32 {
    with(log, |object, out| {
        let digest = match object {
            Log::Alone(log) => log.get().image_digest(),
            #[cfg(feature = "history")]
            Log::History(history) => history.get().image_digest(),
        };
        out.bytes(&digest)
    })
}

/// Its bytes, sealed.
#[wasm_bindgen]
pub fn log_save(log: u32) -> u32 {
    with(log, |object, out| {
        let bytes = match object {
            Log::Alone(log) => log.to_bytes(),
            #[cfg(feature = "history")]
            Log::History(history) => history.to_bytes(),
        };
        out.bytes(&bytes)
    })
}

pub(crate) fn with(
    log: u32,
    call: impl FnOnce(&mut Log, &mut Output) -> Result<(), Failure>,
) -> u32 {
    answer(|out| LOGS.with(log, |log| call(log, out)))
}
