//! Takes what a file claims into a node: signs for the sources that have no key, keeps what is
//! known already from being said twice, resolves on an authority's word.
//!
//! The time of the node is the latest time of an event, so the same files in the same order leave
//! the same node; it never goes beyond the [clock](clock::Clock), and what is dated more than a minute
//! ahead of that is refused, whoever says it.

pub mod clock;
mod taker;

use std::collections::HashSet;

use sensilla::log::SignedEvent;

use crate::Error;
use crate::home::Home;
use crate::profile::Room;
use crate::progress::Progress;
use crate::read::InputError;
use crate::read::claims::{ClaimLine, Said};
use clock::Clock;
use taker::{Stop, Taker};

/// Most events a node of this host keeps.
const MAX_EVENTS: u32 = 1 << 22;
/// Most authors, and most contexts.
const MAX_NAMES: u16 = u16::MAX - 1;
/// Bytes of an event besides its texts and its embedding, at most.
const FRAME: usize = 320;

/// What became of a file of claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Events that are new in the log.
    pub appended: u64,
    /// Those that it held already.
    pub known: u64,
    /// Claims that had expired by the time of the log.
    pub expired: u64,
    /// Conflicts found.
    pub found: u64,
    /// Conflicts resolved.
    pub resolved: u64,
    /// Claims that were not compared with all they might contradict.
    pub truncated: u64,
    /// Contradictions that were found and had no room in the table of conflicts.
    pub unrecorded: u64,
    /// Claims that were within the tolerance of another and took its value.
    pub adopted: u64,
    /// Lines that were refused, where the others are kept.
    pub refused: u64,
    /// Events about something that was over when they came: taken, without effect.
    pub idle: u64,
}

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its number.
    pub line: u64,
    /// What it changed.
    pub change: Batch,
    /// Why it was refused, if it was.
    pub refused: Option<String>,
}

/// Whether one bad line keeps the others out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taking {
    /// All lines or none.
    #[default]
    Whole,
    /// Each line by itself.
    EachLine,
}

impl Batch {
    /// What changed since it was `before`.
    fn since(&self, before: &Self) -> Self {
        Self {
            appended: self.appended - before.appended,
            known: self.known - before.known,
            expired: self.expired - before.expired,
            found: self.found - before.found,
            resolved: self.resolved - before.resolved,
            truncated: self.truncated - before.truncated,
            unrecorded: self.unrecorded - before.unrecorded,
            adopted: self.adopted - before.adopted,
            refused: self.refused - before.refused,
            idle: self.idle - before.idle,
        }
    }

    /// Adds what another changed.
    pub fn add(&mut self, more: &Self) {
        self.appended += more.appended;
        self.known += more.known;
        self.expired += more.expired;
        self.found += more.found;
        self.resolved += more.resolved;
        self.truncated += more.truncated;
        self.unrecorded += more.unrecorded;
        self.adopted += more.adopted;
        self.refused += more.refused;
        self.idle += more.idle;
    }
}

/// A node that takes claims.
#[derive(Debug)]
pub struct Gateway {
    home: Home,
    file: String,
    taker: Taker,
    /// Whether the taker knows what the log holds.
    knows: bool,
    taking: Taking,
    clock: Clock,
    decides: bool,
    outcomes: Vec<Outcome>,
}

impl Gateway {
    /// A gateway to the node of `home` for the file of this name.
    pub fn new(home: Home, file: &str) -> Self {
        Self {
            home,
            file: file.into(),
            taker: Taker::new(),
            knows: false,
            taking: Taking::Whole,
            clock: Clock::Machine,
            decides: false,
            outcomes: Vec::new(),
        }
    }

    /// Takes each line by itself from now on.
    pub fn each_line(mut self) -> Self {
        self.taking = Taking::EachLine;
        self
    }

    /// Takes the time from `clock`.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Lets lines decide, by the keys of this node's authorities.
    pub fn decides(mut self, decides: bool) -> Self {
        self.decides = decides;
        self
    }

    /// The node, between two calls.
    pub fn home_mut(&mut self) -> &mut Home {
        &mut self.home
    }

    /// What became of each line since the last call, where each is taken by itself.
    pub fn take_outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    /// The node with what it took.
    pub fn into_home(self) -> Home {
        self.home
    }

    /// Takes all of `lines`, or stops at the first that must not be.
    pub fn take(&mut self, lines: &[ClaimLine]) -> Result<Batch, Error> {
        self.make_room(lines)?;
        let mut progress = Progress::new("ingesting", Some(lines.len() as u64));
        let mut batch = Batch::default();
        let mut rest = lines;
        loop {
            let Some(lack) = self.take_until_full(&mut rest, &mut batch, &mut progress)? else {
                return Ok(batch);
            };
            let room = self.home.profile.room;
            if lack == Lack::Events && room.events >= MAX_EVENTS {
                return Err(Error::Failed(format!(
                    "the store's log is full: it holds at most {MAX_EVENTS} events"
                )));
            }
            self.knows = false;
            // Names are one thing and events another: what lacks is what grows.
            self.home.grow(match lack {
                Lack::Events => Room {
                    events: room.events.saturating_mul(2).min(MAX_EVENTS),
                    bytes: room.bytes.saturating_mul(2).min(u32::MAX / 2),
                    ..room
                },
                Lack::Authors => Room {
                    authors: room.authors.saturating_mul(2).min(MAX_NAMES),
                    ..room
                },
                Lack::Contexts => Room {
                    contexts: room.contexts.saturating_mul(2).min(MAX_NAMES),
                    ..room
                },
            })?;
        }
    }

    /// Makes the node as large as `lines` need.
    fn make_room(&mut self, lines: &[ClaimLine]) -> Result<(), Error> {
        let mut bytes = 0usize;
        let mut authors = HashSet::new();
        let mut contexts = HashSet::new();
        for line in lines {
            match &line.said {
                Said::Claim(claim) => {
                    bytes += FRAME
                        + claim.context.len()
                        + claim.subject.len()
                        + claim.predicate.len()
                        + claim.value.len()
                        + claim.evidence.len() * 32
                        + claim.embedding.len() * 4;
                    authors.insert(claim.author.as_str());
                    contexts.insert(claim.context.as_str());
                }
                Said::Resolve(resolve) => {
                    bytes += FRAME * 2 + resolve.rationale.len();
                    authors.insert(resolve.author.as_str());
                }
                Said::Event(event) => bytes += event.len(),
            }
        }
        let size = self.home.node().history().log().size();
        let room = self.home.profile.room;
        let fit = |needed: usize, has: u32, most: u32| {
            let needed = u32::try_from(needed).unwrap_or(most);
            if needed <= has {
                has
            } else {
                needed.saturating_add(needed / 4).min(most)
            }
        };
        let used = usize::try_from(size).unwrap_or(usize::MAX);
        let per_event = room.bytes as usize / room.events.max(1) as usize;
        let fitted = Room {
            events: fit(
                used.saturating_add(lines.len() + lines.len() / 4 + 2 * authors.len()),
                room.events,
                MAX_EVENTS,
            ),
            bytes: fit(
                used.saturating_mul(per_event.max(FRAME))
                    .saturating_add(bytes),
                room.bytes,
                u32::MAX / 2,
            ),
            authors: fit(authors.len() + 24, room.authors.into(), MAX_NAMES.into()) as u16,
            contexts: fit(contexts.len() + 4, room.contexts.into(), MAX_NAMES.into()) as u16,
            // What an embedding is was said when the store was made, and no line says otherwise.
            dimensions: room.dimensions,
        };
        if fitted != room {
            self.knows = false;
            self.home.grow(fitted)?;
        }
        Ok(())
    }

    /// Takes lines off `rest` until none is left or the node lacks room for something.
    fn take_until_full(
        &mut self,
        rest: &mut &[ClaimLine],
        batch: &mut Batch,
        progress: &mut Progress,
    ) -> Result<Option<Lack>, Error> {
        let keys = self.home.keys.clone();
        let room = self.home.profile.room;
        if !self.knows {
            self.taker.recollect(self.home.node(), &self.home.profile);
            self.knows = true;
        }
        let mut profile = std::mem::take(&mut self.home.profile);
        let (taker, taking) = (&mut self.taker, self.taking);
        taker.clock = self.clock.now();
        taker.decides = self.decides;
        let (file, outcomes) = (&self.file, &mut self.outcomes);
        let full = self.home.change(|node| {
            while let Some((line, after)) = rest.split_first() {
                let before = *batch;
                let mut refused = None;
                let taken = match fits(&line.said, room.dimensions) {
                    Ok(()) => taker.take(node, &keys, &mut profile, &line.said, batch),
                    Err(reason) => Err(Stop::Bad(reason)),
                };
                match taken {
                    Ok(()) => {}
                    Err(Stop::Full(lack)) => match lack.is_for_good(&room) {
                        None => return Ok(Some(lack)),
                        Some(reason) if taking == Taking::EachLine => {
                            batch.refused += 1;
                            refused = Some(reason);
                        }
                        Some(reason) => {
                            return Err(Error::Input(InputError {
                                file: file.clone(),
                                line: Some(line.line),
                                reason,
                            }));
                        }
                    },
                    Err(Stop::Bad(reason)) if taking == Taking::EachLine => {
                        batch.refused += 1;
                        refused = Some(reason);
                    }
                    Err(Stop::Bad(reason)) => {
                        return Err(Error::Input(InputError {
                            file: file.clone(),
                            line: Some(line.line),
                            reason,
                        }));
                    }
                }
                if taking == Taking::EachLine {
                    outcomes.push(Outcome {
                        line: line.line,
                        change: batch.since(&before),
                        refused,
                    });
                }
                *rest = after;
                progress.step(1);
            }
            Ok(None)
        });
        self.home.profile = profile;
        full
    }
}

/// What a node lacks room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    Events,
    Authors,
    Contexts,
}

impl Lack {
    /// Why there can be no more, if there cannot.
    fn is_for_good(self, room: &Room) -> Option<String> {
        let (has, what) = match self {
            Self::Events => return None,
            Self::Authors => (room.authors, "authors"),
            Self::Contexts => (room.contexts, "contexts"),
        };
        (has >= MAX_NAMES).then(|| {
            format!("the store holds {MAX_NAMES} {what}, and no more are possible; those it has may go on")
        })
    }
}

/// Whether what a line says has an embedding of the store's length, or none.
fn fits(said: &Said, dimensions: u32) -> Result<(), String> {
    let found = match said {
        Said::Claim(claim) => claim.embedding.len(),
        // Of which realm it is does not matter to its length.
        Said::Event(event) => {
            SignedEvent::decode(event, &[0; 32]).map_or(0, |e| e.event().embedding.len())
        }
        Said::Resolve(_) => 0,
    };
    match dimensions {
        _ if found == 0 || found == dimensions as usize => Ok(()),
        0 => Err(format!(
            "the embedding has {found} components, and this store takes none; a new store takes them \
             with --embedding {found}"
        )),
        _ => Err(format!(
            "the embedding has {found} components, this store takes {dimensions}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_ran_out_are_told_and_events_make_room() {
        let full = Room {
            authors: MAX_NAMES,
            contexts: MAX_NAMES,
            ..Room::default()
        };
        for (lack, what) in [(Lack::Authors, "authors"), (Lack::Contexts, "contexts")] {
            assert_eq!(lack.is_for_good(&Room::default()), None);
            let reason = lack.is_for_good(&full).unwrap();
            assert!(
                reason.contains("65534") && reason.contains(what),
                "{reason}"
            );
        }
        assert_eq!(Lack::Events.is_for_good(&full), None);
    }

    #[test]
    fn an_embedding_is_of_the_stores_length_or_there_is_none() {
        let claim = |components: usize| {
            let line = format!(
                r#"{{"author":"a","at":1,"context":"c","subject":"s","predicate":"p","value":"v","embedding":{:?}}}"#,
                vec![1.5; components]
            );
            let source = crate::read::Source::new("c", std::io::Cursor::new(line.into_bytes()));
            let mut lines = crate::read::claims::ClaimReader::new(source);
            lines.next().unwrap().unwrap().said
        };
        assert_eq!(fits(&claim(0), 0), Ok(()));
        assert_eq!(fits(&claim(0), 5), Ok(()));
        assert_eq!(fits(&claim(5), 5), Ok(()));
        assert!(fits(&claim(5), 0).unwrap_err().contains("--embedding 5"));
        assert!(fits(&claim(5), 6).unwrap_err().contains("takes 6"));
    }
}
