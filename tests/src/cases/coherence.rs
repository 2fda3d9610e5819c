//! The coherence engine: what every event is answered, what time does, and the bytes it leaves.

use crate::transcript::Transcript;
use crate::{Hex, Report, draw::Draw};
use ed25519_dalek::SigningKey;
use sensilla::coherence::{Applied, Conflict, Engine, EngineConfig, Refusal};
use sensilla::grid::GridConfig;
use sensilla::log::kind::{Act, Assert, Challenge, Resolution, Roots, Support, Witness};
use sensilla::log::sign::Ed25519;
use sensilla::log::{Embedding, Event, EventId, EventKind, PublicKey, Signer};

const CONFIG: EngineConfig = EngineConfig::new(GridConfig::new(4, 64).candidates(16))
    .contexts(4)
    .members(8)
    .open()
    .escalation(20_000, 2);
const CONTEXTS: [&str; 2] = ["guarded", "open"];
const SUBJECTS: [&str; 3] = ["door", "lamp", "a name of more than fifteen bytes"];
const EVENTS: usize = 240;

struct World<'m> {
    engine: Engine<'m>,
    draw: Draw,
    answers: Transcript,
    taken: [EventId; EVENTS + 1],
    size: usize,
    now: u64,
}

/// Events of a neighbourhood that quarrels: claims, and what is said about open conflicts.
pub fn conflicts(room: &mut [u8], report: &mut dyn Report) {
    let authority = SigningKey::from_bytes(&[9; 32]);
    let mut engine = Engine::format(room, CONFIG).unwrap();
    engine.found(1, &[authority.public_key()]).unwrap();
    let mut world = World {
        engine,
        draw: Draw::new(5),
        answers: Transcript::new(),
        taken: [[0; 32]; EVENTS + 1],
        size: 0,
        now: 0,
    };
    world.appoint(&authority);
    for i in 0..EVENTS {
        world.now += 1_000;
        let skipped = world.draw.below(4) as usize;
        let open = world
            .engine
            .conflicts()
            .filter(|conflict| conflict.status.is_open())
            .nth(skipped);
        match open {
            Some(conflict) if i % 2 == 1 => world.dispute(&conflict, &authority),
            _ => world.claim(i),
        }
    }
    world.now += 100_000;
    let advanced = world.engine.advance(world.now);
    world.answers.shown(&advanced);
    for conflict in world.engine.conflicts() {
        world.answers.shown(&conflict);
    }
    let tally = world.engine.tally();
    assert!(tally.found > 0 && tally.resolved > 0 && tally.lapsed > 0);
    report.line(
        "coherence/tally",
        &format_args!(
            "{} found, {} resolved, {} lapsed",
            tally.found, tally.resolved, tally.lapsed
        ),
    );
    report.line("coherence/answers", &Hex(&world.answers.finish()));
    report.line("coherence/image", &Hex(&world.engine.seal()));
}

impl World<'_> {
    /// The root makes itself the authority of the first context.
    fn appoint(&mut self, root: &SigningKey) {
        let keys = [root.public_key()];
        let decision = Roots {
            number: 1,
            act: Act::Appoint {
                threshold: 1,
                keys: &keys,
            },
            signatures: &[],
        };
        let signatures = [decision.endorse(&[0; 32], CONTEXTS[0], root).unwrap()];
        let kind = EventKind::Roots(decision.endorsed(&signatures));
        self.send_as(keys[0], CONTEXTS[0], Embedding::None, kind);
    }

    fn claim(&mut self, i: usize) {
        let draw = &mut self.draw;
        let embedding = core::array::from_fn::<_, 4, _>(|_| draw.signed());
        let kind = EventKind::Assert(Assert {
            subject: SUBJECTS[draw.below(3) as usize],
            predicate: "state",
            value: ["on", "off"][draw.below(2) as usize],
            evidence: &[],
            confidence: 40_000 + draw.below(25_000) as u16,
            expires: i.is_multiple_of(6).then_some(self.now + 40_000),
            supersedes: None,
        });
        let context = CONTEXTS[draw.below(2) as usize];
        self.send(context, Embedding::f32(&embedding), kind);
    }

    fn dispute(&mut self, conflict: &Conflict, authority: &SigningKey) {
        let [first, second] = conflict.claims;
        let context = CONTEXTS[self.draw.below(2) as usize];
        let path = [
            [self.draw.below(4) as u8; 32],
            [self.draw.below(4) as u8; 32],
        ];
        let cost = self.draw.below(60);
        match self.draw.below(6) {
            0 => self.send(
                context,
                Embedding::None,
                EventKind::Challenge(Challenge {
                    conflict: conflict.id,
                    claims: &conflict.claims,
                    reason: "no",
                }),
            ),
            1 => self.send(
                context,
                Embedding::None,
                EventKind::Support(Support {
                    conflict: conflict.id,
                    claim: first,
                    against: second,
                    evidence: &path,
                    cost,
                }),
            ),
            2 => self.send(
                context,
                Embedding::None,
                EventKind::Witness(Witness {
                    claim: second,
                    path: &path,
                    confidence: 60_000,
                }),
            ),
            _ => {
                let decided = Resolution {
                    conflict: conflict.id,
                    accepted: &[first],
                    deprecated: &[second],
                    rationale: "seen",
                    signatures: &[],
                };
                let signatures = [decided.endorse(context, authority).unwrap()];
                self.send(
                    context,
                    Embedding::None,
                    EventKind::Resolution(decided.endorsed(&signatures)),
                );
            }
        }
    }

    fn send(&mut self, context: &str, embedding: Embedding<'_>, kind: EventKind<'_>) {
        let author = [self.draw.below(5) as u8; 32];
        self.send_as(author, context, embedding, kind);
    }

    fn send_as(
        &mut self,
        author: PublicKey,
        context: &str,
        embedding: Embedding<'_>,
        kind: EventKind<'_>,
    ) {
        let mut out = [0; 1024];
        let event = Event {
            realm: [0; 32],
            author,
            seq: self.engine.next(&author).unwrap_or(1),
            at: self.now,
            context,
            embedding,
            kind,
        };
        let id = *event.unsigned(&mut out).unwrap().id();
        let taken = &self.taken[..self.size];
        let known = |id: &EventId| taken.contains(id);
        let checked = self.engine.check(&id, &event, self.now, &Ed25519, &known);
        match checked {
            Ok(checked) => {
                self.answers.answer(&Ok::<(), Refusal>(()));
                let applied = checked.apply(self.size as u64);
                self.answers.answer(&Ok::<Applied, Refusal>(applied));
                self.taken[self.size] = id;
                self.size += 1;
            }
            Err(refusal) => self.answers.answer(&Err::<(), _>(refusal)),
        }
        self.answers.shown(&self.engine.quarantine(&id));
    }
}
