//! A bank that owns its memory, and what its searches work in.

use super::errors::{IdError, InsertError, SearchError};
use super::{BankConfig, Entry, Health, Hits, Pattern, PatternBank, PatternId, Scratch};
use super::{ScratchConfig, Search};
use crate::block::owned::{owned, room};
use crate::block::{BlockError, Memory, OwnError};
use alloc::vec::Vec;
use self_cell::{MutBorrow, self_cell};

/// Most neighbours that a search is prepared for unless it is asked for more.
const NEIGHBOURS: u32 = 64;

owned! {
    /// The bank alone with its memory, for whoever brings scratch memory: one for each thread.
    pub struct BankMemory(BankCell) of PatternBank, BankConfig;
}

self_cell!(
    struct ScratchCell {
        owner: MutBorrow<Memory>,
        #[covariant]
        dependent: Scratch,
    }
);

/// A bank on the heap, with all that a search needs: nothing is seen of blocks.
///
/// ```
/// use sensilla::bank::{BankConfig, OwnedBank, Pattern};
///
/// let mut bank = OwnedBank::new(BankConfig::new(3, 10_000))?;
/// let id = bank.insert(&[0.9, 0.1, 0.0], Pattern { label: 7, ..Pattern::default() })?;
/// let hits = bank.search(&[1.0, 0.0, 0.1], 5)?;
/// assert_eq!(hits.first().map(|hit| hit.id), Some(id));
///
/// let saved = bank.to_bytes(); // write these to a file; the bytes are the snapshot
/// let bank = OwnedBank::open_verified(&saved)?;
/// assert_eq!(bank.get().len(), 1);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct OwnedBank {
    bank: BankMemory,
    scratch: ScratchCell,
    most: u32,
}

impl OwnedBank {
    /// An empty bank of that configuration.
    pub fn new(config: BankConfig) -> Result<Self, OwnError> {
        Self::with_scratch(BankMemory::new(config)?)
    }

    /// The bank that was saved as `bytes`, which are copied; its content is checked as far as later
    /// calls rely on it.
    pub fn open(bytes: &[u8]) -> Result<Self, OwnError> {
        Self::with_scratch(BankMemory::open(bytes)?)
    }

    /// [`open`](Self::open) for what was sealed, after comparing its SHA-256.
    pub fn open_verified(bytes: &[u8]) -> Result<Self, OwnError> {
        Self::with_scratch(BankMemory::open_verified(bytes)?)
    }

    fn with_scratch(bank: BankMemory) -> Result<Self, OwnError> {
        let scratch = scratch(bank.get().config(), NEIGHBOURS)?;
        Ok(Self {
            bank,
            scratch,
            most: NEIGHBOURS,
        })
    }

    /// The bank, to look at.
    pub fn get(&self) -> &PatternBank<'_> {
        self.bank.get()
    }

    /// Lets `call` change the bank in any other way than the methods here.
    pub fn with<T>(&mut self, call: impl FnOnce(&mut PatternBank<'_>) -> T) -> T {
        self.bank.with(call)
    }

    /// See [`PatternBank::insert`].
    pub fn insert(&mut self, vector: &[f32], pattern: Pattern) -> Result<PatternId, InsertError> {
        self.with(|bank| bank.insert(vector, pattern))
    }

    /// Adds all or none; their ids. See [`PatternBank::insert_batch`].
    pub fn insert_batch(
        &mut self,
        vectors: &[f32],
        patterns: &[Pattern],
    ) -> Result<Vec<PatternId>, InsertError> {
        let mut ids = alloc::vec![PatternId::default(); patterns.len()];
        self.with(|bank| bank.insert_batch(vectors, patterns, &mut ids))?;
        Ok(ids)
    }

    /// See [`PatternBank::remove`].
    pub fn remove(&mut self, id: PatternId) -> Result<Entry, IdError> {
        self.with(|bank| bank.remove(id))
    }

    /// Makes room for searches of up to `k` neighbours, which [`search`](Self::search) does by
    /// itself when it is asked for more than before.
    pub fn prepare(&mut self, k: u32) -> Result<(), OwnError> {
        if k > self.most {
            self.scratch = scratch(self.bank.get().config(), k)?;
            self.most = k;
        }
        Ok(())
    }

    /// The `k` patterns most similar to `vector`; see [`PatternBank::search`].
    pub fn search(&mut self, vector: &[f32], k: usize) -> Result<Hits<'_>, SearchError> {
        // Without the memory for so many, the search says itself how many there is room for.
        let _ = self.prepare(u32::try_from(k).unwrap_or(u32::MAX));
        let Self { bank, scratch, .. } = self;
        let bank = bank.get();
        scratch.with_dependent_mut(|_, scratch| bank.search(vector, k, scratch))
    }

    /// A search in all detail; see [`PatternBank::search_with`].
    pub fn search_with(
        &mut self,
        vector: &[f32],
        detail: &Search<'_>,
    ) -> Result<Hits<'_>, SearchError> {
        let _ = self.prepare(u32::try_from(detail.k).unwrap_or(u32::MAX));
        let Self { bank, scratch, .. } = self;
        let bank = bank.get();
        scratch.with_dependent_mut(|_, scratch| bank.search_with(vector, detail, scratch))
    }

    /// See [`PatternBankRef::health`](super::PatternBankRef::health).
    pub fn health(&self) -> Health {
        self.get().health()
    }

    /// Seals the bank and copies its bytes, which [`open_verified`](Self::open_verified) takes.
    pub fn to_bytes(&mut self) -> Vec<u8> {
        self.bank.to_bytes()
    }
}

impl core::fmt::Debug for OwnedBank {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.bank.fmt(f)
    }
}

fn scratch(config: &BankConfig, most: u32) -> Result<ScratchCell, OwnError> {
    let config = ScratchConfig::new(config, most);
    let memory = MutBorrow::new(room(config.bytes())?);
    let made: Result<_, BlockError> = ScratchCell::try_new(memory, |memory| {
        Scratch::format(memory.borrow_mut(), config)
    });
    Ok(made?)
}
