//! What an author may spend on challenges and support.
//!
//! The generic cell rate algorithm (ITU-T I.371): for each author one time, at which its budget
//! is full again. A budget that is full needs no memory, so only those who spend have a place; a
//! flood of keys fills the sets it hashes to and is told when to retry.

use super::config::{EngineConfig, WAYS};
use super::errors::Refusal;
use crate::grid::Keys;
use crate::log::PublicKey;

#[derive(Debug)]
pub(super) struct Budgets<'a> {
    pub keys: &'a mut [PublicKey],
    /// When the author's budget is full again.
    pub full_at: &'a mut [u64],
    pub secrets: Keys,
    /// Milliseconds of the whole budget, and of one unit.
    pub whole: u64,
    pub unit: u64,
}

impl Budgets<'_> {
    pub fn times(config: &EngineConfig) -> (u64, u64) {
        let unit = u64::from(config.refill);
        (u64::from(config.burst) * unit, unit)
    }

    fn set(&self, author: &PublicKey) -> usize {
        let sets = (self.keys.len() / WAYS).wrapping_sub(1);
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
}
