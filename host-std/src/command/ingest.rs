//! `sensilla ingest`: takes claims into the log and finds what contradicts.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use serde::Serialize;

use super::{Common, output};
use crate::Error;
use crate::gateway::{Batch, Gateway};
use crate::home::Home;
use crate::profile::{Authority, Profile};
use crate::read::Source;
use crate::read::claims::ClaimReader;
use crate::report::{Report, of_node};
use crate::store::manifest::hex;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The file: JSON lines of claims; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who decides in a context: names of sources or public keys in hexadecimal, of which K must
    /// agree (1 if not given). May be given once a context.
    #[arg(long, value_name = "CONTEXT=NAME[,NAME…][/K]")]
    authority: Vec<Given>,
    /// Also write a report, a web page, to this file.
    #[arg(long, value_name = "PATH")]
    report: Option<PathBuf>,
}

/// An authority as the command line gives it.
#[derive(Clone, Debug)]
struct Given(Authority);

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
            .map(|name| name.trim().to_owned())
            .collect();
        if context.is_empty() || members.iter().any(String::is_empty) {
            return Err("a name is empty".into());
        }
        if threshold == 0 || usize::from(threshold) > members.len() {
            return Err(format!("{threshold} of {} cannot agree", members.len()));
        }
        Ok(Self(Authority {
            context: context.into(),
            threshold,
            members,
        }))
    }
}

#[derive(Serialize)]
struct Ingested {
    read: usize,
    appended: u64,
    known: u64,
    expired: u64,
    conflicts: Conflicts,
    log_size: u64,
    log_root: String,
}

#[derive(Serialize)]
struct Conflicts {
    found: u32,
    resolved: u32,
    open: usize,
}

pub fn run(common: &Common, arguments: Arguments) -> Result<(), Error> {
    let (writer, before) = common.writer()?;
    let source = Source::open(&arguments.file)?;
    let file = source.name().to_owned();
    let lines = ClaimReader::new(source).collect::<Result<Vec<_>, _>>()?;
    let (mut home, manifest) = match before {
        Some((home, manifest)) => (home, Some(manifest)),
        None => (Home::new(Profile::default())?, None),
    };
    for Given(authority) in &arguments.authority {
        home.set_authority(authority)?;
    }
    let mut gateway = Gateway::new(home, &file);
    let done: Batch = gateway.take(&lines)?;
    let mut home = gateway.into_home();
    let (log_root, log_size, tally, open) = {
        let mut node = home.node()?;
        let open = node
            .history()
            .engine()
            .conflicts()
            .filter(|c| c.status.is_open())
            .count();
        (
            hex(&node.history_mut().root()),
            node.history().log().size(),
            node.history().engine().tally(),
            open,
        )
    };
    let result = Ingested {
        read: lines.len(),
        appended: done.appended,
        known: done.known,
        expired: done.expired,
        conflicts: Conflicts {
            found: tally.found,
            resolved: tally.resolved,
            open,
        },
        log_size,
        log_root,
    };
    if let Some(path) = &arguments.report {
        let fact = |name: &str, value: String| (name.to_owned(), value);
        let node = home.node()?;
        let report = Report {
            title: format!("Claims of {file}"),
            facts: vec![
                fact("Log", format!("{} events", result.log_size)),
                fact("Log root", result.log_root.clone()),
                fact(
                    "Conflicts",
                    format!(
                        "{} found, {} resolved, {open} open",
                        tally.found, tally.resolved
                    ),
                ),
            ],
            conflicts: of_node::conflicts(&node),
            memory: of_node::memory(&node),
            ..Report::default()
        };
        report.write(path)?;
    }
    home.save(&writer, manifest.as_ref())?;
    if done.truncated > 0 {
        output::note(format_args!(
            "{} claims have too many neighbours to compare them with all; more conflicts may exist",
            done.truncated
        ));
    }
    if done.expired > 0 {
        output::note(format_args!(
            "{} claims had expired and were left out",
            done.expired
        ));
    }
    if common.json {
        return output::json(&result);
    }
    output::text(format_args!(
        "read {}: {} events appended, {} known already",
        result.read, result.appended, result.known
    ))?;
    output::text(format_args!(
        "conflicts: {} found, {} resolved, {} open (in this file: {} found, {} resolved)",
        result.conflicts.found, result.conflicts.resolved, open, done.found, done.resolved
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
