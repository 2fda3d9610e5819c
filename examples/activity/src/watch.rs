//! What a host can follow while the loop runs.

use sensilla::node::Recall;
use sensilla::spike::SpikeTrains;

/// What a host wants to know while the loop runs. Every method does nothing by default.
pub trait Watch {
    /// One recording is done, `done` of `total`.
    fn step(&mut self, done: u32, total: u32) {
        let _ = (done, total);
    }
    /// A recall starts; a host with a clock takes its time.
    fn recall_starts(&mut self) {}
    /// The recall has ended.
    fn recall_ends(&mut self) {}
    /// What the node of index `wearer` made of a window or, the hub, of a recording.
    fn recalled(&mut self, wearer: usize, truth: u32, recall: &Recall) {
        let _ = (wearer, truth, recall);
    }
    /// The node of index `wearer` perceived a window of a recording that shows `truth`: its
    /// channels as spikes, and its embedding's, behind those of the windows before.
    fn perceived(
        &mut self,
        wearer: usize,
        truth: u32,
        signal: &SpikeTrains<'_>,
        spikes: &SpikeTrains<'_>,
    ) {
        let _ = (wearer, truth, signal, spikes);
    }
    /// For a recording that shows `truth`, the hub chose to ask the node of index `asked`.
    fn routed(&mut self, truth: u32, asked: usize) {
        let _ = (truth, asked);
    }
    /// At time `at`, the claims of the sensors on one recording are in; `found` conflicts among
    /// them, `resolved` of them.
    fn claimed(&mut self, at: u64, found: u32, resolved: u32) {
        let _ = (at, found, resolved);
    }
}

/// Watches nothing.
impl Watch for () {}
