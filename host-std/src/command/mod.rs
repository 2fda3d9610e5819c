//! The sub-commands: one file each, with its arguments and what it does.

mod demo;
mod ingest;
mod inspect;
mod learn;
mod output;
mod realm;
mod recall;
mod samples;
mod spikes;
mod verify;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::Error;
use crate::home::Home;
use crate::store::manifest::Manifest;
use crate::store::{self, Contents, StoreError, Writer};

/// The memory of an edge node: learns, recalls, keeps a signed log and finds contradictions.
///
/// Without a sub-command it runs the demonstration.
#[derive(Debug, Parser)]
#[command(name = "sensilla", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    demo: demo::Arguments,
}

/// What every sub-command takes.
#[derive(Debug, Args)]
struct Common {
    /// The store's file.
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        default_value = "sensilla.store"
    )]
    store: PathBuf,
    /// Print one JSON object for machines.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run one node end to end on the motion recordings that come with it (the default).
    Demo(demo::Arguments),
    /// Learn patterns from labelled recordings or vectors.
    Learn(learn::Arguments),
    /// Look recordings or vectors up among the learned patterns.
    Recall(recall::Arguments),
    /// Take claims into the log and find what contradicts.
    Ingest(ingest::Arguments),
    /// Show what a store holds.
    Inspect(inspect::Arguments),
    /// Show, make or join a realm: whose events count.
    Realm(realm::Realms),
    /// Let the events of a key count.
    Admit(realm::Admit),
    /// Let the events of a member count no longer.
    Expel(realm::Expel),
    /// Say who decides in a context.
    Appoint(realm::Appoint),
    /// Let all claims of a context fall, and end its authority.
    Close(realm::Close),
    /// Check a store, without changing its file.
    Verify,
    /// Turn values or signals into spike trains, one a line: `value: t:polarity …`.
    Encode(spikes::Arguments),
    /// Turn spike trains back into values or signals.
    Decode(spikes::Arguments),
}

impl Common {
    fn read_store(&self) -> Result<Contents, Error> {
        store::read(&self.store).map_err(|e| self.store_error(e))
    }

    /// The node in the store, for reading.
    fn home(&self) -> Result<Home, Error> {
        self.home_of(self.read_store()?)
    }

    fn home_of(&self, contents: Contents) -> Result<Home, Error> {
        Home::from_store(contents).map_err(|e| self.store_error(e))
    }

    /// The store held for writing, and the node in it if there is one.
    fn writer(&self) -> Result<(Writer, Option<(Home, Manifest)>), Error> {
        let writer = Writer::open(&self.store).map_err(|e| self.store_error(e))?;
        let before = match writer.read().map_err(|e| self.store_error(e))? {
            Some(contents) => {
                let manifest = contents.manifest.clone();
                let home = Home::from_store(contents).map_err(|e| self.store_error(e))?;
                Some((home, manifest))
            }
            None => None,
        };
        Ok((writer, before))
    }

    fn store_error(&self, source: StoreError) -> Error {
        Error::Store {
            path: self.store.clone(),
            source,
        }
    }
}

/// Does what the command line asks.
pub fn run(cli: Cli) -> Result<(), Error> {
    let Cli {
        command,
        common,
        demo,
    } = cli;
    if command.is_some() && demo.is_given() {
        return Err(Error::Usage(
            "options of `demo` go behind it, and not before another sub-command".into(),
        ));
    }
    match command.unwrap_or(Command::Demo(demo)) {
        Command::Demo(arguments) => demo::run(&common, arguments),
        Command::Learn(arguments) => learn::run(&common, arguments),
        Command::Recall(arguments) => recall::run(&common, arguments),
        Command::Ingest(arguments) => ingest::run(&common, arguments),
        Command::Inspect(arguments) => inspect::run(&common, arguments),
        Command::Realm(arguments) => realm::run(&common, &arguments),
        Command::Admit(arguments) => realm::admit(&common, &arguments),
        Command::Expel(arguments) => realm::expel(&common, &arguments),
        Command::Appoint(arguments) => realm::appoint(&common, &arguments),
        Command::Close(arguments) => realm::close(&common, &arguments),
        Command::Verify => verify::run(&common),
        Command::Encode(arguments) => spikes::encode(&common, &arguments),
        Command::Decode(arguments) => spikes::decode(&common, &arguments),
    }
}
