//! The three nodes and their memory.

use crate::recordings::{ACTIVITIES, CHANNELS, RATE_HZ};
use ed25519_dalek::SigningKey;
use sensilla::Hash;
use sensilla::block::{Block, BlockError};
use sensilla::coherence::realm_id;
use sensilla::learn::{RecogniserConfig, StreamConfig};
use sensilla::log::{Author, Realm};
use sensilla::node::{
    HistoryConfig, Node, NodeConfig, PerceptionConfig, Workspace, WorkspaceConfig,
};

/// Index of the node that hears all six channels.
pub const HUB: usize = 0;
/// Index of the node that hears the accelerometer.
pub const ACCELEROMETER: usize = 1;
/// Index of the node that hears the gyroscope.
pub const GYROSCOPE: usize = 2;

/// Names of the nodes, by index.
pub const NAMES: [&str; 3] = ["hub", "accelerometer", "gyroscope"];

/// Most patterns that a node learns.
const PATTERNS: u32 = 32;
/// Candidates kept by a recall.
const EF: u32 = 16;
const MILLIHERTZ: u32 = RATE_HZ * 1_000;

/// By shapes, in what a microcontroller has for it.
const fn perception(channels: u32) -> PerceptionConfig {
    let stream = StreamConfig::small(channels).rate(MILLIHERTZ);
    PerceptionConfig::recognising(stream, RecogniserConfig::new(&stream, PATTERNS))
}

/// The hub: six channels, all events.
pub const HUB_CONFIG: NodeConfig = NodeConfig::new(
    perception(CHANNELS as u32).signal(100),
    HistoryConfig {
        events: 512,
        bytes: 160 * 1024,
        authors: 8,
        contexts: 4,
        dimensions: 64,
        ..HistoryConfig::DEFAULT
    },
);
/// A sensor's node: three channels, its own events.
pub const SENSOR_CONFIG: NodeConfig = NodeConfig::new(
    perception(CHANNELS as u32 / 2),
    HistoryConfig {
        events: 256,
        bytes: 80 * 1024,
        authors: 4,
        contexts: 2,
        claims: 256,
        claims_each: Some(256),
        dimensions: 32,
        ..HistoryConfig::DEFAULT
    },
);

const HUB_WORK: WorkspaceConfig = HUB_CONFIG.workspace(EF);
const SENSOR_WORK: WorkspaceConfig = SENSOR_CONFIG.workspace(EF);

/// The name of the realm that the nodes are of.
const REALM: &str = "wrist";

fn realm() -> Realm {
    let [hub, ..] = public_keys();
    realm_id(REALM, 1, &[hub])
}

fn in_realm(mut config: NodeConfig) -> NodeConfig {
    config.history.realm = realm();
    config
}

/// All memory that the demo uses, zero to begin with: put it in a `static` or in a `Box`.
pub struct Memory {
    hub: Block<{ HUB_CONFIG.bytes() }>,
    accelerometer: Block<{ SENSOR_CONFIG.bytes() }>,
    gyroscope: Block<{ SENSOR_CONFIG.bytes() }>,
    hub_work: Block<{ HUB_WORK.bytes() }>,
    sensor_work: Block<{ SENSOR_WORK.bytes() }>,
}

/// Bytes of a [`Memory`].
pub const MEMORY_BYTES: usize = size_of::<Memory>();

impl Memory {
    /// Memory of zeros.
    pub const fn new() -> Self {
        Self {
            hub: Block::new(),
            accelerometer: Block::new(),
            gyroscope: Block::new(),
            hub_work: Block::new(),
            sensor_work: Block::new(),
        }
    }

    /// The block of each node, by index; what to save, with its name in [`NAMES`].
    pub fn blocks(&self) -> [&[u8]; 3] {
        [&self.hub, &self.accelerometer, &self.gyroscope]
    }

    /// The block of each node, for what was saved.
    pub fn blocks_mut(&mut self) -> [&mut [u8]; 3] {
        [&mut self.hub, &mut self.accelerometer, &mut self.gyroscope]
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// A node with its key and what its calls work in.
pub struct Wearer<'m> {
    /// The node.
    pub node: Node<'m>,
    /// Who it is: what it signs with, and what it said last.
    pub author: Author<SigningKey>,
    /// The channels it hears.
    pub channels: core::ops::Range<usize>,
}

/// The three nodes on one wrist.
pub struct Wrist<'m> {
    pub(crate) wearers: [Wearer<'m>; 3],
    pub(crate) hub_work: Workspace<'m>,
    pub(crate) sensor_work: Workspace<'m>,
}

impl<'m> Wrist<'m> {
    /// Three empty nodes of one realm, whose root is the hub.
    pub fn format(memory: &'m mut Memory) -> Result<Self, BlockError> {
        let mut wrist = Self::with(
            Node::format(&mut memory.hub, in_realm(HUB_CONFIG))?,
            Node::format(&mut memory.accelerometer, in_realm(SENSOR_CONFIG))?,
            Node::format(&mut memory.gyroscope, in_realm(SENSOR_CONFIG))?,
            &mut memory.hub_work,
            &mut memory.sensor_work,
        )?;
        for wearer in &mut wrist.wearers {
            let perception = wearer.node.perception_mut();
            for activity in ACTIVITIES {
                perception
                    .label(activity)
                    .map_err(|_| BlockError::BadConfig)?;
            }
            for name in NAMES {
                perception
                    .executor(name)
                    .map_err(|_| BlockError::BadConfig)?;
            }
        }
        let [hub, ..] = public_keys();
        for wearer in &mut wrist.wearers {
            wearer
                .node
                .history_mut()
                .found(REALM, 1, &[hub])
                .map_err(|_| BlockError::BadConfig)?;
        }
        Ok(wrist)
    }

    /// The three nodes as they were saved; every byte is compared with their seals.
    pub fn open(memory: &'m mut Memory) -> Result<Self, BlockError> {
        Self::with(
            Node::open_verified(&mut memory.hub)?,
            Node::open_verified(&mut memory.accelerometer)?,
            Node::open_verified(&mut memory.gyroscope)?,
            &mut memory.hub_work,
            &mut memory.sensor_work,
        )
    }

    fn with(
        hub: Node<'m>,
        accelerometer: Node<'m>,
        gyroscope: Node<'m>,
        hub_work: &'m mut [u8],
        sensor_work: &'m mut [u8],
    ) -> Result<Self, BlockError> {
        let mut seed = 0;
        let mut wearer = |node, channels| {
            seed += 1;
            Wearer {
                node,
                author: Author::new(SigningKey::from_bytes(&[seed; 32]), realm()),
                channels,
            }
        };
        Ok(Self {
            wearers: [
                wearer(hub, 0..CHANNELS),
                wearer(accelerometer, 0..CHANNELS / 2),
                wearer(gyroscope, CHANNELS / 2..CHANNELS),
            ],
            hub_work: Workspace::format(hub_work, &HUB_WORK)?,
            sensor_work: Workspace::format(sensor_work, &SENSOR_WORK)?,
        })
    }

    /// The node of index [`HUB`], [`ACCELEROMETER`] or [`GYROSCOPE`].
    pub fn node(&self, index: usize) -> Option<&Node<'m>> {
        self.wearers.get(index).map(|wearer| &wearer.node)
    }

    /// Seals all three; returns their image digests.
    pub fn seal(&mut self) -> [Hash; 3] {
        self.wearers.each_mut().map(|wearer| wearer.node.seal())
    }
}

/// Public keys of the nodes, by index.
pub fn public_keys() -> [sensilla::log::PublicKey; 3] {
    [1, 2, 3].map(|seed| {
        SigningKey::from_bytes(&[seed; 32])
            .verifying_key()
            .to_bytes()
    })
}
