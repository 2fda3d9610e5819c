//! `sensilla inspect`: shows what a store holds.

use std::collections::HashMap;

use clap::Args;
use sensilla::bank::{Estimate, Health};
use sensilla::node::Node;
use serde::Serialize;

use super::{Common, output};
use crate::Error;
use crate::profile::Profile;
use crate::read::claims;
use crate::report::of_node::recall_text;
use crate::report::plots::bytes_text;
use crate::store::FORMAT;
use crate::store::manifest::{Entry, entries, hex};

/// Conflicts that the text shows; `--json` shows all.
const SHOWN: usize = 10;

#[derive(Serialize)]
struct Inspected {
    format: u32,
    file_bytes: u64,
    blocks: Vec<Entry>,
    learns_from: Option<String>,
    dimensions: u32,
    labels: Vec<Label>,
    patterns: usize,
    bank_digest: String,
    recall: Recall,
    log_size: u64,
    log_root: String,
    conflicts: Conflicts,
    image_digest: String,
    memory_bytes: usize,
    memory: Vec<Section>,
}

/// How well the bank is searched, by what it has measured on its own patterns.
#[derive(Serialize)]
struct Recall {
    #[serde(flatten)]
    health: Health,
    by_ef: Vec<ByEf>,
}

#[derive(Serialize)]
struct ByEf {
    ef: u32,
    #[serde(flatten)]
    recall: Estimate,
}

impl Recall {
    fn of(health: Health) -> Self {
        let by_ef = health.by_ef().map(|(ef, recall)| ByEf { ef, recall });
        Self {
            by_ef: by_ef.collect(),
            health,
        }
    }
}

#[derive(Serialize)]
struct Label {
    label: String,
    patterns: usize,
}

#[derive(Serialize)]
struct Conflicts {
    found: u32,
    resolved: u32,
    open: Vec<Open>,
}

#[derive(Serialize)]
struct Open {
    context: String,
    subject: String,
    predicate: String,
    status: String,
    claims: Vec<Claim>,
}

#[derive(Serialize)]
struct Claim {
    id: String,
    author: String,
    value: String,
    at: u64,
}

#[derive(Serialize)]
struct Section {
    part: &'static str,
    section: &'static str,
    bytes: usize,
}

#[derive(Debug, Args)]
pub struct Arguments {
    /// Print the events of the log instead, one JSON object a line, as `ingest` reads them.
    #[arg(long)]
    events: bool,
}

/// An event as `ingest` reads it.
#[derive(Serialize)]
struct EventLine {
    v: u32,
    event: String,
}

fn events(node: &Node<'_>) -> Result<(), Error> {
    for entry in node.history().log().since(node.history().log().first()) {
        output::json(&EventLine {
            v: claims::VERSION,
            event: hex(entry.bytes()),
        })?;
    }
    Ok(())
}

pub fn run(common: &Common, arguments: Arguments) -> Result<(), Error> {
    let contents = common.read_store()?;
    let (file_bytes, blocks) = (contents.file_bytes, entries(&contents.blocks));
    let home = common.home_of(contents)?;
    let profile = home.profile.clone();
    let memory_bytes = home.bytes();
    let node = home.node();
    if arguments.events {
        return events(node);
    }
    let log = node.history().log();
    let log_root = hex(&log
        .root_at(log.size())
        .map_err(|e| Error::Failed(e.to_string()))?);
    let tally = node.history().engine().tally();
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for pattern in node.perception().bank().iter() {
        *counts.entry(pattern.label).or_insert(0) += 1;
    }
    let inspected = Inspected {
        format: FORMAT,
        file_bytes,
        blocks,
        learns_from: profile.shape.as_ref().map(|shape| shape.describe()),
        dimensions: node.config().perception.dimensions(),
        labels: (0..)
            .zip(node.perception().labels().iter())
            .map(|(number, (_, label))| Label {
                label: label.to_owned(),
                patterns: counts.get(&number).copied().unwrap_or(0),
            })
            .collect(),
        patterns: node.perception().bank().len(),
        bank_digest: hex(&node.perception().bank().digest()),
        recall: Recall::of(node.perception().bank().health()),
        log_size: node.history().log().size(),
        log_root,
        conflicts: Conflicts {
            found: tally.found,
            resolved: tally.resolved,
            open: open(node, &profile),
        },
        image_digest: hex(&node.image_digest()),
        memory_bytes,
        memory: node
            .sections()
            .map(|(part, section, bytes)| Section {
                part,
                section,
                bytes,
            })
            .collect(),
    };
    if common.json {
        return output::json(&inspected);
    }
    print(common, &inspected)
}

fn open(node: &Node<'_>, profile: &Profile) -> Vec<Open> {
    let mut all = Vec::new();
    for conflict in node
        .history()
        .engine()
        .conflicts()
        .filter(|c| c.status.is_open())
    {
        let mut open = Open {
            context: String::new(),
            subject: String::new(),
            predicate: String::new(),
            status: format!("{:?}", conflict.status).to_lowercase(),
            claims: Vec::new(),
        };
        for id in conflict.claims {
            if let Some(event) = node.history().log().event(&id)
                && let sensilla::log::EventKind::Assert(assert) = event.event().kind
            {
                open.context = event.event().context.into();
                open.subject = assert.subject.into();
                open.predicate = assert.predicate.into();
                open.claims.push(Claim {
                    id: hex(&id),
                    author: profile.source_name(&event.event().author),
                    value: assert.value.into(),
                    at: event.event().at,
                });
            }
        }
        all.push(open);
    }
    all
}

fn print(common: &Common, shown: &Inspected) -> Result<(), Error> {
    output::text(format_args!(
        "{}: store format {}, {}",
        output::path(&common.store),
        shown.format,
        bytes_text(shown.file_bytes)
    ))?;
    for entry in &shown.blocks {
        output::text(format_args!(
            "  {:<14} {:>10}  {}",
            output::name(&entry.name),
            bytes_text(entry.bytes),
            entry.sha256
        ))?;
    }
    if let Some(learns_from) = &shown.learns_from {
        output::text(format_args!(
            "learns from {learns_from}: {} patterns of {} dimensions",
            shown.patterns, shown.dimensions
        ))?;
        for label in &shown.labels {
            output::text(format_args!(
                "  {:<14} {} patterns",
                output::name(&label.label),
                label.patterns
            ))?;
        }
        output::text(format_args!("bank       {}", shown.bank_digest))?;
        output::text(format_args!(
            "recall     {}",
            recall_text(&shown.recall.health)
        ))?;
    }
    output::text(format_args!(
        "log        {} events, root {}",
        shown.log_size, shown.log_root
    ))?;
    output::text(format_args!(
        "conflicts  {} found, {} resolved, {} open",
        shown.conflicts.found,
        shown.conflicts.resolved,
        shown.conflicts.open.len()
    ))?;
    for open in shown.conflicts.open.iter().take(SHOWN) {
        let sides: Vec<String> = open
            .claims
            .iter()
            .map(|claim| {
                let (author, value) = (output::name(&claim.author), output::name(&claim.value));
                format!("`{author}` says {value}")
            })
            .collect();
        output::text(format_args!(
            "  {}: {} of {}: {} ({})",
            output::name(&open.context),
            output::name(&open.predicate),
            output::name(&open.subject),
            sides.join(", "),
            open.status
        ))?;
    }
    if shown.conflicts.open.len() > SHOWN {
        output::text(format_args!(
            "  … {} more",
            shown.conflicts.open.len() - SHOWN
        ))?;
    }
    output::text(format_args!(
        "memory     {}",
        bytes_text(shown.memory_bytes as u64)
    ))?;
    for section in &shown.memory {
        output::text(format_args!(
            "  {:<14} {:<18} {:>10}",
            section.part,
            section.section,
            bytes_text(section.bytes as u64)
        ))?;
    }
    output::text(format_args!("image      {}", shown.image_digest))
}
