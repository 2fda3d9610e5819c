//! The core allocates nothing: an allocator that counts, around every call the suite makes.
#![cfg(not(target_family = "wasm"))]

use sensilla::block::Block;
use sensilla_conformance::{Memory, ROOM_BYTES, Report, run};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::{Display, Write};
use std::sync::Mutex;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    ALLOCATIONS.with(|count| count.set(count.get() + 1));
}

// SAFETY: every call goes to the system's allocator as it is; counting neither allocates (the
// thread-local is initialised by a constant and has no destructor) nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps `alloc_zeroed`'s contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps `realloc`'s contract.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static ROOM: Mutex<Block<ROOM_BYTES>> = Mutex::new(Block::new());
static MEMORY: Mutex<Memory> = Mutex::new(Memory::new());

/// Finds allocations since the line before, and shows values into nothing.
struct Ledger {
    seen: u64,
    lines: u32,
    guilty: [Option<u64>; 256],
}

impl Report for Ledger {
    fn line(&mut self, _: &str, value: &dyn Display) {
        struct Nothing;
        impl Write for Nothing {
            fn write_str(&mut self, _: &str) -> std::fmt::Result {
                Ok(())
            }
        }
        write!(Nothing, "{value}").unwrap();
        let now = ALLOCATIONS.get();
        if now != self.seen
            && let Some(place) = self.guilty.get_mut(self.lines as usize)
        {
            *place = Some(now - self.seen);
        }
        self.seen = now;
        self.lines += 1;
    }
}

#[test]
fn no_call_of_the_core_allocates() {
    let mut room = ROOM.lock().unwrap();
    let mut memory = MEMORY.lock().unwrap();
    let before = ALLOCATIONS.get();
    let mut ledger = Ledger {
        seen: before,
        lines: 0,
        guilty: [None; 256],
    };
    run(&mut room[..], &mut memory, &mut ledger);
    let after = ALLOCATIONS.get();

    let names: Vec<&str> = sensilla_conformance::GOLDEN.lines().collect();
    assert_eq!(ledger.lines as usize, names.len());
    let guilty: Vec<_> = names
        .iter()
        .zip(ledger.guilty)
        .filter_map(|(name, count)| Some((name, count?)))
        .collect();
    assert!(
        guilty.is_empty(),
        "allocations before these lines: {guilty:?}"
    );
    assert_eq!(after, before);
}

#[test]
fn the_counter_counts() {
    let before = ALLOCATIONS.get();
    let kept = std::hint::black_box(Box::new(1));
    assert_eq!(ALLOCATIONS.get(), before + 1);
    drop(kept);
}
