//! The sections of a bank's block: the one list of them.

use super::config::{BankConfig, Element, Metric, round_up};
use super::links::{Links, LinksMut};
use super::measure::{CURVE, TOLD};
use super::pool::POOL_STEP;
use super::sample::KEPT;
use super::sketch::Sketch;
use crate::block::sections::sections;

/// Places of the counters in the state section.
pub(super) mod state {
    /// Live patterns.
    pub const LIVE: usize = 0;
    /// Slots ever used: all behind are zero.
    pub const HIGH: usize = 1;
    /// First freed slot plus one, zero for none; each names the next in its label.
    pub const FREE: usize = 2;
    /// Latest time the bank was told, low and high word.
    pub const LATEST: usize = 3;
    /// Where the next audit step begins.
    pub const AUDIT: usize = 5;
    /// Insertions until recall is measured again.
    pub const UNTIL: usize = 6;
    /// The place of the sample whose turn it is then.
    pub const TURN: usize = 7;
    /// The shares that codes lose, as the bits of two floats.
    pub const LOSS: usize = 8;
    /// How far sampled rows are from their nearest, see [`afar`](super::super::afar), as bits of a float.
    pub const AFAR: usize = 10;
    /// Words of the section.
    pub const WORDS: usize = 16;
}

sections! {
    /// A bank's sections.
    pub(super) struct Sections, View for BankConfig as config {
        /// Counters, see [`state`].
        pub state "counters": [u32; state::WORDS],
        /// What is known of each pattern, see [`Record`](super::pattern::Record).
        pub meta "patterns": [[u32; 4]; config.slots()],
        pub uses: [u16; config.slots() => 1],
        pub scales: [f32; config.slots() => BankConfig::one_if(config.has_codes())],
        /// What a row's codes leave out, as [`quantise`](super::quantise) writes it.
        pub residuals: [
            u8; config.slots() => BankConfig::one_if(config.has_codes())
        ],
        /// Squared lengths, where the metric needs them.
        pub norms: [
            f32; config.slots() => BankConfig::one_if(
                config.has_codes() && matches!(config.metric, Metric::SquaredEuclidean)
            )
        ],
        /// Codes or bits, row after row.
        pub rows: [u8; config.slots() => config.row_bytes()],
        /// Codes of sixteen rows at a time, see [`block_offset`].
        pub blocks: [u8; config.interleaved()],
        pub floats: [f32; config.slots() => config.row_floats()],
        pub links: in LinksMut<'a> | Links<'a> = config,
        /// Slots of the [sample](super::sample) plus one, zero where a place is free.
        pub sample: [u32; config.samples()],
        /// The rows nearest to each of them.
        pub nearest: [u64; config.samples() * KEPT],
        /// What walks to each of them told, see [`measure`](super::measure).
        pub told: [u16; config.samples() * TOLD],
        /// What codes lose near each of them, of ten and of three.
        pub losses: [
            f32; if matches!(config.element, Element::I8) { 2 * config.samples() } else { 0 }
        ],
        /// Recall by width.
        pub curve: [u32; if config.has_graph() { CURVE } else { 0 }],
        /// Candidates of a walk that measures; zero between calls, as are the next three.
        pub reached: [u64; config.widest()],
        /// Candidates of an insertion.
        pub pool "candidates": [
            u64; if config.has_graph() {
                round_up(config.ef_construction as usize, POOL_STEP)
            } else {
                0
            }
        ],
        pub planes: [
            i16; if config.has_graph() && config.has_codes() {
                config.padded().saturating_add(config.padded() / 2)
            } else {
                0
            }
        ],
        pub visited: [
            u64; if config.has_graph() { config.slots().div_ceil(64) } else { 0 }
        ],
        /// Where walks start from, see [`entries`](super::entries).
        pub entries: [Sketch; config.entries()],
    } with {
        pub config: BankConfig = *config,
        pub padded: usize = config.padded(),
    }
}

/// Where the code of a component lies among the interleaved rows.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) const fn block_offset(padded: usize, slot: u32, component: usize) -> usize {
    let (block, lane) = (slot as usize / 16, slot as usize % 16);
    block * 16 * padded + component / 4 * 64 + lane * 4 + component % 4
}
