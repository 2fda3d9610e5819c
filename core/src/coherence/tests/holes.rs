//! One test for each hole of the original system that this module closes; the numbers are those
//! of docs/architecture.md.

use super::*;

fn quarrel(world: &mut World, context: &str) -> (EventId, EventId, Hash) {
    let a = world.assert(1, context, "door", "open").unwrap();
    let b = world.assert(2, context, "door", "shut").unwrap();
    (a, b, conflict_id(&a, &b))
}

#[test]
fn hole_09_a_signature_serves_one_resolution_alone() {
    let mut world = World::new(CONFIG);
    world.authority("home", 1, &[10]);
    let (a, b, conflict) = quarrel(&mut world, "home");
    let signed = Resolution {
        conflict,
        accepted: &[a],
        deprecated: &[b],
        rationale: "",
        signatures: &[],
    };
    let signatures = endorse(&[10], Domain::Resolution, &signed.digest("home"));
    let sides: [&[EventId]; 5] = [&[], &[a], &[b], &[a, b], &[b, a]];
    for accepted in sides {
        for deprecated in sides {
            let kind = EventKind::Resolution(Resolution {
                accepted,
                deprecated,
                signatures: &signatures,
                ..signed
            });
            if (accepted, deprecated) != (signed.accepted, signed.deprecated) {
                world.send(5, "home", Embedding::None, kind).unwrap_err();
            }
        }
    }
    assert_eq!(world.status(&a, &b), Some(Status::Detected));
}

#[test]
fn hole_10_without_an_authority_nothing_is_resolved() {
    let mut world = World::new(CONFIG);
    let (a, b, conflict) = quarrel(&mut world, "home");
    for signers in [&[][..], &[1], &[1, 2, 3]] {
        let refused = world.resolve("home", conflict, &[a], &[b], signers);
        assert_eq!(refused, Err(Refusal::NoAuthority));
    }
    world.authority("home", 2, &[10, 11, 12]);
    for (signers, valid) in [
        (&[][..], 0),
        (&[1, 2, 3], 0),
        (&[10], 1),
        (&[10, 10, 10], 1),
    ] {
        let refused = world.resolve("home", conflict, &[a], &[b], signers);
        assert_eq!(refused, Err(Refusal::TooFewSignatures { valid, needed: 2 }));
    }
    let empty = [[0; 96]; 3];
    let kind = EventKind::Resolution(Resolution {
        conflict,
        accepted: &[a],
        deprecated: &[b],
        rationale: "",
        signatures: &empty,
    });
    let refused = world.send(5, "home", Embedding::None, kind).unwrap_err();
    assert_eq!(
        refused,
        Refusal::TooFewSignatures {
            valid: 0,
            needed: 2
        }
    );
    world
        .resolve("home", conflict, &[a], &[b], &[10, 11])
        .unwrap();
}

#[test]
fn hole_11_effects_stay_within_their_context() {
    let mut world = World::new(CONFIG);
    world.authority("garden", 1, &[20]);
    world.authority("home", 1, &[10]);
    let (a, b, conflict) = quarrel(&mut world, "home");
    let (c, d, other) = quarrel(&mut world, "garden");
    let refused = world.resolve("garden", conflict, &[a], &[b], &[20]);
    assert_eq!(refused, Err(Refusal::UnknownClaim));
    let refused = world.resolve("garden", other, &[c], &[b], &[20]);
    assert_eq!(refused, Err(Refusal::WrongClaims));
    let refused = world.resolve("garden", other, &[c], &[d, b], &[20]);
    assert_eq!(refused, Err(Refusal::WrongClaims));
    assert_eq!(
        world.deprecate(20, "garden", a, &[20]),
        Err(Refusal::UnknownClaim)
    );
    assert_eq!(
        world.deprecate(3, "home", a, &[]),
        Err(Refusal::NotTheAuthor)
    );
    let few = Refusal::TooFewSignatures {
        valid: 0,
        needed: 1,
    };
    assert_eq!(world.deprecate(3, "home", a, &[20]), Err(few));
    assert_eq!(
        world.challenge(3, "garden", &[a, b]),
        Err(Refusal::UnknownClaim)
    );
    assert_eq!(
        world.support(3, "garden", [a, b], 1),
        Err(Refusal::UnknownClaim)
    );
    assert_eq!(
        world.witness(3, "garden", a, &[]),
        Err(Refusal::UnknownClaim)
    );
    world.deprecate(3, "home", a, &[10]).unwrap();
    assert_eq!(world.level(&a), None);
    // Nothing undoes it: the same event is no new claim.
    let before = world.engine().digest();
    let first = world.log[0].0.clone();
    let again = world.give(decoded(&first).event(), &key(1));
    assert_eq!(again.unwrap_err(), Refusal::Duplicate);
    assert_eq!(world.engine().digest(), before);
    assert!(world.deprecate(1, "home", a, &[]).unwrap().idle);
}

#[test]
fn hole_12_a_challenge_costs_names_a_pair_in_force_and_never_lowers() {
    let mut world = World::new(CONFIG);
    let (a, b, conflict) = quarrel(&mut world, "home");
    for claims in [&[][..], &[a], &[a, a], &[a, b, b]] {
        assert_eq!(
            world.challenge(3, "home", claims),
            Err(Refusal::WrongClaims)
        );
    }
    assert_eq!(
        world.challenge(3, "home", &[a, [9; 32]]),
        Err(Refusal::UnknownReference)
    );
    world.pass(3 * HOUR);
    assert_eq!(world.level(&a), Some(Quarantine::Blocked));
    let found = world.engine().tally().found;
    for _ in 0..10 {
        world.now += 1;
        let applied = world.challenge(3, "home", &[b, a]).unwrap();
        assert_eq!(
            (applied.found, applied.quarantine),
            (0, Quarantine::Blocked)
        );
    }
    assert_eq!(world.engine().tally().found, found);
    let spent = world.challenge(3, "home", &[a, b]).unwrap_err();
    let Refusal::OverBudget { retry_after } = spent else {
        panic!("{spent:?}")
    };
    world.challenge(3, "home", &[a, b]).unwrap_err();
    assert_eq!(
        world
            .engine()
            .refusals(Refusal::OverBudget { retry_after: 0 }),
        2
    );
    world.challenge(4, "home", &[a, b]).unwrap();
    world.pass(retry_after - 1);
    world.challenge(3, "home", &[a, b]).unwrap_err();
    world.pass(1);
    world.challenge(3, "home", &[a, b]).unwrap();
    assert_eq!(world.engine().conflicts().count(), 1);
    assert_eq!(
        world.engine().conflict(&conflict).unwrap().quarantine,
        Quarantine::Blocked
    );
    world.rebuild();
}

#[test]
fn hole_13_support_heats_by_its_cost_and_resolved_stays_resolved() {
    let mut world = World::new(CONFIG);
    world.authority("home", 1, &[10]);
    let (a, b, conflict) = quarrel(&mut world, "home");
    let heat = |world: &mut World, author: u8, cost: u32| {
        world.support(author, "home", [a, b], cost).unwrap();
        let now = world.engine().conflict(&conflict).unwrap();
        (now.temperature, now.status, now.steps)
    };
    // Four fifths of a hundred units are a step, whoever spends them, in whatever order.
    assert_eq!(heat(&mut world, 3, 20), (13_107, Status::Supported, 0));
    assert_eq!(heat(&mut world, 3, 59), (51_772, Status::Supported, 0));
    assert_eq!(heat(&mut world, 4, 1), (0, Status::Escalated, 1));
    assert_eq!(heat(&mut world, 5, 100), (13_107, Status::Escalated, 2));
    assert_eq!(heat(&mut world, 6, 100), (26_214, Status::Escalated, 3));
    assert_eq!(heat(&mut world, 7, 100), (39_321, Status::Escalated, 3));
    world.support(8, "home", [a, b], 101).unwrap_err();
    world.resolve("home", conflict, &[b], &[a], &[10]).unwrap();
    assert!(world.support(9, "home", [b, a], 100).unwrap().idle);
    world.pass(100 * HOUR);
    assert_eq!(world.status(&a, &b), Some(Status::Resolved));
    assert_eq!(world.level(&b), Some(Quarantine::None));
    world.rebuild();
}

#[test]
fn hole_14_conflicts_are_stored_under_one_id_and_end_with_their_claims() {
    let mut ids = Vec::new();
    for order in [[1, 2], [2, 1]] {
        let mut world = World::new(CONFIG);
        for author in order {
            world
                .assert(author, "home", "door", &name(author.into()))
                .unwrap();
        }
        ids.extend(world.engine().conflicts().map(|c| c.id));
    }
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);

    let mut world = World::new(CONFIG);
    world.authority("home", 1, &[10]);
    let (a, b, conflict) = quarrel(&mut world, "home");
    world.resolve("home", conflict, &[b], &[a], &[10]).unwrap();
    let until = world.now + 10;
    let expired = world
        .assert_until(3, "home", "door", "ajar", Some(until))
        .unwrap();
    world.pass(10);
    world.deprecate(2, "home", b, &[]).unwrap();
    let c = world.assert(4, "home", "door", "gone").unwrap();
    assert_eq!(world.level(&c), Some(Quarantine::None));
    for gone in [a, b, expired] {
        assert!(world.engine().conflict(&conflict_id(&gone, &c)).is_none());
    }
}

#[test]
fn hole_15_witnesses_are_counted_once_independent_and_consulted() {
    let mut world = World::new(CONFIG);
    let (a, b, _) = quarrel(&mut world, "home");
    world.challenge(3, "home", &[a, b]).unwrap();
    assert_eq!(world.level(&a), Some(Quarantine::RequiresWitness));
    world.witness(40, "home", a, &[]).unwrap();
    for _ in 0..2 {
        world.now += 1;
        assert!(world.witness(40, "home", a, &[50]).unwrap().idle);
    }
    assert_eq!(world.witness(1, "home", a, &[]), Err(Refusal::OwnClaim));
    assert_eq!(world.witness(41, "home", a, &[1]), Err(Refusal::OwnClaim));
    assert_eq!(
        world.witness(41, "home", a, &[51, 51]),
        Err(Refusal::PathLoops)
    );
    let limit = MAX_PATH as u32;
    let long: Vec<u8> = (60..60 + MAX_PATH as u8 + 1).collect();
    assert_eq!(
        world.witness(41, "home", a, &long),
        Err(Refusal::PathTooLong { limit })
    );
    // Two that heard of it from the same peer are one.
    world.witness(41, "home", a, &[50]).unwrap();
    world.witness(42, "home", a, &[50]).unwrap();
    assert_eq!(world.engine().claim(&a).unwrap().paths, 2);
    assert_eq!(world.level(&a), Some(Quarantine::RequiresWitness));
    let applied = world.witness(43, "home", a, &[52]).unwrap();
    assert_eq!(applied.quarantine, Quarantine::Conservative);
    assert_eq!(world.level(&b), Some(Quarantine::RequiresWitness));
    // What is blocked, no witness lifts.
    world.pass(2 * HOUR);
    assert_eq!(world.level(&a), Some(Quarantine::Blocked));
    world.rebuild();
}

#[test]
fn hole_15_no_number_freezes_drift_and_nobody_sets_what_it_is_measured_by() {
    let mut world = World::new(EngineConfig::new(GridConfig::new(3, 128)));
    let send = |world: &mut World, author: u8, i: usize, x: f32| {
        let (subject, vector) = (name(i), [x, 0.0, 0.0]);
        let kind = says(&subject, "same", None);
        let sent = world.send(author, "home", Embedding::f32(&vector), kind);
        sent.unwrap().1.quarantine
    };
    let drifting = |world: &mut World| {
        let mut who = Vec::new();
        world
            .engine()
            .drifting("home", |claim| who.push(claim.author));
        who.sort_unstable();
        who
    };
    send(&mut world, 66, 0, 1e18);
    for i in 1..40 {
        assert_eq!(send(&mut world, 1, i, i as f32), Quarantine::None);
    }
    assert!(
        !world.engine().drifts("home"),
        "nobody said where it belongs"
    );
    let baseline = Event {
        embedding: Embedding::f32(&[20.0, 0.0, 0.0]),
        ..world.event(1, "home", Embedding::None, says("", "", None))
    };
    world.engine().act(&baseline, &Act::Baseline);
    // One far vector is its author's alone, and blocks nothing.
    let mut far = [public(1), public(66)];
    far.sort_unstable();
    assert_eq!(drifting(&mut world), far);
    assert_eq!(send(&mut world, 1, 40, 20.5), Quarantine::None);
    assert_eq!(drifting(&mut world), [public(66)]);
    assert_eq!(send(&mut world, 66, 41, f32::MAX), Quarantine::None);
    assert_eq!(drifting(&mut world), [public(66)]);
    assert_eq!(send(&mut world, 66, 42, 20.0), Quarantine::None);
    assert!(!world.engine().drifts("home"));
}

#[test]
fn hole_16_a_decision_rests_on_events_that_exist() {
    use crate::log::kind::Decision;
    let mut world = World::new(CONFIG);
    let a = world.assert(1, "home", "door", "open").unwrap();
    let decide = |dependencies: &[EventId]| -> Decision<'static> {
        Decision {
            question: "heat?",
            outcome: "no",
            bank: [7; 32],
            dependencies: std::boxed::Box::leak(dependencies.to_vec().into_boxed_slice()),
        }
    };
    let wrong = EventKind::Decision(decide(&[a, [1; 32]]));
    let refused = world.send(1, "home", Embedding::None, wrong).unwrap_err();
    assert_eq!(refused, Refusal::UnknownDependency { index: 1 });
    let right = decide(&[a]);
    world
        .send(1, "home", Embedding::None, EventKind::Decision(right))
        .unwrap();
    let known = |id: &EventId| *id == a;
    let replay = |bank, same| trace::replay(&right, &known, bank, |_| same);
    assert_eq!(replay([7; 32], true), Ok(trace::Replay::Same));
    assert_eq!(replay([7; 32], false), Ok(trace::Replay::OtherOutcome));
    assert!(matches!(
        replay([8; 32], true),
        Ok(trace::Replay::OtherBank { .. })
    ));
    let nothing = |_: &EventId| false;
    let unknown = trace::replay(&right, &nothing, [7; 32], |_| true);
    assert_eq!(unknown, Err(Refusal::UnknownDependency { index: 0 }));
}

#[test]
fn hole_17_close_is_not_incompatible_and_far_is_not_compatible() {
    let mut world = World::new(CONFIG);
    let mut send = |author: u8, subject: &str, value: &str, vector: [f32; 3]| {
        let kind = says(subject, value, None);
        world
            .send(author, "home", Embedding::f32(&vector), kind)
            .unwrap()
            .1
            .found
    };
    assert_eq!(send(1, "door", "open", [0.0; 3]), 0);
    assert_eq!(send(1, "entrance", "open", [0.0; 3]), 0, "close, the same");
    assert_eq!(send(2, "door", "shut", [9.0; 3]), 1, "far, of one subject");
    assert_eq!(send(1, "gate", "shut", [0.1; 3]), 2, "close and different");
}
