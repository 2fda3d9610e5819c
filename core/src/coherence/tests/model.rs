//! The life of claims and conflicts against a plain model, in every order of arrival: the model looks
//! at all events at once, however they came.

use super::*;
use std::vec;

const SUBJECTS: usize = 2;
const AUTHORS: usize = 4;
/// When all events are taken.
const NOW: u64 = 2_000_000;
const CONFIG: EngineConfig = EngineConfig::new(GridConfig::new(0, 64))
    .escalation(60_000, 3)
    .budget(1_000, 1_000, 10)
    .members(8)
    .open();

/// Numbers that follow from a seed (splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % most as u64) as usize
    }
}

#[derive(Clone, Debug)]
enum Says {
    Claim {
        subject: usize,
        value: usize,
        expires: Option<u64>,
    },
    /// Of two events before.
    Challenge([usize; 2]),
    Support([usize; 2], u32),
    Witness(usize),
    TakeBack(usize),
}

#[derive(Clone, Debug)]
struct Said {
    author: usize,
    at: u64,
    says: Says,
}

/// A history: events, each after those that it names, and after its author's.
fn history(draw: &mut Draw, length: usize) -> Vec<Said> {
    let mut all: Vec<Said> = Vec::new();
    let mut at = NOW - 400_000;
    while all.len() < length {
        at += 1 + draw.below(20_000) as u64;
        let author = draw.below(AUTHORS);
        let claims: Vec<usize> = (0..all.len())
            .filter(|&i| matches!(all[i].says, Says::Claim { .. }))
            .collect();
        let of = |i: usize| match all[i].says {
            Says::Claim { subject, value, .. } => (subject, value),
            _ => unreachable!(),
        };
        let pick = |draw: &mut Draw| claims[draw.below(claims.len())];
        let says = match draw.below(10) {
            _ if claims.len() < 3 => None,
            0 | 1 => {
                let pair = [pick(draw), pick(draw)];
                let (a, b) = (of(pair[0]), of(pair[1]));
                // Others are refused whenever they come.
                (a.0 == b.0 && a.1 != b.1).then_some(Says::Challenge(pair))
            }
            2 | 3 => {
                let pair = [pick(draw), pick(draw)];
                let (a, b) = (of(pair[0]), of(pair[1]));
                let cost = draw.below(60) as u32;
                (a.0 == b.0 && a.1 != b.1).then_some(Says::Support(pair, cost))
            }
            4 => {
                let claim = pick(draw);
                (all[claim].author != author).then_some(Says::Witness(claim))
            }
            5 => {
                let claim = pick(draw);
                (all[claim].author == author).then_some(Says::TakeBack(claim))
            }
            _ => None,
        };
        let says = says.unwrap_or_else(|| Says::Claim {
            subject: draw.below(SUBJECTS),
            value: draw.below(3),
            expires: (draw.below(4) == 0).then(|| at + 1 + draw.below(600_000) as u64),
        });
        all.push(Said { author, at, says });
    }
    all
}

/// An order in which each event follows those that it needs.
fn order(draw: &mut Draw, all: &[Said]) -> Vec<usize> {
    let mut done = vec![false; all.len()];
    let mut order = Vec::new();
    while order.len() < all.len() {
        let ready: Vec<usize> = (0..all.len())
            .filter(|&i| !done[i])
            .filter(|&i| (0..i).all(|j| done[j] || all[j].author != all[i].author))
            .filter(|&i| match &all[i].says {
                Says::Claim { .. } => true,
                Says::Challenge(pair) | Says::Support(pair, _) => pair.iter().all(|&j| done[j]),
                Says::Witness(claim) | Says::TakeBack(claim) => done[*claim],
            })
            .collect();
        let next = ready[draw.below(ready.len())];
        done[next] = true;
        order.push(next);
    }
    order
}

/// What a word has been, the latest value first: the value, none where it is one of several, since
/// when, and the claim.
#[derive(Clone, Debug, Default)]
struct Word {
    values: Vec<(Option<usize>, u64)>,
    claim: Option<usize>,
    expires: Option<u64>,
}

/// The words in force of each author and subject.
fn words(all: &[Said]) -> Vec<Word> {
    let mut words = vec![Word::default(); AUTHORS * SUBJECTS];
    for (i, said) in all.iter().enumerate() {
        match said.says {
            Says::Claim {
                subject,
                value,
                expires,
            } => {
                let word = &mut words[said.author * SUBJECTS + subject];
                if word.expires.is_some_and(|due| due <= said.at) {
                    *word = Word::default();
                }
                if expires.is_some_and(|due| due <= NOW) {
                    *word = Word::default();
                    continue;
                }
                if word.values.first().map(|first| first.0) != Some(Some(value)) {
                    word.values.insert(0, (Some(value), said.at));
                }
                if let [_, _, newer, older] = &mut word.values[..] {
                    *newer = (None, older.1);
                    word.values.pop();
                }
                (word.claim, word.expires) = (Some(i), expires);
            }
            Says::TakeBack(claim) => {
                if let Some(word) = words.iter_mut().find(|word| word.claim == Some(claim)) {
                    *word = Word::default();
                }
            }
            _ => {}
        }
    }
    words
}

/// Since when two words have differed without a break, if they do.
fn since(a: &Word, b: &Word) -> Option<u64> {
    let value = |word: &Word, at: u64| {
        let held = word.values.iter().find(|(_, from)| *from <= at)?;
        Some((held.0, held.1))
    };
    let mut since = None;
    let mut at = u64::MAX;
    while let (Some(a), Some(b)) = (value(a, at), value(b, at)) {
        if matches!((a.0, b.0), (Some(a), Some(b)) if a == b) {
            break;
        }
        since = Some(a.1.max(b.1));
        at = a.1.max(b.1) - 1;
    }
    since
}

/// A conflict: the claims, since when, whether it was challenged, what was spent on it.
type Quarrel = ([EventId; 2], u64, bool, u32);

fn expected(all: &[Said], ids: &[EventId]) -> (Vec<EventId>, Vec<Quarrel>, Vec<(EventId, u32)>) {
    let words = words(all);
    let mut claims: Vec<EventId> = words.iter().filter_map(|w| Some(ids[w.claim?])).collect();
    let mut quarrels = Vec::new();
    let of = |i: usize| match all[i].says {
        Says::Claim { subject, .. } => all[i].author * SUBJECTS + subject,
        _ => unreachable!(),
    };
    for a in 0..words.len() {
        for b in 0..a {
            let (Some(x), Some(y)) = (words[a].claim, words[b].claim) else {
                continue;
            };
            let Some(since) = since(&words[a], &words[b]).filter(|_| a % SUBJECTS == b % SUBJECTS)
            else {
                continue;
            };
            let both = |pair: &[usize; 2]| {
                let both = [of(pair[0]), of(pair[1])];
                both == [a, b] || both == [b, a]
            };
            let start = |i: usize| words[of(i)].values.last().map_or(u64::MAX, |first| first.1);
            let protested = |pair: &[usize; 2]| {
                both(pair)
                    && pair.iter().all(|&i| all[i].at >= start(i))
                    && since <= all[pair[0]].at.max(all[pair[1]].at)
            };
            let backed = |pair: &[usize; 2]| {
                let same = |&i: &usize| match all[i].says {
                    Says::Claim { value, .. } => words[of(i)]
                        .values
                        .first()
                        .is_some_and(|held| held.0 == Some(value) && all[i].at >= held.1),
                    _ => false,
                };
                both(pair) && pair.iter().all(same)
            };
            let (mut challenged, mut spent) = (false, 0);
            for said in all {
                match &said.says {
                    Says::Challenge(pair) => challenged |= protested(pair),
                    Says::Support(pair, cost) if backed(pair) => spent += cost,
                    _ => {}
                }
            }
            let mut pair = [ids[x], ids[y]];
            pair.sort_unstable();
            quarrels.push((pair, since, challenged, spent));
        }
    }
    let mut witnessed = Vec::new();
    for word in &words {
        let Some(claim) = word.claim else { continue };
        let mut who: Vec<usize> = (0..all.len())
            .filter(|&i| matches!(all[i].says, Says::Witness(of) if of == claim))
            .map(|i| all[i].author)
            .collect();
        who.sort_unstable();
        who.dedup();
        witnessed.push((ids[claim], who.len() as u32));
    }
    claims.sort_unstable();
    quarrels.sort_unstable();
    witnessed.sort_unstable();
    (claims, quarrels, witnessed)
}

/// The bytes of all events.
fn written(all: &[Said]) -> (Vec<Vec<u8>>, Vec<EventId>) {
    let (mut bytes, mut ids) = (Vec::new(), Vec::<EventId>::new());
    let mut next = [1; AUTHORS];
    for said in all {
        let (subject, value);
        let pair;
        let kind = match &said.says {
            Says::Claim {
                subject: of,
                value: is,
                expires,
            } => {
                (subject, value) = (name(*of), name(*is));
                says(&subject, &value, *expires)
            }
            Says::Challenge(of) => {
                pair = of.map(|i| ids[i]);
                EventKind::Challenge(Challenge {
                    conflict: conflict_id(&pair[0], &pair[1]),
                    claims: &pair,
                    reason: "no",
                })
            }
            Says::Support(of, cost) => EventKind::Support(Support {
                conflict: conflict_id(&ids[of[0]], &ids[of[1]]),
                claim: ids[of[0]],
                against: ids[of[1]],
                evidence: &[],
                cost: *cost,
            }),
            Says::Witness(of) => EventKind::Witness(Witness {
                claim: ids[*of],
                path: &[],
                confidence: CERTAIN,
            }),
            Says::TakeBack(of) => EventKind::Deprecate(Deprecate {
                claim: ids[*of],
                resolution: None,
                superseded_by: None,
                reason: "no",
                signatures: &[],
            }),
        };
        let event = Event {
            realm: [0; 32],
            author: [said.author as u8 + 1; 32],
            seq: next[said.author],
            at: said.at,
            context: "home",
            embedding: Embedding::None,
            kind,
        };
        next[said.author] += 1;
        let mut out = [0; 512];
        let written = event.unsigned(&mut out).unwrap();
        bytes.push(written.bytes().to_vec());
        ids.push(*written.id());
    }
    (bytes, ids)
}

/// Those of a history's events that were taken.
struct Taken<'h> {
    bytes: &'h [Vec<u8>],
    ids: &'h [EventId],
    done: Vec<bool>,
}

impl History for Taken<'_> {
    fn contains(&self, id: &EventId) -> bool {
        self.ids
            .iter()
            .zip(&self.done)
            .any(|(other, &done)| done && other == id)
    }

    fn event(&self, id: &EventId) -> Option<SignedEvent<'_>> {
        let at = self.ids.iter().position(|other| other == id)?;
        self.done[at].then(|| decoded(&self.bytes[at]))
    }
}

fn check(seed: u64) {
    let mut draw = Draw(seed);
    let length = 6 + draw.below(30);
    let all = history(&mut draw, length);
    let (bytes, ids) = written(&all);
    let mut digest = None;
    for _ in 0..2 {
        let mut memory = Memory::zeroed(CONFIG.bytes());
        let mut engine = Engine::format(&mut memory, CONFIG).unwrap();
        let mut taken = Taken {
            bytes: &bytes,
            ids: &ids,
            done: vec![false; all.len()],
        };
        for (index, i) in (0..).zip(order(&mut draw, &all)) {
            let signed = decoded(&bytes[i]);
            let checked = engine.check(signed.id(), signed.event(), NOW, &Ed25519, &taken);
            checked
                .unwrap_or_else(|refusal| panic!("seed {seed}, event {i}: {refusal}"))
                .apply(index);
            taken.done[i] = true;
        }
        let mut found: Vec<Quarrel> = engine
            .conflicts()
            .filter(|c| c.status.is_open())
            .map(|c| (c.claims, c.since, c.challenged, c.support))
            .collect();
        let mut claims: Vec<EventId> = engine.claims().map(|claim| claim.id).collect();
        let mut witnessed: Vec<(EventId, u32)> = engine
            .claims()
            .map(|claim| (claim.id, claim.paths))
            .collect();
        claims.sort_unstable();
        found.sort_unstable();
        witnessed.sort_unstable();
        let (all_claims, quarrels, witnesses) = expected(&all, &ids);
        assert_eq!(claims, all_claims, "seed {seed}: {all:#?}");
        assert_eq!(found, quarrels, "seed {seed}: {all:#?}");
        assert_eq!(witnessed, witnesses, "seed {seed}");
        assert!(engine.is_complete());
        let found = engine.digest();
        assert_eq!(*digest.get_or_insert(found), found, "seed {seed}");
        assert!(Engine::open(&mut memory).is_ok(), "seed {seed}");
    }
}

#[test]
fn the_same_events_in_any_order_make_the_state_of_the_model() {
    (0..1_000).for_each(check);
}

/// Half an hour without optimisation, minutes with: `cargo test --release -p sensilla --lib -- --ignored`.
#[test]
#[ignore = "a million orders take minutes"]
fn a_million_orders_make_the_state_of_the_model() {
    (0..500_000).for_each(check);
}
