//! A bank whose type says that it is scanned, beside one whose type says nothing.

use super::*;

fn alike(metric: Metric, steps: &[(u8, [i8; 20])]) {
    let config = BankConfig::new(20, 24).metric(metric).layout(Layout::Scan);
    let (mut one, mut other) = (
        Memory::zeroed(config.bytes()),
        Memory::zeroed(config.bytes()),
    );
    let mut any = PatternBank::format(&mut one, config).unwrap();
    let mut scanned = ScanBank::format(&mut other, config).unwrap();
    let work = ScratchConfig::new(&config, 8);
    let (mut first, mut second) = (Memory::zeroed(work.bytes()), Memory::zeroed(work.bytes()));
    let mut first = Scratch::format(&mut first, work).unwrap();
    let mut second = Scratch::format(&mut second, work).unwrap();
    for (step, (what, vector)) in steps.iter().enumerate() {
        let vector = vector.map(f32::from);
        let pattern = Pattern {
            label: u32::from(*what),
            confidence: 7,
            at: step as u64,
        };
        let id = any.at(u32::from(*what) % 24).map(|entry| entry.id);
        match (what % 4, id) {
            (0, Some(id)) => assert_eq!(any.remove(id), scanned.remove(id)),
            (1, Some(id)) => assert_eq!(
                any.update(id, &vector, pattern),
                scanned.update(id, &vector, pattern)
            ),
            _ => assert_eq!(
                any.insert_evicting(&vector, pattern),
                scanned.insert_evicting(&vector, pattern)
            ),
        }
        for goal in [Goal::default(), Goal::Exact, Goal::Ef(3)] {
            let search = Search {
                goal,
                ..Search::new(5)
            };
            let found = any.search_with(&vector, &search, &mut first);
            let same = scanned.search_with(&vector, &search, &mut second);
            match (found, same) {
                (Ok(found), Ok(same)) => {
                    assert!(found.iter().eq(same.iter()));
                    assert_eq!(found.is_below_goal(), same.is_below_goal());
                    assert_eq!(found.distances(), same.distances());
                    any.touch(&found, step as u64);
                    scanned.touch(&same, step as u64);
                }
                (found, same) => assert_eq!(found.err(), same.err()),
            }
        }
        assert_eq!(any.image_digest(), scanned.image_digest());
    }
    assert_eq!(any.seal(), scanned.seal());
    let digest = any.digest();
    // Either opens what the other wrote.
    assert_eq!(ScanBank::open_verified(&mut one).unwrap().digest(), digest);
    assert_eq!(
        PatternBank::open_verified(&mut other).unwrap().digest(),
        digest
    );
    assert_eq!(ScanBankRef::open_verified(&one).unwrap().digest(), digest);
}

proptest! {
    #[test]
    fn a_scanned_bank_is_one_of_any_kind(
        metric in prop_oneof![
            Just(Metric::Cosine), Just(Metric::InnerProduct), Just(Metric::SquaredEuclidean)
        ],
        steps in prop::collection::vec((any::<u8>(), any::<[i8; 20]>()), 1..60),
    ) {
        alike(metric, &steps);
    }
}

#[test]
fn what_is_not_scanned_by_eight_bits_is_refused() {
    let scan = BankConfig::new(16, 8).layout(Layout::Scan);
    let others = [
        scan.layout(Layout::Graph),
        scan.layout(Layout::Both),
        scan.element(Element::F32),
        scan.element(Element::I8F32),
        scan.element(Element::Bits),
    ];
    for config in others {
        let mut memory = Memory::zeroed(config.bytes());
        let refused = Some(BlockError::BadConfig);
        assert_eq!(ScanBank::format(&mut memory, config).err(), refused);
        PatternBank::format(&mut memory, config).unwrap();
        assert_eq!(ScanBank::open(&mut memory).err(), refused);
        assert_eq!(ScanBankRef::open(&memory).err(), refused);
    }
    let mut memory = Memory::zeroed(scan.bytes());
    let mut bank = ScanBank::format(&mut memory, scan).unwrap();
    let work = ScratchConfig::new(&scan, 4);
    let mut room = Memory::zeroed(work.bytes());
    let mut scratch = Scratch::format(&mut room, work).unwrap();
    bank.insert(&[1.0; 16], Pattern::default()).unwrap();
    let walk = Search {
        method: Some(Method::Graph),
        ..Search::new(1)
    };
    assert_eq!(
        bank.search_with(&[1.0; 16], &walk, &mut scratch).err(),
        Some(SearchError::NoGraph)
    );
    assert!(bank.audit_step(4).round_done);
}
