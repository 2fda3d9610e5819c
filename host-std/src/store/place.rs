//! Files that may hold a secret: made in the folder they belong to, for their owner alone, under a
//! name that nobody had, and put in place when all of it is on the disk.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// `path` with links followed, so that a link to a store stays one. The file need not exist.
pub(crate) fn resolve(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Ok(path) if path.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(path) => Ok(path),
        Err(e) if e.kind() == io::ErrorKind::NotFound && path.file_name().is_some() => {
            if fs::symlink_metadata(path).is_ok() {
                return Err(io::Error::new(
                    io::ErrorKind::NotFound,
                    "is a link to a file that is not there; remove it, or make what it points to",
                ));
            }
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => fs::canonicalize(folder)?,
                _ => fs::canonicalize(".")?,
            };
            Ok(folder.join(path.file_name().unwrap_or_default()))
        }
        Err(e) => Err(e),
    }
}

/// `path` with `ending` behind its name.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// How a file that is its owner's alone is made; the caller says whether it must be new.
fn private() -> OpenOptions {
    let mut options = File::options();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a file that was not there, its owner's alone, with what `write` writes; on an error there
/// is none.
#[cfg_attr(not(test), expect(dead_code))]
pub(crate) fn create(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = private().create_new(true).open(path)?;
    let result = write(&mut file).and_then(|()| file.sync_all());
    if result.is_err() {
        // The error to report is the first one.
        let _ = fs::remove_file(path);
    }
    result.and_then(|()| sync_folder(path))
}

/// Puts a new file with what `write` writes in the place of `path`, with the owner and the mode of
/// the one before; its owner's alone if there was none. On an error `path` is what it was.
///
/// The caller is the only one that writes `path`, so that what lies under the new file's name is
/// left over by one that was killed.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let new = beside(path, ".new");
    match fs::remove_file(&new) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = private().create_new(true).open(&new)?;
    let result = write(&mut file).and_then(|()| {
        match fs::metadata(path) {
            Ok(old) => keep(&file, &old)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
        file.sync_all()?;
        fs::rename(&new, path)
    });
    if result.is_err() {
        // The error to report is the first one.
        let _ = fs::remove_file(&new);
    }
    result.and_then(|()| sync_folder(path))
}

/// Gives `file` the owner and the mode of the one that it replaces.
#[cfg(unix)]
fn keep(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        fchown(file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(old.permissions())
}

#[cfg(not(unix))]
fn keep(file: &File, old: &Metadata) -> io::Result<()> {
    file.set_permissions(old.permissions())
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn nobody_else_can_read_a_file_while_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for (before, after) in [(None, 0o600), (Some(0o640), 0o640), (Some(0o644), 0o644)] {
            if let Some(mode) = before {
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
            replace(&path, |file| {
                file.write_all(b"secret")?;
                assert_eq!(mode(&beside(&path, ".new")), 0o600);
                Ok(())
            })
            .unwrap();
            assert_eq!(mode(&path), after);
        }
        let one = folder.path().join("one");
        create(&one, |file| file.write_all(b"secret")).unwrap();
        assert_eq!(mode(&one), 0o600);
        let again = create(&one, |_| Ok(())).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&one).unwrap(), b"secret");
    }

    #[test]
    fn what_lies_in_the_new_files_place_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (path, target) = (folder.path().join("a"), folder.path().join("elsewhere"));
        fs::write(&target, b"kept").unwrap();
        symlink(&target, beside(&path, ".new")).unwrap();
        replace(&path, |file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"kept");
        assert_eq!(fs::read(&path).unwrap(), b"new");
        // What a killed writer left readable to all is not reused.
        fs::write(beside(&path, ".new"), b"old").unwrap();
        fs::set_permissions(beside(&path, ".new"), fs::Permissions::from_mode(0o666)).unwrap();
        replace(&path, |file| {
            assert_eq!(mode(&beside(&path, ".new")), 0o600);
            file.write_all(b"newer")
        })
        .unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"newer");
        assert!(!beside(&path, ".new").exists());
    }

    #[test]
    fn what_fails_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, b"old").unwrap();
        let full = replace(&path, |_| Err(io::ErrorKind::StorageFull.into()));
        assert_eq!(full.unwrap_err().kind(), io::ErrorKind::StorageFull);
        fs::create_dir(beside(&path, ".new")).unwrap();
        assert!(replace(&path, |_| Ok(())).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let link = folder.path().join("link");
        symlink(folder.path().join("nowhere"), &link).unwrap();
        assert!(resolve(&link).unwrap_err().to_string().contains("link"));
    }
}
