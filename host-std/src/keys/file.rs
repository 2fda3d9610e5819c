//! A secret in a file of its own: one line of text, for its owner alone.

use super::Secret;
use crate::Error;
use crate::read::claims::hex;
use crate::store::{manifest, place};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use zeroize::Zeroizing;

const BEGINNING: &str = "sensilla-key-1 ";
/// More is no such file.
const MOST: u64 = 4_096;

/// The secret in the file at `path`; `None` if there is no such file.
pub fn read(path: &Path) -> Result<Option<Secret>, Error> {
    let fault = |what: String| Error::Failed(format!("the key {}: {what}", path.display()));
    match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(there) if !there.is_file() => return Err(fault("is not a file".into())),
        Err(e) => return Err(fault(e.to_string())),
        Ok(_) => {}
    }
    let mut text = Zeroizing::new(String::new());
    File::open(path)
        .and_then(|file| file.take(MOST).read_to_string(&mut text))
        .map_err(|e| fault(e.to_string()))?;
    let digits = text.trim_end().strip_prefix(BEGINNING);
    let bytes = digits.and_then(hex).map(Zeroizing::new);
    match bytes.and_then(|bytes| bytes[..].try_into().ok()) {
        Some(secret) => Ok(Some(Zeroizing::new(secret))),
        None => Err(fault(format!(
            "is no key of sensilla: a line of `{BEGINNING}` and 64 hex digits"
        ))),
    }
}

/// Writes the secret to a new file at `path`, its owner's alone; refuses one that is there.
pub fn create(path: &Path, secret: &Secret) -> Result<(), Error> {
    let digits = Zeroizing::new(manifest::hex(&secret[..]));
    let line = Zeroizing::new(format!("{BEGINNING}{}\n", &digits[..]));
    let resolved = place::resolve(path);
    resolved
        .and_then(|path| place::create(&path, |file| file.write_all(line.as_bytes())))
        .map_err(|source| Error::Write {
            path: path.to_owned(),
            source,
        })
}

/// Whether others than its owner may read the file at `path`.
pub fn is_open_to_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).is_ok_and(|there| there.mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_back_from_a_file_of_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert!(read(&path).unwrap().is_none());
        let secret = super::super::random().unwrap();
        create(&path, &secret).unwrap();
        assert_eq!(read(&path).unwrap(), Some(secret.clone()));
        assert!(!is_open_to_others(&path));
        assert!(create(&path, &secret).is_err(), "it is not written over");
        for other in ["", "sensilla-key-1 00", "ssh-ed25519 AAAA"] {
            fs::write(&path, other).unwrap();
            assert!(read(&path).is_err(), "{other}");
        }
    }
}
