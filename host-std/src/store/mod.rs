//! A node on disk: named blocks in one `redb` file, each with its SHA-256, saved whole or not at
//! all.
//!
//! | module | what |
//! |---|---|
//! | [`manifest`] | what is in a store, and the hash over all of it |
//! | [`image`] | opens and checks the bytes of a store without touching its file |
//! | [`save`] | writes a new file and puts it in the place of the old |
//! | [`lock`] | one writer at a time |
//!
//! Reading never opens the user's file as a database, because `redb` rewrites what it opens: the
//! file is read once, and a copy in memory is checked by `redb` (every page checksum, panics
//! caught) and then by the hashes. Saving never changes a file in use: a new one is written beside
//! it, synced and renamed over it, so that a crash at any moment leaves the old store or the new,
//! and readers need no lock.

mod backend;
pub mod image;
pub mod lock;
pub mod manifest;
mod quiet;
pub mod save;

use lock::Lock;
use manifest::Manifest;
use sensilla::block::BlockError;
use sensilla::block::Memory;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Version of the tables, the names and the manifest of a store.
pub const FORMAT: u32 = 1;

/// The blocks of a store by name.
pub type Blocks = BTreeMap<String, Memory>;

/// Why a store cannot be used; its file is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such file.
    #[error("does not exist; `sensilla demo`, `learn` or `ingest` makes one")]
    Missing,
    /// The file cannot be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The file was cut, changed, or never was a store.
    #[error(
        "is damaged or no store of sensilla ({0}); nothing was changed; \
         restore it from a copy, or move it away and run `learn` and `ingest` again"
    )]
    Damaged(String),
    /// The store was written by another version of `sensilla`.
    #[error(
        "has format {found}, this build reads format {FORMAT}; nothing was changed; use the \
         sensilla that wrote it, or move it away and run `learn` and `ingest` again with this one"
    )]
    OtherFormat {
        /// The format found.
        found: u32,
    },
    /// The database below was written by another version of `redb`.
    #[error(
        "is a database of redb file format {found}, which this build does not read; nothing was \
         changed; use the sensilla that wrote it, or move it away and run `learn` and `ingest` \
         again with this one"
    )]
    OtherDatabase {
        /// The format found.
        found: u8,
    },
    /// A node in the store was laid out by another version of `sensilla`.
    #[error(
        "holds a node whose {source}; nothing was changed; use the sensilla that wrote it, or move \
         it away and run `learn` and `ingest` again with this one"
    )]
    OtherLayout {
        /// Which version it has and which this build reads.
        source: BlockError,
    },
    /// The store is of a user's own, not of the demonstration.
    #[error(
        "holds another node than the demonstration's, or one that has grown since; give the demo a store of its own with --store"
    )]
    NotTheDemo,
    /// Another process holds the store for writing.
    #[error("is in use by another process; try again when that is done")]
    Busy,
}

/// A store read and checked.
#[derive(Debug)]
pub struct Contents {
    /// What the store says it holds.
    pub manifest: Manifest,
    /// The blocks.
    pub blocks: Blocks,
    /// Bytes of the file.
    pub file_bytes: u64,
}

/// Reads and checks the store at `path`, which is not changed.
pub fn read(path: &Path) -> Result<Contents, StoreError> {
    image::open(read_file(path)?)
}

fn read_file(path: &Path) -> Result<Vec<u8>, StoreError> {
    let read = || {
        // A device or a pipe may have no end, and none can be replaced by a rename.
        match std::fs::metadata(path)?.file_type() {
            kind if kind.is_file() || kind.is_dir() => std::fs::read(path),
            _ => Err(io::Error::other("is a device or a pipe, not a file")),
        }
    };
    read().map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => StoreError::Missing,
        _ => StoreError::Io(e),
    })
}

/// A store held for writing, as long as this lives.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    _lock: Lock,
}

impl StoreError {
    /// Why a node in a store does not open.
    pub fn of_node(source: BlockError) -> Self {
        match source {
            BlockError::WrongVersion { .. } => Self::OtherLayout { source },
            source => Self::Damaged(format!("its node: {source}")),
        }
    }
}

impl Writer {
    /// Takes the store at `path`, which need not exist; refuses while another process holds it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let path = save::resolve(path)?;
        let lock = Lock::take(&path)?;
        Ok(Self { path, _lock: lock })
    }

    /// The store's file, links followed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the store holds; `None` if it does not exist yet.
    pub fn read(&self) -> Result<Option<Contents>, StoreError> {
        match read(&self.path) {
            Ok(contents) => Ok(Some(contents)),
            Err(StoreError::Missing) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Makes `blocks` all that the store holds. On an error the store is what it was.
    pub fn save(&self, blocks: &Blocks) -> Result<(), StoreError> {
        save::save(&self.path, blocks)
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
            ("node".to_owned(), bytes(50_000)),
            ("profile".to_owned(), bytes(300)),
        ]
        .into()
    }

    fn same(a: &Blocks, b: &Blocks) -> bool {
        a.len() == b.len()
            && a.iter()
                .all(|(name, block)| b.get(name).is_some_and(|o| **o == **block))
    }

    fn saved(folder: &Path) -> PathBuf {
        let path = folder.join("a.store");
        Writer::open(&path).unwrap().save(&blocks(1)).unwrap();
        path
    }

    #[test]
    fn what_is_saved_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.store");
        let writer = Writer::open(&path).unwrap();
        assert!(writer.read().unwrap().is_none());
        for seed in 1..4 {
            writer.save(&blocks(seed)).unwrap();
            let contents = read(&path).unwrap();
            assert!(same(&contents.blocks, &blocks(seed)));
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
    fn blocks_of_any_length_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.store");
        let writer = Writer::open(&path).unwrap();
        let lengths = [
            0,
            1,
            image::PIECE - 1,
            image::PIECE,
            image::PIECE + 1,
            5 << 20,
        ];
        let blocks: Blocks = lengths
            .iter()
            .map(|&n| {
                let bytes: Vec<u8> = (0..n).map(|i| (i >> 12) as u8).collect();
                (format!("block {n}"), Memory::from(&bytes[..]))
            })
            .collect();
        writer.save(&blocks).unwrap();
        let contents = read(&path).unwrap();
        assert!(same(&contents.blocks, &blocks));
        let bytes: usize = blocks.values().map(|block| block.len()).sum();
        assert!(
            contents.file_bytes < bytes as u64 * 2,
            "{}",
            contents.file_bytes
        );
    }

    #[test]
    fn a_flipped_byte_never_changes_what_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let good = fs::read(saved(folder.path())).unwrap();
        let expected = blocks(1);
        let mut refused = 0;
        let step = (good.len() / 700) | 1;
        // All of the first pages, where the structure of the file is, then a sample of the rest.
        for at in (0..640).step_by(3).chain((640..good.len()).step_by(step)) {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << (at % 8);
            match image::open(bytes) {
                Ok(contents) => assert!(same(&contents.blocks, &expected), "byte {at}"),
                Err(_) => refused += 1,
            }
        }
        assert!(refused > 20, "{refused}");
    }

    #[test]
    fn every_byte_of_a_block_counts() {
        let folder = tempfile::tempdir().unwrap();
        let good = fs::read(saved(folder.path())).unwrap();
        let expected = blocks(1);
        let block = &expected["node"];
        let start = (0..good.len() - block.len())
            .find(|&at| good[at..].starts_with(block))
            .expect("the block lies in one piece");
        for at in (start..start + block.len())
            .step_by(997)
            .chain([start + block.len() - 1])
        {
            let mut bytes = good.clone();
            bytes[at] ^= 0x10;
            assert!(
                matches!(image::open(bytes), Err(StoreError::Damaged(_))),
                "byte {at}"
            );
        }
    }

    #[test]
    fn a_cut_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path());
        let good = fs::read(&path).unwrap();
        let lengths = (0..64)
            .chain((64..good.len()).step_by(good.len() / 60))
            .chain([good.len() - 1]);
        for length in lengths {
            fs::write(&path, &good[..length]).unwrap();
            match read(&path) {
                Ok(contents) => assert!(same(&contents.blocks, &blocks(1)), "cut to {length}"),
                Err(e) => assert!(matches!(e, StoreError::Damaged(_)), "cut to {length}: {e}"),
            }
            assert_eq!(
                fs::read(&path).unwrap(),
                good[..length],
                "the file was touched"
            );
        }
    }

    #[test]
    fn other_files_are_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.store");
        assert!(matches!(read(&path), Err(StoreError::Missing)));
        for content in [&b"hello"[..], &[0; 10_000], &[0xff; 100_000]] {
            fs::write(&path, content).unwrap();
            assert!(matches!(read(&path), Err(StoreError::Damaged(_))));
            assert!(matches!(
                Writer::open(&path).unwrap().read(),
                Err(StoreError::Damaged(_))
            ));
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        fs::remove_file(&path).unwrap();
        redb::Database::create(&path).unwrap().close().unwrap();
        assert!(matches!(read(&path), Err(StoreError::Damaged(_))));
        assert!(Writer::open(folder.path()).is_err());
    }

    #[test]
    fn another_format_names_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path());
        let database = redb::Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction
            .open_table(image::STORE)
            .unwrap()
            .insert("format", &9u32.to_le_bytes()[..])
            .unwrap();
        transaction.commit().unwrap();
        database.close().unwrap();
        let error = read(&path).unwrap_err();
        assert!(matches!(error, StoreError::OtherFormat { found: 9 }));
        assert!(error.to_string().contains("use the sensilla that wrote it"));
    }

    #[test]
    fn content_that_redb_itself_changed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (name, value) in [
            ("node", Some(&b"other"[..])),
            ("node", None),
            ("extra", Some(b"x")),
        ] {
            let path = saved(folder.path());
            let database = redb::Database::open(&path).unwrap();
            let transaction = database.begin_write().unwrap();
            {
                let mut table = transaction.open_table(image::BLOCKS).unwrap();
                match value {
                    Some(value) => drop(table.insert((name, 0), value).unwrap()),
                    None => drop(table.remove((name, 0)).unwrap()),
                }
            }
            transaction.commit().unwrap();
            database.close().unwrap();
            assert!(matches!(read(&path), Err(StoreError::Damaged(_))), "{name}");
        }
    }

    #[test]
    fn one_writer_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path());
        let writer = Writer::open(&path).unwrap();
        assert!(matches!(Writer::open(&path), Err(StoreError::Busy)));
        read(&path).unwrap();
        drop(writer);
        Writer::open(&path).unwrap();
    }

    #[test]
    fn what_a_crashed_writer_left_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path());
        fs::write(save::beside(&path, ".new"), b"half").unwrap();
        fs::write(save::beside(&path, ".lock"), b"").unwrap();
        assert!(same(&read(&path).unwrap().blocks, &blocks(1)));
        let writer = Writer::open(&path).unwrap();
        writer.save(&blocks(2)).unwrap();
        assert!(same(&read(&path).unwrap().blocks, &blocks(2)));
    }

    #[cfg(unix)]
    #[test]
    fn a_save_that_fails_leaves_the_old_store() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path());
        let writer = Writer::open(&path).unwrap();
        // A folder where the new file should go.
        fs::create_dir(save::beside(&path, ".new")).unwrap();
        assert!(writer.save(&blocks(2)).is_err());
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
        Writer::open(&link).unwrap().save(&blocks(2)).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(same(&read(&path).unwrap().blocks, &blocks(2)));
    }
}
