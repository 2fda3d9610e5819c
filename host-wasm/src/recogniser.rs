//! Recognising windows of samples: the half of a node that perceives, by shapes.

use crate::error::{CallError, Failure};
use crate::exchange::{Arguments, Output, answer};
use crate::slots::Slots;
use self_cell::{MutBorrow, self_cell};
use sensilla::block::{BlockError, Memory, OwnError};
use sensilla::learn::features::MAX_SAMPLE;
use sensilla::learn::stream::{StreamConfig, StreamError};
use sensilla::learn::{Learned, RecogniserConfig};
use sensilla::node::{MAX_K, Outcome, OwnedPerception, PerceptionConfig, Recall, Workspace};
use wasm_bindgen::prelude::wasm_bindgen;

static RECOGNISERS: Slots<Recogniser> = Slots::new();

self_cell!(
    struct Work {
        owner: MutBorrow<Memory>,
        #[covariant]
        dependent: Workspace,
    }
);

struct Recogniser {
    perception: OwnedPerception,
    work: Work,
    /// Whether the workspace has a window's vector.
    ready: bool,
}

impl Recogniser {
    fn within(perception: OwnedPerception) -> Result<Self, Failure> {
        let config = perception.get().config().workspace(MAX_K as u32);
        let memory = Memory::try_zeroed(config.bytes()).map_err(OwnError::from)?;
        let work = Work::try_new(MutBorrow::new(memory), |memory| {
            Workspace::format(memory.borrow_mut(), &config)
        })?;
        Ok(Self {
            perception,
            work,
            ready: false,
        })
    }

    fn channels(&self) -> usize {
        self.perception.get().config().channels() as usize
    }

    /// The recall of the window that was ended last.
    fn recall(&mut self, k: u32) -> Result<Option<Recall>, Failure> {
        if !self.ready {
            return Err(CallError::NoWindow.into());
        }
        let perception = self.perception.get();
        let recall = self
            .work
            .with_dependent_mut(|_, work| perception.recall(k as usize, work))?;
        Ok(recall)
    }
}

/// Makes a recogniser and returns its number. With 0 dimensions it is the small one of 64 and half of
/// the kernels or fewer, with 1 the large one of two sketches.
#[wasm_bindgen]
pub fn recogniser_new(
    channels: u32,
    dimensions: u32,
    patterns: u32,
    millihertz: u32,
    names: u32,
) -> u32 {
    answer(|out| {
        let stream = match dimensions {
            0 => StreamConfig::small(channels),
            1 => StreamConfig::large(channels),
            _ => StreamConfig::new(channels, dimensions),
        };
        let stream = stream.rate(millihertz);
        let recogniser = RecogniserConfig::new(&stream, patterns);
        let config = PerceptionConfig::recognising(stream, recogniser).labels(patterns, names);
        let made = Recogniser::within(OwnedPerception::new(config)?)?;
        out.number(RECOGNISERS.keep(made)?)
    })
}

/// Opens a recogniser from so many bytes, its seal compared, and returns its number.
#[wasm_bindgen]
pub fn recogniser_open(bytes: usize) -> u32 {
    answer(|out| {
        let arguments = Arguments::take();
        let perception = OwnedPerception::open_verified(arguments.reader().bytes(bytes)?)?;
        // A node of another making has no stream, and takes no windows here.
        if perception.get().stream().is_none() {
            return Err(BlockError::WrongKind.into());
        }
        out.number(RECOGNISERS.keep(Recogniser::within(perception)?)?)
    })
}

/// Gives the memory of a recogniser back.
#[wasm_bindgen]
pub fn recogniser_free(recogniser: u32) {
    RECOGNISERS.free(recogniser);
}

/// Channels, dimensions, most patterns, patterns, bytes, samples of the window, whether scales are
/// kept, windows learned, recalls, and of these those that were right.
#[wasm_bindgen]
pub fn recogniser_info(recogniser: u32) -> u32 {
    with(recogniser, |object, out| {
        let perception = object.perception.get();
        let config = perception.config();
        let stream = perception.stream();
        let learned = perception.recogniser();
        let (recalls, right) = learned.map_or((0, 0), |learned| learned.record_of());
        out.numbers(&[
            f64::from(config.channels()),
            f64::from(config.dimensions()),
            f64::from(perception.bank().config().capacity()),
            perception.bank().len() as f64,
            config.bytes() as f64,
            f64::from(stream.map_or(0, |stream| stream.samples())),
            f64::from(u8::from(perception.is_calibrated())),
            f64::from(learned.map_or(0, |learned| learned.seen())),
            f64::from(recalls),
            f64::from(right),
        ])
    })
}

/// Takes `values` values, samples of a value a channel, into the window: all or none.
#[wasm_bindgen]
pub fn recogniser_push(recogniser: u32, values: usize) -> u32 {
    with(recogniser, |object, _| {
        let arguments = Arguments::take();
        let samples: &[f32] = arguments.reader().many(values)?;
        let channels = object.channels();
        if !values.is_multiple_of(channels) {
            return Err(StreamError::WrongLength {
                channels: channels as u32,
                found: values as u32,
            }
            .into());
        }
        let fits = |value: &f32| value.abs() <= MAX_SAMPLE;
        if let Some(at) = samples.iter().position(|value| !fits(value)) {
            let channel = (at % channels) as u32;
            let error = Failure::from(StreamError::OutOfRange { channel });
            return Err(error.of("sample", at / channels));
        }
        let perception = object.perception.get();
        if let (Some(stream), true) = (perception.stream(), perception.is_calibrated()) {
            let room = stream.config().longest() - stream.samples();
            if values / channels > room as usize {
                return Err(StreamError::Full {
                    samples: stream.samples(),
                }
                .into());
            }
        }
        object.perception.with(|perception| {
            samples
                .chunks_exact(channels)
                .try_for_each(|sample| perception.push(sample))
        })?;
        Ok(())
    })
}

/// Refuses samples at another rate than those that were learned from.
#[wasm_bindgen]
pub fn recogniser_check_rate(recogniser: u32, millihertz: u32) -> u32 {
    with(recogniser, |object, _| {
        Ok(object.perception.get().check_rate(millihertz)?)
    })
}

/// Ends a window that shows what is usual.
#[wasm_bindgen]
pub fn recogniser_calibrate(recogniser: u32) -> u32 {
    with(
        recogniser,
        |Recogniser {
             perception, work, ..
         },
         _| {
            work.with_dependent_mut(|_, work| perception.with(|half| half.calibrate(work)))?;
            Ok(())
        },
    )
}

/// Keeps the scales that the windows so far come to.
#[wasm_bindgen]
pub fn recogniser_keep_scales(recogniser: u32) -> u32 {
    with(recogniser, |object, _| {
        Ok(object.perception.with(|half| half.keep_scales())?)
    })
}

/// Ends the window; its vector.
#[wasm_bindgen]
pub fn recogniser_embed(recogniser: u32) -> u32 {
    with(recogniser, |object, out| {
        let Recogniser {
            perception, work, ..
        } = &mut *object;
        work.with_dependent_mut(|_, work| perception.with(|half| half.embed(work)))?;
        object.ready = true;
        let vector = object.work.borrow_dependent().embedding();
        let dimensions = object.perception.get().config().dimensions() as usize;
        out.bytes(bytemuck::cast_slice(
            vector.get(..dimensions).unwrap_or(vector),
        ))
    })
}

/// What the window resembles, among the `k` nearest patterns: nothing while nothing was learned, or
/// label, similarity, confidence, novelty, rarity, margin, and the label's name.
#[wasm_bindgen]
pub fn recogniser_recall(recogniser: u32, k: u32) -> u32 {
    with(recogniser, |object, out| match object.recall(k)? {
        None => Ok(()),
        Some(recall) => {
            let said = recall.recognised;
            let of = |what: fn(&sensilla::learn::Recognised) -> f32| {
                said.as_ref().map_or(f64::NAN, |said| f64::from(what(said)))
            };
            out.numbers(&[
                f64::from(recall.label),
                f64::from(recall.similarity),
                of(|said| said.confidence),
                of(|said| said.novelty),
                of(|said| said.rarity),
                of(|said| said.margin()),
            ])?;
            out.counted(name(object, recall.label).as_bytes())
        }
    })
}

/// Learns that the window is of the label of this name at that time, in milliseconds: whether it was
/// merged into a pattern, and the label's number. Argument: the name.
#[wasm_bindgen]
pub fn recogniser_learn(recogniser: u32, at: f64) -> u32 {
    with(recogniser, |object, out| {
        let arguments = Arguments::take();
        let name = arguments.reader().text()?;
        if !object.ready {
            return Err(CallError::NoWindow.into());
        }
        let Recogniser {
            perception, work, ..
        } = object;
        let label = perception.with(|half| half.label(name))?;
        let outcome = Outcome {
            label,
            success: true,
            at: at as u64,
            ..Outcome::default()
        };
        let learned =
            work.with_dependent_mut(|_, work| perception.with(|half| half.learn(&outcome, work)))?;
        // The next recall needs rows in the metric that was just learned.
        work.with_dependent_mut(|_, work| perception.with(|half| half.refresh(work)))?;
        let merged = matches!(learned, Learned::Merged { .. });
        out.numbers(&[f64::from(u8::from(merged)), f64::from(label)])
    })
}

/// Whether the window stands out among the last ones by its novelty, which then becomes one of theirs.
#[wasm_bindgen]
pub fn recogniser_watch(recogniser: u32) -> u32 {
    with(recogniser, |object, out| {
        let alarm = match object.recall(1)? {
            Some(recall) => object.perception.with(|half| half.watch(&recall)),
            None => false,
        };
        out.number(f64::from(u8::from(alarm)))
    })
}

/// The names of the labels by number.
#[wasm_bindgen]
pub fn recogniser_labels(recogniser: u32) -> u32 {
    with(recogniser, |object, out| {
        let labels = object.perception.get().labels();
        labels
            .iter()
            .try_for_each(|(_, name)| out.counted(name.as_bytes()))
    })
}

/// SHA-256 of all its bytes.
#[wasm_bindgen]
pub fn recogniser_digest(recogniser: u32) -> u32 {
    with(recogniser, |object, out| {
        out.bytes(&object.perception.get().image_digest())
    })
}

/// Its bytes, sealed.
#[wasm_bindgen]
pub fn recogniser_save(recogniser: u32) -> u32 {
    with(recogniser, |object, out| {
        out.bytes(&object.perception.to_bytes())
    })
}

fn name(object: &Recogniser, label: u32) -> &str {
    let symbol = sensilla::intern::Symbol::from_bits(label);
    let labels = object.perception.get().labels();
    labels.resolve(symbol).unwrap_or_default()
}

fn with(
    recogniser: u32,
    call: impl FnOnce(&mut Recogniser, &mut Output) -> Result<(), Failure>,
) -> u32 {
    answer(|out| RECOGNISERS.with(recogniser, |object| call(object, out)))
}
