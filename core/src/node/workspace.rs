//! What a node's calls write to besides the node.

use super::config::WorkspaceConfig;
use crate::bank::Scratch;
use crate::block::{self, BlockError, CONFIG_WORDS, Kind};

const KIND: Kind = Kind(*b"WORK");
const VERSION: u32 = 1;

/// Memory that a node needs while a call runs: the window's embedding and a search's scratch.
///
/// It is apart from the node, so that what a search leaves behind is in no digest. Its content
/// means nothing to a node that did not write it.
#[derive(Debug)]
pub struct Workspace<'w> {
    pub(super) embedding: &'w mut [f32],
    /// Room for the embedding as the metric of a recogniser sees it.
    pub(super) white: &'w mut [f32],
    pub(super) scratch: Scratch<'w>,
}

impl<'w> Workspace<'w> {
    /// Makes `memory`, of at least `config.bytes()`, a workspace.
    pub fn format(memory: &'w mut [u8], config: &WorkspaceConfig) -> Result<Self, BlockError> {
        let (_, mut carver) =
            block::format(memory, KIND, VERSION, [0; CONFIG_WORDS], config.bytes())?;
        let dimensions = config.dimensions as usize;
        let embedding = carver.take(dimensions)?;
        let embedding = embedding
            .get_mut(..dimensions)
            .ok_or(BlockError::BadConfig)?;
        let white = carver.take(config.white as usize)?;
        let white = white
            .get_mut(..config.white as usize)
            .ok_or(BlockError::BadConfig)?;
        let scratch = Scratch::format(carver.take(config.scratch.bytes())?, config.scratch)?;
        Ok(Self {
            embedding,
            white,
            scratch,
        })
    }

    /// The embedding that the last [`Perception::embed`](super::Perception::embed) or
    /// [`embedding_mut`](Self::embedding_mut) left.
    pub fn embedding(&self) -> &[f32] {
        self.embedding
    }

    /// The same to write to, for a vector that was made elsewhere.
    pub fn embedding_mut(&mut self) -> &mut [f32] {
        self.embedding
    }
}
