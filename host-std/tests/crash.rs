//! A writer that is killed at any moment leaves the old store or the new one.

use sensilla::block::Memory;
use sensilla_std::store::lock::Locking;
use sensilla_std::store::{self, Blocks, Writer, view};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CHILD: &str = "SENSILLA_TEST_WRITE_FOREVER";
const BYTES: usize = 300 << 10;

/// Bytes of the node: every third save is of another length, so that the file is made anew.
fn bytes(number: u64) -> usize {
    BYTES + (number / 3 % 2) as usize
}

/// Blocks whose every byte tells which save they are of.
fn blocks(number: u64) -> Blocks {
    let mut node = Memory::zeroed(bytes(number));
    node.fill(number as u8);
    let counter = Memory::from(&number.to_le_bytes()[..]);
    [("node".to_owned(), node), ("number".to_owned(), counter)].into()
}

fn open(path: &Path) -> Writer {
    let mut writer = Writer::open(path, Locking::Wait, |_| ()).unwrap();
    writer.read().unwrap();
    writer
}

/// The number of the save that is at `path`, whole.
fn number(path: &Path) -> u64 {
    let blocks = store::read(path).unwrap().blocks;
    let number = u64::from_le_bytes(blocks["number"][..].try_into().unwrap());
    assert_eq!(blocks["node"].len(), bytes(number));
    assert!(blocks["node"].iter().all(|&b| b == number as u8));
    number
}

/// Not a test of its own: the process that the test below kills.
#[test]
fn writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let mut writer = open(path.as_ref());
    let first = number(path.as_ref());
    for n in first + 1.. {
        writer.save(&view(&blocks(n))).unwrap();
        writer.tidy(&view(&blocks(n))).unwrap();
    }
}

/// Kills a writer so many times, at random points of what it does.
fn kill(rounds: u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.store");
    open(&path).save(&view(&blocks(0))).unwrap();
    let mut last = 0;
    for round in 0..rounds {
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
        std::thread::sleep(Duration::from_micros(round * 7_919 % 25_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = number(&path);
        assert!(now > last, "round {round}: nothing was saved in time");
        last = now;
    }
    // The lock of a dead process is nobody's.
    open(&path).save(&view(&blocks(1))).unwrap();
    assert_eq!(number(&path), 1);
}

#[test]
fn a_killed_writer_leaves_a_whole_store() {
    kill(12);
}

/// `cargo test -p sensilla-std --test crash -- --ignored`; minutes.
#[test]
#[ignore = "takes minutes"]
fn a_thousand_killed_writers_leave_a_whole_store() {
    kill(1_000);
}
