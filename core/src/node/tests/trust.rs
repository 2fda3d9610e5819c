//! What a history takes from whom, and what it makes of what it has forgotten.

use crate::block::Memory;
use crate::coherence::{AuthorityError, Quarantine, Refusal, Status, conflict_id, realm_id};
use crate::log::kind::{Act, Assert, CERTAIN, Challenge, Deprecate, Roots, Support};
use crate::log::sign::{Domain, endorse};
use crate::log::{
    Author, Ed25519, EventId, EventKind, IngestError as LogError, Overflow, Policy, Signer,
};
use crate::log::{PublicKey, Signature, Verifier};
use crate::node::{History, HistoryConfig, IngestError, Ingested};
use ed25519_dalek::SigningKey;
use std::cell::Cell;
use std::vec::Vec;

const T: u64 = 1_700_000_000_000;
const ROOT: u8 = 90;

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn public(number: u8) -> PublicKey {
    key(number).public_key()
}

fn says<'a>(subject: &'a str, value: &'a str) -> EventKind<'a> {
    EventKind::Assert(Assert {
        subject,
        predicate: "state",
        value,
        evidence: &[],
        confidence: CERTAIN,
        expires: None,
        supersedes: None,
    })
}

/// A history of a realm with one root, and the events that it was given.
struct World {
    memory: Memory,
    given: Vec<Vec<u8>>,
}

impl World {
    fn new(config: HistoryConfig) -> Self {
        let roots = [public(ROOT)];
        let config = HistoryConfig {
            realm: realm_id("home", 1, &roots),
            ..config
        };
        let mut memory = Memory::zeroed(config.bytes());
        let mut history = History::format(&mut memory, config).unwrap();
        let refused = history.found("garden", 1, &roots);
        assert_eq!(refused, Err(AuthorityError::OtherRealm));
        history.found("home", 1, &roots).unwrap();
        let refused = history.found("home", 1, &roots);
        assert_eq!(refused, Err(AuthorityError::Founded));
        Self {
            memory,
            given: Vec::new(),
        }
    }

    fn history(&mut self) -> History<'_> {
        History::open(&mut self.memory).unwrap()
    }

    fn sign(&mut self, author: u8, at: u64, context: &str, kind: EventKind<'_>) -> Vec<u8> {
        let history = self.history();
        let mut speaker = Author::new(key(author), history.log().realm());
        let member = history.engine().member(&public(author));
        speaker.next = member.map_or(1, |member| member.next);
        let mut out = [0; 2048];
        let event = speaker.event(context, at, kind);
        speaker.say(&event, &mut out).unwrap().bytes().to_vec()
    }

    fn give(&mut self, bytes: &[u8], now: u64) -> Result<Ingested, IngestError> {
        let taken = self.history().ingest(bytes, &Policy::new(), &Ed25519, now);
        if taken.is_ok() {
            self.given.push(bytes.to_vec());
        }
        taken
    }

    fn send(&mut self, author: u8, at: u64, kind: EventKind<'_>) -> Result<Ingested, IngestError> {
        let bytes = self.sign(author, at, "home", kind);
        self.give(&bytes, at)
    }

    fn decide(&mut self, at: u64, act: Act<'_>) -> Result<Ingested, IngestError> {
        let decision = Roots {
            number: self.history().engine().next_decision(),
            act,
            signatures: &[],
        };
        let realm = self.history().log().realm();
        let signatures = [decision.endorse(&realm, "home", &key(ROOT)).unwrap()];
        self.send(ROOT, at, EventKind::Roots(decision.endorsed(&signatures)))
    }

    fn admit(&mut self, number: u8) {
        let act = Act::Admit {
            key: public(number),
            name: "",
            from: 1,
        };
        self.decide(T, act).unwrap();
    }

    fn in_force(&mut self, id: &EventId) -> bool {
        self.history().engine().claim(id).is_some()
    }
}

const EVICTING: HistoryConfig = HistoryConfig {
    authors: 8,
    overflow: Overflow::EvictOldest,
    ..HistoryConfig::new(32, 16 * 1024)
};
const NOISE: EventKind<'_> = EventKind::Unknown {
    tag: 900,
    body: &[],
};

#[test]
fn what_was_taken_down_does_not_return_when_the_log_has_forgotten_it() {
    let mut world = World::new(EVICTING);
    (1..3).for_each(|member| world.admit(member));
    let keys = [public(10)];
    let appoint = Act::Appoint {
        threshold: 1,
        keys: &keys,
    };
    world.decide(T, appoint).unwrap();
    let evil = world.sign(1, T, "home", says("door", "open"));
    let bad = world.give(&evil, T).unwrap().id;
    let bare = Deprecate {
        claim: bad,
        resolution: None,
        superseded_by: None,
        reason: "",
        signatures: &[],
    };
    let signed = [endorse(&key(10), Domain::Deprecation, &bare.digest("home")).unwrap()];
    let down = EventKind::Deprecate(Deprecate {
        signatures: &signed,
        ..bare
    });
    world.send(2, T + 1, down).unwrap();
    assert!(!world.in_force(&bad));
    let known = world.give(&evil, T + 2).unwrap_err();
    assert!(matches!(
        known,
        IngestError::Log(LogError::Duplicate { .. }) | IngestError::Refused(Refusal::Duplicate)
    ));
    for i in 0..64 {
        world.send(2, T + 2 + i, NOISE).unwrap();
    }
    assert!(world.history().log().find(&bad).is_none());
    let returned = world.give(&evil, T + 100).unwrap_err();
    assert_eq!(
        returned,
        IngestError::Refused(Refusal::Evicted { expected: 2 })
    );
    assert!(!world.in_force(&bad));
    // Whom the roots have admitted is remembered, though the log has forgotten that too.
    world.send(1, T + 100, says("window", "open")).unwrap();
}

#[test]
fn old_support_spends_nobodys_budget_again() {
    let mut world = World::new(EVICTING);
    (1..5).for_each(|member| world.admit(member));
    let a = world.send(1, T, says("door", "open")).unwrap().id;
    let b = world.send(2, T, says("door", "shut")).unwrap().id;
    let support = EventKind::Support(Support {
        conflict: conflict_id(&a, &b),
        claim: a,
        against: b,
        evidence: &[],
        cost: 95,
    });
    let old = world.sign(3, T, "home", support);
    world.give(&old, T).unwrap();
    let later = T + 24 * 3_600_000;
    for i in 0..64 {
        world.send(4, later + i, NOISE).unwrap();
    }
    assert!(world.give(&old, later + 100).is_err());
    let c = world.send(1, later + 100, says("gate", "open")).unwrap().id;
    let d = world.send(2, later + 100, says("gate", "shut")).unwrap().id;
    let claims = [c, d];
    let challenge = EventKind::Challenge(Challenge {
        conflict: conflict_id(&c, &d),
        claims: &claims,
        reason: "",
    });
    world.send(3, later + 100, challenge).unwrap();
}

#[test]
fn an_event_after_a_gap_names_what_is_missing() {
    let mut world = World::new(HistoryConfig::new(32, 16 * 1024));
    world.admit(1);
    let first = world.sign(1, T, "home", says("door", "open"));
    world.give(&first, T).unwrap();
    let mut elsewhere = World::new(HistoryConfig::new(32, 16 * 1024));
    elsewhere.admit(1);
    let second = world.sign(1, T, "home", says("door", "shut"));
    let refused = elsewhere.give(&second, T).unwrap_err();
    assert_eq!(refused, IngestError::Refused(Refusal::Gap { expected: 1 }));
    elsewhere.give(&first, T).unwrap();
    elsewhere.give(&second, T).unwrap();
    world.give(&second, T).unwrap();
    let digest = world.history().engine().digest();
    assert_eq!(elsewhere.history().engine().digest(), digest);
}

/// Counts signatures that it is asked about.
struct Counting(Cell<u32>);

impl Verifier for Counting {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        self.0.set(self.0.get() + 1);
        Ed25519.verify(key, message, signature)
    }
}

#[test]
fn a_stranger_costs_no_signature_and_a_member_no_second_one() {
    let mut world = World::new(HistoryConfig::new(32, 16 * 1024));
    world.admit(1);
    let counting = Counting(Cell::new(0));
    let stranger = world.sign(66, T, "home", says("door", "open"));
    let member = world.sign(1, T, "home", says("door", "open"));
    let mut history = world.history();
    let mut give = |bytes: &[u8]| history.ingest(bytes, &Policy::new(), &counting, T);
    let refused = give(&stranger).unwrap_err();
    assert_eq!(refused, IngestError::Refused(Refusal::NotAMember));
    assert_eq!(counting.0.get(), 0);
    give(&member).unwrap();
    assert_eq!(counting.0.get(), 1);
    give(&member).unwrap_err();
    assert_eq!(counting.0.get(), 1, "a duplicate is known by its id");
    assert_eq!(history.engine().refusals(Refusal::NotAMember), 1);
}

#[test]
fn nothing_is_dated_beyond_the_clock_whoever_says_it() {
    let mut world = World::new(HistoryConfig::new(32, 16 * 1024));
    world.admit(1);
    for at in [T + 60_001, 4_102_444_800_000, T * 1_000, u64::MAX] {
        for policy in [Policy::new(), Policy::trusted()] {
            let bytes = world.sign(1, at, "home", says("door", "open"));
            let refused = world
                .history()
                .ingest(&bytes, &policy, &Ed25519, T)
                .unwrap_err();
            let early = LogError::TooEarly { at, now: T };
            assert_eq!(refused, IngestError::Log(early));
        }
    }
    assert_eq!(world.history().engine().now(), T);
    let bytes = world.sign(1, T + 60_000, "home", says("door", "open"));
    world.give(&bytes, T).unwrap();
    assert_eq!(
        world.history().engine().now(),
        T,
        "the clock's, not the event's"
    );
}

#[test]
fn a_deadline_follows_from_what_was_said_and_not_from_when_it_came() {
    let levels = [T, T + 3 * 3_600_000].map(|now| {
        let mut world = World::new(HistoryConfig::new(32, 16 * 1024));
        (1..3).for_each(|member| world.admit(member));
        let (open, shut) = (says("door", "open"), says("door", "shut"));
        let a = world.sign(1, T, "home", open);
        let b = world.sign(2, T, "home", shut);
        let a = world.give(&a, now).unwrap().id;
        world.give(&b, now).unwrap();
        let mut history = world.history();
        history.advance(T + 3 * 3_600_000);
        let level = history.engine().quarantine(&a);
        (level, history.engine().digest())
    });
    assert_eq!(levels[0].0, Some(Quarantine::Blocked));
    assert_eq!(levels[0], levels[1]);
}

#[test]
fn a_node_that_forgot_says_so_until_it_is_made_anew() {
    let config = HistoryConfig {
        claims: 16,
        ..EVICTING
    };
    let mut world = World::new(config);
    (1..3).for_each(|member| world.admit(member));
    let a = world.send(1, T, says("door", "open")).unwrap().id;
    assert!(world.history().engine().is_complete());
    for i in 0..20 {
        world.send(2, T + i, says("door", "shut")).unwrap();
    }
    for i in 0..24 {
        world.send(2, T + 20 + i, says("window", "open")).unwrap();
    }
    // The claim outlives its event in the engine.
    assert!(world.history().log().find(&a).is_none());
    assert!(world.in_force(&a));
    assert!(!world.history().engine().is_complete());
    let members: Vec<_> = world.history().engine().members().map(|m| m.next).collect();
    let mut history = world.history();
    history.rebuild();
    assert!(history.engine().is_complete());
    assert!(history.engine().claim(&a).is_none());
    assert_eq!(history.engine().len(), 2);
    let digest = history.engine().digest();
    history.rebuild();
    assert_eq!(history.engine().digest(), digest);
    let after = history.engine().members().map(|m| m.next);
    assert!(after.eq(members));
    history.seal();
    world.send(1, T + 100, says("door", "open")).unwrap();
}

#[test]
fn a_rebuild_of_a_whole_log_changes_nothing() {
    let mut world = World::new(HistoryConfig::new(64, 32 * 1024));
    (1..5).for_each(|member| world.admit(member));
    let keys = [public(10)];
    let appoint = Act::Appoint {
        threshold: 1,
        keys: &keys,
    };
    world.decide(T, appoint).unwrap();
    let mut claims = Vec::new();
    for (i, (author, subject, value)) in [
        (1, "door", "open"),
        (2, "door", "shut"),
        (1, "gate", "open"),
        (3, "gate", "shut"),
        (1, "door", "ajar"),
        (4, "gate", "gone"),
    ]
    .into_iter()
    .enumerate()
    {
        let at = T + i as u64 * 1_000;
        claims.push(world.send(author, at, says(subject, value)).unwrap().id);
    }
    let pair = [claims[0], claims[1]];
    let challenge = EventKind::Challenge(Challenge {
        conflict: conflict_id(&pair[0], &pair[1]),
        claims: &pair,
        reason: "",
    });
    world.send(4, T + 10_000, challenge).unwrap();
    let back = EventKind::Deprecate(Deprecate {
        claim: claims[5],
        resolution: None,
        superseded_by: None,
        reason: "",
        signatures: &[],
    });
    world.send(4, T + 11_000, back).unwrap();
    let mut history = world.history();
    let engine = history.engine();
    let now = conflict_id(&claims[4], &claims[1]);
    let quarrel = engine.conflict(&now).unwrap();
    assert_eq!(
        (quarrel.status, quarrel.since),
        (Status::Challenged, T + 1_000)
    );
    let digest = engine.digest();
    history.rebuild();
    assert_eq!(history.engine().digest(), digest);
    assert!(history.engine().is_complete());
}

#[test]
fn a_checkpoint_names_the_realm() {
    let mut world = World::new(HistoryConfig::new(32, 16 * 1024));
    let mut out = [0; 1024];
    let realm = world.history().log().realm();
    let mut history = world.history();
    let note = history
        .checkpoint("node.example", &key(1), &mut out)
        .unwrap();
    let origin = note.lines().next().unwrap();
    let named = realm.iter().map(|byte| std::format!("{byte:02x}"));
    let named: std::string::String = named.collect();
    assert_eq!(origin, std::format!("node.example/{named}"));
}

#[test]
fn a_second_signature_of_an_event_is_no_second_event() {
    let mut world = World::new(HistoryConfig::new(32, 16 * 1024));
    world.admit(1);
    let bytes = world.sign(1, T, "home", says("door", "open"));
    world.give(&bytes, T).unwrap();
    let mut other = bytes.clone();
    let last = other.len() - 1;
    other[last] ^= 1;
    let known = world.give(&other, T).unwrap_err();
    assert!(matches!(
        known,
        IngestError::Log(LogError::Duplicate { .. }) | IngestError::Refused(Refusal::Duplicate)
    ));
}
