//! The sub-commands: one file each, with its arguments and what it does.

mod demo;
mod dialect;
mod ingest;
mod inspect;
mod keys;
mod learn;
mod output;
mod realm;
mod recall;
mod repair;
mod samples;
mod spikes;
mod verify;
mod watch;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::Error;
use crate::home::Home;
use crate::profile::Profile;
use crate::store::lock::Locking;
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
    /// How long to wait for another process that writes the store; as long as it takes if not given.
    #[arg(long, global = true, value_name = "SECONDS", help_heading = "Lock")]
    lock_timeout: Option<Seconds>,
    /// Write the store without a lock, where the file system has none: no other process may write it
    /// meanwhile.
    #[arg(
        long,
        global = true,
        conflicts_with = "lock_timeout",
        help_heading = "Lock"
    )]
    no_lock: bool,
    #[command(flatten)]
    keys: keys::Source,
}

/// A time as the command line gives it.
#[derive(Clone, Copy, Debug)]
struct Seconds(Duration);

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let seconds: f64 = text.parse().map_err(|_| "is no number of seconds")?;
        let time = Duration::try_from_secs_f64(seconds);
        time.map(Self)
            .map_err(|_| "is no time from 0 seconds on".into())
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run one node end to end on the motion recordings that come with it (the default).
    Demo(demo::Arguments),
    /// Learn patterns from labelled recordings or vectors.
    Learn(learn::Arguments),
    /// Look recordings or vectors up among the learned patterns.
    Recall(recall::Arguments),
    /// Print the windows that are unlike anything learned, as they come.
    Watch(watch::Arguments),
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
    /// Save what can be saved of a damaged store, in another file.
    Repair(repair::Arguments),
    /// Show and change how the secret of the store's signing keys is kept.
    Keys(keys::Arguments),
    /// Turn values or signals into spike trains, one a line: `value: t:polarity …`.
    Encode(spikes::Encode),
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

    /// The store held for writing, which waits for whoever else does.
    fn hold(&self) -> Result<Writer, Error> {
        let locking = match (self.no_lock, self.lock_timeout) {
            (true, _) => Locking::None,
            (false, Some(seconds)) => Locking::Within(seconds.0),
            (false, None) => Locking::Wait,
        };
        Writer::open(&self.store, locking, |note| output::note(note))
            .map_err(|e| self.store_error(e))
    }

    /// The store held for writing, and the node in it if there is one.
    fn writer(&self) -> Result<(Writer, Option<Home>), Error> {
        let mut writer = self.hold()?;
        let contents = writer.read().map_err(|e| self.store_error(e))?;
        let mut home = contents
            .map(|contents| self.home_of(contents))
            .transpose()?;
        if let Some(home) = &mut home {
            self.keys.unlock(home)?;
        }
        Ok((writer, home))
    }

    /// A node for a new store, with its keys where the command line wants them.
    fn new_home(&self, profile: Profile) -> Result<Home, Error> {
        Home::with_keys(profile, self.keys.create()?)
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
        Command::Watch(arguments) => watch::run(&common, &arguments),
        Command::Ingest(arguments) => ingest::run(&common, arguments),
        Command::Inspect(arguments) => inspect::run(&common, arguments),
        Command::Realm(arguments) => realm::run(&common, &arguments),
        Command::Admit(arguments) => realm::admit(&common, &arguments),
        Command::Expel(arguments) => realm::expel(&common, &arguments),
        Command::Appoint(arguments) => realm::appoint(&common, &arguments),
        Command::Close(arguments) => realm::close(&common, &arguments),
        Command::Verify => verify::run(&common),
        Command::Repair(arguments) => repair::run(&common, &arguments),
        Command::Keys(arguments) => keys::run(&common, &arguments),
        Command::Encode(arguments) => spikes::encode(&common, &arguments),
        Command::Decode(arguments) => spikes::decode(&common, &arguments),
    }
}
