use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Two claims of different authors that contradict each other, and their conflict.
fn quarrel(world: &mut World) -> (EventId, EventId, Hash) {
    let a = world.assert(1, "home", "door", "open").unwrap();
    let b = world.assert(2, "home", "door", "shut").unwrap();
    (a, b, conflict_id(&a, &b))
}

#[test]
fn a_contradiction_is_found_quarantined_and_resolved() {
    let mut world = World::new(CONFIG);
    world.authority("home", 2, &[10, 11, 12]);
    let (a, b, conflict) = quarrel(&mut world);
    assert_eq!(world.status(&a, &b), Some(Status::Detected));
    assert_eq!(world.level(&a), Some(Quarantine::Conservative));
    assert_eq!(world.level(&b), Some(Quarantine::Conservative));
    let applied = world
        .resolve("home", conflict, &[a], &[b], &[12, 10])
        .unwrap();
    assert_eq!((applied.resolved, applied.fallen), (1, 1));
    assert_eq!(world.status(&a, &b), Some(Status::Resolved));
    assert_eq!(world.level(&a), Some(Quarantine::None));
    assert_eq!(world.level(&b), None);
    let tally = world.engine().tally();
    assert_eq!((tally.found, tally.resolved, tally.lapsed), (1, 1, 0));
    world.rebuild();
}

#[test]
fn near_claims_of_different_subjects_contradict_and_compatible_ones_do_not() {
    let mut world = World::new(CONFIG);
    let near = [[0.0, 0.0, 0.0], [0.3, 0.3, 0.0], [0.0, 0.0, 0.6]];
    let mut found = Vec::new();
    for (i, vector) in near.iter().enumerate() {
        let (subject, value) = (name(i), name(i));
        let kind = says(&subject, &value, None);
        let (_, applied) = world.send(1, "home", Embedding::f32(vector), kind).unwrap();
        found.push(applied.found);
    }
    assert_eq!(found, [0, 1, 0]);
    let kind = says("another", "subject 1", None);
    let (_, applied) = world
        .send(2, "home", Embedding::f32(&near[1]), kind)
        .unwrap();
    assert_eq!(applied.found, 1, "the same value is no contradiction");
    let kind = says("another", "subject 9", None);
    let (_, applied) = world
        .send(2, "garden", Embedding::f32(&near[1]), kind)
        .unwrap();
    assert_eq!(applied.found, 0, "another context");
    world.rebuild();
}

#[test]
fn doubt_contradicts_nothing() {
    let mut world = World::new(CONFIG);
    world.assert(1, "home", "door", "open").unwrap();
    let EventKind::Assert(sure) = says("door", "shut", None) else {
        return;
    };
    for (confidence, expected) in [(45_874, 0), (45_875, 1)] {
        let kind = EventKind::Assert(Assert { confidence, ..sure });
        let (_, applied) = world.send(2, "home", Embedding::None, kind).unwrap();
        assert_eq!(applied.found, expected, "{confidence}");
    }
}

#[test]
fn time_alone_escalates_an_hour_a_step_and_three_steps() {
    let mut world = World::new(CONFIG);
    let (a, b, conflict) = quarrel(&mut world);
    let levels = [
        Quarantine::RequiresWitness,
        Quarantine::Blocked,
        Quarantine::Blocked,
        Quarantine::Blocked,
    ];
    assert_eq!(world.pass(HOUR - 1), Advanced::default());
    world.pass(1);
    for (i, level) in levels.into_iter().enumerate() {
        let now = world.engine().conflict(&conflict).unwrap();
        assert_eq!(now.steps as usize, (i + 1).min(3));
        assert_eq!(now.status, Status::Escalated);
        assert_eq!(now.escalates_at.is_some(), i < 2);
        assert_eq!(world.level(&a), Some(level));
        world.pass(HOUR);
    }
    assert_eq!(world.status(&a, &b), Some(Status::Escalated));
    world.rebuild();
}

#[test]
fn one_leap_in_time_does_what_many_steps_do() {
    let mut worlds = [World::new(CONFIG), World::new(CONFIG)];
    for world in &mut worlds {
        quarrel(world);
        world
            .assert_until(3, "home", "door", "gone", Some(1_000_000 + HOUR * 3 / 2))
            .unwrap();
    }
    let [leap, steps] = &mut worlds;
    leap.pass(10 * HOUR);
    for _ in 0..600 {
        steps.pass(HOUR / 60);
    }
    assert_eq!(leap.engine().digest(), steps.engine().digest());
}

#[test]
fn expired_claims_leave_force_and_their_conflicts_lapse() {
    let mut world = World::new(CONFIG);
    let until = world.now + 500;
    let a = world
        .assert_until(1, "home", "door", "open", Some(until))
        .unwrap();
    let b = world.assert(2, "home", "door", "shut").unwrap();
    assert_eq!(world.pass(499), Advanced::default());
    assert_eq!(world.level(&b), Some(Quarantine::Conservative));
    assert_eq!(world.pass(1).expired, 1);
    assert_eq!(world.level(&a), None);
    assert_eq!(world.level(&b), Some(Quarantine::None));
    assert_eq!(world.status(&a, &b), Some(Status::Lapsed));
    let refused = world.assert_until(1, "home", "door", "ajar", Some(until));
    assert_eq!(refused, Err(Refusal::Expired));
    world.rebuild();
}

#[test]
fn an_author_takes_back_and_replaces_its_own_claims_alone() {
    let mut world = World::new(CONFIG);
    let (a, b, _) = quarrel(&mut world);
    assert_eq!(
        world.deprecate(2, "home", a, &[]),
        Err(Refusal::NotTheAuthor)
    );
    assert_eq!(
        world.deprecate(1, "garden", a, &[]),
        Err(Refusal::UnknownClaim)
    );
    let EventKind::Assert(assert) = says("door", "shut", None) else {
        return;
    };
    let instead = |id| {
        EventKind::Assert(Assert {
            supersedes: Some(id),
            ..assert
        })
    };
    let refused = world.send(1, "home", Embedding::None, instead(b));
    assert_eq!(refused.unwrap_err(), Refusal::NotTheAuthor);
    let (c, applied) = world.send(1, "home", Embedding::None, instead(a)).unwrap();
    assert_eq!((applied.replaced, applied.found), (true, 0));
    assert_eq!(world.level(&a), None);
    assert_eq!(world.level(&b), Some(Quarantine::None));
    world.deprecate(1, "home", c, &[]).unwrap();
    assert_eq!(world.engine().len(), 1);
    world.rebuild();
}

#[test]
fn both_claims_may_stand_and_stay_reconciled() {
    let mut world = World::new(CONFIG);
    world.authority("home", 1, &[10]);
    let (a, b, conflict) = quarrel(&mut world);
    world
        .resolve("home", conflict, &[a, b], &[], &[10])
        .unwrap();
    assert_eq!(world.level(&a), Some(Quarantine::None));
    let repaired = world.engine().detect_all("home");
    assert_eq!((repaired.pairs, repaired.opened), (1, 0));
    let late = world.challenge(3, "home", &[a, b]).unwrap();
    assert!(late.idle, "it is decided");
    assert_eq!(world.level(&a), Some(Quarantine::None));
    world.rebuild();
}

#[test]
fn order_of_arrival_makes_no_difference_to_the_conflicts() {
    let mut found = Vec::new();
    for order in [[0, 1, 2, 3], [3, 1, 0, 2], [2, 3, 1, 0]] {
        let mut world = World::new(CONFIG);
        for i in order {
            world.assert(i as u8, "home", "door", &name(i)).unwrap();
        }
        let mut ids: Vec<Hash> = world.engine().conflicts().map(|c| c.id).collect();
        ids.sort_unstable();
        assert_eq!(ids.len(), 6);
        found.push(ids);
    }
    assert!(found.iter().all(|ids| *ids == found[0]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Enough claims that the grid has cells in one order and scans in the other's beginning.
    #[test]
    fn the_conflicts_are_a_function_of_the_set_of_events(
        claims in proptest::collection::vec(
            (0_usize..90, 0_usize..3, 0_usize..2, proptest::array::uniform3(-1.5_f32..1.5)),
            150..190,
        ),
        swaps in proptest::collection::vec(any::<(u8, u8)>(), 60),
    ) {
        let config = EngineConfig::new(GridConfig::new(3, 200).radius(0.3))
            .conflicts(20_000)
            .open()
            .members(256);
        let conflicts = |order: &[usize]| {
            let mut memory = Memory::zeroed(config.bytes());
            let mut engine = Engine::format(&mut memory, config).unwrap();
            let mut out = [0; 512];
            for (index, &i) in (0..).zip(order) {
                let (subject, value, context, vector) = &claims[i];
                let (subject, value) = (name(*subject), name(*value));
                let event = Event {
                    realm: [0; 32],
                    author: [i as u8; 32],
                    seq: 1,
                    at: 1,
                    context: ["home", "garden"][*context],
                    embedding: Embedding::f32(vector),
                    kind: says(&subject, &value, None),
                };
                let signed = event.unsigned(&mut out).unwrap();
                let applied = engine
                    .check_logged(signed.id(), &event, 1, &|_: &EventId| false)
                    .unwrap()
                    .apply(index);
                assert!(!applied.is_truncated());
            }
            assert!(engine.is_complete());
            let found: BTreeSet<Hash> = engine.conflicts().map(|c| c.id).collect();
            assert_eq!(engine.detect_all("home").opened, 0);
            assert_eq!(engine.detect_all("garden").opened, 0);
            found
        };
        let mut order: Vec<usize> = (0..claims.len()).collect();
        let expected = conflicts(&order);
        prop_assert!(!expected.is_empty());
        for (a, b) in swaps {
            order.swap(usize::from(a) % claims.len(), usize::from(b) % claims.len());
        }
        prop_assert_eq!(conflicts(&order), expected.clone());
        order.reverse();
        prop_assert_eq!(conflicts(&order), expected);
    }
}

#[test]
fn what_was_cut_short_is_quarantined_until_made_up_for() {
    let grid = GridConfig::new(0, 64).candidates(16);
    let mut world = World::new(EngineConfig::new(grid).conflicts(2000));
    let mut last = None;
    for i in 0..40_usize {
        let value = if i == 0 { "open" } else { "shut" };
        let kind = says("door", value, None);
        world.now += 1;
        let (id, applied) = world.send(i as u8, "home", Embedding::None, kind).unwrap();
        assert_eq!(applied.is_truncated(), i > 16);
        assert_eq!(world.engine().is_complete(), i <= 16);
        last = Some(id);
    }
    let last = last.unwrap();
    assert_eq!(world.level(&last), Some(Quarantine::Conservative));
    let before = world.engine().tally().found;
    let repaired = world.engine().detect_all("home");
    assert_eq!(repaired.pairs, 39);
    assert_eq!(repaired.opened + before, 39);
    assert!(world.engine().is_complete());
    let conflicts: Vec<_> = world.engine().conflicts_of(&last).collect();
    assert_eq!(conflicts.len(), 1);
}

#[test]
fn conflicts_without_room_are_told_and_repaired_once_there_is() {
    let mut world = World::new(EngineConfig::new(GridConfig::new(0, 64)).conflicts(2));
    let ids: Vec<EventId> = (0..3)
        .map(|i| world.assert(i as u8, "home", "door", &name(i)).unwrap())
        .collect();
    assert!(!world.engine().is_complete());
    assert_eq!(world.engine().detect_all("home").unrecorded, 1);
    assert_eq!(world.level(&ids[2]), Some(Quarantine::Conservative));
    world.deprecate(0, "home", ids[0], &[]).unwrap();
    let repaired = world.engine().detect_all("home");
    assert_eq!((repaired.pairs, repaired.unrecorded), (1, 0));
    assert!(world.engine().is_complete());
}

#[test]
fn a_sealed_engine_opens_with_the_same_content() {
    let mut world = World::new(CONFIG);
    quarrel(&mut world);
    let mut engine = world.engine();
    let (digest, image) = (engine.digest(), engine.seal());
    let engine = Engine::open_verified(&mut world.memory).unwrap();
    assert_eq!((engine.digest(), engine.image_digest()), (digest, image));
    let total: usize = engine.sections().map(|(_, bytes)| bytes).sum();
    assert_eq!(total, world.config.bytes());
}

/// Whether each claim is accepted, by its name.
fn accepted(world: &mut World, ids: &[EventId]) -> Vec<Acceptance> {
    let mut labels = [Acceptance::Undecided; 64];
    let mut found = std::vec![None; ids.len()];
    let engine = world.engine();
    engine
        .grounded("home", &mut labels, |id, acceptance| {
            if let Some(i) = ids.iter().position(|other| other == id) {
                found[i] = Some(acceptance);
            }
        })
        .unwrap();
    assert!(
        engine
            .grounded("home", &mut labels[1..], |_, _| ())
            .is_err()
    );
    found.into_iter().flatten().collect()
}

#[test]
fn grounded_accepts_what_is_unattacked_or_defended() {
    let mut world = World::new(CONFIG);
    world.authority("home", 1, &[10]);
    let (a, b, _) = quarrel(&mut world);
    let c = world.assert(3, "home", "window", "open").unwrap();
    let undecided = Acceptance::Undecided;
    let expected = [undecided, undecided, Acceptance::Accepted];
    assert_eq!(accepted(&mut world, &[a, b, c]), expected);
    // The winner of a resolution is itself in conflict, so what its loser attacked is not safe.
    let d = world.assert(4, "home", "window", "shut").unwrap();
    let e = world.assert(5, "home", "window", "gone").unwrap();
    world
        .resolve("home", conflict_id(&c, &d), &[c], &[d], &[10])
        .unwrap();
    assert_eq!(accepted(&mut world, &[c, e]), [undecided, undecided]);
    world
        .resolve("home", conflict_id(&c, &e), &[c], &[e], &[10])
        .unwrap();
    assert_eq!(
        accepted(&mut world, &[a, c]),
        [undecided, Acceptance::Accepted]
    );
}
