//! `sensilla repair`: saves what can be saved of a damaged store, in another file.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{Common, output};
use crate::Error;
use crate::salvage::{self, Kept};
use crate::store::lock::Locking;
use crate::store::{Writer, repair};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The new store's file; the damaged one is only read.
    #[arg(long, value_name = "PATH")]
    to: PathBuf,
}

#[derive(Serialize)]
struct Repaired {
    store: String,
    to: String,
    saves: u64,
    events: u64,
    patterns: usize,
    lost: Vec<String>,
}

pub fn run(common: &Common, arguments: &Arguments) -> Result<(), Error> {
    let rest = repair::salvage(&common.store).map_err(|e| common.store_error(e))?;
    let saves = rest.saves;
    let salvaged = salvage::salvage(rest)?;
    let to = output::path(&arguments.to);
    let of_new = |source| Error::Store {
        path: arguments.to.clone(),
        source,
    };
    let there = || Error::Failed(format!("{to} is there already; nothing was written"));
    if arguments.to.symlink_metadata().is_ok() {
        return Err(there());
    }
    let mut writer =
        Writer::open(&arguments.to, Locking::Wait, |note| output::note(note)).map_err(of_new)?;
    let mut home = salvaged.home;
    home.save(&mut writer)?;
    let kept = Kept::of(&home);
    let repaired = Repaired {
        store: output::path(&common.store),
        to,
        saves,
        events: kept.events,
        patterns: kept.patterns,
        lost: salvaged.lost,
    };
    if common.json {
        return output::json(&repaired);
    }
    let Repaired {
        store,
        to,
        saves,
        events,
        patterns,
        lost,
    } = &repaired;
    output::text(format_args!(
        "{store} was left as it is; {to} holds what is left of it after {saves} saves: {events} events \
         and {patterns} patterns"
    ))?;
    match lost.is_empty() {
        true => output::text("nothing is lost"),
        false => lost
            .iter()
            .try_for_each(|lost| output::text(format_args!("lost: {}", output::name(lost)))),
    }
}
