//! How many paths that share no peer lead to a claim: the maximum flow through a graph whose
//! vertices carry one unit each (Menger), by augmenting paths.

use crate::coherence::config::{MAX_PATH, MAX_WITNESSES};

const VERTICES: usize = MAX_WITNESSES * (MAX_PATH + 1);
const EDGES: usize = MAX_WITNESSES * (MAX_PATH + 2);
const SOURCE: u8 = 254;
const SINK: u8 = 255;

/// Maximum flow with one unit a vertex.
pub(super) struct Flow {
    names: heapless::Vec<u64, VERTICES>,
    /// From, to, and whether flow runs along.
    edges: heapless::Vec<(u8, u8, bool), EDGES>,
    /// Whether flow runs through a vertex.
    through: [bool; VERTICES],
}

/// A vertex as the search sees it: its way in, or its way out.
const OUT: usize = VERTICES;

impl Flow {
    pub fn new() -> Self {
        Self {
            names: heapless::Vec::new(),
            edges: heapless::Vec::new(),
            through: [false; VERTICES],
        }
    }

    fn number(&mut self, name: u64) -> Option<u8> {
        if let Some(at) = self.names.iter().position(|&n| n == name) {
            return Some(at as u8);
        }
        self.names.push(name).ok()?;
        Some(self.names.len() as u8 - 1)
    }

    /// Adds a path, the witness first.
    pub fn add(&mut self, path: &[u64]) {
        let mut to = SINK;
        for &name in path {
            let Some(from) = self.number(name) else {
                return;
            };
            self.edge(from, to);
            to = from;
        }
        self.edge(SOURCE, to);
    }

    fn edge(&mut self, from: u8, to: u8) {
        if !self.edges.iter().any(|&(f, t, _)| (f, t) == (from, to)) {
            // As many edges as all paths together fit.
            let _ = self.edges.push((from, to, false));
        }
    }

    pub fn maximum(&mut self) -> u32 {
        let mut flow = 0;
        while self.augment() {
            flow += 1;
        }
        flow
    }

    /// Finds a way for one unit more, breadth first, and sends it.
    fn augment(&mut self) -> bool {
        /// Not reached.
        const NEVER: u16 = u16::MAX;
        /// Reached through the vertex itself.
        const INSIDE: u16 = u16::MAX - 1;
        // How each side of each vertex was reached: along or against an edge, or from inside.
        let mut by = [NEVER; 2 * VERTICES];
        let mut queue = heapless::Deque::<u16, { 2 * VERTICES }>::new();
        let reach = |queue: &mut heapless::Deque<u16, { 2 * VERTICES }>,
                     by: &mut [u16; 2 * VERTICES],
                     side: usize,
                     how: u16| {
            if let Some(to) = by.get_mut(side).filter(|to| **to == NEVER) {
                *to = how;
                // Each side enters once.
                let _ = queue.push_back(side as u16);
            }
        };
        for (e, &(from, to, used)) in (0..).zip(&self.edges) {
            if from == SOURCE && !used {
                reach(&mut queue, &mut by, to.into(), e);
            }
        }
        let mut last = None;
        'search: while let Some(side) = queue.pop_front() {
            let side = usize::from(side);
            let inward = side < OUT;
            let v = side % VERTICES;
            let through = self.through.get(v).copied().unwrap_or(false);
            if inward != through {
                let other = if inward { v + OUT } else { v };
                reach(&mut queue, &mut by, other, INSIDE);
            }
            for (e, &(from, to, used)) in (0..).zip(&self.edges) {
                if inward && usize::from(to) == v && used && from != SOURCE {
                    reach(&mut queue, &mut by, usize::from(from) + OUT, e);
                } else if !inward && usize::from(from) == v && !used {
                    if to == SINK {
                        last = Some((e, v));
                        break 'search;
                    }
                    reach(&mut queue, &mut by, to.into(), e);
                }
            }
        }
        let Some((e, v)) = last else {
            return false;
        };
        self.turn(e);
        let mut side = v + OUT;
        for _ in 0..2 * VERTICES {
            let how = by.get(side).copied().unwrap_or(NEVER);
            let v = side % VERTICES;
            if how == INSIDE {
                if let Some(through) = self.through.get_mut(v) {
                    *through = !*through;
                }
                side = if side < OUT { v + OUT } else { v };
                continue;
            }
            let Some(&(from, to, _)) = self.edges.get(usize::from(how)) else {
                break;
            };
            self.turn(how);
            // Along the edge into a vertex, or against it out of one.
            side = if side < OUT {
                usize::from(from) + OUT
            } else {
                to.into()
            };
            if from == SOURCE {
                break;
            }
        }
        true
    }

    fn turn(&mut self, edge: u16) {
        if let Some((_, _, used)) = self.edges.get_mut(usize::from(edge)) {
            *used = !*used;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::vec::Vec;

    type Edges = BTreeSet<(u64, u64)>;
    const START: u64 = 100;
    const END: u64 = 101;

    /// The most paths that share no vertex, by trying them all.
    fn disjoint(edges: &Edges, used: &[u64]) -> u32 {
        fn walk(edges: &Edges, at: u64, used: &mut Vec<u64>) -> u32 {
            let mut best = 0;
            for &(_, to) in edges.iter().filter(|(from, _)| *from == at) {
                if to == END {
                    best = best.max(1 + disjoint(edges, used));
                } else if !used.contains(&to) {
                    used.push(to);
                    best = best.max(walk(edges, to, used));
                    used.pop();
                }
            }
            best
        }
        walk(edges, START, &mut used.to_vec())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn flow_is_the_largest_set_of_disjoint_paths(
            paths in proptest::collection::vec(
                Just((1_u64..9).collect::<Vec<_>>())
                    .prop_shuffle()
                    .prop_flat_map(|peers| (1..5_usize).prop_map(move |n| peers[..n].to_vec())),
                0..6,
            ),
        ) {
            let mut flow = Flow::new();
            let mut edges = Edges::new();
            for path in &paths {
                flow.add(path);
                let back: Vec<u64> = [END].iter().chain(path).chain(&[START]).copied().collect();
                edges.extend(back.windows(2).map(|pair| (pair[1], pair[0])));
            }
            prop_assert_eq!(flow.maximum(), disjoint(&edges, &[]));
        }
    }

    #[test]
    fn a_path_that_was_taken_gives_way_to_two() {
        // Shortest first goes 1, 4; then 2 must take 4 from it and push it over 3.
        let mut flow = Flow::new();
        for path in [&[4, 1][..], &[4, 2], &[5, 3, 1]] {
            flow.add(path);
        }
        assert_eq!(flow.maximum(), 2);
    }
}
