//! `sensilla ingest`: takes claims into the log and finds what contradicts.

mod live;

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use serde::Serialize;

use super::dialect::Text;
use super::{Common, output};
use crate::Error;
use crate::gateway::clock::Clock;
use crate::gateway::{Batch, Gateway};
use crate::home::Home;
use crate::profile::{Authority, MAX_DIMENSIONS, Profile, Room};
use crate::read::Source;
use crate::read::claims::ClaimReader;
use crate::read::text::canonical;
use crate::report::{Report, of_node};
use crate::store::manifest::hex;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The file: JSON lines of claims; `-` is standard input, which is taken line by line as it
    /// comes.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who decides in a context from now on, as the realm's root appoints: names of sources or public
    /// keys in hexadecimal, of which K must agree (1 if not given). May be given once a context.
    #[arg(long, value_name = "CONTEXT=NAME[,NAME…][/K]")]
    authority: Vec<Given>,
    /// Let lines with `resolve` decide, signed with the keys that the store holds for the authorities
    /// they name. Without it such a line is refused.
    #[arg(long)]
    decide: bool,
    /// By how much numbers of a predicate may differ and still agree. The store keeps it; may be
    /// given once a predicate.
    #[arg(long, value_name = "PREDICATE=X")]
    tolerance: Vec<Tolerance>,
    /// What time it is, in milliseconds since 1970 or as a date like 2026-01-01T00:00:00Z, where a file
    /// is taken again; nothing is taken that is dated more than a minute later. This machine's clock if
    /// not given.
    #[arg(long, value_name = "TIME")]
    now: Option<Clock>,
    /// Claims have embeddings of N components; a new store takes none if not given, and keeps to it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_DIMENSIONS)))]
    embedding: Option<u32>,
    #[command(flatten)]
    text: Text,
    /// Also write a report, a web page, to this file.
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    report: Option<PathBuf>,
}

/// An authority as the command line gives it.
#[derive(Clone, Debug)]
pub(super) struct Given(pub Authority);

impl FromStr for Given {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (context, rest) = text.split_once('=').ok_or("has no `=`")?;
        let (names, threshold) = match rest.rsplit_once('/') {
            Some((names, k)) => (names, k.parse().map_err(|_| format!("`{k}` is no number"))?),
            None => (rest, 1),
        };
        let members: Vec<String> = names
            .split(',')
            .map(|name| canonical(name).into_owned())
            .collect();
        let context = canonical(context);
        if context.is_empty() || members.iter().any(String::is_empty) {
            return Err("a name is empty".into());
        }
        if threshold == 0 || usize::from(threshold) > members.len() {
            return Err(format!("{threshold} of {} cannot agree", members.len()));
        }
        Ok(Self(Authority {
            context: context.into_owned(),
            threshold,
            members,
        }))
    }
}

/// A tolerance as the command line gives it.
#[derive(Clone, Debug)]
struct Tolerance(String, f64);

impl FromStr for Tolerance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (predicate, most) = text.rsplit_once('=').ok_or("has no `=`")?;
        let predicate = canonical(predicate);
        match most.trim().parse::<f64>() {
            _ if predicate.is_empty() => Err("the predicate is empty".into()),
            Ok(most) if most.is_finite() && most >= 0.0 => Ok(Self(predicate.into_owned(), most)),
            _ => Err(format!("`{most}` is no number from 0 on")),
        }
    }
}

#[derive(Serialize)]
struct Ingested {
    read: usize,
    appended: u64,
    known: u64,
    expired: u64,
    refused: u64,
    conflicts: Conflicts,
    log_size: u64,
    log_root: String,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Conflicts {
    found: u32,
    resolved: u32,
    open: usize,
}

pub fn run(common: &Common, arguments: Arguments) -> Result<(), Error> {
    let (mut writer, before) = common.writer()?;
    let mut home = match before {
        Some(home) => home,
        None => common.new_home(new_profile(arguments.embedding))?,
    };
    let clock = arguments.now.unwrap_or_default();
    let room = home.profile.room;
    match arguments.embedding.filter(|&n| n != room.dimensions) {
        // A store that has only learned takes its first claims.
        Some(dimensions) if home.node().history().log().size() == 0 => {
            home.grow(Room { dimensions, ..room })?;
        }
        Some(_) => {
            return Err(Error::Usage(format!(
                "--embedding is said before a store holds events; those of this one have {} components",
                room.dimensions
            )));
        }
        None => {}
    }
    for Given(authority) in &arguments.authority {
        home.set_authority(authority, clock.now())?;
    }
    for Tolerance(predicate, most) in &arguments.tolerance {
        home.profile.tolerances.insert(predicate.clone(), *most);
    }
    if arguments.file.as_os_str() == "-" {
        return live::run(common, &arguments, home, &mut writer);
    }
    let source = Source::open(&arguments.file, arguments.text.decoding())?;
    let file = source.name().to_owned();
    let mut reader = ClaimReader::new(source);
    let lines = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
    let notes = reader.take_notes();
    let mut gateway = Gateway::new(home, &file)
        .clock(clock)
        .decides(arguments.decide);
    let done = gateway.take(&lines)?;
    let mut home = gateway.into_home();
    let result = result(&mut home, lines.len(), &done, notes)?;
    if let Some(path) = &arguments.report {
        report(&mut home, &file, &result)?.write(path)?;
    }
    home.save(&mut writer)?;
    home.tidy(&mut writer)?;
    print(common, &result, &done)
}

/// What a new node takes in, if claims have embeddings of so many components.
fn new_profile(embedding: Option<u32>) -> Profile {
    let mut profile = Profile::default();
    profile.room.dimensions = embedding.unwrap_or(0);
    profile
}

/// What a node holds after it took lines.
fn result(
    home: &mut Home,
    read: usize,
    done: &Batch,
    mut notes: Vec<String>,
) -> Result<Ingested, Error> {
    let log_root = hex(&home.change(|node| node.history_mut().root()));
    let node = home.node();
    let open = node
        .history()
        .engine()
        .conflicts()
        .filter(|c| c.status.is_open())
        .count();
    if done.truncated > 0 {
        notes.push(format!(
            "{} claims have too many neighbours to compare them with all; more conflicts may exist",
            done.truncated
        ));
    }
    if done.unrecorded > 0 {
        notes.push(format!(
            "the table of conflicts is full: {} contradictions more were found and not recorded; a \
             source that says something new of the same property may replace what it said \
             (`supersedes`)",
            done.unrecorded
        ));
    }
    if done.expired > 0 {
        notes.push(format!(
            "{} claims had expired when they came, and are not in force",
            done.expired
        ));
    }
    if done.adopted > 0 {
        notes.push(format!(
            "{} values are within the tolerance of one said before and are written as that one",
            done.adopted
        ));
    }
    let tally = node.history().engine().tally();
    Ok(Ingested {
        read,
        appended: done.appended,
        known: done.known,
        expired: done.expired,
        refused: done.refused,
        conflicts: Conflicts {
            found: tally.found,
            resolved: tally.resolved,
            open,
        },
        log_size: node.history().log().size(),
        log_root,
        notes,
    })
}

fn report(home: &mut Home, file: &str, result: &Ingested) -> Result<Report, Error> {
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let node = home.node();
    let [members, contexts] = of_node::trust(node, |key| home.profile.source_name(key));
    let Conflicts {
        found,
        resolved,
        open,
    } = result.conflicts;
    Ok(Report {
        title: format!("Claims of {file}"),
        facts: vec![
            fact("Log", format!("{} events", result.log_size)),
            fact("Log root", result.log_root.clone()),
            members,
            contexts,
            fact(
                "Conflicts",
                format!("{found} found, {resolved} resolved, {open} open"),
            ),
        ],
        conflicts: of_node::conflicts(node),
        memory: of_node::memory(node),
        ..Report::default()
    })
}

fn print(common: &Common, result: &Ingested, done: &Batch) -> Result<(), Error> {
    result.notes.iter().for_each(output::note);
    if common.json {
        return output::json(result);
    }
    output::text(format_args!(
        "read {}: {} events appended, {} known already",
        result.read, result.appended, result.known
    ))?;
    output::text(format_args!(
        "conflicts: {} found, {} resolved, {} open (in this file: {} found, {} resolved)",
        result.conflicts.found,
        result.conflicts.resolved,
        result.conflicts.open,
        done.found,
        done.resolved
    ))?;
    output::text(format_args!(
        "log: {} events, root {}",
        result.log_size, result.log_root
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerances_are_read_from_the_command_line() {
        let Tolerance(predicate, most) = "celsius=0.5".parse().unwrap();
        assert_eq!((predicate.as_str(), most), ("celsius", 0.5));
        for bad in ["celsius", "=1", "a=", "a=-1", "a=nan", "a=inf", "a=x"] {
            assert!(bad.parse::<Tolerance>().is_err(), "{bad}");
        }
    }

    #[test]
    fn authorities_are_read_from_the_command_line() {
        let Given(authority) = "hall=boss, deputy/2".parse().unwrap();
        assert_eq!(
            (authority.context.as_str(), authority.threshold),
            ("hall", 2)
        );
        assert_eq!(authority.members, ["boss", "deputy"]);
        for bad in [
            "hall",
            "=boss",
            "hall=",
            "hall=a,,b",
            "hall=a/0",
            "hall=a/2",
            "hall=a/x",
        ] {
            assert!(bad.parse::<Given>().is_err(), "{bad}");
        }
    }
}
