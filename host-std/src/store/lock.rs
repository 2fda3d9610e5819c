//! One writer at a time.
//!
//! The lock is on a file of its own beside the store, since the store's file may be replaced when it
//! is saved. It goes with the process that holds it, however that ends; a lock file left behind by a
//! crash locks nobody out.

use super::StoreError;
use super::place::beside;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Whoever waits for so long is told what for.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(25);

/// What to do where the lock is held or there can be none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locking {
    /// Waits until it is free.
    #[default]
    Wait,
    /// Waits for so long.
    Within(Duration),
    /// Takes none: the caller sees to it that nobody else writes.
    None,
}

/// The right to write a store.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock of the store at `path`, none if that is asked for. `told` gets what a person
    /// should know who waits.
    pub fn take(
        path: &Path,
        locking: Locking,
        told: impl Fn(&str),
    ) -> Result<Option<Self>, StoreError> {
        Self::take_by(path, locking, told, File::try_lock)
    }

    fn take_by(
        path: &Path,
        locking: Locking,
        told: impl Fn(&str),
        try_lock: impl Fn(&File) -> Result<(), TryLockError>,
    ) -> Result<Option<Self>, StoreError> {
        let patience = match locking {
            Locking::None => return Ok(None),
            Locking::Wait => None,
            Locking::Within(time) => Some(time),
        };
        let lock = beside(path, ".lock");
        let fault = |source| StoreError::Lock {
            path: lock.clone(),
            source,
        };
        let begun = Instant::now();
        let mut is_told = false;
        loop {
            let (file, is_new) = open(&lock, path).map_err(fault)?;
            match try_lock(&file) {
                // Whoever held it before may have removed the file between our opening it and our
                // locking it.
                Ok(()) if is_at(&file, &lock).map_err(fault)? => {
                    return Ok(Some(Self {
                        path: lock,
                        _file: file,
                    }));
                }
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => {
                    if is_new {
                        // What locks nothing is of no use to anyone.
                        let _ = fs::remove_file(&lock);
                    }
                    return Err(match has_no_locks(&source) {
                        true => StoreError::NoLocks { path: lock, source },
                        false => fault(source),
                    });
                }
            }
            let waited = begun.elapsed();
            if patience.is_some_and(|most| waited >= most) {
                return Err(StoreError::Busy);
            }
            if waited >= PATIENCE && !is_told {
                is_told = true;
                told(&format!(
                    "another process writes {}; waiting for it (Ctrl-C ends that, and --lock-timeout \
                     says how long to wait)",
                    path.display()
                ));
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// Opens the lock's file, or makes it: its owner's alone where the store is. Anything but a file in
/// its place is an error, and never waited for.
fn open(lock: &Path, store: &Path) -> io::Result<(File, bool)> {
    match fs::symlink_metadata(lock) {
        Ok(there) if there.is_symlink() => {
            return Err(io::Error::other("a link lies in its place; remove it"));
        }
        Ok(there) if !there.is_file() => {
            return Err(io::Error::other(
                "what lies in its place is not a file; remove it",
            ));
        }
        Ok(_) => return Ok((options().open(lock)?, false)),
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        Err(_) => {}
    }
    let mut options = options();
    options.create_new(true);
    // Whoever may write the store may wait for its lock.
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
        options.mode(fs::metadata(store).map_or(0o600, |store| store.mode() & 0o666));
    }
    #[cfg(not(unix))]
    let _ = store;
    match options.open(lock) {
        Ok(file) => Ok((file, true)),
        // Another process was faster.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            Ok((self::options().open(lock)?, false))
        }
        Err(e) => Err(e),
    }
}

/// Reading and writing, without following a link or waiting for the other end of a pipe that took
/// the file's place since it was looked at.
fn options() -> OpenOptions {
    let mut options = File::options();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        libc::O_NOFOLLOW | libc::O_NONBLOCK,
    );
    options
}

/// Whether `file` is what lies at `path` still.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let open = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(there) => Ok((open.dev(), open.ino()) == (there.dev(), there.ino())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// What is open cannot be removed there.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Whether an error says that the file system has no locks.
fn has_no_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    if matches!(
        error.raw_os_error(),
        Some(libc::ENOLCK | libc::ENOSYS | libc::EOPNOTSUPP)
    ) {
        return true;
    }
    error.kind() == io::ErrorKind::Unsupported
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Left behind, it would do no harm.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    fn quiet(_: &str) {}

    #[test]
    fn a_file_system_without_locks_says_so_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        for code in [libc::ENOLCK, libc::ENOSYS, libc::EOPNOTSUPP] {
            let none = |_: &File| Err(TryLockError::Error(io::Error::from_raw_os_error(code)));
            let error = Lock::take_by(&path, Locking::Wait, quiet, none).unwrap_err();
            assert!(matches!(error, StoreError::NoLocks { .. }));
            for part in ["s.lock", "without locks", "--no-lock"] {
                assert!(error.to_string().contains(part), "{error}");
            }
            assert!(!beside(&path, ".lock").exists());
        }
        assert!(Lock::take(&path, Locking::None, quiet).unwrap().is_none());
        assert!(!beside(&path, ".lock").exists());
    }

    #[test]
    fn whoever_waits_gets_the_lock_when_it_is_free_and_is_told_after_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let first = Lock::take(&path, Locking::Wait, quiet).unwrap();
        let busy = Lock::take(&path, Locking::Within(Duration::ZERO), quiet);
        assert!(matches!(busy, Err(StoreError::Busy)));
        let freed = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(1_300));
            drop(first);
        });
        let notes = RefCell::new(Vec::new());
        let begun = Instant::now();
        let lock = Lock::take(&path, Locking::Wait, |note| {
            notes.borrow_mut().push(note.to_owned())
        });
        assert!(lock.unwrap().is_some() && begun.elapsed() > PATIENCE);
        freed.join().unwrap();
        let notes = notes.into_inner();
        assert_eq!(notes.len(), 1);
        assert!(notes[0].contains("--lock-timeout"), "{notes:?}");
    }

    #[test]
    fn what_lies_in_the_locks_place_is_an_error_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let lock = beside(&path, ".lock");
        let refused = |what: &str| {
            let begun = Instant::now();
            let error = Lock::take(&path, Locking::Wait, quiet)
                .unwrap_err()
                .to_string();
            assert!(begun.elapsed() < PATIENCE);
            assert!(error.contains("s.lock") && error.contains(what), "{error}");
        };
        std::os::unix::fs::symlink(folder.path().join("made"), &lock).unwrap();
        refused("link");
        assert!(!folder.path().join("made").exists());
        fs::remove_file(&lock).unwrap();
        fs::create_dir(&lock).unwrap();
        refused("not a file");
        fs::remove_dir(&lock).unwrap();
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&lock)
                .status()
                .unwrap()
                .success()
        );
        refused("not a file");
        assert!(lock.exists());
    }

    #[test]
    fn a_lock_that_was_removed_meanwhile_is_taken_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let tries = Cell::new(0);
        let lock = Lock::take_by(&path, Locking::Wait, quiet, |file| {
            tries.set(tries.get() + 1);
            if tries.get() == 1 {
                fs::remove_file(beside(&path, ".lock")).unwrap();
            }
            file.try_lock()
        });
        assert!(lock.unwrap().is_some());
        assert_eq!(tries.get(), 2);
    }
}
