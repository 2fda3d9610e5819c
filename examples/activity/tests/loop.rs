//! The loop does what the project promises of it, on the real recordings.

use activity::{Memory, NAMES, Summary, Watch, Wrist, run};

/// Memory on the heap. Without optimisation it is made on the stack first, and that of a test is too
/// small for it.
fn memory() -> Box<Memory> {
    std::thread::Builder::new()
        .stack_size(16 << 20)
        .spawn(|| Box::new(Memory::new()))
        .unwrap()
        .join()
        .unwrap()
}

fn first_run(memory: &mut Memory) -> Summary {
    let mut wrist = Wrist::format(memory).unwrap();
    let summary = run(&mut wrist, &mut ()).unwrap();
    assert_eq!(wrist.seal(), summary.image_digests);
    summary
}

#[test]
fn recalls_claims_and_resolves() {
    let summary = first_run(&mut memory());
    println!(
        "{:?} {:?} {} {:?}",
        summary.patterns, summary.tally, summary.log_size, summary.windows
    );
    assert!(summary.accuracy() >= 0.975, "{:?}", summary.confusion);
    assert!(summary.patterns.iter().all(|&n| n <= 32));
    assert!(summary.tally.found > 0);
    assert_eq!(summary.tally.resolved, summary.tally.found);
    assert!(summary.proof_verified);
    assert_eq!(summary.routes.iter().sum::<u32>(), 40);
    assert!(!summary.resumed);
    // The root admits two sensors and appoints who decides; the rest are claims and resolutions.
    let decisions = 3;
    assert_eq!(
        summary.log_size,
        decisions + 40 + 2 * u64::from(summary.windows.0) + u64::from(summary.tally.resolved)
    );
}

#[test]
fn a_second_run_changes_nothing() {
    let mut memory = memory();
    let first = first_run(&mut memory);
    let saved = memory.blocks().map(<[u8]>::to_vec);
    let mut wrist = Wrist::open(&mut memory).unwrap();
    let second = run(&mut wrist, &mut ()).unwrap();
    wrist.seal();
    assert_eq!(
        second,
        Summary {
            resumed: true,
            ..first
        }
    );
    for ((before, after), name) in saved.iter().zip(memory.blocks()).zip(NAMES) {
        assert!(before == after, "{name}");
    }
}

#[test]
fn the_watch_hears_of_every_recording() {
    #[derive(Default)]
    struct Count {
        steps: u32,
        hub: u32,
        found: u32,
        resolved: u32,
    }
    impl Watch for Count {
        fn step(&mut self, done: u32, total: u32) {
            self.steps += 1;
            assert!(done == self.steps && done <= total);
        }
        fn recalled(&mut self, wearer: usize, _: u32, _: &sensilla::node::Recall) {
            self.hub += u32::from(wearer == activity::HUB);
        }
        fn claimed(&mut self, _: u64, found: u32, resolved: u32) {
            self.found += found;
            self.resolved += resolved;
        }
    }
    let mut memory = memory();
    let mut wrist = Wrist::format(&mut memory).unwrap();
    let mut count = Count::default();
    let summary = run(&mut wrist, &mut count).unwrap();
    assert_eq!((count.steps, count.hub), (120, 40));
    assert_eq!(
        (count.found, count.resolved),
        (summary.tally.found, summary.tally.resolved)
    );
}
