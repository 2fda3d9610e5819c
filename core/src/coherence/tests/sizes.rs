//! What an engine takes follows from what it may hold.

use super::*;

fn bytes(config: EngineConfig, part: &str) -> usize {
    let mut memory = Memory::zeroed(config.bytes());
    let engine = Engine::format(&mut memory, config).unwrap();
    let of_part = engine.sections().filter(|(name, _)| name.starts_with(part));
    of_part.map(|(_, bytes)| bytes).sum()
}

#[test]
fn an_engine_of_sixteen_claims_takes_nine_kilobytes() {
    let config = EngineConfig::new(GridConfig::new(0, 16));
    let parts = [
        ("header", 128),
        ("state", 192),
        ("grid", 896),
        ("claims", 3_520),
        ("conflicts", 2_496),
        ("contexts", 512),
        ("members", 576),
        ("roots", 384),
        ("witnesses", 384),
        ("equivocations", 192),
        ("checkpoints", 0),
    ];
    for (part, expected) in parts {
        assert_eq!(bytes(config, part), expected, "{part}");
    }
    assert_eq!(
        parts.map(|(_, bytes)| bytes).iter().sum::<usize>(),
        config.bytes()
    );
}

#[test]
fn an_engine_without_claims_is_a_header_counters_and_roots_and_says_what_it_lacks() {
    for dimensions in [0, 3, 2_048] {
        let config = EngineConfig::new(GridConfig::new(dimensions, 0));
        assert_eq!(config.bytes(), 704);
        let mut world = World::new(config);
        let refused = world.assert(1, "home", "door", "open");
        assert_eq!(refused, Err(Refusal::NoClaims));
        assert_eq!(
            world.challenge(1, "home", &[[1; 32], [2; 32]]),
            Err(Refusal::UnknownReference)
        );
        let other = EventKind::Unknown {
            tag: 900,
            body: &[],
        };
        world.send(1, "home", Embedding::None, other).unwrap();
        assert_eq!(world.pass(HOUR), Advanced::default());
        assert_eq!(world.engine().now(), 1_000_000 + HOUR);
        world.rebuild();
    }
}

#[test]
fn each_table_takes_memory_for_what_it_may_hold() {
    let config = EngineConfig::new(GridConfig::new(0, 64));
    let grown = [
        (config.conflicts(1 << 10), "conflicts"),
        (config.contexts(64), "contexts"),
        (config.members(512), "members"),
        (config.witnesses(512), "witnesses"),
        (config.proofs(200), "equivocations"),
        (config.checkpoints(100), "checkpoints"),
    ];
    for (grown, part) in grown {
        let more = grown.bytes() - config.bytes();
        assert!(more > 0);
        // Proofs of split views are as many as their checkpoints ask for.
        let own = bytes(grown, part) - bytes(config, part);
        let of_views = bytes(grown, "checkpoints") - bytes(config, "checkpoints");
        let views = if part == "checkpoints" { 0 } else { of_views };
        assert_eq!(own + views, more, "{part}");
    }
    let nothing = config.members(0).witnesses(0).proofs(0).keys(0);
    for part in ["members", "witnesses", "equivocations"] {
        assert_eq!(bytes(nothing, part), 0, "{part}");
    }
    // Vectors of no components take no memory.
    let vectors = EngineConfig::new(GridConfig::new(3, 64));
    assert_eq!(
        bytes(vectors, "contexts") - bytes(config, "contexts"),
        1_024
    );
}

#[test]
fn what_is_not_kept_is_refused_and_nothing_breaks() {
    let config = EngineConfig::new(GridConfig::new(0, 8))
        .witnesses(0)
        .proofs(0)
        .keys(1);
    let mut world = World::new(config);
    let a = world.assert(1, "home", "door", "open").unwrap();
    world.assert(2, "home", "door", "shut").unwrap();
    let refused = world.witness(3, "home", a, &[]);
    assert_eq!(refused, Err(Refusal::WitnessesFull));
    let mut nobody = World::closed(config.members(0));
    let refused = nobody.assert(1, "home", "door", "open");
    assert_eq!(refused, Err(Refusal::NotAMember));
    let refused = nobody.engine().found(1, &[public(1)]);
    assert_eq!(refused, Err(AuthorityError::MembersFull));
}

#[test]
fn a_member_takes_56_bytes() {
    let config = EngineConfig::new(GridConfig::new(0, 16));
    for (members, more) in [(64, 64), (256, 256), (1_024, 1_024)] {
        let bytes = |members: u16| config.members(members).bytes();
        assert_eq!(
            bytes(members + more) - bytes(members),
            usize::from(more) * 56
        );
    }
}

/// An engine in which so many contexts have an authority, and whether names beside them find room.
fn crowded(contexts: u16) -> Memory {
    let config = EngineConfig::new(GridConfig::new(0, 16)).contexts(contexts);
    let mut memory = Memory::zeroed(config.bytes());
    let mut engine = Engine::format(&mut memory, config).unwrap();
    for number in 0..contexts {
        World::appoint(&mut engine, &name(number.into()), 1, &[[7; 32]]);
    }
    assert!((0..contexts).all(|number| engine.authority(&name(number.into())).is_some()));
    memory
}

#[test]
fn opening_costs_as_many_steps_as_there_are_contexts() {
    let time = |contexts| {
        let mut memory = crowded(contexts);
        let mut open = || {
            let begun = std::time::Instant::now();
            Engine::open(&mut memory).unwrap();
            begun.elapsed()
        };
        (0..5).map(|_| open()).min().unwrap()
    };
    // Sixteen times the contexts: squares would take 256 times as long.
    let (few, many) = (time(2_000), time(32_000));
    assert!(many < few * 160, "{few:?} and {many:?}");
}

#[test]
fn two_contexts_of_one_name_do_not_open() {
    for contexts in [16, 300] {
        let mut memory = crowded(contexts);
        let (mut at, mut records) = (0, 0);
        for (name, bytes) in Engine::open(&mut memory).unwrap().sections() {
            if name == "contexts" && records == 0 {
                records = at;
            }
            at += bytes;
        }
        let [first, second] = [records, records + 32];
        memory.copy_within(first..first + 16, second);
        assert!(Engine::open(&mut memory).is_err(), "{contexts} contexts");
    }
}
