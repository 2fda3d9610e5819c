//! Authors and contexts: a small number for each name in use, and the chain of its entries.
//!
//! A name is not stored again: it stands in every entry of its chain, so the last one is asked. A
//! name whose entries are all pruned gives its number back. Numbers never leave the log.

use super::config::table_len;
use crate::block::sections::sections;
use crate::table::{self, Place};

const HASH: usize = 0;
const FIRST: usize = 1;
const LAST: usize = 2;
const COUNT: usize = 3;

/// A name's hash and, if it is in use, its number and its place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) hash: u32,
    pub(crate) number: Option<u16>,
}

sections! {
    /// Chains of entries, one for each of as many names.
    pub(crate) struct Chains for u16 as names {
        /// Hash, first entry, last entry, count; of an unused number the next unused one plus one
        /// stands as its first entry.
        chains: [[u32; 4]; *names => 1],
        table: [u16; table_len(*names as u32)],
    } with {
        capacity: u16 = *names,
    }
}

/// Counters of chains that the log keeps: numbers ever used, and the first unused one of those
/// plus one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Free {
    pub(crate) used: u16,
    pub(crate) head: u16,
}

impl Free {
    pub(crate) fn from_word(word: u64) -> Option<Self> {
        (word >> 32 == 0).then_some(Self {
            used: word as u16,
            head: (word >> 16) as u16,
        })
    }
    pub(crate) fn to_word(self) -> u64 {
        u64::from(self.used) | u64::from(self.head) << 16
    }
}

impl Chains<'_> {
    /// The part of the padded section that is the table: its length is a power of two.
    fn table_len(&self) -> usize {
        table_len(self.capacity.into())
    }

    fn places(&self) -> &[u16] {
        self.table.get(..self.table_len()).unwrap_or_default()
    }

    /// Looks a name up; `is` says whether the entry with an index has it.
    #[inline]
    pub(crate) fn find(&self, hash: u32, is: impl Fn(u64) -> bool) -> Name {
        let found = table::find(self.places(), hash, |number| {
            self.chains
                .get(number as usize)
                .is_some_and(|chain| chain[HASH] == hash && is(chain[LAST].into()))
        });
        Name {
            hash,
            number: found.ok().map(|(_, number)| number as u16),
        }
    }

    /// Whether another name would still get a number.
    pub(crate) fn has_room(&self, free: Free) -> bool {
        free.head != 0 || free.used < self.capacity
    }

    /// First and last entry of a chain.
    pub(crate) fn ends(&self, number: u16) -> Option<(u64, u64)> {
        let chain = self.chains.get(usize::from(number))?;
        (chain[COUNT] != 0).then_some((chain[FIRST].into(), chain[LAST].into()))
    }

    /// Appends entry `index` to the chain of `name`; its number and the entry before it.
    #[inline]
    pub(crate) fn append(
        &mut self,
        name: Name,
        index: u64,
        free: &mut Free,
    ) -> Option<(u16, Option<u64>)> {
        if let Some(number) = name.number {
            let chain = self.chains.get_mut(usize::from(number))?;
            let before = chain[LAST];
            chain[LAST] = index as u32;
            chain[COUNT] += 1;
            return Some((number, Some(before.into())));
        }
        let number = match free.head.checked_sub(1) {
            Some(number) => number,
            None if free.used < self.capacity => free.used,
            None => return None,
        };
        let (Err(at) | Ok((at, _))) = table::find(self.places(), name.hash, |_| false);
        let chain = self.chains.get_mut(usize::from(number))?;
        if free.head != 0 {
            free.head = chain[FIRST] as u16;
        } else {
            free.used += 1;
        }
        *chain = [name.hash, index as u32, index as u32, 1];
        *self.table.get_mut(at)? = Place::of(number.into());
        Some((number, None))
    }

    /// Takes the first entry off a chain, whose next one is `next`.
    pub(crate) fn remove_first(&mut self, number: u16, next: u32, free: &mut Free) {
        let length = self.table_len();
        let Some(chain) = self.chains.get_mut(usize::from(number)) else {
            return;
        };
        if chain[COUNT] > 1 {
            chain[COUNT] -= 1;
            chain[FIRST] = next;
            return;
        }
        let hash = chain[HASH];
        *chain = [0, free.head.into(), 0, 0];
        free.head = number + 1;
        let chains = &*self.chains;
        if let Some(places) = self.table.get_mut(..length)
            && let Ok((at, _)) = table::find(places, hash, |item| item == u32::from(number))
        {
            table::remove(places, at, |item| {
                chains.get(item as usize).map_or(0, |chain| chain[HASH])
            });
        }
    }

    /// Whether chains, table and `free` agree with the entries: `entry` gives the number of the
    /// name of an entry and the next one of its chain.
    pub(crate) fn check(
        &self,
        free: Free,
        entries: u64,
        entry: impl Fn(u64) -> Option<(u16, u32)>,
    ) -> bool {
        let used = usize::from(free.used);
        if free.used > self.capacity || !self.is_zero_from(&self.capacity, used) {
            return false;
        }
        let mut names = 0;
        let mut total = 0;
        for (number, chain) in self.chains.iter().enumerate().take(used) {
            if chain[COUNT] == 0 {
                continue;
            }
            names += 1;
            total += u64::from(chain[COUNT]);
            if total > entries {
                return false;
            }
            let mut at = chain[FIRST];
            for left in (0..chain[COUNT]).rev() {
                let Some((name, next)) = entry(at.into()) else {
                    return false;
                };
                let ends = left == 0;
                if usize::from(name) != number
                    || ends != (next == 0)
                    || ends != (at == chain[LAST])
                    || (!ends && next <= at)
                {
                    return false;
                }
                at = next;
            }
        }
        let mut unused = 0;
        let mut head = free.head;
        while let Some(number) = head.checked_sub(1) {
            match self.chains.get(usize::from(number)) {
                Some(&[0, next, 0, 0]) if unused < used && usize::from(number) < used => {
                    head = match u16::try_from(next) {
                        Ok(next) => next,
                        Err(_) => return false,
                    };
                    unused += 1;
                }
                _ => return false,
            }
        }
        total == entries
            && names + unused == used
            && table::check(self.places(), names, |item| {
                let chain = self.chains.get(item as usize)?;
                (chain[COUNT] != 0).then_some(chain[HASH])
            })
    }
}
