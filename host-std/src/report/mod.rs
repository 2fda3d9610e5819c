//! The result of a run as one self-contained web page.
//!
//! | module | what |
//! |---|---|
//! | [`answers`] | how sure look-ups were and how right, and how novel |
//! | [`confusion`] | which label was taken for which |
//! | [`mistakes`] | the same of the worst, with how they look |
//! | [`of_node`] | what a report shows of a node |
//! | [`page`] | the page around the plots |
//! | [`plots`] | the plots, as SVG |

pub mod answers;
pub mod confusion;
pub mod mistakes;
pub mod of_node;
pub mod page;
pub mod plots;

pub use answers::{Answer, Verdict};
pub use confusion::Confusion;
pub use mistakes::Mistake;

use std::path::Path;

use crate::Error;

/// What a report shows. A part that is empty is left out.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was done.
    pub title: String,
    /// What came out, as name and value.
    pub facts: Vec<(String, String)>,
    /// Which label was taken for which.
    pub confusion: Option<Confusion>,
    /// What each look-up said.
    pub answers: Vec<Answer>,
    /// The novelty from which on an alarm is raised.
    pub level: Option<f32>,
    /// What was taken for what.
    pub mistakes: Vec<Mistake>,
    /// The conflicts over time.
    pub conflicts: Vec<ConflictPoint>,
    /// Spikes of one window.
    pub raster: Raster,
    /// How often each executor was chosen.
    pub routes: Vec<(String, u64)>,
    /// Bytes of each section of the memory.
    pub memory: Vec<(String, u64)>,
}

impl Report {
    /// Writes the page to `path`.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let html = page::html(self).map_err(Error::Failed)?;
        std::fs::write(path, html).map_err(|source| Error::Write {
            path: path.to_owned(),
            source,
        })
    }
}

/// How many conflicts there were after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConflictPoint {
    /// Time of the event, in milliseconds.
    pub at: u64,
    /// Found until then.
    pub found: u64,
    /// Resolved until then.
    pub resolved: u64,
}

/// Spike trains of several values.
#[derive(Clone, Debug, Default)]
pub struct Raster {
    /// What they are of.
    pub title: String,
    /// Names of the values.
    pub rows: Vec<String>,
    /// Steps of a train.
    pub steps: u32,
    /// Each spike: its row, its step, and whether it is negative.
    pub spikes: Vec<(u32, u32, bool)>,
}
