//! What the system before this one did to find a pattern, from its description: the signs of the first
//! twenty dimensions are a cell in a hash map; a query looks into its own cell and into those a few
//! flipped bits away, and sorts what it meets by cosine. Nothing widens the search, so most of the
//! nearest are never met. With up to three bits flipped, time and recall are about those measured of it.

use crate::contenders::Index;
use std::collections::HashMap;

const SIGNS: usize = 20;

/// A pattern as it was kept there: on the heap, its length worked out again at every comparison.
struct Pattern {
    id: u32,
    vector: Vec<f32>,
}

pub struct Original {
    cells: HashMap<u32, Vec<Pattern>>,
    bytes: usize,
}

fn cell(vector: &[f32]) -> u32 {
    let signs = vector.iter().take(SIGNS).enumerate();
    signs.fold(0, |cell, (bit, x)| cell | u32::from(*x > 0.0) << bit)
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let (mut dot, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        dot += x * y;
        aa += x * x;
        bb += y * y;
    }
    dot / (f32::sqrt(aa) * f32::sqrt(bb))
}

impl Original {
    pub fn new(rows: &[f32], dimensions: usize) -> Self {
        let mut cells: HashMap<u32, Vec<Pattern>> = HashMap::new();
        for (id, row) in (0..).zip(rows.chunks_exact(dimensions)) {
            let vector = row.to_vec();
            cells
                .entry(cell(row))
                .or_default()
                .push(Pattern { id, vector });
        }
        Self {
            cells,
            bytes: 4 * rows.len(),
        }
    }
}

impl Index for Original {
    fn set_ef(&mut self, _: usize) {}

    fn search(&mut self, query: &[f32], found: &mut [u32]) {
        let own = cell(query);
        let mut met: Vec<(u32, f32)> = Vec::new();
        let mut look = |cell: u32| {
            for pattern in self.cells.get(&cell).into_iter().flatten() {
                met.push((pattern.id, cosine(query, &pattern.vector)));
            }
        };
        look(own);
        for first in 0..SIGNS {
            look(own ^ 1 << first);
            for second in 0..first {
                look(own ^ 1 << first ^ 1 << second);
                for third in 0..second {
                    look(own ^ 1 << first ^ 1 << second ^ 1 << third);
                }
            }
        }
        met.sort_by(|a, b| b.1.total_cmp(&a.1));
        for (found, (id, _)) in found.iter_mut().zip(met) {
            *found = id;
        }
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
