//! A year of claims that come and go: neither work nor space may grow.

use super::*;
use std::vec;

const DAY: u64 = 24 * HOUR;

#[test]
fn a_year_of_churn_in_fixed_memory_leaves_no_trace() {
    let grid = GridConfig::new(3, 64).radius(0.5);
    let mut world = World::new(
        EngineConfig::new(grid)
            .conflicts(32)
            .witnesses(8)
            .contexts(2),
    );
    let mut out = [0; 512];
    let mut busiest = 0;
    for hour in 0..365 * 24_u64 {
        world.now += HOUR;
        let now = world.now;
        let mut engine = world.engine();
        let (subject, value) = (name(hour as usize % 40), name(hour as usize % 3));
        let vector = [
            (hour % 7) as f32,
            (hour % 5) as f32,
            (hour % 11) as f32 * 0.3,
        ];
        let context = if hour / 1000 % 2 == 0 {
            "home"
        } else {
            "garden"
        };
        let event = Event {
            realm: [0; 32],
            author: [hour as u8; 32],
            seq: engine.next(&[hour as u8; 32]).unwrap(),
            at: now,
            context,
            embedding: Embedding::f32(&vector),
            kind: says(&subject, &value, Some(now + DAY)),
        };
        let signed = event.unsigned(&mut out).unwrap();
        let applied = engine
            .check_logged(signed.id(), &event, now, &|_: &EventId| false)
            .unwrap()
            .apply(hour);
        assert!(!applied.is_truncated());
        busiest = busiest.max(engine.len());
        assert!(engine.len() <= 24);
    }
    assert_eq!(busiest, 24);
    world.pass(2 * DAY);
    let mut engine = world.engine();
    assert!(engine.is_empty() && engine.is_complete());
    assert!(engine.conflicts().all(|c| !c.status.is_open()));
    assert_eq!(engine.advance(u64::MAX), Advanced::default());
}

/// A number of 32 bits that follows from another one.
fn mixed(number: u64) -> u32 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 32) as u32
}

/// What a month of insertions took.
#[derive(Debug, Default)]
struct Month {
    claims: u32,
    /// Stored claims that were compared, by vector and by subject.
    checked: u64,
    /// Claims with an equal hash that were walked past to find one by subject or by id.
    walked: usize,
    /// Buckets beyond the first of each hash.
    spare: u32,
    /// Slots ever used.
    slots: u32,
    conflicts: u32,
}

#[test]
fn a_year_of_churn_costs_in_its_last_month_what_it_cost_in_its_second() {
    // Five hundred claims in force, so that there are cells; forty a day, each for 12 to 13 days.
    const A_DAY: u64 = 40;
    let grid = GridConfig::new(3, 640).radius(0.5).candidates(512);
    let mut world = World::new(
        EngineConfig::new(grid)
            .conflicts(2_000)
            .escalation(60_000, 1),
    );
    let image = world.memory.len();
    let mut months: Vec<Month> = Vec::new();
    let mut out = [0; 512];
    for day in 0..360_u64 {
        let mut engine = world.engine();
        if day % 30 == 0 {
            months.push(Month::default());
        }
        let month = months.last_mut().unwrap();
        for i in day * A_DAY..(day + 1) * A_DAY {
            let now = 1_000_000 + i * (DAY / A_DAY);
            let of = |what: u64| mixed(i * 8 + what);
            let vector = [0, 1, 2].map(|axis| (of(axis) % 4_000) as f32 / 1_000.0);
            let (subject, value) = (name(of(3) as usize % 1_000), name(of(4) as usize % 3));
            let until = now + 12 * DAY + u64::from(of(5)) % DAY;
            let event = Event {
                realm: [0; 32],
                author: [i as u8; 32],
                seq: engine.next(&[i as u8; 32]).unwrap(),
                at: now,
                context: ["home", "garden"][of(6) as usize % 2],
                embedding: Embedding::f32(&vector),
                kind: says(&subject, &value, Some(until)),
            };
            let signed = event.unsigned(&mut out).unwrap();
            let applied = engine
                .check_logged(signed.id(), &event, now, &|_: &EventId| false)
                .unwrap()
                .apply(i);
            assert!(!applied.is_truncated());
            month.claims += 1;
            month.checked += u64::from(applied.coverage.checked);
            month.conflicts += applied.found;
        }
        let walks = [
            engine.tables.grid.longest_walk(),
            engine.tables.claims.ids.longest_walk(),
        ];
        month.walked = month.walked.max(walks[0]).max(walks[1]);
        month.walked = month.walked.max(engine.tables.conflicts.ids.longest_walk());
        month.spare = month.spare.max(engine.tables.grid.spare());
        month.slots = engine.tables.grid.used();
        assert!((400..=540).contains(&engine.len()) || day < 14);
    }
    assert_eq!(world.memory.len(), image);
    let second = &months[1];
    assert!(second.checked / u64::from(second.claims) > 8, "{months:?}");
    for month in &months[2..] {
        let alike = |a: u64, b: u64| a.abs_diff(b) * 10 <= b;
        assert!(alike(month.checked, second.checked), "{months:?}");
        assert!(
            alike(month.conflicts.into(), second.conflicts.into()),
            "{months:?}"
        );
        assert!(month.walked <= 8, "{months:?}");
        assert!(month.spare <= second.spare + 8, "{months:?}");
        assert!(month.slots <= 541, "{months:?}");
    }
    let mut engine = world.engine();
    engine.advance(u64::MAX);
    assert!(engine.is_empty() && engine.is_complete());
    assert_eq!(
        (
            engine.tables.grid.spare(),
            engine.tables.grid.longest_walk()
        ),
        (0, 0)
    );
}

#[test]
fn names_prepared_to_collide_do_so_under_no_other_secret() {
    // The hashes are known, so subjects that share a bucket under one secret can be looked for.
    let crowd = |seed: u32, subjects: &[String]| {
        let config = EngineConfig::new(GridConfig::new(0, 1_024).seed(seed)).open();
        let mut memory = Memory::zeroed(config.bytes());
        let mut engine = Engine::format(&mut memory, config).unwrap();
        let mut out = [0; 512];
        for (i, subject) in (0..).zip(subjects) {
            let event = Event {
                realm: [0; 32],
                author: [1; 32],
                seq: i as u32 + 1,
                at: 1,
                context: "home",
                embedding: Embedding::None,
                kind: says(subject, "so", None),
            };
            let signed = event.unsigned(&mut out).unwrap();
            engine
                .check_logged(signed.id(), &event, 1, &|_: &EventId| false)
                .unwrap()
                .apply(i);
        }
        engine.tables.grid.longest_walk()
    };
    let keys = crate::grid::Keys::new(7);
    let hash = |name: &String| keys.words(0, crate::grid::Tag::of(name).0) & 1_023;
    let mut buckets = vec![Vec::new(); 1_024];
    for number in 0..200_000 {
        let name = name(number);
        buckets[hash(&name) as usize].push(name);
    }
    let prepared = buckets.into_iter().find(|names| names.len() > 160).unwrap();
    assert_eq!(crowd(7, &prepared), prepared.len());
    for seed in 0..6 {
        assert!(crowd(seed, &prepared) <= 8);
    }
}
