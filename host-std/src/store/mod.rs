//! A node on disk: named blocks in one file, of which every byte is vouched for, and of which a save
//! writes what changed.
//!
//! | module | what |
//! |---|---|
//! | [`error`] | why a store cannot be used |
//! | `format` | the bytes of a store's file |
//! | [`mod@read`] | reads a file and checks it |
//! | [`repair`] | reads what can be read of a damaged one |
//! | `write` | appends what changed, or makes the file anew |
//! | `place` | files that may hold a secret |
//! | [`lock`] | one writer at a time |
//! | [`manifest`] | what is in a store, for whoever looks |
//!
//! A file is only ever appended to, or replaced by a new one. What is appended counts when the head
//! names it, so that a crash at any moment leaves the store before or the store after, and readers,
//! who need no lock, see one of the two.

pub mod error;
mod format;
pub mod lock;
pub mod manifest;
pub(crate) mod place;
pub mod read;
pub mod repair;
mod write;

pub use error::StoreError;
pub use format::FORMAT;
use lock::{Lock, Locking};
use sensilla::block::Memory;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use write::Saved;

/// The blocks of a store by name.
pub type Blocks = BTreeMap<String, Memory>;

/// Blocks by name, each in the pieces that it lies in.
pub type View<'a> = BTreeMap<&'a str, Vec<&'a [u8]>>;

/// Blocks as [`Writer::save`] takes them.
pub fn view(blocks: &Blocks) -> View<'_> {
    let blocks = blocks.iter();
    blocks
        .map(|(name, block)| (name.as_str(), vec![&block[..]]))
        .collect()
}

/// A store read and checked.
#[derive(Debug)]
pub struct Contents {
    /// The blocks.
    pub blocks: Blocks,
    /// The version of its format.
    pub format: u32,
    /// How often it was saved.
    pub saves: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
}

/// Reads and checks the store at `path`, which is not changed. Cost: O(bytes of the file), which is
/// at most two and a half times what the store holds and 256 KiB; memory for both.
pub fn read(path: &Path) -> Result<Contents, StoreError> {
    read::open(&read::file(path)?)
}

/// A store held for writing, as long as this lives.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    saved: Option<Saved>,
    _lock: Option<Lock>,
}

impl Writer {
    /// Takes the store at `path`, which need not exist, with its lock. `told` gets what a person who
    /// waits for it should know.
    pub fn open(path: &Path, locking: Locking, told: impl Fn(&str)) -> Result<Self, StoreError> {
        let path = place::resolve(path)?;
        let lock = Lock::take(&path, locking, told)?;
        Ok(Self {
            path,
            saved: None,
            _lock: lock,
        })
    }

    /// The store's file, links followed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the store was there when it was read.
    pub fn is_new(&self) -> bool {
        self.saved.is_none()
    }

    /// What the store holds; `None` if it does not exist yet. The writer keeps a copy, with which it
    /// compares what is saved.
    pub fn read(&mut self) -> Result<Option<Contents>, StoreError> {
        let file = match read::file(&self.path) {
            Ok(file) => file,
            Err(StoreError::Missing) => return Ok(None),
            Err(e) => return Err(e),
        };
        let contents = read::open(&file)?;
        self.saved = Saved::new(&file, &contents.blocks);
        Ok(Some(contents))
    }

    /// Makes `blocks` all that the store holds, and says whether they were not. Writes what differs
    /// from the last save. On an error the store is what it was.
    pub fn save(&mut self, blocks: &View<'_>) -> Result<bool, StoreError> {
        let Some(saved) = &mut self.saved else {
            return match self.path.try_exists()? {
                // It was not read, so that nobody knows what would be lost.
                true => Err(StoreError::Changed),
                false => self.replace(blocks, 1).map(|()| true),
            };
        };
        if saved.is_other(blocks) {
            let number = saved.number() + 1;
            match self.replace(blocks, number) {
                // Where a new file may not be made, or not be given to the old one's owner.
                Err(StoreError::Io(e)) if e.kind() == io::ErrorKind::PermissionDenied => {}
                done => return done.map(|()| true),
            }
        }
        match &mut self.saved {
            Some(saved) => saved.append(&self.path, blocks),
            None => Err(StoreError::Changed),
        }
    }

    /// Makes the file anew if it holds more of the past than is worth reading. `blocks` are those
    /// saved last. Cost: writing all of them, once for as much as was appended.
    pub fn tidy(&mut self, blocks: &View<'_>) -> Result<(), StoreError> {
        match &self.saved {
            Some(saved) if saved.is_due() => {
                let number = saved.number();
                match self.replace(blocks, number) {
                    // The file may go on as it is.
                    Err(StoreError::Io(_)) => Ok(()),
                    done => done,
                }
            }
            _ => Ok(()),
        }
    }

    /// Makes the file anew with `blocks`, so that nothing of the past is left in it.
    pub fn renew(&mut self, blocks: &View<'_>) -> Result<(), StoreError> {
        let number = self.saved.as_ref().map_or(1, |saved| saved.number() + 1);
        self.replace(blocks, number)
    }

    fn replace(&mut self, blocks: &View<'_>, number: u64) -> Result<(), StoreError> {
        if let Some(saved) = &self.saved {
            saved.is_at(&self.path)?;
        }
        self.saved = Some(Saved::replace(&self.path, blocks, number)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn blocks(seed: u8) -> Blocks {
        let bytes = |n: usize| {
            let bytes: Vec<u8> = (0..n)
                .map(|i| (i as u32 * 31 + u32::from(seed)) as u8)
                .collect();
            Memory::from(&bytes[..])
        };
        [
            ("node".to_owned(), bytes(5_000)),
            ("profile".to_owned(), bytes(300)),
        ]
        .into()
    }

    fn same(a: &Blocks, b: &Blocks) -> bool {
        a.len() == b.len()
            && a.iter()
                .all(|(name, block)| b.get(name).is_some_and(|o| **o == **block))
    }

    fn open(path: &Path) -> Writer {
        Writer::open(path, Locking::Within(std::time::Duration::ZERO), |_| ()).unwrap()
    }

    fn save(path: &Path, blocks: &Blocks) {
        let mut writer = open(path);
        writer.read().unwrap();
        writer.save(&view(blocks)).unwrap();
    }

    /// A store that was saved three times, the last two by appending.
    fn saved(folder: &Path) -> PathBuf {
        let path = folder.join("a.store");
        for seed in [3, 2, 1] {
            save(&path, &blocks(seed));
        }
        path
    }

    fn expected(folder: &Path, content: &[u8], what: &str) -> StoreError {
        let path = folder.join("damaged.store");
        fs::write(&path, content).unwrap();
        let error = read(&path).expect_err(what);
        assert_eq!(fs::read(&path).unwrap(), content, "the file was touched");
        error
    }

    #[test]
    fn what_is_saved_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.store");
        let mut writer = open(&path);
        assert!(writer.read().unwrap().is_none() && writer.is_new());
        for seed in 1..4 {
            assert!(writer.save(&view(&blocks(seed))).unwrap());
            assert!(!writer.save(&view(&blocks(seed))).unwrap());
            let contents = read(&path).unwrap();
            assert!(same(&contents.blocks, &blocks(seed)));
            assert_eq!(contents.saves, u64::from(seed));
            assert_eq!(contents.file_bytes, fs::metadata(&path).unwrap().len());
        }
        drop(writer);
        let left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert_eq!(left, ["a.store"]);
    }

    #[test]
    fn blocks_of_any_length_come_back_and_may_grow_shrink_and_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.store");
        let lengths = [0, 1, 63, 65, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20];
        let of = |lengths: &[usize], add: usize| -> Blocks {
            let block = |(i, &n): (usize, &usize)| {
                let bytes: Vec<u8> = (0..n + add).map(|i| (i >> 12) as u8).collect();
                (format!("block {i}"), Memory::from(&bytes[..]))
            };
            lengths.iter().enumerate().map(block).collect()
        };
        for blocks in [
            of(&lengths, 0),
            of(&lengths, 7),
            of(&lengths, 0),
            of(&lengths[..3], 0),
            of(&lengths[..5], 1),
            Blocks::new(),
            of(&lengths, 2),
        ] {
            save(&path, &blocks);
            assert!(same(&read(&path).unwrap().blocks, &blocks));
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        /// A store is the blocks saved last, whatever was changed in them and in however many
        /// pieces they came.
        #[test]
        fn changes_are_saved_wherever_they_are(
            steps in proptest::collection::vec(
                (proptest::collection::vec((0..300_000usize, 1..9_000usize), 0..6), 1..70_000usize),
                1..6,
            ),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.store");
            let mut bytes = vec![0u8; 300_000];
            let mut writer = open(&path);
            for (turn, (changes, piece)) in steps.into_iter().enumerate() {
                for (at, length) in changes {
                    let end = (at + length).min(bytes.len());
                    bytes[at..end].iter_mut().for_each(|b| *b = b.wrapping_add(1 + turn as u8));
                }
                let view: View<'_> = [("node", bytes.chunks(piece).collect()), ("other", vec![])].into();
                writer.save(&view).unwrap();
                let found = read(&path).unwrap().blocks;
                proptest::prop_assert!(found["node"][..] == bytes[..]);
                if turn % 2 == 1 {
                    writer.tidy(&view).unwrap();
                    proptest::prop_assert!(read(&path).unwrap().blocks["node"][..] == bytes[..]);
                }
            }
        }
    }

    #[test]
    fn a_change_is_appended_and_the_past_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.store");
        let mut node = vec![0u8; 64 << 10];
        let mut writer = open(&path);
        let mut largest = 0;
        for turn in 0..2_000usize {
            let at = turn * 1_049 % node.len();
            node[at] = node[at].wrapping_add(1);
            let view: View<'_> = [("node", vec![&node[..]])].into();
            let before = fs::metadata(&path).map_or(0, |m| m.len());
            writer.save(&view).unwrap();
            let after = fs::metadata(&path).unwrap().len();
            assert!(turn == 0 || after - before < 400, "{}", after - before);
            writer.tidy(&view).unwrap();
            largest = largest.max(after);
        }
        let most = (node.len() as u64) * 5 / 2 + (256 << 10) + 8_192;
        assert!(largest < most, "{largest}");
        assert!(read(&path).unwrap().blocks["node"][..] == node[..]);
    }

    #[test]
    fn a_byte_changed_anywhere_is_refused_or_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path());
        let good = fs::read(&path).unwrap();
        let mut healed = 0;
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << (at % 8);
            match read::open(&bytes) {
                Ok(contents) => {
                    assert!(same(&contents.blocks, &blocks(1)), "byte {at}");
                    // The heads stand in for each other; behind them nothing lies in front of the
                    // records.
                    assert!(at < format::RECORDS as usize, "byte {at}");
                    healed += 1;
                }
                Err(e) => assert!(
                    matches!(e, StoreError::Damaged(_) | StoreError::OtherFormat { .. }),
                    "byte {at}: {e}"
                ),
            }
        }
        assert_eq!(healed, format::RECORDS as usize);
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path());
        let good = fs::read(&path).unwrap();
        for length in 0..good.len() {
            let error = read::open(&good[..length]).expect_err("it is cut");
            assert!(
                matches!(error, StoreError::Damaged(_)),
                "cut to {length}: {error}"
            );
        }
        expected(folder.path(), &good[..good.len() / 2], "half of it");
    }

    #[test]
    fn other_files_are_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.store");
        assert!(matches!(read(&path), Err(StoreError::Missing)));
        for content in [&b""[..], b"hello", &[0; 10_000], &[0xff; 100_000]] {
            let error = expected(folder.path(), content, "no store");
            assert!(matches!(error, StoreError::Damaged(_)), "{error}");
            fs::write(&path, content).unwrap();
            let mut writer = open(&path);
            assert!(writer.read().is_err());
            // Whoever saves nonetheless does not cover what was there.
            assert!(matches!(
                writer.save(&view(&blocks(1))),
                Err(StoreError::Changed)
            ));
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        assert!(place::resolve(folder.path()).is_err());
    }

    #[test]
    fn another_format_names_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut of_redb = b"redb\x1a\x0a\xa9\x0d\x0a".to_vec();
        of_redb.resize(100_000, 0);
        let mut later = fs::read(saved(folder.path())).unwrap();
        for at in format::HEADS {
            later[at as usize + 8] = 9;
        }
        for (content, number) in [(of_redb, 1), (later, 9)] {
            let error = expected(folder.path(), &content, "another format");
            assert!(
                matches!(error, StoreError::OtherFormat { found } if found == number),
                "{error}"
            );
            assert!(error.to_string().contains("use the sensilla that wrote it"));
        }
    }

    #[test]
    fn one_writer_at_a_time_and_readers_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path());
        let writer = open(&path);
        let busy = Writer::open(&path, Locking::Within(Default::default()), |_| ());
        assert!(matches!(busy, Err(StoreError::Busy)));
        read(&path).unwrap();
        drop(writer);
        open(&path);
    }

    #[test]
    fn two_writers_without_a_lock_do_not_write_over_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path());
        let open = || {
            let mut writer = Writer::open(&path, Locking::None, |_| ()).unwrap();
            writer.read().unwrap();
            writer
        };
        let (mut first, mut second) = (open(), open());
        first.save(&view(&blocks(7))).unwrap();
        let late = second.save(&view(&blocks(8)));
        assert!(matches!(late, Err(StoreError::Changed)));
        assert!(same(&read(&path).unwrap().blocks, &blocks(7)));
    }

    #[test]
    fn readers_see_one_state_while_it_is_saved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.store");
        // All bytes of all blocks say the same.
        let state = |seed: u8| -> Blocks {
            let block = |n: usize| Memory::from(&vec![seed; n][..]);
            [("a".into(), block(40_000)), ("b".into(), block(9_000))].into()
        };
        save(&path, &state(0));
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut seen = std::collections::BTreeSet::new();
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let blocks = read(&path).unwrap().blocks;
                    let first = blocks["a"][0];
                    assert!(blocks.values().all(|b| b.iter().all(|&byte| byte == first)));
                    seen.insert(first);
                }
                seen.len()
            });
            let mut writer = open(&path);
            writer.read().unwrap();
            for turn in 1..=200 {
                writer.save(&view(&state(turn))).unwrap();
                writer.tidy(&view(&state(turn))).unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(reader.join().unwrap() > 1);
        });
    }

    #[test]
    fn what_a_crashed_writer_left_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path());
        fs::write(place::beside(&path, ".new"), b"half").unwrap();
        fs::write(place::beside(&path, ".lock"), b"").unwrap();
        // A record that no head names yet.
        let mut behind = fs::read(&path).unwrap();
        behind.extend_from_slice(b"SNSLsave and half of what was to follow");
        fs::write(&path, behind).unwrap();
        assert!(same(&read(&path).unwrap().blocks, &blocks(1)));
        save(&path, &blocks(2));
        assert!(same(&read(&path).unwrap().blocks, &blocks(2)));
    }

    #[cfg(unix)]
    #[test]
    fn owner_and_mode_stay_and_a_new_store_is_its_owners_alone() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path());
        let mode = || fs::metadata(&path).unwrap().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        // Only root may give files away; whoever runs the tests as such checks that too.
        let given = std::os::unix::fs::chown(&path, Some(65_534), Some(65_534)).is_ok();
        save(&path, &blocks(5));
        let mut writer = open(&path);
        writer.read().unwrap();
        let grown: Blocks = [("node".into(), Memory::zeroed(1 << 20))].into();
        writer.save(&view(&grown)).unwrap();
        assert_eq!(mode(), 0o640);
        assert!(!given || fs::metadata(&path).unwrap().uid() == 65_534);
    }

    #[cfg(unix)]
    #[test]
    fn a_save_that_fails_leaves_the_old_store() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path());
        let mut writer = open(&path);
        writer.read().unwrap();
        // A folder where the new file should go.
        fs::create_dir(place::beside(&path, ".new")).unwrap();
        let grown: Blocks = [("node".into(), Memory::zeroed(1 << 20))].into();
        assert!(writer.save(&view(&grown)).is_err());
        assert!(same(&read(&path).unwrap().blocks, &blocks(1)));
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_no_store() {
        // Reading it as a file would not end.
        let path = Path::new("/dev/zero");
        assert!(matches!(read(path), Err(StoreError::Io(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_store_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path());
        let link = folder.path().join("link.store");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        save(&link, &blocks(2));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(same(&read(&path).unwrap().blocks, &blocks(2)));
    }
}
