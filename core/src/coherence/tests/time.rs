//! Whether the engine was told the time before an event makes no difference to what it answers.

use super::*;
use proptest::prelude::*;

const CONTEXTS: [&str; 3] = ["home", "garden", "street"];
/// Room for less than the histories ask for, so that what expires makes room.
const TIGHT: EngineConfig = EngineConfig::new(GridConfig::new(3, 6).radius(0.5))
    .conflicts(4)
    .witnesses(3)
    .contexts(2)
    .budget(30, HOUR as u32 / 16, 10)
    .escalation(HOUR as u32 / 4, 3);

#[derive(Clone, Debug)]
struct Step {
    what: u8,
    author: u8,
    context: usize,
    picks: [prop::sample::Index; 2],
    value: usize,
    lasts: Option<u64>,
    /// Milliseconds since the step before.
    after: u64,
    /// When in between the engine is told the time, in thousandths.
    told: Vec<u64>,
}

fn step() -> impl Strategy<Value = Step> {
    (
        (
            0_u8..10,
            1_u8..5,
            0_usize..3,
            any::<[prop::sample::Index; 2]>(),
        ),
        0_usize..4,
        prop::option::weighted(0.8, 1..HOUR),
        prop_oneof![1 => Just(0), 4 => 1..HOUR / 4, 1 => 1..2 * HOUR],
        prop::collection::vec(0_u64..=1_000, 0..3),
    )
        .prop_map(
            |((what, author, context, picks), value, lasts, after, told)| Step {
                what,
                author,
                context,
                picks,
                value,
                lasts,
                after,
                told,
            },
        )
}

/// A world and the claims and contexts of its history.
struct Life {
    world: World,
    claims: Vec<(EventId, usize)>,
}

impl Life {
    fn new() -> Self {
        let mut world = World::new(TIGHT);
        world.authority("home", 1, &[10]);
        Self {
            world,
            claims: Vec::new(),
        }
    }

    /// What the engine answers to a step.
    fn take(&mut self, step: &Step) -> Result<Option<Applied>, Refusal> {
        let Self { world, claims } = self;
        world.now += step.after;
        let of = |pick: usize| match claims.len() {
            0 => ([0; 32], step.context),
            held => claims[step.picks[pick].index(held)],
        };
        let ((a, of_a), (b, _)) = (of(0), of(1));
        let (context, conflict) = (CONTEXTS[of_a], conflict_id(&a, &b));
        let applied = match step.what {
            0..4 => {
                let (context, value) = (CONTEXTS[step.context], name(step.value));
                let until = step.lasts.map(|lasts| world.now + lasts);
                let vector = [step.value as f32 * 0.3, 0.0, 0.0];
                let kind = says("door", &value, until);
                let (id, applied) =
                    world.send(step.author, context, Embedding::f32(&vector), kind)?;
                claims.push((id, step.context));
                applied
            }
            4 => world.challenge(step.author, context, &[a, b])?,
            5 => world.support(step.author, context, [a, b], 25)?,
            6 => world.resolve(context, conflict, &[a], &[b], &[10])?,
            7 => world.deprecate(step.author, context, a, &[])?,
            8 => world.witness(step.author + 20, context, a, &[30])?,
            _ => return Ok(None),
        };
        Ok(Some(applied))
    }

    /// Content and bytes once the engine was told the time.
    fn outcome(&self) -> (Hash, Hash) {
        let mut world = self.world.copy();
        world.pass(0);
        let engine = world.engine();
        (engine.digest(), engine.image_digest())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// [`World::send`] sees that what is refused leaves every byte of the engine as it was.
    #[test]
    fn being_told_the_time_before_changes_no_answer(steps in prop::collection::vec(step(), 1..60)) {
        let (mut told, mut untold) = (Life::new(), Life::new());
        for step in &steps {
            for thousandths in &step.told {
                let now = told.world.now + step.after * thousandths / 1_000;
                told.world.engine().advance(now);
            }
            prop_assert_eq!(told.take(step), untold.take(step), "{:?}", step);
            prop_assert_eq!(told.outcome(), untold.outcome());
        }
        untold.world.rebuild();
    }
}

#[test]
fn what_has_expired_cannot_be_argued_about_though_no_one_said_so() {
    let mut world = World::new(CONFIG);
    world.authority("home", 1, &[10]);
    let until = world.now + 100;
    let a = world.assert(1, "home", "door", "open").unwrap();
    let b = world
        .assert_until(2, "home", "door", "shut", Some(until))
        .unwrap();
    let conflict = conflict_id(&a, &b);
    let open = world.copy();
    world.now = until;
    // Elsewhere it came in time, so it is taken, and does nothing.
    let idle = |applied: Result<Applied, Refusal>| assert!(applied.unwrap().idle);
    idle(world.support(3, "home", [a, b], 10));
    idle(world.resolve("home", conflict, &[a], &[b], &[10]));
    idle(world.challenge(3, "home", &[a, b]));
    idle(world.witness(3, "home", b, &[]));
    idle(world.deprecate(2, "home", b, &[]));
    assert_eq!(world.level(&a), Some(Quarantine::None));
    assert_eq!(world.engine().tally().resolved, 0);
    world.rebuild();
    let mut world = open;
    world.now = until - 1;
    world.support(3, "home", [a, b], 10).unwrap();
    world.resolve("home", conflict, &[a], &[b], &[10]).unwrap();
}

#[test]
fn what_an_expired_claim_held_is_free_though_no_one_said_so() {
    let config = EngineConfig::new(GridConfig::new(0, 2))
        .contexts(1)
        .conflicts(1)
        .witnesses(1);
    let mut world = World::new(config);
    let until = Some(world.now + 100);
    let a = world
        .assert_until(1, "home", "door", "open", until)
        .unwrap();
    world
        .assert_until(2, "home", "door", "shut", until)
        .unwrap();
    world.witness(3, "home", a, &[]).unwrap();
    let refused = world.assert(3, "garden", "gate", "open");
    assert_eq!(refused, Err(Refusal::ContextsFull));
    let refused = world.assert(3, "home", "gate", "open");
    assert_eq!(refused, Err(Refusal::ClaimsFull));
    world.now += 100;
    let c = world.assert(4, "garden", "gate", "open").unwrap();
    let d = world.assert(5, "garden", "gate", "shut").unwrap();
    assert_eq!(world.status(&c, &d), Some(Status::Detected));
    world.witness(3, "garden", c, &[]).unwrap();
    world.rebuild();
}
