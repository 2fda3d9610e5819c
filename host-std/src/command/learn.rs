//! `sensilla learn`: learns patterns from recordings or vectors.
//!
//! | module | what |
//! |---|---|
//! | `shapes` | recordings, by their shapes |
//! | `floats` | whether vectors need more than eight bits |
//! | `likeness` | vectors, and recordings by nine figures a channel |
//! | `warnings` | what speaks against what was learned |

mod floats;
mod likeness;
mod shapes;
mod warnings;

use std::collections::BTreeSet;

use clap::Args;
use sensilla::node::Outcome;
use serde::Serialize;
use shapes::Expected;

use super::recall;
use super::samples::{Purpose, Samples};
use super::{Common, output};
use crate::Error;
use crate::examples::{Example, Examples};
use crate::home::Home;
use crate::profile::{Profile, Shape};
use crate::read::text::canonical;
use crate::read::{InputError, shown};
use crate::report::Confusion;
use crate::report::confusion::DRAWN;
use crate::store::manifest::hex;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    samples: Samples,
    /// Most patterns a new store learns; twice as many as examples if not given, of recordings 512 to
    /// 1024, or two a label if that is more.
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1 << 20),
        help_heading = "A new store"
    )]
    patterns: Option<u32>,
    /// Vectors: the similarity from which a new store merges what it learns into the nearest pattern
    /// of the label; 0.8 if not given, 1 merges only what is the same.
    #[arg(long, value_name = "SIMILARITY", help_heading = "A new store")]
    merge_at: Option<f32>,
    /// Vectors: a new store keeps the numbers as floats beside eight bits of each, five times the memory;
    /// it does by itself where eight bits do not hold the vectors apart.
    #[arg(long, help_heading = "A new store")]
    keep_floats: bool,
    /// Recordings: the share of the usual squared distance within which a new store merges what it
    /// learns into the nearest pattern of the label; 1.5 if not given, 0 merges nothing.
    #[arg(long, value_name = "SHARE", help_heading = "A new store")]
    merge_within: Option<f32>,
}

/// What unlabelled recordings are learned as.
pub const NORMAL: &str = "normal";
/// Patterns of a new store of recordings, if nobody says how many: merging leaves few of each label.
const PATTERNS: std::ops::RangeInclusive<u32> = 512..=1_024;
/// Patterns of each label at least.
const A_LABEL: u32 = 2;

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
    /// None of what is compared by similarity.
    expected: Option<Expected>,
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
    if arguments
        .merge_within
        .is_some_and(|share| !(0.0..=1e6).contains(&share))
    {
        return Err(Error::Usage("--merge-within is 0 to 1000000".into()));
    }
    let (mut writer, mut home) = common.writer()?;
    let fresh = home.as_ref().is_none_or(|h| h.profile.shape.is_none());
    let mut examples = arguments
        .samples
        .examples(home.as_ref(), Purpose::Learn, false)?;
    take_as_normal(&mut examples);
    examples.notes.iter().for_each(output::note);
    if let Some(item) = examples.items.iter().find(|e| e.label.is_none()) {
        return Err(fault(
            &examples,
            item,
            "has no label, which learning needs; for CSV name its column with --label, or give one \
             label for all with --as",
        ));
    }
    let (mut notes, reading) = (examples.notes.clone(), examples.quiet.clone());
    let (held_out, mut examples) = match &arguments.samples.table.holdout {
        Some(group) => hold_out(examples, group)?,
        None => (None, examples),
    };
    if fresh {
        let told = examples.notes.len();
        home = Some(shaped(common, home.take(), &mut examples, &arguments)?);
        notes.extend(examples.notes.iter().skip(told).cloned());
    } else if arguments.patterns.is_some()
        || arguments.merge_at.is_some()
        || arguments.merge_within.is_some()
        || arguments.keep_floats
    {
        return Err(Error::Usage(
            "--patterns, --merge-at, --merge-within and --keep-floats are for a new store; this one \
             has learned already"
                .into(),
        ));
    }
    let Some(mut home) = home else {
        return Err(Error::Failed("there is no node".into()));
    };
    let (expected, forgotten) = learn(&mut home, &examples)?;
    let warnings = warnings::of(home.node(), &examples, &home.seen);
    warnings.iter().for_each(output::note);
    notes.extend(warnings);
    examples.vectors().for_each(|vector| home.seen.add(vector));
    let holdout = match (&held_out, &arguments.samples.table.holdout) {
        (Some(examples), Some(group)) => {
            let looked_up = recall::look_up(&mut home, examples, None)?;
            looked_up.notes.iter().for_each(output::note);
            notes.extend(looked_up.notes);
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
        dimensions: examples.dimensions(),
        bank_digest: hex(&node.perception().bank().digest()),
        memory_bytes,
        channels,
        rate_hz,
        expected,
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
        output::path(&common.store)
    ))?;
    if !result.channels.is_empty() {
        let names: Vec<String> = result.channels.iter().map(|name| shown(name)).collect();
        output::text(format_args!("channels: {}", names.join(", ")))?;
    }
    if let Some(expected) = &result.expected {
        print(expected)?;
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

/// Where nothing has a label, all recordings are what is normal, unless a column that was left out may
/// hold the labels.
fn take_as_normal(examples: &mut Examples) {
    let is_left_out = |note: &String| note.contains("not numeric, left out");
    let some_label = examples.items.iter().any(|item| item.label.is_some());
    let recordings = matches!(examples.shape, Shape::Samples { .. });
    if some_label || !recordings || examples.notes.iter().any(is_left_out) {
        return;
    }
    for item in &mut examples.items {
        item.label = Some(NORMAL.into());
    }
    examples.notes.push(format!(
        "no recording has a label: all are learned as what is normal, under the label `{NORMAL}` \
         (--label names the column that tells otherwise)"
    ));
}

/// How recalls went before their windows were learned.
fn print(expected: &Expected) -> Result<(), Error> {
    let (Some(accuracy), Some(later)) = (expected.accuracy, expected.accuracy_of_later_half) else {
        return Ok(());
    };
    output::text(format_args!(
        "each recalled before it was learned: accuracy {accuracy:.4} ({} of {}), of the later half \
         {later:.4}",
        expected.right, expected.recalled
    ))?;
    if !(2..=DRAWN).contains(&expected.labels.len()) {
        return Ok(());
    }
    for of in &expected.labels {
        output::text(format_args!(
            "  {:<14} {:.4} ({} of {})",
            shown(&of.label),
            of.accuracy,
            of.right,
            of.recalled
        ))?;
    }
    Ok(())
}

/// The examples of the group, and the others.
fn hold_out(examples: Examples, group: &str) -> Result<(Option<Examples>, Examples), Error> {
    let group = &*canonical(group);
    let (held, rest) = examples.part(|all, item| item.is_of(all.file_of(item), group));
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

/// A node for the shape of `examples` and by their scales, with the claims of `home` if there is one.
fn shaped(
    common: &Common,
    home: Option<Home>,
    examples: &mut Examples,
    arguments: &Arguments,
) -> Result<Home, Error> {
    let count = u32::try_from(examples.items.len()).unwrap_or(u32::MAX);
    let twice = count.saturating_mul(2);
    let recordings = matches!(examples.shape, Shape::Samples { .. });
    let of_other = match recordings {
        true => arguments
            .merge_at
            .map(|_| ("--merge-at", "vectors", "--merge-within")),
        false => arguments
            .merge_within
            .map(|_| ("--merge-within", "recordings", "--merge-at")),
    };
    if let Some((option, of, instead)) = of_other {
        return Err(Error::Usage(format!(
            "{option} is for {of}; here it is {instead}"
        )));
    }
    if let (true, [only]) = (recordings, examples.items.as_slice()) {
        let reason = "is the only recording; learning compares recordings and needs two or more: --window N \
             cuts it into some";
        return Err(fault(examples, only, reason));
    }
    let usual = match recordings {
        true => {
            let labels: BTreeSet<_> = examples.items.iter().map(|item| &item.label).collect();
            enough(count, u32::try_from(labels.len()).unwrap_or(u32::MAX))
        }
        false => twice.clamp(64, 1 << 20),
    };
    if recordings && arguments.keep_floats {
        return Err(Error::Usage(
            "--keep-floats is for vectors; recordings are compared by what eight bits hold".into(),
        ));
    }
    let share = match recordings || arguments.keep_floats {
        true => None,
        false => floats::too_small_a_share(examples.dimensions(), examples.vectors()),
    };
    if let Some(share) = share {
        let note = format!(
            "floats are kept: eight bits of each number would find about {:.0} of 100 nearest vectors",
            100.0 * share
        );
        output::note(&note);
        examples.notes.push(note);
    }
    let before = home.as_ref().map(|home| home.profile.clone());
    let profile = Profile {
        keep_floats: arguments.keep_floats || share.is_some(),
        shape: Some(examples.shape.clone()),
        patterns: arguments.patterns.unwrap_or(usual),
        merge_at: arguments.merge_at.unwrap_or(Profile::default().merge_at),
        merge_within: arguments.merge_within,
        ..before.unwrap_or_default()
    };
    let mut home = match home {
        None => common.new_home(profile)?,
        Some(mut home) => {
            home.rebuild(profile)?;
            home
        }
    };
    if let Some(stream) = &mut examples.stream {
        home.keep_scales(stream)?;
    }
    Ok(home)
}

/// Patterns for so many recordings of so many labels.
fn enough(recordings: u32, labels: u32) -> u32 {
    let twice = recordings.saturating_mul(2);
    let usual = twice.clamp(*PATTERNS.start(), *PATTERNS.end());
    usual.max(labels.saturating_mul(A_LABEL)).min(1 << 20)
}

/// Learns all of `examples`; says how recalls went on the way, and how many patterns were forgotten
/// for want of room.
fn learn(home: &mut Home, examples: &Examples) -> Result<(Option<Expected>, usize), Error> {
    let names: Vec<&str> = examples
        .items
        .iter()
        .map(|item| item.label.as_deref().unwrap_or_default())
        .collect();
    let labels = home.labels(&names)?;
    home.perceive(|node, workspace| match node.perception().recogniser() {
        Some(_) => {
            let (expected, forgotten) = shapes::learn_all(node, workspace, examples, &labels)?;
            Ok((Some(expected), forgotten))
        }
        None => {
            let forgotten = likeness::learn_all(node, workspace, examples, &labels)?;
            Ok((None, forgotten))
        }
    })
}

/// What became of an example, as it is learned.
fn outcome(item: &Example, label: u32, recorded: u64) -> Outcome {
    Outcome {
        label,
        latency_us: item.latency_us,
        energy_spent: item.energy_spent,
        energy_earned: item.energy_earned,
        success: item.success,
        executor: item.executor,
        at: item.at.unwrap_or(recorded),
    }
}

/// Whether a pattern had to go.
fn has_evicted(learned: &sensilla::learn::Learned) -> bool {
    matches!(
        learned,
        sensilla::learn::Learned::Opened {
            evicted: Some(_),
            ..
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_every_label() {
        assert_eq!(enough(40, 4), 512);
        assert_eq!(enough(400, 4), 800);
        assert_eq!(enough(1 << 30, 4), 1_024);
        assert_eq!(enough(9_000, 3_000), 6_000);
        assert_eq!(enough(u32::MAX, u32::MAX), 1 << 20);
    }
}
