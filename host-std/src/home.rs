//! A node with everything this host keeps of it: its block, its profile, its secret.
//!
//! Commands work on a copy in memory; what they change reaches the store in one save, or not at
//! all.

use sensilla::bank::{BankConfig, Element, Layout};
use sensilla::block::BlockError;
use sensilla::learn::features::FeatureConfig;
use sensilla::log::sign::PublicKey;
use sensilla::log::{Ed25519, Policy};
use sensilla::node::{HistoryConfig, Node, NodeConfig, PerceptionConfig, Workspace};

use crate::Error;
use crate::keys::{self, Keyring};
use crate::profile::{Authority, Profile, Room, Shape};
use crate::progress::Progress;
use crate::read::claims::hex;
use crate::store::manifest::Manifest;
use crate::store::{Blocks, Contents, StoreError, Writer};
use sensilla::block::Memory;

/// The name of the profile's block in the store.
pub const PROFILE: &str = "profile";

/// Candidates that a recall looks at.
pub const EF: u32 = 64;
/// Above this many patterns a graph finds them; below, a scan is as fast.
const SCANNED: u32 = 4_096;
/// Trajectories that are kept.
const TRAJECTORIES: u32 = 64;
/// A node with its profile and its secret.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// The names of what the node knows by number.
    pub profile: Profile,
    /// The keys of its sources.
    pub keys: Keyring,
    block: Memory,
    others: Blocks,
}

/// The sizes of the node that a profile describes.
pub fn config(profile: &Profile) -> NodeConfig {
    let (patterns, room) = (profile.patterns, &profile.room);
    let perception = match &profile.shape {
        Some(Shape::Vectors { .. }) | None => {
            let dimensions = profile.shape.as_ref().map_or(16, Shape::dimensions);
            PerceptionConfig::for_vectors(dimensions, patterns)
        }
        Some(shape) => {
            let features = shape.features().unwrap_or(FeatureConfig::new(1, 1_000));
            PerceptionConfig::new(features, patterns)
        }
    };
    let layout = if patterns > SCANNED {
        Layout::Graph
    } else {
        Layout::Scan
    };
    let bank = BankConfig::new(perception.dimensions(), patterns)
        .element(Element::I8)
        .layout(layout);
    NodeConfig::new(
        perception
            .bank(bank)
            .merge_at(profile.merge_at)
            .trajectories(TRAJECTORIES),
        HistoryConfig {
            events: room.events,
            bytes: room.bytes,
            authors: room.authors,
            contexts: room.contexts,
            claims: room.events,
            dimensions: room.dimensions,
            ..HistoryConfig::DEFAULT
        },
    )
}

impl Home {
    /// A new node as the profile describes it.
    pub fn new(profile: Profile) -> Result<Self, Error> {
        let config = config(&profile);
        let mut block = Memory::zeroed(config.bytes());
        Node::format(&mut block, config).map_err(broken)?;
        Ok(Self {
            profile,
            keys: Keyring::new()?,
            block,
            others: Blocks::new(),
        })
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
        let keys = Keyring::from_block(&take(keys::BLOCK)?).ok_or_else(|| damaged("its secret"))?;
        let block = take(&profile.node)?;
        let mut home = Self {
            profile,
            keys,
            block,
            others: blocks,
        };
        home.node_verified().map_err(StoreError::of_node)?;
        Ok(home)
    }

    /// The node.
    pub fn node(&mut self) -> Result<Node<'_>, Error> {
        Node::open(&mut self.block).map_err(broken)
    }

    fn node_verified(&mut self) -> Result<(), BlockError> {
        Node::open_verified(&mut self.block).map(|_| ())
    }

    /// The node, and a workspace of it in `memory`.
    pub fn open<'n>(
        &'n mut self,
        memory: &'n mut Memory,
    ) -> Result<(Node<'n>, Workspace<'n>), Error> {
        let node = Node::open(&mut self.block).map_err(broken)?;
        let config = node.config().workspace(EF);
        *memory = Memory::zeroed(config.bytes());
        let workspace = Workspace::format(memory, &config).map_err(broken)?;
        Ok((node, workspace))
    }

    /// Bytes of the node's block.
    pub fn bytes(&self) -> usize {
        self.block.len()
    }

    /// Saves the node, if it is not what the store holds already; says whether it did.
    pub fn save(&mut self, writer: &Writer, before: Option<&Manifest>) -> Result<bool, Error> {
        self.node()?.seal();
        let profile =
            serde_json::to_vec(&self.profile).map_err(|e| Error::Failed(e.to_string()))?;
        let mut blocks = self.others.clone();
        blocks.extend([
            (self.profile.node.clone(), self.block.clone()),
            (PROFILE.to_owned(), Memory::from(&profile[..])),
            (keys::BLOCK.to_owned(), self.keys.to_block()),
        ]);
        if before == Some(&Manifest::of(&blocks)) {
            return Ok(false);
        }
        writer.save(&blocks).map_err(|source| Error::Store {
            path: writer.path().to_owned(),
            source,
        })?;
        Ok(true)
    }

    /// Gives the node's log and engine the room `room`, and keeps what it has learned.
    pub fn grow(&mut self, room: Room) -> Result<(), Error> {
        let mut grown = self.clone();
        grown.profile.room = room;
        grown.rebuild()?;
        carry(&self.block, &mut grown.block)?;
        grown.node()?;
        *self = grown;
        Ok(())
    }

    /// Makes the node anew as the profile describes it now, without what it has learned: it takes
    /// all of its events again.
    pub fn rebuild(&mut self) -> Result<(), Error> {
        let mut grown = self.clone();
        let config = config(&grown.profile);
        grown.block = Memory::zeroed(config.bytes());
        Node::format(&mut grown.block, config).map_err(broken)?;
        for authority in &self.profile.authorities {
            grown.register(authority)?;
        }
        {
            let old = self.node()?;
            let mut new = Node::open(&mut grown.block).map_err(broken)?;
            let mut progress = Progress::new("replaying", Some(old.history().log().len()));
            // Each was within what its policy allowed when it was taken.
            let policy = Policy::replay();
            for entry in old.history().log().since(0) {
                new.history_mut()
                    .ingest(entry.bytes(), &policy, &Ed25519, entry.accepted())
                    .map_err(|e| Error::Failed(format!("event {}: {e}", entry.index())))?;
                progress.step(1);
            }
        }
        *self = grown;
        Ok(())
    }

    /// Gives a context its authority, in place of the one it has.
    pub fn set_authority(&mut self, authority: &Authority) -> Result<(), Error> {
        let same = |a: &&Authority| a.context == authority.context;
        if self.profile.authorities.iter().find(same) == Some(authority) {
            return Ok(());
        }
        self.register(authority)?;
        self.profile.authorities.retain(|a| !same(&a));
        self.profile.authorities.push(authority.clone());
        for name in &authority.members {
            let key = self.public_key(name);
            self.profile.name_source(name, &key);
        }
        Ok(())
    }

    fn register(&mut self, authority: &Authority) -> Result<(), Error> {
        let keys: Vec<PublicKey> = authority
            .members
            .iter()
            .map(|member| self.public_key(member))
            .collect();
        self.node()?
            .history_mut()
            .register_authority(&authority.context, authority.threshold, &keys)
            .map_err(|e| Error::Failed(format!("the authority of `{}`: {e}", authority.context)))
    }

    /// The public key of a source by name, or the key that `name` itself is in hexadecimal.
    pub fn public_key(&self, name: &str) -> PublicKey {
        match hex(name).and_then(|bytes| PublicKey::try_from(bytes).ok()) {
            Some(key) => key,
            None => self.keys.public_key(name),
        }
    }
}

/// Copies what `old` has learned to `new`, a node that perceives by parts of the same sizes.
fn carry(old: &[u8], new: &mut [u8]) -> Result<(), Error> {
    let ([from, _], [to, _]) = (
        Node::ranges(old).map_err(broken)?,
        Node::ranges(new).map_err(broken)?,
    );
    match (old.get(from), new.get_mut(to)) {
        (Some(from), Some(to)) if from.len() == to.len() => {
            to.copy_from_slice(from);
            Ok(())
        }
        _ => Err(Error::Failed(
            "what was learned cannot be carried over".into(),
        )),
    }
}

/// A node that does not open as it was made or checked: a fault of this program.
fn broken(error: BlockError) -> Error {
    Error::Failed(format!("the node's memory: {error}"))
}
