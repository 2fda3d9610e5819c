//! A node: one block, one struct, the whole loop.
//!
//! A node has two halves, each a structure of its own that serves without the other and then costs
//! nothing for it:
//!
//! - [`Perception`], by [shapes](PerceptionConfig::recognising) or by
//!   [nine figures a channel](PerceptionConfig::new): [`push`](Perception::push) samples, end the window with
//!   [`embed`](Perception::embed), [`recall`](Perception::recall) what it resembles or
//!   [`attend`](Perception::attend) to what the last windows say of it too,
//!   [`route`](Perception::route) the task, [`learn`](Perception::learn) from how it turned out;
//! - [`History`]: [`ingest`](History::ingest) signed events, its own and its peers'. Claims that
//!   contradict each other become conflicts, quarantined until an authority's resolution, which is
//!   an event like any other, ends them. [`checkpoint`](History::checkpoint) signs what the log has
//!   become; [`prune`](History::prune) and its like make room.
//!
//! The order of calls: a few windows go first, each ended by [`calibrate`](Perception::calibrate),
//! from which `embed` has what is usual; where shapes are recognised,
//! [`keep_scales`](Perception::keep_scales) follows. Then, for each window, `push` its samples and
//! `embed`; on the embedding `recall` or `attend`, `route`, act, and `learn` once the outcome is
//! known. (Windows that need no normalising end with [`finish_window`](Perception::finish_window) in
//! place of `embed`, and nothing goes first.) What the node concludes it asserts as an event, signs
//! and ingests like any other's. Time is an argument: it passes in `ingest` and in
//! [`advance`](History::advance). After a call nothing is
//! half-done: [`seal`](Node::seal) and write [`image`](Node::image) whenever it suits.
//!
//! What a call needs only while it runs lies in a [`Workspace`], apart from the node's block, so
//! that equal histories leave equal bytes.

mod claim;
mod config;
mod episode;
mod errors;
mod history;
mod image;
mod optional;
mod perceive;
mod recall;
#[cfg(test)]
mod tests;
mod workspace;

pub use config::{HistoryConfig, NodeConfig, PerceptionConfig, WorkspaceConfig};
pub use episode::WINDOWS;
#[cfg(test)]
pub(crate) use episode::{Episode, EpisodeConfig};
pub use errors::{EmbedError, IngestError, LearnError, RouteTaskError};
pub use history::{History, Ingested};
pub use perceive::Perception;
pub use recall::{MAX_K, Recall};
pub use workspace::Workspace;

pub use crate::learn::trajectory::Outcome;

use image::parts;

#[cfg(feature = "alloc")]
use crate::block::owned::owned;

parts! {
    /// The whole node. See the [module](self).
    pub struct Node for NodeConfig as config, b"NODE", 3 {
        perception: Perception = config.perception,
        history: History = config.history,
    }
}

impl<'a> Node<'a> {
    const NAME: &'static str = "node";

    /// The sizes it was made with.
    pub fn config(&self) -> NodeConfig {
        NodeConfig::new(self.perception.config(), self.history.config())
    }

    /// Signals, patterns and decisions, to look at.
    pub fn perception(&self) -> &Perception<'a> {
        &self.perception
    }

    /// Signals, patterns and decisions, to change; breaks the node's seal.
    pub fn perception_mut(&mut self) -> &mut Perception<'a> {
        self.header.touch();
        &mut self.perception
    }

    /// The log of events and the claims in force, to look at.
    pub fn history(&self) -> &History<'a> {
        &self.history
    }

    /// The log of events and the claims in force, to change; breaks the node's seal.
    pub fn history_mut(&mut self) -> &mut History<'a> {
        self.header.touch();
        &mut self.history
    }

    /// Halves have nothing in common that could disagree.
    fn agrees(&self) -> bool {
        true
    }
}

#[cfg(feature = "alloc")]
owned! {
    /// A node on the heap.
    pub struct OwnedNode(NodeCell) of Node, NodeConfig;
}

#[cfg(feature = "alloc")]
owned! {
    /// The half that perceives, on the heap.
    pub struct OwnedPerception(PerceptionCell) of Perception, PerceptionConfig;
}

#[cfg(feature = "alloc")]
owned! {
    /// The half that keeps history, on the heap.
    pub struct OwnedHistory(HistoryCell) of History, HistoryConfig;
}
