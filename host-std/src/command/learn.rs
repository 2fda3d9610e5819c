//! `sensilla learn`: learns patterns from labelled recordings or vectors.

use clap::Args;
use sensilla::node::Outcome;
use serde::Serialize;

use super::samples::Samples;
use super::{Common, output};
use crate::Error;
use crate::examples::Examples;
use crate::home::Home;
use crate::profile::{Profile, Shape};
use crate::progress::Progress;
use crate::read::InputError;
use crate::store::manifest::hex;
use sensilla::block::Memory;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    samples: Samples,
    /// Most patterns a new store learns; twice as many as examples if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    patterns: Option<u32>,
    /// The similarity from which a new store merges what it learns into the nearest pattern of the
    /// label; 0.8 if not given, 1 merges only what is the same.
    #[arg(long, value_name = "SIMILARITY")]
    merge_at: Option<f32>,
}

#[derive(Serialize)]
struct Learned {
    learned: usize,
    patterns: usize,
    forgotten: usize,
    labels: Vec<String>,
    dimensions: u32,
    bank_digest: String,
    memory_bytes: usize,
}

pub fn run(common: &Common, arguments: Arguments) -> Result<(), Error> {
    if arguments
        .merge_at
        .is_some_and(|s| !(-1.0..=1.0).contains(&s))
    {
        return Err(Error::Usage("--merge-at is a cosine: -1 to 1".into()));
    }
    let (writer, before) = common.writer()?;
    let (mut home, manifest) = match before {
        Some((home, manifest)) => (Some(home), Some(manifest)),
        None => (None, None),
    };
    let known = home.as_ref().and_then(|h| h.profile.shape.clone());
    let examples = arguments.samples.examples(known.as_ref())?;
    let file = arguments.samples.name();
    if let Some(item) = examples.items.iter().find(|e| e.label.is_none()) {
        return Err(Error::Input(InputError {
            file,
            line: Some(item.line),
            reason: "has no label, which learning needs; for CSV name its column with --label"
                .into(),
        }));
    }
    examples.notes.iter().for_each(output::note);
    let fresh = known.is_none();
    if fresh {
        home = Some(shaped(home.take(), &examples, &arguments)?);
    } else if arguments.patterns.is_some() || arguments.merge_at.is_some() {
        return Err(Error::Usage(
            "--patterns and --merge-at are for a new store; this one has learned already".into(),
        ));
    }
    let Some(mut home) = home else {
        return Err(Error::Failed("there is no node".into()));
    };
    let forgotten = learn(&mut home, &examples, fresh, &file)?;
    home.save(&writer, manifest.as_ref())?;
    let labels = home.profile.labels.clone();
    let memory_bytes = home.bytes();
    let node = home.node()?;
    let result = Learned {
        learned: examples.items.len(),
        patterns: node.perception().bank().len(),
        forgotten,
        labels,
        dimensions: examples.shape.dimensions(),
        bank_digest: hex(&node.perception().bank().digest()),
        memory_bytes,
    };
    if common.json {
        return output::json(&result);
    }
    output::text(format_args!(
        "learned {} examples of {}: {} patterns in {}",
        result.learned,
        examples.shape.describe(),
        result.patterns,
        common.store.display()
    ))?;
    if forgotten > 0 {
        output::note(format_args!(
            "{forgotten} patterns were forgotten: the bank holds {}",
            home.profile.patterns
        ));
    }
    Ok(())
}

/// A node for the shape of `examples`, with the claims of `home` if there is one.
fn shaped(home: Option<Home>, examples: &Examples, arguments: &Arguments) -> Result<Home, Error> {
    let count = u32::try_from(examples.items.len()).unwrap_or(u32::MAX);
    let merge_at = arguments.merge_at.unwrap_or(Profile::default().merge_at);
    let patterns = arguments
        .patterns
        .unwrap_or(count.saturating_mul(2).clamp(64, 1 << 20));
    let shape = Some(examples.shape.clone());
    match home {
        None => Home::new(Profile {
            shape,
            patterns,
            merge_at,
            ..Profile::default()
        }),
        Some(mut home) => {
            home.profile.shape = shape;
            home.profile.patterns = patterns;
            home.profile.merge_at = merge_at;
            home.rebuild()?;
            Ok(home)
        }
    }
}

/// Learns all of `examples`; says how many patterns were forgotten for want of room.
fn learn(home: &mut Home, examples: &Examples, fresh: bool, file: &str) -> Result<usize, Error> {
    let labels: Vec<u32> = examples
        .items
        .iter()
        .map(|item| {
            home.profile
                .label(item.label.as_deref().unwrap_or_default())
        })
        .collect();
    let normalised = matches!(examples.shape, Shape::Samples { .. });
    let mut memory = Memory::default();
    let (mut node, mut workspace) = home.open(&mut memory)?;
    let fault = |line: u64, reason: String| {
        Error::Input(InputError {
            file: file.into(),
            line: Some(line),
            reason,
        })
    };
    if fresh && normalised {
        if let [only] = examples.items.as_slice() {
            let reason =
                "is the only recording; learning compares recordings and needs two or more";
            return Err(fault(only.line, reason.into()));
        }
        for (vector, item) in examples.vectors().zip(&examples.items) {
            workspace.embedding_mut().copy_from_slice(vector);
            node.perception_mut()
                .observe(&workspace)
                .map_err(|e| fault(item.line, e.to_string()))?;
        }
    }
    let mut progress = Progress::new("learning", Some(examples.items.len() as u64));
    let mut forgotten = 0;
    for ((vector, item), label) in examples.vectors().zip(&examples.items).zip(labels) {
        workspace.embedding_mut().copy_from_slice(vector);
        if normalised {
            node.perception()
                .normalise(&mut workspace)
                .map_err(|e| fault(item.line, e.to_string()))?;
        }
        let recorded = node.perception().trajectories().recorded();
        let outcome = Outcome {
            label,
            latency_us: item.latency_us,
            energy_spent: item.energy_spent,
            energy_earned: item.energy_earned,
            success: item.success,
            executor: item.executor,
            at: item.at.unwrap_or(recorded),
        };
        let learned = node
            .perception_mut()
            .learn(&outcome, &mut workspace)
            .map_err(|e| fault(item.line, e.to_string()))?;
        let evicted = matches!(
            learned,
            sensilla::learn::Learned::Opened {
                evicted: Some(_),
                ..
            }
        );
        forgotten += usize::from(evicted);
        progress.step(1);
    }
    Ok(forgotten)
}
