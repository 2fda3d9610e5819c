//! Makes a node again out of what is left of a damaged store.
//!
//! What each part needs is checked by that part alone: events by their hashes and signatures, one by
//! one, what was learned by the whole of its half of the node. Claims, conflicts and their state
//! follow from the events.

use std::ops::Range;

use sensilla::block::Memory;
use sensilla::log::{Ed25519, Policy, SignedEvent, event::Realm};
use sensilla::node::{OwnedNode, OwnedPerception};

use crate::Error;
use crate::home::{Home, PROFILE};
use crate::keys::{self, Keyring};
use crate::profile::Profile;
use crate::seen::{self, Seen};
use crate::store::repair::Rest;

/// A node out of what was left, and what is lost, in words.
#[derive(Debug)]
pub struct Salvaged {
    /// The node.
    pub home: Home,
    /// What is lost.
    pub lost: Vec<String>,
}

/// An event as it lies in the bytes of a log.
struct Found<'a> {
    accepted: u64,
    bytes: &'a [u8],
}

/// Makes a node out of `rest`.
pub fn salvage(mut rest: Rest) -> Result<Salvaged, Error> {
    let mut lost = std::mem::take(&mut rest.lost);
    let profile = match block(&rest, PROFILE).and_then(|b| serde_json::from_slice(b).ok()) {
        Some(profile) => profile,
        None => {
            lost.push("the profile: names of sources and channels, authorities, tolerances".into());
            Profile::default()
        }
    };
    let keys = match block(&rest, keys::BLOCK).and_then(|block| Keyring::from_block(block)) {
        Some(keys) => keys,
        None => {
            lost.push("the secret of the keys: sources sign with new ones from now on".into());
            Keyring::new()?
        }
    };
    let seen = block(&rest, seen::BLOCK).and_then(|block| Seen::from_block(block));
    if seen.is_none() && rest.blocks.contains_key(seen::BLOCK) {
        lost.push("which examples were learned: they can be learned again".into());
    }
    let name = profile.node.clone();
    let Some(image) = rest.blocks.remove(&name) else {
        lost.push(format!("the node `{name}`: all patterns and all events"));
        let home = Home::with_keys(profile, keys)?;
        return Ok(Salvaged { home, lost });
    };
    let is_whole = !rest.holes.contains_key(&name);
    let mut home = match OwnedNode::open(&image) {
        Ok(node) if is_whole => Home::of(profile, keys, node),
        _ => rebuild(profile, keys, &image, &rest, &mut lost)?,
    };
    home.seen = seen.unwrap_or_default();
    for (name, block) in rest.blocks {
        let is_ours = name == PROFILE || name == keys::BLOCK || name == seen::BLOCK;
        match rest.holes.contains_key(&name) {
            _ if is_ours => {}
            true => lost.push(format!("the block `{name}`")),
            false => home.keep(name, block),
        }
    }
    Ok(Salvaged { home, lost })
}

/// A block without a hole.
fn block<'r>(rest: &'r Rest, name: &str) -> Option<&'r Memory> {
    rest.blocks
        .get(name)
        .filter(|_| !rest.holes.contains_key(name))
}

/// A node that takes the events that are left in `image`, and what it has learned if that is whole.
fn rebuild(
    profile: Profile,
    keys: Keyring,
    image: &[u8],
    rest: &Rest,
    lost: &mut Vec<String>,
) -> Result<Home, Error> {
    let name = profile.node.clone();
    let mut home = Home::with_keys(profile, keys)?;
    if home.bytes() != image.len() {
        lost.push(format!(
            "the node `{name}`: all patterns and all events, as its profile says of another length"
        ));
        return Ok(home);
    }
    let sections = Sections::of(&home);
    let (mut events, mut gone) = (Vec::new(), 0);
    for slot in sections.slots(image) {
        match slot {
            Some(found) => events.push(found),
            None => gone += 1,
        }
    }
    // The order in which they were taken, as slots go round.
    events.sort_by_key(|found| found.accepted);
    let taken = events.len();
    let mut refused = 0;
    home.change(|node| {
        let policy = Policy::trusted();
        for found in &events {
            let history = node.history_mut();
            let result = history.ingest(found.bytes, &policy, &Ed25519, found.accepted);
            refused += u64::from(result.is_err());
        }
    });
    if gone > 0 {
        lost.push(format!("{gone} of {} events", taken as u64 + gone));
    }
    if refused > 0 {
        lost.push(format!("{refused} events that rest on those"));
    }
    let half = sections.perception;
    let learned = image.get(half.clone()).unwrap_or_default();
    let is_sound = !rest.has_hole(&name, &half) && OwnedPerception::open(learned).is_ok();
    let has_shape = home.profile.shape.is_some();
    match is_sound {
        true => home.take_learned(learned)?,
        false if has_shape => {
            lost.push("all patterns: what was learned must be learned again".into())
        }
        false => {}
    }
    Ok(home)
}

/// Where in a node's bytes what lies.
struct Sections {
    perception: Range<usize>,
    entries: Range<usize>,
    times: Range<usize>,
    bodies: Range<usize>,
    /// The realm that the log's events are of.
    realm: Realm,
}

impl Sections {
    fn of(home: &Home) -> Self {
        let mut at = 0;
        let mut sections = Self {
            perception: 0..0,
            entries: 0..0,
            times: 0..0,
            bodies: 0..0,
            realm: home.node().history().log().realm(),
        };
        for (part, section, bytes) in home.node().sections() {
            let range = at..at + bytes;
            match (part, section) {
                ("perception", "header") => sections.perception.start = at,
                ("history", "header") => sections.perception.end = at,
                ("log", "log entries") => sections.entries = range,
                ("log", "log times") => sections.times = range,
                ("log", "log bodies") => sections.bodies = range,
                _ => {}
            }
            at += bytes;
        }
        sections
    }

    /// What each slot of the log that is in use leads to: an event that is what it was when it was
    /// signed, or nothing.
    fn slots<'i>(&self, image: &'i [u8]) -> impl Iterator<Item = Option<Found<'i>>> {
        let of = |range: &Range<usize>| image.get(range.clone()).unwrap_or_default();
        let (entries, times, bodies) = (of(&self.entries), of(&self.times), of(&self.bodies));
        let slots = entries
            .as_chunks::<32>()
            .0
            .iter()
            .zip(times.as_chunks::<8>().0);
        let used = slots.filter(|(entry, _)| **entry != [0; 32]);
        used.map(|(entry, time)| {
            let offset = u32::from_le_bytes(*entry.first_chunk::<4>()?) as usize;
            let length = u16::from_le_bytes([entry[4], entry[5]]) as usize;
            let bytes = bodies.get(offset..offset + length)?;
            let event = SignedEvent::decode(bytes, &self.realm).ok()?;
            // The slot holds the front of the id.
            let same = entry[8..20] == event.id()[..12];
            let signed = event.signature().is_none() || event.verify(&Ed25519).is_ok();
            (same && signed).then_some(Found {
                accepted: u64::from_le_bytes(*time),
                bytes,
            })
        })
    }
}

/// How much of a node is there.
#[derive(Debug, PartialEq, Eq)]
pub struct Kept {
    /// Events.
    pub events: u64,
    /// Patterns.
    pub patterns: usize,
}

impl Kept {
    /// What is in a node.
    pub fn of(home: &Home) -> Self {
        let node = home.node();
        Self {
            events: node.history().log().len(),
            patterns: node.perception().bank().len(),
        }
    }
}
