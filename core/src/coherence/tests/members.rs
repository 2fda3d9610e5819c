//! Who is heard, in which order, and how much of it: attacks with keys that cost nothing.

use super::*;
use crate::log::kind::Roots;

const ROOTS: [u8; 3] = [90, 91, 92];

/// A realm with three roots, of whom two must sign.
fn realm(config: EngineConfig) -> World {
    let mut world = World::closed(config.members(24));
    let keys = ROOTS.map(public);
    world.engine().found(2, &keys).unwrap();
    world
}

impl World {
    /// Lets `signers` decide something as the roots' next decision.
    fn decide(
        &mut self,
        author: u8,
        context: &str,
        act: Act<'_>,
        signers: &[u8],
    ) -> Result<Applied, Refusal> {
        let number = self.engine().next_decision();
        self.decide_as(number, author, context, act, signers)
            .map(|(_, applied)| applied)
    }

    fn decide_as(
        &mut self,
        number: u32,
        author: u8,
        context: &str,
        act: Act<'_>,
        signers: &[u8],
    ) -> Result<(EventId, Applied), Refusal> {
        let bare = Roots {
            number,
            act,
            signatures: &[],
        };
        let digest = bare.digest(&[0; 32], context);
        let signatures = endorse(signers, Domain::Roots, &digest);
        let kind = EventKind::Roots(bare.endorsed(&signatures));
        self.send(author, context, Embedding::None, kind)
    }

    fn admit(&mut self, number: u8) {
        let act = Act::Admit {
            key: public(number),
            name: "",
            from: 1,
        };
        self.decide(90, "", act, &[90, 91]).unwrap();
    }
}

#[test]
fn a_key_alone_is_not_heard() {
    let mut world = realm(CONFIG);
    let before = world.engine().digest();
    for author in 1..60 {
        let refused = world.assert(author, "home", "door", "open");
        assert_eq!(refused, Err(Refusal::NotAMember));
    }
    assert_eq!(world.engine().digest(), before);
    world.admit(1);
    world.assert(1, "home", "door", "open").unwrap();
}

#[test]
fn roots_decide_together_in_order_and_each_of_them_once() {
    let mut world = realm(CONFIG);
    let admit = |number| Act::Admit {
        key: public(number),
        name: "camera",
        from: 1,
    };
    for (signers, valid) in [(&[][..], 0), (&[90], 1), (&[90, 90], 1), (&[90, 1], 1)] {
        let refused = world.decide(90, "", admit(1), signers).unwrap_err();
        assert_eq!(refused, Refusal::TooFewSignatures { valid, needed: 2 });
    }
    for number in [0, 2, 3] {
        let refused = world.decide_as(number, 90, "", admit(1), &[90, 91]);
        assert_eq!(refused.unwrap_err(), Refusal::WrongNumber { expected: 1 });
    }
    world.decide(90, "", admit(1), &[90, 91]).unwrap();
    let twice = world.decide(90, "", admit(1), &[90, 91]);
    assert_eq!(twice.unwrap_err(), Refusal::BadAct);
    // A member may carry what the roots have signed.
    world.decide(1, "", admit(2), &[91, 92]).unwrap();
    let names: Vec<_> = world.engine().members().map(|m| m.next).collect();
    assert_eq!(names, [2, 1, 1, 2, 1]);
}

#[test]
fn two_decisions_of_one_number_freeze_the_realm_until_the_roots_say_which() {
    let mut world = realm(CONFIG);
    let admit = |number| Act::Admit {
        key: public(number),
        name: "",
        from: 1,
    };
    let (first, _) = world.decide_as(1, 90, "", admit(1), &[90, 91]).unwrap();
    let (second, _) = world.decide_as(1, 91, "", admit(2), &[91, 92]).unwrap();
    assert_eq!(world.engine().frozen(), Some([first, second]));
    assert!(world.engine().member(&public(2)).is_none());
    let refused = world.decide(90, "", admit(3), &[90, 91]).unwrap_err();
    assert_eq!(refused, Refusal::Frozen);
    // Members go on.
    world.assert(1, "home", "door", "open").unwrap();
    let wrong = Act::Settle { event: [9; 32] };
    let refused = world.decide(90, "", wrong, &[90, 91]).unwrap_err();
    assert_eq!(refused, Refusal::BadAct);
    let settle = Act::Settle { event: first };
    world.decide(90, "", settle, &[90, 92]).unwrap();
    assert_eq!(world.engine().frozen(), None);
    world.decide(90, "", admit(3), &[90, 91]).unwrap();
}

#[test]
fn an_expelled_member_is_heard_up_to_the_number_that_counts_and_its_later_claims_fall() {
    let mut world = realm(CONFIG);
    (1..3).for_each(|member| world.admit(member));
    let claims: Vec<_> = (0..3)
        .map(|i| world.assert(1, "home", &name(i), "x").unwrap())
        .collect();
    let expel = Act::Expel {
        key: public(1),
        last: 2,
    };
    let applied = world.decide(90, "", expel, &[90, 92]).unwrap();
    assert_eq!(applied.fallen, 1);
    let left = claims.iter().map(|id| world.engine().claim(id).is_some());
    assert_eq!(left.collect::<Vec<_>>(), [true, true, false]);
    let refused = world.assert(1, "home", "door", "open");
    assert_eq!(refused, Err(Refusal::Expelled { last: 2 }));
    let member = world.engine().member(&public(1)).unwrap();
    assert_eq!((member.expelled, member.claims), (Some(2), 2));
    // It can be admitted again, and says nothing again that it has said.
    let admit = Act::Admit {
        key: public(1),
        name: "",
        from: 4,
    };
    world.decide(90, "", admit, &[90, 92]).unwrap();
    world.assert(1, "home", "door", "open").unwrap();
}

#[test]
fn roots_are_rotated_and_those_before_decide_no_more() {
    let mut world = realm(CONFIG);
    let keys = [public(80), public(81)];
    let rotate = Act::Rotate {
        threshold: 1,
        keys: &keys,
    };
    world.decide(90, "", rotate, &[90, 91]).unwrap();
    let admit = Act::Admit {
        key: public(1),
        name: "",
        from: 1,
    };
    let refused = world.decide(90, "", admit, &[90, 91, 92]).unwrap_err();
    let few = Refusal::TooFewSignatures {
        valid: 0,
        needed: 1,
    };
    assert_eq!(refused, few);
    world.decide(80, "", admit, &[81]).unwrap();
    assert_eq!(world.engine().roots().unwrap().0, 1);
}

#[test]
fn an_authority_is_appointed_replaced_and_ended_by_the_roots() {
    let mut world = realm(CONFIG);
    (1..3).for_each(|member| world.admit(member));
    let a = world.assert(1, "home", "door", "open").unwrap();
    let b = world.assert(2, "home", "door", "shut").unwrap();
    let conflict = conflict_id(&a, &b);
    let resolve = |world: &mut World, signer: u8| {
        let decided = Resolution {
            conflict,
            accepted: &[a],
            deprecated: &[b],
            rationale: "",
            signatures: &[],
        };
        let signatures = [decided.endorse("home", &key(signer)).unwrap()];
        let kind = EventKind::Resolution(decided.endorsed(&signatures));
        world.send(1, "home", Embedding::None, kind)
    };
    assert_eq!(resolve(&mut world, 10).unwrap_err(), Refusal::NoAuthority);
    for (number, keys) in [[public(10)], [public(11)]].iter().enumerate() {
        let act = Act::Appoint { threshold: 1, keys };
        world.decide(90, "home", act, &[90, 91]).unwrap();
        if number == 1 {
            let few = Refusal::TooFewSignatures {
                valid: 0,
                needed: 1,
            };
            assert_eq!(resolve(&mut world, 10).unwrap_err(), few);
        }
    }
    let (_, applied) = resolve(&mut world, 11).unwrap();
    assert_eq!((applied.resolved, applied.fallen), (1, 1));
    world.decide(90, "home", Act::End, &[90, 91]).unwrap();
    assert_eq!(resolve(&mut world, 11).unwrap_err(), Refusal::NoAuthority);
}

#[test]
fn an_authors_events_come_in_its_order_and_its_time_does_not_go_back() {
    let mut world = realm(CONFIG);
    world.admit(1);
    let event = |world: &mut World, seq, at, value| Event {
        seq,
        at,
        ..world.event(1, "home", Embedding::None, says("door", value, None))
    };
    let now = world.now;
    let late = event(&mut world, 2, now, "open");
    let refused = world.give(&late, &key(1)).unwrap_err();
    assert_eq!(refused, Refusal::Gap { expected: 1 });
    let first = event(&mut world, 1, now, "open");
    world.give(&first, &key(1)).unwrap();
    let back = event(&mut world, 2, now - 1, "shut");
    let refused = world.give(&back, &key(1)).unwrap_err();
    assert_eq!(refused, Refusal::BackInTime { last: now });
    world.give(&late, &key(1)).unwrap();
    assert_eq!(world.give(&late, &key(1)).unwrap_err(), Refusal::Duplicate);
    assert_eq!(world.engine().next(&public(1)), Some(3));
}

#[test]
fn a_fork_is_kept_as_a_proof_one_an_author_that_no_other_pushes_out() {
    let mut world = realm(CONFIG.proofs(2));
    (1..5).for_each(|member| world.admit(member));
    let fork = |world: &mut World, author: u8, value| {
        let event = Event {
            seq: 1,
            ..world.event(author, "home", Embedding::None, says("door", value, None))
        };
        world.give(&event, &key(author)).map(|(_, applied)| applied)
    };
    for author in 1..5 {
        fork(&mut world, author, "open").unwrap();
        let applied = fork(&mut world, author, "shut").unwrap();
        assert!(applied.equivocates && applied.idle);
        let again = fork(&mut world, author, "ajar").unwrap_err();
        assert_eq!(again, Refusal::Forked);
        assert!(world.engine().member(&public(author)).unwrap().forked);
    }
    let proofs: Vec<_> = world.engine().equivocations().collect();
    assert_eq!((world.engine().equivocated(), proofs.len()), (4, 2));
    let events = proofs[0].indexes.map(|i| world.log[i as usize].0.clone());
    let [a, b] = [&events[0], &events[1]].map(|bytes| decoded(bytes));
    assert_eq!([*a.id(), *b.id()], proofs[0].ids);
    assert_eq!(verify_equivocation(&a, &b, &Ed25519), Ok(public(1)));
    assert_eq!(
        verify_equivocation(&a, &a, &Ed25519),
        Err(ProofError::SameEvent)
    );
    let other = world.log[proofs[1].indexes[0] as usize].0.clone();
    assert_eq!(
        verify_equivocation(&a, &decoded(&other), &Ed25519),
        Err(ProofError::OtherAuthor)
    );
    // What a forked author said first stands, and it goes on.
    world.assert(1, "home", "window", "open").unwrap();
    assert_eq!(world.engine().member(&public(1)).unwrap().claims, 2);
}

#[test]
fn one_member_fills_neither_the_claims_nor_the_contexts() {
    let mut world = realm(EngineConfig::new(GridConfig::new(0, 8)).contexts(4));
    (1..3).for_each(|member| world.admit(member));
    for i in 0..4 {
        world.assert(1, "home", &name(i), "x").unwrap();
    }
    let refused = world.assert(1, "home", "one more", "x");
    assert_eq!(refused, Err(Refusal::OverShare { limit: 4 }));
    // What it says anew of the same takes no room.
    world.assert(1, "home", &name(0), "y").unwrap();
    world.assert(2, "home", "door", "open").unwrap();
    let mut world = realm(EngineConfig::new(GridConfig::new(0, 8)).contexts(4));
    (1..3).for_each(|member| world.admit(member));
    world.assert(1, "a", "door", "x").unwrap();
    world.assert(1, "b", "door", "x").unwrap();
    let refused = world.assert(1, "c", "door", "x");
    assert_eq!(refused, Err(Refusal::OverContexts { limit: 2 }));
    world.assert(2, "home", "door", "x").unwrap();
    // The roots close what nobody needs, and what it took is free.
    let closed = world.decide(90, "a", Act::Close, &[90, 91]).unwrap();
    assert_eq!(closed.fallen, 1);
    world.assert(1, "c", "door", "x").unwrap();
}

#[test]
fn witnesses_are_members_and_none_keeps_an_independent_one_out() {
    let mut world = realm(CONFIG);
    (1..20).for_each(|member| world.admit(member));
    let a = world.assert(1, "home", "door", "open").unwrap();
    let b = world.assert(2, "home", "door", "shut").unwrap();
    world.challenge(2, "home", &[a, b]).unwrap();
    let refused = world.witness(3, "home", a, &[60]);
    assert_eq!(refused, Err(Refusal::StrangerOnPath));
    // Sixteen that heard it of one peer are one path, and leave room for others.
    for member in 4..20 {
        world.witness(member, "home", a, &[3]).unwrap();
    }
    assert_eq!(world.engine().claim(&a).unwrap().paths, 1);
    for (honest, paths) in [(90, 2), (91, 3)] {
        world.witness(honest, "home", a, &[]).unwrap();
        assert_eq!(world.engine().claim(&a).unwrap().paths, paths);
    }
    assert_eq!(world.level(&a), Some(Quarantine::Conservative));
}

#[test]
fn one_member_leaves_others_room_to_be_witnesses() {
    let mut world = realm(CONFIG.witnesses(8));
    (1..4).for_each(|member| world.admit(member));
    let said: Vec<_> = (0..6)
        .map(|i| world.assert(1, "home", &name(i), "x").unwrap())
        .collect();
    for &claim in &said[..4] {
        world.witness(2, "home", claim, &[]).unwrap();
    }
    let refused = world.witness(2, "home", said[4], &[]);
    assert_eq!(refused, Err(Refusal::OverWitnesses { limit: 4 }));
    for &claim in &said[2..6] {
        world.witness(3, "home", claim, &[]).unwrap();
    }
    assert_eq!(world.engine().claim(&said[2]).unwrap().paths, 2);
    // What it confirmed is taken back, and it may confirm another.
    world.deprecate(1, "home", said[0], &[]).unwrap();
    world.witness(2, "home", said[4], &[]).unwrap();
}

#[test]
fn what_does_not_contradict_cannot_be_challenged() {
    let mut world = realm(CONFIG);
    (1..5).for_each(|member| world.admit(member));
    let a = world.assert(1, "home", "door", "open").unwrap();
    let b = world.assert(2, "home", "weather on Mars", "fine").unwrap();
    let same = world.assert(3, "home", "door", "open").unwrap();
    for other in [b, same] {
        let refused = world.challenge(4, "home", &[a, other]);
        assert_eq!(refused, Err(Refusal::Unrelated));
        let refused = world.support(4, "home", [other, a], 80);
        assert_eq!(refused, Err(Refusal::Unrelated));
    }
    assert_eq!(world.engine().conflicts().count(), 0);
    assert_eq!(world.level(&a), Some(Quarantine::None));
}

#[test]
fn what_a_source_says_anew_takes_the_place_of_what_it_said() {
    let mut world = World::new(CONFIG);
    for reading in 0..50 {
        world.assert(1, "house", "room", &name(reading)).unwrap();
        world.now += 1_000;
    }
    assert_eq!(world.engine().len(), 1);
    assert_eq!(world.engine().tally().found, 0);
    world.assert(2, "house", "door", "open").unwrap();
    world.assert(3, "house", "door", "shut").unwrap();
    assert_eq!(world.engine().tally().found, 1);
}

#[test]
fn saying_it_again_sheds_nothing_and_saying_another_thing_neither() {
    let mut world = World::new(CONFIG);
    let a = world.assert(1, "home", "door", "open").unwrap();
    let b = world.assert(2, "home", "door", "shut").unwrap();
    world.challenge(2, "home", &[a, b]).unwrap();
    world.pass(3 * HOUR);
    assert_eq!(world.level(&a), Some(Quarantine::Blocked));
    let since = world.now - 3 * HOUR;
    let mut last = a;
    for value in ["open", "ajar", "opened", "open", "wide", "open"] {
        world.now += 1;
        last = world.assert(1, "home", "door", value).unwrap();
        assert_eq!(world.level(&last), Some(Quarantine::Blocked), "{value}");
        let conflict = world.engine().conflict(&conflict_id(&last, &b)).unwrap();
        assert_eq!((conflict.since, conflict.challenged), (since, true));
    }
    // To agree ends it, and what begins after that is new.
    world.now += 1;
    let agreed = world.assert(1, "home", "door", "shut").unwrap();
    assert_eq!(world.level(&agreed), Some(Quarantine::None));
    assert_eq!(world.status(&agreed, &b), Some(Status::Lapsed));
    assert_eq!(world.level(&last), None);
    world.now += 1;
    let again = world.assert(1, "home", "door", "open").unwrap();
    assert_eq!(world.level(&again), Some(Quarantine::Conservative));
    world.rebuild();
}
