//! What an engine takes follows from what it may hold.

use super::*;

fn bytes(config: EngineConfig, part: &str) -> usize {
    let mut memory = Memory::zeroed(config.bytes());
    let engine = Engine::format(&mut memory, config).unwrap();
    let of_part = engine.sections().filter(|(name, _)| name.starts_with(part));
    of_part.map(|(_, bytes)| bytes).sum()
}

#[test]
fn an_engine_of_sixteen_claims_takes_eight_kilobytes() {
    let config = EngineConfig::new(GridConfig::new(0, 16));
    assert_eq!(config.bytes(), 8_192);
    let parts = [
        ("header", 128),
        ("state", 128),
        ("grid", 896),
        ("claims", 2_432),
        ("conflicts", 2_624),
        ("contexts", 512),
        ("budgets", 320),
        ("witnesses", 384),
        ("equivocations", 768),
        ("checkpoints", 0),
    ];
    for (part, expected) in parts {
        assert_eq!(bytes(config, part), expected, "{part}");
    }
    assert_eq!(parts.map(|(_, bytes)| bytes).iter().sum::<usize>(), 8_192);
}

#[test]
fn an_engine_without_claims_is_a_header_and_counters_and_says_what_it_lacks() {
    for dimensions in [0, 3, 2_048] {
        let config = EngineConfig::new(GridConfig::new(dimensions, 0));
        assert_eq!(config.bytes(), 256);
        let mut world = World::new(config);
        let refused = world.assert(1, "home", "door", "open");
        assert_eq!(refused, Err(Refusal::NoClaims));
        assert_eq!(
            world.challenge(1, "home", &[[1; 32], [2; 32]]),
            Err(Refusal::UnknownClaim)
        );
        assert_eq!(
            world.engine().register_authority("home", 1, &[public(1)]),
            Err(AuthorityError::TooManyKeys { limit: 0 })
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
        (config.budgets(512), "budgets"),
        (config.witnesses(512), "witnesses"),
        (config.recent(512), "equivocations"),
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
    let nothing = config.budgets(0).witnesses(0).recent(0).proofs(0).keys(0);
    for part in ["budgets", "witnesses", "equivocations"] {
        assert_eq!(bytes(nothing, part), 0, "{part}");
    }
    // Vectors of no components take no memory.
    let vectors = EngineConfig::new(GridConfig::new(3, 64));
    assert_eq!(
        bytes(vectors, "contexts") - bytes(config, "contexts"),
        2_048
    );
}

#[test]
fn what_is_not_kept_is_refused_and_nothing_breaks() {
    let config = EngineConfig::new(GridConfig::new(0, 8))
        .budgets(0)
        .witnesses(0)
        .recent(0)
        .proofs(0)
        .keys(1);
    let mut world = World::new(config);
    let a = world.assert(1, "home", "door", "open").unwrap();
    let b = world.assert(2, "home", "door", "shut").unwrap();
    let retry_after = u64::MAX - world.now;
    let full = Err(Refusal::BudgetsFull { retry_after });
    assert_eq!(world.challenge(3, "home", &[a, b]), full);
    let refused = world.witness(3, "home", a, &[]);
    assert_eq!(refused, Err(Refusal::WitnessesFull));
    let mut engine = world.engine();
    let keys = [public(1), public(2)];
    let refused = engine.register_authority("home", 1, &keys);
    assert_eq!(refused, Err(AuthorityError::TooManyKeys { limit: 1 }));
    engine.register_authority("home", 1, &keys[..1]).unwrap();
    // A fork is neither seen nor kept.
    world.assert(1, "home", "gate", "open").unwrap();
    assert_eq!(world.engine().equivocated(), 0);
    let counted = World::new(EngineConfig::new(GridConfig::new(0, 8)).proofs(0));
    let mut counted = counted;
    counted.assert(1, "home", "door", "open").unwrap();
    counted.assert(1, "home", "gate", "open").unwrap();
    assert_eq!(counted.engine().equivocated(), 1);
    assert_eq!(counted.engine().equivocations().count(), 0);
}

/// An engine in which so many contexts have an authority, and whether names beside them find room.
fn crowded(contexts: u16) -> Memory {
    let config = EngineConfig::new(GridConfig::new(0, 16)).contexts(contexts);
    let mut memory = Memory::zeroed(config.bytes());
    let mut engine = Engine::format(&mut memory, config).unwrap();
    for number in 0..contexts {
        let name = name(number.into());
        engine.register_authority(&name, 1, &[[7; 32]]).unwrap();
    }
    let one_more = engine.register_authority("one more", 1, &[[7; 32]]);
    assert_eq!(one_more, Err(AuthorityError::ContextsFull));
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
    assert!(many < few * 80, "{few:?} and {many:?}");
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
