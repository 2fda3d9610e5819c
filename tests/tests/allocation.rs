//! The core allocates nothing: an allocator that counts, around every call the suite makes.
#![cfg(not(target_family = "wasm"))]

use sensilla::arena::{Arena, ArenaConfig};
use sensilla::bank::{
    BankConfig, Element, Pattern, PatternBank, PatternBankRef, PatternId, Scratch, ScratchConfig,
    Search,
};
use sensilla::block::Block;
use sensilla::intern::{Interner, InternerConfig};
use sensilla::merkle::{Tree, TreeConfig, leaf_hash};
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

/// Calls that no case of the suite makes.
#[test]
fn no_other_call_of_bank_tree_arena_and_interner_allocates() {
    const BANK: BankConfig = BankConfig::new(16, 64).element(Element::I8F32);
    const SCRATCH: ScratchConfig = ScratchConfig::new(&BANK, 32);
    const TREE: TreeConfig = TreeConfig::new(64);
    const ARENA: ArenaConfig = ArenaConfig::new::<u64>(4);
    const NAMES: InternerConfig = InternerConfig::new(4, 64);
    let mut bank_memory = Box::new(Block::<{ BANK.bytes() }>::new());
    let mut scratch_memory = Box::new(Block::<{ SCRATCH.bytes() }>::new());
    let mut tree_memory = Block::<{ TREE.bytes() }>::new();
    let mut arena_memory = Block::<{ ARENA.bytes() }>::new();
    let mut names_memory = Block::<{ NAMES.bytes() }>::new();
    let vectors: [f32; 48 * 16] = std::array::from_fn(|i| ((i * 7919) % 101) as f32 - 50.0);
    let before = ALLOCATIONS.get();

    let mut scratch = Scratch::format(&mut scratch_memory[..], SCRATCH).unwrap();
    let mut bank = PatternBank::format(&mut bank_memory[..], BANK).unwrap();
    let mut ids = [PatternId::default(); 48];
    bank.insert_batch(&vectors, &[Pattern::default(); 48], &mut ids)
        .unwrap();
    bank.annotate(ids[1], Pattern::default()).unwrap();
    let query = &vectors[..16];
    let hits = bank.search(query, 5, &mut scratch).unwrap();
    bank.touch(&hits, 1);
    bank.search_exact(query, 5, &mut scratch).unwrap();
    bank.search_filtered(query, 5, &|entry| entry.id != ids[0], &mut scratch)
        .unwrap();
    bank.search_with(query, &Search::new(3), &mut scratch)
        .unwrap();
    bank.prune(|entry| entry.id != ids[2], |_| ());
    bank.audit_step(64);
    bank.digest();
    bank.seal();
    PatternBankRef::open_verified(&bank_memory[..])
        .unwrap()
        .search(query, 5, &mut scratch)
        .unwrap();

    let mut tree = Tree::format(&mut tree_memory, TREE).unwrap();
    for i in 0..20u8 {
        tree.append(&leaf_hash(&[i])).unwrap();
    }
    tree.root();
    let _ = tree.watch(3);
    tree.prune(5).unwrap();
    let _ = (tree.prove_inclusion(7, 20), tree.prove_consistency(9, 20));
    tree.unwatch(3);
    tree.seal();
    Tree::open_verified(&mut tree_memory).unwrap();

    let mut arena = Arena::<u64>::format(&mut arena_memory, ARENA).unwrap();
    let handle = arena.insert(5).unwrap();
    arena.replace(handle, 6);
    arena.remove(handle);
    arena.seal();
    Arena::<u64>::open_verified(&mut arena_memory).unwrap();

    let mut names = Interner::format(&mut names_memory, NAMES).unwrap();
    let symbol = names.get_or_intern("wrist").unwrap();
    assert_eq!(names.resolve(symbol), Some("wrist"));
    names.seal();
    Interner::open_verified(&mut names_memory).unwrap();

    assert_eq!(ALLOCATIONS.get(), before);
}
