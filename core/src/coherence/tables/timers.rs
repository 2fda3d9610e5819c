//! Records that are woken at a time, through a binary heap.

use super::room::Room;
use crate::block::sections::sections;

sections! {
    pub(crate) struct Timers for Room as room {
        /// Who is to be woken, in the order of the heap, and when.
        heap: [u32; room.records],
        dues: [u64; room.records],
        /// Each record's place in the heap plus one; zero if it is not to be woken.
        seats: [u32; room.records => 1],
    } with {
        /// Records in the heap: so many places in front have a time, which is never zero.
        waiting: u32 = 0,
    }
}

impl Timers<'_> {
    fn seat_of(&self, at: u32) -> Option<u32> {
        self.seats.get(at as usize)?.checked_sub(1)
    }

    fn set_seat(&mut self, at: u32, link: u32) {
        if let Some(seat) = self.seats.get_mut(at as usize) {
            *seat = link;
        }
    }

    /// When a record is to be woken; zero if it is not.
    pub fn due(&self, at: u32) -> u64 {
        self.seat_of(at).map_or(0, |seat| self.due_at(seat))
    }

    fn due_at(&self, position: u32) -> u64 {
        self.dues.get(position as usize).copied().unwrap_or(0)
    }

    fn at(&self, position: u32) -> u32 {
        self.heap.get(position as usize).copied().unwrap_or(0)
    }

    fn seated(&self, position: u32) -> (u64, u32) {
        (self.due_at(position), self.at(position))
    }

    /// The record to be woken first, and when.
    pub fn earliest(&self) -> Option<(u64, u32)> {
        (self.waiting > 0).then(|| self.seated(0))
    }

    /// The records to be woken up to `now`, in no order. Cost: their number.
    pub fn due_by(&self, now: u64) -> impl Iterator<Item = u32> {
        let mut next = (self.waiting > 0).then_some(0);
        core::iter::from_fn(move || {
            loop {
                let position = next?;
                if self.due_at(position) <= now {
                    let child = 2 * position + 1;
                    next = match child < self.waiting {
                        true => Some(child),
                        false => self.aside(position),
                    };
                    return Some(self.at(position));
                }
                next = self.aside(position);
            }
        })
    }

    /// The place that a walk through the heap, parents first, comes to when it has done with all
    /// below a place.
    fn aside(&self, mut position: u32) -> Option<u32> {
        while position > 0 {
            if position % 2 == 1 && position + 1 < self.waiting {
                return Some(position + 1);
            }
            position = (position - 1) / 2;
        }
        None
    }

    fn seat(&mut self, position: u32, (due, at): (u64, u32)) {
        self.put(position, (due, at));
        self.set_seat(at, position + 1);
    }

    fn put(&mut self, position: u32, (due, at): (u64, u32)) {
        let position = position as usize;
        let places = (self.heap.get_mut(position), self.dues.get_mut(position));
        if let (Some(who), Some(when)) = places {
            (*who, *when) = (at, due);
        }
    }

    /// Has a record woken at `due`, which is not zero.
    pub fn wake_at(&mut self, at: u32, due: u64) {
        self.rest(at);
        self.rise(self.waiting, (due, at));
        self.waiting += 1;
    }

    /// Lets a record sleep.
    pub fn rest(&mut self, at: u32) {
        let Some(position) = self.seat_of(at) else {
            return;
        };
        let last = self.waiting.wrapping_sub(1);
        let other = self.seated(last);
        self.set_seat(at, 0);
        self.put(last, (0, 0));
        self.waiting = last;
        if other.1 == at {
            return;
        }
        let parent = position.saturating_sub(1) / 2;
        if position > 0 && self.due_at(parent) > other.0 {
            self.rise(position, other);
        } else {
            self.sink(position, other);
        }
    }

    fn rise(&mut self, mut position: u32, one: (u64, u32)) {
        while position > 0 {
            let parent = (position - 1) / 2;
            let other = self.seated(parent);
            if other.0 <= one.0 {
                break;
            }
            self.seat(position, other);
            position = parent;
        }
        self.seat(position, one);
    }

    fn sink(&mut self, mut position: u32, one: (u64, u32)) {
        loop {
            let mut child = 2 * position + 1;
            if child >= self.waiting {
                break;
            }
            if child + 1 < self.waiting {
                child += u32::from(self.due_at(child + 1) < self.due_at(child));
            }
            let other = self.seated(child);
            if one.0 <= other.0 {
                break;
            }
            self.seat(position, other);
            position = child;
        }
        self.seat(position, one);
    }

    /// Counts the records in the heap, and says whether it is one, holds none but those that are
    /// `live`, and is blank behind.
    pub fn is_sound(&mut self, room: &Room, live: impl Fn(u32) -> bool) -> bool {
        let waiting = self.dues.iter().take_while(|&&due| due != 0).count();
        if waiting > room.records as usize {
            return false;
        }
        self.waiting = waiting as u32;
        let heap = |position| {
            let (due, at) = self.seated(position);
            let parent = self.due_at(position.saturating_sub(1) / 2);
            parent <= due && self.seat_of(at) == Some(position) && live(at)
        };
        let behind = self.heap.iter().zip(self.dues.iter()).skip(waiting);
        let seats = self.seats.iter().filter(|&&seat| seat != 0);
        (0..self.waiting).all(heap)
            && behind.into_iter().all(|place| place == (&0, &0))
            && seats.count() == waiting
    }
}
