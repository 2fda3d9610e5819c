//! Names to symbols: small numbers that stand for strings inside a node.
//!
//! A symbol is given out in order of first use and is never taken back, so it belongs to one block
//! and its history alone: it never enters an event and is never sent.

use crate::block::sections::is_zero;
use crate::block::structure::{Config, structure};
use crate::block::{CONFIG_WORDS, Kind};
use crate::error::errors;
use crate::slices;
use crate::table;

const COUNTERS: usize = 16;
const LEN: usize = 0;

errors! {
    /// Why a name got no symbol; the interner is unchanged.
    pub enum InternError: 0x0710 {
        /// Every symbol is given out.
        Full = 1 => "every symbol is given out; name fewer things or make the interner larger",
        /// The name does not fit into what is left of the memory for names.
        OutOfBytes { needed: u32, left: u32 } = 2
            => "the name takes {needed} bytes, {left} are left; make the interner larger",
    }
}

/// Stands for a name in one interner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Symbol(u32);

impl Symbol {
    /// The symbol as a number, from 0 in order of first use.
    pub const fn to_bits(self) -> u32 {
        self.0
    }

    /// The symbol of a number.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

/// How many names of how many bytes together an interner holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InternerConfig {
    symbols: u32,
    bytes: u32,
    seed: u64,
}

impl InternerConfig {
    /// Up to `symbols` (1 to 2²⁴) names of `bytes` bytes together.
    pub const fn new(symbols: u32, bytes: u32) -> Self {
        Self {
            symbols,
            bytes,
            seed: 0,
        }
    }

    /// Seed of the table: a secret one keeps strangers from choosing names that collide.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Places of the table: at most half of them are ever taken.
    const fn places(&self) -> usize {
        (self.symbols as usize * 2).next_power_of_two()
    }

    /// Bits of a place that are the symbol plus one.
    const fn mask(&self) -> u32 {
        (self.symbols + 1).next_power_of_two() - 1
    }
}

impl Config for InternerConfig {
    const KIND: Kind = Kind(*b"INTN");
    const VERSION: u32 = 2;

    fn is_valid(&self) -> bool {
        (1..=1 << 24).contains(&self.symbols)
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.symbols;
        words[1] = self.bytes;
        words[2] = self.seed as u32;
        words[3] = (self.seed >> 32) as u32;
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        let seed = u64::from(words[2]) | u64::from(words[3]) << 32;
        Some(Self::new(words[0], words[1]).seed(seed))
    }
}

/// Whether two names are the same, without the call that comparing slices is: names are short.
#[inline]
fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    // The last bytes overlap those before, so that no remainder is left.
    if let (Some(last_a), Some(last_b)) = (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
        return last_a == last_b && words.into_iter().all(|(a, b)| a == b);
    }
    let halves = (a.first_chunk::<4>(), b.first_chunk::<4>());
    if let (Some(first_a), Some(first_b)) = halves {
        return first_a == first_b && a.last_chunk::<4>() == b.last_chunk::<4>();
    }
    a.iter().zip(b).all(|(a, b)| a == b)
}

structure! {
    /// Names and their symbols in a block.
    pub struct Interner for InternerConfig as config {
        counters "intern counters": [u32; COUNTERS],
        /// Where the bytes of each name end; the next one begins there.
        ends "intern ends": [u32; config.symbols => 1],
        /// A symbol plus one in the low bits, above them those of the name's hash.
        table "intern table": [u32; config.places()],
        bytes "intern names": [u8; config.bytes],
    } with {
        /// Bits of a place that are the symbol.
        mask: u32 = config.mask(),
        places: usize = config.places(),
    }
}

impl Interner<'_> {
    fn is_sound(&mut self) -> bool {
        let len = self.len();
        if len > self.config.symbols || !is_zero(slices::from(self.counters, LEN + 1)) {
            return false;
        }
        let mut start = 0;
        for symbol in 0..len {
            let end = self.ends.get(symbol as usize).copied().unwrap_or(0);
            if end < start || end > self.config.bytes || self.resolve(Symbol(symbol)).is_none() {
                return false;
            }
            start = end;
        }
        let item = |at: usize| (self.table.get(at)? & self.mask).checked_sub(1);
        let hash = |symbol: u32| {
            let name = self.resolve(Symbol(symbol))?;
            Some(table::hash(name.as_bytes(), self.config.seed))
        };
        // What stands above a symbol is of its name's hash, and nothing where there is no symbol.
        let mut places = self.table.iter().enumerate();
        let above = places.all(|(at, &place)| {
            let hash = item(at).map_or(Some(0), hash);
            hash.is_some_and(|hash| (hash ^ place) & !self.mask == 0)
        });
        let names = self.bytes.get(start as usize..);
        above
            && self.is_zero_from(&self.config, len as usize)
            && names.is_some_and(is_zero)
            && table::check_places(self.places, len as usize, item, hash)
    }

    /// Number of names.
    pub fn len(&self) -> u32 {
        slices::word(self.counters, LEN)
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The configuration.
    pub const fn config(&self) -> InternerConfig {
        self.config
    }

    #[inline]
    fn start_of(&self, symbol: u32) -> usize {
        match symbol.checked_sub(1) {
            None => 0,
            Some(before) => self
                .ends
                .get(before as usize)
                .map_or(0, |&end| end as usize),
        }
    }

    #[inline]
    fn name(&self, symbol: u32) -> Option<&[u8]> {
        let end = *self.ends.get(symbol as usize)? as usize;
        self.bytes.get(self.start_of(symbol)..end)
    }

    /// The symbol of a name, or where it would go.
    #[inline]
    fn find(&self, name: &[u8], hash: u32) -> Result<Symbol, usize> {
        let mask = self.places - 1;
        let mut at = hash as usize & mask;
        // At most half of the places are taken, so that the search ends at an empty one.
        while let Some(&place) = self.table.get(at) {
            let Some(symbol) = (place & self.mask).checked_sub(1) else {
                return Err(at);
            };
            if (place ^ hash) & !self.mask == 0
                && self.name(symbol).is_some_and(|found| equal(found, name))
            {
                return Ok(Symbol(symbol));
            }
            at = (at + 1) & mask;
        }
        Err(at)
    }

    /// The symbol of a name, if it has one. Cost: O(length).
    #[inline]
    pub fn get(&self, name: &str) -> Option<Symbol> {
        let name = name.as_bytes();
        self.find(name, table::hash(name, self.config.seed)).ok()
    }

    /// The symbol of a name, a new one if it has none yet. Cost: O(length).
    #[inline]
    pub fn get_or_intern(&mut self, name: &str) -> Result<Symbol, InternError> {
        let name = name.as_bytes();
        let hash = table::hash(name, self.config.seed);
        match self.find(name, hash) {
            Ok(symbol) => Ok(symbol),
            Err(at) => self.intern(name, hash, at),
        }
    }

    fn intern(&mut self, name: &[u8], hash: u32, at: usize) -> Result<Symbol, InternError> {
        let symbol = self.len();
        if symbol >= self.config.symbols {
            return Err(InternError::Full);
        }
        let start = self.start_of(symbol);
        let left = self.config.bytes - start as u32;
        let end = start.saturating_add(name.len());
        let Some(to) = self
            .bytes
            .get_mut(start..end)
            .filter(|to| to.len() <= left as usize)
        else {
            let needed = u32::try_from(name.len()).unwrap_or(u32::MAX);
            return Err(InternError::OutOfBytes { needed, left });
        };
        self.header.begin();
        to.copy_from_slice(name);
        if let Some(slot) = self.ends.get_mut(symbol as usize) {
            *slot = end as u32;
        }
        if let Some(place) = self.table.get_mut(at) {
            *place = hash & !self.mask | (symbol + 1);
        }
        slices::put(self.counters, LEN, symbol + 1);
        self.header.end();
        Ok(Symbol(symbol))
    }

    /// The name of a symbol, if this interner gave it out.
    #[inline]
    pub fn resolve(&self, symbol: Symbol) -> Option<&str> {
        if symbol.0 >= self.len() {
            return None;
        }
        core::str::from_utf8(self.name(symbol.0)?).ok()
    }

    /// Names with their symbols, in order of first use.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, &str)> {
        (0..self.len()).filter_map(|s| Some((Symbol(s), self.resolve(Symbol(s))?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;
    use proptest::prelude::*;
    use std::string::String;
    use std::vec::Vec;

    const CONFIG: InternerConfig = InternerConfig::new(20, 100);
    type Memory = Block<{ CONFIG.bytes() }>;

    proptest! {
        #[test]
        fn behaves_as_a_list_of_names(names in prop::collection::vec("\\PC{0,6}", 0..60)) {
            let mut memory = Memory::new();
            let mut interner = Interner::format(&mut memory, CONFIG).unwrap();
            let mut list: Vec<String> = Vec::new();
            for name in &names {
                let known = list.iter().position(|n| n == name);
                prop_assert_eq!(interner.get(name).map(|s| s.to_bits() as usize), known);
                let bytes: usize = list.iter().map(|n| n.len()).sum();
                match interner.get_or_intern(name) {
                    Ok(symbol) => {
                        prop_assert_eq!(symbol.to_bits() as usize, known.unwrap_or(list.len()));
                        if known.is_none() { list.push(name.clone()); }
                    }
                    Err(InternError::Full) => prop_assert_eq!(list.len(), 20),
                    Err(InternError::OutOfBytes { needed, left }) => {
                        prop_assert_eq!((needed as usize, left as usize), (name.len(), 100 - bytes));
                        prop_assert!(needed > left);
                    }
                }
            }
            interner.seal();
            let interner = Interner::open_verified(&mut memory).unwrap();
            prop_assert!(interner.iter().map(|(_, name)| name).eq(list.iter()));
            prop_assert_eq!(interner.resolve(Symbol(interner.len())), None);
        }

        #[test]
        fn hostile_blocks_open_to_an_error_or_to_an_interner_that_answers(
            flips in prop::collection::vec((128..CONFIG.bytes(), any::<u8>()), 1..5), n in 0..20u32,
        ) {
            let mut memory = Memory::new();
            let mut interner = Interner::format(&mut memory, CONFIG).unwrap();
            for i in 0..n { interner.get_or_intern(&std::format!("{i}")).unwrap(); }
            for (at, value) in flips { memory[at] = value; }
            if let Ok(mut interner) = Interner::open(&mut memory) {
                for i in 0..30 { let _ = interner.get_or_intern(&std::format!("{i}")); }
                prop_assert!(interner.iter().count() == interner.len() as usize);
            }
        }
    }
}
