//! Objects by number.

use crate::error::{CallError, Failure};
use alloc::vec::Vec;
use spin::Mutex;

/// Objects of one kind that the caller has.
pub struct Slots<T>(Mutex<Vec<Option<T>>>);

impl<T> Slots<T> {
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Keeps an object; its number, from 1.
    pub fn keep(&self, object: T) -> Result<f64, Failure> {
        let mut slots = self.0.lock();
        let free = slots.iter().position(Option::is_none);
        let at = match free {
            Some(at) => at,
            None => {
                slots.try_reserve(1).map_err(|_| CallError::OutOfMemory)?;
                slots.push(None);
                slots.len() - 1
            }
        };
        if let Some(slot) = slots.get_mut(at) {
            *slot = Some(object);
        }
        Ok((at + 1) as f64)
    }

    /// Runs `call` on the object of a number.
    pub fn with<R>(
        &self,
        number: u32,
        call: impl FnOnce(&mut T) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let mut slots = self.0.lock();
        let slot = (number as usize).checked_sub(1);
        let object = slot
            .and_then(|at| slots.get_mut(at))
            .and_then(Option::as_mut);
        call(object.ok_or(CallError::NoObject)?)
    }

    /// Gives the memory of an object back.
    pub fn free(&self, number: u32) {
        let mut slots = self.0.lock();
        let slot = (number as usize).checked_sub(1);
        if let Some(slot) = slot.and_then(|at| slots.get_mut(at)) {
            *slot = None;
        }
    }
}
