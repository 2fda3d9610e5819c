//! From samples to what they are: a stream makes a vector of a window, a recogniser says what it is.

use crate::bank::{SENSILLA_BOTH, SENSILLA_GRAPH, SENSILLA_SCAN};
use crate::bank::{SENSILLA_F32, SENSILLA_I8, SENSILLA_I8_F32, sensilla_scratch};
use crate::bank::{of, sensilla_bank, sensilla_bank_config, sensilla_pattern};
use crate::error::{CallError, Code, done};
use crate::handle::{fill, get, handle, held, put, slice, slice_mut};
use sensilla::bank::{Element, Layout, PatternId};
use sensilla::learn::extract::Learned;
use sensilla::learn::{Recognised, Recogniser, RecogniserConfig, Stream, StreamConfig};

/// Channels of a stream and the vectors that come out of it. What is zero is as the library sets it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(non_camel_case_types)]
pub struct sensilla_stream_config {
    /// Values a sample, 1 to 256.
    pub channels: u32,
    /// Components of a vector, a multiple of 16 for each sketch; zero is 64.
    pub dimensions: u32,
    /// Sketches that share the components; zero is one.
    pub sketches: u32,
    /// Groups of kernels, 1 to 12: the cost of a sample is proportional to it. Zero is a half of them,
    /// with more than three channels a third.
    pub groups: u32,
    /// How often samples follow each other, in millihertz; zero if it is not known.
    pub rate: u32,
    /// What kernels are drawn from; zero is the library's.
    pub seed: u32,
}

/// The shape of a recogniser, beside that of its stream. What is zero is as the library sets it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(non_camel_case_types)]
pub struct sensilla_recogniser_config {
    /// The stream whose vectors it learns.
    pub stream: sensilla_stream_config,
    /// Most patterns.
    pub patterns: u32,
    /// How many of the last scores novelty is compared with, 8 to 4,096; zero is 32.
    pub scores: u32,
    /// `SENSILLA_SCAN` and its like; zero is that.
    pub layout: u32,
    /// `SENSILLA_I8`, `SENSILLA_F32` or `SENSILLA_I8_F32`; zero is the first.
    pub element: u32,
    /// What a direction varies by before anything is known of it; zero is the library's.
    pub ridge: f32,
    /// Vectors within this share of the usual squared distance are merged; zero is the library's.
    pub merge: f32,
}

/// What a window was recognised as.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(non_camel_case_types)]
pub struct sensilla_recognised {
    /// The nearest pattern.
    pub id: u64,
    /// Its label.
    pub label: u32,
    /// Its squared distance in the metric.
    pub distance: f32,
    /// The squared distance of the nearest pattern of another label; infinite without one.
    pub other: f32,
    /// How much nearer the nearest pattern is than that of another label, 0 to 1.
    pub margin: f32,
    /// How unlike everything learned the window is.
    pub novelty: f32,
    /// The share of the last scores that are at least this novel.
    pub rarity: f32,
    /// The share of recalls as clear as this one that are right, as recalls so far went.
    pub confidence: f32,
    /// Whether there was anything to recall; all else is zero if not.
    pub is_known: bool,
}

/// What learning a vector did.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(non_camel_case_types)]
pub struct sensilla_learned {
    /// The pattern that holds it.
    pub id: u64,
    /// The pattern that was given up for it, if `has_evicted`.
    pub evicted: u64,
    /// Whether it went into a pattern that was there.
    pub is_merged: bool,
    /// Whether a pattern was given up.
    pub has_evicted: bool,
}

/// A stream that is open. Zero before it is filled in.
#[repr(C)]
#[derive(Debug)]
#[allow(non_camel_case_types)]
pub struct sensilla_stream {
    /// The library's.
    tag: u64,
    /// The library's.
    state: [usize; 112],
}

handle!(sensilla_stream: Stream<'static>, 0x5354_524d);

/// A recogniser that is open. Zero before it is filled in.
#[repr(C)]
#[derive(Debug)]
#[allow(non_camel_case_types)]
pub struct sensilla_recogniser {
    /// The library's.
    tag: u64,
    /// The library's.
    state: [usize; 40],
}

handle!(sensilla_recogniser: Recogniser<'static>, 0x5245_434f);

fn stream_config(from: &sensilla_stream_config) -> StreamConfig {
    let mut config = StreamConfig::small(from.channels);
    if from.dimensions != 0 {
        let small = StreamConfig::new(from.channels, from.dimensions);
        config = small.groups(config.group_count());
    }
    if from.sketches != 0 {
        config = config.sketches(from.sketches);
    }
    if from.groups != 0 {
        config = config.groups(from.groups);
    }
    if from.seed != 0 {
        config = config.seed(from.seed);
    }
    config.rate(from.rate)
}

fn config(from: &sensilla_recogniser_config) -> Result<RecogniserConfig, Code> {
    let mut config = RecogniserConfig::new(&stream_config(&from.stream), from.patterns)
        .layout(match from.layout {
            0 | SENSILLA_SCAN => Layout::Scan,
            SENSILLA_GRAPH => Layout::Graph,
            SENSILLA_BOTH => Layout::Both,
            _ => return Err(CallError::BadValue.into()),
        })
        .element(match from.element {
            0 | SENSILLA_I8 => Element::I8,
            SENSILLA_F32 => Element::F32,
            SENSILLA_I8_F32 => Element::I8F32,
            _ => return Err(CallError::BadValue.into()),
        });
    if from.scores != 0 {
        config = config.scores(from.scores);
    }
    if from.ridge != 0.0 {
        config = config.ridge(from.ridge);
    }
    if from.merge != 0.0 {
        config = config.merge(from.merge);
    }
    Ok(config)
}

/// Bytes of memory for a stream, or zero if the configuration is none.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_stream_bytes(of: *const sensilla_stream_config) -> usize {
    // SAFETY: the caller's promise.
    unsafe { get(of) }.map_or(0, |of| stream_config(&of).bytes())
}

/// Makes an empty stream in `size` bytes of memory and opens it.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_stream_format(
    stream: *mut sensilla_stream,
    memory: *mut u8,
    size: usize,
    of: *const sensilla_stream_config,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let config = stream_config(&get(of)?);
            fill(stream, || {
                Ok(Stream::format(slice_mut(memory, size)?, config)?)
            })
        }
    })
}

/// Opens a stream that lies in `size` bytes of memory, with all of it checked, and with `verified`
/// the seal too.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_stream_open(
    stream: *mut sensilla_stream,
    memory: *mut u8,
    size: usize,
    verified: bool,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            fill(stream, || {
                let memory = slice_mut(memory, size)?;
                Ok(match verified {
                    true => Stream::open_verified(memory)?,
                    false => Stream::open(memory)?,
                })
            })
        }
    })
}

/// Takes samples of a recording that shows what is usual: `length` values, value by value of each
/// sample. Three recordings are enough.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_stream_calibrate(
    stream: *mut sensilla_stream,
    samples: *const f32,
    length: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    done(|| unsafe { Ok(held(stream)?.calibrate(slice(samples, length)?)?) })
}

/// Ends a recording that calibrates: what comes next does not follow it.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_stream_end_recording(stream: *mut sensilla_stream) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe { held(stream)?.end_recording() };
        Ok(())
    })
}

/// Keeps the scales that the samples so far come to; they never change again.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_stream_freeze(stream: *mut sensilla_stream) -> i32 {
    // SAFETY: the caller's promise.
    done(|| unsafe { Ok(held(stream)?.freeze()?) })
}

/// Takes samples into the window: `length` values, value by value of each sample.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_stream_push(
    stream: *mut sensilla_stream,
    samples: *const f32,
    length: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    done(|| unsafe { Ok(held(stream)?.push_all(slice(samples, length)?)?) })
}

/// Samples in the window so far; zero if the handle is not open.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_stream_samples(stream: *mut sensilla_stream) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { held(stream) }.map_or(0, |stream| stream.samples())
}

/// Writes the vector of the window, of `length` components, and starts the next window.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_stream_finish(
    stream: *mut sensilla_stream,
    vector: *mut f32,
    length: usize,
) -> i32 {
    // SAFETY: the caller's promise.
    done(|| unsafe { Ok(held(stream)?.finish(slice_mut(vector, length)?)?) })
}

/// Forgets the samples of the window.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_stream_reset(stream: *mut sensilla_stream) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe { held(stream)?.reset() };
        Ok(())
    })
}

/// Seals the stream, so that it can be opened verified, and gives the digest of its bytes, which may
/// be null.
///
/// # Safety
/// See the [crate]; `digest` has room for 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_stream_seal(
    stream: *mut sensilla_stream,
    digest: *mut u8,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let sealed = held(stream)?.seal();
            match digest.is_null() {
                true => Ok(()),
                false => put(digest.cast(), sealed),
            }
        }
    })
}

/// Bytes of memory for a recogniser, beside its stream and its bank, or zero if the configuration is
/// none.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_recogniser_bytes(of: *const sensilla_recogniser_config) -> usize {
    // SAFETY: the caller's promise.
    let config = unsafe { get(of) }.and_then(|of| config(&of));
    config.map_or(0, |config| config.bytes())
}

/// The shape of the bank that a recogniser's patterns lie in.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_recogniser_bank(
    of: *const sensilla_recogniser_config,
    bank: *mut sensilla_bank_config,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let shape = config(&get(of)?)?.bank();
            let shape = sensilla_bank_config {
                dimensions: shape.dimensions(),
                capacity: shape.capacity(),
                element: shape.element_kind() as u32,
                metric: shape.metric_kind() as u32,
                layout: shape.layout_kind() as u32,
                ..sensilla_bank_config::default()
            };
            put(bank, shape)
        }
    })
}

/// Makes an empty recogniser in `size` bytes of memory and opens it.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_recogniser_format(
    recogniser: *mut sensilla_recogniser,
    memory: *mut u8,
    size: usize,
    of: *const sensilla_recogniser_config,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let config = config(&get(of)?)?;
            fill(recogniser, || {
                Ok(Recogniser::format(slice_mut(memory, size)?, config)?)
            })
        }
    })
}

/// Opens a recogniser that lies in `size` bytes of memory, with all of it checked, and with
/// `verified` the seal too.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_recogniser_open(
    recogniser: *mut sensilla_recogniser,
    memory: *mut u8,
    size: usize,
    verified: bool,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            fill(recogniser, || {
                let memory = slice_mut(memory, size)?;
                Ok(match verified {
                    true => Recogniser::open_verified(memory)?,
                    false => Recogniser::open(memory)?,
                })
            })
        }
    })
}

/// Learns that a vector of `length` components is of the label of `pattern`; what that did is
/// written to `learned`, which may be null. `work` has room for a vector. Before the next recall the
/// bank has to be refreshed.
///
/// # Safety
/// See the [crate]; `work` has room for `length`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_recogniser_learn(
    recogniser: *mut sensilla_recogniser,
    bank: *mut sensilla_bank,
    vector: *const f32,
    length: usize,
    pattern: sensilla_pattern,
    work: *mut f32,
    learned: *mut sensilla_learned,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let (recogniser, bank) = (held(recogniser)?, held(bank)?);
            let (vector, work) = (slice(vector, length)?, slice_mut(work, length)?);
            let done = match recogniser.learn(bank, vector, of(&pattern), work)? {
                Learned::Merged { id, .. } => sensilla_learned {
                    id: id.to_u64(),
                    is_merged: true,
                    ..sensilla_learned::default()
                },
                Learned::Opened { id, evicted } => sensilla_learned {
                    id: id.to_u64(),
                    evicted: evicted.map_or(0, |entry| entry.id.to_u64()),
                    has_evicted: evicted.is_some(),
                    ..sensilla_learned::default()
                },
            };
            match learned.is_null() {
                true => Ok(()),
                false => put(learned, done),
            }
        }
    })
}

/// Brings the rows of the bank up to what was learned since the last call. `work` has room for a
/// vector of `length` components.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_recogniser_refresh(
    recogniser: *mut sensilla_recogniser,
    bank: *mut sensilla_bank,
    work: *mut f32,
    length: usize,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let (recogniser, bank) = (held(recogniser)?, held(bank)?);
            Ok(recogniser.refresh(bank, slice_mut(work, length)?)?)
        }
    })
}

/// Says what a vector of `length` components is. `work` has room for a vector; `scratch` was made for
/// the recogniser's bank.
///
/// # Safety
/// See the [crate]; `work` has room for `length`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_recogniser_recall(
    recogniser: *mut sensilla_recogniser,
    bank: *mut sensilla_bank,
    vector: *const f32,
    length: usize,
    work: *mut f32,
    scratch: *mut sensilla_scratch,
    recognised: *mut sensilla_recognised,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let (recogniser, bank) = (held(recogniser)?, held(bank)?);
            let (vector, work) = (slice(vector, length)?, slice_mut(work, length)?);
            let found = recogniser.recall(bank.as_ref(), vector, work, held(scratch)?)?;
            put(
                recognised,
                found.as_ref().map_or_else(Default::default, told),
            )
        }
    })
}

/// Records what a window was after it had been recognised and before it is learned: confidence and
/// rarity follow from it.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_recogniser_record(
    recogniser: *mut sensilla_recogniser,
    recognised: *const sensilla_recognised,
    label: u32,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        let (recogniser, told) = unsafe { (held(recogniser)?, get(recognised)?) };
        if told.is_known {
            recogniser.record(&found(&told), label);
        }
        Ok(())
    })
}

/// Sets `alarm` to whether the novelty of a window stands out among the last ones, which it then
/// becomes one of.
///
/// # Safety
/// See the [crate].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_recogniser_watch(
    recogniser: *mut sensilla_recogniser,
    novelty: f32,
    alarm: *mut bool,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let recogniser = held(recogniser)?;
            if alarm.is_null() {
                return Err(CallError::Null.into());
            }
            put(alarm, recogniser.watch(novelty))
        }
    })
}

/// Seals the recogniser, so that it can be opened verified, and gives the digest of its bytes, which
/// may be null.
///
/// # Safety
/// See the [crate]; `digest` has room for 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sensilla_recogniser_seal(
    recogniser: *mut sensilla_recogniser,
    digest: *mut u8,
) -> i32 {
    done(|| {
        // SAFETY: the caller's promise.
        unsafe {
            let sealed = held(recogniser)?.seal();
            match digest.is_null() {
                true => Ok(()),
                false => put(digest.cast(), sealed),
            }
        }
    })
}

fn told(found: &Recognised) -> sensilla_recognised {
    sensilla_recognised {
        id: found.id.to_u64(),
        label: found.label,
        distance: found.distance,
        other: found.other,
        margin: found.margin(),
        novelty: found.novelty,
        rarity: found.rarity,
        confidence: found.confidence,
        is_known: true,
    }
}

fn found(told: &sensilla_recognised) -> Recognised {
    Recognised {
        id: PatternId::from_u64(told.id),
        label: told.label,
        distance: told.distance,
        other: told.other,
        novelty: told.novelty,
        rarity: told.rarity,
        confidence: told.confidence,
    }
}
