//! A bank that is only read: a flash image, a mapped file, or a [`PatternBank`](super::PatternBank)
//! lent out.

use super::config::BankConfig;
use super::errors::{IdError, SearchError};
use super::health::Health;
use super::open;
use super::pattern::{Entry, PatternId};
use super::scratch::{Hits, Scratch};
use super::search::{self, Search};
use super::shape::{self, Any, Scanned, Shape};
use super::view::View;
use crate::Hash;
use crate::block::structure;
use crate::block::{BlockError, HeaderRef};
use core::marker::PhantomData;

/// A bank of any configuration that is searched where it lies.
pub type PatternBankRef<'a> = BankRef<'a, Any>;

/// A [`ScanBank`](super::ScanBank) that is searched where it lies.
pub type ScanBankRef<'a> = BankRef<'a, Scanned>;

/// A bank that is searched where it lies.
#[derive(Clone, Copy, Debug)]
pub struct BankRef<'a, S> {
    pub(super) header: HeaderRef<'a>,
    pub(super) view: View<'a>,
    pub(super) shape: PhantomData<S>,
}

impl<'a, S: Shape> BankRef<'a, S> {
    /// Opens a bank for reading and checks all of it that searches rely on, so that no content can
    /// cause a panic, an endless loop or a read out of range later. O(bytes + capacity × degree²).
    pub fn open(memory: &'a [u8]) -> Result<Self, BlockError> {
        let (header, config, mut carver) = structure::begin_read(memory)?;
        if !shape::admits::<S>(&config) {
            return Err(BlockError::BadConfig);
        }
        let view = View::carve(&config, &mut carver)?;
        open::check::<S>(&view)?;
        Ok(Self {
            header,
            view,
            shape: PhantomData,
        })
    }

    /// [`open`](Self::open) for a sealed bank, after comparing its SHA-256.
    pub fn open_verified(memory: &'a [u8]) -> Result<Self, BlockError> {
        structure::check_seal::<BankConfig>(memory)?;
        Self::open(memory)
    }

    /// The shape of the bank.
    pub fn config(&self) -> &BankConfig {
        &self.view.config
    }

    /// Number of patterns.
    pub fn len(&self) -> usize {
        self.view.live()
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pattern of an id, if it is still there. O(1).
    pub fn get(&self, id: PatternId) -> Option<Entry> {
        self.view.slot(id).map(|slot| self.view.entry(slot))
    }

    /// The pattern in a slot, if there is one. O(1).
    pub fn at(&self, slot: u32) -> Option<Entry> {
        let taken = (slot as usize) < self.view.high() && self.view.is_live(slot);
        taken.then(|| self.view.entry(slot))
    }

    /// Writes the vector of a pattern to `out`, of [`dimensions`](BankConfig::dimensions)
    /// components: as stored, so normalised under cosine, rounded to codes without floats, and
    /// only signs, as 1 and -1, for bits. O(dimensions).
    pub fn vector(&self, id: PatternId, out: &mut [f32]) -> Result<(), IdError> {
        let expected = self.view.config.dimensions;
        if out.len() != expected as usize {
            return Err(IdError::WrongLength {
                expected,
                found: u32::try_from(out.len()).unwrap_or(u32::MAX),
            });
        }
        let slot = self.view.slot(id).ok_or(IdError::Gone)?;
        self.view.decode(slot, out);
        Ok(())
    }

    /// The patterns in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = Entry> + 'a {
        self.view.entries()
    }

    /// The `k` patterns most similar to `vector`, by the scan while that is cheaper and else through
    /// the graph.
    pub fn search<'s>(
        &self,
        vector: &[f32],
        k: usize,
        scratch: &'s mut Scratch<'_>,
    ) -> Result<Hits<'s>, SearchError> {
        S::search(self, vector, &Search::new(k), scratch)
    }

    /// The `k` patterns most similar to `vector`, exactly: with floats kept the same as comparing
    /// all of them in the fixed order, without them the same as comparing all rows as they are
    /// stored; ties go to the lower slot. O(patterns × dimensions).
    pub fn search_exact<'s>(
        &self,
        vector: &[f32],
        k: usize,
        scratch: &'s mut Scratch<'_>,
    ) -> Result<Hits<'s>, SearchError> {
        let exact = Search {
            goal: super::Goal::Exact,
            ..Search::new(k)
        };
        S::search(self, vector, &exact, scratch)
    }

    /// The `k` most similar patterns among those that `accepts` takes, which must answer the same for
    /// the same pattern.
    ///
    /// A graph is walked with `5/4 × ef ÷ share` candidates, refused ones included, where `share` is
    /// what `accepts` takes of 128 sampled patterns. The scan, which is exact, serves where fewer than
    /// three of these are taken (a share below about 2 %), where that many candidates exceed four times
    /// the `ef` that the scratch memory was made for, where comparing every row costs less
    /// ([`scan_cost`](BankConfig::scan_cost)), and where a walk meets fewer than `2 k` that are taken
    /// (`ef`, if that is less). [`Hits::method`] says which served.
    pub fn search_filtered<'s>(
        &self,
        vector: &[f32],
        k: usize,
        accepts: &dyn Fn(&Entry) -> bool,
        scratch: &'s mut Scratch<'_>,
    ) -> Result<Hits<'s>, SearchError> {
        let filtered = Search {
            filter: Some(accepts),
            ..Search::new(k)
        };
        S::search(self, vector, &filtered, scratch)
    }

    /// A search in all detail.
    pub fn search_with<'s>(
        &self,
        vector: &[f32],
        detail: &Search<'_>,
        scratch: &'s mut Scratch<'_>,
    ) -> Result<Hits<'s>, SearchError> {
        S::search(self, vector, detail, scratch)
    }

    /// How well the bank is searched, by what it has measured on its own rows. O(capacity).
    pub fn health(&self) -> Health {
        Health::of(&self.view)
    }

    /// How many patterns no path of links leads to from where a graph search starts; none after a
    /// round of the [audit](super::PatternBank::audit_step). O(patterns × links).
    pub fn unreachable(&self, scratch: &mut Scratch<'_>) -> Result<u32, SearchError> {
        if !S::GRAPH || !self.view.config.has_graph() {
            return Ok(0);
        }
        search::unreachable(&self.view, scratch)
    }

    /// SHA-256 of the whole block: equal after the same calls in the same order.
    pub fn image_digest(&self) -> Hash {
        structure::digest(self.header, self.all())
    }

    /// SHA-256 of the live patterns by id, without links: equal for equal content.
    pub fn digest(&self) -> Hash {
        self.view.digest()
    }

    /// Name and bytes of the header and of each section; empty ones are left out.
    pub fn sections(&self) -> impl Iterator<Item = (&'static str, usize)> + use<'a, S> {
        structure::sizes(self.all())
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, &'a [u8])> + use<'a, S> {
        let view = self.view;
        (0..).map_while(move |mut at: usize| view.section(&mut at))
    }
}
