//! `sensilla realm`, `admit`, `expel`, `appoint`, `close`: who is heard, and who decides where.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sensilla::log::Signer;
use sensilla::log::kind::Act;
use sensilla::log::sign::PublicKey;
use serde::Serialize;

use super::ingest::Given;
use super::{Common, output};
use crate::Error;
use crate::gateway::clock::Clock;
use crate::home::Home;
use crate::profile::Profile;
use crate::realm::Realm;
use crate::store::manifest::hex;

#[derive(Debug, Subcommand)]
pub enum Of {
    /// Show the store's realm: its roots, its members, who decides where.
    Show,
    /// Make a new store that is a realm of its own, whose root is a key of that store.
    New {
        /// The name of the realm.
        name: String,
    },
    /// Make a new store, or one whose log is empty, part of another store's realm.
    Join {
        /// The realm, as `realm show` of a store prints it.
        #[arg(value_name = "NAME=ROOT[,ROOT…][/K]")]
        realm: String,
    },
}

#[derive(Debug, Args)]
pub struct Realms {
    #[command(subcommand)]
    of: Of,
}

/// Whose events count.
#[derive(Debug, Args)]
pub struct Admit {
    /// The public key, 64 hexadecimal digits; or the name of a source of this store.
    // `--key` is the file with the store's own secret.
    #[arg(id = "member", value_name = "KEY")]
    key: String,
    /// What to call it.
    #[arg(long)]
    name: Option<String>,
}

/// Whose events count no longer.
#[derive(Debug, Args)]
pub struct Expel {
    /// The name of a member, or its public key in hexadecimal.
    #[arg(id = "member", value_name = "KEY")]
    key: String,
    /// The number of its last event that counts; what it has said after that falls. All that it has
    /// said so far counts if not given.
    #[arg(long)]
    last: Option<u32>,
}

/// Who decides where.
#[derive(Debug, Args)]
pub struct Appoint {
    /// Names of sources or public keys in hexadecimal, of which K must agree (1 if not given).
    #[arg(value_name = "CONTEXT=NAME[,NAME…][/K]")]
    authority: Given,
}

/// What nobody needs any more.
#[derive(Debug, Args)]
pub struct Close {
    /// The context: its claims fall, and nobody decides there any more.
    context: String,
}

#[derive(Serialize)]
struct Shown {
    store: PathBuf,
    name: String,
    id: String,
    line: String,
    threshold: u8,
    roots: Vec<String>,
    decisions: u32,
    frozen: bool,
    members: Vec<Member>,
    authorities: Vec<Authority>,
}

#[derive(Serialize)]
struct Member {
    name: String,
    key: String,
    events: u32,
    claims: u32,
    expelled_after: Option<u32>,
    forked: bool,
}

#[derive(Serialize)]
struct Authority {
    context: String,
    threshold: u8,
    keys: Vec<String>,
}

pub fn run(common: &Common, arguments: &Realms) -> Result<(), Error> {
    match &arguments.of {
        Of::Show => show(common, &common.home()?),
        Of::New { name } => {
            let (mut writer, before) = common.writer()?;
            if before.is_some() {
                return Err(Error::Failed(format!(
                    "{} is there already; make a realm in a new store (--store PATH)",
                    common.store.display()
                )));
            }
            let mut home = Home::new(Profile::default())?;
            let root = home.keys.root().public_key();
            home.join(Realm::of(Some(name), &root))?;
            home.save(&mut writer)?;
            show(common, &home)
        }
        Of::Join { realm } => {
            let realm = Realm::from_line(realm).map_err(Error::Usage)?;
            change(common, |home| home.join(realm))
        }
    }
}

pub fn admit(common: &Common, arguments: &Admit) -> Result<(), Error> {
    change(common, |home| {
        let key = home.public_key(&arguments.key);
        let name = arguments
            .name
            .as_deref()
            .unwrap_or_else(|| name_of(arguments));
        home.profile.name_source(name, &key);
        let act = Act::Admit {
            key,
            name,
            from: home
                .node()
                .history()
                .engine()
                .member(&key)
                .map_or(1, |m| m.next),
        };
        home.decide("", act, Clock::Machine.now()).map(drop)
    })
}

/// A name that was given, and none for a key.
fn name_of(arguments: &Admit) -> &str {
    match arguments.key.len() == 64 {
        true => "",
        false => &arguments.key,
    }
}

pub fn expel(common: &Common, arguments: &Expel) -> Result<(), Error> {
    change(common, |home| {
        let key = key_of(home, &arguments.key);
        let member = home.node().history().engine().member(&key);
        let said = member.map_or(0, |member| member.next.saturating_sub(1));
        let act = Act::Expel {
            key,
            last: arguments.last.unwrap_or(said),
        };
        home.decide("", act, Clock::Machine.now()).map(drop)
    })
}

/// The key of a member by name, whoever it is.
fn key_of(home: &Home, name: &str) -> PublicKey {
    let named = home.profile.sources.iter().find(|s| s.name == name);
    home.public_key(named.map_or(name, |source| &source.key))
}

pub fn appoint(common: &Common, arguments: &Appoint) -> Result<(), Error> {
    let Given(authority) = &arguments.authority;
    change(common, |home| {
        home.set_authority(authority, Clock::Machine.now())
    })
}

pub fn close(common: &Common, arguments: &Close) -> Result<(), Error> {
    change(common, |home| {
        home.decide(&arguments.context, Act::Close, Clock::Machine.now())?;
        home.profile
            .authorities
            .retain(|a| a.context != arguments.context);
        Ok(())
    })
}

/// Lets `call` change the store's node, saves it and shows its realm.
fn change(common: &Common, call: impl FnOnce(&mut Home) -> Result<(), Error>) -> Result<(), Error> {
    let (mut writer, before) = common.writer()?;
    let mut home = match before {
        Some(home) => home,
        None => Home::new(Profile::default())?,
    };
    call(&mut home)?;
    home.save(&mut writer)?;
    show(common, &home)
}

fn show(common: &Common, home: &Home) -> Result<(), Error> {
    let (node, profile) = (home.node(), &home.profile);
    let engine = node.history().engine();
    let realm = profile.realm.clone();
    let (threshold, roots) = engine.roots().unwrap_or_default();
    let members = engine.members().map(|member| Member {
        name: profile.source_name(&member.key),
        key: hex(&member.key),
        events: member.next.saturating_sub(1),
        claims: member.claims,
        expelled_after: member.expelled,
        forked: member.forked,
    });
    let authorities = profile.authorities.iter().filter_map(|authority| {
        let (threshold, keys) = engine.authority(&authority.context)?;
        Some(Authority {
            context: authority.context.clone(),
            threshold,
            keys: keys.iter().map(|key| profile.source_name(key)).collect(),
        })
    });
    let shown = Shown {
        store: common.store.clone(),
        name: realm
            .as_ref()
            .map_or_else(String::new, |realm| realm.name.clone()),
        id: hex(&node.history().log().realm()),
        line: realm.as_ref().map_or_else(String::new, Realm::to_line),
        threshold,
        roots: roots.iter().map(|key| hex(key)).collect(),
        decisions: engine.next_decision().saturating_sub(1),
        frozen: engine.frozen().is_some(),
        members: members.collect(),
        authorities: authorities.collect(),
    };
    if common.json {
        return output::json(&shown);
    }
    print(&shown)
}

fn print(shown: &Shown) -> Result<(), Error> {
    output::text(format_args!("realm      {}", shown.name))?;
    output::text(format_args!(
        "join with  sensilla realm join {}",
        shown.line
    ))?;
    output::text(format_args!(
        "roots      {} of {} must sign; {} decisions{}",
        shown.threshold,
        shown.roots.len(),
        shown.decisions,
        match shown.frozen {
            true => "; frozen: two decisions have one number",
            false => "",
        }
    ))?;
    output::text(format_args!("members    {}", shown.members.len()))?;
    for member in &shown.members {
        let mut state = String::new();
        if let Some(last) = member.expelled_after {
            state += &format!(", expelled after event {last}");
        }
        if member.forked {
            state += ", has signed two events of one number";
        }
        let name = match member.name == member.key {
            true => "",
            false => &member.name,
        };
        output::text(format_args!(
            "  {}  {name}: {} events, {} claims{state}",
            member.key, member.events, member.claims
        ))?;
    }
    for authority in &shown.authorities {
        output::text(format_args!(
            "decides    {}: {} of {}",
            authority.context,
            authority.threshold,
            authority.keys.join(", ")
        ))?;
    }
    Ok(())
}
