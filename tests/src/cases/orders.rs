//! The same events in a thousand orders: the coherence engine is the same after each.

use crate::transcript::Transcript;
use crate::{Hex, Report, draw::Draw};
use sensilla::Hash;
use sensilla::coherence::{Engine, EngineConfig, History, conflict_id};
use sensilla::grid::GridConfig;
use sensilla::log::kind::{Assert, Challenge, Deprecate, Support, Witness};
use sensilla::log::sign::Ed25519;
use sensilla::log::{Embedding, Event, EventId, EventKind, PublicKey, SignedEvent};

const CONFIG: EngineConfig = EngineConfig::new(GridConfig::new(0, 16))
    .members(8)
    .escalation(20_000, 3)
    .budget(1_000, 1_000, 10)
    .open();
const HISTORIES: usize = 20;
const ORDERS: usize = 50;
const EVENTS: usize = 14;
const AUTHORS: u32 = 4;
/// Most bytes of one of these events.
const LENGTH: usize = 256;
const NOW: u64 = 100_000;

/// The bytes of events, their ids, and which of them each needs before it.
struct Story {
    bytes: [[u8; LENGTH]; EVENTS],
    lengths: [usize; EVENTS],
    ids: [EventId; EVENTS],
    needs: [u16; EVENTS],
}

/// Those of a story's events that were taken.
struct Taken<'s> {
    story: &'s Story,
    done: u16,
}

impl Story {
    fn event(&self, at: usize) -> SignedEvent<'_> {
        SignedEvent::decode(&self.bytes[at][..self.lengths[at]], &[0; 32]).unwrap()
    }

    fn place(&self, id: &EventId) -> Option<usize> {
        self.ids.iter().position(|other| other == id)
    }
}

impl History for Taken<'_> {
    fn contains(&self, id: &EventId) -> bool {
        self.event(id).is_some()
    }

    fn event(&self, id: &EventId) -> Option<SignedEvent<'_>> {
        let at = self.story.place(id)?;
        (self.done >> at & 1 == 1).then(|| self.story.event(at))
    }

    fn said(&self, _: &PublicKey, _: u32) -> Option<(u64, EventId)> {
        None
    }
}

/// A story: claims about a door and a lamp, and what others say to them.
fn story(draw: &mut Draw) -> Story {
    let mut story = Story {
        bytes: [[0; LENGTH]; EVENTS],
        lengths: [0; EVENTS],
        ids: [[0; 32]; EVENTS],
        needs: [0; EVENTS],
    };
    // Author, subject and value of each claim.
    let mut said = [None::<(u32, usize, usize)>; EVENTS];
    let mut counts = [0; AUTHORS as usize];
    for at in 0..EVENTS {
        let author = draw.below(AUTHORS);
        let pick = |draw: &mut Draw| draw.below(at.max(1) as u32) as usize;
        let (a, b) = (pick(draw), pick(draw));
        let contrary = match (said[a], said[b]) {
            (Some(x), Some(y)) => x.1 == y.1 && x.2 != y.2,
            _ => false,
        };
        let pair = [story.ids[a], story.ids[b]];
        let both: u16 = 1 << a | 1 << b;
        let (kind, needs) = match (draw.below(8), said[a]) {
            (0 | 1, _) if contrary => (
                EventKind::Challenge(Challenge {
                    conflict: conflict_id(&pair[0], &pair[1]),
                    claims: &pair,
                    reason: "no",
                }),
                both,
            ),
            (2 | 3, _) if contrary => (
                EventKind::Support(Support {
                    conflict: conflict_id(&pair[0], &pair[1]),
                    claim: pair[0],
                    against: pair[1],
                    evidence: &[],
                    cost: draw.below(60),
                }),
                both,
            ),
            (4, Some((by, ..))) if by != author => (
                EventKind::Witness(Witness {
                    claim: pair[0],
                    path: &[],
                    confidence: 50_000,
                }),
                1 << a,
            ),
            (4, Some(_)) => (
                EventKind::Deprecate(Deprecate {
                    claim: pair[0],
                    resolution: None,
                    superseded_by: None,
                    reason: "no longer",
                    signatures: &[],
                }),
                1 << a,
            ),
            _ => {
                let (subject, value) = (draw.below(2) as usize, draw.below(3) as usize);
                said[at] = Some((author, subject, value));
                let assert = Assert {
                    subject: ["door", "lamp"][subject],
                    predicate: "state",
                    value: ["on", "off", "broken"][value],
                    evidence: &[],
                    confidence: 60_000,
                    expires: None,
                    supersedes: None,
                };
                (EventKind::Assert(assert), 0)
            }
        };
        counts[author as usize] += 1;
        let event = Event {
            realm: [0; 32],
            author: [author as u8 + 1; 32],
            seq: counts[author as usize],
            at: 1_000 * (1 + at as u64),
            context: "house",
            embedding: Embedding::None,
            kind,
        };
        let mut out = [0; LENGTH];
        let written = event.unsigned(&mut out).unwrap();
        let length = written.bytes().len();
        story.ids[at] = *written.id();
        story.bytes[at][..length].copy_from_slice(&out[..length]);
        story.lengths[at] = length;
        let before = (0..at).filter(|&i| story.event(i).event().author == event.author);
        story.needs[at] = before.fold(needs, |needs, i| needs | 1 << i);
    }
    story
}

/// The digest of an engine that took a story in an order that was drawn.
fn digest(room: &mut [u8], story: &Story, draw: &mut Draw) -> Hash {
    let mut engine = Engine::format(room, CONFIG).unwrap();
    let mut taken = Taken { story, done: 0 };
    for index in 0..EVENTS as u64 {
        let ready = |&at: &usize| taken.done >> at & 1 == 0 && story.needs[at] & !taken.done == 0;
        let skipped = draw.below((0..EVENTS).filter(ready).count() as u32) as usize;
        let at = (0..EVENTS).filter(ready).nth(skipped).unwrap();
        let signed = story.event(at);
        let checked = engine.check(signed.id(), signed.event(), NOW, &Ed25519, &taken);
        checked.unwrap().apply(index);
        taken.done |= 1 << at;
    }
    assert!(engine.is_complete());
    engine.digest()
}

/// Twenty stories, each in fifty orders.
pub fn thousand(room: &mut [u8], report: &mut dyn Report) {
    let mut draw = Draw::new(17);
    let mut digests = Transcript::new();
    for _ in 0..HISTORIES {
        let story = story(&mut draw);
        let first = digest(room, &story, &mut draw);
        for _ in 1..ORDERS {
            assert_eq!(digest(room, &story, &mut draw), first);
        }
        digests.bytes(&first);
    }
    report.line("coherence/orders", &Hex(&digests.finish()));
}
