//! `sensilla keys`: shows and changes how the secret of a store's signing keys is kept.
//!
//! Passphrases come from a terminal or a descriptor, and never from the command line, which others
//! can see.

use std::io::{BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Common, output};
use crate::Error;
use crate::home::Home;
use crate::keys::sealed::Sealed;
use crate::keys::{Kept, Keyring, file, random};

/// A passphrase.
type Passphrase = Zeroizing<String>;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    how: Option<How>,
}

#[derive(Debug, Subcommand)]
enum How {
    /// Encrypt the secret in the store by a passphrase, which every command that writes asks for.
    Encrypt,
    /// Keep the secret in the store unencrypted.
    Decrypt,
    /// Move the secret out of the store to a new file, which commands that write get by --key.
    Out {
        /// The new file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Where the secret comes from that a command may need.
#[derive(Debug, Args)]
pub struct Source {
    /// The file with the secret of the store's signing keys, which then is not in the store; made
    /// with a new store.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Keys")]
    key: Option<PathBuf>,
    /// Read the passphrase of the store's keys from this descriptor instead of the terminal.
    #[arg(long, global = true, value_name = "N", help_heading = "Keys")]
    passphrase_fd: Option<u32>,
}

#[derive(Serialize)]
struct Shown {
    kept: &'static str,
}

fn words(kept: &Kept) -> &'static str {
    match kept {
        Kept::Plain => "in the store",
        Kept::Sealed(_) => "in the store, encrypted",
        Kept::Elsewhere(_) => "in a file elsewhere",
    }
}

pub fn run(common: &Common, arguments: &Arguments) -> Result<(), Error> {
    let Some(how) = &arguments.how else {
        let home = common.home()?;
        return show(common, home.keys.kept());
    };
    let (mut writer, home) = common.writer()?;
    let Some(mut home) = home else {
        return Err(common.store_error(crate::store::StoreError::Missing));
    };
    let Some(secret) = home.keys.secret().cloned() else {
        return Err(Error::Failed("the keys are locked".into()));
    };
    home.keys.keep(match how {
        How::Encrypt => Kept::Sealed(Sealed::new(&secret, &common.keys.new_passphrase()?)?),
        How::Decrypt => Kept::Plain,
        How::Out { file } => {
            file::create(file, &secret)?;
            Keyring::of_file(secret).kept().clone()
        }
    });
    // What was saved before held the secret too.
    home.renew(&mut writer)?;
    show(common, home.keys.kept())
}

fn show(common: &Common, kept: &Kept) -> Result<(), Error> {
    let kept = words(kept);
    match common.json {
        true => output::json(&Shown { kept }),
        false => output::text(format_args!("the secret of the keys is kept {kept}")),
    }
}

impl Source {
    /// The keys of a new store.
    pub fn create(&self) -> Result<Keyring, Error> {
        let Some(path) = &self.key else {
            return Keyring::new();
        };
        let secret = match file::read(path)? {
            Some(secret) => secret,
            None => {
                let secret = random()?;
                file::create(path, &secret)?;
                secret
            }
        };
        warn(path);
        Ok(Keyring::of_file(secret))
    }

    /// Unlocks the keys of a store that was there.
    pub fn unlock(&self, home: &mut Home) -> Result<(), Error> {
        let failed = |what: String| Err(Error::Failed(what));
        let is_elsewhere = matches!(home.keys.kept(), Kept::Elsewhere(_));
        match &self.key {
            Some(path) if is_elsewhere => {
                let shown = output::path(path);
                warn(path);
                match file::read(path)? {
                    None => failed(format!("the key {shown} does not exist")),
                    Some(secret) if home.keys.unlock_with(secret.clone()) => Ok(()),
                    Some(_) => failed(format!("the key {shown} is of another store")),
                }
            }
            Some(_) => Err(Error::Usage(
                "--key: the secret of this store's keys is in the store itself; `sensilla keys out \
                 FILE` moves it out"
                    .into(),
            )),
            None if is_elsewhere => failed(
                "the secret of the store's keys is in a file elsewhere; name it with --key FILE".into(),
            ),
            None if !home.keys.is_locked() => Ok(()),
            None => match home.keys.unlock(&self.passphrase("passphrase of the store's keys: ")?) {
                true => Ok(()),
                false => failed("that is not the passphrase of the store's keys".into()),
            },
        }
    }

    fn new_passphrase(&self) -> Result<Passphrase, Error> {
        let first = self.passphrase("new passphrase: ")?;
        if first.is_empty() {
            return Err(Error::Failed("an empty passphrase encrypts nothing".into()));
        }
        // What comes from a descriptor was not mistyped.
        if self.passphrase_fd.is_none() && self.passphrase("the same again: ")? != first {
            return Err(Error::Failed(
                "the two passphrases differ; nothing was changed".into(),
            ));
        }
        Ok(first)
    }

    fn passphrase(&self, prompt: &str) -> Result<Passphrase, Error> {
        let failed =
            |e: std::io::Error| Error::Failed(format!("the passphrase cannot be read: {e}"));
        if let Some(number) = self.passphrase_fd {
            let mut line = Passphrase::default();
            let path = format!("/dev/fd/{number}");
            let file = std::fs::File::open(path).map_err(failed)?;
            BufReader::new(file).read_line(&mut line).map_err(failed)?;
            let end = line.trim_end_matches(['\r', '\n']).len();
            line.truncate(end);
            return Ok(line);
        }
        if !std::io::stdin().is_terminal() && !std::io::stderr().is_terminal() {
            return Err(Error::Failed(
                "the store's keys are encrypted and there is no terminal to ask on; give \
                 --passphrase-fd N"
                    .into(),
            ));
        }
        rpassword::prompt_password(prompt)
            .map(Zeroizing::new)
            .map_err(failed)
    }
}

fn warn(path: &Path) {
    if file::is_open_to_others(path) {
        output::note(format_args!(
            "others may read the key {}; `chmod 600` keeps it its owner's",
            path.display()
        ));
    }
}
