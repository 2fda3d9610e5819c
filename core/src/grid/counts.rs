//! How much a grid holds, and where what is free begins.

use super::config::GridConfig;
use crate::block::sections::sections;

/// Words of the section; those of the cells come first.
const LEN: usize = 0;
const MODE: usize = 1;
const FREE_BUCKET: usize = 2;
const USED_BUCKETS: usize = 3;
const CLAIMS: usize = 8;
const FREE: usize = 9;
const USED: usize = 10;

sections! {
    pub(super) struct Counts for GridConfig as config {
        words "grid counts": [u32; config.counts()],
    }
}

impl Counts<'_> {
    #[inline(always)]
    fn word(&self, at: usize) -> u32 {
        self.words.get(at).copied().unwrap_or(0)
    }

    #[inline(always)]
    fn set(&mut self, at: usize, value: u32) {
        if let Some(word) = self.words.get_mut(at) {
            *word = value;
        }
    }

    /// Vectors in the cells.
    #[inline(always)]
    pub fn vectors(&self) -> u32 {
        self.word(LEN)
    }

    pub fn set_vectors(&mut self, vectors: u32) {
        self.set(LEN, vectors);
    }

    /// Whether the buckets are scanned from front to back, as there are too few claims for cells.
    #[inline(always)]
    pub fn scans(&self) -> bool {
        self.word(MODE) == 0
    }

    pub fn set_scans(&mut self, scans: bool) {
        self.set(MODE, u32::from(!scans));
    }

    /// The head of the list of spare buckets that were given back, and how many were ever taken.
    pub fn spare(&self) -> (u32, u32) {
        (self.word(FREE_BUCKET), self.word(USED_BUCKETS))
    }

    pub fn set_free_bucket(&mut self, link: u32) {
        self.set(FREE_BUCKET, link);
    }

    pub fn set_used_buckets(&mut self, used: u32) {
        self.set(USED_BUCKETS, used);
    }

    /// Claims in the grid.
    #[inline]
    pub fn claims(&self) -> u32 {
        self.word(CLAIMS)
    }

    pub fn set_claims(&mut self, claims: u32) {
        self.set(CLAIMS, claims);
    }

    /// The first slot that was given back, as a link.
    #[inline]
    pub fn free(&self) -> u32 {
        self.word(FREE)
    }

    pub fn set_free(&mut self, link: u32) {
        self.set(FREE, link);
    }

    /// Slots that were ever in use.
    #[inline]
    pub fn used(&self) -> u32 {
        self.word(USED)
    }

    pub fn set_used(&mut self, used: u32) {
        self.set(USED, used);
    }

    /// Whether every word but those of the cells could be of a grid.
    pub fn is_sound(&self, config: &GridConfig) -> bool {
        let between = self.words.iter().take(CLAIMS).skip(USED_BUCKETS + 1);
        let behind = self.words.iter().skip(USED + 1);
        self.word(MODE) <= 1
            && self.used() <= config.capacity
            && between.chain(behind).all(|&word| word == 0)
    }
}
