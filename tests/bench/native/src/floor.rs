//! What a scan cannot go below: reading a byte for each dimension of each row, and nothing else.

use crate::contenders::Index;
use std::hint::black_box;

/// Words of one step: eight registers of 64 bytes.
const STEP: usize = 64;

pub struct Reading(Vec<u64>);

impl Reading {
    pub fn new(rows: &[f32], dimensions: usize) -> Self {
        let bytes = rows.len() / dimensions * dimensions.next_multiple_of(16);
        Self(vec![
            0x0101_0101_0101_0101;
            (bytes / 8).next_multiple_of(STEP)
        ])
    }
}

impl Index for Reading {
    fn set_ef(&mut self, _: usize) {}

    fn search(&mut self, _: &[f32], _: &mut [u32]) {
        let mut sums = [0u64; STEP];
        let (steps, _) = self.0.as_chunks::<STEP>();
        for step in steps {
            for (sum, word) in sums.iter_mut().zip(step) {
                *sum ^= word;
            }
        }
        black_box(sums);
    }

    fn bytes(&self) -> usize {
        8 * self.0.len()
    }
}
