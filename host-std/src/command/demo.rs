//! `sensilla demo`: one node end to end, on the recordings of `examples/activity`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use activity::{ACTIVITIES, HUB, NAMES, Summary, Watch, Wrist};
use clap::Args;
use sensilla::node::{Node, Recall};
use sensilla::spike::SpikeTrains;
use serde::Serialize;

use super::{Common, output};
use crate::home::PROFILE;
use crate::keys::{self, Keyring};
use crate::profile::{Authority, Names, Profile, Room, Shape};
use crate::progress::Progress;
use crate::realm::Realm;
use crate::report::plots::bytes_text;
use crate::report::{Answer, Confusion, Raster, Report, Verdict, of_node};
use crate::store::manifest::hex;
use crate::store::{Contents, StoreError, View, Writer};
use crate::{Error, interrupt};

const REPORT: &str = "report.html";
/// The activity without movement.
const STILL: u32 = 0;
/// Names of the recordings' channels.
const CHANNELS: [&str; activity::CHANNELS] = [
    "acceleration x",
    "acceleration y",
    "acceleration z",
    "rotation x",
    "rotation y",
    "rotation z",
];

#[derive(Debug, Default, Args)]
pub struct Arguments {
    /// Where the report goes; `report.html` if not given.
    #[arg(long, value_name = "PATH")]
    report: Option<PathBuf>,
}

impl Arguments {
    /// Whether any of them is on the command line.
    pub fn is_given(&self) -> bool {
        self.report.is_some()
    }
}

#[derive(Serialize)]
struct Shown {
    accuracy: f64,
    patterns: u32,
    bank_digest: String,
    log_size: u64,
    log_root: String,
    conflicts: Conflicts,
    proof_verified: bool,
    memory_bytes: usize,
    recall_ns: u64,
    resumed: bool,
}

#[derive(Serialize)]
struct Conflicts {
    found: u32,
    resolved: u32,
}

pub fn run(common: &Common, arguments: Arguments) -> Result<(), Error> {
    let mut writer = common.hold()?;
    let before = writer.read().map_err(|e| common.store_error(e))?;
    let mut memory = Box::new(activity::Memory::new());
    let mut known = Known::default();
    let mut wrist = match before {
        Some(contents) => {
            known = known_by(contents, &mut memory).map_err(|e| common.store_error(e))?;
            Wrist::open(&mut memory)
        }
        None => Wrist::format(&mut memory),
    }
    .map_err(|e| common.store_error(StoreError::of_node(e)))?;
    let mut watch = Watching::new();
    let summary =
        activity::run(&mut wrist, &mut watch).map_err(|e| Error::Failed(e.to_string()))?;
    drop(watch.progress.take());
    let report = wrist
        .node(HUB)
        .map(|hub| report(&summary, &watch, hub))
        .unwrap_or_default();
    wrist.seal();
    // Before the store, so that what fails changes nothing in it.
    let path = arguments.report.unwrap_or_else(|| REPORT.into());
    report.write(&path)?;
    save(&mut writer, &memory, known)?;
    let shown = Shown {
        accuracy: share(&summary),
        patterns: summary.patterns[HUB],
        bank_digest: hex(&summary.bank_digest),
        log_size: summary.log_size,
        log_root: hex(&summary.log_root),
        conflicts: Conflicts {
            found: summary.tally.found,
            resolved: summary.tally.resolved,
        },
        proof_verified: summary.proof_verified,
        memory_bytes: activity::MEMORY_BYTES,
        recall_ns: watch.median_ns(),
        resumed: summary.resumed,
    };
    if common.json {
        output::json(&shown)?;
    } else {
        print(common, &summary, &shown, &path)?;
    }
    if summary.proof_verified {
        Ok(())
    } else {
        Err(Error::Failed("the inclusion proof does not hold".into()))
    }
}

fn print(common: &Common, summary: &Summary, shown: &Shown, report: &Path) -> Result<(), Error> {
    let (all, right) = summary.right();
    let (windows, sensors) = summary.windows;
    output::text("Three nodes on one wrist: 40 recordings to learn from, 40 to recall\n")?;
    output::text(confusion(summary))?;
    output::text(format_args!(
        "\naccuracy   {:.4} ({right} of {all}); accelerometer alone {} of {windows} windows, gyroscope alone {}",
        shown.accuracy, sensors[0], sensors[1],
    ))?;
    let [hub, accelerometer, gyroscope] = summary.patterns;
    output::text(format_args!(
        "patterns   {hub} of six axes, {accelerometer} of the accelerometer, {gyroscope} of the gyroscope",
    ))?;
    output::text(format_args!("bank       {}", shown.bank_digest))?;
    output::text(format_args!(
        "log        {} events, root {}",
        shown.log_size, shown.log_root
    ))?;
    output::text(format_args!(
        "conflicts  {} found, {} resolved",
        shown.conflicts.found, shown.conflicts.resolved,
    ))?;
    output::text(format_args!(
        "routes     asked for a recording: {}; {} of {windows} windows right",
        NAMES
            .iter()
            .zip(summary.routes)
            .map(|(name, count)| format!("{name} {count}"))
            .collect::<Vec<_>>()
            .join(", "),
        summary.routed_right,
    ))?;
    output::text(format_args!(
        "proof      event {} is in the log: {}",
        summary.proved,
        if shown.proof_verified {
            "verified from the root alone"
        } else {
            "NOT verified"
        },
    ))?;
    output::text(format_args!(
        "memory     {} in all; a recall takes {} ns",
        bytes_text(shown.memory_bytes as u64),
        shown.recall_ns,
    ))?;
    output::text(format_args!(
        "store      {} ({})",
        output::path(&common.store),
        if shown.resumed {
            "resumed: true; everything was there, nothing was appended"
        } else {
            "resumed: false; written"
        },
    ))?;
    output::text(format_args!("report     {}", output::full(report)))
}

fn share(summary: &Summary) -> f64 {
    let (all, right) = summary.right();
    f64::from(right) / f64::from(all.max(1))
}

fn confusion(summary: &Summary) -> Confusion {
    let mut confusion = Confusion::new(ACTIVITIES.map(String::from));
    for (label, row) in ACTIVITIES.iter().zip(&summary.confusion) {
        for (column, &count) in row.iter().enumerate() {
            let predicted = ACTIVITIES.get(column).unwrap_or(&"nothing");
            for _ in 0..count {
                confusion.count(label, predicted);
            }
        }
    }
    confusion
}

/// What the store keeps beside the nodes.
#[derive(Default)]
struct Known {
    profile: Option<Profile>,
    keys: Option<Keyring>,
}

/// Puts what the store holds into `memory`; refuses a store of anything but the demonstration.
fn known_by(contents: Contents, memory: &mut activity::Memory) -> Result<Known, StoreError> {
    for (name, block) in NAMES.iter().zip(memory.blocks_mut()) {
        match contents.blocks.get(*name) {
            Some(saved) if saved.len() == block.len() => block.copy_from_slice(saved),
            _ => return Err(StoreError::NotTheDemo),
        }
        // The store vouches for the bytes, so that other commands leave the nodes open.
        Node::open(block).map_err(StoreError::of_node)?.seal();
    }
    let block = |name: &str| contents.blocks.get(name);
    Ok(Known {
        profile: block(PROFILE).and_then(|bytes| serde_json::from_slice(bytes).ok()),
        keys: block(keys::BLOCK).and_then(|bytes| Keyring::from_block(bytes)),
    })
}

fn save(writer: &mut Writer, memory: &activity::Memory, known: Known) -> Result<(), Error> {
    let profile = known.profile.unwrap_or_else(profile);
    let profile = serde_json::to_vec(&profile).map_err(|e| Error::Failed(e.to_string()))?;
    let keys = match known.keys {
        Some(keys) => keys,
        None => Keyring::new()?,
    };
    let secret = keys.to_block();
    let nodes = NAMES.iter().zip(memory.blocks());
    let mut view: View<'_> = nodes.map(|(name, block)| (*name, vec![block])).collect();
    view.insert(PROFILE, vec![&profile]);
    view.insert(keys::BLOCK, vec![&secret]);
    let _hold = interrupt::hold();
    let saved = writer.save(&view);
    saved
        .and_then(|_| writer.tidy(&view))
        .map_err(|source| Error::Store {
            path: writer.path().to_owned(),
            source,
        })
}

/// What other commands need to know of the demonstration's hub.
fn profile() -> Profile {
    let mut profile = Profile {
        node: NAMES[HUB].into(),
        shape: Some(Shape::Samples {
            channels: activity::CHANNELS as u32,
            names: Vec::new(),
            rate_mhz: Some(activity::RATE_HZ * 1_000),
            reading: Box::default(),
        }),
        labels: Names {
            count: 32,
            bytes: 384,
        },
        patterns: 32,
        room: Room {
            events: 512,
            bytes: 160 * 1024,
            authors: 8,
            contexts: 4,
            dimensions: 64,
        },
        realm: Some(Realm::of(Some("wrist"), &activity::public_keys()[HUB])),
        ..Profile::default()
    };
    for (name, key) in NAMES.iter().zip(activity::public_keys()) {
        profile.name_source(name, &key);
    }
    profile.authorities.push(Authority {
        context: activity::CONTEXT.into(),
        threshold: 1,
        members: vec![hex(&activity::public_keys()[HUB])],
    });
    profile
}

fn report(summary: &Summary, watch: &Watching, hub: &Node<'_>) -> Report {
    let (all, right) = summary.right();
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let [members, contexts] = of_node::trust(hub, |key| profile().source_name(key));
    Report {
        title: "Activity recognition on one wrist".into(),
        facts: vec![
            members,
            contexts,
            fact(
                "Accuracy",
                format!("{:.4} ({right} of {all} recordings)", share(summary)),
            ),
            fact("Patterns", summary.patterns[HUB].to_string()),
            of_node::recall(hub),
            fact("Bank digest", hex(&summary.bank_digest)),
            fact("Log", format!("{} events", summary.log_size)),
            fact("Log root", hex(&summary.log_root)),
            fact(
                "Conflicts",
                format!(
                    "{} found, {} resolved",
                    summary.tally.found, summary.tally.resolved
                ),
            ),
            fact(
                "Inclusion proof",
                format!(
                    "event {}: {}",
                    summary.proved,
                    if summary.proof_verified {
                        "verified"
                    } else {
                        "not verified"
                    }
                ),
            ),
        ],
        confusion: Some(confusion(summary)),
        answers: watch.answers.clone(),
        level: hub.perception().recogniser().and_then(|r| r.alarm_level()),
        mistakes: Vec::new(),
        conflicts: of_node::conflicts(hub),
        raster: watch.raster.clone(),
        routes: NAMES
            .iter()
            .zip(summary.routes)
            .map(|(name, count)| (String::from(*name), count.into()))
            .collect(),
        memory: of_node::memory(hub),
    }
}

/// Shows progress, takes times, keeps what the report plots.
struct Watching {
    raster: Raster,
    progress: Option<Progress>,
    begun: Option<Instant>,
    times: Vec<u64>,
    answers: Vec<Answer>,
}

impl Watching {
    fn new() -> Self {
        Self {
            raster: Raster::default(),
            progress: None,
            begun: None,
            times: Vec::new(),
            answers: Vec::new(),
        }
    }

    fn median_ns(&self) -> u64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or(0)
    }
}

impl Watch for Watching {
    fn step(&mut self, _: u32, total: u32) {
        self.progress
            .get_or_insert_with(|| Progress::new("recordings", Some(total.into())))
            .step(1);
    }

    fn recall_starts(&mut self) {
        self.begun = Some(Instant::now());
    }

    fn recall_ends(&mut self) {
        if let Some(begun) = self.begun.take() {
            self.times
                .push(begun.elapsed().as_nanos().try_into().unwrap_or(u64::MAX));
        }
    }

    fn recalled(&mut self, wearer: usize, truth: u32, recall: &Recall) {
        if wearer == HUB {
            self.answers.push(Answer {
                similarity: Some(recall.similarity),
                confidence: recall.recognised.map(|found| found.confidence),
                novelty: recall.recognised.map(|found| found.novelty),
                verdict: match recall.label == truth {
                    true => Verdict::Right,
                    false => Verdict::Wrong,
                },
            });
        }
    }

    fn perceived(
        &mut self,
        wearer: usize,
        truth: u32,
        signal: &SpikeTrains<'_>,
        _: &SpikeTrains<'_>,
    ) {
        // One recording is enough to see what spikes look like: the first in which the wrist moves.
        if wearer != HUB || truth == STILL || !self.raster.rows.is_empty() {
            return;
        }
        self.raster = Raster {
            title: ACTIVITIES
                .get(truth as usize)
                .map_or_else(String::new, |activity| format!("a recording of {activity}")),
            rows: CHANNELS.map(String::from).to_vec(),
            steps: signal.config().steps(),
            spikes: signal
                .events()
                .map(|spike| (spike.address, spike.time, spike.negative))
                .collect(),
        };
    }
}
