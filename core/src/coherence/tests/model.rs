//! The life of claims and conflicts against a plain model of it: lists that are searched.

use super::*;
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::collections::{BTreeMap, BTreeSet};
use std::vec;

const CONTEXTS: [&str; 2] = ["home", "garden"];
/// Who decides in the first context: two of these. Nobody decides in the second.
const AUTHORITY: [u8; 3] = [10, 11, 12];

#[derive(Clone, Debug)]
pub(super) enum Step {
    Assert {
        author: u8,
        context: usize,
        subject: u8,
        value: u8,
        lasts: Option<u64>,
    },
    Challenge {
        author: u8,
        context: usize,
        pick: [usize; 2],
    },
    Support {
        author: u8,
        pick: usize,
        cost: u32,
    },
    Resolve {
        pick: usize,
        fall: u8,
        signers: Vec<u8>,
        context: usize,
    },
    Deprecate {
        author: u8,
        context: usize,
        pick: usize,
        signers: Vec<u8>,
    },
    Witness {
        author: u8,
        pick: usize,
        path: Vec<u8>,
    },
    Pass {
        milliseconds: u64,
    },
}

#[derive(Clone, Debug)]
struct Claim {
    author: u8,
    context: usize,
    subject: u8,
    value: u8,
    until: Option<u64>,
    in_force: bool,
    witnesses: Vec<(u8, Vec<u8>)>,
}

#[derive(Clone, Debug, PartialEq)]
struct Quarrel {
    status: Status,
    level: Quarantine,
    steps: u8,
    heat: u32,
    due: Option<u64>,
}

/// Claims by number, in the order they were made; conflicts by the numbers of both.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    now: u64,
    claims: Vec<Claim>,
    quarrels: BTreeMap<(usize, usize), Quarrel>,
    /// When each author's budget is full again.
    spent: BTreeMap<u8, u64>,
}

impl Model {
    fn open(&self, pair: (usize, usize)) -> bool {
        self.quarrels.get(&pair).is_some_and(|q| q.status.is_open())
    }

    fn begin(&mut self, pair: (usize, usize), status: Status, level: Quarantine) {
        let due = Some(self.now + HOUR);
        let quarrel = Quarrel {
            status,
            level,
            steps: 0,
            heat: 0,
            due,
        };
        self.quarrels.insert(pair, quarrel);
    }

    fn escalate(quarrel: &mut Quarrel, at: u64) {
        if quarrel.steps == 3 {
            return;
        }
        quarrel.steps += 1;
        quarrel.status = Status::Escalated;
        quarrel.level = quarrel.level.raised();
        quarrel.heat = 0;
        quarrel.due = (quarrel.steps < 3).then_some(at + HOUR);
    }

    fn retire(&mut self, claim: usize) {
        self.claims[claim].in_force = false;
        for ((a, b), quarrel) in &mut self.quarrels {
            if (*a == claim || *b == claim) && quarrel.status.is_open() {
                quarrel.status = Status::Lapsed;
                quarrel.due = None;
            }
        }
    }

    fn pass(&mut self, to: u64) {
        loop {
            let expiring = self.claims.iter().enumerate().filter(|(_, c)| c.in_force);
            let claim = expiring
                .filter_map(|(i, c)| c.until.map(|at| (at, i)))
                .min();
            let quarrel = self
                .quarrels
                .iter()
                .filter_map(|(p, q)| q.due.map(|at| (at, *p)))
                .min();
            match (claim, quarrel) {
                (Some((at, i)), other) if at <= to && other.is_none_or(|(due, _)| at <= due) => {
                    self.retire(i);
                }
                (_, Some((at, pair))) if at <= to => {
                    Self::escalate(self.quarrels.get_mut(&pair).unwrap(), at);
                }
                _ => break,
            }
        }
        self.now = to;
    }

    fn spend(&mut self, author: u8, cost: u32) -> bool {
        const MINUTE: u64 = 60_000;
        let full = self.spent.get(&author).copied().unwrap_or(0).max(self.now);
        let after = full + u64::from(cost) * MINUTE;
        let may = after <= self.now + 100 * MINUTE;
        if may {
            self.spent.insert(author, after);
        }
        may
    }

    /// Independent paths, by trying every set of witnesses' edges: the size of the largest set of
    /// disjoint simple paths through the graph that the witnesses' paths make.
    fn paths(&self, claim: usize) -> u32 {
        let mut edges = BTreeSet::new();
        for (witness, path) in &self.claims[claim].witnesses {
            let mut from = None;
            for &peer in path.iter().chain([witness]) {
                edges.insert((from, Some(peer)));
                from = Some(peer);
            }
            edges.insert((from, None));
        }
        disjoint(&edges, &BTreeSet::new())
    }

    fn level(&self, claim: usize) -> Option<Quarantine> {
        self.claims[claim].in_force.then(|| {
            let mine = self
                .quarrels
                .iter()
                .filter(|((a, b), _)| *a == claim || *b == claim);
            let open = mine.filter(|(_, q)| q.status.is_open());
            let level = open.map(|(_, q)| q.level).max().unwrap_or_default();
            if level == Quarantine::RequiresWitness && self.paths(claim) >= 3 {
                Quarantine::Conservative
            } else {
                level
            }
        })
    }

    /// Whether the step is taken; applies it if so.
    fn take(&mut self, step: &Step) -> bool {
        match step {
            Step::Pass { milliseconds } => {
                self.pass(self.now + milliseconds);
                true
            }
            Step::Assert {
                author,
                context,
                subject,
                value,
                lasts,
            } => {
                let claim = Claim {
                    author: *author,
                    context: *context,
                    subject: *subject,
                    value: *value,
                    until: lasts.map(|l| self.now + l),
                    in_force: true,
                    witnesses: vec![],
                };
                let new = self.claims.len();
                for other in 0..new {
                    let c = &self.claims[other];
                    let about = (c.context, c.subject) == (claim.context, claim.subject);
                    if c.in_force && about && c.value != claim.value {
                        self.begin((other, new), Status::Detected, Quarantine::Conservative);
                    }
                }
                self.claims.push(claim);
                true
            }
            Step::Challenge {
                author,
                context,
                pick,
            } => {
                let [a, b] = *pick;
                let pair = (a.min(b), a.max(b));
                let fits = |i: usize| self.claims[i].in_force && self.claims[i].context == *context;
                let closed = self.quarrels.contains_key(&pair) && !self.open(pair);
                if a == b || !fits(a) || !fits(b) || closed || !self.spend(*author, 10) {
                    return false;
                }
                if !self.open(pair) {
                    self.begin(pair, Status::Detected, Quarantine::Conservative);
                }
                let quarrel = self.quarrels.get_mut(&pair).unwrap();
                quarrel.level = quarrel.level.max(Quarantine::RequiresWitness);
                if quarrel.status == Status::Detected {
                    quarrel.status = Status::Challenged;
                }
                true
            }
            Step::Support { author, pick, cost } => {
                let Some(pair) = self.pair(*pick) else {
                    return false;
                };
                if !self.open(pair) || !self.spend(*author, *cost) {
                    return false;
                }
                let now = self.now;
                let quarrel = self.quarrels.get_mut(&pair).unwrap();
                if matches!(quarrel.status, Status::Detected | Status::Challenged) {
                    quarrel.status = Status::Resolving;
                }
                quarrel.heat = (quarrel.heat + cost * 65_535 / 100).min(65_535);
                if quarrel.heat >= 52_428 {
                    Self::escalate(quarrel, now);
                }
                true
            }
            Step::Resolve {
                pick,
                fall,
                signers,
                context,
            } => {
                let Some((a, b)) = self.pair(*pick) else {
                    return false;
                };
                let decided = *context == 0 && authorised(signers);
                if !self.open((a, b)) || self.claims[a].context != *context || !decided {
                    return false;
                }
                let quarrel = self.quarrels.get_mut(&(a, b)).unwrap();
                quarrel.status = Status::Resolved;
                quarrel.due = None;
                for (side, claim) in [a, b].into_iter().enumerate() {
                    if fall & 1 << side != 0 {
                        self.retire(claim);
                    }
                }
                true
            }
            Step::Deprecate {
                author,
                context,
                pick,
                signers,
            } => {
                let Some(claim) = self.claims.get(*pick) else {
                    return false;
                };
                let decided = claim.author == *author || (*context == 0 && authorised(signers));
                if !claim.in_force || claim.context != *context || !decided {
                    return false;
                }
                self.retire(*pick);
                true
            }
            Step::Witness { author, pick, path } => {
                let Some(claim) = self.claims.get_mut(*pick) else {
                    return false;
                };
                let mut peers: Vec<u8> = path.clone();
                peers.push(*author);
                let loops = peers.iter().collect::<BTreeSet<_>>().len() < peers.len();
                let again = claim.witnesses.iter().any(|(w, _)| w == author);
                if !claim.in_force || loops || again || peers.contains(&claim.author) {
                    return false;
                }
                claim.witnesses.push((*author, path.clone()));
                true
            }
        }
    }

    fn pair(&self, pick: usize) -> Option<(usize, usize)> {
        self.quarrels
            .keys()
            .nth(pick % self.quarrels.len().max(1))
            .copied()
    }
}

fn authorised(signers: &[u8]) -> bool {
    AUTHORITY.iter().filter(|k| signers.contains(k)).count() >= 2
}

type Edges = BTreeSet<(Option<u8>, Option<u8>)>;

/// The most paths from source to sink that share no peer, by trying them all.
fn disjoint(edges: &Edges, used: &BTreeSet<u8>) -> u32 {
    fn walk(edges: &Edges, used: &BTreeSet<u8>, at: Option<u8>, path: &mut Vec<u8>) -> u32 {
        let mut best = 0;
        for &(_, to) in edges.iter().filter(|(from, _)| *from == at) {
            match to {
                None if at.is_some() => {
                    let mut used = used.clone();
                    used.extend(path.iter());
                    best = best.max(1 + disjoint(edges, &used));
                }
                Some(peer) if !used.contains(&peer) && !path.contains(&peer) => {
                    path.push(peer);
                    best = best.max(walk(edges, used, Some(peer), path));
                    path.pop();
                }
                _ => {}
            }
        }
        best
    }
    walk(edges, used, None, &mut vec![])
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self {
            now: 1_000_000,
            ..Self::default()
        })
        .boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Step> {
        let author = 1_u8..5;
        let claim = 0..state.claims.len().max(1);
        let signers = proptest::collection::vec(9_u8..13, 0..4);
        let lasts = proptest::option::of(1..3 * HOUR);
        let assert = (author.clone(), 0_usize..2, 0_u8..3, 0_u8..3, lasts).prop_map(
            |(author, context, subject, value, lasts)| Step::Assert {
                author,
                context,
                subject,
                value,
                lasts,
            },
        );
        let pass = prop_oneof![Just(1), Just(HOUR), 1..HOUR, Just(10 * HOUR)]
            .prop_map(|milliseconds| Step::Pass { milliseconds });
        if state.claims.len() < 2 {
            return prop_oneof![4 => assert, 1 => pass].boxed();
        }
        let challenge = (author.clone(), 0_usize..2, [claim.clone(), claim.clone()]).prop_map(
            |(author, context, pick)| Step::Challenge {
                author,
                context,
                pick,
            },
        );
        let support = (author.clone(), 0_usize..50, 0_u32..60)
            .prop_map(|(author, pick, cost)| Step::Support { author, pick, cost });
        let resolve = (0_usize..50, 0_u8..4, signers.clone(), 0_usize..2).prop_map(
            |(pick, fall, signers, context)| Step::Resolve {
                pick,
                fall,
                signers,
                context,
            },
        );
        let deprecate = (author, 0_usize..2, claim.clone(), signers).prop_map(
            |(author, context, pick, signers)| Step::Deprecate {
                author,
                context,
                pick,
                signers,
            },
        );
        let witness = (20_u8..26, claim, proptest::collection::vec(20_u8..29, 0..3))
            .prop_map(|(author, pick, path)| Step::Witness { author, pick, path });
        if state.claims.len() >= 14 {
            return prop_oneof![challenge, support, resolve, deprecate, witness, pass].boxed();
        }
        prop_oneof![
            4 => assert,
            2 => challenge,
            2 => support,
            2 => resolve,
            1 => deprecate,
            3 => witness,
            2 => pass,
        ]
        .boxed()
    }

    fn preconditions(state: &Self, step: &Step) -> bool {
        let known = |i: &usize| *i < state.claims.len();
        match step {
            Step::Challenge { pick, .. } => pick.iter().all(known),
            Step::Deprecate { pick, .. } | Step::Witness { pick, .. } => known(pick),
            _ => true,
        }
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        state.take(step);
        state
    }
}

struct Real {
    world: World,
    /// The model before the last step, to know what was picked and whether it should be taken.
    model: Model,
    ids: Vec<EventId>,
}

impl Real {
    fn conflict(&self, (a, b): (usize, usize)) -> Hash {
        conflict_id(&self.ids[a], &self.ids[b])
    }

    fn step(&mut self, step: &Step) -> bool {
        let nowhere = (0, 0);
        match step {
            Step::Pass { milliseconds } => {
                self.world.pass(*milliseconds);
                true
            }
            Step::Assert {
                author,
                context,
                subject,
                value,
                lasts,
            } => {
                // Each claim its own event, even where it says the same.
                let until = lasts.map(|l| self.world.now + l);
                self.world.nonce += 1;
                let (subject, value) = (name((*subject).into()), name((*value).into()));
                let context = CONTEXTS[*context];
                let made = self
                    .world
                    .assert_until(*author, context, &subject, &value, until);
                self.ids.push(made.unwrap());
                true
            }
            Step::Challenge {
                author,
                context,
                pick: [a, b],
            } => {
                let claims = [self.ids[*a], self.ids[*b]];
                // An event of its own, even where one of the same time says the same.
                self.world.nonce += 1;
                self.world
                    .challenge(*author, CONTEXTS[*context], &claims)
                    .is_ok()
            }
            Step::Support { author, pick, cost } => {
                let Some(pair) = self.model.pair(*pick) else {
                    return false;
                };
                let context = CONTEXTS[self.model.claims[pair.0].context];
                let conflict = self.conflict(pair);
                let claim = self.ids[pair.1];
                self.world.nonce += 1;
                self.world
                    .support(*author, context, conflict, claim, *cost)
                    .is_ok()
            }
            Step::Resolve {
                pick,
                fall,
                signers,
                context,
            } => {
                let pair = self.model.pair(*pick).unwrap_or(nowhere);
                if pair == nowhere {
                    return false;
                }
                let conflict = self.conflict(pair);
                let (mut accepted, mut deprecated) = (vec![], vec![]);
                for (side, claim) in [pair.0, pair.1].into_iter().enumerate() {
                    let list = if fall & 1 << side == 0 {
                        &mut accepted
                    } else {
                        &mut deprecated
                    };
                    list.push(self.ids[claim]);
                }
                let context = CONTEXTS[*context];
                let resolved =
                    self.world
                        .resolve(context, conflict, &accepted, &deprecated, signers);
                resolved.is_ok()
            }
            Step::Deprecate {
                author,
                context,
                pick,
                signers,
            } => {
                let id = self.ids[*pick];
                self.world
                    .deprecate(*author, CONTEXTS[*context], id, signers)
                    .is_ok()
            }
            Step::Witness { author, pick, path } => {
                let context = CONTEXTS[self.model.claims[*pick].context];
                self.world
                    .witness(*author, context, self.ids[*pick], path)
                    .is_ok()
            }
        }
    }
}

impl StateMachineTest for Real {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(model: &Model) -> Self {
        let mut world = World::new(EngineConfig::new(GridConfig::new(3, 64)).conflicts(256));
        world.authority("home", 2, &AUTHORITY);
        world.now = model.now;
        Self {
            world,
            model: model.clone(),
            ids: vec![],
        }
    }

    fn apply(mut real: Self, model: &Model, step: Step) -> Self {
        let expected = real.model.clone().take(&step);
        assert_eq!(real.step(&step), expected, "{step:?}");
        real.model = model.clone();
        real
    }

    fn check_invariants(real: &Self, model: &Model) {
        let mut real = Self {
            world: real.world.copy(),
            model: model.clone(),
            ids: real.ids.clone(),
        };
        for (i, id) in real.ids.clone().iter().enumerate() {
            assert_eq!(real.world.level(id), model.level(i), "claim {i}");
            let paths = real.world.engine().claim(id).map(|c| c.paths);
            assert_eq!(paths, model.claims[i].in_force.then(|| model.paths(i)));
        }
        let mut open = 0;
        for (pair, quarrel) in &model.quarrels {
            let id = real.conflict(*pair);
            let found = real.world.engine().conflict(&id).unwrap();
            let found = Quarrel {
                status: found.status,
                level: found.quarantine,
                steps: found.steps,
                heat: found.temperature.into(),
                due: found.escalates_at,
            };
            assert_eq!(&found, quarrel, "conflict {pair:?}");
            open += usize::from(quarrel.status.is_open());
        }
        let engine = real.world.engine();
        assert_eq!(engine.conflicts().count(), model.quarrels.len());
        assert_eq!(
            engine.conflicts().filter(|c| c.status.is_open()).count(),
            open
        );
        assert!(engine.is_complete());
    }

    fn teardown(mut real: Self, _: Model) {
        real.world.rebuild();
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_lives_as_the_model_does(sequential 1..40 => Real);
}
