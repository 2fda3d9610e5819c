//! A node with everything this host keeps of it: its block, its profile, its secret.
//!
//! Commands work on a copy in memory; what they change reaches the store in one save, or not at
//! all.

use sensilla::bank::{BankConfig, Element, Layout};
use sensilla::block::{BlockError, Memory, OwnError};
use sensilla::intern::Symbol;
use sensilla::learn::{OwnedStream, RecogniserConfig, StreamConfig};
use sensilla::log::kind::Act;
use sensilla::log::sign::PublicKey;
use sensilla::log::{Ed25519, Signer};
use sensilla::node::{
    HistoryConfig, Ingested, Node, NodeConfig, OwnedNode, Perception, PerceptionConfig, Workspace,
};
use std::collections::BTreeSet;
use std::ops::Range;

use crate::keys::{self, Keyring};
use crate::profile::{Authority, Names, Profile, Room, Shape};
use crate::progress::Progress;
use crate::read::claims::hex;
use crate::realm::{self, Realm};
use crate::seen::{self, Seen};
use crate::store;
use crate::store::{Blocks, Contents, StoreError, View, Writer};
use crate::{Error, interrupt};

/// The name of the profile's block in the store.
pub const PROFILE: &str = "profile";

/// Candidates that a recall looks at.
pub const EF: u32 = 64;
/// Above this many patterns a graph finds them; below, a scan is as fast.
const SCANNED: u32 = 4_096;
/// Trajectories that are kept.
const TRAJECTORIES: u32 = 64;
/// A node with its profile and its secret. It is checked once, when it is opened or made.
#[derive(Debug)]
pub struct Home {
    /// What the node is made of, and names of what it knows by number.
    pub profile: Profile,
    /// The keys of its sources.
    pub keys: Keyring,
    /// What it learned, as far as that tells a test from it.
    pub seen: Seen,
    node: OwnedNode,
    others: Blocks,
}

/// The sizes of the node that a profile describes.
pub fn config(profile: &Profile) -> NodeConfig {
    NodeConfig::new(perception(profile), history(profile))
}

fn perception(profile: &Profile) -> PerceptionConfig {
    let patterns = profile.patterns;
    let layout = match patterns > SCANNED {
        true => Layout::Graph,
        false => Layout::Scan,
    };
    let perception = match &profile.shape {
        Some(Shape::Samples {
            channels, rate_mhz, ..
        }) => {
            let stream = StreamConfig::large(*channels).rate(rate_mhz.unwrap_or(0));
            let usual = RecogniserConfig::new(&stream, patterns).layout(layout);
            let recogniser = match profile.merge_within {
                Some(share) => usual.merge(share),
                None => usual,
            };
            PerceptionConfig::recognising(stream, recogniser)
        }
        Some(Shape::Vectors { .. }) | None => {
            let dimensions = profile.shape.as_ref().map_or(16, Shape::dimensions);
            let element = match profile.keep_floats {
                true => Element::I8F32,
                false => Element::I8,
            };
            let bank = BankConfig::new(dimensions, patterns)
                .element(element)
                .layout(layout);
            PerceptionConfig::for_vectors(dimensions, patterns)
                .bank(bank)
                .merge_at(profile.merge_at)
        }
    };
    perception
        .trajectories(TRAJECTORIES)
        .labels(profile.labels.count, profile.labels.bytes)
}

fn history(profile: &Profile) -> HistoryConfig {
    let room = &profile.room;
    HistoryConfig {
        events: room.events,
        bytes: room.bytes,
        authors: room.authors,
        contexts: room.contexts,
        claims: room.events,
        dimensions: room.dimensions,
        realm: profile.realm.as_ref().map_or([0; 32], Realm::id),
        // The node grows for those it hears.
        claims_each: Some(room.events),
        contexts_each: Some(room.contexts),
        seed: profile.seed,
        ..HistoryConfig::DEFAULT
    }
}

impl Home {
    /// A new node as the profile describes it; in a realm of its own if that names none.
    pub fn new(profile: Profile) -> Result<Self, Error> {
        Self::with_keys(profile, Keyring::new()?)
    }

    /// A new node whose sources have keys of `keys`.
    pub fn with_keys(mut profile: Profile, keys: Keyring) -> Result<Self, Error> {
        let root = keys.root().public_key();
        profile.realm.get_or_insert_with(|| Realm::of(None, &root));
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(|e| Error::Failed(format!("no randomness: {e}")))?;
        profile.seed = u64::from_le_bytes(seed);
        Ok(Self {
            node: founded(&profile, config(&profile))?,
            profile,
            keys,
            seen: Seen::default(),
            others: Blocks::new(),
        })
    }

    /// Makes the node, whose log is empty, one of another realm.
    pub fn join(&mut self, realm: Realm) -> Result<(), Error> {
        if self.node().history().log().size() > 0 {
            return Err(Error::Failed(
                "the store holds events of its realm, which are nothing in another; join with a new \
                 store (--store PATH) and ingest there"
                    .into(),
            ));
        }
        let room = self.profile.room;
        self.profile.realm = Some(realm);
        self.grow(room)
    }

    /// Lets the root of the realm decide something at a time, if its key is this node's.
    pub fn decide(&mut self, context: &str, act: Act<'_>, at: u64) -> Result<Ingested, Error> {
        let root = self.keys.root();
        self.change(|node| realm::decide(node, &root, context, act, at))
            .map_err(Error::Failed)
    }

    /// The node that a store holds.
    pub fn from_store(contents: Contents) -> Result<Self, StoreError> {
        let damaged = |what: &str| StoreError::Damaged(what.into());
        let mut blocks = contents.blocks;
        let mut take = |name: &str| {
            blocks
                .remove(name)
                .ok_or_else(|| damaged(&format!("it holds no `{name}`")))
        };
        let profile: Profile = serde_json::from_slice(&take(PROFILE)?)
            .map_err(|e| damaged(&format!("its profile: {e}")))?;
        let seen = match take(seen::BLOCK) {
            Ok(block) => Seen::from_block(&block).ok_or_else(|| damaged("what it has seen"))?,
            Err(_) => Seen::default(),
        };
        let keys = Keyring::from_block(&take(keys::BLOCK)?).ok_or_else(|| damaged("its secret"))?;
        let node =
            OwnedNode::adopt_unsealed(take(&profile.node)?).map_err(|error| match error {
                OwnError::Block(error) => StoreError::of_node(error),
                other => StoreError::Damaged(other.to_string()),
            })?;
        Ok(Self {
            profile,
            keys,
            seen,
            node,
            others: blocks,
        })
    }

    /// The node, to look at.
    pub fn node(&self) -> &Node<'_> {
        self.node.get()
    }

    /// Lets `call` change the node.
    pub fn change<T>(&mut self, call: impl FnOnce(&mut Node<'_>) -> T) -> T {
        self.node.with(call)
    }

    /// Lets `call` perceive with the node, in a workspace made for it.
    pub fn perceive<T>(
        &mut self,
        call: impl FnOnce(&mut Node<'_>, &mut Workspace<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let config = self.node().config().workspace(EF);
        let mut memory = Memory::zeroed(config.bytes());
        let mut workspace = Workspace::format(&mut memory, &config).map_err(broken)?;
        self.change(|node| call(node, &mut workspace))
    }

    /// Bytes of the node's block.
    pub fn bytes(&self) -> usize {
        self.node().config().bytes()
    }

    /// Saves what changed since the store was read or saved last; says whether anything did.
    pub fn save(&mut self, writer: &mut Writer) -> Result<bool, Error> {
        self.saved(|view| writer.save(view))
            .map_err(|source| Error::Store {
                path: writer.path().to_owned(),
                source,
            })
    }

    /// Makes the store's file anew where it holds too much of the past, after [`save`](Self::save).
    pub fn tidy(&mut self, writer: &mut Writer) -> Result<(), Error> {
        self.saved(|view| writer.tidy(view))
            .map_err(|source| Error::Store {
                path: writer.path().to_owned(),
                source,
            })
    }

    /// Makes the store's file anew, so that nothing of what was saved before is left in it.
    pub fn renew(&mut self, writer: &mut Writer) -> Result<(), Error> {
        self.saved(|view| writer.renew(view))
            .map_err(|source| Error::Store {
                path: writer.path().to_owned(),
                source,
            })
    }

    /// Calls `save` with what the store is to hold: the node where it lies, which is not sealed for
    /// it, since the store vouches for its bytes.
    fn saved<T>(
        &self,
        save: impl FnOnce(&View<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let profile = serde_json::to_vec(&self.profile)
            .map_err(|e| StoreError::Damaged(format!("its profile: {e}")))?;
        let secret = self.keys.to_block();
        let seen = self.seen.to_block();
        let _hold = interrupt::hold();
        let mut view = store::view(&self.others);
        view.insert(&self.profile.node, self.node.get().image().collect());
        view.insert(PROFILE, vec![&profile]);
        view.insert(keys::BLOCK, vec![&secret]);
        if !self.seen.is_empty() {
            view.insert(seen::BLOCK, vec![&seen]);
        }
        save(&view)
    }

    fn image(&mut self) -> Memory {
        image(&mut self.node)
    }

    /// Gives the node's log and engine the room `room`, and keeps what it has learned.
    pub fn grow(&mut self, room: Room) -> Result<(), Error> {
        let mut profile = self.profile.clone();
        profile.room = room;
        let config = NodeConfig::new(self.node().perception().config(), history(&profile));
        let mut grown = self.replayed(&profile, config)?;
        let (old, mut new) = (self.image(), image(&mut grown));
        let ([from, _], [to, _]) = (halves(&old)?, halves(&new)?);
        copy(&old[from], &mut new[to])?;
        self.node = OwnedNode::open(&new).map_err(own)?;
        self.profile = profile;
        Ok(())
    }

    /// Makes the node anew as `profile` describes it, without what it has learned: it takes all of
    /// its events again.
    pub fn rebuild(&mut self, profile: Profile) -> Result<(), Error> {
        self.node = self.replayed(&profile, config(&profile))?;
        self.profile = profile;
        Ok(())
    }

    /// A node of these sizes and the realm of `profile`, with the events of this one.
    fn replayed(&self, profile: &Profile, config: NodeConfig) -> Result<OwnedNode, Error> {
        let mut node = founded(profile, config)?;
        let log = self.node().history().log();
        let mut progress = Progress::new("replaying", Some(log.len()));
        node.with(|node| {
            let policy = realm::AT_ANY_TIME;
            for entry in log.since(0) {
                node.history_mut()
                    .ingest(entry.bytes(), &policy, &Ed25519, entry.accepted())
                    .map_err(|e| Error::Failed(format!("event {}: {e}", entry.index())))?;
                progress.step(1);
            }
            Ok::<_, Error>(())
        })?;
        Ok(node)
    }

    /// A node that is there, with what belongs to it.
    pub fn of(profile: Profile, keys: Keyring, node: OwnedNode) -> Self {
        Self {
            profile,
            keys,
            seen: Seen::default(),
            node,
            others: Blocks::new(),
        }
    }

    /// Keeps a block in the store that is none of the node's.
    pub fn keep(&mut self, name: String, block: Memory) {
        self.others.insert(name, block);
    }

    /// Puts what another node of the same sizes has learned, the bytes of its half, into this one.
    pub fn take_learned(&mut self, half: &[u8]) -> Result<(), Error> {
        let mut image = self.image();
        let [to, _] = halves(&image)?;
        copy(half, &mut image[to])?;
        self.node = OwnedNode::open(&image).map_err(own)?;
        Ok(())
    }

    /// The numbers of the labels `names`, given now to those that have none; the node grows where
    /// it has no room for so many.
    pub fn labels(&mut self, names: &[&str]) -> Result<Vec<u32>, Error> {
        let known = self.node().perception().labels();
        let new: BTreeSet<&str> = names
            .iter()
            .copied()
            .filter(|name| known.get(name).is_none())
            .collect();
        let bytes = |names: &mut dyn Iterator<Item = &str>| names.map(str::len).sum::<usize>();
        let count = known.len() as usize + new.len();
        let length =
            bytes(&mut known.iter().map(|(_, name)| name)) + bytes(&mut new.iter().copied());
        let room = self.profile.labels;
        if count > room.count as usize || length > room.bytes as usize {
            let fit = |needed: usize, has: u32| {
                u32::try_from(needed).map(|needed| has.max(needed.saturating_add(needed / 2)))
            };
            let fitted = (fit(count, room.count), fit(length, room.bytes));
            let (Ok(count), Ok(bytes)) = fitted else {
                return Err(Error::Failed("the labels are too many or too long".into()));
            };
            self.rename(Names { count, bytes })?;
        }
        self.change(|node| {
            let label = |name: &&str| node.perception_mut().label(name);
            names.iter().map(label).collect::<Result<_, _>>()
        })
        .map_err(|error| Error::Failed(format!("a label: {error}")))
    }

    /// Gives the node room for so many names of labels, and keeps all else.
    fn rename(&mut self, names: Names) -> Result<(), Error> {
        let mut profile = self.profile.clone();
        profile.labels = names;
        let mut config = self.node().config();
        config.perception = config.perception.labels(names.count, names.bytes);
        let mut grown = OwnedNode::new(config).map_err(own)?;
        grown.with(|node| {
            let known = self.node().perception().labels();
            known
                .iter()
                .try_for_each(|(_, name)| node.perception_mut().label(name).map(drop))
                .map_err(|error| Error::Failed(format!("a label: {error}")))
        })?;
        let (old, mut new) = (self.image(), image(&mut grown));
        let ([from, old_history], [to, new_history]) = (halves(&old)?, halves(&new)?);
        copy(&old[old_history], &mut new[new_history])?;
        let (from, to) = (&old[from], &mut new[to]);
        let parts = Perception::ranges(from).map_err(broken)?;
        let places = Perception::ranges(to).map_err(broken)?;
        for ((name, part), place) in Perception::PARTS.iter().zip(parts).zip(places) {
            if *name != "labels" {
                copy(&from[part], &mut to[place])?;
            }
        }
        self.node = OwnedNode::open(&new).map_err(own)?;
        self.profile = profile;
        Ok(())
    }

    /// Gives a node that has learned nothing the scales of `stream`.
    pub fn keep_scales(&mut self, stream: &mut OwnedStream) -> Result<(), Error> {
        let mut image = self.image();
        let [perception, _] = halves(&image)?;
        let half = image.get_mut(perception).unwrap_or(&mut []);
        let parts = Perception::ranges(half).map_err(broken)?;
        for (name, part) in Perception::PARTS.iter().zip(parts) {
            if *name == "stream" {
                copy(&stream.to_bytes(), half.get_mut(part).unwrap_or(&mut []))?;
            }
        }
        self.node = OwnedNode::open(&image).map_err(own)?;
        Ok(())
    }

    /// The name of the label `number`.
    pub fn label_name(&self, number: u32) -> String {
        label_name(self.node(), number)
    }

    /// Has the realm's root give a context its authority, in place of the one it has, at a time.
    pub fn set_authority(&mut self, authority: &Authority, at: u64) -> Result<(), Error> {
        let mut keys = self.keys_of(authority);
        keys.sort_unstable();
        let context = &authority.context;
        let known = self.node().history().engine().authority(context);
        if known != Some((authority.threshold, &keys)) {
            let threshold = authority.threshold;
            let act = Act::Appoint {
                threshold,
                keys: &keys,
            };
            self.decide(context, act, at)?;
        }
        self.profile.authorities.retain(|a| a.context != *context);
        self.profile.authorities.push(authority.clone());
        for name in &authority.members {
            let key = self.public_key(name);
            self.profile.name_source(name, &key);
        }
        Ok(())
    }

    fn keys_of(&self, authority: &Authority) -> Vec<PublicKey> {
        let members = authority.members.iter();
        members.map(|member| self.public_key(member)).collect()
    }

    /// The public key of a source by name, or the key that `name` itself is in hexadecimal.
    pub fn public_key(&self, name: &str) -> PublicKey {
        match hex(name).and_then(|bytes| PublicKey::try_from(bytes).ok()) {
            Some(key) => key,
            None => self.keys.public_key(name),
        }
    }
}

/// The name of the label `number` of a node.
pub fn label_name(node: &Node<'_>, number: u32) -> String {
    match node
        .perception()
        .labels()
        .resolve(Symbol::from_bits(number))
    {
        Some(name) => name.to_owned(),
        None => format!("label {number}"),
    }
}

/// A node of these sizes, which knows the roots of its realm.
fn founded(profile: &Profile, config: NodeConfig) -> Result<OwnedNode, Error> {
    let mut node = OwnedNode::new(config).map_err(own)?;
    if let Some(realm) = &profile.realm {
        node.with(|node| {
            node.history_mut()
                .found(&realm.name, realm.threshold, &realm.keys())
        })
        .map_err(|e| Error::Failed(format!("the realm `{}`: {e}", realm.name)))?;
    }
    Ok(node)
}

/// The bytes of a node, sealed.
fn image(node: &mut OwnedNode) -> Memory {
    node.with(|node| {
        node.seal();
    });
    let node = node.get();
    let mut image = Memory::zeroed(node.config().bytes());
    let mut rest = &mut image[..];
    for piece in node.image() {
        let (to, behind) = rest.split_at_mut(piece.len());
        to.copy_from_slice(piece);
        rest = behind;
    }
    image
}

/// Where the halves of a node lie in its bytes.
fn halves(image: &[u8]) -> Result<[Range<usize>; 2], Error> {
    Node::ranges(image).map_err(broken)
}

/// Copies a part of one node to its place in another, which has it in the same size.
fn copy(from: &[u8], to: &mut [u8]) -> Result<(), Error> {
    if from.len() != to.len() {
        return Err(Error::Failed(
            "what was learned cannot be carried over".into(),
        ));
    }
    to.copy_from_slice(from);
    Ok(())
}

/// A node that does not open as it was made or checked: a fault of this program.
fn broken(error: BlockError) -> Error {
    Error::Failed(format!("the node's memory: {error}"))
}

/// The same for one that could not be made either.
fn own(error: OwnError) -> Error {
    match error {
        OwnError::Block(error) => broken(error),
        other => Error::Failed(other.to_string()),
    }
}
