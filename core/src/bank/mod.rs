//! The pattern bank: vectors with labels, and the nearest of them to a query.
//!
//! A bank is a block (see [`block`](crate::block)) of a shape fixed by its [`BankConfig`]. Vectors
//! are kept as eight-bit codes, floats, both or bits ([`Element`]), compared by one of three metrics
//! ([`Metric`]), and searched by a scan over interleaved rows or by a walk through a graph
//! ([`Layout`]). [`PatternBank`] changes a bank, [`PatternBankRef`] searches one that is only read,
//! such as a flash image, and a search works in a [`Scratch`] of its own. Where flash is short, [`ScanBank`]
//! does the same for the commonest kind of bank in a fraction of the code.
//!
//! ```
//! use sensilla::bank::{BankConfig, Pattern, PatternBank, Scratch, ScratchConfig};
//! use sensilla::block::Block;
//!
//! const CONFIG: BankConfig = BankConfig::new(3, 100);
//! const SCRATCH: ScratchConfig = ScratchConfig::new(&CONFIG, 16);
//! let mut memory = Block::<{ CONFIG.bytes() }>::new();
//! let mut scratch = Block::<{ SCRATCH.bytes() }>::new();
//! let mut bank = PatternBank::format(&mut memory, CONFIG)?;
//! let mut scratch = Scratch::format(&mut scratch, SCRATCH)?;
//!
//! let walking = bank.insert(&[0.9, 0.1, 0.0], Pattern { label: 1, ..Pattern::default() })?;
//! bank.insert(&[0.0, 0.2, 0.9], Pattern { label: 2, ..Pattern::default() })?;
//! let hits = bank.search(&[1.0, 0.0, 0.1], 1, &mut scratch)?;
//! assert_eq!(hits.first().map(|hit| hit.id), Some(walking));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod afar;
mod config;
mod copies;
mod entries;
mod errors;
mod filter;
mod goal;
mod graph;
mod health;
mod layout;
mod link;
mod links;
mod loss;
mod measure;
mod mend;
mod mutable;
mod open;
#[cfg(feature = "alloc")]
mod owned;
mod pairs;
mod pattern;
mod plan;
mod pool;
mod quantise;
mod reach;
mod read;
mod sample;
mod scan;
mod scratch;
mod search;
mod sections;
mod shape;
mod sketch;
mod view;

pub use config::{BankConfig, Element, Layout, MAX_CAPACITY, MAX_DIMENSIONS, Metric};
pub use errors::{IdError, InsertError, SearchError, UpdateError, VectorError};
pub use filter::Predicate;
pub use goal::Goal;
pub use health::{Estimate, Health, Reason};
pub use mutable::{Audit, Bank, Inserted, PatternBank, ScanBank};
#[cfg(feature = "alloc")]
pub use owned::{BankMemory, OwnedBank};
pub use pattern::{Entry, Pattern, PatternId};
pub use read::{BankRef, PatternBankRef, ScanBankRef};
pub use scratch::{Hit, Hits, Method, Scratch, ScratchConfig};
pub use search::Search;
pub use shape::{Any, Scanned, Shape};

#[cfg(test)]
mod tests;
