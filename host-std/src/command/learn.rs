//! `sensilla learn`: learns patterns from labelled recordings or vectors.

use std::path::Path;

use clap::Args;
use sensilla::node::{Node, Outcome, Workspace};
use serde::Serialize;

use super::recall;
use super::samples::{Purpose, Samples};
use super::{Common, output};
use crate::Error;
use crate::examples::{Example, Examples};
use crate::home::Home;
use crate::profile::{Profile, Shape};
use crate::progress::Progress;
use crate::read::text::canonical;
use crate::read::{InputError, shown};
use crate::report::Confusion;
use crate::store::manifest::hex;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    samples: Samples,
    /// Most patterns a new store learns; twice as many as examples if not given.
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1 << 20),
        help_heading = "A new store"
    )]
    patterns: Option<u32>,
    /// The similarity from which a new store merges what it learns into the nearest pattern of the
    /// label; 0.8 if not given, 1 merges only what is the same.
    #[arg(long, value_name = "SIMILARITY", help_heading = "A new store")]
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
    channels: Vec<String>,
    rate_hz: Option<f64>,
    holdout: Option<HeldOut>,
    notes: Vec<String>,
    reading: Vec<String>,
}

/// How well what was held out is recognised.
#[derive(Serialize)]
struct HeldOut {
    group: String,
    accuracy: Option<f64>,
    n: usize,
    confusion: Confusion,
}

pub fn run(common: &Common, arguments: Arguments) -> Result<(), Error> {
    if arguments
        .merge_at
        .is_some_and(|s| !(-1.0..=1.0).contains(&s))
    {
        return Err(Error::Usage("--merge-at is a cosine: -1 to 1".into()));
    }
    let (mut writer, mut home) = common.writer()?;
    let known = home.as_ref().and_then(|h| h.profile.shape.clone());
    let examples = arguments.samples.examples(known.as_ref(), Purpose::Learn)?;
    examples.notes.iter().for_each(output::note);
    if let Some(item) = examples.items.iter().find(|e| e.label.is_none()) {
        return Err(fault(
            &examples,
            item,
            "has no label, which learning needs; for CSV name its column with --label, or give one \
             label for all with --as",
        ));
    }
    let (notes, reading) = (examples.notes.clone(), examples.quiet.clone());
    let (held_out, examples) = match &arguments.samples.table.holdout {
        Some(group) => hold_out(examples, group)?,
        None => (None, examples),
    };
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
    let forgotten = learn(&mut home, &examples, fresh)?;
    let holdout = match (&held_out, &arguments.samples.table.holdout) {
        (Some(examples), Some(group)) => {
            let looked_up = recall::look_up(&mut home, examples)?;
            Some(HeldOut {
                group: group.clone(),
                accuracy: looked_up.confusion.accuracy(),
                n: looked_up.rows.len(),
                confusion: looked_up.confusion,
            })
        }
        _ => None,
    };
    home.save(&mut writer)?;
    home.tidy(&mut writer)?;
    let memory_bytes = home.bytes();
    let (channels, rate_hz) = match &examples.shape {
        Shape::Samples {
            names, rate_mhz, ..
        } => (names.clone(), rate_mhz.map(|mhz| f64::from(mhz) / 1e3)),
        Shape::Vectors { .. } => Default::default(),
    };
    let node = home.node();
    let known = node.perception().labels();
    let labels = known.iter().map(|(_, name)| name.to_owned()).collect();
    let result = Learned {
        learned: examples.items.len(),
        patterns: node.perception().bank().len(),
        forgotten,
        labels,
        dimensions: examples.shape.dimensions(),
        bank_digest: hex(&node.perception().bank().digest()),
        memory_bytes,
        channels,
        rate_hz,
        holdout,
        notes,
        reading,
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
    if !result.channels.is_empty() {
        let names: Vec<String> = result.channels.iter().map(|name| shown(name)).collect();
        output::text(format_args!("channels: {}", names.join(", ")))?;
    }
    if let Some(held) = &result.holdout {
        let (correct, total) = (held.confusion.correct(), held.confusion.total());
        output::text(format_args!(
            "held out {}: accuracy {:.4} ({correct} of {total})",
            shown(&held.group),
            held.accuracy.unwrap_or(0.0)
        ))?;
    }
    if forgotten > 0 {
        output::note(format_args!(
            "{forgotten} patterns were forgotten: the bank holds {}",
            home.profile.patterns
        ));
    }
    Ok(())
}

/// An error in what `item` comes from.
pub(super) fn fault(examples: &Examples, item: &Example, reason: impl Into<String>) -> Error {
    Error::Input(InputError {
        file: examples.file_of(item).to_owned(),
        line: Some(item.line),
        reason: reason.into(),
    })
}

/// Whether an example is of a group: by the column that tells it, or by its file.
pub(super) fn is_of(examples: &Examples, item: &Example, group: &str) -> bool {
    match &item.group {
        Some(of) => of == group,
        None => {
            let file = Path::new(examples.file_of(item));
            file == Path::new(group) || file.file_name().is_some_and(|name| name == group)
        }
    }
}

/// The examples of the group, and the others.
fn hold_out(examples: Examples, group: &str) -> Result<(Option<Examples>, Examples), Error> {
    let group = &*canonical(group);
    let (held, rest) = examples.part(|all, item| is_of(all, item, group));
    if held.items.is_empty() || rest.items.is_empty() {
        return Err(no_group(&rest, &held, group));
    }
    Ok((Some(held), rest))
}

/// Why no test can be made with the group.
pub(super) fn no_group(rest: &Examples, held: &Examples, group: &str) -> Error {
    let mut there: Vec<&str> = Vec::new();
    for item in rest.items.iter().chain(&held.items) {
        let name = item.group.as_deref().unwrap_or(rest.file_of(item));
        if !there.contains(&name) {
            there.push(name);
        }
    }
    let shown: Vec<String> = there.iter().take(20).map(|g| shown(g)).collect();
    Error::Failed(format!(
        "--holdout {group}: {}; the groups are: {}{}",
        match held.items.is_empty() {
            true => "no example is of this group",
            false => "no example is left to learn from",
        },
        shown.join(", "),
        match rest
            .items
            .iter()
            .chain(&held.items)
            .all(|item| item.group.is_none())
        {
            true => " (files; --group names a column that tells the group)",
            false => "",
        }
    ))
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
            let profile = Profile {
                shape,
                patterns,
                merge_at,
                ..home.profile.clone()
            };
            home.rebuild(profile)?;
            Ok(home)
        }
    }
}

/// Learns all of `examples`; says how many patterns were forgotten for want of room.
fn learn(home: &mut Home, examples: &Examples, fresh: bool) -> Result<usize, Error> {
    let names: Vec<&str> = examples
        .items
        .iter()
        .map(|item| item.label.as_deref().unwrap_or_default())
        .collect();
    let labels = home.labels(&names)?;
    let normalised = matches!(examples.shape, Shape::Samples { .. });
    home.perceive(|node, workspace| {
        learn_all(node, workspace, examples, &labels, fresh && normalised)
    })
}

/// Learns examples under the numbers of their labels; takes them into the statistics before, if
/// these are new.
fn learn_all(
    node: &mut Node<'_>,
    workspace: &mut Workspace<'_>,
    examples: &Examples,
    labels: &[u32],
    fresh: bool,
) -> Result<usize, Error> {
    let normalised = matches!(examples.shape, Shape::Samples { .. });
    let fault = |item: &Example, reason: String| fault(examples, item, reason);
    if fresh {
        if let [only] = examples.items.as_slice() {
            let reason = "is the only recording; learning compares recordings and needs two or more: --window N \
                 cuts it into some";
            return Err(fault(only, reason.into()));
        }
        for (vector, item) in examples.vectors().zip(&examples.items) {
            workspace.embedding_mut().copy_from_slice(vector);
            node.perception_mut()
                .observe(workspace)
                .map_err(|e| fault(item, e.to_string()))?;
        }
    }
    let mut progress = Progress::new("learning", Some(examples.items.len() as u64));
    let mut forgotten = 0;
    for ((vector, item), &label) in examples.vectors().zip(&examples.items).zip(labels) {
        workspace.embedding_mut().copy_from_slice(vector);
        if normalised {
            node.perception()
                .normalise(workspace)
                .map_err(|e| fault(item, e.to_string()))?;
            recall::give_direction(workspace.embedding_mut());
        } else if vector.iter().all(|x| *x == 0.0) {
            let reason = "all components are zero, so the vector has no direction to learn; leave \
                          the line out";
            return Err(fault(item, reason.into()));
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
            .learn(&outcome, workspace)
            .map_err(|e| fault(item, e.to_string()))?;
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
