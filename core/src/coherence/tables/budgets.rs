//! What an author may spend on challenges and support.
//!
//! The generic cell rate algorithm (ITU-T I.371): for each author one time, at which its budget
//! is full again. A budget that is full needs no memory, so only those who spend have a place; a
//! flood of keys fills the sets it hashes to and is told when to retry.

use crate::block::sections::sections;
use crate::coherence::config::{EngineConfig, WAYS};
use crate::coherence::errors::Refusal;
use crate::grid::Keys;
use crate::log::PublicKey;

sections! {
    pub(crate) struct Budgets for EngineConfig as config {
        keys: [PublicKey; config.budget_slots() => 1],
        /// When the author's budget is full again; zero while the place is empty.
        full_at: [u64; config.budget_slots() => 1],
    } with {
        secrets: Keys = Keys::new(config.grid.hash_seed()),
        /// Milliseconds of one unit, and of the whole budget.
        unit: u64 = config.refill as u64,
        whole: u64 = config.burst as u64 * config.refill as u64,
    }
}

/// The key by which an author is remembered. That of zeros, which signs nothing, is written as that
/// of ones, which signs nothing either: so a place is empty where its key is zero.
fn name(author: &PublicKey) -> PublicKey {
    match *author == [0; 32] {
        true => [0xff; 32],
        false => *author,
    }
}

impl Budgets<'_> {
    fn set(&self, author: &PublicKey) -> usize {
        let sets = (self.keys.len() / WAYS).saturating_sub(1);
        (self.secrets.id(author) as usize & sets) * WAYS
    }

    /// The author's place: its own, or one whose budget is full.
    fn place(&self, author: &PublicKey, now: u64) -> Result<usize, u64> {
        let set = self.set(author);
        let range = set..set + WAYS;
        let times = self.full_at.get(range.clone()).unwrap_or_default();
        let keys = self.keys.get(range).unwrap_or_default();
        let mut all = keys.iter().zip(times).enumerate();
        if let Some((way, _)) = all.find(|(_, (key, at))| *key == author && **at > now) {
            return Ok(set + way);
        }
        match times.iter().position(|&at| at <= now) {
            Some(way) => Ok(set + way),
            None => Err(times.iter().min().copied().unwrap_or(u64::MAX)),
        }
    }

    fn after(&self, place: usize, author: &PublicKey, cost: u32, now: u64) -> u64 {
        let own = self.keys.get(place) == Some(author);
        let from = self.full_at.get(place).copied().filter(|_| own);
        let cost = u64::from(cost).saturating_mul(self.unit);
        from.unwrap_or(0).max(now).saturating_add(cost)
    }

    /// Whether an author can spend `cost` units now.
    pub fn check(&self, author: &PublicKey, cost: u32, now: u64) -> Result<(), Refusal> {
        let author = &name(author);
        let place = self
            .place(author, now)
            .map_err(|free| Refusal::BudgetsFull {
                retry_after: free.saturating_sub(now),
            })?;
        let latest = now.saturating_add(self.whole);
        match self.after(place, author, cost, now).saturating_sub(latest) {
            0 => Ok(()),
            retry_after => Err(Refusal::OverBudget { retry_after }),
        }
    }

    /// Spends what [`check`](Self::check) allowed.
    pub fn spend(&mut self, author: &PublicKey, cost: u32, now: u64) {
        let author = &name(author);
        let Ok(place) = self.place(author, now) else {
            return;
        };
        let after = self.after(place, author, cost, now);
        if let Some(key) = self.keys.get_mut(place) {
            *key = *author;
        }
        if let Some(at) = self.full_at.get_mut(place) {
            *at = after;
        }
    }

    /// Whose budget lies in a place and when it is full again, if it is not at `now`.
    pub fn spent(&self, place: u32, now: u64) -> Option<(PublicKey, u64)> {
        let full = *self.full_at.get(place as usize)?;
        let key = *self.keys.get(place as usize)?;
        (full > now).then_some((key, full))
    }

    /// Whether every author lies in its set and every other place is empty.
    pub fn is_sound(&self) -> bool {
        let mut places = self.keys.iter().zip(self.full_at.iter()).enumerate();
        places.all(|(place, (key, &full))| match full {
            0 => *key == [0; 32],
            _ => *key != [0; 32] && self.set(key) == place / WAYS * WAYS,
        })
    }
}
