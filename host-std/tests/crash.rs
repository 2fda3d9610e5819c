//! A writer that is killed at any moment leaves the old store or the new one.

use sensilla::block::Memory;
use sensilla_std::store::{self, Blocks, Writer};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CHILD: &str = "SENSILLA_TEST_WRITE_FOREVER";
const BYTES: usize = 3 << 20;

/// Blocks whose every byte tells which save they are of.
fn blocks(number: u64) -> Blocks {
    let mut node = Memory::zeroed(BYTES);
    node.fill(number as u8);
    let counter = Memory::from(&number.to_le_bytes()[..]);
    [("node".to_owned(), node), ("number".to_owned(), counter)].into()
}

/// The number of the save that is at `path`, whole.
fn number(path: &Path) -> u64 {
    let blocks = store::read(path).unwrap().blocks;
    let number = u64::from_le_bytes(blocks["number"][..].try_into().unwrap());
    assert_eq!(blocks["node"].len(), BYTES);
    assert!(blocks["node"].iter().all(|&b| b == number as u8));
    number
}

/// Not a test of its own: the process that the test below kills.
#[test]
fn writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let writer = Writer::open(path.as_ref()).unwrap();
    let first = number(path.as_ref());
    for n in first + 1.. {
        writer.save(&blocks(n)).unwrap();
    }
}

#[test]
fn a_killed_writer_leaves_a_whole_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.store");
    Writer::open(&path).unwrap().save(&blocks(0)).unwrap();
    let mut last = 0;
    for round in 0..12u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes_until_it_is_killed"])
            .env(CHILD, &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        // Once it saves, kill it in the middle of whatever it does after a while.
        while number(&path) == last && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(round * 7 % 25));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = number(&path);
        assert!(now > last, "round {round}: nothing was saved in time");
        last = now;
    }
    // The lock of a dead process is nobody's.
    Writer::open(&path).unwrap().save(&blocks(1)).unwrap();
    assert_eq!(number(&path), 1);
}
